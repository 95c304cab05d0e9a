"""Lists for users whom training has not seen, as in Liang et al. 2018, section 4.1.

Ratings of four stars or more count as watched, and users with fewer than five of them are left
out. Some users are held out whole; a list for one of them is made from four fifths of what he or
she watched, drawn by chance, and held against the other fifth.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.report import peak_mb, say
from recommender.errors import DataError
from recommender.inference.histories import Viewer
from recommender.inference.identifiers import UNKNOWN, IdIndex
from recommender.inference.rankings import Ranking, StaticRanking
from recommender.models.ease import fit_ease
from recommender.models.indexed import IndexedRatings
from recommender.models.part_scorer import single_thread
from recommender.models.signals import rating_share
from recommender.schema import Dataset
from recommender.settings import Params

_LIKED = 4.0
_FEWEST_WATCHED = 5
_FOLD_IN_SHARE = 0.8
#: Users held out for the test at MovieLens 20M; fewer where that would be more than a tenth.
_MOST_TEST_USERS = 10_000
_RECALL_AT = (20, 50)
_NDCG_AT = 100


@dataclass(frozen=True, eq=False)
class HeldOutUser:
    """A user whom training has not seen.

    Attributes:
        given: Movie ids from which a list is made.
        wanted: Movie ids that it should hold.
    """

    given: npt.NDArray[np.int64]
    wanted: npt.NDArray[np.int64]


def measure_strong_generalisation(dataset: Dataset, params: Params) -> dict[str, Any]:
    """Return Recall@20, Recall@50 and NDCG@100 of EASE and popularity over the held-out users.

    Raises:
        DataError: Too few users remain to hold any out.
    """
    train, users = hold_out_users(dataset, params.seed)
    figures = {}
    for name in ("ease", "popularity"):
        say(f"fitting {name}")
        start = time.perf_counter()
        data = IndexedRatings.of(train)
        with single_thread():
            ranking: Ranking = (
                fit_ease(data, params.model)
                if name == "ease"
                else StaticRanking(rating_share(data, half_life_days=None))
            )
            measured = mean_metrics(ranking, data.movie_index, users)
        seconds = round(time.perf_counter() - start, 1)
        figures[name] = {**measured, "seconds": seconds, "peak_mb": peak_mb()}
    return figures


def hold_out_users(dataset: Dataset, seed: int) -> tuple[Dataset, list[HeldOutUser]]:
    """Return the training data, and the users of the test.

    As many users again are held out for validation and not used here, so that the training data
    are as large as those of the published figures. What nobody in training watched is left out.

    Raises:
        DataError: Fewer than ten users remain.
    """
    watched = dataset.ratings[dataset.ratings["rating"] >= _LIKED]
    counts = watched["user_id"].value_counts()
    user_ids = np.sort(counts.index[counts >= _FEWEST_WATCHED].to_numpy())
    n_test = min(_MOST_TEST_USERS, user_ids.size // 10)
    if n_test == 0:
        raise DataError(
            f"fewer than ten users rated {_FEWEST_WATCHED} movies with {_LIKED} stars or more",
            place=f"data set {dataset.name}",
            value=int(user_ids.size),
        )
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(user_ids)
    test_ids, train_ids = np.sort(shuffled[:n_test]), shuffled[2 * n_test :]
    train = watched[watched["user_id"].isin(train_ids)]
    known = watched[watched["movie_id"].isin(train["movie_id"].unique())]
    tested = known[known["user_id"].isin(test_ids)]
    return dataset.with_ratings(train), _part_histories(tested, rng)


def mean_metrics(
    ranking: Ranking, index: IdIndex, users: list[HeldOutUser]
) -> Mapping[str, float | int]:
    """Return the mean of each metric over ``users`` who have something to find."""
    rows = [user_metrics(_best(ranking, index, user), user.wanted) for user in users]
    means = pd.DataFrame(rows).mean()
    figures = {str(name): round(float(value), 4) for name, value in means.items()}
    return {**figures, "users": len(rows)}


def user_metrics(shown: npt.NDArray[np.int64], wanted: npt.NDArray[np.int64]) -> dict[str, float]:
    """Return recall with ``min(k, wanted)`` in the denominator, and NDCG with binary gains.

    >>> found = user_metrics(np.array([5, 7, 9]), np.array([7]))
    >>> found["recall_at_20"], round(found["ndcg_at_100"], 3)
    (1.0, 0.631)
    """
    hits = np.isin(shown, wanted)
    discounts = 1.0 / np.log2(np.arange(2, _NDCG_AT + 2))
    gain = float(hits[:_NDCG_AT] @ discounts[: hits[:_NDCG_AT].size])
    recalls = {f"recall_at_{k}": float(hits[:k].sum() / min(k, wanted.size)) for k in _RECALL_AT}
    return {**recalls, f"ndcg_at_{_NDCG_AT}": gain / float(discounts[: wanted.size].sum())}


def _part_histories(watched: pd.DataFrame, rng: np.random.Generator) -> list[HeldOutUser]:
    users = []
    for _, own in watched.groupby("user_id", sort=True):
        movies = rng.permutation(own["movie_id"].to_numpy(np.int64))
        n_given = int(_FOLD_IN_SHARE * movies.size)
        if 0 < n_given < movies.size:
            users.append(HeldOutUser(movies[:n_given], movies[n_given:]))
    return users


def _best(ranking: Ranking, index: IdIndex, user: HeldOutUser) -> npt.NDArray[np.int64]:
    given = index.positions(user.given)
    scores = ranking.scores(Viewer(UNKNOWN, given, np.ones(given.size))).copy()
    scores[given] = -np.inf
    n_best = min(_NDCG_AT, scores.size)
    best = np.argsort(-scores, kind="stable")[:n_best]
    return np.asarray(index.ids[best[np.isfinite(scores[best])]], dtype=np.int64)
