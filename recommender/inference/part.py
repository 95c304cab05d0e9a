"""One recommender over arrays: estimates ratings, ranks movies, and knows who has seen what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.errors import UsageError
from recommender.inference.estimates import Estimates
from recommender.inference.histories import Histories, History, Viewer, Visitor, read_stars
from recommender.inference.identifiers import UNKNOWN, IdIndex
from recommender.inference.intervals import (
    DEFAULT_LEVEL,
    OF_THE_HYBRID_ALONE,
    Intervals,
    NoIntervals,
)
from recommender.inference.paths import item_paths, path_of
from recommender.inference.rankings import Ranking, best
from recommender.inference.reranking import Reranking
from recommender.scale import FloatArray, IntArray, RatingScale
from recommender.scorer import RatingIntervals, Recommendations

#: Pairs estimated at once, which bounds memory.
_CHUNK = 100_000


@dataclass(frozen=True, eq=False)
class SeenMovies:
    """What is held back from each user's lists.

    Attributes:
        users: Users with anything seen.
        starts: Shape (n_users + 1,), where each user's entries begin.
        movies: Shape (n,), positions in the catalogue, rising within a user.
    """

    users: IdIndex
    starts: IntArray
    movies: IntArray

    def of(self, user_id: int) -> IntArray:
        """Return the positions of the movies that ``user_id`` has seen, rising."""
        position = self.users.position(user_id)
        if position < 0:
            return self.movies[:0]
        return self.movies[int(self.starts[position]) : int(self.starts[position + 1])]


@dataclass(frozen=True, eq=False)
class Audience:
    """What all parts of a model have in common.

    Attributes:
        users: The users of the training data.
        movies: The whole catalogue.
        histories: Training ratings of each user.
        seen: What is held back from lists.
        scale: The rating scale.
    """

    users: IdIndex
    movies: IdIndex
    histories: Histories
    seen: SeenMovies
    scale: RatingScale

    def viewer(self, user_id: int) -> Viewer:
        """Return a user, known or not, as someone to rank for."""
        return self.histories.viewer(self.users.position(user_id), self.scale)

    def visitor(
        self,
        user_id: int | None,
        movie_ids: IntArray | Sequence[int] = (),
        ratings: FloatArray | Sequence[float | None] = (),
    ) -> Visitor:
        """Return someone with the stored ratings of a user, if there are any, and these.

        Args:
            user_id: A user, known or not, or ``None``.
            movie_ids: Shape (n,), oldest first, all later than what is stored. The last rating
                of a movie counts; movies outside the catalogue are counted and left out.
            ratings: Shape (n,), stars, or ``None`` for a like without stars.

        Raises:
            UsageError: The arrays differ in length, or a rating is not of the scale.
        """
        movies = self.movies.positions(np.asarray(movie_ids, dtype=np.int64))
        stars = read_stars(ratings, self.scale)
        if movies.shape != stars.shape or movies.ndim != 1:
            raise UsageError(
                "movie_ids and ratings must be one-dimensional and of one length",
                place="history",
                value=(movies.shape, stars.shape),
            )
        position = UNKNOWN if user_id is None else self.users.position(user_id)
        stored, given = self.histories.history(position), History.of(movies, stars)
        history = stored.followed_by(given) if movies.size else stored
        return Visitor(user_id, position, stored, history, is_folded=bool(given.movies.size))

    def known_to(self, visitor: Visitor) -> IntArray:
        """Return the positions of the movies held back from a visitor's lists."""
        if visitor.user_id is None:
            return visitor.history.movies
        return np.union1d(self.seen.of(visitor.user_id), visitor.history.movies)


