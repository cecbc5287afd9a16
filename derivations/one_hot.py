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
# # One match, several, none
#
# ## Claim
#
# Let the kernel of [](mixture_ce.py) say only yes or no: $K_{bj}=1$ if point $j$ *matches* bin $b$, else 0. For one bin, let $M$ be the
# set of the points that match it and $S_M=\sum_{i\in M}S_i$ their weight together. If there is a match, then
#
# $$
# L=-\log S_M,\qquad \frac{\partial L}{\partial z_i}=S_i-[i\in M]\,\frac{S_i}{S_M}.
# $$ (partial-label)
#
# The number of matches decides what that is:
#
# | matches | the loss | its gradient |
# | --- | --- | --- |
# | one, $m$ | softmax cross-entropy of the label $m$ | $S_i-[i=m]$ |
# | several | *partial-label* loss: one of $M$ is right, whichever | $S_i-[i\in M]\,S_i/S_M$ |
# | none | $+\infty$ | none: every $S-r$ is a limit, for every probability vector $r$ |
#
# The first line is the one that the thread {cite}`robowiki2022` names when it says that the loss "degenerates" to softmax
# cross-entropy. Its wording, $S_i-1$ for a match and $S_i$ otherwise, is right there, wrong in the second line, and silent on the third.

# %% [markdown]
# ## Symbols
#
# One bin is enough: the loss of several is the sum of theirs, each times its mass. $\mu_{bj}\in\{0,1\}$ is the match.

# %%
import sympy as sp

from derivations import softmax_ce
from derivations.kde_ce import line_kernels, u
from derivations.mixture_ce import J, b, j, log_K, log_mixture, log_sum_exp, posterior, prior, row, z
from kdeviz.codegen.declare import Index, Sum, array, collapse, gradient

match = array("match", r"\mu", nonnegative=True)[row, b, j]
matched = lambda formula: formula.xreplace({log_K: sp.log(match)})
matched(-log_mixture)

# %% [markdown]
# ## Derivation
#
# $e^{z_j+\log\mu_{bj}}=\mu_{bj}e^{z_j}$: the sum over all points becomes a sum over the matches, and the loss $-\log S_M$. Its gradient
# is {eq}`partial-label`.

# %%
weight_of_matches = Sum(match * sp.exp(z), j)
assert matched(-log_mixture) == sp.log(Sum(sp.exp(z), j)) - sp.log(weight_of_matches)
bin_gradient = gradient(matched(-log_mixture), z)
assert bin_gradient == prior - matched(posterior)
assert bin_gradient == prior - match * sp.exp(z) / weight_of_matches
bin_gradient

# %% [markdown]
# ### Exactly one match
#
# ```{prf:theorem} One match
# :label: thm-one-match
# If exactly one point $m$ matches the bin, the loss is the softmax cross-entropy of the label $m$, and so is the gradient,
# $S_i-[i=m]$. With one match $m_b$ in each of several bins it is that of the soft labels $y_i=\sum_bq_b[i=m_b]$.
# ```
#
# ```{prf:proof}
# $S_M=S_m$, so $[i\in M]\,S_i/S_M=[i=m]$. Both losses are linear in their masses.
# ```
#
# The match is a Kronecker delta, with which sympy carries out the sum.

# %%
m = Index("m", J)  # the one that matches
with_one_match = lambda f: matched(f).xreplace({match: sp.KroneckerDelta(j, m)})
carried_out = lambda f: f.replace(lambda e: isinstance(e, sp.Sum), collapse)
loss_of_label = carried_out(with_one_match(-log_mixture))
loss_of_label

# %%
gradient_of_label = gradient(loss_of_label, z)
assert gradient_of_label == prior - sp.KroneckerDelta(j, m)
gradient_of_label

# %% [markdown]
# And that is {eq}`softmax-grad` of [](softmax_ce.py), where the categories are the points.

# %%
label = {softmax_ce.y: sp.KroneckerDelta(softmax_ce.k, m)}
points_for_categories = {softmax_ce.k: j, softmax_ce.D: J}
softmax_gradient = carried_out(gradient(softmax_ce.split_loss, softmax_ce.z).xreplace(label))
assert softmax_gradient.xreplace(points_for_categories) == gradient_of_label

# %% [markdown]
# ### Several matches
#
# This is the common case: a box kernel matches every point within reach, and its height drops out ([](invariances.py)). The wording of
# the thread is tempting, since each match on its own would get $S_i-1$.
#
# ```{prf:theorem} Several matches
# :label: thm-several
# The matches share *one* unit of pull among them, in proportion to their weights: match $i$ gets $S_i/S_M$ of it. With $n\ge2$ matches,
# $S_i-[i\in M]$ is the gradient of no loss that depends on the weights $S$ alone.
# ```
#
# ```{prf:proof}
# The first sentence is {eq}`partial-label`: $\sum_{i\in M}S_i/S_M=1$. A loss of the weights alone does not change when a constant is
# added to all logits, so its gradient sums to zero ([](invariances.py)). But $\sum_i(S_i-[i\in M])=1-n$.
# ```
#
# Three points, whose gradient sympy finds by differentiation.

