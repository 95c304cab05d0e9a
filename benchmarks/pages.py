"""How long the web page takes to answer, and how much a first load brings.

    python -m benchmarks.pages
    python -m benchmarks.pages --movies 6000 --users 15000 --requests 30

The server runs as `make serve` starts it, without the publisher: over a model trained on the sample
with the hyper-parameters of params.yaml, and over a bundle of 60,000 movies of realistic shapes and
random content. Pages are asked for one after the other, by ever other known users and by anonymous
visitors who rated a few films; nobody asks twice, so that no list of theirs is in the cache. The
first load is what a browser without a cache gets of the first page and of all that it needs,
compressed as the server sends it, without posters.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np

from benchmarks.report import Check, at_most, emit, say
from benchmarks.serving.bundles import publish_two
from benchmarks.serving.servers import Running, start_server
from events.migrate import migrate
from recommender.bundle import CodeState
from recommender.data.ingest import DataHome, DataRequest, ingest
from recommender.data.splitting import split_dataset
from recommender.models.training import train_bundle
from recommender.publication import Pointer, PublishedFolder, PublishedModel
from recommender.settings import Params, read_settings

ROOT = Path(__file__).resolve().parents[1]
BOUND_MS, BOUND_BYTES = 100.0, 150_000
_PERCENTILES = (50, 95, 99)
_TOKEN = re.compile(r'name="token" value="([0-9a-f]+)"')
_RATED = 5
_WARM = 3
_PARTS = re.compile(r'(?:href|src)="(/static/[^"]+)"')
_IMPORTS = re.compile(r'from "\./([a-z]+\.js)"')


class Visitor:
    """A browser that keeps its cookies and takes compressed pages.

    Args:
        port: Where the server listens.
    """

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._cookies: dict[str, str] = {}

    def get(self, path: str) -> tuple[str, int]:
        """Return a page, and the bytes that came for it.

        Raises:
            RuntimeError: The answer is not a page.
        """
        status, headers, body = self._ask("GET", path, None)
        if status != http.HTTPStatus.OK:
            raise RuntimeError(f"{path} was answered with {status}")
        plain = gzip.decompress(body) if headers["Content-Encoding"] == "gzip" else body
        return plain.decode(), len(body) + len(str(headers))

    def send(self, path: str, on: str, **fields: str) -> None:
        """Send a form of the page ``on``.

        Raises:
            RuntimeError: It was not taken.
        """
        found = _TOKEN.search(self.get(on)[0])
        token = found[1] if found else ""
        status, _, _ = self._ask("POST", path, urlencode({"token": token, **fields}))
        if status != http.HTTPStatus.SEE_OTHER:
            raise RuntimeError(f"{path} was answered with {status}")

    def _ask(
        self, method: str, path: str, body: str | None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        headers = {
            "Accept": "text/html",
            "Accept-Encoding": "gzip",
            "Cookie": "; ".join(f"{name}={text}" for name, text in self._cookies.items()),
        }
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        for text in answer.headers.get_all("Set-Cookie") or ():
            name, _, rest = text.partition("=")
            self._cookies[name] = rest.partition(";")[0]
        return answer.status, answer.headers, answer.read()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    options = _parser().parse_args(arguments)
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="movie-roulette-") as work:
        root = Path(work)
        say("training on the sample")
        publish_sample(root / "sample")
        say("writing the large bundle")
        publish_two(root / "large", options.movies, options.users)
        for name in ("sample", "large"):
            migrate(f"sqlite:///{root / name / 'events' / 'events.db'}")
            with start_server(root / name) as server:
                say(f"asking for pages of {name}")
                figures[name] = measure(server, root / name, options.requests)
    figures["movies_of_large"] = options.movies
    return emit(figures, checks_of(figures), check=options.check)


def measure(server: Running, folder: Path, n_requests: int) -> dict[str, Any]:
    """Return milliseconds of each page, and the bytes of the first load."""
    published = PublishedFolder(folder / "published").pointer()
    if published is None:
        raise RuntimeError("nothing is published")
    movies, users = _catalogue(folder, published.production.digest)
    rng = np.random.default_rng(5)
    found: dict[str, Any] = {"first_load_bytes": first_load(server.port)}
    for name, path in pages(movies, rng):
        visitors = _visitors(server.port, movies, users, rng)
        for _ in range(_WARM):
            next(visitors).get(path())
        taken = []
        for _ in range(n_requests):
            visitor, address = next(visitors), path()
            start = time.perf_counter()
            visitor.get(address)
            taken.append(1000.0 * (time.perf_counter() - start))
        found[name] = {
            f"p{share}_ms": round(float(np.percentile(taken, share)), 1) for share in _PERCENTILES
        }
        say(f"  {name}: {found[name]}")
    return found


def pages(
    movies: Sequence[int], rng: np.random.Generator
) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield each page's name, and what makes an address of it."""

    def movie() -> int:
        return int(rng.choice(movies))

    yield "home", lambda: "/"
    yield "search", lambda: "/search?q=film+" + str(int(rng.integers(1, 100)))
    yield "movie", lambda: f"/movies/{movie()}"
    yield "browse", lambda: f"/movies?genre=Drama&year_from={int(rng.integers(1930, 2000))}"
    yield "for_you", lambda: "/for-you"
    yield "wishes", lambda: f"/for-you?variety=0.3&genre.Comedy=0.5&movie.{movie()}=0.5"
    yield "surprise", lambda: f"/for-you?by=surprise&seed={int(rng.integers(1, 10**9))}"
    yield "rate", lambda: "/rate"
    yield "model", lambda: "/model"
    yield "privacy", lambda: "/privacy"


