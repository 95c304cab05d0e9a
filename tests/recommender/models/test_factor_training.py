from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recommender.errors import TrainingError, UsageError
from recommender.inference.estimates import FactorEstimates
from recommender.models import factor_training
from recommender.models.factor_training import TrainingAids, learn_factors
from recommender.models.factors import WarmStart
from recommender.models.gradient_descent import EpochReport, SGDSettings, train_on
from recommender.models.indexed import IndexedRatings
from recommender.models.svd import fit_svd, svd_settings
from recommender.models.svd_plus_plus import fit_svd_plus_plus, svd_plus_plus_settings
from recommender.settings import ModelParams

SETTINGS = SGDSettings(n_factors=4, n_epochs=12, learning_rate=0.03, regularization=0.0)
#: Its error on held-out ratings is least after more than five epochs.
PATIENT = SGDSettings(4, 60, 0.05, 0.05, patience=25)
SEED = 6
#: Told of the third epoch, `interrupt` ends the training as a kill would.
INTERRUPTED_AT = 3


class KilledError(Exception):
    """Stands for whatever ends a process."""


def same(one: FactorEstimates, other: FactorEstimates) -> bool:
    return all(
        np.asarray(value).tobytes() == np.asarray(getattr(other, name)).tobytes()
        for name, value in vars(one).items()
    )


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int | None]]:
    """Lines of progress, with each epoch told of."""
    monkeypatch.setattr(factor_training, "_SECONDS_BETWEEN", 0.0)
    return []


def kill_at(wanted: str, epoch: int) -> Any:
    def progress(what: str, done: int, total: int | None) -> None:
        if wanted in what and done == epoch:
            raise KilledError

    return progress


def test_without_aids_it_is_the_plain_training(indexed: IndexedRatings) -> None:
    plain = train_on(indexed, SETTINGS, SEED).estimates
    assert same(learn_factors(indexed, SETTINGS, SEED), plain)


@pytest.mark.parametrize("implicit", [False, True])
def test_early_stopping_learns_all_ratings_for_the_epochs_found_on_a_tenth(
    indexed: IndexedRatings, implicit: bool
) -> None:
    greedy = replace(PATIENT, n_epochs=200, implicit=implicit)
    found = learn_factors(indexed, greedy, SEED)
    held_out = np.zeros(len(indexed), dtype=np.bool_)
    held_out[np.random.default_rng(SEED).choice(len(indexed), 120, replace=False)] = True
    rest = indexed.only(held_out)
    search = train_on(indexed.only(~held_out), greedy, SEED, validation=rest)
    assert 5 < search.best_epoch < 170
    whole = replace(greedy, n_epochs=search.best_epoch, patience=None)
    assert same(found, train_on(indexed, whole, SEED).estimates)


def test_a_few_ratings_cannot_be_validated_on(indexed: IndexedRatings) -> None:
    few = indexed.only(np.arange(9))
    with pytest.raises(UsageError, match=r"svd_patience: early stopping needs at least 10"):
        learn_factors(few, replace(SETTINGS, patience=1), SEED)
    learn_factors(indexed.only(np.arange(10)), replace(SETTINGS, patience=1), SEED)


@pytest.mark.parametrize(
    ("phase", "settings"),
    [
        ("SVD: ", SETTINGS),
        ("SVD++: ", replace(SETTINGS, implicit=True)),
        ("looking for the best epoch", PATIENT),
        ("SVD: ", PATIENT),
    ],
)
def test_a_killed_training_ends_in_the_same_bytes(
    indexed: IndexedRatings,
    tmp_path: Path,
    told: list[tuple[str, int, int | None]],
    phase: str,
    settings: SGDSettings,
) -> None:
    whole = learn_factors(indexed, settings, SEED)
    killed = TrainingAids(checkpoints=tmp_path, progress=kill_at(phase, INTERRUPTED_AT))
    with pytest.raises(KilledError):
        learn_factors(indexed, settings, SEED, killed)
    assert list(tmp_path.rglob("*.npz"))
    again = TrainingAids(checkpoints=tmp_path, progress=lambda *line: told.append(line))
    assert same(learn_factors(indexed, settings, SEED, again), whole)
    resumed = [done for what, done, _ in told if phase in what]
    assert resumed[0] == INTERRUPTED_AT + 1
    assert not list(tmp_path.iterdir())


