"""The value of a kernel's equations as declared, in mpmath: no rewriting rule, no printer and no float is involved.

This is the oracle that every generated kernel is held against.
"""

import mpmath
import numpy as np
import sympy as sp
from sympy.codegen.cfunctions import expm1, log1p
from sympy.codegen.numpy_nodes import logaddexp

from .declare import Index, Max

DIGITS = 50
FUNCTIONS = {
    sp.exp: mpmath.exp,
    sp.log: mpmath.log,
    log1p: lambda x: mpmath.log(1 + x),
    expm1: lambda x: mpmath.exp(x) - 1,
    logaddexp: lambda x, y: mpmath.log(mpmath.exp(x) + mpmath.exp(y)),
    sp.Abs: abs,
    sp.sign: mpmath.sign,
    sp.sin: mpmath.sin,
    sp.cos: mpmath.cos,
    sp.floor: mpmath.floor,
}
RELATIONS = {
    sp.Eq: lambda a, b: a == b,
    sp.Lt: lambda a, b: a < b,
    sp.Le: lambda a, b: a <= b,
    sp.Gt: lambda a, b: a > b,
    sp.Ge: lambda a, b: a >= b,
}


def evaluate(kernel, arrays, digits=DIGITS):
    """{output name: object array of mpf}, for arrays given by name; float inputs are taken as exact.

    A product with a factor 0 is 0: so the share of a sum of nothing is 0, not 0/0.
    """
    with mpmath.workdps(digits):
        walk = Walk(kernel, arrays)
        return {str(target.base): walk.array(target) for target in kernel.outputs}


class Walk:
    """Walks the equations from the outputs down, and remembers every named quantity and reduction it has met."""

    def __init__(self, kernel, arrays):
        self.arrays = {name: np.asarray(array) for name, array in arrays.items()}
        self.sizes = {size: self.arrays[name].shape[axis] for size, (name, axis) in kernel.sizes.items()}
        self.equations = {
            target.base: (target.indices, sp.sympify(value)) for target, value in kernel.equations.items()
        }
        self.known = {}

    def array(self, target):
        shape = tuple(self.sizes[i.size] for i in target.indices)
        values = np.empty(shape, object)
        for place in np.ndindex(shape):
            values[place] = self.number(target, dict(zip(target.indices, place)))
        return values

    def number(self, e, at):
        if isinstance(e, (sp.Indexed, sp.Sum, Max)):
            free = (
                e.indices
                if isinstance(e, sp.Indexed)
                else sorted((s for s in e.free_symbols if isinstance(s, Index)), key=str)
            )
            key = e, tuple(at[i] for i in free)
            if key not in self.known:
                self.known[key] = self.indexed(e, key[1]) if isinstance(e, sp.Indexed) else self.reduced(e, at)
            return self.known[key]
        if isinstance(e, sp.Piecewise):
            return next(self.number(value, at) for value, condition in e.args if self.holds(condition, at))
        if e.is_Mul:
            return self.product(e.args, at)
        if e.is_Add:
            return mpmath.fsum(self.number(a, at) for a in e.args)
        if e.is_Pow and e.base != sp.E:
            return self.number(e.base, at) ** self.number(e.exp, at)
        if e.func in FUNCTIONS:
            return FUNCTIONS[e.func](*(self.number(a, at) for a in e.args))
        return self.constant(e)

    def indexed(self, e, place):
        name = str(e.base)
        if name in self.arrays:
            return mpmath.mpf(float(self.arrays[name][place]))
        indices, value = self.equations[e.base]
        return self.number(value, dict(zip(indices, place)))

    def reduced(self, e, at):
        body, index = e.args if isinstance(e, Max) else (e.function, e.limits[0][0])
        terms = [self.number(body, at | {index: i}) for i in range(self.sizes[index.size])]
        return max(terms) if isinstance(e, Max) else mpmath.fsum(terms)

    def product(self, factors, at):
        value = mpmath.mpf(1)
        for factor in sorted(factors, key=lambda f: f.is_Pow and f.exp.is_negative is True):  # divisors last
            if value == 0:
                return value
            value *= self.number(factor, at)
        return value

    def holds(self, condition, at):
        if condition in (sp.true, sp.false):
            return bool(condition)
        return RELATIONS[condition.func](self.number(condition.lhs, at), self.number(condition.rhs, at))

    def constant(self, e):
        if e.is_infinite:
            return mpmath.mpf("inf") if e.is_positive else mpmath.mpf("-inf")
        return mpmath.mpf(e.p) / e.q if e.is_Rational else sp.N(e, mpmath.mp.dps)._to_mpmath(mpmath.mp.prec)
