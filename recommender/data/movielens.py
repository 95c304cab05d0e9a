"""MovieLens data sets in every layout that GroupLens has published, from a folder or a zip.

========  =========================  =============================  =====================
Layout    Data sets                  Files                          Ratings
========  =========================  =============================  =====================
csv       latest-small, 20m to 32m,  ratings.csv, movies.csv,       0.5 to 5 by halves
          this project's sample      optional tags.csv,
                                     credits.csv and about.json
dat       1m (it has users.dat)      ratings.dat, movies.dat        1 to 5, whole stars
dat       10m                        ratings.dat, movies.dat,       0.5 to 5 by halves
                                     optional tags.dat
u         100k                       u.data, u.item                 1 to 5, whole stars
========  =========================  =============================  =====================

The layout is recognised from the files that are there. ``credits.csv`` and ``about.json`` are
additions of this project.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from recommender.data.columnar import RawTable, TextFormat, read_columns
from recommender.data.files import Progress, SourceFile, find_files
from recommender.data.raw import RATING_TYPES, RawDataset
from recommender.data.titles import split_titles, uniform_genres
from recommender.errors import DataError
from recommender.scale import RatingScale

Files = Mapping[str, SourceFile]

_HALF_STARS = RatingScale(0.5, 5.0, 0.5)
_WHOLE_STARS = RatingScale(1.0, 5.0, 1.0)
_THEIR_NAMES = {"user_id": "userId", "movie_id": "movieId"}
_TAG_TYPES = {
    "user_id": pa.int32(),
    "movie_id": pa.int32(),
    "tag": pa.string(),
    "timestamp": pa.int64(),
}
_CREDIT_TYPES = {
    "movie_id": pa.int32(),
    "directors": pa.string(),
    "cast": pa.string(),
    "keywords": pa.string(),
    "language": pa.string(),
    "runtime": pa.int16(),
}
_MOVIE_TYPES = {"movie_id": pa.int32(), "title": pa.string(), "genres": pa.string()}
#: ``u.item`` flags, in the order of its columns; the first stands for no known genre.
_U_GENRES = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime"),
    *("Documentary", "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery"),
    *("Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
#: A byte that separates fields in place of ``::``, which Arrow cannot take as one delimiter.
_UNIT_SEPARATOR = "\x1f"


@dataclass(frozen=True)
class Layout:
    """One published layout.

    Attributes:
        required: Names of the files it needs; the first identifies it.
        optional: Names of further files that are read where present.
        read: Reads the files.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...]
    read: Callable[[Files, Progress | None], RawDataset]


def read_movielens(path: Path, progress: Progress | None = None) -> RawDataset:
    """Read the MovieLens data set in ``path``, a folder or a zip, which is not unpacked to disk.

    Args:
        path: The folder or zip; the files may lie in a folder within it.
        progress: Told the bytes read so far.

    Raises:
        DataError: The files are missing, damaged or malformed; the message names the place.
    """
    layout, files = _recognise(path)
    return layout.read(files, progress)


def movielens_files(path: Path) -> list[SourceFile]:
    """Return the files of the data set in ``path`` that `read_movielens` takes into account.

    Raises:
        DataError: There is no data set, or one of its files is missing.
    """
    layout, files = _recognise(path)
    used = (*layout.required, *layout.optional)
    return [files[name] for name in sorted(used) if name in files]


def _recognise(path: Path) -> tuple[Layout, Files]:
    files = find_files(path, [layout.required[0] for layout in LAYOUTS])
    layout = next(layout for layout in LAYOUTS if layout.required[0] in files)
    for name in layout.required:
        if name not in files:
            raise DataError(
                f"the file {name} is missing",
                place=str(path),
                remedy=f"A data set with {layout.required[0]} needs it.",
            )
    return layout, files


def _read_csv(files: Files, progress: Progress | None) -> RawDataset:
    tags = files.get("tags.csv")
    credits_file = files.get("credits.csv")
    return RawDataset(
        ratings=read_columns(files["ratings.csv"], _theirs(RATING_TYPES), progress=progress),
        movies=_with_years(read_columns(files["movies.csv"], _theirs(_MOVIE_TYPES))),
        scale=_HALF_STARS,
        tags=read_columns(tags, _theirs(_TAG_TYPES), progress=progress) if tags else None,
        credits=read_columns(credits_file, _theirs(_CREDIT_TYPES)) if credits_file else None,
        simulated=_is_simulated(files.get("about.json")),
    )


