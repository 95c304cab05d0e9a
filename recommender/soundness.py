"""Whether a published bundle may be used: checked in full once, and known again by its files.

To compare every file with its SHA-256, and every number with NaN, takes as long as reading the
bundle. Whoever has done so writes down size, times and inode of each file. As long as these are
the same, so are the files, and the next process opens the bundle at once; a file that was written
to, cut, replaced or restored has other marks and is checked again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.bundle import MANIFEST, Bundle, open_bundle, verify_files
from recommender.errors import BundleError
from recommender.publication import PublishedFolder, write_json

#: Numbers looked at together, which bounds memory.
_CHUNK = 1 << 20

#: By file name: size in bytes, times of change of content and of entry (ns), and inode.
Marks = Mapping[str, list[int]]


def open_sound(folder: PublishedFolder, digest: str) -> Bundle:
    """Return the published bundle ``digest``, checked in full unless its files are known.

    Raises:
        BundleError: It is missing, incomplete, altered, of another format version, not the one
            of this digest, or holds a number that is not finite.
    """
    path = folder.bundle(digest)
    bundle = open_bundle(path, verify=False)
    if bundle.digest != digest:
        raise BundleError(
            f"the bundle is not the one of digest {digest}", place=str(path), value=bundle.digest
        )
    if not is_marked(folder, bundle):
        check_sound(bundle)
    return bundle


def check_sound(bundle: Bundle) -> None:
    """Compare every file with its SHA-256, and look for numbers that are not finite.

    Raises:
        BundleError: The first file that is missing or altered, or that holds NaN or infinity.
    """
    verify_files(bundle.path, bundle.manifest.files)
    for name, array in bundle.items():
        if not is_finite(array):
            raise BundleError(
                "an array holds NaN or infinity",
                place=str(bundle.path / f"{name}.npy"),
                remedy="Train again; a model with such numbers cannot rank.",
            )


def mark_sound(folder: PublishedFolder, bundle: Bundle) -> None:
    """Write down the files of a bundle that `check_sound` let through."""
    write_json(folder.marks_file(bundle.digest), dict(file_marks(bundle)))


def is_marked(folder: PublishedFolder, bundle: Bundle) -> bool:
    """Return whether the files of ``bundle`` are those that `mark_sound` wrote down."""
    try:
        known = json.loads(folder.marks_file(bundle.digest).read_bytes())
        return bool(known == file_marks(bundle))
    except (OSError, ValueError):
        # Without marks, or without a file, the full check says what is wrong.
        return False


def file_marks(bundle: Bundle) -> Marks:
    """Return the marks of every file of ``bundle``.

    Raises:
        OSError: A file is missing.
    """
    names = (MANIFEST, *bundle.manifest.files)
    return {name: _mark((bundle.path / name).stat()) for name in sorted(names)}


def folder_marks(path: Path) -> Marks | None:
    """Return the marks of whatever is in a folder, or ``None`` if it cannot be read."""
    try:
        return {file.name: _mark(file.stat()) for file in path.iterdir()}
    except OSError:
        return None


def is_finite(array: npt.NDArray[Any]) -> bool:
    """Return whether every number of ``array`` (any shape and kind) is finite.

    >>> is_finite(np.array([1, 2])), is_finite(np.array([[1.0, np.nan]]))
    (True, False)
    """
    if not np.issubdtype(array.dtype, np.inexact):
        return True
    flat = np.asarray(array).ravel(order="K")
    starts = range(0, flat.size, _CHUNK)
    return all(bool(np.isfinite(flat[start : start + _CHUNK]).all()) for start in starts)


def _mark(found: os.stat_result) -> list[int]:
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
