from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recommender.data.source import Source, read_dataset
from recommender.errors import DataError, UsageError
from recommender.scale import RatingScale
from recommender.schema import Dataset

MAP = {"user_id": "viewer", "movie_id": "film", "rating": "stars", "timestamp": "when"}
COLUMNS = {
    "viewer": [1, 2, 2],
    "film": [10, 10, 20],
    "stars": [4.5, 3.0, 1.0],
    "when": [1_000_000_002, 1_000_000_001, 1_000_000_000],
}
MOVIES = {
    "movie_id": [20, 10, 30],
    "title": ["B (1999)", "A", "C (2001)"],
    "genres": ["X", "", "Y"],
}


def _write(path: Path, columns: dict[str, list]) -> Path:
    if path.suffix != ".parquet":
        pd.DataFrame(columns).to_csv(path, index=False)
    else:
        pq.write_table(pa.table(columns), path)
    return path


def _read(path: Path, movies: Path | None = None, **columns: str) -> Dataset:
    return read_dataset(Source("table", path, {**MAP, **columns}, movies))


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_columns_are_mapped(tmp_path: Path, suffix: str) -> None:
    dataset = _read(_write(tmp_path / f"r{suffix}", {"extra": ["a", "b", "c"], **COLUMNS}))
    assert dataset.ratings.to_dict("list") == {
        "user_id": [2, 2, 1],
        "movie_id": [20, 10, 10],
        "rating": [1.0, 3.0, 4.5],
        "timestamp": [1_000_000_000, 1_000_000_001, 1_000_000_002],
    }
    assert dataset.movies["title"].tolist() == ["Movie 10", "Movie 20"]
    assert dataset.scale == RatingScale()


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("names", [("user_id", "movie_id"), ("userId", "movieId")])
def test_our_names_and_movielens_names_need_no_map(
    tmp_path: Path, suffix: str, names: tuple[str, str]
) -> None:
    columns = dict(zip([*names, "rating", "timestamp"], COLUMNS.values(), strict=True))
    path = _write(tmp_path / f"r{suffix}", columns)
    assert len(read_dataset(Source("table", path)).ratings) == 3


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_movies_come_from_a_second_table(tmp_path: Path, suffix: str) -> None:
    ratings = _write(tmp_path / f"r{suffix}", COLUMNS)
    movies = _write(
        tmp_path / f"m{suffix}", {k if k != "movie_id" else "film": v for k, v in MOVIES.items()}
    )
    found = _read(ratings, movies).movies
    assert found["title"].tolist() == ["A", "B", "C"]
    assert found["year"].tolist() == [pd.NA, 1999, 2001]
    assert found["genres"].tolist() == ["", "X", "Y"]


def test_years_may_have_their_own_column_and_genres_may_be_absent(tmp_path: Path) -> None:
    ratings = _write(tmp_path / "r.csv", COLUMNS)
    columns = {"film": [10, 20], "name": ["A (1)", "B"], "year": [1950, 1960]}
    found = _read(ratings, _write(tmp_path / "m.csv", columns), title="name").movies
    assert found["title"].tolist() == ["A (1)", "B"]
    assert found["year"].tolist() == [1950, 1960]
    assert found["genres"].tolist() == ["", ""]


def test_parquet_types_are_converted_where_exact(tmp_path: Path) -> None:
    table = pa.table(
        {
            "viewer": pa.array([1.0, 2.0, float("nan"), 4.0]),
            "film": pa.array(["10", "20", "30", "40"]),
            "stars": pa.array([4, 3, 2, 1], pa.int8()),
            "when": pa.array([datetime(2001, 9, 9, 1, 46, 40, 999, tzinfo=UTC)] * 4),
        }
    )
    pq.write_table(table, tmp_path / "r.parquet")
    dataset = _read(tmp_path / "r.parquet")
    assert dataset.ratings["user_id"].tolist() == [1, 2, 4]
    assert dataset.ratings["movie_id"].tolist() == [10, 20, 40]
    assert set(dataset.ratings["timestamp"]) == {1_000_000_000}
    assert dataset.cleaning is not None
    assert dataset.cleaning.removed == {"missing value": 1}
    assert dataset.cleaning.examples["missing value"][0].startswith("r.parquet, row 3: ")


