# Generated from derivations/laplace_integral.py. Do not edit: change the derivation and run `make generate`.
from . import source
from .launch import launch


def laplace(z, points, a, b, h):
    """Cross-entropy of a uniform target on [a, b] against a kernel density estimate, Laplace kernel, by exact integrals. See kdeviz.kernels.numpy.laplace_integral.laplace."""
    R = z.shape[0]
    J = z.shape[1]
    outputs = (R,), (R, J), (R, J), (R,), (R,), (R,)
    block = dict(scratch=18*J + 22, serial=True)
    return launch(source("laplace_integral"), "laplace", (z, points, a, b, h), (R, J), outputs, **block)


def laplace_on_circle(z, points, a, b, h, period):
    """Cross-entropy of a uniform target on [a, b] against a kernel density estimate, wrapped Laplace kernel, by exact integrals. See kdeviz.kernels.numpy.laplace_integral.laplace_on_circle."""
    R = z.shape[0]
    J = z.shape[1]
    outputs = (R,), (R, J), (R, J), (R,), (R,), (R,)
    block = dict(scratch=23*J + 22, serial=True)
    return launch(source("laplace_integral"), "laplace_on_circle", (z, points, a, b, h, period), (R, J), outputs, **block)


def laplace_hvp(z, points, a, b, h, v):
    """Hessian in the logits of that cross-entropy, times v, Laplace kernel, by exact integrals. See kdeviz.kernels.numpy.laplace_integral.laplace_hvp."""
    R = z.shape[0]
    J = z.shape[1]
    outputs = (R, J),
    block = dict(scratch=22*J + 28, serial=True)
    return launch(source("laplace_integral"), "laplace_hvp", (z, points, a, b, h, v), (R, J), outputs, **block)


def laplace_hvp_on_circle(z, points, a, b, h, period, v):
    """Hessian in the logits of that cross-entropy, times v, wrapped Laplace kernel, by exact integrals. See kdeviz.kernels.numpy.laplace_integral.laplace_hvp_on_circle."""
    R = z.shape[0]
    J = z.shape[1]
    outputs = (R, J),
    block = dict(scratch=27*J + 28, serial=True)
    return launch(source("laplace_integral"), "laplace_hvp_on_circle", (z, points, a, b, h, period, v), (R, J), outputs, **block)


def laplace_em(z, points, a, b, h):
    """Logarithm of the mean responsibilities of the points for a uniform target on [a, b], Laplace kernel, by exact integrals. See kdeviz.kernels.numpy.laplace_integral.laplace_em."""
    R = z.shape[0]
    J = z.shape[1]
    outputs = (R, J),
    block = dict(scratch=16*J + 20, serial=True)
    return launch(source("laplace_integral"), "laplace_em", (z, points, a, b, h), (R, J), outputs, **block)


def laplace_em_on_circle(z, points, a, b, h, period):
    """Logarithm of the mean responsibilities of the points for a uniform target on [a, b], wrapped Laplace kernel, by exact integrals. See kdeviz.kernels.numpy.laplace_integral.laplace_em_on_circle."""
    R = z.shape[0]
    J = z.shape[1]
    outputs = (R, J),
    block = dict(scratch=19*J + 20, serial=True)
    return launch(source("laplace_integral"), "laplace_em_on_circle", (z, points, a, b, h, period), (R, J), outputs, **block)
