"""The file of what operators did."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from serving.audit import AuditLog


def test_the_latest_deeds_come_last_first(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "made" / "audit.jsonl")
    assert log.latest().found == ()
    for number in range(4):
        log.append("k", "rollback", "done", str(number))
    assert [deed.detail for deed in log.latest(3).found] == ["3", "2", "1"]
    assert log.file.stat().st_mode & 0o777 == 0o600


def test_a_line_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.append("k", "rollback", "asked", "first")
    before, write = log.file.read_bytes(), os.write
    # A full disk takes a part.
    monkeypatch.setattr(os, "write", lambda handle, text: write(handle, text[:10]))
    with pytest.raises(OSError, match="only 10 of"):
        log.append("k", "rollback", "done", "second")
    assert log.file.read_bytes() == before


def test_a_line_cut_off_by_a_crash_does_not_take_the_next_one_with_it(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.file.write_bytes(b'{"at": "2026')
    log.append("k", "rollback", "asked", "after")
    latest = log.latest()
    assert [deed.detail for deed in latest.found] == ["after"]
    assert [problem for problem in latest.problems if "line 1" in problem]
