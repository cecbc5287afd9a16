# Generated from derivations/cc_contour.py. Do not edit: change the derivation and run `make generate`.
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
def _accumulate(total, rest, part):
    """(total + part, what rounding has taken from it): given back with the next part."""
    whole = part - rest
    raised = total + whole
    return raised, (raised - total) - whole if math.isfinite(raised) else rest - rest


@_inlined("contract")
def _multiply(product_x, product_y, first_x, first_y, x, y):
    """A term xi = x + iy joins a block: the product of the 1 + xi less 1, and the sum of the xi."""
    turned = product_x + (x + (x * product_x - y * product_y))
    return turned, product_y + (y + (x * product_y + y * product_x)), first_x + x, first_y + y


@_inlined()
def _accumulate_group(sum_x, rest_x, sum_y, rest_y, product_x, product_y, first_x, first_y):
    """A block goes into the sum of xi - log(1 + xi): one logarithm for all its terms."""
    real = type(sum_x)
    log_modulus = _log1p(product_x * (product_x + real(2)) + product_y * product_y) / real(2)
    angle = _angle(product_y, product_x + real(1))
    sum_x, rest_x = _accumulate(sum_x, rest_x, first_x - log_modulus)
    sum_y, rest_y = _accumulate(sum_y, rest_y, first_y - angle)
    return sum_x, rest_x, sum_y, rest_y


@_inlined()
def _angle(y, x):
    """atan2(y, x) of finite numbers as vector code, within 2.5 units in the last place; 0 at the origin."""
    real = type(x)
    low, high = min(abs(x), abs(y)), max(abs(x), abs(y))
    steep = low > real(0.41421356237309503) * high  # beyond pi/8: the tangent of the angle less pi/4
    above, below = (low - high, low + high) if steep else (low, high)
    angle = _arctan(above / below if below > real(0) else real(0))
    angle = real(np.pi / 4) + angle if steep else angle
    angle = real(np.pi / 2) - angle if abs(y) > abs(x) else angle
    angle = real(np.pi) - angle if x < real(0) else angle
    return -angle if y < real(0) else angle


def _arctan(t):
    """arctan for |t| up to 7/16, by the polynomials of fdlibm."""


@overload(_arctan, jit_options={"forceinline": True, "error_model": "numpy", "fastmath": {"contract"}})
def _arctan_of_type(t):
    return _arctan_single if t == nb.float32 else _arctan_double


def _arctan_double(t):
    z = t * t
    q = 1.62858201153657823623e-02
    q = q * z - 3.65315727442169155270e-02
    q = q * z + 4.97687799461593236017e-02
    q = q * z - 5.83357013379057348645e-02
    q = q * z + 6.66107313738753120669e-02
    q = q * z - 7.69187620504482999495e-02
    q = q * z + 9.09088713343650656196e-02
    q = q * z - 1.11111104054623557880e-01
    q = q * z + 1.42857142725034663711e-01
    q = q * z - 1.99999999998764832476e-01
    q = q * z + 3.33333333333329318027e-01
    return t - t * z * q


def _arctan_single(t):
    real = np.float32
    z = t * t
    q = real(6.1687607318e-02)
    q = q * z - real(1.0648017377e-01)
    q = q * z + real(1.4253635705e-01)
    q = q * z - real(1.9999158382e-01)
    q = q * z + real(3.3333328366e-01)
    return t - t * z * q


@_inlined()
def _upper(x):
    """x, rounded to the upper half of its digits."""
    wide = x * _splitter(x)
    return wide - (wide - x)


@_inlined()
def _coarse(x):
    """x, rounded to a multiple of 2^-26, or of 2^-12 in float32."""
    return (x + _grid(x)) - _grid(x)


def _splitter(x):
    """2^27 + 1, or 2^12 + 1 in float32."""


def _grid(x):
    """A number whose last place is 2^-26, or 2^-12 in float32."""


@overload(_splitter, inline="always")
def _splitter_of_type(x):
    return (lambda x: np.float32(4097)) if x == nb.float32 else (lambda x: 134217729.0)


@overload(_grid, inline="always")
def _grid_of_type(x):
    return (lambda x: np.float32(3072)) if x == nb.float32 else (lambda x: 100663296.0)


