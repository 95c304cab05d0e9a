from __future__ import annotations

import numpy as np
import pytest

from recommender.inference.browsing import Browser, Wanted
from recommender.inference.catalogue import Catalogue, Credits
from recommender.inference.search.index import SearchIndex

CREDITS = Credits.of(
    {
        "directors": ["Agnès Varda", "", "Agnes Varda|Uma Ray", "", ""],
        "cast": ["Uma Ray", "Ray", "", "", ""],
        "keywords": ["sea|night", "", "Sea", "", ""],
        "language": [""] * 5,
    },
    [None] * 5,
)
CATALOGUE = Catalogue.of(
    ["Zorro", "Ärger im Paradies", "the straße", "Zorro\nReturns", "A"],
    ["Drama|War", "", "drama", "Sci-Fi", "War"],
    [1990, None, 2000, 1980, 1990],
    CREDITS,
)
COUNTS = np.array([2.0, 5.0, 2.0, 9.0, 0.0])


@pytest.fixture(scope="module")
def browser() -> Browser:
    return Browser(CATALOGUE, COUNTS, SearchIndex.of(CATALOGUE, COUNTS))


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        (Wanted(), [0, 1, 2, 3, 4]),
        (Wanted(genres=("DRAMA",)), [0, 2]),
        (Wanted(genres=("war", "Sci-Fi")), [0, 3, 4]),
        (Wanted(genres=("Western",)), []),
        (Wanted(year_from=1990), [0, 2, 4]),
        (Wanted(year_to=1990), [0, 3, 4]),
        (Wanted(year_from=1985, year_to=1995, genres=("drama",)), [0]),
        (Wanted(year_from=2000, year_to=1990), []),
        (Wanted(person="uma ray"), [0, 2]),
        (Wanted(person="AGNES VARDA"), [0, 2]),
        (Wanted(person="Ray"), [1]),
        (Wanted(person="Uma"), []),
        (Wanted(person=""), []),
        (Wanted(keyword="sea"), [0, 2]),
        (Wanted(keyword="night", person="Uma Ray"), [0]),
    ],
)
def test_movies_of_another_kind_are_unwanted(
    browser: Browser, wanted: Wanted, left: list[int]
) -> None:
    assert np.flatnonzero(~browser.unwanted(wanted)).tolist() == left


def test_orders(browser: Browser) -> None:
    assert browser.order("popularity").tolist() == [3, 1, 0, 2, 4]
    assert browser.order("year").tolist() == [2, 0, 4, 3, 1]
    assert browser.order("title").tolist() == [4, 2, 0, 3, 1]


def test_genres_are_named_once(browser: Browser) -> None:
    assert browser.genres == ("Drama", "Sci-Fi", "War", "drama")
