"""Fold-in: a user's bias and factors from any number of ratings, without training again.

A factor model estimates ``mean + b_i + x_i . p`` with ``x_i = (1, q_i)`` and ``p = (b_u, p_u)``.
With the movie side held fixed, a user's ``p`` is a ridge regression with a closed form, which is
one half-step of alternating least squares (Hu, Koren and Volinsky 2008, section 4) with a prior in
place of a bare penalty: the most likely ``p`` under ``p ~ N(c, noise P^-1)`` and ratings with
``noise``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from recommender.inference.estimates import FactorEstimates, Scores
from recommender.inference.histories import History
from recommender.inference.identifiers import UNKNOWN
from recommender.scale import FloatArray

#: Pseudo-ratings that pull to 0 what a user's choice of movies says.
CHOICE_DAMPING = 10.0


@dataclass(frozen=True, eq=False)
class UserPrior:
    """What a factor model with ``d`` factors expects of a user beyond their stars.

    The expectation of ``p`` is ``centre + t (f - middle) @ loadings``, with ``f`` the mean factors
    of the movies that the user chose to rate and ``t = n / (n + CHOICE_DAMPING)``.

    Attributes:
        centre: Shape (1 + d,), the bias first.
        precision: Shape (1 + d, 1 + d), positive definite: the inverse of the covariance of ``p``
            times the variance of a rating.
        middle: Shape (d,), the mean factors of what a user chooses.
        loadings: Shape (d, 1 + d), zeros where choices say nothing.
        per_rating: Shape (1 + d,), what each rating adds to the penalty on the squares of ``p``.
    """

    centre: FloatArray
    precision: FloatArray
    middle: FloatArray
    loadings: FloatArray
    per_rating: FloatArray

    @classmethod
    def ridge(cls, n_factors: int, penalty: float, per_rating: float = 0.0) -> Self:
        """Return the prior of a plain ridge penalty on bias and factors."""
        size = 1 + n_factors
        return cls(
            centre=np.zeros(size),
            precision=penalty * np.eye(size),
            middle=np.zeros(n_factors),
            loadings=np.zeros((n_factors, size)),
            per_rating=np.full(size, per_rating),
        )

    def to_arrays(self, name: str) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of a bundle for the model ``name``."""
        return {f"{name}.prior_{item.name}": getattr(self, item.name) for item in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Any, name: str) -> Self:
        """Return the prior that `to_arrays` wrote."""
        return cls(*(arrays[f"{name}.prior_{item.name}"] for item in fields(cls)))


@dataclass(frozen=True, eq=False)
class FoldIn:
    """The normal equations of one user.

    They minimise ``sum_j ((e_j - x_j . p)^2 + p' L p) + (p - c)' P (p - c)`` over the user's ``n``
    ratings, where ``e_j = r_j - mean - b_j`` and ``L`` is diagonal: with ``G = X'X + n L + P``,
    ``G p = X'e + P c``.

    Attributes:
        design: Shape (n, 1 + d), ``X``.
        residuals: Shape (n,), ``e``.
        gram: Shape (1 + d, 1 + d), ``G``.
        prior: Where ``L``, ``P`` and ``c`` come from.
    """

    design: Scores
    residuals: Scores
    gram: Scores
    prior: UserPrior

    @classmethod
    def of(cls, model: FactorEstimates, prior: UserPrior, history: History) -> Self:
        """Return the equations of someone with this history."""
        design = np.empty((history.movies.size, 1 + model.movie_factors.shape[1]))
        design[:, 0] = 1.0
        design[:, 1:] = model.movie_factors[history.movies]
        residuals = np.asarray(history.stars, dtype=np.float64) - model.mean
        residuals -= model.movie_bias[history.movies]
        gram = np.asarray(design.T @ design + prior.precision, dtype=np.float64)
        gram[np.diag_indices_from(gram)] += residuals.size * prior.per_rating
        return cls(design, residuals, gram, prior)

    def weights(self) -> Scores:
        """Return ``p``, shape (1 + d,), the bias first."""
        prior = self.prior
        chosen = self._choice_weights() @ self.design[:, 1:] - self._trust * prior.middle
        expected = prior.centre + chosen @ prior.loadings
        pull = self.residuals @ self.design + prior.precision @ expected
        return np.asarray(np.linalg.solve(self.gram, pull))

    def split(self, direction: FloatArray) -> tuple[Scores, float]:
        """Return ``direction . p`` as a sum over the ratings and what is expected without any.

        ``p`` is linear in the stars and in the factors of what was chosen, so that each rating
        has a share: ``(d . G^-1 x_j) e_j`` and that of ``x_j`` in ``P c``.

        Args:
            direction: Shape (1 + d,).

        Returns:
            The shares of the ratings, shape (n,), and the rest.
        """
        prior = self.prior
        solved = np.linalg.solve(self.gram, np.asarray(direction, dtype=np.float64))
        pulled = prior.precision @ solved
        by_choice = prior.loadings @ pulled
        shares = (self.design @ solved) * self.residuals
        shares += self._choice_weights() * (self.design[:, 1:] @ by_choice)
        rest = prior.centre @ pulled - self._trust * (prior.middle @ by_choice)
        return shares, float(rest)

    @property
    def _trust(self) -> float:
        return self.residuals.size / (self.residuals.size + CHOICE_DAMPING)

    def _choice_weights(self) -> Scores:
        """Return the weight of each rated movie in what the choice says, shape (n,)."""
        n = self.residuals.size
        return np.full(n, 1.0 / (n + CHOICE_DAMPING))


@dataclass(frozen=True, eq=False)
class FoldedUser:
    """One user of a factor model, by fold-in.

    What training found in a user's ratings beyond the fold-in of the very same ratings is kept
    when the history changes, so that no new rating means no change.

    Attributes:
        fold: The user's equations.
        trained: Shape (1 + d,), trained bias and factors less those folded in from the training
            ratings; zeros for someone who was not trained on.
    """

    fold: FoldIn
    trained: Scores

    @classmethod
    def of(
        cls,
        model: FactorEstimates,
        prior: UserPrior,
        history: History,
        *,
        user: int,
        stored: History,
    ) -> Self:
        """Return the user with this history.

        Args:
            model: The trained model.
            prior: What it expects of users.
            history: All ratings of the user.
            user: Position of a trained user, or `UNKNOWN`.
            stored: The ratings with which that user was trained.
        """
        fold = FoldIn.of(model, prior, history)
        if user == UNKNOWN:
            return cls(fold, np.zeros_like(prior.centre))
        trained = np.append(model.user_bias[user], model.user_factors[user])
        return cls(fold, trained - FoldIn.of(model, prior, stored).weights())

    def weights(self) -> Scores:
        """Return bias and factors, shape (1 + d,)."""
        return self.fold.weights() + self.trained

    def in_place_of_users(self, model: FactorEstimates) -> FactorEstimates:
        """Return ``model`` with this user, at position 0, and the unknown one as its only users."""
        weights = self.weights()
        return FactorEstimates(
            mean=model.mean,
            user_bias=np.array([weights[0], model.user_bias[UNKNOWN]]),
            movie_bias=model.movie_bias,
            user_factors=np.stack([weights[1:], model.user_factors[UNKNOWN]]),
            movie_factors=model.movie_factors,
        )
