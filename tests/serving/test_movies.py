from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.serving.asking import ids_of


def _pages(client: FlaskClient, question: str) -> list[dict[str, Any]]:
    found, cursor = [], ""
    while True:
        page: Any = client.get(f"/v1/movies?{question}{cursor}").json
        found += page["items"]
        if page["next_cursor"] is None:
            assert len(found) == page["total"]
            return found
        cursor = f"&cursor={page['next_cursor']}"


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pages_hold_every_movie_once(client: FlaskClient, limit: int) -> None:
    found = [movie["movie_id"] for movie in _pages(client, f"limit={limit}&sort=title")]
    assert sorted(found) == list(range(1, 31))


def test_movies_are_sorted(client: FlaskClient) -> None:
    titles = [movie["title"] for movie in _pages(client, "sort=title&limit=9")]
    assert titles == sorted(titles)
    years = [movie["year"] for movie in _pages(client, "sort=year&limit=9")]
    assert years == sorted(years, reverse=True)


def test_movies_are_found_by_title_genre_and_year(client: FlaskClient) -> None:
    assert {m["movie_id"] for m in _pages(client, "query=fILM 2&limit=4")} == {2, *range(20, 30)}
    assert _pages(client, "query=fiml 7")[0]["movie_id"] == 7
    assert {m["movie_id"] for m in _pages(client, "genre=war")} == set()
    assert {m["movie_id"] for m in _pages(client, "genre=drama")} == set(range(1, 31, 2))
    assert {m["movie_id"] for m in _pages(client, "year=1985")} == {6}
    assert {m["movie_id"] for m in _pages(client, "year_from=1985&year_to=1986")} == {6, 7}


def test_what_fits_best_comes_first_unless_another_order_is_asked_for(client: FlaskClient) -> None:
    by_default = _pages(client, "query=film 2&limit=3")
    assert by_default == _pages(client, "query=film 2&limit=3&sort=relevance")
    assert by_default[0]["movie_id"] == 2
    newest = [movie["year"] for movie in _pages(client, "query=film 2&limit=3&sort=year")]
    assert newest == sorted(newest, reverse=True)
    assert {m["movie_id"] for m in _pages(client, "query=film 2&genre=drama&limit=2")} == {
        *range(21, 30, 2)
    }
    assert [m["movie_id"] for m in _pages(client, "query=film 2&year=1981")] == [2]


def test_a_blank_query_asks_for_all_movies(client: FlaskClient) -> None:
    assert _pages(client, "query=%20&limit=50") == _pages(client, "limit=50")
    assert _pages(client, "query=qqqqqq") == []
    refused = client.get("/v1/movies?sort=relevance")
    assert refused.status_code == 422
    assert refused.json is not None
    assert refused.json["errors"] == [{"field": "sort", "problem": "relevance needs a query"}]


def test_movies_are_found_by_person_and_keyword(client: FlaskClient) -> None:
    directed = {m["movie_id"] for m in _pages(client, "person=director%201&limit=3")}
    assert directed == {movie for movie in range(1, 31) if (movie - 1) % 6 == 1}
    assert {m["movie_id"] for m in _pages(client, "keyword=SPACE")} == set(range(2, 31, 2))
    assert _pages(client, "person=director") == []
    both = _pages(client, "person=director 1&keyword=space&query=film 2")
    assert {m["movie_id"] for m in both} <= directed & {2, *range(20, 30)}


@pytest.mark.parametrize("cursor", ["x", "%C3%A9", "WyJhIiwxXQ", "e30", "MQ", "W10"])
def test_a_cursor_that_was_made_up_is_refused(client: FlaskClient, cursor: str) -> None:
    refused = client.get(f"/v1/movies?cursor={cursor}")
    assert refused.status_code == 422
    assert refused.json is not None
    assert refused.json["errors"][0]["field"] == "cursor"


def test_a_cursor_belongs_to_its_question(client: FlaskClient) -> None:
    page: Any = client.get("/v1/movies?limit=2").json
    refused = client.get(f"/v1/movies?limit=2&sort=title&cursor={page['next_cursor']}")
    assert refused.status_code == 422


def test_a_movie_is_not_sent_again_to_who_has_it(client: FlaskClient) -> None:
    first = client.get("/v1/movies/2")
    assert first.json is not None
    assert first.json["title"] == "Film 2"
    again = client.get("/v1/movies/2", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = client.get("/v1/movies/3", headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200


def test_similar_movies_are_of_the_same_kind(client: FlaskClient) -> None:
    found = ids_of(client.get("/v1/movies/2/similar?k=5"))
    assert 2 not in found
    assert all(movie % 2 == 0 for movie in found)
    left = ids_of(client.get(f"/v1/movies/2/similar?k=4&exclude_ids={found[0]}"))
    assert left == found[1:]


@pytest.mark.parametrize("path", ["", "/similar"])
def test_a_movie_that_is_not_there_is_a_404(client: FlaskClient, path: str) -> None:
    refused = client.get(f"/v1/movies/31{path}")
    assert (refused.status_code, refused.mimetype) == (404, "application/problem+json")


def test_a_prediction_is_the_sum_of_its_parts(client: FlaskClient) -> None:
    found: Any = client.get("/v1/predictions/1/2").json
    parts = sum(part["value"] for part in found["explanation"]["parts"])
    assert parts == pytest.approx(found["rating"], abs=1e-6)
    assert found["path"] == "personal"
    assert found["interval"] is None
    assert "held-out" in found["no_interval"]
    assert client.get("/v1/predictions/1/31").status_code == 404


def test_a_movie_has_its_makers_where_the_data_names_them(client: FlaskClient) -> None:
    found: Any = client.get("/v1/movies/2").json
    assert (found["directors"], found["cast"]) == (["Director 1"], ["Actor 1", "Actor 1"])
    assert (found["keywords"], found["language"]) == (["space", "war"], "en")
    assert found["runtime_minutes"] == 91
