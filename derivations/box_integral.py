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
# # The box without bins
#
# ## Claim
#
# Each point $j$ is an interval $[l_j,r_j]$ that explains what it holds: the box kernel has $l_j=x_j-h$, $r_j=x_j+h$. Cut the target
# $[a,b]$ at every edge inside it. On the gap $k$ between two cuts, of length $d_k$, the same points hold every place, so the mixture is
# constant: *the gaps are bins*, and the integral over the target is a finite sum,
#
# $$
# \begin{gathered}
# L=-\frac1T\sum_kd_k\,\log\frac{M_k}{M},\\
# M_k=\sum_{j\,\text{holds}\,k}e^{z_j},\quad M=\sum_je^{z_j},\quad T=\sum_kd_k=b-a.
# \end{gathered}
# $$ (box-loss)
#
# The gradient in the logits is that of [](mixture_ce.py) with bin masses $d_k/T$,
#
# $$
# \frac{\partial L}{\partial z_j}=S_j-e^{z_j}\sum_{k\,\text{held by}\,j}\frac{d_k}{T\,M_k},
# $$ (box-grad-z)
#
# and unlike over bins, edges have a gradient: a cut that moves up makes the gap before it longer and the one behind it shorter. With
# $v_k=\log(M_k/M)+L$, how much better than the mean a gap is explained,
#
# $$
# \begin{aligned}
# \frac{\partial L}{\partial d_k}&=-\frac{v_k}{T},&
# \frac{\partial L}{\partial c}&=\frac{v_{\text{behind}}-v_{\text{before}}}T\ \text{for a cut at}\ c,\\
# \frac{\partial L}{\partial a}&=\frac{v_{\text{first}}}T,&\frac{\partial L}{\partial b}&=-\frac{v_{\text{last}}}T.
# \end{aligned}
# $$ (box-grad-edges)

# %% [markdown]
# ## Symbols
#
# `length` is $d_k$; `log_mass` is $\log M_k$, $-\infty$ for a gap that no point holds; `log_total` is $\log M$.

# %%
import sympy as sp

from derivations.mixture_ce import row
from kdeviz.codegen.declare import Index, Kernel, Sum, array, gradient, log_mass
from kdeviz.codegen.evaluate import gradient_errors, loss_error

gap = Index("gap", sp.Symbol("K", integer=True, positive=True), "k")
length, log_held = (
    array("length", "d", nonnegative=True)[row, gap],
    log_mass("log_mass", r"\log M")[row, gap],
)
log_total = array("log_total", r"\log M")[row]

# %% [markdown]
# ## Derivation
#
# The loss {eq}`box-loss` and sympy's derivatives of it. $T$ is written as the sum of the lengths, so that a length can move by itself.

# %%
span = Sum(length, gap)
plain_loss = log_total - Sum(length * log_held, gap) / span
grad_length = gradient(plain_loss, length)
value = log_held - log_total + plain_loss
assert sp.simplify(grad_length + value / span) == 0
grad_length

# %%
grad_log_mass = gradient(plain_loss, log_held)
assert grad_log_mass == -length / span
grad_log_mass

# %% [markdown]
# The derivative in $\log M_k$ gives {eq}`box-grad-z`: $\partial\log M_k/\partial z_j=e^{z_j}/M_k$ where $j$ holds $k$, else 0. And a cut at
# $c$ enters two lengths, $\partial d_{\text{before}}/\partial c=1$ and $\partial d_{\text{behind}}/\partial c=-1$, which is
# {eq}`box-grad-edges`. With a common bandwidth, $\partial L/\partial x_j$ is the sum over the two edges of $j$, and
# $\partial L/\partial h=\sum_j(\partial L/\partial r_j-\partial L/\partial l_j)$.
#
# ```{prf:theorem} Sums over windows
# :label: thm-windows
# For $N$ gaps, any windows $[s_j,e_j)$ of them and any commutative, associative $\oplus$, all $\bigoplus_{s_j\le k<e_j}w_k$ take
# $O((N+J)\log N)$ operations $\oplus$, none of which is undone.
# ```
#
# ```{prf:proof}
# Let $2^i$ be the highest power of two in which $s$ and $e-1$ differ as binary numbers, and $m=2^i\lfloor(e-1)/2^i\rfloor$. Then the
# window is the end of the block $[m-2^i,m)$ and the start of the block $[m,m+2^i)$, two aligned blocks of $2^i$ neighbours. A table of
# all starts and ends of such blocks for $i+1$ is made from that for $i$ with one $\oplus$ for every second entry of each. So one pass over the
# levels, with one table at a time, meets every window at its level.
# ```
#
# With $\oplus$ the addition of positive numbers (as logarithms), nothing is subtracted, and logits that differ by thousands lose nothing:
# this gives $\sum d_k/M_k$ in {eq}`box-grad-z`. The masses $M_k$ are the *transposed* sum, over the windows that hold $k$: each step the
# other way round.


