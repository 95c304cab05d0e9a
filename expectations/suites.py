"""The suites as an analyst writes them: JSON files read, checked and their placeholders filled.

A placeholder is a text such as ``"$scale_minimum"`` or ``"$date(1995-01-01)"`` in place of a
value; ``expectations/README.md`` lists them. Nothing here depends on Great Expectations.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from expectations.results import Severity
from recommender.errors import DataError, UsageError
from recommender.scale import RatingScale

#: The tables of a data set, in the order in which they are checked and shown.
SUITE_NAMES = ("ratings", "movies", "tags", "credits", "cleaning")
_PLACEHOLDER = re.compile(r"\$([a-z_]+)(?:\((.*)\))?")
_SEVERITIES: dict[str, Severity] = {"critical": "critical", "warning": "warning"}
_RULE_KEYS = ("type", "kwargs", "severity", "meta")

Placeholder = Callable[[str | None], Any]


@dataclass(frozen=True)
class Rule:
    """One expectation as its suite states it, placeholders filled.

    Attributes:
        place: File and position, for messages: ``ratings.json, expectations[3]``.
        type: Great Expectations' name of it.
        kwargs: Its arguments.
        severity: What a failure means.
        note: The expectation in plain words.
    """

    place: str
    type: str
    kwargs: dict[str, Any]
    severity: Severity
    note: str

    @property
    def column(self) -> str | None:
        """The one column it is about, or ``None``."""
        return self.kwargs.get("column")

    def malformed(self, problem: str, *, value: object, remedy: str) -> UsageError:
        """Return the error that says what is wrong with this rule."""
        return UsageError(problem, place=self.place, value=value, remedy=remedy)


@dataclass(frozen=True)
class Suite:
    """The rules for one table.

    Attributes:
        name: Table, one of ``SUITE_NAMES``.
        note: What the table is, in plain words.
        rules: In the order of the file.
    """

    name: str
    note: str
    rules: tuple[Rule, ...]


def load_suites(folder: Path, placeholders: Mapping[str, Placeholder]) -> tuple[Suite, ...]:
    """Read the suite of every table from ``folder``.

    Raises:
        UsageError: A suite is missing, there is one for no table, or one is malformed; the
            message names the file, the position in it and the remedy.
    """
    strange = sorted({file.stem for file in folder.glob("*.json")} - set(SUITE_NAMES))
    if strange:
        raise UsageError(
            "there is no such table to check",
            place=str(folder / f"{strange[0]}.json"),
            value=strange[0],
            remedy=suggest(strange[0], SUITE_NAMES),
        )
    return tuple(_load_suite(folder / f"{name}.json", placeholders) for name in SUITE_NAMES)


def make_placeholders(scale: RatingScale, now: datetime) -> dict[str, Placeholder]:
    """Return what each placeholder stands for, by name.

    Args:
        scale: The rating scale of the data set.
        now: The present, with its time zone.

    Raises:
        DataError: The scale has no width or no step.
    """
    width = scale.maximum - scale.minimum
    if width <= 0 or scale.step <= 0:
        raise DataError(
            "the rating scale must rise from its minimum to its maximum in steps above zero",
            value=scale,
            remedy="State the scale of the source.",
        )
    steps = round(width / scale.step)
    grid = [round(scale.minimum + index * scale.step, 9) for index in range(steps + 1)]
    return {
        "scale_minimum": lambda _: scale.minimum,
        "scale_maximum": lambda _: scale.maximum,
        "scale_values": lambda _: grid,
        "scale_point": lambda share: round(scale.minimum + float(share or "") * width, 9),
        "scale_share": lambda share: round(float(share or "") * width, 9),
        "now": lambda _: int(now.timestamp()),
        "date": lambda day: _seconds(day or ""),
        "year_from_now": lambda years: now.year + int(years or "0"),
    }


def _seconds(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def _load_suite(file: Path, placeholders: Mapping[str, Placeholder]) -> Suite:
    content = _read_json(file)
    if not isinstance(content, dict) or not isinstance(content.get("expectations"), list):
        raise UsageError(
            "a suite is an object with a list of expectations",
            place=str(file),
            remedy='Write {"name": …, "meta": {"note": …}, "expectations": […]}.',
        )
    _refuse_unknown(content, ("name", "meta", "expectations"), str(file))
    if content.get("name") != file.stem:
        raise UsageError(
            "a suite is named as its file",
            place=f"{file}, name",
            value=content.get("name"),
            remedy=f'Write "name": "{file.stem}".',
        )
    rules = tuple(
        _load_rule(raw, f"{file}, expectations[{index}]", placeholders)
        for index, raw in enumerate(content["expectations"])
    )
    return Suite(file.stem, _note(content, str(file)), rules)


def _read_json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        remedy = "Every table has its suite; restore the file, or leave its list empty."
        raise UsageError(
            "the suite cannot be read", place=str(file), value=error.strerror, remedy=remedy
        ) from error
    except ValueError as error:
        raise UsageError(
            "the suite is not JSON", place=str(file), value=str(error), remedy="Mend its syntax."
        ) from error


def _load_rule(raw: Any, place: str, placeholders: Mapping[str, Placeholder]) -> Rule:
    if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
        raise UsageError(
            "an expectation is an object with a type",
            place=place,
            value=raw,
            remedy='Write {"type": …, "kwargs": {…}, "severity": …, "meta": {"note": …}}.',
        )
    _refuse_unknown(raw, _RULE_KEYS, place)
    severity = _SEVERITIES.get(str(raw.get("severity")))
    if severity is None:
        raise UsageError(
            "an expectation has no severity, or not one that is known",
            place=f"{place} {raw['type']}",
            value=raw.get("severity"),
            remedy='Write "severity": "critical", which stops the pipeline, or "warning".',
        )
    kwargs = raw.get("kwargs", {})
    if not isinstance(kwargs, dict):
        raise UsageError("kwargs is an object", place=place, value=kwargs, remedy="Write {…}.")
    filled = _fill(kwargs, place, placeholders)
    return Rule(place, raw["type"], filled, severity, _note(raw, place))


def _note(raw: Mapping[str, Any], place: str) -> str:
    meta = raw.get("meta")
    note = meta.get("note") if isinstance(meta, dict) else None
    if not isinstance(note, str) or not note.strip():
        raise UsageError(
            "there is no note in plain words",
            place=place,
            value=meta,
            remedy='Write "meta": {"note": "…"}; the report shows it.',
        )
    return note


def _fill(value: Any, place: str, placeholders: Mapping[str, Placeholder]) -> Any:
    """Return ``value`` with each placeholder in it replaced by what it stands for."""
    if isinstance(value, dict):
        return {key: _fill(item, place, placeholders) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, place, placeholders) for item in value]
    match = _PLACEHOLDER.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    name, argument = match.groups()
    if name not in placeholders:
        remedy = suggest(name, placeholders)
        raise UsageError("unknown placeholder", place=place, value=value, remedy=remedy)
    try:
        return placeholders[name](argument)
    except ValueError as error:
        raise UsageError(
            f"the placeholder's argument cannot be read: {error}",
            place=place,
            value=value,
            remedy="expectations/README.md shows each placeholder with an example.",
        ) from error


def _refuse_unknown(raw: Mapping[str, Any], known: tuple[str, ...], place: str) -> None:
    for key in raw:
        if key not in known:
            remedy = f"{suggest(key, known)} Suites are kept without ids."
            raise UsageError("unknown key", place=place, value=key, remedy=remedy)


def suggest(name: str, known: Iterable[str]) -> str:
    """Return the sentence that names what ``name`` may have meant."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
