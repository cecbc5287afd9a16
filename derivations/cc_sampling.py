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
# # Drawing from the continuous categorical
#
# ## Claim
#
# Independent exponentials, *given that they sum to 1*, are a draw from [the continuous categorical](cc.py): with rates
# $\theta_k=s-\eta_k$ and any $s>\max\eta$,
#
# $$
# X_k\sim\operatorname{Exp}(\theta_k),\qquad \big(X\,\big|\,\textstyle\sum_kX_k=1\big)\ \sim\ p(y)=e^{\eta\cdot y-A(\eta)} .
# $$ (cc-exponentials)
#
# A sum of exponentials is never 1, so a sampler has to make it 1 and pay by rejections. Let the classes be sorted,
# $\eta_1\ge\eta_2\ge\dots\ge\eta_D$. Draw all $X_k$, keep those of the classes $k>n$ as they are, and rescale those of the *group*
# $1,\dots,n$ to the mass $r=1-\sum_{k>n}X_k$ that is left:
#
# $$
# y_k=X_k\ (k>n),\qquad y_k=r\,\frac{X_k}{\sum_{i\le n}X_i}\ (k\le n),\qquad v=\sum_{k\le n}\theta_ky_k .
# $$ (cc-group)
#
# If $r>0$, accept with the probability
#
# $$
# \Big(\frac v{n-1}\Big)^{n-1}e^{n-1-v}\ \frac v{r\theta_n}\ \ (n<D),\qquad
# \Big(\frac vD\Big)^De^{D-v}\ \ (n=D).
# $$ (cc-group-weight)
#
# What is accepted has exactly the law of $y$. No log-partition is computed, and no equation solved for a draw: it takes $D$
# exponentials and a handful of sums. For the best group the share of accepted proposals is at least
#
# $$
# \frac1{e\sqrt{1+H_{D-1}/2\pi}},\qquad H_n=1+\tfrac12+\dots+\tfrac1n,
# $$ (cc-acceptance-bound)
#
# which is 0.34 for two categories, 0.20 for a million and above 1/8 for $2^{64}$. For equal logits it is 1.

# %% [markdown]
# ## Symbols
#
# $\theta_k$ are rates, $m_k=1/\theta_k$ the means of the exponentials, $T=\sum_kX_k$ their sum. The *saddle* is the $s$ for which $T$
# has mean $\sum_km_k=1$; there $\sigma^2=\sum_km_k^2$ is the variance of $T$, and $F=\sigma f_T(1)$ its density at its mean, in units of
# $\sigma$. $B$ is the group and $n$ the number of its classes.

# %%
import sympy as sp
from mpmath import mp

from derivations.cc import closed_form, eta, mean_exact, same

SIZES = range(2, 5)
theta = sp.symbols("theta1:5", positive=True)
s, t, r, v, T = sp.symbols("s t r v T", positive=True)
w = sp.symbols("w1:4", positive=True)
dot = lambda f, g: sum(a * b for a, b in zip(f, g))


def on_simplex(shares, size=1):
    """Coordinates with a given sum: the free ones, and what they leave for the last."""
    return [*shares, size - sum(shares)]


# %% [markdown]
# On a simplex of size $t$, $e^{\eta\cdot y}$ has the integral $t^{D-1}Z(t\eta)$. In the divided difference the power drops out.


# %%
def scaled_terms(size, logits):
    """The terms of size^(D-1) Z(size eta), the integral of e^(eta y) over a simplex of that size."""
    gaps = lambda e: sp.prod([e - other for other in logits if other != e])
    return {e: sp.exp(size * e) / gaps(e) for e in logits}


for D in (2, 3):
    total = sum(scaled_terms(t, eta[:D]).values())
    assert same(total, t ** (D - 1) * closed_form([t * e for e in eta[:D]]))
total

