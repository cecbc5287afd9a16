"""The wheel holds the package and its kernels, nothing else, and works where numpy alone is installed."""

import json
import re
import statistics
import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

import kdeviz

ROOT = Path(__file__).parent.parent
STEMS = ["mixture_ce", "softmax_ce", "kde_ce"]

MODULES_AND_TIME = """
import json, sys, time, numpy
before = set(sys.modules)
start = time.perf_counter()
import kdeviz
elapsed = time.perf_counter() - start
print(json.dumps([sorted(set(sys.modules) - before), elapsed]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def dist_info(wheel):
    return wheel.name.removesuffix("-py3-none-any.whl") + ".dist-info"


@pytest.fixture(scope="module")
def bare(wheel, tmp_path_factory):
    """A folder to import from that holds the installed wheel and numpy: what `pip install kdeviz` gives."""
    folder = tmp_path_factory.mktemp("bare")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    run([*pip, "--target", str(folder), str(wheel)])
    numpy = distribution("numpy")
    for name in {file.parts[0] for file in numpy.files} - {".."}:
        (folder / name).symlink_to(numpy.locate_file(name))
    return folder


def run(command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_bare(folder, code, *arguments):
    """Run code where `folder` and the standard library are all that can be imported (-S: no site-packages)."""
    code = f"import sys; sys.path.insert(0, {str(folder)!r})\n{code}"
    return run([sys.executable, "-I", "-S", "-W", "error", "-c", code, *arguments], cwd=folder)


def test_wheel_holds_the_package_and_nothing_else(names, dist_info):
    assert {name.split("/")[0] for name in names} == {"kdeviz", dist_info}
    assert f"{dist_info}/licenses/LICENSE" in names


def test_version_is_the_same_everywhere(dist_info):
    assert dist_info == f"kdeviz-{kdeviz.__version__}.dist-info"
    assert f"\nversion: {kdeviz.__version__}\n" in (ROOT / "CITATION.cff").read_text()


@pytest.mark.parametrize("stem", STEMS)
def test_wheel_holds_the_kernels(names, stem):
    assert {f"kdeviz/kernels/numpy/{stem}.py", f"kdeviz/kernels/cupy/{stem}.cu"} <= names


def test_wheel_holds_every_file_of_the_package(names):
    tree = {path.relative_to(ROOT).as_posix() for path in (ROOT / "kdeviz").rglob("*") if path.is_file()}
    assert {name for name in tree if "__pycache__" not in name} == {name for name in names if "dist-info" not in name}
    assert "kdeviz/kdeviz.mplstyle" in names
    assert any(name.startswith("kdeviz/reference/") for name in names)


def test_numpy_is_the_only_requirement(wheel, dist_info):
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(f"{dist_info}/METADATA").decode()
    needed = re.findall("^Requires-Dist: (.*)$", metadata, re.MULTILINE)
    assert [line for line in needed if "extra ==" not in line] == ["numpy>=2"]


def test_wheel_works_where_numpy_alone_is_installed(bare):
    code = "import kdeviz; print(kdeviz.softmax_cross_entropy([[0.0, 0.0]], [1]).grad.z.tolist())"
    assert run_bare(bare, code) == "[[0.5, -0.5]]\n"


def test_wheel_verifies_itself_where_numpy_alone_is_installed(bare):
    code = "import runpy; sys.argv = ['kdeviz', 'verify']; runpy.run_module('kdeviz', run_name='__main__')"
    assert "mixture_ce" in run_bare(bare, code)


def test_import_loads_numpy_only_whatever_is_installed():
    loaded, _ = json.loads(run([sys.executable, "-c", MODULES_AND_TIME]))
    foreign = {name.split(".")[0] for name in loaded} - sys.stdlib_module_names
    assert foreign - {"numpy"} == {"kdeviz"}


def test_import_takes_under_a_fifth_of_a_second_beyond_numpy(bare):
    times = [json.loads(run_bare(bare, MODULES_AND_TIME))[1] for _ in range(5)]
    assert statistics.median(times) < 0.2
