from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.errors import UsageError
from recommender.inference import Recommender
from recommender.inference.components import RATING_PARTS, Components
from recommender.inference.estimates import FactorEstimates
from recommender.inference.fold_in import CHOICE_DAMPING, FoldedUser, FoldIn, UserPrior
from recommender.inference.histories import History
from recommender.inference.identifiers import UNKNOWN
from recommender.schema import Split

N_MOVIES, N_FACTORS = 30, 4


def random_model(rng: np.random.Generator) -> FactorEstimates:
    return FactorEstimates(
        3.5,
        rng.normal(size=3),
        rng.normal(size=N_MOVIES + 1),
        rng.normal(size=(3, N_FACTORS)),
        rng.normal(size=(N_MOVIES + 1, N_FACTORS)),
    )


def random_prior(rng: np.random.Generator) -> UserPrior:
    root = rng.normal(size=(1 + N_FACTORS, 1 + N_FACTORS))
    return UserPrior(
        rng.normal(size=1 + N_FACTORS),
        root @ root.T + np.eye(1 + N_FACTORS),
        rng.normal(size=N_FACTORS),
        rng.normal(size=(N_FACTORS, 1 + N_FACTORS)),
        rng.random(1 + N_FACTORS),
    )


def random_history(rng: np.random.Generator, n: int) -> History:
    return History.of(rng.choice(N_MOVIES, n, replace=False), rng.uniform(0.5, 5.0, n))


def by_stacked_rows(model: FactorEstimates, prior: UserPrior, history: History) -> np.ndarray:
    """Solve the same ridge regression as least squares with the prior as further rows."""
    n = history.movies.size
    factors = model.movie_factors[history.movies]
    expected = prior.centre.copy()
    if n:
        trust = n / (n + CHOICE_DAMPING)
        expected += trust * (factors.mean(axis=0) - prior.middle) @ prior.loadings
    root = np.linalg.cholesky(prior.precision).T
    shrunk = np.diag(np.sqrt(n * prior.per_rating))
    rows = np.vstack([np.column_stack([np.ones(n), factors]), root, shrunk])
    residuals = history.stars - model.mean - model.movie_bias[history.movies]
    wanted = np.concatenate([residuals, root @ expected, np.zeros(len(shrunk))])
    return np.linalg.lstsq(rows, wanted, rcond=None)[0]


