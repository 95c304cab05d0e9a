"""Somebody's wish to train again: one at a time, decided on once, followed to its end."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from monitoring.errors import MonitoringError
from monitoring.folders import MonitoringFolders
from monitoring.journal import Journal
from monitoring.retrain_request import (
    RetrainRequest,
    ask_to_retrain,
    end_request,
    waiting_request,
)
from monitoring.standing import Wish, standing
from monitoring.state import MonitorState
from tests.monitoring.wishes import decide


@pytest.fixture
def folders(tmp_path: Path) -> MonitoringFolders:
    return MonitoringFolders(tmp_path / "monitoring")


@pytest.fixture
def wish(folders: MonitoringFolders) -> RetrainRequest:
    return ask_to_retrain(folders.retrain_request, "k1", "new films", 100.0)


def follow(folders: MonitoringFolders) -> Wish:
    found = standing(folders).wish()
    assert found is not None
    return found


def test_of_many_who_ask_at_once_one_is_heard(folders: MonitoringFolders) -> None:
    made: list[str] = []
    refused: list[MonitoringError] = []

    def ask(name: str) -> None:
        try:
            made.append(ask_to_retrain(folders.retrain_request, name, "why not", 1.0).by)
        except MonitoringError as error:
            refused.append(error)

    threads = [threading.Thread(target=ask, args=(f"k{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert "asked for already" in str(refused[0])
    found = waiting_request(folders.retrain_request)
    assert found is not None
    assert [found.by] == made
    assert len(list(folders.retrain_request.parent.iterdir())) == 1


def test_a_wish_waits_is_taken_and_ends(folders: MonitoringFolders, wish: RetrainRequest) -> None:
    assert follow(folders).state == "pending"
    number = decide(folders, wish, retrain=True)
    # Decided on and not removed yet, or never, if the round was killed here.
    assert follow(folders).state == "taken"
    end_request(folders.retrain_request, wish.request_id)
    assert follow(folders).state == "taken"
    Journal(folders.journal).end(number, "failed", MonitorState(), 300.0, {"detail": "killed"})
    ended = follow(folders)
    assert (ended.state, ended.decision, ended.request) == ("finished", number, wish)
    assert ended.detail == "It ended: failed. killed"


def test_a_wish_that_a_rule_holds_back_names_the_rule(
    folders: MonitoringFolders, wish: RetrainRequest
) -> None:
    decide(folders, wish, retrain=False)
    decide(folders, None, retrain=False)
    found = follow(folders)
    assert found.state == "held back"
    assert found.detail == "No training began. data_quality: odd stars."


def test_only_the_wish_that_was_decided_on_is_removed(
    folders: MonitoringFolders, wish: RetrainRequest
) -> None:
    end_request(folders.retrain_request, "another")
    assert waiting_request(folders.retrain_request) == wish
    end_request(folders.retrain_request, wish.request_id)
    end_request(folders.retrain_request, wish.request_id)
    assert waiting_request(folders.retrain_request) is None
    assert standing(folders).wish() is None


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"by": "k1"}', '{"request_id":1,"by":1,"reason":1,"at":"x"}']
)
def test_an_unreadable_wish_names_its_file(folders: MonitoringFolders, text: str) -> None:
    folders.retrain_request.parent.mkdir(parents=True)
    folders.retrain_request.write_text(text)
    with pytest.raises(MonitoringError, match=r"retrain\.json: the request to train again"):
        waiting_request(folders.retrain_request)
    assert "Remove the file" in standing(folders).problems[0]
