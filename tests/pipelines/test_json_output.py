from __future__ import annotations

import json
import subprocess
import sys

import environment

_NOISY = """
import logging, os, subprocess, sys
from pipelines.json_output import kept_stdout, write_json

sys.stdout.write("before\\n")
handler = logging.StreamHandler(sys.stdout)
with kept_stdout() as document:
    logging.getLogger().addHandler(handler)
    logging.getLogger().warning("a library's record")
    print("printed")
    os.write(1, b"below\\n")
    subprocess.run(["echo", "of a child"], check=True)
    write_json(document, {"answer": "\\u00e9"})
    print("printed late")
print("after")
"""


def test_nothing_but_the_document_reaches_standard_output() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _NOISY],
        cwd=environment.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    first, *document, last = done.stdout.splitlines()
    assert (first, last) == ("before", "after")
    assert json.loads("\n".join(document)) == {"answer": "é"}
    for line in ("a library's record", "printed", "below", "of a child", "printed late"):
        assert line in done.stderr.splitlines()
