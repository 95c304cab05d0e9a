from __future__ import annotations

import importlib
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recommender.bundle import Bundle, open_bundle, write_bundle
from recommender.errors import BundleError
from recommender.publication import Pointer, PublishedFolder, PublishedModel
from tracking.placing import Retention, is_placed, place, prune, remove_leftovers


def small_bundle(folder: Path, value: float) -> Bundle:
    fields: dict[str, Any] = {
        "dataset": "tiny",
        "dataset_digest": "d" * 64,
        "simulated": True,
        "train_end": None,
        "split_method": "random",
        "seed": 1,
        "code_revision": None,
        "code_digest": "c" * 64,
        "params": {},
        "scoring": {},
    }
    arrays = {"weights": np.full(9, value), "ids": np.arange(3)}
    return write_bundle(folder / f"bundle-{value}", arrays, fields)


@pytest.fixture
def folder(tmp_path: Path) -> PublishedFolder:
    return PublishedFolder(tmp_path / "published")


def published(folder: PublishedFolder, bundle: Bundle, version: str) -> PublishedModel:
    place(bundle, folder)
    model = PublishedModel("tiny", version, bundle.digest)
    folder.write_pointer(Pointer(model, None, "now"))
    return model


def test_a_placed_bundle_is_a_read_only_copy(folder: PublishedFolder, tmp_path: Path) -> None:
    bundle = small_bundle(tmp_path, 1.0)
    assert not is_placed(folder, bundle.digest)
    place(bundle, folder)
    assert is_placed(folder, bundle.digest)
    copy = folder.bundle(bundle.digest)
    assert open_bundle(copy).digest == bundle.digest
    for file in copy.iterdir():
        assert file.stat().st_mode & 0o777 == 0o444
        assert not file.samefile(bundle.path / file.name)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_not_published(
    folder: PublishedFolder, tmp_path: Path, value: float
) -> None:
    bundle = small_bundle(tmp_path, value)
    with pytest.raises(BundleError, match="NaN or infinity"):
        place(bundle, folder)
    assert list(folder.bundles.iterdir()) == []


@pytest.mark.parametrize("fault", ["altered", "cut", "missing"])
def test_what_was_damaged_is_mended_file_by_file(
    folder: PublishedFolder, tmp_path: Path, fault: str
) -> None:
    bundle = small_bundle(tmp_path, 1.0)
    place(bundle, folder)
    damaged = folder.bundle(bundle.digest) / "weights.npy"
    mapped = open_bundle(folder.bundle(bundle.digest))["weights"]
    content = bytearray(damaged.read_bytes())
    damaged.unlink()
    if fault != "missing":
        content[-1] ^= 1
        damaged.write_bytes(content if fault == "altered" else content[:-5])
    assert not is_placed(folder, bundle.digest)
    place(bundle, folder)
    assert is_placed(folder, bundle.digest)
    assert open_bundle(folder.bundle(bundle.digest))["weights"].tolist() == mapped.tolist()


def test_pruning_keeps_what_is_in_use_and_the_latest_and_every_record(
    folder: PublishedFolder, tmp_path: Path
) -> None:
    models = [
        published(folder, small_bundle(tmp_path, float(value)), str(value)) for value in range(5)
    ]
    for age, model in enumerate(reversed(models)):
        os.utime(folder.record_file(model.digest), (1000 - age, 1000 - age))
    removed = prune(folder, {models[0].digest}, Retention(2, days=7.0))
    assert set(removed) == {models[1].digest, models[2].digest}
    left = {path.name for path in folder.bundles.iterdir()}
    assert left == {models[0].digest, models[3].digest, models[4].digest}
    assert [folder.record(model.digest) for model in models] == models


def test_a_kill_before_any_write_leaves_a_whole_published_folder(
    processes: Any, tmp_path: Path
) -> None:
    child = importlib.import_module("publishing_child")
    old, new = small_bundle(tmp_path, 1.0), small_bundle(tmp_path, 2.0)
    seen, death = set(), 0
    while True:
        death += 1
        folder = PublishedFolder(tmp_path / str(death))
        before = published(folder, old, "1")
        arguments = (new.path, before, folder.root, death)
        process = processes.Process(target=child.publish_until, args=arguments)
        process.start()
        process.join()
        pointer = folder.pointer()
        assert pointer is not None
        seen.add(pointer.production.version)
        digest = pointer.production.digest
        assert open_bundle(folder.bundle(digest)).digest == digest
        assert is_placed(folder, digest)
        if process.exitcode != -signal.SIGKILL:
            break
        remove_leftovers(folder)
        names = {path.name for path in folder.bundles.iterdir()}
        assert names <= {old.digest, new.digest}
    assert process.exitcode == 0
    assert seen == {"1", "2"}
    assert death > 15
