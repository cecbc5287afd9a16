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
# # The continuous categorical
#
# ## Claim
#
# Soft labels live on the simplex $\Delta=\{y\in\R^D: y_k\ge0,\ \sum_ky_k=1\}$, and there $\prod_k\lambda_k^{y_k}$ is no density until
# it is divided by its integral. The *continuous categorical* {cite}`gordonrodriguez2020cc` is the result,
#
# $$
# p(y)=C(\lambda)\prod_k\lambda_k^{y_k}=e^{\eta\cdot y-A(\eta)},\qquad \lambda=\softmax(\eta),\qquad
# \log C=\LSE(\eta)-A(\eta),
# $$ (cc-density)
#
# a density in the first $D-1$ coordinates of $y$. Its log-partition $A$ is the logarithm of an integral over the simplex, which is a
# *divided difference* of the exponential function:
#
# $$
# Z(\eta)=e^{A(\eta)}=\int_\Delta e^{\eta\cdot y}\,\dd y_1\cdots\dd y_{D-1}
# =\exp[\eta_1,\dots,\eta_D]=\sum_k\frac{e^{\eta_k}}{\prod_{i\ne k}(\eta_k-\eta_i)} .
# $$ (cc-partition)
#
# The last form is the one on the poster {cite}`gordonrodriguez2020uses`. It is right, and it is the one form not to compute with: it
# divides by zero where two logits meet, and multiplies rounding errors by $\kappa\ge\frac12(D-1)!\,(4/w)^{D-1}e^{-w}$ for *all*
# logits of spread $w$. Nothing of that is in $A$ itself, which is smooth and moves by no more than its logits do. The loss of a label
# has the gradient of all losses of this book, expectation minus data:
#
# $$
# L(\eta)=-\log p(y)=A(\eta)-\eta\cdot y,\qquad \frac{\partial L}{\partial\eta}=\mu-y,\qquad \mu=\E[y]=\nabla A,\qquad
# \frac{\partial^2L}{\partial\eta\,\partial\eta^\top}=\Cov(y).
# $$ (cc-loss)

# %% [markdown]
# ## Symbols
#
# $D$ counts categories, $\eta$ are natural parameters (logits), $\lambda$ the parameter of the poster, $\mu$ the mean. $A$ is
# *subtracted* in the logarithm of the density, $\log C$ is *added*. Theorems are for every $D$; sympy checks them at $D=2,\dots,5$,
# even and odd, since some slips show at even $D$ only.

# %%
from collections import Counter
from fractions import Fraction
from itertools import combinations_with_replacement

import mpmath
import numpy as np
import sympy as sp
from mpmath import mp

SIZES = range(2, 6)
eta, lam = sp.symbols("eta1:6", real=True), sp.symbols("lambda1:6", positive=True)


# %%
def divided_difference(f, nodes):
    """f[nodes] for the values f at distinct nodes: each value over the product of its gaps."""
    gaps = lambda k: sp.prod([nodes[k] - other for i, other in enumerate(nodes) if i != k])
    return sum(value / gaps(k) for k, value in enumerate(f))


def closed_form(nodes):
    """exp[nodes], the right side of (cc-partition)."""
    return divided_difference([sp.exp(node) for node in nodes], nodes)


closed_form(eta[:3])

# %% [markdown]
# ## Derivation
#
# ### From the poster's formula to the divided difference
#
# The poster writes, with $\lambda_i$ of the product above $\lambda_k$ of the sum,
#
# $$
# C(\lambda)^{-1}=(-1)^{D+1}\sum_k\frac{\lambda_k}{\prod_{i\ne k}\log(\lambda_i/\lambda_k)} .
# $$ (cc-poster)


# %%
def poster(lam, ratio=lambda of_product, of_sum: of_product / of_sum):
    """1/C(lam) as printed."""
    D = len(lam)
    factors = lambda k: sp.prod([sp.log(ratio(lam[i], lam[k])) for i in range(D) if i != k])
    return (-1) ** (D + 1) * sum(lam[k] / factors(k) for k in range(D))


poster(lam[:3])

# %% [markdown]
# With $\lambda=e^\eta$ each logarithm is $\eta_i-\eta_k$, the negative of a factor of {eq}`cc-partition`. There are $D-1$ of them, and
# $(-1)^{D+1}(-1)^{D-1}=1$: the sign is right.


# %%
def in_eta(formula):
    return sp.expand_log(
        formula.subs({old: sp.exp(new) for old, new in zip(lam, eta)}), force=True
    )


same = lambda f, g: sp.cancel(sp.expand(f - g)) == 0
for D in SIZES:
    assert same(in_eta(poster(lam[:D])), closed_form(eta[:D]))

# %% [markdown]
# Is it? A formula with a sign that depends on $D$ wants a test at both parities. Turn the ratio round, $\log(\lambda_k/\lambda_i)$: at
# $D=3$ and $5$ nothing happens, at $D=2$ and $4$ the density becomes negative.

