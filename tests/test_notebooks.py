"""The pages as notebooks. The book's build executes them (`make book`); here is what it would not notice."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

jupytext = pytest.importorskip("jupytext", reason="jupytext is missing: pip install -e '.[book]'")

ROOT = Path(__file__).resolve().parents[1]
DERIVATIONS = sorted(path.stem for path in (ROOT / "derivations").glob("*.py") if path.stem != "__init__")
PAGES = [
    *sorted((ROOT / "derivations").glob("[!_]*.py")),
    *sorted((ROOT / "book").glob("*.md")),
    *sorted((ROOT / "book/experiments").glob("*.md")),
]


def listed(toc):
    """Every page of a table of contents."""
    if isinstance(toc, list):
        return [page for entry in toc for page in listed(entry)]
    own = [toc[key] for key in ("root", "file") if key in toc]
    return own + [page for key in ("parts", "chapters", "sections") for page in listed(toc.get(key, []))]


def computes(page):
    return page.suffix == ".py" or "{code-cell}" in page.read_text(encoding="utf-8")


NOTEBOOKS = [page for page in PAGES if computes(page)]


def test_the_table_of_contents_lists_every_page_once():
    pages = listed(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")))
    assert sorted(pages) == sorted(page.relative_to(ROOT).with_suffix("").as_posix() for page in PAGES)


@pytest.mark.parametrize("page", NOTEBOOKS, ids=lambda page: page.stem)
def test_page_is_a_notebook_that_the_build_executes(page):
    notebook = jupytext.read(page)  # the header names the kernel, or the book would show the code and not run it
    assert notebook.metadata["kernelspec"]["name"] == "python3"
    assert any(cell.cell_type == "code" for cell in notebook.cells)


def test_no_notebook_with_outputs_is_kept():
    kept = [path for folder in ("book", "derivations") for path in (ROOT / folder).rglob("*.ipynb")]
    assert [path for path in kept if ".ipynb_checkpoints" not in path.parts] == []


def test_importing_the_derivations_says_nothing_and_writes_nothing(tmp_path):
    code = "\n".join(f"import derivations.{stem}" for stem in DERIVATIONS)
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
