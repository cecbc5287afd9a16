"""Scans, neighbours and ends of a row: against recurrences written out in exact or longer arithmetic, in numpy, CUDA on the host and numba."""

import cuda_program
import mpmath
import numpy as np
import pytest
import sympy as sp
from languages import Languages
from sympy.codegen.numpy_nodes import logaddexp

from kdeviz.codegen.declare import Index, Kernel, Sum, array, log_mass
from kdeviz.codegen.evaluate import evaluate
from kdeviz.kernels.cupy import launch

R, J = sp.symbols("R J", integer=True, positive=True)
row, j = Index("row", R), Index("j", J)
gain, decay, kept, edge = array("gain")[row, j], array("decay")[row, j], array("kept")[row, j], array("edge")[row]
mass, tail, out = log_mass("mass"), array("tail"), array("out")[row, j]
each_real = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])


def kernel(outputs, inputs, where=None, **options):
    return Kernel("k1", "A test.", (row, j), {i: "." for i in inputs}, outputs, where or {}, **options)


def log_scan(step, start=edge):
    recurrence = logaddexp(mass[row, j + step] - decay, gain)
    return kernel({out: mass[row, j]}, (gain, decay, edge), {mass[row, j]: recurrence}, boundary={mass: start})


def linear_scan(step):
    recurrence = gain + kept * tail[row, j + step]
    return kernel({out: tail[row, j]}, (gain, kept, edge), {tail[row, j]: recurrence}, boundary={tail: edge})


LOG, LINEAR = {step: log_scan(step) for step in (-1, 1)}, {step: linear_scan(step) for step in (-1, 1)}
EACH_WAY = pytest.mark.parametrize("step", [-1, 1], ids=["forward", "backward"])
LENGTHS = pytest.mark.parametrize("length", [1, 2, 3, 63, 64, 65, 128, 129, 192, 200, 5000])


def recurrence(follow, factor, new, edge, step):
    """Row by row in mpmath."""
    found = np.empty(new.shape, object)
    with mpmath.workdps(40):
        for r in range(len(new)):
            old = mpmath.mpf(float(edge[r]))
            for place in range(new.shape[1])[::-step]:
                old = follow(old, mpmath.mpf(float(factor[r, place])), mpmath.mpf(float(new[r, place])))
                found[r, place] = old
    return found


def exact_log_scan(decay, gain, edge, step):
    add = lambda old, d, new: mpmath.log(mpmath.exp(old - d) + mpmath.exp(new))
    return recurrence(add, decay, gain, edge, step).astype(float)


def rows(length, dtype=np.float64, R=3):
    rng = np.random.default_rng(length)
    drawn = {
        "gain": rng.normal(size=(R, length)),
        "decay": rng.exponential(0.3, (R, length)),
        "edge": rng.normal(size=R),
    }
    return {name: a.astype(dtype) for name, a in drawn.items()}


@EACH_WAY
@LENGTHS
def test_a_log_scan_is_its_recurrence(run, step, length):
    arrays = rows(length)
    (got,) = run(LOG[step], **arrays)
    np.testing.assert_allclose(got, exact_log_scan(**arrays, step=step), rtol=0, atol=2e-15 * (1 + length**0.25))


@EACH_WAY
@LENGTHS
def test_a_linear_scan_of_what_is_not_negative_keeps_its_digits(run, step, length):
    arrays = rows(length)
    arrays = {"gain": np.exp(arrays["gain"]), "kept": np.exp(-arrays["decay"]), "edge": np.exp(arrays["edge"])}
    want = recurrence(lambda old, kept, new: new + kept * old, arrays["kept"], arrays["gain"], arrays["edge"], step)
    (got,) = run(LINEAR[step], **arrays)
    np.testing.assert_allclose(got, want.astype(float), rtol=1e-14)


@each_real
def test_results_have_the_dtype_of_the_rows(run, dtype):
    arrays = rows(200, dtype)
    (got,) = run(LOG[-1], **arrays)
    assert got.dtype == dtype
    np.testing.assert_allclose(got, exact_log_scan(**arrays, step=-1), rtol=0, atol=20 * np.finfo(dtype).eps)


