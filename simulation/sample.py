"""Writing the simulated data set as a folder in MovieLens layout."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recommender.errors import UsageError
from simulation.floor import rmse_floor
from simulation.ratings import Simulation

NAME = "sample"
MADE_BY = "python -m simulation make-sample"
#: Share of the test part in the default temporal split, for which the floor is stated too.
TEST_SHARE = 0.1

_README = """\
# The sample: real films, simulated viewers

The films in `movies.csv` and `credits.csv` are facts about real, well-known films. The viewers
and the ratings in `ratings.csv` are **simulated**: no person gave them. They come from
`{made_by}` with seed {seed}: {n_users:,} viewers, {n_ratings:,} ratings, drawn from latent taste,
preferences for genres, directors and eras, biases, slow drift, and Gaussian noise of
{noise} stars.

| File | Content |
|---|---|
| `ratings.csv` | userId, movieId, rating (half stars), timestamp (seconds since 1970, UTC) |
| `movies.csv` | movieId, title with year, genres joined by `\\|` |
| `credits.csv` | movieId, directors, cast, keywords joined by `\\|`, language, runtime in minutes |
| `about.json` | seed, parameters, counts, and the lowest RMSE that any model can reach |

The same seed and catalogue give the same bytes.
"""


def write_sample(
    simulation: Simulation, catalogue: pd.DataFrame, out: Path, *, force: bool = False
) -> Path:
    """Write the sample to the folder ``out``: whole, or not at all.

    Args:
        simulation: What `simulate` drew.
        catalogue: Frame of `read_catalogue`, from which it was drawn.
        out: Folder to make. One that an earlier call made, or an empty one, is replaced.
        force: Replace a folder of any other origin as well.

    Returns:
        ``out``.

    Raises:
        UsageError: ``out`` holds something else and ``force`` is false, or cannot be replaced.
    """
    out = out.absolute()
    check_replaceable(out, force=force)
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        new, old = work / "new", work / "old"
        new.mkdir()
        _write_files(simulation, catalogue, new)
        if out.exists():
            out.rename(old)
        try:
            new.rename(out)
        except OSError:
            if old.exists():
                old.rename(out)
            raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return out


def check_replaceable(out: Path, *, force: bool) -> None:
    """Refuse a destination whose content is not ours to replace.

    Raises:
        UsageError: As for `write_sample`.
    """
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise UsageError(
            "the destination is not a folder", place=str(out), remedy="Name another with --out."
        )
    if Path.cwd().is_relative_to(out.resolve()):
        raise UsageError(
            "the destination holds the working directory",
            place=str(out),
            remedy="Name a folder below it with --out.",
        )
    if out.exists() and not force and any(out.iterdir()) and not _is_ours(out):
        raise UsageError(
            "the folder was not made by make-sample",
            place=str(out),
            remedy="Name another with --out, or replace it with --force.",
        )


def describe(simulation: Simulation) -> dict[str, Any]:
    """Return the content of ``about.json``: origin, floors with definitions, sizes, counts."""
    parameters = simulation.viewers.parameters
    ratings = simulation.ratings
    cut = test_start(ratings)
    in_test = ratings["timestamp"].to_numpy() >= cut
    scores, steps = simulation.scores, simulation.steps
    return {
        "name": NAME,
        "simulated": True,
        "made_by": MADE_BY,
        "seed": parameters.seed,
        "noise": parameters.noise,
        "rmse_floor": round(rmse_floor(scores, steps, parameters.noise), 6),
        "rmse_floor_definition": (
            "Root of the mean, over all ratings, of the variance of a rating given its noiseless "
            "score and its viewer's step: the RMSE of the conditional expectation of the rounded, "
            "clipped rating, which no model can beat on average. Computed from the discretised "
            "Gaussian, not estimated from the ratings drawn."
        ),
        "rmse_floor_test": round(rmse_floor(scores[in_test], steps[in_test], parameters.noise), 6),
        "rmse_floor_test_definition": (
            "The same over the test part of the temporal split 80/10/10: the ratings whose "
            "timestamp is at or above test_start, the change of timestamp nearest to nine tenths "
            "of the ratings in order of time."
        ),
        "test_start": cut,
        "counts": {
            "users": int(ratings["user_id"].nunique()),
            "movies": len(simulation.viewers.films.movie_ids),
            "rated_movies": int(ratings["movie_id"].nunique()),
            "ratings": len(ratings),
            "test_ratings": int(in_test.sum()),
        },
        "parameters": asdict(parameters),
    }


def test_start(ratings: pd.DataFrame) -> int:
    """Return the timestamp from which ratings are test ratings in the default temporal split.

    That is the change of timestamp nearest to nine tenths of the ratings, the lower of two.
    """
    times = np.sort(ratings["timestamp"].to_numpy())
    changes = np.flatnonzero(np.diff(times)) + 1
    return int(times[changes[np.argmin(np.abs(changes - (1 - TEST_SHARE) * len(times)))]])


def _is_ours(folder: Path) -> bool:
    try:
        about = json.loads((folder / "about.json").read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(about, dict) and about.get("made_by") == MADE_BY


def _write_files(simulation: Simulation, catalogue: pd.DataFrame, folder: Path) -> None:
    columns = {"user_id": "userId", "movie_id": "movieId"}
    movies = pd.DataFrame(
        {
            "movieId": catalogue["movie_id"],
            "title": catalogue["title"] + " (" + catalogue["year"].astype(str) + ")",
            "genres": catalogue["genres"],
        }
    )
    fields = ["movie_id", "directors", "cast", "keywords", "language", "runtime"]
    _write_csv(simulation.ratings.rename(columns=columns), folder / "ratings.csv")
    _write_csv(movies, folder / "movies.csv")
    _write_csv(catalogue[fields].rename(columns=columns), folder / "credits.csv")
    about = describe(simulation)
    _write_text(json.dumps(about, indent=2, allow_nan=False) + "\n", folder / "about.json")
    parameters = simulation.viewers.parameters
    readme = _README.format(
        made_by=MADE_BY,
        seed=parameters.seed,
        n_users=parameters.n_users,
        n_ratings=parameters.n_ratings,
        noise=parameters.noise,
    )
    _write_text(readme, folder / "README.md")


def _write_csv(frame: pd.DataFrame, file: Path) -> None:
    frame.to_csv(file, index=False, lineterminator="\n", encoding="utf-8")


def _write_text(text: str, file: Path) -> None:
    file.write_text(text, encoding="utf-8", newline="\n")
