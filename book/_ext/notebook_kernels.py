"""The kernels that run the pages see this checkout before anything installed, and nothing of the user's own IPython."""

import os
import sys
from pathlib import Path

CONFIG = """\
c.IPKernelApp.log_level = "ERROR"  # else each page says that it talks to its kernel over a local, unencrypted port
c.InteractiveShell.colors = "nocolor"  # a traceback in a log
c.InlineBackend.figure_formats = {"svg"}
c.InlineBackend.rc = {"svg.hashsalt": "kdeviz"}  # the same figure is the same text
"""


def prepare(app):
    profile = Path(app.outdir).parent / "ipython/profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text(CONFIG)
    os.environ["IPYTHONDIR"] = str(profile.parent)
    os.environ["MATPLOTLIBRC"] = str(Path(app.srcdir, "kdeviz/kdeviz.mplstyle"))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(app.srcdir), os.environ.get("PYTHONPATH")]))
    sys.path.insert(0, str(app.srcdir))  # for autodoc


def setup(app):
    app.connect("builder-inited", prepare)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
