"""Bugs seeded into the CUDA text and into the launch code: each must be seen by the check that is named beside it.

So the checks of test_cuda_on_host.py and test_cuda_compiles.py are known to be able to fail. The text mutated is that of mixture_ce, which has
the common constructs of the template: both reductions, sums in blocks, scratch memory, rows by stride; then kernels of the contour, which have
tables, log remainders and loops in an order of their own. The runtime's functions are mutated in test_constructs.py.
"""

import re
import shutil
import subprocess
import sys
import types
from dataclasses import dataclass, field

import cuda_program
import numpy as np
import pytest
from cuda_cases import KERNELS, alone, assert_agree, on_device, rows, truth

import kdeviz
from kdeviz import arrays as arrays_module
from kdeviz import losses
from kdeviz.kernels.cupy import cc_contour, launch, mixture_ce, source

TEXT = source("mixture_ce")


@dataclass
class Case:
    """Rows for mixture_ce, and how they are launched."""

    R: int
    B: int
    J: int
    shift: float = 0
    threads: int = 64
    blocks: int = 2
    dtype: type = np.float64
    rows: dict = field(init=False)

    def __post_init__(self):
        self.rows = rows("mixture_ce", "mixture_ce", self.R, self.B, self.J, self.dtype)
        self.rows["z"] += self.dtype(self.shift)


PLAIN = Case(5, 3, 70)
CASES = {
    "plain": PLAIN,
    "negative": Case(2, 3, 37, shift=-5000),
    "positive": Case(2, 3, 37, shift=1e4),
    "many_bins": Case(1, 130, 3, threads=32),
    "many_points": Case(1, 1, 128 * 32 + 5, threads=32),
}

# name: (pattern, replacement, what sees it). A check is a case whose values come out wrong or whose run ends in a deadlock, a sanitizer on
# the plain case, or the PTX of the float build.
# fmt: off
MUTATIONS = {
    "no_barrier_before_the_lanes_are_read": (r"__syncthreads\(\);(\s*value = )", r"\1", "thread"),
    "no_barrier_after_the_lanes_are_read": (r"__syncthreads\(\);(.*\n\s*return value)", r"\1", "thread"),
    "one_point_too_many": (r"j < J; j \+=", "j <= J; j +=", "address"),
    "shuffles_start_at_8": (r"step = 16", "step = 8", "plain"),
    "only_the_first_warp_is_joined": (r"threadIdx\.x % 32 < blockDim\.x / 32", "threadIdx.x % 32 < 1", "plain"),
    "maximum_starts_at_zero": (r"(REAL (\w+) = )LOWEST;(?=[^}]*\2 = maximum\(\2, z\[)", r"\1REAL(0);", "negative"),
    "no_maximum_subtracted": (r"(\w+) = block_reduce<Max>\(\1, LOWEST, lanes\);", r"\1 = REAL(0);", "positive"),
    "sign_of_the_gradient": (r"(grad_z\[[^\]]*\] = [^;]*?) - ", r"\1 + ", "plain"),
    "row_accumulator_not_zeroed": (r"\w+\[j\] = REAL\(0\);", "", "plain"),
    "block_accumulator_not_zeroed": (r"(\w+_part)\[j\] = REAL\(0\);", "", "plain"),
    "early_return_before_a_barrier": (r"(__shared__ REAL lanes\[32\];)", r"\1 if (threadIdx.x >= 32) return;", "deadlock"),
    "one_warp_skips_a_barrier": (r"__syncthreads\(\);(\s*value = )", r"if (threadIdx.x < 32) __syncthreads();\1", "deadlock"),
    "every_thread_stores_the_loss": (r"if \(threadIdx\.x == 0\) (loss\[)", r"\1", "thread"),
    "too_few_lanes": (r"lanes\[32\];", "lanes[1];", "address"),
    "double_literal": (r"REAL\(1\)(\s*/|,)", r"1.0\1", "ptx"),
    "double_function": (r"= exp\(", "= (REAL)exp((double)", "ptx"),
    "wrong_stride": (r"grad_z\[row\*J", "grad_z[row*B", "plain"),
    "all_blocks_share_scratch_memory": (r"scratch \+= blockIdx\.x\*\([^;]*;", "", "plain"),
    "scratch_of_blocks_overlaps": (r"scratch \+= blockIdx\.x\*\((\d+)\*J\)", lambda m: f"scratch += blockIdx.x*({int(m[1]) - 1}*J)", "plain"),
    "scratch_of_blocks_too_far_apart": (r"scratch \+= blockIdx\.x\*\((\d+)\*J\)", lambda m: f"scratch += blockIdx.x*({int(m[1]) + 1}*J)", "address"),
    "rows_beyond_the_grid_forgotten": (r"row \+= gridDim\.x", "row += R", "plain"),
    "rows_done_by_every_block": (r"row = blockIdx\.x", "row = 0", "plain"),
    "points_done_by_every_warp": (r"j_0 \+ threadIdx\.x;", "j_0 + threadIdx.x % 32;", "plain"),
    "block_of_bins_not_added": (r"accumulate\((\w+), \w+, (\w+)\);(?=\s*accumulate)", r"\1 = \2;", "many_bins"),
    "block_of_points_not_added": (r"accumulate\((\w+), \w+, (\w+)\);(?=\s*}\s*\1 = block_reduce<Sum>)", r"\1 = \2;", "many_points"),
    "blocks_of_bins_overlap": (r"bin_0 \+= 16\b", "bin_0 += 15", "many_bins"),
    "blocks_of_points_have_gaps": (r"j < j_0 \+ 16LL\*blockDim\.x", "j < j_0 + 15LL*blockDim.x", "many_points"),
}
# fmt: on


