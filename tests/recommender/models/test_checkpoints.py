from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recommender.errors import TrainingError
from recommender.models.checkpoints import Checkpoint, CheckpointFolder, identify

ARRAYS = {"factors": np.arange(6.0).reshape(2, 3)}


def test_only_the_latest_checkpoint_is_kept(tmp_path: Path) -> None:
    folder = CheckpointFolder(tmp_path / "training", "a" * 64)
    assert folder.latest() is None
    for epoch in (1, 2, 10):
        folder.save(Checkpoint(epoch, {"factors": ARRAYS["factors"] + epoch}))
    found = folder.latest()
    assert found is not None
    assert found.epoch == 10
    assert np.array_equal(found.arrays["factors"], ARRAYS["factors"] + 10)
    assert [file.name for file in folder.path.iterdir()] == ["epoch-00010.npz"]


def test_an_interrupted_write_leaves_the_checkpoint_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = CheckpointFolder(tmp_path, "a" * 64)
    folder.save(Checkpoint(1, ARRAYS))

    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(KeyboardInterrupt):
        folder.save(Checkpoint(2, ARRAYS))
    found = folder.latest()
    assert found is not None
    assert found.epoch == 1


def test_a_foreign_checkpoint_is_refused(tmp_path: Path) -> None:
    CheckpointFolder(tmp_path, "a" * 64).save(Checkpoint(1, ARRAYS))
    with pytest.raises(TrainingError, match=r"other data.*aaaaaaaaaaaa.*bbbbbbbbbbbb"):
        CheckpointFolder(tmp_path, "b" * 64).latest()


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut short"])
def test_a_broken_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "epoch-00003.npz").write_bytes(content)
    with pytest.raises(TrainingError, match="cannot be read"):
        CheckpointFolder(tmp_path, "a" * 64).latest()


def test_the_identity_tells_settings_values_types_and_shapes_apart() -> None:
    ones = np.ones(4, np.float32)
    identities = {
        identify({"rate": 1.0}, [ones]),
        identify({"rate": 2.0}, [ones]),
        identify({"rate": 1.0}, [2 * ones]),
        identify({"rate": 1.0}, [ones.view(np.int32)]),
        identify({"rate": 1.0}, [ones.reshape(2, 2)]),
        identify({"rate": 1.0}, [ones, ones]),
    }
    assert len(identities) == 6
    assert identify({"a": 1, "b": 2}, [ones]) == identify({"b": 2, "a": 1}, [ones.copy()])
