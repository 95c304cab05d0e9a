"""Sixteen numbers in single precision at once, for loops compiled by numba.

LLVM runs a loop over the factors of one row in vectors only where it can show that rows do not
overlap, which costs more than so short a loop. Here a piece of a row, of `LANES` numbers, is one
value: it is loaded, computed with and stored as a whole. In Python such a value is an array, and
the functions do the same to it.

Nothing is checked: rows are C-contiguous float32, and their width is a multiple of `LANES` (see
`aligned_rows`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba.core import cgutils
from numba.core.datamodel import PrimitiveModel
from numba.extending import intrinsic, overload, register_model

Singles = npt.NDArray[np.float32]

#: Numbers in a value: those of a cache line.
LANES = 16
#: What LLVM may do: everything that leaves NaN and infinity alone.
_REORDER = ("reassoc", "contract", "arcp", "nsz")

_FLOAT = cgutils.ir.FloatType()
_VECTOR = cgutils.ir.VectorType(_FLOAT, LANES)


def load(rows: Singles, row: Any, at: Any) -> Singles:
    """Return ``rows[row, at : at + LANES]``."""
    return rows[row, at : at + LANES].copy()


def store(rows: Singles, row: Any, at: Any, values: Singles) -> None:
    """Write ``values`` to ``rows[row, at : at + LANES]``."""
    rows[row, at : at + LANES] = values


def scaled(scale: Any, values: Singles) -> Singles:
    """Return ``scale values``."""
    return np.asarray(scale * values)


def added(one: Singles, scale: Any, other: Singles) -> Singles:
    """Return ``one + scale other``."""
    return np.asarray(one + scale * other)


def dot(one: Singles, other: Singles) -> np.float32:
    """Return the sum of the products."""
    return np.float32((one * other).sum())


class _Lanes(numba.types.Type):  # type: ignore[misc]  # numba has no types
    """The type of a value in compiled code."""

    def __init__(self) -> None:
        super().__init__(name="Lanes")


class _LanesModel(PrimitiveModel):  # type: ignore[misc]  # likewise
    """A value is a vector of LLVM's."""

    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)


_LANES = _Lanes()
register_model(_Lanes)(_LanesModel)


def _address(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Return where the piece of a row begins, from the arguments of `load` or `store`."""
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    row, at = (
        context.cast(builder, value, kind, numba.types.intp)
        for value, kind in zip(arguments[1:3], signature.args[1:3], strict=True)
    )
    width = cgutils.unpack_tuple(builder, array.shape)[1]
    place = builder.add(builder.mul(row, width), at)
    return builder.bitcast(builder.gep(array.data, [place]), _VECTOR.as_pointer())


def _typed_load(_context: Any, rows: Any, row: Any, at: Any) -> Any:
    def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_address(context, builder, signature, arguments), align=4)

    return _LANES(rows, row, at), make


def _typed_store(_context: Any, rows: Any, row: Any, at: Any, values: Any) -> Any:
    def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[3], _address(context, builder, signature, arguments), align=4)
        return context.get_dummy_value()

    return numba.types.void(rows, row, at, values), make


def _typed_scaled(_context: Any, scale: Any, values: Any) -> Any:
    def make(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.fmul(_spread(builder, arguments[0]), arguments[1], flags=_REORDER)

    return _LANES(scale, values), make


def _typed_added(_context: Any, one: Any, scale: Any, other: Any) -> Any:
    def make(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        product = builder.fmul(_spread(builder, arguments[1]), arguments[2], flags=_REORDER)
        return builder.fadd(arguments[0], product, flags=_REORDER)

    return _LANES(one, scale, other), make


def _typed_dot(_context: Any, one: Any, other: Any) -> Any:
    def make(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        kind = cgutils.ir.FunctionType(_FLOAT, [_FLOAT, _VECTOR])
        name = f"llvm.vector.reduce.fadd.v{LANES}f32"
        total = cgutils.get_or_insert_function(builder.module, kind, name)
        product = builder.fmul(*arguments, flags=_REORDER)
        return builder.call(total, [_FLOAT(0.0), product], fastmath=_REORDER)

    return numba.types.float32(one, other), make


def _spread(builder: Any, scale: Any) -> Any:
    """Return a vector of ``scale`` throughout."""
    none = cgutils.ir.Constant(_VECTOR, cgutils.ir.Undefined)
    number = cgutils.ir.IntType(32)
    one = builder.insert_element(none, scale, number(0))
    places = cgutils.ir.Constant(cgutils.ir.VectorType(number, LANES), [0] * LANES)
    return builder.shuffle_vector(one, none, places)


_load, _store = intrinsic(_typed_load), intrinsic(_typed_store)
_scaled, _added, _dot = intrinsic(_typed_scaled), intrinsic(_typed_added), intrinsic(_typed_dot)


def _compiled_load(_rows: Any, _row: Any, _at: Any) -> Callable[..., Any]:
    return lambda _rows, _row, _at: _load(_rows, _row, _at)  # noqa: PLW0108 - numba wants a function


def _compiled_store(_rows: Any, _row: Any, _at: Any, _values: Any) -> Callable[..., Any]:
    return lambda _rows, _row, _at, _values: _store(_rows, _row, _at, _values)  # noqa: PLW0108 - numba wants a function


def _compiled_scaled(_scale: Any, _values: Any) -> Callable[..., Any]:
    return lambda _scale, _values: _scaled(np.float32(_scale), _values)


def _compiled_added(_one: Any, _scale: Any, _other: Any) -> Callable[..., Any]:
    return lambda _one, _scale, _other: _added(_one, np.float32(_scale), _other)


def _compiled_dot(_one: Any, _other: Any) -> Callable[..., Any]:
    return lambda _one, _other: _dot(_one, _other)  # noqa: PLW0108 - numba wants a function


for _function, _implementation in (
    (load, _compiled_load),
    (store, _compiled_store),
    (scaled, _compiled_scaled),
    (added, _compiled_added),
    (dot, _compiled_dot),
):
    # Strictly it would refuse the annotations.
    overload(_function, strict=False)(_implementation)
