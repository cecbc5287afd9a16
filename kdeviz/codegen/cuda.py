"""CUDA C, float and double from one text: one block of threads per row, which share the index `kernel.threads`, or one thread per row."""

from functools import cache
from pathlib import Path

import sympy as sp
from sympy.printing.c import C99CodePrinter

from .loop_printer import LoopKernel, ScalarPrinter, scratch_size
from .text import HEADER, formulas, shape

RUNTIME = Path(__file__).parent / "runtime"


class Expressions(ScalarPrinter, C99CodePrinter):
    """Every literal is a REAL: a bare 0.5 would make the float build compute in double."""

    def _print_Integer(self, e):
        return f"REAL({int(e)})" if abs(e) < 2**31 else f"REAL({float(e)!r})"

    def _print_Rational(self, e):
        return f"{self._print(sp.Integer(e.p))}/{self._print(sp.Integer(e.q))}"

    def _print_Float(self, e):
        return f"REAL({super()._print_Float(e)})"

    def _print_Pi(self, e):
        return f"REAL({e.evalf(21)})"

    _print_Exp1 = _print_Pi

    def _print_NaN(self, e):
        return "(INFINITE - INFINITE)"

    def _print_Infinity(self, e):
        return "INFINITE"

    def _print_NegativeInfinity(self, e):
        return "-INFINITE"

    def _print_Relational(self, e):
        return f"{self._print(e.lhs)} {e.rel_op} {self._print(e.rhs)}"

    def _print_Max(self, e):
        *rest, last = e.args
        return f"maximum({self._print(sp.Max(*rest))}, {self._print(last)})" if rest else self._print(last)

    def _print_Piecewise(self, e):
        *cases, (last, _) = e.args
        return "(" + "".join(f"{self._print(c)} ? {self._print(v)} : " for v, c in cases) + f"{self._print(last)})"

    def _print_logaddexp(self, e):
        return f"log_add_exp({', '.join(map(self._print, e.args))})"

    def _print_sin(self, e):
        return self.circular("sin", e.args[0])

    def _print_cos(self, e):
        return self.circular("cos", e.args[0])

    def circular(self, name, angle):
        """sinpi(x) for sin(pi x): sin of a float reduces its argument in double on the device."""
        turns = angle / sp.pi
        return f"{name}({self._print(angle)})" if turns.has(sp.pi) else f"{name}pi({self._print(turns)})"

    def _print_Abs(self, e):
        return f"fabs({self._print(e.args[0])})"

    def _print_sign(self, e):
        return f"sign({self._print(e.args[0])})"

    def _print_Upper(self, e):
        return f"upper({self._print(e.args[0])})"

    def _print_Coarse(self, e):
        return f"coarse({self._print(e.args[0])})"


class Cuda:
    """The words of CUDA C that the walker asks for."""

    closing, lowest = "}", "LOWEST"

    barrier = "__syncthreads();"

    def __init__(self, kernel):
        self.nest, self.threads, self.print = kernel.cuda_nest or kernel.nest, kernel.threads, Expressions().doprint
        self.rolled = "" if kernel.threads else "ROLLED "

    def opening(self, header):
        return header + " {"

    def statement(self, text):
        return text + ";"

    def declare(self, name, value):
        return f"REAL {name} = {value};"

    def number(self, text):
        return f"REAL({text})" if text.isdigit() else text

    def store(self, text, target):
        """What all threads of a block know is stored by one of them."""
        return f"if (threadIdx.x == 0) {text};" if self.threads and self.threads not in target.indices else f"{text};"

    def place(self, name, indices, sizes):
        return f"{name}[{self.offset(indices, sizes)}]"

    def place_in_scratch(self, name, indices, sizes):
        """Threads that have a row each have neighbouring places."""
        offset = self.offset(indices, sizes)
        one_each = f"({offset})*all_threads" if "+" in offset else f"{offset}*all_threads"
        return f"{name}[{offset if self.threads else one_each}]"

    def offset(self, indices, sizes):
        """Row-major, in 64-bit arithmetic: all indices and sizes are long long."""
        text = ""
        for i, size in zip(indices, sizes):
            text = f"({text})*{size} + {i}" if "+" in text else f"{text}*{size} + {i}" if text else str(i)
        return text

    def maximum(self, a, b):
        return f"maximum({a}, {b})"

    def add(self, place, value):
        return f"{place} += {value}"

    def steps(self, index):
        """(the first place of this thread, its stride)"""
        return ("threadIdx.x", "blockDim.x") if index == self.threads else ("0", "1")

    def loop(self, index, direction=1):
        if direction < 0:
            return f"{self.rolled}for (long long {index} = {index.size} - 1; {index} >= 0; --{index})"
        first, stride = self.steps(index)
        return f"{self.rolled}for (long long {index} = {first}; {index} < {index.size}; {index} += {stride})"

    def block_loop(self, index, length):
        """The loop over blocks; a block is `length` places for each thread."""
        stride = f"{length}LL*blockDim.x" if index == self.threads else f"{length}"
        return f"for (long long {index}_0 = 0; {index}_0 < {index.size}; {index}_0 += {stride})"

    def loop_in_block(self, index, length):
        first, stride = self.steps(index)
        first = f"{index}_0" if first == "0" else f"{index}_0 + {first}"
        end = f"{index}_0 + {length}LL*blockDim.x" if index == self.threads else f"{index}_0 + {length}"
        return f"{self.rolled}for (long long {index} = {first}; {index} < {index.size} && {index} < {end}; {index} += {stride})"

    def multiply(self, *places_and_term):
        return f"multiply({', '.join(places_and_term)});"

    def accumulate_group(self, *places):
        return f"accumulate_group({', '.join(places)});"

    def accumulate(self, total, rest, part):
        return f"accumulate({total}, {rest}, {part});"

    def join(self, place, op):
        """The threads' parts of a reduction become one value that all of them know."""
        name, neutral = ("Max", "LOWEST") if op == "max" else ("Sum", "REAL(0)")
        return f"{place} = block_reduce<{name}>({place}, {neutral}, lanes);"


