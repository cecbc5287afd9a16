"""Every wrong argument gets an error that names it, what it must be and what came; nothing turns silently into a number."""

import warnings

import numpy as np
import pytest

from kdeviz import (
    ContinuousCategorical,
    cc_cross_entropy,
    kde_cross_entropy,
    mixture_cross_entropy,
    smooth_labels,
    softmax_cross_entropy,
)
from kdeviz.kernels.cupy import source
from kdeviz.kernels.numpy import kde_ce

z, points, q = np.zeros(3), np.array([0.0, 0.5, 1.0]), np.full(4, 0.25)
log_K = np.zeros((4, 3))
F32 = np.zeros(3, np.float32)
RAGGED = [[0.0], [0.0, 1.0]]
PAIR = (points, points + 0.5)
MASKED = np.ma.array([0.0, 0.5, 1.0], mask=[0, 0, 1])
LONGDOUBLE = np.zeros(3, np.longdouble)


def kde(*args, **changed):
    arguments = dict(z=z, points=points, a=0.0, b=1.0, h=0.5, bins=4) | changed
    return lambda: kde_cross_entropy(**arguments)


def mixture(**changed):
    arguments = dict(z=z, log_K=log_K, q=q) | changed
    return lambda: mixture_cross_entropy(**arguments)


