"""Publishers in processes of their own, to be killed."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recommender.bundle import open_bundle
from recommender.publication import Pointer, PublishedFolder, PublishedModel
from recommender.settings import RegistrySettings
from tracking import publish
from tracking.placing import Retention, place, prune
from tracking.publisher import Publisher
from tracking.registry import Registry
from tracking.versions import PREVIOUS, PRODUCTION


def publish_forever(
    environment: Mapping[str, str], settings: RegistrySettings, root: Path, ready: Path
) -> None:
    """Move production and previous through versions 1, 2 and 3, publish, and keep nothing else."""
    os.environ.update(environment)
    registry = Registry(settings)
    publisher = Publisher(PublishedFolder(root), lambda: registry, retention=Retention(0, 0.0))
    ready.touch()
    for turn in itertools.count():
        for alias, number in ((PRODUCTION, turn % 3), (PREVIOUS, (turn + 1) % 3)):
            registry.client.set_registered_model_alias(settings.model_name, alias, str(number + 1))
        publisher.look()


def publish_by_command(environment: Mapping[str, str], arguments: list[str]) -> None:
    """Run ``python -m tracking.publish``."""
    os.environ.update(environment)
    sys.exit(publish.main(arguments))


def publish_until(bundle: Path, before: PublishedModel, root: Path, death: int) -> None:
    """Publish one bundle in place of another, and die before the given call that writes."""
    die_before_call(death)
    folder = PublishedFolder(root)
    fresh = open_bundle(bundle)
    place(fresh, folder)
    model = PublishedModel(before.model_name, "2", fresh.digest)
    folder.write_pointer(Pointer(model, None, "now"))
    prune(folder, {model.digest}, Retention(0, 0.0))


def die_before_call(number: int) -> None:
    """Let this process kill itself right before the given call of all that write or rename."""
    calls = itertools.count(1)

    def deadly(original: Any) -> Any:
        def counted(*arguments: Any, **keywords: Any) -> Any:
            if next(calls) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*arguments, **keywords)

        return counted

    for owner, name in (
        (os, "fsync"),
        (Path, "rename"),
        (Path, "replace"),
        (Path, "unlink"),
        (shutil, "copyfile"),
        (shutil, "rmtree"),
    ):
        setattr(owner, name, deadly(getattr(owner, name)))
