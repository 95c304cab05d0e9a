"""The recommender that a bundle holds, whole or by its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from recommender.bundle import Bundle, unpack_string
from recommender.errors import UsageError
from recommender.inference.index import IdIndex, Rows
from recommender.inference.scores import FactorScores, RankingBlend, RatingBlend
from recommender.schema import FloatArray, IntArray, RatingScale
from recommender.scorer import Recommendations, Recommends, ScorePath

HYBRID = "hybrid"
#: Parts that rank by the history alone and leave the rating to the biases.
_RANKING_PARTS = ("popularity", "ease")


class Recommender:
    """Estimates ratings and ranks movies from a bundle; `recommender.scorer.Recommends`.

    Args:
        bundle: A verified bundle; its arrays stay memory-mapped.
    """

    name = HYBRID

    def __init__(self, bundle: Bundle) -> None:
        scoring = bundle.manifest.scoring
        self._bundle = bundle
        self._users = IdIndex(bundle["users"])
        self._movies = IdIndex(bundle["movies"])
        self._scale = RatingScale(**scoring["scale"])
        self._history = _rows(bundle, "history")
        self._seen_users = IdIndex(bundle["seen.users"])
        self._seen = _rows(bundle, "seen")
        parts = {
            name: FactorScores.from_arrays(bundle, name, constants)
            for name, constants in scoring["rating_parts"].items()
        }
        self._rating = RatingBlend(
            parts=parts,
            weights=bundle["blend.rating_weights"],
            user_counts=bundle["users.counts"],
            movie_counts=bundle["movies.counts"],
        )
        self._ranking = RankingBlend(
            neighbours=_rows(bundle, "ease"),
            features=bundle["content.unit_features"],
            centre=bundle["content.centre"],
            popularity=bundle["popularity"],
            quality=bundle["quality"],
            personal=scoring["personal_weights"],
            impersonal=scoring["impersonal_weights"],
        )

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> Recommender:
        """Return the recommender that ``bundle`` holds."""
        return cls(bundle)

    @property
    def user_ids(self) -> IntArray:
        """Ids of the users with training ratings, shape (n_users,), rising."""
        return self._users.ids

    @property
    def movie_ids(self) -> IntArray:
        """Ids of the whole catalogue, shape (n_movies,), rising."""
        return self._movies.ids

    @property
    def part_names(self) -> Sequence[str]:
        """Names of the parts, each of which `part` returns."""
        return ("popularity", *self._rating.parts, "ease")

    def part(self, name: str) -> Recommends:
        """Return one part as a recommender of its own.

        ``popularity`` and ``ease`` rank and leave the rating to the biases; ``content`` has a
        ranking of its own; every other part ranks by its estimate.

        Raises:
            UsageError: There is no such part.
        """
        if name == self.name:
            return self
        if name not in self.part_names:
            raise UsageError(
                "the model has no such part",
                value=name,
                remedy=f"Its parts are {', '.join(self.part_names)}.",
            )
        scores = self._rating.parts["bias" if name in _RANKING_PARTS else name]
        rankers: dict[str, Callable[[int | None], FloatArray]] = {
            "popularity": lambda _: self._ranking.popularity,
            "ease": self._rank_by_ease,
            "content": self._rank_by_content,
        }
        ranker = rankers.get(name, lambda user: scores.estimate_all(self._row(user)))
        return Part(name=name, whole=self, scores=scores, ranker=ranker)

    def predict(self, user_ids: IntArray, movie_ids: IntArray) -> FloatArray:
        """Estimate ratings; see `recommender.scorer.Recommends.predict`."""
        return self.estimate(self._rating, user_ids, movie_ids)

    def estimate(
        self, scores: RatingBlend | FactorScores, user_ids: IntArray, movie_ids: IntArray
    ) -> FloatArray:
        """Estimate ratings for ids (shape (n,)) by ``scores``, within the scale."""
        users, movies = self._users.positions(user_ids), self._movies.positions(movie_ids)
        return self._scale.clip(scores.estimate(users, movies))

    def recommend(self, user_id: int, k: int, *, exclude_seen: bool = True) -> Recommendations:
        """Rank the catalogue; see `recommender.scorer.Recommends.recommend`."""
        user = self._users.position(user_id)
        return self.best(user_id, self._rank(user), k, exclude_seen=exclude_seen)

    def recommend_for_history(
        self, movie_ids: IntArray, ratings: FloatArray, k: int
    ) -> Recommendations:
        """Rank the catalogue for a history that no training has seen, without its movies.

        Args:
            movie_ids: Shape (n,); movies outside the catalogue say nothing.
            ratings: Shape (n,), stars.
            k: Most movies returned.

        Returns:
            The list, for user 0; its path is ``popular`` if no movie of the history is known.

        Raises:
            UsageError: ``k`` is below 1, or the lengths differ.
        """
        _check_k(k)
        if len(movie_ids) != len(ratings):
            raise UsageError("movies and ratings differ in number", value=len(ratings))
        positions = self._movies.positions(movie_ids)
        known = positions < len(self._movies)
        history, stars = positions[known], np.asarray(ratings, dtype=np.float64)[known]
        scores = self._ranking.score(history, stars)
        path: ScorePath = "personal" if history.size else "popular"
        return self._top(0, scores, k, history, path)

    def similar(self, movie_id: int, k: int) -> tuple[IntArray, FloatArray]:
        """Return the ``k`` movies nearest to one and how near they are, without itself.

        Raises:
            UsageError: ``k`` is below 1, or the movie is not in the catalogue.
        """
        _check_k(k)
        movie = self._place(movie_id)
        found = self._top(0, self._ranking.similar(movie), k, np.array([movie]), "content")
        return found.movie_ids, found.scores

    def seen(self, user_id: int) -> IntArray:
        """Return the ids of every movie that the user has rated, shape (n,), rising."""
        return self._movies.ids[self._seen_positions(user_id)]

    def title(self, movie_id: int) -> str:
        """Return the title of a movie, without its year.

        Raises:
            UsageError: The movie is not in the catalogue.
        """
        return self._text("title", movie_id)

    def genres(self, movie_id: int) -> tuple[str, ...]:
        """Return the genres of a movie; see `title` for errors."""
        text = self._text("genres", movie_id)
        return tuple(text.split("|")) if text else ()

    def year(self, movie_id: int) -> int | None:
        """Return the year of a movie, ``None`` where it is not known; see `title` for errors."""
        year = int(self._bundle["movies.year"][self._place(movie_id)])
        return year if year > 0 else None

    def best(
        self, user_id: int, scores: FloatArray, k: int, *, exclude_seen: bool
    ) -> Recommendations:
        """Return the ``k`` movies with the best ``scores`` (shape (n_movies,)) for a user."""
        _check_k(k)
        excluded = self._seen_positions(user_id) if exclude_seen else np.zeros(0, dtype=np.int64)
        known = self._users.position(user_id) is not None
        return self._top(user_id, scores, k, excluded, "personal" if known else "popular")

    def _rank(self, user: int | None) -> FloatArray:
        return self._ranking.score(*self._history_of(user))

    def _rank_by_ease(self, user: int | None) -> FloatArray:
        movies, _ = self._history_of(user)
        return self._ranking.ease(movies) if movies.size else self._ranking.popularity

    def _rank_by_content(self, user: int | None) -> FloatArray:
        movies, ratings = self._history_of(user)
        if movies.size:
            return self._ranking.content(movies, ratings)
        return self._rating.parts["content"].estimate_all(self._row(user))

    def _history_of(self, user: int | None) -> tuple[IntArray, FloatArray]:
        if user is None:
            return np.zeros(0, dtype=np.int64), np.zeros(0)
        return self._history.columns_of(user), self._history.values_of(user)

    def _row(self, user: int | None) -> int:
        return len(self._users) if user is None else user

    def _seen_positions(self, user_id: int) -> IntArray:
        row = self._seen_users.position(user_id)
        return np.zeros(0, dtype=np.int64) if row is None else self._seen.columns_of(row)

    def _top(
        self, user_id: int, scores: FloatArray, k: int, excluded: IntArray, path: ScorePath
    ) -> Recommendations:
        """Sort by falling score, ties by rising movie id, and keep ``k``."""
        open_scores = np.array(scores, dtype=np.float64)
        open_scores[excluded] = -np.inf
        count = min(k, open_scores.size - np.unique(excluded).size)
        if count < open_scores.size:
            bound = -np.partition(-open_scores, max(count - 1, 0))[max(count - 1, 0)]
            candidates = np.flatnonzero(open_scores >= bound)
        else:
            candidates = np.arange(open_scores.size)
        order = candidates[np.argsort(-open_scores[candidates], kind="stable")][:count]
        return Recommendations(user_id, self._movies.ids[order], open_scores[order], path)

    def _place(self, movie_id: int) -> int:
        position = self._movies.position(movie_id)
        if position is None:
            raise UsageError("the movie is not in the catalogue", value=movie_id)
        return position

    def _text(self, column: str, movie_id: int) -> str:
        text, offsets = self._bundle[f"movies.{column}"], self._bundle[f"movies.{column}.offsets"]
        return unpack_string(text, offsets, self._place(movie_id))


@dataclass(frozen=True, eq=False)
class Part:
    """One part of a recommender, with its own rating estimate and its own ranking.

    Attributes:
        name: Name of the part.
        whole: The recommender that it is part of.
        scores: Its rating estimates.
        ranker: Scores of every movie for the position of a user, or ``None`` for an unknown one.
    """

    name: str
    whole: Recommender
    scores: FactorScores
    ranker: Callable[[int | None], FloatArray]

    def predict(self, user_ids: IntArray, movie_ids: IntArray) -> FloatArray:
        """Estimate ratings; see `recommender.scorer.Recommends.predict`."""
        return self.whole.estimate(self.scores, user_ids, movie_ids)

    def recommend(self, user_id: int, k: int, *, exclude_seen: bool = True) -> Recommendations:
        """Rank the catalogue; see `recommender.scorer.Recommends.recommend`."""
        position = IdIndex(self.whole.user_ids).position(user_id)
        return self.whole.best(user_id, self.ranker(position), k, exclude_seen=exclude_seen)


def _rows(bundle: Bundle, name: str) -> Rows:
    return Rows(bundle[f"{name}.starts"], bundle[f"{name}.columns"], bundle[f"{name}.values"])


def _check_k(k: int) -> None:
    if k < 1:
        raise UsageError("the length of a list must be at least 1", place="k", value=k)
