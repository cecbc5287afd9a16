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
# # Triangular and Epanechnikov without bins
#
# ## Claim
#
# Two kernels on $[l_j,r_j]=[x_j-h,x_j+h]$ are products of distances to the edges of that support,
#
# $$
# \text{triangular:}\quad K=\frac1h\begin{cases}y-l_j&y\le x_j\\r_j-y&y>x_j\end{cases}\qquad
# \text{Epanechnikov:}\quad K=\frac1{h^2}(y-l_j)(r_j-y).
# $$ (edge-products)
#
# Cut the target at all $l_j$, $r_j$ (triangular: and $x_j$). On a gap $[y_0,y_1]$ of length $d$ the mixture $P=\sum_je^{z_j}K_j$ is then
# linear, or quadratic and concave. All integrals that the loss and its gradients need follow from *one* function,
#
# $$
# c(x)=x\coth x-1=\frac{x^2}3-\frac{x^4}{45}+\dots\ge0.
# $$ (c-of-x)
#
# A linear $P$ with $P_0=P(y_0)$, $P_1=P(y_1)$ has
#
# $$
# \frac1d\int_{y_0}^{y_1}\log P\,dy=\frac{\log P_0+\log P_1}2+c(x),\qquad x=\tfrac12\,|\log P_1-\log P_0|,
# $$ (linear-gap)
#
# the trapezoidal rule, and what it lacks. A quadratic one is a product of two linear factors and has two such terms,
#
# $$
# \frac1d\int_{y_0}^{y_1}\log P\,dy=\frac{\log P_0+\log P_1}2+c(x_\alpha)+c(x_\beta).
# $$ (quadratic-gap)
#
# The sums over points and the sums over gaps are sums of products of distances, non-negative all of them, over windows; with the blocks
# of {prf:ref}`thm-windows` they take $O(J\log J)$ operations and no subtraction.

# %% [markdown]
# ## Symbols
#
# $t\in[0,1]$ is the place in a gap, $x\ge0$ half the logarithm of the ratio of a linear function's values at its ends. `length` and `gap`
# are those of [](box_integral.py).

# %%
import sympy as sp
from sympy.codegen.cfunctions import expm1
from sympy.codegen.numpy_nodes import logaddexp

from derivations.box_integral import gap, length, log_total
from derivations.mixture_ce import row
from kdeviz.codegen.declare import Index, Kernel, Sum, array, log_mass
from kdeviz.codegen.evaluate import gradient_errors, loss_error

t, x = sp.symbols("t x", positive=True)

# %% [markdown]
# ## Derivation
#
# ### One linear factor
#
# Every linear function that is positive on a gap is, up to a scale and the direction, $\alpha+t$ with $t\in[0,1]$ and $\alpha\ge0$. Let
# $x=\frac12\log\frac{\alpha+1}\alpha$, so that $\alpha=1/(e^{2x}-1)$. Then with $c=c(x)$
#
# $$
# \begin{aligned}
# \int_0^1\log\frac{\alpha+t}{\alpha+1}\,dt&=c-x,&\int_0^1\frac{dt}{\alpha+t}&=2x,\\
# \int_0^1\frac{t\,dt}{\alpha+t}&=x-c,&\int_0^1\frac{(1-t)\,dt}{\alpha+t}&=x+c,\\
# \int_0^1\frac{t(1-t)\,dt}{\alpha+t}&=\tfrac12c'(x).
# \end{aligned}
# $$ (factor-integrals)
#
# By parts, the first is minus the third. For the proof, $\coth x=1+2\alpha$ makes all of them polynomials in $\alpha$ and $x$.

# %%
alpha = sp.Symbol("alpha", positive=True)
assert sp.simplify(sp.coth(x).rewrite(sp.exp) - 1 - 2 / (sp.exp(2 * x) - 1)) == 0
c = x * sp.coth(x) - 1
in_alpha = lambda f: f.subs(sp.sinh(x) ** 2, 1 / (sp.coth(x) ** 2 - 1)).subs(
    sp.coth(x), 1 + 2 * alpha
)
factor_integrals = {
    sp.log((alpha + t) / (alpha + 1)): c - x,
    1 / (alpha + t): 2 * x,
    t / (alpha + t): x - c,
    (1 - t) / (alpha + t): x + c,
    t * (1 - t) / (alpha + t): sp.diff(c, x) / 2,
}
for integrand, claim in factor_integrals.items():
    value = sp.integrate(sp.expand_log(integrand), (t, 0, 1)).expand()
    difference = value.subs(sp.log(alpha + 1), sp.log(alpha) + 2 * x) - in_alpha(claim)
    assert sp.simplify(difference) == 0

