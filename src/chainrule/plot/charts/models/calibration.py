"""Calibration of a classifier: how often predictions of a probability are right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import InputError
from chainrule.plot.charts.figure import BLUE, GREY, finish, new_figure
from chainrule.plot.charts.models.predictions import ClassPredictions, class_predictions
from chainrule.tables.diagnosis.calibration import calibration_error

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 4.4, 4.6  # in inches
BINS = 10


def calibration(model: Any, X: Any, y: Any, *, title: str = "", projector: bool = False) -> Figure:
    """Draws the share of rows that are right over the probability that the model gives them; below, how many there are.

    Of two classes it is P(second class) and the share of that class; of several the probability of the predicted class
    and the share of right predictions. Points are means of ten bins of equally many rows; on the diagonal, the
    probabilities are frequencies. The legend has the expected calibration error, Σ_b (t_b/t) |accuracy − probability|.
    The arguments and the result are those of `confusion`.

    Raises InputError as `confusion` does, and for a classifier without ``predict_proba``.

    >>> import chainrule as cr
    >>> from chainrule.estimators import NetworkClassifier
    >>> X, y = [[float(k)] for k in range(40)], ["low"] * 20 + ["high"] * 20
    >>> model = NetworkClassifier(epochs=5, n_networks=1, random_state=0).fit(X, y)
    >>> cr.plot.calibration(model, X, y).axes[1].get_xlabel()
    "P('low')"

    Source: C. Guo, G. Pleiss, Y. Sun & K. Weinberger, On calibration of modern neural networks, ICML 2017.
    """
    return draw_calibration(class_predictions(model, X, y), title, projector)


def draw_calibration(found: ClassPredictions, title: str = "", projector: bool = False) -> Figure:
    """Draws the calibration of predictions."""
    if found.P is None:
        raise InputError("this chart needs probabilities; the model has no predict_proba, or its σ[r] is no softmax.")
    figure = new_figure(WIDTH, HEIGHT, projector)
    from sklearn.calibration import CalibrationDisplay, calibration_curve

    if len(found.classes) == 2:
        probability, is_so = found.P[:, 1], found.true == 1
        x, y = f"P({found.classes[1]!r})", f"share of {found.classes[1]!r}"
    else:
        probability, is_so = found.P.max(axis=1), found.true == found.predicted
        x, y = "P(predicted class)", "share that is right"
    probability = np.clip(probability, 0.0, 1.0)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    true, mean = calibration_curve(is_so, probability, n_bins=BINS, strategy="quantile", pos_label=True)
    error = calibration_error(probability, is_so[None])[0]
    CalibrationDisplay(true, mean, probability).plot(
        ax=upper, name=f"error {error:.3f}", color=BLUE, marker="o", linewidth=1.4
    )
    diagonal = upper.lines[0]
    diagonal.set(color=GREY, linestyle="--")
    diagonal.set_label("calibrated")
    upper.set(xlabel="", ylabel=y, xlim=(0.0, 1.0), ylim=(-0.02, 1.02))
    finish(upper, title)
    upper.legend(frameon=False, loc="upper left")
    lower.hist(probability, bins=np.linspace(0.0, 1.0, 21), color=BLUE, alpha=0.7)
    lower.set(xlabel=x, ylabel="rows")
    finish(lower, "")
    return figure
