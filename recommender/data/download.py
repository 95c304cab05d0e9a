"""MovieLens data sets from GroupLens: progress, checksum, and resumption after an interruption."""

from __future__ import annotations

import http.client
import logging
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from recommender.data.checksum import checksum_file, file_md5, parse_md5
from recommender.data.files import Progress
from recommender.errors import DataError, UsageError

BASE_URL = "https://files.grouplens.org/datasets/movielens"

#: MD5 of each zip. ``ml-latest-small`` is republished from time to time, so its checksum is
#: fetched with it.
CHECKSUMS: Mapping[str, str | None] = {
    "ml-latest-small": None,
    "ml-100k": "0e33842e24a9c977be4e0107933c0723",
    "ml-1m": "c4d9eecfca2ab87c1945afe126590906",
    "ml-10m": "ce571fd55effeba0271552578f2648bd",
    "ml-20m": "cd245b17a1ae2cc31bb14903e1204af3",
    "ml-25m": "6b51fb2759a8657d3bfcbfc42b592ada",
    "ml-32m": "d472be332d4daa821edc399621853b57",
}

_CHUNK = 1 << 18
_LONGEST_CHECKSUM_FILE = 4096
_REMEDY = "Run again to go on where it stopped, or give a folder or zip with --data-path."

Response = http.client.HTTPResponse | urllib.error.HTTPError

_log = logging.getLogger(__name__)


def download(
    name: str,
    folder: Path,
    *,
    base_url: str = BASE_URL,
    progress: Progress | None = None,
    timeout: float = 30.0,
    attempts: int = 3,
) -> Path:
    """Return the zip of a MovieLens data set in ``folder``, fetched where it is not there yet.

    The transfer goes to ``<name>.zip.part``, is resumed from there after an interruption, and is
    renamed only when its MD5 is right; the checksum stays beside it as ``<name>.zip.md5``.

    Args:
        name: A key of `CHECKSUMS`.
        folder: Where to keep the zip; made if absent.
        base_url: Address above ``<name>.zip``.
        progress: Told the bytes received and the bytes in all.
        timeout: Seconds to wait for the server at each step.
        attempts: How often a transfer that breaks off is resumed within this call, plus one.

    Raises:
        UsageError: ``name`` is not one of the data sets.
        DataError: The server cannot be reached, breaks off, or sends something with a wrong
            checksum.
    """
    if name not in CHECKSUMS:
        raise UsageError(
            "not a data set that can be downloaded",
            value=name,
            remedy=f"Choose one of {', '.join(CHECKSUMS)}, or give --data-path.",
        )
    transfer = _Transfer(
        f"{base_url}/{name}.zip", folder / f"{name}.zip.part", progress, timeout, attempts
    )
    try:
        return _downloaded(transfer, folder / f"{name}.zip", CHECKSUMS[name])
    except OSError as error:
        raise DataError(
            "cannot be written", place=error.filename or str(folder), value=error.strerror
        ) from error


def _downloaded(transfer: _Transfer, target: Path, known: str | None) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    expected = known or _kept_checksum(target)
    if target.is_file():
        if expected is None or file_md5(target) == expected:
            return target
        _log.warning("%s: wrong checksum; downloading it again", target)
    expected = expected or _published_checksum(transfer.url, transfer.timeout)
    transfer.fetch_verified(expected)
    checksum_file(target).write_text(f"{expected}  {target.name}\n", encoding="utf-8")
    transfer.part.replace(target)
    return target


def _kept_checksum(target: Path) -> str | None:
    kept = checksum_file(target)
    if not (target.is_file() and kept.is_file()):
        return None
    return parse_md5(kept.read_text(encoding="utf-8", errors="replace"), place=str(kept))


def _published_checksum(url: str, timeout: float) -> str:
    with _get(f"{url}.md5", timeout) as response:
        text = response.read(_LONGEST_CHECKSUM_FILE).decode("utf-8", errors="replace")
    return parse_md5(text, place=f"{url}.md5")


@dataclass(frozen=True)
class _Transfer:
    """One file on its way: from ``url`` to ``part``."""

    url: str
    part: Path
    progress: Progress | None
    timeout: float
    attempts: int

    def fetch_verified(self, expected: str) -> None:
        """Fetch the file and compare its MD5.

        What an earlier run left may be of an older file, so where the checksum of a resumed
        transfer is wrong, it starts once more from nothing.
        """
        resumed = self._received() > 0
        self._fetch()
        found = file_md5(self.part)
        if found != expected and resumed:
            _log.warning("%s: wrong checksum after resuming; starting from nothing", self.part)
            self.part.unlink()
            self._fetch()
            found = file_md5(self.part)
        if found != expected:
            self.part.unlink()
            raise DataError(
                f"wrong checksum: the MD5 should be {expected}",
                place=self.url,
                value=found,
                remedy="Try again later, or give a folder or zip with --data-path.",
            )

    def _received(self) -> int:
        return self.part.stat().st_size if self.part.is_file() else 0

    def _fetch(self) -> None:
        """Bring ``part`` to its full length, resuming where the transfer breaks off."""
        done, total = 0, None
        for attempt in range(1, self.attempts + 1):
            done, total = self._append()
            if total is None or done == total:
                return
            _log.warning("%s: attempt %d ended at %d of %d bytes", self.url, attempt, done, total)
            if done > total:
                self.part.unlink()
        raise DataError(
            f"the transfer broke off after {done:,} of {total:,} bytes",
            place=self.url,
            remedy=_REMEDY,
        )

    def _append(self) -> tuple[int, int | None]:
        """Append what is missing; return the length of ``part`` and the full length, if known."""
        done = self._received()
        with _get(self.url, self.timeout, first_byte=done) as response:
            content_range = response.headers.get("Content-Range", "")
            if response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                full_length = content_range.rpartition("/")[2]
                return done, int(full_length) if full_length.isdigit() else 0
            resumed = content_range.startswith(f"bytes {done}-")
            done = done if resumed else 0
            length = response.headers.get("Content-Length")
            total = done + int(length) if length is not None else None
            with self.part.open("ab" if resumed else "wb") as output:
                while chunk := _next_chunk(response):
                    output.write(chunk)
                    done += len(chunk)
                    if self.progress is not None:
                        self.progress(f"downloading {self.part.stem}", done, total)
        return done, total


def _next_chunk(response: Response) -> bytes:
    """Return the next bytes, or none at the end or where the transfer breaks off."""
    try:
        return response.read(_CHUNK)
    except http.client.IncompleteRead as broken:
        return broken.partial
    except (OSError, http.client.HTTPException) as error:
        _log.warning("%s: %s", response.url, error)
        return b""


def _get(url: str, timeout: float, first_byte: int = 0) -> Response:
    """Ask for ``url`` from ``first_byte`` on; the answer to an empty range is returned as well."""
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise UsageError("not an address of the web", place=url)
    headers = {"Range": f"bytes={first_byte}-"} if first_byte else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  # scheme checked above
    try:
        return urllib.request.urlopen(request, timeout=timeout)  # type: ignore[no-any-return]  # noqa: S310  # scheme checked above
    except urllib.error.HTTPError as error:
        if first_byte and error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return error
        raise DataError(
            "the server refuses the file", place=url, value=error.code, remedy=_REMEDY
        ) from error
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError) as error:
        raise DataError(f"cannot be reached: {error}", place=url, remedy=_REMEDY) from error
