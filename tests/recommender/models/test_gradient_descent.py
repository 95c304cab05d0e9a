from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import TrainingError, UsageError
from recommender.inference.estimates import FactorEstimates
from recommender.models.gradient_descent import (
    EpochReport,
    SGDSettings,
    prepare,
    share_out,
    shuffled,
    train_on,
)
from recommender.models.indexed import IndexedRatings
from recommender.models.sgd_kernels import svd_kernel

SETTINGS = SGDSettings(n_factors=8, n_epochs=10, learning_rate=0.02, regularization=0.02)
SEED = 6


class InterruptionError(Exception):
    """Stands for whatever ends a process."""


@pytest.fixture(scope="module")
def parts(indexed: IndexedRatings) -> tuple[IndexedRatings, IndexedRatings]:
    """Four fifths to learn from and one to validate on."""
    held_out = np.random.default_rng(1).random(len(indexed)) < 0.2
    return indexed.only(~held_out), indexed.only(held_out)


def same(one: FactorEstimates, other: FactorEstimates) -> bool:
    return all(
        np.asarray(value).tobytes() == np.asarray(getattr(other, name)).tobytes()
        for name, value in vars(one).items()
    )


def rmse(estimates: FactorEstimates, rest: IndexedRatings) -> float:
    errors = estimates.pairs(rest.users, rest.movies) - rest.stars
    return float(np.sqrt(np.mean(errors**2)))


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("shuffle", [False, True])
def test_same_seed_same_bytes(indexed: IndexedRatings, implicit: bool, shuffle: bool) -> None:
    settings = replace(SETTINGS, implicit=implicit, shuffle=shuffle)
    first, second = (train_on(indexed, settings, SEED) for _ in range(2))
    assert same(first.estimates, second.estimates)
    assert first.train_rmse == second.train_rmse
    assert not same(first.estimates, train_on(indexed, settings, SEED + 1).estimates)


def test_each_epoch_has_turns_of_its_own() -> None:
    users = np.arange(3, 40)
    first, second = (shuffled(users, SEED, epoch) for epoch in (0, 1))
    assert np.array_equal(np.sort(first), users)
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, shuffled(users, SEED + 1, 0))
    assert np.array_equal(first, shuffled(users, SEED, 0))


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.integers(min_value=1, max_value=5))
def test_all_turns_are_shared_out_evenly(counts: list[int], n_shares: int) -> None:
    shares = share_out(np.arange(len(counts)), np.array(counts), n_shares)
    assert len(shares) == n_shares
    assert np.concatenate(shares).tolist() == list(range(len(counts)))
    most = max(sum(counts[user] for user in share) for share in shares)
    assert most <= sum(counts) / n_shares + max(counts)


def test_turns_change_the_result(indexed: IndexedRatings) -> None:
    plain, shuffled = (
        train_on(indexed, replace(SETTINGS, shuffle=shuffle), SEED) for shuffle in (False, True)
    )
    assert not same(plain.estimates, shuffled.estimates)
    assert shuffled.train_rmse[-1] == pytest.approx(plain.train_rmse[-1], rel=0.02)


@pytest.mark.parametrize("implicit", [False, True])
def test_single_precision_is_close_to_double(indexed: IndexedRatings, implicit: bool) -> None:
    single, double = (
        train_on(indexed, replace(SETTINGS, implicit=implicit, precision=precision), SEED)
        for precision in ("single", "double")
    )
    users, movies = np.repeat(np.arange(60), 40), np.tile(np.arange(40), 60)
    apart = single.estimates.pairs(users, movies) - double.estimates.pairs(users, movies)
    assert 0.0 < np.abs(apart).max() < 1e-4


@pytest.mark.parametrize("implicit", [False, True])
def test_threads_share_the_work(
    parts: tuple[IndexedRatings, IndexedRatings], implicit: bool
) -> None:
    train, rest = parts
    settings = replace(SETTINGS, implicit=implicit, n_epochs=30)
    alone, together = (
        train_on(train, replace(settings, n_threads=n_threads), SEED) for n_threads in (1, 3)
    )
    assert rmse(together.estimates, rest) == pytest.approx(rmse(alone.estimates, rest), abs=0.03)
    assert together.train_rmse[-1] < 0.9 * together.train_rmse[0]


def test_threads_give_the_same_bytes_each_time(indexed: IndexedRatings) -> None:
    settings = replace(SETTINGS, n_threads=3)
    one, other = (train_on(indexed, settings, SEED).estimates for _ in range(2))
    assert same(one, other)


