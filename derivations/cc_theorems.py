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
# # Theorems about the reduced normaliser
#
# ## Claim
#
# The log-partition of the continuous categorical is an elementary expression plus the logarithm of one number $F$, the *reduced
# normaliser*, and $F$ is hardly more than a constant: it stays between $0.367$ and $0.441$ for every number of categories and all logits.
# This page proves that, and bounds the error of fixed quadrature rules for $F$, for all logits at once.
#
# Three kinds of statement are kept apart. A **theorem** is proved here, and sympy does the eliminations. A **certificate** is a theorem
# whose last step is an evaluation in interval arithmetic; `python -m derivations._cc_certificate` repeats it in half a minute. An
# **observation** has been measured and is not proved.
#
# | statement | kind |
# | --- | --- |
# | $1/e\le F$, with equality for one category only | {prf:ref}`thm-cct-lower` |
# | $F<F^*=0.44055\ldots$, approached but not reached; the exact maximum for each $D$ | {prf:ref}`thm-cct-upper`, last digits: certificate |
# | $\mu_k\ge0.455\,m_k$: each mean is its leading factor, up to a constant | {prf:ref}`thm-cct-means` |
# | 60 nodes give $F$ within $4\cdot10^{-17}$ of itself, 24 nodes within $6\cdot10^{-9}$, for all logits | {ref}`certificate <cct-cert-rules>` |
# | 30 nodes or fewer, of another path, are enough where no category dominates, and few power sums where all are small | {ref}`certificate <cct-cert-fewer>` |
# | the saddle iteration never overshoots and stops after $\frac34\log_2D+5$ steps; no constant number is enough | {prf:ref}`thm-cct-saddle` |
# | $\log Z$ and each $\log\mu_k$ move by no more than the logits do | {prf:ref}`thm-cct-lipschitz` |
# | rounding errors are multiplied by at most 2.12 (2.19 on the other path) when the nodes are added | certificate; the rounding errors themselves: measured elsewhere |

# %% [markdown]
# ## Symbols
#
# For a number $s_0>\max\eta$ let
#
# $$
# m_k=\frac1{s_0-\eta_k},\qquad \sigma^2=\sum_km_k^2,\qquad p_k=\frac{m_k}\sigma,\qquad \delta=\frac{\sum_km_k-1}\sigma,
# $$ (cct-symbols)
#
# so that $p_k>0$ and $\sum_kp_k^2=1$. The partition function is $Z=\frac1{2\pi i}\int e^s\prod_k(s-\eta_k)^{-1}\,\dd s$ over a line right
# of the logits, the inverse Laplace transform of a product of simple factors. Substitute $s=s_0+\zeta/\sigma$; since
# $s-\eta_k=(1+p_k\zeta)/m_k$,
#
# $$
# \begin{gathered}
# \log Z=s_0+\sum_k\log m_k-\log\sigma+\log F,\\
# F=\frac1{2\pi i}\int e^{H(\zeta)-\delta\zeta}\,\dd\zeta,\qquad
# H(\zeta)=\sum_k\varphi(p_k\zeta),\qquad \varphi(x)=x-\log(1+x),
# \end{gathered}
# $$ (cct-scaling)
#
# for any $s_0$ at all. At the *saddle*, $\sum_km_k=1$, we have $\delta=0$, and this is meant by $F$ unless $\delta$ is mentioned. Two
# more factors turn $F$ into the moments,
#
# $$
# \begin{gathered}
# \mu_k=m_k\frac{I_k}F,\qquad \E[y_ky_l]=m_km_l\,\frac{(1+[k=l])\,I_{kl}}F,\\
# I_k=\frac1{2\pi i}\int\frac{e^{H-\delta\zeta}}{1+p_k\zeta}\,\dd\zeta,\qquad
# I_{kl}=\frac1{2\pi i}\int\frac{e^{H-\delta\zeta}}{(1+p_k\zeta)(1+p_l\zeta)}\,\dd\zeta,
# \end{gathered}
# $$ (cct-moments)
#
# as a category taken twice, {eq}`cc-moments`, is one more factor $1/(s-\eta_k)=m_k/(1+p_k\zeta)$.
#
# **A density.** Let $E,E',E_1,E_2,\dots$ be independent exponential variables of mean 1, $\Xi$ a standard normal variable, and
#
# $$
# Y=\sum_kp_k(E_k-1)+\sqrt v\,\Xi,\qquad \sum_kp_k^2+v=1,\qquad v\ge0 .
# $$ (cct-Y)
#
# $\E e^{-\zeta Y}=e^{H(\zeta)}$ with $H=\sum_k\varphi(p_k\zeta)+\frac12v\zeta^2$, so $F=f_Y(0)$, and $f_Y(-\delta)$ off the saddle. There
# may be infinitely many $p_k$, and the normal part stands for infinitely many infinitely small ones: with it, the set of all weight
# vectors is closed. Contours run from $-i\infty$ to $i\infty$, cross the real axis at a number $\ge0$, and may be bent to the left by
# less than $45^\circ$ against the vertical; the integrand then decays exponentially ({prf:ref}`lem-cct-envelope`) and may be
# differentiated. All poles are at or left of $-1$.

# %%
from fractions import Fraction

import mpmath
import numpy as np
import sympy as sp
from mpmath import mp

from derivations import _cc_certificate as certificate
from derivations import cc

rng = np.random.default_rng(1)

# %% [markdown]
# For checks by numbers the contour of the certificate will do: it computes $F$ to machine precision, which is proved below, and here is
# one check against exact sums that know of no contour: the two sides of {eq}`cct-scaling` for hostile logits, at the saddle and off it.


# %%
def nodes(name):
    """zeta_j and w_j with (1/2 pi i) int f(zeta) dzeta = sum Re w_j f(zeta_j) up to quadrature, as complex arrays."""
    A, B, c0, h, N = map(float, certificate.RULES[name][:5])
    u = (np.arange(N) + 0.5) * h
    zeta = c0 + A * (1 - np.cosh(u)) + 1j * B * np.sinh(u)
    return zeta, h / np.pi * (B * np.cosh(u) + 1j * A * np.sinh(u))


ZETA, W = nodes("float64")


def integral(p, power=0, factors=(), v=0.0, delta=0.0):
    """(1/2 pi i) int zeta^power e^(H - delta zeta) / prod (1 + x zeta) dzeta over the x of `factors`."""
    p = np.asarray(p, float)[:, None]
    H = (p * ZETA - np.log(1 + p * ZETA)).sum(0) + v * ZETA**2 / 2 - delta * ZETA
    for x in factors:
        H = H - np.log(1 + x * ZETA)
    return float((W * ZETA**power * np.exp(H)).real.sum())


def unit(weights):
    return np.asarray(weights, float) / np.linalg.norm(weights)


def log_Z(eta, s0):
    """The right side of (cct-scaling)."""
    m = 1 / (s0 - np.asarray(eta, float))
    sigma = np.linalg.norm(m)
    F = integral(m / sigma, delta=(m.sum() - 1) / sigma)
    return s0 + np.log(m).sum() - np.log(sigma) + np.log(F)


for eta in ([0], [0, -1], [0, 0, 1e-9, 1, 7, 20], [5.0 * k for k in range(12)]):
    for s0 in (max(eta) + 1, max(eta) + 1.5):
        A = float(cc.log_partition_exact(eta, 25))
        assert abs(log_Z(eta, s0) - A) < 1e-13 * max(1, abs(A))

# %% [markdown]
# ## Derivation
#
# ### Moving weight between categories
#
# Two derivatives do all the work: of $F$ in the size of one weight, and in the distance of two.
#
# ```{prf:lemma} One weight
# :label: lem-cct-one
# For $x\ge0$ let $G(x)=\frac1{2\pi i}\int\frac{\zeta^2e^H}{1+x\zeta}\,\dd\zeta$, the second derivative of the density of $Y+xE'$ at 0.
# With $q_k=p_k^2$,
#
# $$
# \frac{\partial F}{\partial q_k}=\tfrac12G(p_k),\qquad \frac{\partial F}{\partial v}=\tfrac12G(0)=\tfrac12f_Y''(0).
# $$ (cct-one)
#
# If $F$ is stationary on $\sum q_k+v=1$ in the coordinates that are positive, then $G(p_k)=-F$ for each $p_k>0$, and $G(0)=-F$ if $v>0$.
# ```
#
# ```{prf:proof}
# $\varphi'(x)=x/(1+x)$, so $\partial F/\partial p_k=p_kG(p_k)$, which is {eq}`cct-one`. Stationary means that all these derivatives have
# one value, $\frac12c$. The density of $tY$ at 0 is $F/t$, so $F$ is homogeneous of degree $-1$ in $(p,\sqrt v)$, and Euler's relation
# reads $\sum_kp_k^2G(p_k)+vG(0)=-F$, an absolutely convergent sum. Its left side is $c$.
# ```
#
# ```{prf:lemma} Two weights
# :label: lem-cct-two
# Vary $p_k$ and $p_l$ with $Q=p_k^2+p_l^2$ fixed, and let $s=p_k+p_l$, which is at most $\sqrt{2Q}$, and that only at a tie. Then
#
# $$
# \begin{gathered}
# \frac{\dd F}{\dd s}=p_kp_l\,T(p_k,p_l),\qquad T(x,x)=-G'(x),\\
# T(x,y)=\frac1{2\pi i}\int\frac{\zeta^3e^H\,\dd\zeta}{(1+x\zeta)(1+y\zeta)}=\frac{G(x)-G(y)}{y-x}.
# \end{gathered}
# $$ (cct-two)
#
# $T(x,y)$ is the third derivative of the density of $Y+xE'+yE''$ at 0.
# ```
#
# ```{prf:proof}
# The two contribute $s\zeta-\log\big(1+s\zeta+\frac12(s^2-Q)\zeta^2\big)$ to $H$, with $\frac12(s^2-Q)=p_kp_l$. Differentiate in $s$; the
# second form of $T$ is a partial fraction. At a tie $s$ can only decrease, and the derivative is one-sided.
# ```

# %%
x, y, s, Q, Z = sp.symbols("x y s Q zeta", positive=True)
product = (s**2 - Q) / 2  # of the two weights
assert sp.expand(product.subs({s: x + y, Q: x**2 + y**2}) - x * y) == 0
by_sum = sp.diff(s * Z - sp.log(1 + s * Z + product * Z**2), s)
assert sp.simplify(by_sum - product * Z**3 / (1 + s * Z + product * Z**2)) == 0
with_factor = lambda x: Z**2 / (1 + x * Z)
divided = (with_factor(x) - with_factor(y)) / (y - x)
assert sp.simplify(divided - Z**3 / ((1 + x * Z) * (1 + y * Z))) == 0
assert sp.simplify(-sp.diff(with_factor(x), x) - Z**3 / (1 + x * Z) ** 2) == 0
sp.simplify(by_sum)

