"""The generated CUDA text, run on the CPU (and, marked gpu, on a device), does what the numpy kernels do.

What this does not show: the rounding of a device's exp and log, fused multiply-adds, warp scheduling, streams, speed.
"""

import cuda_program
import fake_cupy as fake
import mpmath
import numpy as np
import pytest
from cuda_cases import KERNELS, alone, assert_agree, function, on_device, rows, some_rows, truth, with_argument

import kdeviz
from derivations.kde_ce import declare, u
from kdeviz.codegen import build
from kdeviz.kernels.cupy import launch, source

parametrized = lambda kernels: pytest.mark.parametrize("stem, name", kernels, ids=[name for _, name in kernels])
each_kernel, each_of_logits, each_of_gaps = map(parametrized, (KERNELS, with_argument("z"), with_argument("gap")))
each_real = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float", "double"])

# About 50 eps: a dozen operations in a row, then sums over a few dozen terms in another order than numpy's.
TOLERANCE = {np.float32: 6e-6, np.float64: 1e-14}

SHAPES = {
    "points_that_are_no_multiple_of_32": (2, 3, 37),
    "fewer_points_than_a_warp": (3, 4, 5),
    "one_row_one_bin_one_point": (1, 1, 1),
    "more_points_than_threads": (2, 2, 150),
}


