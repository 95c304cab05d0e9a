"""Whether ``data/`` is what ``data.dvc`` records, and fetching it where it is absent.

DVC's digest of a folder is the MD5 of the JSON list of its files' MD5s and paths, in order of
path (https://dvc.org/doc/user-guide/project-structure/internal-files). It is computed here, since
importing DVC takes longer than reading the sample; DVC itself runs only to fetch what is missing.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import yaml

from recommender.data.checksum import file_md5
from recommender.errors import DataError


def recorded_digest(dvc_file: Path) -> str:
    """Return the MD5 that ``data.dvc`` records, for example ``1f3….dir``.

    Raises:
        DataError: The file is absent or records no MD5.
    """
    try:
        tree = yaml.safe_load(dvc_file.read_text(encoding="utf-8"))
        return str(tree["outs"][0]["md5"])
    except OSError as error:
        raise DataError(
            "the record of the data is missing",
            place=str(dvc_file),
            value=error.strerror,
            remedy="Restore it with `git checkout -- data.dvc`.",
        ) from error
    except (yaml.YAMLError, KeyError, IndexError, TypeError) as error:
        raise DataError(
            "the record of the data holds no outs[0].md5",
            place=str(dvc_file),
            remedy="Restore it with `git checkout -- data.dvc`.",
        ) from error


def folder_digest(folder: Path) -> str:
    """Return the MD5 by which DVC names the content of ``folder``."""
    names = sorted(
        (file.relative_to(folder).as_posix(), file) for file in folder.rglob("*") if file.is_file()
    )
    entries = [{"md5": file_md5(file), "relpath": name} for name, file in names]
    return hashlib.md5(json.dumps(entries).encode(), usedforsecurity=False).hexdigest() + ".dir"


def ensure_recorded_data(folder: Path, dvc_file: Path, *, accept: bool = False) -> str:
    """Make sure that ``folder`` holds what ``dvc_file`` records; fetch it if it is absent.

    Args:
        folder: The data folder.
        dvc_file: Its ``.dvc`` file, in the root of the checkout.
        accept: Whether content that differs from the record is used all the same.

    Returns:
        The MD5 of what ``folder`` now holds.

    Raises:
        DataError: The content differs and was not accepted, or fetching failed.
    """
    recorded = recorded_digest(dvc_file)
    if not folder.exists():
        _pull(dvc_file)
    found = folder_digest(folder)
    if found != recorded and not accept:
        raise DataError(
            f"the content is not what {dvc_file.name} records ({recorded})",
            place=str(folder),
            value=found,
            remedy="Use it once with --accept-data, record it with `dvc add data`, "
            "or fetch the recorded content with `dvc checkout data.dvc --force`.",
        )
    return found


def _pull(dvc_file: Path) -> None:
    command = [sys.executable, "-m", "dvc", "pull", "--quiet", dvc_file.name]
    done = subprocess.run(command, cwd=dvc_file.parent, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DataError(
            f"`dvc pull` could not fetch the data: {done.stderr.strip()}",
            place=str(dvc_file),
            remedy="Check the remote with `dvc remote list`, then run `dvc pull`.",
        )
