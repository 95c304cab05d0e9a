"""The recommender that is measured, registered and served: a bundle, memory-mapped."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt

from recommender.bundle import Bundle
from recommender.errors import BundleError, UsageError
from recommender.inference.catalogue import Catalogue
from recommender.inference.components import PART_NAMES, Components
from recommender.inference.estimates import Scores
from recommender.inference.histories import Histories, Viewer, grade
from recommender.inference.identifiers import UNKNOWN, IdIndex
from recommender.inference.part import Audience, Part, SeenMovies
from recommender.inference.rankings import best
from recommender.schema import FloatArray, IntArray, RatingScale
from recommender.scorer import Recommendations

#: The user id on lists that belong to no user; no data set has negative ids.
NO_USER = -1


class Recommender:
    """Estimates, lists and facts from one bundle; satisfies `Recommends`.

    Args:
        audience: Users, movies and histories.
        components: Everything that scores.
        catalogue: What is shown of a movie.
    """

    def __init__(self, audience: Audience, components: Components, catalogue: Catalogue) -> None:
        self._audience = audience
        self._catalogue = catalogue
        self._parts = components.parts(audience)
        self._hybrid = self._parts["hybrid"]
        self._similarity = components.similarity()

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> Self:
        """Return the recommender of ``bundle``; arrays stay memory-mapped.

        Raises:
            BundleError: The bundle lacks an array or setting that scoring needs.
        """
        # Plain views of the mapped arrays: the subclass slows every operation down.
        arrays: dict[str, npt.NDArray[Any]] = {name: np.asarray(bundle[name]) for name in bundle}
        try:
            components = Components.from_arrays(arrays, bundle.manifest.scoring)
            audience = _read_audience(arrays, bundle.manifest.scoring)
            return cls(audience, components, Catalogue.from_arrays(arrays))
        except KeyError as error:
            raise BundleError(
                "the bundle lacks something that scoring needs",
                place=str(bundle.path),
                value=error.args[0],
                remedy="Train again with this version of the project.",
            ) from error

    @property
    def name(self) -> str:
        """``hybrid``."""
        return self._hybrid.name

    @property
    def part_names(self) -> tuple[str, ...]:
        """The hybrid and its parts."""
        return PART_NAMES

    @property
    def movie_ids(self) -> IntArray:
        """Shape (n_movies,), int32, the whole catalogue, rising."""
        return self._audience.movies.ids

    @property
    def user_ids(self) -> IntArray:
        """Shape (n_users,), int32, the users with training ratings, rising."""
        return self._audience.users.ids

    @property
    def scale(self) -> RatingScale:
        """The rating scale of the estimates."""
        return self._audience.scale

    def part(self, name: str) -> Part:
        """Return the hybrid or one of its parts.

        Raises:
            UsageError: There is no such part.
        """
        if name not in self._parts:
            raise UsageError(
                "there is no such part", value=name, remedy=f"Parts: {', '.join(PART_NAMES)}."
            )
        return self._parts[name]

    def predict(self, user_ids: IntArray, movie_ids: IntArray) -> FloatArray:
        """Estimate ratings for pairs; see `Recommends.predict`."""
        return self._hybrid.predict(user_ids, movie_ids)

    def recommend(self, user_id: int, k: int, *, exclude_seen: bool = True) -> Recommendations:
        """Rank the catalogue for one user; see `Recommends.recommend`."""
        return self._hybrid.recommend(user_id, k, exclude_seen=exclude_seen)

    def recommend_for_history(
        self, movie_ids: IntArray, ratings: FloatArray, k: int
    ) -> Recommendations:
        """Rank the catalogue for someone with this history, which is excluded from the list.

        Args:
            movie_ids: Shape (n,), oldest first; movies outside the catalogue are passed over.
            ratings: Shape (n,), stars.
            k: Length of the list.

        Returns:
            A list labelled with `NO_USER`.

        Raises:
            UsageError: ``k`` is below 1 or the arrays differ in length.
        """
        movies = self._audience.movies.positions(movie_ids)
        stars = np.asarray(ratings, dtype=np.float64)
        if movies.shape != stars.shape or movies.ndim != 1:
            raise UsageError(
                "movie_ids and ratings must be one-dimensional and of one length",
                place="recommend_for_history",
                value=(movies.shape, stars.shape),
            )
        inside = movies != UNKNOWN
        viewer = Viewer(UNKNOWN, movies[inside], grade(stars[inside], self.scale))
        return self._hybrid.recommend_to(viewer, k, NO_USER, viewer.movies)

    def similar(self, movie_id: int, k: int) -> tuple[IntArray, FloatArray]:
        """Return the ``k`` nearest movies and their similarity, best first, without itself.

        Raises:
            UsageError: ``k`` is below 1 or the movie is not in the catalogue.
        """
        if k < 1:
            raise UsageError("the number of movies must be at least 1", place="similar", value=k)
        movie = self._movie(movie_id)
        scores: Scores = self._similarity.to(movie)
        chosen = best(scores, k, np.array([movie]))
        return self.movie_ids[chosen], scores[chosen]

    def seen(self, user_id: int) -> IntArray:
        """Return the ids of the movies held back from a user's lists, rising, shape (n,)."""
        return self.movie_ids[self._audience.seen.of(user_id)]

    def title(self, movie_id: int) -> str:
        """Return the title of a movie, without the year.

        Raises:
            UsageError: The movie is not in the catalogue.
        """
        return self._catalogue.title(self._movie(movie_id))

    def year(self, movie_id: int) -> int | None:
        """Return the year of a movie, if it is known.

        Raises:
            UsageError: The movie is not in the catalogue.
        """
        return self._catalogue.year(self._movie(movie_id))

    def genres(self, movie_id: int) -> tuple[str, ...]:
        """Return the genres of a movie.

        Raises:
            UsageError: The movie is not in the catalogue.
        """
        return self._catalogue.genre_names(self._movie(movie_id))

    def _movie(self, movie_id: int) -> int:
        position = self._audience.movies.position(movie_id)
        if position == UNKNOWN:
            raise UsageError("the movie is not in the catalogue", value=movie_id)
        return position


def audience_arrays(audience: Audience, seen: SeenMovies) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a bundle that hold users, movies, histories and what was seen."""
    return {
        "users.ids": audience.users.ids,
        "movies.ids": audience.movies.ids,
        "history.starts": audience.histories.starts,
        "history.movies": audience.histories.movies,
        "history.ratings": audience.histories.ratings,
        "seen.users": seen.users.ids,
        "seen.starts": seen.starts,
        "seen.movies": seen.movies,
    }


def _read_audience(arrays: dict[str, npt.NDArray[Any]], scoring: dict[str, Any]) -> Audience:
    return Audience(
        users=IdIndex(arrays["users.ids"]),
        movies=IdIndex(arrays["movies.ids"]),
        histories=Histories(
            arrays["history.starts"], arrays["history.movies"], arrays["history.ratings"]
        ),
        seen=SeenMovies(
            IdIndex(arrays["seen.users"]), arrays["seen.starts"], arrays["seen.movies"]
        ),
        scale=RatingScale(**scoring["scale"]),
    )
