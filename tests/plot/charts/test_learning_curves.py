"""The chart of learning curves."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule import plot
from chainrule.errors import MissingExtra
from chainrule.plot.charts import courses, figure

pytest.importorskip("matplotlib")


def run(epochs: int, patience: int | None = None) -> cr.History:
    """A run with validation rows."""
    X = np.linspace(0.0, 1.0, 8)[:, None]
    validation = (X + 0.1, 2 * X)
    net = cr.Network.dense([1, 3, 1], hidden="tanh", seed=0)
    return cr.train(net, X, 2 * X, optimizer="adam", epochs=epochs, validation=validation, patience=patience)


def test_the_curves_are_the_history() -> None:
    """The chart has J, solid, the validation J, dashed, and the best epoch, with the numbers of the run."""
    done = run(30, patience=30)
    (axes,) = plot.history(done, title="a run").axes
    J, validation, best = axes.lines
    np.testing.assert_array_equal(J.get_xydata(), np.c_[np.arange(1, 31), done.J])
    np.testing.assert_array_equal(validation.get_ydata(), done.validation_J)
    assert (J.get_linestyle(), validation.get_linestyle()) == ("-", "--")
    assert done.best_epoch is not None
    np.testing.assert_array_equal(best.get_xydata(), [[done.best_epoch, done.validation_J[done.best_epoch - 1]]])
    assert axes.get_title(loc="left") == "a run"


def test_a_notebook_shows_a_chart() -> None:
    """A chart has a PNG of its own, without pyplot."""
    assert plot.history(run(2))._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]


def test_several_runs_share_names_and_axes() -> None:
    """Two runs have four curves, their means, and a best epoch each; a projector has as many dots on fewer inches."""
    runs = run(5), run(9)
    figure, projected = plot.history(*runs), plot.history(*runs, projector=True)
    (axes,) = figure.axes
    lines = [np.asarray(line.get_ydata()) for line in axes.lines]
    np.testing.assert_array_equal(lines[0], runs[0].J)
    np.testing.assert_allclose(lines[2][:5], (runs[0].J + runs[1].J[:5]) / 2, rtol=1e-12)
    np.testing.assert_allclose(lines[2][5:], (runs[0].J[-1] + runs[1].J[5:]) / 2, rtol=1e-12)  # the first has ended
    assert [len(line) for line in lines] == [5, 9, 9, 5, 9, 9, 2]
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "training J, mean",
        "validation J, mean",
        "best epoch of each",
    ]
    np.testing.assert_allclose(projected.get_size_inches(), 0.6 * figure.get_size_inches())
    np.testing.assert_allclose(projected.dpi * projected.get_size_inches(), figure.dpi * figure.get_size_inches())


def test_rate_slopes_and_parameters_have_charts() -> None:
    """Below J are α, ‖∂J/∂W[i]‖ of each layer, and each entry of θ, with the numbers that the run has recorded."""
    X = np.linspace(0.0, 1.0, 8)[:, None]
    net = cr.Network.dense([1, 2, 1], hidden="tanh", seed=0)
    optimizer = cr.GradientDescent(cr.Cosine(0.1))
    done = cr.train(net, X, 2 * X, optimizer=optimizer, epochs=12, record=["theta", "gradient"])
    _, rate, gradient, theta = plot.history(done, show=["J", "learning_rate", "gradient", "theta"]).axes
    np.testing.assert_array_equal(rate.lines[0].get_ydata(), done.learning_rate)
    W = [g[slice(*part)] for part in ((0, 2), (4, 6)) for g in [done.gradient.T]]
    for line, entries in zip(gradient.lines, W, strict=True):
        np.testing.assert_allclose(np.asarray(line.get_ydata()), np.linalg.norm(entries, axis=0), rtol=1e-12)
    np.testing.assert_array_equal([line.get_ydata() for line in theta.lines[:7]], done.theta.T)
    with pytest.raises(cr.InputError, match=r'gradient was not recorded; pass record=\["gradient"\]'):
        plot.history(run(2), show="gradient")
    with pytest.raises(cr.InputError, match='show="theta" is for one run; got 2'):
        plot.history(done, done, show="theta")
    with pytest.raises(cr.UnknownName, match="did you mean 'learning_rate'"):
        plot.history(done, show="learning rate")
    with pytest.raises(cr.InputError, match="show must name a chart or more"):
        plot.history(done, show=[])


def test_the_first_epochs_may_leave_the_picture() -> None:
    """The first tenth of the epochs is cut off if it takes most of the height, and the ratio is below 5."""
    axes = figure.new_figure(4, 3, False).add_subplot()
    values = np.r_[1.0, 0.6, np.full(38, 0.30), 0.29]
    courses.draw_courses(axes, [courses.Course("J", [values], False)])
    assert axes.get_ylim()[1] < 0.4
    assert [text.get_text() for text in axes.texts] == ["epochs 1 – 2 are above"]
    assert axes.get_yscale() == "linear"


def test_the_mean_reaches_from_the_first_to_the_last_epoch() -> None:
    """A network that has ended counts in mean and band with its last number, and one without numbers does not."""
    nothing, kept = np.full(4, np.nan), (1, 3, None, 9)
    values = [np.array([4.0, 2.0]), np.array([8.0, 6.0, 4.0, 3.0]), nothing, np.array([3.0, 1.0, np.nan])]
    course = courses.Course("J", values, True, kept)
    np.testing.assert_array_equal(course.continued, [[4, 2, 2, 2], [8, 6, 4, 3], [3, 1, 1, 1]])
    assert course.marks == [(1, 4.0), (3, 4.0)]
    axes = figure.new_figure(4, 3, False).add_subplot()
    courses.draw_courses(axes, [course])
    np.testing.assert_array_equal(axes.lines[4].get_ydata(), np.mean(course.continued, axis=0))
    (band,) = axes.collections
    assert band.get_paths()[0].get_extents().x1 == 4


def test_bad_runs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """No run, what is no run, and a missing Matplotlib have a message each."""
    with pytest.raises(cr.InputError, match=r"runs must be one History or more, as cr.train returns; got \(\)"):
        plot.history()
    with pytest.raises(cr.InputError, match="runs must be one History or more"):
        plot.history([1.0, 0.5])  # type: ignore[arg-type]
    done = run(2)
    monkeypatch.setitem(sys.modules, "chainrule.plot.charts.chart", None)
    with pytest.raises(MissingExtra, match="charts need Matplotlib; install it with: pip install matplotlib"):
        plot.history(done)
