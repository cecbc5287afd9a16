"""How far the fixed contour rules of the continuous categorical can be off, for every weight vector at once: interval arithmetic.

`python -m derivations._cc_certificate` computes every bound anew and prints the tables; the mathematics is in cc_theorems.py.
An interval holds the exact number: its ends are rounded outward at each step. What bounds an error is the upper end, and a
printed bound is rounded up once more. Python floats enter no bound; they only choose, where every choice gives a bound.
"""

import sys
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from functools import cache

from mpmath import mp
from mpmath.ctx_iv import MPIntervalContext

from derivations import cc_contour

IV = MPIntervalContext()  # of our own: the precision of mpmath.iv is a global of the user
IV.prec = 80

RULES = cc_contour.RULES
SADDLE_TOLERANCE = cc_contour.TOLERANCE
END = 6  # here the contour integrals are cut, and the closed form of `tail` takes over


def exact(number):
    """The narrowest interval around a rational number (int, Fraction or sympy Rational) or a decimal string."""
    if isinstance(number, str):
        return IV.mpf(number)
    return IV.mpf(int(number.numerator)) / int(number.denominator)


ZERO, ONE, HALF = exact(0), exact(1), exact(Fraction(1, 2))


def upper(x):
    """The upper end, as an interval of no width."""
    return IV.mpf(x.b)


def hull(*intervals):
    return IV.mpf([min(x.a for x in intervals), max(x.b for x in intervals)])


def largest(*intervals):
    """Upper end of the largest."""
    return IV.mpf(max(x.b for x in intervals))


def rounded_up(x, digits=3):
    """The upper end as a decimal of so many digits, never below it."""
    sign, mantissa, exponent, _ = x.b._mpi_[1]
    if not mantissa and exponent:  # an infinity or not a number
        return Decimal("Infinity")
    value = Fraction(int(mantissa)) * Fraction(2) ** exponent * (-1) ** sign
    up = Context(prec=digits, rounding=ROUND_CEILING)
    many = Context(prec=50, rounding=ROUND_CEILING)
    return up.plus(many.divide(Decimal(value.numerator), Decimal(value.denominator)))


# The contour -----------------------------------------------------------------------------------------------------------


def cosh_sinh(x):
    """cosh and sinh of an interval in [0, inf), where both increase."""
    e, f = IV.exp(IV.mpf(x.a)), IV.exp(IV.mpf(x.b))
    return hull((e + 1 / e) / 2, (f + 1 / f) / 2), hull((e - 1 / e) / 2, (f - 1 / f) / 2)


@cache
def shape(rule):
    """A, B and c0 of a rule."""
    return exact(rule.A), exact(rule.B), exact(rule.c0)


def turned(rule, y):
    """A_y and B_y: zeta(x + i y) = c0 + A - A_y cosh x + i B_y sinh x."""
    a, b, _ = shape(rule)
    cos, sin = IV.cos(y), IV.sin(y)
    return a * cos + b * sin, b * cos - a * sin


def contour(rule, x, y=ZERO):
    """Re zeta, Im zeta and |zeta'| at u = x + i y, x >= 0."""
    a, _, c0 = shape(rule)
    a_y, b_y = turned(rule, y)
    cosh, sinh = cosh_sinh(x)
    return c0 + a - a_y * cosh, b_y * sinh, IV.sqrt((a_y * sinh) ** 2 + (b_y * cosh) ** 2)


def node(rule, j):
    return (exact(j) + HALF) * exact(rule.h)


# The envelope: sup of psi(p) = Re phi(p zeta)/p^2 over 0 <= p <= P -----------------------------------------------------------


def log_modulus(p, xi, eta):
    """log |1 + p zeta|; from -inf where the box may hold the pole."""
    square = (1 + p * xi) ** 2 + (p * eta) ** 2
    return IV.log(square) / 2 if square.a > 0 else IV.mpf(["-inf", "+inf"])


def gauss(xi, eta):
    """psi(0)."""
    return (xi**2 - eta**2) / 2


def psi(p, xi, eta):
    return (p * xi - log_modulus(p, xi, eta)) / p**2


def sine(xi, eta):
    """s = |Im zeta|/|zeta| in [0, 1]."""
    rho = IV.sqrt(xi**2 + eta**2)
    if not rho.a > 0:
        return IV.mpf([0, 1])
    s = eta / rho
    return IV.mpf([max(s.a, ZERO.a), min(s.b, ONE.b)])


