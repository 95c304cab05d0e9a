"""How sure a rating estimate is: intervals from the errors made on held-out training ratings.

Split conformal prediction (Vovk, Gammerman and Shafer 2005, chapter 4; Lei et al. 2018), which
assumes no distribution: of the ``n`` sorted errors ``rating - estimate``, an interval of level
``1 - a`` reaches from the ``floor((n + 1) a / 2)``-th to the ``ceil((n + 1)(1 - a / 2))``-th. If
the ratings to come are exchangeable with those held out, each side misses at most ``a / 2`` of
them (Romano, Patterson and Candes 2019, theorem 2). Errors are taken by group (Mondrian; Vovk et
al., section 4.5): by how many ratings there are of the user and of the movie, and by the estimate,
so that a new user gets a wider interval, and the best estimates, which the scale bounds, a narrower
one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from recommender.errors import UsageError
from recommender.scale import FloatArray, IntArray, RatingScale
from recommender.scorer import RatingIntervals

#: The level at which intervals are stated unless another one is asked for.
DEFAULT_LEVEL = 0.8
#: Fewest ratings of a user or a movie in each class of support; below the first there are none.
SUPPORT_STARTS = (1, 10, 50)
#: In place of a class: any of them.
ANY = -1
_PREFIX = "interval."


def support_classes(n_ratings: IntArray) -> npt.NDArray[np.uint8]:
    """Return the class of support of each user or movie, shape as ``n_ratings``.

    >>> support_classes(np.array([0, 1, 9, 10, 49, 50])).tolist()
    [0, 1, 1, 2, 2, 3]
    """
    return np.searchsorted(SUPPORT_STARTS, n_ratings, side="right").astype(np.uint8)


@dataclass(frozen=True)
class NoIntervals:
    """Intervals cannot be stated.

    Attributes:
        reason: Why, in a sentence without a full stop, with the count that decided.
    """

    reason: str


#: What parts of the hybrid, and scorers of their own, say.
OF_THE_HYBRID_ALONE = NoIntervals("intervals are calibrated for the estimates of the hybrid alone")


@dataclass(frozen=True, eq=False)
class CalibratedIntervals:
    """The errors of held-out ratings, by group, and who and what belongs to which.

    Attributes:
        levels: Shape (n_levels,), rising, in (0, 1).
        edges: Shape (n_bands - 1,), stars, rising: where a band of estimates ends.
        keys: Shape (n_groups, 3), the class of users, of movies and of estimates, or `ANY`.
        sizes: Shape (n_groups,), held-out ratings behind each group.
        errors: Shape (n_levels, n_groups, 2), the errors in stars from which and up to which the
            interval of each level reaches; the first is at most 0, the second at least 0.
        cells: Shape (n_supports, n_supports, n_bands), the group that decides for a class of
            users, of movies and of estimates.
        users: Shape (n_users + 1,), the class of each user; the unknown one is last.
        movies: Shape (n_movies + 1,), likewise.
    """

    levels: FloatArray
    edges: FloatArray
    keys: IntArray
    sizes: IntArray
    errors: FloatArray
    cells: IntArray
    users: npt.NDArray[np.uint8]
    movies: npt.NDArray[np.uint8]

    def around(
        self,
        estimates: FloatArray,
        users: IntArray | int,
        movies: IntArray,
        level: float,
        scale: RatingScale,
    ) -> RatingIntervals:
        """Return the intervals of estimates.

        Args:
            estimates: Shape (n,), stars, within the scale.
            users: The class of support of all users, or of each, shape (n,).
            movies: Shape (n,), positions.
            level: One of ``levels``.
            scale: The rating scale, which no interval leaves.

        Raises:
            UsageError: There is no such level.
        """
        errors = self.errors[self._place(level)]
        bands = np.zeros(estimates.shape, dtype=np.intp)
        for edge in self.edges.tolist():
            bands += estimates > edge
        groups = self.cells[users, self.movies[movies], bands]
        return RatingIntervals(
            level=level,
            lows=scale.clip(estimates + errors[groups, 0]),
            highs=scale.clip(estimates + errors[groups, 1]),
            groups=groups,
            group_names=self.group_names,
        )

    @cached_property
    def group_names(self) -> tuple[str, ...]:
        """What each group consists of, in words, with the number of held-out ratings."""
        return tuple(
            f"{self._name(key)} ({size} held-out ratings)"
            for key, size in zip(self.keys.tolist(), self.sizes.tolist(), strict=True)
        )

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of a bundle."""
        return {f"{_PREFIX}{item.name}": getattr(self, item.name) for item in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Return the intervals that `to_arrays` wrote."""
        return cls(*(arrays[f"{_PREFIX}{item.name}"] for item in fields(cls)))

    def _place(self, level: float) -> int:
        places = np.flatnonzero(np.isclose(self.levels, level, rtol=0.0, atol=1e-9))
        if not places.size:
            known = ", ".join(f"{item:g}" for item in self.levels.tolist())
            raise UsageError(
                "intervals are not calibrated at this level",
                place="level",
                value=level,
                remedy=f"Levels: {known}; model.interval_levels sets them for the next training.",
            )
        return int(places[0])

    def _name(self, key: list[int]) -> str:
        user, movie, band = key
        parts = []
        if user != ANY:
            parts.append(f"users with {_support_name(user)}")
        if movie != ANY:
            parts.append(f"movies with {_support_name(movie)}")
        if band != ANY:
            parts.append(_band_name(self.edges, band))
        return ", ".join(parts) or "all users and movies"


Intervals = CalibratedIntervals | NoIntervals


def _support_name(support: int) -> str:
    if support == 0:
        return "no ratings"
    start = SUPPORT_STARTS[support - 1]
    if support == len(SUPPORT_STARTS):
        return f"{start} or more ratings"
    return f"{start} to {SUPPORT_STARTS[support] - 1} ratings"


def _band_name(edges: FloatArray, band: int) -> str:
    if band == 0:
        return f"estimates up to {edges[0]:.2f}"
    if band == len(edges):
        return f"estimates above {edges[-1]:.2f}"
    return f"estimates above {edges[band - 1]:.2f} up to {edges[band]:.2f}"
