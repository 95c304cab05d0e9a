"""From a bundle to recommendations: what a web process needs, and nothing that trains."""

from recommender.inference.browsing import Wanted
from recommender.inference.choices import Choice, Wish
from recommender.inference.recommender import Recommender
from recommender.inference.reranking import Diversity
from recommender.inference.search.results import KeywordHit, MovieHit, PersonHit, SearchResults

__all__ = [
    "Choice",
    "Diversity",
    "KeywordHit",
    "MovieHit",
    "PersonHit",
    "Recommender",
    "SearchResults",
    "Wanted",
    "Wish",
]
