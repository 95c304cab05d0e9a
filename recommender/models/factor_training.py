"""A whole training of SVD or SVD++: how many epochs, from where, and what outlives a kill.

Early stopping looks at training ratings alone. A tenth of them, drawn by seed, is held out to
find the number of epochs after which the error on it is least; then all of them are learned for
that many epochs, from the same start.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from recommender.errors import UsageError
from recommender.inference.estimates import FactorEstimates
from recommender.models.checkpoints import identify
from recommender.models.factors import WarmStart
from recommender.models.gradient_descent import EpochReport, OnEpoch, SGDSettings, train_on
from recommender.models.indexed import IndexedRatings
from recommender.models.stages import Progress

#: One rating in so many is held out to find the number of epochs.
_HELD_OUT = 10
#: Between two epochs that are told of; the last one always is.
_SECONDS_BETWEEN = 1.0


@dataclass(frozen=True, eq=False)
class TrainingAids:
    """What a training of factors is given besides data, options and seed.

    Attributes:
        warm_start: A model to start from.
        checkpoints: Folder below which each training keeps its checkpoints until it ends, under
            the digest of its data, options and start.
        progress: Told of the epochs.
    """

    warm_start: WarmStart | None = None
    checkpoints: Path | None = None
    progress: Progress | None = None

    def on_epoch(self, name: str) -> OnEpoch | None:
        """Return what tells `progress` of the epochs of the model ``name``."""
        return None if self.progress is None else _teller(self.progress, name)


def learn_factors(
    data: IndexedRatings, settings: SGDSettings, seed: int, aids: TrainingAids | None = None
) -> FactorEstimates:
    """Return the factors that gradient descent learns from ``data``.

    A training that was killed goes on from its checkpoint, and ends in the same bytes.

    Args:
        data: What is learned from.
        settings: Options; with ``patience`` the number of epochs is found first.
        seed: Seed of every random choice.
        aids: Where to start, where to keep checkpoints, whom to tell.

    Raises:
        TrainingError: The loss diverges, or a checkpoint cannot be read.
        UsageError: There are too few ratings for early stopping, or the model to start from does
            not fit.
    """
    aids = _in_own_folder(aids or TrainingAids(), data, settings, seed)
    if settings.patience is not None:
        settings = replace(settings, n_epochs=_find_epochs(data, settings, seed, aids))
        settings = replace(settings, patience=None)
    trained = train_on(
        data,
        settings,
        seed,
        warm_start=aids.warm_start,
        checkpoints=aids.checkpoints and aids.checkpoints / "all",
        on_epoch=aids.on_epoch(_name(settings)),
    )
    if aids.checkpoints is not None:
        shutil.rmtree(aids.checkpoints, ignore_errors=True)
    return trained.estimates


def _find_epochs(data: IndexedRatings, settings: SGDSettings, seed: int, aids: TrainingAids) -> int:
    """Return after how many epochs the error on held-out ratings is least.

    Raises:
        UsageError: There are too few ratings.
    """
    size = len(data) // _HELD_OUT
    if not size:
        raise UsageError(
            f"early stopping needs at least {_HELD_OUT} ratings",
            place="svd_patience",
            value=len(data),
            remedy="Leave svd_patience unset.",
        )
    held_out = np.zeros(len(data), dtype=np.bool_)
    held_out[np.random.default_rng(seed).choice(len(data), size, replace=False)] = True
    trained = train_on(
        data.only(~held_out),
        settings,
        seed,
        validation=data.only(held_out),
        warm_start=aids.warm_start,
        checkpoints=aids.checkpoints and aids.checkpoints / "search",
        on_epoch=aids.on_epoch(f"{_name(settings)}, looking for the best epoch"),
    )
    return trained.best_epoch


def _name(settings: SGDSettings) -> str:
    return "SVD++" if settings.implicit else "SVD"


def _in_own_folder(
    aids: TrainingAids, data: IndexedRatings, settings: SGDSettings, seed: int
) -> TrainingAids:
    """Return ``aids`` with a folder named by the digest of all on which the training depends."""
    if aids.checkpoints is None:
        return aids
    columns = [data.user_index.ids, data.movie_index.ids, data.users, data.movies, data.stars]
    if aids.warm_start is not None:
        start, old = aids.warm_start, aids.warm_start.estimates
        columns += [start.users.ids, start.movies.ids, np.array(old.mean)]
        columns += [old.user_bias, old.movie_bias, old.user_factors, old.movie_factors]
    key = identify({**asdict(settings), "seed": seed}, columns)
    return replace(aids, checkpoints=aids.checkpoints / key)


def _teller(progress: Progress, name: str) -> OnEpoch:
    last = time.monotonic()

    def tell(report: EpochReport) -> None:
        nonlocal last
        now = time.monotonic()
        if report.epoch < report.n_epochs and now - last < _SECONDS_BETWEEN:
            return
        last = now
        progress(f"{name}: {_describe(report)}", report.epoch, report.n_epochs)

    return tell


def _describe(report: EpochReport) -> str:
    """Return how the training stands, for a person.

    >>> _describe(EpochReport(3, 20, 0.8712, None, 0.5, 8.6))
    'epoch 3 of 20, RMSE 0.871, 9 s left'
    """
    measured = report.validation_rmse
    held_out = "" if measured is None else f", {measured:.3f} on held-out ratings"
    return (
        f"epoch {report.epoch} of {report.n_epochs}, RMSE {report.train_rmse:.3f}{held_out}, "
        f"{report.remaining_seconds:.0f} s left"
    )
