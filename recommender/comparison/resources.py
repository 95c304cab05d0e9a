"""What a model costs: seconds to fit, memory at the peak, milliseconds to make a list."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recommender.scale import IntArray
from recommender.schema import Dataset
from recommender.scorer import Recommends, Scorer

_CLEAR = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")
#: What the kernel takes for "forget the peak so far" (proc(5)).
_FORGET_PEAK = "5"


@dataclass(frozen=True)
class FitCost:
    """What one fit took.

    Attributes:
        seconds: On the clock of the wall.
        peak_mb: Highest resident memory during the fit beyond what the process held before it, in
            MB of 10^6 bytes; ``None`` where the system does not tell.
    """

    seconds: float
    peak_mb: float | None


def fit_with_cost(scorer: Scorer, train: Dataset) -> tuple[Recommends, FitCost]:
    """Return ``scorer`` fitted on ``train``, and what that took.

    Memory that the process had set free but not given back is used again unseen, so the peak is a
    lower bound.
    """
    gc.collect()
    before = _forget_peak()
    started = time.perf_counter()
    fitted = scorer.fit(train)
    seconds = time.perf_counter() - started
    peak = None if before is None else max(_kilobytes("VmHWM") - before, 0) * 1024 / 1e6
    return fitted, FitCost(seconds, peak)


def list_milliseconds(model: Recommends, user_ids: IntArray, n_users: int, k: int = 10) -> float:
    """Return the median time to make one list of ``k`` movies, in milliseconds.

    Args:
        model: What makes the lists.
        user_ids: Shape (n,), n > 0, from which ``n_users`` are taken at even distances.
        n_users: Most lists to make, at least 1.
        k: Length of a list.
    """
    step = max(user_ids.size // n_users, 1)
    seconds = []
    for user_id in user_ids[::step][:n_users].tolist():
        started = time.perf_counter()
        model.recommend(user_id, k)
        seconds.append(time.perf_counter() - started)
    return float(np.median(seconds) * 1e3)


def _forget_peak() -> int | None:
    """Make the kernel forget the peak so far; return the resident kilobytes, if it tells them."""
    if not _CLEAR.exists():
        return None
    try:
        _CLEAR.write_text(_FORGET_PEAK, encoding="ascii")
    except OSError:
        # A sandbox may forbid it; then the peak is unknown, which the table says.
        return None
    return _kilobytes("VmRSS")


def _kilobytes(field: str) -> int:
    for line in _STATUS.read_text(encoding="ascii").splitlines():
        name, _, rest = line.partition(":")
        if name == field:
            return int(rest.split()[0])
    raise KeyError(field)
