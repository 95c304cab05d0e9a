"""Training and test ratings as published comparisons part them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.protocols.rating_files import read_rating_file
from recommender.data.source import Source, read_dataset
from recommender.errors import DataError
from recommender.schema import Dataset


@dataclass(frozen=True, eq=False)
class Fold:
    """One pair of training and test ratings.

    Attributes:
        name: For example ``fold 1``.
        train: The data set with the training ratings only.
        test: Ratings frame.
    """

    name: str
    train: Dataset
    test: pd.DataFrame


def random_folds(dataset: Dataset, n_folds: int, seed: int) -> Iterator[Fold]:
    """Yield ``n_folds`` folds by chance; each rating is in the test part of exactly one."""
    fold_of = _shuffled(len(dataset.ratings), seed) % n_folds
    for fold in range(n_folds):
        yield _fold(f"fold {fold + 1}", dataset, fold_of == fold)


def random_tenth(dataset: Dataset, seed: int) -> Iterator[Fold]:
    """Yield one fold that tests on a tenth of the ratings by chance."""
    n_ratings = len(dataset.ratings)
    yield _fold("90:10", dataset, _shuffled(n_ratings, seed) < n_ratings // 10)


def published_fold(dataset: Dataset, folder: Path, name: str) -> Fold:
    """Return the fold that ``NAME.base`` and ``NAME.test`` of MovieLens 100K give.

    Raises:
        DataError: A file is missing or malformed, or the two share a rating.
    """
    parts = [
        read_rating_file(_find(folder, f"{name}.{part}")).sort_values(
            ["timestamp", "user_id", "movie_id"], ignore_index=True
        )
        for part in ("base", "test")
    ]
    require_disjoint(parts[0], parts[1], place=f"{folder}/{name}")
    return Fold(name, dataset.with_ratings(parts[0]), parts[1])


def require_disjoint(train: pd.DataFrame, test: pd.DataFrame, *, place: str) -> None:
    """Check that no rating is learned from and tested on.

    Raises:
        DataError: A pair of user and movie is in both frames.
    """
    shared = train.merge(test, on=["user_id", "movie_id"])
    if len(shared):
        first = shared.iloc[0]
        raise DataError(
            "a user's rating of a movie is both in training and in test",
            place=place,
            value=(int(first["user_id"]), int(first["movie_id"])),
        )


def read_movielens_folder(path: Path) -> Dataset:
    """Return the data set in ``path`` in any layout that GroupLens has published."""
    return read_dataset(Source(path.stem, path))


def _find(folder: Path, name: str) -> Path:
    found = sorted(folder.rglob(name))
    if not found:
        raise DataError(
            f"the file {name} is missing",
            place=str(folder),
            remedy="Give the unpacked folder of MovieLens 100K with --data-path.",
        )
    return found[0]


def _shuffled(size: int, seed: int) -> npt.NDArray[np.int64]:
    return np.random.default_rng(seed).permutation(size)


def _fold(name: str, dataset: Dataset, tested: Sequence[bool] | npt.NDArray[np.bool_]) -> Fold:
    chosen = np.asarray(tested)
    return Fold(
        name,
        dataset.with_ratings(dataset.ratings[~chosen]),
        dataset.ratings[chosen].reset_index(drop=True),
    )
