import os

from cuda_fixtures import cupy, pretend_cupy  # noqa: F401  (fixtures)
from languages import run  # noqa: F401  (fixture)

# Tests of the public functions do not wait for numba to compile; test_numba.py and test_cc_contour.py hold its kernels.
os.environ["KDEVIZ_BACKEND"] = "numpy"


def pytest_collection_modifyitems(config, items):
    """Combinations of parameters that make no sense, by the module's own `left_out(test, **parameters)`, are not collected."""
    asked = lambda item: getattr(item.module, "left_out", no)(item.originalname, **item.callspec.params)
    out = {item for item in items if hasattr(item, "callspec") and asked(item)}
    config.hook.pytest_deselected(items=list(out))
    items[:] = [item for item in items if item not in out]
    for item in items:  # the report says which claims a test is about: book/_ext/claims.py reads it
        item.user_properties += [("claim", mark.kwargs["id"]) for mark in item.iter_markers("claim")]


def no(test, **parameters):
    return False
