"""From a bundle to recommendations: what a web process needs, and nothing that trains."""

from recommender.inference.recommender import Recommender

__all__ = ["Recommender"]
