"""What a movie is about, and what each user makes of it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from threadpoolctl import threadpool_limits

from recommender.inference.scores import liking
from recommender.models.array_scorer import ArrayScorer
from recommender.models.bias import BiasScorer
from recommender.models.interactions import Interactions
from recommender.models.user_regression import UserRegression
from recommender.schema import Dataset, FloatArray, IntArray


@dataclass(eq=False)
class ContentScorer(ArrayScorer):
    """Each user's linear taste in what movies are about: ``mean + b_i + f_u . x_i``.

    ``x_i`` are TF-IDF weights of genres, decade, directors, cast, keywords, language and tags,
    reduced by truncated SVD (latent semantic analysis, Deerwester et al. 1990). The vocabulary and
    the reduction are fitted on rated movies only and applied to the whole catalogue, so a movie
    without ratings has a score as soon as its facts are known. ``f_u`` is the posterior mean of a
    Bayesian regression (`UserRegression`), whose prior mean serves unknown users.

    Ranking is by nearness to what the user likes.

    Attributes:
        n_factors: Dimensions of ``x``.
        user_damping: As in `BiasScorer`, for the movie biases.
        movie_damping: Likewise.
        seed: Seed of the reduction.
        features: Shape (n_movies, n_factors), once fitted.
    """

    n_factors: int = 32
    user_damping: float = 5.0
    movie_damping: float = 5.0
    seed: int = 0
    name: str = "content"

    features: FloatArray | None = None

    def fit_interactions(self, interactions: Interactions, dataset: Dataset) -> Self:
        """Fit vocabulary, reduction and tastes."""
        data = interactions
        features = content_features(data, dataset, self.n_factors, self.seed)
        biases = BiasScorer(self.user_damping, self.movie_damping).fit_interactions(data, dataset)
        self.scores = UserRegression().fit(data, biases.scores, features)
        self.features = features
        self.interactions = data
        return self

    @property
    def unit_features(self) -> FloatArray:
        """Features of length 1, or 0 for a movie of which nothing is known."""
        assert self.features is not None  # noqa: S101 - set by fit
        lengths = np.linalg.norm(self.features, axis=1, keepdims=True)
        return self.features / np.where(lengths > 0, lengths, 1.0)

    @property
    def centre(self) -> FloatArray:
        """Mean content of the training ratings, shape (n_factors,)."""
        return self.unit_features[self.interactions.movie].mean(axis=0)

    def rank(self, user: int | None) -> FloatArray:
        """Return how near each movie is to what the user likes, shape (n_movies,)."""
        if user is None:
            return super().rank(None)
        history = self.interactions.history
        unit = self.unit_features
        profile = liking(history.values_of(user)) @ (unit[history.columns_of(user)] - self.centre)
        length = float(np.linalg.norm(profile))
        return unit @ (profile / length) if length > 0 else np.zeros(len(unit))


def content_features(data: Interactions, dataset: Dataset, n_factors: int, seed: int) -> FloatArray:
    """Return reduced TF-IDF features of the catalogue, shape (n_movies, n_factors).

    Rated movies have mean squared length 1.
    """
    documents = content_terms(dataset)
    listed = [documents.get(movie_id, []) for movie_id in data.movies.ids.tolist()]
    rated = np.flatnonzero(data.movie_counts[:-1])
    corpus = [listed[position] for position in rated.tolist()]
    if not any(corpus):
        return np.zeros((len(listed), n_factors))
    vectorizer = TfidfVectorizer(analyzer=_terms, min_df=2 if len(corpus) > n_factors else 1)
    with threadpool_limits(limits=1):
        known = vectorizer.fit_transform(corpus)
        every = vectorizer.transform(listed)
        if known.shape[1] > n_factors and known.shape[0] > n_factors:
            reduction = TruncatedSVD(n_factors, random_state=seed).fit(known)
            features = reduction.transform(every)
        else:
            features = _padded(every.toarray(), n_factors)
    size = np.sqrt((features[rated] ** 2).sum(axis=1).mean())
    scaled: FloatArray = features / size if size > 0 else features
    return scaled


def content_terms(dataset: Dataset) -> dict[Hashable, list[str]]:
    """Return the terms of each movie by id, each with the kind of fact in front."""
    terms: dict[Hashable, list[str]] = {
        row.movie_id: _movie_terms(row) for row in dataset.movies.itertuples(index=False)
    }
    if dataset.credits is not None:
        for row in dataset.credits.itertuples(index=False):
            terms.setdefault(row.movie_id, []).extend(_credit_terms(row))
    if dataset.tags is not None:
        tags = pd.DataFrame(
            {"movie_id": dataset.tags["movie_id"], "tag": dataset.tags["tag"].str.lower()}
        ).drop_duplicates()
        for row in tags.itertuples(index=False):
            terms.setdefault(row.movie_id, []).append(f"tag:{row.tag}")
    return terms


def _movie_terms(row: Any) -> list[str]:
    decade = [] if pd.isna(row.year) else [f"decade:{int(row.year) // 10 * 10}"]
    return [*_split("genre", row.genres), *decade]


def _credit_terms(row: Any) -> list[str]:
    columns: Mapping[str, str] = {
        "director": row.directors,
        "actor": row.cast,
        "keyword": row.keywords,
        "language": row.language,
    }
    return [term for kind, text in columns.items() for term in _split(kind, text)]


def _split(kind: str, text: str) -> list[str]:
    return [f"{kind}:{value.lower()}" for value in text.split("|") if value]


def _terms(document: list[str]) -> list[str]:
    return document


def _padded(features: FloatArray, width: int) -> FloatArray:
    padded = np.zeros((features.shape[0], max(width, features.shape[1])))
    padded[:, : features.shape[1]] = features
    return padded


__all__ = ["ContentScorer", "IntArray", "content_features", "content_terms"]