def saddle_start(eta, size):
    r"""Gaps, and two steps towards the saddle from a start below it: the top category and the mean of the others.

    .. math::

        g_{r,k} = \eta_{\max,r} - \eta_{r,k},\qquad \bar g_r = \frac{\sum_k g_{r,k}}{\max(1, D_r - 1)}

        \frac1{\tau^0_r} + \frac{D_r - 1}{\tau^0_r + \bar g_r} = 1,\qquad \tau^0_r \ge 1

        \tau_r = \tau^0_r + \frac{S^0_r (S^0_r - 1)}{Q^0_r} \quad\text{unless}\quad S^0_r - 1 \le \frac{\sigma^0_r}{100}

        S^0_r = \sum_k \frac1{\tau^0_r + g_{r,k}},\qquad Q^0_r = \sum_k \frac1{(\tau^0_r + g_{r,k})^2} = (\sigma^0_r)^2

        \tau'_r \text{ from } \tau_r \text{ likewise},\qquad \sigma_r^2 = Q_r,\qquad \varepsilon_r = \frac{1 - S_r}{\sigma_r}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    eta : array (R, D)
        Natural parameters.
    size : array (R,)
        How many categories there are.

    Returns
    -------
    top : array (R,)
    gap : array (R, D)
    tau : array (R,)
    next_tau : array (R,)
    sigma : array (R,)
    excess : array (R,)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = eta.shape[0]
    D = eta.shape[1]
    top = _apart((R,), eta.dtype)
    gap = _apart((R, D), eta.dtype)
    tau = _apart((R,), eta.dtype)
    next_tau = _apart((R,), eta.dtype)
    sigma = _apart((R,), eta.dtype)
    excess = _apart((R,), eta.dtype)
    _run(_saddle_start, R, D, (eta, size,), (top, gap, tau, next_tau, sigma, excess,))
    return top, gap, tau, next_tau, sigma, excess


@_compiled
def _saddle_start(start, stop, eta, size, top, gap, tau, next_tau, sigma, excess):
    real = eta.dtype.type
    lowest = np.finfo(eta.dtype).min
    D = eta.shape[1]
    for row in range(start, stop):
        top_value = lowest
        for k in range(D):
            top_value = _maximum(top_value, eta[row, k])
        top[row] = top_value
        raw_mean_gap = real(0)
        raw_mean_gap_rest = real(0)
        for k_0 in range(0, D, 128):
            raw_mean_gap_part = real(0)
            for k in _block(k_0, 128, D):
                gap_value = top_value - eta[row, k]
                raw_mean_gap_part = _add(raw_mean_gap_part, gap_value)
                gap[row, k] = gap_value
            raw_mean_gap, raw_mean_gap_rest = _accumulate(raw_mean_gap, raw_mean_gap_rest, raw_mean_gap_part)
        mean_gap = raw_mean_gap/_maximum(real(1), size[row] + real(-1))
        first_tau = _maximum(real(1), (real(2)/(real(1) + math.sqrt(((real(1) - size[row]/mean_gap)*(real(1) - size[row]/mean_gap)) + real(4)/mean_gap) - size[row]/mean_gap) if mean_gap > size[row] else (real(1)/real(2))*size[row] + (real(1)/real(2))*math.sqrt(((size[row] - mean_gap)*(size[row] - mean_gap)) + real(4)*mean_gap) - real(1)/real(2)*mean_gap))
        S_at_start = real(0)
        Q_at_start = real(0)
        S_at_start_rest = real(0)
        Q_at_start_rest = real(0)
        for k_0 in range(0, D, 128):
            S_at_start_part = real(0)
            Q_at_start_part = real(0)
            for k in _block(k_0, 128, D):
                gap_value = top_value - eta[row, k]
                m_at_start = real(1)/(first_tau + gap_value)
                S_at_start_part = _add(S_at_start_part, m_at_start)
                Q_at_start_part = _add(Q_at_start_part, (m_at_start*m_at_start))
            S_at_start, S_at_start_rest = _accumulate(S_at_start, S_at_start_rest, S_at_start_part)
            Q_at_start, Q_at_start_rest = _accumulate(Q_at_start, Q_at_start_rest, Q_at_start_part)
        sigma_at_start = math.sqrt(Q_at_start)
        tau_value = (first_tau if S_at_start <= real(1) + (real(1)/real(100))*sigma_at_start else first_tau + S_at_start*(S_at_start + real(-1))/Q_at_start)
        tau[row] = tau_value
        S = real(0)
        Q = real(0)
        S_rest = real(0)
        Q_rest = real(0)
        for k_0 in range(0, D, 128):
            S_part = real(0)
            Q_part = real(0)
            for k in _block(k_0, 128, D):
                gap_value = top_value - eta[row, k]
                m = real(1)/(gap_value + tau_value)
                S_part = _add(S_part, m)
                Q_part = _add(Q_part, (m*m))
            S, S_rest = _accumulate(S, S_rest, S_part)
            Q, Q_rest = _accumulate(Q, Q_rest, Q_part)
        own_sigma = math.sqrt(Q)
        next_tau[row] = (tau_value if S <= real(1) + (real(1)/real(100))*own_sigma else tau_value + S*(S + real(-1))/Q)
        sigma[row] = own_sigma
        excess[row] = (real(1) - S)/own_sigma


def saddle_step(gap, tau):
    r"""A Newton step towards the saddle; a row that is near enough stays where it is.

    .. math::

        {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}

        {S}_{r} = \sum_{k=0}^{D - 1} {m}_{r,k}

        {Q}_{r} = \sum_{k=0}^{D - 1} {m}_{r,k}^{2}

        {\sigma}_{r} = \sqrt{{Q}_{r}}

        {\tau'}_{r} = \begin{cases} {\tau}_{r} & \text{for}\: {S}_{r} \leq \frac{{\sigma}_{r}}{100} + 1 \\\frac{\left({S}_{r} - 1\right) {S}_{r}}{{Q}_{r}} + {\tau}_{r} & \text{otherwise} \end{cases}

        {\sigma}_{r} = {\sigma}_{r}

        {\varepsilon}_{r} = \frac{1 - {S}_{r}}{{\sigma}_{r}}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Gaps max(eta) - eta below the largest parameter; +inf for a category of weight zero.
    tau : array (R,)
        Where the path crosses the real axis, beside the saddle: distance above max(eta).

    Returns
    -------
    next_tau : array (R,)
    sigma : array (R,)
    excess : array (R,)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = gap.shape[0]
    D = gap.shape[1]
    next_tau = _apart((R,), gap.dtype)
    sigma = _apart((R,), gap.dtype)
    excess = _apart((R,), gap.dtype)
    _run(_saddle_step, R, D, (gap, tau,), (next_tau, sigma, excess,))
    return next_tau, sigma, excess


@_compiled
def _saddle_step(start, stop, gap, tau, next_tau, sigma, excess):
    real = gap.dtype.type
    D = gap.shape[1]
    for row in range(start, stop):
        tau_value = tau[row]
        S = real(0)
        Q = real(0)
        S_rest = real(0)
        Q_rest = real(0)
        for k_0 in range(0, D, 128):
            S_part = real(0)
            Q_part = real(0)
            for k in _block(k_0, 128, D):
                m = real(1)/(gap[row, k] + tau_value)
                S_part = _add(S_part, m)
                Q_part = _add(Q_part, (m*m))
            S, S_rest = _accumulate(S, S_rest, S_part)
            Q, Q_rest = _accumulate(Q, Q_rest, Q_part)
        own_sigma = math.sqrt(Q)
        next_tau[row] = (tau_value if S <= real(1) + (real(1)/real(100))*own_sigma else tau_value + S*(S + real(-1))/Q)
        sigma[row] = own_sigma
        excess[row] = (real(1) - S)/own_sigma


def saddle_excess(eta, top, tau):
    r"""1 - sum of 1/(tau + max(eta) - eta), free of rounding errors until the last digit.

    .. math::

        1-S_r = 1 - \sum_k \frac{1}{\tau_r + \eta_{\max,r} - \eta_{r,k}}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    eta : array (R, D)
        Natural parameters.
    top : array (R,)
        Their maximum.
    tau : array (R,)
        Where the path crosses the real axis, beside the saddle: distance above max(eta).

    Returns
    -------
    missing : array (R,)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = eta.shape[0]
    D = eta.shape[1]
    missing = _apart((R,), eta.dtype)
    _run(_saddle_excess, R, D, (eta, top, tau,), (missing,))
    return missing,


@_compiled
def _saddle_excess(start, stop, eta, top, tau, missing):
    real = eta.dtype.type
    D = eta.shape[1]
    for row in range(start, stop):
        tau_value = tau[row]
        top_value = top[row]
        high_sum = real(0)
        low_sum = real(0)
        high_sum_rest = real(0)
        low_sum_rest = real(0)
        for k_0 in range(0, D, 128):
            high_sum_part = real(0)
            low_sum_part = real(0)
            for k in _block(k_0, 128, D):
                gap_sum = top_value - eta[row, k]
                distance_sum = gap_sum + tau_value
                m = real(1)/distance_sum
                m_high = _coarse(m)
                d_high = _upper(distance_sum)
                distance_back = distance_sum - tau_value
                distance_left = distance_sum - distance_back
                distance_lost = tau_value - distance_left
                distance_right = gap_sum - distance_back
                distance_error = distance_lost + distance_right
                gap_back = gap_sum - top_value
                gap_left = gap_sum - gap_back
                gap_lost = top_value - gap_left
                gap_right = -eta[row, k] - gap_back
                gap_error = gap_lost + gap_right
                d_low = distance_sum - d_high
                near_one = real(1) - d_high*m_high
                remaining = near_one - d_low*m_high
                m_low = (m if m_high == real(0) else (remaining - m_high*(distance_error + gap_error))/distance_sum)
                high_sum_part = _add(high_sum_part, m_high)
                low_sum_part = _add(low_sum_part, m_low)
            high_sum, high_sum_rest = _accumulate(high_sum, high_sum_rest, high_sum_part)
            low_sum, low_sum_rest = _accumulate(low_sum, low_sum_rest, low_sum_part)
        not_high = real(1) - high_sum
        missing[row] = not_high - low_sum


def log_partition(gap, tau, sigma, excess, zeta_x, zeta_y, w_x, w_y):
    r"""log Z relative to max(eta).

    .. math::

        {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}

        {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}

        {\xi^{x}}_{r,k,n} = {p}_{r,k} {\zeta^{x}}_{n}

        {\xi^{y}}_{r,k,n} = {p}_{r,k} {\zeta^{y}}_{n}

        {\Phi^{x}}_{r,n} = \Re \sum_{k} \varphi\left({\xi^{x}}_{r,k,n} + i\,{\xi^{y}}_{r,k,n}\right)

        {\Phi^{y}}_{r,n} = \Im \sum_{k} \varphi\left({\xi^{x}}_{r,k,n} + i\,{\xi^{y}}_{r,k,n}\right)

        {H^{x}}_{r,n} = {\varepsilon}_{r} {\zeta^{x}}_{n} + {\Phi^{x}}_{r,n}

        {H^{y}}_{r,n} = {\varepsilon}_{r} {\zeta^{y}}_{n} + {\Phi^{y}}_{r,n}

        {e^{\Re H}}_{r,n} = e^{{H^{x}}_{r,n}}

        {W^{x}}_{r,n} = \left(- \sin{\left({H^{y}}_{r,n} \right)} {w^{y}}_{n} + \cos{\left({H^{y}}_{r,n} \right)} {w^{x}}_{n}\right) {e^{\Re H}}_{r,n}

        {W^{y}}_{r,n} = \left(\sin{\left({H^{y}}_{r,n} \right)} {w^{x}}_{n} + \cos{\left({H^{y}}_{r,n} \right)} {w^{y}}_{n}\right) {e^{\Re H}}_{r,n}

        {F}_{r} = \sum_{n=0}^{N - 1} {W^{x}}_{r,n}

        {\log Z}_{r} = \log{\left({F}_{r} \right)} - \log{\left({\sigma}_{r} \right)} + {\tau}_{r} - \sum_{k=0}^{D - 1} \log{\left({g}_{r,k} + {\tau}_{r} \right)}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Gaps max(eta) - eta below the largest parameter; +inf for a category of weight zero.
    tau : array (R,)
        Where the path crosses the real axis, beside the saddle: distance above max(eta).
    sigma : array (R,)
        Root of the sum of 1/(tau + gap)^2 over all categories of the row.
    excess : array (R,)
        (1 - sum of 1/(tau + gap))/sigma over all categories of the row.
    zeta_x : array (N,)
        Nodes, real part.
    zeta_y : array (N,)
        Nodes, imaginary part.
    w_x : array (N,)
        Weights of the rule, real part.
    w_y : array (N,)
        Weights of the rule, imaginary part.

    Returns
    -------
    log_Z : array (R,)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = gap.shape[0]
    D = gap.shape[1]
    N = zeta_x.shape[0]
    log_Z = _apart((R,), gap.dtype)
    _run(_log_partition, R, 7*D*N, (gap, tau, sigma, excess, zeta_x, zeta_y, w_x, w_y,), (log_Z,))
    return log_Z,


@_compiled
def _log_partition(start, stop, gap, tau, sigma, excess, zeta_x, zeta_y, w_x, w_y, log_Z):
    real = gap.dtype.type
    D = gap.shape[1]
    N = zeta_x.shape[0]
    remainder_x = _apart((N,), gap.dtype)
    remainder_y = _apart((N,), gap.dtype)
    remainder_x_rest = _apart((N,), gap.dtype)
    remainder_y_rest = _apart((N,), gap.dtype)
    remainder_x_product = _apart((N,), gap.dtype)
    remainder_y_product = _apart((N,), gap.dtype)
    remainder_x_first = _apart((N,), gap.dtype)
    remainder_y_first = _apart((N,), gap.dtype)
    for row in range(start, stop):
        excess_value = excess[row]
        tau_value = tau[row]
        inverse_sigma = real(1)/sigma[row]
        raw_log_Z = real(0)
        for node in range(N):
            remainder_x[node] = real(0)
            remainder_y[node] = real(0)
        raw_log_Z_rest = real(0)
        for node in range(N):
            remainder_x_rest[node] = real(0)
            remainder_y_rest[node] = real(0)
        for k_0 in range(0, D, 16):
            raw_log_Z_part = real(0)
            for node in range(N):
                remainder_x_product[node] = real(0)
                remainder_y_product[node] = real(0)
                remainder_x_first[node] = real(0)
                remainder_y_first[node] = real(0)
            for k in _block(k_0, 16, D):
                m = real(1)/(gap[row, k] + tau_value)
                raw_log_Z_part = _add(raw_log_Z_part, _log(gap[row, k] + tau_value))
                for node in range(N):
                    p = inverse_sigma*m
                    xi_x = p*zeta_x[node]
                    xi_y = p*zeta_y[node]
                    remainder_x_product[node], remainder_y_product[node], remainder_x_first[node], remainder_y_first[node] = _multiply(remainder_x_product[node], remainder_y_product[node], remainder_x_first[node], remainder_y_first[node], xi_x, xi_y)
            raw_log_Z, raw_log_Z_rest = _accumulate(raw_log_Z, raw_log_Z_rest, raw_log_Z_part)
            for node in range(N):
                remainder_x[node], remainder_x_rest[node], remainder_y[node], remainder_y_rest[node] = _accumulate_group(remainder_x[node], remainder_x_rest[node], remainder_y[node], remainder_y_rest[node], remainder_x_product[node], remainder_y_product[node], remainder_x_first[node], remainder_y_first[node])
        F = real(0)
        for node in range(N):
            H_x = remainder_x[node] + excess_value*zeta_x[node]
            height = _exp(H_x)
            H_y = remainder_y[node] + excess_value*zeta_y[node]
            W_x = height*(w_x[node]*_cos(H_y) - w_y[node]*_sin(H_y))
            F = _add(F, W_x)
        log_Z[row] = tau_value + _log(F) - raw_log_Z - _log(sigma[row])


def log_partition_and_mean(gap, tau, sigma, excess, zeta_x, zeta_y, w_x, w_y):
    r"""log Z relative to max(eta), and the means.

    .. math::

        {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}

        {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}

        {\xi^{x}}_{r,k,n} = {p}_{r,k} {\zeta^{x}}_{n}

        {\xi^{y}}_{r,k,n} = {p}_{r,k} {\zeta^{y}}_{n}

        {\Phi^{x}}_{r,n} = \Re \sum_{k} \varphi\left({\xi^{x}}_{r,k,n} + i\,{\xi^{y}}_{r,k,n}\right)

        {\Phi^{y}}_{r,n} = \Im \sum_{k} \varphi\left({\xi^{x}}_{r,k,n} + i\,{\xi^{y}}_{r,k,n}\right)

        {H^{x}}_{r,n} = {\varepsilon}_{r} {\zeta^{x}}_{n} + {\Phi^{x}}_{r,n}

        {H^{y}}_{r,n} = {\varepsilon}_{r} {\zeta^{y}}_{n} + {\Phi^{y}}_{r,n}

        {e^{\Re H}}_{r,n} = e^{{H^{x}}_{r,n}}

        {W^{x}}_{r,n} = \left(- \sin{\left({H^{y}}_{r,n} \right)} {w^{y}}_{n} + \cos{\left({H^{y}}_{r,n} \right)} {w^{x}}_{n}\right) {e^{\Re H}}_{r,n}

        {W^{y}}_{r,n} = \left(\sin{\left({H^{y}}_{r,n} \right)} {w^{x}}_{n} + \cos{\left({H^{y}}_{r,n} \right)} {w^{y}}_{n}\right) {e^{\Re H}}_{r,n}

        {F}_{r} = \sum_{n=0}^{N - 1} {W^{x}}_{r,n}

        {b}_{r,k,n} = {\xi^{x}}_{r,k,n} + 1

        {q}_{r,k,n} = {b}_{r,k,n}^{2} + {\xi^{y}}_{r,k,n}^{2}

        {\log Z}_{r} = \log{\left({F}_{r} \right)} - \log{\left({\sigma}_{r} \right)} + {\tau}_{r} - \sum_{k=0}^{D - 1} \log{\left({g}_{r,k} + {\tau}_{r} \right)}

        {\mu}_{r,k} = \frac{{m}_{r,k} \sum_{n=0}^{N - 1} \frac{{W^{x}}_{r,n} {b}_{r,k,n} + {W^{y}}_{r,n} {\xi^{y}}_{r,k,n}}{{q}_{r,k,n}}}{{F}_{r}}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Gaps max(eta) - eta below the largest parameter; +inf for a category of weight zero.
    tau : array (R,)
        Where the path crosses the real axis, beside the saddle: distance above max(eta).
    sigma : array (R,)
        Root of the sum of 1/(tau + gap)^2 over all categories of the row.
    excess : array (R,)
        (1 - sum of 1/(tau + gap))/sigma over all categories of the row.
    zeta_x : array (N,)
        Nodes, real part.
    zeta_y : array (N,)
        Nodes, imaginary part.
    w_x : array (N,)
        Weights of the rule, real part.
    w_y : array (N,)
        Weights of the rule, imaginary part.

    Returns
    -------
    log_Z : array (R,)
    mean : array (R, D)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = gap.shape[0]
    D = gap.shape[1]
    N = zeta_x.shape[0]
    log_Z = _apart((R,), gap.dtype)
    mean = _apart((R, D), gap.dtype)
    _run(_log_partition_and_mean, R, 9*D*N, (gap, tau, sigma, excess, zeta_x, zeta_y, w_x, w_y,), (log_Z, mean,))
    return log_Z, mean


@_compiled
def _log_partition_and_mean(start, stop, gap, tau, sigma, excess, zeta_x, zeta_y, w_x, w_y, log_Z, mean):
    real = gap.dtype.type
    D = gap.shape[1]
    N = zeta_x.shape[0]
    m = _apart((D,), gap.dtype)
    remainder_x = _apart((N,), gap.dtype)
    remainder_y = _apart((N,), gap.dtype)
    W_x = _apart((N,), gap.dtype)
    W_y = _apart((N,), gap.dtype)
    remainder_x_rest = _apart((N,), gap.dtype)
    remainder_y_rest = _apart((N,), gap.dtype)
    remainder_x_product = _apart((N,), gap.dtype)
    remainder_y_product = _apart((N,), gap.dtype)
    remainder_x_first = _apart((N,), gap.dtype)
    remainder_y_first = _apart((N,), gap.dtype)
    for row in range(start, stop):
        excess_value = excess[row]
        tau_value = tau[row]
        inverse_sigma = real(1)/sigma[row]
        raw_log_Z = real(0)
        for node in range(N):
            remainder_x[node] = real(0)
            remainder_y[node] = real(0)
        raw_log_Z_rest = real(0)
        for node in range(N):
            remainder_x_rest[node] = real(0)
            remainder_y_rest[node] = real(0)
        for k_0 in range(0, D, 16):
            raw_log_Z_part = real(0)
            for node in range(N):
                remainder_x_product[node] = real(0)
                remainder_y_product[node] = real(0)
                remainder_x_first[node] = real(0)
                remainder_y_first[node] = real(0)
            for k in _block(k_0, 16, D):
                m[k] = real(1)/(gap[row, k] + tau_value)
                m_value = m[k]
                raw_log_Z_part = _add(raw_log_Z_part, _log(gap[row, k] + tau_value))
                for node in range(N):
                    p = inverse_sigma*m_value
                    xi_x = p*zeta_x[node]
                    xi_y = p*zeta_y[node]
                    remainder_x_product[node], remainder_y_product[node], remainder_x_first[node], remainder_y_first[node] = _multiply(remainder_x_product[node], remainder_y_product[node], remainder_x_first[node], remainder_y_first[node], xi_x, xi_y)
            raw_log_Z, raw_log_Z_rest = _accumulate(raw_log_Z, raw_log_Z_rest, raw_log_Z_part)
            for node in range(N):
                remainder_x[node], remainder_x_rest[node], remainder_y[node], remainder_y_rest[node] = _accumulate_group(remainder_x[node], remainder_x_rest[node], remainder_y[node], remainder_y_rest[node], remainder_x_product[node], remainder_y_product[node], remainder_x_first[node], remainder_y_first[node])
        F = real(0)
        for node in range(N):
            H_x = remainder_x[node] + excess_value*zeta_x[node]
            height = _exp(H_x)
            H_y = remainder_y[node] + excess_value*zeta_y[node]
            W_x[node] = height*(w_x[node]*_cos(H_y) - w_y[node]*_sin(H_y))
            W_y[node] = height*(w_x[node]*_sin(H_y) + w_y[node]*_cos(H_y))
            F = _add(F, W_x[node])
        log_Z[row] = tau_value + _log(F) - raw_log_Z - _log(sigma[row])
        inverse_F = real(1)/F
        for k in range(D):
            m_value = m[k]
            raw_mean = real(0)
            for node in range(N):
                p = inverse_sigma*m_value
                xi_x = p*zeta_x[node]
                b = real(1) + xi_x
                xi_y = p*zeta_y[node]
                q = (b*b) + (xi_y*xi_y)
                raw_mean = _add(raw_mean, (W_x[node]*b + W_y[node]*xi_y)/q)
            mean[row, k] = inverse_F*m_value*raw_mean


def log_partition_mean_and_weights(gap, tau, sigma, excess, zeta_x, zeta_y, w_x, w_y, rest_x, rest_y, rest_log):
    r"""log Z relative to max(eta), means beside other categories, and the weighted integrand at the nodes.

    .. math::

        \log Z_r = \tau_r - \sum_k\log(\tau_r + g_{r,k}) - \Lambda'_r - \log\sigma_r + \log F_r

        W_{r,n} = w_n \exp\Big(\varepsilon_r\zeta_n + \Phi'_{r,n} + \sum_k\varphi(p_{r,k}\zeta_n)\Big),\qquad F_r = \operatorname{Re}\sum_n W_{r,n}

        \mu_{r,k} = \frac{m_{r,k}}{F_r} \operatorname{Re}\sum_n \frac{W_{r,n}}{1 + p_{r,k}\zeta_n}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Gaps max(eta) - eta below the largest parameter; +inf for a category of weight zero.
    tau : array (R,)
        Where the path crosses the real axis, beside the saddle: distance above max(eta).
    sigma : array (R,)
        Root of the sum of 1/(tau + gap)^2 over all categories of the row.
    excess : array (R,)
        (1 - sum of 1/(tau + gap))/sigma over all categories of the row.
    zeta_x : array (N,)
        Nodes, real part.
    zeta_y : array (N,)
        Nodes, imaginary part.
    w_x : array (N,)
        Weights of the rule, real part.
    w_y : array (N,)
        Weights of the rule, imaginary part.
    rest_x : array (R, N)
        Exponent at the nodes of the categories of the row that are not among these; real part.
    rest_y : array (R, N)
        Its imaginary part.
    rest_log : array (R,)
        Their sum of log(tau + gap).

    Returns
    -------
    log_Z : array (R,)
    mean : array (R, D)
    F : array (R,)
    W_x : array (R, N)
    W_y : array (R, N)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = gap.shape[0]
    D = gap.shape[1]
    N = zeta_x.shape[0]
    log_Z = _apart((R,), gap.dtype)
    mean = _apart((R, D), gap.dtype)
    F = _apart((R,), gap.dtype)
    W_x = _apart((R, N), gap.dtype)
    W_y = _apart((R, N), gap.dtype)
    _run(_log_partition_mean_and_weights, R, 9*D*N, (gap, tau, sigma, excess, zeta_x, zeta_y, w_x, w_y, rest_x, rest_y, rest_log,), (log_Z, mean, F, W_x, W_y,))
    return log_Z, mean, F, W_x, W_y


@_compiled
def _log_partition_mean_and_weights(start, stop, gap, tau, sigma, excess, zeta_x, zeta_y, w_x, w_y, rest_x, rest_y, rest_log, log_Z, mean, F, W_x, W_y):
    real = gap.dtype.type
    D = gap.shape[1]
    N = zeta_x.shape[0]
    m = _apart((D,), gap.dtype)
    remainder_x = _apart((N,), gap.dtype)
    remainder_y = _apart((N,), gap.dtype)
    W_x_value = _apart((N,), gap.dtype)
    W_y_value = _apart((N,), gap.dtype)
    remainder_x_rest = _apart((N,), gap.dtype)
    remainder_y_rest = _apart((N,), gap.dtype)
    remainder_x_part = _apart((N,), gap.dtype)
    remainder_y_part = _apart((N,), gap.dtype)
    for row in range(start, stop):
        excess_value = excess[row]
        tau_value = tau[row]
        inverse_sigma = real(1)/sigma[row]
        for node in range(N):
            remainder_x[node] = real(0)
            remainder_y[node] = real(0)
        raw_log_Z = real(0)
        for node in range(N):
            remainder_x_rest[node] = real(0)
            remainder_y_rest[node] = real(0)
        raw_log_Z_rest = real(0)
        for k_0 in range(0, D, 16):
            for node in range(N):
                remainder_x_part[node] = real(0)
                remainder_y_part[node] = real(0)
            raw_log_Z_part = real(0)
            for k in _block(k_0, 16, D):
                m[k] = real(1)/(gap[row, k] + tau_value)
                m_value = m[k]
                raw_log_Z_part = _add(raw_log_Z_part, _log(gap[row, k] + tau_value))
                for node in range(N):
                    p = inverse_sigma*m_value
                    xi_x = p*zeta_x[node]
                    two_plus = real(2) + xi_x
                    xi_y = p*zeta_y[node]
                    norm = (two_plus*two_plus) + (xi_y*xi_y)
                    s_x = ((xi_y*xi_y) + two_plus*xi_x)/norm
                    s_y = real(2)*xi_y/norm
                    t_x = (s_x*s_x) - (s_y*s_y)
                    series_10_x = real(1)/real(21) + (real(1)/real(23))*t_x
                    t_y = real(2)*s_x*s_y
                    series_10_y = (real(1)/real(23))*t_y
                    series_9_x = real(1)/real(19) + series_10_x*t_x - series_10_y*t_y
                    series_9_y = series_10_x*t_y + series_10_y*t_x
                    series_8_x = real(1)/real(17) + series_9_x*t_x - series_9_y*t_y
                    series_8_y = series_9_x*t_y + series_9_y*t_x
                    series_7_x = real(1)/real(15) + series_8_x*t_x - series_8_y*t_y
                    series_7_y = series_8_x*t_y + series_8_y*t_x
                    series_6_x = real(1)/real(13) + series_7_x*t_x - series_7_y*t_y
                    series_6_y = series_7_x*t_y + series_7_y*t_x
                    series_5_x = real(1)/real(11) + series_6_x*t_x - series_6_y*t_y
                    series_5_y = series_6_x*t_y + series_6_y*t_x
                    series_4_x = real(1)/real(9) + series_5_x*t_x - series_5_y*t_y
                    series_4_y = series_5_x*t_y + series_5_y*t_x
                    series_3_x = real(1)/real(7) + series_4_x*t_x - series_4_y*t_y
                    series_3_y = series_4_x*t_y + series_4_y*t_x
                    series_2_x = real(1)/real(5) + series_3_x*t_x - series_3_y*t_y
                    series_2_y = series_3_x*t_y + series_3_y*t_x
                    series_1_x = real(1)/real(3) + series_2_x*t_x - series_2_y*t_y
                    series_1_y = series_2_x*t_y + series_2_y*t_x
                    remaining_x = xi_x + real(2)*series_1_y*t_y - real(2)*series_1_x*t_x
                    remaining_y = xi_y - real(2)*series_1_x*t_y - real(2)*series_1_y*t_x
                    phi_x = (remaining_x*s_x - remaining_y*s_y if (s_x*s_x) + (s_y*s_y) < real(1)/real(25) else xi_x - real(1)/real(2)*_log1p((xi_y*xi_y) + two_plus*xi_x))
                    phi_y = (remaining_x*s_y + remaining_y*s_x if (s_x*s_x) + (s_y*s_y) < real(1)/real(25) else xi_y - _angle(xi_y, real(1) + xi_x))
                    remainder_x_part[node] = _add(remainder_x_part[node], phi_x)
                    remainder_y_part[node] = _add(remainder_y_part[node], phi_y)
            for node in range(N):
                remainder_x[node], remainder_x_rest[node] = _accumulate(remainder_x[node], remainder_x_rest[node], remainder_x_part[node])
                remainder_y[node], remainder_y_rest[node] = _accumulate(remainder_y[node], remainder_y_rest[node], remainder_y_part[node])
            raw_log_Z, raw_log_Z_rest = _accumulate(raw_log_Z, raw_log_Z_rest, raw_log_Z_part)
        F_value = real(0)
        for node in range(N):
            H_x = remainder_x[node] + rest_x[row, node] + excess_value*zeta_x[node]
            height = _exp(H_x)
            H_y = remainder_y[node] + rest_y[row, node] + excess_value*zeta_y[node]
            W_x_value[node] = height*(w_x[node]*_cos(H_y) - w_y[node]*_sin(H_y))
            F_value = _add(F_value, W_x_value[node])
            W_y_value[node] = height*(w_x[node]*_sin(H_y) + w_y[node]*_cos(H_y))
            W_x[row, node] = W_x_value[node]
            W_y[row, node] = W_y_value[node]
        log_Z[row] = tau_value + _log(F_value) - raw_log_Z - rest_log[row] - _log(sigma[row])
        inverse_F = real(1)/F_value
        F[row] = F_value
        for k in range(D):
            m_value = m[k]
            raw_mean = real(0)
            for node in range(N):
                p = inverse_sigma*m_value
                xi_x = p*zeta_x[node]
                b = real(1) + xi_x
                xi_y = p*zeta_y[node]
                q = (b*b) + (xi_y*xi_y)
                raw_mean = _add(raw_mean, (W_x_value[node]*b + W_y_value[node]*xi_y)/q)
            mean[row, k] = inverse_F*m_value*raw_mean


def variances(gap, tau, sigma, mean, F, W_x, W_y, zeta_x, zeta_y):
    r"""The variance of each category.

    .. math::

        {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}

        {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}

        {\xi^{x}}_{r,k,n} = {p}_{r,k} {\zeta^{x}}_{n}

        {\xi^{y}}_{r,k,n} = {p}_{r,k} {\zeta^{y}}_{n}

        {b}_{r,k,n} = {\xi^{x}}_{r,k,n} + 1

        {q}_{r,k,n} = {b}_{r,k,n}^{2} + {\xi^{y}}_{r,k,n}^{2}

        {V^{x}}_{r,n} = \frac{{W^{x}}_{r,n}}{{F}_{r}}

        {V^{y}}_{r,n} = \frac{{W^{y}}_{r,n}}{{F}_{r}}

        {a^{x}}_{r,k,n} = \frac{{b}_{r,k,n} {m}_{r,k}}{{q}_{r,k,n}}

        {a^{y}}_{r,k,n} = - \frac{{m}_{r,k} {\xi^{y}}_{r,k,n}}{{q}_{r,k,n}}

        {\tilde a}_{r,k,n} = {a^{x}}_{r,k,n} - {\mu}_{r,k}

        {\operatorname{Var}}_{r,k} = \sum_{n=0}^{N - 1} \left(\left({\tilde a}_{r,k,n}^{2} - {a^{y}}_{r,k,n}^{2}\right) {V^{x}}_{r,n} + \left({a^{x}}_{r,k,n}^{2} - {a^{y}}_{r,k,n}^{2}\right) {V^{x}}_{r,n} - 2 {V^{y}}_{r,n} {\tilde a}_{r,k,n} {a^{y}}_{r,k,n} - 2 {V^{y}}_{r,n} {a^{x}}_{r,k,n} {a^{y}}_{r,k,n}\right)

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Gaps max(eta) - eta below the largest parameter; +inf for a category of weight zero.
    tau : array (R,)
        Where the path crosses the real axis, beside the saddle: distance above max(eta).
    sigma : array (R,)
        Root of the sum of 1/(tau + gap)^2 over all categories of the row.
    mean : array (R, D)
        Means.
    F : array (R,)
        Sum of W_x.
    W_x : array (R, N)
        Weighted integrand, real part.
    W_y : array (R, N)
        Its imaginary part.
    zeta_x : array (N,)
        Nodes, real part.
    zeta_y : array (N,)
        Nodes, imaginary part.

    Returns
    -------
    variance : array (R, D)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = gap.shape[0]
    D = gap.shape[1]
    N = W_x.shape[1]
    variance = _apart((R, D), gap.dtype)
    _run(_variances, R, D*N, (gap, tau, sigma, mean, F, W_x, W_y, zeta_x, zeta_y,), (variance,))
    return variance,


@_compiled
def _variances(start, stop, gap, tau, sigma, mean, F, W_x, W_y, zeta_x, zeta_y, variance):
    real = gap.dtype.type
    D = gap.shape[1]
    N = W_x.shape[1]
    for row in range(start, stop):
        tau_value = tau[row]
        inverse_sigma = real(1)/sigma[row]
        inverse_F = real(1)/F[row]
        for k in range(D):
            mean_value = mean[row, k]
            m = real(1)/(gap[row, k] + tau_value)
            variance_value = real(0)
            for node in range(N):
                p = inverse_sigma*m
                xi_x = p*zeta_x[node]
                b = real(1) + xi_x
                xi_y = p*zeta_y[node]
                q = (b*b) + (xi_y*xi_y)
                a_x = b*m/q
                a_y = -m*xi_y/q
                V_x = W_x[row, node]*inverse_F
                V_y = W_y[row, node]*inverse_F
                a_centred = a_x - mean_value
                variance_value = _add(variance_value, V_x*((a_centred*a_centred) - (a_y*a_y)) + V_x*((a_x*a_x) - (a_y*a_y)) - real(2)*V_y*a_centred*a_y - real(2)*V_y*a_x*a_y)
            variance[row, k] = variance_value


def covariance_matvec(gap, tau, sigma, mean, F, W_x, W_y, zeta_x, zeta_y, v):
    r"""The covariance matrix times a vector.

    .. math::

        {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}

        {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}

        {\xi^{x}}_{r,k,n} = {p}_{r,k} {\zeta^{x}}_{n}

        {\xi^{y}}_{r,k,n} = {p}_{r,k} {\zeta^{y}}_{n}

        {b}_{r,k,n} = {\xi^{x}}_{r,k,n} + 1

        {q}_{r,k,n} = {b}_{r,k,n}^{2} + {\xi^{y}}_{r,k,n}^{2}

        {V^{x}}_{r,n} = \frac{{W^{x}}_{r,n}}{{F}_{r}}

        {V^{y}}_{r,n} = \frac{{W^{y}}_{r,n}}{{F}_{r}}

        {a^{x}}_{r,k,n} = \frac{{b}_{r,k,n} {m}_{r,k}}{{q}_{r,k,n}}

        {a^{y}}_{r,k,n} = - \frac{{m}_{r,k} {\xi^{y}}_{r,k,n}}{{q}_{r,k,n}}

        {\tilde a}_{r,k,n} = {a^{x}}_{r,k,n} - {\mu}_{r,k}

        {d^{x}}_{r,k,n} = \frac{{b}_{r,k,n} {m}_{r,k}}{{q}_{r,k,n}}

        {d^{y}}_{r,k,n} = - \frac{{m}_{r,k} {\xi^{y}}_{r,k,n}}{{q}_{r,k,n}}

        {\tilde d}_{r,k,n} = {d^{x}}_{r,k,n} - {\mu}_{r,k}

        {c^{x}}_{r,n} = \sum_{k=0}^{D - 1} {\tilde a}_{r,k,n} {v}_{r,k}

        {c^{y}}_{r,n} = \sum_{k=0}^{D - 1} {a^{y}}_{r,k,n} {v}_{r,k}

        {(\operatorname{Cov}v)}_{r,k} = \sum_{n=0}^{N - 1} \left(\left(\left({d^{x}}_{r,k,n}^{2} - {d^{y}}_{r,k,n}^{2}\right) {V^{x}}_{r,n} - 2 {V^{y}}_{r,n} {d^{x}}_{r,k,n} {d^{y}}_{r,k,n}\right) {v}_{r,k} + \left({c^{x}}_{r,n} {\tilde d}_{r,k,n} - {c^{y}}_{r,n} {d^{y}}_{r,k,n}\right) {V^{x}}_{r,n} - \left({c^{x}}_{r,n} {d^{y}}_{r,k,n} + {c^{y}}_{r,n} {\tilde d}_{r,k,n}\right) {V^{y}}_{r,n}\right)

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Gaps max(eta) - eta below the largest parameter; +inf for a category of weight zero.
    tau : array (R,)
        Where the path crosses the real axis, beside the saddle: distance above max(eta).
    sigma : array (R,)
        Root of the sum of 1/(tau + gap)^2 over all categories of the row.
    mean : array (R, D)
        Means.
    F : array (R,)
        Sum of W_x.
    W_x : array (R, N)
        Weighted integrand, real part.
    W_y : array (R, N)
        Its imaginary part.
    zeta_x : array (N,)
        Nodes, real part.
    zeta_y : array (N,)
        Nodes, imaginary part.
    v : array (R, D)
        The vector.

    Returns
    -------
    product : array (R, D)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = gap.shape[0]
    D = gap.shape[1]
    N = W_x.shape[1]
    product = _apart((R, D), gap.dtype)
    _run(_covariance_matvec, R, D*N, (gap, tau, sigma, mean, F, W_x, W_y, zeta_x, zeta_y, v,), (product,))
    return product,


@_compiled
def _covariance_matvec(start, stop, gap, tau, sigma, mean, F, W_x, W_y, zeta_x, zeta_y, v, product):
    real = gap.dtype.type
    D = gap.shape[1]
    N = W_x.shape[1]
    m = _apart((D,), gap.dtype)
    c_x = _apart((N,), gap.dtype)
    c_y = _apart((N,), gap.dtype)
    c_x_rest = _apart((N,), gap.dtype)
    c_y_rest = _apart((N,), gap.dtype)
    c_x_part = _apart((N,), gap.dtype)
    c_y_part = _apart((N,), gap.dtype)
    for row in range(start, stop):
        tau_value = tau[row]
        inverse_sigma = real(1)/sigma[row]
        inverse_F = real(1)/F[row]
        for node in range(N):
            c_x[node] = real(0)
            c_y[node] = real(0)
        for node in range(N):
            c_x_rest[node] = real(0)
            c_y_rest[node] = real(0)
        for k_0 in range(0, D, 16):
            for node in range(N):
                c_x_part[node] = real(0)
                c_y_part[node] = real(0)
            for k in _block(k_0, 16, D):
                mean_value = mean[row, k]
                v_value = v[row, k]
                m[k] = real(1)/(gap[row, k] + tau_value)
                m_value = m[k]
                for node in range(N):
                    p = inverse_sigma*m_value
                    xi_x = p*zeta_x[node]
                    b = real(1) + xi_x
                    xi_y = p*zeta_y[node]
                    q = (b*b) + (xi_y*xi_y)
                    a_x = b*m_value/q
                    a_y = -m_value*xi_y/q
                    a_centred = a_x - mean_value
                    c_x_part[node] = _add(c_x_part[node], a_centred*v_value)
                    c_y_part[node] = _add(c_y_part[node], a_y*v_value)
            for node in range(N):
                c_x[node], c_x_rest[node] = _accumulate(c_x[node], c_x_rest[node], c_x_part[node])
                c_y[node], c_y_rest[node] = _accumulate(c_y[node], c_y_rest[node], c_y_part[node])
        for k in range(D):
            m_value = m[k]
            mean_value = mean[row, k]
            v_value = v[row, k]
            product_value = real(0)
            for node in range(N):
                p = inverse_sigma*m_value
                xi_x = p*zeta_x[node]
                b = real(1) + xi_x
                xi_y = p*zeta_y[node]
                q = (b*b) + (xi_y*xi_y)
                d_x = b*m_value/q
                d_y = -m_value*xi_y/q
                V_x = W_x[row, node]*inverse_F
                V_y = W_y[row, node]*inverse_F
                d_centred = d_x - mean_value
                product_value = _add(product_value, V_x*(c_x[node]*d_centred - c_y[node]*d_y) + v_value*(V_x*((d_x*d_x) - (d_y*d_y)) - real(2)*V_y*d_x*d_y) - V_y*(c_x[node]*d_y + c_y[node]*d_centred))
            product[row, k] = product_value


def power_sums_10(gap, tau, sigma, zeta_x, zeta_y):
    r"""The exponent at the nodes of small categories, by 9 power sums.

    .. math::

        \Phi'_{r,n} = \sum_{j=2}^{T} \frac{(-1)^j}{j} \Big(\sum_k p_{r,k}^j\Big) \zeta_n^j,\qquad p = \frac{1}{\sigma(\tau + g)}

        \Lambda'_r = \sum_k \log(\tau_r + g_{r,k})

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Gaps max(eta) - eta below the largest parameter; +inf for a category of weight zero.
    tau : array (R,)
        Where the path crosses the real axis, beside the saddle: distance above max(eta).
    sigma : array (R,)
        Root of the sum of 1/(tau + gap)^2 over all categories of the row.
    zeta_x : array (N,)
        Nodes, real part.
    zeta_y : array (N,)
        Nodes, imaginary part.

    Returns
    -------
    rest_x : array (R, N)
    rest_y : array (R, N)
    rest_log : array (R,)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = gap.shape[0]
    D = gap.shape[1]
    N = zeta_x.shape[0]
    rest_x = _apart((R, N), gap.dtype)
    rest_y = _apart((R, N), gap.dtype)
    rest_log = _apart((R,), gap.dtype)
    _run(_power_sums_10, R, D*N, (gap, tau, sigma, zeta_x, zeta_y,), (rest_x, rest_y, rest_log,))
    return rest_x, rest_y, rest_log


@_compiled
def _power_sums_10(start, stop, gap, tau, sigma, zeta_x, zeta_y, rest_x, rest_y, rest_log):
    real = gap.dtype.type
    D = gap.shape[1]
    N = zeta_x.shape[0]
    for row in range(start, stop):
        tau_value = tau[row]
        inverse_sigma = real(1)/sigma[row]
        kappa_2 = real(0)
        kappa_3 = real(0)
        kappa_4 = real(0)
        kappa_5 = real(0)
        kappa_6 = real(0)
        kappa_7 = real(0)
        kappa_8 = real(0)
        kappa_9 = real(0)
        kappa_10 = real(0)
        rest_log_value = real(0)
        kappa_2_rest = real(0)
        kappa_3_rest = real(0)
        kappa_4_rest = real(0)
        kappa_5_rest = real(0)
        kappa_6_rest = real(0)
        kappa_7_rest = real(0)
        kappa_8_rest = real(0)
        kappa_9_rest = real(0)
        kappa_10_rest = real(0)
        rest_log_value_rest = real(0)
        for k_0 in range(0, D, 128):
            kappa_2_part = real(0)
            kappa_3_part = real(0)
            kappa_4_part = real(0)
            kappa_5_part = real(0)
            kappa_6_part = real(0)
            kappa_7_part = real(0)
            kappa_8_part = real(0)
            kappa_9_part = real(0)
            kappa_10_part = real(0)
            rest_log_value_part = real(0)
            for k in _block(k_0, 128, D):
                m = real(1)/(gap[row, k] + tau_value)
                p = inverse_sigma*m
                kappa_2_part = _add(kappa_2_part, (p*p))
                power_2 = (p*p)
                kappa_3_part = _add(kappa_3_part, p*power_2)
                kappa_4_part = _add(kappa_4_part, (power_2*power_2))
                power_3 = p*power_2
                kappa_5_part = _add(kappa_5_part, power_2*power_3)
                kappa_6_part = _add(kappa_6_part, (power_3*power_3))
                power_4 = (power_2*power_2)
                kappa_7_part = _add(kappa_7_part, power_3*power_4)
                kappa_8_part = _add(kappa_8_part, (power_4*power_4))
                power_5 = power_2*power_3
                kappa_9_part = _add(kappa_9_part, power_4*power_5)
                kappa_10_part = _add(kappa_10_part, (power_5*power_5))
                rest_log_value_part = _add(rest_log_value_part, _log(gap[row, k] + tau_value))
            kappa_2, kappa_2_rest = _accumulate(kappa_2, kappa_2_rest, kappa_2_part)
            kappa_3, kappa_3_rest = _accumulate(kappa_3, kappa_3_rest, kappa_3_part)
            kappa_4, kappa_4_rest = _accumulate(kappa_4, kappa_4_rest, kappa_4_part)
            kappa_5, kappa_5_rest = _accumulate(kappa_5, kappa_5_rest, kappa_5_part)
            kappa_6, kappa_6_rest = _accumulate(kappa_6, kappa_6_rest, kappa_6_part)
            kappa_7, kappa_7_rest = _accumulate(kappa_7, kappa_7_rest, kappa_7_part)
            kappa_8, kappa_8_rest = _accumulate(kappa_8, kappa_8_rest, kappa_8_part)
            kappa_9, kappa_9_rest = _accumulate(kappa_9, kappa_9_rest, kappa_9_part)
            kappa_10, kappa_10_rest = _accumulate(kappa_10, kappa_10_rest, kappa_10_part)
            rest_log_value, rest_log_value_rest = _accumulate(rest_log_value, rest_log_value_rest, rest_log_value_part)
        rest_log[row] = rest_log_value
        for node in range(N):
            horner_10_x = (real(1)/real(10))*kappa_10*zeta_x[node] - real(1)/real(9)*kappa_9
            horner_10_y = (real(1)/real(10))*kappa_10*zeta_y[node]
            horner_9_x = (real(1)/real(8))*kappa_8 + horner_10_x*zeta_x[node] - horner_10_y*zeta_y[node]
            horner_9_y = horner_10_x*zeta_y[node] + horner_10_y*zeta_x[node]
            horner_8_x = horner_9_x*zeta_x[node] - real(1)/real(7)*kappa_7 - horner_9_y*zeta_y[node]
            horner_8_y = horner_9_x*zeta_y[node] + horner_9_y*zeta_x[node]
            horner_7_x = (real(1)/real(6))*kappa_6 + horner_8_x*zeta_x[node] - horner_8_y*zeta_y[node]
            horner_7_y = horner_8_x*zeta_y[node] + horner_8_y*zeta_x[node]
            horner_6_x = horner_7_x*zeta_x[node] - real(1)/real(5)*kappa_5 - horner_7_y*zeta_y[node]
            horner_6_y = horner_7_x*zeta_y[node] + horner_7_y*zeta_x[node]
            horner_5_x = (real(1)/real(4))*kappa_4 + horner_6_x*zeta_x[node] - horner_6_y*zeta_y[node]
            horner_5_y = horner_6_x*zeta_y[node] + horner_6_y*zeta_x[node]
            horner_4_x = horner_5_x*zeta_x[node] - real(1)/real(3)*kappa_3 - horner_5_y*zeta_y[node]
            horner_4_y = horner_5_x*zeta_y[node] + horner_5_y*zeta_x[node]
            horner_3_x = (real(1)/real(2))*kappa_2 + horner_4_x*zeta_x[node] - horner_4_y*zeta_y[node]
            horner_3_y = horner_4_x*zeta_y[node] + horner_4_y*zeta_x[node]
            horner_2_x = horner_3_x*zeta_x[node] - horner_3_y*zeta_y[node]
            horner_2_y = horner_3_x*zeta_y[node] + horner_3_y*zeta_x[node]
            horner_1_x = horner_2_x*zeta_x[node] - horner_2_y*zeta_y[node]
            rest_x[row, node] = horner_1_x
            horner_1_y = horner_2_x*zeta_y[node] + horner_2_y*zeta_x[node]
            rest_y[row, node] = horner_1_y


def power_means_10(gap, tau, sigma, F, W_x, W_y, zeta_x, zeta_y):
    r"""The means of small categories, polynomials in p with 9 terms.

    .. math::

        \mu_{r,k} = \frac{m_{r,k}}{F_r} \sum_{j=0}^{T-2} (-p_{r,k})^j \operatorname{Re}\sum_n W_{r,n}\zeta_n^j

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Gaps max(eta) - eta below the largest parameter; +inf for a category of weight zero.
    tau : array (R,)
        Where the path crosses the real axis, beside the saddle: distance above max(eta).
    sigma : array (R,)
        Root of the sum of 1/(tau + gap)^2 over all categories of the row.
    F : array (R,)
        Sum of W_x.
    W_x : array (R, N)
        Weighted integrand, real part.
    W_y : array (R, N)
        Its imaginary part.
    zeta_x : array (N,)
        Nodes, real part.
    zeta_y : array (N,)
        Nodes, imaginary part.

    Returns
    -------
    mean : array (R, D)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = gap.shape[0]
    D = gap.shape[1]
    N = W_x.shape[1]
    mean = _apart((R, D), gap.dtype)
    _run(_power_means_10, R, D*N, (gap, tau, sigma, F, W_x, W_y, zeta_x, zeta_y,), (mean,))
    return mean,


@_compiled
def _power_means_10(start, stop, gap, tau, sigma, F, W_x, W_y, zeta_x, zeta_y, mean):
    real = gap.dtype.type
    D = gap.shape[1]
    N = W_x.shape[1]
    for row in range(start, stop):
        tau_value = tau[row]
        inverse_sigma = real(1)/sigma[row]
        sigma_over_F = sigma[row]/F[row]
        moment0 = real(0)
        moment1 = real(0)
        moment2 = real(0)
        moment3 = real(0)
        moment4 = real(0)
        moment5 = real(0)
        moment6 = real(0)
        moment7 = real(0)
        moment8 = real(0)
        for node in range(N):
            scaled_x = W_x[row, node]*sigma_over_F
            moment0 = _add(moment0, scaled_x)
            scaled_y = W_y[row, node]*sigma_over_F
            times_zeta_1_x = scaled_x*zeta_x[node] - scaled_y*zeta_y[node]
            moment1 = _add(moment1, times_zeta_1_x)
            times_zeta_1_y = scaled_x*zeta_y[node] + scaled_y*zeta_x[node]
            times_zeta_2_x = times_zeta_1_x*zeta_x[node] - times_zeta_1_y*zeta_y[node]
            moment2 = _add(moment2, times_zeta_2_x)
            times_zeta_2_y = times_zeta_1_x*zeta_y[node] + times_zeta_1_y*zeta_x[node]
            times_zeta_3_x = times_zeta_2_x*zeta_x[node] - times_zeta_2_y*zeta_y[node]
            moment3 = _add(moment3, times_zeta_3_x)
            times_zeta_3_y = times_zeta_2_x*zeta_y[node] + times_zeta_2_y*zeta_x[node]
            times_zeta_4_x = times_zeta_3_x*zeta_x[node] - times_zeta_3_y*zeta_y[node]
            moment4 = _add(moment4, times_zeta_4_x)
            times_zeta_4_y = times_zeta_3_x*zeta_y[node] + times_zeta_3_y*zeta_x[node]
            times_zeta_5_x = times_zeta_4_x*zeta_x[node] - times_zeta_4_y*zeta_y[node]
            moment5 = _add(moment5, times_zeta_5_x)
            times_zeta_5_y = times_zeta_4_x*zeta_y[node] + times_zeta_4_y*zeta_x[node]
            times_zeta_6_x = times_zeta_5_x*zeta_x[node] - times_zeta_5_y*zeta_y[node]
            moment6 = _add(moment6, times_zeta_6_x)
            times_zeta_6_y = times_zeta_5_x*zeta_y[node] + times_zeta_5_y*zeta_x[node]
            times_zeta_7_x = times_zeta_6_x*zeta_x[node] - times_zeta_6_y*zeta_y[node]
            moment7 = _add(moment7, times_zeta_7_x)
            times_zeta_7_y = times_zeta_6_x*zeta_y[node] + times_zeta_6_y*zeta_x[node]
            times_zeta_8_x = times_zeta_7_x*zeta_x[node] - times_zeta_7_y*zeta_y[node]
            moment8 = _add(moment8, times_zeta_8_x)
        for k in range(D):
            m = real(1)/(gap[row, k] + tau_value)
            p = inverse_sigma*m
            mean[row, k] = p*(moment0 - p*(moment1 - p*(moment2 - p*(moment3 - p*(moment4 - p*(moment5 - p*(moment6 - p*(moment7 - moment8*p))))))))


def power_sums_20(gap, tau, sigma, zeta_x, zeta_y):
    r"""The exponent at the nodes of small categories, by 19 power sums.

    .. math::

        \Phi'_{r,n} = \sum_{j=2}^{T} \frac{(-1)^j}{j} \Big(\sum_k p_{r,k}^j\Big) \zeta_n^j,\qquad p = \frac{1}{\sigma(\tau + g)}

        \Lambda'_r = \sum_k \log(\tau_r + g_{r,k})

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Gaps max(eta) - eta below the largest parameter; +inf for a category of weight zero.
    tau : array (R,)
        Where the path crosses the real axis, beside the saddle: distance above max(eta).
    sigma : array (R,)
        Root of the sum of 1/(tau + gap)^2 over all categories of the row.
    zeta_x : array (N,)
        Nodes, real part.
    zeta_y : array (N,)
        Nodes, imaginary part.

    Returns
    -------
    rest_x : array (R, N)
    rest_y : array (R, N)
    rest_log : array (R,)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = gap.shape[0]
    D = gap.shape[1]
    N = zeta_x.shape[0]
    rest_x = _apart((R, N), gap.dtype)
    rest_y = _apart((R, N), gap.dtype)
    rest_log = _apart((R,), gap.dtype)
    _run(_power_sums_20, R, D*N, (gap, tau, sigma, zeta_x, zeta_y,), (rest_x, rest_y, rest_log,))
    return rest_x, rest_y, rest_log


@_compiled
def _power_sums_20(start, stop, gap, tau, sigma, zeta_x, zeta_y, rest_x, rest_y, rest_log):
    real = gap.dtype.type
    D = gap.shape[1]
    N = zeta_x.shape[0]
    for row in range(start, stop):
        tau_value = tau[row]
        inverse_sigma = real(1)/sigma[row]
        kappa_2 = real(0)
        kappa_3 = real(0)
        kappa_4 = real(0)
        kappa_5 = real(0)
        kappa_6 = real(0)
        kappa_7 = real(0)
        kappa_8 = real(0)
        kappa_9 = real(0)
        kappa_10 = real(0)
        kappa_11 = real(0)
        kappa_12 = real(0)
        kappa_13 = real(0)
        kappa_14 = real(0)
        kappa_15 = real(0)
        kappa_16 = real(0)
        kappa_17 = real(0)
        kappa_18 = real(0)
        kappa_19 = real(0)
        kappa_20 = real(0)
        rest_log_value = real(0)
        kappa_2_rest = real(0)
        kappa_3_rest = real(0)
        kappa_4_rest = real(0)
        kappa_5_rest = real(0)
        kappa_6_rest = real(0)
        kappa_7_rest = real(0)
        kappa_8_rest = real(0)
        kappa_9_rest = real(0)
        kappa_10_rest = real(0)
        kappa_11_rest = real(0)
        kappa_12_rest = real(0)
        kappa_13_rest = real(0)
        kappa_14_rest = real(0)
        kappa_15_rest = real(0)
        kappa_16_rest = real(0)
        kappa_17_rest = real(0)
        kappa_18_rest = real(0)
        kappa_19_rest = real(0)
        kappa_20_rest = real(0)
        rest_log_value_rest = real(0)
        for k_0 in range(0, D, 128):
            kappa_2_part = real(0)
            kappa_3_part = real(0)
            kappa_4_part = real(0)
            kappa_5_part = real(0)
            kappa_6_part = real(0)
            kappa_7_part = real(0)
            kappa_8_part = real(0)
            kappa_9_part = real(0)
            kappa_10_part = real(0)
            kappa_11_part = real(0)
            kappa_12_part = real(0)
            kappa_13_part = real(0)
            kappa_14_part = real(0)
            kappa_15_part = real(0)
            kappa_16_part = real(0)
            kappa_17_part = real(0)
            kappa_18_part = real(0)
            kappa_19_part = real(0)
            kappa_20_part = real(0)
            rest_log_value_part = real(0)
            for k in _block(k_0, 128, D):
                m = real(1)/(gap[row, k] + tau_value)
                p = inverse_sigma*m
                kappa_2_part = _add(kappa_2_part, (p*p))
                power_2 = (p*p)
                kappa_3_part = _add(kappa_3_part, p*power_2)
                kappa_4_part = _add(kappa_4_part, (power_2*power_2))
                power_3 = p*power_2
                kappa_5_part = _add(kappa_5_part, power_2*power_3)
                kappa_6_part = _add(kappa_6_part, (power_3*power_3))
                power_4 = (power_2*power_2)
                kappa_7_part = _add(kappa_7_part, power_3*power_4)
                kappa_8_part = _add(kappa_8_part, (power_4*power_4))
                power_5 = power_2*power_3
                kappa_9_part = _add(kappa_9_part, power_4*power_5)
                kappa_10_part = _add(kappa_10_part, (power_5*power_5))
                power_6 = (power_3*power_3)
                kappa_11_part = _add(kappa_11_part, power_5*power_6)
                kappa_12_part = _add(kappa_12_part, (power_6*power_6))
                power_7 = power_3*power_4
                kappa_13_part = _add(kappa_13_part, power_6*power_7)
                kappa_14_part = _add(kappa_14_part, (power_7*power_7))
                power_8 = (power_4*power_4)
                kappa_15_part = _add(kappa_15_part, power_7*power_8)
                kappa_16_part = _add(kappa_16_part, (power_8*power_8))
                power_9 = power_4*power_5
                kappa_17_part = _add(kappa_17_part, power_8*power_9)
                kappa_18_part = _add(kappa_18_part, (power_9*power_9))
                power_10 = (power_5*power_5)
                kappa_19_part = _add(kappa_19_part, power_10*power_9)
                kappa_20_part = _add(kappa_20_part, (power_10*power_10))
                rest_log_value_part = _add(rest_log_value_part, _log(gap[row, k] + tau_value))
            kappa_2, kappa_2_rest = _accumulate(kappa_2, kappa_2_rest, kappa_2_part)
            kappa_3, kappa_3_rest = _accumulate(kappa_3, kappa_3_rest, kappa_3_part)
            kappa_4, kappa_4_rest = _accumulate(kappa_4, kappa_4_rest, kappa_4_part)
            kappa_5, kappa_5_rest = _accumulate(kappa_5, kappa_5_rest, kappa_5_part)
            kappa_6, kappa_6_rest = _accumulate(kappa_6, kappa_6_rest, kappa_6_part)
            kappa_7, kappa_7_rest = _accumulate(kappa_7, kappa_7_rest, kappa_7_part)
            kappa_8, kappa_8_rest = _accumulate(kappa_8, kappa_8_rest, kappa_8_part)
            kappa_9, kappa_9_rest = _accumulate(kappa_9, kappa_9_rest, kappa_9_part)
            kappa_10, kappa_10_rest = _accumulate(kappa_10, kappa_10_rest, kappa_10_part)
            kappa_11, kappa_11_rest = _accumulate(kappa_11, kappa_11_rest, kappa_11_part)
            kappa_12, kappa_12_rest = _accumulate(kappa_12, kappa_12_rest, kappa_12_part)
            kappa_13, kappa_13_rest = _accumulate(kappa_13, kappa_13_rest, kappa_13_part)
            kappa_14, kappa_14_rest = _accumulate(kappa_14, kappa_14_rest, kappa_14_part)
            kappa_15, kappa_15_rest = _accumulate(kappa_15, kappa_15_rest, kappa_15_part)
            kappa_16, kappa_16_rest = _accumulate(kappa_16, kappa_16_rest, kappa_16_part)
            kappa_17, kappa_17_rest = _accumulate(kappa_17, kappa_17_rest, kappa_17_part)
            kappa_18, kappa_18_rest = _accumulate(kappa_18, kappa_18_rest, kappa_18_part)
            kappa_19, kappa_19_rest = _accumulate(kappa_19, kappa_19_rest, kappa_19_part)
            kappa_20, kappa_20_rest = _accumulate(kappa_20, kappa_20_rest, kappa_20_part)
            rest_log_value, rest_log_value_rest = _accumulate(rest_log_value, rest_log_value_rest, rest_log_value_part)
        rest_log[row] = rest_log_value
        for node in range(N):
            horner_20_x = (real(1)/real(20))*kappa_20*zeta_x[node] - real(1)/real(19)*kappa_19
            horner_20_y = (real(1)/real(20))*kappa_20*zeta_y[node]
            horner_19_x = (real(1)/real(18))*kappa_18 + horner_20_x*zeta_x[node] - horner_20_y*zeta_y[node]
            horner_19_y = horner_20_x*zeta_y[node] + horner_20_y*zeta_x[node]
            horner_18_x = horner_19_x*zeta_x[node] - real(1)/real(17)*kappa_17 - horner_19_y*zeta_y[node]
            horner_18_y = horner_19_x*zeta_y[node] + horner_19_y*zeta_x[node]
            horner_17_x = (real(1)/real(16))*kappa_16 + horner_18_x*zeta_x[node] - horner_18_y*zeta_y[node]
            horner_17_y = horner_18_x*zeta_y[node] + horner_18_y*zeta_x[node]
            horner_16_x = horner_17_x*zeta_x[node] - real(1)/real(15)*kappa_15 - horner_17_y*zeta_y[node]
            horner_16_y = horner_17_x*zeta_y[node] + horner_17_y*zeta_x[node]
            horner_15_x = (real(1)/real(14))*kappa_14 + horner_16_x*zeta_x[node] - horner_16_y*zeta_y[node]
            horner_15_y = horner_16_x*zeta_y[node] + horner_16_y*zeta_x[node]
            horner_14_x = horner_15_x*zeta_x[node] - real(1)/real(13)*kappa_13 - horner_15_y*zeta_y[node]
            horner_14_y = horner_15_x*zeta_y[node] + horner_15_y*zeta_x[node]
            horner_13_x = (real(1)/real(12))*kappa_12 + horner_14_x*zeta_x[node] - horner_14_y*zeta_y[node]
            horner_13_y = horner_14_x*zeta_y[node] + horner_14_y*zeta_x[node]
            horner_12_x = horner_13_x*zeta_x[node] - real(1)/real(11)*kappa_11 - horner_13_y*zeta_y[node]
            horner_12_y = horner_13_x*zeta_y[node] + horner_13_y*zeta_x[node]
            horner_11_x = (real(1)/real(10))*kappa_10 + horner_12_x*zeta_x[node] - horner_12_y*zeta_y[node]
            horner_11_y = horner_12_x*zeta_y[node] + horner_12_y*zeta_x[node]
            horner_10_x = horner_11_x*zeta_x[node] - real(1)/real(9)*kappa_9 - horner_11_y*zeta_y[node]
            horner_10_y = horner_11_x*zeta_y[node] + horner_11_y*zeta_x[node]
            horner_9_x = (real(1)/real(8))*kappa_8 + horner_10_x*zeta_x[node] - horner_10_y*zeta_y[node]
            horner_9_y = horner_10_x*zeta_y[node] + horner_10_y*zeta_x[node]
            horner_8_x = horner_9_x*zeta_x[node] - real(1)/real(7)*kappa_7 - horner_9_y*zeta_y[node]
            horner_8_y = horner_9_x*zeta_y[node] + horner_9_y*zeta_x[node]
            horner_7_x = (real(1)/real(6))*kappa_6 + horner_8_x*zeta_x[node] - horner_8_y*zeta_y[node]
            horner_7_y = horner_8_x*zeta_y[node] + horner_8_y*zeta_x[node]
            horner_6_x = horner_7_x*zeta_x[node] - real(1)/real(5)*kappa_5 - horner_7_y*zeta_y[node]
            horner_6_y = horner_7_x*zeta_y[node] + horner_7_y*zeta_x[node]
            horner_5_x = (real(1)/real(4))*kappa_4 + horner_6_x*zeta_x[node] - horner_6_y*zeta_y[node]
            horner_5_y = horner_6_x*zeta_y[node] + horner_6_y*zeta_x[node]
            horner_4_x = horner_5_x*zeta_x[node] - real(1)/real(3)*kappa_3 - horner_5_y*zeta_y[node]
            horner_4_y = horner_5_x*zeta_y[node] + horner_5_y*zeta_x[node]
            horner_3_x = (real(1)/real(2))*kappa_2 + horner_4_x*zeta_x[node] - horner_4_y*zeta_y[node]
            horner_3_y = horner_4_x*zeta_y[node] + horner_4_y*zeta_x[node]
            horner_2_x = horner_3_x*zeta_x[node] - horner_3_y*zeta_y[node]
            horner_2_y = horner_3_x*zeta_y[node] + horner_3_y*zeta_x[node]
            horner_1_x = horner_2_x*zeta_x[node] - horner_2_y*zeta_y[node]
            rest_x[row, node] = horner_1_x
            horner_1_y = horner_2_x*zeta_y[node] + horner_2_y*zeta_x[node]
            rest_y[row, node] = horner_1_y


def power_means_20(gap, tau, sigma, F, W_x, W_y, zeta_x, zeta_y):
    r"""The means of small categories, polynomials in p with 19 terms.

    .. math::

        \mu_{r,k} = \frac{m_{r,k}}{F_r} \sum_{j=0}^{T-2} (-p_{r,k})^j \operatorname{Re}\sum_n W_{r,n}\zeta_n^j

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Gaps max(eta) - eta below the largest parameter; +inf for a category of weight zero.
    tau : array (R,)
        Where the path crosses the real axis, beside the saddle: distance above max(eta).
    sigma : array (R,)
        Root of the sum of 1/(tau + gap)^2 over all categories of the row.
    F : array (R,)
        Sum of W_x.
    W_x : array (R, N)
        Weighted integrand, real part.
    W_y : array (R, N)
        Its imaginary part.
    zeta_x : array (N,)
        Nodes, real part.
    zeta_y : array (N,)
        Nodes, imaginary part.

    Returns
    -------
    mean : array (R, D)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = gap.shape[0]
    D = gap.shape[1]
    N = W_x.shape[1]
    mean = _apart((R, D), gap.dtype)
    _run(_power_means_20, R, D*N, (gap, tau, sigma, F, W_x, W_y, zeta_x, zeta_y,), (mean,))
    return mean,


@_compiled
def _power_means_20(start, stop, gap, tau, sigma, F, W_x, W_y, zeta_x, zeta_y, mean):
    real = gap.dtype.type
    D = gap.shape[1]
    N = W_x.shape[1]
    for row in range(start, stop):
        tau_value = tau[row]
        inverse_sigma = real(1)/sigma[row]
        sigma_over_F = sigma[row]/F[row]
        moment0 = real(0)
        moment1 = real(0)
        moment2 = real(0)
        moment3 = real(0)
        moment4 = real(0)
        moment5 = real(0)
        moment6 = real(0)
        moment7 = real(0)
        moment8 = real(0)
        moment9 = real(0)
        moment10 = real(0)
        moment11 = real(0)
        moment12 = real(0)
        moment13 = real(0)
        moment14 = real(0)
        moment15 = real(0)
        moment16 = real(0)
        moment17 = real(0)
        moment18 = real(0)
        for node in range(N):
            scaled_x = W_x[row, node]*sigma_over_F
            moment0 = _add(moment0, scaled_x)
            scaled_y = W_y[row, node]*sigma_over_F
            times_zeta_1_x = scaled_x*zeta_x[node] - scaled_y*zeta_y[node]
            moment1 = _add(moment1, times_zeta_1_x)
            times_zeta_1_y = scaled_x*zeta_y[node] + scaled_y*zeta_x[node]
            times_zeta_2_x = times_zeta_1_x*zeta_x[node] - times_zeta_1_y*zeta_y[node]
            moment2 = _add(moment2, times_zeta_2_x)
            times_zeta_2_y = times_zeta_1_x*zeta_y[node] + times_zeta_1_y*zeta_x[node]
            times_zeta_3_x = times_zeta_2_x*zeta_x[node] - times_zeta_2_y*zeta_y[node]
            moment3 = _add(moment3, times_zeta_3_x)
            times_zeta_3_y = times_zeta_2_x*zeta_y[node] + times_zeta_2_y*zeta_x[node]
            times_zeta_4_x = times_zeta_3_x*zeta_x[node] - times_zeta_3_y*zeta_y[node]
            moment4 = _add(moment4, times_zeta_4_x)
            times_zeta_4_y = times_zeta_3_x*zeta_y[node] + times_zeta_3_y*zeta_x[node]
            times_zeta_5_x = times_zeta_4_x*zeta_x[node] - times_zeta_4_y*zeta_y[node]
            moment5 = _add(moment5, times_zeta_5_x)
            times_zeta_5_y = times_zeta_4_x*zeta_y[node] + times_zeta_4_y*zeta_x[node]
            times_zeta_6_x = times_zeta_5_x*zeta_x[node] - times_zeta_5_y*zeta_y[node]
            moment6 = _add(moment6, times_zeta_6_x)
            times_zeta_6_y = times_zeta_5_x*zeta_y[node] + times_zeta_5_y*zeta_x[node]
            times_zeta_7_x = times_zeta_6_x*zeta_x[node] - times_zeta_6_y*zeta_y[node]
            moment7 = _add(moment7, times_zeta_7_x)
            times_zeta_7_y = times_zeta_6_x*zeta_y[node] + times_zeta_6_y*zeta_x[node]
            times_zeta_8_x = times_zeta_7_x*zeta_x[node] - times_zeta_7_y*zeta_y[node]
            moment8 = _add(moment8, times_zeta_8_x)
            times_zeta_8_y = times_zeta_7_x*zeta_y[node] + times_zeta_7_y*zeta_x[node]
            times_zeta_9_x = times_zeta_8_x*zeta_x[node] - times_zeta_8_y*zeta_y[node]
            moment9 = _add(moment9, times_zeta_9_x)
            times_zeta_9_y = times_zeta_8_x*zeta_y[node] + times_zeta_8_y*zeta_x[node]
            times_zeta_10_x = times_zeta_9_x*zeta_x[node] - times_zeta_9_y*zeta_y[node]
            moment10 = _add(moment10, times_zeta_10_x)
            times_zeta_10_y = times_zeta_9_x*zeta_y[node] + times_zeta_9_y*zeta_x[node]
            times_zeta_11_x = times_zeta_10_x*zeta_x[node] - times_zeta_10_y*zeta_y[node]
            moment11 = _add(moment11, times_zeta_11_x)
            times_zeta_11_y = times_zeta_10_x*zeta_y[node] + times_zeta_10_y*zeta_x[node]
            times_zeta_12_x = times_zeta_11_x*zeta_x[node] - times_zeta_11_y*zeta_y[node]
            moment12 = _add(moment12, times_zeta_12_x)
            times_zeta_12_y = times_zeta_11_x*zeta_y[node] + times_zeta_11_y*zeta_x[node]
            times_zeta_13_x = times_zeta_12_x*zeta_x[node] - times_zeta_12_y*zeta_y[node]
            moment13 = _add(moment13, times_zeta_13_x)
            times_zeta_13_y = times_zeta_12_x*zeta_y[node] + times_zeta_12_y*zeta_x[node]
            times_zeta_14_x = times_zeta_13_x*zeta_x[node] - times_zeta_13_y*zeta_y[node]
            moment14 = _add(moment14, times_zeta_14_x)
            times_zeta_14_y = times_zeta_13_x*zeta_y[node] + times_zeta_13_y*zeta_x[node]
            times_zeta_15_x = times_zeta_14_x*zeta_x[node] - times_zeta_14_y*zeta_y[node]
            moment15 = _add(moment15, times_zeta_15_x)
            times_zeta_15_y = times_zeta_14_x*zeta_y[node] + times_zeta_14_y*zeta_x[node]
            times_zeta_16_x = times_zeta_15_x*zeta_x[node] - times_zeta_15_y*zeta_y[node]
            moment16 = _add(moment16, times_zeta_16_x)
            times_zeta_16_y = times_zeta_15_x*zeta_y[node] + times_zeta_15_y*zeta_x[node]
            times_zeta_17_x = times_zeta_16_x*zeta_x[node] - times_zeta_16_y*zeta_y[node]
            moment17 = _add(moment17, times_zeta_17_x)
            times_zeta_17_y = times_zeta_16_x*zeta_y[node] + times_zeta_16_y*zeta_x[node]
            times_zeta_18_x = times_zeta_17_x*zeta_x[node] - times_zeta_17_y*zeta_y[node]
            moment18 = _add(moment18, times_zeta_18_x)
        for k in range(D):
            m = real(1)/(gap[row, k] + tau_value)
            p = inverse_sigma*m
            mean[row, k] = p*(moment0 - p*(moment1 - p*(moment2 - p*(moment3 - p*(moment4 - p*(moment5 - p*(moment6 - p*(moment7 - p*(moment8 - p*(moment9 - p*(moment10 - p*(moment11 - p*(moment12 - p*(moment13 - p*(moment14 - p*(moment15 - p*(moment16 - p*(moment17 - moment18*p))))))))))))))))))
