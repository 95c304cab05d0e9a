from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.search.__main__ import main
from benchmarks.search.films import read_films
from benchmarks.search.queries import KINDS, Queries
from benchmarks.search.spelling import plain, spoken_names, with_typo
from benchmarks.search.titles import FilmMaker, Films


@pytest.fixture(scope="module")
def films() -> Films:
    return FilmMaker(np.random.default_rng(1), 400).films(400)


def test_films_are_distinct_and_the_same_again(films: Films) -> None:
    assert len(set(zip(films.titles, films.years, strict=True))) == 400
    assert FilmMaker(np.random.default_rng(1), 400).films(400).titles == films.titles
    shown = " ".join(films.titles)
    assert all(part in shown for part in (", The", "(a.k.a. ", " II", "é"))


def test_titles_are_said_as_people_say_them() -> None:
    assert spoken_names("Postman, The (Postino, Il)") == ["The Postman", "Il Postino"]
    assert spoken_names("Seven (a.k.a. Se7en)") == ["Seven", "Se7en"]
    assert spoken_names("Adventure (Avventura, L')") == ["Adventure", "L'Avventura"]
    assert plain("The Sch\u00f6ne & Schindler's List") == "schone and schindlers list"


def test_a_query_means_one_film(films: Films) -> None:
    queries = Queries(films, np.random.default_rng(2))
    for query in queries.draw("typo", 40):
        assert plain(query.text) not in {plain(name) for name in queries.names[query.film]}
    for query in queries.draw("swapped", 40):
        words = sorted(plain(query.text).split())
        owners = [
            film
            for film, names in enumerate(queries.names)
            if any(sorted(plain(name).split()) == words for name in names)
        ]
        assert owners == [query.film]
    assert all(queries.draw(kind, 3) for kind in KINDS)


def test_a_typo_is_one_edit() -> None:
    rng = np.random.default_rng(3)
    assert {abs(len(with_typo("matrix", rng)) - 6) for _ in range(50)} == {0, 1}


def test_figures_and_promises_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--movies", "300", "--queries", "5", "--without-server"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert set(report["figures"]["kinds"]) == set(KINDS)
    names = {check["name"] for check in report["checks"]}
    assert {"build_seconds", "index_mb", "p95_ms", "typo_hit_at_1", "prefix_hit_at_10"} <= names


def test_titles_of_a_data_set_are_read(ml_latest_small: Path) -> None:
    found = read_films(ml_latest_small)
    assert (found.titles[0], found.years[0], found.ratings[0]) == ("Toy Story", 1995, 215.0)
    assert None in found.years
