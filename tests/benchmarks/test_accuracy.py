from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import accuracy
from benchmarks.protocols.folds import Fold, random_tenth
from benchmarks.protocols.models import RATING_MODELS
from benchmarks.protocols.published import PUBLISHED
from benchmarks.protocols.rating_accuracy import FoldResult, fold_params, interval, promises
from benchmarks.protocols.registry import PROTOCOLS
from recommender.schema import Dataset
from recommender.settings import Params

BASELINES = ("--models", "bias", "popularity")


@pytest.fixture
def movielens(tmp_path: Path, tiny_dataset: Dataset) -> Path:
    """The tiny data set in MovieLens's CSV layout."""
    names = {"user_id": "userId", "movie_id": "movieId"}
    folder = tmp_path / "ml-tiny"
    folder.mkdir()
    tiny_dataset.ratings.rename(columns=names).to_csv(folder / "ratings.csv", index=False)
    movies = tiny_dataset.movies.assign(title=tiny_dataset.movies["title"] + " (1999)")
    movies.drop(columns="year").rename(columns=names).to_csv(folder / "movies.csv", index=False)
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert accuracy.main(arguments) == 0
    return json.loads(capsys.readouterr().out)["figures"]


@pytest.mark.parametrize(("protocol", "n_folds"), [("5fold", 5), ("ml-1m-90-10", 1)])
def test_a_protocol_reports_each_model(
    movielens: Path, capsys: pytest.CaptureFixture[str], protocol: str, n_folds: int
) -> None:
    figures = run(capsys, "--protocol", protocol, "--data-path", str(movielens), *BASELINES)
    assert set(figures["models"]) == {"bias", "popularity"}
    for found in figures["models"].values():
        assert len(found["rmse_by_fold"]) == n_folds
        assert found["rmse"] == pytest.approx(np.mean(found["rmse_by_fold"]), abs=2e-4)
        assert found["peak_mb"] > 10
    assert [item["source"] for item in figures["published"]] == [
        item.source for item in PUBLISHED.get(protocol, ())
    ]


def test_lists_are_measured_for_users_never_seen(
    movielens: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = run(capsys, "--protocol", "ml-20m-liang", "--data-path", str(movielens))
    for name in ("ease", "popularity"):
        assert 0.0 < figures["models"][name]["recall_at_20"] <= 1.0
    assert "Mult-VAE" in [item["model"] for item in figures["published"]]


def test_files_of_one_s_own_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(1)
    rows = [f"{u}\t{m}\t{rng.integers(1, 6)}\n" for u in range(9) for m in range(9)]
    train, test, items = (tmp_path / name for name in ("train.tsv", "test.tsv", "items.csv"))
    train.write_text("".join(rows[9:]), encoding="utf-8")
    test.write_text("".join(rows[:9]), encoding="utf-8")
    items.write_text("".join(f"{m},Film {m},Drama\n" for m in range(9)), encoding="utf-8")
    figures = run(
        capsys,
        *("--train", str(train), "--test", str(test), "--items", str(items)),
        *("--dataset", "own", *BASELINES),
    )
    assert figures["dataset"] == "own"
    assert figures["models"]["bias"]["rmse_interval"] is None


@pytest.mark.parametrize("arguments", [[], ["--train", "x"], ["--protocol", "5fold"]])
def test_what_is_missing_is_said(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as error:
        accuracy.main(arguments)
    assert error.value.code == 2


def result(model: str, rmse: float) -> FoldResult:
    return FoldResult(model, rmse, 1.0, 1.0)


def test_promises_compare_the_folds_that_are_shared() -> None:
    slow_first = [
        result("hybrid", 0.8),
        result("surprise-svd", 0.9),
        result("surprise-svdpp", 0.81),
    ]
    later = [result("hybrid", 0.84), result("surprise-svd", 0.86)]
    checks = {check.name: check for check in promises([*slow_first, *later])}
    assert checks["hybrid: rmse against surprise-svdpp"].value == 0.8
    assert checks["hybrid: rmse against surprise-svd"].value == 0.82
    assert checks["hybrid: rmse against 93 % of surprise-svd"].bound == 0.8184
    assert [check.ok for check in checks.values()] == [True, False, True]
    assert promises([result("bias", 0.9)]) == []


def test_the_interval_is_student_s() -> None:
    low, high = interval([0.8, 0.9, 1.0]) or (0.0, 0.0)
    assert (low, high) == pytest.approx((0.6516, 1.1484))


def test_without_timestamps_no_fold_holds_out_the_latest(tiny_dataset: Dataset) -> None:
    (fold,) = random_tenth(tiny_dataset, seed=1)
    assert fold_params(Params(), fold) == Params()
    timeless = tiny_dataset.with_ratings(fold.train.ratings.assign(timestamp=0))
    found = fold_params(Params(), Fold("x", timeless, fold.test)).model
    assert (found.blend_folds, found.blend_cuts) == (2, 0)


def test_every_published_figure_belongs_to_a_protocol() -> None:
    assert set(PUBLISHED) < set(PROTOCOLS)
    assert {"hybrid", "fm", "surprise-svd"} <= set(RATING_MODELS)
