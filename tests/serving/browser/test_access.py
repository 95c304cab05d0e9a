"""For everybody: by keyboard alone, by name, without motion, with long words, and by a link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.serving.browser.conftest import Visitor, sign_in

Visit = Callable[..., Visitor]
Movie = Callable[[str], int]
#: Roles of what can be used; those of a page's frame and of a focused heading are none.
_CONTROLS = {"link", "button", "textbox", "searchbox", "combobox", "radio", "slider", "spinbutton"}
_MARK = """() => {
  const fields = "a[href], button, input:not([type=hidden]), select, summary, textarea";
  const all = [...document.querySelectorAll(fields)].filter(
    (one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility());
  const name = (one) => one.type === "radio" ? `${one.form.action}` : String(all.indexOf(one));
  window.wanted = [...new Set(all.map(name))];
  window.reached = {};
  document.addEventListener("focusin", (event) => {
    const one = event.target;
    // Radio buttons that look like stars show their focus around all of them.
    const shown = one.type === "radio" ? one.closest(".stars") : one;
    const style = getComputedStyle(shown);
    window.reached[name(one)] = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
      && style.clipPath === "none" && Number(style.opacity) > 0;
  });
  return window.wanted.length;
}"""
_UNREACHED = """() => window.wanted.filter((name) => window.reached[name] !== true).map((name) => {
  const fields = "a[href], button, input:not([type=hidden]), select, summary, textarea";
  const all = [...document.querySelectorAll(fields)].filter(
    (one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility());
  return `${name in window.reached ? "not seen" : "not reached"}: ${all[name]?.outerHTML ?? name}`;
})"""
_MOVING = """() => document.getAnimations().filter((one) =>
  one.effect.getKeyframes().some((frame) => "transform" in frame)).length"""


def test_every_control_is_reached_by_the_keyboard_seen_and_named(
    visit: Visit, movie: Movie
) -> None:
    visitor = visit()
    sign_in(visitor, 5)
    visitor.go("/for-you")
    why = visitor.page.locator("[data-why]").first.get_attribute("href") or ""
    tree = visitor.context.new_cdp_session(visitor.page)
    paths = ("/", "/search?q=ridley", "/movies", "/for-you?by=surprise&seed=5", "/rate")
    for path in (*paths, f"/movies/{movie('Alien')}", why, "/sign-in", "/privacy", "/ops"):
        visitor.go(path)
        for _ in range(visitor.page.evaluate(_MARK) + 1):
            visitor.page.keyboard.press("Tab")
        assert visitor.page.evaluate(_UNREACHED) == [], path
        nodes = tree.send("Accessibility.getFullAXTree")["nodes"]
        unnamed = [_role(node) for node in nodes if _role(node) in _CONTROLS and not _name(node)]
        assert unnamed == [], path


def _role(node: dict[str, Any]) -> str:
    return "" if node["ignored"] else str(node.get("role", {}).get("value", ""))


def _name(node: dict[str, Any]) -> str:
    return str(node.get("name", {}).get("value", "")).strip()


def test_nothing_moves_for_those_who_ask_for_less_motion(visit: Visit, movie: Movie) -> None:
    moving = {}
    for wish in ("no-preference", "reduce"):
        visitor = visit(reduced_motion=wish)
        visitor.go("/")
        visitor.page.locator(".card-link").first.hover()
        moving[wish] = visitor.page.evaluate(_MOVING)
        visitor.go(f"/movies/{movie('Alien')}")
        visitor.page.locator("label.right").nth(3).click()
        expect(visitor.page.get_by_role("status").filter(has_text="saved")).to_be_visible()
        scroll = "getComputedStyle(document.documentElement).scrollBehavior"
        if wish == "reduce":
            assert visitor.page.evaluate(_MOVING) == 0
            assert visitor.page.evaluate(scroll) == "auto"
    assert moving == {"no-preference": 1, "reduce": 0}


def test_the_longest_words_stay_within_320_pixels(visit: Visit, movie: Movie) -> None:
    visitor = visit(viewport={"width": 320, "height": 700})
    sign_in(visitor, 5)
    visitor.go("/for-you")
    why = visitor.page.locator("[data-why]").first.get_attribute("href") or ""
    paths = ("/", "/movies", "/for-you", "/for-you?by=surprise&seed=5", "/rate", "/watchlist")
    for path in (*paths, f"/movies/{movie('Alien')}", why, "/search?q=" + "W" * 200):
        visitor.go(path)
        visitor.page.evaluate(
            """() => {
              const titles = ".card-title, h1, h2, h3 a, .mini li > a > span, .rated a, .parts a, .chip, dd a";
              for (const one of document.querySelectorAll(titles)) one.textContent = "Wörterbuch".repeat(15);
            }"""  # noqa: E501 - JavaScript
        )
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 320, path


def test_a_link_of_every_page_works_in_another_browser(visit: Visit, movie: Movie) -> None:
    visitor, other = visit(), visit()
    other.expected = {404}
    sign_in(visitor, 5)
    visitor.go("/for-you")
    visitor.page.locator(".pick h3 a").first.click()
    expect(visitor.page.get_by_role("heading", name="Similar films")).to_be_visible()
    opened = visitor.page.url.removeprefix(visitor.base)
    assert "list=" not in opened
    for path in (
        opened,
        "/",
        "/search?q=alein&utm_source=elsewhere",
        "/movies?genre=Horror&year_from=1970&sort=year&fbclid=x",
        "/for-you?genre.Horror=1&variety=0.3",
        "/for-you?by=surprise&seed=7",
        "/rate?page=2",
        "/watchlist",
        "/model",
        "/privacy",
        "/sign-in",
    ):
        visitor.go(path)
        answer = other.go(visitor.page.url.removeprefix(visitor.base))
        assert answer is not None
        assert answer.status == 200, path
        heading = visitor.page.get_by_role("heading", level=1).inner_text()
        expect(other.page.get_by_role("heading", level=1)).to_have_text(heading)
    visitor.go("/for-you")
    why = visitor.page.locator("[data-why]").first.get_attribute("href") or ""
    other.go(why)
    expect(other.page.locator("main")).to_contain_text("to whom the list was made for")
