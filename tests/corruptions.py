"""Ways in which a data set arrives broken: each takes a valid one and damages it in place.

A corruption gets a folder in MovieLens's csv layout. Those that concern a zip leave the folder
as it was and put ``<folder>.zip`` beside it, with ``<folder>.zip.md5`` where a checksum is
involved; `corrupted_path` returns what is to be read in either case.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

Rows = list[list[str]]

_USER, _MOVIE, _RATING, _TIME = range(4)


def corrupted_path(folder: Path) -> Path:
    """What to read after a corruption: the zip beside ``folder`` if there is one, else it."""
    archive = _archive(folder)
    return archive if archive.exists() else folder


def missing_column(folder: Path) -> None:
    _edit_ratings(folder, lambda rows: [[*row[:_RATING], row[_TIME]] for row in rows])


def wrong_type(folder: Path) -> None:
    """One rating, in the middle of the file, is a word."""

    def edit(rows: Rows) -> Rows:
        rows[len(rows) // 2][_RATING] = "good"
        return rows

    _edit_ratings(folder, edit)


def nan_ratings(folder: Path) -> None:
    """Three ratings are ``NaN``, one is empty."""
    _set(folder, _RATING, ["NaN", "nan", "NaN", ""])


def duplicate_keys(folder: Path) -> None:
    """Every tenth (user, movie) pair comes again at the end, rated later with half a star."""

    def edit(rows: Rows) -> Rows:
        again = [[r[_USER], r[_MOVIE], "0.5", str(int(r[_TIME]) + 1)] for r in rows[1::10]]
        return rows + again

    _edit_ratings(folder, edit)


def rating_seven(folder: Path) -> None:
    _set(folder, _RATING, ["7.0"] * 3)


def negative_timestamps(folder: Path) -> None:
    _set(folder, _TIME, ["-1", "-964982703", "-1"])


def unknown_movie_ids(folder: Path) -> None:
    _set(folder, _MOVIE, ["999999001", "999999002"])


def empty_file(folder: Path) -> None:
    (folder / "ratings.csv").write_bytes(b"")


def truncated_zip(folder: Path) -> None:
    """Puts the first half of a zip at ``<folder>.zip``."""
    content = _zipped(folder)
    _archive(folder).write_bytes(content[: len(content) // 2])


def wrong_checksum(folder: Path) -> None:
    """Puts a readable zip at ``<folder>.zip`` and an MD5 that is not its own beside it."""
    archive = _archive(folder)
    archive.write_bytes(_zipped(folder))
    archive.with_name(archive.name + ".md5").write_text(f"{'0' * 32}  {archive.name}\n")


def non_utf8(folder: Path) -> None:
    """The second title is in Latin-1."""
    movies = folder / "movies.csv"
    lines = movies.read_bytes().splitlines(keepends=True)
    movie_id = lines[2].partition(b",")[0]
    lines[2] = movie_id + ",Amélie à Paris (2001),Comedy\n".encode("latin-1")
    movies.write_bytes(b"".join(lines))


def huge_field(folder: Path) -> None:
    """The second title has ten million characters."""

    def edit(rows: Rows) -> Rows:
        rows[2][1] = "x" * 10_000_000
        return rows

    _edit(folder / "movies.csv", edit)


def one_user_only(folder: Path) -> None:
    """Only the ratings of the most active user are left."""
    _keep_most_frequent(folder, _USER)


def one_movie_only(folder: Path) -> None:
    """Only the ratings of the most rated movie are left."""
    _keep_most_frequent(folder, _MOVIE)


def constant_ratings(folder: Path) -> None:
    def edit(rows: Rows) -> Rows:
        return rows[:1] + [[*row[:_RATING], "4.0", row[_TIME]] for row in rows[1:]]

    _edit_ratings(folder, edit)


def swapped_ids(folder: Path) -> None:
    """The header names the movies ``userId`` and the users ``movieId``."""

    def edit(rows: Rows) -> Rows:
        return [["movieId", "userId", "rating", "timestamp"], *rows[1:]]

    _edit_ratings(folder, edit)


def swapped_values(folder: Path) -> None:
    """Ratings and timestamps stand in each other's columns."""

    def edit(rows: Rows) -> Rows:
        return rows[:1] + [[row[0], row[1], row[_TIME], row[_RATING]] for row in rows[1:]]

    _edit_ratings(folder, edit)


def crlf_and_bom(folder: Path) -> None:
    """All tables have a byte order mark and lines that end as on Windows."""
    for path in folder.glob("*.csv"):
        content = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        path.write_bytes(b"\xef\xbb\xbf" + content)


def extra_columns(folder: Path) -> None:
    """Ratings and movies have two columns more, one in front and one at the end."""

    def edit(rows: Rows) -> Rows:
        return [["source", *rows[0], "device"], *(["web", *row, "tv"] for row in rows[1:])]

    for name in ("ratings.csv", "movies.csv"):
        _edit(folder / name, edit)


def shuffled_header(folder: Path) -> None:
    """The columns, header and values alike, stand in another order."""
    for name in ("ratings.csv", "movies.csv"):
        _edit(folder / name, lambda rows: [row[::-1] for row in rows])


def zero_byte_movies(folder: Path) -> None:
    (folder / "movies.csv").write_bytes(b"")


CORRUPTIONS: dict[str, Callable[[Path], None]] = {
    function.__name__: function
    for function in (
        missing_column,
        wrong_type,
        nan_ratings,
        duplicate_keys,
        rating_seven,
        negative_timestamps,
        unknown_movie_ids,
        empty_file,
        truncated_zip,
        wrong_checksum,
        non_utf8,
        huge_field,
        one_user_only,
        one_movie_only,
        constant_ratings,
        swapped_ids,
        swapped_values,
        crlf_and_bom,
        extra_columns,
        shuffled_header,
        zero_byte_movies,
    )
}


def _edit(path: Path, edit: Callable[[Rows], Rows]) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = edit(list(csv.reader(stream)))
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)


def _edit_ratings(folder: Path, edit: Callable[[Rows], Rows]) -> None:
    _edit(folder / "ratings.csv", edit)


def _set(folder: Path, column: int, values: list[str]) -> None:
    """Put ``values`` into ``column`` of every third rating, from the second on."""

    def edit(rows: Rows) -> Rows:
        for row, value in zip(rows[2::3], values, strict=False):
            row[column] = value
        return rows

    _edit_ratings(folder, edit)


def _keep_most_frequent(folder: Path, column: int) -> None:
    def edit(rows: Rows) -> Rows:
        counts = Counter(row[column] for row in rows[1:])
        most_frequent = max(counts, key=lambda value: (counts[value], value))
        return rows[:1] + [row for row in rows[1:] if row[column] == most_frequent]

    _edit_ratings(folder, edit)


def _archive(folder: Path) -> Path:
    return folder.with_name(folder.name + ".zip")


def _zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"{folder.name}/{path.name}")
    return buffer.getvalue()
