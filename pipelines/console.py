"""What a person sees of a run: progress while it works, and the result at its end."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from pipelines.outcome import (
    MonitoringOutcome,
    Outcome,
    ReportedOutcome,
    RollbackOutcome,
    ShownTable,
    StepOutcome,
    TrainingOutcome,
    WatchOutcome,
)
from pipelines.plan import Plan
from recommender.errors import RouletteError
from steps.reporting import PROGRESS_LOGGER

#: Metrics in the result's table: key, heading, digits.
_COLUMNS = (
    ("rmse", "RMSE", 4),
    ("mae", "MAE", 4),
    ("precision_at_10", "P@10", 4),
    ("recall_at_20", "R@20", 4),
    ("ndcg_at_10", "NDCG@10", 4),
    ("coverage", "coverage", 3),
)
_NAME_WIDTH = 16
#: Longer cells are sentences, and begin at the left.
_LONGEST_FIGURE = 16


class ProgressBars(logging.Handler):
    """Shows the records of the progress logger as bars, or as lines where there is no terminal."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._tasks: dict[str, TaskID] = {}
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[step]:<16} {task.description}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Show progress for the body of a ``with`` statement."""
        logger = logging.getLogger(PROGRESS_LOGGER)
        logger.setLevel(logging.INFO)
        logger.propagate = False
        logger.addHandler(self)
        try:
            if self._console.is_terminal:
                with self._bars:
                    yield
            else:
                yield
        finally:
            logger.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Update the bar of the record's step."""
        step, what = record.__dict__["step"], record.__dict__["what"]
        if not self._console.is_terminal:
            self._print_line(step, what)
            return
        if step not in self._tasks:
            self._tasks[step] = self._bars.add_task(what, step=step, total=None)
        done, total = record.__dict__["done"], record.__dict__["total"]
        self._bars.update(self._tasks[step], description=what, completed=done, total=total)

    def _print_line(self, step: str, what: str) -> None:
        if f"{step} {what}" not in self._tasks:
            self._tasks[f"{step} {what}"] = TaskID(0)
            self._console.print(f"{step:<{_NAME_WIDTH}} {what}", highlight=False)


def person_console() -> Console:
    """Return the console for people: standard error, so that ``--json`` has stdout to itself."""
    # ZenML replaces sys.stderr while a step runs; bars must not go into its step logs.
    return Console(file=sys.__stderr__, soft_wrap=False)


def show_error(console: Console, error: RouletteError) -> None:
    """Print an error with its place, value and remedy."""
    console.print(Text.assemble(("error: ", "bold red"), str(error)), soft_wrap=True)
    for note in getattr(error, "__notes__", ()):
        console.print(Text(note), soft_wrap=True)


def show_plan(console: Console, plan: Plan) -> None:
    """Print what a run would do."""
    table = Table(title=f"{plan.pipeline}: what would run", title_justify="left", show_header=False)
    for key, value in plan.rows():
        table.add_row(key, value)
    console.print(table)


def show_outcome(console: Console, outcome: Outcome) -> None:
    """Print what a run came to."""
    if isinstance(outcome, TrainingOutcome):
        show_training(console, outcome)
    elif isinstance(outcome, ReportedOutcome):
        show_reported(console, outcome)
    elif isinstance(outcome, RollbackOutcome):
        show_rollback(console, outcome)
    elif isinstance(outcome, MonitoringOutcome):
        show_monitoring(console, outcome)
    elif isinstance(outcome, WatchOutcome):
        console.print(f"stopped after {outcome.rounds} rounds, {outcome.failed} of them failed")


def show_training(console: Console, outcome: TrainingOutcome) -> None:
    """Print the steps, the metrics, the gate's decision and where to look."""
    title = f"training on {outcome.dataset}" + (" (simulated)" if outcome.simulated else "")
    console.print(_steps_table(title, outcome.steps))
    console.print(_metrics_table(outcome))
    _print_notes(console, outcome.notes)
    style = "bold green" if outcome.promoted else "bold yellow"
    console.print(Text(outcome.message, style=style), soft_wrap=True)
    for reason in outcome.reasons:
        mark = ("pass ", "green") if reason.passed else ("FAIL ", "bold red")
        console.print(Text.assemble("  ", mark, f"{reason.rule}: {reason.detail}"), soft_wrap=True)
    _print_places(console, outcome.places)


