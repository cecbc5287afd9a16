"""The value of a kernel's equations as declared, in mpmath: no rewriting rule, no printer and no float is involved.

This is the oracle that every generated kernel is held against.
"""

from dataclasses import replace

import mpmath
import numpy as np
import sympy as sp
from sympy.codegen.cfunctions import expm1, log1p
from sympy.codegen.numpy_nodes import logaddexp

from .declare import Index, Max, Remainder, Split
from .equations import is_elsewhere

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
    sp.atan2: mpmath.atan2,
    sp.floor: mpmath.floor,
    sp.Max: max,
}
RELATIONS = {sp.Eq: "__eq__", sp.Ne: "__ne__", sp.Lt: "__lt__", sp.Le: "__le__", sp.Gt: "__gt__", sp.Ge: "__ge__"}
LOGIC = {sp.And: all, sp.Or: any, sp.Not: lambda values: not any(values)}


def evaluate(kernel, arrays, digits=DIGITS):
    """{output name: object array of mpf}, for arrays given by name; float inputs are taken as exact.

    A product with a factor 0 is 0: so the share of a sum of nothing is 0, not 0/0.
    """
    with mpmath.workdps(digits):
        walk = Walk(kernel, arrays)
        return {str(target.base): walk.array(target) for target in kernel.outputs}


def random_arrays(kernel, rng, dtype=np.float64, extents=(2, 4, 5)):
    """Small arrays that suit the declared assumptions: positive ones in [0.5, 2], non-negative ones summing to 1, others normal.

    Tables are themselves, `draws` of the kernel come first.
    """
    sizes = {i.size: n for i, n in zip(kernel.nest, extents)}
    arrays = {}
    for target in kernel.inputs:
        shape, label = tuple(sizes[i.size] for i in target.indices), target.base.label
        if target in kernel.tables:
            draw = np.array(kernel.tables[target]["float64"][: shape[0]], float)
        elif target in kernel.draws:
            draw = kernel.draws[target](rng, shape)
        else:
            draw = rng.uniform(0.5, 2, shape) if label.is_nonnegative else rng.normal(size=shape)
            if label.is_nonnegative and not label.is_positive:
                draw = draw / draw.sum(-1, keepdims=True)
        arrays[str(target.base)] = draw.astype(dtype)
    return arrays


def gradient_errors(kernel, loss="loss", extents=(1, 2, 3)):
    """{grad_x: largest difference from the central difference of the loss in x}, at 50 digits, on small random arrays.

    It knows nothing of how a gradient was derived: a wrong sign or factor in a declared equation is an error of order 1, a right
    one of 1e-30.
    """
    arrays = random_arrays(kernel, np.random.default_rng(0), extents=extents)
    values = {name.removeprefix("grad_"): v for name, v in evaluate(kernel, arrays).items() if name.startswith("grad_")}
    with mpmath.workdps(DIGITS):
        slope = lambda x, place: central_difference(kernel, arrays, loss, x, place)
        return {f"grad_{x}": max(abs(g - slope(x, place)) for place, g in np.ndenumerate(v)) for x, v in values.items()}


def central_difference(kernel, arrays, loss, x, place):
    """The slope of a row's loss in one entry of x."""
    step = mpmath.mpf(10) ** -20
    target = next(t for t in kernel.outputs if str(t.base) == loss)
    ends = []
    for sign in (1, -1):
        moved = np.vectorize(lambda v: mpmath.mpf(float(v)), otypes=[object])(arrays[x])
        moved[place] += sign * step
        ends.append(Walk(kernel, {**arrays, x: moved}).number(target, {target.indices[0]: place[0]}))
    return (ends[0] - ends[1]) / (2 * step)


def loss_error(kernel, plain, where=None, loss="loss", extents=(1, 2, 3)):
    """The largest difference of a kernel's loss from a plain formula in its inputs and `where`, at 50 digits, on small random arrays."""
    target = next(t for t in kernel.outputs if str(t.base) == loss)
    formula = replace(kernel, outputs={target: plain}, where=where or {}, stems={})
    arrays = random_arrays(kernel, np.random.default_rng(0), extents=extents)
    return max(abs(evaluate(kernel, arrays)[loss] - evaluate(formula, arrays)[loss]))


class Walk:
    """Walks the equations from the outputs down, and remembers every named quantity and reduction it has met."""

    def __init__(self, kernel, arrays):
        self.arrays = {name: np.asarray(array) for name, array in arrays.items()}
        self.sizes = {size: self.arrays[name].shape[axis] for size, (name, axis) in kernel.sizes.items()}
        self.equations = {
            target.base: (target.indices, sp.sympify(value)) for target, value in kernel.equations.items()
        }
        self.declared = {t.base: t for t in (*kernel.inputs, *kernel.equations)}
        self.boundary = {base: sp.sympify(value) for base, value in kernel.boundary.items()}
        self.known = {}

    def array(self, target):
        shape = tuple(self.sizes[i.size] for i in target.indices)
        values = np.empty(shape, object)
        for place in np.ndindex(shape):
            values[place] = self.number(target, dict(zip(target.indices, place)))
        return values

    def number(self, e, at):
        if isinstance(e, Remainder):
            return self.remainder(e, at)
        if isinstance(e, sp.Indexed) and is_elsewhere(e):
            return self.elsewhere(e, at)
        if isinstance(e, Split):
            return self.number(e.args[0], at)
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
            value = self.arrays[name][place]
            return value if isinstance(value, mpmath.mpf) else mpmath.mpf(float(value))
        indices, value = self.equations[e.base]
        return self.number(value, dict(zip(indices, place)))

    def elsewhere(self, e, at):
        """What is at a neighbour or an end; beyond the ends, the boundary."""
        declared = self.declared[e.base]
        place = {i: int(self.extent(there, at)) for i, there in zip(declared.indices, e.indices)}
        inside = all(0 <= p < self.sizes[i.size] for i, p in place.items())
        return self.number(declared, place) if inside else self.number(self.boundary[e.base], at)

    def extent(self, there, at):
        return there.xreplace({**self.sizes, **at})

    def reduced(self, e, at):
        body, index = e.args if isinstance(e, Max) else (e.function, e.limits[0][0])
        terms = [self.number(body, at | {index: i}) for i in range(self.sizes[index.size])]
        return max(terms) if isinstance(e, Max) else mpmath.fsum(terms)

    def remainder(self, e, at):
        """A part of the sum of xi - log(1 + xi); the sum is taken once for both."""
        key = e.args[1:], tuple(sorted((str(i), at[i]) for i in e.free_symbols if isinstance(i, Index)))
        if key not in self.known:
            places = [at | {e.index: i} for i in range(self.sizes[e.index.size])]
            terms = [mpmath.mpc(*(self.number(part, place) for part in e.terms)) for place in places]
            self.known[key] = mpmath.fsum(xi - mpmath.log(1 + xi) for xi in terms)
        return (self.known[key].real, self.known[key].imag)[int(e.args[0])]

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
        if condition.func in LOGIC:
            return LOGIC[condition.func]([self.holds(c, at) for c in condition.args])
        return getattr(self.number(condition.lhs, at), RELATIONS[condition.func])(self.number(condition.rhs, at))

    def constant(self, e):
        if e is sp.nan:
            return mpmath.mpf("nan")
        if e.is_infinite:
            return mpmath.mpf("inf") if e.is_positive else mpmath.mpf("-inf")
        return mpmath.mpf(e.p) / e.q if e.is_Rational else sp.N(e, mpmath.mp.dps)._to_mpmath(mpmath.mp.prec)
