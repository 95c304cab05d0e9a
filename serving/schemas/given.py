"""What is sent: paths, queries and bodies."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    AwareDatetime,
    Discriminator,
    Field,
    RootModel,
    Tag,
)

from events.schema import LARGEST_POSITION, Event, EventKind
from serving.schemas.fields import (
    Genres,
    Given,
    JsonId,
    JsonIds,
    JsonLength,
    JsonSeed,
    JsonYear,
    Length,
    RecommenderField,
    Share,
    TextFlag,
    TextId,
    TextId128,
    TextIds,
    TextSeed,
    TextYear,
    Wishes,
)

#: Characters of a query.
LONGEST_QUERY = 200


class UserPath(Given):
    """A user."""

    user_id: TextId


class MoviePath(Given):
    """A movie."""

    movie_id: TextId


class PairPath(Given):
    """A user and a movie."""

    user_id: TextId
    movie_id: TextId


class ServedPath(Given):
    """A list that was shown."""

    recommendation_id: TextId128


class PlacePath(ServedPath):
    """A movie of a list that was shown."""

    movie_id: TextId


class Filters(Given):
    """Which movies may be in a list."""

    k: Length = 20
    genre: Genres = Field(default=[])
    year_from: TextYear | None = None
    year_to: TextYear | None = None
    exclude_ids: TextIds = Field(default=[], description="Movies to leave out: `1,2` or repeated.")


class ListQuery(Filters):
    """What list is wanted."""

    explain: TextFlag = Field(default=False, description="Whether to give reasons.")
    diversity: Share = Field(default=0.0, description="Relevance given up for variety, 0 to 1.")
    recommender: RecommenderField = "hybrid"
    wish: Wishes = Field(default=[])
    seed: TextSeed = 0


class Stars(Given):
    """A rating."""

    movie_id: JsonId
    rating: Annotated[float, Field(ge=0, allow_inf_nan=False, strict=True)]


class VisitorBody(Given):
    """What an anonymous visitor likes, and what list is wanted."""

    liked: list[JsonId] = Field(default=[], description="Movies that are liked, without stars.")
    ratings: list[Stars] = Field(default=[], description="Movies that were rated, oldest first.")
    k: JsonLength = 20
    genre: Genres = Field(default=[])
    year_from: JsonYear | None = None
    year_to: JsonYear | None = None
    exclude_ids: JsonIds = Field(default=[])
    explain: Annotated[bool, Field(strict=True)] = False
    diversity: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, strict=True)] = 0.0
    recommender: RecommenderField = "hybrid"
    wish: Wishes = Field(default=[])
    seed: JsonSeed = 0


class BrowseQuery(Given):
    """Which page of the catalogue is wanted."""

    query: Annotated[
        str, Field(max_length=LONGEST_QUERY, description="What `/v1/search` would find.")
    ] = ""
    genre: Genres = Field(default=[])
    year: TextYear | None = None
    year_from: TextYear | None = None
    year_to: TextYear | None = None
    person: Annotated[
        str | None, Field(max_length=LONGEST_QUERY, description="Someone's whole name.")
    ] = None
    keyword: Annotated[
        str | None, Field(max_length=LONGEST_QUERY, description="A whole keyword.")
    ] = None
    sort: Annotated[
        Literal["relevance", "popularity", "title", "year"] | None,
        Field(description="By relevance where there is a query, else by popularity."),
    ] = None
    limit: Length = 20
    cursor: Annotated[
        str | None, Field(max_length=200, description="`next_cursor` of the page before.")
    ] = None


class SearchQuery(Given):
    """What somebody typed."""

    query: Annotated[
        str,
        Field(
            max_length=LONGEST_QUERY,
            description="Words of a title, an original title, a person or a keyword, or a year.",
        ),
    ]
    limit: Length = 10


class PredictionQuery(Given):
    """How sure the interval shall be."""

    level: Annotated[
        float,
        Field(gt=0, lt=1, allow_inf_nan=False, description="One of the model's levels."),
    ] = 0.8


class ServedQuery(Given):
    """Whether to make the list again."""

    replay: TextFlag = False


class EventBody(Given):
    """One thing that a visitor did with a movie."""

    event_id: TextId128 = Field(description="Chosen by the client; the same id is stored once.")
    kind: EventKind
    user_id: JsonId
    movie_id: JsonId
    occurred_at: AwareDatetime
    value: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False, strict=True)] | None = (
        Field(default=None, description="Stars of a rating, minutes of a watch, else nothing.")
    )
    recommendation_id: TextId128 | None = None
    position: Annotated[int, Field(ge=0, le=LARGEST_POSITION, strict=True)] | None = None

    def to_event(self) -> Event:
        """Return the event, checked as the store needs it."""
        return Event(
            self.event_id,
            self.kind,
            self.user_id,
            self.movie_id,
            self.occurred_at,
            self.value,
            self.recommendation_id,
            self.position,
        )


def _one_or_many(body: object) -> str:
    return "batch" if isinstance(body, list) else "event"


class EventsBody(
    RootModel[
        Annotated[
            Annotated[EventBody, Tag("event")]
            | Annotated[
                list[EventBody],
                Field(min_length=1),
                Tag("batch"),
            ],
            Discriminator(_one_or_many),
        ]
    ]
):
    """One event, or a list of them."""

    @property
    def bodies(self) -> list[EventBody]:
        """The events."""
        return self.root if isinstance(self.root, list) else [self.root]
