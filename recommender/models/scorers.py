"""Every scorer that can be compared and tuned, by name: how to make it, and what to try of it.

This table is the one place that knows them all. A new model is one entry: its class, and for each
objective that it can be tuned for the dimensions that bear on that objective. The first objective
is the model's own: RMSE for a model that estimates ratings, NDCG@10 for one that ranks.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from recommender.errors import UsageError
from recommender.models.bias import BiasScorer
from recommender.models.content import ContentScorer
from recommender.models.ease import EASEScorer
from recommender.models.hybrid import HybridScorer
from recommender.models.nmf import NMFScorer
from recommender.models.popularity import PopularityScorer, TrendingScorer
from recommender.models.search_space import FloatRange, IntRange, Space
from recommender.models.svd import SVDScorer
from recommender.models.taste import TasteScorer
from recommender.scorer import Scorer
from recommender.settings import ModelParams, Objective


@dataclass(frozen=True)
class ScorerKind:
    """How to make one kind of scorer, and what to try of it.

    Attributes:
        make: From hyper-parameters and seed to a scorer that has not learned yet.
        spaces: What bears on each objective that the model can be tuned for; the first objective
            is the model's own. An empty space has nothing to tune.
    """

    make: Callable[[ModelParams, int], Scorer]
    spaces: Mapping[Objective, Space]

    @property
    def objective(self) -> Objective:
        """The model's own objective."""
        return next(iter(self.spaces))


_DAMPINGS: Space = {
    "bias_user_damping": FloatRange(0.5, 50.0, log=True),
    "bias_movie_damping": FloatRange(0.5, 50.0, log=True),
}
_SVD: Space = {
    "n_factors": IntRange(10, 100, log=True),
    "n_epochs": IntRange(10, 40),
    "learning_rate": FloatRange(0.002, 0.02, log=True),
    "regularization": FloatRange(0.02, 0.3, log=True),
}
_EASE: Space = {
    "ease_regularization": FloatRange(20.0, 2000.0, log=True),
    "ease_min_support": IntRange(1, 20, log=True),
}

#: The scorers by name, the simplest first.
SCORERS: Mapping[str, ScorerKind] = {
    "popularity": ScorerKind(
        PopularityScorer,
        {"ndcg_at_10": {}, "rmse": {"popularity_damping": FloatRange(0.5, 50.0, log=True)}},
    ),
    "trending": ScorerKind(
        TrendingScorer,
        {"ndcg_at_10": {"trending_half_life_days": FloatRange(10.0, 2000.0, log=True)}},
    ),
    "bias": ScorerKind(BiasScorer, {"rmse": _DAMPINGS}),
    "svd": ScorerKind(SVDScorer, {"rmse": _SVD}),
    "nmf": ScorerKind(
        NMFScorer,
        {"rmse": {"nmf_factors": IntRange(3, 40, log=True), "nmf_epochs": IntRange(10, 60)}},
    ),
    "content": ScorerKind(
        ContentScorer,
        {
            "ndcg_at_10": {"content_factors": IntRange(8, 128, log=True)},
            "rmse": {
                "content_factors": IntRange(8, 128, log=True),
                "content_regularization": FloatRange(5.0, 1000.0, log=True),
            },
        },
    ),
    "taste": ScorerKind(TasteScorer, {"rmse": {"taste_factors": IntRange(2, 40, log=True)}}),
    "ease": ScorerKind(EASEScorer, {"ndcg_at_10": _EASE}),
    "hybrid": ScorerKind(
        HybridScorer,
        {
            "ndcg_at_10": {
                **_EASE,
                "ease_recent_half_life": FloatRange(5.0, 200.0, log=True),
                "trending_half_life_days": FloatRange(10.0, 2000.0, log=True),
                "content_factors": IntRange(8, 128, log=True),
            },
            "rmse": {
                **_SVD,
                "taste_factors": IntRange(2, 40, log=True),
                "content_factors": IntRange(8, 128, log=True),
                "content_regularization": FloatRange(5.0, 1000.0, log=True),
            },
        },
    ),
}


def find_scorer(name: str) -> ScorerKind:
    """Return the entry of the scorer ``name``.

    Raises:
        UsageError: There is none; the error names the nearest.
    """
    check_names((name,))
    return SCORERS[name]


def check_names(names: Sequence[str]) -> None:
    """Check that each of ``names`` is a scorer's.

    Raises:
        UsageError: One is not; the error names the nearest.
    """
    for name in names:
        if name not in SCORERS:
            near = difflib.get_close_matches(name, list(SCORERS), n=1, cutoff=0.5)
            known = f"Known models: {', '.join(SCORERS)}."
            hint = f"Did you mean {near[0]!r}?" if near else known
            raise UsageError("unknown model", value=name, remedy=hint)


def objective_of(name: str, wanted: Objective | None) -> Objective:
    """Return what the scorer ``name`` is tuned for: ``wanted``, or its own where that is ``None``.

    Raises:
        UsageError: Nothing of the scorer bears on that objective.
    """
    kind = find_scorer(name)
    objective = wanted or kind.objective
    if not kind.spaces.get(objective):
        tunable = [key for key, space in kind.spaces.items() if space]
        choices = f"It can be tuned for {' or '.join(tunable)}." if tunable else None
        raise UsageError(
            f"nothing of {name} bears on {objective}",
            place="tuning.objective",
            value=wanted,
            remedy=choices or "Choose another model.",
        )
    return objective
