"""What a configuration is worth: its own objective, measured on the validation ratings alone."""

from __future__ import annotations

import math

import numpy as np

from recommender.errors import RouletteError
from recommender.evaluation.measurements import measure, part_ratings, ranking_totals
from recommender.evaluation.rating import rmse
from recommender.schema import Split
from recommender.scorer import Recommends
from recommender.settings import EvaluationSettings, Objective

#: What an unlucky configuration may raise while it is fitted or measured: factors that grew beyond
#: bounds, a singular matrix, too little memory. Anything else is a mistake in the code.
TRIAL_ERRORS = (RouletteError, ArithmeticError, ValueError, MemoryError)
_K = 10


def higher_is_better(objective: Objective) -> bool:
    """Return whether more of ``objective`` is better."""
    return objective != "rmse"


def is_better(objective: Objective, score: float, than: float) -> bool:
    """Return whether ``score`` is strictly better than another one.

    >>> is_better("rmse", 0.8, than=0.9), is_better("ndcg_at_10", 0.1, than=0.1)
    (True, False)
    """
    return score > than if higher_is_better(objective) else score < than


def measure_objective(
    model: Recommends,
    split: Split,
    objective: Objective,
    settings: EvaluationSettings,
    seed: int,
) -> float:
    """Return the objective of ``model`` on ``split.validation``; the test part is not looked at.

    Args:
        model: Fitted on ``split.train`` alone.
        split: Where the ratings come from.
        objective: What is measured.
        settings: The relevance threshold and the most users to rank.
        seed: Seed of the sample of users.

    Raises:
        DataError: There are no validation ratings, or none is relevant.
        RouletteError: The model's answers are unusable, NaN among them.
    """
    if objective == "rmse":
        frame = part_ratings(split, "validation")
        users, movies = frame["user_id"].to_numpy(), frame["movie_id"].to_numpy()
        actual = frame["rating"].to_numpy(dtype=np.float64)
        return _finite(rmse(actual, model.predict(users, movies)))
    found = measure(model, split, settings, part="validation", seed=seed, width=_K)
    totals = ranking_totals(found, found.all_users, found.all_movies, (_K,))
    return _finite(totals[objective].value)


def _finite(score: float) -> float:
    if not math.isfinite(score):
        raise RouletteError("the objective is not finite", value=score)
    return score
