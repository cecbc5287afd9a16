# Generated from derivations/mixture_ce.py. Do not edit: change the derivation and run `make generate`.
from . import source
from .launch import launch


def mixture_ce(z, log_K, q, log_floor):
    """Cross-entropy of bin masses against a softmax-weighted mixture. See kdeviz.kernels.numpy.mixture_ce.mixture_ce."""
    R = z.shape[0]
    B = log_K.shape[1]
    J = z.shape[1]
    outputs = (R,), (R, J), (R, B, J), (R, B)
    block = dict(scratch=5*J, width=J)
    return launch(source("mixture_ce"), "mixture_ce", (z, log_K, q, log_floor), (R, B, J), outputs, **block)


def mixture_log_responsibility(z, log_K, q, log_floor):
    """Logarithm of the mean responsibilities of a softmax-weighted mixture. See kdeviz.kernels.numpy.mixture_ce.mixture_log_responsibility."""
    R = z.shape[0]
    B = log_K.shape[1]
    J = z.shape[1]
    outputs = (R, J),
    block = dict(scratch=B + 4*J, width=J)
    return launch(source("mixture_ce"), "mixture_log_responsibility", (z, log_K, q, log_floor), (R, B, J), outputs, **block)


def mixture_hessian_times_vector(z, log_K, q, log_floor, v):
    """Hessian of the cross-entropy in the logits, times a vector. See kdeviz.kernels.numpy.mixture_ce.mixture_hessian_times_vector."""
    R = z.shape[0]
    B = log_K.shape[1]
    J = z.shape[1]
    outputs = (R, J),
    block = dict(scratch=5*J, width=J)
    return launch(source("mixture_ce"), "mixture_hessian_times_vector", (z, log_K, q, log_floor, v), (R, B, J), outputs, **block)
