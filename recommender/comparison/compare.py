"""Compare models: choose each one's configuration on validation, then measure all on the test."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from recommender.comparison.report import ComparedModel, Comparison
from recommender.comparison.resources import FitCost, fit_with_cost, list_milliseconds
from recommender.errors import RouletteError, UsageError
from recommender.evaluation.comparison import compare_reports
from recommender.evaluation.evaluate import check_settings, evaluate
from recommender.models.scorers import SCORERS, check_names, find_scorer
from recommender.models.search_space import Values, draw, values_of, with_values
from recommender.schema import Split
from recommender.scorer import Recommends
from recommender.settings import ComparisonSettings, EvaluationSettings, Params
from recommender.tuning.objective import TRIAL_ERRORS, is_better, measure_objective

#: Told what is being done, the models done and the models in all.
Progress = Callable[[str, int, int | None], None]

#: Metrics of which the paired difference to the reference is stated.
PAIRED_METRICS = ("rmse", "ndcg_at_10", "precision_at_10", "recall_at_10")


@dataclass(frozen=True, eq=False)
class Terms:
    """What is the same for every model.

    Attributes:
        split: Where the ratings come from.
        params: Hyper-parameters and the seed.
        settings: What is compared.
        evaluation: How much is measured.
    """

    split: Split
    params: Params
    settings: ComparisonSettings
    evaluation: EvaluationSettings


@dataclass(frozen=True, eq=False)
class Chosen:
    """The best configuration of one model, fitted.

    Attributes:
        model: Fitted on the training ratings.
        values: Its hyper-parameters, of those that were tried.
        cost: What its fit took.
        score: Its objective on validation, or ``None`` where it was the only one.
        configured_score: That of the configuration of ``params.yaml``.
        tried: Configurations tried.
        failed: How many of them failed.
    """

    model: Recommends
    values: Values
    cost: FitCost
    score: float | None
    configured_score: float | None
    tried: int
    failed: int


def compare_models(
    split: Split,
    params: Params,
    settings: ComparisonSettings,
    evaluation: EvaluationSettings,
    progress: Progress | None = None,
) -> Comparison:
    """Return the metrics and costs of every model on the test ratings.

    For each model the configuration of ``params`` and ``settings.trials`` others, drawn from its
    search space, are fitted on the training ratings and measured by the model's own objective on
    the validation ratings. The best is measured on the test ratings; it is not fitted again.

    Args:
        split: Where the ratings come from.
        params: Hyper-parameters and the seed.
        settings: What is compared.
        evaluation: How much is measured.
        progress: Told of each model and configuration.

    Raises:
        UsageError: A setting is out of range, or a model is unknown.
        DataError: A part of the split holds nothing to measure on.
        RouletteError: No model could be fitted.
    """
    names = _check(settings)
    check_settings(evaluation)
    compared, failures = _compare_each(names, Terms(split, params, settings, evaluation), progress)
    reference = compared.get(settings.reference)
    return Comparison(
        dataset=split.train.name,
        dataset_digest=split.train.digest,
        simulated=split.train.simulated,
        split_method=split.method,
        sizes={
            "training": len(split.train.ratings),
            "validation": len(split.validation),
            "test": len(split.test),
        },
        seed=params.seed,
        trials=settings.trials,
        reference=settings.reference,
        models=tuple(_against(model, reference) for model in compared.values()),
        failures=failures,
    )


def _compare_each(
    names: Sequence[str], terms: Terms, progress: Progress | None
) -> tuple[dict[str, ComparedModel], dict[str, str]]:
    """Return the models that could be measured, and the reasons of those that could not, by name.

    Raises:
        RouletteError: None could be measured; the message has the reasons.
    """
    compared: dict[str, ComparedModel] = {}
    failures: dict[str, str] = {}
    for done, name in enumerate(names):
        try:
            compared[name] = _compare_one(name, terms, _teller(progress, name, done, len(names)))
        except TRIAL_ERRORS as error:
            failures[name] = str(error) or type(error).__name__
    if not compared:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in failures.items())
        place = terms.split.train.name
        raise RouletteError(f"no model could be compared: {reasons}", place=place)
    return compared, failures


def _check(settings: ComparisonSettings) -> tuple[str, ...]:
    """Return the names of the models, the reference among them as it is checked too."""
    for name, least in (("trials", 0), ("timed_users", 1)):
        value = getattr(settings, name)
        if value < least:
            raise UsageError(f"must be at least {least}", place=f"comparison.{name}", value=value)
    check_names((*settings.models, settings.reference))
    return tuple(dict.fromkeys(settings.models)) or tuple(SCORERS)


def _teller(progress: Progress | None, name: str, done: int, total: int) -> Callable[[str], None]:
    if progress is None:
        return lambda _: None
    return lambda what: progress(f"{name}: {what}", done, total)


def _compare_one(name: str, terms: Terms, tell: Callable[[str], None]) -> ComparedModel:
    kind = find_scorer(name)
    started = time.perf_counter()
    chosen = _choose(name, terms, tell)
    budget_seconds = time.perf_counter() - started
    tell("measuring on the test ratings")
    report = evaluate(chosen.model, terms.split, terms.evaluation, terms.params.seed)
    users = np.unique(terms.split.test["user_id"].to_numpy())
    return ComparedModel(
        name=name,
        objective=kind.objective,
        values=chosen.values,
        tried=chosen.tried,
        failed=chosen.failed,
        configured_score=chosen.configured_score,
        chosen_score=chosen.score,
        fit_seconds=chosen.cost.seconds,
        budget_seconds=budget_seconds,
        peak_mb=chosen.cost.peak_mb,
        list_milliseconds=list_milliseconds(chosen.model, users, terms.settings.timed_users),
        # The table's name tells two engines of one scorer apart.
        report=replace(report, model=name),
        against_reference={},
    )


def _choose(name: str, terms: Terms, tell: Callable[[str], None]) -> Chosen:
    """Return the best configuration of one model by its own objective on validation.

    Raises:
        RouletteError: None could be fitted, with the reason of the first.
    """
    configurations = _configurations(name, terms.params, terms.settings.trials)
    best: Chosen | None = None
    configured_score, failed, first_error = None, 0, None
    for number, values in enumerate(configurations):
        tell(f"configuration {number + 1} of {len(configurations)}")
        try:
            found = _fit(name, values, terms, alone=len(configurations) == 1)
        except TRIAL_ERRORS as error:
            failed, first_error = failed + 1, first_error or error
            continue
        configured_score = found.score if number == 0 else configured_score
        if best is None or _beats(name, found, best):
            best = found
    if best is None:
        raise first_error or RouletteError("nothing was tried", place=name)
    tried = len(configurations)
    return replace(best, configured_score=configured_score, tried=tried, failed=failed)


def _configurations(name: str, params: Params, trials: int) -> list[Values]:
    """Return the configured values, and others where the model has something to tune."""
    kind = find_scorer(name)
    space = kind.spaces[kind.objective]
    configured = values_of(space, params.model)
    if not space:
        return [configured]
    rng = np.random.default_rng([params.seed, zlib.crc32(name.encode())])
    return [configured, *(draw(space, rng) for _ in range(trials))]


def _fit(name: str, values: Values, terms: Terms, *, alone: bool) -> Chosen:
    params, split = terms.params, terms.split
    kind = find_scorer(name)
    scorer = kind.make(replace(params, model=with_values(params.model, values)))
    model, cost = fit_with_cost(scorer, split.train)
    score = None
    if not alone:
        score = measure_objective(model, split, kind.objective, terms.evaluation, params.seed)
    return Chosen(model, values, cost, score, configured_score=None, tried=1, failed=0)


def _beats(name: str, found: Chosen, best: Chosen) -> bool:
    if found.score is None or best.score is None:
        return False
    return is_better(find_scorer(name).objective, found.score, best.score)


def _against(model: ComparedModel, reference: ComparedModel | None) -> ComparedModel:
    if reference is None or model is reference:
        return model
    differences = compare_reports(model.report, reference.report, PAIRED_METRICS)
    return replace(model, against_reference=differences)
