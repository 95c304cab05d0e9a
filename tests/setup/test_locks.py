"""The locks are complete, agree with each other and with the bounds in pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

#: Which groups of pyproject.toml each lock holds; ``""`` stands for the dependencies of all.
LOCKS = {
    "bootstrap": ["bootstrap"],
    "training": ["", "training", "bootstrap"],
    "serving": ["", "serving"],
    "streaming": ["", "streaming"],
    "dev": ["", "training", "serving", "streaming", "dev", "bootstrap"],
}
TRAINERS = {
    "zenml",
    "mlflow",
    "mlflow-skinny",
    "scikit-surprise",
    "great-expectations",
    "scikit-learn",
    "dvc",
    "numba",
    "matplotlib",
}


class Pin(NamedTuple):
    version: str
    hashes: frozenset[str]


def read_lock(file: Path) -> list[tuple[str, Pin]]:
    text = file.read_text(encoding="utf-8").replace("\\\n", " ")
    pins = []
    for line in filter(None, map(str.strip, text.splitlines())):
        specification, *hashes = re.split(r"\s+--hash=", line)
        requirement = Requirement(specification)
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", line
        pins.append(
            (canonicalize_name(requirement.name), Pin(specifier.version, frozenset(hashes)))
        )
    return pins


@pytest.fixture(scope="module")
def groups(repo: Path) -> dict[str, list[Requirement]]:
    document = tomllib.loads((repo / "pyproject.toml").read_text(encoding="utf-8"))
    project = document["project"]
    texts = {"": project["dependencies"], **project["optional-dependencies"]}
    texts |= document["dependency-groups"]
    return {group: [Requirement(text) for text in entries] for group, entries in texts.items()}


@pytest.fixture(scope="module")
def locks(repo: Path) -> dict[str, list[tuple[str, Pin]]]:
    return {name: read_lock(repo / "requirements" / f"{name}.txt") for name in LOCKS}


def test_every_lock_is_known(repo: Path) -> None:
    assert {file.stem for file in (repo / "requirements").glob("*.txt")} == set(LOCKS)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_no_address_and_no_option(repo: Path, name: str) -> None:
    text = (repo / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.findall(r"^-.*|@ .*", text, re.MULTILINE)


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_has_one_version_and_sha256_hashes(
    locks: dict[str, list[tuple[str, Pin]]], name: str
) -> None:
    names = [package for package, _ in locks[name]]
    assert sorted(set(names)) == sorted(names)
    for package, pin in locks[name]:
        assert pin.hashes, package
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in pin.hashes), package


@pytest.mark.parametrize("name", [name for name in LOCKS if name != "dev"])
def test_dev_holds_every_other_lock(locks: dict[str, list[tuple[str, Pin]]], name: str) -> None:
    assert set(locks[name]) <= set(locks["dev"])


@pytest.mark.parametrize("name", LOCKS)
def test_direct_dependencies_are_locked_within_their_bounds(
    groups: dict[str, list[Requirement]], locks: dict[str, list[tuple[str, Pin]]], name: str
) -> None:
    pins = dict(locks[name])
    for requirement in (requirement for group in LOCKS[name] for requirement in groups[group]):
        pin = pins.get(canonicalize_name(requirement.name))
        assert pin is not None, f"{requirement.name} is missing: run make lock"
        assert requirement.specifier.contains(pin.version), f"{requirement}: run make lock"


def test_every_direct_dependency_has_a_lower_bound(groups: dict[str, list[Requirement]]) -> None:
    for requirement in (requirement for group in groups.values() for requirement in group):
        operators = {specifier.operator for specifier in requirement.specifier}
        assert operators & {">=", "==", "~="}, requirement


def test_every_group_is_part_of_a_lock(groups: dict[str, list[Requirement]]) -> None:
    assert set(groups) == set(LOCKS["dev"])


@pytest.mark.parametrize("name", ["serving", "streaming"])
def test_a_server_image_carries_no_trainer(
    locks: dict[str, list[tuple[str, Pin]]], name: str
) -> None:
    assert not TRAINERS & set(dict(locks[name]))
