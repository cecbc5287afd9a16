"""The figures draw what the kernels compute, on the axes that they are given, and leave everything else alone."""

import re
import subprocess
import sys

import numpy as np
import pytest

import kdeviz

matplotlib = pytest.importorskip("matplotlib", reason="the figures need matplotlib. Run: pip install matplotlib")

from matplotlib.colors import to_hex, to_rgb  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from book import readme_picture  # noqa: E402
from kdeviz import figures  # noqa: E402

matplotlib.use("agg")

z = np.array([0.6, 0.0, -0.4])
points = np.array([-1.6, 0.35, 2.2])
a, b, h = 0.0, 1.0, 0.5
weights = np.exp(z) / np.exp(z).sum()
x = np.linspace(-3, 4, 15)
waves_in_time = {"turn": np.array([30, 34, 38]), "a": np.array([-0.5, 0.0, 0.2]), "b": np.array([0.1, 0.4, 0.9])}

DRAW = {
    "mixture": lambda ax: figures.mixture(z, points, h, a, b, ax=ax),
    "responsibilities": lambda ax: figures.responsibilities(z, points, h, a, b, ax=ax),
    "weights_against_responsibilities": lambda ax: figures.weights_against_responsibilities(z, points, a, b, h, ax=ax),
    "loss_landscape": lambda ax: landscape(("z", 0), ("points", 1), ax),
    "waves": lambda ax: figures.waves(**waves_in_time, aim=np.array([0.0, 0.1, 0.1]), ax=ax),
    "simplex": lambda ax: figures.simplex(z, np.eye(3), ax=ax),
    "error_against_time": lambda ax: figures.error_against_time(
        {"bins": ([1, 4], [0.1, 0.01], ["8", ""]), "exact": ([2], [0.0], [""])}, ax=ax
    ),
    "digits": lambda ax: figures.digits([[1, 0.5, 0], [0.04, 0.06, 1]], ("columns", "abc"), ("rows", "de"), ax=ax),
}


@pytest.fixture
def ax():
    return Figure().subplots()


def landscape(across, up, ax, n=21, **options):
    axes = [(*axis, np.linspace(-2, 2, n)) for axis in (across, up)]
    return figures.loss_landscape(z, points, a, b, h, *axes, ax=ax, **options)


def lines(ax, linestyle):
    return [line for line in ax.lines if line.get_linestyle() == linestyle]


def curves(ax, linestyle):
    """(J, n): the lines of one style that are drawn over x."""
    return np.array([line.get_ydata() for line in lines(ax, linestyle) if len(line.get_xdata()) == len(x)])


def heights(ax, linestyle):
    """(J,): where the stems of one style end."""
    return np.array([line.get_ydata()[1] for line in lines(ax, linestyle)])


def laplace_at_x():
    return weights * np.exp(-np.abs(x[:, None] - points) / h)


# ------------------------------------------------------------------------------------------ what is drawn
def test_mixture_draws_the_density_and_parts_that_add_up_to_it(ax):
    *parts, density = curves(figures.mixture(z, points, h, x=x, ax=ax), "-")
    np.testing.assert_allclose(np.transpose(parts), laplace_at_x(), atol=1e-14)
    np.testing.assert_allclose(density, laplace_at_x().sum(1), atol=1e-14)


def test_a_stem_of_the_mixture_ends_at_the_weight(ax):
    figures.mixture(z, points, h, x=x, ax=ax)
    stems = [line for line in ax.lines if len(line.get_xdata()) == 2]
    np.testing.assert_allclose([line.get_xdata()[1] for line in stems], points)
    np.testing.assert_allclose([line.get_ydata()[1] for line in stems], weights, atol=1e-15)


def test_dashed_lines_are_responsibilities_and_solid_ones_weights(ax):
    figures.responsibilities(z, points, h, x=x, ax=ax)
    shares = laplace_at_x() / laplace_at_x().sum(1, keepdims=True)
    np.testing.assert_allclose(curves(ax, "--").T, shares, atol=1e-14)
    np.testing.assert_allclose(heights(ax, "-"), weights, atol=1e-15)


