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
# feedback, whatever its label. More is true of a one-hot label, which we call $y$ where it is an index:
#
# | statement | proof |
# | --- | --- |
# | what one category gains, the others lose in proportion to what they have | {prf:ref}`thm-softmax-shares` |
# | a step of descent lowers the logit of every wrong category; the probability of a small one can rise | {prf:ref}`thm-softmax-step` |
# | were only the labelled logit moved, three categories would not even learn their own frequencies | {prf:ref}`thm-softmax-label-only` |
# | squared error on a softmax is deaf to a label that it holds for impossible | {prf:ref}`thm-softmax-squared` |
# | it needs exponential time to get away from there, cross-entropy linear time (two categories) | {prf:ref}`thm-softmax-escape` |
# | a float of $p$ bits takes the larger of two probabilities for 1 from a gap of $p\log2$ on | {prf:ref}`thm-softmax-floats` |

# %% [markdown]
# ## Symbols

# %%
import sympy as sp
from mpmath import mp

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
# Outputs of a softmax are not free. Its Jacobian is
#
# $$
# J=\operatorname{diag}\pi-\pi\pi^\top,\qquad\frac{\partial\pi_k}{\partial z_n}=\pi_k\,\big([k=n]-\pi_n\big),
# $$ (softmax-jacobian)
#
# with a factor $\pi_k$ in every row that meets the $1/\pi_k$, and the singularity is gone. We write $w_k=e^{z_k}$, in which all is
# rational.

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
# ### Who pays
#
# ```{prf:theorem} Shares
# :label: thm-softmax-shares
# If the logit $z_n$ alone rises, $\pi_n$ gains at the rate $\pi_n(1-\pi_n)$ and each other category loses at the rate $\pi_k\pi_n$: all
# others the same share $\pi_n$ of what they have, so that their ratios stay.
# ```
#
# ```{prf:proof}
# This is column $n$ of {eq}`softmax-jacobian`; and $\pi_k/\pi_i=e^{z_k-z_i}$ does not know of $z_n$.
# ```

# %%
assert all(sp.cancel(jacobian[k, 0] + pi[k] * pi[0]) == 0 for k in (1, 2))
assert sp.cancel(jacobian[0, 0] - pi[0] * (1 - pi[0])) == 0
assert sp.cancel(sum(jacobian[:, 0])) == 0
assert sp.diff(sp.cancel(pi[1] / pi[2]), w[0]) == 0

# %% [markdown]
# Descent moves all logits at once, at the rate $y-\pi$, and so the probabilities at the rate $J(y-\pi)$.
#
# ```{prf:theorem} A step of descent
# :label: thm-softmax-step
# With a one-hot label, $z'=y-\pi$ moves the labelled probability and each other at the rates
#
# $$
# \pi_y'=\pi_y\Big((1-\pi_y)^2+\sum_{n\ne y}\pi_n^2\Big),\qquad
# \pi_k'=\pi_k\,\big(\lVert\pi\rVert^2-\pi_y-\pi_k\big)\quad(k\ne y).
# $$ (softmax-velocity)
#
# So the label gains. A wrong category gains *too* if $\pi_k<\lVert\pi\rVert^2-\pi_y$, though its logit falls. The largest wrong one
# loses.
# ```
#
# ```{prf:proof}
# The first is {eq}`softmax-jacobian` times $y-\pi$. For the largest wrong one, $\sum_{n\ne y}\pi_n^2\le\pi_k(1-\pi_y)$, hence
# $\lVert\pi\rVert^2-\pi_y-\pi_k\le-\pi_y(1-\pi_y+\pi_k)$.
# ```

# %%
one_hot = sp.Matrix([1, 0, 0])
velocity = jacobian * (one_hot - pi)
squares = pi.dot(pi)
of_label = pi[0] * ((1 - pi[0]) ** 2 + squares - pi[0] ** 2)
of_others = [pi[k] * (squares - pi[0] - pi[k]) for k in (1, 2)]
assert (velocity - sp.Matrix([of_label, *of_others])).applyfunc(sp.cancel).is_zero_matrix
at_most = pi[0] ** 2 + pi[1] * (1 - pi[0]) - pi[0] - pi[1]
assert sp.cancel(at_most + pi[0] * (1 - pi[0] + pi[1])) == 0

# %% [markdown]
# With $\pi=(2,17,1)/20$ and label 0, the second category is confidently wrong and pays for both others:

