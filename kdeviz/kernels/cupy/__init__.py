"""Kernels on cupy arrays: generated CUDA C, launched through ``cupy.RawModule``.

Never run on a GPU by the project's own tests, which have none: the text is compiled for sm_80 and sm_90 and executed on the CPU.
"""

from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent


@lru_cache
def source(stem: str) -> str:
    """The CUDA C text of one stem, e.g. ``source("kde_ce")``; compile it with ``-DREAL=float`` or ``-DREAL=double``."""
    path = FOLDER / f"{stem}.cu"
    if not path.exists():
        there = ", ".join(sorted(p.stem for p in FOLDER.glob("*.cu")))
        raise ValueError(f"`stem` must name a kernel file; got {stem!r}. There are: {there}.")
    return path.read_text(encoding="utf-8")
