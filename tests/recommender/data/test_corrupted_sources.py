"""Every corruption ends in the right data set, or in an error that names the place."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from recommender.data.source import Source, read_dataset
from recommender.errors import DataError
from recommender.schema import Dataset
from tests.corruptions import CORRUPTIONS, corrupted_path

#: What the message says, as patterns that all must be found.
REJECTED = {
    "missing_column": [r"ratings\.csv, line 1: ", "'rating' is missing"],
    "wrong_type": [r"ratings\.csv, line 301, column rating: ", "not a number", "'good'"],
    "empty_file": [r"ratings\.csv: ", "is empty"],
    "truncated_zip": [r"small\.zip", "incomplete or damaged"],
    "wrong_checksum": [r"small\.zip: ", "wrong checksum", "0{32}"],
    "non_utf8": [r"movies\.csv, line 3, column title: ", "not valid UTF-8"],
    "huge_field": [r"movies\.csv, line 3, column title: ", "10,000,000 bytes", "xxx"],
    "swapped_ids": [r"ratings\.csv, line \d+, column movieId: ", "look swapped"],
    "swapped_values": [r"ratings\.csv, line 2, column timestamp: ", "not a whole number"],
    "zero_byte_movies": [r"movies\.csv: ", "is empty"],
}
#: Rows that are removed, by reason.
CLEANED = {
    "nan_ratings": {"missing value": 4},
    "duplicate_keys": {"duplicate": 60},
    "rating_seven": {"rating out of scale": 3},
    "negative_timestamps": {"impossible timestamp": 3},
    "unknown_movie_ids": {"unknown movie": 2},
}
#: What holds of the data set, which is otherwise as good as any.
HARMLESS: dict[str, Callable[[Dataset, Dataset], bool]] = {
    "one_user_only": lambda found, _: found.ratings["user_id"].nunique() == 1,
    "one_movie_only": lambda found, _: found.ratings["movie_id"].nunique() == 1,
    "constant_ratings": lambda found, _: set(found.ratings["rating"]) == {4.0},
    "crlf_and_bom": lambda found, valid: found.ratings.equals(valid.ratings),
    "extra_columns": lambda found, valid: found.ratings.equals(valid.ratings),
    "shuffled_header": lambda found, valid: found.ratings.equals(valid.ratings),
}


def test_the_tables_speak_of_every_corruption() -> None:
    assert set(CORRUPTIONS) == {*REJECTED, *CLEANED, *HARMLESS}


@pytest.mark.parametrize("name", sorted(REJECTED))
def test_rejected_with_its_place(folder: Path, name: str) -> None:
    CORRUPTIONS[name](folder)
    with pytest.raises(DataError) as caught:
        read_dataset(Source("small", corrupted_path(folder)))
    for pattern in REJECTED[name]:
        assert re.search(pattern, str(caught.value)), (pattern, str(caught.value))


@pytest.mark.parametrize("name", sorted(CLEANED))
def test_cleaned_with_counts(folder: Path, name: str) -> None:
    valid = read_dataset(Source("small", folder))
    CORRUPTIONS[name](folder)
    found = read_dataset(Source("small", folder))
    assert found.cleaning is not None
    assert found.cleaning.removed == CLEANED[name]
    (examples,) = found.cleaning.examples.values()
    assert all("ratings.csv, line " in text for text in examples)
    expected = 600 if name == "duplicate_keys" else 600 - sum(CLEANED[name].values())
    assert len(found.ratings) == expected
    if name == "duplicate_keys":
        assert (found.ratings["rating"] == 0.5).sum() == 60
    else:
        kept = found.ratings.merge(valid.ratings)
        assert len(kept) == expected


@pytest.mark.parametrize("name", sorted(HARMLESS))
def test_read_all_the_same(folder: Path, name: str) -> None:
    valid = read_dataset(Source("small", folder))
    CORRUPTIONS[name](folder)
    found = read_dataset(Source("small", folder))
    assert HARMLESS[name](found, valid)
    assert found.movies.equals(valid.movies)
    assert found.cleaning is not None
    assert not found.cleaning.removed


@pytest.mark.parametrize("name", sorted(CORRUPTIONS))
def test_a_real_data_set_fares_the_same(tmp_path: Path, ml_latest_small: Path, name: str) -> None:
    folder = tmp_path / "ml-latest-small"
    folder.mkdir()
    for file in ("ratings.csv", "movies.csv", "tags.csv"):
        (folder / file).write_bytes((ml_latest_small / file).read_bytes())
    CORRUPTIONS[name](folder)
    source = Source("real", corrupted_path(folder))
    if name in REJECTED:
        with pytest.raises(DataError, match=r"ratings\.csv|movies\.csv|\.zip"):
            read_dataset(source)
    else:
        dataset = read_dataset(source)
        assert dataset.cleaning is not None
        assert set(dataset.cleaning.removed) == set(CLEANED.get(name, {}))
