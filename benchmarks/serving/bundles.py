"""Bundles of random content, published as the publisher does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.recommend import write_synthetic
from recommender.bundle import open_bundle
from recommender.inference.catalogue import Catalogue
from recommender.publication import Pointer, PublishedFolder, PublishedModel
from recommender.scale import FloatArray


@dataclass(frozen=True)
class Published:
    """Two models in a published folder; the first is production.

    Attributes:
        folder: The folder.
        models: The models.
        megabytes: Size of the first bundle.
        n_users: Users that both know, numbered from 1.
        n_movies: Movies that both know, numbered from 1.
    """

    folder: PublishedFolder
    models: tuple[PublishedModel, PublishedModel]
    megabytes: float
    n_users: int
    n_movies: int

    def bundle(self, place: int) -> Path:
        """Return the folder of a model's bundle."""
        return self.folder.bundle(self.models[place].digest)

    def point_to(self, place: int) -> None:
        """Make one of the models production, and the other the one before."""
        now = datetime.now(UTC).isoformat()
        self.folder.write_pointer(Pointer(self.models[place], self.models[1 - place], now))


def publish_one(
    root: Path, n_users: int, catalogue: Catalogue, popularity: FloatArray
) -> PublishedModel:
    """Write a bundle of a catalogue and publish it.

    Args:
        root: State folder of a server.
        n_users: Users of the bundle.
        catalogue: Its movies.
        popularity: Shape (n_movies,), by which they are ranked where nothing else decides.
    """
    folder, work = PublishedFolder(root / "published"), root / "bundle"
    root.mkdir(parents=True, exist_ok=True)
    write_synthetic(work, len(catalogue.years), n_users, catalogue, popularity)
    digest = open_bundle(work).digest
    folder.bundle(digest).parent.mkdir(parents=True, exist_ok=True)
    work.rename(folder.bundle(digest))
    model = PublishedModel("synthetic", "1", digest)
    folder.write_pointer(Pointer(model, None, datetime.now(UTC).isoformat()))
    return model


def publish_two(root: Path, n_movies: int, n_users: int) -> Published:
    """Write two different bundles and publish the first.

    Args:
        root: State folder of a server.
        n_movies: Movies of the first bundle; the second has a few less.
        n_users: Users of the first bundle; the second has a fifth of them.
    """
    folder = PublishedFolder(root / "published")
    sizes = ((n_movies, n_users), (n_movies - n_movies // 20, n_users // 5))
    models, megabytes = [], []
    for place, (movies, users) in enumerate(sizes):
        work = root / f"bundle-{place}"
        root.mkdir(parents=True, exist_ok=True)
        megabytes.append(write_synthetic(work, movies, users))
        digest = open_bundle(work).digest
        folder.bundle(digest).parent.mkdir(parents=True, exist_ok=True)
        work.rename(folder.bundle(digest))
        models.append(PublishedModel("synthetic", str(place + 1), digest))
    found = Published(folder, (models[0], models[1]), megabytes[0], sizes[1][1], sizes[1][0])
    found.point_to(0)
    return found
