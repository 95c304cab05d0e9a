"""The weights of the rating blend, by cross-validation on the training data (stacking).

Some folds hold out ratings by chance, and some users and movies with all of theirs, so that the
weights for someone or something new are learned as well as those for the known (Wolpert 1992,
"Stacked generalization"). Others hold out what came latest, since a service estimates what comes
next, from viewers whose taste has moved on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Self

import numpy as np
import numpy.typing as npt

from recommender.inference.components import RATING_PARTS
from recommender.inference.estimates import FactorEstimates, blend_features
from recommender.inference.intervals import support_classes
from recommender.models.bias import fit_bias
from recommender.models.content import fit_content
from recommender.models.factorization_machine import fit_factorization_machine
from recommender.models.features import content_features
from recommender.models.gradient_descent import OnEpoch
from recommender.models.indexed import Floats, IndexedRatings
from recommender.models.taste import fit_taste
from recommender.settings import ModelParams

BoolArray = npt.NDArray[np.bool_]
Classes = npt.NDArray[np.uint8]
#: Held-out ratings that it takes to outweigh the assumption that all parts are equally good.
_PRIOR_ROWS = 100.0
#: Training ratings that a fold must leave.
_FEWEST_LEFT = 10


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Held-out ratings with what each part estimates for them.

    Attributes:
        features: Shape (n, 1 + parts), as `blend_features` gives them.
        stars: Shape (n,).
        user_support: Shape (n,), how many ratings of the user the parts had; see
            `support_classes`.
        movie_support: Shape (n,), likewise of the movie.
        is_latest: Whether these ratings came after all that the parts learned from.
    """

    features: Floats
    stars: Floats
    user_support: Classes
    movie_support: Classes
    is_latest: bool

    @property
    def known_users(self) -> BoolArray:
        """Shape (n,), whether the parts had ratings of the user."""
        return self.user_support > 0

    @property
    def known_movies(self) -> BoolArray:
        """Shape (n,), whether the parts had ratings of the movie."""
        return self.movie_support > 0

    def only(self, rows: slice) -> Self:
        """Return some of the ratings."""
        return replace(
            self,
            features=self.features[rows],
            stars=self.stars[rows],
            user_support=self.user_support[rows],
            movie_support=self.movie_support[rows],
        )

    def blend(self, weights: Floats) -> Floats:
        """Return the blended estimates, shape (n,), not yet limited to the scale.

        Args:
            weights: Shape (2, 2, 1 + parts), as `blend_weights` gives them.
        """
        chosen = weights[self.known_users.astype(np.intp), self.known_movies.astype(np.intp)]
        return np.asarray(np.einsum("nk,nk->n", self.features, chosen))


def fit_rating_parts(
    data: IndexedRatings,
    terms: list[list[str]],
    features: Floats,
    params: ModelParams,
    seed: int,
    *,
    on_epoch: OnEpoch | None = None,
) -> dict[str, FactorEstimates]:
    """Return the models whose estimates are blended, by name, in the order of `RATING_PARTS`.

    Args:
        data: The ratings.
        terms: Content terms of each movie.
        features: Content features of the movies, learned from the movies rated in ``data``.
        params: Hyper-parameters.
        seed: Seed of every random choice.
        on_epoch: Told of each epoch of a factorization machine by gradient descent.
    """
    fits = rating_part_fits(data, terms, features, params, seed, on_epoch=on_epoch)
    return {name: fit() for name, fit in fits.items()}


def rating_part_fits(
    data: IndexedRatings,
    terms: list[list[str]],
    features: Floats,
    params: ModelParams,
    seed: int,
    *,
    on_epoch: OnEpoch | None = None,
) -> dict[str, Callable[[], FactorEstimates]]:
    """Return what fits each of the models; see `fit_rating_parts`."""
    bias = cache(lambda: fit_bias(data, params.bias_user_damping, params.bias_movie_damping))
    fits: dict[str, Callable[[], FactorEstimates]] = {
        "bias": bias,
        "content": lambda: fit_content(data, features, params, bias()),
        "taste": lambda: fit_taste(data, params, seed, bias()),
        "fm": lambda: fit_factorization_machine(data, terms, params, seed, on_epoch),
    }
    return {name: fits[name] for name in RATING_PARTS}


