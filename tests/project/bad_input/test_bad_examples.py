"""Examples: bad ones are refused by name."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from support.project.refusals import (
    BIG,
    LABELS,
    NAN,
    Bad,
    J,
    Refusing,
    X,
    Y,
    cr,
    masked,
    numbers,
    require_refusal,
    rows,
    spoilt,
)

# Wrong arrays, shown with the x of N(x); X, Y, weights, W, b and θ pass the same check.
ARRAYS = [
    Bad("x too long", lambda net: net([1.0, 2.0, 3.0, 4.0]), ("x must have shape (3,) or (t, 3)", "(4,)")),
    Bad("x with three axes", lambda net: net(np.ones((1, 1, 3))), ("x must have shape (3,) or (t, 3)", "(1, 1, 3)")),
    Bad("x a number", lambda net: net(1.0), ("x must have shape (3,)", "()")),
    Bad("no rows", lambda net: net(np.ones((0, 3))), ("x must", "t ≥ 1", "(0, 3)")),
    Bad("x with NaN", lambda net: net([1.0, NAN, 2.0]), ("x must be finite", "nan at index (1,)", "Replace or drop")),
    Bad("x infinite", lambda net: net(spoilt(X, -math.inf)), ("x must be finite", "-inf at index (1, 0)")),
    Bad(
        "x beyond float32",
        lambda net: net.astype("float32")([1.0, 1e39, 0.0]),
        ("x must be finite", "1e+39 at index (1,)", "does not fit into float32"),
    ),
    Bad("x an integer beyond float64", lambda net: net([1, 2, BIG]), ("x must", "real numbers", "dtype=float")),
    Bad("x complex", lambda net: net([1.0, 2.0, 3j]), ("x must hold real numbers", "complex128", "x.real")),
    Bad("x digits", lambda net: net(["1", "2", "3"]), ("x must hold real numbers", "'1'", "Encode")),
    Bad(
        "x with a missing value", lambda net: net([1.0, None, 2.0]), ("x must hold real numbers", "None at index (1,)")
    ),
    Bad(
        "x of objects",
        lambda net: net(np.array([1.0, 2.0, 3.0], dtype=object)),
        ("x must", "dtype object", "dtype=float"),
    ),
    Bad("x decimal", lambda net: net([Decimal(1), Decimal(2), Decimal(3)]), ("x must", "Decimal('1') at index (0,)")),
    Bad("x dates", lambda net: net(np.array(["2024-01-01"] * 3, "M8[D]")), ("x must", "datetime64", "Encode")),
    Bad("x structured", lambda net: net(np.zeros(3, dtype=[("u", float)])), ("x must hold real numbers", "'u'")),
    Bad("x a generator", lambda net: net(numbers()), ("x must be an array", "generator", "list(…)")),
    Bad("x a text", lambda net: net("abc"), ("x must be an array", "'abc'", "Pass a list")),
    Bad("x a set", lambda net: net({1.0, 2.0, 3.0}), ("x must be an array", "{1.0, 2.0, 3.0}", "list(…)")),
    Bad("x a dict", lambda net: net({"x": 1.0}), ("x must be an array", "{'x': 1.0}")),
    Bad("x a function", lambda net: net(numbers), ("x must be an array", "numbers", "Pass a list")),
    Bad("x ragged", lambda net: net([[1.0, 2.0, 3.0], [1.0]]), ("x must be an array", "different lengths")),
    Bad("x masked", lambda net: net(masked()), ("x must be finite", "masked", "filled")),
    Bad(
        "θ sparse",
        lambda net: setattr(net, "theta", scipy.sparse.csr_array(X)),
        ("theta must be a dense array", "csr_array", "theta.toarray()"),
    ),
    Bad("x that refuses", lambda net: net(Refusing()), ("x must be an array", "Refusing", "detach it first")),
    Bad(
        "a table with texts",
        lambda net: net(pd.DataFrame({"u": [1.0], "v": ["red"], "w": [2.0]})),
        ("'red' at index (0, 1)",),
    ),
    Bad(
        "a table with missing values",
        lambda net: net(pd.DataFrame(spoilt(X, NAN))),
        ("x must be finite", "nan at index (1, 0)"),
    ),
    Bad(
        "a table with NA",
        lambda net: net(pd.DataFrame([[1, 2, None]], dtype="Int64")),
        ("x must", "<NA> at index (0, 2)"),
    ),
    Bad(
        "a table with dates",
        lambda net: net(pd.DataFrame({"day": pd.to_datetime(["2024-01-01"])})),
        ("x must", "datetime64"),
    ),
    Bad("a column of texts", lambda net: net(pd.Series(["1", "2", "3"])), ("x must", "'1'", "Encode")),
    Bad("forward of a wrong x", lambda net: net.forward([[1.0]]), ("x must have shape", "(1, 1)")),
    Bad("jacobian of a wrong x", lambda net: net.jacobian([1.0]), ("x must have shape", "(1,)")),
    Bad(
        "an unknown engine", lambda net: net(X, engine="natve"), ("unknown engine 'natve'", "reference"), cr.UnknownName
    ),
    Bad("an engine None", lambda net: net(X, engine=None), ('engine must be "auto"', "got None")),
    Bad("the engine of a wrong cost", lambda net: cr.engines.chosen(net, cost=3), ("cost must be a cost", "got 3")),
    Bad(
        "the engine of no optimizer",
        lambda net: cr.engines.chosen(net, optimizer="sgd"),
        ("unknown optimizer",),
        cr.UnknownName,
    ),
    Bad("the engine of a wrong network", lambda _: cr.engines.chosen("net"), ("net must be a cr.Network", "'net'")),
]

DATA = [
    Bad("X of the wrong width", lambda net: cr.gradient(net, J, X[:, :2], Y), ("X must have shape (t, 3)", "(5, 2)")),
    Bad("X empty", lambda net: cr.gradient(net, J, X[:0], Y[:0]), ("X must hold at least one example", "(0, 3)")),
    Bad(
        "X one long row",
        lambda net: cr.gradient(net, J, X[:, 0], Y),
        ("X must have shape (t, 3)", "(5,)", "X[None, :]"),
    ),
    Bad(
        "X a vector for n = 1",
        lambda _: cr.gradient(cr.Network.dense([1, 1]), J, X[:, 0], Y[:, 0]),
        ("X must have shape (t, 1)", "(5,)", "X[:, None]"),
    ),
    Bad("X with NaN", lambda net: cr.gradient(net, J, spoilt(X, NAN), Y), ("X must be finite", "nan at index (1, 0)")),
    Bad("Y of the wrong width", lambda net: cr.gradient(net, J, X, Y[:, :1]), ("Y must have shape (t, 2)", "(5, 1)")),
    Bad(
        "Y of other rows",
        lambda net: cr.gradient(net, J, X, Y[:4]),
        ("Y must hold one label per row of X", "5", "got 4"),
    ),
    Bad(
        "Y with infinity",
        lambda net: cr.gradient(net, J, X, spoilt(Y, math.inf)),
        ("Y must be finite", "inf at index (1, 0)"),
    ),
    Bad("Y missing", lambda net: cr.gradient(net, J, X, None), ("Y must be an array", "None")),
    Bad(
        "classes without CrossEntropy",
        lambda net: cr.gradient(net, J, X, LABELS),
        ("Y must have shape (t, 2)", "CrossEntropy()"),
    ),
    Bad("too few weights", lambda net: cr.gradient(net, J, X, Y, [1.0]), ("weights must have shape (5,)", "(1,)")),
    Bad("a negative weight", lambda net: cr.gradient(net, J, X, Y, [1, 1, -1, 1, 1]), ("weights must be ≥ 0", "-1.0")),
    Bad("no weight", lambda net: cr.gradient(net, J, X, Y, np.zeros(5)), ("weights must", "not all zero")),
    Bad(
        "weights with NaN", lambda net: cr.gradient(net, J, X, Y, [1, 1, NAN, 1, 1]), ("weights must be finite", "(2,)")
    ),
    Bad(
        "weights of infinite sum",
        lambda net: cr.gradient(net, J, X, Y, np.full(5, 1e308)),
        ("weights", "finite sum", "Scale"),
    ),
    Bad("v missing", lambda net: cr.hessian_vector_product(net, J, X, Y), ("v must be a vector", "None")),
    Bad(
        "v of the wrong length",
        lambda net: cr.hessian_vector_product(net, J, X, Y, np.ones(3)),
        ("v must have shape", "(3,)"),
    ),
    Bad("net and cost swapped", lambda net: cr.gradient(J, net, X, Y), ("cost must be a cost", "Network(3-4-2")),
    Bad("net a text", lambda _: cr.gradient("net", J, X, Y), ("net must be a cr.Network", "'net'")),
    Bad("J of a wrong network", lambda _: J(None, X, Y), ("net must be a cr.Network", "None")),
    Bad("J of a wrong X", lambda net: J(net, X.T, Y), ("X must have shape (t, 3)", "(3, 5)")),
    Bad(
        "an unknown cost",
        lambda net: cr.gradient(net, "crossentropy", X, Y),
        ("did you mean 'cross_entropy'?",),
        cr.UnknownName,
    ),
]


@pytest.mark.parametrize("case", rows(array=ARRAYS, data=DATA))
def test_bad_examples_are_refused(case: Bad) -> None:
    """Arrays that are no examples of the network are refused by name."""
    require_refusal(case)
