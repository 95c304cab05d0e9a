"""A model of real films and simulated viewers, small enough to be trained in a few seconds."""

from __future__ import annotations

from pathlib import Path

from recommender.bundle import Bundle, CodeState
from recommender.data.source import Source, read_dataset
from recommender.data.splitting import split_dataset
from recommender.models.training import train_bundle
from recommender.settings import ModelParams, Params, SplitParams
from simulation.catalogue import read_catalogue
from simulation.parameters import SimulationParameters
from simulation.ratings import simulate
from simulation.sample import write_sample

QUICK = ModelParams(
    n_factors=4,
    n_epochs=5,
    nmf_factors=3,
    nmf_epochs=5,
    fm_iterations=5,
    fm_blend_iterations=3,
    ranking_cuts=1,
    ranking_folds=1,
    ials_epochs=3,
)


def train_films(folder: Path) -> Bundle:
    """Return the bundle of a hybrid fitted on 824 films and 150 viewers."""
    catalogue = read_catalogue()
    simulation = simulate(catalogue, SimulationParameters(n_users=150, n_ratings=5000))
    data = read_dataset(Source("films", write_sample(simulation, catalogue, folder / "data")))
    split = split_dataset(data, SplitParams(), seed=1)
    code = CodeState(revision="f" * 40, digest="c" * 64)
    return train_bundle(folder / "bundle", split, data, Params(seed=1, model=QUICK), code=code)
