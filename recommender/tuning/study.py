"""A study: trials one after the other, kept in a file, so that a killed run goes on where it was.

Optuna's TPE (Bergstra et al. 2011, "Algorithms for hyper-parameter optimization") proposes what to
try from the trials before, and its median rule gives up a trial whose running mean over the cuts is
worse than that of half the trials before it (Golovin et al. 2017, "Google Vizier", section 3.1.2).
Each proposal has a seed of its own, drawn from the study's seed and the number of the trial: a
study that was interrupted goes on exactly as it would have without the interruption. A trial goes
into the file whole, when it has ended: one that is cut short leaves nothing.

This is the one module that imports Optuna, which reports nothing to anyone.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from recommender.errors import RouletteError, UsageError
from recommender.models.scorers import find_scorer, objective_of
from recommender.models.search_space import (
    IntRange,
    Range,
    Values,
    including,
    tidy,
    values_of,
    with_values,
)
from recommender.schema import Split
from recommender.settings import EvaluationSettings, Objective, Params, TuningSettings
from recommender.tuning.cuts import validation_cuts
from recommender.tuning.objective import TRIAL_ERRORS, higher_is_better, measure_objective
from recommender.tuning.report import OnTrial, TrialRecord, TuningReport

#: Told what is being done, the trials done and the trials in all.
Progress = Callable[[str, int, int | None], None]

_REASON = "reason"
_CUT_SCORES = "cut_scores"
_VALUES = "values"
_SECONDS = "seconds"
#: Fewest complete trials from which an importance is told.
_FEWEST_FOR_IMPORTANCE = 4


@dataclass(frozen=True)
class Task:
    """What every trial of one study has in common.

    Attributes:
        model: Name of the scorer.
        objective: What it is tuned for.
        space: What is tried.
        params: The present hyper-parameters and the seed.
        evaluation: The relevance threshold and the most users to rank.
        cuts: On what each trial is measured; none of them holds a test rating.
    """

    model: str
    objective: Objective
    space: dict[str, Range]
    params: Params
    evaluation: EvaluationSettings
    cuts: tuple[Split, ...]

    def score(self, values: Values, cut: Split) -> float:
        """Fit the configuration on the training part of ``cut`` and measure it."""
        params = replace(self.params, model=with_values(self.params.model, values))
        scorer = find_scorer(self.model).make_for(self.objective, params).fit(cut.train)
        return measure_objective(scorer, cut, self.objective, self.evaluation, params.seed)


def tune(
    split: Split,
    params: Params,
    settings: TuningSettings,
    evaluation: EvaluationSettings,
    *,
    folder: Path,
    code_digest: str,
    on_trial: OnTrial | None = None,
    progress: Progress | None = None,
) -> TuningReport:
    """Try configurations until the study has ``settings.trials`` of them.

    The present configuration is the first trial, which is never given up since none is before it.
    A trial that fails, for example because its factors diverge, is recorded with the reason and
    the study goes on.

    Args:
        split: Where the ratings come from; its test part is not looked at.
        params: The present hyper-parameters and the seed.
        settings: What is tuned, for what and for how long.
        evaluation: The relevance threshold and the most users to rank.
        folder: Where studies live, one file for each; made if absent.
        code_digest: Names the code: other code, other study.
        on_trial: Told of each trial that this call ran.
        progress: Told of each trial begun.

    Raises:
        UsageError: A setting is out of range, or another process is at work on the study.
        DataError: There are no validation ratings.
        RouletteError: Every trial failed; the message has the reasons.
    """
    _check(settings)
    task = _task(split, params, settings, evaluation)
    file = folder / f"{task.model}-{task.objective}-{_key(split, task, settings, code_digest)}.db"
    with open_study(file, task.objective, settings.prune_after) as study:
        before = len(study.trials)
        _run_trials(study, task, settings.trials, on_trial, progress)
        trials = tuple(_record(trial) for trial in study.trials)
        _require_one(trials, task, file)
        importance = study.importance(params.seed)
    return TuningReport(
        model=task.model,
        objective=task.objective,
        dataset=split.train.name,
        dataset_digest=split.train.digest,
        simulated=split.train.simulated,
        split_method=split.method,
        cuts=len(task.cuts),
        validation_ratings=len(split.validation),
        seed=params.seed,
        study=str(file),
        resumed_after=before,
        trials=trials,
        importance=importance,
    )


class KeptStudy:
    """A study in memory, each of whose trials is copied into a file when it has ended.

    Args:
        memory: What proposes and gives up; holds the trials of ``stored``.
        stored: The same trials in the file.
    """

    def __init__(self, memory: optuna.Study, stored: optuna.Study) -> None:
        self.memory = memory
        self._stored = stored

    @property
    def trials(self) -> list[FrozenTrial]:
        """The trials that ended, in order."""
        return self.memory.get_trials(deepcopy=False)

    @property
    def complete(self) -> list[FrozenTrial]:
        """The trials that were not given up and did not fail."""
        return [trial for trial in self.trials if trial.state == TrialState.COMPLETE]

    def ask(self, space: dict[str, Range], seed: int, fixed: Values | None) -> optuna.Trial:
        """Return the next trial.

        Args:
            space: What is tried.
            seed: Seed of the proposal.
            fixed: The values to take, or ``None`` for the sampler's.
        """
        self.memory.sampler = optuna.samplers.TPESampler(seed=seed)
        if fixed is not None:
            self.memory.enqueue_trial(dict(fixed))
        return self.memory.ask({name: _distribution(item) for name, item in space.items()})

    def tell(self, trial: optuna.Trial, score: float | None, state: TrialState) -> FrozenTrial:
        """End a trial and keep it."""
        told = self.memory.tell(trial, score, state=state)
        self._stored.add_trial(told)
        return told

    def importance(self, seed: int) -> dict[str, float]:
        """Return the share of the objective's variance by hyper-parameter, empty if untold."""
        scores = {trial.value for trial in self.complete}
        if len(self.complete) < _FEWEST_FOR_IMPORTANCE or len(scores) == 1:
            return {}
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=seed % 2**32)
        found = optuna.importance.get_param_importances(self.memory, evaluator=evaluator)
        return {name: float(share) for name, share in found.items()}


