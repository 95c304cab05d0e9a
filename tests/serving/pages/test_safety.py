"""Forgery, cookies, headers, errors: what keeps visitors safe."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask_openapi3 import OpenAPI

from recommender.bundle import Bundle
from recommender.errors import UsageError
from serving.pages.secret import SigningSecret
from serving.services import Services
from serving.settings import ServerSettings
from tests.serving.pages.conftest import PageClient

FORMS = ("/movies/1/rating", "/movies/1/watchlist", "/movies/1/refusal", "/sign-in", "/sign-out",
         "/theme", "/privacy/erase")  # fmt: skip
HTML = {"Accept": "text/html"}


@pytest.mark.parametrize("path", FORMS)
def test_a_form_without_a_token_is_refused(page: PageClient, path: str) -> None:
    page.get("/")
    answer = page.client.post(path, data={"stars": "5", "user_id": "7", "on": "1"}, headers=HTML)
    assert answer.status_code == 403
    assert "That was refused" in answer.text
    assert page.cookie("theme") is None
    assert "Sign in" in page.get("/")


def test_a_token_is_of_one_session_and_one_site(page: PageClient, other: PageClient) -> None:
    token = re.search(r'name="token" value="([0-9a-f]+)"', other.get("/"))
    assert token is not None
    page.get("/")
    data = {"token": token[1], "stars": "5"}
    assert page.client.post("/movies/1/rating", data=data, headers=HTML).status_code == 403
    cross = {"Sec-Fetch-Site": "cross-site"}
    assert other.client.post("/movies/1/rating", data=data, headers=cross).status_code == 403
    assert other.client.post("/movies/1/rating", data=data).status_code == 303


def test_two_pages_have_two_tokens_and_both_are_good(page: PageClient) -> None:
    first, second = page.get("/movies/1"), page.get("/movies/1")
    tokens = [re.search(r'value="([0-9a-f]{80})"', html) for html in (first, second)]
    assert tokens[0] is not None
    assert tokens[1] is not None
    assert tokens[0][1] != tokens[1][1]
    for found in tokens:
        assert found is not None
        data = {"token": found[1], "stars": "3"}
        assert page.client.post("/movies/1/rating", data=data).status_code == 303


def test_an_altered_cookie_is_no_one(page: PageClient, services: Services) -> None:
    page.send("/sign-in", on="/sign-in", user_id="7")
    cookie = page.cookie()
    assert cookie is not None
    page.client.set_cookie("roulette", cookie[:-1] + ("A" if cookie[-1] != "A" else "B"))
    assert "User 7" not in page.get("/")
    lines = page.client.get("/metrics").text
    assert 'roulette_page_events_total{kind="cookie-refused"} 1.0' in lines


def test_cookies_are_for_this_site_and_no_script(page: PageClient) -> None:
    plain = page.client.get("/").headers["Set-Cookie"]
    assert "HttpOnly" in plain
    assert "SameSite=Lax" in plain
    assert "Secure" not in plain
    assert "Max-Age" not in plain
    page.client.delete_cookie("roulette")
    secure = page.client.get("/", base_url="https://localhost").headers["Set-Cookie"]
    assert "Secure" in secure
    kept = page.send("/movies/1/rating", stars="5").headers.getlist("Set-Cookie")
    assert any("roulette=" in text and "Max-Age=31536000" in text for text in kept)


def test_the_policy_allows_nothing_inline(page: PageClient) -> None:
    headers = page.client.get("/").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in headers["Vary"]


@pytest.mark.parametrize(
    "to", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "",
           "/\t/evil.example", "/" + "x" * 3000]
)  # fmt: skip
def test_a_form_leads_to_no_other_site(page: PageClient, to: str) -> None:
    assert page.send("/theme", theme="dark", next=to).location == "/"


def test_titles_and_queries_are_text(page: PageClient) -> None:
    html = page.get("/search?q=%3Cscript%3Ealert(1)%3C/script%3E%22%27")
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


def test_an_error_is_a_page_for_browsers_and_a_problem_for_clients(page: PageClient) -> None:
    assert "This seat is empty" in page.get("/nowhere", 404)
    assert page.client.get("/nowhere").mimetype == "application/problem+json"
    api = page.client.get("/v1/movies/999", headers=HTML)
    assert (api.status_code, api.mimetype) == (404, "application/problem+json")
    assert "This seat is empty" in page.get("/movies/999", 404)
    page.get("/search?q=" + "x" * 201, 422)
    assert page.client.post("/movies/1", headers=HTML).status_code == 405


def test_who_asks_too_much_is_told_so(
    make_app: Callable[[], OpenAPI], settings: ServerSettings, tiny_bundle: Bundle
) -> None:
    from serving import create_app

    limited = replace(settings, web=replace(settings.web, rate_limit="2/hour"))
    page = PageClient(create_app(limited).test_client())
    for _ in range(2):
        page.client.get("/sign-in", headers=HTML)
    assert "A little slower, please" in page.get("/", 429)
    files = re.search(r'href="(/static/[^"]+\.css)"', page.get("/", 429))
    assert files is not None
    assert page.client.get(files[1]).status_code == 200


def test_no_demo_sign_in_where_it_is_off(
    publish: Callable[..., None], settings: ServerSettings, tiny_bundle: Bundle
) -> None:
    from events.migrate import migrate
    from serving import create_app

    publish(tiny_bundle)
    migrate(settings.events_url)
    closed = replace(settings, pages=replace(settings.pages, demo_sign_in=False))
    app = create_app(closed)
    app.extensions["services"].models.follow()
    page = PageClient(app.test_client())
    assert "Sign in" not in page.get("/")
    assert page.send("/sign-in", user_id="7").status_code == 403
    app.extensions["services"].close()


def test_without_pages_there_is_the_api(settings: ServerSettings) -> None:
    from serving import create_app

    app = create_app(replace(settings, pages=replace(settings.pages, enabled=False)))
    assert app.test_client().get("/", headers=HTML).mimetype == "application/problem+json"
    assert app.test_client().get("/openapi.json").status_code == 200


def test_the_secret_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "pages.secret"
    first, second = SigningSecret(file).key, SigningSecret(file).key
    assert first == second
    assert len(first) == 32
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["pages.secret"]


def test_a_secret_that_is_none_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "pages.secret"
    file.write_bytes(b"short")
    with pytest.raises(UsageError, match="at least 32 bytes"):
        _ = SigningSecret(file).key
    with pytest.raises(UsageError, match="cannot be read or made"):
        _ = SigningSecret(tmp_path).key