# %%
for D in SIZES:
    swapped = poster(lam[:D], lambda of_product, of_sum: of_sum / of_product)
    sign = -1 if D % 2 == 0 else 1
    assert same(in_eta(swapped), sign * closed_form(eta[:D]))
swapped.subs({lam[k]: sp.exp(k) for k in range(5)})

# %% [markdown]
# ### A common factor of $\lambda$
#
# $$
# Z(\eta+c)=e^cZ(\eta),\qquad C(e^c\lambda)=e^{-c}\,C(\lambda).
# $$ (cc-shift)
#
# As $\sum_ky_k=1$, the density {eq}`cc-density` does not change: logits need no normalising, and a loss may subtract the largest first.
# $\log C=\LSE(\eta)-A(\eta)$ is $-A$ at $\eta=\log\lambda$.

# %%
c = sp.Symbol("c", real=True)
for D in SIZES:
    shifted = closed_form([node + c for node in eta[:D]])
    assert sp.expand(shifted - sp.exp(c) * closed_form(eta[:D])) == 0

# %% [markdown]
# ### The integral
#
# ```{prf:theorem} Hermite and Genocchi
# :label: thm-cc-integral
# For distinct $\eta_k$ the integral of $e^{\eta\cdot y}$ over the simplex is the divided difference, {eq}`cc-partition`.
# ```
#
# ```{prf:proof}
# By induction; $D=1$ is $e^{\eta_1}$. Let $a=\eta_{D-1}$, $b=\eta_D$ be the last two logits and $t=1-y_1-\dots-y_{D-2}$ the mass that is
# left for them. The innermost integral is
#
# $$
# \int_0^te^{as+b(t-s)}\,\dd s=\frac{e^{at}-e^{bt}}{a-b},
# $$ (cc-inner)
#
# and what remains over $y_1,\dots,y_{D-2}$ are two integrals for $D-1$ categories, the last of which has the mass $t$ and the logit $a$ or
# $b$:
#
# $$
# Z(\dots,a,b)=\frac{Z(\dots,a)-Z(\dots,b)}{a-b}.
# $$ (cc-recursion)
#
# The divided difference obeys the same recursion: a term with $\eta_k\ne a,b$ has on the right
# $\frac1{a-b}\big(\frac1{\eta_k-a}-\frac1{\eta_k-b}\big)=\frac1{(\eta_k-a)(\eta_k-b)}$ times the same factors as on the left, and the
# terms of $a$ and of $b$ are there once each.
# ```
#
# The inner integral, by sympy.

# %%
s, t, a, b = sp.symbols("s t a b", positive=True)
inner = sp.integrate(sp.exp((a - b) * s), (s, 0, t)).args[0][0] * sp.exp(
    b * t
)  # the branch a != b
assert sp.expand(inner - (sp.exp(a * t) - sp.exp(b * t)) / (a - b)) == 0
inner

# %% [markdown]
# The recursion, for any function $f$. Both sides are linear in its values, so it is enough that one of them is 1 and the others 0.

# %%
_, *x = sp.field(
    "x1:6", sp.ZZ
)  # rational functions of five nodes: equal ones are the same object
for D in SIZES:
    *others, last, end = x[:D]
    for *f, f_last, f_end in np.eye(D, dtype=int).tolist():
        without_end = divided_difference([*f, f_last], [*others, last])
        without_last = divided_difference([*f, f_end], [*others, end])
        assert divided_difference([*f, f_last, f_end], x[:D]) == (without_end - without_last) / (
            last - end
        )

# %% [markdown]
# And the integral itself for two and three categories, with the logits $(a,0)$ and $(a+b,a,0)$: a shift and an order are no loss.

# %%
two, three = (a, sp.Integer(0)), (a + b, a, sp.Integer(0))
y1, y2 = sp.symbols("y1 y2", positive=True)
integral_of_two = sp.integrate(sp.exp(a * y1), (y1, 0, 1))
assert sp.simplify(integral_of_two - closed_form(two)) == 0
integral_of_two

# %%
over_y2 = sp.integrate(sp.exp(a * y2), (y2, 0, 1 - y1))
integral_of_three = sp.integrate(sp.expand(sp.exp((a + b) * y1) * over_y2), (y1, 0, 1))
assert sp.cancel(sp.expand(integral_of_three - closed_form(three))) == 0
integral_of_three

# %% [markdown]
# ### The density, and how large $C$ is
#
# Which coordinate is left out of $\dd y_1\cdots\dd y_{D-1}$ does not matter: exchanging it for another is a substitution with
# determinant $\pm1$. Other authors measure the simplex by its surface, which is $\sqrt D$ times as much, or by the uniform
# probability (Dirichlet with all parameters 1), $(D-1)!$ times as much. $A$ and $C$ move by these factors; means do not.

# %%
for D in SIZES:
    edges = sp.eye(D - 1).col_join(-sp.ones(1, D - 1))  # dy/dy_k for the D - 1 free coordinates
    assert sp.sqrt((edges.T * edges).det()) == sp.sqrt(D)

