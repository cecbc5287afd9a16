"""`python -m kdeviz verify [--backend numpy|numba|cupy]`: holds every kernel against published reference values on this machine."""

import argparse
import sys

from .verify import verify


def main():
    parser = argparse.ArgumentParser(prog="python -m kdeviz", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser(
        "verify", help="a table of errors against reference values; fails when one exceeds its bound"
    )
    check.add_argument("--backend", choices=["numpy", "numba", "cupy"], default="numpy")
    arguments = parser.parse_args()
    try:
        failed = verify(arguments.backend)
    except (ImportError, RuntimeError) as problem:
        sys.exit(f"{arguments.backend}: {problem}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