def held_out_folds(
    data: IndexedRatings, params: ModelParams, seed: int
) -> Iterator[tuple[IndexedRatings, IndexedRatings]]:
    """Yield pairs of ratings to learn from and ratings held out.

    First folds by chance, each with other ratings, users and movies as far as there are enough;
    then the latest ratings: those before a moment against those from there until the next.
    Folds that would leave next to nothing to learn from are passed over.
    """
    for past, rest in (*_random_folds(data, params, seed), *_latest_folds(data, params)):
        if len(past) >= _FEWEST_LEFT and len(rest):
            yield past, rest


def _random_folds(
    data: IndexedRatings, params: ModelParams, seed: int
) -> Iterator[tuple[IndexedRatings, IndexedRatings]]:
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(size) for size in (len(data), data.n_users, data.n_movies)]
    for fold in range(params.blend_folds):
        ratings, users, movies = (_fold_of(order, fold, params.blend_holdout) for order in orders)
        held_out = ratings | users[data.users] | movies[data.movies]
        yield data.only(~held_out), data.only(held_out)


def _latest_folds(
    data: IndexedRatings, params: ModelParams
) -> Iterator[tuple[IndexedRatings, IndexedRatings]]:
    size = int(params.blend_latest * len(data))
    rows = np.arange(len(data))
    for fold in range(params.blend_cuts, 0, -1):
        start = len(data) - fold * size
        yield data.only(rows < start), data.only((rows >= start) & (rows < start + size))


def hold_out(
    terms: list[list[str]],
    train: IndexedRatings,
    rest: IndexedRatings,
    params: ModelParams,
    seed: int,
) -> HeldOut:
    """Return what parts fitted on ``train`` estimate for the ratings of ``rest``.

    The factorization machine's chain is shorter here than in the model: its weight comes out
    nearly the same.

    Args:
        terms: Content terms of each movie.
        train: What is learned from, content vocabulary included.
        rest: What is held out.
        params: Hyper-parameters.
        seed: Seed of every random choice.
    """
    features = content_features(terms, train.movie_counts > 0, params.content_factors, seed)
    shorter = replace(params, fm_iterations=params.fm_blend_iterations)
    parts = fit_rating_parts(train, terms, features, shorter, seed)
    estimates = [part.pairs(rest.users, rest.movies) for part in parts.values()]
    return HeldOut(
        features=blend_features(estimates),
        stars=rest.stars,
        user_support=support_classes(train.user_counts)[rest.users],
        movie_support=support_classes(train.movie_counts)[rest.movies],
        is_latest=bool(train.timestamps[-1] <= rest.timestamps[0]),
    )


def blend_weights(folds: Sequence[HeldOut]) -> Floats:
    """Return the weights of each regime, shape (2, 2, 1 + parts); see `BlendEstimates`.

    A ridge regression of the held-out stars, shrunk towards an even blend.

    Args:
        folds: May be empty; then the blend is even.
    """
    n_features = 1 + len(RATING_PARTS)
    even = np.full(n_features, 1.0 / len(RATING_PARTS))
    even[:2] = 0.0, 1.0
    weights = np.tile(even, (2, 2, 1))
    for regime in np.ndindex(2, 2):
        rows = [
            (fold.known_users == bool(regime[0])) & (fold.known_movies == bool(regime[1]))
            for fold in folds
        ]
        features = [fold.features[chosen] for fold, chosen in zip(folds, rows, strict=True)]
        stars = [fold.stars[chosen] for fold, chosen in zip(folds, rows, strict=True)]
        if any(len(item) for item in stars):
            weights[regime] = shrunk_least_squares(
                np.concatenate(features), np.concatenate(stars), even
            )
    return weights


def shrunk_least_squares(features: Floats, stars: Floats, prior: Floats) -> Floats:
    """Return the least-squares weights shrunk towards ``prior`` as by `_PRIOR_ROWS` more rows.

    Args:
        features: Shape (n, k).
        stars: Shape (n,).
        prior: Shape (k,).
    """
    penalty = np.diag(_PRIOR_ROWS * (features**2).mean(axis=0) + 1e-6)
    residuals = stars - features @ prior
    return prior + np.linalg.solve(features.T @ features + penalty, features.T @ residuals)


def _fold_of(order: npt.NDArray[np.int64], fold: int, share: float) -> BoolArray:
    size = int(share * order.size)
    chosen = np.zeros(order.size, dtype=np.bool_)
    chosen[np.roll(order, -fold * size)[:size]] = True
    return chosen
