"""Published truths: inputs as hexadecimal floats, results to 30 digits, computed by mpmath from the declared equations alone."""

import json

import mpmath
import numpy as np

from .evaluate import evaluate, random_arrays

RESULT_DIGITS = 30
CASES = {"near": (1.0, 0.0), "far": (6.0, 1000.0)}  # logits: spread, common offset


def inputs(kernel, case):
    """Random rows that float32 holds exactly, so that both precisions have the same truth."""
    spread, offset = CASES[case]
    arrays = random_arrays(kernel, np.random.default_rng(len(kernel.name)), np.float32)
    if "z" in arrays:
        arrays["z"] = (np.round(arrays["z"] * spread, 2) + offset).astype(np.float32)
    return {name: a.astype(float) for name, a in arrays.items()}


def decimal(value):
    return mpmath.nstr(value, RESULT_DIGITS, strip_zeros=False)


def written(array, text):
    return {"shape": list(array.shape), "values": [text(v) for v in array.ravel()]}


def module(kernels, source):
    """The text of one reference file."""
    cases = []
    for kernel in kernels:
        for case in CASES:
            arrays = inputs(kernel, case)
            cases.append(
                {
                    "kernel": kernel.name,
                    "case": case,
                    "inputs": {name: written(a, lambda v: float(v).hex()) for name, a in arrays.items()},
                    "outputs": {name: written(v, decimal) for name, v in evaluate(kernel, arrays).items()},
                }
            )
    about = f"Generated from derivations/{source}.py by `make generate`: mpmath evaluates the declared equations at 50 digits. Inputs are exact."
    return (
        json.dumps({"about": about, "cases": cases}, indent=None, separators=(",", ":")).replace(
            '{"kernel"', '\n{"kernel"'
        )
        + "\n"
    )
