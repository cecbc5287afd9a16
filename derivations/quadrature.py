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
# # Quadrature that knows where to look
#
# ## Claim
#
# The Gaussian, the Cauchy and the von Mises kernel have no closed form for
#
# $$
# L=-\frac1{b-a}\int_a^b\log p(x)\,dx,\qquad p(x)=\sum_jS_jK\big((x-x_j)/h\big).
# $$ (quadrature-loss)
#
# But $\log p$ and the responsibilities $R_j=S_jK_j/p$ are analytic, and Gauss–Legendre panels integrate an analytic function to
# machine precision if no panel is much wider than its distance to the nearest singularity in the complex plane. Where can those be?
#
# | kernel | what is free of singularities, $x+iy$ |
# | --- | --- |
# | Gaussian | $\lvert y\rvert<\pi h^2/\Delta$, $\Delta$ the distance from the first to the last point; any $y$ where some $R_j>\frac12$ |
# | Cauchy | $y^2<h^2+d^2$, with $d$ the distance from $x$ to the nearest point |
# | von Mises | $2\kappa\sinh(2\pi\lvert y\rvert/P)<\pi$ |
#
# So a Gaussian mixture is hard at the crossings of its upper envelope only, and a Cauchy mixture near its points only. Panels start
# from this knowledge. What they then lack, a pair of rules finds that brackets the integral, and for a Gaussian mixture on a line no
# structure can hide between two ends of a panel that agree.

# %% [markdown]
# ## Symbols
#
# `nodes` is the size of the Gauss rule on a panel. $\kappa=(P/2\pi h)^2$. A *panel* is a part of $[a,b]$, and $\zeta=x+iy$.

# %%
import mpmath
import numpy as np
import sympy as sp

from derivations.kde_ce import circular_kernels, line_kernels, turn, u

nodes = 16
x, y, x0, x1, z0, z1 = sp.symbols("x y x_0 x_1 z_0 z_1", real=True)
h, d, rho = sp.symbols("h d rho", positive=True)
log_gaussian, log_cauchy = (line_kernels[name].xreplace({u: x}) for name in ("gaussian", "cauchy"))

# %% [markdown]
# ## Derivation
#
# ### Only zeros of $p$ matter
#
# ```{prf:proposition} Singularities
# :label: prop-singularities
# Where $K$ is analytic, $\log p$, $R_j$ and $R_jk'(u_j)$ are singular at most where $p=0$. At a pole of $K_j$, $R_j$ is analytic, while
# $\log p$ and $k'$ are singular.
# ```
#
# ```{prf:proof}
# Quotients and logarithms of analytic functions are analytic where the divisor does not vanish. At a pole of $K_j$, $p/K_j$ tends to
# $S_j\ne0$.
# ```
#
# ### Gaussian: a softmax of lines
#
# ```{prf:theorem} Lines
# :label: thm-lines
# With one bandwidth, and any origin,
#
# $$
# \log p(x)=-\frac{x^2}{2h^2}+\operatorname{LSE}_j\Big(z_j-\frac{x_j^2}{2h^2}+\frac{x_jx}{h^2}\Big)-\operatorname{LSE}(z),
# $$ (gaussian-lines)
#
# and $R$ is the softmax of the lines. Every rule with two nodes or more integrates the square exactly.
# ```

# %%
line = lambda z_, x_: z_ - x_**2 / (2 * h**2) + x_ * x / h**2
log_joint = lambda z_, x_: z_ + log_gaussian.xreplace({x: (x - x_) / h})
assert sp.expand(log_joint(z0, x0) + x**2 / (2 * h**2) - line(z0, x0)) == 0

# %% [markdown]
# So the point with the largest $R_j$ changes along the upper envelope of lines: from smaller to larger slopes $x_j/h^2$, each point
# at most once, at crossings
#
# $$
# x_{ij}=\frac{x_i+x_j}2+h^2\,\frac{z_i-z_j}{x_j-x_i}.
# $$ (crossing)

# %%
crossing = sp.solve(line(z0, x0) - line(z1, x1), x)[0]
assert sp.simplify(crossing - (x0 + x1) / 2 - h**2 * (z0 - z1) / (x1 - x0)) == 0

