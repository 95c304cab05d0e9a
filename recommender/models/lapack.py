"""LAPACK's routines for a symmetric positive definite matrix, while other threads go on.

scipy's own wrappers hold the interpreter's lock for as long as they work; these are the same
routines of the same library, called past it.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from numba.extending import get_cython_function_address

from recommender.errors import DataError

_MODULE = "scipy.linalg.cython_lapack"


def invert_lower(matrix: npt.NDArray[np.float64]) -> None:
    """Overwrite the lower triangle of a matrix by that of its inverse, by Cholesky.

    Args:
        matrix: Shape (n, n), in Fortran's order, symmetric and positive definite; the upper
            triangle is neither read nor changed.

    Raises:
        DataError: It is not positive definite.
    """
    for routine in ("dpotrf", "dpotri"):
        failed = ctypes.c_int(0)
        size = ctypes.c_int(len(matrix))
        sizes = ctypes.byref(size)
        _routine(routine)(
            b"L", sizes, matrix.ctypes.data_as(ctypes.c_void_p), sizes, ctypes.byref(failed)
        )
        if failed.value:
            raise DataError(
                "the matrix is not positive definite",
                place=routine,
                value=failed.value,
                remedy="Raise the regularization.",
            )


@cache
def _routine(name: str) -> Any:
    """Return ``name(uplo, n, a, lda, info)``; ctypes lets go of the lock while it runs."""
    address = get_cython_function_address(_MODULE, name)
    whole = ctypes.POINTER(ctypes.c_int)
    kind = ctypes.CFUNCTYPE(None, ctypes.c_char_p, whole, ctypes.c_void_p, whole, whole)
    return kind(address)