def circle_top(xi, eta, s):
    """gamma = rho^2 (1/s - 1)/4."""
    return (xi**2 + eta**2) / 4 * (1 / s - 1) if s.a > 0 else IV.mpf([0, "+inf"])


def first_turn_compared_with(P, xi, s):
    """(may q_1 be >= P, may q_1 be < P): q_1 |xi| = |2 s - 1| (1 + s), and (2 s - 1)(1 + s) increases in s."""
    f = lambda t: 2 * t * t + t - 1
    left, right = abs(hull(f(IV.mpf(s.a)), f(IV.mpf(s.b)))), P * abs(xi)
    return not left.b < right.a, not left.a >= right.b


def envelope(xi, eta, P):
    """Upper end of sup_{0 <= p <= P} psi(p) over the box: every row of the lemma that the box may touch."""
    s = sine(xi, eta)
    late, early = first_turn_compared_with(P, xi, s)
    rows = []
    if xi.b >= 0 and s.a <= HALF.b:
        rows.append(gauss(xi, eta))
    if xi.b >= 0 and s.b >= HALF.a:
        rows += [psi(P, xi, eta)] * late + [circle_top(xi, eta, s)] * early
    if xi.a < 0:
        rows.append(psi(P, xi, eta))
    if xi.a < 0 and s.b >= HALF.a:
        rows.append(gauss(xi, eta))
    if xi.a < 0 and s.a < HALF.b and early:
        rows.append(circle_top(xi, eta, s))
    return largest(*rows)


def log_extra(xi, eta, P):
    """Upper end of log sup_{0 <= p <= P} 1/|1 + p zeta| >= 0: what one extra factor of a mean can do."""
    rows = [ZERO]
    square = xi**2 + eta**2
    if xi.a < 0 and (-xi - P * square).a <= 0:
        s = sine(xi, eta)
        rows.append(-IV.log(s) if s.a > 0 else IV.mpf(["-inf", "+inf"]))
    if xi.a < 0 and (-xi - P * square).b >= 0:
        rows.append(-log_modulus(P, xi, eta))
    return largest(*rows)


def log_inexact_saddle(xi):
    """Upper end of log |exp(-delta zeta)| for 0 <= delta <= SADDLE_TOLERANCE."""
    return exact(SADDLE_TOLERANCE) * largest(-xi, ZERO)


# One node, and the tail beyond END ------------------------------------------------------------


def bound_at(rule, j, P, factors=0):
    """Bound of |w_j e^{H - delta zeta} / ((1 + p_k zeta) ...)| at a node, for max p <= P and so many extra factors."""
    xi, eta, speed = contour(rule, node(rule, j))
    exponent = envelope(xi, eta, P) + factors * log_extra(xi, eta, P) + log_inexact_saddle(xi)
    return upper(exact(rule.h) / IV.pi * speed * IV.exp(exponent))


def tail(rule, start, y, factors):
    """Bound of (1/pi) int_start^inf sup |e^{H - delta zeta}| ... |zeta'| dx at the height y: see the lemma on tails."""
    a, b, c0 = shape(rule)
    a_y, b_y = turned(rule, y)
    cosh, sinh = cosh_sinh(start)
    slope = (1 - exact(SADDLE_TOLERANCE)) * a_y
    assert (
        (a_y * cosh - a - c0).a > 0 and (b_y * sinh - a_y * cosh).a > 0 and (slope * cosh - 1).a > 0
    )
    decay = IV.exp((1 - exact(SADDLE_TOLERANCE)) * (c0 + a) - slope * cosh) / slope
    return upper(
        IV.sqrt(a**2 + b**2) / IV.pi * IV.sqrt(exact(2)) ** factors * (cosh / sinh) * decay
    )


# Fewer nodes, by P = max p; power sums --------------------------------------------------------


def dropped(rule, n, P, factors=0):
    """Bound of the sum over all nodes j >= n, for every weight vector with max p <= P."""
    last = int(END / rule.h)
    nodes = sum((bound_at(rule, j, exact(P), factors) for j in range(n, last)), ZERO)
    return upper(nodes + tail(rule, node(rule, last - 1), ZERO, factors))


