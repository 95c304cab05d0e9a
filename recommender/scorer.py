"""The protocols behind which every scorer stands, in training and in serving alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, Self, runtime_checkable

from recommender.scale import FloatArray, IntArray

if TYPE_CHECKING:  # a server knows no data sets
    from recommender.schema import Dataset

#: What a list or a score was made from: the history that the model was trained on; a history that
#: it was not trained on, folded in when asked; the movie's content alone; or popularity, where
#: nothing is known of the user or nothing else of the movie.
ScorePath = Literal["personal", "fold-in", "content", "popular"]


@dataclass(frozen=True)
class Recommendations:
    """A ranked list for one user.

    Attributes:
        user_id: For whom, or ``None`` for a history that belongs to no user.
        movie_ids: Shape (n,), n <= k, best first, no repeats.
        scores: Shape (n,), the ranking scores, not on the rating scale; never rising unless the
            list was re-ranked.
        path: What the list was made from.
        item_paths: What each score was made from, of length n; empty where the recommender says
            it of the list as a whole only.
        unknown_movies: Movies of the given history that are not in the catalogue and had no say.
    """

    user_id: int | None
    movie_ids: IntArray
    scores: FloatArray
    path: ScorePath
    item_paths: tuple[ScorePath, ...] = ()
    unknown_movies: int = 0


@dataclass(frozen=True)
class RatingIntervals:
    """Where the ratings lie that are estimated, as far as the errors on held-out ratings tell.

    Attributes:
        level: Share of the ratings that the intervals hold, in (0, 1).
        lows: Shape (n,), stars, within the rating scale, at most the estimate.
        highs: Shape (n,), stars, within the rating scale, at least the estimate.
        groups: Shape (n,), the place in ``group_names`` of the group of held-out ratings whose
            errors decided.
        group_names: What each group consists of, in words, with the number of held-out ratings.
    """

    level: float
    lows: FloatArray
    highs: FloatArray
    groups: IntArray
    group_names: tuple[str, ...]


@dataclass(frozen=True)
class RatingEstimates:
    """Estimated ratings of several movies by one user.

    Attributes:
        user_id: Of whom, or ``None`` for a history that belongs to no user.
        movie_ids: Shape (n,).
        ratings: Shape (n,), stars, within the rating scale.
        paths: What each estimate was made from, of length n.
        unknown_movies: Movies of the given history that are not in the catalogue and had no say.
        intervals: How sure the estimates are, or ``None`` where that is not known.
        no_intervals: Why it is not known, with the count that decided, or ``None``.
    """

    user_id: int | None
    movie_ids: IntArray
    ratings: FloatArray
    paths: tuple[ScorePath, ...]
    unknown_movies: int = 0
    intervals: RatingIntervals | None = None
    no_intervals: str | None = None


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


@runtime_checkable
class StatesIntervals(Protocol):
    """A recommender that says how sure its rating estimates are."""

    @property
    def interval_levels(self) -> tuple[float, ...]:
        """The levels at which intervals are calibrated, rising; empty where there are none."""
        ...

    def rating_intervals(
        self, user_ids: IntArray, movie_ids: IntArray, ratings: FloatArray, level: float
    ) -> RatingIntervals:
        """Return intervals around estimates.

        Args:
            user_ids: Shape (n,); unknown users are allowed.
            movie_ids: Shape (n,); unknown movies are allowed.
            ratings: Shape (n,), stars, what `Recommends.predict` estimates for these pairs.
            level: One of ``interval_levels``.

        Raises:
            UsageError: There are no intervals, or none at this level.
        """
        ...


class Scorer(Recommends, Protocol):
    """A recommender that learns from a dataset."""

    def fit(self, dataset: Dataset) -> Self:
        """Learn from ``dataset`` and return ``self``; same data and seed, same model."""
        ...
