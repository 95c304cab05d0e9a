from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import svd_speed
from recommender.schema import RATING_DTYPES

SMALL = ("--ratings", "4000", "--users", "200", "--movies", "90", "--factors", "6")


def test_the_ratings_have_structure_and_are_made_once(tmp_path: Path) -> None:
    folder = svd_speed.make_ratings(tmp_path, 4000, 200, 90)
    train, test = (pd.read_parquet(folder / f"{part}.parquet") for part in ("train", "test"))
    both = pd.concat([train, test])
    assert len(both) == 4000
    assert 300 < len(test) < 500
    assert both.dtypes.astype(str).to_dict() == RATING_DTYPES
    assert not both.duplicated(["user_id", "movie_id"]).any()
    assert set(np.unique(both["rating"] * 2)) <= set(range(1, 11))
    assert train["timestamp"].is_monotonic_increasing
    assert both.groupby("user_id")["rating"].mean().std() > 0.2
    stamp = (folder / "train.parquet").stat().st_mtime_ns
    assert svd_speed.make_ratings(tmp_path, 4000, 200, 90) == folder
    assert (folder / "train.parquet").stat().st_mtime_ns == stamp
    again = svd_speed.make_ratings(tmp_path / "again", 4000, 200, 90)
    assert pd.read_parquet(again / "train.parquet").equals(train)


def test_the_command_reports_and_checks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(svd_speed, "_FASTER", {"one_thread": 0.0, "two_threads": 1e9})
    monkeypatch.setattr(svd_speed, "_RMSE_MARGIN", 0.05)
    command = [*SMALL, "--epochs", "3", "--folder", str(tmp_path), "--check"]
    assert svd_speed.main(command) == 1
    report = json.loads(capsys.readouterr().out)
    assert {check["name"]: check["ok"] for check in report["checks"]} == {
        "one_thread: times faster": True,
        "one_thread: rmse apart": True,
        "two_threads: times faster": False,
        "two_threads: rmse apart": True,
    }
    for run in ("surprise", "one_thread", "two_threads", "two_threads_compiling"):
        figures = report["figures"][run]
        assert figures["peak_mb"] > 10
        seconds = figures["seconds"]
        assert seconds["total"] > seconds["start"] + seconds["fit"]
        assert seconds["total"] > seconds["load"] + seconds["build"]
    assert report["figures"]["compilation"]["seconds"] > 0.0
    assert report["figures"]["one_thread"]["test_rmse"] < 1.2
