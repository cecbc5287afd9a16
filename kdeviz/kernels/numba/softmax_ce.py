# Generated from derivations/softmax_ce.py. Do not edit: change the derivation and run `make generate`.
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
def _accumulate(total, rest, part):
    """(total + part, what rounding has taken from it): given back with the next part."""
    whole = part - rest
    raised = total + whole
    return raised, (raised - total) - whole if math.isfinite(raised) else rest - rest


def softmax_ce(z, y):
    r"""Cross-entropy of labels against softmax(z).

    .. math::

        {\tilde z}_{r,k} = - \max_{k} {z}_{r,k} + {z}_{r,k}

        {\log\pi}_{r,k} = - \log{\left(\sum_{k=0}^{D - 1} e^{{\tilde z}_{r,k}} \right)} + {\tilde z}_{r,k}

        {Y}_{r} = \sum_{k=0}^{D - 1} {y}_{r,k}

        {L}_{r} = \sum_{k=0}^{D - 1} \begin{cases} 0 & \text{for}\: {y}_{r,k} = 0 \\- {\log\pi}_{r,k} {y}_{r,k} & \text{otherwise} \end{cases}

        {\partial L/\partial z}_{r,k} = \frac{e^{{\tilde z}_{r,k}} {Y}_{r}}{\sum_{k=0}^{D - 1} e^{{\tilde z}_{r,k}}} - {y}_{r,k}

        {\partial L/\partial y}_{r,k} = - {\log\pi}_{r,k}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, D)
        Logits; -inf excludes a category.
    y : array (R, D)
        Labels, hard or soft, non-negative.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, D)
    grad_y : array (R, D)

    Notes
    -----
    Source: derivations/softmax_ce.py.
    """
    R = z.shape[0]
    D = z.shape[1]
    loss = _apart((R,), z.dtype)
    grad_z = _apart((R, D), z.dtype)
    grad_y = _apart((R, D), z.dtype)
    _run(_softmax_ce, R, 2*D, (z, y,), (loss, grad_z, grad_y,))
    return loss, grad_z, grad_y


@_compiled
def _softmax_ce(start, stop, z, y, loss, grad_z, grad_y):
    real = z.dtype.type
    lowest = np.finfo(z.dtype).min
    D = z.shape[1]
    weight = _apart((D,), z.dtype)
    for row in range(start, stop):
        total_y = real(0)
        top_z = lowest
        total_y_rest = real(0)
        for k_0 in range(0, D, 128):
            total_y_part = real(0)
            for k in _block(k_0, 128, D):
                top_z = _maximum(top_z, z[row, k])
                total_y_part = _add(total_y_part, y[row, k])
            total_y, total_y_rest = _accumulate(total_y, total_y_rest, total_y_part)
        total_weight = real(0)
        total_weight_rest = real(0)
        for k_0 in range(0, D, 128):
            total_weight_part = real(0)
            for k in _block(k_0, 128, D):
                centred = z[row, k] - top_z
                weight[k] = _exp(centred)
                total_weight_part = _add(total_weight_part, weight[k])
            total_weight, total_weight_rest = _accumulate(total_weight, total_weight_rest, total_weight_part)
        log_total_weight = _log(total_weight)
        total_y_over_total_weight = total_y/total_weight
        loss_value = real(0)
        loss_value_rest = real(0)
        for k_0 in range(0, D, 128):
            loss_value_part = real(0)
            for k in _block(k_0, 128, D):
                centred = z[row, k] - top_z
                log_pi = centred - log_total_weight
                loss_value_part = _add(loss_value_part, (real(0) if y[row, k] == real(0) else -log_pi*y[row, k]))
                grad_z[row, k] = total_y_over_total_weight*weight[k] - y[row, k]
                grad_y[row, k] = -log_pi
            loss_value, loss_value_rest = _accumulate(loss_value, loss_value_rest, loss_value_part)
        loss[row] = loss_value
