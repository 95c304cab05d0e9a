from __future__ import annotations

import numpy as np
import pytest

from recommender.errors import DataError
from recommender.models.lapack import invert_lower


def test_the_lower_triangle_becomes_that_of_the_inverse() -> None:
    rows = np.random.default_rng(4).normal(size=(30, 12))
    matrix = rows.T @ rows + np.eye(12)
    found = np.asfortranarray(np.tril(matrix))
    invert_lower(found)
    assert np.tril(found) == pytest.approx(np.tril(np.linalg.inv(matrix)), abs=1e-12)
    assert not np.triu(found, 1).any()


def test_a_matrix_that_is_not_positive_definite_is_refused() -> None:
    with pytest.raises(DataError, match="not positive definite"):
        invert_lower(np.asfortranarray(-np.eye(3)))
