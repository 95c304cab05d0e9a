from __future__ import annotations

import importlib
import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException

from recommender.bundle import open_bundle
from recommender.errors import BundleError, RegistryError
from recommender.publication import Pointer, PublishedFolder, PublishedModel, Withdrawal
from tests.tracking.conftest import Desk
from tracking.placing import Retention, is_placed, kept_bundles
from tracking.promotion import rollback
from tracking.publisher import Publisher
from tracking.registry import Registry
from tracking.versions import PREVIOUS, PRODUCTION, Version

RETENTION = Retention()


@pytest.fixture
def folder(tmp_path: Path) -> PublishedFolder:
    return PublishedFolder(tmp_path / "published")


def publisher(desk: Desk, folder: PublishedFolder, retention: Retention = RETENTION) -> Publisher:
    return Publisher(folder, desk.again, retention=retention)


def versions(folder: PublishedFolder) -> tuple[str, str | None]:
    pointer = folder.pointer()
    assert pointer is not None
    return (
        pointer.production.version,
        None if pointer.previous is None else pointer.previous.version,
    )


def withdrawal_of(version: Version) -> Withdrawal:
    return Withdrawal(version.digest, version.version, "api", "Lists were odd.", "2026-01-01")


def test_nothing_is_published_before_the_first_promotion(
    shared_desk: Desk, folder: PublishedFolder
) -> None:
    published = publisher(shared_desk, folder)
    assert not published.look()
    shared_desk.register(1)
    assert not published.look()
    assert folder.pointer() is None


def test_production_is_published_with_what_the_registry_knows(
    desk: Desk, folder: PublishedFolder
) -> None:
    run_id, _ = desk.log(1)
    metrics = [Metric("rmse", 0.8, 0, 0), Metric("svd/rmse", 0.9, 0, 0)]
    desk.client.log_batch(run_id, metrics=metrics)
    desk.client.set_tag(run_id, "roulette.dataset_digest", "d" * 64)
    version = desk.promote(1)
    assert publisher(desk, folder).look()
    pointer = folder.pointer()
    assert pointer is not None
    model = pointer.production
    assert (model.version, model.digest, model.run_id) == (version.version, version.digest, run_id)
    assert model.metrics == {"rmse": 0.8}
    assert model.lineage["dataset_digest"] == "d" * 64
    assert model.decision is not None
    assert model.decision["promote"] is True
    assert model.decision["against"] is None
    assert folder.record(version.digest) == model
    assert open_bundle(folder.bundle(version.digest)).digest == version.digest


def test_every_move_of_the_aliases_is_followed(desk: Desk, folder: PublishedFolder) -> None:
    follower = publisher(desk, folder)
    first = desk.promote(1)
    assert follower.look()
    second = desk.promote(2)
    assert follower.look()
    assert versions(folder) == (second.version, first.version)
    assert not follower.look()
    rollback(desk.registry, why="a test")
    assert follower.look()
    assert versions(folder) == (first.version, second.version)
    pointer = folder.pointer()
    assert pointer is not None
    assert pointer.previous is not None
    assert "a test" in (pointer.previous.rolled_back or "")
    assert pointer.production.rolled_back is None


def test_a_damaged_bundle_is_refused_and_what_was_published_stays(
    local_desk: Desk, folder: PublishedFolder
) -> None:
    follower = publisher(local_desk, folder)
    first = local_desk.promote(1)
    follower.look()
    second = local_desk.promote(2)
    stored = local_desk.registry.bundle(second).path / "weights.npy"
    whole = stored.read_bytes()
    stored.write_bytes(whole[:-1])
    for _ in range(2):
        with pytest.raises(BundleError, match="altered"):
            follower.look()
    assert versions(folder) == (first.version, None)
    assert follower.production == second.version
    third = local_desk.registry.register(*local_desk.log(3))
    # Production cannot be compared with, so the alias moves by hand.
    local_desk.client.set_registered_model_alias(
        local_desk.registry.model_name, PRODUCTION, third.version
    )
    assert follower.look()
    assert versions(folder) == (third.version, first.version)


def test_production_is_published_although_the_model_before_is_damaged(
    local_desk: Desk, folder: PublishedFolder
) -> None:
    first, second = local_desk.promote(1), local_desk.promote(2)
    (local_desk.registry.bundle(first).path / "weights.npy").unlink()
    with pytest.raises(BundleError, match="missing"):
        publisher(local_desk, folder).look()
    assert versions(folder) == (second.version, None)


