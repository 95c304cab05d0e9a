"""The scorers, one file each, behind the protocol of ``recommender.scorer``."""
