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
# # The Laplace kernel without bins
#
# ## Claim
#
# For the Laplace kernel $K(u)=e^{-|u|}$ the cross-entropy of a uniform target needs no bins. With
# $p(x)=\sum_jS_je^{-|x-x_j|/h}$, $S=\operatorname{softmax}(z)$, the loss
#
# $$
# L=-\frac1{b-a}\int_a^b\log p(x)\,dx
# $$ (laplace-loss)
#
# is a sum over the gaps between neighbouring points, each in closed form, and so are its gradients. The work is a sort, two
# passes over the points for what lies left and right, and two for the responsibilities. Only a *bend* $C$ is not elementary,
# and it is a dilogarithm: on a gap of length $g$ with $\log p=f_0$ and $f_1$ at its ends,
#
# $$
# \int\log p\,dx=g\,\frac{f_0+f_1}2-\frac h2\,C,\qquad 0\le C\le\frac{g^2}{2h^2}.
# $$ (laplace-trapezoid)
#
# The trapezoidal rule is wrong by $C$, and exactly by $C$.

# %% [markdown]
# ## Symbols
#
# The points of a row come sorted, and the last one lies at $b$ or beyond: where none does, the caller adds a point at $b$ with
# logit $-\infty$. So every place of the target is in the gap before some point. Gap $j$ ends at point $j$ and begins at point
# $j-1$, or at $a$ for the first.

# %%
from functools import reduce

import mpmath
import numpy as np
import sympy as sp
from sympy.codegen.cfunctions import expm1, log1p
from sympy.codegen.numpy_nodes import logaddexp

from derivations.mixture_ce import J, centred, centring, j, row, share_of_sum, z
from kdeviz.codegen.declare import Kernel, Max, Sum, array, log_mass
from kdeviz.codegen.evaluate import evaluate, gradient_errors, random_arrays

points, h = array("points", "x")[row, j], array("h", positive=True)[row]
start, end, period = array("a")[row], array("b")[row], array("period", "P", positive=True)[row]
v = array("v")[row, j]

of_row = lambda *names: [array(*name.split("|"))[row] for name in names]
of_point = lambda *names: [array(*name.split("|"))[row, j] for name in names]
log_of_point = lambda *names: [log_mass(*name.split("|"))[row, j] for name in names]
before = lambda quantity: quantity.xreplace({j: j - 1})
behind = lambda quantity: quantity.xreplace({j: j + 1})

# %% [markdown]
# ## Derivation
#
# ### Clip to the edges
#
# For $x\in[a,b]$ and a point $x_j$ outside, at distance $d_j$ from the nearest edge $t_j$, the way from $x_j$ to $x$ leads
# through $t_j$: $e^{-|x-x_j|/h}=e^{-d_j/h}e^{-|x-t_j|/h}$. So **an outside point is a point on the edge with logit
# $z_j-d_j/h$**, and no point lies outside any more.
#
# Far is then not lossy. Only differences of logits matter, so the distance $d$ of the *leader* is subtracted first, the point
# with the largest logit at its edge; $d/h$ and that logit go into the loss as they are.

# %%
width, common, summit = of_row("width|w", "common_distance|d^*", "summit")
place, distance, near = of_point("place|t", "distance|d", "near")
level, logit = log_of_point("level", r"logit|\zeta")
clipped = centring | {
    width: end - start,
    place: sp.Piecewise((start, points < start), (end, points > end), (points, True)),
    distance: sp.Max(start - points, points - end, 0),
    level: centred - distance / h,
    common: Max(sp.Piecewise((distance, level >= Max(level, j)), (0, True)), j),
    near: centred - (distance - common) / h,
    summit: Max(near, j),
    logit: near - summit,
}

# %% [markdown]
# ### Two masses
#
# Between two points nothing but two exponentials is left, $p(x)=Ae^{-x/h}+Be^{x/h}$: what comes from the left decays, what
# comes from the right grows. Let $\ell_j$ be the logarithm of the mass from the left at point $j$, point $j$ included, and
# $r_j$ that from the right. With $\delta_j=g_j/h$,
#
# $$
# \ell_j=\log\big(e^{\ell_{j-1}-\delta_j}+e^{\zeta_j}\big),\qquad r_j=\log\big(e^{r_{j+1}-\delta_{j+1}}+e^{\zeta_j}\big).
# $$ (laplace-masses)
#
# No $e^{x/h}$ is ever formed, and no large number subtracted from another.

# %%
gap, delta = of_point("gap|g", r"delta|\delta")
left, right = log_of_point(r"left|\ell", "right|r")
masses = {
    gap: place - before(place),
    delta: gap / h,
    left: logaddexp(before(left) - delta, logit),
    right: logaddexp(behind(right) - behind(delta), logit),
}

# %% [markdown]
# The newcomer's share of the mass at a point, and the share that is kept from before: $\sigma(n)$ and $\sigma(-n)$ for the
# difference $n$ of their logarithms, $\sigma(s)=1/(1+e^{-s})$. A removed point, with logit $-\infty$, brings nothing even where
# there is nothing yet.

# %%
logistic = lambda s, e: sp.Piecewise((1 / (1 + e), s >= 0), (e / (1 + e), True))  # e = exp(-|s|)
far = lambda s: sp.exp(-sp.Abs(s))
new_left, new_right = log_of_point("new_left", "new_right")
e_left, e_right, in_left, in_right, kept_left, kept_right = of_point(
    *(f"{what}_{side}" for what in ("e", "in", "kept") for side in ("left", "right"))
)


def arrival(new, old, e, enters, kept):
    """The equations of one side: new - old on the logarithmic scale, and the two shares."""
    return {
        new: sp.Piecewise((-sp.oo, sp.Eq(logit, -sp.oo)), (logit - old, True)),
        e: far(new),
        enters: logistic(new, e),
        kept: sp.Piecewise((e / (1 + e), new >= 0), (1 / (1 + e), True)),
    }