# %%
confident = dict(zip(w, (2, 17, 1)))
assert velocity[2].subs(confident) > 0 > velocity[1].subs(confident)
velocity.subs(confident).T

# %% [markdown]
# ### If only the label's logit learned
#
# Suppose that a target of 0 did give no feedback: $-y_k(1-\pi_k)$ in the place of {eq}`softmax-grad`. That is no gradient of a function
# of the probabilities, since it does not sum to zero; but one may follow it. Let the labels have the frequencies $f_k>0$, and the model
# nothing but one logit for each.
#
# ```{prf:theorem} Label only
# :label: thm-softmax-label-only
# $z_k'=f_k(1-\pi_k)$ leaves the probabilities at rest exactly where
#
# $$
# \pi_k=1-\frac c{f_k},\qquad c=\frac{D-1}{\sum_n1/f_n},
# $$ (label-only)
#
# if these are positive; all logits then rise at the rate $c$ for ever. That is $\pi=f$ for two categories; for more only if all are
# equally frequent. The gradient $\pi-f$ of the cross-entropy is at rest at $\pi=f$.
# ```
#
# ```{prf:proof}
# At rest all logits move alike, $f_k(1-\pi_k)=c$, and $\sum_k\pi_k=1$ gives $c$. The rest is stable: a small $\delta$ of the logits
# moves by $-\operatorname{diag}(f)J\delta$, and $\operatorname{diag}(f)J$ is similar to the semidefinite
# $\operatorname{diag}(f)^{\frac12}J\operatorname{diag}(f)^{\frac12}$, with the common shift alone at 0. If $\pi=f$, all $f_k(1-f_k)$ are
# equal, so all $f_k$ are $t$ or $1-t$. Both do not occur among three or more, since those two alone would sum to 1.
# ```

# %%
f = sp.symbols("f:3", positive=True)


def at_rest(frequencies):
    """What a softmax comes to if only labelled logits learn: the probabilities."""
    c = (len(frequencies) - 1) / sum(1 / share for share in frequencies)
    return [1 - c / share for share in frequencies]


assert sp.cancel(sum(at_rest(f)) - 1) == 0
drift = [sp.cancel(share * (1 - rest)) for share, rest in zip(f, at_rest(f))]
assert drift[0] == drift[1] == drift[2]
assert sp.simplify(at_rest((f[0], 1 - f[0]))[0] - f[0]) == 0

# %% [markdown]
# Labels of frequencies $(5,3,2)/10$ would be learned as

# %%
sp.Matrix([at_rest([sp.Rational(share, 10) for share in (5, 3, 2)])])

# %% [markdown]
# Feedback from the targets of 0 is what makes them right. In any model with a free bias for each category, the gradient in the bias is
# the sum of {eq}`softmax-grad` over the examples; where it is zero, the mean prediction is the frequency,
#
# $$
# \frac1N\sum_{i=1}^N\pi_k^{(i)}=\frac1N\sum_{i=1}^Ny_k^{(i)} .
# $$ (mean-prediction)
#
# ### Squared error on the same softmax
#
# Let $L_2=\sum_k(\pi_k-y_k)^2$ with the same softmax. Here nothing divides by $\pi_k$, and nothing takes $J$ back.
#
# ```{prf:theorem} Squared error
# :label: thm-softmax-squared
# $$
# \frac{\partial L_2}{\partial z}=2J(\pi-y),\qquad
# -\frac{\partial L_2}{\partial z_y}=2\pi_y\Big((1-\pi_y)^2+\sum_{n\ne y}\pi_n^2\Big)\le4\,\pi_y(1-\pi_y)^2
# $$ (squared-grad)
#
# for a one-hot label, with equality for two categories. It is $-2\pi'$ of {eq}`softmax-velocity`, and it vanishes at every corner of the
# simplex, right or wrong: as $\pi_y\to0$ the pull on the label is at most $4\pi_y$, where that of the cross-entropy, $1-\pi_y$, tends to 1.
# ```
#
# ```{prf:proof}
# $J$ is symmetric. At a corner it is 0. The sum of squares is at most $\big(\sum_{n\ne y}\pi_n\big)^2=(1-\pi_y)^2$.
# ```