# %% [markdown]
# ```{prf:theorem} Bounds
# :label: thm-cc-bounds
# For every $\eta$,
#
# $$
# \frac1D\sum_k\eta_k-\log(D-1)!\ \le\ A(\eta)\ \le\ \LSE(\eta)-\log D!,
# $$ (cc-bounds)
#
# with equality, on either side, only where all $\eta_k$ are equal. In particular $C(\lambda)\ge D!$ whenever $\sum_k\lambda_k=1$.
# ```
#
# ```{prf:proof}
# The exponential function is convex and $y$ holds weights, so $e^{\eta\cdot y}\le\sum_ky_ke^{\eta_k}$ (weighted arithmetic and geometric
# means). The integral of $y_k$ over the simplex is $1/D!$: the $D$ coordinates are alike and their sum integrates to $1/(D-1)!$. Hence
# $Z\le\frac1{D!}\sum_ke^{\eta_k}$. For the lower bound, the mean of $e^{\eta\cdot y}$ over the simplex is at least $e$ to the mean of
# $\eta\cdot y$ (Jensen), and that is $\frac1D\sum_k\eta_k$. Strict convexity leaves equality where $\eta\cdot y$ is constant.
# ```
#
# What the bound is depends on two conventions. With $\lambda$ scaled so that the *largest* is 1, $1/Z\ge(D-1)!$, and that is what one
# gets from $e^{\eta\cdot y}\le1$; with $\lambda$ scaled to sum 1, $\prod_k\lambda_k^{y_k}$ is smaller and $C\ge D!$.
#
# | the simplex is measured by | its size | $C(\lambda)$, $\sum_k\lambda_k=1$, is at least |
# | --- | --- | --- |
# | Lebesgue measure of $D-1$ coordinates (here) | $1/(D-1)!$ | $D!$ |
# | its surface | $\sqrt D/(D-1)!$ | $D!/\sqrt D$ |
# | the uniform probability | $1$ | $D$ |
#
# The two integrals in the proof, for three categories.

# %%
over_simplex = lambda f: sp.integrate(sp.integrate(sp.expand(f), (y2, 0, 1 - y1)), (y1, 0, 1))
assert over_simplex(1) == 1 / sp.factorial(2)
assert over_simplex(y1) == over_simplex(y2) == over_simplex(1 - y1 - y2) == 1 / sp.factorial(3)

# %% [markdown]
# ### Mean and covariance: a category taken twice
#
# ```{prf:theorem} Splitting
# :label: thm-cc-split
# Moments are partition functions in which categories occur repeatedly:
#
# $$
# \frac{\partial Z}{\partial\eta_k}=\int_\Delta y_k\,e^{\eta\cdot y}\,\dd y=Z(\eta,\eta_k),\qquad
# \frac{\partial^2Z}{\partial\eta_k\,\partial\eta_l}=\int_\Delta y_ky_l\,e^{\eta\cdot y}\,\dd y=(1+\delta_{kl})\,Z(\eta,\eta_k,\eta_l).
# $$ (cc-moments)
# ```
#
# ```{prf:proof}
# The simplex is bounded, so the derivative goes under the integral. Split category $k$ in two with the same logit: the inner integral
# {eq}`cc-inner` over the share of the first is $\int_0^{y_k}e^{\eta_ky_k}\,\dd s=y_ke^{\eta_ky_k}$. A second derivative does the same again;
# for $l=k$ it meets two entries $\eta_k$.
#
# Or from {eq}`cc-recursion`: with $a=\eta_k+\epsilon$ and $b=\eta_k$ its right side is a difference quotient of $Z$.
# ```
#
# Hence the mean is a quotient of positive numbers, and the Hessian of $A$ is the covariance:
#
# $$
# \mu_k=\frac{\partial A}{\partial\eta_k}=\frac{Z(\eta,\eta_k)}{Z(\eta)},\qquad
# \frac{\partial^2A}{\partial\eta_k\,\partial\eta_l}=\E[y_ky_l]-\mu_k\mu_l=\Cov(y_k,y_l).
# $$ (cc-mean)
#
# For two categories, of which the first is met by a third:

# %%
epsilon = sp.Symbol("epsilon", positive=True)
met = closed_form((a, 0, a + epsilon))
assert same(met, (closed_form((a + epsilon, 0)) - closed_form((a, 0))) / epsilon)
met

# %% [markdown]
# $\sum_ky_k=1$ makes the means sum to 1 and every row of the covariance to 0: differentiate {eq}`cc-shift` in $c$.

# %%
for D in SIZES:
    Z = closed_form(eta[:D])
    assert sp.expand(sum(sp.diff(Z, node) for node in eta[:D]) - Z) == 0

# %% [markdown]
# ### The loss
#
# The density {eq}`cc-density` has $\LSE(\eta)$ twice, in $\log C$ and in $\log\lambda_k$, and a label that sums to 1 cancels it:
#
# $$
# -\log p(y)=-\log C(\lambda)-\sum_ky_k\log\lambda_k=A(\eta)-\eta\cdot y .
# $$
#
# So "the probabilistic version of the cross-entropy" is the cross-entropy of $y$ and $\lambda$ *minus* $\log C(\lambda)$, and as the
# softmax disappears from the loss, so does it from the gradient: $\mu-y$ in the place of $\lambda-y$.