# %% [markdown]
# ### A linear gap
#
# $P$ runs from the smaller to the larger of $P_0,P_1$ as $\alpha+t$ does, with $2x$ the logarithm of their ratio: the first of
# {eq}`factor-integrals` is {eq}`linear-gap`. With $P=(P_{\max}-P_{\min})(\alpha+t)$ the others give the integrals of $1/P$ and of the distance
# from one end over $P$, which go into the responsibilities. $P_{\max}-P_{\min}=P_{\max}(1-e^{-2x})$, so nothing cancels where $P$ is nearly
# constant.
#
# ### A quadratic gap
#
# $P=\kappa\,(\alpha+t)(\beta+1-t)$ with $\kappa=Md^2/h^2$, where $M$ is the mass of the points that hold the gap: each of them bends by
# the same amount. Both roots lie outside the gap, and
#
# $$
# \begin{gathered}
# P_0=\kappa\,\alpha(\beta+1),\quad P_1=\kappa\,(\alpha+1)\beta,\\
# \frac1P=\frac1{\kappa s}\Big(\frac1{\alpha+t}+\frac1{\beta+1-t}\Big),\quad s=\alpha+\beta+1.
# \end{gathered}
# $$ (two-factors)
#
# So every integral is a sum of two of {eq}`factor-integrals`, with positive signs. From the ends, with $A=P/\kappa$ there and $\delta=A_0-A_1$,
#
# $$
# \begin{aligned}
# s&=\sqrt{1+2(A_0+A_1)+\delta^2},\\
# \alpha&=\frac{2A_0}{s+1-\delta}=\frac{s-1+\delta}2,\qquad\beta=\frac{2A_1}{s+1+\delta}=\frac{s-1-\delta}2,
# \end{aligned}
# $$ (roots-of-gap)
#
# of which one form adds positive numbers.

# %%
beta, kappa = sp.symbols("beta kappa", positive=True)
A_0, A_1 = alpha * (beta + 1), (alpha + 1) * beta
s = alpha + beta + 1
assert sp.expand(1 + 2 * (A_0 + A_1) + (A_0 - A_1) ** 2 - s**2) == 0
for root, A, delta in ((alpha, A_0, A_0 - A_1), (beta, A_1, A_1 - A_0)):
    assert sp.cancel(2 * A / (s + 1 - delta) - root) == 0
    assert sp.expand((s - 1 + delta) / 2 - root) == 0
parts = 1 / (alpha + t) + 1 / (beta + 1 - t)
assert sp.cancel(parts / s - 1 / ((alpha + t) * (beta + 1 - t))) == 0

# %% [markdown]
# And $P_0P_1=\kappa^2\,\alpha(\alpha+1)\,\beta(\beta+1)$: half its logarithm, with $c(x_\alpha)$ and $c(x_\beta)$ added, is the mean of
# $\log P$, {eq}`quadratic-gap`.
#
# ### Sums over windows
#
# At a place $y$ the points with $x_j\in[l,r]=[y-h,y+h]$ count, for a point $j$ the gaps in $[l_j,r_j]$. Both sums are of the form
# $\sum_iw_i$, $\sum_iw_i(x_i-l)$, $\sum_iw_i(r-x_i)$, $\sum_iw_i(x_i-l)(r-x_i)$. A *block* of neighbours between $X_0$ and $X_1$ keeps the
# same four sums about its own ends,
#
# $$
# \begin{aligned}
# m&=\sum w_i,&m^\pm&=\sum w_i(x_i-X_0)(X_1-x_i),\\
# m^-&=\sum w_i(x_i-X_0),&m^+&=\sum w_i(X_1-x_i),
# \end{aligned}
# $$ (block-moments)
#
# and what is asked at $l=X_0-u$, $r=X_1+v$ is a combination of them with weights that are not negative; so are those of a block in a larger one.

# %%
x_i, X_0, X_1, room_0, room_1 = sp.symbols("x_i X_0 X_1 u v")
of_item = {"mass": 1, "below": x_i - X_0, "above": X_1 - x_i, "both": (x_i - X_0) * (X_1 - x_i)}


