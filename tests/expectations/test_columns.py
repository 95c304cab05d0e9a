from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.columns import column, known_columns, table
from recommender.errors import DataError
from recommender.schema import CleaningReport, Dataset

INT32 = st.integers(-(2**31), 2**31 - 1)
#: Few distinct ids, so that pairs repeat, and the ends of the type, where packing could overlap.
IDS = st.sampled_from([-(2**31), -1, 0, 1, 2, 2**31 - 1]) | INT32


def dataset(pairs: list[tuple[int, int]], movie_ids: list[int]) -> Dataset:
    ratings = pd.DataFrame(pairs, columns=["user_id", "movie_id"], dtype="int32")
    movies = pd.DataFrame({"movie_id": np.array(movie_ids, dtype="int32")})
    return Dataset("made", "00" * 32, ratings, movies)


@given(st.lists(st.tuples(IDS, IDS), max_size=30))
def test_pairs_are_unique_exactly_where_pandas_says_so(pairs: list[tuple[int, int]]) -> None:
    made = dataset(pairs, [])
    values = column(made, "ratings", made.ratings, "pair_is_unique").frame["pair_is_unique"]
    assert values.tolist() == (~made.ratings.duplicated(keep=False)).tolist()


@given(st.lists(IDS, max_size=20), st.lists(IDS, max_size=20))
def test_movies_are_known_exactly_where_they_are_in_the_table(
    rated: list[int], known: list[int]
) -> None:
    made = dataset([(1, movie_id) for movie_id in rated], known)
    values = column(made, "ratings", made.ratings, "movie_is_known").frame["movie_is_known"]
    assert values.tolist() == [movie_id in known for movie_id in rated]


def test_rating_shares_add_up_and_fall(tiny: Dataset) -> None:
    shares = column(tiny, "ratings", tiny.ratings, "rating_share")
    assert shares.frame["rating_share"].sum() == pytest.approx(1.0)
    assert shares.frame["rating_share"].is_monotonic_decreasing
    assert shares.rows["rows"].sum() == len(tiny.ratings)


def test_every_genre_of_a_movie_has_its_row_and_none_has_no_row(tiny: Dataset) -> None:
    movies = tiny.movies.head(3).copy()
    movies.loc[0, "genres"] = ""
    genres = column(tiny, "movies", movies, "genre")
    assert genres.frame["genre"].tolist() == ["Drama", "War", "Comedy"]
    assert genres.rows["movie_id"].tolist() == [2, 2, 3]


def test_unaccounted_rows_are_those_neither_kept_nor_removed(tiny: Dataset) -> None:
    made = replace(tiny, cleaning=CleaningReport(10, 6, {"late": 1, "duplicate": 1}))
    removed = table(made, "cleaning")
    assert removed is not None
    assert removed["share"].tolist() == [0.1, 0.1]
    values = column(made, "cleaning", removed, "unaccounted_rows").frame
    assert values["unaccounted_rows"].tolist() == [2]


def test_numbers_are_widened_without_loss(tiny: Dataset) -> None:
    ratings = column(tiny, "ratings", tiny.ratings, "rating").frame["rating"]
    assert ratings.dtype == np.float64
    assert (ratings == tiny.ratings["rating"]).all()
    assert column(tiny, "ratings", tiny.ratings, "user_id").frame["user_id"].dtype == np.int64
    assert column(tiny, "movies", tiny.movies, "year").frame["year"].dtype == "Int16"


@pytest.mark.parametrize(
    ("suite", "name", "change", "message"),
    [
        ("ratings", "pair_is_unique", {"user_id": "text"}, "user_id is not of type int32"),
        ("ratings", "pair_is_unique", {"movie_id": 3.0}, "movie_id is not of type int32"),
        ("movies", "genre", {"genres": 3}, "genres is not text"),
    ],
)
def test_a_source_of_the_wrong_type_is_named(
    suite: str, name: str, change: dict[str, str | float], message: str, tiny: Dataset
) -> None:
    frame = table(tiny, suite)
    assert frame is not None
    with pytest.raises(DataError, match=message):
        column(tiny, suite, frame.assign(**change), name)


def test_known_columns_are_those_of_the_table_and_the_derived_ones() -> None:
    assert known_columns("movies") == ["movie_id", "title", "year", "genres", "genre"]
    assert known_columns("cleaning") == ["reason", "rows", "share", "unaccounted_rows"]
