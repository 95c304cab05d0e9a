from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommender.inference.histories import Viewer
from recommender.inference.paths import item_paths
from recommender.models.aligned import MetadataEASEScorer, align, align_factors
from recommender.models.ease import fit_ease
from recommender.models.ials import fit_ials
from recommender.models.indexed import IndexedRatings
from recommender.schema import Dataset
from recommender.settings import ModelParams

PARAMS = ModelParams(
    content_factors=6,
    ease_min_support=1,
    ease_regularization=5.0,
    alignment_regularization=0.5,
    ials_factors=4,
    ials_epochs=5,
    ials_regularization=2.0,
)


def block_rows() -> list[tuple[int, int, float, int]]:
    """Users 1 to 20 like odd movies (drama), the others even ones (comedy); 31 to 34 are new."""
    rng = np.random.default_rng(2)
    rows = []
    for user in range(1, 41):
        own = np.arange(1, 31)[np.arange(1, 31) % 2 == (user <= 20)]
        rows += [(user, int(movie), 4.5, user) for movie in rng.choice(own, 8, replace=False)]
    return rows


@pytest.fixture(scope="module")
def blocks(make: object) -> Dataset:
    return make(block_rows(), movie_ids=list(range(1, 35)))  # type: ignore[operator]


def test_a_new_movie_ranks_among_those_it_resembles(blocks: Dataset) -> None:
    scorer = MetadataEASEScorer(PARAMS).fit(blocks)
    for user in range(1, 41):
        ranking, viewer = scorer.part.ranking, scorer.part.audience.viewer(user)
        scores = ranking.scores(viewer)
        own, other = ([30, 32], [31, 33]) if user <= 20 else ([31, 33], [30, 32])
        assert scores[own].min() > scores[other].max()


def test_known_weights_stay_what_they_are(indexed: IndexedRatings) -> None:
    neighbours = fit_ease(indexed, PARAMS)
    aligned = align(neighbours, np.random.default_rng(1).normal(size=(42, 3)), PARAMS)
    viewer = indexed.histories().viewer(4, indexed.scale)
    assert np.array_equal(aligned.scores(viewer)[:40], neighbours.scores(viewer)[:40])
    assert aligned.scores(viewer)[40:].all()


def test_the_regression_is_the_ridge_of_the_weights_on_the_features(
    indexed: IndexedRatings,
) -> None:
    neighbours = fit_ease(indexed, PARAMS)
    features = np.random.default_rng(1).normal(size=(42, 3))
    weights = np.array([neighbours.row(movie) for movie in range(42)])
    design = np.column_stack([np.ones(40), features[:40]])
    penalised = np.vstack([design, np.sqrt(0.5) * np.eye(4)])
    target = np.vstack([weights[:, :40].T, np.zeros((4, 42))])
    expected = np.linalg.lstsq(penalised, target)[0].T
    assert align(neighbours, features, PARAMS).loadings == pytest.approx(expected, abs=1e-5)


def test_weights_add_up_to_the_score(indexed: IndexedRatings) -> None:
    features = np.random.default_rng(1).normal(size=(42, 3))
    aligned = align(fit_ease(indexed, PARAMS), features, PARAMS)
    viewer = indexed.histories().viewer(4, indexed.scale)
    movies = np.array([0, 12, 41])
    sums = aligned.neighbours.strengths(viewer) @ aligned.towards(viewer.movies, movies)
    assert sums == pytest.approx(aligned.scores(viewer)[movies], abs=1e-6)


def test_the_path_of_a_score_stays_visible(indexed: IndexedRatings) -> None:
    aligned = align(fit_ease(indexed, PARAMS), np.eye(42), PARAMS)
    viewer = Viewer(0, np.array([3]), np.array([1.0]))
    movies = np.array([5, 41])
    assert item_paths(aligned, viewer, movies) == ("personal", "content")
    nothing = replace(viewer, grades=np.array([0.0]))
    assert aligned.path(nothing) == "popular"
    assert item_paths(aligned, nothing, movies) == ("popular", "popular")


def test_new_movies_get_factors_from_their_content(indexed: IndexedRatings) -> None:
    implicit = fit_ials(indexed, PARAMS, seed=1)
    features = np.zeros((42, 2))
    features[:, 0], features[40] = 1.0, features[1]
    completed = align_factors(implicit, features, PARAMS)
    assert np.array_equal(completed.factors[:40], implicit.factors[:40])
    assert completed.factors[40].any()
    assert np.array_equal(completed.gram, implicit.gram)


def test_without_weights_nothing_is_expected(indexed: IndexedRatings) -> None:
    none = fit_ease(indexed, ModelParams(ease_min_support=999))
    aligned = align(none, np.eye(42), PARAMS)
    assert not aligned.scores(indexed.histories().viewer(4, indexed.scale)).any()
