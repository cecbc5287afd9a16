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
# # What the gradient does not see
#
# ## Claim
#
# The loss of [](mixture_ce.py) compares explanations: it asks which points explain a bin better than others, never how well. So with
# bin masses that sum to 1, weights $S=\operatorname{softmax}(z)$, responsibilities $R_{bj}$ and their mean
# $\bar R_j=\sum_bq_bR_{bj}$, for the gradient $g=S-\bar R$ in the logits:
#
# | what is done | the loss | the gradient $g$ |
# | --- | --- | --- |
# | a constant is added to all logits | stays | stays; so it sums to zero |
# | $K$ is scaled, each bin by its own $c_b$ | loses $\sum_bq_b\log c_b$ | stays |
# | the points (or the bins) are put in another order | stays | takes the same order (stays) |
# | origin and unit of $x$ change | stays | stays |
# | all points explain a bin equally well | – | that bin adds 0 |
# | anything at all | – | $\lVert g\rVert_1=2\,\big(1-\sum_j\min(S_j,\bar R_j)\big)<2$ and $\lvert g_j\rvert<1$ |
#
# The second line is the observation of the thread that this loss comes from {cite}`robowiki2022`: the common scale of $K$ "doesn't
# matter at all". It is true, and of each bin by itself. Not all that the thread builds on it is: the end of the page goes through it
# sentence by sentence.

# %% [markdown]
# ## Symbols
#
# The theorems and their proofs are for any number of points and bins. sympy then checks them for three points and two bins, from the
# formulas of [](mixture_ce.py): in $v_j=e^{z_j}$ they are rational, and each identity is decided exactly.

# %%
import sympy as sp

from derivations.kde_ce import end, h, line_kernels, moves, points, start, u
from derivations.mixture_ce import B, J, b, grad_log_K, grad_z, j, log_K, log_mixture, posterior, prior, q, row, z

v, masses = sp.symbols("v:3", positive=True), sp.symbols("q:2", positive=True)
K = sp.Matrix(2, 3, sp.symbols("K_:2:3", positive=True))


# %%
def at_three_points(formula, place=None):
    """A formula of mixture_ce in v = exp(z), K and q; `place` fixes its free indices."""
    values = {z.base[row, i]: sp.log(v[i]) for i in range(3)}
    values |= {q.base[row, n]: masses[n] for n in range(2)}
    values |= {log_K.base[row, n, i]: sp.log(K[n, i]) for n in range(2) for i in range(3)}
    return formula.xreplace({J: 3, B: 2}).doit().xreplace(place or {}).xreplace(values)


p = [at_three_points(sp.exp(log_mixture), {b: n}) for n in range(2)]
S = sp.Matrix([at_three_points(prior, {j: i}) for i in range(3)])
R = sp.Matrix(2, 3, lambda n, i: at_three_points(posterior, {b: n, j: i}))
p[0]

# %% [markdown]
# The loss is a function of these probabilities alone, $L=-\sum_bq_b\log p_b$, and its gradient is the one of {eq}`mixture-grad-z`.

# %%
loss = -sum(mass * sp.log(prob) for mass, prob in zip(masses, p, strict=True))
by_logit = lambda f: sp.Matrix([v[i] * sp.diff(f, v[i]) for i in range(3)])  # d/dz = v d/dv
same = lambda left, right: (left - right).applyfunc(sp.cancel).is_zero_matrix
g = by_logit(loss)
assert same(g, sp.Matrix([at_three_points(grad_z, {j: i}) for i in range(3)]))

# %% [markdown]
# ## Derivation
#
# ### A common shift of the logits
#
# ```{prf:theorem} Shift
# :label: thm-shift
# $L(z+c)=L(z)$ for every number $c$, and $g(z+c)=g(z)$. Hence $\sum_jg_j=0$.
# ```
#
# ```{prf:proof}
# $v_j\mapsto e^cv_j$ multiplies numerator and denominator of $p_b=\sum_jv_jK_{bj}/\sum_jv_j$ by the same number. The derivative of
# the constant function $c\mapsto L(z+c)$ is $\sum_jg_j$.
# ```

# %%
t = sp.Symbol("t", positive=True)  # e^c
shifted = {w: t * w for w in v}
assert all(sp.cancel(prob.subs(shifted, simultaneous=True) - prob) == 0 for prob in p)
assert same(g.subs(shifted, simultaneous=True), g)

# %% [markdown]
# The sum is zero for masses of any total, and for each bin by itself: $\sum_jS_j=\sum_jR_{bj}=1$.

