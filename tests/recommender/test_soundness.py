from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from recommender import soundness
from recommender.bundle import Bundle, open_bundle
from recommender.errors import BundleError
from recommender.publication import PublishedFolder
from recommender.soundness import check_sound, is_finite, mark_sound, open_sound


@pytest.fixture
def folder(tmp_path: Path, tiny_bundle: Bundle) -> PublishedFolder:
    made = PublishedFolder(tmp_path / "published")
    shutil.copytree(tiny_bundle.path, made.bundle(tiny_bundle.digest))
    return made


def test_a_trained_bundle_is_sound(tiny_bundle: Bundle) -> None:
    check_sound(tiny_bundle)


def test_files_that_were_checked_are_not_read_again(
    folder: PublishedFolder, tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    monkeypatch.setattr(soundness, "check_sound", lambda bundle: checked.append(bundle.digest))
    open_sound(folder, tiny_bundle.digest)
    assert checked == [tiny_bundle.digest]
    mark_sound(folder, open_bundle(folder.bundle(tiny_bundle.digest)))
    assert open_sound(folder, tiny_bundle.digest).digest == tiny_bundle.digest
    assert checked == [tiny_bundle.digest]


def test_an_altered_file_is_found_although_its_size_and_time_are_as_before(
    folder: PublishedFolder, tiny_bundle: Bundle
) -> None:
    mark_sound(folder, open_bundle(folder.bundle(tiny_bundle.digest)))
    file = folder.bundle(tiny_bundle.digest) / "users.ids.npy"
    before = file.stat()
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(BundleError, match="altered"):
        open_sound(folder, tiny_bundle.digest)


def test_a_bundle_under_another_name_is_refused(
    folder: PublishedFolder, tiny_bundle: Bundle
) -> None:
    shutil.copytree(tiny_bundle.path, folder.bundle("a" * 64))
    with pytest.raises(BundleError, match="not the one of digest"):
        open_sound(folder, "a" * 64)


def test_a_large_array_is_looked_at_to_its_end() -> None:
    values = np.zeros((3, 1 << 20), dtype=np.float32)
    assert is_finite(values)
    values[-1, -1] = np.inf
    assert not is_finite(values)
