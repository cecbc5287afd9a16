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
    if threads < 2:
        return kernel(0, rows, *arrays)
    with ThreadPoolExecutor(threads) as pool:
        bounds = [rows * t // threads for t in range(threads + 1)]
        for part in [pool.submit(kernel, start, stop, *arrays) for start, stop in zip(bounds, bounds[1:])]:
            part.result()


def _read_only(array):
    array = np.ascontiguousarray(array).view()
    array.flags.writeable = False
    return array


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


@_inlined()
def _log_add_exp(a, b):
    """log(exp a + exp b); -inf twice gives -inf."""
    high, low = (a, b) if a > b else (b, a)
    return high if math.isinf(low) else high + math.log1p(_exp(low - high))


@_inlined()
def _accumulate(total, rest, part):
    """(total + part, what rounding has taken from it): given back with the next part."""
    whole = part - rest
    raised = total + whole
    return raised, (raised - total) - whole if math.isfinite(raised) else part - part


GROUP = 16  # terms of a remainder that share a logarithm: float32 has room for so many factors


@_inlined("contract")
def _multiply(product_x, product_y, first_x, first_y, x, y):
    """A term xi = x + iy joins a group: the product of the 1 + xi less 1, and the sum of the xi."""
    turned = product_x + (x + (x * product_x - y * product_y))
    return turned, product_y + (y + (x * product_y + y * product_x)), first_x + x, first_y + y


@_inlined()
def _flush(sum_x, sum_y, product_x, product_y, first_x, first_y):
    """A group goes into the sum of xi - log(1 + xi)."""
    none = first_x - first_x
    real = math.log1p(product_x * (product_x + 2.0) + product_y * product_y) / 2
    return sum_x + (first_x - real), sum_y + (first_y - math.atan2(product_y, product_x + 1)), none, none, none, none


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
