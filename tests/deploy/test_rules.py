from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml


def rules_of(monitoring: Path) -> list[dict[str, Any]]:
    files = sorted((monitoring / "prometheus" / "rules").glob("*.yml"))
    groups = [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"]]


def alerts_of(monitoring: Path) -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for rule in rules_of(monitoring) if "alert" in rule}


def test_each_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(
    monitoring: Path,
) -> None:
    cases: dict[str, set[bool]] = {}
    for file in (monitoring / "prometheus" / "tests").glob("*.yml"):
        for test in yaml.safe_load(file.read_text())["tests"]:
            for case in test["alert_rule_test"]:
                cases.setdefault(case["alertname"], set()).add(bool(case["exp_alerts"]))
    assert cases == {name: {True, False} for name in alerts_of(monitoring)}


def test_the_cases_hold(monitoring: Path, program: Callable[[str], str]) -> None:
    folder = monitoring / "prometheus"
    config = folder / "prometheus.yml"
    commands = [
        ["check", "config", str(config)],
        ["test", "rules", *sorted(map(str, (folder / "tests").glob("*.yml")))],
    ]
    for command in commands:
        done = subprocess.run(
            [program("promtool"), *command], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_alertmanager_takes_its_configuration(
    monitoring: Path, program: Callable[[str], str]
) -> None:
    file = monitoring / "alertmanager" / "alertmanager.yml"
    done = subprocess.run(
        [program("amtool"), "check-config", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_says_how_bad_it_is_and_what_to_do(monitoring: Path, repo: Path) -> None:
    headings = re.findall(r"^#+ (\w+)$", (repo / "docs" / "runbook.md").read_text(), re.MULTILINE)
    for name, rule in alerts_of(monitoring).items():
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{name.lower()}"
        assert name in headings, f"docs/runbook.md has no section {name}"


def test_the_alertmanager_names_only_alerts_that_there_are(monitoring: Path) -> None:
    text = (monitoring / "alertmanager" / "alertmanager.yml").read_text()
    assert set(re.findall(r"Roulette\w+", text)) <= set(alerts_of(monitoring))


@pytest.mark.parametrize("name", ["prometheus.yml", "alertmanager.yml"])
def test_what_compose_mounts_is_there(monitoring: Path, name: str) -> None:
    compose = yaml.safe_load((monitoring / "compose.yml").read_text())
    mounts = [
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service["volumes"]
        if volume.startswith("./")
    ]
    assert all((monitoring / mount).exists() for mount in mounts)
    assert any(mount.endswith(name) for mount in mounts)
    assert all(":" in service["image"] for service in compose["services"].values())


def test_commands_of_the_runbook_keep_what_they_store_in_the_state_folder(repo: Path) -> None:
    text = (repo / "docs" / "runbook.md").read_text().replace("\\\n", "")
    started = re.findall(r"^prometheus.*--config\.file=.*$", text, re.MULTILINE)
    assert len(started) == 2
    for command in started:
        assert re.search(r"--storage\.(tsdb\.)?path=var/\w+ ", command), command
        assert re.search(r"--web\.listen-address=127\.0\.0\.1:\d+", command), command