# %% [markdown]
# The envelope is the sharp picture; what holds for the mixture itself is as good:
#
# ```{prf:theorem} Nothing comes back
# :label: thm-monotone
# Let $x_1\le x_2\le\dots$ and $F_k=R_1+\dots+R_k$. Each $F_k$ falls, or stays, as $x$ grows. Hence on a panel $[l,r]$
#
# $$
# \lvert R_j(x)-R_j(l)\rvert\le\big(F_j(l)-F_j(r)\big)+\big(F_{j-1}(l)-F_{j-1}(r)\big):
# $$ (between-ends)
#
# responsibilities that agree at the ends of a panel agree everywhere inside. And the points that come before all that matter at $l$,
# or after all that matter at $r$, do not matter inside: their responsibilities are at most $F_j(l)$, or $1-F_{j-1}(r)$.
# ```
#
# ```{prf:proof}
# $R_j/R_i$ is proportional to $e^{(x_j-x_i)x/h^2}$, which does not grow for $j\le k<i$. So
# $(1-F_k)/F_k=\sum_{i>k}\big(\sum_{j\le k}R_j/R_i\big)^{-1}$ does not fall. With $F_k$ between $F_k(r)$ and $F_k(l)$ throughout the
# panel, $R_j=F_j-F_{j-1}$ gives the bound.
# ```
#
# As a derivative, $F_k'=\operatorname{Cov}_R(1_{j\le k},x_j)/h^2$: the indicator falls with $j$ and $x_j$ rises, so they are never
# positively correlated. For three points:

# %%
three = sp.symbols("x_:3", real=True), sp.symbols("z_:3", real=True)
weights = [sp.exp(line(z_, x_)) for x_, z_ in zip(*three, strict=True)]
R = [w / sum(weights) for w in weights]
mean = sum(r * x_ for r, x_ in zip(R, three[0], strict=True))
for k in (1, 2):
    covariance = sum(R[j] * (three[0][j] - mean) for j in range(k)) / h**2
    assert sp.simplify(sp.diff(sum(R[:k]), x) - covariance) == 0

# %% [markdown]
# ```{prf:theorem} Zeros of a Gaussian mixture
# :label: thm-gaussian-zeros
# Up to a factor without zeros, $p(x+iy)$ is $\phi=\sum_jR_j(x)\,e^{iyx_j/h^2}$, the characteristic function of the points under the
# responsibilities at $x$. So $p(x+iy)\ne0$ where
# 1. $\lvert y\rvert<\pi h^2/\Delta$, $\Delta=\max x_j-\min x_j$; where $\lvert y\rvert\le\frac\pi2h^2/\Delta$, even
#    $\lvert R_j(x+iy)\rvert\le\sqrt2$;
# 2. some $R_j(x)>\frac12$, for every $y$;
# 3. $\lvert y\rvert<\sqrt2\,h^2/\sigma$, with $\sigma^2$ the variance of the points under $R(x)$.
# ```
#
# ```{prf:proof}
# 1. The phases $yx_j/h^2$ lie within an angle $\alpha=\lvert y\rvert\Delta/h^2$; projected on its middle, each term has at least
# $\cos(\alpha/2)$ of its length, and the lengths sum to 1. So $\lvert\phi\rvert\ge\cos(\alpha/2)$, and
# $\lvert R_j(x+iy)\rvert=R_j(x)/\lvert\phi\rvert$. 2. $\lvert\phi\rvert\ge R_j-(1-R_j)$. 3. Turned by the mean, the real part is
# $\mathbb E\cos(y(X-\mathbb EX)/h^2)\ge1-y^2\sigma^2/2h^4$.
# ```

# %%
shifted = sp.expand(line(z0, x0).subs(x, x + sp.I * y) - line(z0, x0))
assert sp.simplify(shifted - sp.I * y * x0 / h**2) == 0
assert sp.expand(sp.re(sp.expand(-((x + sp.I * y) ** 2)))) == y**2 - x**2  # the square: no zeros

# %% [markdown]
# Two points have their zeros exactly above the crossing, at odd multiples of $i\pi h^2/\lvert x_1-x_0\rvert$: bound 1 is sharp. Away
# from all crossings one point has more than half of the mixture, and nothing is singular above.

# %%
zero_of_two = crossing + sp.I * sp.pi * h**2 / (x1 - x0)
assert sp.simplify((line(z1, x1) - line(z0, x0)).subs(x, zero_of_two)) == sp.I * sp.pi

# %% [markdown]
# ### Cauchy: poles and zeros
#
# ```{prf:theorem} Zeros of a Cauchy mixture
# :label: thm-cauchy-zeros
# Let $d$ be the distance from $x$ to the nearest point. For $y^2<h^2+d^2$, $p(x+iy)$ is neither zero nor infinite. Moreover, for
# $\lvert y\rvert\le h/\sqrt2$, $\lvert R_j(x+iy)\rvert\le\sqrt2$.
# ```
#
# ```{prf:proof}
# $1/K_j=\big((x-x_j)^2+h^2-y^2+2iy(x-x_j)\big)/h^2$ has a positive real part, so $K_j$ has one too, and a sum of numbers with positive
# real parts is not 0. The argument of $1/K_j$ is largest where $(x-x_j)^2=h^2-y^2$, and is then $\arcsin(\lvert y\rvert/h)$; if that is
# at most $\pi/4$, the real part of $p$ is at least $\sum_jS_j\lvert K_j\rvert/\sqrt2$.
# ```

