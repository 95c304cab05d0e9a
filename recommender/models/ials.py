"""iALS, matrix factorization of implicit feedback by alternating least squares.

Hu, Koren and Volinsky 2008, "Collaborative filtering for implicit feedback datasets": every user
prefers (1) what they graded above 0 to what they did not (0), with the confidence

    c_ui = 1 + alpha grade_ui,

and factors minimise ``sum_ui c_ui (p_ui - x_u . y_i)^2 + lambda (sum_u |x_u|^2 + sum_i |y_i|^2)``
over all pairs. Only the movies' factors are kept: a viewer's follow from the history in closed form
(equation 4), so that known and new viewers are ranked for in one way; see `ImplicitRanking`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares

from recommender.inference.estimates import Estimates
from recommender.inference.rankings import ImplicitRanking, Ranking
from recommender.models.bias import fit_bias
from recommender.models.indexed import IndexedRatings
from recommender.models.part_scorer import PartScorer, single_thread
from recommender.schema import Dataset
from recommender.settings import ModelParams

#: `fit_ials`, or what gives the same.
FitImplicit: TypeAlias = Callable[[IndexedRatings, ModelParams, int], ImplicitRanking]


def fit_ials(data: IndexedRatings, params: ModelParams, seed: int) -> ImplicitRanking:
    """Return the factors of movies, which rank for any history.

    Where there are more users, the factors are learned from ``ials_max_users`` of them, spread
    evenly. Movies that none of them graded have factors 0.

    Args:
        data: The ratings.
        params: Size, regularization and confidence.
        seed: Seed of the starting factors.
    """
    confidences = confidence_matrix(data, params)
    factors = np.zeros((data.n_movies, params.ials_factors), dtype=np.float32)
    movies = np.flatnonzero(np.bincount(confidences.indices, minlength=data.n_movies))
    if movies.size:
        factors[movies] = train(sp.csr_array(confidences[:, movies]), params, seed).item_factors
    return ImplicitRanking.of(factors, params.ials_regularization, params.ials_alpha)


def confidence_matrix(data: IndexedRatings, params: ModelParams) -> sp.csr_array:
    """Return ``1 + alpha grade`` of each grade above 0, users by movies, for users with any."""
    matrix = data.matrix(data.grades)
    matrix.data = 1.0 + params.ials_alpha * matrix.data
    active = np.flatnonzero(np.diff(matrix.indptr))
    if active.size > params.ials_max_users:
        active = active[np.linspace(0, active.size - 1, params.ials_max_users).astype(np.int64)]
    return sp.csr_array(matrix[active])


def train(confidences: sp.csr_array, params: ModelParams, seed: int) -> AlternatingLeastSquares:
    """Return implicit's model of ``confidences``, in float32 on one thread, hence repeatable."""
    with single_thread():
        model = AlternatingLeastSquares(
            factors=params.ials_factors,
            regularization=params.ials_regularization,
            alpha=1.0,
            iterations=params.ials_epochs,
            num_threads=1,
            random_state=seed,
        )
        model.fit(sp.csr_matrix(confidences.astype(np.float32)), show_progress=False)
    return model


class IALSScorer(PartScorer):
    """Ranks by implicit factors; its rating estimates are the biases, since iALS has none."""

    name = "ials"

    def learn(self, dataset: Dataset, data: IndexedRatings) -> tuple[Estimates, Ranking]:
        """Return biases and the factors of movies."""
        del dataset
        bias = fit_bias(data, self.params.bias_user_damping, self.params.bias_movie_damping)
        return bias, fit_ials(data, self.params, self.seed)
