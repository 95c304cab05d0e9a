from __future__ import annotations

import logging

import pytest

from recommender.models.stages import Stages


def test_stages_are_told_timed_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    told: list[tuple[str, int, int | None]] = []
    stages = Stages(lambda *step: told.append(step))
    with caplog.at_level(logging.INFO), stages.stage("outer"), stages.stage("inner"):
        assert told == [("outer", 0, None), ("inner", 0, None)]
    inner, outer = stages.done
    assert (inner.name, outer.name) == ("inner", "outer")
    assert outer.begin <= inner.begin <= inner.end <= outer.end
    assert inner.cpu_seconds >= 0.0
    assert [record.message.partition(":")[0] for record in caplog.records] == ["inner", "outer"]


def test_a_stage_that_fails_is_not_done() -> None:
    stages = Stages(lambda *_: None)
    with pytest.raises(ValueError, match="broken"), stages.stage("fit"):
        raise ValueError("broken")
    assert stages.done == []
