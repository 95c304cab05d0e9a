"""Biases and factors while they are learned: drawn, carried over from a model, and exported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from recommender.errors import UsageError
from recommender.inference.estimates import FactorEstimates
from recommender.inference.identifiers import UNKNOWN, IdIndex

if TYPE_CHECKING:  # a training from columns needs no frames
    from recommender.inference.part import Part
    from recommender.models.indexed import IndexedRatings
    from recommender.models.ratings_by_user import RatingsByUser

Array = npt.NDArray[Any]
#: Rows that are drawn at once: what they take beside the factors stays in the cache.
_DRAWN_AT_ONCE = 1024
#: Bytes of a cache line: rows begin with one and are filled up with zeros, which stay zero.
_LINE = 64


@dataclass(frozen=True, eq=False)
class Factors:
    """The arrays that gradient descent changes in place; the last row is the unknown one, zero.

    Attributes:
        user_bias: Shape (n_users + 1,).
        movie_bias: Shape (n_movies + 1,).
        user_factors: Shape (n_users + 1, d), ``d`` filled up to whole cache lines.
        movie_factors: Shape (n_movies + 1, d).
        implicit_factors: Shape (n_movies + 1, d), the ``y`` of SVD++, or (1, d) and unused.
    """

    user_bias: Array
    movie_bias: Array
    user_factors: Array
    movie_factors: Array
    implicit_factors: Array

    @classmethod
    def zeros(
        cls, n_users: int, n_movies: int, n_factors: int, dtype: npt.DTypeLike, *, implicit: bool
    ) -> Self:
        """Return arrays of zeros."""
        n_implicit = n_movies if implicit else 0
        return cls(
            np.zeros(n_users + 1, dtype),
            np.zeros(n_movies + 1, dtype),
            *(aligned_rows(n + 1, n_factors, dtype) for n in (n_users, n_movies, n_implicit)),
        )

    def arrays(self) -> dict[str, Array]:
        """Return the arrays by name."""
        return dict(vars(self))

    @property
    def finite(self) -> bool:
        """Whether all values are numbers: a sum that takes in NaN or infinity is neither."""
        with np.errstate(all="ignore"):
            return all(np.isfinite(array.sum()) for array in self.arrays().values())

    def copy(self) -> Factors:
        """Return arrays of its own with the same values."""
        copies = Factors(
            self.user_bias.copy(),
            self.movie_bias.copy(),
            *(
                aligned_rows_like(rows)
                for rows in (self.user_factors, self.movie_factors, self.implicit_factors)
            ),
        )
        copies.take(self.arrays())
        return copies

    def take(self, values: Mapping[str, Array]) -> None:
        """Overwrite the arrays with ``values`` of the same names and shapes."""
        for name, array in self.arrays().items():
            array[...] = values[name]

    def draw(
        self, ratings: RatingsByUser, n_factors: int, mean: float, std: float, seed: int
    ) -> None:
        """Draw normal factors for all that have ratings, as Surprise does from the same seed.

        Users first, then movies, then, if there are any, implicit factors; biases stay 0.
        """
        rng = np.random.RandomState(seed)
        users, movies = ratings.users, ratings.rated_movies
        for rows, chosen in (
            (self.user_factors, users),
            (self.movie_factors, movies),
            (self.implicit_factors, movies[: len(self.implicit_factors) - 1]),
        ):
            for some in _pieces(chosen, _DRAWN_AT_ONCE):
                rows[some, :n_factors] = rng.normal(mean, std, (some.size, n_factors))

    def with_implied(self, ratings: RatingsByUser) -> Factors:
        """Return plain factors that estimate alike: ``p_u + |N(u)|^-1/2 sum_j y_j`` per user."""
        if len(self.implicit_factors) == 1:
            return self
        import scipy.sparse as sp  # noqa: PLC0415  # for SVD++ alone

        shares = 1.0 / np.sqrt(np.maximum(ratings.counts, 1))
        rated = sp.csr_array(
            (np.repeat(shares, ratings.counts), ratings.movies.astype(np.int64), ratings.starts),
            shape=(ratings.n_users, ratings.n_movies),
        )
        user_factors = aligned_rows_like(self.user_factors)
        user_factors[:UNKNOWN] = rated @ self.implicit_factors[:UNKNOWN].astype(np.float64)
        user_factors += self.user_factors
        return Factors(
            self.user_bias,
            self.movie_bias,
            user_factors,
            self.movie_factors,
            self.implicit_factors[:1],
        )

    def estimates(self, mean: float, n_factors: int) -> FactorEstimates:
        """Return what was learned without the filling; biases as float64."""
        return FactorEstimates(
            mean=mean,
            user_bias=self.user_bias.astype(np.float64),
            movie_bias=self.movie_bias.astype(np.float64),
            user_factors=self.user_factors[:, :n_factors].copy(),
            movie_factors=self.movie_factors[:, :n_factors].copy(),
        )


@dataclass(frozen=True, eq=False)
class WarmStart:
    """A model from which another one starts, for example the one in production.

    Attributes:
        estimates: What it learned.
        users: The users behind its rows.
        movies: The movies behind its rows.
    """

    estimates: FactorEstimates
    users: IdIndex
    movies: IdIndex

    @classmethod
    def of_part(cls, part: Part) -> Self:
        """Return the start from a part of a bundle.

        Raises:
            UsageError: It does not estimate by factors alone.
        """
        if not isinstance(part.estimates, FactorEstimates):
            raise UsageError(
                "cannot start from a model that is not made of factors alone",
                place=f"warm start from {part.name}",
                remedy="Take the part 'svd'.",
            )
        return cls(part.estimates, part.audience.users, part.audience.movies)

    def carry_over(
        self, factors: Factors, data: IndexedRatings, mean: float, n_factors: int
    ) -> None:
        """Overwrite the drawn rows of all users and movies that the model has learned.

        What it estimates for pairs it knew stays as it was: user biases take up the difference of
        the two means. Who or what is new, or has no factors in the model, keeps the drawn ones.
        Implicit factors begin at 0, since the model's user factors contain what they said.

        Args:
            factors: Drawn for ``data``; changed in place.
            data: What will be learned from.
            mean: The level of the new model, in stars.
            n_factors: Of the new model.

        Raises:
            UsageError: The model has another number of factors.
        """
        old = self.estimates
        if old.user_factors.shape[1] != n_factors:
            raise UsageError(
                f"the model has {old.user_factors.shape[1]} factors, and {n_factors} are wanted",
                place="warm start",
                remedy="Set n_factors to the model's, or start without it.",
            )
        users, old_users = _carried(old.user_factors, self.users, data.user_index)
        movies, old_movies = _carried(old.movie_factors, self.movies, data.movie_index)
        factors.user_bias[users] = old.user_bias[old_users] + (old.mean - mean)
        factors.movie_bias[movies] = old.movie_bias[old_movies]
        factors.user_factors[users, :n_factors] = old.user_factors[old_users]
        factors.movie_factors[movies, :n_factors] = old.movie_factors[old_movies]
        factors.implicit_factors[...] = 0.0


def _pieces(rows: Array, size: int) -> Iterator[Array]:
    return (rows[at : at + size] for at in range(0, rows.size, size))


def _carried(rows: Array, old: IdIndex, new: IdIndex) -> tuple[Array, Array]:
    """Return the new positions of what has factors in ``rows``, and the old ones."""
    places = old.positions(new.ids)
    learned = (places >= 0) & np.asarray(rows.any(axis=1))[places]
    return np.flatnonzero(learned), places[learned]


def aligned_rows(n_rows: int, n_columns: int, dtype: npt.DTypeLike) -> Array:
    """Return zeros whose rows begin with a cache line, as many columns as fill whole lines.

    >>> aligned_rows(3, 50, np.float32).shape
    (3, 64)
    """
    size = np.dtype(dtype).itemsize
    width = -(-n_columns * size // _LINE) * _LINE // size
    store = np.zeros(n_rows * width + _LINE // size, dtype)
    skipped = -store.ctypes.data % _LINE // size
    return store[skipped : skipped + n_rows * width].reshape(n_rows, width)


def aligned_rows_like(rows: Array) -> Array:
    """Return zeros of the shape and type of ``rows``, aligned."""
    return aligned_rows(len(rows), rows.shape[1], rows.dtype)
