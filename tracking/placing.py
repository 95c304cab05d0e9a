"""Puts bundles into the published folder: whole or not at all, and takes old ones away.

A published bundle is a copy of its own with read-only files: the workers map them into memory, and
a mapped file that somebody cuts short ends the process that reads it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection
from pathlib import Path

from recommender.bundle import MANIFEST, Bundle, open_bundle
from recommender.errors import BundleError
from recommender.publication import PublishedFolder, sync_folder
from recommender.soundness import check_sound, is_marked, mark_sound

_INCOMING = ".incoming-"


def is_placed(folder: PublishedFolder, digest: str) -> bool:
    """Return whether the bundle ``digest`` is there, with the files that were checked in full."""
    try:
        bundle = open_bundle(folder.bundle(digest), verify=False)
    except BundleError:
        return False
    return bundle.digest == digest and is_marked(folder, bundle)


def place(bundle: Bundle, folder: PublishedFolder) -> None:
    """Copy a bundle to where workers look for it, durable, and check the copy in full.

    Whatever is there already is mended file by file: each file is replaced at once by the whole
    one, and processes that have mapped the old one keep it.

    Raises:
        BundleError: A file differs from its SHA-256, or a number is not finite.
        OSError: The copy cannot be written.
    """
    target = folder.bundle(bundle.digest)
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=_INCOMING, dir=target.parent))
    try:
        _copy(bundle, work)
        check_sound(open_bundle(work, verify=False))
        if target.is_dir():
            _mend(target, work)
        else:
            work.rename(target)
        sync_folder(target.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    mark_sound(folder, open_bundle(target, verify=False))


def remove_leftovers(folder: PublishedFolder) -> None:
    """Remove the copies that a killed publisher did not finish; only one publishes at a time."""
    for leftover in folder.bundles.glob(f"{_INCOMING}*"):
        shutil.rmtree(leftover, ignore_errors=True)


def prune(folder: PublishedFolder, in_use: Collection[str], keep: int) -> tuple[str, ...]:
    """Remove bundles that are neither in use nor among the ``keep`` that were published last.

    Their records stay: they are small, and say of every list ever shown what made it.

    Returns:
        The digests of what was removed.
    """
    found = [path.name for path in folder.bundles.iterdir() if not path.name.startswith(".")]
    latest = sorted(found, key=lambda digest: _published_at(folder, digest), reverse=True)
    old = [digest for digest in latest[keep:] if digest not in in_use]
    for digest in old:
        folder.marks_file(digest).unlink(missing_ok=True)
        # Renamed first, so that nobody opens half of it.
        away = folder.bundles / f"{_INCOMING}{digest}"
        folder.bundle(digest).rename(away)
        shutil.rmtree(away, ignore_errors=True)
    return tuple(old)


def _copy(bundle: Bundle, work: Path) -> None:
    for name in (*sorted(bundle.manifest.files), MANIFEST):
        shutil.copyfile(bundle.path / name, work / name)
        (work / name).chmod(0o444)
        _sync_file(work / name)
    work.chmod(0o755)
    sync_folder(work)


def _mend(target: Path, work: Path) -> None:
    for file in sorted(work.iterdir()):
        file.replace(target / file.name)
    sync_folder(target)


def _sync_file(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _published_at(folder: PublishedFolder, digest: str) -> float:
    try:
        return folder.record_file(digest).stat().st_mtime
    except OSError:
        return 0.0
