"""Style and scripts: at addresses that change with them, small, and kept for long."""

from __future__ import annotations

import gzip
import re

from tests.serving.pages.conftest import PageClient


def test_a_file_is_kept_for_ever_at_its_address(page: PageClient) -> None:
    address = _style(page)
    answer = page.client.get(address, headers={"Accept-Encoding": "gzip"})
    assert answer.mimetype == "text/css"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Set-Cookie" not in answer.headers
    plain = page.client.get(address)
    assert gzip.decompress(answer.data) == plain.data


def test_an_address_of_earlier_gets_the_file_of_now(page: PageClient) -> None:
    answer = page.client.get("/static/0123456789ab/page.css")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"
    assert page.client.get("/static/0123456789ab/nothing.css").status_code == 404
    assert page.client.get("/static/x/../../secret.py").status_code == 404


def test_every_script_that_is_imported_is_there(page: PageClient) -> None:
    folder = _style(page).rsplit("/", 1)[0]
    waiting, seen = ["page.js"], set()
    while waiting:
        name = waiting.pop()
        answer = page.client.get(f"{folder}/{name}")
        assert (answer.status_code, answer.mimetype) == (200, "text/javascript"), name
        seen.add(name)
        waiting += set(re.findall(r'from "\./([a-z]+\.js)"', answer.text)) - seen


def _style(page: PageClient) -> str:
    found = re.search(r'href="(/static/[0-9a-f]{12}/page\.css)"', page.get("/"))
    assert found is not None
    return found[1]
