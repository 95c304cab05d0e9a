"""What operators send and are answered."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from serving.schemas.answers import ModelCard
from serving.schemas.fields import Answer

_REASON = Field(min_length=1, max_length=500, pattern=r"\S", description="Why, for the record.")


class Reasoned(BaseModel):
    """Why something is done."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, _REASON]


class Promotion(Reasoned):
    """Which version is to be production, and why."""

    version: Annotated[str, Field(pattern="^[0-9]{1,9}$", description="As the registry counts.")]


class DoneAnswer(Answer):
    """What was done."""

    message: str
    unnoted: str | None = Field(
        description="Why the audit log lacks the line that says so; `null` where it has it."
    )


class WindowAnswer(Answer):
    """One column in one window."""

    start: AwareDatetime
    samples: int
    psi: float = Field(description="Population stability index against the reference.")


class ShareAnswer(Answer):
    """How often one value of a column is."""

    label: str
    reference: float
    latest: float


class ColumnAnswer(Answer):
    """The drift of one column."""

    column: str
    watched: bool = Field(description="Whether its drift is a cause of retraining.")
    is_beyond: bool = Field(description="Whether the latest window is beyond the threshold.")
    windows: list[WindowAnswer] = Field(description="Oldest first.")
    distribution: list[ShareAnswer] = Field(description="Of the latest window.")


class DriftAnswer(Answer):
    """What the latest round of monitoring measured."""

    measured_at: AwareDatetime
    enter_psi: float | None = Field(description="The threshold; `null` where it cannot be read.")
    columns: list[ColumnAnswer] = Field(description="The furthest first.")


class PerformanceAnswer(Answer):
    """One metric of one version, by what users did afterwards."""

    version: str
    metric: str
    value: float
    sigma: float
    samples: int


class RuleAnswer(Answer):
    """One rule of a decision and how it went."""

    rule: str
    passed: bool
    detail: str


class WishAnswer(Answer):
    """The last retraining that an operator asked for."""

    request_id: str
    asked_by: str = Field(description="Id of the API key.")
    asked_at: AwareDatetime
    reason: str
    state: Literal["pending", "held back", "taken", "finished"]
    decision: int | None
    detail: str


class DecisionAnswer(Answer):
    """One decision about retraining."""

    number: int
    at: AwareDatetime
    retrain: bool
    causes: list[str]
    rules: list[RuleAnswer]
    asked_by: str | None = Field(description="Id of the API key whose wish it was made on.")


class RetrainingAnswer(Answer):
    """One retraining that was decided."""

    decision: int
    new_ratings: int
    attempts: int
    started_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    outcome: str | None
    detail: str


class VersionAnswer(Answer):
    """A version of the registered model."""

    version: str
    digest: str
    registered_at: AwareDatetime
    aliases: list[str]
    gate: bool | None = Field(description="Whether the gate let it through.")
    why: list[str]
    rolled_back: str | None


class PromotionAnswer(Answer):
    """The last promotion that an operator asked for."""

    version: str
    asked_by: str = Field(description="Id of the API key.")
    asked_at: AwareDatetime
    reason: str
    state: Literal["pending", "promoted", "refused"]
    message: str


class DeedAnswer(Answer):
    """What an operator did."""

    at: AwareDatetime
    key_id: str
    action: str
    outcome: str
    detail: str


class RoundAnswer(Answer):
    """How the last round of monitoring went."""

    ended_at: AwareDatetime
    outcome: str


class OpsAnswer(Answer):
    """All that the operator's page shows."""

    healthy: bool
    problems: list[str] = Field(description="Why it is not healthy.")
    model: ModelCard | None
    trained_at: AwareDatetime | None
    seconds_since_training: float | None
    withdrawn_version: str | None = Field(
        description="Production, where it was taken back and the model before it answers."
    )
    drift: DriftAnswer | None
    performance: list[PerformanceAnswer]
    last_round: RoundAnswer | None
    decisions: list[DecisionAnswer] = Field(description="The last first.")
    retrainings: list[RetrainingAnswer] = Field(description="The last first.")
    retrain_request: WishAnswer | None
    versions: list[VersionAnswer] = Field(description="The newest first.")
    promotion: PromotionAnswer | None
    audit: list[DeedAnswer] = Field(description="The last first.")
