"""The learning curves of a fitted estimator, in a unit that its user knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.estimators.network.inspection import words
from chainrule.estimators.network.inspection.charted_courses import charted_courses
from chainrule.estimators.network.inspection.metric import held_out_score
from chainrule.plot.charts.courses import draw_courses
from chainrule.plot.charts.figure import finish, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 6.0, 3.8  # in inches


def learning_curves(
    estimator: Any, title: str | None = None, projector: bool = False, kept_pass: int | None = None
) -> Figure:
    """Draws the metric of the networks over the epochs, with those that are kept, or of passes over later rows one."""
    found = charted_courses(estimator, kept_pass)
    figure = new_figure(WIDTH, HEIGHT, projector)
    axes = figure.add_subplot()
    draw_courses(axes, found.courses, found.kept, found.start)
    axes.set_ylabel(found.metric)
    finish(axes, _title(estimator) if title is None else title)
    return figure


def _title(estimator: Any) -> str:
    """Returns "titanic.csv: Survived, 5 networks, held-out accuracy 0.8146"."""
    count = len(estimator.histories_)
    parts = [words.name_of(estimator), f"{count} networks" if count > 1 else "one network"]
    if (score := held_out_score(estimator)) is not None:
        parts.append(f"held-out {score[0]} {score[1]:.4g}")
    return ", ".join(parts)
