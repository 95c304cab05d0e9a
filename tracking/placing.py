"""Puts bundles into the published folder: whole or not at all, and takes old ones away.

A published bundle is a copy of its own with read-only files: the workers map them into memory, and
a mapped file that somebody cuts short ends the process that reads it.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from recommender.bundle import MANIFEST, Bundle, open_bundle
from recommender.errors import BundleError
from recommender.publication import PublishedFolder, sync
from recommender.soundness import check_sound, is_marked, mark_sound

_INCOMING = ".incoming-"
_DAY_SECONDS = 86_400.0


@dataclass(frozen=True)
class Retention:
    """Which bundles stay besides those in use, so that lists of theirs can be made again.

    Attributes:
        bundles: So many that were published last.
        days: All that were production within so many days.
    """

    bundles: int = 5
    days: float = 7.0


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
        sync(target.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    mark_sound(folder, open_bundle(target, verify=False))


def remove_leftovers(folder: PublishedFolder) -> None:
    """Remove the copies that a killed publisher did not finish; only one publishes at a time."""
    for leftover in folder.bundles.glob(f"{_INCOMING}*"):
        shutil.rmtree(leftover, ignore_errors=True)


def prune(
    folder: PublishedFolder, in_use: Collection[str], retention: Retention
) -> tuple[str, ...]:
    """Remove bundles that are not in use and that the retention does not keep.

    Their records stay: they are small, and say of every list ever shown what made it.

    Returns:
        The digests of what was removed.
    """
    newest_first = sorted(
        kept_bundles(folder), key=lambda digest: _used_at(folder, digest), reverse=True
    )
    limit = time.time() - retention.days * _DAY_SECONDS
    old = [
        digest
        for digest in newest_first[retention.bundles :]
        if digest not in in_use and _used_at(folder, digest) < limit
    ]
    for digest in old:
        folder.marks_file(digest).unlink(missing_ok=True)
        # Renamed first, so that nobody opens half of it.
        away = folder.bundles / f"{_INCOMING}{digest}"
        folder.bundle(digest).rename(away)
        shutil.rmtree(away, ignore_errors=True)
    return tuple(old)


def kept_bundles(folder: PublishedFolder) -> tuple[str, ...]:
    """Return the digests of all bundles that are kept."""
    if not folder.bundles.is_dir():
        return ()
    return tuple(path.name for path in folder.bundles.iterdir() if not path.name.startswith("."))


def note_use(folder: PublishedFolder, digest: str) -> None:
    """Note that a bundle was in use until now, from when on its retention counts."""
    if folder.record_file(digest).exists():
        folder.record_file(digest).touch()


def _copy(bundle: Bundle, work: Path) -> None:
    for name in (*sorted(bundle.manifest.files), MANIFEST):
        shutil.copyfile(bundle.path / name, work / name)
        (work / name).chmod(0o444)
        sync(work / name)
    work.chmod(0o755)
    sync(work)


def _mend(target: Path, work: Path) -> None:
    for file in sorted(work.iterdir()):
        file.replace(target / file.name)
    sync(target)


def _used_at(folder: PublishedFolder, digest: str) -> float:
    try:
        return folder.record_file(digest).stat().st_mtime
    except OSError:
        return 0.0
