"""From what a run asks for, by name or by path, to a clean dataset."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from recommender.data.additions import Additions, merge
from recommender.data.download import CHECKSUMS, download
from recommender.data.files import Progress
from recommender.data.source import Source, read_dataset, source_digest
from recommender.data.versioning import ensure_recorded_data, folder_digest, recorded_digest
from recommender.errors import DataError, UsageError
from recommender.schema import Dataset

#: The data set that ``data.dvc`` records.
SAMPLE = "sample"


@dataclass(frozen=True)
class EventsRequest:
    """Which events of the site are merged into the data.

    Attributes:
        until: Number of the last one.
        digest: SHA-256 of what they come to, which keys a cache of ingestion.
    """

    until: int
    digest: str


@dataclass(frozen=True)
class DataRequest:
    """Which data a run wants.

    Attributes:
        name: ``sample``, a MovieLens name, or any name with ``path``.
        path: Folder, zip or file to read, or ``None`` for the recorded or downloaded data.
        column_map: For CSV and Parquet: our column names to those of the file.
        movies_path: For CSV and Parquet: a file of movies, or ``None``.
        accept_data: Whether recorded data that was changed is used all the same.
        events: Events of the site to be merged, or ``None`` for the data alone.
    """

    name: str
    path: str | None = None
    column_map: dict[str, str] = field(default_factory=dict)
    movies_path: str | None = None
    accept_data: bool = False
    events: EventsRequest | None = None


@dataclass(frozen=True)
class DataHome:
    """Where data lies.

    Attributes:
        folder: The versioned data folder.
        record: Its ``.dvc`` file.
        downloads: Folder of downloaded zips.
    """

    folder: Path
    record: Path
    downloads: Path


def is_versioned(request: DataRequest) -> bool:
    """Return whether the request is for the data that ``data.dvc`` records."""
    return request.path is None and request.name == SAMPLE


def content_version(request: DataRequest, home: DataHome) -> str:
    """Return what changes whenever the content changes, without reading more than the bytes.

    A cache of ingestion is keyed on it: a path alone does not notice changed content.

    Raises:
        DataError: The data cannot be read, or the record of the data is missing.
        UsageError: The name is not known and there is no path.
    """
    if request.path is not None:
        return source_digest(_source(request, Path(request.path)))
    if is_versioned(request):
        return folder_digest(home.folder) if home.folder.exists() else recorded_digest(home.record)
    check_name(request.name)
    file = home.downloads / f"{request.name}.zip"
    return source_digest(_source(request, file)) if file.exists() else "not downloaded yet"


def ingest(
    request: DataRequest,
    home: DataHome,
    progress: Progress | None = None,
    additions: Additions | None = None,
) -> Dataset:
    """Fetch what is missing, read, clean, and merge what came later.

    Args:
        request: Which data.
        home: Where data lies.
        progress: Told what is being done, how much of it is done, and how much it is in all.
        additions: What came later, or ``None``.

    Raises:
        DataError: The data cannot be fetched or used, or is not what the record says.
        UsageError: The name is not known and there is no path.
    """
    dataset = _ingest(request, home, progress)
    return dataset if additions is None else merge(dataset, additions)


def _ingest(request: DataRequest, home: DataHome, progress: Progress | None) -> Dataset:
    if request.path is not None:
        return read_dataset(_source(request, Path(request.path)), progress)
    if is_versioned(request):
        ensure_recorded_data(home.folder, home.record, accept=request.accept_data)
        return read_dataset(_source(request, home.folder), progress)
    check_name(request.name)
    file = download(request.name, home.downloads, progress=progress)
    return read_dataset(_source(request, file), progress)


def _source(request: DataRequest, path: Path) -> Source:
    if not path.exists():
        raise DataError(
            "there is no such file or folder",
            place=str(path),
            remedy="Give an existing folder, zip or file with --data-path.",
        )
    movies = Path(request.movies_path) if request.movies_path else None
    return Source(request.name, path, request.column_map, movies)


def check_name(name: str) -> None:
    """Check that there is a data set of that name.

    Raises:
        UsageError: There is none.
    """
    if name != SAMPLE and name not in CHECKSUMS:
        raise UsageError(
            "unknown data set",
            value=name,
            remedy=f"Choose {SAMPLE}, {', '.join(CHECKSUMS)}, or give --data-path.",
        )
