# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Label smoothing under two losses
#
# ## Claim
#
# A class label smoothed by a share $\alpha$ is $y=(1-\alpha)\,e_1+\alpha/D$. The cross-entropy of [](softmax_ce.py) and the continuous
# categorical of [](cc.py) both have one best answer to it, the label's logit ahead of the others, which are tied. How far ahead, how
# hard the losses pull on the way, and where the closed form of the continuous categorical can be used:
#
# | | cross-entropy | continuous categorical |
# | --- | --- | --- |
# | best gap | $\log(1+D(1-\alpha)/\alpha)$ | $D/\alpha$, up to an exponentially small term |
# | information at equal logits | $\Cov$ of a uniform category | the same, divided by $D+1$ |
# | variance of one of the others at the best gap | $\frac\alpha D(1-\frac\alpha D)$ | $(\alpha/D)^2$, up to such a term |
#
# "$D/\alpha$, tied, and singular there" is how one may put it. Tied is right. $D/\alpha$ is never reached ({prf:ref}`thm-ls-gap`). And
# the closed form divides by 0 at a tie, but at a gap that large it recovers next to it: what it does not survive is the *way*, where all
# logits are close ({prf:ref}`thm-ls-condition`).

# %% [markdown]
# ## Symbols
#
# $\eta=(a,0,\dots,0)$ are the logits of $D$ categories, the label's first, $a$ is the gap, and $\mu$ the mean of the continuous
# categorical. $P_n(a)$ is the probability that a sum of $n$ exponential variables of mean 1 is at most $a$:
#
# $$
# P_n(a)=1-e^{-a}\sum_{m<n}\frac{a^m}{m!} .
# $$ (ls-P)

# %%
from fractions import Fraction

import mpmath
import numpy as np
import sympy as sp
from mpmath import mp

from derivations import cc

a = sp.Symbol("a", positive=True)


def P(n):
    return 1 - sp.exp(-a) * sum(a**m / sp.factorial(m) for m in range(n))


P(3)

# %% [markdown]
# ## Derivation
#
# ### One logit ahead
#
# ```{prf:lemma} One ahead of $n$
# :label: lem-ls-ahead
# For logits $a$, and 0 in $n\ge0$ categories, $Z=Z_n(a)=e^aa^{-n}P_n(a)$.
# ```
#
# ```{prf:proof}
# $Z_0=e^a$. By {eq}`cc-recursion`, taking $a$ away or one of the zeros, $a\,Z_{n+1}=Z_n-\frac1{n!}$, the last term being $Z$ of $n+1$
# equal logits. And $P_{n+1}=P_n-e^{-a}a^n/n!$.
# ```

# %%
Z = lambda n: sp.exp(a) * a**-n * P(n)
assert Z(0) == sp.exp(a)
assert all(sp.expand(a * Z(n + 1) - Z(n) + 1 / sp.factorial(n)) == 0 for n in range(6))
assert sp.expand(Z(1) - cc.closed_form([a, 0])) == 0  # the closed form has no tie here

# %% [markdown]
# A moment of one of the others is a quotient of two of them {eq}`cc-moments`, as that category is taken twice, or three times:
#
# $$
# \mu_k=\frac1a\,\frac{P_D(a)}{P_{D-1}(a)},\qquad
# \E y_k^2=\frac2{a^2}\,\frac{P_{D+1}(a)}{P_{D-1}(a)}\qquad(k\ne1).
# $$ (ls-moments)

# %%
mean_of_other = lambda D: P(D) / (a * P(D - 1))
square_of_other = lambda D: 2 * P(D + 1) / (a**2 * P(D - 1))
for n in range(1, 6):  # the label's mean is 1 less the others'
    assert sp.expand(sp.diff(Z(n), a) - Z(n) + n * Z(n + 1)) == 0
mean_of_other(3)

