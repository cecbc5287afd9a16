"""Array printing: one numpy statement per equation, axes in the order of the kernel's nest, rows and one more index in blocks."""
from pathlib import Path

import sympy as sp
from sympy.printing.numpy import NumPyPrinter

from .equations import lower
from .text import HEADER, docstring, positive_first, shape

RUNTIME = Path(__file__).parent / "runtime" / "numpy_blocks.py"
UFUNCS = "exp log log1p expm1 sqrt cos sin sign floor logaddexp".split()


class Expressions(NumPyPrinter):
    """sympy's numpy printer where it serves, and plainer text where it does not."""

    _module = "np"

    def __init__(self):
        super().__init__({"fully_qualified_modules": False})
        for name in UFUNCS:
            setattr(self, f"_print_{name}", lambda e, name=name: f"np.{name}({', '.join(map(self._print, e.args))})")

    def _print_Abs(self, e):
        return f"np.abs({self._print(e.args[0])})"

    def _print_NegativeInfinity(self, e):
        return "-np.inf"

    def _print_Infinity(self, e):
        return "np.inf"

    def _print_Pi(self, e):
        return "np.pi"

    def _print_Relational(self, e):
        return f"({self._print(e.lhs)} {e.rel_op} {self._print(e.rhs)})"

    def _print_And(self, e):
        return " & ".join(map(self._print, e.args))

    def _print_Or(self, e):
        return " | ".join(map(self._print, e.args))

    def _print_Add(self, e, order=None):
        return positive_first(super()._print_Add, e)

    def _print_Max(self, e):
        numbers_last = sorted(e.args, key=lambda a: a.is_number)
        return f"np.maximum({', '.join(map(self._print, numbers_last))})"

    def _print_Piecewise(self, e):
        branch = lambda v: f"real({self._print(v)})" if v.is_number else self._print(v)         # np.where of two numbers is float64
        *cases, (last, _) = e.args
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
        self.kernel, self.printer = kernel, Expressions()
        self.slice = f"{kernel.blocked}s" if kernel.blocked else ""
        equations = lower(kernel, share=True)
        inside = [eq for eq in equations if kernel.blocked in eq.loops]
        self.folded = {eq.target.base for eq in inside if eq.index == kernel.blocked}
        self.kept = [t for t in kernel.outputs if kernel.blocked in t.indices]
        after = self.downstream(equations, inside)
        before = [eq for eq in equations if eq not in inside and eq not in after]
        self.lines = [line for eq in before for line in self.statement(eq)]
        if inside:
            self.lines += [*self.start(inside), f"for {self.slice} in _blocks({kernel.blocked.size}, {self.slice}_at_once):"]
            self.lines += [f"    {line}" for eq in inside for line in self.statement(eq)]
            self.lines += [f"    all_{t.base}[{self.place(t)}] = {t.base}" for t in self.kept]
        self.lines += [line for eq in after for line in self.statement(eq)]

    def downstream(self, equations, inside):
        """The equations that need a complete sum over the blocks."""
        late, after = set(self.folded), []
        for eq in equations:
            if eq not in inside and late & {r.base for r in eq.reads}:
                late.add(eq.target.base)
                after.append(eq)
        for eq in inside:
            if late & {r.base for r in eq.reads}:
                raise ValueError(f"kernel `{self.kernel.name}`: {eq.target} needs a sum over {self.kernel.blocked} inside the loop that makes it; a second pass is not supported.")
        return after

    def start(self, inside):
        rows_of = f"len({next(iter(self.kernel.inputs)).base})"
        sums = [f"{eq.target.base} = {'0' if eq.op == 'sum' else 'lowest'}" for eq in inside if eq.target.base in self.folded]
        return sums + [f"all_{t.base} = np.empty(({rows_of}, {', '.join(str(i.size) for i in t.indices[1:])}), real)" for t in self.kept]

    def axes(self, indices):
        return [i for i in self.kernel.nest if i in indices]

    def place(self, target):
        """[:, bins] where an array holds all bins and a block of them is meant."""
        return ", ".join(self.slice if i == self.kernel.blocked else ":" for i in target.indices[:target.indices.index(self.kernel.blocked) + 1])

    def read(self, r, axes):
        """The array r laid out on the axes."""
        name = str(r.base)
        if r in self.kernel.inputs and self.kernel.blocked in r.indices:
            name = f"{name}[{self.place(r)}]"
        tail = axes[axes.index(r.indices[0]):]
        layout = ", ".join(":" if i in r.indices else "None" for i in tail)
        return f"{name}[{layout}]" if "None" in layout else name

    def text(self, e, axes):
        """Every read becomes a symbol that carries its text: sympy's printer needs to know nothing of arrays."""
        return self.printer.doprint(e.xreplace({r: sp.Symbol(self.read(r, axes), extended_real=True) for r in e.atoms(sp.Indexed)}))

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
            return f"np.max({self.text(eq.body, axes)}, {axis}, initial=lowest)"
        factors = sp.Mul.make_args(eq.body)
        full = sp.Mul(*(f for f in factors if set(axes) <= f.free_symbols or not f.free_symbols))
        weight = sp.Mul(*(f for f in factors if f.free_symbols and not set(axes) <= f.free_symbols))
        if weight == 1 or axis == len(axes) - 1:                        # along the last axis numpy adds pairwise
            return f"np.sum({self.text(eq.body, axes)}, {axis})"
        of_weight = [i for i in axes if i in weight.free_symbols]
        letters = lambda indices: "".join(i.name[0] for i in indices)
        spec = f"{letters(of_weight)},{letters(axes)}->{letters(i for i in axes if i != eq.index)}"
        return f'np.einsum("{spec}", {self.text(weight, of_weight)}, {self.text(full, axes)})'


