"""The errors of predicted numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chainrule.costs.training_set import evenly_spaced
from chainrule.plot.charts.figure import BLUE, VERMILION, finish, new_figure, shorten
from chainrule.plot.charts.models.predictions import NumberPredictions, number_predictions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 3.8, 3.6  # of one chart, in inches
MOST_POINTS = 1000
KINDS = {"actual_vs_predicted": "true", "residual_vs_predicted": "true − predicted"}


def residuals(model: Any, X: Any, y: Any, *, title: str = "", projector: bool = False) -> Figure:
    """Draws the true over the predicted numbers, and the residuals y − ŷ over the predicted numbers.

    Dashed are the lines of no error. A pattern in the residuals is something that the model has not learned; a funnel
    means that its error grows with the number. Of more than 1,000 rows, 1,000 lie in the charts. Several targets have
    a line of charts each. ``model`` is a fitted regressor of Chainrule or scikit-learn, a `TableModel`, or a `Network`.
    X are rows (t, n) and y their numbers (t,) or (t, m); for a model of tables X may be whatever ``fit`` takes, and y
    the name of a column, or a list of names. ``projector`` makes type and lines larger. The result is a Figure of
    Matplotlib.

    Raises InputError for what is no fitted regressor, for rows and labels that do not fit it; MissingExtra if
    Matplotlib or scikit-learn is not installed.

    >>> import chainrule as cr
    >>> from chainrule.estimators import NetworkRegressor
    >>> X, y = [[float(k)] for k in range(40)], [2.0 * k for k in range(40)]
    >>> model = NetworkRegressor(epochs=5, n_networks=1, random_state=0).fit(X, y)
    >>> [axes.get_ylabel() for axes in cr.plot.residuals(model, X, y).axes]
    ['true', 'true − predicted']
    """
    return draw_residuals(number_predictions(model, X, y), title, projector)


def draw_residuals(
    found: NumberPredictions, title: str = "", projector: bool = False, kinds: Sequence[str] = tuple(KINDS)
) -> Figure:
    """Draws the residuals of predictions, in a line of these kinds of charts for each target."""
    t, m = found.true.shape
    ticks = 3 if projector else 5
    figure = new_figure(WIDTH * len(kinds), HEIGHT * m, projector)
    from matplotlib.ticker import MaxNLocator
    from sklearn.metrics import PredictionErrorDisplay

    some = evenly_spaced(t, MOST_POINTS)
    for k in range(m):
        true, predicted = found.true[some, k], found.predicted[some, k]
        for n, kind in enumerate(kinds):
            axes = figure.add_subplot(m, len(kinds), len(kinds) * k + n + 1)
            PredictionErrorDisplay(y_true=true, y_pred=predicted).plot(
                ax=axes, kind=kind, scatter_kwargs={"color": BLUE, "alpha": 0.35, "s": 12, "linewidths": 0.0},
                line_kwargs={"color": VERMILION, "linewidth": 1.2},
            )  # fmt: skip
            axes.set(xlabel="predicted", ylabel=KINDS[kind])
            of = "" if m == 1 else found.names[k] if found.names else f"target {k + 1}"
            finish(axes, "" if n else ", ".join(filter(None, (title, of))))
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_locator(MaxNLocator(ticks))
                shorten(axis, ticks)
    return figure
