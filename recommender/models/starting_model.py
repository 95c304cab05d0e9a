"""The model in production as the start of the next one's training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from recommender.bundle import Bundle
from recommender.errors import UsageError
from recommender.inference.part import Audience
from recommender.inference.recommender import Recommender
from recommender.models.factors import WarmStart
from recommender.schema import Split

_REMEDY = "Set warm_start to false to train from random factors."


@dataclass(frozen=True, eq=False)
class StartingModel:
    """A registered model from whose factors a training starts.

    Attributes:
        version: Its version in the registry.
        bundle: Its bundle.
    """

    version: str
    bundle: Bundle

    @property
    def lineage(self) -> dict[str, str]:
        """What the manifest of the new model says of this one."""
        return {"version": self.version, "digest": self.bundle.digest}

    def warm_start(self, split: Split) -> WarmStart:
        """Return its SVD as the start of a training on ``split.train``.

        Raises:
            UsageError: It was trained on another data set, or on a rating that ``split`` holds
                out: measured on it, the new model would look better than it is.
        """
        place = f"warm start from version {self.version}"
        if self.bundle.manifest.dataset != split.train.name:
            raise UsageError(
                f"the model was trained on another data set than {split.train.name}",
                place=place,
                value=self.bundle.manifest.dataset,
                remedy=_REMEDY,
            )
        part = Recommender.from_bundle(self.bundle).part("svd")
        learned = _learned_pairs(part.audience)
        for name, held_out in (("validation", split.validation), ("test", split.test)):
            if known := int(np.isin(_pairs_of(held_out), learned).sum()):
                raise UsageError(
                    f"the model was trained on {known} of the {name} ratings",
                    place=place,
                    remedy=_REMEDY,
                )
        return WarmStart.of_part(part)


def _learned_pairs(audience: Audience) -> npt.NDArray[np.int64]:
    histories = audience.histories
    users = np.repeat(audience.users.ids, np.diff(histories.starts))
    return _pairs(users, audience.movies.ids[histories.movies])


def _pairs_of(ratings: pd.DataFrame) -> npt.NDArray[np.int64]:
    return _pairs(ratings["user_id"].to_numpy(), ratings["movie_id"].to_numpy())


def _pairs(users: npt.ArrayLike, movies: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return user and movie as one number each; ids have 32 bits."""
    return (np.asarray(users, dtype=np.int64) << 32) | np.asarray(movies, dtype=np.int64)