def mutate(text, pattern, replacement):
    """The text with the first match replaced; a pattern that no longer matches is an error, not a mutation that nothing sees."""
    mutated, count = re.subn(pattern, replacement, text, count=1)
    assert count == 1 and mutated != text, f"{pattern!r} changes nothing: adapt it to the generated text"
    return mutated


class Checks:
    """The checks by name; each raises for a text that it finds fault with."""

    def __init__(self, pretend_cupy, monkeypatch, folder):
        self.pretend_cupy, self.monkeypatch, self.folder = pretend_cupy, monkeypatch, folder

    def __call__(self, name, text):
        if name == "ptx":
            return self.ptx(text)
        case, sanitizer = CASES.get(name, PLAIN), name if name in ("address", "thread") else ""
        cupy = self.pretend_cupy(sanitizer=sanitizer)
        self.monkeypatch.setattr(launch, "threads_for", lambda width: case.threads)
        self.monkeypatch.setattr(launch, "BLOCKS", case.blocks)
        self.monkeypatch.setattr(mixture_ce, "source", lambda stem: text)
        assert_agree(
            on_device(cupy, "mixture_ce", "mixture_ce", case.rows), truth("mixture_ce", "mixture_ce", case.rows), 1e-14
        )

    def ptx(self, text):
        if not shutil.which("nvcc"):
            pytest.skip("nvcc is not on the PATH: pip install 'kdeviz[nvcc]' brings one, or install the CUDA toolkit")
        path = self.folder / "mutated.cu"
        path.write_text(text, encoding="utf-8")
        subprocess.run(
            ["nvcc", "-DREAL=float", "-arch=sm_80", "-ptx", "-o", path.with_suffix(".ptx"), path],
            check=True,
            capture_output=True,
        )
        assert ".f64" not in path.with_suffix(".ptx").read_text()


@pytest.fixture
def check(pretend_cupy, monkeypatch, tmp_path):
    return Checks(pretend_cupy, monkeypatch, tmp_path)


SEES = {  # what the check raises, and the words that tell it was this check
    "address": (cuda_program.KernelFailed, "AddressSanitizer"),
    "thread": (cuda_program.KernelFailed, "data race"),
    "deadlock": (cuda_program.KernelFailed, "deadlock"),
    "ptx": (AssertionError, "f64"),
}


@pytest.mark.parametrize("name", ["ptx", "address", "thread", "deadlock", *CASES])
def test_the_unmutated_text_passes(check, name):
    check(name, TEXT)


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_bug_in_the_text_is_seen(check, mutation):
    pattern, replacement, name = MUTATIONS[mutation]
    error, words = SEES.get(name, (AssertionError, "Not equal to tolerance"))
    with pytest.raises(error, match=words):
        check(name, mutate(TEXT, pattern, replacement))


