"""Typed, frozen settings read from YAML, where an unknown key is an error that names the nearest.

``params.yaml`` becomes `Params` (hyper-parameters and the seed), and ``configs/`` holds one file of
run settings for each pipeline. Importing this module reads no file.
"""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml

from recommender.errors import UsageError
from recommender.scale import SplitMethod

T = TypeVar("T")

#: What a model is tuned for: the error of its estimates, or the order of its lists.
Objective = Literal["rmse", "ndcg_at_10"]
FactorizationEngine = Literal["auto", "bayesian", "sgd"]


@dataclass(frozen=True)
class SplitParams:
    """How the ratings are parted.

    Attributes:
        method: ``temporal`` (global cut in time), ``random``, or ``leave_last_k`` (per user).
        validation_share: Share of all ratings for validation, in (0, 1); unused by leave_last_k.
        test_share: Share of all ratings for the test, in (0, 1); unused by leave_last_k.
        leave_k: For leave_last_k: each user's last ``leave_k`` ratings are the test and the
            ``leave_k`` before them the validation.
    """

    method: SplitMethod = "temporal"
    validation_share: float = 0.1
    test_share: float = 0.1
    leave_k: int = 5


@dataclass(frozen=True)
class ModelParams:
    """Hyper-parameters of the hybrid and its parts; rates are per step of gradient descent.

    Attributes:
        n_factors: Latent factors of the SVD.
        n_epochs: Passes over the training ratings of the SVD.
        learning_rate: Learning rate of the SVD and of SVD++.
        regularization: L2 regularization of the SVD and of SVD++.
        svd_engine: ``fast``, or ``surprise`` for scikit-surprise's own training of the SVD.
        svd_threads: Threads that train SVD and SVD++; with more than one, equal runs of SVD++ no
            longer give equal bytes.
        svd_patience: Epochs without a better RMSE on held-out training ratings after which SVD
            and SVD++ stop, or ``None`` to train for all epochs.
        svd_plus_plus_factors: Latent factors of SVD++.
        svd_plus_plus_epochs: Passes of SVD++.
        nmf_factors: Latent factors of the NMF.
        nmf_epochs: Passes of the NMF.
        bias_user_damping: Pseudo-ratings that pull a user's bias to zero.
        bias_movie_damping: Pseudo-ratings that pull a movie's bias to zero, or to what its
            content lets expect.
        popularity_damping: Pseudo-ratings that pull a movie's mean to the global mean.
        trending_half_life_days: Days after which a rating counts half as recent attention.
        content_factors: Dimensions to which TF-IDF features are reduced.
        content_regularization: Ridge penalty of the movie bias that content lets expect.
        taste_factors: Dimensions of who watches what.
        fm_engine: ``bayesian`` or ``sgd``, or ``auto``, which goes by the number of ratings.
        fm_max_ratings: Most ratings for which ``auto`` is ``bayesian``.
        fm_content: Kinds of content terms among the features of the factorization machine.
        fm_factors: Factors of each feature of the factorization machine.
        fm_iterations: Draws of its chain.
        fm_blend_iterations: Draws of its chain where it is fitted to set the rating weights.
        fm_sgd_factors: Factors of the ``sgd`` engine.
        fm_sgd_epochs: Its passes over the ratings.
        fm_sgd_learning_rate: Its learning rate.
        fm_sgd_regularization: Its L2 regularization.
        ease_regularization: L2 penalty of the item-item regression that ranks.
        ease_min_support: Favourable ratings that a movie needs to take part in that regression.
        ease_max_movies: Most movies in that regression, the most rated ones, which bounds memory.
        ease_neighbours: Largest weights kept for each movie.
        ease_recent_half_life: Ratings after which an earlier one counts half where a viewer's
            recent history ranks.
        alignment_regularization: Ridge penalty of the item-item weights that content lets expect.
        ials_factors: Latent factors of the iALS.
        ials_epochs: Passes of the iALS.
        ials_regularization: L2 regularization of the iALS.
        ials_alpha: How much a grade of 1 (4 stars) adds to the confidence of 1 in the iALS.
        ials_max_users: Most users from whom the iALS learns its movie factors.
        knn_neighbours: Most similar movies kept for each movie in item-kNN.
        knn_shrinkage: What pulls similarities that rest on few viewers to 0, in squared grades.
        blend_folds: Folds by chance, within the training data, that set the rating weights.
        blend_holdout: Share of ratings, of users and of movies that each of them holds out.
        blend_cuts: Folds that hold out later ratings of the training data.
        blend_latest: Share of the ratings that each of them holds out.
        blend_max_ratings: Most ratings on which the weights of both blends are set, those of some
            users where there are more.
        interval_levels: Shares of the ratings to come that rating intervals should hold, rising.
        interval_fewest: Fewest held-out ratings on which the width of an interval rests.
        ranking_cuts: Moments at which the ranking weights are tried on what came after.
        ranking_last: Latest ratings of each user on which they are tried as well; below 1, the
            share of each user's ratings.
        ranking_folds: Folds of latest ratings, or of ratings by chance, on which they are tried.
        ranking_max_movies: Most movies in EASE where it is fitted to set those weights.
        ranking_max_users: Most lists that are tried for all moments together, and for each fold.
    """

    n_factors: int = 50
    n_epochs: int = 30
    learning_rate: float = 0.01
    regularization: float = 0.1
    svd_engine: Literal["fast", "surprise"] = "fast"
    svd_threads: int = 1
    svd_patience: int | None = None
    svd_plus_plus_factors: int = 20
    svd_plus_plus_epochs: int = 30
    nmf_factors: int = 15
    nmf_epochs: int = 30
    bias_user_damping: float = 5.0
    bias_movie_damping: float = 5.0
    popularity_damping: float = 10.0
    trending_half_life_days: float = 365.0
    content_factors: int = 48
    content_regularization: float = 100.0
    taste_factors: int = 10
    fm_engine: FactorizationEngine = "auto"
    fm_max_ratings: int = 2_000_000
    fm_content: tuple[str, ...] = ("genre", "era")
    fm_factors: int = 8
    fm_iterations: int = 60
    fm_blend_iterations: int = 10
    fm_sgd_factors: int = 16
    fm_sgd_epochs: int = 20
    fm_sgd_learning_rate: float = 0.003
    fm_sgd_regularization: float = 0.02
    ease_regularization: float = 300.0
    ease_min_support: int = 5
    ease_max_movies: int = 8000
    ease_neighbours: int = 500
    ease_recent_half_life: float = 30.0
    alignment_regularization: float = 10.0
    ials_factors: int = 48
    ials_epochs: int = 10
    ials_regularization: float = 30.0
    ials_alpha: float = 3.0
    ials_max_users: int = 20000
    knn_neighbours: int = 300
    knn_shrinkage: float = 50.0
    blend_folds: int = 1
    blend_holdout: float = 0.1
    blend_cuts: int = 1
    blend_latest: float = 0.15
    blend_max_ratings: int = 1_000_000
    interval_levels: tuple[float, ...] = (0.5, 0.8, 0.95)
    interval_fewest: int = 200
    ranking_cuts: int = 4
    ranking_last: float = 5.0
    ranking_folds: int = 2
    ranking_max_movies: int = 4000
    ranking_max_users: int = 500


