"""Every page that computes offers itself as a Jupyter notebook: ``_notebooks/<page>.ipynb``, linked below the title."""

import posixpath
from pathlib import Path

import jupytext
import nbformat
from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector

ABOUT = """\
*A page of the book **kdeviz**. It imports `kdeviz`, some pages also `derivations` and `book`: run it inside a \
checkout of the project (`make lab` opens JupyterLab there).*
"""


def is_notebook(env, docname):
    return bool(NbMetadataCollector.get_exec_data(env, docname))


def as_ipynb(source, macros):
    """The page as a valid notebook, without outputs and the same for the same text."""
    notebook = jupytext.read(source)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    definitions = "".join(rf"\newcommand{{{name}}}{{{tex}}}" for name, tex in macros.items() if "#" not in tex)
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell(ABOUT + (f"${definitions}$" if definitions else "")))
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"  # jupytext's are random
    nbformat.validate(notebook)
    return nbformat.writes(notebook)


def link_below_title(app, doctree, docname):
    title = doctree.next_node(nodes.title)
    if title is None or not is_notebook(app.env, docname):
        return
    up = posixpath.relpath(".", posixpath.dirname(docname))
    link = (f'<p class="notebook-link"><a href="{up}/_notebooks/{docname}.ipynb" download>'
            "Download notebook (.ipynb)</a></p>")
    title.parent.insert(title.parent.index(title) + 1, nodes.raw("", link, format="html"))


def tell_theme(app, pagename, templatename, context, doctree):
    """The theme's own download menu then offers the same file beside the page's source."""
    if is_notebook(app.env, pagename):
        context["ipynb_source"] = f"../_notebooks/{pagename}.ipynb"  # relative to _sources


def write_notebooks(app, error):
    if error:
        return
    for docname in filter(lambda name: is_notebook(app.env, name), app.env.found_docs):
        target = Path(app.outdir, "_notebooks", f"{docname}.ipynb")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(as_ipynb(app.env.doc2path(docname), app.config.katex_macros), encoding="utf-8")


def setup(app):
    app.connect("doctree-resolved", link_below_title)
    app.connect("html-page-context", tell_theme, priority=400)  # before the theme builds its buttons
    app.connect("build-finished", write_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
