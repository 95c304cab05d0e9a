"""The size of every component of the simulation, in one frozen record."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.errors import UsageError
from recommender.scale import FloatArray

#: One random stream a component, so that changing how one draws leaves the others as they were.
STREAMS = ("films", "viewers", "popularity", "visits", "choices", "noise")

SECONDS_PER_YEAR = 365.25 * 86400


@dataclass(frozen=True)
class SimulationParameters:
    """Sizes of the model; those in stars are standard deviations on the rating scale.

    A noiseless score is ``level + viewer bias + film quality + affinity``, and affinity is the
    product of a viewer's taste and a film's character over ``factor_sds``, plus the viewer's own
    leanings to genres, directors and eras. A film's character is a weighted sum of what its
    genres, directors, era, keywords and cast bring, and of something of its own.

    Attributes:
        seed: The seed from which every stream is spawned.
        n_users: Viewers; every one has ratings.
        n_ratings: Ratings in all, met exactly.
        start: First moment of the period, seconds since 1970, UTC (2016-01-01).
        end: End of the period, exclusive (2024-01-01).
        level: Score of an average film by an average viewer, in stars.
        noise: Standard deviation of the Gaussian noise added to a score, in stars.
        whole_star_share: Share of viewers who give whole stars only.
        viewer_bias: How far viewers' averages lie apart, in stars.
        viewer_bias_drift: How fast those move, in stars a year.
        film_quality: How far films' averages lie apart, in stars.
        quality_shares: Shares of the quality variance due to directors, genres and era; the
            rest is the film's own.
        factor_sds: Strength of each latent dimension of taste, in stars, strongest first.
        character_shares: Shares of the variance of a film's character due to genres, directors,
            era, keywords and cast; the rest is the film's own.
        genre_leaning: Viewers' leanings to genres beyond the latent taste, in stars.
        director_leaning: The same for directors.
        era_leaning: The same for a film's year.
        taste_drift: How fast a viewer's taste turns, in radians a year.
        activity_spread: Log-normal sigma of the number of ratings a viewer gives.
        activity_minimum: Fewest ratings of a viewer.
        activity_share: Most ratings of a viewer, as a share of the catalogue.
        join_decay: How strongly joining is concentrated in the first years (1 is even).
        loyalty: Ratings at which a viewer stays for about six tenths of the remaining period.
        first_visit: Mean number of ratings on the first visit.
        later_visit: Mean number of ratings on each later visit.
        zipf_exponent: How steeply popularity falls with rank.
        zipf_offset: Ranks by which the head of that curve is flattened.
        popularity_quality: Weight of quality (in standard deviations) in the popularity order.
        popularity_era: The same for the year; positive favours recent films.
        popularity_english: Advantage of films in English, on the same scale.
        popularity_drift: How fast popularity moves, in log units a year.
        discovery_years: A film is known to the share ``1 - exp(-age / discovery_years)`` of
            those who could know it, which multiplies its popularity.
        choice_strength: Log-odds of watching for one star of affinity: how well viewers foresee
            what they will like.
        interest_sds: Strength of each latent dimension of interest, in log-odds of watching:
            what viewers are drawn to, whether or not they then like it.
    """

    seed: int = 20240615
    n_users: int = 2000
    n_ratings: int = 120_000
    start: int = 1_451_606_400
    end: int = 1_704_067_200
    level: float = 3.35
    noise: float = 0.75
    whole_star_share: float = 0.5
    viewer_bias: float = 0.28
    viewer_bias_drift: float = 0.01
    film_quality: float = 0.28
    quality_shares: tuple[float, float, float] = (0.25, 0.2, 0.15)
    factor_sds: tuple[float, ...] = (0.4, 0.06)
    character_shares: tuple[float, float, float, float, float] = (0.6, 0.15, 0.1, 0.08, 0.04)
    genre_leaning: float = 0.02
    director_leaning: float = 0.02
    era_leaning: float = 0.02
    taste_drift: float = 0.02
    activity_spread: float = 1.35
    activity_minimum: int = 10
    activity_share: float = 0.4
    join_decay: float = 4.2
    loyalty: float = 40.0
    first_visit: float = 14.0
    later_visit: float = 7.0
    zipf_exponent: float = 0.9
    zipf_offset: float = 20.0
    popularity_quality: float = 0.6
    popularity_era: float = 0.1
    popularity_english: float = 0.8
    popularity_drift: float = 0.05
    discovery_years: float = 4.0
    choice_strength: float = 0.8
    interest_sds: tuple[float, ...] = (1.0, 0.7, 0.5)

    def __post_init__(self) -> None:
        """Refuse sizes that no data set can have.

        Raises:
            UsageError: The seed, the number of viewers or that of ratings is out of reach.
        """
        if self.seed < 0:
            raise UsageError(
                "a seed is not negative", place="seed", value=self.seed, remedy="Give 0 or more."
            )
        if self.n_users < 1:
            raise UsageError(
                "there must be at least one viewer",
                place="users",
                value=self.n_users,
                remedy="Give a positive number of users.",
            )
        if self.n_ratings < self.n_users * self.activity_minimum:
            raise UsageError(
                f"every viewer gives at least {self.activity_minimum} ratings",
                place="ratings",
                value=self.n_ratings,
                remedy=f"Ask for {self.n_users * self.activity_minimum} ratings or more.",
            )

    def most_ratings(self, n_movies: int) -> int:
        """Return the most ratings one viewer may give in a catalogue of ``n_movies`` films."""
        return max(self.activity_minimum, int(self.activity_share * n_movies))

    def streams(self) -> dict[str, np.random.Generator]:
        """Return one independent random generator for each name in `STREAMS`."""
        children = np.random.SeedSequence(self.seed).spawn(len(STREAMS))
        return {name: np.random.default_rng(c) for name, c in zip(STREAMS, children, strict=True)}

    def years(self, timestamps: npt.ArrayLike) -> FloatArray:
        """Return moments (seconds since 1970) as years from the middle of the period."""
        middle = (self.start + self.end) / 2
        return (np.asarray(timestamps, dtype=np.float64) - middle) / SECONDS_PER_YEAR
