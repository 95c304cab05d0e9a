from __future__ import annotations

import numpy as np
import pytest

from recommender.models.movie_blocks import MovieBlock, movie_blocks
from recommender.models.ratings_by_user import RatingsByUser

N_USERS, N_MOVIES = 50, 40


@pytest.fixture(scope="module")
def ratings() -> RatingsByUser:
    rng = np.random.default_rng(1)
    pairs = rng.choice(N_USERS * N_MOVIES, 600, replace=False)
    users, movies = np.divmod(pairs, N_MOVIES)
    return RatingsByUser.of_columns(users, movies, rng.normal(size=600), N_USERS, N_MOVIES)


def rows(block: MovieBlock) -> set[tuple[int, int, float]]:
    users = np.repeat(np.arange(N_USERS), np.diff(block.starts))
    columns = (users, block.movies, block.deviations)
    return set(zip(*(column.tolist() for column in columns), strict=True))


@pytest.mark.parametrize("n_blocks", [1, 2, 3, 7])
def test_each_rating_is_in_one_block_and_each_movie_too(
    ratings: RatingsByUser, n_blocks: int
) -> None:
    blocks = movie_blocks(ratings, ratings.stars, n_blocks)
    whole = rows(MovieBlock(ratings.starts, ratings.movies, ratings.stars))
    assert len(blocks) == n_blocks
    assert set.union(*map(rows, blocks)) == whole
    assert sum(block.movies.size for block in blocks) == len(ratings)
    of_blocks = [set(block.movies.tolist()) for block in blocks]
    assert sum(map(len, of_blocks)) == len(set.union(*of_blocks))
    sizes = [block.movies.size for block in blocks]
    assert max(sizes) < 1.5 * len(ratings) / n_blocks


def test_more_blocks_than_movies_leave_some_empty() -> None:
    users = np.arange(4)
    ratings = RatingsByUser.of_columns(users, np.zeros(4, dtype=int), np.ones(4), 4, 1)
    sizes = [block.movies.size for block in movie_blocks(ratings, ratings.stars, 3)]
    assert sorted(sizes) == [0, 0, 4]


def test_a_users_ratings_keep_their_order(ratings: RatingsByUser) -> None:
    for block in movie_blocks(ratings, ratings.stars, 3):
        for user in range(N_USERS):
            own = slice(*ratings.starts[user : user + 2])
            kept = np.isin(ratings.movies[own], block.movies)
            ours = block.movies[slice(*block.starts[user : user + 2])]
            np.testing.assert_array_equal(ours, ratings.movies[own][kept])
