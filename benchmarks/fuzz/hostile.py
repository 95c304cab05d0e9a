"""Values that a field was not made for: markup, SQL, unicode, numbers, times, paths."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from typing import Any

#: Begins every mark, so that an answer shows what an earlier request has left in the store.
MARK = "fz"

_SQL = (
    "' OR '1'='1",
    "1; DROP TABLE events;--",
    "1) UNION SELECT * FROM events--",
    "'; SELECT pg_sleep(60);--",
    "1' AND 1=CAST((SELECT sqlite_version()) AS int)--",
    '"; DELETE FROM served_lists WHERE "1"="1',
    "\\'; --",
)
_UNICODE = (
    "\0",
    "a\0b",
    "\u202egnp.exe",
    "\ufeff1",
    "\uffff",
    "\U0010ffff",
    "\u2028",
    "e\u0301\u0301\u0301" * 40,
    "👩‍👩‍👧‍👦",
    "İıſßẞ",
    "١٢٣",
    "\uff11\uff12",
    "²",
    "Ⅻ",
    "\ud800",
    "\x7f\x1b[2J",
    "ﷺ" * 50,
    "日本語の映画",
    "a" * 4000,
    "%00",
    "%F0%9F",
    "\r\nSet-Cookie: fz=1",
)
_NUMBERS = (
    "-1",
    "0",
    "-0",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "9" * 400,
    "1e308",
    "1e400",
    "-1e400",
    "NaN",
    "Infinity",
    "-Infinity",
    "nan",
    "inf",
    "0x10",
    "1_000",
    "1.5",
    "1.0000",
    "5e-324",
    "+1",
    " 1",
    "1 ",
    "00001",
    "1,",
    ",",
    "1,,2",
)
_TIMES = (
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999-14:00",
    "9999-12-31T23:59:60Z",
    "10000-01-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-01-01T00:00:00+99:99",
    "-2026-01-01T00:00:00Z",
    "2026-01-01",
    "2026-01-01T00:00:00",
    "1e20",
    "2026-W01-1",
    "20260101T000000Z",
)
_PATHS = (
    "../../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd",
    "file:///etc/passwd",
    "//evil.example/",
    "%0d%0aX-Injected:%20fz",
    "\r\nX-Injected: fz",
    "~root",
    "con",
    "|id",
    "`id`",
    "$(id)",
)
_TEMPLATES = (
    "{0.__class__.__mro__}",
    "{{7*7}}",
    "${7*7}",
    "${jndi:ldap://127.0.0.1/fz}",
    "%s%n%x",
    "{% debug %}",
)


def markup(chance: random.Random) -> str:
    """Return markup with a mark; see `verdicts` for how it is found again."""
    mark = f"{MARK}{chance.randrange(16**6):x}"
    return chance.choice(
        (
            f"<script {mark}>alert(1)</script>",
            f'"><img {mark} src=x onerror=alert(1)>',
            f"'><svg {mark} onload=alert(1)>",
            f"</title><script {mark}>",
            f'" onmouseover={mark} x="',
            f"<!--<iframe {mark}>",
            f"<ScRiPt/{mark}>",
        )
    )


def _short(chance: random.Random) -> str:
    letters = string.ascii_letters + string.digits + string.punctuation + " \t"
    return "".join(chance.choices(letters, k=chance.randrange(12)))


def _any_unicode(chance: random.Random) -> str:
    return "".join(chr(chance.randrange(0x11_0000)) for _ in range(chance.randrange(1, 20)))


_TEXTS: tuple[Callable[[random.Random], str], ...] = (
    markup,
    markup,
    lambda chance: chance.choice(_SQL),
    lambda chance: chance.choice(_UNICODE),
    lambda chance: chance.choice(_NUMBERS),
    lambda chance: chance.choice(_NUMBERS),
    lambda chance: chance.choice(_TIMES),
    lambda chance: chance.choice(_PATHS),
    lambda chance: chance.choice(_TEMPLATES),
    _short,
    _any_unicode,
)


def text(chance: random.Random) -> str:
    """Return a hostile text, lone surrogates included."""
    return chance.choice(_TEXTS)(chance)


def value(chance: random.Random, depth: int = 2) -> Any:
    """Return a hostile value of JSON, of any type."""
    kind = chance.randrange(9 if depth else 6)
    if kind == 0:
        return chance.choice((None, True, False, "", [], {}))
    if kind == 1:
        return chance.choice((-1, 0, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**70), 10**400))
    if kind == 2:  # noqa: PLR2004 - one of the kinds
        return chance.choice(
            (float("nan"), float("inf"), -float("inf"), 1e308, -0.0, 5e-324, 0.1, 7.25)
        )
    if kind < 6:  # noqa: PLR2004 - texts are the largest kind
        return text(chance)
    if kind == 6:  # noqa: PLR2004 - one of the kinds
        return {text(chance): value(chance, depth - 1) for _ in range(chance.randrange(3))}
    return [value(chance, depth - 1) for _ in range(chance.choice((1, 2, 40)))]
