"""CUDA C: one block of threads per row, which share the index `kernel.threads`; float and double from one text."""

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

    def opening(self, header):
        return header + " {"

    def statement(self, text):
        return text + ";"

    def declare(self, name, value):
        return f"REAL {name} = {value};"

    def number(self, text):
        return f"REAL({text})" if text.isdigit() else text

    def store(self, text, target):
        """What all threads know is stored by one of them."""
        return f"{text};" if self.threads in target.indices else f"if (threadIdx.x == 0) {text};"

    def place(self, name, indices):
        """Row-major, in 64-bit arithmetic: all indices and sizes are long long."""
        text = ""
        for i in indices:
            text = f"({text})*{i.size} + {i}" if "+" in text else f"{text}*{i.size} + {i}" if text else str(i)
        return f"{name}[{text}]"

    def maximum(self, a, b):
        return f"maximum({a}, {b})"

    def add(self, place, value):
        return f"{place} += {value}"

    def steps(self, index):
        """(the first place of this thread, its stride)"""
        return ("threadIdx.x", "blockDim.x") if index == self.threads else ("0", "1")

    def loop(self, index):
        first, stride = self.steps(index)
        return f"for (long long {index} = {first}; {index} < {index.size}; {index} += {stride})"

    def block_loop(self, index, length):
        """The loop over blocks; a block is `length` places for each thread."""
        stride = f"{length}LL*blockDim.x" if index == self.threads else f"{length}"
        return f"for (long long {index}_0 = 0; {index}_0 < {index.size}; {index}_0 += {stride})"

    def loop_in_block(self, index, length):
        first, stride = self.steps(index)
        first = f"{index}_0" if first == "0" else f"{index}_0 + {first}"
        end = f"{index}_0 + {length}LL*blockDim.x" if index == self.threads else f"{index}_0 + {length}"
        return f"for (long long {index} = {first}; {index} < {index.size} && {index} < {end}; {index} += {stride})"

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


def function(kernel, source):
    """The text of one kernel."""
    body = LoopKernel(kernel, Cuda(kernel), depth=2)
    row = kernel.nest[0]
    arguments = [f"const REAL *__restrict__ {t.base}" for t in kernel.inputs] + [
        f"long long {size}" for size in kernel.sizes
    ]
    arguments += [f"REAL *__restrict__ {t.base}" for t in kernel.outputs] + ["REAL *__restrict__ scratch"]
    arrays = [
        f"    REAL *{name} = scratch; scratch += {scratch_size({name: dims})};" for name, dims in body.arrays.items()
    ]
    total = scratch_size(body.arrays)
    return "\n".join(
        [
            f"// {kernel.title}",
            *(f"//     {line}" for line in formulas(kernel)),
            f"// One block per row (and stride over rows); a thread owns {kernel.threads} = threadIdx.x, + blockDim.x, ...",
            f"// `scratch`: {total} numbers a block.",
            f'extern "C" __global__ void {kernel.name}(',
            f"    {', '.join(arguments)})",
            "{",
            *["    __shared__ REAL lanes[32];"] * any("lanes" in line for line in body.lines),
            *([f"    scratch += blockIdx.x*({total});"] if body.arrays else []),
            *arrays,
            f"    for (long long {row} = blockIdx.x; {row} < {row.size}; {row} += gridDim.x) {{",
            *body.lines,
            "    }",
            "}",
        ]
    )


def module(kernels, source):
    """The text of one .cu file."""
    head = f"// {HEADER.format(source=source)}\n// Compile with -DREAL=float or -DREAL=double.\n"
    return head + (RUNTIME / "cuda.cuh").read_text() + "\n" + "\n\n\n".join(function(k, source) for k in kernels) + "\n"


def launcher(kernel, source):
    """The text of the Python function that launches one kernel on cupy arrays."""
    inputs, sizes = ", ".join(str(t.base) for t in kernel.inputs), ", ".join(map(str, kernel.sizes))
    scratch = scratch_size(LoopKernel(kernel, Cuda(kernel)).arrays)
    one = lambda found: "," * (len(found) == 1)  # always a tuple
    return "\n".join(
        [
            f"def {kernel.name}({inputs}):",
            f'    """{kernel.title} See kdeviz.kernels.numpy.{source}.{kernel.name}."""',
            *(f"    {size} = {array}.shape[{axis}]" for size, (array, axis) in kernel.sizes.items()),
            f"    outputs = {', '.join(shape(t) for t in kernel.outputs)}{one(kernel.outputs)}",
            f"    block = dict(scratch={scratch}, width={kernel.threads.size})",
            f'    return launch(source("{source}"), "{kernel.name}", ({inputs}{one(kernel.inputs)}), ({sizes}{one(kernel.sizes)}), outputs, **block)',
        ]
    )


def launch_module(kernels, source):
    """The text of the Python module beside a .cu file."""
    head = f"# {HEADER.format(source=source)}\nfrom . import source\nfrom .launch import launch\n\n\n"
    return head + "\n\n\n".join(launcher(k, source) for k in kernels) + "\n"
