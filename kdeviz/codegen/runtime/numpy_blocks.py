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

    One logarithm serves 16 to 31 terms: for their product less 1, so that small terms keep their digits. Float32 has room for as many.
    """
    terms = np.empty(x.shape, np.result_type(x, np.complex64))
    terms.real, terms.imag = x, y
    terms = first = np.moveaxis(terms, axis, 0)
    for _ in range(4):
        if half := len(terms) // 2:
            one, other = terms[:half], terms[half : 2 * half]
            product, total = one + other + one * other, first[:half] + first[half : 2 * half]
            if len(terms) % 2:
                product[0] += terms[-1] + product[0] * terms[-1]
                total[0] += first[-1]
            terms, first = product, total
    p, q = terms.real, terms.imag
    return (first.real - np.log1p(p * (2 + p) + q * q) / 2).sum(0), (first.imag - np.arctan2(q, 1 + p)).sum(0)


def _upper(x):
    """x, rounded to the upper half of its digits."""
    wide = x * x.dtype.type(2**27 + 1 if x.itemsize == 8 else 2**12 + 1)
    return wide - (wide - x)


def _coarse(x):
    """x, rounded to a multiple of 2^-26, or of 2^-12 in float32."""
    grid = x.dtype.type(1.5 * 2**26 if x.itemsize == 8 else 1.5 * 2**11)
    return (x + grid) - grid
