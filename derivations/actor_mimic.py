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
# # Imitating a policy
#
# ## Claim
#
# An expert's guidance in a state is a point of the simplex, $y=\softmax(Q/T)$, and a student with the logits $\eta$ learns it by the
# cross-entropy, or by the continuous categorical of [](cc.py) {cite}`gordonrodriguez2020uses`. Both losses are $A(\eta)-\eta\cdot y$, with
# $A=\LSE$ or $A=\log Z$, both have the expectation $\mu=\nabla A$, and both are least where $\mu=y$. So the best policy is the
# same. What differs is where in the logits it stands, and the way there. $g_k=\max\eta-\eta_k$ is how far action $k$ is behind.
#
# | | cross-entropy | continuous categorical |
# | --- | --- | --- |
# | share of an action that is behind | at most $e^{-g_k}$ | between $1/(g_k+D)$ and $1/g_k$ |
# | best logits, $T\to\infty$ | $Q/T$ | $(D+1)\,Q/T$ |
# | largest gap of the best logits | $\Delta Q/T$ | between $e^{\Delta Q/T}-D$ and $D\,e^{\Delta Q/T}$ |
# | information about $\log\mu_k$ of a rare action | $\mu_k$ | $1$ |
# | expectation under the natural gradient | straight to $y$ | the same |
#
# The last line is the remedy, for the flow and where every row of logits is free: seen in its expectation, a student that follows the
# natural gradient cannot tell the losses apart ({prf:ref}`thm-am-natural`). The line before it stays true in all parametrisations.
#
# They agree only if the loss carries its minus sign. Equation (10) of the poster, as transcribed, has lost it; [](cc.py) shows
# where that leads.

# %% [markdown]
# ## Symbols
#
# $D$ actions, $\lambda=\softmax(\eta)$, $\mu$ the mean of the continuous categorical, $V=\Cov(y)$ its covariance, $V^+$ the pseudo-inverse, and
# $\Delta Q=\max Q-\min Q$.

# %%
import numpy as np
import sympy as sp
from mpmath import mp

from derivations import cc

rng = np.random.default_rng(0)
g, h = sp.symbols("g h", positive=True)

# %% [markdown]
# ## Derivation
#
# ### Far behind
#
# ```{prf:theorem} The tail
# :label: thm-am-tail
# For all logits, ties included, an action that is $g_k\ge0$ behind has ($1/0=\infty$)
#
# $$
# \frac1{g_k+D}\ \le\ \mu_k\ \le\ \frac1{g_k},
# $$ (am-share)
#
# so a best gap lies between $1/y_k-D$ and $1/y_k$. That of the cross-entropy is $\log(\max y/y_k)$. If $\eta_1$ is the largest logit
# and all others are at least $g>0$ behind, also
#
# $$
# \mu_k\ \ge\ \frac{1-2^De^{-g/2}}{g_k}\qquad(k\ne1).
# $$ (am-tail)
# ```
#
# ```{prf:proof}
# *At least $1/(g_k+D)$.* Given $y_k=t$, the others are $1-t$ times a point $u$ of their simplex. So the density of $y_k$ is a multiple of
# $f(t)=e^{\eta_kt}(1-t)^{D-2}\int e^{(1-t)\sum\eta_lu_l}\,\mathrm du$, and as no mean of the others' logits exceeds $\max\eta$,
# $(\log f)'\ge-g_k-\frac{D-2}{1-t}$. So $f$ over $e^{-g_kt}(1-t)^{D-2}$ does not fall, and $\mu_k$ is at least the mean $m$ of this density.
# (It is the density if all others are tied.) With $g=g_k$,
#
# $$
# \frac{\mathrm d}{\mathrm dt}\,t\,(1-t)^{D-1}e^{-gt}=\big(1-(g+D)\,t+g\,t^2\big)\,(1-t)^{D-2}e^{-gt}
# $$ (am-share-proof)
#
# has the integral 0, so $(g+D)\,m=1+g\E t^2\ge1$.
#
# *At most $1/g_k$.* With $y_1=1-\sum_{k\ne1}y_k$, $Ze^{-\eta_1}$ is the integral of $e^{-\sum g_ky_k}$ over $\sum_{k\ne1}y_k\le1$. Given
# all others but the first, $y_k$ is an exponential variable of rate $g_k$, cut off somewhere: its mean is at most $1/g_k$.
#
# *Far behind.* If all $g_k>0$, the
# integral is $\prod g_k^{-1}$ times the probability of $X\le1$, where $X=\sum_{k\ne1}E_k/g_k$ with independent exponential $E_k$ of
# mean 1. To take category $k$ twice {eq}`cc-moments` adds one of them:
#
# $$
# \mu_k=\frac1{g_k}\,\frac{P(X+E'/g_k\le1)}{P(X\le1)} .
# $$ (am-exponentials)
#
# The quotient is at least $P(X+E'/g_k\le1)$, and $P(X+E'/g_k>1)\le e^{-g/2}\E e^{(X+E'/g_k)g/2}\le e^{-g/2}2^D$, as each of the $D$ factors
# is $1/(1-\frac g{2g_k})\le2$.
# ```
#
# The identity of {eq}`am-share-proof`, and the bounds at random logits, some or all of them tied:

