from cuda_fixtures import cupy, pretend_cupy  # noqa: F401  (fixtures)
