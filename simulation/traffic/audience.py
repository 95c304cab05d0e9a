"""Who visits: what each viewer is drawn to, truly thinks, and has seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from recommender.errors import UsageError
from recommender.scale import FloatArray, IntArray, RatingScale
from simulation.parameters import SimulationParameters
from simulation.ratings import Simulation
from simulation.traffic.scenario import Scenario
from simulation.viewers import Viewers

BoolArray = npt.NDArray[np.bool_]
#: Share of the released films that a viewer takes rather than leaves when looking at them.
_TAKEN_SHARE = 0.05


@dataclass(frozen=True, eq=False)
class Audience:
    """``n`` viewers before ``m`` films, at one moment.

    Attributes:
        user_ids: Shape (n,).
        movie_ids: Shape (m,), ascending.
        appeal: Shape (n, m), log-odds; minus infinity for a film that is not released.
        score: Shape (n, m), what viewers truly think, in stars.
        step: Shape (n,), distance between the ratings a viewer gives.
        noise: Standard deviation of a rating around the score, in stars.
        seen: Shape (n, m), changed while they watch.
    """

    user_ids: IntArray
    movie_ids: IntArray
    appeal: FloatArray
    score: FloatArray
    step: FloatArray
    noise: float
    seen: BoolArray

    @classmethod
    def of(cls, world: Simulation, n_users: int) -> Self:
        """Return those viewers of a world who were there last, at the end of its period.

        The moment is that of the world and not the clock's, so that what is felt depends on
        nothing but the seed.

        Args:
            world: What the sample was made of.
            n_users: How many.

        Raises:
            UsageError: There are not so many.
        """
        viewers = world.viewers
        if not 1 <= n_users <= len(viewers.bias):
            raise UsageError(
                f"the world has 1 to {len(viewers.bias)} viewers", place="users", value=n_users
            )
        last = world.ratings.groupby("user_id")["timestamp"].max().sort_values(kind="stable")
        user_ids = np.sort(last.index.to_numpy()[-n_users:])
        seen = np.zeros((len(viewers.bias), len(viewers.films.movie_ids)), dtype=bool)
        places = np.searchsorted(viewers.films.movie_ids, world.ratings["movie_id"])
        seen[world.ratings["user_id"].to_numpy() - 1, places] = True
        return cls._of(viewers, user_ids, seen[user_ids - 1])

    @classmethod
    def newcomers(cls, world: Simulation, n_users: int, seed: int) -> Self:
        """Return viewers of the same films whom the world did not have, numbered after its own."""
        known = world.viewers.parameters
        parameters = replace(known, n_users=n_users, n_ratings=n_users * known.activity_minimum)
        rng = np.random.default_rng([seed, n_users])
        viewers = Viewers.draw(world.viewers.films, parameters, rng)
        unseen = np.zeros((n_users, len(viewers.films.movie_ids)), dtype=bool)
        found = cls._of(viewers, viewers.user_ids, unseen)
        return replace(found, user_ids=found.user_ids + known.n_users)

    @classmethod
    def _of(cls, viewers: Viewers, user_ids: IntArray, seen: BoolArray) -> Self:
        films, moment = viewers.films, float(viewers.parameters.end)
        n, m = len(user_ids), len(films.movie_ids)
        pairs = np.repeat(user_ids, m), np.tile(films.movie_ids, n)
        return cls(
            user_ids=np.asarray(user_ids, dtype=np.int64),
            movie_ids=np.asarray(films.movie_ids, dtype=np.int64),
            appeal=viewers.appeal(user_ids - 1, np.full(n, moment)),
            score=viewers.true_score(*pairs, moment).reshape(n, m),
            step=viewers.step[user_ids - 1],
            noise=viewers.parameters.noise,
            seen=seen,
        )

    def joined(self, other: Audience) -> Audience:
        """Return both audiences as one."""
        return replace(
            self,
            user_ids=np.concatenate([self.user_ids, other.user_ids]),
            appeal=np.concatenate([self.appeal, other.appeal]),
            score=np.concatenate([self.score, other.score]),
            step=np.concatenate([self.step, other.step]),
            seen=np.concatenate([self.seen, other.seen]),
        )

    def changed(self, scenario: Scenario, world: Simulation, seed: int) -> Audience:
        """Return the same viewers after the change of a scenario; they share what was seen.

        Args:
            scenario: What changes.
            world: Whose films they watch.
            seed: Says who turns to whose taste.
        """
        rng = np.random.default_rng([seed, len(self.user_ids)])
        turned = rng.permutation(len(self.user_ids))[: round(scenario.swapped * self.n_users)]
        source = np.arange(self.n_users)
        source[turned] = np.roll(turned, 1)
        era, strength = world.viewers.films.era, _choice_strength(world.viewers.parameters)
        liked, drawn = scenario.era_taste * era, scenario.era_exposure * era
        return replace(
            self,
            appeal=self.appeal[source] + strength * liked + drawn,
            score=self.score[source] + liked,
        )

    @property
    def n_users(self) -> int:
        """How many viewers there are."""
        return len(self.user_ids)

    def eagerness(self) -> FloatArray:
        """Return how often each viewer comes, shape (n,): the more they have seen, the more often.

        With the root of it, the visitors of a while have rated as many films, in the middle and at
        the ends, as those in the latest part of the sample.
        """
        often: FloatArray = np.sqrt(np.maximum(self.seen.sum(axis=1), 1))
        return often

    def places(self, movie_ids: npt.ArrayLike) -> IntArray:
        """Return where films stand.

        Raises:
            UsageError: A film is unknown, so what anybody thinks of it is too.
        """
        wanted = np.asarray(movie_ids, dtype=np.int64)
        found = np.minimum(np.searchsorted(self.movie_ids, wanted), len(self.movie_ids) - 1)
        if (unknown := wanted[self.movie_ids[found] != wanted]).size:
            raise UsageError(
                "the server recommends a film that the simulated viewers do not know",
                place="movie_id",
                value=int(unknown[0]),
                remedy="Drive a server whose model was trained on the sample.",
            )
        return found

    def taking(self) -> FloatArray:
        """Return the probability that a viewer who looks at a film takes it, shape (n, m).

        A film at the viewer's own top twentieth of appeal is taken half of the time.
        """
        released = np.where(np.isfinite(self.appeal), self.appeal, np.nan)
        bar = np.nanquantile(released, 1 - _TAKEN_SHARE, axis=1, keepdims=True)
        taken: FloatArray = 1.0 / (1.0 + np.exp(bar - self.appeal))
        return taken

    def worth(self) -> FloatArray:
        """Return what looking at a film is worth to a viewer, shape (n, m), from 0 to 1.

        The probability of taking it, times what the viewer then thinks of it as a share of the
        highest rating.
        """
        top = RatingScale().maximum
        worth: FloatArray = self.taking() * np.clip(self.score, 0.0, top) / top
        return worth


def _choice_strength(parameters: SimulationParameters) -> float:
    return parameters.choice_strength