@contextmanager
def open_study(file: Path, objective: Objective, prune_after: int) -> Iterator[KeptStudy]:
    """Yield the study in ``file``, made if absent, for this process alone.

    Raises:
        UsageError: Another process holds it.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.with_suffix(".lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(
                "another tuning run is at work on this study",
                place=str(file),
                remedy="Wait for it, or end it: the trials that it has done are kept.",
            ) from error
        storage = optuna.storages.RDBStorage(f"sqlite:///{file}")
        higher = higher_is_better(objective)
        direction = StudyDirection.MAXIMIZE if higher else StudyDirection.MINIMIZE
        stored = optuna.create_study(
            storage=storage, study_name="tuning", load_if_exists=True, direction=direction
        )
        pruner = optuna.pruners.MedianPruner(n_startup_trials=prune_after)
        memory = optuna.create_study(direction=direction, pruner=pruner)
        memory.add_trials(stored.trials)
        try:
            yield KeptStudy(memory, stored)
        finally:
            storage.engine.dispose()


def _check(settings: TuningSettings) -> None:
    for name in ("trials", "prune_after"):
        if getattr(settings, name) < 1:
            value = getattr(settings, name)
            raise UsageError("must be at least 1", place=f"tuning.{name}", value=value)


def _task(
    split: Split, params: Params, settings: TuningSettings, evaluation: EvaluationSettings
) -> Task:
    objective = objective_of(settings.model, settings.objective)
    space = find_scorer(settings.model).spaces[objective]
    return Task(
        model=settings.model,
        objective=objective,
        space=including(space, params.model),
        params=params,
        evaluation=evaluation,
        cuts=validation_cuts(split, settings.cuts),
    )


def _key(split: Split, task: Task, settings: TuningSettings, code_digest: str) -> str:
    """Return what names the study: trials of equal keys, and of no others, can be compared."""
    known = {
        "dataset": split.train.digest,
        "code": code_digest,
        "params": asdict(task.params),
        "cuts": settings.cuts,
        "relevance_threshold": task.evaluation.relevance_threshold,
        "max_users": task.evaluation.max_users,
    }
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]


def _run_trials(
    study: KeptStudy,
    task: Task,
    trials: int,
    on_trial: OnTrial | None,
    progress: Progress | None,
) -> None:
    """Run trials until the study has ``trials`` of them, those of earlier runs included."""
    for number in range(len(study.trials), trials):
        if progress is not None:
            progress(_what(task, study, number), number, trials)
        record = _run_trial(study, task, number)
        if on_trial is not None:
            on_trial(record)


def _run_trial(study: KeptStudy, task: Task, number: int) -> TrialRecord:
    seed = int(np.random.SeedSequence([task.params.seed, number]).generate_state(1)[0])
    present = values_of(task.space, task.params.model)
    trial = study.ask(task.space, seed, fixed=None if number else present)
    # The present configuration is taken as it stands, with all its digits.
    values = tidy(task.space, trial.params) if number else present
    trial.set_user_attr(_VALUES, values)
    started = time.perf_counter()
    state, score = TrialState.COMPLETE, None
    try:
        score = _score_cuts(trial, task, values)
    except optuna.TrialPruned:
        state = TrialState.PRUNED
    except TRIAL_ERRORS as error:
        state = TrialState.FAIL
        trial.set_user_attr(_REASON, str(error) or type(error).__name__)
    trial.set_user_attr(_SECONDS, time.perf_counter() - started)
    return _record(study.tell(trial, score, state))


def _distribution(item: Range) -> BaseDistribution:
    if isinstance(item, IntRange):
        return IntDistribution(item.low, item.high, log=item.log)
    return FloatDistribution(item.low, item.high, log=item.log)


def _score_cuts(trial: optuna.Trial, task: Task, values: Values) -> float:
    scores: list[float] = []
    for step, cut in enumerate(task.cuts):
        scores.append(task.score(values, cut))
        trial.report(float(np.mean(scores)), step)
        trial.set_user_attr(_CUT_SCORES, scores)
        last = step + 1 == len(task.cuts)
        if not last and trial.should_prune():
            raise optuna.TrialPruned
    return float(np.mean(scores))


def _record(trial: FrozenTrial) -> TrialRecord:
    states = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned"}
    return TrialRecord(
        number=trial.number,
        state=states.get(trial.state, "failed"),  # type: ignore[arg-type]  # a TrialState of ours
        values=dict(trial.user_attrs[_VALUES]),
        cut_scores=tuple(trial.user_attrs.get(_CUT_SCORES, ())),
        score=trial.value if trial.state == TrialState.COMPLETE else None,
        seconds=trial.user_attrs[_SECONDS],
        reason=trial.user_attrs.get(_REASON),
    )


def _what(task: Task, study: KeptStudy, number: int) -> str:
    scores = [trial.value for trial in study.complete if trial.value is not None]
    if not scores:
        return f"trial {number} of {task.model}"
    best = max(scores) if higher_is_better(task.objective) else min(scores)
    return f"trial {number} of {task.model}, best {task.objective} {best:.4f}"


def _require_one(trials: tuple[TrialRecord, ...], task: Task, file: Path) -> None:
    if any(trial.state == "complete" for trial in trials):
        return
    reasons = sorted({trial.reason for trial in trials if trial.reason})
    raise RouletteError(
        f"all {len(trials)} trials failed: {' | '.join(reasons[:3])}",
        place=f"tuning {task.model} for {task.objective}",
        remedy=f"Mend what the reasons name, or delete {file} to try the same once more.",
    )
