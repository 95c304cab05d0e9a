from __future__ import annotations

import re

import numpy as np
import pytest

from recommender.errors import TrainingError
from recommender.models.divergence import diverged, largest_rmse, require_finite


def test_a_number_that_is_none_is_found_and_named() -> None:
    arrays = {"counts": np.array([1, 2]), "mean": 3.0, "bias": np.array([0.0, 1.0])}
    require_finite(arrays, "SVD", remedy="Lower it.")
    for bad in (np.nan, np.inf, -np.inf):
        with pytest.raises(TrainingError, match=r"SVD: .*bias holds.*Lower it\."):
            require_finite({**arrays, "bias": np.array([0.0, bad])}, "SVD", remedy="Lower it.")


def test_opposite_infinities_do_not_cancel() -> None:
    with pytest.raises(TrainingError, match="bias"):
        require_finite({"bias": np.array([np.inf, -np.inf])}, "SVD", remedy="")


@pytest.mark.parametrize(("epoch", "advised"), [(1, 0.03), (2, 0.1)])
def test_the_rate_to_try_is_lower_most_of_all_after_one_epoch(epoch: int, advised: float) -> None:
    error = diverged("SVD", "learning_rate", epoch, float("nan"), 0.3)
    assert f"in epoch {epoch} the training RMSE is nan stars" in str(error)
    assert float(re.findall(r"rate of (\S+)\.$", str(error))[0]) == pytest.approx(advised)


def test_what_a_training_may_begin_with_is_not_taken_for_divergence() -> None:
    stars = np.full(10, 4.0)
    assert largest_rmse(stars, 100, 0.0, 0.1) > 4.0 + 100 * 0.1**2
