"""Full ranking with known movies removed, and lists that are refused."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.errors import RouletteError
from recommender.evaluation.lists import RatedMovies, rank_users


def ranked(model, known_rows, make_split, user_ids=(1,), *, progress=None):
    known = RatedMovies(make_split(known_rows, []).train.ratings)
    return rank_users(
        model,
        np.array(user_ids),
        3,
        catalogue=np.arange(1, 7),
        known=known,
        progress=progress,
    )


def test_known_movies_leave_and_the_next_ones_move_up(make_split, fixed_model):
    model = fixed_model({1: [3, 1, 5, 2, 6, 4]})
    lists = ranked(model, [(1, 3, 4.0), (1, 2, 4.0), (2, 5, 1.0)], make_split)
    assert lists.movies.tolist() == [[0, 4, 5]]  # movies 1, 5, 6
    assert lists.lengths.tolist() == [3]


def test_a_short_list_is_filled_no_further(make_split, fixed_model):
    lists = ranked(fixed_model({1: [2], 2: []}), [], make_split, user_ids=(1, 2))
    assert lists.lengths.tolist() == [1, 0]
    assert lists.filled.tolist() == [[True, False, False], [False, False, False]]
    assert lists.exposure(3, 6).tolist() == [0, 1, 0, 0, 0, 0]


def test_exposure_counts_the_first_k(make_split, fixed_model):
    lists = ranked(fixed_model({0: [4, 5, 6]}), [], make_split, user_ids=(1, 2))
    assert lists.exposure(2, 6).tolist() == [0, 0, 0, 2, 2, 0]


def test_progress_is_told_of_every_user(make_split, fixed_model):
    told = []
    ranked(fixed_model({0: [1]}), [], make_split, (1, 2), progress=lambda *done: told.append(done))
    assert told == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("shown", "message"),
    [
        ([1, 99], r"the list of fixed for user 1: a movie is not in the catalogue \(found 99\)"),
        ([0], r"not in the catalogue \(found 0\)"),
        ([5, 2, 5], r"recommends a movie twice \(found 5\)"),
    ],
)
def test_impossible_lists_are_refused(make_split, fixed_model, shown, message):
    with pytest.raises(RouletteError, match=message):
        ranked(fixed_model({1: shown}), [], make_split)


def test_the_movies_of_a_user_are_in_frame_order(make_split):
    rated = RatedMovies(make_split([(2, 6, 1.0), (1, 4, 1.0), (2, 3, 1.0)], []).train.ratings)
    assert rated.of(2).tolist() == [6, 3]
    assert rated.rows_of(2).tolist() == [0, 2]
    assert rated.of(1).tolist() == [4]
    assert rated.of(0).size == rated.of(3).size == 0