@pytest.fixture
def small_blocks(monkeypatch):
    """Two warps a block, two blocks a grid: few points are more than a block has threads, few rows more than there are blocks."""
    monkeypatch.setattr(launch, "threads_for", lambda width: min(64, -(-int(width) // 32) * 32))
    monkeypatch.setattr(launch, "BLOCKS", 2)


# ------------------------------------------------------------------------------------------------------ kernels
@each_kernel
@each_real
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_cuda_agrees_with_numpy(cupy, small_blocks, stem, name, dtype, shape):
    arrays = rows(stem, name, *shape, dtype)
    assert_agree(on_device(cupy, stem, name, arrays), truth(stem, name, arrays), TOLERANCE[dtype])


def test_a_whole_block_of_256_threads_agrees_with_numpy(cupy):
    arrays = rows("mixture_ce", "mixture_ce", 1, 2, 600)
    assert_agree(on_device(cupy, "mixture_ce", "mixture_ce", arrays), truth("mixture_ce", "mixture_ce", arrays), 1e-14)


@each_kernel
def test_sums_over_more_than_128_bins_agree_with_numpy(cupy, stem, name):
    arrays = rows(stem, name, 1, 130, 3)
    assert_agree(on_device(cupy, stem, name, arrays), truth(stem, name, arrays), 1e-14)


@each_kernel
def test_sums_over_more_than_128_points_a_thread_agree_with_numpy(cupy, monkeypatch, stem, name):
    monkeypatch.setattr(launch, "threads_for", lambda width: 32)
    arrays = rows(stem, name, 1, 1, 128 * 32 + 5)
    assert_agree(on_device(cupy, stem, name, arrays), truth(stem, name, arrays), 1e-14)


@each_kernel
def test_a_batch_equals_its_rows_bit_for_bit(cupy, small_blocks, stem, name):
    arrays = rows(stem, name, 3, 2, 37)
    batch = on_device(cupy, stem, name, arrays)
    last = on_device(cupy, stem, name, some_rows(arrays, slice(2, None)))
    for one, of_many in zip(last, batch):
        np.testing.assert_array_equal(one[0], of_many[2])


def test_no_rows_give_empty_results(cupy):
    shapes = [a.shape for a in on_device(cupy, "mixture_ce", "mixture_ce", rows("mixture_ce", "mixture_ce", 0, 3, 5))]
    assert shapes == [(0,), (0, 5), (0, 3, 5), (0, 3)]


# ------------------------------------------------------------------------------------------------------ hostile input
@each_of_logits
@each_real
def test_a_common_shift_of_the_logits_changes_nothing(cupy, stem, name, dtype):
    arrays = rows(stem, name, 3, 3, 5, dtype)
    shift = np.array([[-5000], [1e4], [0]], dtype)
    arrays["z"] += shift
    shifted = on_device(cupy, stem, name, arrays)
    arrays["z"] -= shift
    assert_agree(shifted, truth(stem, name, arrays), TOLERANCE[dtype])


@each_of_logits
def test_logits_of_minus_infinity_agree_with_numpy(cupy, stem, name):
    arrays = rows(stem, name, 3, 3, 5)
    arrays["z"][0, [0, 3]] = -np.inf
    arrays["z"][1] = -np.inf
    got = on_device(cupy, stem, name, arrays)
    assert_agree(got, truth(stem, name, arrays), 1e-14)
    assert all(np.isfinite(out[0]).all() for out in got[1:2])  # the gradient


@pytest.mark.parametrize("floor", [-np.inf, -20.0])
def test_bins_that_nothing_explains_agree_with_numpy(cupy, floor):
    arrays = rows("mixture_ce", "mixture_ce", 2, 3, 5)
    arrays["log_K"][0, 1] = -np.inf
    arrays["log_K"][1, 0, ::2] = -np.inf
    arrays["log_floor"][:] = floor
    got = on_device(cupy, "mixture_ce", "mixture_ce", arrays)
    assert_agree(got, truth("mixture_ce", "mixture_ce", arrays), 1e-14)
    assert np.isposinf(got[0][0]) == np.isneginf(floor) and np.isfinite(got[1]).all()


@pytest.mark.parametrize("stem, name", [kernel for kernel in KERNELS if kernel[0] == "kde_ce"], ids=lambda word: word)
def test_points_1e9_bandwidths_away_agree_with_numpy(cupy, stem, name):
    arrays = rows(stem, name, 2, 3, 5)
    arrays["points"] += 1e9 * arrays["h"][:, None]
    assert_agree(on_device(cupy, stem, name, arrays), truth(stem, name, arrays), 1e-6)  # 1e9 eps, a few times


@each_kernel
def test_nan_stays_in_its_row(cupy, stem, name):
    arrays = rows(stem, name, 3, 3, 5)
    clean = on_device(cupy, stem, name, arrays)
    arrays[next(iter(arrays))][1, 2] = np.nan  # z, gap, eta: one per point or category
    spoilt = on_device(cupy, stem, name, arrays)
    for before, after in zip(clean, spoilt):
        np.testing.assert_array_equal(after[[0, 2]], before[[0, 2]])
    assert_agree(spoilt, truth(stem, name, arrays), 1e-14)
    if "z" in arrays:
        assert all(np.isnan(out[1]).all() for out in spoilt[:2])
    else:
        assert np.isnan(spoilt[0][1]).any()


@each_of_gaps
@each_real
def test_categories_of_weight_zero_agree_with_numpy(cupy, small_blocks, stem, name, dtype):
    """An infinite gap: a term 0 in every sum but that of the logarithms, which is infinite."""
    arrays = rows(stem, name, 3, 3, 70, dtype)
    arrays["gap"][0, [0, 3, 69]] = np.inf
    arrays["gap"][1, 1:] = np.inf
    assert_agree(on_device(cupy, stem, name, arrays), truth(stem, name, arrays), TOLERANCE[dtype])


# ------------------------------------------------------------------------------------------------------ public functions
def public_calls():
    """{label: (function, arrays, keywords)}; leading axes broadcast, one array each is Fortran-ordered or an integer array."""
    rng = np.random.default_rng(0)
    z, labels = np.asfortranarray(rng.normal(size=(2, 3, 5))), rng.integers(0, 5, (2, 3))
    log_K, q = -rng.exponential(2, (3, 4, 5)), rng.dirichlet(np.ones(4))
    points, a, h = rng.uniform(-1, 1, 5), rng.uniform(-1, 0, (3,)), np.array(0.8)
    unexplained = np.where(np.arange(4)[:, None] == 1, -np.inf, log_K)
    line = {"z": z, "points": points, "a": a, "b": a + 1, "h": h}
    intervals = {"points": (points - 0.5, points + 1), "h": None, "kernel": "box", "bins": 4}
    centres = {"bins": (np.linspace(-1, 1, 4), q), "a": None, "b": None}
    return {
        "softmax_labels": (kdeviz.softmax_cross_entropy, {"z": z, "y": labels}, {}),
        "softmax_soft": (kdeviz.softmax_cross_entropy, {"z": z, "y": rng.dirichlet(np.ones(5))}, {}),
        "mixture": (kdeviz.mixture_cross_entropy, {"z": z, "log_K": log_K, "q": q}, {}),
        "mixture_inf": (kdeviz.mixture_cross_entropy, {"z": z, "log_K": unexplained, "q": q}, {}),
        "mixture_skip": (kdeviz.mixture_cross_entropy, {"z": z, "log_K": unexplained, "q": q}, {"zero": "skip"}),
        "mixture_floor": (
            kdeviz.mixture_cross_entropy,
            {"z": z, "log_K": unexplained, "q": q},
            {"zero": "floor", "log_floor": -12.0},
        ),
        "mixture_floors": (
            kdeviz.mixture_cross_entropy,
            {"z": z, "log_K": log_K, "q": q, "log_floor": -5.0 - np.arange(3)},
            {"zero": "floor"},
        ),
        "kde": (kdeviz.kde_cross_entropy, line, {"bins": 4}),
        "kde_circle": (kdeviz.kde_cross_entropy, line | {"period": np.array(3.0)}, {"bins": 4, "kernel": "von_mises"}),
        "kde_skip": (kdeviz.kde_cross_entropy, line, {"bins": 4, "kernel": "box", "zero": "skip"}),
        "kde_centres": (kdeviz.kde_cross_entropy, {"z": z, "points": points, "h": h}, centres),
        "kde_float32": (kdeviz.kde_cross_entropy, {n: v.astype("f4") for n, v in line.items()}, {"bins": 4}),
        "kde_numbers": (
            kdeviz.kde_cross_entropy,
            {"z": z, "points": points},
            {"a": -0.5, "b": 0.5, "h": 0.8, "bins": 4},
        ),
        "kde_intervals": (kdeviz.kde_cross_entropy, {"z": z, "a": a, "b": a + 1}, intervals),
    }


def to(convert, value):
    """Arrays, also those in a pair or a dictionary, moved by `convert`; anything else stays."""
    if isinstance(value, dict):
        return {name: to(convert, v) for name, v in value.items()}
    if isinstance(value, tuple):
        return tuple(to(convert, v) for v in value)
    return convert(value) if isinstance(value, np.ndarray) else value


def leaves(value):
    return [leaf for v in value for leaf in leaves(v)] if isinstance(value, tuple) else [value]


def test_a_kernel_of_ones_own_runs_on_cupy_arrays(cupy):
    own = build(declare("quartic", -(u**4)))
    call, arrays, keywords = public_calls()["kde"]
    want = call(**arrays, **keywords, kernel=own)
    got = call(**to(cupy.asarray, arrays), **keywords, kernel=own)
    assert_agree([got.loss.get(), got.grad.h.get()], [want.loss, want.grad.h], 1e-14)


@pytest.mark.parametrize("label", public_calls())
def test_public_functions_take_and_give_cupy_arrays(cupy, label):
    call, arrays, keywords = public_calls()[label]
    keywords = arrays | keywords
    want = leaves(call(**keywords))
    got = leaves(call(**to(cupy.asarray, keywords)))
    assert len(got) == len(want)
    for on_gpu, on_cpu in zip(got, want):
        if on_cpu is None:
            assert on_gpu is None
            continue
        assert (
            type(on_gpu) is cupy.ndarray
            and on_gpu.dtype == np.asarray(on_cpu).dtype
            and on_gpu.shape == np.shape(on_cpu)
        )
        assert_agree([on_gpu.get()], [on_cpu], TOLERANCE[on_gpu.dtype.type])


def test_smooth_labels_takes_and_gives_cupy_arrays(cupy):
    soft = kdeviz.smooth_labels(cupy.asarray([0, 2]), 3, 0.3)
    np.testing.assert_array_equal(soft.get(), kdeviz.smooth_labels(np.array([0, 2]), 3, 0.3))


def test_numpy_and_cupy_arrays_do_not_mix(cupy):
    with pytest.raises(TypeError, match=r"`y` is a numpy array and `z` a cupy array. Move one, e.g. cupy.asarray\(y\)"):
        kdeviz.softmax_cross_entropy(cupy.asarray(np.zeros(3)), np.ones(3) / 3)


def test_a_machine_without_a_device_is_told_so(pretend_cupy):
    cupy = pretend_cupy(device_there=False)
    with pytest.raises(RuntimeError, match="cupy is installed, but this machine has no usable CUDA device"):
        kdeviz.softmax_cross_entropy(cupy.asarray(np.zeros(3)), cupy.asarray(np.ones(3) / 3))


@pytest.mark.parametrize("spoil", ["numpy", "dtype", "stride"])
def test_kernels_refuse_arrays_that_they_would_misread(cupy, spoil):
    arrays = {name: cupy.asarray(a) for name, a in rows("softmax_ce", "softmax_ce", 4, 0, 4).items()}
    bad = {"numpy": lambda y: y.get(), "dtype": lambda y: y.astype(np.float32), "stride": lambda y: y[:, ::-1]}[spoil]
    with pytest.raises(TypeError, match="every input must be a C-contiguous cupy array of dtype float64"):
        function("cupy", "softmax_ce", "softmax_ce")(**(arrays | {"y": bad(arrays["y"])}))


# ------------------------------------------------------------------------------------------------------ sanitizers
SANITIZED = [
    ("softmax_ce", "softmax_ce"),
    ("mixture_ce", "mixture_ce"),
    ("kde_ce", "epanechnikov"),
    ("kde_ce", "von_mises_on_circle"),
    ("cc_contour", "log_partition_and_mean"),
    ("cc_contour", "covariance_matvec"),
]


@pytest.mark.parametrize("sanitizer", ["address", "thread"])
@pytest.mark.parametrize("stem, name", SANITIZED, ids=[name for _, name in SANITIZED])
def test_sanitizers_find_nothing(pretend_cupy, small_blocks, monkeypatch, sanitizer, stem, name):
    cupy = pretend_cupy(sanitizer=sanitizer)
    monkeypatch.setattr(f"kdeviz.kernels.cupy.{stem}.source", lambda stem: alone(source(stem), name))
    arrays = rows(stem, name, 3, 2, 70)
    assert_agree(on_device(cupy, stem, name, arrays), truth(stem, name, arrays), 1e-14)


# ------------------------------------------------------------------------------------------------------ the fakes themselves
def test_the_fake_offers_nothing_that_cupy_lacks():
    real = pytest.importorskip("cupy", reason="no cupy: pip install 'kdeviz[cupy]' (no device is needed)")
    offered = [*fake.ON_ARRAYS, *fake.FROM_HOST, "empty", "RawModule"]
    assert [name for name in offered if not hasattr(real, name)] == []
    assert [name for name in fake.METHODS | fake.ATTRIBUTES if not hasattr(real.ndarray, name)] == []


SCALE = """extern "C" __global__ void scale(const REAL *__restrict__ x, long long n, REAL *__restrict__ y)
{
    for (long long i = threadIdx.x; i < n; i += blockDim.x) y[i] = REAL(2)*x[i];
}
"""


def launch_scale(cupy, grid=(1,), block=(32,), **changes):
    x = cupy.asarray(np.arange(4.0))
    arguments = {"x": x, "n": np.int64(4), "y": cupy.empty(4)} | changes
    cupy.RawModule(code=SCALE, options=("-DREAL=double",)).get_function("scale")(grid, block, tuple(arguments.values()))
    return arguments["y"]


def test_the_fake_runs_the_text(pretend_cupy):
    np.testing.assert_array_equal(launch_scale(pretend_cupy()).get(), [0, 2, 4, 6])


@pytest.mark.parametrize(
    "changes",
    [
        {"x": np.arange(4.0)},
        {"x": fake.ndarray(np.arange(4, dtype="f4"))},
        {"x": fake.ndarray(np.arange(8.0)[::2])},
        {"x": 1.0},
        {"n": 4},
        {"n": 4.0},
        {"n": np.int32(4)},
        {"n": np.uint64(4)},
        {"x": np.int64(4), "n": fake.ndarray(np.arange(4.0))},
        {"surplus": np.int64(4)},
    ],
    ids=repr,
)
def test_the_fake_refuses_arguments_that_a_gpu_would_misread(pretend_cupy, changes):
    with pytest.raises(TypeError):
        launch_scale(pretend_cupy(), **changes)


@pytest.mark.parametrize(
    "grid, block", [((0,), (32,)), ((1,), (33,)), ((1,), (0,)), ((1,), (2048,)), ((2**31,), (32,)), ((1, 1), (32,))]
)
def test_the_fake_refuses_launches_that_a_gpu_would_refuse(pretend_cupy, grid, block):
    with pytest.raises(ValueError):
        launch_scale(pretend_cupy(), grid, block)


def test_the_fake_keeps_arrays_on_the_device(pretend_cupy):
    x = pretend_cupy().asarray(np.arange(4.0))
    for implicit in (np.asarray, np.array, np.isfinite(np.arange(4.0)).__and__, lambda x: x + np.ones(4)):
        with pytest.raises(TypeError):
            implicit(x)


def test_fresh_device_memory_is_nan(pretend_cupy):
    assert np.isnan(pretend_cupy().empty((2, 3), np.float32).get()).all()


PROBE = """extern "C" __global__ void probe(REAL *__restrict__ x)
{
    __shared__ REAL box[64];
    const unsigned t = threadIdx.x;
    x += 64*blockIdx.x;
    x[t] = box[t];
    __syncthreads();
    box[t] = REAL(100*blockIdx.x + t);
    __syncthreads();
    x[t] = x[t] == x[t] ? REAL(-1) : box[63 - t] + __shfl_xor_sync(0xffffffffu, REAL(t), 1);
}
"""


def test_blocks_have_their_own_shared_memory_and_shuffles_stay_in_their_warp(pretend_cupy):
    cupy = pretend_cupy()
    x = cupy.empty((4, 64))
    cupy.RawModule(code=PROBE, options=("-DREAL=double",)).get_function("probe")((4,), (64,), (x,))
    t = np.arange(64)
    np.testing.assert_array_equal(x.get(), 100 * np.arange(4)[:, None] + 63 - t + (t ^ 1))


CIRCLE = """extern "C" __global__ void circle(const REAL *__restrict__ x, REAL *__restrict__ s, REAL *__restrict__ c)
{
    s[threadIdx.x] = sinpi(x[threadIdx.x]);
    c[threadIdx.x] = cospi(x[threadIdx.x]);
}
"""


@each_real
def test_sinpi_and_cospi_are_the_devices(pretend_cupy, dtype):
    x = np.concatenate([np.arange(-4, 4) / 2, np.random.default_rng(0).uniform(-50, 50, 24)]).astype(dtype)
    cupy = pretend_cupy()
    s, c = cupy.empty(32, dtype), cupy.empty(32, dtype)
    kernel = cupy.RawModule(code=CIRCLE, options=(f"-DREAL={launch.REAL[np.dtype(dtype).name]}",)).get_function(
        "circle"
    )
    kernel((1,), (32,), (cupy.asarray(x), s, c))
    np.testing.assert_allclose(s.get(), [float(mpmath.sinpi(v)) for v in x.tolist()], atol=np.finfo(dtype).eps, rtol=0)
    np.testing.assert_allclose(c.get(), [float(mpmath.cospi(v)) for v in x.tolist()], atol=np.finfo(dtype).eps, rtol=0)


HANG = """extern "C" __global__ void hang(REAL *__restrict__ x)
{
    if (threadIdx.x == 0) __syncthreads(); else __syncwarp();
}
"""


def test_a_kernel_that_hangs_is_ended(pretend_cupy):
    program = cuda_program.build(HANG, "double")
    with pytest.raises(cuda_program.KernelFailed, match="did not end within 1 s"):
        cuda_program.run(program, "hang", 1, 32, [b""], [True], timeout=1)


def test_launch_code_is_told_of_a_text_that_does_not_compile(pretend_cupy):
    cupy = pretend_cupy()
    broken = SCALE.replace("REAL(2)", "REAL(two)")
    with pytest.raises(cuda_program.KernelFailed, match="two"):
        cupy.RawModule(code=broken, options=("-DREAL=double",)).get_function("scale")(
            (1,), (32,), (cupy.empty(4), np.int64(4), cupy.empty(4))
        )