# %%
log_partition = sp.Function("A")(*eta[:3])
y = (y1, y2, 1 - y1 - y2)
log_sum_exp = sp.log(sum(map(sp.exp, eta[:3])))
log_norm_const = log_sum_exp - log_partition
log_density = log_norm_const + sum(y[k] * (eta[k] - log_sum_exp) for k in range(3))
loss = log_partition - sum(y[k] * eta[k] for k in range(3))
assert sp.expand(log_density + loss) == 0
loss

# %%
loss_grad = [sp.diff(loss, node) for node in eta[:3]]
assert all(
    sp.expand(loss_grad[k] - (sp.diff(log_partition, eta[k]) - y[k])) == 0 for k in range(3)
)
loss_hessian = sp.hessian(loss, eta[:3])
assert loss_hessian == sp.hessian(log_partition, eta[:3])  # no label in it
loss_grad[0]

# %% [markdown]
# A covariance is positive semidefinite, so the loss is convex in the logits, and strictly so up to their common shift: only constants
# have no variance on the simplex.
#
# **A sign.** Equation (10) of the poster, in the transcription at hand, asks to *minimise* $\log C+\sum_ky_k\log\pi_k$ with the policy
# $\pi$ for $\lambda$. There is no minus sign, and its neighbours (8) and (9) have one; it may have been lost on the way. As it stands it is
# $+\log p$, and descent on it runs away from the label: with two categories and logits $(a,0)$ the density is
# $a\,e^{-(1-y_1)a}/(1-e^{-a})$, which for every $y_1<1$ goes to 0 with growing $a$, and its logarithm falls without end. With the minus the
# loss grows there, as it should.

# %%
transcribed = a * y1 - sp.log(closed_form(two))
assert same(sp.exp(transcribed), a * sp.exp(a * y1 - a) / (1 - sp.exp(-a)))
one_third = {y1: sp.Rational(1, 3)}
assert sp.limit(transcribed.subs(one_third), a, sp.oo) == -sp.oo
assert sp.limit(-transcribed.subs(one_third), a, sp.oo) == sp.oo
transcribed

# %% [markdown]
# ### Entropy and divergence
#
# For any member of the family $\E\log p=\mu\cdot\eta-A(\eta)$, so the differential entropy and the divergence between two members
# with parameters $\eta$ and $\eta'$ are
#
# $$
# H=A(\eta)-\eta\cdot\mu,\qquad \operatorname{KL}(\eta\,\|\,\eta')=A(\eta')-A(\eta)-(\eta'-\eta)\cdot\mu(\eta).
# $$ (cc-entropy)
#
# The divergence is what the tangent of the convex $A$ at $\eta$ leaves at $\eta'$: no integral is needed. The entropy is largest for
# the uniform density, $-\log(D-1)!$, and so is never positive.

# %%
log_Z, other = sp.log(closed_form(two)), sp.Symbol("a'", positive=True)
mean = sp.diff(log_Z, a)
expected_y = sp.integrate(y1 * sp.exp(a * y1), (y1, 0, 1)) / closed_form(two)
assert same(expected_y, mean)
sp.apart(sp.cancel(mean), sp.exp(a))

# %% [markdown]
# $\E\log p=\eta\cdot\E y-A$ is linear in $y$, so this mean is all that is wanted.

# %%
entropy = -(a * expected_y - log_Z)
assert same(entropy, log_Z - a * mean)

# %%
other_log_Z = log_Z.subs(a, other)
divergence = (a * expected_y - log_Z) - (other * expected_y - other_log_Z)
assert same(divergence, other_log_Z - log_Z - (other - a) * mean)

# %% [markdown]
# ### Two categories: the continuous Bernoulli
#
# For $D=2$ and $\lambda=(\lambda,1-\lambda)$ this is the continuous Bernoulli {cite}`loaizaganem2019`,
#
# $$
# C(\lambda)=\frac{2\operatorname{artanh}(1-2\lambda)}{1-2\lambda},\qquad
# \mu=\frac\lambda{2\lambda-1}+\frac1{2\operatorname{artanh}(1-2\lambda)},
# $$ (cc-bernoulli)
#
# with a singularity at $\lambda=\frac12$ that is none: $C=2=D!$ and $\mu=\frac12$ there. For $\lambda=\softmax(a,0)_1$,
# $2\operatorname{artanh}(1-2\lambda)=-a$.

# %%
p = sp.Symbol("lambda", positive=True)
logit = {p: sp.exp(a) / (1 + sp.exp(a))}  # lambda = softmax(a, 0)
assert same(sp.exp(2 * sp.atanh(1 - 2 * p).rewrite(sp.log)).subs(logit), sp.exp(-a))
at_logit = lambda f: f.subs(sp.atanh(1 - 2 * p), -a / 2).subs(logit)

