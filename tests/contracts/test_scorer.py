"""What every scorer, and every part of a bundle, keeps to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recommender.bundle import Bundle, CodeState, open_bundle
from recommender.errors import DataError, UsageError
from recommender.inference import Recommender
from recommender.inference.components import PART_NAMES
from recommender.models.aligned import MetadataEASEScorer
from recommender.models.bias import BiasScorer
from recommender.models.content import ContentScorer
from recommender.models.ease import EASEScorer
from recommender.models.factorization_machine import FactorizationMachineScorer
from recommender.models.hybrid import HybridScorer
from recommender.models.ials import IALSScorer
from recommender.models.item_knn import ItemKNNScorer
from recommender.models.nmf import NMFScorer
from recommender.models.popularity import PopularityScorer, TrendingScorer
from recommender.models.svd import SurpriseSVDScorer, SVDScorer
from recommender.models.svd_plus_plus import SVDPlusPlusScorer
from recommender.models.taste import TasteScorer
from recommender.models.training import bundle_model
from recommender.schema import RATING_DTYPES, Dataset, Split
from recommender.scorer import Recommends, StatesIntervals
from recommender.settings import ModelParams, Params

SCORERS = {
    scorer.name: scorer
    for scorer in (
        HybridScorer,
        PopularityScorer,
        TrendingScorer,
        BiasScorer,
        SVDScorer,
        SurpriseSVDScorer,
        SVDPlusPlusScorer,
        NMFScorer,
        ContentScorer,
        TasteScorer,
        FactorizationMachineScorer,
        EASEScorer,
        MetadataEASEScorer,
        IALSScorer,
        ItemKNNScorer,
    )
}
#: Models that know one viewer from another, by list or by estimate.
PERSONAL_LISTS = (
    "hybrid",
    "svd",
    "surprise-svd",
    "svdpp",
    "nmf",
    "content",
    "taste",
    "fm",
    "ease",
    "metadata-ease",
    "ials",
    "item-knn",
)
PERSONAL_ESTIMATES = ("hybrid", "svd", "surprise-svd", "svdpp", "nmf", "content", "taste", "fm")
PARAMS = ModelParams(
    n_factors=4,
    n_epochs=60,
    learning_rate=0.02,
    regularization=0.02,
    svd_plus_plus_factors=4,
    svd_plus_plus_epochs=60,
    nmf_factors=3,
    nmf_epochs=80,
    content_factors=6,
    taste_factors=2,
    fm_factors=3,
    fm_iterations=30,
    ease_regularization=5.0,
    ease_min_support=2,
    alignment_regularization=0.5,
    ials_factors=4,
    ials_epochs=5,
    ials_regularization=1.0,
    knn_shrinkage=1.0,
    ranking_cuts=2,
    ranking_last=2.0,
    interval_fewest=30,
)
NOBODY, NO_MOVIE = 999_999, 888_888
N_RATED_BY_EACH = 12


@pytest.fixture(scope="module")
def fitted(blocks: Dataset) -> dict[str, Any]:
    return {name: scorer(PARAMS, seed=4).fit(blocks) for name, scorer in SCORERS.items()}


@pytest.fixture(scope="module")
def bundle(
    blocks: Dataset, fitted: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Bundle:
    return bundle_model(
        fitted["hybrid"],
        tmp_path_factory.mktemp("contract") / "bundle",
        split=as_split(blocks),
        params=Params(seed=4, model=PARAMS),
        full=blocks,
        code=CodeState(None, "c" * 64),
    )


@pytest.fixture(scope="module")
def served(bundle: Bundle) -> Recommender:
    return Recommender.from_bundle(open_bundle(bundle.path))


@pytest.fixture(params=[*SCORERS, *(f"bundle:{name}" for name in PART_NAMES)])
def model(
    request: pytest.FixtureRequest, fitted: dict[str, Any], served: Recommender
) -> Recommends:
    kind, _, name = request.param.rpartition(":")
    chosen: Recommends = served.part(name) if kind else fitted[name]
    assert chosen.name == name
    return chosen


def as_split(dataset: Dataset) -> Split:
    none = dataset.ratings.iloc[:0]
    return Split(train=dataset, validation=none, test=none, method="random", seed=4)


def all_pairs(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    users = np.append(dataset.ratings["user_id"].unique(), NOBODY)
    movies = np.append(dataset.movies["movie_id"].to_numpy(), NO_MOVIE)
    return np.repeat(users, movies.size), np.tile(movies, users.size)


def test_estimates_are_numbers_of_the_scale(model: Recommends, blocks: Dataset) -> None:
    users, movies = all_pairs(blocks)
    estimates = model.predict(users, movies)
    assert estimates.shape == users.shape
    assert estimates.dtype == np.float64
    assert np.isfinite(estimates).all()
    assert estimates.min() >= blocks.scale.minimum
    assert estimates.max() <= blocks.scale.maximum


def test_no_pairs_give_no_estimates(model: Recommends) -> None:
    nothing = np.array([], dtype=np.int64)
    assert model.predict(nothing, nothing).shape == (0,)


def test_an_estimate_does_not_depend_on_its_company(model: Recommends, blocks: Dataset) -> None:
    users, movies = all_pairs(blocks)
    together = model.predict(users, movies)
    apart = [model.predict(users[i : i + 1], movies[i : i + 1])[0] for i in range(0, 700, 53)]
    assert np.allclose(together[0:700:53], apart, rtol=0.0, atol=1e-12)


def test_arrays_of_different_length_are_refused(model: Recommends) -> None:
    with pytest.raises(UsageError, match="one length"):
        model.predict(np.array([1, 2]), np.array([100]))
    with pytest.raises(UsageError, match="one-dimensional"):
        model.predict(np.array([[1, 2]]), np.array([[100, 101]]))


def test_unknown_ids_are_alike(model: Recommends, blocks: Dataset) -> None:
    movies = blocks.movies["movie_id"].to_numpy()
    first, second = (model.predict(np.full(movies.size, NOBODY + i), movies) for i in range(2))
    assert np.array_equal(first, second)
    for user in (1, 30):
        pair = model.predict(np.array([user, user]), np.array([NO_MOVIE, -1]))
        assert pair[0] == pair[1]


def test_the_wholly_unknown_gets_the_global_mean(model: Recommends, blocks: Dataset) -> None:
    mean = float(blocks.ratings["rating"].mean())
    found = model.predict(np.array([NOBODY]), np.array([NO_MOVIE]))[0]
    assert found == pytest.approx(mean, abs=0.1)


def test_lists_hold_movies_of_the_catalogue_once_in_order(
    model: Recommends, blocks: Dataset
) -> None:
    catalogue = set(blocks.movies["movie_id"].tolist())
    for user in (1, 25, NOBODY):
        shown = model.recommend(user, 7)
        assert shown.user_id == user
        assert shown.movie_ids.shape == shown.scores.shape == (7,)
        assert len(set(shown.movie_ids.tolist()) & catalogue) == 7
        assert np.isfinite(shown.scores).all()
        assert (np.diff(shown.scores) <= 0).all()
        ties = np.diff(shown.scores) == 0
        assert (np.diff(shown.movie_ids)[ties] > 0).all()


def test_seen_movies_never_return(model: Recommends, blocks: Dataset) -> None:
    for user, own in blocks.ratings.groupby("user_id"):
        shown = model.recommend(int(user), 1000).movie_ids
        assert not np.isin(shown, own["movie_id"]).any()
        assert shown.size == len(blocks.movies) - N_RATED_BY_EACH


def test_seen_movies_return_if_asked_for(model: Recommends, blocks: Dataset) -> None:
    shown = model.recommend(3, 1000, exclude_seen=False).movie_ids
    assert np.array_equal(np.sort(shown), blocks.movies["movie_id"])


def test_shorter_lists_begin_longer_ones(model: Recommends) -> None:
    for user in (5, NOBODY):
        longer = model.recommend(user, 12)
        assert np.array_equal(model.recommend(user, 4).movie_ids, longer.movie_ids[:4])


@pytest.mark.parametrize("k", [0, -1])
def test_a_list_has_at_least_one_place(model: Recommends, k: int) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        model.recommend(1, k)


def test_asking_again_gives_the_same(model: Recommends) -> None:
    first, second = model.recommend(7, 9), model.recommend(7, 9)
    assert np.array_equal(first.movie_ids, second.movie_ids)
    assert np.array_equal(first.scores, second.scores)


def test_an_unknown_user_gets_popular_movies(model: Recommends, blocks: Dataset) -> None:
    shown = model.recommend(NOBODY, 5)
    assert shown.path == "popular"
    counts = blocks.ratings["movie_id"].value_counts()
    assert counts.reindex(shown.movie_ids).fillna(0).mean() > counts.median()


def test_a_list_says_what_it_is_made_from(model: Recommends) -> None:
    expected = {"popularity": "popular", "trending": "popular", "content": "content"}
    assert model.recommend(1, 3).path == expected.get(model.name, "personal")


@pytest.mark.parametrize("name", PERSONAL_LISTS)
def test_lists_recover_the_blocks(
    name: str, fitted: dict[str, Any], blocks: Dataset, in_own_block: Callable[[int, int], bool]
) -> None:
    right = []
    for user in blocks.ratings["user_id"].unique().tolist():
        best = int(fitted[name].recommend(user, 1).movie_ids[0])
        right.append(in_own_block(user, best))
    assert np.mean(right) >= 0.95


@pytest.mark.parametrize("name", PERSONAL_ESTIMATES)
def test_estimates_recover_the_blocks(
    name: str, fitted: dict[str, Any], blocks: Dataset, in_own_block: Callable[[int, int], bool]
) -> None:
    seen = set(zip(blocks.ratings["user_id"], blocks.ratings["movie_id"], strict=True))
    pairs = [
        (user, movie)
        for user in range(1, 41)
        for movie in range(100, 123)
        if (user, movie) not in seen
    ]
    users, movies = np.array(pairs).T
    estimates = fitted[name].predict(users, movies)
    own = np.array([in_own_block(*pair) for pair in pairs])
    assert estimates[own].mean() > estimates[~own].mean() + 1.0


@pytest.mark.parametrize("name", ["hybrid", "content"])
def test_a_movie_nobody_rated_is_known_by_its_content(name: str, fitted: dict[str, Any]) -> None:
    new = np.full(20, 123)
    fans, others = np.arange(21, 41), np.arange(1, 21)
    gap = fitted[name].predict(fans, new).mean() - fitted[name].predict(others, new).mean()
    assert gap > 1.0


@pytest.mark.parametrize("name", SCORERS)
def test_same_data_and_seed_give_the_same_model(
    name: str, fitted: dict[str, Any], blocks: Dataset
) -> None:
    again = SCORERS[name](PARAMS, seed=4).fit(blocks)
    pairs = all_pairs(blocks)
    assert np.array_equal(again.predict(*pairs), fitted[name].predict(*pairs))
    for user in (2, 35, NOBODY):
        first, second = again.recommend(user, 20), fitted[name].recommend(user, 20)
        assert np.array_equal(first.movie_ids, second.movie_ids)
        assert np.array_equal(first.scores, second.scores)


@pytest.mark.parametrize("name", SCORERS)
def test_the_order_of_the_rows_does_not_matter(
    name: str, fitted: dict[str, Any], blocks: Dataset
) -> None:
    shuffled = blocks.with_ratings(blocks.ratings.sample(frac=1.0, random_state=1))
    pairs = all_pairs(blocks)
    again = SCORERS[name](PARAMS, seed=4).fit(shuffled)
    assert np.array_equal(again.predict(*pairs), fitted[name].predict(*pairs))


@pytest.mark.parametrize("name", PART_NAMES)
def test_a_bundle_answers_as_the_scorer_did(
    name: str, fitted: dict[str, Any], served: Recommender, blocks: Dataset
) -> None:
    pairs = all_pairs(blocks)
    part = served.part(name)
    assert np.array_equal(part.predict(*pairs), fitted["hybrid"].part(name).predict(*pairs))
    assert np.allclose(part.predict(*pairs), fitted[name].predict(*pairs), rtol=0.0, atol=1e-9)
    for user in (1, 40, NOBODY):
        found, expected = part.recommend(user, 10), fitted["hybrid"].part(name).recommend(user, 10)
        assert np.array_equal(found.movie_ids, expected.movie_ids)
        assert np.array_equal(found.scores, expected.scores)
        assert found.path == expected.path


@pytest.mark.parametrize("name", SCORERS)
def test_what_has_not_learned_says_so(name: str) -> None:
    with pytest.raises(UsageError, match="fit"):
        SCORERS[name]().predict(np.array([1]), np.array([1]))
    with pytest.raises(UsageError, match="fit"):
        SCORERS[name]().recommend(1, 1)


def degenerate(blocks: Dataset) -> dict[str, Dataset]:
    """Data sets with next to nothing in them."""
    ratings = blocks.ratings
    plain = replace(blocks, credits=None)
    featureless = blocks.movies.assign(genres="", year=pd.array([None] * 24, dtype="Int16"))
    return {
        "one rating": blocks.with_ratings(ratings.head(1)),
        "one user": blocks.with_ratings(ratings[ratings["user_id"] == 1]),
        "one movie": blocks.with_ratings(ratings[ratings["movie_id"] == 100]),
        "constant": blocks.with_ratings(ratings.assign(rating=np.float32(3.0))),
        "worst only": blocks.with_ratings(ratings.assign(rating=np.float32(0.5))),
        "one moment": blocks.with_ratings(ratings.assign(timestamp=5)),
        "no content": replace(plain, movies=featureless),
        "catalogue of one": replace(
            plain.with_ratings(ratings[ratings["movie_id"] == 100]), movies=blocks.movies.iloc[:1]
        ),
    }


DEGENERATE = (
    "one rating",
    "one user",
    "one movie",
    "constant",
    "worst only",
    "one moment",
    "no content",
    "catalogue of one",
)


@pytest.mark.parametrize("name", SCORERS)
@pytest.mark.parametrize("case", DEGENERATE)
def test_next_to_nothing_is_enough(name: str, case: str, blocks: Dataset) -> None:
    dataset = degenerate(blocks)[case]
    scorer = SCORERS[name](PARAMS, seed=4).fit(dataset)
    users, movies = all_pairs(dataset)
    estimates = scorer.predict(users, movies)
    assert np.isfinite(estimates).all()
    assert estimates.min() >= 0.5
    assert estimates.max() <= 5.0
    for user in (users[0], NOBODY):
        shown = scorer.recommend(int(user), 5)
        assert np.isfinite(shown.scores).all()
    if case in ("constant", "worst only") and name != "nmf":
        assert estimates == pytest.approx(float(dataset.ratings["rating"].iloc[0]), abs=0.1)


@pytest.mark.parametrize("name", SCORERS)
def test_no_ratings_are_refused(name: str, blocks: Dataset) -> None:
    with pytest.raises(DataError, match="no ratings"):
        SCORERS[name](PARAMS).fit(blocks.with_ratings(blocks.ratings.iloc[:0]))


@pytest.mark.parametrize("name", SCORERS)
def test_a_rated_movie_outside_the_catalogue_is_refused(name: str, blocks: Dataset) -> None:
    stray = pd.DataFrame([(1, NO_MOVIE, 3.0, 9)], columns=list(RATING_DTYPES)).astype(RATING_DTYPES)
    with pytest.raises(DataError, match=str(NO_MOVIE)):
        SCORERS[name](PARAMS).fit(blocks.with_ratings(pd.concat([blocks.ratings, stray])))


def test_two_runs_give_the_same_bytes(blocks: Dataset, bundle: Bundle, tmp_path: Path) -> None:
    again = bundle_model(
        HybridScorer(PARAMS, seed=4).fit(blocks),
        tmp_path / "bundle",
        split=as_split(blocks),
        params=Params(seed=4, model=PARAMS),
        full=blocks,
        code=CodeState(None, "c" * 64),
    )
    assert again.manifest.files == bundle.manifest.files
    assert again.digest == bundle.digest


def test_intervals_hold_their_estimates_on_the_scale_or_are_refused(
    model: Recommends, blocks: Dataset
) -> None:
    if not isinstance(model, StatesIntervals) or not model.interval_levels:
        assert model.name != "hybrid"
        return
    pairs = all_pairs(blocks)
    estimates = model.predict(*pairs)
    inner_low = inner_high = estimates
    for level in model.interval_levels:
        found = model.rating_intervals(*pairs, estimates, level)
        assert found.lows.shape == found.highs.shape == found.groups.shape == estimates.shape
        assert (blocks.scale.minimum <= found.lows).all()
        assert (found.lows <= inner_low).all()
        assert (inner_high <= found.highs).all()
        assert (found.highs <= blocks.scale.maximum).all()
        assert 0 <= found.groups.min() <= found.groups.max() < len(found.group_names)
        inner_low, inner_high = found.lows, found.highs


def test_a_bundle_states_the_intervals_of_the_scorer(
    fitted: dict[str, Any], served: Recommender, blocks: Dataset
) -> None:
    users, movies = all_pairs(blocks)
    estimates = served.predict(users, movies)
    assert served.interval_levels == fitted["hybrid"].interval_levels == PARAMS.interval_levels
    found = served.rating_intervals(users, movies, estimates)
    expected = fitted["hybrid"].rating_intervals(users, movies, estimates)
    assert np.array_equal(found.lows, expected.lows)
    assert np.array_equal(found.highs, expected.highs)
    assert found.group_names == expected.group_names
