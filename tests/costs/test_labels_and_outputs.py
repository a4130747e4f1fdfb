"""The labels Y that a cost accepts and their encoding, and the output activations that suit it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.cost_examples import ULP

import chainrule as cr

GOOD_LABELS: list[tuple[cr.Cost, Any, int, Any]] = [
    (cr.SumOfSquares(), [1, 2, 3], 1, [[1], [2], [3]]),
    (cr.SumOfSquares(), [[1.5], [2]], 1, [[1.5], [2]]),
    (cr.SumOfSquares(), [[1, 2], [3, 4]], 2, [[1, 2], [3, 4]]),
    (cr.LogLikelihood(), [True, False], 1, [[1], [0]]),
    (cr.LogLikelihood(), [[0.0, 0.5, 1.0]], 3, [[0, 0.5, 1]]),
    (cr.Poisson(), np.array([0, 7], np.uint8), 1, [[0], [7]]),
    (cr.CrossEntropy(), [2, 0], 3, [[0, 0, 1], [1, 0, 0]]),
    (cr.CrossEntropy(), np.array([1, 0], np.uint8), 2, [[0, 1], [1, 0]]),
    (cr.CrossEntropy(), [True, False], 2, [[0, 1], [1, 0]]),
    (cr.CrossEntropy(), [[0.25, 0.75]], 2, [[0.25, 0.75]]),
    (cr.CrossEntropy(), [[0, 1], [1, 0]], 2, [[0, 1], [1, 0]]),
    (cr.CrossEntropy(label_smoothing=0.5), [0], 2, [[1, 0]]),  # the loss does the smoothing
]


@pytest.mark.parametrize(("cost", "Y", "m", "expected"), GOOD_LABELS, ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_labels_are_encoded(cost: cr.Cost, Y: Any, m: int, expected: Any, dtype: Any) -> None:
    """`targets` returns a contiguous array (t, m) of the dtype (or its real part), and returns that array unchanged."""
    encoded = cost.targets(Y, m, dtype)
    np.testing.assert_array_equal(encoded, expected)
    assert encoded.dtype == (np.float32 if dtype == np.float32 else np.float64)
    assert encoded.flags.c_contiguous
    np.testing.assert_array_equal(cost.targets(encoded, m, dtype), encoded)


def test_distributions_are_scaled_to_sum_to_one() -> None:
    """Rows rounded to float32 are accepted and scaled to sum to 1 in float64, which δ = a − y needs."""
    Y = np.random.default_rng(0).dirichlet(np.ones(7), 20).astype(np.float32)
    encoded = cr.CrossEntropy().targets(Y, 7)
    np.testing.assert_allclose(encoded.sum(axis=1), 1.0, rtol=4 * ULP)
    np.testing.assert_allclose(encoded, Y, rtol=1e-6)


def test_labels_that_fit_are_not_copied() -> None:
    """A contiguous (t, m) array of the right dtype passes through."""
    Y = np.ones((4, 2))
    assert cr.SumOfSquares().targets(Y, 2) is Y


BAD_LABELS: list[tuple[cr.Cost, Any, int, str]] = [
    (cr.SumOfSquares(), [1.0, 2.0], 3, r"shape \(t, 3\)"),
    (cr.SumOfSquares(), [1, 2], 3, "CrossEntropy"),
    (cr.SumOfSquares(), [[1.0, 2.0]], 3, r"shape \(t, 3\)"),
    (cr.SumOfSquares(), 1.0, 1, "shape"),
    (cr.SumOfSquares(), np.zeros((2, 2, 1)), 1, "shape"),
    (cr.SumOfSquares(), np.zeros((0, 1)), 1, "at least one example"),
    (cr.SumOfSquares(), [], 1, "at least one example"),
    (cr.SumOfSquares(), [np.nan], 1, "finite"),
    (cr.SumOfSquares(), [[1.0], [np.inf]], 1, r"finite.*index \(1, 0\)"),
    (cr.SumOfSquares(), ["a", "b"], 1, "Encode"),
    (cr.SumOfSquares(), [1 + 2j], 1, "real"),
    (cr.SumOfSquares(), [[1.0], [1.0, 2.0]], 1, "different lengths"),
    (cr.LogLikelihood(), [0, 2], 1, r"\[0, 1\].*got 2 at index \(1, 0\).*CrossEntropy"),
    (cr.LogLikelihood(), [-1, 1], 1, r"\[0, 1\].*got -1"),
    (cr.Poisson(), [3.0, -0.5], 1, r"\[0, inf\).*got -0.5.*SumOfSquares"),
    (cr.CrossEntropy(), [0, 3], 3, "0 … 2.*got 3 at index 1"),
    (cr.CrossEntropy(), [-1, 0], 3, "got -1 at index 0"),
    (cr.CrossEntropy(), [0.0, 1.0], 2, "astype"),
    (cr.CrossEntropy(), ["cat", "dog"], 2, "np.unique"),
    (cr.CrossEntropy(), np.array([], int), 2, "at least one example"),
    (cr.CrossEntropy(), [[0], [1]], 2, r"Y\[:, 0\]"),
    (cr.CrossEntropy(), [[0.5, 0.6]], 2, "sum to 1; got the sum 1.1 in row 0"),
    (cr.CrossEntropy(), [[1.5, -0.5]], 2, r"\[0, 1\]"),
    (cr.CrossEntropy(), [[0.5, np.nan]], 2, "finite"),
    (cr.CrossEntropy(), [[0.5, 0.5], [1.0]], 2, "different lengths"),
    (cr.CrossEntropy(), [[0.2, 0.3, 0.5]], 2, "shape"),
]


@pytest.mark.parametrize(("cost", "Y", "m", "message"), BAD_LABELS, ids=repr)
def test_bad_labels_are_refused(cost: cr.Cost, Y: Any, m: int, message: str) -> None:
    """The error names Y, what was expected, what came and what to do."""
    with pytest.raises(cr.InputError, match=message) as refusal:
        cost.targets(Y, m)
    assert str(refusal.value).startswith("Y ")


def test_a_label_too_large_for_single_precision_is_refused() -> None:
    """1e300 is finite, but not in float32."""
    with pytest.raises(cr.InputError, match="does not fit into float32"):
        cr.SumOfSquares().targets([1e300], 1, np.float32)


OWN = cr.Activation(lambda z: 0.5 + 0.5 * np.sin(z), lambda z: 0.5 * np.cos(z), name="own")
OWN_RANGE = cr.Activation(np.sin, np.cos, name="own", range=(-1.0, 1.0))


@pytest.mark.parametrize(
    ("cost", "sigma", "m"),
    [
        *((cost, sigma, 1) for cost in (cr.SumOfSquares(), cr.Huber()) for sigma in (cr.identity, cr.relu)),
        (cr.LogLikelihood(), cr.sigmoid, 1),
        (cr.LogLikelihood(), cr.softmax, 3),
        (cr.LogLikelihood(), cr.gaussian, 2),
        (cr.LogLikelihood(), OWN, 1),
        (cr.CrossEntropy(), cr.softmax, 2),
        (cr.CrossEntropy(), OWN, 2),
        (cr.Poisson(), cr.exp, 1),
        (cr.Poisson(), cr.softplus, 1),
    ],
    ids=repr,
)  # fmt: skip
def test_outputs_that_fit_are_accepted(cost: cr.Cost, sigma: Any, m: int) -> None:
    """A built-in σ is accepted by its range, a user's σ also without one."""
    cost.check_output(sigma, m)


