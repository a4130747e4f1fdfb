"""J on a plane through ℝᵈ, with the paths that descents take (Lecture, L9, L12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from chainrule import costs
from chainrule._internal.checks import Floats, as_array, as_real, shown
from chainrule._internal.naming import resolve
from chainrule.costs import Cost
from chainrule.costs.training_set import ExamplesLike
from chainrule.errors import InputError
from chainrule.explain.case import require_real
from chainrule.explain.entries import as_entry
from chainrule.explain.printers.box import inline
from chainrule.explain.symbols import Symbols
from chainrule.network import Network
from chainrule.network.forward import silent
from chainrule.plot.charts.figure import BLUE, INK, VERMILION, finish, new_figure
from chainrule.plot.charts.regions import COLOURS
from chainrule.plot.charts.surface import draw_surface
from chainrule.training import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINTS = 41  # of the grid, in each direction
CONTOURS = 12
MARGIN = 1.3  # the side of the picture, as a multiple of the path's extent
LINES = (".-", "^--", "s:", "D-.")  # of the paths, which markers and dashes tell apart without colour
WIDTH, HEIGHT = 6.0, 6.2  # in inches


class Plane(NamedTuple):
    """The points origin + s u + t v of ℝᵈ; the axes show s and t plus ``offset`` and have ``names``."""

    origin: Floats  # (d,)
    u: Floats  # (d,)
    v: Floats  # (d,)
    offset: Floats  # (2,)
    names: tuple[str, str]

    def coordinates(self, thetas: Floats) -> Floats:
        """Returns s and t of the nearest point to each θ (k, d), as (k, 2)."""
        return np.asarray(np.linalg.lstsq(np.c_[self.u, self.v], (thetas - self.origin).T)[0].T, dtype=np.float64)


@silent
def cost(
    net: Network,
    X: ExamplesLike,
    Y: ArrayLike | None = None,
    *,
    cost: Cost | str = "sum_of_squares",
    over: Sequence[ArrayLike] | Sequence[Sequence[str | int]] | None = None,
    path: History | Mapping[str, History] | None = None,
    kind: Literal["contours", "surface"] = "contours",
    span: float | None = None,
    title: str = "",
    projector: bool = False,
) -> Figure:
    """Draws contours of J(θ + s u + t v) over two entries of θ or two directions u and v, with the path of a descent.

    ``over=(("W", 1, 1, 1), ("b", 1, 1))`` names two entries, with indices that count from 1; the others keep their
    values. ``over=(u, v)`` are two directions (d,). ``path`` is the `History` of a run with ``record=["theta"]``; its
    θ after each epoch is drawn at the nearest point of the plane. Several runs are a dict of their names. Without
    ``over`` the plane is the one that lies best through the paths: the mean of their points and the first two principal
    components. The plane is a square of side 2 ``span``, by default 2, or as large as the paths ask for. J is computed
    at 41 × 41 points of it; every other contour has its J, and darker is higher. ``kind="surface"`` draws J as a
    surface over the plane, seen from the side, with the paths on it, and contours below. X is (t, n), Y is (t, m); a
    `TrainingSet` holds both. ``projector`` makes type and lines larger. The result is a Figure of Matplotlib.

    Raises InputError without ``over`` and ``path``, for entries that the network does not have, directions of another
    shape or on one line, a path of another network, without θ or without an epoch, for a ``span`` that is not positive,
    for complex numbers, and as ``cost(net, X, Y)`` does; MissingExtra if Matplotlib is not installed; UnknownName for
    another kind.

    >>> import chainrule as cr
    >>> net = cr.Network([cr.Layer(0.0, 0.0, "identity")])
    >>> X, Y = [[0.0], [1.0]], [1.0, 3.0]
    >>> run = cr.train(net, X, Y, optimizer=cr.GradientDescent(0.3), epochs=9, record=["theta"])
    >>> figure = cr.plot.cost(net, X, Y, over=(("W", 1, 1, 1), ("b", 1, 1)), path=run)
    >>> figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()
    ('W[1]', 'b[1]')

    Source: Lecture, L9, L12; principal components of a path: H. Li et al., Visualizing the loss landscape of neural
    nets, NeurIPS 2018.
    """
    require_real(net)
    resolve("kind of picture", kind, {"contours": None, "surface": None})
    J = costs.get(cost)
    J_theta = J.of(net, X, Y)
    paths = _paths(path, net)
    if over is not None:
        plane = _plane_over(net, over)
    elif paths:
        plane = _plane_of_path(np.concatenate(list(paths.values())))
    else:
        raise InputError('over is missing: give two entries of θ, such as (("W", 1, 1, 1), ("b", 1, 1)), or a path.')
    places = plane.coordinates(np.concatenate(list(paths.values()) or [plane.origin[None]]))
    middle = (places.max(axis=0) + places.min(axis=0)) / 2.0
    extent = MARGIN * float(np.ptp(places, axis=0).max()) / 2.0
    half = (extent or 1.0) if span is None else as_real(span, "span", 0.0, open_minimum=True)
    centre = plane.origin + middle[0] * plane.u + middle[1] * plane.v
    values = J_theta.along(plane.u, plane.v, theta=centre, span=half, size=POINTS)

    figure = new_figure(WIDTH, HEIGHT, projector)
    is_surface = kind == "surface"
    axes = figure.add_subplot(projection="3d" if is_surface else None)
    s, t = (values.s + shift for shift in middle + plane.offset)
    J_grid = np.asarray(values.J.T, dtype=np.float64)
    drawn = {name: plane.coordinates(thetas) for name, thetas in (paths or {"θ": plane.origin[None]}).items()}
    if is_surface:
        draw_surface(axes, s, t, J_grid)
        on_plane = {name: plane.origin + at @ np.stack([plane.u, plane.v]) for name, at in drawn.items()}
        heights = {name: [J_theta(theta) for theta in thetas] for name, thetas in on_plane.items()}
        points = {name: np.c_[at + plane.offset, heights[name]] for name, at in drawn.items()}
    else:
        _draw_contours(axes, s, t, J_grid)
        axes.set(xlim=(s[0], s[-1]), ylim=(t[0], t[-1]))
        axes.set_aspect("equal")  # a step of descent is at right angles to the contours
        points = {name: at + plane.offset for name, at in drawn.items()}
    if paths:
        _draw_paths(axes, points)
    else:
        axes.plot(*points["θ"].T, "o", color=VERMILION, label="θ")
    xlabel, ylabel = (name.partition(":")[0] if is_surface else name for name in plane.names)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    finish(axes, title or "J(θ)")
    axes.grid(visible=is_surface)
    figure.legend(loc="outside lower center", ncols=3, columnspacing=1.0, frameon=False)
    return figure


def _draw_contours(axes: Axes, s: Floats, t: Floats, J: Floats) -> None:
    """Draws contours of J (t, s) at its quantiles, so that steep and flat parts have some."""
    finite = J[np.isfinite(J)]
    if not finite.size or finite.min() == finite.max():
        return
    levels = np.unique(np.quantile(finite, np.linspace(0.0, 1.0, CONTOURS + 2)))
    masked = np.ma.masked_invalid(J)
    axes.contourf(s, t, masked, levels, cmap="Greys", alpha=0.4)
    lines = axes.contour(s, t, masked, levels[1:-1], colors=[INK], linewidths=0.7)
    axes.clabel(lines, levels[1:-1:2], fmt="%.3g", fontsize=7)


def _draw_paths(axes: Axes, paths: Mapping[str, Floats]) -> None:
    """Draws each path (epochs + 1, 2), on a surface (epochs + 1, 3), with its name and marks at its start and end."""
    for (name, places), line, colour in zip(paths.items(), cycle(LINES), cycle(COLOURS), strict=False):
        axes.plot(*places.T, line, color=colour, linewidth=1.4, markersize=4, label=name)
    epochs = sorted({len(places) - 1 for places in paths.values()})
    for k, places in enumerate(paths.values()):
        start, end = ("", "") if k else ("start", f"epoch {', '.join(map(str, epochs))}")
        axes.plot(*places[:1].T, "o", color=BLUE, markerfacecolor="white", label=start)
        axes.plot(*places[-1:].T, "*", color=VERMILION, markersize=11, label=end)


def _paths(path: object, net: Network) -> dict[str, Floats]:
    """Returns θ before the first epoch of each run and after each, (epochs + 1, d), by the name of the run."""
    runs = path if isinstance(path, Mapping) else {} if path is None else {"path of θ": path}
    return {str(name): _thetas(run, net) for name, run in runs.items()}


def _thetas(run: object, net: Network) -> Floats:
    """Returns θ before the first epoch and after each, (epochs + 1, d)."""
    if not isinstance(run, History):
        raise InputError(
            f'path must be a History, as cr.train(…, record=["theta"]) returns, or a dict of them; got {shown(run)}.'
        )
    thetas = np.asarray(run.theta, dtype=np.float64)
    if thetas.shape[1] != net.d:
        raise InputError(f"path must be a run of this network, with d = {net.d}; got one with d = {thetas.shape[1]}.")
    if len(thetas) < 2:
        raise InputError("path must have one epoch or more; got none.")
    return thetas


def _plane_over(net: Network, over: object) -> Plane:
    """Returns the plane through θ over two entries of it, or along two directions."""
    pair = list(over) if isinstance(over, (Sequence, np.ndarray)) and not isinstance(over, str) else []
    if len(pair) != 2:
        raise InputError(
            f'over must be two entries of θ, such as ("W", 1, 1, 1), or two directions; got {shown(over)}.'
        )
    theta = np.asarray(net.theta, dtype=np.float64)
    if all(isinstance(part, Sequence) and len(part) in (3, 4) and isinstance(part[0], str) for part in pair):
        entries = [as_entry(net, *part, *[None] * (4 - len(part))) for part in pair]
        u, v = (np.eye(1, net.d, entry.place)[0] for entry in entries)
        names = [inline(entry.symbol(Symbols(net.m))) for entry in entries]
        offset = theta[[entry.place for entry in entries]]
    else:
        u, v = (as_array(part, "over", np.float64) for part in pair)
        names, offset = ["s, along u", "t, along v"], np.zeros(2)
        if not u.shape == v.shape == (net.d,):
            raise InputError(f"over must be two directions of shape ({net.d},); got {u.shape} and {v.shape}.")
    if np.linalg.matrix_rank(np.c_[u, v]) < 2:
        raise InputError("over must span a plane; got two directions on one line.")
    return Plane(theta, u, v, offset, (names[0], names[1]))


def _plane_of_path(thetas: Floats) -> Plane:
    """Returns the plane through the mean of the path along its first two principal components."""
    if thetas.shape[1] < 2:
        raise InputError("net must have two parameters or more, for a plane; got d = 1.")
    mean = thetas.mean(axis=0)
    _, sizes, components = np.linalg.svd(thetas - mean, full_matrices=False)
    u, v = (part if part @ (thetas[-1] - thetas[0]) >= 0 else -part for part in components[:2])
    total = float((sizes**2).sum()) or 1.0
    names = [f"component {n}: {size**2 / total:.1%} of variance" for n, size in enumerate(sizes[:2], 1)]
    return Plane(mean, u, v, np.zeros(2), (names[0], names[1]))
