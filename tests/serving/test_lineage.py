from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI

from recommender.bundle import Bundle
from serving.services import Services
from tests.serving.asking import ids_of, plain_event, send

#: What a user asks for, one after the other.
QUESTIONS = (
    "",
    "?k=3&genre=drama",
    "?diversity=0.5&explain=true",
    "?k=7&year_from=1990&exclude_ids=1,2",
)
#: What they do with the first movie of each answer.
DEEDS = (("rating", 4.0), ("like", None), ("watch", 90.0), ("not-interested", None))
DEEDS += (("watchlist", None), ("rating", 1.0))
OTHER_LISTS = (
    *(f"/v1/popular{question}" for question in QUESTIONS if "explain" not in question),
    *(f"/v1/movies/{movie_id}/similar?k={movie_id}" for movie_id in range(1, 13)),
    "/v1/movies/2/similar?genre=Sci-Fi&year_to=2000&exclude_ids=4",
)


def _lists(client: FlaskClient) -> list[str]:
    """Show a hundred lists of every kind, with events between them, and return their ids."""
    answers, deeds = [], cycle(DEEDS)
    for user_id in (*range(1, 14), *range(10**12, 10**12 + 4)):
        for question in QUESTIONS:
            shown = client.get(f"/v1/recommendations/{user_id}{question}")
            send(client, user_id, ids_of(shown)[0], *next(deeds))
            answers.append(shown)
    for liked in range(1, 15):
        rated = [{"movie_id": liked + place, "rating": 1.0 + place} for place in range(1, 4)]
        body = {"liked": [liked, 10**6], "ratings": rated, "explain": liked % 2 == 0, "k": liked}
        answers.append(client.post("/v1/recommendations", json={**body, "diversity": liked / 20}))
    answers += [client.get(path) for path in OTHER_LISTS]
    assert all(ids_of(answer) for answer in answers)
    found = [answer.json["recommendation_id"] for answer in answers if answer.json]
    plain = [client.get(f"/recommend/{user_id}") for user_id in (1, 10**12, 10**13)]
    return found + [answer.headers["X-Recommendation-ID"] for answer in plain]


def test_a_hundred_lists_are_made_again_identically_after_two_promotions(
    make_app: Callable[[], OpenAPI],
    client: FlaskClient,
    publish: Callable[..., None],
    other_bundle: Bundle,
    third_bundle: Bundle,
) -> None:
    shown = _lists(client)
    assert len(set(shown)) == len(shown) >= 100
    before = [client.get(f"/v1/served/{one}?replay=true").json for one in shown]
    publish(other_bundle, "2")
    publish(third_bundle, "3")
    later = make_app().test_client()
    ids = ids_of(client.get("/v1/popular"))
    assert ids != ids_of(later.get("/v1/popular")), "the models must differ"
    after = [later.get(f"/v1/served/{one}?replay=true").json for one in shown]
    for found, again in zip(before, after, strict=True):
        assert found is not None
        assert found["replay"] == {"identical": True, "reason": None, "first_difference": None}
        assert found["model_version"] == "1"
        assert again == found


def test_a_list_says_to_whom_and_by_what_it_was_made(client: FlaskClient) -> None:
    shown: Any = client.get("/v1/recommendations/1?k=2").json
    found: Any = client.get(f"/v1/served/{shown['recommendation_id']}").json
    assert (found["user_id"], found["run_id"]) == (1, "run-1")
    assert (found["dataset_digest"], found["code_revision"]) == ("0" * 64, "r" * 40)
    assert [item["movie_id"] for item in found["items"]] == [
        item["movie_id"] for item in shown["items"]
    ]
    assert all(item["reasons"] for item in found["items"])
    assert "replay" not in found


def test_a_list_that_was_altered_is_not_identical(client: FlaskClient, services: Services) -> None:
    from dataclasses import replace

    shown: Any = client.get("/v1/recommendations/1?k=3").json
    services.served.flush()
    stored = services.events.served(shown["recommendation_id"])
    assert stored is not None
    items = [stored.items[1], stored.items[0], stored.items[2]]
    services.events.record_served([replace(stored, recommendation_id="forged", items=items)])
    found: Any = client.get("/v1/served/forged?replay=true").json
    assert found["replay"]["identical"] is False
    assert found["replay"]["first_difference"]["position"] == 0


def test_a_version_that_is_not_kept_any_more_says_so(
    client: FlaskClient,
    services: Services,
    publish: Callable[..., None],
    tiny_bundle: Bundle,
    other_bundle: Bundle,
) -> None:
    shown: Any = client.get("/v1/recommendations/1?k=2").json
    publish(other_bundle, "2")
    publish(other_bundle, "3")
    services.models.follow()
    shutil.rmtree(services.models.folder.bundle(tiny_bundle.digest))
    found: Any = client.get(f"/v1/served/{shown['recommendation_id']}?replay=true").json
    assert found["replay"]["identical"] is None
    assert "not kept" in found["replay"]["reason"]
    assert (found["run_id"], found["items"][0]["reasons"]) == ("run-1", None)


def test_lists_that_were_never_shown_are_a_404(client: FlaskClient) -> None:
    assert client.get("/v1/served/none").status_code == 404


def test_the_card_says_what_is_served(client: FlaskClient, tiny_bundle: Bundle) -> None:
    card = client.get("/v1/model")
    assert card.json is not None
    assert (card.json["version"], card.json["digest"]) == ("1", tiny_bundle.digest)
    assert card.json["metrics"] == {"rmse": 0.9}
    same = client.get("/v1/model", headers={"If-None-Match": card.headers["ETag"]})
    assert same.status_code == 304


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """A folder of MovieLens files."""
    (tmp_path / "movies.csv").write_text(
        "movieId,title,genres\n1,One (1999),Drama\n2,Two (2001),War|Drama\n3,Three,War\n"
    )
    (tmp_path / "ratings.csv").write_text(
        "userId,movieId,rating,timestamp\n1,2,4,1\n2,2,4,1\n1,3,4,1\n"
    )
    return tmp_path


def test_without_any_model_there_are_popular_films(
    make_app: Callable[[], OpenAPI], films: Path
) -> None:
    from dataclasses import replace

    from serving.models.catalogue_only import CatalogueOnly

    app = make_app()
    app.extensions["services"] = replace(app.extensions["services"], catalogue=CatalogueOnly(films))
    client = app.test_client()
    shown = client.get("/v1/recommendations/1")
    assert ids_of(shown) == [2, 3, 1]
    assert shown.json is not None
    assert (shown.json["path"], shown.json["model_version"]) == ("popular", None)
    client.post("/v1/events", json=plain_event(1, 2, "like"))
    assert ids_of(client.get("/v1/recommendations/1?genre=War")) == [3]
    found: Any = client.get(f"/v1/served/{shown.json['recommendation_id']}?replay=true").json
    assert found["replay"]["identical"] is None
    assert client.get("/v1/movies/1").status_code == 503
    assert client.get("/v1/model").status_code == 503
    assert client.get("/health/ready").status_code == 503