# %%
bernoulli = 2 * sp.atanh(1 - 2 * p) / (1 - 2 * p)
sum_of_exp = sum(map(sp.exp, two))
assert same(at_logit(bernoulli), sum_of_exp / closed_form(two))
assert sp.limit(at_logit(bernoulli), a, 0) == sp.factorial(2)
bernoulli

# %%
bernoulli_mean = p / (2 * p - 1) + 1 / (2 * sp.atanh(1 - 2 * p))
assert same(at_logit(bernoulli_mean), mean)
bernoulli_mean

# %% [markdown]
# ## Limits
#
# ### Where logits meet
#
# The closed form is $0/0$ where two logits are equal. The integral is not: on a bounded set $e^{\eta\cdot y}$ may be expanded
# under it, so $Z$ is an *entire* function of $\eta$ and every tie is a removable singularity. One after the other, with the last logit
# at 0, for two and for three categories:

# %%
as_two_meet = sp.limit(closed_form((a, 0)), a, 0)
assert as_two_meet == 1 / sp.factorial(1)
first_two_of_three = sp.limit(closed_form((a, b, 0)), b, 0)
as_three_meet = sp.limit(first_two_of_three, a, 0)
assert as_three_meet == 1 / sp.factorial(2)
first_two_of_three

# %% [markdown]
# Where all are equal, $Z=e^\eta/(D-1)!$, $e^\eta$ times the size of the simplex: Stirling's subject. In between there is a series without
# a single minus sign.
#
# ```{prf:theorem} Positive series
# :label: thm-cc-series
# Let $x_k=\eta_k-\min\eta\ge0$ and let $h_n(x)$ be the sum of all monomials of degree $n$ in $x_1,\dots,x_D$. Then
#
# $$
# Z(\eta)=e^{\min\eta}\sum_{n=0}^\infty\frac{h_n(x)}{(n+D-1)!},
# $$ (cc-series)
#
# ties or not. Cut after $T$ terms it is too small by a relative error of at most $P(N\ge T)$, where $N$ has the Poisson
# distribution with the spread $w=\max x$ for its mean.
# ```
#
# ```{prf:proof}
# The divided difference of $x\mapsto1/(1-\tau x)$ is $\tau^{D-1}/\prod_k(1-\tau x_k)$, by {eq}`cc-recursion`. Compare powers of $\tau$: the
# divided difference of $x^m$ is $h_{m-D+1}(x)$, and 0 for $m<D-1$. Sum over $m$ with $1/m!$. Both sides are entire, so the series holds
# at ties too: it is $\int_\Delta\sum_n\frac{u^n}{n!}\,\dd y$ with $u=x\cdot y\le w$. There $\sum_{n\ge T}\frac{u^n}{n!}=e^uP(N_u\ge T)\le e^uP(N\ge T)$,
# since a Poisson variable $N_u$ of mean $u$ grows with its mean.
# ```

# %%
complete = lambda n, x: sum(
    sp.prod(monomial) for monomial in combinations_with_replacement(x, n)
)
for D in SIZES:
    for m in range(D + 2):
        of_power = divided_difference([node**m for node in x[:D]], x[:D])
        assert of_power == (complete(m - D + 1, x[:D]) if m >= D - 1 else 0)

# %%
_, tau, *x = sp.field("tau,x1:5", sp.ZZ)
for D in SIZES[:-1]:
    of_pole = divided_difference([1 / (1 - tau * node) for node in x[:D]], x[:D])
    assert of_pole == tau ** (D - 1) / sp.prod([1 - tau * node for node in x[:D]])

# %% [markdown]
# ### Why floating point must fail
#
# The proof says what the closed form does: of the Taylor series of $e^{\eta_k}$, the first $D-1$ terms cancel *entirely* between the
# categories, and the answer is in what is left. Rounding every term of a sum by a relative $u$ moves it by up to $\kappa u$, with the
# condition number
#
# $$
# \kappa=\frac1Z\sum_k\frac{e^{\eta_k}}{\prod_{i\ne k}|\eta_k-\eta_i|} .
# $$ (cc-condition)
#
# For equal steps, $\eta_k=kh$, both sums are binomial:
#
# $$
# Z=\frac1{(D-1)!}\Big(\frac{e^h-1}h\Big)^{D-1},\qquad\kappa=\Big(\coth\frac h2\Big)^{D-1}.
# $$ (cc-grid)

# %%
h = sp.Symbol("h", positive=True)
e_h = sp.exp(h)
for D in SIZES:
    grid, scale = [k * h for k in range(D)], sp.factorial(D - 1) * h ** (D - 1)
    terms = [
        sp.exp(grid[k]) / sp.prod([grid[k] - node for node in grid if node != grid[k]])
        for k in range(D)
    ]
    absolute = [(-1) ** (D - 1 - k) * term for k, term in enumerate(terms)]
    assert sp.expand(scale * sum(terms) - (e_h - 1) ** (D - 1)) == 0
    assert sp.expand(scale * sum(absolute) - (e_h + 1) ** (D - 1)) == 0
