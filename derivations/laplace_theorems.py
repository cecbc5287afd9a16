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
# # How the Laplace kernel counts distance
#
# ## Claim
#
# The Laplace kernel $K_j(y)=e^{-|y-x_j|/h}$ turns distance into a logit. For a target on $[a,b]$, let a point $x_j$ outside it have the
# *edge distance* $d_j$ and the nearest edge $t_j$. Moving *radially by $c$* means: each point goes the distance $c$ towards the target
# (away from it, if $c<0$).
#
# | what is done, with the Laplace kernel | the gradient $g$ in the logits |
# | --- | --- |
# | an outside point is put on its edge, with $z_j-d_j/h$ as evidence | the responsibilities stay ({prf:ref}`thm-lap-edge`) |
# | all points are outside and move radially by $c\le\min_jd_j$ | stays; the loss falls by $c/h$ ({prf:ref}`thm-lap-radial`) |
# | all points are on one side and are shifted by any amount that keeps them there | stays: $S-\operatorname{softmax}(z-d/h)$ ({prf:ref}`thm-lap-side`) |
# | points are on both sides and all are shifted the same way | changes, always ({prf:ref}`thm-lap-tilt`) |
# | any points move towards the *centre*, until the first is there | changes by at most $2\tanh\frac{b-a}{8h}$ ({prf:ref}`thm-lap-centre`) |
#
# The last line is the rule of the thread {cite}`robowiki2022`. It is exact for one bin, at the centre, and only nearly right for an
# interval: what may be taken off is the distance to the *edge*.
#
# Which kernels have this property? Only exponential ones ({prf:ref}`thm-lap-only`). With any other, a common distance does count, and
# whether the gradient then grows or shrinks is decided by the bend of $\log K$ ({prf:ref}`thm-lap-recede`). On a circle, the antipode
# is in the way ({prf:ref}`thm-lap-circle`).

# %% [markdown]
# ## Symbols
#
# The theorems hold for any number of points and any target on $[a,b]$: bins, or the integral. sympy checks them for three points, two of
# them left of the target and one right of it, and for two places $y_0<y_1$ of the target, from the formulas of [](invariances.py).
# Distances are positive symbols, so sympy carries out $|y-x_j|$ by itself.

# %%
import sympy as sp

from derivations.invariances import K, R, S, by_logit, example, p, same, v
from derivations.kde_ce import circular_kernels, line_kernels, turn, u

a = sp.Symbol("a", real=True)
d, (h, c, left, between, right) = (
    sp.symbols("d:3", positive=True),
    sp.symbols("h c l m r", positive=True),
)
places = [a + left, a + left + between]
b = places[1] + right
edges, points = [a, a, b], [a - d[0], a - d[1], b + d[2]]


# %%
def log_K(points):
    """log K of the Laplace kernel, a row for each place."""
    return sp.Matrix(
        2, 3, lambda n, i: line_kernels["laplace"].subs(u, (places[n] - points[i]) / h)
    )


log_K(points)

# %% [markdown]
# ## Derivation
#
# ### An outside point is an edge point
#
# ```{prf:theorem} Edge
# :label: thm-lap-edge
# Put each outside point on its nearest edge $t_j$ and lower its logit by $d_j/h$, where it stands with the evidence: $w_j=z_j-d_j/h$ (for
# a point inside, $t_j=x_j$ and $d_j=0$). The responsibilities are those of the logits $w$ at the places $t$, and the loss is
#
# $$
# L(z,x)=L(w,t)+\operatorname{LSE}(z)-\operatorname{LSE}(w).
# $$ (edge-loss)
# ```
#
# ```{prf:proof}
# Every $y$ in $[a,b]$ lies beyond the edge $t_j$, seen from $x_j$, so $|y-x_j|=|y-t_j|+d_j$ and $z_j+\log K_j(y)$ is
# $w_j-|y-t_j|/h$. The loss is $\operatorname{LSE}(z)-\int\operatorname{LSE}_j(z_j+\log K_j(y))$, of which only the first term still
# has $z$ in it.
# ```
#
# The prior keeps its logit: $g=\operatorname{softmax}(z)-\bar R(w,t)$, not the gradient of $L(w,t)$.

