from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.quality import measure_split, promises, rmse_floor
from recommender.schema import Dataset
from recommender.settings import Params


def test_a_broken_promise_is_seen() -> None:
    good, bad = {"rmse": 0.8, "ndcg_at_10": 0.3}, {"rmse": 0.9, "ndcg_at_10": 0.2}
    parts = dict.fromkeys(("popularity", "bias", "content", "svd", "ease"), bad)
    kept = promises("random", {"hybrid": good, **parts}, floor=0.76)
    assert len(kept) == 6
    assert all(check.ok for check in kept)
    broken = promises("random", {"hybrid": bad, **parts, "svd": good}, floor=0.76)
    assert {check.name for check in broken if not check.ok} == {
        "random: rmse against svd",
        "random: ndcg_at_10 against svd",
        "random: rmse against the floor",
    }


def test_intervals_that_hold_too_few_are_seen() -> None:
    good, bad = (
        {"rmse": 0.8, "ndcg_at_10": 0.3, "interval_80_coverage": held} for held in (0.78, 0.7)
    )
    parts = dict.fromkeys(("popularity", "bias", "content", "svd"), good)
    assert all(check.ok for check in promises("random", {**parts, "hybrid": good}, floor=None))
    broken = promises("random", {**parts, "hybrid": bad}, floor=None)
    assert [check.name for check in broken if not check.ok] == ["random: interval_80_coverage"]


def test_the_floor_is_read_where_it_is_stated(tmp_path: Path) -> None:
    assert rmse_floor(tmp_path) is None
    (tmp_path / "about.json").write_text(json.dumps({"name": "x"}), encoding="utf-8")
    assert rmse_floor(tmp_path) is None
    (tmp_path / "about.json").write_text(json.dumps({"rmse_floor": 0.7}), encoding="utf-8")
    assert rmse_floor(tmp_path) == 0.7


def test_every_part_is_measured(tiny_dataset: Dataset, tiny_params: Params) -> None:
    figures = measure_split(tiny_dataset, tiny_params, "random")
    assert {"hybrid", "svd", "trending", "ease"} <= set(figures["parts"])
    assert figures["parts"]["hybrid"]["rmse"] == pytest.approx(1.0, abs=0.6)
    json.dumps(figures, allow_nan=False)
