from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.cold.movies import (
    expected_popularity,
    genres_and_decades,
    hit_rates,
    hold_out,
    promises,
    run,
)
from recommender.inference.histories import Viewer
from recommender.models.indexed import IndexedRatings
from recommender.schema import Dataset
from recommender.settings import Params


def test_held_out_movies_lose_all_their_ratings(tiny_dataset: Dataset) -> None:
    parted = hold_out(tiny_dataset, seed=1)
    ids = parted.whole.movie_index.ids[parted.held_out]
    assert ids.size >= 1
    assert not parted.train.ratings["movie_id"].isin(ids).any()
    left = tiny_dataset.ratings[~tiny_dataset.ratings["movie_id"].isin(ids)]
    assert len(parted.train.ratings) == len(left)
    liked = tiny_dataset.ratings.query("rating >= 4")["movie_id"].value_counts()
    assert (liked.reindex(ids) >= 5).all()
    assert np.array_equal(hold_out(tiny_dataset, seed=1).held_out, parted.held_out)


def test_who_knows_the_answer_finds_everything_and_who_does_not_nothing(
    tiny_dataset: Dataset,
) -> None:
    parted = hold_out(tiny_dataset, seed=1)
    trained = IndexedRatings.of(parted.train)
    right = np.isin(np.arange(trained.n_movies), parted.held_out).astype(float)
    everything = np.arange(trained.n_movies)

    def knows(viewer: Viewer) -> np.ndarray:
        del viewer
        return right

    assert hit_rates(knows, parted, trained, everything).value == 1.0
    wrong = hit_rates(lambda viewer: -knows(viewer), parted, trained, everything)
    assert wrong.value == 0.0


def test_ties_are_in_the_order_of_chance(tiny_dataset: Dataset) -> None:
    parted = hold_out(tiny_dataset, seed=1)
    trained = IndexedRatings.of(parted.train)
    same = np.zeros(trained.n_movies)
    found = hit_rates(lambda _: same, parted, trained, np.arange(trained.n_movies))
    whole = parted.whole
    for user_id, share in zip(found.user_ids.tolist(), found.totals.tolist(), strict=True):
        unseen = 30 - np.count_nonzero(whole.users == whole.user_index.position(user_id))
        assert share == pytest.approx(min(10 / (unseen + 1), 1.0))


def test_popularity_is_expected_from_what_is_rated() -> None:
    features = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    attention = np.array([0.9, 0.7, 0.1, 0.0, 0.0])
    rated = np.array([True, True, True, False, False])
    found = expected_popularity(attention, features, rated)
    assert found[3] == found[0] > found[4] == found[2]


def test_genres_and_decades_are_what_popularity_goes_by(tiny_dataset: Dataset) -> None:
    found = genres_and_decades(tiny_dataset)
    assert len(found) == len(tiny_dataset.movies)
    assert set(np.unique(found)) == {0.0, 1.0}


@pytest.mark.parametrize(
    ("hybrid", "kept"),
    [
        (0.3, [True, True, True]),
        (0.24, [True, True, False]),
        (0.22, [True, False, False]),
        (0.1, [False, False, False]),
    ],
)
def test_a_broken_promise_is_seen(hybrid: float, kept: list[bool]) -> None:
    others = {"popularity": 0.1, "popularity-of-facts": 0.23, "content": 0.25}
    assert [check.ok for check in promises({"hybrid": hybrid, **others})] == kept


def test_everything_is_measured(tiny_dataset: Dataset, tiny_params: Params) -> None:
    figures, checks = run(tiny_dataset, tiny_params)
    assert {"hybrid", "metadata-ease", "content", "popularity"} <= set(figures["hit_rate_at_10"])
    assert len(checks) == 3
    assert figures["candidates"] >= figures["held_out_movies"] >= 1
    assert 0.0 <= figures["hit_rate_at_10"]["hybrid"]["value"] <= 1.0
    json.dumps(figures, allow_nan=False)
    assert figures["hit_rate_at_10"]["content"]["hybrid_minus_this"] == pytest.approx(
        figures["hit_rate_at_10"]["hybrid"]["value"]
        - figures["hit_rate_at_10"]["content"]["value"],
        abs=2e-4,
    )