# %% [markdown]
# By numbers: Euler's relation, and a finite difference in $s$.


# %%
def G(x, p, v=0.0):
    return integral(p, 2, (x,), v)


def with_sum(p, s):
    """p with its first two weights replaced by those of sum s and the same sum of squares."""
    gap = np.sqrt(2 * (p[0] ** 2 + p[1] ** 2) - s**2)
    return np.r_[(s + gap) / 2, (s - gap) / 2, p[2:]]


for p in map(unit, ([3, 1, 1], [1, 0.5, 2, 2, 0.1], [1, 2, 3, 4, 5, 6, 7, 8])):
    assert abs((p**2 * [G(x, p) for x in p]).sum() + integral(p)) < 1e-13
    step, total = 1e-4, p[0] + p[1]
    difference = integral(with_sum(p, total + step)) - integral(with_sum(p, total - step))
    assert abs(difference / (2 * step) - p[0] * p[1] * integral(p, 3, p[:2])) < 1e-6

# %% [markdown]
# ### Counting signs
#
# How many different weights can a maximum or a minimum have? They are zeros of $G+F$, and zeros of such integrals are counted by changes
# of sign. We need two facts of that theory {cite}`karlin1968`, and prove them.
#
# ```{prf:lemma} Exponentials diminish variation
# :label: lem-cct-signs
# (a) Let $x>0$ and $e^{y/x}g(y)$ be integrable at $-\infty$. The convolution of $g$ with the density of $xE$ has no more sign changes
# than $g$.
#
# (b) Let $g$ on $(0,\infty)$ be of polynomial growth at most, not 0 almost everywhere, with $n$ sign changes. Then
# $\int_0^\infty e^{-ty}g(y)\,\dd y$ has at most $n$ zeros in $t>0$, counted with multiplicity.
#
# Measures are allowed for $g$; and in (b) the whole line, for all $t$ in an interval where the integral converges absolutely.
# ```
#
# ```{prf:proof}
# (a) The convolution is $h(y)=\frac1xe^{-y/x}\int_{-\infty}^ye^{t/x}g(t)\,\dd t$. So $e^{y/x}h$ starts from 0 at $-\infty$; to take $n+1$
# alternating signs it has to move in $n+1$ alternating directions, and it moves as $g$ has signs.
#
# (b) By induction. For $n=0$ the integral, $L(t)$, is not 0. Otherwise let $g$ change its sign at $y_1$:
# $(e^{ty_1}L)'=-\int(y-y_1)e^{-t(y-y_1)}g\,\dd y$ is, up to a factor, a transform of the same kind with $n-1$ sign changes. By Rolle's
# theorem a derivative has at most one zero fewer than its function, multiplicities included.
# ```
#
# ```{prf:lemma} The shape of the second derivative
# :label: lem-cct-shape
# Let $f$ be the density of $Y$ with at least three positive $p_k$, or with $v>0$, and $c>0$. Then $J=\{x:f''(x)+c<0\}$ is an interval or
# empty. It lies in an interval on which $f''$ first falls and then rises (weakly), and outside of which $f''\ge0$.
# ```
#
# ```{prf:proof}
# *Finitely many weights, $n\ge3$, and $v=0$.* $f$ lives on $[-M,\infty)$ with $M=\sum p_k$, is analytic inside, and starts like
# $(x+M)^{n-1}$, so $f'(-M^+)=0$ and $f''(-M^+)\ge0$. The third difference $f_h(x)=h^{-3}\sum_j(-1)^j\binom3jf(x-jh)$ is $f$ convolved
# with four atoms of alternating signs, so it has at most three sign changes ({prf:ref}`lem-cct-signs`a, once for each $p_k$). Its first
# sign is $+$, as $f_h=h^{-3}f$ on $(-M,-M+h)$. With $h\to0$, $f_h\to f'''$ on $(-M,\infty)$, so the signs of $f'''$ in their order are
# the beginning of $(+,-,+,-)$ or of $(-,+,-)$. The last of them is $-$: if $f'''>0$ near $\infty$, then $f''$ rises to 0 and is negative,
# so $f'$ falls to 0 and is positive, so $f$ rises to 0 and is negative. Neither $(-)$ nor $(+,-)$ is possible: $f''$ would start at
# $f''(-M^+)\ge0$, end by falling to 0, and be positive throughout, and $f'$ would rise from 0 and not return. There remain $(-,+,-)$ and
# $(+,-,+,-)$: perhaps a rise of $f''$ from a value $\ge0$; a fall; a rise; a fall to $0$. On the first and the last piece $f''\ge0$; the
# two in the middle are the interval.
#
# *Infinitely many, or $v>0$.* Such a $Y$ is a limit of the first kind: break off the sequence $p$, and replace $\sqrt v\,\Xi$ by $N$
# weights $\sqrt{v/N}$. The transforms converge ({prf:ref}`lem-cct-compact`), and their product with $t^3$ has an integrable bound: five
# weights that stay give $\prod(1+p_k^2t^2)^{-1/2}$, and $(1+vt^2/N)^{-N/2}\le(1+vt^2/5)^{-5/2}$ for $N\ge5$. So $f'''$ converges
# everywhere, and its signs in their order are a part of $(+,-,+,-)$. The first is $+$, or $f''$, $f'$ and $f$, which all start from 0,
# would become negative. The last is $-$ as before. And $(+,-)$ alone would make $f''\ge0$ throughout, while $f'$ goes from 0 to 0. So
# again $f''$ rises from 0, falls, rises, and falls to 0, now weakly.
# ```
#
# With two weights $a\ge b$ and $v=0$ the same holds if $f''$ is read as a measure: it has an atom $1/(ab)>0$ at $-M$, is negative right
# of it, rises to a positive value, and falls to 0.
#
# ```{prf:proposition} At most two zeros
# :label: prop-cct-zeros
# Let there be at least two positive $p_k$, or $v>0$, and $L(x)=G(x)+F$ for $x>0$. (i) $L$ has at most two zeros, counted with
# multiplicity, and is positive for large $x$. (ii) If $f_Y''(0)+F\le0$ it has at most one.
# ```
#
# ```{prf:proof}
# $1/(1+x\zeta)$ is the transform of $xE'$, so
#
# $$
# L(x)=\frac1x\int_0^\infty e^{-y/x}\,\big[f''(-y)+F\big]\,\dd y .
# $$ (cct-L)
#
# By {prf:ref}`lem-cct-shape` with $c=F$ the bracket is negative for $-y\in J$ and nowhere else: at most two sign changes, and
# {prf:ref}`lem-cct-signs`b counts the zeros in $t=1/x$. As $x\to\infty$, $|G|\le\frac1x\int|f''|\to0$. For (ii): if $f''(0)+F<0$, then
# $0\in J$, and one change is left in $y>0$. If $f''(0)+F=0$, and $J$ lies right of 0 or is empty, there is none in $y>0$. If $J$ lies
# left of 0, then 0 is on the rising branch, $f''=-F$ from $J$ up to 0, and again one change is left.
# ```
#
# By numbers: over random weights $L$ changes its sign once or twice on $(0,1]$.


# %%
def random_weights(D):
    kinds = (
        lambda: rng.random(D),
        lambda: np.exp(3 * rng.normal(size=D)),
        lambda: np.exp(rng.normal(size=D)),
        lambda: 10.0 ** (-3 * rng.random(D) * np.arange(D)),
        lambda: np.r_[1.0, np.full(D - 1, rng.random())],
        lambda: np.r_[np.ones(D - 1), rng.random()],
    )
    return unit(kinds[rng.integers(len(kinds))]())


def sign_changes(values):
    return int((np.diff(np.sign(values)) != 0).sum())


for D in rng.integers(3, 12, size=60):
    p = random_weights(D)
    assert sign_changes([G(x, p) + integral(p) for x in np.geomspace(1e-3, 1, 80)]) in (1, 2)

# %% [markdown]
# ```{prf:theorem} Structure
# :label: thm-cct-structure
# Let $F$ have a maximum or a minimum at $p$ among all weight vectors with $D$ entries $\ge0$. Its positive entries take at most two
# values $a>b$. If there are two, then at a minimum $b$ occurs once, and at a maximum $a$ occurs once.
# ```
#
# ```{prf:proof}
# Let $n$ entries be positive; for $n\le2$ nothing is to be shown. They are zeros of $L$ ({prf:ref}`lem-cct-one`), so there are at most
# two values, and if two, both zeros are simple. As $L>0$ for large $x$, $G'(a)>0>G'(b)$. Suppose that $x$ occurs twice and move the two
# apart: $s$ falls, and by {eq}`cct-two` $\dd F/\dd s=-x^2G'(x)$. For $x=b$ that is positive and $F$ falls: no minimum. For $x=a$ it is
# negative and $F$ rises: no maximum.
# ```
#
# ### Two values
#
# What is left are curves with one parameter.
#
# ```{prf:lemma} The two-value curve
# :label: lem-cct-curve
# For real $r\ge1$ let $V_r(t)=\log F$ for $r$ equal weights and one that is $t$ times as large, $0<t<\infty$. With Kummer's function
# $R(z)=M(1;r+1;-z)$
#
# $$
# e^{V_r(t)}=\frac{\sqrt{r+t^2}}{r!}\,e^{-r-t}\,\frac{(r+t)^r}t\,R(z),\qquad z=\frac{(1-t)(r+t)}t,
# $$ (cct-curve)
#
# and wherever $V_r'(t)=0$ and $t\ne1$,
#
# $$
# V_r''(t)=\frac{r\,N(t)}{t\,(r+t)\,(r+t^2)^2},\qquad N(t)=3rt-2r-2t^3+3t^2 .
# $$ (cct-second)
# ```
#
# ```{prf:proof}
# $F$ is $\sqrt{r+t^2}$ times the density of $\Gamma_r+tE$ at its mean $X=r+t$, which is
# $\frac1{t\,\Gamma(r)}\int_0^Xe^{-(X-y)/t}y^{r-1}e^{-y}\,\dd y$; put $y=Xw$ and use $\int_0^1e^{-z(1-w)}w^{r-1}\,\dd w=R(z)/r$. The
# coefficients $(-1)^n/(r+1)_n$ of $R$ show that $zR'=r-(z+r)R$. Hence $V_r'=U-P/R$ with
#
# $$
# P=\frac{r(r+t^2)}{t(1-t)(r+t)},\qquad U=\frac{r\,(r+2t^2-t)}{t^2(r+t^2)(1-t)},
# $$
#
# and $U\ne0$, as $2t^2-t+r$ has the discriminant $1-8r<0$. Where $V_r'=0$, put $R=P/U$ into $V_r''$.
# ```