arrivals = arrival(new_left, before(left) - delta, e_left, in_left, kept_left)
arrivals |= arrival(new_right, behind(right) - behind(delta), e_right, in_right, kept_right)

# %% [markdown]
# ### A gap
#
# At a distance $y$ behind the beginning of a gap, the left mass has the share $\rho=\sigma(s)$ of $p$, where
#
# $$
# s(y)=s_0-\frac{2y}h,\qquad s_0=\ell_{j-1}-r_j+\delta_j,\qquad s_1=\ell_{j-1}-r_j-\delta_j.
# $$ (laplace-balance)
#
# In $s$ the gap has the width $\omega=s_0-s_1=2\delta$, and an integral over $x$ is $h/2$ times one over $s$.

# %%
A_, B_, x_, h_ = sp.symbols("A B x h", positive=True)
from_left, from_right = A_ * sp.exp(-x_ / h_), B_ * sp.exp(x_ / h_)
log_ratio = sp.expand_log(sp.log(from_left / from_right))
assert sp.simplify(sp.diff(log_ratio, x_) + 2 / h_) == 0
sigma = lambda s: 1 / (1 + sp.exp(-s))
assert sp.simplify(from_left / (from_left + from_right) - sigma(log_ratio)) == 0
rho_ = sigma(log_ratio)
slope_of_log_p = sp.diff(sp.log(from_left + from_right), x_)
assert sp.simplify(slope_of_log_p - (1 - 2 * rho_) / h_) == 0

# %% [markdown]
# **The integral of the share.** With $F(s)=\log(1+e^s)$, an integral of $\sigma$,
#
# $$
# I=\int_{s_1}^{s_0}\sigma(s)\,ds=F(s_0)-F(s_1),\qquad I'=\int_{s_1}^{s_0}\sigma(-s)\,ds=F(-s_1)-F(-s_0)=\omega-I.
# $$ (laplace-share)

# %%
s_, w_ = sp.symbols("s omega", real=True)
F = lambda s: sp.log(1 + sp.exp(s))
assert sp.simplify((sp.diff(F(s_), s_) - sigma(s_)).rewrite(sp.exp)) == 0
assert sp.simplify(sigma(s_) + sigma(-s_)) == 1

# %% [markdown]
# **The integral of $\log p$.**
#
# ```{prf:theorem} Bend
# :label: thm-laplace-bend
# On a gap, the trapezoidal rule for $\log p$ is too large by $\frac h2C$ with
# $C(m,\omega)=\int_{-\omega/2}^{\omega/2}y\,\sigma(m+y)\,dy$, where $m$ is the value of $s$ in the middle; and
# $0\le C\le\omega^2/8$.
# ```
#
# ```{prf:proof}
# By parts about the middle of an interval of half width $H$, $\int_{-H}^Hf=H\,(f(H)+f(-H))-\int_{-H}^Hyf'(y)\,dy$: the
# trapezoidal rule, less a moment of the slope. On the scale of $s$ the slope of $\log p$ is $\sigma-\frac12$,
# and a constant has no moment about the middle. $\sigma$ increases, so its moment is not negative; it is largest for a step.
# ```

# %%
f_, y_, H_ = sp.Function("f"), sp.Symbol("y", real=True), sp.Symbol("H", positive=True)
by_H = lambda inside: inside(H_) + inside(-H_)  # the derivative of an integral from -H to H
by_parts = sp.diff(H_ * (f_(H_) + f_(-H_)), H_) - by_H(lambda y: y * f_(y_).diff(y_).subs(y_, y))
assert sp.simplify(by_parts.doit() - by_H(f_)) == 0

# %% [markdown]
# Let $\Lambda$ be an integral of $F$. Then
#
# $$
# C=\omega\,\frac{F(s_0)+F(s_1)}2-\big(\Lambda(s_0)-\Lambda(s_1)\big),\qquad
# \Lambda(s)=\int_{-\infty}^sF=-\operatorname{Li}_2(-e^s),
# $$ (laplace-dilogarithm)
#
# since both sides vanish for $\omega=0$ and have the derivative $\omega\,(\sigma(s_0)-\sigma(s_1))/4$ there.

# %%
m_, Lambda = sp.Symbol("m", real=True), sp.Function("Lambda")
by_dilogarithm = w_ * (F(m_ + w_ / 2) + F(m_ - w_ / 2)) / 2 - Lambda(m_ + w_ / 2) + Lambda(m_ - w_ / 2)
of_Lambda = lambda e: e.doit().replace(lambda e: isinstance(e, sp.Subs), lambda e: F(e.point[0]))
slope_of_bend = w_ / 4 * (sigma(m_ + w_ / 2) - sigma(m_ - w_ / 2))
assert by_dilogarithm.subs(w_, 0) == 0
assert sp.simplify((of_Lambda(sp.diff(by_dilogarithm, w_)) - slope_of_bend).rewrite(sp.exp)) == 0

# %% [markdown]
# **The dilogarithm.** Only $D(e)=-\operatorname{Li}_2(-e)$ with $0\le e\le1$ is needed: for $s>0$ we have
# $\Lambda(s)=\frac{s^2}2+\frac{\pi^2}6-D(e^{-s})$, which has the derivative $F$ and the right value at 0, $D(1)=\pi^2/12$. In
# $u=\log(1+e)$ it is an integral whose series has Bernoulli numbers as coefficients:
#
# $$
# D=\int_0^e\frac{\log(1+t)}t\,dt=\int_0^u\frac y{1-e^{-y}}\,dy=u+\frac{u^2}4+\sum_{n\ge1}\frac{B_{2n}\,u^{2n+1}}{(2n+1)!}.
# $$ (laplace-series)
#
# $|B_{2n}|=2\zeta(2n)(2n)!/(2\pi)^{2n}$ and $u\le\log2$, so what is left after seven terms is less than
# $\frac2{16}u\,(u/2\pi)^{16}<10^{-16}u$: below half a unit in the last place.

