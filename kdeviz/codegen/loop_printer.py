"""Loop printing: one walker over the tree of loops; a language is a `Syntax`, a printer of expressions and a file template."""

from contextlib import contextmanager, nullcontext

import sympy as sp

from .declare import Index
from .equations import is_long
from .nest import Loop, build
from .text import positive_first

# A long sum is taken in blocks of so many terms a thread, and the blocks' sums are added with compensation. Equal terms that are added
# one after another are rounded alike; vector code adds them in several lanes.
SERIAL_BLOCK, VECTOR_BLOCK = 16, 128


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
    """The body of one row of a kernel, in the given syntax; `lines` its text, `arrays` the scratch it needs: name -> sizes."""

    def __init__(self, kernel, syntax, depth=1):
        self.kernel, self.syntax, self.depth, self.lines = kernel, syntax, depth, []
        items, self.shape = build(kernel, syntax.nest)
        self.outside = {t.base for t in (*kernel.inputs, *kernel.outputs)}
        self.padded = {eq.target.base for eq in equations_in(items) if eq.edge is not None}
        scratch = {base: dims for base, dims in self.shape.items() if base not in self.outside and dims}
        self.arrays = {str(base): self.sizes(base) for base in scratch}
        self.items(items)
        if any(self.syntax.threads not in dims for dims in scratch.values()) and self.syntax.threads:
            self.line(self.syntax.barrier)  # the next row stores into what this one may still be reading
        self.refuse_shared_arrays(scratch)

    def sizes(self, base):
        """The extents of an array; one that is read at neighbours has a place before its first and one behind its last."""
        return tuple(i.size + 2 * (base in self.padded) for i in self.shape[base])

    def refuse_shared_arrays(self, scratch):
        """Arrays of two indices have no loop; nor has a running sum that all threads would keep."""
        for base, dims in scratch.items():
            if len(dims) > 1 and self.syntax.threads:
                what = f"{base} would have to be kept over {dims}; one index is supported"
                raise ValueError(
                    f"kernel `{self.kernel.name}`: {what}. Give it up, or compute it again where it is read."
                )

    def is_common(self, eq):
        """All threads of a block read what one of them stores."""
        dims = self.shape[eq.target.base]
        return bool(
            self.syntax.threads and dims and self.syntax.threads not in dims and eq.target.base not in self.outside
        )

    # ---------------------------------------------------------------------------------------- expressions
    def place(self, t):
        """Where a quantity is stored: a scalar's name, or a place in an array."""
        kept = [
            i + int(t.base in self.padded) for i in t.indices if not isinstance(i, Index) or i in self.shape[t.base]
        ]
        within = self.syntax.place if t.base in self.outside else self.syntax.place_in_scratch
        return within(str(t.base), kept, self.sizes(t.base)) if kept else str(t.base)

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
        if eq.op == "remainder":
            self.line(self.syntax.multiply(*self.group(eq), *map(self.text, eq.body)))
            return present | eq.again.keys()
        value, place = self.text(eq.body), self.place(eq.target)
        if eq.op:
            place = self.running(eq)
            largest = f"{place} = {self.syntax.maximum(place, value)}"
            self.line(self.syntax.statement(self.syntax.add(place, value) if eq.op == "sum" else largest))
        elif self.shape[eq.target.base]:
            self.line(self.syntax.store(f"{place} = {value}", eq.target))
            if self.is_common(eq):
                self.line(self.syntax.barrier)
        else:
            self.line(self.syntax.declare(place, value))
        return present | eq.again.keys()

    # ---------------------------------------------------------------------------------------- loops and reductions
    def loop(self, loop):
        """A loop with what it reduces: neutral elements before it, sums in blocks, the threads' parts joined behind it."""
        sums, maxima, remainders = loop.reduced("sum"), loop.reduced("max"), loop.reduced("remainder")
        long = [eq for eq in sums if is_long(eq)] + remainders
        self.start(sums + remainders, self.places, "0")
        self.start(maxima, self.places, self.syntax.lowest)
        self.start(long, lambda eq: self.beside(eq, "rest"), "0")
        self.write_edges(loop)
        if long:
            serial = self.syntax.threads or remainders or any(isinstance(item, Loop) for item in loop.items)
            length = SERIAL_BLOCK if serial else VECTOR_BLOCK
            with self.block(self.syntax.block_loop(loop.index, length)):
                self.one_block(loop, sums, remainders, length)
        else:
            with self.block(self.syntax.loop(loop.index, *[-1] * (loop.direction < 0))):
                self.items(loop.items)
        for eq in sums + maxima + remainders:
            self.join(eq)

    def write_edges(self, loop):
        """What neighbours beyond the ends yield is stored there."""
        for eq in loop.equations:
            if eq.edge is not None:
                ends = [eq.target.xreplace({loop.index: end}) for end in (sp.S.NegativeOne, loop.index.size)]
                for place in map(self.place, ends):
                    self.line(self.syntax.statement(f"{place} = {self.text(eq.edge)}"))

    def one_block(self, loop, sums, remainders, length):
        """The turns of one block, between the start of its parts of the long sums and their addition to the whole."""
        long = [eq for eq in sums if is_long(eq)]
        self.start(long, lambda eq: self.beside(eq, "part"), "0")
        self.start(remainders, self.group, "0")
        with self.block(self.syntax.loop_in_block(loop.index, length)):
            self.items(loop.items)
        self.each(long, self.accumulate)
        self.each(remainders, self.accumulate_group)

    def accumulate(self, eq):
        for places in zip(self.places(eq), self.beside(eq, "rest"), self.beside(eq, "part")):
            self.line(self.syntax.accumulate(*places))

    def group(self, eq):
        """Where a remainder keeps the terms of a block: their product less 1, and their sum; real and imaginary parts."""
        return self.beside(eq, "product") + self.beside(eq, "first")

    def accumulate_group(self, eq):
        """A block goes into the sum: one logarithm for all its terms. Float32 has room for the product of 16."""
        places = [place for pair in zip(self.places(eq), self.beside(eq, "rest")) for place in pair]
        self.line(self.syntax.accumulate_group(*places, *self.group(eq)))

    def join(self, eq):
        """Behind a loop that the threads share, their parts become one value that all of them know."""
        if eq.index == self.syntax.threads:
            if self.shape[eq.target.base]:
                self.refuse_running(eq)
            for place in self.places(eq):
                self.line(self.syntax.join(place, eq.op))

    def running(self, eq):
        """Where a reduction accumulates: long sums in the part of the current block."""
        return (self.beside(eq, "part") if is_long(eq) else self.places(eq))[0]

    def places(self, eq):
        return [self.place(t) for t in eq.targets]

    def beside(self, eq, what):
        """Places beside those of a sum: the `part` of the running block, the `rest` that rounding has taken from the sum so far."""
        names, dims = [f"{t.base}_{what}" for t in eq.targets], self.shape[eq.target.base]
        sizes = tuple(i.size for i in dims)
        if dims:
            self.arrays |= dict.fromkeys(names, sizes)
        return [self.syntax.place_in_scratch(name, dims, sizes) if dims else name for name in names]

    def start(self, equations, places, value):
        """Neutral elements; scalars are declared by them."""
        declare = lambda eq, place: (
            self.syntax.statement(f"{place} = {self.syntax.number(value)}")
            if self.shape[eq.target.base]
            else self.syntax.declare(place, self.syntax.number(value))
        )
        self.each(equations, lambda eq: [self.line(declare(eq, place)) for place in places(eq)])

    def each(self, equations, write):
        """Writes something for each reduction, inside a loop over what it is kept over."""
        for dims in dict.fromkeys(self.shape[eq.target.base] for eq in equations):
            group = [eq for eq in equations if self.shape[eq.target.base] == dims]
            if len(dims) > 1 or dims and self.syntax.threads and dims != (self.syntax.threads,):
                self.refuse_running(group[0])
            with self.block(self.syntax.loop(dims[0])) if dims else nullcontext():
                for eq in group:
                    write(eq)

    def refuse_running(self, eq):
        dims = self.shape[eq.target.base]
        raise ValueError(
            f"kernel `{self.kernel.name}`: {eq.target} would need a running {eq.op} over {dims}; choose another nest."
        )


def equations_in(items):
    """All of them, at any depth."""
    return [eq for item in items for eq in (item.equations if isinstance(item, Loop) else [item])]


def scratch_size(arrays):
    """How many numbers a row keeps, as an expression in the sizes."""
    return sp.Add(*(sp.Mul(*sizes) for sizes in arrays.values()))
