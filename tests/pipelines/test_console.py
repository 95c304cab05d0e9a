"""What a person sees of a result, on terminals of several widths."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from pipelines.console import show_reported
from pipelines.outcome import ReportedOutcome, ShownTable
from recommender.comparison.table import chosen_headings, short_headings
from recommender.models.scorers import SCORERS

NAMES = list(SCORERS)
FIGURES = ("0.8911", "0.0827", "0.078", "17.98", "1204", "12.19", "3 (1 failed)", "1100.5")


def shown(width: int, *tables: ShownTable) -> list[str]:
    outcome = ReportedOutcome(
        *("title", "sample", "0" * 64, True, {}, tables, "message", (), (), (), "run", "id", ())
    )
    stream = io.StringIO()
    show_reported(Console(file=stream, width=width), outcome)
    return stream.getvalue().splitlines()


@pytest.mark.parametrize("width", [40, 80, 200])
def test_every_name_is_whole_on_one_line(width: int) -> None:
    table = ShownTable(short_headings(), [(name, *FIGURES) for name in NAMES], 0)
    starts = [line.split() for line in shown(width, table)]
    for name in NAMES:
        assert [name] in [line[:1] for line in starts]


def test_a_comparison_fits_eighty_columns() -> None:
    figures = ("0.8911", "0.0827", "0.078", "17.98", "1204", "12.19", "3", "1100.5")
    table = ShownTable(short_headings(), [(name, *figures) for name in NAMES], 0)
    lines = shown(80, table)
    for name in NAMES:
        [line] = [line for line in lines if line.split()[:1] == [name]]
        assert tuple(line.split()[1:]) == figures


def test_a_long_configuration_is_folded_and_loses_nothing() -> None:
    values = [f"{name}={number}" for number, name in enumerate(NAMES)]
    lines = shown(80, ShownTable(chosen_headings(), [["metadata-ease", ", ".join(values)]]))
    text = " ".join(" ".join(lines).split())
    assert all(value in text for value in values)


@pytest.mark.parametrize("name", NAMES)
def test_trials_of_every_model_fit_eighty_columns(name: str) -> None:
    for objective, space in SCORERS[name].spaces.items():
        row = ("29", "complete", "0.1234", "12.3", *("0.0123" for _ in space))
        lines = shown(80, ShownTable(("trial", "outcome", objective, "seconds", *space), [row]))
        assert any(tuple(line.split()) == row for line in lines)


def test_brackets_in_a_reason_are_no_markup() -> None:
    assert any(
        "[red]" in line for line in shown(80, ShownTable(["model", "why"], [["a", "[red]"]]))
    )
