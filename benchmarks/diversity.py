"""What re-ranking costs and brings: accuracy against variety, calibration and popularity.

    python -m benchmarks.diversity --data-path ../shared/data/ml-latest-small --plot trade-off.png

The hybrid is trained without each user's last ratings, and lists of 10 are re-ranked with each
option at several strengths. Measured are NDCG@10 on what was liked later; intra-list diversity,
the mean of one minus the cosine of content features over pairs; the divergence of the list's
genres from the history's, in nats; the mean number of ratings of the movies shown; and the share
of the catalogue that is shown to anyone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from benchmarks.report import Check, at_least, at_most, emit, say
from recommender.data.source import Source, read_dataset
from recommender.data.splitting import split_dataset
from recommender.evaluation.lists import RatedMovies
from recommender.evaluation.ranking import mark_hits, ndcg_at_k
from recommender.inference import Diversity, Recommender
from recommender.inference.histories import grade
from recommender.inference.reranking import divergence
from recommender.models.hybrid import HybridScorer
from recommender.models.training import recommender_of
from recommender.scale import IntArray
from recommender.schema import Dataset, Split
from recommender.settings import Params, read_settings

ROOT = Path(__file__).resolve().parents[1]

_K = 10
_RELEVANT = 4.0
_STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
_OPTIONS: dict[str, Callable[[float], Diversity]] = {
    "variety": lambda strength: Diversity(variety=strength),
    "calibration": lambda strength: Diversity(calibration=strength),
    "unpopularity": lambda strength: Diversity(unpopularity=strength),
}
#: Options and the measure that each is meant to move, with whether more of it is wanted.
_AIMS = {
    "variety": ("intra_list_diversity", True),
    "calibration": ("calibration_divergence", False),
    "unpopularity": ("mean_popularity", False),
}
_LABELS = {
    "intra_list_diversity": "Intra-list diversity (0 to 1)",
    "calibration_divergence": "Divergence from the history's genres (nats)",
    "mean_popularity": "Mean ratings of the movies shown",
}
_BLUE = "#0072B2"


@dataclass(frozen=True, eq=False)
class Reader:
    """A user whose lists are measured.

    Attributes:
        user_id: The user.
        genres: Shape (g,), the genres of the history.
        liked: Ids of the movies that were liked later.
    """

    user_id: int
    genres: np.ndarray[Any, np.dtype[np.float64]]
    liked: IntArray


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    options = _parser().parse_args(arguments)
    params = read_settings(Params, options.params)
    dataset = read_dataset(Source(options.data_path.stem, options.data_path))
    figures = run(dataset, params, n_users=options.users)
    if options.plot is not None:
        draw(figures, dataset.name).savefig(options.plot, dpi=130)
    return emit(figures, promises(figures), check=options.check)


def run(
    dataset: Dataset,
    params: Params,
    *,
    n_users: int = 300,
    strengths: Sequence[float] = _STRENGTHS,
) -> dict[str, Any]:
    """Return the measures by option and strength.

    Args:
        dataset: All ratings.
        params: With which the hybrid is trained.
        n_users: Most users whose lists are measured, drawn by seed.
        strengths: Of each option.
    """
    split = split_dataset(dataset, replace(params.split, method="leave_last_k"), params.seed)
    say("training")
    hybrid = HybridScorer(params.model, params.seed).fit(split.train)
    served = recommender_of(hybrid, dataset.movies)
    readers = choose_readers(served, split, n_users, params.seed)
    figures: dict[str, Any] = {"users": len(readers)}
    for option in _AIMS:
        say(f"re-ranking for {option}")
        figures[option] = {
            str(strength): measure(served, readers, _OPTIONS[option](strength))
            for strength in strengths
        }
    return figures


def choose_readers(served: Recommender, split: Split, n_users: int, seed: int) -> list[Reader]:
    """Return at most ``n_users`` users with a history who liked something later."""
    train, later = split.train.ratings, pd.concat([split.validation, split.test])
    liked = later[later["rating"] >= _RELEVANT]
    users = np.intersect1d(train["user_id"], liked["user_id"])
    drawn = np.sort(np.random.default_rng(seed).permutation(users)[:n_users])
    rated, right = RatedMovies(train), RatedMovies(liked)
    readers = []
    for user_id in drawn.tolist():
        stars = train["rating"].to_numpy()[rated.rows_of(user_id)]
        movies = np.searchsorted(served.movie_ids, rated.of(user_id))
        genres = served.facts.genres_of(movies, grade(stars, served.scale))
        readers.append(Reader(user_id, genres, right.of(user_id)))
    return readers


def measure(
    served: Recommender, readers: Sequence[Reader], diversity: Diversity
) -> dict[str, float]:
    """Return the measures of the lists that these strengths make."""
    shown = [served.recommend(item.user_id, _K, diversity=diversity).movie_ids for item in readers]
    hits, counts = mark_hits(shown, [item.liked for item in readers], _K)
    movies = [np.searchsorted(served.movie_ids, own) for own in shown]
    facts = served.facts
    apart = [
        divergence(item.genres, facts.genres_of(own, np.ones(own.size)))
        for item, own in zip(readers, movies, strict=True)
    ]
    return {
        "ndcg_at_10": round(float(ndcg_at_k(hits, counts, _K).mean()), 4),
        "intra_list_diversity": round(
            float(np.mean([intra_list_diversity(facts.features[own]) for own in movies])), 4
        ),
        "calibration_divergence": round(float(np.mean(apart)), 4),
        "mean_popularity": round(float(np.mean([facts.counts[own].mean() for own in movies])), 1),
        "coverage": round(np.unique(np.concatenate(movies)).size / served.movie_ids.size, 4),
    }


def intra_list_diversity(features: np.ndarray[Any, np.dtype[Any]]) -> float:
    """Return the mean of one minus the cosine over the pairs of a list of two or more.

    >>> intra_list_diversity(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])).__round__(3)
    0.667
    """
    upper = np.triu_indices(len(features), 1)
    return float(1.0 - (features @ features.T)[upper].mean())


def promises(figures: Mapping[str, Any]) -> list[Check]:
    """Return that each option moves what it is meant to move, the further the stronger it is."""
    checks = []
    for option, (measured, more) in _AIMS.items():
        off, half, full = (figures[option][str(at)][measured] for at in (0.0, 0.5, 1.0))
        check = at_least if more else at_most
        checks.append(check(f"{option} at 0.5: {measured} against 0", half, off))
        checks.append(check(f"{option} at 1: {measured} against 0.5", full, half))
    return checks


def draw(figures: Mapping[str, Any], dataset: str) -> Figure:
    """Return the trade-off of each option: accuracy against what it is meant to move."""
    figure = Figure(figsize=(12.0, 4.0), layout="constrained")
    panels = figure.subplots(1, len(_AIMS), sharey=True)
    for axes, (option, (measured, _)) in zip(panels, _AIMS.items(), strict=True):
        points = figures[option]
        across = [found[measured] for found in points.values()]
        accuracy = [found["ndcg_at_10"] for found in points.values()]
        axes.plot(across, accuracy, color=_BLUE, marker="o")
        for strength, place in zip(points, zip(across, accuracy, strict=True), strict=True):
            axes.annotate(strength, place, xytext=(4, 4), textcoords="offset points")
        axes.set_xlabel(_LABELS[measured])
        axes.set_title(option)
    panels[0].set_ylabel("NDCG@10")
    figure.suptitle(f"Re-ranking on {dataset}: strengths beside the points")
    return figure


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diversity", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--data-path", type=Path, default=ROOT / "data")
    parser.add_argument("--params", type=Path, default=ROOT / "params.yaml")
    parser.add_argument("--users", type=int, default=300)
    parser.add_argument("--plot", type=Path, help="draw the trade-off into this file")
    parser.add_argument("--check", action="store_true", help="exit 1 when a promise is not kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
