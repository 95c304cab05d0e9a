from __future__ import annotations

import stat
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import UsageError
from recommender.params_file import with_values, write_values
from recommender.settings import Params, read_settings


def test_only_the_value_changes_in_the_projects_own_file(repo: Path, tmp_path: Path) -> None:
    original = (repo / "params.yaml").read_text(encoding="utf-8")
    file = tmp_path / "params.yaml"
    file.write_text(original, encoding="utf-8")
    file.chmod(0o640)
    write_values(file, {"model.n_factors": 61, "model.learning_rate": 0.00002})
    before, after = original.splitlines(), file.read_text(encoding="utf-8").splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [
        (f"  n_factors: {Params().model.n_factors}", "  n_factors: 61"),
        (f"  learning_rate: {Params().model.learning_rate}", "  learning_rate: 2.0e-05"),
    ]
    assert read_settings(Params, file).model.learning_rate == 0.00002
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [item.name for item in tmp_path.iterdir()] == ["params.yaml"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model:\n  a: 1   # one, not 1\n  b: 1\n", "model:\n  a: 7   # one, not 1\n  b: 1\n"),
        ("model: {a: 1, b: 2}\n", "model: {a: 7, b: 2}\n"),
        ("x:\n  a: 1\nmodel:\n    'a': 1.5\n", "x:\n  a: 1\nmodel:\n    'a': 7\n"),
        ("model:\n  b: 1  # b\n\nz: 1\n", "model:\n  b: 1  # b\n  a: 7\n\nz: 1\n"),
        ("model:\n  b: 1", "model:\n  b: 1\n  a: 7"),
        ("model: {b: 1}\n", "model: {b: 1, a: 7}\n"),
    ],
)
def test_comments_and_layout_survive(text: str, expected: str) -> None:
    assert with_values(text, {"model.a": 7}, place="f") == expected


@given(st.floats(1e-300, 1e300) | st.integers(-(10**9), 10**9))
def test_every_number_is_read_back(value: float) -> None:
    text = with_values("a:\n  b: 0 # b\n  c: 1\n", {"a.b": value}, place="f")
    found = yaml.safe_load(text)["a"]
    assert found == {"b": value, "c": 1}
    assert type(found["b"]) is type(value)


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("seed: 1\n", "model.a", "no place"),
        ("model: 5\n", "model.a", "no place"),
        ("", "a", "no place"),
        ("model:\n  a: [1]\n", "model.a", "no single value"),
        ("model: [", "model.a", "not valid YAML"),
    ],
)
def test_what_has_no_place_is_refused_with_the_file(text: str, key: str, words: str) -> None:
    with pytest.raises(UsageError, match=rf"params\.yaml: .*{words}"):
        with_values(text, {key: 1}, place="params.yaml")


def test_a_refused_change_leaves_the_file_alone(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text("model:\n  a: 1\n", encoding="utf-8")
    with pytest.raises(UsageError):
        write_values(file, {"model.a": 2, "other.b": 3})
    assert file.read_text(encoding="utf-8") == "model:\n  a: 1\n"
    with pytest.raises(UsageError, match="cannot be written"):
        write_values(tmp_path / "absent.yaml", {"model.a": 2})
