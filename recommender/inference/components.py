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
from recommender.inference.fold_in import FoldedUser, UserPrior
from recommender.inference.histories import Visitor
from recommender.inference.intervals import (
    OF_THE_HYBRID_ALONE,
    CalibratedIntervals,
    Intervals,
    NoIntervals,
)
from recommender.inference.part import Audience, Part
from recommender.inference.rankings import (
    AlignedRanking,
    BlendRanking,
    EstimateRanking,
    ImplicitRanking,
    NeighbourRanking,
    ProfileRanking,
    Ranking,
    StaticRanking,
    SupportRanking,
)
from recommender.inference.similarity import MovieSimilarity
from recommender.scale import FloatArray

Arrays = Mapping[str, npt.NDArray[Any]]

#: Factor models by name, and the arrays of each.
FACTOR_MODELS = ("popularity", "bias", "svd", "nmf", "content", "taste", "fm")
_FACTOR_ARRAYS = ("user_bias", "movie_bias", "user_factors", "movie_factors")
#: One number a movie by name; see `recommender.models.signals`.
STATIC_SIGNALS = ("popularity", "trending", "rising", "quality")
#: The models whose rating estimates are blended; the others are compared with the first.
RATING_PARTS = ("bias", "content", "taste", "fm")
#: The signals that a list for a viewer with a history is made from, and for one without.
PERSONAL_SIGNALS = ("ease", "recent", "ials", "content", "trending", "rising", "quality")
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
    "ials",
)


@dataclass(frozen=True)
class SupportGroup:
    """The ranking weights of viewers with some amount of history.

    Attributes:
        fewest: Movies that such a viewer liked at least; the next group begins at its own.
        weights: Weight of each of `PERSONAL_SIGNALS`.
        reason: Why these weights, with the figures that decided.
    """

    fewest: int
    weights: Mapping[str, float]
    reason: str


@dataclass(frozen=True, eq=False)
class Blend:
    """The weights of the hybrid.

    Attributes:
        rating: Shape (2, 2, 1 + len(RATING_PARTS)); see `BlendEstimates`.
        personal: The groups of viewers with a history, from the least support up.
        unknown: Weight of each of `PERSONAL_SIGNALS` for a history of movies without weights.
        cold: Weight of each of `COLD_SIGNALS`.
        recent_half_life: Ratings after which an earlier one counts half in ``recent``.
        neighbour_similarity: How much item-item weights count in the similarity of movies.
    """

    rating: FloatArray
    personal: tuple[SupportGroup, ...]
    unknown: Mapping[str, float]
    cold: Mapping[str, float]
    recent_half_life: float
    neighbour_similarity: float


