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
