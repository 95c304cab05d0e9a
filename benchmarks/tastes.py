"""Synthetic ratings of any size in which there is something to learn.

Movies belong to circles, each a genre of one or two names; viewers have two circles that they
mostly watch, begin at some moment and stay for a while. Popularity is a power law within a circle,
activity a log-normal. Stars follow from how generous a viewer is, how good a movie, and how well
the two suit each other, which depends on the circle and on more that only ratings tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv

from benchmarks.ingest import FIRST, LAST, ROWS_A_WRITE, Columns, make_once, write_rows
from benchmarks.report import say

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_SEED = 20240615
_GENRES = ("Action", "Comedy", "Drama", "Horror", "Romance", "Sci-Fi")
#: Each genre alone, and each pair of them.
_CIRCLES = [
    "|".join(sorted({first, second}))
    for place, first in enumerate(_GENRES)
    for second in _GENRES[place:]
]
#: Shares of what a viewer watches from the first and from the second circle; the rest is from any.
_FIRST_SHARE, _SECOND_SHARE = 0.35, 0.2
_TASTES = 4
_DAY = 86400.0
#: Median of the days for which a viewer stays, and the spread of their logarithm.
_STAY_DAYS, _STAY_SPREAD = 60.0, 2.0


@dataclass(frozen=True, eq=False)
class _World:
    """Viewers and movies, by position."""

    activity: Floats
    popularity: Floats
    circles: Integers
    generosity: Floats
    taste: Floats
    quality: Floats
    character: Floats
    begin: Floats
    stay: Floats

    @classmethod
    def of(cls, rng: np.random.Generator, n_users: int, n_movies: int) -> Self:
        n_circles = len(_CIRCLES)
        centres = rng.normal(0.0, 1.0, (n_circles, _TASTES))
        circles = rng.integers(0, n_circles, (n_users, 2))
        own = np.arange(n_movies) % n_circles
        taste = 0.5 * centres[circles].sum(axis=1) + rng.normal(0.0, 0.7, (n_users, _TASTES))
        return cls(
            activity=rng.lognormal(0.0, 1.1, n_users).cumsum(),
            popularity=(1.0 / (np.arange(-(-n_movies // n_circles)) + 4.0)).cumsum(),
            circles=circles,
            generosity=rng.normal(0.0, 0.4, n_users),
            taste=taste,
            quality=rng.normal(0.0, 0.4, n_movies),
            character=0.6 * centres[own] + rng.normal(0.0, 0.6, (n_movies, _TASTES)),
            begin=FIRST + rng.random(n_users) * (LAST - FIRST),
            stay=_DAY * _STAY_DAYS * rng.lognormal(0.0, _STAY_SPREAD, n_users),
        )

    @property
    def n_movies(self) -> int:
        return len(self.quality)

    def draw_pairs(self, rng: np.random.Generator, n_draws: int) -> Integers:
        """Return ``user * n_movies + movie`` of draws with repeats."""
        users = np.searchsorted(self.activity, rng.random(n_draws) * self.activity[-1])
        chance = rng.random(n_draws)
        circle = np.where(chance < _FIRST_SHARE, *self.circles[users].T)
        anywhere = chance > _FIRST_SHARE + _SECOND_SHARE
        circle[anywhere] = rng.integers(0, len(_CIRCLES), int(anywhere.sum()))
        rank = np.searchsorted(self.popularity, rng.random(n_draws) * self.popularity[-1])
        movies = rank * len(_CIRCLES) + circle
        return np.asarray((users * self.n_movies + movies)[movies < self.n_movies])

    def rate(self, rng: np.random.Generator, pairs: Integers) -> Columns:
        """Return ids, stars and timestamps of distinct pairs."""
        users, movies = np.divmod(pairs, self.n_movies)
        suits = np.einsum("nd,nd->n", self.taste[users], self.character[movies])
        level = 3.5 + self.generosity[users] + self.quality[movies] + 0.35 * suits
        stars = np.clip(np.round(2.0 * (level + rng.normal(0.0, 0.75, users.size))), 1, 10) / 2
        moments = self.begin[users] + rng.random(users.size) * self.stay[users]
        return users + 1, movies + 1, stars, np.minimum(moments, LAST).astype(np.int64)


def make_tasteful_ratings(base: Path, n_ratings: int, n_users: int, n_movies: int) -> Path:
    """Return a folder in MovieLens's layout with that many ratings, made unless it is there.

    Args:
        base: Where to make it.
        n_ratings: Distinct pairs of a viewer and a movie, in the order of the ids.
        n_users: Viewers that are drawn from.
        n_movies: Size of the catalogue.
    """

    def fill(work: Path) -> None:
        rng = np.random.default_rng(_SEED)
        world = _World.of(rng, n_users, n_movies)
        _write_movies(work / "movies.csv", n_movies)
        write_rows(work / "ratings.csv", _batches(rng, world, n_ratings))

    return make_once(base / f"tastes-{n_ratings}-{n_users}-{n_movies}", n_ratings, fill)


def _batches(rng: np.random.Generator, world: _World, n_ratings: int) -> Iterator[Columns]:
    pairs = _distinct_pairs(rng, world, n_ratings)
    for start in range(0, n_ratings, ROWS_A_WRITE):
        yield world.rate(rng, pairs[start : start + ROWS_A_WRITE])


def _distinct_pairs(rng: np.random.Generator, world: _World, n_ratings: int) -> Integers:
    pairs = np.empty(0, dtype=np.int64)
    while len(pairs) < n_ratings:
        drawn = world.draw_pairs(rng, int(1.2 * (n_ratings - len(pairs))) + 1000)
        pairs = np.unique(np.concatenate([pairs, drawn]))
        say(f"  {len(pairs):,} pairs")
    keep = np.ones(len(pairs), dtype=bool)
    keep[rng.choice(len(pairs), len(pairs) - n_ratings, replace=False)] = False
    return pairs[keep]


def _write_movies(path: Path, n_movies: int) -> None:
    ids = np.arange(1, n_movies + 1)
    titles = [f"Film {movie_id} ({1920 + movie_id * 7 % 100})" for movie_id in ids.tolist()]
    genres = np.array(_CIRCLES)[np.arange(n_movies) % len(_CIRCLES)]
    pa_csv.write_csv(pa.table({"movieId": ids, "title": titles, "genres": genres}), path)
