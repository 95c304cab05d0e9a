from __future__ import annotations

from pathlib import Path

import pytest

from serving.models.catalogue_only import CatalogueOnly, Film

MOVIES = """movieId,title,genres
1,Heat (1995),Crime|Thriller
2,"Babylon 5",(no genres listed)
3,"Beware, the Blob! (1972)",Horror
4,Ran (1985) ,Drama
"""
RATINGS = """userId,movieId,rating,timestamp
1,4,4.0,1
2,4,3.0,2
1,3,2.0,3
3,99,5.0,4
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "movies.csv").write_text(MOVIES)
    (tmp_path / "ratings.csv").write_text(RATINGS)
    return tmp_path


def ids(films: list[Film]) -> list[int]:
    return [film.movie_id for film in films]


def test_films_come_with_their_facts_the_most_rated_first(data: Path) -> None:
    assert CatalogueOnly(data).popular(10) == [
        Film(4, "Ran", 1985, ("Drama",), 2),
        Film(3, "Beware, the Blob!", 1972, ("Horror",), 1),
        Film(1, "Heat", 1995, ("Crime", "Thriller"), 0),
        Film(2, "Babylon 5", None, (), 0),
    ]


def test_filters_leave_out_what_does_not_match(data: Path) -> None:
    films = CatalogueOnly(data)
    assert ids(films.popular(2)) == [4, 3]
    assert ids(films.popular(2, excluded={4})) == [3, 1]
    assert ids(films.popular(9, genres=["Drama", "Crime"])) == [4, 1]
    assert ids(films.popular(9, year_from=1985)) == [4, 1]
    assert ids(films.popular(9, year_to=1985)) == [4, 3]
    assert ids(films.popular(9, year_from=1973, year_to=1984)) == []


def test_without_ratings_the_order_is_that_of_the_ids(data: Path) -> None:
    (data / "ratings.csv").unlink()
    assert ids(CatalogueOnly(data).popular(9)) == [1, 2, 3, 4]


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "movieId,title,genres\nx,Y,Z\n", None])
def test_without_a_readable_catalogue_there_is_nothing_to_show(
    data: Path, content: str | None
) -> None:
    if content is None:
        (data / "movies.csv").unlink()
    else:
        (data / "movies.csv").write_text(content)
    assert CatalogueOnly(data).popular(9) == []


def test_the_sample_has_popular_films(repo: Path) -> None:
    if not (repo / "data" / "movies.csv").is_file():
        pytest.skip("needs the sample data (dvc checkout)")
    films = CatalogueOnly(repo / "data").popular(20)
    assert len(films) == 20
    assert all(film.title and film.ratings > 0 for film in films)