# %%
e_, u_ = sp.symbols("e u", positive=True)
D_slope = sp.log(1 + e_) / e_
in_u = D_slope.subs(e_, sp.exp(u_) - 1) * sp.diff(sp.exp(u_) - 1, u_)
assert sp.simplify(in_u - u_ / (1 - sp.exp(-u_))) == 0
reflected = s_ + D_slope.subs(e_, sp.exp(-s_)) * sp.exp(-s_)  # the derivative of the form for s > 0
assert sp.simplify(sp.expand_log((reflected - F(s_)).subs(s_, sp.log(e_)), force=True)) == 0


# %%
def dilogarithm(u, square, terms=7):
    """-Li2(-e) in u = log(1 + e) and its square."""
    odd = [sp.bernoulli(2 * n) / sp.factorial(2 * n + 1) for n in range(1, terms + 1)]
    return u + square / 4 + u * square * nested(odd, square)


def nested(coefficients, x):
    """c_0 + x (c_1 + x (c_2 + ...))"""
    return reduce(lambda inner, c: c + x * inner, reversed(coefficients))


# %% [markdown]
# The differential equation $D'(u)\,(1-e^{-u})=u$ determines the series, coefficient by coefficient; ours satisfies it up to the
# order at which it ends.

# %%
order = 16
exponential = sum((-u_) ** n / sp.factorial(n) for n in range(1, order + 2))
left_side = sp.Poly(sp.diff(dilogarithm(u_, u_**2), u_), u_) * sp.Poly(-exponential, u_)
assert [left_side.coeff_monomial(u_**n) for n in range(order)] == [0, 1] + [0] * (order - 2)

# %% [markdown]
# **Narrow gaps** make {eq}`laplace-share` and {eq}`laplace-dilogarithm` small differences. There $\sigma(m+y)$ is expanded
# about the middle of the gap: even derivatives have an integral, odd ones a moment. With $\sigma'=\sigma(1-\sigma)=\beta$, the
# odd ones are polynomials in $\beta$, and the even ones $1-2\sigma$ times polynomials:
#
# $$
# \begin{aligned}
# C&=\sum_{n\ge1}\frac{2\,\sigma^{(2n-1)}(m)}{(2n+1)\,(2n-1)!}\Big(\frac\omega2\Big)^{2n+1}
# =\beta\,\omega^3\Big(\frac1{12}+\frac{1-6\beta}{480}\,\omega^2+\dots\Big),\\
# I&=\omega\,\sigma(m)+T,\qquad T=\sum_{n\ge1}\frac{2\,\sigma^{(2n)}(m)}{(2n+1)!}\Big(\frac\omega2\Big)^{2n+1}
# =(1-2\sigma)\,\beta\,\omega^3\Big(\frac1{24}+\dots\Big).
# \end{aligned}
# $$ (laplace-narrow)
#
# $\sigma(s)=\frac12+\sum_k2s/(s^2+(2k+1)^2\pi^2)$ has its poles on the imaginary axis, so
# $|\sigma^{(n)}|\le\frac{\pi^2}4n!\,\pi^{-n-1}$, and what is left of $C$ after $N$ terms is at most
# $\frac{\pi^2}4\frac{\omega}{2N+3}(\omega/2\pi)^{2N+2}\big/\big(1-(\omega/2\pi)^2\big)$. For $\omega<\frac12$ and six terms
# that is less than $10^{-16}\omega^2$, which is what a moment of the gap is measured by; what is left of $T$ is less than
# $10^{-16}\omega$.

# %%
SWITCH = sp.Rational(1, 2)  # the width in s from which on a gap is wide
b_ = sp.Symbol("beta")


def next_odd(odd):
    """The second derivative in s of a polynomial in beta: beta' = beta (1 - 2 sigma), and (1 - 2 sigma)^2 = 1 - 4 beta."""
    first = sp.diff(odd, b_)
    return sp.expand(sp.diff(first, b_) * b_**2 * (1 - 4 * b_) + first * b_ * (1 - 6 * b_))


def narrow_series(beta, square, terms=6):
    """(C, T/(1 - 2 sigma)), each over beta omega^3, in beta and the square of omega."""
    odds = reduce(lambda found, _: [*found, next_odd(found[-1])], range(terms - 1), [b_])
    of_bend = [d / b_ / (4**n * (2 * n + 1) * sp.factorial(2 * n - 1)) for n, d in enumerate(odds, 1)]
    of_tilt = [sp.diff(d, b_) / (4**n * sp.factorial(2 * n + 1)) for n, d in enumerate(odds, 1)]
    in_beta = lambda c: sp.horner(sp.expand(c), b_).xreplace({b_: beta})
    return tuple(nested([in_beta(c) for c in series], square) for series in (of_bend, of_tilt))


beta_ = sigma(s_) * (1 - sigma(s_))
assert sp.simplify(sp.diff(sigma(s_), s_) - beta_) == 0
assert sp.simplify(sp.diff(beta_, s_) - beta_ * (1 - 2 * sigma(s_))) == 0
assert sp.simplify((sp.diff(beta_, s_, 2) - next_odd(b_).subs(b_, beta_)).rewrite(sp.exp)) == 0

# %% [markdown]
# Now a gap, as a kernel computes it; `span` is how much of it each side dominates.