@pytest.mark.parametrize("implicit", [False, True])
def test_progress_tells_each_epoch(
    parts: tuple[IndexedRatings, IndexedRatings], implicit: bool
) -> None:
    train, rest = parts
    told: list[EpochReport] = []
    settings = replace(SETTINGS, implicit=implicit)
    done = train_on(train, settings, SEED, validation=rest, on_epoch=told.append)
    assert [report.epoch for report in told] == list(range(1, 11))
    assert {report.n_epochs for report in told} == {10}
    assert tuple(report.train_rmse for report in told) == done.train_rmse
    assert tuple(report.validation_rmse for report in told) == done.validation_rmse
    assert done.validation_rmse[-1] == pytest.approx(rmse(done.estimates, rest), abs=1e-5)
    assert np.all(np.diff(done.train_rmse) < 0.0)
    assert all(report.seconds > 0.0 for report in told)
    assert told[-1].remaining_seconds == 0.0
    assert told[4].remaining_seconds > 0.0
    assert done.best_epoch == 10


def test_without_validation_there_is_nothing_to_tell_of_it(indexed: IndexedRatings) -> None:
    told: list[EpochReport] = []
    done = train_on(indexed, SETTINGS, SEED, on_epoch=told.append)
    assert {report.validation_rmse for report in told} == {None}
    assert done.validation_rmse == ()


@pytest.mark.parametrize("implicit", [False, True])
def test_early_stopping_keeps_the_best_epoch(
    parts: tuple[IndexedRatings, IndexedRatings], implicit: bool
) -> None:
    train, rest = parts
    greedy = SGDSettings(20, 300, 0.05, 0.0, implicit=implicit)
    stopped = train_on(train, replace(greedy, patience=3), SEED, validation=rest)
    assert stopped.best_epoch == 1 + int(np.argmin(stopped.validation_rmse))
    assert len(stopped.validation_rmse) == stopped.best_epoch + 3 < 300
    until_best = replace(greedy, n_epochs=stopped.best_epoch)
    assert same(stopped.estimates, train_on(train, until_best, SEED).estimates)


@pytest.mark.parametrize("changes", [{}, {"shuffle": True}, {"implicit": True}, {"patience": 4}])
def test_an_interrupted_training_ends_as_if_it_were_not(
    parts: tuple[IndexedRatings, IndexedRatings], tmp_path: Path, changes: dict[str, Any]
) -> None:
    train, rest = parts
    settings = replace(SETTINGS, n_epochs=14, **{"regularization": 0.0, **changes})
    whole = train_on(train, settings, SEED, validation=rest)
    told: list[int] = []

    def interrupt(report: EpochReport) -> None:
        told.append(report.epoch)
        if report.epoch == 4:
            raise InterruptionError

    with pytest.raises(InterruptionError):
        train_on(train, settings, SEED, validation=rest, checkpoints=tmp_path, on_epoch=interrupt)
    resumed = train_on(
        train, settings, SEED, validation=rest, checkpoints=tmp_path, on_epoch=interrupt
    )
    assert told[:6] == [1, 2, 3, 4, 5, 6]
    assert same(resumed.estimates, whole.estimates)
    assert resumed.train_rmse == whole.train_rmse
    assert resumed.validation_rmse == whole.validation_rmse
    assert resumed.best_epoch == whole.best_epoch


def test_a_finished_training_is_taken_from_its_checkpoint_and_can_go_on(
    indexed: IndexedRatings, tmp_path: Path
) -> None:
    told: list[EpochReport] = []
    first = train_on(indexed, SETTINGS, SEED, checkpoints=tmp_path)
    again = train_on(indexed, SETTINGS, SEED, checkpoints=tmp_path, on_epoch=told.append)
    assert same(first.estimates, again.estimates)
    assert told == []
    longer = replace(SETTINGS, n_epochs=13)
    further = train_on(indexed, longer, SEED, checkpoints=tmp_path, on_epoch=told.append)
    assert len(told) == 3
    assert same(further.estimates, train_on(indexed, longer, SEED).estimates)
    with pytest.raises(TrainingError, match="has 13 epochs, and 10 are wanted"):
        train_on(indexed, SETTINGS, SEED, checkpoints=tmp_path)


