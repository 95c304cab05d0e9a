"""What training hands to serving: a folder of ``.npy`` arrays and a ``manifest.json``, no pickle.

The manifest is a pure function of data, code, parameters and seed, and of the model from which the
training started if there is one, so two runs on the same input
give the same bytes, and the bundle's digest (the SHA-256 of the manifest, which itself holds the
SHA-256 of every array) names the model. What belongs to one run or one registration, such as the
tracking run, metrics and gate decision, is kept by the registry.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.errors import BundleError

#: Raised whenever a reader needs something that older bundles lack; 2 brought the search index.
FORMAT_VERSION = 2
MANIFEST = "manifest.json"
_CHUNK = 1 << 20


@dataclass(frozen=True)
class CodeState:
    """Which code makes a bundle.

    Attributes:
        revision: Its revision, with ``-dirty`` if files differ from it, or ``None`` outside
            version control.
        digest: SHA-256 over the library's source files.
    """

    revision: str | None
    digest: str


@dataclass(frozen=True)
class Manifest:
    """What a bundle says of itself.

    Attributes:
        format_version: Version of this layout.
        dataset: Name of the data set.
        dataset_digest: SHA-256 of the data set's source.
        simulated: Whether the ratings are simulated.
        train_end: Training timestamps are below it (seconds), or ``None`` if not split by time.
        split_method: How test ratings were set aside.
        seed: The seed of the run.
        code_revision: Revision of the code, or ``None`` outside version control.
        code_digest: SHA-256 over the library's source files.
        params: Hyper-parameters as nested plain values.
        scoring: What inference needs besides arrays: weights, constants, component names.
        files: SHA-256 (hex) of each array file, by file name.
        warm_start: ``version`` and ``digest`` of the registered model from which the training
            started, or ``None`` where it started from random factors.
    """

    format_version: int
    dataset: str
    dataset_digest: str
    simulated: bool
    train_end: int | None
    split_method: str
    seed: int
    code_revision: str | None
    code_digest: str
    params: dict[str, Any]
    scoring: dict[str, Any]
    files: dict[str, str]
    warm_start: dict[str, str] | None = None

    def to_json(self) -> str:
        """Return the canonical JSON text: sorted keys, two spaces, final newline."""
        return json.dumps(asdict(self), indent=2, sort_keys=True, allow_nan=False) + "\n"


class Bundle(Mapping[str, npt.NDArray[Any]]):
    """A verified bundle: a read-only mapping of array names to memory-mapped arrays.

    Attributes:
        path: Its folder.
        manifest: What it says of itself.
        digest: SHA-256 (hex) of the manifest file, which names the model.
    """

    def __init__(self, path: Path, manifest: Manifest, digest: str) -> None:
        self.path = path
        self.manifest = manifest
        self.digest = digest
        self._arrays: dict[str, npt.NDArray[Any]] = {}

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """Return the array ``name``, memory-mapped and read-only."""
        if f"{name}.npy" not in self.manifest.files:
            raise KeyError(name)
        if name not in self._arrays:
            file = self.path / f"{name}.npy"
            try:
                self._arrays[name] = np.load(file, mmap_mode="r", allow_pickle=False)
            except (OSError, ValueError) as error:
                raise BundleError(f"the array cannot be read: {error}", place=str(file)) from error
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over array names in order."""
        return (name.removesuffix(".npy") for name in sorted(self.manifest.files))

    def __len__(self) -> int:
        """Return the number of arrays."""
        return len(self.manifest.files)