def test_a_published_file_that_was_damaged_is_mended(
    shared_desk: Desk, folder: PublishedFolder
) -> None:
    version = shared_desk.promote(1)
    follower = publisher(shared_desk, folder)
    follower.look()
    damaged = folder.bundle(version.digest) / "weights.npy"
    damaged.chmod(0o644)
    damaged.write_bytes(b"")
    follower.look()
    assert is_placed(folder, version.digest)
    assert open_bundle(folder.bundle(version.digest)).digest == version.digest


def test_the_registry_follows_a_withdrawal(desk: Desk, folder: PublishedFolder) -> None:
    first, second = desk.promote(1), desk.promote(2)
    follower = publisher(desk, folder)
    follower.look()
    folder.withdraw(withdrawal_of(second))
    assert follower.look()
    aliases = desk.registry.aliases()
    assert (aliases[PRODUCTION], aliases[PREVIOUS]) == (first.version, second.version)
    assert versions(folder) == (first.version, second.version)
    assert folder.withdrawal() is None
    said = desk.registry.version(second.version).rolled_back
    assert said is not None
    assert "withdrawn through the API" in said
    assert "Lists were odd." in said
    assert not follower.look()


def test_a_withdrawal_of_what_is_not_production_any_more_just_ends(
    shared_desk: Desk, folder: PublishedFolder
) -> None:
    first, second = shared_desk.promote(1), shared_desk.promote(2)
    folder.withdraw(withdrawal_of(first))
    publisher(shared_desk, folder).look()
    assert versions(folder) == (second.version, first.version)
    assert folder.withdrawal() is None


def test_a_withdrawal_that_the_registry_cannot_follow_stands_until_a_promotion(
    shared_desk: Desk, folder: PublishedFolder
) -> None:
    first = shared_desk.promote(1)
    follower = publisher(shared_desk, folder)
    follower.look()
    folder.withdraw(withdrawal_of(first))
    with pytest.raises(RegistryError, match="no previous version"):
        follower.look()
    assert folder.withdrawal() is not None
    second = shared_desk.promote(2)
    assert follower.look()
    assert versions(folder) == (second.version, first.version)
    assert folder.withdrawal() is None


def test_a_rollback_of_a_model_that_was_replaced_meanwhile_changes_nothing(
    shared_desk: Desk,
) -> None:
    first, second = shared_desk.promote(1), shared_desk.promote(2)
    result = rollback(shared_desk.registry, why="late", digest=first.digest)
    assert (result.outcome, result.production) == ("unchanged", second.version)
    assert shared_desk.registry.aliases()[PRODUCTION] == second.version


def test_an_unreadable_pointer_is_written_again(shared_desk: Desk, folder: PublishedFolder) -> None:
    version = shared_desk.promote(1)
    follower = publisher(shared_desk, folder)
    follower.look()
    folder.pointer_file.write_text("{")
    assert follower.look()
    assert versions(folder) == (version.version, None)


def test_a_version_made_by_hand_is_not_published(
    shared_desk: Desk, folder: PublishedFolder
) -> None:
    first = shared_desk.promote(1)
    follower = publisher(shared_desk, folder)
    follower.look()
    client, name = shared_desk.client, shared_desk.registry.model_name
    made = client.create_model_version(name, source=first.source)
    client.set_registered_model_alias(name, PRODUCTION, made.version)
    with pytest.raises(RegistryError, match="made by hand"):
        follower.look()
    assert versions(folder) == (first.version, None)