# %%
distances = sp.Matrix([d, d])
assert (log_K(points) - log_K(edges) + distances / h).expand().is_zero_matrix

# %%
f = sp.symbols("f:3", positive=True)  # exp(-d/h)
lower_K = {K[n, i]: f[i] * K[n, i] for n in range(2) for i in range(3)}
lower_z = {v[i]: f[i] * v[i] for i in range(3)}
weight = sum(v).subs(lower_z, simultaneous=True)
assert same(R.subs(lower_K, simultaneous=True), R.subs(lower_z, simultaneous=True))
for prob in p:
    lowered, moved = (prob.subs(by, simultaneous=True) for by in (lower_K, lower_z))
    assert sp.cancel(lowered - moved * weight / sum(v)) == 0

# %% [markdown]
# ### Radial moves
#
# ```{prf:theorem} Radial moves
# :label: thm-lap-radial
# Let all points lie outside and move radially by $c\le\min_jd_j$. The loss falls by $c/h$. The gradients in the logits, in the points
# and in the edges stay (the latter two for $c<\min_jd_j$), and $\partial L/\partial h$ gains $c/h^2$.
# ```
#
# ```{prf:proof}
# The edges $t_j$ stay and all $d_j$ fall by $c$, so by {prf:ref}`thm-lap-edge` every $\log K_j(y)$ gains $c/h$: a common scale of $K$
# ({prf:ref}`thm-scale`). With $x'$ for the moved points, $L(z,x',a,b,h)=L(z,x,a,b,h)-c/h$ holds as long as the points are outside,
# so it may be differentiated in $z$, $x$, $a$, $b$ and $h$.
# ```

# %%
closer = [a - d[0] + c, a - d[1] + c, b + d[2] - c]
towards = lambda points: log_K(points).subs({x: x + c for x in d}, simultaneous=True)  # d_j > c
gain = (towards(closer) - towards(points)).expand()
assert gain == sp.ones(2, 3) * c / h
assert sp.diff(-gain[0], h) == c / h**2

# %% [markdown]
# Neither the width of the target nor the place within it is in `gain`. So one may subtract the least edge distance from all points
# before anything is computed: points a million bandwidths away then cost no digits.
#
# ```{prf:corollary} One side
# :label: thm-lap-side
# Let all points lie on one side of the target. They may be shifted together as long as they stay there, and
#
# $$
# \bar R=\operatorname{softmax}(z-d/h),\qquad L=\operatorname{LSE}(z)-\operatorname{LSE}(z-d/h)+\frac{\E_y|y-t|}h,
# $$ (one-side)
#
# where $t$ is the edge that all share. The gradient does not see how wide the target is, nor how it is spread.
# ```
#
# ```{prf:proof}
# A shift is then a radial move. In {prf:ref}`thm-lap-edge` all $t_j=t$, so $|y-t|$ is a common scale of $K$ in each place.
# ```

# %%
two_left = {v[2]: 0}
odds = lambda n: R[n, 0] / R[n, 1]
at_points = {K[n, i]: sp.exp(log_K(points)[n, i]) for n in range(2) for i in range(3)}
for n in range(2):
    wanted = v[0] / v[1] * sp.exp((d[1] - d[0]) / h)
    assert sp.simplify(odds(n).subs(two_left).subs(at_points) - wanted) == 0