# %%
r, t, R = sp.symbols("r t R", positive=True)
z = (1 - t) * (r + t) / t
elementary = sp.log(r + t**2) / 2 - t + r * sp.log(r + t) - sp.log(t)  # V_r without log R
kummer = (r - (z + r) * R) / z  # R'
by_t = lambda f: sp.diff(f, t) + sp.diff(f, R) * kummer * sp.diff(z, t)
P = r * (r + t**2) / (t * (1 - t) * (r + t))
U = r * (r + 2 * t**2 - t) / (t**2 * (r + t**2) * (1 - t))
rise = by_t(elementary + sp.log(R))
assert sp.cancel(sp.together(rise - (U - P / R))) == 0

# %%
N = 3 * r * t - 2 * r - 2 * t**3 + 3 * t**2
second = r * N / (t * (r + t) * (r + t**2) ** 2)
assert sp.cancel(sp.together(by_t(rise).subs(R, P / U) - second)) == 0
second

# %% [markdown]
# Kummer's equation, coefficient by coefficient; then {eq}`cct-curve` against the contour, and {eq}`cct-second` at critical points on both
# sides of 1.


# %%
n = sp.Symbol("n", positive=True, integer=True)
coefficient = lambda n: (-1) ** n / sp.rf(r + 1, n)
assert sp.gammasimp((n + r) * coefficient(n) + coefficient(n - 1)) == 0


def V(r, t):
    """The logarithm of the right side of (cct-curve)."""
    r, t = mp.mpf(r), mp.mpf(t)
    front = mp.log(r + t**2) / 2 - mp.loggamma(r + 1) - r - t + r * mp.log(r + t) - mp.log(t)
    return front + mp.log(mp.hyp1f1(1, r + 1, -(1 - t) * (r + t) / t))


for many, single in ((1, 0.4), (2, 0.5), (2, 3), (30, 0.6), (30, 9)):
    assert abs(mp.exp(V(many, single)) - integral(unit([1.0] * many + [single]))) < 1e-14
    with mp.workdps(30):
        curve = lambda t, many=many: V(many, t)
        critical = mp.findroot(lambda t, curve=curve: mp.diff(curve, t), single)
        difference = mp.diff(curve, critical, 2)
        formula = second.evalf(30, {r: many, t: sp.Float(str(critical), 30)})
        assert abs(critical - 1) > 0.1 and abs(difference - mp.mpf(formula)) < 1e-8

# %% [markdown]
# ```{prf:lemma} Its shape
# :label: lem-cct-hills
# Let $F_n=n^{n-1/2}e^{-n}/(n-1)!$ be $F$ for $n$ equal weights. It rises with $n$ from $1/e$ to $1/\sqrt{2\pi}$. For an integer $r\ge1$
# the curve $V_r$ rises from $\log F_r$ at $t=0$ to a maximum, falls to $\log F_{r+1}$ at $t=1$, rises to a maximum at some $t>1$, and
# falls to $-1$ at $t=\infty$.
# ```
#
# ```{prf:proof}
# $F_n$ is the density of $\Gamma_n$ at its mean times $\sqrt n$. $\log(F_{n+1}/F_n)=(n+\frac12)\log(1+\frac1n)-1>0$, as the middle of
# $[n,n+1]$ underestimates the integral of $1/x$; the limit is Stirling's. The limits of $V_r$ at $0$ and $\infty$ are continuity
# ({prf:ref}`lem-cct-compact`).
#
# *The sign of $N$.* $N(0)=-2r$, $N(1)=r+1$, $N'=3r+6t(1-t)>0$ on $[0,1]$, and beyond $N$ is concave and goes to $-\infty$. So $N$ is
# negative on $(0,t_0)$, positive on $(t_0,t_1)$, and negative beyond, with $t_0<1<t_1$. By {eq}`cct-second` critical points are strict
# maxima in $(0,t_0)$ and $(t_1,\infty)$, and strict minima in $(t_0,t_1)$ without 1; and neither two maxima nor two minima are
# neighbours.
#
# *At $t=1$*, of which {eq}`cct-second` does not speak, let $a$ be the repeated weight and $b=ta$. With $q_b=b^2$ as the parameter and
# $q_a=(1-q_b)/r$, {eq}`cct-one` and {eq}`cct-two` give $\dd F/\dd q_b=\frac12(G(b)-G(a))=\frac12(a-b)\,T(a,b)$. At the tie $T$ has the
# sign of the third derivative, at $r+1$, of the density of $\Gamma_{r+3}$, which is that of $-(r+1)$. So $V_r$ falls before $t=1$ and
# rises after.
#
# *Between.* In $(t_0,1)$ critical points would be minima, the last of them followed by a rise up to $t=1$: there is none, and $V_r$
# falls. In $(0,t_0)$ there is at most one, a maximum; and as $V_r(0)<V_r(1)$, $V_r$ does not fall throughout. In $(1,t_1)$ they would be
# minima, the first of them reached by a fall from $t=1$: there is none, and $V_r$ rises. In $(t_1,\infty)$ there is at most one, a
# maximum; and as $V_r(\infty)=-1<V_r(1)$, the curve does turn. (A zero of $V_r'$ just at $t_0$ or $t_1$ changes nothing in this.)
# ```

# %%
gamma_density = t ** (r + 2) * sp.exp(-t)  # of Gamma_{r+3}, up to a positive factor
third = sp.simplify(sp.diff(gamma_density, t, 3) / (t ** (r - 1) * sp.exp(-t)))
assert sp.expand(third.subs(t, r + 1) + (r + 1)) == 0
assert N.subs(t, 0) == -2 * r and sp.expand(N.subs(t, 1) - (r + 1)) == 0
assert sp.expand(sp.diff(N, t) - (3 * r + 6 * t * (1 - t))) == 0
assert sp.expand(sp.diff(N, t, 2) - (6 - 12 * t)) == 0


# %%
def F_equal(n):
    return n ** (n - mp.mpf(1) / 2) * mp.exp(-n) / mp.factorial(n - 1)


for many in (1, 2, 7, 40):
    assert abs(F_equal(many) - integral(unit([1.0] * many))) < 1e-14
    heights = np.array([V(many, t) for t in mpmath.linspace(0.02, 0.98, 49)], float)
    assert sign_changes(np.diff(heights)) == 1

# %% [markdown]
# ### All weight vectors at once
#
# ```{prf:lemma} Compactness
# :label: lem-cct-compact
# Let $\mathcal P$ be the set of all sequences $p_1\ge p_2\ge\dots\ge0$ with $\sum p_k^2\le1$, with convergence entry by entry, and
# $v=1-\sum p_k^2$. $\mathcal P$ is compact, $F$ is continuous on it, and finite $p$ with $v=0$ are dense.
# ```
#
# ```{prf:proof}
# *Compact*: closed in $[0,1]^\infty$ by Fatou's lemma.
#
# *Transforms converge*: the logarithm of the transform at $\zeta=it$ is $-\frac12t^2+\sum_k\big[\varphi(ip_kt)+\frac12p_k^2t^2\big]$. The
# bracket is at most $\frac13p_k^3|t|^3$, since its derivative in $t$ is $ip_k^3t^2/(1+ip_kt)$. From $kp_k^2\le1$ follows
# $\sum_{k>n}p_k^3\le n^{-1/2}$, one bound of the tail for all $p$.
#
# *Densities converge*: let $p_1^2\le1-\epsilon$ with $\epsilon\le\frac12$. $q\mapsto\log(1+qt^2)$ is concave and at most $qt^2$, so among
# all ways to divide 1 into shares no larger than $1-\epsilon$ the modulus of the transform is largest for $1-\epsilon$ and $\epsilon$:
# $[(1+(1-\epsilon)t^2)(1+\epsilon t^2)]^{-1/2}$, which is integrable. If $p_1\to1$ instead, then $F=\E\,g(-S)$ with the density $g$ of
# $p_1(E-1)$, bounded and continuous near 0, and a rest $S\to0$ in the mean square: $F\to1/e$.
#
# *Dense*: replace $v$ by $N$ weights $\sqrt{v/N}$.
# ```

# %%
tau = sp.Symbol("tau", real=True)  # the t of the proof
bracket = sp.I * x * tau - sp.log(1 + sp.I * x * tau) + x**2 * tau**2 / 2
assert sp.simplify(sp.diff(bracket, tau) - sp.I * x**3 * tau**2 / (1 + sp.I * x * tau)) == 0

# %% [markdown]
# ### The lower bound
#
# ```{prf:theorem} Lower bound
# :label: thm-cct-lower
# $F\ge1/e$ for every weight vector in $\mathcal P$, with equality for a single category ($p_1=1$) only.
# ```
#
# ```{prf:proof}
# *Finite.* A minimum over the vectors with $D$ entries $\ge0$ exists. If its $n$ positive entries are equal, $F=F_n\ge F_1=1/e$, with
# equality for $n=1$. If not, they are $n-1=r$ equal ones and a smaller one ({prf:ref}`thm-cct-structure`), so $F=e^{V_r(t)}$ with
# $0<t<1$, and $F>F_r\ge1/e$ by {prf:ref}`lem-cct-hills`. So the minimum is $1/e$, at a single category and nowhere else.
#
# *Infinite.* $F\ge1/e$ as finite $p$ are dense. Suppose $F(p)=1/e$. Infinitely many $p_k>0$ with $v=0$ would be infinitely many zeros of
# $L$, as no value can repeat for ever; the same holds with $v>0$, so only finitely many are positive, and $v>0$. Without any of them
# $F=1/\sqrt{2\pi}>1/e$. So there are some; $G(0)=f''(0)=-F$ ({prf:ref}`lem-cct-one`), that is $L(0)=0$, and by {prf:ref}`prop-cct-zeros`
# (ii) they have one value $a$, a simple zero. $L>0$ right of $a$, so $L<0$ on $(0,a)$ and $G'(0)=L'(0)\le0$, that is
# $T(0,0)=f'''(0)\ge0$. Move a little variance $q$ from the normal part to a new category: $\dd F/\dd q=\frac12\big(G(\sqrt
# q)-G(0)\big)=-\frac12\sqrt q\,T(\sqrt q,0)$. If $f'''(0)>0$, $F$ would fall below $1/e$. There remains $f'''(0)=0$, where $f''+F$ has a
# zero of some order $k\ge2$ at 0. Since $L$ has a zero, the bracket of {eq}`cct-L` does change its sign, so $J$ has a part left of 0 and,
# $f$ being analytic, reaches up to 0: $f''+F<0$ just left of it. If $k$ is even, the same holds just right of 0, and $J$ is no interval.
# If $k$ is odd, $f'''$ has at 0 a zero of order $k-1\ge2$ without a change of sign, besides its three changes of sign. But $f'''$ is the
# normal density of variance $\frac12v$ convolved with a function that has at most three changes of sign, by the proof of
# {prf:ref}`lem-cct-shape`, and $\int e^{-(x-y)^2/v}g(y)\,\dd y=e^{-x^2/v}\int e^{2xy/v}e^{-y^2/v}g(y)\,\dd y$ has at most three zeros
# with their multiplicities, by {prf:ref}`lem-cct-signs`b.
# ```
#
# Being log-concave is not enough for that: the uniform density of variance 1 is $1/\sqrt{12}=0.29$ at its mean.

