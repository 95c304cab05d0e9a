"""One id for each request: the client's, if it is harmless, or a new one.

The outermost layer (`serving.edge`) decides it and sends it back; here it is read.
"""

from __future__ import annotations

import re
from typing import cast

from flask import g, request

from serving.ids import new_id

HEADER = "X-Request-ID"
_HARMLESS = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id() -> str:
    """Return the id of the request that is answered."""
    if "request_id" not in g:
        given = request.headers.get(HEADER, "")
        g.request_id = given if _HARMLESS.fullmatch(given) else new_id()
    return cast(str, g.request_id)
