"""The kernels that numba compiles: they do what the numpy kernels and the declared equations do, and a bug in their text is seen."""

import importlib
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import mpmath
import numba
import numpy as np
import pytest
from cuda_cases import KERNELS, assert_agree, function, rows, some_rows, truth, with_argument
from oracle import assert_close, bounds, exact

import kdeviz
from kdeviz import losses
from kdeviz.codegen.numba import IMPORTS, RUNTIME

INF = np.inf
FOLDER = Path(kdeviz.__file__).parent / "kernels" / "numba"
ON_LINE_OR_CIRCLE = [kernel for kernel in KERNELS if kernel[0] == "kde_ce"]
FEW = [("softmax_ce", "softmax_ce"), ("mixture_ce", "mixture_ce"), ("kde_ce", "laplace"), ("kde_ce", "cauchy")]
FEW += [("kde_ce", "von_mises_on_circle"), ("cc_contour", "saddle_step"), ("cc_contour", "log_partition_and_mean")]
parametrized = lambda kernels: pytest.mark.parametrize("stem, name", kernels, ids=[name for _, name in kernels])
each_kernel, a_few, each_kde, each_of_logits = map(parametrized, (KERNELS, FEW, ON_LINE_OR_CIRCLE, with_argument("z")))

# About 50 eps: a dozen operations in a row, then sums over some hundred terms in another order than numpy's.
TOLERANCE = {np.float32: 6e-6, np.float64: 1e-14}
SHAPES = [
    (2, 3, 37),
    (3, 4, 5),
    (1, 1, 1),
    (2, 1, 300),
    (1, 130, 3),
]  # more than 128 points, more than 128 bins: sums in blocks


def compiled(stem, name, arrays):
    return function("numba", stem, name)(**arrays)


@cache
def text(stem):
    return (FOLDER / f"{stem}.py").read_text()


def executed(source, name="<kernel>"):
    """The names that a kernel's text defines; without a file, so that nothing is kept on disk."""
    names = {"__name__": "kernel"}
    exec(compile(source, name, "exec"), names)
    return names


# ------------------------------------------------------------------------------------------------------ values
@each_kernel
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_numba_agrees_with_numpy(stem, name, shape):
    arrays = rows(stem, name, *shape)
    assert_agree(compiled(stem, name, arrays), truth(stem, name, arrays), TOLERANCE[np.float64])


@a_few
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_numba_agrees_with_numpy_in_single_precision(stem, name, shape):
    arrays = rows(stem, name, *shape, np.float32)
    got = compiled(stem, name, arrays)
    assert all(a.dtype == np.float32 for a in got)
    assert_agree(got, truth(stem, name, arrays), TOLERANCE[np.float32])


@each_kernel
def test_numba_meets_the_oracle(stem, name):
    arrays = rows(stem, name, 2, 3, 4)
    by_loss, by_grad = bounds(np.float64, 0)
    for got, (output, want) in zip(compiled(stem, name, arrays), exact(stem, name, **arrays).items()):
        scale = np.maximum(1, np.max(abs(want))) if output.startswith("grad") else np.maximum(1, abs(want))
        assert_close(got, want, by_grad if output.startswith("grad") else by_loss, scale)


@each_kde
def test_far_positions_keep_their_digits(stem, name):
    """1e8 bandwidths from the origin: a sum of differences taken in another order would be off by 1e-8."""
    arrays = rows(stem, name, 1, 3, 4)
    for place in ("points", "a", "b"):
        arrays[place] = arrays[place] + 1e8
    for got, want in zip(compiled(stem, name, arrays), exact(stem, name, **arrays).values()):
        assert_close(got, want, 2e-14, max(1, np.max(abs(want))))


def test_a_long_sum_loses_few_digits():
    """Blocks of 128, whose sums are added with compensation; what is left is the rounding of each term, which is 14 units large."""
    z = np.random.default_rng(0).normal(size=(1, 10**6))
    loss, *_ = compiled("softmax_ce", "softmax_ce", {"z": z, "y": np.full(z.shape, 1e-6)})
    want = np.log(np.sum(np.exp(z), dtype=np.longdouble)) - np.mean(z, dtype=np.longdouble)
    assert abs(loss[0] - want) < 1e-14 * want


