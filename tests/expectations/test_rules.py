"""Every rule of every suite is broken by some data set below, and says so in full."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from expectations.suites import SUITE_NAMES
from expectations.validation import validate
from recommender.errors import DataError
from recommender.schema import CleaningReport, Dataset

C, W = "critical", "warning"
COLUMNS = "expect_table_columns_to_match_set"
ROWS = "expect_table_row_count_to_be_between"
TYPE = "expect_column_values_to_be_of_type"
NOT_NULL = "expect_column_values_to_not_be_null"
BETWEEN = "expect_column_values_to_be_between"
DISTINCT = "expect_column_unique_value_count_to_be_between"
IN_SET = "expect_column_values_to_be_in_set"
MEAN = "expect_column_mean_to_be_between"
SPREAD = "expect_column_stdev_to_be_between"
UNIQUE = "expect_column_values_to_be_unique"
REGEX = "expect_column_values_to_match_regex"
NOT_REGEX = "expect_column_values_to_not_match_regex"
LENGTH = "expect_column_value_lengths_to_be_between"
GIVEN = "expect_column_proportion_of_non_null_values_to_be_between"
SUM = "expect_column_sum_to_be_between"


@dataclass(frozen=True)
class Expected:
    """A failure that must be found, with the count and a text in its first example."""

    expectation: str
    column: str | None
    severity: str
    count: int | None = None
    example: str | None = None


Break = Callable[[Dataset], Dataset]


def put(table: str, column: str | list[str], value: Any, rows: Any = (5,)) -> Break:
    """Return a change that puts ``value`` into rows of a column, or of several."""

    def change(dataset: Dataset) -> Dataset:
        frame = getattr(dataset, table).copy()
        frame.loc[list(rows), column] = value
        return replace(dataset, **{table: frame})

    return change


def null(table: str, *columns: str) -> Break:
    """Return a change after which row 5 lacks a value in each of ``columns``."""

    def change(dataset: Dataset) -> Dataset:
        frame = getattr(dataset, table).copy()
        for column in columns:
            frame[column] = frame[column].astype(object)
            frame.loc[5, column] = None
        return replace(dataset, **{table: frame})

    return change


def cast(table: str, **types: str) -> Break:
    """Return a change of the columns' types."""

    def change(dataset: Dataset) -> Dataset:
        return replace(dataset, **{table: getattr(dataset, table).astype(types)})

    return change


def extra_column(table: str) -> Break:
    """Return a change that adds a column."""

    def change(dataset: Dataset) -> Dataset:
        return replace(dataset, **{table: getattr(dataset, table).assign(surplus=1)})

    return change


def first(table: str, n_rows: int) -> Break:
    """Return a change that leaves the first rows only."""

    def change(dataset: Dataset) -> Dataset:
        return replace(dataset, **{table: getattr(dataset, table).head(n_rows)})

    return change


def repeat(table: str, *keys: str) -> Break:
    """Return a change after which rows 5 and 6 are alike in ``keys``."""

    def change(dataset: Dataset) -> Dataset:
        frame = getattr(dataset, table).copy()
        for key in keys:
            frame.loc[6, key] = frame.loc[5, key]
        return replace(dataset, **{table: frame})

    return change


def cleaning(kept: int, **removed: int) -> Break:
    """Return a change of what cleaning is said to have done with 1,000 rows."""

    def change(dataset: Dataset) -> Dataset:
        return replace(dataset, cleaning=CleaningReport(1000, kept, removed))

    return change


