"""When a round takes up the retraining that an operator asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitoring.folders import MonitoringFolders
from monitoring.journal import Journal
from monitoring.retrain_request import RetrainRequest, ask_to_retrain, waiting_request
from monitoring.state import MonitorState
from pipelines.requested import asked_by, take_request
from tests.monitoring.wishes import decide


@pytest.fixture
def folders(tmp_path: Path) -> MonitoringFolders:
    return MonitoringFolders(tmp_path / "monitoring")


@pytest.fixture
def wish(folders: MonitoringFolders) -> RetrainRequest:
    return ask_to_retrain(folders.retrain_request, "k1", "new films", 100.0)


def silent(text: str) -> None:
    raise AssertionError(text)


def test_a_wish_is_taken_until_a_decision_names_it(
    folders: MonitoringFolders, wish: RetrainRequest
) -> None:
    decide(folders, None, retrain=False)
    assert take_request(folders, silent) == wish
    decide(folders, wish, retrain=False)
    # The round was killed here: its decision stands, and the wish is not decided on again.
    assert take_request(folders, silent) is None
    assert waiting_request(folders.retrain_request) is None
    assert take_request(folders, silent) is None


def test_a_wish_waits_for_the_end_of_a_retraining(
    folders: MonitoringFolders, wish: RetrainRequest
) -> None:
    number = decide(folders, None, retrain=True)
    assert take_request(folders, silent) is None
    assert waiting_request(folders.retrain_request) == wish
    Journal(folders.journal).end(number, "promoted", MonitorState(), 300.0, {})
    assert take_request(folders, silent) == wish


def test_an_unreadable_wish_is_said_and_ends_no_round(folders: MonitoringFolders) -> None:
    folders.retrain_request.parent.mkdir(parents=True)
    folders.retrain_request.write_text("{")
    said: list[str] = []
    assert take_request(folders, said.append) is None
    assert "retrain.json: the request to train again cannot be read" in said[0]


def test_who_asked_is_said_in_a_sentence(wish: RetrainRequest) -> None:
    assert asked_by(wish) == "The API key k1 asked for a retraining: new films"
