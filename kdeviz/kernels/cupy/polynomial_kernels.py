# Generated from derivations/polynomial_kernels.py. Do not edit: change the derivation and run `make generate`.
from . import source
from .launch import launch


def join_blocks(left_mass, left_below, left_above, left_both, right_mass, right_below, right_above, right_both, ahead, beyond):
    """Sums of distances over a block, from those over its lower and its upper part. See kdeviz.kernels.numpy.polynomial_kernels.join_blocks."""
    R = left_mass.shape[0]
    N = left_mass.shape[1]
    outputs = (R, N), (R, N), (R, N), (R, N)
    block = dict(scratch=0, width=N)
    return launch(source("polynomial_kernels"), "join_blocks", (left_mass, left_below, left_above, left_both, right_mass, right_below, right_above, right_both, ahead, beyond), (R, N), outputs, **block)


def window_sums(mass, below, above, both, room_below, room_above):
    """Sums of distances from the edges of a window, from those over the block of all that it holds. See kdeviz.kernels.numpy.polynomial_kernels.window_sums."""
    R = mass.shape[0]
    N = mass.shape[1]
    outputs = (R, N), (R, N), (R, N)
    block = dict(scratch=0, width=N)
    return launch(source("polynomial_kernels"), "window_sums", (mass, below, above, both, room_below, room_above), (R, N), outputs, **block)


def triangular_gaps(log_start, log_end, length, log_total):
    """Cross-entropy of a uniform target against a mixture that is linear on gaps of it. See kdeviz.kernels.numpy.polynomial_kernels.triangular_gaps."""
    R = log_start.shape[0]
    K = log_start.shape[1]
    outputs = (R,), (R,), (R, K), (R, K), (R, K), (R, K)
    block = dict(scratch=4*K, width=K)
    return launch(source("polynomial_kernels"), "triangular_gaps", (log_start, log_end, length, log_total), (R, K), outputs, **block)


def epanechnikov_gaps(log_start, log_end, log_mass, h, length, log_total):
    """Cross-entropy of a uniform target against a mixture that is quadratic and concave on gaps of it. See kdeviz.kernels.numpy.polynomial_kernels.epanechnikov_gaps."""
    R = log_start.shape[0]
    K = log_start.shape[1]
    outputs = (R,), (R,), (R, K), (R, K), (R, K), (R, K), (R, K)
    block = dict(scratch=10*K, width=K)
    return launch(source("polynomial_kernels"), "epanechnikov_gaps", (log_start, log_end, log_mass, h, length, log_total), (R, K), outputs, **block)