# ------------------------------------------------------------------------------------------------------ kernels of the contour
POWER_SUMS, POWER_MEANS = (
    next(name for _, name in KERNELS if name.startswith(start)) for start in ("power_sums", "power_means")
)
# fmt: off
CONTOUR_MUTATIONS = {
    "weight_of_another_node": ("log_partition_mean_and_weights", r"w_y\[node\]", "w_y[0]", "plain"),
    "table_read_as_if_it_had_rows": ("log_partition_mean_and_weights", r"zeta_x\[node\]", "zeta_x[row*N + node]", "address"),
    "rest_of_the_categories_forgotten": ("log_partition_mean_and_weights", r" \+ rest_x\[row\*N \+ node\]", "", "plain"),
    "every_thread_stores_the_weights": ("log_partition_mean_and_weights", r"if \(threadIdx\.x == 0\) (W_x\[)", r"\1", "thread"),
    "running_mean_not_zeroed": ("log_partition_mean_and_weights", r"raw_mean\[k\] = REAL\(0\);", "", "plain"),
    "logarithms_not_accumulated": ("log_partition_mean_and_weights", r"accumulate\(raw_log_Z, .*\);", "", "plain"),
    "parts_of_a_remainder_not_joined": ("log_partition_mean_and_weights", r"remainder_y = block_reduce<.*;", "", "plain"),
    "remainder_not_started_anew_at_a_node": ("log_partition_mean_and_weights", r"(REAL remainder_x) = REAL\(0\)", r"\1 = REAL(node)", "plain"),
    "scratch_of_another_row_kept": ("log_partition_mean_and_weights", r"m\[k\] = REAL\(1\)/", "if (row < gridDim.x) m[k] = REAL(1)/", "plain"),
    "sign_of_an_imaginary_part": ("log_partition_mean_and_weights", r"W_x_value\*b \+ ", "W_x_value*b - ", "plain"),
    "sum_of_one_thread": ("covariance_matvec", r"c_x = block_reduce<.*;", "", "plain"),
    "square_without_its_imaginary_part": ("variances", r"\) - \((\w+\*\w+)\)", r") + (\1)", "plain"),
    "root_that_is_lost_at_a_weight_of_zero": ("saddle_start", r"mean_gap > size\[row\]", "false", "infinite"),
    "maximum_of_one_thread": ("saddle_start", r"top_value = block_reduce<.*;", "", "plain"),
    "low_part_of_an_exact_sum_forgotten": ("saddle_excess", r"REAL m_low = [^;]*;", "REAL m_low = REAL(0);", "plain"),
    "power_sum_not_joined": (POWER_SUMS, r"kappa_3 = block_reduce<.*;", "", "plain"),
    "moment_of_all_but_one_node": (POWER_MEANS, r"node = 0; node < N", "node = 1; node < N", "plain"),
}
# fmt: on


@pytest.fixture
def check_contour(pretend_cupy, monkeypatch):
    """A function (kernel, its text, what sees it)."""

    def run(name, text, sees):
        cupy = pretend_cupy(sanitizer=sees if sees in ("address", "thread") else "")
        monkeypatch.setattr(launch, "threads_for", lambda width: 64)
        monkeypatch.setattr(launch, "BLOCKS", 2)
        monkeypatch.setattr(cc_contour, "source", lambda stem: text)
        case = rows("cc_contour", name, 3, 4, 70)
        if sees == "infinite":
            case["eta"][1, 3] = -np.inf
        assert_agree(on_device(cupy, "cc_contour", name, case), truth("cc_contour", name, case), 1e-14)

    return run


@pytest.mark.parametrize("name, sees", sorted({(name, sees) for name, *_, sees in CONTOUR_MUTATIONS.values()}))
def test_the_unmutated_kernel_of_the_contour_passes(check_contour, name, sees):
    check_contour(name, alone(source("cc_contour"), name), sees)


@pytest.mark.parametrize("mutation", CONTOUR_MUTATIONS)
def test_a_bug_in_a_kernel_of_the_contour_is_seen(check_contour, mutation):
    name, pattern, replacement, sees = CONTOUR_MUTATIONS[mutation]
    error, words = SEES.get(sees, (AssertionError, "Not equal to tolerance"))
    with pytest.raises(error, match=words):
        check_contour(name, mutate(alone(source("cc_contour"), name), pattern, replacement), sees)


