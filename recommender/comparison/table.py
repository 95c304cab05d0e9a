"""The comparison as rows of text: for the page, the Markdown file and the console."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from recommender.comparison.report import ComparedModel, Comparison

#: Metrics of the table: key, heading, digits.
METRICS = (
    ("rmse", "RMSE", 4),
    ("mae", "MAE", 4),
    ("ndcg_at_10", "NDCG@10", 4),
    ("precision_at_10", "P@10", 4),
    ("recall_at_10", "R@10", 4),
    ("coverage", "coverage", 3),
)
_FAILED = "failed"
_CHOSEN_BY = "chosen by"
_COSTS = ("fit s", "peak MB", "list ms")
_BUDGET = ("tried", "budget s")
#: Of all columns, those that fit a terminal of eighty, with the budget beside them.
_SHORT = ("model", "RMSE", "NDCG@10", "coverage", *_COSTS)
_DIFFERENCES = (("rmse", "RMSE"), ("ndcg_at_10", "NDCG@10"))
_OBJECTIVES = {"rmse": "RMSE", "ndcg_at_10": "NDCG@10"}


def headings() -> list[str]:
    """Return the headings of `rows`."""
    return ["model", _CHOSEN_BY, *(heading for _, heading, _ in METRICS), *_COSTS]


def rows(comparison: Comparison, *, intervals: bool) -> list[list[str]]:
    """Return one row a model, failed ones last; with ``intervals`` each stands below its value."""
    width = len(headings())
    return [
        *(_row(model, intervals=intervals) for model in comparison.models),
        *(_failed_row(name, width) for name in comparison.failures),
    ]


def short_headings() -> list[str]:
    """Return the headings of `short_rows`."""
    return [*_SHORT, *_BUDGET]


def short_rows(comparison: Comparison) -> list[list[str]]:
    """Return one row a model without intervals, for a terminal of eighty columns."""
    kept = [headings().index(heading) for heading in _SHORT]
    return [
        *(
            [*(_row(model, intervals=False)[column] for column in kept), *_budget(model)]
            for model in comparison.models
        ),
        *(_failed_row(name, len(short_headings())) for name in comparison.failures),
    ]


def chosen_headings() -> list[str]:
    """Return the headings of `chosen_rows`."""
    return ["model", "configuration chosen"]


def chosen_rows(comparison: Comparison) -> list[list[str]]:
    """Return the hyper-parameters chosen for each model; for a failed one, the reason."""
    return [
        *([model.name, values_text(model.values)] for model in comparison.models),
        *([name, f"{_FAILED}: {reason}"] for name, reason in comparison.failures.items()),
    ]


def difference_headings(reference: str) -> list[str]:
    """Return the headings of `difference_rows`."""
    return ["model", *(f"{heading} minus {reference}'s" for _, heading in _DIFFERENCES)]


def difference_rows(comparison: Comparison) -> list[list[str]]:
    """Return what each model's metrics differ from the reference's, with intervals."""
    return [
        [model.name, *(_difference(model, key) for key, _ in _DIFFERENCES)]
        for model in comparison.models
        if model.against_reference
    ]


def configuration_headings() -> list[str]:
    """Return the headings of `configuration_rows`."""
    return ["model", *_BUDGET, "as configured", "chosen", "hyper-parameters chosen"]


def configuration_rows(comparison: Comparison) -> list[list[str]]:
    """Return what was tried of each model, and what was chosen by the validation ratings."""
    return [
        *(_configuration_row(model) for model in comparison.models),
        *([name, _FAILED, "", "", "", reason] for name, reason in comparison.failures.items()),
    ]


def values_text(values: Mapping[str, int | float]) -> str:
    """Return hyper-parameters as one line.

    >>> values_text({"n_factors": 50, "learning_rate": 0.01})
    'n_factors=50, learning_rate=0.01'
    """
    return ", ".join(f"{name}={value:g}" for name, value in values.items()) or "nothing to tune"


def markdown(comparison: Comparison) -> str:
    """Return the comparison as a Markdown document."""
    return "\n".join(_markdown_lines(comparison))


def _markdown_lines(comparison: Comparison) -> Iterator[str]:
    yield f"# Models compared on {comparison.dataset}"
    yield ""
    yield comparison.verdict
    yield ""
    for sentence in (*comparison.protocol, *comparison.notes):
        yield f"- {sentence}"
    yield ""
    yield from _markdown_table(headings(), rows(comparison, intervals=False))
    if differences := difference_rows(comparison):
        yield ""
        yield from _markdown_table(difference_headings(comparison.reference), differences)
    yield ""
    yield from _markdown_table(configuration_headings(), configuration_rows(comparison))
    yield ""


def _markdown_table(heads: Sequence[str], body: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "|".join(" --- " if number == 0 else " ---: " for number in range(len(heads))) + "|"
    for row in body:
        yield "| " + " | ".join(cell.replace("\n", " ") for cell in row) + " |"


def _row(model: ComparedModel, *, intervals: bool) -> list[str]:
    return [
        model.name,
        _OBJECTIVES[model.objective],
        *(_metric(model, key, digits, intervals=intervals) for key, _, digits in METRICS),
        f"{model.fit_seconds:.2f}",
        "unknown" if model.peak_mb is None else f"{model.peak_mb:.0f}",
        f"{model.list_milliseconds:.2f}",
    ]


def _failed_row(name: str, width: int) -> list[str]:
    return [name, _FAILED, *[""] * (width - 2)]


def _configuration_row(model: ComparedModel) -> list[str]:
    configured = _score(model.configured_score, model)
    chosen = _score(model.chosen_score, model)
    return [model.name, *_budget(model), configured, chosen, values_text(model.values)]


def _budget(model: ComparedModel) -> tuple[str, str]:
    failed = f" ({model.failed} failed)" if model.failed else ""
    return f"{model.tried}{failed}", f"{model.budget_seconds:.1f}"


def _metric(model: ComparedModel, key: str, digits: int, *, intervals: bool) -> str:
    text = f"{model.report.metrics[key]:.{digits}f}"
    if not intervals or key not in model.report.intervals:
        return text
    low, high = model.report.intervals[key]
    return f"{text}\n{low:.{digits}f} to {high:.{digits}f}"


def _difference(model: ComparedModel, key: str) -> str:
    item = model.against_reference[key]
    return f"{item.estimate:+.4f}\n({item.low:+.4f} to {item.high:+.4f})"


def _score(score: float | None, model: ComparedModel) -> str:
    return "" if score is None else f"{score:.4f} {_OBJECTIVES[model.objective]}"
