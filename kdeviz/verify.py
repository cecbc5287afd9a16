"""Holds the kernels on this machine against published reference values: `python -m kdeviz verify`."""

import json
import sys
from importlib import import_module
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "reference"
BOUND = {"float64": 2e-14, "float32": 2e-6}  # relative to the larger of 1 and the output's largest entry
HEAD = f"{'kernel':<50}{'case':<8}{'dtype':<10}{'error':>10}{'bound':>10}"


def references():
    """(stem, case) of every published case."""
    return [
        (path.stem, case)
        for path in sorted(FOLDER.glob("*.json"))
        for case in json.loads(path.read_text(encoding="utf-8"))["cases"]
    ]


def parsed(written, convert, dtype):
    return np.array([convert(v) for v in written["values"]], dtype).reshape(written["shape"])


def largest_error(function, case, dtype, xp):
    """The largest error of any output, relative to the larger of 1 and the output's largest entry; inf where infinities or NaN differ.

    Logits far from 0 are exact in float32 too; the bound still holds, because kernels centre them.
    """
    arrays = {name: xp.asarray(parsed(a, float.fromhex, dtype)) for name, a in case["inputs"].items()}
    outputs = [np.asarray(out.get() if hasattr(out, "get") else out, float) for out in function(**arrays)]
    worst = 0.0
    for got, want in zip(outputs, (parsed(v, float, float) for v in case["outputs"].values())):
        finite = np.isfinite(want)
        if not np.array_equal(got[~finite], want[~finite], equal_nan=True):
            return float("inf")
        worst = max(
            worst,
            np.max(np.abs(got[finite] - want[finite]), initial=0) / max(1, np.max(np.abs(want[finite]), initial=0)),
        )
    return float(worst)


def verify(backend="numpy", stream=None):
    """Prints a table of errors, kernel by kernel; returns the number of those beyond their bound."""
    stream = stream or sys.stdout
    xp = import_module("numpy" if backend == "numba" else backend)
    cases = [(stem, case, dtype) for stem, case in references() for dtype in BOUND]
    print(HEAD, file=stream)
    failed = 0
    for done, (stem, case, dtype) in enumerate(cases, 1):
        function = getattr(import_module(f"kdeviz.kernels.{backend}.{stem}"), case["kernel"])
        error = largest_error(function, case, dtype, xp)
        failed += not error <= BOUND[dtype]
        verdict = "" if error <= BOUND[dtype] else "  FAILED"
        print(
            f"{stem + '.' + case['kernel']:<50}{case['case']:<8}{dtype:<10}{error:>10.1e}{BOUND[dtype]:>10.0e}{verdict}",
            file=stream,
        )
        progress(done, len(cases))
    print(f"{len(cases) - failed} of {len(cases)} within their bound, {backend} backend.", file=stream)
    return failed


def progress(done, total):
    """A bar on a terminal, nothing elsewhere."""
    if sys.stderr.isatty():
        filled = 40 * done // total
        print(
            f"\r[{'#' * filled}{' ' * (40 - filled)}] {done}/{total}",
            end="\n" if done == total else "\r",
            file=sys.stderr,
            flush=True,
        )
