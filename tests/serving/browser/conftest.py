"""One server over real films and one Chromium, for all tests that look at the page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, sync_playwright

from events.migrate import migrate
from recommender.bundle import Bundle
from recommender.inference import Recommender
from recommender.publication import PublishedFolder
from tests.serving.films import train_films
from tests.serving.running import publish, running

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: Milliseconds; the machine may be busy.
PATIENCE = 30_000


@dataclass
class Visitor:
    """A browser of its own: its page, and what went wrong in it."""

    context: BrowserContext
    page: Page
    base: str
    faults: list[str] = field(default_factory=list)
    #: Statuses that a test means to meet.
    expected: set[int] = field(default_factory=set)

    def go(self, path: str) -> Response | None:
        return self.page.goto(self.base + path)

    def titles(self, selector: str = ".pick h3 a") -> list[str]:
        return self.page.locator(selector).all_inner_texts()


@pytest.fixture(scope="session")
def film_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return train_films(tmp_path_factory.mktemp("films"))


@pytest.fixture(scope="session")
def films(film_bundle: Bundle) -> Recommender:
    return Recommender.from_bundle(film_bundle)


@pytest.fixture(scope="session")
def movie(films: Recommender) -> Callable[[str], int]:
    """The id of a film by its title."""

    def movie(title: str) -> int:
        return films.search(title, 1).movies[0].movie_id

    return movie


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"needs Chromium on the PATH, as one of {', '.join(NAMES)}")
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*ARGUMENTS, *sandbox])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(
    film_bundle: Bundle, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a server over the films."""
    folder = tmp_path_factory.mktemp("site") / "var"
    publish(PublishedFolder(folder / "published"), film_bundle, "7")
    migrate(f"sqlite:///{folder / 'events' / 'events.db'}")
    environ = {"MOVIE_ROULETTE_WEB__WORKERS": "2", "MOVIE_ROULETTE_WEB__DRAIN_SECONDS": "0"}
    with running(folder, ["-m", "serving", "--without-publisher"], environ) as server:
        server.wait_until_ready()
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture
def visit(chromium: Browser, site: str) -> Iterator[Callable[..., Visitor]]:
    """Open a browser of one's own; the test fails if its console has an error."""
    opened: list[Visitor] = []

    def visit(**options: Any) -> Visitor:
        options = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"} | options
        context = chromium.new_context(**options)
        context.set_default_timeout(PATIENCE)
        visitor = Visitor(context, context.new_page(), site)
        visitor.page.on("pageerror", lambda error: visitor.faults.append(str(error)))
        visitor.page.on("console", lambda message: _note(visitor, message.type, message.text))
        visitor.page.on("response", lambda answer: _note_status(visitor, answer))
        visitor.page.on("dialog", lambda dialog: visitor.faults.append(f"dialog: {dialog.message}"))
        opened.append(visitor)
        return visitor

    yield visit
    for visitor in opened:
        visitor.context.close()
    assert [visitor.faults for visitor in opened] == [[] for _ in opened]


def _note(visitor: Visitor, kind: str, text: str) -> None:
    # A failed load is judged by its status.
    if kind in ("error", "warning") and "Failed to load resource" not in text:
        visitor.faults.append(f"{kind}: {text}")


def _note_status(visitor: Visitor, answer: Response) -> None:
    if answer.status >= 400 and answer.status not in visitor.expected:
        visitor.faults.append(f"{answer.status}: {answer.url}")


def sign_in(visitor: Visitor, user_id: int) -> None:
    visitor.go("/sign-in")
    visitor.page.get_by_label("Number of a user").fill(str(user_id))
    visitor.page.locator("form.inline-form button").click()
    visitor.page.get_by_role("link", name=f"User {user_id}").wait_for()
