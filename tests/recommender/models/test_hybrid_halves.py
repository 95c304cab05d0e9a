from __future__ import annotations

import numpy as np
import pytest

from recommender.models.hybrid import HybridScorer
from recommender.models.hybrid_halves import RankingHalf, RatingHalf
from recommender.models.scorers import SCORERS
from recommender.schema import Dataset
from recommender.settings import Params
from tests.recommender.models.test_hybrid import PARAMS


@pytest.fixture(scope="module")
def whole(ratings_of_taste: Dataset) -> HybridScorer:
    return HybridScorer(PARAMS, seed=2).fit(ratings_of_taste)


def test_half_of_it_makes_the_same_lists(whole: HybridScorer, ratings_of_taste: Dataset) -> None:
    half = RankingHalf(PARAMS, seed=2).fit(ratings_of_taste)
    known = whole.audience.users.ids
    for user in (*known[:10].tolist(), int(known.max()) + 1):
        one, other = whole.recommend(user, 10), half.recommend(user, 10)
        assert np.array_equal(one.movie_ids, other.movie_ids)
        assert np.array_equal(one.scores, other.scores)


def test_half_of_it_makes_the_same_estimates(
    whole: HybridScorer, ratings_of_taste: Dataset
) -> None:
    half = RatingHalf(PARAMS, seed=2).fit(ratings_of_taste)
    users = ratings_of_taste.ratings["user_id"].to_numpy()
    movies = ratings_of_taste.ratings["movie_id"].to_numpy()[::-1]
    assert np.array_equal(whole.predict(users, movies), half.predict(users, movies))


def test_a_half_leaves_out_what_it_does_not_need(
    ratings_of_taste: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def costly(*_: object, **__: object) -> None:
        raise AssertionError("fitted for nothing")

    for name in ("rating_part_fits", "hold_out", "fit_svd", "fit_nmf"):
        monkeypatch.setattr(f"recommender.models.hybrid.{name}", costly)
    RankingHalf(PARAMS, seed=2).fit(ratings_of_taste)
    monkeypatch.undo()
    for name in ("collect_trials", "fit_svd", "fit_nmf"):
        monkeypatch.setattr(f"recommender.models.hybrid.{name}", costly)
    RatingHalf(PARAMS, seed=2).fit(ratings_of_taste)


def test_trials_are_made_with_the_half_that_answers() -> None:
    kind = SCORERS["hybrid"]
    params = Params(model=PARAMS)
    assert isinstance(kind.make_for("ndcg_at_10", params), RankingHalf)
    assert isinstance(kind.make_for("rmse", params), RatingHalf)
    assert type(kind.make(params)) is HybridScorer
    assert type(SCORERS["ease"].make_for("ndcg_at_10", params)).__name__ == "EASEScorer"
