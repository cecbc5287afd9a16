# Generated from derivations/polynomial_kernels.py. Do not edit: change the derivation and run `make generate`.
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


def join_blocks(left_mass, left_below, left_above, left_both, right_mass, right_below, right_above, right_both, ahead, beyond):
    r"""Sums of distances over a block, from those over its lower and its upper part.

    .. math::

        m = m_l + m_r, \quad m^- = m^-_l + m^-_r + a\,m_r, \quad m^+ = m^+_l + b\,m_l + m^+_r

        m^\pm = m^\pm_l + b\,m^-_l + m^\pm_r + a\,m^+_r, \quad a = \text{ahead}, \quad b = \text{beyond}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    left_mass : array (R, N)
        Lower block: log sum of w; -inf where there is nothing.
    left_below : array (R, N)
        log sum of w (x - X0), distances from its lower end.
    left_above : array (R, N)
        log sum of w (X1 - x), distances from its upper end.
    left_both : array (R, N)
        log sum of w (x - X0)(X1 - x).
    right_mass : array (R, N)
        Upper block: the same four.
    right_below : array (R, N)
        As above.
    right_above : array (R, N)
        As above.
    right_both : array (R, N)
        As above.
    ahead : array (R, N)
        From the lower end of the lower block to that of the upper one, non-negative.
    beyond : array (R, N)
        From the upper end of the lower block to that of the upper one, non-negative.

    Returns
    -------
    mass : array (R, N)
    below : array (R, N)
    above : array (R, N)
    both : array (R, N)

    Notes
    -----
    Source: derivations/polynomial_kernels.py.
    """
    R = left_mass.shape[0]
    N = left_mass.shape[1]
    mass = _apart((R, N), left_mass.dtype)
    below = _apart((R, N), left_mass.dtype)
    above = _apart((R, N), left_mass.dtype)
    both = _apart((R, N), left_mass.dtype)
    _run(_join_blocks, R, 12*N, (left_mass, left_below, left_above, left_both, right_mass, right_below, right_above, right_both, ahead, beyond,), (mass, below, above, both,))
    return mass, below, above, both


@_compiled
def _join_blocks(start, stop, left_mass, left_below, left_above, left_both, right_mass, right_below, right_above, right_both, ahead, beyond, mass, below, above, both):
    N = left_mass.shape[1]
    for row in range(start, stop):
        for part in range(N):
            mass[row, part] = _log_add_exp(left_mass[row, part], right_mass[row, part])
            below[row, part] = _log_add_exp(left_below[row, part], _log_add_exp(right_below[row, part], right_mass[row, part] + _log(ahead[row, part])))
            above[row, part] = _log_add_exp(right_above[row, part], _log_add_exp(left_above[row, part], left_mass[row, part] + _log(beyond[row, part])))
            both[row, part] = _log_add_exp(_log_add_exp(left_both[row, part], left_below[row, part] + _log(beyond[row, part])), _log_add_exp(right_both[row, part], right_above[row, part] + _log(ahead[row, part])))


def window_sums(mass, below, above, both, room_below, room_above):
    r"""Sums of distances from the edges of a window, from those over the block of all that it holds.

    .. math::

        m^-_w = m^- + r^-m, \quad m^+_w = m^+ + r^+m, \quad m^\pm_w = m^\pm + r^+m^- + r^-m^+ + r^-r^+m

        r^- = \text{room below}, \quad r^+ = \text{room above}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    mass : array (R, N)
        Lower block: log sum of w; -inf where there is nothing.
    below : array (R, N)
        log sum of w (x - X0), distances from its lower end.
    above : array (R, N)
        log sum of w (X1 - x), distances from its upper end.
    both : array (R, N)
        log sum of w (x - X0)(X1 - x).
    room_below : array (R, N)
        From the lower edge of the window to the block, non-negative.
    room_above : array (R, N)
        From the block to the upper edge of the window, non-negative.

    Returns
    -------
    to_lower : array (R, N)
    to_upper : array (R, N)
    to_both : array (R, N)

    Notes
    -----
    Source: derivations/polynomial_kernels.py.
    """
    R = mass.shape[0]
    N = mass.shape[1]
    to_lower = _apart((R, N), mass.dtype)
    to_upper = _apart((R, N), mass.dtype)
    to_both = _apart((R, N), mass.dtype)
    _run(_window_sums, R, 10*N, (mass, below, above, both, room_below, room_above,), (to_lower, to_upper, to_both,))
    return to_lower, to_upper, to_both