@dataclass(frozen=True)
class Params:
    """All hyper-parameters, as in ``params.yaml``.

    Attributes:
        seed: The one seed from which every random choice is derived.
        split: How the ratings are parted.
        model: The hybrid and its parts.
    """

    seed: int = 20240615
    split: SplitParams = field(default_factory=SplitParams)
    model: ModelParams = field(default_factory=ModelParams)


@dataclass(frozen=True)
class EvaluationSettings:
    """How much is measured.

    Attributes:
        k_values: List lengths at which ranking metrics are computed.
        relevance_threshold: Stars from which a test rating counts as relevant.
        max_users: Most test users that are ranked, drawn by seed; the report says how many.
        bootstrap_samples: Resamplings of users behind each interval.
        confidence: Level of the intervals, in (0, 1).
    """

    k_values: tuple[int, ...] = (5, 10, 20)
    relevance_threshold: float = 4.0
    max_users: int = 20000
    bootstrap_samples: int = 1000
    confidence: float = 0.95


@dataclass(frozen=True)
class BehaviourSettings:
    """How many cases are tried and what is tolerated.

    Relative ranks run from 0 (first) to 1 (last); a random order gives 0.5 on average.

    Attributes:
        n_users: Most users asked in a test.
        n_movies: Most movies, and most pairs of movies, asked in a test.
        list_length: Length of the lists that are looked at.
        n_neighbours: Neighbours of a liked film that should rise.
        min_raised: Least share of liked films whose neighbours rise on average.
        max_sequel_rank: Highest median relative rank of a film among the films similar to
            another of its series.
        max_director_rank: The same for two films of one director.
        min_pairs: Fewest pairs on which a median is judged.
        min_popular: How far the training ratings of an unknown user's list must lie from those
            of a random list (0) towards those of the most rated movies (1).
        min_varied: Least share of users for whom unrated films of different content differ
            in their estimates.
        min_history: Fewest ratings of a user from whom one is taken away.
        min_overlap: Least mean share of the list that stays when one rating is taken away.
    """

    n_users: int = 100
    n_movies: int = 200
    list_length: int = 20
    n_neighbours: int = 10
    min_raised: float = 0.8
    max_sequel_rank: float = 0.1
    max_director_rank: float = 0.25
    min_pairs: int = 5
    min_popular: float = 0.3
    min_varied: float = 0.9
    min_history: int = 20
    min_overlap: float = 0.5