def widened_above(mass, below, above, both, v, add=sp.Add, times=sp.Mul):
    """The four sums of a block whose upper end is moved up by v."""
    return mass, below, add(above, times(mass, v)), add(both, times(below, v))


def widened_below(mass, below, above, both, u, add=sp.Add, times=sp.Mul):
    """The four sums of a block whose lower end is moved down by u."""
    return mass, add(below, times(mass, u)), above, add(both, times(above, u))


for widen, move in ((widened_above, {X_1: X_1 + room_1}), (widened_below, {X_0: X_0 - room_0})):
    distance = room_1 if widen is widened_above else room_0
    for claim, item in zip(widen(*of_item.values(), distance), of_item.values()):
        assert sp.expand(claim - sp.sympify(item).subs(move)) == 0

# %% [markdown]
# ### The gradients
#
# With $\omega=1/(TP)$ and $\int_j$ over the support of $j$ in the target,
#
# $$
# \begin{gathered}
# R_j=e^{z_j}\int_jK_j\,\omega,\\
# \frac{\partial L}{\partial x_j}=-e^{z_j}\int_j\frac{\partial K_j}{\partial x_j}\omega,\qquad
# \frac{\partial L}{\partial h}=-\sum_je^{z_j}\int_j\frac{\partial K_j}{\partial h}\omega,
# \end{gathered}
# $$ (polynomial-grads)
#
# and the derivatives of $K$ are combinations of the same distances: triangular $\mp1/h$ and $(1-K)/h$, Epanechnikov
# $\big((y-l_j)-(r_j-y)\big)/h^2$ and $2(1-K)/h$. The edges of the target see the loss of their own place,
# $\partial L/\partial a=(\log p(a)+L)/T$ and $\partial L/\partial b=-(\log p(b)+L)/T$.

# %%
y, x_j, width = sp.symbols("y x_j h", positive=True)
lower, upper = y - (x_j - width), (x_j + width) - y
both_kernels = {
    "rising": (lower / width, -1 / width, 1),
    "falling": (upper / width, 1 / width, 1),
    "epanechnikov": (lower * upper / width**2, (lower - upper) / width**2, 2),
}
for K, by_point, order in both_kernels.values():
    assert sp.expand(sp.diff(K, x_j) - by_point) == 0
    assert sp.expand(sp.diff(K, width) - order * (1 - K) / width) == 0
u = (y - x_j) / width
assert sp.expand(both_kernels["epanechnikov"][0] - (1 - u**2)) == 0

# %% [markdown]
# ## Limits
#
# **Where $P$ vanishes at one end** of a gap, $x=\infty$: the mean of $\log P$ and the responsibilities stay finite (a point whose kernel is
# positive there does not exist, so that the diverging $\int(1-t)/P$ has the factor 0), the gradients in points and bandwidth do not: any
# other move would leave a place without density.
#
# **Small $x$**: $c(x)$, $c'(x)$ are computed from their series below $x=\frac12$, by Bernoulli numbers
# $c(x)=\sum_{n\ge1}\frac{2^{2n}B_{2n}}{(2n)!}x^{2n}$; its terms fall like $(x/\pi)^{2n}$. Above, with $\tau=2x/(e^{2x}-1)$, $x-c=1-\tau$.

# %%
coefficients = [4**n * sp.bernoulli(2 * n) / sp.factorial(2 * n) for n in range(1, 11)]
c_series = sum(k * x ** (2 * n) for n, k in enumerate(coefficients, 1))
assert sp.series(c - c_series, x, 0, 14).removeO() == 0
tau = 2 * x / (sp.exp(2 * x) - 1)
assert sp.simplify((x - c - (1 - tau)).rewrite(sp.exp)) == 0
small = sp.exp(-2 * x)
slope_above = 1 + 2 * (small - tau) / (1 - small)
assert sp.simplify((sp.diff(c, x) - slope_above).rewrite(sp.exp)) == 0


def nested(factors, y):
    """sum_n factors[n] y^(2n); a fraction of more than 32 bits is rounded, CUDA would take it through double."""
    first, *others = factors
    first = first if first.q < 2**31 else sp.Float(first, 17)
    return first + y**2 * nested(others, y) if others else first


def tail_of(y):
    """tau at y, 0 where it has no effect."""
    return sp.Piecewise((0, y > 40), (2 * y / expm1(2 * y), True))


def deficit_of(y, tail):
    """x - c(x) at y, to machine precision for all y from 0 to oo."""
    near_0 = y - y**2 * nested(coefficients, y)
    return sp.Piecewise((near_0, y < sp.Rational(1, 2)), (1 - tail, True))


