# Generated from derivations/laplace_integral.py. Do not edit: change the derivation and run `make generate`.
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


def laplace(z, points, a, b, h):
    r"""Cross-entropy of a uniform target on [a, b] against a kernel density estimate, Laplace kernel, by exact integrals.

    .. math::

        p(x) = \sum_j S_j\, e^{-|x-x_j|/h}, \qquad S = \operatorname{softmax}(z)

        L = -\frac{1}{b-a} \int_a^b \log p(x)\,dx

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, ascending, in the unit of x; the last one at b or beyond.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, above a, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)

    Notes
    -----
    Source: derivations/laplace_integral.py.
    """
    R = z.shape[0]
    J = z.shape[1]
    loss = _apart((R,), z.dtype)
    grad_z = _apart((R, J), z.dtype)
    grad_points = _apart((R, J), z.dtype)
    grad_h = _apart((R,), z.dtype)
    grad_a = _apart((R,), z.dtype)
    grad_b = _apart((R,), z.dtype)
    _run(_laplace, R, 11*J, (z, points, a, b, h,), (loss, grad_z, grad_points, grad_h, grad_a, grad_b,))
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b


@_compiled
def _laplace(start, stop, z, points, a, b, h, loss, grad_z, grad_points, grad_h, grad_a, grad_b):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    J = z.shape[1]
    place = _apart((J + 2,), z.dtype)
    done = _apart((J + 2,), z.dtype)
    left_over = _apart((J + 2,), z.dtype)
    distance = _apart((J,), z.dtype)
    delta = _apart((J + 2,), z.dtype)
    weight = _apart((J,), z.dtype)
    left = _apart((J + 2,), z.dtype)
    right = _apart((J + 2,), z.dtype)
    new_left = _apart((J,), z.dtype)
    e_left = _apart((J,), z.dtype)
    kept_left = _apart((J + 2,), z.dtype)
    new_right = _apart((J,), z.dtype)
    e_right = _apart((J,), z.dtype)
    kept_right = _apart((J + 2,), z.dtype)
    integral_left = _apart((J + 2,), z.dtype)
    integral_right = _apart((J,), z.dtype)
    after = _apart((J + 2,), z.dtype)
    ahead_of = _apart((J + 2,), z.dtype)
    for row in range(start, stop):
        a_value = a[row]
        b_value = b[row]
        h_value = h[row]
        width = b_value - a_value
        inverse_h = real(1)/h_value
        unit = (real(1)/real(2))*h_value/width
        inverse_width = real(1)/width
        h_over_width = h_value/width
        top_z = lowest
        place[0] = a_value
        place[J + 1] = a_value
        done[0] = real(0)
        done[J + 1] = real(0)
        left_over[0] = real(1)
        left_over[J + 1] = real(1)
        for j in range(J):
            top_z = _maximum(top_z, z[row, j])
            place[np.uint64(j) + np.uint64(1)] = (a_value if a_value > points[row, j] else b_value if b_value < points[row, j] else points[row, j])
            done[np.uint64(j) + np.uint64(1)] = inverse_width*(place[np.uint64(j) + np.uint64(1)] - a_value)
            left_over[np.uint64(j) + np.uint64(1)] = inverse_width*(b_value - place[np.uint64(j) + np.uint64(1)])
        total_weight = real(0)
        top_level = lowest
        total_weight_rest = real(0)
        delta[0] = real(0)
        delta[J + 1] = real(0)
        for j_0 in range(0, J, 128):
            total_weight_part = real(0)
            for j in _block(j_0, 128, J):
                distance[j] = _maximum(_maximum(real(0), a_value - points[row, j]), points[row, j] - b_value)
                centred = z[row, j] - top_z
                level = centred - distance[j]*inverse_h
                top_level = _maximum(top_level, level)
                place_before = place[j]
                gap = place[np.uint64(j) + np.uint64(1)] - place_before
                delta[np.uint64(j) + np.uint64(1)] = gap*inverse_h
                weight[j] = _exp(centred)
                total_weight_part = _add(total_weight_part, weight[j])
            total_weight, total_weight_rest = _accumulate(total_weight, total_weight_rest, total_weight_part)
        inverse_total_weight = real(1)/total_weight
        common_distance = lowest
        for j in range(J):
            centred = z[row, j] - top_z
            level = centred - distance[j]*inverse_h
            common_distance = _maximum(common_distance, (distance[j] if level >= top_level else real(0)))
        summit = lowest
        for j in range(J):
            centred = z[row, j] - top_z
            near = centred - inverse_h*(distance[j] - common_distance)
            summit = _maximum(summit, near)
        left[0] = real(-np.inf)
        left[J + 1] = real(-np.inf)
        right[0] = real(-np.inf)
        right[J + 1] = real(-np.inf)
        for j in range(J):
            centred = z[row, j] - top_z
            near = centred - inverse_h*(distance[j] - common_distance)
            logit = near - summit
            left[np.uint64(j) + np.uint64(1)] = _log_add_exp(logit, left[j] - delta[np.uint64(j) + np.uint64(1)])
            j_back = J - 1 - j
            delta_after = delta[np.uint64(j_back) + np.uint64(2)]
            centred = z[row, j_back] - top_z
            near = centred - inverse_h*(distance[j_back] - common_distance)
            logit = near - summit
            right[np.uint64(j_back) + np.uint64(1)] = _log_add_exp(logit, right[np.uint64(j_back) + np.uint64(2)] - delta_after)
        raw_loss = real(0)
        raw_grad_b = real(0)
        raw_grad_a = real(0)
        raw_loss_rest = real(0)
        raw_grad_b_rest = real(0)
        raw_grad_a_rest = real(0)
        kept_left[0] = real(0)
        kept_left[J + 1] = real(0)
        kept_right[0] = real(0)
        kept_right[J + 1] = real(0)
        integral_left[0] = real(0)
        integral_left[J + 1] = real(0)
        for j_0 in range(0, J, 128):
            raw_loss_part = real(0)
            raw_grad_b_part = real(0)
            raw_grad_a_part = real(0)
            for j in _block(j_0, 128, J):
                left_before = left[j]
                centred = z[row, j] - top_z
                near = centred - inverse_h*(distance[j] - common_distance)
                logit = near - summit
                new_left[j] = (real(-np.inf) if logit == real(-np.inf) else delta[np.uint64(j) + np.uint64(1)] + logit - left_before)
                e_left[j] = _exp(-abs(new_left[j]))
                kept_left[np.uint64(j) + np.uint64(1)] = (e_left[j]/(real(1) + e_left[j]) if new_left[j] >= real(0) else real(1)/(real(1) + e_left[j]))
                delta_after = delta[np.uint64(j) + np.uint64(2)]
                right_after = right[np.uint64(j) + np.uint64(2)]
                new_right[j] = (real(-np.inf) if logit == real(-np.inf) else delta_after + logit - right_after)
                e_right[j] = _exp(-abs(new_right[j]))
                kept_right[np.uint64(j) + np.uint64(1)] = (e_right[j]/(real(1) + e_right[j]) if new_right[j] >= real(0) else real(1)/(real(1) + e_right[j]))
                balance = left_before - right[np.uint64(j) + np.uint64(1)]
                e_middle = _exp(-abs(balance))
                s_front = balance + delta[np.uint64(j) + np.uint64(1)]
                e_front = _exp(-abs(s_front))
                s_back = balance - delta[np.uint64(j) + np.uint64(1)]
                e_back = _exp(-abs(s_back))
                log_front = _log1p(e_front)
                log_back = _log1p(e_back)
                front_squared = (log_front*log_front)
                D_front = log_front + (real(1)/real(4))*front_squared + front_squared*log_front*(real(1)/real(36) + front_squared*(front_squared*(real(1)/real(211680) + front_squared*(front_squared*(real(1)/real(526901760) + front_squared*((real(1)/real(1120863744000))*front_squared + real(-691)/real(16999766784000))) + real(-1)/real(10886400))) + real(-1)/real(3600)))
                back_squared = (log_back*log_back)
                D_back = log_back + (real(1)/real(4))*back_squared + back_squared*log_back*(real(1)/real(36) + back_squared*(back_squared*(real(1)/real(211680) + back_squared*(back_squared*(real(1)/real(526901760) + back_squared*((real(1)/real(1120863744000))*back_squared + real(-691)/real(16999766784000))) + real(-1)/real(10886400))) + real(-1)/real(3600)))
                share_left = (real(1)/(real(1) + e_middle) if balance >= real(0) else e_middle/(real(1) + e_middle))
                share_right = (real(1)/(real(1) + e_middle) if balance <= real(0) else e_middle/(real(1) + e_middle))
                beta = share_left*share_right
                omega_squared = real(4)*(delta[np.uint64(j) + np.uint64(1)]*delta[np.uint64(j) + np.uint64(1)])
                bump = real(2)*beta*delta[np.uint64(j) + np.uint64(1)]*omega_squared
                tilt = bump*(share_right - share_left)*(real(1)/real(24) + omega_squared*(real(1)/real(1920) + omega_squared*(real(1)/real(322560) + beta*((real(1)/real(896))*beta + real(-1)/real(5376)) + omega_squared*(real(1)/real(92897280) + beta*(beta*(real(1)/real(18432) - real(1)/real(4608)*beta) + real(-1)/real(368640)) + omega_squared*(real(1)/real(40874803200) + beta*(beta*(real(7)/real(5406720) + beta*((real(1)/real(22528))*beta + real(-1)/real(67584))) + real(-17)/real(681246720)) + omega_squared*(real(1)/real(25505877196800) + beta*(beta*(real(1)/real(50319360) + beta*(beta*(real(5)/real(1277952) - real(1)/real(106496)*beta) + real(-19)/real(38338560))) + real(-31)/real(193226342400)))))) - real(1)/real(160)*beta))
                span_left = (real(2)*delta[np.uint64(j) + np.uint64(1)] if s_back >= real(0) else real(0) if s_front <= real(0) else s_front)
                span_right = (real(0) if s_back >= real(0) else real(2)*delta[np.uint64(j) + np.uint64(1)] if s_front <= real(0) else -s_back)
                integral_left[np.uint64(j) + np.uint64(1)] = (tilt + real(2)*delta[np.uint64(j) + np.uint64(1)]*share_left if delta[np.uint64(j) + np.uint64(1)] < real(1)/real(4) else log_front + span_left - log_back)
                integral_right[j] = (real(2)*delta[np.uint64(j) + np.uint64(1)]*share_right - tilt if delta[np.uint64(j) + np.uint64(1)] < real(1)/real(4) else log_back + span_right - log_front)
                bend = (bump*(real(1)/real(12) + omega_squared*(real(1)/real(480) + omega_squared*(real(1)/real(53760) + beta*((real(1)/real(448))*beta + real(-1)/real(1792)) + omega_squared*(real(1)/real(11612160) + beta*(beta*(real(1)/real(6912) - real(1)/real(2304)*beta) + real(-1)/real(92160)) + omega_squared*(real(1)/real(4087480320) + beta*(beta*(real(7)/real(1622016) + beta*((real(1)/real(11264))*beta + real(-5)/real(135168))) + real(-17)/real(136249344)) + omega_squared*(real(1)/real(2125489766400) + beta*(beta*(real(1)/real(12579840) + beta*(beta*(real(1)/real(106496) - real(1)/real(53248)*beta) + real(-19)/real(12779520))) + real(-31)/real(32204390400)))))) - real(1)/real(80)*beta)) if delta[np.uint64(j) + np.uint64(1)] < real(1)/real(4) else delta[np.uint64(j) + np.uint64(1)]*(log_back + log_front) + (real(1)/real(2))*span_left*span_right + (D_front - D_back if s_back >= real(0) else D_back - D_front if s_front <= real(0) else D_back + D_front - real(1)/real(6)*(real(3.141592653589793)*real(3.141592653589793))))
                place_before = place[j]
                gap = place[np.uint64(j) + np.uint64(1)] - place_before
                raw_loss_part = _add(raw_loss_part, gap*(log_back + log_front + _maximum(left_before, right[np.uint64(j) + np.uint64(1)] - delta[np.uint64(j) + np.uint64(1)]) + _maximum(right[np.uint64(j) + np.uint64(1)], left_before - delta[np.uint64(j) + np.uint64(1)])) - bend*h_value)
                done_before = done[j]
                raw_grad_b_part = _add(raw_grad_b_part, (done[np.uint64(j) + np.uint64(1)] + done_before)*(integral_left[np.uint64(j) + np.uint64(1)] - integral_right[j]) - real(2)*bend*h_over_width)
                left_over_before = left_over[j]
                raw_grad_a_part = _add(raw_grad_a_part, (integral_left[np.uint64(j) + np.uint64(1)] - integral_right[j])*(left_over[np.uint64(j) + np.uint64(1)] + left_over_before) + real(2)*bend*h_over_width)
            raw_loss, raw_loss_rest = _accumulate(raw_loss, raw_loss_rest, raw_loss_part)
            raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part)
            raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part)
        loss[row] = common_distance/h_value + _log(total_weight) - summit - real(1)/real(2)*raw_loss/width
        grad_b_value = (real(1)/real(4))*raw_grad_b/width
        grad_a[row] = (real(1)/real(4))*raw_grad_a/width
        grad_b[row] = grad_b_value
        ahead_of[0] = real(0)
        ahead_of[J + 1] = real(0)
        after[0] = real(0)
        after[J + 1] = real(0)
        for j in range(J):
            kept_right_before = kept_right[j]
            ahead_of[np.uint64(j) + np.uint64(1)] = integral_right[j] + ahead_of[j]*kept_right_before
            j_back = J - 1 - j
            integral_left_after = integral_left[np.uint64(j_back) + np.uint64(2)]
            kept_left_after = kept_left[np.uint64(j_back) + np.uint64(2)]
            after[np.uint64(j_back) + np.uint64(1)] = integral_left_after + after[np.uint64(j_back) + np.uint64(2)]*kept_left_after
        raw_grad_h = real(0)
        raw_grad_h_rest = real(0)
        for j_0 in range(0, J, 128):
            raw_grad_h_part = real(0)
            for j in _block(j_0, 128, J):
                in_left = (real(1)/(real(1) + e_left[j]) if new_left[j] >= real(0) else e_left[j]/(real(1) + e_left[j]))
                in_right = (real(1)/(real(1) + e_right[j]) if new_right[j] >= real(0) else e_right[j]/(real(1) + e_right[j]))
                R_left = after[np.uint64(j) + np.uint64(1)]*in_left*unit
                R_right = ahead_of[np.uint64(j) + np.uint64(1)]*in_right*unit
                prior = inverse_total_weight*weight[j]
                grad_z[row, j] = prior - R_left - R_right
                grad_points_value = inverse_h*(R_right - R_left)
                raw_grad_h_part = _add(raw_grad_h_part, grad_points_value*(points[row, j] - a_value))
                grad_points[row, j] = grad_points_value
            raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part)
        grad_h[row] = (-raw_grad_h - grad_b_value*width)/h_value


