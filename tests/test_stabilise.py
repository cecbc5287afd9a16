"""Every rewriting rule: what it rewrites, what it leaves alone, and that it changes no value."""

import pytest
import sympy as sp
from sympy.codegen.cfunctions import expm1, log1p
from sympy.codegen.numpy_nodes import logaddexp

from kdeviz.codegen.declare import Index, LogSumExp, Sum, array
from kdeviz.codegen.stabilise import stabilise

n = sp.Symbol("n", integer=True, positive=True)
i, j = Index("i", n), Index("j", n)
f, g = array("f")[j], array("g")[j]
x, y = sp.symbols("x y", real=True)

RULES = {
    "a sum of exponentials becomes a log-sum-exp": (sp.log(Sum(sp.exp(f), j)), LogSumExp(f, j)),
    "its reciprocal too": (1 / Sum(sp.exp(f), j), sp.exp(-LogSumExp(f, j))),
    "a share of a sum becomes one exponential": (sp.exp(f) / Sum(sp.exp(f), j), sp.exp(f - LogSumExp(f, j))),
    "exponentials meet before they are taken": (sp.Mul(x, sp.exp(x), sp.exp(y), evaluate=False), x * sp.exp(x + y)),
    "an exponential moves into a sum of exponentials": (sp.exp(x) * Sum(g * sp.exp(f), j), Sum(g * sp.exp(f + x), j)),
    "log of two exponentials": (sp.log(sp.exp(x) + sp.exp(y)), logaddexp(x, y)),
    "log of 1 + x": (sp.log(1 + x**2), log1p(x**2)),
    "exp(x) - 1": (sp.exp(x) - 1, expm1(x)),
    "1 - exp(x)": (1 - sp.exp(x), -expm1(x)),
    "log(1 - exp(x)), without the rounding of 1 - exp(x)": (sp.log(1 - sp.exp(x)), sp.log(-expm1(x))),
    "log(1 + exp(x))": (sp.log(1 + sp.exp(x)), log1p(sp.exp(x))),
}


@pytest.mark.parametrize("before, after", RULES.values(), ids=RULES)
def test_rule_rewrites(before, after):
    assert stabilise(before) == after


@pytest.mark.parametrize(
    "e",
    [Sum(f, j), Sum(g * sp.exp(f), j), sp.exp(x) + 2, sp.log(x + y), x * y, sp.exp(x) - 2, sp.log(2 + sp.exp(x))],
    ids=str,
)
def test_what_no_rule_names_is_left_alone(e):
    assert stabilise(e) == e


def test_an_exponential_of_the_bound_index_stays_outside_the_sum():
    """exp(f_j) sum_j exp(g_j) h_j: the outer j is another j."""
    product = sp.exp(f) * Sum(f * sp.exp(g), j)
    assert stabilise(product) == product


@pytest.mark.parametrize("before", [value for value, _ in RULES.values() if not value.has(sp.Sum)], ids=str)
def test_rule_keeps_the_value(before):
    at = {x: sp.Rational(-3, 7), y: sp.Rational(5, 11)}
    after = (
        stabilise(before)
        .replace(logaddexp, lambda a, b: sp.log(sp.exp(a) + sp.exp(b)))
        .replace(expm1, lambda a: sp.exp(a) - 1)
    )
    after = after.replace(log1p, lambda a: sp.log(1 + a))
    assert abs((before - after).subs(at).evalf(40)) < 1e-38