# %%
assert sp.cancel(sum(g)) == 0
assert sp.cancel(sum(S)) == 1 and all(sp.cancel(sum(R.row(n))) == 1 for n in range(2))

# %% [markdown]
# ### A common scale of $K$, bin by bin
#
# ```{prf:theorem} Scale
# :label: thm-scale
# Replace $K_{bj}$ by $c_bK_{bj}$ with any $c_b>0$. Then the gradients in the logits, in $\log K$ and in the points stay, and the loss
# falls by $\sum_bq_b\log c_b$.
# ```
#
# ```{prf:proof}
# $p_b\mapsto c_bp_b$, so $\log p_b$ gains $\log c_b$, a number without $z$. In $R_{bj}=S_jK_{bj}/p_b$ the factor cancels, and
# $\partial L/\partial\log K_{bj}=-q_bR_{bj}$ and $\partial L/\partial x_j$ are made of $R_{bj}$ and of
# $\partial\log K_{bj}/\partial x_j$, which has lost the factor too.
# ```

# %%
c = sp.symbols("c:2", positive=True)
scaled = {K[n, i]: c[n] * K[n, i] for n in range(2) for i in range(3)}
scale = lambda f: f.subs(scaled, simultaneous=True)
assert all(sp.cancel(scale(p[n]) - c[n] * p[n]) == 0 for n in range(2))
assert same(scale(g), g)

# %%
by_log_K = sp.Matrix(2, 3, lambda n, i: at_three_points(grad_log_K, {b: n, j: i}))
assert same(scale(by_log_K), by_log_K)

# %% [markdown]
# So no kernel needs a normaliser for the gradient in the logits, not even one that differs from bin to bin. What does count is the
# ratio of two points' kernels in one bin, and nothing else: with $c_b=1/K_{b0}$ the gradient is a function of $K_{bj}/K_{b0}$.
#
# ### Not: a multiple of $K$ gives a multiple of the gradient
#
# The thread's reply restates the invariance, "more precisely", as "multiplying $K$ by a constant multiplies the gradient by that
# constant". For this loss that is false: by {prf:ref}`thm-scale` the constant is gone. Take $c=10$, weights $(1,2,3)/6$ and two bins
# with $K=(1,2,4)$. The first row is the gradient for $10K$, the second 10 times the gradient for $K$.

# %%
half = sp.Rational(1, 2)
example = dict(zip((*v, *masses, *K), (1, 2, 3, half, half, 1, 2, 4, 1, 2, 4), strict=True))
tenfold = {entry: 10 * entry for entry in K}
g_of_10_K = g.subs(tenfold, simultaneous=True).subs(example)
assert g_of_10_K == g.subs(example) and g_of_10_K != 10 * g.subs(example)
sp.MatMul(sp.Rational(1, 102), 102 * sp.Matrix.hstack(g_of_10_K, 10 * g.subs(example)).T)

# %% [markdown]
# ```{prf:theorem} Degrees
# :label: thm-degrees
# As functions of $K$, the gradient of the probability is homogeneous of degree 1, and that of its logarithm of degree 0:
# $\partial p_b/\partial z_j=S_j(K_{bj}-p_b)$, $\ \partial\log p_b/\partial z_j=S_j(K_{bj}-p_b)/p_b$.
# ```
#
# ```{prf:proof}
# $p_b=\sum_kS_kK_{bk}$ and $\partial S_k/\partial z_j=S_k([k=j]-S_j)$. The logarithm divides by $p_b$, which is of degree 1 itself.
# ```
#
# The reply's sentence is true of a loss $-p_b$, the probability itself: far bins then teach little. The logarithm takes that away.

# %%
by_logit_of_p = by_logit(p[0])
assert same(by_logit_of_p, sp.Matrix([S[i] * (K[0, i] - p[0]) for i in range(3)]))
assert same(scale(by_logit_of_p), c[0] * by_logit_of_p)
assert same(by_logit(sp.log(p[0])), by_logit_of_p / p[0])

