"""numba: one compiled function per kernel that walks over rows; sums and exponentials become vector code, threads share the rows."""

import re
from pathlib import Path

import sympy as sp
from sympy.printing.pycode import PythonCodePrinter

from .declare import Index
from .loop_printer import LoopKernel, ScalarPrinter
from .nest import Loop, reads
from .text import HEADER, called, docstring, shape

RUNTIME = Path(__file__).parent / "runtime" / "numba_rows.py"
IMPORTS = """import math
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numba as nb
import numpy as np
from llvmlite import ir
from numba.extending import intrinsic, overload, register_jitable
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
    _print_Abs = _print_sign = _print_sin = _print_cos = _print_atan2 = _print_floor = _print_Function


FUNCTIONS = {
    "exp": "_exp",
    "log": "_log",
    "log1p": "_log1p",
    "expm1": "_expm1",
    "logaddexp": "_log_add_exp",
    "atan2": "_angle",
    "Upper": "_upper",
    "Coarse": "_coarse",
}
FUNCTIONS |= {"Abs": "abs", "sign": "np.sign", "sin": "_sin", "cos": "_cos", "floor": "np.floor"}


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

    def place(self, name, indices, sizes):
        return f"{name}[{', '.join(map(self.number_of_place, indices))}]"

    place_in_scratch = place

    def number_of_place(self, i):
        """Unsigned where it is computed, as those of `_block` are."""
        index, offset = i.as_independent(Index, as_Add=True)[::-1] if i.has(Index) else (i, 0)
        return f"np.uint64({index}) + np.uint64({offset})" if offset else str(index)

    def maximum(self, a, b):
        return f"_maximum({a}, {b})"

    def add(self, place, value):
        return f"{place} = _add({place}, {value})"

    def loop(self, index, direction=1):
        backwards = f"range({index.size} - 1, -1, -1)"
        return f"for {index} in {backwards if direction < 0 else f'range({index.size})'}"

    def block_loop(self, index, length):
        return f"for {index}_0 in range(0, {index.size}, {length})"

    def loop_in_block(self, index, length):
        return f"for {index} in _block({index}_0, {length}, {index.size})"

    def multiply(self, *group_and_term):
        *group, x, y = group_and_term
        return f"{', '.join(group)} = _multiply({', '.join([*group, x, y])})"

    def accumulate_group(self, *places):
        return f"{', '.join(places[:4])} = _accumulate_group({', '.join(places)})"

    def accumulate(self, total, rest, part):
        return f"{total}, {rest} = _accumulate({total}, {rest}, {part})"


class RowKernel(LoopKernel):
    """The body of one row. What is constant within a turn of a loop is read before the loops inside it.

    LLVM would read it in their every turn: it does not know that the arrays written there are others.
    """

    def __init__(self, kernel, depth):
        self.path, self.early, self.inner_reads = kernel.nest[:1], {}, set()
        super().__init__(kernel, Numba(kernel), depth)

    def loop(self, loop):
        self.path += (loop.index,)
        super().loop(loop) if not isinstance(loop, OppositeScans) else self.both_ways(loop)
        self.path = self.path[:-1]

    def both_ways(self, scans):
        """Two scans in one loop, from both ends: while the processor waits for a term of one, it works on the other."""
        back = f"{scans.index}_back"
        for loop in (scans.forward, scans.backward):
            self.write_edges(loop)
        with self.block(self.syntax.loop(scans.index)):
            self.items(scans.forward.items)
            self.line(f"{back} = {scans.index.size} - 1 - {scans.index}")
            start = len(self.lines)
            self.items(scans.backward.items)
            self.lines[start:] = [re.sub(rf"\b{scans.index}\b", back, line) for line in self.lines[start:]]

    def items(self, items):
        inside = [eq for item in items if isinstance(item, Loop) for eq in item.equations]
        made = {t.base for eq in [*inside, *(item for item in items if not isinstance(item, Loop))] for t in eq.targets}
        outer = self.early, self.inner_reads
        self.inner_reads = {r for eq in inside for r in eq.reads}
        reads = sorted((r for r in self.inner_reads if r.base not in made and self.is_constant(r)), key=str)
        constant = {r: f"{r.base}_value" for r in reads}
        for r, name in constant.items():
            self.line(self.syntax.declare(name, self.place(r)))
        self.early = self.early | constant
        super().items([*join_opposite_scans(items)])
        self.early, self.inner_reads = outer

    def equation(self, eq, present):
        present = super().equation(eq, present)
        if not eq.op and eq.target in self.inner_reads and self.is_constant(eq.target):
            self.early[eq.target] = f"{eq.target.base}_value"
            self.line(self.syntax.declare(self.early[eq.target], super().place(eq.target)))
        return present

    def is_constant(self, r):
        """It is a place in an array, of the loops that are open, and those alone."""
        kept = self.shape.get(r.base)
        return bool(kept) and set(kept) <= set(self.path) and self.path[-1] in kept and r not in self.early

    def place(self, t):
        return self.early.get(t) or super().place(t)


class OppositeScans(Loop):
    """A forward scan and a backward one over the same index; neither reads what the other makes."""

    def __init__(self, forward, backward):
        super().__init__(forward.index, 1, forward.equations + backward.equations)
        self.forward, self.backward = forward, backward


def join_opposite_scans(items):
    """The items, with neighbouring scans of opposite directions in one."""
    items = list(items)
    while items:
        first, *rest = items
        if rest and are_opposite_scans(first, rest[0]):
            first, *rest = OppositeScans(*sorted((first, rest[0]), key=lambda loop: -loop.direction)), *rest[1:]
        yield first
        items = rest


def are_opposite_scans(first, second):
    loops = isinstance(first, Loop) and isinstance(second, Loop)
    if not loops or first.index != second.index or first.direction * second.direction != -1:
        return False
    made = [t for eq in first.equations for t in eq.targets]
    return not any(reads(eq, made) for eq in second.equations)


def function(kernel, source):
    """The text of one kernel: a public function that makes the results, and the compiled one that walks over rows."""
    body = RowKernel(kernel, depth=2)
    inputs, outputs = ", ".join(str(t.base) for t in kernel.inputs), ", ".join(str(t.base) for t in kernel.outputs)
    first, row = next(iter(kernel.inputs)).base, kernel.nest[0]
    sizes = [f"    {size} = {array}.shape[{axis}]" for size, (array, axis) in kernel.sizes.items()]
    one = "," * (len(kernel.outputs) == 1)  # always a tuple
    real = [f"    real = {first}.dtype.type"] * any(re.search(r"\breal\b", line) for line in body.lines)
    lowest = [f"    lowest = np.finfo({first}.dtype).min"] * any("lowest" in line for line in body.lines)
    return "\n".join(
        [
            f"def {kernel.name}({inputs}):",
            f'    r"""{docstring(kernel, source)}"""',
            *sizes,
            *(f"    {t.base} = _apart({shape(t)}, {first}.dtype)" for t in kernel.outputs),
            f"    _run(_{kernel.name}, {row.size}, {work(kernel, body)}, ({inputs},), ({outputs},))",
            f"    return {outputs}{one}",
            "",
            "",
            "@_compiled",
            f"def _{kernel.name}(start, stop, {inputs}, {outputs}):",
            *real,
            *lowest,
            *sizes[1:],
            *(f"    {name} = _apart({as_shape(sizes)}, {first}.dtype)" for name, sizes in body.arrays.items()),
            f"    for {row} in range(start, stop):",
            *body.lines,
        ]
    )


def work(kernel, body):
    """What a row costs, about: a unit is a function of an element."""
    functions = sum(len(re.findall(r"_(?:exp|expm1|log|log1p|log_add_exp|sin|cos|multiply)\(", line)) for line in body.lines)
    return sp.Mul(max(1, functions), *(i.size for i in kernel.nest[1:]))


def as_shape(sizes):
    return f"({', '.join(map(str, sizes))}{',' * (len(sizes) == 1)})"


def module(kernels, source):
    """The text of one file, which needs numpy and numba."""
    functions = [function(k, source) for k in kernels]
    parts = [called(RUNTIME, functions), *functions]
    head = f"# {HEADER.format(source=source)}\n{imports(parts)}\n\n"
    return head + "\n\n\n".join(parts) + "\n"


def imports(parts):
    """The lines of IMPORTS, with those names that the parts use."""
    used, lines = set(re.findall(r"\w+", "\n".join(parts))), []
    for line in IMPORTS.splitlines():
        start, _, names = line.partition("import ")
        kept = [name for name in names.split(", ") if name.split(" ")[-1] in used]
        lines += [f"{start}import {', '.join(kept)}"] if kept else [] if line else [""]
    return "\n".join([*lines, ""])