# %%
balance, s_front, s_back, span_left, span_right = of_point(
    "balance|m", "s_front|s_0", "s_back|s_1", "span_left", "span_right"
)
e_middle, e_front, e_back, log_front, log_back = of_point("e_middle", "e_front", "e_back", "log_front", "log_back")
omega_squared, front_squared, back_squared, D_front, D_back = of_point(
    r"omega_squared|\omega^2", "front_squared", "back_squared", "D_front|D_0", "D_back|D_1"
)
share_left, share_right, beta, bump, tilt = of_point(
    r"share_left|\sigma", r"share_right|\sigma'", r"beta|\beta", "bump", "tilt|T"
)
I_left, I_right, bend = of_point("integral_left|I", "integral_right|I'", "bend|C")
omega = 2 * delta
on_narrow = lambda narrow, wide: sp.Piecewise((narrow, omega < SWITCH), (wide, True))
by_side = lambda left_, right_, both: sp.Piecewise((left_, s_back >= 0), (right_, s_front <= 0), (both, True))
bend_series, tilt_series = narrow_series(beta, omega_squared)
wide_bend = (
    span_left * span_right / 2
    + omega * (log_front + log_back) / 2
    + by_side(D_front - D_back, D_back - D_front, D_front + D_back - sp.pi**2 / 6)
)
gaps = {
    balance: before(left) - right,
    s_front: balance + delta,
    s_back: balance - delta,
    e_middle: far(balance),
    e_front: far(s_front),
    e_back: far(s_back),
    log_front: log1p(e_front),
    log_back: log1p(e_back),
    front_squared: log_front**2,
    back_squared: log_back**2,
    D_front: dilogarithm(log_front, front_squared),
    D_back: dilogarithm(log_back, back_squared),
    omega_squared: omega**2,
    share_left: logistic(balance, e_middle),
    share_right: logistic(-balance, e_middle),
    beta: share_left * share_right,
    bump: beta * omega * omega_squared,
    tilt: bump * (share_right - share_left) * tilt_series,
    span_left: by_side(omega, 0, s_front),
    span_right: by_side(0, omega, -s_back),
    I_left: on_narrow(omega * share_left + tilt, span_left + log_front - log_back),
    I_right: on_narrow(omega * share_right - tilt, span_right + log_back - log_front),
    bend: on_narrow(bump * bend_series, wide_bend),
}

# %% [markdown]
# ### Responsibilities
#
# A point's share of the left mass at its own place is $\pi_j=\sigma(n_j)$; over each later arrival $1-\pi$ of it is kept. So
# the mean responsibility that it has for what lies to its right is its share, times an integral that is passed on from behind:
#
# $$
# \bar R_j^\ell=\frac h{2(b-a)}\,\pi_j\,c_j,\qquad c_j=I_{j+1}+(1-\pi_{j+1})\,c_{j+1},
# $$ (laplace-smoothing)
#
# and likewise from the other side. No term is negative: nothing cancels, and the responsibilities sum to 1 as exactly as the
# shares do. It is the backward pass of a hidden Markov model.

# %%
after, ahead_of = of_point("after|c", "ahead_of|c'")
(unit,) = of_row("unit")
S, R_left, R_right = of_point("prior|S", r"R_left|\bar R^\ell", r"R_right|\bar R^r")
passing = {
    S: share_of_sum(centred),
    unit: h / (2 * width),
    after: behind(I_left) + behind(kept_left) * behind(after),
    ahead_of: I_right + before(kept_right) * before(ahead_of),
}
responsibilities = {R_left: unit * in_left * after, R_right: unit * in_right * ahead_of}

# %% [markdown]
# ### Gradients
#
# **Logits and points.** Prior minus responsibility, as always; and $\log K$ falls by $1/h$ per unit of distance, on either
# side:
#
# $$
# \frac{\partial L}{\partial z_j}=S_j-\bar R_j^\ell-\bar R_j^r,\qquad
# \frac{\partial L}{\partial x_j}=\frac{\bar R_j^r-\bar R_j^\ell}h.
# $$ (laplace-grad-points)
#
# **Edges.** $\partial L/\partial a=(\log p(a)+L)/(b-a)$ is the tempting form. It is a difference of nearly equal numbers where
# the target is narrow: $10^{-9}$ bandwidths wide, it has lost nine digits. By parts,
#
# $$
# \frac{\partial L}{\partial a}=\frac1{h(b-a)^2}\int_a^b(b-x)(2\rho-1)\,dx,\qquad
# \frac{\partial L}{\partial b}=\frac1{h(b-a)^2}\int_a^b(x-a)(2\rho-1)\,dx,
# $$ (laplace-grad-edges)
#
# and on a gap with middle $m$ and the integrals $I$, $I'$ of the left and right share, again about the middle,
#
# $$
# \int(b-x)(2\rho-1)\,dx=\frac h2(I-I')(b-m)+\frac{h^2}2C,\qquad
# \int(x-a)(2\rho-1)\,dx=\frac h2(I-I')(m-a)-\frac{h^2}2C.
# $$ (laplace-moments)

# %%
a_, b_, log_p_of = sp.Symbol("a"), sp.Symbol("b"), sp.Function("f")
mean_of_log_p = -sp.Integral(log_p_of(y_), (y_, a_, b_)) / (b_ - a_)
assert sp.simplify(mean_of_log_p.diff(a_) - (log_p_of(a_) + mean_of_log_p) / (b_ - a_)) == 0
for weight, at_ends in ((b_ - y_, -(b_ - a_) * log_p_of(a_)), (y_ - a_, (b_ - a_) * log_p_of(b_))):
    primitive = weight * log_p_of(y_)
    assert sp.expand(primitive.subs(y_, b_) - primitive.subs(y_, a_) - at_ends) == 0
    slope = weight * log_p_of(y_).diff(y_)  # and (log p)' = (1 - 2 rho)/h, see above
    assert sp.expand(primitive.diff(y_) - slope - weight.diff(y_) * log_p_of(y_)) == 0
