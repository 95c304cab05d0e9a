"""The bundle of a stored model as a verified folder on this machine."""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import mlflow

from recommender.bundle import Bundle, open_bundle
from recommender.errors import BundleError, RegistryError
from tracking.connection import registry_errors
from tracking.model_log import MODEL_FILE, bundle_path

_LOG = logging.getLogger(__name__)
#: Longer than any run reads a bundle.
_LATELY_SECONDS = 86_400.0


def fetch_bundle(model_uri: str, location: str, digest: str, cache: Path, keep: int) -> Bundle:
    """Return the verified bundle of a model, of whatever format, downloaded once while it is used.

    A model in a folder of this machine is opened where it is.

    Args:
        model_uri: By which MLflow downloads the model: of a version, since an alias may move.
        location: Where MLflow keeps the model.
        digest: SHA-256 that the bundle's manifest must have.
        cache: Folder of the downloaded bundles, each under its digest.
        keep: How many of them stay, those used last; what was used lately stays anyway.

    Raises:
        BundleError: The stored bundle is missing, incomplete or altered.
        RegistryError: MLflow is out of reach, or the bundle is not the one that was registered.
    """
    parts = urlsplit(location)
    if parts.scheme in ("", "file"):
        return _open(Path(unquote(parts.path)), digest)
    kept = cache / digest
    if kept.is_dir():
        try:
            kept.touch()
            return _checked(open_bundle(kept, any_format=True), digest)
        except (BundleError, RegistryError):
            shutil.rmtree(kept)
    fresh = _download(model_uri, digest, cache)
    _remove_old(cache, keep)
    return fresh


def _download(model_uri: str, digest: str, cache: Path) -> Bundle:
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".download-", dir=cache) as folder:
        with registry_errors(model_uri):
            wanted = bundle_path(_fetch(f"{model_uri}/{MODEL_FILE}", folder))
            fresh = _fetch(f"{model_uri}/{wanted}", folder)
        _checked(open_bundle(fresh, any_format=True), digest)
        try:
            fresh.rename(cache / digest)
        except OSError:
            # Another process was first; its bundle was verified as this one.
            if not (cache / digest).is_dir():
                raise
    return _checked(open_bundle(cache / digest, any_format=True), digest)


def _remove_old(cache: Path, keep: int) -> None:
    """Remove downloads, but for the latest, and for those that a run may still read."""
    found = [path for path in cache.iterdir() if not path.name.startswith(".")]
    used = {path: path.stat().st_mtime for path in found}
    latest = sorted(found, key=lambda path: used[path], reverse=True)
    for old in latest[max(keep, 1) :]:
        if used[old] < time.time() - _LATELY_SECONDS:
            shutil.rmtree(old, ignore_errors=True)
            _LOG.info("The downloaded bundle %s is removed; it was used long ago.", old.name)


def _fetch(uri: str, folder: str) -> Path:
    return Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=folder))


def _open(model: Path, digest: str) -> Bundle:
    try:
        folder = model / bundle_path(model / MODEL_FILE)
    except (KeyError, mlflow.MlflowException, OSError) as error:
        raise BundleError(
            "there is no model with a bundle here",
            place=str(model),
            remedy="Restore the registry's artifacts from a backup, or train again.",
        ) from error
    return _checked(open_bundle(folder, any_format=True), digest)


def _checked(bundle: Bundle, digest: str) -> Bundle:
    if bundle.digest != digest:
        raise RegistryError(
            f"the stored bundle is not the one that was registered, whose digest is {digest}",
            place=str(bundle.path),
            value=bundle.digest,
            remedy="Restore the registry's artifacts from a backup, or train again.",
        )
    return bundle
