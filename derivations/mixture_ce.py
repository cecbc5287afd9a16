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
# # The formula that all share
#
# ## Claim
#
# A mixture gives bin $b$ the probability $p_b=\sum_j S_jK_{bj}$, with weights $S=\operatorname{softmax}(z)$ and kernel values
# $K_{bj}\ge 0$. The loss is the cross-entropy of the bin masses $q$ of a target against it:
#
# $$
# L=-\sum_b q_b\log p_b,\qquad
# \log p_b=\operatorname{LSE}_j(z_j+\log K_{bj})-\operatorname{LSE}_j(z_j).
# $$ (mixture-loss)
#
# Its gradient in the logits is *prior minus responsibility*,
#
# $$
# \frac{\partial L}{\partial z_j}=\sum_b q_b\,(S_j-R_{bj}),\qquad R_{bj}=\frac{S_jK_{bj}}{\sum_kS_kK_{bk}},
# $$ (mixture-grad-z)
#
# and every other gradient follows from $\partial L/\partial\log K_{bj}=-q_bR_{bj}$ by the chain rule. Softmax cross-entropy is the
# case $K\in\{0,1\}$ with one match a bin; the KDE cross-entropy is the case $K_{bj}=K((x_b-x_j)/h)$.

# %% [markdown]
# ## Symbols
#
# Everything below is written for one `row` of a batch, in sympy's index notation. $R$, $B$, $J$ count the rows, the bins and the
# points. $\log K$ may be $-\infty$ (a point that cannot explain a bin), so it is only *extended* real.

# %%
from functools import partial

import mpmath
import numpy as np
import sympy as sp

from kdeviz.codegen.declare import Index, Kernel, Max, Sum, array, gradient, log_mass
from kdeviz.codegen.evaluate import evaluate, gradient_errors, loss_error, random_arrays

R, B, J = sp.symbols("R B J", integer=True, positive=True)
row, b, j = Index("row", R, "r"), Index("bin", B, "b"), Index("j", J)
z, q = array("z")[row, j], array("q", nonnegative=True)[row, b]
log_K, log_floor = log_mass("log_K", r"\log K")[row, b, j], log_mass("log_floor", r"\log f")[row]

# %% [markdown]
# ## Derivation
#
# The logarithm of the mixture as it stands, and the loss of one row.

# %%
log_sum_exp = lambda f: sp.log(Sum(sp.exp(f), j))
log_mixture = log_sum_exp(z + log_K) - log_sum_exp(z)
plain_loss = -Sum(q * log_mixture, b)
plain_loss

# %% [markdown]
# sympy differentiates it at a fresh index and collapses the Kronecker deltas. What comes out is the claim
# {eq}`mixture-grad-z`: the softmax of the logits alone, and the softmax of the logits with the evidence added.

# %%
share_of_sum = lambda f: sp.exp(f) / Sum(sp.exp(f), j)
prior, posterior = share_of_sum(z), share_of_sum(z + log_K)
grad_z = gradient(plain_loss, z)
assert grad_z == -Sum(q * (posterior - prior), b)
grad_z

# %% [markdown]
# The gradients in the log-kernel and in the masses.

# %%
grad_log_K = gradient(plain_loss, log_K)
assert grad_log_K == -q * posterior
grad_log_K

# %%
assert gradient(plain_loss, q) == -log_mixture

# %% [markdown]
# ### The Hessian
#
# One more derivative of {eq}`mixture-grad-z` gives covariances of indicator variables,
# $\operatorname{Cov}_S=\operatorname{diag}S-SS^\top$:
#
# $$
# \frac{\partial^2L}{\partial z\,\partial z^\top}=\operatorname{Cov}_S-\sum_bq_b\operatorname{Cov}_{R_b}
# \qquad\text{when }\textstyle\sum_bq_b=1.
# $$ (mixture-hessian)
#
# The loss is linear in log-sum-exps, so it is enough that the Hessian of one is the covariance of its softmax. We check that entry by
# entry for three terms $v_j=e^{u_j}$, in which everything is rational.

# %%
v = sp.symbols("v:3", positive=True)
by_exponent = lambda e, k: v[k] * sp.diff(e, v[k])  # d/du = v d/dv
covariance = lambda s: sp.diag(*s) - s * s.T
softmax = sp.Matrix([v[k] / sum(v) for k in range(3)])
hessian_of_log_sum_exp = sp.Matrix(
    3, 3, lambda i, k: by_exponent(by_exponent(sp.log(sum(v)), i), k)
)
assert (hessian_of_log_sum_exp - covariance(softmax)).applyfunc(sp.cancel) == sp.zeros(3)

# %% [markdown]
# A difference of two positive semidefinite matrices: the loss is convex in the weights $S$ but *not* in the logits.
# With two points, one bin, weights $S=(0.99, 0.01)$ and even responsibilities, the curvature along
# $(1,-1)$ is negative.

