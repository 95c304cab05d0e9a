"""Films as a model's catalogue, and the films of a data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.search.titles import Films
from recommender.data.source import Source, read_dataset
from recommender.inference.catalogue import Catalogue, Credits


def catalogue_of(films: Films) -> Catalogue:
    """Return films as a model's catalogue, without genres."""
    nothing = [""] * len(films.titles)
    texts = {
        "directors": films.directors,
        "cast": films.cast,
        "keywords": films.keywords,
        "language": nothing,
    }
    made = Credits.of(texts, [None] * len(films.titles))
    return Catalogue.of(films.titles, nothing, films.years, made)


def read_films(path: Path) -> Films:
    """Return the films of a data set in a MovieLens layout."""
    dataset = read_dataset(Source(path.stem, path))
    movies = dataset.movies.set_index("movie_id")
    counts = dataset.ratings["movie_id"].value_counts()
    texts = {kind: [""] * len(movies) for kind in ("directors", "cast", "keywords")}
    if dataset.credits is not None:
        rows = dataset.credits.set_index("movie_id").reindex(movies.index).fillna("")
        texts = {kind: rows[kind].tolist() for kind in texts}
    return Films(
        titles=movies["title"].tolist(),
        years=[None if pd.isna(year) else int(year) for year in movies["year"]],
        **texts,
        ratings=np.asarray(counts.reindex(movies.index, fill_value=0), dtype=np.float64),
    )