@pytest.mark.parametrize(
    ("cost", "sigma", "m", "message"),
    [
        (cr.LogLikelihood(), cr.identity, 1, r'\[0, 1\].*identity.*output="sigmoid"'),
        (cr.LogLikelihood(), cr.tanh, 1, 'output="sigmoid"'),
        (cr.LogLikelihood(), cr.relu, 1, 'output="sigmoid"'),
        (cr.LogLikelihood(), OWN_RANGE, 1, 'output="sigmoid"'),
        (cr.CrossEntropy(), cr.identity, 3, 'output="softmax"'),
        (cr.CrossEntropy(), cr.log_softmax, 3, 'log_softmax.*output="softmax"'),
        (cr.CrossEntropy(), cr.sigmoid, 3, 'sum to 1.*sigmoid.*output="softmax".*LogLikelihood'),
        (cr.CrossEntropy(), cr.softmax, 1, "m ≥ 2; got m = 1.*LogLikelihood"),
        (cr.Poisson(), cr.identity, 1, r'\[0, inf\).*output="exp"'),
        (cr.Poisson(), cr.tanh, 1, 'output="exp"'),
    ],
    ids=repr,
)
def test_outputs_that_do_not_fit_are_refused(cost: cr.Cost, sigma: Any, m: int, message: str) -> None:
    """The error names the cost, σ[r] and the output to take instead."""
    with pytest.raises(cr.InputError, match=message):
        cost.check_output(sigma, m)