# %%
v, k = sp.symbols("v:3", positive=True), sp.symbols("k:3", nonnegative=True)  # v = exp(z), k = K
values = {z.base[row, i]: sp.log(v[i]) for i in range(3)}
values |= {log_K.base[row, b, i]: sp.log(k[i]) for i in range(3)}
probability = sp.exp(log_mixture).xreplace({J: 3}).doit().xreplace(values)
by_logit = lambda f: sp.Matrix([v[i] * sp.diff(f, v[i]) for i in range(3)])  # d/dz = v d/dv
of_three = by_logit(-sp.log(probability))
probability

# %%
weights = (1, 2, 3)
S = sp.Matrix(weights) / sum(weights)
numbers = lambda kernel: map(sp.sympify, (*weights, *kernel))
at = lambda formula, kernel: formula.xreplace(dict(zip(v + k, numbers(kernel), strict=True)))
in_parts_of = lambda n, *vectors: sp.MatMul(sp.Rational(1, n), n * sp.Matrix.hstack(*vectors).T)  # reads better

# %% [markdown]
# Let the weights be $(1,2,3)/6$ and the first two points match. The first row is the gradient, the second the wording.

# %%
two_match, all_match = sp.Matrix([1, 1, 0]), sp.Matrix([1, 1, 1])
true, worded = at(of_three, two_match), S - two_match
assert sum(true) == 0 and sum(worded) == 1 - 2
in_parts_of(6, true, worded)

# %% [markdown]
# If all points match, the mixture explains the bin whatever the weights: the loss is 0 everywhere and so is the gradient. The wording
# still pushes every logit up.

# %%
assert at(probability, all_match) == 1 and at(of_three, all_match) == sp.zeros(3, 1)
assert sum(S - all_match) == 1 - 3
(S - all_match).T

# %% [markdown]
# Up for ever: $S_i-[i\in M]$ is the gradient of $\operatorname{LSE}(z)-\sum_{i\in M}z_i$, and that falls by $n-1$ whenever all logits
# grow by 1. It has no minimum.

# %%
assert gradient(log_sum_exp(z) - Sum(match * z, j), z) == prior - match

# %% [markdown]
# The next temptation is to repair the sum: $S_i-[i\in M]/n$. That is a true gradient, but of another loss: softmax cross-entropy with
# the label spread *evenly* over the matches, $-\frac1n\sum_{i\in M}\log S_i$. It wants all matches to weigh the same; the partial-label
# loss is content when any of them has the weight. So their pulls are in opposite order. Of two matches with weights $\frac16$ and $\frac13$,
# the partial label (first row) pulls the heavier one up more, and the even label (second row) the lighter one.

# %%
spread = by_logit(-(sp.log(v[0] / sum(v)) + sp.log(v[1] / sum(v))) / 2)
even = at(spread, two_match)
assert even == S - two_match / 2 and sum(even) == 0
assert even[0] < even[1] < 0 and true[1] < true[0] < 0
in_parts_of(6, true, even)

# %% [markdown]
# So a step of gradient descent widens the lead of the heaviest match: among matches, $g_i-g_k=-(S_i-S_k)(1/S_M-1)$. What keeps the
# ratios between matches is the step $S\leftarrow R$ of expectation maximisation, $R_i/R_k=S_i/S_k$.

# %%
of_two = of_three.subs(dict(zip(k, two_match, strict=True)))
S_M = (v[0] + v[1]) / sum(v)
lead = (v[1] - v[0]) / sum(v)
assert sp.cancel(of_two[1] - of_two[0] + lead * (1 / S_M - 1)) == 0
R_of_two = [v[i] / sum(v) - of_two[i] for i in range(2)]
assert sp.cancel(R_of_two[1] / R_of_two[0] - v[1] / v[0]) == 0

# %% [markdown]
# The loss $-\log S_M$ is that of neighbourhood components analysis in its logarithmic form {cite}`goldberger2004`, and the likelihood
# of a set of labels one of which is right, the setting known as partial labels {cite}`cour2011`. Its gradient is as large as the weight
# that is missing: the matches are pulled up by $1-S_M$ together and the others pushed down by as much, so
#
# $$
# \lVert g\rVert_1=2\,(1-S_M).
# $$ (missing-weight)

