"""Keeps standard output for one JSON document, whatever the libraries print."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

_STDOUT, _STDERR = 1, 2


@contextmanager
def kept_stdout() -> Iterator[TextIO]:
    """Yield standard output for the document alone; what else is printed goes to standard error.

    By the descriptors, since libraries keep ``sys.stdout`` from before, wrap what it writes, or
    write below it; the processes that they start are covered as well.

    Raises:
        OSError: Standard output or standard error is closed.
    """
    sys.stdout.flush()
    with os.fdopen(os.dup(_STDOUT), "w", encoding="utf-8") as document:
        os.dup2(_STDERR, _STDOUT)
        try:
            yield document
        finally:
            sys.stdout.flush()
            document.flush()
            os.dup2(document.fileno(), _STDOUT)


def write_json(document: TextIO, tree: Mapping[str, Any]) -> None:
    """Write ``tree`` as a document that people can read too."""
    document.write(json.dumps(tree, indent=2) + "\n")
    document.flush()
