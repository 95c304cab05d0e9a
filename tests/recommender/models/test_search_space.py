from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.models.search_space import (
    FloatRange,
    IntRange,
    draw,
    including,
    tidy,
    values_of,
    with_values,
)
from recommender.settings import ModelParams

SPACE = {
    "n_factors": IntRange(10, 100, log=True),
    "n_epochs": IntRange(5, 9),
    "learning_rate": FloatRange(0.002, 0.0213, log=True),
    "regularization": FloatRange(0.0, 0.3),
}


@given(st.integers(0, 2**32 - 1))
def test_draws_lie_within_their_ranges_and_have_three_digits(seed: int) -> None:
    values = draw(SPACE, np.random.default_rng(seed))
    for name, item in SPACE.items():
        assert item.low <= values[name] <= item.high
        assert isinstance(values[name], type(item.low))
    assert values["learning_rate"] in (float(f"{values['learning_rate']:.3g}"), 0.0213)


def test_a_logarithmic_range_is_drawn_evenly_on_its_logarithm() -> None:
    rng = np.random.default_rng(1)
    space = {"x": FloatRange(0.001, 1000.0, log=True)}
    drawn = np.array([draw(space, rng)["x"] for _ in range(2000)])
    assert 0.45 < np.mean(drawn < 1.0) < 0.55


@given(st.floats(-5.0, 500.0))
def test_tidy_values_never_leave_the_range(raw: float) -> None:
    values = tidy({"a": FloatRange(0.123456, 3.0), "b": IntRange(2, 7)}, {"a": raw, "b": raw})
    assert 0.123456 <= values["a"] <= 3.0
    assert 2 <= values["b"] <= 7


def test_a_range_is_widened_to_hold_the_present_value() -> None:
    params = ModelParams(n_factors=400, learning_rate=0.0)
    wide = including(SPACE, params)
    assert (wide["n_factors"].low, wide["n_factors"].high) == (10, 400)
    assert wide["learning_rate"] == FloatRange(0.0, 0.0213, log=False)
    assert wide["n_epochs"].high == params.n_epochs == 30


def test_values_go_into_the_parameters_and_back() -> None:
    changed = with_values(ModelParams(), {"n_factors": 7, "learning_rate": 0.5})
    assert (changed.n_factors, changed.learning_rate) == (7, 0.5)
    assert values_of({"n_factors": IntRange(1, 9)}, changed) == {"n_factors": 7}
    with pytest.raises(TypeError, match="n_factor"):
        with_values(ModelParams(), {"n_factor": 7})
