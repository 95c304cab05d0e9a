"""The comparison and the tuning as their users run them, on real ZenML and MLflow stores."""

from __future__ import annotations

import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.pipeline_process import REPO, Finished, run, start
from tests.e2e.registry_state import read_state

pytestmark = pytest.mark.e2e
QUICK = ("--set", "evaluation.bootstrap_samples=50")


@pytest.fixture
def var(trained: tuple[Path, Finished]) -> Path:
    """The state folder in which a model was trained on the small data set."""
    return trained[0]


@pytest.fixture
def params(tmp_path: Path) -> Path:
    """A copy of the project's hyper-parameters, in which EASE can be bettered."""
    file = tmp_path / "params.yaml"
    text = (REPO / "params.yaml").read_text(encoding="utf-8")
    text = text.replace("ease_regularization: 300.0", "ease_regularization: 9000.0  # too much")
    file.write_text(text, encoding="utf-8")
    return file


def arguments(pipeline: str, data: Path, *more: str) -> tuple[str, ...]:
    return (pipeline, "--dataset", "small", "--data-path", str(data), *QUICK, *more)


def compare(var: Path, data: Path) -> Finished:
    models = "comparison.models=[popularity,svd,ease]"
    return run(
        var,
        *arguments("comparison", data, "--trials", "1", "--set", models, "--json"),
        *("--set", "model.n_epochs=5", "--set", "comparison.reference=ease"),
    )


def test_a_comparison_ends_with_a_table_charts_and_one_mlflow_run(
    var: Path, small_data: Path
) -> None:
    before = read_state(var)
    done = compare(var, small_data)
    assert done.code == 0, done.stderr
    result = done.json["result"]
    assert list(result) == ["popularity", "svd", "ease"]
    assert result["ease"]["ndcg_at_10"] > result["popularity"]["ndcg_at_10"]
    assert result["svd"]["tried"] == 2
    assert "ndcg_at_10_difference_low" in result["svd"]
    folder = var / "results" / "small" / "comparison"
    assert Path(done.json["places"]["table and charts"]) == folder / "comparison.html"
    for name in ("comparison.html", "comparison.md", "comparison.json", "rmse_by_slice.png"):
        assert (folder / name).is_file()
    assert "Lowest RMSE" in done.stderr
    logged = list((var / "mlflow" / "artifacts").glob("*/artifacts/comparison/comparison.html"))
    assert len(logged) == 1
    state = read_state(var)
    new = set(state.run_statuses) - set(before.run_statuses)
    assert [state.run_statuses[run_id] for run_id in new] == ["FINISHED"]
    assert (state.aliases, state.versions) == (before.aliases, before.versions)
    assert not state.work
    steps = {step["name"]: step["cached"] for step in done.json["steps"]}
    assert steps == {
        **dict.fromkeys(["ingest_data", "validate_data", "split_data"], True),
        **dict.fromkeys(["compare_models", "log_comparison"], False),
    }


def tune(var: Path, data: Path, params: Path, *more: str) -> Finished:
    options = ("--model", "ease", "--params", str(params), "--json")
    return run(var, *arguments("tuning", data, *options, *more))


def trial_runs(var: Path) -> list[tuple[str, str]]:
    """Parent and name of each nested MLflow run."""
    query = (
        "select parent.value, runs.name from runs join tags parent on parent.run_uuid = "
        "runs.run_uuid and parent.key = 'mlflow.parentRunId' order by runs.start_time, runs.name"
    )
    with sqlite3.connect(var / "mlflow" / "mlflow.db") as database:
        return database.execute(query).fetchall()


def test_a_tuning_is_interrupted_resumed_and_written_back(
    var: Path, small_data: Path, params: Path
) -> None:
    original = params.read_text(encoding="utf-8")
    slow = ("--set", "tuning.cuts=4", "--trials", "40", "--model", "ease", "--params", str(params))
    last = stop_at(var, small_data, "trial 3 of", signal.SIGINT, *slow)
    assert last.code == 130, last.stderr
    assert "the trials done are kept" in last.stderr

    done = tune(var, small_data, params, "--set", "tuning.cuts=4", "--trials", "6", "--write")
    assert done.code == 0, done.stderr
    found: dict[str, Any] = done.json["result"]
    assert found["resumed_after"] >= 3
    assert len(found["states"]) == found["trials"] >= 6
    assert found["present"]["values"]["ease_regularization"] == 9000.0
    assert found["improved"]
    changed = params.read_text(encoding="utf-8").splitlines()
    pairs = zip(original.splitlines(), changed, strict=True)
    differing = [new for old, new in pairs if old != new]
    assert differing
    assert all(line.strip().startswith("ease_") for line in differing)
    assert any(line.endswith("# too much") for line in differing)
    written = yaml.safe_load(params.read_text(encoding="utf-8"))["model"]
    assert found["changes"] == {key: written[key] for key in found["changes"]}
    state = read_state(var)
    assert not state.mlflow_running
    assert not state.zenml_unfinished
    names = [name for _, name in trial_runs(var)]
    assert set(names) >= {f"trial {number}" for number in range(6)}
    assert len(names) == len(set(names))
    page = var / "results" / "small" / "tuning" / "ease-ndcg_at_10" / "tuning.html"
    assert Path(done.json["places"]["trials and charts"]) == page
    assert page.is_file()


def stop_at(var: Path, data: Path, words: str, with_signal: signal.Signals, *more: str) -> Finished:
    """Start a tuning and send it a signal as soon as it says ``words``."""
    started = start(var, *arguments("tuning", data, *more))
    started.wait_until_it_says(words)
    started.send_signal(with_signal)
    return started.finish()