@dataclass(frozen=True, eq=False)
class Part:
    """A recommender made of rating estimates and a ranking; satisfies `Recommends`.

    Attributes:
        name: Short role name.
        audience: Users, movies and histories.
        estimates: Rating estimates.
        ranking: Ranking for viewers with a history.
        fallback: Ranking for those without.
        intervals: How sure the rating estimates are.
    """

    name: str
    audience: Audience
    estimates: Estimates
    ranking: Ranking
    fallback: Ranking
    intervals: Intervals = OF_THE_HYBRID_ALONE

    def predict(self, user_ids: IntArray, movie_ids: IntArray) -> FloatArray:
        """Estimate ratings for pairs; see `Recommends.predict`.

        An unknown movie gets the user's mean, an unknown user the movie's damped mean, and where
        both are unknown it is the global mean.

        Raises:
            UsageError: The arrays are not one-dimensional or differ in length.
        """
        users = self.audience.users.positions(user_ids)
        movies = self.audience.movies.positions(movie_ids)
        if users.shape != movies.shape or users.ndim != 1:
            raise UsageError(
                "user_ids and movie_ids must be one-dimensional and of one length",
                place=f"predict of {self.name}",
                value=(users.shape, movies.shape),
            )
        estimates = np.empty(users.size)
        for start in range(0, users.size, _CHUNK):
            rows = slice(start, start + _CHUNK)
            estimates[rows] = self.estimates.pairs(users[rows], movies[rows])
        return self.audience.scale.clip(estimates)

    @property
    def interval_levels(self) -> tuple[float, ...]:
        """The levels at which intervals are calibrated; see `StatesIntervals`."""
        if isinstance(self.intervals, NoIntervals):
            return ()
        return tuple(self.intervals.levels.tolist())

    def rating_intervals(
        self,
        user_ids: IntArray,
        movie_ids: IntArray,
        ratings: FloatArray,
        level: float = DEFAULT_LEVEL,
    ) -> RatingIntervals:
        """Return intervals around the estimates of `predict`; see `StatesIntervals`.

        Raises:
            UsageError: There are no intervals, or none at this level.
        """
        if isinstance(self.intervals, NoIntervals):
            raise UsageError(self.intervals.reason, place=f"intervals of {self.name}")
        users = self.intervals.users[self.audience.users.positions(user_ids)]
        movies = self.audience.movies.positions(movie_ids)
        return self.intervals.around(ratings, users, movies, level, self.audience.scale)

    def recommend(
        self,
        user_id: int,
        k: int,
        *,
        exclude_seen: bool = True,
        reranking: Reranking | None = None,
    ) -> Recommendations:
        """Rank the catalogue for one user; see `Recommends.recommend`.

        Raises:
            UsageError: ``k`` is below 1.
        """
        excluded = self.audience.seen.of(user_id) if exclude_seen else _NOTHING
        viewer = self.audience.viewer(user_id)
        return self.recommend_to(viewer, k, user_id, excluded, reranking)

    def ranking_for(self, viewer: Viewer) -> Ranking:
        """Return the ranking by which a viewer's list is made."""
        return self.ranking if viewer.movies.size else self.fallback

    def recommend_to(
        self,
        viewer: Viewer,
        k: int,
        user_id: int | None,
        excluded: IntArray,
        reranking: Reranking | None = None,
    ) -> Recommendations:
        """Rank the catalogue for a viewer.

        Args:
            viewer: For whom.
            k: Length of the list.
            user_id: What the list is labelled with; ``None`` if it belongs to no user.
            excluded: Positions of movies that must not return.
            reranking: What chooses the list among the best movies; the best ones unless given.

        Raises:
            UsageError: ``k`` is below 1.
        """
        if k < 1:
            raise UsageError(
                "the length of a list must be at least 1",
                place=f"recommend of {self.name}",
                value=k,
            )
        ranking = self.ranking_for(viewer)
        scores = ranking.scores(viewer)
        chosen = best(scores, k if reranking is None else reranking.n_candidates(k), excluded)
        if reranking is not None:
            chosen = chosen[reranking.choose(viewer, chosen, scores[chosen], k)]
        return Recommendations(
            user_id=user_id,
            movie_ids=self.audience.movies.ids[chosen],
            scores=scores[chosen],
            path=path_of(ranking, viewer),
            item_paths=item_paths(ranking, viewer, chosen),
        )


_NOTHING: npt.NDArray[np.int32] = np.zeros(0, dtype=np.int32)
