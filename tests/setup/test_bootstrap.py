"""The script that makes the environment chooses a Python, and says what to do where it cannot."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder that is the only one in PATH: the tools that the script needs and no Python."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for tool in ("find", "touch", "mkdir", "ln", "rm", "sh"):
        link = bin_folder / tool
        link.symlink_to(
            next(p for p in (Path("/usr/bin") / tool, Path("/bin") / tool) if p.exists())
        )
    return bin_folder


def add_python(machine: Path, name: str, version: str) -> Path:
    """Put a stand-in for Python into PATH: it tells its version and logs how it is called."""
    file = machine / name
    file.write_text(
        "#!/bin/sh\n"
        f'printf "%s %s\\n" {name} "$*" >>"{machine}/calls"\n'
        'case "$*" in\n'
        f'  "-c import sys"*) echo {version} ;;\n'
        f'  "-m venv"*) for last; do :; done; mkdir -p "$last/bin"; '
        f'ln -sf "{file}" "$last/bin/python" ;;\n'
        "esac\n",
        encoding="utf-8",
    )
    file.chmod(0o755)
    return file


def bootstrap(
    repo: Path, machine: Path, *wanted: str, environment: str = "env"
) -> subprocess.CompletedProcess[str]:
    lock = machine / "lock.txt"
    if not lock.exists():
        lock.write_text("pip==1\n", encoding="utf-8")
    return subprocess.run(
        ["/bin/sh", repo / "requirements/bootstrap.sh", environment, lock, *wanted],
        cwd=machine,
        env={"PATH": str(machine)},
        capture_output=True,
        check=False,
        text=True,
    )


def calls(machine: Path) -> list[str]:
    file = machine / "calls"
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def installs(machine: Path) -> list[str]:
    return [call for call in calls(machine) if "pip install" in call]


@pytest.mark.parametrize(
    ("present", "chosen"),
    [
        ({"python3.11": "3.11", "python3.12": "3.12"}, "python3.11"),
        ({"python3.12": "3.12", "python3": "3.13"}, "python3.12"),
        ({"python3": "3.11"}, "python3"),
        ({"python3": "3.9", "python": "3.12"}, "python"),
    ],
)
def test_the_first_supported_python_is_taken(
    repo: Path, machine: Path, present: dict[str, str], chosen: str
) -> None:
    for name, version in present.items():
        add_python(machine, name, version)
    result = bootstrap(repo, machine)
    assert result.returncode == 0, result.stderr
    assert f"with {machine}/{chosen} " in result.stdout
    assert len(installs(machine)) == 1
    assert "--require-hashes" in installs(machine)[0]
    assert (machine / "env/bootstrap.stamp").exists()


def test_a_python_that_is_asked_for_wins(repo: Path, machine: Path) -> None:
    add_python(machine, "python3.11", "3.11")
    add_python(machine, "python3.12", "3.12")
    result = bootstrap(repo, machine, "python3.12")
    assert f"with {machine}/python3.12 " in result.stdout


@pytest.mark.parametrize(
    ("present", "wanted", "message"),
    [
        ({}, [], "found none"),
        ({"python3": "3.13"}, [], "python3 is 3.13"),
        ({"python3": "3.9", "python": "2.7"}, [], "python3 is 3.9, python is 2.7"),
        ({"python3.11": "3.11", "python3.13": "3.13"}, ["python3.13"], "python3.13 is 3.13"),
        ({"python3.11": "3.11"}, ["/absent/python"], "/absent/python does not run"),
    ],
)
def test_without_a_supported_python_the_message_names_what_was_found(
    repo: Path, machine: Path, present: dict[str, str], wanted: list[str], message: str
) -> None:
    for name, version in present.items():
        add_python(machine, name, version)
    result = bootstrap(repo, machine, *wanted)
    assert result.returncode == 1
    assert f"needs Python 3.11 or 3.12, and {message}." in result.stderr
    assert "apt-get install python3 python3-venv" in result.stderr
    assert "brew install python@3.11" in result.stderr
    assert not (machine / "env").exists()


def test_an_environment_that_works_is_kept(repo: Path, machine: Path) -> None:
    add_python(machine, "python3.11", "3.11")
    bootstrap(repo, machine)
    before = len(installs(machine))
    result = bootstrap(repo, machine)
    assert (result.returncode, result.stdout) == (0, "")
    assert len(installs(machine)) == before


def test_a_newer_lock_is_installed_into_the_same_environment(repo: Path, machine: Path) -> None:
    add_python(machine, "python3.11", "3.11")
    bootstrap(repo, machine)
    later = (machine / "env/bootstrap.stamp").stat().st_mtime + 5
    os.utime(machine / "lock.txt", (later, later))
    bootstrap(repo, machine)
    assert len(installs(machine)) == 2
    assert sum("-m venv" in call for call in calls(machine)) == 1


def test_another_python_makes_the_environment_anew(repo: Path, machine: Path) -> None:
    add_python(machine, "python3.11", "3.11")
    add_python(machine, "python3.12", "3.12")
    bootstrap(repo, machine)
    result = bootstrap(repo, machine, "python3.12")
    assert "(3.12)" in result.stdout
    assert sum("-m venv --clear" in call for call in calls(machine)) == 2


def test_an_environment_whose_python_is_gone_is_made_anew(repo: Path, machine: Path) -> None:
    gone = add_python(machine, "python3.11", "3.11")
    bootstrap(repo, machine)
    gone.unlink()
    add_python(machine, "python3.12", "3.12")
    result = bootstrap(repo, machine)
    assert (result.returncode, "(3.12)" in result.stdout) == (0, True)
