"""The columns by which live traffic is described, by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from recommender.errors import UsageError

ColumnKind = Literal["numeric", "categorical"]
ColumnArea = Literal["data", "prediction", "service"]


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: Its name in profiles, bundles and reports.
        kind: Whether its values are numbers or names.
        area: What its drift is of: what users do, what the model answers, or how it is served.
        meaning: What one value is.
    """

    name: str
    kind: ColumnKind
    area: ColumnArea
    meaning: str


COLUMNS = (
    Column("user_activity", "numeric", "data", "ratings by which the model knows who asks"),
    Column("rating", "numeric", "data", "stars of a rating"),
    Column("rated_genre", "categorical", "data", "a genre of a movie that is rated"),
    Column("rated_year", "numeric", "data", "year of a movie that is rated"),
    Column("rated_popularity", "numeric", "data", "training ratings of a movie that is rated"),
    Column("watched_genre", "categorical", "data", "a genre of a movie that is watched"),
    Column("watched_year", "numeric", "data", "year of a movie that is watched"),
    Column("watched_popularity", "numeric", "data", "training ratings of a movie that is watched"),
    Column("shown_genre", "categorical", "prediction", "a genre of a movie in a list"),
    Column("shown_year", "numeric", "prediction", "year of a movie in a list"),
    Column("shown_popularity", "numeric", "prediction", "training ratings of a movie in a list"),
    Column("predicted_rating", "numeric", "prediction", "estimate for a pair that is rated"),
    Column("score_path", "categorical", "prediction", "what a place of a list was made from"),
    Column("clicked_position", "numeric", "service", "place in its list of a click, from 0"),
    Column("query_length", "numeric", "service", "characters of a search"),
    Column("latency_ms", "numeric", "service", "time to make or find a list, in milliseconds"),
)
_BY_NAME = {item.name: item for item in COLUMNS}


def column(name: str) -> Column:
    """Return the column of that name.

    Raises:
        UsageError: There is none.
    """
    if name not in _BY_NAME:
        raise UsageError(
            "there is no such column", value=name, remedy=f"Columns: {', '.join(_BY_NAME)}."
        )
    return _BY_NAME[name]
