"""A Bayesian factorization machine over side information, collapsed to plain factors.

A factorization machine (Rendle 2010, "Factorization machines", equation 1) scores a feature
vector ``x`` by ``w_0 + w . x + sum_{j<k} x_j x_k v_j . v_k``. Here ``x`` joins the features of a
user and of a movie (`side_information`), and all weights have priors whose means and precisions
are learned for each group of features (Rendle 2012, "Factorization machines with libFM", section
4.4; Salakhutdinov and Mnih 2008, "Bayesian probabilistic matrix factorization"), so that there is
no regularization to tune. myfm draws the weights by Gibbs sampling.
"""

from __future__ import annotations

import functools
import importlib
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from recommender.inference.estimates import FactorEstimates
from recommender.models.indexed import Floats, IndexedRatings
from recommender.models.side_information import FeatureBlock, movie_features, user_features
from recommender.settings import ModelParams

#: Spread of the factors that the chain starts from.
_START_SPREAD = 0.1
#: First draws that are left out of the mean, while the chain still climbs.
_BURN_IN = 2


@dataclass(frozen=True, eq=False)
class Draw:
    """Weights of all features of one block: one draw from their posterior.

    Attributes:
        weights: Shape (1 + d,), of each column of the block's matrix.
        factors: Shape (1 + d, rank), likewise.
    """

    weights: Floats
    factors: Floats


class Collapsed:
    """A block whose draws become one bias and one row of factors for each user or movie.

    With ``p = X v`` a row's factors, the pairs of features within the row add up to
    ``(|p|^2 - sum_j x_j^2 |v_j|^2) / 2`` (Rendle 2010, lemma 3.1); pairs across two blocks to
    ``p . q``. So ``w_0 + b_u + b_i + p_u . q_i`` is the whole machine.

    Args:
        block: The features.
    """

    def __init__(self, block: FeatureBlock) -> None:
        self._features = block.matrix
        self._squares = sp.csr_array(block.matrix.multiply(block.matrix))

    def biases(self, draw: Draw) -> Floats:
        """Return the bias of each row, shape (n + 1,)."""
        together = (self.factors(draw.factors) ** 2).sum(axis=1)
        alone = self._squares @ (draw.factors**2).sum(axis=1)
        return np.asarray(self._features @ draw.weights + 0.5 * (together - alone))

    def factors(self, factors: Floats) -> Floats:
        """Return the sum of the factors of each row's features, shape (n + 1, rank)."""
        return np.asarray(self._features @ factors)


class PosteriorMean:
    """The mean over draws of what two blocks collapse to.

    Along one chain the factors turn slowly, so that the product of their means is close to the
    mean of their products.

    Args:
        users: Features of users.
        movies: Features of movies.
    """

    def __init__(self, users: FeatureBlock, movies: FeatureBlock) -> None:
        self._blocks = users, movies
        self._collapsed = Collapsed(users), Collapsed(movies)
        self._sums: list[Any] = []
        self._n_draws = 0

    def add(self, machine: Any, hyper: Any) -> None:
        """Add one draw.

        Args:
            machine: myfm's weights.
            hyper: myfm's means of the groups' priors, which stand in for an id without ratings.
        """
        users, movies = self.draws(machine, hyper)
        of_users, of_movies = self._collapsed
        terms = [
            machine.w0,
            of_users.biases(users),
            of_movies.biases(movies),
            users.factors,
            movies.factors,
        ]
        self._sums = [a + b for a, b in zip(self._sums or [0.0] * 5, terms, strict=True)]
        self._n_draws += 1

    def estimates(self, level: float) -> FactorEstimates:
        """Return the mean as factors.

        Args:
            level: What was taken off the ratings, in stars.
        """
        w0, user_bias, movie_bias, of_user_features, of_movie_features = (
            total / self._n_draws for total in self._sums
        )
        of_users, of_movies = self._collapsed
        return FactorEstimates(
            mean=level + float(w0),
            user_bias=user_bias,
            movie_bias=movie_bias,
            user_factors=of_users.factors(of_user_features),
            movie_factors=of_movies.factors(of_movie_features),
        )

    def draws(self, machine: Any, hyper: Any) -> tuple[Draw, Draw]:
        """Return one draw, parted into users' and movies' features, with what is unrated."""
        users = self._blocks[0]
        weights, factors = np.asarray(machine.w), np.asarray(machine.V)
        prior_weights, prior_factors = np.asarray(hyper.mu_w), np.asarray(hyper.mu_V)
        parts = slice(0, users.n_features), slice(users.n_features, None)
        draws = [
            Draw(
                np.append(prior_weights[group], weights[part]),
                np.vstack([prior_factors[group], factors[part]]),
            )
            for part, group in zip(parts, (0, len(users.widths)), strict=True)
        ]
        return draws[0], draws[1]


def fit_bayesian(
    data: IndexedRatings,
    terms: list[list[str]],
    params: ModelParams,
    seed: int,
) -> FactorEstimates:
    """Return the posterior mean of the machine as plain factors.

    A movie without ratings follows from its content, and the unknown user from the mean of the
    prior of users.

    Args:
        data: The ratings.
        terms: Content terms of each movie, as `movie_terms` gives them.
        params: Hyper-parameters.
        seed: Seed of the chain.
    """
    users = user_features(data)
    movies = movie_features(data, terms, params.fm_content)
    mean = PosteriorMean(users, movies)
    n_draws = params.fm_iterations

    def keep(iteration: int, machine: Any, hyper: Any, _history: Any) -> bool:
        if iteration >= min(_BURN_IN, n_draws - 1):
            mean.add(machine, hyper)
        return False

    sample_chain(data, (users, movies), keep, rank=params.fm_factors, n_draws=n_draws, seed=seed)
    return mean.estimates(data.mean)


def sample_chain(
    data: IndexedRatings,
    blocks: tuple[FeatureBlock, FeatureBlock],
    keep: Any,
    *,
    rank: int,
    n_draws: int,
    seed: int,
) -> Any:
    """Draw from the posterior by Gibbs sampling and return myfm's predictor.

    Args:
        data: The ratings; their mean is taken off.
        blocks: Features of users and of movies.
        keep: Called with the number of each draw, its weights, its hyper-parameters and myfm's
            history; true ends the chain.
        rank: Factors of each feature.
        n_draws: Passes over all weights.
        seed: Seed of the chain.
    """
    gibbs = import_myfm()
    relations = [
        gibbs.RelationBlock(rows, block.rated)
        for rows, block in zip((data.users, data.movies), blocks, strict=True)
    ]
    widths = [width for block in blocks for width in block.widths]
    config = gibbs.ConfigBuilder()
    config.set_task_type(gibbs.TaskType.REGRESSION)
    config.set_group_index(np.repeat(np.arange(len(widths)), widths).tolist())
    config.set_n_iter(n_draws)
    config.set_n_kept_samples(1)
    nothing_else = sp.csr_matrix((len(data), 0), dtype=np.float64)
    deviations = data.stars - data.mean
    predictor, _ = gibbs.create_train_fm(
        rank, _START_SPREAD, nothing_else, relations, deviations, seed, config.build(), keep
    )
    return predictor


@functools.cache
def import_myfm() -> Any:
    """Import myfm, which takes most of a second, on first use.

    It asks for its own version in a way that setuptools has given up, and warns of that.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
        return importlib.import_module("myfm.gibbs")
