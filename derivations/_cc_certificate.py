"""How far the fixed contour rules of the continuous categorical can be off, for every weight vector at once: interval arithmetic.

`python -m derivations._cc_certificate` computes every bound anew and prints the tables; the mathematics is in cc_theorems.py.
An interval holds the exact number: its ends are rounded outward at each step. What bounds an error is the upper end, and a
printed bound is rounded up once more. Python floats enter no bound; they only pick how finely to cut.
"""

from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction

from mpmath.ctx_iv import MPIntervalContext

IV = MPIntervalContext()  # of our own: the precision of mpmath.iv is a global of the user
IV.prec = 80

# zeta(u) = C0 + A (1 - cosh u) + i B sinh u at u_j = (j + 1/2) h
A, B, C0 = Fraction(9, 4), Fraction(18, 5), Fraction(2, 5)
RULES = {"float64": (Fraction(7, 120), 60), "float32": (Fraction(7, 60), 24)}  # h, number of nodes
SADDLE_TOLERANCE = Fraction(1, 100)  # the saddle iteration stops at 0 <= (S - 1)/sigma <= this
END = 6  # here the contour integrals are cut, and the closed form of `tail` takes over


def exact(number):
    """The narrowest interval around a rational number (int, Fraction or sympy Rational) or a decimal string."""
    if isinstance(number, str):
        return IV.mpf(number)
    return IV.mpf(int(number.numerator)) / int(number.denominator)


a, b, c0 = map(exact, (A, B, C0))
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
    value = Fraction(int(mantissa)) * Fraction(2) ** exponent * (-1) ** sign
    up = Context(prec=digits, rounding=ROUND_CEILING)
    many = Context(prec=50, rounding=ROUND_CEILING)
    return up.plus(many.divide(Decimal(value.numerator), Decimal(value.denominator)))


# The contour -----------------------------------------------------------------------------------------------------------


def cosh_sinh(x):
    """cosh and sinh of an interval in [0, inf), where both increase."""
    e, f = IV.exp(IV.mpf(x.a)), IV.exp(IV.mpf(x.b))
    return hull((e + 1 / e) / 2, (f + 1 / f) / 2), hull((e - 1 / e) / 2, (f - 1 / f) / 2)


def turned(y):
    """A_y and B_y: zeta(x + i y) = c0 + A - A_y cosh x + i B_y sinh x."""
    cos, sin = IV.cos(y), IV.sin(y)
    return a * cos + b * sin, b * cos - a * sin


def contour(x, y=ZERO):
    """Re zeta, Im zeta and |zeta'| at u = x + i y, x >= 0."""
    a_y, b_y = turned(y)
    cosh, sinh = cosh_sinh(x)
    return c0 + a - a_y * cosh, b_y * sinh, IV.sqrt((a_y * sinh) ** 2 + (b_y * cosh) ** 2)


def node(h, j):
    return (exact(j) + HALF) * exact(h)


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


# Fewer nodes, and power sums -------------------------------------------------------------------------------------------


def weight(h, x):
    """|w_j| = h |zeta'|/pi."""
    return exact(h) / IV.pi * contour(x)[2]


def bound_at(h, j, P, factors=0):
    """Bound of |w_j e^{H - delta zeta} / ((1 + p_k zeta) ...)| at a node, for max p <= P and so many extra factors."""
    x = node(h, j)
    xi, eta, speed = contour(x)
    exponent = envelope(xi, eta, P) + factors * log_extra(xi, eta, P) + log_inexact_saddle(xi)
    return upper(exact(h) / IV.pi * speed * IV.exp(exponent))


def tail(start, y, factors):
    """Bound of (1/pi) int_start^inf sup |e^{H - delta zeta}| ... |zeta'| dx at the height y: see the lemma on tails."""
    a_y, b_y = turned(y)
    cosh, sinh = cosh_sinh(start)
    slope = (1 - exact(SADDLE_TOLERANCE)) * a_y
    assert (
        (a_y * cosh - a - c0).a > 0 and (b_y * sinh - a_y * cosh).a > 0 and (slope * cosh - 1).a > 0
    )
    decay = IV.exp((1 - exact(SADDLE_TOLERANCE)) * (c0 + a) - slope * cosh) / slope
    return upper(
        IV.sqrt(a**2 + b**2) / IV.pi * IV.sqrt(exact(2)) ** factors * (cosh / sinh) * decay
    )


def dropped(h, n, P, factors=0):
    """Bound of the sum over all nodes j >= n, for every weight vector with max p <= P."""
    last = int(END / h)
    nodes = sum((bound_at(h, j, exact(P), factors) for j in range(n, last)), ZERO)
    return upper(nodes + tail(node(h, last - 1), ZERO, factors))


def largest_P(h, n, error, factors=0, steps=1000):
    """The largest P, in steps, for which the nodes j >= n carry no more than `error`; 0 if none."""
    good, bad = 0, steps + 1
    while bad - good > 1:
        middle = (good + bad) // 2
        fits = dropped(h, n, Fraction(middle, steps), factors).b <= exact(error).b
        good, bad = (middle, bad) if fits else (good, middle)
    return Fraction(good, steps)


def power_sum_error(h, nodes, P, terms, factor_terms=None):
    """Bound of the error of F from the power sums kappa_2 .. kappa_terms, or of a mean integral I_k from them and the
    first `factor_terms` terms of 1/(1 + p_k zeta), at so many nodes. For every weight vector with max p <= P; the nodes
    left out are counted. +inf where the series need not converge at the last node.
    """
    factors = 0 if factor_terms is None else 1
    total, p = dropped(h, nodes, P, factors), exact(P)
    for j in range(nodes):
        xi, eta, _ = contour(node(h, j))
        reach = p * IV.sqrt(xi**2 + eta**2)
        if not reach.b < 1:
            return IV.mpf("+inf")
        cut = reach ** (terms + 1) / p**2 / ((terms + 1) * (1 - reach))
        wrong = IV.exp(cut) - 1 + (IV.exp(cut) * reach**factor_terms if factors else 0)
        total += bound_at(h, j, p, factors) * wrong
    return upper(total)


def fewest(fits, most=100):
    """The least n in 1 .. most with fits(n), which stays true from there on; None if there is none."""
    return next((n for n in range(1, most) if fits(n)), None)
