"""What a model knows of movies and users, looked up for many of them at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recommender.inference import Recommender
from recommender.scale import FloatArray, IntArray

Ids = IntArray | Sequence[int]
#: What a movie without genres counts as.
NO_GENRE = "(none)"


class ModelFacts:
    """Values of columns, the same in training and in live traffic.

    Args:
        recommender: The model.
    """

    def __init__(self, recommender: Recommender) -> None:
        self._recommender = recommender
        movies = recommender.movie_ids
        self._movies = np.asarray(movies, dtype=np.int64)
        years = [recommender.year(int(movie)) for movie in movies]
        self._years = np.array([np.nan if year is None else year for year in years], np.float64)
        self._popularity = np.rint(np.asarray(recommender.facts.counts, dtype=np.float64))
        genres = [recommender.genres(int(movie)) or (NO_GENRE,) for movie in movies]
        self._n_genres = np.array([len(names) for names in genres], dtype=np.int64)
        self._genre_starts = np.concatenate([[0], np.cumsum(self._n_genres)])
        self._genres = np.array([name for names in genres for name in names], dtype=object)

    @property
    def n_movies(self) -> int:
        """Number of movies in the catalogue."""
        return self._movies.size

    @property
    def mean_popularity(self) -> float:
        """Training ratings of a movie, on average."""
        return float(self._popularity.mean())

    def count_known(self, movie_ids: Ids) -> int:
        """Return how many of the movies are in the catalogue."""
        return self._places(movie_ids).size

    def years(self, movie_ids: Ids) -> FloatArray:
        """Return the years of movies; those without one, or unknown to the model, are left out."""
        years = self._years[self._places(movie_ids)]
        return years[~np.isnan(years)]

    def popularity(self, movie_ids: Ids) -> FloatArray:
        """Return how many training ratings each movie has that the model knows."""
        return self._popularity[self._places(movie_ids)]

    def genres(self, movie_ids: Ids) -> npt.NDArray[np.object_]:
        """Return every genre of every movie that the model knows, `NO_GENRE` for none."""
        places = self._places(movie_ids)
        counts = self._n_genres[places]
        # Of each movie the places of its genres: its start, and one more for each further genre.
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        names: npt.NDArray[np.object_] = self._genres[
            np.repeat(self._genre_starts[places], counts) + within
        ]
        return names

    def activity(self, user_ids: Ids) -> FloatArray:
        """Return by how many training ratings the model knows each user; 0 for a stranger."""
        users, places = np.unique(np.asarray(user_ids, dtype=np.int64), return_inverse=True)
        known = [self._recommender.history(int(user))[0].size for user in users]
        return np.array(known, dtype=np.float64)[places]

    def estimates(self, user_ids: Ids, movie_ids: Ids) -> FloatArray:
        """Return the estimated ratings of pairs, in stars."""
        users = np.asarray(user_ids, dtype=np.int64)
        return self._recommender.predict(users, np.asarray(movie_ids, dtype=np.int64))

    def _places(self, movie_ids: Ids) -> IntArray:
        movies = np.asarray(movie_ids, dtype=np.int64)
        places = np.minimum(np.searchsorted(self._movies, movies), self._movies.size - 1)
        known: IntArray = places[self._movies[places] == movies]
        return known