# s = m + 2 (middle - x)/h: about the middle, x - middle is -(h/2) y, and dx = (h/2) dy
middle_ = sp.Symbol("x_m")
in_y = sp.expand((b_ - (middle_ - h_ / 2 * y_)) * h_ / 2)
assert sp.expand(in_y - (h_ / 2 * (b_ - middle_) + h_**2 / 4 * y_)) == 0

# %%
done, left_over = of_point("done", "left_over")
named_grad = lambda name, tex, *at: array(f"grad_{name}", rf"\partial L/\partial {tex}")[row, *at]
grad_z, grad_points = named_grad("z", "z", j), named_grad("points", "x", j)
grad_h, grad_a, grad_b = (named_grad(name, name) for name in "hab")
progress = {done: (place - start) / width, left_over: (end - place) / width}
excess = I_left - I_right
towards = lambda fraction, sign: (
    Sum(excess * (fraction + before(fraction)) + sign * 2 * h / width * bend, j) / (4 * width)
)

# %% [markdown]
# **Bandwidth.** Lengths have no unit of their own: $L$ stays when $h$, $a$, $b$ and all $x_j$ are scaled, and when all but $h$
# are shifted. Euler's identity, with the origin at $a$:
#
# $$
# h\,\frac{\partial L}{\partial h}=-(b-a)\frac{\partial L}{\partial b}-\sum_j(x_j-a)\frac{\partial L}{\partial x_j}
# -P\,\frac{\partial L}{\partial P},
# $$ (laplace-grad-h)
#
# the last term on a circle of circumference $P$ only.

# %%
scaled_by = sp.Symbol("c", positive=True)
distance_in_h = sp.Abs(x_ - y_) / h_
in_other_units = {length: scaled_by * length for length in (x_, y_, h_)}
assert sp.simplify(distance_in_h.subs(in_other_units, simultaneous=True) - distance_in_h) == 0

# %%
log_p_front = sp.Max(before(left), right - delta) + log_front
log_p_back = sp.Max(before(left) - delta, right) + log_back
mean_log_p = Sum(gap * (log_p_front + log_p_back) - h * bend, j) / (2 * width)
turning = Sum((points - start) * grad_points, j)


def outputs(by_period=0):
    """The loss and its gradients; `by_period`: P dL/dP."""
    return {
        array("loss", "L")[row]: common / h - summit + sp.log(Sum(sp.exp(centred), j)) - mean_log_p,
        grad_z: S - (R_left + R_right),
        grad_points: (R_right - R_left) / h,
        grad_h: -(width * grad_b + turning + by_period) / h,
        grad_a: towards(left_over, 1),
        grad_b: towards(done, -1),
    }


# %% [markdown]
# What a quantity is beyond the ends: the first gap begins at $a$, nothing comes from farther left or right, and behind the last
# point there is no gap.

# %%
ends = {place: start, left: -sp.oo, right: -sp.oo, delta: 0, done: 0, left_over: 1}
ends |= dict.fromkeys((I_left, kept_left, kept_right, after, ahead_of), 0)

# %% [markdown]
# ### The circle
#
# On a circle of circumference $P$ the kernel is the sum over all images {eq}`wrapped-laplace`. Let $x_j$ be the image that is
# nearest to the middle of the target: so a point close to the target is where it was given, and keeps its digits. From the left
# the target is reached by that image if $x_j<a$, else by the one a period before it, at the distance $d_j^\ell=a-x_j$ or
# $a-x_j+P$, and by all that are whole periods farther: a geometric series. From the right it is reached from $d_j^r=x_j-b$ or
# $x_j-b+P$. So only what the two masses begin with is new,
#
# $$
# \ell_{-1}=\operatorname{LSE}_j\Big(z_j-\frac{d_j^\ell}h\Big)-\log\big(1-e^{-P/h}\big),
# $$ (laplace-images)
#
# and likewise at $b$. A point outside is nothing but its images, and has no place among the masses between.

# %%
turn, left_start, right_start, start_after, end_ahead = of_row(
    r"turn|\rho", r"left_start|\ell_{-1}", "right_start|r_J", "start_after|c_{-1}", "end_ahead|c'_J"
)
left_of_start, right_of_end, way_left, way_right, share_behind, share_past = of_point(
    "left_of_start",
    "right_of_end",
    r"way_left|d^\ell",
    "way_right|d^r",
    "share_behind",
    "share_past",
)
image_left, image_right = log_of_point("image_left", "image_right")
is_left, is_right = points < start, points > end
nearest_image = lambda way: centred - (way - common) / h - summit
of_images = lambda image: sp.log(Sum(sp.exp(image), j)) - sp.log(1 - sp.exp(-turn))
on_circle = clipped | {
    left_of_start: start - points,
    right_of_end: points - end,
    way_left: sp.Piecewise((left_of_start, is_left), (left_of_start + period, True)),
    way_right: sp.Piecewise((right_of_end, is_right), (right_of_end + period, True)),
    logit: sp.Piecewise((-sp.oo, sp.Or(is_left, is_right)), (near - summit, True)),
    turn: period / h,
    image_left: nearest_image(way_left),
    image_right: nearest_image(way_right),
    left_start: of_images(image_left),
    right_start: of_images(image_right),
    share_behind: share_of_sum(image_left),
    share_past: share_of_sum(image_right),
}
first, last = (lambda q: q.xreplace({j: sp.S.Zero})), (lambda q: q.xreplace({j: J - 1}))
through_images = {
    start_after: first(I_left) + first(kept_left) * first(after),
    end_ahead: last(kept_right) * last(ahead_of),
    R_left: unit * (in_left * after + share_behind * start_after),
    R_right: unit * (in_right * ahead_of + share_past * end_ahead),
}

# %% [markdown]
# The period enters through the distances alone. Image $n$ of a series is $n$ periods farther than the first, whose own distance
# holds one $P$ or none: with $q=e^{-\rho}$, $\rho=P/h$, the mean number of periods is $1/(1-q)$ or $q/(1-q)$.

