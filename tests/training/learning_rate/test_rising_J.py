"""A J that rises is never silent: it ends in a DivergenceError, or with a TrainingWarning."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from support.regression_examples import NETWORKS, examples

import chainrule as cr
from chainrule.errors import TrainingWarning


@pytest.mark.parametrize("t", [100, 200, 300, 1000])
@pytest.mark.parametrize("name", NETWORKS)
def test_J_falls_or_training_says_that_it_does_not(name: str, t: int, engine: str) -> None:
    """α = 0.01 and J as a sum: with t rows J falls, or training says that α is too large for t, and what to try."""
    (X, Y), net, said = examples(t), NETWORKS[name](), ""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            J = cr.train(net, X, Y, optimizer=cr.GradientDescent(0.01), engine=engine).J
        except cr.DivergenceError as error:
            said, J = str(error), error.history.J
    said += "".join(str(w.message) for w in caught if w.category is TrainingWarning)
    assert np.isfinite(net.theta).all()
    assert (said != "") == (len(J) < 100 or J[-1] > J[0])
    assert len(J) < 3 or J[-2] <= 1e10 * J[0]  # it ends with the first J above
    if said:
        assert "learning rate 0.01" in said
        assert "Try a smaller learning rate (such as 0.001)" in said
        assert "a cost with mean=True (J is a sum" in said


def test_both_engines_give_the_same_verdict() -> None:
    """J explodes in the same epoch with the same message; the history holds the J that exploded."""
    X, Y = examples(300)
    ends = []
    for engine in ("native", "reference"):
        with pytest.raises(
            cr.DivergenceError, match=r"J rose from 519 to .* in \d+ epochs \(learning rate 0.01\)"
        ) as e:
            cr.train(NETWORKS["linear regression"](), X, Y, optimizer=cr.GradientDescent(0.01), engine=engine)
        J = e.value.history.J
        ends.append((len(J), e.value.history.stopped))
        assert J[-1] > 1e10 * J[0] >= J[-2]
        assert e.value.history.state.epoch == len(J)
    assert ends[0] == ends[1]


@pytest.mark.parametrize("optimizer", [cr.AdaGrad(1e120, clip_norm=1e-120), cr.GradientDescent(1e8)])
def test_a_step_after_which_J_explodes_counts(optimizer: cr.Optimizer, engine: str) -> None:
    """The first step leads far away, so that J of the second one explodes: both belong to the run, and θ is finite."""
    net = cr.Network([cr.Layer([[1.0]], [0.0], "identity")])
    with pytest.raises(cr.DivergenceError) as e:
        cr.train(net, [[1.0]], [[0.0]], optimizer=optimizer, engine=engine)
    state = e.value.history.state
    assert (state.epoch, state.step) == (2, 2)
    assert np.isfinite(net.theta).all()
    assert e.value.history.J[1] > 1e10 * e.value.history.J[0]


def test_a_rise_is_told_with_the_number_of_examples() -> None:
    """The warning names both values of J, the epochs, t and α."""
    X, Y = examples(200)
    with pytest.warns(TrainingWarning, match=r"J rose from .* in 3 epochs over 200 examples \(learning rate 0.02\)"):
        cr.train(NETWORKS["linear regression"](), X, Y, optimizer=cr.GradientDescent(0.02), epochs=3)


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": cr.GradientDescent(1e-3)},
        {"optimizer": cr.Adam(0.01), "batch_size": 7},
        {"epochs": 1, "optimizer": cr.GradientDescent(0.1)},
        {"optimizer": cr.GradientDescent(0.02), "epochs": 3, "patience": 2},
    ],
    ids=["J falls", "minibatches", "one epoch", "the best θ is kept"],
)
def test_no_warning_without_a_rise(settings: dict[str, object]) -> None:
    """A J that falls, one epoch, and a run whose best θ is kept end in silence (a warning would be an error here)."""
    X, Y = examples(200)
    validation = {"validation": (X, Y)} if "patience" in settings else {}
    cr.train(NETWORKS["linear regression"](), X, Y, **settings, **validation)  # type: ignore[arg-type]


def test_training_on_at_the_minimum_is_no_rise() -> None:
    """Minibatches and rounding move J at its minimum: that is not said."""
    net, (X, Y) = NETWORKS["linear regression"](), examples(200)
    cr.minimize(net, X, Y, method="lm")
    cr.train(net.copy(), X, Y, optimizer=cr.GradientDescent(1e-3), epochs=50)
    cr.train(net.astype(np.float32), X, Y, optimizer=cr.GradientDescent(1e-3), epochs=50)
    cr.train(net.copy(), X, Y, optimizer=cr.GradientDescent(1e-3), epochs=10, batch_size=20)


def test_a_start_of_almost_zero_may_rise() -> None:
    """J₀ = 10⁻²⁵ is no scale: a J that is still below 1 has not exploded."""
    net = cr.Network([cr.Layer([[2.0 + 1e-12]], [0.0], "identity")])
    X, Y = np.array([[1.0]]), np.array([[2.0]])
    with pytest.warns(TrainingWarning, match="J rose"):
        history = cr.train(net, X, Y, optimizer=cr.GradientDescent(1.6), epochs=18)
    assert history.J[-1] > 1e10 * history.J[0]
    assert history.stopped == "epochs"
