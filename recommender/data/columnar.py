"""Delimited text read column by column, with every fault traced to its line and column.

Rows never become Python objects: Arrow parses blocks of the stream on all cores. Only when it
refuses the file is the text read again, on one thread, to learn where the fault is.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from recommender.data.faults import LineFinder, line_of_last_record, locate_fault
from recommender.data.files import Progress, SourceFile
from recommender.errors import DataError

#: What stands for a missing number; text is taken as it is.
NULL_SPELLINGS = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None")
#: Longest text, in bytes, that is taken for a title, a tag or a list of names.
LONGEST_TEXT = 20_000

#: Bytes a block of numbers; small blocks keep both cores busy and memory low.
_BLOCK = 4 << 20
#: Bytes a block of text, so large that a runaway field is read and then refused by name.
_TEXT_BLOCK = 32 << 20
_HEADER_LIMIT = 1 << 16


@dataclass(frozen=True)
class TextFormat:
    """How a file of delimited text is written.

    Attributes:
        delimiter: One character between fields.
        quoted: Whether a field may stand in double quotes.
        header: Column names in order where the file has no header line.
    """

    delimiter: str = ","
    quoted: bool = True
    header: tuple[str, ...] | None = None


@dataclass(frozen=True)
class RawTable:
    """Columns as they were read, under our names, with a way back to their places.

    Attributes:
        table: Arrow table; null where a number is missing.
        name: Base name of the file.
        place: Path of the file as shown in messages.
        columns: Our column names to those of the file.
        label: Turns row indices (from 0, ascending) into texts such as ``line 7``.
    """

    table: pa.Table
    name: str
    place: str
    columns: Mapping[str, str]
    label: Callable[[Sequence[int]], list[str]]

    def place_of(self, row: int, column: str | None = None) -> str:
        """Return the place of one row, and of our column ``column``, as shown in messages."""
        suffix = f", column {self.columns.get(column, column)}" if column else ""
        return f"{self.place}, {self.label([row])[0]}{suffix}"


def read_columns(
    file: SourceFile,
    columns: Mapping[str, tuple[str, pa.DataType]],
    text_format: TextFormat = TextFormat(),
    progress: Progress | None = None,
) -> RawTable:
    """Read some columns of a delimited file.

    Args:
        file: UTF-8 text, with or without byte order mark, lines ended by LF or CRLF.
        columns: Our names to the file's names and their types; other columns are skipped.
        text_format: How the file is written.
        progress: Told the bytes read so far.

    Raises:
        DataError: The file is empty or unreadable, a column is missing or named twice, a row has
            too many or too few fields, a value is not of its column's type, text is not UTF-8
            or absurdly long, or a quotation mark is not closed.
    """
    names = text_format.header or header_names(file, text_format.delimiter)
    _require(file, names, [theirs for theirs, _ in columns.values()])
    has_text = any(kind == pa.string() for _, kind in columns.values())
    options = _options(names, columns, text_format, has_text=has_text)
    table = _parse(file, names, options, progress)
    finder = LineFinder(file, quoted=text_format.quoted, header=text_format.header is None)
    ours = {ours: theirs for ours, (theirs, _) in columns.items()}
    table = table.select(list(ours.values())).rename_columns(list(ours))
    raw = RawTable(table, file.name, file.place, ours, finder.labels)
    refuse_long_text(raw)
    return raw


def _parse(
    file: SourceFile,
    names: Sequence[str],
    options: Mapping[str, Any],
    progress: Progress | None,
) -> pa.Table:
    """Return the columns, one chunk each, so that numpy can view them without a copy."""
    with file.open() as stream:
        meter = _Meter(stream, file, progress)
        try:
            table = pa_csv.read_csv(pa.PythonFile(meter, mode="r"), **options)
        except pa.ArrowInvalid as error:
            raise locate_fault(file, names, options, error) from error
    if options["parse_options"].quote_char and meter.quotes % 2:
        raise DataError(
            "a quotation mark opens a field and nothing closes it",
            place=f"{file.place}, line {line_of_last_record(file)}",
        )
    for index, name in enumerate(table.column_names):
        table = table.set_column(index, name, table.column(name).combine_chunks())
    pa.default_memory_pool().release_unused()
    return table


def refuse_long_text(raw: RawTable) -> None:
    """Check that no text field is longer than ``LONGEST_TEXT``.

    Raises:
        DataError: One is; the message names its row and column.
    """
    for name in raw.table.column_names:
        column = raw.table.column(name)
        if column.type != pa.string() or not len(column):
            continue
        lengths = pc.binary_length(column)
        longest = pc.max(lengths).as_py() or 0
        if longest > LONGEST_TEXT:
            row = pc.index(lengths, longest).as_py()
            raise DataError(
                f"a text of {longest:,} bytes, where {LONGEST_TEXT:,} is the most that is taken",
                place=raw.place_of(row, name),
                value=column[row].as_py()[:40] + "...",
            )


def header_names(file: SourceFile, delimiter: str = ",") -> tuple[str, ...]:
    """Return the column names in the first line.

    Raises:
        DataError: The file is empty or its first line is not UTF-8 text.
    """
    with file.open() as stream:
        start = stream.read(_HEADER_LIMIT)
    if not start.strip():
        raise DataError("the file is empty", place=file.place)
    line = start.replace(b"\r", b"\n").partition(b"\n")[0]
    try:
        text = line.decode("utf-8-sig")
        fields = next(csv.reader([text], delimiter=delimiter), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"the header is not UTF-8 text: {error}", place=f"{file.place}, line 1"
        ) from error
    return tuple(field.strip() for field in fields)


def _require(file: SourceFile, names: Sequence[str], wanted: Sequence[str]) -> None:
    if file.size == 0:
        raise DataError("the file is empty", place=file.place)
    for name in wanted:
        if names.count(name) != 1:
            fault = "is missing" if name not in names else "is named more than once"
            raise DataError(
                f"the column {name!r} {fault}",
                place=f"{file.place}, line 1",
                value=", ".join(names)[:200],
            )


def _options(
    names: Sequence[str],
    columns: Mapping[str, tuple[str, pa.DataType]],
    text_format: TextFormat,
    *,
    has_text: bool,
) -> dict[str, Any]:
    return {
        "read_options": pa_csv.ReadOptions(
            column_names=list(names),
            skip_rows=0 if text_format.header else 1,
            block_size=_TEXT_BLOCK if has_text else _BLOCK,
        ),
        "parse_options": pa_csv.ParseOptions(
            delimiter=text_format.delimiter,
            quote_char='"' if text_format.quoted else False,
            newlines_in_values=text_format.quoted and has_text,
        ),
        "convert_options": pa_csv.ConvertOptions(
            column_types=dict(columns.values()),
            include_columns=[theirs for theirs, _ in columns.values()],
            null_values=list(NULL_SPELLINGS),
            strings_can_be_null=False,
        ),
    }


class _Meter(io.RawIOBase):
    """A stream that reports how far it was read and counts quotation marks on the way."""

    def __init__(self, stream: IO[bytes], file: SourceFile, progress: Progress | None) -> None:
        self.quotes = 0
        self._stream = stream
        self._file = file
        self._progress = progress
        self._done = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._done += len(data)
        self.quotes += data.count(b'"')
        if self._progress is not None:
            self._progress(f"reading {self._file.name}", self._done, self._file.size)
        return data
