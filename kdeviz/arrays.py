"""Arguments as the kernels want them: checked, of one dtype, broadcast over their leading axes, as rows."""

import math
import sys
from typing import Any

import numpy as np


def namespace(**arrays):
    """The module of the arrays: cupy if one of them is a cupy array, else numpy."""
    kinds = {name: type(a).__module__.split(".")[0] for name, a in arrays.items()}
    on_device = [name for name, kind in kinds.items() if kind == "cupy"]
    if not on_device:
        return np
    on_host = [name for name, a in arrays.items() if isinstance(a, np.ndarray) and name not in on_device]
    if on_host:
        raise TypeError(
            f"`{on_host[0]}` is a numpy array and `{on_device[0]}` a cupy array. Move one, e.g. cupy.asarray({on_host[0]})."
        )
    return sys.modules["cupy"]


def is_inspected(xp):
    """Values are looked at on the host only, so that a device never has to wait for it."""
    return xp is np


def common_dtype(**values: Any) -> np.dtype:
    """float32 or float64: numpy's result type; integers count as float64, Python numbers take the arrays' type."""
    dtype: np.dtype = np.result_type(*(getattr(v, "dtype", v) for v in values.values()))
    if dtype.kind in "iub":
        return np.dtype(np.float64)
    if dtype not in (np.float32, np.float64):
        culprit = next(name for name, v in values.items() if getattr(v, "dtype", None) == dtype)
        raise TypeError(f"`{culprit}` must be float32, float64 or integer; got {dtype}. Convert it with .astype.")
    return dtype


def as_arrays(xp, **values: Any) -> dict[str, Any]:
    """Array-likes as arrays; Python numbers stay as they are, so that they do not decide the dtype."""
    arrays = {name: as_array(xp, name, v) for name, v in values.items()}
    for name, a in arrays.items():
        if getattr(a, "dtype", np.dtype(float)).kind not in "fiu":
            raise TypeError(f"`{name}` must hold real numbers; got dtype {a.dtype}.")
    return arrays


def as_array(xp, name, value):
    parts = value if isinstance(value, (list, tuple)) else (value,)
    if any(isinstance(part, np.ma.MaskedArray) for part in parts):
        raise TypeError(
            f"`{name}` must be an array without a mask, which would be lost; got a masked one. "
            "Drop or fill the masked entries; z = -inf removes a point."
        )
    try:
        return value if is_number(value) else xp.asarray(value)
    except ValueError:
        raise ValueError(
            f"`{name}` must hold real numbers, in lists of one length along each axis; got a ragged {type(value).__name__}."
        ) from None


def is_number(value):
    """Whether it is one of Python's numbers, within a float's range."""
    return type(value) is float or (type(value) is int and abs(value) < 2**1023)


def is_count(value):
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def extent(name, array, axes="(..., J)"):
    """The length of the last axis, at least 1."""
    if np.ndim(array) == 0 or array.shape[-1] == 0:
        raise ValueError(
            f"`{name}` must have shape {axes} with at least one entry on its last axis; got shape {np.shape(array)}."
        )
    return array.shape[-1]


def as_rows(xp, dtype, **arrays_and_cores):
    """(leading shape, {name: array (R, *core)}): each argument is given as (array, core shape), broadcast and made contiguous."""
    shapes = {}
    for name, (array, core) in arrays_and_cores.items():
        shape = np.shape(array)
        if len(core) > len(shape) or shape[len(shape) - len(core) :] != core:
            raise ValueError(
                f"`{name}` must have shape (..., {', '.join(map(str, core))}) to match the other arguments; got {shape}."
            )
        shapes[name] = shape[: len(shape) - len(core)]
    leading = broadcast(shapes)
    rows = math.prod(leading)
    with np.errstate(all="ignore"):  # beyond float32 a number becomes inf or 0: what must not be is checked on the rows
        return leading, {
            name: xp.ascontiguousarray(
                xp.broadcast_to(xp.asarray(array, dtype=dtype), leading + core).reshape((rows, *core))
            )
            for name, (array, core) in arrays_and_cores.items()
        }


def broadcast(shapes):
    """The common leading shape, or an error that names the argument that does not fit."""
    leading = ()
    for name, shape in shapes.items():
        try:
            leading = np.broadcast_shapes(leading, shape)
        except ValueError:
            raise ValueError(
                f"the leading axes of `{name}`, {shape}, do not broadcast with those of the arguments before it, {leading}."
            ) from None
    return leading


def require(name, ok, what, array, advice=""):
    """Raises if a check that was made on every entry fails; shows the first entry that does."""
    ok = np.asarray(ok)
    if not ok.all():
        came = np.broadcast_to(np.asarray(array), ok.shape)[~ok].flat[0] if np.ndim(array) or ok.ndim else array
        raise ValueError(f"`{name}` must {what}; got {came}.{' ' + advice if advice else ''}")


def require_rows(name, ok, what, given, leading, rows, advice=""):
    """:func:`require` on rows, which have the kernel's dtype; the error shows the argument as it was given."""
    narrow = rows["z"].dtype == np.float32
    advice += " Arrays of float64 have more digits and a wider range." * narrow
    require(name, ok.reshape(leading + ok.shape[1:]), what.format(" as float32" * narrow), given, advice.strip())


def require_one_of(name, value, names, advice=""):
    if not (isinstance(value, str) and value in names):
        raise ValueError(
            f"`{name}` must be one of {', '.join(map(repr, names))}; got {value!r}.{' ' + advice if advice else ''}"
        )
