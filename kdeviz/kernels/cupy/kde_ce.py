# Generated from derivations/kde_ce.py. Do not edit: change the derivation and run `make generate`.
from . import source
from .launch import launch


def laplace(z, points, a, b, h, position, q, log_floor):
    """Cross-entropy of bins on [a, b] against a kernel density estimate, laplace kernel. See kdeviz.kernels.numpy.kde_ce.laplace."""
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    outputs = (R,), (R, J), (R, J), (R,), (R,), (R,), (R, B)
    block = dict(scratch=8*J, width=J)
    return launch(source("kde_ce"), "laplace", (z, points, a, b, h, position, q, log_floor), (R, B, J), outputs, **block)


def gaussian(z, points, a, b, h, position, q, log_floor):
    """Cross-entropy of bins on [a, b] against a kernel density estimate, gaussian kernel. See kdeviz.kernels.numpy.kde_ce.gaussian."""
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    outputs = (R,), (R, J), (R, J), (R,), (R,), (R,), (R, B)
    block = dict(scratch=8*J, width=J)
    return launch(source("kde_ce"), "gaussian", (z, points, a, b, h, position, q, log_floor), (R, B, J), outputs, **block)


def box(z, points, a, b, h, position, q, log_floor):
    """Cross-entropy of bins on [a, b] against a kernel density estimate, box kernel. See kdeviz.kernels.numpy.kde_ce.box."""
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    outputs = (R,), (R, J), (R, J), (R,), (R,), (R,), (R, B)
    block = dict(scratch=6*J, width=J)
    return launch(source("kde_ce"), "box", (z, points, a, b, h, position, q, log_floor), (R, B, J), outputs, **block)


def triangular(z, points, a, b, h, position, q, log_floor):
    """Cross-entropy of bins on [a, b] against a kernel density estimate, triangular kernel. See kdeviz.kernels.numpy.kde_ce.triangular."""
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    outputs = (R,), (R, J), (R, J), (R,), (R,), (R,), (R, B)
    block = dict(scratch=10*J, width=J)
    return launch(source("kde_ce"), "triangular", (z, points, a, b, h, position, q, log_floor), (R, B, J), outputs, **block)


def epanechnikov(z, points, a, b, h, position, q, log_floor):
    """Cross-entropy of bins on [a, b] against a kernel density estimate, epanechnikov kernel. See kdeviz.kernels.numpy.kde_ce.epanechnikov."""
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    outputs = (R,), (R, J), (R, J), (R,), (R,), (R,), (R, B)
    block = dict(scratch=10*J, width=J)
    return launch(source("kde_ce"), "epanechnikov", (z, points, a, b, h, position, q, log_floor), (R, B, J), outputs, **block)


def cauchy(z, points, a, b, h, position, q, log_floor):
    """Cross-entropy of bins on [a, b] against a kernel density estimate, cauchy kernel. See kdeviz.kernels.numpy.kde_ce.cauchy."""
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    outputs = (R,), (R, J), (R, J), (R,), (R,), (R,), (R, B)
    block = dict(scratch=10*J, width=J)
    return launch(source("kde_ce"), "cauchy", (z, points, a, b, h, position, q, log_floor), (R, B, J), outputs, **block)


def laplace_on_circle(z, points, a, b, h, position, q, log_floor, period):
    """Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, laplace kernel. See kdeviz.kernels.numpy.kde_ce.laplace_on_circle."""
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    outputs = (R,), (R, J), (R, J), (R,), (R,), (R,), (R, B)
    block = dict(scratch=12*J, width=J)
    return launch(source("kde_ce"), "laplace_on_circle", (z, points, a, b, h, position, q, log_floor, period), (R, B, J), outputs, **block)


def gaussian_on_circle(z, points, a, b, h, position, q, log_floor, period):
    """Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, gaussian kernel. See kdeviz.kernels.numpy.kde_ce.gaussian_on_circle."""
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    outputs = (R,), (R, J), (R, J), (R,), (R,), (R,), (R, B)
    block = dict(scratch=9*J, width=J)
    return launch(source("kde_ce"), "gaussian_on_circle", (z, points, a, b, h, position, q, log_floor, period), (R, B, J), outputs, **block)


def box_on_circle(z, points, a, b, h, position, q, log_floor, period):
    """Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, box kernel. See kdeviz.kernels.numpy.kde_ce.box_on_circle."""
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    outputs = (R,), (R, J), (R, J), (R,), (R,), (R,), (R, B)
    block = dict(scratch=6*J, width=J)
    return launch(source("kde_ce"), "box_on_circle", (z, points, a, b, h, position, q, log_floor, period), (R, B, J), outputs, **block)


def triangular_on_circle(z, points, a, b, h, position, q, log_floor, period):
    """Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, triangular kernel. See kdeviz.kernels.numpy.kde_ce.triangular_on_circle."""
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    outputs = (R,), (R, J), (R, J), (R,), (R,), (R,), (R, B)
    block = dict(scratch=11*J, width=J)
    return launch(source("kde_ce"), "triangular_on_circle", (z, points, a, b, h, position, q, log_floor, period), (R, B, J), outputs, **block)


def epanechnikov_on_circle(z, points, a, b, h, position, q, log_floor, period):
    """Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, epanechnikov kernel. See kdeviz.kernels.numpy.kde_ce.epanechnikov_on_circle."""
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    outputs = (R,), (R, J), (R, J), (R,), (R,), (R,), (R, B)
    block = dict(scratch=11*J, width=J)
    return launch(source("kde_ce"), "epanechnikov_on_circle", (z, points, a, b, h, position, q, log_floor, period), (R, B, J), outputs, **block)


def cauchy_on_circle(z, points, a, b, h, position, q, log_floor, period):
    """Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, cauchy kernel. See kdeviz.kernels.numpy.kde_ce.cauchy_on_circle."""
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    outputs = (R,), (R, J), (R, J), (R,), (R,), (R,), (R, B)
    block = dict(scratch=11*J, width=J)
    return launch(source("kde_ce"), "cauchy_on_circle", (z, points, a, b, h, position, q, log_floor, period), (R, B, J), outputs, **block)


def von_mises_on_circle(z, points, a, b, h, position, q, log_floor, period):
    """Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, von_mises kernel. See kdeviz.kernels.numpy.kde_ce.von_mises_on_circle."""
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    outputs = (R,), (R, J), (R, J), (R,), (R,), (R,), (R, B)
    block = dict(scratch=11*J, width=J)
    return launch(source("kde_ce"), "von_mises_on_circle", (z, points, a, b, h, position, q, log_floor, period), (R, B, J), outputs, **block)
