"""Pieces of rows: what is compiled does what Python does, and what NumPy says."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest

from recommender.models.factors import aligned_rows
from recommender.models.lanes import LANES, added, dot, load, scaled, store


def _everything(rows: Any, scale: Any) -> Any:
    total = np.float32(0.0)
    for at in range(0, rows.shape[1], LANES):
        one, other = load(rows, 0, at), load(rows, 1, at)
        store(rows, 2, at, added(one, scale, other))
        store(rows, 3, at, scaled(scale, one))
        total += dot(one, other)
    return total


def _rows(n_lines: int) -> np.ndarray:
    rows = aligned_rows(5, n_lines * LANES, np.float32)
    rows[:] = np.random.default_rng(4).normal(size=rows.shape)
    return rows


@pytest.fixture(scope="module")
def compiled() -> Any:
    return numba.njit(_everything)


@pytest.mark.parametrize("n_lines", [1, 3])
def test_pieces_are_computed_as_whole_rows(compiled: Any, n_lines: int) -> None:
    rows, plain = _rows(n_lines), _rows(n_lines)
    before = rows.copy()
    total = compiled(rows, np.float32(-0.5))
    assert total == pytest.approx(_everything(plain, np.float32(-0.5)), rel=1e-5)
    assert total == pytest.approx(float(before[0] @ before[1]), rel=1e-5)
    assert rows[2] == pytest.approx(before[0] - 0.5 * before[1], abs=1e-6)
    assert (rows[3] == -0.5 * before[0]).all()
    assert (rows[[0, 1, 4]] == before[[0, 1, 4]]).all()
    assert rows == pytest.approx(plain, abs=1e-6)


def test_nan_and_infinity_show(compiled: Any) -> None:
    for value in (np.nan, np.inf):
        rows = _rows(1)
        rows[0, 5] = value
        assert not np.isfinite(compiled(rows, np.float32(1.0)))
        assert not np.isfinite(rows[2, 5])
