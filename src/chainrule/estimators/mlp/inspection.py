"""The ways to look at a fitted estimator of the MLP pair: its summary, its learning curves and its card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, is_classifier
from sklearn.utils.validation import check_is_fitted

from chainrule._internal.four_digits import four_digits
from chainrule._internal.naming import listed
from chainrule.errors import InputError
from chainrule.estimators.cards.card import framed
from chainrule.estimators.cards.small_curves import curves
from chainrule.estimators.cards.summary import Summary, sizes
from chainrule.estimators.mlp.settings import STOCHASTIC
from chainrule.plot.charts.courses import Course, draw_courses
from chainrule.plot.charts.figure import finish, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOSSES = {
    "log_loss": "log-loss", "squared_error": "half the squared error", "poisson": "half the Poisson deviance"
}  # fmt: skip
WIDTH, HEIGHT = 6.0, 3.2  # of a chart, in inches


class _Curve(NamedTuple):
    """A measure over the epochs, with its name and what is kept, in words."""

    name: str
    course: Course
    kept: str = ""


class MLPInspectionMixin:
    """Gives an estimator with ``network_`` and the records of its epochs the ways to look at it."""

    network_: Any  # a property of the estimator

    def summary(self) -> str:
        """Returns the fitted model as text: its network, solver, loss, score on held-out rows, and epochs.

        Raises NotFittedError before ``fit``.
        """
        check_is_fitted(self, "coefs_")
        net = ("network", *sizes([self.network_]))
        return Summary("\n".join([_name(self), *(f"{name}: {value}" for name, value in [net, *_facts(self)])]))

    def plot_history(self, *, title: str | None = None, projector: bool = False) -> Figure:
        """Draws the loss of the training rows after each epoch, and below it, with early stopping, the held-out score.

        The loss is scikit-learn's, with the penalty; a circle marks the epoch that is kept. ``projector`` makes type
        and lines larger. The result is a Figure of Matplotlib.

        Raises NotFittedError before ``fit``, MissingExtra if Matplotlib is not installed, InputError if training has
        recorded no epochs, as that by "lbfgs".
        """
        check_is_fitted(self, "coefs_")
        drawn = _curves(self)
        if not drawn:
            raise InputError('this model has no learning curves: solver="lbfgs" records none. Use "adam" or "sgd".')
        figure = new_figure(WIDTH, HEIGHT * len(drawn), projector)
        panels = np.ravel(figure.subplots(len(drawn), 1, sharex=True))
        for axes, curve in zip(panels, drawn, strict=True):
            draw_courses(axes, [curve.course], curve.kept)
            axes.set_xlabel("epoch" if axes is panels[-1] else "")
            axes.set_ylabel(curve.name)
            finish(axes, "")
        finish(panels[0], f"{_name(self)}, {sizes([self.network_])[0]}" if title is None else title)
        return figure

    def _html_repr(self) -> str:
        shown: str = BaseEstimator._html_repr(self)
        if not hasattr(self, "coefs_"):
            return shown
        drawn = _curves(self)
        chart = curves(drawn[-1].name, [drawn[-1].course], drawn[-1].kept) if drawn else ""
        return framed(_name(self), _facts(self), [(self.network_, *sizes([self.network_]))], chart) + shown


def _curves(mlp: Any) -> list[_Curve]:
    """Returns the loss of training rows and the score of held-out rows, as far as they are recorded."""
    found = []
    if losses := getattr(mlp, "loss_curve_", None):
        found.append(_Curve(_loss_name(mlp), Course("training", [np.array(losses)], is_held_out=False)))
    if scores := getattr(mlp, "validation_scores_", None):
        kept = _kept_epoch(mlp)
        held_out = Course("held out", [np.array(scores)], is_held_out=True, kept=[kept])
        found.append(_Curve(_score_name(mlp), held_out, f"kept: epoch {kept:,}" if kept else ""))
    return [curve for curve in found if curve.course.has_numbers]


def _kept_epoch(mlp: Any) -> int | None:
    """Returns the epoch of the best score on held-out rows, counted from 1; None if none was computed."""
    scores = np.array(getattr(mlp, "validation_scores_", None) or [], dtype=np.float64)
    return int(np.nanargmax(scores)) + 1 if np.isfinite(scores).any() else None


def _facts(mlp: Any) -> list[tuple[str, str]]:
    """Returns names and values for the summary and the table of the card."""
    facts, kept = [], _kept_epoch(mlp)
    if kept is not None:
        facts.append((f"{_score_name(mlp)} on held-out rows", f"{mlp.validation_scores_[kept - 1]:.4f}"))
    if is_classifier(mlp):
        facts.append(("classes", f"{len(mlp.classes_)}: {listed(mlp.classes_.tolist(), 3)}"))
    facts.append(("inputs", f"{mlp.n_features_in_} columns"))
    is_stochastic = mlp.solver in STOCHASTIC
    rate = f", learning rate {mlp.learning_rate_init:g}" if is_stochastic else ""
    facts.append(("solver", f"{mlp.solver}{rate}, alpha {mlp.alpha:g}"))
    facts.append(("loss", f"{four_digits(float(mlp.loss_))}, {_loss_name(mlp)}"))
    count = f"{mlp.n_iter_:,}"
    facts.append(("epochs" if is_stochastic else "iterations", f"best {kept:,} of {count}" if kept else count))
    return facts


def _name(mlp: Any) -> str:
    return type(mlp).__name__


def _loss_name(mlp: Any) -> str:
    return LOSSES[mlp.loss] + (" and penalty" if mlp.alpha else "")


def _score_name(mlp: Any) -> str:
    return "accuracy" if is_classifier(mlp) else "R²"
