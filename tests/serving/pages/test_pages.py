"""Every page, by the application without a process: what it shows, and what it stores."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask_openapi3 import OpenAPI

from recommender.bundle import Bundle
from serving.services import Services
from tests.serving.pages.conftest import PageClient

PATHS = ("/", "/movies", "/movies/1", "/for-you", "/rate", "/watchlist", "/sign-in", "/model")
_WHY = re.compile(r'href="(/why/[0-9a-f]+/\d+)"')


@pytest.mark.parametrize("path", [*PATHS, "/privacy", "/search?q=film", "/for-you?by=popular"])
def test_a_page_has_one_heading_and_nothing_inline(page: PageClient, path: str) -> None:
    html = page.get(path)
    assert html.count("<h1") == 1
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", html)
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', html)


def test_a_rating_is_stored_and_followed_at_once(page: PageClient, services: Services) -> None:
    answer = page.send("/movies/3/rating", on="/movies/3", stars="4.5", next="/movies/3")
    assert (answer.status_code, answer.location) == (303, "/movies/3")
    html = page.get("/movies/3")
    assert "You gave it 4½ stars" in html
    assert "Your rating is saved" in html
    assert "Your rating is saved" not in page.get("/movies/3")
    assert "Because you liked Film 3" in page.get("/")
    assert "3" not in _movies(page.get("/for-you"))
    answer = page.send("/movies/3/rating", on="/movies/3", stars="none")
    assert answer.status_code == 303
    assert "Seen it?" in page.get("/movies/3")


def test_a_rating_from_a_list_names_its_place(page: PageClient, services: Services) -> None:
    listed = _WHY.search(page.get("/for-you"))
    assert listed is not None
    shown = listed[1].split("/")[2]
    page.send("/movies/3/rating", stars="4", list=shown, place="2")
    user = _user_of(page)
    (event,) = services.events.user(user).events
    assert (event.recommendation_id, event.position) == (shown, 2)


@pytest.mark.parametrize("stars", ["", "x", "0", "5.5", "nan", "-1", "1e999"])
def test_stars_off_the_scale_are_refused(page: PageClient, stars: str) -> None:
    answer = page.send("/movies/3/rating", stars=stars)
    assert answer.status_code == 422
    assert "Something does not fit" in answer.text


def test_the_watchlist_and_refusals(page: PageClient) -> None:
    _switch(page, 4, "watchlist", "1")
    _switch(page, 5, "refusal", "1")
    assert 'href="/movies/4"' in page.get("/watchlist")
    assert "Not interested: undo" in page.get("/movies/5")
    _switch(page, 4, "watchlist", "0")
    _switch(page, 5, "refusal", "0")
    assert "Nothing here yet" in page.get("/watchlist")
    assert "Not interested: undo" not in page.get("/movies/5")


def test_reasons_are_for_whom_the_list_was_made(page: PageClient, other: PageClient) -> None:
    page.send("/movies/3/rating", stars="5")
    path = _WHY.search(page.get("/for-you"))
    assert path is not None
    html = page.get(path[1])
    assert "Together: its score" in html
    assert "version 1" in html
    other.get(path[1], 404)
    other.get("/why/0123/1", 404)
    page.get(path[1].rsplit("/", 1)[0] + "/3", 404)


def test_reasons_of_similar_films_and_of_wishes(page: PageClient) -> None:
    similar = _WHY.search(page.get("/movies/1"))
    wished = _WHY.search(page.get("/for-you?genre.Drama=1"))
    assert similar is not None
    assert wished is not None
    assert "Its content" in page.get(similar[1])
    assert "More Drama" in page.get(wished[1])


def test_signing_in_and_out(page: PageClient) -> None:
    session = page.get("/") and page.cookie()
    assert page.send("/sign-in", on="/sign-in", user_id="7").status_code == 303
    assert page.cookie() != session
    assert "User 7" in page.get("/")
    assert "Predicted for you" in page.get("/movies/1")
    page.send("/sign-out")
    assert "User 7" not in page.get("/")


@pytest.mark.parametrize(
    ("user_id", "status"),
    [("999", 404), (str(2**30), 404), ("x", 422), ("", 422), ("-1", 422), ("9" * 4000, 404)],
)
def test_nobody_else_can_be_signed_in_as(page: PageClient, user_id: str, status: int) -> None:
    assert page.send("/sign-in", on="/sign-in", user_id=user_id).status_code == status
    assert "Sign in" in page.get("/")


def test_what_is_stored_is_shown_exported_and_erased(page: PageClient, services: Services) -> None:
    assert "Nothing is stored about you" in page.get("/privacy")
    page.get("/privacy/export", 404)
    page.send("/movies/3/rating", stars="4")
    user = _user_of(page)
    assert f"number {user}" in page.get("/privacy")
    answer = page.client.get("/privacy/export")
    assert answer.json is not None
    assert [event["movie_id"] for event in answer.json["events"]] == [3]
    assert answer.headers["Content-Disposition"].startswith("attachment")
    page.send("/privacy/erase", on="/privacy")
    assert services.events.user(user).events == ()
    assert services.events.user(user).served == ()
    assert "Nothing is stored about you" in page.get("/privacy")


def test_a_browser_that_only_looks_gets_no_number(page: PageClient) -> None:
    for path in PATHS:
        page.get(path)
    assert "Nothing is stored about you" in page.get("/privacy")


def test_browsing_goes_on_from_page_to_page(page: PageClient) -> None:
    html = page.get("/movies?limit=10&sort=title")
    onward = re.search(r'href="(/movies\?[^"]*cursor=[^"]*)"', html)
    assert onward is not None
    second = page.get(onward[1].replace("&amp;", "&"))
    assert not set(_movies(html)) & set(_movies(second))
    assert "First page" in second


def test_empty_fields_and_middle_sliders_are_left_out_of_addresses(page: PageClient) -> None:
    answer = page.client.get("/movies?q=&genre=Drama&year_from=")
    assert answer.location == "/movies?genre=Drama"
    answer = page.client.get("/movies?genre=Drama&utm_source=x")
    assert answer.location == "/movies?genre=Drama"
    answer = page.client.get("/for-you?genre.Drama=0.5&genre.Action=0&variety=0&utm=x")
    assert answer.location == "/for-you?genre.Drama=0.5"
    answer = page.client.get("/for-you?by=surprise")
    assert re.fullmatch(r"/for-you\?by=surprise&seed=\d+", answer.location or "")


def test_what_is_searched_for_has_one_name_and_the_api_s_leads_to_it(page: PageClient) -> None:
    assert page.client.get("/search?query=film 3").location == "/search?q=film+3"
    assert page.client.get("/movies?query=film").location == "/movies?q=film"
    for path in ("/search?q=film", "/movies?q=film"):
        assert 'name="q" type="search"' in page.get(path)


def test_a_field_at_fault_is_named_as_the_page_names_it(page: PageClient) -> None:
    html = page.get("/movies?year_from=abc&year_to=0&sort=worst", 422)
    for said in (
        "<strong>From year</strong>: must be a whole number",
        "<strong>To year</strong>: must be at least 1",
        "<strong>Order</strong>: must be ",
    ):
        assert said in html
    html = page.get("/search?q=" + "x" * 201, 422)
    assert "<strong>Search</strong>: may have at most 200 characters" in html


def test_the_icon_is_found_by_those_who_were_told_of_none(page: PageClient) -> None:
    icon = page.client.get("/favicon.ico").location
    assert page.client.get(icon or "").mimetype == "image/svg+xml"


def test_the_same_address_makes_the_same_list(page: PageClient) -> None:
    address = "/for-you?by=surprise&seed=9&person.Director+1=0.5"
    assert _movies(page.get(address)) == _movies(page.get(address))


@pytest.mark.parametrize(
    "query",
    ["by=best", "variety=2", "variety=x", "seed=-1&by=surprise", "genre.Drama=9", "genre.=1",
     "movie.x=1", "era.x=1", "movie.1=nan"],
)  # fmt: skip
def test_a_control_that_cannot_be_is_refused(page: PageClient, query: str) -> None:
    assert "Something does not fit" in page.get(f"/for-you?{query}", 422)


def test_the_model_card_of_this_model_and_of_one_before(
    make_app: Callable[[], OpenAPI],
    publish: Callable[..., None],
    tiny_bundle: Bundle,
    other_bundle: Bundle,
) -> None:
    publish(tiny_bundle, "1")
    publish(other_bundle, "2")
    page = PageClient(make_app().test_client())
    assert "version 2" in page.get("/model")
    assert "version 2" in page.get(f"/model/{other_bundle.digest}")
    assert "was served before" in page.get(f"/model/{tiny_bundle.digest}")
    for unknown in ("nothing", "A" * 64, "0" * 64, "0" * 4000):
        page.get(f"/model/{unknown}", 404)


def test_without_a_model_popular_films_are_shown_and_marked(
    make_app: Callable[[], OpenAPI], settings: object
) -> None:
    page = PageClient(make_app().test_client())
    assert "No model is published yet" in page.get("/")
    assert "The first model is still in training" in page.get("/for-you", 503)
    assert "No model" in page.get("/movies", 503)


def _switch(page: PageClient, movie: int, what: str, on: str) -> None:
    token = re.search(r'name="token" value="([0-9a-f]+)"', page.get(f"/movies/{movie}"))
    assert token is not None
    answer = page.client.post(f"/movies/{movie}/{what}", data={"token": token[1], "on": on})
    assert answer.status_code == 303


def _user_of(page: PageClient) -> int:
    found = re.search(r"Stored under number (\d+)", page.get("/privacy"))
    assert found is not None
    return int(found[1])


def _movies(html: str) -> list[str]:
    return re.findall(
        r'<a (?:class="card-link" )?href="/movies/(\d+)[?"]', html.split("<main", 1)[1]
    )