def slope_of(y, tail):
    """c'(x) at y, likewise."""
    near_0 = y * nested([2 * n * k for n, k in enumerate(coefficients, 1)], y)
    above = 1 - 2 * (sp.exp(-2 * y) - tail) / expm1(-2 * y)
    return sp.Piecewise((near_0, y < sp.Rational(1, 2)), (above, True))


# %% [markdown]
# **The Hessian** needs integrals of $K_jP_v/P^2$ with $P_v=\sum_jv_je^{z_j}K_j$. They have antiderivatives, but not short ones, and are
# taken by double-exponential quadrature on each gap; the sums over windows are the same.
#
# **Far from the curved part** $\kappa$ is tiny beside $P$, so $A$ is huge. It is held below $e^{40}$: more has no effect on any digit.

# %% [markdown]
# ## Check
#
# {eq}`linear-gap` against the elementary antiderivative of $\log P$: with $P_0=e^{-x}$, $P_1=e^x$ both ends' mean is 0, and $c(x)$ is left.

# %%
P_0, P_1 = sp.exp(-x), sp.exp(x)
elementary = (P_1 * sp.log(P_1) - P_0 * sp.log(P_0)) / (P_1 - P_0) - 1
assert sp.simplify((sp.expand_log(elementary, force=True) - c).rewrite(sp.exp)) == 0

# %% [markdown]
# ## Emit
#
# Two kernels for the blocks, and one for the gaps of each shape. All sums are kept as logarithms.

# %%
block = Index("part", sp.Symbol("N", integer=True, positive=True), "n")
moment = lambda name, tex: log_mass(name, rf"\log {tex}")[row, block]
MOMENTS = {"mass": "m", "below": "m^-", "above": "m^+", "both": r"m^\pm"}
left, right, joined = (
    {name: moment(f"{of}_{name}" if of else name, tex) for name, tex in MOMENTS.items()}
    for of in ("left", "right", "")
)
ahead, beyond, room_below, room_above = (
    array(name, nonnegative=True)[row, block]
    for name in ("ahead", "beyond", "room_below", "room_above")
)
in_logs = dict(add=logaddexp, times=sp.Add)
wider_left = widened_above(*left.values(), sp.log(beyond), **in_logs)
wider_right = widened_below(*right.values(), sp.log(ahead), **in_logs)
widened = widened_below(
    *widened_above(*joined.values(), sp.log(room_above), **in_logs), sp.log(room_below), **in_logs
)
about = "Logarithm of the sum of w, -inf for none."
first_block = {
    left["mass"]: "Lower block: log sum of w; -inf where there is nothing.",
    left["below"]: "log sum of w (x - X0), distances from its lower end.",
    left["above"]: "log sum of w (X1 - x), distances from its upper end.",
    left["both"]: "log sum of w (x - X0)(X1 - x).",
}
block_kernels = [
    Kernel(
        name="join_blocks",
        title="Sums of distances over a block, from those over its lower and its upper part.",
        nest=(row, block),
        threads=block,
        inputs=first_block
        | {right["mass"]: "Upper block: the same four."}
        | dict(zip([*right.values()][1:], ("As above.",) * 3))
        | {
            ahead: "From the lower end of the lower block to that of the upper one, non-negative.",
            beyond: "From the upper end of the lower block to that of the upper one, non-negative.",
        },
        outputs={
            of: logaddexp(*both) for of, *both in zip(joined.values(), wider_left, wider_right)
        },
        formula=(
            r"m = m_l + m_r, \quad m^- = m^-_l + m^-_r + a\,m_r, \quad m^+ = m^+_l + b\,m_l + m^+_r",
            r"m^\pm = m^\pm_l + b\,m^-_l + m^\pm_r + a\,m^+_r, \quad a = \text{ahead}, \quad b = \text{beyond}",
        ),
    ),
    Kernel(
        name="window_sums",
        title="Sums of distances from the edges of a window, from those over the block of all that it holds.",
        nest=(row, block),
        threads=block,
        inputs=dict(zip(joined.values(), first_block.values()))
        | {
            room_below: "From the lower edge of the window to the block, non-negative.",
            room_above: "From the block to the upper edge of the window, non-negative.",
        },
        outputs={
            moment(name, rf"m^{{{sign}}}_w"): value
            for name, sign, value in zip(
                ("to_lower", "to_upper", "to_both"), ("-", "+", r"\pm"), widened[1:]
            )
        },
        formula=(
            r"m^-_w = m^- + r^-m, \quad m^+_w = m^+ + r^+m, \quad m^\pm_w = m^\pm + r^+m^- + r^-m^+ + r^-r^+m",
            r"r^- = \text{room below}, \quad r^+ = \text{room above}",
        ),
    ),
]

