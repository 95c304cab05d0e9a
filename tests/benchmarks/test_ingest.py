from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import ingest
from recommender.data.source import Source, read_dataset

SMALL = ("--ratings", "5000", "--users", "300", "--movies", "200")


def test_the_ratings_are_valid_and_made_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ingest.make_ratings(tmp_path, 5000, 300, 200)
    dataset = read_dataset(Source("made", folder))
    assert dataset.cleaning is not None
    assert dataset.cleaning.removed == {}
    assert len(dataset.ratings) == 5000
    assert len(dataset.movies) == 200
    assert dataset.ratings["user_id"].between(1, 300).all()
    assert (dataset.ratings["rating"] * 2 % 1 == 0).all()
    capsys.readouterr()
    content = (folder / "ratings.csv").read_bytes()
    assert ingest.make_ratings(tmp_path, 5000, 300, 200) == folder
    assert capsys.readouterr().err == ""
    again = ingest.make_ratings(tmp_path / "again", 5000, 300, 200)
    assert (again / "ratings.csv").read_bytes() == content


def test_the_command_reports_and_checks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [*SMALL, "--folder", str(tmp_path), "--check"]
    assert ingest.main(command) == 0
    report = json.loads(capsys.readouterr().out)
    assert [check["name"] for check in report["checks"]] == ["ingest_seconds", "ingest_peak_mb"]
    assert report["figures"]["ingest"]["rows"] == 5000
    assert report["figures"]["ingest"]["peak_mb"] > 10
    monkeypatch.setattr(ingest, "_SECONDS", 0.0)
    assert ingest.main(command) == 1
