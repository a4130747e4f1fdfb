"""The examples of J: their number types, single rows, names in messages; and the scales of losses and penalties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule._internal.checks import Array


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
def test_examples_have_the_number_type_of_the_network(dtype: str) -> None:
    """X is of θ's type; Y and the weights are real, of its precision."""
    net = cr.Network.dense([3, 2, 2], output="softmax", seed=0).astype(dtype)
    data = cr.CrossEntropy().examples(net, np.ones((2, 3), int), [0, 1], [1, 2])
    real = "float32" if dtype == "float32" else "float64"
    assert [part.dtype for part in data if part is not None] == [np.dtype(name) for name in (dtype, real, real)]


def test_a_single_x_and_its_y() -> None:
    """For n = 3 a list of three numbers is one x, and its y may be a list or, for m = 1, a number."""
    J = cr.SumOfSquares()
    two, one = (cr.Network([cr.Layer(np.ones((m, 3)), np.zeros(m), "identity")]) for m in (2, 1))
    assert J(two, [1.0, 2.0, 3.0], [5.0, 4.0]) == 0.5 * (1.0 + 4.0)
    assert J(one, [[1.0, 2.0, 3.0]], 5.0) == J(one, [1.0, 2.0, 3.0], 5.0) == 0.5


@pytest.mark.parametrize(
    ("X", "message"),
    [([[np.nan, 0.0, 0.0]], "X must be finite"), (np.ones((2, 4)), "X must have"), (np.ones((0, 3)), "X must")],
)
def test_bad_rows_are_refused_by_the_name_of_X(X: Any, message: str) -> None:
    """NaN, a wrong number of columns, and no row are refused as faults of X."""
    net = cr.Network.dense([3, 2], seed=0)
    with pytest.raises(cr.InputError, match=f"^{message}"):
        cr.SumOfSquares()(net, X, np.zeros((len(X), 2)))


def test_cross_entropy_asks_for_the_outputs_of_the_last_layer() -> None:
    """One output is refused, however many units the layers before have."""
    with pytest.raises(cr.InputError, match="got m = 1"):
        cr.CrossEntropy()(cr.Network.dense([3, 2, 1], seed=0), [[1.0, 2.0, 3.0]], [[1.0]])


@pytest.mark.parametrize(
    ("cost", "setting"),
    [(cr.Huber(threshold=2), "threshold"), (cr.Quantile(q=np.float64(0.5)), "q"),
     (cr.CrossEntropy(label_smoothing=0), "label_smoothing")],
)  # fmt: skip
def test_settings_are_floats(cost: cr.Cost, setting: str) -> None:
    """A setting is a float of Python, whatever number was passed."""
    assert type(getattr(cost, setting)) is float


def test_messages_show_what_came() -> None:
    """A switch that is no boolean is shown, and a setting that is no number is named."""
    with pytest.raises(cr.InputError, match="mean must be True or False; got 3"):
        cr.SumOfSquares(mean=3)  # type: ignore[arg-type]
    with pytest.raises(cr.InputError, match=r"^label_smoothing must"):
        cr.CrossEntropy(label_smoothing="much")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("weights", "factors", "penalty"),
    [
        (None, 0.5, 0.5),
        ([0.25, 0.25], [0.5, 0.5], 2.0),
        ([1.0, 3.0], [0.25, 0.75], 0.25),
        ([0.0, 0.0], [0.0, 0.0], 0.0),
    ],
)
def test_means_are_over_the_weights(weights: Any, factors: Any, penalty: float) -> None:
    """Of two examples, the factors are w/Σw, that of the penalty is 1/Σw; 0 in a minibatch of weights 0 alone."""
    cost = cr.SumOfSquares(mean=True, mean_penalty=True, l2=2.0)
    given: Array | None = None if weights is None else np.array(weights)
    assert np.asarray(cost.example_scale(given, 2)).tolist() == factors
    assert cost.penalty_scale(given, 2) == penalty


def test_a_mean_penalty_without_weights_is_divided_by_t() -> None:
    """W = 3, X = 1, 1 and Y = 1, 5: J = (½ 2² + ½ 2² + 9 λ₂/2) / 2 = 6.5 for λ₂ = 2."""
    net = cr.Network([cr.Layer([[3.0]], [0.0], "identity")])
    assert cr.SumOfSquares(mean=True, mean_penalty=True, l2=2.0)(net, [[1.0], [1.0]], [[1.0], [5.0]]) == 6.5


def test_penalties_of_float32_do_not_overflow() -> None:
    """½ λ₂ ‖W‖² of W = 2⁷⁰ in float32 is 2¹³⁹ for λ₂ = 1, beyond the largest float32."""
    assert cr.SumOfSquares(l2=1.0).penalty([np.full((1, 1), 2.0**70, np.float32)]) == 2.0**139
