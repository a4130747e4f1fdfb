"""Labels and costs: bad ones are refused by name."""

from __future__ import annotations

import math

import numpy as np
import pytest
from support.project.refusals import BIG, LABELS, Bad, X, Y, cr, require_refusal, rows, spoilt

COSTS = [
    Bad(
        "LogLikelihood with y = 2",
        lambda net: cr.gradient(cr.Network.dense([3, 2], output="sigmoid"), cr.LogLikelihood(), X, spoilt(Y, 2.0)),
        ("Y must lie in [0, 1] for LogLikelihood", "got 2 at index (1, 0)", "0 and 1"),
    ),
    Bad(
        "LogLikelihood with y in {−1, 1}",
        lambda net: cr.LogLikelihood().targets([-1, 1], m=1),
        ("Y must lie in [0, 1]", "got -1", "Encode the two classes as 0 and 1"),
    ),
    Bad(
        "LogLikelihood over identity",
        lambda net: cr.gradient(net, "log_likelihood", X, Y),
        ("[0, 1]", 'output="sigmoid"'),
    ),
    Bad(
        "CrossEntropy over identity",
        lambda net: cr.gradient(net, "cross_entropy", X, LABELS),
        ("[0, 1]", 'output="softmax"'),
    ),
    Bad(
        "CrossEntropy with one output",
        lambda _: cr.gradient(cr.Network.dense([3, 1], output="softmax"), cr.CrossEntropy(), X, LABELS),
        ("one output per class, m ≥ 2", "m = 1", "LogLikelihood()"),
    ),
    Bad(
        "a class too high",
        lambda _: cr.CrossEntropy().targets([0, 2], m=2),
        ("Y must be classes in 0 … 1", "got 2 at index 1"),
    ),
    Bad(
        "a class negative", lambda _: cr.CrossEntropy().targets([0, -1], m=2), ("Y must be classes in 0 … 1", "got -1")
    ),
    Bad(
        "a class of 2⁶³",
        lambda _: cr.CrossEntropy().targets([2**63], m=2),
        ("Y must be classes", "9223372036854775808"),
    ),
    Bad(
        "a class of 10⁴⁰⁰", lambda _: cr.CrossEntropy().targets([0, BIG], m=2), ("Y must be integer classes", "object")
    ),
    Bad(
        "classes as floats", lambda _: cr.CrossEntropy().targets([0.0, 1.0], m=2), ("integer classes", "Y.astype(int)")
    ),
    Bad("classes as texts", lambda _: cr.CrossEntropy().targets(["cat", "dog"], m=2), ("integer classes", "np.unique")),
    Bad(
        "classes as a column",
        lambda _: cr.CrossEntropy().targets([[0], [1]], m=2),
        ("Y must be classes (t,)", "Y[:, 0]"),
    ),
    Bad("no classes", lambda _: cr.CrossEntropy().targets([], m=2), ("Y must hold at least one example",)),
    Bad("classes a number", lambda _: cr.CrossEntropy().targets(1, m=2), ("Y must", "()")),
    Bad(
        "distributions that sum to 2",
        lambda _: cr.CrossEntropy().targets([[1.0, 1.0]], m=2),
        ("sum to 1", "sum 2 in row 0"),
    ),
    Bad(
        "distributions below 0",
        lambda _: cr.CrossEntropy().targets([[1.5, -0.5]], m=2),
        ("Y must lie in [0, 1]", "1.5"),
    ),
    Bad(
        "classes masked",
        lambda _: cr.CrossEntropy().targets(np.ma.array([0, 1], mask=[False, True]), m=2),
        ("Y must", "masked"),
    ),
    Bad(
        "distributions ragged",
        lambda _: cr.CrossEntropy().targets([[1.0], [0.5, 0.5]], m=2),
        ("Y must", "different lengths"),
    ),
    Bad(
        "label_smoothing 1",
        lambda _: cr.CrossEntropy(label_smoothing=1.0),
        ("label_smoothing must lie in [0, 1)", "1.0"),
    ),
    Bad("label_smoothing a text", lambda _: cr.CrossEntropy("0.1"), ("label_smoothing must", "'0.1'")),
    Bad("Poisson with y < 0", lambda _: cr.Poisson().targets([3.0, -1.0], m=1), ("Y must lie in [0, inf)", "Counts")),
    Bad("Poisson over identity", lambda net: cr.gradient(net, "poisson", X, Y), ("[0, inf)", 'output="exp"')),
    Bad("Huber with threshold 0", lambda _: cr.Huber(threshold=0.0), ("threshold must be a finite number > 0", "0.0")),
    Bad("Quantile with q = 1", lambda _: cr.Quantile(q=1.0), ("q must lie strictly between 0 and 1", "1.0")),
    Bad(
        "two quantiles of one output",
        lambda _: cr.Quantile(q=(0.1, 0.9))(cr.Network.dense([1, 1]), [[1.0]], [1.0]),
        ("q must have a number for each of the 1 outputs", "got 2: (0.1, 0.9)"),
    ),
    Bad("Quantile with q = True", lambda _: cr.Quantile(q=True), ("q must be a finite number", "True")),
    Bad("l2 negative", lambda _: cr.SumOfSquares(l2=-0.1), ("l2 must be a finite number ≥ 0", "-0.1")),
    Bad("l1 infinite", lambda _: cr.SumOfSquares(l1=math.inf), ("l1 must be a finite number ≥ 0", "inf")),
    Bad("l1 beyond every float", lambda _: cr.SumOfSquares(l1=BIG), ("l1 must be a finite number", "1329 bits")),
    Bad("mean a number", lambda _: cr.SumOfSquares(mean=1), ("mean must be True or False", "got 1")),
    Bad(
        "a cost's class",
        lambda net: cr.gradient(net, cr.SumOfSquares, X, Y),
        ("cost must be a cost, such as SumOfSquares()",),
    ),
    Bad(
        "a custom cost without a function", lambda _: cr.CustomCost("losses"), ("losses must be a function", "'losses'")
    ),
    Bad(
        "a custom cost of one number",
        lambda net: cr.gradient(net, cr.CustomCost(lambda A, Y: ((A - Y) ** 2).sum()), X, Y, engine="reference"),
        ("one number per example", "(5,)", ".sum(axis=1)"),
    ),
    Bad(
        "a custom cost with a wrong derivative",
        lambda net: cr.gradient(
            net, cr.CustomCost(lambda A, Y: ((A - Y) ** 2).sum(axis=1), lambda A, Y: A - Y), X, Y, engine="reference"
        ),
        ("derivative(A, Y)", "∂ℓ/∂a", "differences of losses give"),
    ),
]


@pytest.mark.parametrize("case", rows(cost=COSTS))
def test_bad_costs_are_refused(case: Bad) -> None:
    """Labels and outputs that a cost cannot take, and costs that cannot be, are refused by name."""
    require_refusal(case)
