"""Runs several command lines one after the other in one process, which saves their start-up.

Reads a JSON object of names and argument lists on standard input and writes a JSON object of
names and ``[exit code, what was printed]`` as the last line of standard output.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

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


if __name__ == "__main__":
    asked = json.loads(sys.stdin.read())
    answers = {name: run_captured(arguments) for name, arguments in asked.items()}
    sys.stdout.write("\n" + json.dumps(answers) + "\n")