def last_that_fits(bound, error, steps):
    """The largest multiple x <= 1 of 1/steps with bound(x) <= error, for a bound that grows with x; 0 if there is none."""
    good, bad = 0, steps + 1
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (
            (middle, bad) if bound(Fraction(middle, steps)).b <= exact(error).b else (good, middle)
        )
    return Fraction(good, steps)


def largest_P(rule, n, error, factors=0, steps=1000):
    """The largest P, in steps, for which the nodes j >= n carry no more than `error`; 0 if none."""
    return last_that_fits(lambda P: dropped(rule, n, P, factors), error, steps)


def broken_off(rule, nodes, P, terms, factor_terms=None, small=None):
    """Bound of what breaking off adds at the first so many nodes, for every weight vector with max p <= P.

    The categories with p <= small, all of them unless it is given, are served by the power sums kappa_2 .. kappa_terms: in F,
    or in an I_k, where 1/(1 + p_k zeta) may itself be broken off after `factor_terms` terms. +inf where a series need not
    converge.
    """
    factors = 0 if factor_terms is None else 1
    total, p = ZERO, exact(P if small is None else small)
    for j in range(nodes):
        xi, eta, _ = contour(rule, node(rule, j))
        reach = p * IV.sqrt(xi**2 + eta**2)
        if not reach.b < 1:
            return IV.mpf("+inf")
        cut = reach ** (terms + 1) / p**2 / ((terms + 1) * (1 - reach))
        wrong = IV.exp(cut) - 1 + (IV.exp(cut) * reach**factor_terms if factors else 0)
        total += bound_at(rule, j, exact(P), factors) * wrong
    return upper(total)


def power_sum_error(rule, nodes, P, terms, factor_terms=None):
    """Bound of the error of F, or of an I_k, if all categories are served by power sums: nodes left out are counted."""
    factors = 0 if factor_terms is None else 1
    return dropped(rule, nodes, P, factors) + broken_off(rule, nodes, P, terms, factor_terms)


# Every node: the error of the rules ---------------------------------------------------------------------------------------

# The weight vectors are divided by P = max p. Each (P_0, P_1] gets a bound of its own; all but the first share a path.
CUTS = [Fraction(*cut) for cut in ((3, 5), (7, 10), (4, 5), (9, 10), (19, 20), (49, 50), (1, 1))]
CROWDED = [(Fraction(0), CUTS[0])]
DOMINATED = list(zip(CUTS, CUTS[1:]))

# Knots (x, y) of the paths u = x + i y, found by a search in floating point; any path in the domain would do.
ABOVE = {  # of each rule: (classes, boxes per unit of x, path)
    "float64": [
        (CROWDED, 400, "0 .46  1.53 .466  1.77 .23  2.2 .25  4.2 .12  6 .12"),
        (DOMINATED, 80, "0 .47  1.71 .47  1.98 .31  3.51 .129  6 .05"),
    ],
    "float32": [
        (CROWDED, 400, "0 .465  1.23 .469  1.51 .223  2.6 .22  4.2 .12  6 .12"),
        (DOMINATED, 80, "0 .431  .11 .47  1.74 .47  2.23 .297  3.88 .233  6 .117"),
    ],
    "balanced": [
        (
            [(Fraction(0), RULES["balanced"].P)],
            400,
            "0 .43  .54 .458  .86 .45  1.05 .23  6 .05",
        )
    ],
}
BELOW = {"float64": "0 -.5  6 -.5", "float32": "0 -.5  6 -.5", "balanced": "0 -.6  6 -.6"}


def knots(path):
    numbers = [Fraction(number) for number in path.split()]
    return list(zip(numbers[::2], numbers[1::2]))


def assert_in_domain(rule, path):
    """The path starts at x = 0, ends at END, and no pole lies between it and the real line: see the lemma on the domain."""
    xs, ys = zip(*knots(path))
    assert xs[0] == 0 and xs[-1] == END and sorted(set(xs)) == list(xs)
    assert all(y * ys[0] > 0 for y in ys)
    a, _, c0 = shape(rule)
    for y in (min(ys), max(ys)):
        a_y, b_y = turned(rule, exact(y))
        assert (a_y.a > 0 and b_y.a > 0) and (1 / exact(rule.P) + c0 + a - a_y).a > 0


