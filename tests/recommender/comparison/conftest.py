from __future__ import annotations

import pytest

from recommender.comparison.compare import compare_models
from recommender.comparison.report import Comparison
from recommender.schema import Split
from recommender.settings import ComparisonSettings, EvaluationSettings, Params

QUICK = EvaluationSettings(bootstrap_samples=20)


@pytest.fixture(scope="session")
def compared(tiny_split: Split, tiny_params: Params) -> Comparison:
    """Four quick models on the tiny data set, against EASE."""
    settings = ComparisonSettings(
        models=("popularity", "bias", "svd", "ease"), trials=2, reference="ease"
    )
    return compare_models(tiny_split, tiny_params, settings, QUICK)
