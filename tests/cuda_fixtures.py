"""The fixtures of the CUDA tests: the same assertions run with the fake cupy everywhere and, under the marker gpu, with the real one."""

import importlib
import sys

import cuda_program
import fake_cupy
import pytest


def forget_cupy():
    """The launch code keeps the cupy that it has seen, and what that has compiled."""
    launch = importlib.import_module("kdeviz.kernels.cupy.launch")
    launch.cupy_with_device.cache_clear()
    launch.compiled.cache_clear()


@pytest.fixture
def pretend_cupy(monkeypatch):
    """A function that puts a fake cupy in place; it takes the arguments of `fake_cupy.module`."""
    if reason := cuda_program.missing_compiler():
        pytest.skip(reason)

    def install(**options):
        forget_cupy()
        fake = fake_cupy.module(**options)
        monkeypatch.setitem(sys.modules, "cupy", fake)
        return fake

    yield install
    forget_cupy()


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.gpu)])
def cupy(request):
    """cupy, fake or real. Bring results to the host with ``.get()``."""
    if request.param == "fake":
        return request.getfixturevalue("pretend_cupy")()
    real = pytest.importorskip("cupy", reason="no cupy: pip install 'kdeviz[cupy]'")
    if not real.cuda.is_available():
        pytest.skip("no CUDA device: run `pytest -m gpu` on a machine that has one")
    forget_cupy()
    return real
