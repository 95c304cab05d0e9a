"""Which code made a model: the revision in version control, and a digest of the sources."""

from __future__ import annotations

import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from recommender.bundle import CodeState

ROOT = Path(__file__).resolve().parents[1]
#: The sources on which a model depends; what only moves or shows it is not among them.
SOURCES = ("recommender", "expectations")
_SUFFIXES = frozenset({".py", ".json"})
_GIT_SECONDS = 20


@dataclass(frozen=True)
class CodeRevision:
    """The state of the checkout.

    Attributes:
        revision: The commit, or what ``MOVIE_ROULETTE_REVISION`` says.
        dirty: Whether files differ from the commit, or ``None`` where that is not known.
    """

    revision: str
    dirty: bool | None

    def to_tags(self) -> dict[str, str]:
        """Return the revision as run tags, under the name that MLflow shows for a commit too."""
        dirty = "unknown" if self.dirty is None else str(self.dirty).lower()
        return {
            "mlflow.source.git.commit": self.revision,
            "roulette.code_revision": self.revision,
            "roulette.code_dirty": dirty,
        }


def code_revision(root: Path = ROOT) -> CodeRevision | None:
    """Return the revision of the code, or ``None`` outside version control or without git.

    ``MOVIE_ROULETTE_REVISION`` wins, for an image that carries no repository.

    Args:
        root: The top folder of the checkout; a repository that merely contains it, such as one
            into which the project was copied, does not count.
    """
    if stated := os.environ.get("MOVIE_ROULETTE_REVISION", "").strip():
        return CodeRevision(stated, dirty=None)
    top = _git(root, "rev-parse", "--show-toplevel")
    if top is None or Path(top).resolve() != root.resolve():
        return None
    revision = _git(root, "rev-parse", "--verify", "HEAD")
    if revision is None:
        return None
    changes = _git(root, "status", "--porcelain", "--untracked-files=normal")
    return CodeRevision(revision, dirty=None if changes is None else bool(changes))


def code_digest(root: Path = ROOT) -> str:
    """Return the SHA-256 (hex) over the files of `SOURCES`, with their paths, in order of path.

    It is a pure function of the sources: it holds outside version control and for uncommitted
    changes, hence it serves as a cache key.
    """
    digest = hashlib.sha256()
    for file in sorted(_source_files(root), key=lambda file: file.relative_to(root).as_posix()):
        content = file.read_bytes()
        name = file.relative_to(root).as_posix()
        # Lengths keep the end of one file from passing for the start of the next.
        digest.update(f"{len(name)} {name} {len(content)} ".encode())
        digest.update(content)
    return digest.hexdigest()


def code_state(root: Path = ROOT) -> CodeState:
    """Return what the manifest of a bundle says of the code that makes it."""
    found = code_revision(root)
    if found is None:
        return CodeState(None, code_digest(root))
    return CodeState(f"{found.revision}{'-dirty' if found.dirty else ''}", code_digest(root))


def _source_files(root: Path) -> list[Path]:
    return [
        file
        for folder in SOURCES
        for file in (root / folder).rglob("*")
        if file.suffix in _SUFFIXES and file.is_file() and "__pycache__" not in file.parts
    ]


def _git(root: Path, *arguments: str) -> str | None:
    # Inside a git hook, GIT_DIR and its like name the repository of the hook.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],  # noqa: S607 - where git is varies
            capture_output=True,
            text=True,
            check=True,
            timeout=_GIT_SECONDS,
            env={**environment, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
