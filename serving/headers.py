"""Headers that every answer carries unless its route says otherwise."""

from __future__ import annotations

from collections.abc import Iterable

#: Nothing is loaded from elsewhere, framed, or sent elsewhere.
_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
SECURITY: tuple[tuple[str, str], ...] = (
    ("Content-Security-Policy", _POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_NAMES = {name.lower(): (name, value) for name, value in SECURITY}


def secured(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return ``headers`` with those of `SECURITY` that they lack.

    >>> secured([("Referrer-Policy", "same-origin")])[:3]  # doctest: +ELLIPSIS
    [('Referrer-Policy', 'same-origin'), ('Content-Security-Policy', ...), ('X-Content-Type-...
    """
    own = list(headers)
    names = {name.lower() for name, _ in own}
    if names.isdisjoint(_NAMES):
        return [*own, *SECURITY]
    return own + [header for name, header in _NAMES.items() if name not in names]
