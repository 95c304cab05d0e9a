from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.diversity import draw, intra_list_diversity, promises, run
from recommender.schema import Dataset
from recommender.settings import Params


def test_options_are_measured_and_drawn(tiny_dataset: Dataset, tiny_params: Params) -> None:
    figures = run(tiny_dataset, tiny_params, n_users=10, strengths=(0.0, 0.5, 1.0))
    json.dumps(figures, allow_nan=False)
    assert figures["variety"]["0.0"] == figures["calibration"]["0.0"]
    assert len(promises(figures)) == 6
    panels = draw(figures, "tiny").axes
    assert [panel.get_title() for panel in panels] == ["variety", "calibration", "unpopularity"]


def test_a_broken_promise_is_seen() -> None:
    flat = {"intra_list_diversity": 0.5, "calibration_divergence": 0.5, "mean_popularity": 9.0}
    worse = flat | {"mean_popularity": 10.0}
    options = ("variety", "calibration", "unpopularity")
    figures = {name: {"0.0": flat, "0.5": flat, "1.0": worse} for name in options}
    broken = [check.name for check in promises(figures) if not check.ok]
    assert broken == ["unpopularity at 1: mean_popularity against 0.5"]


def test_the_same_movie_twice_is_no_variety() -> None:
    assert intra_list_diversity(np.array([[0.6, 0.8], [0.6, 0.8]])) == pytest.approx(0.0)