@_compiled
def _window_sums(start, stop, mass, below, above, both, room_below, room_above, to_lower, to_upper, to_both):
    N = mass.shape[1]
    for row in range(start, stop):
        for part in range(N):
            to_lower[row, part] = _log_add_exp(below[row, part], mass[row, part] + _log(room_below[row, part]))
            to_upper[row, part] = _log_add_exp(above[row, part], mass[row, part] + _log(room_above[row, part]))
            to_both[row, part] = _log_add_exp(_log(room_below[row, part]) + _log_add_exp(above[row, part], mass[row, part] + _log(room_above[row, part])), _log_add_exp(both[row, part], below[row, part] + _log(room_above[row, part])))


def triangular_gaps(log_start, log_end, length, log_total):
    r"""Cross-entropy of a uniform target against a mixture that is linear on gaps of it.

    .. math::

        L = -\frac1T \sum_k d_k\,\big(\overline{\log P}_k - \log M\big), \quad T = \sum_k d_k

        \overline{\log P} = \tfrac12\,(\log P_0 + \log P_1) + c\big(\tfrac12\,|\log P_1 - \log P_0|\big), \quad c(x) = x \coth x - 1

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    log_start : array (R, K)
        log P at the lower end of each gap, -inf for 0.
    log_end : array (R, K)
        log P at its upper end.
    length : array (R, K)
        Lengths of the gaps, non-negative, in the unit of x.
    log_total : array (R,)
        Logarithm of all mass.

    Returns
    -------
    loss : array (R,)
    reach : array (R,)
    grad_length : array (R, K)
    omega_mass : array (R, K)
    omega_below : array (R, K)
    omega_above : array (R, K)

    Notes
    -----
    Source: derivations/polynomial_kernels.py.
    """
    R = log_start.shape[0]
    K = log_start.shape[1]
    loss = _apart((R,), log_start.dtype)
    reach = _apart((R,), log_start.dtype)
    grad_length = _apart((R, K), log_start.dtype)
    omega_mass = _apart((R, K), log_start.dtype)
    omega_below = _apart((R, K), log_start.dtype)
    omega_above = _apart((R, K), log_start.dtype)
    _run(_triangular_gaps, R, 10*K, (log_start, log_end, length, log_total,), (loss, reach, grad_length, omega_mass, omega_below, omega_above,))
    return loss, reach, grad_length, omega_mass, omega_below, omega_above


