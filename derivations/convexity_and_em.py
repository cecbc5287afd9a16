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
# # Convexity, and learning as EM
#
# ## Claim
#
# Let $L=-\E_y\log p(y)$, $p(y)=\sum_jS_jK_j(y)$, where $y$ is drawn from the target (bins with masses $q_b$, or the integral), and let
# every place be explained by some point. With responsibilities $R_j(y)=S_jK_j(y)/p(y)$ and their mean $\bar R$:
#
# | statement | proof |
# | --- | --- |
# | $L$ is convex in the weights $S$ | {prf:ref}`thm-em-convex` |
# | in the logits $z$ it is not; the eigenvalues of its Hessian lie in $(-\frac12,\frac12]$, no smaller interval serves all | {prf:ref}`thm-em-spectrum` |
# | for one bin it is convex in $z$ only if one point alone explains it, or all equally well | {prf:ref}`thm-em-one-bin` |
# | still, every stationary point in $z$ is a global minimum | {prf:ref}`thm-em-stationary` |
# | the EM step $S\leftarrow\bar R$ lowers $L$ by $\operatorname{KL}(\bar R\Vert S)$ or more | {prf:ref}`thm-em-step` |
# | after $n$ of them $L-L^*\le\operatorname{KL}(S^*\Vert S_0)/(n+1)$ | {prf:ref}`thm-em-rate` |
# | a gradient step $z\leftarrow z-\eta g$ lowers $L$ for every $0<\eta\le4$; no other size always does | {prf:ref}`thm-em-gradient` |
#
# "And repeating the training process with new weight iteratively may eventually turn that case into an easy case", the thread
# {cite}`robowiki2022` hopes. If the new weights are the responsibilities, that is the EM algorithm {cite}`dempster1977`: it never makes
# the case harder, and it ends at the best weights. How easy the case is then depends on the points alone.

# %% [markdown]
# ## Symbols
#
# As in [](invariances.py): the theorems are for any number of points and any target; sympy checks them for three points and two bins, in
# $v_j=e^{z_j}$.

# %%
import sympy as sp

from derivations.invariances import K, R, R_bar, S, by_logit, g, masses, p, same, v

whole = {masses[1]: 1 - masses[0]}  # masses that sum to 1
q = sp.Matrix(masses).subs(whole)
bins, three = range(2), range(3)

# %% [markdown]
# ## Derivation
#
# ### Convex in the weights
#
# ```{prf:theorem} Weights
# :label: thm-em-convex
# As a function of the weights, $L$ is convex, with
#
# $$
# \begin{gathered}
# -\frac{\partial L}{\partial S_j}=G_j:=\E_y\frac{K_j}p,\qquad
# \frac{\partial^2L}{\partial S\,\partial S^\top}=\E_y\frac{KK^\top}{p^2},\\
# \bar R_j=S_jG_j,\qquad \sum_jS_jG_j=1.
# \end{gathered}
# $$ (hessian-in-weights)
# ```
#
# ```{prf:proof}
# $-\log$ is convex and $p$ is linear in $S$; or, $x^\top KK^\top x=(K\cdot x)^2\ge0$.
# ```

# %%
w = sp.symbols("S:3", positive=True)
mix = [sum(w[j] * K[n, j] for j in three) for n in bins]
in_weights = -sum(q[n] * sp.log(mix[n]) for n in bins)
G = sp.Matrix([sum(q[n] * K[n, j] / mix[n] for n in bins) for j in three])
gram = sum((q[n] * K[n, :].T * K[n, :] / mix[n] ** 2 for n in bins), sp.zeros(3))
assert same(sp.Matrix([-sp.diff(in_weights, s) for s in w]), G)
assert same(sp.hessian(in_weights, w), gram)
assert sp.cancel(sum(s * G_j for s, G_j in zip(w, G, strict=True)) - 1) == 0

# %%
weights = dict(zip(w, S, strict=True))
assert same(R_bar.subs(whole), sp.diag(*S) * G.subs(weights))

# %% [markdown]
# ### Not in the logits
#
# The Hessian in the logits is {eq}`mixture-hessian`, a difference of covariances. Here it is once more, from the gradient.

