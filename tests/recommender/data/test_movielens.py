from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from recommender.data.cleaning import clean
from recommender.data.movielens import movielens_files, read_movielens
from recommender.errors import DataError
from recommender.scale import RatingScale
from recommender.schema import Dataset

HALVES, WHOLES = RatingScale(0.5, 5.0, 0.5), RatingScale(1.0, 5.0, 1.0)
#: Titles with the characters that matter to one layout or another.
TITLES = {
    1: "Toy Story (1995)",
    2: "Mission: Impossible (1996)",
    3: "Amélie (2001)",
    4: 'The "Quoted", Film (1990)',
}
GENRES = {1: ["Animation", "Children's"], 2: [], 3: ["Comedy", "Romance"], 4: ["Western"]}
RATINGS = [(1, 1, 4, 978_300_760), (1, 3, 5, 978_300_761), (2, 2, 1, 978_300_759)]
RATINGS += [(2, 4, 3, 978_300_760)]
FLAGS = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime"),
    *("Documentary", "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery"),
    *("Romance", "Sci-Fi", "Thriller", "War", "Western"),
)


def _csv(folder: Path) -> None:
    rows = [",".join(map(str, row)) for row in RATINGS]
    (folder / "ratings.csv").write_text("\n".join(["userId,movieId,rating,timestamp", *rows]))
    quoted = {i: '"' + title.replace('"', '""') + '"' for i, title in TITLES.items()}
    movies = [f"{i},{quoted[i]},{'|'.join(GENRES[i]) or '(no genres listed)'}" for i in TITLES]
    (folder / "movies.csv").write_text(
        "\n".join(["movieId,title,genres", *movies]), encoding="utf-8"
    )


def _dat(encoding: str, also: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        rows = ["::".join(map(str, row)) + "\n" for row in RATINGS]
        (folder / "ratings.dat").write_text("".join(rows))
        movies = [f"{i}::{TITLES[i]}::{'|'.join(GENRES[i])}\n" for i in TITLES]
        (folder / "movies.dat").write_bytes("".join(movies).encode(encoding))
        (folder / also).write_text("" if also == "users.dat" else "1::2::cold: war::978300760\n")

    return write


def _u(folder: Path) -> None:
    rows = ["\t".join(map(str, row)) + "\n" for row in RATINGS]
    (folder / "u.data").write_text("".join(rows))
    lines = []
    for i, title in TITLES.items():
        flags = "|".join("01"[genre in GENRES[i]] for genre in FLAGS)
        lines.append(f"{i}|{title}|01-Jan-1995||http://us.imdb.com/M|{flags}\n")
    lines.append("5|unknown||||1|" + "|".join("0" * 18) + "\n")
    lines.append("6|No Year|14-Feb-1997||http|1|" + "|".join("0" * 18) + "\n")
    (folder / "u.item").write_bytes("".join(lines).encode("latin-1"))


LAYOUTS: dict[str, tuple[Callable[[Path], None], RatingScale]] = {
    "csv": (_csv, HALVES),
    "1m": (_dat("latin-1", "users.dat"), WHOLES),
    "10m": (_dat("utf-8", "tags.dat"), HALVES),
    "100k": (_u, WHOLES),
}


def _dataset(path: Path) -> Dataset:
    return clean(read_movielens(path), name="x", digest="0")


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
@pytest.mark.parametrize("zipped", [False, True])
def test_every_layout_gives_the_same(tmp_path: Path, layout: str, zipped: bool) -> None:
    write, scale = LAYOUTS[layout]
    path = tmp_path / "ml"
    path.mkdir()
    write(path)
    if zipped:
        with zipfile.ZipFile(tmp_path / "ml.zip", "w") as archive:
            for file in path.iterdir():
                archive.write(file, f"ml-x/{file.name}")
        path = tmp_path / "ml.zip"
    dataset = _dataset(path)
    assert dataset.scale == scale
    expected = sorted(RATINGS, key=lambda row: (row[3], row[0], row[1]))
    assert list(dataset.ratings.itertuples(index=False, name=None)) == expected
    movies = dataset.movies.set_index("movie_id")
    for i, title in TITLES.items():
        assert movies.loc[i, "title"] == title[:-7]
        assert movies.loc[i, "year"] == int(title[-5:-1])
        assert movies.loc[i, "genres"] == "|".join(GENRES[i])


def test_a_film_without_year_in_its_title_has_that_of_its_release(tmp_path: Path) -> None:
    _u(tmp_path)
    movies = _dataset(tmp_path).movies.set_index("movie_id")
    assert (movies.loc[6, "year"], movies.loc[6, "genres"]) == (1997, "")
    assert pd.isna(movies.loc[5, "year"])


def test_tags_of_10m_keep_single_colons(tmp_path: Path) -> None:
    LAYOUTS["10m"][0](tmp_path)
    tags = _dataset(tmp_path).tags
    assert tags is not None
    assert tags.to_dict("records") == [
        {"user_id": 1, "movie_id": 2, "tag": "cold: war", "timestamp": 978_300_760}
    ]


def test_tags_credits_and_about_of_the_csv_layout(tmp_path: Path) -> None:
    _csv(tmp_path)
    assert _dataset(tmp_path).tags is None
    (tmp_path / "tags.csv").write_text("userId,movieId,tag,timestamp\n2,1,fun,978300760\n")
    (tmp_path / "credits.csv").write_text(
        "movieId,directors,cast,keywords,language,runtime\n3,Jean-Pierre Jeunet,A|B,paris,fr,122\n"
        "1,John Lasseter,,,en,\n"
    )
    (tmp_path / "about.json").write_text(json.dumps({"simulated": True, "rmse_floor": 0.8}))
    dataset = _dataset(tmp_path)
    assert dataset.simulated
    assert dataset.tags is not None
    assert dataset.credits is not None
    assert dataset.tags["tag"].tolist() == ["fun"]
    assert dataset.credits["movie_id"].tolist() == [1, 3]
    assert dataset.credits["cast"].tolist() == ["", "A|B"]
    assert pd.isna(dataset.credits["runtime"][0])
    assert dataset.credits["runtime"][1] == 122


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not valid JSON"),
        ("[]", "must be an object"),
        (
            '{"simulated": "yes"}',
            r"must be an object whose 'simulated' is true or false \(found 'yes'\)",
        ),
        (b"\xff\xfe\xfa", "is not valid JSON"),
    ],
)
def test_a_malformed_about_is_named(tmp_path: Path, text: str | bytes, message: str) -> None:
    _csv(tmp_path)
    (tmp_path / "about.json").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(DataError, match=rf"about\.json: {message}"):
        read_movielens(tmp_path)


