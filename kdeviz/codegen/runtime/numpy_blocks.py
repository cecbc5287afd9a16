def _blocks(size, *widths, most=128, numbers=2**16):
    """Slices of `size` places: blocks so small that temporaries stay in cache and sums short enough to lose no digits."""
    at_once = max(1, min(size, most, numbers // max(1, math.prod(widths))))
    return [slice(start, min(start + at_once, size)) for start in range(0, max(1, size), at_once)]


def _max(x, axis):
    """The maximum, never below the lowest finite number: so that a row of -inf minus its maximum is -inf, not NaN."""
    return np.max(x, axis, initial=np.finfo(x.dtype).min)


def _accumulate(total, rest, part):
    """(total + part, what rounding has taken from it): given back with the next part. The first total is the number 0."""
    if isinstance(total, int):
        return part, 0
    whole = part - rest
    raised = total + whole
    return raised, np.where(np.isfinite(raised), (raised - total) - whole, 0)


def _sum(x, axis):
    """The sum along an axis that is not the last, in pairs: numpy would add its terms one after another, and equal ones are rounded alike."""
    x = np.moveaxis(x, axis, 0)
    while len(x) > 8:
        half = len(x) // 2
        paired = x[:half] + x[half : 2 * half]
        if len(x) % 2:
            paired[0] += x[-1]
        x = paired
    return x.sum(0)


def _remainder(x, y, axis):
    """Real and imaginary part of the sum of xi - log(1 + xi) along an axis, xi = x + iy.

    Two terms share a logarithm, that of their product: more would save little, numpy's logarithm being vector code.
    """
    x, y = np.moveaxis(x, axis, 0), np.moveaxis(y, axis, 0)
    half = (len(x) + 1) // 2
    a, b, x, y = x[:half], y[:half], x[half:], y[half:]
    first_x, first_y = a.copy(), b.copy()  # the last one stays alone where their number is odd
    first_x[: len(x)] += x
    first_y[: len(y)] += y
    product_x, product_y = first_x.copy(), first_y.copy()  # (1 + a + ib)(1 + x + iy) - 1
    a, b = a[: len(x)], b[: len(y)]
    product_x[: len(x)] += a * x - b * y
    product_y[: len(y)] += a * y + b * x
    modulus = 2 + product_x
    modulus *= product_x
    modulus += product_y * product_y
    first_x -= np.log1p(modulus, out=modulus) / 2
    product_x += 1
    first_y -= np.arctan2(product_y, product_x, out=product_y)
    return _sum(first_x, 0), _sum(first_y, 0)


def _cos(x):
    """cos x by tan(x/2), within one unit in the last place of 1: numpy's tangent is vector code, its cosine is not."""
    square = np.tan(x / 2)
    square *= square
    return (1 - square) / (1 + square)


def _sin(x):
    """sin x, likewise."""
    t = np.tan(x / 2)
    return 2 * t / (1 + t * t)


def _upper(x):
    """x, rounded to the upper half of its digits."""
    wide = x * x.dtype.type(2**27 + 1 if x.itemsize == 8 else 2**12 + 1)
    return wide - (wide - x)


def _coarse(x):
    """x, rounded to a multiple of 2^-26, or of 2^-12 in float32."""
    grid = x.dtype.type(1.5 * 2**26 if x.itemsize == 8 else 1.5 * 2**11)
    return (x + grid) - grid


def _neighbours(x, edge, step):
    """x[:, j + step]; `edge` beyond the end."""
    near = np.empty_like(x)
    if step < 0:
        near[:, 0], near[:, 1:] = edge, x[:, :-1]
    else:
        near[:, -1], near[:, :-1] = edge, x[:, 1:]
    return near


def _log_scan(decay, new, edge, direction):
    """out[:, j] = log(exp(out[:, j - 1] - decay[:, j]) + exp(new[:, j])), from the last place on where direction is -1."""
    return _scan(lambda old, decay, new: np.logaddexp(old - decay, new), np.add, -np.inf, decay, new, edge, direction)


def _linear_scan(kept, new, edge, direction):
    """out[:, j] = new[:, j] + kept[:, j] out[:, j - 1], from the last place on where direction is -1."""
    return _scan(lambda old, kept, new: new + kept * old, np.multiply, 0, kept, new, edge, direction)


def _scan(follow, compose, nothing, factor, new, edge, direction):
    """out[:, j] = follow(out[:, j - 1], factor[:, j], new[:, j]), with `edge` before the first."""
    factor, new = np.broadcast_arrays(factor, new)
    edge = np.broadcast_to(np.asarray(edge, new.dtype), new.shape[:1])
    return _scan_part(follow, compose, nothing, factor[:, ::direction], new[:, ::direction], edge)[:, ::direction]


def _scan_part(follow, compose, nothing, factor, new, old, length=64):
    """A long row is cut into parts: each starts with nothing, and what comes from before them, a scan of a 64th of the length, joins later."""
    rows, J = new.shape
    out = np.empty_like(new)
    whole = J // length * length if J > 2 * length else 0
    if whole:
        parted, in_parts = (rows, whole // length), lambda a: a[:, :whole].reshape(-1, length)
        start = np.full(rows * whole // length, nothing, new.dtype)
        own = _scan_part(follow, compose, nothing, in_parts(factor), in_parts(new), start)
        reach = compose.accumulate(in_parts(factor), 1)
        ends = _scan_part(follow, compose, nothing, reach[:, -1].reshape(parted), own[:, -1].reshape(parted), old)
        before = np.concatenate([old[:, None], ends[:, :-1]], 1).reshape(-1, 1)
        out[:, :whole] = follow(before, reach, own).reshape(rows, whole)
        old = ends[:, -1]
    for j in range(whole, J):
        old = out[:, j] = follow(old, factor[:, j], new[:, j])
    return out
