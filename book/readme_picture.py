"""Draw the picture of the README, as the first page of the book does: ``python book/readme_picture.py``."""

import io
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from kdeviz import figures

PICTURE = Path(__file__).parent / "static/readme.svg"
BOTH = "#777777"  # in place of black: it stands out from a white page as well as from a black one


def picture():
    """The text of the SVG: the same for the same matplotlib."""
    z = np.array([1.0, 0.2, 0.6, -0.3, 0.4])
    points = np.array([-1.9, -0.6, 0.4, 1.3, 2.6])
    text = io.StringIO()
    with figures.use_style():
        figure = Figure(figsize=(6.4, 4.6))
        above, below = figure.subplots(2, 1, sharex=True)
        figures.mixture(z, points, 0.4, 0.0, 1.0, ax=above).set_xlabel("")
        figures.responsibilities(z, points, 0.4, 0.0, 1.0, ax=below)
        figure.savefig(text, metadata={"Date": None, "Creator": None})
    return text.getvalue().replace("#000000", BOTH).replace("<svg ", f'<svg fill="{BOTH}" ', 1)


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
