"""What is answered."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from serving.schemas.fields import Answer, ScorePathName

Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class FieldProblem(Answer):
    """What is wrong with one field."""

    field: str
    problem: str


class ProblemAnswer(Answer):
    """Problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[FieldProblem] | None = None


class Card(Answer):
    """What is shown of a movie wherever it is named."""

    movie_id: int
    title: str
    year: int | None
    genres: list[str]


class ReasonAnswer(Answer):
    """A rated movie without which the score were lower."""

    movie_id: int
    title: str
    contribution: float
    drop: Annotated[float, Field(description="How much lower the score is without it.")]


class Item(Card):
    """One place of a list."""

    score: float
    path: ScorePathName
    reasons: list[ReasonAnswer] | None = Field(default=None, description="If asked for.")


class ListAnswer(Answer):
    """A list, best first."""

    recommendation_id: str
    user_id: int | None
    model_version: str | None
    model_digest: Digest | None
    path: ScorePathName
    unknown_movies: int | None = Field(
        default=None, description="Movies of the given history that the model does not know."
    )
    items: list[Item]


class SimilarAnswer(ListAnswer):
    """The movies most like one."""

    movie_id: int


class MovieAnswer(Card):
    """All that is known of a movie."""

    directors: list[str]
    cast: list[str]
    keywords: list[str]
    language: str | None
    runtime_minutes: int | None
    model_version: str


class PageAnswer(Answer):
    """One page of the catalogue."""

    items: list[Card]
    total: int
    next_cursor: str | None
    model_version: str


class FoundMovie(Card):
    """A movie that was found."""

    score: Annotated[float, Field(description="Comparable within one answer.")]
    matched: Literal["title", "original title", "person", "keyword", "year"]
    found_in: Annotated[
        str, Field(description="The name, person, keyword or year that was matched.")
    ]
    spans: Annotated[
        list[tuple[int, int]],
        Field(description="Parts of `title` to highlight: start and end, in code points."),
    ]


class FoundPerson(Answer):
    """A person who was found."""

    name: str
    roles: list[Literal["director", "cast"]]
    n_movies: int
    movie_ids: Annotated[list[int], Field(description="The most popular ones first.")]


class FoundKeyword(Answer):
    """A keyword that was found."""

    keyword: str
    n_movies: int


class SearchAnswer(Answer):
    """What a query found, each kind best first."""

    movies: list[FoundMovie]
    people: list[FoundPerson]
    keywords: list[FoundKeyword]
    model_version: str


class IntervalAnswer(Answer):
    """Where the rating lies, as far as the errors on held-out ratings tell."""

    level: float
    low: float
    high: float
    group: str


class PartAnswer(Answer):
    """One part of a score."""

    kind: Literal["bias", "neighbour", "feature", "popularity", "wish", "chance"]
    label: str
    value: float
    movie_id: int | None


class ExplanationAnswer(Answer):
    """Where the estimate comes from; the parts sum to it."""

    parts: list[PartAnswer]
    reasons: list[ReasonAnswer]


class PredictionAnswer(Answer):
    """What a user would rate a movie."""

    user_id: int
    movie_id: int
    rating: float
    path: ScorePathName
    interval: IntervalAnswer | None
    no_interval: str | None = Field(description="Why there is no interval.")
    explanation: ExplanationAnswer
    model_version: str
    model_digest: Digest


class EventsAnswer(Answer):
    """What came of events; those counted here are durable."""

    accepted: int
    duplicates: Annotated[int, Field(description="Stored before with the same content.")]
    conflicts: Annotated[
        list[str], Field(description="Ids stored before with other content, which stays.")
    ]


class EventAnswer(Answer):
    """One stored event."""

    event_id: str
    kind: str
    movie_id: int
    occurred_at: AwareDatetime
    value: float | None
    recommendation_id: str | None
    position: int | None


class ServedItem(Answer):
    """One place of a list that was shown."""

    movie_id: int
    title: str | None
    score: float
    path: ScorePathName


class ExplainedItem(ServedItem):
    """One place of a list that was shown, with what it owes its place to."""

    reasons: list[ReasonAnswer] | None = Field(
        description="`null` where the version is not kept any more."
    )


class ShownAnswer(Answer):
    """A list that was shown to a user."""

    recommendation_id: str
    served_at: AwareDatetime
    model_version: str | None
    model_digest: Digest | None
    request: dict[str, Any]
    items: list[dict[str, Any]]


class TrainedRating(Answer):
    """A rating that the served model was trained on."""

    movie_id: int
    rating: float


class UserAnswer(Answer):
    """All that is stored of a user."""

    user_id: int
    erased_at: AwareDatetime | None
    events: list[EventAnswer]
    served: list[ShownAnswer]
    watchlist: list[int]
    model_version: str | None
    model_ratings: list[TrainedRating]


class ErasedAnswer(Answer):
    """What was erased."""

    user_id: int
    events: int
    served: int
    erased_at: AwareDatetime


class Difference(Answer):
    """The first place in which two lists differ."""

    position: int
    shown: dict[str, Any] | None
    made_again: dict[str, Any] | None


class ReplayAnswer(Answer):
    """What came of making a list again."""

    identical: bool | None = Field(description="`null` where it could not be made again.")
    reason: str | None
    first_difference: Difference | None


class ServedAnswer(Answer):
    """A list that was shown, and what made it."""

    recommendation_id: str
    served_at: AwareDatetime
    user_id: int | None
    model_version: str | None
    model_digest: Digest | None
    run_id: str | None
    dataset: str | None
    dataset_digest: str | None
    code_revision: str | None
    request: dict[str, Any]
    watermark: int
    items: list[ExplainedItem]
    replay: ReplayAnswer | None = Field(default=None, description="If asked for.")


class PlaceAnswer(Answer):
    """Why a movie stands in a list that was shown."""

    recommendation_id: str
    movie_id: int
    position: int
    score: float
    path: ScorePathName
    title: str | None
    parts: list[PartAnswer] | None = Field(
        description="They sum to the score; `null` where the version is not kept any more."
    )
    reasons: list[ReasonAnswer] | None
    no_parts: str | None = Field(description="Why there are no parts.")
    model_version: str | None
    model_digest: Digest | None
    run_id: str | None
    dataset: str | None
    dataset_digest: str | None
    code_revision: str | None


class DataAnswer(Answer):
    """What a model was trained on."""

    name: str
    digest: str
    simulated: bool
    train_end: int | None
    split_method: str


class RefusalAnswer(Answer):
    """A published model that is not served."""

    digest: str | None
    version: str | None
    reason: str
    at: str


class ModelCard(Answer):
    """The model that is served."""

    model_name: str
    version: str
    digest: Digest
    run_id: str | None
    data: DataAnswer
    code_revision: str | None
    code_digest: str
    seed: int
    n_users: int
    n_movies: int
    metrics: dict[str, float]
    decision: dict[str, Any] | None
    lineage: dict[str, str]
    params: dict[str, Any]
    loaded_at: AwareDatetime
    previous_version: str | None
    refused: list[RefusalAnswer]


class GorseNeighbour(Answer):
    """A movie and its likeness, as gorse has it."""

    Id: str
    Score: float


class GorseRows(Answer):
    """How many rows changed, as gorse has it."""

    RowAffected: int
