"""A scorer that is as good as its hyper-parameters say, and takes no time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from recommender.errors import RouletteError
from recommender.models import scorers
from recommender.models.scorers import ScorerKind
from recommender.models.search_space import FloatRange, IntRange
from recommender.schema import Dataset, Split
from recommender.settings import EvaluationSettings, ModelParams, Params, TuningSettings
from recommender.tuning.report import TuningReport
from recommender.tuning.study import tune


@dataclass
class Fits:
    """The fits of fake scorers: with what, and when to fail."""

    done: list[tuple[ModelParams, Dataset]] = field(default_factory=list)
    fail: Callable[[ModelParams], BaseException | None] = lambda _: None


class FakeScorer:
    """Estimates 3 stars plus a distance of its regularization from 0.1."""

    name = "fake"

    def __init__(self, params: ModelParams, fits: Fits) -> None:
        self.params, self.fits = params, fits

    def fit(self, dataset: Dataset) -> Self:
        self.fits.done.append((self.params, dataset))
        error = self.fits.fail(self.params)
        if error is not None:
            raise error
        return self

    def predict(self, user_ids: Any, movie_ids: Any) -> Any:
        del movie_ids
        return np.full(len(user_ids), 3.0 + abs(np.log10(self.params.regularization) + 1.0))


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fits]:
    """The table of scorers with the fake one in it; returns what is fitted."""
    fits = Fits()
    kind = ScorerKind(
        lambda params: FakeScorer(params.model, fits),  # type: ignore[arg-type,return-value]
        {
            "rmse": {
                "regularization": FloatRange(0.001, 10.0, log=True),
                "n_factors": IntRange(1, 100),
            }
        },
    )
    monkeypatch.setattr(scorers, "SCORERS", {**scorers.SCORERS, "fake": kind})
    return fits


Tune = Callable[..., TuningReport]


@pytest.fixture
def run(fits: Fits, tiny_split: Split, tmp_path: Path) -> Tune:
    """Tune the fake scorer on the tiny split; settings by name."""

    def run(
        *,
        params: Params | None = None,
        split: Split = tiny_split,
        folder: Path = tmp_path,
        code_digest: str = "c",
        on_trial: Any = None,
        **settings: Any,
    ) -> TuningReport:
        return tune(
            split,
            params or Params(seed=1, model=ModelParams(regularization=1.0)),
            TuningSettings(model="fake", **settings),
            EvaluationSettings(),
            folder=folder,
            code_digest=code_digest,
            on_trial=on_trial,
        )

    return run


def diverged(params: ModelParams) -> RouletteError:
    return RouletteError("the factors are not finite", value=params.regularization)