# %%
inverse = sp.expand(sp.exp(-log_cauchy).subs(x, (d + sp.I * y) / h) * h**2)
assert sp.expand(inverse - (d**2 + h**2 - y**2) - 2 * sp.I * y * d) == 0
tangent = 2 * y * d / (d**2 + h**2 - y**2)
steepest = sp.sqrt(h**2 - y**2)
assert sp.simplify(sp.diff(tangent, d).subs(d, steepest)) == 0
assert sp.simplify(tangent.subs(d, steepest) - y / steepest) == 0  # the tangent of arcsin(y/h)

# %% [markdown]
# So zeros never lie in the strip $\lvert y\rvert\le h$, where one might look for them first: the strip's edge has the poles $x_j\pm ih$,
# and the zeros lie beyond. The bound is sharp between two points as well: equal weights at $\pm d$ have a zero at
# $i\sqrt{h^2+d^2}$.

# %%
two_equal = sum(1 / ((sp.I * y - s * d) ** 2 + h**2) for s in (-1, 1))
assert sp.simplify(two_equal.subs(y, sp.sqrt(h**2 + d**2))) == 0

# %% [markdown]
# ```{prf:theorem} Graded panels
# :label: thm-graded
# A panel not wider than $2\sqrt{h^2+d^2}$, with $d$ the panel's distance to the nearest point, has the Bernstein ellipse $\rho=1+\sqrt2$
# (half axes $\sqrt2$ and 1 times half its width) whose inside is free of zeros and poles of a Cauchy mixture.
# ```
#
# ```{prf:proof}
# Take half the width as the unit, a point at distance $\delta$ from the centre, and the place $(\sqrt2c,s)$ on the ellipse,
# $c^2+s^2=1$. To show is $h^2+(\delta-\sqrt2c)^2\ge s^2$. For $\delta\le1$ the panel's width says $h\ge1\ge\lvert s\rvert$. For
# $1<\delta\le2$ it says $h^2\ge1-(\delta-1)^2$, so the margin is at least $2\delta(1-\sqrt2c)-1+3c^2$: linear in $\delta$, and positive at
# $\delta=1$ and $\delta=2$, where the discriminants in $c$ are negative. For $\delta>2$, $(\delta-\sqrt2c)^2-1+c^2$ grows with $\delta$ and is
# positive at 2.
# ```

# %%
c, delta = sp.symbols("c delta", real=True)
margin = sp.expand(1 - (delta - 1) ** 2 + (delta - sp.sqrt(2) * c) ** 2 - (1 - c**2))
assert sp.expand(margin - (2 * delta * (1 - sp.sqrt(2) * c) - 1 + 3 * c**2)) == 0
assert all(sp.discriminant(margin.subs(delta, end), c) < 0 for end in (1, 2))
assert sp.discriminant(((2 - sp.sqrt(2) * c) ** 2 - 1 + c**2).expand(), c) < 0

# %% [markdown]
# ### von Mises: cosines for lines
#
# In the angle $s=2\pi x/P$ the exponent is $\kappa(\cos(s-s_j)-1)$, and at $s+it$ it gains the phase $-\kappa\sin(s-s_j)\sinh t$. These
# lie within an angle of $2\kappa\sinh\lvert t\rvert$, and the proof of {prf:ref}`thm-gaussian-zeros` (1) holds with it.

# %%
t, s = sp.symbols("t s", real=True)
kappa = (turn / (2 * sp.pi)) ** 2
exponent = circular_kernels["von_mises"].xreplace({u: turn * s / (2 * sp.pi)})
assert sp.simplify(exponent - kappa * (sp.cos(s) - 1)) == 0
assert sp.simplify(sp.im(sp.expand_complex(sp.cos(s + sp.I * t))) + sp.sin(s) * sp.sinh(t)) == 0

