"""Drawn posters: the same for the same film, well-formed whatever the title."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.posters import art
from serving.posters.art import Film, lines_of, poster

GENRES = ("Horror", "Sci-Fi", "Western", "Film-Noir", "Documentary", "Animation", "Children",
          "Musical", "War", "Fantasy", "Mystery", "Crime", "Romance", "Action", "Adventure",
          "Thriller", "Comedy", "Drama", "Nothing that is known")  # fmt: skip


@pytest.mark.parametrize("genre", GENRES)
def test_every_genre_has_a_poster_that_stays(genre: str) -> None:
    for number in range(8):
        film = Film(f"Film {number}", 1980, (genre,))
        assert poster(film) == poster(film)
        ET.fromstring(poster(film))  # noqa: S314 - our own


def test_films_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = {poster(Film(f"Film {n}", 1980, ("Drama",))) for n in range(30)}
    assert len(drawn) == 30
    before = Film("Heat", 1995, ("Crime",)).digest
    monkeypatch.setattr(art, "EDITION", "other")
    assert Film("Heat", 1995, ("Crime",)).digest != before


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=200))
def test_any_title_fits_and_is_only_text(title: str) -> None:
    film = Film(title, None, ())
    lines, size = lines_of(title)
    assert size * 1.12 * len(lines) <= 100
    root = ET.fromstring(poster(film))  # noqa: S314 - our own
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert names <= {"svg", "rect", "circle", "path", "g", "text", "ellipse"}
