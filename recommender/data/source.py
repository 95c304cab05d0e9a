"""Where a data set comes from, its digest, and the way from there to a clean `Dataset`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from recommender.data.cleaning import clean
from recommender.data.files import Progress, SourceFile, local_file
from recommender.data.movielens import movielens_files, read_movielens
from recommender.data.raw import RawDataset
from recommender.data.table import TABLE_SUFFIXES, read_table
from recommender.errors import UsageError
from recommender.schema import Dataset

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Source:
    """What to read.

    Attributes:
        name: Name that the data set will have.
        path: Folder or zip in a MovieLens layout, or one CSV or Parquet file of ratings.
        column_map: For CSV and Parquet: our column names to those of the file.
        movies_path: For CSV and Parquet: a second file with the movies, or ``None``.
    """

    name: str
    path: Path
    column_map: Mapping[str, str] = field(default_factory=dict)
    movies_path: Path | None = None


def read_dataset(source: Source, progress: Progress | None = None) -> Dataset:
    """Read and clean a data set; what was removed stands in ``Dataset.cleaning``.

    Args:
        source: What to read.
        progress: Told what is being read, the bytes done and the bytes in all.

    Raises:
        DataError: The data cannot be read or used; the message names the place.
        UsageError: The column map is not one for this source.
    """
    digest = source_digest(source, progress)
    return clean(_read(source, progress), name=source.name, digest=digest)


def source_digest(source: Source, progress: Progress | None = None) -> str:
    """Return the SHA-256 (hex) over the names and contents of the files used, and their mapping.

    A folder and a zip with the same files have the same digest. About 1 GB/s.

    Args:
        source: What to digest.
        progress: Told which file is being read, the bytes done and the bytes in all.

    Raises:
        DataError: A file is missing or cannot be read.
    """
    digest = hashlib.sha256()
    for file in _files(source):
        digest.update(f"{file.name}\n{file.size}\n".encode())
        done = 0
        with file.open() as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
                done += len(chunk)
                if progress is not None:
                    progress(f"checking {file.name}", done, file.size)
    digest.update(json.dumps(dict(source.column_map), sort_keys=True).encode())
    return digest.hexdigest()


def _is_table(source: Source) -> bool:
    return source.path.suffix.lower() in TABLE_SUFFIXES and not source.path.is_dir()


def _files(source: Source) -> list[SourceFile]:
    if not _is_table(source):
        return movielens_files(source.path)
    paths = [source.path, *([source.movies_path] if source.movies_path else [])]
    return [local_file(path) for path in paths]


def _read(source: Source, progress: Progress | None) -> RawDataset:
    if _is_table(source):
        return read_table(
            source.path, source.column_map, movies_path=source.movies_path, progress=progress
        )
    if source.column_map or source.movies_path:
        raise UsageError(
            "a column map or a file of movies is only for a CSV or Parquet file of ratings",
            place=str(source.path),
            value=dict(source.column_map) or str(source.movies_path),
        )
    return read_movielens(source.path, progress)