sum(terms)

# %% [markdown]
# ```{prf:proof}
# For every $D$: $\prod_{i\ne k}(k-i)h=(-1)^{D-1-k}\,k!\,(D-1-k)!\,h^{D-1}$, so the terms are $h^{-(D-1)}/(D-1)!$ times those of the binomial theorem for
# $(e^h-1)^{D-1}$, and with all signs positive for $(e^h+1)^{D-1}$.
# ```
#
# No choice of the logits avoids it.
#
# ```{prf:theorem} The closed form loses its digits everywhere
# :label: thm-cc-condition
# For all distinct logits of spread at most $w$,
#
# $$
# \kappa\ \ge\ \tfrac12\,(D-1)!\,\Big(\frac4w\Big)^{D-1}e^{-w} .
# $$ (cc-condition-bound)
# ```
#
# ```{prf:proof}
# Let $w$ be the spread, $n=D-1$, and $T$ the Chebyshev polynomial of degree $n$, moved to the range of the logits. There $|T|\le1$, and its leading
# coefficient $2^{n-1}(2/w)^n$ is its divided difference. So $\sum_k1/\prod_{i\ne k}|\eta_k-\eta_i|\ge\frac12(4/w)^n$. Each term of $\kappa$ has an
# $e^{\eta_k}\ge e^{\min\eta}$ above, and $Z\le e^{\max\eta}/n!$. The bound falls with $w$, so it also holds for smaller spreads.
# ```

# %%
w = sp.Symbol("w", positive=True)
for D in SIZES:
    moved = sp.Poly(sp.chebyshevt(D - 1, 2 * s / w), s)  # onto a range of width w
    assert moved.LC() == (4 / w) ** (D - 1) / 2


# %%
def least_condition(D, spread):
    """The right side of (cc-condition-bound)."""
    return sp.factorial(D - 1) * (4 / sp.sympify(spread)) ** (D - 1) * sp.exp(-spread) / 2


# %% [markdown]
# The first $D$ at which $\kappa$ exceeds $1/\epsilon$, for any logits within 1 of each other, in single and in double precision: from there on
# the digits that come out are noise, unless errors happen to cancel.

# %%
EPS = {dtype: float(np.finfo(dtype).eps) for dtype in (np.float32, np.float64)}
nothing_left = [
    next(D for D in range(2, 99) if least_condition(D, 1) > 1 / eps) for eps in EPS.values()
]
assert nothing_left == [8, 14]
nothing_left


# %% [markdown]
# The *problem* is as benign as can be: $\nabla A=\mu$ holds positive numbers that sum to 1, so
#
# $$
# |A(\eta')-A(\eta)|\le\max_k|\eta'_k-\eta_k| .
# $$ (cc-lipschitz)
#
# All that is lost is the formula's doing, and another formula need not lose it. How many digits are lost in practice, and where, is measured in
# {doc}`/book/lost_digits`.

# %% [markdown]
# ### References
#
# References need a method without cancellation or with digits to spare; here are both. They take their input as exact numbers. The first
# sums {eq}`cc-series` in integers: $h_n$ for one more category is $h_n\leftarrow h_n+x_kh_{n-1}$. The second is the closed form with more and
# more digits until the answer stays; categories that are tied share a pole of higher order, and their term is the coefficient of
# $\epsilon^{n-1}$ in $e^{v+\epsilon}\prod_i(v-v_i+\epsilon)^{-n_i}$, where $n$ categories have the value $v$ and $n_i$ the value $v_i$.


# %%
def log_partition_series(eta, digits=50):
    """A(eta) from the positive series, as an mpf that is right to 10^-digits, absolutely.

    With q = x/w in [0, 1] and max q = 1, the h_n(q) never fall. So rounding q and each of the D T
    updates down, by one unit of 2^-bits, makes h_n too small by at most 2 D T units of itself.
    Takes D T integer operations, T about 2 w + 2 digits.
    """
    eta = _exact(eta)
    low, D = min(eta), len(eta)
    spread = max(eta) - low
    terms = int(2 * spread) + 2 * digits + 20  # enough: prove_series_is_cut_late_enough
    with mp.workdps(digits + 20):
        bits = mp.prec + (D * terms).bit_length()
        size, total, weight = _number(spread), mp.zero, mp.one
        for n, h in enumerate(
            _complete_homogeneous([e - low for e in eta], spread, terms, bits)
        ):
            total += weight * mpmath.ldexp(h, -bits)
            weight *= size / (n + D)
        return _number(low) + mp.log(total) - mp.loggamma(D)


def log_partition_closed(eta, digits=50):
    """A(eta) from the closed form, ties included, as an mpf that is right to 10^-digits, absolutely.

    Doubles the working digits until two answers agree. Takes O(D^2) operations with log10(kappa)
    digits more than asked for, and O(n^2) for n tied categories.
    """
    poles = Counter(_exact(eta))
    top, work, previous = max(poles), digits + 20, mp.nan
    while True:
        with mp.workdps(work):
            total = mp.fsum(_residue(value, poles, top) for value in poles)
            found = _number(top) + mp.log(total) if total > 0 else mp.nan
            if abs(found - previous) < mp.mpf(10) ** -digits:
                return found
        work, previous = 2 * work, found