# %% [markdown]
# But on a circle things do come back: the difference of two exponents is a cosine, so that one point may win on a short arc, anywhere.
#
# ```{prf:proposition} The narrowest bump
# :label: prop-bump
# $\log(R_i/R_j)=C+A\cos(s-\varphi)$ with $A=2\kappa\lvert\sin((s_i-s_j)/2)\rvert$ and $C=z_i-z_j$. If it rises above $-30$ anywhere, it
# stays within a distance $A\theta^2/2$ of its maximum for an angle $\theta$ on both sides; and where the maximum is below 30,
# $A\le30+\lvert z_i-z_j\rvert$. If the maximum is $\mu\ge30$, point $i$ wins for an angle of at least
# $\sqrt{2\mu/A}\ge\sqrt{60/(30+\lvert z_i-z_j\rvert)}$ on both sides.
# ```
#
# ```{prf:proof}
# $1-\cos\theta\le\theta^2/2$, and $A=\mu-C$.
# ```
#
# So panels that start no wider than four times the larger of $h$ and $P/(2\pi\sqrt{30+\max z-\min z})$ see every bump; below
# $e^{-30}=10^{-13}$ there is nothing to see.

# %%
s0, s1 = sp.symbols("s_0 s_1", real=True)
difference = sp.cos(s - s0) - sp.cos(s - s1)
as_one = 2 * sp.sin((s0 - s1) / 2) * sp.sin(s - (s0 + s1) / 2)
assert sp.expand_trig(difference - as_one).rewrite(sp.exp).expand().simplify() == 0

# %% [markdown]
# ### Nearest images
#
# On a circle the Gaussian and the Cauchy kernel see the nearest image, which changes at $x_j+P/2$: a kink of $\log K_j$. Panels end
# there. In between, each point keeps one image and the theorems above hold as they stand. A kernel that is not known gets panels
# that end at its points, a bandwidth from them and opposite to them.
#
# ### Gauss–Legendre on an ellipse
#
# ```{prf:theorem} Gauss
# :label: thm-gauss
# If $f$ is analytic in the ellipse $\rho$ of a panel and $\lvert f\rvert\le M$ there, $n$ nodes give its mean over the panel up to
#
# $$
# \frac{4M\rho^{-2n}}{1-1/\rho}.
# $$ (gauss-error)
# ```
#
# ```{prf:proof}
# The Chebyshev coefficients of $f$ are at most $2M\rho^{-k}$. Up to degree $2n-1$ the rule is exact; from there on a mean of $T_k$ and
# its rule, whose weights are positive and sum to 1, are at most 1 each.
# ```
#
# With $M=\sqrt2$ from {prf:ref}`thm-gaussian-zeros` and {prf:ref}`thm-cauchy-zeros` this tells when there is surely nothing left to
# refine: a Gaussian panel of width $2h^2/\Delta$ and a Cauchy panel of width $h/2$ have responsibilities exact to $10^{-15}$. What a
# comparison of rules still shows there is rounding, and such panels are not split. By {prf:ref}`thm-monotone`, $\Delta$ needs to span
# only the points that matter at one of the panel's ends; for von Mises only if no bump fits between the places looked at.


# %%
def error_bound(half_width, height):
    """The bound (gauss-error) with M = sqrt(2) for the ellipse of that height."""
    ratio = sp.asinh(height / half_width)
    return sp.N(4 * sp.sqrt(2) * sp.exp(-2 * nodes * ratio) / (1 - sp.exp(-ratio)))


of_gaussian = error_bound(h**2, sp.pi / 2 * h**2)
of_cauchy = error_bound(h / 4, h / sp.sqrt(2))
assert of_gaussian < 1e-15 and of_cauchy < 1e-15
sp.Matrix([[of_gaussian, of_cauchy]])

# %% [markdown]
# ### Two rules that bracket
#
# Each panel is also given to the Gauss–Lobatto rule with one node more. Both are exact up to degree $2n-1$, and the errors of their
# first power that is not integrated exactly have opposite signs: where $f^{(2n)}$ does not change its sign, the integral lies between
# the two, and their difference is *more* than the error of either. For $n$ nodes, on the mean of $x^{2n}$ over $[-1,1]$:


# %%
def mean_error(power, vanishing):
    """Rule less mean of x^power, exactly: a rule integrates what is left of it by the polynomial that vanishes at its nodes."""
    mean_of = lambda f: sp.integrate(f, (x, -1, 1)) / 2
    return mean_of(sp.rem(x**power, vanishing, x)) - mean_of(x**power)


def prove_bracket(n):
    """The Gauss rule with n nodes and the Lobatto rule with n + 1: exact below 2n; at 2n, errors as -n to n + 1."""
    P = sp.legendre(n, x)
    rules = P, sp.expand((x**2 - 1) * sp.diff(P, x))
    exact = all(mean_error(k, rule) == 0 for k in range(2 * n) for rule in rules)
    by_gauss, by_lobatto = (mean_error(2 * n, rule) for rule in rules)
    return exact and by_gauss < 0 and by_lobatto / by_gauss == -sp.Rational(n + 1, n)


