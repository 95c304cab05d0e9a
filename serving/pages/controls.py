"""The controls of a list: which recommender, what is wished, how varied; all in the address.

An address names only what differs from the usual: ``/for-you?by=taste&genre.Horror=-0.5``.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from recommender.errors import UsageError
from recommender.inference.choices import RECOMMENDERS, WISH_KINDS, Wish
from serving.lists import Asked
from serving.problems import Problem

PATH = "/for-you"
_MOST_SEED = 2**32
_DECADE = 10


@dataclass(frozen=True)
class Controls:
    """What a visitor has chosen.

    Attributes:
        by: The recommender.
        wishes: More or less of what; none of strength 0.
        variety: From 0 to 1.
        seed: Of the roulette, or ``None`` before it was spun.
    """

    by: str = "hybrid"
    wishes: tuple[Wish, ...] = ()
    variety: float = 0.0
    seed: int | None = None

    @classmethod
    def read(cls, given: Iterable[tuple[str, str]]) -> Controls:
        """Return the controls of an address.

        Args:
            given: Its parameters.

        Raises:
            Problem: 422 with the parameters at fault.
        """
        plain: dict[str, Any] = {}
        wishes: dict[tuple[str, str], Wish] = {}
        errors = []
        for name, text in given:
            kind, _, about = name.partition(".")
            try:
                if kind in WISH_KINDS:
                    wish = Wish(kind, about, _number(text))
                    wishes[kind, about] = wish
                elif name in _READERS:
                    plain[name] = _READERS[name](text)
            except UsageError as error:
                errors.append({"field": name[:60], "problem": error.problem})
        if errors:
            raise Problem(
                422, "A control is set to what it cannot be.", kind="invalid", errors=errors
            )
        kept = tuple(wish for wish in wishes.values() if wish.strength)
        return cls(wishes=kept, **plain)

    @property
    def address(self) -> str:
        """The shortest address that says all this."""
        return self._address({})

    def other(self, **changed: Any) -> str:
        """Return the address of these controls with some of them changed."""
        return self._address(changed)

    def without(self, wish: Wish) -> str:
        """Return the address without one wish."""
        return self._address({"wishes": tuple(one for one in self.wishes if one is not wish)})

    def with_wish(self, kind: str, name: object, strength: float) -> str:
        """Return the address with one wish more, or with another strength of it."""
        others = tuple(one for one in self.wishes if (one.kind, one.name) != (kind, str(name)))
        made = Wish(kind, str(name), strength)  # type: ignore[arg-type]  # templates name kinds
        return self._address({"wishes": (*others, made)})

    def strength(self, kind: str, name: object) -> float:
        """Return how much is wished of something, 0 where nothing is."""
        found = (w.strength for w in self.wishes if (w.kind, w.name) == (kind, str(name)))
        return next(found, 0.0)

    def asked(self, k: int) -> Asked:
        """Return the list that is asked for."""
        return Asked(
            k=k,
            diversity=self.variety,
            recommender=self.by,  # type: ignore[arg-type]  # it was read as one
            wishes=tuple(map(str, self.wishes)),
            seed=self.seed or 0,
        )

    def _address(self, changed: Mapping[str, Any]) -> str:
        now = {**vars(self), **changed}
        parameters: list[tuple[str, str]] = []
        if now["by"] != "hybrid":
            parameters.append(("by", now["by"]))
        if now["seed"] is not None and now["by"] == "surprise":
            parameters.append(("seed", str(now["seed"])))
        if now["variety"]:
            parameters.append(("variety", f"{now['variety']:g}"))
        parameters += [(f"{w.kind}.{w.name}", f"{w.strength:g}") for w in now["wishes"]]
        return f"{PATH}?{urlencode(parameters)}" if parameters else PATH


def new_seed() -> int:
    """Return where the wheel will stop."""
    return secrets.randbelow(_MOST_SEED)


def decades(span: tuple[int, int] | None) -> list[int]:
    """Return the first years of the decades in which there are films.

    >>> decades((1978, 2001))
    [1970, 1980, 1990, 2000]
    """
    if span is None:
        return []
    return list(range(span[0] - span[0] % _DECADE, span[1] + 1, _DECADE))


def _recommender(text: str) -> str:
    if text not in RECOMMENDERS:
        raise UsageError(f"must be one of {', '.join(RECOMMENDERS)}")
    return text


def _share(text: str) -> float:
    share = _number(text)
    if not 0.0 <= share <= 1.0:
        raise UsageError("must be from 0 to 1")
    return share


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:20]) < _MOST_SEED):
        raise UsageError("must be a whole number")
    return int(text)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError("must be a number") from None


_READERS = {"by": _recommender, "variety": _share, "seed": _seed}
