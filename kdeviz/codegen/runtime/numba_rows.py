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