def test_an_about_that_says_nothing_of_it_means_real_ratings(tmp_path: Path) -> None:
    _csv(tmp_path)
    (tmp_path / "about.json").write_text('{"name": "x"}')
    assert not read_movielens(tmp_path).simulated


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_a_missing_file_of_movies_is_named(tmp_path: Path, layout: str) -> None:
    LAYOUTS[layout][0](tmp_path)
    name = next(n for n in ("movies.csv", "movies.dat", "u.item") if (tmp_path / n).exists())
    (tmp_path / name).unlink()
    with pytest.raises(DataError, match=f"the file {name} is missing"):
        read_movielens(tmp_path)


@pytest.mark.parametrize(
    ("layout", "file", "line", "message"),
    [
        ("1m", "ratings.dat", "1::2::3", r"ratings\.dat, line 5: the row has 5 fields"),
        ("1m", "ratings.dat", "1::2::x::4", r"ratings\.dat, line 5, column rating: not a number"),
        ("1m", "ratings.dat", "1:2::3::4", r"ratings\.dat, line 5: the row has 6 fields"),
        (
            "1m",
            "movies.dat",
            "x::Film::Drama",
            r"movies\.dat, line 5, column movie_id: not a whole",
        ),
        ("100k", "u.data", "1\t2\t3", r"u\.data, line 5: the row has 3 fields"),
        ("100k", "u.item", "7|Film", r"u\.item, line 7: the row has 2 fields where there are 24"),
    ],
)
def test_faults_in_old_layouts_are_named(
    tmp_path: Path, layout: str, file: str, line: str, message: str
) -> None:
    LAYOUTS[layout][0](tmp_path)
    with (tmp_path / file).open("a") as stream:
        stream.write(line + "\n")
    with pytest.raises(DataError, match=message):
        read_movielens(tmp_path)


def test_latin_1_in_10m_is_a_fault(tmp_path: Path) -> None:
    _dat("latin-1", "tags.dat")(tmp_path)
    with pytest.raises(DataError, match=r"movies\.dat, line 3, column title: .*UTF-8"):
        read_movielens(tmp_path)


def test_files_used(tmp_path: Path) -> None:
    _csv(tmp_path)
    (tmp_path / "links.csv").write_text("unused")
    assert [file.name for file in movielens_files(tmp_path)] == ["movies.csv", "ratings.csv"]


def test_ml_latest_small_as_published(ml_latest_small: Path) -> None:
    dataset = _dataset(ml_latest_small)
    assert len(dataset.ratings) == 100_836
    assert dataset.ratings["user_id"].nunique() == 610
    assert len(dataset.movies) == 9_742
    assert dataset.tags is not None
    assert len(dataset.tags) == 3_683
    assert dataset.movies["year"].isna().sum() == 12
    assert dataset.cleaning is not None
    assert dataset.cleaning.removed == {}
    published = pd.read_csv(ml_latest_small / "ratings.csv")
    published.columns = ["user_id", "movie_id", "rating", "timestamp"]
    published = published.sort_values(["timestamp", "user_id", "movie_id"], ignore_index=True)
    pd.testing.assert_frame_equal(dataset.ratings, published, check_dtype=False)
