from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.protocols.rating_files import make_dataset, read_items_file, read_rating_file
from recommender.errors import DataError
from recommender.schema import MOVIE_DTYPES, RATING_DTYPES


def write(folder: Path, text: str) -> Path:
    path = folder / "file.txt"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("header", ["", "user,item,rating,timestamp\n"])
@pytest.mark.parametrize("separator", [",", "\t"])
def test_ratings_are_read(tmp_path: Path, header: str, separator: str) -> None:
    text = (header + "7,10,3.5,100\n2,11,5,200\n\n").replace(",", separator)
    frame = read_rating_file(write(tmp_path, text))
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == RATING_DTYPES
    assert frame.to_numpy().tolist() == [[7, 10, 3.5, 100], [2, 11, 5.0, 200]]


def test_timestamps_may_be_absent(tmp_path: Path) -> None:
    frame = read_rating_file(write(tmp_path, "7\t10\t3\n"))
    assert frame["timestamp"].tolist() == [0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no ratings"),
        ("user,item,rating\n", "no ratings"),
        ("1,2,3\n1,x,4\n", r"line 2: an id must be a whole number \(found 'x'\)"),
        ("1,2,3\n\n1,3,many,4\n", r"line 3: a rating must be a number \(found 'many'\)"),
        ("1,2,3\n2,2,nan\n", r"line 2: a rating must be finite"),
        ("1,2,3\n-5,2,1\n", r"line 2: an id must be of 31 bits"),
        ("1,2,3\n2,2,1,soon\n3,2,1,4\n", r"line 2: a timestamp must be in seconds"),
        ("1,2,3\n2,2\n", r"line 2: a row must hold user, item, rating"),
        ("1,2,3\n4,5,1\n1,2,4\n", r"line 3: a user rates an item a second time"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_rating_file(write(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere"):
        read_rating_file(tmp_path / "nowhere.csv")


def test_items_have_titles_years_and_genres(tmp_path: Path) -> None:
    text = 'item,title,genres\n5,"Up, Down (1999)",Drama|War\n3,Plain\n'
    frame = read_items_file(write(tmp_path, text))
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == MOVIE_DTYPES
    assert frame["movie_id"].tolist() == [3, 5]
    assert frame["title"].tolist() == ["Plain", "Up, Down"]
    assert frame["year"].fillna(0).tolist() == [0, 1999]
    assert frame["genres"].tolist() == ["", "Drama|War"]
    with pytest.raises(DataError, match="listed twice"):
        read_items_file(write(tmp_path, "3,a\n3,b\n"))


def test_the_catalogue_holds_what_is_rated_tested_or_listed(tmp_path: Path) -> None:
    train = read_rating_file(write(tmp_path, "1,10,2\n1,11,4\n"))
    test = read_rating_file(write(tmp_path, "2,12,1\n"))
    items = read_items_file(write(tmp_path, "10,A (2001),Drama\n13,B,War\n"))
    dataset = make_dataset("files", train, test, items)
    assert dataset.movies["movie_id"].tolist() == [10, 11, 12, 13]
    assert dataset.movies["genres"].tolist() == ["Drama", "", "", "War"]
    assert (dataset.scale.minimum, dataset.scale.maximum, dataset.scale.step) == (2.0, 4.0, 1.0)
    assert make_dataset("files", train, test, None).movies["movie_id"].tolist() == [10, 11, 12]