# %%
pulled, pushed = -(of_two[0] + of_two[1]), of_two[2]
assert sp.cancel(pulled - (1 - S_M)) == 0 == sp.cancel(pushed - (1 - S_M))
assert sum(map(sp.Abs, true)) == 2 * (1 - at(S_M, two_match))

# %% [markdown]
# ### No match
#
# If no point matches, $p_b=0$. The loss is $+\infty$ and the responsibility is $0/0$.

# %%
no_match = sp.zeros(3, 1)
assert at(probability, no_match) == 0 and list(at(of_three, no_match)) == [sp.nan] * 3

# %% [markdown]
# One would like to take the limit. There is none.
#
# ```{prf:theorem} Every way has its own limit
# :label: thm-no-match
# Let $K_{bj}=\varepsilon k_j$ with any $k_j\ge0$, not all 0. For every $\varepsilon>0$ the gradient of the bin is
# $S-\operatorname{softmax}(z+\log k)$, whatever $\varepsilon$. So each probability vector $r$ gives a limit $S-r$ as $K_b\to0$: take
# $k_j=r_j/S_j$. The loss tends to $+\infty$ along all of them.
# ```
#
# ```{prf:proof}
# In $R_{bj}=S_j\varepsilon k_j/\sum_iS_i\varepsilon k_i$ the common scale cancels; for $k_j=r_j/S_j$ what is left is
# $r_j/\sum_ir_i=r_j$. The loss is $-\log\varepsilon-\log\sum_iS_ik_i$.
# ```

# %%
epsilon = sp.Symbol("varepsilon", positive=True)
shrunk = {entry: epsilon * entry for entry in k}
change = of_three.subs(shrunk, simultaneous=True) - of_three
assert change.applyfunc(sp.cancel).is_zero_matrix
assert sp.cancel(probability.subs(shrunk, simultaneous=True) - epsilon * probability) == 0

# %%
r = (*sp.symbols("r:2", positive=True), 1 - sum(sp.symbols("r:2", positive=True)))
S_of = [w / sum(v) for w in v]
on_the_way_to_r = of_three.subs({k[i]: r[i] / S_of[i] for i in range(3)})
assert all(sp.cancel(on_the_way_to_r[i] - (S_of[i] - r[i])) == 0 for i in range(3))

# %% [markdown]
# These ways are not far-fetched. Let three points at distances $d$, $d+\log2$ and $d+2\log2$ recede from the bin (unit: the bandwidth). All
# kernel values tend to 0. Only their ratios matter, and the ratio $K(d+\Delta)/K(d)$ has its own limit for each kernel of
# [](kde_ce.py): the Gaussian, the Laplace and the Cauchy kernel, in this order.

# %%
d, gap = sp.symbols("d Delta", positive=True)
log_ratio = lambda name: line_kernels[name].subs(u, d + gap) - line_kernels[name].subs(u, d)
limit_of_ratio = [
    sp.limit(sp.simplify(sp.exp(log_ratio(name))), d, sp.oo) for name in ("gaussian", "laplace", "cauchy")
]
assert limit_of_ratio == [0, sp.exp(-gap), 1]
sp.Matrix([limit_of_ratio])

# %% [markdown]
# The Gaussian gives the bin to the nearest point alone, the Laplace kernel to all in a fixed ratio, the Cauchy kernel by weight, so that
# nothing is left to learn. Three ways, three limits (the rows, in the same order), for one and the same $K=0$:

# %%
direction = lambda ratio: (1, ratio.subs(gap, sp.log(2)), ratio.subs(gap, 2 * sp.log(2)))
gaussian, laplace, cauchy = (at(of_three, direction(ratio)) for ratio in limit_of_ratio)
assert gaussian == S - sp.Matrix([1, 0, 0])
assert laplace == S - sp.Matrix([4, 4, 3]) / 11
assert cauchy == sp.zeros(3, 1)
in_parts_of(66, gaussian, laplace, cauchy)

# %% [markdown]
# The thread calls a case with no data point within reach "still valuable". It is, for a kernel with a tail: the gradient
# $S-\operatorname{softmax}(z+\log k)$ is as large as any. For a kernel that is exactly 0 out there nothing is left of it.

