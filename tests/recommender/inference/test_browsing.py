from __future__ import annotations

import numpy as np
import pytest

from recommender.inference.browsing import Browser, Wanted
from recommender.inference.catalogue import Catalogue

CATALOGUE = Catalogue.of(
    ["Zorro", "Ärger im Paradies", "the straße", "Zorro\nReturns", "A"],
    ["Drama|War", "", "drama", "Sci-Fi", "War"],
    [1990, None, 2000, 1980, 1990],
)


@pytest.fixture
def browser() -> Browser:
    return Browser(CATALOGUE, np.array([2.0, 5.0, 2.0, 9.0, 0.0]))


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
    ],
)
def test_movies_of_another_kind_are_unwanted(
    browser: Browser, wanted: Wanted, left: list[int]
) -> None:
    assert np.flatnonzero(~browser.unwanted(wanted)).tolist() == left


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("zORRO", [0, 3]),
        ("ÄRGER", [1]),
        ("STRASSE", [2]),
        ("returns", [3]),
        ("r", [0, 1, 2, 3]),
        ("a", [2, 1, 4]),
        ("o\nz", []),
        ("nothing", []),
        ("", []),
    ],
)
def test_titles_are_searched_one_by_one(browser: Browser, query: str, found: list[int]) -> None:
    assert np.flatnonzero(browser.titled(query)).tolist() == sorted(found)


def test_orders(browser: Browser) -> None:
    assert browser.order("popularity").tolist() == [3, 1, 0, 2, 4]
    assert browser.order("year").tolist() == [2, 0, 4, 3, 1]
    assert browser.order("title").tolist() == [4, 2, 0, 3, 1]


def test_genres_are_named_once() -> None:
    assert Browser(CATALOGUE, np.zeros(5)).genres == ("Drama", "Sci-Fi", "War", "drama")
