"""Runs the command line and kills the process with SIGKILL in the middle of one step.

The process dies when the step calls its library function, or right after it where the name is
followed by ``:after``, as it would when the machine loses power there.
"""

from __future__ import annotations

import importlib
import os
import signal
from collections.abc import Sequence
from typing import Any, NoReturn

import run_pipeline


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("SIGKILL did not end the process")


def arm(target: str) -> None:
    module_name, function_name, *when = target.split(":")
    module = importlib.import_module(module_name)
    original = getattr(module, function_name)

    def deadly(*arguments: Any, **options: Any) -> Any:
        if when == ["after"]:
            original(*arguments, **options)
        die()

    setattr(module, function_name, deadly)


def main(arguments: Sequence[str]) -> int:
    place, *others = arguments
    arm(place)
    return run_pipeline.main(others)
