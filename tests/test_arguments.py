"""Every wrong argument gets an error that names it, what it must be and what came; nothing turns silently into a number."""

import numpy as np
import pytest

from kdeviz import kde_cross_entropy, mixture_cross_entropy, smooth_labels, softmax_cross_entropy
from kdeviz.kernels.cupy import source

z, points, q = np.zeros(3), np.array([0.0, 0.5, 1.0]), np.full(4, 0.25)
log_K = np.zeros((4, 3))
LONGDOUBLE = np.zeros(3, np.longdouble)


def kde(*args, **changed):
    arguments = dict(z=z, points=points, a=0.0, b=1.0, h=0.5, bins=4) | changed
    return lambda: kde_cross_entropy(**arguments)


def mixture(**changed):
    arguments = dict(z=z, log_K=log_K, q=q) | changed
    return lambda: mixture_cross_entropy(**arguments)


BAD = {
    # softmax
    "softmax: scalar z": (lambda: softmax_cross_entropy(1.0, 0), r"`z` must have shape \(..., D\).*got shape \(\)"),
    "softmax: no category": (
        lambda: softmax_cross_entropy(np.zeros((2, 0)), np.zeros((2, 0))),
        "`z` must have shape .* at least one",
    ),
    "softmax: label too large": (
        lambda: softmax_cross_entropy(z, 3),
        "`y` must hold class labels from 0 to D - 1 = 2; got 3",
    ),
    "softmax: negative label": (
        lambda: softmax_cross_entropy(np.zeros((2, 3)), np.array([0, -1])),
        "`y` must hold class labels .* got -1",
    ),
    "softmax: y of another width": (
        lambda: softmax_cross_entropy(z, np.full(4, 0.25)),
        r"`y` must have shape \(..., D\) = \(..., 3\).*got shape \(4,\)",
    ),
    "softmax: negative soft label": (
        lambda: softmax_cross_entropy(z, np.array([-0.5, 1.0, 0.5])),
        "`y` must be non-negative; got -0.5",
    ),
    "softmax: unnormalised": (
        lambda: softmax_cross_entropy(z, np.array([0.5, 0.2, 0.2])),
        "`y` must sum to 1 .* got 0.8.* Divide by its sum",
    ),
    "softmax: rows that do not broadcast": (
        lambda: softmax_cross_entropy(np.zeros((2, 3)), np.full((5, 3), 1 / 3)),
        "leading axes of `y`",
    ),
    "softmax: complex": (
        lambda: softmax_cross_entropy(z.astype(complex), 0),
        "`z` must hold real numbers; got dtype complex128",
    ),
    "softmax: strings": (lambda: softmax_cross_entropy(np.array(["a", "b"]), 0), "`z` must hold real numbers"),
    "softmax: half precision": (
        lambda: softmax_cross_entropy(z.astype(np.float16), 0),
        "`z` must be float32, float64 or integer; got float16",
    ),
    "softmax: long double": (lambda: softmax_cross_entropy(LONGDOUBLE, 0), "`z` must be float32, float64"),
    "softmax: float labels": (
        lambda: softmax_cross_entropy(np.zeros((2, 3)), np.array([0.0, 1.0])),
        "`y` must have shape",
    ),
    # smooth_labels
    "smooth_labels: floats": (lambda: smooth_labels([0.5], 3, 0.1), "`labels` must be integers"),
    "smooth_labels: out of range": (
        lambda: smooth_labels([5], 3, 0.1),
        "must hold class labels from 0 to D - 1 = 2; got 5",
    ),
    "smooth_labels: D": (lambda: smooth_labels([0], 0, 0.1), "`D` must be the number of categories, .* got 0"),
    "smooth_labels: alpha above 1": (
        lambda: smooth_labels([0], 3, 1.5),
        "`alpha` must be a number from 0 to 1; got 1.5",
    ),
    "smooth_labels: alpha nan": (
        lambda: smooth_labels([0], 3, np.nan),
        "`alpha` must be a number from 0 to 1; got nan",
    ),
    # mixture
    "mixture: log_K of another width": (
        mixture(log_K=np.zeros((4, 2))),
        r"`log_K` must have shape \(..., 4, 3\) .*got \(4, 2\)",
    ),
    "mixture: log_K of too few axes": (mixture(log_K=np.zeros(3)), r"`log_K` must have shape \(..., 4, 3\)"),
    "mixture: no bin": (mixture(log_K=np.zeros((0, 3)), q=np.zeros(0)), "`q` must have shape .* at least one"),
    "mixture: no point": (mixture(z=np.zeros(0), log_K=np.zeros((4, 0))), "`z` must have shape .* at least one"),
    "mixture: negative mass": (mixture(q=np.array([0.5, 0.5, 0.5, -0.5])), "`q` must be non-negative; got -0.5"),
    "mixture: masses of sum 0.93": (
        mixture(q=np.array([0.4, 0.4, 0.1, 0.03])),
        "`q` must sum to 1 .* got 0.93.* Divide by its sum",
    ),
    "mixture: nan mass": (mixture(q=np.array([0.5, 0.5, np.nan, 0.0])), "`q` must be non-negative; got nan"),
    "mixture: policy": (mixture(zero="ignore"), "`zero` must be one of 'inf', 'skip', 'floor'; got 'ignore'"),
    "mixture: floor without its height": (mixture(zero="floor"), '`log_floor` must be given with zero="floor"'),
    "mixture: height without floor": (
        mixture(log_floor=-3.0),
        '`log_floor` must be given with zero="floor", and only then',
    ),
    "mixture: infinite floor": (mixture(zero="floor", log_floor=np.inf), "`log_floor` must be a finite logarithm"),
    "mixture: nan floor": (mixture(zero="floor", log_floor=np.nan), "`log_floor` must be a finite logarithm"),
    # kernel density
    "kde: negative h": (kde(h=-0.5), "`h` must be positive, in the unit of x; got -0.5"),
    "kde: zero h in one row": (kde(h=np.array([0.5, 0.0])), "`h` must be positive, in the unit of x; got 0.0"),
    "kde: nan h": (kde(h=np.nan), "`h` must be finite, in the unit of x; got nan"),
    "kde: infinite h": (kde(h=np.inf), "`h` must be finite"),
    "kde: nan edge": (kde(a=np.nan), "`a` must be finite"),
    "kde: a above b": (kde(a=2.0), "`b` must be greater than `a`; got 1.0. `a` is 2.0"),
    "kde: a equals b": (kde(b=0.0), "`b` must be greater than `a`"),
    "kde: target longer than the period": (kde(b=3.0, period=2.0), "`b` must lie between `a` and `a` \\+ `period`"),
    "kde: a above b on a circle": (kde(a=2.0, period=4.0), "`b` must lie between"),
    "kde: negative period": (kde(period=-1.0), "`period` must be positive"),
    "kde: points of another width": (kde(points=np.zeros(4)), r"`points` must have shape \(..., 3\)"),
    "kde: rows that do not broadcast": (kde(z=np.zeros((2, 3)), points=np.zeros((5, 3))), "leading axes of `points`"),
    "kde: unknown kernel": (kde(kernel="uniform"), "`kernel` must be one of 'laplace', .* got 'uniform'"),
    "kde: von Mises without a period": (kde(kernel="von_mises"), "got 'von_mises'. It needs a `period`"),
    "kde: unknown method": (kde(method="bin"), "`method` must be one of 'auto', .* got 'bin'"),
    "kde: exact is not there yet": (
        kde(method="exact"),
        "`method` 'exact' without bins is not in this version: pass `bins`",
    ),
    "kde: no bins": (kde(bins=None), "not in this version: pass `bins`"),
    "kde: zero bins": (kde(bins=0), "`bins` must be at least 1; got 0"),
    "kde: bins of a wrong type": (kde(bins=4.0), "`bins` must be a number of bins or a pair"),
    "kde: bins without edges": (kde(a=None, b=None), "`a` and `b` must be given with a number of bins"),
    "kde: explicit bins with edges": (kde(bins=(points, np.full(3, 1 / 3))), "`a` and `b` must be None with bins="),
    "kde: centres and masses of two lengths": (
        kde(a=None, b=None, bins=(points, q)),
        r"of one length; got shapes \(3,\) and \(4,\)",
    ),
    "kde: masses of sum 2": (kde(a=None, b=None, bins=(points, np.full(3, 2 / 3))), r"`bins\[1\]` must sum to 1"),
    "kde: nan centre": (kde(a=None, b=None, bins=(np.array([np.nan]), np.ones(1))), r"`bins\[0\]` must be finite"),
    "kde: unknown gradient": (kde(wrt=("z", "bandwidth")), "`wrt` must name gradients, of 'z', .* got 'bandwidth'"),
    "kde: no bandwidth": (kde(h=None), "`h` must be given, except for points="),
    "kde: intervals with another kernel": (
        kde(h=None, points=(points, points), kernel="laplace"),
        "`h` must be given, except",
    ),
    "kde: intervals inside out": (
        kde(h=None, points=(points + 1, points), kernel="box"),
        "`points` must be .lo, hi. with lo <= hi",
    ),
    "kde: intervals of two lengths": (
        kde(h=None, points=(points, points[:2]), kernel="box"),
        "`points` must be .lo, hi. of one length",
    ),
    "cupy: unknown source": (lambda: source("nothing"), "`stem` must name a kernel file; got 'nothing'. There are: "),
}


@pytest.mark.parametrize("call, message", BAD.values(), ids=BAD)
def test_a_bad_argument_is_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


@pytest.mark.parametrize("policy", ["inf", "skip"])
def test_nan_in_data_is_no_error(policy):
    assert np.isnan(mixture(z=np.array([0.0, np.nan, 1.0]), zero=policy)().loss)


def test_lists_and_integers_are_taken():
    assert kde(z=[0, 1, 2], points=[0, 1, 2], a=0, b=1, h=1)().loss.dtype == np.float64
    assert mixture_cross_entropy([0, 0], [[0, 0]], [1]).grad.z.tolist() == [0, 0]
