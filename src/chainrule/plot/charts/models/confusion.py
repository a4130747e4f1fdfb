"""The confusion matrix of a classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.plot.charts.figure import INK, abridged, finish, new_figure
from chainrule.plot.charts.models.predictions import ClassPredictions, class_predictions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIDE = 3.4  # of the chart of a few classes, in inches
PER_CLASS = 0.34  # inches of each of many classes
MOST_NUMBERED = 30  # classes with their counts in the cells
LETTERS = 7  # of the classes below an inch of the chart; of more the text is turned
DARK = 0.55  # a share whose shade needs white numbers
LONGEST = 22  # letters of a class that are shown


def confusion(model: Any, X: Any, y: Any, *, title: str = "", projector: bool = False) -> Figure:
    """Draws how many rows of each class (a line) are predicted as each class (a column); darker is a larger share.

    The shade is the share of the class's rows, so that rare classes show, and a perfect model has a dark diagonal; the
    number is the count of rows. With more than 30 classes there are no numbers. ``model`` is a fitted classifier of
    Chainrule or scikit-learn, a `TableModel`, or a `Network`, whose class is the largest output or, of one output, 1
    where N(x) ≥ ½. X are rows (t, n) and y their labels (t,); for a model of tables X may be whatever ``fit`` takes,
    and y the name of a column. ``projector`` makes type and lines larger. The result is a Figure of Matplotlib.

    Raises InputError for what is no fitted classifier, for rows and labels that do not fit it; MissingExtra if
    Matplotlib or scikit-learn is not installed.

    >>> import chainrule as cr
    >>> from chainrule.estimators import NetworkClassifier
    >>> X, y = [[float(k)] for k in range(40)], ["low"] * 20 + ["high"] * 20
    >>> model = NetworkClassifier(epochs=5, n_networks=1, random_state=0).fit(X, y)
    >>> cr.plot.confusion(model, X, y).axes[0].get_xlabel()
    'predicted'
    """
    return draw_confusion(class_predictions(model, X, y), title, projector)


def draw_confusion(found: ClassPredictions, title: str = "", projector: bool = False) -> Figure:
    """Draws the confusion matrix of predictions."""
    k = len(found.classes)
    side = max(SIDE, PER_CLASS * k + 1.0)
    figure = new_figure(side + 0.6, side, projector)
    from sklearn.metrics import ConfusionMatrixDisplay

    counts = np.zeros((k, k), dtype=np.intp)
    np.add.at(counts, (found.true, found.predicted), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes = figure.add_subplot()
    names = [abridged(str(value), LONGEST) for value in found.classes]
    is_numbered = k <= MOST_NUMBERED
    size = 10 if k <= 6 else 8 if k <= 12 else 5.5
    display = ConfusionMatrixDisplay(shares, display_labels=names).plot(
        ax=axes, cmap="Blues", colorbar=False, include_values=is_numbered, im_kw={"vmin": 0.0, "vmax": 1.0},
        text_kw={"fontsize": size},
    )  # fmt: skip
    if is_numbered:
        for place, text in np.ndenumerate(display.text_):
            text.set_text(f"{counts[place]:,}" if counts[place] else "")
            text.set_color("white" if shares[place] > DARK else INK)
    axes.set(xlabel="predicted", ylabel="true")
    finish(axes, title)
    axes.grid(visible=False)
    axes.tick_params(labelsize=max(size, 6.5))
    if sum(map(len, names)) > LETTERS * figure.get_figwidth():
        axes.tick_params(axis="x", rotation=90)
    return figure