@cache
def one_row(kernel):
    """The body of one row, for the text and for its launch."""
    return LoopKernel(kernel, Cuda(kernel), depth=2)


def function(kernel, source):
    """The text of one kernel."""
    body = one_row(kernel)
    arguments = [f"const REAL *__restrict__ {t.base}" for t in kernel.inputs] + [
        f"long long {size}" for size in kernel.sizes
    ]
    arguments += [f"REAL *__restrict__ {t.base}" for t in kernel.outputs] + ["REAL *__restrict__ scratch"]
    each = "{}" if kernel.threads else "({})*all_threads"
    arrays = [
        f"    REAL *{name} = scratch; scratch += {each.format(scratch_size({name: sizes}))};"
        for name, sizes in body.arrays.items()
    ]
    owner, start, opening = (by_blocks if kernel.threads else by_threads)(kernel, scratch_size(body.arrays))
    return "\n".join(
        [
            f"// {kernel.title}",
            *(f"//     {line}" for line in formulas(kernel)),
            *owner,
            f'extern "C" __global__ void {kernel.name}(',
            f"    {', '.join(arguments)})",
            "{",
            *["    __shared__ REAL lanes[32];"] * any("lanes" in line for line in body.lines),
            *(start if body.arrays or not kernel.threads else []),
            *arrays,
            f"    {opening}",
            *body.lines,
            "    }",
            "}",
        ]
    )


def by_blocks(kernel, total):
    """(what is said of it, where a block's scratch starts, the loop over rows) of a kernel whose rows have a block each."""
    row = kernel.nest[0]
    about = (
        f"// One block per row (and stride over rows); a thread owns {kernel.threads} = threadIdx.x, + blockDim.x, ..."
    )
    said = [about, f"// `scratch`: {total} numbers a block."]
    opening = f"for (long long {row} = blockIdx.x; {row} < {row.size}; {row} += gridDim.x) {{"
    return said, [f"    scratch += blockIdx.x*({total});"], opening


def by_threads(kernel, total):
    """The same of a kernel whose rows have a thread each."""
    row = kernel.nest[0]
    said = [
        "// One thread per row (and stride over rows).",
        f"// `scratch`: {total} numbers a thread, those of all threads side by side.",
    ]
    start = [
        "    const long long thread = (long long)blockIdx.x*blockDim.x + threadIdx.x;",
        f"    const long long all_threads = {row.size} < (long long)gridDim.x*blockDim.x ? {row.size} : (long long)gridDim.x*blockDim.x;",
        "    scratch += thread;",
    ]
    return said, start, f"for (long long {row} = thread; {row} < {row.size}; {row} += all_threads) {{"


def module(kernels, source):
    """The text of one .cu file."""
    head = f"// {HEADER.format(source=source)}\n// Compile with -DREAL=float or -DREAL=double.\n"
    return head + (RUNTIME / "cuda.cuh").read_text() + "\n" + "\n\n\n".join(function(k, source) for k in kernels) + "\n"


def launcher(kernel, source):
    """The text of the Python function that launches one kernel on cupy arrays."""
    inputs, sizes = ", ".join(str(t.base) for t in kernel.inputs), ", ".join(map(str, kernel.sizes))
    scratch = scratch_size(one_row(kernel).arrays)
    width = f"width={kernel.threads.size}" if kernel.threads else "serial=True"
    one = lambda found: "," * (len(found) == 1)  # always a tuple
    return "\n".join(
        [
            f"def {kernel.name}({inputs}):",
            f'    """{kernel.title} See kdeviz.kernels.numpy.{source}.{kernel.name}."""',
            *(f"    {size} = {array}.shape[{axis}]" for size, (array, axis) in kernel.sizes.items()),
            f"    outputs = {', '.join(shape(t) for t in kernel.outputs)}{one(kernel.outputs)}",
            f"    block = dict(scratch={scratch}, {width})",
            f'    return launch(source("{source}"), "{kernel.name}", ({inputs}{one(kernel.inputs)}), ({sizes}{one(kernel.sizes)}), outputs, **block)',
        ]
    )


def launch_module(kernels, source):
    """The text of the Python module beside a .cu file."""
    head = f"# {HEADER.format(source=source)}\nfrom . import source\nfrom .launch import launch\n\n\n"
    return head + "\n\n\n".join(launcher(k, source) for k in kernels) + "\n"