# %%
squared = sum((p - label) ** 2 for p, label in zip(softmax, one_hot))
squared_by_logit = sp.Matrix([v * sp.diff(squared, v) for v in w])
assert (squared_by_logit + 2 * velocity).applyfunc(sp.cancel).is_zero_matrix
given_away = 4 * pi[0] * (1 - pi[0]) ** 2 + squared_by_logit[0]
# 2 pi_y times what the square of the sum has over the sum of squares
assert sp.cancel(given_away - 4 * pi[0] * pi[1] * pi[2]) == 0

# %% [markdown]
# ```{prf:theorem} Escape
# :label: thm-softmax-escape
# Two categories, the label behind by a gap $\Delta$. Descent at unit rate ($z'=-\partial L/\partial z$) makes it draw level after the time
#
# $$
# T=\tfrac12\big(\Delta+1-e^{-\Delta}\big),\qquad
# T_2=\tfrac18\Big(e^\Delta+3\Delta+\tfrac52-3e^{-\Delta}-\tfrac12e^{-2\Delta}\Big)
# $$ (escape-time)
#
# with the cross-entropy and with squared error.
# ```
#
# ```{prf:proof}
# The gap shrinks at the rate $2(1-\pi_y)$, and by {eq}`squared-grad` at $8\pi_y(1-\pi_y)^2$, where $\pi_y=1/(1+e^\Delta)$. Both times are 0
# at $\Delta=0$, and their derivatives are the inverse rates.
# ```

# %%
lag = sp.Symbol("Delta", positive=True)
exp = sp.exp(lag)
escape = {
    "cross-entropy": (lag + 1 - 1 / exp) / 2,
    "squared error": (exp + 3 * lag + sp.Rational(5, 2) - 3 / exp - exp**-2 / 2) / 8,
}
behind = 1 / (1 + exp)
rates = {"cross-entropy": 2 * (1 - behind), "squared error": 8 * behind * (1 - behind) ** 2}
for name, time in escape.items():
    assert time.subs(lag, 0) == 0 and sp.simplify(sp.diff(time, lag) * rates[name]) == 1

# %% [markdown]
# With a gap of 10 that is

# %%
{name: time.subs(lag, 10).evalf(4) for name, time in escape.items()}

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
#
# ### What a float makes of it
#
# A format has $p$ bits of precision, the least normal number $2^m$ and the end $2^M$, from which on numbers are infinite. Next to 1
# floats are $2^{1-p}$ apart, next to 0 they are $2^{m-p+1}$ apart, the largest is $2^M(1-2^{-p})$; results are rounded to the nearest,
# ties to even. Take the logits 0 and $-\Delta$, and $w=e^{-\Delta}$ for the smaller weight.
#
# ```{prf:theorem} Gaps
# :label: thm-softmax-floats
# Let each operation be rounded correctly. For every float $\Delta$ of the three formats:
#
# | happens | exactly if |
# | --- | --- |
# | $1+w$ rounds to 1, and the larger probability is 1 | $\Delta>p\log2$ |
# | $w$ is subnormal or 0: its digits begin to go | $\Delta>-m\log2$ |
# | $w$ rounds to 0, and the smaller probability is 0 | $\Delta>(p-m)\log2$ |
# | $e^\Delta$ rounds to infinity | $\Delta>M\log2+\log(1-2^{-p-1})$ |
# ```
#
# ```{prf:proof}
# $e^{\pm\Delta}$ is irrational for rational $\Delta\ne0$, so none of these exponentials is a tie, and $>$ or $\ge$ is the same.
# *Zero:* below half of the least subnormal, $2^{m-p}$. *Infinity:* above the middle of the largest number and $2^M$.
# *One:* $1+2^{-p}$ is the tie between 1 and the next float, and goes to the even 1; all above goes up. So the rounded $w$ must
# be at most $2^{-p}$, a float. Hence the exact one at most $2^{-p}(1+2^{-p})$, and $\Delta\ge p\log2-2^{-p}$ or so: no float lies
# between that and $p\log2$, as the check shows. The quotient $1/(1+2^{1-p})$ is rounded to a number below 1, so 1 comes from the sum alone. *Subnormal:*
# rounding to a normal number would need $e^{-\Delta}$ above $2^m(1-2^{-p})$, and no float is between the logarithms of the two.
# ```
#
# Each row is held against exact rounding, at the two floats on either side of the formula: rounding is monotone, so what it does
# there it does beyond.

