"""Kernels that need numpy alone; each file also works when it is copied out of the package."""
