"""The kernels with CUDA text, and rows to run them on."""

import importlib
import inspect
import re

import cuda_program
import numpy as np
from oracle import declared

from kdeviz import contour
from kdeviz.codegen.evaluate import random_arrays
from kdeviz.kernels.cupy import FOLDER, source

STEMS = sorted(path.stem for path in FOLDER.glob("*.cu"))
KERNELS = [(stem, name) for stem in STEMS for name in cuda_program.signatures(source(stem))]
SCANS_AND_GAPS = ("laplace_integral", "box_integral", "polynomial_kernels")  # their rows are drawn as the derivation says
TABLES = {"zeta_x", "zeta_y", "w_x", "w_y"}  # arguments that have no row


def alone(text, name):
    """The text with one of its kernels only, which compiles sooner."""
    head, *kernels = re.split('(?=extern "C" __global__)', text)
    return head + next(k for k in kernels if name in cuda_program.signatures(k))


def function(library, stem, name):
    """The generated function of one kernel, for "numpy" or "cupy" arrays."""
    return getattr(importlib.import_module(f"kdeviz.kernels.{library}.{stem}"), name)


def arguments(stem, name):
    return list(inspect.signature(function("numpy", stem, name)).parameters)


def with_argument(argument):
    """The kernels that have it."""
    return [(stem, name) for stem, name in KERNELS if argument in arguments(stem, name)]


def rows(stem, name, R, B, J, dtype=np.float64, seed=0):
    """{argument: array} that suit the kernel: R rows of J points or categories, and B bins or nodes where it has them."""
    rng = np.random.default_rng(seed)
    if stem in SCANS_AND_GAPS:
        return random_arrays(declared(stem, name), rng, dtype, (R, J))
    draw = contour_rows(rng, R, B, J, dtype) if stem == "cc_contour" else loss_rows(rng, R, B, J)
    return {argument: draw[argument]().astype(dtype) for argument in arguments(stem, name)}


def loss_rows(rng, R, B, J):
    masses = lambda n: rng.dirichlet(np.ones(n), R)
    return {
        "z": lambda: rng.normal(size=(R, J)),
        "v": lambda: rng.normal(size=(R, J)),
        "y": lambda: masses(J),
        "log_K": lambda: -rng.exponential(3, (R, B, J)),
        "q": lambda: masses(B),
        "log_floor": lambda: np.full(R, -np.inf),
        "points": lambda: rng.uniform(-1, 1, (R, J)),
        "a": lambda: rng.uniform(-1, 0, R),
        "b": lambda: rng.uniform(0.5, 1, R),
        "h": lambda: rng.uniform(0.7, 1.5, R),
        "position": lambda: np.tile((np.arange(B) + 0.5) / B, (R, 1)),
        "period": lambda: rng.uniform(3, 4, R),
    }


def contour_rows(rng, R, B, J, dtype):
    """A problem as kdeviz.contour makes it, at the first B nodes of the rule, beside a small rest of categories summed elsewhere."""
    eta = rng.normal(size=(R, J))
    top, problem = contour.at_saddle(np, eta)
    tables = dict(zip(("zeta_x", "zeta_y", "w_x", "w_y"), contour.tables(np, np.dtype(dtype), B)))
    nodes = len(tables["zeta_x"])
    rest = {"rest_x": (R, nodes), "rest_y": (R, nodes), "rest_log": R}
    rest = {name: rng.uniform(0, 0.1, shape) for name, shape in rest.items()}
    solved = function("numpy", "cc_contour", "log_partition_mean_and_weights")(**problem._asdict(), **rest, **tables)
    found = {"eta": eta, "top": top, "v": rng.normal(size=(R, J)), **problem._asdict(), **rest, **tables}
    found |= {"size": np.full(R, float(J)), **dict(zip(contour.Solution._fields, solved))}
    return {name: lambda array=array: array for name, array in found.items()}


def some_rows(arrays, which):
    """Some rows of each array that has any."""
    return {argument: a if argument in TABLES else np.ascontiguousarray(a[which]) for argument, a in arrays.items()}


def truth(stem, name, arrays):
    """What the numpy kernel makes of the same numbers in double precision."""
    return function("numpy", stem, name)(**{argument: a.astype(np.float64) for argument, a in arrays.items()})


def on_device(cupy, stem, name, arrays):
    """What the CUDA kernel makes of them, brought to the host."""
    results = function("cupy", stem, name)(**{argument: cupy.asarray(a) for argument, a in arrays.items()})
    assert all(type(a) is cupy.ndarray for a in results)
    return tuple(a.get() for a in results)


def assert_agree(got, want, tolerance):
    """Equal within `tolerance`, relative to the larger of 1 and the array's largest finite entry; infinities and NaN in the same places."""
    assert len(got) == len(want)
    for a, b in zip(got, want):
        scale = max(1, np.max(np.abs(b), where=np.isfinite(b), initial=0))
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * scale)
