# Generated from derivations/kde_ce.py. Do not edit: change the derivation and run `make generate`.
import math
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numba as nb
import numpy as np
from llvmlite import ir
from numba.extending import intrinsic, overload, register_jitable


def _compiled(function):
    """Compiled at its first call in each dtype, with IEEE arithmetic; kept on disk where numba finds a place for it."""
    options = {"nogil": True, "error_model": "numpy"}
    try:
        return nb.njit(cache=True, **options)(function)
    except RuntimeError:  # neither this folder nor the user's cache can be written, or there is no file
        return nb.njit(**options)(function)


def _inlined(*liberties):
    """Compiled into its callers; `liberties` that LLVM may take with the arithmetic of this function, and of no other."""
    return nb.njit(forceinline=True, error_model="numpy", fastmath=set(liberties))


def _run(kernel, rows, work, inputs, outputs):
    """kernel(start, stop, *arrays) over all rows, in several threads where there is much to do; a row is never divided.

    Read-only inputs in C order are one type to numba: so each dtype is compiled once.
    """
    arrays = (*(_read_only(a) for a in inputs), *outputs)
    threads = min(nb.config.NUMBA_NUM_THREADS, rows, 1 + rows * work // 2**16)
    first, *others = [(rows * t // threads, rows * (t + 1) // threads) for t in range(threads)] or [(0, 0)]
    running = [_pool(os.getpid()).submit(kernel, *part, *arrays) for part in others]
    kernel(*first, *arrays)
    for part in running:
        part.result()


@cache
def _pool(process):
    """Threads that wait for the next call; those of a process are not in its forks."""
    return ThreadPoolExecutor(nb.config.NUMBA_NUM_THREADS)


def _read_only(array):
    array = np.ascontiguousarray(array).view()
    array.flags.writeable = False
    return array


@register_jitable
def _apart(shape, dtype):
    """A new array that no other is within a kilobyte of.

    Vector code asks whether what it writes lies so far from what it reads, and for near arrays the sums would take another order:
    the last digit of a row would depend on its place in memory.
    """
    size = 1
    for n in shape:
        size *= n
    return np.empty(size + 512, dtype)[256 : size + 256].reshape(shape)


@_inlined()
def _block(first, length, size):
    """first .. first + length - 1, below size; unsigned, so that numba need not ask whether a place is counted from the end."""
    return range(np.uint64(first), np.uint64(min(first + length, size)))


@_inlined("reassoc", "nsz")
def _add(total, term):
    """One more term of a sum, in an order of LLVM's choice: so sums become vector code. NaN and infinities keep their meaning."""
    return total + term


@intrinsic
def _maximum(context, a, b):
    """The larger one, NaN if either is: LLVM's own, which becomes vector code, as a comparison does not."""

    def emit(context, builder, signature, values):
        kind = context.get_value_type(signature.return_type)
        shape = ir.FunctionType(kind, [kind, kind])
        return builder.call(builder.module.declare_intrinsic("llvm.maximum", [kind], shape), values)

    return a(a, a), emit


def _exp(x):
    """exp as vector code: within 1.1 units in the last place, subnormal results too; 0 at -inf, inf above the range, NaN at NaN."""


@overload(_exp, jit_options={"forceinline": True, "error_model": "numpy", "fastmath": {"contract"}})
def _exp_of_type(x):
    return _exp_single if x == nb.float32 else _exp_double


def _exp_double(x):
    """2**n exp(r): n in the last bits of a large sum, r in [-log(2)/2, log(2)/2] by log(2) in two parts, 1 + r + r*r*q minimax."""
    inside = -746.0 if x < -746.0 else 710.0 if x > 710.0 else x
    shifted = inside * 1.4426950408889634 + 6755399441055744.0
    n = shifted - 6755399441055744.0
    r = inside - n * 0.6931471803691238 - n * 1.9082149292705877e-10
    q = 2.5000015510719588e-08
    q = q * r + 2.7630306178626537e-07
    q = q * r + 2.7557586812894924e-06
    q = q * r + 2.480149294987594e-05
    q = q * r + 0.0001984126950576586
    q = q * r + 0.001388888894375969
    q = q * r + 0.00833333333349498
    q = q * r + 0.04166666666652973
    q = q * r + 0.1666666666666641
    q = q * r + 0.5000000000000011
    k = np.float64(shifted).view(np.uint64) - np.uint64(
        0x4338000000000000 - 2046
    )  # n + 2046, for two factors 2**.. in range
    half = np.uint64(k >> np.uint64(1))
    low = np.uint64(half << np.uint64(52)).view(np.float64)
    high = np.uint64(np.uint64(k - half) << np.uint64(52)).view(np.float64)
    return (1.0 + (r + r * r * q)) * low * high


def _exp_single(x):
    """As in double precision, with fewer terms."""
    real = np.float32
    inside = real(-104.0) if x < real(-104.0) else real(89.0) if x > real(89.0) else x
    shifted = inside * real(1.4426950408889634) + real(12582912.0)
    n = shifted - real(12582912.0)
    r = inside - n * real(0.693359375) - n * real(-2.1219444e-4)
    q = real(0.0013814537087455392)
    q = q * r + real(0.00836874544620514)
    q = q * r + real(0.04166838899254799)
    q = q * r + real(0.1666652113199234)
    q = q * r + real(0.4999999403953552)
    k = np.uint32(np.float32(shifted).view(np.uint32) - np.uint32(0x4B400000 - 254))
    half = np.uint32(k >> np.uint32(1))
    low = np.uint32(half << np.uint32(23)).view(np.float32)
    high = np.uint32(np.uint32(k - half) << np.uint32(23)).view(np.float32)
    return (real(1.0) + (r + r * r * q)) * low * high


def _expm1(x):
    """exp(x) - 1 as vector code, within 2 units in the last place; -1 at -inf, inf above the range, NaN at NaN."""


@overload(_expm1, jit_options={"forceinline": True, "error_model": "numpy", "fastmath": {"contract"}})
def _expm1_of_type(x):
    return _expm1_single if x == nb.float32 else _expm1_double


def _expm1_double(x):
    """2**n expm1(r) + (2**n - 1), halved until the end: there is no 2**1024. n, r and the polynomial are those of _exp."""
    inside = -50.0 if x < -50.0 else 710.0 if x > 710.0 else x
    shifted = inside * 1.4426950408889634 + 6755399441055744.0
    n = shifted - 6755399441055744.0
    r = inside - n * 0.6931471803691238 - n * 1.9082149292705877e-10
    q = 2.5000015510719588e-08
    q = q * r + 2.7630306178626537e-07
    q = q * r + 2.7557586812894924e-06
    q = q * r + 2.480149294987594e-05
    q = q * r + 0.0001984126950576586
    q = q * r + 0.001388888894375969
    q = q * r + 0.00833333333349498
    q = q * r + 0.04166666666652973
    q = q * r + 0.1666666666666641
    q = q * r + 0.5000000000000011
    k = np.float64(shifted).view(np.uint64) - np.uint64(0x4338000000000000 - 1022)
    half = np.uint64(k << np.uint64(52)).view(np.float64)
    value = 2.0 * ((r + r * r * q) * half + (half - 0.5))
    return x if abs(x) < 1e-300 else value


def _expm1_single(x):
    """As in double precision, with fewer terms."""
    real = np.float32
    inside = real(-25.0) if x < real(-25.0) else real(89.0) if x > real(89.0) else x
    shifted = inside * real(1.4426950408889634) + real(12582912.0)
    n = shifted - real(12582912.0)
    r = inside - n * real(0.693359375) - n * real(-2.1219444e-4)
    q = real(0.0013814537087455392)
    q = q * r + real(0.00836874544620514)
    q = q * r + real(0.04166838899254799)
    q = q * r + real(0.1666652113199234)
    q = q * r + real(0.4999999403953552)
    k = np.uint32(np.float32(shifted).view(np.uint32) - np.uint32(0x4B400000 - 126))
    half = np.uint32(k << np.uint32(23)).view(np.float32)
    value = real(2.0) * ((r + r * r * q) * half + (half - real(0.5)))
    return x if abs(x) < real(1e-30) else value


def _log(x):
    """log as vector code: within 1.1 units in the last place, subnormal arguments too; -inf at 0, NaN below and at NaN, inf at inf."""


@overload(_log, jit_options={"forceinline": True, "error_model": "numpy", "fastmath": {"contract"}})
def _log_of_type(x):
    return _log_single if x == nb.float32 else _log_double


def _log_double(x):
    """n log 2 + log f, f in [sqrt(1/2), sqrt 2] (fdlibm's polynomial); n is read off as the last bits of a number above 2**52."""
    small = x < 2.2250738585072014e-308
    scaled = x * 18014398509481984.0 if small else x
    bits = np.float64(scaled).view(np.uint64)
    e = np.uint64(np.uint64(bits + np.uint64(0x3FF0000000000000 - 0x3FE6A09E00000000)) >> np.uint64(52))
    n = np.uint64(e | np.uint64(0x4330000000000000)).view(np.float64) - (4503599627370496.0 + 1023.0)
    n = n - 54.0 if small else n
    f = np.uint64(bits - np.uint64(e << np.uint64(52)) + np.uint64(0x3FF0000000000000)).view(np.float64) - 1.0
    s = f / (2.0 + f)
    z = s * s
    q = 1.479819860511658591e-01
    q = q * z + 1.531383769920937332e-01
    q = q * z + 1.818357216161805012e-01
    q = q * z + 2.222219843214978396e-01
    q = q * z + 2.857142874366239149e-01
    q = q * z + 3.999999999940941908e-01
    q = q * z + 6.666666666666735130e-01
    half = 0.5 * f * f
    value = n * 0.6931471803691238 - ((half - (s * (half + z * q) + n * 1.9082149292705877e-10)) - f)
    return value if 0.0 < x < np.inf else -np.inf if x == 0.0 else x if x > 0.0 else np.nan


def _log_single(x):
    """As in double precision, with fewer terms."""
    real = np.float32
    small = x < real(1.1754944e-38)
    scaled = x * real(33554432.0) if small else x
    bits = np.float32(scaled).view(np.uint32)
    e = np.uint32(np.uint32(bits + np.uint32(0x3F800000 - 0x3F3504F3)) >> np.uint32(23))
    n = np.uint32(e | np.uint32(0x4B000000)).view(np.float32) - real(8388608.0 + 127.0)
    n = n - real(25.0) if small else n
    f = np.uint32(np.uint32(bits - np.uint32(e << np.uint32(23))) + np.uint32(0x3F800000)).view(np.float32) - real(1.0)
    s = f / (real(2.0) + f)
    z = s * s
    q = real(0.24279078841)
    q = q * z + real(0.28498786688)
    q = q * z + real(0.40000972152)
    q = q * z + real(0.66666662693)
    half = real(0.5) * f * f
    value = n * real(6.9313812256e-01) - ((half - (s * (half + z * q) + n * real(9.0580006145e-06))) - f)
    return (
        value
        if real(0.0) < x < real(np.inf)
        else real(-np.inf)
        if x == real(0.0)
        else x
        if x > real(0.0)
        else real(np.nan)
    )


@_inlined()
def _log1p(x):
    """log(1 + x) within 2 units in the last place: what rounding takes from 1 + x is given back."""
    real = type(x)
    total = real(1) + x
    lost = x - (total - real(1)) if abs(x) < real(1) else real(1) - (total - x)
    value = _log(total)
    return value + lost / total if real(0) < total < real(np.inf) else value


def _sin(x):
    """sin as vector code, to 1 unit in the last place of 1 or of an angle beyond 1; NaN beyond 2**40, where there are no such digits."""


def _cos(x):
    """cos; see _sin."""


@overload(_sin, jit_options={"forceinline": True, "error_model": "numpy", "fastmath": {"contract"}})
def _sin_of_type(x):
    return lambda x: _circular(x, 0)


@overload(_cos, jit_options={"forceinline": True, "error_model": "numpy", "fastmath": {"contract"}})
def _cos_of_type(x):
    return lambda x: _circular(x, 1)


def _circular(x, quarter):
    """sin(x + quarter pi/2)"""


@overload(_circular, jit_options={"forceinline": True, "error_model": "numpy", "fastmath": {"contract"}})
def _circular_of_type(x, quarter):
    return _circular_single if x == nb.float32 else _circular_double


def _circular_double(x, quarter):
    """r = x - n pi/2 by pi/2 in three parts, the polynomials of fdlibm, and the sign and swap of quadrant n + quarter."""
    inside = x if abs(x) < 1099511627776.0 else np.nan
    shifted = inside * 0.6366197723675814 + 6755399441055744.0
    n = shifted - 6755399441055744.0
    r = inside - n * 1.5707963267341256 - n * 6.077100506303966e-11 - n * 2.0222662487959506e-21
    z = r * r
    q = 1.58969099521155010221e-10
    q = q * z - 2.50507602534068634195e-08
    q = q * z + 2.75573137070700676789e-06
    q = q * z - 1.98412698298579493134e-04
    q = q * z + 8.33333333332248946124e-03
    q = q * z - 1.66666666666666324348e-01
    sine = r + r * z * q
    q = -1.13596475577881948265e-11
    q = q * z + 2.08757232129817482790e-09
    q = q * z - 2.75573143513906633035e-07
    q = q * z + 2.48015872894767294178e-05
    q = q * z - 1.38888888888741095749e-03
    q = q * z + 4.16666666666666019037e-02
    cosine = 1.0 - (0.5 * z - z * z * q)
    k = np.uint64(np.float64(shifted).view(np.uint64) + np.uint64(quarter))
    value = cosine if k & np.uint64(1) else sine
    return -value if k & np.uint64(2) else value


def _circular_single(x, quarter):
    """As in double precision, with fewer terms."""
    real = np.float32
    inside = x if abs(x) < real(2097152.0) else real(np.nan)
    shifted = inside * real(0.6366197723675814) + real(12582912.0)
    n = shifted - real(12582912.0)
    r = inside - n * real(1.5703125) - n * real(4.837512969970703e-04) - n * real(7.549789948768648e-08)
    z = r * r
    q = real(-1.9515295891e-04)
    q = q * z + real(8.3321608736e-03)
    q = q * z - real(1.6666654611e-01)
    sine = r + r * z * q
    q = real(2.443315711809948e-05)
    q = q * z - real(1.388731625493765e-03)
    q = q * z + real(4.166664568298827e-02)
    cosine = real(1.0) - (real(0.5) * z - z * z * q)
    k = np.uint32(np.float32(shifted).view(np.uint32) + np.uint32(quarter))
    value = cosine if k & np.uint32(1) else sine
    return -value if k & np.uint32(2) else value


@_inlined()
def _log_add_exp(a, b):
    """log(exp a + exp b); -inf twice gives -inf."""
    high, low = (a, b) if a > b else (b, a)
    return high + _log1p(_exp(low - high)) if low != high else high + type(a)(math.log(2))


@_inlined()
def _accumulate(total, rest, part):
    """(total + part, what rounding has taken from it): given back with the next part."""
    whole = part - rest
    raised = total + whole
    return raised, (raised - total) - whole if math.isfinite(raised) else rest - rest


def laplace(z, points, a, b, h, position, q, log_floor):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate, laplace kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {u}_{r,b,j} = \frac{{\delta}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = - \left|{{u}_{r,b,j}}\right|

        {k'}_{r,b,j} = - \operatorname{sign}{\left({u}_{r,b,j} \right)}

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = _apart((R,), z.dtype)
    grad_z = _apart((R, J), z.dtype)
    grad_points = _apart((R, J), z.dtype)
    grad_h = _apart((R,), z.dtype)
    grad_a = _apart((R,), z.dtype)
    grad_b = _apart((R,), z.dtype)
    log_density = _apart((R, B), z.dtype)
    _run(_laplace, R, 6*B*J, (z, points, a, b, h, position, q, log_floor,), (loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density,))
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


@_compiled
def _laplace(start, stop, z, points, a, b, h, position, q, log_floor, loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    B = position.shape[1]
    J = z.shape[1]
    weight = _apart((J,), z.dtype)
    joint = _apart((J,), z.dtype)
    responsibility = _apart((J,), z.dtype)
    raw_grad_points = _apart((J,), z.dtype)
    responsibility_rest = _apart((J,), z.dtype)
    raw_grad_points_rest = _apart((J,), z.dtype)
    responsibility_part = _apart((J,), z.dtype)
    raw_grad_points_part = _apart((J,), z.dtype)
    for row in range(start, stop):
        a_value = a[row]
        log_floor_value = log_floor[row]
        width = b[row] - a_value
        inverse_h = real(1)/h[row]
        top_z = lowest
        for j in range(J):
            top_z = _maximum(top_z, z[row, j])
        total_weight = real(0)
        total_weight_rest = real(0)
        for j_0 in range(0, J, 128):
            total_weight_part = real(0)
            for j in _block(j_0, 128, J):
                centred = z[row, j] - top_z
                weight[j] = _exp(centred)
                total_weight_part = _add(total_weight_part, weight[j])
            total_weight, total_weight_rest = _accumulate(total_weight, total_weight_rest, total_weight_part)
        log_total_weight = _log(total_weight)
        explained = real(0)
        loss_value = real(0)
        raw_grad_h = real(0)
        raw_grad_a = real(0)
        raw_grad_b = real(0)
        for j in range(J):
            responsibility[j] = real(0)
            raw_grad_points[j] = real(0)
        explained_rest = real(0)
        loss_value_rest = real(0)
        raw_grad_h_rest = real(0)
        raw_grad_a_rest = real(0)
        raw_grad_b_rest = real(0)
        for j in range(J):
            responsibility_rest[j] = real(0)
            raw_grad_points_rest[j] = real(0)
        for bin_0 in range(0, B, 16):
            explained_part = real(0)
            loss_value_part = real(0)
            raw_grad_h_part = real(0)
            raw_grad_a_part = real(0)
            raw_grad_b_part = real(0)
            for j in range(J):
                responsibility_part[j] = real(0)
                raw_grad_points_part[j] = real(0)
            for bin in _block(bin_0, 16, B):
                position_value = position[row, bin]
                top_joint = lowest
                for j in range(J):
                    centred = z[row, j] - top_z
                    offset = a_value - points[row, j]
                    delta = offset + position_value*width
                    u = delta*inverse_h
                    log_K = -abs(u)
                    log_joint = centred + log_K
                    top_joint = _maximum(top_joint, log_joint)
                total_joint = real(0)
                raw_pull = real(0)
                raw_stretch = real(0)
                total_joint_rest = real(0)
                raw_pull_rest = real(0)
                raw_stretch_rest = real(0)
                for j_0 in range(0, J, 128):
                    total_joint_part = real(0)
                    raw_pull_part = real(0)
                    raw_stretch_part = real(0)
                    for j in _block(j_0, 128, J):
                        centred = z[row, j] - top_z
                        offset = a_value - points[row, j]
                        delta = offset + position_value*width
                        u = delta*inverse_h
                        log_K = -abs(u)
                        log_joint = centred + log_K
                        joint[j] = _exp(log_joint - top_joint)
                        total_joint_part = _add(total_joint_part, joint[j])
                        slope = -np.sign(u)
                        raw_pull_part = _add(raw_pull_part, joint[j]*slope)
                        raw_stretch_part = _add(raw_stretch_part, joint[j]*slope*u)
                    total_joint, total_joint_rest = _accumulate(total_joint, total_joint_rest, total_joint_part)
                    raw_pull, raw_pull_rest = _accumulate(raw_pull, raw_pull_rest, raw_pull_part)
                    raw_stretch, raw_stretch_rest = _accumulate(raw_stretch, raw_stretch_rest, raw_stretch_part)
                pull = raw_pull/_maximum(real(1), total_joint)
                stretch = raw_stretch/_maximum(real(1), total_joint)
                log_p = top_joint + _log(total_joint) - log_total_weight
                log_q = _log_add_exp(log_floor_value, log_p)
                share = (real(0) if log_p == real(-np.inf) else real(1)/(real(1) + _exp(log_floor_value - log_p)))
                mass = q[row, bin]*share
                explained_part = _add(explained_part, mass)
                mass_over_total_joint = mass/_maximum(real(1), total_joint)
                loss_value_part = _add(loss_value_part, (real(0) if q[row, bin] == real(0) else -log_q*q[row, bin]))
                raw_grad_h_part = _add(raw_grad_h_part, mass*stretch)
                raw_grad_a_part = _add(raw_grad_a_part, mass*pull*(real(1) - position_value))
                raw_grad_b_part = _add(raw_grad_b_part, mass*position_value*pull)
                log_density[row, bin] = log_p
                for j in range(J):
                    responsibility_part[j] = _add(responsibility_part[j], joint[j]*mass_over_total_joint)
                    offset = a_value - points[row, j]
                    delta = offset + position_value*width
                    u = delta*inverse_h
                    slope = -np.sign(u)
                    raw_grad_points_part[j] = _add(raw_grad_points_part[j], joint[j]*mass_over_total_joint*slope)
            explained, explained_rest = _accumulate(explained, explained_rest, explained_part)
            loss_value, loss_value_rest = _accumulate(loss_value, loss_value_rest, loss_value_part)
            raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part)
            raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part)
            raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part)
            for j in range(J):
                responsibility[j], responsibility_rest[j] = _accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j])
                raw_grad_points[j], raw_grad_points_rest[j] = _accumulate(raw_grad_points[j], raw_grad_points_rest[j], raw_grad_points_part[j])
        explained_over_total_weight = explained/total_weight
        grad_h[row] = raw_grad_h/h[row]
        grad_a[row] = -raw_grad_a/h[row]
        grad_b[row] = -raw_grad_b/h[row]
        loss[row] = loss_value
        for j in range(J):
            grad_z[row, j] = explained_over_total_weight*weight[j] - responsibility[j]
            grad_points[row, j] = inverse_h*raw_grad_points[j]


def gaussian(z, points, a, b, h, position, q, log_floor):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate, gaussian kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {u}_{r,b,j} = \frac{{\delta}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = - \frac{{u}_{r,b,j}^{2}}{2}

        {k'}_{r,b,j} = - {u}_{r,b,j}

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = _apart((R,), z.dtype)
    grad_z = _apart((R, J), z.dtype)
    grad_points = _apart((R, J), z.dtype)
    grad_h = _apart((R,), z.dtype)
    grad_a = _apart((R,), z.dtype)
    grad_b = _apart((R,), z.dtype)
    log_density = _apart((R, B), z.dtype)
    _run(_gaussian, R, 6*B*J, (z, points, a, b, h, position, q, log_floor,), (loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density,))
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


@_compiled
def _gaussian(start, stop, z, points, a, b, h, position, q, log_floor, loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    B = position.shape[1]
    J = z.shape[1]
    weight = _apart((J,), z.dtype)
    joint = _apart((J,), z.dtype)
    responsibility = _apart((J,), z.dtype)
    raw_grad_points = _apart((J,), z.dtype)
    responsibility_rest = _apart((J,), z.dtype)
    raw_grad_points_rest = _apart((J,), z.dtype)
    responsibility_part = _apart((J,), z.dtype)
    raw_grad_points_part = _apart((J,), z.dtype)
    for row in range(start, stop):
        a_value = a[row]
        log_floor_value = log_floor[row]
        width = b[row] - a_value
        inverse_h = real(1)/h[row]
        top_z = lowest
        for j in range(J):
            top_z = _maximum(top_z, z[row, j])
        total_weight = real(0)
        total_weight_rest = real(0)
        for j_0 in range(0, J, 128):
            total_weight_part = real(0)
            for j in _block(j_0, 128, J):
                centred = z[row, j] - top_z
                weight[j] = _exp(centred)
                total_weight_part = _add(total_weight_part, weight[j])
            total_weight, total_weight_rest = _accumulate(total_weight, total_weight_rest, total_weight_part)
        log_total_weight = _log(total_weight)
        explained = real(0)
        loss_value = real(0)
        raw_grad_h = real(0)
        raw_grad_a = real(0)
        raw_grad_b = real(0)
        for j in range(J):
            responsibility[j] = real(0)
            raw_grad_points[j] = real(0)
        explained_rest = real(0)
        loss_value_rest = real(0)
        raw_grad_h_rest = real(0)
        raw_grad_a_rest = real(0)
        raw_grad_b_rest = real(0)
        for j in range(J):
            responsibility_rest[j] = real(0)
            raw_grad_points_rest[j] = real(0)
        for bin_0 in range(0, B, 16):
            explained_part = real(0)
            loss_value_part = real(0)
            raw_grad_h_part = real(0)
            raw_grad_a_part = real(0)
            raw_grad_b_part = real(0)
            for j in range(J):
                responsibility_part[j] = real(0)
                raw_grad_points_part[j] = real(0)
            for bin in _block(bin_0, 16, B):
                position_value = position[row, bin]
                top_joint = lowest
                for j in range(J):
                    centred = z[row, j] - top_z
                    offset = a_value - points[row, j]
                    delta = offset + position_value*width
                    u = delta*inverse_h
                    log_K = -real(1)/real(2)*(u*u)
                    log_joint = centred + log_K
                    top_joint = _maximum(top_joint, log_joint)
                total_joint = real(0)
                raw_pull = real(0)
                raw_stretch = real(0)
                total_joint_rest = real(0)
                raw_pull_rest = real(0)
                raw_stretch_rest = real(0)
                for j_0 in range(0, J, 128):
                    total_joint_part = real(0)
                    raw_pull_part = real(0)
                    raw_stretch_part = real(0)
                    for j in _block(j_0, 128, J):
                        centred = z[row, j] - top_z
                        offset = a_value - points[row, j]
                        delta = offset + position_value*width
                        u = delta*inverse_h
                        log_K = -real(1)/real(2)*(u*u)
                        log_joint = centred + log_K
                        joint[j] = _exp(log_joint - top_joint)
                        total_joint_part = _add(total_joint_part, joint[j])
                        slope = -u
                        raw_pull_part = _add(raw_pull_part, joint[j]*slope)
                        raw_stretch_part = _add(raw_stretch_part, joint[j]*slope*u)
                    total_joint, total_joint_rest = _accumulate(total_joint, total_joint_rest, total_joint_part)
                    raw_pull, raw_pull_rest = _accumulate(raw_pull, raw_pull_rest, raw_pull_part)
                    raw_stretch, raw_stretch_rest = _accumulate(raw_stretch, raw_stretch_rest, raw_stretch_part)
                pull = raw_pull/_maximum(real(1), total_joint)
                stretch = raw_stretch/_maximum(real(1), total_joint)
                log_p = top_joint + _log(total_joint) - log_total_weight
                log_q = _log_add_exp(log_floor_value, log_p)
                share = (real(0) if log_p == real(-np.inf) else real(1)/(real(1) + _exp(log_floor_value - log_p)))
                mass = q[row, bin]*share
                explained_part = _add(explained_part, mass)
                mass_over_total_joint = mass/_maximum(real(1), total_joint)
                loss_value_part = _add(loss_value_part, (real(0) if q[row, bin] == real(0) else -log_q*q[row, bin]))
                raw_grad_h_part = _add(raw_grad_h_part, mass*stretch)
                raw_grad_a_part = _add(raw_grad_a_part, mass*pull*(real(1) - position_value))
                raw_grad_b_part = _add(raw_grad_b_part, mass*position_value*pull)
                log_density[row, bin] = log_p
                for j in range(J):
                    responsibility_part[j] = _add(responsibility_part[j], joint[j]*mass_over_total_joint)
                    offset = a_value - points[row, j]
                    delta = offset + position_value*width
                    u = delta*inverse_h
                    slope = -u
                    raw_grad_points_part[j] = _add(raw_grad_points_part[j], joint[j]*mass_over_total_joint*slope)
            explained, explained_rest = _accumulate(explained, explained_rest, explained_part)
            loss_value, loss_value_rest = _accumulate(loss_value, loss_value_rest, loss_value_part)
            raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part)
            raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part)
            raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part)
            for j in range(J):
                responsibility[j], responsibility_rest[j] = _accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j])
                raw_grad_points[j], raw_grad_points_rest[j] = _accumulate(raw_grad_points[j], raw_grad_points_rest[j], raw_grad_points_part[j])
        explained_over_total_weight = explained/total_weight
        grad_h[row] = raw_grad_h/h[row]
        grad_a[row] = -raw_grad_a/h[row]
        grad_b[row] = -raw_grad_b/h[row]
        loss[row] = loss_value
        for j in range(J):
            grad_z[row, j] = explained_over_total_weight*weight[j] - responsibility[j]
            grad_points[row, j] = inverse_h*raw_grad_points[j]