# %% [markdown]
# ### Not: a shift across
#
# It is tempting to read "can be subtracted from all the data points" as a shift of the axis. That moves the points of one side away.
#
# ```{prf:theorem} Tilt
# :label: thm-lap-tilt
# Let points lie on both sides, all outside, and shift them all to the right by $s$, so little that they stay outside. In every place the
# odds of the left points against the right ones are multiplied by $e^{2s/h}$, and
#
# $$
# \frac{\dd\bar R_{\rm left}}{\dd s}=\frac2h\,\E_y\big[R_{\rm left}(y)\,R_{\rm right}(y)\big]>0.
# $$ (tilt)
#
# The weights stay, so the gradient changes with every such shift.
# ```
#
# ```{prf:proof}
# The $d_j$ of the left points fall by $s$, those of the right ones grow by $s$. By {prf:ref}`thm-lap-edge` the logits that count
# gain $s/h$ and $-s/h$. The odds $\omega$ give $R_{\rm left}=\omega/(1+\omega)$, and $\dd\omega/\dd s=2\omega/h$.
# ```

# %%
s, odds_before = sp.symbols("s omega", positive=True)
shifted = [x + s for x in points]
stay_left = {d[0]: d[0] + s, d[1]: d[1] + s}
tilt = (log_K(shifted) - log_K(points)).subs(stay_left, simultaneous=True).expand()
assert tilt == sp.Matrix([[s, s, -s], [s, s, -s]]) / h
share_left = odds_before * sp.exp(2 * s / h) / (1 + odds_before * sp.exp(2 * s / h))
assert sp.simplify(sp.diff(share_left, s) - 2 / h * share_left * (1 - share_left)) == 0

# %% [markdown]
# ### How far a perturbed softmax can move
#
# ```{prf:lemma} Perturbed softmax
# :label: thm-lap-tv
# Let $\delta$ be a vector and $\operatorname{osc}\delta=\max_j\delta_j-\min_j\delta_j$. Then for all $u$
#
# $$
# \lVert\operatorname{softmax}(u+\delta)-\operatorname{softmax}(u)\rVert_1\le2\tanh\frac{\operatorname{osc}\delta}4,
# $$ (softmax-tv)
#
# and two points reach it.
# ```
#
# ```{prf:proof}
# The entries of the difference sum to 0, so its norm is twice the gain of the set $A$ of those that gain. Let $P$ be the share of $A$
# before; its odds are multiplied by $\tau=\E[e^\delta|A]/\E[e^\delta|A^c]\le e^{\operatorname{osc}\delta}$. So $A$ gains
# $\frac{\tau P}{\tau P+1-P}-P$, and with $\tau=\sigma^2$, $\sigma\ge1$,
#
# $$
# \frac{\sigma-1}{\sigma+1}-\Big(\frac{\sigma^2P}{\sigma^2P+1-P}-P\Big)
# =\frac{(\sigma-1)\,(1-(\sigma+1)P)^2}{(\sigma+1)\,(1+(\sigma^2-1)P)}\ge0.
# $$ (best-share)
#
# $\frac{\sigma-1}{\sigma+1}=\tanh\frac{\log\tau}4$ grows with $\tau$. For two points with $\delta=(\log\tau,0)$ and $P=1/(\sigma+1)$ both
# steps are equalities.
# ```

# %%
share, sigma = sp.symbols("P sigma", positive=True)
gained = sigma**2 * share / (sigma**2 * share + 1 - share) - share
slack = (sigma - 1) * (1 - (sigma + 1) * share) ** 2 / ((sigma + 1) * (1 + (sigma**2 - 1) * share))
assert sp.cancel((sigma - 1) / (sigma + 1) - gained - slack) == 0
assert sp.cancel(gained.subs(share, 1 / (sigma + 1)) - (sigma - 1) / (sigma + 1)) == 0
tanh_of_log = sp.tanh(sp.log(sigma**2) / 4).rewrite(sp.exp)
assert sp.simplify(tanh_of_log - (sigma - 1) / (sigma + 1)) == 0