CC, THIRDS = ContinuousCategorical(z), np.full(3, 1 / 3)
from_mean = ContinuousCategorical.from_mean

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
    "softmax: masked logits": (
        lambda: softmax_cross_entropy(MASKED, 0),
        "`z` must be an array without a mask, .* Drop or fill the masked entries; z = -inf removes a point",
    ),
    "softmax: masked rows in a list": (lambda: softmax_cross_entropy([MASKED, MASKED], [0, 1]), "`z` must be an array"),
    "softmax: masked labels": (lambda: softmax_cross_entropy(np.zeros((3, 3)), MASKED.astype(int)), "`y` must be an a"),
    "softmax: ragged": (lambda: softmax_cross_entropy(RAGGED, 0), "`z` must hold real numbers, in lists of one length"),
    "softmax: huge label": (lambda: softmax_cross_entropy(z, 10**400), "`y` must hold real numbers; got dtype object"),
    # smooth_labels
    "smooth_labels: masked": (lambda: smooth_labels(MASKED.astype(int), 3, 0.1), "`labels` must be an array without"),
    "smooth_labels: ragged": (lambda: smooth_labels([[0], [0, 1]], 3, 0.1), "`labels` must hold real numbers"),
    "smooth_labels: D is no truth value": (lambda: smooth_labels([0], True, 0.1), "`D` must be .* got True"),
    "smooth_labels: alpha in words": (lambda: smooth_labels([0], 3, "x"), "`alpha` must be a number .* got 'x'"),
    "smooth_labels: no alpha": (lambda: smooth_labels([0], 3, None), "`alpha` must be a number .* got None"),
    "smooth_labels: a list of alphas": (lambda: smooth_labels([0], 3, [0.1]), r"`alpha` must be .* got \[0.1\]"),
    "smooth_labels: alpha is no truth value": (lambda: smooth_labels([0], 3, True), "`alpha` must .* got True"),
    "smooth_labels: floats": (lambda: smooth_labels([0.5], 3, 0.1), "`labels` must be integers"),
    "smooth_labels: out of range": (
        lambda: smooth_labels([5], 3, 0.1),
        "`labels` must hold class labels from 0 to D - 1 = 2; got 5",
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
    "mixture: floor of zero height": (mixture(zero="floor", log_floor=-np.inf), "`log_floor` must be .* got -inf"),
    "mixture: floor below float32": (
        mixture(z=F32, log_K=log_K.astype("f4"), q=q.astype("f4"), zero="floor", log_floor=-1e39),
        r"`log_floor` must be a finite logarithm as float32, in nats; got -1e\+39. Arrays of float64 have more",
    ),
    "mixture: complex floor": (mixture(zero="floor", log_floor=1j), "`log_floor` must hold real numbers"),
    "mixture: floor in words": (mixture(zero="floor", log_floor="a"), "`log_floor` must hold real numbers"),
    "mixture: array of policies": (mixture(zero=np.array(["inf", "skip"])), "`zero` must be one of"),
    "mixture: masked": (mixture(q=np.ma.array(q, mask=[1, 0, 0, 0])), "`q` must be an array without a mask"),
    "mixture: nan floor": (mixture(zero="floor", log_floor=np.nan), "`log_floor` must be a finite logarithm"),
    # continuous categorical
    "cc: scalar z": (lambda: cc_cross_entropy(1.0, 0), r"`z` must have shape \(..., D\).*got shape \(\)"),
    "cc: y of another width": (
        lambda: cc_cross_entropy(z, np.full(4, 0.25)),
        r"`y` must have shape \(..., D\) = \(..., 3\) to match `z`, or be integer labels .*; got shape \(4,\), dtype float64",
    ),
    "cc: negative y": (
        lambda: cc_cross_entropy(z, [-0.5, 1.0, 0.5]),
        "`y` must be non-negative, within 1e-06; got -0.5",
    ),
    "cc: y a little too negative": (
        lambda: cc_cross_entropy(z, [-2e-6, 0.5, 0.5 + 2e-6]),
        "`y` must be non-negative, within 1e-06; got -2e-06",
    ),
    "cc: y of sum 0.9": (
        lambda: cc_cross_entropy(z, [0.5, 0.2, 0.2]),
        "`y` must sum to 1 over its last axis, within 1e-06; got 0.89999.* Divide by its sum",
    ),
    "cc: y a little short": (
        lambda: cc_cross_entropy(z, [0.5, 0.25, 0.25 - 2e-6]),
        "`y` must sum to 1 .* got 0.99999",
    ),
    "cc: label too large": (lambda: cc_cross_entropy(z, 3), "`y` must hold class labels from 0 to D - 1 = 2; got 3"),
    "cc: rows that do not broadcast": (
        lambda: cc_cross_entropy(np.zeros((2, 3)), np.full((5, 3), 1 / 3)),
        "leading axes of `y`",
    ),
    "cc: half precision": (
        lambda: cc_cross_entropy(z.astype("f2"), 0),
        "`z` must be float32, float64 or integer; got float16",
    ),
    "cc: masked": (lambda: cc_cross_entropy(MASKED, 0), "`z` must be an array without a mask"),
    "CC: scalar eta": (lambda: ContinuousCategorical(1.0), r"`eta` must have shape \(..., D\) .* got shape \(\)"),
    "CC: no category": (lambda: ContinuousCategorical(np.zeros((2, 0))), "`eta` must have shape .* at least one"),
    "CC: complex": (lambda: ContinuousCategorical(z * 1j), "`eta` must hold real numbers; got dtype complex128"),
    "CC: long double": (lambda: ContinuousCategorical(LONGDOUBLE), "`eta` must be float32, float64"),
    "CC: ragged": (lambda: ContinuousCategorical(RAGGED), "`eta` must hold real numbers, in lists of one length"),
    "CC: log_prob of another width": (
        lambda: CC.log_prob(q),
        r"`y` must have shape \(..., D\) = \(..., 3\) to match `eta`; got shape \(4,\), dtype float64",
    ),
    "CC: log_prob of a number": (lambda: CC.log_prob(0.5), r"`y` must have shape .* to match `eta`; got shape \(\)"),
    "CC: log_prob outside the simplex": (lambda: CC.log_prob(2 * THIRDS), "`y` must sum to 1 .* got 2.0. Divide by"),
    "CC: log_prob of negative y": (lambda: CC.log_prob([-1.0, 1.0, 1.0]), "`y` must be non-negative, .* got -1.0"),
    "CC: log_prob of other rows": (
        lambda: ContinuousCategorical(np.zeros((2, 3))).log_prob(np.full((5, 3), 1 / 3)),
        r"leading axes of `y`, \(5,\), do not broadcast with those of the arguments before it, \(2,\)",
    ),
    "CC: matrix too large": (
        lambda: ContinuousCategorical(np.zeros((3, 10**4))).covariance_matrix,
        r"`covariance_matrix` must have at most 2\^27 = 134217728 entries; shape \(3, 10000, 10000\) has 300000000. "
        r"Use covariance_matvec\(v\) for its products, and variance for its diagonal",
    ),
    "CC: matvec of another width": (lambda: CC.covariance_matvec(q), r"`v` must have shape \(..., 3\) .* got \(4,\)"),
    "CC: matvec of strings": (lambda: CC.covariance_matvec(["a", "b", "c"]), "`v` must hold real numbers"),
    "CC: matvec of other rows": (
        lambda: ContinuousCategorical(np.zeros((2, 3))).covariance_matvec(np.zeros((5, 3))),
        "leading axes of `v`",
    ),
    "CC: divergence from an array": (
        lambda: CC.kl_divergence(z),
        "`other` must be a ContinuousCategorical; got ndarray",
    ),
    "CC: divergence from fewer categories": (
        lambda: CC.kl_divergence(ContinuousCategorical(np.zeros(2))),
        r"`other` must have shape \(..., 3\) .* got \(2,\)",
    ),
    "CC: negative number of samples": (
        lambda: CC.sample(-1),
        "`shape` must be a count of draws or a tuple of counts; got -1",
    ),
    "CC: samples in floats": (lambda: CC.sample((2, 1.5)), r"`shape` must be a count .* got \(2, 1.5\)"),
    "CC: samples are no truth value": (lambda: CC.sample(True), "`shape` must be a count .* got True"),
    "from_mean: scalar": (lambda: from_mean(1.0), r"`mu` must have shape \(..., D\) .* got shape \(\)"),
    "from_mean: integers": (lambda: from_mean([1, 0, 0]), "`mu` must be positive, .* got 0 at index"),
    "from_mean: zero": (
        lambda: from_mean([0.5, 0.5, 0.0]),
        r"`mu` must be positive, at least 1e-100 in float64; got 0.0 at index \(2,\). "
        r"A mean on the boundary has no finite logits: mix in a share of the uniform, \(1 - alpha\) mu \+ alpha/D",
    ),
    "from_mean: the most negative is shown": (
        lambda: from_mean([[0.5, 0.6, -0.1], [0.5, 0.7, -0.2]]),
        r"`mu` must be positive, .* got -0.2 at index \(1, 2\)",
    ),
    "from_mean: too small for float32": (
        lambda: from_mean(np.array([1.0, 1e-31], "f4")),
        r"`mu` must be positive, at least 1e-30 in float32; got .*e-3[12] at index \(1,\)",
    ),
    "from_mean: the worst sum is shown": (
        lambda: from_mean([[0.5, 0.5], [0.5, 0.6], [0.5, 0.7]]),
        r"`mu` must sum to 1 over its last axis, within 1e-06; got 1.2 at index \(2,\). Divide by its sum",
    ),
    "from_mean: sum of one row": (lambda: from_mean([0.5, 0.4]), "`mu` must sum to 1 .*; got 0.9. Divide by its sum"),
    "from_mean: infinite": (lambda: from_mean([np.inf, 0.5]), "`mu` must sum to 1 .*; got inf"),
    "from_mean: masked": (lambda: from_mean(MASKED), "`mu` must be an array without a mask"),
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
    "kde: exact and bins": (kde(method="exact"), """`bins` imply method="bins"; got method='exact'"""),
    "kde: bins without their number": (
        kde(method="bins", bins=None),
        '`bins` must be given with method="bins", e.g. bins=64',
    ),
    "kde: a floor without bins": (
        kde(bins=None, zero="floor", log_floor=-9.0),
        '`zero` must be "inf" or "skip" without bins',
    ),
    "kde: no closed form": (kde(method="exact", bins=None, kernel="cauchy"), "which has no closed form; got"),
    "kde: zero bins": (kde(bins=0), "`bins` must be at least 1; got 0"),
    "kde: bins of a wrong type": (kde(bins=4.0), "`bins` must be a number of bins or a pair"),
    "kde: bins without edges": (kde(a=None, b=None), "`a` and `b` must be given; they are None only"),
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
        r"`points\[0\]` must be lo of points=\(lo, hi\) with lo <= hi; got 1.0",
    ),
    "kde: intervals of two lengths": (
        kde(h=None, points=(points, points[:2]), kernel="box"),
        r"`points\[1\]` must have shape \(..., 3\)",
    ),
    "kde: two arrays of points and a bandwidth": (
        kde(points=PAIR),
        r"`h` must be None with points=\(lo, hi\): each interval brings its own width",
    ),
    "kde: intervals that are two numbers": (kde(points=(0.0, 1.0), h=None, kernel="box"), "`h` must be given, except"),
    "kde: intervals for other logits": (
        kde(z=np.zeros(2), h=None, points=PAIR, kernel="box"),
        r"`points\[0\]` must have shape \(..., 2\)",
    ),
    "kde: bandwidth that float32 rounds to 0": (
        kde(z=F32, points=F32, h=1e-50),
        "`h` must be positive as float32, in the unit of x; got 1e-50. Arrays of float64 have more digits",
    ),
    "kde: bandwidth with an infinite reciprocal": (kde(h=1e-320), "`h` must have a finite reciprocal; got 1e-320"),
    "kde: edges that float32 rounds together": (
        kde(z=F32, points=F32, a=1, b=1 + 1e-9),
        "`b` must be greater than `a` as float32; got 1.000000001. `a` is 1. Arrays of float64",
    ),
    "kde: edge beyond float32": (
        kde(z=F32, points=F32, b=1e39),
        r"`b` must be finite as float32, in the unit of x; got 1e\+39",
    ),
    "kde: edge beyond float64": (kde(b=10**400), "`b` must hold real numbers; got dtype object"),
    "kde: edges infinitely far apart": (kde(a=-1e308, b=1e308), "`b` must be at a finite distance from `a`"),
    "kde: edges of two and three rows": (
        kde(a=np.zeros(3), b=np.ones(2)),
        r"leading axes of `b`, \(2,\), do not broadcast with those of the arguments before it, \(3,\)",
    ),
    "kde: edges of other rows than z": (
        kde(z=np.zeros((2, 3)), a=np.zeros(3)),
        r"leading axes of `a`, \(3,\), do not broadcast with those of the arguments before it, \(2,\)",
    ),
    "kde: centres of other rows": (
        kde(z=np.zeros((2, 3)), a=None, b=None, bins=(np.zeros((3, 4)), q)),
        r"leading axes of `bins\[0\]`",
    ),
    "kde: masses of other rows": (
        kde(z=np.zeros((2, 3)), a=None, b=None, bins=(np.zeros(4), np.full((3, 4), 0.25))),
        r"leading axes of `bins\[1\]`",
    ),
    "kde: masked points": (kde(points=MASKED), "`points` must be an array without a mask"),
    "kde: masked edge of intervals": (
        kde(points=(points, MASKED), h=None, kernel="box"),
        r"`points\[1\]` must be an a",
    ),
    "kde: masked centres": (kde(a=None, b=None, bins=(MASKED, q[:3])), r"`bins\[0\]` must be an array without"),
    "kde: ragged": (kde(points=RAGGED), "`points` must hold real numbers, in lists of one length along each axis"),
    "kde: no logits": (kde(z=None), "`z` must hold real numbers"),
    "kde: gradients by number": (kde(wrt=3), "`wrt` must name gradients, .* got 3"),
    "kde: gradients in lists": (kde(wrt=[["z"]]), r"`wrt` must name gradients, .* got \['z'\]"),
    "kde: array of methods": (kde(method=np.array(["bins", "auto"])), "`method` must be one of"),
    "kde: quadrature and bins": (kde(method="quadrature"), """`bins` imply method="bins"; got method='quadrature'"""),
    "kde: array of kernels": (kde(kernel=np.array(["box", "laplace"])), "`kernel` must be one of"),
    "kde: a function that is no kernel": (
        kde(kernel=np.exp),
        "`kernel` must be a name, or a kernel with arguments a, b",
    ),
    "kde: a class that is no kernel": (kde(kernel=dict), "`kernel` must be a name, or a kernel"),
    "kde: line kernel on a circle": (kde(kernel=kde_ce.laplace, period=3.0), "`kernel` must .* arguments .*, period"),
    "kde: circle kernel on a line": (kde(kernel=kde_ce.laplace_on_circle), "`kernel` must be a name, or a kernel with"),
    "cupy: unknown source": (lambda: source("nothing"), "`stem` must name a kernel file; got 'nothing'. There are: "),
}


