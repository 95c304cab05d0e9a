from __future__ import annotations

import numpy as np
import pytest

from recommender.errors import UsageError
from recommender.inference.catalogue import Catalogue
from recommender.inference.popular import GenrePopularity

CATALOGUE = Catalogue.of(
    ["A", "B", "C", "D", "E"],
    ["Drama", "Comedy|Drama", "Comedy", "", "Drama"],
    [2000] * 5,
)
POPULAR = GenrePopularity.of(np.array([0.5, 0.4, 0.6, 0.9, 0.0]), CATALOGUE)
NOTHING = np.zeros(0, dtype=np.int64)


def test_a_genre_is_ranked_by_attention() -> None:
    assert POPULAR.genres == ("Comedy", "Drama")
    assert POPULAR.best(["Drama"], 5, NOTHING).tolist() == [0, 1]
    assert POPULAR.best(["Comedy"], 1, NOTHING).tolist() == [2]


def test_what_has_more_of_the_chosen_genres_counts_for_more() -> None:
    assert POPULAR.scores(["Comedy", "Drama"]) == pytest.approx([0.25, 0.4, 0.3, 0.0, 0.0])
    assert POPULAR.best(["Comedy", "Drama"], 3, NOTHING).tolist() == [1, 2, 0]
    assert POPULAR.scores(["Drama", "Drama"]) == pytest.approx(POPULAR.scores(["Drama"]))


def test_excluded_movies_do_not_return() -> None:
    assert POPULAR.best(["Drama"], 5, np.array([0])).tolist() == [1]


def test_what_cannot_be_asked() -> None:
    with pytest.raises(UsageError, match="Comedy, Drama"):
        POPULAR.best(["Wstern"], 5, NOTHING)
    with pytest.raises(UsageError, match="at least one genre"):
        POPULAR.scores([])
    with pytest.raises(UsageError, match="at least 1"):
        POPULAR.best(["Drama"], 0, NOTHING)