def box(z, points, a, b, h, position, q, log_floor):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate, box kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {u}_{r,b,j} = \frac{{\delta}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = \begin{cases} -\infty & \text{for}\: {room}_{r,b,j} < 0 \\0 & \text{otherwise} \end{cases}

        {k'}_{r,b,j} = 0

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = _apart((R,), z.dtype)
    grad_z = _apart((R, J), z.dtype)
    grad_points = _apart((R, J), z.dtype)
    grad_h = _apart((R,), z.dtype)
    grad_a = _apart((R,), z.dtype)
    grad_b = _apart((R,), z.dtype)
    log_density = _apart((R, B), z.dtype)
    _run(_box, R, 6*B*J, (z, points, a, b, h, position, q, log_floor,), (loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density,))
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


@_compiled
def _box(start, stop, z, points, a, b, h, position, q, log_floor, loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    B = position.shape[1]
    J = z.shape[1]
    weight = _apart((J,), z.dtype)
    log_K = _apart((J,), z.dtype)
    joint = _apart((J,), z.dtype)
    responsibility = _apart((J,), z.dtype)
    responsibility_rest = _apart((J,), z.dtype)
    responsibility_part = _apart((J,), z.dtype)
    for row in range(start, stop):
        a_value = a[row]
        h_value = h[row]
        log_floor_value = log_floor[row]
        width = b[row] - a_value
        inverse_h = real(1)/h_value
        grad_h[row] = real(0)
        grad_a[row] = real(0)
        grad_b[row] = real(0)
        top_z = lowest
        for j in range(J):
            top_z = _maximum(top_z, z[row, j])
            grad_points[row, j] = real(0)
        total_weight = real(0)
        total_weight_rest = real(0)
        for j_0 in range(0, J, 128):
            total_weight_part = real(0)
            for j in _block(j_0, 128, J):
                centred = z[row, j] - top_z
                weight[j] = _exp(centred)
                total_weight_part = _add(total_weight_part, weight[j])
            total_weight, total_weight_rest = _accumulate(total_weight, total_weight_rest, total_weight_part)
        log_total_weight = _log(total_weight)
        explained = real(0)
        loss_value = real(0)
        for j in range(J):
            responsibility[j] = real(0)
        explained_rest = real(0)
        loss_value_rest = real(0)
        for j in range(J):
            responsibility_rest[j] = real(0)
        for bin_0 in range(0, B, 16):
            explained_part = real(0)
            loss_value_part = real(0)
            for j in range(J):
                responsibility_part[j] = real(0)
            for bin in _block(bin_0, 16, B):
                position_value = position[row, bin]
                top_joint = lowest
                for j in range(J):
                    offset = a_value - points[row, j]
                    delta = offset + position_value*width
                    room = inverse_h*(h_value - abs(delta))
                    log_K[j] = (real(-np.inf) if room < real(0) else real(0))
                    centred = z[row, j] - top_z
                    log_joint = centred + log_K[j]
                    top_joint = _maximum(top_joint, log_joint)
                total_joint = real(0)
                total_joint_rest = real(0)
                for j_0 in range(0, J, 128):
                    total_joint_part = real(0)
                    for j in _block(j_0, 128, J):
                        centred = z[row, j] - top_z
                        log_joint = centred + log_K[j]
                        joint[j] = _exp(log_joint - top_joint)
                        total_joint_part = _add(total_joint_part, joint[j])
                    total_joint, total_joint_rest = _accumulate(total_joint, total_joint_rest, total_joint_part)
                log_p = top_joint + _log(total_joint) - log_total_weight
                log_q = _log_add_exp(log_floor_value, log_p)
                share = (real(0) if log_p == real(-np.inf) else real(1)/(real(1) + _exp(log_floor_value - log_p)))
                mass = q[row, bin]*share
                explained_part = _add(explained_part, mass)
                mass_over_total_joint = mass/_maximum(real(1), total_joint)
                loss_value_part = _add(loss_value_part, (real(0) if q[row, bin] == real(0) else -log_q*q[row, bin]))
                log_density[row, bin] = log_p
                for j in range(J):
                    responsibility_part[j] = _add(responsibility_part[j], joint[j]*mass_over_total_joint)
            explained, explained_rest = _accumulate(explained, explained_rest, explained_part)
            loss_value, loss_value_rest = _accumulate(loss_value, loss_value_rest, loss_value_part)
            for j in range(J):
                responsibility[j], responsibility_rest[j] = _accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j])
        explained_over_total_weight = explained/total_weight
        loss[row] = loss_value
        for j in range(J):
            grad_z[row, j] = explained_over_total_weight*weight[j] - responsibility[j]


def triangular(z, points, a, b, h, position, q, log_floor):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate, triangular kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {u}_{r,b,j} = \frac{{\delta}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = \begin{cases} -\infty & \text{for}\: {room}_{r,b,j} \leq 0 \\\log{\left({room}_{r,b,j} \right)} & \text{otherwise} \end{cases}

        {k'}_{r,b,j} = \begin{cases} 0 & \text{for}\: {room}_{r,b,j} \leq 0 \\- \frac{\operatorname{sign}{\left({u}_{r,b,j} \right)}}{{room}_{r,b,j}} & \text{otherwise} \end{cases}

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = _apart((R,), z.dtype)
    grad_z = _apart((R, J), z.dtype)
    grad_points = _apart((R, J), z.dtype)
    grad_h = _apart((R,), z.dtype)
    grad_a = _apart((R,), z.dtype)
    grad_b = _apart((R,), z.dtype)
    log_density = _apart((R, B), z.dtype)
    _run(_triangular, R, 7*B*J, (z, points, a, b, h, position, q, log_floor,), (loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density,))
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


@_compiled
def _triangular(start, stop, z, points, a, b, h, position, q, log_floor, loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    B = position.shape[1]
    J = z.shape[1]
    weight = _apart((J,), z.dtype)
    log_K = _apart((J,), z.dtype)
    slope = _apart((J,), z.dtype)
    joint = _apart((J,), z.dtype)
    responsibility = _apart((J,), z.dtype)
    raw_grad_points = _apart((J,), z.dtype)
    responsibility_rest = _apart((J,), z.dtype)
    raw_grad_points_rest = _apart((J,), z.dtype)
    responsibility_part = _apart((J,), z.dtype)
    raw_grad_points_part = _apart((J,), z.dtype)
    for row in range(start, stop):
        a_value = a[row]
        h_value = h[row]
        log_floor_value = log_floor[row]
        width = b[row] - a_value
        inverse_h = real(1)/h_value
        top_z = lowest
        for j in range(J):
            top_z = _maximum(top_z, z[row, j])
        total_weight = real(0)
        total_weight_rest = real(0)
        for j_0 in range(0, J, 128):
            total_weight_part = real(0)
            for j in _block(j_0, 128, J):
                centred = z[row, j] - top_z
                weight[j] = _exp(centred)
                total_weight_part = _add(total_weight_part, weight[j])
            total_weight, total_weight_rest = _accumulate(total_weight, total_weight_rest, total_weight_part)
        log_total_weight = _log(total_weight)
        explained = real(0)
        loss_value = real(0)
        raw_grad_h = real(0)
        raw_grad_a = real(0)
        raw_grad_b = real(0)
        for j in range(J):
            responsibility[j] = real(0)
            raw_grad_points[j] = real(0)
        explained_rest = real(0)
        loss_value_rest = real(0)
        raw_grad_h_rest = real(0)
        raw_grad_a_rest = real(0)
        raw_grad_b_rest = real(0)
        for j in range(J):
            responsibility_rest[j] = real(0)
            raw_grad_points_rest[j] = real(0)
        for bin_0 in range(0, B, 16):
            explained_part = real(0)
            loss_value_part = real(0)
            raw_grad_h_part = real(0)
            raw_grad_a_part = real(0)
            raw_grad_b_part = real(0)
            for j in range(J):
                responsibility_part[j] = real(0)
                raw_grad_points_part[j] = real(0)
            for bin in _block(bin_0, 16, B):
                position_value = position[row, bin]
                top_joint = lowest
                for j in range(J):
                    offset = a_value - points[row, j]
                    delta = offset + position_value*width
                    room = inverse_h*(h_value - abs(delta))
                    log_K[j] = (real(-np.inf) if room <= real(0) else _log(room))
                    centred = z[row, j] - top_z
                    log_joint = centred + log_K[j]
                    top_joint = _maximum(top_joint, log_joint)
                total_joint = real(0)
                raw_pull = real(0)
                raw_stretch = real(0)
                total_joint_rest = real(0)
                raw_pull_rest = real(0)
                raw_stretch_rest = real(0)
                for j_0 in range(0, J, 128):
                    total_joint_part = real(0)
                    raw_pull_part = real(0)
                    raw_stretch_part = real(0)
                    for j in _block(j_0, 128, J):
                        offset = a_value - points[row, j]
                        delta = offset + position_value*width
                        room = inverse_h*(h_value - abs(delta))
                        u = delta*inverse_h
                        slope[j] = (real(0) if room <= real(0) else -np.sign(u)/room)
                        centred = z[row, j] - top_z
                        log_joint = centred + log_K[j]
                        joint[j] = _exp(log_joint - top_joint)
                        total_joint_part = _add(total_joint_part, joint[j])
                        raw_pull_part = _add(raw_pull_part, joint[j]*slope[j])
                        raw_stretch_part = _add(raw_stretch_part, joint[j]*slope[j]*u)
                    total_joint, total_joint_rest = _accumulate(total_joint, total_joint_rest, total_joint_part)
                    raw_pull, raw_pull_rest = _accumulate(raw_pull, raw_pull_rest, raw_pull_part)
                    raw_stretch, raw_stretch_rest = _accumulate(raw_stretch, raw_stretch_rest, raw_stretch_part)
                pull = raw_pull/_maximum(real(1), total_joint)
                stretch = raw_stretch/_maximum(real(1), total_joint)
                log_p = top_joint + _log(total_joint) - log_total_weight
                log_q = _log_add_exp(log_floor_value, log_p)
                share = (real(0) if log_p == real(-np.inf) else real(1)/(real(1) + _exp(log_floor_value - log_p)))
                mass = q[row, bin]*share
                explained_part = _add(explained_part, mass)
                mass_over_total_joint = mass/_maximum(real(1), total_joint)
                loss_value_part = _add(loss_value_part, (real(0) if q[row, bin] == real(0) else -log_q*q[row, bin]))
                raw_grad_h_part = _add(raw_grad_h_part, mass*stretch)
                raw_grad_a_part = _add(raw_grad_a_part, mass*pull*(real(1) - position_value))
                raw_grad_b_part = _add(raw_grad_b_part, mass*position_value*pull)
                log_density[row, bin] = log_p
                for j in range(J):
                    responsibility_part[j] = _add(responsibility_part[j], joint[j]*mass_over_total_joint)
                    raw_grad_points_part[j] = _add(raw_grad_points_part[j], joint[j]*mass_over_total_joint*slope[j])
            explained, explained_rest = _accumulate(explained, explained_rest, explained_part)
            loss_value, loss_value_rest = _accumulate(loss_value, loss_value_rest, loss_value_part)
            raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part)
            raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part)
            raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part)
            for j in range(J):
                responsibility[j], responsibility_rest[j] = _accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j])
                raw_grad_points[j], raw_grad_points_rest[j] = _accumulate(raw_grad_points[j], raw_grad_points_rest[j], raw_grad_points_part[j])
        explained_over_total_weight = explained/total_weight
        grad_h[row] = raw_grad_h/h_value
        grad_a[row] = -raw_grad_a/h_value
        grad_b[row] = -raw_grad_b/h_value
        loss[row] = loss_value
        for j in range(J):
            grad_z[row, j] = explained_over_total_weight*weight[j] - responsibility[j]
            grad_points[row, j] = inverse_h*raw_grad_points[j]


