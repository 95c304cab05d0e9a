"""What is noted of a real browser: what was in view, what was opened, and nothing twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.serving.browser.conftest import Visitor
from tests.serving.running import wait_for

Visit = Callable[..., Visitor]


def test_what_is_in_view_is_noted_and_nothing_twice(visit: Visit) -> None:
    visitor = visit(viewport={"width": 1280, "height": 500})
    _rate_one(visitor)
    visitor.go("/for-you")
    shown = visitor.page.locator(".picks").get_attribute("data-list")
    wait_for(lambda: _places(visitor, shown))
    seen = _places(visitor, shown)
    n_films = visitor.page.locator(".pick").count()
    assert seen == list(range(len(seen)))
    assert len(seen) < n_films
    visitor.page.locator(".pick").last.scroll_into_view_if_needed()
    wait_for(lambda: n_films - 1 in _places(visitor, shown))
    # Nothing is told again.
    visitor.page.mouse.wheel(0, -10_000)
    visitor.page.wait_for_timeout(1500)
    visitor.page.evaluate("document.dispatchEvent(new CustomEvent('roulette:shown'))")
    visitor.page.locator(".pick h3 a").first.click()
    expect(visitor.page.get_by_role("heading", name="Similar films")).to_be_visible()
    places = _places(visitor, shown)
    assert len(places) == len(set(places))
    (click,) = _events(visitor, "click")
    assert (click["recommendation_id"], click["position"]) == (shown, 0)
    expect(visitor.page).to_have_url(re.compile(r"/movies/\d+$"))
    visitor.page.reload()
    visitor.page.go_back()
    visitor.page.go_forward()
    expect(visitor.page.get_by_role("heading", name="Similar films")).to_be_visible()
    assert len(_events(visitor, "click")) == 1


def test_what_is_opened_is_noted_without_scripts(visit: Visit) -> None:
    visitor = visit(java_script_enabled=False)
    _rate_one(visitor, scripts=False)
    visitor.go("/for-you")
    visitor.page.locator(".pick h3 a").nth(2).click()
    visitor.page.reload()
    (click,) = _events(visitor, "click")
    assert click["position"] == 2
    visitor.page.locator("label", has_text="3½ stars").click()
    visitor.page.get_by_role("button", name="Rate").click()
    expect(visitor.page.get_by_role("heading", name="You gave it 3½ stars")).to_be_visible()
    rating = _events(visitor, "rating")[-1]
    origin = (rating["recommendation_id"], rating["position"])
    assert origin == (click["recommendation_id"], 2)
    assert len(_events(visitor, "click")) == 1


def _rate_one(visitor: Visitor, *, scripts: bool = True) -> None:
    visitor.go("/rate")
    film = visitor.page.locator(".rate-film").first
    film.locator("label.right").nth(4).click()
    if not scripts:
        film.get_by_role("button").click()
    expect(visitor.page.get_by_role("link", name="Your data")).to_be_visible()


def _events(visitor: Visitor, kind: str) -> list[dict[str, Any]]:
    exported = visitor.context.request.get(visitor.base + "/privacy/export").json()
    return [event for event in exported["events"] if event["kind"] == kind]


def _places(visitor: Visitor, shown: str | None) -> list[int]:
    impressions = _events(visitor, "impression")
    return sorted(one["position"] for one in impressions if one["recommendation_id"] == shown)
