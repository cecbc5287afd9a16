# Generated from derivations/box_integral.py. Do not edit: change the derivation and run `make generate`.
import math
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numba as nb
import numpy as np
from numba.extending import overload, register_jitable


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


def box_gaps(log_mass, length, log_total):
    r"""Cross-entropy of a uniform target against a mixture that is constant on gaps of it.

    .. math::

        {d^+}_{r,k} = \begin{cases} 0 & \text{for}\: {\log M}_{r,k} = -\infty \\{d}_{r,k} & \text{otherwise} \end{cases}

        {\log p}_{r,k} = {\log M}_{r,k} - {\log M}_{r}

        {v}_{r,k} = \begin{cases} 0 & \text{for}\: {\log M}_{r,k} = -\infty \\{\log p}_{r,k} & \text{otherwise} \end{cases}

        {L}_{r} = - \frac{\sum_{k=0}^{K - 1} {v}_{r,k} {d^+}_{r,k}}{{T}_{r}}

        {\partial L/\partial d}_{r,k} = \begin{cases} 0 & \text{for}\: {\log M}_{r,k} = -\infty \\\frac{- {v}_{r,k} - {L}_{r}}{{T}_{r}} & \text{otherwise} \end{cases}

        {\log\frac{d}{TM}}_{r,k} = \begin{cases} -\infty & \text{for}\: {d^+}_{r,k} = 0 \\\log{\left(\frac{{d^+}_{r,k}}{{T}_{r}} \right)} - {\log M}_{r,k} & \text{otherwise} \end{cases}

        {T}_{r} = \sum_{k=0}^{K - 1} {d^+}_{r,k}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    log_mass : array (R, K)
        Logarithm of the mass on each gap; -inf leaves the gap out.
    length : array (R, K)
        Lengths of the gaps, non-negative, in the unit of x.
    log_total : array (R,)
        Logarithm of all mass.

    Returns
    -------
    loss : array (R,)
    grad_length : array (R, K)
    log_density : array (R, K)
    reach : array (R,)

    Notes
    -----
    Source: derivations/box_integral.py.
    """
    R = log_mass.shape[0]
    K = log_mass.shape[1]
    loss = _apart((R,), log_mass.dtype)
    grad_length = _apart((R, K), log_mass.dtype)
    log_density = _apart((R, K), log_mass.dtype)
    reach = _apart((R,), log_mass.dtype)
    _run(_box_gaps, R, K, (log_mass, length, log_total,), (loss, grad_length, log_density, reach,))
    return loss, grad_length, log_density, reach


@_compiled
def _box_gaps(start, stop, log_mass, length, log_total, loss, grad_length, log_density, reach):
    real = log_mass.dtype.type
    K = log_mass.shape[1]
    held = _apart((K,), log_mass.dtype)
    excess = _apart((K,), log_mass.dtype)
    for row in range(start, stop):
        log_total_value = log_total[row]
        raw_loss = real(0)
        reach_value = real(0)
        raw_loss_rest = real(0)
        reach_value_rest = real(0)
        for gap_0 in range(0, K, 128):
            raw_loss_part = real(0)
            reach_value_part = real(0)
            for gap in _block(gap_0, 128, K):
                held[gap] = (real(0) if log_mass[row, gap] == real(-np.inf) else length[row, gap])
                log_p = log_mass[row, gap] - log_total_value
                excess[gap] = (real(0) if log_mass[row, gap] == real(-np.inf) else log_p)
                raw_loss_part = _add(raw_loss_part, excess[gap]*held[gap])
                reach_value_part = _add(reach_value_part, held[gap])
            raw_loss, raw_loss_rest = _accumulate(raw_loss, raw_loss_rest, raw_loss_part)
            reach_value, reach_value_rest = _accumulate(reach_value, reach_value_rest, reach_value_part)
        loss_value = -raw_loss/reach_value
        inverse_reach = real(1)/reach_value
        reach[row] = reach_value
        loss[row] = loss_value
        for gap in range(K):
            grad_length[row, gap] = (real(0) if log_mass[row, gap] == real(-np.inf) else inverse_reach*(-excess[gap] - loss_value))
            log_density[row, gap] = (real(-np.inf) if held[gap] == real(0) else _log(held[gap]*inverse_reach) - log_mass[row, gap])
