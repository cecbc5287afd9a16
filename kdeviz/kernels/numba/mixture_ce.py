# Generated from derivations/mixture_ce.py. Do not edit: change the derivation and run `make generate`.
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


def mixture_ce(z, log_K, q, log_floor):
    r"""Cross-entropy of bin masses against a softmax-weighted mixture.

    .. math::

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}

        {\partial L/\partial\log K}_{r,b,j} = - \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\partial L/\partial q}_{r,b} = - {\log(p+f)}_{r,b}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    log_K : array (R, B, J)
        Log-kernel from point j to bin b; -inf where the point cannot explain the bin.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_log_K : array (R, B, J)
    grad_q : array (R, B)

    Notes
    -----
    Source: derivations/mixture_ce.py.
    """
    R = z.shape[0]
    B = log_K.shape[1]
    J = z.shape[1]
    loss = _apart((R,), z.dtype)
    grad_z = _apart((R, J), z.dtype)
    grad_log_K = _apart((R, B, J), z.dtype)
    grad_q = _apart((R, B), z.dtype)
    _run(_mixture_ce, R, 6*B*J, (z, log_K, q, log_floor,), (loss, grad_z, grad_log_K, grad_q,))
    return loss, grad_z, grad_log_K, grad_q


@_compiled
def _mixture_ce(start, stop, z, log_K, q, log_floor, loss, grad_z, grad_log_K, grad_q):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    B = log_K.shape[1]
    J = z.shape[1]
    weight = _apart((J,), z.dtype)
    joint = _apart((J,), z.dtype)
    responsibility = _apart((J,), z.dtype)
    responsibility_rest = _apart((J,), z.dtype)
    responsibility_part = _apart((J,), z.dtype)
    for row in range(start, stop):
        log_floor_value = log_floor[row]
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
                top_joint = lowest
                for j in range(J):
                    centred = z[row, j] - top_z
                    log_joint = centred + log_K[row, bin, j]
                    top_joint = _maximum(top_joint, log_joint)
                total_joint = real(0)
                total_joint_rest = real(0)
                for j_0 in range(0, J, 128):
                    total_joint_part = real(0)
                    for j in _block(j_0, 128, J):
                        centred = z[row, j] - top_z
                        log_joint = centred + log_K[row, bin, j]
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
                grad_q[row, bin] = -log_q
                for j in range(J):
                    responsibility_part[j] = _add(responsibility_part[j], joint[j]*mass_over_total_joint)
                    grad_log_K[row, bin, j] = -joint[j]*mass_over_total_joint
            explained, explained_rest = _accumulate(explained, explained_rest, explained_part)
            loss_value, loss_value_rest = _accumulate(loss_value, loss_value_rest, loss_value_part)
            for j in range(J):
                responsibility[j], responsibility_rest[j] = _accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j])
        explained_over_total_weight = explained/total_weight
        loss[row] = loss_value
        for j in range(J):
            grad_z[row, j] = explained_over_total_weight*weight[j] - responsibility[j]


def mixture_log_responsibility(z, log_K, q, log_floor):
    r"""Logarithm of the mean responsibilities of a softmax-weighted mixture.

    .. math::

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\lambda}_{r,b} = \begin{cases} -\infty & \text{for}\: {m}_{r,b} = 0 \\\log{\left({m}_{r,b} \right)} - {\log p}_{r,b} & \text{otherwise} \end{cases}

        {\log R}_{r,j} = \log{\left(\sum_{b=0}^{B - 1} e^{{\log K}_{r,b,j} + {\lambda}_{r,b}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)} + {\tilde z}_{r,j}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    log_K : array (R, B, J)
        Log-kernel from point j to bin b; -inf where the point cannot explain the bin.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.

    Returns
    -------
    log_R : array (R, J)

    Notes
    -----
    Source: derivations/mixture_ce.py.
    """
    R = z.shape[0]
    B = log_K.shape[1]
    J = z.shape[1]
    log_R = _apart((R, J), z.dtype)
    _run(_mixture_log_responsibility, R, 8*B*J, (z, log_K, q, log_floor,), (log_R,))
    return log_R,


