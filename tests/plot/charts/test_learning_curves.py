"""The chart of learning curves."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule import plot

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
    """Two runs have four curves and two best epochs, named once; a projector has as many dots on fewer inches."""
    runs = run(5), run(9)
    figure, projected = plot.history(*runs), plot.history(*runs, projector=True)
    (axes,) = figure.axes
    assert len(axes.lines) == 6
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["training J", "validation J", "best epoch"]
    np.testing.assert_allclose(projected.get_size_inches(), 0.6 * figure.get_size_inches())
    np.testing.assert_allclose(projected.dpi * projected.get_size_inches(), figure.dpi * figure.get_size_inches())


def test_bad_runs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """No run, what is no run, and a missing Matplotlib have a message each."""
    with pytest.raises(cr.InputError, match=r"runs must be one History or more, as cr.train returns; got \(\)"):
        plot.history()
    with pytest.raises(cr.InputError, match="runs must be one History or more"):
        plot.history([1.0, 0.5])  # type: ignore[arg-type]
    done = run(2)
    monkeypatch.setitem(sys.modules, "chainrule.plot.charts.chart", None)
    with pytest.raises(cr.InputError, match="charts need Matplotlib: pip install matplotlib"):
        plot.history(done)