# ------------------------------------------------------------------------------------------------------ launch code
# name: (module, pattern, replacement, what the complaint says)
REFUSED, OVERFLOW = "the text declares", "AddressSanitizer: heap-(buffer-overflow|use-after-free)"
# fmt: off
LAUNCH_MUTATIONS = {
    "arrays_left_as_they_lie": (arrays_module, r"xp\.ascontiguousarray\(", "(", "C-contiguous"),
    "arrays_of_another_dtype": (arrays_module, r"xp\.asarray\(array, dtype=dtype\)", "xp.asarray(array)", "of dtype float32"),
    "inputs_swapped": (mixture_ce, r"\(z, log_K, q, log_floor\), \(", "(log_K, z, q, log_floor), (", OVERFLOW),
    "masses_and_logits_swapped": (mixture_ce, r"\(z, log_K, q, log_floor\), \(", "(q, log_K, z, log_floor), (", OVERFLOW),
    "sizes_swapped": (mixture_ce, r"\(R, B, J\), outputs", "(R, J, B), outputs", OVERFLOW),
    "a_size_forgotten": (mixture_ce, r"\(R, B, J\), outputs", "(R, B), outputs", "takes 12 arguments; got 11"),
    "outputs_swapped": (mixture_ce, r"outputs = \(R,\), \(R, J\)", "outputs = (R, J), (R,)", OVERFLOW),
    "too_little_scratch": (mixture_ce, r"scratch=(\d+)\*J", "scratch=1*J", OVERFLOW),
    "scratch_for_one_block": (launch, r"at_once \* scratch", "scratch", OVERFLOW),
    "sizes_as_python_integers": (launch, r"np\.int64\(size\) for", "int(size) for", REFUSED),
    "sizes_as_floats": (launch, r"np\.int64\(size\) for", "float(size) for", REFUSED),
    "sizes_of_32_bits": (launch, r"np\.int64\(size\) for", "np.int32(size) for", REFUSED),
    "scratch_forgotten": (launch, r"\*results, kept\)", "*results)", "takes 12 arguments; got 11"),
    "outputs_before_sizes": (launch, r"(\*\(np\.int64[^)]*\)[^)]*\)), (\*results), kept", r"\2, \1, kept", REFUSED),
    "always_double": (launch, r"REAL\[dtype\.name\]", '"double"', "need a contiguous cupy array of float64"),
    "real_left_undefined": (launch, r'f"-DREAL=\{real\}", ("[^"]*")', r"\1,", "options must define REAL"),
    "part_of_a_warp": (launch, r"// 32\) \* 32\)", "// 32) * 33)", "whole warps"),
    "too_many_threads": (launch, r"min\(256, ", "max(2048, ", "at most 1024 threads"),
    "no_blocks": (launch, r"kernel\(\(blocks,\)", "kernel((blocks - rows,)", "grid must be"),
}
# fmt: on


def public_result(cupy):
    """mixture_cross_entropy through the whole launch code: float32, Fortran-ordered, broadcast, more rows than blocks."""
    case = rows("mixture_ce", "mixture_ce", 3, 4, 37, np.float32)
    del case["log_floor"]
    case["q"] = case["q"][0]
    want = kdeviz.mixture_cross_entropy(**{name: a.astype(np.float64) for name, a in case.items()})
    got = kdeviz.mixture_cross_entropy(**{name: cupy.asarray(np.asfortranarray(a)) for name, a in case.items()})
    assert_agree([a.get() for a in (got.loss, *got.grad)], [want.loss, *want.grad], 6e-6)


def install_module(monkeypatch, module, text):
    """Puts what the text of a module defines in the place of what the modules that use it have imported."""
    mutated = types.ModuleType(module.__name__)
    mutated.__package__, mutated.__file__ = module.__package__, module.__file__
    exec(compile(text, f"<mutated {module.__name__}>", "exec"), vars(mutated))
    for user in (losses, launch, mixture_ce, sys.modules["kdeviz.kernels.cupy"]):
        for name, value in vars(user).items():
            if getattr(value, "__module__", None) == module.__name__ and hasattr(mutated, name):
                monkeypatch.setattr(user, name, getattr(mutated, name))


def test_the_unmutated_launch_code_passes(pretend_cupy, monkeypatch):
    cupy = pretend_cupy(sanitizer="address")
    for module in (arrays_module, launch, mixture_ce):
        install_module(monkeypatch, module, module_text(module))
    public_result(cupy)


def module_text(module):
    with open(module.__file__, encoding="utf-8") as file:
        return file.read()


@pytest.mark.parametrize("mutation", LAUNCH_MUTATIONS)
def test_a_bug_in_the_launch_code_is_seen(pretend_cupy, monkeypatch, mutation):
    module, pattern, replacement, words = LAUNCH_MUTATIONS[mutation]
    cupy = pretend_cupy(sanitizer="address")
    install_module(monkeypatch, module, mutate(module_text(module), pattern, replacement))
    with pytest.raises((TypeError, ValueError, cuda_program.KernelFailed), match=words):
        public_result(cupy)