@dataclass(frozen=True, eq=False)
class Components:
    """Everything that scores.

    Attributes:
        factors: Each of `FACTOR_MODELS`.
        static: Each of `STATIC_SIGNALS`, shape (n_movies,).
        aligned: Item-item weights, with those that content lets expect.
        implicit: Implicit factors of movies.
        profile: Content features and their centre.
        known_users: Shape (n_users + 1,), who has training ratings.
        known_movies: Shape (n_movies + 1,), what has training ratings.
        blend: The weights.
        priors: What each of `RATING_PARTS` expects of a user.
        engine: What fitted the factors over side information; see `factorization_machine`.
        intervals: How sure the blended estimates are, or why that is not known.
    """

    factors: Mapping[str, FactorEstimates]
    static: Mapping[str, FloatArray]
    aligned: AlignedRanking
    implicit: ImplicitRanking
    profile: ProfileRanking
    known_users: BoolArray
    known_movies: BoolArray
    blend: Blend
    priors: Mapping[str, UserPrior]
    engine: str
    intervals: Intervals

    @property
    def neighbours(self) -> NeighbourRanking:
        """Item-item weights, of the movies that have enough support."""
        return self.aligned.neighbours

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
            "ease.loadings": self.aligned.loadings,
            "ials.factors": self.implicit.factors,
            "ials.gram": self.implicit.gram,
            "profile.features": self.profile.features,
            "profile.centre": self.profile.centre,
            "known.users": self.known_users,
            "known.movies": self.known_movies,
            "blend.rating": self.blend.rating,
        }
        for name, prior in self.priors.items():
            arrays |= prior.to_arrays(name)
        if isinstance(self.intervals, CalibratedIntervals):
            arrays |= self.intervals.to_arrays()
        return arrays

    def to_scoring(self) -> dict[str, Any]:
        """Return what stands in the manifest's ``scoring`` besides arrays."""
        return {
            "means": {name: float(model.mean) for name, model in self.factors.items()},
            "personal": [
                {"fewest": group.fewest, "weights": dict(group.weights), "reason": group.reason}
                for group in self.blend.personal
            ],
            "unknown": dict(self.blend.unknown),
            "cold": dict(self.blend.cold),
            "recent_half_life": float(self.blend.recent_half_life),
            "ials_alpha": float(self.implicit.alpha),
            "neighbour_similarity": float(self.blend.neighbour_similarity),
            "fm_engine": self.engine,
            "no_intervals": (
                self.intervals.reason if isinstance(self.intervals, NoIntervals) else None
            ),
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
            aligned=AlignedRanking(
                NeighbourRanking(
                    arrays["ease.starts"], arrays["ease.movies"], arrays["ease.weights"]
                ),
                arrays["profile.features"],
                arrays["ease.loadings"],
            ),
            implicit=ImplicitRanking(
                arrays["ials.factors"], arrays["ials.gram"], scoring["ials_alpha"]
            ),
            profile=ProfileRanking(arrays["profile.features"], arrays["profile.centre"]),
            known_users=arrays["known.users"],
            known_movies=arrays["known.movies"],
            blend=Blend(
                rating=arrays["blend.rating"],
                personal=tuple(SupportGroup(**group) for group in scoring["personal"]),
                unknown=scoring["unknown"],
                cold=scoring["cold"],
                recent_half_life=scoring["recent_half_life"],
                neighbour_similarity=scoring["neighbour_similarity"],
            ),
            priors={name: UserPrior.from_arrays(arrays, name) for name in RATING_PARTS},
            engine=scoring["fm_engine"],
            intervals=_read_intervals(arrays, scoring["no_intervals"]),
        )

    def parts(self, audience: Audience) -> dict[str, Part]:
        """Return the hybrid and each of its parts, by name, for these users and movies.

        Someone without history gets popular movies: from the hybrid by its blend of signals, from
        ``trending`` by recent ratings, from the other parts by the number of ratings.
        """
        rankings = self._rankings()
        estimates = self._estimates()
        return {
            name: Part(
                name=name,
                audience=audience,
                estimates=estimates[name],
                ranking=rankings.get(name) or EstimateRanking(estimates[name]),
                fallback=self._fallback(name),
                intervals=self.intervals if name == "hybrid" else OF_THE_HYBRID_ALONE,
            )
            for name in PART_NAMES
        }

    def fold_in(self, visitor: Visitor) -> dict[str, FoldedUser]:
        """Return a visitor's bias and factors in each of the models that are blended."""
        return {
            name: FoldedUser.of(
                self.factors[name],
                prior,
                visitor.history,
                user=visitor.position,
                stored=visitor.stored,
            )
            for name, prior in self.priors.items()
        }

    def estimates_of(self, folded: Mapping[str, FoldedUser]) -> BlendEstimates:
        """Return the hybrid's rating estimates for one visitor with a history, at position 0."""
        return BlendEstimates(
            [folded[name].in_place_of_users(self.factors[name]) for name in RATING_PARTS],
            self.blend.rating,
            known_users=np.array([True, False]),
            known_movies=self.known_movies,
        )

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
            "ials": self.factors["bias"],
            "hybrid": BlendEstimates(blended, self.blend.rating, *known),
        }

    def _rankings(self) -> dict[str, Ranking]:
        half_life = self.blend.recent_half_life
        signals = signal_rankings(self.static, self.aligned, self.implicit, self.profile, half_life)
        groups = [
            (group.fewest, self._blended(signals, group.weights)) for group in self.blend.personal
        ]
        hybrid = SupportRanking(
            groups,
            self._blended(signals, self.blend.unknown),
            self._cold_ranking(),
            self.neighbours,
        )
        return {**signals, "ease": self.neighbours, "hybrid": hybrid}

    def _blended(
        self, signals: Mapping[str, Ranking], weights: Mapping[str, float]
    ) -> BlendRanking:
        # The two signals of the same item-item weights are summed in one pass.
        history = replace(
            self.neighbours,
            lasting=weights["ease"],
            recent=weights["recent"],
            half_life=self.blend.recent_half_life,
        )
        used = float(weights["ease"] != 0.0 or weights["recent"] != 0.0)
        others = [name for name in PERSONAL_SIGNALS if name not in ("ease", "recent")]
        return BlendRanking(
            [replace(self.aligned, neighbours=history), *(signals[name] for name in others)],
            [used, *(weights[name] for name in others)],
        )

    def _fallback(self, name: str) -> Ranking:
        if name == "hybrid":
            return self._cold_ranking()
        return StaticRanking(self.static["trending" if name == "trending" else "popularity"])

    def _cold_ranking(self) -> BlendRanking:
        signals = [StaticRanking(self.static[name], name) for name in COLD_SIGNALS]
        return BlendRanking(signals, [self.blend.cold[name] for name in COLD_SIGNALS])


def _read_intervals(arrays: Arrays, reason: str | None) -> Intervals:
    return CalibratedIntervals.from_arrays(arrays) if reason is None else NoIntervals(reason)


def signal_rankings(
    static: Mapping[str, FloatArray],
    aligned: AlignedRanking,
    implicit: ImplicitRanking,
    profile: ProfileRanking,
    recent_half_life: float,
) -> dict[str, Ranking]:
    """Return the signals that lists are blended from, by name."""
    rankings: dict[str, Ranking] = {
        name: StaticRanking(values, name) for name, values in static.items()
    }
    recent = replace(aligned.neighbours, lasting=0.0, recent=1.0, half_life=recent_half_life)
    rankings["ease"] = aligned
    rankings["recent"] = replace(aligned, neighbours=recent)
    rankings["ials"] = implicit
    rankings["content"] = profile
    return rankings
