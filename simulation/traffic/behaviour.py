"""What one viewer does with one list, and what they watch without any: drawn from hidden taste."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from recommender.scale import FloatArray, IntArray
from simulation.ratings import to_stars
from simulation.traffic.audience import Audience

#: How fast looking falls with the place in a list: place ``r`` from 1 is looked at with
#: probability ``r ** -BIAS`` (the position-based model of Craswell et al. 2008).
BIAS = 0.7
#: Share of clicked films that are watched, and of watched ones that are rated.
WATCHED, RATED = 0.8, 0.6
#: Films that a viewer watches and rates on each visit without having been shown them: as in the
#: sample, most of what people watch is found elsewhere.
OWN_CHOICES = 4.0
_MINUTES = 90.0

ActionKind = Literal["impression", "click", "watch", "rating"]


@dataclass(frozen=True)
class Action:
    """One thing that a viewer does.

    Attributes:
        kind: What.
        movie_id: With which film.
        value: Stars of a rating, minutes of a watch, else ``None``.
        position: Place of the film in the list from 0, ``None`` without a list.
    """

    kind: ActionKind
    movie_id: int
    value: float | None = None
    position: int | None = None


@dataclass(frozen=True, eq=False)
class Viewer:
    """One row of an audience.

    Attributes:
        audience: Who.
        row: Which of them.
        taking: Shape (m,), probability of taking a film that is looked at.
    """

    audience: Audience
    row: int
    taking: FloatArray

    def react(self, movie_ids: IntArray, rng: np.random.Generator) -> list[Action]:
        """Return what the viewer does with a list, and note what they have seen.

        Args:
            movie_ids: The list, best first.
            rng: Source of what chance decides; as many numbers are drawn for any list of a length.
        """
        places = self.audience.places(movie_ids)
        chances = rng.random((4, places.size))
        looked = chances[0] < examination(places.size)
        clicked = (
            looked & (chances[1] < self.taking[places]) & ~self.audience.seen[self.row, places]
        )
        watched = clicked & (chances[2] < WATCHED)
        rated = watched & (chances[3] < RATED)
        stars = self.stars(places, rng)
        done: list[Action] = []
        for place in np.flatnonzero(looked).tolist():
            movie = int(movie_ids[place])
            done.append(Action("impression", movie, None, place))
            if clicked[place]:
                done.append(Action("click", movie, None, place))
            if watched[place]:
                done.append(Action("watch", movie, _MINUTES, place))
            if rated[place]:
                done.append(Action("rating", movie, float(stars[place]), place))
        self.audience.seen[self.row, places[watched]] = True
        return done

    def choose(self, rng: np.random.Generator) -> list[Action]:
        """Return what the viewer watches and rates of their own accord, and note it as seen.

        As in the sample: the highest of appeal plus Gumbel noise among the films not yet seen.
        """
        wanted = int(rng.poisson(OWN_CHOICES))
        drawn = self.audience.appeal[self.row] + rng.gumbel(size=len(self.audience.movie_ids))
        drawn[self.audience.seen[self.row]] = -np.inf
        places = np.argsort(-drawn, kind="stable")[:wanted]
        places = places[np.isfinite(drawn[places])]
        stars = self.stars(places, rng)
        self.audience.seen[self.row, places] = True
        done: list[Action] = []
        for place, given in zip(places.tolist(), stars.tolist(), strict=True):
            movie = int(self.audience.movie_ids[place])
            done += [Action("watch", movie, _MINUTES), Action("rating", movie, given)]
        return done

    def stars(self, places: IntArray, rng: np.random.Generator) -> FloatArray:
        """Return the ratings that the viewer would give to films, shape (n,)."""
        noise = self.audience.noise * rng.standard_normal(places.size)
        steps = np.full(places.size, self.audience.step[self.row])
        return to_stars(self.audience.score[self.row, places] + noise, steps)


def examination(length: int) -> FloatArray:
    """Return the probability that each place of a list is looked at, shape (length,).

    >>> examination(3).round(3).tolist()
    [1.0, 0.616, 0.463]
    """
    looked: FloatArray = np.arange(1, length + 1, dtype=np.float64) ** -BIAS
    return looked
