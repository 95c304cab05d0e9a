from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI

from events.migrate import migrate
from events.schema import EventKind
from recommender.bundle import Bundle
from serving.services import Services
from tests.serving.asking import event, ids_of, send, top


@pytest.mark.parametrize(
    ("kind", "value"),
    [("rating", 5.0), ("rating", 0.5), ("like", None), ("watch", 12), ("not-interested", None)],
)
@pytest.mark.parametrize("user_id", [1, 10**12])
def test_what_was_seen_never_returns(
    client: FlaskClient, user_id: int, kind: str, value: float | None
) -> None:
    best = top(client, user_id)
    send(client, user_id, best, kind, value)
    assert best not in ids_of(client.get(f"/v1/recommendations/{user_id}?k=100"))
    assert str(best) not in client.get(f"/recommend/{user_id}").text.split(",")
    assert str(best) not in (client.get(f"/api/recommend/{user_id}?n=100").json or [])


@pytest.mark.parametrize("kind", ["impression", "click", "watchlist"])
def test_what_was_only_looked_at_may_return(client: FlaskClient, kind: str) -> None:
    best = top(client, 1)
    send(client, 1, best, kind)
    assert top(client, 1) == best


@pytest.mark.parametrize(
    ("kind", "value", "undo"),
    [
        (EventKind.RATING, 4.0, EventKind.UNRATING),
        (EventKind.LIKE, None, EventKind.UNLIKE),
        (EventKind.NOT_INTERESTED, None, EventKind.INTERESTED),
    ],
)
def test_what_is_undone_returns(
    client: FlaskClient, kind: str, value: float | None, undo: str
) -> None:
    best = top(client, 1)
    send(client, 1, best, kind, value)
    send(client, 1, best, undo)
    assert top(client, 1) == best


def test_a_rating_counts_on_the_next_request_of_every_worker(
    make_app: Callable[[], OpenAPI], publish: Callable[..., None], tiny_bundle: Bundle
) -> None:
    publish(tiny_bundle)
    first, second = make_app().test_client(), make_app().test_client()
    before = second.get("/v1/recommendations/1?k=5")
    assert ids_of(first.get("/v1/recommendations/1?k=5")) == ids_of(before)
    send(first, 1, ids_of(before)[0], "rating", 0.5)
    after = [client.get("/v1/recommendations/1?k=5") for client in (first, second)]
    assert ids_of(after[0]) == ids_of(after[1])
    assert ids_of(before)[0] not in ids_of(after[1])
    assert {response.json["path"] for response in after if response.json} == {"fold-in"}


def test_a_list_is_made_once_and_shown_often(client: FlaskClient, services: Services) -> None:
    first, second = (client.get("/v1/recommendations/1").json for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.pop("recommendation_id") != second.pop("recommendation_id")
    assert first == second
    assert (services.cache.hits, services.cache.misses) == (1, 1)


def test_a_list_from_the_cache_waits_for_none_that_is_made(
    client: FlaskClient, services: Services
) -> None:
    client.get("/v1/recommendations/1")
    with services.making, ThreadPoolExecutor(1) as pool:
        made = pool.submit(client.application.test_client().get, "/v1/recommendations/2")
        assert client.get("/v1/recommendations/1").status_code == 200
        assert not made.done()
        services.making.release()
        assert made.result().status_code == 200
        services.making.acquire()


@pytest.mark.parametrize("user_id", [1, 10**12])
def test_filters_apply_before_the_best_are_chosen(client: FlaskClient, user_id: int) -> None:
    everything = client.get(f"/v1/recommendations/{user_id}?k=100").json
    assert everything is not None
    left = [
        item["movie_id"]
        for item in everything["items"]
        if "Drama" in item["genres"] and 1985 <= item["year"] <= 2000
    ]
    shown = client.get(
        f"/v1/recommendations/{user_id}?k=2&genre=drama&year_from=1985&year_to=2000"
        f"&exclude_ids={left[0]}"
    )
    assert ids_of(shown) == left[1:3]


def test_reasons_are_movies_that_the_user_rated(client: FlaskClient, services: Services) -> None:
    shown = client.get("/v1/recommendations/1?k=3&explain=true").json
    assert shown is not None
    model = services.models.current()
    assert model is not None
    rated = set(model.recommender.history(1)[0].tolist())
    given = [reason for item in shown["items"] for reason in item["reasons"]]
    assert given
    assert all(reason["movie_id"] in rated and reason["drop"] > 0 for reason in given)


def test_diversity_changes_the_list(client: FlaskClient) -> None:
    plain, varied = (
        ids_of(client.get(f"/v1/recommendations/1?k=8{more}")) for more in ("", "&diversity=0.9")
    )
    assert plain != varied
    assert len(varied) == len(plain)


def test_a_visitor_gets_what_a_user_of_the_same_history_gets(client: FlaskClient) -> None:
    body = {"ratings": [{"movie_id": 1, "rating": 5}], "liked": [3], "k": 5}
    visitor = client.post("/v1/recommendations", json=body)
    send(client, 10**12, 3, "like")
    send(client, 10**12, 1, "rating", 5.0)
    assert ids_of(visitor) == ids_of(client.get(f"/v1/recommendations/{10**12}?k=5"))
    assert visitor.json is not None
    assert visitor.json["path"] == "fold-in"
    assert not {1, 3} & set(ids_of(visitor))


def test_stars_count_where_a_movie_is_liked_as_well(client: FlaskClient) -> None:
    rated = {"ratings": [{"movie_id": 1, "rating": 0.5}, {"movie_id": 3, "rating": 5}], "k": 5}
    both = rated | {"liked": [1]}
    assert ids_of(client.post("/v1/recommendations", json=rated)) == ids_of(
        client.post("/v1/recommendations", json=both)
    )


def test_movies_that_the_model_does_not_know_are_counted(client: FlaskClient) -> None:
    shown = client.post("/v1/recommendations", json={"liked": [1, 10**6]}).json
    assert shown is not None
    assert shown["unknown_movies"] == 1


def test_an_opinion_that_the_model_was_trained_on_is_no_news(
    client: FlaskClient, services: Services
) -> None:
    model = services.models.current()
    assert model is not None
    movies, stars = model.recommender.history(1)
    before = client.get("/v1/recommendations/1").json
    send(client, 1, int(movies[0]), "rating", float(stars[0]))
    after = client.get("/v1/recommendations/1").json
    assert before is not None
    assert after is not None
    assert (after["path"], after["items"]) == (before["path"], before["items"])


def test_stars_of_another_scale_do_not_take_lists_away(
    client: FlaskClient, services: Services
) -> None:
    services.events.append([event(1, 2, "rating", 100.0)])
    assert client.get("/v1/recommendations/1").status_code == 200


def test_an_erased_user_is_a_stranger(client: FlaskClient) -> None:
    stranger: Any = client.get(f"/v1/recommendations/{10**12}").json
    client.get("/v1/recommendations/1")
    assert client.delete("/v1/users/1").status_code == 200
    erased: Any = client.get("/v1/recommendations/1").json
    assert (erased["path"], erased["items"]) == ("popular", stranger["items"])


def test_without_a_store_no_list_is_guessed(client: FlaskClient, services: Services) -> None:
    services.events.close()
    services.events.database.file.unlink()
    refused = client.get("/v1/recommendations/1")
    assert (refused.status_code, refused.mimetype) == (503, "application/problem+json")
    assert int(refused.headers["Retry-After"]) >= 1
    assert client.get("/v1/popular").status_code == 200
    migrate(services.settings.events_url)
