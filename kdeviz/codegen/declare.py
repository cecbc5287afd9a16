"""What a derivation imports: sympy in index notation, and the means to declare a kernel.

A kernel is a system of equations ``target[indices] = expression``. An expression is elementwise in its free indices and may hold
``Sum``, ``Max`` and ``remainder`` over further indices; nothing else. A name given to a quantity (``where``) is a rounding
barrier and a unit of storage: what it stands for is never expanded into the expression that reads it.

An array may be read at a neighbour, ``x[row, j - 1]`` or ``x[row, j + 1]``, and at an end, ``x[row, 0]`` or ``x[row, J - 1]``. An
equation that reads its own target at a neighbour is a scan, of one of two forms: ``logaddexp(left[row, j - 1] - decay, new)`` or
``new + kept*after[row, j + 1]``.
"""

from dataclasses import dataclass, field

import sympy as sp

from .refuse import refuse_unsupported


class Name(sp.Symbol):
    """A symbol with its mathematical look, which is part of its identity: sympy shares equal symbols."""

    def __new__(cls, name, tex=None, **assumptions):
        cls._sanitize(assumptions, cls)
        self = sp.Symbol.__xnew__(cls, name, **assumptions)
        self.tex = tex or name.replace("_", r"\_")
        return self

    def _hashable_content(self):
        return super()._hashable_content() + (self.tex,)

    def _latex(self, printer):
        return self.tex


class Index(Name):
    """An index that runs over 0 .. size - 1. `short`: never more than some dozens, so that its sums need no blocks."""

    def __new__(cls, name, size, tex=None, short=False):
        self = super().__new__(cls, name, tex, integer=True, nonnegative=True)
        self.size, self.short = sp.sympify(size), short
        return self

    def _hashable_content(self):
        return super()._hashable_content() + (self.size, self.short)


def array(name, tex=None, **assumptions):
    """A named array of finite real numbers (sympy's `real` means finite); `tex` is how formulas show it."""
    return sp.IndexedBase(Name(name, tex, **(assumptions or {"real": True})))


def log_mass(name, tex=None):
    """A named array that may hold -oo; were it merely `real`, sympy would decide ``Eq(x, -oo)`` at once."""
    return array(name, tex, extended_real=True)


def Sum(body, index):
    """The sum over the whole range of an index."""
    return sp.Sum(body, (index, 0, index.size - 1))


class Reduction(sp.Function):
    """f(..., index): the index is bound."""

    @property
    def index(self):
        return self.args[-1]

    @property
    def free_symbols(self):
        return set().union(*(a.free_symbols for a in self.args)) - {self.index}


class Max(Reduction):
    """The maximum over an index."""

    is_extended_real = True

    def _latex(self, printer):
        return rf"\max_{{{printer.doprint(self.args[1])}}} {printer.doprint(self.args[0])}"


class LogSumExp(Reduction):
    """log Sum exp over an index, to be computed with the maximum taken out. `stabilise` introduces it; no derivation writes it."""

    is_extended_real = True


class Remainder(Reduction):
    """The real (part 0) or imaginary part of Sum(xi - log(1 + xi)), xi = x + iy: what is left of a logarithm beyond its first term."""

    is_extended_real = True

    @property
    def terms(self):
        return self.args[1:3]

    def _latex(self, printer):
        x, y = map(printer.doprint, self.terms)
        return rf"\{('Re', 'Im')[int(self.args[0])]} \sum_{{{printer.doprint(self.index)}}} \varphi\left({x} + i\,{y}\right)"


def remainder(x, y, index):
    """(real part, imaginary part) of Sum(phi(x + iy), index), phi(xi) = xi - log(1 + xi): one logarithm for many terms, no digit lost.

    The imaginary part is known up to multiples of 2 pi.
    """
    return tuple(Remainder(part, x, y, index) for part in range(2))


class Split(sp.Function):
    """A function of floating point that loses nothing where x - f(x) is kept: in exact arithmetic it may be any function."""

    nargs = 1

    def _eval_is_extended_real(self):
        return True


class Upper(Split):
    """x, rounded to the upper half of its digits: a product of two of them is exact."""


class Coarse(Split):
    """x, rounded to a multiple of 2^-26 (float32: 2^-12): sums of many of them are exact."""


@dataclass(frozen=True, eq=False)
class Kernel:
    """A function from arrays to arrays, as a system of equations.

    ``inputs`` maps each array in, e.g. ``z[row, j]``, to what it is; ``outputs`` each array out to its expression; ``where`` the
    named quantities between. ``nest`` orders the loops and the axes, rows first. ``threads`` is the index that the threads of a
    CUDA block share, ``cuda_nest`` the order of its loops where it is another; ``blocked`` the index of which array code holds one
    block at a time. ``stems`` names what generated code keeps of a sum of exponentials: {exponent: name of exp(exponent - max)}.
    ``tables`` gives the inputs that are constants and have no row: {array: {dtype name: exact values}}. ``draws`` makes random
    inputs where only special ones make sense: {array: f(rng, shape)}; ``formula`` is what documentation shows of a long system.
    ``boundary`` is what a read beyond an end yields: {array (its base): a number, or an expression of quantities of the row}.
    Kernels that read neighbours have ``threads=None``: in CUDA, a thread has a row of its own.
    """

    name: str
    title: str
    nest: tuple
    inputs: dict
    outputs: dict
    where: dict = field(default_factory=dict)
    threads: Index | None = None
    blocked: Index | None = None
    stems: dict = field(default_factory=dict)
    tables: dict = field(default_factory=dict)
    cuda_nest: tuple | None = None
    draws: dict = field(default_factory=dict)
    formula: tuple = ()
    boundary: dict = field(default_factory=dict)

    def __post_init__(self):
        refuse_unsupported(self)

    @property
    def equations(self):
        return self.where | self.outputs

    @property
    def sizes(self):
        """The extents of the arrays, in nest order: symbol -> (array in, axis) where it can be read off."""
        return {
            i.size: next((str(a.base), axis) for a in self.inputs for axis, j in enumerate(a.indices) if j == i)
            for i in self.nest
        }


def gradient(loss, element):
    """d loss / d element for an indexed loss, e.g. ``gradient(log(Sum(exp(z[row, j]), j)), z[row, j])``.

    Differentiates at a fresh index, so that the bound index of a sum is never mistaken for the free one. Inside each sum the
    derivative is ``A delta + B`` with a Kronecker delta, and ``sum_j (A_j delta_ij + B_j) = A_i + sum_j B_j``.
    """
    fresh = {i: Index(i.name + "'", i.size) for i in element.indices if i not in loss.free_symbols}
    derivative = loss.diff(element.xreplace(fresh)).replace(lambda e: isinstance(e, sp.Sum), collapse)
    for total in derivative.atoms(sp.Sum):
        if fresh.keys() & {total.limits[0][0]} and fresh[total.limits[0][0]] in total.free_symbols:
            raise ValueError(f"d/d{element}: its index is bound inside {total}; rename that index.")
    return derivative.xreplace({new: old for old, new in fresh.items()})


def collapse(total):
    """The sum with its Kronecker deltas carried out."""
    body, (bound, *_) = total.args
    if body == 0:
        return body
    for delta in sorted(body.atoms(sp.KroneckerDelta), key=str):
        if bound in delta.args:
            other, mark = next(a for a in delta.args if a != bound), sp.Dummy()
            marked = body.xreplace({delta: mark})
            rest = marked.xreplace({mark: sp.S.Zero})
            return marked.diff(mark).xreplace({bound: other}) + (collapse(Sum(rest, bound)) if rest else 0)
    return total
