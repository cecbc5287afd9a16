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
# # One contour for the continuous categorical
#
# ## Claim
#
# Let $g_k=\max\eta-\eta_k$, let $\tau>0$ be any number, and
#
# $$
# m_k=\frac1{\tau+g_k},\qquad \sigma^2=\sum_km_k^2,\qquad p_k=\frac{m_k}\sigma,\qquad
# \varepsilon=\frac{1-\sum_km_k}\sigma.
# $$ (contour-scale)
#
# Then the log-partition of the continuous categorical (see [](cc.py)) is exactly
#
# $$
# \begin{gathered}
# \log Z=\max\eta+\tau+\sum_k\log m_k-\log\sigma+\log F,\\
# F=\frac1{2\pi i}\int e^{H(\zeta)}\,\dd\zeta,\qquad H(\zeta)=\varepsilon\zeta+\sum_k\varphi(p_k\zeta),
# \end{gathered}
# $$ (contour-F)
#
# with $\varphi(\xi)=\xi-\log(1+\xi)$. The number of categories, their spread and the offset are in elementary terms; what is left
# is a number $F$ of about $0.4$. Since $\sum p_k^2=1$, the singularities of $H$ lie at or left of $-1$, and when $\tau$ is the saddle,
# $\varepsilon=0$ and $H=\frac12\zeta^2+O(\zeta^3)$ whatever the logits are. So **one** path through the complex plane with one table of nodes
# serves all logits, from two categories to a million, with ties, and with categories of weight zero. Means and covariances are moments
# under the same integral:
#
# $$
# \begin{gathered}
# \mu_k=\langle a_k\rangle,\qquad a_k=\frac{m_k}{1+p_k\zeta},\\
# \Cov_{kl}=\big\langle(a_k-\mu_k)(a_l-\mu_l)\big\rangle+[k=l]\,\langle a_k^2\rangle,
# \end{gathered}
# $$ (contour-moments)
#
# where $\langle f\rangle=\int fe^H\dd\zeta\,/\int e^H\dd\zeta$. What is proved of $F$, of the error of the nodes and of the saddle's iteration stands in
# [](cc_theorems.py).

# %% [markdown]
# ## Symbols
#
# One `row` of a batch has `D` categories `k`; the rule has `N` nodes. Parameters come in as gaps below their maximum: $g_k=\infty$ is a
# category of weight zero. Complex quantities are kept as pairs of real ones, real part first.

# %%
from typing import Any, NamedTuple

import mpmath as mp
import sympy as sp
from sympy.codegen.cfunctions import log1p

from derivations.cc import log_partition_exact
from kdeviz.codegen.declare import Coarse, Index, Kernel, Max, Sum, Upper, array, remainder

R, D, N = sp.symbols("R D N", integer=True, positive=True)
row, k, node = Index("row", R, "r"), Index("k", D), Index("node", N, "n", short=True)
gap = array("gap", "g", extended_nonnegative=True)[row, k]
tau = array("tau", r"\tau", positive=True)[row]


def of_row(name, tex=None, **assumptions):
    return array(name, tex, **assumptions)[row]


def of_category(name, tex=None):
    return array(name, tex)[row, k]


def pair(name, tex, *indices):
    """Two arrays for the parts of a complex quantity."""
    return tuple(array(f"{name}_{xy}", f"{tex}^{{{xy}}}")[indices] for xy in "xy")


# %% [markdown]
# ## Derivation
#
# ### From a divided difference to a path
#
# $Z$ is the divided difference of $\exp$ at the parameters ([](cc.py)). By the residue theorem that is an integral around them,
#
# $$
# Z=\sum_k\operatorname*{Res}_{s=\eta_k}\frac{e^s}{\prod_l(s-\eta_l)}=\frac1{2\pi i}\int\frac{e^s}{\prod_l(s-\eta_l)}\,\dd s,
# $$ (contour-residues)
#
# along any path from below to above that passes right of all of them: to the left the integrand falls off like $e^s$, and the path may be
# bent that way. Ties are no exception any more; they are poles of a higher order. sympy takes the residues for three distinct
# parameters, and for a double one.

# %%
s = sp.Symbol("s")
e = sp.symbols("eta_1:4", real=True)
divided = lambda nodes: sum(sp.exp(a) / sp.Mul(*(a - b for b in nodes if b != a)) for a in nodes)
integrand_of = lambda nodes: sp.exp(s) / sp.Mul(*(s - a for a in nodes))
residues = lambda nodes: sum(sp.residue(integrand_of(nodes), s, a) for a in dict.fromkeys(nodes))
assert sp.simplify(residues(e) - divided(e)) == 0
assert sp.simplify(residues((e[0], e[0], e[1])) - sp.limit(divided(e), e[2], e[0])) == 0

