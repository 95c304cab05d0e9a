"""What is remembered from one decision to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self


@dataclass(frozen=True)
class MonitorState:
    """The memory of the decision; times are seconds since 1970.

    Attributes:
        model: Digest of the bundle to which the counts belong, or ``None`` at the beginning.
        judged_until: End of the last window that was judged.
        streaks: By signal: judged windows in a row beyond its threshold.
        disarmed: Signals that were a cause and have not calmed down since.
        baseline: By metric: its values in the first windows of the model.
        last_trigger_at: When a retraining was last decided, or ``None``.
        last_training_at: When a training last ended well, or ``None``.
        refused_data: Digest of the new data of which no model, or a worse one, came.
        tried_ratings: How many new ratings the last training that was refused knew.
        seen_at: The time of the last decision.
    """

    model: str | None = None
    judged_until: float = 0.0
    streaks: Mapping[str, int] = field(default_factory=dict)
    disarmed: tuple[str, ...] = ()
    baseline: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    last_trigger_at: float | None = None
    last_training_at: float | None = None
    refused_data: str | None = None
    tried_ratings: int = 0
    seen_at: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> Self:
        """Return the state that `to_dict` turned into ``tree``."""
        baseline = {name: tuple(values) for name, values in tree["baseline"].items()}
        return cls(**{**tree, "disarmed": tuple(tree["disarmed"]), "baseline": baseline})

    def at(self, now: float) -> MonitorState:
        """Return the state with every time that lies in the future drawn back to ``now``.

        After a clock that ran ahead was set right, a cooldown would otherwise last until the time
        that it once showed, and no window would be judged before.
        """

        def past(time: float | None) -> float | None:
            return None if time is None else min(time, now)

        return replace(
            self,
            judged_until=min(self.judged_until, now),
            last_trigger_at=past(self.last_trigger_at),
            last_training_at=past(self.last_training_at),
            seen_at=now,
        )

    def for_model(self, model: str) -> MonitorState:
        """Return the state for windows of ``model``, which has a reference of its own."""
        if model == self.model:
            return self
        return replace(self, model=model, streaks={}, disarmed=(), baseline={})