# %% [markdown]
# ## Derivation
#
# ### Exponentials given their sum
#
# ```{prf:theorem} Exponentials
# :label: thm-cc-exponentials
# Independent $X_k\sim\operatorname{Exp}(s-\eta_k)$ with the condition $T=1$ have the density $p(y)$, whatever $s>\max\eta$ is. And
#
# $$
# f_T(1)=Z(\eta)\,e^{-s}\prod_k\theta_k .
# $$ (cc-density-of-sum)
# ```
#
# ```{prf:proof}
# The joint density of $X$ at a point $y$ with sum 1 is $\prod_k\theta_ke^{-\theta_ky_k}=e^{-s}\prod_k\theta_k\cdot e^{\eta\cdot y}$: $s$ is in the
# factor only. Going from $(X_1,\dots,X_D)$ to $(X_1,\dots,X_{D-1},T)$ has determinant 1, so the integral over the simplex is $f_T(1)$.
# ```

# %%
for D in SIZES:
    y = on_simplex(w[: D - 1])
    rates = [s - e for e in eta[:D]]
    log_joint = -dot(rates, y)
    assert sp.expand(log_joint - (dot(eta, y) - s)) == 0
log_joint

# %% [markdown]
# The density of the sum at any $t$ is $f_T(t)=t^{D-1}Z(-t\theta)\prod_k\theta_k$. It is a convolution, so it obeys
# $f_D'=\theta_D(f_{D-1}-f_D)$ with $f_D(0)=0$, which is to be checked term by term.


# %%
def density_of_sum(D):
    """The terms of f_T(t) for D rates, by rate."""
    terms = scaled_terms(t, [-rate for rate in theta[:D]])
    return {-e: term * sp.prod(theta[:D]) for e, term in terms.items()}


assert density_of_sum(1) == {theta[0]: theta[0] * sp.exp(-theta[0] * t)}
for D in (2, 3):
    own, before = density_of_sum(D), density_of_sum(D - 1) | {theta[D - 1]: 0}
    for rate in own:
        slope = theta[D - 1] * (before[rate] - own[rate])
        assert sp.simplify(sp.diff(own[rate], t) - slope) == 0
    assert sp.cancel(sum(own.values()).subs(t, 0)) == 0
sum(density_of_sum(2).values())

# %% [markdown]
# ### The tempting mistake
#
# *Dividing* exponentials by their sum is not conditioning on the sum. With $X=Tw$, where $w$ has sum 1, the volume is
# $T^{D-1}\dd T\,\dd w$, and
#
# $$
# f(w)=\int_0^\infty\prod_k\theta_k\,e^{-T\,\theta\cdot w}\,T^{D-1}\,\dd T=\frac{(D-1)!\,\prod_k\theta_k}{(\theta\cdot w)^D} ,
# $$ (cc-rescaled)
#
# a power where an exponential is wanted. It is right for equal rates only, where both are constant.

# %%
for D in SIZES:
    shares = on_simplex(w[: D - 1])
    volume = sp.Matrix([T * share for share in shares]).jacobian([*w[: D - 1], T]).det()
    assert sp.simplify(volume**2 - T ** (2 * D - 2)) == 0
    assert sp.integrate(sp.exp(-T * v) * T ** (D - 1), (T, 0, sp.oo)) == sp.factorial(D - 1) / v**D


def rescaled(rates, shares):
    """The density of n exponentials divided by their sum, (cc-rescaled)."""
    n = len(rates)
    return sp.factorial(n - 1) * sp.prod(rates) / dot(rates, shares) ** n


rescaled(theta[:3], on_simplex(w[:2]))

