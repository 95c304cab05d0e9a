"""The validation ratings in successive pieces, each to be foreseen from all that came before it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recommender.data.ordering import stable_order
from recommender.errors import DataError, UsageError
from recommender.schema import Split


def validation_cuts(split: Split, n_cuts: int) -> tuple[Split, ...]:
    """Return ``n_cuts`` splits whose validation parts together are ``split.validation``.

    The validation ratings are taken in order of time and cut into pieces of about equal size;
    ratings of one moment stay together. To the training part of each piece belong the ratings of
    the pieces before it. The test part of every cut is empty: whoever is handed a cut cannot look
    at the test ratings.

    Args:
        split: Where the ratings come from.
        n_cuts: Pieces wanted, at least 1; fewer where there are fewer moments.

    Raises:
        UsageError: ``n_cuts`` is below 1.
        DataError: There are no validation ratings.
    """
    if n_cuts < 1:
        raise UsageError("must be at least 1", place="tuning.cuts", value=n_cuts)
    if split.validation.empty:
        raise DataError("there are no validation ratings to tune on", place=split.train.name)
    ordered = _in_order(split.validation)
    ends = _ends(ordered["timestamp"].to_numpy(), n_cuts)
    return tuple(
        _cut(split, ordered, start, end) for start, end in zip([0, *ends[:-1]], ends, strict=True)
    )


def _ends(timestamps: np.ndarray[tuple[int], np.dtype[np.int64]], n_cuts: int) -> list[int]:
    """Return the rows at which pieces end: the changes of timestamp at or after even shares."""
    changes = np.flatnonzero(timestamps[1:] != timestamps[:-1]) + 1
    changes = np.append(changes, timestamps.size)
    wanted = np.arange(1, n_cuts + 1) * timestamps.size / n_cuts
    return [int(row) for row in np.unique(changes[np.searchsorted(changes, np.floor(wanted))])]


def _cut(split: Split, ordered: pd.DataFrame, start: int, end: int) -> Split:
    piece = ordered.iloc[start:end].reset_index(drop=True)
    train = split.train
    if start:
        known = pd.concat([train.ratings, ordered.iloc[:start]], ignore_index=True)
        train = train.with_ratings(_in_order(known))
    temporal = split.method == "temporal"
    return Split(
        train=train,
        validation=piece,
        test=piece.iloc[:0],
        method=split.method,
        seed=split.seed,
        train_end=int(piece["timestamp"].iloc[0]) if temporal else None,
        validation_end=int(piece["timestamp"].iloc[-1]) + 1 if temporal else None,
    )


def _in_order(ratings: pd.DataFrame) -> pd.DataFrame:
    columns = (ratings[name].to_numpy() for name in ("timestamp", "user_id", "movie_id"))
    return ratings.iloc[stable_order(*columns)].reset_index(drop=True)
