"""Word that the server stops, which makes it not ready before it refuses connections."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import cast

from flask import Flask, current_app

_EXTENSION = "roulette.stopping"
FILE = "stopping"


class StopNotice:
    """Whether the server is about to stop: by a file for all workers, or for this worker.

    Args:
        folder: What a running server keeps.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._here = threading.Event()

    @property
    def is_given(self) -> bool:
        """Whether the server is about to stop."""
        return self._here.is_set() or self._file.exists()

    def give(self) -> None:
        """Say so to every worker."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.touch()

    def give_here(self) -> None:
        """Say so to this worker; safe in a signal's handler."""
        self._here.set()

    def take_back(self) -> None:
        """Remove the word of an earlier server."""
        self._file.unlink(missing_ok=True)


def init_app(app: Flask, folder: Path) -> None:
    """Let ``app`` know when it is about to stop."""
    app.extensions[_EXTENSION] = StopNotice(folder)


def of_app(app: Flask) -> StopNotice:
    """Return the notice of an application."""
    return cast(StopNotice, app.extensions[_EXTENSION])


def is_stopping() -> bool:
    """Return whether the application that answers is about to stop."""
    return of_app(current_app).is_given
