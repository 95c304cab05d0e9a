"""New users: lists and estimates from a history folded in, against training again with it.

Some users are held out of training with all their ratings. Of each the first 1, 5 or 20 ratings
are then made known: once by fold-in to the model that has never met them, once by training the
hybrid again with them. Both are measured on what the users rated later: NDCG@10 of the lists, on
movies of four stars or more, and RMSE of the estimates. ``popular`` is the list of someone without
ratings, from which what the user has rated is left out as it is from the others.

Intervals are of resampled users, paired: the share of a retrain's NDCG@10, and what the fold-in
has above the popular list.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.report import Check, at_least, say
from recommender.evaluation.bootstrap import (
    UserTotals,
    paired_difference,
    percentile_interval,
    resample_ratios,
)
from recommender.evaluation.ranking import mark_hits, ndcg_at_k
from recommender.inference import Recommender
from recommender.models.hybrid import HybridScorer
from recommender.models.training import recommender_of
from recommender.scale import FloatArray, IntArray
from recommender.schema import Dataset
from recommender.settings import Params

_SIZES = (1, 5, 20)
_KEPT = 0.95
_K = 10
_RELEVANT = 4.0
_SAMPLES = 2000
_CONFIDENCE = 0.95
#: Later ratings that a user must have beyond the largest history.
_FEWEST_LATER = 5


@dataclass(frozen=True)
class Newcomer:
    """A held-out user, split after the first ratings.

    Attributes:
        user_id: The user.
        history: Ratings frame, oldest first.
        later: Ratings frame.
    """

    user_id: int
    history: pd.DataFrame
    later: pd.DataFrame


def run(
    dataset: Dataset, params: Params, *, n_users: int = 200, sizes: Sequence[int] = _SIZES
) -> tuple[dict[str, Any], list[Check]]:
    """Return the figures by the number of ratings that a user has given, and their checks.

    Args:
        dataset: All ratings.
        params: With which the hybrid is trained.
        n_users: Most users that are held out.
        sizes: Ratings that are made known of each.
    """
    held_out = choose_users(dataset, n_users, max(sizes) + _FEWEST_LATER, params.seed)
    is_new = dataset.ratings["user_id"].isin(held_out)
    say(f"training without {held_out.size} users")
    base = train(dataset, dataset.ratings[~is_new], params)
    figures: dict[str, Any] = {"users": int(held_out.size)}
    checks: list[Check] = []
    for size in sizes:
        newcomers = split_histories(dataset.ratings[is_new], size)
        say(f"training again with {size} ratings of each")
        known = [item.history for item in newcomers]
        again = train(dataset, pd.concat([dataset.ratings[~is_new], *known]), params)
        found = figures[f"{size}_ratings"] = compare(base, again, newcomers, params.seed)
        name = f"{size}_ratings: share of a retrain's ndcg_at_10"
        checks.append(at_least(name, found["ndcg_share"], _KEPT))
        # A gain that may be chance is no worse than none.
        name = f"{size}_ratings: most that fold-in may gain on the popular list"
        checks.append(at_least(name, found["fold_in_minus_popular_interval"][1], 0.0))
    return figures, checks


def train(dataset: Dataset, ratings: pd.DataFrame, params: Params) -> Recommender:
    """Return the recommender of a hybrid fitted on ``ratings``."""
    hybrid = HybridScorer(params.model, params.seed).fit(dataset.with_ratings(ratings))
    return recommender_of(hybrid, dataset.movies)


def choose_users(
    dataset: Dataset, n_users: int, fewest: int, seed: int
) -> np.ndarray[Any, np.dtype[Any]]:
    """Return at most ``n_users`` users with at least ``fewest`` ratings, drawn by seed."""
    counts = dataset.ratings["user_id"].value_counts().sort_index()
    users = counts.index[counts >= fewest].to_numpy()
    drawn = np.random.default_rng(seed).permutation(users.size)[:n_users]
    return np.sort(users[drawn])


def split_histories(ratings: pd.DataFrame, size: int) -> list[Newcomer]:
    """Return each user's first ``size`` ratings and the later ones."""
    ordered = ratings.sort_values(["user_id", "timestamp", "movie_id"])
    return [
        Newcomer(int(own["user_id"].iloc[0]), own.iloc[:size], own.iloc[size:])
        for _, own in ordered.groupby("user_id")
    ]