def test_a_checkpoint_of_another_training_is_refused(
    parts: tuple[IndexedRatings, IndexedRatings], tmp_path: Path
) -> None:
    train, rest = parts
    train_on(train, SETTINGS, SEED, checkpoints=tmp_path)
    fewer = train.only(np.arange(len(train) - 1))
    for data, settings, seed, validation in (
        (fewer, SETTINGS, SEED, None),
        (replace(train, stars=train.stars[::-1]), SETTINGS, SEED, None),
        (train, replace(SETTINGS, learning_rate=0.01), SEED, None),
        (train, replace(SETTINGS, precision="double"), SEED, None),
        (train, SETTINGS, SEED + 1, None),
        (train, SETTINGS, SEED, rest),
        (train, replace(SETTINGS, patience=2), SEED, rest),
    ):
        with pytest.raises(TrainingError, match="belongs to other data"):
            train_on(data, settings, seed, validation=validation, checkpoints=tmp_path)


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("rate", [0.8, 30.0, 1e30])
def test_divergence_is_told_with_a_rate_to_try(
    indexed: IndexedRatings, implicit: bool, rate: float, tmp_path: Path
) -> None:
    told: list[EpochReport] = []
    settings = replace(SETTINGS, implicit=implicit, learning_rate=rate, regularization=0.0)
    with pytest.raises(TrainingError, match="diverges") as raised:
        train_on(indexed, settings, SEED, checkpoints=tmp_path, on_epoch=told.append)
    message = str(raised.value)
    assert f"in epoch {len(told) + 1} the training RMSE is" in message
    assert f"a learning rate of {rate:g}" in message
    advised = float(re.findall(r"Try a learning rate of (\S+)\.$", message)[0])
    assert rate / 20.0 < advised < rate / 2.0
    assert len(list(tmp_path.glob("*.npz"))) == min(len(told), 1)


def test_a_step_to_infinity_is_divergence_though_no_error_shows_it(
    indexed: IndexedRatings,
) -> None:
    one = indexed.only(np.arange(1))
    settings = replace(SETTINGS, learning_rate=1e38, regularization=100.0, n_epochs=1)
    with pytest.raises(TrainingError, match="in epoch 1"), np.errstate(over="ignore"):
        train_on(replace(one, stars=np.array([5.0])), settings, SEED)


def test_following_the_advice_ends_in_a_model(indexed: IndexedRatings) -> None:
    settings = replace(SETTINGS, learning_rate=30.0)
    for _ in range(6):
        try:
            train_on(indexed, settings, SEED)
        except TrainingError as error:
            advised = re.findall(r"rate of (\S+)\.$", str(error))
            settings = replace(settings, learning_rate=float(advised[0]))
        else:
            break
    assert 0.001 < settings.learning_rate < 1.0
    assert train_on(indexed, settings, SEED).train_rmse[-1] < indexed.stars.std()


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("case", ["one user", "one movie", "one rating", "constant", "nothing"])
def test_next_to_nothing_trains(indexed: IndexedRatings, implicit: bool, case: str) -> None:
    few = {
        "one user": indexed.only(indexed.users == 3),
        "one movie": indexed.only(indexed.movies == 3),
        "one rating": indexed.only(np.arange(1)),
        "constant": replace(indexed, stars=np.full(len(indexed), 4.0)),
        "nothing": replace(indexed, stars=np.zeros(len(indexed))),
    }[case]
    done = train_on(few, replace(SETTINGS, implicit=implicit, n_epochs=40), SEED)
    estimates = done.estimates.pairs(few.users, few.movies)
    assert np.isfinite(estimates).all()
    assert estimates == pytest.approx(few.stars, abs=1.5)
    assert all(np.isfinite(np.asarray(value)).all() for value in vars(done.estimates).values())


def test_what_has_no_ratings_has_no_factors(indexed: IndexedRatings) -> None:
    data = indexed.only((indexed.users != 7) & (indexed.movies != 9))
    for implicit in (False, True):
        found = train_on(data, replace(SETTINGS, implicit=implicit), SEED).estimates
        assert not found.user_factors[[7, -1]].any()
        assert not found.movie_factors[[9, 40, 41, -1]].any()
        assert not found.user_bias[[7, -1]].any()
        assert not found.movie_bias[[9, 40, 41, -1]].any()


def test_biases_alone_are_a_model(indexed: IndexedRatings) -> None:
    done = train_on(indexed, replace(SETTINGS, n_factors=0), SEED)
    assert done.estimates.user_factors.shape == (61, 0)
    assert done.train_rmse[-1] < done.train_rmse[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_factors": -1}, "n_factors: must be at least 0"),
        ({"n_threads": 0}, "n_threads: must be at least 1"),
        ({"n_threads": 65}, "n_threads: must be at most 64"),
        ({"patience": 2}, "early stopping needs ratings to validate on"),
    ],
)
def test_senseless_settings_are_refused(
    indexed: IndexedRatings, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        train_on(indexed, replace(SETTINGS, **changes), SEED)


def test_each_precision_is_compiled_once(indexed: IndexedRatings) -> None:
    for precision in ("single", "double"):
        prepare(replace(SETTINGS, precision=precision, patience=1))
    kernel: Any = svd_kernel()
    signatures = list(kernel.signatures)
    train_on(indexed, replace(SETTINGS, shuffle=True, n_threads=2), SEED, validation=indexed)
    assert kernel.signatures == signatures
