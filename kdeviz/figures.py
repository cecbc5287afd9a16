"""Pictures of weighted kernel density estimates, of the losses on them and of the continuous categorical, from arrays of
your own. Needs matplotlib.

Each function draws on the `ax` that it is given and returns it. One quantity has one look: weights are solid,
responsibilities dashed, a target is a grey band. Numbers come from the public losses; a figure has none of its own.

    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> with use_style():
    ...     ax = Figure().subplots()
    >>> mixture(np.zeros(2), np.array([-1.0, 0.5]), 0.5, 0.0, 1.0, ax=ax).get_xlabel()
    'position x'
"""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

try:
    import matplotlib.style
except ImportError as error:
    raise ImportError("kdeviz.figures needs matplotlib. Run: pip install matplotlib") from error
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Polygon, Rectangle
from matplotlib.transforms import offset_copy

from .continuous_categorical import ContinuousCategorical
from .kde import kde_cross_entropy
from .losses import ArrayLike, softmax_cross_entropy

__all__ = [
    "STYLE",
    "digits",
    "error_against_time",
    "loss_landscape",
    "mixture",
    "on_triangle",
    "responsibilities",
    "simplex",
    "use_style",
    "waves",
    "weights_against_responsibilities",
]

STYLE = Path(__file__).with_name("kdeviz.mplstyle")
AXIS_NAMES = {"z": "logit z[{}]", "points": "position of point {}"}
HOLLOW: dict[str, Any] = {"marker": "o", "markerfacecolor": "none"}
ARROW: dict[str, Any] = {"arrowstyle": "->", "shrinkA": 4, "shrinkB": 4}


def use_style():
    """Context in which figures look like the book's; the settings are restored after it.

    E.g. ``with use_style(): figure, ax = plt.subplots()``. Save the figure inside it too.
    """
    return matplotlib.style.context(STYLE)


def styled(draw):
    """The same function under the style, so that it looks the same on any axes and leaves the settings as they were."""

    @wraps(draw)
    def drawn(*args, **kwargs):
        with use_style():
            return draw(*args, **kwargs)

    return drawn


# ---------------------------------------------------------------------------------------------------- numbers
class Mixture(NamedTuple):
    """A weighted kernel density estimate at n places: density (n,), weights (J,), responsibilities (n, J)."""

    density: Any
    weights: Any
    responsibilities: Any


def softmax(z):
    """The weights (J,): the gradient in the labels holds their logarithms."""
    return np.exp(-softmax_cross_entropy(z, np.full(len(z), 1 / len(z))).grad.y)


def mixture_at(x, z, points, h, kernel, period) -> Mixture:
    """A target of one bin at x has the loss -log p(x), and its gradient in z is the weights minus the responsibilities.

    Where no kernel reaches, the density is 0 and nobody is responsible (NaN).
    """
    bins = (x[:, None], np.ones((len(x), 1)))
    loss, grad = kde_cross_entropy(z, points, None, None, h, kernel=kernel, period=period, bins=bins, wrt=("z",))
    weights = softmax(z)
    return Mixture(np.exp(-loss), weights, np.where(np.isinf(loss)[:, None], np.nan, weights - grad.z))


def one_row(**arrays):
    """The arguments as arrays (J,) of one length."""
    rows = {name: np.asarray(a) for name, a in arrays.items()}
    (first, shape), *others = [(name, a.shape) for name, a in rows.items()]
    if len(shape) != 1 or shape[0] == 0:
        raise ValueError(f"`{first}` must have shape (n,), n > 0; got {shape}. Draw one row of a batch at a time.")
    for name, other in others:
        if other != shape:
            raise ValueError(f"`{name}` must have shape {shape} to match `{first}`; got {other}.")
    return tuple(rows.values())


def places(points, h, a, b, x):
    """The places to draw at: the caller's, or from 4 bandwidths left of all to 4 right of all."""
    if (a is None) != (b is None):
        raise ValueError(f"`a` and `b` must be given together; got a={a}, b={b}.")
    if x is not None:
        return one_row(x=x)[0]
    ends = [*points[np.isfinite(points)], *([] if a is None else [a, b])]
    return np.linspace(min(ends) - 4 * h, max(ends) + 4 * h, 801)


