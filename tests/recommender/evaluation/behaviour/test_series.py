"""Series found by title, and directors by credits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recommender.evaluation.behaviour.series import (
    director_pairs,
    is_sequel_title,
    series_name,
    series_pairs,
)
from recommender.schema import CREDIT_DTYPES, MOVIE_DTYPES


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Die Hard", "die hard"),
        ("Die Hard 2", "die hard"),
        ("Die Hard: With a Vengeance", "die hard"),
        ("Terminator, The", "terminator"),
        ("The Terminator", "terminator"),
        ("Terminator 2: Judgment Day", "terminator"),
        ("The Godfather Part II", "godfather"),
        ("Godfather: Part III, The", "godfather"),
        ("Mission: Impossible - Ghost Protocol", "mission"),
        ("Lord of the Rings: The Two Towers, The", "lord of the rings"),
        ("Guardians of the Galaxy Vol. 2", "guardians of the galaxy"),
        ("Kill Bill: Vol. 1", "kill bill"),
        ("Star Trek VI \u2013 The Undiscovered Country", "star trek"),
        ("Seven (a.k.a. Se7en)", "seven"),
        ("Rocky XII", "rocky"),
        ("A Better Tomorrow II", "better tomorrow"),
        ("Spider-Man", "spider-man"),
        ("Apollo 13", "apollo"),
        ("Blade Runner 2049", "blade runner 2049"),
        ("X2: X-Men United", None),
        ("21", None),
        ("M", None),
    ],
)
def test_names(title, name):
    assert series_name(title) == name


@pytest.mark.parametrize(
    ("title", "sequel"),
    [
        ("Rocky", False),
        ("Rocky IV", True),
        ("Alien: Covenant", True),
        ("Lady and the Tramp", False),
    ],
)
def test_sequel_titles(title, sequel):
    assert is_sequel_title(title) is sequel


def test_pairs_need_a_sequel_among_them():
    titles = ["Rocky", "Hamlet", "Rocky II", "Hamlet", "Rocky III", "Alone 2"]
    movies = pd.DataFrame(
        {"movie_id": [5, 6, 7, 8, 2, 9], "title": titles, "year": 1990, "genres": ""}
    ).astype(MOVIE_DTYPES)
    assert series_pairs(movies) == [(2, 5), (2, 7), (5, 7)]


def test_director_pairs_are_unique_and_within_the_catalogue():
    rows = [(1, "Ann|Bob"), (2, "Bob|Ann"), (3, ""), (4, "Cy"), (5, "Ann"), (9, "Cy")]
    credits_frame = pd.DataFrame(rows, columns=["movie_id", "directors"]).assign(
        cast="", keywords="", language="", runtime=pd.NA
    )
    found = director_pairs(credits_frame.astype(CREDIT_DTYPES), np.array([1, 2, 3, 4, 5]))
    assert found == [(1, 2), (1, 5), (2, 5)]