def _read_dat(files: Files, progress: Progress | None) -> RawDataset:
    """Read the layout whose fields are separated by ``::``.

    With one colon as the delimiter every other column is empty, so the ratings need no copy; the
    empty columns are read as nulls, which proves that they are empty.
    """
    movielens_1m = "users.dat" in files
    header = ("user_id", "_1", "movie_id", "_2", "rating", "_3", "timestamp")
    types = {name: RATING_TYPES.get(name, pa.null()) for name in header}
    colons = TextFormat(delimiter=":", quoted=False, header=header)
    ratings = read_columns(files["ratings.dat"], _same(types), colons, progress)
    encoding = "latin-1" if movielens_1m else "utf-8"
    movies = _read_double_colons(files["movies.dat"], _MOVIE_TYPES, encoding)
    tags = files.get("tags.dat")
    return RawDataset(
        ratings=replace(ratings, table=ratings.table.select(list(RATING_TYPES))),
        movies=_with_years(movies),
        scale=_WHOLE_STARS if movielens_1m else _HALF_STARS,
        tags=_read_double_colons(tags, _TAG_TYPES, "utf-8") if tags else None,
    )


def _read_double_colons(
    file: SourceFile, types: Mapping[str, pa.DataType], encoding: str
) -> RawTable:
    """Read a small file with text, in which a single colon is part of the text."""
    content = file.read_bytes().replace(b"::", _UNIT_SEPARATOR.encode())
    if encoding != "utf-8":
        content = content.decode(encoding).encode("utf-8")
    separated = TextFormat(_UNIT_SEPARATOR, quoted=False, header=tuple(types))
    return read_columns(file.with_content(content), _same(types), separated)


def _read_u(files: Files, progress: Progress | None) -> RawDataset:
    tabs = TextFormat("\t", quoted=False, header=tuple(RATING_TYPES))
    ratings = read_columns(files["u.data"], _same(RATING_TYPES), tabs, progress)
    item = files["u.item"]
    bars = TextFormat(
        "|", quoted=False, header=("movie_id", "title", "released", "video", "url", *_U_GENRES)
    )
    types = {
        "movie_id": pa.int32(),
        "title": pa.string(),
        "released": pa.string(),
        **dict.fromkeys(_U_GENRES, pa.int8()),
    }
    content = item.read_bytes().decode("latin-1").encode("utf-8")
    movies = _with_years(_join_flags(read_columns(item.with_content(content), _same(types), bars)))
    return RawDataset(ratings=ratings, movies=movies, scale=_WHOLE_STARS)


def _join_flags(raw: RawTable) -> RawTable:
    """Put ``genres`` in place of the flags, one column each, of ``u.item``."""
    named = _U_GENRES[1:]
    flags = zip(*(raw.table.column(genre).to_pylist() for genre in named), strict=True)
    genres = ["|".join(compress(named, row)) for row in flags]
    table = raw.table.select(["movie_id", "title", "released"]).append_column(
        "genres", pa.array(genres, pa.string())
    )
    return replace(raw, table=table)


def _with_years(raw: RawTable) -> RawTable:
    """Part the year from the title; a film without one has that of its release, if known."""
    titles, years = split_titles(raw.table.column("title"))
    if "released" in raw.table.column_names:
        released = pc.extract_regex(raw.table.column("released"), r"(?P<year>\d{4})$")
        years = pc.coalesce(years, pc.struct_field(released, "year").cast(pa.int16()))
    table = pa.table(
        {
            "movie_id": raw.table.column("movie_id"),
            "title": titles,
            "year": years,
            "genres": uniform_genres(raw.table.column("genres")),
        }
    )
    return replace(raw, table=table)


def _is_simulated(about: SourceFile | None) -> bool:
    if about is None:
        return False
    try:
        facts = json.loads(about.read_bytes())
    except ValueError as error:
        raise DataError(f"is not valid JSON: {error}", place=about.place) from error
    simulated = facts.get("simulated", False) if isinstance(facts, dict) else None
    if not isinstance(simulated, bool):
        raise DataError(
            "must be an object whose 'simulated' is true or false",
            place=about.place,
            value=simulated,
        )
    return simulated


def _theirs(types: Mapping[str, pa.DataType]) -> dict[str, tuple[str, pa.DataType]]:
    """Map our names to the spelling of MovieLens's CSV headers."""
    return {name: (_THEIR_NAMES.get(name, name), kind) for name, kind in types.items()}


def _same(types: Mapping[str, pa.DataType]) -> dict[str, tuple[str, pa.DataType]]:
    """Map names to themselves, for files without a header."""
    return {name: (name, kind) for name, kind in types.items()}


LAYOUTS = (
    Layout(("ratings.csv", "movies.csv"), ("tags.csv", "credits.csv", "about.json"), _read_csv),
    Layout(("ratings.dat", "movies.dat"), ("tags.dat", "users.dat"), _read_dat),
    Layout(("u.data", "u.item"), (), _read_u),
)