# ------------------------------------------------------------------------------------------------------ hostile input
def spoil(arrays, what):
    """Rows 0 and 1 spoilt, row 2 as it was."""
    places = {"z": (INF, -INF, np.nan), "points": (np.nan, INF), "log_K": (np.nan, INF, -INF)}
    places |= {
        "y": (np.nan,),
        "q": (np.nan, 0.0),
        "log_floor": (np.nan, INF, -3.0),
        "h": (np.nan,),
        "a": (np.nan, -INF),
        "gap": (np.nan, INF),
        "eta": (np.nan,),
        "tau": (np.nan,),
        "v": (np.nan, INF),
    }
    for value in places.get(what, ()):
        spoilt = {name: a.copy() for name, a in arrays.items()}
        spoilt[what][(0, *[1] * (spoilt[what].ndim - 1))] = value
        spoilt[what][1] = value
        yield value, spoilt


@each_kernel
def test_hostile_numbers_are_met_as_numpy_meets_them(stem, name):
    arrays = rows(stem, name, 3, 2, 5)
    clean = compiled(stem, name, arrays)
    for what in arrays:
        for value, spoilt in spoil(arrays, what):
            got, want = compiled(stem, name, spoilt), truth(stem, name, spoilt)
            try:
                assert_agree(got, want, TOLERANCE[np.float64])
            except AssertionError as error:
                raise AssertionError(f"{what} = {value}: {error}") from error
            assert all(np.array_equal(a[2], b[2]) for a, b in zip(got, clean)), f"{what} = {value} has left its row"


@each_of_logits
def test_a_common_shift_of_the_logits_changes_nothing(stem, name):
    arrays = rows(stem, name, 3, 3, 5)
    arrays["z"] = arrays["z"] + [[-5000], [1e4], [0]]
    assert_agree(compiled(stem, name, arrays), truth(stem, name, arrays), TOLERANCE[np.float64])


@each_of_logits
def test_logits_of_a_wide_range_agree_with_numpy(stem, name):
    """Exponents down to -1500: parts that are subnormal and parts that are zero."""
    arrays = rows(stem, name, 3, 3, 20)
    arrays["z"] = arrays["z"] * 400
    assert_agree(compiled(stem, name, arrays), truth(stem, name, arrays), 400 * np.finfo(float).eps)


# ------------------------------------------------------------------------------------------------------ rows and threads
@a_few
def test_no_rows_give_empty_results(stem, name):
    arrays = rows(stem, name, 0, 3, 5)
    assert [a.shape for a in compiled(stem, name, arrays)] == [a.shape for a in function("numpy", stem, name)(**arrays)]


@each_kernel
def test_a_batch_equals_its_rows_bit_for_bit(stem, name):
    arrays = rows(stem, name, 5, 3, 37)
    batch = compiled(stem, name, arrays)
    for r in range(5):
        one = compiled(stem, name, some_rows(arrays, slice(r, r + 1)))
        assert all(np.array_equal(a[0], b[r]) for a, b in zip(one, batch))


@pytest.mark.parametrize("J", [4, 5, 8, 21, 40])
def test_the_place_in_memory_changes_no_digit(J):
    """Arrays less than 256 bytes apart would be read one by one, and added in another order: what is written lies a kilobyte away."""
    module, rng = importlib.import_module("kdeviz.kernels.numba.softmax_ce"), np.random.default_rng(J)
    arrays = {"z": rng.normal(size=(1, J)), "y": rng.dirichlet(np.ones(J), 1)}
    wanted = module.softmax_ce(**arrays)
    for distance in (128, 131, 250, 1000):
        memory = np.empty((4, J + distance))
        z, grad_z, y, grad_y = (line[:J].reshape(1, J) for line in memory)
        z[:], y[:], loss = arrays["z"], arrays["y"], np.empty(1)
        module._softmax_ce(0, 1, module._read_only(z), module._read_only(y), loss, grad_z, grad_y)
        assert all(np.array_equal(a, b) for a, b in zip((loss, grad_z, grad_y), wanted))


