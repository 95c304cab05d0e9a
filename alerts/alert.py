"""What somebody must look at."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Self

from recommender.errors import RouletteError


@dataclass(frozen=True)
class Alert:
    """One alert.

    Attributes:
        time: When it was raised, ISO 8601, UTC.
        run: In which run, or by which process.
        step: What found it.
        error: Kind of error.
        message: What is wrong, in full sentences.
        place: Where, or ``None``.
        remedy: What to do about it, or ``None``.
        exit_code: With which the run ends, or ``None`` where it is not known.
    """

    time: str
    run: str
    step: str
    error: str
    message: str
    place: str | None = None
    remedy: str | None = None
    exit_code: int | None = None

    @classmethod
    def of(cls, error: BaseException, *, step: str, run: str) -> Self:
        """Return the alert of an error."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        found = cls(now, run, step, type(error).__name__, str(error))
        if not isinstance(error, RouletteError):
            return found
        more = {"place": error.place, "remedy": error.remedy, "exit_code": error.exit_code}
        return cls(**{**asdict(found), **more})

    def to_dict(self) -> dict[str, Any]:
        """Return the alert as plain values."""
        return asdict(self)

    @property
    def title(self) -> str:
        """One line, for a subject: without a line break, whatever the error says."""
        return f"Movie Roulette: {self.error} in {' '.join(self.step.split())}"

    def to_text(self) -> str:
        """Return the alert for people."""
        rows = {"Run": self.run, "Step": self.step, "Time": self.time, "Remedy": self.remedy}
        return "\n".join(
            [self.message, "", *(f"{name}: {text}" for name, text in rows.items() if text)]
        )
