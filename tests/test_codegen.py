"""The generated files: fresh, deterministic, self-contained, without leftovers of the generator."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest

from kdeviz.codegen.__main__ import HOME, stems, texts

KERNELS = HOME / "kdeviz" / "kernels"
WRITTEN = ("__init__", "launch")  # by hand
FILES = sorted(path for path in KERNELS.glob("*/*.*") if path.stem not in WRITTEN and path.suffix in (".py", ".cu"))
REFERENCES = sorted((HOME / "kdeviz" / "reference").glob("*.json"))
NUMPY_FILES = [path for path in FILES if path.parent.name == "numpy"]


@pytest.fixture(scope="module")
def emitted():
    return dict(texts())


@pytest.mark.parametrize("path", FILES + REFERENCES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_committed_kernel_is_what_its_derivation_emits(path, emitted):
    assert path.read_text() == emitted[path], "run `make generate` and commit the kernel with its derivation"


def test_every_emitted_file_is_committed(emitted):
    assert set(emitted) == set(FILES + REFERENCES)


def test_check_prints_a_diff_and_the_command_that_repairs(monkeypatch, capsys, tmp_path):
    from kdeviz.codegen import __main__ as codegen

    stale = HOME / "kdeviz" / "kernels" / "numpy" / "softmax_ce.py"
    monkeypatch.setattr(codegen, "texts", lambda: [(stale, stale.read_text().replace("np.exp(", "np.exp2("))])
    assert codegen.check() == 1
    printed = capsys.readouterr().out
    assert "+    weight = np.exp2(centred)" in printed and "make generate" in printed


def test_text_does_not_depend_on_the_hash_seed():
    """This process has a random seed of its own."""
    environment = dict(os.environ, PYTHONHASHSEED="12345")
    run = subprocess.run(
        [sys.executable, "-m", "kdeviz.codegen", "--check"],
        cwd=HOME,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]


@pytest.mark.parametrize("path", NUMPY_FILES, ids=lambda p: p.stem)
def test_numpy_file_runs_when_copied_alone(path, tmp_path):
    """In a process that can import numpy and nothing of ours."""
    copy = tmp_path / path.name
    copy.write_text(path.read_text())
    rows = "np.zeros((2, 3)), np.zeros((2, 3)), np.zeros(2), np.ones(2), np.ones(2), np.full((2, 4), 0.5)"
    target = "np.full((2, 4), 0.25), np.full(2, -np.inf)"
    call = {
        "softmax_ce": "softmax_ce(np.zeros((2, 3)), np.full((2, 3), 1/3))",
        "mixture_ce": f"mixture_ce(np.zeros((2, 3)), np.zeros((2, 4, 3)), {target})",
        "kde_ce": f"laplace({rows}, {target})",
        "laplace_integral": "laplace(np.zeros((2, 3)), np.ones((2, 3)), np.zeros(2), np.ones(2), np.ones(2))",
        "box_integral": "box_gaps(np.zeros((2, 3)), np.ones((2, 3)), np.zeros(2))",
        "polynomial_kernels": "triangular_gaps(*np.zeros((2, 2, 3)), np.ones((2, 3)), np.zeros(2))",
        "cc_contour": "saddle_step(np.zeros((2, 3)), np.full(2, 3.0))",
    }[path.stem]
    code = f"import numpy as np, sys; from {path.stem} import *; print({call}[0]); assert not {{'kdeviz', 'sympy', 'scipy'}} & set(sys.modules)"
    run = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_file_opens_with_its_source_and_the_command_that_remakes_it(path):
    first = path.read_text().splitlines()[0]
    assert f"derivations/{path.stem}.py" in first and "make generate" in first


def without_runtime(text):
    """The text less what is written by hand and included verbatim."""
    parts = [
        part for path in (HOME / "kdeviz/codegen/runtime").iterdir() for part in path.read_text().strip().split("\n\n")
    ]
    for part in parts:
        text = text.replace(part, "")
    return text


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_generated_text_has_no_anonymous_names(path):
    """total_3 and common_1 tell a reader nothing; a name that the derivation gave is the derivation's own."""
    anonymous = r"^ *(?:REAL )?((?:total|common|factor|shared|part|t|x)(?:_?\d+)?) \+?= "
    declared = {str(t.base) for kernel in dict(stems())[path.stem] for t in kernel.equations}
    assert not set(re.findall(anonymous, without_runtime(path.read_text()), re.MULTILINE)) - declared


def test_cuda_text_holds_no_bare_literal():
    """A 0.5 among floats would make the device compute in double."""
    for path in (HOME / "kdeviz" / "kernels" / "cupy").glob("*.cu"):
        body = re.sub(r"//.*|#define.*", "", path.read_text()).replace("REAL(-", "REAL(")
        assert not re.findall(r"(?<![\w(.])\d+\.\d*|(?<!REAL\()\b\d+\.\d+", body)


def test_every_kernel_has_a_public_function_in_every_language():
    for stem, kernels in stems():
        for folder in ("numpy", "numba", "cupy"):
            text = (HOME / "kdeviz" / "kernels" / folder / f"{stem}.py").read_text()
            assert all(f"\ndef {kernel.name}(" in text for kernel in kernels)


def test_kernels_accept_no_rows():
    from kdeviz.kernels.numpy.softmax_ce import softmax_ce

    loss, grad_z, _ = softmax_ce(np.empty((0, 3)), np.empty((0, 3)))
    assert loss.shape == (0,) and grad_z.shape == (0, 3)


@pytest.mark.parametrize("names", ["derivations.kde_ce, derivations.softmax_ce", "derivations.cc_contour"])
def test_importing_derivations_is_quick_and_quiet(names):
    code = f"import {names}, time; print(time.process_time())"
    run = subprocess.run([sys.executable, "-c", code], cwd=HOME, capture_output=True, text=True)
    assert run.returncode == 0 and not run.stderr and float(run.stdout) < 5, run.stdout + run.stderr