def epanechnikov(z, points, a, b, h, position, q, log_floor):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate, epanechnikov kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {u}_{r,b,j} = \frac{{\delta}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = \begin{cases} -\infty & \text{for}\: {room}_{r,b,j} \leq 0 \\\log{\left(\left|{{u}_{r,b,j}}\right| + 1 \right)} + \log{\left({room}_{r,b,j} \right)} & \text{otherwise} \end{cases}

        {k'}_{r,b,j} = \begin{cases} 0 & \text{for}\: {room}_{r,b,j} \leq 0 \\- \frac{\operatorname{sign}{\left({u}_{r,b,j} \right)}}{{room}_{r,b,j}} + \frac{\operatorname{sign}{\left({u}_{r,b,j} \right)}}{\left|{{u}_{r,b,j}}\right| + 1} & \text{otherwise} \end{cases}

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = _apart((R,), z.dtype)
    grad_z = _apart((R, J), z.dtype)
    grad_points = _apart((R, J), z.dtype)
    grad_h = _apart((R,), z.dtype)
    grad_a = _apart((R,), z.dtype)
    grad_b = _apart((R,), z.dtype)
    log_density = _apart((R, B), z.dtype)
    _run(_epanechnikov, R, 8*B*J, (z, points, a, b, h, position, q, log_floor,), (loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density,))
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


@_compiled
def _epanechnikov(start, stop, z, points, a, b, h, position, q, log_floor, loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    B = position.shape[1]
    J = z.shape[1]
    weight = _apart((J,), z.dtype)
    log_K = _apart((J,), z.dtype)
    slope = _apart((J,), z.dtype)
    joint = _apart((J,), z.dtype)
    responsibility = _apart((J,), z.dtype)
    raw_grad_points = _apart((J,), z.dtype)
    responsibility_rest = _apart((J,), z.dtype)
    raw_grad_points_rest = _apart((J,), z.dtype)
    responsibility_part = _apart((J,), z.dtype)
    raw_grad_points_part = _apart((J,), z.dtype)
    for row in range(start, stop):
        a_value = a[row]
        h_value = h[row]
        log_floor_value = log_floor[row]
        width = b[row] - a_value
        inverse_h = real(1)/h_value
        top_z = lowest
        for j in range(J):
            top_z = _maximum(top_z, z[row, j])
        total_weight = real(0)
        total_weight_rest = real(0)
        for j_0 in range(0, J, 128):
            total_weight_part = real(0)
            for j in _block(j_0, 128, J):
                centred = z[row, j] - top_z
                weight[j] = _exp(centred)
                total_weight_part = _add(total_weight_part, weight[j])
            total_weight, total_weight_rest = _accumulate(total_weight, total_weight_rest, total_weight_part)
        log_total_weight = _log(total_weight)
        explained = real(0)
        loss_value = real(0)
        raw_grad_h = real(0)
        raw_grad_a = real(0)
        raw_grad_b = real(0)
        for j in range(J):
            responsibility[j] = real(0)
            raw_grad_points[j] = real(0)
        explained_rest = real(0)
        loss_value_rest = real(0)
        raw_grad_h_rest = real(0)
        raw_grad_a_rest = real(0)
        raw_grad_b_rest = real(0)
        for j in range(J):
            responsibility_rest[j] = real(0)
            raw_grad_points_rest[j] = real(0)
        for bin_0 in range(0, B, 16):
            explained_part = real(0)
            loss_value_part = real(0)
            raw_grad_h_part = real(0)
            raw_grad_a_part = real(0)
            raw_grad_b_part = real(0)
            for j in range(J):
                responsibility_part[j] = real(0)
                raw_grad_points_part[j] = real(0)
            for bin in _block(bin_0, 16, B):
                position_value = position[row, bin]
                top_joint = lowest
                for j in range(J):
                    offset = a_value - points[row, j]
                    delta = offset + position_value*width
                    room = inverse_h*(h_value - abs(delta))
                    u = delta*inverse_h
                    log_K[j] = (real(-np.inf) if room <= real(0) else _log(room) + _log1p(abs(u)))
                    centred = z[row, j] - top_z
                    log_joint = centred + log_K[j]
                    top_joint = _maximum(top_joint, log_joint)
                total_joint = real(0)
                raw_pull = real(0)
                raw_stretch = real(0)
                total_joint_rest = real(0)
                raw_pull_rest = real(0)
                raw_stretch_rest = real(0)
                for j_0 in range(0, J, 128):
                    total_joint_part = real(0)
                    raw_pull_part = real(0)
                    raw_stretch_part = real(0)
                    for j in _block(j_0, 128, J):
                        offset = a_value - points[row, j]
                        delta = offset + position_value*width
                        room = inverse_h*(h_value - abs(delta))
                        u = delta*inverse_h
                        slope[j] = (real(0) if room <= real(0) else np.sign(u)/(real(1) + abs(u)) - np.sign(u)/room)
                        centred = z[row, j] - top_z
                        log_joint = centred + log_K[j]
                        joint[j] = _exp(log_joint - top_joint)
                        total_joint_part = _add(total_joint_part, joint[j])
                        raw_pull_part = _add(raw_pull_part, joint[j]*slope[j])
                        raw_stretch_part = _add(raw_stretch_part, joint[j]*slope[j]*u)
                    total_joint, total_joint_rest = _accumulate(total_joint, total_joint_rest, total_joint_part)
                    raw_pull, raw_pull_rest = _accumulate(raw_pull, raw_pull_rest, raw_pull_part)
                    raw_stretch, raw_stretch_rest = _accumulate(raw_stretch, raw_stretch_rest, raw_stretch_part)
                pull = raw_pull/_maximum(real(1), total_joint)
                stretch = raw_stretch/_maximum(real(1), total_joint)
                log_p = top_joint + _log(total_joint) - log_total_weight
                log_q = _log_add_exp(log_floor_value, log_p)
                share = (real(0) if log_p == real(-np.inf) else real(1)/(real(1) + _exp(log_floor_value - log_p)))
                mass = q[row, bin]*share
                explained_part = _add(explained_part, mass)
                mass_over_total_joint = mass/_maximum(real(1), total_joint)
                loss_value_part = _add(loss_value_part, (real(0) if q[row, bin] == real(0) else -log_q*q[row, bin]))
                raw_grad_h_part = _add(raw_grad_h_part, mass*stretch)
                raw_grad_a_part = _add(raw_grad_a_part, mass*pull*(real(1) - position_value))
                raw_grad_b_part = _add(raw_grad_b_part, mass*position_value*pull)
                log_density[row, bin] = log_p
                for j in range(J):
                    responsibility_part[j] = _add(responsibility_part[j], joint[j]*mass_over_total_joint)
                    raw_grad_points_part[j] = _add(raw_grad_points_part[j], joint[j]*mass_over_total_joint*slope[j])
            explained, explained_rest = _accumulate(explained, explained_rest, explained_part)
            loss_value, loss_value_rest = _accumulate(loss_value, loss_value_rest, loss_value_part)
            raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part)
            raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part)
            raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part)
            for j in range(J):
                responsibility[j], responsibility_rest[j] = _accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j])
                raw_grad_points[j], raw_grad_points_rest[j] = _accumulate(raw_grad_points[j], raw_grad_points_rest[j], raw_grad_points_part[j])
        explained_over_total_weight = explained/total_weight
        grad_h[row] = raw_grad_h/h_value
        grad_a[row] = -raw_grad_a/h_value
        grad_b[row] = -raw_grad_b/h_value
        loss[row] = loss_value
        for j in range(J):
            grad_z[row, j] = explained_over_total_weight*weight[j] - responsibility[j]
            grad_points[row, j] = inverse_h*raw_grad_points[j]


