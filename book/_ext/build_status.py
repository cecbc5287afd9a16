"""The directive ``build-status``: what this build ran on, and how long each page took."""

import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.util.docutils import SphinxDirective

PACKAGES = ("kdeviz", "numpy", "sympy", "matplotlib", "jupyter-book")


class StatusNode(nodes.General, nodes.Element):
    """Stands in the page until every page has run."""


class BuildStatus(SphinxDirective):
    def run(self):
        return [StatusNode()]


def installed(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def output_of(*command, folder=None):
    """What a command says, or nothing when it is missing or fails."""
    if not shutil.which(command[0]):
        return ""
    return subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout.strip()


def commit(folder):
    return output_of("git", "describe", "--always", "--dirty", "--abbrev=12", folder=folder) or "not a git checkout"


def gpu():
    names = output_of("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    return names.replace("\n", ", ") or "none seen: nothing in this book ran on a GPU"


def machine(folder):
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    date = datetime.fromtimestamp(int(seconds), UTC) if seconds else datetime.now(UTC)
    return [
        ("built", f"{date:%Y-%m-%d %H:%M} UTC"),
        ("commit", commit(folder)),
        ("Python", platform.python_version()),
        *((name, installed(name)) for name in PACKAGES),
        ("GPU", gpu()),
    ]


def run_times(env):
    """Seconds per page; from the execution cache where the page did not change."""
    for docname in sorted(env.found_docs):
        if data := NbMetadataCollector.get_exec_data(env, docname):
            yield env.titles[docname].astext(), f"{data['runtime']:.1f}"


def table(head, rows):
    """Two columns."""
    def row(cells):
        return nodes.row("", *(nodes.entry("", nodes.paragraph("", cell)) for cell in cells))

    group = nodes.tgroup("", nodes.colspec(colwidth=1), nodes.colspec(colwidth=2), cols=2)
    group += [nodes.thead("", row(head)), nodes.tbody("", *map(row, rows))]
    return nodes.table("", group, classes=["status-table"])


def fill_in(app, doctree, docname):
    for node in list(doctree.findall(StatusNode)):
        tables = [table(("what", "version"), machine(app.srcdir))]
        if "SOURCE_DATE_EPOCH" not in os.environ:  # else two builds of one commit are byte for byte the same
            tables.append(table(("page", "seconds to run"), run_times(app.env)))
        node.replace_self(tables)


def setup(app):
    app.add_node(StatusNode)
    app.add_directive("build-status", BuildStatus)
    app.connect("doctree-resolved", fill_in)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