# %% [markdown]
# ### Equal kernels
#
# ```{prf:theorem} Nothing to choose
# :label: thm-equal
# With $Q=\sum_bq_b$ ($=1$ for a target),
#
# $$
# g_j=S_j\Big(Q-\sum_bq_b\frac{K_{bj}}{p_b}\Big).
# $$ (rate-per-weight)
#
# A bin that all points explain equally well adds 0. Two points with equal kernels in every bin have equal $g_j/S_j$.
# ```
#
# ```{prf:proof}
# {eq}`rate-per-weight` is $g_j=\sum_bq_b(S_j-R_{bj})$ with $R_{bj}=S_jK_{bj}/p_b$. If $K_{bj}=\kappa$ for all $j$, then $p_b=\kappa$
# and the bin's term is $q_bS_j(1-1)$. If $K_{bi}=K_{bj}$ for all $b$, the two brackets are one.
# ```

# %%
assert same(R, sp.Matrix(2, 3, lambda n, i: S[i] * K[n, i] / p[n]))

# %%
kappa = sp.Symbol("kappa", positive=True)
all_equal_in = lambda n: {K[n, i]: kappa for i in range(3)}
assert same(g.subs(all_equal_in(0)), g.subs(masses[0], 0))
assert same(g.subs(all_equal_in(0) | all_equal_in(1)), sp.zeros(3, 1))

# %%
twins = {K[n, 1]: K[n, 0] for n in range(2)}
assert sp.cancel((g[0] / S[0] - g[1] / S[1]).subs(twins)) == 0

# %% [markdown]
# This is where the thread's "effective learning rate is same when two data points are equally near" holds, and where it is empty: the
# rate *per weight* $g_j/S_j$ is the same for both, but if these two are all the points, it is 0, near or far. The sentence that says
# something is {prf:ref}`thm-scale`: only ratios of kernels count.
#
# For a single bin the converse holds as well, so a bin stops teaching only when no point explains it better than another. With several
# bins the gradient also vanishes at an optimum, where $S=\bar R$ and the bins pull against each other.

# %%
one_bin = g.subs(masses[1], 0)
all_as_the_first = {K[0, 1]: K[0, 0], K[0, 2]: K[0, 0]}
assert sp.solve(list(one_bin), K[0, 1], K[0, 2], dict=True) == [all_as_the_first]

# %%
tug = dict(zip((*v, *masses, *K), (1, 1, 1, half, half, 1, 2, 3, 3, 2, 1), strict=True))
assert g.subs(tug).is_zero_matrix and not one_bin.subs(tug).is_zero_matrix

# %% [markdown]
# ### How large it can be
#
# ```{prf:theorem} Norm
# :label: thm-norm
# If the masses sum to 1 and every bin is explained ($p_b>0$), then
#
# $$
# \lVert g\rVert_1=2\,\Big(1-\sum_j\min(S_j,\bar R_j)\Big)<2,\qquad \lvert g_j\rvert\le\tfrac12\lVert g\rVert_1<1.
# $$ (gradient-norm)
#
# No smaller bound than 2 and 1 serves all cases.
# ```
#
# ```{prf:proof}
# $S$ and $\bar R$ are probability vectors, so $\lVert S-\bar R\rVert_1\le\lVert S\rVert_1+\lVert\bar R\rVert_1=2$. What the triangle
# inequality gives away is the overlap: $\lvert s-r\rvert=s+r-2\min(s,r)$, summed over $j$. Some $\bar R_j$ is positive, and a
# responsible point has weight ($R_{bj}$ has the factor $S_j$), so the overlap is never empty. The entries sum to zero, so the positive
# ones make up half of the norm, and the negative ones the other half.
#
# Let two points have weights $(t,1-t)$ and let the light one explain so much better, $K_0/K_1=((1-t)/t)^2$, that the responsibilities
# are $(1-t,t)$. Then $\lVert g\rVert_1=2(1-2t)$ and $\lvert g_j\rvert=1-2t$, which tend to 2 and 1 as $t\to0$.
# ```
#
# The identity, one entry at a time:

# %%
s, r = sp.symbols("s r", nonnegative=True)
assert sp.expand(s + r - 2 * sp.Min(s, r).rewrite(sp.Abs) - sp.Abs(s - r)) == 0

# %% [markdown]
# The gradient is prior minus responsibility, bin by bin; the mean $\bar R$ is a probability vector because its parts are and the masses
# sum to 1.

# %%
R_bar = sp.Matrix([sum(masses[n] * R[n, i] for n in range(2)) for i in range(3)])
for n in range(2):
    assert same(g.subs(masses[1 - n], 0), masses[n] * (S - R.row(n).T))

# %% [markdown]
# The family that comes as close to the bound as one likes (the third point has no weight).

