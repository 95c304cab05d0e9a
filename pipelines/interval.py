"""How long between two rounds, as people write it."""

from __future__ import annotations

import re

from recommender.errors import UsageError

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def parse_interval(text: str) -> float:
    """Return the seconds of ``15m``, ``90s``, ``1h`` or ``1d``.

    Raises:
        UsageError: It is none of them.

    >>> parse_interval("15m")
    900.0
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if found is None or float(found[1]) == 0.0:
        raise UsageError(
            "must be a time above 0", place="--watch", value=text, remedy="Example: --watch 15m."
        )
    return float(found[1]) * _UNITS[found[2]]
