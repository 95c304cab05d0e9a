"""The inner loops of matrix factorization by stochastic gradient descent, compiled by numba.

Ratings stand user by user, so that a user's row stays in the first-level cache and only movie rows
are fetched. Nothing here is checked: `gradient_descent` hands in arrays that fit together. The
loops release the GIL, so that several threads can work on different users at once: in SVD on
different movies too, in SVD++ without locks (Niu et al. 2011, "HOGWILD!"), where movies may lose an
update to each other.

Sums may be reordered, for SIMD; NaN and infinity keep their meaning, since divergence shows in
them. Scalars come in the precision of the arrays, so that each precision is compiled once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba.core import cgutils
from numba.extending import intrinsic, overload

Array = npt.NDArray[Any]
Kernel = Callable[..., float]

#: Bytes that the processor fetches at once.
_LINE = 64
#: Ratings from the one that is learned from to the one whose movie is fetched; in between the
#: memory has time to answer.
_AHEAD = 6

#: What LLVM may do with floating-point arithmetic: everything that leaves NaN and infinity alone.
_REORDER = {"reassoc", "contract", "arcp", "nsz"}


def fetch_row(rows: Array, row: Any) -> None:
    """Begin to bring ``rows[row]`` into the cache, to be changed; in Python this does nothing.

    Args:
        rows: Shape (n, d), whose rows begin with cache lines and fill them.
        row: Position.
    """


def _typed_fetch(_context: Any, rows: Any, row: Any) -> Any:
    """Return types and code of `fetch_row`: LLVM's ``prefetch`` for each line of the row."""
    return numba.types.void(rows, row), _prefetch_lines


