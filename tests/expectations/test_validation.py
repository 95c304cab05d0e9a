from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from expectations.validation import ValidationReport, validate
from recommender.errors import DataError
from recommender.scale import RatingScale
from recommender.schema import Dataset


def test_sound_data_meets_every_expectation(tiny: Dataset, now: datetime) -> None:
    report = validate(tiny, now=now)
    assert isinstance(report, ValidationReport)
    assert report.passed
    assert report.warnings == ()
    assert report.require() is report
    assert [suite.name for suite in report.suites] == [
        "ratings", "movies", "tags", "credits", "cleaning",
    ]  # fmt: skip
    assert (report.dataset, report.digest) == ("tiny", "0f" * 32)
    assert report.suites[0].rows == 10_500


def test_movielens_passes_without_a_warning(movielens: Dataset, now: datetime) -> None:
    report = validate(movielens, now=now)
    assert report.failures == ()
    assert report.warnings == ()


def test_absent_tables_are_not_checked(
    tiny: Dataset, now: datetime, only_suite: Callable[..., Path]
) -> None:
    bare = replace(tiny, tags=None, credits=None, cleaning=None)
    report = validate(bare, only_suite("movies", {None}), now=now)
    assert [suite.name for suite in report.suites] == ["ratings", "movies"]


def test_a_warning_does_not_stop(
    tiny: Dataset, now: datetime, only_suite: Callable[..., Path]
) -> None:
    movies = tiny.movies.copy()
    movies.loc[5, "genres"] = "Commedy"
    report = validate(replace(tiny, movies=movies), only_suite("movies", {"genre"}), now=now)
    assert [warning.column for warning in report.warnings] == ["genre"]
    assert report.require() is report


@pytest.mark.parametrize(
    ("scale", "stars"), [(RatingScale(1, 5, 1), 3.0), (RatingScale(0, 100, 1), 73.0)]
)
def test_bounds_follow_the_scale_of_the_source(
    scale: RatingScale,
    stars: float,
    tiny: Dataset,
    now: datetime,
    only_suite: Callable[..., Path],
) -> None:
    share = (tiny.ratings["rating"] - 0.5) / 4.5
    grid = np.round(scale.minimum + share * (scale.maximum - scale.minimum))
    sound = replace(tiny.with_ratings(tiny.ratings.assign(rating=grid.astype("float32"))),
                    scale=scale)  # fmt: skip
    ratings = sound.ratings.copy()
    ratings.loc[5, "rating"] = stars + 0.5
    suites = only_suite("ratings", {"rating"})
    assert validate(sound, suites, now=now).passed
    failures = validate(sound.with_ratings(ratings), suites, now=now).failures
    assert [(failure.expectation, failure.column, failure.count) for failure in failures] == [
        ("expect_column_values_to_be_in_set", "rating", 1)
    ]


def test_the_future_begins_at_the_given_present(
    tiny: Dataset, only_suite: Callable[..., Path]
) -> None:
    suites = only_suite("ratings", {"timestamp"})
    last = int(tiny.ratings["timestamp"].max())
    at = validate(tiny, suites, now=datetime.fromtimestamp(last, UTC))
    before = validate(tiny, suites, now=datetime.fromtimestamp(last - 1, UTC))
    assert at.warnings == ()
    assert [warning.count for warning in before.warnings] == [1]


def test_a_missing_column_fails_what_needs_it_and_nothing_else(
    tiny: Dataset, now: datetime, only_suite: Callable[..., Path]
) -> None:
    broken = tiny.with_ratings(tiny.ratings.drop(columns="movie_id"))
    report = validate(broken, only_suite("ratings"), now=now)
    by_column = {failure.column: failure for failure in report.failures}
    assert set(by_column) == {None, "movie_id", "movie_is_known", "pair_is_unique"}
    assert by_column[None].observed == "missing: movie_id"
    assert "the column movie_id is missing" in by_column["pair_is_unique"].observed
    assert by_column["pair_is_unique"].count is None


def test_text_in_place_of_numbers_is_reported_not_raised(
    tiny: Dataset, now: datetime, only_suite: Callable[..., Path]
) -> None:
    ratings = tiny.ratings.assign(rating="three", user_id="ann")
    report = validate(tiny.with_ratings(ratings), only_suite("ratings"), now=now)
    observed = {(f.column, f.expectation): f.observed for f in report.failures}
    mean = observed["rating", "expect_column_mean_to_be_between"]
    assert mean.startswith("could not be computed: ")
    pair = observed["pair_is_unique", "expect_column_values_to_be_in_set"]
    assert "user_id is not of type int32" in pair


def test_an_empty_table_fails(
    tiny: Dataset, now: datetime, only_suite: Callable[..., Path]
) -> None:
    report = validate(
        tiny.with_ratings(tiny.ratings.head(0)), only_suite("ratings", {None}), now=now
    )
    assert "expect_table_row_count_to_be_between" in {f.expectation for f in report.failures}


def test_examples_are_rows_whatever_the_index(
    tiny: Dataset, now: datetime, only_suite: Callable[..., Path]
) -> None:
    ratings = tiny.ratings.copy()
    ratings.loc[8, "rating"] = 7.0
    ratings.index = pd.Index(np.zeros(len(ratings), dtype=int))
    report = validate(replace(tiny, ratings=ratings), only_suite("ratings", {"rating"}), now=now)
    assert report.failures[0].examples[0].startswith("row 8: ")
    assert "rating=7" in report.failures[0].examples[0]


def test_the_same_data_gives_the_same_report_and_is_left_as_it_was(
    tiny: Dataset, now: datetime, only_suite: Callable[..., Path]
) -> None:
    before = (tiny.ratings.copy(), tiny.movies.copy())
    suites = only_suite("ratings")
    assert validate(tiny, suites, now=now) == validate(tiny, suites, now=now)
    pd.testing.assert_frame_equal(tiny.ratings, before[0])
    pd.testing.assert_frame_equal(tiny.movies, before[1])


def test_nothing_is_written_or_printed(
    tiny: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    validate(tiny)
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
    assert list(tmp_path.rglob("*")) == []


def test_a_scale_without_width_is_refused(tiny: Dataset) -> None:
    with pytest.raises(DataError, match="rating scale"):
        validate(replace(tiny, scale=RatingScale(5, 5, 1)))


def test_only_one_module_loads_great_expectations(repo: Path) -> None:
    code = (
        "import sys, expectations.report, expectations.columns, expectations.suites;"
        "sys.exit('great_expectations' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(repo)}
    assert (
        subprocess.run([sys.executable, "-c", code], check=False, env=environment).returncode == 0
    )
    importing = [
        file.name
        for file in (repo / "expectations").glob("*.py")
        if "import great_expectations" in file.read_text(encoding="utf-8")
    ]
    assert importing == ["validation.py"]