@dataclass(frozen=True)
class GateSettings:
    """What a candidate must show before it becomes production.

    Attributes:
        ndcg_margin: NDCG@10 may be at most this much below production's.
        rmse_margin: RMSE may be at most this much above production's, in stars.
        min_ndcg: Floor on NDCG@10 where there is no production model to compare with.
        max_rmse: Ceiling on RMSE, in stars, where there is no production model.
        accept_dataset_change: Whether a model trained on a data set of another name may replace
            production; then the floors apply.
        shadow_margin: On real requests of the last day, the estimated stars of the candidate's
            lists may be at most this much below those of production's.
        shadow_latency: The candidate's lists may take at most this many times production's time.
        shadow_least_ms: Time of a list, in milliseconds, that is never too long.
        shadow_requests: Fewer real requests say nothing.
    """

    ndcg_margin: float = 0.005
    rmse_margin: float = 0.01
    min_ndcg: float = 0.02
    max_rmse: float = 1.1
    accept_dataset_change: bool = False
    shadow_margin: float = 0.1
    shadow_latency: float = 3.0
    shadow_least_ms: float = 10.0
    shadow_requests: int = 50


@dataclass(frozen=True)
class RegistrySettings:
    """Where results go.

    Attributes:
        experiment: MLflow experiment of the runs.
        model_name: Registered model whose aliases decide what is served.
        downloaded_bundles: Bundles of a registry elsewhere that stay on this machine, those used
            last; more of them are removed once they were not used for a day.
    """

    experiment: str = "movie-roulette"
    model_name: str = "movie-roulette"
    downloaded_bundles: int = 5


@dataclass(frozen=True)
class ComparisonSettings:
    """What is compared, and how hard each model is tuned for it.

    Attributes:
        models: Names of scorers, or empty for all of them.
        trials: Configurations drawn from each model's search space and tried on the validation
            ratings, besides the configured one; 0 compares the models as configured.
        reference: The model to which the others' differences are stated.
        timed_users: Users for whom a list is made to time it.
    """

    models: tuple[str, ...] = ()
    trials: int = 2
    reference: str = "hybrid"
    timed_users: int = 200


@dataclass(frozen=True)
class TuningSettings:
    """What is tuned, for what and for how long.

    Attributes:
        model: Name of a scorer.
        objective: ``rmse``, ``ndcg_at_10``, or ``None`` for the model's own.
        trials: Trials in all, those of an interrupted run included.
        cuts: Successive pieces of the validation ratings on which every trial is measured.
        prune_after: Completed trials from which a trial below the median is given up.
    """

    model: str = "hybrid"
    objective: Objective | None = None
    trials: int = 30
    cuts: int = 3
    prune_after: int = 4


@dataclass(frozen=True)
class RunConfig:
    """Run settings that every pipeline has.

    Attributes:
        dataset: ``sample``, a MovieLens name, or any name with ``data_path``.
        data_path: Folder, zip or file to read instead of the named download, or ``None``.
        column_map: For CSV and Parquet: our column names to those of the file.
        movies_path: For CSV and Parquet: a second file with the movies, or ``None``.
        with_events: Whether ratings from the event store are merged, and erased users left out.
        events_version: The MD5 by which DVC names the version of the site's ratings that the event
            store must give, or ``None`` for what it has now.
        enable_cache: Whether unchanged steps are taken from the cache.
        evaluation: How much is measured.
        registry: Where results go.
    """

    dataset: str = "sample"
    data_path: str | None = None
    column_map: dict[str, str] = field(default_factory=dict)
    movies_path: str | None = None
    with_events: bool = False
    events_version: str | None = None
    enable_cache: bool = True
    evaluation: EvaluationSettings = field(default_factory=EvaluationSettings)
    registry: RegistrySettings = field(default_factory=RegistrySettings)


