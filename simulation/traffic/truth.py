"""How good a list truly is for the viewer to whom it was shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from recommender.scale import FloatArray, IntArray
from simulation.traffic.behaviour import examination


@dataclass(frozen=True)
class Quality:
    """The true quality of one list, or the mean of many; no chance of a visit is in it.

    Attributes:
        taste: Mean true score of what was shown, in stars.
        ndcg: NDCG of the list by what each film is worth to the viewer, against the best order of
            the best films not yet seen.
        satisfaction: What a look at the list is worth, by how likely each place is looked at,
            from 0 to 1.
        regret: How much more satisfaction the best list of unseen films would give.
    """

    taste: float
    ndcg: float
    satisfaction: float
    regret: float


def quality(places: IntArray, score: FloatArray, worth: FloatArray, seen: FloatArray) -> Quality:
    """Return the true quality of one list.

    Args:
        places: Shape (k,), positions of the films, best first; at least one.
        score: Shape (m,), the viewer's true scores.
        worth: Shape (m,), what a look at each film is worth to the viewer.
        seen: Shape (m,), whether the viewer had seen it before.
    """
    k = places.size
    shown = np.where(seen[places], 0.0, worth[places])
    best = np.sort(worth[~np.asarray(seen, dtype=bool)])[::-1][:k]
    looked, discount = examination(k), 1.0 / np.log2(np.arange(k) + 2.0)
    satisfaction = float(looked @ shown / looked.sum())
    ideal = float(looked[: best.size] @ best / looked.sum())
    ideal_gain = float(discount[: best.size] @ best)
    return Quality(
        taste=float(score[places].mean()),
        ndcg=float(discount @ shown) / ideal_gain if ideal_gain else 0.0,
        satisfaction=satisfaction,
        regret=ideal - satisfaction,
    )


def mean_quality(found: list[Quality]) -> dict[str, float]:
    """Return the means of the qualities of at least one list, by name."""
    values = [asdict(item) for item in found]
    return {name: round(float(np.mean([item[name] for item in values])), 4) for name in values[0]}