# %%
covariance = lambda s: sp.diag(*s) - s * s.T
shares = [R.row(n).T for n in bins]
for s in (S, *shares):  # the two parts of g = S - E R
    by_each = sp.Matrix.hstack(*[by_logit(entry) for entry in s])
    assert same(by_each, covariance(s))
hessian = covariance(S) - sum((q[n] * covariance(shares[n]) for n in bins), sp.zeros(3))

# %% [markdown]
# ```{prf:theorem} Spectrum
# :label: thm-em-spectrum
# Every eigenvalue of the Hessian in the logits lies in $(-\frac12,\frac12]$, for any number of points, and in no smaller interval for all.
# ```
#
# ```{prf:proof}
# For a probability vector $s$ and $\lVert x\rVert=1$, $x^\top\Cov_sx=\operatorname{Var}_s(x)\ge0$. Let $M$, $m$ be the largest and the
# least entry of $x$ and $\mu=\E_sx$. Then (Popoviciu's inequality, with what it gives away)
#
# $$
# \begin{aligned}
# \tfrac12\lVert x\rVert^2-\operatorname{Var}_s(x)={}&\E_s\big[(M-x)(x-m)\big]+\Big(\mu-\frac{M+m}2\Big)^2\\
# &+\Big(\frac{M+m}2\Big)^2+\tfrac12\big(\lVert x\rVert^2-M^2-m^2\big)\ge0 .
# \end{aligned}
# $$ (popoviciu)
#
# So $\operatorname{Var}_s\in[0,\frac12]$, and a difference $\operatorname{Var}_S-\E_y\operatorname{Var}_{R(y)}$ is in
# $[-\frac12,\frac12]$. For $-\frac12$ one would need $\operatorname{Var}_{R(y)}(x)=\frac12$ for almost every $y$: $R(y)$ even on two
# points with $x=\pm\frac1{\sqrt2}$. Both have weight, hence $\operatorname{Var}_S(x)>0$.
#
# $\frac12$ is attained by two points of even weight, one of which alone explains the bin. And two points of weights $(t,1-t)$ with even
# responsibilities have the eigenvalue $2t(1-t)-\frac12$, which tends to $-\frac12$ as $t\to0$.
# ```

# %%
M, m, x = sp.symbols("M m x", real=True)
direction = sp.Matrix([M, m, x])
mu = (S.T * direction)[0]
variance = lambda s, along: (along.T * covariance(s) * along)[0]
inside = sum(S[j] * (M - direction[j]) * (direction[j] - m) for j in three)
middle = (M + m) / 2
given_away = inside + (mu - middle) ** 2 + middle**2 + (direction.dot(direction) - M**2 - m**2) / 2
assert sp.cancel(direction.dot(direction) / 2 - variance(S, direction) - given_away) == 0

# %%
t = sp.Symbol("t", positive=True)
across = sp.Matrix([1, -1, 0]) / sp.sqrt(2)
one_bin = hessian.subs(masses[0], 1).subs(v[2], 0)
curvature = lambda at: (across.T * one_bin * across)[0].subs(at)
half = sp.Rational(1, 2)
assert curvature({v[0]: 1, v[1]: 1, K[0, 0]: 1, K[0, 1]: 0}) == half
even_shares = {v[0]: t, v[1]: 1 - t, K[0, 0]: 1 - t, K[0, 1]: t}
assert sp.cancel(curvature(even_shares) - (2 * t * (1 - t) - half)) == 0

