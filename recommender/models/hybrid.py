"""The hybrid: a weighted blend of rating estimates, and a weighted blend of ranking signals."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Self

from recommender.errors import UsageError
from recommender.inference.components import (
    COLD_SIGNALS,
    PERSONAL_SIGNALS,
    Blend,
    Components,
)
from recommender.inference.estimates import FactorEstimates
from recommender.inference.fold_in import UserPrior
from recommender.inference.intervals import DEFAULT_LEVEL, Intervals
from recommender.inference.part import Audience, Part
from recommender.inference.rankings import AlignedRanking, ImplicitRanking
from recommender.models.aligned import align, align_factors
from recommender.models.content import profile_ranking
from recommender.models.ease import fit_ease
from recommender.models.factor_training import TrainingAids
from recommender.models.factorization_machine import choose_engine
from recommender.models.features import content_features, movie_terms
from recommender.models.fold_in import fit_user_priors
from recommender.models.ials import fit_ials
from recommender.models.indexed import Floats, IndexedRatings
from recommender.models.nmf import fit_nmf
from recommender.models.part_scorer import single_thread
from recommender.models.popularity import movie_means
from recommender.models.ranking_blend import RankingWeights, ranking_weights
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
    held_out_folds,
    hold_out,
    rating_part_fits,
)
from recommender.models.rating_intervals import check_levels, fit_intervals
from recommender.models.sampling import some_users
from recommender.models.stages import Progress, Stages
from recommender.models.svd import fit_svd
from recommender.scale import FloatArray, IntArray, SplitMethod
from recommender.schema import Dataset
from recommender.scorer import RatingIntervals, Recommendations
from recommender.settings import FactorizationEngine, ModelParams


@dataclass(frozen=True, eq=False)
class RatingSide:
    """What estimates ratings.

    Attributes:
        factors: The models of `FACTOR_MODELS` by name, but for those beside the blend.
        weights: Of the rating blend, shape (cases, parts).
        intervals: How sure the blend is.
        priors: From which a new history is folded in.
    """

    factors: dict[str, FactorEstimates]
    weights: Floats
    intervals: Intervals
    priors: dict[str, UserPrior]


@dataclass(frozen=True, eq=False)
class RankingSide:
    """What ranks.

    Attributes:
        aligned: EASE, completed by content.
        implicit: iALS, completed by content.
        weights: Of the ranking blend.
    """

    aligned: AlignedRanking
    implicit: ImplicitRanking
    weights: RankingWeights


#: What learns side by side; more would share nothing out.
_THREADS = 2
#: Models that stand in the bundle beside the blend, the longest to learn first.
_UNBLENDED = ("svd", "nmf")
#: How much who watches both counts beside content in the likeness of two movies.
_NEIGHBOUR_SIMILARITY = 0.5


class HybridScorer:
    """Fits every part, sets the weights of both blends by cross-validation, and composes.

    Nothing but the training data is looked at: rating weights come from held-out folds
    (`rating_blend`), ranking weights from others (`ranking_trials`, `ranking_blend`).

    What ranks, what rates and the models beside the blend are learned side by side on two threads.
    They share nothing, and each adds up in one order, so that the bytes are those of one thread.

    Args:
        params: Hyper-parameters.
        seed: Seed of every random choice.
        progress: Told of each stage that begins.
        method: The split whose question is asked: what is held out of the training data to set
            the ranking weights resembles what that split holds out as a test.
        aids: Where the SVD starts, and where its training keeps checkpoints.
    """

    name = "hybrid"

    def __init__(
        self,
        params: ModelParams | None = None,
        seed: int = 0,
        progress: Progress | None = None,
        method: SplitMethod = "temporal",
        aids: TrainingAids | None = None,
    ) -> None:
        self.params = params or ModelParams()
        self.seed = seed
        self.method = method
        self.stages = Stages(progress or _silent)
        self._aids = replace(aids or TrainingAids(), progress=self.stages.progress)
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
        with self.stages.stage("content features"):
            features = content_features(terms, data.movie_counts > 0, params.content_factors, seed)
            data.by_user  # noqa: B018  # made once, for both threads
        with ThreadPoolExecutor(_THREADS) as pool:
            # The longest first, so that no thread is left alone with much.
            ranking = pool.submit(self._fit_ranking, data, features)
            rating = pool.submit(self._fit_rating, data, terms, features, engine)
            unblended = {name: pool.submit(self._fit_unblended, name, data) for name in _UNBLENDED}
            static = pool.submit(static_signals, data, params)
            profile = pool.submit(profile_ranking, data, features)
            try:
                ranks, rates = ranking.result(), rating.result()
                models = {name: unblended[name].result() for name in _UNBLENDED}
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return Components(
            factors={**rates.factors, **models},
            static=static.result(),
            aligned=ranks.aligned,
            implicit=ranks.implicit,
            profile=profile.result(),
            known_users=data.known_users,
            known_movies=data.known_movies,
            blend=Blend(
                rating=rates.weights,
                personal=ranks.weights.personal,
                unknown=ranks.weights.unknown,
                cold=ranks.weights.cold,
                recent_half_life=params.ease_recent_half_life,
                neighbour_similarity=_NEIGHBOUR_SIMILARITY,
                handover=ranks.weights.handover,
            ),
            priors=rates.priors,
            engine=engine,
            intervals=rates.intervals,
            blend_ratings=min(len(data), params.blend_max_ratings),
        )

    def _fit_rating(
        self,
        data: IndexedRatings,
        terms: list[list[str]],
        features: Floats,
        engine: FactorizationEngine,
    ) -> RatingSide:
        params, seed = replace(self.params, fm_engine=engine), self.seed
        factors = {"popularity": movie_means(data, params.popularity_damping)}
        told = self._aids.on_epoch("factorization machine")
        fits = rating_part_fits(data, terms, features, params, seed, on_epoch=told)
        for name, fit in fits.items():
            with self.stages.stage(f"{name}, {engine}" if name == "fm" else name):
                factors[name] = fit()
        parts = {name: factors[name] for name in fits}
        with self.stages.stage("priors"):
            priors = fit_user_priors(data, parts, params)
        sample = some_users(data, params.blend_max_ratings, seed)
        folds = self._hold_out(sample, terms, params)
        return RatingSide(
            factors=factors,
            weights=blend_weights(folds),
            intervals=fit_intervals(folds, data, params, self.method),
            priors=priors,
        )

    def _fit_unblended(self, name: str, data: IndexedRatings) -> FactorEstimates:
        """Return one of the models that stand in the bundle beside the blend."""
        with self.stages.stage(name):
            if name == "nmf":
                return fit_nmf(data, self.params, self.seed)
            return fit_svd(data, self.params, self.seed, self._aids)

    def _hold_out(
        self, data: IndexedRatings, terms: list[list[str]], params: ModelParams
    ) -> list[HeldOut]:
        folds: list[HeldOut] = []
        for past, rest in held_out_folds(data, params, self.seed):
            with self.stages.stage(f"rating blend, fold {len(folds) + 1}"):
                folds.append(hold_out(terms, past, rest, params, self.seed))
        return folds

    def _fit_ranking(self, data: IndexedRatings, features: Floats) -> RankingSide:
        params, stage = self.params, self.stages.stage
        with stage("ease"):
            aligned = align(fit_ease(data, params), features, params)
        with stage("ials"):
            implicit = align_factors(self._fit_implicit(data, params, self.seed), features, params)
        with stage("ranking blend"):
            weights = self._ranking_weights(data, features)
        return RankingSide(aligned, implicit, weights)

    def _fit_implicit(
        self, data: IndexedRatings, params: ModelParams, seed: int
    ) -> ImplicitRanking:
        return fit_ials(data, params, seed)

    def _ranking_weights(self, data: IndexedRatings, features: Floats) -> RankingWeights:
        params = self.params
        sample = some_users(data, params.blend_max_ratings, self.seed)
        fewer = min(params.ease_max_movies, params.ranking_max_movies)
        params = replace(params, ease_max_movies=fewer)
        trials: dict[str, list[Trial]] = {"new": [], "first": []}
        trials |= {kind: [] for kind in PERSONAL_KINDS[self.method]}
        found = collect_trials(
            sample,
            features,
            params,
            self.seed,
            method=self.method,
            fit_implicit=self._fit_implicit,
        )
        for done, (kind, trial) in enumerate(found):
            self.stages.progress("ranking blend", done, None)
            trials[kind].append(trial)
        signals = {kind: COLD_SIGNALS if kind == "new" else PERSONAL_SIGNALS for kind in trials}
        joined = {kind: join_trials(made, len(signals[kind])) for kind, made in trials.items()}
        return ranking_weights(joined, self.seed)


def _silent(what: str, done: int, total: int | None) -> None:
    del what, done, total


def _unfitted() -> UsageError:
    return UsageError("the scorer has not learned yet", place="hybrid", remedy="Call fit.")