# %% [markdown]
# ### A group takes up the slack
#
# But it is a *proposal*, and one whose density is known. Rescaling a group of $n$ classes, and not all, keeps the choice how much of the
# sum's variance is to be taken up by that.
#
# ```{prf:theorem} The group sampler
# :label: thm-cc-group
# Accepted with the probability {eq}`cc-group-weight`, {eq}`cc-group` has the density $p$. Of all proposals the share
#
# $$
# a_{n-1}\,Z(\eta)\,e^{-s}\prod_{k\ne n}\theta_k\ \ (n<D),\qquad \frac{a_D}D\,Z(\eta)\,e^{-s}\prod_k\theta_k\ \ (n=D),\qquad
# a_j=\frac{j!}{(j/e)^j},\quad a_0=1,
# $$ (cc-group-acceptance)
#
# is accepted, for every $s>\max\eta$. At the saddle these are $a_{n-1}\,m_nF/\sigma$ and $a_DF/(\sigma D)$.
# ```
#
# ```{prf:proof}
# The free classes have the density $\prod_{k>n}\theta_ke^{-\theta_ky_k}$. Given them, $y_k=rw_k$ with $w$ from {eq}`cc-rescaled`, and since
# the simplex of size $r$ has $n-1$ dimensions,
#
# $$
# q(y)=\prod_{k>n}\theta_ke^{-\theta_ky_k}\cdot\frac{(n-1)!\,\prod_{k\le n}\theta_k}{r^{n-1}(\sum_{k\le n}\theta_kw_k)^n}
# =(n-1)!\,\prod_k\theta_k\;\frac r{v^n}\;e^{v-\theta\cdot y}.
# $$ (cc-group-proposal)
#
# With $p(y)=e^{s-\theta\cdot y}/Z(\eta)$ the ratio $p/q$ is a constant times $v^ne^{-v}/r$. If $n<D$, write it as $v^{n-1}e^{-v}\cdot v/r$: the
# first factor is largest at $v=n-1$, and the second is a weighted mean of the rates of the group, at most $\theta_n$. If $n=D$, $r$ is 1 and
# $v^De^{-v}$ is largest at $v=D$. So the weights {eq}`cc-group-weight` are $p/q$ divided by a bound $M$ of it. Rejection leaves $p$,
# and the share that it accepts is $\int q\cdot\frac p{qM}=\frac1M$, as $q>0$ wherever $p>0$. The last sentence is {eq}`cc-density-of-sum`.
# ```


# %%
def weight(n, D, v, r, least_rate):
    """The probability (cc-group-weight) of accepting; `least_rate` is theta_n, the largest of the group."""
    peak = n if n == D else n - 1
    gamma = (v / peak) ** peak * sp.exp(peak - v) if peak else sp.exp(-v)
    return gamma if n == D else gamma * v / (r * least_rate)


def stirling(j):
    """a_j = j!/(j/e)^j."""
    return sp.factorial(j) * (sp.E / j) ** j if j else sp.Integer(1)


def acceptance(n, D, rates, Z, s):
    """The share (cc-group-acceptance) of accepted proposals."""
    kept = [rate for k, rate in enumerate(rates) if k != n - 1 or n == D]
    return (stirling(D) / D if n == D else stirling(n - 1)) * Z * sp.exp(-s) * sp.prod(kept)


# %% [markdown]
# $p/q$ is the weight divided by the acceptance, for every number of categories and every group: the proposal is put together from its
# parts, as the proof does, and the result must not depend on $y$.

# %%
Z = sp.Symbol("Z", positive=True)
for D in SIZES:
    for n in range(1, D + 1):
        shares, free, rates = on_simplex(w[: n - 1]), sp.symbols(f"y{n + 1}:{D + 1}"), theta[:D]
        left = 1 - sum(free) if free else sp.Integer(1)
        group = [left * share for share in shares]
        of_free = sp.prod([rate * sp.exp(-rate * x) for rate, x in zip(rates[n:], free)])
        q = of_free * rescaled(rates[:n], shares) / left ** (n - 1)
        p = sp.exp(s - dot(rates, [*group, *free])) / Z
        accepted = weight(n, D, dot(rates, group), left, rates[n - 1])
        assert sp.simplify(p / q * acceptance(n, D, rates, Z, s) / accepted) == 1
accepted

# %% [markdown]
# Groups of one class: the class absorbs what the others leave, and {eq}`cc-group-weight` is $e^{-\theta_1r}$. For two categories the share
# can be had by integration.

# %%
one_free = sp.integrate(
    sp.expand(theta[1] * sp.exp(-theta[1] * v) * sp.exp(-theta[0] * (1 - v))), (v, 0, 1)
)
one_free = one_free.args[0][0] if one_free.is_Piecewise else one_free
Z_of_two = closed_form([s - theta[0], s - theta[1]])
assert same(one_free, acceptance(1, 2, theta[:2], Z_of_two, s))
one_free

