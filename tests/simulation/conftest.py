"""The default world, drawn once."""

from __future__ import annotations

import pandas as pd
import pytest

from simulation.catalogue import read_catalogue
from simulation.parameters import SimulationParameters
from simulation.ratings import Simulation, simulate


@pytest.fixture(scope="session")
def catalogue() -> pd.DataFrame:
    return read_catalogue()


@pytest.fixture(scope="session")
def world(catalogue: pd.DataFrame) -> Simulation:
    return simulate(catalogue, SimulationParameters())


@pytest.fixture(scope="session")
def small_world(catalogue: pd.DataFrame) -> Simulation:
    return simulate(catalogue, SimulationParameters(n_users=60, n_ratings=1800))
