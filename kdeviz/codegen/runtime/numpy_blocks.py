def _blocks(size, *widths):
    """Slices of `size` places: blocks so small that temporaries stay in cache and sums short enough to lose no digits."""
    at_once = max(1, min(size, 128, 2**14 // math.prod(widths)))
    return [slice(start, min(start + at_once, size)) for start in range(0, size, at_once)]


def _max(x, axis):
    """The maximum, never below the lowest finite number: so that a row of -inf minus its maximum is -inf, not NaN."""
    return np.max(x, axis, initial=np.finfo(x.dtype).min)