# %% [markdown]
# ```{prf:theorem} One bin
# :label: thm-em-one-bin
# For one bin, $L$ is convex in the logits if and only if exactly one $K_j$ is not 0, or all $K_j$ are equal.
# ```
#
# ```{prf:proof}
# With one $K_m\ne0$, $L=\operatorname{LSE}(z)-z_m-\log K_m$; with all equal, $L$ is constant. Both are convex. Otherwise there are two
# cases.
#
# *Two different ones*, $K_i>K_k>0$. Let all other logits tend to $-\infty$ and choose the odds of $i$ and $k$ so that they are equally
# responsible: $S_i=K_k/(K_i+K_k)$. Along $(e_i-e_k)/\sqrt2$ the curvature is
#
# $$
# 2\,(S_iS_k-R_iR_k)=-\frac12\Big(\frac{K_i-K_k}{K_i+K_k}\Big)^2<0 .
# $$ (curvature-of-two)
#
# The Hessian is continuous, so it is negative for low enough logits of the others, too.
#
# *Several matches* $M$, all $K_j$ in $M$ equal and some other $K_j=0$. Then $S_j=S_MR_j$ on $M$. Let $x$ be 0 outside $M$ and
# $\E_Rx=0$, $x\ne0$. As $\E_Sx=S_M\E_Rx=0$, too, the curvature is $\E_Sx^2-\E_Rx^2=-(1-S_M)\,\E_Rx^2<0$.
# ```

# %%
K_i, K_k = K[0, 0], K[0, 1]
equally_responsible = {v[0]: K_k, v[1]: K_i}
claim = -((K_i - K_k) ** 2) / (2 * (K_i + K_k) ** 2)
assert sp.cancel(curvature(equally_responsible) - claim) == 0

# %%
two_match = {K[0, 0]: 1, K[0, 1]: 1, K[0, 2]: 0}
R_M, H_M = (f.subs(masses[0], 1).subs(two_match) for f in (R.row(0).T, hessian))
x_M = sp.Matrix([1 / R_M[0], -1 / R_M[1], 0])
second_moment = sum(R_M[j] * x_M[j] ** 2 for j in range(2))
assert sp.cancel((x_M.T * H_M * x_M)[0] + (1 - S[0] - S[1]) * second_moment) == 0

# %% [markdown]
# ### No false minima
#
# Not convex sounds like trouble. There is none: the logits are only another way to name the weights.
#
# ```{prf:theorem} Stationary points
# :label: thm-em-stationary
# If $g=0$ at finite logits, these logits minimise $L$.
# ```
#
# ```{prf:proof}
# $0=g_j=S_j-\bar R_j=S_j(1-G_j)$ by {eq}`hessian-in-weights`, and $S_j>0$, so all $G_j=1$. By convexity in the weights, for all other
# weights $S'$
#
# $$
# L(S')\ge L(S)-\sum_jG_j(S_j'-S_j)=L(S)-(1-1).
# $$ (no-false-minima)
# ```
#
# The same inequality with any $S$ tells how far one is from the minimum, without knowing it: $\sum_jG_jS_j=1$ and
# $\sum_jG_jS'_j\le\max_jG_j$, so
#
# $$
# L-L^*\le\max_jG_j-1,\qquad G_j=\bar R_j/S_j .
# $$ (certificate)
#
# A minimum may also lie on the border of the simplex: then logits go to $-\infty$, and no finite ones are stationary. Weights $S$ with
# $S_j=0$ for some $j$ minimise $L$ if and only if $G_j=1$ where $S_j>0$ and $G_j\le1$ where $S_j=0$: the first says that they are the
# best with these points, the second that no other point should come in.
#
# ### The step from responsibilities to weights
#
# ```{prf:theorem} EM step
# :label: thm-em-step
# For any two vectors of logits $z$, $z'$, with all that belongs to $z'$ primed,
#
# $$
# L(z)-L(z')=\operatorname{KL}(\bar R\Vert S)-\operatorname{KL}(\bar R\Vert S')+\E_y\operatorname{KL}\big(R(y)\Vert R'(y)\big).
# $$ (em-identity)
#
# So the step $S'=\bar R$ lowers the loss by at least $\operatorname{KL}(\bar R\Vert S)$. It is $z\leftarrow\log(S-g)$, and its fixed
# points at finite logits are the minima.
# ```
#
# ```{prf:proof}
# $R_j'/R_j=(S_j'/S_j)\,(p/p')$, so $\operatorname{KL}(R\Vert R')=\sum_jR_j\log(S_j/S_j')+\log(p'/p)$ in each place. The mean over $y$
# of the last term is $L(z)-L(z')$, and that of the first
# $\sum_j\bar R_j\log(S_j/S'_j)=\operatorname{KL}(\bar R\Vert S')-\operatorname{KL}(\bar R\Vert S)$. Divergences are not negative. At a
# fixed point $g=0$: {prf:ref}`thm-em-stationary`.
# ```
#
# In sympy, per place: the ratio of responsibilities, for logits $z'$ with $v'_j=\tau_jv_j$.

