"""Runs the suites with Great Expectations; no other module of the project imports it.

Each column is laid before Great Expectations on its own, since it copies the frame it is given for
every expectation, and only a few of its failing rows are asked for.
"""

from __future__ import annotations

import gc
import logging
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import great_expectations as gx
import numpy as np
import pandas as pd
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.exceptions import ExpectationNotFoundError
from great_expectations.expectations.registry import (
    get_expectation_impl,
    list_registered_expectation_implementations,
)

from expectations.columns import Column, column, is_derived, known_columns, table
from expectations.results import Check, Failure, SuiteReport, ValidationReport
from expectations.suites import Rule, Suite, load_suites, make_placeholders, suggest
from recommender.errors import DataError
from recommender.schema import Dataset

__all__ = ["Check", "Failure", "SuiteReport", "ValidationReport", "validate"]

N_EXAMPLES = 3
_TEXT_LIMIT = 80
_SMALLEST_SHARE = 0.0001
#: A table of so few rows is shown whole where a figure over all its rows fails.
_SHORT_TABLE = 10
_GC_ROWS = 1_000_000
#: These look at the type itself, so they need the column as it is, not widened.
_TYPE_EXPECTATIONS = {
    "expect_column_values_to_be_of_type",
    "expect_column_values_to_be_in_type_list",
    "expect_column_type_to_be",
}
_Rules = Sequence[tuple[int, Rule]]


def validate(
    dataset: Dataset, suites: Path | None = None, *, now: datetime | None = None
) -> ValidationReport:
    """Check a data set against the suites.

    25 million ratings take about a minute and 1 GB above the data set's own. Nothing is written.

    Args:
        dataset: What to check.
        suites: Folder of the suites' JSON files, by default those of the project.
        now: The present for rules about the future, by default the clock's; with a time zone.

    Returns:
        The outcome of every expectation on every table that the data set has. A table that is
        so broken that an expectation cannot be computed fails it. Call
        `ValidationReport.require` to stop on critical failures.

    Raises:
        UsageError: A suite is malformed; the message names the file, the position and a remedy.
        DataError: The data set's rating scale makes no sense.
    """
    placeholders = make_placeholders(dataset.scale, now or datetime.now(UTC))
    loaded = load_suites(suites or Path(__file__).parent, placeholders)
    for suite in loaded:
        for rule in suite.rules:
            _check_rule(suite.name, rule)
    reports = (_validate_table(dataset, suite) for suite in loaded)
    return ValidationReport(
        dataset=dataset.name,
        digest=dataset.digest,
        suites=tuple(report for report in reports if report is not None),
        simulated=dataset.simulated,
        cleaning=dataset.cleaning,
    )


def _check_rule(suite: str, rule: Rule) -> None:
    """Refuse a rule that names no expectation, no column, or has arguments that it cannot take."""
    _build(rule, 0)
    known = known_columns(suite)
    if rule.column is not None and rule.column not in known:
        remedy = suggest(rule.column, known)
        raise rule.malformed("the table has no such column", value=rule.column, remedy=remedy)
    low, high = rule.kwargs.get("min_value"), rule.kwargs.get("max_value")
    if low is not None and high is not None and low > high:
        raise rule.malformed(
            "the bounds are crossed", value=[low, high], remedy="Swap min_value and max_value."
        )
    try:
        re.compile(rule.kwargs.get("regex", ""))
    except re.error as error:
        raise rule.malformed(
            f"the regular expression is wrong: {error}",
            value=rule.kwargs["regex"],
            remedy="In JSON every backslash is written twice.",
        ) from error