# %%
t, size = sp.symbols("t D", positive=True)
weight = (1 - t) ** (size - 2) * sp.exp(-g * t)
slope = sp.diff(t * (1 - t) * weight, t)
assert sp.simplify(slope / weight - (1 - (g + size) * t + g * t**2)) == 0

# %%
for D in (2, 3, 6):
    for scale in (0, 1, 10):
        logits = np.round(scale * rng.normal(size=D))
        gaps, mu = logits.max() - logits, np.array(cc.mean_exact(logits, digits=20), float)
        assert (mu * (gaps + D) >= 1 - 1e-15).all() and (mu * gaps <= 1 + 1e-15).all()
(mu * (gaps + D)).round(3), (mu * gaps).round(3)  # the last row: at least 1, at most 1

# %% [markdown]
# {eq}`am-exponentials` for three actions, where the density of $X$ is $gh\,(e^{-gx}-e^{-hx})/(h-g)$:

# %%
x = sp.Symbol("x", positive=True)
behind = (sp.Integer(0), -g, -h)
density = g * h * (sp.exp(-g * x) - sp.exp(-h * x)) / (h - g)
assert cc.same(
    sp.integrate(sp.expand(density * (h - g)), (x, 0, 1)) / (h - g), g * h * cc.closed_form(behind)
)
mean_of_g = -sp.diff(sp.log(cc.closed_form(behind)), g)
far = {h: 2 * g}
assert sp.limit((g * mean_of_g).subs(far), g, sp.oo) == 1
density

# %%
for D in (2, 4, 6):
    gaps = rng.uniform(12, 40, D - 1)
    mu = [float(m) for m in cc.mean_exact([0, *-gaps], digits=20)[1:]]
    share = np.array(mu) * gaps
    assert (1 - 2**D * np.exp(-gaps.min() / 2) <= share).all() and (share <= 1 + 1e-15).all()
(1 - share).round(9)  # what is missing from 1/g: six actions

# %% [markdown]
# ### What a rare action is worth
#
# ```{prf:theorem} Relative and absolute errors
# :label: thm-am-rare
# Let all actions but one be far behind, $r_k=y_k/\mu_k$. Up to exponentially small terms the losses exceed their least values by
#
# $$
# \text{CC: }\sum_{k\ne1}(r_k-1-\log r_k),\qquad\text{cross-entropy: }\sum_{k\ne1}y_k\log r_k+y_1\log r_1,
# $$ (am-excess)
#
# and the information about $\log\mu_k$, $k\ne1$, given the other $\log\mu_l$, $l\ne1$, is 1 and $\mu_k(1+\mu_k/\mu_1)$.
# ```
#
# ```{prf:proof}
# By {prf:ref}`thm-am-tail`, $A=\eta_1-\sum\log g_k$ and $\mu_k=1/g_k$, so $L=\sum(g_ky_k-\log g_k)=\sum(r_k+\log\mu_k)$, of which
# $\sum(1+\log y_k)$ is the least. Its second derivative in $\log\mu_k$ is $r_k$, which is 1 in expectation. The cross-entropy exceeds the
# entropy of $y$ by a divergence. Its second derivative, with $\mu_1=1-\sum_{l\ne1}\mu_l$, is as stated where $y$ is $\mu$.
# ```
#
# The first is the divergence of Itakura and Saito: twice too rare costs the same for an action of share $10^{-1}$ and of
# $10^{-5}$. The cross-entropy weighs it with its share. A policy is judged by what it does, mostly by its best action, so the
# second is closer to what is wanted of a student. That is the nature of the continuous categorical, not of its numerics.