# ---------------------------------------------------------------------------------------------------- looks
def cycle():
    return matplotlib.rcParams["axes.prop_cycle"].by_key()["color"]


def colours(count):
    """A colour for each of a few points; many points share one. Grey is the target's."""
    own = [*cycle()[:4], cycle()[5]]
    return own[:count] if count <= len(own) else own[:1] * count


def ink():
    return matplotlib.rcParams["axes.edgecolor"]


def grey():
    return {"color": cycle()[4], "alpha": 0.35, "linewidth": 0}


def band(ax, a, b):
    """The target, if there is one, and its entry in the key."""
    if a is None:
        return []
    ax.axvspan(a, b, zorder=0, **grey())
    return [Patch(label="target [a, b]", **grey())]


def key(ax, *entries):
    """A legend above the axes."""
    ax.legend(handles=entries, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(entries))


def entry(label, linestyle="-", **look):
    return Line2D([], [], color=ink(), linestyle=linestyle, label=label, **look)


# ---------------------------------------------------------------------------------------------------- figures
@styled
def mixture(
    z: ArrayLike,
    points: ArrayLike,
    h: float,
    a: float | None = None,
    b: float | None = None,
    *,
    kernel: str | Callable = "laplace",
    period: float | None = None,
    x: ArrayLike = None,
    ax: Axes,
) -> Axes:
    """The weighted density p(x), the part of each point in it, and the weights.

    Parameters
    ----------
    z : array (J,)
        Logits, one per point. Dimensionless; -inf removes a point.
    points : array (J,)
        Positions, in the unit of x.
    h : float
        Bandwidth, positive, in the unit of x.
    a, b : float, optional
        Edges of the target, in the unit of x.
    kernel, period
        See :func:`kdeviz.kde_cross_entropy`.
    x : array (n,), optional
        Places to draw at, in the unit of x. Default: 801 places, from 4 bandwidths left of everything to 4 right.
    ax : matplotlib Axes
        Where to draw.

    Returns
    -------
    Axes
        `ax`. The black line is p; the coloured lines, which add up to it, are S_j K((x - x_j)/h). K(0) = 1, so each
        peaks at its weight S_j: a stem with a dot, and the index of the point where there are few.

    Raises
    ------
    ValueError
        For shapes that do not fit, h <= 0, unknown kernels.
    """
    z, points = one_row(z=z, points=points)
    x = places(points, h, a, b, x)
    density, weights, shares = mixture_at(x, z, points, h, kernel, period)
    at_points = mixture_at(points, z, points, h, kernel, period).density
    parts = np.nan_to_num(shares * density[:, None])
    target = band(ax, a, b)
    for j, colour in enumerate(colours(len(z))):
        ax.plot(x, parts[:, j], color=colour, linestyle="-", linewidth=1.2)
        ax.plot(points[[j, j]], [0, weights[j]], color=colour, linestyle="-", linewidth=1, marker="o", markevery=[1])
        if len(z) <= 5:
            ax.annotate(str(j), (points[j], at_points[j]), (0, 4), textcoords="offset points", ha="center")
    ax.plot(x, density, color=ink(), linestyle="-")
    ax.set(xlabel="position x", ylabel="mixture p(x)", xlim=(x[0], x[-1]), ylim=(0, 1.15 * density.max()))
    key(ax, entry("mixture p"), entry("its parts", linewidth=1.2), entry("weights", marker="o", linewidth=1), *target)
    return ax


@styled
def responsibilities(
    z: ArrayLike,
    points: ArrayLike,
    h: float,
    a: float | None = None,
    b: float | None = None,
    *,
    kernel: str | Callable = "laplace",
    period: float | None = None,
    x: ArrayLike = None,
    ax: Axes,
) -> Axes:
    """Which point explains which place: responsibilities r_j(x), dashed, against the weights S_j, solid.

    Parameters
    ----------
    z, points, h, a, b, kernel, period, x, ax
        As in :func:`mixture`.

    Returns
    -------
    Axes
        `ax`. At each x the dashed lines sum to 1, and so do the solid ones. Solid minus dashed is the gradient in the
        logit if the whole target is at x; for a target [a, b] it is the mean of that gap over the band. Nothing is
        drawn where the density is 0.

    Raises
    ------
    ValueError
        For shapes that do not fit, h <= 0, unknown kernels.
    """
    z, points = one_row(z=z, points=points)
    x = places(points, h, a, b, x)
    _, weights, shares = mixture_at(x, z, points, h, kernel, period)
    target = band(ax, a, b)
    for j, colour in enumerate(colours(len(z))):
        ax.plot(x[[0, -1]], weights[[j, j]], color=colour, linestyle="-", linewidth=1.2)
        ax.plot(x, shares[:, j], color=colour, linestyle="--")
    ax.set(xlabel="position x", ylabel="share of 1", xlim=(x[0], x[-1]), ylim=(0, 1.02))
    key(ax, entry("weights", linewidth=1.2), entry("responsibilities at x", "--"), *target)
    return ax


