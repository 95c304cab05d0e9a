"""What a reader hands to cleaning: the columns of each file, not yet checked against each other."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from recommender.data.columnar import RawTable
from recommender.scale import RatingScale

#: Arrow types of the columns of a rating.
RATING_TYPES = {
    "user_id": pa.int32(),
    "movie_id": pa.int32(),
    "rating": pa.float32(),
    "timestamp": pa.int64(),
}


@dataclass(frozen=True)
class RawDataset:
    """The files of a data set as they were read.

    Attributes:
        ratings: Columns of `RATING_TYPES`.
        movies: ``movie_id``, ``title`` without the year, ``year``, ``genres``; ``None`` where the
            source has no such file.
        scale: The rating scale of the source.
        tags: ``user_id, movie_id, tag, timestamp``, or ``None``.
        credits: The columns of `recommender.schema.CREDIT_DTYPES`, or ``None``.
        simulated: Whether the ratings come from a simulation.
    """

    ratings: RawTable
    movies: RawTable | None
    scale: RatingScale
    tags: RawTable | None = None
    credits: RawTable | None = None
    simulated: bool = False