ALL = range(10_500)
MOST = range(6000)
HALF = range(50)
CASES: dict[str, tuple[str, Break, tuple[Expected, ...]]] = {
    "ratings with a surplus column": (
        "ratings", extra_column("ratings"), (Expected(COLUMNS, None, C),)),
    "ratings of other types": (
        "ratings",
        cast("ratings", user_id="int64", movie_id="float64", rating="float64", timestamp="int32"),
        tuple(Expected(TYPE, column, C, 10_500, "row 0: user_id=")
              for column in ("user_id", "movie_id", "rating", "timestamp"))),
    "ratings with holes": (
        "ratings", null("ratings", "user_id", "movie_id", "rating", "timestamp"),
        tuple(Expected(NOT_NULL, column, C, 1, f"{column}=missing")
              for column in ("user_id", "movie_id", "rating", "timestamp"))),
    "99 ratings": (
        "ratings", first("ratings", 99), (Expected(ROWS, None, C), Expected(ROWS, None, W))),
    "a negative user": (
        "ratings", put("ratings", "user_id", -3), (Expected(BETWEEN, "user_id", C, 1, "row 5: "),)),
    "one user": (
        "ratings", put("ratings", "user_id", 3, ALL), (Expected(DISTINCT, "user_id", C),)),
    "a negative movie": (
        "ratings", put("ratings", "movie_id", -3),
        (Expected(BETWEEN, "movie_id", C, 1, "movie_id=-3"),)),
    "one movie": (
        "ratings", put("ratings", "movie_id", 3, ALL), (Expected(DISTINCT, "movie_id", C),)),
    "an unknown movie": (
        "ratings", put("ratings", "movie_id", 999),
        (Expected(IN_SET, "movie_is_known", C, 1, "movie_id=999"),)),
    "a pair twice": (
        "ratings", repeat("ratings", "user_id", "movie_id"),
        (Expected(IN_SET, "pair_is_unique", C, 2, "row 5: "),)),
    "a rating of 7": (
        "ratings", put("ratings", "rating", 7.0), (Expected(BETWEEN, "rating", C, 1, "rating=7"),)),
    "a rating of 3.3": (
        "ratings", put("ratings", "rating", 3.3),
        (Expected(IN_SET, "rating", C, 1, "rating=3.3"),)),
    "constant ratings": (
        "ratings", put("ratings", "rating", 5.0, ALL),
        (Expected(MEAN, "rating", C), Expected(MEAN, "rating", W),
         Expected(SPREAD, "rating", C), Expected(SPREAD, "rating", W),
         Expected(BETWEEN, "rating_share", C, 1, "rating=5, rows=10500"),
         Expected(BETWEEN, "rating_share", W, 1, "rating=5, rows=10500, share=1"))),
    "a negative time": (
        "ratings", put("ratings", "timestamp", -1, (5, 7)),
        (Expected(BETWEEN, "timestamp", C, 2, "timestamp=-1"),)),
    "a time to come": (
        "ratings", put("ratings", "timestamp", 1_800_000_000),
        (Expected(BETWEEN, "timestamp", W, 1, "timestamp=1800000000"),)),
    "movies with a surplus column": (
        "movies", extra_column("movies"), (Expected(COLUMNS, None, C),)),
    "movies of other types": (
        "movies", cast("movies", movie_id="int64", title="category", year="Float64",
                       genres="category"),
        tuple(Expected(TYPE, column, C, 100, "row 0: movie_id=1")
              for column in ("movie_id", "title", "year", "genres"))),
    "movies with holes": (
        "movies", null("movies", "movie_id", "title", "genres"),
        tuple(Expected(NOT_NULL, column, C, 1, f"{column}=missing")
              for column in ("movie_id", "title", "genres"))),
    "one movie in the catalogue": ("movies", first("movies", 1), (Expected(ROWS, None, C),)),
    "a movie below zero": (
        "movies", put("movies", "movie_id", -3), (Expected(BETWEEN, "movie_id", C, 1, "=-3"),)),
    "a movie twice": (
        "movies", repeat("movies", "movie_id"),
        (Expected(UNIQUE, "movie_id", C, 2, "row 5: movie_id=6, title='Movie 6'"),)),
    "a blank title": (
        "movies", put("movies", "title", "  "), (Expected(REGEX, "title", C, 1, "title='  '"),)),
    "a title of a paragraph": (
        "movies", put("movies", "title", "x" * 251), (Expected(LENGTH, "title", W, 1, "xxx…"),)),
    "years of the far future": (
        "movies", put("movies", "year", 3020, range(20)),
        (Expected(BETWEEN, "year", C, 20, "year=3020"),
         Expected(BETWEEN, "year", W, 20, "year=3020"))),
    "half the years missing": (
        "movies", put("movies", "year", pd.NA, HALF), (Expected(GIVEN, "year", W),)),
    "half the genres missing": (
        "movies", put("movies", "genres", "", HALF), (Expected(REGEX, "genres", W, 50, "row 0"),)),
    "a misspelt genre": (
        "movies", put("movies", "genres", "Drama|Commedy"),
        (Expected(IN_SET, "genre", W, 1, "genre='Commedy'"),)),
    "tags with a surplus column": ("tags", extra_column("tags"), (Expected(COLUMNS, None, C),)),
    "tags of other types": (
        "tags", cast("tags", user_id="int64", movie_id="int64", tag="category", timestamp="int32"),
        tuple(Expected(TYPE, column, C, 100, "row 0: user_id=1")
              for column in ("user_id", "movie_id", "tag", "timestamp"))),
    "tags with holes": (
        "tags", null("tags", "user_id", "movie_id", "tag", "timestamp"),
        tuple(Expected(NOT_NULL, column, C, 1, f"{column}=missing")
              for column in ("user_id", "movie_id", "tag", "timestamp"))),
    "tags on unknown movies": (
        "tags", put("tags", "movie_id", 999, range(6)),
        (Expected(IN_SET, "movie_is_known", C, 6, "movie_id=999"),
         Expected(IN_SET, "movie_is_known", W, 6, "movie_id=999"))),
    "an empty tag": ("tags", put("tags", "tag", ""), (Expected(REGEX, "tag", W, 1, "tag=''"),)),
    "an essay as a tag": (
        "tags", put("tags", "tag", "x" * 251), (Expected(LENGTH, "tag", W, 1, "xxx…"),)),
    "a tag in milliseconds": (
        "tags", put("tags", "timestamp", 1_100_000_000_000),
        (Expected(BETWEEN, "timestamp", C, 1, "row 5"),
         Expected(BETWEEN, "timestamp", W, 1, "row 5"))),
    "credits with a surplus column": (
        "credits", extra_column("credits"), (Expected(COLUMNS, None, C),)),
    "credits of other types": (
        "credits",
        cast("credits", movie_id="int64", directors="category", cast="category",
             keywords="category", language="category", runtime="Float64"),
        tuple(Expected(TYPE, column, C, 100, "row 0: movie_id=1") for column in
              ("movie_id", "directors", "cast", "keywords", "language", "runtime"))),
    "credits with holes": (
        "credits", null("credits", "movie_id", "directors", "cast", "keywords", "language"),
        tuple(Expected(NOT_NULL, column, C, 1, f"{column}=missing")
              for column in ("movie_id", "directors", "cast", "keywords", "language"))),
    "a movie's credits twice": (
        "credits", repeat("credits", "movie_id"), (Expected(UNIQUE, "movie_id", C, 2, "row 5"),)),
    "credits of unknown movies": (
        "credits", put("credits", "movie_id", 999, range(6)),
        (Expected(IN_SET, "movie_is_known", C, 6, "movie_id=999"),
         Expected(IN_SET, "movie_is_known", W, 6, "movie_id=999"))),
    "nobody directed or acted": (
        "credits", put("credits", ["directors", "cast"], "", HALF),
        (Expected(REGEX, "directors", W, 50, "directors=''"),
         Expected(REGEX, "cast", W, 50, "cast=''"))),
    "empty names between bars": (
        "credits", put("credits", ["directors", "cast", "keywords"], "a| |b"),
        tuple(Expected(NOT_REGEX, column, W, 1, f"{column}='a| |b'")
              for column in ("directors", "cast", "keywords"))),
    "languages in full": (
        "credits", put("credits", "language", "English", HALF),
        (Expected(REGEX, "language", W, 50, "language='English'"),)),
    "a runtime of nought": (
        "credits", put("credits", "runtime", 0), (Expected(BETWEEN, "runtime", W, 1, "time=0"),)),
    "a negative count": (
        "cleaning", cleaning(1001, late=-1), (Expected(BETWEEN, "rows", C, 1, "reason='late'"),)),
    "rows unaccounted for": (
        "cleaning", cleaning(990, late=3),
        (Expected(IN_SET, "unaccounted_rows", C, 1, "read=1000, kept=990, removed=3"),)),
    "6 % removed": (
        "cleaning", cleaning(940, late=60), (Expected(SUM, "share", C, None, "late"),
                                             Expected(SUM, "share", W, None, "late"))),
}  # fmt: skip
#: The table of what was cleaned is made by the project, so its columns cannot be wrong.
UNBREAKABLE = {("cleaning", COLUMNS, None, C)}


