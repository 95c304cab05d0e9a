"""Fetched posters, from a service on this machine that speaks as The Movie Database does."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask_openapi3 import OpenAPI

from events.migrate import migrate
from recommender.bundle import Bundle
from serving import create_app
from serving.posters.art import Film
from serving.posters.tmdb import PosterShelf, Source
from serving.settings import ServerSettings
from tests.serving.running import wait_for

PICTURE = b"\xff\xd8\xff\xe0 a picture"
HEAT = Film("Heat", 1995, ("Crime",))


@dataclass
class Service:
    """What it has, what it was asked, and whether it fails."""

    port: int = 0
    results: list[dict[str, object]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, list[str]], str | None]] = field(default_factory=list)
    status: int = 200
    picture: bytes = PICTURE
    redirect: str = ""

    @property
    def source(self) -> Source:
        base = f"http://127.0.0.1:{self.port}"
        return Source("a-token", f"{base}/3", f"{base}/t/p/w342")


@pytest.fixture
def service() -> Iterator[Service]:
    found = Service()
    found.results = [
        {"title": "Heat", "release_date": "1986-11-14", "poster_path": "/old.jpg"},
        {"title": "Heat", "release_date": "1995-12-15", "poster_path": "/heat.jpg"},
    ]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            found.asked.append((parts.path, parse_qs(parts.query), self.headers["Authorization"]))
            is_search = parts.path == "/3/search/movie"
            body = json.dumps({"results": found.results}).encode() if is_search else found.picture
            self.send_response(302 if found.redirect else found.status)
            if found.redirect:
                self.send_header("Location", found.redirect)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def outcomes() -> list[str]:
    return []


@pytest.fixture
def shelf(service: Service, tmp_path: Path, outcomes: list[str]) -> PosterShelf:
    return PosterShelf(service.source, tmp_path / "posters", outcomes.append, pause_seconds=0.01)


def test_a_poster_is_fetched_once_and_kept(
    shelf: PosterShelf, service: Service, outcomes: list[str], tmp_path: Path
) -> None:
    assert shelf.find(HEAT) is None
    wait_for(lambda: shelf.find(HEAT) == PICTURE)
    assert outcomes == ["poster-fetched"]
    assert [path for path, _, _ in service.asked] == ["/3/search/movie", "/t/p/w342/heat.jpg"]
    assert {token for _, _, token in service.asked} == {"Bearer a-token"}
    assert service.asked[0][1]["query"] == ["Heat"]
    again = PosterShelf(service.source, tmp_path / "posters", outcomes.append)
    assert again.find(HEAT) == PICTURE
    assert len(service.asked) == 2


def test_what_is_not_there_is_not_asked_for_again(
    shelf: PosterShelf, service: Service, outcomes: list[str]
) -> None:
    other = Film("Postman, The (Postino, Il)", 1994, ())
    assert shelf.find(other) is None
    wait_for(lambda: outcomes)
    assert outcomes == ["poster-absent"]
    assert service.asked[0][1]["query"] == ["The Postman"]
    assert shelf.find(other) is None
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    "fault",
    [{"status": 401}, {"status": 500}, {"picture": b"<html>"}, {"picture": b"\xff" * (2 << 20)},
     {"results": "none"}, {"redirect": "http://127.0.0.1:1/elsewhere"}],
)  # fmt: skip
def test_a_failure_is_noted_and_tried_again(
    shelf: PosterShelf, service: Service, outcomes: list[str], fault: dict[str, object]
) -> None:
    usual = {name: getattr(service, name) for name in fault}
    for name, value in fault.items():
        setattr(service, name, value)
    assert shelf.find(HEAT) is None
    wait_for(lambda: outcomes)
    assert outcomes[0] == "poster-failed"
    for name, value in usual.items():
        setattr(service, name, value)
    wait_for(lambda: shelf.find(HEAT) == PICTURE)


def test_the_page_shows_a_drawing_and_then_the_poster(  # noqa: PLR0917 - fixtures
    service: Service,
    settings: ServerSettings,
    publish: Callable[..., None],
    tiny_bundle: Bundle,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("MOVIE_ROULETTE_VAR", str(tmp_path / "var"))
    service.results = [{"title": "Film 1", "release_date": "1980", "poster_path": "/one.jpg"}]
    source = service.source
    pages = replace(
        settings.pages, tmdb_token=source.token, tmdb_api=source.api, tmdb_images=source.images
    )
    publish(tiny_bundle)
    migrate(settings.events_url)
    app: OpenAPI = create_app(replace(settings, pages=pages))
    services = app.extensions["services"]
    services.models.follow()
    client = app.test_client()
    drawn = client.get("/posters/1")
    assert (drawn.mimetype, drawn.headers["Cache-Control"]) == (
        "image/svg+xml",
        "public, max-age=60",
    )
    wait_for(lambda: client.get("/posters/1").mimetype == "image/jpeg")
    assert client.get("/posters/1").data == PICTURE
    assert "not endorsed or certified by TMDB" in client.get("/").text
    assert client.get("/posters/999").status_code == 404
    services.close()


def test_without_a_token_nothing_is_asked(app: OpenAPI, service: Service) -> None:
    answer = app.test_client().get("/posters/1")
    assert answer.mimetype == "image/svg+xml"
    assert service.asked == []
    assert "TMDB" not in app.test_client().get("/").text
