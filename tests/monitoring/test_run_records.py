from __future__ import annotations

from pathlib import Path

import pytest

from monitoring.run_records import read_record, record_run


def test_the_last_run_is_kept_and_all_are_counted(tmp_path: Path) -> None:
    for number, code in enumerate((0, 3, 1, 1, 130)):
        record_run(tmp_path, "training", 100.0 * number, 100.0 * number + 7.0, code)
    found = read_record(tmp_path / "training.json")
    assert found is not None
    assert (found.started_at, found.ended_at, found.outcome) == (400.0, 407.0, "interrupted")
    assert found.succeeded_at == 7.0
    assert found.runs == {"succeeded": 1, "data rejected": 1, "failed": 2, "interrupted": 1}
    assert read_record(tmp_path / "tuning.json") is None


def test_a_first_run_that_fails_has_never_succeeded(tmp_path: Path) -> None:
    record_run(tmp_path, "training", 1.0, 2.0, 1)
    found = read_record(tmp_path / "training.json")
    assert found is not None
    assert (found.outcome, found.succeeded_at) == ("failed", None)


@pytest.mark.parametrize("text", ["{", "{}", '{"pipelin": 1}'])
def test_what_is_no_record_says_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "training.json").write_text(text)
    with pytest.raises(ValueError, match=r"Expecting|record"):
        read_record(tmp_path / "training.json")
