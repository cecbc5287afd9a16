"""numba: one compiled function per kernel that walks over rows; sums and exponentials become vector code, threads share the rows."""

from pathlib import Path

import sympy as sp
from sympy.printing.pycode import PythonCodePrinter

from .loop_printer import LoopKernel, ScalarPrinter
from .nest import Loop
from .text import HEADER, docstring, shape

RUNTIME = Path(__file__).parent / "runtime" / "numba_rows.py"
IMPORTS = """import math
from concurrent.futures import ThreadPoolExecutor

import numba as nb
import numpy as np
from llvmlite import ir
from numba.extending import intrinsic, overload
"""


class Expressions(ScalarPrinter, PythonCodePrinter):
    """Every literal is a `real`: an int or a Python float beside a float32 would make numba compute in double."""

    def _print_Integer(self, e):
        return f"real({int(e)})"

    def _print_Rational(self, e):
        return f"{self._print(sp.Integer(e.p))}/{self._print(sp.Integer(e.q))}"

    def _print_Float(self, e):
        return f"real({float(e)!r})"

    _print_Pi = _print_Exp1 = _print_Float

    def _print_NaN(self, e):
        return "real(np.nan)"

    def _print_Infinity(self, e):
        return "real(np.inf)"

    def _print_NegativeInfinity(self, e):
        return "real(-np.inf)"

    def _print_Relational(self, e):
        return f"{self._print(e.lhs)} {e.rel_op} {self._print(e.rhs)}"

    def _print_Max(self, e):
        *rest, last = e.args
        return f"_maximum({self._print(sp.Max(*rest))}, {self._print(last)})" if rest else self._print(last)

    def _print_Piecewise(self, e):
        *cases, (last, _) = e.args
        return "(" + "".join(f"{self._print(v)} if {self._print(c)} else " for v, c in cases) + f"{self._print(last)})"

    def _print_Function(self, e):
        return f"{FUNCTIONS[e.func.__name__]}({', '.join(map(self._print, e.args))})"

    _print_exp = _print_log = _print_log1p = _print_expm1 = _print_logaddexp = _print_Function
    _print_Abs = _print_sign = _print_sin = _print_cos = _print_floor = _print_Function


FUNCTIONS = {
    "exp": "_exp",
    "log": "math.log",
    "log1p": "math.log1p",
    "expm1": "math.expm1",
    "logaddexp": "_log_add_exp",
    "Upper": "_upper",
    "Coarse": "_coarse",
}
FUNCTIONS |= {"Abs": "abs", "sign": "np.sign", "sin": "math.sin", "cos": "math.cos", "floor": "np.floor"}


class Numba:
    """The words of Python that the walker asks for."""

    closing, lowest, threads = "", "lowest", None

    def __init__(self, kernel):
        self.nest, self.print = kernel.nest, Expressions().doprint

    def opening(self, header):
        return header + ":"

    def statement(self, text):
        return text

    def declare(self, name, value):
        return f"{name} = {value}"

    def number(self, text):
        return f"real({text})" if text.isdigit() else text

    def store(self, text, target):
        return text

    def place(self, name, indices):
        return f"{name}[{', '.join(map(str, indices))}]"

    def maximum(self, a, b):
        return f"_maximum({a}, {b})"

    def add(self, place, value):
        return f"{place} = _add({place}, {value})"

    def loop(self, index):
        return f"for {index} in range({index.size})"

    def block_loop(self, index, length):
        return f"for {index}_0 in range(0, {index.size}, {length})"

    def loop_in_block(self, index, length):
        return f"for {index} in _block({index}_0, {length}, {index.size})"

    def every_group(self, index):
        """The test for the last turn of a group of terms that share a logarithm."""
        return f"if {index} % GROUP == GROUP - 1"

    def multiply(self, *group_and_term):
        *group, x, y = group_and_term
        return f"{', '.join(group)} = _multiply({', '.join([*group, x, y])})"

    def flush(self, *places):
        return f"{', '.join(places)} = _flush({', '.join(places)})"

    def accumulate(self, total, rest, part):
        return f"{total}, {rest} = _accumulate({total}, {rest}, {part})"


class RowKernel(LoopKernel):
    """The body of one row. What an input holds for the whole turn of a loop is read before the loops inside.

    LLVM would read it in their every turn: it does not know that the arrays written there are others.
    """

    def __init__(self, kernel, depth):
        self.path, self.early = kernel.nest[:1], {}
        super().__init__(kernel, Numba(kernel), depth)

    def loop(self, loop):
        self.path += (loop.index,)
        super().loop(loop)
        self.path = self.path[:-1]

    def items(self, items):
        reads = {r for item in items if isinstance(item, Loop) for eq in item.equations for r in eq.reads}
        constant = {t: f"{t.base}_value" for t in self.kernel.inputs if t.indices == self.path and t in reads}
        for t, name in constant.items():
            self.line(self.syntax.declare(name, self.place(t)))
        outer, self.early = self.early, self.early | constant
        super().items(items)
        self.early = outer

    def place(self, t):
        return self.early.get(t) or super().place(t)


def function(kernel, source):
    """The text of one kernel: a public function that makes the results, and the compiled one that walks over rows."""
    body = RowKernel(kernel, depth=2)
    inputs, outputs = ", ".join(str(t.base) for t in kernel.inputs), ", ".join(str(t.base) for t in kernel.outputs)
    first, row = next(iter(kernel.inputs)).base, kernel.nest[0]
    sizes = [f"    {size} = {array}.shape[{axis}]" for size, (array, axis) in kernel.sizes.items()]
    one = "," * (len(kernel.outputs) == 1)  # always a tuple
    lowest = [f"    lowest = np.finfo({first}.dtype).min"] * any("lowest" in line for line in body.lines)
    return "\n".join(
        [
            f"def {kernel.name}({inputs}):",
            f'    r"""{docstring(kernel, source)}"""',
            *sizes,
            *(f"    {t.base} = np.empty({shape(t)}, {first}.dtype)" for t in kernel.outputs),
            f"    _run(_{kernel.name}, {row.size}, {sp.Mul(*(i.size for i in kernel.nest[1:]))}, ({inputs},), ({outputs},))",
            f"    return {outputs}{one}",
            "",
            "",
            "@_compiled",
            f"def _{kernel.name}(start, stop, {inputs}, {outputs}):",
            f"    real = {first}.dtype.type",
            *lowest,
            *sizes[1:],
            *(f"    {name} = np.empty({array_shape(dims)}, {first}.dtype)" for name, dims in body.arrays.items()),
            f"    for {row} in range(start, stop):",
            *body.lines,
        ]
    )


def array_shape(dims):
    return f"({', '.join(str(i.size) for i in dims)}{',' * (len(dims) == 1)})"


def module(kernels, source):
    """The text of one file, which needs numpy and numba."""
    head = f"# {HEADER.format(source=source)}\n{IMPORTS}\n\n"
    return "\n\n\n".join([head + RUNTIME.read_text().strip(), *(function(k, source) for k in kernels)]) + "\n"