# %% [markdown]
# ### The rule of the thread: towards the centre
#
# "The distance between the center of target uniform distribution and the closest data point to it can be subtracted from all the data
# points, without affecting the gradient."
#
# ```{prf:theorem} Centre
# :label: thm-lap-centre
# Let $m=\frac{a+b}2$ and let any points, inside or outside, move towards $m$ by $c=\min_j|x_j-m|$. Then the gradient $g$ changes by
#
# $$
# \lVert\Delta g\rVert_1\le\frac{8h}{b-a}\log\cosh\frac{b-a}{4h}\le2\tanh\frac{b-a}{8h}
# $$ (centre-rule)
#
# for the uniform target, and by at most $2\tanh\frac{b-a}{4h}$ for any other target on $[a,b]$. It does not change for one bin at $m$.
# ```
#
# ```{prf:proof}
# Let $y=m+\varepsilon$. Look at a point $x_j=m+D$, $D\ge c$, and let $\gamma=\varepsilon-(D-c)$ say how far $y$ is beyond the place where
# it arrives. Its logit gains $\frac1h$ times
#
# $$
# |y-x_j|-|y-x_j+c|=|\gamma-c|-|\gamma|=c-2\min(c,\max(\gamma,0)).
# $$ (gain-of-centre-rule)
#
# Since $\gamma\le\varepsilon$, that is between $c-2|\varepsilon|$ and $c$; points left of $m$ are the mirror image. So the gains of all
# points at $y$ have an oscillation of at most $2|\varepsilon|/h$. By {prf:ref}`thm-lap-tv`,
# $\lVert\Delta R(y)\rVert_1\le2\tanh\frac{|\varepsilon|}{2h}$, and
# $\lVert\Delta g\rVert_1=\lVert\E_y\Delta R(y)\rVert_1\le\E_y2\tanh\frac{|\varepsilon|}{2h}$. For the uniform target the mean is the
# first bound. As $\tanh$ is concave on $[0,\infty)$, it is at most $\tanh$ of the mean, and $\E|\varepsilon|=\frac{b-a}4$: the second.
# For any target $|\varepsilon|\le\frac{b-a}2$. At $m$, $\varepsilon=0$.
# ```

# %%
k = sp.Symbol("k", positive=True)
gain_at = lambda gamma: sp.Abs(gamma - c) - sp.Abs(gamma)
assert gain_at(-k) == c  # not beyond
assert sp.expand(gain_at(k).subs(c, k + s) - (s + k - 2 * k)) == 0  # beyond by k < c
assert sp.expand(gain_at(c + k) + c) == 0  # beyond by more than c

# %%
width = sp.Symbol("w", positive=True)
bound = 8 * h / width * sp.log(sp.cosh(width / (4 * h)))
mean_of = 2 / width * 4 * h * sp.log(sp.cosh(k / (2 * h)))  # up to eps = k, on both sides of m
assert sp.simplify(sp.diff(mean_of, k) - 2 / width * 2 * sp.tanh(k / (2 * h))) == 0
assert mean_of.subs(k, 0) == 0 and sp.simplify(mean_of.subs(k, width / 2) - bound) == 0
assert sp.diff(sp.tanh(k), k, 2).equals(-2 * sp.tanh(k) * (1 - sp.tanh(k) ** 2))  # < 0: concave

# %% [markdown]
# The bound for any target is attained: one bin on an edge of $[a,b]$, and two points of which only the nearer one crosses it. The bound
# for the uniform target is not, as far as we know; the best constant is open. But no bound below 2 serves all $(b-a)/h$. Let two points
# be $w/2$ from $m$, one on each side, and two further out, $w$ from $m$, with logits that are $\frac w{2h}-\theta$ higher; $w=b-a$. By
# the rule, the inner ones go to $m$ and the outer ones to the edges. At $m+\varepsilon$, the log-odds of the inner point against the
# outer one on that side are $\theta$ before, and $\theta-2\varepsilon/h$ afterwards. With $\theta=\sqrt{w/h}\to\infty$ the inner points
# first explain everything, and then next to nothing: the norm of the change tends to 2.