# %%
q_ = sp.Symbol("q", positive=True)
mean_turns = sp.diff(1 / (1 - q_), q_) * q_ * (1 - q_)  # sum n q^n over sum q^n
assert sp.cancel(mean_turns - q_ / (1 - q_)) == 0 and sp.cancel(mean_turns + 1 - 1 / (1 - q_)) == 0
turns, turns_and_one = 1 / expm1(turn), -1 / expm1(-turn)
assert sp.simplify((turns_and_one - turns - 1).rewrite(sp.exp)) == 0
turns_of = lambda share, is_first: Sum(share * sp.Piecewise((turns, is_first), (turns_and_one, True)), j)
by_period = unit * turn * (start_after * turns_of(share_behind, is_left) + end_ahead * turns_of(share_past, is_right))

# %% [markdown]
# ### The Hessian times a vector
#
# From {eq}`mixture-hessian`, the Hessian in the logits times $v$ is $S\,(v-S\cdot v)$ less the mean of $r\,(v-r\cdot v)$ over
# the target. A constant in $v$ does nothing, so let $S\cdot v=0$. On a gap, with the means $v^\ell$ and $v^r$ of $v$ over the
# left and right mass, $r\cdot v=\rho v^\ell+(1-\rho)v^r$, and with the *overlap* $O$
#
# $$
# \begin{aligned}
# \int\rho\,(r\cdot v)\,ds&=v^\ell I+(v^r-v^\ell)\,O,\\
# O=\int\rho\,(1-\rho)\,ds&=\sigma(s_0)-\sigma(s_1)=\sigma(s_0)\,\sigma(-s_1)\,(1-e^{-\omega}).
# \end{aligned}
# $$ (laplace-overlap)
#
# The means are scans with the shares from above, and what the gaps give is passed on like $I$.

# %%
overlap_form = sigma(s_) * sigma(w_ - s_) * (1 - sp.exp(-w_))
assert sp.simplify((sigma(s_) - sigma(s_ - w_) - overlap_form).rewrite(sp.exp)) == 0
lv, rv, rho = sp.symbols("v_l v_r rho")
assert sp.expand(rho * (rho * lv + (1 - rho) * rv) - lv * rho - (rv - lv) * rho * (1 - rho)) == 0

# %%
direction, mean_left, mean_right, overlap, pull_left, pull_right, passed_left, passed_right = of_point(
    r"direction|\tilde v", r"mean_left|v^\ell", "mean_right|v^r", "overlap|O",
    *(f"{what}_{side}" for what in ("pull", "passed") for side in ("left", "right")),
)  # fmt: skip
curvature = {
    direction: v - Sum(S * v, j),
    mean_left: in_left * direction + kept_left * before(mean_left),
    mean_right: in_right * direction + kept_right * behind(mean_right),
    overlap: -logistic(s_front, e_front) * logistic(-s_back, e_back) * expm1(-omega),
    pull_left: before(mean_left) * I_left + (mean_right - before(mean_left)) * overlap,
    pull_right: mean_right * I_right + (before(mean_left) - mean_right) * overlap,
    passed_left: behind(pull_left) + behind(kept_left) * behind(passed_left),
    passed_right: pull_right + before(kept_right) * before(passed_right),
}
product_ends = dict.fromkeys((mean_left, mean_right, pull_left, passed_left, passed_right), 0)
prior_and_posterior = direction * (S - (R_left + R_right))
hessian_vector = prior_and_posterior + unit * (in_left * passed_left + in_right * passed_right)

# %%
left_mean_start, right_mean_start, passed_start, passed_end = of_row(
    "left_mean_start", "right_mean_start", "passed_start", "passed_end"
)
curvature_of_images = {
    left_mean_start: Sum(share_behind * direction, j),
    right_mean_start: Sum(share_past * direction, j),
    passed_start: first(pull_left) + first(kept_left) * first(passed_left),
    passed_end: last(kept_right) * last(passed_right),
}
images_ends = {mean_left: left_mean_start, mean_right: right_mean_start}
images_hessian = unit * (share_behind * passed_start + share_past * passed_end)

# %% [markdown]
# ### New logits
#
# A step of expectation maximisation puts $\bar R$ in the place of $S$. As new logits one wants its logarithm, and for points
# that explain next to nothing as well: so the smoothing {eq}`laplace-smoothing` is done with logarithms. Where the left share
# is tiny throughout a gap, $s_0<-40$, it is $e^s$ to all digits, and $\log I=s_0+\log(1-e^{-\omega})$.

# %%
TINY = 40  # e^-40 is less than half an eps
fade_left, fade_right = of_point("fade_left", "fade_right")
log_I_left, log_I_right, log_after, log_ahead, log_R_left, log_R_right = log_of_point(
    "log_integral_left", "log_integral_right", "log_after", "log_ahead", "log_R_left", "log_R_right"
)
log_faded = sp.log(unit * (1 - sp.exp(-omega)))
fade = lambda new, e: sp.Max(new, 0) + log1p(e)  # -log of the share that is kept
log_share = lambda new, e: -(sp.Max(-new, 0) + log1p(e))
log_smoothing = {
    fade_left: fade(new_left, e_left),
    fade_right: fade(new_right, e_right),
    log_I_left: sp.Piecewise((s_front + log_faded, s_front < -TINY), (sp.log(unit * I_left), True)),
    log_I_right: sp.Piecewise((log_faded - s_back, s_back > TINY), (sp.log(unit * I_right), True)),
    log_after: logaddexp(behind(log_after) - behind(fade_left), behind(log_I_left)),
    log_ahead: logaddexp(before(log_ahead) - before(fade_right), log_I_right),
    log_R_left: log_share(new_left, e_left) + log_after,
    log_R_right: log_share(new_right, e_right) + log_ahead,
}
log_ends = {log_I_left: -sp.oo, log_after: -sp.oo, log_ahead: -sp.oo, fade_left: 0, fade_right: 0}
log_R = logaddexp(log_R_left, log_R_right)