def test_solid_minus_dashed_is_the_gradient(ax):
    figures.weights_against_responsibilities(z, points, a, b, h, kernel="gaussian", bins=32, ax=ax)
    gradient = kdeviz.kde_cross_entropy(z, points, a, b, h, kernel="gaussian", bins=32).grad.z
    np.testing.assert_allclose(heights(ax, "-") - heights(ax, "--"), gradient, atol=1e-15)


def test_contours_are_losses(ax):
    landscape(("z", 0), ("points", 1), ax)
    (contours,) = [c for c in ax.collections if hasattr(c, "levels")]
    for level, path in zip(contours.levels, contours.get_paths(), strict=True):
        for z_0, x_1 in path.vertices[::7]:
            loss = kdeviz.kde_cross_entropy([z_0, *z[1:]], [points[0], x_1, points[2]], a, b, h, bins=64).loss
            assert loss == pytest.approx(level, abs=0.03)  # contours are straight between the places of the grid


def test_arrows_of_a_landscape_go_downhill(ax):
    landscape(("points", 0), ("points", 1), ax)
    (arrows,) = [c for c in ax.collections if hasattr(c, "U")]
    assert len(arrows.U) > 100
    for x_0, x_1, u, v in zip(arrows.X, arrows.Y, arrows.U, arrows.V, strict=True):
        gradient = kdeviz.kde_cross_entropy(z, [x_0, x_1, points[2]], a, b, h, bins=64).grad.points[:2]
        assert u * -gradient[1] == pytest.approx(v * -gradient[0], abs=1e-12)
        assert u * gradient[0] + v * gradient[1] <= 0


def test_nothing_is_drawn_where_the_loss_is_infinite(ax):
    landscape(("points", 0), ("points", 1), ax, kernel="box")
    (arrows,) = [c for c in ax.collections if hasattr(c, "U")]
    places = [[x_0, x_1, points[2]] for x_0, x_1 in zip(arrows.X, arrows.Y, strict=True)]
    infinite = np.isinf(kdeviz.kde_cross_entropy(z, places, a, b, h, kernel="box", bins=64).loss)
    assert 0 < infinite.sum() < len(infinite)
    np.testing.assert_array_equal(arrows.Umask, infinite)


def test_no_density_leaves_nobody_responsible(ax):
    figures.responsibilities(z, points, 0.1, x=np.array([0.35, 1.0]), kernel="box", ax=ax)
    shares = [line.get_ydata() for line in ax.lines[1::2]]
    np.testing.assert_allclose(shares, [[0, np.nan], [1, np.nan], [0, np.nan]], atol=1e-15)


def test_a_bar_of_the_waves_spans_what_would_have_hit(ax):
    figures.waves(**waves_in_time, ax=ax)
    bars = [(bar.get_x() + bar.get_width() / 2, bar.get_y(), bar.get_y() + bar.get_height()) for bar in ax.patches]
    np.testing.assert_allclose(np.transpose(bars), list(waves_in_time.values()))


def test_an_aim_inside_its_interval_is_a_hit(ax):
    figures.waves(**waves_in_time, aim=np.array([0.0, 0.4, 0.1]), ax=ax)
    shown = {line.get_label(): line.get_xdata().tolist() for line in ax.lines[1:]}
    assert shown == {"aim: hit": [30, 34], "aim: miss": [38]}


def test_bands_of_the_simplex_are_where_the_density_passes_a_power_of_two(ax):
    eta = np.array([2.0, 0.0, -1.0])
    figures.simplex(eta, ax=ax)
    cc = kdeviz.ContinuousCategorical(eta)
    shares = np.linalg.inv(np.column_stack([figures.on_triangle(np.eye(3)), np.ones(3)]))  # from places to labels
    lines = [c for c in ax.collections if not c.get_facecolor().size]
    assert len(lines) >= 4
    for line in lines:
        places = np.concatenate([path.vertices for path in line.get_paths()])
        densities = np.exp(cc.log_prob(np.column_stack([places, np.ones(len(places))]) @ shares))
        np.testing.assert_allclose(np.log2(densities), line.levels[0], atol=1e-9)