# %%
share_of, log_mu = sp.symbols("y m", positive=True)
far_loss = share_of * sp.exp(-log_mu) + log_mu  # one term, m = log mu
(least,) = sp.solve(sp.diff(far_loss, log_mu), log_mu)
assert sp.simplify(least - sp.log(share_of)) == 0
r = share_of * sp.exp(-log_mu)
excess = far_loss - far_loss.subs(log_mu, least)
assert sp.simplify(sp.expand_log(excess - (r - 1 - sp.log(r)), force=True)) == 0
assert sp.diff(far_loss, log_mu, 2) == r
mu_1 = 1 - sp.exp(log_mu) - h  # h: the others
cross_entropy = -share_of * log_mu - (1 - share_of - h) * sp.log(mu_1)
information = sp.diff(cross_entropy, log_mu, 2).subs(share_of, sp.exp(log_mu))
assert sp.simplify(information - sp.exp(log_mu) * (1 + sp.exp(log_mu) / mu_1)) == 0
excess

# %% [markdown]
# ### Temperature
#
# ```{prf:theorem} Two ends
# :label: thm-am-temperature
# Let $y=\softmax(Q/T)$, and $\Delta Q>0$. (a) As $T\to\infty$ the best logits of the cross-entropy are $Q/T$, those of the continuous
# categorical $(D+1)\,Q/T+O(T^{-2})$, up to a common offset. There the closed form has the condition number
#
# $$
# \kappa\ \ge\ \tfrac12(D-1)!\,\Big(\frac{4\,T}{(D+1)\,\Delta Q}\Big)^{D-1}(1+o(1)) .
# $$ (am-condition)
#
# (b) At every $T$ the largest gap is $\Delta Q/T$ for the cross-entropy, and for the continuous categorical between $e^{\Delta Q/T}-D$ and
# $De^{\Delta Q/T}$.
# ```
#
# ```{prf:proof}
# (a) $y-\frac1D=\frac{Q-\bar Q}{DT}+O(T^{-2})$. By {eq}`ls-fisher` $\mu-\frac1D=\frac{\eta-\bar\eta}{D(D+1)}+O(\eta^2)$, and the inverse
# of this map is smooth, as the covariance is invertible on rows that sum to 0. So the logits are within
# $w=(D+1)\Delta Q/T+O(T^{-2})$ of each other: {eq}`cc-condition-bound`.
#
# (b) The least share is between $e^{-\Delta Q/T}/D$ and $e^{-\Delta Q/T}$; {eq}`am-share`.
# ```
#
# So in single precision the closed form has a window of temperatures: a hot target leads it into its ties, a cold one to gaps so wide
# that their products overflow, or that narrow gaps are rounded away beside them.
#
# ```{prf:corollary} A fallback has two targets
# :label: cor-am-fallback
# A row that gets the cross-entropy when the closed form fails on it, and the continuous categorical when not, is led to two different
# points. For large $T$ one is $D+1$ times as far from the tie as the other. If no two values are equal, $\kappa$ is asymptotically
# homogeneous of degree $-(D-1)$ in $\eta$, so it is $(D+1)^{D-1}$ times as large at the nearer point, which is the cross-entropy's: the
# fallback leads to where it is needed again.
# ```
#
# Best logits of three actions by Newton's method on the exact moments, over $Q/T$:


# %%
def best_logits(y, steps=60):
    """The logits (D,), with mean 0, whose exact mean is y: floats."""
    eta = np.zeros(len(y))
    for _ in range(steps):
        covariance = np.array(cc.covariance_exact(eta, 8).tolist(), float)
        miss = y - np.array([float(m) for m in cc.mean_exact(eta, 15)])
        eta = eta + np.linalg.lstsq(covariance, miss, rcond=1e-12)[0]
        if abs(miss).max() < 1e-13:
            return eta - eta.mean()
    raise ArithmeticError("Newton's method did not arrive")


