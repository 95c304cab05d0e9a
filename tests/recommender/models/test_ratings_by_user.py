from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.models.ratings_by_user import RatingsByUser


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4)), min_size=1, max_size=40))
def test_ratings_are_grouped_and_keep_their_order(pairs: list[tuple[int, int]]) -> None:
    users, movies = np.array(pairs).T
    ratings = RatingsByUser.of_columns(users, movies, np.arange(len(pairs)), 7, 5)
    assert len(ratings) == len(pairs)
    for user in range(7):
        rows = slice(ratings.starts[user], ratings.starts[user + 1])
        own = np.flatnonzero(users == user)
        assert ratings.stars[rows].tolist() == own.tolist()
        assert ratings.movies[rows].tolist() == movies[own].tolist()
    assert ratings.users.tolist() == sorted({user for user, _ in pairs})
    assert ratings.rated_movies.tolist() == sorted({movie for _, movie in pairs})
    assert ratings.counts.sum() == len(pairs)


def test_more_users_than_sixteen_bits_can_tell_apart() -> None:
    users = np.array([70_000, 4_464, 70_000, 0])
    ratings = RatingsByUser.of_columns(users, np.arange(4), np.arange(4.0), 70_001, 4)
    assert ratings.movies.tolist() == [3, 1, 0, 2]
    assert ratings.mean == pytest.approx(1.5)
    assert ratings.n_users == 70_001


def test_columns_of_ids_say_who_and_what_the_positions_are() -> None:
    users, movies = np.array([30, 10, 30]), np.array([5, 900_000, 7])
    ratings, user_index, movie_index = RatingsByUser.of_ids(users, movies, np.arange(3.0))
    assert user_index.ids.tolist() == [10, 30]
    assert movie_index.ids[ratings.movies].tolist() == [900_000, 5, 7]
    assert ratings.starts.tolist() == [0, 1, 3]
    assert ratings.stars.tolist() == [1.0, 0.0, 2.0]
