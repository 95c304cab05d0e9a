from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recommender.errors import TrainingError, UsageError
from recommender.inference.components import (
    COLD_SIGNALS,
    PERSONAL_SIGNALS,
    RATING_PARTS,
    SupportGroup,
)
from recommender.inference.histories import Viewer
from recommender.inference.paths import item_paths
from recommender.models.hybrid import HybridScorer
from recommender.models.indexed import IndexedRatings
from recommender.models.rating_blend import blend_weights
from recommender.schema import Dataset
from recommender.settings import ModelParams

PARAMS = ModelParams(
    n_factors=4,
    n_epochs=20,
    nmf_factors=2,
    nmf_epochs=5,
    content_factors=6,
    taste_factors=3,
    ease_min_support=2,
    ease_regularization=5.0,
    ials_factors=4,
    ials_epochs=5,
    ranking_cuts=2,
    ranking_last=3.0,
)


@pytest.fixture(scope="module")
def hybrid(ratings_of_taste: Dataset) -> HybridScorer:
    return HybridScorer(PARAMS, seed=2).fit(ratings_of_taste)


def test_the_estimate_is_the_blend_of_its_parts(
    hybrid: HybridScorer, indexed: IndexedRatings
) -> None:
    users, movies = indexed.users[:50], indexed.movies[:50]
    factors = hybrid.components.factors
    base, *others = (factors[name].pairs(users, movies) for name in RATING_PARTS)
    weights = hybrid.components.blend.rating[1, 1]
    expected = weights[0] + weights[1] * base
    expected += sum(w * (other - base) for w, other in zip(weights[2:], others, strict=True))
    ids = indexed.user_index.ids[users], indexed.movie_index.ids[movies]
    assert hybrid.predict(*ids) == pytest.approx(np.clip(expected, 0.5, 5.0))


def test_rating_weights_are_learned(hybrid: HybridScorer) -> None:
    even = blend_weights([])
    assert hybrid.components.blend.rating.shape == even.shape
    assert hybrid.components.blend.rating != pytest.approx(even, abs=0.01)


def test_ranking_scores_are_the_blend_of_its_signals(
    hybrid: HybridScorer, indexed: IndexedRatings
) -> None:
    weights = dict(zip(PERSONAL_SIGNALS, (1.0, 2.0, 0.5, 0.6, 0.4, 0.2, 0.1), strict=True))
    group = SupportGroup(0, weights, "for the test")
    blend = replace(hybrid.components.blend, personal=(group,), handover=0.0)
    components = replace(hybrid.components, blend=blend)
    viewer = indexed.histories().viewer(3, indexed.scale)
    neighbours = components.neighbours
    recent = replace(neighbours, lasting=0.0, recent=1.0, half_life=PARAMS.ease_recent_half_life)
    personal = {
        "ease": components.aligned,
        "recent": replace(components.aligned, neighbours=recent),
        "ials": components.implicit,
        "content": components.profile,
    }
    total = np.zeros(42)
    for name, weight in weights.items():
        known = name in personal
        total += weight * (personal[name].scores(viewer) if known else components.static[name])
    part = components.parts(hybrid.audience)["hybrid"]
    shown = part.recommend(4, 42, exclude_seen=False)
    assert shown.scores == pytest.approx(np.sort(total)[::-1], abs=1e-6)


def test_viewers_get_the_weights_of_their_group(
    hybrid: HybridScorer, indexed: IndexedRatings
) -> None:
    alone = [{name: float(name == one) for name in PERSONAL_SIGNALS} for one in ("ease", "ials")]
    viewers = [indexed.histories().viewer(user, indexed.scale) for user in range(60)]
    support = [int(np.count_nonzero(viewer.grades)) for viewer in viewers]
    edge = int(np.median(support))
    groups = (SupportGroup(0, alone[0], "few"), SupportGroup(edge, alone[1], "many"))
    blend = replace(hybrid.components.blend, personal=groups, handover=0.0)
    components = replace(hybrid.components, blend=blend)
    ranking = components.parts(hybrid.audience)["hybrid"].ranking
    for viewer, liked in zip(viewers, support, strict=True):
        own = components.aligned if liked < edge else components.implicit
        assert ranking.scores(viewer) == pytest.approx(own.scores(viewer))