def cauchy(z, points, a, b, h, position, q, log_floor):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate, cauchy kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {u}_{r,b,j} = \frac{{\delta}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = - \log{\left({u}_{r,b,j}^{2} + 1 \right)}

        {k'}_{r,b,j} = - \frac{2 {u}_{r,b,j}}{{u}_{r,b,j}^{2} + 1}

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = _apart((R,), z.dtype)
    grad_z = _apart((R, J), z.dtype)
    grad_points = _apart((R, J), z.dtype)
    grad_h = _apart((R,), z.dtype)
    grad_a = _apart((R,), z.dtype)
    grad_b = _apart((R,), z.dtype)
    log_density = _apart((R, B), z.dtype)
    _run(_cauchy, R, 7*B*J, (z, points, a, b, h, position, q, log_floor,), (loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density,))
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


@_compiled
def _cauchy(start, stop, z, points, a, b, h, position, q, log_floor, loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    B = position.shape[1]
    J = z.shape[1]
    weight = _apart((J,), z.dtype)
    log_K = _apart((J,), z.dtype)
    slope = _apart((J,), z.dtype)
    joint = _apart((J,), z.dtype)
    responsibility = _apart((J,), z.dtype)
    raw_grad_points = _apart((J,), z.dtype)
    responsibility_rest = _apart((J,), z.dtype)
    raw_grad_points_rest = _apart((J,), z.dtype)
    responsibility_part = _apart((J,), z.dtype)
    raw_grad_points_part = _apart((J,), z.dtype)
    for row in range(start, stop):
        a_value = a[row]
        log_floor_value = log_floor[row]
        width = b[row] - a_value
        inverse_h = real(1)/h[row]
        top_z = lowest
        for j in range(J):
            top_z = _maximum(top_z, z[row, j])
        total_weight = real(0)
        total_weight_rest = real(0)
        for j_0 in range(0, J, 128):
            total_weight_part = real(0)
            for j in _block(j_0, 128, J):
                centred = z[row, j] - top_z
                weight[j] = _exp(centred)
                total_weight_part = _add(total_weight_part, weight[j])
            total_weight, total_weight_rest = _accumulate(total_weight, total_weight_rest, total_weight_part)
        log_total_weight = _log(total_weight)
        explained = real(0)
        loss_value = real(0)
        raw_grad_h = real(0)
        raw_grad_a = real(0)
        raw_grad_b = real(0)
        for j in range(J):
            responsibility[j] = real(0)
            raw_grad_points[j] = real(0)
        explained_rest = real(0)
        loss_value_rest = real(0)
        raw_grad_h_rest = real(0)
        raw_grad_a_rest = real(0)
        raw_grad_b_rest = real(0)
        for j in range(J):
            responsibility_rest[j] = real(0)
            raw_grad_points_rest[j] = real(0)
        for bin_0 in range(0, B, 16):
            explained_part = real(0)
            loss_value_part = real(0)
            raw_grad_h_part = real(0)
            raw_grad_a_part = real(0)
            raw_grad_b_part = real(0)
            for j in range(J):
                responsibility_part[j] = real(0)
                raw_grad_points_part[j] = real(0)
            for bin in _block(bin_0, 16, B):
                position_value = position[row, bin]
                top_joint = lowest
                for j in range(J):
                    offset = a_value - points[row, j]
                    delta = offset + position_value*width
                    u = delta*inverse_h
                    log_K[j] = -_log1p((u*u))
                    centred = z[row, j] - top_z
                    log_joint = centred + log_K[j]
                    top_joint = _maximum(top_joint, log_joint)
                total_joint = real(0)
                raw_pull = real(0)
                raw_stretch = real(0)
                total_joint_rest = real(0)
                raw_pull_rest = real(0)
                raw_stretch_rest = real(0)
                for j_0 in range(0, J, 128):
                    total_joint_part = real(0)
                    raw_pull_part = real(0)
                    raw_stretch_part = real(0)
                    for j in _block(j_0, 128, J):
                        offset = a_value - points[row, j]
                        delta = offset + position_value*width
                        u = delta*inverse_h
                        slope[j] = -real(2)*u/(real(1) + (u*u))
                        centred = z[row, j] - top_z
                        log_joint = centred + log_K[j]
                        joint[j] = _exp(log_joint - top_joint)
                        total_joint_part = _add(total_joint_part, joint[j])
                        raw_pull_part = _add(raw_pull_part, joint[j]*slope[j])
                        raw_stretch_part = _add(raw_stretch_part, joint[j]*slope[j]*u)
                    total_joint, total_joint_rest = _accumulate(total_joint, total_joint_rest, total_joint_part)
                    raw_pull, raw_pull_rest = _accumulate(raw_pull, raw_pull_rest, raw_pull_part)
                    raw_stretch, raw_stretch_rest = _accumulate(raw_stretch, raw_stretch_rest, raw_stretch_part)
                pull = raw_pull/_maximum(real(1), total_joint)
                stretch = raw_stretch/_maximum(real(1), total_joint)
                log_p = top_joint + _log(total_joint) - log_total_weight
                log_q = _log_add_exp(log_floor_value, log_p)
                share = (real(0) if log_p == real(-np.inf) else real(1)/(real(1) + _exp(log_floor_value - log_p)))
                mass = q[row, bin]*share
                explained_part = _add(explained_part, mass)
                mass_over_total_joint = mass/_maximum(real(1), total_joint)
                loss_value_part = _add(loss_value_part, (real(0) if q[row, bin] == real(0) else -log_q*q[row, bin]))
                raw_grad_h_part = _add(raw_grad_h_part, mass*stretch)
                raw_grad_a_part = _add(raw_grad_a_part, mass*pull*(real(1) - position_value))
                raw_grad_b_part = _add(raw_grad_b_part, mass*position_value*pull)
                log_density[row, bin] = log_p
                for j in range(J):
                    responsibility_part[j] = _add(responsibility_part[j], joint[j]*mass_over_total_joint)
                    raw_grad_points_part[j] = _add(raw_grad_points_part[j], joint[j]*mass_over_total_joint*slope[j])
            explained, explained_rest = _accumulate(explained, explained_rest, explained_part)
            loss_value, loss_value_rest = _accumulate(loss_value, loss_value_rest, loss_value_part)
            raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part)
            raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part)
            raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part)
            for j in range(J):
                responsibility[j], responsibility_rest[j] = _accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j])
                raw_grad_points[j], raw_grad_points_rest[j] = _accumulate(raw_grad_points[j], raw_grad_points_rest[j], raw_grad_points_part[j])
        explained_over_total_weight = explained/total_weight
        grad_h[row] = raw_grad_h/h[row]
        grad_a[row] = -raw_grad_a/h[row]
        grad_b[row] = -raw_grad_b/h[row]
        loss[row] = loss_value
        for j in range(J):
            grad_z[row, j] = explained_over_total_weight*weight[j] - responsibility[j]
            grad_points[row, j] = inverse_h*raw_grad_points[j]


