"""Matrix factorization by stochastic gradient descent: the loop over epochs around the kernels.

The model, its update rule and its options are those of scikit-surprise's ``SVD`` and ``SVDpp``
(Funk 2006; Koren 2008). On one thread the order of the steps is Surprise's, and so, in double
precision, is the result. On several, SVD goes through blocks of users and movies that share no row
(`movie_blocks`): the result depends on data, settings and seed alone there too. SVD++ steps all
movies of a user at once, so its threads update them without locks (Niu et al. 2011): two runs then
differ in the last digits that matter to nobody, but differ.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from recommender.errors import TrainingError, UsageError
from recommender.inference.estimates import FactorEstimates
from recommender.models.checkpoints import Checkpoint, CheckpointFolder, identify
from recommender.models.divergence import diverged, largest_rmse
from recommender.models.factors import Factors, WarmStart
from recommender.models.movie_blocks import MovieBlock, movie_blocks
from recommender.models.ratings_by_user import RatingsByUser
from recommender.models.sgd_kernels import svd_kernel, svd_plus_plus_kernel

if TYPE_CHECKING:  # a training from columns needs no frames
    from recommender.models.indexed import IndexedRatings

Array = npt.NDArray[Any]
Users = npt.NDArray[np.int64]
#: What may change between a checkpoint and its continuation.
_FREE = ("n_epochs", "n_threads")
_MOST_THREADS = 64


@dataclass(frozen=True)
class SGDSettings:
    """Options of the training; names and defaults are Surprise's where it has them.

    Attributes:
        n_factors: Latent factors.
        n_epochs: Most passes over the ratings.
        learning_rate: Step size of biases and factors alike.
        regularization: L2 regularization of biases and factors alike.
        biased: Whether the estimate has the mean and biases; else it is ``p_u . q_i``.
        implicit: Whether it is SVD++.
        init_mean: Mean of the normal distribution from which factors are drawn.
        init_std: Its standard deviation.
        precision: ``single`` (float32) or ``double`` (float64).
        n_threads: Another number gives slightly different results; with more than one, so do equal
            runs of SVD++. At most 64.
        shuffle: Whether users take their turns in another order each epoch, drawn by seed.
        patience: Epochs without a better validation RMSE after which training ends and the best
            epoch is kept, or ``None`` to keep the last of all.
    """

    n_factors: int = 100
    n_epochs: int = 20
    learning_rate: float = 0.005
    regularization: float = 0.02
    biased: bool = True
    implicit: bool = False
    init_mean: float = 0.0
    init_std: float = 0.1
    precision: Literal["single", "double"] = "single"
    n_threads: int = 1
    shuffle: bool = False
    patience: int | None = None

    def __post_init__(self) -> None:
        """Raise `UsageError` for a value that makes no sense."""
        for name, least in (("n_factors", 0), ("n_epochs", 0), ("n_threads", 1), ("patience", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise UsageError(f"must be at least {least}", place=f"SGD: {name}", value=value)
        if self.n_threads > _MOST_THREADS:
            text = f"must be at most {_MOST_THREADS}"
            raise UsageError(text, place="SGD: n_threads", value=self.n_threads)

    @property
    def dtype(self) -> type[np.floating[Any]]:
        """The type of the arrays."""
        return np.float32 if self.precision == "single" else np.float64


@dataclass(frozen=True)
class EpochReport:
    """How the training stands after an epoch.

    Attributes:
        epoch: Epochs done.
        n_epochs: Epochs in all, unless it stops early.
        train_rmse: In stars, each rating's error taken right before its step.
        validation_rmse: In stars, after the epoch, or ``None`` without validation ratings.
        seconds: Time that the epoch took.
        remaining_seconds: Expected time of all further epochs.
    """

    epoch: int
    n_epochs: int
    train_rmse: float
    validation_rmse: float | None
    seconds: float
    remaining_seconds: float


OnEpoch = Callable[[EpochReport], None]


@dataclass(frozen=True, eq=False)
class TrainedFactors:
    """What a training gives.

    Attributes:
        estimates: Arrays of the epoch that is kept; user factors of SVD++ contain what the
            choice of movies says.
        best_epoch: Which one that is, counted from 1; 0 if there was none.
        train_rmse: After each epoch, as in `EpochReport`, in stars.
        validation_rmse: Likewise; empty without validation ratings.
    """

    estimates: FactorEstimates
    best_epoch: int
    train_rmse: tuple[float, ...]
    validation_rmse: tuple[float, ...]


def train_on(
    data: IndexedRatings,
    settings: SGDSettings,
    seed: int,
    *,
    validation: IndexedRatings | None = None,
    warm_start: WarmStart | None = None,
    checkpoints: Path | None = None,
    on_epoch: OnEpoch | None = None,
) -> TrainedFactors:
    """Do as `train` for indexed ratings, from a random start or from a model.

    Args:
        data: What is learned from.
        settings: Options.
        seed: Seed of every random choice.
        validation: Ratings by the same positions, for example of ``data.only``.
        warm_start: A model to start from.
        checkpoints: See `train`.
        on_epoch: See `train`.

    Raises:
        TrainingError: See `train`.
        UsageError: See `train`; or the model to start from does not fit.
    """
    ratings = RatingsByUser.of(data)
    factors = draw_factors(ratings, settings, seed)
    if warm_start is not None:
        mean = ratings.mean if settings.biased else 0.0
        warm_start.carry_over(factors, data, mean, settings.n_factors)
    return train(
        ratings,
        settings,
        seed,
        validation=None if validation is None else RatingsByUser.of(validation),
        start=factors,
        checkpoints=checkpoints,
        on_epoch=on_epoch,
    )


def train(
    ratings: RatingsByUser,
    settings: SGDSettings,
    seed: int,
    *,
    validation: RatingsByUser | None = None,
    start: Factors | None = None,
    checkpoints: Path | None = None,
    on_epoch: OnEpoch | None = None,
) -> TrainedFactors:
    """Return the biases and factors that gradient descent learns.

    Args:
        ratings: What is learned from, at least one rating.
        settings: Options.
        seed: Seed of every random choice.
        validation: Ratings by the same positions on which each epoch is measured.
        start: Where to start, changed in place; drawn by seed if absent.
        checkpoints: Folder of this training's checkpoints. One that is there is continued, with
            the result of a training without interruption.
        on_epoch: Told of each epoch done.

    Raises:
        TrainingError: The loss diverges, or the checkpoint is of another training.
        UsageError: Early stopping is wanted without validation ratings.
    """
    if settings.patience is not None and validation is None:
        raise UsageError(
            "early stopping needs ratings to validate on",
            place="SGD: patience",
            value=settings.patience,
            remedy="Give validation ratings, or leave patience unset.",
        )
    factors = start or draw_factors(ratings, settings, seed)
    training = _Training(ratings, settings, seed, factors, validation)
    folder = None
    if checkpoints is not None:
        folder = CheckpointFolder(checkpoints, training.identity())
        training.restore(folder.latest())
    for report in training.epochs():
        if folder is not None:
            folder.save(training.checkpoint())
        if on_epoch is not None:
            on_epoch(report)
    return training.result()


def prepare(settings: SGDSettings) -> None:
    """Compile what ``settings`` need, or fetch it from the cache, which the first epoch else does.

    In a thread of its own it can go on while the ratings are read.
    """
    one = np.zeros(1, dtype=np.int64)
    train(RatingsByUser.of_columns(one, one, np.ones(1), 1, 1), replace(settings, patience=None), 0)


def draw_factors(ratings: RatingsByUser, settings: SGDSettings, seed: int) -> Factors:
    """Return biases of 0 and normal factors for all that have ratings."""
    factors = Factors.zeros(
        ratings.n_users,
        ratings.n_movies,
        settings.n_factors,
        settings.dtype,
        implicit=settings.implicit,
    )
    factors.draw(ratings, settings.n_factors, settings.init_mean, settings.init_std, seed)
    return factors


@dataclass(eq=False)
class _Training:
    """A training under way.

    Attributes:
        ratings: What is learned from.
        settings: Options.
        seed: Seed of the turns.
        factors: Where it stands.
        validation: What each epoch is measured on.
        history: Shape (2,) per epoch: RMSE in training and validation (NaN without).
        best: Factors of the best epoch, where early stopping asks for them.
        best_epoch: Which one that is.
    """

    ratings: RatingsByUser
    settings: SGDSettings
    seed: int
    factors: Factors
    validation: RatingsByUser | None
    history: list[tuple[float, float]] = field(default_factory=list)
    best: Factors | None = None
    best_epoch: int = 0

    def __post_init__(self) -> None:
        self.kernel = svd_plus_plus_kernel() if self.settings.implicit else svd_kernel()
        self.mean = self.ratings.mean if self.settings.biased else 0.0
        deviations = _deviations(self.ratings, self.mean, self.settings)
        n_blocks = 1 if self.settings.implicit else self.settings.n_threads
        self.blocks = movie_blocks(self.ratings, deviations, n_blocks)
        drawn = (self.settings.n_factors, self.settings.init_mean, self.settings.init_std)
        self.largest = largest_rmse(self.ratings.stars, *drawn)

    def epochs(self) -> Iterator[EpochReport]:
        """Run epoch after epoch to the last, or until early stopping ends it."""
        spent: list[float] = []
        with ThreadPoolExecutor(self.settings.n_threads) as pool:
            while not self.finished:
                begin = time.perf_counter()
                self._run_epoch(pool)
                spent.append(time.perf_counter() - begin)
                yield self._report(spent)

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to do."""
        waited = len(self.history) - self.best_epoch
        patience = self.settings.patience
        out_of_patience = patience is not None and waited >= patience
        return len(self.history) >= self.settings.n_epochs or out_of_patience

    def _run_epoch(self, pool: ThreadPoolExecutor) -> None:
        squares = sum(sum(pool.map(self._step, *round_)) for round_ in self._rounds())
        rmse = math.sqrt(squares / len(self.ratings)) if squares >= 0.0 else math.nan
        self._refuse_divergence(rmse)
        measured = math.nan if self.validation is None else self._validate(self.validation)
        self.history.append((rmse, measured))
        self._keep_best()

    def _rounds(self) -> Iterator[tuple[list[Users], list[MovieBlock]]]:
        """Yield what can be done at the same time: shares of the users, and the block of each."""
        n_blocks = len(self.blocks)
        n_shares = n_blocks
        if self.settings.implicit and self.settings.n_threads > 1:
            n_shares = _SHARES_PER_THREAD * self.settings.n_threads
        shares = share_out(self._turns(), self.ratings.counts, n_shares)
        for turn in range(n_blocks):
            yield shares, [self.blocks[(share + turn) % n_blocks] for share in range(n_shares)]

    def _turns(self) -> Users:
        users = self.ratings.users
        if not self.settings.shuffle:
            return users
        return shuffled(users, self.seed, len(self.history))

    def _step(self, turns: Users, block: MovieBlock) -> float:
        rate = self.settings.learning_rate
        bias_rate = rate if self.settings.biased else 0.0
        rates = self._scalars(bias_rate, rate, self.settings.regularization)
        ratings = (turns, block.starts, block.movies, block.deviations)
        arrays = self.factors.arrays()
        if not self.settings.implicit:
            del arrays["implicit_factors"]
        return self.kernel(*ratings, *arrays.values(), *rates)

    def _validate(self, validation: RatingsByUser) -> float:
        """Return the RMSE on ``validation``: a pass with learning rates of 0 changes nothing."""
        plain = self.factors.with_implied(self.ratings).arrays()
        del plain["implicit_factors"]
        deviations = _deviations(validation, self.mean, self.settings)
        ratings = (validation.users, validation.starts, validation.movies, deviations)
        squares = svd_kernel()(*ratings, *plain.values(), *self._scalars(0.0, 0.0, 0.0))
        return math.sqrt(squares / len(validation))

    def _scalars(self, *values: float) -> list[Any]:
        return list(np.array(values, dtype=self.settings.dtype))

    def _keep_best(self) -> None:
        measured = [rmse for _, rmse in self.history]
        if self.settings.patience is None:
            self.best_epoch = len(measured)
        elif measured[-1] <= min(measured):
            self.best_epoch, self.best = len(measured), self.factors.copy()

    def _refuse_divergence(self, rmse: float) -> None:
        if rmse <= self.largest and self.factors.finite:
            return
        name = "SVD++" if self.settings.implicit else "SVD"
        rate = self.settings.learning_rate
        raise diverged(name, "learning_rate", len(self.history) + 1, rmse, rate)

    def _report(self, spent: list[float]) -> EpochReport:
        rmse, measured = self.history[-1]
        left = self.settings.n_epochs - len(self.history)
        return EpochReport(
            epoch=len(self.history),
            n_epochs=self.settings.n_epochs,
            train_rmse=rmse,
            validation_rmse=None if self.validation is None else measured,
            seconds=spent[-1],
            # The first epoch may include compilation: the latest ones tell more.
            remaining_seconds=left * float(np.median(spent[-3:])),
        )

    def identity(self) -> str:
        """Return the digest of data, settings and start."""
        settings = {key: val for key, val in asdict(self.settings).items() if key not in _FREE}
        sources = [self.ratings] if self.validation is None else [self.ratings, self.validation]
        columns = [column for rows in sources for column in (rows.starts, rows.movies, rows.stars)]
        return identify(
            {**settings, "seed": self.seed}, [*columns, *self.factors.arrays().values()]
        )

    def checkpoint(self) -> Checkpoint:
        """Return all that is needed to go on from here."""
        best = {} if self.best is None else self.best.arrays()
        return Checkpoint(
            len(self.history),
            {
                **self.factors.arrays(),
                **{f"best_{name}": array for name, array in best.items()},
                "best_epoch": np.array(self.best_epoch),
                "history": np.array(self.history),
            },
        )

    def restore(self, checkpoint: Checkpoint | None) -> None:
        """Go on from ``checkpoint``, if there is one.

        Raises:
            TrainingError: It has more epochs than are wanted.
        """
        if checkpoint is None:
            return
        if checkpoint.epoch > self.settings.n_epochs:
            raise TrainingError(
                f"the checkpoint has {checkpoint.epoch} epochs, and {self.settings.n_epochs} are "
                "wanted",
                place="SGD: n_epochs",
                remedy="Ask for as many epochs or more, or delete the checkpoint.",
            )
        self.factors.take(checkpoint.arrays)
        self.history = [tuple(row) for row in checkpoint.arrays["history"].tolist()]
        self.best_epoch = int(checkpoint.arrays["best_epoch"])
        if "best_user_bias" in checkpoint.arrays:
            self.best = self.factors.copy()
            self.best.take({name: checkpoint.arrays[f"best_{name}"] for name in vars(self.best)})

    def result(self) -> TrainedFactors:
        """Return the arrays of the epoch that is kept, and how it came to them."""
        kept = (self.best or self.factors).with_implied(self.ratings)
        return TrainedFactors(
            estimates=kept.estimates(self.mean, self.settings.n_factors),
            best_epoch=self.best_epoch,
            train_rmse=tuple(rmse for rmse, _ in self.history),
            validation_rmse=tuple(rmse for _, rmse in self.history if self.validation is not None),
        )


def shuffled(users: Users, seed: int, epoch: int) -> Users:
    """Return ``users`` in the order of their turns, which depends on seed and epoch alone."""
    return np.random.default_rng([seed, epoch]).permutation(users)


#: Shares of the users for each thread of SVD++: one that is held up leaves the rest to others.
_SHARES_PER_THREAD = 8


def share_out(turns: Users, counts: npt.NDArray[np.int64], n_shares: int) -> list[Users]:
    """Return ``turns`` in ``n_shares`` pieces of about as many ratings each.

    >>> [part.tolist() for part in share_out(np.arange(4), np.array([3, 1, 1, 1]), 2)]
    [[0], [1, 2, 3]]
    """
    done = np.cumsum(counts[turns])
    cuts = np.searchsorted(done, done[-1] * np.arange(1, n_shares) / n_shares) + 1
    return np.split(turns, cuts)


def _deviations(ratings: RatingsByUser, mean: float, settings: SGDSettings) -> Array:
    deviations = np.empty(len(ratings), settings.dtype)
    np.subtract(ratings.stars, mean, deviations, dtype=np.float64, casting="same_kind")
    return deviations