@styled
def weights_against_responsibilities(
    z: ArrayLike,
    points: ArrayLike,
    a: float,
    b: float,
    h: float,
    *,
    kernel: str | Callable = "laplace",
    period: float | None = None,
    bins: int = 64,
    ax: Axes,
) -> Axes:
    """What each point weighs and what it explains of the target: the gradient in the logits as a gap.

    Parameters
    ----------
    z, points : array (J,)
        Logits, dimensionless, and positions, in the unit of x.
    a, b, h : float
        Edges of the target and bandwidth, in the unit of x.
    kernel, period, bins
        See :func:`kdeviz.kde_cross_entropy`.
    ax : matplotlib Axes
        Where to draw.

    Returns
    -------
    Axes
        `ax`. Each point has a solid stem up to its weight S_j (filled dot) and, beside it, a dashed one up to its mean
        responsibility on the target (open dot). The arrow from one to the other rises or falls by minus the gradient.

    Raises
    ------
    ValueError
        For shapes that do not fit, h <= 0, a >= b, unknown kernels.
    """
    z, points = one_row(z=z, points=points)
    gradient = kde_cross_entropy(z, points, a, b, h, kernel=kernel, period=period, bins=bins, wrt=("z",)).grad.z
    weights = softmax(z)
    explained = weights - gradient
    target = band(ax, a, b)
    beside = offset_copy(ax.transData, ax.get_figure(root=True), x=9, units="points")
    for j, colour in enumerate(colours(len(z))):
        stem: dict[str, Any] = {"xdata": points[[j, j]], "color": colour, "markevery": [1]}
        ax.add_line(Line2D(ydata=[0, weights[j]], linestyle="-", marker="o", **stem))
        ax.add_line(Line2D(ydata=[0, explained[j]], linestyle="--", transform=beside, **HOLLOW, **stem))
        if np.isclose(weights[j], explained[j]):
            continue  # an arrow of no length would still show its head
        arrow: dict[str, Any] = {"xy": (points[j], explained[j]), "xytext": (points[j], weights[j])}
        ax.annotate("", **arrow, xycoords=beside, textcoords="data", arrowprops=ARROW | {"color": ink()})
    ends = [*points, a, b]
    room = 0.1 * np.ptp(ends)
    ax.set(xlabel="position x", ylabel="share of 1", xlim=(min(ends) - room, max(ends) + room))
    ax.set_ylim(0, 1.1 * max(*weights, *explained))
    key(ax, entry("weight", marker="o"), entry("responsibility", "--", **HOLLOW), *target)
    return ax