@_compiled
def _mixture_log_responsibility(start, stop, z, log_K, q, log_floor, log_R):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    B = log_K.shape[1]
    J = z.shape[1]
    log_of_bin = _apart((B,), z.dtype)
    top_part_of_log_R = _apart((J,), z.dtype)
    total_part_of_log_R = _apart((J,), z.dtype)
    total_part_of_log_R_rest = _apart((J,), z.dtype)
    total_part_of_log_R_part = _apart((J,), z.dtype)
    for row in range(start, stop):
        log_floor_value = log_floor[row]
        top_z = lowest
        for j in range(J):
            top_z = _maximum(top_z, z[row, j])
        total_weight = real(0)
        total_weight_rest = real(0)
        for j_0 in range(0, J, 128):
            total_weight_part = real(0)
            for j in _block(j_0, 128, J):
                centred = z[row, j] - top_z
                weight = _exp(centred)
                total_weight_part = _add(total_weight_part, weight)
            total_weight, total_weight_rest = _accumulate(total_weight, total_weight_rest, total_weight_part)
        log_total_weight = _log(total_weight)
        for j in range(J):
            top_part_of_log_R[j] = lowest
        for bin in range(B):
            top_joint = lowest
            for j in range(J):
                centred = z[row, j] - top_z
                log_joint = centred + log_K[row, bin, j]
                top_joint = _maximum(top_joint, log_joint)
            total_joint = real(0)
            total_joint_rest = real(0)
            for j_0 in range(0, J, 128):
                total_joint_part = real(0)
                for j in _block(j_0, 128, J):
                    centred = z[row, j] - top_z
                    log_joint = centred + log_K[row, bin, j]
                    joint = _exp(log_joint - top_joint)
                    total_joint_part = _add(total_joint_part, joint)
                total_joint, total_joint_rest = _accumulate(total_joint, total_joint_rest, total_joint_part)
            log_p = top_joint + _log(total_joint) - log_total_weight
            share = (real(0) if log_p == real(-np.inf) else real(1)/(real(1) + _exp(log_floor_value - log_p)))
            mass = q[row, bin]*share
            log_of_bin[bin] = (real(-np.inf) if mass == real(0) else _log(mass) - log_p)
            log_of_bin_value = log_of_bin[bin]
            for j in range(J):
                log_part_of_log_R = log_K[row, bin, j] + log_of_bin_value
                top_part_of_log_R[j] = _maximum(top_part_of_log_R[j], log_part_of_log_R)
        for j in range(J):
            total_part_of_log_R[j] = real(0)
        for j in range(J):
            total_part_of_log_R_rest[j] = real(0)
        for bin_0 in range(0, B, 16):
            for j in range(J):
                total_part_of_log_R_part[j] = real(0)
            for bin in _block(bin_0, 16, B):
                log_of_bin_value = log_of_bin[bin]
                for j in range(J):
                    log_part_of_log_R = log_K[row, bin, j] + log_of_bin_value
                    part_of_log_R = _exp(log_part_of_log_R - top_part_of_log_R[j])
                    total_part_of_log_R_part[j] = _add(total_part_of_log_R_part[j], part_of_log_R)
            for j in range(J):
                total_part_of_log_R[j], total_part_of_log_R_rest[j] = _accumulate(total_part_of_log_R[j], total_part_of_log_R_rest[j], total_part_of_log_R_part[j])
        for j in range(J):
            centred = z[row, j] - top_z
            log_R[row, j] = centred + top_part_of_log_R[j] + _log(total_part_of_log_R[j]) - log_total_weight


def mixture_hessian_times_vector(z, log_K, q, log_floor, v):
    r"""Hessian of the cross-entropy in the logits, times a vector.

    .. math::

        {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}

        {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}

        {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}

        {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}

        {m}_{r,b} = {q}_{r,b} {s}_{r,b}

        {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}

        {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\bar v}_{r} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j}} {v}_{r,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}}

        {\bar v}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {v}_{r,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

        {\mathrm dm}_{r,b} = \left(1 - {s}_{r,b}\right) \left(- {\bar v}_{r} + {\bar v}_{r,b}\right) {m}_{r,b}

        {Hv}_{r,j} = \frac{\left(\left(- {\bar v}_{r} + {v}_{r,j}\right) {M}_{r} + \sum_{b=0}^{B - 1} {\mathrm dm}_{r,b}\right) e^{{\tilde z}_{r,j}}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - \sum_{b=0}^{B - 1} \frac{\left(\left(- {\bar v}_{r,b} + {v}_{r,j}\right) {m}_{r,b} + {\mathrm dm}_{r,b}\right) e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    log_K : array (R, B, J)
        Log-kernel from point j to bin b; -inf where the point cannot explain the bin.
    q : array (R, B)
        Bin masses of the target, non-negative.
    log_floor : array (R,)
        Logarithm of the background added to every bin; -inf for none.
    v : array (R, J)
        The vector.

    Returns
    -------
    product : array (R, J)

    Notes
    -----
    Source: derivations/mixture_ce.py.
    """
    R = z.shape[0]
    B = log_K.shape[1]
    J = z.shape[1]
    product = _apart((R, J), z.dtype)
    _run(_mixture_hessian_times_vector, R, 5*B*J, (z, log_K, q, log_floor, v,), (product,))
    return product,