def test_results_lie_a_kilobyte_from_any_other_array():
    for dtype in (np.float32, np.float64):
        for a in compiled("mixture_ce", "mixture_ce", rows("mixture_ce", "mixture_ce", 2, 3, 4, dtype)):
            before = a.ctypes.data - a.base.ctypes.data
            assert before >= 1024 and a.base.nbytes - a.nbytes - before >= 1024
    assert all(
        re.findall(r"np\.empty", text(stem)) == ["np.empty"] for stem, _ in FEW
    )  # in the function that sees to it


@a_few
def test_the_number_of_threads_changes_no_digit(monkeypatch, stem, name):
    arrays = rows(stem, name, 500, 32, 70)
    results = []
    for threads in (1, 2, 3, 8):
        monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", threads)
        results.append(compiled(stem, name, arrays))
    assert all(np.array_equal(a, b) for other in results[1:] for a, b in zip(results[0], other))
    assert_agree(results[0], truth(stem, name, arrays), TOLERANCE[np.float64])


def test_any_layout_is_taken_and_nothing_is_compiled_for_it():
    module = importlib.import_module("kdeviz.kernels.numba.softmax_ce")
    arrays = rows("softmax_ce", "softmax_ce", 4, 0, 6)
    want, known = module.softmax_ce(**arrays), len(module._softmax_ce.signatures)
    layouts = [np.asfortranarray, lambda a: np.repeat(a, 2, 1)[:, ::2], lambda a: np.broadcast_to(a, a.shape)]
    for layout in layouts:
        got = module.softmax_ce(**{name: layout(a) for name, a in arrays.items()})
        assert all(np.array_equal(a, b) for a, b in zip(got, want))
    assert len(module._softmax_ce.signatures) == known


def test_inputs_stay_writable():
    arrays = rows("softmax_ce", "softmax_ce", 4, 0, 6)
    compiled("softmax_ce", "softmax_ce", arrays)
    assert all(a.flags.writeable for a in arrays.values())


# ------------------------------------------------------------------------------------------------------ the runtime
@cache
def on_arrays(name):
    """A function of the runtime, applied to each entry of an array."""
    function = executed(IMPORTS + RUNTIME.read_text())[name]

    @numba.njit(error_model="numpy")
    def fill(x, y):
        for i in range(x.shape[0]):
            y[i] = function(x[i])

    def apply(x):
        y = np.empty_like(x)
        fill(x, y)
        return y

    return apply


def units(got, want, smallest):
    """The largest |got - want| in units in the last place of the true value, or of `smallest` where that is larger."""
    dtype = got.dtype.type
    unit = [float(np.spacing(max(dtype(abs(float(w))), dtype(smallest)))) for w in want]
    return max(float(abs(mpmath.mpf(float(g)) - w) / u) for g, w, u in zip(got, want, unit))


