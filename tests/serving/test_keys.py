from __future__ import annotations

import json
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from flask.testing import FlaskClient

from recommender.errors import UsageError
from serving import edge, keys, metrics, problems
from serving.__main__ import main
from serving.keys import KeyRing, Scope


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "keys" / "keys.json")


def make_client(ring: KeyRing, *, anonymous_writes: bool) -> FlaskClient:
    app = Flask(__name__)
    keys.init_app(app, ring.file, anonymous_writes=anonymous_writes)
    problems.init_app(app)
    scopes: tuple[Scope, ...] = ("write", "admin")
    for scope in scopes:
        view = keys.required(scope)(lambda: "done")
        app.add_url_rule(f"/{scope}", scope, view, methods=["POST"])
    metrics.init_app(app)
    edge.init_app(app, access_log=False)
    return app.test_client()


def status(client: FlaskClient, path: str, key: str | None = None) -> int:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    return client.post(path, headers=headers).status_code


def test_a_key_is_found_and_only_its_hash_is_stored(ring: KeyRing) -> None:
    text = ring.create("shop", ["write"])
    found = ring.find(text)
    assert found is not None
    assert (found.name, found.scopes) == ("shop", ("write",))
    stored = ring.file.read_text()
    assert text not in stored
    assert text.rsplit("_", 1)[-1] not in stored
    assert ring.find(text + "x") is None
    assert ring.find("") is None
    assert ring.find(f"mr_{found.key_id}_") is None


def test_several_keys_are_valid_until_each_is_revoked(ring: KeyRing) -> None:
    old, new = ring.create("old", ["write"]), ring.create("new", ["write"])
    other = KeyRing(ring.file)
    assert other.find(old) is not None
    assert other.find(new) is not None
    gone = ring.find(old)
    assert gone is not None
    ring.revoke(gone.key_id)
    assert other.find(old) is None, "another process must see the file's change"
    assert other.find(new) is not None
    with pytest.raises(UsageError, match="no such key"):
        ring.revoke(gone.key_id)


def test_keys_made_at_once_are_all_kept(ring: KeyRing) -> None:
    makers = [Thread(target=ring.create, args=(str(n), ["write"])) for n in range(8)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert {key.name for key in ring.keys().values()} == {str(n) for n in range(8)}


@pytest.mark.parametrize("scopes", [[], ["root"]])
def test_a_key_needs_a_known_scope(ring: KeyRing, scopes: list[Scope]) -> None:
    with pytest.raises(UsageError, match="write, admin"):
        ring.create("shop", scopes)


def test_a_file_that_is_something_else_is_refused(ring: KeyRing) -> None:
    ring.file.parent.mkdir()
    ring.file.write_text(json.dumps({"keys": [{"key_id": "x"}]}))
    with pytest.raises(UsageError, match="not a file of API keys"):
        ring.keys()


def test_a_route_takes_only_keys_of_its_scope(ring: KeyRing) -> None:
    client = make_client(ring, anonymous_writes=False)
    write, admin = ring.create("shop", ["write"]), ring.create("boss", ["admin"])
    assert [status(client, "/write", key) for key in (None, "x", write, admin)] == [
        *(401, 401, 200, 403)
    ]
    assert [status(client, "/admin", key) for key in (None, "x", write, admin)] == [
        *(401, 401, 403, 200)
    ]
    assert client.post("/admin", headers={"X-API-Key": admin}).status_code == 200
    refused = client.post("/admin")
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert refused.mimetype == "application/problem+json"


def test_anonymous_writes_open_only_the_scope_write(ring: KeyRing) -> None:
    client = make_client(ring, anonymous_writes=True)
    assert status(client, "/write") == 200
    assert status(client, "/write", "mr_wrong_key") == 401, "a wrong key is never ignored"
    assert status(client, "/admin") == 401


def test_the_command_makes_lists_and_revokes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MOVIE_ROULETTE_WEB__KEYS_FILE", str(tmp_path / "keys.json"))
    assert main(["keys", "create", "--name", "shop", "--scope", "write"]) == 0
    text = capsys.readouterr().out.strip()
    found = KeyRing(tmp_path / "keys.json").find(text)
    assert found is not None
    assert main(["keys", "list"]) == 0
    listed = capsys.readouterr().out
    assert found.key_id in listed
    assert "shop" in listed
    assert text not in listed
    assert main(["keys", "revoke", found.key_id]) == 0
    assert main(["keys", "revoke", found.key_id]) == 2
    assert KeyRing(tmp_path / "keys.json").find(text) is None
