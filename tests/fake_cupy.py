"""A cupy that has no GPU: RawModule runs the very same CUDA text on the CPU (cuda_program.py).

Strict where cupy is strict, and where a GPU would read rubbish: numpy and cupy arrays do not mix, a device array never becomes a numpy array by
itself, and a kernel's arguments must be contiguous device arrays of REAL and numpy scalars of exactly the type that the text declares.
Fresh memory is NaN.
"""
import re
import types

import cuda_program
import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

SCALARS = {"long long": np.int64, "int": np.int32, "float": np.float32, "double": np.float64}
REALS = {"float": np.float32, "double": np.float64}

# What the project may use of cupy's namespace: functions of arrays, and functions that make arrays of what the host has.
ON_ARRAYS = """
    abs all any arange argmax argsort ascontiguousarray bincount broadcast_to clip concatenate cumsum exp floor fmod frexp full_like hypot
    isfinite isinf isnan isneginf isposinf log logaddexp max maximum min minimum nan_to_num ndim nonzero ones_like put_along_axis repeat searchsorted
    shape sign sort split stack sum swapaxes take_along_axis tile unique where zeros_like
""".split()
FROM_HOST = ["array", "asarray", "full", "ones", "zeros"]
METHODS = {"all", "any", "argmax", "astype", "copy", "max", "mean", "min", "ravel", "reshape", "squeeze", "sum", "swapaxes", "tolist", "transpose"}
ATTRIBUTES = {"dtype", "flags", "itemsize", "nbytes", "ndim", "shape", "size", "strides"}


class ndarray(NDArrayOperatorsMixin):
    """An array in device memory. `host` is what only the fake can see; the code under test must ask for it with get()."""

    __module__ = "cupy"

    def __init__(self, host):
        self.host = host

    def get(self):
        return self.host.copy()

    def __array__(self, *args, **kwargs):
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct a NumPy array explicitly.")

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return on_device(getattr(ufunc, method))(*inputs, **kwargs)

    def __array_function__(self, func, types, args, kwargs):
        return on_device(func)(*args, **kwargs) if func.__name__ in ON_ARRAYS else NotImplemented

    def __getattr__(self, name):
        if name in ATTRIBUTES:
            return getattr(self.host, name)
        if name in METHODS:
            return on_device(getattr(self.host, name))
        raise AttributeError(f"cupy.ndarray {name!r} (the fake knows {', '.join(sorted(METHODS | ATTRIBUTES))})")

    def __getitem__(self, key):
        return device(self.host[key_on_host(key)])

    def __setitem__(self, key, value):
        self.host[key_on_host(key)] = on_host(value)

    def __len__(self):
        return len(self.host)

    def __bool__(self):
        return bool(self.host)

    def __float__(self):
        return float(self.host)

    def __repr__(self):
        return f"cupy.{self.host!r}"


def device(value):
    """numpy's results as device arrays: numbers too, as cupy has it."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(device, value))
    return ndarray(np.asarray(value)) if isinstance(value, (np.ndarray, np.generic)) else value


def on_host(value):
    if isinstance(value, np.ndarray):
        raise TypeError(f"Unsupported type {type(value)}")
    if isinstance(value, (list, tuple)):
        return type(value)(map(on_host, value))
    return value.host if isinstance(value, ndarray) else value


def key_on_host(key):
    return tuple(map(on_host, key)) if isinstance(key, tuple) else on_host(key)


def on_device(function):
    """numpy's function for device arrays and Python numbers; it refuses numpy arrays."""
    return lambda *args, **kwargs: device(function(*map(on_host, args), **{name: on_host(v) for name, v in kwargs.items()}))


def from_host(function):
    """numpy's function for device arrays and for whatever numpy takes."""
    take = lambda value: value.host if isinstance(value, ndarray) else value
    return lambda *args, **kwargs: device(function(*map(take, args), **kwargs))


def empty(shape, dtype=float):
    return ndarray(np.full(shape, np.nan, dtype))


class RawModule:
    """Compiles as NVRTC would be asked to, but for the CPU."""

    sanitizer = ""

    def __init__(self, code, *, options=(), backend="nvrtc"):
        if backend != "nvrtc":
            raise ValueError(f"backend {backend!r} needs nvcc on the user's machine")
        reals = [m[1] for option in options if (m := re.fullmatch("-DREAL=(float|double)", option))]
        if len(reals) != 1 or len(options) - len(reals) != sum(o.startswith("-std=c++") for o in options):
            raise ValueError(f"options must define REAL as float or double, and may choose a standard; got {options}")
        self.code, self.real = code, reals[0]

    def get_function(self, name):
        parameters = cuda_program.signatures(self.code).get(name)
        if parameters is None:
            raise RuntimeError(f"CUDA_ERROR_NOT_FOUND: named symbol not found: {name}")
        return Function(self, name, parameters)


class Function:
    def __init__(self, module, name, parameters):
        self.module, self.name, self.parameters = module, name, parameters

    def __call__(self, grid, block, args):
        check_launch(grid, block)
        if len(args) != len(self.parameters):
            raise TypeError(f"{self.name} takes {len(self.parameters)} arguments; got {len(args)}")
        for parameter, arg in zip(self.parameters, args):
            check_argument(parameter, arg, REALS[self.module.real])
        program = cuda_program.build(self.module.code, self.module.real, self.module.sanitizer)
        pointers = [p.pointer for p in self.parameters]
        after = cuda_program.run(program, self.name, grid[0], block[0], [as_bytes(a) for a in args], pointers)
        for parameter, arg, data in zip(self.parameters, args, after):
            if parameter.pointer and not parameter.const:
                arg.host[...] = np.frombuffer(data, arg.dtype).reshape(arg.shape)


def as_bytes(arg):
    return (arg.host if type(arg) is ndarray else arg).tobytes()


def check_launch(grid, block):
    if len(grid) != 1 or not 1 <= grid[0] < 2**31:
        raise ValueError(f"grid must be 1 to 2^31 - 1 blocks; got {grid}")
    if len(block) != 1 or block[0] % 32 or not 32 <= block[0] <= 1024:
        raise ValueError(f"a block must be whole warps, of at most 1024 threads together; got {block}")


def check_argument(parameter, arg, real):
    """Stricter than cupy with numbers: it would pass a Python int as 64 bits and a float as a double, whatever the text declares."""
    if not parameter.pointer:
        if type(arg) is not SCALARS[parameter.type]:
            raise TypeError(f"{parameter.name}: the text declares {parameter.type}; got {type(arg).__name__}")
    elif type(arg) is not ndarray or arg.dtype != real or not arg.flags.c_contiguous:
        raise TypeError(f"{parameter.name}: need a contiguous cupy array of {real.__name__}; got {type(arg).__name__} {getattr(arg, 'dtype', '')}")


def module(sanitizer="", device_there=True):
    """A fresh module to stand for cupy."""
    fake = types.ModuleType("cupy")
    for name in ON_ARRAYS:
        setattr(fake, name, on_device(getattr(np, name)))
    for name in FROM_HOST:
        setattr(fake, name, from_host(getattr(np, name)))
    fake.ndarray, fake.empty = ndarray, empty
    fake.empty_like = lambda array: empty(array.shape, array.dtype)
    fake.RawModule = type("RawModule", (RawModule,), {"sanitizer": sanitizer})
    fake.cuda = types.SimpleNamespace(is_available=lambda: device_there)
    return fake