draw = np.random.default_rng(3).uniform
around_1 = [draw(-1, 1, 1000), draw(-1e-3, 1e-3, 300), draw(-1e-8, 1e-8, 100)]
RANGES = {  # name: (bound, arguments in double precision, in single, below which size of results the bound is absolute)
    "exp": (1.1, [draw(-745.5, 709.78, 3000), draw(-745.5, -708, 1000)], [draw(-104, 88.72, 3000), draw(-104, -87, 1000)], 0),
    "expm1": (2, [draw(-60, 709.78, 3000), draw(-2, 2, 1000)], [draw(-30, 88.72, 3000), draw(-2, 2, 1000)], 0),
    "log": (1.1, [np.exp(draw(-744, 709, 3000))], [np.exp(draw(-103, 88, 3000))], 0),
    "log1p": (2, [np.exp(draw(-740, 709, 3000)), -np.exp(draw(-36, 0, 500))], [np.exp(draw(-100, 88, 3000)), -np.exp(draw(-16, 0, 500))], 0),
    "sin": (1, [draw(-1e5, 1e5, 2000), np.arange(-40, 40) * np.pi / 2], [draw(-1e3, 1e3, 2000), np.arange(-40, 40) * np.pi / 2], 1),
    "cos": (1, [draw(-1e5, 1e5, 2000), np.arange(-40, 40) * np.pi / 2], [draw(-1e3, 1e3, 2000), np.arange(-40, 40) * np.pi / 2], 1),
}  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", RANGES)
def test_functions_are_exact_to_the_last_place_over_their_whole_range(name, dtype):
    bound, double, single, smallest = RANGES[name]
    x = np.concatenate([*(double if dtype is np.float64 else single), *around_1]).astype(dtype)
    x = np.concatenate([x[:-1400], 1 + x[-1400:]]) if name == "log" else x  # around 0 or, for log, around 1
    with mpmath.workprec(1200 if name == "log1p" else 120):
        exactly = {"log1p": lambda v: mpmath.log(1 + v)}.get(name) or getattr(mpmath, name)
        assert units(on_arrays(f"_{name}")(x), [exactly(mpmath.mpf(float(v))) for v in x], smallest) < bound


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", RANGES)
def test_functions_at_the_ends_are_those_of_numpy(name, dtype):
    info = np.finfo(dtype)
    x = [-INF, INF, np.nan, 0, -0.0, info.tiny, -info.tiny, info.smallest_subnormal]
    if name not in ("sin", "cos"):
        x += [1e4, -1e4, info.max, info.min, 1.01 * np.log(info.max), -1]
    x = np.array(x, dtype)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(on_arrays(f"_{name}")(x), getattr(np, name)(x), rtol=2 * info.eps, atol=0)


def test_angles_without_digits_are_nan():
    """2**41 radians: a unit in the last place of the angle is no longer small."""
    assert np.isnan(on_arrays("_sin")(np.array([2.0**41, -1e300]))).all()


@pytest.mark.parametrize("stem, name", FEW[:3], ids=[name for _, name in FEW[:3]])
def test_single_precision_computes_in_single_precision(stem, name):
    """One literal that is a double would make all that it meets double: in single precision there is no arithmetic on doubles."""
    module = executed(text(stem))
    module[name](**rows(stem, name, 1, 2, 3, np.float32))
    (signature,) = module[f"_{name}"].signatures
    assembled = module[f"_{name}"].inspect_llvm(signature)
    assert not re.findall(r"= f(?:add|mul|sub|div) .*double.*|= fpext .*", assembled)


def test_sums_and_exponentials_become_vector_code():
    module = executed(text("softmax_ce"))
    module["softmax_ce"](**rows("softmax_ce", "softmax_ce", 1, 0, 3))
    (assembled,) = module["_softmax_ce"].inspect_llvm().values()
    for operation in (r"fadd reassoc nsz", r"fmul contract", r"call \S* ?<\d+ x double> @llvm.maximum"):
        assert re.search(operation + ("" if "@" in operation else r" <\d+ x double>"), assembled), operation


# ------------------------------------------------------------------------------------------------------ choice and cache
def test_the_environment_chooses_the_kernels(monkeypatch):
    for name in ("numpy", "numba"):
        monkeypatch.setenv("KDEVIZ_BACKEND", name)
        assert losses.kernels(np, "softmax_ce").__name__ == f"kdeviz.kernels.{name}.softmax_ce"
    monkeypatch.delenv("KDEVIZ_BACKEND")
    assert losses.kernels(np, "softmax_ce").__name__ == "kdeviz.kernels.numba.softmax_ce"


def test_an_unknown_backend_is_refused(monkeypatch):
    monkeypatch.setenv("KDEVIZ_BACKEND", "numby")
    with pytest.raises(ValueError, match="`KDEVIZ_BACKEND` must be one of 'numpy', 'numba'; got 'numby'"):
        kdeviz.softmax_cross_entropy(np.zeros(3), 1)