def laplace_on_circle(z, points, a, b, h, period):
    r"""Cross-entropy of a uniform target on [a, b] against a kernel density estimate, wrapped Laplace kernel, by exact integrals.

    .. math::

        p(x) = \sum_j S_j \sum_{n\in\mathbb{Z}}\, e^{-|x-x_j+nP|/h}, \qquad S = \operatorname{softmax}(z)

        L = -\frac{1}{b-a} \int_a^b \log p(x)\,dx

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, ascending, in the unit of x, each as its image nearest to (a + b)/2;
        the last one at b or beyond.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, above a, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    period : array (R,)
        Period of x, positive, in the unit of x; b is at most a + period.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)

    Notes
    -----
    Source: derivations/laplace_integral.py.
    """
    R = z.shape[0]
    J = z.shape[1]
    loss = _apart((R,), z.dtype)
    grad_z = _apart((R, J), z.dtype)
    grad_points = _apart((R, J), z.dtype)
    grad_h = _apart((R,), z.dtype)
    grad_a = _apart((R,), z.dtype)
    grad_b = _apart((R,), z.dtype)
    _run(_laplace_on_circle, R, 21*J, (z, points, a, b, h, period,), (loss, grad_z, grad_points, grad_h, grad_a, grad_b,))
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b


@_compiled
def _laplace_on_circle(start, stop, z, points, a, b, h, period, loss, grad_z, grad_points, grad_h, grad_a, grad_b):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    J = z.shape[1]
    place = _apart((J + 2,), z.dtype)
    done = _apart((J + 2,), z.dtype)
    left_over = _apart((J + 2,), z.dtype)
    distance = _apart((J,), z.dtype)
    delta = _apart((J + 2,), z.dtype)
    weight = _apart((J,), z.dtype)
    way_left = _apart((J,), z.dtype)
    way_right = _apart((J,), z.dtype)
    logit = _apart((J,), z.dtype)
    weight_behind = _apart((J,), z.dtype)
    weight_past = _apart((J,), z.dtype)
    left = _apart((J + 2,), z.dtype)
    right = _apart((J + 2,), z.dtype)
    new_left = _apart((J,), z.dtype)
    e_left = _apart((J,), z.dtype)
    kept_left = _apart((J + 2,), z.dtype)
    new_right = _apart((J,), z.dtype)
    e_right = _apart((J,), z.dtype)
    kept_right = _apart((J + 2,), z.dtype)
    integral_left = _apart((J + 2,), z.dtype)
    integral_right = _apart((J,), z.dtype)
    after = _apart((J + 2,), z.dtype)
    ahead_of = _apart((J + 2,), z.dtype)
    for row in range(start, stop):
        a_value = a[row]
        b_value = b[row]
        h_value = h[row]
        period_value = period[row]
        width = b_value - a_value
        inverse_h = real(1)/h_value
        turn = period_value/h_value
        unit = (real(1)/real(2))*h_value/width
        inverse_width = real(1)/width
        inverse_expm1_turn = real(1)/_expm1(turn)
        inverse_expm1_turn_1 = real(1)/_expm1(-turn)
        h_over_width = h_value/width
        top_z = lowest
        place[0] = a_value
        place[J + 1] = a_value
        done[0] = real(0)
        done[J + 1] = real(0)
        left_over[0] = real(1)
        left_over[J + 1] = real(1)
        for j in range(J):
            top_z = _maximum(top_z, z[row, j])
            place[np.uint64(j) + np.uint64(1)] = (a_value if a_value > points[row, j] else b_value if b_value < points[row, j] else points[row, j])
            done[np.uint64(j) + np.uint64(1)] = inverse_width*(place[np.uint64(j) + np.uint64(1)] - a_value)
            left_over[np.uint64(j) + np.uint64(1)] = inverse_width*(b_value - place[np.uint64(j) + np.uint64(1)])
        total_weight = real(0)
        top_level = lowest
        total_weight_rest = real(0)
        delta[0] = real(0)
        delta[J + 1] = real(0)
        for j_0 in range(0, J, 128):
            total_weight_part = real(0)
            for j in _block(j_0, 128, J):
                distance[j] = _maximum(_maximum(real(0), a_value - points[row, j]), points[row, j] - b_value)
                centred = z[row, j] - top_z
                level = centred - distance[j]*inverse_h
                top_level = _maximum(top_level, level)
                place_before = place[j]
                gap = place[np.uint64(j) + np.uint64(1)] - place_before
                delta[np.uint64(j) + np.uint64(1)] = gap*inverse_h
                weight[j] = _exp(centred)
                total_weight_part = _add(total_weight_part, weight[j])
            total_weight, total_weight_rest = _accumulate(total_weight, total_weight_rest, total_weight_part)
        inverse_total_weight = real(1)/total_weight
        common_distance = lowest
        for j in range(J):
            centred = z[row, j] - top_z
            level = centred - distance[j]*inverse_h
            common_distance = _maximum(common_distance, (distance[j] if level >= top_level else real(0)))
        summit = lowest
        for j in range(J):
            centred = z[row, j] - top_z
            near = centred - inverse_h*(distance[j] - common_distance)
            summit = _maximum(summit, near)
        top_weight_behind = lowest
        top_weight_past = lowest
        for j in range(J):
            left_of_start = a_value - points[row, j]
            way_left[j] = (left_of_start if a_value > points[row, j] else left_of_start + period_value)
            right_of_end = points[row, j] - b_value
            way_right[j] = (right_of_end if b_value < points[row, j] else period_value + right_of_end)
            centred = z[row, j] - top_z
            near = centred - inverse_h*(distance[j] - common_distance)
            logit[j] = (real(-np.inf) if a_value > points[row, j] or b_value < points[row, j] else near - summit)
            image_left = centred - summit - inverse_h*(way_left[j] - common_distance)
            top_weight_behind = _maximum(top_weight_behind, image_left)
            image_right = centred - summit - inverse_h*(way_right[j] - common_distance)
            top_weight_past = _maximum(top_weight_past, image_right)
        total_weight_behind = real(0)
        total_weight_past = real(0)
        total_weight_behind_rest = real(0)
        total_weight_past_rest = real(0)
        for j_0 in range(0, J, 128):
            total_weight_behind_part = real(0)
            total_weight_past_part = real(0)
            for j in _block(j_0, 128, J):
                centred = z[row, j] - top_z
                image_left = centred - summit - inverse_h*(way_left[j] - common_distance)
                weight_behind[j] = _exp(image_left - top_weight_behind)
                total_weight_behind_part = _add(total_weight_behind_part, weight_behind[j])
                image_right = centred - summit - inverse_h*(way_right[j] - common_distance)
                weight_past[j] = _exp(image_right - top_weight_past)
                total_weight_past_part = _add(total_weight_past_part, weight_past[j])
            total_weight_behind, total_weight_behind_rest = _accumulate(total_weight_behind, total_weight_behind_rest, total_weight_behind_part)
            total_weight_past, total_weight_past_rest = _accumulate(total_weight_past, total_weight_past_rest, total_weight_past_part)
        left_start = top_weight_behind + _log(total_weight_behind) - _log(-_expm1(-turn))
        right_start = top_weight_past + _log(total_weight_past) - _log(-_expm1(-turn))
        inverse_total_weight_behind = real(1)/_maximum(real(1), total_weight_behind)
        inverse_total_weight_past = real(1)/_maximum(real(1), total_weight_past)
        left[0] = left_start
        left[J + 1] = left_start
        right[0] = right_start
        right[J + 1] = right_start
        for j in range(J):
            left[np.uint64(j) + np.uint64(1)] = _log_add_exp(logit[j], left[j] - delta[np.uint64(j) + np.uint64(1)])
            j_back = J - 1 - j
            delta_after = delta[np.uint64(j_back) + np.uint64(2)]
            right[np.uint64(j_back) + np.uint64(1)] = _log_add_exp(logit[j_back], right[np.uint64(j_back) + np.uint64(2)] - delta_after)
        raw_loss = real(0)
        raw_grad_h_1 = real(0)
        raw_grad_h_2 = real(0)
        raw_grad_b = real(0)
        raw_grad_a = real(0)
        raw_loss_rest = real(0)
        raw_grad_h_1_rest = real(0)
        raw_grad_h_2_rest = real(0)
        raw_grad_b_rest = real(0)
        raw_grad_a_rest = real(0)
        kept_left[0] = real(0)
        kept_left[J + 1] = real(0)
        kept_right[0] = real(0)
        kept_right[J + 1] = real(0)
        integral_left[0] = real(0)
        integral_left[J + 1] = real(0)
        for j_0 in range(0, J, 128):
            raw_loss_part = real(0)
            raw_grad_h_1_part = real(0)
            raw_grad_h_2_part = real(0)
            raw_grad_b_part = real(0)
            raw_grad_a_part = real(0)
            for j in _block(j_0, 128, J):
                left_before = left[j]
                new_left[j] = (real(-np.inf) if logit[j] == real(-np.inf) else delta[np.uint64(j) + np.uint64(1)] + logit[j] - left_before)
                e_left[j] = _exp(-abs(new_left[j]))
                kept_left[np.uint64(j) + np.uint64(1)] = (e_left[j]/(real(1) + e_left[j]) if new_left[j] >= real(0) else real(1)/(real(1) + e_left[j]))
                delta_after = delta[np.uint64(j) + np.uint64(2)]
                right_after = right[np.uint64(j) + np.uint64(2)]
                new_right[j] = (real(-np.inf) if logit[j] == real(-np.inf) else delta_after + logit[j] - right_after)
                e_right[j] = _exp(-abs(new_right[j]))
                kept_right[np.uint64(j) + np.uint64(1)] = (e_right[j]/(real(1) + e_right[j]) if new_right[j] >= real(0) else real(1)/(real(1) + e_right[j]))
                balance = left_before - right[np.uint64(j) + np.uint64(1)]
                e_middle = _exp(-abs(balance))
                s_front = balance + delta[np.uint64(j) + np.uint64(1)]
                e_front = _exp(-abs(s_front))
                s_back = balance - delta[np.uint64(j) + np.uint64(1)]
                e_back = _exp(-abs(s_back))
                log_front = _log1p(e_front)
                log_back = _log1p(e_back)
                front_squared = (log_front*log_front)
                D_front = log_front + (real(1)/real(4))*front_squared + front_squared*log_front*(real(1)/real(36) + front_squared*(front_squared*(real(1)/real(211680) + front_squared*(front_squared*(real(1)/real(526901760) + front_squared*((real(1)/real(1120863744000))*front_squared + real(-691)/real(16999766784000))) + real(-1)/real(10886400))) + real(-1)/real(3600)))
                back_squared = (log_back*log_back)
                D_back = log_back + (real(1)/real(4))*back_squared + back_squared*log_back*(real(1)/real(36) + back_squared*(back_squared*(real(1)/real(211680) + back_squared*(back_squared*(real(1)/real(526901760) + back_squared*((real(1)/real(1120863744000))*back_squared + real(-691)/real(16999766784000))) + real(-1)/real(10886400))) + real(-1)/real(3600)))
                share_left = (real(1)/(real(1) + e_middle) if balance >= real(0) else e_middle/(real(1) + e_middle))
                share_right = (real(1)/(real(1) + e_middle) if balance <= real(0) else e_middle/(real(1) + e_middle))
                beta = share_left*share_right
                omega_squared = real(4)*(delta[np.uint64(j) + np.uint64(1)]*delta[np.uint64(j) + np.uint64(1)])
                bump = real(2)*beta*delta[np.uint64(j) + np.uint64(1)]*omega_squared
                tilt = bump*(share_right - share_left)*(real(1)/real(24) + omega_squared*(real(1)/real(1920) + omega_squared*(real(1)/real(322560) + beta*((real(1)/real(896))*beta + real(-1)/real(5376)) + omega_squared*(real(1)/real(92897280) + beta*(beta*(real(1)/real(18432) - real(1)/real(4608)*beta) + real(-1)/real(368640)) + omega_squared*(real(1)/real(40874803200) + beta*(beta*(real(7)/real(5406720) + beta*((real(1)/real(22528))*beta + real(-1)/real(67584))) + real(-17)/real(681246720)) + omega_squared*(real(1)/real(25505877196800) + beta*(beta*(real(1)/real(50319360) + beta*(beta*(real(5)/real(1277952) - real(1)/real(106496)*beta) + real(-19)/real(38338560))) + real(-31)/real(193226342400)))))) - real(1)/real(160)*beta))
                span_left = (real(2)*delta[np.uint64(j) + np.uint64(1)] if s_back >= real(0) else real(0) if s_front <= real(0) else s_front)
                span_right = (real(0) if s_back >= real(0) else real(2)*delta[np.uint64(j) + np.uint64(1)] if s_front <= real(0) else -s_back)
                integral_left[np.uint64(j) + np.uint64(1)] = (tilt + real(2)*delta[np.uint64(j) + np.uint64(1)]*share_left if delta[np.uint64(j) + np.uint64(1)] < real(1)/real(4) else log_front + span_left - log_back)
                integral_right[j] = (real(2)*delta[np.uint64(j) + np.uint64(1)]*share_right - tilt if delta[np.uint64(j) + np.uint64(1)] < real(1)/real(4) else log_back + span_right - log_front)
                bend = (bump*(real(1)/real(12) + omega_squared*(real(1)/real(480) + omega_squared*(real(1)/real(53760) + beta*((real(1)/real(448))*beta + real(-1)/real(1792)) + omega_squared*(real(1)/real(11612160) + beta*(beta*(real(1)/real(6912) - real(1)/real(2304)*beta) + real(-1)/real(92160)) + omega_squared*(real(1)/real(4087480320) + beta*(beta*(real(7)/real(1622016) + beta*((real(1)/real(11264))*beta + real(-5)/real(135168))) + real(-17)/real(136249344)) + omega_squared*(real(1)/real(2125489766400) + beta*(beta*(real(1)/real(12579840) + beta*(beta*(real(1)/real(106496) - real(1)/real(53248)*beta) + real(-19)/real(12779520))) + real(-31)/real(32204390400)))))) - real(1)/real(80)*beta)) if delta[np.uint64(j) + np.uint64(1)] < real(1)/real(4) else delta[np.uint64(j) + np.uint64(1)]*(log_back + log_front) + (real(1)/real(2))*span_left*span_right + (D_front - D_back if s_back >= real(0) else D_back - D_front if s_front <= real(0) else D_back + D_front - real(1)/real(6)*(real(3.141592653589793)*real(3.141592653589793))))
                place_before = place[j]
                gap = place[np.uint64(j) + np.uint64(1)] - place_before
                raw_loss_part = _add(raw_loss_part, gap*(log_back + log_front + _maximum(left_before, right[np.uint64(j) + np.uint64(1)] - delta[np.uint64(j) + np.uint64(1)]) + _maximum(right[np.uint64(j) + np.uint64(1)], left_before - delta[np.uint64(j) + np.uint64(1)])) - bend*h_value)
                share_past = inverse_total_weight_past*weight_past[j]
                raw_grad_h_1_part = _add(raw_grad_h_1_part, (inverse_expm1_turn*share_past if b_value < points[row, j] else -inverse_expm1_turn_1*share_past))
                share_behind = inverse_total_weight_behind*weight_behind[j]
                raw_grad_h_2_part = _add(raw_grad_h_2_part, (inverse_expm1_turn*share_behind if a_value > points[row, j] else -inverse_expm1_turn_1*share_behind))
                done_before = done[j]
                raw_grad_b_part = _add(raw_grad_b_part, (done[np.uint64(j) + np.uint64(1)] + done_before)*(integral_left[np.uint64(j) + np.uint64(1)] - integral_right[j]) - real(2)*bend*h_over_width)
                left_over_before = left_over[j]
                raw_grad_a_part = _add(raw_grad_a_part, (integral_left[np.uint64(j) + np.uint64(1)] - integral_right[j])*(left_over[np.uint64(j) + np.uint64(1)] + left_over_before) + real(2)*bend*h_over_width)
            raw_loss, raw_loss_rest = _accumulate(raw_loss, raw_loss_rest, raw_loss_part)
            raw_grad_h_1, raw_grad_h_1_rest = _accumulate(raw_grad_h_1, raw_grad_h_1_rest, raw_grad_h_1_part)
            raw_grad_h_2, raw_grad_h_2_rest = _accumulate(raw_grad_h_2, raw_grad_h_2_rest, raw_grad_h_2_part)
            raw_grad_b, raw_grad_b_rest = _accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part)
            raw_grad_a, raw_grad_a_rest = _accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part)
        integral_left_at_start = integral_left[1]
        kept_left_at_start = kept_left[1]
        kept_right_at_end = kept_right[J]
        loss[row] = common_distance/h_value + _log(total_weight) - summit - real(1)/real(2)*raw_loss/width
        grad_b_value = (real(1)/real(4))*raw_grad_b/width
        grad_a[row] = (real(1)/real(4))*raw_grad_a/width
        grad_b[row] = grad_b_value
        after[0] = real(0)
        after[J + 1] = real(0)
        for j in range(J - 1, -1, -1):
            integral_left_after = integral_left[np.uint64(j) + np.uint64(2)]
            kept_left_after = kept_left[np.uint64(j) + np.uint64(2)]
            after[np.uint64(j) + np.uint64(1)] = integral_left_after + after[np.uint64(j) + np.uint64(2)]*kept_left_after
        after_at_start = after[1]
        start_after = integral_left_at_start + after_at_start*kept_left_at_start
        ahead_of[0] = real(0)
        ahead_of[J + 1] = real(0)
        for j in range(J):
            kept_right_before = kept_right[j]
            ahead_of[np.uint64(j) + np.uint64(1)] = integral_right[j] + ahead_of[j]*kept_right_before
        ahead_of_at_end = ahead_of[J]
        end_ahead = ahead_of_at_end*kept_right_at_end
        raw_grad_h = real(0)
        raw_grad_h_rest = real(0)
        for j_0 in range(0, J, 128):
            raw_grad_h_part = real(0)
            for j in _block(j_0, 128, J):
                in_left = (real(1)/(real(1) + e_left[j]) if new_left[j] >= real(0) else e_left[j]/(real(1) + e_left[j]))
                in_right = (real(1)/(real(1) + e_right[j]) if new_right[j] >= real(0) else e_right[j]/(real(1) + e_right[j]))
                share_behind = inverse_total_weight_behind*weight_behind[j]
                R_left = unit*(after[np.uint64(j) + np.uint64(1)]*in_left + share_behind*start_after)
                share_past = inverse_total_weight_past*weight_past[j]
                R_right = unit*(ahead_of[np.uint64(j) + np.uint64(1)]*in_right + end_ahead*share_past)
                prior = inverse_total_weight*weight[j]
                grad_z[row, j] = prior - R_left - R_right
                grad_points_value = inverse_h*(R_right - R_left)
                raw_grad_h_part = _add(raw_grad_h_part, grad_points_value*(points[row, j] - a_value))
                grad_points[row, j] = grad_points_value
            raw_grad_h, raw_grad_h_rest = _accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part)
        grad_h[row] = (-raw_grad_h - grad_b_value*width - turn*unit*(end_ahead*raw_grad_h_1 + raw_grad_h_2*start_after))/h_value


