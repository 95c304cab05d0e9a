"""The written sample and the command that writes it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recommender.schema import Dataset
from recommender.settings import SplitParams
from simulation import sample
from simulation.__main__ import main
from simulation.ratings import Simulation

FILES = {"ratings.csv", "movies.csv", "credits.csv", "about.json", "README.md"}
SMALL = ("--users", "60", "--ratings", "1800")


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def test_two_processes_write_the_same_bytes(tmp_path: Path, repo: Path) -> None:
    written = []
    for name, hash_seed in (("a", "1"), ("b", "2")):
        out = tmp_path / name
        subprocess.run(
            [sys.executable, "-m", "simulation", "make-sample", "--out", str(out), *SMALL],
            check=True,
            cwd=repo,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": "."},
        )
        written.append(contents(out))
    assert set(written[0]) == FILES
    assert written[0] == written[1]


def test_the_layout_is_that_of_movielens(
    tmp_path: Path, world: Simulation, catalogue: pd.DataFrame
) -> None:
    out = sample.write_sample(world, catalogue, tmp_path / "data")
    ratings = pd.read_csv(out / "ratings.csv")
    movies = pd.read_csv(out / "movies.csv")
    credits_ = pd.read_csv(out / "credits.csv")
    assert list(ratings) == ["userId", "movieId", "rating", "timestamp"]
    assert list(movies) == ["movieId", "title", "genres"]
    assert list(credits_)[:4] == ["movieId", "directors", "cast", "keywords"]
    assert list(credits_)[4:] == ["language", "runtime"]
    assert movies["title"].str.fullmatch(r".+ \(\d{4}\)").all()
    assert set(movies["movieId"]) == set(credits_["movieId"]) >= set(ratings["movieId"])
    assert sum(file.stat().st_size for file in out.iterdir()) < 5_000_000
    assert "simulated" in (out / "README.md").read_text(encoding="utf-8")


def test_about_tells_origin_floor_and_counts(world: Simulation) -> None:
    about = json.loads(json.dumps(sample.describe(world)))
    assert about["name"] == "sample"
    assert about["simulated"] is True
    assert about["counts"]["ratings"] == 120_000
    assert about["parameters"]["seed"] == about["seed"]
    assert about["noise"] == about["parameters"]["noise"]
    assert 0.65 < about["rmse_floor"] < 0.8
    assert 0.65 < about["rmse_floor_test"] < 0.8


def test_the_floor_of_the_test_part_is_that_of_the_default_split(world: Simulation) -> None:
    splitting = pytest.importorskip("recommender.data.splitting")
    ratings = world.ratings.sort_values(["timestamp", "user_id", "movie_id"], ignore_index=True)
    dataset = Dataset("sample", "0", ratings, pd.DataFrame({"movie_id": []}))
    split = splitting.split_dataset(dataset, SplitParams(), seed=0)
    assert sample.test_start(world.ratings) == split.validation_end
    expected = int((world.ratings["timestamp"] >= split.validation_end).sum())
    assert sample.describe(world)["counts"]["test_ratings"] == expected == len(split.test)


def test_the_own_sample_is_replaced_and_nothing_is_left_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "data"
    assert main(["make-sample", "--out", str(out), *SMALL]) == 0
    before = contents(out)
    assert main(["make-sample", "--out", str(out), *SMALL, "--seed", "1"]) == 0
    assert contents(out)["ratings.csv"] != before["ratings.csv"]
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert "simulated" in capsys.readouterr().out


@pytest.mark.parametrize("about", [None, "[]", "{", '{"made_by": "somebody else"}'])
def test_a_foreign_folder_is_kept_unless_forced(
    tmp_path: Path, about: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "data"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work", encoding="utf-8")
    if about is not None:
        (out / "about.json").write_text(about, encoding="utf-8")
    assert main(["make-sample", "--out", str(out), *SMALL]) == 2
    assert "--force" in capsys.readouterr().err
    assert (out / "thesis.txt").read_text(encoding="utf-8") == "years of work"
    assert main(["make-sample", "--out", str(out), *SMALL, "--force"]) == 0
    assert set(contents(out)) == FILES


def test_a_file_and_the_working_directory_are_never_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").write_text("a file", encoding="utf-8")
    assert main(["make-sample", "--force", *SMALL]) == 2
    assert main(["make-sample", "--force", "--out", str(tmp_path), *SMALL]) == 2
    assert main(["make-sample", "--force", "--out", str(tmp_path.parent), *SMALL]) == 2
    assert (tmp_path / "data").read_text(encoding="utf-8") == "a file"
    assert "working directory" in capsys.readouterr().err


def test_a_failed_write_leaves_the_old_sample(
    tmp_path: Path,
    small_world: Simulation,
    catalogue: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = sample.write_sample(small_world, catalogue, tmp_path / "data")
    before = contents(out)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(sample, "_write_text", fail)
    with pytest.raises(OSError, match="disk full"):
        sample.write_sample(small_world, catalogue, out)
    assert contents(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_failed_swap_puts_the_old_sample_back(
    tmp_path: Path,
    small_world: Simulation,
    catalogue: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = sample.write_sample(small_world, catalogue, tmp_path / "data")
    before = contents(out)
    rename = Path.rename

    def refuse_the_new(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise OSError("no rename")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse_the_new)
    with pytest.raises(OSError, match="no rename"):
        sample.write_sample(small_world, catalogue, out)
    assert contents(out) == before


def test_simulation_imports_no_heavy_package(repo: Path) -> None:
    code = (
        "import sys, simulation.__main__; "
        "print([m for m in ('zenml', 'flask', 'mlflow', 'surprise') if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=repo, capture_output=True, text=True
    )
    assert found.stdout.strip() == "[]"


def test_every_rating_in_the_test_part_is_counted_once(world: Simulation) -> None:
    times = np.sort(world.ratings["timestamp"].to_numpy())
    start = sample.test_start(world.ratings)
    assert abs((times < start).mean() - 0.9) < 1e-3
