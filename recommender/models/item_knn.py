"""Item-kNN: movies are ranked by their likeness to those in the history.

Sarwar et al. 2001, "Item-based collaborative filtering recommendation algorithms"; Deshpande and
Karypis 2004, "Item-based top-N recommendation algorithms", whose sums over the history these are.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from recommender.inference.estimates import Estimates
from recommender.inference.rankings import NeighbourRanking, Ranking
from recommender.models.bias import fit_bias
from recommender.models.ease import largest_columns, neighbour_rows, supported_movies
from recommender.models.indexed import Floats, IndexedRatings
from recommender.models.part_scorer import PartScorer
from recommender.schema import Dataset
from recommender.settings import ModelParams

#: Rows of similarities that are dense at once.
_BLOCK = 1000


def fit_item_knn(data: IndexedRatings, params: ModelParams) -> NeighbourRanking:
    """Return the ``knn_neighbours`` largest similarities of each movie.

    With ``g_i`` the grades of movie i as a vector over users,

        sim(i, j) = g_i . g_j / (|g_i| |g_j| + shrinkage),   sim(i, i) = 0:

    the cosine, less what few common viewers alone can bring about. Movies with too little support
    for EASE take no part here either.
    """
    matrix = data.matrix(data.grades)
    chosen = supported_movies(matrix, params.ease_min_support, params.ease_max_movies)
    grades = sp.csc_array(matrix[:, chosen])
    kept = min(params.knn_neighbours, max(chosen.size - 1, 0))
    columns = np.empty((chosen.size, kept), dtype=np.int64)
    values = np.empty((chosen.size, kept))
    for start in range(0, chosen.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        rows = similarities(grades, np.arange(chosen.size)[block], params.knn_shrinkage)
        columns[block] = largest_columns(rows, kept)
        values[block] = np.take_along_axis(rows, columns[block], axis=1)
    return neighbour_rows(columns, values, chosen, data.n_movies)


def similarities(grades: sp.csc_array, movies: np.ndarray, shrinkage: float) -> Floats:
    """Return the similarity of some movies to all, shape (len(movies), n_movies).

    Args:
        grades: Users by movies.
        movies: Columns of ``grades``.
        shrinkage: In the unit of squared grades.
    """
    lengths = np.sqrt(np.asarray(grades.multiply(grades).sum(axis=0)).ravel())
    products = (grades[:, movies].T @ grades).toarray()
    products /= lengths[movies, np.newaxis] * lengths + shrinkage
    products[np.arange(len(movies)), movies] = 0.0
    return np.asarray(products)


class ItemKNNScorer(PartScorer):
    """Ranks by similarity to the history; its rating estimates are the biases."""

    name = "item-knn"

    def learn(self, dataset: Dataset, data: IndexedRatings) -> tuple[Estimates, Ranking]:
        """Return biases and similarities."""
        del dataset
        bias = fit_bias(data, self.params.bias_user_damping, self.params.bias_movie_damping)
        return bias, fit_item_knn(data, self.params)
