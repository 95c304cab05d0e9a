"""What every benchmark prints: one JSON object with ``figures``, ``machine`` and ``checks``."""

from __future__ import annotations

import json
import os
import platform
import resource
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Check:
    """A figure held against its bound.

    Attributes:
        name: What was measured, with its unit: ``ingest_seconds``.
        value: What came out.
        bound: What was promised, in the same unit.
        ok: Whether the promise is kept.
    """

    name: str
    value: float
    bound: float
    ok: bool


def at_most(name: str, value: float, bound: float) -> Check:
    """Return the check that ``value`` does not exceed ``bound``."""
    return Check(name, value, bound, value <= bound)


def at_least(name: str, value: float, bound: float) -> Check:
    """Return the check that ``value`` reaches ``bound``."""
    return Check(name, value, bound, value >= bound)


def emit(figures: Mapping[str, Any], checks: Sequence[Check], *, check: bool) -> int:
    """Print the report to stdout.

    Args:
        figures: What was measured, by name; plain JSON values.
        checks: The figures that have a bound.
        check: Whether a check that is not ok should fail the command.

    Returns:
        The exit status: 1 where ``check`` is set and a check is not ok, else 0.
    """
    report = {
        "figures": dict(figures),
        "machine": machine(),
        "checks": [asdict(item) for item in checks],
    }
    print(json.dumps(report, indent=2, allow_nan=False))
    return int(check and not all(item.ok for item in checks))


def say(text: str) -> None:
    """Print a line of progress to stderr."""
    print(text, file=sys.stderr, flush=True)


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "python": platform.python_version(),
    }


def peak_mb() -> float:
    """Return the largest resident set of this process so far, in MB.

    Linux hands a parent's peak on through ``exec`` in ``ru_maxrss``, but not in ``VmHWM``.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return round(int(line.split()[1]) * 1024 / 1e6, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 1)


def _processor() -> str:
    details = Path("/proc/cpuinfo")
    if details.is_file():
        for line in details.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
