"""Loop printing: one walker over the tree of loops; a language is a `Syntax`, a printer of expressions and a file template."""

from contextlib import contextmanager

import sympy as sp

from .nest import Loop, build
from .text import positive_first

SUM_BLOCK = 128  # a long sum is taken in blocks of so many terms a thread: n terms in a row lose n roundings, blocks 128 + n/128


class ScalarPrinter:
    """What the expression printers of loop languages have in common: small powers as products. Reductions and arrays are never seen."""

    def _print_Pow(self, e):
        if not (e.exp.is_Integer and abs(e.exp) <= 4):
            return super()._print_Pow(e)
        power = "*".join([self.parenthesize(e.base, 50)] * abs(int(e.exp)))
        power = f"({power})" if abs(e.exp) > 1 else power
        return power if e.exp > 0 else f"{self._print(sp.S.One)}/{power}"

    def _print_Add(self, e, order=None):
        return positive_first(super()._print_Add, e)


class LoopKernel:
    """The body of one row of a kernel, in the given syntax; `lines` its text, `arrays` the scratch it needs: name -> indices."""

    def __init__(self, kernel, syntax, depth=1):
        self.kernel, self.syntax, self.depth, self.lines = kernel, syntax, depth, []
        items, self.shape = build(kernel)
        self.outside = {t.base for t in (*kernel.inputs, *kernel.outputs)}
        self.arrays = {str(base): dims for base, dims in self.shape.items() if base not in self.outside and dims}
        self.items(items)
        self.refuse_shared_arrays()

    def refuse_shared_arrays(self):
        """An array without the threads' index would be written by all threads; two running indices have no loop."""
        for name, dims in self.arrays.items():
            if dims != (self.syntax.threads,) and self.syntax.threads:
                what = f"{name} would have to be kept over {dims}; only {self.syntax.threads}, which the threads share, is supported"
                raise ValueError(f"kernel `{self.kernel.name}`: {what}. Give it up, or compute it again where it is read.")

    # ---------------------------------------------------------------------------------------- expressions
    def place(self, t):
        """Where a quantity is stored: a scalar's name, or a place in an array."""
        kept = [i for i in t.indices if i in self.shape[t.base]]
        return self.syntax.place(str(t.base), kept) if kept else str(t.base)

    def text(self, e):
        """Every read becomes a symbol that carries its text: sympy's printer needs to know nothing of arrays."""
        again = lambda r: r.base not in self.shape  # a cheap quantity, a scalar here
        symbol = lambda r: sp.Symbol(str(r.base) if again(r) else self.place(r), extended_real=True)
        return self.syntax.print(e.xreplace({r: symbol(r) for r in e.atoms(sp.Indexed)}))

    # ---------------------------------------------------------------------------------------- statements
    def line(self, text):
        self.lines.append("    " * self.depth + text)

    @contextmanager
    def block(self, header):
        self.line(self.syntax.opening(header))
        self.depth += 1
        yield
        self.depth -= 1
        if self.syntax.closing:
            self.line(self.syntax.closing)

    def items(self, items):
        present = set()
        for item in items:
            if isinstance(item, Loop):
                self.loop(item)
                present = set()
            else:
                present = self.equation(item, present)

    def equation(self, eq, present):
        """One statement, after the cheap quantities it needs that are not there yet; returns what is there now."""
        for target, body in eq.again.items():
            if target not in present:
                self.line(self.syntax.declare(str(target.base), self.text(body)))
        value, place = self.text(eq.body), self.place(eq.target)
        if eq.op:
            place = self.running(eq)
            largest = f"{place} = {self.syntax.maximum(place, value)}"
            self.line(self.syntax.statement(self.syntax.add(place, value) if eq.op == "sum" else largest))
        elif self.shape[eq.target.base]:
            self.line(self.syntax.store(f"{place} = {value}", eq.target))
        else:
            self.line(self.syntax.declare(place, value))
        return present | eq.again.keys()

    # ---------------------------------------------------------------------------------------- loops and reductions
    def loop(self, loop):
        """A loop with what it reduces: neutral elements before it, sums in blocks, the threads' parts joined behind it."""
        sums, maxima = loop.reduced("sum"), loop.reduced("max")
        self.assign(sums, "{total}", "0")
        self.assign(maxima, "{total}", self.syntax.lowest)
        if sums and not loop.index.size.is_number:
            with self.block(self.syntax.block_loop(loop.index, SUM_BLOCK)):
                self.assign(sums, "{part}", "0")
                with self.block(self.syntax.loop_in_block(loop.index, SUM_BLOCK)):
                    self.items(loop.items)
                self.assign(sums, "{total}", "{part}", "+=")
        else:
            with self.block(self.syntax.loop(loop.index)):
                self.items(loop.items)
        for eq in sums + maxima:
            if text := self.syntax.join(self.place(eq.target), eq.op, loop.index):
                self.line(text)

    def running(self, eq):
        """Where a reduction accumulates: sums of unbounded length in the part of the current block."""
        return self.part(eq) if eq.op == "sum" and not eq.index.size.is_number else self.place(eq.target)

    def part(self, eq):
        """The place of the running block's part of a sum, beside the place of the sum."""
        name = f"{eq.target.base}_part"
        dims = self.shape[eq.target.base]
        if dims:
            self.arrays[name] = dims
        return self.syntax.place(name, list(dims)) if dims else name

    def assign(self, equations, left, right, operator="="):
        """One statement for each reduction, inside a loop over what it is kept over; scalars are declared by their first "="."""
        for dims in dict.fromkeys(self.shape[eq.target.base] for eq in equations):
            group = [eq for eq in equations if self.shape[eq.target.base] == dims]
            if len(dims) > 1:
                raise ValueError(
                    f"kernel `{self.kernel.name}`: {group[0].target} would need a running sum over {dims}; one index is supported."
                )
            if dims:
                with self.block(self.syntax.loop(dims[0])):
                    self.assign_here(group, left, right, operator)
            else:
                self.assign_here(group, left, right, operator)

    def assign_here(self, equations, left, right, operator):
        for eq in equations:
            names = {"total": self.place(eq.target), "part": self.part(eq) if eq.op == "sum" else ""}
            to, value = left.format(**names), right.format(**names)
            declares = operator == "=" and not self.shape[eq.target.base]
            self.line(
                self.syntax.declare(to, self.syntax.number(value))
                if declares
                else self.syntax.statement(f"{to} {operator} {self.syntax.number(value)}")
            )


def scratch_size(arrays):
    """How many numbers a row keeps, as an expression in the sizes."""
    return sp.Add(*(sp.Mul(*(i.size for i in dims)) for dims in arrays.values()))
