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
# # KDE cross-entropy over bins
#
# ## Claim
#
# A weighted kernel density estimate with points $x_j$ and bandwidth $h$ is the mixture of [](mixture_ce.py) with
# $\log K_{bj}=k(u_{bj})$, $u_{bj}=(x_b-x_j)/h$, at bins $x_b=a+(b-a)t_b$ of a target on $[a,b]$. With
# $\partial L/\partial\log K_{bj}=-m_bR_{bj}$ from there, the chain rule gives all gradients:
#
# $$
# \frac{\partial L}{\partial x_j}=\frac1h\sum_bm_bR_{bj}\,k'(u_{bj}),\qquad
# \frac{\partial L}{\partial h}=\frac1h\sum_bm_b\sum_jR_{bj}\,u_{bj}k'(u_{bj}),
# $$ (kde-grad-points)
#
# $$
# \frac{\partial L}{\partial a}=-\frac1h\sum_bm_b(1-t_b)\sum_jR_{bj}\,k'(u_{bj}),\qquad
# \frac{\partial L}{\partial b}=-\frac1h\sum_bm_bt_b\sum_jR_{bj}\,k'(u_{bj}).
# $$ (kde-grad-edges)
#
# The kernel $k$ enters only through its logarithm and that logarithm's derivative. So the table of kernels is open: any
# expression in $u$ will do.

# %% [markdown]
# ## Symbols
#
# `position` is $t_b$: midpoint bins have $t_b=(b+\frac12)/B$. Explicit bin centres are the case $a=0$, $b=1$, $t_b=x_b$.

# %%
from functools import reduce

import sympy as sp

from derivations import mixture_ce as shared
from derivations.mixture_ce import b, j, log_floor, log_K, mass, q, responsibility_of, row, z
from kdeviz.codegen.declare import Kernel, Sum, array
from kdeviz.codegen.evaluate import gradient_errors, loss_error

points, h = array("points", "x")[row, j], array("h", positive=True)[row]
start, end, position = array("a")[row], array("b")[row], array("position", "t")[row, b]
period = array("period", "P", positive=True)[row]

# %% [markdown]
# The distance is formed as $((a-x_j)+(b-a)t_b)/h$: for a target and points far from the origin, $a-x_j$ is exact where
# $a+(b-a)t_b$ would have been rounded. A named quantity is computed as it stands, so this order survives in every kernel.

# %%
offset, width, delta = (
    array("offset")[row, j],
    array("width")[row],
    array("delta", r"\delta")[row, b, j],
)
u = array("u")[row, b, j]
turn = array("turn", r"\rho")[row]  # the period in bandwidths
on_line = {
    offset: start - points,
    width: end - start,
    delta: offset + width * position,
    u: delta / h,
}

# %% [markdown]
# On a circle the distance is taken to the nearest image, and the kernel may use the period in bandwidths, $\rho=P/h$.

# %%
nearest = array("nearest", r"\delta^\circ")[row, b, j]
on_circle = {
    offset: start - points,
    width: end - start,
    turn: period / h,
    delta: offset + width * position,
    nearest: delta - period * sp.floor(delta / period + sp.Rational(1, 2)),
    u: nearest / h,
}

# %% [markdown]
# ## The table of log-kernels
#
# Unnormalised, $K(0)=1$. A kernel of bounded support is $-\infty$ outside; the edge belongs to it where the kernel does not vanish
# there (the box), and does not where it does.
#
# The derivative is sympy's. Outside the support it is 0: the responsibility there is 0 as well.


# %%
def on_support(log_kernel, closed=False):
    """log K(u) on |u| < 1 (closed: on |u| <= 1), -oo outside."""
    outside = sp.Abs(u) > 1 if closed else sp.Abs(u) >= 1
    return sp.Piecewise((-sp.oo, outside), (log_kernel, True))


line_kernels = {
    "laplace": -sp.Abs(u),
    "gaussian": -(u**2) / 2,
    "box": on_support(sp.S.Zero, closed=True),
    "triangular": on_support(sp.log(1 - sp.Abs(u))),
    "epanechnikov": on_support(sp.log(1 - sp.Abs(u)) + sp.log(1 + sp.Abs(u))),
    "cauchy": -sp.log(1 + u**2),
}

# %%
sp.Matrix([[sp.Symbol(name), k, sp.diff(k, u)] for name, k in line_kernels.items()])

# %% [markdown]
# Near its edge such a kernel depends on the small room $1-|u|$ that is left. Formed as $(h-|\delta|)/h$, that room has the digits of
# the distance $\delta$; formed from a rounded $u$, it has lost them. So it gets a name of its own.

# %%
room = array("room")[row, b, j]
for_room = {1 - sp.Abs(u): room, sp.Abs(u) >= 1: room <= 0, sp.Abs(u) > 1: room < 0}

# %% [markdown]
# On a circle, the Laplace kernel is *wrapped*: the sum over all images, two geometric series. For the nearest image at distance
# $|u|\le\rho/2$,
#
# $$
# \sum_{n\in\mathbb Z}e^{-|u+n\rho|}=\frac{e^{-|u|}+e^{-(\rho-|u|)}}{1-e^{-\rho}}.
# $$ (wrapped-laplace)