def laplace_on_circle(z, points, a, b, h, position, q, log_floor, period):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, laplace kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\rho}_{r} = \frac{{P}_{r}}{{h}_{r}}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {\delta^\circ}_{r,b,j} = - \left\lfloor{\frac{{\delta}_{r,b,j}}{{P}_{r}} + \frac{1}{2}}\right\rfloor {P}_{r} + {\delta}_{r,b,j}

        {u}_{r,b,j} = \frac{{\delta^\circ}_{r,b,j}}{{h}_{r}}

        {\epsilon}_{r,b,j} = e^{2 \left|{{u}_{r,b,j}}\right| - {\rho}_{r}}

        {nearest\_share}_{r,b,j} = \frac{1}{{\epsilon}_{r,b,j} + 1}

        {room}_{r,b,j} = \frac{- \left|{{\delta^\circ}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = - \log{\left(1 - e^{- {\rho}_{r}} \right)} + \log{\left({\epsilon}_{r,b,j} + 1 \right)} - \left|{{u}_{r,b,j}}\right|

        {k'}_{r,b,j} = 2 \operatorname{sign}{\left({u}_{r,b,j} \right)} {nearest\_share}_{r,b,j} {\epsilon}_{r,b,j} - \operatorname{sign}{\left({u}_{r,b,j} \right)}

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{\left(2 \operatorname{sign}{\left({u}_{r,b,j} \right)} {nearest\_share}_{r,b,j} {\epsilon}_{r,b,j} {u}_{r,b,j} - \operatorname{sign}{\left({u}_{r,b,j} \right)} {u}_{r,b,j} - {nearest\_share}_{r,b,j} {\epsilon}_{r,b,j} {\rho}_{r} - \frac{{\rho}_{r}}{e^{{\rho}_{r}} - 1}\right) e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.
    period : array (R,)
        Period of x, positive, in the unit of x.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = _apart((R,), z.dtype)
    grad_z = _apart((R, J), z.dtype)
    grad_points = _apart((R, J), z.dtype)
    grad_h = _apart((R,), z.dtype)
    grad_a = _apart((R,), z.dtype)
    grad_b = _apart((R,), z.dtype)
    log_density = _apart((R, B), z.dtype)
    _run(_laplace_on_circle, R, 11*B*J, (z, points, a, b, h, position, q, log_floor, period,), (loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density,))
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


@_compiled
def _laplace_on_circle(start, stop, z, points, a, b, h, position, q, log_floor, period, loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    B = position.shape[1]
    J = z.shape[1]
    weight = _apart((J,), z.dtype)
    nearest = _apart((J,), z.dtype)
    other_image = _apart((J,), z.dtype)
    log_K = _apart((J,), z.dtype)
    nearest_share = _apart((J,), z.dtype)
    joint = _apart((J,), z.dtype)
    responsibility = _apart((J,), z.dtype)
    raw_grad_points = _apart((J,), z.dtype)
    responsibility_rest = _apart((J,), z.dtype)
    raw_grad_points_rest = _apart((J,), z.dtype)
    responsibility_part = _apart((J,), z.dtype)
    raw_grad_points_part = _apart((J,), z.dtype)
    for row in range(start, stop):
        a_value = a[row]
        log_floor_value = log_floor[row]
        period_value = period[row]
        width = b[row] - a_value
        turn = period_value/h[row]
        inverse_period = real(1)/period_value
        inverse_h = real(1)/h[row]
        log_expm1_turn = _log(-_expm1(-turn))
        turn_over_expm1_turn = turn/_expm1(turn)
        top_z = lowest
        for j in range(J):
            top_z = _maximum(top_z, z[row, j])
        total_weight = real(0)
        total_weight_rest = real(0)
        for j_0 in range(0, J, 128):
            total_weight_part = real(0)
            for j in _block(j_0, 128, J):
                centred = z[row, j] - top_z
                weight[j] = _exp(centred)
                total_weight_part = _add(total_weight_part, weight[j])
            total_weight, total_weight_rest = _accumulate(total_weight, total_weight_rest, total_weight_part)
        log_total_weight = _log(total_weight)
        explained = real(0)
        loss_value = real(0)
        raw_grad_h = real(0)
        raw_grad_a = real(0)
        raw_grad_b = real(0)
        for j in range(J):
            responsibility[j] = real(0)
            raw_grad_points[j] = real(0)
        explained_rest = real(0)
        loss_value_rest = real(0)
        raw_grad_h_rest = real(0)
        raw_grad_a_rest = real(0)
        raw_grad_b_rest = real(0)
        for j in range(J):
            responsibility_rest[j] = real(0)
            raw_grad_points_rest[j] = real(0)
        for bin_0 in range(0, B, 16):
            explained_part = real(0)
            loss_value_part = real(0)
            raw_grad_h_part = real(0)
            raw_grad_a_part = real(0)
            raw_grad_b_part = real(0)
            for j in range(J):
                responsibility_part[j] = real(0)
                raw_grad_points_part[j] = real(0)
            for bin in _block(bin_0, 16, B):
                position_value = position[row, bin]
                top_joint = lowest
                for j in range(J):
                    offset = a_value - points[row, j]
                    delta = offset + position_value*width
                    nearest[j] = delta - period_value*np.floor(real(1)/real(2) + delta*inverse_period)
                    u = inverse_h*nearest[j]
                    other_image[j] = _exp(real(2)*abs(u) - turn)
                    log_K[j] = _log1p(other_image[j]) - log_expm1_turn - abs(u)
                    centred = z[row, j] - top_z
                    log_joint = centred + log_K[j]
                    top_joint = _maximum(top_joint, log_joint)
                total_joint = real(0)
                raw_pull = real(0)
                raw_stretch = real(0)
                total_joint_rest = real(0)
                raw_pull_rest = real(0)
                raw_stretch_rest = real(0)
                for j_0 in range(0, J, 128):
                    total_joint_part = real(0)
                    raw_pull_part = real(0)
                    raw_stretch_part = real(0)
                    for j in _block(j_0, 128, J):
                        nearest_share[j] = real(1)/(real(1) + other_image[j])
                        centred = z[row, j] - top_z
                        log_joint = centred + log_K[j]
                        joint[j] = _exp(log_joint - top_joint)
                        total_joint_part = _add(total_joint_part, joint[j])
                        u = inverse_h*nearest[j]
                        slope = real(2)*nearest_share[j]*other_image[j]*np.sign(u) - np.sign(u)
                        raw_pull_part = _add(raw_pull_part, joint[j]*slope)
                        raw_stretch_part = _add(raw_stretch_part, joint[j]*(real(2)*nearest_share[j]*other_image[j]*u*np.sign(u) - turn_over_expm1_turn - u*np.sign(u) - nearest_share[j]*other_image[j]*turn))
                    total_joint, total_joint_rest = _accumulate(total_joint, total_joint_rest, total_joint_part)
                    raw_pull, raw_pull_rest = _accumulate(raw_pull, raw_pull_rest, raw_pull_part)
                    raw_stretch, raw_stretch_rest = _accumulate(raw_stretch, raw_stretch_rest, raw_stretch_part)
                pull = raw_pull/_maximum(real(1), total_joint)
                stretch = raw_stretch/_maximum(real(1), total_joint)
                log_p = top_joint + _log(total_joint) - log_total_weight
                log_q = _log_add_exp(log_floor_value, log_p)
                share = (real(0) if log_p == real(-np.inf) else real(1)/(real(1) + _exp(log_floor_value - log_p)))
                mass = q[row, bin]*share
                explained_part = _add(explained_part, mass)
                mass_over_total_joint = mass/_maximum(real(1), total_joint)
                loss_value_part = _add(loss_value_part, (real(0) if q[row, bin] == real(0) else -log_q*q[row, bin]))
                raw_grad_h_part = _add(raw_grad_h_part, mass*stretch)
                raw_grad_a_part = _add(raw_grad_a_part, mass*pull*(real(1) - position_value))
                raw_grad_b_part = _add(raw_grad_b_part, mass*position_value*pull)
                log_density[row, bin] = log_p
                for j in range(J):
                    responsibility_part[j] = _add(responsibility_part[j], joint[j]*mass_over_total_joint)
                    u = inverse_h*nearest[j]
                    slope = real(2)*nearest_share[j]*other_image[j]*np.sign(u) - np.sign(u)
                    raw_grad_points_part[j] = _add(raw_grad_points_part[j], joint[j]*mass_over_total_joint*slope)
            explained, explained_rest = _accumulate(explained, explained_rest, explained_part)
            loss_value, loss_value_rest = _accumulate(loss_value, loss_value_rest, loss_value_part)
            raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part)
            raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part)
            raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part)
            for j in range(J):
                responsibility[j], responsibility_rest[j] = _accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j])
                raw_grad_points[j], raw_grad_points_rest[j] = _accumulate(raw_grad_points[j], raw_grad_points_rest[j], raw_grad_points_part[j])
        explained_over_total_weight = explained/total_weight
        grad_h[row] = raw_grad_h/h[row]
        grad_a[row] = -raw_grad_a/h[row]
        grad_b[row] = -raw_grad_b/h[row]
        loss[row] = loss_value
        for j in range(J):
            grad_z[row, j] = explained_over_total_weight*weight[j] - responsibility[j]
            grad_points[row, j] = inverse_h*raw_grad_points[j]


def gaussian_on_circle(z, points, a, b, h, position, q, log_floor, period):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, gaussian kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\rho}_{r} = \frac{{P}_{r}}{{h}_{r}}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {\delta^\circ}_{r,b,j} = - \left\lfloor{\frac{{\delta}_{r,b,j}}{{P}_{r}} + \frac{1}{2}}\right\rfloor {P}_{r} + {\delta}_{r,b,j}

        {u}_{r,b,j} = \frac{{\delta^\circ}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta^\circ}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = - \frac{{u}_{r,b,j}^{2}}{2}

        {k'}_{r,b,j} = - {u}_{r,b,j}

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.
    period : array (R,)
        Period of x, positive, in the unit of x.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = _apart((R,), z.dtype)
    grad_z = _apart((R, J), z.dtype)
    grad_points = _apart((R, J), z.dtype)
    grad_h = _apart((R,), z.dtype)
    grad_a = _apart((R,), z.dtype)
    grad_b = _apart((R,), z.dtype)
    log_density = _apart((R, B), z.dtype)
    _run(_gaussian_on_circle, R, 6*B*J, (z, points, a, b, h, position, q, log_floor, period,), (loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density,))
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


@_compiled
def _gaussian_on_circle(start, stop, z, points, a, b, h, position, q, log_floor, period, loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    B = position.shape[1]
    J = z.shape[1]
    weight = _apart((J,), z.dtype)
    nearest = _apart((J,), z.dtype)
    joint = _apart((J,), z.dtype)
    responsibility = _apart((J,), z.dtype)
    raw_grad_points = _apart((J,), z.dtype)
    responsibility_rest = _apart((J,), z.dtype)
    raw_grad_points_rest = _apart((J,), z.dtype)
    responsibility_part = _apart((J,), z.dtype)
    raw_grad_points_part = _apart((J,), z.dtype)
    for row in range(start, stop):
        a_value = a[row]
        log_floor_value = log_floor[row]
        period_value = period[row]
        width = b[row] - a_value
        inverse_period = real(1)/period_value
        inverse_h = real(1)/h[row]
        top_z = lowest
        for j in range(J):
            top_z = _maximum(top_z, z[row, j])
        total_weight = real(0)
        total_weight_rest = real(0)
        for j_0 in range(0, J, 128):
            total_weight_part = real(0)
            for j in _block(j_0, 128, J):
                centred = z[row, j] - top_z
                weight[j] = _exp(centred)
                total_weight_part = _add(total_weight_part, weight[j])
            total_weight, total_weight_rest = _accumulate(total_weight, total_weight_rest, total_weight_part)
        log_total_weight = _log(total_weight)
        explained = real(0)
        loss_value = real(0)
        raw_grad_h = real(0)
        raw_grad_a = real(0)
        raw_grad_b = real(0)
        for j in range(J):
            responsibility[j] = real(0)
            raw_grad_points[j] = real(0)
        explained_rest = real(0)
        loss_value_rest = real(0)
        raw_grad_h_rest = real(0)
        raw_grad_a_rest = real(0)
        raw_grad_b_rest = real(0)
        for j in range(J):
            responsibility_rest[j] = real(0)
            raw_grad_points_rest[j] = real(0)
        for bin_0 in range(0, B, 16):
            explained_part = real(0)
            loss_value_part = real(0)
            raw_grad_h_part = real(0)
            raw_grad_a_part = real(0)
            raw_grad_b_part = real(0)
            for j in range(J):
                responsibility_part[j] = real(0)
                raw_grad_points_part[j] = real(0)
            for bin in _block(bin_0, 16, B):
                position_value = position[row, bin]
                top_joint = lowest
                for j in range(J):
                    offset = a_value - points[row, j]
                    delta = offset + position_value*width
                    nearest[j] = delta - period_value*np.floor(real(1)/real(2) + delta*inverse_period)
                    centred = z[row, j] - top_z
                    u = inverse_h*nearest[j]
                    log_K = -real(1)/real(2)*(u*u)
                    log_joint = centred + log_K
                    top_joint = _maximum(top_joint, log_joint)
                total_joint = real(0)
                raw_pull = real(0)
                raw_stretch = real(0)
                total_joint_rest = real(0)
                raw_pull_rest = real(0)
                raw_stretch_rest = real(0)
                for j_0 in range(0, J, 128):
                    total_joint_part = real(0)
                    raw_pull_part = real(0)
                    raw_stretch_part = real(0)
                    for j in _block(j_0, 128, J):
                        centred = z[row, j] - top_z
                        u = inverse_h*nearest[j]
                        log_K = -real(1)/real(2)*(u*u)
                        log_joint = centred + log_K
                        joint[j] = _exp(log_joint - top_joint)
                        total_joint_part = _add(total_joint_part, joint[j])
                        slope = -u
                        raw_pull_part = _add(raw_pull_part, joint[j]*slope)
                        raw_stretch_part = _add(raw_stretch_part, joint[j]*slope*u)
                    total_joint, total_joint_rest = _accumulate(total_joint, total_joint_rest, total_joint_part)
                    raw_pull, raw_pull_rest = _accumulate(raw_pull, raw_pull_rest, raw_pull_part)
                    raw_stretch, raw_stretch_rest = _accumulate(raw_stretch, raw_stretch_rest, raw_stretch_part)
                pull = raw_pull/_maximum(real(1), total_joint)
                stretch = raw_stretch/_maximum(real(1), total_joint)
                log_p = top_joint + _log(total_joint) - log_total_weight
                log_q = _log_add_exp(log_floor_value, log_p)
                share = (real(0) if log_p == real(-np.inf) else real(1)/(real(1) + _exp(log_floor_value - log_p)))
                mass = q[row, bin]*share
                explained_part = _add(explained_part, mass)
                mass_over_total_joint = mass/_maximum(real(1), total_joint)
                loss_value_part = _add(loss_value_part, (real(0) if q[row, bin] == real(0) else -log_q*q[row, bin]))
                raw_grad_h_part = _add(raw_grad_h_part, mass*stretch)
                raw_grad_a_part = _add(raw_grad_a_part, mass*pull*(real(1) - position_value))
                raw_grad_b_part = _add(raw_grad_b_part, mass*position_value*pull)
                log_density[row, bin] = log_p
                for j in range(J):
                    responsibility_part[j] = _add(responsibility_part[j], joint[j]*mass_over_total_joint)
                    u = inverse_h*nearest[j]
                    slope = -u
                    raw_grad_points_part[j] = _add(raw_grad_points_part[j], joint[j]*mass_over_total_joint*slope)
            explained, explained_rest = _accumulate(explained, explained_rest, explained_part)
            loss_value, loss_value_rest = _accumulate(loss_value, loss_value_rest, loss_value_part)
            raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part)
            raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part)
            raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part)
            for j in range(J):
                responsibility[j], responsibility_rest[j] = _accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j])
                raw_grad_points[j], raw_grad_points_rest[j] = _accumulate(raw_grad_points[j], raw_grad_points_rest[j], raw_grad_points_part[j])
        explained_over_total_weight = explained/total_weight
        grad_h[row] = raw_grad_h/h[row]
        grad_a[row] = -raw_grad_a/h[row]
        grad_b[row] = -raw_grad_b/h[row]
        loss[row] = loss_value
        for j in range(J):
            grad_z[row, j] = explained_over_total_weight*weight[j] - responsibility[j]
            grad_points[row, j] = inverse_h*raw_grad_points[j]