def cells(path, density):
    """(box x, box y, length, least |y|) of the pieces, `density` times finer where the integrand of the error is large."""
    for (x0, y0), (x1, y1) in zip(knots(path), knots(path)[1:]):
        count = int((x1 - x0) * density * (5 if x0 < 2 else 1)) + 1
        length = exact(x1 - x0) / count * IV.sqrt(1 + exact((y1 - y0) / (x1 - x0)) ** 2)
        ends = [(x0 + (x1 - x0) * i / count, y0 + (y1 - y0) * i / count) for i in range(count + 1)]
        for (xa, ya), (xb, yb) in zip(ends, ends[1:]):
            yield (
                hull(exact(xa), exact(xb)),
                hull(exact(ya), exact(yb)),
                length,
                exact(min(abs(ya), abs(yb))),
            )


def log_integrand(xi, eta, low, high):
    """Upper end of log |e^H| over the box, for every weight vector with low < max p <= high: the best of three bounds."""
    plain = envelope(xi, eta, exact(high))
    if low == 0:
        return plain
    others = envelope(
        xi, eta, largest(IV.sqrt(1 - exact(low) ** 2)) if 2 * low**2 > 1 else exact(high)
    )
    top = hull(exact(low), exact(high))
    share = top**2
    bounds = [plain, largest(top * xi - log_modulus(top, xi, eta) + (1 - share) * others)]
    if xi.b < 0 and sine(xi, eta).a >= HALF.b:  # psi has no maximum inside
        worst_top = largest(psi(exact(low), xi, eta), psi(exact(high), xi, eta))
        bounds.append(
            largest(*(exact(w**2) * worst_top + (1 - exact(w**2)) * others for w in (low, high)))
        )
    return IV.mpf(min(bound.b for bound in bounds))


def add(totals, weight, xi, eta, classes):
    """Adds weight |e^{H - delta zeta}| sup|1 + p zeta|^-m to the total of each class and each m = 0, 1, 2."""
    for low, high in classes:
        value = weight * IV.exp(log_integrand(xi, eta, low, high) + log_inexact_saddle(xi))
        extra = IV.exp(log_extra(xi, eta, exact(high)))
        for m in range(3):
            totals[high, m] = totals.get((high, m), ZERO) + upper(value * extra**m)


def along(rule, path, classes, density, progress):
    """{(P_1, m): bound of the contour integral of the error} for one path."""
    assert_in_domain(rule, path)
    totals = {}
    for i, (x, y, length, least) in enumerate(cells(path, density)):
        xi, eta, speed = contour(rule, x, y)
        weight = length * speed / IV.pi / (IV.exp(2 * IV.pi * least / exact(rule.h)) - 1)
        add(totals, weight, xi, eta, classes)
        progress(i)
    end = exact(knots(path)[-1][1])
    kernel = 1 / (IV.exp(2 * IV.pi * abs(end) / exact(rule.h)) - 1)
    return {
        (high, m): upper(total + kernel * tail(rule, exact(END), end, m))
        for (high, m), total in totals.items()
    }


def beyond(rule, classes):
    """{(P_1, m): bound of the nodes left out}."""
    totals, last = {}, int(END / rule.h)
    for j in range(rule.nodes, last):
        xi, eta, speed = contour(rule, node(rule, j))
        add(totals, exact(rule.h) / IV.pi * speed, xi, eta, classes)
    return {
        (high, m): upper(total + tail(rule, node(rule, last - 1), ZERO, m))
        for (high, m), total in totals.items()
    }


# Fewer nodes for a given kappa = sum p^3 -----------------------------------------------------------------------------------

GRID = [Fraction(i, 250) for i in range(251)]  # of p


def psi_on_grid(rule, j):
    """psi at every p of GRID at one node, and the corners of its concave envelope (found in floats)."""
    xi, eta, _ = contour(rule, node(rule, j))
    assert xi.b < 0 and sine(xi, eta).a >= HALF.b  # so psi has no maximum inside an interval
    values = [gauss(xi, eta)] + [psi(exact(p), xi, eta) for p in GRID[1:]]
    height = [float(mp.make_mpf(value.b._mpi_[1])) for value in values]
    corners = [0]
    for k in range(1, len(GRID)):
        while len(corners) > 1 and slope(height, *corners[-2:]) <= slope(height, corners[-1], k):
            corners.pop()
        corners.append(k)
    slopes = [(GRID[k], Fraction(slope(height, i, k))) for i, k in zip(corners, corners[1:])]
    return values, slopes


def slope(height, i, k):
    return (height[k] - height[i]) / float(GRID[k] - GRID[i])


