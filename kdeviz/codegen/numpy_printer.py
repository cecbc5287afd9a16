"""Array printing: one numpy statement per equation, axes in the order of the kernel's nest, rows and one more index in blocks."""

import textwrap
from pathlib import Path

import sympy as sp
from sympy.printing.numpy import NumPyPrinter

from .equations import is_elsewhere, is_long, lower, makers, step, whereabouts
from .text import HEADER, called, docstring, positive_first, shape

RUNTIME = Path(__file__).parent / "runtime" / "numpy_blocks.py"


class Expressions(NumPyPrinter):
    """sympy's numpy printer where it serves, and plainer text where it does not."""

    def _module_format(self, fqn, register=True):
        return fqn.replace("numpy.", "np.")

    def _print_Infinity(self, e):
        return "np.inf"

    def _print_NegativeInfinity(self, e):
        return "-np.inf"

    def _print_Relational(self, e):
        return f"({self._print(e.lhs)} {e.rel_op} {self._print(e.rhs)})"

    def _print_And(self, e):
        return " & ".join(map(self._print, e.args))

    def _print_Or(self, e):
        return " | ".join(map(self._print, e.args))

    def _print_Add(self, e, order=None):
        return positive_first(super()._print_Add, e)

    def _print_Max(self, e):
        *rest, last = sorted(e.args, key=lambda a: a.is_number)
        return f"np.maximum({self._print(sp.Max(*rest))}, {self._print(last)})" if rest else self._print(last)

    def _print_Piecewise(self, e):
        *cases, (last, _) = e.args
        typed = all(v.is_number for v, _ in e.args)  # np.where of Python numbers alone would be float64
        branch = lambda v: f"real({self._print(v)})" if typed else self._print(v)
        text = branch(last)
        for value, condition in reversed(cases):
            text = f"np.where({self._print(condition)}, {branch(value)}, {text})"
        return text

    def _print_cos(self, e):
        return f"_cos({self._print(e.args[0])})"

    def _print_sin(self, e):
        return f"_sin({self._print(e.args[0])})"

    def _print_Upper(self, e):
        return f"_upper({self._print(e.args[0])})"

    def _print_Coarse(self, e):
        return f"_coarse({self._print(e.args[0])})"

    def _print_Pow(self, e):
        if e.exp == -1:
            return f"1/{self.parenthesize(e.base, 60)}"
        return super()._print_Pow(e)