@_compiled
def _mixture_hessian_times_vector(start, stop, z, log_K, q, log_floor, v, product):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    B = log_K.shape[1]
    J = z.shape[1]
    weight = _apart((J,), z.dtype)
    joint = _apart((J,), z.dtype)
    raw_product = _apart((J,), z.dtype)
    raw_product_rest = _apart((J,), z.dtype)
    raw_product_part = _apart((J,), z.dtype)
    for row in range(start, stop):
        log_floor_value = log_floor[row]
        top_z = lowest
        for j in range(J):
            top_z = _maximum(top_z, z[row, j])
        total_weight = real(0)
        raw_mean = real(0)
        total_weight_rest = real(0)
        raw_mean_rest = real(0)
        for j_0 in range(0, J, 128):
            total_weight_part = real(0)
            raw_mean_part = real(0)
            for j in _block(j_0, 128, J):
                centred = z[row, j] - top_z
                weight[j] = _exp(centred)
                total_weight_part = _add(total_weight_part, weight[j])
                raw_mean_part = _add(raw_mean_part, v[row, j]*weight[j])
            total_weight, total_weight_rest = _accumulate(total_weight, total_weight_rest, total_weight_part)
            raw_mean, raw_mean_rest = _accumulate(raw_mean, raw_mean_rest, raw_mean_part)
        log_total_weight = _log(total_weight)
        mean = raw_mean/total_weight
        inverse_total_weight = real(1)/total_weight
        explained = real(0)
        raw_product_1 = real(0)
        for j in range(J):
            raw_product[j] = real(0)
        explained_rest = real(0)
        raw_product_1_rest = real(0)
        for j in range(J):
            raw_product_rest[j] = real(0)
        for bin_0 in range(0, B, 16):
            explained_part = real(0)
            raw_product_1_part = real(0)
            for j in range(J):
                raw_product_part[j] = real(0)
            for bin in _block(bin_0, 16, B):
                q_value = q[row, bin]
                top_joint = lowest
                for j in range(J):
                    centred = z[row, j] - top_z
                    log_joint = centred + log_K[row, bin, j]
                    top_joint = _maximum(top_joint, log_joint)
                total_joint = real(0)
                raw_mean_of = real(0)
                total_joint_rest = real(0)
                raw_mean_of_rest = real(0)
                for j_0 in range(0, J, 128):
                    total_joint_part = real(0)
                    raw_mean_of_part = real(0)
                    for j in _block(j_0, 128, J):
                        centred = z[row, j] - top_z
                        log_joint = centred + log_K[row, bin, j]
                        joint[j] = _exp(log_joint - top_joint)
                        total_joint_part = _add(total_joint_part, joint[j])
                        raw_mean_of_part = _add(raw_mean_of_part, joint[j]*v[row, j])
                    total_joint, total_joint_rest = _accumulate(total_joint, total_joint_rest, total_joint_part)
                    raw_mean_of, raw_mean_of_rest = _accumulate(raw_mean_of, raw_mean_of_rest, raw_mean_of_part)
                log_p = top_joint + _log(total_joint) - log_total_weight
                share = (real(0) if log_p == real(-np.inf) else real(1)/(real(1) + _exp(log_floor_value - log_p)))
                mass = q_value*share
                explained_part = _add(explained_part, mass)
                mean_of = raw_mean_of/_maximum(real(1), total_joint)
                inverse_total_joint = real(1)/_maximum(real(1), total_joint)
                moved = mass*(real(1) - share)*(mean_of - mean)
                raw_product_1_part = _add(raw_product_1_part, moved)
                for j in range(J):
                    mass = q_value*share
                    moved = mass*(real(1) - share)*(mean_of - mean)
                    raw_product_part[j] = _add(raw_product_part[j], inverse_total_joint*joint[j]*(moved + mass*(v[row, j] - mean_of)))
            explained, explained_rest = _accumulate(explained, explained_rest, explained_part)
            raw_product_1, raw_product_1_rest = _accumulate(raw_product_1, raw_product_1_rest, raw_product_1_part)
            for j in range(J):
                raw_product[j], raw_product_rest[j] = _accumulate(raw_product[j], raw_product_rest[j], raw_product_part[j])
        for j in range(J):
            product[row, j] = inverse_total_weight*weight[j]*(raw_product_1 + explained*(v[row, j] - mean)) - raw_product[j]