# %% [markdown]
# ### How many are accepted
#
# That $F\ge1/e$, with equality only for one class, is {prf:ref}`thm-cct-lower`. All of the dependence on the weights is then in two terms:
#
# | group | acceptance at the saddle | with equal logits | one class far above |
# | --- | --- | --- | --- |
# | the top class | $F\,m_1/\sigma\ge1/(e\sqrt D)$ | $\approx0.4/\sqrt D$ | $1/e$ |
# | the $n$ top classes | $a_{n-1}F\,m_n/\sigma\approx F\sqrt{2\pi n}\,m_n/\sigma$ | $\approx\sqrt{n/D}$ | 0 |
# | all | $a_DF/(\sigma D)\approx\sqrt{2\pi}F/(\sigma\sqrt D)$ | 1 | $\approx0.92/\sqrt D$ |
#
# The first line holds since $D\,m_1^2\ge\sum_km_k^2=\sigma^2$. One class does well with one class ahead, all do well with no class ahead, and in
# between some number of classes does.
#
# ```{prf:theorem} Acceptance of the best group
# :label: thm-cc-acceptance
# The largest of the $D$ acceptances at the saddle is at least {eq}`cc-acceptance-bound`.
# ```
#
# ```{prf:proof}
# First, $a_j\ge\sqrt{2\pi j}$: the logarithm of $a_j/\sqrt j$ falls by $(j+\frac12)\log(1+\frac1j)-1$ from $j$ to $j+1$. With
# $x=1/(2j+1)$ this is $\operatorname{artanh}(x)/x-1=\frac{x^2}3+\frac{x^4}5+\dots>0$, and the limit is $\sqrt{2\pi}$ (Stirling).
#
# Second, for $n=D$ the acceptance is at least what the formula for $n<D$ would give, $a_{D-1}m_DF/\sigma$: $m_D$ is the least of $D$ means with
# sum 1, so at most $1/D$, and $a_D/a_{D-1}=e\,(1-\frac1D)^{D-1}\ge1$, as $(D-1)\log(1+\frac1{D-1})\le1$.
#
# So with $\alpha$ for the largest acceptance, $m_k\le\alpha\sigma/(Fa_{k-1})$ for every $k$. Square and sum:
#
# $$
# \sigma^2=\sum_km_k^2\le\frac{\alpha^2\sigma^2}{F^2}\sum_{k=1}^D\frac1{a_{k-1}^2}
# \le\frac{\alpha^2\sigma^2}{F^2}\Big(1+\sum_{j=1}^{D-1}\frac1{2\pi j}\Big),
# $$
#
# and $F\ge1/e$.
# ```

# %%
x, j = sp.symbols("x j", positive=True)
half = sp.Rational(1, 2)
fall = (j + half) * sp.log(1 + 1 / j) - 1
of_x = {j: (1 / x - 1) / 2}  # x = 1/(2 j + 1)
assert sp.simplify((j + half).subs(of_x) - 1 / (2 * x)) == 0
assert sp.simplify((1 + 1 / j).subs(of_x) - (1 + x) / (1 - x)) == 0  # exp(2 artanh x)
assert sp.simplify(sp.exp(2 * sp.atanh(x).rewrite(sp.log)) - (1 + x) / (1 - x)) == 0
assert sp.series(sp.atanh(x) / x - 1, x, 0, 6).removeO() == x**2 / 3 + x**4 / 5
for D in range(2, 9):
    grows_by = stirling(D) / stirling(D - 1)
    assert sp.simplify(grows_by - sp.E * (1 - sp.Rational(1, D)) ** (D - 1)) == 0
fall


# %%
def least_acceptance(D):
    """(cc-acceptance-bound)."""
    harmonic = sp.digamma(sp.Float(D)) + sp.EulerGamma  # H_{D - 1}, without adding up its terms
    return (1 / (sp.E * sp.sqrt(1 + harmonic / (2 * sp.pi)))).evalf()


bounds = [least_acceptance(D).n(4) for D in (2, 10, 10**3, 10**6, 2**64)]
assert [round(float(bound), 2) for bound in bounds] == [0.34, 0.31, 0.25, 0.2, 0.13]
assert bounds[-1] > sp.Rational(1, 8)
bounds

