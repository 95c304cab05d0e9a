"""How much memory there is, asked before something large begins."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from recommender.errors import UsageError

_log = logging.getLogger(__name__)
_MEMINFO = Path("/proc/meminfo")
_GIGABYTE = 1e9


def available_bytes() -> int:
    """Return the memory that can be had without swapping, or all there is where none says so."""
    if _MEMINFO.is_file():
        for line in _MEMINFO.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def state_memory(needed: float, *, what: str, setting: str, value: int) -> None:
    """Log how much memory comes next, and refuse what cannot be had.

    Args:
        needed: In bytes.
        what: What needs it.
        setting: The setting that bounds it.
        value: The value of the setting.

    Raises:
        UsageError: It is more than there is.
    """
    available = available_bytes()
    _log.info(
        "%s needs about %.2f GB of memory, of which %.2f GB are available",
        what,
        needed / _GIGABYTE,
        available / _GIGABYTE,
    )
    if needed > available:
        raise UsageError(
            f"{what} needs about {needed / _GIGABYTE:.1f} GB of memory, and only "
            f"{available / _GIGABYTE:.1f} GB are available",
            place=f"model.{setting}",
            value=value,
            remedy=f"Lower {setting}.",
        )