def _build(rule: Rule, index: int) -> Any:
    """Return the expectation, which carries ``index`` so that its result can be told."""
    try:
        kind = get_expectation_impl(rule.type)
    except ExpectationNotFoundError as error:
        known = list_registered_expectation_implementations()
        raise rule.malformed(
            "unknown expectation type", value=rule.type, remedy=suggest(rule.type, known)
        ) from error
    try:
        return kind(severity=rule.severity, meta={"rule": index}, **rule.kwargs)
    except (TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise rule.malformed(
            f"the arguments do not suit {rule.type}: {reason}",
            value=rule.kwargs,
            remedy="Correct its kwargs; the Great Expectations gallery describes them.",
        ) from error


def _validate_table(dataset: Dataset, suite: Suite) -> SuiteReport | None:
    frame = table(dataset, suite.name)
    if frame is None:
        return None
    groups: dict[str | None, list[tuple[int, Rule]]] = {}
    for index, rule in enumerate(suite.rules):
        groups.setdefault(_looked_at(suite.name, rule), []).append((index, rule))
    checks: dict[int, Check] = {}
    for name, rules in groups.items():
        checks |= _validate_group(dataset, suite.name, frame, name, rules)
        if len(frame) >= _GC_ROWS:
            gc.collect()  # Great Expectations' objects refer to each other and hold the column
    in_order = tuple(checks[index] for index in range(len(suite.rules)))
    return SuiteReport(suite.name, suite.note, len(frame), in_order)


def _looked_at(suite: str, rule: Rule) -> str | None:
    """Return the column that is laid before the rule on its own, or ``None`` for the table."""
    name = rule.column
    if name is None or is_derived(suite, name):
        return name
    whole = rule.type in _TYPE_EXPECTATIONS or rule.kwargs.get("row_condition") is not None
    return None if whole else name


def _validate_group(
    dataset: Dataset, suite: str, frame: pd.DataFrame, name: str | None, rules: _Rules
) -> dict[int, Check]:
    try:
        seen = Column(frame, frame) if name is None else column(dataset, suite, frame, name)
    except DataError as error:
        return {index: _not_computed(rule, str(error)) for index, rule in rules}
    results = _run(seen.frame, rules)
    return {index: _check(rule, results[index], seen.rows) for index, rule in rules}


def _run(frame: pd.DataFrame, rules: _Rules) -> dict[int, Any]:
    """Return Great Expectations' result for each rule, by its index."""
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    config = DataContextConfig(
        # Without this, every context makes a temporary folder for pages that nobody asked for.
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )
    context = gx.get_context(project_config=config, mode="ephemeral")
    asset = context.data_sources.add_pandas("memory").add_dataframe_asset("table")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    suite = gx.ExpectationSuite(
        name="rules", expectations=[_build(rule, index) for index, rule in rules]
    )
    # SUMMARY gives the row numbers of the first few failures; COMPLETE would list them all.
    outcome = batch.validate(
        suite, result_format={"result_format": "SUMMARY", "partial_unexpected_count": N_EXAMPLES}
    )
    return {result.expectation_config.meta["rule"]: result for result in outcome.results}


def _check(rule: Rule, result: Any, rows: pd.DataFrame) -> Check:
    """Turn Great Expectations' result into a check, with examples from ``rows``."""
    found: Mapping[str, Any] = result.result
    problem = _exception_message(result.exception_info)
    if problem is not None:
        return _not_computed(rule, problem)
    success = bool(result.success)
    if "unexpected_count" in found:
        labels = found.get("partial_unexpected_index_list") or []
        count, total = int(found["unexpected_count"]), int(found["element_count"])
        examples = _texts(rows, labels[:N_EXAMPLES])
        return _outcome(
            rule, success, _share(count, total), count=count, total=total, examples=examples
        )
    if success:
        return _outcome(rule, success, _observed(found), total=len(rows))
    if rule.type in _TYPE_EXPECTATIONS:
        examples = _texts(rows, range(min(N_EXAMPLES, len(rows))))
        return _outcome(
            rule, success, _observed(found), count=len(rows), total=len(rows), examples=examples
        )
    examples = _texts(rows, range(len(rows))) if len(rows) <= _SHORT_TABLE else ()
    return _outcome(rule, success, _observed(found), total=len(rows), examples=examples)


def _outcome(
    rule: Rule,
    success: bool,
    observed: str,
    *,
    count: int | None = None,
    total: int | None = None,
    examples: tuple[str, ...] = (),
) -> Check:
    return Check(
        expectation=rule.type,
        column=rule.column,
        severity=rule.severity,
        note=rule.note,
        arguments={key: value for key, value in rule.kwargs.items() if key != "column"},
        success=success,
        observed=observed,
        count=count,
        total=total,
        examples=examples,
    )


def _not_computed(rule: Rule, problem: str) -> Check:
    return _outcome(rule, False, f"could not be computed: {problem}")


def _exception_message(info: Mapping[str, Any]) -> str | None:
    """Return why an expectation could not be computed, or ``None`` where it was.

    Great Expectations gives one record, or one for each metric under its own key.
    """
    records = [info] if "raised_exception" in info else list(info.values())
    for record in records:
        if record["raised_exception"]:
            return str(record["exception_message"]).strip()
    return None


def _share(count: int, total: int) -> str:
    if count == 0:
        return f"0 of {total:,} rows failing"
    percent = f"{count / total:.2%}" if count / total >= _SMALLEST_SHARE else "under 0.01%"
    return f"{count:,} of {total:,} rows failing ({percent})"


def _observed(found: Mapping[str, Any]) -> str:
    """Return the figure that an expectation over all rows looked at, as text."""
    mismatched = found.get("details", {}).get("mismatched", {})
    if mismatched:
        return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in mismatched.items())
    value = found.get("observed_value")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    return f"{value:,.4g}" if isinstance(value, float | np.floating) else str(value)


def _texts(rows: pd.DataFrame, labels: Sequence[int]) -> tuple[str, ...]:
    """Return rows as text: ``row 7: user_id=1, movie_id=2, rating=9.0``, numbered from zero."""
    shown = rows.iloc[list(labels)]
    return tuple(
        f"row {label}: " + ", ".join(f"{name}={_text(row[name])}" for name in rows.columns)
        for label, row in zip(shown.index, shown.to_dict("records"), strict=True)
    )


def _text(value: Any) -> str:
    if isinstance(value, str):
        return repr(value if len(value) <= _TEXT_LIMIT else f"{value[:_TEXT_LIMIT]}…")
    if pd.isna(value):
        return "missing"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