def show_reported(console: Console, outcome: ReportedOutcome) -> None:
    """Print the steps, the result's table, what came of it and where to look."""
    console.print(_steps_table(outcome.title, outcome.steps))
    for shown in outcome.tables:
        console.print(_result_table(shown))
    for sentence in outcome.protocol:
        console.print(Text(sentence, style="dim"), soft_wrap=True)
    _print_notes(console, outcome.notes)
    console.print(Text(outcome.message, style="bold green"), soft_wrap=True)
    _print_places(console, outcome.places)


def show_rollback(console: Console, outcome: RollbackOutcome) -> None:
    """Print which version is served now."""
    console.print(outcome.message)
    if outcome.previous is not None:
        console.print(f"Version {outcome.previous} is `previous`: a second rollback undoes this.")


def show_monitoring(console: Console, outcome: MonitoringOutcome) -> None:
    """Print the steps, what the windows show, the decision with its reasons, and where to look."""
    title = f"monitoring of version {outcome.version}, {outcome.windows} windows"
    console.print(_steps_table(title, outcome.steps))
    _print_notes(console, outcome.notes)
    console.print(Text(outcome.verdict), soft_wrap=True)
    console.print(Text(outcome.message, style="bold"), soft_wrap=True)
    for rule, passed, detail in outcome.reasons:
        mark = ("yes ", "green") if passed else ("no  ", "yellow")
        console.print(Text.assemble("  ", mark, f"{rule}: {detail}"), soft_wrap=True)
    _print_places(console, outcome.places)


def _print_notes(console: Console, notes: Sequence[str]) -> None:
    for note in notes:
        console.print(Text(f"note: {note}", style="yellow"), soft_wrap=True)


def _print_places(console: Console, places: Sequence[tuple[str, str]]) -> None:
    console.print("Where to look")
    for label, place in places:
        console.print(f"  {label:<22} {place}", soft_wrap=True, highlight=False)


def _result_table(shown: ShownTable) -> Table:
    # Narrow, and names whole: where a terminal is narrower still, other cells are folded.
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    for number, heading in enumerate(shown.headings):
        cells = [row[number] for row in shown.rows]
        widest = max(map(len, cells), default=0)
        table.add_column(
            _folded(heading, widest),
            justify="right" if number and widest <= _LONGEST_FIGURE else "left",
            overflow="fold",
            no_wrap=not number,
            min_width=0 if number else widest,
        )
    for number, row in enumerate(shown.rows):
        table.add_row(*map(Text, row), style="bold" if number == shown.marked else None)
    return table


def _folded(heading: str, width: int) -> str:
    """Return a heading as several lines where it is a long name above short cells."""
    return heading.replace("_", "_\n") if len(heading) > width else heading


def _steps_table(title: str, steps: Sequence[StepOutcome]) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in ("step", "status", "seconds"):
        table.add_column(heading, justify="right" if heading == "seconds" else "left")
    for step in steps:
        seconds = "" if step.cached else f"{step.seconds:.1f}"
        table.add_row(step.name, "cached" if step.cached else "done", seconds)
    return table


def _metrics_table(outcome: TrainingOutcome) -> Table:
    table = Table(title="on the test ratings", title_justify="left")
    table.add_column("model")
    for _, heading, _ in _COLUMNS:
        table.add_column(heading, justify="right")
    for name, metrics in outcome.models.items():
        style = "bold" if name == outcome.main_model else None
        cells = [
            f"{metrics[key]:.{digits}f}" if key in metrics else "" for key, _, digits in _COLUMNS
        ]
        table.add_row(name, *cells, style=style)
    return table
