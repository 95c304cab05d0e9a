from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recommender.errors import BundleError, RegistryError, UsageError
from recommender.settings import RegistrySettings
from tracking import registry as registry_module
from tracking.registry import Recovery, Registry
from tracking.versions import COMPLETE_TAG, DIGEST_TAG


def test_an_empty_registry_is_no_error(desk: Any) -> None:
    assert desk.registry.versions() == ()
    assert desk.registry.history() == ()
    assert desk.registry.production() is None
    assert desk.registry.recover() == Recovery()
    with pytest.raises(RegistryError, match="not found"):
        desk.registry.version("1")


def test_a_registered_bundle_comes_back_whole(desk: Any) -> None:
    run_id, model = desk.log(1)
    version = desk.registry.register(run_id, model, {"roulette.dataset": "tiny"})
    assert version.complete
    assert version.aliases == ("candidate",)
    assert version.run_id == run_id
    assert version.digest == desk.bundle(1).digest
    assert version.tags["roulette.dataset"] == "tiny"
    assert desk.registry.candidate() == version
    assert desk.registry.versions() == (version,)
    for _ in range(2):
        bundle = desk.registry.bundle(version)
        assert bundle.digest == version.digest
        assert np.array_equal(bundle["weights"], np.arange(1.0, 6.0))
    assert desk.registry.decision(version) is None


def test_the_same_bundle_is_registered_once(desk: Any) -> None:
    first, other = desk.register(1), desk.register(2)
    again = desk.register(1)
    assert (first.version, other.version, again.version) == ("1", "2", "1")
    assert again.aliases == ("candidate",)
    assert len(desk.registry.versions()) == 2


def test_production_registered_again_does_not_become_candidate(shared_desk: Any) -> None:
    shared_desk.promote(1)
    assert shared_desk.register(1).aliases == ("production",)


def test_ctrl_c_leaves_no_half_registered_version(
    shared_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    run_id, model = shared_desk.log(1)
    with monkeypatch.context() as patched:
        patched.setattr(registry_module, "fetch_bundle", interrupted)
        with pytest.raises(KeyboardInterrupt):
            shared_desk.registry.register(run_id, model)
    assert shared_desk.registry.versions() == ()
    assert shared_desk.registry.register(run_id, model).complete


def test_a_bundle_that_arrives_altered_is_not_registered(local_desk: Any, local: Path) -> None:
    run_id, model = local_desk.log(1)
    [array] = local.rglob(f"{model.model_id}/**/weights.npy")
    array.write_bytes(array.read_bytes()[:-1] + b"\xff")
    with pytest.raises(BundleError, match=r"weights\.npy"):
        local_desk.registry.register(run_id, model)
    assert local_desk.registry.versions() == ()


def test_a_killed_registration_leaves_no_orphan(
    desk: Any, child: Callable[..., BaseProcess]
) -> None:
    killed = child(desk.bundle(1), death=("get_model_version_download_uri", 1))
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    [left] = desk.registry.versions()
    assert not left.complete
    assert desk.registry.aliases() == {}
    assert desk.again().recover() == Recovery(deleted=(left.version,))
    assert desk.registry.versions() == ()
    assert desk.register(1).complete


def test_registering_clears_what_was_cut_short(shared_desk: Any) -> None:
    first = shared_desk.register(1)
    shared_desk.client.delete_model_version_tag(
        shared_desk.settings.model_name, first.version, COMPLETE_TAG
    )
    second = shared_desk.register(1)
    assert [version.version for version in shared_desk.registry.versions()] == [second.version]
    assert second.version != first.version


def test_a_version_made_by_hand_is_left_alone(shared_desk: Any) -> None:
    run_id, model = shared_desk.log(1)
    shared_desk.client.create_registered_model(shared_desk.settings.model_name)
    shared_desk.client.create_model_version(shared_desk.settings.model_name, model.uri, run_id)
    with pytest.raises(RegistryError, match="made by hand"):
        shared_desk.registry.bundle(shared_desk.registry.version("1"))
    shared_desk.register(2)
    assert shared_desk.registry.recover() == Recovery()
    assert len(shared_desk.registry.versions()) == 2


def test_another_bundle_than_the_registered_one_is_refused(desk: Any) -> None:
    version = desk.register(1)
    desk.client.set_model_version_tag(
        desk.settings.model_name, version.version, DIGEST_TAG, "f" * 64
    )
    with pytest.raises(RegistryError, match="not the one that was registered"):
        desk.registry.bundle(desk.registry.version(version.version))


def test_a_bundle_whose_files_are_gone_is_reported(local_desk: Any, local: Path) -> None:
    version = local_desk.register(1)
    (local / "artifacts").rename(local / "lost")
    with pytest.raises(BundleError, match="no model with a bundle"):
        local_desk.registry.bundle(version)


def test_the_bundles_of_a_copied_project_are_refused(
    local_desk: Any, local: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = local_desk.register(1)
    local.rename(tmp_path / "copy")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'copy' / 'mlflow.db'}")
    with pytest.raises(RegistryError, match="copied or moved"):
        local_desk.again().bundle(version)


def test_a_downloaded_bundle_is_kept_and_mended(server_desk: Any) -> None:
    version = server_desk.register(1)
    kept = server_desk.folder / "cache" / version.digest
    assert server_desk.registry.bundle(version).path == kept
    (kept / "weights.npy").write_bytes(b"garbage")
    mended = server_desk.registry.bundle(version)
    assert np.array_equal(mended["weights"], np.arange(1.0, 6.0))
    assert [item.name for item in kept.parent.iterdir()] == [version.digest]


def test_old_downloads_go_and_what_was_used_lately_stays(server_desk: Any) -> None:
    cache = server_desk.folder / "cache"
    old, first, second = (server_desk.register(seed) for seed in (11, 12, 13))
    for version in (old, first):
        server_desk.registry.bundle(version)
    assert {old.digest, first.digest} <= {path.name for path in cache.iterdir()}
    for version, age in ((old, 10 * 86_400), (first, 60)):
        then = time.time() - age
        os.utime(cache / version.digest, (then, then))
    shutil.rmtree(cache / second.digest)
    settings = RegistrySettings(model_name=server_desk.registry.model_name, downloaded_bundles=1)
    few = Registry(settings, cache=cache)
    few.bundle(second)
    left = {path.name for path in cache.iterdir()}
    assert old.digest not in left
    assert {first.digest, second.digest} <= left


def test_the_first_of_two_downloads_is_taken(
    server_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = server_desk.register(1)
    kept = server_desk.folder / "cache" / version.digest
    hidden = kept.rename(kept.with_name("aside"))
    rename = Path.rename

    def second(path: Path, target: Path) -> Path:
        if target == kept:
            rename(hidden, kept)
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", second)
    assert server_desk.registry.bundle(version).path == kept


def test_every_page_of_versions_is_listed(
    shared_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared_desk.register(1)
    shared_desk.register(2)
    listed = shared_desk.client.search_model_versions
    monkeypatch.setattr(
        shared_desk.registry.client,
        "search_model_versions",
        lambda *arguments, **keywords: listed(*arguments, **{**keywords, "max_results": 1}),
    )
    assert [version.version for version in shared_desk.registry.versions()] == ["1", "2"]


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "it's"])
def test_a_name_that_mlflow_does_not_allow_is_refused(local: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"registry\.model_name"):
        Registry(RegistrySettings(model_name=name))
