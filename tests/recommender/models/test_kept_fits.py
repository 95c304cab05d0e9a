from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommender.models.ials import fit_ials
from recommender.models.indexed import IndexedRatings
from recommender.models.kept_fits import KeptImplicitFits
from recommender.schema import Dataset
from recommender.settings import ModelParams

PARAMS = ModelParams(ials_factors=4, ials_epochs=2)


@pytest.fixture(scope="module")
def data(ratings_of_taste: Dataset) -> IndexedRatings:
    return IndexedRatings.of(ratings_of_taste)


def test_what_was_fitted_once_is_not_fitted_again(
    data: IndexedRatings, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = KeptImplicitFits()
    first = kept(data, PARAMS, 1)
    monkeypatch.setattr("recommender.models.kept_fits.fit_ials", None)
    again = kept(replace(data), replace(PARAMS, ease_regularization=7.0), 1)
    assert again is first
    assert again.factors.tobytes() == fit_ials(data, PARAMS, 1).factors.tobytes()


def test_all_on_which_a_fit_depends_tells_it_from_others(data: IndexedRatings) -> None:
    kept = KeptImplicitFits()
    later = data.only(np.arange(len(data)) > 0)
    stars = replace(data, stars=data.stars[::-1].copy())
    kept(data, PARAMS, 1)
    kept(later, PARAMS, 1)
    kept(stars, PARAMS, 1)
    kept(data, PARAMS, 2)
    kept(data, replace(PARAMS, ials_alpha=PARAMS.ials_alpha + 1.0), 1)
    assert len(kept) == 5
    assert kept(later, PARAMS, 1).factors.tobytes() == fit_ials(later, PARAMS, 1).factors.tobytes()


def test_the_oldest_fits_make_room(data: IndexedRatings) -> None:
    one = KeptImplicitFits(most_bytes=data.n_movies * PARAMS.ials_factors * 4)
    first = one(data, PARAMS, 1)
    assert one(data, PARAMS, 1) is first
    one(data, PARAMS, 2)
    assert len(one) == 1
    assert one(data, PARAMS, 1) is not first
