"""Build the book into _build/html: generate the kernels, check them, test the claims, execute every notebook, render the pages.

Run as ``python book/build.py`` (or ``make book``). A page is executed again when its cells changed; every page is
executed again when anything else that it can depend on changed. All pages are rendered anew each time, with warnings
as errors, so a page that failed once fails until it is mended.
"""

import argparse
import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
SITE, FAILED, CACHE, STAMP = BUILD / "html", BUILD / "failed", BUILD / ".jupyter_cache", BUILD / "inputs.sha256"

# What an executed page depends on, apart from its own cells. Text and looks of the pages are not among it.
INPUTS = ("kdeviz", "derivations", "book", "pyproject.toml", "requirements.lock")
OUTSIDE = ("book/_ext", "book/static")
VARIABLES = ("SOURCE_DATE_EPOCH", "KDEVIZ_BACKEND")

GENERATE = ("-m", "kdeviz.codegen")
CLAIMS = ("-m", "pytest", "-q", "-n", "auto", "-m", "claim and not gpu", "-o", "junit_family=xunit1", f"--junitxml={BUILD / 'claims.xml'}")
CHECK = ("-m", "pytest", "-q", "-x", "-k", "meets_the_oracle", *map(str, (ROOT / "tests").glob("test_*_ce.py")))


def main():
    options = parse_options()
    started = time.perf_counter()
    if options.clean:
        for old in set(BUILD.glob("*")) - {BUILD / "experiments"}:  # runs that are done are no part of the book
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    if not options.render_only:
        step("Generate the kernels from the derivations", run, GENERATE)
        step("Check the kernels against their symbolic forms", run, CHECK)
        step("Test the claims of the sources", run, CLAIMS)
    step("Execute the notebooks and render the pages", build_site)
    print(f"\nThe book is ready after {time.perf_counter() - started:.0f} s: {SITE / 'index.html'}")


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clean", action="store_true", help="remove what was built first: execute every page; finished experiments stay")
    parser.add_argument("--render-only", action="store_true", help="leave the kernels as they are, and unchecked, and the claims untested")
    return parser.parse_args()


def step(title, work, *arguments):
    """Do one step of the build; a true result is a failure and ends it."""
    print(f"\n{title}", flush=True)
    started = time.perf_counter()
    if failure := work(*arguments):
        raise SystemExit(f"\n{title}: {'failed' if isinstance(failure, int) else failure}.")
    print(f"  done in {time.perf_counter() - started:.1f} s", flush=True)


def run(arguments):
    return subprocess.run([sys.executable, *arguments], cwd=ROOT).returncode


def build_site():
    before = fingerprint()
    if not STAMP.exists() or STAMP.read_text() != before:
        shutil.rmtree(CACHE, ignore_errors=True)
    for folder in (SITE, FAILED, BUILD / ".doctrees"):  # Sphinx warns of a page only when it reads it
        shutil.rmtree(folder, ignore_errors=True)
    BUILD.mkdir(exist_ok=True)
    STAMP.write_text(before)
    failure = True
    try:
        failure = sphinx()
        if not failure and fingerprint() != before:
            failure = "files changed in the meantime, build it again"
    finally:  # after an interrupt too: what is in _build/html is always a whole book
        if failure and SITE.exists():
            SITE.rename(FAILED)
            print(f"\nThe pages as far as they got: {FAILED}")
    return failure


def sphinx():
    """Like ``jupyter-book build . -W -n --keep-going``, but quieter. Returns an exit status."""
    from jupyter_book.sphinx import build_sphinx
    from sphinx.util.console import nocolor

    if not sys.stderr.isatty():
        nocolor()
    overrides = {"external_toc_path": str(ROOT / "_toc.yml"), "nitpicky": True, "latex_individualpages": False}
    failure = build_sphinx(ROOT, SITE, noconfig=True, path_config=ROOT / "_config.yml", confoverrides=overrides,
                           warningiserror=True, keep_going=True, quiet=True)
    return 1 if failure else 0


def fingerprint():
    """Hash of all that an executed page depends on, apart from its own cells."""
    digest = hashlib.sha256(sys.version.encode())
    digest.update(repr([os.environ.get(name) for name in VARIABLES]).encode())
    digest.update(repr(sorted((d.name, d.version) for d in importlib.metadata.distributions())).encode())
    for file in input_files():
        digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def input_files():
    tops = [ROOT / name for name in INPUTS]
    files = sorted(file for top in tops for file in (top, *top.rglob("*")) if file.is_file())
    outside = {ROOT / name for name in OUTSIDE}
    return [file for file in files if is_input(file) and outside.isdisjoint(file.parents)]


def is_input(file):
    """Not text, nor what Python and numba keep beside the code."""
    return file.suffix != ".md" and "__pycache__" not in file.parts


if __name__ == "__main__":
    main()