class ArrayKernel:
    """The statements of one kernel. What has the index `kernel.blocked` is computed in loops over its blocks, a pass for each sum in a sum."""

    def __init__(self, kernel):
        self.kernel, self.printer, self.lines = kernel, Expressions(), []
        self.first = next(iter(kernel.inputs)).base
        self.block = f"{kernel.blocked}s"
        equations = lower(kernel, share=True)
        self.maker = makers(equations)
        self.folded = {t.base for eq in equations if eq.index == kernel.blocked and eq.op for t in eq.targets}
        self.passes = self.pass_of(equations)
        for number in range(1 + max(self.passes.values())):
            now = [eq for eq in equations if self.passes[eq] == number]
            inside = [eq for eq in now if kernel.blocked in eq.loops]
            self.add(eq for eq in now if eq not in inside)
            if inside:
                self.loop([eq for eq in equations if eq in self.again(inside, number)])

    def add(self, equations, indent=""):
        self.lines += [indent + line for eq in equations for line in self.statement(eq)]

    def pass_of(self, equations):
        """{equation: the pass in which it can be computed}: one more than that of a sum over the blocks that it reads."""
        passes = {}
        for eq in equations:
            ready = [
                passes[self.maker[r.base]] + (r.base in self.folded)
                for r in eq.reads
                if r.base in self.maker and r != eq.own
            ]
            passes[eq] = max(ready, default=0)
        return passes

    def again(self, inside, number):
        """The equations of a pass, with those of earlier passes that it must compute again: a block is not kept."""
        found, wanted = set(), list(inside)
        while wanted:
            eq = wanted.pop()
            if eq not in found:
                found.add(eq)
                wanted += [self.maker[r.base] for r in eq.reads if r.base in self.maker and self.is_of_block(r)]
        return found

    def is_of_block(self, r):
        return self.kernel.blocked in r.indices and r.base not in self.folded

    def loop(self, inside):
        """Sums start before the loop, what is kept block by block is joined behind it."""
        start = {"sum": "0", "max": f"np.finfo({self.first}.dtype).min"}
        kept = [t for eq in inside for t in eq.targets if t in self.kernel.outputs and self.kernel.blocked in t.indices]
        self.lines += [f"{self.running(eq)} = {start[eq.op]}" for eq in inside if eq.target.base in self.folded]
        self.lines += [f"all_{t.base} = []" for t in kept]
        self.lines.append(f"for {self.block} in all_{self.block}:")
        self.add(inside, "    ")
        self.lines += [f"    all_{t.base}.append({t.base})" for t in kept]
        self.lines += [f"{t.base} = np.concatenate(all_{t.base}, 1)" for t in kept]

    def running(self, eq):
        """A sum that may be long also keeps what rounding has taken from it."""
        return f"{eq.target.base} = {eq.target.base}_rest" if is_long(eq) else str(eq.target.base)

    @property
    def beside_blocks(self):
        """The sizes that arrays of a block have beside that of rows."""
        found = set().union(*(eq.loops for eq in self.passes if self.kernel.blocked in eq.loops))
        return [str(i.size) for i in self.kernel.nest[1:] if i in found and i != self.kernel.blocked]

    def axes(self, indices):
        return [i for i in self.kernel.nest if i in indices]

    def place(self, target):
        """[:, bins] where an array holds all bins and a block of them is meant."""
        return ", ".join([":"] * target.indices.index(self.kernel.blocked) + [self.block])

    def read(self, r, axes):
        """The array r laid out on the axes."""
        name = str(r.base)
        if is_elsewhere(r):
            return self.read_elsewhere(r)
        if r in self.kernel.inputs and self.kernel.blocked in r.indices:
            name = f"{name}[{self.place(r)}]"
        tail = axes[axes.index(r.indices[0]) :]
        layout = ", ".join(":" if i in r.indices else "None" for i in tail)
        return f"{name}[{layout}]" if "None" in layout else name

    def read_elsewhere(self, r):
        """The neighbours of all places, or the place at an end."""
        if not step(r):
            return f"{r.base}[:, {-1 if whereabouts(r) == 'at_end' else 0}]"
        return f"_neighbours({r.base}, {self.edge(self.maker[r.base])}, {step(r)})"

    def text(self, e, axes):
        """Every read becomes a symbol that carries its text: sympy's printer needs to know nothing of arrays."""
        return self.printer.doprint(
            e.xreplace({r: sp.Symbol(self.read(r, axes), extended_real=True) for r in e.atoms(sp.Indexed)})
        )

    def statement(self, eq):
        name, axes = str(eq.target.base), self.axes(eq.loops)
        if eq.op == "remainder":
            x, y = (self.text(part, axes) for part in eq.body)
            return [f"{', '.join(str(t.base) for t in eq.targets)} = _remainder({x}, {y}, {axes.index(eq.index)})"]
        if name in map(str, self.folded):
            value = self.reduced(eq, axes)
            if is_long(eq):
                return [f"{name}, {name}_rest = _accumulate({name}, {name}_rest, {value})"]
            return [f"{name} += {value}" if eq.op == "sum" else f"{name} = np.maximum({name}, {value})"]
        if eq.op:
            return [f"{name} = {self.reduced(eq, axes)}"]
        if eq.direction:
            return [f"{name} = {self.scan(eq, axes)}"]
        if isinstance(eq.body, sp.exp) and not eq.body.args[0].is_Atom and not isinstance(eq.body.args[0], sp.Indexed):
            return [f"{name} = {self.text(eq.body.args[0], axes)}", f"np.exp({name}, out={name})"]
        return [f"{name} = {self.text(eq.body, axes)}"]

    def scan(self, eq, axes):
        """A scan from the last place to the first is one of the reversed row."""
        kind, *parts = eq.recurrence
        texts = [self.text(part, axes) for part in parts]
        return f"_{kind}_scan({', '.join(texts)}, {self.edge(eq)}, {eq.direction})"

    def edge(self, eq):
        """What is beyond the ends of an array, a number for all rows or one for each."""
        return self.text(eq.edge, [self.kernel.nest[0]])

    def reduced(self, eq, axes):
        axis = axes.index(eq.index)
        if eq.op == "max":
            return f"_max({self.text(eq.body, axes)}, {axis})"
        factors = sp.Mul.make_args(eq.body)
        full = sp.Mul(*(f for f in factors if set(axes) <= f.free_symbols or not f.free_symbols))
        weight = sp.Mul(*(f for f in factors if f.free_symbols and not set(axes) <= f.free_symbols))
        if weight == 1 or axis == len(axes) - 1:
            in_pairs = axis < len(axes) - 1 and is_long(eq)  # along the last axis numpy does it
            return f"{'_sum' if in_pairs else 'np.sum'}({self.text(eq.body, axes)}, {axis})"
        of_weight = [i for i in axes if i in weight.free_symbols]
        letters = lambda indices: "".join("rbjcdefghik"[self.kernel.nest.index(i)] for i in indices)
        spec = f"{letters(of_weight)},{letters(axes)}->{letters(i for i in axes if i != eq.index)}"
        return f'np.einsum("{spec}", {self.text(weight, of_weight)}, {self.text(full, axes)})'