def test_dot_of_the_simplex_is_the_mean_and_cross_is_lambda(ax):
    figures.simplex(z, ax=ax)
    marks = {line.get_marker(): np.ravel(line.get_data()) for line in ax.lines}
    np.testing.assert_allclose(marks["o"], figures.on_triangle(kdeviz.ContinuousCategorical(z).mean))
    np.testing.assert_allclose(marks["x"], figures.on_triangle(weights))


def test_crosses_of_a_map_of_digits_are_where_next_to_nothing_is_right(ax):
    DRAW["digits"](ax)
    assert [cell.get_alpha() for cell in ax.patches] == [1, 0.5, 0, 0.04, 0.06, 1]
    (crosses,) = ax.lines
    assert sorted(zip(*crosses.get_data(), strict=True)) == [(0, 1), (2, 0)]


def test_an_error_of_nothing_is_drawn_at_the_line_of_rounding(ax):
    rounding, bins, exact = DRAW["error_against_time"](ax).lines
    np.testing.assert_array_equal(bins.get_xydata(), [[1, 0.1], [4, 0.01]])
    np.testing.assert_array_equal(exact.get_xydata(), [[2, rounding.get_ydata()[0]]])
    assert {text.get_text() for text in ax.texts} == {"8", ""}


def test_the_target_is_a_grey_band(ax):
    figures.mixture(z, points, h, a, b, ax=ax)
    (band,) = ax.patches
    assert (band.get_x(), band.get_width()) == (a, b - a)
    assert np.ptp(to_rgb(band.get_facecolor())) < 0.03


def test_more_points_than_colours_share_one(ax):
    figures.mixture(np.zeros(40), np.linspace(0, 1, 40), h, ax=ax)
    assert len({line.get_color() for line in ax.lines}) == 2  # theirs and the mixture's


def test_a_kernel_on_a_circle_has_a_period(ax):
    figures.mixture([0.0], [0.0], 0.2, kernel="von_mises", period=2.0, x=np.array([0.0, 1.0, 2.0]), ax=ax)
    density = ax.lines[-1].get_ydata()
    assert density[0] == pytest.approx(density[2])


# ------------------------------------------------------------------------------------------ manners
@pytest.mark.parametrize("name", DRAW)
def test_a_figure_returns_the_axes_that_it_was_given(name, ax):
    assert DRAW[name](ax) is ax


