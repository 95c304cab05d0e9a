"""Search spaces: which hyper-parameters of a model are worth trying, and between which values.

A space names fields of `ModelParams`. It is declared beside the model (`scorers`) and searched by
whoever tunes: by draws at random, or by a sampler that learns from its trials.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from recommender.settings import ModelParams

#: Digits of a value that is tried: more say nothing, and stand in nobody's ``params.yaml``.
_DIGITS = 3


@dataclass(frozen=True)
class IntRange:
    """Whole numbers.

    Attributes:
        low: Lowest value, included.
        high: Highest value, included.
        log: Whether ratios count rather than differences.
    """

    low: int
    high: int
    log: bool = False

    def tidy(self, value: float) -> int:
        """Return the whole number nearest to ``value`` within the range."""
        return int(np.clip(round(value), self.low, self.high))

    def including(self, value: Any) -> IntRange:
        """Return the range, widened to hold ``value``."""
        return replace(self, low=min(self.low, value), high=max(self.high, value))


@dataclass(frozen=True)
class FloatRange:
    """Real numbers.

    Attributes:
        low: Lowest value, included.
        high: Highest value, included.
        log: Whether ratios count rather than differences; then ``low`` is above 0.
    """

    low: float
    high: float
    log: bool = False

    def tidy(self, value: float) -> float:
        """Return ``value`` with three significant digits, within the range.

        >>> FloatRange(0.001, 1.0).tidy(0.0123456)
        0.0123
        """
        return float(np.clip(float(f"{value:.{_DIGITS}g}"), self.low, self.high))

    def including(self, value: Any) -> FloatRange:
        """Return the range, widened to hold ``value``; a logarithmic one cannot hold 0."""
        if self.log and value <= 0.0:
            return replace(self, low=min(self.low, value), high=max(self.high, value), log=False)
        return replace(self, low=min(self.low, value), high=max(self.high, value))


Range: TypeAlias = IntRange | FloatRange
#: Fields of `ModelParams` and the range of each.
Space: TypeAlias = Mapping[str, Range]
#: Fields of `ModelParams` and one value for each.
Values: TypeAlias = dict[str, int | float]


def values_of(space: Space, params: ModelParams) -> Values:
    """Return what ``params`` has for each dimension of ``space``."""
    return {name: getattr(params, name) for name in space}


def with_values(params: ModelParams, values: Mapping[str, int | float]) -> ModelParams:
    """Return ``params`` with other values of some fields."""
    return replace(params, **dict(values))  # type: ignore[arg-type]  # ranges give each its type


def including(space: Space, params: ModelParams) -> dict[str, Range]:
    """Return ``space`` with each range widened to hold what ``params`` has."""
    return {name: item.including(getattr(params, name)) for name, item in space.items()}


def tidy(space: Space, raw: Mapping[str, float]) -> Values:
    """Return ``raw`` values as they are tried and written."""
    return {name: item.tidy(raw[name]) for name, item in space.items()}


def draw(space: Space, rng: np.random.Generator) -> Values:
    """Return values drawn at random, each range evenly (on its logarithm where it says so)."""
    return tidy(space, {name: _draw_one(item, rng) for name, item in space.items()})


def _draw_one(item: Range, rng: np.random.Generator) -> float:
    if item.log:
        return math.exp(rng.uniform(math.log(item.low), math.log(item.high)))
    return float(rng.uniform(item.low, item.high))
