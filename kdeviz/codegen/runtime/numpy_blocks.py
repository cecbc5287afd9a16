def _blocks(size, *widths, most=128):
    """Slices of `size` places: blocks so small that temporaries stay in cache and sums short enough to lose no digits."""
    at_once = max(1, min(size, most, 2**14 // max(1, math.prod(widths))))
    return [slice(start, min(start + at_once, size)) for start in range(0, max(1, size), at_once)]


def _max(x, axis):
    """The maximum, never below the lowest finite number: so that a row of -inf minus its maximum is -inf, not NaN."""
    return np.max(x, axis, initial=np.finfo(x.dtype).min)


def _accumulate(total, rest, part):
    """(total + part, what rounding has taken from it): given back with the next part."""
    whole = part - rest
    raised = total + whole
    return raised, np.where(np.isfinite(raised), (raised - total) - whole, 0)


def _remainder(x, y, axis):
    """Real and imaginary part of the sum of xi - log(1 + xi) along an axis, xi = x + iy.

    One logarithm serves 4 to 7 terms: for their product less 1, so that small terms keep their digits.
    """
    x, y = first_x, first_y = np.moveaxis(x, axis, 0), np.moveaxis(y, axis, 0)
    for _ in range(2):
        if half := len(x) // 2:
            product_x, product_y = _multiplied(x[:half], y[:half], x[half : 2 * half], y[half : 2 * half])
            total_x, total_y = first_x[:half] + first_x[half : 2 * half], first_y[:half] + first_y[half : 2 * half]
            if len(x) % 2:
                product_x[0], product_y[0] = _multiplied(product_x[0], product_y[0], x[-1], y[-1])
                total_x[0], total_y[0] = total_x[0] + first_x[-1], total_y[0] + first_y[-1]
            x, y, first_x, first_y = product_x, product_y, total_x, total_y
    log_modulus = np.log1p(x * (2 + x) + y * y) / 2
    return (first_x - log_modulus).sum(0), (first_y - np.arctan2(y, 1 + x)).sum(0)


def _multiplied(a, b, x, y):
    """(1 + a + ib)(1 + x + iy) - 1"""
    real, imaginary = a * x, a * y
    real -= b * y
    imaginary += b * x
    real += a + x
    imaginary += b + y
    return real, imaginary


def _upper(x):
    """x, rounded to the upper half of its digits."""
    wide = x * x.dtype.type(2**27 + 1 if x.itemsize == 8 else 2**12 + 1)
    return wide - (wide - x)


def _coarse(x):
    """x, rounded to a multiple of 2^-26, or of 2^-12 in float32."""
    grid = x.dtype.type(1.5 * 2**26 if x.itemsize == 8 else 1.5 * 2**11)
    return (x + grid) - grid