def first_load(port: int) -> int:
    """Return the bytes of the first page and of all that it loads, without posters."""
    visitor = Visitor(port)
    html, size = visitor.get("/")
    waiting, seen = list(dict.fromkeys(_PARTS.findall(html))), set[str]()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        text, own = visitor.get(path)
        size += own
        folder = path.rsplit("/", 1)[0]
        imported = [f"{folder}/{name}" for name in _IMPORTS.findall(text)]
        waiting += [one for one in imported if one not in seen and one not in waiting]
    return size


def publish_sample(root: Path) -> None:
    """Train on the sample as `make pipeline` does, and publish that."""
    data = ingest(
        DataRequest("sample"),
        DataHome(ROOT / "data", ROOT / "data.dvc", root / "downloads"),
    )
    params = read_settings(Params, ROOT / "params.yaml")
    split = split_dataset(data, params.split, seed=params.seed)
    bundle = train_bundle(root / "bundle", split, data, params, code=CodeState(None, "0" * 64))
    folder = PublishedFolder(root / "published")
    folder.bundle(bundle.digest).parent.mkdir(parents=True, exist_ok=True)
    bundle.path.rename(folder.bundle(bundle.digest))
    model = PublishedModel("movie-roulette", "1", bundle.digest)
    folder.write_pointer(Pointer(model, None, "2026-01-01T00:00:00+00:00"))


def checks_of(figures: dict[str, Any]) -> list[Check]:
    """Return the figures that were promised."""
    checks = []
    for model in ("sample", "large"):
        for page, found in figures[model].items():
            if page == "first_load_bytes":
                checks.append(at_most(f"{model}_{page}", found, BOUND_BYTES))
            else:
                checks.append(at_most(f"{model}_{page}_p95_ms", found["p95_ms"], BOUND_MS))
    return checks


def _visitors(
    port: int, movies: Sequence[int], users: Sequence[int], rng: np.random.Generator
) -> Iterator[Visitor]:
    """Yield known users and anonymous ones with a few ratings, in turns; each of them new."""
    while True:
        known = Visitor(port)
        known.send("/sign-in", "/sign-in", user_id=str(int(rng.choice(users))))
        yield known
        anonymous = Visitor(port)
        for movie in rng.choice(movies, _RATED, replace=False).tolist():
            anonymous.send(f"/movies/{movie}/rating", f"/movies/{movie}", stars="4.5")
        yield anonymous


def _catalogue(folder: Path, digest: str) -> tuple[list[int], list[int]]:
    bundle = PublishedFolder(folder / "published").bundle(digest)
    movies, users = (np.load(bundle / f"{name}.ids.npy").tolist() for name in ("movies", "users"))
    return movies, users


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--movies", type=int, default=60_000)
    parser.add_argument("--users", type=int, default=150_000)
    parser.add_argument("--requests", type=int, default=60, help="for each page and model")
    parser.add_argument("--check", action="store_true", help="exit 1 when a promise is not kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