# %% [markdown]
# ### Scale
#
# Put $s=\max\eta+\tau+\zeta/\sigma$. Then $s-\eta_k=(1+p_k\zeta)/m_k$, so that
# $e^s/\prod(s-\eta_k)\,\dd s$ is $e^{\max\eta+\tau}\prod m_k\,\sigma^{-1}$ times $e^{\zeta/\sigma}/\prod(1+p_k\zeta)\,\dd\zeta$. With
# $\zeta/\sigma=\varepsilon\zeta+\sum_kp_k\zeta$ this is {eq}`contour-F`: nothing has been approximated, for any $\tau$.

# %%
zeta, z_sigma = sp.Symbol("zeta"), sp.Symbol("sigma", positive=True)
z_tau, *g = sp.symbols("tau g_1:3", positive=True)
z_m = [1 / (z_tau + v) for v in g]
phi = lambda xi: xi - sp.log(1 + xi)
for v, of_v in zip(g, z_m):
    assert sp.cancel((z_tau + zeta / z_sigma + v) - (1 + of_v / z_sigma * zeta) / of_v) == 0
linear = (1 - sum(z_m)) / z_sigma * zeta + sum(of_v / z_sigma * zeta for of_v in z_m)
assert sp.expand(linear - zeta / z_sigma) == 0

# %% [markdown]
# The best real $\tau$ is the saddle of the integrand, where it is least along the real axis and falls fastest to both sides: $H'(0)=\varepsilon=0$, that is
# $\sum_km_k=1$. There $\sum_kp_k^2=1$ makes the second derivative 1.

# %%
p_1, p_2 = sp.symbols("p_1 p_2", positive=True)
series = sp.series(phi(p_1 * zeta) + phi(p_2 * zeta), zeta, 0, 4).removeO()
assert sp.expand(series - (p_1**2 + p_2**2) * zeta**2 / 2 + (p_1**3 + p_2**3) * zeta**3 / 3) == 0

# %% [markdown]
# Two extreme rows show how little $F$ depends on the rest. One category: the residue at the double infinity of $e^\zeta/(1+\zeta)$ is $e^{-1}$.
# $D$ equal ones: $\log Z=-\log(D-1)!$ and $\tau=D$ give $F=D^{D-1/2}e^{-D}/(D-1)!$, which is $1/\sqrt{2\pi}$ in the limit: Stirling's formula says
# that a sum of many exponentials is normal.

# %%
log_F_of_equal = lambda n: (n - mp.mpf(1) / 2) * mp.log(n) - n - mp.loggamma(n)
z = sp.Symbol("z")
assert log_F_of_equal(1) == -1 and sp.residue(sp.exp(z) / (1 + z), z, -1) == sp.exp(-1)
assert abs(log_F_of_equal(10**6) + mp.log(2 * mp.pi) / 2) < 1e-7

# %% [markdown]
# ### Where the saddle is
#
# $S(\tau)=\sum_k1/(\tau+g_k)$ falls from at least 1 at $\tau=1$. Newton's method for $1/S=1$ is monotone from any start below the saddle, since $1/S$ is concave in $\tau$
# ({prf:ref}`thm-cct-saddle`), and stops at $S-1\le\sigma/100$: the path need only pass near the saddle, the formula is exact anywhere.

# %%
S_of_tau = sum(1 / (z_tau + v) for v in g)
Q_of_tau = sum(1 / (z_tau + v) ** 2 for v in g)
newton = z_tau + (1 - 1 / S_of_tau) / sp.diff(1 / S_of_tau, z_tau)
assert sp.cancel(newton - z_tau - S_of_tau * (S_of_tau - 1) / Q_of_tau) == 0

m, S, Q = of_category("m"), of_row("S"), of_row("Q")
own_sigma = of_row("own_sigma", r"\sigma")
TOLERANCE = sp.Rational(1, 100)


def newton_step(tau, m, S, Q, sigma):
    """(the next tau, equations of the sums that it needs)"""
    arrived = S - 1 <= TOLERANCE * sigma
    sums = {m: 1 / (tau + gap), S: Sum(m, k), Q: Sum(m**2, k), sigma: sp.sqrt(Q)}
    return sp.Piecewise((tau, arrived), (tau + S * (S - 1) / Q, True)), sums


step, sums_of_m = newton_step(tau, m, S, Q, own_sigma)

# %% [markdown]
# It starts from two clusters: the top category, and the $D-1$ others as if each had their mean gap $\bar g$. By Jensen's inequality that saddle is no further than
# the true one. It solves $1/\tau+(D-1)/(\tau+\bar g)=1$; for a large $\bar g$ the root is written as a quotient, which loses no digit. A category of weight zero makes
# $\bar g$ infinite and the start 1, which is behind every saddle.

# %%
z_D, z_g = sp.symbols("D gbar", positive=True)
near_of = lambda D, mean: (D - mean + sp.sqrt((D - mean) ** 2 + 4 * mean)) / 2
far_of = lambda D, mean: 2 / (1 - D / mean + sp.sqrt((1 - D / mean) ** 2 + 4 / mean))
two_clusters = lambda t: 1 / t + (z_D - 1) / (t + z_g) - 1
assert sp.simplify(two_clusters(near_of(z_D, z_g))) == 0
assert sp.simplify((near_of(z_D, z_g) - far_of(z_D, z_g)).subs({z_D: 3, z_g: 7})) == 0