def laplace_hvp(z, points, a, b, h, v):
    r"""Hessian in the logits of that cross-entropy, times v, Laplace kernel, by exact integrals.

    .. math::

        p(x) = \sum_j S_j\, e^{-|x-x_j|/h}, \qquad S = \operatorname{softmax}(z)

        Hv = \frac{\partial^2 L}{\partial z\,\partial z^\top}\,v, \qquad L = -\frac{1}{b-a} \int_a^b \log p(x)\,dx

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, ascending, in the unit of x; the last one at b or beyond.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, above a, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    v : array (R, J)
        The vector to multiply, one entry per point.

    Returns
    -------
    product : array (R, J)

    Notes
    -----
    Source: derivations/laplace_integral.py.
    """
    R = z.shape[0]
    J = z.shape[1]
    product = _apart((R, J), z.dtype)
    _run(_laplace_hvp, R, 11*J, (z, points, a, b, h, v,), (product,))
    return product,


@_compiled
def _laplace_hvp(start, stop, z, points, a, b, h, v, product):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    J = z.shape[1]
    place = _apart((J + 2,), z.dtype)
    distance = _apart((J,), z.dtype)
    delta = _apart((J + 2,), z.dtype)
    weight = _apart((J,), z.dtype)
    left = _apart((J + 2,), z.dtype)
    right = _apart((J + 2,), z.dtype)
    in_left = _apart((J,), z.dtype)
    kept_left = _apart((J + 2,), z.dtype)
    in_right = _apart((J,), z.dtype)
    kept_right = _apart((J + 2,), z.dtype)
    e_front = _apart((J,), z.dtype)
    e_back = _apart((J,), z.dtype)
    integral_left = _apart((J + 2,), z.dtype)
    integral_right = _apart((J,), z.dtype)
    after = _apart((J + 2,), z.dtype)
    mean_right = _apart((J + 2,), z.dtype)
    ahead_of = _apart((J + 2,), z.dtype)
    mean_left = _apart((J + 2,), z.dtype)
    overlap = _apart((J,), z.dtype)
    pull_left = _apart((J + 2,), z.dtype)
    passed_left = _apart((J + 2,), z.dtype)
    passed_right = _apart((J + 2,), z.dtype)
    for row in range(start, stop):
        a_value = a[row]
        b_value = b[row]
        width = b_value - a_value
        inverse_h = real(1)/h[row]
        unit = (real(1)/real(2))*h[row]/width
        top_z = lowest
        place[0] = a_value
        place[J + 1] = a_value
        for j in range(J):
            top_z = _maximum(top_z, z[row, j])
            place[np.uint64(j) + np.uint64(1)] = (a_value if a_value > points[row, j] else b_value if b_value < points[row, j] else points[row, j])
        total_weight = real(0)
        top_level = lowest
        total_weight_rest = real(0)
        delta[0] = real(0)
        delta[J + 1] = real(0)
        for j_0 in range(0, J, 128):
            total_weight_part = real(0)
            for j in _block(j_0, 128, J):
                distance[j] = _maximum(_maximum(real(0), a_value - points[row, j]), points[row, j] - b_value)
                centred = z[row, j] - top_z
                level = centred - distance[j]*inverse_h
                top_level = _maximum(top_level, level)
                place_before = place[j]
                gap = place[np.uint64(j) + np.uint64(1)] - place_before
                delta[np.uint64(j) + np.uint64(1)] = gap*inverse_h
                weight[j] = _exp(centred)
                total_weight_part = _add(total_weight_part, weight[j])
            total_weight, total_weight_rest = _accumulate(total_weight, total_weight_rest, total_weight_part)
        inverse_total_weight = real(1)/total_weight
        raw_direction = real(0)
        common_distance = lowest
        raw_direction_rest = real(0)
        for j_0 in range(0, J, 128):
            raw_direction_part = real(0)
            for j in _block(j_0, 128, J):
                centred = z[row, j] - top_z
                level = centred - distance[j]*inverse_h
                common_distance = _maximum(common_distance, (distance[j] if level >= top_level else real(0)))
                prior = inverse_total_weight*weight[j]
                raw_direction_part = _add(raw_direction_part, prior*v[row, j])
            raw_direction, raw_direction_rest = _accumulate(raw_direction, raw_direction_rest, raw_direction_part)
        summit = lowest
        for j in range(J):
            centred = z[row, j] - top_z
            near = centred - inverse_h*(distance[j] - common_distance)
            summit = _maximum(summit, near)
        left[0] = real(-np.inf)
        left[J + 1] = real(-np.inf)
        right[0] = real(-np.inf)
        right[J + 1] = real(-np.inf)
        for j in range(J):
            centred = z[row, j] - top_z
            near = centred - inverse_h*(distance[j] - common_distance)
            logit = near - summit
            left[np.uint64(j) + np.uint64(1)] = _log_add_exp(logit, left[j] - delta[np.uint64(j) + np.uint64(1)])
            j_back = J - 1 - j
            delta_after = delta[np.uint64(j_back) + np.uint64(2)]
            centred = z[row, j_back] - top_z
            near = centred - inverse_h*(distance[j_back] - common_distance)
            logit = near - summit
            right[np.uint64(j_back) + np.uint64(1)] = _log_add_exp(logit, right[np.uint64(j_back) + np.uint64(2)] - delta_after)
        kept_left[0] = real(0)
        kept_left[J + 1] = real(0)
        kept_right[0] = real(0)
        kept_right[J + 1] = real(0)
        integral_left[0] = real(0)
        integral_left[J + 1] = real(0)
        for j in range(J):
            left_before = left[j]
            centred = z[row, j] - top_z
            near = centred - inverse_h*(distance[j] - common_distance)
            logit = near - summit
            new_left = (real(-np.inf) if logit == real(-np.inf) else delta[np.uint64(j) + np.uint64(1)] + logit - left_before)
            e_left = _exp(-abs(new_left))
            in_left[j] = (real(1)/(real(1) + e_left) if new_left >= real(0) else e_left/(real(1) + e_left))
            kept_left[np.uint64(j) + np.uint64(1)] = (e_left/(real(1) + e_left) if new_left >= real(0) else real(1)/(real(1) + e_left))
            delta_after = delta[np.uint64(j) + np.uint64(2)]
            right_after = right[np.uint64(j) + np.uint64(2)]
            new_right = (real(-np.inf) if logit == real(-np.inf) else delta_after + logit - right_after)
            e_right = _exp(-abs(new_right))
            in_right[j] = (real(1)/(real(1) + e_right) if new_right >= real(0) else e_right/(real(1) + e_right))
            kept_right[np.uint64(j) + np.uint64(1)] = (e_right/(real(1) + e_right) if new_right >= real(0) else real(1)/(real(1) + e_right))
            balance = left_before - right[np.uint64(j) + np.uint64(1)]
            e_middle = _exp(-abs(balance))
            s_front = balance + delta[np.uint64(j) + np.uint64(1)]
            e_front[j] = _exp(-abs(s_front))
            s_back = balance - delta[np.uint64(j) + np.uint64(1)]
            e_back[j] = _exp(-abs(s_back))
            log_front = _log1p(e_front[j])
            log_back = _log1p(e_back[j])
            share_left = (real(1)/(real(1) + e_middle) if balance >= real(0) else e_middle/(real(1) + e_middle))
            share_right = (real(1)/(real(1) + e_middle) if balance <= real(0) else e_middle/(real(1) + e_middle))
            beta = share_left*share_right
            omega_squared = real(4)*(delta[np.uint64(j) + np.uint64(1)]*delta[np.uint64(j) + np.uint64(1)])
            bump = real(2)*beta*delta[np.uint64(j) + np.uint64(1)]*omega_squared
            tilt = bump*(share_right - share_left)*(real(1)/real(24) + omega_squared*(real(1)/real(1920) + omega_squared*(real(1)/real(322560) + beta*((real(1)/real(896))*beta + real(-1)/real(5376)) + omega_squared*(real(1)/real(92897280) + beta*(beta*(real(1)/real(18432) - real(1)/real(4608)*beta) + real(-1)/real(368640)) + omega_squared*(real(1)/real(40874803200) + beta*(beta*(real(7)/real(5406720) + beta*((real(1)/real(22528))*beta + real(-1)/real(67584))) + real(-17)/real(681246720)) + omega_squared*(real(1)/real(25505877196800) + beta*(beta*(real(1)/real(50319360) + beta*(beta*(real(5)/real(1277952) - real(1)/real(106496)*beta) + real(-19)/real(38338560))) + real(-31)/real(193226342400)))))) - real(1)/real(160)*beta))
            span_left = (real(2)*delta[np.uint64(j) + np.uint64(1)] if s_back >= real(0) else real(0) if s_front <= real(0) else s_front)
            span_right = (real(0) if s_back >= real(0) else real(2)*delta[np.uint64(j) + np.uint64(1)] if s_front <= real(0) else -s_back)
            integral_left[np.uint64(j) + np.uint64(1)] = (tilt + real(2)*delta[np.uint64(j) + np.uint64(1)]*share_left if delta[np.uint64(j) + np.uint64(1)] < real(1)/real(4) else log_front + span_left - log_back)
            integral_right[j] = (real(2)*delta[np.uint64(j) + np.uint64(1)]*share_right - tilt if delta[np.uint64(j) + np.uint64(1)] < real(1)/real(4) else log_back + span_right - log_front)
        ahead_of[0] = real(0)
        ahead_of[J + 1] = real(0)
        mean_left[0] = real(0)
        mean_left[J + 1] = real(0)
        after[0] = real(0)
        after[J + 1] = real(0)
        mean_right[0] = real(0)
        mean_right[J + 1] = real(0)
        for j in range(J):
            kept_right_before = kept_right[j]
            ahead_of[np.uint64(j) + np.uint64(1)] = integral_right[j] + ahead_of[j]*kept_right_before
            direction = v[row, j] - raw_direction
            mean_left[np.uint64(j) + np.uint64(1)] = direction*in_left[j] + kept_left[np.uint64(j) + np.uint64(1)]*mean_left[j]
            j_back = J - 1 - j
            integral_left_after = integral_left[np.uint64(j_back) + np.uint64(2)]
            kept_left_after = kept_left[np.uint64(j_back) + np.uint64(2)]
            after[np.uint64(j_back) + np.uint64(1)] = integral_left_after + after[np.uint64(j_back) + np.uint64(2)]*kept_left_after
            direction = v[row, j_back] - raw_direction
            mean_right[np.uint64(j_back) + np.uint64(1)] = direction*in_right[j_back] + kept_right[np.uint64(j_back) + np.uint64(1)]*mean_right[np.uint64(j_back) + np.uint64(2)]
        pull_left[0] = real(0)
        pull_left[J + 1] = real(0)
        for j in range(J):
            left_before = left[j]
            balance = left_before - right[np.uint64(j) + np.uint64(1)]
            s_back = balance - delta[np.uint64(j) + np.uint64(1)]
            s_front = balance + delta[np.uint64(j) + np.uint64(1)]
            overlap[j] = -(real(1)/(real(1) + e_back[j]) if s_back <= real(0) else e_back[j]/(real(1) + e_back[j]))*(real(1)/(real(1) + e_front[j]) if s_front >= real(0) else e_front[j]/(real(1) + e_front[j]))*_expm1(-real(2)*delta[np.uint64(j) + np.uint64(1)])
            mean_left_before = mean_left[j]
            pull_left[np.uint64(j) + np.uint64(1)] = integral_left[np.uint64(j) + np.uint64(1)]*mean_left_before + overlap[j]*(mean_right[np.uint64(j) + np.uint64(1)] - mean_left_before)
        passed_right[0] = real(0)
        passed_right[J + 1] = real(0)
        passed_left[0] = real(0)
        passed_left[J + 1] = real(0)
        for j in range(J):
            kept_right_before = kept_right[j]
            mean_left_before = mean_left[j]
            pull_right = integral_right[j]*mean_right[np.uint64(j) + np.uint64(1)] + overlap[j]*(mean_left_before - mean_right[np.uint64(j) + np.uint64(1)])
            passed_right[np.uint64(j) + np.uint64(1)] = pull_right + kept_right_before*passed_right[j]
            j_back = J - 1 - j
            kept_left_after = kept_left[np.uint64(j_back) + np.uint64(2)]
            pull_left_after = pull_left[np.uint64(j_back) + np.uint64(2)]
            passed_left[np.uint64(j_back) + np.uint64(1)] = pull_left_after + kept_left_after*passed_left[np.uint64(j_back) + np.uint64(2)]
        for j in range(J):
            R_left = after[np.uint64(j) + np.uint64(1)]*in_left[j]*unit
            R_right = ahead_of[np.uint64(j) + np.uint64(1)]*in_right[j]*unit
            direction = v[row, j] - raw_direction
            prior = inverse_total_weight*weight[j]
            product[row, j] = direction*(prior - R_left - R_right) + unit*(in_left[j]*passed_left[np.uint64(j) + np.uint64(1)] + in_right[j]*passed_right[np.uint64(j) + np.uint64(1)])


