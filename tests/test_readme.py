"""What the README and the docstrings show is what happens."""
import contextlib
import doctest
import importlib
import io
import re

import pytest

from kdeviz.codegen.__main__ import HOME

README = (HOME / "README.md").read_text()


def test_the_import_examples_print_what_the_readme_shows():
    names = {}  # a later example goes on from the one before
    examples = re.findall(r"```python\n(.*?)```\s+```text\n(.*?)```", README, re.DOTALL)
    for code, shown in examples:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, names)
        assert printed.getvalue() == shown
        assert len(code.strip().splitlines()) <= 5
    assert len(examples) == README.count("```python") == 2


@pytest.mark.parametrize("target", sorted(set(re.findall(r"^make (\w+)|`make (\w+)`", README, re.MULTILINE))), ids="".join)
def test_the_commands_of_the_readme_are_targets_of_the_makefile(target):
    assert re.search(rf"^{''.join(target)}:", (HOME / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("path", re.findall(r"\]\((?!http)([^)#]+)\)|`([\w./]+/)`|`(\w+\.(?:md|cff))`", README), ids="".join)
def test_the_places_of_the_readme_exist(path):
    assert (HOME / "".join(path)).exists() or "".join(path).startswith("_build/")


def test_cupy_stands_beside_what_was_never_run():
    assert re.search(r"\*\*cupy\*\*.*never been run on a GPU", README, re.DOTALL)


@pytest.mark.parametrize("module", ["losses", "kde", "figures"])
def test_examples_of_the_docstrings_give_what_they_show(module):
    tried = doctest.testmod(importlib.import_module(f"kdeviz.{module}"))
    assert tried.failed == 0 and tried.attempted > 0
