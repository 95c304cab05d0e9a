"""Movies as points in a space of content: TF-IDF over what is known of them, reduced."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.utils.extmath import randomized_svd

from recommender.models.indexed import Floats
from recommender.schema import Dataset

#: Movies in which a term must occur to say anything about likeness.
_MIN_MOVIES = 2
_ERA_YEARS = 10
_POWER_ITERATIONS = 7
#: Lengths below this are rounding.
_ROUNDING = 1e-12


def content_features(
    terms: list[list[str]], rated: npt.NDArray[np.bool_], n_features: int, seed: int
) -> Floats:
    """Return features of all movies, shape (n_movies, d), rows of unit length or zero.

    Vocabulary, document frequencies and the reduction to ``d <= n_features`` dimensions (latent
    semantic analysis, Deerwester et al. 1990) are learned from rated movies only and then applied
    to the whole catalogue, so that a new movie gets features without having taken part.

    Args:
        terms: Of each movie, as `movie_terms` gives them.
        rated: Shape (n_movies,), which movies are rated.
        n_features: Most dimensions.
        seed: Seed of the randomized decomposition.
    """
    weights = term_weights(terms, rated)
    n_kept = min(n_features, *weights[rated].shape)
    if n_kept == 0:
        return np.zeros((len(rated), 1))
    _, _, directions = randomized_svd(
        weights[rated], n_components=n_kept, n_iter=_POWER_ITERATIONS, random_state=seed
    )
    features = np.asarray(weights @ directions.T, dtype=np.float64)
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    unit = np.divide(features, lengths, out=np.zeros_like(features), where=lengths > _ROUNDING)
    return np.asarray(unit)


def term_weights(terms: list[list[str]], rated: npt.NDArray[np.bool_]) -> sp.csr_array:
    """Return TF-IDF weights of all movies, shape (n_movies, n_terms), rows of unit length or zero.

    Args:
        terms: Of each movie.
        rated: Shape (n_movies,), the movies from which vocabulary and frequencies are learned.
    """
    learned = [movie for movie, is_rated in zip(terms, rated.tolist(), strict=True) if is_rated]
    counts = pd.Series([term for movie in learned for term in set(movie)]).value_counts()
    vocabulary = sorted(counts.index[counts >= _MIN_MOVIES])
    if not vocabulary:
        return sp.csr_array((len(terms), 0))
    vectorizer = TfidfVectorizer(analyzer=_as_it_is, vocabulary=vocabulary, lowercase=False)
    vectorizer.fit(learned)
    return sp.csr_array(vectorizer.transform(terms))


def movie_terms(dataset: Dataset) -> list[list[str]]:
    """Return the terms of each movie of the sorted catalogue, each with its kind in front.

    Genres, directors, cast, keywords, language, tags and era, as far as they are known.
    """
    movies = dataset.movies.sort_values("movie_id", ignore_index=True)
    columns = {"genre": movies["genres"], "tag": _tags(dataset, movies)}
    if dataset.credits is not None:
        credited = dataset.credits.set_index("movie_id").reindex(movies["movie_id"])
        for kind, column in _CREDIT_TERMS.items():
            columns[kind] = credited[column].fillna("")
    terms: list[list[str]] = [list(_era_terms(year)) for year in movies["year"]]
    for kind, values in columns.items():
        for own, text in zip(terms, values, strict=True):
            own.extend(f"{kind}:{value}" for value in text.split("|") if value)
    return terms


_CREDIT_TERMS = {
    "director": "directors",
    "cast": "cast",
    "keyword": "keywords",
    "language": "language",
}


def _era_terms(year: object) -> Iterator[str]:
    """Yield two overlapping decades, so that neighbouring years share one at least."""
    if isinstance(year, int | np.integer):
        yield f"era:{year // _ERA_YEARS * _ERA_YEARS}"
        yield f"era:{(year + _ERA_YEARS // 2) // _ERA_YEARS * _ERA_YEARS - _ERA_YEARS // 2}"


def _tags(dataset: Dataset, movies: pd.DataFrame) -> pd.Series:
    if dataset.tags is None or dataset.tags.empty:
        return pd.Series([""] * len(movies))
    tags = dataset.tags.assign(tag=dataset.tags["tag"].str.lower().str.strip())
    distinct = tags.drop_duplicates(["movie_id", "tag"]).sort_values(["movie_id", "tag"])
    distinct = distinct[distinct["tag"].str.find("|") < 0]
    joined = distinct.groupby("movie_id")["tag"].agg("|".join)
    return joined.reindex(movies["movie_id"]).fillna("")


def _as_it_is(terms: list[str]) -> list[str]:
    return terms
