"""RMSE of each model over folds, with the seconds and the memory that fitting it takes."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.protocols.folds import Fold
from benchmarks.protocols.models import MakeScorer
from benchmarks.report import Check, at_most, peak_mb, say
from recommender.evaluation.rating import rmse
from recommender.settings import Params

#: Share of the RMSE of Surprise's SVD that the hybrid may have at most.
_OF_SURPRISE_SVD = 0.93
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class FoldResult:
    """One model on one fold.

    Attributes:
        model: Its name.
        rmse: In stars, estimates limited to the scale.
        seconds: Fitting and estimating.
        peak_mb: Largest resident set of the process, which holds the data set as well.
    """

    model: str
    rmse: float
    seconds: float
    peak_mb: float


def compare(
    folds: Iterable[Fold], models: Mapping[str, MakeScorer], params: Params
) -> list[FoldResult]:
    """Return each model on each fold.

    Each fit has a process of its own, so that memory is counted apart.
    """
    results: list[FoldResult] = []
    for fold in folds:
        for name, make in models.items():
            result = in_own_process(measure, name, make, fold, fold_params(params, fold))
            say(f"{fold.name}: {name} {result.rmse:.4f} in {result.seconds:.1f} s")
            results.append(result)
    return results


def fold_params(params: Params, fold: Fold) -> Params:
    """Return ``params``, with two rating folds by chance where no timestamps tell what is late."""
    if fold.train.ratings["timestamp"].nunique() > 1:
        return params
    return replace(params, model=replace(params.model, blend_folds=2, blend_cuts=0))


def measure(name: str, make: MakeScorer, fold: Fold, params: Params) -> FoldResult:
    """Fit one model on one fold."""
    start = time.perf_counter()
    scorer = make(params).fit(fold.train)
    estimates = scorer.predict(fold.test["user_id"].to_numpy(), fold.test["movie_id"].to_numpy())
    seconds = time.perf_counter() - start
    error = rmse(fold.test["rating"].to_numpy(np.float64), estimates)
    return FoldResult(name, float(error), seconds, peak_mb())


def in_own_process(function: Callable[..., FoldResult], *arguments: Any) -> FoldResult:
    """Return what ``function`` returns in a forked process, which inherits the arguments."""
    _task["call"] = function, arguments
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        return pool.submit(_run_task).result()


#: What a forked process is to do; it cannot be pickled.
_task: dict[str, tuple[Callable[..., FoldResult], tuple[Any, ...]]] = {}


def _run_task() -> FoldResult:
    function, arguments = _task["call"]
    return function(*arguments)


def summarise(results: Sequence[FoldResult]) -> dict[str, dict[str, Any]]:
    """Return the figures of each model, by name: RMSE by fold and mean, seconds, memory."""
    names = list(dict.fromkeys(result.model for result in results))
    return {name: _summary([item for item in results if item.model == name]) for name in names}


def _summary(results: Sequence[FoldResult]) -> dict[str, Any]:
    errors = [result.rmse for result in results]
    return {
        "rmse": round(float(np.mean(errors)), 4),
        "rmse_interval": interval(errors),
        "rmse_by_fold": [round(error, 4) for error in errors],
        "seconds": round(float(np.mean([result.seconds for result in results])), 1),
        "peak_mb": max(result.peak_mb for result in results),
    }


def interval(values: Sequence[float]) -> list[float] | None:
    """Return the 95 % t-interval of the mean over folds, ``None`` for a single fold.

    >>> interval([1.0, 1.0, 1.0])
    [1.0, 1.0]
    """
    if len(values) == 1:
        return None
    spread = np.std(values, ddof=1) / np.sqrt(len(values))
    reach = stats.t.ppf(0.5 + _CONFIDENCE / 2, len(values) - 1) * spread
    return [round(float(np.mean(values) + sign * reach), 4) for sign in (-1, 1)]


def promises(results: Sequence[FoldResult]) -> list[Check]:
    """Return what the hybrid promises, on the folds that it shares with each model."""
    by_model: dict[str, list[float]] = {}
    for result in results:
        by_model.setdefault(result.model, []).append(result.rmse)
    hybrid = by_model.pop("hybrid", [])
    checks = []
    for name, errors in by_model.items() if hybrid else ():
        own, other = (round(float(np.mean(item[: len(errors)])), 4) for item in (hybrid, errors))
        checks.append(at_most(f"hybrid: rmse against {name}", own, other))
        if name == "surprise-svd":
            bound = round(_OF_SURPRISE_SVD * other, 4)
            checks.append(at_most("hybrid: rmse against 93 % of surprise-svd", own, bound))
    return checks