# %%
def prove_wrapped_laplace():
    """Both sides of (wrapped-laplace) for 0 <= u < rho: the images to the right, and those to the left."""
    v, n = sp.Symbol("v", nonnegative=True), sp.Symbol("n", integer=True, nonnegative=True)
    rho, x = sp.symbols("rho x", positive=True)  # x = e^-rho < 1
    series = lambda first: first * sp.summation(x**n, (n, 0, sp.oo)).args[0][0]
    both = series(sp.exp(-v)) + series(sp.exp(v) * x)
    claim = (sp.exp(-v) + sp.exp(v - rho)) / (1 - sp.exp(-rho))
    return sp.simplify(both.subs(x, sp.exp(-rho)) - claim) == 0


assert prove_wrapped_laplace()

# %% [markdown]
# The von Mises kernel $\exp(\kappa(\cos(2\pi(x-x_j)/P)-1))$ with $\kappa=(P/2\pi h)^2$, so that small $h$ is the Gaussian. We write
# $\cos\theta-1=-2\sin^2(\theta/2)$: the left side loses the digits of a small angle.

# %%
other_image, nearest_share = (
    array("other_image", r"\epsilon")[row, b, j],
    array("nearest_share")[row, b, j],
)
ratio = sp.exp(2 * sp.Abs(u) - turn)  # the other image's kernel value over that of the nearest
wrapped_parts = {other_image: ratio, nearest_share: 1 / (1 + other_image)}
circular_kernels = line_kernels | {
    "laplace": -sp.Abs(u) + sp.log(1 + ratio) - sp.log(1 - sp.exp(-turn)),
    "von_mises": -(turn**2) / (2 * sp.pi**2) * sp.sin(sp.pi * u / turn) ** 2,
}
two_series = (sp.exp(-sp.Abs(u)) + sp.exp(sp.Abs(u) - turn)) / (1 - sp.exp(-turn))
assert sp.simplify(sp.exp(circular_kernels["laplace"]) - two_series) == 0
kappa = (turn / (2 * sp.pi)) ** 2
assert sp.simplify(circular_kernels["von_mises"] - kappa * (sp.cos(2 * sp.pi * u / turn) - 1)) == 0
small_h = sp.limit(
    circular_kernels["von_mises"].subs(turn, 1 / sp.Symbol("s", positive=True)),
    sp.Symbol("s", positive=True),
    0,
)
assert sp.simplify(small_h - line_kernels["gaussian"]) == 0

# %% [markdown]
# ## Derivation
#
# $\partial L/\partial\log K_{bj}$ is known. What is left is how $\log K$ moves with the points, the bandwidth and the edges:
# $k'(u)$ times the derivative of $u$.

# %%
distance = (start - points + (end - start) * position) / h
moves = {x: sp.simplify(sp.diff(distance, x) * h) for x in (points, start, end, h)}
assert (
    moves[points] == -1 and moves[end] == position and sp.expand(moves[start] - (1 - position)) == 0
)
assert sp.simplify(moves[h] + distance) == 0
sp.Matrix([[x, sp.factor(move)] for x, move in moves.items()])

# %% [markdown]
# A kernel on a circle also sees $h$ through $\rho$: $h\,\partial\log K/\partial h=-(u\,k_u+\rho\,k_\rho)$. Each of the sums over $j$
# below is one number per bin, so a bin is visited once for all gradients.

# %%
slope = array("slope", "k'")[row, b, j]
pull, stretch = array("pull", r"\pi")[row, b], array("stretch", r"\sigma")[row, b]
grad = lambda of, at: array(f"grad_{of}", rf"\partial L/\partial {of if of != 'points' else 'x'}")[
    at
]
gradients = {
    grad("points", (row, j)): Sum(mass * responsibility_of * slope, b) / h,
    grad("h", (row,)): Sum(mass * stretch, b) / h,
    grad("a", (row,)): -Sum(mass * pull * (1 - position), b) / h,
    grad("b", (row,)): -Sum(mass * pull * position, b) / h,
}

# %% [markdown]
# ## Limits
#
# **Far away.** A kernel value may underflow, its logarithm does not: points a thousand bandwidths away still have a gradient, because
# only ratios of kernel values enter a responsibility.
#
# **At an edge of the support** $k'$ is infinite while $K$ vanishes; $R_{bj}k'(u_{bj})$ stays finite, since $R_{bj}\propto K$.
#
# **The box** has $k'=0$ wherever it is defined: over bins, its gradients in points, bandwidth and edges are zero almost everywhere.
# What moves is *which* bins a point covers, and a derivative does not see that.

# %% [markdown]
# ## Check
#
# The chain rule against sympy's derivative of the whole loss, for two points and two bins, at rational places, to 30 digits.


