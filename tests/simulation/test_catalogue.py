"""The catalogue: its facts hang together, and a wrong line is named."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from recommender.errors import UsageError
from simulation.catalogue import CATALOGUE_FILES, COLUMNS, GENRES, read_catalogue

HEADER = ",".join(COLUMNS)
ALIEN = "Alien,1979,Horror|Sci-Fi,Ridley Scott,Sigourney Weaver|Tom Skerritt,alien|space,en,117"
RAN = "Ran,1985,Drama|War,Akira Kurosawa,Tatsuya Nakadai|Akira Terao,king|betrayal,ja,162"


@pytest.fixture(scope="module")
def catalogue() -> pd.DataFrame:
    return read_catalogue()


def write(folder: Path, *lines: str) -> Path:
    file = folder / "films.csv"
    file.write_text("\n".join((HEADER, *lines)) + "\n", encoding="utf-8")
    return file


def films_of(catalogue: pd.DataFrame, title: str) -> pd.Series:
    (row,) = catalogue.index[catalogue["title"] == title]
    film: pd.Series = catalogue.loc[row]
    return film


def test_there_are_enough_films_of_every_era_and_genre(catalogue: pd.DataFrame) -> None:
    assert len(catalogue) >= 400
    assert set(catalogue["genres"].str.split("|").explode()) == GENRES
    assert (catalogue.groupby(catalogue["year"] // 10).size() >= 10).all()
    assert catalogue["language"].nunique() >= 8


def test_ids_are_unique_positive_and_ascending(catalogue: pd.DataFrame) -> None:
    assert catalogue["movie_id"].is_monotonic_increasing
    assert catalogue["movie_id"].is_unique
    assert catalogue["movie_id"].between(1, 999_999).all()
    assert catalogue["movie_id"].dtype == "int32"


def test_every_film_has_a_director_cast_and_keywords(catalogue: pd.DataFrame) -> None:
    assert catalogue["directors"].str.len().gt(0).all()
    assert catalogue["cast"].str.count(r"\|").between(2, 4).all()
    assert catalogue["keywords"].str.count(r"\|").between(1, 7).all()
    assert catalogue["runtime"].between(40, 300).all()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("The Godfather", "The Godfather Part II"),
        ("Back to the Future", "Back to the Future Part II"),
        ("Toy Story", "Toy Story 2"),
        ("Before Sunrise", "Before Sunset"),
        ("The Dark Knight", "The Dark Knight Rises"),
    ],
)
def test_sequels_share_directors_genres_and_cast(
    catalogue: pd.DataFrame, first: str, second: str
) -> None:
    one, two = films_of(catalogue, first), films_of(catalogue, second)
    for column in ("directors", "genres", "cast"):
        assert set(one[column].split("|")) & set(two[column].split("|")), column
    assert one["year"] < two["year"]


def test_facts_known_by_heart(catalogue: pd.DataFrame) -> None:
    film = films_of(catalogue, "Psycho")
    assert (film["year"], film["directors"]) == (1960, "Alfred Hitchcock")
    assert "Anthony Perkins" in film["cast"]
    assert films_of(catalogue, "Seven Samurai")["language"] == "ja"


def test_ids_depend_on_neither_order_nor_company(tmp_path: Path) -> None:
    both = read_catalogue([write(tmp_path, ALIEN, RAN)]).set_index("title")["movie_id"]
    swapped = read_catalogue([write(tmp_path, RAN, ALIEN)]).set_index("title")["movie_id"]
    alone = read_catalogue([write(tmp_path, RAN)]).set_index("title")["movie_id"]
    assert both.to_dict() == swapped.to_dict()
    assert both["Ran"] == alone["Ran"]


def test_colliding_ids_are_parted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulation.catalogue._ID_SPACE", 4)
    frame = read_catalogue([write(tmp_path, ALIEN, RAN)]).set_index("title")
    assert frame["movie_id"].to_dict() == {"Alien": 3, "Ran": 1}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (RAN.replace("1985", "85"), "year"),
        (RAN.replace("1985", "²"), "year"),
        (RAN.replace("162", "long"), "runtime"),
        (RAN.replace("Drama", "Samurai"), "genre"),
        (RAN.replace(",ja,", ",jp1,"), "language"),
        (RAN.replace("Drama|", "Drama||"), "genres"),
        (RAN.replace("Drama|War", "War|War"), "genres"),
        (RAN.replace("Akira Kurosawa", ""), "directors"),
        (RAN.replace("Ran", " Ran"), "title"),
        (RAN + ",extra", "fields"),
        (RAN.replace("Ran", '"Ran" x'), "CSV"),
        (ALIEN, "already"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, problem: str) -> None:
    file = write(tmp_path, ALIEN, line)
    with pytest.raises(UsageError, match=problem) as caught:
        read_catalogue([file])
    assert caught.value.place == f"{file}:3"


def test_a_wrong_header_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "films.csv"
    file.write_text("name,year\n", encoding="utf-8")
    with pytest.raises(UsageError, match="header"):
        read_catalogue([file])


def test_a_file_that_is_absent_or_not_utf8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_catalogue([tmp_path / "none.csv"])
    file = tmp_path / "films.csv"
    file.write_bytes(f"{HEADER}\n{ALIEN}\nAm\xe9lie".encode("latin-1"))
    with pytest.raises(UsageError, match="UTF-8") as caught:
        read_catalogue([file])
    assert caught.value.place == f"{file}:3"


def test_the_catalogue_files_stand_beside_the_module() -> None:
    assert all(file.is_file() for file in CATALOGUE_FILES)
