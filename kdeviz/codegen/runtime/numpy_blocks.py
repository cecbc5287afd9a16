def _blocks(size, at_once):
    """The slices that cut `size` places into blocks."""
    return [slice(start, start + at_once) for start in range(0, size, at_once)]


def _at_once(size, *widths):
    """How many rows (or bins) a block holds: its temporaries stay in cache, its sums stay short enough to lose no digits."""
    return max(1, min(size, 128, 2**14 // max(1, math.prod(widths))))
