from __future__ import annotations

import pyarrow as pa
import pytest

from recommender.data.titles import split_titles, uniform_genres


@pytest.mark.parametrize(
    ("title", "name", "year"),
    [
        ("Toy Story (1995)", "Toy Story", 1995),
        ("Runaway Brain (1995) ", "Runaway Brain", 1995),
        ("City of Lost Children, The (Cité des enfants perdus, La) (1995)", None, 1995),
        ("Land Before Time III (1995) (V)", "Land Before Time III", 1995),
        ("Death Note (2006\N{EN DASH}2007)", "Death Note", 2006),
        ("Doctor Who (2005-)", "Doctor Who", 2005),
        ("2012 (2009)", "2012", 2009),
        ("Once (1995) Again (2001)", "Once (1995) Again", 2001),
        ("Babylon 5", "Babylon 5", None),
        ("(1995)", "(1995)", None),
        ("Numbers (4711)", "Numbers (4711)", None),
        ("", "", None),
    ],
)
def test_the_year_is_parted_from_the_title(title: str, name: str | None, year: int | None) -> None:
    names, years = split_titles(pa.chunked_array([[title]]))
    assert names.to_pylist() == [title.removesuffix(" (1995)") if name is None else name]
    assert years.to_pylist() == [year]
    assert years.type == pa.int16()


def test_words_for_no_genre_become_empty() -> None:
    genres = pa.chunked_array([["Drama|War", "(no genres listed)", "", " Comedy "]])
    assert uniform_genres(genres).to_pylist() == ["Drama|War", "", "", "Comedy"]
