"""Content: what a movie's genres, makers, keywords, tags and era say, even if nobody rated it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recommender.inference.estimates import Estimates, FactorEstimates, within_catalogue
from recommender.inference.rankings import ProfileRanking, Ranking
from recommender.models.bias import damped_means, fit_bias
from recommender.models.features import content_features, movie_terms
from recommender.models.indexed import Floats, IndexedRatings
from recommender.models.part_scorer import PartScorer
from recommender.models.profiles import fit_profiles
from recommender.schema import Dataset
from recommender.settings import ModelParams


def fit_content(
    data: IndexedRatings, features: Floats, params: ModelParams, bias: FactorEstimates
) -> FactorEstimates:
    """Return biases of movies that lean on their content, and a profile of each user.

    A movie's bias is shrunk towards what its content lets expect, not towards 0, which is all that
    a movie without ratings has; users' profiles explain what remains (see `profiles`).

    Args:
        data: The ratings.
        features: Shape (n_movies, d).
        params: Dampings and the ridge penalty.
        bias: The biases of ``data``.
    """
    deviations = data.stars - data.mean - bias.user_bias[data.users]
    expected = expected_quality(data, deviations, features, params.content_regularization)
    own = damped_means(
        data.movies,
        deviations - expected[data.movies],
        data.n_movies,
        params.bias_movie_damping,
    )
    movie_bias = expected + own
    residuals = data.stars - data.mean - movie_bias[data.movies]
    profiles = fit_profiles(data, residuals, features)
    return profile_estimates(data.mean, movie_bias, profiles, features)


def expected_quality(
    data: IndexedRatings, deviations: Floats, features: Floats, regularization: float
) -> Floats:
    """Return the movie bias that content lets expect, shape (n_movies,), in stars.

    A ridge regression over the ratings, in which a movie counts with ``n / (n + 10)`` of a vote
    so that a few blockbusters do not decide what a genre is worth.

    Args:
        data: The ratings.
        deviations: Shape (n,), ratings less mean and user bias.
        features: Shape (n_movies, d).
        regularization: The ridge penalty; the intercept has none.
    """
    counts = data.movie_counts
    means = damped_means(data.movies, deviations, data.n_movies, 0.0)
    votes = counts / (counts + _FULL_VOTE)
    design = np.column_stack([np.ones(len(features)), features])
    penalty = np.diag(np.r_[1e-9, np.full(features.shape[1], regularization)])
    gram = (design.T * votes) @ design + penalty
    weights = np.linalg.solve(gram, design.T @ (votes * means))
    return np.asarray(design @ weights)


#: Ratings with which a movie has half a vote.
_FULL_VOTE = 10.0


def profile_estimates(
    mean: float, movie_bias: Floats, profiles: Floats, features: Floats
) -> FactorEstimates:
    """Return estimates from profiles (intercept first) over movie features.

    The unknown movie has bias 0 and no features.
    """
    return FactorEstimates(
        mean=mean,
        user_bias=profiles[:, 0].copy(),
        movie_bias=np.append(movie_bias, 0.0),
        user_factors=profiles[:, 1:].astype(np.float32),
        movie_factors=np.vstack([features, np.zeros(features.shape[1])]).astype(np.float32),
    )


def profile_ranking(data: IndexedRatings, features: Floats) -> ProfileRanking:
    """Return the ranking by likeness to what a viewer liked."""
    grades = data.grades
    total = grades.sum()
    weights = np.bincount(data.movies, weights=grades, minlength=data.n_movies)
    centre = weights @ features / total if total > 0.0 else np.zeros(features.shape[1])
    return ProfileRanking(np.asfortranarray(features, dtype=np.float32), centre)


class ContentScorer(PartScorer):
    """Estimates from content-based profiles, and ranks by likeness to what was liked."""

    name = "content"

    def learn(self, dataset: Dataset, data: IndexedRatings) -> tuple[Estimates, Ranking]:
        """Return profiles and content ranking."""
        features = content_features(
            movie_terms(dataset), rated(data), self.params.content_factors, self.seed
        )
        bias = fit_bias(data, self.params.bias_user_damping, self.params.bias_movie_damping)
        estimates = within_catalogue(fit_content(data, features, self.params, bias), bias)
        return estimates, profile_ranking(data, features)


def rated(data: IndexedRatings) -> npt.NDArray[np.bool_]:
    """Return which movies have ratings, shape (n_movies,)."""
    return data.movie_counts > 0