@given(st.integers(0, 2**32 - 1), st.integers(0, N_MOVIES))
@settings(max_examples=50, deadline=None)
def test_fold_in_solves_the_ridge_regression(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    model, prior, history = random_model(rng), random_prior(rng), random_history(rng, n)
    found = FoldIn.of(model, prior, history).weights()
    assert found == pytest.approx(by_stacked_rows(model, prior, history), abs=1e-8)


@given(st.integers(0, 2**32 - 1), st.integers(0, N_MOVIES))
@settings(max_examples=50, deadline=None)
def test_shares_of_ratings_sum_to_the_product(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    fold = FoldIn.of(random_model(rng), random_prior(rng), random_history(rng, n))
    direction = rng.normal(size=1 + N_FACTORS)
    shares, rest = fold.split(direction)
    assert shares.shape == (n,)
    assert shares.sum() + rest == pytest.approx(direction @ fold.weights(), abs=1e-8)


def test_a_ridge_prior_without_factors_is_a_damped_bias() -> None:
    model = FactorEstimates(3.0, np.zeros(1), np.zeros(9), np.zeros((1, 0)), np.zeros((9, 0)))
    history = History(np.array([1, 2]), np.array([4.0, 5.0]))
    found = FoldIn.of(model, UserPrior.ridge(0, 5.0), history).weights()
    assert found.tolist() == pytest.approx([3.0 / 7.0])


def test_what_training_found_beyond_the_fold_in_is_kept() -> None:
    rng = np.random.default_rng(1)
    model, prior, history = random_model(rng), random_prior(rng), random_history(rng, 5)
    same = FoldedUser.of(model, prior, history, user=1, stored=history)
    trained = np.append(model.user_bias[1], model.user_factors[1])
    assert same.weights() == pytest.approx(trained)
    more = history.followed_by(random_history(rng, 3))
    moved = FoldedUser.of(model, prior, more, user=1, stored=history).weights() - trained
    folds = [FoldIn.of(model, prior, item).weights() for item in (more, history)]
    assert moved == pytest.approx(folds[0] - folds[1])
    newcomer = FoldedUser.of(model, prior, more, user=UNKNOWN, stored=more.without(0))
    assert newcomer.weights() == pytest.approx(folds[0])


def test_a_users_own_history_leads_to_the_trained_estimates(
    components: Components, served: Recommender, tiny_split: Split
) -> None:
    ratings = tiny_split.train.ratings
    for name in ("bias", "content", "taste"):
        model, prior = components.factors[name], components.priors[name]
        for place, user in enumerate(served.user_ids.tolist()):
            own = ratings[ratings["user_id"] == user]
            movies = np.searchsorted(served.movie_ids, own["movie_id"])
            stars = own["rating"].to_numpy(np.float64)
            found = FoldIn.of(model, prior, History(movies, stars)).weights()
            trained = np.append(model.user_bias[place], model.user_factors[place])
            assert found == pytest.approx(trained, abs=2e-5), name


def test_a_newcomer_with_a_users_history_is_estimated_alike(
    served: Recommender, tiny_split: Split
) -> None:
    ratings = tiny_split.train.ratings
    folded, trained = [], []
    for user in served.user_ids.tolist():
        own = ratings[ratings["user_id"] == user]
        shown = served.estimate_for_history(own["movie_id"], own["rating"], served.movie_ids)
        folded.append(shown.ratings)
        trained.append(served.predict(np.full(served.movie_ids.size, user), served.movie_ids))
    assert np.corrcoef(np.ravel(folded), np.ravel(trained))[0, 1] > 0.8


def test_nothing_new_leaves_a_users_estimates(served: Recommender) -> None:
    user, movies = int(served.user_ids[3]), np.append(served.movie_ids, 999)
    trained = served.predict(np.full(movies.size, user), movies)
    same = served.estimate_for_history([], [], movies, user_id=user)
    assert np.array_equal(same.ratings, trained)
    assert set(same.paths) == {"personal"}
    nobody = served.estimate_for_history([], [], movies)
    assert np.array_equal(nobody.ratings, served.predict(np.full(movies.size, 10**6), movies))
    assert set(nobody.paths) == {"popular"}


def test_rating_a_movie_again_as_before_changes_nothing(
    served: Recommender, tiny_split: Split
) -> None:
    user = int(served.user_ids[5])
    own = tiny_split.train.ratings.query("user_id == @user")
    again = served.estimate_for_history(
        own["movie_id"], own["rating"], served.movie_ids, user_id=user
    )
    trained = served.predict(np.full(served.movie_ids.size, user), served.movie_ids)
    assert again.ratings == pytest.approx(trained, abs=1e-9)
    assert set(again.paths) == {"fold-in"}


def test_a_rating_made_a_moment_ago_is_reflected(served: Recommender) -> None:
    user = int(served.user_ids[0])
    fresh = served.movie_ids[~np.isin(served.movie_ids, served.seen(user))]
    trained = served.predict(np.full(fresh.size - 3, user), fresh[3:])
    for stars in (5.0, 0.5):
        changed = served.estimate_for_history(fresh[:3], [stars] * 3, fresh[3:], user_id=user)
        assert (np.abs(changed.ratings - trained) > 1e-3).all()
    before = served.recommend(user, 30)
    after = served.recommend_for_history(fresh[:3], [5.0] * 3, 30, user_id=user)
    assert np.isin(fresh[:3], before.movie_ids).all()
    assert not np.isin(after.movie_ids, [*fresh[:3], *served.seen(user)]).any()
    assert after.user_id == user
    assert after.path == "fold-in"
    assert not np.array_equal(after.scores[:5], before.scores[:5])


def test_likes_and_repeats(served: Recommender) -> None:
    movies = served.movie_ids
    liked = served.estimate_for_history([1, 2], [None, 3.0], movies)
    rated = served.estimate_for_history([1, 2], [4.0, 3.0], movies)
    assert np.array_equal(liked.ratings, rated.ratings)
    changed = served.estimate_for_history([1, 2, 1], [0.5, 3.0, 4.0], movies)
    assert changed.ratings == pytest.approx(rated.ratings)
    listed = served.recommend_for_history([1, 1], [0.5, 4.0], 30)
    assert np.array_equal(listed.scores, served.recommend_for_history([1], [4.0], 30).scores)


def test_movies_outside_the_catalogue_are_counted(served: Recommender) -> None:
    history = [1, 777, 2, 888, 777], [4.0, 5.0, 1.0, 5.0, 0.5]
    estimates = served.estimate_for_history(*history, served.movie_ids)
    listed = served.recommend_for_history(*history, 5)
    assert estimates.unknown_movies == listed.unknown_movies == 3
    plain = served.estimate_for_history([1, 2], [4.0, 1.0], served.movie_ids)
    assert np.array_equal(estimates.ratings, plain.ratings)
    assert plain.unknown_movies == 0


def test_a_malformed_history_is_refused(served: Recommender) -> None:
    with pytest.raises(UsageError, match="one length"):
        served.estimate_for_history([1, 2], [5.0], [3])
    with pytest.raises(UsageError, match="stars"):
        served.estimate_for_history([1], [7.0], [3])


def test_every_blended_model_can_be_folded_in(components: Components) -> None:
    assert set(components.priors) == set(RATING_PARTS)
    for name, prior in components.priors.items():
        size = 1 + components.factors[name].movie_factors.shape[1]
        assert prior.precision.shape == (size, size)
        assert (np.linalg.eigvalsh(prior.precision) > 0).all()
        again = UserPrior.from_arrays(prior.to_arrays(name), name)
        assert np.array_equal(again.centre, prior.centre)


def test_estimates_of_a_folded_user_ignore_the_other_users(components: Components) -> None:
    history = History(np.array([0, 1]), np.array([5.0, 1.0]))
    folded = {
        name: FoldedUser.of(components.factors[name], prior, history, user=UNKNOWN, stored=history)
        for name, prior in components.priors.items()
    }
    before = components.estimates_of(folded).row(0)
    others = {
        name: replace(model, user_bias=model.user_bias + 1.0)
        for name, model in components.factors.items()
    }
    after = replace(components, factors=others).estimates_of(folded).row(0)
    assert np.array_equal(before, after)
