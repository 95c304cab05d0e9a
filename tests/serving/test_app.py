from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from recommender.bundle import Bundle
from recommender.errors import BundleError, UsageError
from serving import create_app
from serving.settings import BUNDLE, ServerSettings


@pytest.fixture
def client(tiny_bundle: Bundle) -> FlaskClient:
    app = create_app(ServerSettings(tiny_bundle.path, max_k=20))
    app.testing = True
    return app.test_client()


def test_live_and_ready_say_which_model_answers(client: FlaskClient, tiny_bundle: Bundle) -> None:
    assert client.get("/health/live").json == {"status": "live"}
    ready = client.get("/health/ready").json
    assert ready is not None
    assert ready["model"] == tiny_bundle.digest
    assert ready["dataset"] == tiny_bundle.manifest.dataset


def test_a_known_user_gets_unseen_movies_with_titles(
    client: FlaskClient, tiny_bundle: Bundle
) -> None:
    body = client.get("/v1/recommendations/1?k=3").json
    assert body is not None
    assert (body["path"], body["model"]) == ("personal", tiny_bundle.digest)
    scores = [item["score"] for item in body["items"]]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    assert all(item["title"] for item in body["items"])
    assert {item["path"] for item in body["items"]} <= {"personal", "content"}


@pytest.mark.parametrize("user_id", [10**6, 10**15])
def test_an_unknown_user_gets_popular_movies(client: FlaskClient, user_id: int) -> None:
    body = client.get(f"/v1/recommendations/{user_id}").json
    assert body is not None
    assert body["path"] == "popular"


@pytest.mark.parametrize("k", ["0", "21", "-1", "x", ""])
def test_a_length_out_of_range_is_a_problem_that_names_it(client: FlaskClient, k: str) -> None:
    response = client.get(f"/v1/recommendations/1?k={k}")
    assert response.status_code == 400
    assert response.mimetype == "application/problem+json"
    assert response.json is not None
    assert "from 1 to 20" in response.json["detail"]


def test_an_unknown_page_is_a_problem_too(client: FlaskClient) -> None:
    response = client.get("/nowhere")
    assert (response.status_code, response.mimetype) == (404, "application/problem+json")


def test_a_server_without_a_bundle_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        create_app(ServerSettings(tmp_path))
    with pytest.raises(UsageError, match=BUNDLE):
        ServerSettings.from_environment({})
    assert ServerSettings.from_environment({BUNDLE: "x"}).bundle == Path("x")
