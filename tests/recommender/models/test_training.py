from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from recommender.bundle import CodeState
from recommender.data.splitting import split_dataset
from recommender.errors import TrainingError
from recommender.inference import Recommender
from recommender.models import hybrid, training
from recommender.models.training import make_catalogue, train_bundle, train_hybrid
from recommender.schema import Dataset, Split
from recommender.settings import ModelParams, Params, SplitParams

PARAMS = Params(
    seed=6,
    model=ModelParams(n_factors=3, n_epochs=5, nmf_factors=2, nmf_epochs=4, ease_min_support=2),
)
CODE = CodeState("r" * 40, "c" * 64)
#: Trains in a process of its own and prints the bundle's digest.
AGAIN = """
import pickle, sys
from pathlib import Path
from recommender.models.training import train_bundle
split, dataset, params, code = pickle.loads(Path(sys.argv[1]).read_bytes())
print(train_bundle(Path(sys.argv[2]), split, dataset, params, code=code).digest)
"""


@pytest.fixture(scope="module")
def split(ratings_of_taste: Dataset) -> Split:
    return split_dataset(ratings_of_taste, SplitParams(), seed=6)


def test_the_manifest_says_where_the_model_comes_from(
    ratings_of_taste: Dataset, split: Split, tmp_path: Path
) -> None:
    bundle = train_bundle(tmp_path / "b", split, ratings_of_taste, PARAMS, code=CODE)
    manifest = bundle.manifest
    assert (manifest.dataset, manifest.dataset_digest) == ("made", "m" * 64)
    assert (manifest.split_method, manifest.train_end) == ("temporal", split.train_end)
    assert (manifest.code_revision, manifest.code_digest, manifest.seed) == ("r" * 40, "c" * 64, 6)
    assert manifest.params == json.loads(json.dumps(asdict(PARAMS)))
    assert manifest.scoring["scale"] == {"minimum": 0.5, "maximum": 5.0, "step": 0.5}


def test_everything_rated_is_held_back_but_only_training_ratings_score(
    ratings_of_taste: Dataset, split: Split, tmp_path: Path
) -> None:
    bundle = train_bundle(tmp_path / "b", split, ratings_of_taste, PARAMS, code=CODE)
    served = Recommender.from_bundle(bundle)
    trained = train_hybrid(split.train, PARAMS)
    for user, own in ratings_of_taste.ratings.groupby("user_id"):
        rated = np.sort(own["movie_id"].to_numpy())
        assert np.array_equal(served.seen(int(user)), rated)
        assert not np.isin(served.recommend(int(user), 42).movie_ids, rated).any()
        found = served.recommend(int(user), 42, exclude_seen=False)
        expected = trained.recommend(int(user), 42, exclude_seen=False)
        assert np.array_equal(found.movie_ids, expected.movie_ids)


def test_a_user_who_came_after_training_gets_popular_movies_but_none_seen(
    ratings_of_taste: Dataset, split: Split, tmp_path: Path
) -> None:
    late = split.train.with_ratings(split.train.ratings[split.train.ratings["user_id"] != 9])
    bundle = train_bundle(
        tmp_path / "b",
        Split(late, split.validation, split.test, "temporal", 6),
        ratings_of_taste,
        PARAMS,
        code=CODE,
    )
    served = Recommender.from_bundle(bundle)
    shown = served.recommend(9, 42)
    assert shown.path == "popular"
    assert 9 not in served.user_ids
    assert not np.isin(shown.movie_ids, served.seen(9)).any()
    assert served.seen(9).size == 20


def test_another_process_makes_the_same_bytes(
    ratings_of_taste: Dataset, split: Split, tmp_path: Path, repo: Path
) -> None:
    import pickle

    here = train_bundle(tmp_path / "here", split, ratings_of_taste, PARAMS, code=CODE)
    task = tmp_path / "task.pkl"
    task.write_bytes(pickle.dumps((split, ratings_of_taste, PARAMS, CODE)))
    done = subprocess.run(
        [sys.executable, "-c", AGAIN, str(task), str(tmp_path / "there")],
        cwd=repo,
        env={**os.environ, "PYTHONHASHSEED": "77", "OPENBLAS_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == here.digest


def test_the_catalogue_keeps_facts_in_order_of_ids(ratings_of_taste: Dataset) -> None:
    movies = ratings_of_taste.movies.iloc[::-1].copy()
    movies.loc[movies["movie_id"] == 2, "year"] = None
    catalogue = make_catalogue(movies)
    assert [catalogue.title(i) for i in (0, 41)] == ["Film 1", "Film 42"]
    assert [catalogue.year(i) for i in (0, 1)] == [1981, None]
    assert catalogue.genre_names(1) == ("Comedy", "Crime")


def test_memory_that_runs_out_is_told_with_what_to_lower(
    ratings_of_taste: Dataset, split: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(*_: object) -> None:
        raise MemoryError("Unable to allocate 9.00 TiB")

    monkeypatch.setattr(hybrid, "movie_means", too_large)
    with pytest.raises(TrainingError, match=r"9\.00 TiB\. Set model\.ease_max_movies"):
        train_bundle(tmp_path / "b", split, ratings_of_taste, PARAMS, code=CODE)
    assert not list(tmp_path.iterdir())


def test_a_model_with_a_number_that_is_none_does_not_become_a_bundle(
    ratings_of_taste: Dataset,
    split: Split,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad = {"bias": np.array([0.0, np.nan])}
    monkeypatch.setattr(training, "audience_arrays", lambda *_: bad)
    small = replace(PARAMS.model, fm_iterations=2, fm_blend_iterations=1, ranking_cuts=1)
    with pytest.raises(TrainingError, match=r"bundle: .* bias holds a number that is NaN"):
        train_bundle(
            tmp_path / "b", split, ratings_of_taste, replace(PARAMS, model=small), code=CODE
        )
    assert not list(tmp_path.iterdir())
