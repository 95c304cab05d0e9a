"""What every file of the repository keeps to, and what the commands promise."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

# Written in parts, so that this file does not break its own rule.
MACHINE_PATH = re.compile(
    r"(?<![\w.~$}-])/(?:" + "|".join(["work", "root", "home", "Users"]) + r")/"
)
REGISTRY = re.compile(
    "|".join(
        [
            r"pypi\.(?:org|python)",
            r"python" + "hosted",
            r"(?<!emit-)index" + "-url",
            "find" + "-links",
        ]
    )
)
TARGETS = {"pipeline", "test", "lint", "zenml", "mlflow", "clean"}


def text_of(file: Path) -> str:
    return file.read_bytes().decode("utf-8", errors="replace")


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY], ids=["machine path", "registry"])
def test_no_file_names_this_machine_or_a_registry(
    repo: Path, files: list[Path], pattern: re.Pattern[str]
) -> None:
    found = [
        f"{file.relative_to(repo)}: {match.group()}"
        for file in files
        if ".dvcstore" not in file.parts
        for match in pattern.finditer(text_of(file))
    ]
    assert not found


def test_help_lists_the_targets(repo: Path) -> None:
    run = subprocess.run(["make", "help"], cwd=repo, capture_output=True, check=True, text=True)
    listed = {line.split()[1] for line in run.stdout.splitlines() if line.startswith("  make ")}
    assert listed >= TARGETS
    makefile = text_of(repo / "Makefile")
    phony = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE).group(1).split())
    assert listed == phony - {"FORCE"}


def test_every_target_that_the_documents_name_exists(repo: Path, files: list[Path]) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of(repo / "Makefile"), re.MULTILINE))
    for file in files:
        if file.suffix != ".md":
            continue
        named = re.findall(r"(?:^|`|\$ )make ([a-z-]+)", text_of(file), re.MULTILINE)
        assert set(named) <= targets, file


def workflow_steps(repo: Path) -> list[dict[str, object]]:
    steps = []
    for file in sorted((repo / ".github/workflows").glob("*.yml")):
        for job in yaml.safe_load(text_of(file))["jobs"].values():
            assert job["timeout-minutes"], file
            assert job["permissions"], file
            steps += job["steps"]
    return steps


def test_actions_are_pinned_by_commit_with_their_version(repo: Path) -> None:
    uses = [
        line.strip()
        for file in (repo / ".github/workflows").glob("*.yml")
        for line in text_of(file).splitlines()
        if "uses:" in line
    ]
    assert uses
    for line in uses:
        assert re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_checkouts_leave_no_credentials_behind(repo: Path) -> None:
    checkouts = [s for s in workflow_steps(repo) if "checkout@" in str(s.get("uses"))]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_hooks_and_workflows_call_the_tools_of_the_environment(repo: Path) -> None:
    document = yaml.safe_load(text_of(repo / ".pre-commit-config.yaml"))
    assert [entry["repo"] for entry in document["repos"]] == ["local"]
    linted = set(re.findall(r"\$\(BIN\)/([a-z-]+)", text_of(repo / "Makefile")))
    for hook in document["repos"][0]["hooks"]:
        assert hook["language"] == "system"
        tool = hook["entry"].split()[0].removeprefix(".venv/bin/")
        assert tool in linted, f"make does not run {tool}"


def test_scripts_can_be_executed(repo: Path) -> None:
    for name in (".ci/run", "requirements/bootstrap.sh"):
        assert (repo / name).stat().st_mode & 0o111, name
        assert text_of(repo / name).startswith("#!"), name


def test_an_environment_that_is_up_to_date_is_left_alone(repo: Path) -> None:
    if not (repo / ".venv/dev.stamp").exists() or not shutil.which("make"):
        pytest.skip("this environment was not made by make")
    command = ["make", "--question", ".venv/dev.stamp", "PYTHON="]
    run = subprocess.run(command, cwd=repo, capture_output=True, check=False, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
