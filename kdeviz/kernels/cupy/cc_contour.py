# Generated from derivations/cc_contour.py. Do not edit: change the derivation and run `make generate`.
from . import source
from .launch import launch


def saddle_start(eta, size):
    """Gaps, and two steps towards the saddle from a start below it: the top category and the mean of the others. See kdeviz.kernels.numpy.cc_contour.saddle_start."""
    R = eta.shape[0]
    D = eta.shape[1]
    outputs = (R,), (R, D), (R,), (R,), (R,), (R,)
    block = dict(scratch=0, width=D)
    return launch(source("cc_contour"), "saddle_start", (eta, size), (R, D), outputs, **block)


def saddle_step(gap, tau):
    """A Newton step towards the saddle; a row that is near enough stays where it is. See kdeviz.kernels.numpy.cc_contour.saddle_step."""
    R = gap.shape[0]
    D = gap.shape[1]
    outputs = (R,), (R,), (R,)
    block = dict(scratch=0, width=D)
    return launch(source("cc_contour"), "saddle_step", (gap, tau), (R, D), outputs, **block)


def saddle_excess(eta, top, tau):
    """1 - sum of 1/(tau + max(eta) - eta), free of rounding errors until the last digit. See kdeviz.kernels.numpy.cc_contour.saddle_excess."""
    R = eta.shape[0]
    D = eta.shape[1]
    outputs = (R,),
    block = dict(scratch=0, width=D)
    return launch(source("cc_contour"), "saddle_excess", (eta, top, tau), (R, D), outputs, **block)


def log_partition(gap, tau, sigma, excess, zeta_x, zeta_y, w_x, w_y):
    """log Z relative to max(eta). See kdeviz.kernels.numpy.cc_contour.log_partition."""
    R = gap.shape[0]
    D = gap.shape[1]
    N = zeta_x.shape[0]
    outputs = (R,),
    block = dict(scratch=D, width=D)
    return launch(source("cc_contour"), "log_partition", (gap, tau, sigma, excess, zeta_x, zeta_y, w_x, w_y), (R, D, N), outputs, **block)


def log_partition_and_mean(gap, tau, sigma, excess, zeta_x, zeta_y, w_x, w_y):
    """log Z relative to max(eta), and the means. See kdeviz.kernels.numpy.cc_contour.log_partition_and_mean."""
    R = gap.shape[0]
    D = gap.shape[1]
    N = zeta_x.shape[0]
    outputs = (R,), (R, D)
    block = dict(scratch=2*D, width=D)
    return launch(source("cc_contour"), "log_partition_and_mean", (gap, tau, sigma, excess, zeta_x, zeta_y, w_x, w_y), (R, D, N), outputs, **block)


def log_partition_mean_and_weights(gap, tau, sigma, excess, zeta_x, zeta_y, w_x, w_y, rest_x, rest_y, rest_log):
    """log Z relative to max(eta), means beside other categories, and the weighted integrand at the nodes. See kdeviz.kernels.numpy.cc_contour.log_partition_mean_and_weights."""
    R = gap.shape[0]
    D = gap.shape[1]
    N = zeta_x.shape[0]
    outputs = (R,), (R, D), (R,), (R, N), (R, N)
    block = dict(scratch=2*D, width=D)
    return launch(source("cc_contour"), "log_partition_mean_and_weights", (gap, tau, sigma, excess, zeta_x, zeta_y, w_x, w_y, rest_x, rest_y, rest_log), (R, D, N), outputs, **block)


def variances(gap, tau, sigma, mean, F, W_x, W_y, zeta_x, zeta_y):
    """The variance of each category. See kdeviz.kernels.numpy.cc_contour.variances."""
    R = gap.shape[0]
    D = gap.shape[1]
    N = W_x.shape[1]
    outputs = (R, D),
    block = dict(scratch=2*D, width=D)
    return launch(source("cc_contour"), "variances", (gap, tau, sigma, mean, F, W_x, W_y, zeta_x, zeta_y), (R, D, N), outputs, **block)


def covariance_matvec(gap, tau, sigma, mean, F, W_x, W_y, zeta_x, zeta_y, v):
    """The covariance matrix times a vector. See kdeviz.kernels.numpy.cc_contour.covariance_matvec."""
    R = gap.shape[0]
    D = gap.shape[1]
    N = W_x.shape[1]
    outputs = (R, D),
    block = dict(scratch=2*D, width=D)
    return launch(source("cc_contour"), "covariance_matvec", (gap, tau, sigma, mean, F, W_x, W_y, zeta_x, zeta_y, v), (R, D, N), outputs, **block)


def power_sums_10(gap, tau, sigma, zeta_x, zeta_y):
    """The exponent at the nodes of small categories, by 9 power sums. See kdeviz.kernels.numpy.cc_contour.power_sums_10."""
    R = gap.shape[0]
    D = gap.shape[1]
    N = zeta_x.shape[0]
    outputs = (R, N), (R, N), (R,)
    block = dict(scratch=0, width=D)
    return launch(source("cc_contour"), "power_sums_10", (gap, tau, sigma, zeta_x, zeta_y), (R, D, N), outputs, **block)


def power_means_10(gap, tau, sigma, F, W_x, W_y, zeta_x, zeta_y):
    """The means of small categories, polynomials in p with 9 terms. See kdeviz.kernels.numpy.cc_contour.power_means_10."""
    R = gap.shape[0]
    D = gap.shape[1]
    N = W_x.shape[1]
    outputs = (R, D),
    block = dict(scratch=0, width=D)
    return launch(source("cc_contour"), "power_means_10", (gap, tau, sigma, F, W_x, W_y, zeta_x, zeta_y), (R, D, N), outputs, **block)


def power_sums_20(gap, tau, sigma, zeta_x, zeta_y):
    """The exponent at the nodes of small categories, by 19 power sums. See kdeviz.kernels.numpy.cc_contour.power_sums_20."""
    R = gap.shape[0]
    D = gap.shape[1]
    N = zeta_x.shape[0]
    outputs = (R, N), (R, N), (R,)
    block = dict(scratch=0, width=D)
    return launch(source("cc_contour"), "power_sums_20", (gap, tau, sigma, zeta_x, zeta_y), (R, D, N), outputs, **block)


def power_means_20(gap, tau, sigma, F, W_x, W_y, zeta_x, zeta_y):
    """The means of small categories, polynomials in p with 19 terms. See kdeviz.kernels.numpy.cc_contour.power_means_20."""
    R = gap.shape[0]
    D = gap.shape[1]
    N = W_x.shape[1]
    outputs = (R, D),
    block = dict(scratch=0, width=D)
    return launch(source("cc_contour"), "power_means_20", (gap, tau, sigma, F, W_x, W_y, zeta_x, zeta_y), (R, D, N), outputs, **block)
