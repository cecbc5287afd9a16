"""A wrong step breaks an assert: seeded mistakes in the derivations, each of which must stop the import."""
import pytest

from kdeviz.codegen.__main__ import HOME

MISTAKES = {
    ("mixture_ce", "log_mixture = log_sum_exp(z + log_K) - log_sum_exp(z)", "log_mixture = log_sum_exp(z + log_K) + log_sum_exp(z)"),
    ("mixture_ce", "log_p: log_sum_exp(centred + log_K) - log_sum_exp(centred)", "log_p: log_sum_exp(centred + log_K)"),
    ("mixture_ce", "mass: q * share", "mass: q"),
    ("mixture_ce", "explained: Sum(mass, b)", "explained: Sum(q, b)"),
    ("mixture_ce", "explained * S - responsibility", "explained * S + responsibility"),
    ("mixture_ce", "-mass * responsibility_of", "mass * responsibility_of"),
    ("mixture_ce", "-q * log_q, True", "-q * log_p, True"),
    ("mixture_ce", ": -log_q", ": log_q"),
    ("softmax_ce", "* prior - y", "* prior + y"),
    ("softmax_ce", "(-y * log_pi, True)", "(y * log_pi, True)"),
    ("softmax_ce", ": -log_pi", ": log_pi"),
    ("softmax_ce", "log_pi: centred - sp.log", "log_pi: z - sp.log"),
    ("softmax_ce", "optimal_gap = sp.log(1 + size", "optimal_gap = sp.log(2 + size"),
    ("softmax_ce", "1 - c / share for share", "1 - 2 * c / share for share"),
    ("softmax_ce", "(exp + 3 * lag +", "(exp + 2 * lag +"),
    ("softmax_ce", "(bits - least) * sp.log(2)", "(bits - least - 1) * sp.log(2)"),
    ("softmax_ce", "1 - sp.Integer(2) ** (-bits - 1)", "1 - sp.Integer(2) ** (-bits)"),
    ("softmax_ce", "(squares - pi[0] - pi[k])", "(squares + pi[0] - pi[k])"),
    ("kde_ce", "delta: offset + width * position,\n    u: delta / h", "delta: offset - width * position,\n    u: delta / h"),
    ("kde_ce", "Sum(mass * responsibility_of * slope, b) / h", "-Sum(mass * responsibility_of * slope, b) / h"),
    ("kde_ce", "(1 - position), b) / h", "position, b) / h"),
    ("kde_ce", "sp.expand_mul(u * by_u + turn * by_turn)", "sp.expand_mul(u * by_u - turn * by_turn)"),
    ("kde_ce", "ratio = sp.exp(2 * sp.Abs(u) - turn)", "ratio = sp.exp(sp.Abs(u) - turn)"),
    ("kde_ce", "room: (h - sp.Abs(distance)) / h", "room: (h + sp.Abs(distance)) / h"),
    ("kde_ce", "-(turn**2) / (2 * sp.pi**2)", "-(turn**2) / (3 * sp.pi**2)"),
    ("mixture_ce", "sp.log(mass) - log_p, True", "sp.log(q) + log_p, True"),
    ("mixture_ce", "moved: mass * (1 - share)", "moved: mass * share"),
    ("laplace_integral", "done: (place - start)", "done: (end - start)"),
    ("laplace_integral", "towards(done, -1)", "towards(done, 1)"),
    ("laplace_integral", "excess = I_left - I_right", "excess = I_left + I_right"),
    ("quadrature", "h**2 * (z0 - z1) / (x1 - x0)", "h**2 * (z1 - z0) / (x1 - x0)"),
    ("quadrature", "(sp.I * y - s * d) ** 2 + h**2", "(sp.I * y - s * d) ** 2 - h**2"),
    ("quadrature", "(x**2 - 1) * sp.diff(P, x)", "(x**2 + 1) * sp.diff(P, x)"),
    ("quadrature", "-1 / (m * (m - 1)", "1 / (m * (m - 1)"),
    ("label_smoothing", "for m in range(n)", "for m in range(n + 1)"),
    ("label_smoothing", "rho = lambda D: a ** (D - 1)", "rho = lambda D: a ** D"),
    ("label_smoothing", "(1 + equal) / (size * (size + 1))", "(1 + equal) / (size * size)"),
    ("label_smoothing", "2 * P(D + 1) / (a**2", "P(D + 1) / (a**2"),
    ("label_smoothing", "(gap - half) ** (D - 1) / (gap + half)", "(gap - half) ** D / (gap + half)"),
    ("actor_mimic", "(sp.exp(-g * x) - sp.exp(-h * x)) / (h - g)", "(sp.exp(-g * x) + sp.exp(-h * x)) / (h - g)"),
    ("actor_mimic", "slope = sp.diff(t * (1 - t) * weight, t)", "slope = sp.diff(t * weight, t)"),
    ("actor_mimic", "share_of * sp.exp(-log_mu) + log_mu", "share_of * sp.exp(-log_mu) - log_mu"),
    ("actor_mimic", "V = sp.diag(*lam) - lam * lam.T", "V = sp.diag(*lam) + lam * lam.T"),
}


@pytest.mark.parametrize("stem, right, wrong", sorted(MISTAKES), ids=lambda text: text.split("\n")[0][:40])
def test_a_wrong_step_breaks_the_derivation(stem, right, wrong):
    text = (HOME / "derivations" / f"{stem}.py").read_text()
    assert right in text, "the derivation has changed: change this mistake with it"
    with pytest.raises((AssertionError, ValueError)):
        exec(compile(text.replace(right, wrong), f"<wrong {stem}>", "exec"), {"__name__": f"wrong_{stem}"})
