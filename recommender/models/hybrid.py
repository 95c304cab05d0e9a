"""The hybrid: rating and ranking as two weighted blends, with weights set on training data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from recommender.inference.scores import FactorScores, RankingBlend, RatingBlend, blend_features
from recommender.models.array_scorer import ArrayScorer
from recommender.models.bias import BiasScorer
from recommender.models.content import ContentScorer
from recommender.models.ease import EASEScorer
from recommender.models.interactions import Interactions
from recommender.models.popularity import PopularityScorer
from recommender.models.ranking_weights import choose_ranking_weights
from recommender.models.surprise_models import NMFScorer, SVDScorer
from recommender.models.taste import TasteScorer
from recommender.schema import Dataset, FloatArray, IntArray
from recommender.settings import ModelParams

#: Called with what is being done, units done and units in all.
Progress = Callable[[str, int, int | None], None]
_STACKING_PENALTY = 1.0
_KINDS = ((False, False), (False, True), (True, False), (True, True))


@dataclass(eq=False)
class HybridScorer(ArrayScorer):
    """Blends of parts: one for ratings, one for ranking.

    *Rating.* ``r = a + sum_p w_p r_p + c log(1 + n_u) + d log(1 + n_i)`` (stacked generalization,
    Wolpert 1992), by ridge regression on estimates of ratings that the parts did not see: folds of
    the training ratings. Known and unknown users, rated and new movies have weights of their own,
    fitted on the same ratings with the parts as they would be without that user or movie.

    *Ranking.* See `RankingBlend`; its weights maximize NDCG@10 on the last tenth of the training
    ratings, which its parts did not see.

    Attributes:
        params: Hyper-parameters.
        seed: Seed of folds, starting factors and reductions.
        progress: Told of each fit.
    """

    params: ModelParams
    seed: int = 0
    progress: Progress | None = None
    name: str = "hybrid"

    def fit_interactions(self, interactions: Interactions, dataset: Dataset) -> Self:
        """Fit weights and parts."""
        self._done, self._total = 0, (self.params.blend_folds + 1) * len(self._rating_parts()) + 3
        self.interactions = interactions
        weights = self._stack(interactions, dataset)
        self.parts = self._fit_parts(interactions, dataset)
        self.blend = RatingBlend(
            parts={name: part.scores for name, part in self.parts.items()},
            weights=weights,
            user_counts=interactions.user_counts,
            movie_counts=interactions.movie_counts,
        )
        self.ranking = self._fit_ranking(interactions, dataset)
        return self

    def rank(self, user: int | None) -> FloatArray:
        """Return the blended ranking scores of every movie, shape (n_movies,)."""
        if user is None:
            return self.ranking.score(np.zeros(0, dtype=np.int64), np.zeros(0))
        history = self.interactions.history
        return self.ranking.score(history.columns_of(user), history.values_of(user))

    def predict(self, user_ids: IntArray, movie_ids: IntArray) -> FloatArray:
        """Estimate ratings by the blend; see `recommender.scorer.Recommends.predict`."""
        users = self.interactions.users.positions(user_ids)
        movies = self.interactions.movies.positions(movie_ids)
        return self.interactions.scale.clip(self.blend.estimate(users, movies))

    def _rating_parts(self) -> dict[str, ArrayScorer]:
        """Return the parts of the rating blend, not yet fitted."""
        params, seed = self.params, self.seed
        damping = (params.bias_user_damping, params.bias_movie_damping)
        return {
            "bias": BiasScorer(*damping),
            "svd": SVDScorer(
                n_factors=params.n_factors,
                n_epochs=params.n_epochs,
                learning_rate=params.learning_rate,
                regularization=params.regularization,
                seed=seed,
            ),
            "nmf": NMFScorer(params.nmf_factors, params.nmf_epochs, seed),
            "content": ContentScorer(params.content_factors, *damping, seed=seed),
            "taste": TasteScorer(params.taste_factors, *damping, seed=seed),
        }

    def _fit_parts(self, data: Interactions, dataset: Dataset) -> dict[str, ArrayScorer]:
        parts = self._rating_parts()
        for name, part in parts.items():
            self._tell(f"fitting {name}")
            part.fit_interactions(data, dataset)
        return parts

    def _stack(self, data: Interactions, dataset: Dataset) -> FloatArray:
        """Return the weights of the rating blend, shape (4, n_parts + 3)."""
        fold = np.random.default_rng(self.seed).integers(0, self.params.blend_folds, len(data))
        moments = [_Moments() for _ in _KINDS]
        for number in range(self.params.blend_folds):
            held = fold == number
            if not held.any() or held.all():
                continue
            learned, held_out = data.select(~held), data.select(held)
            fitted = self._fit_parts(learned, dataset)
            for kind, moment in zip(_KINDS, moments, strict=True):
                features = _held_out_features(fitted, learned, held_out, *kind)
                moment.add(features, held_out.rating)
        return np.stack([moment.solve() for moment in moments])

    def _fit_ranking(self, data: Interactions, dataset: Dataset) -> RankingBlend:
        self._tell("choosing the weights of the ranking")
        cut = np.quantile(data.timestamp, 1 - self.params.ranking_holdout_share)
        earlier = data.timestamp < cut
        blend = self._ranking_parts(data, dataset)
        if not earlier.any() or earlier.all():
            return blend
        past, future = data.select(earlier), data.select(~earlier)
        self._tell("fitting ease")
        personal, impersonal = choose_ranking_weights(
            self._ranking_parts(past, dataset), past, future, seed=self.seed
        )
        return replace(blend, personal=personal, impersonal=impersonal)

    def _ranking_parts(self, data: Interactions, dataset: Dataset) -> RankingBlend:
        params = self.params
        popularity = PopularityScorer(
            params.popularity_half_life_days, params.popularity_damping
        ).fit_interactions(data, dataset)
        ease = EASEScorer(
            regularization=params.ease_regularization,
            min_support=params.ease_min_support,
            max_movies=params.ease_max_movies,
            n_neighbours=params.ease_neighbours,
            half_life_days=params.popularity_half_life_days,
        ).fit_interactions(data, dataset)
        content = self.parts["content"]
        assert isinstance(content, ContentScorer)  # noqa: S101 - made above
        assert ease.neighbours is not None  # noqa: S101 - set by fit
        assert popularity.popularity is not None  # noqa: S101 - set by fit
        return RankingBlend(
            neighbours=ease.neighbours,
            features=content.unit_features,
            centre=content.centre,
            popularity=popularity.popularity,
            quality=popularity.scores.movie_bias[:-1],
            personal={"ease": 1.0, "content": 0.02, "popularity": 0.1, "quality": 0.0},
            impersonal={"popularity": 1.0, "quality": 0.0},
        )

    def _tell(self, what: str) -> None:
        if self.progress is not None:
            self.progress(what, self._done, self._total)
            self._done += 1


class _Moments:
    """Normal equations of a ridge regression, added up over folds."""

    def __init__(self) -> None:
        self._gram: FloatArray | None = None
        self._moment: FloatArray | None = None

    def add(self, features: FloatArray, target: FloatArray) -> None:
        """Add the rows of one fold."""
        gram, moment = features.T @ features, features.T @ target
        self._gram = gram if self._gram is None else self._gram + gram
        self._moment = moment if self._moment is None else self._moment + moment

    def solve(self) -> FloatArray:
        """Return the weights, the first of which (the intercept) is not penalized."""
        assert self._gram is not None  # noqa: S101 - there is at least one fold
        assert self._moment is not None  # noqa: S101 - likewise
        penalty = np.full(len(self._gram), _STACKING_PENALTY)
        penalty[0] = 1e-6
        weights: FloatArray = np.linalg.solve(self._gram + np.diag(penalty), self._moment)
        return weights


def _held_out_features(
    parts: dict[str, ArrayScorer],
    learned: Interactions,
    held_out: Interactions,
    unknown_user: bool,
    new_movie: bool,
) -> FloatArray:
    """Return what the blend would see of ratings whose user or movie it does not know."""
    columns = []
    for part in parts.values():
        scores: FactorScores = part.scores
        if unknown_user:
            scores = scores.for_unknown_users()
        if new_movie:
            scores = scores.for_new_movies()
        columns.append(scores.estimate(held_out.user, held_out.movie))
    n_user = learned.user_counts[held_out.user] * (not unknown_user)
    n_movie = learned.movie_counts[held_out.movie] * (not new_movie)
    return blend_features(columns, n_user, n_movie)
