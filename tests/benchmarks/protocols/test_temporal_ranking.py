from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.protocols import temporal_ranking
from benchmarks.protocols.temporal_ranking import promises, protocols, run, validated_alike
from recommender.schema import Dataset
from recommender.settings import Params


def test_both_protocols_hold_a_fifth_out(tiny_dataset: Dataset) -> None:
    splits = protocols(tiny_dataset, seed=1)
    n_ratings = len(tiny_dataset.ratings)
    for split in splits.values():
        assert len(split.train.ratings) + len(split.test) == n_ratings
        assert len(split.test) == pytest.approx(n_ratings / 5, rel=0.15)
        assert split.validation.empty
    cut = splits["global_cut"]
    assert cut.train.ratings["timestamp"].max() < cut.test["timestamp"].min()
    own = splits["last_fifth_of_each_user"]
    last = own.train.ratings.groupby("user_id")["timestamp"].max()
    first = own.test.groupby("user_id")["timestamp"].min()
    assert (last.reindex(first.index) <= first).all()
    counts = tiny_dataset.ratings["user_id"].value_counts()
    assert own.test["user_id"].value_counts().to_dict() == {
        user: count // 5 for user, count in counts.items() if count >= 5
    }


def test_validation_resembles_the_test(tiny_dataset: Dataset, tiny_params: Params) -> None:
    splits = protocols(tiny_dataset, seed=1)
    own = validated_alike(tiny_params, splits["last_fifth_of_each_user"])
    assert own.model.ranking_last == 0.2
    assert validated_alike(tiny_params, splits["global_cut"]) == tiny_params


def test_a_broken_promise_is_seen() -> None:
    good, bad = {"ndcg_at_10": 0.2}, {"ndcg_at_10": 0.1}
    others = dict.fromkeys(("ease", "ials", "item-knn", "popularity"), bad)
    assert all(check.ok for check in promises("cut", {"hybrid": good, **others}))
    broken = promises("cut", {"hybrid": bad, **others, "ials": good})
    assert [check.name for check in broken if not check.ok] == ["cut: ndcg_at_10 against ials"]


def test_every_model_is_measured_on_the_same_users(
    tiny_dataset: Dataset, tiny_params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = {"global_cut": temporal_ranking.global_cut(tiny_dataset, 1)}
    monkeypatch.setattr(temporal_ranking, "protocols", lambda *_: only)
    figures, checks = run(tiny_dataset, tiny_params)
    models = figures["global_cut"]["models"]
    assert {"hybrid", "ease", "ials", "item-knn", "popularity", "trending", "content"} == set(
        models
    )
    assert len(checks) == 4
    for name, found in models.items():
        if name != "hybrid":
            low, high = found["hybrid_minus_this_interval"]
            assert low <= found["hybrid_minus_this"] <= high
    assert np.isfinite([found["ndcg_at_10"] for found in models.values()]).all()
    json.dumps(figures, allow_nan=False)
