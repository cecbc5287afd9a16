# Generated from derivations/softmax_ce.py. Do not edit: change the derivation and run `make generate`.
from . import source
from .launch import launch


def softmax_ce(z, y):
    """Cross-entropy of labels against softmax(z). See kdeviz.kernels.numpy.softmax_ce.softmax_ce."""
    R = z.shape[0]
    D = z.shape[1]
    outputs = (R,), (R, D), (R, D)
    block = dict(scratch=D, width=D)
    return launch(source("softmax_ce"), "softmax_ce", (z, y), (R, D), outputs, **block)
