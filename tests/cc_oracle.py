"""References for the continuous categorical up to a million categories: neither a contour nor a float.

derivations/cc.py has references for any logits, and time for a few hundred of them. Here few values, or few groups of close values, are shared
by many categories; there are three ways to Z, which is all that is needed, since moments are Z's with categories taken twice (cc-moments):

    residues     the closed form, digits added until it stays; for few values, or for many of which few stand apart above all others
    two_groups   positive sums around two values; for many values in one or two groups, however far from each other
    levels       the positive series, its coefficients by a recurrence; for few values that are neither

Each agrees with derivations/cc.py at small sizes and with the elementary cases at large ones: tests/test_cc_contour.py. Values are taken as the
numbers that they are. Logits are shifted so that the largest is 0: log Z here is the kernels' second output.
"""

from fractions import Fraction
from functools import cache

import numpy as np
from mpmath import mp

DIGITS = 32  # of Z, relative
WIDE, CLOSE = 250, 40  # the largest spreads of one group alone and of each of two groups


class Reference:
    """log Z, means and covariances of eta - max(eta), as mpf. Categories are named by their logit."""

    def __init__(self, eta, method=None):
        values, counts = np.unique(np.asarray(eta, float), return_counts=True)
        top = Fraction(values[-1])
        self.node = {float(v): Fraction(v) - top for v in values}  # logit -> the number that stands for it
        nodes = dict(zip(reversed(self.node.values()), map(int, reversed(counts))))  # {number: count}, falling from 0
        with mp.workdps(DIGITS + 20):
            self.Z = cache((method or method_for(nodes))(nodes))

    def log_Z(self):
        with mp.workdps(DIGITS + 20):
            return mp.log(self.Z())

    def mean(self, logit):
        with mp.workdps(DIGITS + 20):
            return self.Z(self.node[logit]) / self.Z()

    def covariance(self, logit, other, same=False):
        """Of two categories with these logits; of one with itself if `same`."""
        with mp.workdps(DIGITS + 20):
            second = (1 + same) * self.Z(self.node[logit], self.node[other]) / self.Z()
            return second - self.mean(logit) * self.mean(other)


def method_for(nodes):
    """The method for {number: count}, the numbers falling from 0."""
    values = list(nodes)
    if sum(nodes.values()) <= 40 or apart(nodes):
        return residues
    if -values[-1] <= WIDE or max(split(nodes)[:2]) <= CLOSE:
        return two_groups
    if len(values) <= 12 and len(values) * -values[-1] < 10**5:
        return levels
    raise ValueError(
        f"no reference for {len(values)} values over {float(-values[-1])}: use fewer values or two groups."
    )


def number(fraction):
    return mp.mpf(fraction.numerator) / fraction.denominator


# -------------------------------------------------------------------------------------------------------- residues


def residues(nodes):
    """Z(*again), the closed form with the categories `again` taken once more: the residues of e^s/prod (s - eta).

    If some values stand apart above the others, theirs alone: what is left out is below 10^-DIGITS, by :func:`apart`.
    """
    chosen, work, previous = list(nodes)[: apart(nodes) or None], 2 * DIGITS, mp.nan
    while True:
        Z = sum_of_residues(nodes, chosen, work)
        found = Z()
        if abs(found - previous) < abs(found) * mp.mpf(10) ** (-DIGITS - 10):
            return Z
        work, previous = 2 * work, found


def sum_of_residues(nodes, chosen, work):
    with mp.workdps(work):
        poles = [Pole(nodes, value) for value in chosen]
    return at_digits(work, lambda *again: mp.fsum(pole.residue(*again) for pole in poles))


def at_digits(work, f):
    def with_digits(*arguments):
        with mp.workdps(work):
            return f(*arguments)

    return with_digits


class Pole:
    """What the residue at one value needs of the others: the product of the gaps and the sums of their inverse powers."""

    def __init__(self, nodes, value):
        self.value, self.order = value, nodes[value]
        gaps = [(number(value - other), count) for other, count in nodes.items() if other != value]
        self.factor = mp.exp(number(value)) / mp.fprod(gap**count for gap, count in gaps)
        self.sums = []
        powers = [mp.mpf(count) for _, count in gaps]
        for _ in range(self.order + 1):
            powers = [power / gap for power, (gap, _) in zip(powers, gaps)]
            self.sums.append(mp.fsum(powers))

    def residue(self, *again):
        """The coefficient of eps^(order - 1) in exp(value + eps)/prod (value - other + eps)^count."""
        gaps = [number(self.value - other) for other in again if other != self.value]
        order = self.order + len(again) - len(gaps)
        coefficients, slopes = [self.factor / mp.fprod(gaps)], []
        for n in range(1, order):
            inverse_powers = self.sums[n - 1] + mp.fsum(gap**-n for gap in gaps)
            slopes.append((n == 1) + (-1) ** n * inverse_powers)
            coefficients.append(mp.fsum(a * b for a, b in zip(slopes, reversed(coefficients))) / n)
        return coefficients[-1]


