"""What every scorer keeps to when the data are written down in another way.

Where a property does not follow from a model's equations, the tables here say so: gradient
descent, NMF and the Gibbs sampler start from random numbers that are dealt out by position, so
that another order or another user deals them out anew. The starts and rates of SVD and SVD++ are
scikit-surprise's, stated in stars, and non-negative factors know a zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recommender.scale import RatingScale
from recommender.schema import Dataset
from recommender.settings import ModelParams
from tests.contracts.test_scorer import PARAMS, SCORERS, all_pairs

USERS = np.arange(1, 41)
MOVIES = np.arange(100, 124)
PAIRS = np.repeat(USERS, MOVIES.size), np.tile(MOVIES, USERS.size)
#: Estimates follow in closed form from sums over ratings, whatever the order of the users.
WITHOUT_ORDER = (
    *("popularity", "trending", "bias", "ease", "metadata-ease", "ials", "item-knn", "content"),
)
#: A user apart, whose ratings average out to the mean, changes no estimate of theirs at all.
UNTOUCHED = ("popularity", "trending", "bias", "ease", "metadata-ease", "ials", "item-knn")
#: Estimates follow an affine map of the ratings, those of the last three a shift alone.
AFFINE = (*UNTOUCHED, "content", "taste", "fm", "hybrid")
#: The weights of the hybrid's blend are shrunk towards an even one, by the size of the estimates.
NEARLY = {"hybrid": 0.01}
SHIFTED = ("svd", "surprise-svd", "svdpp")
#: A part of the watch matrix that hangs together with nothing else takes one of its leading
#: directions (its singular value is 1), so that the others need one more to be told apart.
WITH_ONE_MORE_DIRECTION = ("taste", "hybrid")
#: Lists that do not move either: the others' rankings look at all who watched anything.
UNTOUCHED_LISTS = ("bias", "ease", "item-knn")


def fit(name: str, dataset: Dataset, params: ModelParams = PARAMS) -> Any:
    return SCORERS[name](params, seed=4).fit(dataset)


def relabelled(dataset: Dataset, label: Callable[[Any], Any]) -> Dataset:
    return dataset.with_ratings(
        dataset.ratings.assign(user_id=label(dataset.ratings["user_id"]).astype("int32"))
    )


def remapped(dataset: Dataset, factor: float, shift: float) -> Dataset:
    """The same ratings in another unit."""
    old = dataset.scale
    scale = RatingScale(
        factor * old.minimum + shift, factor * old.maximum + shift, factor * old.step
    )
    stars = (factor * dataset.ratings["rating"] + shift).astype("float32")
    return replace(dataset.with_ratings(dataset.ratings.assign(rating=stars)), scale=scale)


def with_a_user_apart(dataset: Dataset) -> Dataset:
    """One more user, who rates movies 124 and 125, of no genre, which nobody else has rated."""
    mean = float(dataset.ratings["rating"].mean())
    rows = pd.DataFrame(
        {
            "user_id": [99, 99],
            "movie_id": [124, 125],
            "rating": [mean - 0.5, mean + 0.5],
            "timestamp": dataset.ratings["timestamp"].max(),
        }
    ).astype(dataset.ratings.dtypes.to_dict())
    movies = pd.DataFrame(
        {"movie_id": [124, 125], "title": ["A", "B"], "year": pd.NA, "genres": ""}
    ).astype(dataset.movies.dtypes.to_dict())
    ratings = pd.concat([dataset.ratings, rows], ignore_index=True)
    whole = pd.concat([dataset.movies, movies], ignore_index=True)
    return replace(dataset.with_ratings(ratings), movies=whole)


@pytest.fixture(scope="module")
def plain(blocks: Dataset) -> dict[str, Any]:
    return {name: fit(name, blocks) for name in SCORERS}


@pytest.fixture(scope="module")
def renamed(blocks: Dataset) -> dict[str, Any]:
    """Fitted on users of other names: reversed where order has no say."""
    backwards = relabelled(blocks, lambda ids: 500 - 3 * ids)
    forwards = relabelled(blocks, lambda ids: 500 + 3 * ids)
    return {name: fit(name, backwards if name in WITHOUT_ORDER else forwards) for name in SCORERS}


@pytest.mark.parametrize("name", SCORERS)
def test_other_names_of_the_users_give_the_same_scores(
    name: str, plain: dict[str, Any], renamed: dict[str, Any]
) -> None:
    sign, tolerance = (-1, 1e-6) if name in WITHOUT_ORDER else (1, 0.0)
    users, movies = PAIRS
    found = renamed[name].predict(500 + sign * 3 * users, movies)
    assert found == pytest.approx(plain[name].predict(users, movies), abs=tolerance, rel=0.0)
    for user in (2, 35):
        shown = renamed[name].recommend(500 + sign * 3 * user, 5)
        # iALS stops on its way to the solution, and rounds to single precision.
        assert shown.scores == pytest.approx(plain[name].recommend(user, 5).scores, abs=1e-3)


@pytest.mark.parametrize("name", SCORERS)
def test_a_scorer_forgets_what_it_learned_before(
    name: str, plain: dict[str, Any], renamed: dict[str, Any], blocks: Dataset
) -> None:
    again = renamed[name].fit(blocks)
    pairs = all_pairs(blocks)
    assert again.predict(*pairs).tobytes() == plain[name].predict(*pairs).tobytes()
    for user in (2, 35):
        shown, expected = again.recommend(user, 20), plain[name].recommend(user, 20)
        assert np.array_equal(shown.movie_ids, expected.movie_ids)
        assert shown.scores.tobytes() == expected.scores.tobytes()


@pytest.mark.parametrize("name", [*AFFINE, *SHIFTED])
def test_ratings_in_another_unit_give_estimates_in_that_unit(
    name: str, plain: dict[str, Any], blocks: Dataset
) -> None:
    factor = 2.0 if name in AFFINE else 1.0
    found = fit(name, remapped(blocks, factor, 3.0))
    expected = factor * plain[name].predict(*PAIRS) + 3.0
    apart = factor * NEARLY.get(name, 1e-4)
    assert found.predict(*PAIRS) == pytest.approx(expected, abs=apart, rel=0.0)
    for user in (2, 35) if name in AFFINE else ():
        shown, before = found.recommend(user, 5), plain[name].recommend(user, 5)
        assert np.array_equal(shown.movie_ids, before.movie_ids)


@pytest.mark.parametrize("name", SCORERS)
def test_a_user_apart_changes_the_others_little_or_nothing(
    name: str, plain: dict[str, Any], blocks: Dataset
) -> None:
    more = 1 if name in WITH_ONE_MORE_DIRECTION else 0
    params = replace(PARAMS, taste_factors=PARAMS.taste_factors + more)
    found = fit(name, with_a_user_apart(blocks), params)
    change = np.abs(found.predict(*PAIRS) - plain[name].predict(*PAIRS))
    if name in UNTOUCHED:
        assert change.max() < 1e-6
    else:
        assert change.mean() < 0.25
    for user in (2, 35) if name in UNTOUCHED_LISTS else ():
        shown = [movie for movie in found.recommend(user, 9).movie_ids.tolist() if movie < 124]
        assert shown[:5] == plain[name].recommend(user, 5).movie_ids.tolist()
