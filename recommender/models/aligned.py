"""Metadata-aligned EASE: movies without ratings get item-item weights from their content.

EASE gives a movie that few have rated no weights. Content says which movies it resembles, so the
weights that lead to it can be expected from it (Jeunen, Van Balen and Goethals 2020, "Closed-form
models for collaborative filtering with side-information", who stack ratings and side-information;
here the alignment is a regression on the weights, whose size is that of the features and not of the
catalogue). With ``f_i = (1, features of movie i)`` for the movies that EASE knows,

    C = argmin sum_i |W[:, i] - C f_i|^2 + mu |C|^2 = W F (F'F + mu I)^-1,

and the weight from movie j to a movie i without ratings is ``C[j] . f_i``. A score is a sum over
the history, so ``x' C`` is all that is needed of it: no weight is stored.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.inference.estimates import Estimates
from recommender.inference.rankings import (
    AlignedRanking,
    ImplicitRanking,
    NeighbourRanking,
    Ranking,
)
from recommender.models.bias import fit_bias
from recommender.models.ease import fit_ease
from recommender.models.features import content_features, movie_terms
from recommender.models.indexed import Floats, IndexedRatings
from recommender.models.part_scorer import PartScorer
from recommender.schema import Dataset
from recommender.settings import ModelParams


def align(neighbours: NeighbourRanking, features: Floats, params: ModelParams) -> AlignedRanking:
    """Return EASE's weights, completed by content for the movies that have none.

    Args:
        neighbours: EASE's weights.
        features: Shape (n_movies, d), content features.
        params: Holds the penalty ``mu``.
    """
    n_movies = len(features)
    weights = sp.csr_array(
        (neighbours.weights, neighbours.movies, neighbours.starts), shape=(n_movies, n_movies)
    )
    design, gram = _regression(features, neighbours.known, params.alignment_regularization)
    loadings = np.linalg.solve(gram, (weights @ design).T).T
    return AlignedRanking(
        neighbours, np.asfortranarray(features, dtype=np.float32), loadings.astype(np.float32)
    )


def align_factors(
    implicit: ImplicitRanking, features: Floats, params: ModelParams
) -> ImplicitRanking:
    """Return iALS's factors, completed by content for the movies that have none.

    Gantner et al. 2010, "Learning attribute-to-feature mappings for cold-start recommendations":
    a ridge regression of the factors on the features. Viewers' factors stay what they are, but
    for what those movies in their history add.
    """
    known: npt.NDArray[np.bool_] = np.any(implicit.factors != 0.0, axis=1)
    design, gram = _regression(features, known, params.alignment_regularization)
    factors = np.column_stack([np.ones(len(features)), features]) @ np.linalg.solve(
        gram, design.T @ implicit.factors
    )
    completed = np.where(known[:, np.newaxis], implicit.factors, factors.astype(np.float32))
    return replace(implicit, factors=np.asfortranarray(completed))


def _regression(
    features: Floats, known: npt.NDArray[np.bool_], penalty: float
) -> tuple[Floats, Floats]:
    """Return ``F``, rows of the unknown 0, and ``F'F + mu I``."""
    design = np.column_stack([np.ones(len(features)), features]) * known[:, np.newaxis]
    return design, design.T @ design + penalty * np.eye(design.shape[1])


class MetadataEASEScorer(PartScorer):
    """Ranks by item-item weights, those of movies without ratings from their content."""

    name = "metadata-ease"

    def learn(self, dataset: Dataset, data: IndexedRatings) -> tuple[Estimates, Ranking]:
        """Return biases and aligned weights."""
        bias = fit_bias(data, self.params.bias_user_damping, self.params.bias_movie_damping)
        features = content_features(
            movie_terms(dataset), data.movie_counts > 0, self.params.content_factors, self.seed
        )
        return bias, align(fit_ease(data, self.params), features, self.params)
