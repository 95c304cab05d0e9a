"""What visitors do, in a real browser: search, rate, see why, turn the list, share it, leave."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.serving.browser.conftest import Visitor, sign_in

Visit = Callable[..., Visitor]
FILMS = (
    ("The Matrix", "5"),
    ("Aliens", "4.5"),
    ("Blade Runner", "5"),
    ("Alien", "4.5"),
    ("Heat", "1"),
)


def test_search_by_keyboard_alone(visit: Visit) -> None:
    visitor = visit()
    visitor.go("/")
    field = visitor.page.get_by_role("combobox", name="Search")
    visitor.page.keyboard.press("Tab")
    expect(visitor.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    field.focus()
    visitor.page.keyboard.type("matirx")
    options = visitor.page.get_by_role("option")
    expect(options.first).to_contain_text("The Matrix")
    expect(options.first.locator("mark")).to_have_text(["Matrix"])
    expect(field).to_have_attribute("aria-expanded", "true")
    visitor.page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    assert field.get_attribute("aria-activedescendant") == options.first.get_attribute("id")
    visitor.page.keyboard.press("Escape")
    expect(field).to_have_attribute("aria-expanded", "false")
    visitor.page.keyboard.press("ArrowDown")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("The Matrix")


def test_an_anonymous_visitor_rates_and_the_list_changes_at_once(
    visit: Visit, movie: Callable[[str], int]
) -> None:
    visitor = visit()
    visitor.go("/rate")
    expect(visitor.page.locator("[data-region=yours] [role=status]")).to_contain_text("Popular")
    before = visitor.titles(".mini li > a:first-child > span")
    films = visitor.titles(".rate-film h3")
    sent: list[str] = []
    visitor.page.on("request", lambda asked: sent.append(asked.method))
    visitor.page.locator(".rate-film").first.locator("label.right").nth(4).click()
    expect(visitor.page.locator("[data-region=yours] [role=status]")).to_contain_text("1 rated")
    expect(visitor.page.get_by_role("status").filter(has_text="saved")).to_be_visible()
    assert visitor.titles(".mini li > a:first-child > span") != before
    assert visitor.titles(".rate-film h3") == films
    assert sent.count("POST") == 1
    expect(visitor.page.get_by_role("link", name="Your data")).to_be_visible()
    cookie = next(one for one in visitor.context.cookies() if one["name"] == "roulette")
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["secure"]) == (True, "Lax", False)
    visitor.go("/for-you")
    first = visitor.titles()
    for title, stars in FILMS:
        visitor.go(f"/movies/{movie(title)}")
        visitor.page.locator(f"input[name=stars][value='{stars}']").focus()
        visitor.page.keyboard.press("Space")
        visitor.page.keyboard.press("Enter")
        expect(visitor.page.get_by_role("heading", name="You gave it")).to_be_visible()
    visitor.go("/")
    expect(visitor.page.get_by_role("heading", name="Because you liked Alien")).to_be_visible()
    visitor.go("/for-you")
    assert visitor.titles() != first
    assert "The Matrix" not in visitor.titles()


def test_stars_stay_where_they_are_while_one_film_after_the_other_is_rated(visit: Visit) -> None:
    visitor = visit()
    visitor.go("/rate")
    films = visitor.page.locator(".rate-film")
    before = [films.nth(place).bounding_box() for place in range(6)]
    for place, star in enumerate((5, 4, 3, 4, 2)):
        films.nth(place).locator("label.right").nth(star - 1).click()
        rated = visitor.page.locator("[data-region=yours] [role=status]")
        expect(rated).to_contain_text(f"{place + 1} rated")
        assert [films.nth(place).bounding_box() for place in range(6)] == before


def test_a_reason_opens_with_parts_that_sum_to_the_score(visit: Visit) -> None:
    visitor = visit()
    sign_in(visitor, 5)
    visitor.go("/for-you")
    link = visitor.page.locator("[data-why]").first
    link.click()
    dialog = visitor.page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=1)).to_contain_text("Why")
    rows = dialog.locator("table").first
    parts = [_number(text) for text in rows.locator("tbody td:last-child").all_inner_texts()]
    total = _number(rows.locator("tfoot td:last-child").inner_text())
    assert sum(parts) == pytest.approx(total, abs=0.0006 * (len(parts) + 1))
    expect(dialog).to_contain_text("version 7")
    visitor.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(link).to_be_focused()
    link.click()
    dialog.get_by_role("link", name="version 7").click()
    expect(visitor.page.get_by_role("heading", level=1)).to_contain_text("version 7")


def test_controls_change_the_list_and_the_address_carries_them(visit: Visit) -> None:
    visitor = visit()
    sign_in(visitor, 5)
    visitor.go("/for-you")
    usual = visitor.titles()
    slider = visitor.page.get_by_label("Horror", exact=True)
    slider.focus()
    visitor.page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "A lot more")
    expect(visitor.page).to_have_url(re.compile(r"/for-you\?genre\.Horror=1$"))
    expect(visitor.page.locator(".wishes")).to_contain_text("much more Horror")
    scary = visitor.titles()
    assert scary != usual
    expect(slider).to_be_focused()
    assert all("Horror" in text for text in visitor.titles(".pick .card-facts")[:10])
    director = visitor.page.get_by_role("link", name=re.compile("^Less of ")).first
    name = director.inner_text().removeprefix("Less of ")
    director.click()
    expect(visitor.page.locator(".wishes")).to_contain_text(f"no {name}")
    shared = visitor.page.url
    visitor.page.go_back()
    expect(visitor.page).to_have_url(re.compile(r"Horror=1$"))
    expect(visitor.page.locator(".wishes")).not_to_contain_text(name)
    assert visitor.titles() == scary
    visitor.page.go_back()
    expect(visitor.page.locator(".wishes")).to_have_count(0)
    assert visitor.titles() == usual
    expect(slider).to_have_value("0")
    visitor.page.go_forward()
    visitor.page.go_forward()
    expect(visitor.page).to_have_url(shared)
    other = visit()
    other.go(shared.removeprefix(other.base))
    expect(other.page.locator(".wishes")).to_contain_text(f"no {name}")
    expect(other.page.get_by_label("Horror", exact=True)).to_have_value("1")


def test_recommenders_are_switched_and_the_wheel_keeps_its_seed(visit: Visit) -> None:
    visitor = visit()
    sign_in(visitor, 5)
    visitor.go("/for-you")
    lists = {"For you": visitor.titles()}
    for name in ("Similar taste", "Same content", "Popular", "Surprise me"):
        visitor.page.get_by_role("link", name=name, exact=True).click()
        expect(visitor.page.locator(".tabs [aria-current]")).to_have_text(name)
        lists[name] = visitor.titles()
    # The blend may agree with the part of it that weighs most.
    taste = lists.pop("Similar taste")
    assert len({tuple(titles) for titles in lists.values()}) == 4
    assert taste not in (lists["Same content"], lists["Popular"], lists["Surprise me"])
    expect(visitor.page).to_have_url(re.compile(r"by=surprise&seed=\d+$"))
    pick = visitor.page.locator(".roulette h2").inner_text()
    visitor.page.reload()
    expect(visitor.page.locator(".roulette h2")).to_have_text(pick)
    address = visitor.page.url
    visitor.page.get_by_role("link", name="Spin again").click()
    expect(visitor.page).not_to_have_url(address)
    expect(visitor.page.locator(".roulette h2")).to_be_visible()


def test_the_wheel_turns_for_those_who_like_motion(visit: Visit) -> None:
    visitor = visit(reduced_motion="no-preference")
    visitor.go("/for-you?by=surprise&seed=3")
    expect(visitor.page.locator(".roulette h2")).to_be_visible()
    spun = visitor.page.evaluate("document.querySelector('.roulette-wheel').getAnimations().length")
    still = visit()
    still.go("/for-you?by=surprise&seed=3")
    count = "document.querySelector('.roulette-wheel').getAnimations().length"
    assert (spun, still.page.evaluate(count)) == (1, 0)


def test_filters_are_shared_by_their_address(visit: Visit) -> None:
    visitor = visit()
    visitor.go("/movies")
    visitor.page.get_by_label("Genre").select_option("Western")
    expect(visitor.page).to_have_url(re.compile(r"\?genre=Western$"))
    visitor.page.get_by_label("From year").fill("1990")
    expect(visitor.page).to_have_url(re.compile(r"year_from=1990"))
    count = visitor.page.locator(".count").inner_text()
    titles = visitor.titles(".card-title")
    assert titles
    other = visit()
    other.go(visitor.page.url.removeprefix(other.base))
    assert other.titles(".card-title") == titles
    expect(other.page.locator(".count")).to_have_text(count)
    visitor.page.go_back()
    visitor.page.go_back()
    expect(visitor.page).to_have_url(re.compile(r"/movies$"))
    expect(visitor.page.locator(".count")).to_contain_text("824")


def test_people_lead_to_their_films(visit: Visit, movie: Callable[[str], int]) -> None:
    visitor = visit()
    visitor.go(f"/movies/{movie('Alien')}")
    visitor.page.get_by_role("link", name="Ridley Scott", exact=True).click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Ridley Scott")
    assert "Blade Runner" in visitor.titles(".card-title")


def test_the_watchlist_and_what_is_not_wanted(visit: Visit, movie: Callable[[str], int]) -> None:
    visitor = visit()
    visitor.go(f"/movies/{movie('Alien')}")
    visitor.page.get_by_role("button", name="Add to watchlist").click()
    expect(visitor.page.get_by_role("button", name="On your watchlist")).to_be_focused()
    visitor.page.get_by_role("button", name="Not interested").click()
    expect(visitor.page.get_by_role("button", name="Not interested: undo")).to_be_visible()
    visitor.go("/watchlist")
    assert visitor.titles(".card-title") == ["Alien"]


def test_everything_stored_is_shown_exported_and_erased(
    visit: Visit, movie: Callable[[str], int]
) -> None:
    visitor = visit()
    visitor.go("/privacy")
    expect(visitor.page.get_by_role("heading", name="Nothing is stored about you")).to_be_visible()
    visitor.go(f"/movies/{movie('Alien')}")
    visitor.page.locator("label.right").nth(3).click()
    expect(visitor.page.get_by_role("heading", name="You gave it 4 stars")).to_be_visible()
    visitor.go("/privacy")
    expect(visitor.page.get_by_role("row", name=re.compile("rated 4 stars Alien"))).to_be_visible()
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("link", name="Export everything").click()
    exported = json.loads(download.value.path().read_text())
    assert [event["kind"] for event in exported["events"]] == ["rating"]
    visitor.page.get_by_text("Erase everything", exact=True).click()
    visitor.page.get_by_role("button", name="Erase everything about me").click()
    expect(visitor.page.get_by_role("heading", name="Nothing is stored about you")).to_be_visible()
    visitor.go(f"/movies/{movie('Alien')}")
    expect(visitor.page.get_by_role("heading", name="Seen it?")).to_be_visible()


def _number(text: str) -> float:
    return float(text.replace("\N{MINUS SIGN}", "-"))
