"""The bundle of a stored model as a verified folder on this machine."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

import mlflow

from recommender.bundle import Bundle, open_bundle
from recommender.errors import BundleError, RegistryError
from tracking.connection import registry_errors
from tracking.model_log import MODEL_FILE, bundle_path


def fetch_bundle(model_uri: str, location: str, digest: str, cache: Path) -> Bundle:
    """Return the verified bundle of a model, of whatever format, downloaded at most once.

    A model in a folder of this machine is opened where it is.

    Args:
        model_uri: By which MLflow downloads the model: of a version, since an alias may move.
        location: Where MLflow keeps the model.
        digest: SHA-256 that the bundle's manifest must have.
        cache: Folder of the downloaded bundles, each under its digest.

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
            return _checked(open_bundle(kept, any_format=True), digest)
        except (BundleError, RegistryError):
            shutil.rmtree(kept)
    return _download(model_uri, digest, cache)


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