def apart(nodes, most=12):
    """How many values stand so far above the others that the residues of the others do not matter; 0 if none do.

    With K categories in [-w, 0] and the others at -g, the residues of the others sum to minus the integral over t > 1 of r(t) psi(1 - t): r > 0 has
    the Laplace transform prod 1/(s + g), and psi(-x), a divided difference of e^(-x s) over the K, is at most x^(K-1) e^(wx)/(K-1)! in size.
    For w < theta < min g this is at most e^-theta (theta - w)^(1-K) prod 1/(g - theta).
    """
    values, counts = list(nodes), list(nodes.values())
    for top in range(1, min(most, len(values) - 1) + 1):
        w, g, K = -values[top - 1], -values[top], sum(counts[:top])
        others = dict(zip(values[top:], counts[top:]))
        if g - w > 3 * DIGITS and K <= 40 and sum(count / float(-value - w) for value, count in others.items()) < 1:
            with mp.workdps(3 * DIGITS):
                theta = number((g + w) / 2)
                room = mp.fprod((number(-value) - theta) ** count for value, count in others.items())
                left_out = mp.exp(-theta) * (theta - number(w)) ** (1 - K) / room
                kept = mp.fsum(Pole(nodes, value).residue() for value in values[:top])
                if left_out < kept * mp.mpf(10) ** (-DIGITS - 10):
                    return top
    return 0


# ------------------------------------------------------------------------------------------------------ two groups


def two_groups(nodes):
    """Z(*again) from positive sums: each group is expanded around its lowest value, where it is one pole of high order.

    prod 1/(s - eta) over a group of b is sum_n h_n(eta - low) (s - low)^(-b-n), so Z = sum_nj h_n h_j W(a + j, b + n) with the Z of two values
    for W. Cut after T terms, a group of spread w leaves out a Poisson tail, as in cc-series.
    """
    _, _, below = split(nodes) if -min(nodes) > WIDE else (0, 0, 0)
    values = list(nodes)
    low, high = Group(nodes, values[below:]), Group(nodes, values[:below])
    gap = high.low - low.low if below else Fraction(0)
    W = table(high.count, low.count, gap, len(high.h) + 2, len(low.h) + 2)
    scale = mp.exp(number(low.low))

    def Z(*again):
        lows = [value for value in again if value in low.values]
        highs = [value for value in again if value in high.values]
        of_low, of_high, l, u = low.with_again(lows), high.with_again(highs), len(lows), len(highs)
        inner = lambda j: mp.fdot((of_low[n], W[j + u][n + l]) for n in range(len(of_low)))
        return scale * mp.fsum(of_high[j] * inner(j) for j in range(len(of_high)))

    return at_digits(DIGITS + 20, Z)


def split(nodes):
    """(spread below, spread above, how many values are above) the largest gap between neighbours."""
    values = list(nodes)
    at = max(range(1, len(values)), key=lambda i: values[i - 1] - values[i])
    return values[at] - values[-1], values[0] - values[at - 1], at


class Group:
    """h_n(eta - low) of the categories with these values."""

    def __init__(self, nodes, values):
        self.values, self.low = set(values), min(values, default=Fraction(0))
        self.count = sum(nodes[value] for value in values)
        with mp.workdps(DIGITS + 20):
            self.h = complete_homogeneous({value - self.low: nodes[value] for value in values})

    def with_again(self, again):
        h = self.h
        for value in again:
            h = taken_again(h, number(value - self.low))
        return h


def taken_again(h, x):
    """The h_n with x once more among the arguments."""
    more = [h[0]]
    for term in h[1:]:
        more.append(term + x * more[-1])
    return more


