from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recommender.errors import BundleError, UsageError
from recommender.publication import Pointer
from recommender.soundness import mark_sound
from serving.models.slot import ModelSlot
from tests.serving.models.conftest import SETTINGS, Shop, Worker, edit_manifest

Hire = Callable[..., Worker]
#: Far more than it takes; the figures are measured by the benchmark.
PATIENCE = 60.0


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_without_anything_published_there_is_no_model(worker: Worker) -> None:
    worker.slot.follow()
    assert (worker.version, worker.previous, worker.slot.refused()) == (None, None, ())


def test_production_is_served_and_the_model_before_stays_loaded(shop: Shop, worker: Worker) -> None:
    shop.point("1")
    worker.slot.follow()
    assert (worker.version, worker.previous) == ("1", None)
    first = worker.slot.current()
    shop.point("2", "1")
    worker.slot.follow()
    assert (worker.version, worker.previous) == ("2", "1")
    before = worker.slot.previous()
    assert first is not None
    assert before is not None
    assert before.recommender is first.recommender
    assert worker.said == [("swapped", "1"), ("swapped", "2")]


def test_start_loads_production_at_once_and_the_rest_in_its_thread(shop: Shop, hire: Hire) -> None:
    shop.point("2", "1")
    worker = hire()
    worker.slot.start()
    worker.slot.start()
    assert worker.version == "2"
    wait_until(lambda: worker.previous == "1")
    shop.point("1", "2")
    wait_until(lambda: worker.version == "1")
    worker.slot.stop()
    worker.slot.stop()
    shop.point("2", "1")
    assert worker.version == "1"


@pytest.mark.parametrize("fault", ["altered", "truncated", "missing", "no manifest", "version"])
@pytest.mark.parametrize("marked", [True, False])
def test_a_damaged_bundle_is_refused_and_the_old_one_serves_on(
    shop: Shop, worker: Worker, fault: str, marked: bool
) -> None:
    shop.point("1")
    worker.slot.follow()
    shop.make("3", marked=marked)
    damage(shop, fault)
    shop.point("3", "1")
    for _ in range(3):
        worker.slot.follow()
    assert worker.version == "1"
    (refusal,) = worker.slot.refused()
    assert (refusal.digest, refusal.version) == (shop.models["3"].digest, "3")
    # Not tried again as long as nothing changes.
    assert worker.said == [("swapped", "1"), ("refused", "3")]
    model = worker.slot.current()
    assert model is not None
    assert model.recommender.recommend(1, 5).movie_ids.size == 5


def damage(shop: Shop, fault: str) -> None:
    array, manifest = shop.file("3", "svd.user_factors.npy"), shop.file("3", "manifest.json")
    if fault == "altered":
        content = bytearray(array.read_bytes())
        content[-1] ^= 1
        array.write_bytes(content)
    elif fault == "truncated":
        array.write_bytes(array.read_bytes()[:200])
    elif fault == "missing":
        array.unlink()
    elif fault == "no manifest":
        manifest.unlink()
    else:
        edit_manifest(manifest, {"format_version": 99})


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["svd.user_factors", "blend.rating", "ials.factors"])
def test_a_bundle_with_nan_is_refused(shop: Shop, worker: Worker, value: float, name: str) -> None:
    def spoil(arrays: Any) -> None:
        arrays[name].flat[-1] = value

    shop.point("1")
    worker.slot.follow()
    shop.make("3", spoil, marked=False)
    shop.point("3", "1")
    worker.slot.follow()
    assert worker.version == "1"
    assert "NaN or infinity" in worker.slot.refused()[0].reason


def test_a_worker_that_starts_with_a_damaged_production_serves_the_model_before(
    shop: Shop, hire: Hire
) -> None:
    shop.make("3")
    damage(shop, "missing")
    shop.point("3", "1")
    worker = hire()
    worker.slot.start()
    wait_until(lambda: worker.version == "1")
    assert worker.slot.refused()[0].version == "3"


def test_a_bundle_that_was_mended_is_tried_again(shop: Shop, worker: Worker) -> None:
    digest = shop.make("3")
    damaged = shop.file("3", "svd.user_factors.npy")
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-1])
    shop.point("3")
    worker.slot.follow()
    assert worker.version is None
    damaged.write_bytes(whole)
    worker.slot.follow()
    assert worker.version == "3"
    assert worker.slot.refused() == ()
    assert digest == shop.models["3"].digest


