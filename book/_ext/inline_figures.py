"""Figures that a cell draws as SVG become part of the page, so that they follow its light or dark theme.

An image without a description (`alt`) is a warning.
"""

import hashlib
import html
import re
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

# Colours of kdeviz.mplstyle that the page's style sheet takes over, see book.css.
THEMED = {
    "#000000": "currentColor",
    "#ffffff": "var(--pst-color-background)",
    "#e42536": "var(--figure-red)",
    "#964a8b": "var(--figure-plum)",
    "#7a21dd": "var(--figure-violet)",
}
logger = logging.getLogger(__name__)


def themed(svg):
    """The drawing alone: no prolog, no metadata, ids that no other figure has, the page's colours."""
    svg = svg[svg.index("<svg"):]
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    prefix = "f" + hashlib.sha256(svg.encode()).hexdigest()[:8] + "-"
    svg = re.sub(r'( id="|href="#|url\(#)', rf"\g<1>{prefix}", svg)
    return re.sub("|".join(THEMED), lambda colour: THEMED[colour[0]], svg)


class InlineFigures(SphinxPostTransform):
    default_priority = 5  # after myst-nb has chosen one format of each output
    formats = ("html",)

    def run(self, **kwargs):
        for image in list(self.document.findall(nodes.image)):
            if not image.get("alt"):
                place = image if image.line else image.parent
                logger.warning("this image needs a description (alt)", location=place, type="alt")
            elif image["uri"].endswith(".svg") and "jupyter_execute" in image["uri"]:
                image.replace_self(self.inline(image))

    def inline(self, image):
        svg = themed(Path(self.app.srcdir, image["uri"]).read_text(encoding="utf-8"))
        described = svg.replace("<svg", f'<svg role="img" aria-label="{html.escape(image["alt"])}"', 1)
        return nodes.raw("", f'<div class="inline-figure">{described}</div>', format="html")


def setup(app):
    app.add_post_transform(InlineFigures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
