"""Every scorer that can be compared and tuned, by name: how to make it, and what to try of it.

This table is the one place that knows them all. A new model is one entry: its class, and for each
objective that it can be tuned for the dimensions that bear on that objective. The first objective
is the model's own: RMSE for a model that estimates ratings, NDCG@10 for one that ranks.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from recommender.errors import UsageError
from recommender.models.aligned import MetadataEASEScorer
from recommender.models.bias import BiasScorer
from recommender.models.content import ContentScorer
from recommender.models.ease import EASEScorer
from recommender.models.factorization_machine import FactorizationMachineScorer
from recommender.models.hybrid import HybridScorer
from recommender.models.hybrid_halves import RankingHalf, RatingHalf
from recommender.models.ials import IALSScorer
from recommender.models.item_knn import ItemKNNScorer
from recommender.models.nmf import NMFScorer
from recommender.models.popularity import PopularityScorer, TrendingScorer
from recommender.models.search_space import FloatRange, IntRange, Space
from recommender.models.svd import SurpriseSVDScorer, SVDScorer
from recommender.models.svd_plus_plus import SVDPlusPlusScorer
from recommender.models.taste import TasteScorer
from recommender.scorer import Scorer
from recommender.settings import ModelParams, Objective, Params


@dataclass(frozen=True)
class ScorerKind:
    """How to make one kind of scorer, and what to try of it.

    Attributes:
        make: From hyper-parameters, seed and split to a scorer that has not learned yet.
        spaces: What bears on each objective that the model can be tuned for; the first objective
            is the model's own. An empty space has nothing to tune.
        halves: By objective, what reaches the same score as ``make`` at less cost, where there is
            such a thing: for trials that nothing but the score is asked of.
    """

    make: Callable[[Params], Scorer]
    spaces: Mapping[Objective, Space]
    halves: Mapping[Objective, Callable[[Params], Scorer]] = field(default_factory=dict)

    def make_for(self, objective: Objective, params: Params) -> Scorer:
        """Return the cheapest scorer that reaches the model's score by ``objective``."""
        return self.halves.get(objective, self.make)(params)

    @property
    def objective(self) -> Objective:
        """The model's own objective."""
        return next(iter(self.spaces))


def _by(scorer: Callable[[ModelParams, int], Scorer]) -> Callable[[Params], Scorer]:
    return lambda params: scorer(params.model, params.seed)


def _hybrid(kind: type[HybridScorer]) -> Callable[[Params], Scorer]:
    return lambda params: kind(params.model, params.seed, method=params.split.method)


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
_MACHINE: Space = {
    "fm_factors": IntRange(4, 16, log=True),
    "fm_iterations": IntRange(20, 200, log=True),
}
_EASE: Space = {
    "ease_regularization": FloatRange(20.0, 2000.0, log=True),
    "ease_min_support": IntRange(1, 20, log=True),
}

#: The scorers by name, the simplest first.
SCORERS: Mapping[str, ScorerKind] = {
    "popularity": ScorerKind(
        _by(PopularityScorer),
        {"ndcg_at_10": {}, "rmse": {"popularity_damping": FloatRange(0.5, 50.0, log=True)}},
    ),
    "trending": ScorerKind(
        _by(TrendingScorer),
        {"ndcg_at_10": {"trending_half_life_days": FloatRange(10.0, 2000.0, log=True)}},
    ),
    "bias": ScorerKind(_by(BiasScorer), {"rmse": _DAMPINGS}),
    "svd": ScorerKind(_by(SVDScorer), {"rmse": _SVD}),
    "surprise-svd": ScorerKind(_by(SurpriseSVDScorer), {"rmse": _SVD}),
    "svdpp": ScorerKind(
        _by(SVDPlusPlusScorer),
        {
            "rmse": {
                "svd_plus_plus_factors": IntRange(5, 60, log=True),
                "svd_plus_plus_epochs": IntRange(10, 40),
                "learning_rate": FloatRange(0.002, 0.02, log=True),
                "regularization": FloatRange(0.02, 0.3, log=True),
            }
        },
    ),
    "nmf": ScorerKind(
        _by(NMFScorer),
        {"rmse": {"nmf_factors": IntRange(3, 40, log=True), "nmf_epochs": IntRange(10, 60)}},
    ),
    "content": ScorerKind(
        _by(ContentScorer),
        {
            "ndcg_at_10": {"content_factors": IntRange(8, 128, log=True)},
            "rmse": {
                "content_factors": IntRange(8, 128, log=True),
                "content_regularization": FloatRange(5.0, 1000.0, log=True),
            },
        },
    ),
    "taste": ScorerKind(_by(TasteScorer), {"rmse": {"taste_factors": IntRange(2, 40, log=True)}}),
    "fm": ScorerKind(_by(FactorizationMachineScorer), {"rmse": _MACHINE}),
    "item-knn": ScorerKind(
        _by(ItemKNNScorer),
        {
            "ndcg_at_10": {
                "knn_neighbours": IntRange(20, 500, log=True),
                "knn_shrinkage": FloatRange(1.0, 500.0, log=True),
            }
        },
    ),
    "ials": ScorerKind(
        _by(IALSScorer),
        {
            "ndcg_at_10": {
                "ials_factors": IntRange(8, 128, log=True),
                "ials_epochs": IntRange(5, 20),
                "ials_regularization": FloatRange(1.0, 200.0, log=True),
                "ials_alpha": FloatRange(0.5, 20.0, log=True),
            }
        },
    ),
    "ease": ScorerKind(_by(EASEScorer), {"ndcg_at_10": _EASE}),
    "metadata-ease": ScorerKind(
        _by(MetadataEASEScorer),
        {
            "ndcg_at_10": {
                **_EASE,
                "alignment_regularization": FloatRange(0.5, 200.0, log=True),
                "content_factors": IntRange(8, 128, log=True),
            }
        },
    ),
    "hybrid": ScorerKind(
        _hybrid(HybridScorer),
        {
            "ndcg_at_10": {
                **_EASE,
                "ease_recent_half_life": FloatRange(5.0, 200.0, log=True),
                "trending_half_life_days": FloatRange(10.0, 2000.0, log=True),
                "content_factors": IntRange(8, 128, log=True),
            },
            "rmse": {
                **_MACHINE,
                "taste_factors": IntRange(2, 40, log=True),
                "content_factors": IntRange(8, 128, log=True),
                "content_regularization": FloatRange(5.0, 1000.0, log=True),
            },
        },
        halves={"ndcg_at_10": _hybrid(RankingHalf), "rmse": _hybrid(RatingHalf)},
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
