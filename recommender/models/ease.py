"""EASE, the item-item regression that ranks (Steck 2019, "Embarrassingly shallow autoencoders")."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.inference.estimates import Estimates
from recommender.inference.rankings import NeighbourRanking, Ranking
from recommender.models.bias import fit_bias
from recommender.models.indexed import Floats, IndexedRatings, Positions
from recommender.models.lapack import invert_lower
from recommender.models.memory import state_memory
from recommender.models.part_scorer import PartScorer
from recommender.schema import Dataset
from recommender.settings import ModelParams

#: Rows of weights that are handled at once.
_BLOCK = 1000


def fit_ease(data: IndexedRatings, params: ModelParams) -> NeighbourRanking:
    """Return the item-item weights, the largest ``ease_neighbours`` of each movie.

    ``X`` holds the grades of the ratings. The weights minimise ``|X - X W|^2 + lambda |W|^2``
    under a zero diagonal, which has the closed form

        P = (X'X + lambda I)^-1,   W[j, i] = -P[j, i] / P[i, i],   W[i, i] = 0.

    Movies with fewer than ``ease_min_support`` positive grades, and beyond the
    ``ease_max_movies`` best supported, neither have nor get weights. Memory is stated before it
    is used; see `ease_memory`.

    Raises:
        UsageError: The memory is not there.
    """
    matrix = data.matrix(data.grades)
    chosen = supported_movies(matrix, params.ease_min_support, params.ease_max_movies)
    state_memory(
        ease_memory(matrix.shape[0], chosen.size, params.ease_neighbours),
        what=f"EASE over {chosen.size:,} movies",
        setting="ease_max_movies",
        value=params.ease_max_movies,
    )
    weights = ease_weights(matrix[:, chosen], params.ease_regularization)
    return keep_largest(weights, chosen, data.n_movies, params.ease_neighbours)


def supported_movies(matrix: sp.csr_array, min_support: int, max_movies: int) -> Positions:
    """Return the movies that take part, rising; of equal support the first ones."""
    support = np.bincount(matrix.indices, minlength=matrix.shape[1])
    by_support = np.argsort(-support, kind="stable")[:max_movies]
    return np.sort(by_support[support[by_support] >= max(min_support, 1)])


def ease_memory(n_users: int, n_movies: int, n_neighbours: int) -> int:
    """Return about how many bytes `fit_ease` needs at most.

    One matrix of movies by movies, in which the Gram matrix, its inverse and the weights take
    turns; with fewer users than movies two of users by movies besides; blocks of rows; and the
    weights kept.

    >>> ease_memory(n_users=160_000, n_movies=8000, n_neighbours=500) / 1e9
    0.736
    """
    dense = n_movies**2
    by_users = 2 * n_users * n_movies if n_users < n_movies else 0
    blocks = 2 * min(_BLOCK, n_movies) * n_movies
    kept = 3 * n_movies * min(n_neighbours, n_movies)
    return 8 * (dense + by_users + blocks + kept)


def ease_weights(matrix: sp.csr_array, regularization: float) -> Floats:
    """Return the dense weights of all columns of ``matrix``, shape (m, m)."""
    n_users, n_movies = matrix.shape
    if not n_movies:
        return np.zeros((0, 0))
    if n_users < n_movies:
        weights = _inverse_by_users(matrix.toarray(), regularization)
    else:
        weights = _inverse_by_movies(matrix, regularization)
    weights /= -np.diag(weights).copy()
    np.fill_diagonal(weights, 0.0)
    return weights


def _inverse_by_users(matrix: Floats, regularization: float) -> Floats:
    """Return ``P`` by way of a matrix as large as there are users (the Woodbury identity).

    ``lambda P = I - X' (X X' + lambda I)^-1 X``.
    """
    gram = matrix @ matrix.T
    gram[np.diag_indices(len(gram))] += regularization
    inverse = matrix.T @ np.linalg.solve(gram, matrix)
    inverse *= -1.0
    inverse[np.diag_indices(len(inverse))] += 1.0
    inverse /= regularization
    return inverse


def _inverse_by_movies(matrix: sp.csr_array, regularization: float) -> Floats:
    """Return ``P`` by a Cholesky factorization in place: half the work, and no second matrix."""
    gram = gram_upper(matrix).T
    gram[np.diag_indices(len(gram))] += regularization
    invert_lower(gram)
    mirror_lower(gram)
    return np.asarray(gram)


def gram_upper(matrix: sp.csr_array) -> Floats:
    """Return ``X'X`` on and above the diagonal, shape (m, m), zeros below it.

    Args:
        matrix: Shape (n, m), rows in the order of their columns or not.
    """
    by_movie = sp.csc_array(matrix)
    by_user = sp.csr_array(by_movie)
    gram = np.zeros((matrix.shape[1], matrix.shape[1]))
    _kernel()(
        (by_movie.indptr, by_movie.indices, by_movie.data),
        (by_user.indptr.astype(np.int64), by_user.indices, by_user.data),
        gram,
    )
    return gram


def _add_products(by_movie: Any, by_user: Any, gram: Floats) -> None:
    """Add ``x_uj x_ui`` for each user ``u`` and each pair of movies ``j <= i`` to ``gram[j, i]``.

    One row of ``gram`` at a time, which stays in the cache; all that is left of a user's ratings
    is then later in the order of the movies than the row.

    Args:
        by_movie: ``X`` by columns: starts, rows and values.
        by_user: ``X`` by rows, whose columns rise: starts, columns and values; the starts are
            moved on.
        gram: Shape (m, m), changed in place.
    """
    movie_starts, users, _ = by_movie
    user_starts, movies, values = by_user
    ends = user_starts[1:].copy()
    for movie in range(movie_starts.size - 1):
        sums = gram[movie]
        for place in range(movie_starts[movie], movie_starts[movie + 1]):
            user = users[place]
            first = user_starts[user]
            own = values[first]
            for at in range(first, ends[user]):
                sums[movies[at]] += own * values[at]
            user_starts[user] = first + 1


@cache
def _kernel() -> Callable[..., Any]:
    """Return `_add_products`, compiled at its first call or taken from the cache on disk."""
    kernel: Callable[..., Any] = numba.njit(cache=True, nogil=True)(_add_products)
    return kernel


def mirror_lower(matrix: Floats) -> None:
    """Copy the lower triangle of a square matrix over the upper one, in place, block by block."""
    n = len(matrix)
    for start in range(0, n, _BLOCK):
        block = slice(start, start + _BLOCK)
        below = slice(start + _BLOCK, n)
        corner = np.tril(matrix[block, block], -1)
        matrix[block, block] = corner + corner.T + np.diag(np.diag(matrix[block, block]))
        matrix[block, below] = matrix[below, block].T


def keep_largest(
    weights: Floats, chosen: Positions, n_movies: int, n_neighbours: int
) -> NeighbourRanking:
    """Return the ``n_neighbours`` weights of largest magnitude in each row, by position.

    Args:
        weights: Shape (m, m).
        chosen: Shape (m,), the positions that rows and columns stand for, rising.
        n_movies: Size of the catalogue.
        n_neighbours: Most weights in a row.
    """
    kept = min(n_neighbours, max(chosen.size - 1, 0))
    columns = np.empty((chosen.size, kept), dtype=np.int64)
    for start in range(0, chosen.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        columns[block] = largest_columns(weights[block], kept)
    return neighbour_rows(columns, np.take_along_axis(weights, columns, axis=1), chosen, n_movies)


def largest_columns(weights: Floats, kept: int) -> Positions:
    """Return the columns of the ``kept`` largest magnitudes in each row, rising."""
    dropped = weights.shape[1] - kept
    order = np.argpartition(np.abs(weights), min(dropped, weights.shape[1] - 1), axis=1)
    return np.sort(order[:, dropped:], axis=1)


def neighbour_rows(
    columns: Positions, values: Floats, chosen: Positions, n_movies: int
) -> NeighbourRanking:
    """Return weights as sparse rows over the catalogue.

    Args:
        columns: Shape (m, kept), places in ``chosen``, rising in a row.
        values: Shape (m, kept).
        chosen: Shape (m,), the positions that rows and columns stand for, rising.
        n_movies: Size of the catalogue.
    """
    starts: npt.NDArray[Any] = np.zeros(n_movies + 1, dtype=np.int64)
    starts[chosen + 1] = columns.shape[1]
    return NeighbourRanking(
        starts=np.cumsum(starts),
        movies=chosen[columns].astype(np.int32).ravel(),
        weights=values.astype(np.float32).ravel(),
    )


class EASEScorer(PartScorer):
    """Ranks by item-item weights; its rating estimates are the biases, since EASE has none."""

    name = "ease"

    def learn(self, dataset: Dataset, data: IndexedRatings) -> tuple[Estimates, Ranking]:
        """Return biases and item-item weights."""
        del dataset
        bias = fit_bias(data, self.params.bias_user_damping, self.params.bias_movie_damping)
        return bias, fit_ease(data, self.params)
