"""Kernels for numpy arrays, compiled by numba at their first call: the functions of `kdeviz.kernels.numpy`, faster, on several threads."""