# %%
least = min(integral(random_weights(D)) for D in rng.choice([1, 2, 3, 5, 20, 100], size=500))
assert least > np.exp(-1) * (1 - 1e-14)  # up to rounding
least * np.e

# %% [markdown]
# ### The upper bound
#
# ```{prf:theorem} Upper bound
# :label: thm-cct-upper
# (a) For $D\ge2$ categories $F$ is largest at $p\propto(t,1,\dots,1)$ and nowhere else, up to the order, where $t>1$ is the maximum of
# $V_{D-1}$ right of 1. (b) For every finite number of categories
#
# $$
# F<F^*=\max_{\tau>0}\frac{\sqrt{1+\tau^2}}\tau\,e^{\frac1{2\tau^2}-1}\,\Phi\big(\tau-\tfrac1\tau\big)<0.4405544,
# $$ (cct-upper)
#
# with the normal distribution function $\Phi$. $F^*$ is the least such bound: it is attained in $\mathcal P$ by one category and a normal
# rest, with $\tau=p_1/\sqrt v$, and nowhere else.
# ```
#
# ```{prf:proof}
# (a) A maximum exists. Suppose that it has $n<D$ positive entries. $n=1$ is no maximum, as $1/e<F_2$. If $n\ge2$, weight moved to a new
# category must not increase $F$, so $G(0)\le-F$ by {eq}`cct-one` ($G$ is continuous down to 0), and $L$ has at most one zero
# ({prf:ref}`prop-cct-zeros` (ii)): all $n$ entries have one value $a$, a simple zero with $G'(a)>0$, and moving two of them apart
# increases $F$. So all $D$ entries are positive. They are not all equal, as $V_{D-1}$ has a minimum at $t=1$. By
# {prf:ref}`thm-cct-structure` they are $(a,b,\dots,b)$, and {prf:ref}`lem-cct-hills` has one maximum with $t=a/b>1$.
#
# (b) Let $p\in\mathcal P$ maximise $F$. It is not finite with $v=0$, since by (a) one category more would increase $F$. It has not
# infinitely many positive entries, which would be as many zeros of $L$. So $v>0$, $G(0)=-F$, and $L$ has at most one zero. If it has
# none, there is no category at all and $F=1/\sqrt{2\pi}<0.4$, less than {eq}`cct-upper` at its maximum. So there is one value $a$ with
# $G'(a)>0$, and as in (a) it occurs once. The density of $a(E-1)+\sqrt v\,\Xi$ at 0 is the function of $\tau$ in {eq}`cct-upper`.
#
# Let $W(\tau)$ be its logarithm. Where $W'=0$,
#
# $$
# W''(\tau)=-\frac{2\tau^2-3}{(\tau^2+1)^2},
# $$ (cct-normal-curve)
#
# so critical points are strict minima below $\tau=\sqrt{3/2}$ and strict maxima above, at most one of each. For small $\tau$ it rises: as
# in {eq}`cct-two`, $\dd F/\dd a^2=-\frac12a\,T(a,0)$, and $T(a,0)=-3a/\sqrt{2\pi}+O(a^2)$. So the first critical point is no minimum, and
# none lies below $\sqrt{3/2}$. As $\tau\to\infty$, $W\to-1$, less than where it started: there is one maximum. ($W'>0$ at $\sqrt{3/2}$
# itself.)
# ```
#
# Completing the square gives {eq}`cct-upper`. For the elimination, $M(x)=\Phi'/\Phi$ obeys $M'=-M(x+M)$ and is known where $W'=0$.

# %%
tau, M = sp.symbols("tau M", positive=True)
off = sp.Symbol("w", real=True)  # E = 1 + w/tau, Xi = -w
assert sp.expand(off / tau + off**2 / 2 - (off + 1 / tau) ** 2 / 2 + 1 / (2 * tau**2)) == 0
argument = tau - 1 / tau
explicit = sp.log(1 + tau**2) / 2 - sp.log(tau) + 1 / (2 * tau**2) - 1  # W without log Phi
W_rise = sp.diff(explicit, tau) + M * sp.diff(argument, tau)
by_tau = lambda f: sp.diff(f, tau) - sp.diff(f, M) * M * (argument + M) * sp.diff(argument, tau)
(M_critical,) = sp.solve(W_rise, M)
W_second = -(2 * tau**2 - 3) / (tau**2 + 1) ** 2
assert sp.cancel(sp.together(by_tau(W_rise).subs(M, M_critical) - W_second)) == 0
W_second

# %% [markdown]
# Near the normal limit: $T(a,0)=\frac1{2\pi i}\int\zeta^3e^{\zeta^2/2}\big(1-a\zeta+O(a^2)\big)\,\dd\zeta$, and $\frac1{2\pi
# i}\int\zeta^4e^{\zeta^2/2}\,\dd\zeta$ is the fourth derivative of the normal density at 0. The number $F^*$ is enclosed by intervals:
# $W'$ is positive at one end of an interval of length $10^{-7}$, negative at the other, and $F$ is evaluated over all of it.

# %%
normal = sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)
assert sp.diff(normal, x, 3).subs(x, 0) == 0
assert sp.simplify(sp.diff(normal, x, 4).subs(x, 0) - 3 / sp.sqrt(2 * sp.pi)) == 0
border = certificate.IV.sqrt(certificate.exact("1.5"))
assert certificate.rise_of_one_and_normal(border).a > 0
F_star = certificate.largest_F()
assert F_star.b < certificate.exact("0.4405544").a
F_star


# %% [markdown]
# The maxima for finite $D$, and the weight of the top category there. They increase towards $F^*$, since one category more is allowed to
# be absent.


# %%
def largest_F_of(D):
    """(F, top weight) of the maximum for D categories."""
    r = D - 1
    rise_at = lambda t: sum(part(r, t) for part in (U_at, minus_P_over_R))
    t = mp.findroot(
        rise_at, (mp.mpf("1.4") * mp.sqrt(r) + 1, 2 * mp.sqrt(r) + 1), solver="anderson"
    )
    return mp.exp(V(r, t)), t / mp.sqrt(r + t**2)


U_at = sp.lambdify((r, t), U, "mpmath")
P_at = sp.lambdify((r, t), P, "mpmath")


def minus_P_over_R(r, t):
    return -P_at(r, t) / mp.hyp1f1(1, r + 1, -(1 - t) * (r + t) / t)


maxima = {D: largest_F_of(D) for D in (2, 3, 5, 10, 100, 1000)}
assert np.all(np.diff([float(F) for F, _ in maxima.values()]) > 0)
for D in (2, 3, 10):
    F, top = map(float, maxima[D])
    p = np.r_[top, np.full(D - 1, np.sqrt((1 - top**2) / (D - 1)))]
    assert abs(integral(p) - F) < 1e-14
    nearby = [unit(np.abs(p + 0.05 * rng.normal(size=D))) for _ in range(50)]
    assert max(map(integral, nearby)) < F
{D: (mp.nstr(F, 8), mp.nstr(top, 5)) for D, (F, top) in maxima.items()}

# %% [markdown]
# ### Three consequences
#
# ```{prf:corollary} The saddlepoint approximation
# :label: cor-cct-saddlepoint
# With $\log F$ replaced by $-\frac12\log2\pi$, {eq}`cct-scaling` is the saddlepoint approximation {cite}`daniels1954`. Its error
# $\log(\sqrt{2\pi}F)$ lies between $\frac12\log2\pi-1>-0.0811$ and $\log(\sqrt{2\pi}F^*)<0.0993$ for all logits and every $D$. The lower
# end is attained at $D=1$.
# ```
#
# ```{prf:corollary} Acceptance
# :label: cor-cct-acceptance
# Draw $X_k$ exponential with mean $m_k$ for all categories but the one with the largest $m_k$, let $X$ be their sum, accept with
# probability $e^{-(1-X)/\max m}$ if $X<1$, and give the top category the rest $1-X$. That draws from the continuous categorical, and
# accepts with probability $F\max_kp_k\ge1/(e\sqrt D)$.
# ```
#
# ```{prf:proof}
# The accepted density is proportional to $\prod e^{-y_k/m_k}=e^{\eta\cdot y-s_0}$. The probability of acceptance is $\max m$ times the
# density, at 1, of the sum of *all* $X_k$, which is $F/\sigma$ at the saddle. $\sum p_k^2=1$ makes $\max p\ge1/\sqrt D$.
# ```
#
# For the means we need that half of the mass is not far from half.
#
# ```{prf:lemma} No side is light
# :label: lem-cct-half
# If $Y$ has mean 0 and a log-concave density $f$, then $P(Y<0)\ge1/e$ and $P(Y>0)\ge1/e$. The density {eq}`cct-Y` is log-concave.
# ```
#
# ```{prf:proof}
# Exponential and normal densities are log-concave, and convolutions of such are {cite}`prekopa1973`. So is the distribution function
# $c(y)$: with the slope $\lambda$ of $\log c$ at 0, $c(y)\le\min(1,c(0)e^{\lambda y})$, and the two meet at
# $y_0=\lambda^{-1}\log(1/c(0))$. For $B\ge y_0$ $\E\min(Y,B)=B-\int_{-\infty}^Bc\ge B-\big[\frac1\lambda+B-y_0\big]=y_0-\frac1\lambda$.
# With $B\to\infty$ the left side goes to 0, so $\log(1/c(0))\le1$. The other half is that of $-Y$.
# ```
#
# ```{prf:theorem} Means
# :label: thm-cct-means
# At the saddle
#
# $$
# I_k\ge\frac1{e(1+p_k)}\ge\frac1{2e},\qquad \mu_k\ge\frac{m_k}{1+eFp_k}\ge0.455\,m_k .
# $$ (cct-means)
#
# For $0\le\delta\le\frac1{100}$, $F\ge0.987/e$ and $I_k\ge0.181$.
# ```
#
# ```{prf:proof}
# $h(y)=f_Y(-y)$ for $y\ge0$ is log-concave with $h(0)=F$ and $\int h=P(Y<0)=:b\ge1/e$. Let $h_0(y)=Fe^{-Fy/b}$, which has the same
# integral. $\log h-\log h_0$ is concave and 0 at $y=0$, so $h-h_0$ is first $\ge0$, then $\le0$, and with the falling weight $e^{-y/p}$
# instead of 1 its integral is $\ge0$: $I_k=\frac1p\int_0^\infty e^{-y/p}h\,\dd y\ge\frac F{1+pF/b}\ge\frac F{1+epF}$. That increases
# with $F\ge1/e$. And $1+eF^*<1/0.455$.
#
# Off the saddle $F_\delta=f(-\delta)$. If that is less than $F$, let it be $\theta F$. Log-concavity bounds $f$ left of $-\delta$ by the
# exponential through $(0,F)$ and $(-\delta,\theta F)$, whose integral up to $-\delta$ is at most $F\delta/\log\frac1\theta$; and between
# $-\delta$ and $0$ by $Fe^{-\lambda y}$ with the slope $-\lambda$ of $\log f$ at 0, where $\lambda\le eF$, since $f\le Fe^{-\lambda y}$
# has a mass of $1/e$ right of 0. So $1/e\le F\delta\,(e^{eF\delta}+1/\log\frac1\theta)$, and with $F\le F^*$, $\delta\le0.01$ that gives
# $\theta\ge0.987$. In the same way $P(Y<-\delta)\ge\frac1e-F\delta e^{eF\delta}$, and $I_k\ge1/(F_\delta^{-1}+P(Y<-\delta)^{-1})$ as
# before.
# ```

