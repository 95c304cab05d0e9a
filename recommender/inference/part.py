"""One recommender over arrays: estimates ratings, ranks movies, and knows who has seen what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.errors import UsageError
from recommender.inference.estimates import Estimates
from recommender.inference.histories import Histories, Viewer
from recommender.inference.identifiers import IdIndex
from recommender.inference.rankings import Ranking, best
from recommender.schema import FloatArray, IntArray, RatingScale
from recommender.scorer import Recommendations

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


@dataclass(frozen=True, eq=False)
class Part:
    """A recommender made of rating estimates and a ranking; satisfies `Recommends`.

    Attributes:
        name: Short role name.
        audience: Users, movies and histories.
        estimates: Rating estimates.
        ranking: Ranking for viewers with a history.
        fallback: Ranking for those without.
    """

    name: str
    audience: Audience
    estimates: Estimates
    ranking: Ranking
    fallback: Ranking

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

    def recommend(self, user_id: int, k: int, *, exclude_seen: bool = True) -> Recommendations:
        """Rank the catalogue for one user; see `Recommends.recommend`.

        Raises:
            UsageError: ``k`` is below 1.
        """
        excluded = self.audience.seen.of(user_id) if exclude_seen else _NOTHING
        return self.recommend_to(self.audience.viewer(user_id), k, user_id, excluded)

    def recommend_to(
        self, viewer: Viewer, k: int, user_id: int, excluded: IntArray
    ) -> Recommendations:
        """Rank the catalogue for a viewer.

        Args:
            viewer: For whom.
            k: Length of the list.
            user_id: What the list is labelled with.
            excluded: Positions of movies that must not return.

        Raises:
            UsageError: ``k`` is below 1.
        """
        if k < 1:
            raise UsageError(
                "the length of a list must be at least 1",
                place=f"recommend of {self.name}",
                value=k,
            )
        ranking = self.ranking if viewer.movies.size else self.fallback
        scores = ranking.scores(viewer)
        chosen = best(scores, k, excluded)
        return Recommendations(
            user_id=user_id,
            movie_ids=self.audience.movies.ids[chosen],
            scores=scores[chosen],
            path=ranking.path(viewer) if viewer.movies.size else "popular",
        )


_NOTHING: npt.NDArray[np.int32] = np.zeros(0, dtype=np.int32)
