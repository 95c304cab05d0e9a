"""Where in a text file a row or a fault is, as the line number that an editor shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv

from recommender.data.files import SourceFile
from recommender.errors import DataError

_SHOWN = 60
_CONVERSION = re.compile(
    r"In CSV column #(?P<column>\d+): (?:Row #(?P<record>\d+): )?"
    r"CSV conversion error to (?P<kind>\w+): (?P<detail>.*)",
    re.DOTALL,
)
_SHAPE = re.compile(r"Row #(?P<record>\d+): Expected (?P<wanted>\d+) columns, got (?P<found>\d+)")
_INVALID_VALUE = re.compile(r"invalid value '(?P<value>.*)'", re.DOTALL)


@dataclass(frozen=True)
class LineFinder:
    """Finds the lines of records, counting blank lines and line breaks within quotes.

    Attributes:
        file: The text file.
        quoted: Whether line breaks within double quotes belong to a field.
        header: Whether the first record is a header.
    """

    file: SourceFile
    quoted: bool
    header: bool

    def lines(self, rows: Sequence[int]) -> list[int]:
        """Return the line numbers, from 1, of data rows, from 0 and ascending."""
        wanted = [row + self.header for row in rows]
        found: list[int] = []
        for record, line in enumerate(record_lines(self.file, quoted=self.quoted)):
            while len(found) < len(wanted) and wanted[len(found)] == record:
                found.append(line)
            if len(found) == len(wanted):
                break
        return found

    def labels(self, rows: Sequence[int]) -> list[str]:
        """Return texts such as ``line 7`` for data rows, from 0 and ascending."""
        return [f"line {line}" for line in self.lines(rows)]


def record_lines(file: SourceFile, *, quoted: bool) -> Iterator[int]:
    """Yield the line, from 1, on which each record begins; blank lines are none."""
    with file.open() as stream:
        within_quotes = False
        for number, line in enumerate(stream, start=1):
            if not within_quotes and line.strip(b"\r\n"):
                yield number
            if quoted and line.count(b'"') % 2:
                within_quotes = not within_quotes


def line_of_last_record(file: SourceFile) -> int:
    """Return the line on which the last record begins: there an unclosed quote opened."""
    return max(record_lines(file, quoted=True))


def locate_fault(
    file: SourceFile, names: Sequence[str], options: Mapping[str, Any], error: pa.ArrowInvalid
) -> DataError:
    """Return the error that names the line, column and value which Arrow refused.

    Args:
        file: The file that was refused.
        names: Its column names in order.
        options: The options of `pyarrow.csv.read_csv` with which it was read.
        error: What Arrow said; on several threads it does not know the row.
    """
    message = _message_with_record(file, options) or str(error)
    quoted = bool(options["parse_options"].quote_char)
    if found := _CONVERSION.search(message):
        column = f", column {names[int(found['column'])]}"
        problem, value = _conversion_problem(found["kind"], found["detail"])
        return DataError(
            problem,
            place=f"{file.place}{_line(file, found['record'], quoted)}{column}",
            value=value,
        )
    if found := _SHAPE.search(message):
        problem = f"the row has {found['found']} fields where there are {found['wanted']} columns"
        return DataError(problem, place=f"{file.place}{_line(file, found['record'], quoted)}")
    if "straddling" in message:
        line, length = _longest_line(file)
        return DataError(
            f"a line of {length:,} bytes is longer than any row can be",
            place=f"{file.place}, line {line}",
        )
    return DataError(f"cannot be parsed: {message[:300]}", place=file.place)


def _message_with_record(file: SourceFile, options: Mapping[str, Any]) -> str | None:
    """Read again on one thread, on which Arrow counts records, and return what it says."""
    options = {**options, "read_options": _single_threaded(options["read_options"])}
    with file.open() as stream:
        try:
            with pa_csv.open_csv(pa.PythonFile(stream, mode="r"), **options) as batches:
                for _ in batches:
                    pass
        except pa.ArrowInvalid as error:
            return str(error)
    return None


def _single_threaded(options: pa_csv.ReadOptions) -> pa_csv.ReadOptions:
    return pa_csv.ReadOptions(
        column_names=options.column_names,
        skip_rows=options.skip_rows,
        block_size=options.block_size,
        use_threads=False,
    )


def _conversion_problem(kind: str, detail: str) -> tuple[str, str | None]:
    problems = {
        "string": "the text is not valid UTF-8",
        "null": "there is text where the separator ends",
        "float": "not a number",
        "double": "not a number",
    }
    value = _INVALID_VALUE.search(detail)
    return problems.get(kind, f"not a whole number ({kind})"), value and value["value"][:_SHOWN]


def _line(file: SourceFile, record: str | None, quoted: bool) -> str:
    if record is None:
        return ""
    finder = LineFinder(file, quoted=quoted, header=False)
    lines = finder.lines([int(record) - 1])
    return f", line {lines[0]}" if lines else ""


def _longest_line(file: SourceFile) -> tuple[int, int]:
    with file.open() as stream:
        longest = max(enumerate(stream, start=1), key=lambda item: len(item[1]))
    return longest[0], len(longest[1])