size, mean_gap = of_row("size", "D"), of_row("mean_gap", r"\bar g")
near, far = near_of(size, mean_gap), far_of(size, mean_gap)
first_tau = of_row("first_tau", r"\tau^0", positive=True)
from_clusters = {
    mean_gap: Sum(gap, k) / sp.Max(size - 1, 1),
    first_tau: sp.Max(1, sp.Piecewise((far, mean_gap > size), (near, True))),
}
tex_at_start = {"S": "S^0", "Q": "Q^0", "sigma": r"\sigma^0"}
at_start = of_category("m_at_start", "m^0"), *(of_row(f"{s}_at_start", tex) for s, tex in tex_at_start.items())
first_step, sums_at_start = newton_step(first_tau, *at_start)

# %% [markdown]
# ### The path and its nodes
#
# A hyperbola that crosses the real axis at $c_0=\frac25$ and bends to the left, where $e^{H}$ falls off:
#
# $$
# \zeta(u)=c_0+A(1-\cosh u)+iB\sinh u,\qquad A=\tfrac94,\quad B=\tfrac{18}5.
# $$ (contour-hyperbola)
#
# The midpoint rule in $u$ converges geometrically. The two halves are complex conjugates, so one is enough, with weights
# $w_j=h\,\zeta'(u_j)/(i\pi)$ at $u_j=(j+\frac12)h$, and $F=\operatorname{Re}\sum_jw_je^{H(\zeta_j)}$. In double precision $h=\frac7{120}$ and 60 nodes leave an error of
# $4\cdot10^{-17}$ of $F$, for single precision $h=\frac7{60}$ and 24 nodes one of $6\cdot10^{-9}$; both are certified for all weights at once.
#
# That path is held back by rows with one heavy category, whose pole is at $-1$. With $P=\max_kp_k$ all poles are at or left of $-1/P$, and where $P\le\frac9{20}$, a wider
# hyperbola, $A=6$, $B=8$, $c_0=\frac9{10}$, does with 30 nodes. It is nothing new, only a saving for rows in which no category dominates, as are most with ten categories or
# more: of either rule the first nodes are enough below further thresholds of $P$. All this is certified in [](cc_theorems.py).


# %%
class Rule(NamedTuple):
    """The hyperbola c0 + A (1 - cosh u) + i B sinh u, so many nodes h apart, for rows with max p <= P."""

    A: Any
    B: Any
    c0: Any
    h: Any
    nodes: int
    P: Any = sp.S.One

    @property
    def path(self):
        return self.c0 + self.A * (1 - sp.cosh(u)) + sp.I * self.B * sp.sinh(u)

    def table(self):
        """[(Re zeta, Im zeta, Re w, Im w)] at the nodes, as exact expressions."""
        pairs = self.path, self.h / (sp.I * sp.pi) * sp.diff(self.path, u)
        parts = [part for pair in pairs for part in pair.as_real_imag()]
        at = lambda j: [part.subs(u, (j + sp.Rational(1, 2)) * self.h) for part in parts]
        return [at(j) for j in range(self.nodes)]


u = sp.Symbol("u", real=True)
hyperbola = sp.Rational(9, 4), sp.Rational(18, 5), sp.Rational(2, 5)
RULES = {
    "float64": Rule(*hyperbola, h=sp.Rational(7, 120), nodes=60),
    "float32": Rule(*hyperbola, h=sp.Rational(7, 60), nodes=24),
    "balanced": Rule(6, 8, sp.Rational(9, 10), sp.Rational(3, 50), 30, P=sp.Rational(9, 20)),
}

zeta_x, zeta_y = pair("zeta", r"\zeta", node)
w_x, w_y = pair("w", "w", node)
nodes_of = {name: rule.table() for name, rule in RULES.items()}
rows_of = {"float64": nodes_of["float64"] + nodes_of["balanced"], "float32": nodes_of["float32"]}
tables = {
    t: {dtype: [nodes[i] for nodes in rows] for dtype, rows in rows_of.items()}
    for i, t in enumerate((zeta_x, zeta_y, w_x, w_y))
}
[nodes[0] for nodes in nodes_of["float32"][:2]]

# %% [markdown]
# The integrand in real arithmetic. The sum of $\varphi$ over the categories is a reduction of its own, `remainder`: it multiplies the factors $1+p_k\zeta$ of a
# few categories and takes one logarithm for them all. What is summed is $\varphi$ and not $\log(1+p_k\zeta)$, because the terms of first order, $\zeta\sum p_k\approx\zeta/\sigma$,
# would cancel against $\zeta/\sigma$: for a million equal categories three digits would go that way.
#
# `rest` makes room for categories that are summed in another way, see below.