# %%
tau = sp.symbols("tau:3", positive=True)
primed = lambda f: f.subs({v[j]: tau[j] * v[j] for j in three}, simultaneous=True)
for n in bins:
    for j in three:
        ratio = primed(S[j]) / S[j] * p[n] / primed(p[n])
        assert sp.cancel(primed(R[n, j]) / R[n, j] - ratio) == 0

# %% [markdown]
# Put differently, at $z$ the loss touches the function
#
# $$
# Q(z')=L(z)+\big[\operatorname{LSE}(z')-\bar R\cdot z'\big]-\big[\operatorname{LSE}(z)-\bar R\cdot z\big]\ge L(z')
# $$ (majorant)
#
# from below: {eq}`em-identity` says that the gap $Q(z')-L(z')$ is $\E_y\operatorname{KL}(R\Vert R')$. $Q$ is convex: it is the softmax
# cross-entropy of the soft labels $\bar R$, and the EM step minimises it. This is how one learns with *shared* parameters.
#
# ```{prf:corollary} Frozen responsibilities
# :label: thm-em-frozen
# Let $z=z(\theta)$ for many cases, and the responsibilities $\bar R$ be computed at $\theta$ and then held. Any $\theta'$ that lowers
# the sum of the softmax cross-entropies $\operatorname{LSE}(z(\theta'))-\bar R\cdot z(\theta')$ lowers the sum of the losses $L$ by at
# least as much. If $z$ is linear in $\theta$, that sum is convex.
# ```
#
# ```{prf:proof}
# $\sum L(z(\theta'))\le\sum Q(z(\theta'))$, with equality at $\theta$. A log-sum-exp of linear functions is convex.
# ```
#
# That is "repeating the training process with new weight": train to the end on frozen responsibilities, compute new ones, train again.
# What it needs: the points, their kernels and the target stay. If the new weights also *choose* other points, the loss is another
# function, and nothing is promised.

# %% [markdown]
# ### How fast
#
# ```{prf:theorem} Rate
# :label: thm-em-rate
# Let $S^*$ minimise $L$, $S_0$ have no zeros, and $S_{n+1}=\bar R(S_n)$. Then
#
# $$
# \begin{gathered}
# \operatorname{KL}(S^*\Vert S_n)-\operatorname{KL}(S^*\Vert S_{n+1})\ge L(S_n)-L^*,\\
# L(S_n)-L^*\le\frac{\operatorname{KL}(S^*\Vert S_0)}{n+1}\le\frac{\log J}{n+1},
# \end{gathered}
# $$ (em-rate)
#
# the last for even weights $S_0$. Whatever the kernel, the loss tends to its minimum.
# ```
#
# ```{prf:proof}
# A minimum satisfies $\bar R^*=S^*$ (on the border, too). Where $S_j^*>0$, let $y$ be drawn with the density $R_j^*/S_j^*$ with respect
# to the target, as if it came from point $j$; its divergence from the same at $S_n$, with density $R_j/\bar R_j$, is
#
# $$
# D_j=\E\Big[\frac{R_j^*}{S_j^*}\log\Big(\frac{R_j^*}{S_j^*}\frac{\bar R_j}{R_j}\Big)\Big]
# =\log\frac{\bar R_j}{S_j}-\E\Big[\frac{R_j^*}{S_j^*}\log\frac{p^*}p\Big]\ge0,
# $$ (came-from-j)
#
# since $R_j^*/S_j^*=K_j/p^*$ and $R_j/S_j=K_j/p$. Multiply by $S_j^*$ and sum: $\sum_jS_j^*\log(\bar R_j/S_j)$ is the left side of the
# first inequality, and $\sum_jR^*_j=1$ turns the last term into $\E\log(p^*/p)=L(S_n)-L^*$. Adding up the first $n+1$ inequalities
# gives $\sum_{i\le n}(L(S_i)-L^*)\le\operatorname{KL}(S^*\Vert S_0)$. By {prf:ref}`thm-em-step` the last term of the sum is the least.
# ```