# %% [markdown]
# A gap kernel takes $\log P$ at both ends of each gap and gives the loss over what is held, its gradient in the lengths, and the four
# sums {eq}`block-moments` of $\omega=1/(TP)$ over each gap: those of a block that is one gap.

# %%
h = array("h", positive=True)[row]
at = (row, gap)
log_start, log_end = log_mass("log_start", r"\log P_0")[at], log_mass("log_end", r"\log P_1")[at]
log_held = log_mass("log_mass", r"\log M")[at]
mean = log_mass("mean", r"\overline{\log P}")[at]
held, excess, unit = (
    array("held", "d^+")[at],
    array("excess", "v")[at],
    log_mass("unit", r"\log\omega_0")[at],
)
loss, reach = array("loss", "L")[row], array("reach", "T")[row]
omega = {
    name: log_mass(f"omega_{name}", rf"\log\omega_{{{tex}}}")[at] for name, tex in MOMENTS.items()
}


def factor(log_ratio, of=""):
    """({names: expressions}, x, x - c, c') of a linear factor whose values at its ends have this log-ratio 2x."""
    name = lambda word, tex: log_mass(f"{word}_{of}" if of else word, tex + rf"_\{of}" * bool(of))[
        at
    ]
    x, tail, deficit = name("x", "x"), name("tail", r"\tau"), name("deficit", r"\Delta")
    named = {x: log_ratio / 2, tail: tail_of(x), deficit: deficit_of(x, tail)}
    return named, x, deficit, slope_of(x, tail)


def gap_kernel(name, title, inputs, is_empty, where, moments, bend):
    """The loss from `mean` and the four sums from exponents of `unit`: {name: log of the integral for a gap of length 1}.

    `bend` is what the mean of log P has beyond that of its ends, for the documentation.
    """
    log_length = sp.log(held)
    lengths = {"mass": 0, "below": 1, "above": 1, "both": 2}
    return Kernel(
        name=name,
        title=title,
        nest=at,
        threads=gap,
        inputs=inputs
        | {
            length: "Lengths of the gaps, non-negative, in the unit of x.",
            log_total: "Logarithm of all mass.",
        },
        where={held: sp.Piecewise((0, is_empty), (length, True))}
        | where
        | {
            excess: sp.Piecewise((0, sp.Or(is_empty, sp.Eq(length, 0))), (mean - log_total, True)),
            unit: sp.log(held / reach),
        },
        outputs={
            loss: -Sum(held * excess, gap) / reach,
            reach: Sum(held, gap),
            array("grad_length", r"\partial L/\partial d")[at]: sp.Piecewise(
                (0, is_empty), (-(excess + loss) / reach, True)
            ),
        }
        | {
            omega[moment]: sp.Piecewise(
                (-sp.oo, sp.Eq(held, 0)), (unit + lengths[moment] * log_length + value, True)
            )
            for moment, value in moments.items()
        },
        formula=(
            r"L = -\frac1T \sum_k d_k\,\big(\overline{\log P}_k - \log M\big), \quad T = \sum_k d_k",
            rf"\overline{{\log P}} = \tfrac12\,(\log P_0 + \log P_1) + {bend}, \quad c(x) = x \coth x - 1",
        ),
    )


ends = {
    log_start: "log P at the lower end of each gap, -inf for 0.",
    log_end: "log P at its upper end.",
}

# %%
top = log_mass("top", r"\log P_{\max}")[at]
parts, x_, deficit, _ = factor(sp.Abs(log_end - log_start))
constant = sp.Eq(x_, 0)
rising = log_end > log_start
spread = -expm1(-2 * x_)
share = lambda f, of_constant: (
    sp.log(sp.Piecewise((of_constant, constant), (f / spread, True))) - top
)
half = sp.Rational(1, 2)
near_large, near_small = (
    log_mass(f"near_{end}", rf"\log\omega_{{\mathrm{{{end}}}}}")[at] for end in ("large", "small")
)
triangular = gap_kernel(
    "triangular_gaps",
    "Cross-entropy of a uniform target against a mixture that is linear on gaps of it.",
    ends,
    sp.And(sp.Eq(log_start, -sp.oo), sp.Eq(log_end, -sp.oo)),
    {top: sp.Max(log_start, log_end)}
    | parts
    | {
        mean: top - deficit,
        near_large: share(deficit, half),
        near_small: share(2 * x_ - deficit, half),
    },
    {
        "mass": share(2 * x_, 1),
        "below": sp.Piecewise((near_large, rising), (near_small, True)),
        "above": sp.Piecewise((near_small, rising), (near_large, True)),
    },
    r"c\big(\tfrac12\,|\log P_1 - \log P_0|\big)",
)

