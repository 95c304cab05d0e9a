"""Published folders with real bundles."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from recommender.bundle import Bundle, open_bundle, write_bundle
from recommender.publication import Pointer, PublishedFolder, PublishedModel
from recommender.soundness import mark_sound
from serving.models.following import ModelEvent
from serving.models.slot import ModelSlot
from serving.settings import ModelSettings

SETTINGS = ModelSettings(poll_seconds=0.02, n_probes=4, min_requests=10)

Change = Callable[[dict[str, npt.NDArray[Any]]], None]


@dataclass
class Shop:
    """A published folder, and what a publisher does with it in one line."""

    folder: PublishedFolder
    bundle: Bundle
    work: Path
    models: dict[str, PublishedModel] = field(default_factory=dict)

    def make(self, version: str, change: Change | None = None, *, marked: bool = True) -> str:
        """Place a bundle that differs by its seed, and maybe by its arrays; return the digest."""
        arrays = {name: np.array(array) for name, array in self.bundle.items()}
        if change is not None:
            change(arrays)
        manifest = asdict(self.bundle.manifest)
        fields = {key: manifest[key] for key in manifest if key not in ("format_version", "files")}
        made = write_bundle(self.work / version, arrays, {**fields, "seed": int(version)})
        target = self.folder.bundle(made.digest)
        shutil.copytree(made.path, target)
        if marked:
            mark_sound(self.folder, open_bundle(target))
        self.models[version] = PublishedModel("tiny", version, made.digest)
        return made.digest

    def file(self, version: str, name: str) -> Path:
        return self.folder.bundle(self.models[version].digest) / name

    def point(self, production: str, previous: str | None = None) -> None:
        models = self.models
        before = None if previous is None else models[previous]
        self.folder.write_pointer(Pointer(models[production], before, "now"))


@pytest.fixture
def shop(tmp_path: Path, tiny_bundle: Bundle) -> Shop:
    """A folder with versions 1 and 2, of which nothing is published."""
    made = Shop(PublishedFolder(tmp_path / "published"), tiny_bundle, tmp_path / "work")
    made.make("1")
    made.make("2")
    return made


@dataclass
class Worker:
    """A slot and what it said."""

    slot: ModelSlot
    events: list[ModelEvent]

    @property
    def version(self) -> str | None:
        model = self.slot.current()
        return None if model is None else model.version

    @property
    def previous(self) -> str | None:
        model = self.slot.previous()
        return None if model is None else model.version

    @property
    def said(self) -> list[tuple[str, str | None]]:
        return [(event.kind, event.version) for event in self.events]


@pytest.fixture
def hire(shop: Shop) -> Iterator[Callable[..., Worker]]:
    """Make workers of the shop; whoever was started is stopped at the end of the test."""
    hired: list[Worker] = []

    def make(settings: ModelSettings = SETTINGS) -> Worker:
        events: list[ModelEvent] = []
        hired.append(Worker(ModelSlot(shop.folder, settings, notify=events.append), events))
        return hired[-1]

    yield make
    for worker in hired:
        worker.slot.close()


@pytest.fixture
def worker(hire: Callable[..., Worker]) -> Worker:
    """A worker without its thread: it looks when the test says so."""
    return hire()


def edit_manifest(file: Path, changes: Mapping[str, Any]) -> None:
    manifest = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(manifest | changes, indent=2, sort_keys=True) + "\n")