@_compiled
def _triangular_gaps(start, stop, log_start, log_end, length, log_total, loss, reach, grad_length, omega_mass, omega_below, omega_above):
    real = log_start.dtype.type
    K = log_start.shape[1]
    held = _apart((K,), log_start.dtype)
    top = _apart((K,), log_start.dtype)
    deficit = _apart((K,), log_start.dtype)
    excess = _apart((K,), log_start.dtype)
    for row in range(start, stop):
        log_total_value = log_total[row]
        reach_value = real(0)
        raw_loss = real(0)
        reach_value_rest = real(0)
        raw_loss_rest = real(0)
        for gap_0 in range(0, K, 128):
            reach_value_part = real(0)
            raw_loss_part = real(0)
            for gap in _block(gap_0, 128, K):
                held[gap] = (real(0) if log_end[row, gap] == real(-np.inf) and log_start[row, gap] == real(-np.inf) else length[row, gap])
                top[gap] = _maximum(log_end[row, gap], log_start[row, gap])
                x = (real(1)/real(2))*abs(log_end[row, gap] - log_start[row, gap])
                tail = (real(0) if x > real(40) else real(2)*x/_expm1(real(2)*x))
                deficit[gap] = (x - (x*x)*(real(1)/real(3) + (x*x)*((x*x)*(real(2)/real(945) + (x*x)*((x*x)*(real(2)/real(93555) + (x*x)*((x*x)*(real(4)/real(18243225) + (x*x)*((x*x)*(real(2.2507846516808994e-09) - real(2.2805151204592183e-10)*(x*x)) + real(-2.2214608789979678e-08))) + real(-1382)/real(638512875))) + real(-1)/real(4725))) + real(-1)/real(45))) if x < real(1)/real(2) else real(1) - tail)
                mean = top[gap] - deficit[gap]
                excess[gap] = (real(0) if log_end[row, gap] == real(-np.inf) and log_start[row, gap] == real(-np.inf) or length[row, gap] == real(0) else mean - log_total_value)
                reach_value_part = _add(reach_value_part, held[gap])
                raw_loss_part = _add(raw_loss_part, excess[gap]*held[gap])
            reach_value, reach_value_rest = _accumulate(reach_value, reach_value_rest, reach_value_part)
            raw_loss, raw_loss_rest = _accumulate(raw_loss, raw_loss_rest, raw_loss_part)
        inverse_reach = real(1)/reach_value
        loss_value = -raw_loss/reach_value
        reach[row] = reach_value
        loss[row] = loss_value
        for gap in range(K):
            x = (real(1)/real(2))*abs(log_end[row, gap] - log_start[row, gap])
            near_large = _log((real(1)/real(2) if x == real(0) else -deficit[gap]/_expm1(-real(2)*x))) - top[gap]
            near_small = _log((real(1)/real(2) if x == real(0) else -(real(2)*x - deficit[gap])/_expm1(-real(2)*x))) - top[gap]
            unit = _log(held[gap]*inverse_reach)
            grad_length[row, gap] = (real(0) if log_end[row, gap] == real(-np.inf) and log_start[row, gap] == real(-np.inf) else inverse_reach*(-excess[gap] - loss_value))
            omega_mass[row, gap] = (real(-np.inf) if held[gap] == real(0) else unit + _log((real(1) if x == real(0) else -real(2)*x/_expm1(-real(2)*x))) - top[gap])
            omega_below[row, gap] = (real(-np.inf) if held[gap] == real(0) else unit + (near_large if log_end[row, gap] > log_start[row, gap] else near_small) + _log(held[gap]))
            omega_above[row, gap] = (real(-np.inf) if held[gap] == real(0) else unit + (near_small if log_end[row, gap] > log_start[row, gap] else near_large) + _log(held[gap]))


def epanechnikov_gaps(log_start, log_end, log_mass, h, length, log_total):
    r"""Cross-entropy of a uniform target against a mixture that is quadratic and concave on gaps of it.

    .. math::

        L = -\frac1T \sum_k d_k\,\big(\overline{\log P}_k - \log M\big), \quad T = \sum_k d_k

        \overline{\log P} = \tfrac12\,(\log P_0 + \log P_1) + c(x_\alpha) + c(x_\beta), \quad c(x) = x \coth x - 1

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    log_start : array (R, K)
        log P at the lower end of each gap, -inf for 0.
    log_end : array (R, K)
        log P at its upper end.
    log_mass : array (R, K)
        Logarithm of the mass on each gap; -inf leaves the gap out.
    h : array (R,)
        Bandwidth.
    length : array (R, K)
        Lengths of the gaps, non-negative, in the unit of x.
    log_total : array (R,)
        Logarithm of all mass.

    Returns
    -------
    loss : array (R,)
    reach : array (R,)
    grad_length : array (R, K)
    omega_mass : array (R, K)
    omega_below : array (R, K)
    omega_above : array (R, K)
    omega_both : array (R, K)

    Notes
    -----
    Source: derivations/polynomial_kernels.py.
    """
    R = log_start.shape[0]
    K = log_start.shape[1]
    loss = _apart((R,), log_start.dtype)
    reach = _apart((R,), log_start.dtype)
    grad_length = _apart((R, K), log_start.dtype)
    omega_mass = _apart((R, K), log_start.dtype)
    omega_below = _apart((R, K), log_start.dtype)
    omega_above = _apart((R, K), log_start.dtype)
    omega_both = _apart((R, K), log_start.dtype)
    _run(_epanechnikov_gaps, R, 31*K, (log_start, log_end, log_mass, h, length, log_total,), (loss, reach, grad_length, omega_mass, omega_below, omega_above, omega_both,))
    return loss, reach, grad_length, omega_mass, omega_below, omega_above, omega_both


