from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from serving.schemas.answers import SearchAnswer


def _ask(client: FlaskClient, query: str, limit: int = 10) -> Any:
    response = client.get("/v1/search", query_string={"query": query, "limit": limit})
    assert response.status_code == 200, response.text
    SearchAnswer.model_validate_json(response.data)
    return response.json


def test_a_movie_is_found_though_it_is_misspelt(client: FlaskClient) -> None:
    found = _ask(client, "fiml 21")["movies"][0]
    assert (found["movie_id"], found["title"], found["year"]) == (21, "Film 21", 2000)
    assert (found["matched"], found["found_in"], found["genres"]) == ("title", "Film 21", ["Drama"])
    assert [found["title"][start:end] for start, end in found["spans"]] == ["Film", "21"]


def test_people_and_keywords_are_found_with_their_movies(client: FlaskClient) -> None:
    found = _ask(client, "director 1", limit=3)
    (person,) = [hit for hit in found["people"] if hit["name"] == "Director 1"]
    assert (person["roles"], person["n_movies"], len(person["movie_ids"])) == (["director"], 5, 3)
    assert [hit["movie_id"] for hit in found["movies"]] == person["movie_ids"]
    assert {hit["found_in"] for hit in found["movies"]} == {"Director 1"}
    assert _ask(client, "spac")["keywords"] == [{"keyword": "space", "n_movies": 15}]


@pytest.mark.parametrize("query", ["", "  ", "<script>", "\u202e\U0001f600", "' OR 1=1 --"])
def test_whatever_is_typed_is_answered(client: FlaskClient, query: str) -> None:
    assert set(_ask(client, query)) == {"movies", "people", "keywords", "model_version"}


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ("", "query"),
        ("query=a&limit=0", "limit"),
        ("query=a&limit=101", "limit"),
        ("query=a&x=1", "x"),
        (f"query={'a' * 201}", "query"),
    ],
)
def test_what_cannot_be_asked_is_named(client: FlaskClient, question: str, field: str) -> None:
    refused = client.get(f"/v1/search?{question}")
    assert (refused.status_code, refused.mimetype) == (422, "application/problem+json")
    assert refused.json is not None
    assert refused.json["errors"][0]["field"] == field
