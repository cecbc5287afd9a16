"""Runs a declared kernel in one language: as numpy text, as CUDA text on the host, as numba text."""

from functools import lru_cache

import numpy as np
import pytest

from kdeviz.codegen import build
from kdeviz.codegen.numba import module as numba_text
from kdeviz.kernels.cupy import launch


class Languages:
    """Runs a declared kernel in one language; `spoil` changes the text before."""

    def __init__(self, language, cupy, monkeypatch):
        self.language, self.cupy, self.monkeypatch = language, cupy, monkeypatch

    def __call__(self, declared, spoil=lambda text: text, **arrays):
        with np.errstate(all="ignore"):
            return getattr(self, self.language)(declared, spoil, arrays)

    def numpy(self, declared, spoil, arrays):
        return executed(spoil(build(declared).numpy_text), declared)(**arrays)

    def numba(self, declared, spoil, arrays):
        return executed(spoil(numba_text([declared], "test")), declared)(**arrays)

    def cuda(self, declared, spoil, arrays):
        """One warp: each thread has many terms of a sum."""
        self.monkeypatch.setattr(launch, "threads_for", lambda width: 32)
        built = build(declared)
        built.cuda_text = spoil(built.cuda_text)
        return tuple(a.get() for a in built(**{name: self.cupy.asarray(a) for name, a in arrays.items()}))


def executed(text, declared):
    return names(text)[declared.name]


@lru_cache
def names(text):
    """What the text defines; once, so that numba compiles it once."""
    found = {"__name__": "kernel"}
    exec(compile(text, "<kernel>", "exec"), found)
    return found


@pytest.fixture(params=["numpy", "cuda", "numba"])
def run(request, monkeypatch):
    cupy = request.getfixturevalue("pretend_cupy")() if request.param == "cuda" else None
    return Languages(request.param, cupy, monkeypatch)