def test_what_is_personal_takes_over_with_support(
    hybrid: HybridScorer, indexed: IndexedRatings
) -> None:
    weights = {name: float(name in ("ease", "trending")) for name in PERSONAL_SIGNALS}
    group = SupportGroup(0, weights, "for the test")
    blend = replace(hybrid.components.blend, personal=(group,), handover=6.0)
    components = replace(hybrid.components, blend=blend)
    assert components.to_scoring()["handover"] == 6.0
    ranking = components.parts(hybrid.audience)["hybrid"].ranking
    trending = components.static["trending"]
    longest = indexed.histories().viewer(3, indexed.scale)
    liked = np.flatnonzero(longest.grades)
    for n in (1, 2, 5, 10):
        viewer = Viewer(-1, longest.movies[liked[:n]], longest.grades[liked[:n]])
        expected = n / (n + 6.0) * components.aligned.scores(viewer) + trending
        assert ranking.scores(viewer) == pytest.approx(expected, abs=1e-6)


def test_known_and_new_viewers_with_the_same_history_get_the_same_list(
    hybrid: HybridScorer,
) -> None:
    ranking = hybrid.part("hybrid").ranking
    for user in (1, 30, 60):
        known = hybrid.audience.viewer(user)
        assert known.position >= 0
        assert np.array_equal(ranking.scores(known), ranking.scores(replace(known, position=-1)))


def test_a_history_of_dislikes_is_served_as_a_newcomer(hybrid: HybridScorer) -> None:
    part = hybrid.part("hybrid")
    disliked = Viewer(-1, np.array([2, 3]), np.zeros(2))
    assert part.ranking.path(disliked) == "popular"
    assert np.array_equal(part.ranking.scores(disliked), part.fallback.scores(disliked))


def test_every_group_says_why_it_has_its_weights(hybrid: HybridScorer) -> None:
    scoring = hybrid.components.to_scoring()
    assert scoring["personal"][0]["fewest"] == 0
    assert all("validation lists" in group["reason"] for group in scoring["personal"])


def test_what_the_split_asks_decides_what_is_held_out(ratings_of_taste: Dataset) -> None:
    found = {
        method: HybridScorer(PARAMS, seed=2, method=method).fit(ratings_of_taste).components.blend
        for method in ("temporal", "random")
    }
    assert found["temporal"].personal != found["random"].personal


def test_the_order_of_new_movies_is_personal(hybrid: HybridScorer) -> None:
    ranking = hybrid.part("hybrid").ranking
    viewers = [hybrid.audience.viewer(user) for user in range(1, 61)]
    drama_first = {bool(np.greater(*ranking.scores(viewer)[40:])) for viewer in viewers}
    assert drama_first == {True, False}
    assert item_paths(hybrid.components.aligned, viewers[0], np.array([41])) == ("content",)


def test_one_row_of_estimates_is_the_same_as_its_pairs(hybrid: HybridScorer) -> None:
    for name in ("hybrid", "svd", "nmf", "content"):
        estimates = hybrid.part(name).estimates
        for user in (0, 59, -1):
            pairs = estimates.pairs(np.full(42, user), np.arange(42))
            assert estimates.row(user) == pytest.approx(pairs, abs=1e-6)


def test_newcomers_get_the_blend_of_popular_signals(hybrid: HybridScorer) -> None:
    blend = hybrid.components.blend.cold
    total = sum(blend[name] * hybrid.components.static[name] for name in COLD_SIGNALS)
    shown = hybrid.recommend(10**6, 42)
    assert shown.scores == pytest.approx(np.sort(total)[::-1])
    lately = np.sort(hybrid.components.static["trending"])[::-1]
    assert hybrid.part("trending").recommend(10**6, 42).scores == pytest.approx(lately)


