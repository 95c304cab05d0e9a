from __future__ import annotations

import json
import signal
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from recommender import bundle as bundles
from recommender.errors import BundleError, RegistryError
from recommender.evaluation.gate import GateDecision, GateReason
from tests.tracking.conftest import Desk
from tracking.changes import finish_change
from tracking.promotion import ProductionModel, promote, promote_by_hand, rollback
from tracking.versions import COMPLETE_TAG, PENDING_TAG

ACCEPT = GateDecision(True, (GateReason("rmse", True, "0.8 is below 0.9"),))
Child = Callable[..., BaseProcess]


def never(production: ProductionModel | None) -> GateDecision:
    raise AssertionError("the gate was asked")


def test_production_of_an_older_format_can_be_replaced_and_not_be_put_back(
    shared_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = shared_desk
    with monkeypatch.context() as earlier:
        earlier.setattr(bundles, "FORMAT_VERSION", bundles.FORMAT_VERSION - 1)
        # A seed of its own: what is logged is kept for other tests.
        first = desk.register(101)
        promote(desk.registry, first.version, lambda _: ACCEPT)
    seen: list[ProductionModel | None] = []

    def decide(production: ProductionModel | None) -> GateDecision:
        seen.append(production)
        return ACCEPT

    assert promote(desk.registry, desk.register(2).version, decide).production == "2"
    assert seen[0] is not None
    assert seen[0].bundle.digest == first.digest
    with pytest.raises(BundleError, match=r"format is not version .* Train again"):
        rollback(desk.registry)
    assert desk.registry.aliases() == {"production": "2", "previous": "1"}


def test_the_aliases_follow_promotions_and_rollbacks(desk: Any) -> None:
    seen: list[ProductionModel | None] = []

    def decide(production: ProductionModel | None) -> GateDecision:
        seen.append(production)
        return ACCEPT

    first = desk.register(1)
    result = promote(desk.registry, first.version, decide, run_id=first.run_id)
    assert result.promoted
    assert (result.production, result.previous) == ("1", None)
    second = desk.register(2)
    assert promote(desk.registry, second.version, decide).decision == ACCEPT
    assert desk.registry.aliases() == {"production": "2", "previous": "1"}
    assert seen[0] is None
    assert seen[1] is not None
    assert (seen[1].version.version, seen[1].bundle.digest) == ("1", first.digest)

    back = rollback(desk.registry, why="complaints")
    assert (back.outcome, back.production, back.previous) == ("rolled_back", "1", "2")
    assert desk.registry.aliases() == {"production": "1", "previous": "2"}
    refused = promote(desk.registry, "2", never)
    assert (refused.outcome, refused.production) == ("rejected", "1")
    assert "complaints" in refused.message

    rollback(desk.registry)
    assert desk.registry.aliases() == {"production": "2", "previous": "1"}
    assert desk.registry.version("2").rolled_back is None
    history = desk.registry.history()
    assert [(item.number, item.kind, item.production, item.previous) for item in history] == [
        (1, "promotion", "1", None),
        (2, "promotion", "2", "1"),
        (3, "rollback", "1", "2"),
        (4, "rollback", "2", "1"),
    ]
    assert history[1].why == "rmse: 0.8 is below 0.9"
    assert history[2].why == "complaints"
    assert all(item.by and item.at.endswith("+00:00") for item in history)


def test_a_rejected_candidate_stays_candidate_and_has_its_reasons(desk: Any) -> None:
    desk.promote(1)
    version = desk.register(2)
    result = promote(desk.registry, version.version, lambda _: desk.reject, run_id=version.run_id)
    assert (result.outcome, result.promoted) == ("rejected", False)
    assert "0.9 is above 0.8" in result.message
    assert desk.registry.aliases() == {"production": "1", "candidate": "2"}
    stored = desk.registry.version("2")
    assert desk.registry.decision(stored) == desk.reject
    described = desk.client.get_model_version(desk.settings.model_name, "2").description
    assert "Not promoted by the gate, against version 1" in described
    assert "| rmse | failed | 0.9 is above 0.8 |" in described
    file = desk.client.download_artifacts(
        version.run_id, "promotion/version-2.json", str(desk.folder)
    )
    record = json.loads(Path(file).read_text())
    assert (record["version"], record["against"]) == ("2", "1")
    assert GateDecision.from_dict(record["decision"]) == desk.reject
    assert len(desk.registry.history()) == 1


def test_production_again_changes_nothing(shared_desk: Any) -> None:
    version = shared_desk.promote(1)
    shared_desk.client.set_registered_model_alias(
        shared_desk.settings.model_name, "candidate", version.version
    )
    result = promote(shared_desk.registry, version.version, never)
    assert (result.outcome, result.production) == ("unchanged", "1")
    assert "already" in result.message
    assert shared_desk.registry.aliases() == {"production": "1"}
    assert len(shared_desk.registry.history()) == 1


def test_what_the_gate_raises_passes_and_nothing_changes(shared_desk: Any) -> None:
    version = shared_desk.register(1)
    problem = OSError("the test data are gone")

    def decide(production: ProductionModel | None) -> GateDecision:
        raise problem

    with pytest.raises(OSError, match="the test data are gone") as caught:
        promote(shared_desk.registry, version.version, decide)
    assert caught.value is problem
    assert shared_desk.registry.aliases() == {"candidate": "1"}
    assert promote(shared_desk.registry, "1", lambda _: shared_desk.accept).promoted


def test_a_version_that_was_cut_short_is_not_promoted(shared_desk: Any) -> None:
    version = shared_desk.register(1)
    shared_desk.client.delete_model_version_tag(
        shared_desk.settings.model_name, version.version, COMPLETE_TAG
    )
    with pytest.raises(RegistryError, match="did not come to an end"):
        promote(shared_desk.registry, version.version, never)


def test_an_unknown_version_is_not_promoted(shared_desk: Any) -> None:
    shared_desk.register(1)
    with pytest.raises(RegistryError, match="not found"):
        promote(shared_desk.registry, "7", never)


def test_long_reasons_fit_where_mlflow_keeps_them(shared_desk: Any) -> None:
    version = shared_desk.register(1)
    wordy = GateDecision(True, tuple(GateReason(f"r{i}", True, "x" * 200) for i in range(40)))
    promote(shared_desk.registry, version.version, lambda _: wordy)
    model = shared_desk.client.get_registered_model(shared_desk.settings.model_name)
    assert all(len(value) <= 5000 for value in model.tags.values())
    assert shared_desk.registry.decision(shared_desk.registry.version("1")) == wordy


@pytest.mark.parametrize("n_promoted", [0, 1])
def test_without_a_previous_version_a_rollback_says_what_to_do(
    shared_desk: Any, n_promoted: int
) -> None:
    for seed in range(n_promoted):
        shared_desk.promote(seed)
    with pytest.raises(RegistryError, match="no previous version") as caught:
        rollback(shared_desk.registry)
    assert "second version" in str(caught.value.remedy)


def test_a_rollback_to_a_lost_bundle_changes_nothing(local_desk: Any, local: Path) -> None:
    first = local_desk.promote(1)
    local_desk.promote(2)
    local_desk.registry.bundle(first).path.rename(local / "lost")
    with pytest.raises(BundleError):
        rollback(local_desk.registry)
    assert local_desk.registry.aliases() == {"production": "2", "previous": "1"}


def test_a_rollback_fills_an_empty_place(shared_desk: Any) -> None:
    shared_desk.promote(1)
    shared_desk.promote(2)
    shared_desk.client.delete_model_version(shared_desk.settings.model_name, "2")
    rollback(shared_desk.registry)
    assert shared_desk.registry.aliases() == {"production": "1"}


class KilledError(BaseException):
    """Ends the process as far as this project's code can tell."""


CALLS = (
    "set_registered_model_alias",
    "delete_registered_model_alias",
    "set_registered_model_tag",
    "set_model_version_tag",
    "delete_model_version_tag",
    "delete_registered_model_tag",
)


def die_at(patch: pytest.MonkeyPatch, moment: int) -> None:
    """Let the writing call number ``moment`` of a change of aliases never happen."""
    count = 0

    def counted(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **keywords: Any) -> Any:
            nonlocal count
            count += 1
            if count == moment:
                raise KilledError
            return original(*arguments, **keywords)

        return call

    for name in CALLS:
        patch.setattr(MlflowClient, name, counted(getattr(MlflowClient, name)))


def test_a_promotion_killed_at_any_moment_is_completed(
    shared_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in (1, 2):
        shared_desk.promote(seed)
    old, new = "2", "1"
    for moment in range(1, 9):
        shared_desk.register(int(new))
        n_changes = len(shared_desk.registry.history())
        with monkeypatch.context() as patch:
            die_at(patch, moment)
            with pytest.raises(KilledError):
                promote(shared_desk.registry, new, lambda _: shared_desk.accept)
        assert shared_desk.registry.aliases()["production"] in (old, new)

        promote(shared_desk.again(), new, lambda _: shared_desk.accept)
        expected = {"production": new, "previous": old}
        assert shared_desk.registry.aliases() == expected, f"killed at moment {moment}"
        assert len(shared_desk.registry.history()) == n_changes + 1, f"killed at moment {moment}"
        assert shared_desk.registry.recover().completed is None
        old, new = new, old


def test_a_rollback_killed_at_any_moment_is_whole_or_not_begun(
    shared_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in (1, 2):
        shared_desk.promote(seed)
    bad, good = "2", "1"
    for moment in range(1, 8):
        n_changes = len(shared_desk.registry.history())
        with monkeypatch.context() as patch:
            die_at(patch, moment)
            with pytest.raises(KilledError):
                rollback(shared_desk.registry)
        begun = moment > 1
        completed = shared_desk.again().recover().completed
        assert (completed is not None) == begun, f"killed at moment {moment}"
        production, previous = (good, bad) if begun else (bad, good)
        assert shared_desk.registry.aliases() == {"production": production, "previous": previous}
        assert len(shared_desk.registry.history()) == n_changes + begun
        assert shared_desk.registry.version(production).rolled_back is None
        assert (shared_desk.registry.version(previous).rolled_back is not None) == begun
        bad, good = production, previous


def test_finishing_twice_is_finishing_once(shared_desk: Any) -> None:
    shared_desk.promote(1)
    name = shared_desk.settings.model_name
    change = shared_desk.registry.history()[0]
    shared_desk.client.set_registered_model_tag(name, PENDING_TAG, change.to_json())
    assert finish_change(shared_desk.client, name) == change
    assert finish_change(shared_desk.client, name) is None
    assert shared_desk.registry.history() == (change,)
    assert shared_desk.registry.aliases() == {"production": "1"}


def test_kill_9_between_two_aliases_is_completed_by_the_next_process(
    desk: Any, child: Child
) -> None:
    desk.promote(1)
    # The child sets the candidate, then previous, then production.
    killed = child(desk.bundle(2), death=("set_registered_model_alias", 3))
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    assert desk.registry.aliases() == {"candidate": "2", "previous": "1", "production": "1"}

    recovered = desk.again().recover()
    assert recovered.completed is not None
    assert recovered.completed.production == "2"
    assert desk.registry.aliases() == {"production": "2", "previous": "1"}
    assert [item.production for item in desk.registry.history()] == ["1", "2"]


def test_two_pipelines_at_once_promote_one_after_the_other(
    desk: Any, child: Child, tmp_path: Path
) -> None:
    started = [child(desk.bundle(seed)) for seed in (1, 2)]
    for process in started:
        process.join()
        assert process.exitcode == 0

    lines = [line.split() for line in (tmp_path / "journal").read_text().splitlines()]
    assert [line[0] for line in lines] == ["begin", "end", "begin", "end"]
    assert lines[0][1] == lines[1][1] != lines[2][1] == lines[3][1]
    first, second = desk.registry.history()
    assert (lines[0][2], lines[2][2]) == ("None", first.production)
    assert second.previous == first.production
    assert desk.registry.aliases() == {
        "production": second.production,
        "previous": first.production,
    }
    assert all(version.complete for version in desk.registry.versions())


def test_a_person_may_overrule_the_gate_and_a_rollback(desk: Desk) -> None:
    first, second = desk.promote(1), desk.register(2)
    promote(desk.registry, second.version, lambda _: desk.reject)
    done = promote_by_hand(desk.registry, second.version, why="by hand: viewers like it")
    assert (done.production, done.previous) == (second.version, first.version)
    found = desk.registry.version(second.version)
    assert found.aliases == ("production",)
    assert "viewers like it" in (found.promoted_by_hand or "")
    decision = desk.registry.decision(found)
    assert decision is not None
    assert not decision.promote
    assert desk.registry.history()[-1].why == "by hand: viewers like it"
    rollback(desk.registry, why="odd lists")
    assert desk.registry.version(second.version).rolled_back
    again = promote_by_hand(desk.registry, second.version, why="by hand: they were not")
    assert again.production == second.version
    assert not desk.registry.version(second.version).rolled_back
    # Asked again, as after a kill between the move and the word of it, nothing moves.
    count = len(desk.registry.history())
    assert promote_by_hand(desk.registry, second.version, why="again").production == second.version
    assert len(desk.registry.history()) == count


def test_an_altered_bundle_is_not_promoted_by_hand_either(local_desk: Desk) -> None:
    first, second = local_desk.promote(1), local_desk.register(2)
    stored = local_desk.registry.bundle(second).path / "weights.npy"
    stored.write_bytes(stored.read_bytes()[:-1])
    with pytest.raises(BundleError, match="altered"):
        promote_by_hand(local_desk.registry, second.version, why="x")
    assert local_desk.registry.aliases()["production"] == first.version