def log_partition_exact(eta, digits=50):
    """A(eta) for finite floats, integers or fractions, each taken as the number that it is.

    An mpf that is right to 10^-digits, absolutely. The method is whichever takes fewer operations:
    the series for many categories of moderate spread (D = 1e5 at w = 30 takes seconds), the closed
    form for up to some hundred logits, or as many tied ones, at any spread. Neither uses a contour
    or a float. Raises ValueError for infinities and NaN.
    """
    eta = _exact(eta)
    low, counts = min(eta), Counter(eta).values()
    for_series = sum(e > low for e in eta) * (max(eta) - low + digits)
    for_closed = 30 * (len(counts) ** 2 + sum(count**2 for count in counts))
    return (log_partition_series if for_series < for_closed else log_partition_closed)(
        eta, digits
    )


# %% [markdown]
# Their parts.


# %%
def _exact(eta):
    try:
        return [Fraction(*value.as_integer_ratio()) for value in eta]
    except (OverflowError, ValueError):  # what infinity and NaN raise
        advice = "Leave out a category of weight 0."
        raise ValueError(f"`eta` must hold finite numbers; got {list(eta)}. {advice}") from None


def _number(fraction):
    return mp.mpf(fraction.numerator) / fraction.denominator


def _complete_homogeneous(x, spread, terms, bits):
    """h_0, h_1, ... of x/spread, in units of 2^-bits, rounded down."""
    h = [1 << bits] + [0] * (terms - 1)
    for gap in filter(None, x):
        q = int((gap / spread) * (1 << bits))
        for n in range(1, terms):
            h[n] += q * h[n - 1] >> bits
    return h


def _residue(value, poles, top):
    """The coefficient of eps^(n - 1) in exp(v - top + eps)/prod (v - other + eps)^count.

    v is the value and n its count; the product is over the other poles.
    """
    gaps = [(_number(value - other), count) for other, count in poles.items() if other != value]
    coefficients = [mp.exp(_number(value - top)) / mp.fprod(gap**count for gap, count in gaps)]
    slopes = []  # Taylor coefficients of the logarithmic derivative
    for n in range(1, poles[value]):
        slopes.append((n == 1) + (-1) ** n * mp.fsum(count / gap**n for gap, count in gaps))
        coefficients.append(mp.fsum(u * v for u, v in zip(slopes, reversed(coefficients))) / n)
    return coefficients[-1]


# %% [markdown]
# Means and covariances follow from {eq}`cc-moments` with repeated categories: no derivative is taken.


# %%
def mean_exact(eta, digits=50, categories=None):
    """mu of the given categories (all, if None): mpf, each right to 10^-digits of itself."""
    eta = _exact(eta)
    whole = log_partition_exact(eta, digits + 5)
    with mp.workdps(digits + 20 + _digits_before_point(whole)):
        chosen = range(len(eta)) if categories is None else categories
        doubled = {
            value: log_partition_exact([*eta, value], digits + 5)
            for value in {eta[k] for k in chosen}
        }
        return [mp.exp(doubled[eta[k]] - whole) for k in chosen]


def covariance_exact(eta, digits=50):
    """Cov(y), an mpmath matrix right to 10^-digits of sqrt(C_kk C_ll) for w below 10^(digits/2)."""
    eta, work = _exact(eta), 2 * digits + 10
    D, mu, whole = len(eta), mean_exact(eta, work), log_partition_exact(eta, work)
    with mp.workdps(work + 20 + _digits_before_point(whole)):
        covariance = mp.matrix(D, D)
        for k, l in combinations_with_replacement(range(D), 2):
            second = (1 + (k == l)) * mp.exp(
                log_partition_exact([*eta, eta[k], eta[l]], work) - whole
            )
            covariance[k, l] = covariance[l, k] = second - mu[k] * mu[l]
        return covariance


def _digits_before_point(number):
    return len(str(int(abs(number))))


[mp.nstr(mean, 20) for mean in mean_exact([0.5, 0, 0], digits=25)]


