from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest

from recommender.bundle import Bundle, CodeState
from recommender.errors import UsageError
from recommender.inference import Recommender
from recommender.models.training import train_bundle
from recommender.schema import CREDIT_DTYPES, MOVIE_DTYPES, RATING_DTYPES, Dataset, Split
from recommender.settings import ModelParams, Params
from tracking.model_log import REQUIREMENTS, log_bundle
from tracking.promotion import promote
from tracking.runs import ensure_experiment

START = 1_000_000
COLUMNS = ["user_id", "rank", "movie_id", "title", "score", "path"]
#: Runs in a process of its own that knows nothing of the project.
FRESH = """
import json, sys
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model(sys.argv[1])
frame = model.predict(pd.DataFrame({"user_id": [1, 2]}), params={"k": 3})
import recommender
print(json.dumps([recommender.__file__, frame.to_dict("list")]))
"""


def tiny_dataset() -> Dataset:
    """Twenty users, twelve movies, eight ratings a user."""
    rng = np.random.default_rng(0)
    pairs = [(user, movie) for user in range(1, 21) for movie in rng.permutation(12)[:8] + 1]
    ratings = pd.DataFrame(pairs, columns=["user_id", "movie_id"])
    ratings["rating"] = rng.integers(1, 11, len(ratings)) / 2
    ratings["timestamp"] = np.arange(len(ratings)) + START
    ids = np.arange(1, 13)
    movies = {
        "movie_id": ids,
        "title": [f"Movie {movie}" for movie in ids],
        "year": 1990 + ids,
        "genres": ["Drama|Comedy" if movie % 2 else "Action" for movie in ids],
    }
    makers = {
        "movie_id": ids,
        "directors": [f"Director {movie % 3}" for movie in ids],
        "cast": [f"Actor {movie % 4}" for movie in ids],
        "keywords": ["heist" if movie % 2 else "space" for movie in ids],
        "language": "en",
        "runtime": 100,
    }
    return Dataset(
        name="tiny",
        digest="d" * 64,
        ratings=ratings.astype(RATING_DTYPES),
        movies=pd.DataFrame(movies).astype(MOVIE_DTYPES),
        credits=pd.DataFrame(makers).astype(CREDIT_DTYPES),
    )


@pytest.fixture(scope="session")
def trained_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A real model, as the pipeline trains it."""
    whole = tiny_dataset()
    split = Split(
        train=whole.with_ratings(whole.ratings[:130]),
        validation=whole.ratings[130:145].reset_index(drop=True),
        test=whole.ratings[145:].reset_index(drop=True),
        method="temporal",
        seed=1,
        train_end=START + 130,
        validation_end=START + 145,
    )
    small = ModelParams(
        n_factors=2, n_epochs=2, nmf_factors=2, nmf_epochs=2, content_factors=3, blend_folds=2
    )
    folder = tmp_path_factory.mktemp("trained") / "bundle"
    return train_bundle(folder, split, whole, Params(model=small), code=CodeState(None, "c" * 64))


def served(desk: Any, bundle: Bundle) -> str:
    """Make ``bundle`` production and return the address of the model."""
    experiment = ensure_experiment(desk.client, desk.registry.store, desk.settings.experiment)
    run_id = desk.client.create_run(experiment.experiment_id).info.run_id
    version = desk.registry.register(run_id, log_bundle(run_id, bundle))
    promote(desk.registry, version.version, lambda _: desk.accept)
    return f"models:/{desk.settings.model_name}@production"


def test_the_model_answers_as_the_bundle_does(desk: Any, trained_bundle: Bundle) -> None:
    model = mlflow.pyfunc.load_model(served(desk, trained_bundle))
    found = model.predict(pd.DataFrame({"user_id": [1, 999_999]}))
    direct = Recommender.from_bundle(trained_bundle)
    for user_id in (1, 999_999):
        expected = direct.recommend(user_id, 10)
        rows = found[found["user_id"] == user_id]
        assert rows["rank"].tolist() == list(range(1, len(expected.movie_ids) + 1))
        assert rows["movie_id"].tolist() == expected.movie_ids.tolist()
        assert rows["title"].tolist() == [direct.title(int(item)) for item in expected.movie_ids]
        assert np.allclose(rows["score"], expected.scores)
        assert set(rows["path"]) == {expected.path}
    assert list(found.columns) == COLUMNS


def test_it_says_what_it_takes_and_gives(shared_desk: Any, trained_bundle: Bundle) -> None:
    model = mlflow.pyfunc.load_model(served(shared_desk, trained_bundle))
    schema = model.metadata.signature
    assert [(item.name, item.type.name) for item in schema.inputs] == [("user_id", "long")]
    assert [item.name for item in schema.outputs] == COLUMNS
    assert [(item.name, item.default) for item in schema.params] == [("k", 10)]
    assert len(model.predict(pd.DataFrame({"user_id": [1]}), params={"k": 2})) == 2
    nobody = model.predict(pd.DataFrame({"user_id": np.array([], dtype=np.int64)}))
    assert (list(nobody.columns), len(nobody)) == (COLUMNS, 0)
    with pytest.raises(UsageError):
        model.predict(pd.DataFrame({"user_id": [1]}), params={"k": 0})


def test_its_requirements_are_pinned(shared_desk: Any, trained_bundle: Bundle) -> None:
    folder = Path(mlflow.artifacts.download_artifacts(served(shared_desk, trained_bundle)))
    lines = (folder / "requirements.txt").read_text().split()
    assert [line.partition("==")[0] for line in lines] == list(REQUIREMENTS)
    assert all(line.partition("==")[2] for line in lines)


def test_it_loads_in_a_process_that_does_not_know_the_project(
    shared_desk: Any, trained_bundle: Bundle, tmp_path: Path
) -> None:
    address = served(shared_desk, trained_bundle)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", FRESH, address],
        cwd=elsewhere,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    package, rows = json.loads(done.stdout.splitlines()[-1])
    assert not Path(package).is_relative_to(Path(__file__).resolve().parents[2] / "recommender")
    direct = Recommender.from_bundle(trained_bundle)
    expected = [int(item) for user in (1, 2) for item in direct.recommend(user, 3).movie_ids]
    assert rows["movie_id"] == expected
