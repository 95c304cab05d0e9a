"""Style, scripts and pictures, each address with a hash of all of them.

The hash is a folder of the address, so that a script that imports another by its name gets the one
of its own time. Files are small and few; they are read, and compressed, once.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from flask import Blueprint, Flask, Response, current_app, request, url_for
from werkzeug.exceptions import NotFound

FOLDER = Path(__file__).resolve().parents[1] / "static"
_EXTENSION = "roulette.pages.static"
_FOREVER = "public, max-age=31536000, immutable"
_COMPRESSED = frozenset({".css", ".js", ".svg"})
_HASH_LENGTH = 12
#: What there may be; the machine's own table of types is not asked.
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}

blueprint = Blueprint("static_files", __name__)


@dataclass(frozen=True)
class StaticFile:
    """One file.

    Attributes:
        content: Its bytes.
        compressed: The same by gzip, or ``None`` for what is compressed already.
        media_type: What it is.
    """

    content: bytes
    compressed: bytes | None
    media_type: str


class StaticFiles:
    """The files of a folder, in memory.

    Attributes:
        version: Hash of all names and contents.
        files: By path below the folder.
    """

    def __init__(self, folder: Path) -> None:
        self.files = {
            path.relative_to(folder).as_posix(): _read(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        digest = hashlib.sha256()
        for name, file in self.files.items():
            digest.update(f"{name}:{len(file.content)}:".encode() + file.content)
        self.version = digest.hexdigest()[:_HASH_LENGTH]


def init_app(app: Flask) -> None:
    """Give ``app`` its files."""
    app.extensions[_EXTENSION] = StaticFiles(FOLDER)
    app.register_blueprint(blueprint)


def address(name: str) -> str:
    """Return where a file is.

    Raises:
        KeyError: There is no such file.
    """
    found = _files()
    found.files[name]  # a template that names none fails, in the tests
    return url_for("static_files.file", version=found.version, name=name)


@blueprint.get("/static/<version>/<path:name>")
def file(version: str, name: str) -> Response:
    """Answer with a file; with today's under the address of an earlier time, for a short while."""
    found = _files()
    asked = found.files.get(name)
    if asked is None:
        raise NotFound
    response = Response(asked.content, mimetype=asked.media_type)
    if asked.compressed is not None:
        response.vary.add("Accept-Encoding")
        if request.accept_encodings["gzip"] > 0:
            response.set_data(asked.compressed)
            response.content_encoding = "gzip"
    response.headers["Cache-Control"] = _FOREVER if version == found.version else "no-cache"
    return response


@blueprint.get("/favicon.ico")
def favicon() -> Response:
    """Lead to the icon, for what is no page of ours and names none."""
    response = Response(status=302)
    response.location = address("wheel.svg")
    return response


def _files() -> StaticFiles:
    return cast(StaticFiles, current_app.extensions[_EXTENSION])


def _read(path: Path) -> StaticFile:
    content = path.read_bytes()
    small = gzip.compress(content, 9, mtime=0) if path.suffix in _COMPRESSED else None
    return StaticFile(content, small, _TYPES[path.suffix])
