"""From a split to a bundle: fits the hybrid and writes everything that inference needs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recommender.bundle import Bundle, CodeState, pack_strings, write_bundle
from recommender.inference.index import Rows
from recommender.models.hybrid import HybridScorer, Progress
from recommender.models.interactions import Interactions
from recommender.schema import Dataset, Split
from recommender.settings import Params

Arrays = dict[str, npt.NDArray[Any]]


def train_bundle(
    path: Path,
    split: Split,
    dataset: Dataset,
    params: Params,
    *,
    code: CodeState,
    progress: Progress | None = None,
) -> Bundle:
    """Fit the hybrid on ``split.train`` and write its bundle to ``path``.

    Args:
        path: Folder of the bundle; an existing one is replaced.
        split: Where the training ratings come from.
        dataset: All ratings: what a user has rated is held back from lists.
        params: Hyper-parameters and the seed.
        code: Which code fits it.
        progress: Told of each fit.

    Raises:
        DataError: There are no training ratings, or a penalty does not allow a solution.
    """
    hybrid = HybridScorer(params.model, params.seed, progress).fit(split.train)
    scoring: dict[str, Any] = {
        "scale": asdict(dataset.scale),
        "rating_parts": {name: part.scores.constants() for name, part in hybrid.parts.items()},
        "personal_weights": dict(hybrid.ranking.personal),
        "impersonal_weights": dict(hybrid.ranking.impersonal),
    }
    fields: dict[str, Any] = {
        "dataset": dataset.name,
        "dataset_digest": dataset.digest,
        "simulated": dataset.simulated,
        "train_end": split.train_end,
        "split_method": split.method,
        "seed": params.seed,
        "code_revision": code.revision,
        "code_digest": code.digest,
        "params": asdict(params),
        "scoring": scoring,
    }
    arrays = _model_arrays(hybrid) | _seen_arrays(dataset) | _movie_arrays(dataset)
    return write_bundle(path, arrays, fields)


def _model_arrays(hybrid: HybridScorer) -> Arrays:
    data, ranking = hybrid.interactions, hybrid.ranking
    arrays: Arrays = {
        "users": data.users.ids,
        "users.counts": data.user_counts,
        "movies": data.movies.ids,
        "movies.counts": data.movie_counts,
        "blend.rating_weights": hybrid.blend.weights,
        "content.unit_features": ranking.features,
        "content.centre": ranking.centre,
        "popularity": ranking.popularity,
        "quality": ranking.quality,
    }
    for name, part in hybrid.parts.items():
        arrays |= part.scores.to_arrays(name)
    return arrays | _row_arrays("history", data.history) | _row_arrays("ease", ranking.neighbours)


def _seen_arrays(dataset: Dataset) -> Arrays:
    """Return every movie that each user has rated, in training or not."""
    everything = Interactions.of(dataset)
    return {"seen.users": everything.users.ids, **_row_arrays("seen", everything.history)}


def _movie_arrays(dataset: Dataset) -> Arrays:
    movies = dataset.movies.sort_values("movie_id")
    arrays: Arrays = {}
    for column in ("title", "genres"):
        text, offsets = pack_strings(movies[column].tolist())
        arrays |= {f"movies.{column}": text, f"movies.{column}.offsets": offsets}
    years = [0 if pd.isna(year) else int(year) for year in movies["year"]]
    arrays["movies.year"] = np.array(years, dtype=np.int16)
    return arrays


def _row_arrays(name: str, rows: Rows) -> Arrays:
    return {
        f"{name}.starts": rows.starts,
        f"{name}.columns": rows.columns.astype(np.int32),
        f"{name}.values": rows.values,
    }
