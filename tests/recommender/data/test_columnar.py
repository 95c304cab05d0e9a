from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pytest

from recommender.data import columnar
from recommender.data.columnar import RawTable, TextFormat, read_columns
from recommender.data.files import local_file
from recommender.errors import DataError

COLUMNS = {"key": ("Key", pa.int32()), "score": ("score", pa.float32()), "text": ("t", pa.string())}
NUMBERS = {"key": ("Key", pa.int32()), "score": ("score", pa.float32())}


def _read(tmp_path: Path, content: str | bytes, columns: dict = COLUMNS, **kwargs) -> RawTable:
    path = tmp_path / "x.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_columns(local_file(path), columns, **kwargs)


def test_columns_come_by_name_typed_and_renamed(tmp_path: Path) -> None:
    raw = _read(tmp_path, 'extra,t, Key ,score\nx,"a, ""b""",1,2.5\ny,NA, 2 ,\n')
    assert raw.table.to_pydict() == {
        "key": [1, 2],
        "score": [2.5, None],
        "text": ['a, "b"', "NA"],
    }
    assert raw.table.schema.types == [pa.int32(), pa.float32(), pa.string()]


def test_spellings_of_missing_numbers(tmp_path: Path) -> None:
    raw = _read(tmp_path, "Key,score\n,NaN\nNA,null\n3,4\n", NUMBERS)
    assert raw.table.to_pydict() == {"key": [None, None, 3], "score": [None, None, 4.0]}


def test_labels_count_blank_lines_and_breaks_within_quotes(tmp_path: Path) -> None:
    raw = _read(tmp_path, 'Key,score,t\n1,1,a\n\n2,2,"b\nc\n\nd"\n3,3,e\n')
    assert raw.label([0, 1, 2]) == ["line 2", "line 4", "line 8"]
    assert raw.place_of(2, "text").endswith("x.csv, line 8, column t")
    assert raw.place_of(0).endswith("x.csv, line 2")


def test_progress_tells_bytes(tmp_path: Path) -> None:
    calls: list[tuple[str, int, int | None]] = []
    _read(tmp_path, "Key,score\n1,2\n", NUMBERS, progress=lambda *call: calls.append(call))
    assert calls[-1] == ("reading x.csv", 14, 14)


def test_the_meter_counts_in_the_thread_that_reads(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b'"a","b')
    calls: list[tuple[str, int, int | None]] = []
    file = local_file(tmp_path / "x.csv")
    with file.open() as stream:
        meter = columnar._Meter(stream, file, lambda *call: calls.append(call))
        assert meter.readable()
        assert [meter.read(4), meter.read(4), meter.read(4)] == [b'"a",', b'"b', b""]
        assert columnar._Meter(io.BytesIO(b"x"), file, None).read() == b"x"
    assert meter.quotes == 3
    assert [done for _, done, _ in calls] == [4, 6, 6]


def test_a_file_without_header(tmp_path: Path) -> None:
    colons = TextFormat(":", quoted=False, header=("Key", "gap", "score"))
    columns = {**NUMBERS, "gap": ("gap", pa.null())}
    raw = _read(tmp_path, "1::2.5\n2::3\n", columns, text_format=colons)
    assert raw.table.select(["key", "score"]).to_pydict() == {"key": [1, 2], "score": [2.5, 3.0]}
    assert raw.label([0, 1]) == ["line 1", "line 2"]
    with pytest.raises(DataError, match=r"x\.csv, line 2, column gap: there is text where"):
        _read(tmp_path, "1::2.5\n2:x:3\n", columns, text_format=colons)
    with pytest.raises(DataError, match=r"x\.csv: the file is empty"):
        _read(tmp_path, "", columns, text_format=colons)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"x\.csv: the file is empty"),
        ("\n\n", r"x\.csv: the file is empty"),
        (b"\xff\xfeK\x00", r"x\.csv, line 1: the header is not UTF-8 text"),
        ("Key,t\n1,a\n", r"x\.csv, line 1: the column 'score' is missing \(found 'Key, t'\)"),
        ("Key,Key,score,t\n", r"line 1: the column 'Key' is named more than once"),
        ("Key,score,t\n1,2,a\n\n2,2\n", r"x\.csv, line 4: the row has 2 fields where there are 3"),
        ("Key,score,t\n1,2,a,b\n", r"line 2: the row has 4 fields where there are 3"),
        ("Key,score,t\n1.0,2,a\n", r"line 2, column Key: not a whole number .*'1\.0'"),
        ("Key,score,t\n1,2,a\n99999999999,2,a\n", r"line 3, column Key: .*\(found '99999999999'\)"),
        ("Key,score,t\n1,two,a\n", r"line 2, column score: not a number \(found 'two'\)"),
        (b"Key,score,t\n1,2,a\n1,2,\xe9\n", r"line 3, column t: the text is not valid UTF-8"),
        ('Key,score,t\n1,2,a\n2,2,"b\n3,3,c\n', r"line 3: a quotation mark opens a field"),
    ],
)
def test_faults_are_named_with_their_place(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        _read(tmp_path, content)


def test_a_fault_far_behind_the_first_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columnar, "_BLOCK", 1 << 14)
    content = "Key,score\n" + "1,2\n" * 50_000 + "1,x\n"
    with pytest.raises(DataError, match=r"line 50002, column score: not a number \(found 'x'\)"):
        _read(tmp_path, content, NUMBERS)


def test_a_line_longer_than_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columnar, "_BLOCK", 1000)
    content = "Key,score\n1,2\n2," + "9" * 5000 + "\n"
    with pytest.raises(DataError, match=r"line 3: a line of 5,003 bytes is longer than any row"):
        _read(tmp_path, content, NUMBERS)


def test_text_may_be_long_but_not_absurdly(tmp_path: Path) -> None:
    longest = columnar.LONGEST_TEXT
    assert _read(tmp_path, f"Key,score,t\n1,2,{'x' * longest}\n").table.num_rows == 1
    with pytest.raises(DataError, match=r"line 3, column t: a text of 20,001 bytes"):
        _read(tmp_path, f"Key,score,t\n1,2,a\n1,2,{'x' * (longest + 1)}\n")


def test_a_header_alone_gives_no_rows(tmp_path: Path) -> None:
    assert _read(tmp_path, "Key,score,t\n").table.num_rows == 0