# %% [markdown]
# ### The best gap
#
# ```{prf:theorem} The best gap
# :label: thm-ls-gap
# Let $0<\alpha<1$ and $D\ge2$. Up to a common offset, each loss of $y$ has one minimum, with all logits but the label's tied. The gap
# of the cross-entropy is that of {eq}`smoothing-gap`. That of the continuous categorical is the one root of
#
# $$
# a=\frac D\alpha\,\big(1-\rho(a)\big),\qquad \rho(a)=\frac{a^{D-1}e^{-a}}{(D-1)!\,P_{D-1}(a)} .
# $$ (ls-gap)
#
# So it is less than $D/\alpha$, for every $\alpha$, by the share $\rho(a)$, which is exponentially small in $a$.
# ```
#
# ```{prf:proof}
# Both losses are convex, strictly so up to an offset: their Hessians are covariances of variables that no linear relation but $\sum
# y_k=1$ holds together. $y$ is inside the simplex, so each has one minimum, where the mean is $y$; permuting the other categories
# changes neither loss nor label, hence not the minimum. By {eq}`ls-moments` $\mu_k=\alpha/D$ reads $a=\frac D\alpha P_D/P_{D-1}$, and
# $P_D=P_{D-1}-e^{-a}a^{D-1}/(D-1)!$. As $\rho>0$, the root is below $D/\alpha$.
# ```

# %%
rho = lambda D: a ** (D - 1) * sp.exp(-a) / (sp.factorial(D - 1) * P(D - 1))
left = lambda D: P(D - 1) * (1 - rho(D))
assert all(sp.expand(sp.cancel(left(D) - P(D))) == 0 for D in range(2, 6))
rho(3)

# %% [markdown]
# In numbers, with {eq}`ls-gap` in high precision. $D/\alpha$ is right to as many digits as anyone wants while it is large against $D$,
# and wrong for strong smoothing: as $\alpha\to1$ the gap goes to 0.


# %%
def best_gap(D, alpha):
    """The gap of (ls-gap), an mpf in the working precision; alpha is a Fraction between 0 and 1."""
    share = lambda n, gap: mpmath.gammainc(n, 0, gap, regularized=True)
    most = mp.mpf(alpha.denominator * D) / alpha.numerator
    excess = lambda gap: gap - most * share(D, gap) / share(D - 1, gap)
    return mp.findroot(excess, (most * float(1 - alpha), most), "anderson")


rows = {}
with mp.workdps(120):
    for D, alpha in ((10, "1/20"), (10, "1/10"), (20, "1/10"), (10, "1/2"), (10, "9/10")):
        alpha = Fraction(alpha)
        gap, share = best_gap(D, alpha), mp.mpf(alpha.numerator) / alpha.denominator / D
        (other,) = cc.mean_exact([float(gap)] + [0] * (D - 1), digits=20, categories=[1])
        assert gap * share < 1 and abs(other / share - 1) < 1e-15
        rows[D, str(alpha)] = float(D / alpha), float(gap), float(1 - gap * share)
rows  # D, alpha: D/alpha, the best gap, the share by which it is less

# %% [markdown]
# ### How hard the losses pull
#
# ```{prf:theorem} Information at equal logits
# :label: thm-ls-fisher
# At equal logits the covariance, which is the Fisher information and the Hessian of the loss, is
#
# $$
# \Cov_{\text{CC}}(y_k,y_l)=\frac1{D+1}\Cov_{\text{cat}}(y_k,y_l)=\frac1{D+1}\cdot\frac1D\Big(\delta_{kl}-\frac1D\Big).
# $$ (ls-fisher)
# ```
#
# ```{prf:proof}
# For $n$ equal logits $Z=1/(n-1)!$, and two more categories of the same logit make it $1/(D+1)!$. So
# $\E y_ky_l=(1+\delta_{kl})\frac{(D-1)!}{(D+1)!}$ by {eq}`cc-moments`; take away $\frac1{D^2}$. A uniform category has
# $\E y_ky_l=\delta_{kl}/D$.
# ```

# %%
size, equal = sp.symbols("D delta", positive=True)
second = (1 + equal) / (size * (size + 1))
categorical = (equal - 1 / size) / size
assert sp.simplify(second - 1 / size**2 - categorical / (size + 1)) == 0
of_three = cc.covariance_exact([0, 0, 0], 20)
assert abs(36 * of_three[0, 0] - 2) < 1e-15 and abs(36 * of_three[0, 1] + 1) < 1e-15

