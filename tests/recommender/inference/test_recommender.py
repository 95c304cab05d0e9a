from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recommender.bundle import Bundle, open_bundle, write_bundle
from recommender.errors import BundleError, UsageError
from recommender.inference import Recommender
from recommender.inference.components import PART_NAMES
from recommender.schema import Dataset, Split

HEAVY = (
    "pandas",
    "surprise",
    "sklearn",
    "numba",
    "scipy",
    "great_expectations",
    "recommender.models",
)


def test_importing_it_brings_nothing_that_trains(repo: Path) -> None:
    code = "import json, sys, recommender.inference; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repo, capture_output=True, text=True, check=True
    )
    assert not set(HEAVY) & set(json.loads(done.stdout))


def test_facts_come_from_the_bundle(served: Recommender, tiny_dataset: Dataset) -> None:
    for row in tiny_dataset.movies.itertuples():
        assert served.title(row.movie_id) == row.title
        assert served.year(row.movie_id) == row.year
        assert served.genres(row.movie_id) == tuple(row.genres.split("|"))
    assert served.movie_ids.tolist() == tiny_dataset.movies["movie_id"].tolist()
    assert served.movie_ids.dtype == np.int32
    assert served.scale == tiny_dataset.scale


def test_users_are_those_of_the_training_ratings(served: Recommender, tiny_split: Split) -> None:
    trained = np.unique(tiny_split.train.ratings["user_id"])
    assert np.array_equal(served.user_ids, trained)


def test_parts_go_by_name(served: Recommender) -> None:
    assert served.part_names == PART_NAMES
    assert served.name == "hybrid"
    assert [served.part(name).name for name in served.part_names] == list(PART_NAMES)
    with pytest.raises(UsageError, match=r"'svp'.*svd"):
        served.part("svp")


def test_it_answers_as_its_hybrid_part(served: Recommender) -> None:
    users, movies = np.array([1, 2, 999]), np.array([3, 4, 5])
    assert np.array_equal(
        served.predict(users, movies), served.part("hybrid").predict(users, movies)
    )
    assert np.array_equal(
        served.recommend(1, 5).movie_ids, served.part("hybrid").recommend(1, 5).movie_ids
    )


def test_similar_movies_are_ordered_and_exclude_the_movie(served: Recommender) -> None:
    movies, values = served.similar(7, 100)
    assert movies.size == 29
    assert 7 not in movies
    assert (np.diff(values) <= 0).all()
    assert np.isfinite(values).all()
    assert served.similar(7, 3)[0].tolist() == movies[:3].tolist()
    same_genre = movies % 2 == 1
    assert values[same_genre].mean() > values[~same_genre].mean()


@pytest.mark.parametrize(
    "question", ["similar(999, 3)", "title(999)", "year(999)", "genres(999)", "similar(7, 0)"]
)
def test_what_is_not_there_is_refused(served: Recommender, question: str) -> None:
    name, _, arguments = question.rstrip(")").partition("(")
    with pytest.raises(UsageError, match=r"999|at least 1"):
        getattr(served, name)(*map(int, arguments.split(",")))


def test_a_known_history_gives_the_users_own_list(served: Recommender, tiny_split: Split) -> None:
    user = int(served.user_ids[0])
    own = tiny_split.train.ratings[tiny_split.train.ratings["user_id"] == user]
    history = own["movie_id"].to_numpy(), own["rating"].to_numpy()
    shown = served.recommend_for_history(*history, 30)
    direct = served.recommend(user, 30, exclude_seen=False)
    fresh = ~np.isin(direct.movie_ids, history[0])
    assert shown.user_id is None
    assert shown.path == "fold-in"
    assert np.array_equal(shown.movie_ids, direct.movie_ids[fresh])


def test_a_history_of_nothing_known_gets_popular_movies(served: Recommender) -> None:
    empty = served.recommend_for_history(np.array([], dtype=int), np.array([]), 5)
    strange = served.recommend_for_history(np.array([12345]), np.array([5.0]), 5)
    assert empty.path == strange.path == "popular"
    assert np.array_equal(empty.movie_ids, served.recommend(10**6, 5).movie_ids)
    assert np.array_equal(strange.movie_ids, empty.movie_ids)


def test_a_history_must_be_whole(served: Recommender) -> None:
    with pytest.raises(UsageError, match="one length"):
        served.recommend_for_history(np.array([1, 2]), np.array([5.0]), 5)
    with pytest.raises(UsageError, match="at least 1"):
        served.recommend_for_history(np.array([1]), np.array([5.0]), 0)


def test_arrays_stay_on_disk(tiny_bundle: Bundle) -> None:
    served = Recommender.from_bundle(open_bundle(tiny_bundle.path))
    base = served.part("svd").estimates.pairs.__self__.movie_factors
    while not isinstance(base, np.memmap):
        assert base.base is not None
        base = base.base
    assert not base.flags.writeable


@pytest.mark.parametrize("missing", ["svd.user_factors", "catalogue.titles", "users.ids"])
def test_a_bundle_without_an_array_is_refused(
    tiny_bundle: Bundle, tmp_path: Path, missing: str
) -> None:
    manifest = tiny_bundle.manifest
    fields = {
        name: getattr(manifest, name)
        for name in manifest.__dataclass_fields__
        if name not in ("format_version", "files")
    }
    arrays = {name: tiny_bundle[name] for name in tiny_bundle if name != missing}
    broken = write_bundle(tmp_path / "broken", arrays, fields)
    with pytest.raises(BundleError, match=missing):
        Recommender.from_bundle(broken)


def test_many_pairs_are_estimated_in_portions(
    served: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = np.tile(served.user_ids, 3)
    movies = np.resize(served.movie_ids, users.size)
    whole = served.predict(users, movies)
    monkeypatch.setattr("recommender.inference.part._CHUNK", 7)
    assert np.array_equal(served.predict(users, movies), whole)