def concave_envelope(table, kappa):
    """Upper end of sum p_k^2 psi(p_k) over all weight vectors with sum p^3 <= kappa.

    With a slope >= 0 it is at most sup_p [psi(p) - slope (p - kappa)]; between two points of GRID take psi at one end and p
    at the other. Every slope gives a bound; that of the envelope at kappa gives the best.
    """
    values, slopes = table
    steep = exact(max(next((slope for end, slope in slopes if end >= kappa)), Fraction(0)))
    pieces = zip(GRID, values, values[1:])
    return largest(
        *(largest(left, right) - steep * exact(p) for p, left, right in pieces)
    ) + steep * exact(kappa)


def dropped_by_kappa(rule, n, kappa, tables):
    """Bound of the sum over all nodes j >= n of F, for every weight vector with sum p^3 <= kappa; tables[j] is psi there."""
    last, total = int(END / rule.h), ZERO
    for j in range(n, last):
        xi, _, speed = contour(rule, node(rule, j))
        exponent = concave_envelope(tables[j], kappa) + log_inexact_saddle(xi)
        total += exact(rule.h) / IV.pi * speed * IV.exp(exponent)
    return upper(total + tail(rule, node(rule, last - 1), ZERO, 0))


def largest_kappa(rule, n, error, steps=100):
    """As largest_P, for F alone and for kappa = sum p^3 <= max p."""
    tables = {j: psi_on_grid(rule, j) for j in range(n, int(END / rule.h))}
    return last_that_fits(lambda kappa: dropped_by_kappa(rule, n, kappa, tables), error, steps)


# The largest F ------------------------------------------------------------------------------------------------------------


def normal_cdf(x):
    """Phi(x) = 1/2 + Phi'(x) (x + x^3/3 + x^5/15 + ...) for an interval in [0, 2]; the rest is below a geometric series."""
    term, total = x, x
    for n in range(1, 40):
        term = term * x**2 / (2 * n + 1)
        total += term
    ratio = upper(x**2 / 81)
    rest = IV.mpf([0, (term * ratio / (1 - ratio)).b])
    return HALF + IV.exp(-(x**2) / 2) / IV.sqrt(2 * IV.pi) * (total + rest)


def F_of_one_and_normal(tau):
    """F of one category and a normal rest, tau = p/sqrt(v)."""
    return IV.sqrt(1 + tau**2) / tau * IV.exp(1 / (2 * tau**2) - 1) * normal_cdf(tau - 1 / tau)


def rise_of_one_and_normal(tau):
    """The derivative of its logarithm."""
    x = tau - 1 / tau
    hazard = IV.exp(-(x**2) / 2) / IV.sqrt(2 * IV.pi) / normal_cdf(x)
    return tau / (1 + tau**2) - 1 / tau - 1 / tau**3 + hazard * (1 + 1 / tau**2)


def largest_F():
    """An interval that holds F*, the maximum over tau: the derivative changes its sign once, and between the ends."""
    low, high = exact("1.5560775"), exact("1.5560776")
    assert rise_of_one_and_normal(low).a > 0 and rise_of_one_and_normal(high).b < 0
    return F_of_one_and_normal(hull(low, high))


# What is claimed, and the tables that show it ------------------------------------------------------------------------------

ERRORS = {
    "float64": ("1.42e-17", "1.92e-17", "2.61e-17"),
    "float32": ("2.12e-9", "2.50e-9", "3.76e-9"),
    "balanced": ("1.29e-17", "1.91e-17", "4.18e-17"),
}  # of F, I_k, I_kl
AMPLIFICATION = {"float64": "2.12", "float32": "2.12", "balanced": "2.19"}
LEFT_OUT = {
    "float64": "2e-17",
    "float32": "5e-9",
    "balanced": "2e-17",
}  # what fewer nodes and terms may leave out of F, I_k and I_kl
ENOUGH_NODES = {  # the first n nodes are enough for max p <= P
    "float64": {50: Fraction(617, 1000)},
    "float32": {12: Fraction(276, 1000), 18: Fraction(580, 1000)},
    "balanced": {16: Fraction(130, 1000), 20: Fraction(235, 1000)},
}
FLAT_NODES = {"float32": 12, "balanced": 16}
ENOUGH_TERMS = {  # the power sums kappa_2 .. kappa_T and T - 1 terms of a mean are enough for max p <= P, at FLAT_NODES
    "float32": {T: Fraction(P, 10_000) for T, P in ((4, 15), (6, 154), (8, 384), (12, 800))},
    "balanced": {
        T: Fraction(P, 10_000)
        for T, P in ((8, 23), (10, 72), (12, 144), (16, 317), (20, 484), (32, 819))
    },
}
MIXED = (
    Fraction(75, 10_000),
    20,
)  # in any row, categories with p up to this are served by so many power sums, others exactly
F_LEAST = Fraction(987, 1000)  # times 1/e: F at an inexact saddle is no less