# %%
star = lambda f: primed(f)  # any second vector of weights may play S*
for n in bins:
    for j in three:
        assert sp.cancel(star(R[n, j]) / star(S[j]) - K[n, j] / star(p[n])) == 0
        assert sp.cancel(R[n, j] / S[j] - K[n, j] / p[n]) == 0

# %% [markdown]
# The logits may end at $-\infty$: $\operatorname{KL}(S^*\Vert S_0)$ is finite all the same. On one bin, the steps are known in full.
#
# ```{prf:corollary} Repeating one case
# :label: thm-em-repeat
# For one bin, $n$ EM steps give the weights $\operatorname{softmax}(z+n\log K)$: as if the kernel had been $K^n$, which for the Laplace
# kernel means the bandwidth $h/n$. The loss tends to $-\log\max_jK_j$. For Laplace points on one side of a target the same holds with
# $\log K_j$ replaced by $-d_j/h$, and the limit is the loss of the nearest point.
# ```
#
# ```{prf:proof}
# $R_j\propto S_jK_j$. With points on one side, $\bar R=\operatorname{softmax}(z-d/h)$ ({prf:ref}`thm-lap-side`).
# ```
#
# So a hard case gets easier, but no easier than its best point makes it:
#
# $$
# L^*\ge-\E_y\log\max_jK_j(y)
# $$ (best-points)
#
# for any number of steps of whatever kind, since $p\le\max_jK_j$. Weights cannot bring a point nearer; gradients in the points or in
# $h$ can.

# %%
powers = primed(S).subs({tau[j]: K[0, j] for j in three})
assert same(R.row(0).T, powers)
assert same(
    powers.subs({v[j]: v[j] * K[0, j] for j in three}, simultaneous=True),
    primed(S).subs({tau[j]: K[0, j] ** 2 for j in three}),
)

# %% [markdown]
# ### Gradient steps
#
# ```{prf:theorem} Step size
# :label: thm-em-gradient
# For all finite logits with $g\ne0$ and all $0<\eta\le4$,
#
# $$
# L(z-\eta g)<L(z)-\eta\,\Big(1-\frac\eta4\Big)\lVert g\rVert^2 .
# $$ (step-size)
#
# A step of size 2 gains the most by this bound, $\lVert g\rVert^2$. For every $\eta>4$ there is a loss that such a step raises.
# ```
#
# ```{prf:proof}
# Along the step, $L(z-\eta g)=L(z)-\eta\lVert g\rVert^2+\eta^2\int_0^1(1-s)\,g^\top H(z-s\eta g)\,g\,\dd s$. By
# {prf:ref}`thm-em-spectrum`, $g^\top Hg\le\frac12\lVert g\rVert^2$, and $\int_0^1(1-s)\,\dd s=\frac12$: that is the claim with $\le$.
# Equality would need $\operatorname{Var}_S(g)=\frac12\lVert g\rVert^2$ all along the way. By {eq}`popoviciu` the weights would be even
# on two points and 0 elsewhere; with finite logits there are no others, and the step, which changes their difference, makes the weights
# uneven.
#
# Let two bins of even mass be explained by one point each. With $x=z_0-z_1$, $L=\log(2\cosh\frac x2)$ and
# $g=\frac12\tanh\frac x2\,(1,-1)$, so a step takes $x$ to $x-\eta\tanh\frac x2$. For small $x$ that is about $(1-\frac\eta2)\,x$,
# further from the minimum at 0 than $x$ if $\eta>4$.
# ```

# %%
eta, along = sp.symbols("eta s", positive=True)
bound = sp.integrate((1 - along) * eta**2 / 2, (along, 0, 1)) - eta
assert sp.expand(bound + eta * (1 - eta / 4)) == 0
assert sp.solve(sp.diff(bound, eta), eta) == [2]

