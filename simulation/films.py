"""What is simulated about a film: quality, character, popularity and the day it comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from recommender.scale import FloatArray, IntArray
from simulation.parameters import SECONDS_PER_YEAR, SimulationParameters

_LIST_COLUMNS = ("genres", "directors", "keywords", "cast")


@dataclass(frozen=True)
class Films:
    """The simulated properties of ``n`` films, in the order of ``movie_ids``.

    Attributes:
        movie_ids: Shape (n,), ascending.
        quality: Shape (n,), stars above or below the level.
        character: Shape (n, d), position on each latent dimension, about unit variance.
        allure: Shape (n, e), position on each latent dimension of interest, likewise.
        log_popularity: Shape (n,), log weight of being watched in the middle of the period.
        popularity_slope: Shape (n,), its change a year.
        released: Shape (n,), first moment a film can be watched, seconds since 1970; the year
            is a fact, the day within it is drawn.
        genres: Shape (n, genres), each row of unit length or zero.
        directors: Shape (n, directors), likewise.
        era: Shape (n,), the year in standard deviations from the catalogue's mean.
    """

    movie_ids: IntArray
    quality: FloatArray
    character: FloatArray
    allure: FloatArray
    log_popularity: FloatArray
    popularity_slope: FloatArray
    released: FloatArray
    genres: FloatArray
    directors: FloatArray
    era: FloatArray

    @classmethod
    def draw(
        cls,
        catalogue: pd.DataFrame,
        parameters: SimulationParameters,
        streams: dict[str, np.random.Generator],
    ) -> Self:
        """Draw the films of ``catalogue`` (a frame of `read_catalogue`)."""
        rng = streams["films"]
        year = catalogue["year"].to_numpy(np.float64)
        era = standardise(year)
        features = {name: incidence(catalogue[name]) for name in _LIST_COLUMNS}
        features["era"] = np.column_stack([era, standardise(era**2)])
        quality = standardise(_quality(features, parameters, rng))
        character = _character(features, parameters, len(parameters.factor_sds), rng)
        allure = _character(features, parameters, len(parameters.interest_sds), rng)
        january = pd.to_datetime(catalogue["year"].astype(str)).astype("datetime64[s]")
        popularity_rng = streams["popularity"]
        english = catalogue["language"].to_numpy() == "en"
        order = (
            parameters.popularity_quality * quality
            + parameters.popularity_era * era
            + parameters.popularity_english * english
            + popularity_rng.standard_normal(len(era))
        )
        return cls(
            movie_ids=catalogue["movie_id"].to_numpy(),
            quality=parameters.film_quality * quality,
            character=character,
            allure=allure,
            log_popularity=_zipf(order, parameters),
            popularity_slope=parameters.popularity_drift * popularity_rng.standard_normal(len(era)),
            released=january.to_numpy(np.int64) + 365 * 86400 * popularity_rng.random(len(era)),
            genres=features["genres"],
            directors=features["directors"],
            era=era,
        )

    def popularity(self, timestamps: FloatArray, parameters: SimulationParameters) -> FloatArray:
        """Return log popularity at each moment.

        Args:
            timestamps: Shape (m,), seconds since 1970.
            parameters: Sizes of drift and discovery.

        Returns:
            Shape (m, n); minus infinity where a film is not yet released.
        """
        age = (timestamps[:, None] - self.released) / SECONDS_PER_YEAR
        with np.errstate(divide="ignore"):
            known = np.log(-np.expm1(-np.maximum(age, 0.0) / parameters.discovery_years))
        drift = parameters.years(timestamps)[:, None] * self.popularity_slope
        return self.log_popularity + drift + known


def incidence(column: pd.Series[str]) -> FloatArray:
    """Return which film has which value, shape (n, values), rows of unit length.

    >>> incidence(pd.Series(["Crime|Drama", "Drama"])).round(3).tolist()
    [[0.707, 0.707], [0.0, 1.0]]
    """
    matrix = column.str.get_dummies(sep="|").to_numpy(np.float64)
    unit: FloatArray = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    return unit


def standardise(values: FloatArray) -> FloatArray:
    """Return ``values`` with mean 0 and variance 1 along the first axis; constants become 0."""
    centred: FloatArray = values - values.mean(axis=0)
    spread = centred.std(axis=0)
    centred /= np.where(spread > 0, spread, 1.0)
    return centred


def _mixture(
    parts: list[FloatArray], shares: tuple[float, ...], n_columns: int, rng: np.random.Generator
) -> FloatArray:
    """Return sums of randomly loaded parts, each with its share of a unit variance."""
    n_films = parts[0].shape[0]
    total: FloatArray = np.sqrt(1 - sum(shares)) * rng.standard_normal((n_films, n_columns))
    for part, share in zip(parts, shares, strict=True):
        loadings = rng.standard_normal((part.shape[1], n_columns))
        total += np.sqrt(share) * standardise(part @ loadings)
    return total


def _quality(
    features: dict[str, FloatArray], parameters: SimulationParameters, rng: np.random.Generator
) -> FloatArray:
    parts = [features[name] for name in ("directors", "genres", "era")]
    return _mixture(parts, parameters.quality_shares, 1, rng)[:, 0]


def _character(
    features: dict[str, FloatArray],
    parameters: SimulationParameters,
    n_columns: int,
    rng: np.random.Generator,
) -> FloatArray:
    parts = [features[name] for name in ("genres", "directors", "era", "keywords", "cast")]
    return _mixture(parts, parameters.character_shares, n_columns, rng)


def _zipf(order: FloatArray, parameters: SimulationParameters) -> FloatArray:
    """Return log popularity by Zipf's law over the rank of ``order``, highest first."""
    rank = np.argsort(np.argsort(-order, kind="stable"), kind="stable") + 1
    popularity: FloatArray = -parameters.zipf_exponent * np.log(rank + parameters.zipf_offset)
    return popularity