@pytest.mark.parametrize("name", CASES)
def test_a_broken_rule_names_its_place(
    name: str, tiny: Dataset, now: datetime, only_suite: Callable[..., Path]
) -> None:
    suite, change, expected = CASES[name]
    columns = {wanted.column for wanted in expected}
    report = validate(change(tiny), only_suite(suite, columns), now=now)
    for wanted in expected:
        found = [
            failure
            for failure in report.failures + report.warnings
            if (failure.suite, failure.expectation, failure.column, failure.severity)
            == (suite, wanted.expectation, wanted.column, wanted.severity)
        ]
        assert len(found) == 1, f"{wanted} is not among {report.failures + report.warnings}"
        assert found[0].count == wanted.count
        assert found[0].note
        if wanted.example is not None:
            assert wanted.example in found[0].examples[0]
            assert len(found[0].examples) <= 3
    stops = any(wanted.severity == C for wanted in expected)
    assert report.passed is not stops
    if stops:
        with pytest.raises(DataError, match=suite) as caught:
            report.require()
        critical = next(wanted for wanted in expected if wanted.severity == C)
        assert critical.expectation in str(caught.value)
        assert critical.example is None or critical.example in str(caught.value)
        assert caught.value.exit_code == 3


def test_every_rule_has_a_data_set_that_breaks_it(repo: Path) -> None:
    broken = {
        (suite, wanted.expectation, wanted.column, wanted.severity)
        for suite, _, expected in CASES.values()
        for wanted in expected
    }
    stated = {
        (name, rule["type"], rule["kwargs"].get("column"), rule["severity"])
        for name in SUITE_NAMES
        for rule in json.loads((repo / "expectations" / f"{name}.json").read_text())["expectations"]
    }
    assert stated - broken == UNBREAKABLE
