"""A visit as somebody new would make it, in a real browser, with a picture of each step.

    make serve                        # in another terminal
    python -m benchmarks.visit
    python -m benchmarks.visit --address http://127.0.0.1:8080 --folder var/visit --images

A film is found by a misspelt title, five are rated, the list that follows is opened, its reasons
are read, it is turned and its link opened in another browser, a film is kept for later, and
everything that is stored is erased. Pictures of every page follow: 1,280 and 320 pixels wide, light
and dark. ``--images`` takes those of the README instead. The figures are the milliseconds of each
step and what the browser complained of; Chromium must be on the PATH.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from benchmarks.report import Check, at_least, at_most, emit, say

_ROOT = Path(__file__).resolve().parents[1]
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_WIDE, _NARROW = (1280, 900), (320, 700)
_STARS = (5, 5, 4, 2, 4)
_README_USER, _README_SIZE = 794, (1280, 860)
#: Milliseconds; the machine may be busy.
_PATIENCE = 30_000
_PAGES = {
    "home": "/",
    "found": "/search?q=star+wras",
    "nothing-found": "/search?q=qqqqqqqq",
    "browse": "/movies?genre=Thriller",
    "nothing-left": "/movies?q=qqqqqqqq",
    "list": "/for-you",
    "wheel": "/for-you?by=surprise&seed=5",
    "rate": "/rate",
    "watchlist": "/watchlist",
    "sign-in": "/sign-in",
    "model": "/model",
    "privacy": "/privacy",
    "missing": "/nowhere",
    "wrong": "/movies?year_from=x",
}


@dataclass
class Camera:
    """Takes pictures, and notes what they took and what went wrong.

    Attributes:
        browser: Where pages are opened.
        address: Of the server.
        folder: For the pictures.
        milliseconds: By step.
        faults: What consoles and pages complained of.
    """

    browser: Browser
    address: str
    folder: Path
    milliseconds: dict[str, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    _since: float = field(default_factory=time.perf_counter)

    def open(self, size: tuple[int, int], **options: Any) -> Page:
        """Return a page of a new browser of its own."""
        viewport: Any = {"width": size[0], "height": size[1]}
        context = self.browser.new_context(viewport=viewport, reduced_motion="reduce", **options)
        page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self._hear(page, message))
        self._since = time.perf_counter()
        return page

    def take(self, page: Page, name: str) -> None:
        """Note the time since the last picture, and take one."""
        page.wait_for_load_state("networkidle")
        self.milliseconds[name] = round(1000.0 * (time.perf_counter() - self._since))
        page.screenshot(path=self.folder / f"{name}.png")
        say(f"  {name}")
        self._since = time.perf_counter()

    def _hear(self, page: Page, message: ConsoleMessage) -> None:
        # Pages that are meant to be missing or wrong answer with their status.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(f"{page.url}: {message.text}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the visit and return the exit status."""
    options = _parser().parse_args(arguments)
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        say(f"needs Chromium on the PATH, as one of {', '.join(_NAMES)}")
        return 1
    options.folder.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=_PATIENCE)
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=sandbox)
        camera = Camera(browser, options.address, options.folder)
        if options.images:
            take_images(camera)
            n_rated = 0
        else:
            n_rated = make_visit(camera)
            take_pages(camera)
        browser.close()
    figures = {"milliseconds": camera.milliseconds, "faults": camera.faults, "rated": n_rated}
    checks: list[Check] = [at_most("faults", len(camera.faults), 0)]
    if not options.images:
        checks.append(at_least("rated", n_rated, len(_STARS)))
    return emit(figures, checks, check=options.check)


def make_visit(camera: Camera) -> int:
    """Make the visit, and return how many ratings the page knows of before it erases them."""
    page = camera.open(_WIDE)
    page.goto(camera.address)
    page.get_by_role("combobox").focus()
    page.keyboard.type("godfahter")
    page.get_by_role("option").first.wait_for()
    camera.take(page, "01-typed")
    page.keyboard.press("Enter")
    page.locator(".card-link").first.click()
    camera.take(page, "02-film")
    page.get_by_role("link", name="Rate", exact=True).click()
    said = page.locator("[data-region=yours] [role=status]")
    for place, stars in enumerate(_STARS):
        page.locator(".rate-film").nth(place).locator("label.right").nth(stars - 1).click()
        expect(said).to_contain_text(f"{place + 1} rated")
    n_rated = int(said.inner_text().split()[0])
    camera.take(page, "03-rated")
    page.get_by_role("link", name="See the whole list").click()
    camera.take(page, "04-list")
    page.locator("[data-why]").first.click()
    page.get_by_role("dialog").wait_for()
    camera.take(page, "05-reasons")
    page.keyboard.press("Escape")
    page.get_by_label("Comedy", exact=True).focus()
    page.keyboard.press("End")
    expect(page).to_have_url(re.compile("Comedy=1$"))
    camera.take(page, "06-turned")
    other = camera.open(_WIDE)
    other.goto(page.url)
    camera.take(other, "07-shared")
    page.locator(".pick h3 a").first.click()
    page.get_by_role("button", name="Add to watchlist").click()
    expect(page.get_by_role("button", name="On your watchlist")).to_be_visible()
    camera.take(page, "08-kept")
    page.goto(f"{camera.address}/privacy")
    camera.take(page, "09-stored")
    page.get_by_text("Erase everything", exact=True).click()
    page.get_by_role("button", name="Erase everything about me").click()
    expect(page.get_by_role("heading", name="Nothing is stored about you")).to_be_visible()
    camera.take(page, "10-erased")
    return n_rated


def take_pages(camera: Camera) -> None:
    """Take every page, in both widths and colours, and some without scripts."""
    for width, size in (("wide", _WIDE), ("narrow", _NARROW)):
        page = camera.open(size)
        _sign_in(camera, page)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for name, path in _PAGES.items():
                page.goto(camera.address + path)
                camera.take(page, f"{name}-{width}-{scheme}")
    plain = camera.open(_WIDE, java_script_enabled=False)
    for name in ("home", "found", "browse", "list", "rate"):
        plain.goto(camera.address + _PAGES[name])
        camera.take(plain, f"{name}-without-scripts")


def take_images(camera: Camera) -> None:
    """Take the two pictures of the README."""
    page = camera.open(_README_SIZE)
    _sign_in(camera, page, _README_USER)
    page.goto(camera.address)
    camera.take(page, "web-home")
    page.emulate_media(color_scheme="dark")
    page.goto(f"{camera.address}/for-you?genre.Sci-Fi=0.5&era.1980=0.5")
    page.locator("[data-why]").nth(1).click()
    page.get_by_role("dialog").wait_for()
    page.get_by_role("dialog").evaluate("dialog => dialog.querySelector('button').blur()")
    camera.take(page, "web-why")


def _sign_in(camera: Camera, page: Page, user_id: int = 5) -> None:
    page.goto(f"{camera.address}/sign-in")
    page.get_by_label("Number of a user").fill(str(user_id))
    page.locator("form.inline-form button").click()
    page.get_by_role("link", name=f"User {user_id}").wait_for()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.visit", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--address", default="http://127.0.0.1:8080", help="of a server")
    parser.add_argument("--folder", type=Path, default=_ROOT / "var" / "visit")
    parser.add_argument("--images", action="store_true", help="take those of the README")
    parser.add_argument("--check", action="store_true", help="exit 1 when anything is at fault")
    return parser


if __name__ == "__main__":
    sys.exit(main())
