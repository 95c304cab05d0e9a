"""Studies of a scorer whose answer is known: the best regularization is near 0.1."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from recommender.errors import RouletteError, UsageError
from recommender.schema import Split
from recommender.settings import ModelParams, Params
from recommender.tuning.report import TrialRecord, TuningReport
from recommender.tuning.study import open_study
from tests.recommender.tuning.conftest import Fits, Tune, diverged


def told(report: TuningReport) -> list[tuple[Any, ...]]:
    """What a trial is, without how long it took."""
    return [(item.number, item.state, item.values, item.cut_scores) for item in report.trials]


def test_the_first_trial_is_the_present_configuration(run: Tune, fits: Fits) -> None:
    present = ModelParams(regularization=1.23456789, n_factors=3)
    report = run(params=Params(seed=1, model=present), trials=1)
    assert report.present.values == {"regularization": 1.23456789, "n_factors": 3}
    assert {params for params, _ in fits.done} == {present}
    assert not report.improved
    assert report.changes == {}


def test_it_finds_better_values_than_the_present_ones(run: Tune) -> None:
    report = run(trials=20)
    assert report.improved
    assert report.best.score is not None
    assert report.present.score is not None
    assert report.best.score < report.present.score
    assert abs(report.best.values["regularization"] - 0.1) < 0.9
    assert report.importance["regularization"] > report.importance["n_factors"]
    assert "regularization" in report.changes
    assert f"Trial {report.best.number} is better" in report.verdict


def test_a_trial_below_the_median_is_given_up_and_the_present_one_never(run: Tune) -> None:
    bad = Params(seed=1, model=ModelParams(regularization=10.0))
    report = run(params=bad, trials=20, prune_after=2, cuts=4)
    states = [trial.state for trial in report.trials]
    assert states[0] == "complete"
    assert "pruned" in states
    assert all(
        (len(trial.cut_scores) < 4) == (trial.state == "pruned")
        and (trial.score is None) == (trial.state == "pruned")
        for trial in report.trials
    )


@pytest.mark.parametrize(
    ("place", "number"), [("in a fit", 0), ("in a fit", 4), ("between two trials", 4)]
)
def test_an_interrupted_study_goes_on_as_if_it_had_not_been(
    run: Tune, fits: Fits, tmp_path: Path, place: str, number: int
) -> None:
    unbroken = run(trials=9, folder=tmp_path / "unbroken")

    def interrupt(record: TrialRecord) -> None:
        if place == "between two trials" and record.number == number:
            raise KeyboardInterrupt

    def die(params: ModelParams) -> BaseException | None:
        stop = unbroken.trials[number].values["regularization"]
        return KeyboardInterrupt() if params.regularization == stop else None

    if place == "in a fit":
        fits.fail = die
    with pytest.raises(KeyboardInterrupt):
        run(trials=9, on_trial=interrupt)
    fits.fail = lambda _: None
    ran: list[TrialRecord] = []
    resumed = run(trials=9, on_trial=ran.append)
    assert told(resumed) == told(unbroken)
    done = number if place == "in a fit" else number + 1
    assert resumed.resumed_after == done
    assert [record.number for record in ran] == list(range(done, 9))


def test_a_killed_process_loses_only_the_trial_that_was_under_way(
    run: Tune, fits: Fits, tmp_path: Path
) -> None:
    child = os.fork()
    if child == 0:
        fits.fail = lambda _: os.kill(os.getpid(), signal.SIGKILL) if len(fits.done) > 7 else None  # type: ignore[func-returns-value]
        run(trials=9)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    resumed = run(trials=9)
    assert 0 < resumed.resumed_after < 9
    assert told(resumed) == told(run(trials=9, folder=tmp_path / "unbroken"))


def test_a_finished_study_is_taken_up_with_more_trials(run: Tune) -> None:
    assert len(run(trials=3).trials) == 3
    more = run(trials=5)
    assert (len(more.trials), more.resumed_after) == (5, 3)
    assert len(run(trials=2).trials) == 5


@pytest.mark.parametrize(
    "change",
    [
        {"code_digest": "other"},
        {"params": Params(seed=2, model=ModelParams(regularization=1.0))},
        {"params": Params(seed=1, model=ModelParams(regularization=0.5))},
        {"cuts": 2},
    ],
)
def test_what_cannot_be_compared_is_another_study(run: Tune, change: dict[str, Any]) -> None:
    first = run(trials=2)
    other = run(trials=2, **change)
    assert other.resumed_after == 0
    assert other.study != first.study


def test_other_data_is_another_study(run: Tune, tiny_split: Split) -> None:
    run(trials=1)
    other = replace(tiny_split, train=replace(tiny_split.train, digest="f" * 64))
    assert run(trials=1, split=other).resumed_after == 0


def test_a_failed_trial_is_recorded_and_the_study_goes_on(run: Tune, fits: Fits) -> None:
    fits.fail = lambda params: diverged(params) if params.regularization > 0.5 else None
    report = run(trials=8)
    assert report.present.state == "failed"
    assert "not finite" in str(report.present.reason)
    assert report.improved
    assert report.best.state == "complete"
    assert "which failed" in report.verdict
    assert any("Trial 0 failed" in note for note in report.notes)
    assert run(trials=8).resumed_after == 8


def test_a_study_of_failures_alone_is_an_error_that_says_so(run: Tune, fits: Fits) -> None:
    fits.fail = diverged
    with pytest.raises(RouletteError, match="all 3 trials failed: the factors are not finite"):
        run(trials=3)


def test_a_mistake_in_the_code_is_no_failed_trial(run: Tune, fits: Fits) -> None:
    fits.fail = lambda _: TypeError("a bug")
    with pytest.raises(TypeError, match="a bug"):
        run(trials=3)


def test_the_test_part_is_never_touched(run: Tune, fits: Fits, tiny_split: Split) -> None:
    class Sealed:
        """A split whose test part cannot be had."""

        def __getattr__(self, name: str) -> Any:
            assert name != "test", "the test part was looked at"
            return getattr(tiny_split, name)

    run(trials=4, split=Sealed())
    start = tiny_split.test["timestamp"].min()
    assert all(data.ratings["timestamp"].max() < start for _, data in fits.done)


def test_a_study_belongs_to_one_process_at_a_time(run: Tune) -> None:
    report = run(trials=1)
    with (
        open_study(Path(report.study), "rmse", 4),
        pytest.raises(UsageError, match="another tuning run"),
    ):
        run(trials=2)
    assert len(run(trials=2).trials) == 2


@pytest.mark.parametrize("setting", ["trials", "prune_after"])
def test_settings_out_of_range_are_refused(run: Tune, setting: str) -> None:
    with pytest.raises(UsageError, match=f"tuning.{setting}"):
        run(**{setting: 0})


def test_a_report_survives_storage(run: Tune, fits: Fits) -> None:
    fits.fail = lambda params: diverged(params) if params.regularization > 0.9 else None
    report = run(trials=6)
    assert TuningReport.from_dict(report.to_dict()) == report
