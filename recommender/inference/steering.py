"""From what a viewer chooses to the part that makes the list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from recommender.inference.browsing import Browser, Wanted
from recommender.inference.catalogue import Catalogue
from recommender.inference.choices import (
    Addition,
    Choice,
    RecommenderName,
    SteeredRanking,
    Wish,
    chance,
)
from recommender.inference.estimates import Scores
from recommender.inference.identifiers import UNKNOWN, IdIndex
from recommender.inference.part import Part
from recommender.inference.similarity import MovieSimilarity

#: The part that makes the lists of each recommender.
_PARTS: dict[RecommenderName, str] = {
    "hybrid": "hybrid",
    "taste": "ease",
    "content": "content",
    "popular": "hybrid",
    "surprise": "hybrid",
}
_DECADE = 10


@dataclass(frozen=True, eq=False)
class Steering:
    """Makes parts that do what a viewer chose.

    Attributes:
        parts: The hybrid and its parts, by name.
        movies: The ids of the catalogue.
        catalogue: What is shown of a movie.
        browser: The catalogue by genre, year and person.
        similarity: How alike two movies are.
    """

    parts: Mapping[str, Part]
    movies: IdIndex
    catalogue: Catalogue
    browser: Browser
    similarity: MovieSimilarity

    def part(self, choice: Choice | None) -> Part:
        """Return the part that makes the list; the hybrid where nothing was chosen.

        A wish about something that the catalogue does not have changes nothing.
        """
        if choice is None:
            return self.parts["hybrid"]
        part = self.parts[_PARTS[choice.recommender]]
        if choice.recommender == "popular":
            part = replace(part, ranking=part.fallback)
        additions = [self._addition(wish) for wish in choice.wishes]
        if choice.recommender == "surprise":
            additions.append(chance(choice.seed, len(self.movies)))
        if not additions:
            return part
        return replace(
            part,
            ranking=SteeredRanking(part.ranking, additions),
            fallback=SteeredRanking(part.fallback, additions),
        )

    def _addition(self, wish: Wish) -> Addition:
        about, name = self._about(wish)
        return Addition(f"{'more' if wish.strength > 0 else 'less'} {name}", wish.strength * about)

    def _about(self, wish: Wish) -> tuple[Scores, str]:
        """Return how much each movie is what is wished, 0 to 1, and what that is called."""
        if wish.kind == "movie":
            position = self.movies.position(int(wish.name))
            if position == UNKNOWN:
                return np.zeros(len(self.movies)), wish.name
            likeness = np.clip(self.similarity.to(position), 0.0, 1.0)
            return np.asarray(likeness), f"like {self.catalogue.title(position)}"
        if wish.kind == "person":
            wanted, name = Wanted(person=wish.name), f"with {wish.name}"
        elif wish.kind == "genre":
            wanted, name = Wanted(genres=(wish.name,)), wish.name
        else:
            first = int(wish.name)
            wanted = Wanted(year_from=first, year_to=first + _DECADE - 1)
            name = f"of the {wish.name}s"
        return (~self.browser.unwanted(wanted)).astype(np.float64), name