# %%
FORMATS = {  # p, m, M
    "float16": (11, -14, 16),
    "float32": (24, -126, 128),
    "float64": (53, -1022, 1024),
}
bits, least, end = sp.symbols("p m M", integer=True)
gaps = {
    "one": bits * sp.log(2),
    "subnormal": -least * sp.log(2),
    "zero": (bits - least) * sp.log(2),
    "infinite": end * sp.log(2) + sp.log(1 - sp.Integer(2) ** (-bits - 1)),
}


def gap_of(event, name):
    """From which gap on the event happens in a format, to 40 digits."""
    values = dict(zip((bits, least, end), FORMATS[name]))
    with mp.workdps(40):
        return mp.mpf(gaps[event].subs(values).evalf(40))


def unit(x, name):
    """The distance of the floats of a format at x > 0."""
    p, m, _ = FORMATS[name]
    return mp.ldexp(1, int(max(mp.frexp(x)[1] - 1, m)) - p + 1)


def rounding(name):
    """x > 0 -> the nearest float of a format, ties to even, without an error."""
    end = mp.ldexp(1, FORMATS[name][2])
    nearest = lambda x: mp.nint(x / unit(x, name)) * unit(x, name)
    return lambda x: nearest(x) if nearest(x) < end else mp.inf


# %%
happens = {
    "one": lambda gap, to, m: to(1 + to(mp.exp(-gap))) == 1,
    "subnormal": lambda gap, to, m: to(mp.exp(-gap)) < mp.ldexp(1, m),
    "zero": lambda gap, to, m: to(mp.exp(-gap)) == 0,
    "infinite": lambda gap, to, m: to(mp.exp(gap)) == mp.inf,
}
with mp.workdps(400):
    for event, occurs in happens.items():
        for name, (_, m, _) in FORMATS.items():
            step, to = unit(gap_of(event, name), name), rounding(name)
            below = mp.floor(gap_of(event, name) / step) * step
            assert not occurs(below, to, m) and occurs(below + step, to, m)

# %% [markdown]
# And the ties of the proof, at which the smallest step further changes the result:

# %%
with mp.workdps(400):
    further = 1 + mp.ldexp(1, -99)
    for name, (p, m, M) in FORMATS.items():
        to, tie_at_0 = rounding(name), mp.ldexp(1, m - p)
        tie_at_1, tie_at_end = 1 + mp.ldexp(1, -p), mp.ldexp(1 - mp.ldexp(1, -p - 1), M)
        assert to(tie_at_1) == 1 < to(tie_at_1 * further)
        assert to(tie_at_0) == 0 < to(tie_at_0 * further)
        assert to(tie_at_end / further) < to(tie_at_end) == mp.inf
        assert mp.almosteq(mp.log(tie_at_end), gap_of("infinite", name), 1e-35)
        assert to(1 / (1 + mp.ldexp(1, 1 - p))) < 1

# %%
sp.Matrix([[gap_of(event, name) for name in FORMATS] for event in gaps]).evalf(6)

# %% [markdown]
# Long before $1+w$ rounds to 1 its rounding, up to $2^{-p}$, is not small against $w$. The loss of a label that is ahead by $\Delta$ is
# $\log(1+w)\approx w$, so what a logarithm of a rounded sum leaves of it has a relative error of up to
#
# $$
# 2^{-p}\,e^{\Delta}:
# $$ (lost-of-loss)
#
# one decimal digit is lost for every $\log10=2.3$ of gap. The logits lose none if the largest weight, which is 1, is left out of the sum,
#
# $$
# -\log\pi_y=(z_t-z_y)+\operatorname{log1p}\sum_{k\ne t}e^{z_k-z_t},\qquad z_t=\max z.
# $$ (log1p-form)

# %%
ahead = sp.log(1 + sp.exp(-lag))
assert sp.limit(ahead * sp.exp(lag), lag, sp.oo) == 1
top, *rest = z_of_three = sp.symbols("z:3", real=True)
log1p_form = lambda label: top - label + sp.log(1 + sum(sp.exp(other - top) for other in rest))
for label in z_of_three:
    log_of_softmax = sp.log(sp.exp(label) / sum(map(sp.exp, z_of_three)))
    assert sp.expand_log(sp.simplify(sp.exp(log1p_form(label) + log_of_softmax))) == 1

# %% [markdown]
# ### What the kernel names

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