# %%
eps, theta = sp.symbols("varepsilon theta", positive=True)
half_width = eps + k  # w/2, for a place inside
log_odds = lambda inner, outer: sp.Abs(outer - eps) - sp.Abs(inner - eps) - half_width + theta
assert sp.expand(log_odds(half_width, 2 * half_width)) == theta
assert sp.expand(log_odds(0, half_width)) == theta - 2 * eps

# %% [markdown]
# ### On a circle
#
# On a circle of period $P$ a point has a distance both ways round. Seen from a target $[a,b]$, the *antipodal arc* is
# $[a+\frac P2,b+\frac P2]$: for a point there, the shortest way to one part of the target is the other way round than to the rest.
#
# ```{prf:theorem} Circle
# :label: thm-lap-circle
# Let $\delta_j(y)\le\frac P2$ be the shortest distance from $x_j$ to $y$ (the geodesic one), and let the points lie and move outside
# the target and outside the antipodal arc. With $K=e^{-\delta/h}$, {prf:ref}`thm-lap-edge` and {prf:ref}`thm-lap-radial` hold as on the
# line. With the *wrapped* kernel, the sum over all images, a move towards the target changes the gradient by
#
# $$
# \lVert\Delta g\rVert_1\le2\tanh\tfrac14\log\big(1+e^{-(P-2D)/h}\big)\le2(\sqrt2-1)^2<0.35,
# $$ (wrapped-rule)
#
# where $D\le\frac P2$ is the largest distance from a point to a place of the target.
# ```
#
# ```{prf:proof}
# From outside the antipodal arc the shortest way to all of the target leads over the same edge, so $\delta_j(y)=|y-t_j|+d_j$, and
# nothing else was used. The wrapped kernel {eq}`wrapped-laplace` is $\log K=-\frac\delta h+\log(1+e^{-(P-2\delta)/h})+\text{const}$.
# The second term grows with $\delta$, so a move by $c$ makes $\log K_j(y)$ gain $c/h$ less something between 0 and
# $\log(1+e^{-(P-2D)/h})$; use {prf:ref}`thm-lap-tv`. At $D=\frac P2$ the bound is $2\tanh\frac{\log2}4$.
# ```

# %%
around = -u + sp.log(1 + sp.exp(2 * u - turn)) - sp.log(1 - sp.exp(-turn))
assert sp.simplify(circular_kernels["laplace"].subs(sp.Abs(u), u) - around) == 0
second_term = sp.log(1 + sp.exp(2 * k - turn))
assert sp.diff(second_term, k).subs(turn, 2 * k + s).is_positive
at_antipode = 2 * sp.tanh(second_term.subs(turn, 2 * k) / 4)
assert at_antipode.rewrite(sp.exp).equals(2 * (sp.sqrt(2) - 1) ** 2)

# %% [markdown]
# In the antipodal arc it fails. On a circle of period 8 let the target be two bins at $\mp1$, and the points be at $\frac72$, in the
# antipodal arc, and at 2. Both go 1 towards the target, less than their edge distances. For the bin at $-1$ the first point gets no
# nearer: its shortest way was the other way round.

# %%
circle = 8
geodesic = lambda y, x: sp.Min(abs(y - x) % circle, -abs(y - x) % circle)
far_pair, near_pair = (sp.Rational(7, 2), 2), (sp.Rational(5, 2), 1)
gain_on = lambda y: [
    geodesic(y, x) - geodesic(y, x_) for x, x_ in zip(far_pair, near_pair, strict=True)
]
assert gain_on(1) == [1, 1] and gain_on(-1) == [0, 1]

