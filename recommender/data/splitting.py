"""Parting ratings into training, validation and test, by time, at random, or user by user."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from recommender.data.ordering import stable_order
from recommender.errors import DataError, UsageError
from recommender.schema import Dataset, Split
from recommender.settings import SplitParams

_TRAIN, _VALIDATION, _TEST = 0, 1, 2
_NAMES = ("training", "validation", "test")


def split_dataset(dataset: Dataset, params: SplitParams, seed: int) -> Split:
    """Part the ratings of ``dataset``; every rating is in exactly one part.

    * ``temporal``: train < t1 <= validation < t2 <= test for all timestamps. The cuts are the
      changes of timestamp nearest to the wanted shares, so equal timestamps stay together. Tags
      of the training data are those before t1.
    * ``random``: each rating falls into a part by chance, drawn from ``seed``.
    * ``leave_last_k``: a user's last ``leave_k`` ratings, by timestamp and then ``movie_id``, are
      for the test, the ``leave_k`` before them for validation. Users with at most
      ``2 * leave_k`` ratings stay in training whole.

    Args:
        dataset: Ratings sorted by timestamp, user_id, movie_id.
        params: Method and sizes.
        seed: Seed of the random method.

    Raises:
        UsageError: The shares are not within (0, 1) or leave nothing for training, or
            ``leave_k`` is below 1.
        DataError: A part would be empty; the message says which and why.
    """
    _check(params)
    train_end = validation_end = None
    if params.method == "temporal":
        first, second = _cuts(dataset, params)
        timestamps = dataset.ratings["timestamp"].to_numpy()
        train_end, validation_end = int(timestamps[first]), int(timestamps[second])
        ratings = dataset.ratings
        parts = [ratings.iloc[:first], ratings.iloc[first:second], ratings.iloc[second:]]
    else:
        assign = _assign_randomly if params.method == "random" else _assign_last
        assigned = assign(dataset, params, seed)
        parts = [dataset.ratings.loc[assigned == part] for part in (_TRAIN, _VALIDATION, _TEST)]
    train = _with_tags_before(dataset.with_ratings(parts[_TRAIN]), train_end)
    return Split(
        train=train,
        validation=parts[_VALIDATION].reset_index(drop=True),
        test=parts[_TEST].reset_index(drop=True),
        method=params.method,
        seed=seed,
        train_end=train_end,
        validation_end=validation_end,
    )


def _check(params: SplitParams) -> None:
    shares = {"validation_share": params.validation_share, "test_share": params.test_share}
    for name, share in shares.items():
        if not 0 < share < 1:
            raise UsageError("must lie between 0 and 1", place=f"split.{name}", value=share)
    if sum(shares.values()) >= 1:
        raise UsageError("the shares leave nothing for training", place="split", value=shares)
    if params.leave_k < 1:
        raise UsageError("must be at least 1", place="split.leave_k", value=params.leave_k)


def _cuts(dataset: Dataset, params: SplitParams) -> tuple[int, int]:
    """Return the rows at which validation and test begin: changes of timestamp, near the shares."""
    timestamps = dataset.ratings["timestamp"].to_numpy()
    n_rows = len(timestamps)
    changes = np.flatnonzero(timestamps[1:] != timestamps[:-1]) + 1
    if len(changes) < len(_NAMES) - 1:
        last = int(changes[0]) if len(changes) else n_rows
        distinct = f"there are only {len(changes) + 1} different timestamps"
        raise _empty(dataset, (last, 0, n_rows - last), distinct)
    second = _nearest(changes[1:], n_rows * (1 - params.test_share))
    earlier = changes[: np.searchsorted(changes, second)]
    first = _nearest(earlier, n_rows * (1 - params.test_share - params.validation_share))
    return first, second


def _nearest(rows: npt.NDArray[np.int64], position: float) -> int:
    """Return the one of ``rows`` (ascending) nearest to ``position``, the lower of two."""
    above = int(np.searchsorted(rows, position))
    around = rows[max(above - 1, 0) : above + 1]
    return int(around[np.argmin(np.abs(around - position))])


def _assign_randomly(dataset: Dataset, params: SplitParams, seed: int) -> npt.NDArray[np.int8]:
    """Return shape (n,): the part of each rating."""
    n_rows = len(dataset.ratings)
    n_test = round(n_rows * params.test_share)
    n_validation = round(n_rows * params.validation_share)
    sizes = (n_rows - n_validation - n_test, n_validation, n_test)
    if min(sizes) <= 0:
        raise _empty(dataset, sizes, f"there are only {n_rows:,} ratings")
    assigned = np.repeat(np.array([_TRAIN, _VALIDATION, _TEST], dtype=np.int8), sizes)
    return np.random.default_rng(seed).permutation(assigned)


def _assign_last(dataset: Dataset, params: SplitParams, seed: int) -> npt.NDArray[np.int8]:  # noqa: ARG001  # same signature as its sibling
    """Return shape (n,): the part of each rating."""
    users = dataset.ratings["user_id"].to_numpy()
    timestamps = dataset.ratings["timestamp"].to_numpy()
    order = stable_order(users, timestamps, dataset.ratings["movie_id"].to_numpy())
    _, starts, counts = np.unique(users[order], return_index=True, return_counts=True)
    from_end = np.repeat(starts + counts, counts) - np.arange(len(users))
    enough = np.repeat(counts > 2 * params.leave_k, counts)
    assigned = np.zeros(len(users), dtype=np.int8)
    assigned[order[enough & (from_end <= 2 * params.leave_k)]] = _VALIDATION
    assigned[order[enough & (from_end <= params.leave_k)]] = _TEST
    if not assigned.any():
        raise _empty(
            dataset,
            (len(users), 0, 0),
            f"no user has more than {2 * params.leave_k} ratings, the most being {counts.max()}",
        )
    return assigned


def _empty(dataset: Dataset, sizes: tuple[int, int, int], reason: str) -> DataError:
    empty = [name for name, size in zip(_NAMES, sizes, strict=True) if size <= 0]
    return DataError(
        f"the split leaves the {' and '.join(empty)} part empty: {reason}",
        place=f"data set {dataset.name}",
        remedy="Choose another split.method, for example random, or other sizes.",
    )


def _with_tags_before(train: Dataset, train_end: int | None) -> Dataset:
    if train.tags is None or train_end is None:
        return train
    tags = train.tags.loc[train.tags["timestamp"] < train_end]
    return replace(train, tags=tags.reset_index(drop=True))
