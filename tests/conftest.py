import os

from cuda_fixtures import cupy, pretend_cupy  # noqa: F401  (fixtures)

os.environ["KDEVIZ_BACKEND"] = (
    "numpy"  # tests of the public functions do not wait for numba to compile; test_numba.py holds its kernels
)