def function(kernel, source):
    """The text of one kernel: a public function that walks over blocks of rows, and the function of one such block."""
    printed, (row, *inner) = ArrayKernel(kernel), kernel.nest
    inputs, outputs = [str(t.base) for t in kernel.inputs], [str(t.base) for t in kernel.outputs]
    blocks = [f"all_{printed.block}"] if kernel.blocked else []
    widths = [*printed.beside_blocks, f"{blocks[0]}[0].stop"] if blocks else [str(i.size) for i in inner]
    others = printed.beside_blocks + ["most=2**14"] * (not printed.beside_blocks)
    fewer = ", numbers=2**14" * any(eq.direction for eq in printed.passes)  # a scan goes across the rows of a block, place by place
    comma = "," * (len(outputs) == 1)  # always a tuple
    asked = {str(row.size), *widths, *(str(i.size) for t in kernel.outputs for i in t.indices)}
    asked |= {str(kernel.blocked.size)} if blocks else set()
    real = [f"    real = {printed.first}.dtype.type"] if any("real(" in line for line in printed.lines) else []
    return "\n".join(
        [
            f"def {kernel.name}({', '.join(inputs)}):",
            f'    r"""{docstring(kernel, source)}"""',
            *(
                f"    {size} = {array}.shape[{axis}]"
                for size, (array, axis) in kernel.sizes.items()
                if str(size) in asked
            ),
            *(f"    {t.base} = np.empty({shape(t)}, {printed.first}.dtype)" for t in kernel.outputs),
            *(f"    {name} = _blocks({', '.join([str(kernel.blocked.size), *others])})" for name in blocks),
            '    with np.errstate(all="ignore"):',
            f"        for rows in _blocks({', '.join([str(row.size), *widths])}, most={row.size}{fewer}):",
            f"            block = _{kernel.name}({', '.join([of_rows(t, kernel) for t in kernel.inputs] + blocks)})",
            f"            {', '.join(f'{name}[rows]' for name in outputs)}{comma} = block",
            f"    return {', '.join(outputs)}{comma}",
            "",
            "",
            f"def _{kernel.name}({', '.join(inputs + blocks)}):",
            *real,
            *(f"    {line}" for line in printed.lines),
            f"    return {', '.join(outputs)}{comma}",
        ]
    )


def of_rows(target, kernel):
    return str(target.base) if target in kernel.tables else f"{target.base}[rows]"


def tables(kernels):
    """The text of the constants: {dtype name: {array: its values}}, each an exact expression, rounded once."""
    found = {str(target.base): values for k in kernels for target, values in k.tables.items()}
    about = "# Constants by precision, each an exact expression of the derivation, rounded once; arrays of them are arguments above."
    lines = [about, "TABLES = {"]
    for dtype in dict.fromkeys(dtype for values in found.values() for dtype in values):
        lines.append(f'    "{dtype}": {{')
        for name, values in found.items():
            numbers = ", ".join(repr(float(sp.N(v, 40))) for v in values[dtype])
            wrapped = textwrap.wrap(numbers, 110, initial_indent=" " * 12, subsequent_indent=" " * 12)
            lines += [f'        "{name}": [', *wrapped, "        ],"]
        lines.append("    },")
    return ["\n".join([*lines, "}"])] if found else []


def module(kernels, source):
    """The text of one file, which needs numpy alone."""
    head = f"# {HEADER.format(source=source)}\nimport math\n\nimport numpy as np\n\n\n"
    functions = [function(k, source) for k in kernels]
    return "\n\n\n".join([head + called(RUNTIME, functions), *functions, *tables(kernels)]) + "\n"