def compare(
    base: Recommender, again: Recommender, newcomers: Sequence[Newcomer], seed: int
) -> dict[str, Any]:
    """Return NDCG@10 and RMSE of fold-in and retraining, and the time of a fold-in."""
    lists: dict[str, list[Any]] = {"fold_in": [], "retrain": [], "popular": []}
    estimates: dict[str, list[FloatArray]] = {"fold_in": [], "retrain": []}
    seconds = []
    for item in newcomers:
        history = item.history["movie_id"].to_numpy(), item.history["rating"].to_numpy()
        wanted = item.later["movie_id"].to_numpy()
        start = time.perf_counter()
        folded = base.estimate_for_history(*history, wanted).ratings
        seconds.append(time.perf_counter() - start)
        estimates["fold_in"].append(folded)
        estimates["retrain"].append(again.predict(np.full(wanted.size, item.user_id), wanted))
        lists["fold_in"].append(base.recommend_for_history(*history, _K).movie_ids)
        lists["retrain"].append(again.recommend(item.user_id, _K).movie_ids)
        lists["popular"].append(popular_list(base, item))
    ndcg = {name: user_ndcg(shown, newcomers) for name, shown in lists.items()}
    stars = np.concatenate([item.later["rating"].to_numpy(np.float64) for item in newcomers])
    rmse = {
        name: float(np.sqrt(((np.concatenate(found) - stars) ** 2).mean()))
        for name, found in estimates.items()
    }
    return {
        "users_ranked": int(ndcg["fold_in"].user_ids.size),
        **ndcg_figures(ndcg, seed),
        **{f"{name}_rmse": round(value, 4) for name, value in rmse.items()},
        "fold_in_estimates_median_ms": round(1000.0 * float(np.median(seconds)), 3),
    }


def popular_list(base: Recommender, item: Newcomer) -> IntArray:
    """Return the first movies of the list for nobody that the user has not rated."""
    shown = base.recommend_for_history([], [], _K + len(item.history)).movie_ids
    return shown[~np.isin(shown, item.history["movie_id"].to_numpy())][:_K]


def ndcg_figures(ndcg: Mapping[str, UserTotals], seed: int) -> dict[str, Any]:
    """Return each mean, the share of the retrain's that the fold-in has, and intervals."""
    fold_in, retrain, popular = (ndcg[name] for name in ("fold_in", "retrain", "popular"))
    pair = np.column_stack([fold_in.totals, retrain.totals])
    sampled = resample_ratios(pair, np.ones_like(pair), n_samples=_SAMPLES, seed=seed)
    share = percentile_interval(sampled[:, 0] / sampled[:, 1], _CONFIDENCE)
    above = paired_difference(
        fold_in, popular, n_samples=_SAMPLES, confidence=_CONFIDENCE, seed=seed
    )
    return {
        "ndcg_share": round(fold_in.value / retrain.value, 4),
        "ndcg_share_interval": [round(end, 4) for end in share],
        **{f"{name}_ndcg_at_10": round(totals.value, 4) for name, totals in ndcg.items()},
        "fold_in_minus_popular": round(above.estimate, 4),
        "fold_in_minus_popular_interval": [round(above.low, 4), round(above.high, 4)],
    }


def user_ndcg(shown: Sequence[Any], newcomers: Sequence[Newcomer]) -> UserTotals:
    """Return the NDCG@10 of each user who liked anything later."""
    liked = [
        item.later["movie_id"].to_numpy()[item.later["rating"].to_numpy() >= _RELEVANT]
        for item in newcomers
    ]
    judged = [place for place, right in enumerate(liked) if right.size]
    hits, counts = mark_hits(
        [shown[place] for place in judged], [liked[place] for place in judged], _K
    )
    found = ndcg_at_k(hits, counts, _K)
    users = np.array([newcomers[place].user_id for place in judged])
    return UserTotals(users, found, np.ones(found.size))
