"""The compiled NDCG against the same loops in Python, and against a sort."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recommender.models.top_ten import DISCOUNTS, K, ndcg_kernel


@pytest.fixture
def lists() -> tuple[Any, ...]:
    """Base scores with ties, a signal, what was liked, and the highest gains."""
    rng = np.random.default_rng(5)
    base = rng.integers(0, 6, (9, 25)).astype(np.float32)
    signal = rng.integers(0, 3, (9, 25)).astype(np.float32)
    liked = rng.random((9, 25)) < 0.3
    return base, signal, np.float32(0.5), liked, rng.uniform(1.0, 3.0, 9)


def test_it_is_the_gain_of_the_ten_best_by_a_stable_sort(lists: tuple[Any, ...]) -> None:
    base, signal, weight, liked, ideal = lists
    order = np.argsort(-(base + weight * signal), axis=1, kind="stable")[:, :K]
    expected = np.take_along_axis(liked, order, axis=1) @ DISCOUNTS / ideal
    assert ndcg_kernel()(*lists) == pytest.approx(expected)


@pytest.mark.parametrize("width", [25, 4, 0])
def test_the_compiled_loops_say_what_python_says(lists: tuple[Any, ...], width: int) -> None:
    base, signal, weight, liked, ideal = lists
    cut = base[:, :width].copy(), signal[:, :width].copy(), weight, liked[:, :width].copy(), ideal
    kernel: Any = ndcg_kernel()
    assert kernel(*cut) == pytest.approx(kernel.py_func(*cut))