# %% [markdown]
# ### A hard label has no best answer
#
# ```{prf:theorem} Bounded below
# :label: thm-cc-boundary
# The loss of a label with all $y_k>0$ is bounded below,
#
# $$
# L(\eta)\ge(D-1)\log\big(D\min_ky_k\big)-\log(D-1)! ,
# $$ (cc-least-loss)
#
# with equality for the uniform label and equal logits. If some $y_k=0$, the loss is unbounded below. For a one-hot label and logits
# $(a,0,\dots,0)$, it falls like
#
# $$
# L=-(D-1)\log a+\log\Big(1-e^{-a}\sum_{n<D-1}\frac{a^n}{n!}\Big) .
# $$ (cc-one-hot)
# ```
#
# ```{prf:proof}
# With $r=D\min y\le1$ the copy $y+r(\Delta-\frac1D)$ of the simplex, with centre $y$, lies in $\Delta$. Over it, $e^{\eta\cdot y'}$ has a mean of at least
# $e^{\eta\cdot y}$ (Jensen), so $Z\ge\frac{r^{D-1}}{(D-1)!}e^{\eta\cdot y}$. If $y_k=0$, let $\eta_k\to-\infty$: $\eta\cdot y$ stays, and $Z\to0$ since
# $e^{\eta\cdot y'}\to0$ wherever $y'_k>0$. For {eq}`cc-one-hot` let $y_1=1-v$: the others form a simplex of size
# $v^{D-2}/(D-2)!$, and with $s=av$
#
# $$
# Ze^{-a}=\int_0^1e^{-av}\frac{v^{D-2}}{(D-2)!}\,\dd v=a^{-(D-1)}\int_0^ae^{-s}\frac{s^{D-2}}{(D-2)!}\,\dd s .
# $$
# ```

# %%
for D in SIZES:
    density_of_v = s ** (D - 2) / sp.factorial(D - 2)
    gone_by = 1 - sp.exp(-s) * sum(s**n / sp.factorial(n) for n in range(D - 1))  # 0 at s = 0
    assert same(sp.diff(gone_by, s), sp.exp(-s) * density_of_v)
gone_by

# %% [markdown]
# So the continuous categorical wants soft labels; the cross-entropy, bounded below by 0, does not mind. Smoothing makes the optimum
# finite, and far away. By {eq}`cc-one-hot` $A=a-(D-1)\log a$ up to an exponentially small term, so the label has the mean
# $1-(D-1)/a$ and each of the others $1/a$: a smoothed label $\alpha/D$ asks for a gap $a=D/\alpha$, where the cross-entropy is content
# with {eq}`smoothing-gap`. With $D=10$ and
# $\alpha=0.1$ that is 100 instead of 4.5, with the other nine logits exactly tied, which is just where the closed form is $0/0$.

# %%
D, alpha = 10, Fraction(1, 10)
away = mean_exact([D / alpha] + [0] * (D - 1), digits=30, categories=[1])[0]
with mp.workdps(40):
    assert abs(away - mp.mpf(1) / 100) < mp.mpf(10) ** -30
mp.nstr(away, 20)

# %% [markdown]
# ### A category that is not there
#
# As $\eta_k\to-\infty$, $Z\to0$ and $\log C\to\infty$: the density degenerates to a face of the simplex. By {eq}`cc-recursion`
# $-\eta_kZ(\eta)$ tends to the $Z$ of the other categories, and so the means of the others tend to theirs.

# %%
gone = sp.limit(a * closed_form([b, 0, -a]), a, sp.oo)
assert sp.expand(gone - closed_form([b, 0])) == 0
gone

# %% [markdown]
# ## Check
#
# Series and closed form share no step, and agree. Two of the nodes below are $10^{-9}$ apart, two are tied.

# %%
hostile = [0, 0, Fraction(1, 10**9), 1, 7, 20]
assert (
    abs(log_partition_series(hostile, 60) - log_partition_closed(hostile, 60))
    < mp.mpf(10) ** -59
)
mp.nstr(log_partition_exact(hostile, 30), 30)


# %% [markdown]
# The slower proofs run with the tests: the series is cut late enough, and the integral, by sympy, for four categories.


# %%
def prove_series_is_cut_late_enough():
    """T >= 2 w + 2 d terms leave a relative error below 10^-d, for every spread w > 0 and every d.

    Chernoff: P(N >= T) <= exp(-w) (e w/T)^T for T >= w. With T = 2 w + 2 d and v = d/w the exponent
    per d is -rate(v). The slope of rate is -1/v^2 times a function that falls from a positive value,
    so rate has one minimum, and that is above log 10.
    """
    v = sp.Symbol("v", positive=True)
    T = (2 + 2 * v) / v  # in units of d; w is 1/v
    rate = 1 / v - T + T * sp.log(T * v)
    slope = 2 * sp.log(2 + 2 * v) - 2 * v - 1
    assert same(sp.expand_log(sp.diff(rate, v) * -(v**2)), sp.expand_log(slope))
    assert slope.subs(v, 0).is_positive and same(sp.diff(slope, v), -2 * v / (1 + v))
    least = rate.subs(v, sp.nsolve(slope, v, 0.8))
    assert least - sp.log(10) > 0.2


def prove_integral_of_four():
    """For the logits (a + b + c, a + b, a, 0) the integral is their divided difference."""
    third, y3 = sp.symbols("c y3", positive=True)
    four = (a + b + third, a + b, a, sp.Integer(0))
    integral = sp.exp(sum(node * share for node, share in zip(four, (y1, y2, y3))))
    for variable, upper in ((y3, 1 - y1 - y2), (y2, 1 - y1), (y1, 1)):
        integral = sp.integrate(sp.powsimp(sp.expand(integral)), (variable, 0, upper))
    assert sp.simplify(integral - closed_form(four)) == 0