# %%
log_start_after, log_end_ahead = (log_mass(name)[row] for name in ("log_start_after", "log_end_ahead"))
log_sum = lambda image: sp.log(Sum(sp.exp(image), j))
log_of_images = {
    log_start_after: logaddexp(first(log_I_left), first(log_after) - first(fade_left)),
    log_end_ahead: last(log_ahead) - last(fade_right),
}
images_log_R = logaddexp(
    image_left - log_sum(image_left) + log_start_after,
    image_right - log_sum(image_right) + log_end_ahead,
)
log_R_on_circle = logaddexp(logaddexp(log_R_left, log_R_right), images_log_R)

# %% [markdown]
# ## Limits
#
# **Far away** is not lossy: the leader's distance goes into the loss by itself, and the gradients know of differences only.
# What is lost is what the numbers given have lost: a logit $10^4$ that makes up for a distance of $10^4h$ leaves $10^4$ eps.
#
# **Ties** and points on an edge are gaps of length 0. Every integral over them is 0 without a case of its own.
#
# **Narrow targets.** As $b\to a$ the gradients in the edges tend to half the slope of $-\log p$, and the forms above get there.
# For $a=b$ itself, which a circle allows, they are $0/0$; a target $2^{-60}h$ wide serves.
#
# **Bandwidths.** For $h\to\infty$ all gaps are narrow, $\log p$ is straight on each, and $C$ vanishes. For $h\to0$ the gaps are
# wide and $C\to\frac12\,\mathrm{span}\cdot\mathrm{span}'$: what is left is the upper envelope of the points' cones.
#
# **One side.** Where all points lie on one side, $\rho$ is 0 or 1, $C=0$ and $L$ is elementary.

# %% [markdown]
# ## Check
#
# Where narrow meets wide, the series against quadrature: errors relative to $\omega^2$ and $\omega$, and those of the
# dilogarithm relative to itself, all below half an eps.

# %%
HALF_EPS = 2.0**-53


def narrow_errors(m, w=0.5):
    """Of the bend and of the share's integral on a gap of width w, whose middle has s = m."""
    logistic_of = lambda s: 1 / (1 + mpmath.exp(-s))
    share = logistic_of(m)
    beta = share * (1 - share)
    of_bend, of_tilt = (sp.lambdify((b_, w_), c)(beta, w**2) for c in narrow_series(b_, w_))
    C, I_ = beta * w**3 * of_bend, w * share + (1 - 2 * share) * beta * w**3 * of_tilt
    ends = [-w / 2, w / 2]
    error_of_bend = C - mpmath.quad(lambda y: y * logistic_of(m + y), ends)
    return error_of_bend / w**2, (I_ - mpmath.quad(lambda y: logistic_of(m + y), ends)) / w


def dilogarithm_error(e):
    u = mpmath.log(1 + mpmath.mpf(e))
    value = sp.lambdify((u_, s_), dilogarithm(u_, s_))(u, u**2)
    return 1 + value / mpmath.polylog(2, -e).real


with mpmath.workdps(25):
    assert all(abs(error) < HALF_EPS for m in (0, 1, -3) for error in narrow_errors(mpmath.mpf(m)))
    assert all(abs(dilogarithm_error(e)) < HALF_EPS for e in (0.01, 0.5, 1.0))

# %% [markdown]
# ## Emit
#
# Three kernels, each on the line and on the circle.


# %%
def sorted_points(low, high, last_at):
    """Random points that ascend from `low` to `high`, the last one at `last_at`."""

    def draw(rng, shape):
        drawn = rng.uniform(low, high, shape)
        drawn.sort(-1)
        drawn[..., -1] = last_at
        return drawn

    return draw


between = lambda low, high: lambda rng, shape: rng.uniform(low, high, shape)
draws = {start: between(-0.5, -0.25), end: between(1, 1.5), period: between(7, 8)}
draws[points] = sorted_points(-2, 3, 3.1)
inputs = {
    z: "Logits, one per point; -inf removes a point.",
    points: "Positions of the points, ascending, in the unit of x; the last one at b or beyond.",
    start: "Lower edge of the target, in the unit of x.",
    end: "Upper edge of the target, above a, in the unit of x.",
    h: "Bandwidth, positive, in the unit of x.",
}
circle_inputs = {
    points: "Positions of the points, ascending, in the unit of x, each as its image nearest to (a + b)/2; the last one at b or beyond.",
    period: "Period of x, positive, in the unit of x; b is at most a + period.",
}
of_line = clipped | masses | arrivals | gaps | passing
on_line = of_line | responsibilities | progress
of_circle = on_circle | masses | arrivals | gaps | passing | through_images | progress
images = {left: left_start, right: right_start}


def declare(name, title, formula, outputs, where=(), boundary=(), circular=False, more=()):
    """A kernel over one of the two systems; `where`, `boundary`, `more` are what it adds to equations, ends and inputs."""
    return Kernel(
        name=f"{name}_on_circle" if circular else name,
        title=f"{title}, {'wrapped ' * circular}Laplace kernel, by exact integrals.",
        formula=(P_ON_CIRCLE if circular else P_ON_LINE, formula),
        nest=(row, j),
        inputs=inputs | (circle_inputs if circular else {}) | dict(more),
        where=(of_circle if circular else on_line) | dict(where),
        outputs=outputs,
        boundary={q.base: value for q, value in (ends | (images if circular else {}) | dict(boundary)).items()},
        draws=draws,
        stems={centred: "weight"} | ({image_left: "weight_behind", image_right: "weight_past"} if circular else {}),
    )


