"""What visitors look at: stored once, under their number, and of nobody who objects."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from events.errors import StoreUnavailable
from events.labels import labels_since
from serving.services import Services
from tests.serving.pages.conftest import PageClient

_OPENS = re.compile(r'href="/movies/(\d+)\?list=([0-9a-f]{32})&amp;place=(\d+)"')
_LISTED = re.compile(r'data-list="([0-9a-f]{32})"')


def test_a_film_that_is_opened_from_a_list_is_noted_once(
    page: PageClient, services: Services
) -> None:
    page.send("/movies/3/rating", stars="5")
    movie, shown, place = _opens(page.get("/for-you"))[2]
    for _ in range(3):
        page.get(f"/movies/{movie}?list={shown}&place={place}")
    clicks, impressions = _events(page, "click"), _events(page, "impression")
    for (event,) in (clicks, impressions):
        assert event["movie_id"] == int(movie)
        assert (event["recommendation_id"], event["position"]) == (shown, int(place))
    (label,) = [one for one in labels_since(services.events, 0.0) if one.kind == "click"]
    assert (label.recommendation_id, label.movie_id) == (shown, int(movie))
    counted = _counted(page)
    assert counted["click", "stored"] == counted["impression", "stored"] == 1
    assert counted["click", "repeated"] == 2


def test_what_is_done_with_a_film_names_the_list_that_led_to_it(page: PageClient) -> None:
    page.send("/movies/3/rating", stars="5")
    movie, shown, place = _opens(page.get("/for-you"))[1]
    address = f"/movies/{movie}?list={shown}&place={place}"
    html = page.get(address)
    assert f'<link rel="canonical" href="/movies/{movie}">' in html
    origin = {"list": shown, "place": place}
    assert html.count(f'name="list" value="{shown}"') == 3
    page.send(f"/movies/{movie}/rating", on=address, stars="4", **origin)
    page.send(f"/movies/{movie}/refusal", on=address, **origin)
    for kind in ("rating", "interested"):
        event = _events(page, kind)[-1]
        assert (event["recommendation_id"], event["position"]) == (shown, int(place))


def test_places_that_were_seen_are_noted_once(page: PageClient) -> None:
    page.send("/movies/3/rating", stars="5")
    html = page.get("/for-you")
    found = _LISTED.search(html)
    assert found is not None
    assert 'data-place="0"' in html
    for _ in range(2):
        assert page.send("/seen", seen=f"{found[1]}:0,2,1,2").status_code == 204
    assert sorted(event["position"] for event in _events(page, "impression")) == [0, 1, 2]
    assert _counted(page)["impression", "repeated"] == 3
    page.send("/seen", seen=f"{found[1]}:0,999")
    assert _counted(page)["impression", "not-theirs"] == 1


def test_lists_of_others_and_of_nobody_are_not_noted(page: PageClient, other: PageClient) -> None:
    page.send("/movies/3/rating", stars="5")
    movie, shown, place = _opens(page.get("/for-you"))[0]
    other.send("/movies/4/rating", stars="5")
    for address in (
        f"/movies/{movie}?list={shown}&place={place}",
        f"/movies/{movie}?list={'0' * 32}&place=0",
        f"/movies/{movie}?list=%00&place=x",
        f"/movies/{movie}?place=0",
    ):
        other.get(address)
    other.send("/seen", seen=f"{shown}:0")
    # The place of another film.
    page.get(f"/movies/3?list={shown}&place={place}")
    assert _events(other, "click", "impression") == []
    assert _events(page, "click") == []
    counted = _counted(page)
    assert (counted["click", "not-theirs"], counted["impression", "not-theirs"]) == (5, 1)


def test_whoever_has_no_number_leaves_nothing(page: PageClient, services: Services) -> None:
    html = page.get("/for-you")
    assert not _opens(html)
    assert "data-list" not in html
    shown = re.search(r"/why/([0-9a-f]{32})/", html)
    assert shown is not None
    assert page.send("/seen", seen=f"{shown[1]}:0").status_code == 204
    page.get(f"/movies/3?list={shown[1]}&place=0")
    assert page.cookie() is not None
    assert "Nothing is stored about you" in page.get("/privacy")
    assert list(labels_since(services.events, 0.0)) == []


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_a_browser_that_objects_is_obeyed(page: PageClient, header: str) -> None:
    page.send("/movies/3/rating", stars="5")
    movie, shown, place = _opens(page.get("/for-you"))[0]
    objecting = {header: "1", "Accept": "text/html"}
    html = page.client.get("/for-you", headers=objecting).text
    assert not _opens(html)
    assert "data-list" not in html
    address = f"/movies/{movie}?list={shown}&place={place}"
    assert page.client.get(address, headers=objecting).status_code == 200
    assert _events(page, "click", "impression") == []
    assert "asks not to be followed, so" in page.client.get("/privacy", headers=objecting).text


def test_what_is_loaded_ahead_is_not_opened(page: PageClient) -> None:
    page.send("/movies/3/rating", stars="5")
    movie, shown, place = _opens(page.get("/for-you"))[0]
    address = f"/movies/{movie}?list={shown}&place={place}"
    page.client.get(address, headers={"Sec-Purpose": "prefetch;prerender"})
    page.client.head(address)
    assert _events(page, "click") == []


@pytest.mark.parametrize("seen", ["", "x", "0:1", "0" * 32 + ":", "0" * 32 + ":-1"])
def test_what_no_page_sends_is_refused(page: PageClient, seen: str) -> None:
    page.send("/movies/3/rating", stars="5")
    assert page.send("/seen", seen=seen).status_code == 422
    assert page.client.post("/seen", data={"seen": "0" * 32 + ":0"}).status_code == 403


def test_a_film_is_shown_even_where_it_cannot_be_noted(
    page: PageClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.send("/movies/3/rating", stars="5")
    movie, shown, place = _opens(page.get("/for-you"))[0]

    def fail(_: object) -> None:
        raise StoreUnavailable("is locked", place="the store")

    with monkeypatch.context() as broken:
        broken.setattr(services.commits, "submit", fail)
        page.get(f"/movies/{movie}?list={shown}&place={place}")
    assert _counted(page)["click", "failed"] == 1
    assert _events(page, "click") == []


def test_what_is_kept_is_shown_and_erased(page: PageClient, services: Services) -> None:
    page.send("/movies/3/rating", stars="5")
    movie, shown, place = _opens(page.get("/for-you"))[0]
    page.get(f"/movies/{movie}?list={shown}&place={place}")
    html = page.get("/privacy")
    assert "opened from a list" in html
    assert "rated 5 stars" in html
    assert re.search(r"Seen in lists</dt><dd>1 place<", html)
    page.send("/privacy/erase")
    assert list(labels_since(services.events, 0.0)) == []


def _opens(html: str) -> list[tuple[str, str, str]]:
    """Film, list and place of each link that leads from a list, the pictures' twins left out."""
    return list(dict.fromkeys(_OPENS.findall(html)))


def _events(page: PageClient, *kinds: str) -> list[dict[str, Any]]:
    exported = json.loads(page.get("/privacy/export"))
    return [event for event in exported["events"] if event["kind"] in kinds]


def _counted(page: PageClient) -> dict[tuple[str, str], float]:
    line = r'roulette_page_attention_total\{kind="([a-z]+)",outcome="([a-z-]+)"\} ([0-9.]+)'
    return {
        (kind, outcome): float(value)
        for kind, outcome, value in re.findall(line, page.client.get("/metrics").text)
    }
