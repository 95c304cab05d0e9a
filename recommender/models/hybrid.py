"""The hybrid: a weighted blend of rating estimates, and a weighted blend of ranking signals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from recommender.errors import UsageError
from recommender.inference.components import (
    COLD_SIGNALS,
    PERSONAL_SIGNALS,
    Blend,
    Components,
    SupportGroup,
)
from recommender.inference.intervals import DEFAULT_LEVEL, Intervals
from recommender.inference.part import Audience, Part
from recommender.models.aligned import align, align_factors
from recommender.models.content import profile_ranking
from recommender.models.ease import fit_ease
from recommender.models.factorization_machine import choose_engine
from recommender.models.features import content_features, movie_terms
from recommender.models.fold_in import fit_user_priors
from recommender.models.ials import fit_ials
from recommender.models.indexed import Floats, IndexedRatings
from recommender.models.nmf import fit_nmf
from recommender.models.part_scorer import single_thread
from recommender.models.popularity import movie_means
from recommender.models.ranking_blend import DEFAULT_PERSONAL, ranking_weights
from recommender.models.ranking_trials import (
    PERSONAL_KINDS,
    Trial,
    collect_trials,
    join_trials,
    static_signals,
)
from recommender.models.rating_blend import (
    HeldOut,
    blend_weights,
    fit_rating_parts,
    held_out_folds,
    hold_out,
)
from recommender.models.rating_intervals import check_levels, fit_intervals
from recommender.models.svd import fit_svd
from recommender.scale import FloatArray, IntArray, SplitMethod
from recommender.schema import Dataset
from recommender.scorer import RatingIntervals, Recommendations
from recommender.settings import ModelParams

#: Told what is being done, the units done and the units in all, if that is known.
Progress = Callable[[str, int, int | None], None]

#: How much who watches both counts beside content in the likeness of two movies.
_NEIGHBOUR_SIMILARITY = 0.5


class HybridScorer:
    """Fits every part, sets the weights of both blends by cross-validation, and composes.

    Nothing but the training data is looked at: rating weights come from held-out folds
    (`rating_blend`), ranking weights from others (`ranking_trials`, `ranking_blend`).

    Args:
        params: Hyper-parameters.
        seed: Seed of every random choice.
        progress: Told of each fit done.
        method: The split whose question is asked: what is held out of the training data to set
            the ranking weights resembles what that split holds out as a test.
    """

    name = "hybrid"

    def __init__(
        self,
        params: ModelParams | None = None,
        seed: int = 0,
        progress: Progress | None = None,
        method: SplitMethod = "temporal",
    ) -> None:
        self.params = params or ModelParams()
        self.seed = seed
        self.method = method
        self._progress = progress or _silent
        self._audience: Audience | None = None
        self._components: Components | None = None
        self._parts: dict[str, Part] = {}

    def fit(self, dataset: Dataset) -> Self:
        """Learn from ``dataset`` and return ``self``; same data and seed, same arrays.

        Raises:
            DataError: There are no ratings, or a rated movie is not in the catalogue.
            UsageError: The levels of intervals do not rise or are not between 0 and 1.
        """
        check_levels(self.params.interval_levels)
        data = IndexedRatings.of(dataset)
        with single_thread():
            self._components = self._fit_components(data, movie_terms(dataset))
        self._audience = data.audience()
        self._parts = self._components.parts(self._audience)
        return self

    @property
    def audience(self) -> Audience:
        """Users, movies and histories of the training data.

        Raises:
            UsageError: `fit` was not called.
        """
        if self._audience is None:
            raise _unfitted()
        return self._audience

    @property
    def components(self) -> Components:
        """Everything that scores, as a bundle holds it.

        Raises:
            UsageError: `fit` was not called.
        """
        if self._components is None:
            raise _unfitted()
        return self._components

    def part(self, name: str) -> Part:
        """Return the hybrid or one of its parts.

        Raises:
            UsageError: `fit` was not called, or there is no such part.
        """
        if not self._parts:
            raise _unfitted()
        if name not in self._parts:
            raise UsageError("there is no such part", place=self.name, value=name)
        return self._parts[name]

    def predict(self, user_ids: IntArray, movie_ids: IntArray) -> FloatArray:
        """Estimate ratings for pairs; see `Recommends.predict`."""
        return self.part(self.name).predict(user_ids, movie_ids)

    @property
    def interval_levels(self) -> tuple[float, ...]:
        """The levels at which intervals are calibrated; see `StatesIntervals`."""
        return self.part(self.name).interval_levels

    def rating_intervals(
        self,
        user_ids: IntArray,
        movie_ids: IntArray,
        ratings: FloatArray,
        level: float = DEFAULT_LEVEL,
    ) -> RatingIntervals:
        """Return intervals around the estimates of `predict`; see `StatesIntervals`."""
        return self.part(self.name).rating_intervals(user_ids, movie_ids, ratings, level)

    def recommend(self, user_id: int, k: int, *, exclude_seen: bool = True) -> Recommendations:
        """Rank the catalogue for one user; see `Recommends.recommend`."""
        return self.part(self.name).recommend(user_id, k, exclude_seen=exclude_seen)

    def _fit_components(self, data: IndexedRatings, terms: list[list[str]]) -> Components:
        params, seed = self.params, self.seed
        engine = choose_engine(len(data), params)
        self._progress(f"parts, with the {engine} factorization", 0, None)
        features = content_features(terms, data.movie_counts > 0, params.content_factors, seed)
        rating_parts = fit_rating_parts(data, terms, features, params, seed)
        factors = {
            "popularity": movie_means(data, params.popularity_damping),
            **rating_parts,
            "svd": fit_svd(data, params, seed),
            "nmf": fit_nmf(data, params, seed),
        }
        rating_weights, intervals = self._fit_rating_blend(data, terms)
        return Components(
            factors=factors,
            static=static_signals(data, params),
            aligned=align(fit_ease(data, params), features, params),
            implicit=align_factors(fit_ials(data, params, seed), features, params),
            profile=profile_ranking(data, features),
            known_users=data.known_users,
            known_movies=data.known_movies,
            blend=self._fit_blend(data, features, rating_weights),
            priors=fit_user_priors(data, rating_parts, params),
            engine=engine,
            intervals=intervals,
        )

    def _fit_blend(self, data: IndexedRatings, features: Floats, rating_weights: Floats) -> Blend:
        personal, cold = self._ranking_weights(data, features)
        return Blend(
            rating=rating_weights,
            personal=personal,
            unknown=DEFAULT_PERSONAL,
            cold=cold,
            recent_half_life=self.params.ease_recent_half_life,
            neighbour_similarity=_NEIGHBOUR_SIMILARITY,
        )

    def _fit_rating_blend(
        self, data: IndexedRatings, terms: list[list[str]]
    ) -> tuple[Floats, Intervals]:
        folds: list[HeldOut] = []
        total = self.params.blend_folds + self.params.blend_cuts
        for past, rest in held_out_folds(data, self.params, self.seed):
            self._progress("rating blend", len(folds), total)
            folds.append(hold_out(terms, past, rest, self.params, self.seed))
        return blend_weights(folds), fit_intervals(folds, data, self.params, self.method)

    def _ranking_weights(
        self, data: IndexedRatings, features: Floats
    ) -> tuple[tuple[SupportGroup, ...], dict[str, float]]:
        trials: dict[str, list[Trial]] = {"new": []}
        trials |= {kind: [] for kind in PERSONAL_KINDS[self.method]}
        found = collect_trials(data, features, self.params, self.seed, self.method)
        for done, (kind, trial) in enumerate(found):
            self._progress("ranking blend", done, None)
            trials[kind].append(trial)
        signals = {kind: COLD_SIGNALS if kind == "new" else PERSONAL_SIGNALS for kind in trials}
        joined = {kind: join_trials(made, len(signals[kind])) for kind, made in trials.items()}
        return ranking_weights(joined, self.seed)


def _silent(what: str, done: int, total: int | None) -> None:
    del what, done, total


def _unfitted() -> UsageError:
    return UsageError("the scorer has not learned yet", place="hybrid", remedy="Call fit.")
