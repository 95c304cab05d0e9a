"""From a bundle to recommendations: what a web process needs, and nothing that trains."""

from recommender.inference.browsing import Wanted
from recommender.inference.choices import Choice, Wish
from recommender.inference.recommender import Recommender
from recommender.inference.reranking import Diversity

__all__ = ["Choice", "Diversity", "Recommender", "Wanted", "Wish"]