@pytest.mark.parametrize("name", DRAW)
def test_a_figure_leaves_the_settings_and_its_input_alone(name, ax):
    before, inputs = matplotlib.rcParams.copy(), [v.copy() for v in (z, points, *waves_in_time.values())]
    DRAW[name](ax)
    assert matplotlib.rcParams == before
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
    for old, new in zip(inputs, (z, points, *waves_in_time.values()), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("name", DRAW)
def test_labels_are_lower_case_and_no_title_is_set(name, ax):
    DRAW[name](ax)
    assert ax.get_title() == ""
    for label, ticks in ((ax.get_xlabel(), ax.get_xticks()), (ax.get_ylabel(), ax.get_yticks())):
        assert label[:1].islower() or not len(ticks)


@pytest.mark.parametrize("name", DRAW)
def test_colours_are_those_of_the_style(name, ax):
    style = matplotlib.rc_params_from_file(figures.STYLE, use_default_template=False)
    allowed = {*map(to_hex, style["axes.prop_cycle"].by_key()["color"]), to_hex("black")}
    with matplotlib.rc_context({"axes.prop_cycle": matplotlib.cycler(color=["lime"])}):
        DRAW[name](ax)
    assert {to_hex(line.get_color()) for line in ax.lines} <= allowed


def test_use_style_restores_the_settings():
    before = matplotlib.rcParams.copy()
    with figures.use_style():
        assert matplotlib.rcParams["svg.hashsalt"] == "kdeviz"
    assert matplotlib.rcParams == before


def test_the_same_figure_is_the_same_text(tmp_path):
    def drawing(name):
        with figures.use_style():
            figure = Figure()
            DRAW["mixture"](figure.subplots())
            figure.savefig(tmp_path / name, metadata={"Date": None})
        return (tmp_path / name).read_text()

    first = drawing("first.svg")
    assert first == drawing("second.svg")
    assert ">position x</text>" in first  # text stays text


def test_importing_kdeviz_does_not_import_matplotlib():
    code = "import sys, kdeviz; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_without_matplotlib_the_error_tells_how_to_get_it():
    code = "import sys; sys.modules['matplotlib'] = None; import kdeviz.figures"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "ImportError: kdeviz.figures needs matplotlib. Run: pip install matplotlib" in ended.stderr


def test_the_picture_of_the_readme_is_what_its_script_draws():
    number = r"-?\d+\.\d+"
    committed, drawn = readme_picture.PICTURE.read_text(), readme_picture.picture()
    assert re.sub(number, "", committed) == re.sub(number, "", drawn), "Run: python book/readme_picture.py"
    numbers = [[float(n) for n in re.findall(number, text)] for text in (committed, drawn)]
    np.testing.assert_allclose(*numbers, atol=1e-3, err_msg="Run: python book/readme_picture.py")


# ------------------------------------------------------------------------------------------ errors
def landscape_over(up):
    return lambda ax: figures.loss_landscape(z, points, a, b, h, ("z", 0, np.linspace(-1, 1, 5)), up, ax=ax)


BAD = {
    "batch": (
        lambda ax: figures.mixture(np.zeros((2, 3)), points, h, ax=ax),
        r"`z` must have shape \(n,\), n > 0; got \(2, 3\). Draw one row of a batch at a time.",
    ),
    "lengths": (
        lambda ax: figures.responsibilities(z, points[:2], h, ax=ax),
        r"`points` must have shape \(3,\) to match `z`; got \(2,\)",
    ),
    "bandwidth": (
        lambda ax: figures.mixture(z, points, -1.0, ax=ax),
        "`h` must be positive, in the unit of x; got -1.0",
    ),
    "kernel": (
        lambda ax: figures.mixture(z, points, h, kernel="cosine", ax=ax),
        "`kernel` must be one of .*got 'cosine'",
    ),
    "edges": (
        lambda ax: figures.weights_against_responsibilities(z, points, 1.0, 0.0, h, ax=ax),
        "`b` must be greater than `a`",
    ),
    "half a target": (
        lambda ax: figures.mixture(z, points, h, 0.0, ax=ax),
        "`a` and `b` must be given together; got a=0.0, b=None",
    ),
    "axis": (landscape_over(("z", 1)), r"`up` must be \(name, index, values\), e.g. .*; got \('z', 1\)"),
    "axis name": (landscape_over(("h", 0, [1.0, 2.0])), "its name must be 'z' or 'points'; got 'h'"),
    "axis index": (landscape_over(("z", 3, [1.0, 2.0])), "its index must be from 0 to J - 1 = 2; got 3"),
    "axis order": (landscape_over(("z", 1, [1.0, 0.0])), "its values must be two or more and increase; got .1. 0..."),
    "same axis": (landscape_over(("z", 0, [1.0, 2.0])), r"`across` and `up` must differ; got \('z', 0\) twice"),
    "turns": (
        lambda ax: figures.waves([4, 8, 8], [0, 0, 0], [1, 1, 1], ax=ax),
        "`turn` must increase; got 8 after 8. Draw one round at a time.",
    ),
    "waves' edges": (
        lambda ax: figures.waves([4, 8], [0, 2], [1, 1], ax=ax),
        "`b` must be greater than `a`; got 1 where `a` is 2",
    ),
    "categories": (lambda ax: figures.simplex([0.0, 1.0], ax=ax), r"`eta` must have shape \(3,\); got \(2,\)"),
    "labels": (lambda ax: figures.simplex(z, z, ax=ax), r"`points` must have shape \(n, 3\); got \(3,\)"),
    "cells": (
        lambda ax: figures.digits(np.ones((2, 2)), ("columns", "abc"), ("rows", "de"), ax=ax),
        r"`share` must have shape \(2, 3\) to match `up` and `across`; got \(2, 2\)",
    ),
    "no wave": (lambda ax: figures.waves([], [], [], ax=ax), r"`turn` must have shape \(n,\), n > 0; got \(0,\)"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case, ax):
    draw, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        draw(ax)
