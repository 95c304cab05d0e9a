"""What every page must be: accessible in both themes, narrow, quick, still, usable without scripts,
and indifferent to whatever is typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from tests.serving.browser.conftest import Visitor, sign_in

Visit = Callable[..., Visitor]
AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: All that depends on the theme.
COLOURS = ["color-contrast", "link-in-text-block"]
FIRST_LOAD_BYTES = 150_000
NASTY = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><svg onload=alert(3)>",
    "\u202e\u05d0\u05d1\u05d2 \u0627\u0644\u0639\u0631\u0628 {{7*7}} {% raw %}",
    "🎬🍿👩‍👩‍👧‍👦 🇺🇳 e\u0301\u0301\u0301 \ufeff\u200b",
    "x" * 10_000,
    "%00%0d%0aSet-Cookie: a=b' OR 1=1 --",
)
SHIFT = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
  }).observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 300);
})"""


@pytest.fixture(scope="module")
def paths(movie: Callable[[str], int]) -> list[str]:
    """Every page that anyone may see."""
    return [
        "/",
        "/search?q=alien",
        "/search?q=qqqqqqqqqq",
        f"/movies/{movie('Alien')}",
        "/movies",
        "/movies?genre=Horror&year_from=1990&sort=year",
        "/movies?q=qqqqqq",
        "/for-you",
        "/for-you?by=surprise&seed=5",
        "/for-you?genre.Horror=0.5&era.1980=-1&variety=0.3",
        "/rate",
        "/watchlist",
        "/sign-in",
        "/model",
        "/privacy",
        "/nowhere",
    ]


def test_every_page_is_accessible_in_both_themes(visit: Visit, paths: list[str]) -> None:
    visitor = visit()
    visitor.expected = {404}
    sign_in(visitor, 5)
    visitor.go("/for-you")
    why = visitor.page.locator("[data-why]").first.get_attribute("href")
    found = []
    for path in [*paths, why or ""]:
        visitor.go(path)
        found += [f"{path}: {fault}" for fault in violations(visitor)]
    visitor.go("/for-you")
    visitor.page.locator("[data-why]").first.click()
    visitor.page.get_by_role("dialog").wait_for()
    found += [f"dialog: {fault}" for fault in violations(visitor)]
    visitor.go("/")
    visitor.page.get_by_role("combobox").fill("star")
    visitor.page.get_by_role("option").first.wait_for()
    found += [f"suggestions: {fault}" for fault in violations(visitor)]
    assert not found, "\n".join(found)


def violations(visitor: Visitor) -> list[str]:
    found = []
    visitor.page.evaluate(Axe().axe_script)
    for scheme, rules in (("light", AA), ("dark", COLOURS)):
        visitor.page.emulate_media(color_scheme=scheme)
        options = {"runOnly": rules, "resultTypes": ["violations"]}
        results: dict[str, Any] = visitor.page.evaluate("options => axe.run(options)", options)
        found += [
            f"{scheme}: {rule['id']}: {node['html'][:160]} {node['failureSummary']}"
            for rule in results["violations"]
            for node in rule["nodes"]
        ]
    return found


def test_no_page_moves_while_it_loads_or_scrolls_sideways_at_320_pixels(
    visit: Visit, paths: list[str]
) -> None:
    visitor = visit(viewport={"width": 320, "height": 700})
    visitor.expected = {404}
    sign_in(visitor, 5)
    widths, shifts = {}, {}
    for path in paths:
        visitor.go(path)
        widths[path] = visitor.page.evaluate("document.documentElement.scrollWidth")
        shifts[path] = visitor.page.evaluate(SHIFT)
        assert visitor.page.locator("img:not([width]), img:not([height])").count() == 0, path
    assert {path: width for path, width in widths.items() if width > 320} == {}
    assert {path: shift for path, shift in shifts.items() if shift > 0.01} == {}


