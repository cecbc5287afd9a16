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

# %%
import sympy as sp

from kdeviz.codegen.declare import Coarse, Index, Kernel, Sum, Upper, array, remainder

R, D, N = sp.symbols("R D N", integer=True, positive=True)
row, k, node = Index("row", R, "r"), Index("k", D), Index("node", N, "n", short=True)
gap = array("gap", "g", extended_nonnegative=True)[row, k]
tau = array("tau", r"\tau", positive=True)[row]

# %%
A, B, C0 = sp.Rational(9, 4), sp.Rational(18, 5), sp.Rational(2, 5)
u = sp.Symbol("u", real=True)
zeta = C0 + A * (1 - sp.cosh(u)) + sp.I * B * sp.sinh(u)
RULES = {"float64": (sp.Rational(7, 120), 60), "float32": (sp.Rational(7, 60), 24)}


def rule(h, nodes):
    """[(Re zeta, Im zeta, Re w, Im w)] of the midpoint rule with step h, exactly."""
    parts = [f.as_real_imag() for f in (zeta, h / (sp.I * sp.pi) * sp.diff(zeta, u))]
    at = lambda j: [part.subs(u, (j + sp.Rational(1, 2)) * h) for pair in parts for part in pair]
    return [at(j) for j in range(nodes)]


zeta_x, zeta_y, w_x, w_y = (
    array(name, tex)[node]
    for name, tex in (
        ("zeta_x", r"\xi"),
        ("zeta_y", r"\upsilon"),
        ("w_x", r"w^{\Re}"),
        ("w_y", r"w^{\Im}"),
    )
)
columns = {dtype: list(zip(*rule(h, nodes))) for dtype, (h, nodes) in RULES.items()}
tables = {
    t: {dtype: columns[dtype][i] for dtype in RULES} for i, t in enumerate((zeta_x, zeta_y, w_x, w_y))
}

# %%
finite = sp.Piecewise((1, sp.Ne(gap, sp.oo)), (0, True))
count, mean_gap = array("count", "K")[row], array("mean_gap", r"\bar g")[row]
near = (count - mean_gap + sp.sqrt((count - mean_gap) ** 2 + 4 * mean_gap)) / 2
share = count / mean_gap
far = 2 / (1 - share + sp.sqrt((1 - share) ** 2 + 4 / mean_gap))
total_gap = Sum(sp.Piecewise((gap, sp.Ne(gap, sp.oo)), (0, True)), k)
start = {
    count: Sum(finite, k),
    mean_gap: total_gap / sp.Max(count - 1, 1),
}

# %%
m, p = array("m")[row, k], array("p")[row, k]
S, Q = array("S")[row], array("Q")[row]
sigma, excess = (
    array("sigma", r"\sigma", positive=True)[row],
    array("excess", r"\varepsilon")[row],
)
scale = {m: 1 / (tau + gap), S: Sum(m, k), Q: Sum(m**2, k)}
own_sigma = array("own_sigma", r"\sigma")[row]
TOLERANCE = sp.Rational(1, 100)
step = sp.Piecewise((tau, S - 1 <= TOLERANCE * own_sigma), (tau + S * (S - 1) / Q, True))

# %%
eta, top = array("eta", r"\eta", extended_real=True)[row, k], array("top", extended_real=True)[row]


def exact_sum(a, b, name):
    """Equations for the rounding error of a + b: what floating point leaves away."""
    total, back, left, lost, right, error = (
        array(f"{name}_{part}")[row, k] for part in ("sum", "back", "left", "lost", "right", "error")
    )
    return {
        total: a + b,
        back: total - a,
        left: total - back,
        lost: a - left,
        right: b - back,
        error: lost + right,
    }