def _prefetch_lines(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    size, number, pointer = cgutils.intp_t, cgutils.int32_t, cgutils.voidptr_t
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    row = context.cast(builder, arguments[1], signature.args[1], numba.types.int64)
    stride = cgutils.unpack_tuple(builder, array.strides)[0]
    first = builder.add(builder.ptrtoint(array.data, size), builder.mul(row, stride))
    kind = cgutils.ir.FunctionType(cgutils.ir.VoidType(), [pointer, number, number, number])
    prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    # To be written, to stay in every level, data and not code.
    hints = [number(hint) for hint in (1, 3, 1)]
    lines = cgutils.for_range_slice(builder, size(0), stride, size(_LINE), intp=size)
    with lines as (line, _):
        builder.call(prefetch, [builder.inttoptr(builder.add(first, line), pointer), *hints])
    return context.get_dummy_value()


_fetch = intrinsic(_typed_fetch)


def _compiled_fetch_row(_rows: Any, _row: Any) -> Any:
    """Return what stands for `fetch_row` in compiled code."""
    return lambda _rows, _row: _fetch(_rows, _row)  # noqa: PLW0108 - numba wants a function


# Strictly it would refuse the annotations.
overload(fetch_row, strict=False)(_compiled_fetch_row)


def _svd_epoch(  # noqa: PLR0917 - numba takes no keywords
    order: Array,
    starts: Array,
    movies: Array,
    deviations: Array,
    user_bias: Array,
    movie_bias: Array,
    user_factors: Array,
    movie_factors: Array,
    bias_rate: Any,
    rate: Any,
    penalty: Any,
) -> float:
    """Take one step for each rating of the users in ``order``; return the sum of squared errors.

    With ``e = r - m - b_u - b_i - p_u . q_i`` the step is (Koren, Bell and Volinsky 2009)

        b += bias_rate (e - penalty b)   for both biases,
        p_u += rate (e q_i - penalty p_u),   q_i += rate (e p_u - penalty q_i),

    where the right-hand sides hold the values before the step. With rates of 0 it only measures.

    Args:
        order: Shape (m,), users in the order of their turns.
        starts: Shape (n_users + 1,), where each user's ratings begin.
        movies: Shape (n,), positions.
        deviations: Shape (n,), ratings less the mean ``m``.
        user_bias: Shape (n_users + 1,), changed in place, as are the next three.
        movie_bias: Shape (n_movies + 1,).
        user_factors: Shape (n_users + 1, d).
        movie_factors: Shape (n_movies + 1, d).
        bias_rate: Learning rate of the biases; 0 for a model without them.
        rate: Learning rate of the factors.
        penalty: L2 regularization.

    Returns:
        The sum of ``e^2``, each taken before its step.
    """
    scalar = user_factors.dtype.type
    keep_bias, keep = scalar(1) - bias_rate * penalty, scalar(1) - rate * penalty
    width = user_factors.shape[1]
    unknown = len(movie_factors) - 1
    total = 0.0
    for turn in range(order.size):
        user = order[turn]
        first, last = starts[user], starts[user + 1]
        own = user_factors[user]
        own_bias = user_bias[user]
        movie = movies[first] if first < last else unknown
        product = scalar(0)
        for f in range(width):
            product += own[f] * movie_factors[movie, f]
        for at in range(first, last):
            error = deviations[at] - own_bias - movie_bias[movie] - product
            total += error * error
            own_bias = keep_bias * own_bias + bias_rate * error
            movie_bias[movie] = keep_bias * movie_bias[movie] + bias_rate * error
            # One loop steps both rows and begins the next rating, whose product with the user's
            # new row it adds up: a third less time than two loops.
            other = movie_factors[movie]
            movie = movies[at + 1] if at + 1 < last else unknown
            following = movie_factors[movie]
            if at + _AHEAD < movies.size:
                fetch_row(movie_factors, movies[at + _AHEAD])
            step = rate * error
            product = scalar(0)
            for f in range(width):
                before = own[f]
                after = keep * before + step * other[f]
                own[f] = after
                other[f] = keep * other[f] + step * before
                product += after * following[f]
        user_bias[user] = own_bias
    return total


def _svd_plus_plus_epoch(  # noqa: PLR0917 - likewise
    order: Array,
    starts: Array,
    movies: Array,
    deviations: Array,
    user_bias: Array,
    movie_bias: Array,
    user_factors: Array,
    movie_factors: Array,
    implicit_factors: Array,
    bias_rate: Any,
    rate: Any,
    penalty: Any,
) -> float:
    """Do as `_svd_epoch` for the estimate of SVD++ (Koren 2008, equations 15 and 16).

    The estimate is ``m + b_u + b_i + q_i . (p_u + x_u)`` with ``x_u = |N(u)|^-1/2 sum_j y_j`` over
    all movies ``j`` that the user rated, and each rating also steps every one of those

        y_j += rate (e |N(u)|^-1/2 q_i - penalty y_j).

    All ``y_j`` of a user take the same steps, so ``x_u`` follows by ``x_u += rate (e q_i - penalty
    x_u)`` and the ``y_j`` are written once, after the user's last rating. A user's pass costs
    ``O(|N(u)| d)`` instead of ``O(|N(u)|^2 d)``, with the same result but for rounding.

    Args:
        order: As in `_svd_epoch`, like all that are not named here.
        starts: See above.
        movies: See above; distinct within a user.
        deviations: See above.
        user_bias: See above.
        movie_bias: See above.
        user_factors: See above.
        movie_factors: See above.
        implicit_factors: Shape (n_movies + 1, d), the ``y``, changed in place.
        bias_rate: See above.
        rate: See above; of the ``y`` as well.
        penalty: See above.

    Returns:
        The sum of ``e^2``, each taken before its step.
    """
    scalar = user_factors.dtype.type
    keep_bias, keep = scalar(1) - bias_rate * penalty, scalar(1) - rate * penalty
    width = user_factors.shape[1]
    implied = np.zeros_like(user_factors[0])
    stepped = np.zeros_like(implied)
    total = 0.0
    for turn in range(order.size):
        user = order[turn]
        first, last = starts[user], starts[user + 1]
        own = user_factors[user]
        own_bias = user_bias[user]
        share = scalar(1.0 / np.sqrt(max(last - first, 1)))
        implied[:] = scalar(0)
        stepped[:] = scalar(0)
        for at in range(first, last):
            rated = implicit_factors[movies[at]]
            for f in range(width):
                implied[f] += share * rated[f]
        kept = scalar(1)
        for at in range(first, last):
            movie = movies[at]
            other = movie_factors[movie]
            error = deviations[at] - own_bias - movie_bias[movie]
            product = scalar(0)
            for f in range(width):
                product += (own[f] + implied[f]) * other[f]
            error -= product
            total += error * error
            own_bias = keep_bias * own_bias + bias_rate * error
            movie_bias[movie] = keep_bias * movie_bias[movie] + bias_rate * error
            step = rate * error
            for f in range(width):
                pull = step * other[f]
                other[f] = keep * other[f] + step * (own[f] + implied[f])
                own[f] = keep * own[f] + pull
                implied[f] = keep * implied[f] + pull
                stepped[f] = keep * stepped[f] + pull
            kept *= keep
        for at in range(first, last):
            rated = implicit_factors[movies[at]]
            for f in range(width):
                rated[f] = kept * rated[f] + share * stepped[f]
        user_bias[user] = own_bias
    return total


@cache
def svd_kernel() -> Kernel:
    """Return `_svd_epoch`, compiled at its first call or taken from the cache on disk."""
    return _compiled(_svd_epoch)


@cache
def svd_plus_plus_kernel() -> Kernel:
    """Return `_svd_plus_plus_epoch`, compiled likewise."""
    return _compiled(_svd_plus_plus_epoch)


def _compiled(function: Kernel) -> Kernel:
    """Return ``function`` as numba's, which looks for the cache's folder right here."""
    options = {"nogil": True, "cache": True, "fastmath": _REORDER, "error_model": "numpy"}
    kernel: Kernel = numba.njit(**options)(function)
    return kernel