# %%
two_weights, two_shares = (
    sp.Matrix([sp.Rational(99, 100), sp.Rational(1, 100)]),
    sp.Matrix([sp.Rational(1, 2)] * 2),
)
curvature = (
    sp.Matrix([[1, -1]]) * (covariance(two_weights) - covariance(two_shares)) * sp.Matrix([1, -1])
)[0] / 2
assert curvature < 0
curvature

# %% [markdown]
# ## Limits
#
# Three things are not in the plain formula, and a kernel needs them.
#
# **Centring.** A common shift of the logits cancels in {eq}`mixture-loss`, so the largest one is subtracted first: logits around
# $10^4$ then lose no digit.

# %%
centred = array("centred", r"\tilde z")[row, j]
centring = {centred: z - Max(z, j)}

# %% [markdown]
# **A floor.** A background of density $f$ keeps a bin that no point explains from costing infinitely much: $\log(p_b+f)$ instead of
# $\log p_b$. Its derivative with respect to $\log p_b$ is the share $p_b/(p_b+f)$ of the mixture, so every gradient carries
# $q_b$ times that share. Without a floor, $\log f=-\infty$, the share is 1.

# %%
log_p, log_q = log_mass("log_p", r"\log p")[row, b], log_mass("log_q", r"\log(p+f)")[row, b]
with_floor = sp.log(sp.exp(log_p) + sp.exp(log_floor))
share_of_mixture = 1 / (1 + sp.exp(log_floor - log_p))
assert sp.simplify(sp.diff(with_floor, log_p) - share_of_mixture) == 0

# %% [markdown]
# **A bin that nothing explains.** If every $K_{bj}=0$ the loss is $+\infty$ and the responsibility $0/0$; its limit depends on the
# way there (see [](one_hot.py)). The kernel lets such a bin contribute nothing to the gradients, as if its share were 0: that is the
# `zero="inf"` policy, and the others are made from it. With $0\log 0=0$, a bin of mass 0 costs nothing whatever explains it.

# %%
share, mass = array("share", r"s")[row, b], array("mass", r"m")[row, b]
explained, responsibility = array("explained", "M")[row], array("responsibility", r"\bar R")[row, j]
S, responsibility_of = share_of_sum(centred), share_of_sum(centred + log_K)
mixture = centring | {
    log_p: log_sum_exp(centred + log_K) - log_sum_exp(centred),
    log_q: with_floor,
    share: sp.Piecewise((0, sp.Eq(log_p, -sp.oo)), (share_of_mixture, True)),
    mass: q * share,
    explained: Sum(mass, b),
    responsibility: Sum(mass * responsibility_of, b),
}
loss_and_grad_z = {
    array("loss", "L")[row]: Sum(sp.Piecewise((0, sp.Eq(q, 0)), (-q * log_q, True)), b),
    array("grad_z", r"\partial L/\partial z")[row, j]: explained * S - responsibility,
}

# %% [markdown]
# ### Mean responsibilities, and the Hessian times a vector
#
# What a point explains of the target, $R_j=\sum_bm_bR_{bj}$, is also wanted by its logarithm, to full relative accuracy however small it
# is: a difference of prior and gradient would have lost it.
#
# $$
# \log R_j=\log S_j+\operatorname{LSE}_b\big(\log m_b+\log K_{bj}-\log p_b\big).
# $$ (mixture-log-R)

# %%
log_of_bin, log_R = log_mass("log_of_bin", r"\lambda")[row, b], log_mass("log_R", r"\log R")[row, j]
lift = {log_of_bin: sp.Piecewise((-sp.oo, sp.Eq(mass, 0)), (sp.log(mass) - log_p, True))}
log_lift = sp.log(Sum(sp.exp(log_of_bin + log_K), b))
log_responsibility = {log_R: centred - log_sum_exp(centred) + log_lift}

# %% [markdown]
# Times a vector $v$, the Hessian {eq}`mixture-hessian` needs only the means of $v$ under the prior and under the responsibilities of
# each bin. A floor adds how the mass $m_b=q_bs_b$ moves: $\mathrm dm_b=q_bs_b(1-s_b)\,(\bar v_b-\bar v)$.
#
# $$
# (Hv)_j=\Big(\sum_bm_b\Big)S_j(v_j-\bar v)-\sum_bm_bR_{bj}(v_j-\bar v_b)+\sum_b\mathrm dm_b\,(S_j-R_{bj}),\qquad
# \bar v=\sum_jS_jv_j,\quad\bar v_b=\sum_jR_{bj}v_j.
# $$ (mixture-hessian-product)