# %% [markdown]
# ### Only exponential tails
#
# ```{prf:theorem} Only exponentials
# :label: thm-lap-only
# Let $K=e^{k(d)}$ depend on the distance $d\ge0$ alone, be positive from some distance $r$ on, and never rise there. Suppose that for
# one bin and any two points at distances $\ge r$ the gradient stays when both recede by the same amount. Then $k(d)=k(r)-\lambda(d-r)$
# for $d\ge r$, with some $\lambda\ge0$.
# ```
#
# ```{prf:proof}
# With two points, $g=S-R$ and $R_1/R_2=(S_1/S_2)\,e^{k(d_1)-k(d_2)}$. So $g$ stays if and only if $k(d_1+c)-k(d_2+c)=k(d_1)-k(d_2)$. Let
# $f(t)=k(r+t)-k(r)$; with $d_2=r$ and $d_1=r+t$ this is *Cauchy's functional equation*
#
# $$
# f(t+c)=f(t)+f(c),\qquad t,c\ge0.
# $$ (cauchy)
#
# Hence $f(nt)=nf(t)$, and $f(q)=qf(1)$ for every rational $q\ge0$. As $f$ never rises, $-\lambda:=f(1)\le0$ and, for rationals
# $q\le t\le q'$, $-\lambda q'=f(q')\le f(t)\le f(q)=-\lambda q$; let them meet.
# ```
#
# Conversely, exponentials have the property. Of the kernels of [](kde_ce.py) that never vanish, the others do not: the bend
# $k(d+2)-2k(d+1)+k(d)$ is not 0.

# %%
bend = lambda k, d: sp.simplify(k.subs(u, d + 2) - 2 * k.subs(u, d + 1) + k.subs(u, d))
bends = {name: bend(line_kernels[name], 3) for name in ("laplace", "gaussian", "cauchy")}
assert bends["laplace"] == 0 and bends["gaussian"] < 0 < bends["cauchy"]
bends

# %% [markdown]
# That the kernel never rises is one way to ask for some regularity; that $k$ is measurable, or bounded above on an interval, does as
# well. Without any it is false. On distances $t=m+n\sqrt2$ with rational $m$, $n$ let $f(t)=-m-2n$: it is additive, so no radial move
# changes a gradient, but it is no multiple of $t$. Where $t$ is tiny, $f$ is any size and sign. (To extend it to all $t$ takes the
# axiom of choice.)

# %%
wild = lambda t: -t.coeff(sp.sqrt(2), 0) - 2 * t.coeff(sp.sqrt(2), 1)
t_1, t_2, tiny = 1 + sp.sqrt(2), 3 - 2 * sp.sqrt(2), 99 - 70 * sp.sqrt(2)
assert wild(sp.expand(t_1 + t_2)) == wild(t_1) + wild(t_2)
assert wild(t_1) / t_1 != wild(t_2) / t_2
assert 0 < tiny < sp.Rational(1, 100) and wild(tiny) == 41

# %% [markdown]
# ### When everything recedes
#
# ```{prf:theorem} Receding
# :label: thm-lap-recede
# Let points be at distances $d_j+D$ from one bin, or, all on one side, from a target, and let $D$ grow, where $k=\log K$ never rises.
#
# 1. If $k$ is concave from the nearest distance on, $\lVert g\rVert_1$ never falls; if it is convex there, $\lVert g\rVert_1$ never
#    rises; if it is affine, $g$ stays.
# 2. If $k'(d)\to-\lambda$ as $d\to\infty$, then $g\to S-\operatorname{softmax}(z-\lambda d)$. For $\lambda=0$ that is 0. For
#    $\lambda=\infty$ read it as: the nearest points $N$ share all responsibility, $g\to S_j-[j\in N]\,S_j/S_N$, of norm $2(1-S_N)$.
# ```
#
# ```{prf:proof}
# Number the points by distance. $R_j/S_j\propto e^{k(d_j+D)}$ never rises with $j$, so the points that gain, $R_j\ge S_j$, are the
# first few, and $\lVert g\rVert_1=2\max_A(R(A)-S(A))$ over the sets $A=\{1,\dots,i\}$. When $D$ grows to $D'$, $R_j$ is multiplied by
# $\tau_j\propto e^{k(d_j+D')-k(d_j+D)}$. If $k$ is concave, these differences never rise with $d_j$; so with
# $\alpha=\E_R[\tau|A]\ge\beta=\E_R[\tau|A^c]$ and $P=R(A)$ before, $A$ gains
#
# $$
# \frac{\alpha P}{\alpha P+\beta(1-P)}-P=\frac{P(1-P)(\alpha-\beta)}{\alpha P+\beta(1-P)}\ge0.
# $$ (gain-of-the-near)
#
# For convex $k$, $\alpha\le\beta$. All places of a target with the points on one side order them alike, so the same holds for the means
# $\bar R(A)$. For 2, the mean value theorem gives $k(d_j+D)-k(d_i+D)\to-\lambda(d_j-d_i)$, at each place; $R$ is bounded, so its mean
# over the places has the mean of the limits.
# ```