# %% [markdown]
# ## Limits
#
# Since mathematics gives a bin without a match no gradient, somebody has to choose one. The argument `zero` of
# {func}`~kdeviz.mixture_cross_entropy` and {func}`~kdeviz.kde_cross_entropy` does. Let $E$ be the set of the explained bins, $p_b>0$.
#
# | `zero` | the loss | the gradient in $z$ |
# | --- | --- | --- |
# | `"inf"` | $+\infty$, if a bin with mass is not explained | $\sum_{b\in E}q_b\,(S-R_b)$ |
# | `"skip"` | $-\sum_{b\in E}q_b\log p_b\big/\sum_{b\in E}q_b$ | $\sum_{b\in E}q_b\,(S-R_b)\big/\sum_{b\in E}q_b$ |
# | `"floor"` | $-\sum_bq_b\log(p_b+f)$ | $\sum_{b\in E}q_b\,s_b\,(S-R_b)$, with $s_b=p_b/(p_b+f)$ |
#
# All three give such a bin no say in the gradient. They differ in what the loss says about it, and in what the other bins are worth.
#
# **`inf`: say it.** The loss is what the formula says. The bin adds 0 to the gradient, which stays finite: the kernel gives it the share 0.
# The gradient in $\log K$, $-q_bR_{bj}$, is undefined there, and given as NaN.

# %%
from derivations.mixture_ce import log_p, mixture, share

assert mixture[share].subs(log_p, -sp.oo) == 0
mixture[share]

# %% [markdown]
# **`skip`: ask only what can be answered.** The loss of the explained bins, whose masses are made to sum to 1 again. It is finite, but
# no longer comparable: a mixture that explains fewer bins can have the lower loss.
#
# **`floor`: add a background.** A density $f$ that is everywhere; a bin without a match costs $-q_b\log f$. It is the only one of the
# three whose loss is finite and continuous in $K$, and its gradient with it.
#
# ```{prf:theorem} A floor has a limit
# :label: thm-floor
# With $f>0$, the gradient of a bin tends to 0 as $K_b\to0$ along every way, and it sums to zero over the points.
# ```
#
# ```{prf:proof}
# It is $s_b(S-R_b)$ with $\lVert S-R_b\rVert_1\le2$ and $s_b=p_b/(p_b+f)\to0$. And $\sum_jS_j=\sum_jR_{bj}=1$.
# ```

# %%
f = sp.Symbol("f", positive=True)
of_three_with_floor = by_logit(-sp.log(probability + f))
carried = probability / (probability + f)
assert (of_three_with_floor - carried * of_three).applyfunc(sp.cancel).is_zero_matrix
assert at(of_three_with_floor, no_match) == sp.zeros(3, 1)
assert sp.cancel(sum(of_three_with_floor)) == 0

# %% [markdown]
# That the sum is zero hangs on where the floor stands. It is tempting to let it take its share of the responsibility only,
# $S_j-s_bR_{bj}$: "the background explains the rest". Then the entries sum to
#
# $$
# \sum_j(S_j-s_bR_{bj})=1-s_b=\frac f{p_b+f}>0,
# $$ (wrong-floor)
#
# as they would for $-\log\big(\sum_jv_jK_{bj}+F\big)+\log\sum_jv_j$, $v_j=e^{z_j}$, a floor beside the sum in place of the
# probability. Here $f=F/\sum_jv_j$ is not fixed: lower all logits, and the background grows. The loss falls without end by a shift
# that no weight can feel.

# %%
F = sp.Symbol("F", positive=True)
beside_the_sum = -sp.log(probability + F / sum(v))
its_floor = {f: F / sum(v)}
assert sp.cancel(sum(by_logit(beside_the_sum)) - (1 - carried).subs(its_floor)) == 0
lowered = beside_the_sum.subs({w: epsilon * w for w in v}, simultaneous=True)
assert sp.limit(at(lowered, two_match).subs(F, 1), epsilon, 0, "+") == -sp.oo

# %% [markdown]
# A floor is also a model: up to a constant, $-\log(p_b+f)$ is the loss of the mixture $(1-\eta)\,p_b+\eta\,c$ with a background of density
# $c$, which is right once in $1/\eta$ times, and $f=\eta c/(1-\eta)$.

# %%
eta, background = sp.symbols("eta c", positive=True)
contaminated = (1 - eta) * probability + eta * background
floored = (probability + f).subs(f, eta * background / (1 - eta))
assert sp.cancel(contaminated - (1 - eta) * floored) == 0

# %% [markdown]
# What a floor costs: it bends every bin, the explained ones too, by the share $s_b$, and the scale of $K$ now counts
# ([](invariances.py)). Which policy when: `inf` where such a bin is a mistake and should be seen, `skip` where the kernel is a filter and
# strays are expected, `floor` where losses are averaged, compared or minimised.

# %% [markdown]
# ## Check
#
# The three lines of the claim, once more from the general formula: one match, several and none, as values of one expression.

# %%
assert at(of_three, (0, 1, 0)) == S - sp.Matrix([0, 1, 0])
assert at(of_three, two_match) == S - sp.Matrix([S[0], S[1], 0]) / (S[0] + S[1])
assert list(at(of_three, no_match)) == [sp.nan] * 3
