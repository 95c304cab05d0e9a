from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.cold.ceiling import knowing, viewers_of
from recommender.models.indexed import IndexedRatings
from recommender.schema import Dataset
from simulation.catalogue import read_catalogue
from simulation.parameters import SimulationParameters
from simulation.ratings import simulate


@pytest.fixture(scope="module")
def sample(tiny_dataset: Dataset) -> Dataset:
    catalogue = read_catalogue()
    ratings = simulate(catalogue, SimulationParameters()).ratings
    movies = pd.DataFrame({"movie_id": catalogue["movie_id"], "title": catalogue["title"]})
    return replace(tiny_dataset, ratings=ratings, movies=movies, simulated=True)


def test_the_viewers_of_the_sample_are_known_and_no_others(
    sample: Dataset, tiny_dataset: Dataset
) -> None:
    assert viewers_of(sample) is not None
    assert viewers_of(sample.with_ratings(sample.ratings[1:])) is None
    assert viewers_of(replace(tiny_dataset, simulated=False)) is None


def test_what_viewers_watched_and_liked_is_scored_above_the_rest(sample: Dataset) -> None:
    viewers = viewers_of(sample)
    assert viewers is not None
    trained = IndexedRatings.of(sample)
    score = knowing(viewers, sample, trained)
    histories = trained.histories()
    above = []
    for position in range(20):
        viewer = histories.viewer(position, trained.scale)
        scores = score(viewer)
        liked = viewer.movies[viewer.grades >= 1.0]
        if liked.size:
            above.append(np.mean(np.median(scores) < scores[liked]))
    assert np.mean(above) > 0.8
    nobody = replace(histories.viewer(0, trained.scale), position=-1)
    assert not score(nobody).any()