def complete_homogeneous(counts):
    """h_0, ..., h_{T-1} of {x: count}, by Newton's identities n h_n = sum_i P_i h_{n-i} in the power sums P_i, in integers.

    With q = x/w the h_n never fall, so an error d in a P_i changes h_n by at most 2 d of itself.
    """
    w = max(counts, default=Fraction(0))
    if w == 0:
        return [mp.one]
    terms, D = int(2 * w) + 2 * DIGITS + 20, sum(counts.values())
    bits = mp.prec + (D * terms).bit_length()
    one = 1 << bits
    powers = [(int(x / w * one), count) for x, count in counts.items() if x]
    sums, current = [], [count * one for _, count in powers]
    for _ in range(terms - 1):
        current = [power * q >> bits for power, (q, _) in zip(current, powers)]
        sums.append(sum(current))
    h = [one]
    for n in range(1, terms):
        h.append((sum(P * c for P, c in zip(sums, reversed(h))) >> bits) // n)
    return [mp.ldexp(c, -bits) * number(w) ** n for n, c in enumerate(h)]


def table(a, b, gap, columns, rows):
    """[j][n]: W(a + j, b + n), where W(a, b) = exp[gap (a times), 0 (b times)].

    From the two largest indices down, W(a, b - 1) = gap W(a, b) + W(a - 1, b) and W(a, b) = a W(a + 1, b) + b W(a, b + 1): all is positive.
    """
    with mp.workdps(DIGITS + 25):
        if a == 0:
            return [[1 / mp.gamma(b + n) for n in range(rows)]]
        g = number(gap)
        first, right, above = [], two_values(a + 1, b + rows - 1, gap), two_values(a, b + rows, gap)
        for n in reversed(range(rows)):
            above = a * right + (b + n) * above
            right = g * right + above
            first.append(above)
        filled = [first[::-1]]
        for j in range(1, columns):
            column = [two_values(a + j, b + rows - 1, gap)]
            for n in reversed(range(rows - 1)):
                column.append(g * column[-1] + filled[-1][n + 1])
            filled.append(column[::-1])
        return filled


def two_values(a, b, gap):
    """exp[gap (a times), 0 (b times)] = sum_k (a)_k/k! gap^k/(a + b + k - 1)!, from its largest term outwards, in integers.

    The ratio of a term to the one before falls, so the terms rise to one peak and fall; they are summed until they are 0 in units of 2^-bits.
    """
    c, up, down = a + b, gap.numerator, gap.denominator
    ratio = lambda k: ((a + k) * up, (c + k) * (k + 1) * down)  # of term k + 1 to term k
    is_rising = lambda k: ratio(k)[0] > ratio(k)[1]
    peak = bisect(is_rising, int(gap) + 1)
    one = 1 << (mp.prec + 40)
    total = term = one
    k = peak
    while term:
        over, under = ratio(k)
        term, k = term * over // under, k + 1
        total += term
    term, k = one, peak
    while term and k:
        k -= 1
        under, over = ratio(k)
        term = term * over // under
        total += term
    log_peak = mp.loggamma(a + peak) - mp.loggamma(a) - mp.loggamma(peak + 1) - mp.loggamma(c + peak)
    return mp.exp(log_peak + peak * mp.log(number(gap))) * total / one


def bisect(is_rising, end):
    """The first k in [0, end] at which it no longer rises; it has stopped by the end."""
    start = 0
    while start < end:
        middle = (start + end) // 2
        start, end = (middle + 1, end) if is_rising(middle) else (start, middle)
    return start


# ---------------------------------------------------------------------------------------------------------- levels


def levels(nodes):
    """Z(*again) from the positive series (cc-series). Its h_n are the coefficients of prod (1 - x t)^-count, which solves a first-order
    differential equation with polynomials Q = prod (1 - x t) and R = sum count x prod_others (1 - x t): Q h' = R h."""
    low, w, D = min(nodes), -min(nodes), sum(nodes.values())
    with mp.workdps(DIGITS + 40 + 2 * len(nodes)):
        h = by_recurrence({number((value - low) / w): count for value, count in nodes.items()}, poisson_terms(w))
        weights = [mp.exp(number(low)) / mp.gamma(D)]
        for n in range(len(h) + 1):
            weights.append(weights[-1] * number(w) / (n + D))

    def Z(*again):
        terms = h
        for value in again:
            terms = taken_again(terms, number((value - low) / w))
        shift = len(again)
        return mp.fdot(terms, weights[shift : shift + len(h)]) / number(w) ** shift

    return at_digits(DIGITS + 40, Z)


def poisson_terms(w):
    """T with P(N >= T) < 10^-(DIGITS + 10) for a Poisson variable N of mean w, by Chernoff's bound."""
    w, T = float(w), float(w) + 1
    while T * np.log(T / w) - T + w < (DIGITS + 10) * np.log(10):
        T += 1 + np.sqrt(w) / 10
    return int(T) + 1


def by_recurrence(counts, terms):
    """h_0, ..., h_{terms-1} of {q: count}."""
    counts = {q: count for q, count in counts.items() if q}
    Q = product_of(counts)
    R = [mp.zero] * len(counts)
    for q, count in counts.items():
        others = product_of([other for other in counts if other != q])
        R = [r + count * q * o for r, o in zip(R, others)]
    h = [mp.one]
    for n in range(1, terms):
        known = range(1, min(n, len(counts)) + 1)
        h.append(mp.fsum((R[i - 1] - (n - i) * Q[i]) * h[n - i] for i in known) / n)
    return h


def product_of(roots):
    """Coefficients of prod (1 - q t)."""
    polynomial = [mp.one]
    for q in roots:
        polynomial = [c - q * before for c, before in zip([*polynomial, 0], [0, *polynomial])]
    return polynomial
