"""What a derivation imports: sympy in index notation, and the means to declare a kernel.

A kernel is a system of equations ``target[indices] = expression``. An expression is elementwise in its free indices and may hold
``Sum`` and ``Max`` over further indices; nothing else. A name given to a quantity (``where``) is a rounding barrier and a unit
of storage: what it stands for is never expanded into the expression that reads it.
"""

from dataclasses import dataclass, field
from keyword import iskeyword

import sympy as sp
from sympy.codegen.cfunctions import expm1, log1p
from sympy.codegen.numpy_nodes import logaddexp

FUNCTIONS = (sp.exp, sp.log, log1p, expm1, logaddexp, sp.Abs, sp.sign, sp.sin, sp.cos, sp.floor, sp.Piecewise)


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


def refuse_unsupported(kernel):
    """Printers print what they are given; so what they would misprint is refused here, with the place."""

    def require(condition, what):
        if not condition:
            raise ValueError(f"kernel `{kernel.name}`: {what}")

    known = {t.base: t for t in (*kernel.inputs, *kernel.equations)}
    names = [str(t.base) for t in (*kernel.inputs, *kernel.where, *kernel.outputs)] + [i.name for i in kernel.nest]
    for name in (kernel.name, *names):
        require(
            name.isidentifier() and not iskeyword(name) and names.count(name) <= 1,
            f"`{name}` must be a unique Python identifier.",
        )
    for target in known.values():
        require(
            list(target.indices) == [i for i in kernel.nest if i in target.indices],
            f"{target} must have plain indices in the order of the nest {kernel.nest}.",
        )
    for target, value in kernel.equations.items():
        refuse_expression(
            sp.sympify(value), set(target.indices), known, lambda ok, what, t=target: require(ok, f"{t}: {what}")
        )


def refuse_expression(e, bound, known, require):
    if isinstance(e, sp.Indexed):
        require(e.base in known, f"{e} is neither an input nor defined by an equation.")
        require(
            e.indices == known[e.base].indices,
            f"{e} must be read as {known[e.base]}: shifted or fixed places (scans) are not supported.",
        )
        require(
            set(e.indices) <= bound, f"{e} has an index that is neither on the left side nor bound by a Sum or Max."
        )
        return
    if isinstance(e, (sp.Sum, Max)):
        body, index = e.args if isinstance(e, Max) else (e.function, e.limits[0][0])
        whole = isinstance(index, Index) and (isinstance(e, Max) or e.limits == ((index, 0, index.size - 1),))
        require(whole, f"{e} must run over the whole of one index.")
        return refuse_expression(body, bound | {index}, known, require)
    require(
        not isinstance(e, sp.Function) or isinstance(e, FUNCTIONS),
        f"the function {e.func} has no printer; there are {', '.join(f.__name__ for f in FUNCTIONS)}.",
    )
    require(
        not isinstance(e, (sp.Derivative, sp.Subs, sp.Integral, sp.Product, sp.MatrixExpr)),
        f"{e.func.__name__} has no printer.",
    )
    require(not e.is_Symbol or e in bound, f"the symbol {e} must be an array, e.g. array('{e}')[row].")
    for part in e.args:
        refuse_expression(part, bound, known, require)


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