@pytest.mark.parametrize("place", range(4))
def test_a_first_load_is_light_and_blocked_by_nothing(
    visit: Visit, paths: list[str], place: int
) -> None:
    path = (paths[0], paths[3], "/movies", "/for-you")[place]
    visitor = visit()
    sizes: dict[str, int] = {}
    finished = "requestfinished"
    visitor.page.on(finished, lambda request: sizes.update({request.url: _bytes_of(request)}))
    visitor.go(path)
    visitor.page.wait_for_load_state("networkidle")
    others = {url: size for url, size in sizes.items() if "/posters/" not in url}
    assert sum(others.values()) < FIRST_LOAD_BYTES, others
    assert visitor.page.evaluate(SHIFT) < 0.01
    assert visitor.page.locator("head script:not([type=module]):not([defer])").count() == 0


def _bytes_of(request: Any) -> int:
    sizes: dict[str, int] = request.sizes()
    return sizes["responseBodySize"] + sizes["responseHeadersSize"]


def test_colours_follow_the_system_and_then_the_visitor(visit: Visit) -> None:
    visitor = visit(color_scheme="dark")
    visitor.go("/")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = visitor.page.evaluate(ground)
    visitor.page.get_by_role("button", name="Use light colours").click()
    expect(visitor.page.locator("html")).to_have_attribute("data-theme", "light")
    light = visitor.page.evaluate(ground)
    assert light != dark
    visitor.page.wait_for_load_state("networkidle")
    visitor.go("/movies")
    assert visitor.page.evaluate(ground) == light
    plain = visit(java_script_enabled=False)
    plain.go("/")
    plain.page.get_by_role("button", name="Use dark colours").click()
    expect(plain.page.locator("html")).to_have_attribute("data-theme", "dark")


def test_search_browse_detail_and_rating_work_without_scripts(visit: Visit) -> None:
    visitor = visit(java_script_enabled=False)
    page = visitor.page
    visitor.go("/")
    page.get_by_role("searchbox", name="Search").fill("alein")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Alien", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Alien")
    page.locator("label", has_text="4½ stars").click()
    page.get_by_role("button", name="Rate Alien").click()
    expect(page.get_by_role("heading", name="You gave it 4½ stars")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("saved")
    page.get_by_role("button", name="Add to watchlist").click()
    expect(page.get_by_role("button", name="On your watchlist")).to_be_visible()
    page.get_by_role("link", name="Browse", exact=True).click()
    page.get_by_label("Genre").select_option("Western")
    page.get_by_role("button", name="Show").click()
    assert page.url.endswith("/movies?genre=Western")
    page.get_by_role("link", name="For you", exact=True).click()
    usual = visitor.titles()
    assert "Alien" not in usual
    page.locator("input[name='genre.Musical']").fill("1")
    page.get_by_role("button", name="Apply").click()
    assert page.url.endswith("/for-you?genre.Musical=1")
    assert visitor.titles() != usual
    page.get_by_role("link", name="Why").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Why")


def test_whatever_is_typed_is_only_text(visit: Visit) -> None:
    visitor = visit()
    visitor.expected = {400, 401, 414, 422}
    page = visitor.page
    for text in NASTY:
        visitor.go("/")
        _type(page.get_by_role("combobox"), text)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).not_to_contain_text("tonight")
        visitor.go("/movies")
        for label in ("Words", "From year", "To year"):
            _type(page.get_by_label(label, exact=True), text)
        page.get_by_role("button", name="Show").click()
        expect(page.locator("[aria-busy]")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for path, label, heading in (
            ("/sign-in", "Number of a user", "Something does not fit"),
            ("/ops", "API key", "That key opens nothing here"),
        ):
            visitor.go(path)
            # The search of every page, with its suggestions, and the page's own field.
            _type(page.get_by_role("combobox"), text)
            _type(page.get_by_label(label), text)
            page.locator("form.inline-form button").click()
            expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        assert page.locator("main script, main svg[onload], main img[onerror]").count() == 0


def _type(field: Locator, text: str) -> None:
    """Put text into a field, whatever the field's own limits."""
    field.evaluate(
        """(field, text) => {
          for (const name of ["pattern", "maxlength", "type"]) field.removeAttribute(name);
          field.value = text;
          field.dispatchEvent(new Event("input", {bubbles: true}));
        }""",
        text,
    )
    field.focus()
