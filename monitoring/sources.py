"""Where live traffic and the models that served it are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from events.store import EventStore
from monitoring.errors import MonitoringError
from monitoring.folders import MonitoringFolders
from monitoring.journal import Journal
from monitoring.profiles import ProfileStore
from recommender.bundle import Bundle
from recommender.errors import BundleError
from recommender.inference import Recommender
from recommender.publication import PublishedFolder, PublishedModel
from recommender.reference.facts import ModelFacts
from recommender.soundness import open_sound


@dataclass(frozen=True, eq=False)
class OpenModel:
    """A published model.

    Attributes:
        published: What the registry said of it.
        bundle: Its bundle.
        recommender: What answers.
        facts: What it knows.
    """

    published: PublishedModel
    bundle: Bundle
    recommender: Recommender
    facts: ModelFacts


@dataclass(frozen=True, eq=False)
class Sources:
    """Everything that a round of monitoring reads.

    Attributes:
        folders: State of monitoring.
        published: What is served.
        events: What happened on the site.
    """

    folders: MonitoringFolders
    published: PublishedFolder
    events: EventStore
    _open: dict[str, OpenModel] = field(default_factory=dict)

    @property
    def profiles(self) -> ProfileStore:
        """The profiles of live traffic."""
        return ProfileStore(self.folders.profiles)

    @property
    def journal(self) -> Journal:
        """The decisions."""
        return Journal(self.folders.journal)

    def production(self) -> OpenModel:
        """Return the model that is served.

        Raises:
            MonitoringError: None is published.
            BundleError: It is not sound.
        """
        pointer = self.published.pointer()
        if pointer is None:
            raise MonitoringError(
                "no model is published, so nothing can have drifted from it",
                place=str(self.published.root),
                remedy="Start the server with `make serve`, or run `python -m tracking.publish "
                "--once`.",
            )
        return self.open(pointer.production)

    def previous(self) -> OpenModel | None:
        """Return the model that was served before, ``None`` if there is none that can be read."""
        pointer = self.published.pointer()
        if pointer is None or pointer.previous is None:
            return None
        return self.find(pointer.previous.digest)

    def find(self, digest: str) -> OpenModel | None:
        """Return the published model of a digest, ``None`` where its bundle is gone."""
        try:
            record = self.published.record(digest)
            return None if record is None else self.open(record)
        except BundleError:
            return None

    def open(self, model: PublishedModel) -> OpenModel:
        """Return a published model.

        Raises:
            BundleError: Its bundle is missing or not sound.
        """
        if model.digest not in self._open:
            bundle = open_sound(self.published, model.digest)
            recommender = Recommender.from_bundle(bundle)
            opened = OpenModel(model, bundle, recommender, ModelFacts(recommender))
            self._open[model.digest] = opened
        return self._open[model.digest]


#: Told what is being done, units done, and units in all or ``None``.
Progress = Callable[[str, int, int | None], None]