# %%
def window_blocks(s, e):
    """The two blocks of {prf:ref}`thm-windows` as ranges; one item is a block by itself."""
    half = 1 << ((s ^ (e - 1)).bit_length() - 1) if e - s > 1 else 1
    middle = (e - 1) // half * half
    return (range(s, middle), range(middle, e)), half


for start, end in ((s, e) for e in range(40) for s in range(e - 1)):
    (left, right), half = window_blocks(start, end)
    assert [*left, *right] == [*range(start, end)]
    assert len(left) > 0 and end <= right.start + half and left.stop - half <= start

# %% [markdown]
# ## Limits
#
# **A gap that nothing holds** makes the loss $+\infty$. The kernel leaves it out of all sums, $T$ too: so it computes the loss over the
# part of the target that is held (`zero="skip"`). The gradient in $z$ under `zero="inf"`, where such a gap contributes nothing, is the
# same times the share $T/(b-a)$ of the target that is held.
#
# **Where edges meet** the loss has a kink: the gap between them is empty, and which points hold it depends on the order of the edges. The
# gradient is then one of several one-sided ones. A box that touches the next one without overlap is at the border of the domain: there the
# gradient is that of moving further into one another.
#
# **Inside a gap** the density is constant: the edges alone move the loss of a box.

# %%
held = array("held", "d^+")[row, gap]
reach = array("reach", "T")[row]
excess = array("excess", "v")[row, gap]
log_p = array("log_p", r"\log p", extended_real=True)[row, gap]
loss = array("loss", "L")[row]
is_empty = sp.Eq(log_held, -sp.oo)

# %% [markdown]
# ## Check
#
# Two overlapping intervals, $[0,c]$ and $[1,3]$, on the target $[0,3]$, with weights $w$: the gradients in the first
# logit and in the cut $c$ against derivatives of the integral.

# %%
w, c, x = (
    sp.symbols("w_:2", positive=True),
    sp.Symbol("c", positive=True),
    sp.Symbol("x", real=True),
)
pieces = [w[0], sum(w), w[1]]
cuts = [0, 1, c, 3]
true_loss = (
    -sum(
        sp.integrate(sp.log(m / sum(w)), (x, *ends)) for m, ends in zip(pieces, zip(cuts, cuts[1:]))
    )
    / 3
)
claim_z = w[0] / sum(w) - w[0] * (1 / pieces[0] + (c - 1) / pieces[1]) / 3
assert sp.simplify(w[0] * sp.diff(true_loss, w[0]) - claim_z) == 0
claim_edge = -(sp.log(pieces[1]) - sp.log(pieces[2])) / 3
assert sp.simplify(sp.expand_log(sp.diff(true_loss, c) - claim_edge)) == 0

# %% [markdown]
# ## Emit

# %%
kernels = [
    Kernel(
        name="box_gaps",
        title="Cross-entropy of a uniform target against a mixture that is constant on gaps of it.",
        nest=(row, gap),
        threads=gap,
        inputs={
            log_held: "Logarithm of the mass on each gap; -inf leaves the gap out.",
            length: "Lengths of the gaps, non-negative, in the unit of x.",
            log_total: "Logarithm of all mass.",
        },
        where={
            held: sp.Piecewise((0, is_empty), (length, True)),
            log_p: log_held - log_total,
            excess: sp.Piecewise((0, is_empty), (log_p, True)),
        },
        outputs={
            loss: -Sum(held * excess, gap) / reach,
            array("grad_length", r"\partial L/\partial d")[row, gap]: sp.Piecewise(
                (0, is_empty), (-(excess + loss) / reach, True)
            ),
            array("log_density", r"\log\frac{d}{TM}")[row, gap]: sp.Piecewise(
                (-sp.oo, sp.Eq(held, 0)), (sp.log(held / reach) - log_held, True)
            ),
            reach: Sum(held, gap),
        },
    )
]
kernels[0].name

# %%
assert loss_error(kernels[0], plain_loss) < 1e-45
assert max(gradient_errors(kernels[0]).values()) < 1e-25