def test_without_numba_numpy_computes_and_demanding_numba_is_an_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    losses.numba_problem.cache_clear()
    try:
        monkeypatch.delenv("KDEVIZ_BACKEND")
        assert losses.kernels(np, "softmax_ce").__name__ == "kdeviz.kernels.numpy.softmax_ce"
        monkeypatch.setenv("KDEVIZ_BACKEND", "numba")
        with pytest.raises(ImportError, match=r"KDEVIZ_BACKEND=numba, but .*numba.* pip install 'kdeviz\[numba\]'"):
            kdeviz.softmax_cross_entropy(np.zeros(3), 1)
    finally:
        losses.numba_problem.cache_clear()


PUBLIC_CALLS = {
    "softmax": lambda z, r: kdeviz.softmax_cross_entropy(z, r.integers(0, 5, (2, 3))),
    "mixture_skip": lambda z, r: kdeviz.mixture_cross_entropy(
        z, np.where(np.eye(4, 5), -INF, -r.exponential(2, (4, 5))), r.dirichlet(np.ones(4)), zero="skip"
    ),
    "kde": lambda z, r: kdeviz.kde_cross_entropy(z, r.uniform(-1, 1, 5), -1.0, 1.0, r.uniform(0.5, 1, (2, 3)), bins=4),
}


@pytest.mark.parametrize("call", PUBLIC_CALLS.values(), ids=PUBLIC_CALLS)
def test_public_functions_agree_on_both_backends(monkeypatch, call):
    results = []
    for name in ("numpy", "numba"):
        monkeypatch.setenv("KDEVIZ_BACKEND", name)
        draw = np.random.default_rng(1)
        loss, grad = call(np.asfortranarray(draw.normal(size=(2, 3, 5))), draw)
        results.append([loss, *(g for g in grad if g is not None)])
    assert_agree(results[1], results[0], TOLERANCE[np.float64])


def run_copy(folder, **environment):
    """Runs a copy of a kernel file that lies alone in `folder`; returns what it prints."""
    shutil.copy(FOLDER / "softmax_ce.py", folder)
    code = """import sys; sys.path.insert(0, sys.argv[1])
import numpy as np, softmax_ce
print(softmax_ce.softmax_ce(np.zeros((2, 4)), np.full((2, 4), 0.25))[0] == np.log(4), len(softmax_ce._softmax_ce.stats.cache_misses))
assert not {"kdeviz", "sympy"} & set(sys.modules)"""
    keep = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA")}
    command = [sys.executable, "-W", "error", "-P", "-c", code, str(folder)]
    run = subprocess.run(command, cwd=folder, env=keep | environment, capture_output=True, text=True, timeout=100)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_a_file_copied_alone_runs_and_is_compiled_once(tmp_path):
    assert run_copy(tmp_path) == "[ True  True] 1\n"
    assert list((tmp_path / "__pycache__").glob("*.nbc"))
    assert run_copy(tmp_path) == "[ True  True] 0\n"


def test_a_folder_that_cannot_be_written_sends_the_machine_code_to_the_users_cache(tmp_path):
    (tmp_path / "__pycache__").touch()  # a file where the folder would be made: it fails for every user, root included
    home = tmp_path / "home"
    home.mkdir()
    assert run_copy(tmp_path, HOME=str(home), XDG_CACHE_HOME=str(home), NUMBA_CACHE_DIR="") == "[ True  True] 1\n"
    assert list(home.glob("**/*.nbc"))


def test_where_nothing_can_be_written_the_kernels_still_run(tmp_path):
    (tmp_path / "__pycache__").touch()
    nowhere = str(tmp_path / "__pycache__")
    assert run_copy(tmp_path, HOME=nowhere, XDG_CACHE_HOME=nowhere) == "[ True  True] 1\n"
    assert not list(tmp_path.glob("**/*.nb?"))