# %% [markdown]
# So the group sampler loses $\sqrt{\log D}$ where the absorbing class loses $\sqrt D$. The logarithm is there only if every order of
# magnitude of the weights has a like share in the variance of the sum, $m_k\propto1/\sqrt k$. A sampler without it is known: draw the
# lighter classes freely, accept with $\sigma_Bf_B(r)$, where $f_B$ is the density of the sum of a heavier group $B$ that has half of the
# variance or more, and go on with the group alone, given its sum. As $f_B$ is log-concave, $\sigma_Bf_B\le1$, and a
# step is accepted with $F\sigma_B/\sigma\ge1/(e\sqrt2)$, whatever $D$ is. But it takes a log-partition for every proposal and about $\log_2D$ steps,
# and up to $D=300$ its constant 0.26 is less than {eq}`cc-acceptance-bound`.

# %%
halving = 1 / (sp.E * sp.sqrt(2))
assert least_acceptance(300) > halving > least_acceptance(310)
halving.evalf(3)

# %% [markdown]
# ### The best $s$
#
# Any $s$ is right, so it may be chosen for each group: the logarithm of {eq}`cc-group-acceptance` is concave in $s$, with its maximum where
# $\sum_{k\ne n}m_k=1$ ($n<D$), the saddle of the others. For a large group that is nearly the saddle. For one class far above it makes the
# difference: the rate of this class goes to 0, and the acceptance from $1/e$ to 1.
# Near its maximum the logarithm has the curvature $-\sigma^2$, so an $s$ that is wrong by a hundredth of $1/\sigma$ costs a share of 1/20000:
# a few Newton steps per row are enough, and none per draw.

# %%
log_share = sp.log(acceptance(1, 3, [s - e for e in eta[:3]], Z, s))
slope = sp.diff(sp.expand_log(log_share, force=True), s)
assert sp.simplify(slope - (1 / (s - eta[1]) + 1 / (s - eta[2]) - 1)) == 0
far_above = acceptance(1, 2, [s, s + t], closed_form([0, -t]), s)  # logits 0 and -t
assert sp.limit(far_above.subs(s, 1 / t), t, sp.oo) == 1
assert sp.limit(far_above.subs(s, 1), t, sp.oo) == 1 / sp.E
slope

# %% [markdown]
# ### What to test: every corner is a smaller simplex
#
# ```{prf:theorem} Tails
# :label: thm-cc-tails
# For $c_k\ge0$ with $\rho=1-\sum_kc_k>0$
#
# $$
# P(y_k\ge c_k\text{ for all }k)=e^{\eta\cdot c}\,\rho^{D-1}\,\frac{Z(\rho\eta)}{Z(\eta)} .
# $$ (cc-tails)
#
# In particular $P(y_k\ge t)=e^{\eta_kt}(1-t)^{D-1}Z((1-t)\eta)/Z(\eta)$, and the density of $y_k$ is
#
# $$
# f(y_k=t)=e^{\eta_kt}(1-t)^{D-2}\,\frac{Z((1-t)\,\eta_{-k})}{Z(\eta)},
# $$ (cc-marginal)
#
# where $\eta_{-k}$ lacks $\eta_k$. Given $y_k+y_l=t$, the share $u=y_k/t$ is a continuous Bernoulli variable with
#
# $$
# P(u\le x)=\frac{e^{ax}-1}{e^a-1},\qquad a=(\eta_k-\eta_l)\,t .
# $$ (cc-pairs)
# ```
#
# ```{prf:proof}
# The points with $y\ge c$ are $y=c+\rho y'$ with $y'$ in the simplex, and the volume is $\rho^{D-1}\dd y'$. In the same way the points with $y_k=t$ are a
# simplex of size $1-t$ and dimension $D-2$. Given all others, hence also given the sum $t$ of the two, $e^{\eta_ky_k+\eta_ly_l}$ is
# $e^{au}$ times a constant.
# ```
#
# One follows from the other: the density is minus the slope of the tail, term by term of the divided difference, where the size of the
# simplex drops out of the denominators.