# %%
half_log = mp.log(2 * mp.pi) / 2
assert half_log - 1 > -0.0811 and half_log + mp.log(mp.mpf("0.4405544")) < 0.0993
F_most, delta = mp.mpf("0.4405544"), mp.mpf(1) / 100
assert 1 / (1 + mp.e * F_most) > 0.455
between = F_most * delta * mp.exp(mp.e * F_most * delta)  # bound of P(-delta < Y < 0)
theta = mp.exp(-F_most * delta / (1 / mp.e - between))
least_mean = 1 / (mp.e / theta + 1 / (1 / mp.e - between))
assert theta > 0.987 and least_mean > 0.181
[mp.nstr(number, 6) for number in (theta, least_mean)]

# %%
for D in rng.choice([2, 3, 5, 10, 40], size=200):
    p = random_weights(D)
    F, delta = integral(p), 0.01
    for top in (p.max(), p.min()):
        assert integral(p, 0, (top,)) * (1 + top) > np.exp(-1) * (1 - 1e-14)
        assert integral(p, 0, (top,)) / F > 1 / (1 + np.e * F * top) * (1 - 1e-14)
    assert 0.987 / np.e < integral(p, delta=delta) < float(F_most) * 1.02

# %% [markdown]
# ### One contour for all
#
# The integrals are computed on the hyperbola
#
# $$
# \zeta(u)=c_0+\alpha\,(1-\cosh u)+i\beta\sinh u,\qquad \alpha=\tfrac94,\quad\beta=\tfrac{18}5,\quad c_0=\tfrac25,
# $$ (cct-hyperbola)
#
# by the midpoint rule, with the nodes $u_j=(j+\frac12)h$, $0\le j<N$, of one half; the other half is conjugate:
#
# $$
# \frac1{2\pi i}\int g(\zeta)\,\dd\zeta\approx\sum_{j<N}\operatorname{Re}w_j\,g(\zeta_j),\qquad w_j=\frac h\pi\,\frac{\zeta'(u_j)}i .
# $$ (cct-rule)
#
# $h=\frac7{120}$ and $N=60$ serve float64, $h=\frac7{60}$ and $N=24$ float32. What limits the step is how near the path comes to the
# poles, which are at or left of $-1/\max p$. Where all weights are at most $P_{\max}=\frac9{20}$, a third rule, called *balanced*, does
# with $N=30$: $\alpha=6$, $\beta=8$, $c_0=\frac9{10}$, $h=\frac3{50}$. For the other two $P_{\max}=1$. Such rules converge exponentially
# {cite}`trefethen2014`; the point here is a bound with its constant, one for all weight vectors. Write $\zeta=\xi+i\eta$, $\rho=|\zeta|$, $s=|\eta|/\rho$.
#
# ```{prf:lemma} Shifted contours
# :label: lem-cct-shift
# For $u=x+iy$, $\xi=c_0+\alpha-\alpha_y\cosh x$ and $\eta=\beta_y\sinh x$ with $\alpha_y=\alpha\cos y+\beta\sin y$ and $\beta_y=\beta\cos
# y-\alpha\sin y$. As long as $\alpha_y,\beta_y>0$ and $\alpha_y<1/P_{\max}+c_0+\alpha$ at the extreme values of $y$, there is no pole
# between the contour and the real $u$: that is so for $-\frac12\le y\le0.47$, and for $-0.6\le y\le0.48$ with the balanced rule.
# ```
#
# ```{prf:proof}
# The addition theorems. $\alpha_y=\sqrt{\alpha^2+\beta^2}\sin(\omega+y)$ and $\beta_y=\sqrt{\alpha^2+\beta^2}\cos(\omega+y)$ with an
# angle $\omega$, so $\alpha_y$ increases while $\beta_y>0$. $\zeta$ is real for $x=0$ only, and there
# $\zeta=c_0+\alpha-\alpha_y>-1/P_{\max}$, while poles are at $-1/p_k\le-1/P_{\max}$.
# ```
#
# A rigid strip $|y|<c$ would prove little: in the normal limit $|e^{\zeta^2/2}|$ decays on the shifted contour only for
# $\omega+y<\frac\pi4$, $y<0.227$, which is worth $e^{-2\pi y/h}=2\cdot10^{-11}$ for the finer rule. The shift has to vary: far where the
# poles allow it, little where $|\zeta|$ is large.
#
# ```{prf:lemma} A variable shift
# :label: lem-cct-variable
# Let $\Gamma_\pm$ be the paths $u=x\pm iy_\pm(x)$ with continuous $y_\pm>0$, and $g$ analytic between them and decaying there, uniformly.
# Then
#
# $$
# \Big|\int_{-\infty}^\infty g\,\dd u-h\sum_{j\in\mathbb Z}g(u_j)\Big|\le\int_{\Gamma_+}\frac{|g|\,|\dd u|}{e^{2\pi y_+/h}-1}+\int_{\Gamma_-}\frac{|g|\,|\dd u|}{e^{2\pi y_-/h}-1}.
# $$ (cct-shifted)
# ```
#
# ```{prf:proof}
# $k_\pm(u)=1/(1+e^{\mp2\pi iu/h})$ has the residue $\pm h/(2\pi i)$ at each $u_j$, $k_++k_-=1$, and $|k_\pm|\le1/(e^{2\pi y/h}-1)$ at
# height $\pm y$. So (through vertical pieces far out, halfway between nodes) $h\sum g(u_j)=\int_{\Gamma_-}gk_+-\int_{\Gamma_+}gk_+=\int
# g-\int_{\Gamma_-}gk_--\int_{\Gamma_+}gk_+$.
# ```

# %%
h, u = sp.symbols("h u", positive=True)
kernel = lambda sign: 1 / (1 + sp.exp(-sign * 2 * sp.pi * sp.I * u / h))
assert sp.simplify(kernel(1) + kernel(-1) - 1) == 0
at_node = sp.diff(1 / kernel(1), u).subs(u, h / 2)
assert sp.simplify(1 / at_node - h / (2 * sp.pi * sp.I)) == 0

# %% [markdown]
# ### An envelope for all weights
#
# ```{prf:lemma} Envelope
# :label: lem-cct-envelope
# Let $\psi_\zeta(p)=\operatorname{Re}\varphi(p\zeta)/p^2$, $\psi_\zeta(0)=\frac12\operatorname{Re}\zeta^2$. Then $\log|e^{H}|=\sum
# p_k^2\psi_\zeta(p_k)+v\psi_\zeta(0)$ is an average of $\psi_\zeta$, and $|e^{H(\zeta)}|\le\exp\sup_{0\le p\le P}\psi_\zeta(p)$ if $\max
# p_k\le P$. With $q_1=|2s-1|(1+s)/|\xi|$ and $\gamma=\frac14\rho^2\big(\frac1s-1\big)$,
#
# | $\xi$ | $s$ | $\sup_{0\le p\le P}\psi_\zeta(p)$ |
# | --- | --- | --- |
# | $\ge0$ | $\le\frac12$ | $\psi(0)$ |
# | $\ge0$ | $\ge\frac12$ | $\psi(P)$ if $q_1\ge P$ (or $\xi=0$), else at most $\gamma$ |
# | $<0$ | $\ge\frac12$ | $\max(\psi(0),\psi(P))$, and $\psi$ first falls, then rises |
# | $<0$ | $<\frac12$ | $\psi(P)$ if $q_1\ge P$, else at most $\max(\psi(P),\gamma)$ |
#
# Further, $\sup_{0\le p\le P}|1+p\zeta|^{-1}$ is $1$ if $\xi\ge0$, $1/s$ if $0<-\xi\le P\rho^2$, and $|1+P\zeta|^{-1}$ otherwise.
# ```
#
# ```{prf:proof}
# $p^2\psi(p)=\int_0^pq\,g(q)\,\dd q$ with $g(q)=\operatorname{Re}\frac{\zeta^2}{1+q\zeta}$. So $2\psi(p)$ is an average of $g$ over
# $[0,p]$, and $p\psi'=g-2\psi$. $g'$ has the sign of
#
# $$
# \xi(3\eta^2-\xi^2)-2\rho^2(\xi^2-\eta^2)\,q-\rho^4\xi\,q^2,
# $$ (cct-g)
#
# whose roots are $(2s-1)(1+s)/\xi$ and $-(2s+1)(1-s)/\xi$. *First row:* none is positive, $g$ falls for $q\ge0$. *Second:* $g$ rises up
# to $q_1$, then falls. *Third:* $g$ falls, then rises; $\psi$ falls as long as $g<2\psi$; once $g=2\psi$, on the rising branch,
# $(g-2\psi)'=g'>0$, so $\psi$ rises from there on. *Fourth:* $g$ rises up to $q_1$, falls, and rises; at a maximum of $\psi$ inside,
# $2\psi=g$ and $g'\le0$, so $2\psi\le g(q_1)$. Last, for real $q$ the numbers $\zeta^2/(1+q\zeta)$, whose reciprocals lie on a line at
# the distance $s/\rho^2$ from 0, lie on the circle through 0 of centre $-\frac12\rho^2(1\pm i\sqrt{1/s^2-1})$ and radius $\rho^2/(2s)$,
# so $g\le2\gamma$. The last statement is the distance from 0 to the segment from $1$ to $1+P\zeta$. (On the contours
# $s=0$ occurs at $x=0$ only, where $|\xi|<1$ and $q_1>1\ge P$.)
# ```

