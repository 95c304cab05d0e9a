"""Runs several command lines one after the other in one process, which saves their start-up.

Takes a JSON object of names and argument lists, and writes a JSON object of names and ``[exit
code, what was printed]`` as the last line of standard output.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Sequence

import run_pipeline


def run_captured(arguments: list[str]) -> tuple[int, str]:
    printed = io.StringIO()
    real = sys.__stderr__
    sys.__stderr__ = printed  # type: ignore[misc]  # where the console writes
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            code = run_pipeline.main(arguments)
    finally:
        sys.__stderr__ = real  # type: ignore[misc]  # as above
    return code, printed.getvalue()


def main(arguments: Sequence[str]) -> int:
    (asked,) = map(json.loads, arguments)
    answers = {name: run_captured(one) for name, one in asked.items()}
    sys.stdout.write("\n" + json.dumps(answers) + "\n")
    return 0
