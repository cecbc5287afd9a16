# Generated from derivations/box_integral.py. Do not edit: change the derivation and run `make generate`.
from . import source
from .launch import launch


def box_gaps(log_mass, length, log_total):
    """Cross-entropy of a uniform target against a mixture that is constant on gaps of it. See kdeviz.kernels.numpy.box_integral.box_gaps."""
    R = log_mass.shape[0]
    K = log_mass.shape[1]
    outputs = (R,), (R, K), (R, K), (R,)
    block = dict(scratch=2*K, width=K)
    return launch(source("box_integral"), "box_gaps", (log_mass, length, log_total), (R, K), outputs, **block)