def box_on_circle(z, points, a, b, h, position, q, log_floor, period):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, box kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\rho}_{r} = \frac{{P}_{r}}{{h}_{r}}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {\delta^\circ}_{r,b,j} = - \left\lfloor{\frac{{\delta}_{r,b,j}}{{P}_{r}} + \frac{1}{2}}\right\rfloor {P}_{r} + {\delta}_{r,b,j}

        {u}_{r,b,j} = \frac{{\delta^\circ}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta^\circ}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = \begin{cases} -\infty & \text{for}\: {room}_{r,b,j} < 0 \\0 & \text{otherwise} \end{cases}

        {k'}_{r,b,j} = 0

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.
    period : array (R,)
        Period of x, positive, in the unit of x.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = _apart((R,), z.dtype)
    grad_z = _apart((R, J), z.dtype)
    grad_points = _apart((R, J), z.dtype)
    grad_h = _apart((R,), z.dtype)
    grad_a = _apart((R,), z.dtype)
    grad_b = _apart((R,), z.dtype)
    log_density = _apart((R, B), z.dtype)
    _run(_box_on_circle, R, 6*B*J, (z, points, a, b, h, position, q, log_floor, period,), (loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density,))
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


@_compiled
def _box_on_circle(start, stop, z, points, a, b, h, position, q, log_floor, period, loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    B = position.shape[1]
    J = z.shape[1]
    weight = _apart((J,), z.dtype)
    log_K = _apart((J,), z.dtype)
    joint = _apart((J,), z.dtype)
    responsibility = _apart((J,), z.dtype)
    responsibility_rest = _apart((J,), z.dtype)
    responsibility_part = _apart((J,), z.dtype)
    for row in range(start, stop):
        a_value = a[row]
        h_value = h[row]
        log_floor_value = log_floor[row]
        period_value = period[row]
        width = b[row] - a_value
        inverse_period = real(1)/period_value
        inverse_h = real(1)/h_value
        grad_h[row] = real(0)
        grad_a[row] = real(0)
        grad_b[row] = real(0)
        top_z = lowest
        for j in range(J):
            top_z = _maximum(top_z, z[row, j])
            grad_points[row, j] = real(0)
        total_weight = real(0)
        total_weight_rest = real(0)
        for j_0 in range(0, J, 128):
            total_weight_part = real(0)
            for j in _block(j_0, 128, J):
                centred = z[row, j] - top_z
                weight[j] = _exp(centred)
                total_weight_part = _add(total_weight_part, weight[j])
            total_weight, total_weight_rest = _accumulate(total_weight, total_weight_rest, total_weight_part)
        log_total_weight = _log(total_weight)
        explained = real(0)
        loss_value = real(0)
        for j in range(J):
            responsibility[j] = real(0)
        explained_rest = real(0)
        loss_value_rest = real(0)
        for j in range(J):
            responsibility_rest[j] = real(0)
        for bin_0 in range(0, B, 16):
            explained_part = real(0)
            loss_value_part = real(0)
            for j in range(J):
                responsibility_part[j] = real(0)
            for bin in _block(bin_0, 16, B):
                position_value = position[row, bin]
                top_joint = lowest
                for j in range(J):
                    offset = a_value - points[row, j]
                    delta = offset + position_value*width
                    nearest = delta - period_value*np.floor(real(1)/real(2) + delta*inverse_period)
                    room = inverse_h*(h_value - abs(nearest))
                    log_K[j] = (real(-np.inf) if room < real(0) else real(0))
                    centred = z[row, j] - top_z
                    log_joint = centred + log_K[j]
                    top_joint = _maximum(top_joint, log_joint)
                total_joint = real(0)
                total_joint_rest = real(0)
                for j_0 in range(0, J, 128):
                    total_joint_part = real(0)
                    for j in _block(j_0, 128, J):
                        centred = z[row, j] - top_z
                        log_joint = centred + log_K[j]
                        joint[j] = _exp(log_joint - top_joint)
                        total_joint_part = _add(total_joint_part, joint[j])
                    total_joint, total_joint_rest = _accumulate(total_joint, total_joint_rest, total_joint_part)
                log_p = top_joint + _log(total_joint) - log_total_weight
                log_q = _log_add_exp(log_floor_value, log_p)
                share = (real(0) if log_p == real(-np.inf) else real(1)/(real(1) + _exp(log_floor_value - log_p)))
                mass = q[row, bin]*share
                explained_part = _add(explained_part, mass)
                mass_over_total_joint = mass/_maximum(real(1), total_joint)
                loss_value_part = _add(loss_value_part, (real(0) if q[row, bin] == real(0) else -log_q*q[row, bin]))
                log_density[row, bin] = log_p
                for j in range(J):
                    responsibility_part[j] = _add(responsibility_part[j], joint[j]*mass_over_total_joint)
            explained, explained_rest = _accumulate(explained, explained_rest, explained_part)
            loss_value, loss_value_rest = _accumulate(loss_value, loss_value_rest, loss_value_part)
            for j in range(J):
                responsibility[j], responsibility_rest[j] = _accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j])
        explained_over_total_weight = explained/total_weight
        loss[row] = loss_value
        for j in range(J):
            grad_z[row, j] = explained_over_total_weight*weight[j] - responsibility[j]


def triangular_on_circle(z, points, a, b, h, position, q, log_floor, period):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, triangular kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\rho}_{r} = \frac{{P}_{r}}{{h}_{r}}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {\delta^\circ}_{r,b,j} = - \left\lfloor{\frac{{\delta}_{r,b,j}}{{P}_{r}} + \frac{1}{2}}\right\rfloor {P}_{r} + {\delta}_{r,b,j}

        {u}_{r,b,j} = \frac{{\delta^\circ}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta^\circ}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = \begin{cases} -\infty & \text{for}\: {room}_{r,b,j} \leq 0 \\\log{\left({room}_{r,b,j} \right)} & \text{otherwise} \end{cases}

        {k'}_{r,b,j} = \begin{cases} 0 & \text{for}\: {room}_{r,b,j} \leq 0 \\- \frac{\operatorname{sign}{\left({u}_{r,b,j} \right)}}{{room}_{r,b,j}} & \text{otherwise} \end{cases}

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.
    period : array (R,)
        Period of x, positive, in the unit of x.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = _apart((R,), z.dtype)
    grad_z = _apart((R, J), z.dtype)
    grad_points = _apart((R, J), z.dtype)
    grad_h = _apart((R,), z.dtype)
    grad_a = _apart((R,), z.dtype)
    grad_b = _apart((R,), z.dtype)
    log_density = _apart((R, B), z.dtype)
    _run(_triangular_on_circle, R, 7*B*J, (z, points, a, b, h, position, q, log_floor, period,), (loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density,))
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


@_compiled
def _triangular_on_circle(start, stop, z, points, a, b, h, position, q, log_floor, period, loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    B = position.shape[1]
    J = z.shape[1]
    weight = _apart((J,), z.dtype)
    nearest = _apart((J,), z.dtype)
    log_K = _apart((J,), z.dtype)
    slope = _apart((J,), z.dtype)
    joint = _apart((J,), z.dtype)
    responsibility = _apart((J,), z.dtype)
    raw_grad_points = _apart((J,), z.dtype)
    responsibility_rest = _apart((J,), z.dtype)
    raw_grad_points_rest = _apart((J,), z.dtype)
    responsibility_part = _apart((J,), z.dtype)
    raw_grad_points_part = _apart((J,), z.dtype)
    for row in range(start, stop):
        a_value = a[row]
        h_value = h[row]
        log_floor_value = log_floor[row]
        period_value = period[row]
        width = b[row] - a_value
        inverse_period = real(1)/period_value
        inverse_h = real(1)/h_value
        top_z = lowest
        for j in range(J):
            top_z = _maximum(top_z, z[row, j])
        total_weight = real(0)
        total_weight_rest = real(0)
        for j_0 in range(0, J, 128):
            total_weight_part = real(0)
            for j in _block(j_0, 128, J):
                centred = z[row, j] - top_z
                weight[j] = _exp(centred)
                total_weight_part = _add(total_weight_part, weight[j])
            total_weight, total_weight_rest = _accumulate(total_weight, total_weight_rest, total_weight_part)
        log_total_weight = _log(total_weight)
        explained = real(0)
        loss_value = real(0)
        raw_grad_h = real(0)
        raw_grad_a = real(0)
        raw_grad_b = real(0)
        for j in range(J):
            responsibility[j] = real(0)
            raw_grad_points[j] = real(0)
        explained_rest = real(0)
        loss_value_rest = real(0)
        raw_grad_h_rest = real(0)
        raw_grad_a_rest = real(0)
        raw_grad_b_rest = real(0)
        for j in range(J):
            responsibility_rest[j] = real(0)
            raw_grad_points_rest[j] = real(0)
        for bin_0 in range(0, B, 16):
            explained_part = real(0)
            loss_value_part = real(0)
            raw_grad_h_part = real(0)
            raw_grad_a_part = real(0)
            raw_grad_b_part = real(0)
            for j in range(J):
                responsibility_part[j] = real(0)
                raw_grad_points_part[j] = real(0)
            for bin in _block(bin_0, 16, B):
                position_value = position[row, bin]
                top_joint = lowest
                for j in range(J):
                    offset = a_value - points[row, j]
                    delta = offset + position_value*width
                    nearest[j] = delta - period_value*np.floor(real(1)/real(2) + delta*inverse_period)
                    room = inverse_h*(h_value - abs(nearest[j]))
                    log_K[j] = (real(-np.inf) if room <= real(0) else _log(room))
                    centred = z[row, j] - top_z
                    log_joint = centred + log_K[j]
                    top_joint = _maximum(top_joint, log_joint)
                total_joint = real(0)
                raw_pull = real(0)
                raw_stretch = real(0)
                total_joint_rest = real(0)
                raw_pull_rest = real(0)
                raw_stretch_rest = real(0)
                for j_0 in range(0, J, 128):
                    total_joint_part = real(0)
                    raw_pull_part = real(0)
                    raw_stretch_part = real(0)
                    for j in _block(j_0, 128, J):
                        room = inverse_h*(h_value - abs(nearest[j]))
                        u = inverse_h*nearest[j]
                        slope[j] = (real(0) if room <= real(0) else -np.sign(u)/room)
                        centred = z[row, j] - top_z
                        log_joint = centred + log_K[j]
                        joint[j] = _exp(log_joint - top_joint)
                        total_joint_part = _add(total_joint_part, joint[j])
                        raw_pull_part = _add(raw_pull_part, joint[j]*slope[j])
                        raw_stretch_part = _add(raw_stretch_part, joint[j]*slope[j]*u)
                    total_joint, total_joint_rest = _accumulate(total_joint, total_joint_rest, total_joint_part)
                    raw_pull, raw_pull_rest = _accumulate(raw_pull, raw_pull_rest, raw_pull_part)
                    raw_stretch, raw_stretch_rest = _accumulate(raw_stretch, raw_stretch_rest, raw_stretch_part)
                pull = raw_pull/_maximum(real(1), total_joint)
                stretch = raw_stretch/_maximum(real(1), total_joint)
                log_p = top_joint + _log(total_joint) - log_total_weight
                log_q = _log_add_exp(log_floor_value, log_p)
                share = (real(0) if log_p == real(-np.inf) else real(1)/(real(1) + _exp(log_floor_value - log_p)))
                mass = q[row, bin]*share
                explained_part = _add(explained_part, mass)
                mass_over_total_joint = mass/_maximum(real(1), total_joint)
                loss_value_part = _add(loss_value_part, (real(0) if q[row, bin] == real(0) else -log_q*q[row, bin]))
                raw_grad_h_part = _add(raw_grad_h_part, mass*stretch)
                raw_grad_a_part = _add(raw_grad_a_part, mass*pull*(real(1) - position_value))
                raw_grad_b_part = _add(raw_grad_b_part, mass*position_value*pull)
                log_density[row, bin] = log_p
                for j in range(J):
                    responsibility_part[j] = _add(responsibility_part[j], joint[j]*mass_over_total_joint)
                    raw_grad_points_part[j] = _add(raw_grad_points_part[j], joint[j]*mass_over_total_joint*slope[j])
            explained, explained_rest = _accumulate(explained, explained_rest, explained_part)
            loss_value, loss_value_rest = _accumulate(loss_value, loss_value_rest, loss_value_part)
            raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part)
            raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part)
            raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part)
            for j in range(J):
                responsibility[j], responsibility_rest[j] = _accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j])
                raw_grad_points[j], raw_grad_points_rest[j] = _accumulate(raw_grad_points[j], raw_grad_points_rest[j], raw_grad_points_part[j])
        explained_over_total_weight = explained/total_weight
        grad_h[row] = raw_grad_h/h_value
        grad_a[row] = -raw_grad_a/h_value
        grad_b[row] = -raw_grad_b/h_value
        loss[row] = loss_value
        for j in range(J):
            grad_z[row, j] = explained_over_total_weight*weight[j] - responsibility[j]
            grad_points[row, j] = inverse_h*raw_grad_points[j]