# %%
light = {v[0]: t, v[1]: 1 - t, K[0, 0]: (1 - t) ** 2, K[0, 1]: t**2, masses[0]: 1, masses[1]: 0}
g_of_light = g.subs(light).subs({v[2]: 0, K[0, 2]: 0}).applyfunc(sp.cancel)
assert same(g_of_light, sp.Matrix([2 * t - 1, 1 - 2 * t, 0]))
assert sp.limit(sum(map(sp.Abs, g_of_light)), t, 0, "+") == 2
g_of_light.T

# %% [markdown]
# A bound without any constant of the data: however far the points, however wild the logits, one target moves the logits by less than
# 2 in all. A mean squared error has no such bound.
#
# ### The order of the points, and of the bins
#
# ```{prf:theorem} Order
# :label: thm-order
# If points are renumbered, with their logits and kernels, the loss stays and the gradient is renumbered the same way. If bins are
# renumbered, with their masses, both stay.
# ```
#
# ```{prf:proof}
# Sums do not depend on the order of their terms.
# ```
#
# In sympy, a rotation and a swap of the points, which together generate all orders, and a swap of the bins.


# %%
def renumbered(formula, order):
    """The formula with point i in the place of point order[i]."""
    by = {v[i]: v[n] for i, n in enumerate(order)}
    by |= {K[m, i]: K[m, n] for m in range(2) for i, n in enumerate(order)}
    return formula.subs(by, simultaneous=True)


for order in ([1, 2, 0], [1, 0, 2]):
    assert all(sp.cancel(renumbered(prob, order) - prob) == 0 for prob in p)
    assert same(renumbered(g, order), g.extract(order, [0]))

# %%
other_bin = {masses[n]: masses[1 - n] for n in range(2)}
other_bin |= {K[n, i]: K[1 - n, i] for n in range(2) for i in range(3)}
assert sp.expand(loss.subs(other_bin, simultaneous=True) - loss) == 0
assert same(g.subs(other_bin, simultaneous=True), g)

# %% [markdown]
# ### Origin and unit of $x$
#
# ```{prf:theorem} Ruler
# :label: thm-ruler
# Let $K=K((x-x_j)/h)$ be unnormalised ([](kde_ce.py)). A shift of the points and of both edges, and a change of the unit of the points,
# the edges and $h$, leave the loss and $g$ as they are. Hence
#
# $$
# \sum_j\frac{\partial L}{\partial x_j}+\frac{\partial L}{\partial a}+\frac{\partial L}{\partial b}=0,\qquad
# \sum_jx_j\frac{\partial L}{\partial x_j}+a\frac{\partial L}{\partial a}+b\frac{\partial L}{\partial b}+h\frac{\partial L}{\partial h}=0.
# $$ (ruler)
# ```
#
# ```{prf:proof}
# All four enter only through $u_{bj}=(a-x_j+(b-a)t_b)/h$, which neither changes. The derivatives of $L$ along the two ways are 0.
# ```
#
# Along both ways $u$ has the derivative 0; `moves` holds $h\,\partial u/\partial x_j$ and so on. On a circle the period is a length
# too, and belongs to the change of unit.

# %%
assert sp.expand(moves[points] + moves[start] + moves[end]) == 0
assert sp.expand(sum(length * moves[length] for length in (points, start, end, h))) == 0

# %% [markdown]
# ## Limits
#
# Where each invariance stops.
#
# **A scale that depends on $h$.** "Assume normalized", the thread says of $K$, and the reply that it need not be. For $z$ and the points
# both are right. For the bandwidth the normaliser $1/(\gamma h)$ matters: $\partial L/\partial h$ gains $1/h$ from it.

# %%
k, (gamma, bandwidth) = sp.Function("k"), sp.symbols("gamma h", positive=True)
distances = sp.Matrix(2, 3, sp.symbols("Delta_:2:3", real=True))
K_of_h = (distances / bandwidth).applyfunc(lambda u: sp.exp(k(u)))
loss_of = lambda kernel: loss.subs(dict(zip(K, kernel, strict=True)))
plain, normalised = loss_of(K_of_h), loss_of(K_of_h / (gamma * bandwidth))
difference = sp.diff(normalised - plain, bandwidth)
assert sp.cancel(difference - sum(masses) / bandwidth) == 0
sp.cancel(difference)

# %% [markdown]
# Without it, a kernel that falls from its centre has no best bandwidth: as $h\to\infty$ every $K_{bj}\to1$ from below and the loss falls
# to its infimum 0. To learn a bandwidth, or to compare the losses of two kernels, normalise.

