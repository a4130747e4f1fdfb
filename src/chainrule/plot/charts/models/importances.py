"""The importance of each column for the predictions, as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule._internal.checks import shown
from chainrule.errors import InputError
from chainrule.plot.charts.figure import BLUE, INK, finish, new_figure
from chainrule.tables.inspection.importances import Importances

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, BAR = 5.6, 0.26  # in inches
MOST_BARS = 20
LONGEST = 26  # letters of a column's name that are shown


def importances(found: Importances, *, title: str = "", projector: bool = False) -> Figure:
    """Draws the importances of the 20 most important columns as bars, with one standard deviation.

    ``found`` is what ``importances()`` of `NetworkClassifier` and `NetworkRegressor` returns. ``projector`` makes type
    and lines larger. The result is a Figure of Matplotlib.

    Raises InputError for anything but importances; MissingExtra if Matplotlib is not installed.

    >>> import chainrule as cr
    >>> from chainrule.estimators import NetworkRegressor
    >>> X, y = [[float(k), k % 3] for k in range(60)], [2.0 * k for k in range(60)]
    >>> model = NetworkRegressor(epochs=5, n_networks=1, random_state=0).fit(X, y)
    >>> cr.plot.importances(model.importances()).get_supxlabel()
    'decrease of R²'
    """
    if not isinstance(found, Importances):
        raise InputError(f"found must be importances, as model.importances() returns; got {shown(found)}.")
    shown_ones = found.ranked()[:MOST_BARS]
    figure = new_figure(WIDTH, 1.2 + BAR * len(shown_ones), projector)
    axes = figure.add_subplot()
    names = [name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name, _, _ in shown_ones]
    places = range(len(shown_ones))
    errors = [deviation for _, _, deviation in shown_ones] if found.deviations.any() else None
    axes.barh(
        places, [value for _, value, _ in shown_ones], xerr=errors, color=BLUE, height=0.7,
        error_kw={"ecolor": INK, "elinewidth": 1.0, "capsize": 2},
    )  # fmt: skip
    axes.set_yticks(places, names, parse_math=False)
    axes.invert_yaxis()
    axes.axvline(0.0, color=INK, linewidth=0.8)
    figure.supxlabel(found.unit, fontsize="medium")  # it may be longer than the axis
    finish(axes, title)
    axes.grid(visible=False, axis="y")
    return figure
