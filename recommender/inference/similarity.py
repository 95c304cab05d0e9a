"""How alike two movies are: by content and by who watches both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.inference.estimates import Scores
from recommender.inference.rankings import NeighbourRanking
from recommender.scale import FloatArray


@dataclass(frozen=True, eq=False)
class MovieSimilarity:
    """Cosine of content features plus the weight that one movie gives another in the ranking.

    Attributes:
        features: Shape (n_movies, d), rows of unit length or zero.
        neighbours: Item-item weights.
        neighbour_weight: Factor of the item-item weights, each divided by the row's largest.
    """

    features: FloatArray
    neighbours: NeighbourRanking
    neighbour_weight: float

    def to(self, movie: int) -> Scores:
        """Return the similarity of every movie to ``movie``, shape (n_movies,)."""
        cosine, together = self.parts(movie)
        return cosine + together

    def parts(self, movie: int) -> tuple[Scores, Scores]:
        """Return what content and what being watched together add to it, each (n_movies,)."""
        cosine = np.asarray(self.features @ self.features[movie], dtype=np.float64)
        row = self.neighbours.row(movie)
        largest = float(np.abs(row).max(initial=0.0))
        return cosine, self.neighbour_weight * row / largest if largest > 0.0 else np.zeros_like(
            row
        )
