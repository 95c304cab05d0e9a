"""The files of a data set, in a folder or inside a zip, behind one small interface."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from recommender.data.checksum import verify_checksum
from recommender.errors import DataError

#: Called with what is being done, units done and units in total (``None`` where unknown).
Progress = Callable[[str, int, int | None], None]

_DAMAGED = "The file is incomplete or damaged; download or copy it again."


@dataclass(frozen=True)
class SourceFile:
    """One file to read, wherever it lies.

    Attributes:
        name: Its base name, for example ``ratings.csv``.
        place: Its path as shown in messages; a member of a zip is ``<zip>/<member>``.
        size: Its size in bytes, uncompressed.
        opener: Opens it for reading from the start.
    """

    name: str
    place: str
    size: int
    opener: Callable[[], IO[bytes]]

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the file.

        Raises:
            DataError: It cannot be opened, or turns out damaged while it is read.
        """
        try:
            with self.opener() as stream:
                yield stream
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
            raise DataError(
                f"cannot be read: {error}", place=self.place, remedy=_DAMAGED
            ) from error

    def read_bytes(self) -> bytes:
        """Return the whole content; for small files only."""
        with self.open() as stream:
            return stream.read()

    def with_content(self, content: bytes) -> SourceFile:
        """Return this file with other content, held in memory, under the same name and place."""
        return SourceFile(self.name, self.place, len(content), partial(io.BytesIO, content))


def local_file(path: Path) -> SourceFile:
    """Return a file of the file system.

    Raises:
        DataError: It does not exist or may not be read.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise DataError(
            "cannot be read", place=str(path), value=error.strerror, remedy="Check --data-path."
        ) from error
    return SourceFile(path.name, str(path), size, lambda: path.open("rb"))


def find_files(path: Path, markers: Collection[str]) -> dict[str, SourceFile]:
    """Return the files, by base name, of the folder that holds one of ``markers``.

    Args:
        path: A folder or a zip. The markers may lie in it or in a folder within, as in the
            zips that GroupLens publishes; the shallowest place is taken.
        markers: File names of which at least one identifies the right folder.

    Raises:
        DataError: ``path`` is absent or not a readable folder or zip, holds no marker, or holds
            markers in two places equally deep.
    """
    tree = _folder_tree(path, markers) if path.is_dir() else _zip_tree(path)
    homes = {name.parent for name in tree if name.name in markers}
    if not homes:
        raise DataError(
            f"holds none of {', '.join(markers)}",
            place=str(path),
            remedy="Give --data-path the folder or zip of a MovieLens data set.",
        )
    depth = min(len(home.parts) for home in homes)
    shallowest = sorted(str(home) for home in homes if len(home.parts) == depth)
    if len(shallowest) > 1:
        raise DataError(
            "holds more than one data set",
            place=str(path),
            value=shallowest,
            remedy="Give --data-path the one to read.",
        )
    return {name.name: file for name, file in tree.items() if str(name.parent) == shallowest[0]}


def _folder_tree(path: Path, markers: Collection[str]) -> dict[PurePosixPath, SourceFile]:
    pattern = "*" if any((path / name).exists() for name in markers) else "*/*"
    files = [file for file in path.glob(pattern) if file.is_file()]
    return {PurePosixPath(file.relative_to(path)): local_file(file) for file in files}


def _zip_tree(path: Path) -> dict[PurePosixPath, SourceFile]:
    local_file(path)
    verify_checksum(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = [item for item in archive.infolist() if not item.is_dir()]
    except (OSError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(
            f"is not a readable zip: {error}", place=str(path), remedy=_DAMAGED
        ) from error
    return {
        PurePosixPath(item.filename): SourceFile(
            name=PurePosixPath(item.filename).name,
            place=f"{path}/{item.filename}",
            size=item.file_size,
            opener=partial(_open_member, path, item.filename),
        )
        for item in members
        if not item.filename.startswith("__MACOSX/")
    }


def _open_member(path: Path, member: str) -> IO[bytes]:
    """Open one member; the archive's own file stays open until the member is closed."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.open(member)
    except (NotImplementedError, RuntimeError) as error:
        raise DataError(
            f"cannot be unpacked: {error}",
            place=f"{path}/{member}",
            remedy="Unpack the zip yourself and give the folder.",
        ) from error
