"""The images: which files and packages each carries, shown without a container engine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

#: Imports the server as its image would: packages outside the serving lock are refused.
SERVE = """
import sys
from importlib.metadata import packages_distributions
from packaging.utils import canonicalize_name

locked = set(sys.argv[1].split())
absent = {
    name
    for name, owners in packages_distributions().items()
    if not locked & {canonicalize_name(owner) for owner in owners}
}

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

for name in [name for name in sys.modules if name.split(".")[0] in absent]:
    del sys.modules[name]
sys.meta_path.insert(0, Absent())
import serving, serving.supervisor
serving.create_app()
print(serving.__file__)
"""


@pytest.fixture(scope="module")
def stages(repo: Path) -> dict[str, list[str]]:
    """Instructions of each stage of the Dockerfile, one line each."""
    text = (repo / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    parts: dict[str, list[str]] = {}
    for line in filter(lambda line: line and not line.startswith("#"), text.splitlines()):
        if match := re.match(r"FROM (\S+) AS (\S+)$", line):
            parts[match.group(2)] = [line]
        else:
            parts[list(parts)[-1]].append(line.strip())
    return parts


def copied(instructions: list[str]) -> list[str]:
    """What a stage copies from the checkout."""
    lines = [line.split()[1:-1] for line in instructions if line.startswith("COPY ")]
    return [name for line in lines if not line[0].startswith("--from") for name in line]


def lay_out(repo: Path, folder: Path, names: list[str]) -> None:
    for name in names:
        source, target = repo / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)


def test_the_base_is_pinned_by_tag_and_digest(stages: dict[str, list[str]]) -> None:
    bases = {
        line.split()[1] for lines in stages.values() for line in lines if line.startswith("FROM")
    }
    foreign = bases - set(stages)
    assert len(foreign) == 1
    assert re.fullmatch(r"python:3\.1[12]-slim-\w+@sha256:[0-9a-f]{64}", foreign.pop())


@pytest.mark.parametrize("target", ["training", "serving"])
def test_a_final_image_is_not_root_and_brings_no_build_tools(
    stages: dict[str, list[str]], target: str
) -> None:
    lines = stages[target]
    assert lines[0] == f"FROM base AS {target}"
    assert "USER 10001" in lines
    assert "VOLUME /app/var" in lines
    assert any(line.startswith("HEALTHCHECK") for line in lines)
    chain = "\n".join(stages["base"] + lines)
    assert "apt-get" not in chain
    assert "pip install" not in chain


@pytest.mark.parametrize("stage", ["installer", "data", "training", "serving"])
def test_what_an_image_copies_exists_and_is_let_through(
    repo: Path, files: list[Path], stages: dict[str, list[str]], stage: str
) -> None:
    ignore = (repo / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = [line[1:] for line in ignore if line.startswith("!")]
    present = {file.relative_to(repo).as_posix() for file in files}
    for name in copied(stages[stage]):
        assert any(fnmatch(file, name) or file.startswith(f"{name}/") for file in present), name
        assert any(name == one or name.startswith(f"{one}/") for one in allowed), name


def test_the_server_carries_only_what_serves(stages: dict[str, list[str]]) -> None:
    assert copied(stages["serving"]) == [
        *(
            "environment.py",
            "configs/serving.yaml",
            "configs/monitoring.yaml",
            "alerts",
            "events",
            "monitoring",
            "recommender",
            "serving",
        )
    ]
    assert "requirements/serving.txt" in " ".join(stages["serving-environment"])


def test_the_server_starts_from_its_own_files_and_packages(
    repo: Path, tmp_path: Path, stages: dict[str, list[str]]
) -> None:
    lay_out(repo, tmp_path, copied(stages["serving"]))
    lock = (repo / "requirements/serving.txt").read_text(encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-c", SERVE, " ".join(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE))],
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == [str(tmp_path / "serving/__init__.py")]


@pytest.mark.e2e
def test_the_trainer_runs_from_its_own_files_without_git(
    repo: Path, tmp_path: Path, stages: dict[str, list[str]]
) -> None:
    lay_out(repo, tmp_path, [*copied(stages["data"]), *copied(stages["training"])])
    (tmp_path / ".dvc/config.local").write_text("[core]\n    no_scm = true\n", encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {"MOVIE_ROULETTE_REVISION": "0" * 40, "HOME": str(tmp_path / "home")}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            check=False,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    run("-m", "dvc", "pull", "--quiet", "data.dvc")
    assert (tmp_path / "data/ratings.csv").stat().st_size > 0
    run("run_pipeline.py", "--dry-run")
