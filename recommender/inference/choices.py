"""Which recommender makes a list, and how the viewer bends it.

A wish adds to the ranking score of every movie that it is about, in units of the distance between
the best score and the median one, so that a wish of strength 1 lifts any such movie about as high
as the best of the others, and one of -1 puts it below the middle. The roulette adds noise to the
scores: with Gumbel noise of scale ``T`` the best ``k`` are a draw without replacement in which a
movie's odds are ``exp(score / T)`` (Kool, van Hoof and Welling 2019, "Stochastic beams and where
to find them"). All that is added stands in the explanation, so its parts still sum to the score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Self, get_args

import numpy as np

from recommender.errors import UsageError
from recommender.inference.estimates import Scores
from recommender.inference.histories import Viewer
from recommender.inference.rankings import Ranking
from recommender.scale import IntArray
from recommender.scorer import ScorePath

RecommenderName = Literal["hybrid", "taste", "content", "popular", "surprise"]
RECOMMENDERS: tuple[RecommenderName, ...] = get_args(RecommenderName)
WishKind = Literal["genre", "era", "person", "movie"]
WISH_KINDS: tuple[WishKind, ...] = get_args(WishKind)
#: Most wishes of one list, and characters of one.
MOST_WISHES = 40
LONGEST_WISH = 200
#: Most digits of what a wish names by number.
_DIGITS = {"era": 4, "movie": 19}
#: How a wish is written.
WISH_PATTERN = (
    r"^(?:(?:genre|person):.+|era:[0-9]{1,4}|movie:[0-9]{1,19})"
    r":-?(?:0(?:\.[0-9]{1,6})?|1(?:\.0{1,6})?)$"
)
#: Largest seed of the roulette; what a JavaScript number holds.
LARGEST_SEED = 2**53 - 1
#: Scale of the roulette's noise, in the unit of a wish: good movies stay likely, and each of
#: those halfway to the median still has a chance in a list.
_TEMPERATURE = 0.15


@dataclass(frozen=True)
class Wish:
    """More or less of something.

    Attributes:
        kind: A genre, an era (the first year of a decade), a person who made or plays in a movie,
            or what is like a movie (an id).
        name: Of it.
        strength: From -1, none of it, to 1, a lot.

    Raises:
        UsageError: The kind is not known, the name is empty, or the strength is not from -1 to 1.
    """

    kind: WishKind
    name: str
    strength: float

    def __post_init__(self) -> None:
        if self.kind not in WISH_KINDS:
            raise _wrong(f"a wish must be of {', '.join(WISH_KINDS)}", self.kind)
        if not self.name or len(self.name) > LONGEST_WISH:
            raise _wrong(f"a wish must name something in 1 to {LONGEST_WISH} characters", self.name)
        digits = _DIGITS.get(self.kind)
        if digits and not (
            self.name.isascii() and self.name.isdigit() and len(self.name) <= digits
        ):
            raise _wrong(f"a wish of the kind {self.kind} must name a number", self.name)
        if not -1.0 <= self.strength <= 1.0:
            raise _wrong("the strength of a wish must be from -1 to 1", self.strength)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the wish that is written as ``kind:name:strength``.

        Raises:
            UsageError: It is not written so.

        >>> Wish.parse("genre:Sci-Fi:-0.5")
        Wish(kind='genre', name='Sci-Fi', strength=-0.5)
        """
        kind, _, rest = text.partition(":")
        name, _, number = rest.rpartition(":")
        try:
            strength = float(number)
        except ValueError:
            raise _wrong("a wish is written as kind:name:strength", text[:LONGEST_WISH]) from None
        return cls(kind, name, strength)  # type: ignore[arg-type]  # it is checked

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}:{self.strength:g}"


@dataclass(frozen=True)
class Choice:
    """Who makes a list, and what the viewer wishes.

    Attributes:
        recommender: ``hybrid``; ``taste`` for what is watched together; ``content``; ``popular``;
            or ``surprise``, the hybrid with chance.
        wishes: What there should be more or less of.
        seed: Of the chance; 0 unless the roulette asks.
    """

    recommender: RecommenderName = "hybrid"
    wishes: tuple[Wish, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            UsageError: There is no such recommender, there are too many wishes, or the seed is
                not a number that can be drawn with.
        """
        if self.recommender not in RECOMMENDERS:
            raise UsageError(
                "there is no such recommender",
                value=self.recommender,
                remedy=f"Recommenders: {', '.join(RECOMMENDERS)}.",
            )
        if len(self.wishes) > MOST_WISHES:
            raise _wrong(f"there may be at most {MOST_WISHES} wishes", len(self.wishes))
        if not 0 <= self.seed <= LARGEST_SEED:
            raise UsageError("the seed must be a whole number of at least 0", value=self.seed)


@dataclass(frozen=True, eq=False)
class Addition:
    """What is added to the scores of a ranking.

    Attributes:
        label: What it is called in an explanation.
        values: Shape (n_movies,), in the unit of a wish.
        by_chance: Whether it is noise.
    """

    label: str
    values: Scores
    by_chance: bool = False


@dataclass(frozen=True, eq=False)
class SteeredRanking:
    """A ranking to whose scores something is added.

    Attributes:
        inner: The ranking.
        additions: What is added.
    """

    inner: Ranking
    additions: Sequence[Addition] = field(default=())

    def scores(self, viewer: Viewer) -> Scores:
        """Return the score of every movie, shape (n_movies,)."""
        scores = self.inner.scores(viewer)
        return np.asarray(scores + _unit(scores) * self._sum)

    def path(self, viewer: Viewer) -> ScorePath:
        """Return what the scores are made from; wishes and chance do not change it."""
        return self.inner.path(viewer)

    def added(self, viewer: Viewer, movies: IntArray) -> Scores:
        """Return what each addition adds to the scores of ``movies``, shape (additions, m).

        Args:
            viewer: For whom.
            movies: Shape (m,), positions.
        """
        unit = _unit(self.inner.scores(viewer))
        return np.array([unit * addition.values[movies] for addition in self.additions])

    @cached_property
    def _sum(self) -> Scores:
        return np.asarray(np.sum([one.values for one in self.additions], axis=0))


def chance(seed: int, n_movies: int) -> Addition:
    """Return the roulette's noise for every movie; the same seed gives the same."""
    uniform = np.random.default_rng(seed).random(n_movies)
    # No 0, of which there is no logarithm.
    noise = -np.log(-np.log(np.maximum(uniform, np.finfo(np.float64).tiny)))
    return Addition("chance", _TEMPERATURE * noise, by_chance=True)


def _unit(scores: Scores) -> float:
    """Return the distance from the median score to the best; 1 where all are the same."""
    distance = float(scores.max() - np.median(scores))
    return distance if distance > 0.0 else 1.0


def _wrong(problem: str, value: object) -> UsageError:
    return UsageError(problem, place="wishes", value=value)