@EACH_WAY
@pytest.mark.parametrize("length", [5, 300])
def test_an_infinite_decay_starts_a_scan_anew(run, step, length):
    arrays = rows(length)
    arrays["decay"][:, length // 2] = np.inf
    (got,) = run(LOG[step], **arrays)
    assert (got[:, length // 2] == arrays["gain"][:, length // 2]).all()
    np.testing.assert_allclose(got, exact_log_scan(**arrays, step=step), rtol=0, atol=1e-14)


@pytest.mark.parametrize("length", [5, 300])
def test_no_mass_at_all_stays_no_mass(run, length):
    arrays = rows(length)
    arrays |= {"gain": np.full((3, length), -np.inf), "edge": np.full(3, -np.inf)}
    arrays["gain"][1, 2] = 0.5
    (got,) = run(LOG[-1], **arrays)
    assert (got[[0, 2]] == -np.inf).all() and (got[1, :2] == -np.inf).all() and np.isfinite(got[1, 2:]).all()


@pytest.mark.parametrize("length", [5, 300])
def test_nan_spreads_along_its_row_and_to_no_other(run, length):
    arrays = rows(length)
    clean = run(LOG[-1], **arrays)[0]
    arrays["gain"][1, 3] = np.nan
    (got,) = run(LOG[-1], **arrays)
    assert np.isnan(got[1, 3:]).all() and np.array_equal(got[[0, 2]], clean[[0, 2]])


@pytest.mark.parametrize("length", [5, 300])
def test_a_batch_equals_its_rows_bit_for_bit(run, length):
    """More rows than a block of threads has."""
    arrays = rows(length, R=70)
    (got,) = run(LOG[1], **arrays)
    for r in (0, 31, 32, 69):
        assert np.array_equal(run(LOG[1], **{name: a[r : r + 1] for name, a in arrays.items()})[0][0], got[r])


def test_no_rows_give_no_rows(run):
    assert run(LOG[1], **rows(4, R=0))[0].shape == (0, 4)


# ------------------------------------------------------------------------------------------------------ neighbours and ends
x, square = array("x"), array("square")
NEIGHBOURS = kernel(
    {
        out: (x[row, j + 1] - x[row, j - 1]) * square[row, j - 1],
        array("ends")[row]: x[row, J - 1] - x[row, 0] + square[row, 0],
        array("total")[row]: Sum(square[row, j] * square[row, j + 1], j),
    },
    (x[row, j], edge),
    {square[row, j]: x[row, j] ** 2 + sp.exp(-x[row, j])},
    boundary={x: edge, square: sp.exp(edge)},
)


@pytest.mark.parametrize("length", [1, 2, 5, 40, 300])
def test_neighbours_and_ends_are_where_they_are_said_to_be(run, length):
    arrays = {"x": rows(length)["gain"], "edge": rows(length)["edge"]}
    at, beyond = arrays["x"], arrays["edge"][:, None]
    of = lambda x: x**2 + np.exp(-x)
    before, after = np.hstack([beyond, at[:, :-1]]), np.hstack([at[:, 1:], beyond])
    square_before, square_after = (
        np.hstack([np.exp(beyond), of(at[:, :-1])]),
        np.hstack([of(at[:, 1:]), np.exp(beyond)]),
    )
    want = (after - before) * square_before, at[:, -1] - at[:, 0] + of(at[:, 0]), (of(at) * square_after).sum(1)
    for got, value in zip(run(NEIGHBOURS, **arrays), want, strict=True):
        np.testing.assert_allclose(got, value, rtol=1e-13, atol=1e-14)


# Both directions, a scan that reads a scan, a name for a neighbour, an output that is a scan.
WEIGHT, MEAN, BEFORE = log_mass("weight"), array("mean"), log_mass("before")[row, j]
BOTH = kernel(
    {out: MEAN[row, j + 1] - BEFORE, array("first")[row]: mass[row, 0], WEIGHT[row, j]: sp.exp(mass[row, j] + BEFORE)},
    (gain, decay, kept),
    {
        mass[row, j]: logaddexp(mass[row, j + 1] - decay, gain),
        array("left")[row, j]: logaddexp(array("left")[row, j - 1], mass[row, j]),
        BEFORE: array("left")[row, j - 1],
        MEAN[row, j]: sp.exp(BEFORE) + kept * MEAN[row, j + 1],
    },
    boundary={mass: -sp.oo, array("left"): sp.S(-3), MEAN: sp.S.Zero},
)


def test_scans_of_scans_meet_the_oracle(run):
    arrays = rows(9) | {"kept": np.random.default_rng(0).uniform(0, 1, (3, 9))}
    del arrays["edge"]
    for got, want in zip(run(BOTH, **arrays), evaluate(BOTH, arrays).values(), strict=True):
        np.testing.assert_allclose(got, want.astype(float), rtol=1e-13)


# ------------------------------------------------------------------------------------------------------ what is refused
REFUSED = {
    "two places away": ({mass[row, j]: logaddexp(mass[row, j - 2], gain)}, {mass: 0}, "must be read at j - 1, j, j \\+ 1, 0 or J - 1"),
    "no boundary": ({mass[row, j]: logaddexp(mass[row, j - 1], gain)}, {}, "needs a `boundary`"),
    "another recurrence": ({mass[row, j]: sp.exp(mass[row, j - 1]) + gain}, {mass: 0}, "it must be a scan"),
    "a product with itself": ({mass[row, j]: gain + mass[row, j - 1] ** 2}, {mass: 0}, "it must be a scan"),
    "both neighbours": ({mass[row, j]: gain + mass[row, j - 1] + mass[row, j + 1]}, {mass: 0}, "it must be a scan"),
    "no neighbour": ({mass[row, j]: gain + mass[row, j] / 2}, {}, "it must be a scan"),
    "decay that reads the scan": ({mass[row, j]: logaddexp(mass[row, j - 1] * 2, gain)}, {mass: 0}, "it must be a scan"),
}  # fmt: skip


@pytest.mark.parametrize("where, boundary, message", REFUSED.values(), ids=REFUSED)
def test_what_is_no_scan_is_refused(where, boundary, message):
    with pytest.raises(ValueError, match=message):
        kernel({out: mass[row, j]}, (gain,), where, boundary=boundary)


def test_equations_that_depend_on_each_other_are_refused():
    pair = {mass[row, j]: logaddexp(tail[row, j - 1], gain), tail[row, j]: gain + mass[row, j - 1]}
    declared = kernel({out: mass[row, j]}, (gain,), pair, boundary={mass: 0, tail: 0})
    with pytest.raises(ValueError, match="depend on themselves"):
        Languages("numpy", None, None)(declared, gain=np.zeros((1, 2)))


def test_threads_cannot_share_a_scan():
    with pytest.raises(ValueError, match="with threads=None"):
        kernel(
            {out: mass[row, j]},
            (gain,),
            {mass[row, j]: logaddexp(mass[row, j - 1], gain)},
            boundary={mass: 0},
            threads=j,
        )


# ------------------------------------------------------------------------------------------------------ seeded bugs
BUGS = {  # language, what is replaced, by what
    "old mass not decayed": ("numpy", "old - decay", "old"),
    "parts do not hear of each other": ("numpy", "follow(before, reach, own)", "own"),
    "part hears of itself": ("numpy", "ends[:, :-1]], 1)", "ends[:, 1:]], 1)"),
    "reach of a part": ("numpy", "compose.accumulate(in_parts(factor), 1)", "in_parts(factor)"),
    "rest of a row starts with nothing": ("numpy", "old = ends[:, -1]", "old = ends[:, -1] * 0"),
    "edge forgotten": ("numpy", "np.broadcast_to(np.asarray(edge, new.dtype)", "np.broadcast_to(np.asarray(0 * edge, new.dtype)"),
    "against the direction": ("numpy", "edge, -1)", "edge, 1)"),
    "loop against the direction": ("numba", "range(J - 1, -1, -1)", "range(J)"),
    "own place for the neighbour's": ("numba", "np.uint64(j) + np.uint64(2)", "np.uint64(j) + np.uint64(1)"),
    "edge at one end only": ("numba", "mass[J + 1] = ", "mass[J + 1] = 0.0*"),
    "loop in CUDA against the direction": ("cuda", "for (long long j = J - 1; j >= 0; --j)", "for (long long j = 0; j < J; ++j)"),
    "rows left out": ("cuda", "row += all_threads", "row += 2*all_threads"),
    "the same row twice": ("cuda", "row = thread; row", "row = thread/2; row"),
}  # fmt: skip


def one_block(cupy, monkeypatch, language):
    monkeypatch.setattr(launch, "BLOCKS", 1)  # 32 threads do all rows
    return Languages(language, cupy, monkeypatch)


def replaced(right, wrong):
    def spoil(text):
        assert right in text
        return text.replace(right, wrong)

    return spoil


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_in_the_text_is_seen(pretend_cupy, monkeypatch, bug):
    language, right, wrong = BUGS[bug]
    run = one_block(pretend_cupy(), monkeypatch, language)
    arrays = rows(203, R=70)
    want = exact_log_scan(**arrays, step=1)
    np.testing.assert_allclose(run(LOG[1], **arrays)[0], want, atol=1e-14)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        np.testing.assert_allclose(run(LOG[1], replaced(right, wrong), **arrays)[0], want, atol=1e-14)


def test_scratch_of_a_neighbour_is_seen_by_the_thread_sanitizer(pretend_cupy, monkeypatch):
    run = one_block(pretend_cupy(sanitizer="thread"), monkeypatch, "cuda")
    run(LOG[1], **rows(20, R=40))
    with pytest.raises(cuda_program.KernelFailed, match="data race"):
        run(LOG[1], replaced("scratch += thread;", "scratch += thread/2;"), **rows(20, R=40))


def test_too_little_scratch_is_seen_by_the_address_sanitizer(pretend_cupy, monkeypatch):
    run = one_block(pretend_cupy(sanitizer="address"), monkeypatch, "cuda")
    run(LOG[1], **rows(20, R=40))
    spoilt = replaced("(J + 2)*all_threads", "(J + 2)*all_threads*64")
    with pytest.raises(cuda_program.KernelFailed, match="AddressSanitizer"):
        run(
            BOTH,
            spoilt,
            **{k: v for k, v in (rows(20, R=40) | {"kept": rows(20, R=40)["decay"]}).items() if k != "edge"},
        )