def epanechnikov_on_circle(z, points, a, b, h, position, q, log_floor, period):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, epanechnikov kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\rho}_{r} = \frac{{P}_{r}}{{h}_{r}}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {\delta^\circ}_{r,b,j} = - \left\lfloor{\frac{{\delta}_{r,b,j}}{{P}_{r}} + \frac{1}{2}}\right\rfloor {P}_{r} + {\delta}_{r,b,j}

        {u}_{r,b,j} = \frac{{\delta^\circ}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta^\circ}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = \begin{cases} -\infty & \text{for}\: {room}_{r,b,j} \leq 0 \\\log{\left(\left|{{u}_{r,b,j}}\right| + 1 \right)} + \log{\left({room}_{r,b,j} \right)} & \text{otherwise} \end{cases}

        {k'}_{r,b,j} = \begin{cases} 0 & \text{for}\: {room}_{r,b,j} \leq 0 \\- \frac{\operatorname{sign}{\left({u}_{r,b,j} \right)}}{{room}_{r,b,j}} + \frac{\operatorname{sign}{\left({u}_{r,b,j} \right)}}{\left|{{u}_{r,b,j}}\right| + 1} & \text{otherwise} \end{cases}

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.
    period : array (R,)
        Period of x, positive, in the unit of x.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = _apart((R,), z.dtype)
    grad_z = _apart((R, J), z.dtype)
    grad_points = _apart((R, J), z.dtype)
    grad_h = _apart((R,), z.dtype)
    grad_a = _apart((R,), z.dtype)
    grad_b = _apart((R,), z.dtype)
    log_density = _apart((R, B), z.dtype)
    _run(_epanechnikov_on_circle, R, 8*B*J, (z, points, a, b, h, position, q, log_floor, period,), (loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density,))
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


@_compiled
def _epanechnikov_on_circle(start, stop, z, points, a, b, h, position, q, log_floor, period, loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    B = position.shape[1]
    J = z.shape[1]
    weight = _apart((J,), z.dtype)
    nearest = _apart((J,), z.dtype)
    log_K = _apart((J,), z.dtype)
    slope = _apart((J,), z.dtype)
    joint = _apart((J,), z.dtype)
    responsibility = _apart((J,), z.dtype)
    raw_grad_points = _apart((J,), z.dtype)
    responsibility_rest = _apart((J,), z.dtype)
    raw_grad_points_rest = _apart((J,), z.dtype)
    responsibility_part = _apart((J,), z.dtype)
    raw_grad_points_part = _apart((J,), z.dtype)
    for row in range(start, stop):
        a_value = a[row]
        h_value = h[row]
        log_floor_value = log_floor[row]
        period_value = period[row]
        width = b[row] - a_value
        inverse_period = real(1)/period_value
        inverse_h = real(1)/h_value
        top_z = lowest
        for j in range(J):
            top_z = _maximum(top_z, z[row, j])
        total_weight = real(0)
        total_weight_rest = real(0)
        for j_0 in range(0, J, 128):
            total_weight_part = real(0)
            for j in _block(j_0, 128, J):
                centred = z[row, j] - top_z
                weight[j] = _exp(centred)
                total_weight_part = _add(total_weight_part, weight[j])
            total_weight, total_weight_rest = _accumulate(total_weight, total_weight_rest, total_weight_part)
        log_total_weight = _log(total_weight)
        explained = real(0)
        loss_value = real(0)
        raw_grad_h = real(0)
        raw_grad_a = real(0)
        raw_grad_b = real(0)
        for j in range(J):
            responsibility[j] = real(0)
            raw_grad_points[j] = real(0)
        explained_rest = real(0)
        loss_value_rest = real(0)
        raw_grad_h_rest = real(0)
        raw_grad_a_rest = real(0)
        raw_grad_b_rest = real(0)
        for j in range(J):
            responsibility_rest[j] = real(0)
            raw_grad_points_rest[j] = real(0)
        for bin_0 in range(0, B, 16):
            explained_part = real(0)
            loss_value_part = real(0)
            raw_grad_h_part = real(0)
            raw_grad_a_part = real(0)
            raw_grad_b_part = real(0)
            for j in range(J):
                responsibility_part[j] = real(0)
                raw_grad_points_part[j] = real(0)
            for bin in _block(bin_0, 16, B):
                position_value = position[row, bin]
                top_joint = lowest
                for j in range(J):
                    offset = a_value - points[row, j]
                    delta = offset + position_value*width
                    nearest[j] = delta - period_value*np.floor(real(1)/real(2) + delta*inverse_period)
                    room = inverse_h*(h_value - abs(nearest[j]))
                    u = inverse_h*nearest[j]
                    log_K[j] = (real(-np.inf) if room <= real(0) else _log(room) + _log1p(abs(u)))
                    centred = z[row, j] - top_z
                    log_joint = centred + log_K[j]
                    top_joint = _maximum(top_joint, log_joint)
                total_joint = real(0)
                raw_pull = real(0)
                raw_stretch = real(0)
                total_joint_rest = real(0)
                raw_pull_rest = real(0)
                raw_stretch_rest = real(0)
                for j_0 in range(0, J, 128):
                    total_joint_part = real(0)
                    raw_pull_part = real(0)
                    raw_stretch_part = real(0)
                    for j in _block(j_0, 128, J):
                        room = inverse_h*(h_value - abs(nearest[j]))
                        u = inverse_h*nearest[j]
                        slope[j] = (real(0) if room <= real(0) else np.sign(u)/(real(1) + abs(u)) - np.sign(u)/room)
                        centred = z[row, j] - top_z
                        log_joint = centred + log_K[j]
                        joint[j] = _exp(log_joint - top_joint)
                        total_joint_part = _add(total_joint_part, joint[j])
                        raw_pull_part = _add(raw_pull_part, joint[j]*slope[j])
                        raw_stretch_part = _add(raw_stretch_part, joint[j]*slope[j]*u)
                    total_joint, total_joint_rest = _accumulate(total_joint, total_joint_rest, total_joint_part)
                    raw_pull, raw_pull_rest = _accumulate(raw_pull, raw_pull_rest, raw_pull_part)
                    raw_stretch, raw_stretch_rest = _accumulate(raw_stretch, raw_stretch_rest, raw_stretch_part)
                pull = raw_pull/_maximum(real(1), total_joint)
                stretch = raw_stretch/_maximum(real(1), total_joint)
                log_p = top_joint + _log(total_joint) - log_total_weight
                log_q = _log_add_exp(log_floor_value, log_p)
                share = (real(0) if log_p == real(-np.inf) else real(1)/(real(1) + _exp(log_floor_value - log_p)))
                mass = q[row, bin]*share
                explained_part = _add(explained_part, mass)
                mass_over_total_joint = mass/_maximum(real(1), total_joint)
                loss_value_part = _add(loss_value_part, (real(0) if q[row, bin] == real(0) else -log_q*q[row, bin]))
                raw_grad_h_part = _add(raw_grad_h_part, mass*stretch)
                raw_grad_a_part = _add(raw_grad_a_part, mass*pull*(real(1) - position_value))
                raw_grad_b_part = _add(raw_grad_b_part, mass*position_value*pull)
                log_density[row, bin] = log_p
                for j in range(J):
                    responsibility_part[j] = _add(responsibility_part[j], joint[j]*mass_over_total_joint)
                    raw_grad_points_part[j] = _add(raw_grad_points_part[j], joint[j]*mass_over_total_joint*slope[j])
            explained, explained_rest = _accumulate(explained, explained_rest, explained_part)
            loss_value, loss_value_rest = _accumulate(loss_value, loss_value_rest, loss_value_part)
            raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part)
            raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part)
            raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part)
            for j in range(J):
                responsibility[j], responsibility_rest[j] = _accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j])
                raw_grad_points[j], raw_grad_points_rest[j] = _accumulate(raw_grad_points[j], raw_grad_points_rest[j], raw_grad_points_part[j])
        explained_over_total_weight = explained/total_weight
        grad_h[row] = raw_grad_h/h_value
        grad_a[row] = -raw_grad_a/h_value
        grad_b[row] = -raw_grad_b/h_value
        loss[row] = loss_value
        for j in range(J):
            grad_z[row, j] = explained_over_total_weight*weight[j] - responsibility[j]
            grad_points[row, j] = inverse_h*raw_grad_points[j]