# %%
remainder_x, remainder_y = array("remainder_x")[row, node], array("remainder_y")[row, node]
rest_x, rest_y = array("rest_x")[row, node], array("rest_y")[row, node]
x, y = array("x")[row, k, node], array("y")[row, k, node]
W_x, W_y, F = array("W_x")[row, node], array("W_y")[row, node], array("F")[row]
H_x, H_y = array("H_x")[row, node], array("H_y")[row, node]
height = array("height")[row, node]
phi = remainder(x, y, k)
integrand = {
    m: 1 / (tau + gap),
    p: m / sigma,
    x: p * zeta_x,
    y: p * zeta_y,
    remainder_x: phi[0],
    remainder_y: phi[1],
    H_x: excess * zeta_x + rest_x + remainder_x,
    H_y: excess * zeta_y + rest_y + remainder_y,
    height: sp.exp(H_x),
    W_x: height * (w_x * sp.cos(H_y) - w_y * sp.sin(H_y)),
    W_y: height * (w_x * sp.sin(H_y) + w_y * sp.cos(H_y)),
    F: Sum(W_x, node),
}
F_sum, W_x_value, W_y_value = integrand[F], integrand[W_x], integrand[W_y]
rest_log = array("rest_log")[row]
log_Z = tau - rest_log - Sum(sp.log(tau + gap), k) - sp.log(sigma) + sp.log(F)

q, b = array("q")[row, k, node], array("b")[row, k, node]
factor = {b: 1 + x, q: b**2 + y**2}
mean = array("mean", r"\mu")[row, k]
mean_value = m * Sum((W_x * b + W_y * y) / q, node) / F

