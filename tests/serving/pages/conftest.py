"""A client that fills in forms as a browser does."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI
from werkzeug.test import TestResponse

_TOKEN = re.compile(r'name="token" value="([0-9a-f]+)"')


@dataclass
class PageClient:
    """A browser without scripts: it keeps cookies, and sends the tokens of the pages it saw."""

    client: FlaskClient

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
        assert answer.status_code == status, answer.text
        return answer.text

    def send(self, path: str, on: str = "/", **fields: str) -> TestResponse:
        """Send a form of the page ``on``."""
        found = _TOKEN.search(self.get(on))
        assert found is not None
        return self.client.post(
            path, data={"token": found[1], **fields}, headers={"Accept": "text/html"}
        )

    def cookie(self, name: str = "roulette") -> str | None:
        found = self.client.get_cookie(name)
        return None if found is None else found.value


@pytest.fixture
def page(app: OpenAPI) -> PageClient:
    return PageClient(app.test_client())


@pytest.fixture
def other(app: OpenAPI) -> PageClient:
    """Somebody else."""
    return PageClient(app.test_client())