def write_bundle(
    path: Path, arrays: Mapping[str, npt.NDArray[Any]], manifest_fields: Mapping[str, Any]
) -> Bundle:
    """Write arrays and manifest to ``path`` at once: a reader sees the whole bundle or none.

    Args:
        path: Folder to make; an existing one is replaced.
        arrays: By name (letters, digits, ``_``, ``.`` and ``-``); no object arrays.
        manifest_fields: Every field of `Manifest` but ``format_version`` and ``files``.

    Raises:
        BundleError: An array holds Python objects or a name is not a plain file name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        files = {f"{name}.npy": _write_array(work, name, arrays[name]) for name in sorted(arrays)}
        manifest = Manifest(format_version=FORMAT_VERSION, files=files, **manifest_fields)
        (work / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
        work.chmod(0o755)
        if path.exists():
            shutil.rmtree(path)
        work.replace(path)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return open_bundle(path)


def open_bundle(path: Path, *, verify: bool = True, any_format: bool = False) -> Bundle:
    """Open the bundle in ``path``.

    Args:
        path: Its folder.
        verify: Whether to compare every file with its SHA-256 (about 1 GB/s).
        any_format: Whether a bundle of another format is opened too, for what its manifest says;
            `require_format` refuses it where it is to be used.

    Raises:
        BundleError: The manifest is absent or malformed, of another format version, or a file
            is missing or altered; the message names the file.
    """
    file = path / MANIFEST
    try:
        raw = file.read_bytes()
        manifest = Manifest(**json.loads(raw))
    except OSError as error:
        raise BundleError(
            "there is no bundle here", place=str(file), value=error.strerror
        ) from error
    except (ValueError, TypeError) as error:
        raise BundleError(f"the manifest is malformed: {error}", place=str(file)) from error
    bundle = Bundle(path, manifest, hashlib.sha256(raw).hexdigest())
    if not any_format:
        require_format(bundle)
    if verify:
        verify_files(path, manifest.files)
    return bundle


def require_format(bundle: Bundle) -> None:
    """Refuse a bundle of another format than this version of the project reads.

    Raises:
        BundleError: It is of another one.
    """
    if bundle.manifest.format_version != FORMAT_VERSION:
        raise BundleError(
            f"the bundle's format is not version {FORMAT_VERSION}",
            place=str(bundle.path / MANIFEST),
            value=bundle.manifest.format_version,
            remedy="Train again with this version of the project.",
        )


def verify_files(path: Path, files: Mapping[str, str]) -> None:
    """Compare each file below ``path`` with its SHA-256.

    Raises:
        BundleError: The first file that is missing or altered.
    """
    for name, expected in sorted(files.items()):
        file = path / name
        try:
            found = file_sha256(file)
        except OSError as error:
            raise BundleError("a file of the bundle is missing", place=str(file)) from error
        if found != expected:
            raise BundleError(
                f"a file of the bundle was altered: its SHA-256 should be {expected}",
                place=str(file),
                value=found,
                remedy="Fetch the bundle from the registry again.",
            )


def file_sha256(file: Path) -> str:
    """Return the SHA-256 (hex) of a file's bytes."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def pack_strings(values: Sequence[str]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return strings as one array of UTF-8 bytes and their ``n + 1`` offsets.

    >>> text, offsets = pack_strings(["ab", "", "ç"])
    >>> offsets.tolist()
    [0, 2, 2, 4]
    """
    encoded = [value.encode("utf-8") for value in values]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum([len(item) for item in encoded], out=offsets[1:])
    return np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets


def unpack_string(text: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64], index: int) -> str:
    """Return string ``index`` of what `pack_strings` made."""
    return bytes(text[offsets[index] : offsets[index + 1]]).decode("utf-8")


def unpack_strings(text: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> list[str]:
    """Return all strings of what `pack_strings` made."""
    joined, places = text.tobytes(), offsets.tolist()
    return [joined[start:end].decode("utf-8") for start, end in pairwise(places)]


def _write_array(folder: Path, name: str, array: npt.NDArray[Any]) -> str:
    if not name or set(name) - set("abcdefghijklmnopqrstuvwxyz0123456789_.-") or name[0] == ".":
        raise BundleError("not a plain lower-case name for an array", value=name)
    if array.dtype.hasobject:
        raise BundleError("an array of Python objects cannot be in a bundle", value=name)
    file = folder / f"{name}.npy"
    np.save(file, np.asarray(array, order="A"), allow_pickle=False)
    return file_sha256(file)
