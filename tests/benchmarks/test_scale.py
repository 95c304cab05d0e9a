from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import scale
from benchmarks.tastes import make_tasteful_ratings
from recommender.data.source import Source, read_dataset

SIZE: dict[str, Any] = {
    "seconds": 10.0,
    "peak_mb": 500.0,
    "quality": {
        "rmse": {"hybrid": 0.8, "bias": 0.9},
        "ndcg_at_10": {"hybrid": 0.2, "popularity": 0.1},
    },
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tasteful_ratings(tmp_path_factory.mktemp("tastes"), 6_000, 300, 1000)


def test_the_ratings_are_valid_and_hold_tastes(made: Path) -> None:
    dataset = read_dataset(Source("made", made))
    assert dataset.cleaning is not None
    assert dataset.cleaning.removed == {}
    assert len(dataset.ratings) == 6_000
    counts = np.sort(dataset.ratings["movie_id"].value_counts().to_numpy())[::-1]
    assert counts[:30].sum() > 2 * counts[-150:].sum()
    genres = dataset.movies.set_index("movie_id")["genres"]
    of_ratings = genres.loc[dataset.ratings["movie_id"]].to_numpy()
    favourite = dataset.ratings.assign(genre=of_ratings).groupby("user_id")["genre"]
    # By chance the most watched of 21 circles would have little more than a tenth.
    assert favourite.agg(lambda own: own.value_counts(normalize=True).max()).mean() > 0.2


def test_the_ratings_are_made_once_and_alike(made: Path, tmp_path: Path) -> None:
    again = make_tasteful_ratings(tmp_path, 6_000, 300, 1000)
    assert (again / "ratings.csv").read_bytes() == (made / "ratings.csv").read_bytes()
    stamp = (again / "ratings.csv").stat().st_mtime_ns
    assert make_tasteful_ratings(tmp_path, 6_000, 300, 1000) == again
    assert (again / "ratings.csv").stat().st_mtime_ns == stamp


def test_a_measurement_tells_stages_memory_and_quality(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scale, "_TEST_SHARE", 0.1)
    found = json.loads(json.dumps(scale.measure(made)))
    assert found["rows_read"] == 6_000
    assert found["rows_removed"] == {}
    assert {"read and clean", "bias", "ease", "ranking blend", "write and open"} <= set(
        found["stages"]
    )
    assert all(stage["seconds"] <= found["seconds"] + 0.1 for stage in found["stages"].values())
    assert found["peak_mb"] > 50
    assert found["quality"]["judged_users"] >= 1
    assert 0 < found["quality"]["rmse"]["hybrid"] < 1.5
    assert (made / "bundle" / "manifest.json").is_file()


def test_what_is_promised_can_be_broken() -> None:
    kept = scale.promises({"sizes": {"1000": SIZE}})
    assert [check.ok for check in kept] == [True] * 4
    slow = {**SIZE, "seconds": 181.0}
    broken = scale.promises({"sizes": {"1": SIZE, "2": slow}, "growth": {"power": 1.2}})
    assert [check.name for check in broken if not check.ok] == [
        "file_to_bundle_seconds",
        "growth_power",
    ]


def test_growth_is_a_power_of_the_ratings() -> None:
    sizes = {"1000000": {"seconds": 3.0}, "4000000": {"seconds": 48.0}}
    assert scale.growth(sizes) == {"power": 2.0, "seconds_per_million": 12.0}
