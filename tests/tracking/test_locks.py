from __future__ import annotations

import threading
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from recommender.errors import RegistryError
from tracking import locks
from tracking.locks import BEAT_TAG, LockTimes, registry_lock
from tracking.processes import ProcessMark, this_process

TIMES = LockTimes(wait=0.5, beat=0.05, patience=0.4)
ELSEWHERE = ProcessMark("elsewhere", 1, "then")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_POLL_SECONDS", 0.02)


def hold(desk: Any, times: LockTimes = TIMES) -> Any:
    return registry_lock(desk.client, desk.registry.store, desk.settings.model_name, times)


def queue(desk: Any) -> list[Any]:
    name = f"{desk.settings.model_name}.lock"
    return list(desk.client.search_model_versions(f"name = '{name}'"))


def draw(desk: Any, mark: ProcessMark) -> str:
    """Put a ticket into the queue as another process would."""
    name = f"{desk.settings.model_name}.lock"
    with hold(desk):
        pass
    tags = {**mark.to_tags(), BEAT_TAG: "0"}
    return str(desk.client.create_model_version(name, locks._TICKET_SOURCE, tags=tags).version)


def test_one_who_waits_too_long_learns_who_holds_it(desk: Any) -> None:
    with hold(desk) as still_held:
        with pytest.raises(RegistryError, match=str(this_process().pid)) as caught, hold(desk):
            pytest.fail("two hold one lock")
        still_held()
    assert caught.value.remedy
    with hold(desk) as still_held:
        still_held()


def test_one_who_waits_gets_it_in_the_end(desk: Any) -> None:
    order: list[str] = []

    def second() -> None:
        with hold(desk, replace(TIMES, wait=30, patience=30)):
            order.append("second")

    with hold(desk):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.3)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]


def test_it_is_given_back_after_an_error(desk: Any) -> None:
    with pytest.raises(ZeroDivisionError), hold(desk):
        raise ZeroDivisionError
    with hold(desk):
        pass


def test_the_queue_is_empty_afterwards_and_numbers_never_return(server_desk: Any) -> None:
    with hold(server_desk):
        [first] = queue(server_desk)
    assert queue(server_desk) == []
    with hold(server_desk):
        [second] = queue(server_desk)
    assert int(second.version) > int(first.version)


def test_the_ticket_of_a_dead_process_is_removed_at_once(server_desk: Any) -> None:
    draw(server_desk, replace(this_process(), started="at another time"))
    with hold(server_desk, replace(TIMES, wait=30, patience=1e9)):
        assert len(queue(server_desk)) == 1


def test_the_ticket_of_a_silent_host_is_removed_after_a_while(server_desk: Any) -> None:
    draw(server_desk, ELSEWHERE)
    with hold(server_desk, replace(TIMES, wait=30)):
        assert len(queue(server_desk)) == 1


def test_the_ticket_of_a_living_host_is_waited_for(server_desk: Any) -> None:
    ticket = draw(server_desk, ELSEWHERE)
    name = f"{server_desk.settings.model_name}.lock"
    ended = threading.Event()
    arguments = (server_desk.client, name, int(ticket), TIMES, ended)
    beating = threading.Thread(target=locks._beat, args=arguments)
    beating.start()
    try:
        with (
            pytest.raises(RegistryError, match="elsewhere"),
            hold(server_desk, replace(TIMES, wait=1.5, patience=1.0)),
        ):
            pytest.fail("two hold one lock")
    finally:
        ended.set()
        beating.join()
    assert [item.version for item in queue(server_desk)] == [ticket]


def test_one_whose_ticket_was_taken_away_learns_it_before_a_change(server_desk: Any) -> None:
    with hold(server_desk) as still_held:
        [ticket] = queue(server_desk)
        server_desk.client.delete_model_version(ticket.name, ticket.version)
        with pytest.raises(RegistryError, match="the lock was lost"):
            still_held()


def test_a_ticket_without_a_sign_of_life_is_still_judged_by_time() -> None:
    ticket = SimpleNamespace(version=1, tags={})
    seen: dict[int, tuple[str | None, float]] = {}
    assert not locks._is_abandoned(ticket, seen, patience=1e9)
    assert locks._is_abandoned(ticket, seen, patience=-1)


def test_what_was_done_stands_if_the_ticket_cannot_be_given_back(
    server_desk: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unreachable(*arguments: object) -> None:
        raise MlflowException("the server went away")

    with hold(server_desk):
        monkeypatch.setattr(MlflowClient, "delete_model_version", unreachable)
    assert "the server went away" in caplog.text


def test_a_beat_that_does_not_arrive_ends_nothing(
    server_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried, original = threading.Event(), MlflowClient.set_model_version_tag

    def once_unreachable(*arguments: Any) -> None:
        if tried.is_set():
            original(*arguments)
            return
        tried.set()
        raise MlflowException("the server is busy")

    monkeypatch.setattr(MlflowClient, "set_model_version_tag", once_unreachable)
    with hold(server_desk) as still_held:
        assert tried.wait(30)
        still_held()
