from __future__ import annotations

from pathlib import Path

import pytest

from recommender.errors import BundleError
from recommender.publication import (
    Pointer,
    PublishedFolder,
    PublishedModel,
    PublisherStatus,
    Withdrawal,
)

MODEL = PublishedModel(
    "movie-roulette",
    "4",
    "a" * 64,
    run_id="r1",
    metrics={"rmse": 0.8},
    decision={"promote": True, "reasons": []},
    lineage={"dataset": "sample"},
)
BEFORE = PublishedModel("movie-roulette", "3", "b" * 64, rolled_back="yesterday")


def test_everything_written_is_read_back(tmp_path: Path) -> None:
    folder = PublishedFolder(tmp_path / "published")
    assert (folder.pointer(), folder.withdrawal(), folder.status()) == (None, None, None)
    pointer = Pointer(MODEL, BEFORE, "2026-01-01T00:00:00+00:00")
    withdrawal = Withdrawal(MODEL.digest, "4", "api", "Lists were odd.", "2026-01-02")
    status = PublisherStatus(12, "2026-01-01", None, "out of reach", "2026-01-01", "4")
    folder.write_pointer(pointer)
    folder.withdraw(withdrawal)
    folder.write_status(status)
    assert folder.pointer() == pointer
    assert folder.withdrawal() == withdrawal
    assert folder.status() == status
    assert (folder.record(MODEL.digest), folder.record(BEFORE.digest)) == (MODEL, BEFORE)
    folder.end_withdrawal()
    folder.end_withdrawal()
    assert folder.withdrawal() is None
    assert folder.record("c" * 64) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"production": 1}', '{"unknown": 1}'])
def test_a_file_of_other_content_is_an_error_that_names_it(tmp_path: Path, content: str) -> None:
    folder = PublishedFolder(tmp_path)
    folder.pointer_file.write_text(content)
    folder.withdrawal_file.write_text(content)
    with pytest.raises(BundleError, match=r"pointer\.json"):
        folder.pointer()
    with pytest.raises(BundleError, match=r"withdrawal\.json"):
        folder.withdrawal()


def test_nothing_is_left_lying_when_a_file_cannot_be_written(tmp_path: Path) -> None:
    folder = PublishedFolder(tmp_path)
    broken = PublishedModel("m", "1", "a" * 64, metrics={"rmse": float("nan")})
    with pytest.raises(ValueError, match="JSON"):
        folder.write_pointer(Pointer(broken, None, "now"))
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []
