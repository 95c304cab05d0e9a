"""The frames and records that every part of the project agrees on.

Ratings, movies, tags and credits are pandas frames with exactly the columns and dtypes below,
a fresh ``RangeIndex``, and no nulls except where a column says so. Every reader returns them
and nothing downstream knows the format of a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import pandas as pd

from recommender.scale import RatingScale, SplitMethod

#: Ratings, one row a (user, movie) pair. ``timestamp`` is in seconds since 1970, UTC.
RATING_DTYPES = {
    "user_id": "int32",
    "movie_id": "int32",
    "rating": "float32",
    "timestamp": "int64",
}
#: Movies, one row a movie, sorted by ``movie_id``. ``title`` is without the year;
#: ``year`` may be null; ``genres`` is joined with ``|`` and empty where none is known.
MOVIE_DTYPES = {"movie_id": "int32", "title": "str", "year": "Int16", "genres": "str"}
#: Tags that users gave, any number of rows a movie.
TAG_DTYPES = {"user_id": "int32", "movie_id": "int32", "tag": "str", "timestamp": "int64"}
#: Credits, at most one row a movie. People and keywords are joined with ``|``;
#: ``runtime`` is in minutes and may be null.
CREDIT_DTYPES = {
    "movie_id": "int32",
    "directors": "str",
    "cast": "str",
    "keywords": "str",
    "language": "str",
    "runtime": "Int16",
}


@dataclass(frozen=True)
class RemovedRows:
    """Rows that cleaning removed from a file beside the ratings, for one reason.

    Attributes:
        file: Name of the file, for example ``tags.csv``.
        reason: Why.
        rows: How many.
        examples: Up to three of them, as text with their place.
    """

    file: str
    reason: str
    rows: int
    examples: list[str]


@dataclass(frozen=True)
class CleaningReport:
    """What cleaning removed, and why.

    Attributes:
        rows_read: Rating rows in the source.
        rows_kept: Rating rows left.
        removed: Rows removed, by reason; ``rows_read == rows_kept + sum(removed.values())``.
        examples: Up to three of the removed rows for each reason, as text with their place.
        elsewhere: What was removed from the movies, tags and credits.
    """

    rows_read: int
    rows_kept: int
    removed: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)
    elsewhere: list[RemovedRows] = field(default_factory=list)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Return the report that ``dataclasses.asdict`` made ``plain`` of."""
        elsewhere = [RemovedRows(**removed) for removed in plain["elsewhere"]]
        return cls(**{**plain, "elsewhere": elsewhere})


@dataclass(frozen=True)
class Dataset:
    """Ratings and movies, with a name and the digest of what they were read from.

    Attributes:
        name: Short name, for example ``sample`` or ``ml-latest-small``.
        digest: SHA-256 (hex) over the source files and how they were mapped.
        ratings: Frame as ``RATING_DTYPES``, sorted by timestamp, user_id, movie_id.
        movies: Frame as ``MOVIE_DTYPES``; every rated movie is in it.
        scale: The rating scale of the source.
        tags: Frame as ``TAG_DTYPES``, or ``None`` where the source has none.
        credits: Frame as ``CREDIT_DTYPES``, or ``None`` where the source has none.
        simulated: Whether the ratings come from a simulation.
        cleaning: What was removed on the way, or ``None`` for a frame made in memory.
    """

    name: str
    digest: str
    ratings: pd.DataFrame
    movies: pd.DataFrame
    scale: RatingScale = field(default_factory=RatingScale)
    tags: pd.DataFrame | None = None
    credits: pd.DataFrame | None = None
    simulated: bool = False
    cleaning: CleaningReport | None = None

    def with_ratings(self, ratings: pd.DataFrame) -> Dataset:
        """Return this dataset with other ratings (same columns and dtypes), index renewed."""
        return replace(self, ratings=ratings.reset_index(drop=True))


@dataclass(frozen=True)
class Split:
    """A dataset parted into training, validation and test ratings.

    Attributes:
        train: Dataset with the training ratings only. Movies, tags up to the training end and
            credits are kept whole, since a new movie's facts are known when it arrives.
        validation: Ratings frame.
        test: Ratings frame.
        method: How the parts were chosen.
        seed: Seed of the random method; recorded for all.
        train_end: Temporal split only: training timestamps are below it (seconds), else ``None``.
        validation_end: Temporal split only: validation timestamps are below it, else ``None``.
    """

    train: Dataset
    validation: pd.DataFrame
    test: pd.DataFrame
    method: SplitMethod
    seed: int
    train_end: int | None = None
    validation_end: int | None = None
