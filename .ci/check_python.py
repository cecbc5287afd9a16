"""Stop `make` with the next step to take when this Python cannot make the environment. Runs on any Python 3."""
import sys

found = "%d.%d.%d" % sys.version_info[:3]
if sys.version_info < (3, 11, 2):
    sys.exit(
        "kdeviz needs Python 3.11.2 or newer; %s is %s.\n"
        "Install a newer one and name it: make PYTHON=python3.12 ..." % (sys.executable, found)
    )
try:
    import ensurepip  # noqa: F401  (Debian and Ubuntu ship it apart from Python)
    import venv  # noqa: F401
except ImportError:
    sys.exit(
        "%s cannot make virtual environments: part of it is packaged apart. Install that, then run make again:\n"
        "    sudo apt install python%d.%d-venv" % ((sys.executable,) + sys.version_info[:2])
    )
