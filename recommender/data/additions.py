"""Ratings that came after a data set was made, and users to forget: both merged into it."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recommender.data.cleaning import (
    IMPOSSIBLE_TIME,
    LATEST_TIMESTAMP,
    N_EXAMPLES,
    OUT_OF_SCALE,
    UNKNOWN_MOVIE,
)
from recommender.data.ordering import pair_words, stable_order
from recommender.schema import RATING_DTYPES, CleaningReport, Dataset, RemovedRows

#: Reasons for which a row is removed here, besides those of cleaning.
FORGOTTEN = "user erased"
REPLACED = "rated again later"
WITHDRAWN = "rating withdrawn"
ID_TOO_LARGE = "id beyond 32 bits"
#: Reasons that are a user's own wish.
USERS_OWN_WORD = frozenset({FORGOTTEN, REPLACED, WITHDRAWN})

_IDS = np.iinfo(np.int32)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Additions:
    """What is known since the data set was made; of each user and movie only the last word.

    Attributes:
        user_ids: Shape (n,), int64, by whom each rating was given.
        movie_ids: Shape (n,), int64, to which movie.
        ratings: Shape (n,), float64, stars.
        timestamps: Shape (n,), int64, seconds since 1970.
        withdrawn_users: Shape (m,), int64, who took a rating back.
        withdrawn_movies: Shape (m,), int64, of which movie.
        forgotten: Users whose ratings and tags in the data set are left out, rising.
    """

    user_ids: npt.NDArray[np.int64]
    movie_ids: npt.NDArray[np.int64]
    ratings: npt.NDArray[np.float64]
    timestamps: npt.NDArray[np.int64]
    withdrawn_users: npt.NDArray[np.int64]
    withdrawn_movies: npt.NDArray[np.int64]
    forgotten: tuple[int, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over the rows, whatever their order."""
        order = stable_order(self.user_ids, self.movie_ids)
        columns = (self.user_ids, self.movie_ids, self.ratings, self.timestamps)
        gone = stable_order(self.withdrawn_users, self.withdrawn_movies)
        parts = [column[order] for column in columns]
        parts += [self.withdrawn_users[gone], self.withdrawn_movies[gone]]
        parts.append(np.array(sorted(self.forgotten), dtype=np.int64))
        digest = hashlib.sha256()
        for part in parts:
            digest.update(f"{len(part)} ".encode())
            digest.update(part.astype(part.dtype.newbyteorder("<")).tobytes())
        return digest.hexdigest()


def merge(dataset: Dataset, additions: Additions) -> Dataset:
    """Return the data set with what came later; its digest covers both.

    An addition wins over the data set's own rating of the same movie by the same user, whatever
    their timestamps: it is the later word. What is left out is counted in ``cleaning``.

    Args:
        dataset: Clean ratings and movies.
        additions: What came later.
    """
    ledger = _Ledger(dataset.cleaning)
    base = _without_forgotten(dataset.ratings, additions.forgotten, ledger)
    added = _usable(additions, dataset, ledger)
    base = _without_withdrawn(base, additions, ledger)
    base = _without_replaced(base, added, ledger)
    merged = pd.concat([base, added], ignore_index=True)
    keys = (merged[name].to_numpy() for name in ("timestamp", "user_id", "movie_id"))
    ratings = merged.iloc[stable_order(*keys)].reset_index(drop=True)
    tags = _remembered_tags(dataset.tags, additions.forgotten, ledger)
    rows_read = len(dataset.ratings) + len(additions.ratings)
    return replace(
        dataset,
        digest=hashlib.sha256(f"{dataset.digest}+{additions.digest}".encode()).hexdigest(),
        ratings=ratings,
        tags=tags,
        cleaning=ledger.report(rows_read, len(ratings)),
    )