# %%
xi, eta_, q = sp.symbols("xi eta q", real=True)
g = sp.re(sp.expand_complex((xi + sp.I * eta_) ** 2 / (1 + q * (xi + sp.I * eta_))))
square = xi**2 + eta_**2
modulus = (1 + q * xi) ** 2 + (q * eta_) ** 2
quadratic = xi * (3 * eta_**2 - xi**2) - 2 * square * (xi**2 - eta_**2) * q - square**2 * xi * q**2
assert sp.cancel(sp.together(sp.diff(g, q) * modulus**2 - quadratic)) == 0
rho, sine = sp.symbols("rho s", positive=True)
in_angle = {eta_: rho * sine, xi: rho * sp.sqrt(1 - sine**2)}
for root in ((2 * sine - 1) * (1 + sine) / xi, -(2 * sine + 1) * (1 - sine) / xi):
    assert sp.simplify(quadratic.subs(q, root).subs(in_angle)) == 0

# %% [markdown]
# By numbers, on contours of several shifts: the envelope dominates a maximum over 1000 values of $p$, and is not far from it.


# %%
def exponents(z, P):
    """(largest psi over a grid in [0, P], the certificate's envelope) at the complex number z."""
    p = np.linspace(P / 1000, P, 1000)
    psi = (p * z.real - np.log(np.abs(1 + p * z))) / p**2
    at = lambda number: certificate.IV.mpf(float(number))
    envelope = certificate.envelope(at(z.real), at(abs(z.imag)), at(P))
    return max(psi.max(), (z * z).real / 2), float(certificate.rounded_up(envelope, 17))


looseness = []
for y in (-0.5, 0, 0.2, 0.35, 0.46):
    for real in np.linspace(0.05, 3.5, 12):
        point = 0.4 + 2.25 * (1 - np.cosh(real + 1j * y)) + 3.6j * np.sinh(real + 1j * y)
        brute, bound = exponents(point, rng.choice([0.3, 0.7, 1.0]))
        assert brute <= bound + 1e-12
        looseness.append(bound - brute)
np.round([np.median(looseness), max(looseness)], 3)

# %% [markdown]
# ```{prf:lemma} The tails
# :label: lem-cct-tails
# Let $X>0$ be so large that at the height $y$: $\alpha_y\cosh X>c_0+\alpha$, $\beta_y\tanh X>\alpha_y$, and with
# $\kappa=(1-0.01)\,\alpha_y$, $\kappa\cosh X>1$. Then for all weight vectors and $0\le\delta\le0.01$, with $m$ extra factors,
#
# $$
# \frac1\pi\int_X^\infty\frac{|e^{H-\delta\zeta}|\,|\zeta'|}{|1+p_k\zeta|\cdots}\,\dd x\le\frac{\sqrt{\alpha^2+\beta^2}}\pi\,2^{m/2}\,\coth X\;\frac{e^{0.99(c_0+\alpha)-\kappa\cosh X}}\kappa ,
# $$ (cct-tail)
#
# and the same with $X=u_{J-1}$ bounds $\sum_{j\ge J}|w_j\cdots|$.
# ```
#
# ```{prf:proof}
# The first two conditions hold for all larger $x$ too. There $\xi<0$, and $|\eta|\ge|\xi|+c_0+\alpha>|\xi|+1$, so $s\ge1/\sqrt2$,
# $|1+\zeta|\ge1$ and $\eta^2\ge\xi^2+2|\xi|$. By the third row of {prf:ref}`lem-cct-envelope` with $P=1$,
# $\log|e^H|\le\max\big(\frac12(\xi^2-\eta^2),\,\xi-\log|1+\zeta|\big)\le\xi$; each factor is at most $1/s\le\sqrt2$; and
# $|\zeta'|\le\sqrt{\alpha^2+\beta^2}\cosh x$. Finally $\int_X^\infty e^{-\kappa\cosh x}\cosh x\,\dd x\le\coth X\int_X^\infty
# e^{-\kappa\cosh x}\sinh x\,\dd x=\coth X\,e^{-\kappa\cosh X}/\kappa$. The bound of the integrand falls, so each term of the sum is at
# most the integral over the step before it.
# ```
#
# This also gives the decay between the paths that {prf:ref}`lem-cct-variable` asks for.
#
# ### The error of the rules
#
# What remains is to add up numbers. The error of {eq}`cct-rule` is at most
#
# - {eq}`cct-shifted` with $|g|=\frac1{2\pi}|e^{H-\delta\zeta}(1+p_k\zeta)^{-1}\cdots|\,|\zeta'|$, where $|e^H|$ is replaced by its envelope: the lower path is $y_-=\frac12$, or $0.6$ for the balanced rule, the upper one a polygon;
# - and the nodes left out, $\sum_{j\ge N}|w_j|\cdots$, with the same envelope.
#
# Off the saddle $|e^{-\delta\zeta}|\le e^{0.01\max(0,-\xi)}$. For the rules that serve all weight vectors, these are divided by $P=\max p$ into seven classes, and where
# a class has a lower end $P_0$ the largest weight is treated for itself,
#
# $$
# |e^H|\le\sup_{P_0\le p_1\le P}\exp\Big\{p_1^2\,\psi(p_1)+(1-p_1^2)\sup_{0\le p\le\min(P,\sqrt{1-P_0^2})}\psi(p)\Big\},
# $$
#
# because the discretisation is worst near the normal limit and the truncation is worst for a single category, and no vector is both. The
# classes with $P\le0.6$ and $P>0.6$ have a polygon each, which is found by a search, but any polygon in the domain proves something. Each
# is cut into boxes, and each box is bounded in interval arithmetic of 80 bits by `mpmath`, with ends rounded outward (that its elementary
# functions do so is trusted); the program asserts the domain of {prf:ref}`lem-cct-shift` and the conditions of {prf:ref}`lem-cct-tails`.
#
# ```{admonition} Certificate: the error of the rules
# :class: important
# :name: cct-cert-rules
# For every weight vector in $\mathcal P$ (any number of categories, ties, weights of zero, the normal limit) with $\max p\le P_{\max}$ and
# $0\le\delta\le\frac1{100}$, the absolute errors of $F$, of every $I_k$, and of every $I_{kl}$, computed by {eq}`cct-rule` in exact
# arithmetic, are at most those of the next table. The sum $\sum_j|W_j|$ of the normalised weights
# $W_j=w_je^{H(\zeta_j)-\delta\zeta_j}/F$, by which relative errors of the integrand are multiplied, is at most 2.12, and 2.19 for the balanced rule.
# ```

# %%
certificate.ERRORS

# %% [markdown]
# Relative to $F\ge0.987/e$ and $I_k\ge0.181$ these are, for $F$ and for a mean (the errors of $I_k$ and $F$ together):

# %%
relative = {}
for name, errors in certificate.ERRORS.items():
    of_F, of_mean = (mp.mpf(error) for error in errors[:2])
    of_F = of_F * mp.e / mp.mpf("0.987")
    relative[name] = of_F, (of_mean / mp.mpf("0.181") + of_F) / (1 - of_F)
for name in ("float64", "balanced"):
    assert relative[name][0] < 4e-17 and relative[name][1] < 1.5e-16
assert relative["float32"][0] < 6e-9 and relative["float32"][1] < 2e-8
{name: [mp.nstr(error, 3) for error in errors] for name, errors in relative.items()}

# %% [markdown]
# The unit roundoffs to compare with are $2^{-53}=1.1\cdot10^{-16}$ and $2^{-24}=6\cdot10^{-8}$. The error of $I_{kl}$ is bounded
# absolutely only: no lower bound of $I_{kl}$ is proved here.
#
# The table is a claim that the tests hold against the computed bounds (`tests/test_cc_theorems.py`), and the command prints them. The
# quick part can be run here.

# %%
for name, most in certificate.AMPLIFICATION.items():
    assert certificate.amplification(name).b < certificate.exact(most).a
[certificate.rounded_up(certificate.amplification(name)) for name in certificate.RULES]

# %% [markdown]
# ```{prf:observation}
# :label: obs-cct-errors
# The true errors of $F$, with 40 digits, are not far below what is certified. The normal limit shows the error of discretisation, a
# single category that of truncation:
# ```


# %%
def in_mp(number):
    return mp.mpf(number.numerator) / number.denominator


def exact_nodes(rule, N, finer=1):
    """The first N zeta_j and w_j, with a step so many times finer, at the working precision of mpmath."""
    A, B, c0, h = map(in_mp, rule[:4])
    h /= finer
    u = [(j + mp.mpf(1) / 2) * h for j in range(N)]
    zeta = [c0 + A * (1 - mp.cosh(v)) + 1j * B * mp.sinh(v) for v in u]
    return zeta, [h / mp.pi * (B * mp.cosh(v) + 1j * A * mp.sinh(v)) for v in u]


def exact_terms(groups, zeta, w):
    """Re w_j e^(H(zeta_j)) for groups (weight, how many) and a normal rest; how many need not be an integer."""
    v = 1 - mp.fsum(many * p**2 for p, many in groups)
    H = lambda z: v * z**2 / 2 + mp.fsum(many * (p * z - mp.log(1 + p * z)) for p, many in groups)
    return [(weight * mp.exp(H(z))).real for z, weight in zip(zeta, w)]


def true_errors(groups):
    """{name: error of F} of the rules that serve such weights, against one with a step three times finer."""
    by = lambda *nodes: mp.fsum(exact_terms(groups, *exact_nodes(*nodes)))
    F, largest = by(certificate.RULES["float64"], 240, 3), max((p for p, _ in groups), default=0)
    rules = {name: rule for name, rule in certificate.RULES.items() if largest <= in_mp(rule.P)}
    return {name: abs(by(rule, rule.nodes) - F) for name, rule in rules.items()}


SHAPES = {
    "one category": [(mp.one, 1)],
    "the normal limit": [],
    "the largest F": [(mp.mpf("0.841"), 1)],
    "two, one small": [(mp.mpf("0.98"), 1), (mp.mpf("0.19"), 1)],
    "ten equal": [(mp.sqrt(mp.mpf("0.1")), 10)],
}
with mp.workdps(40):
    errors = {name: true_errors(groups) for name, groups in SHAPES.items()}
for of_shape in errors.values():
    assert all(error < mp.mpf(certificate.ERRORS[name][0]) for name, error in of_shape.items())
{shape: {name: mp.nstr(error, 2) for name, error in of.items()} for shape, of in errors.items()}