# %%
log_kappa, s_, delta = (
    log_mass("log_kappa", r"\log\kappa")[at],
    array("s", "s")[at],
    array("delta", r"\delta")[at],
)
ratio = {end: sp.exp(end - log_kappa) for end in (log_start, log_end)}
from_ends = {"alpha": (log_start, delta), "beta": (log_end, -delta)}
roots = {of: log_mass(f"log_{of}", rf"\log\{of}")[at] for of in from_ends}
root_of = lambda end, d: sp.Piecewise(
    (end - log_kappa - sp.log((s_ + 1 - d) / 2), d < 1), (sp.log((s_ - 1 + d) / 2), True)
)
factors = {of: factor(logaddexp(0, -root), of) for of, root in roots.items()}
(_, x_a, deficit_a, slope_a), (_, x_b, deficit_b, slope_b) = factors.values()
per_unit = lambda f: sp.log(f) - log_kappa - sp.log(s_)
epanechnikov = gap_kernel(
    "epanechnikov_gaps",
    "Cross-entropy of a uniform target against a mixture that is quadratic and concave on gaps of it.",
    ends
    | {log_held: "Logarithm of the mass on each gap; -inf leaves the gap out.", h: "Bandwidth."},
    sp.Eq(log_held, -sp.oo),
    {
        log_kappa: sp.Max(log_held + 2 * sp.log(held / h), log_start - 40, log_end - 40),
        delta: ratio[log_start] - ratio[log_end],
        s_: sp.sqrt(1 + 2 * (ratio[log_start] + ratio[log_end]) + delta**2),
    }
    | {roots[of]: root_of(*ends_of) for of, ends_of in from_ends.items()}
    | factors["alpha"][0]
    | factors["beta"][0]
    | {
        mean: log_kappa
        + (logaddexp(0, roots["alpha"]) - deficit_a)
        + (logaddexp(0, roots["beta"]) - deficit_b)
    },
    {
        "mass": per_unit(2 * (x_a + x_b)),
        "below": per_unit(deficit_a + (2 * x_b - deficit_b)),
        "above": per_unit((2 * x_a - deficit_a) + deficit_b),
        "both": per_unit((slope_a + slope_b) / 2),
    },
    r"c(x_\alpha) + c(x_\beta)",
)
kernels = [*block_kernels, triangular, epanechnikov]
[kernel.name for kernel in kernels]

# %% [markdown]
# The losses of the two gap kernels against the elementary antiderivative of each linear factor, $(\alpha+1)\log(\alpha+1)-\alpha\log\alpha-1$,
# at random places; the series leave $10^{-17}$.

# %%
factor_mean = lambda a: (a + 1) * sp.log(a + 1) - a * sp.log(a) - 1
mean_of = lambda scale, *roots: sp.log(scale) + sum(map(factor_mean, roots))
plain_loss = lambda mean: log_total - Sum(length * mean, gap) / Sum(length, gap)
P_0, P_1 = sp.exp(log_start), sp.exp(log_end)
slope = sp.Abs(P_1 - P_0)
linear_mean = mean_of(slope, (P_0 + P_1 - slope) / 2 / slope)
assert loss_error(triangular, plain_loss(linear_mean)) < 1e-16

# %%
curve = sp.exp(log_held) * (length / h) ** 2
A_0, A_1 = P_0 / curve, P_1 / curve
s_exact = sp.sqrt(1 + 2 * (A_0 + A_1) + (A_0 - A_1) ** 2)
quadratic_mean = mean_of(curve, (s_exact - 1 + A_0 - A_1) / 2, (s_exact - 1 - A_0 + A_1) / 2)
assert loss_error(epanechnikov, plain_loss(quadratic_mean)) < 1e-16
assert max(gradient_errors(triangular).values()) < 1e-25