# %%
def prove_chain_rule(log_kernel):
    """{argument: |claim - derivative|} of the four gradients above, for k(u) on the line."""
    x0, x1, width_, a_, b_ = values = sp.symbols("x_0 x_1 h a b", positive=True)
    at = dict(zip(values, map(sp.Rational, ("1/3", "7/5", "9/4", "1/7", "6/5"))))
    places, masses, weights = (
        (sp.Rational(1, 4), sp.Rational(3, 4)),
        (sp.Rational(2, 5), sp.Rational(3, 5)),
        (2, 3),
    )
    v = sp.Symbol("v", real=True)
    k, slope_of = log_kernel.xreplace({u: v}), sp.diff(log_kernel.xreplace({u: v}), v)
    us = [[(a_ + (b_ - a_) * t - x) / width_ for x in (x0, x1)] for t in places]
    joint = [[w * sp.exp(k.subs(v, ub)) for w, ub in zip(weights, bin_)] for bin_ in us]
    loss = -sum(m * sp.log(sum(parts) / sum(weights)) for m, parts in zip(masses, joint))
    pulls = [
        [part / sum(parts) * slope_of.subs(v, ub) for part, ub in zip(parts, bin_)]
        for parts, bin_ in zip(joint, us)
    ]
    claims = {
        x0: sum(m * pull[0] for m, pull in zip(masses, pulls)) / width_,
        width_: sum(
            m * r * ub for m, pull, bin_ in zip(masses, pulls, us) for r, ub in zip(pull, bin_)
        )
        / width_,
        a_: -sum(m * (1 - t) * sum(pull) for m, t, pull in zip(masses, places, pulls)) / width_,
        b_: -sum(m * t * sum(pull) for m, t, pull in zip(masses, places, pulls)) / width_,
    }
    return {x: abs((claim - sp.diff(loss, x)).subs(at).evalf(30)) for x, claim in claims.items()}


assert max(prove_chain_rule(line_kernels["gaussian"]).values()) < 1e-25

# %% [markdown]
# ## Emit
#
# `declare` turns a name and an expression in `u` (and `turn`, on a circle) into a kernel with all gradients. It is the whole
# recipe for a kernel of your own.


# %%
def declare(name, log_kernel, circular=False, named=None):
    """The kernel `name` with log K(u) = `log_kernel`; its derivatives are sympy's. `named`: {name: part to compute once}."""
    log_kernel, named = sp.sympify(log_kernel), named or {}
    by_u, by_turn = sp.diff(log_kernel, u), sp.diff(log_kernel, turn)
    by_scale = sp.expand_mul(u * by_u + turn * by_turn) if by_turn else u * slope
    replacements = [for_room, *({part: name} for name, part in named.items())]
    once = lambda e: reduce(lambda e, replacement: e.xreplace(replacement), replacements, e)
    distance = nearest if circular else delta
    tails = named | {
        room: (h - sp.Abs(distance)) / h,
        log_K: once(log_kernel),
        slope: once(by_u),
        pull: Sum(responsibility_of * slope, j),
        stretch: Sum(responsibility_of * once(by_scale), j),
    }
    return Kernel(
        name=f"{name}_on_circle" if circular else name,
        title=f"Cross-entropy of bins on [a, b] against a kernel density estimate{' on a circle' if circular else ''}, {name} kernel.",
        nest=(row, b, j),
        threads=j,
        blocked=b,
        inputs={
            z: "Logits, one per point; -inf removes a point.",
            points: "Positions of the points, in the unit of x.",
            start: "Lower edge of the target, in the unit of x.",
            end: "Upper edge of the target, in the unit of x.",
            h: "Bandwidth, positive, in the unit of x.",
            position: "Places of the bins between the edges: bin b is at a + (b - a) position.",
            q: "Bin masses of the target, non-negative.",
            log_floor: "Logarithm of the background added to every bin; -inf for none.",
        }
        | ({period: "Period of x, positive, in the unit of x."} if circular else {}),
        where=(on_circle if circular else on_line) | tails | shared.mixture,
        outputs=shared.loss_and_grad_z
        | gradients
        | {array("log_density", r"\log p")[row, b]: shared.log_p},
        stems={shared.centred: "weight", shared.centred + log_K: "joint"},
    )


# %%
kernels = [declare(name, k) for name, k in line_kernels.items()]
kernels += [
    declare(name, k, circular=True, named=wrapped_parts if name == "laplace" else None)
    for name, k in circular_kernels.items()
]
[kernel.name for kernel in kernels]

# %% [markdown]
# The equations as declared are checked by means that know nothing of the steps above: at random places, to 50 digits, each loss is
# the plain formula with $u=(x_b-x_j)/h$, and each gradient is a central difference of that loss.

# %%
plain_distance = (start + (end - start) * position - points) / h
plainly = lambda log_kernel: {log_K: log_kernel.xreplace({u: plain_distance, turn: period / h})}
for kernel, log_kernel in zip(kernels, line_kernels.values()):
    assert loss_error(kernel, shared.floored_loss, plainly(log_kernel)) < 1e-45
cosine = kappa * (sp.cos(2 * sp.pi * u / turn) - 1)
assert loss_error(kernels[-1], shared.floored_loss, plainly(cosine)) < 1e-45

# %%
assert all(max(gradient_errors(kernel).values()) < 1e-25 for kernel in kernels)
