"""Posters of The Movie Database: asked for once, by the server alone, and kept.

A page never waits for them. What is not here yet is drawn, and fetched meanwhile by one thread of
each worker; the browser asks again soon. Without a token nothing is ever asked.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

from recommender.inference.search.names import names_of
from serving.posters.art import Film

Outcome = Literal["poster-fetched", "poster-absent", "poster-failed"]

_PATH = re.compile(r"/[A-Za-z0-9_-]{1,64}\.jpg")
_ARTICLE = re.compile(r"(?P<rest>.+), (?P<article>The|A|An)", re.IGNORECASE)
_JPEG = b"\xff\xd8\xff"
_LARGEST = 1 << 20
_SECONDS = 5.0
_MOST_WAITING = 300
#: After a failure, the time before anything is asked again; what is not there is asked for again
#: after a week.
_PAUSE_SECONDS = 30.0
_ABSENT_SECONDS = 7 * 24 * 3600.0
_YEARS_APART = 1


@dataclass(frozen=True)
class Source:
    """Where posters come from.

    Attributes:
        token: Read access token.
        api: Where the catalogue is asked.
        images: Where the pictures are, with their size.
    """

    token: str
    api: str
    images: str


class NoPoster(Exception):  # noqa: N818 - it is an answer
    """The database has no poster of the film."""


class PosterShelf:
    """Posters in a folder, filled in the background.

    Args:
        source: Where they come from.
        folder: Where they are kept, for all workers.
        note: Told what became of each fetch.
        pause_seconds: Time after a failure in which nothing is asked.
    """

    def __init__(
        self,
        source: Source,
        folder: Path,
        note: Callable[[Outcome], object],
        pause_seconds: float = _PAUSE_SECONDS,
    ) -> None:
        self._source = source
        self._folder = folder
        self._note = note
        self._pause_seconds = pause_seconds
        self._changed = threading.Condition()
        self._waiting: dict[str, Film] = {}
        self._thread: threading.Thread | None = None
        self._owner = 0

    def find(self, film: Film) -> bytes | None:
        """Return a film's poster, or ``None`` and see to it that it is fetched."""
        try:
            return self._picture(film).read_bytes()
        except FileNotFoundError:
            if not self._is_absent(film):
                self._want(film)
            return None

    def _want(self, film: Film) -> None:
        with self._changed:
            if len(self._waiting) >= _MOST_WAITING:
                return
            self._waiting.setdefault(film.digest, film)
            # A fork leaves threads behind.
            if self._thread is None or self._owner != os.getpid():
                self._owner = os.getpid()
                self._thread = threading.Thread(target=self._run, name="posters", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                film = next(iter(self._waiting.values()))
            outcome = self._fetch(film)
            self._note(outcome)
            with self._changed:
                if outcome == "poster-failed":
                    # Whoever looks again will ask again.
                    self._waiting.clear()
                    self._changed.wait(self._pause_seconds)
                self._waiting.pop(film.digest, None)

    def _fetch(self, film: Film) -> Outcome:
        if self._picture(film).exists():
            return "poster-fetched"
        try:
            picture = fetch(self._source, film)
        except NoPoster:
            self._keep(self._absence(film), b"")
            return "poster-absent"
        except (OSError, HTTPException, ValueError):
            return "poster-failed"
        self._keep(self._picture(film), picture)
        return "poster-fetched"

    def _keep(self, file: Path, content: bytes) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        work = file.with_name(f".{file.name}-{os.getpid()}")
        work.write_bytes(content)
        work.replace(file)

    def _is_absent(self, film: Film) -> bool:
        try:
            return time.time() - self._absence(film).stat().st_mtime < _ABSENT_SECONDS
        except FileNotFoundError:
            return False

    def _picture(self, film: Film) -> Path:
        return self._folder / f"{film.digest}.jpg"

    def _absence(self, film: Film) -> Path:
        return self._folder / f"{film.digest}.none"


def fetch(source: Source, film: Film) -> bytes:
    """Return a film's poster as JPEG.

    Raises:
        NoPoster: The database does not have it.
        OSError: It cannot be reached or refuses.
        HTTPException: It breaks off, or does not speak HTTP.
        ValueError: It answers with something else.
    """
    path = poster_path(film, json.loads(_get(source, _question(source, film))))
    picture = _get(source, source.images + path)
    if not picture.startswith(_JPEG):
        raise ValueError("the poster is not a JPEG")
    return picture


def poster_path(film: Film, answer: Any) -> str:
    """Return the path of a film's poster in an answer to a search.

    A film is the same only if its title and its year are, or its year is one beside it.

    Raises:
        NoPoster: None of the films found is the same, or it has no poster.
        ValueError: The answer is not one to a search.

    >>> found = {"title": "Heat", "release_date": "1995-12-15", "poster_path": "/a.jpg"}
    >>> poster_path(Film("Heat", 1995, ()), {"results": [found]})
    '/a.jpg'
    """
    if not isinstance(answer, dict) or not isinstance(answer.get("results"), list):
        raise ValueError("not an answer to a search")  # noqa: TRY004 - as bad JSON is
    for found in answer["results"]:
        if isinstance(found, dict) and _is_same(film, found):
            path = str(found.get("poster_path"))
            if _PATH.fullmatch(path):
                return path
    raise NoPoster


def spoken_title(title: str) -> str:
    """Return a title as it is said, without its other names.

    >>> spoken_title("Postman, The (Postino, Il)")
    'The Postman'
    """
    own = names_of(title)[0].text
    found = _ARTICLE.fullmatch(own)
    return f"{found['article']} {found['rest']}" if found else own


def _question(source: Source, film: Film) -> str:
    asked = {"query": spoken_title(film.title), "include_adult": "false"}
    return f"{source.api}/search/movie?{urlencode(asked)}"


def _is_same(film: Film, found: dict[str, Any]) -> bool:
    titles = {_letters(str(found.get(name, ""))) for name in ("title", "original_title")}
    names = {_letters(spoken_title(name.text)) for name in names_of(film.title)}
    year = str(found.get("release_date", ""))[:4]
    if film.year is None or not year.isdigit():
        return bool(titles & names) and film.year is None
    return bool(titles & names) and abs(int(year) - film.year) <= _YEARS_APART


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Goes nowhere else: the token is for one host."""

    def redirect_request(self, *details: Any, **named: Any) -> None:
        """Refuse."""
        del details, named
        raise urllib.error.URLError("a redirection, which is not followed")


_OPENER = urllib.request.build_opener(_NoRedirect)


def _get(source: Source, url: str) -> bytes:
    if not url.startswith(("https://", "http://")):
        raise ValueError("not an address of the web")
    headers = {"Authorization": f"Bearer {source.token}", "User-Agent": "movie-roulette"}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - checked above
    with _OPENER.open(request, timeout=_SECONDS) as answer:
        content: bytes = answer.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise ValueError("the answer is too long")
    return content
