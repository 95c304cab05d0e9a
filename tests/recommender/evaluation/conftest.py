"""Tiny data sets whose right answers are known, and recommenders for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

from recommender.scale import FloatArray, IntArray
from recommender.schema import CREDIT_DTYPES, MOVIE_DTYPES, RATING_DTYPES, Dataset, Split
from recommender.scorer import Recommendations

Rows = Sequence[tuple[int, int, float]]


def ratings_frame(rows: Rows, start: int = 0) -> pd.DataFrame:
    """Return a ratings frame of (user, movie, rating) rows, one second apart."""
    table = [(*row, start + second) for second, row in enumerate(rows)]
    return pd.DataFrame(table, columns=list(RATING_DTYPES)).astype(RATING_DTYPES)


def movies_frame(
    movie_ids: Sequence[int], titles: Sequence[str], genres: Sequence[str]
) -> pd.DataFrame:
    columns = {"movie_id": movie_ids, "title": titles, "year": 2000, "genres": genres}
    return pd.DataFrame(columns).astype(MOVIE_DTYPES)


def tiny_split(train: Rows, test: Rows, validation: Rows = (), n_movies: int = 6) -> Split:
    """Return a temporal split over movies 1 to ``n_movies``."""
    ids = list(range(1, n_movies + 1))
    movies = movies_frame(ids, [f"Film {i}" for i in ids], ["Drama"] * n_movies)
    dataset = Dataset("tiny", "d" * 64, ratings_frame(train), movies)
    return Split(
        train=dataset,
        validation=ratings_frame(validation, 1000),
        test=ratings_frame(test, 2000),
        method="temporal",
        seed=1,
        train_end=1000,
        validation_end=2000,
    )


class FixedModel:
    """Recommends given lists in full and estimates what a function says."""

    def __init__(
        self,
        lists: dict[int, list[int]],
        estimate: Callable[[IntArray, IntArray], FloatArray] | float = 3.0,
        name: str = "fixed",
    ) -> None:
        self.lists = lists
        self.estimate = estimate
        self.name = name
        self.asked: list[int] = []

    def predict(self, user_ids: IntArray, movie_ids: IntArray) -> FloatArray:
        if callable(self.estimate):
            return self.estimate(user_ids, movie_ids)
        return np.full(len(user_ids), self.estimate)

    def recommend(self, user_id: int, k: int, *, exclude_seen: bool = True) -> Recommendations:
        self.asked.append(user_id)
        assert not exclude_seen
        movies = np.array(self.lists.get(user_id, self.lists.get(0, [])), dtype=np.int32)[:k]
        return Recommendations(user_id, movies, -np.arange(movies.size, dtype=float), "personal")


_FILMS_A_BLOCK = 45
_USERS = 40


def block_split(*, with_credits: bool = True, cold: bool = True) -> Split:
    """Return two blocks of films, each loved by half of the users; the last two films are cold."""
    rng = np.random.default_rng(5)
    ids = np.arange(1, 2 * _FILMS_A_BLOCK + 1)
    block = (ids > _FILMS_A_BLOCK).astype(int)
    titles = [f"{'Alpha' if i <= _FILMS_A_BLOCK else 'Omega'} {_letters(i)}" for i in ids.tolist()]
    for name, first in (("Comet", 1), ("Harvest", 1 + _FILMS_A_BLOCK)):
        titles[first - 1 : first + 3] = [name, f"{name} II", f"{name} 3", f"{name}: The Return"]
    genres = np.where(block == 0, "Action|Sci-Fi", "Romance|Comedy")
    warm = ids[~np.isin(ids, [_FILMS_A_BLOCK, 2 * _FILMS_A_BLOCK])] if cold else ids
    weights = 1.0 / (1.0 + (warm - 1) % _FILMS_A_BLOCK)
    rows = []
    for user in range(1, _USERS + 1):
        liked = user % 2
        for side, size in ((liked, 22), (1 - liked, 3)):
            p = weights * (block[warm - 1] == side)
            for movie in rng.choice(warm, size=size, replace=False, p=p / p.sum()).tolist():
                stars = rng.choice([4.0, 4.5, 5.0] if side == liked else [1.0, 1.5, 2.0])
                rows.append((user, movie, float(stars)))
    dataset = Dataset(
        "blocks",
        "b" * 64,
        ratings_frame(rows),
        movies_frame(ids.tolist(), titles, genres.tolist()),
        credits=_credits(ids) if with_credits else None,
    )
    empty = ratings_frame([])
    return Split(dataset, empty, empty, "temporal", seed=1, train_end=10**6, validation_end=10**6)


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def _credits(ids: IntArray) -> pd.DataFrame:
    columns = {
        "movie_id": ids,
        "directors": [f"Director {_letters(i // 3)}" for i in ids.tolist()],
        "cast": "",
        "keywords": "",
        "language": "en",
        "runtime": 100,
    }
    return pd.DataFrame(columns).astype(CREDIT_DTYPES)


def ids_of_directors(split: Split) -> IntArray:
    if split.train.credits is None:
        return np.arange(len(split.train.movies))
    return np.unique(split.train.credits["directors"], return_inverse=True)[1]


class NeighbourModel:
    """A sound recommender: films are near that share users, genres or directors."""

    name = "neighbour"

    def __init__(self, split: Split) -> None:
        train = split.train
        self.movie_ids = train.movies["movie_id"].to_numpy()
        self._titles = dict(zip(self.movie_ids.tolist(), train.movies["title"], strict=True))
        self._scale = train.scale
        users, movies = train.ratings["user_id"].to_numpy(), train.ratings["movie_id"].to_numpy()
        self._histories = {
            int(user): (movies[users == user], train.ratings["rating"].to_numpy()[users == user])
            for user in np.unique(users)
        }
        loved = np.zeros((users.max() + 1, self.movie_ids.size))
        loved[users, self._at(movies)] = train.ratings["rating"].to_numpy() >= 4.0
        self.popularity = np.bincount(self._at(movies), minlength=self.movie_ids.size)
        norms = np.linalg.norm(loved, axis=0) + 1.0
        genres = train.movies["genres"].to_numpy()
        same = (genres[:, np.newaxis] == genres).astype(float)
        directors = ids_of_directors(split)
        by_one = (directors[:, np.newaxis] == directors).astype(float)
        self._near = loved.T @ loved / np.outer(norms, norms) + 0.2 * same + 0.2 * by_one

    def _at(self, movie_ids: IntArray) -> IntArray:
        return np.searchsorted(self.movie_ids, movie_ids)

    def title(self, movie_id: int) -> str:
        return str(self._titles[movie_id])

    def seen(self, user_id: int) -> IntArray:
        return self._histories.get(user_id, (self.movie_ids[:0], None))[0]

    def predict(self, user_ids: IntArray, movie_ids: IntArray) -> FloatArray:
        pairs = zip(np.asarray(user_ids).tolist(), np.asarray(movie_ids).tolist(), strict=True)
        return self._scale.clip(np.array([self._estimate(*pair) for pair in pairs]))

    def _estimate(self, user_id: int, movie_id: int) -> float:
        if user_id not in self._histories or movie_id not in self._titles:
            return 3.0
        movies, ratings = self._histories[user_id]
        weights = self._near[self._at(np.array([movie_id]))[0], self._at(movies)] + 1e-9
        return float(weights @ ratings / weights.sum())

    def recommend(self, user_id: int, k: int, *, exclude_seen: bool = True) -> Recommendations:
        if user_id not in self._histories:
            return self._ranked(
                user_id, self.popularity.astype(float), self.movie_ids[:0], k, "popular"
            )
        movies, ratings = self._histories[user_id]
        seen = movies if exclude_seen else movies[:0]
        return self._ranked(user_id, self._scores(movies, ratings), seen, k, "personal")

    def recommend_for_history(
        self, movie_ids: IntArray, ratings: FloatArray, k: int
    ) -> Recommendations:
        return self._ranked(-1, self._scores(movie_ids, ratings), movie_ids, k, "personal")

    def similar(self, movie_id: int, k: int) -> tuple[IntArray, FloatArray]:
        scores = self._near[self._at(np.array([movie_id]))[0]]
        ranked = self._ranked(-1, scores, np.array([movie_id]), k, "content")
        return ranked.movie_ids, ranked.scores

    def _scores(self, movie_ids: IntArray, ratings: FloatArray) -> FloatArray:
        return self._near[:, self._at(movie_ids)] @ (np.asarray(ratings, dtype=float) - 2.5)

    def _ranked(self, user_id, scores, excluded, k, path):  # type: ignore[no-untyped-def]
        order = np.lexsort((self.movie_ids, -scores))
        order = order[~np.isin(self.movie_ids[order], excluded)][:k]
        return Recommendations(user_id, self.movie_ids[order], scores[order], path)


@pytest.fixture(scope="session")
def make_split() -> Callable[..., Split]:
    return tiny_split


@pytest.fixture(scope="session")
def fixed_model() -> type[FixedModel]:
    return FixedModel


@pytest.fixture(scope="session")
def make_blocks() -> Callable[..., Split]:
    return block_split


@pytest.fixture(scope="session")
def blocks() -> Split:
    return block_split()


@pytest.fixture(scope="session")
def neighbour_model() -> type[NeighbourModel]:
    return NeighbourModel
