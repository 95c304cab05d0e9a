"""What is known of users and movies besides the stars, as sparse features in named groups.

A user is an id and the movies that he or she rated; a movie is an id, the users who rated it and
the terms of its content. Each set of n features counts ``1 / sqrt(n)`` a member, as in SVD++
(Koren 2008, "Factorization meets the neighborhood", equation 15).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.models.indexed import IndexedRatings

#: Movies that must bear a term for it to be a feature.
_MIN_MOVIES = 2


@dataclass(frozen=True, eq=False)
class FeatureBlock:
    """Features of all users or all movies.

    Attributes:
        matrix: Shape (n + 1, 1 + d), CSR. The first column is 1 in place of an id where there are
            no ratings, also in the last row, which is the unknown user or movie.
        widths: Columns of each group after the first column, ids first; they add up to d.
    """

    matrix: sp.csr_array
    widths: tuple[int, ...]

    @classmethod
    def of(cls, counts: npt.NDArray[np.int64], *sets: sp.csr_array) -> Self:
        """Return ids and groups of set features as one block.

        Args:
            counts: Shape (n,), ratings of each.
            sets: Shape (n, m) each, ones for the members; groups without any are left out.
        """
        rated = np.flatnonzero(counts)
        ids = sp.csr_array(
            (np.ones(rated.size), (rated, np.arange(rated.size))), shape=(counts.size, rated.size)
        )
        groups = [group for group in (ids, *map(_evenly, sets)) if group.nnz]
        newcomers = sp.csr_array(np.append(counts == 0, True)[:, np.newaxis].astype(np.float64))
        known = sp.vstack([sp.hstack(groups), sp.csr_array((1, _width(groups)))])
        matrix = sp.csr_array(sp.hstack([newcomers, known]), dtype=np.float64)
        return cls(matrix, tuple(group.shape[1] for group in groups))

    @property
    def n_features(self) -> int:
        """Number of features that ratings tell about."""
        return sum(self.widths)

    @property
    def rated(self) -> sp.csr_matrix:
        """Features of those with ratings, shape (n + 1, d); other rows are empty."""
        known: npt.NDArray[Any] = 1.0 - self.matrix[:, [0]].toarray().ravel()
        return sp.csr_matrix(sp.diags_array(known) @ self.matrix[:, 1:])


def user_features(data: IndexedRatings) -> FeatureBlock:
    """Return each user's id and implicit neighbourhood: the movies he or she rated."""
    return FeatureBlock.of(data.user_counts, _only_used(data.matrix()))


def movie_features(
    data: IndexedRatings, terms: Sequence[Sequence[str]], kinds: Sequence[str]
) -> FeatureBlock:
    """Return each movie's id, the users who rated it, and a group for each kind of terms.

    Args:
        data: The ratings.
        terms: Of each movie, as `movie_terms` gives them.
        kinds: Kinds of terms to use, for example ``genre``.
    """
    rated = data.movie_counts > 0
    groups = [term_matrix(terms, rated, kind) for kind in kinds]
    return FeatureBlock.of(data.movie_counts, _only_used(sp.csr_array(data.matrix().T)), *groups)


def content_block(
    data: IndexedRatings, terms: Sequence[Sequence[str]], kinds: Sequence[str]
) -> FeatureBlock:
    """Return each movie's id and terms, without the users who rated it; see `movie_features`."""
    rated = data.movie_counts > 0
    groups = [term_matrix(terms, rated, kind) for kind in kinds]
    return FeatureBlock.of(data.movie_counts, *groups)


def term_matrix(
    terms: Sequence[Sequence[str]], rated: npt.NDArray[np.bool_], kind: str
) -> sp.csr_array:
    """Return which movie bears which term of one kind, shape (n_movies, n_terms), ones.

    Terms that fewer than two rated movies bear are left out.
    """
    own = [sorted({term for term in movie if term.startswith(f"{kind}:")}) for movie in terms]
    counts = Counter(term for movie in np.flatnonzero(rated).tolist() for term in own[movie])
    kept = sorted(term for term, count in counts.items() if count >= _MIN_MOVIES)
    columns = {term: column for column, term in enumerate(kept)}
    return _ones([_present(movie, columns) for movie in own], len(columns))


def _present(terms: Sequence[str], columns: Mapping[str, int]) -> list[int]:
    return [columns[term] for term in terms if term in columns]


def _ones(columns: Sequence[Sequence[int]], width: int) -> sp.csr_array:
    indices = np.array([column for row in columns for column in row], dtype=np.int64)
    starts = np.append(0, np.cumsum([len(row) for row in columns])).astype(np.int64)
    return sp.csr_array((np.ones(indices.size), indices, starts), shape=(len(columns), width))


def _only_used(matrix: sp.csr_array) -> sp.csr_array:
    """Return the columns in which there is anything."""
    return matrix[:, np.unique(matrix.indices)]


def _evenly(matrix: sp.csr_array) -> sp.csr_array:
    """Return ``matrix`` of ones with each row divided by the root of its sum."""
    sizes = np.maximum(np.diff(matrix.indptr), 1)
    return sp.csr_array(sp.diags_array(1.0 / np.sqrt(sizes)) @ matrix)


def _width(groups: Sequence[sp.csr_array]) -> int:
    return sum(group.shape[1] for group in groups)
