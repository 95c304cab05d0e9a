"""A report of drift as a round of monitoring leaves it, with as much in it as on a real site."""

from __future__ import annotations

from typing import Any

_BEGIN, _HOUR, _WINDOWS = 1_767_340_800.0, 3600.0, 12
_GENRES = ("Drama", "Comedy", "Action", "Thriller", "Romance", "Horror", "Sci-Fi", "(other)")
_COLUMNS = {
    "rated_genre": _GENRES,
    "rating": ("0.5", "1.0", "1.5", "2.0", "2.5", "3.0", "3.5", "4.0", "4.5", "5.0"),
    "rated_year": ("before 1970", "1970 to 1985", "1985 to 1995", "1995 to 2005", "from 2005"),
    "predicted_rating": ("below 2.5", "2.5 to 3", "3 to 3.5", "3.5 to 4", "from 4"),
    "user_activity": ("none", "1 to 9", "10 to 49", "50 to 199", "from 200"),
    "shown_genre": _GENRES,
    "latency_ms": ("below 1", "1 to 2", "2 to 5", "5 to 20", "from 20"),
}
_METRICS = {"rmse": 0.84, "ndcg_at_10": 0.31, "click_through": 0.087}


def drift_report(psi: float) -> dict[str, Any]:
    """Return a report in which the rated genres have drifted to ``psi``, and nothing else."""
    return {
        "made_at": _BEGIN + _WINDOWS * _HOUR + 90.0,
        "windows": [_window(number, psi) for number in range(_WINDOWS)],
        "versions": [_version(number) for number in (1, 2)],
        "distributions": {
            name: _shares(labels, psi if name == "rated_genre" else 0.02)
            for name, labels in _COLUMNS.items()
        },
        "alerts": [],
    }


def _window(number: int, psi: float) -> dict[str, Any]:
    # A wave of a few thousandths, so that a line is not flat; the drift begins after two thirds.
    calm = [0.012 + 0.006 * ((number * 5 + place * 3) % 7) / 7 for place in range(len(_COLUMNS))]
    risen = max(0.0, (number - 7) / (_WINDOWS - 8))
    values = [max(calm[0], psi * risen), *calm[1:]]
    columns = {
        name: {
            "samples": 640 + 17 * number,
            "distances": {"psi": value, "hellinger": 0.1, "jensen_shannon": 0.1, "ks": 0.1},
        }
        for name, value in zip(_COLUMNS, values, strict=True)
    }
    start = _BEGIN + number * _HOUR
    return {"start": start, "end": start + _HOUR, "columns": columns}


def _version(number: int) -> dict[str, Any]:
    metrics = {
        name: {"value": value * (1 + 0.03 * number), "sigma": 0.01, "samples": 4000 - 900 * number}
        for name, value in _METRICS.items()
    }
    return {"version": str(number), "model": "0" * 64, "lists": 9000, "metrics": metrics}


def _shares(labels: tuple[str, ...], moved: float) -> dict[str, Any]:
    weights = [1.0 / (place + 2) for place in range(len(labels))]
    total = sum(weights)
    reference = [weight / total for weight in weights]
    gone = min(0.9, moved) * reference[0]
    live = [reference[0] - gone, *reference[1:-1], reference[-1] + gone]
    return {"labels": list(labels), "reference": reference, "live": live}
