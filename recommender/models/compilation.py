"""Compiles the loops of training into numba's cache: ``python -m recommender.models.compilation``.

Done once, when the environment is made. Where it was not, or the cache is gone, the first training
compiles what it needs.
"""

from __future__ import annotations

import numpy as np

from recommender.models.gradient_descent import SGDSettings, prepare
from recommender.models.top_ten import ndcg_kernel


def compile_kernels() -> None:
    """Compile what training runs by default, SVD++ and the weights of the ranking blend."""
    for implicit in (False, True):
        prepare(SGDSettings(implicit=implicit))
    lists = np.zeros((1, 1), dtype=np.float32)
    ndcg_kernel()(lists, lists, np.float32(0.0), lists > 0.0, np.ones(1))


if __name__ == "__main__":
    compile_kernels()
