"""The CUDA text compiles for real architectures, without spills and without a double in the float build. No device is needed for that."""

import re
import shutil
import subprocess
from functools import lru_cache

import pytest
from cuda_cases import KERNELS, STEMS, alone

from kdeviz.kernels.cupy import launch, source

each_stem = pytest.mark.parametrize("stem", STEMS)
each_real = pytest.mark.parametrize("real", ["float", "double"])
each_architecture = pytest.mark.parametrize("architecture", [80, 90])


def options(real):
    """The options with which the launch code asks for a text."""
    asked = {}
    record = type("RecordingCupy", (), {"RawModule": staticmethod(lambda **keywords: asked.update(keywords))})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launch, "cupy_with_device", lambda: record)
        launch.compiled.__wrapped__("", real)
    return asked["options"]


# ------------------------------------------------------------------------------------------------------ nvcc
@pytest.fixture(scope="module")
def nvcc(tmp_path_factory):
    """A function (stem, real, architecture) -> (what the compilers say, PTX); each is compiled once."""
    if not shutil.which("nvcc"):
        pytest.skip("nvcc is not on the PATH: pip install 'kdeviz[nvcc]' brings one, or install the CUDA toolkit")

    @lru_cache
    def build(stem, real, architecture):
        folder = tmp_path_factory.mktemp(f"{stem}_{real}_{architecture}")
        text = folder / f"{stem}.cu"
        text.write_text(source(stem), encoding="utf-8")
        command = [
            "nvcc",
            *options(real),
            f"-arch=sm_{architecture}",
            "-cubin",
            "-Xptxas=-v",
            "--keep",
            "--keep-dir",
            folder,
            text,
        ]
        done = subprocess.run([*command, "-o", folder / "out.cubin"], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[:3000]
        return done.stdout + done.stderr, (folder / f"{stem}.ptx").read_text()

    return build


@each_stem
@each_real
@each_architecture
def test_nvcc_builds_every_kernel_without_spills(nvcc, stem, real, architecture):
    """The only stack frame is that in which sin and cos reduce an angle above 105615 (double: 2^31): its product with 2/pi, up to 40 bytes."""
    said, ptx = nvcc(stem, real, architecture)
    kernels = re.findall(r'extern "C" __global__ void (\w+)', source(stem))
    assert sorted(re.findall(r"\.visible \.entry (\w+)", ptx)) == sorted(kernels)
    assert f".target sm_{architecture}" in ptx
    used = dict(
        re.findall(
            r"properties for (\w+)\n *(\d+ bytes stack frame, \d+ bytes spill stores, \d+ bytes spill loads)", said
        )
    )
    circular = {name for name in kernels if angles(alone(source(stem), name))}
    frame = lambda name: {"float": 32, "double": 40}[real] if name in circular else 0
    for name in kernels:
        allowed = {0, frame(name)}  # some compilers keep it in registers
        assert used[name] in {f"{n} bytes stack frame, 0 bytes spill stores, 0 bytes spill loads" for n in allowed}


@each_stem
@each_real
def test_a_block_of_256_threads_finds_its_registers(nvcc, stem, real):
    """A multiprocessor has 65536 registers: 256 threads may have 255 each; from 128 on, fewer than two blocks fit at once.

    Only 20 compensated sums at once in double precision need more: total, rest and part of each are 120 registers. Kernels of one thread
    per row run in blocks of 32 threads.
    """
    used = re.findall(r"properties for (\w+)\n.*\n.*Used (\d+) registers", nvcc(stem, real, 80)[0])
    kernels = re.findall(r'extern "C" __global__ void (\w+)', source(stem))
    assert sorted(name for name, _ in used) == sorted(kernels)
    shared = {name: int(registers) for name, registers in used if "all_threads" not in alone(source(stem), name)}
    wide = {name for name, registers in shared.items() if registers > 128}
    assert wide <= ({"power_sums_20"} if real == "double" else set())
    assert max(shared.values(), default=0) <= 192


# How cos(float) ends its reduction of an angle above 105615: 64 fixed-point bits of a turn, times 2 pi/2^64 as a double. It is the
# compiler's own code, in a branch that angles of fewer digits do not take; nothing else may be double.
REDUCTION = [r"cvt\.rn\.f64\.s64", r"mul\.f64 .*0d3BF921FB54442D19;", r"cvt\.rn\.f32\.f64"]


def angles(text):
    """How often the text takes the sine or cosine of an angle that is no multiple of pi."""
    return len(re.findall(r"\b(?:sin|cos)\(", re.sub("//.*", "", text)))


@each_stem
@pytest.mark.parametrize("architecture", [80, 90])
def test_the_float_build_computes_nothing_in_double(nvcc, stem, architecture):
    ptx = nvcc(stem, "float", architecture)[1]
    double = re.findall(r".*\.f64\b.*", ptx)  # with the dot: %f64 is the name of a register
    for step in REDUCTION:
        found = [line for line in double if re.search(step, line)]
        assert len(found) == angles(source(stem))
        double = [line for line in double if line not in found]
    assert [line for line in double if not re.match(r"\s*\.reg \.f64", line)] == []
    assert len(double) == sum(bool(angles(alone(source(stem), name))) for stem_, name in KERNELS if stem_ == stem)
    assert ".f32" in ptx


@each_stem
@each_real
def test_nvcc_has_nothing_to_warn_of(nvcc, stem, real):
    assert re.findall(r".*warning.*", nvcc(stem, real, 80)[0]) == []


# ------------------------------------------------------------------------------------------------------ NVRTC
@pytest.fixture(scope="module")
def nvrtc():
    reason = "cupy and NVRTC compile without a device; pip install 'kdeviz[cupy]' brings both"
    library = pytest.importorskip("cupy_backends.cuda.libs.nvrtc", reason=reason)
    try:
        library.getVersion()
    except RuntimeError as error:
        pytest.skip(f"{reason} ({str(error).splitlines()[0]})")
    return library


@each_stem
@each_real
@pytest.mark.parametrize("target", ["compute_80", "sm_90"])
def test_nvrtc_builds_every_kernel(nvrtc, stem, real, target):
    program = nvrtc.createProgram(source(stem), f"{stem}.cu", (), ())
    try:
        nvrtc.compileProgram(program, (*options(real), f"-arch={target}"))
        built = nvrtc.getPTX(program) if target.startswith("compute") else nvrtc.getCUBIN(program)
    except nvrtc.NVRTCError:
        pytest.fail(nvrtc.getProgramLog(program)[:3000])
    finally:
        nvrtc.destroyProgram(program)
    kernels = re.findall(r'extern "C" __global__ void (\w+)', source(stem))
    assert all(name.encode() in (built.encode() if isinstance(built, str) else built) for name in kernels)
