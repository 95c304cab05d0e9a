"""What may be imported where, and what an import may do; import-linter holds the rest."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

#: Modules that a web process loads, and what none of them may bring along.
LIGHT = ["recommender.bundle", "recommender.inference", "serving"]
HEAVY = [
    "zenml",
    "mlflow",
    "surprise",
    "great_expectations",
    "sklearn",
    "numba",
    "matplotlib",
    "dvc",
    "whylogs",
    "pandas",
    "tracking",
    "steps",
    "pipelines",
    "recommender.models",
]
#: The only modules that may import a library, where that is fewer than all.
SOLE_IMPORTERS = {
    "great_expectations": ["expectations/validation.py"],
    "surprise": ["recommender/models/", "benchmarks/svd_training.py"],
    "optuna": ["recommender/tuning/study.py"],
    "whylogs": ["monitoring/sketches.py"],
    "mlflow": ["tracking/"],
    "zenml": ["steps/", "pipelines/", "run_pipeline.py"],
}
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}


@cache
def imported(file: Path) -> frozenset[str]:
    """Dotted names of the modules that ``file`` imports, wherever the statement stands."""
    names = set()
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(names)


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", LIGHT)
def test_a_web_process_loads_nothing_heavy(repo: Path, module: str) -> None:
    code = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=repo, capture_output=True, check=True, text=True
    )
    assert not set(HEAVY) & set(json.loads(run.stdout))


@pytest.mark.parametrize("library", SOLE_IMPORTERS)
def test_a_library_is_imported_in_its_place_only(
    repo: Path, modules: list[Path], library: str
) -> None:
    importers = {
        file.relative_to(repo).as_posix()
        for file in modules
        if any(name.split(".")[0] == library for name in imported(file))
    }
    strays = {
        importer
        for importer in importers
        if not importer.startswith(tuple(SOLE_IMPORTERS[library]))
    }
    assert not strays


def test_a_step_is_one_function_named_as_its_file_and_imports_no_other(
    repo: Path, modules: list[Path]
) -> None:
    found = {
        file: steps
        for file in modules
        if file.parent == repo / "steps" and (steps := steps_in(file))
    }
    for file, names in found.items():
        assert names == [file.stem], file
        others = {f"steps.{other.stem}" for other in found if other != file}
        assert not others & imported(file), file


def steps_in(file: Path) -> list[str]:
    """Names of the functions that ZenML's ``step`` decorates."""
    return [
        node.name
        for node in tree(file).body
        if isinstance(node, ast.FunctionDef)
        and any(decorator_name(decorator) == "step" for decorator in node.decorator_list)
    ]


def decorator_name(node: ast.expr) -> str:
    return ast.unparse(node.func if isinstance(node, ast.Call) else node).split(".")[-1]


def test_no_step_decides_or_catches(repo: Path, modules: list[Path]) -> None:
    for file in modules:
        if file.parent != repo / "steps" or not steps_in(file):
            continue
        for node in ast.walk(tree(file)):
            assert not isinstance(node, ast.Try | ast.If | ast.For | ast.While), (
                f"{file}:{node.lineno}"
            )


def test_every_module_says_what_it_is_about(repo: Path, modules: list[Path]) -> None:
    for file in modules:
        parts = {part.removesuffix(".py") for part in file.relative_to(repo).parts}
        assert not VAGUE & parts, file


def test_every_library_that_is_imported_is_a_direct_dependency(
    repo: Path, modules: list[Path]
) -> None:
    project = tomllib.loads((repo / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    texts = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    declared = {canonicalize_name(Requirement(text).name) for text in texts}
    ours = {file.relative_to(repo).parts[0].removesuffix(".py") for file in modules}
    distributions = packages_distributions()
    for file in modules:
        for name in {name.split(".")[0] for name in imported(file)}:
            if name in ours or name in sys.stdlib_module_names:
                continue
            provided_by = {canonicalize_name(owner) for owner in distributions.get(name, [])}
            assert declared & provided_by, f"{file} imports {name}, which pyproject.toml lacks"


AUDIT = """
import importlib, json, os, pathlib, sys
root, names, libraries = sys.argv[1], sys.argv[2].split(), sys.argv[3].split()
for library in libraries:
    try:
        importlib.import_module(library)
    except ModuleNotFoundError:
        pass  # the name of something in a module
events = []
def inside(path):
    return isinstance(path, str) and os.path.abspath(path).startswith(root + os.sep)
def hook(event, arguments):
    if event == "open":
        path, mode = arguments[0], arguments[1] or "r"
        if inside(path) and ".venv" not in path and not path.endswith((".py", ".pyc")):
            events.append(f"reads {path}")
        if set(mode) & set("wax+"):
            events.append(f"writes {path}")
    elif event in {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "socket.connect",
                   "subprocess.Popen", "sqlite3.connect"}:
        events.append(f"{event} {arguments!r}")
sys.addaudithook(hook)
seen = {}
for name in names:
    events.clear()
    importlib.import_module(name)
    if events:
        seen[name] = list(events)
print(json.dumps(seen))
"""


def test_an_import_reads_no_file_and_opens_nothing(
    repo: Path, modules: list[Path], tmp_path: Path
) -> None:
    rooms = {"recommender", "serving", "simulation"}
    chosen = [file for file in modules if file.relative_to(repo).parts[0] in rooms]
    names = [
        ".".join(file.relative_to(repo).with_suffix("").parts).removesuffix(".__init__")
        for file in chosen
        if file.name != "__main__.py"
    ]
    # What a library does while it is imported is its own affair.
    libraries = {
        name
        for file in chosen
        for name in imported(file)
        if name.split(".")[0] not in {*rooms, "__future__"}
    }
    run = subprocess.run(
        [sys.executable, "-B", "-c", AUDIT, str(repo), " ".join(names), " ".join(libraries)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(repo), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {}