# %%
falling = ("laplace", "gaussian", "cauchy")
gap = sp.Symbol("Delta", positive=True)
for name in falling:
    log_kernel = line_kernels[name].subs(u, gap / bandwidth)
    assert sp.limit(log_kernel, bandwidth, sp.oo) == 0
    assert sp.diff(log_kernel, bandwidth).is_positive

# %% [markdown]
# In the same way a scale that depends on the edges $a$ and $b$ changes the gradients in them.
#
# **A scale that depends on the point.** A bandwidth $h_j$ of its own, or a kernel cut at the end of the data and rescaled, multiplies
# column $j$ of $K$ by $c_j$. That is no common scale: it adds $\log c_j$ to the logit in the responsibilities, but not in the weights.

# %%
own_scale, own_logit = {K[0, 0]: t * K[0, 0]}, {v[0]: t * v[0]}
assert one_bin.subs(own_scale).subs(t, 2).subs(example) != one_bin.subs(example)
assert same(R.row(0).subs(own_scale), R.row(0).subs(own_logit))
assert not same(S, S.subs(own_logit))

# %% [markdown]
# **A floor.** $-\log(p_b+f)$ compares $K$ with $f$, so a common scale now counts: a bin far below the floor teaches nothing. The shift of
# the logits stays an invariance and the gradient still sums to zero, since $f$ stands beside the probability $p_b$, not beside
# $\sum_jv_jK_{bj}$ (see [](one_hot.py)).

# %%
f = sp.Symbol("f", positive=True)
with_floor = by_logit(-sp.log(p[0] + f))
assert sp.cancel(sum(with_floor)) == 0
assert scale(with_floor).subs(c[0], 10).subs(example) != with_floor.subs(example)
assert same(scale(with_floor).subs(f, c[0] * f), with_floor)  # K and f scaled together

# %% [markdown]
# **Scale is not distance.** {prf:ref}`thm-scale` covers points that recede only where receding multiplies all $K_{bj}$ of a bin by one
# number. For two points at distances $d$ and $d+\Delta$ from the bin that is so for the Laplace kernel, whose ratio $e^{-\Delta}$ has no
# $d$ in it. The Gaussian's ratio falls to 0 as both recede, the Cauchy kernel's rises to 1: far away, the Gaussian learns more and
# the Cauchy kernel less. "All data points are far" is therefore a common scale for one kernel only.

# %%
far = sp.Symbol("d", positive=True)
log_ratio = [line_kernels[name].subs(u, far + gap) - line_kernels[name].subs(u, far) for name in falling]
ratio = [sp.simplify(sp.exp(r)) for r in log_ratio]
assert not ratio[0].has(far)
assert [sp.limit(r, far, sp.oo) for r in ratio] == [sp.exp(-gap), 0, 1]
sp.Matrix([ratio])

# %% [markdown]
# ## The thread, sentence by sentence
#
# | the thread | holds | stops |
# | --- | --- | --- |
# | the common scale of $K$ does not matter | for $z$ and the points, bin by bin ({prf:ref}`thm-scale`) | for $h$, if the scale has $h$ in it; for a scale of each point; with a floor |
# | "effective learning rate is same" for two points equally near, or equally far | as $g_j/S_j$, for equal kernels in every bin ({prf:ref}`thm-equal`) | as news: if all points are equally near, the rate is 0 |
# | so far data teach as much as near data | for the Laplace kernel, if all points lie outside the target and recede by one distance ({prf:ref}`thm-lap-radial`) | for a kernel with another tail: more, or less ({prf:ref}`thm-lap-recede`) |
# | $K$ need not be normalized | for $z$ and the points | for $h$, and to compare losses of two kernels |
# | a multiple of $K$ multiplies the gradient | for $\partial p_b/\partial z_j$, a loss $-p_b$ ({prf:ref}`thm-degrees`) | for this loss, always: the factor cancels |
#
# ## Check
#
# The theorems together, in exact numbers: for the example above, $g$ sums to zero, its norm is {eq}`gradient-norm`, and $1000\,K$ in
# one bin with $K$ in the other gives the same $g$.

# %%
g_here, S_here, R_here = (m.subs(example) for m in (g, S, R_bar))
norm = sum(map(sp.Abs, g_here))
assert sum(g_here) == 0 and norm == 2 * (1 - sum(map(sp.Min, S_here, R_here)))
assert scale(g).subs({c[0]: 1, c[1]: 1000}).subs(example) == g_here
norm
