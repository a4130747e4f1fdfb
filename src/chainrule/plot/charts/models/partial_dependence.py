"""The mean prediction of a model as a function of single columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from chainrule._internal.checks import shown
from chainrule.errors import InputError
from chainrule.plot.charts.figure import (
    BLUE,
    GREY,
    PROJECTED,
    VERMILION,
    abridged,
    finish,
    new_figure,
    shorten,
)  # fmt: skip
from chainrule.plot.charts.models.predictions import table_model
from chainrule.tables.diagnosis.case import LabelledRows, dense, some
from chainrule.tables.encoding.matching import matched
from chainrule.tables.inspection.dependence import Dependence
from chainrule.tables.inspection.dependence import partial_dependence as depend
from chainrule.tables.inspection.importances import importances
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.model import TableModel
from chainrule.tables.reading.read import read
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curves: TypeAlias = Sequence[tuple[int, str]]  # the numbers of outputs, with their names

WIDTH, HEIGHT = 3.2, 2.8  # of one chart, in inches
MOST_COLUMNS = 6  # that are chosen
ACROSS = 3  # charts side by side
LETTERS = 12  # of a legend in an inch
LINE = 0.22  # inches of a line of a legend
MOST_LETTERS = 18  # of all ticks of a category that lie in one line
LONGEST = 30  # letters of a class that are shown
MOST_CURVES = 4  # classes in a chart
LETTERS_UP = 25  # of the name of a target beside its axis
STYLES = ((BLUE, "-", "o"), (VERMILION, "--", "s"), ("#009e73", ":", "^"), ("#000000", "-.", "D"))


def partial_dependence(
    model: Any, X: Any, columns: Sequence[str | int] | None = None, *, title: str = "", projector: bool = False
) -> Figure:
    """Draws the mean prediction over the rows when a column has the same value in all of them, for each column.

    The curve of column c is z ↦ (1/t) Σⱼ N(x⁽ʲ⁾ with z in column c): a probability of each class (of the second of two;
    of the four most frequent), or a number; the first four of several targets have charts of their own, each in its
    unit. The band has the standard deviation over the rows: where it is wide, the
    effect of the column depends on others. Ticks at the bottom are values of the rows. Without ``columns`` the six are
    drawn that change the outputs most, by derivatives. ``model`` is a fitted estimator, or a `TableModel`; X are rows
    (t, n), for a model of tables in whatever form ``fit`` takes. Of other estimators the chart is scikit-learn's
    `PartialDependenceDisplay`. ``projector`` makes type and lines larger. The result is a Figure of Matplotlib.

    Raises InputError for what is no fitted model, for columns that it does not use, and for rows that do not fit it;
    MissingExtra if Matplotlib is not installed.

    >>> import chainrule as cr
    >>> from chainrule.estimators import NetworkRegressor
    >>> X, y = [[float(k), k % 3] for k in range(60)], [2.0 * k for k in range(60)]
    >>> model = NetworkRegressor(epochs=5, n_networks=1, random_state=0).fit(X, y)
    >>> [axes.get_xlabel() for axes in cr.plot.partial_dependence(model, X, ["x0"]).axes]
    ['x0']

    Source: J. Friedman, Greedy function approximation, Annals of Statistics 29, 2001.
    """
    if isinstance(columns, str) or not (columns is None or isinstance(columns, Sequence)) or columns == []:
        raise InputError(f"columns must be a list of names, such as ['age']; got {shown(columns)}.")
    own = table_model(model)
    if own is None:
        return _by_scikit_learn(model, X, columns, title, projector)
    table = read(X)
    rows = _unlabelled(own, table.rows(some(table)))
    names = [own.encoder.names_[name] if isinstance(name, int) else name for name in columns or ()]
    if not names:
        names = [name for name, value, _ in importances(rows, "gradient").ranked()[:MOST_COLUMNS] if value > 0.0]
    return draw_partial_dependence(own, [depend(rows, name) for name in names], title, projector)


def _unlabelled(model: TableModel, table: Any) -> LabelledRows:
    """Returns rows whose labels do not matter."""
    t, target = len(table), model.target
    labels = np.zeros(t if isinstance(target, ClassLabels) else (t, target.m), dtype=np.intp)
    return LabelledRows(model, dense(matched(model.encoder, table)), labels)


def draw_partial_dependence(
    model: TableModel, found: Sequence[Dependence], title: str = "", projector: bool = False,
    beside: Sequence[Dependence] = (),
) -> Figure:  # fmt: skip
    """Draws the partial dependence of each column, on one scale, also for those ``beside`` it, to be compared.

    Several targets are in several units: each has charts with a scale of its own.
    """
    if not found:
        figure = new_figure(WIDTH, HEIGHT, projector)
        axes = figure.add_subplot()
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no column changes the prediction", ha="center", va="center")
        return figure
    groups, columns = _groups(model), min(len(found), ACROSS)
    is_class, is_compared = not isinstance(model.target, NumericLabels), len(groups[0]) > 1
    lines, entries = -(-len(found) // columns), _entries_across(groups[0], columns, projector)
    legend = LINE * -(-len(groups[0]) // entries) if is_compared else 0.0
    letters = int(LETTERS_UP * (PROJECTED if projector else 1.0))
    below = legend + lines * max(map(_turned, found))
    figure = new_figure(WIDTH * columns, HEIGHT * lines * len(groups), projector, below)
    for g, curves in enumerate(groups):
        limits = _scale([*found, *beside], curves, is_class)
        if len(groups) > 1:
            label = f"mean\n{abridged(curves[0][1], letters)}"
        else:
            label = "mean " + (("P" if is_class else "prediction") if is_compared else curves[0][1])
        for n, dependence in enumerate(found):
            line, column = divmod(n, columns)
            place = (line * len(groups) + g) * columns + column + 1
            axes = figure.add_subplot(lines * len(groups), columns, place)
            _draw(axes, dependence, curves, is_class)
            if g < len(groups) - 1:  # the chart of the next target is below
                axes.set_xlabel("")
                axes.tick_params(axis="x", labelbottom=False)
            axes.set_ylabel("" if column else label, parse_math=False)
            axes.set_ylim(limits)
            shorten(axes.yaxis)
            finish(axes, "" if g or n else title)
    figure.align_ylabels()
    if is_compared:
        handles = figure.axes[0].get_legend_handles_labels()
        figure.legend(*handles, loc="outside lower center", ncols=entries, frameon=False)
    return figure


def _entries_across(curves: Curves, charts: int, projector: bool) -> int:
    """Returns the entries that a line of the legend has room for below these charts."""
    room = LETTERS * WIDTH * charts * (PROJECTED if projector else 1.0)
    longest = max(len(name) + 6 for _, name in curves)
    return min(max(int(room // longest), 1), len(curves))


def _scale(found: Sequence[Dependence], curves: Curves, is_class: bool) -> tuple[float, float]:
    """Returns the limits of a vertical axis on which these curves of all of them have room."""
    if is_class:
        return -0.03, 1.03
    outputs = [k for k, _ in curves]
    low = min(float((each.means - each.spread)[:, outputs].min()) for each in found)
    high = max(float((each.means + each.spread)[:, outputs].max()) for each in found)
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin


def _groups(model: TableModel) -> list[Curves]:
    """Returns the outputs that are drawn, with their names, in groups of one unit."""
    curves = _curves(model)
    has_units = isinstance(model.target, NumericLabels) and not isinstance(model.target, QuantileLabels)
    return [[curve] for curve in curves] if has_units else [curves]


def _curves(model: TableModel) -> Curves:
    """Returns the outputs that are drawn, with their names."""
    target = model.target
    if isinstance(target, NumericLabels):
        return list(enumerate(target.output_names))[:MOST_CURVES]
    if isinstance(target, IndicatorLabels):
        most = np.sort(np.argsort(-target.shares, kind="stable")[:MOST_CURVES])
        return [(k, f"P({abridged(target.title(k), LONGEST)})") for k in most.tolist()]
    classes = target.values.tolist()
    if len(classes) == 2:
        return [(1, f"P({abridged(repr(classes[1]), LONGEST)})")]
    most = np.sort(np.argsort(-target.shares, kind="stable")[:MOST_CURVES])
    return [(k, f"P({abridged(repr(classes[k]), LONGEST)})") for k in most.tolist()]


def _draw(axes: Axes, dependence: Dependence, curves: Curves, is_class: bool) -> None:
    places: Any = dependence.places
    for (k, name), (colour, dashes, marker) in zip(curves, STYLES, strict=False):
        mean, spread = dependence.means[:, k], dependence.spread[:, k]
        low, high = (
            (mean - spread, mean + spread) if not is_class else np.clip([mean - spread, mean + spread], 0.0, 1.0)
        )
        if dependence.is_numeric:
            axes.fill_between(places, low, high, color=colour, alpha=0.15, linewidth=0.0)
            axes.plot(places, mean, dashes, color=colour, linewidth=1.6, label=name)
        else:
            at = np.arange(len(places)) + 0.12 * (k - np.mean([j for j, _ in curves])) * (len(curves) > 1)
            axes.errorbar(
                at, mean, [mean - low, high - mean], fmt=marker, color=colour, ecolor=colour,
                capsize=2, markersize=5, label=name,
            )  # fmt: skip
    axes.set_xlabel(dependence.column, parse_math=False)
    if dependence.values is not None:
        ticks = np.quantile(dependence.values, np.linspace(0.1, 0.9, 9), method="nearest")
        axes.plot(ticks, np.zeros(len(ticks)), "|", color=GREY, transform=axes.get_xaxis_transform(), markersize=8)
        if dependence.values.dtype.kind == "M":
            axes.tick_params(axis="x", rotation=45)
    else:
        is_turned = _turned(dependence) > 0.0
        names, align = _names(dependence), "right" if is_turned else "center"
        axes.set_xticks(range(len(names)), names, rotation=45 if is_turned else 0, ha=align)
        axes.margins(x=0.12)


def _names(dependence: Dependence) -> list[str]:
    """Returns the names of the categories at the ticks."""
    return [abridged(str(place), 12) for place in dependence.places]


def _turned(dependence: Dependence) -> float:
    """Returns the inches below a chart that names of categories need if they are turned by 45°; 0 if they are not."""
    names = _names(dependence) if dependence.values is None else []
    return max(map(len, names)) / LETTERS / 2**0.5 if sum(map(len, names)) > MOST_LETTERS else 0.0


def _by_scikit_learn(model: Any, X: Any, columns: Sequence[str | int] | None, title: str, projector: bool) -> Figure:
    """Draws scikit-learn's chart for the columns, or the first six."""
    from sklearn.inspection import PartialDependenceDisplay

    count = int(model.n_features_in_)
    chosen = list(range(min(count, MOST_COLUMNS))) if columns is None else list(columns)
    across = min(len(chosen), ACROSS)
    figure = new_figure(WIDTH * across, HEIGHT * -(-len(chosen) // across), projector)
    axes = figure.add_subplot()
    classes: Any = getattr(model, "classes_", ())
    PartialDependenceDisplay.from_estimator(
        model, X, chosen, ax=axes, n_cols=across, target=classes[0] if len(classes) > 2 else None,
        line_kw={"color": BLUE},
    )  # fmt: skip
    figure.suptitle(title, x=0.02, ha="left", fontsize=10)
    return figure