def test_other_data_options_or_starts_keep_checkpoints_apart(
    indexed: IndexedRatings, tmp_path: Path, told: list[tuple[str, int, int | None]]
) -> None:
    del told
    start = WarmStart(
        learn_factors(indexed, SETTINGS, SEED), indexed.user_index, indexed.movie_index
    )
    cases: list[tuple[IndexedRatings, SGDSettings, int, WarmStart | None]] = [
        (indexed, SETTINGS, SEED, None),
        (indexed.only(np.arange(1000)), SETTINGS, SEED, None),
        (indexed, replace(SETTINGS, n_epochs=13), SEED, None),
        (indexed, SETTINGS, SEED + 1, None),
        (indexed, SETTINGS, SEED, start),
    ]
    for data, settings, seed, warm in cases:
        with pytest.raises(KilledError):
            learn_factors(data, settings, seed, TrainingAids(warm, tmp_path, kill_at("SVD", 2)))
    assert len(list(tmp_path.iterdir())) == len(cases)


def test_a_warm_start_begins_where_the_model_ended(
    indexed: IndexedRatings, told: list[tuple[str, int, int | None]]
) -> None:
    def first_rmse(start: WarmStart | None) -> float:
        report: list[EpochReport] = []
        train_on(indexed, SETTINGS, SEED, warm_start=start, on_epoch=report.append)
        return report[0].train_rmse

    model = learn_factors(indexed, SETTINGS, SEED)
    start = WarmStart(model, indexed.user_index, indexed.movie_index)
    assert first_rmse(start) < 0.9 * first_rmse(None)
    aids = TrainingAids(start, progress=lambda *line: told.append(line))
    assert not same(learn_factors(indexed, SETTINGS, SEED, aids), model)
    assert float(told[0][0].split("RMSE ")[1].split(",")[0]) == pytest.approx(
        first_rmse(start), abs=6e-4
    )


def test_progress_tells_epoch_error_and_time_left(
    indexed: IndexedRatings, told: list[tuple[str, int, int | None]]
) -> None:
    aids = TrainingAids(progress=lambda *line: told.append(line))
    learn_factors(indexed, replace(SETTINGS, patience=2), SEED, aids)
    assert told[0][0].startswith("SVD, looking for the best epoch: epoch 1 of 12, RMSE ")
    assert "on held-out ratings" in told[0][0]
    what, done, total = told[-1]
    assert what == f"SVD: epoch {done} of {total}, RMSE {what.split('RMSE ')[1]}"
    assert what.endswith(", 0 s left")
    assert done == total


def test_epochs_in_quick_succession_are_told_of_once(
    indexed: IndexedRatings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(factor_training, "_SECONDS_BETWEEN", 1e9)
    told: list[tuple[str, int, int | None]] = []
    aids = TrainingAids(progress=lambda *line: told.append(line))
    learn_factors(indexed, SETTINGS, SEED, aids)
    assert [done for _, done, _ in told] == [12]


@pytest.mark.parametrize("fit", [fit_svd, fit_svd_plus_plus])
def test_the_hyper_parameter_reaches_the_training(fit: Any, indexed: IndexedRatings) -> None:
    params = ModelParams(
        n_factors=4,
        n_epochs=150,
        svd_plus_plus_factors=4,
        svd_plus_plus_epochs=150,
        learning_rate=0.05,
        regularization=0.0,
        svd_patience=2,
    )
    make = svd_settings if fit is fit_svd else svd_plus_plus_settings
    assert make(params).patience == 2
    assert not same(fit(indexed, params, SEED), fit(indexed, replace(params, svd_patience=None), 6))


def test_the_reference_has_neither_early_stopping_nor_a_warm_start(indexed: IndexedRatings) -> None:
    params = ModelParams(n_factors=2, n_epochs=1, svd_engine="surprise")
    with pytest.raises(UsageError, match=r"svd_patience: the engine 'surprise'.*'fast'"):
        fit_svd(indexed, replace(params, svd_patience=3), SEED)
    start = WarmStart(fit_svd(indexed, params, SEED), indexed.user_index, indexed.movie_index)
    with pytest.raises(UsageError, match="warm_start: the engine 'surprise'"):
        fit_svd(indexed, params, SEED, TrainingAids(start))


def test_a_reference_that_diverges_is_refused(indexed: IndexedRatings) -> None:
    params = ModelParams(n_factors=4, n_epochs=3, svd_engine="surprise", learning_rate=30.0)
    with pytest.raises(TrainingError, match=r"diverges.*learning rate of 30.*Try a learning rate"):
        fit_svd(indexed, params, SEED)
