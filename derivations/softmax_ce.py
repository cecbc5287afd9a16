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
# # Softmax cross-entropy
#
# ## Claim
#
# With probabilities $\pi=\operatorname{softmax}(z)$ and labels $y$ (hard or soft, $y_k\ge0$), the cross-entropy
# $L=-\sum_ky_k\log\pi_k$ has the derivative $-y_k/\pi_k$ in the probabilities, which blows up at $\pi_k=0$, and in the logits
#
# $$
# \frac{\partial L}{\partial z_k}=\pi_k\sum_iy_i-y_k,
# $$ (softmax-grad)
#
# which never exceeds 1 in size for labels that sum to 1, and is not zero for any category with $\pi_k\ne y_k$: every logit gets
# feedback, whatever its label.

# %% [markdown]
# ## Symbols

# %%
import sympy as sp

from kdeviz.codegen.declare import Index, Kernel, Max, Sum, array, gradient, log_mass
from kdeviz.codegen.evaluate import gradient_errors, loss_error

R, D = sp.symbols("R D", integer=True, positive=True)
row, k = Index("row", R, "r"), Index("k", D)
z, y = array("z")[row, k], array("y", nonnegative=True)[row, k]

# %% [markdown]
# ## Derivation
#
# ### The singularity, and where it goes
#
# As a function of free outputs $\pi_k$, the loss has a derivative in the labelled outputs only, singular at 0.

# %%
outputs, labels = sp.symbols("pi:3", positive=True), sp.symbols("y:3", nonnegative=True)
loss_of_outputs = -sum(label * sp.log(output) for label, output in zip(labels, outputs))
by_output = sp.Matrix([sp.diff(loss_of_outputs, output) for output in outputs])
assert by_output == sp.Matrix([-label / output for label, output in zip(labels, outputs)])
assert sp.limit(by_output[0].subs(labels[0], 1), outputs[0], 0, "+") == -sp.oo
by_output.T

# %% [markdown]
# Outputs of a softmax are not free. Its Jacobian $\operatorname{diag}\pi-\pi\pi^\top$ has a factor $\pi_k$ in every row that meets the
# $1/\pi_k$, and the singularity is gone. We write $w_k=e^{z_k}$, in which all is rational.

# %%
w = sp.symbols("w:3", positive=True)
softmax = [v / sum(w) for v in w]
jacobian = sp.Matrix(3, 3, lambda i, n: w[n] * sp.diff(softmax[i], w[n]))
pi = sp.Matrix(softmax)
assert (jacobian - (sp.diag(*softmax) - pi * pi.T)).applyfunc(sp.cancel) == sp.zeros(3)

# %%
by_logit = (jacobian.T * by_output.subs(dict(zip(outputs, softmax)))).applyfunc(sp.cancel)
claim = pi * sum(labels) - sp.Matrix(labels)
assert (by_logit - claim).applyfunc(sp.cancel) == sp.zeros(3, 1)

# %% [markdown]
# ### The same in index notation, for any number of categories
#
# Written in logits, $\log\pi_k=z_k-\operatorname{LSE}(z)$: the division by a small $\pi_k$ never happens.

# %%
log_softmax = z - sp.log(Sum(sp.exp(z), k))
plain_loss = -Sum(y * log_softmax, k)
plain_loss

# %%
prior = sp.exp(z) / Sum(sp.exp(z), k)
split_loss = Sum(y, k) * sp.log(Sum(sp.exp(z), k)) - Sum(y * z, k)  # LSE does not depend on k
assert gradient(split_loss, z) == Sum(y, k) * prior - y
gradient(split_loss, z)

# %% [markdown]
# It is the case $K\in\{0,1\}$ of [](mixture_ce.py): see [](one_hot.py).

# %% [markdown]
# ### Label smoothing
#
# Soft labels $y=(1-\alpha)\,\mathrm{onehot}+\alpha/D$ make the optimum finite. There $\pi=y$, so the label's logit exceeds the others by
#
# $$
# \Delta=\log\frac{1-\alpha+\alpha/D}{\alpha/D}=\log\Big(1+\frac{D(1-\alpha)}\alpha\Big).
# $$ (smoothing-gap)

# %%
alpha, gap, size = sp.symbols("alpha Delta D", positive=True)
on, off = 1 - alpha + alpha / size, alpha / size
smoothed_loss = (
    sp.log(sp.exp(gap) + size - 1) - on * gap
)  # logits: gap for the label, 0 for the others
optimal_gap = sp.log(1 + size * (1 - alpha) / alpha)
assert sp.simplify(sp.diff(smoothed_loss, gap).subs(gap, optimal_gap)) == 0
assert sp.simplify(sp.exp(optimal_gap) - on / off) == 0
curvature = sp.diff(smoothed_loss, gap, 2)
assert (
    sp.simplify(curvature - sp.exp(gap) * (size - 1) / (sp.exp(gap) + size - 1) ** 2) == 0
)  # positive: a minimum
optimal_gap

# %% [markdown]
# With $D=10$ and $\alpha=0.1$ the gap is 4.5: the network is asked for no more.

# %%
optimal_gap.subs({alpha: sp.Rational(1, 10), size: 10}).evalf(4)

# %% [markdown]
# ## Limits
#
# $0\log0=0$: a category with label 0 costs nothing, even where its logit is $-\infty$. A positive label there costs $+\infty$, and the
# gradient {eq}`softmax-grad` stays finite. The largest logit is subtracted first.

# %%
centred, log_pi = array("centred", r"\tilde z")[row, k], log_mass("log_pi", r"\log\pi")[row, k]
total_y = array("total_y", "Y")[row]

# %% [markdown]
# ## Check
#
# The gradient sums to zero, and for labels that sum to 1 its 1-norm is at most 2: $\sum_k|\pi_k-y_k|\le\sum_k\pi_k+\sum_ky_k$.

# %%
assert sp.cancel(sum(by_logit)) == 0

# %% [markdown]
# ## Emit

# %%
kernels = [
    Kernel(
        name="softmax_ce",
        title="Cross-entropy of labels against softmax(z).",
        nest=(row, k),
        threads=k,
        inputs={
            z: "Logits; -inf excludes a category.",
            y: "Labels, hard or soft, non-negative.",
        },
        where={
            centred: z - Max(z, k),
            log_pi: centred - sp.log(Sum(sp.exp(centred), k)),
            total_y: Sum(y, k),
        },
        outputs={
            array("loss", "L")[row]: Sum(sp.Piecewise((0, sp.Eq(y, 0)), (-y * log_pi, True)), k),
            array("grad_z", r"\partial L/\partial z")[row, k]: total_y
            * sp.exp(centred)
            / Sum(sp.exp(centred), k)
            - y,
            array("grad_y", r"\partial L/\partial y")[row, k]: -log_pi,
        },
        stems={centred: "weight"},
    )
]
kernels[0].name

# %% [markdown]
# The equations as declared against the plain formula and its central differences, at random places, to 50 digits.

# %%
assert loss_error(kernels[0], plain_loss) < 1e-45
assert max(gradient_errors(kernels[0]).values()) < 1e-25
