"""What a derivation imports: sympy in index notation, and the means to declare a kernel.

A kernel is a system of equations ``target[indices] = expression``. An expression is elementwise in its free indices and may hold
``Sum`` and ``Max`` over further indices; nothing else. A name given to a quantity (``where``) is a rounding barrier and a unit
of storage: what it stands for is never expanded into the expression that reads it.
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
    """An index that runs over 0 .. size - 1."""

    def __new__(cls, name, size, tex=None):
        self = super().__new__(cls, name, tex, integer=True, nonnegative=True)
        self.size = sp.sympify(size)
        return self

    def _hashable_content(self):
        return super()._hashable_content() + (self.size,)


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
    """f(body, index): the index is bound."""

    @property
    def free_symbols(self):
        return self.args[0].free_symbols - {self.args[1]}


class Max(Reduction):
    """The maximum over an index."""

    is_extended_real = True

    def _latex(self, printer):
        return rf"\max_{{{printer.doprint(self.args[1])}}} {printer.doprint(self.args[0])}"


class LogSumExp(Reduction):
    """log Sum exp over an index, to be computed with the maximum taken out. `stabilise` introduces it; no derivation writes it."""

    is_extended_real = True


@dataclass(frozen=True)
class Kernel:
    """A function from arrays to arrays, as a system of equations.

    ``inputs`` maps each array in, e.g. ``z[row, j]``, to what it is; ``outputs`` each array out to its expression; ``where`` the
    named quantities between. ``nest`` orders the loops and the axes, rows first. ``threads`` is the index that the threads of a
    CUDA block share; ``blocked`` the index of which array code holds one block at a time. ``stems`` names what generated code
    keeps of a sum of exponentials: {exponent: name of exp(exponent - max)}.
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