def function(kernel, source):
    """The text of one kernel: a public function that walks over blocks of rows, and the function of one block."""
    printed = ArrayKernel(kernel)
    row, blocked = kernel.nest[0], kernel.blocked
    inputs, outputs = [str(r.base) for r in kernel.inputs], [str(r.base) for r in kernel.outputs]
    sizes = [f"{size} = {of[0]}.shape[{of[1]}]" for size, of in kernel.sizes.items()]
    at_once = f"{printed.slice}_at_once" if blocked else ""
    inner = [i.size for i in kernel.nest[1:] if i != blocked]
    widths = [at_once] * bool(blocked) + [str(i) for i in inner]
    share = f"{at_once} = _at_once({blocked.size}, {', '.join(map(str, inner))})" if blocked else ""
    arguments = ", ".join(inputs + [at_once] * bool(blocked))
    block = ", ".join([f"{r.base}[rows]" for r in kernel.inputs] + [at_once] * bool(blocked))
    needed = " ".join(printed.lines)
    setup = [s for s in sizes if blocked and s.startswith(f"{blocked.size} ") or s.split()[0] in needed.replace("(", " ").replace(",", " ").replace(")", " ").split()]
    if "real" in needed or "lowest" in needed:
        setup.append(f"real = {inputs[0]}.dtype.type")
    if "lowest" in needed:
        setup.append("lowest = np.finfo(real).min")
    returned = [f"all_{o}" if o in {str(t.base) for t in printed.kept} else o for o in outputs]
    lines = [
        f"def {kernel.name}({', '.join(inputs)}):",
        f'    r"""{docstring(kernel, source)}"""',
        *(f"    {line}" for line in sizes),
        *(f"    {o} = np.empty({shape(t)}, {inputs[0]}.dtype)" for o, t in zip(outputs, kernel.outputs)),
        *([f"    {share}"] if share else []),
        '    with np.errstate(all="ignore"):',
        f"        for rows in _blocks({row.size}, _at_once({row.size}, {', '.join(widths)})):",
        f"            {', '.join(f'{o}[rows]' for o in outputs)} = _{kernel.name}({block})",
        f"    return {', '.join(outputs)}",
        "", "",
        f"def _{kernel.name}({arguments}):",
        *(f"    {line}" for line in setup + printed.lines),
        f"    return {', '.join(returned)}",
    ]
    return "\n".join(line.rstrip() for line in lines)


def module(kernels, source):
    """The text of one file, which needs numpy alone."""
    head = f"# {HEADER.format(source=source)}\nimport math\n\nimport numpy as np\n\n\n"
    return "\n\n\n".join([head + RUNTIME.read_text().strip(), *(function(k, source) for k in kernels)]) + "\n"
