"""`python -m kdeviz verify`: passes here, fails when a kernel is wrong, needs numpy alone."""

import io
import json
import subprocess
import sys
from importlib import import_module
from inspect import isfunction
from pkgutil import iter_modules

import pytest

import kdeviz.kernels.numpy as numpy_kernels
from kdeviz import verify as module
from kdeviz.kernels.numpy import mixture_ce


def test_every_kernel_is_within_its_bound():
    table = io.StringIO()
    assert module.verify(stream=table) == 0, table.getvalue()
    count = 2 * len(module.references())  # both precisions
    assert f"{count} of {count} within their bound" in table.getvalue()


def test_numba_kernels_are_within_their_bound_too(monkeypatch):
    some = [
        (stem, case)
        for stem, case in module.references()
        if (stem, case["kernel"]) in (("softmax_ce", "softmax_ce"), ("kde_ce", "laplace"))
    ]
    monkeypatch.setattr(module, "references", lambda: some)
    table = io.StringIO()
    assert module.verify("numba", table) == 0 and "8 of 8 within their bound, numba backend" in table.getvalue()


def test_every_public_kernel_has_a_reference():
    published = {(stem, case["kernel"]) for stem, case in module.references()}
    modules = {
        name: import_module(f"kdeviz.kernels.numpy.{name}") for _, name, _ in iter_modules(numpy_kernels.__path__)
    }
    public = {
        (stem, name) for stem, m in modules.items() for name, f in vars(m).items() if isfunction(f) and name[0] != "_"
    }
    assert public == published and len({stem for stem, _ in public}) == len(modules) > 3


@pytest.mark.parametrize(
    "spoil",
    [lambda out: (out[0] * (1 + 1e-12), *out[1:]), lambda out: (out[0], -out[1], *out[2:])],
    ids=["digit", "sign"],
)
def test_a_wrong_kernel_fails(monkeypatch, spoil):
    right = mixture_ce.mixture_ce
    monkeypatch.setattr(mixture_ce, "mixture_ce", lambda **rows: spoil(right(**rows)))
    assert module.verify(stream=io.StringIO()) >= 1


def test_inputs_are_exact_and_results_have_thirty_digits():
    for path in module.FOLDER.glob("*.json"):
        for case in json.loads(path.read_text())["cases"]:
            hexes = [v for a in case["inputs"].values() for v in a["values"]]
            assert all(float.fromhex(v).hex() == v for v in hexes)
            decimals = [v for a in case["outputs"].values() for v in a["values"]]
            assert any(len(v.strip("-0.").split("e")[0].replace(".", "")) >= 28 for v in decimals)


def test_the_command_prints_a_table_and_exits_with_a_status():
    run = subprocess.run([sys.executable, "-m", "kdeviz", "verify"], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0 and run.stdout.startswith("kernel") and not run.stderr


def test_a_backend_that_is_not_there_says_so():
    run = subprocess.run(
        [sys.executable, "-m", "kdeviz", "verify", "--backend", "cupy"], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0 or "cupy" in run.stderr and "Traceback" not in run.stderr
