from __future__ import annotations

import numpy as np
import pytest

from recommender.reference.facts import ModelFacts


class Catalogue:
    """A model of which the answers are known by eye: four movies and two users."""

    movie_ids = np.array([10, 20, 30, 40], dtype=np.int32)

    class facts:  # noqa: N801 - as the recommender has it
        counts = np.array([100.0, 50.0, 5.0, 0.0])

    def year(self, movie_id: int) -> int | None:
        return {10: 1994, 20: 2001, 30: 2001}.get(movie_id)

    def genres(self, movie_id: int) -> tuple[str, ...]:
        return {10: ("Crime", "Drama"), 20: ("Comedy",), 30: ("Drama",)}.get(movie_id, ())

    def history(self, user_id: int) -> tuple[np.ndarray, np.ndarray]:
        n_rated = {1: 3, 2: 20}.get(user_id, 0)
        return np.zeros(n_rated, np.int64), np.zeros(n_rated)

    def predict(self, user_ids: np.ndarray, movie_ids: np.ndarray) -> np.ndarray:
        return np.where(np.isin(user_ids, [1, 2]), 4.0, 3.0) + movie_ids / 1000.0


@pytest.fixture
def facts() -> ModelFacts:
    return ModelFacts(Catalogue())  # type: ignore[arg-type]