# %%
alpha, beta = sp.symbols("alpha beta", positive=True)
gain_of_near = alpha * share / (alpha * share + beta * (1 - share)) - share
claimed = share * (1 - share) * (alpha - beta) / (alpha * share + beta * (1 - share))
assert sp.cancel(gain_of_near - claimed) == 0

# %% [markdown]
# The three kernels: $\lambda$, and the second derivative of $k$, in bandwidths.

# %%
far = sp.Symbol("d", positive=True)
tail = {name: line_kernels[name].subs(u, far) for name in bends}
rate = {name: -sp.limit(sp.diff(k, far), far, sp.oo) for name, k in tail.items()}
curvature = {name: sp.factor(sp.diff(k, far, 2)) for name, k in tail.items()}
assert rate == {"laplace": 1, "gaussian": sp.oo, "cauchy": 0}
assert curvature["laplace"] == 0 and curvature["gaussian"] == -1
assert curvature["cauchy"].subs(far, 1 + k).is_positive and curvature["cauchy"].subs(far, 0) < 0
sp.Matrix([[sp.Symbol(name), rate[name], curvature[name]] for name in tail])

# %% [markdown]
# So the gradient stays with the Laplace kernel, grows with the Gaussian until the nearest point has all the responsibility, and dies
# away with the Cauchy kernel, but only from one bandwidth on: nearer than that, the Cauchy kernel bends like a Gaussian and its
# gradient grows too.
#
# "This behavior disobeys the intuition that when data points are far from target distribution, it should not learn as much as when they
# are near": the behaviour is that of one tail. Heavier ones obey, lighter ones do the opposite.
#
# ### Squared errors, and probabilities
#
# The reply compares: "Most loss functions (e.g., mean squared error) learn more for far data points than close ones", one may wish to
# "give up" on far ones, and the KDE loss is "a middle ground". For a forecast $\bar x=\sum_jS_jx_j$ with the squared error
# $(\bar x-y)^2$, $\partial/\partial z_j=2(\bar x-y)\,S_j(x_j-\bar x)$ is affine in a common distance: it grows for ever. The negative
# probability $-p$ has a gradient that scales with $K$ ({prf:ref}`thm-degrees`): it gives up, with any kernel that falls to
# 0. The logarithm with the Laplace kernel stands in between, exactly: nothing changes.

# %%
x, y, D = sp.symbols("x:3"), sp.Symbol("y"), sp.Symbol("D", positive=True)
forecast = sum(S[i] * x[i] for i in range(3))
of_squared_error = by_logit((forecast - y) ** 2)
slope = sp.Matrix([2 * (forecast - y) * S[i] * (x[i] - forecast) for i in range(3)])
assert same(of_squared_error, slope)
receded = {x[i]: x[i] + D for i in range(3)}
second = slope.subs(receded, simultaneous=True).diff(D, 2)
first = slope.subs(receded, simultaneous=True).diff(D)
assert same(second, sp.zeros(3, 1)) and same(
    first, sp.Matrix([2 * S[i] * (x[i] - forecast) for i in range(3)])
)

