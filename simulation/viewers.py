"""Viewers of known taste: what they would truly think of a film, and which film they take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from recommender.errors import UsageError
from recommender.scale import FloatArray, IntArray
from simulation.films import Films
from simulation.parameters import SimulationParameters


@dataclass(frozen=True)
class Viewers:
    """A population and the films it knows; viewer ``i`` has the id ``i + 1``.

    Attributes:
        films: The films.
        parameters: The sizes from which the population was drawn.
        taste: Shape (users, d), standard normal.
        turn: Shape (users, d), the direction to which taste turns over the years.
        interest: Shape (users, e), standard normal.
        leaning: Shape (users, films), what a viewer makes of a film's genres, directors and era
            beyond the latent taste, in stars.
        bias: Shape (users,), in stars.
        bias_slope: Shape (users,), stars a year.
        step: Shape (users,), distance between the ratings a viewer gives: 0.5 or 1 star.
    """

    films: Films
    parameters: SimulationParameters
    taste: FloatArray
    turn: FloatArray
    interest: FloatArray
    leaning: FloatArray
    bias: FloatArray
    bias_slope: FloatArray
    step: FloatArray

    @classmethod
    def draw(cls, films: Films, parameters: SimulationParameters, rng: np.random.Generator) -> Self:
        """Draw ``parameters.n_users`` viewers of ``films``."""
        n = parameters.n_users
        d = len(parameters.factor_sds)
        taste, turn = rng.standard_normal((2, n, d))
        bias, bias_slope = rng.standard_normal((2, n))
        whole = rng.random(n) < parameters.whole_star_share
        return cls(
            films=films,
            parameters=parameters,
            taste=taste,
            turn=turn,
            interest=rng.standard_normal((n, len(parameters.interest_sds))),
            leaning=_leaning(films, parameters, rng),
            bias=parameters.viewer_bias * bias,
            bias_slope=parameters.viewer_bias_drift * bias_slope,
            step=np.where(whole, 1.0, 0.5),
        )

    @property
    def user_ids(self) -> IntArray:
        """All viewers, ascending from 1."""
        return np.arange(1, len(self.bias) + 1, dtype=np.int32)

    def true_score(
        self, user_ids: npt.ArrayLike, movie_ids: npt.ArrayLike, timestamp: npt.ArrayLike
    ) -> FloatArray:
        """Return what viewers truly think, before noise, rounding and clipping.

        Args:
            user_ids: Shape (n,).
            movie_ids: Shape (n,).
            timestamp: Seconds since 1970, one for all or shape (n,).

        Returns:
            Shape (n,), stars, not limited to the rating scale.

        Raises:
            UsageError: An id is unknown.
        """
        users = self._user_indices(user_ids)
        movies = self._movie_indices(movie_ids)
        years = np.broadcast_to(self.parameters.years(timestamp), users.shape)
        affinity = np.einsum("nd,nd->n", self._taste_at(users, years), self.films.character[movies])
        bias = self.bias[users] + self.bias_slope[users] * years
        quality = self.films.quality[movies]
        score: FloatArray = self.parameters.level + bias + quality + affinity
        return score + self.leaning[users, movies]

    def choose(
        self,
        user: int,
        candidates: npt.ArrayLike,
        timestamp: float,
        rng: np.random.Generator,
    ) -> int:
        """Return the film that a viewer takes from those on offer.

        The probability is proportional to the exponential of `appeal`: a multinomial logit,
        drawn with the Gumbel-max trick. Films not yet released are never taken.

        Args:
            user: A viewer's id.
            candidates: Shape (n,), movie ids on offer.
            timestamp: The moment, seconds since 1970.
            rng: Source of the choice.

        Raises:
            UsageError: An id is unknown, or no candidate is released at that moment.
        """
        movies = self._movie_indices(candidates)
        at = self._user_indices([user])
        appeal = self.appeal(at, np.array([timestamp], dtype=np.float64))[0, movies]
        if not np.isfinite(appeal).any():
            raise UsageError(
                "none of the films on offer is released",
                place="candidates",
                value=np.asarray(candidates).tolist(),
                remedy="Offer at least one film of an earlier year.",
            )
        return int(self.films.movie_ids[movies[np.argmax(appeal + rng.gumbel(size=len(movies)))]])

    def appeal(self, users: IntArray, timestamps: FloatArray) -> FloatArray:
        """Return how much each film draws each viewer.

        Args:
            users: Shape (n,), positions of viewers (id minus 1).
            timestamps: Shape (n,), seconds since 1970.

        Returns:
            Shape (n, films), log-odds; minus infinity where a film is not released.
        """
        taste = self._taste_at(users, self.parameters.years(timestamps))
        affinity = taste @ self.films.character.T + self.leaning[users]
        interest = self.interest[users] * np.array(self.parameters.interest_sds)
        popularity = self.films.popularity(timestamps, self.parameters)
        drawn: FloatArray = interest @ self.films.allure.T
        drawn += self.parameters.choice_strength * affinity
        drawn += popularity
        return drawn

    def _taste_at(self, users: IntArray, years: FloatArray) -> FloatArray:
        angle = self.parameters.taste_drift * years[:, None]
        turned = np.cos(angle) * self.taste[users] + np.sin(angle) * self.turn[users]
        sized: FloatArray = turned * np.array(self.parameters.factor_sds)
        return sized

    def _user_indices(self, user_ids: npt.ArrayLike) -> IntArray:
        users = np.asarray(user_ids, dtype=np.int64) - 1
        if outside := users[(users < 0) | (users >= len(self.bias))].tolist():
            raise UsageError("no such viewer", place="user_ids", value=outside[0] + 1)
        return users

    def _movie_indices(self, movie_ids: npt.ArrayLike) -> IntArray:
        ids = np.asarray(movie_ids, dtype=np.int64)
        if unknown := ids[~np.isin(ids, self.films.movie_ids)].tolist():
            raise UsageError("no such film", place="movie_ids", value=unknown[0])
        return np.searchsorted(self.films.movie_ids, ids)


def _leaning(
    films: Films, parameters: SimulationParameters, rng: np.random.Generator
) -> FloatArray:
    total = np.zeros((parameters.n_users, len(films.movie_ids)))
    for features, size in (
        (films.genres, parameters.genre_leaning),
        (films.directors, parameters.director_leaning),
        (films.era[:, None], parameters.era_leaning),
    ):
        preference = rng.standard_normal((parameters.n_users, features.shape[1]))
        total += size * preference @ features.T
    return total
