"""`python -m kdeviz.codegen [--check]`: writes the kernels that derivations/ declare, or shows where the committed ones differ."""

import argparse
import difflib
import importlib
import sys
from pathlib import Path

from . import cuda, numba, numpy_printer, references

HOME = Path(__file__).parents[2]
FILES = {
    "kernels/numpy/{stem}.py": numpy_printer.module,
    "kernels/numba/{stem}.py": numba.module,
    "kernels/cupy/{stem}.cu": cuda.module,
    "kernels/cupy/{stem}.py": cuda.launch_module,
    "reference/{stem}.json": references.module,
}


def stems():
    """The derivations that declare kernels, in alphabetical order: (stem, kernels)."""
    sys.path.insert(0, str(HOME))
    for path in sorted((HOME / "derivations").glob("[a-z]*.py")):
        if kernels := getattr(importlib.import_module(f"derivations.{path.stem}"), "kernels", None):
            yield path.stem, kernels


def texts():
    """(path, text) of every generated file."""
    for stem, kernels in stems():
        for name, write in FILES.items():
            yield HOME / "kdeviz" / name.format(stem=stem), write(kernels, stem)


def generate():
    for path, text in texts():
        changed = not path.exists() or path.read_text() != text
        if changed:
            path.write_text(text)
        print(f"{'wrote' if changed else 'same '} {path.relative_to(HOME)}")


def check():
    """The number of stale files; their differences are printed."""
    stale = 0
    for path, text in texts():
        old = path.read_text() if path.exists() else ""
        name = str(path.relative_to(HOME))
        if old != text:
            stale += 1
            print(
                "\n".join(
                    difflib.unified_diff(
                        old.splitlines(), text.splitlines(), name, "as the derivation emits it", lineterm=""
                    )
                )
            )
            print(f"{name} differs from what its derivation emits (diff above). Run `make generate` and commit both.")
    return stale


def main():
    parser = argparse.ArgumentParser(prog="python -m kdeviz.codegen", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="change nothing; show what is stale and fail if anything is"
    )
    sys.exit(check() if parser.parse_args().check else generate())


if __name__ == "__main__":
    main()