def silent(*_):
    pass


def rule_errors(name, progress=silent):
    """Bounds of the error of F, of a mean integral and of a second-moment integral with one rule."""
    rule = RULES[name]
    all_of_it = [(Fraction(0), rule.P)]
    below = along(rule, BELOW[name], all_of_it, 30, lambda i: progress(name, "below", i))
    totals = []
    for classes, density, path in ABOVE[name]:
        above = along(rule, path, classes, density, lambda i: progress(name, "above", i))
        left_out = beyond(rule, classes)
        totals += [
            [above[high, m] + left_out[high, m] + below[rule.P, m] for m in range(3)]
            for _, high in classes
        ]
    return [largest(*(total[m] for total in totals)) for m in range(3)]


def amplification(name):
    """Bound of sum_j |W_j|, by which rounding errors of the integrand are multiplied."""
    rule = RULES[name]
    nodes = (bound_at(rule, j, exact(rule.P)) for j in range(rule.nodes))
    return upper(sum(nodes, ZERO) * IV.exp(ONE) / exact(F_LEAST))


def left_out_by_nodes(name, n):
    """Bounds of what the first n nodes leave out of F, I_k and I_kl for the P of ENOUGH_NODES."""
    return [dropped(RULES[name], n, ENOUGH_NODES[name][n], m) for m in range(3)]


def left_out_by_terms(name, T):
    """Bounds of what T power sums at FLAT_NODES leave out of F and I_k for the P of ENOUGH_TERMS."""
    rule, P = RULES[name], ENOUGH_TERMS[name][T]
    return [power_sum_error(rule, FLAT_NODES[name], P, T, terms) for terms in (None, T - 1)]


def left_out_by_mixing(name):
    """Bounds of what the power sums of MIXED leave out of F and I_k, at all nodes and for any weights of the rule."""
    rule, (small, terms) = RULES[name], MIXED
    return [
        broken_off(rule, rule.nodes, rule.P, terms, factor, small) for factor in (None, terms - 1)
    ]


def on_terminal(name, part, i):
    if i % 100 == 0 and sys.stderr.isatty():
        print(f"\r{name}, path {part}: box {i:6d}  ", end="", file=sys.stderr, flush=True)


def show(label, bounds, allowed):
    """One line of a table: the bounds, and whether each is within what is claimed."""
    verdict = (
        "ok"
        if all(bound.b <= exact(most).b for bound, most in zip(bounds, allowed))
        else "NOT WITHIN"
    )
    print(
        f"\r{label:52}",
        *(f"{rounded_up(bound):>9}" for bound in bounds),
        "  claimed",
        *allowed,
        " ",
        verdict,
        flush=True,
    )
    return verdict == "ok"


def main():
    print(
        "Bounds of the absolute error, for all weight vectors and any number of categories; columns: F, I_k, I_kl"
    )
    held = []
    for name, rule in RULES.items():
        allowed = LEFT_OUT[name]
        found = rule_errors(name, progress=on_terminal)
        held.append(show(f"{name}, h = {rule.h}, {rule.nodes} nodes", found, ERRORS[name]))
        held.append(show(f"{name}, sum |W_j|", [amplification(name)], [AMPLIFICATION[name]]))
        for n, P in ENOUGH_NODES[name].items():
            label = f"left out by {n} nodes, max p <= {float(P)}"
            held.append(show(label, left_out_by_nodes(name, n), [allowed] * 3))
        for T, P in ENOUGH_TERMS.get(name, {}).items():
            label = f"left out by {T} power sums, max p <= {float(P)}"
            held.append(show(label, left_out_by_terms(name, T), [allowed] * 2))
        label = f"left out by {MIXED[1]} power sums of those with p <= {float(MIXED[0])}"
        held.append(show(label, left_out_by_mixing(name), [allowed] * 2))
    sys.exit(not all(held))


if __name__ == "__main__":
    main()
