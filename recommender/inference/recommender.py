"""The recommender that is measured, registered and served: a bundle, memory-mapped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from recommender.bundle import Bundle, require_format
from recommender.errors import BundleError, UsageError
from recommender.inference.attributions import Contribution
from recommender.inference.browsing import Browser, SortKey, Wanted
from recommender.inference.catalogue import CREDIT_TEXTS, Catalogue
from recommender.inference.choices import Choice
from recommender.inference.components import PART_NAMES, Components
from recommender.inference.estimates import Estimates, Scores
from recommender.inference.explanations import (
    Explanation,
    Reason,
    attribute_rating,
    find_reasons,
    find_reasons_of_list,
)
from recommender.inference.histories import Histories, Visitor
from recommender.inference.identifiers import UNKNOWN, IdIndex
from recommender.inference.intervals import DEFAULT_LEVEL, NoIntervals, support_classes
from recommender.inference.part import Audience, Part, SeenMovies
from recommender.inference.paths import item_paths, rating_paths
from recommender.inference.ranking_sums import sums_of
from recommender.inference.rankings import best, settled
from recommender.inference.reranking import Diversity, MovieFacts, Reranking
from recommender.inference.search.index import SearchIndex
from recommender.inference.search.results import SearchResults
from recommender.inference.search.searcher import Searcher
from recommender.inference.steering import Steering
from recommender.scale import FloatArray, IntArray, RatingScale
from recommender.scorer import RatingEstimates, RatingIntervals, Recommendations, ScorePath


class Recommender:
    """Estimates, lists and facts from one bundle; satisfies `Recommends`.

    Args:
        audience: Users, movies and histories.
        components: Everything that scores.
        catalogue: What is shown of a movie.
        index: By which movies, people and keywords are found.
    """

    def __init__(
        self,
        audience: Audience,
        components: Components,
        catalogue: Catalogue,
        index: SearchIndex,
    ) -> None:
        self._audience = audience
        self._components = components
        self._catalogue = catalogue
        self._index = index
        self._searcher = Searcher(index, catalogue, audience.movies.ids)
        self._parts = components.parts(audience)
        self._hybrid = self._parts["hybrid"]
        self._similarity = components.similarity()

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> Self:
        """Return the recommender of ``bundle``; arrays stay memory-mapped.

        Raises:
            BundleError: The bundle is of another format, or lacks an array or setting that
                scoring needs.
        """
        require_format(bundle)
        # Plain views of the mapped arrays: the subclass slows every operation down.
        arrays: dict[str, npt.NDArray[Any]] = {name: np.asarray(bundle[name]) for name in bundle}
        try:
            return cls.from_arrays(arrays, bundle.manifest.scoring)
        except KeyError as error:
            raise BundleError(
                "the bundle lacks something that scoring needs",
                place=str(bundle.path),
                value=error.args[0],
                remedy="Train again with this version of the project.",
            ) from error

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[Any]], scoring: dict[str, Any]) -> Self:
        """Return the recommender of a bundle's arrays and of what its manifest says of scoring.

        Raises:
            KeyError: An array or setting is missing.
        """
        components = Components.from_arrays(arrays, scoring)
        audience = _read_audience(arrays, scoring)
        index = SearchIndex.from_arrays(arrays)
        return cls(audience, components, Catalogue.from_arrays(arrays), index)

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

    @cached_property
    def facts(self) -> MovieFacts:
        """What re-ranking looks at; made when first asked for."""
        components = self._components
        counts = np.asarray(components.static["popularity"]) * len(self._audience.users)
        return MovieFacts(components.profile.features, counts, *self._catalogue.genre_shares())

    @cached_property
    def browser(self) -> Browser:
        """The catalogue as lists; made when first asked for."""
        return Browser(self._catalogue, self._components.static["popularity"], self._index)

    @cached_property
    def _steering(self) -> Steering:
        movies = self._audience.movies
        return Steering(self._parts, movies, self._catalogue, self.browser, self._similarity)

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

    def recommend(
        self,
        user_id: int,
        k: int,
        *,
        exclude_seen: bool = True,
        diversity: Diversity | None = None,
    ) -> Recommendations:
        """Rank the catalogue for one user; see `Recommends.recommend`.

        Args:
            user_id: For whom.
            k: Length of the list.
            exclude_seen: Whether movies that the user has seen are left out.
            diversity: How to re-rank the list, if at all.
        """
        reranking = self._reranking(diversity)
        return self._hybrid.recommend(user_id, k, exclude_seen=exclude_seen, reranking=reranking)

    def recommend_for_history(
        self,
        movie_ids: IntArray | Sequence[int],
        ratings: FloatArray | Sequence[float | None],
        k: int,
        *,
        user_id: int | None = None,
        diversity: Diversity | None = None,
        wanted: Wanted | None = None,
        choice: Choice | None = None,
    ) -> Recommendations:
        """Rank the catalogue for someone with this history, which is excluded from the list.

        Args:
            movie_ids: Shape (n,), oldest first; the last rating of a movie counts, and movies
                outside the catalogue are counted in the result and have no say.
            ratings: Shape (n,), stars, or ``None`` for a like without stars.
            k: Length of the list.
            user_id: A user who made these ratings after those that are stored.
            diversity: How to re-rank the list, if at all.
            wanted: What a movie must be to be in the list; any movie unless given.
            choice: Who makes the list and what the viewer wishes; the hybrid unless given.

        Raises:
            UsageError: ``k`` is below 1, the arrays differ in length, or a rating is not of
                the scale.
        """
        visitor = self._audience.visitor(user_id, movie_ids, ratings)
        viewer = visitor.viewer(self.scale)
        excluded = self._excluded(self._audience.known_to(visitor), wanted)
        reranking = self._reranking(diversity)
        shown = self._steering.part(choice).recommend_to(viewer, k, user_id, excluded, reranking)
        return replace(shown, unknown_movies=visitor.history.unknown_movies)

    def estimate_for_history(
        self,
        movie_ids: IntArray | Sequence[int],
        ratings: FloatArray | Sequence[float | None],
        wanted: IntArray | Sequence[int],
        *,
        user_id: int | None = None,
        level: float = DEFAULT_LEVEL,
    ) -> RatingEstimates:
        """Estimate what someone with this history would rate movies, without training again.

        Bias and factors are folded in from any number of ratings (`fold_in`). Without a history
        the estimates are those of an unknown user, and without new ratings those of the user.

        Args:
            movie_ids: As of `recommend_for_history`.
            ratings: As of `recommend_for_history`.
            wanted: Shape (m,), the movies whose ratings are estimated; unknown ones are allowed.
            user_id: A user who made these ratings after those that are stored.
            level: Share of ratings that the intervals hold, one of ``interval_levels``.

        Raises:
            UsageError: The arrays differ in length, a rating is not of the scale, or intervals
                are not calibrated at this level.
        """
        visitor = self._audience.visitor(user_id, movie_ids, ratings)
        asked = np.asarray(wanted, dtype=np.int64)
        movies = self._audience.movies.positions(asked)
        stars, paths = self._estimate(visitor, movies)
        estimates = RatingEstimates(
            user_id, asked, self.scale.clip(stars), paths, visitor.history.unknown_movies
        )
        intervals = self._components.intervals
        if isinstance(intervals, NoIntervals):
            return replace(estimates, no_intervals=intervals.reason)
        support = int(support_classes(np.array(visitor.history.movies.size)))
        found = intervals.around(estimates.ratings, support, movies, level, self.scale)
        return replace(estimates, intervals=found)

    def explain(
        self,
        movie_id: int,
        *,
        user_id: int | None = None,
        movie_ids: IntArray | Sequence[int] = (),
        ratings: FloatArray | Sequence[float | None] = (),
        choice: Choice | None = None,
    ) -> Explanation:
        """Return where the ranking score of a movie comes from.

        Args:
            movie_id: The movie that is scored, seen or not.
            user_id: A user, known or not.
            movie_ids: Ratings made after those that are stored, as of `recommend_for_history`.
            ratings: As of `recommend_for_history`.
            choice: As of `recommend_for_history`.

        Raises:
            UsageError: The movie is not in the catalogue, or the history is malformed.
        """
        movie = self._movie(movie_id)
        visitor = self._audience.visitor(user_id, movie_ids, ratings)
        viewer = visitor.viewer(self.scale)
        ranking = settled(self._steering.part(choice).ranking_for(viewer), viewer)
        rated, sums = self.movie_ids[viewer.movies], sums_of(ranking, viewer, np.array([movie]))
        return Explanation(
            kind="ranking",
            movie_id=movie_id,
            score=float(ranking.scores(viewer)[movie]),
            path=item_paths(ranking, viewer, np.array([movie]))[0],
            parts=tuple(sums.attributions()[0].contributions(rated)),
            reasons=find_reasons_of_list(sums, rated)[0],
        )

    def reasons(
        self,
        wanted: IntArray | Sequence[int],
        *,
        user_id: int | None = None,
        movie_ids: IntArray | Sequence[int] = (),
        ratings: FloatArray | Sequence[float | None] = (),
        choice: Choice | None = None,
    ) -> list[tuple[Reason, ...]]:
        """Return the reasons of each movie of a list, as `explain` has them, in one go.

        Args:
            wanted: Shape (m,), the movies of the list.
            user_id: As of `explain`.
            movie_ids: As of `explain`.
            ratings: As of `explain`.
            choice: As of `explain`.

        Raises:
            UsageError: A movie is not in the catalogue, or the history is malformed.
        """
        movies = np.array([self._movie(movie_id) for movie_id in wanted], dtype=np.int64)
        viewer = self._audience.visitor(user_id, movie_ids, ratings).viewer(self.scale)
        sums = sums_of(self._steering.part(choice).ranking_for(viewer), viewer, movies)
        return find_reasons_of_list(sums, self.movie_ids[viewer.movies])

    def explain_rating(
        self,
        movie_id: int,
        *,
        user_id: int | None = None,
        movie_ids: IntArray | Sequence[int] = (),
        ratings: FloatArray | Sequence[float | None] = (),
    ) -> Explanation:
        """Return where the rating estimate of a movie comes from; arguments as of `explain`.

        Raises:
            UsageError: The movie is not in the catalogue, or the history is malformed.
        """
        movie = self._movie(movie_id)
        visitor = self._audience.visitor(user_id, movie_ids, ratings)
        estimate, paths = self._estimate(visitor, np.array([movie]))
        score = float(self.scale.clip(estimate)[0])
        rated = self.movie_ids[visitor.history.movies]
        found = attribute_rating(self._components, visitor, movie)
        limits = Contribution("bias", "limits of the scale", score - float(estimate[0]))
        return Explanation(
            kind="rating",
            movie_id=movie_id,
            score=score,
            path=paths[0],
            parts=tuple(found.limited_by(limits).contributions(rated)),
            reasons=find_reasons(
                found,
                rated,
                lambda place: (
                    attribute_rating(self._components, visitor.without(place), movie).total
                ),
            ),
        )

    @property
    def interval_levels(self) -> tuple[float, ...]:
        """The levels at which intervals are calibrated; see `StatesIntervals`."""
        return self._hybrid.interval_levels

    def rating_intervals(
        self,
        user_ids: IntArray,
        movie_ids: IntArray,
        ratings: FloatArray,
        level: float = DEFAULT_LEVEL,
    ) -> RatingIntervals:
        """Return intervals around the estimates of `predict`; see `StatesIntervals`."""
        return self._hybrid.rating_intervals(user_ids, movie_ids, ratings, level)

    def rating_paths(self, user_ids: IntArray, movie_ids: IntArray) -> tuple[ScorePath, ...]:
        """Return what the estimates of `predict` are made from, one for each pair."""
        users = self._audience.users.positions(user_ids)
        movies = self._audience.movies.positions(movie_ids)
        known = self._components.known_users[users], self._components.known_movies[movies]
        return tuple(rating_paths(*known, movies != UNKNOWN, folded=False))

    def similar(
        self, movie_id: int, k: int, *, wanted: Wanted | None = None
    ) -> tuple[IntArray, FloatArray]:
        """Return the ``k`` nearest movies and their similarity, best first, without itself.

        Args:
            movie_id: The movie.
            k: Most movies to return.
            wanted: What a movie must be to be returned; any movie unless given.

        Raises:
            UsageError: ``k`` is below 1 or the movie is not in the catalogue.
        """
        if k < 1:
            raise UsageError("the number of movies must be at least 1", place="similar", value=k)
        movie = self._movie(movie_id)
        scores: Scores = self._similarity.to(movie)
        chosen = best(scores, k, self._excluded(np.array([movie]), wanted))
        return self.movie_ids[chosen], scores[chosen]

    def explain_similar(self, movie_id: int, other_id: int) -> tuple[Contribution, ...]:
        """Return the parts of the similarity of one movie to another; they sum to it.

        Raises:
            UsageError: One of them is not in the catalogue.
        """
        other = self._movie(other_id)
        content, together = self._similarity.parts(self._movie(movie_id))
        parts = (
            Contribution("feature", "content", float(content[other])),
            Contribution("neighbour", "watched together", float(together[other]), movie_id),
        )
        return tuple(part for part in parts if part.value)

    def search(self, query: str, limit: int = 10) -> SearchResults:
        """Return the movies, people and keywords that somebody may mean, each best first.

        Spelling mistakes, accents, case, punctuation, English articles and the order of words do
        not matter; the last word may be the beginning of one; a year counts. Only the first words
        of a long query are read.

        Args:
            query: What was typed; one without letters, digits or signs finds nothing.
            limit: Most of each kind.

        Raises:
            UsageError: ``limit`` is below 1.
        """
        if limit < 1:
            raise UsageError("the number of hits must be at least 1", place="search", value=limit)
        return self._searcher.search(query, limit)

    def browse(self, wanted: Wanted, *, query: str = "", sort: SortKey | None = None) -> IntArray:
        """Return the ids of all movies that are asked for, in an order, shape (n,).

        Args:
            wanted: What a movie must be.
            query: What is searched for, as `search` does; a blank one asks for all movies.
            sort: The order; see `Browser.order`. Unless given, what fits the query best comes
                first, and the most popular where there is no query.
        """
        shown = ~self.browser.unwanted(wanted)
        shown[self._positions(wanted.excluded)] = False
        if not query.strip():
            order = self.browser.order(sort or "popularity")
            return np.asarray(self.movie_ids[order[shown[order]]])
        found: IntArray = self._searcher.movies(query)
        if sort is not None:
            is_found = np.zeros_like(shown)
            is_found[found] = True
            order = self.browser.order(sort)
            found = order[is_found[order]]
        return np.asarray(self.movie_ids[found[shown[found]]])

    def has(self, movie_id: int) -> bool:
        """Return whether a movie is in the catalogue."""
        return self._audience.movies.position(movie_id) != UNKNOWN

    def history(self, user_id: int) -> tuple[IntArray, FloatArray]:
        """Return what a user had rated at training, oldest first: ids and stars, shape (n,)."""
        history = self._audience.histories.history(self._audience.users.position(user_id))
        return self.movie_ids[history.movies], history.stars

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

    def facts_shown(self, movie_id: int) -> tuple[str, int | None, tuple[str, ...]]:
        """Return title, year and genres of a movie.

        Raises:
            UsageError: The movie is not in the catalogue.
        """
        movie, found = self._movie(movie_id), self._catalogue
        return found.title(movie), found.year(movie), found.genre_names(movie)

    def credits_of(self, movie_id: int) -> dict[str, Any]:
        """Return directors, cast, keywords, language and length of a movie, as far as known.

        Raises:
            UsageError: The movie is not in the catalogue.
        """
        movie, found = self._movie(movie_id), self._catalogue.credits
        names = {kind: found.names(kind, movie) if found else () for kind in CREDIT_TEXTS}
        return {
            **names,
            "language": next(iter(names["language"]), None),
            "runtime_minutes": found.runtime(movie) if found else None,
        }

    def _estimate(self, visitor: Visitor, movies: IntArray) -> tuple[Scores, tuple[ScorePath, ...]]:
        """Return estimates before the limits of the scale, and their paths, for positions."""
        known = np.full(movies.shape, visitor.history.movies.size > 0)
        known_movies, inside = self._components.known_movies[movies], movies != UNKNOWN
        paths = rating_paths(known, known_movies, inside, folded=visitor.is_folded)
        if visitor.is_folded:
            users = np.zeros(movies.shape, dtype=np.int64)
            estimates: Estimates = self._components.estimates_of(self._components.fold_in(visitor))
        else:
            users, estimates = np.full(movies.shape, visitor.position), self._hybrid.estimates
        return estimates.pairs(users, movies), tuple(paths)

    def _excluded(self, held_back: IntArray, wanted: Wanted | None) -> IntArray:
        """Return the positions of what must not be in a list, given what is held back from it."""
        if wanted is None:
            return held_back
        excluded = [held_back, self._positions(wanted.excluded)]
        if not wanted.is_any:
            excluded.append(np.flatnonzero(self.browser.unwanted(wanted)))
        return np.concatenate(excluded)

    def _positions(self, movie_ids: Sequence[int]) -> IntArray:
        """Return the positions of those movies that are in the catalogue."""
        positions = self._audience.movies.positions(np.array(movie_ids, dtype=np.int64))
        return np.asarray(positions[positions != UNKNOWN])

    def _reranking(self, diversity: Diversity | None) -> Reranking | None:
        return None if diversity is None else Reranking(diversity, self.facts)

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
