from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recommender.bundle import Bundle, CodeState, open_bundle
from recommender.data.splitting import split_dataset
from recommender.errors import UsageError
from recommender.inference import Recommender
from recommender.models.starting_model import StartingModel
from recommender.models.training import train_bundle
from recommender.schema import Dataset, Split
from recommender.settings import ModelParams, Params, SplitParams

SMALL = ModelParams(
    n_factors=3,
    n_epochs=5,
    nmf_factors=2,
    nmf_epochs=4,
    fm_iterations=3,
    fm_blend_iterations=2,
    ranking_cuts=1,
    ranking_folds=1,
    ease_min_support=2,
)
PARAMS = Params(seed=6, model=SMALL)
CODE = CodeState(None, "c" * 64)


def cut(dataset: Dataset, share: float) -> Dataset:
    """What a data set held when a share of its ratings was there, oldest first."""
    return dataset.with_ratings(dataset.ratings.head(int(share * len(dataset.ratings))))


def bundle_of(folder: Path, dataset: Dataset, start: StartingModel | None = None) -> Bundle:
    split = split_dataset(dataset, SplitParams(), seed=6)
    return train_bundle(folder, split, dataset, PARAMS, code=CODE, start=start)


@pytest.fixture(scope="module")
def earlier(ratings_of_taste: Dataset, tmp_path_factory: pytest.TempPathFactory) -> StartingModel:
    """What was trained when nine tenths of the ratings were there."""
    folder = tmp_path_factory.mktemp("earlier") / "b"
    return StartingModel("3", bundle_of(folder, cut(ratings_of_taste, 0.9)))


@pytest.fixture(scope="module")
def split(ratings_of_taste: Dataset) -> Split:
    return split_dataset(ratings_of_taste, SplitParams(), seed=6)


def test_the_manifest_names_the_model_that_it_started_from(
    earlier: StartingModel, ratings_of_taste: Dataset, tmp_path: Path
) -> None:
    warm = bundle_of(tmp_path / "warm", ratings_of_taste, earlier)
    cold = bundle_of(tmp_path / "cold", ratings_of_taste)
    assert warm.manifest.warm_start == {"version": "3", "digest": earlier.bundle.digest}
    assert open_bundle(tmp_path / "cold").manifest.warm_start is None
    files = set(warm.manifest.files.items()) ^ set(cold.manifest.files.items())
    changed = {name for name, _ in files}
    assert changed
    assert all(name.startswith("svd") for name in changed)
    again = bundle_of(tmp_path / "again", ratings_of_taste, earlier)
    assert again.digest == warm.digest


def test_its_svd_is_where_the_training_starts(earlier: StartingModel, split: Split) -> None:
    start = earlier.warm_start(split)
    part = Recommender.from_bundle(earlier.bundle).part("svd")
    assert np.array_equal(start.users.ids, part.audience.users.ids)
    users, movies = np.arange(20), np.arange(20)
    assert np.array_equal(start.estimates.pairs(users, movies), part.estimates.pairs(users, movies))


def test_a_model_that_knows_ratings_held_out_is_no_start(
    earlier: StartingModel, ratings_of_taste: Dataset, split: Split
) -> None:
    by_chance = split_dataset(ratings_of_taste, SplitParams(method="random"), seed=6)
    with pytest.raises(UsageError, match=r"version 3: .* trained on \d+ of the validation ratings"):
        earlier.warm_start(by_chance)
    tested = replace(split, test=split.train.ratings.tail(7))
    with pytest.raises(
        UsageError, match=r"trained on \d+ of the test ratings.*warm_start to false"
    ):
        earlier.warm_start(replace(tested, test=split.train.ratings.head(7)))


def test_a_model_of_another_data_set_is_no_start(earlier: StartingModel, split: Split) -> None:
    other = replace(split, train=replace(split.train, name="other"))
    with pytest.raises(UsageError, match=r"another data set than other \(found 'made'\)"):
        earlier.warm_start(other)


def test_another_number_of_factors_is_refused(
    earlier: StartingModel, ratings_of_taste: Dataset, split: Split, tmp_path: Path
) -> None:
    params = replace(PARAMS, model=replace(SMALL, n_factors=4))
    with pytest.raises(UsageError, match="has 3 factors, and 4 are wanted"):
        train_bundle(tmp_path / "b", split, ratings_of_taste, params, code=CODE, start=earlier)
    assert not (tmp_path / "b").exists()
