"""What a hybrid consists of, and how it stands in a bundle.

The scorers make `Components` in training; `Recommender` reads them from a bundle. Both build the
parts below from them, so what was measured is what is served.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from recommender.inference.estimates import (
    BlendEstimates,
    BoolArray,
    Estimates,
    FactorEstimates,
    FallbackEstimates,
    within_catalogue,
)
from recommender.inference.part import Audience, Part
from recommender.inference.rankings import (
    BlendRanking,
    EstimateRanking,
    NeighbourRanking,
    ProfileRanking,
    Ranking,
    StaticRanking,
)
from recommender.inference.similarity import MovieSimilarity
from recommender.schema import FloatArray

Arrays = Mapping[str, npt.NDArray[Any]]

#: Factor models by name, and the arrays of each.
FACTOR_MODELS = ("popularity", "bias", "svd", "nmf", "content", "taste", "fm")
_FACTOR_ARRAYS = ("user_bias", "movie_bias", "user_factors", "movie_factors")
#: One number a movie by name; see `recommender.models.signals`.
STATIC_SIGNALS = ("popularity", "trending", "rising", "quality")
#: The models whose rating estimates are blended; the others are compared with the first.
RATING_PARTS = ("bias", "content", "taste", "fm")
#: The signals that a list for a viewer with a history is made from, and for one without.
PERSONAL_SIGNALS = ("ease", "recent", "content", "trending", "rising", "quality")
COLD_SIGNALS = ("trending", "popularity", "rising", "quality")
PART_NAMES = (
    "hybrid",
    "popularity",
    "trending",
    "bias",
    "svd",
    "nmf",
    "content",
    "taste",
    "fm",
    "ease",
)


@dataclass(frozen=True, eq=False)
class Blend:
    """The weights of the hybrid.

    Attributes:
        rating: Shape (2, 2, 1 + len(RATING_PARTS)); see `BlendEstimates`.
        personal: Weight of each of `PERSONAL_SIGNALS`.
        cold: Weight of each of `COLD_SIGNALS`.
        recent_half_life: Ratings after which an earlier one counts half in ``recent``.
        neighbour_similarity: How much item-item weights count in the similarity of movies.
    """

    rating: FloatArray
    personal: Mapping[str, float]
    cold: Mapping[str, float]
    recent_half_life: float
    neighbour_similarity: float


@dataclass(frozen=True, eq=False)
class Components:
    """Everything that scores.

    Attributes:
        factors: Each of `FACTOR_MODELS`.
        static: Each of `STATIC_SIGNALS`, shape (n_movies,).
        neighbours: Item-item weights.
        profile: Content features and their centre.
        known_users: Shape (n_users + 1,), who has training ratings.
        known_movies: Shape (n_movies + 1,), what has training ratings.
        blend: The weights.
        engine: What fitted the factors over side information; see `factorization_machine`.
    """

    factors: Mapping[str, FactorEstimates]
    static: Mapping[str, FloatArray]
    neighbours: NeighbourRanking
    profile: ProfileRanking
    known_users: BoolArray
    known_movies: BoolArray
    blend: Blend
    engine: str

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of a bundle."""
        arrays: dict[str, npt.NDArray[Any]] = {
            f"{name}.{field}": getattr(model, field)
            for name, model in self.factors.items()
            for field in _FACTOR_ARRAYS
        }
        arrays |= {f"signal.{name}": values for name, values in self.static.items()}
        arrays |= {
            "ease.starts": self.neighbours.starts,
            "ease.movies": self.neighbours.movies,
            "ease.weights": self.neighbours.weights,
            "profile.features": self.profile.features,
            "profile.centre": self.profile.centre,
            "known.users": self.known_users,
            "known.movies": self.known_movies,
            "blend.rating": self.blend.rating,
        }
        return arrays

    def to_scoring(self) -> dict[str, Any]:
        """Return what stands in the manifest's ``scoring`` besides arrays."""
        return {
            "means": {name: float(model.mean) for name, model in self.factors.items()},
            "personal": dict(self.blend.personal),
            "cold": dict(self.blend.cold),
            "recent_half_life": float(self.blend.recent_half_life),
            "neighbour_similarity": float(self.blend.neighbour_similarity),
            "fm_engine": self.engine,
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays, scoring: Mapping[str, Any]) -> Self:
        """Return the components that `to_arrays` and `to_scoring` wrote."""
        factors = {
            name: FactorEstimates(
                scoring["means"][name], *(arrays[f"{name}.{field}"] for field in _FACTOR_ARRAYS)
            )
            for name in FACTOR_MODELS
        }
        return cls(
            factors=factors,
            static={name: arrays[f"signal.{name}"] for name in STATIC_SIGNALS},
            neighbours=NeighbourRanking(
                arrays["ease.starts"], arrays["ease.movies"], arrays["ease.weights"]
            ),
            profile=ProfileRanking(arrays["profile.features"], arrays["profile.centre"]),
            known_users=arrays["known.users"],
            known_movies=arrays["known.movies"],
            blend=Blend(
                rating=arrays["blend.rating"],
                personal=scoring["personal"],
                cold=scoring["cold"],
                recent_half_life=scoring["recent_half_life"],
                neighbour_similarity=scoring["neighbour_similarity"],
            ),
            engine=scoring["fm_engine"],
        )

    def parts(self, audience: Audience) -> dict[str, Part]:
        """Return the hybrid and each of its parts, by name, for these users and movies.

        Someone without history gets popular movies: from the hybrid by its blend of signals,
        from the other parts by the number of ratings.
        """
        rankings = self._rankings()
        popular = rankings["popularity"]
        estimates = self._estimates()
        return {
            name: Part(
                name=name,
                audience=audience,
                estimates=estimates[name],
                ranking=rankings.get(name) or EstimateRanking(estimates[name]),
                fallback=self._cold_ranking() if name == "hybrid" else popular,
            )
            for name in PART_NAMES
        }

    def similarity(self) -> MovieSimilarity:
        """Return the similarity of movies."""
        return MovieSimilarity(
            self.profile.features, self.neighbours, self.blend.neighbour_similarity
        )

    def _estimates(self) -> dict[str, Estimates]:
        known = self.known_users, self.known_movies
        blended = [self.factors[name] for name in RATING_PARTS]
        return {
            **self.factors,
            "nmf": FallbackEstimates(self.factors["nmf"], self.factors["bias"], *known),
            "content": within_catalogue(self.factors["content"], self.factors["bias"]),
            "taste": within_catalogue(self.factors["taste"], self.factors["bias"]),
            "fm": within_catalogue(self.factors["fm"], self.factors["bias"]),
            "trending": self.factors["popularity"],
            "ease": self.factors["bias"],
            "hybrid": BlendEstimates(blended, self.blend.rating, *known),
        }

    def _rankings(self) -> dict[str, Ranking]:
        half_life = self.blend.recent_half_life
        rankings = signal_rankings(self.static, self.neighbours, self.profile, half_life)
        weights = self.blend.personal
        # The two signals of the same weights are summed in one pass.
        history = replace(
            self.neighbours,
            lasting=weights["ease"],
            recent=weights["recent"],
            half_life=half_life,
        )
        others = [name for name in PERSONAL_SIGNALS if name not in ("ease", "recent")]
        rankings["hybrid"] = BlendRanking(
            [history, *(rankings[name] for name in others)],
            [1.0, *(weights[name] for name in others)],
        )
        return rankings

    def _cold_ranking(self) -> StaticRanking:
        weighted = [self.blend.cold[name] * self.static[name] for name in COLD_SIGNALS]
        return StaticRanking(np.sum(weighted, axis=0))


def signal_rankings(
    static: Mapping[str, FloatArray],
    neighbours: NeighbourRanking,
    profile: ProfileRanking,
    recent_half_life: float,
) -> dict[str, Ranking]:
    """Return the signals that lists are blended from, by name."""
    rankings: dict[str, Ranking] = {name: StaticRanking(values) for name, values in static.items()}
    rankings["ease"] = neighbours
    rankings["recent"] = replace(neighbours, lasting=0.0, recent=1.0, half_life=recent_half_life)
    rankings["content"] = profile
    return rankings
