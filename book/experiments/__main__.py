"""Rerun the experiments: ``python -m book.experiments [name ...]``, or all of them by ``make experiments``.

An experiment is a module of this folder: ``UNITS`` holds the settings of its independent runs, ``run(**unit)`` does one.
A run is kept in ``_build/experiments`` as soon as it is done, so an interrupted command goes on where it was; a change of
kdeviz, or of the book's modules and data, starts anew. When all are done they become ``results/<name>.json``.
"""

import argparse
import hashlib
import importlib
import json
import os
import platform
import subprocess
import sys
import time
import warnings
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
KEPT = ROOT / "_build" / "experiments"
PACKAGES = ("kdeviz", "numpy", "scipy", "scikit-learn", "gymnasium", "numba")


def names():
    """Every experiment."""
    return sorted(file.stem for file in HERE.glob("*.py") if "\nUNITS = " in file.read_text(encoding="utf-8"))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], prog="python -m book.experiments")
    parser.add_argument("name", nargs="*", help=f"one of {', '.join(names())} (default: all)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="runs at a time (default: one per core)")
    options = parser.parse_args(arguments)
    if unknown := set(options.name) - set(names()):
        parser.error(f"there is no experiment {', '.join(sorted(unknown))}; there are {', '.join(names())}")
    os.environ["NUMBA_NUM_THREADS"] = "1"  # before numba is imported
    for name in options.name or names():
        rerun(name, options.jobs)


def rerun(name, jobs):
    """Do what is left of an experiment and write its results."""
    units = importlib.import_module(f"book.experiments.{name}").UNITS
    folder, work = KEPT / name / fingerprint(name), partial(keep, name, commit())
    files = [folder / f"{digest(json.dumps(unit, sort_keys=True).encode())}.json" for unit in units]
    missing = [(unit, file) for unit, file in zip(units, files) if not file.exists()]
    print(f"{name}: {len(units)} runs, {len(missing)} to do", flush=True)
    for done in in_parallel(work, missing, jobs):
        show_progress(done, len(missing))
    runs = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    write(HERE / "results" / f"{name}.json", provenance(runs), runs)


def in_parallel(work, calls, jobs):
    """How many of the calls are done, after each of them, in whatever order."""
    warnings.filterwarnings("ignore", "A worker stopped")  # joblib starts workers anew when they have grown
    results = Parallel(jobs, return_as="generator_unordered")(delayed(work)(*call) for call in calls)
    return (done for done, _ in enumerate(results, 1))


def keep(name, at, unit, file):
    """Do one run, on one core, and keep what it found at which commit."""
    started = time.process_time()
    try:
        with threadpool_limits(1):
            result = importlib.import_module(f"book.experiments.{name}").run(**unit)
    except Exception as error:
        raise RuntimeError(f"{name} failed at {unit}") from error
    run = {"unit": unit, "result": result, "seconds": round(time.process_time() - started, 2), "commit": at}
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".part")
    unfinished.write_text(json.dumps(run, allow_nan=False), encoding="utf-8")
    unfinished.replace(file)


def write(file, about, runs):
    """One line per run, so that a changed result is a changed line."""
    about = json.dumps(about, indent=1)
    file.parent.mkdir(exist_ok=True)
    file.write_text(f'{{"provenance": {about},\n"runs": [\n' + ",\n".join(map(json.dumps, runs)) + "\n]}\n", encoding="utf-8")
    print(f"{file.relative_to(ROOT)} is written", flush=True)


def provenance(runs):
    """Where results come from; seconds are those of one core."""
    commits, seconds = sorted({run["commit"] for run in runs}), sum(run["seconds"] for run in runs)
    here = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "python": platform.python_version(), "machine": platform.machine()}
    return {"commit": ", ".join(commits), "seconds": round(seconds), **here, "packages": {name: version(name) for name in PACKAGES}}


def commit():
    """The commit at hand, and whether the code of the experiments differs from it."""
    git = lambda *command: subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    changed = git("status", "--porcelain", "--", "kdeviz", "book/*.py", "book/data", "book/experiments/*.py")
    return (git("rev-parse", "--short=12", "HEAD") or "not a git checkout") + " with changes" * bool(changed)


def fingerprint(name):
    """Of all that the runs of an experiment can depend on: kdeviz, the book's modules and data, but no other experiment."""
    others = {HERE / f"{other}.py" for other in names() if other != name}
    files = {*(ROOT / "kdeviz").rglob("*.py"), *(ROOT / "book").rglob("*.py"), *(ROOT / "book/data").glob("*.*")}
    return digest(b"".join(file.read_bytes() for file in sorted(files - others)))


def digest(content):
    return hashlib.sha256(content).hexdigest()[:16]


def show_progress(done, total):
    """In a terminal one line that is written over, elsewhere a line for each tenth."""
    if sys.stdout.isatty():
        print(f"\r  {done}/{total}", end="\n" * (done == total), flush=True)
    elif done * 10 // total > (done - 1) * 10 // total:
        print(f"  {done}/{total}", flush=True)


if __name__ == "__main__":
    main()