# %%
gap = sp.Symbol("x", positive=True)
apart = {v[0]: sp.exp(gap / 2), v[1]: sp.exp(-gap / 2), v[2]: 0, masses[0]: half, masses[1]: half}
apart |= {K[0, 0]: 1, K[0, 1]: 0, K[1, 0]: 0, K[1, 1]: 1}
loss_apart = -sum(half * sp.log(prob.subs(apart)) for prob in p)
assert sp.simplify(sp.exp(loss_apart) - 2 * sp.cosh(gap / 2).rewrite(sp.exp)) == 0
g_apart = g.subs(apart)
assert (
    sp.simplify(g_apart[0] - sp.tanh(gap / 2).rewrite(sp.exp) / 2) == 0 == sp.simplify(sum(g_apart))
)
assert sp.limit((gap - eta * sp.tanh(gap / 2)) / gap, gap, 0) == 1 - eta / 2

# %% [markdown]
# ## Limits
#
# **A place that no point explains.** There $p=0$ whatever the weights, the loss is $+\infty$ and no step lowers it. With `zero="skip"`
# the place is left out and all holds for the others.
#
# **A floor.** $-\log(p+f)$ is still convex in the weights, and a background with a *fixed* weight is a mixture in which not all weights
# are free: the step $S\leftarrow\bar R/\sum_j\bar R_j$ is then the EM step, with $\bar R$ from $R_j=S_jK_j/(p+f)$.
#
# **Rounding.** $S-g$ is $\bar R$ in mathematics only. Where a weight falls to far less than $\varepsilon$ of itself, the difference is noise, or
# negative: a step must compute $\bar R$ as the mean that it is, as `kdeviz.em_step` does.
#
# **Where the points are** the loss is not convex, and not free of false minima: the likelihood of a mixture in its locations.
#
# ## The thread, sentence by sentence
#
# | the thread | holds | stops |
# | --- | --- | --- |
# | "repeating the training process with new weight iteratively" | as EM: monotone ({prf:ref}`thm-em-step`), to the global minimum ({prf:ref}`thm-em-rate`); with shared parameters: monotone ({prf:ref}`thm-em-frozen`) | if the new weights choose other points |
# | "may eventually turn that case into an easy case" | the loss falls to the best that the points allow | below {eq}`best-points`: weights bring no point nearer |
# | a case with no point near is "still valuable" | with a tail: $\operatorname{KL}(\bar R\Vert S)$ does not see the common distance | if $p=0$ ([](one_hot.py)) |
#
# ## Check
#
# In exact numbers, two bins of even mass, $K=(1,2)$ and $(2,1)$ for the first two points, and a third with $K=\frac12$ in both, weights
# $(1,2,3)/6$. The best weights are $(\frac12,\frac12,0)$. The identities {eq}`em-identity` and {eq}`came-from-j`, and the bound
# {eq}`certificate`.

# %%
example = {masses[0]: half, masses[1]: half} | dict(zip(K, (1, 2, half, 2, 1, half), strict=True))
at = lambda weights: example | dict(zip(v, weights, strict=True))
here, best = at((1, 2, 3)), at((half, half, 0))
step = at(R_bar.subs(here))
KL = lambda r, s: sum(r_j * sp.log(r_j / s_j) for r_j, s_j in zip(r, s, strict=True) if r_j)
loss_at = lambda place: -half * sum(sp.log(prob.subs(place)) for prob in p)
assert list(R_bar.subs(best)) == [half, half, 0] and list(G.subs(weights).subs(best)) == [
    1,
    1,
    sp.Rational(1, 3),
]

# %%
is_zero = lambda f: sp.expand_log(f, force=True).equals(0)
fall = loss_at(here) - loss_at(step)
spread = half * sum(KL(R.subs(here).row(n), R.subs(step).row(n)) for n in bins)
assert is_zero(fall - KL(R_bar.subs(here), S.subs(here)) - spread)

# %%
S_star, S_here, S_next = (S.subs(place) for place in (best, here, step))
above = loss_at(here) - loss_at(best)
assert KL(S_star, S_here) - KL(S_star, S_next) > above > 0
assert above < max(G.subs(weights).subs(here)) - 1
[round(float(value), 4) for value in (above, fall, max(G.subs(weights).subs(here)) - 1)]
