"""How a step tells of its progress: log records that the console turns into bars."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

#: The logger that carries progress; a record has ``step``, ``what``, ``done`` and ``total``.
PROGRESS_LOGGER = "movie_roulette.progress"
_SECONDS_BETWEEN = 0.1

Progress = Callable[[str, int, int | None], None]


def progress_of(step: str) -> Progress:
    """Return a callback that reports the progress of ``step``, ten times a second at most.

    Args:
        step: Name of the step.

    Returns:
        A callback of what is being done, units done, and units in all or ``None``.
    """
    logger = logging.getLogger(PROGRESS_LOGGER)
    last_what, last_time = "", 0.0

    def report(what: str, done: int, total: int | None) -> None:
        nonlocal last_what, last_time
        now = time.monotonic()
        if what == last_what and done != total and now - last_time < _SECONDS_BETWEEN:
            return
        last_what, last_time = what, now
        logger.info(
            "%s: %s", step, what, extra={"step": step, "what": what, "done": done, "total": total}
        )

    return report


def counted(progress: Progress, what: str) -> Callable[[int, int], None]:
    """Return ``progress`` for code that only counts units, under the name ``what``."""
    return lambda done, total: progress(what, done, total)