def cauchy_on_circle(z, points, a, b, h, position, q, log_floor, period):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, cauchy kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\rho}_{r} = \frac{{P}_{r}}{{h}_{r}}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {\delta^\circ}_{r,b,j} = - \left\lfloor{\frac{{\delta}_{r,b,j}}{{P}_{r}} + \frac{1}{2}}\right\rfloor {P}_{r} + {\delta}_{r,b,j}

        {u}_{r,b,j} = \frac{{\delta^\circ}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta^\circ}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = - \log{\left({u}_{r,b,j}^{2} + 1 \right)}

        {k'}_{r,b,j} = - \frac{2 {u}_{r,b,j}}{{u}_{r,b,j}^{2} + 1}

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.
    period : array (R,)
        Period of x, positive, in the unit of x.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = _apart((R,), z.dtype)
    grad_z = _apart((R, J), z.dtype)
    grad_points = _apart((R, J), z.dtype)
    grad_h = _apart((R,), z.dtype)
    grad_a = _apart((R,), z.dtype)
    grad_b = _apart((R,), z.dtype)
    log_density = _apart((R, B), z.dtype)
    _run(_cauchy_on_circle, R, 7*B*J, (z, points, a, b, h, position, q, log_floor, period,), (loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density,))
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


@_compiled
def _cauchy_on_circle(start, stop, z, points, a, b, h, position, q, log_floor, period, loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    B = position.shape[1]
    J = z.shape[1]
    weight = _apart((J,), z.dtype)
    nearest = _apart((J,), z.dtype)
    log_K = _apart((J,), z.dtype)
    slope = _apart((J,), z.dtype)
    joint = _apart((J,), z.dtype)
    responsibility = _apart((J,), z.dtype)
    raw_grad_points = _apart((J,), z.dtype)
    responsibility_rest = _apart((J,), z.dtype)
    raw_grad_points_rest = _apart((J,), z.dtype)
    responsibility_part = _apart((J,), z.dtype)
    raw_grad_points_part = _apart((J,), z.dtype)
    for row in range(start, stop):
        a_value = a[row]
        log_floor_value = log_floor[row]
        period_value = period[row]
        width = b[row] - a_value
        inverse_period = real(1)/period_value
        inverse_h = real(1)/h[row]
        top_z = lowest
        for j in range(J):
            top_z = _maximum(top_z, z[row, j])
        total_weight = real(0)
        total_weight_rest = real(0)
        for j_0 in range(0, J, 128):
            total_weight_part = real(0)
            for j in _block(j_0, 128, J):
                centred = z[row, j] - top_z
                weight[j] = _exp(centred)
                total_weight_part = _add(total_weight_part, weight[j])
            total_weight, total_weight_rest = _accumulate(total_weight, total_weight_rest, total_weight_part)
        log_total_weight = _log(total_weight)
        explained = real(0)
        loss_value = real(0)
        raw_grad_h = real(0)
        raw_grad_a = real(0)
        raw_grad_b = real(0)
        for j in range(J):
            responsibility[j] = real(0)
            raw_grad_points[j] = real(0)
        explained_rest = real(0)
        loss_value_rest = real(0)
        raw_grad_h_rest = real(0)
        raw_grad_a_rest = real(0)
        raw_grad_b_rest = real(0)
        for j in range(J):
            responsibility_rest[j] = real(0)
            raw_grad_points_rest[j] = real(0)
        for bin_0 in range(0, B, 16):
            explained_part = real(0)
            loss_value_part = real(0)
            raw_grad_h_part = real(0)
            raw_grad_a_part = real(0)
            raw_grad_b_part = real(0)
            for j in range(J):
                responsibility_part[j] = real(0)
                raw_grad_points_part[j] = real(0)
            for bin in _block(bin_0, 16, B):
                position_value = position[row, bin]
                top_joint = lowest
                for j in range(J):
                    offset = a_value - points[row, j]
                    delta = offset + position_value*width
                    nearest[j] = delta - period_value*np.floor(real(1)/real(2) + delta*inverse_period)
                    u = inverse_h*nearest[j]
                    log_K[j] = -_log1p((u*u))
                    centred = z[row, j] - top_z
                    log_joint = centred + log_K[j]
                    top_joint = _maximum(top_joint, log_joint)
                total_joint = real(0)
                raw_pull = real(0)
                raw_stretch = real(0)
                total_joint_rest = real(0)
                raw_pull_rest = real(0)
                raw_stretch_rest = real(0)
                for j_0 in range(0, J, 128):
                    total_joint_part = real(0)
                    raw_pull_part = real(0)
                    raw_stretch_part = real(0)
                    for j in _block(j_0, 128, J):
                        u = inverse_h*nearest[j]
                        slope[j] = -real(2)*u/(real(1) + (u*u))
                        centred = z[row, j] - top_z
                        log_joint = centred + log_K[j]
                        joint[j] = _exp(log_joint - top_joint)
                        total_joint_part = _add(total_joint_part, joint[j])
                        raw_pull_part = _add(raw_pull_part, joint[j]*slope[j])
                        raw_stretch_part = _add(raw_stretch_part, joint[j]*slope[j]*u)
                    total_joint, total_joint_rest = _accumulate(total_joint, total_joint_rest, total_joint_part)
                    raw_pull, raw_pull_rest = _accumulate(raw_pull, raw_pull_rest, raw_pull_part)
                    raw_stretch, raw_stretch_rest = _accumulate(raw_stretch, raw_stretch_rest, raw_stretch_part)
                pull = raw_pull/_maximum(real(1), total_joint)
                stretch = raw_stretch/_maximum(real(1), total_joint)
                log_p = top_joint + _log(total_joint) - log_total_weight
                log_q = _log_add_exp(log_floor_value, log_p)
                share = (real(0) if log_p == real(-np.inf) else real(1)/(real(1) + _exp(log_floor_value - log_p)))
                mass = q[row, bin]*share
                explained_part = _add(explained_part, mass)
                mass_over_total_joint = mass/_maximum(real(1), total_joint)
                loss_value_part = _add(loss_value_part, (real(0) if q[row, bin] == real(0) else -log_q*q[row, bin]))
                raw_grad_h_part = _add(raw_grad_h_part, mass*stretch)
                raw_grad_a_part = _add(raw_grad_a_part, mass*pull*(real(1) - position_value))
                raw_grad_b_part = _add(raw_grad_b_part, mass*position_value*pull)
                log_density[row, bin] = log_p
                for j in range(J):
                    responsibility_part[j] = _add(responsibility_part[j], joint[j]*mass_over_total_joint)
                    raw_grad_points_part[j] = _add(raw_grad_points_part[j], joint[j]*mass_over_total_joint*slope[j])
            explained, explained_rest = _accumulate(explained, explained_rest, explained_part)
            loss_value, loss_value_rest = _accumulate(loss_value, loss_value_rest, loss_value_part)
            raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part)
            raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part)
            raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part)
            for j in range(J):
                responsibility[j], responsibility_rest[j] = _accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j])
                raw_grad_points[j], raw_grad_points_rest[j] = _accumulate(raw_grad_points[j], raw_grad_points_rest[j], raw_grad_points_part[j])
        explained_over_total_weight = explained/total_weight
        grad_h[row] = raw_grad_h/h[row]
        grad_a[row] = -raw_grad_a/h[row]
        grad_b[row] = -raw_grad_b/h[row]
        loss[row] = loss_value
        for j in range(J):
            grad_z[row, j] = explained_over_total_weight*weight[j] - responsibility[j]
            grad_points[row, j] = inverse_h*raw_grad_points[j]


def von_mises_on_circle(z, points, a, b, h, position, q, log_floor, period):
    r"""Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, von_mises kernel.

    .. math::

        {offset}_{r,j} = {a}_{r} - {x}_{r,j}

        {width}_{r} = - {a}_{r} + {b}_{r}

        {\rho}_{r} = \frac{{P}_{r}}{{h}_{r}}

        {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}

        {\delta^\circ}_{r,b,j} = - \left\lfloor{\frac{{\delta}_{r,b,j}}{{P}_{r}} + \frac{1}{2}}\right\rfloor {P}_{r} + {\delta}_{r,b,j}

        {u}_{r,b,j} = \frac{{\delta^\circ}_{r,b,j}}{{h}_{r}}

        {room}_{r,b,j} = \frac{- \left|{{\delta^\circ}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}

        {\log K}_{r,b,j} = - \frac{\sin^{2}{\left(\frac{\pi {u}_{r,b,j}}{{\rho}_{r}} \right)} {\rho}_{r}^{2}}{2 \pi^{2}}

        {k'}_{r,b,j} = - \frac{\sin{\left(\frac{\pi {u}_{r,b,j}}{{\rho}_{r}} \right)} \cos{\left(\frac{\pi {u}_{r,b,j}}{{\rho}_{r}} \right)} {\rho}_{r}}{\pi}

        {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\sigma}_{r,b} = \sum_{j=0}^{J - 1} - \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \sin^{2}{\left(\frac{\pi {u}_{r,b,j}}{{\rho}_{r}} \right)} {\rho}_{r}^{2}}{\pi^{2} \sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}

        {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}

        {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}

        {\log p}_{r,b} = {\log p}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, in the unit of x.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    position : array (R, B)
        Places of the bins between the edges: bin b is at a + (b - a) position.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.
    period : array (R,)
        Period of x, positive, in the unit of x.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)
    log_density : array (R, B)

    Notes
    -----
    Source: derivations/kde_ce.py.
    """
    R = z.shape[0]
    B = position.shape[1]
    J = z.shape[1]
    loss = _apart((R,), z.dtype)
    grad_z = _apart((R, J), z.dtype)
    grad_points = _apart((R, J), z.dtype)
    grad_h = _apart((R,), z.dtype)
    grad_a = _apart((R,), z.dtype)
    grad_b = _apart((R,), z.dtype)
    log_density = _apart((R, B), z.dtype)
    _run(_von_mises_on_circle, R, 12*B*J, (z, points, a, b, h, position, q, log_floor, period,), (loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density,))
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density


@_compiled
def _von_mises_on_circle(start, stop, z, points, a, b, h, position, q, log_floor, period, loss, grad_z, grad_points, grad_h, grad_a, grad_b, log_density):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    B = position.shape[1]
    J = z.shape[1]
    weight = _apart((J,), z.dtype)
    nearest = _apart((J,), z.dtype)
    log_K = _apart((J,), z.dtype)
    slope = _apart((J,), z.dtype)
    joint = _apart((J,), z.dtype)
    responsibility = _apart((J,), z.dtype)
    raw_grad_points = _apart((J,), z.dtype)
    responsibility_rest = _apart((J,), z.dtype)
    raw_grad_points_rest = _apart((J,), z.dtype)
    responsibility_part = _apart((J,), z.dtype)
    raw_grad_points_part = _apart((J,), z.dtype)
    for row in range(start, stop):
        a_value = a[row]
        log_floor_value = log_floor[row]
        period_value = period[row]
        width = b[row] - a_value
        turn = period_value/h[row]
        inverse_period = real(1)/period_value
        inverse_h = real(1)/h[row]
        inverse_turn = real(1)/turn
        top_z = lowest
        for j in range(J):
            top_z = _maximum(top_z, z[row, j])
        total_weight = real(0)
        total_weight_rest = real(0)
        for j_0 in range(0, J, 128):
            total_weight_part = real(0)
            for j in _block(j_0, 128, J):
                centred = z[row, j] - top_z
                weight[j] = _exp(centred)
                total_weight_part = _add(total_weight_part, weight[j])
            total_weight, total_weight_rest = _accumulate(total_weight, total_weight_rest, total_weight_part)
        log_total_weight = _log(total_weight)
        explained = real(0)
        loss_value = real(0)
        raw_grad_h = real(0)
        raw_grad_a = real(0)
        raw_grad_b = real(0)
        for j in range(J):
            responsibility[j] = real(0)
            raw_grad_points[j] = real(0)
        explained_rest = real(0)
        loss_value_rest = real(0)
        raw_grad_h_rest = real(0)
        raw_grad_a_rest = real(0)
        raw_grad_b_rest = real(0)
        for j in range(J):
            responsibility_rest[j] = real(0)
            raw_grad_points_rest[j] = real(0)
        for bin_0 in range(0, B, 16):
            explained_part = real(0)
            loss_value_part = real(0)
            raw_grad_h_part = real(0)
            raw_grad_a_part = real(0)
            raw_grad_b_part = real(0)
            for j in range(J):
                responsibility_part[j] = real(0)
                raw_grad_points_part[j] = real(0)
            for bin in _block(bin_0, 16, B):
                position_value = position[row, bin]
                top_joint = lowest
                for j in range(J):
                    offset = a_value - points[row, j]
                    delta = offset + position_value*width
                    nearest[j] = delta - period_value*np.floor(real(1)/real(2) + delta*inverse_period)
                    u = inverse_h*nearest[j]
                    log_K[j] = -real(1)/real(2)*(turn*turn)*(_sin(real(3.141592653589793)*inverse_turn*u)*_sin(real(3.141592653589793)*inverse_turn*u))/(real(3.141592653589793)*real(3.141592653589793))
                    centred = z[row, j] - top_z
                    log_joint = centred + log_K[j]
                    top_joint = _maximum(top_joint, log_joint)
                total_joint = real(0)
                raw_pull = real(0)
                raw_stretch = real(0)
                total_joint_rest = real(0)
                raw_pull_rest = real(0)
                raw_stretch_rest = real(0)
                for j_0 in range(0, J, 128):
                    total_joint_part = real(0)
                    raw_pull_part = real(0)
                    raw_stretch_part = real(0)
                    for j in _block(j_0, 128, J):
                        u = inverse_h*nearest[j]
                        slope[j] = -turn*_sin(real(3.141592653589793)*inverse_turn*u)*_cos(real(3.141592653589793)*inverse_turn*u)/real(3.141592653589793)
                        centred = z[row, j] - top_z
                        log_joint = centred + log_K[j]
                        joint[j] = _exp(log_joint - top_joint)
                        total_joint_part = _add(total_joint_part, joint[j])
                        raw_pull_part = _add(raw_pull_part, joint[j]*slope[j])
                        raw_stretch_part = _add(raw_stretch_part, joint[j]*(_sin(real(3.141592653589793)*inverse_turn*u)*_sin(real(3.141592653589793)*inverse_turn*u)))
                    total_joint, total_joint_rest = _accumulate(total_joint, total_joint_rest, total_joint_part)
                    raw_pull, raw_pull_rest = _accumulate(raw_pull, raw_pull_rest, raw_pull_part)
                    raw_stretch, raw_stretch_rest = _accumulate(raw_stretch, raw_stretch_rest, raw_stretch_part)
                pull = raw_pull/_maximum(real(1), total_joint)
                stretch = -raw_stretch*(turn*turn)/((real(3.141592653589793)*real(3.141592653589793))*_maximum(real(1), total_joint))
                log_p = top_joint + _log(total_joint) - log_total_weight
                log_q = _log_add_exp(log_floor_value, log_p)
                share = (real(0) if log_p == real(-np.inf) else real(1)/(real(1) + _exp(log_floor_value - log_p)))
                mass = q[row, bin]*share
                explained_part = _add(explained_part, mass)
                mass_over_total_joint = mass/_maximum(real(1), total_joint)
                loss_value_part = _add(loss_value_part, (real(0) if q[row, bin] == real(0) else -log_q*q[row, bin]))
                raw_grad_h_part = _add(raw_grad_h_part, mass*stretch)
                raw_grad_a_part = _add(raw_grad_a_part, mass*pull*(real(1) - position_value))
                raw_grad_b_part = _add(raw_grad_b_part, mass*position_value*pull)
                log_density[row, bin] = log_p
                for j in range(J):
                    responsibility_part[j] = _add(responsibility_part[j], joint[j]*mass_over_total_joint)
                    raw_grad_points_part[j] = _add(raw_grad_points_part[j], joint[j]*mass_over_total_joint*slope[j])
            explained, explained_rest = _accumulate(explained, explained_rest, explained_part)
            loss_value, loss_value_rest = _accumulate(loss_value, loss_value_rest, loss_value_part)
            raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part)
            raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part)
            raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part)
            for j in range(J):
                responsibility[j], responsibility_rest[j] = _accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j])
                raw_grad_points[j], raw_grad_points_rest[j] = _accumulate(raw_grad_points[j], raw_grad_points_rest[j], raw_grad_points_part[j])
        explained_over_total_weight = explained/total_weight
        grad_h[row] = raw_grad_h/h[row]
        grad_a[row] = -raw_grad_a/h[row]
        grad_b[row] = -raw_grad_b/h[row]
        loss[row] = loss_value
        for j in range(J):
            grad_z[row, j] = explained_over_total_weight*weight[j] - responsibility[j]
            grad_points[row, j] = inverse_h*raw_grad_points[j]
