"""derivations/cc_theorems.py and its certificate: theorems hold in numbers, bounds are outward, and a wrong step is noticed."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from mpmath import mp

from derivations import _cc_certificate as certificate
from derivations import cc, cc_theorems
from kdeviz import contour
from kdeviz.codegen.__main__ import HOME

IV, exact = certificate.IV, certificate.exact
NAMES = pytest.mark.parametrize("name", certificate.RULES)
DTYPES = pytest.mark.parametrize("dtype", ["float64", "float32"])
BALANCED = certificate.RULES["balanced"]
rng = np.random.default_rng(7)
HOSTILE = {
    "two": [0, -0.7],
    "tied in pairs": [0, 0, 1, 1, 2, 2],
    "pairs 1e-15 apart": [0, 1e-15, 1, 1 + 2e-15],
    "one far up": [200, 0, 0.5, 1],
    "one far down": [-200, 0, 0.5, 1],
    "geometric ladder": [0, *(-(2.0**k) for k in range(-10, 8))],
    "all equal": [0] * 9,
}


# ------------------------------------------------------------------------------------------------------ the certificate


@pytest.mark.slow
def test_the_command_finds_every_bound_within_what_is_claimed(capsys):
    with pytest.raises(SystemExit) as stopped:
        certificate.main()
    printed = capsys.readouterr().out
    assert stopped.value.code == 0 and "NOT WITHIN" not in printed
    assert printed.count(" ok") == 3 * 3 + sum(
        map(len, [*certificate.ENOUGH_NODES.values(), *certificate.ENOUGH_TERMS.values()])
    )


@pytest.mark.slow
@DTYPES
def test_half_of_the_nodes_and_kappa_is_a_worse_criterion(dtype):
    bound = cc_theorems.prove_node_count_by_kappa(dtype) * IV.exp(certificate.ONE)
    assert bound.b <= exact({"float64": "1.5e-15", "float32": "9e-9"}[dtype]).b


def test_a_claim_that_is_too_small_is_refused(capsys):
    bounds = certificate.left_out_by_nodes("float32", 18)
    assert certificate.show("", bounds, ["5e-9"] * 3)
    assert not certificate.show("", bounds, ["5e-9", "5e-9", "4.9e-9"])
    assert "NOT WITHIN" in capsys.readouterr().out


@NAMES
def test_the_nodes_that_are_enough_are_so_up_to_the_largest_certified_weight(name):
    for n, P in certificate.ENOUGH_NODES[name].items():
        assert certificate.largest_P(certificate.RULES[name], n, certificate.LEFT_OUT[name], factors=2) == P


@NAMES
def test_no_weight_is_small_enough_for_fewer_nodes_than_the_normal_limit_needs(name):
    rule, needed = certificate.RULES[name], {"float64": 29, "float32": 11, "balanced": 16}[name]
    assert certificate.largest_P(rule, needed, certificate.LEFT_OUT[name]) > 0.12
    assert certificate.largest_P(rule, needed - 1, certificate.LEFT_OUT[name]) == 0


def levels(dtype):
    """[(P, rule, how many of its nodes)] of what kdeviz.contour chooses among for a precision."""
    for P, nodes, first in contour.NODES[dtype]:
        assert first in (0, certificate.RULES[dtype].nodes)
        yield Fraction(min(P, 1)).limit_denominator(10**4), BALANCED if first else certificate.RULES[dtype], nodes


@DTYPES
def test_the_kernels_switch_only_where_it_is_certified(dtype):
    allowed = exact(certificate.LEFT_OUT[dtype])
    within = lambda *bounds: all(bound.b <= allowed.b for bound in bounds)
    small, terms = Fraction(contour.SMALL).limit_denominator(10**4), contour.TERMS
    for P, rule, n in levels(dtype):
        assert P <= rule.P and n <= rule.nodes
        assert n == rule.nodes or within(*(certificate.dropped(rule, n, P, m) for m in range(3)))
        assert within(*(certificate.broken_off(rule, n, P, terms, factor, small) for factor in (None, terms - 1)))
    for P, terms in contour.FLAT:
        P = Fraction(P).limit_denominator(10**4)
        rule, n = next((rule, n) for limit, rule, n in levels(dtype) if P <= limit)
        assert within(*(certificate.power_sum_error(rule, n, P, terms, factor) for factor in (None, terms - 1)))


def test_power_sums_promise_nothing_where_they_diverge():
    error = certificate.power_sum_error(BALANCED, 16, Fraction(1, 8), 200)
    assert certificate.rounded_up(error) == Decimal("Infinity")


@pytest.mark.parametrize(
    "number", [Fraction(1, 3), Fraction(2, 3) / 10**17, Fraction(10**6 + 1, 10**3), Fraction(3, 4)]
)
def test_a_printed_bound_is_never_below_the_computed_one(number):
    rounded = certificate.rounded_up(exact(number), 3)
    assert number <= Fraction(rounded) <= number * Fraction(1011, 1000)


def test_a_path_that_a_pole_may_cross_is_refused():
    rule = certificate.RULES["float64"]
    certificate.assert_in_domain(rule, "0 .47  6 .05")
    with pytest.raises(AssertionError):
        certificate.assert_in_domain(rule, "0 .48  6 .05")
    with pytest.raises(AssertionError):
        certificate.assert_in_domain(rule, "0 -.6  6 -.6")
    certificate.assert_in_domain(BALANCED, "0 .48  6 .05")
    with pytest.raises(AssertionError):
        certificate.assert_in_domain(BALANCED._replace(P=Fraction(1, 2)), "0 .48  6 .05")


def test_a_box_that_holds_a_pole_has_no_finite_bound():
    xi, eta = IV.mpf([-1.1, -0.9]), IV.mpf([0, 0.1])
    assert certificate.envelope(xi, eta, exact(1)).b == IV.mpf("inf")
    assert certificate.log_extra(xi, eta, exact(1)).b == IV.mpf("inf")


def test_the_tail_beyond_the_end_is_above_a_sum_of_its_nodes():
    rule = certificate.RULES["float64"]
    start = certificate.node(rule, 51)
    nodes = sum((certificate.bound_at(rule, j, exact(1)) for j in range(52, 70)), certificate.ZERO)
    assert nodes.b < certificate.tail(rule, start, certificate.ZERO, 0).b


def test_true_errors_are_within_the_certified_ones():
    """Random weights with a normal rest; the reference has three times the nodes of the finer rule."""
    with mp.workdps(34):
        for _ in range(24):
            weights = cc_theorems.unit(rng.random(rng.integers(1, 5)) ** rng.choice([0.3, 1, 3]))
            weights = weights * np.sqrt(1 - rng.choice([0, 0.01, 0.5, 0.99]))
            groups = [(mp.mpf(float(p)), 1) for p in weights if p < 1 or len(weights) == 1]
            for name, error in cc_theorems.true_errors(groups).items():
                assert error < mp.mpf(certificate.ERRORS[name][0])


# --------------------------------------------------------------------------------------------------------- the theorems


def near_the_saddle(eta):
    """m, p and delta at an s0 a little off the saddle, where the iteration may stop."""
    gaps, tau = max(eta) - np.asarray(eta, float), 1.0
    for S, Q in cc_theorems.saddle_steps(gaps, np.ones(len(eta)))[:-1]:
        tau += (S * S - S) / Q
    m = 1 / (tau + gaps)
    return m, m / np.linalg.norm(m), (m.sum() - 1) / np.linalg.norm(m)


@pytest.mark.parametrize("eta", HOSTILE.values(), ids=HOSTILE)
def test_means_are_the_leading_factor_times_a_quotient_of_integrals(eta):
    m, p, delta = near_the_saddle(eta)
    F = cc_theorems.integral(p, delta=delta)
    for k, mean in enumerate(cc.mean_exact(eta, 20)):
        assert abs(m[k] * cc_theorems.integral(p, 0, (p[k],), delta=delta) / F / mean - 1) < 1e-13


def test_second_moments_are_quotients_of_integrals_too():
    eta = [0, 0.3, -2]
    m, p, delta = near_the_saddle(eta)
    F, mu, covariance = cc_theorems.integral(p, delta=delta), cc.mean_exact(eta, 20), cc.covariance_exact(eta, 20)
    for k in range(3):
        for l in range(3):
            moment = (1 + (k == l)) * m[k] * m[l] * cc_theorems.integral(p, 0, (p[k], p[l]), delta=delta) / F
            assert abs(moment - covariance[k, l] - mu[k] * mu[l]) < 1e-14  # 50 eps of sums of 60 terms, each at most 1


def signs_of_third_derivative(p):
    """The signs, in order, of f''' for the density f of sum p_k E_k, from its partial fractions."""
    p = [mp.mpf(float(x)) for x in p]
    gaps = [mp.fprod(x - other for other in p if other is not x) for x in p]
    third = lambda y: -mp.fsum(x ** (len(p) - 5) * mp.exp(-y / x) / gap for x, gap in zip(p, gaps))
    signs = [mp.sign(third(y)) for y in np.geomspace(1e-3, 40, 300)]
    return [signs[0], *(b for a, b in zip(signs, signs[1:]) if a != b)]


def test_third_derivative_of_the_density_changes_its_sign_as_the_lemma_says():
    with mp.workdps(60):
        for n in (3, 3, 4, 5, 6, 8):
            signs = signs_of_third_derivative(cc_theorems.unit(0.2 + rng.random(n)))
            assert signs == ([-1, 1, -1] if n == 3 else [1, -1, 1, -1])


def test_f_is_largest_for_one_ahead_of_equal_others():
    for D, (F, _) in cc_theorems.maxima.items():
        if D <= 100:
            others = [cc_theorems.integral(cc_theorems.random_weights(D)) for _ in range(100)]
            assert max(others) < F * (1 + 1e-14)


def test_no_constant_number_of_saddle_steps_is_enough():
    g = lambda D: (np.array([0.0, D - 1]), np.array([1, D - 1]))
    steps = [len(cc_theorems.saddle_steps(*g(10**k))) - 1 for k in (3, 6, 9, 12, 15)]
    assert steps == sorted(set(steps)) and steps[-1] > 20


def test_means_move_by_no_more_than_the_logits():
    for _ in range(20):
        eta = rng.normal(size=4) * rng.choice([0.1, 1, 10])
        moved = eta + rng.choice([-0.3, 0.3], size=4)
        before, after = (cc.mean_exact(list(logits), 20) for logits in (eta, moved))
        most = max(abs(mp.mpf(a) - mp.mpf(b)) for a, b in zip(moved, eta))
        assert all(abs(mp.log(a / b)) <= most for a, b in zip(after, before))


MISTAKES = [
    ("product = (s**2 - Q) / 2", "product = (s**2 + Q) / 2"),
    ("kummer = (r - (z + r) * R) / z", "kummer = (r - (z - r) * R) / z"),
    ("N = 3 * r * t - 2 * r", "N = 3 * r * t - r"),
    ("W_second = -(2 * tau**2 - 3)", "W_second = -(2 * tau**2 - 2)"),
    ("quadratic = xi * (3 * eta_**2", "quadratic = xi * (2 * eta_**2"),
    (
        "assert sp.simplify(1 / at_node - h / (2 * sp.pi * sp.I))",
        "assert sp.simplify(1 / at_node + h / (2 * sp.pi * sp.I))",
    ),
    ("start = (size - mean_gap + root) / 2", "start = (size + mean_gap + root) / 2"),
    ("u = (np.arange(N) + 0.5) * h", "u = (np.arange(N) + 0.4) * h"),
]


@pytest.mark.parametrize("right, wrong", MISTAKES, ids=lambda text: text[:30])
def test_a_wrong_step_breaks_the_page(right, wrong):
    text = (HOME / "derivations" / "cc_theorems.py").read_text(encoding="utf-8")
    assert text.count(right) == 1, "the page has changed: change this mistake with it"
    with pytest.raises((AssertionError, ValueError)):
        exec(compile(text.replace(right, wrong), "<wrong cc_theorems>", "exec"), {"__name__": "wrong_cc_theorems"})