@pytest.mark.parametrize(
    ("suffix", "change", "message"),
    [
        (
            ".csv",
            {"viewer": ["u1", "u2", "u3"]},
            r"line 2, column viewer: not a whole number.*'u1'",
        ),
        (".parquet", {"viewer": ["1", "u2", "u3"]}, r"viewer, row 2: not a whole number.*'u2'"),
        (".parquet", {"film": [1.0, 2.5, 3.0]}, r"film, row 2: not a whole number .*2\.5"),
        (".parquet", {"film": [1, 2, 2**40]}, r"film, row 3: not a whole number .*1099511627776"),
        (".parquet", {"stars": ["4", "3", "x"]}, r"stars, row 3: not a number \(found 'x'\)"),
        (".parquet", {"stars": [[1], [2], [3]]}, r"stars, row 1: not a number \(found \[1\]\)"),
        (".csv", {"stars": ["4", "3", "x"]}, r"line 4, column stars: not a number \(found 'x'\)"),
    ],
)
def test_values_of_another_type_are_named(
    tmp_path: Path, suffix: str, change: dict[str, list], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        _read(_write(tmp_path / f"r{suffix}", {**COLUMNS, **change}))


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_missing_column_is_named(tmp_path: Path, suffix: str) -> None:
    path = _write(tmp_path / f"r{suffix}", {k: v for k, v in COLUMNS.items() if k != "when"})
    with pytest.raises(DataError, match=r"the column 'when' is missing \(found 'viewer, film"):
        _read(path)
    movies = _write(tmp_path / f"m{suffix}", {"film": [10, 20]})
    ratings = _write(tmp_path / f"r{suffix}", COLUMNS)
    with pytest.raises(DataError, match=r"the column 'title' is missing"):
        _read(ratings, movies)


def test_an_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"column_map: unknown key .*Did you mean 'rating'"):
        _read(_write(tmp_path / "r.csv", COLUMNS), ratings="stars")


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.parquet").write_bytes(b"nothing of the kind")
    with pytest.raises(DataError, match=r"r\.parquet: is not readable Parquet"):
        _read(tmp_path / "r.parquet")


def test_movies_must_be_a_table_too(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"movies\.txt: not a table .*\.csv, \.parquet"):
        _read(_write(tmp_path / "r.csv", COLUMNS), _write(tmp_path / "movies.txt", MOVIES))


def test_a_long_title_in_parquet_is_refused(tmp_path: Path) -> None:
    ratings = _write(tmp_path / "r.parquet", COLUMNS)
    movies = _write(tmp_path / "m.parquet", {"film": [10, 20], "title": ["A", "x" * 30_000]})
    with pytest.raises(DataError, match=r"m\.parquet, row 2, column title: a text of 30,000 bytes"):
        _read(ratings, movies)


def test_null_titles_in_parquet_are_no_titles(tmp_path: Path) -> None:
    ratings = _write(tmp_path / "r.parquet", COLUMNS)
    movies = _write(tmp_path / "m.parquet", {"film": [10, 20], "title": ["A", None]})
    with pytest.raises(DataError, match=r"m\.parquet, row 2, column title: a movie without"):
        _read(ratings, movies)


def test_bisection_finds_the_first_of_many(tmp_path: Path) -> None:
    values = [str(i) for i in range(1000)]
    values[617] = values[800] = "bad"
    columns = {name: np.ones(1000, dtype=np.int64) for name in COLUMNS} | {"film": values}
    with pytest.raises(DataError, match="film, row 618: not a whole number"):
        _read(_write(tmp_path / "r.parquet", columns))
