from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.bundle import (
    MANIFEST,
    Bundle,
    open_bundle,
    pack_strings,
    unpack_string,
    write_bundle,
)
from recommender.errors import BundleError

FIELDS: dict[str, Any] = {
    "dataset": "tiny",
    "dataset_digest": "d",
    "simulated": True,
    "train_end": 5,
    "split_method": "temporal",
    "seed": 1,
    "code_revision": None,
    "code_digest": "c",
    "params": {"n": 1},
    "scoring": {},
}


def make(path: Path, scale: float = 1.0) -> Bundle:
    arrays = {"a": np.arange(6.0).reshape(2, 3) * scale, "b.ids": np.array([3, 1], dtype=np.int32)}
    return write_bundle(path, arrays, FIELDS)


def test_round_trip_is_memory_mapped_and_read_only(tmp_path: Path) -> None:
    make(tmp_path / "x")
    bundle = open_bundle(tmp_path / "x")
    assert list(bundle) == ["a", "b.ids"]
    assert len(bundle) == 2
    assert isinstance(bundle["a"], np.memmap)
    np.testing.assert_array_equal(bundle["b.ids"], [3, 1])
    assert not bundle["a"].flags.writeable
    with pytest.raises(KeyError):
        bundle["absent"]


def test_arrays_keep_their_order_in_memory(tmp_path: Path) -> None:
    rows = np.arange(6.0).reshape(2, 3)
    arrays = {"columns": np.asfortranarray(rows), "rows": rows}
    bundle = write_bundle(tmp_path / "bundle", arrays, FIELDS)
    assert bundle["columns"].flags.f_contiguous
    assert bundle["rows"].flags.c_contiguous
    assert bundle["columns"].tolist() == bundle["rows"].tolist()


def test_same_input_same_bytes_and_other_input_another_digest(tmp_path: Path) -> None:
    first, second = make(tmp_path / "x"), make(tmp_path / "y")
    assert first.digest == second.digest
    assert (tmp_path / "x/a.npy").read_bytes() == (tmp_path / "y/a.npy").read_bytes()
    assert make(tmp_path / "z", scale=2.0).digest != first.digest


def test_writing_replaces_and_leaves_nothing_beside(tmp_path: Path) -> None:
    make(tmp_path / "x")
    make(tmp_path / "x", scale=3.0)
    assert open_bundle(tmp_path / "x")["a"][1, 2] == 15.0
    assert [entry.name for entry in tmp_path.iterdir()] == ["x"]


def test_a_failed_write_leaves_the_old_bundle_and_nothing_else(tmp_path: Path) -> None:
    kept = make(tmp_path / "x").digest
    with pytest.raises(BundleError, match="objects"):
        write_bundle(tmp_path / "x", {"a": np.array([object()])}, FIELDS)
    assert open_bundle(tmp_path / "x").digest == kept
    assert [entry.name for entry in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize("name", ["", "../a", "A", ".hidden"])
def test_names_that_are_not_plain_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BundleError, match="plain"):
        write_bundle(tmp_path / "x", {name: np.zeros(1)}, FIELDS)


def corrupt_byte(folder: Path) -> None:
    content = bytearray((folder / "a.npy").read_bytes())
    content[-1] ^= 1
    (folder / "a.npy").write_bytes(content)


def remove_array(folder: Path) -> None:
    (folder / "a.npy").unlink()


def remove_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


def break_manifest(folder: Path) -> None:
    (folder / MANIFEST).write_text("{")


def add_manifest_field(folder: Path) -> None:
    tree = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**tree, "more": 1}))


def raise_version(folder: Path) -> None:
    tree = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**tree, "format_version": 99}))


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (corrupt_byte, "a.npy"),
        (remove_array, "a.npy"),
        (remove_manifest, MANIFEST),
        (break_manifest, MANIFEST),
        (add_manifest_field, MANIFEST),
        (raise_version, "99"),
    ],
)
def test_a_bundle_that_does_not_verify_is_refused(tmp_path: Path, damage: Any, word: str) -> None:
    make(tmp_path / "x")
    damage(tmp_path / "x")
    with pytest.raises(BundleError, match=word):
        open_bundle(tmp_path / "x")


def test_an_unreadable_array_is_named_even_without_verification(tmp_path: Path) -> None:
    make(tmp_path / "x")
    (tmp_path / "x/a.npy").write_bytes(b"no array")
    with pytest.raises(BundleError, match=r"a\.npy"):
        open_bundle(tmp_path / "x", verify=False)["a"]


@given(st.lists(st.text()))
def test_strings_survive_packing(values: list[str]) -> None:
    encodable = [value.encode("utf-8", "ignore").decode() for value in values]
    text, offsets = pack_strings(encodable)
    assert [unpack_string(text, offsets, index) for index in range(len(encodable))] == encodable


def test_what_every_list_passes_over_lies_by_column_and_the_rest_by_row(
    tiny_bundle: Bundle,
) -> None:
    by_column = {name for name in tiny_bundle if not tiny_bundle[name].flags.c_contiguous}
    assert by_column == {"ials.factors", "profile.features"}