def laplace_hvp_on_circle(z, points, a, b, h, period, v):
    r"""Hessian in the logits of that cross-entropy, times v, wrapped Laplace kernel, by exact integrals.

    .. math::

        p(x) = \sum_j S_j \sum_{n\in\mathbb{Z}}\, e^{-|x-x_j+nP|/h}, \qquad S = \operatorname{softmax}(z)

        Hv = \frac{\partial^2 L}{\partial z\,\partial z^\top}\,v, \qquad L = -\frac{1}{b-a} \int_a^b \log p(x)\,dx

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, ascending, in the unit of x, each as its image nearest to (a + b)/2;
        the last one at b or beyond.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, above a, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    period : array (R,)
        Period of x, positive, in the unit of x; b is at most a + period.
    v : array (R, J)
        The vector to multiply, one entry per point.

    Returns
    -------
    product : array (R, J)

    Notes
    -----
    Source: derivations/laplace_integral.py.
    """
    R = z.shape[0]
    J = z.shape[1]
    product = _apart((R, J), z.dtype)
    _run(_laplace_hvp_on_circle, R, 19*J, (z, points, a, b, h, period, v,), (product,))
    return product,


@_compiled
def _laplace_hvp_on_circle(start, stop, z, points, a, b, h, period, v, product):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    J = z.shape[1]
    place = _apart((J + 2,), z.dtype)
    distance = _apart((J,), z.dtype)
    delta = _apart((J + 2,), z.dtype)
    weight = _apart((J,), z.dtype)
    way_left = _apart((J,), z.dtype)
    way_right = _apart((J,), z.dtype)
    logit = _apart((J,), z.dtype)
    weight_behind = _apart((J,), z.dtype)
    weight_past = _apart((J,), z.dtype)
    left = _apart((J + 2,), z.dtype)
    right = _apart((J + 2,), z.dtype)
    in_left = _apart((J,), z.dtype)
    kept_left = _apart((J + 2,), z.dtype)
    in_right = _apart((J,), z.dtype)
    kept_right = _apart((J + 2,), z.dtype)
    e_front = _apart((J,), z.dtype)
    e_back = _apart((J,), z.dtype)
    integral_left = _apart((J + 2,), z.dtype)
    integral_right = _apart((J,), z.dtype)
    after = _apart((J + 2,), z.dtype)
    mean_right = _apart((J + 2,), z.dtype)
    ahead_of = _apart((J + 2,), z.dtype)
    mean_left = _apart((J + 2,), z.dtype)
    overlap = _apart((J,), z.dtype)
    pull_left = _apart((J + 2,), z.dtype)
    passed_left = _apart((J + 2,), z.dtype)
    passed_right = _apart((J + 2,), z.dtype)
    for row in range(start, stop):
        a_value = a[row]
        b_value = b[row]
        period_value = period[row]
        width = b_value - a_value
        inverse_h = real(1)/h[row]
        turn = period_value/h[row]
        unit = (real(1)/real(2))*h[row]/width
        top_z = lowest
        place[0] = a_value
        place[J + 1] = a_value
        for j in range(J):
            top_z = _maximum(top_z, z[row, j])
            place[np.uint64(j) + np.uint64(1)] = (a_value if a_value > points[row, j] else b_value if b_value < points[row, j] else points[row, j])
        total_weight = real(0)
        top_level = lowest
        total_weight_rest = real(0)
        delta[0] = real(0)
        delta[J + 1] = real(0)
        for j_0 in range(0, J, 128):
            total_weight_part = real(0)
            for j in _block(j_0, 128, J):
                distance[j] = _maximum(_maximum(real(0), a_value - points[row, j]), points[row, j] - b_value)
                centred = z[row, j] - top_z
                level = centred - distance[j]*inverse_h
                top_level = _maximum(top_level, level)
                place_before = place[j]
                gap = place[np.uint64(j) + np.uint64(1)] - place_before
                delta[np.uint64(j) + np.uint64(1)] = gap*inverse_h
                weight[j] = _exp(centred)
                total_weight_part = _add(total_weight_part, weight[j])
            total_weight, total_weight_rest = _accumulate(total_weight, total_weight_rest, total_weight_part)
        inverse_total_weight = real(1)/total_weight
        raw_direction = real(0)
        common_distance = lowest
        raw_direction_rest = real(0)
        for j_0 in range(0, J, 128):
            raw_direction_part = real(0)
            for j in _block(j_0, 128, J):
                centred = z[row, j] - top_z
                level = centred - distance[j]*inverse_h
                common_distance = _maximum(common_distance, (distance[j] if level >= top_level else real(0)))
                prior = inverse_total_weight*weight[j]
                raw_direction_part = _add(raw_direction_part, prior*v[row, j])
            raw_direction, raw_direction_rest = _accumulate(raw_direction, raw_direction_rest, raw_direction_part)
        summit = lowest
        for j in range(J):
            centred = z[row, j] - top_z
            near = centred - inverse_h*(distance[j] - common_distance)
            summit = _maximum(summit, near)
        top_weight_behind = lowest
        top_weight_past = lowest
        for j in range(J):
            left_of_start = a_value - points[row, j]
            way_left[j] = (left_of_start if a_value > points[row, j] else left_of_start + period_value)
            right_of_end = points[row, j] - b_value
            way_right[j] = (right_of_end if b_value < points[row, j] else period_value + right_of_end)
            centred = z[row, j] - top_z
            near = centred - inverse_h*(distance[j] - common_distance)
            logit[j] = (real(-np.inf) if a_value > points[row, j] or b_value < points[row, j] else near - summit)
            image_left = centred - summit - inverse_h*(way_left[j] - common_distance)
            top_weight_behind = _maximum(top_weight_behind, image_left)
            image_right = centred - summit - inverse_h*(way_right[j] - common_distance)
            top_weight_past = _maximum(top_weight_past, image_right)
        total_weight_behind = real(0)
        total_weight_past = real(0)
        total_weight_behind_rest = real(0)
        total_weight_past_rest = real(0)
        for j_0 in range(0, J, 128):
            total_weight_behind_part = real(0)
            total_weight_past_part = real(0)
            for j in _block(j_0, 128, J):
                centred = z[row, j] - top_z
                image_left = centred - summit - inverse_h*(way_left[j] - common_distance)
                weight_behind[j] = _exp(image_left - top_weight_behind)
                total_weight_behind_part = _add(total_weight_behind_part, weight_behind[j])
                image_right = centred - summit - inverse_h*(way_right[j] - common_distance)
                weight_past[j] = _exp(image_right - top_weight_past)
                total_weight_past_part = _add(total_weight_past_part, weight_past[j])
            total_weight_behind, total_weight_behind_rest = _accumulate(total_weight_behind, total_weight_behind_rest, total_weight_behind_part)
            total_weight_past, total_weight_past_rest = _accumulate(total_weight_past, total_weight_past_rest, total_weight_past_part)
        left_start = top_weight_behind + _log(total_weight_behind) - _log(-_expm1(-turn))
        right_start = top_weight_past + _log(total_weight_past) - _log(-_expm1(-turn))
        inverse_total_weight_behind = real(1)/_maximum(real(1), total_weight_behind)
        inverse_total_weight_past = real(1)/_maximum(real(1), total_weight_past)
        left[0] = left_start
        left[J + 1] = left_start
        right[0] = right_start
        right[J + 1] = right_start
        for j in range(J):
            left[np.uint64(j) + np.uint64(1)] = _log_add_exp(logit[j], left[j] - delta[np.uint64(j) + np.uint64(1)])
            j_back = J - 1 - j
            delta_after = delta[np.uint64(j_back) + np.uint64(2)]
            right[np.uint64(j_back) + np.uint64(1)] = _log_add_exp(logit[j_back], right[np.uint64(j_back) + np.uint64(2)] - delta_after)
        left_mean_start = real(0)
        right_mean_start = real(0)
        left_mean_start_rest = real(0)
        right_mean_start_rest = real(0)
        kept_left[0] = real(0)
        kept_left[J + 1] = real(0)
        kept_right[0] = real(0)
        kept_right[J + 1] = real(0)
        integral_left[0] = real(0)
        integral_left[J + 1] = real(0)
        for j_0 in range(0, J, 128):
            left_mean_start_part = real(0)
            right_mean_start_part = real(0)
            for j in _block(j_0, 128, J):
                left_before = left[j]
                new_left = (real(-np.inf) if logit[j] == real(-np.inf) else delta[np.uint64(j) + np.uint64(1)] + logit[j] - left_before)
                e_left = _exp(-abs(new_left))
                in_left[j] = (real(1)/(real(1) + e_left) if new_left >= real(0) else e_left/(real(1) + e_left))
                kept_left[np.uint64(j) + np.uint64(1)] = (e_left/(real(1) + e_left) if new_left >= real(0) else real(1)/(real(1) + e_left))
                delta_after = delta[np.uint64(j) + np.uint64(2)]
                right_after = right[np.uint64(j) + np.uint64(2)]
                new_right = (real(-np.inf) if logit[j] == real(-np.inf) else delta_after + logit[j] - right_after)
                e_right = _exp(-abs(new_right))
                in_right[j] = (real(1)/(real(1) + e_right) if new_right >= real(0) else e_right/(real(1) + e_right))
                kept_right[np.uint64(j) + np.uint64(1)] = (e_right/(real(1) + e_right) if new_right >= real(0) else real(1)/(real(1) + e_right))
                balance = left_before - right[np.uint64(j) + np.uint64(1)]
                e_middle = _exp(-abs(balance))
                s_front = balance + delta[np.uint64(j) + np.uint64(1)]
                e_front[j] = _exp(-abs(s_front))
                s_back = balance - delta[np.uint64(j) + np.uint64(1)]
                e_back[j] = _exp(-abs(s_back))
                log_front = _log1p(e_front[j])
                log_back = _log1p(e_back[j])
                share_left = (real(1)/(real(1) + e_middle) if balance >= real(0) else e_middle/(real(1) + e_middle))
                share_right = (real(1)/(real(1) + e_middle) if balance <= real(0) else e_middle/(real(1) + e_middle))
                beta = share_left*share_right
                omega_squared = real(4)*(delta[np.uint64(j) + np.uint64(1)]*delta[np.uint64(j) + np.uint64(1)])
                bump = real(2)*beta*delta[np.uint64(j) + np.uint64(1)]*omega_squared
                tilt = bump*(share_right - share_left)*(real(1)/real(24) + omega_squared*(real(1)/real(1920) + omega_squared*(real(1)/real(322560) + beta*((real(1)/real(896))*beta + real(-1)/real(5376)) + omega_squared*(real(1)/real(92897280) + beta*(beta*(real(1)/real(18432) - real(1)/real(4608)*beta) + real(-1)/real(368640)) + omega_squared*(real(1)/real(40874803200) + beta*(beta*(real(7)/real(5406720) + beta*((real(1)/real(22528))*beta + real(-1)/real(67584))) + real(-17)/real(681246720)) + omega_squared*(real(1)/real(25505877196800) + beta*(beta*(real(1)/real(50319360) + beta*(beta*(real(5)/real(1277952) - real(1)/real(106496)*beta) + real(-19)/real(38338560))) + real(-31)/real(193226342400)))))) - real(1)/real(160)*beta))
                span_left = (real(2)*delta[np.uint64(j) + np.uint64(1)] if s_back >= real(0) else real(0) if s_front <= real(0) else s_front)
                span_right = (real(0) if s_back >= real(0) else real(2)*delta[np.uint64(j) + np.uint64(1)] if s_front <= real(0) else -s_back)
                integral_left[np.uint64(j) + np.uint64(1)] = (tilt + real(2)*delta[np.uint64(j) + np.uint64(1)]*share_left if delta[np.uint64(j) + np.uint64(1)] < real(1)/real(4) else log_front + span_left - log_back)
                integral_right[j] = (real(2)*delta[np.uint64(j) + np.uint64(1)]*share_right - tilt if delta[np.uint64(j) + np.uint64(1)] < real(1)/real(4) else log_back + span_right - log_front)
                direction = v[row, j] - raw_direction
                share_behind = inverse_total_weight_behind*weight_behind[j]
                left_mean_start_part = _add(left_mean_start_part, direction*share_behind)
                share_past = inverse_total_weight_past*weight_past[j]
                right_mean_start_part = _add(right_mean_start_part, direction*share_past)
            left_mean_start, left_mean_start_rest = _accumulate(left_mean_start, left_mean_start_rest, left_mean_start_part)
            right_mean_start, right_mean_start_rest = _accumulate(right_mean_start, right_mean_start_rest, right_mean_start_part)
        integral_left_at_start = integral_left[1]
        kept_left_at_start = kept_left[1]
        kept_right_at_end = kept_right[J]
        after[0] = real(0)
        after[J + 1] = real(0)
        mean_right[0] = right_mean_start
        mean_right[J + 1] = right_mean_start
        for j in range(J - 1, -1, -1):
            integral_left_after = integral_left[np.uint64(j) + np.uint64(2)]
            kept_left_after = kept_left[np.uint64(j) + np.uint64(2)]
            after[np.uint64(j) + np.uint64(1)] = integral_left_after + after[np.uint64(j) + np.uint64(2)]*kept_left_after
            direction = v[row, j] - raw_direction
            mean_right[np.uint64(j) + np.uint64(1)] = direction*in_right[j] + kept_right[np.uint64(j) + np.uint64(1)]*mean_right[np.uint64(j) + np.uint64(2)]
        after_at_start = after[1]
        start_after = integral_left_at_start + after_at_start*kept_left_at_start
        ahead_of[0] = real(0)
        ahead_of[J + 1] = real(0)
        mean_left[0] = left_mean_start
        mean_left[J + 1] = left_mean_start
        for j in range(J):
            kept_right_before = kept_right[j]
            ahead_of[np.uint64(j) + np.uint64(1)] = integral_right[j] + ahead_of[j]*kept_right_before
            direction = v[row, j] - raw_direction
            mean_left[np.uint64(j) + np.uint64(1)] = direction*in_left[j] + kept_left[np.uint64(j) + np.uint64(1)]*mean_left[j]
        ahead_of_at_end = ahead_of[J]
        end_ahead = ahead_of_at_end*kept_right_at_end
        pull_left[0] = real(0)
        pull_left[J + 1] = real(0)
        for j in range(J):
            left_before = left[j]
            balance = left_before - right[np.uint64(j) + np.uint64(1)]
            s_back = balance - delta[np.uint64(j) + np.uint64(1)]
            s_front = balance + delta[np.uint64(j) + np.uint64(1)]
            overlap[j] = -(real(1)/(real(1) + e_back[j]) if s_back <= real(0) else e_back[j]/(real(1) + e_back[j]))*(real(1)/(real(1) + e_front[j]) if s_front >= real(0) else e_front[j]/(real(1) + e_front[j]))*_expm1(-real(2)*delta[np.uint64(j) + np.uint64(1)])
            mean_left_before = mean_left[j]
            pull_left[np.uint64(j) + np.uint64(1)] = integral_left[np.uint64(j) + np.uint64(1)]*mean_left_before + overlap[j]*(mean_right[np.uint64(j) + np.uint64(1)] - mean_left_before)
        pull_left_at_start = pull_left[1]
        passed_left[0] = real(0)
        passed_left[J + 1] = real(0)
        for j in range(J - 1, -1, -1):
            kept_left_after = kept_left[np.uint64(j) + np.uint64(2)]
            pull_left_after = pull_left[np.uint64(j) + np.uint64(2)]
            passed_left[np.uint64(j) + np.uint64(1)] = pull_left_after + kept_left_after*passed_left[np.uint64(j) + np.uint64(2)]
        passed_left_at_start = passed_left[1]
        passed_start = pull_left_at_start + kept_left_at_start*passed_left_at_start
        passed_right[0] = real(0)
        passed_right[J + 1] = real(0)
        for j in range(J):
            kept_right_before = kept_right[j]
            mean_left_before = mean_left[j]
            pull_right = integral_right[j]*mean_right[np.uint64(j) + np.uint64(1)] + overlap[j]*(mean_left_before - mean_right[np.uint64(j) + np.uint64(1)])
            passed_right[np.uint64(j) + np.uint64(1)] = pull_right + kept_right_before*passed_right[j]
        passed_right_at_end = passed_right[J]
        passed_end = kept_right_at_end*passed_right_at_end
        for j in range(J):
            share_behind = inverse_total_weight_behind*weight_behind[j]
            R_left = unit*(after[np.uint64(j) + np.uint64(1)]*in_left[j] + share_behind*start_after)
            share_past = inverse_total_weight_past*weight_past[j]
            R_right = unit*(ahead_of[np.uint64(j) + np.uint64(1)]*in_right[j] + end_ahead*share_past)
            direction = v[row, j] - raw_direction
            prior = inverse_total_weight*weight[j]
            product[row, j] = direction*(prior - R_left - R_right) + unit*(in_left[j]*passed_left[np.uint64(j) + np.uint64(1)] + in_right[j]*passed_right[np.uint64(j) + np.uint64(1)]) + unit*(passed_end*share_past + passed_start*share_behind)


