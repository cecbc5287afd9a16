"""Array printing: one numpy statement per equation, axes in the order of the kernel's nest, rows and one more index in blocks."""

from pathlib import Path

import sympy as sp
from sympy.printing.numpy import NumPyPrinter

from .equations import lower
from .text import HEADER, docstring, positive_first, shape

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

    def _print_Pow(self, e):
        if e.exp == -1:
            return f"1/{self.parenthesize(e.base, 60)}"
        return super()._print_Pow(e)


class ArrayKernel:
    """The statements of one kernel: those before the loop over blocks of `kernel.blocked`, inside it, and after it."""

    def __init__(self, kernel):
        self.kernel, self.printer, self.lines = kernel, Expressions(), []
        self.first = next(iter(kernel.inputs)).base
        self.block = f"{kernel.blocked}s"
        equations = lower(kernel, share=True)
        inside = [eq for eq in equations if kernel.blocked in eq.loops]
        self.folded = {eq.target.base for eq in inside if eq.index == kernel.blocked}
        self.kept = [t for t in kernel.outputs if kernel.blocked in t.indices]
        after = self.downstream(equations, inside)
        self.add(eq for eq in equations if eq not in inside and eq not in after)
        if inside:
            self.loop(inside)
        self.add(after)

    def add(self, equations, indent=""):
        self.lines += [indent + line for eq in equations for line in self.statement(eq)]

    def loop(self, inside):
        """Sums start before the loop, what is kept bin by bin is joined behind it."""
        start = {"sum": "0", "max": f"np.finfo({self.first}.dtype).min"}
        self.lines += [f"{eq.target.base} = {start[eq.op]}" for eq in inside if eq.target.base in self.folded]
        self.lines += [f"all_{t.base} = []" for t in self.kept]
        self.lines.append(f"for {self.block} in all_{self.block}:")
        self.add(inside, "    ")
        self.lines += [f"    all_{t.base}.append({t.base})" for t in self.kept]
        self.lines += [f"{t.base} = np.concatenate(all_{t.base}, 1)" for t in self.kept]

    def downstream(self, equations, inside):
        """The equations that need a complete sum over the blocks."""
        late, after = set(self.folded), []
        for eq in equations:
            if late & {r.base for r in eq.reads}:
                if eq in inside:
                    what = f"{eq.target} needs a complete sum over {self.kernel.blocked} in the loop that makes it"
                    raise ValueError(f"kernel `{self.kernel.name}`: {what}; a second pass is not supported.")
                late.add(eq.target.base)
                after.append(eq)
        return after

    def axes(self, indices):
        return [i for i in self.kernel.nest if i in indices]

    def place(self, target):
        """[:, bins] where an array holds all bins and a block of them is meant."""
        return ", ".join([":"] * target.indices.index(self.kernel.blocked) + [self.block])

    def read(self, r, axes):
        """The array r laid out on the axes."""
        name = str(r.base)
        if r in self.kernel.inputs and self.kernel.blocked in r.indices:
            name = f"{name}[{self.place(r)}]"
        tail = axes[axes.index(r.indices[0]) :]
        layout = ", ".join(":" if i in r.indices else "None" for i in tail)
        return f"{name}[{layout}]" if "None" in layout else name

    def text(self, e, axes):
        """Every read becomes a symbol that carries its text: sympy's printer needs to know nothing of arrays."""
        return self.printer.doprint(
            e.xreplace({r: sp.Symbol(self.read(r, axes), extended_real=True) for r in e.atoms(sp.Indexed)})
        )

    def statement(self, eq):
        name, axes = str(eq.target.base), self.axes(eq.loops)
        if name in map(str, self.folded):
            value = self.reduced(eq, axes)
            return [f"{name} += {value}" if eq.op == "sum" else f"{name} = np.maximum({name}, {value})"]
        if eq.op:
            return [f"{name} = {self.reduced(eq, axes)}"]
        if isinstance(eq.body, sp.exp) and not eq.body.args[0].is_Atom and not isinstance(eq.body.args[0], sp.Indexed):
            return [f"{name} = {self.text(eq.body.args[0], axes)}", f"np.exp({name}, out={name})"]
        return [f"{name} = {self.text(eq.body, axes)}"]

    def reduced(self, eq, axes):
        axis = axes.index(eq.index)
        if eq.op == "max":
            return f"_max({self.text(eq.body, axes)}, {axis})"
        factors = sp.Mul.make_args(eq.body)
        full = sp.Mul(*(f for f in factors if set(axes) <= f.free_symbols or not f.free_symbols))
        weight = sp.Mul(*(f for f in factors if f.free_symbols and not set(axes) <= f.free_symbols))
        if weight == 1 or axis == len(axes) - 1:  # along the last axis numpy adds pairwise
            return f"np.sum({self.text(eq.body, axes)}, {axis})"
        of_weight = [i for i in axes if i in weight.free_symbols]
        letters = lambda indices: "".join("rbjcdefghik"[self.kernel.nest.index(i)] for i in indices)
        spec = f"{letters(of_weight)},{letters(axes)}->{letters(i for i in axes if i != eq.index)}"
        return f'np.einsum("{spec}", {self.text(weight, of_weight)}, {self.text(full, axes)})'


def function(kernel, source):
    """The text of one kernel: a public function that walks over blocks of rows, and the function of one such block."""
    printed, (row, *inner) = ArrayKernel(kernel), kernel.nest
    inputs, outputs = [str(t.base) for t in kernel.inputs], [str(t.base) for t in kernel.outputs]
    blocks = [f"all_{printed.block}"] if kernel.blocked else []
    widths = [f"{blocks[0]}[0].stop" if i == kernel.blocked else str(i.size) for i in inner]
    others = ", ".join(str(i.size) for i in inner if i != kernel.blocked)
    comma = "," * (len(outputs) == 1)  # always a tuple
    real = [f"    real = {printed.first}.dtype.type"] if any("real(" in line for line in printed.lines) else []
    return "\n".join(
        [
            f"def {kernel.name}({', '.join(inputs)}):",
            f'    r"""{docstring(kernel, source)}"""',
            *(f"    {size} = {array}.shape[{axis}]" for size, (array, axis) in kernel.sizes.items()),
            *(f"    {t.base} = np.empty({shape(t)}, {printed.first}.dtype)" for t in kernel.outputs),
            *(f"    {name} = _blocks({kernel.blocked.size}, {others})" for name in blocks),
            '    with np.errstate(all="ignore"):',
            f"        for rows in _blocks({row.size}, {', '.join(widths)}):",
            f"            block = _{kernel.name}({', '.join([f'{name}[rows]' for name in inputs] + blocks)})",
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


def module(kernels, source):
    """The text of one file, which needs numpy alone."""
    head = f"# {HEADER.format(source=source)}\nimport math\n\nimport numpy as np\n\n\n"
    return "\n\n\n".join([head + RUNTIME.read_text().strip(), *(function(k, source) for k in kernels)]) + "\n"