# %% [markdown]
# ### Fewer nodes, and power sums
#
# Where no category dominates, $|e^H|$ decays faster, and the first nodes of a rule are enough. $P=\max p_k=\max m_k/\sigma$ is at hand, and
# {prf:ref}`lem-cct-envelope` bounds what is left out, $\sum_{j\ge n}|w_j|\cdots$, for all weight vectors with $\max p\le P$.
#
# If all weights are small, the sum over categories can be done before the one over nodes. With the *power sums* $\kappa_n=\sum_kp_k^n$,
# $\kappa_2=1$ (a normal part included),
#
# $$
# H(\zeta)=\sum_{n\ge2}\frac{(-1)^n}n\,\kappa_n\zeta^n,\qquad
# \frac{\mu_k}{m_k}=\sum_{n\ge0}(-p_k)^n\operatorname{Re}\sum_jW_j\zeta_j^n\qquad(P|\zeta_j|<1),
# $$ (cct-power)
#
# a polynomial in $\zeta$ for the row, and a polynomial in $p_k$ for each category.
#
# ```{prf:lemma} Breaking off
# :label: lem-cct-break
# Let $\max p\le P$ and $r=P|\zeta|<1$. If $H$ is broken off after $\kappa_T$, its error is at most
#
# $$
# \Delta=\frac{r^{T+1}}{P^2(T+1)(1-r)},
# $$ (cct-break)
#
# so that of $e^H$ is at most $|e^H|(e^\Delta-1)$. If $(1+p_k\zeta)^{-1}$ is broken off after $T'$ terms, the error of
# $e^H(1+p_k\zeta)^{-1}$ is at most $|e^H(1+p_k\zeta)^{-1}|\,\big(e^\Delta-1+e^\Delta r^{T'}\big)$.
# ```
#
# ```{prf:proof}
# $\kappa_n\le P^{n-2}\kappa_2$, and $\sum_{n>T}r^n/n\le r^{T+1}/((T+1)(1-r))$. With $1/(1+x)-\sum_{n<T'}(-x)^n=(-x)^{T'}/(1+x)$ the
# broken-off product is $e^{H}(1+p\zeta)^{-1}$ times $e^{\Delta_1}(1-(-p\zeta)^{T'})$ for some $|\Delta_1|\le\Delta$.
# ```
#
# ```{admonition} Certificate: when less is enough
# :class: important
# :name: cct-cert-fewer
# Let $0\le\delta\le\frac1{100}$. Each of these leaves out at most $2\cdot10^{-17}$ (float64, balanced) or $5\cdot10^{-9}$ (float32), for all weight
# vectors with $\max p\le P$ and the values of the tables below:
#
# - of $F$, $I_k$ and $I_{kl}$: the first $n$ nodes;
# - of $F$ and $I_k$: the power sums $\kappa_2,\dots,\kappa_T$, and $T'=T-1$ terms for the mean, at the first 16 (balanced) or 12 (float32) nodes;
# - of $F$ and $I_k$, for any $P$: the power sums up to $\kappa_{20}$ of those categories only that have $p\le0.0075$, at all nodes.
# ```

# %%
show = lambda table: {name: {n: float(P) for n, P in row.items()} for name, row in table.items()}
show(certificate.ENOUGH_NODES)

# %%
show(certificate.ENOUGH_TERMS)

# %%
for name, n in (("balanced", 16), ("float32", 12)):
    allowed = certificate.exact(certificate.LEFT_OUT[name])
    assert all(bound.b <= allowed.b for bound in certificate.left_out_by_nodes(name, n))
[certificate.rounded_up(bound) for bound in certificate.left_out_by_nodes("balanced", 16)]

# %% [markdown]
# A row that is served by fewer nodes or by power sums has both errors, that of the rule and what is left out. In all, relative to $F$ and
# to a mean:

# %%
in_all = {}
for name, left_out in certificate.LEFT_OUT.items():
    of_F, of_mean = (mp.mpf(error) + 2 * mp.mpf(left_out) for error in certificate.ERRORS[name][:2])
    of_F = of_F * mp.e / mp.mpf("0.987")
    in_all[name] = of_F, (of_mean / mp.mpf("0.181") + of_F) / (1 - of_F)
{name: [mp.nstr(error, 2) for error in errors] for name, errors in in_all.items()}

# %% [markdown]
# (These are the sums of the largest errors, which belong to different rows, with both savings at once.)
#
# ```{prf:observation}
# :label: obs-cct-tight
# The thresholds of the certificate are close to the true ones. For weights that are all equal to $P$, as many as give $\sum p^2=1$, this is
# what the first $n$ nodes truly leave out of $F$, as a part of what is certified:
# ```


# %%
def truly_left_out(name, n):
    """|sum of the terms j >= n| over its certified bound, for 1/P^2 weights P."""
    rule, P = certificate.RULES[name], in_mp(certificate.ENOUGH_NODES[name][n])
    terms = exact_terms([(P, 1 / P**2)], *exact_nodes(rule, int(6 / rule.h)))
    bound = certificate.left_out_by_nodes(name, n)[0]
    return abs(mp.fsum(terms[n:])) / mp.make_mpf(bound.b._mpi_[1])


shares = {
    (name, n): truly_left_out(name, n)
    for name, table in certificate.ENOUGH_NODES.items()
    for n in table
}
assert all(0.1 < share < 1 for share in shares.values())
{row: mp.nstr(share, 2) for row, share in shares.items()}

# %% [markdown]
# **A tempting criterion.** $\kappa_3=\sum p_k^3\le\max p$ measures dominance too, and $\log|e^H|$ is at most the concave envelope of
# $\psi$ at $\kappa_3$, being an average of $\psi$ with that mean abscissa. "The first $\lceil\frac12N(1+\kappa_3)\rceil$ nodes" fits the
# rows that one thinks of. But $\kappa_3$ does not tell a heavy category with a flat rest from several middling ones. Two categories with
# $p=(0.807,0.591)$, found by a search, lose twice $10^{-16}$ of $F$ by that rule:

# %%
with mp.workdps(30):
    heavy = mp.mpf("0.807")
    light = mp.sqrt(1 - heavy**2)
    first = int(mp.ceil(30 * (1 + heavy**3 + light**3)))
    terms = exact_terms([(heavy, 1), (light, 1)], *exact_nodes(certificate.RULES["float64"], 60))
    lost = mp.fsum(terms[first:]) / mp.fsum(terms)
assert 1e-16 < abs(lost) < 3e-16
first, mp.nstr(lost, 3)


# %% [markdown]
# No row loses more than $1.5\cdot10^{-15}$ by it (certificate, below), and for $n=30$ the envelope asks for $\kappa_3\le0.11$, where
# $\max p$ may be $0.21$. So $\max p$ is the criterion.
#
# ### The saddle
#
# Let $g_k=\max\eta-\eta_k\ge0$ and $s_0=\max\eta+\tau$, so $m_k=1/(\tau+g_k)$. Put $S=\sum m_k$, $Q=\sum m_k^2=\sigma^2$, $C=\sum m_k^3$.
# The iteration
#
# $$
# \tau\leftarrow\tau+\frac{S^2-S}Q\qquad\text{from }\tau=1\text{ until }\delta=\frac{S-1}{\sqrt Q}\le0.01
# $$ (cct-newton)
#
# is Newton's method for $1/S=1$. $D$ counts the categories with finite $g_k$.
#
# ```{prf:theorem} The saddle iteration
# :label: thm-cct-saddle
# In exact arithmetic: (a) $\tau$ increases and never passes the saddle. (b) One step takes $w=S\delta$ to $w'\le w^2(1+w)$. (c) The
# iteration stops after at most $\lceil\log_4(D^{3/2}/0.3)\rceil+3\le\frac34\log_2D+5$ steps. (d) For $g=(0,D-1,\dots,D-1)$ it takes more
# than $\frac12\log_2(D-1)-2$ steps.
# ```
#
# ```{prf:proof}
# (a) Let $R=1/S$. $R'=Q/S^2>0$ and $R''=-2(SC-Q^2)/S^3\le0$ (Cauchy–Schwarz), and $R(1)\le1$, as one $g_k$ is 0. The tangents of a
# concave function lie above it, so they reach 1 before it does.
#
# (b) Let $e=1-R$ and $d=R'$, so that $\delta=e/\sqrt d$, and from here on let a prime mark the next iterate. $C\le Q^{3/2}$ gives
# $|R''|\le2Q^{3/2}/S^2=2d\sqrt Q$, which falls with $\tau$ as both factors do, and is $2Sd^{3/2}$. The step is $e/d$, so by Taylor's
# theorem $e'\le\frac12\cdot2Sd^{3/2}(e/d)^2=S\sqrt d\,\delta^2$. The step is also $w/\sqrt Q\le w/\max m$, so $m_k'\ge m_k/(1+w)$ and
# $Q'\ge Q/(1+w)^2$; with $S'\le S$, $d'\ge d/(1+w)^2$. Together $\delta'=e'/\sqrt{d'}\le S\delta^2(1+w)$; multiply by $S'\le S$.
#
# (c) The tangent at the new iterate lies above $R$ at the old one: $\frac{e'}e+\frac{d'}d\le1$, so $e'd'\le\frac14ed$. It starts with
# $ed\le1$. As $d$ falls, it is at least $\sigma^2\ge1/D$, its value at the saddle (where $S=1$). So after $n$ steps
# $\delta=ed/d^{3/2}\le4^{-n}D^{3/2}$. Once that is at most $0.3$: $e=\delta\sqrt d\le0.3$, $S\le1/0.7$, $w\le0.4286$, and by (b) $w$ is
# at most $0.2625$, $0.0870$, $0.0083$ after one, two, three steps more; and $\delta\le w$.
#
# (d) With $n=D-1$, $S=\frac1\tau+\frac n{\tau+n}\le1+\frac1\tau$, $S-1\le\frac1\tau$ and $Q\ge\tau^{-2}$, so a step is at most $\tau+1$,
# and after $j$ steps $\tau\le2^{j+1}-1$. While $\tau\le\frac12\sqrt n$, $S-1\ge\frac1\tau-\frac\tau n\ge\frac3{4\tau}$ and
# $Q\le\frac1{\tau^2}+\frac1n\le\frac5{4\tau^2}$, so $\delta\ge0.67$ and it does not stop.
# ```
#
# So no constant number of steps is enough, but the number is small: a cap of 60 is never reached for $D\le2^{73}$.