class _Ledger:
    """Counts what is removed, on top of what cleaning removed before."""

    def __init__(self, before: CleaningReport | None) -> None:
        self._before = before or CleaningReport(0, 0)
        self._removed = Counter(self._before.removed)
        self._examples = dict(self._before.examples)
        self._elsewhere = list(self._before.elsewhere)

    def remove(self, rows: pd.DataFrame, reason: str, *, place: str) -> None:
        if not len(rows):
            return
        self._removed[reason] += len(rows)
        found = self._examples.get(reason, []) + _examples(rows, place)
        self._examples[reason] = found[:N_EXAMPLES]
        _log.warning("%s: removed %d ratings: %s; %s", place, len(rows), reason, found[0])

    def remove_elsewhere(self, count: int, file: str, reason: str) -> None:
        if count:
            self._elsewhere.append(RemovedRows(file, reason, count, []))

    def report(self, rows_read: int, rows_kept: int) -> CleaningReport:
        rows_read += sum(self._before.removed.values())
        removed = dict(self._removed)
        return CleaningReport(rows_read, rows_kept, removed, self._examples, self._elsewhere)


def _examples(rows: pd.DataFrame, place: str) -> list[str]:
    return [
        f"{place}, " + ", ".join(f"{name} {value}" for name, value in row.items())
        for row in rows.head(N_EXAMPLES).to_dict("records")
    ]


def _without_forgotten(
    ratings: pd.DataFrame, forgotten: Iterable[int], ledger: _Ledger
) -> pd.DataFrame:
    gone = np.isin(ratings["user_id"].to_numpy(), _in_32_bits(forgotten))
    # Who asked to be forgotten is not shown as an example.
    ledger.remove(ratings.loc[gone, ["rating"]], FORGOTTEN, place="data set")
    return ratings[~gone]


def _remembered_tags(
    tags: pd.DataFrame | None, forgotten: Iterable[int], ledger: _Ledger
) -> pd.DataFrame | None:
    if tags is None:
        return None
    gone = np.isin(tags["user_id"].to_numpy(), _in_32_bits(forgotten))
    ledger.remove_elsewhere(int(gone.sum()), "tags", FORGOTTEN)
    return tags[~gone].reset_index(drop=True)


def _usable(additions: Additions, dataset: Dataset, ledger: _Ledger) -> pd.DataFrame:
    """Return the additions that the data set can hold, as ``RATING_DTYPES``."""
    rows = pd.DataFrame(
        {
            "user_id": additions.user_ids,
            "movie_id": additions.movie_ids,
            "rating": additions.ratings,
            "timestamp": additions.timestamps,
        }
    )
    scale, rating, time = dataset.scale, rows["rating"], rows["timestamp"]
    faults: dict[str, Any] = {
        UNKNOWN_MOVIE: ~rows["movie_id"].isin(dataset.movies["movie_id"].astype("int64")),
        ID_TOO_LARGE: ~rows["user_id"].between(_IDS.min, _IDS.max),
        OUT_OF_SCALE: ~rating.between(scale.minimum, scale.maximum),
        IMPOSSIBLE_TIME: ~time.between(0, LATEST_TIMESTAMP),
    }
    for reason, faulty in faults.items():
        here = faulty.reindex(rows.index)
        ledger.remove(rows[here], reason, place="event store")
        rows = rows[~here]
    return rows.astype(RATING_DTYPES)


def _without_withdrawn(
    ratings: pd.DataFrame, additions: Additions, ledger: _Ledger
) -> pd.DataFrame:
    users, movies = additions.withdrawn_users, additions.withdrawn_movies
    small = _fits(users) & _fits(movies)
    words = pair_words(users[small].astype(np.int32), movies[small].astype(np.int32))
    gone = np.isin(_pairs(ratings), words)
    ledger.remove(ratings[gone], WITHDRAWN, place="data set")
    return ratings[~gone]


def _without_replaced(ratings: pd.DataFrame, added: pd.DataFrame, ledger: _Ledger) -> pd.DataFrame:
    gone = np.isin(_pairs(ratings), _pairs(added))
    ledger.remove(ratings[gone], REPLACED, place="data set")
    return ratings[~gone]


def _pairs(ratings: pd.DataFrame) -> npt.NDArray[np.int64]:
    return pair_words(ratings["user_id"].to_numpy(), ratings["movie_id"].to_numpy())


def _fits(ids: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    return (ids >= _IDS.min) & (ids <= _IDS.max)


def _in_32_bits(ids: Iterable[int]) -> npt.NDArray[np.int32]:
    """Return the ids that a data set can hold at all."""
    return np.array([one for one in ids if _IDS.min <= one <= _IDS.max], dtype=np.int32)
