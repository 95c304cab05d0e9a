"""A world over the films of the tiny data set, so that the tiny model can serve its viewers."""

from __future__ import annotations

import pandas as pd
import pytest

from recommender.schema import Dataset
from simulation.parameters import SimulationParameters
from simulation.ratings import Simulation, simulate
from simulation.traffic.audience import Audience


@pytest.fixture(scope="session")
def tiny_world(tiny_catalogue: pd.DataFrame) -> Simulation:
    return simulate(tiny_catalogue, SimulationParameters(n_users=40, n_ratings=400))


@pytest.fixture
def audience(tiny_world: Simulation) -> Audience:
    return Audience.of(tiny_world, 20)


def catalogue_of(dataset: Dataset) -> pd.DataFrame:
    assert dataset.credits is not None
    return dataset.movies.merge(dataset.credits, on="movie_id").sort_values("movie_id")


@pytest.fixture(scope="session")
def tiny_catalogue(tiny_dataset: Dataset) -> pd.DataFrame:
    return catalogue_of(tiny_dataset)
