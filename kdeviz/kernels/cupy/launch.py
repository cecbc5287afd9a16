"""Launches generated CUDA kernels on cupy arrays."""

from functools import lru_cache

import numpy as np

BLOCKS = 2048  # rows in flight; a block strides over the rows, so scratch memory does not grow with their number
REAL = {"float32": "float", "float64": "double"}


@lru_cache
def cupy_with_device():
    """The module cupy, or an error that says what is missing."""
    import cupy

    if not cupy.cuda.is_available():
        raise RuntimeError(
            "cupy is installed, but this machine has no usable CUDA device (or no driver). Pass numpy arrays, or run where one is."
        )
    return cupy


@lru_cache
def compiled(text, real):
    """The module of one CUDA text in one precision, compiled at its first use in this process."""
    return cupy_with_device().RawModule(code=text, options=(f"-DREAL={real}", "-std=c++14"), backend="nvrtc")


def threads_for(width):
    """A whole number of warps, at least one and at most 256 threads."""
    return min(256, max(32, -(-int(width) // 32) * 32))


def launch(text, name, inputs, sizes, outputs, scratch, width=32, serial=False):
    """Runs kernel `name` of the CUDA text: contiguous cupy arrays of one dtype in, fresh arrays of the shapes `outputs` out.

    ``scratch`` is the number of numbers that a block keeps, ``width`` the extent that its threads share; or `serial`, and the threads
    have a row and `scratch` numbers each.
    """
    cupy = cupy_with_device()
    dtype = inputs[0].dtype
    for array in inputs:
        if type(array) is not cupy.ndarray or array.dtype != dtype or not array.flags.c_contiguous:
            raise TypeError(
                f"kernel {name}: every input must be a C-contiguous cupy array of dtype {dtype}; got {type(array).__name__}, {array.dtype}."
            )
    results = tuple(cupy.empty(shape, dtype) for shape in outputs)
    rows = sizes[0]
    if rows:
        threads = threads_for(width)
        at_once = min(rows, BLOCKS * (threads if serial else 1))
        blocks = -(-at_once // threads) if serial else at_once
        kept = cupy.empty((max(1, at_once * scratch),), dtype)
        kernel = compiled(text, REAL[dtype.name]).get_function(name)
        kernel((blocks,), (threads,), (*inputs, *(np.int64(size) for size in sizes), *results, kept))
    return results