def test_nothing_but_the_training_data_is_looked_at(
    hybrid: HybridScorer, ratings_of_taste: Dataset
) -> None:
    again = HybridScorer(PARAMS, seed=2).fit(
        ratings_of_taste.with_ratings(ratings_of_taste.ratings.copy())
    )
    first, second = hybrid.components.to_arrays(), again.components.to_arrays()
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert hybrid.components.to_scoring() == again.components.to_scoring()


def test_on_what_comes_later_it_is_as_good_as_its_best_part(ratings_of_taste: Dataset) -> None:
    ratings = ratings_of_taste.ratings
    past, future = ratings.iloc[:1000], ratings.iloc[1000:]
    hybrid = HybridScorer(PARAMS, seed=2).fit(ratings_of_taste.with_ratings(past))

    def rmse(name: str) -> float:
        pairs = future["user_id"].to_numpy(), future["movie_id"].to_numpy()
        errors = hybrid.part(name).predict(*pairs) - future["rating"].to_numpy()
        return float(np.sqrt((errors**2).mean()))

    assert rmse("hybrid") < min(rmse(name) for name in ("popularity", "bias", "svd", "nmf")) - 0.05
    assert rmse("hybrid") < min(rmse(name) for name in ("content", "taste")) + 0.01


def test_progress_is_told(ratings_of_taste: Dataset) -> None:
    told: list[tuple[str, int, int | None]] = []
    HybridScorer(PARAMS, seed=2, progress=lambda *step: told.append(step)).fit(ratings_of_taste)
    names = {what for what, _, _ in told}
    assert {"fm, bayesian", "ease", "ials", "ranking blend"} <= names
    assert {"rating blend, fold 1", "rating blend, fold 2"} <= names


def test_the_engine_is_told_and_recorded(hybrid: HybridScorer, ratings_of_taste: Dataset) -> None:
    assert hybrid.components.to_scoring()["fm_engine"] == "bayesian"
    by_descent = HybridScorer(replace(PARAMS, fm_engine="sgd"), seed=2).fit(ratings_of_taste)
    assert by_descent.components.to_scoring()["fm_engine"] == "sgd"


def test_there_are_no_other_parts(hybrid: HybridScorer) -> None:
    with pytest.raises(UsageError, match="magic"):
        hybrid.part("magic")


@pytest.mark.parametrize("attribute", ["audience", "components"])
def test_before_learning_there_is_nothing(attribute: str) -> None:
    with pytest.raises(UsageError, match="fit"):
        getattr(HybridScorer(), attribute)


def test_a_user_whose_history_has_no_neighbours_is_served_by_content(
    ratings_of_taste: Dataset,
) -> None:
    loner = pd.DataFrame(
        [(77, 41, 5.0, 10**9)], columns=list(ratings_of_taste.ratings.columns)
    ).astype(ratings_of_taste.ratings.dtypes)
    ratings = pd.concat([ratings_of_taste.ratings, loner])
    hybrid = HybridScorer(PARAMS, seed=2).fit(ratings_of_taste.with_ratings(ratings))
    assert hybrid.recommend(77, 5).path == "content"


def test_the_number_of_threads_leaves_the_bytes_alone(
    hybrid: HybridScorer, ratings_of_taste: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recommender.models.hybrid._THREADS", 1)
    alone = HybridScorer(hybrid.params, seed=hybrid.seed).fit(ratings_of_taste)
    ours, theirs = alone.components.to_arrays(), hybrid.components.to_arrays()
    assert list(ours) == list(theirs)
    assert all(ours[name].tobytes() == theirs[name].tobytes() for name in ours)
    assert alone.components.to_scoring() == hybrid.components.to_scoring()


def test_what_fails_keeps_the_rest_from_beginning(
    ratings_of_taste: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise TrainingError("it diverges", place="test")

    begun: list[str] = []
    monkeypatch.setattr("recommender.models.hybrid._THREADS", 1)
    monkeypatch.setattr("recommender.models.hybrid.fit_ease", refuse)
    scorer = HybridScorer(PARAMS, seed=2, progress=lambda what, *_: begun.append(what))
    with pytest.raises(TrainingError, match="it diverges"):
        scorer.fit(ratings_of_taste)
    assert "nmf" not in begun
    assert "svd" not in begun
