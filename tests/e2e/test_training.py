"""The training pipeline as its users run it, on real ZenML and MLflow stores."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.pipeline_process import (
    NUMBA_CACHE,
    REPO,
    Finished,
    process_environment,
    run,
    small_run,
    start,
)
from tests.e2e.pipeline_process import QUICK as QUICK_SETTINGS
from tests.e2e.registry_state import read_state

pytestmark = pytest.mark.e2e
STEPS = [
    "ingest_data",
    "validate_data",
    "split_data",
    "train_model",
    "evaluate_model",
    "check_behaviour",
    "register_model",
    "promote_model",
]


def test_a_first_run_promotes_and_says_where_to_look(trained: tuple[Path, Finished]) -> None:
    var, first = trained
    outcome = first.json
    assert outcome["promoted"]
    assert outcome["production"] == outcome["version"] == "1"
    assert outcome["simulated"]
    assert [step["name"] for step in outcome["steps"]] == STEPS
    assert all(reason["passed"] for reason in outcome["reasons"])
    for place in ("validation report", "behaviour report"):
        assert Path(outcome["places"][place]).is_file()
    results = var.parent / "first-results"
    metrics = json.loads((results / "metrics.json").read_text())
    assert metrics["test"]["rmse"] == outcome["models"]["hybrid"]["rmse"]
    models = json.loads((results / "models.json").read_text())
    assert models["svd"]["rmse"]["value"] == outcome["models"]["svd"]["rmse"]
    low, high = models["hybrid"]["ndcg_at_10"]["interval"]
    assert low <= models["hybrid"]["ndcg_at_10"]["value"] <= high
    assert "SVD" in first.stderr or "svd" in first.stderr
    assert not list((var / "work").glob("*"))
    assert list(NUMBA_CACHE.rglob("*.nbi"))


def test_a_second_run_comes_from_the_cache_and_changes_nothing(
    trained: tuple[Path, Finished], small_data: Path
) -> None:
    var, first = trained
    # Whatever other tests have promoted since, this run has had its chance.
    assert small_run(var, small_data).code == 0
    before = read_state(var)
    second = small_run(var, small_data, "--json")
    assert second.code == 0, second.stderr
    cached = {step["name"] for step in second.json["steps"] if step["cached"]}
    assert cached == set(STEPS) - {"register_model", "promote_model"}
    assert second.json["bundle_digest"] == first.json["bundle_digest"]
    assert not second.json["promoted"]
    after = read_state(var)
    assert (after.aliases["production"], after.versions) == (
        before.aliases["production"],
        before.versions,
    )


def test_the_same_input_gives_the_same_bundle_byte_for_byte(
    trained: tuple[Path, Finished], small_data: Path
) -> None:
    var, first = trained
    again = small_run(var, small_data, "--no-cache", "--json")
    assert again.code == 0, again.stderr
    assert not any(step["cached"] for step in again.json["steps"])
    assert again.json["bundle_digest"] == first.json["bundle_digest"]


def test_a_better_model_is_promoted_and_can_be_rolled_back(
    trained: tuple[Path, Finished], small_data: Path
) -> None:
    var, _ = trained
    old = read_state(var).aliases["production"]
    changed = ("--set", "warm_start=true", "--set", "gate.ndcg_margin=1.0")
    second = small_run(var, small_data, *changed, "--set", "gate.rmse_margin=1.0", "--json")
    assert second.code == 0, second.stderr
    new = second.json["version"]
    assert second.json["promoted"]
    assert f"The SVD started from the factors of version {old}." in second.json["notes"]
    assert not list((var / "checkpoints").glob("*"))
    assert read_state(var).aliases == {"production": new, "previous": old}
    back = run(var, "rollback", "--json")
    assert back.code == 0, back.stderr
    assert (back.json["production"], back.json["previous"]) == (old, new)
    assert read_state(var).aliases == {"production": old, "previous": new}


def test_the_registered_model_recommends_through_mlflow(
    trained: tuple[Path, Finished], tmp_path: Path
) -> None:
    var, _ = trained
    script = (
        "import mlflow, pandas as pd\n"
        "model = mlflow.pyfunc.load_model('models:/movie-roulette@production')\n"
        "rows = model.predict(pd.DataFrame({'user_id': [1, 10**6]}), params={'k': 3})\n"
        "print(rows.groupby('user_id').size().to_dict(), sorted(rows['path'].unique()))\n"
    )
    variables = {**process_environment(var)}
    uri = f"sqlite:///{var / 'mlflow' / 'mlflow.db'}"
    variables |= {"MLFLOW_TRACKING_URI": uri, "MLFLOW_DISABLE_TELEMETRY": "true"}
    variables.pop("PYTHONPATH")
    done = subprocess.run(
        [sys.executable, "-c", script],
        check=False,
        cwd=tmp_path,
        env=variables,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "{1: 3, 1000000: 3}" in done.stdout
    assert "popular" in done.stdout


def test_a_failed_validation_stops_before_training_and_keeps_its_report(
    trained: tuple[Path, Finished], data_copy: Path
) -> None:
    var, _ = trained
    before = read_state(var)
    ratings = (data_copy / "ratings.csv").read_text().splitlines()
    constant = [",".join([*row.split(",")[:2], "4.0", row.split(",")[3]]) for row in ratings[1:]]
    (data_copy / "ratings.csv").write_text("\n".join([ratings[0], *constant]) + "\n")
    failed = small_run(var, data_copy, "--json")
    assert failed.code == 3
    assert "ratings" in failed.json["error"]
    page = var / "results" / "small" / "failed" / "reports" / "validation.html"
    assert page.is_file()
    assert str(page) in failed.stderr
    after = read_state(var)
    assert (after.aliases, after.versions) == (before.aliases, before.versions)
    new_runs = set(after.run_statuses) - set(before.run_statuses)
    assert [after.run_statuses[run_id] for run_id in new_runs] == ["FAILED"]
    alerts = (var / "alerts" / "alerts.jsonl").read_text().splitlines()
    assert json.loads(alerts[-1])["step"] == "validate_data"


def test_another_data_set_does_not_replace_production_unasked(
    trained: tuple[Path, Finished], small_data: Path
) -> None:
    var, _ = trained
    before = read_state(var).aliases["production"]
    arguments = ("--dataset", "other", "--data-path", str(small_data), *QUICK_SETTINGS, "--json")
    other = run(var, *arguments)
    assert other.code == 0, other.stderr
    assert not other.json["promoted"]
    failed = {reason["rule"] for reason in other.json["reasons"] if not reason["passed"]}
    assert failed == {"dataset"}
    assert read_state(var).aliases["production"] == before


def test_a_model_that_fails_its_behavioural_tests_is_registered_and_not_promoted(
    trained: tuple[Path, Finished], small_data: Path
) -> None:
    var, _ = trained
    before = read_state(var)
    settings = ("--set", "behaviour.min_overlap=1.01", "--set", "model.n_epochs=6")
    failed = small_run(var, small_data, *settings, "--json")
    assert failed.code == 4, failed.stderr
    assert not failed.json["promoted"]
    assert "behaviour" in {it["rule"] for it in failed.json["reasons"] if not it["passed"]}
    after = read_state(var)
    assert after.aliases["production"] == before.aliases["production"]
    assert set(after.versions) > set(before.versions)


def test_a_training_that_diverges_says_which_rate_to_try_and_registers_nothing(
    trained: tuple[Path, Finished], small_data: Path
) -> None:
    var, _ = trained
    before = read_state(var)
    failed = small_run(var, small_data, "--set", "model.learning_rate=40.0", "--json")
    assert failed.code == 1
    assert "SVD: gradient descent diverges" in failed.json["error"]
    assert "Try a learning rate of 4." in failed.json["error"]
    after = read_state(var)
    assert (after.aliases, after.versions) == (before.aliases, before.versions)
    new_runs = set(after.run_statuses) - set(before.run_statuses)
    assert [after.run_statuses[run_id] for run_id in new_runs] == ["FAILED"]
    assert not after.work


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--set", "model.n_factor=5"), 2, ["n_factor", "n_factors"]),
        (("--set", "model.n_factors"), 2, ["KEY=VALUE"]),
        (("--config", "absent.yaml"), 2, ["absent.yaml"]),
        (("--dataset", "ml-lastest"), 2, ["ml-latest-small"]),
        (("--data-path", "/nowhere"), 3, ["/nowhere"]),
    ],
)
def test_what_cannot_be_obeyed_ends_with_its_own_code(
    tmp_path: Path, arguments: tuple[str, ...], code: int, words: list[str]
) -> None:
    done = run(tmp_path / "var", *arguments)
    assert done.code == code
    assert all(word in done.stderr for word in words)


def test_a_dry_run_runs_nothing(tmp_path: Path) -> None:
    done = run(tmp_path / "var", "--dry-run", "--json", "--set", "model.n_factors=7")
    assert done.code == 0
    assert done.json["plan"]["model.n_factors"] == "7"
    assert not (tmp_path / "var" / "mlflow" / "mlflow.db").exists()


def test_rollback_without_a_previous_version_says_so(tmp_path: Path) -> None:
    done = run(tmp_path / "var", "rollback")
    assert done.code == 1
    assert "previous" in done.stderr


def test_ctrl_c_leaves_nothing_half_registered(
    trained: tuple[Path, Finished], small_data: Path
) -> None:
    var, _ = trained
    before = read_state(var)
    long = ("--set", "model.n_epochs=4000")
    interrupted = start(
        var, "--dataset", "small", "--data-path", str(small_data), *QUICK_SETTINGS, *long
    )
    interrupted.wait_until_it_says("\ntrain_model")
    time.sleep(1)
    interrupted.send_signal(signal.SIGINT)
    done = interrupted.finish()
    assert done.code == 130, done.stderr
    after = read_state(var)
    assert (after.aliases, after.versions) == (before.aliases, before.versions)
    assert not after.mlflow_running
    assert not after.zenml_unfinished
    assert not after.work


def test_two_pipelines_at_once_leave_one_production(
    trained: tuple[Path, Finished], small_data: Path
) -> None:
    var, _ = trained
    base = ("--dataset", "small", "--data-path", str(small_data), *QUICK_SETTINGS, "--json")
    margins = ("--set", "gate.ndcg_margin=1.0", "--set", "gate.rmse_margin=1.0")
    runs = [start(var, *base, *margins, "--set", f"model.n_epochs={epochs}") for epochs in (6, 7)]
    ended = [one.finish() for one in runs]
    assert [done.code for done in ended] == [0, 0], [done.stderr for done in ended]
    promoted = [done.json["version"] for done in ended if done.json["promoted"]]
    state = read_state(var)
    assert state.aliases["production"] in promoted
    assert len({state.aliases["production"], state.aliases["previous"]}) == 2
    assert REPO.is_dir()
