from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

from recommender.data.faults import LineFinder, line_of_last_record, locate_fault, record_lines
from recommender.data.files import SourceFile, local_file

TEXT = b'k\n1\n\r\n"2\n\n2"\n3'


@pytest.fixture
def file(tmp_path: Path) -> SourceFile:
    (tmp_path / "x.csv").write_bytes(TEXT)
    return local_file(tmp_path / "x.csv")


def test_records_begin_on_lines(file: SourceFile) -> None:
    assert list(record_lines(file, quoted=True)) == [1, 2, 4, 7]
    assert list(record_lines(file, quoted=False)) == [1, 2, 4, 6, 7]
    assert line_of_last_record(file) == 7


def test_rows_are_found_with_and_without_header(file: SourceFile) -> None:
    assert LineFinder(file, quoted=True, header=True).lines([0, 1, 1, 2]) == [2, 4, 4, 7]
    assert LineFinder(file, quoted=True, header=False).labels([0, 3]) == ["line 1", "line 7"]
    assert LineFinder(file, quoted=True, header=True).lines([2, 9]) == [7]


def test_what_arrow_says_otherwise_is_passed_on(file: SourceFile) -> None:
    options = {
        "read_options": pa_csv.ReadOptions(column_names=["k"]),
        "parse_options": pa_csv.ParseOptions(newlines_in_values=True),
        "convert_options": pa_csv.ConvertOptions(column_types={"k": pa.string()}),
    }
    error = locate_fault(file, ["k"], options, pa.ArrowInvalid("something new"))
    assert str(error) == f"{file.place}: cannot be parsed: something new."


def test_a_fault_without_a_row_still_names_the_column(file: SourceFile) -> None:
    options = {
        "read_options": pa_csv.ReadOptions(column_names=["k"]),
        "parse_options": pa_csv.ParseOptions(newlines_in_values=True),
        "convert_options": pa_csv.ConvertOptions(column_types={"k": pa.string()}),
    }
    said = "In CSV column #0: CSV conversion error to int32: invalid value 'q'"
    error = locate_fault(file, ["k"], options, pa.ArrowInvalid(said))
    assert str(error) == f"{file.place}, column k: not a whole number (int32) (found 'q')."
