"""The publisher carries out what operators ask for, and says what there is and what came of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from recommender.errors import BundleError, RegistryError, UsageError
from recommender.promotion_request import PromotionFiles
from recommender.publication import PublishedFolder
from tests.tracking.conftest import Desk
from tracking.placing import Retention
from tracking.promotion import promote
from tracking.promotions_asked_for import Promotions
from tracking.publisher import Publisher
from tracking.versions import DECISION_TAG


@pytest.fixture
def folder(tmp_path: Path) -> PublishedFolder:
    return PublishedFolder(tmp_path / "published")


@pytest.fixture
def files(folder: PublishedFolder) -> PromotionFiles:
    return PromotionFiles(folder.root)


def publisher(desk: Desk, folder: PublishedFolder) -> Publisher:
    return Publisher(folder, desk.again, retention=Retention())


def production(folder: PublishedFolder) -> str:
    pointer = folder.pointer()
    assert pointer is not None
    return pointer.production.version


def test_a_rejected_version_is_listed_and_promoted_when_somebody_asks(
    desk: Desk, folder: PublishedFolder, files: PromotionFiles
) -> None:
    first = desk.promote(1)
    second = desk.register(2)
    promote(desk.registry, second.version, lambda _: desk.reject)
    follower = publisher(desk, folder)
    follower.look()
    newest, oldest = files.versions()
    assert (newest.version, newest.gate, newest.aliases) == (second.version, False, ("candidate",))
    assert newest.why == ("rmse: 0.9 is above 0.8",)
    assert (oldest.version, oldest.gate, oldest.aliases) == (first.version, True, ("production",))
    assert files.last() is None
    asked = files.ask(second.version, "k1", "viewers like it")
    assert files.waiting() == asked
    assert follower.look()
    assert production(folder) == second.version
    assert files.waiting() is None
    outcome = files.last()
    assert outcome is not None
    assert (outcome.request, outcome.end) == (asked, "promoted")
    assert files.versions()[0].aliases == ("production",)
    pointer = folder.pointer()
    assert pointer is not None
    assert "k1" in pointer.production.lineage["promoted_by_hand"]
    assert "viewers like it" in desk.registry.history()[-1].why
    assert not follower.look()


def test_what_cannot_be_asked_is_said_at_once(
    shared_desk: Desk, folder: PublishedFolder, files: PromotionFiles
) -> None:
    with pytest.raises(UsageError, match="no such version"):
        files.ask("1", "k1", "x")
    first, second = shared_desk.promote(1), shared_desk.register(2)
    Promotions(folder).list_versions(shared_desk.registry)
    with pytest.raises(UsageError, match="production already"):
        files.ask(first.version, "k1", "x")
    files.ask(second.version, "k1", "x")
    with pytest.raises(UsageError, match="another promotion"):
        files.ask(second.version, "k2", "y")


def test_a_version_that_cannot_be_production_is_refused_and_not_tried_again(
    local_desk: Desk, folder: PublishedFolder, files: PromotionFiles
) -> None:
    first, second = local_desk.promote(1), local_desk.register(2)
    follower = publisher(local_desk, folder)
    follower.look()
    stored = local_desk.registry.bundle(second).path / "weights.npy"
    stored.write_bytes(stored.read_bytes()[:-1])
    files.ask(second.version, "k1", "x")
    follower.look()
    outcome = files.last()
    assert outcome is not None
    assert outcome.end == "refused"
    assert "altered" in outcome.message
    assert production(folder) == first.version
    third = local_desk.register(3)
    Promotions(folder).list_versions(local_desk.registry, at_once=True)
    files.ask(third.version, "k1", "x")
    local_desk.client.delete_model_version(local_desk.registry.model_name, third.version)
    follower.look()
    outcome = files.last()
    assert outcome is not None
    assert "no such version any more" in outcome.message
    assert files.waiting() is None


def test_a_request_outlives_a_registry_that_fails_and_holds_up_nothing_else(
    shared_desk: Desk,
    folder: PublishedFolder,
    files: PromotionFiles,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shared_desk.promote(1)
    second = shared_desk.register(2)
    follower = publisher(shared_desk, folder)
    Promotions(folder).list_versions(shared_desk.registry)
    files.ask(second.version, "k1", "x")
    with monkeypatch.context() as away:

        def fail(*_: object, **__: object) -> None:
            raise RegistryError("another pipeline holds the lock")

        away.setattr("tracking.promotions_asked_for.promote_by_hand", fail)
        with pytest.raises(RegistryError, match="holds the lock"):
            follower.look()
    assert production(folder) != second.version
    assert files.waiting() is not None
    follower.look()
    assert production(folder) == second.version


def test_a_request_that_cannot_be_read_is_said_once_and_removed(
    shared_desk: Desk, folder: PublishedFolder, files: PromotionFiles
) -> None:
    first = shared_desk.promote(1)
    follower = publisher(shared_desk, folder)
    folder.root.mkdir(parents=True)
    files.request_file.write_text("{")
    with pytest.raises(BundleError, match="cannot be read"):
        follower.look()
    assert production(folder) == first.version
    follower.look()


def test_an_unreadable_decision_of_the_gate_is_named(
    shared_desk: Desk, folder: PublishedFolder, files: PromotionFiles
) -> None:
    version = shared_desk.register(2)
    shared_desk.client.set_model_version_tag(
        shared_desk.registry.model_name, version.version, DECISION_TAG, "{"
    )
    Promotions(folder).list_versions(shared_desk.registry)
    listed = files.versions()[0]
    assert listed.gate is None
    assert "cannot be read" in listed.why[0]