# %%
for D in (2, 3):
    for k in range(D):
        tail = scaled_terms(1 - t, eta[:D])
        density = scaled_terms(1 - t, [*eta[:k], *eta[k + 1 : D]])
        for e in density:
            slope = sp.diff(sp.exp(eta[k] * t) * tail[e], t)
            assert sp.simplify(-slope / (sp.exp(eta[k] * t) * density[e])) == 1
        assert sp.diff(sp.exp(eta[k] * t) * tail[eta[k]], t) == 0  # and of k itself nothing is left
sp.exp(eta[1] * t) * sum(scaled_terms(1 - t, [eta[0], eta[2]]).values()) / closed_form(eta[:3])

# %%
a = sp.Symbol("a", positive=True)
below = sp.integrate(sp.exp(a * v), (v, 0, x)) / sp.integrate(sp.exp(a * v), (v, 0, 1))
assert same(below, (sp.exp(a * x) - 1) / (sp.exp(a) - 1))
below

# %% [markdown]
# ## Limits
#
# *Equal logits*: $\theta\cdot y=\theta$, every proposal with $n=D$ is accepted, and the sampler is the usual one of the uniform density,
# exponentials divided by their sum.
#
# *A class far below* has a rate of the order of its gap and is free. One of weight 0 has the rate $\infty$ and $y_k=0$.
#
# *The sampler of the paper* {cite}`gordonrodriguez2020cc` draws $D-1$ continuous Bernoulli variables and accepts if their sum is
# at most 1. For equal logits these are uniform on a cube, and $1/(D-1)!$ of it is the simplex: one in 362880 at $D=10$.

# %%
cube = [sp.integrate(sp.integrate(1, (v, 0, 1 - t)), (t, 0, 1)), 1 / sp.factorial(2)]
assert cube[0] == cube[1]
assert sp.factorial(9) == 362880
rates = [s] * 3
all_equal = weight(3, 3, dot(rates, on_simplex(w[:2])), 1, s)
assert sp.simplify(all_equal.subs(s, 3)) == 1  # the saddle of three equal logits
assert acceptance(3, 3, [3] * 3, closed_form([0, t, 2 * t]).limit(t, 0), 3) == 1

# %% [markdown]
# ## Check
#
# For the logits 0, 1, 3 the density {eq}`cc-marginal` of the last class integrates to 1, and its mean is that of
# [the derivation of the continuous categorical](cc.py), which takes another way to it.

# %%
logits = [sp.Integer(0), sp.Integer(1), sp.Integer(3)]
density = sp.exp(3 * t) * sum(scaled_terms(1 - t, logits[:2]).values()) / closed_form(logits)
assert sp.expand(sp.cancel(sp.integrate(sp.expand(density), (t, 0, 1)))) == 1
mean = sp.integrate(sp.expand(t * density), (t, 0, 1))
expected = sp.Float(mp.nstr(mean_exact([0, 1, 3], 25, [2])[0], 25), 30)
assert abs(mean.evalf(30) - expected) < 1e-20
mean.evalf(20)

# %% [markdown]
# Of two thresholds at once, by integration over the corner, and by {eq}`cc-tails`:

# %%
c, first, second = (sp.Rational(1, 5), sp.Rational(1, 10), 0), *sp.symbols("y1 y2", positive=True)
integrand = sp.exp(dot(logits, on_simplex([first, second])))
over_second = sp.integrate(sp.expand(integrand), (second, c[1], 1 - first))
corner = sp.integrate(sp.expand(over_second), (first, c[0], 1 - c[1]))
by_theorem = sp.exp(dot(logits, c)) * sum(scaled_terms(1 - sum(c), logits).values())
assert abs((corner - by_theorem).evalf(30)) < 1e-25 and corner.evalf() > 0.01
by_theorem / closed_form(logits)

# %% [markdown]
# ## Emit
#
# A loop that ends when a number is accepted is no system of equations, and none is emitted: `kdeviz/sampling.py` is written by hand, and
# `tests/test_cc_sampling.py` holds its proposals against {eq}`cc-group-weight` and what it accepts against {eq}`cc-group-acceptance`,
# {eq}`cc-tails` and {eq}`cc-pairs`.