# %%
sigma = of_row("sigma", r"\sigma", positive=True)
excess = of_row("excess", r"\varepsilon")
p = of_category("p")
x, y = pair("xi", r"\xi", row, k, node)
sum_x, sum_y = pair("remainder", r"\Phi", row, node)
rest_x, rest_y = pair("rest", r"\Phi'", row, node)
H_x, H_y = pair("H", "H", row, node)
W_x, W_y = pair("W", "W", row, node)
height, F = array("height", r"e^{\Re H}")[row, node], of_row("F")
total_x, total_y = remainder(x, y, k)
weights = {m: 1 / (tau + gap), p: m / sigma}
terms = {x: p * zeta_x, y: p * zeta_y}
exponent = {
    sum_x: total_x,
    sum_y: total_y,
    H_x: excess * zeta_x + sum_x,
    H_y: excess * zeta_y + sum_y,
    height: sp.exp(H_x),
}
with_rest = {H_x: excess * zeta_x + rest_x + sum_x, H_y: excess * zeta_y + rest_y + sum_y}
integrand = {
    W_x: height * (w_x * sp.cos(H_y) - w_y * sp.sin(H_y)),
    W_y: height * (w_x * sp.sin(H_y) + w_y * sp.cos(H_y)),
    F: Sum(W_x, node),
}
rest_log = of_row("rest_log", r"\Lambda'")
log_Z = tau - Sum(sp.log(tau + gap), k) - sp.log(sigma) + sp.log(F)

# %% [markdown]
# ### Means
#
# $\partial\log Z/\partial\eta_k=\mu_k$, and under the integral $\partial/\partial\eta_k$ multiplies $e^s/\prod(s-\eta_l)$ by
# $1/(s-\eta_k)=m_k/(1+p_k\zeta)=a_k$. A second derivative gives $\langle a_ka_l\rangle-\mu_k\mu_l$, and once more $\langle a_k^2\rangle$ where $k=l$: {eq}`contour-moments`, in its centred form, which
# does not cancel.

# %%
log_integrand = s - sum(sp.log(s - a) for a in e)
a_of = lambda j: 1 / (s - e[j])
for j in range(2):
    for l in range(2):
        second = sp.diff(sp.exp(log_integrand), e[j], e[l]) / sp.exp(log_integrand)
        assert sp.simplify(second - a_of(j) * a_of(l) * (2 if j == l else 1)) == 0

# %% [markdown]
# In real arithmetic $1/(1+\xi)=(b-iy)/q$, with $b=1+x$ and $q=b^2+y^2$.

# %%
b, q = array("b")[row, k, node], array("q")[row, k, node]
factor = {b: 1 + x, q: b**2 + y**2}
mean = of_category("mean", r"\mu")
mean_value = m * Sum((W_x * b + W_y * y) / q, node) / F

# %% [markdown]
# ### Covariances
#
# Kernels for the variances and for the product of the covariance matrix with a vector $v$: $\big\langle(a_k-\mu_k)\sum_l(a_l-\mu_l)v_l\big\rangle+\langle a_k^2\rangle v_k$, in a time linear
# in $D$. $V=W/F$ are the normalised weights; $a_k$ is computed twice, for the sum over $l$ and for the result, under two names.

# %%
V_x, V_y = pair("V", "V", row, node)
c_x, c_y = pair("c", "c", row, node)
v = of_category("v")
normalised = weights | terms | factor | {V_x: W_x / F, V_y: W_y / F}


def deviation(name):
    """((Re a, Im a, Re a - mean), their equations)"""
    a_x, a_y = pair(name, name, row, k, node)
    centred = array(f"{name}_centred", rf"\tilde {name}")[row, k, node]
    return (a_x, a_y, centred), {a_x: m * b / q, a_y: -m * y / q, centred: a_x - mean}


def average_of_square(x, y):
    """A term of Re <(x + iy)^2>."""
    return V_x * (x**2 - y**2) - 2 * V_y * x * y


(a_x, a_y, a_centred), of_a = deviation("a")
(d_x, d_y, d_centred), of_d = deviation("d")
variance = Sum(average_of_square(a_x, a_y) + average_of_square(a_centred, a_y), node)
contracted = {c_x: Sum(a_centred * v, k), c_y: Sum(a_y * v, k)}
product = Sum(
    V_x * (d_centred * c_x - d_y * c_y) - V_y * (d_centred * c_y + d_y * c_x) + v * average_of_square(d_x, d_y),
    node,
)

# %% [markdown]
# ### Many small categories
#
# Where $p_k|\zeta|$ is small at all nodes, $\varphi$ and $1/(1+p_k\zeta)$ are polynomials, and the sum over categories is done before the one over nodes:
#
# $$
# \sum_k\varphi(p_k\zeta)=\sum_{n=2}^T\frac{(-1)^n}n\kappa_n\zeta^n,\quad \kappa_n=\sum_kp_k^n,\qquad
# \mu_k=m_k\sum_{n=0}^{T-2}(-p_k)^n\operatorname{Re}\langle\zeta^n\rangle .
# $$ (contour-power-sums)
#
# A row of a million categories then costs a few dozen operations a category. Ten power sums do for $\max p\le0.0073$, twenty for $0.0456$; and in any row, twenty serve the categories with $p\le0.0075$ beside
# the others, which stay with the products. These thresholds are certified too ({ref}`certificate <cct-cert-fewer>`). Power sums also round better: in a long
# product of equal factors $1+p\zeta$ each is rounded the same way, while a power sum of equal terms is as good as its first term.

