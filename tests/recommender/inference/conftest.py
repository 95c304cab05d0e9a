"""A recommender over the tiny bundle, for the tests of what is served."""

from __future__ import annotations

import pytest

from recommender.bundle import Bundle, open_bundle
from recommender.inference import Recommender
from recommender.inference.components import Components


@pytest.fixture(scope="session")
def served(tiny_bundle: Bundle) -> Recommender:
    """The recommender of the tiny bundle."""
    return Recommender.from_bundle(open_bundle(tiny_bundle.path))


@pytest.fixture(scope="session")
def components(tiny_bundle: Bundle) -> Components:
    """Everything in the tiny bundle that scores."""
    return Components.from_arrays(tiny_bundle, tiny_bundle.manifest.scoring)