# %%
v, mean, mean_of = (
    array("v")[row, j],
    array("mean", r"\bar v")[row],
    array("mean_of", r"\bar v")[row, b],
)
moved = array("moved", r"\mathrm dm")[row, b]
means = {
    mean: Sum(S * v, j),
    mean_of: Sum(responsibility_of * v, j),
    moved: mass * (1 - share) * (mean_of - mean),
}
prior_part = S * (explained * (v - mean) + Sum(moved, b))
hessian_product = {
    array("product", "Hv")[row, j]: prior_part
    - Sum(responsibility_of * (mass * (v - mean_of) + moved), b)
}

# %% [markdown]
# ## Check
#
# With a floor $f$, the gradient is the share of the mixture times prior minus responsibility: one bin, two points, weights
# $w_j=e^{z_j}$.

# %%
floor, K_0, K_1, w_0, w_1 = sp.symbols("f K_0 K_1 w_0 w_1", positive=True)
mixed = (w_0 * K_0 + w_1 * K_1) / (w_0 + w_1)
derivative = w_0 * sp.diff(-sp.log(mixed + floor), w_0)
carried = mixed / (mixed + floor)
assert (
    sp.cancel(derivative - carried * (w_0 / (w_0 + w_1) - w_0 * K_0 / (w_0 * K_0 + w_1 * K_1))) == 0
)

# %% [markdown]
# ## Emit
#
# The kernel `mixture_ce` is these equations, and nothing else; two more compute {eq}`mixture-log-R` and
# {eq}`mixture-hessian-product`, which may be summed over parts of the bins. `stems` names the exponentials that generated code keeps.

# %%
declare = partial(
    Kernel,
    nest=(row, b, j),
    threads=j,
    blocked=b,
    stems={centred: "weight", centred + log_K: "joint"},
)
inputs = {
    z: "Logits, one per point; -inf removes a point.",
    log_K: "Log-kernel from point j to bin b; -inf where the point cannot explain the bin.",
    q: "Bin masses of the target, non-negative.",
    log_floor: "Logarithm of the background added to every bin; -inf for none.",
}
kernels = [
    declare(
        name="mixture_ce",
        title="Cross-entropy of bin masses against a softmax-weighted mixture.",
        inputs=inputs,
        where=mixture,
        outputs=loss_and_grad_z
        | {
            array("grad_log_K", r"\partial L/\partial\log K")[row, b, j]: -mass * responsibility_of,
            array("grad_q", r"\partial L/\partial q")[row, b]: -log_q,
        },
    ),
    declare(
        name="mixture_log_responsibility",
        title="Logarithm of the mean responsibilities of a softmax-weighted mixture.",
        inputs=inputs,
        where=mixture | lift,
        outputs=log_responsibility,
    ),
    declare(
        name="mixture_hessian_times_vector",
        title="Hessian of the cross-entropy in the logits, times a vector.",
        inputs=inputs | {v: "The vector."},
        where=mixture | means,
        outputs=hessian_product,
    ),
]
[kernel.name for kernel in kernels]

# %% [markdown]
# The equations as declared are checked once more, by means that know nothing of the steps above: at random places, to 50 digits, the
# kernel's loss is the plain formula with its floor, and each gradient is a central difference of that loss.

# %%
floored_loss = -Sum(
    q * sp.log(Sum(sp.exp(z + log_K), j) / Sum(sp.exp(z), j) + sp.exp(log_floor)), b
)
assert loss_error(kernels[0], floored_loss) < 1e-45
assert max(gradient_errors(kernels[0]).values()) < 1e-25

# %% [markdown]
# The other two against the first: $R_j$ is what the gradient takes off the prior, and the Hessian times $v$ is how the gradient
# changes along $v$.


# %%
def second_order_errors(rng):
    """(error of the mean responsibilities, error of the product), at 50 digits."""
    step = mpmath.mpf(10) ** -20
    arrays = random_arrays(kernels[2], rng, extents=(1, 2, 3))
    exact = {name: np.vectorize(mpmath.mpf, otypes=[object])(a) for name, a in arrays.items()}
    v_, rest = exact.pop("v"), exact
    grad = lambda t: evaluate(kernels[0], rest | {"z": rest["z"] + t * v_})["grad_z"]
    with mpmath.workdps(50):
        S_ = np.array([mpmath.exp(z_) for z_ in rest["z"][0]])
        S_, log_R_ = S_ / S_.sum(), evaluate(kernels[1], rest)["log_R"][0]
        R_ = np.array([mpmath.exp(r) for r in log_R_])
        change = (grad(step) - grad(-step)) / (2 * step)
        product = evaluate(kernels[2], arrays)["product"]
        return max(abs(R_.sum() * S_ - R_ - grad(0)[0])), np.max(abs(change - product))


assert max(second_order_errors(np.random.default_rng(0))) < 1e-30