# %%
def power_sums(T):
    """Equations of the exponent of the small categories at the nodes, by the power sums up to T."""
    orders = range(2, T + 1)
    power = {1: p} | {n: array(f"power_{n}")[row, k] for n in range(2, (T + 1) // 2 + 1)}
    kappa = {n: array(f"kappa_{n}", rf"\kappa_{{{n}}}")[row] for n in orders}
    r_x = {n: array(f"r_x_{n}")[row, node] for n in orders}
    r_y = {n: array(f"r_y_{n}")[row, node] for n in orders}
    equations = {m: 1 / (tau + gap), p: m / sigma}
    equations |= {power[n]: power[n // 2] * power[n - n // 2] for n in power if n > 1}
    equations |= {kappa[n]: Sum(power[n // 2] * power[n - n // 2], k) for n in orders}
    c = {n: sp.Rational((-1) ** n, n) * kappa[n] for n in orders}
    equations |= {r_x[T]: c[T] + 0 * zeta_x, r_y[T - 1]: c[T] * zeta_y}
    equations |= {r_x[T - 1]: c[T - 1] + c[T] * zeta_x}
    for n in range(T - 2, 1, -1):
        equations[r_x[n]] = c[n] + (zeta_x * r_x[n + 1] - zeta_y * r_y[n + 1])
        equations[r_y[n]] = zeta_x * r_y[n + 1] + zeta_y * r_x[n + 1]
    del equations[r_x[T]]
    square_x, square_y = array("square_x")[row, node], array("square_y")[row, node]
    one_x, one_y = array("one_x")[row, node], array("one_y")[row, node]
    equations |= {one_x: zeta_x * r_x[2] - zeta_y * r_y[2], one_y: zeta_x * r_y[2] + zeta_y * r_x[2]}
    return equations, {rest_x: zeta_x * one_x - zeta_y * one_y, rest_y: zeta_x * one_y + zeta_y * one_x}


def power_means(T):
    """Equations of the means of small categories, polynomials in p with T terms."""
    v_x = {0: W_x} | {n: array(f"v_x_{n}")[row, node] for n in range(1, T)}
    v_y = {0: W_y} | {n: array(f"v_y_{n}")[row, node] for n in range(1, T)}
    moment = {n: array(f"M{n}")[row] for n in range(T)}
    horner = {n: array(f"horner_{n}")[row, k] for n in range(1, T)}
    equations = {m: 1 / (tau + gap), p: m / sigma}
    for n in range(1, T):
        equations[v_x[n]] = v_x[n - 1] * zeta_x - v_y[n - 1] * zeta_y
        equations[v_y[n]] = v_x[n - 1] * zeta_y + v_y[n - 1] * zeta_x
    equations |= {moment[n]: Sum(v_x[n], node) for n in range(T)}
    polynomial = moment[T - 1]
    for n in range(T - 2, -1, -1):
        polynomial = moment[n] - p * polynomial
    return equations, {mean: m * polynomial / F}


# %%
inputs = {
    gap: "Distances max(eta) - eta of the natural parameters below their maximum; +inf for a category of weight zero.",
    tau: "Distance of the contour's reference point above max(eta); best at the saddle.",
}
scales = {sigma: "Scale: root of the sum of 1/(tau + gap)^2.", excess: "(1 - sum of 1/(tau + gap))/sigma."}
rest = {
    rest_x: "Exponent at the nodes of categories that are not among these, real part.",
    rest_y: "The same, imaginary part.",
    rest_log: "Their sum of log(tau + gap).",
}
nodes = {
    zeta_x: "Nodes of the rule, real part.",
    zeta_y: "Nodes, imaginary part.",
}
weights = {
    w_x: "Weights of the rule, real part.",
    w_y: "Weights, imaginary part.",
}
draws = {
    gap: lambda rng, shape: rng.exponential(size=shape),
    tau: lambda rng, shape: rng.uniform(3.5, 4, shape),
    sigma: lambda rng, shape: rng.uniform(0.4, 0.6, shape),
    excess: lambda rng, shape: rng.uniform(0, 0.1, shape),
    rest_x: lambda rng, shape: rng.uniform(0, 0.1, shape),
    rest_y: lambda rng, shape: rng.uniform(0, 0.1, shape),
    rest_log: lambda rng, shape: rng.uniform(0, 0.1, shape),
}
contour = dict(
    nest=(row, k, node),
    cuda_nest=(row, node, k),
    threads=k,
    blocked=node,
    inputs=inputs | scales | rest | nodes | weights,
    tables=tables,
    draws=draws,
)
rows_of_k = dict(nest=(row, k), threads=k, blocked=k)
d = exact_sum(top, -eta, "gap")
e = exact_sum(tau, array("gap_sum")[row, k], "d")
d_sum, d_error, gap_error = (array(f"{n}")[row, k] for n in ("d_sum", "d_error", "gap_error"))
m_high, m_low, d_high, d_low = (array(f"{n}")[row, k] for n in ("m_high", "m_low", "d_high", "d_low"))
near_1, near_2 = array("near_1")[row, k], array("near_2")[row, k]
reciprocal = {
    m: 1 / d_sum,
    m_high: Coarse(m),
    d_high: Upper(d_sum),
    d_low: d_sum - d_high,
    near_1: 1 - m_high * d_high,
    near_2: near_1 - m_high * d_low,
    m_low: sp.Piecewise((m, sp.Eq(m_high, 0)), ((near_2 - m_high * (d_error + gap_error)) / d_sum, True)),
}
high_sum, low_sum, near_all = (array(n)[row] for n in ("high_sum", "low_sum", "near_all"))
kernels = [
    Kernel(
        name="saddle_start",
        title="A start below the saddle.",
        inputs={gap: inputs[gap]},
        where=start,
        outputs={tau: sp.Max(1, sp.Piecewise((far, mean_gap > count), (near, True)))},
        **rows_of_k,
    ),
    Kernel(
        name="saddle_step",
        title="One Newton step.",
        inputs=inputs,
        where=scale | {own_sigma: sp.sqrt(Q)},
        outputs={
            array("next_tau")[row]: step,
            sigma: own_sigma,
            excess: (1 - S) / own_sigma,
        },
        **rows_of_k,
    ),
    Kernel(
        name="saddle_excess",
        title="1 - sum of 1/(tau + gap).",
        inputs={eta: "Natural parameters.", top: "Their maximum.", tau: inputs[tau]},
        where=d
        | e
        | reciprocal
        | {high_sum: Sum(m_high, k), low_sum: Sum(m_low, k), near_all: 1 - high_sum},
        outputs={array("missing")[row]: near_all - low_sum},
        **rows_of_k,
    ),
    Kernel(
        name="log_partition",
        title="log Z.",
        where=integrand,
        outputs={array("log_Z")[row]: log_Z},
        **contour,
    ),
    Kernel(
        name="log_partition_and_mean",
        title="log Z and mean.",
        where={t: v for t, v in (integrand | factor).items() if t not in (F, W_x, W_y)},
        outputs={
            array("log_Z")[row]: log_Z,
            mean: mean_value,
            F: F_sum,
            W_x: W_x_value,
            W_y: W_y_value,
        },
        **contour,
    ),
]
V_x, V_y = array("V_x")[row, node], array("V_y")[row, node]
c_x, c_y = array("c_x")[row, node], array("c_y")[row, node]
v = array("v")[row, k]


def deviation(name):
    """Equations of a - mean, a = m/(1 + p zeta), and of a itself, under names of their own."""
    a_x, a_y, d_x = (array(f"{name}_{part}")[row, k, node] for part in ("x", "y", "deviation"))
    return (a_x, a_y, d_x), {a_x: m * b / q, a_y: -m * y / q, d_x: a_x - mean}


(a_x, a_y, d_x), of_one = deviation("a")
(e_x, e_y, f_x), of_other = deviation("e")
scaled = {
    m: 1 / (tau + gap),
    p: m / sigma,
    x: p * zeta_x,
    y: p * zeta_y,
    b: 1 + x,
    q: b**2 + y**2,
    V_x: W_x / F,
    V_y: W_y / F,
}
of_square = lambda x, y: V_x * (x**2 - y**2) - 2 * V_y * x * y
solved = (
    inputs
    | {sigma: scales[sigma], mean: "Means."}
    | {F: "Sum of W_x.", W_x: "Weights.", W_y: "Weights, imaginary."}
    | nodes
)
of_nodes = contour | dict(tables={t: tables[t] for t in nodes})
kernels += [
    Kernel(
        name="variances",
        title="Variance of each category.",
        where=scaled | of_one,
        outputs={
            array("variance")[row, k]: Sum(of_square(a_x, a_y) + of_square(d_x, a_y), node)
        },
        **of_nodes | dict(inputs=solved),
    ),
    Kernel(
        name="covariance_matvec",
        title="The covariance matrix times a vector.",
        where=scaled | of_one | of_other | {c_x: Sum(d_x * v, k), c_y: Sum(a_y * v, k)},
        outputs={
            array("product")[row, k]: Sum(
                V_x * (f_x * c_x - e_y * c_y)
                - V_y * (f_x * c_y + e_y * c_x)
                + v * of_square(e_x, e_y),
                node,
            )
        },
        **of_nodes | dict(inputs=solved | {v: "The vector."}),
    ),
]
for T in (10, 20):
    equations, exponents = power_sums(T)
    kernels.append(
        Kernel(
            name=f"power_sums_{T}",
            title=f"The exponent of small categories at the nodes, by {T} power sums.",
            nest=(row, k, node),
            threads=k,
            blocked=k,
            inputs=inputs | {sigma: scales[sigma]} | nodes,
            where=equations,
            outputs=exponents | {rest_log: Sum(sp.log(tau + gap), k)},
            tables={t: tables[t] for t in nodes},
            draws=draws,
        )
    )
    equations, means = power_means(T - 1)
    kernels.append(
        Kernel(
            name=f"power_means_{T}",
            title=f"The means of small categories.",
            nest=(row, k, node),
            threads=k,
            blocked=k,
            inputs=inputs | {sigma: scales[sigma], F: "Their sum.", W_x: "Weights.", W_y: "Weights."} | nodes,
            where=equations,
            outputs=means,
            tables={t: tables[t] for t in nodes},
            draws=draws,
        )
    )