# %%
S, Q, C, d, e = sp.symbols("S Q C d e", positive=True)
in_tau = lambda f: sp.diff(f, S) * -Q + sp.diff(f, Q) * -2 * C  # S' = -Q and Q' = -2 C
assert sp.simplify(in_tau(1 / S) - Q / S**2) == 0
assert sp.simplify(in_tau(in_tau(1 / S)) + 2 * (S * C - Q**2) / S**3) == 0
in_S = {d: Q / S**2, e: 1 - 1 / S}
assert sp.simplify(((1 - 1 / S) / d - (S**2 - S) / Q).subs(in_S)) == 0
assert sp.simplify((e / sp.sqrt(d) - (S - 1) / sp.sqrt(Q)).subs(in_S)) == 0
assert sp.simplify((2 * S * d ** sp.Rational(3, 2) - 2 * d * sp.sqrt(Q)).subs(in_S)) == 0

# %%
worst = [Fraction(3, 7)]
for _ in range(3):
    worst.append(worst[-1] ** 2 * (1 + worst[-1]))
assert worst[-1] < Fraction(1, 100)
steps_enough = lambda D: int(np.ceil(np.log2(D**1.5 / 0.3) / 2)) + 3
assert steps_enough(2**73) < 60
[float(round(w, 4)) for w in worst]

# %% [markdown]
# **Two clusters.** Let $\bar g$ be the mean of the gaps but for one that is 0. By Jensen's inequality
# $S\ge\frac1\tau+\frac{D-1}{\tau+\bar g}$, so where the right side is 1 the iteration may start:
#
# $$
# \tau_0=\tfrac12\Big[(D-\bar g)+\sqrt{(D-\bar g)^2+4\bar g}\,\Big]\ge1,
# $$ (cct-start)
#
# for $\bar g>D$ better as $2\bar g/(\bar g-D+\sqrt{\cdots})$, and for $D=1$ as $\tau_0=1$. (a) to (c) hold from there too, as they use
# only that $\tau$ is between 1 and the saddle. Newton's map increases there, its derivative being $-(1-R)R''/R'^2\ge0$, so the iterates from
# $\tau_0$ are never behind those from 1. The hostile row of (d) needs no step.

# %%
R_of = sp.Function("R")(tau)
newton = tau + (1 - R_of) / sp.diff(R_of, tau)
derivative = -(1 - R_of) * sp.diff(R_of, tau, 2) / sp.diff(R_of, tau) ** 2
assert sp.simplify(sp.diff(newton, tau) - derivative) == 0
size, mean_gap = sp.symbols("D gbar", positive=True)
root = sp.sqrt((size - mean_gap) ** 2 + 4 * mean_gap)
start = (size - mean_gap + root) / 2
assert sp.simplify(1 / start + (size - 1) / (start + mean_gap) - 1) == 0
assert sp.simplify(start - 2 * mean_gap / (mean_gap - size + root)) == 0


# %%
def two_cluster_start(g, many):
    D, mean = many.sum(), (g * many).sum() / max(many.sum() - 1, 1)
    root = np.sqrt((D - mean) ** 2 + 4 * mean)
    return (D - mean + root) / 2 if D >= mean else 2 * mean / (mean - D + root)


def saddle_steps(g, many, tau=1.0):
    """The (S, Q) of the iterates for gaps g of which there are `many` each; the last one stops it."""
    steps = []
    while True:
        m = 1 / (tau + g)
        S, Q = (many * m).sum(), (many * m * m).sum()
        steps.append((S, Q))
        if S - 1 <= 0.01 * np.sqrt(Q):
            return steps
        tau += (S * S - S) / Q


rows = {}
for D in (10, 100, 10**4, 10**6, 10**12):
    g, many = np.array([0.0, D - 1]), np.array([1, D - 1])
    from_one = len(saddle_steps(g, many)) - 1
    from_clusters = len(saddle_steps(g, many, two_cluster_start(g, many))) - 1
    assert np.log2(D - 1) / 2 - 2 < from_one <= steps_enough(D) and from_clusters == 0
    rows[D] = from_one, steps_enough(D), from_clusters
rows  # D: steps of the hostile row, steps that are always enough, steps from two clusters

# %%
counts = []
for D in rng.integers(2, 50, size=300):
    g = np.r_[
        0.0, np.exp(rng.normal(size=D - 1) * rng.choice([0.1, 1, 4])) * rng.choice([0.01, 1, D])
    ]
    both = [saddle_steps(g, np.ones(D), at) for at in (1.0, two_cluster_start(g, np.ones(D)))]
    counts.append([len(steps) - 1 for steps in both])
    for steps in both:
        assert len(steps) - 1 <= steps_enough(D)
        for (S, Q), (S_next, Q_next) in zip(steps, steps[1:]):
            w, w_next = S * (S - 1) / np.sqrt(Q), S_next * (S_next - 1) / np.sqrt(Q_next)
            assert S_next > 1 - 1e-14 and w_next < w * w * (1 + w) * (1 + 1e-9) + 1e-12
assert all(later <= first for first, later in counts)
np.max(counts, 0)  # most steps from 1, and from two clusters

# %% [markdown]
# ```{prf:observation}
# :label: obs-cct-start
# On none of these rows did the two-cluster start need more steps than the start from 1, and the largest number of steps fell as shown. No
# better bound than (c) is proved for it, and the worst pattern is not known for either start.
# ```
#
# ### Conditioning
#
# ```{prf:theorem} No logit matters more than it moves
# :label: thm-cct-lipschitz
# Let $\eta,\eta'$ be two rows of finite logits and $\mu,\mu'$ their means. (a) $|\log Z(\eta')-\log Z(\eta)|\le\max|\eta'-\eta|$. (b)
# $\Cov(y_k,y_l)\le0$ for $k\ne l$. (c) $\operatorname{Var}y_k\le\mu_k\min(\mu_k,1-\mu_k)$. (d)
# $|\log\mu'_k-\log\mu_k|\le\max|\eta'-\eta|$, since
#
# $$
# \sum_l\Big|\frac{\partial\log\mu_k}{\partial\eta_l}\Big|=\frac{2\operatorname{Var}y_k}{\mu_k}\le2\min(\mu_k,1-\mu_k)\le1 .
# $$ (cct-condition)
# ```
#
# ```{prf:proof}
# (a) The gradient of $\log Z$ is $\mu$, whose entries are positive and sum to 1.
#
# (b) For $D=2$, $y_2=1-y_1$. Else, given $y_k$, the other entries are a continuous categorical on a simplex of size $t=1-y_k$, and $y_l$
# has a density in $z$ proportional to $e^{\eta_lz}f(t-z)$, where $f$ is a convolution of exponentials, so log-concave. For $t'>t$ the
# ratio $f(t'-z)/f(t-z)$ rises with $z$, so $y_l$ grows stochastically with $t$: $\E[y_l\mid y_k]$ falls in $y_k$.
#
# (c) $0\le y_k\le1$ gives $\E y_k^2\le\mu_k$. The density of $y_k$, proportional to $e^{\eta_kz}f(1-z)$, is log-concave on $[0,1]$. Let
# $g$ be the exponential density of the same mean. The logarithm of the ratio is concave, so the difference to $g$ has at most the signs
# $(-,+,-)$; mass and mean are the same, so it has just these, with changes at $z_1<z_2$, or is 0. Then $(z-z_1)(z-z_2)$ times the
# difference is nowhere positive, so $\E y_k^2\le\int z^2g=2\mu_k^2$.
#
# (d) $\partial\mu_k/\partial\eta_l=\Cov(y_k,y_l)$ sums to 0 over $l$, and by (b) only one term is positive.
# ```
#
# So the means are better conditioned than the softmax, for which the sum in {eq}`cct-condition` is $2(1-\lambda_k)$. If every logit is
# off by a relative $\epsilon$, then $\log Z$ and $\log\mu_k$ are off by at most $\epsilon\max|\eta|$, and shifting the logits to be
# centred makes that half their range times $\epsilon$.

# %%
three = sp.symbols("eta1:4", real=True)
softmax = [sp.exp(logit) / sum(map(sp.exp, three)) for logit in three]
by_logit = [sp.diff(sp.log(softmax[0]), logit) for logit in three]
assert sp.simplify(by_logit[0] - (1 - softmax[0])) == 0
assert all(sp.simplify(by_logit[l] + softmax[l]) == 0 for l in (1, 2))
ratios = []
for logits in ([0, 0], [0, 2.35], [0, 1, 5], [0, 0, 0, 30], [-3, 0, 0.1, 8]):
    covariance, mu = cc.covariance_exact(logits, 15), cc.mean_exact(logits, 15)
    D = len(mu)
    assert all(covariance[k, l] <= 0 for k in range(D) for l in range(D) if k != l)
    assert all(covariance[k, k] <= mu[k] * min(mu[k], 1 - mu[k]) for k in range(D))
    ratios += [2 * covariance[k, k] / mu[k] for k in range(D)]
assert max(ratios) < 1
mp.nstr(max(ratios), 4)  # the largest sum of (cct-condition) here

# %% [markdown]
# ## Limits
#
# - *One category*: $p=1$, $F=1/e$, the least value there is. The saddle is at once $\tau=1$.
# - *All equal*: $F=F_D$, and {eq}`cct-scaling` is Stirling's formula with its correction; $F\to1/\sqrt{2\pi}$ for many.
# - *One ahead of many*: $F\to F^*$ if the leader has $p=0.8413$; the hostile case for the saddle iteration from 1 is of this kind.
# - *A category of weight zero* ($\eta_k=-\infty$) is absent from every sum.
#
# What is **not** proved here: a lower bound of $I_{kl}$, so the relative error of second moments, and of tiny covariances after
# cancellation; anything for $\delta<0$, which rounding can cause, by its own size; the rounding errors of the sums over categories and of
# $e^H$, of which only the amplification is bounded; that the constants $\frac12$ and $\frac34$ of {prf:ref}`thm-cct-saddle` are best,
# which is unlikely; that the sum in {eq}`cct-condition` gets near 1 (it was never seen above 0.41).
#
# ## Check
#
# The lemmas are checked where they stand. The slow parts run with the tests: all rules over all boxes, which is
# `certificate.rule_errors`, the tables of {ref}`the second certificate <cct-cert-fewer>`, and this one.


# %%
def prove_node_count_by_kappa(name):
    """The most that ceil(N (1 + kappa_3)/2) of N nodes leave out of F, for any weights: an upper bound."""
    rule = certificate.RULES[name]
    N, last = rule.nodes, int(certificate.END / rule.h)
    tables = {j: certificate.psi_on_grid(rule, j) for j in range(N // 2, last)}
    kept = {n: min(Fraction(2 * n, N) - 1, Fraction(1)) for n in range(N // 2 + 1, N)}
    return certificate.largest(
        *(certificate.dropped_by_kappa(rule, n, most, tables) for n, most in kept.items())
    )
