"""Ways to look at a fitted MLPClassifier or MLPRegressor: summary, learning curves and the card of a notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.exceptions import NotFittedError
from support.estimators.mlp_problems import CLASSES, NUMBERS, unconverged

import chainrule as cr
from chainrule.estimators import MLPClassifier, MLPRegressor

STOPPING = MLPClassifier((5,), early_stopping=True, max_iter=8, n_iter_no_change=9, random_state=0)
MODELS: dict[str, tuple[Any, Any, list[str]]] = {
    "classes": (STOPPING, CLASSES, ["log-loss and penalty", "accuracy"]),
    "numbers": (MLPRegressor(hidden_layer_sizes=(5,), max_iter=8, alpha=0.0), NUMBERS, ["half the squared error"]),
}


@unconverged
@pytest.mark.parametrize("name", MODELS)
def test_the_curves_are_the_records_of_training(name: str, tmp_path: Path) -> None:
    """The loss and the held-out score have a chart each, with the kept epoch, also in a model from a file."""
    pytest.importorskip("matplotlib")
    model, rows, names = MODELS[name]
    model.fit(*rows).save(tmp_path / "mlp.safetensors")
    for fitted in (model, type(model).load(tmp_path / "mlp.safetensors")):
        axes = fitted.plot_history(title="a title", projector=True).axes
        assert [each.get_ylabel() for each in axes] == names
        assert [each.get_xlabel() for each in axes] == ["", "epoch"][-len(axes) :]
        assert axes[0].get_title(loc="left") == "a title"
        np.testing.assert_array_equal(axes[0].lines[0].get_ydata(), model.loss_curve_)
        if len(axes) > 1:
            scores, kept = (np.asarray(line.get_xydata()) for line in axes[1].lines)
            np.testing.assert_array_equal(scores[:, 1], model.validation_scores_)
            np.testing.assert_array_equal(
                kept, [[np.argmax(model.validation_scores_) + 1, model.best_validation_score_]]
            )


@unconverged
@pytest.mark.parametrize("name", MODELS)
def test_summary_and_card_have_what_a_reader_asks_first(name: str) -> None:
    """Both have network, solver, loss, epochs and held-out score; the card has drawings, and a blank estimator none."""
    model, rows, names = MODELS[name]
    assert "chainrule-card" not in type(model)()._repr_html_()
    text, html = model.fit(*rows).summary(), model._repr_html_()
    assert repr(text) == text
    assert f"network: {'-'.join(map(str, model.network_.m))}, {model.network_.d:,} parameters" in text
    solver, epochs = "adam, learning rate 0.001, alpha ", "best " if len(names) > 1 else "8"
    for part in (f"solver: {solver}", f", {names[0]}\n", f"epochs: {epochs}"):
        assert part in text, part
    for part in (solver, names[-1], 'aria-label="layers"', 'aria-label="learning curves"', "sk-top-container"):
        assert part in html, part
    if len(names) > 1:
        assert f"accuracy on held-out rows: {model.best_validation_score_:.4f}" in text
        assert "kept: epoch " in html


@unconverged
def test_lbfgs_has_no_curves() -> None:
    """L-BFGS records no epochs: summary and card have the loss alone, and the chart is refused."""
    model = MLPRegressor(hidden_layer_sizes=(3,), solver="lbfgs", max_iter=5, random_state=0).fit(*NUMBERS)
    assert "\niterations: 5" in model.summary()
    assert "learning curves" not in model._repr_html_()
    with pytest.raises(cr.InputError, match='this model has no learning curves: solver="lbfgs" records none'):
        model.plot_history()


def test_an_estimator_must_be_fitted() -> None:
    """Before fit there is neither a summary nor a chart."""
    for look in (MLPClassifier().summary, MLPRegressor().plot_history):
        with pytest.raises(NotFittedError):
            look()