# %% [markdown]
# So a network whose outputs $f$ are near 0 learns slowly under the continuous categorical, and one may multiply its outputs, $\eta=sf$.
# By how much depends on what is to be the same as under the softmax.
#
# ```{prf:corollary} Two scales
# :label: cor-ls-scale
# Let $\eta=sf$, $f$ near 0. (a) A small change of $f$ changes the expectation $\mu$ by $\frac s{D+1}$ of what it does to the softmax.
# It is the same for $s=D+1$. (b) The information in $f$ is $\frac{s^2}{D+1}$ times that of the softmax. It is the same for
# $s=\sqrt{D+1}$. (c) A step of gradient descent in $f$, at the same rate and for the same difference of expectation and label, changes
# the expectation by $\frac{s^2}{D+1}$ of what it does to the softmax; a step that does not depend on the size of the gradient, such as
# Adam's, by $\frac s{D+1}$.
# ```
#
# ```{prf:proof}
# With $V=\Cov_{\text{cat}}$: $\partial\mu/\partial f=s\Cov_{\text{CC}}=\frac s{D+1}V$; the Hessian in $f$ is $s\Cov_{\text{CC}}s$; and
# the gradient in $f$ is $s(\mu-y)$, which a step of gradient descent hands on and a step of fixed size does not.
# ```
#
# Towards the end it is slower still. At the best gap the variance of one of the others is, by {eq}`ls-moments`,
#
# $$
# \operatorname{Var}y_k=\frac1{a^2}\bigg(\frac{2P_{D+1}}{P_{D-1}}-\frac{P_D^2}{P_{D-1}^2}\bigg)\approx\Big(\frac\alpha D\Big)^2,
# $$ (ls-curvature)
#
# that of an exponential variable of mean $\alpha/D$, where a category has $\frac\alpha D(1-\frac\alpha D)$. So what pulls an untied
# logit back to the others is weaker by a factor of about $D/\alpha$.

# %%
variance = square_of_other(10) - mean_of_other(10) ** 2
assert abs(float(variance.subs(a, 100).evalf(30) * 100**2) - 1) < 1e-15
float(variance.subs(a, 100)), 0.01 * 0.99  # at a gap of 100: here, and for a category


# %% [markdown]
# ### Where the closed form fails
#
# {eq}`cc-partition` divides by 0 for every $D\ge3$ if the others are tied. Next to a tie it depends on the gap: the terms of the others
# cancel among themselves, but they are small against the label's.
#
# ```{prf:theorem} Near a tie
# :label: thm-ls-condition
# Let the label's logit be $a$, and the $D-1\ge2$ others be distinct, in an interval of width $w<2a$ around 0, at least $d$ apart. The
# condition number {eq}`cc-condition` of the closed form satisfies
#
# $$
# \frac12\Big(\frac4w\Big)^{D-2}\frac{(a-\frac w2)^{D-1}}{a+\frac w2}\,e^{-a-\frac w2}\ \le\ \kappa\ \le\
# 1+\frac2{(D-2)!}\Big(\frac2d\Big)^{D-2}\frac{(a+\frac w2)^{D-1}}{a-\frac w2}\,\frac{e^{-a+\frac w2}}{P_{D-1}(a)} .
# $$ (ls-condition)
# ```
#
# ```{prf:proof}
# Let $n=D-1$ and $s=\sum_k1/\prod|\eta_k-\eta_i|$, with products over the other categories without the label. As in
# {prf:ref}`thm-cc-condition`, $s\ge\frac12(4/w)^{n-1}$. In order, the product of the $k$-th of them is at least $d^{n-1}k!\,(n-1-k)!$,
# so $s\le(2/d)^{n-1}/(n-1)!$. The terms of the others, without their signs, have a sum $T$ between $se^{-w/2}/(a+\frac w2)$ and
# $se^{w/2}/(a-\frac w2)$. $Z$ rises with each logit, so it lies between its values for all others at $-\frac w2$ and at $\frac w2$, by
# {prf:ref}`lem-ls-ahead` between $e^a(a+\frac w2)^{-n}P_n(a)$ and $e^a(a-\frac w2)^{-n}$. Now $\kappa\ge T/Z$; and the label's term is
# at most $Z+T$, so $\kappa\le1+2T/Z$.
# ```


# %%
def least_condition(D, gap, w):
    """The left side of (ls-condition), an mpf."""
    gap, half = mp.mpf(gap), mp.mpf(w) / 2
    tail = mp.exp(-gap - half) * (gap - half) ** (D - 1) / (gap + half)
    return (2 / half) ** (D - 2) * tail / 2


def most_condition(D, gap, w, d):
    """The right side of (ls-condition), an mpf."""
    gap, half, apart = mp.mpf(gap), mp.mpf(w) / 2, 2 / mp.mpf(d)
    tail = mp.exp(-gap + half) * (gap + half) ** (D - 1) / (gap - half)
    whole = mpmath.gammainc(D - 1, 0, gap, regularized=True)
    return 1 + 2 * apart ** (D - 2) * tail / whole / mp.factorial(D - 2)


