from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from recommender.errors import BundleError
from recommender.inference import Recommender
from serving.models.loading import load, probe
from tests.serving.models.conftest import Shop

Arrays = dict[str, npt.NDArray[Any]]


def test_a_sound_bundle_is_loaded_and_answers(shop: Shop) -> None:
    model = load(shop.folder, shop.models["1"], 16)
    assert (model.version, model.digest) == ("1", shop.models["1"].digest)
    assert model.bundle.digest == model.digest
    assert model.recommender.recommend(1, 5).path == "personal"
    assert 0.0 < model.load_seconds < 60.0


def no_users_factors(arrays: Arrays) -> None:
    arrays["svd.user_factors"] = arrays["svd.user_factors"][:, :1]
    arrays["fm.user_factors"] = arrays["fm.user_factors"][:1]


def short_catalogue(arrays: Arrays) -> None:
    arrays["signal.trending"] = arrays["signal.trending"][:5]


def foreign_movies(arrays: Arrays) -> None:
    arrays["ease.movies"] = arrays["ease.movies"] + 10**6


@pytest.mark.parametrize("change", [no_users_factors, short_catalogue, foreign_movies])
def test_arrays_that_do_not_fit_together_are_refused(shop: Shop, change: Any) -> None:
    shop.make("3", change)
    with pytest.raises(BundleError, match="breaks when it is asked"):
        load(shop.folder, shop.models["3"], 16)


def test_a_missing_array_is_refused_by_name(shop: Shop) -> None:
    def lose(arrays: Arrays) -> None:
        del arrays["ials.gram"]

    shop.make("3", lose)
    with pytest.raises(BundleError, match=r"ials\.gram"):
        load(shop.folder, shop.models["3"], 16)


def test_numbers_that_overflow_are_refused_by_the_probe(shop: Shop) -> None:
    def overflow(arrays: Arrays) -> None:
        for name in ("trending", "quality", "rising", "popularity"):
            arrays[f"signal.{name}"] = np.full_like(arrays[f"signal.{name}"], 1e308)

    shop.make("3", overflow)
    with pytest.raises(BundleError, match=r"probe|breaks"):
        load(shop.folder, shop.models["3"], 16)


class Faulty:
    """A recommender with one fault."""

    def __init__(self, sound: Recommender, fault: str) -> None:
        self._sound = sound
        self._fault = fault

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sound, name)

    def recommend(self, user_id: int, k: int) -> Any:
        shown = self._sound.recommend(user_id, k)
        movies, scores = shown.movie_ids.copy(), shown.scores.copy()
        if self._fault == "empty":
            movies, scores = movies[:0], scores[:0]
        elif self._fault == "twice":
            movies[1] = movies[0]
        elif self._fault == "foreign":
            movies[0] = 10**6
        elif self._fault == "seen" and user_id > 0:
            movies[0] = self._sound.seen(user_id)[0]
        elif self._fault == "score":
            scores[0] = np.nan
        return replace(shown, movie_ids=movies, scores=scores)

    def predict(self, users: Any, movies: Any) -> Any:
        estimates = self._sound.predict(users, movies)
        return estimates + 5.0 if self._fault == "estimate" else estimates


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("empty", "the list has not"),
        ("twice", "in the list twice"),
        ("foreign", "not in the catalogue"),
        ("seen", "seen before"),
        ("score", "a score is not finite"),
        ("estimate", "not of the rating scale"),
    ],
)
def test_the_probe_finds_each_fault(shop: Shop, fault: str, said: str) -> None:
    sound = load(shop.folder, shop.models["1"], 0).recommender
    probe(sound, 16)
    faulty: Any = Faulty(sound, fault)
    with pytest.raises(BundleError, match=said):
        probe(faulty, 16)
