from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import UsageError
from recommender.inference.histories import LIKE_GRADE, History, grade, like_stars, read_stars
from recommender.inference.identifiers import UNKNOWN
from recommender.scale import RatingScale

SCALES = st.sampled_from([RatingScale(), RatingScale(1.0, 5.0, 1.0), RatingScale(0.0, 100.0, 1.0)])
RATINGS = st.lists(st.tuples(st.integers(-1, 6), st.integers(1, 10)), max_size=20)


def history(rows: list[tuple[int, int]]) -> History:
    movies, stars = np.array(rows, dtype=np.int64).reshape(-1, 2).T
    return History.of(movies, stars / 2.0)


@given(RATINGS)
def test_the_last_rating_of_a_movie_counts(rows: list[tuple[int, int]]) -> None:
    found = history(rows)
    latest = {movie: stars / 2.0 for movie, stars in rows if movie != UNKNOWN}
    assert dict(zip(found.movies.tolist(), found.stars.tolist(), strict=True)) == latest
    last_places = [max(i for i, row in enumerate(rows) if row[0] == m) for m in found.movies]
    assert last_places == sorted(last_places)
    assert found.unknown_movies == sum(movie == UNKNOWN for movie, _ in rows)


@given(RATINGS, RATINGS)
def test_histories_join_as_their_ratings_do(
    first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    joined, whole = history(first).followed_by(history(second)), history(first + second)
    assert np.array_equal(joined.movies, whole.movies)
    assert np.array_equal(joined.stars, whole.stars)
    assert joined.unknown_movies == whole.unknown_movies


def test_a_rating_can_be_taken_back() -> None:
    left = history([(3, 8), (1, 6), (2, 10)]).without(1)
    assert left.movies.tolist() == [3, 2]
    assert left.stars.tolist() == [4.0, 5.0]


@given(SCALES)
def test_a_like_counts_as_the_rating_of_its_grade(scale: RatingScale) -> None:
    assert grade(np.array([like_stars(scale)]), scale) == pytest.approx(LIKE_GRADE)
    assert read_stars([None, scale.maximum], scale).tolist() == [like_stars(scale), scale.maximum]


@pytest.mark.parametrize("bad", [0.0, 5.5, float("nan"), float("inf")])
def test_what_is_not_of_the_scale_is_refused(bad: float) -> None:
    with pytest.raises(UsageError, match=r"from 0\.5 to 5\.0"):
        read_stars([3.0, bad], RatingScale())