# ------------------------------------------------------------------------------------------------------ seeded bugs
# name: (kernel, pattern, replacement, shape, what is added to the arrays)
FAR = dict.fromkeys(("points", "a", "b"), 1e8)
# fmt: off
MUTATIONS = {
    "maximum_starts_at_zero": ("softmax_ce", r"top_z = lowest", "top_z = real(0)", (2, 0, 5), {"z": -5000.0}),
    "no_maximum_subtracted": ("softmax_ce", r"top_z = _maximum\(.*\)", "top_z = real(0)", (2, 0, 5), {"z": 5000.0}),
    "sign_of_the_gradient": ("softmax_ce", r"(grad_z\[.*\] = .*) - ", r"\1 + ", (2, 0, 5), {}),
    "block_not_added": ("softmax_ce", r"_accumulate\(total_weight, ", "_accumulate(real(0), ", (2, 0, 300), {}),
    "blocks_overlap": ("softmax_ce", r"range\(0, D, 128\)", "range(0, D, 127)", (2, 0, 300), {}),
    "blocks_have_gaps": ("softmax_ce", r"min\(first \+ length,", "min(first + length - 1,", (2, 0, 300), {}),
    "one_category_too_few": ("softmax_ce", r"min\(first \+ length, size\)", "min(first + length, size - 1)", (2, 0, 5), {}),
    "part_not_zeroed": ("softmax_ce", r"( +)for k_0 in (.*)\n +(total_weight_part = .*)", r"\1\3\n\1for k_0 in \2", (2, 0, 300), {}),
    "rows_of_the_last_thread_forgotten": ("softmax_ce", r"for part in others\]", "for part in others[:-1]]", (70000, 0, 5), {}),
    "digit_of_exp": ("softmax_ce", r"0\.0001984126950576586", "0.00019841", (2, 0, 50), {}),
    "exp_without_its_lower_end": ("softmax_ce", r"-746\.0 if x < -746\.0 else ", "", (2, 0, 5), {"z": [0, -INF, 0, 0, 0]}),
    "terms_regrouped_everywhere": ("kde_ce", r'"nogil": True,', '"nogil": True, "fastmath": {"reassoc", "nsz"},', (2, 3, 5), FAR),
    "infinities_assumed_away": ("mixture_ce", r'"nogil": True,', '"nogil": True, "fastmath": True,', (2, 3, 5), {"log_K": -INF}),
    "scratch_too_short": ("kde_ce", r"raw_grad_points_part\[j\] = real\(0\)", "raw_grad_points_part[j] += real(0)", (3, 130, 5), {}),
    "wrong_bin_read_early": ("kde_ce", r"position_value = position\[row, bin\]", "position_value = position[row, 0]", (2, 3, 5), {}),
}
# fmt: on


def outcome(stem, source, shape, added):
    """The mutated kernel's results beside the right ones."""
    name = {"kde_ce": "laplace"}.get(stem, stem)
    arrays = rows(stem, name, *shape)
    arrays |= {argument: arrays[argument] + shift for argument, shift in added.items()}
    return executed(source)[name](**arrays), truth(stem, name, arrays)


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_bug_in_the_text_is_seen(monkeypatch, mutation):
    monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", 4)
    stem, pattern, replacement, shape, added = MUTATIONS[mutation]
    spoilt, count = re.subn(pattern, replacement, text(stem), count=1)
    assert count == 1 and spoilt != text(stem), f"{pattern!r} changes nothing: adapt it to the generated text"
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        assert_agree(*outcome(stem, spoilt, shape, added), TOLERANCE[np.float64])


@pytest.mark.parametrize(
    "mutation", ["blocks_overlap", "rows_of_the_last_thread_forgotten", "terms_regrouped_everywhere"]
)
def test_the_unmutated_text_passes(monkeypatch, mutation):
    monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", 4)
    stem, _, _, shape, added = MUTATIONS[mutation]
    assert_agree(*outcome(stem, text(stem), shape, added), TOLERANCE[np.float64])
