"""How well the hybrid ranks what comes next, beside each model that it could fall back to.

Two protocols, each with four fifths of the ratings to learn from and one fifth to find:

* ``last_fifth_of_each_user``: the latest fifth of every user's ratings is the test;
* ``global_cut``: everything after one moment is the test, newcomers included.

NDCG@10 over the whole catalogue, relevant from 4 stars. All choices of the hybrid are made on the
four fifths. The checks: the hybrid is above EASE, iALS, item-kNN and popularity on both protocols;
the paired bootstrap interval of each difference stands in the figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from benchmarks.report import Check, at_least, say
from recommender.data.ordering import stable_order
from recommender.evaluation.comparison import compare_reports
from recommender.evaluation.evaluate import evaluate
from recommender.evaluation.report import EvaluationReport
from recommender.models.item_knn import ItemKNNScorer
from recommender.models.training import train_hybrid
from recommender.schema import Dataset, Split
from recommender.scorer import Recommends
from recommender.settings import EvaluationSettings, Params

_TEST_SHARE = 0.2
_BEATEN = ("ease", "ials", "item-knn", "popularity")
_PARTS = ("ease", "ials", "popularity", "trending", "content")
_METRIC = "ndcg_at_10"
_SETTINGS = EvaluationSettings(k_values=(10,))


def run(dataset: Dataset, params: Params) -> tuple[dict[str, Any], list[Check]]:
    """Return the figures of both protocols, and the checks.

    Args:
        dataset: All ratings.
        params: Hyper-parameters and the seed.
    """
    figures: dict[str, Any] = {}
    checks: list[Check] = []
    for name, split in protocols(dataset, params.seed).items():
        say(f"training for {name}")
        figures[name] = measure(split, validated_alike(params, split))
        checks += promises(name, figures[name]["models"])
    return figures, checks


def protocols(dataset: Dataset, seed: int) -> dict[str, Split]:
    """Return the two splits by name; neither sets a validation part aside."""
    return {
        "last_fifth_of_each_user": last_fifth(dataset, seed),
        "global_cut": global_cut(dataset, seed),
    }


def validated_alike(params: Params, split: Split) -> Params:
    """Return parameters that hold out of the training ratings what the split held out of all."""
    if split.method != "leave_last_k":
        return params
    return replace(params, model=replace(params.model, ranking_last=_TEST_SHARE))


def last_fifth(dataset: Dataset, seed: int) -> Split:
    """Return the split in which each user's latest fifth, rounded down, is the test."""
    users = dataset.ratings["user_id"].to_numpy()
    timestamps = dataset.ratings["timestamp"].to_numpy()
    order = stable_order(users, timestamps, dataset.ratings["movie_id"].to_numpy())
    _, starts, counts = np.unique(users[order], return_index=True, return_counts=True)
    from_end = np.repeat(starts + counts, counts) - np.arange(len(users))
    is_test = np.zeros(len(users), dtype=np.bool_)
    is_test[order] = from_end <= np.repeat((counts * _TEST_SHARE).astype(int), counts)
    return _split(dataset, is_test, seed, "leave_last_k", None)


def global_cut(dataset: Dataset, seed: int) -> Split:
    """Return the split in which the ratings from the moment on that leaves a fifth are the test."""
    timestamps = dataset.ratings["timestamp"].to_numpy()
    moment = int(np.quantile(timestamps, 1.0 - _TEST_SHARE, method="lower"))
    return _split(dataset, timestamps >= moment, seed, "temporal", moment)


def measure(split: Split, params: Params) -> dict[str, Any]:
    """Return the NDCG@10 of each model, and how far the hybrid lies above it."""
    hybrid = train_hybrid(split.train, params, method=split.method)
    models: dict[str, Recommends] = {"hybrid": hybrid}
    models |= {name: hybrid.part(name) for name in _PARTS}
    models["item-knn"] = ItemKNNScorer(params.model, params.seed).fit(split.train)
    reports = {}
    for name, model in models.items():
        say(f"  measuring {name}")
        reports[name] = evaluate(model, split, _SETTINGS, params.seed)
    groups = [asdict(group) for group in hybrid.components.blend.personal]
    return {
        "train_ratings": len(split.train.ratings),
        "users_ranked": reports["hybrid"].counts["users_ranked"],
        "cold_users": reports["hybrid"].counts["cold_users"],
        "weights": {"personal": groups, "cold": dict(hybrid.components.blend.cold)},
        "models": {name: _figures(reports["hybrid"], report) for name, report in reports.items()},
    }


def promises(protocol: str, models: Mapping[str, Mapping[str, Any]]) -> list[Check]:
    """Return what the hybrid promises on one protocol."""
    return [
        at_least(
            f"{protocol}: {_METRIC} against {name}",
            models["hybrid"][_METRIC],
            models[name][_METRIC],
        )
        for name in _BEATEN
    ]


def _figures(hybrid: EvaluationReport, report: EvaluationReport) -> dict[str, Any]:
    figures: dict[str, Any] = {
        _METRIC: round(report.metrics[_METRIC], 4),
        "interval": [round(end, 4) for end in report.intervals[_METRIC]],
    }
    if report is not hybrid:
        difference = compare_reports(hybrid, report, [_METRIC])[_METRIC]
        figures["hybrid_minus_this"] = round(difference.estimate, 4)
        figures["hybrid_minus_this_interval"] = [
            round(difference.low, 4),
            round(difference.high, 4),
        ]
    return figures


def _split(dataset: Dataset, is_test: Any, seed: int, method: Any, train_end: int | None) -> Split:
    ratings = dataset.ratings
    return Split(
        train=dataset.with_ratings(ratings.loc[~is_test]),
        validation=ratings.iloc[:0],
        test=ratings.loc[is_test].reset_index(drop=True),
        method=method,
        seed=seed,
        train_end=train_end,
        validation_end=train_end,
    )
