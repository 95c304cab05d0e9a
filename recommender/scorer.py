"""The protocols behind which every scorer stands, in training and in serving alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, Self

from recommender.schema import Dataset, FloatArray, IntArray

#: What a list or a score was made from: the user's own history, the movie's content alone,
#: or, for a user without any history, popularity.
ScorePath = Literal["personal", "content", "popular"]


@dataclass(frozen=True)
class Recommendations:
    """A ranked list for one user.

    Attributes:
        user_id: For whom.
        movie_ids: Shape (n,), n <= k, best first, no repeats.
        scores: Shape (n,), the ranking scores, never rising; not on the rating scale.
        path: What the list was made from.
    """

    user_id: int
    movie_ids: IntArray
    scores: FloatArray
    path: ScorePath


class Recommends(Protocol):
    """Anything that estimates ratings and ranks movies."""

    @property
    def name(self) -> str:
        """Short role name, for example ``svd``; used in tables and metric keys."""
        ...

    def predict(self, user_ids: IntArray, movie_ids: IntArray) -> FloatArray:
        """Estimate ratings for pairs.

        Args:
            user_ids: Shape (n,); unknown users are allowed.
            movie_ids: Shape (n,); unknown movies are allowed.

        Returns:
            Shape (n,), float64, stars, finite and within the rating scale.
        """
        ...

    def recommend(self, user_id: int, k: int, *, exclude_seen: bool = True) -> Recommendations:
        """Rank the catalogue for one user, known or not, and return the best ``k``.

        Ties are broken by ascending ``movie_id``. Movies that the user has rated in the
        training data never return unless ``exclude_seen`` is false.

        Raises:
            UsageError: ``k`` is below 1.
        """
        ...


class Scorer(Recommends, Protocol):
    """A recommender that learns from a dataset."""

    def fit(self, dataset: Dataset) -> Self:
        """Learn from ``dataset`` and return ``self``; same data and seed, same model."""
        ...
