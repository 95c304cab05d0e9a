"""One training of `svd_speed`, timed from the call of its interpreter to the factors.

``python -m benchmarks.svd_training RUN --called SECONDS ...`` prints its figures; `svd_speed` calls
it. Only what a training needs is imported before the clock stops: scikit-surprise takes its ratings
from a frame, ours from columns.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.report import peak_mb

if TYPE_CHECKING:  # the clock runs
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from recommender.models.gradient_descent import SGDSettings

    Predict = Callable[[pd.DataFrame], npt.NDArray[np.float64]]

RUNS = ("surprise", "one_thread", "two_threads", "two_threads_compiling")
COLUMNS = ["user_id", "movie_id", "rating"]


class _Clock:
    """Seconds by phase, which may overlap, and of all since the call, on the system's clock."""

    def __init__(self, called: float) -> None:
        self._called = called
        self.seconds: dict[str, float] = {"start": time.time() - called}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start

    def report(self) -> dict[str, float]:
        self.seconds["total"] = time.time() - self._called
        self.seconds["cpu"] = time.process_time()
        return {key: round(value, 3) for key, value in self.seconds.items()}


def main() -> None:
    """Train once; print seconds by phase, RMSE on the held-out tenth and peak memory."""
    options = _parser().parse_args()
    clock = _Clock(options.called)
    if options.run == "surprise":
        predict = _train_surprise(clock, options)
    else:
        predict = _train_ours(clock, options, 1 if options.run == "one_thread" else 2)
    seconds, peak = clock.report(), peak_mb()
    rmse = _test_rmse(predict, options.folder / "test.parquet")
    print(json.dumps({"seconds": seconds, "test_rmse": round(rmse, 5), "peak_mb": peak}))


def _train_surprise(clock: _Clock, options: argparse.Namespace) -> Predict:
    with clock.phase("import"):
        import numpy as np  # noqa: PLC0415  # counted
        import pandas as pd  # noqa: PLC0415
        import surprise  # noqa: PLC0415

        from recommender.scale import RatingScale  # noqa: PLC0415
    with clock.phase("load"):
        frame = pd.read_parquet(options.folder / "train.parquet", columns=COLUMNS)
    with clock.phase("build"):
        scale = RatingScale()
        reader = surprise.Reader(rating_scale=(scale.minimum, scale.maximum))
        trainset = surprise.Dataset.load_from_df(frame, reader).build_full_trainset()
    with clock.phase("fit"):
        algorithm = surprise.SVD(
            n_factors=options.factors, n_epochs=options.epochs, random_state=options.seed
        ).fit(trainset)

    def predict(test: pd.DataFrame) -> npt.NDArray[np.float64]:
        pairs = zip(test["user_id"].tolist(), test["movie_id"].tolist(), strict=True)
        return np.array([algorithm.predict(*pair).est for pair in pairs])

    return predict


def _train_ours(clock: _Clock, options: argparse.Namespace, n_threads: int) -> Predict:
    """Read in one thread while the other one fetches the kernels, where there are two."""
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(_start, clock, options, n_threads)
        if n_threads == 1:
            reading.result()
        with clock.phase("kernels"):
            from recommender.models import gradient_descent  # noqa: PLC0415  # counted

            gradient_descent.prepare(_settings(options, n_threads))
        (ratings, user_index, movie_index), start = reading.result()
    with clock.phase("fit"):
        settings = _settings(options, n_threads)
        estimates = gradient_descent.train(ratings, settings, options.seed, start=start).estimates

    def predict(test: pd.DataFrame) -> npt.NDArray[np.float64]:
        users = user_index.positions(test["user_id"].to_numpy())
        return estimates.pairs(users, movie_index.positions(test["movie_id"].to_numpy()))

    return predict


def _start(clock: _Clock, options: argparse.Namespace, n_threads: int) -> Any:
    """Return ratings, users and movies, and the factors to start from."""
    with clock.phase("load"):
        import numpy as np  # noqa: PLC0415  # counted
        import pyarrow.parquet as pq  # noqa: PLC0415

        file = pq.ParquetFile(options.folder / "train.parquet")
        table = file.read(columns=COLUMNS, use_threads=False)
        columns = [np.from_dlpack(table[name].combine_chunks()) for name in COLUMNS]
    with clock.phase("build"):
        from recommender.models.ratings_by_user import RatingsByUser  # noqa: PLC0415

        indexed = RatingsByUser.of_ids(*columns)
    with clock.phase("draw"):
        from recommender.models.gradient_descent import draw_factors  # noqa: PLC0415

        return indexed, draw_factors(indexed[0], _settings(options, n_threads), options.seed)


def _settings(options: argparse.Namespace, n_threads: int) -> SGDSettings:
    from recommender.models.gradient_descent import SGDSettings  # noqa: PLC0415

    return SGDSettings(options.factors, options.epochs, n_threads=n_threads)


def _test_rmse(predict: Predict, file: Path) -> float:
    import numpy as np  # noqa: PLC0415  # no longer counted
    import pandas as pd  # noqa: PLC0415

    from recommender.scale import RatingScale  # noqa: PLC0415

    test = pd.read_parquet(file)
    errors = RatingScale().clip(predict(test)) - test["rating"].to_numpy(np.float64)
    return math.sqrt(float(np.mean(errors**2)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.svd_training", description=__doc__)
    parser.add_argument("run", choices=RUNS)
    parser.add_argument("--called", type=float, required=True, help="when, in seconds since 1970")
    parser.add_argument("--folder", type=Path, required=True, help="of the two files of ratings")
    parser.add_argument("--factors", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    return parser


if __name__ == "__main__":
    main()
