"""A score as a sum of contributions, each of which says what it is and where it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np

from recommender.inference.estimates import Scores
from recommender.scale import IntArray

PartKind = Literal["bias", "neighbour", "feature", "popularity", "wish", "chance"]


@dataclass(frozen=True)
class Contribution:
    """One part of a score.

    Attributes:
        kind: ``neighbour`` for a rated movie that speaks for this one, ``feature`` for content
            and factors, ``popularity`` for what is said of the movie to anyone, ``wish`` for what
            the viewer asked for, ``chance`` for the roulette's noise, else ``bias``.
        label: What it is, in a word or two.
        value: What it adds to the score.
        movie_id: The rated movie that it comes from, if it is one.
    """

    kind: PartKind
    label: str
    value: float
    movie_id: int | None = None


@dataclass(frozen=True, eq=False)
class Attribution:
    """A score as a sum.

    Attributes:
        fixed: What does not come from one rated movie.
        shares: Kind, label and the contribution of each rated movie, shape (n,).
    """

    fixed: tuple[Contribution, ...]
    shares: tuple[tuple[PartKind, str, Scores], ...] = ()

    @property
    def total(self) -> float:
        """The score."""
        history = sum(float(values.sum()) for _, _, values in self.shares)
        return history + sum(part.value for part in self.fixed)

    def by_movie(self, n_rated: int) -> Scores:
        """Return the contribution of each rated movie, shape (n_rated,)."""
        return sum((values for _, _, values in self.shares), start=np.zeros(n_rated))

    @classmethod
    def sum_of(cls, attributions: Iterable[Attribution]) -> Self:
        """Return the sum of several scores."""
        parts = list(attributions)
        return cls(
            tuple(item for part in parts for item in part.fixed),
            tuple(item for part in parts for item in part.shares),
        )

    def limited_by(self, limit: Contribution) -> Attribution:
        """Return the score with one more part."""
        return replace(self, fixed=(*self.fixed, limit))

    def times(self, weight: float) -> Attribution:
        """Return ``weight`` times the score."""
        return Attribution(
            tuple(replace(part, value=weight * part.value) for part in self.fixed),
            tuple((kind, label, weight * values) for kind, label, values in self.shares),
        )

    def contributions(self, rated: IntArray) -> Iterator[Contribution]:
        """Yield what is not 0 of the sum.

        Args:
            rated: Shape (n,), the ids of the rated movies.
        """
        for kind, label, values in self.shares:
            for place in np.flatnonzero(values).tolist():
                yield Contribution(kind, label, float(values[place]), int(rated[place]))
        yield from (part for part in self.fixed if part.value)