def condition(eta):
    """kappa of (cc-condition) for distinct logits, an mpf."""
    with mp.workdps(60):
        nodes = [mp.mpf(float(node)) for node in eta]
        gaps = lambda k: mp.fprod(nodes[k] - other for i, other in enumerate(nodes) if i != k)
        terms = [mp.exp(node) / gaps(k) for k, node in enumerate(nodes)]
        return mp.fsum(map(abs, terms)) / mp.fsum(terms)


# %% [markdown]
# The bounds hold for random others, and $\kappa$ falls to 1 as the gap grows:

# %%
rng, seen = np.random.default_rng(0), {}
for D, gap, w in (
    (3, 2, 1),
    (10, 4.5, 1),
    (10, 20, 1),
    (10, 100, 1),
    (10, 100, 1e-4),
    (20, 5.2, 4),
):
    others = np.sort(rng.uniform(-w / 2, w / 2, D - 1))
    kappa = condition([gap, *others])
    assert least_condition(D, gap, w) <= kappa <= most_condition(D, gap, w, np.diff(others).min())
    seen[D, gap, w] = mp.nstr(kappa, 3)
seen  # D, gap, w: kappa

# %% [markdown]
# Read backwards: how far apart must the others be, at least, before a digit can be left?


# %%
def width_without_digits(D, gap, eps):
    """The largest w for which (ls-condition) makes kappa exceed 1/eps: within it, no digit is left but by luck."""
    low, high = mp.mpf(0), mp.mpf(2 * gap)
    for _ in range(60):
        w = (low + high) / 2
        low, high = (w, high) if least_condition(D, gap, w) > 1 / eps else (low, w)
    return float(low)


single = cc.EPS[np.float32]
widths = {}
for D in (10, 20):
    for name, gap in (("cross-entropy", np.log(1 + 9 * D)), ("on the way", 20), ("CC", 10 * D)):
        widths[D, name] = width_without_digits(D, gap, single)
assert widths[10, "cross-entropy"] > 1 and widths[20, "cross-entropy"] > 3.5
assert widths[10, "CC"] < 2e-4 and widths[20, "CC"] < 5e-3
for D, w in 3 * [(10, 1e-3)] + 3 * [(20, 0.02)]:
    assert condition([10 * D, *rng.uniform(-w / 2, w / 2, D - 1)]) < 0.1 / single
widths  # D, best gap of which loss: the width, in single precision, alpha = 0.1

# %% [markdown]
# At the best gap of the continuous categorical no digit is left within the small widths above, and digits of most random others are left
# that are spread over a thousandth (ten categories) or two hundredths (twenty). At that of the cross-entropy, if all are within a range of
# 1 (ten categories) or 3.5 (twenty), no digit is left; and these are lower bounds of the loss, for the best of all spacings. The random
# twenty above, over a range of 4, have a $\kappa$ far above $1/\epsilon=8\cdot10^6$.
#
# That makes a trap of a program that gives a row the cross-entropy when the closed form fails on it: it is led to the best gap of the
# cross-entropy, with the others tied, which is where the closed form fails. Whether a network gets out is measured in
# {doc}`/book/experiments/label_smoothing`.

# %% [markdown]
# ## Limits
#
# - $\alpha\to0$: both gaps grow without bound, $\log(D/\alpha)$ against $D/\alpha$; a hard label has no best answer under the continuous
#   categorical ({prf:ref}`thm-cc-boundary`).
# - $\alpha\to1$: both gaps go to 0, and $\rho\to1$.
# - $D=2$: $P_1=1-e^{-a}$, one other category, no tie, and a closed form that fails at $a=0$ only.

# %%
assert [sp.limit(mean_of_other(D), a, 0) for D in (2, 3)] == [sp.Rational(1, 2), sp.Rational(1, 3)]
assert [sp.limit(rho(D), a, 0) for D in (2, 3)] == [1, 1]
assert all(sp.limit(rho(D), a, sp.oo) == 0 for D in (2, 3))

# %% [markdown]
# ## Check
#
# The covariance of [](cc.py), which takes no derivative and no $P_n$, at the best gap.

# %%
covariance = cc.covariance_exact([100] + [0] * 9, digits=25)
assert abs(covariance[1, 1] * 10**4 - 1) < 1e-20 and abs(covariance[1, 2]) < 1e-20
assert abs(covariance[0, 0] * 10**4 - 9) < 1e-19
[mp.nstr(covariance[k, l], 8) for k, l in ((0, 0), (1, 1), (1, 2))]
