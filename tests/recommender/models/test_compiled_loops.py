"""What a loop does is written in Python, and compiled it must do the same."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from recommender.models import bias, ease, nmf, ordering_kernels
from recommender.models.indexed import IndexedRatings
from recommender.settings import ModelParams

Loop = Callable[[IndexedRatings], Any]


def biases_of(data: IndexedRatings) -> Any:
    return bias.fit_bias(data, 5.0, 5.0).movie_bias


def products_of(data: IndexedRatings) -> Any:
    return ease.gram_upper(data.matrix(data.stars))


def factors_of(data: IndexedRatings) -> Any:
    return nmf.fit_nmf(data, ModelParams(nmf_factors=3, nmf_epochs=2), seed=3).movie_factors


def order_of(data: IndexedRatings) -> Any:
    return ordering_kernels.stable_positions(data.movies, data.n_movies)


@pytest.mark.parametrize(
    ("module", "loop", "made"),
    [
        (bias, "_alternate", biases_of),
        (ease, "_add_products", products_of),
        (nmf, "_epoch", factors_of),
        (ordering_kernels, "_place_rows", order_of),
    ],
)
def test_a_compiled_loop_does_what_its_python_does(
    module: ModuleType,
    loop: str,
    made: Loop,
    indexed: IndexedRatings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled = made(indexed)
    monkeypatch.setattr(module, "_kernel", lambda: getattr(module, loop))
    assert made(indexed) == pytest.approx(compiled, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize(("user_damping", "movie_damping"), [(0.0, 0.0), (5.0, 2.0)])
def test_biases_without_ratings_are_none(
    indexed: IndexedRatings,
    user_damping: float,
    movie_damping: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bias, "_kernel", lambda: bias._alternate)
    found = bias.fit_bias(indexed, user_damping, movie_damping)
    assert not found.movie_bias[:-1][indexed.movie_counts == 0].any()