Q = np.array([0.40, 0.41, 0.38])
ratios = {}
for T in (0.1, 1.0, 10.0):
    y = np.exp(Q / T) / np.exp(Q / T).sum()
    ratios[T] = best_logits(y) / ((Q - Q.mean()) / T)
assert abs(ratios[10.0] / 4 - 1).max() < 0.01 < abs(ratios[0.1] / 4 - 1).max()
{T: ratio.round(3).tolist() for T, ratio in ratios.items()}  # T: D + 1 = 4 for large T

# %% [markdown]
# ### The natural gradient
#
# The gradient $\mu-y$ says how the loss changes with the logits, and depends on what one calls a logit. The natural gradient
# {cite}`amari1998` multiplies it by the inverse information, $V^+(\mu-y)$.
#
# ```{prf:theorem} The same flow
# :label: thm-am-natural
# Let $A$ be either log-partition, and $\dot\eta=-V^+(\mu-y)$ with $V=\nabla^2A$. Then
#
# $$
# \dot\mu=y-\mu,\qquad\text{so}\qquad \mu(t)=y+e^{-t}\big(\mu(0)-y\big).
# $$ (am-flow)
#
# ```
#
# ```{prf:proof}
# $\dot\mu=V\dot\eta=-VV^+(\mu-y)$. The kernel of $V$ holds the constants and nothing else, so $VV^+$ is the projection onto rows that sum to 0. There
# $\mu-y$ is already.
# ```
#
# $V$ has no inverse, and needs none: any $v$ with $Vv=\mu-y$ does, since two of them differ by a constant, which no policy notices. One
# is found by making $V$ regular, $(V+\mathbf 1\mathbf 1^\top)v=\mu-y$; for the softmax $v=1-y/\lambda$.
#
# With $V$ the flow is Newton's method in continuous time. A step of finite length $\epsilon$ goes to
# $\mu+\epsilon(y-\mu)+O(\epsilon^2)$, where the losses begin to differ. A damped inverse, $(V+\rho I)^{-1}$, keeps the fixed point but not the
# flow. And where outputs are tied together by a network, one row's natural gradient is not the network's: rows that cannot all be
# met are then weighed differently, so the fixed points are the same only where every row can be met.

# %%
lam, label = sp.Matrix(sp.symbols("lambda1:4", positive=True)), sp.Matrix(sp.symbols("y1:4"))
on_simplex = {lam[2]: 1 - lam[0] - lam[1], label[2]: 1 - label[0] - label[1]}
V = sp.diag(*lam) - lam * lam.T
natural = sp.Matrix([1 - label[k] / lam[k] for k in range(3)])
assert sp.simplify((V * natural - (lam - label)).subs(on_simplex)) == sp.zeros(3, 1)
assert sp.simplify((V * sp.ones(3, 1)).subs(on_simplex)) == sp.zeros(3, 1)

# %%
y, logits, length = np.array([0.7, 0.2, 0.06, 0.04]), np.array([0.0, 1.0, -2.0, 0.5]), 1e-4
V = np.array(cc.covariance_exact(logits, 15).tolist(), float)
mu = np.array([float(m) for m in cc.mean_exact(logits, 15)])
step = np.linalg.solve(V + np.ones((4, 4)), mu - y)
moved = np.array([float(m) for m in cc.mean_exact(logits - length * step, 15)])
assert abs((moved - mu) / length - (y - mu)).max() < 20 * length
((moved - mu) / (y - mu) / length).round(4)  # every entry goes the same part of its way

