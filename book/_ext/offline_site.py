"""The site asks no other host for anything.

What would is disconnected, and a script or style from elsewhere is a warning.
"""

from pathlib import Path

from sphinx.util import logging

FRONT_DOOR = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>kdeviz</title>
<link rel="icon" href="data:,">
<meta http-equiv="refresh" content="0; url={page}.html">
<a href="{page}.html">kdeviz</a>
"""
logger = logging.getLogger(__name__)


def disconnect_thebe(app):
    """Jupyter Book always loads sphinx-thebe, which puts the address of a CDN into every page."""
    for listeners in app.events.listeners.values():
        listeners[:] = [listener for listener in listeners if listener.handler.__module__ != "sphinx_thebe"]
    app.registry.css_files[:] = [css for css in app.registry.css_files if css[0] != "sphinx-thebe.css"]


def warn_of_foreign_assets(app, pagename, templatename, context, doctree):
    for asset in [*context.get("script_files", []), *context.get("css_files", [])]:
        name = str(getattr(asset, "filename", asset))
        if name.startswith(("http://", "https://", "//")):
            logger.warning("%s: %s is not part of the site", pagename, name, type="offline")


def write_front_door(app, error):
    """The book's first page is in a folder. Jupyter Book leads there too, but lets the browser ask for an icon in vain."""
    if not error:
        Path(app.outdir, "index.html").write_text(FRONT_DOOR.format(page=app.config.root_doc))


def setup(app):
    app.connect("builder-inited", disconnect_thebe, priority=1)
    app.connect("html-page-context", warn_of_foreign_assets, priority=999)
    app.connect("build-finished", write_front_door, priority=999)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
