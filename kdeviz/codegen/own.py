"""A kernel of your own: from a declaration to functions that run, without a file in between."""

import math
import sys

import numpy as np

from . import cuda, numpy_printer
from .evaluate import evaluate, random_arrays


class BuiltKernel:
    """What :func:`build` returns: callable on rows like a generated kernel, on numpy and on cupy arrays.

    ``numpy_text`` and ``cuda_text`` are what a generated file would hold.
    """

    def __init__(self, kernel):
        self.kernel, self.name = kernel, kernel.name
        self.numpy_text = numpy_printer.module([kernel], kernel.name)
        self.cuda_text = cuda.module([kernel], kernel.name)
        names = {"__name__": f"kdeviz.own.{kernel.name}"}
        exec(compile(self.numpy_text, f"<kernel {kernel.name}>", "exec"), names)
        self._on_numpy = names[kernel.name]

    def __call__(self, **rows):
        on_device = "cupy" in sys.modules and any(isinstance(a, sys.modules["cupy"].ndarray) for a in rows.values())
        return (self._on_cupy if on_device else self._on_numpy)(**rows)

    def _on_cupy(self, **rows):
        from ..kernels.cupy.launch import launch

        names = {"launch": launch, "source": lambda stem: self.cuda_text}
        exec(cuda.launcher(self.kernel, self.kernel.name), names)
        return names[self.name](**rows)

    def check(self, seed=0, dtype=np.float64):
        """Holds the numpy function against the mpmath evaluation of the declared equations, on small random rows.

        Returns the largest error of any output, relative to the larger of 1 and that output's largest entry.
        """
        arrays = random_arrays(self.kernel, np.random.default_rng(seed), dtype)
        wanted = evaluate(self.kernel, arrays).items()
        worst = 0.0
        for got, (_, want) in zip(self(**arrays), wanted):
            want = want.astype(float)
            finite = np.isfinite(want)
            if not np.array_equal(got[~finite], want[~finite], equal_nan=True):
                return math.inf
            worst = max(
                worst,
                float(
                    np.max(np.abs(got[finite] - want[finite]), initial=0)
                    / max(1, np.max(np.abs(want[finite]), initial=0))
                ),
            )
        return worst


def build(kernel):
    """A declared kernel (see ``derivations/kde_ce.py``, ``declare``) as functions; pass it as ``kernel=`` to kde_cross_entropy."""
    return BuiltKernel(kernel)