def laplace_em(z, points, a, b, h):
    r"""Logarithm of the mean responsibilities of the points for a uniform target on [a, b], Laplace kernel, by exact integrals.

    .. math::

        p(x) = \sum_j S_j\, e^{-|x-x_j|/h}, \qquad S = \operatorname{softmax}(z)

        \log\bar R_j = \log\frac{1}{b-a} \int_a^b \frac{\partial \log p(x)}{\partial \log S_j}\,dx

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, ascending, in the unit of x; the last one at b or beyond.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, above a, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.

    Returns
    -------
    log_R : array (R, J)

    Notes
    -----
    Source: derivations/laplace_integral.py.
    """
    R = z.shape[0]
    J = z.shape[1]
    log_R = _apart((R, J), z.dtype)
    _run(_laplace_em, R, 22*J, (z, points, a, b, h,), (log_R,))
    return log_R,


@_compiled
def _laplace_em(start, stop, z, points, a, b, h, log_R):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    J = z.shape[1]
    place = _apart((J + 2,), z.dtype)
    distance = _apart((J,), z.dtype)
    delta = _apart((J + 2,), z.dtype)
    left = _apart((J + 2,), z.dtype)
    right = _apart((J + 2,), z.dtype)
    new_left = _apart((J,), z.dtype)
    e_left = _apart((J,), z.dtype)
    new_right = _apart((J,), z.dtype)
    e_right = _apart((J,), z.dtype)
    integral_left = _apart((J + 2,), z.dtype)
    fade_left = _apart((J + 2,), z.dtype)
    fade_right = _apart((J + 2,), z.dtype)
    log_integral_left = _apart((J + 2,), z.dtype)
    log_integral_right = _apart((J,), z.dtype)
    log_after = _apart((J + 2,), z.dtype)
    log_ahead = _apart((J + 2,), z.dtype)
    for row in range(start, stop):
        a_value = a[row]
        b_value = b[row]
        width = b_value - a_value
        inverse_h = real(1)/h[row]
        unit = (real(1)/real(2))*h[row]/width
        top_z = lowest
        place[0] = a_value
        place[J + 1] = a_value
        for j in range(J):
            top_z = _maximum(top_z, z[row, j])
            place[np.uint64(j) + np.uint64(1)] = (a_value if a_value > points[row, j] else b_value if b_value < points[row, j] else points[row, j])
        top_level = lowest
        delta[0] = real(0)
        delta[J + 1] = real(0)
        for j in range(J):
            distance[j] = _maximum(_maximum(real(0), a_value - points[row, j]), points[row, j] - b_value)
            centred = z[row, j] - top_z
            level = centred - distance[j]*inverse_h
            top_level = _maximum(top_level, level)
            place_before = place[j]
            gap = place[np.uint64(j) + np.uint64(1)] - place_before
            delta[np.uint64(j) + np.uint64(1)] = gap*inverse_h
        common_distance = lowest
        for j in range(J):
            centred = z[row, j] - top_z
            level = centred - distance[j]*inverse_h
            common_distance = _maximum(common_distance, (distance[j] if level >= top_level else real(0)))
        summit = lowest
        for j in range(J):
            centred = z[row, j] - top_z
            near = centred - inverse_h*(distance[j] - common_distance)
            summit = _maximum(summit, near)
        left[0] = real(-np.inf)
        left[J + 1] = real(-np.inf)
        right[0] = real(-np.inf)
        right[J + 1] = real(-np.inf)
        for j in range(J):
            centred = z[row, j] - top_z
            near = centred - inverse_h*(distance[j] - common_distance)
            logit = near - summit
            left[np.uint64(j) + np.uint64(1)] = _log_add_exp(logit, left[j] - delta[np.uint64(j) + np.uint64(1)])
            j_back = J - 1 - j
            delta_after = delta[np.uint64(j_back) + np.uint64(2)]
            centred = z[row, j_back] - top_z
            near = centred - inverse_h*(distance[j_back] - common_distance)
            logit = near - summit
            right[np.uint64(j_back) + np.uint64(1)] = _log_add_exp(logit, right[np.uint64(j_back) + np.uint64(2)] - delta_after)
        integral_left[0] = real(0)
        integral_left[J + 1] = real(0)
        fade_left[0] = real(0)
        fade_left[J + 1] = real(0)
        fade_right[0] = real(0)
        fade_right[J + 1] = real(0)
        log_integral_left[0] = real(-np.inf)
        log_integral_left[J + 1] = real(-np.inf)
        for j in range(J):
            left_before = left[j]
            centred = z[row, j] - top_z
            near = centred - inverse_h*(distance[j] - common_distance)
            logit = near - summit
            new_left[j] = (real(-np.inf) if logit == real(-np.inf) else delta[np.uint64(j) + np.uint64(1)] + logit - left_before)
            e_left[j] = _exp(-abs(new_left[j]))
            delta_after = delta[np.uint64(j) + np.uint64(2)]
            right_after = right[np.uint64(j) + np.uint64(2)]
            new_right[j] = (real(-np.inf) if logit == real(-np.inf) else delta_after + logit - right_after)
            e_right[j] = _exp(-abs(new_right[j]))
            balance = left_before - right[np.uint64(j) + np.uint64(1)]
            e_middle = _exp(-abs(balance))
            s_front = balance + delta[np.uint64(j) + np.uint64(1)]
            e_front = _exp(-abs(s_front))
            s_back = balance - delta[np.uint64(j) + np.uint64(1)]
            e_back = _exp(-abs(s_back))
            log_front = _log1p(e_front)
            log_back = _log1p(e_back)
            share_left = (real(1)/(real(1) + e_middle) if balance >= real(0) else e_middle/(real(1) + e_middle))
            share_right = (real(1)/(real(1) + e_middle) if balance <= real(0) else e_middle/(real(1) + e_middle))
            beta = share_left*share_right
            omega_squared = real(4)*(delta[np.uint64(j) + np.uint64(1)]*delta[np.uint64(j) + np.uint64(1)])
            bump = real(2)*beta*delta[np.uint64(j) + np.uint64(1)]*omega_squared
            tilt = bump*(share_right - share_left)*(real(1)/real(24) + omega_squared*(real(1)/real(1920) + omega_squared*(real(1)/real(322560) + beta*((real(1)/real(896))*beta + real(-1)/real(5376)) + omega_squared*(real(1)/real(92897280) + beta*(beta*(real(1)/real(18432) - real(1)/real(4608)*beta) + real(-1)/real(368640)) + omega_squared*(real(1)/real(40874803200) + beta*(beta*(real(7)/real(5406720) + beta*((real(1)/real(22528))*beta + real(-1)/real(67584))) + real(-17)/real(681246720)) + omega_squared*(real(1)/real(25505877196800) + beta*(beta*(real(1)/real(50319360) + beta*(beta*(real(5)/real(1277952) - real(1)/real(106496)*beta) + real(-19)/real(38338560))) + real(-31)/real(193226342400)))))) - real(1)/real(160)*beta))
            span_left = (real(2)*delta[np.uint64(j) + np.uint64(1)] if s_back >= real(0) else real(0) if s_front <= real(0) else s_front)
            span_right = (real(0) if s_back >= real(0) else real(2)*delta[np.uint64(j) + np.uint64(1)] if s_front <= real(0) else -s_back)
            integral_left[np.uint64(j) + np.uint64(1)] = (tilt + real(2)*delta[np.uint64(j) + np.uint64(1)]*share_left if delta[np.uint64(j) + np.uint64(1)] < real(1)/real(4) else log_front + span_left - log_back)
            integral_right = (real(2)*delta[np.uint64(j) + np.uint64(1)]*share_right - tilt if delta[np.uint64(j) + np.uint64(1)] < real(1)/real(4) else log_back + span_right - log_front)
            fade_left[np.uint64(j) + np.uint64(1)] = _maximum(real(0), new_left[j]) + _log1p(e_left[j])
            fade_right[np.uint64(j) + np.uint64(1)] = _maximum(real(0), new_right[j]) + _log1p(e_right[j])
            log_integral_left[np.uint64(j) + np.uint64(1)] = (s_front + _log(-unit*_expm1(-real(2)*delta[np.uint64(j) + np.uint64(1)])) if s_front < real(-40) else _log(integral_left[np.uint64(j) + np.uint64(1)]*unit))
            log_integral_right[j] = (_log(-unit*_expm1(-real(2)*delta[np.uint64(j) + np.uint64(1)])) - s_back if s_back > real(40) else _log(integral_right*unit))
        log_ahead[0] = real(-np.inf)
        log_ahead[J + 1] = real(-np.inf)
        log_after[0] = real(-np.inf)
        log_after[J + 1] = real(-np.inf)
        for j in range(J):
            fade_right_before = fade_right[j]
            log_ahead[np.uint64(j) + np.uint64(1)] = _log_add_exp(log_integral_right[j], log_ahead[j] - fade_right_before)
            j_back = J - 1 - j
            fade_left_after = fade_left[np.uint64(j_back) + np.uint64(2)]
            log_integral_left_after = log_integral_left[np.uint64(j_back) + np.uint64(2)]
            log_after[np.uint64(j_back) + np.uint64(1)] = _log_add_exp(log_integral_left_after, log_after[np.uint64(j_back) + np.uint64(2)] - fade_left_after)
        for j in range(J):
            log_R_left = log_after[np.uint64(j) + np.uint64(1)] - _maximum(real(0), -new_left[j]) - _log1p(e_left[j])
            log_R_right = log_ahead[np.uint64(j) + np.uint64(1)] - _maximum(real(0), -new_right[j]) - _log1p(e_right[j])
            log_R[row, j] = _log_add_exp(log_R_left, log_R_right)


