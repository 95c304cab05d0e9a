"""A published model, an event store and the application over both, without a process."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI

from events.migrate import migrate
from monitoring.settings import ProfilingSettings
from recommender.bundle import Bundle, write_bundle
from recommender.publication import Pointer, PublishedFolder, PublishedModel
from serving import create_app
from serving.services import Services
from serving.settings import EventSettings, ServerSettings


@pytest.fixture(scope="session")
def other_bundle(tiny_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle that makes other lists."""
    return _altered(tiny_bundle, tmp_path_factory.mktemp("other") / "bundle", seed=2)


@pytest.fixture(scope="session")
def third_bundle(other_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle that makes other lists again."""
    return _altered(other_bundle, tmp_path_factory.mktemp("third") / "bundle", seed=3)


def _altered(bundle: Bundle, folder: Path, seed: int) -> Bundle:
    arrays = {name: bundle[name] for name in bundle}
    arrays["signal.trending"] = np.roll(arrays["signal.trending"][::-1], seed)
    arrays["ials.factors"] = -arrays["ials.factors"]
    fields = asdict(bundle.manifest)
    del fields["format_version"], fields["files"]
    return write_bundle(folder, arrays, fields | {"seed": seed})


@pytest.fixture
def publish(tmp_path: Path) -> Callable[..., None]:
    """Publish a bundle as a version, with the one that was production before as previous."""
    folder = PublishedFolder(tmp_path / "published")

    def publish(bundle: Bundle, version: str = "1") -> None:
        target = folder.bundle(bundle.digest)
        if not target.exists():
            shutil.copytree(bundle.path, target)
        before = folder.pointer()
        model = PublishedModel(
            model_name="movie-roulette",
            version=version,
            digest=bundle.digest,
            run_id="run-" + version,
            metrics={"rmse": 0.9},
        )
        previous = before.production if before else None
        folder.write_pointer(Pointer(model, previous, "2026-01-01T00:00:00+00:00"))

    return publish


@pytest.fixture
def settings(tmp_path: Path) -> ServerSettings:
    """Settings that keep everything in the test's folder."""
    url = f"sqlite:///{tmp_path / 'events.db'}"
    return ServerSettings(
        published=str(tmp_path / "published"),
        events=EventSettings(url=url, lock_seconds=0.2),
        profiling=ProfilingSettings(folder=str(tmp_path / "monitoring")),
    )


@pytest.fixture
def make_app(settings: ServerSettings) -> Iterator[Callable[..., OpenAPI]]:
    """Make applications over one store, each as a worker of its own would have it."""
    migrate(settings.events_url)
    made: list[Services] = []

    def make(other: ServerSettings | None = None) -> OpenAPI:
        services = Services.of(other or settings)
        made.append(services)
        services.models.follow()
        return create_app(services=services)

    yield make
    for services in made:
        services.close()


@pytest.fixture
def app(
    make_app: Callable[[], OpenAPI], publish: Callable[..., None], tiny_bundle: Bundle
) -> OpenAPI:
    """The application over the tiny model."""
    publish(tiny_bundle)
    return make_app()


@pytest.fixture
def client(app: OpenAPI) -> FlaskClient:
    """Asks the application over the tiny model."""
    return app.test_client()


@pytest.fixture
def services(app: OpenAPI) -> Services:
    """What the application stands on."""
    found: Services = app.extensions["services"]
    return found
