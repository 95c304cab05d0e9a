"""MD5 checksums as GroupLens publishes them: ``<name>.zip.md5`` beside ``<name>.zip``."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from recommender.errors import DataError

_CHUNK = 1 << 20
_MD5 = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{32}(?![0-9a-fA-F])")


def file_md5(file: Path) -> str:
    """Return the MD5 (hex) of a file's bytes; it guards against damage, not against malice."""
    digest = hashlib.md5(usedforsecurity=False)
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def parse_md5(text: str, *, place: str) -> str:
    """Return the checksum in the text of an ``.md5`` file, BSD or GNU style.

    >>> parse_md5("MD5 (ml-1m.zip) = C4D9EECFCA2AB87C1945AFE126590906", place="ml-1m.zip.md5")
    'c4d9eecfca2ab87c1945afe126590906'

    Raises:
        DataError: The text holds no checksum.
    """
    found = _MD5.search(text)
    if found is None:
        raise DataError("holds no MD5 checksum", place=place, value=text[:60])
    return found.group().lower()


def checksum_file(file: Path) -> Path:
    """Return where the checksum of ``file`` is kept: its name with ``.md5`` added."""
    return file.with_name(f"{file.name}.md5")


def verify_checksum(file: Path) -> None:
    """Compare ``file`` with the ``.md5`` beside it, if there is one.

    Raises:
        DataError: The checksums differ, or the ``.md5`` file is unreadable.
    """
    published = checksum_file(file)
    if not published.is_file():
        return
    try:
        text = published.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read: {error}", place=str(published)) from error
    expected = parse_md5(text, place=str(published))
    found = file_md5(file)
    if found != expected:
        raise DataError(
            f"wrong checksum: the MD5 should be {expected}",
            place=str(file),
            value=found,
            remedy="The file is damaged or was changed; download it again.",
        )