@_compiled
def _epanechnikov_gaps(start, stop, log_start, log_end, log_mass, h, length, log_total, loss, reach, grad_length, omega_mass, omega_below, omega_above, omega_both):
    real = log_start.dtype.type
    K = log_start.shape[1]
    held = _apart((K,), log_start.dtype)
    log_kappa = _apart((K,), log_start.dtype)
    s = _apart((K,), log_start.dtype)
    x_alpha = _apart((K,), log_start.dtype)
    tail_alpha = _apart((K,), log_start.dtype)
    deficit_alpha = _apart((K,), log_start.dtype)
    x_beta = _apart((K,), log_start.dtype)
    tail_beta = _apart((K,), log_start.dtype)
    deficit_beta = _apart((K,), log_start.dtype)
    excess = _apart((K,), log_start.dtype)
    for row in range(start, stop):
        log_total_value = log_total[row]
        inverse_h = real(1)/h[row]
        reach_value = real(0)
        raw_loss = real(0)
        reach_value_rest = real(0)
        raw_loss_rest = real(0)
        for gap_0 in range(0, K, 128):
            reach_value_part = real(0)
            raw_loss_part = real(0)
            for gap in _block(gap_0, 128, K):
                held[gap] = (real(0) if log_mass[row, gap] == real(-np.inf) else length[row, gap])
                log_kappa[gap] = _maximum(_maximum(log_end[row, gap] + real(-40), log_start[row, gap] + real(-40)), log_mass[row, gap] + real(2)*_log(held[gap]*inverse_h))
                delta = _exp(log_start[row, gap] - log_kappa[gap]) - _exp(log_end[row, gap] - log_kappa[gap])
                s[gap] = math.sqrt(real(1) + (delta*delta) + real(2)*_exp(log_end[row, gap] - log_kappa[gap]) + real(2)*_exp(log_start[row, gap] - log_kappa[gap]))
                log_alpha = (log_start[row, gap] - log_kappa[gap] - _log(real(1)/real(2) + (real(1)/real(2))*s[gap] - real(1)/real(2)*delta) if delta < real(1) else _log((real(1)/real(2))*delta + (real(1)/real(2))*s[gap] + real(-1)/real(2)))
                log_beta = (log_end[row, gap] - log_kappa[gap] - _log(real(1)/real(2) + (real(1)/real(2))*delta + (real(1)/real(2))*s[gap]) if delta > real(-1) else _log((real(1)/real(2))*s[gap] + real(-1)/real(2) - real(1)/real(2)*delta))
                x_alpha[gap] = (real(1)/real(2))*_log_add_exp(real(0), -log_alpha)
                tail_alpha[gap] = (real(0) if x_alpha[gap] > real(40) else real(2)*x_alpha[gap]/_expm1(real(2)*x_alpha[gap]))
                deficit_alpha[gap] = (x_alpha[gap] - (x_alpha[gap]*x_alpha[gap])*(real(1)/real(3) + (x_alpha[gap]*x_alpha[gap])*((x_alpha[gap]*x_alpha[gap])*(real(2)/real(945) + (x_alpha[gap]*x_alpha[gap])*((x_alpha[gap]*x_alpha[gap])*(real(2)/real(93555) + (x_alpha[gap]*x_alpha[gap])*((x_alpha[gap]*x_alpha[gap])*(real(4)/real(18243225) + (x_alpha[gap]*x_alpha[gap])*((x_alpha[gap]*x_alpha[gap])*(real(2.2507846516808994e-09) - real(2.2805151204592183e-10)*(x_alpha[gap]*x_alpha[gap])) + real(-2.2214608789979678e-08))) + real(-1382)/real(638512875))) + real(-1)/real(4725))) + real(-1)/real(45))) if x_alpha[gap] < real(1)/real(2) else real(1) - tail_alpha[gap])
                x_beta[gap] = (real(1)/real(2))*_log_add_exp(real(0), -log_beta)
                tail_beta[gap] = (real(0) if x_beta[gap] > real(40) else real(2)*x_beta[gap]/_expm1(real(2)*x_beta[gap]))
                deficit_beta[gap] = (x_beta[gap] - (x_beta[gap]*x_beta[gap])*(real(1)/real(3) + (x_beta[gap]*x_beta[gap])*((x_beta[gap]*x_beta[gap])*(real(2)/real(945) + (x_beta[gap]*x_beta[gap])*((x_beta[gap]*x_beta[gap])*(real(2)/real(93555) + (x_beta[gap]*x_beta[gap])*((x_beta[gap]*x_beta[gap])*(real(4)/real(18243225) + (x_beta[gap]*x_beta[gap])*((x_beta[gap]*x_beta[gap])*(real(2.2507846516808994e-09) - real(2.2805151204592183e-10)*(x_beta[gap]*x_beta[gap])) + real(-2.2214608789979678e-08))) + real(-1382)/real(638512875))) + real(-1)/real(4725))) + real(-1)/real(45))) if x_beta[gap] < real(1)/real(2) else real(1) - tail_beta[gap])
                mean = log_kappa[gap] + _log_add_exp(real(0), log_alpha) + _log_add_exp(real(0), log_beta) - deficit_alpha[gap] - deficit_beta[gap]
                excess[gap] = (real(0) if length[row, gap] == real(0) or log_mass[row, gap] == real(-np.inf) else mean - log_total_value)
                reach_value_part = _add(reach_value_part, held[gap])
                raw_loss_part = _add(raw_loss_part, excess[gap]*held[gap])
            reach_value, reach_value_rest = _accumulate(reach_value, reach_value_rest, reach_value_part)
            raw_loss, raw_loss_rest = _accumulate(raw_loss, raw_loss_rest, raw_loss_part)
        inverse_reach = real(1)/reach_value
        loss_value = -raw_loss/reach_value
        reach[row] = reach_value
        loss[row] = loss_value
        for gap in range(K):
            unit = _log(held[gap]*inverse_reach)
            grad_length[row, gap] = (real(0) if log_mass[row, gap] == real(-np.inf) else inverse_reach*(-excess[gap] - loss_value))
            omega_mass[row, gap] = (real(-np.inf) if held[gap] == real(0) else unit + _log(real(2)*x_alpha[gap] + real(2)*x_beta[gap]) - log_kappa[gap] - _log(s[gap]))
            omega_below[row, gap] = (real(-np.inf) if held[gap] == real(0) else unit + _log(held[gap]) + _log(deficit_alpha[gap] + real(2)*x_beta[gap] - deficit_beta[gap]) - log_kappa[gap] - _log(s[gap]))
            omega_above[row, gap] = (real(-np.inf) if held[gap] == real(0) else unit + _log(held[gap]) + _log(deficit_beta[gap] + real(2)*x_alpha[gap] - deficit_alpha[gap]) - log_kappa[gap] - _log(s[gap]))
            omega_both[row, gap] = (real(-np.inf) if held[gap] == real(0) else unit + real(2)*_log(held[gap]) + _log((real(1)/real(2))*(x_alpha[gap]*(real(2)/real(3) + (x_alpha[gap]*x_alpha[gap])*((x_alpha[gap]*x_alpha[gap])*(real(4)/real(315) + (x_alpha[gap]*x_alpha[gap])*((x_alpha[gap]*x_alpha[gap])*(real(4)/real(18711) + (x_alpha[gap]*x_alpha[gap])*((x_alpha[gap]*x_alpha[gap])*(real(8)/real(2606175) + (x_alpha[gap]*x_alpha[gap])*((x_alpha[gap]*x_alpha[gap])*(real(4.0514123730256185e-08) - real(4.561030240918436e-09)*(x_alpha[gap]*x_alpha[gap])) + real(-3.5543374063967485e-07))) + real(-5528)/real(212837625))) + real(-8)/real(4725))) + real(-4)/real(45))) if x_alpha[gap] < real(1)/real(2) else real(1) - (real(2)*_exp(-real(2)*x_alpha[gap]) - real(2)*tail_alpha[gap])/_expm1(-real(2)*x_alpha[gap])) + (real(1)/real(2))*(x_beta[gap]*(real(2)/real(3) + (x_beta[gap]*x_beta[gap])*((x_beta[gap]*x_beta[gap])*(real(4)/real(315) + (x_beta[gap]*x_beta[gap])*((x_beta[gap]*x_beta[gap])*(real(4)/real(18711) + (x_beta[gap]*x_beta[gap])*((x_beta[gap]*x_beta[gap])*(real(8)/real(2606175) + (x_beta[gap]*x_beta[gap])*((x_beta[gap]*x_beta[gap])*(real(4.0514123730256185e-08) - real(4.561030240918436e-09)*(x_beta[gap]*x_beta[gap])) + real(-3.5543374063967485e-07))) + real(-5528)/real(212837625))) + real(-8)/real(4725))) + real(-4)/real(45))) if x_beta[gap] < real(1)/real(2) else real(1) - (real(2)*_exp(-real(2)*x_beta[gap]) - real(2)*tail_beta[gap])/_expm1(-real(2)*x_beta[gap]))) - log_kappa[gap] - _log(s[gap]))
