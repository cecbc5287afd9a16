"""The lock is what is installed here, and it can be installed wherever it is promised."""

import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
LOCK = [Requirement(line) for line in (ROOT / "requirements.lock").read_text().splitlines() if line[0] != "#"]

PYTHONS = ["3.11.2", "3.12.0", "3.13.0", "3.14.0"]
GLIBC = [5, 12, *range(17, 29)]  # up to 2.28: Debian 10, Ubuntu 20.04, RHEL 8 and all later ones
PLATFORMS = {  # wheel tags that pip shall accept, and what environment markers see there
    "linux-x86_64": (
        ["manylinux2014_x86_64", *(f"manylinux_2_{minor}_x86_64" for minor in GLIBC)],
        {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux", "platform_machine": "x86_64"},
    ),
    "linux-arm64": (
        ["manylinux2014_aarch64", *(f"manylinux_2_{minor}_aarch64" for minor in GLIBC)],
        {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux", "platform_machine": "aarch64"},
    ),
    "macos-arm64": (
        ["macosx_14_0_arm64"],
        {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin", "platform_machine": "arm64"},
    ),
    "windows-amd64": (
        ["win_amd64"],
        {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows", "platform_machine": "AMD64"},
    ),
}


def environment(python, platform):
    python_version = ".".join(python.split(".")[:2])
    return PLATFORMS[platform][1] | {"python_version": python_version, "python_full_version": python}


def pins(env=None):
    """What the lock installs in an environment (default: this one): canonical name -> exact version."""
    wanted = [pin for pin in LOCK if pin.marker is None or pin.marker.evaluate(env)]
    names = [canonical(pin.name) for pin in wanted]
    assert len(names) == len(set(names)), "a package is pinned twice for one environment"
    return {canonical(pin.name): str(pin.specifier).removeprefix("==") for pin in wanted}


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements_of(name, extras):
    """Requirements of an installed distribution that apply here with these extras."""
    environments = [default_environment() | {"extra": extra} for extra in ("", *extras)]
    for requirement in map(Requirement, distribution(name).requires or []):
        if requirement.marker is None or any(requirement.marker.evaluate(env) for env in environments):
            yield requirement


def installed_closure(name, extras):
    """Every distribution that `name[extras]` needs here: canonical name -> installed version."""
    found = {}
    todo = [(name, frozenset(extras))]
    seen = set(todo)
    while todo:
        for requirement in requirements_of(*todo.pop()):
            found[canonical(requirement.name)] = distribution(requirement.name).version
            node = canonical(requirement.name), frozenset(requirement.extras)
            if node not in seen:
                seen.add(node)
                todo.append(node)
    return found


def test_every_line_of_the_lock_is_an_exact_pin():
    assert [str(pin) for pin in LOCK if not re.fullmatch(r"==[\w.]+", str(pin.specifier))] == []


def test_installed_environment_is_the_locked_one():
    installed = installed_closure("kdeviz", ["book", "dev"])
    assert len(installed) > 80
    locked = pins()
    differing = {name: (found, locked.get(name)) for name, found in installed.items() if found != locked.get(name)}
    assert differing == {}, "installed and locked versions differ: run `rm .venv/installed` and then make again"


def test_cupy_is_locked_where_it_has_wheels():
    having = {platform for platform in PLATFORMS if "cupy-cuda13x" in pins(environment("3.13.0", platform))}
    assert having == {"linux-x86_64", "linux-arm64", "windows-amd64"}


@pytest.mark.network
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_lock_has_a_wheel_of_everything(platform, python, tmp_path):
    # pip evaluates markers for the Python that runs it, so it is given the lines that hold at the target.
    lock = tmp_path / "requirements.lock"
    lock.write_text("".join(f"{name}=={version}\n" for name, version in pins(environment(python, platform)).items()))
    tags = [word for tag in PLATFORMS[platform][0] for word in ("--platform", tag)]
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--no-deps", "--only-binary=:all:"]
    target = ["--python-version", python, *tags, "--target", str(tmp_path / "target"), "--requirement", str(lock)]
    pip = subprocess.run([*command, *target], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert pip.returncode == 0, "\n".join(line for line in pip.stderr.splitlines() if "ERROR" in line)
