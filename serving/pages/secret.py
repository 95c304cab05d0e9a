"""The secret that signs cookies and forms: made once, for its owner alone, one for all workers."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from recommender.errors import UsageError

_BYTES = 32
_OWNER_ALONE = 0o600


class SigningSecret:
    """The secret in a file, made where it is absent.

    Args:
        file: Where it is.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    @cached_property
    def key(self) -> bytes:
        """The secret; read when first asked for, and then kept.

        Raises:
            UsageError: The file is too short to be a secret, or cannot be read.
        """
        try:
            found = self._read() or self._make()
        except OSError as error:
            raise UsageError(
                "the secret of the web page cannot be read or made",
                place=str(self.file),
                value=error.strerror,
                remedy="Let the server's user write there, or name another pages.secret_file.",
            ) from error
        if len(found) < _BYTES:
            raise UsageError(
                f"a secret has at least {_BYTES} bytes",
                place=str(self.file),
                remedy="Remove the file; the server makes another, and visitors sign in again.",
            )
        return found

    def _read(self) -> bytes | None:
        try:
            return self.file.read_bytes()
        except FileNotFoundError:
            return None

    def _make(self) -> bytes:
        """Write a new secret unless another worker was faster, and return what stands there."""
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        work = self.file.with_name(f".{self.file.name}-{secrets.token_hex(8)}")
        descriptor = os.open(work, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ALONE)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(secrets.token_bytes(_BYTES))
            # A link is made whole or not at all, and never over what is there.
            with suppress(FileExistsError):
                self.file.hardlink_to(work)
        finally:
            work.unlink()
        return self.file.read_bytes()