# %%
fade = {entry: sp.exp(-D) * entry for entry in K}
of_probability = by_logit(-p[0])
assert same(of_probability.subs(fade, simultaneous=True), sp.exp(-D) * of_probability)

# %% [markdown]
# Which of the three hits more often is a question for data, not for algebra.
#
# ## Limits
#
# **Past the edge.** {prf:ref}`thm-lap-radial` ends where the first point lands. Shift one-sided points further and the leading one
# passes by places of the target, which then gain nothing: with $\gamma$ as above, it loses $2\min(c,\gamma)/h$ against the others.
#
# **Inside.** A point inside the target is its own edge point: radial moves of the others alone are no common scale. If one point is
# inside, $\min_jd_j=0$ and the theorem says nothing.
#
# **A floor** compares $K$ with a constant, so nothing here survives it ([](invariances.py)).
#
# **The bandwidth** is the unit of all distances: a radial move changes $\partial L/\partial h$, and with a learned $h$ far points do
# speak: they ask for a wider kernel.
#
# ## The thread, sentence by sentence
#
# | the thread | holds | stops |
# | --- | --- | --- |
# | far data teach as much as near data, against intuition | for the Laplace kernel, all points outside ({prf:ref}`thm-lap-radial`) | for any other tail: the Gaussian teaches more, the Cauchy kernel less ({prf:ref}`thm-lap-recede`) |
# | the distance of the closest point to the *centre* may be subtracted | for one bin ({prf:ref}`thm-lap-centre`) | for an interval: up to the *edge* it may, further on the gradient moves, by $2\tanh\frac{b-a}{8h}$ at most |
# | "all the data points are moving to the center … at the same speed" | as radial moves | as a shift of the axis, if there are points on both sides ({prf:ref}`thm-lap-tilt`), and through the antipode of a circle |
# | squared errors learn more for far data | always: linearly more | – |
# | the loss is "a middle ground" | exactly so with the Laplace kernel, between a squared error and the probability | as a promise of more hits: that is for experiments |
#
# The other sentences have their verdicts in [](invariances.py) (scale, learning rate, normaliser), [](one_hot.py) (matches, hard cases)
# and [](convexity_and_em.py) (repeated training).
#
# ## Check
#
# One example in exact numbers, $h=1$: three points with weights $(1,2,3)/6$ at edge distances $\log 8$, $\log 4$ (left) and $\log2$
# (right), two bins on the edges, $b-a=\log2$. Radially by $\log2$, the gradient stays. From there the rule of the thread goes on to the
# centre, by half the width: $g$ moves, by less than its bound $2\tanh\frac{\log2}4$ for any target.


# %%
def gradient_at(points, places):
    """The gradient of two bins of equal mass at exact places, h = 1."""
    kernel = {K[n, i]: sp.exp(-abs(places[n] - points[i])) for n in range(2) for i in range(3)}
    weights = {v[i]: example[v[i]] for i in range(3)}
    both = sp.ones(1, 2) * R.subs(kernel).subs(weights) / 2
    return S.subs(weights) - both.T


two = sp.log(2)
start, landed = (-3 * two, -2 * two, 2 * two), (-2 * two, -two, two)
at_centre = tuple(x - sp.sign(x - two / 2) * two / 2 for x in landed)
g_start, g_landed, g_centre = (gradient_at(x, (0, two)) for x in (start, landed, at_centre))
assert (g_start - g_landed).applyfunc(sp.simplify).is_zero_matrix
moved = float(sum(map(sp.Abs, g_centre - g_landed)))
assert 0 < moved < float(2 * sp.tanh(two / 4))
round(moved, 4)