assert prove_bracket(2) and prove_bracket(3)

# %% [markdown]
# A step, the worst that a Gaussian mixture can do (two groups of points far apart), is no such function. Wherever in a panel it
# lies, the difference of the two rules is the difference of the weights on one side of it. It never vanishes for the pair 16 and 17:
# at least 1/300 of the step is seen. For the pair 16 and 18 it does vanish, for a step in the middle.


# %%
def least_step(n, m):
    """The smallest |difference| of the Gauss rule with n and the Lobatto rule with m nodes on a step of height 1."""
    gauss, weights = np.polynomial.legendre.leggauss(n)
    P = np.polynomial.legendre.Legendre.basis(m - 1)
    lobatto = np.concatenate([[-1], P.deriv().roots(), [1]])
    places = np.concatenate([gauss, lobatto])
    masses = np.concatenate([weights / 2, -1 / (m * (m - 1) * P(lobatto) ** 2)])
    return np.abs(np.cumsum(masses[np.argsort(places)])[:-1]).min()


assert least_step(nodes, nodes + 1) > 1 / 300 and least_step(nodes, nodes + 2) < 1e-12

# %% [markdown]
# In a Gaussian mixture every $F_k$ only falls ({prf:ref}`thm-monotone`): what changes sharply inside a panel is a step.
#
# **All gradients at once.** Without a background, every output of the kernels of [](kde_ce.py) is linear in the bin masses $q$. So a
# panel goes to the kernel as a row of its own, with 33 nodes and the masses of one rule less those of the other, and out come the
# differences of the two rules, for the loss and each gradient.
#
# ## Limits
#
# **What the estimate can miss.** It is proved where the 32nd derivative keeps its sign, and for steps; between the two it is an
# estimate. For a Gaussian on a line, {prf:ref}`thm-monotone` leaves no room for structure that both rules overlook. For Cauchy
# and von Mises the starting panels see to that: no wider than twice the distance to the nearest singularity, or four times the
# narrowest bump. For a kernel of your own no theorem is at hand: structure that is narrower than a thirtieth of a panel, and at none
# of the places named above, can escape.
#
# **What it cannot repair.** The estimate tells the error of the rule, not that of the kernel's own rounding. A Gaussian exponent
# $u^2/2$ is rounded to $\varepsilon u^2/2$, and a crossing lies where two of them are equal: with points $10^9$ bandwidths away on both
# sides of the target its place is off by some $10^{-10}$ of a bandwidth.
#
# **Depth.** Positions in $[0,1]$ have 53 bits. A transition narrower than $2^{-48}$ of the target stays unresolved, and cannot
# count for more than its width.
#
# ## Check
#
# The bracket at work, on the responsibility of one of two Gaussian points: the crossing at 0.3 of the panel, sharper and sharper.
# To the left, the error of the Gauss rule; to the right, the difference of the rules.


# %%
def error_and_estimate(sharpness):
    """(error of 16 Gauss nodes, difference to 17 Lobatto nodes) on [0, 1] for 1/(1 + exp(sharpness (x - 0.3)))."""
    f = lambda x: 1 / (1 + np.exp(sharpness * (x - 0.3)))
    softplus = lambda v: mpmath.log1p(mpmath.exp(v))
    truth = 1 - (softplus(0.7 * sharpness) - softplus(-0.3 * sharpness)) / sharpness
    gauss, weights = np.polynomial.legendre.leggauss(nodes)
    P = np.polynomial.legendre.Legendre.basis(nodes)
    lobatto = np.concatenate([[-1], P.deriv().roots(), [1]])
    by_gauss = weights @ f((1 + gauss) / 2) / 2
    by_lobatto = f((1 + lobatto) / 2) @ (1 / (nodes * (nodes + 1) * P(lobatto) ** 2))
    return abs(float(by_gauss - truth)), abs(by_gauss - by_lobatto)


table = [(sharpness, *error_and_estimate(sharpness)) for sharpness in (5, 10, 20, 40, 80, 160, 700)]
assert all(error <= estimate + 1e-15 for _, error, estimate in table)
sp.Matrix([[k, sp.Float(e, 2), sp.Float(f, 2)] for k, e, f in table])

# %% [markdown]
# ## Emit
#
# Nothing: nodes and weights go into the kernels of [](kde_ce.py) as positions and masses. Which panels, is no formula; it is
# `kdeviz/quadrature.py`.
