from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recommender.data.source import Source, read_dataset
from recommender.errors import DataError
from recommender.schema import CREDIT_DTYPES, MOVIE_DTYPES, TAG_DTYPES, Dataset, RemovedRows

CREDITS = "movieId,directors,cast,keywords,language,runtime\n"


def _read(folder: Path) -> Dataset:
    return read_dataset(Source("small", folder))


def _append(folder: Path, name: str, text: str) -> None:
    with (folder / name).open("a") as stream:
        stream.write(text)


def _removed(dataset: Dataset) -> list[RemovedRows]:
    assert dataset.cleaning is not None
    assert (dataset.cleaning.removed, dataset.cleaning.examples) == ({}, {})
    return dataset.cleaning.elsewhere


def test_movies_are_typed_and_sorted(folder: Path) -> None:
    _append(folder, "movies.csv", "0,Earliest (1900),(no genres listed)\n")
    movies = _read(folder).movies
    assert {name: str(kind) for name, kind in movies.dtypes.items()} == MOVIE_DTYPES
    assert movies["movie_id"].tolist() == list(range(41))
    assert movies.iloc[0].tolist() == [0, "Earliest", 1900, ""]


def test_identical_movies_are_removed_with_a_count(folder: Path) -> None:
    valid = _read(folder).movies
    lines = (folder / "movies.csv").read_text().splitlines(keepends=True)
    _append(folder, "movies.csv", lines[3] + lines[3] + lines[4])
    dataset = _read(folder)
    assert dataset.movies.equals(valid)
    places = ["movies.csv, line 42", "movies.csv, line 43", "movies.csv, line 44"]
    assert _removed(dataset) == [RemovedRows("movies.csv", "identical row", 3, places)]


def test_conflicting_movies_are_refused(folder: Path) -> None:
    _append(folder, "movies.csv", "7,Another (1999),Drama\n")
    with pytest.raises(DataError, match=r"movies\.csv, line 42, column movieId: .*found 7"):
        _read(folder)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (",Nameless (1999),Drama", r"line 42, column movieId: a row without a movie id"),
        ("41,,Drama", r"line 42, column title: a movie without a title"),
        ("41,  ,Drama", r"line 42, column title: a movie without a title"),
        ("x,Film,Drama", r"line 42, column movieId: not a whole number"),
    ],
)
def test_a_movie_without_id_or_title_is_refused(folder: Path, line: str, message: str) -> None:
    _append(folder, "movies.csv", line + "\n")
    with pytest.raises(DataError, match=message):
        _read(folder)


def test_a_header_without_movies_is_refused(folder: Path) -> None:
    (folder / "movies.csv").write_text("movieId,title,genres\n")
    with pytest.raises(DataError, match=r"movies\.csv: holds no movies"):
        _read(folder)


def test_tags_without_value_or_movie_are_removed_with_a_count(folder: Path) -> None:
    (folder / "tags.csv").write_text(
        "userId,movieId,tag,timestamp\n1,1,fun,5\n1,1,,5\n1,,fun,5\n9,99,fun,5\n1,2, NA ,6\n"
    )
    dataset = _read(folder)
    assert dataset.tags is not None
    assert {name: str(kind) for name, kind in dataset.tags.dtypes.items()} == TAG_DTYPES
    assert dataset.tags["tag"].tolist() == ["fun", " NA "]
    lines = ["tags.csv, line 3", "tags.csv, line 4"]
    assert _removed(dataset) == [
        RemovedRows("tags.csv", "missing value", 2, lines),
        RemovedRows("tags.csv", "unknown movie", 1, ["tags.csv, line 5"]),
    ]


def test_no_tags_are_no_fault(folder: Path) -> None:
    (folder / "tags.csv").write_text("userId,movieId,tag,timestamp\n")
    dataset = _read(folder)
    assert dataset.tags is not None
    assert len(dataset.tags) == 0
    assert {name: str(kind) for name, kind in dataset.tags.dtypes.items()} == TAG_DTYPES


def test_credits_are_typed_and_of_known_movies(folder: Path) -> None:
    (folder / "credits.csv").write_text(
        CREDITS + "99,Nobody,A,k,en,90\n2,D,A|B,,en,\n1,D,A,k,en,100\n1,D,A,k,en,100\n"
    )
    dataset = _read(folder)
    assert dataset.credits is not None
    assert {name: str(kind) for name, kind in dataset.credits.dtypes.items()} == CREDIT_DTYPES
    assert dataset.credits["movie_id"].tolist() == [1, 2]
    assert _removed(dataset) == [
        RemovedRows("credits.csv", "identical row", 1, ["credits.csv, line 5"]),
        RemovedRows("credits.csv", "unknown movie", 1, ["credits.csv, movie_id 99"]),
    ]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("1,D,A,k,en,100\n1,D,A,k,en,101\n", r"credits\.csv, line 3, column movieId: .*differ"),
        (",D,A,k,en,100\n", r"credits\.csv, line 2, column movieId: a row without"),
        ("1,D,A,k,en,99999\n", r"credits\.csv, line 2, column runtime: not a whole number"),
    ],
)
def test_credits_that_contradict_each_other_are_refused(
    folder: Path, lines: str, message: str
) -> None:
    (folder / "credits.csv").write_text(CREDITS + lines)
    with pytest.raises(DataError, match=message):
        _read(folder)


def test_movies_are_named_by_number_where_none_are_given(folder: Path) -> None:
    dataset = read_dataset(Source("table", folder / "ratings.csv"))
    assert {name: str(kind) for name, kind in dataset.movies.dtypes.items()} == MOVIE_DTYPES
    rated = np.unique(dataset.ratings["movie_id"])
    assert dataset.movies["movie_id"].tolist() == rated.tolist()
    assert dataset.movies["title"].tolist() == [f"Movie {i}" for i in rated]
    assert dataset.movies["year"].isna().all()
    assert set(dataset.movies["genres"]) == {""}
