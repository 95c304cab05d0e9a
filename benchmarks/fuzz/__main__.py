"""Whether hostile requests can make the server fail, tell of its inside, or repeat markup.

    python -m benchmarks.fuzz
    python -m benchmarks.fuzz --requests 2000 --seed 7

The server runs as `make serve` starts it, without the publisher, over a small bundle of random
content. It is sent unicode, huge ids, NaN, SQL and HTML in every field of every address that its
URL map and its document name, bodies that are not JSON, requests that are not HTTP, and bodies
that come slowly or never end; some with a key, so that what needs one is reached too. The same
seed makes the same requests. A 503 that is given on purpose, when there is too much to do or the
store is locked, is counted apart from faults.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.fuzz import broken
from benchmarks.fuzz.client import Sender
from benchmarks.fuzz.requests import Author, Request
from benchmarks.fuzz.surface import Surface
from benchmarks.fuzz.verdicts import Verdicts
from benchmarks.report import at_least, at_most, emit, say
from benchmarks.serving.bundles import publish_two
from benchmarks.serving.servers import Running, answers, start_server
from serving import create_app
from serving.keys import SCOPES, KeyRing
from serving.settings import ServerSettings, WebSettings

_MOVIES, _USERS = 400, 500
_CONNECTIONS, _SLOW_CONNECTIONS = 12, 4
#: One in so many requests is no HTTP, comes slowly, or breaks off.
_NO_HTTP_EVERY, _SLOW_EVERY, _BROKEN_EVERY = 40, 200, 1000
_TELL_EVERY = 10_000
#: A server that takes so long for any request lets the others wait no longer than it must.
_REQUEST_SECONDS = 2
FAULTS = (
    "server_errors",
    "unanswered",
    "traces",
    "reflected",
    "headers_injected",
    "not_json",
    "without_type",
    "sniffable",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="movie-roulette-") as work:
        folder = Path(work) / "server"
        say("writing the bundle")
        publish_two(folder, _MOVIES, _USERS)
        ring = KeyRing(folder / "keys" / "keys.json")
        keys = [ring.create(scope, [scope]) for scope in SCOPES]
        environ = {
            "MOVIE_ROULETTE_WEB__REQUEST_SECONDS": str(_REQUEST_SECONDS),
            "MOVIE_ROULETTE_WEB__ACCESS_LOG": "false",
            "MOVIE_ROULETTE_WEB__DRAIN_SECONDS": "0",
        }
        author = Author(surface(), options.seed, keys)
        with start_server(folder, **environ) as server:
            before = set(server.workers())
            verdicts, seconds = attack(server, author, options.requests, options.seed)
            survives = answers(server.port, "/health/ready")
            lost = len(before - set(server.workers()))
        log = (folder / "log.txt").read_text(encoding="utf-8", errors="replace")
    figures: dict[str, Any] = {
        "requests": sum(verdicts.statuses.values()),
        "seed": options.seed,
        "addresses": author.n_addresses,
        "seconds": round(seconds, 1),
        "statuses": dict(sorted(verdicts.statuses.items())),
        "unavailable_by_design": dict(verdicts.unavailable),
        "faults": dict(verdicts.faults),
        "workers_lost": lost,
        "traces_in_the_log": log.count("Traceback (most recent call last)"),
        "examples": verdicts.examples,
    }
    checks = [
        at_least("requests", figures["requests"], options.requests),
        *(at_most(name, verdicts.faults[name], 0) for name in FAULTS),
        at_most("workers_lost", lost, 0),
        at_most("traces_in_the_log", figures["traces_in_the_log"], 0),
        at_least("answers_afterwards", int(survives), 1),
    ]
    return emit(figures, checks, check=options.check)


def surface() -> Surface:
    """Return what the application can be asked."""
    return Surface.of(create_app(ServerSettings(web=WebSettings(access_log=False))))


def attack(server: Running, author: Author, n_requests: int, seed: int) -> tuple[Verdicts, float]:
    """Send requests, and return what came of them and the seconds that it took."""
    verdicts = Verdicts()
    sender = Sender(server.port, verdicts.judge)
    chance = random.Random(seed)  # noqa: S311 - no secrets
    n_slow, n_broken = n_requests // _SLOW_EVERY, n_requests // _BROKEN_EVERY
    slow = [broken.slowly(author.write()) for _ in range(n_slow)]
    slow += [broken.broken_off(author.write(), chance) for _ in range(n_broken)]
    chance.shuffle(slow)

    async def send() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(
                sender.send(_quick(author, n_requests - len(slow), chance), _CONNECTIONS)
            )
            group.create_task(sender.send(slow, _SLOW_CONNECTIONS))

    started = time.perf_counter()
    asyncio.run(send())
    return verdicts, time.perf_counter() - started


def _quick(author: Author, number: int, chance: random.Random) -> Iterator[Request]:
    for place in range(number):
        request = author.write()
        is_no_http = chance.randrange(_NO_HTTP_EVERY) == 0
        yield broken.no_http(request, chance) if is_no_http else request
        if place and place % _TELL_EVERY == 0:
            say(f"{place} requests sent")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check", action="store_true", help="exit 1 when something is at fault")
    return parser


if __name__ == "__main__":
    sys.exit(main())