@dataclass(frozen=True)
class TrainingConfig(RunConfig):
    """Run settings of the training pipeline, as in ``configs/training.yaml``.

    Attributes:
        warm_start: Whether the SVD starts from the production model's factors; the result then
            depends on that model.
        behaviour: What the behavioural tests try and tolerate.
        gate: What promotion asks for.
    """

    warm_start: bool = False
    behaviour: BehaviourSettings = field(default_factory=BehaviourSettings)
    gate: GateSettings = field(default_factory=GateSettings)


@dataclass(frozen=True)
class ComparisonConfig(RunConfig):
    """Run settings of the comparison pipeline, as in ``configs/comparison.yaml``.

    Attributes:
        comparison: What is compared, and how hard each model is tuned for it.
    """

    comparison: ComparisonSettings = field(default_factory=ComparisonSettings)


@dataclass(frozen=True)
class TuningConfig(RunConfig):
    """Run settings of the tuning pipeline, as in ``configs/tuning.yaml``.

    Attributes:
        tuning: What is tuned, for what and for how long.
    """

    tuning: TuningSettings = field(default_factory=TuningSettings)


def read_settings(cls: type[T], path: Path, overrides: Mapping[str, Any] | None = None) -> T:
    """Read a YAML file into the settings class ``cls``.

    Args:
        cls: A frozen dataclass of this module.
        path: The YAML file.
        overrides: Dotted keys, for example ``model.n_factors``, to values that win over the file.

    Raises:
        UsageError: The file is absent or not a mapping, a key is unknown or a value ill-typed.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            "the settings file cannot be read",
            place=str(path),
            value=error.strerror,
            remedy="Give the path of an existing YAML file with --config.",
        ) from error
    try:
        tree = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise UsageError(f"not valid YAML: {error}", place=str(path)) from error
    if not isinstance(tree, dict):
        raise UsageError("must be a mapping of keys to values", place=str(path), value=tree)
    for key, value in (overrides or {}).items():
        _override(tree, key, value)
    return parse_settings(cls, tree, place=str(path))


def parse_settings(cls: type[T], tree: Mapping[str, Any], *, place: str) -> T:
    """Build ``cls`` from nested mappings, checking every key and type.

    Raises:
        UsageError: A key is unknown, missing without a default, or its value ill-typed.
    """
    if not isinstance(tree, Mapping):
        raise UsageError("must be a mapping of keys to values", place=place, value=tree)
    hints = typing.get_type_hints(cls)
    known = {item.name: item for item in fields(cls)}  # type: ignore[arg-type]  # cls is a dataclass
    for key in tree:
        if key not in known:
            raise unknown_key(str(key), list(known), place=place)
    values = {key: _convert(hints[key], value, f"{place}: {key}") for key, value in tree.items()}
    for name, item in known.items():
        if name not in values and item.default is MISSING and item.default_factory is MISSING:
            raise UsageError("a required key is missing", place=place, value=name)
    return cls(**values)


def unknown_key(key: str, known: Sequence[str], *, place: str) -> UsageError:
    """Return the error for an unknown key, which names the nearest known one."""
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known keys: {', '.join(sorted(known))}."
    return UsageError("unknown key", place=place, value=key, remedy=hint)


def _override(tree: dict[str, Any], dotted: str, value: Any) -> None:
    *parents, last = dotted.split(".")
    node = tree
    for parent in parents:
        node = node.setdefault(parent, {})
        if not isinstance(node, dict):
            raise UsageError("is not a group of settings", place=f"--set {dotted}", value=parent)
    node[last] = value


def _convert(hint: Any, value: Any, place: str) -> Any:
    if is_dataclass(hint):
        return parse_settings(hint, value, place=place)  # type: ignore[arg-type]  # a class here
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        options = [option for option in typing.get_args(hint) if option is not type(None)]
        return None if value is None else _convert(options[0], value, place)
    if origin is not None:
        return _convert_generic(origin, typing.get_args(hint), value, place)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise UsageError(f"must be of type {hint.__name__}", place=place, value=value)
    return value


def _convert_generic(origin: Any, arguments: tuple[Any, ...], value: Any, place: str) -> Any:
    if origin is typing.Literal:
        if value not in arguments:
            allowed = f"Allowed: {', '.join(map(repr, arguments))}."
            raise UsageError("not an allowed value", place=place, value=value, remedy=allowed)
        return value
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise UsageError("must be a list", place=place, value=value)
        return tuple(_convert(arguments[0], item, place) for item in value)
    if not isinstance(value, Mapping):
        raise UsageError("must be a mapping", place=place, value=value)
    return {str(key): str(item) for key, item in value.items()}