def laplace_em_on_circle(z, points, a, b, h, period):
    r"""Logarithm of the mean responsibilities of the points for a uniform target on [a, b], wrapped Laplace kernel, by exact integrals.

    .. math::

        p(x) = \sum_j S_j \sum_{n\in\mathbb{Z}}\, e^{-|x-x_j+nP|/h}, \qquad S = \operatorname{softmax}(z)

        \log\bar R_j = \log\frac{1}{b-a} \int_a^b \frac{\partial \log p(x)}{\partial \log S_j}\,dx

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, ascending, in the unit of x, each as its image nearest to (a + b)/2;
        the last one at b or beyond.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, above a, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    period : array (R,)
        Period of x, positive, in the unit of x; b is at most a + period.

    Returns
    -------
    log_R : array (R, J)

    Notes
    -----
    Source: derivations/laplace_integral.py.
    """
    R = z.shape[0]
    J = z.shape[1]
    log_R = _apart((R, J), z.dtype)
    _run(_laplace_em_on_circle, R, 35*J, (z, points, a, b, h, period,), (log_R,))
    return log_R,


@_compiled
def _laplace_em_on_circle(start, stop, z, points, a, b, h, period, log_R):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    J = z.shape[1]
    place = _apart((J + 2,), z.dtype)
    distance = _apart((J,), z.dtype)
    delta = _apart((J + 2,), z.dtype)
    way_left = _apart((J,), z.dtype)
    way_right = _apart((J,), z.dtype)
    logit = _apart((J,), z.dtype)
    left = _apart((J + 2,), z.dtype)
    right = _apart((J + 2,), z.dtype)
    new_left = _apart((J,), z.dtype)
    e_left = _apart((J,), z.dtype)
    new_right = _apart((J,), z.dtype)
    e_right = _apart((J,), z.dtype)
    integral_left = _apart((J + 2,), z.dtype)
    fade_left = _apart((J + 2,), z.dtype)
    fade_right = _apart((J + 2,), z.dtype)
    log_integral_left = _apart((J + 2,), z.dtype)
    log_integral_right = _apart((J,), z.dtype)
    log_after = _apart((J + 2,), z.dtype)
    log_ahead = _apart((J + 2,), z.dtype)
    for row in range(start, stop):
        a_value = a[row]
        b_value = b[row]
        period_value = period[row]
        width = b_value - a_value
        inverse_h = real(1)/h[row]
        turn = period_value/h[row]
        unit = (real(1)/real(2))*h[row]/width
        top_z = lowest
        place[0] = a_value
        place[J + 1] = a_value
        for j in range(J):
            top_z = _maximum(top_z, z[row, j])
            place[np.uint64(j) + np.uint64(1)] = (a_value if a_value > points[row, j] else b_value if b_value < points[row, j] else points[row, j])
        top_level = lowest
        delta[0] = real(0)
        delta[J + 1] = real(0)
        for j in range(J):
            distance[j] = _maximum(_maximum(real(0), a_value - points[row, j]), points[row, j] - b_value)
            centred = z[row, j] - top_z
            level = centred - distance[j]*inverse_h
            top_level = _maximum(top_level, level)
            place_before = place[j]
            gap = place[np.uint64(j) + np.uint64(1)] - place_before
            delta[np.uint64(j) + np.uint64(1)] = gap*inverse_h
        common_distance = lowest
        for j in range(J):
            centred = z[row, j] - top_z
            level = centred - distance[j]*inverse_h
            common_distance = _maximum(common_distance, (distance[j] if level >= top_level else real(0)))
        summit = lowest
        for j in range(J):
            centred = z[row, j] - top_z
            near = centred - inverse_h*(distance[j] - common_distance)
            summit = _maximum(summit, near)
        top_weight_behind = lowest
        top_weight_past = lowest
        for j in range(J):
            left_of_start = a_value - points[row, j]
            way_left[j] = (left_of_start if a_value > points[row, j] else left_of_start + period_value)
            right_of_end = points[row, j] - b_value
            way_right[j] = (right_of_end if b_value < points[row, j] else period_value + right_of_end)
            centred = z[row, j] - top_z
            near = centred - inverse_h*(distance[j] - common_distance)
            logit[j] = (real(-np.inf) if a_value > points[row, j] or b_value < points[row, j] else near - summit)
            image_left = centred - summit - inverse_h*(way_left[j] - common_distance)
            top_weight_behind = _maximum(top_weight_behind, image_left)
            image_right = centred - summit - inverse_h*(way_right[j] - common_distance)
            top_weight_past = _maximum(top_weight_past, image_right)
        total_weight_behind = real(0)
        total_weight_past = real(0)
        total_weight_behind_rest = real(0)
        total_weight_past_rest = real(0)
        for j_0 in range(0, J, 128):
            total_weight_behind_part = real(0)
            total_weight_past_part = real(0)
            for j in _block(j_0, 128, J):
                centred = z[row, j] - top_z
                image_left = centred - summit - inverse_h*(way_left[j] - common_distance)
                weight_behind = _exp(image_left - top_weight_behind)
                total_weight_behind_part = _add(total_weight_behind_part, weight_behind)
                image_right = centred - summit - inverse_h*(way_right[j] - common_distance)
                weight_past = _exp(image_right - top_weight_past)
                total_weight_past_part = _add(total_weight_past_part, weight_past)
            total_weight_behind, total_weight_behind_rest = _accumulate(total_weight_behind, total_weight_behind_rest, total_weight_behind_part)
            total_weight_past, total_weight_past_rest = _accumulate(total_weight_past, total_weight_past_rest, total_weight_past_part)
        left_start = top_weight_behind + _log(total_weight_behind) - _log(-_expm1(-turn))
        right_start = top_weight_past + _log(total_weight_past) - _log(-_expm1(-turn))
        log_total_weight_behind = _log(total_weight_behind)
        log_total_weight_past = _log(total_weight_past)
        left[0] = left_start
        left[J + 1] = left_start
        right[0] = right_start
        right[J + 1] = right_start
        for j in range(J):
            left[np.uint64(j) + np.uint64(1)] = _log_add_exp(logit[j], left[j] - delta[np.uint64(j) + np.uint64(1)])
            j_back = J - 1 - j
            delta_after = delta[np.uint64(j_back) + np.uint64(2)]
            right[np.uint64(j_back) + np.uint64(1)] = _log_add_exp(logit[j_back], right[np.uint64(j_back) + np.uint64(2)] - delta_after)
        integral_left[0] = real(0)
        integral_left[J + 1] = real(0)
        fade_left[0] = real(0)
        fade_left[J + 1] = real(0)
        fade_right[0] = real(0)
        fade_right[J + 1] = real(0)
        log_integral_left[0] = real(-np.inf)
        log_integral_left[J + 1] = real(-np.inf)
        for j in range(J):
            left_before = left[j]
            new_left[j] = (real(-np.inf) if logit[j] == real(-np.inf) else delta[np.uint64(j) + np.uint64(1)] + logit[j] - left_before)
            e_left[j] = _exp(-abs(new_left[j]))
            delta_after = delta[np.uint64(j) + np.uint64(2)]
            right_after = right[np.uint64(j) + np.uint64(2)]
            new_right[j] = (real(-np.inf) if logit[j] == real(-np.inf) else delta_after + logit[j] - right_after)
            e_right[j] = _exp(-abs(new_right[j]))
            balance = left_before - right[np.uint64(j) + np.uint64(1)]
            e_middle = _exp(-abs(balance))
            s_front = balance + delta[np.uint64(j) + np.uint64(1)]
            e_front = _exp(-abs(s_front))
            s_back = balance - delta[np.uint64(j) + np.uint64(1)]
            e_back = _exp(-abs(s_back))
            log_front = _log1p(e_front)
            log_back = _log1p(e_back)
            share_left = (real(1)/(real(1) + e_middle) if balance >= real(0) else e_middle/(real(1) + e_middle))
            share_right = (real(1)/(real(1) + e_middle) if balance <= real(0) else e_middle/(real(1) + e_middle))
            beta = share_left*share_right
            omega_squared = real(4)*(delta[np.uint64(j) + np.uint64(1)]*delta[np.uint64(j) + np.uint64(1)])
            bump = real(2)*beta*delta[np.uint64(j) + np.uint64(1)]*omega_squared
            tilt = bump*(share_right - share_left)*(real(1)/real(24) + omega_squared*(real(1)/real(1920) + omega_squared*(real(1)/real(322560) + beta*((real(1)/real(896))*beta + real(-1)/real(5376)) + omega_squared*(real(1)/real(92897280) + beta*(beta*(real(1)/real(18432) - real(1)/real(4608)*beta) + real(-1)/real(368640)) + omega_squared*(real(1)/real(40874803200) + beta*(beta*(real(7)/real(5406720) + beta*((real(1)/real(22528))*beta + real(-1)/real(67584))) + real(-17)/real(681246720)) + omega_squared*(real(1)/real(25505877196800) + beta*(beta*(real(1)/real(50319360) + beta*(beta*(real(5)/real(1277952) - real(1)/real(106496)*beta) + real(-19)/real(38338560))) + real(-31)/real(193226342400)))))) - real(1)/real(160)*beta))
            span_left = (real(2)*delta[np.uint64(j) + np.uint64(1)] if s_back >= real(0) else real(0) if s_front <= real(0) else s_front)
            span_right = (real(0) if s_back >= real(0) else real(2)*delta[np.uint64(j) + np.uint64(1)] if s_front <= real(0) else -s_back)
            integral_left[np.uint64(j) + np.uint64(1)] = (tilt + real(2)*delta[np.uint64(j) + np.uint64(1)]*share_left if delta[np.uint64(j) + np.uint64(1)] < real(1)/real(4) else log_front + span_left - log_back)
            integral_right = (real(2)*delta[np.uint64(j) + np.uint64(1)]*share_right - tilt if delta[np.uint64(j) + np.uint64(1)] < real(1)/real(4) else log_back + span_right - log_front)
            fade_left[np.uint64(j) + np.uint64(1)] = _maximum(real(0), new_left[j]) + _log1p(e_left[j])
            fade_right[np.uint64(j) + np.uint64(1)] = _maximum(real(0), new_right[j]) + _log1p(e_right[j])
            log_integral_left[np.uint64(j) + np.uint64(1)] = (s_front + _log(-unit*_expm1(-real(2)*delta[np.uint64(j) + np.uint64(1)])) if s_front < real(-40) else _log(integral_left[np.uint64(j) + np.uint64(1)]*unit))
            log_integral_right[j] = (_log(-unit*_expm1(-real(2)*delta[np.uint64(j) + np.uint64(1)])) - s_back if s_back > real(40) else _log(integral_right*unit))
        fade_left_at_start = fade_left[1]
        log_integral_left_at_start = log_integral_left[1]
        fade_right_at_end = fade_right[J]
        log_after[0] = real(-np.inf)
        log_after[J + 1] = real(-np.inf)
        for j in range(J - 1, -1, -1):
            fade_left_after = fade_left[np.uint64(j) + np.uint64(2)]
            log_integral_left_after = log_integral_left[np.uint64(j) + np.uint64(2)]
            log_after[np.uint64(j) + np.uint64(1)] = _log_add_exp(log_integral_left_after, log_after[np.uint64(j) + np.uint64(2)] - fade_left_after)
        log_after_at_start = log_after[1]
        log_start_after = _log_add_exp(log_integral_left_at_start, log_after_at_start - fade_left_at_start)
        log_ahead[0] = real(-np.inf)
        log_ahead[J + 1] = real(-np.inf)
        for j in range(J):
            fade_right_before = fade_right[j]
            log_ahead[np.uint64(j) + np.uint64(1)] = _log_add_exp(log_integral_right[j], log_ahead[j] - fade_right_before)
        log_ahead_at_end = log_ahead[J]
        log_end_ahead = log_ahead_at_end - fade_right_at_end
        for j in range(J):
            log_R_left = log_after[np.uint64(j) + np.uint64(1)] - _maximum(real(0), -new_left[j]) - _log1p(e_left[j])
            log_R_right = log_ahead[np.uint64(j) + np.uint64(1)] - _maximum(real(0), -new_right[j]) - _log1p(e_right[j])
            centred = z[row, j] - top_z
            image_left = centred - summit - inverse_h*(way_left[j] - common_distance)
            image_right = centred - summit - inverse_h*(way_right[j] - common_distance)
            log_R[row, j] = _log_add_exp(_log_add_exp(log_R_left, log_R_right), _log_add_exp(image_left + log_start_after - log_total_weight_behind - top_weight_behind, image_right + log_end_ahead - log_total_weight_past - top_weight_past))