@pytest.mark.parametrize("call, message", BAD.values(), ids=BAD)
def test_a_bad_argument_is_named(call, message):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises((ValueError, TypeError), match=message):
            call()


@pytest.mark.parametrize("policy", ["inf", "skip"])
def test_nan_in_data_is_no_error(policy):
    assert np.isnan(mixture(z=np.array([0.0, np.nan, 1.0]), zero=policy)().loss)


def test_lists_and_integers_are_taken():
    assert kde(z=[0, 1, 2], points=[0, 1, 2], a=0, b=1, h=1)().loss.dtype == np.float64
    assert mixture_cross_entropy([0, 0], [[0, 0]], [1]).grad.z.tolist() == [0, 0]


def test_a_pair_of_numbers_is_two_points():
    pair = kde(z=np.zeros(2), points=(0.0, 1.0))()
    assert pair.loss == kde(z=np.zeros(2), points=np.array([0.0, 1.0]))().loss


def test_functions_of_the_kernel_modules_are_kernels():
    assert kde(kernel=kde_ce.cauchy)().loss == kde(kernel="cauchy")().loss
    assert kde(kernel=kde_ce.von_mises_on_circle, period=3.0)().loss == kde(kernel="von_mises", period=3.0)().loss


def test_the_whole_circle_may_be_rounded():
    for a, period in ((0.1, 0.7), (1e6 + 0.3, 0.1)):
        assert np.isfinite(kde(z=F32, points=F32, a=a, b=a + period, period=period)().loss)


def test_every_array_decides_the_dtype():
    centres, masses = np.linspace(0, 1, 4), q
    F32_pair = (F32, F32 + 1)
    for places in ({"points": F32}, {"points": F32_pair, "h": None, "kernel": "box"}):
        single = dict(z=F32, a=None, b=None, **places)
        bins = (centres.astype("f4"), masses.astype("f4"))
        assert kde(**single, bins=bins)().loss.dtype == np.float32
        assert kde(**single, bins=(centres, masses.astype("f4")))().loss.dtype == np.float64
        assert kde(**single, bins=(centres.astype("f4"), masses))().loss.dtype == np.float64
        floor = dict(zero="floor", log_floor=np.array(-3.0))
        assert kde(**single, bins=bins, **floor)().grad.z.dtype == np.float64