def test_reload_tries_again_on_every_worker(
    shop: Shop, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = hire(), hire()
    attempts: list[str] = []

    def fail(*arguments: Any) -> Any:
        attempts.append("tried")
        raise BundleError("a test")

    monkeypatch.setattr("serving.models.slot.load", fail)
    shop.point("1")
    for worker in (first, second, first, second):
        worker.slot.follow()
    assert len(attempts) == 2
    monkeypatch.undo()
    first.slot.reload()
    second.slot.follow()
    assert (first.version, second.version) == ("1", "1")
    assert first.slot.refused() == ()


def test_reload_without_a_pointer_does_nothing(worker: Worker) -> None:
    worker.slot.reload()
    assert worker.version is None


@pytest.mark.parametrize("name", ["pointer_file", "withdrawal_file"])
def test_an_unreadable_file_changes_nothing_and_is_shown(
    shop: Shop, worker: Worker, name: str
) -> None:
    shop.point("2", "1")
    worker.slot.follow()
    getattr(shop.folder, name).write_text("{")
    worker.slot.follow()
    worker.slot.follow()
    assert (worker.version, worker.previous) == ("2", "1")
    assert [refusal.digest for refusal in worker.slot.refused()] == [None]
    assert worker.said[-1] == ("refused", None)
    shop.point("2", "1")
    shop.folder.end_withdrawal()
    worker.slot.follow()
    assert worker.slot.refused() == ()


def test_the_same_bundle_under_a_new_version_is_not_loaded_again(
    shop: Shop, worker: Worker
) -> None:
    shop.point("1")
    worker.slot.follow()
    model = worker.slot.current()
    renamed = replace(shop.models["1"], version="9")
    shop.folder.write_pointer(Pointer(renamed, None, "later"))
    worker.slot.follow()
    again = worker.slot.current()
    assert model is not None
    assert again is not None
    assert (again.version, again.recommender) == ("9", model.recommender)


def test_a_withdrawal_puts_the_model_before_in_place_on_every_worker(
    shop: Shop, hire: Hire
) -> None:
    shop.point("2", "1")
    asked, other = hire(), hire()
    for worker in (asked, other):
        worker.slot.start()
        wait_until(lambda worker=worker: worker.previous == "1")
    withdrawal = asked.slot.withdraw("api", "Lists were odd.")
    # Whoever asked sees it done; the model was loaded, so nothing had to be read.
    assert asked.version == "1"
    wait_until(lambda: other.version == "1")
    for worker in (asked, other):
        assert worker.slot.withdrawal() == withdrawal
        assert worker.previous is None
    # Its thread may have been quicker to swap than it to say so.
    assert set(asked.said[-2:]) == {("withdrawn", "2"), ("swapped", "1")}
    (swap,) = (event for event in asked.events[1:] if event.kind == "swapped")
    assert swap.detail == "Version 2 was withdrawn: Lists were odd."
    assert swap.seconds == 0.0


def test_production_is_not_withdrawn_twice_nor_without_a_model_before(
    shop: Shop, worker: Worker
) -> None:
    with pytest.raises(UsageError, match="no previous model"):
        worker.slot.withdraw("api", "why")
    shop.point("2")
    worker.slot.follow()
    with pytest.raises(UsageError, match="no previous model"):
        worker.slot.withdraw("api", "why")
    shop.point("2", "1")
    worker.slot.withdraw("api", "why")
    with pytest.raises(UsageError, match="taken back already"):
        worker.slot.withdraw("api", "why")


def test_the_registry_catching_up_changes_nothing_for_the_visitors(
    shop: Shop, worker: Worker
) -> None:
    shop.point("2", "1")
    worker.slot.follow()
    worker.slot.withdraw("command", "why")
    served = worker.slot.current()
    # What the publisher does after the registry has followed.
    shop.point("1", "2")
    worker.slot.follow()
    shop.folder.end_withdrawal()
    worker.slot.follow()
    assert (worker.version, worker.previous) == ("1", "2")
    now = worker.slot.current()
    assert served is not None
    assert now is not None
    assert now.recommender is served.recommender
    assert worker.said == [("swapped", "2"), ("withdrawn", "2"), ("swapped", "1")]


def test_the_next_promotion_ends_a_withdrawal(shop: Shop, worker: Worker) -> None:
    shop.point("2", "1")
    worker.slot.follow()
    worker.slot.withdraw("api", "why")
    shop.make("3")
    shop.point("3", "1")
    worker.slot.follow()
    assert (worker.version, worker.previous, worker.slot.withdrawal()) == ("3", "1", None)


def promoted(shop: Shop, worker: Worker) -> None:
    shop.point("1")
    worker.slot.follow()
    shop.point("2", "1")
    worker.slot.follow()


@pytest.mark.parametrize(
    ("seconds", "failed", "reason"),
    [(0.001, True, "100.0% of 10 requests failed"), (0.5, False, "95th percentile")],
)
def test_a_new_model_that_fails_or_is_slow_is_taken_back_by_itself(
    shop: Shop, hire: Hire, seconds: float, failed: bool, reason: str
) -> None:
    worker = hire()
    shop.point("1")
    worker.slot.start()
    shop.point("2", "1")
    wait_until(lambda: worker.previous == "1")
    model = worker.slot.current()
    assert model is not None
    for _ in range(10):
        worker.slot.observe(model, seconds, failed=failed)
    wait_until(lambda: worker.version == "1")
    withdrawal = shop.folder.withdrawal()
    assert withdrawal is not None
    assert (withdrawal.by, withdrawal.version) == ("automatic", "2")
    assert reason in withdrawal.reason


def test_requests_of_the_model_before_do_not_count_against_the_new_one(
    shop: Shop, worker: Worker
) -> None:
    shop.point("1")
    worker.slot.follow()
    before = worker.slot.current()
    shop.point("2", "1")
    worker.slot.follow()
    assert before is not None
    for _ in range(50):
        worker.slot.observe(before, 9.0, failed=True)
    worker.slot.judge()
    assert worker.version == "2"


def test_neither_a_start_nor_a_rollback_is_watched(shop: Shop, worker: Worker) -> None:
    shop.point("2", "1")
    worker.slot.follow()
    fail_much(worker)
    assert worker.version == "2"
    worker.slot.withdraw("api", "why")
    fail_much(worker)
    assert worker.version == "1"
    assert shop.folder.withdrawal() == worker.slot.withdrawal()


def test_nothing_is_put_in_place_that_was_rolled_back_itself(
    shop: Shop, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    promoted(shop, worker)
    bad = replace(shop.models["1"], rolled_back="yesterday, by hand")
    shop.folder.write_pointer(Pointer(shop.models["2"], bad, "now"))
    worker.slot.follow()
    with caplog.at_level(logging.ERROR):
        fail_much(worker)
    assert worker.version == "2"
    assert shop.folder.withdrawal() is None
    assert "so it stays" in caplog.text


def test_after_its_time_a_model_is_not_watched(shop: Shop, hire: Hire) -> None:
    worker = hire(replace(SETTINGS, watch_seconds=0.0))
    promoted(shop, worker)
    fail_much(worker)
    assert worker.version == "2"


def fail_much(worker: Worker) -> None:
    model = worker.slot.current()
    assert model is not None
    for _ in range(50):
        worker.slot.observe(model, 9.0, failed=True)
    worker.slot.judge()


def test_earlier_models_are_found_by_their_digest_while_they_are_kept(
    shop: Shop, worker: Worker
) -> None:
    for version in ("3", "4", "5"):
        shop.make(version)
    for version in ("1", "2", "3", "4", "5"):
        shop.point(version)
    shop.point("2", "1")
    worker.slot.follow()
    digests = {version: model.digest for version, model in shop.models.items()}
    assert worker.slot.of_digest(digests["2"]) is worker.slot.current()
    kept = worker.slot.of_digest(digests["3"])
    assert kept is not None
    assert kept.version == "3"
    assert worker.slot.of_digest(digests["3"]) is kept
    for version in ("4", "5"):
        assert worker.slot.of_digest(digests[version]) is not None
    again = worker.slot.of_digest(digests["3"])
    assert again is not None
    assert again is not kept
    assert worker.slot.of_digest("f" * 64) is None
    assert worker.slot.of_digest("../../etc") is None
    shop.file("5", "ials.gram.npy").unlink()
    assert worker.slot.of_digest(digests["5"]) is not None
    fresh = ModelSlot(shop.folder, SETTINGS)
    with pytest.raises(BundleError, match="missing"):
        fresh.of_digest(digests["5"])


def test_a_kept_bundle_without_a_record_is_an_error(shop: Shop, worker: Worker) -> None:
    with pytest.raises(BundleError, match="no record"):
        worker.slot.of_digest(shop.models["1"].digest)


def test_a_forked_process_follows_by_itself(shop: Shop, hire: Hire) -> None:
    shop.point("1")
    worker = hire()
    worker.slot.start()
    child = os.fork()
    if child == 0:
        shop.point("2", "1")
        worker.slot.start()
        os._exit(0 if worker.version == "2" else 1)
    assert os.waitpid(child, 0)[1] == 0
    wait_until(lambda: worker.version == "2")


def test_the_thread_outlives_an_error_of_any_kind(
    shop: Shop, hire: Hire, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shop.point("1")
    worker = hire()
    worker.slot.start()

    def fail(slot: ModelSlot) -> None:
        raise RuntimeError("a test")

    monkeypatch.setattr(ModelSlot, "judge", fail)
    wait_until(lambda: "could not be followed" in caplog.text)
    monkeypatch.undo()
    shop.point("2", "1")
    wait_until(lambda: worker.version == "2")


def test_swaps_under_threads_give_no_mixed_and_no_failed_answer(shop: Shop, hire: Hire) -> None:
    """Twenty swaps between two models that rank in opposite order, while four threads ask."""

    def reversed_signals(arrays: Any) -> None:
        for name in ("trending", "quality", "rising", "popularity"):
            arrays[f"signal.{name}"] = -arrays[f"signal.{name}"]

    shop.make("3", reversed_signals)
    shop.point("1")
    worker = hire()
    worker.slot.start()
    model = worker.slot.current()
    assert model is not None
    expected = {"1": answer(model)}
    shop.point("3", "1")
    wait_until(lambda: worker.version == "3")
    model = worker.slot.current()
    assert model is not None
    expected["3"] = answer(model)
    assert expected["1"] != expected["3"]
    wrong: list[object] = []
    counts = dict.fromkeys(expected, 0)
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            taken = worker.slot.current()
            found = None if taken is None else answer(taken)
            if taken is None or found != expected[taken.version]:
                wrong.append((taken, found))
            else:
                counts[taken.version] += 1
                worker.slot.observe(taken, 0.001)
            time.sleep(0.001)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(20):
        production, previous = ("1", "3") if turn % 2 else ("3", "1")
        shop.point(previous, production)
        wait_until(lambda previous=previous: worker.version == previous)
    ended.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert min(counts.values()) > 0
    assert len([said for said in worker.said if said[0] == "swapped"]) == 22


def answer(model: Any) -> list[tuple[list[int], list[float]]]:
    lists = [model.recommender.recommend(user, 5) for user in (1, 2, -1)]
    return [(shown.movie_ids.tolist(), shown.scores.tolist()) for shown in lists]


def test_marks_that_are_wrong_only_cost_a_full_check(shop: Shop, worker: Worker) -> None:
    shop.make("3", marked=False)
    model = shop.models["3"]
    shop.folder.marks_file(model.digest).parent.mkdir(exist_ok=True)
    shop.folder.marks_file(model.digest).write_text("{")
    shop.point("3")
    worker.slot.follow()
    assert worker.version == "3"
    found = worker.slot.current()
    assert found is not None
    mark_sound(shop.folder, found.bundle)


def test_a_closed_slot_lets_go_of_the_files_of_its_models(shop: Shop, worker: Worker) -> None:
    shop.point("1")
    before = len(list(Path("/dev/fd").iterdir()))
    worker.slot.follow()
    assert worker.version == "1"
    assert len(list(Path("/dev/fd").iterdir())) > before
    worker.slot.close()
    assert worker.version is None
    assert len(list(Path("/dev/fd").iterdir())) <= before