class Gate:
    """Passes connections on to a server, until it is shut."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.target = (parts.hostname, parts.port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                if not self.open:
                    client.close()
                    continue
                server = socket.create_connection(self.target)
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while (data := source.recv(65536)) and self.open:
                sink.sendall(data)
        for end in (source, sink):
            # A mere close does not reach a thread that waits for data, nor the other side.
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@pytest.fixture
def gate(server_desk: Desk, server_address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made = Gate(server_address)
    # Both: MLflow has written the second one when the desk connected.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", made.address)
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", made.address)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    yield made
    made.listener.close()


def test_mlflow_stopped_leaves_everything_as_it_is_and_is_followed_again_later(
    gate: Gate, server_desk: Desk, folder: PublishedFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = server_desk.promote(1)
    follower = publisher(server_desk, folder)
    assert follower.look()
    gate.open = False
    for _ in range(2):
        with pytest.raises(RegistryError):
            follower.look()
    assert not follower.in_reach
    assert versions(folder) == (first.version, None)
    assert is_placed(folder, first.digest)
    gate.open = True
    # A connection that was cut is found out by asking.
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    second = server_desk.promote(2)
    assert follower.look()
    assert versions(folder) == (second.version, first.version)


def test_a_registry_that_fails_while_it_is_used_is_asked_again(
    shared_desk: Desk, folder: PublishedFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = shared_desk.promote(1)
    follower = publisher(shared_desk, folder)
    follower.look()

    def fail(client: MlflowClient, name: str) -> None:
        raise MlflowException(f"Max retries exceeded for {name}")

    with monkeypatch.context() as stopped:
        stopped.setattr(MlflowClient, "get_registered_model", fail)
        with pytest.raises(RegistryError, match="Max retries"):
            follower.look()
    assert not follower.in_reach
    assert versions(folder) == (first.version, None)
    second = shared_desk.promote(2)
    assert follower.look()
    assert follower.in_reach
    assert versions(folder) == (second.version, first.version)


def test_kills_at_random_moments_leave_a_whole_published_folder(
    shared_desk: Desk, folder: PublishedFolder, processes: Any, tmp_path: Path
) -> None:
    for seed in (1, 2, 3):
        shared_desk.promote(seed)
    child = importlib.import_module("publishing_child")
    keys = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MOVIE_ROULETTE_VAR")
    environment = {key: os.environ[key] for key in keys}
    moments = random.Random(1)  # noqa: S311 - when to kill
    for attempt in range(10):
        ready = tmp_path / f"ready-{attempt}"
        arguments = (environment, shared_desk.settings, folder.root, ready)
        process = processes.Process(target=child.publish_forever, args=arguments)
        process.start()
        while not ready.exists():
            assert process.is_alive()
            time.sleep(0.01)
        time.sleep(moments.uniform(0.0, 0.3))
        process.kill()
        process.join()
        assert_whole(folder)


def assert_whole(folder: PublishedFolder) -> None:
    pointer = folder.pointer()
    if pointer is None:
        return
    for model in filter(None, (pointer.production, pointer.previous)):
        assert open_bundle(folder.bundle(model.digest)).digest == model.digest
        assert folder.record(model.digest) is not None


def test_the_first_look_clears_what_a_killed_publisher_left(
    shared_desk: Desk, folder: PublishedFolder
) -> None:
    leftover = folder.bundles / ".incoming-abc"
    leftover.mkdir(parents=True)
    (leftover / "weights.npy").touch()
    publisher(shared_desk, folder)
    assert list(folder.bundles.iterdir()) == []


def test_only_the_latest_bundles_are_kept(shared_desk: Desk, folder: PublishedFolder) -> None:
    follower = publisher(shared_desk, folder, Retention(2, days=0.0))
    made = []
    for seed in (1, 2, 3, 4):
        made.append(shared_desk.promote(seed))
        follower.look()
    assert set(kept_bundles(folder)) == {made[2].digest, made[3].digest}
    assert follower.removed == 2
    assert all(folder.record(version.digest) for version in made)


def test_what_was_production_lately_is_kept_however_many_there_are(
    shared_desk: Desk, folder: PublishedFolder
) -> None:
    follower = publisher(shared_desk, folder, Retention(0, days=7.0))
    made = [shared_desk.promote(1)]
    follower.look()
    # Production for long: its record is old, and its lists are not.
    os.utime(folder.record_file(made[0].digest), (1000, 1000))
    for seed in (2, 3, 4):
        made.append(shared_desk.promote(seed))
        follower.look()
    assert set(kept_bundles(folder)) == {version.digest for version in made}
    os.utime(folder.record_file(made[1].digest), (1000, 1000))
    made.append(shared_desk.promote(5))
    follower.look()
    assert made[1].digest not in kept_bundles(folder)
    assert follower.removed == 1


def test_a_pointer_of_the_same_models_is_not_written_again(
    shared_desk: Desk, folder: PublishedFolder
) -> None:
    shared_desk.promote(1)
    publisher(shared_desk, folder).look()
    pointer = folder.pointer()
    assert isinstance(pointer, Pointer)
    assert isinstance(pointer.production, PublishedModel)
    assert not publisher(shared_desk, folder).look()
    assert folder.pointer() == pointer


def test_connecting_is_tried_again_after_it_failed(
    shared_desk: Desk, folder: PublishedFolder
) -> None:
    shared_desk.promote(1)
    attempts: list[Registry] = []

    def connect() -> Registry:
        if not attempts:
            attempts.append(shared_desk.registry)
            raise RegistryError("out of reach")
        return shared_desk.registry

    follower = Publisher(folder, connect, retention=RETENTION)
    with pytest.raises(RegistryError, match="out of reach"):
        follower.look()
    assert follower.look()