@styled
def loss_landscape(
    z: ArrayLike,
    points: ArrayLike,
    a: float,
    b: float,
    h: float,
    across: tuple,
    up: tuple,
    *,
    kernel: str | Callable = "laplace",
    period: float | None = None,
    bins: int = 64,
    arrows: int = 11,
    ax: Axes,
) -> Axes:
    """The loss over two of its arguments as contours, with the way downhill as arrows.

    Parameters
    ----------
    z, points : array (J,)
        Logits, dimensionless, and positions, in the unit of x: what is not varied stays at these values.
    a, b, h : float
        Edges of the target and bandwidth, in the unit of x.
    across, up : tuple (name, index, values)
        What varies along the axes: "z" or "points", the index of the point, and increasing values (n,), e.g.
        ``("points", 1, np.linspace(-2, 2, 61))``.
    kernel, period, bins
        See :func:`kdeviz.kde_cross_entropy`.
    arrows : int
        About how many arrows an axis has.
    ax : matplotlib Axes
        Where to draw.

    Returns
    -------
    Axes
        `ax`. Contours are losses in nats. Arrows follow minus the gradient, measured in the picture's own lengths, so
        they are at right angles to the contours; the longest is as long as their spacing. The dot is the given
        (z, points). Where the loss is infinite nothing is drawn.

    Raises
    ------
    ValueError
        For axes that name something else, shapes that do not fit, h <= 0, a >= b, unknown kernels.
    """
    z, points = one_row(z=z, points=points)
    given = {"z": np.asarray(z, float), "points": np.asarray(points, float)}
    (over, j, values), (over_up, k, values_up) = axes = checked_axes(across, up, len(z))
    grid = np.meshgrid(values, values_up)
    varied = {name: np.tile(row, (*grid[0].shape, 1)) for name, row in given.items()}
    varied[over][..., j], varied[over_up][..., k] = grid
    options: dict[str, Any] = {"kernel": kernel, "period": period, "bins": bins, "wrt": ("z", "points")}
    loss, grad = kde_cross_entropy(varied["z"], varied["points"], a, b, h, **options)
    lines = ax.contour(*grid, np.ma.masked_invalid(loss), 12, colors=ink(), linewidths=0.7, linestyles="-")
    ax.clabel(lines, np.asarray(lines.levels)[::2], fontsize=matplotlib.rcParams["xtick.labelsize"])
    downhill = [-getattr(grad, name)[..., index] * np.ptp(v) for name, index, v in axes]
    draw_arrows(ax, np.stack(grid), np.stack(downhill), max(1, min(loss.shape) // arrows))
    ax.plot(given[over][j], given[over_up][k], color=colours(2)[1], marker="o")
    ax.set(xlabel=AXIS_NAMES[over].format(j), ylabel=AXIS_NAMES[over_up].format(k))
    ax.set(xlim=values[[0, -1]], ylim=values_up[[0, -1]], box_aspect=1)
    return ax


def checked_axes(across, up, J):
    """(name, index, values) of both axes of a landscape."""
    axes = checked_axis("across", across, J), checked_axis("up", up, J)
    if axes[0][:2] == axes[1][:2]:
        raise ValueError(f"`across` and `up` must differ; got {axes[0][:2]} twice.")
    return axes


def checked_axis(argument, axis, J):
    """(name, index, values) of one axis of a landscape."""
    what = f'`{argument}` must be (name, index, values), e.g. ("z", 0, np.linspace(-3, 3, 61))'
    if not isinstance(axis, tuple) or len(axis) != 3:
        raise ValueError(f"{what}; got {axis!r:.60}.")
    name, index, values = axis
    if name not in AXIS_NAMES:
        raise ValueError(f"{what}; its name must be {' or '.join(map(repr, AXIS_NAMES))}; got {name!r}.")
    if not 0 <= index < J:
        raise ValueError(f"{what}; its index must be from 0 to J - 1 = {J - 1}; got {index}.")
    values = np.asarray(values, float)
    if values.ndim != 1 or len(values) < 2 or not (np.diff(values) > 0).all():
        raise ValueError(f"{what}; its values must be two or more and increase; got {values}.")
    return name, index, values


def draw_arrows(ax, grid, downhill, step):
    """Arrows at every so many places of the grid, half as far from its edges; both arrays are (2, up, across)."""
    every = np.s_[:, step // 2 :: step, step // 2 :: step]
    length = np.hypot(*downhill[every])
    longest = length[np.isfinite(length)].max(initial=0) or 1.0
    look: dict[str, Any] = {"color": colours(1)[0], "scale": length.shape[1], "scale_units": "width", "width": 0.006}
    ax.quiver(*grid[every], *np.ma.masked_invalid(downhill[every] / longest), **look)


@styled
def waves(turn: ArrayLike, a: ArrayLike, b: ArrayLike, *, aim: ArrayLike = None, ax: Axes) -> Axes:
    """Shots over time: which guess factors would have hit, and where the gun aimed.

    Parameters
    ----------
    turn : array (W,)
        When each shot was fired, increasing. Turns.
    a, b : array (W,)
        The interval of guess factors that would have hit, a < b. Dimensionless: 0 is straight at the target, 1 about
        as far as it can get by going on, -1 by turning round.
    aim : array (W,), optional
        The guess factors aimed at.
    ax : matplotlib Axes
        Where to draw.

    Returns
    -------
    Axes
        `ax`. A grey bar is the interval of one shot. An aim is a filled dot where it hits, a cross where it misses.

    Raises
    ------
    ValueError
        For shapes that do not fit, turns that do not increase, a >= b.
    """
    turn, a, b, *aims = one_row(turn=turn, a=a, b=b, **({} if aim is None else {"aim": aim}))
    spacing = np.diff(turn)
    if not (spacing > 0).all():
        at = np.argmin(spacing > 0)
        raise ValueError(f"`turn` must increase; got {turn[at + 1]} after {turn[at]}. Draw one round at a time.")
    if not (a < b).all():
        raise ValueError(f"`b` must be greater than `a`; got {b[~(a < b)][0]} where `a` is {a[~(a < b)][0]}.")
    width = 0.8 * np.median(spacing) if len(spacing) else 1.0
    ax.bar(turn, b - a, width, a, **grey())
    ax.axhline(0, color=ink(), linestyle="-", linewidth=0.6)
    ax.set(xlabel="time of the shot (turns)", ylabel="guess factor")
    shown = draw_aims(ax, turn, aims[0], (a <= aims[0]) & (aims[0] <= b)) if aims else []
    key(ax, Patch(label="would have hit", **grey()), *shown)
    return ax


def draw_aims(ax, turn, aim, hits):
    hit = {"label": "aim: hit", "marker": "o", "color": colours(3)[0]}
    miss = {"label": "aim: miss", "marker": "x", "color": colours(3)[2]}
    return [
        line
        for which, look in ((hits, hit), (~hits, miss))
        for line in ax.plot(turn[which], aim[which], linestyle="none", markersize=4, **look)
    ]


def on_triangle(y):
    """Where the shares y (..., 3) of three categories are in the picture of the simplex, (..., 2): a side has length 1.

    Category 0 is at the top, 1 at the left, 2 at the right.
    """
    return np.asarray(y) @ CORNERS


@styled
def simplex(eta: ArrayLike, points: ArrayLike = None, *, ax: Axes) -> Axes:
    """The density of the continuous categorical of three categories, and its mean.

    Parameters
    ----------
    eta : array (3,)
        Natural parameters; a common shift changes nothing. Finite. None: the triangle alone.
    points : array (n, 3), optional
        Labels or samples to mark.
    ax : matplotlib Axes
        Where to draw.

    Returns
    -------
    Axes
        `ax`. Each band is a factor of 2 in the density, the same colour in every picture: twice as dense, one shade darker.
        The bands are straight and equally wide, since the logarithm of the density is linear. The dot is the mean, the
        cross lambda = softmax(eta).

    Raises
    ------
    ValueError
        If `eta` is not (3,) or `points` not (n, 3).
    """
    ax.add_patch(Polygon(CORNERS, fill=False, edgecolor=ink(), linewidth=0.8))
    for corner, (x, y) in enumerate(CORNERS):
        ax.annotate(
            str(corner), (x, y), 11 * CORNER_DIRECTIONS[corner], textcoords="offset points", ha="center", va="center"
        )
    if eta is not None:
        draw_density(ax, of_three("eta", eta, 1))
    if points is not None:
        ax.plot(*on_triangle(of_three("points", points, 2)).T, "o", color=ink(), markersize=1.6, markeredgewidth=0)
    ax.set(xlim=(-0.58, 0.58), ylim=(-0.09, 0.97), aspect="equal", xticks=[], yticks=[])
    ax.spines[["left", "bottom"]].set_visible(False)
    return ax


CORNERS = np.array([[0, np.sqrt(3) / 2], [-0.5, 0], [0.5, 0]])
CORNER_DIRECTIONS = np.array([[0, 1], [-0.9, -0.5], [0.9, -0.5]])
OCTAVES = np.arange(-4, 9)  # where the shades of a density begin: below 2^-4 none, from 2^8 on the darkest


def of_three(name, array, ndim):
    array = np.asarray(array, float)
    if array.ndim != ndim or array.shape[-1] != 3:
        raise ValueError(f"`{name}` must have shape {'(n, 3)' if ndim == 2 else '(3,)'}; got {array.shape}.")
    return array


def draw_density(ax, eta):
    """Where the density is above each power of 2, one shade more: shades that lie on each other leave no seams."""
    cc = ContinuousCategorical(eta)
    at_corners = (eta - cc.log_partition) / np.log(2)
    top = at_corners.max() + 1
    for octave in OCTAVES[OCTAVES < at_corners.max()]:
        ax.tricontourf(*CORNERS.T, at_corners, levels=[octave, top], colors=[colours(1)[0]], alpha=0.1)
        ax.tricontour(*CORNERS.T, at_corners, levels=[octave], colors=ink(), linewidths=0.4, linestyles="-", alpha=0.5)
    ax.plot(*on_triangle(np.exp(eta - eta.max()) / np.exp(eta - eta.max()).sum()), "x", color=colours(3)[2], label="λ")
    ax.plot(*on_triangle(cc.mean), "o", color=ink(), markersize=5, label="mean")


@styled
def digits(share: ArrayLike, across: tuple, up: tuple, *, ax: Axes) -> Axes:
    """A map of how much of a number is right: a cell for each case.

    Parameters
    ----------
    share : array (rows, columns)
        The digits that are right as a share of all that the precision has, from 0 to 1.
    across, up : tuple (label, names)
        The label of each axis, lower-case, and the names of its cells, e.g. ``("categories D", [2, 3, 5])``. The first
        row is at the bottom.
    ax : matplotlib Axes
        Where to draw.

    Returns
    -------
    Axes
        `ax`. The fuller the colour, the more is right. A cross marks a cell in which less than a twentieth is.

    Raises
    ------
    ValueError
        If `share` does not fit the names of the cells.
    """
    share = np.asarray(share, float)
    (label, names), (label_up, names_up) = across, up
    if share.shape != (len(names_up), len(names)):
        raise ValueError(
            f"`share` must have shape {len(names_up), len(names)} to match `up` and `across`; got {share.shape}."
        )
    for (row, column), part in np.ndenumerate(share):
        cell = Rectangle((column - 0.46, row - 0.46), 0.92, 0.92, color=colours(1)[0], alpha=part, linewidth=0)
        ax.add_patch(cell)
    nothing = np.argwhere(share < 0.05)
    ax.plot(nothing[:, 1], nothing[:, 0], "x", color=colours(3)[2], markersize=4, linestyle="none")
    ax.set(xlabel=label, xticks=range(len(names)), xticklabels=names, xlim=(-0.5, len(names) - 0.5))
    ax.set(ylabel=label_up, yticks=range(len(names_up)), yticklabels=names_up, ylim=(-0.5, len(names_up) - 0.5))
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(length=0)
    return ax


@styled
def error_against_time(contestants: dict[str, tuple], *, eps: float = 2.0**-52, ax: Axes) -> Axes:
    """What precision costs: the lower and the further left, the better.

    Parameters
    ----------
    contestants : dict
        name -> (seconds (n,), errors (n,), marks (n,)): what each of n settings takes and how wrong it is, and what is
        written beside it, perhaps "". An error below `eps` is drawn at `eps`.
    eps : float
        The rounding of one number, a grey line.
    ax : matplotlib Axes
        Where to draw.

    Returns
    -------
    Axes
        `ax`, both axes logarithmic. Each of at most five contestants is a line through its settings, with a marker for each.

    Raises
    ------
    ValueError
        For settings of different lengths.
    """
    ax.axhline(eps, color=cycle()[4], linestyle="-", linewidth=0.8)
    shown, size = [], matplotlib.rcParams["xtick.labelsize"]
    for (name, (seconds, errors, marks)), colour, marker in zip(contestants.items(), colours(5), "os^Dv"):
        seconds, errors, marks = one_row(seconds=seconds, errors=errors, marks=marks)
        errors = np.maximum(errors, eps)
        shown += ax.plot(seconds, errors, color=colour, marker=marker, markersize=4, label=name)
        for x, y, mark in zip(seconds, errors, marks):
            ax.annotate(mark, (x, y), (5, 3), textcoords="offset points", fontsize=size, color=colour)
    ax.set(xscale="log", yscale="log", xlabel="time of a row (s)", ylabel="error")
    key(ax, *shown)
    return ax