# %% [markdown]
# ### Outputs that are the mean
#
# A network may as well give the mean, $\mu=s=\softmax(f)$, and the logits are what has that mean: $\eta(s)$, which
# {meth}`~kdeviz.ContinuousCategorical.from_mean` finds.
#
# ```{prf:theorem} The loss in its mean
# :label: thm-am-mean
# With $J=\operatorname{diag}(s)-ss^\top$ and $V$ the covariance at $\eta(s)$,
#
# $$
# \frac{\partial L}{\partial f}=J\,V^+(s-y),
# $$ (am-mean-grad)
#
# which is 0 only at $s=y$. (a) At $s=\frac1D$ it is $D+1$ times $s-y$, the gradient of the cross-entropy. (b) For rare actions far behind
# it is $1-y_k/s_k$, up to exponentially small terms and, for given ratios $y/s$, terms of the order of $s_k$. (c) The natural gradient in $f$ is
# that of the cross-entropy, $1-y/s$, exactly.
# ```
#
# ```{prf:proof}
# $\partial L/\partial\eta=\mu-y$, and $\partial\mu/\partial\eta=V$ on rows that sum to 0, so $\partial\eta/\partial\mu=V^+$ up to constants, which
# $J$ removes: $J\mathbf 1=0$. Both $J$ and $V^+$ are one to one on rows that sum to 0. (a) $V=J/(D+1)$ there, {eq}`ls-fisher`. (b) With
# the first action ahead, differences $v_k-v_1$ of $v=V^+(s-y)$ solve $s_k^2(v_k-v_1)=s_k-y_k$, and $(Jv)_k=s_k(v_k-s\cdot v)$, where
# $s\cdot v=v_1+\sum_l(s_l-y_l)/s_l$. (c) The information in $f$ is $JV^+J$, and
# $(JV^+J)\,v=JV^+(s-y)$ for $Jv=s-y$.
# ```
#
# Near equal logits (a) is the gain of logits times $D+1$ ({prf:ref}`cor-ls-scale`); away from them the map stays the softmax's, without
# gaps of $1/y_k$. (b) is its price: a student that takes an action for
# much rarer than it is, $s_k\ll y_k$, is pulled without bound. A share $\epsilon$ of the even policy,
# $s=(1-\epsilon)\softmax(f)+\epsilon/D$, bounds it.
#
# There is a cheap relative. Let $\eta=-1/s$. Then $1/s_k=\tau+g_k$ with $\tau=1/\max s$, and $\sum_ks_k=1$ says that $\tau$ is the saddle of
# [](cc_contour.py): every row of logits is of this form, for one $s$. The mean is not $s$ but near it, since independent exponential
# variables of rates $1/s_k$ have the means $s_k$, and given that their sum is 1 they are the continuous categorical of these logits.

# %%
s, y = np.array([0.7, 0.2, 0.1]), np.array([0.3, 0.4, 0.3])
eta = best_logits(s)
V = np.array(cc.covariance_exact(eta, 15).tolist(), float)
J = np.diag(s) - np.outer(s, s)
loss = lambda logits: float(cc.log_partition_exact(logits, 18)) - logits @ y
by_theorem = J @ np.linalg.solve(V + np.ones((3, 3)), s - y)
direction = np.array([0.5, -0.2, -1.0])
turned = [np.log(s) + sign * 1e-4 * direction for sign in (1, -1)]
ahead, back = (loss(best_logits(np.exp(f) / np.exp(f).sum())) for f in turned)
assert abs((ahead - back) / 2e-4 - by_theorem @ direction) < 1e-6
saddle_mean = np.array([float(m) for m in cc.mean_exact(-1 / s, 20)])
by_theorem.round(4), (saddle_mean / s).round(3)  # the gradient; the cheap mean over s

# %% [markdown]
# ## Limits
#
# - *Two actions*: the closed form is $(e^a-1)/a$, which has no tie but one, and $D+1=3$.
# - *Ties among the best*: {eq}`am-share` holds; {eq}`am-tail` asks for one action ahead of all others.
# - *A forbidden action*, $y_k=0$: no best logits, and a loss without a least value ({prf:ref}`thm-cc-boundary`). $T\to0$ leads there.
#
# ## Check
#
# The share that far actions take of $1/g_k$, for equal gaps, is {eq}`ls-moments`: $P_D(g)/P_{D-1}(g)$.

# %%
inside = lambda n, gap: mp.gammainc(n, 0, gap, regularized=True)
for D, gap in ((3, 10), (6, 30)):
    (mu,) = cc.mean_exact([0] + [-gap] * (D - 1), digits=20, categories=[1])
    assert abs(mu * gap - inside(D, gap) / inside(D - 1, gap)) < 1e-14
mp.nstr(mu * gap, 15)
