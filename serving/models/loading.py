"""From a published bundle to a model that may answer: opened, warmed, probed with known users.

Every file was compared with its SHA-256 when it was published, so a worker only compares the marks
of the files (`recommender.soundness`); where these differ it checks the bundle in full, at about
1 GB/s. Then it makes lists and estimates for known users spread over all of them, for a stranger
and for a visitor with a short history, and refuses a model of which any answer is not sound.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from recommender.bundle import Bundle
from recommender.errors import BundleError, RouletteError
from recommender.inference import Diversity, Recommender
from recommender.publication import PublishedFolder, PublishedModel
from recommender.scale import FloatArray, IntArray
from recommender.scorer import Recommendations
from recommender.soundness import open_sound

_LIST_LENGTH = 20
_HISTORY = 3
#: Below every id, hence of nobody.
_NOBODY = -1


@dataclass(frozen=True, eq=False)
class ServedModel:
    """A model that may answer; nothing of it ever changes.

    Attributes:
        published: What the registry says of it.
        bundle: Its bundle, memory-mapped.
        recommender: What answers.
        loaded_at: When this process loaded it, UTC.
        load_seconds: How long that took.
    """

    published: PublishedModel
    bundle: Bundle
    recommender: Recommender
    loaded_at: datetime
    load_seconds: float

    @property
    def digest(self) -> str:
        """Digest of its bundle."""
        return self.published.digest

    @property
    def version(self) -> str:
        """Its version, as the registry counts."""
        return self.published.version


def load(folder: PublishedFolder, published: PublishedModel, n_probes: int) -> ServedModel:
    """Return a published model, ready to answer.

    Args:
        folder: Where it was published.
        published: Which.
        n_probes: Known users whose lists are made before it is used.

    Raises:
        BundleError: The bundle is not sound, or an answer of the model is not.
    """
    start = time.perf_counter()
    bundle = open_sound(folder, published.digest)
    read_ahead(bundle)
    try:
        recommender = Recommender.from_bundle(bundle)
        warm(recommender)
        probe(recommender, n_probes)
    except RouletteError:
        raise
    except Exception as error:
        raise BundleError(
            f"the model breaks when it is asked: {error!r}",
            place=str(bundle.path),
            remedy="Train again with this version of the project.",
        ) from error
    seconds = time.perf_counter() - start
    return ServedModel(published, bundle, recommender, datetime.now(tz=UTC), seconds)


def read_ahead(bundle: Bundle) -> None:
    """Ask the system to read the bundle's files into memory, without waiting for it."""
    if not hasattr(os, "posix_fadvise"):
        return
    for name in bundle.manifest.files:
        descriptor = os.open(bundle.path / name, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_WILLNEED)
        finally:
            os.close(descriptor)


def warm(recommender: Recommender) -> None:
    """Ask once for each kind of answer that makes something on first use."""
    user, movie = int(recommender.user_ids[0]), int(recommender.movie_ids[0])
    recommender.recommend(user, _LIST_LENGTH, diversity=Diversity(variety=0.1))
    recommender.similar(movie, _LIST_LENGTH)
    recommender.search(recommender.title(movie), _LIST_LENGTH)
    recommender.explain(movie, user_id=user)
    recommender.explain_rating(movie, user_id=user)


def probe(recommender: Recommender, n_users: int) -> None:
    """Check lists and estimates for known users, a stranger and a visitor.

    Args:
        recommender: The model.
        n_users: Number of known users, spread over all of them.

    Raises:
        BundleError: A list is empty, holds a movie twice, outside the catalogue or seen before,
            or a score or estimate is not finite or an estimate not of the scale.
    """
    for shown, seen in _lists(recommender, n_users):
        _check_list(recommender, shown, seen)
        user = _NOBODY if shown.user_id is None else shown.user_id
        users = np.full(shown.movie_ids.size, user, dtype=np.int64)
        _check_estimates(recommender, recommender.predict(users, shown.movie_ids), user)


def _lists(recommender: Recommender, n_users: int) -> Iterator[tuple[Recommendations, IntArray]]:
    """Yield lists, and the movies that must not be in them."""
    users, movies = recommender.user_ids, recommender.movie_ids
    for place in np.unique(np.linspace(0, users.size - 1, n_users).astype(np.int64)):
        user = int(users[place])
        yield recommender.recommend(user, _LIST_LENGTH), recommender.seen(user)
    yield recommender.recommend(_NOBODY, _LIST_LENGTH), movies[:0]
    history = movies[: min(_HISTORY, movies.size - 1)]
    likes = [None] * history.size
    yield recommender.recommend_for_history(history, likes, _LIST_LENGTH), history
    estimates = recommender.estimate_for_history(history, likes, movies[:_LIST_LENGTH])
    _check_estimates(recommender, estimates.ratings, _NOBODY)


def _check_list(recommender: Recommender, shown: Recommendations, seen: IntArray) -> None:
    expected = min(_LIST_LENGTH, recommender.movie_ids.size - np.unique(seen).size)
    found = shown.movie_ids
    faults = {
        f"the list has not {expected} movies": found.size != expected,
        "a movie is in the list twice": np.unique(found).size != found.size,
        "a movie is not in the catalogue": not np.isin(found, recommender.movie_ids).all(),
        "a movie was seen before": bool(np.isin(found, seen).any()),
        "a score is not finite": not np.isfinite(shown.scores).all(),
    }
    _refuse(faults, shown.user_id)


def _check_estimates(recommender: Recommender, stars: FloatArray, user_id: int) -> None:
    scale = recommender.scale
    inside = (stars >= scale.minimum) & (stars <= scale.maximum)
    _refuse({"an estimate is not of the rating scale": not inside.all()}, user_id)


def _refuse(faults: dict[str, bool], user_id: int | None) -> None:
    for fault, found in faults.items():
        if found:
            raise BundleError(
                f"the model failed its probe: {fault}",
                place="a visitor" if user_id in (None, _NOBODY) else "a known user",
                remedy="Train again; the model before serves on.",
            )
