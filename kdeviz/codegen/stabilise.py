"""Rewriting rules that make a formula safe in floating point: expression -> expression.

Each rule is narrow and has its test; sympy's general simplifiers are not used, because they undo stable forms.
"""

import sympy as sp
from sympy.codegen.cfunctions import expm1, log1p
from sympy.codegen.numpy_nodes import logaddexp

from .declare import LogSumExp


def stabilise(e):
    """All rules, inside out."""
    e = sp.sympify(e)
    e = e.replace(is_partition, lambda s: sp.exp(LogSumExp(s.function.exp, s.limits[0][0])))
    e = e.replace(is_log_of_two, lambda e: logaddexp(*(a.exp for a in e.args[0].args)))
    e = e.replace(lambda e: e.is_Mul and e.has(sp.exp), merge_exponentials)
    e = e.replace(is_minus_one, minus_one)
    return e.replace(
        lambda e: isinstance(e, sp.log) and e.args[0].is_Add and 1 in e.args[0].args, lambda e: log1p(e.args[0] - 1)
    )


def is_partition(e):
    """Sum(exp f), which becomes exp(LogSumExp f)."""
    return isinstance(e, sp.Sum) and isinstance(e.function, sp.exp)


def is_log_of_two(e):
    """log(exp a + exp b), which becomes logaddexp(a, b)."""
    return (
        isinstance(e, sp.log)
        and e.args[0].is_Add
        and len(e.args[0].args) == 2
        and all(isinstance(a, sp.exp) for a in e.args[0].args)
    )


def is_minus_one(e):
    """exp(x) - 1 or 1 - exp(x), perhaps among other terms."""
    return e.is_Add and any(isinstance(sign * a, sp.exp) and -sign in e.args for a in e.args for sign in (1, -1))


def minus_one(e):
    """exp(x) - 1 -> expm1(x), and 1 - exp(x) -> -expm1(x)"""
    sign, first = next(
        (sign, a) for a in e.args for sign in (1, -1) if isinstance(sign * a, sp.exp) and -sign in e.args
    )
    return e - first + sign + sign * expm1((sign * first).exp)


def merge_exponentials(product):
    """exp(a) exp(b) -> exp(a + b), and exp(a) Sum(f exp(b)) -> Sum(f exp(a + b)): large exponents meet before they are taken."""
    factors = sp.Mul.make_args(product)
    outer = [f for f in factors if isinstance(f, sp.exp)]
    if not outer:
        return product
    rest = [f for f in factors if f not in outer]
    one = sp.exp(sp.Add(*(f.exp for f in outer)))
    total = next(
        (
            f
            for f in rest
            if isinstance(f, sp.Sum) and f.function.has(sp.exp) and f.limits[0][0] not in one.free_symbols
        ),
        None,
    )
    if total is None:
        return sp.Mul(one, *rest)
    inside = sp.Sum(merge_exponentials(one * total.function), *total.limits)
    return sp.Mul(*(f for f in rest if f is not total), inside)