P_ON_LINE = r"p(x) = \sum_j S_j\, e^{-|x-x_j|/h}, \qquad S = \operatorname{softmax}(z)"
P_ON_CIRCLE = P_ON_LINE.replace("S_j", r"S_j \sum_{n\in\mathbb{Z}}").replace("x_j|", "x_j+nP|")
LOSS = (
    "Cross-entropy of a uniform target on [a, b] against a kernel density estimate",
    r"L = -\frac{1}{b-a} \int_a^b \log p(x)\,dx",
)
HESSIAN = (
    "Hessian in the logits of that cross-entropy, times v",
    r"Hv = \frac{\partial^2 L}{\partial z\,\partial z^\top}\,v, \qquad L = -\frac{1}{b-a} \int_a^b \log p(x)\,dx",
)
EM = (
    "Logarithm of the mean responsibilities of the points for a uniform target on [a, b]",
    r"\log\bar R_j = \log\frac{1}{b-a} \int_a^b \frac{\partial \log p(x)}{\partial \log S_j}\,dx",
)
with_v = {v: "The vector to multiply, one entry per point."}
hessian_output, em_output = array("product", "Hv")[row, j], log_mass("log_R", r"\log\bar R")[row, j]
kernels = [
    declare("laplace", *LOSS, outputs()),
    declare("laplace", *LOSS, outputs(by_period), circular=True),
    declare("laplace_hvp", *HESSIAN, {hessian_output: hessian_vector}, curvature, product_ends, more=with_v),
    declare("laplace_hvp", *HESSIAN, {hessian_output: hessian_vector + images_hessian},
            curvature | curvature_of_images, product_ends | images_ends, circular=True, more=with_v),
    declare("laplace_em", *EM, {em_output: log_R}, log_smoothing, log_ends),
    declare("laplace_em", *EM, {em_output: log_R_on_circle}, log_smoothing | log_of_images, log_ends, circular=True),
]  # fmt: skip
[kernel.name for kernel in kernels]

# %% [markdown]
# The equations as declared are checked by means that know nothing of the steps above. The loss is the integral
# {eq}`laplace-loss` as it stands, by quadrature at 20 digits between the kinks of $\log p$. On the circle $K$ is the sum of the
# two geometric series. What is left are the two truncated series: $10^{-16}$.


# %%
def quadrature(z, points, a, b, h, period=None):
    """-1/(b - a) times the integral of log p, for one row of numbers."""
    weights = [mpmath.exp(float(logit)) for logit in z]
    kinks = [float(a), *(float(x) for x in points if a < x < b), float(b)]

    def kernel(distance):
        if period is None:
            return mpmath.exp(-abs(distance) / h)
        ahead = distance - period * mpmath.floor(distance / period)
        return (mpmath.exp(-ahead / h) + mpmath.exp((ahead - period) / h)) / (1 - mpmath.exp(-period / h))

    log_p = lambda x: mpmath.log(
        mpmath.fsum(w * kernel(x - float(t)) for w, t in zip(weights, points)) / mpmath.fsum(weights)
    )
    return -mpmath.quad(log_p, kinks) / (mpmath.mpf(b) - mpmath.mpf(a))


def loss_by_quadrature_error(kernel, points=3):
    """The difference of a kernel's loss from the quadrature, on a small random row."""
    arrays = random_arrays(kernel, np.random.default_rng(1), extents=(1, points))
    with mpmath.workdps(20):
        return abs(
            evaluate(kernel, arrays)["loss"][0] - quadrature(**{name: array[0] for name, array in arrays.items()})
        )


losses = [kernel for kernel in kernels if grad_z in kernel.outputs]
assert all(loss_by_quadrature_error(kernel) < 1e-16 for kernel in losses)

# %% [markdown]
# Each gradient is a central difference of the loss, again up to the truncation; the bandwidth's too, on the circle with its
# term for $P$.

# %%
assert all(max(gradient_errors(kernel, extents=(1, 3)).values()) < 1e-14 for kernel in losses)

# %% [markdown]
# The Hessian times $v$ is a central difference of the gradient in the logits along $v$, and new logits are the logarithm of
# $S-\partial L/\partial z$.


# %%
def along(kernel, arrays, v, name="grad_z"):
    """The slope of an output where the logits move along v."""
    step = mpmath.mpf(10) ** -18
    as_exact = np.vectorize(lambda x: mpmath.mpf(float(x)), otypes=[object])
    z, v = as_exact(arrays["z"]), as_exact(v)
    moved = [evaluate(kernel, arrays | {"z": z + sign * step * v})[name] for sign in (1, -1)]
    return (moved[0] - moved[1]) / (2 * step)


def hessian_error(loss_kernel, kernel):
    """The largest difference of the Hessian times v from that slope, on a small random row."""
    arrays = random_arrays(kernel, np.random.default_rng(2), extents=(1, 3))
    v = arrays["v"]
    with mpmath.workdps(50):
        return abs(evaluate(kernel, arrays)["product"] - along(loss_kernel, arrays, v)).max()


def responsibility_error(loss_kernel, kernel):
    """The largest difference of exp(log R) from S - grad_z, on a small random row."""
    arrays = random_arrays(kernel, np.random.default_rng(3), extents=(1, 3))
    with mpmath.workdps(50):
        weights = np.vectorize(mpmath.exp)(evaluate(kernel, arrays)["log_R"]) + evaluate(loss_kernel, arrays)["grad_z"]
        S = np.array([mpmath.exp(float(x)) for x in arrays["z"][0]])
        return abs(weights[0] - S / S.sum()).max()


by_name = {kernel.name: kernel for kernel in kernels}
for where in ("", "_on_circle"):
    assert hessian_error(by_name[f"laplace{where}"], by_name[f"laplace_hvp{where}"]) < 1e-14
    assert responsibility_error(by_name[f"laplace{where}"], by_name[f"laplace_em{where}"]) < 1e-40