# %%
xi = sp.Symbol("xi")
expansion = sum(sp.Rational((-1) ** n, n) * xi**n for n in range(2, 11))
assert sp.series(phi(xi), xi, 0, 11).removeO() == expansion
assert sp.series(1 / (1 + xi), xi, 0, 10).removeO() == sum((-xi) ** n for n in range(10))


def complex_times(x, y, a, b):
    """(x + iy)(a + ib) as a pair."""
    return x * a - y * b, x * b + y * a


def horner_at_nodes(coefficients):
    """(equations, pair): the polynomial with real coefficients {n: c_n}, n from 2, at the nodes."""
    *orders, last = sorted(coefficients)
    equations, value = {}, (coefficients[last], sp.S.Zero)
    for n in [*reversed(orders), 1, 0]:
        high_x, high_y = complex_times(*value, zeta_x, zeta_y)
        value = pair(f"horner_{n + 1}", rf"h_{{{n + 1}}}", row, node)
        equations |= {value[0]: coefficients.get(n, 0) + high_x, value[1]: high_y}
    return equations, value


def power_sums(T):
    """(equations, outputs) of the exponent of categories at the nodes, by the power sums up to T."""
    power = {1: p} | {n: of_category(f"power_{n}", f"p^{n}") for n in range(2, (T + 1) // 2 + 1)}
    product = lambda n: power[n // 2] * power[n - n // 2]
    kappa = {n: of_row(f"kappa_{n}", rf"\kappa_{{{n}}}") for n in range(2, T + 1)}
    equations = weights | {power[n]: product(n) for n in power if n > 1}
    equations |= {kappa[n]: Sum(product(n), k) for n in kappa}
    at_nodes, (top_x, top_y) = horner_at_nodes({n: sp.Rational((-1) ** n, n) * kappa[n] for n in kappa})
    return equations | at_nodes, {
        rest_x: top_x,
        rest_y: top_y,
        rest_log: Sum(sp.log(tau + gap), k),
    }


def power_means(T):
    """(equations, outputs) of the means of the same categories, polynomials in p with T - 1 terms."""
    moment = [of_row(f"moment{n}", rf"\sigma\langle\zeta^{{{n}}}\rangle") for n in range(T - 1)]
    value = pair("scaled", r"\sigma V", row, node)
    equations = weights | {scaled: sigma / F * W for scaled, W in zip(value, (W_x, W_y))}
    for n, of_order in enumerate(moment):
        equations[of_order] = Sum(value[0], node)
        following = pair(f"times_zeta_{n + 1}", rf"W\zeta^{{{n + 1}}}", row, node)
        equations |= dict(zip(following, complex_times(*value, zeta_x, zeta_y)))
        value = following
    polynomial = moment[-1]
    for of_order in moment[-2::-1]:
        polynomial = of_order - p * polynomial
    return equations, {mean: p * polynomial}


# %% [markdown]
# ## Limits
#
# **When $1-\sum m_k$ must be exact.** $\varepsilon$ divides it by $\sigma$. Where one category is about to outweigh $D$ others, its gap about $D$, we have $\sigma\approx1/\sqrt D$ and
# $p_1\approx0.7$: rounding errors of $10^{-16}$ in $\sum m_k$ are multiplied by $\sqrt D$ in the means. For such rows, told by $P/\sigma>4$, one more pass takes the sum as if there were no
# rounding. Differences and sums of two numbers have a rounding error that can be computed; $m_k$ is split into a multiple of $2^{-26}$, such numbers being added without
# error, and a small remainder:
#
# $$
# \frac1d=m'+\frac{1-m'd}d,\qquad m'=\tfrac1d\text{ rounded to a multiple of }2^{-26}.
# $$ (contour-exact-sum)
#
# In exact arithmetic all corrections are 0.

# %%
eta, top = (
    array("eta", r"\eta", extended_real=True)[row, k],
    of_row("top", r"\eta_{\max}", extended_real=True),
)


def exact_sum(a, b, name):
    """(a + b, what its rounding leaves away, equations): each name is one rounding."""
    words = "sum", "back", "left", "lost", "right", "error"
    total, back, left, lost, right, error = (of_category(f"{name}_{word}") for word in words)
    return (
        total,
        error,
        {
            total: a + b,
            back: total - a,
            left: total - back,
            lost: a - left,
            right: b - back,
            error: lost + right,
        },
    )


exact_gap, gap_error, of_gap = exact_sum(top, -eta, "gap")
d, d_error, of_distance = exact_sum(tau, exact_gap, "distance")
m_high, m_low, d_high, d_low = (of_category(name) for name in ("m_high", "m_low", "d_high", "d_low"))
near_one, remaining = of_category("near_one"), of_category("remaining")
high_sum, low_sum, not_high = of_row("high_sum"), of_row("low_sum"), of_row("not_high")
exact_reciprocals = {
    m: 1 / d,
    m_high: Coarse(m),
    d_high: Upper(d),
    d_low: d - d_high,
    near_one: 1 - m_high * d_high,
    remaining: near_one - m_high * d_low,
    m_low: sp.Piecewise((m, sp.Eq(m_high, 0)), ((remaining - m_high * (d_error + gap_error)) / d, True)),
    high_sum: Sum(m_high, k),
    low_sum: Sum(m_low, k),
    not_high: 1 - high_sum,
}

# %% [markdown]
# **Crowds.** In $\xi-\log(1+\xi)$ an error of $10^{-16}\lvert\xi\rvert$ is left, as the terms of first order cancel. For a crowd of $n$ tied categories it is the
# same error $n$ times. With $n\le1/p^2$ that is nothing where all weights are large, but not for a thousand categories behind a dominant one. With
# $s=\xi/(2+\xi)$, so that $1+\xi=(1+s)/(1-s)$,
#
# $$
# \varphi(\xi)=\xi-2\operatorname{artanh}s=s\Big(\xi-2s^2\sum_{j\ge0}\frac{s^{2j}}{2j+3}\Big),
# $$ (contour-phi)
#
# as $\xi-2s=\xi s$: nothing of first order is left to cancel. Eleven terms do for $\lvert s\rvert<\frac15$; beyond, the difference itself is good. Rows with
# categories of middling weight beside a dominant one take this form, which costs several times as much.

# %%
atanh_form = xi - 2 * sp.atanh(xi / (2 + xi))
assert sp.simplify(sp.diff(atanh_form - phi(xi), xi)) == 0 and atanh_form.subs(xi, 0) == 0
of_s = xi / (2 + xi)
assert sp.cancel(xi - 2 * of_s - xi * of_s) == 0
assert sp.series(sp.atanh(z), z, 0, 8).removeO() == z + z**3 / 3 + z**5 / 5 + z**7 / 7

SERIES_TERMS = 11
two_plus, norm = array("two_plus")[row, k, node], array("norm")[row, k, node]
s_x, s_y = pair("s", "s", row, k, node)
t_x, t_y = pair("t", "s^2", row, k, node)
phi_x, phi_y = pair("phi", r"\varphi", row, k, node)


def series_of_s():
    """(equations, pair): the sum over j of t^j/(2j + 3)."""
    equations, value = {}, (sp.Rational(1, 2 * SERIES_TERMS + 1), sp.S.Zero)
    for j in reversed(range(SERIES_TERMS - 1)):
        high_x, high_y = complex_times(*value, t_x, t_y)
        value = pair(f"series_{j + 1}", rf"\alpha_{{{j + 1}}}", row, k, node)
        equations |= {value[0]: sp.Rational(1, 2 * j + 3) + high_x, value[1]: high_y}
    return equations, value


of_series, series_value = series_of_s()
beyond_x, beyond_y = complex_times(*series_value, t_x, t_y)
remaining_x, remaining_y = pair("remaining", r"\rho", row, k, node)
small_x, small_y = complex_times(s_x, s_y, remaining_x, remaining_y)
is_small = s_x**2 + s_y**2 < sp.Rational(1, 25)
careful = {
    two_plus: 2 + x,
    norm: two_plus**2 + y**2,
    s_x: (x * two_plus + y**2) / norm,
    s_y: 2 * y / norm,
    t_x: s_x**2 - s_y**2,
    t_y: 2 * s_x * s_y,
    **of_series,
    remaining_x: x - 2 * beyond_x,
    remaining_y: y - 2 * beyond_y,
    phi_x: sp.Piecewise((small_x, is_small), (x - log1p(x * two_plus + y**2) / 2, True)),
    phi_y: sp.Piecewise((small_y, is_small), (y - sp.atan2(y, 1 + x), True)),
    sum_x: Sum(phi_x, k),
    sum_y: Sum(phi_y, k),
}

# %% [markdown]
# **Weight zero.** $g_k=\infty$ gives $m_k=p_k=0$: the factor is 1, the mean 0, and $\log Z=-\infty$, as it must be. The other means are those without the category.
#
# **One category.** $\tau=1$, $\sigma=1$, $\log Z=0$: no special case. Neither are two, the continuous Bernoulli.
#
# ## Check
#
# The rule with its exact nodes, at 30 digits, against the positive series of [](cc.py), which knows no path: ties, a far category, many.


# %%
def log_partition_by_rule(eta, name="float64", digits=30):
    """log Z of numbers eta by the claim, from exact nodes in high precision, with tau the saddle."""
    with mp.workdps(digits):
        eta = [mp.mpf(value) for value in eta]
        gaps = [max(eta) - value for value in eta]
        S_at = lambda t: mp.fsum(1 / (t + g) for g in gaps) - 1
        saddle = mp.findroot(S_at, (1, len(eta) + 1), solver="anderson") if len(eta) > 1 else mp.mpf(1)
        masses = [1 / (saddle + g) for g in gaps]
        scale = mp.sqrt(mp.fsum(m * m for m in masses))
        assert max(masses) <= RULES[name].P * scale
        value = mp.mpf(0)
        for nodes in nodes_of[name]:
            at_x, at_y, weight_x, weight_y = (sp.N(part, digits)._to_mpmath(mp.mp.prec) for part in nodes)
            z = mp.mpc(at_x, at_y)
            power = z / scale - mp.fsum(mp.log(1 + m / scale * z) for m in masses)
            value += (mp.mpc(weight_x, weight_y) * mp.exp(power)).real
        log_of_m = mp.fsum(map(mp.log, masses))
        return max(eta) + saddle + log_of_m - mp.log(scale) + mp.log(value)


rows = [[0, 0], [3, -1, 0.5, 0.5, 0.5], [40, 0, 0, -7], [0.25 * i for i in range(12)]]
served = {"float64": rows, "float32": rows, "balanced": [rows[-1], [0] * 6]}
error = lambda row, name: abs(log_partition_by_rule(row, name) - log_partition_exact(row, 30))
errors = {name: [float(error(row, name)) for row in served[name]] for name in RULES}
assert max(errors["float64"] + errors["balanced"]) < 5e-17 and max(errors["float32"]) < 1e-8
errors

# %% [markdown]
# ## Emit
#
# The kernels take gaps, and a piece of a table: the first so many nodes of a rule. `kdeviz/contour.py` chooses, row by row. In double precision the table has those for all rows,
# then those for balanced ones.

# %%
inputs = {
    gap: "Gaps max(eta) - eta below the largest parameter; +inf for a category of weight zero.",
    tau: "Where the path crosses the real axis, beside the saddle: distance above max(eta).",
}
of_sigma = {sigma: "Root of the sum of 1/(tau + gap)^2 over all categories of the row."}
of_excess = {excess: "(1 - sum of 1/(tau + gap))/sigma over all categories of the row."}
of_rest = {
    rest_x: "Exponent at the nodes of the categories of the row that are not among these; real part.",
    rest_y: "Its imaginary part.",
    rest_log: "Their sum of log(tau + gap).",
}
of_nodes = {zeta_x: "Nodes, real part.", zeta_y: "Nodes, imaginary part."}
of_weights = {w_x: "Weights of the rule, real part.", w_y: "Weights of the rule, imaginary part."}
of_integrand = {F: "Sum of W_x.", W_x: "Weighted integrand, real part.", W_y: "Its imaginary part."}
draws = {
    gap: lambda rng, shape: rng.exponential(size=shape),
    tau: lambda rng, shape: rng.uniform(3.5, 4, shape),
    size: lambda rng, shape: rng.uniform(2, 9, shape),
    sigma: lambda rng, shape: rng.uniform(0.4, 0.6, shape),
    excess: lambda rng, shape: rng.uniform(0, 0.1, shape),
    rest_x: lambda rng, shape: rng.uniform(0, 0.1, shape),
    rest_y: lambda rng, shape: rng.uniform(0, 0.1, shape),
    rest_log: lambda rng, shape: rng.uniform(0, 0.1, shape),
}


def saddle_kernel(**words):
    return Kernel(nest=(row, k), threads=k, blocked=k, draws=draws, **words)


def node_kernel(inputs, blocked=node, **words):
    nests = dict(nest=(row, k, node), cuda_nest=(row, node, k), threads=k, blocked=blocked)
    own_tables = {t: values for t, values in tables.items() if t in inputs}
    return Kernel(inputs=inputs, tables=own_tables, draws=draws, **nests, **words)


along_path = inputs | of_sigma | of_excess | of_nodes | of_weights
moments_of = inputs | of_sigma | {mean: "Means."} | of_integrand | of_nodes
one_step = {of_row("next_tau", r"\tau'"): step, sigma: own_sigma, excess: (1 - S) / own_sigma}
kernels = [
    saddle_kernel(
        name="saddle_start",
        title="Gaps, and two steps towards the saddle from a start below it: the top category and the mean of the others.",
        inputs={eta: "Natural parameters.", size: "How many categories there are."},
        where=from_clusters | sums_at_start | sums_of_m,
        outputs={top: Max(eta, k), gap: top - eta, tau: first_step} | one_step,
        formula=(
            r"g_{r,k} = \eta_{\max,r} - \eta_{r,k},\qquad \bar g_r = \frac{\sum_k g_{r,k}}{\max(1, D_r - 1)}",
            r"\frac1{\tau^0_r} + \frac{D_r - 1}{\tau^0_r + \bar g_r} = 1,\qquad \tau^0_r \ge 1",
            r"\tau_r = \tau^0_r + \frac{S^0_r (S^0_r - 1)}{Q^0_r} \quad\text{unless}\quad S^0_r - 1 \le \frac{\sigma^0_r}{100}",
            r"S^0_r = \sum_k \frac1{\tau^0_r + g_{r,k}},\qquad Q^0_r = \sum_k \frac1{(\tau^0_r + g_{r,k})^2} = (\sigma^0_r)^2",
            r"\tau'_r \text{ from } \tau_r \text{ likewise},\qquad \sigma_r^2 = Q_r,\qquad \varepsilon_r = \frac{1 - S_r}{\sigma_r}",
        ),
    ),
    saddle_kernel(
        name="saddle_step",
        title="A Newton step towards the saddle; a row that is near enough stays where it is.",
        inputs=inputs,
        where=sums_of_m,
        outputs=one_step,
    ),
    saddle_kernel(
        name="saddle_excess",
        title="1 - sum of 1/(tau + max(eta) - eta), free of rounding errors until the last digit.",
        inputs={eta: "Natural parameters.", top: "Their maximum.", tau: inputs[tau]},
        where=of_gap | of_distance | exact_reciprocals,
        outputs={of_row("missing", r"1-S"): not_high - low_sum},
        formula=(r"1-S_r = 1 - \sum_k \frac{1}{\tau_r + \eta_{\max,r} - \eta_{r,k}}",),
    ),
    node_kernel(
        name="log_partition",
        title="log Z relative to max(eta).",
        inputs=along_path,
        where=weights | terms | exponent | integrand,
        outputs={of_row("log_Z", r"\log Z"): log_Z},
    ),
    node_kernel(
        name="log_partition_and_mean",
        title="log Z relative to max(eta), and the means.",
        inputs=along_path,
        where=weights | terms | exponent | integrand | factor,
        outputs={of_row("log_Z", r"\log Z"): log_Z, mean: mean_value},
    ),
    node_kernel(
        name="log_partition_mean_and_weights",
        title="log Z relative to max(eta), means beside other categories, and the weighted integrand at the nodes.",
        inputs=along_path | of_rest,
        where=weights | terms | careful | with_rest | {height: exponent[height]} | factor,
        formula=(
            r"\log Z_r = \tau_r - \sum_k\log(\tau_r + g_{r,k}) - \Lambda'_r - \log\sigma_r + \log F_r",
            r"W_{r,n} = w_n \exp\Big(\varepsilon_r\zeta_n + \Phi'_{r,n} + \sum_k\varphi(p_{r,k}\zeta_n)\Big),\qquad F_r = \operatorname{Re}\sum_n W_{r,n}",
            r"\mu_{r,k} = \frac{m_{r,k}}{F_r} \operatorname{Re}\sum_n \frac{W_{r,n}}{1 + p_{r,k}\zeta_n}",
        ),
        outputs={of_row("log_Z", r"\log Z"): log_Z - rest_log, mean: mean_value}
        | {t: integrand[t] for t in (F, W_x, W_y)},
    ),
    node_kernel(
        name="variances",
        title="The variance of each category.",
        inputs=moments_of,
        where=normalised | of_a,
        outputs={of_category("variance", r"\operatorname{Var}"): variance},
    ),
    node_kernel(
        name="covariance_matvec",
        title="The covariance matrix times a vector.",
        inputs=moments_of | {v: "The vector."},
        where=normalised | of_a | of_d | contracted,
        outputs={of_category("product", r"(\operatorname{Cov}v)"): product},
    ),
]

# %%
for T in (10, 20):
    where, outputs = power_sums(T)
    kernels.append(
        node_kernel(
            name=f"power_sums_{T}",
            title=f"The exponent at the nodes of small categories, by {T - 1} power sums.",
            inputs=inputs | of_sigma | of_nodes,
            blocked=k,
            where=where,
            outputs=outputs,
            formula=(
                r"\Phi'_{r,n} = \sum_{j=2}^{T} \frac{(-1)^j}{j} \Big(\sum_k p_{r,k}^j\Big) \zeta_n^j,\qquad p = \frac{1}{\sigma(\tau + g)}",
                r"\Lambda'_r = \sum_k \log(\tau_r + g_{r,k})",
            ),
        )
    )
    where, outputs = power_means(T)
    kernels.append(
        node_kernel(
            name=f"power_means_{T}",
            title=f"The means of small categories, polynomials in p with {T - 1} terms.",
            inputs=inputs | of_sigma | of_integrand | of_nodes,
            blocked=k,
            where=where,
            outputs=outputs,
            formula=(
                r"\mu_{r,k} = \frac{m_{r,k}}{F_r} \sum_{j=0}^{T-2} (-p_{r,k})^j \operatorname{Re}\sum_n W_{r,n}\zeta_n^j",
            ),
        )
    )
[kernel.name for kernel in kernels]
