"""Bad input gives the promised error, which names the symbol, what was expected, what came, and the remedy.

This file is long because it is one table of every refusal of the Python interface. Each row holds a description, an
action on a fresh 3-4-2 network, words of the message, and the type of the error. The refusals of files are in
tests/files/test_spoilt_headers.py, those of the command line in tests/cli.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from numpy.typing import NDArray

import chainrule
from chainrule._internal.naming import resolve

cr: Any = chainrule  # most rows violate its types

Action = Callable[[Any], object]
FloatArray = NDArray[np.float64]

X = np.linspace(-1.0, 1.0, 15).reshape(5, 3)
Y = np.linspace(0.0, 1.0, 10).reshape(5, 2)
LABELS = [0, 1, 1, 0, 1]
J = cr.SumOfSquares()
NAN = math.nan
BIG = 10**400  # an integer beyond every float


class Bad(NamedTuple):
    """One kind of bad input."""

    what: str
    do: Action
    words: tuple[str, ...]
    error: type[Exception] = chainrule.InputError


def fresh() -> chainrule.Network:
    """3-4-2, tanh and identity, d = 26."""
    return chainrule.Network.dense([3, 4, 2], hidden="tanh", seed=1)


def spoilt(array: FloatArray, value: float) -> FloatArray:
    """A copy in which the entry of index (1, 0) is ``value``."""
    copy = array.copy()
    copy[1, 0] = value
    return copy


def train(**settings: Any) -> Action:
    """Train on X, Y with one setting that is wrong."""

    def do(net: chainrule.Network) -> object:
        return cr.train(net, **{"X": X, "Y": Y, "epochs": 2, **settings})

    return do


def resume(**parts: Any) -> Action:
    """Resume from the state after two epochs of Adam, with some of its fields replaced."""

    def do(net: chainrule.Network) -> object:
        state = cr.train(net.copy(), X, Y, optimizer="adam", batch_size=2, epochs=2).state
        changed = dataclasses.replace(state, **parts)
        return cr.train(net, X, Y, optimizer="adam", batch_size=2, epochs=4, resume=changed)

    return do


class Fading(chainrule.Schedule):
    """A schedule of the user's own, whose formula no file can hold."""

    name = "fading"

    def at(self, epoch: float, epochs: float) -> float:
        return self.rate / (1.0 + epoch)


class Refusing:
    """An object that refuses its conversion to an array, as a tensor on a GPU does."""

    def __array__(self, *_: object, **__: object) -> FloatArray:
        raise RuntimeError("detach it first")


class Sevens(chainrule.Initial):
    """Initial values of the wrong shape."""

    def draw(self, rng: np.random.Generator, m: int, n: int) -> Any:
        return np.full((n, m + 1), 7.0)


def masked() -> Any:
    """X with a masked entry."""
    return np.ma.masked_less(X, -0.9)


def numbers() -> Iterator[float]:
    """A generator."""
    yield from (1.0, 2.0, 3.0)


LAYER = [
    Bad("W ragged", lambda _: cr.Layer([[1.0], [1.0, 2.0]], [0.0, 0.0], "relu"), ("W must", "different lengths")),
    Bad("W a vector", lambda _: cr.Layer([1.0, 2.0], [0.0], "relu"), ("W must have shape (m, n)", "got (2,)")),
    Bad("W empty", lambda _: cr.Layer(np.ones((0, 2)), [], "relu"), ("W must", "m, n ≥ 1", "(0, 2)")),
    Bad("W of texts", lambda _: cr.Layer([["1", "2"]], [0.0], "relu"), ("W must hold real numbers", "'1'", "Encode")),
    Bad("W with NaN", lambda _: cr.Layer([[1.0, NAN]], [0.0], "relu"), ("W must be finite", "nan at index (0, 1)")),
    Bad("W None", lambda _: cr.Layer(None, [0.0], "relu"), ("W must be an array", "None")),
    Bad(
        "b of the wrong length", lambda _: cr.Layer(np.ones((2, 3)), [0.0], "relu"), ("b must have shape (2,)", "(1,)")
    ),
    Bad("b infinite", lambda _: cr.Layer([[1.0]], [math.inf], "relu"), ("b must be finite", "inf at index (0,)")),
    Bad("b a number", lambda _: cr.Layer([[1.0], [2.0]], 0.0, "relu"), ("b must have shape (2,)", "got ()")),
    Bad("b a column", lambda _: cr.Layer([[1.0], [2.0]], [[0.0], [0.0]], "relu"), ("(2, 1)", "Pass b.ravel()")),
    Bad(
        "an unknown activation",
        lambda _: cr.Layer([[1.0]], [0.0], "rellu"),
        ("unknown activation 'rellu'", "did you mean 'relu'?", "Known:", "softmax"),
        cr.UnknownName,
    ),
    Bad("an activation's class", lambda _: cr.Layer([[1.0]], [0.0], cr.Activation), ("sigma", "cr.Activation")),
    Bad("a function as sigma", lambda _: cr.Layer([[1.0]], [0.0], np.tanh), ("sigma", "cr.Activation(function")),
    Bad("dropout 1", lambda _: cr.Layer([[1.0]], [0.0], "relu", 1.0), ("dropout must be < 1", "got 1")),
    Bad("dropout negative", lambda _: cr.Layer([[1.0]], [0.0], "relu", -0.1), ("dropout must", "≥ 0", "-0.1")),
    Bad("dropout NaN", lambda _: cr.Layer([[1.0]], [0.0], "relu", NAN), ("dropout must be a finite number", "nan")),
    Bad("dropout True", lambda _: cr.Layer([[1.0]], [0.0], "relu", True), ("dropout must", "True")),
    Bad(
        "a dropout schedule from 1",
        lambda _: cr.Layer([[1.0]], [0.0], "relu", cr.FlatCosine(1.0)),
        ("the rate of a dropout schedule must be < 1", "got 1"),
    ),
    Bad("no blocks", lambda _: cr.BlockDiagonal([]), ("blocks must be a list of one or more matrices", "[]")),
    Bad("blocks a number", lambda _: cr.BlockDiagonal(3.0), ("blocks must be a list", "3.0")),
    Bad("a block a vector", lambda _: cr.BlockDiagonal([[[1.0]], [2.0]]), ("block 2 must have shape (p, q)", "(1,)")),
    Bad("an empty block", lambda _: cr.BlockDiagonal([np.ones((0, 2))]), ("block 1 must", "p, q ≥ 1", "(0, 2)")),
    Bad("a block with NaN", lambda _: cr.BlockDiagonal([[[NAN]]]), ("block 1 must be finite", "nan at index (0, 0)")),
    Bad("a matrix as w", lambda _: cr.Diagonal([[1.0]]), ("w must have shape (m,)", "(1, 1)")),
    Bad("an empty w", lambda _: cr.Diagonal([]), ("w must have shape (m,)", "m ≥ 1", "(0,)")),
    Bad("w infinite", lambda _: cr.Diagonal([1.0, -math.inf]), ("w must be finite", "-inf at index (1,)")),
    Bad(
        "b of a diagonal W",
        lambda _: cr.Layer(cr.Diagonal([1.0, 2.0]), [0.0], "relu"),
        ("b must have shape (2,)", "(1,)"),
    ),
    Bad(
        "a diagonal W with NaN",
        lambda _: cr.Layer(cr.BlockDiagonal.view(np.array([1.0, NAN]), ((2, 1, 1),)), [0.0, 0.0], "relu"),
        ("W must be finite", "nan at index (1,)"),
    ),
    Bad(
        "kappa of a plain σ",
        lambda _: cr.Layer([[1.0]], [0.0], "relu", kappa=[1.0]),
        ("kappa needs a parametric σ", "cr.Parametric('relu')"),
    ),
    Bad(
        "kappa of the wrong length",
        lambda _: cr.Layer([[1.0]], [0.0], cr.Parametric("relu"), kappa=[1.0, 2.0]),
        ("kappa must have shape (1,)", "(2,)"),
    ),
    Bad(
        "kappa with NaN",
        lambda _: cr.Layer([[1.0]], [0.0], cr.Parametric("relu"), kappa=NAN),
        ("kappa must be finite", "nan"),
    ),
    Bad("a parametric softmax", lambda _: cr.Parametric("softmax"), ("an entrywise activation", "cr.softmax")),
    Bad("κ twice", lambda _: cr.Parametric(cr.Parametric("tanh")), ("that has no κ itself", "cr.Parametric")),
    Bad("parametric of a function", lambda _: cr.Parametric(np.tanh), ("sigma must be an activation", "cr.Activation")),
    Bad("an unknown parametric σ", lambda _: cr.Parametric("mihs"), ("did you mean 'mish'?",), cr.UnknownName),
    Bad(
        "σ_κ of the wrong width",
        lambda _: cr.Layer([[1.0], [1.0]], [0.0, 0.0], cr.Parametric("tanh")).sigma(np.ones((2, 3))),
        ("z must have 2 columns", "(2, 3)"),
    ),
    Bad("a negative factor", lambda _: cr.Factors(W=-1.0), ("the factor of W must be a finite number ≥ 0", "-1.0")),
    Bad("an infinite factor", lambda _: cr.Factors(kappa=math.inf), ("the factor of kappa must be a finite", "inf")),
    Bad("a factor that is a list", lambda _: cr.Factors(b=[1.0]), ("the factor of b must be a finite number", "[1.0]")),
    Bad("a rate that is a number", lambda _: cr.Layer([[1.0]], [0.0], "relu", rate=6.0), ("rate must be cr.Factors",)),
    Bad("a decay that is a dict", lambda _: cr.Layer([[1.0]], [0.0], "relu", decay={"W": 1}), ("decay must be cr.F",)),
]

NETWORK = [
    Bad("no layers", lambda _: cr.Network([]), ("layers must", "one or more", "[]")),
    Bad("layers None", lambda _: cr.Network(None), ("layers must", "None")),
    Bad("a single layer", lambda _: cr.Network(cr.Layer([[1.0]], [0.0], "relu")), ("layers must be a list", "Layer(")),
    Bad(
        "arrays as layers", lambda _: cr.Network([np.ones((2, 2))]), ("layers must be a list", "cr.Layer(W, b, sigma)")
    ),
    Bad(
        "sizes that do not chain",
        lambda _: cr.Network([cr.Layer(np.ones((2, 3)), [0.0, 0.0], "relu"), cr.Layer([[1.0]], [0.0], "relu")]),
        ("layer 2 must take the 2 outputs of layer 1", "1 columns", "W[2] the shape (1, 2)"),
    ),
    Bad(
        "dropout on the outputs", lambda _: cr.Network([cr.Layer([[1.0]], [0.0], "relu", 0.5)]), ("output layer", "0.5")
    ),
    Bad(
        "theta of the wrong length",
        lambda net: setattr(net, "theta", np.ones(3)),
        ("theta must have shape (26,)", "(3,)"),
    ),
    Bad("theta with NaN", lambda net: setattr(net, "theta", np.full(26, NAN)), ("theta must be finite", "nan")),
    Bad(
        "W assigned", lambda net: setattr(net, "W", [1]), ("W of a network is frozen", "net.W[i][...]"), AttributeError
    ),
    Bad(
        "an entry of W assigned", lambda net: net.W.__setitem__(1, X), ("layer 1 is frozen", "net.W[1][...]"), TypeError
    ),
    Bad("layer 0 of W", lambda net: net.W[0], ("layers are numbered from 1 to 2", "got 0"), IndexError),
    Bad("a slice of layers", lambda net: net.W[1:], ("one layer at a time", "from 1 to 2"), TypeError),
    Bad("astype integers", lambda net: net.astype(int), ("dtype must be float32 or float64", "int")),
    Bad(
        "astype too narrow",
        lambda _: cr.Network([cr.Layer([[1e300]], [0.0], "relu")]).astype("float32"),
        ("W must be finite", "1e+300 at index (0, 0)", "does not fit into float32"),
    ),
]

DENSE = [
    Bad("one size", lambda _: cr.Network.dense([3]), ("sizes must be a list m₀ … m_r", "[3]")),
    Bad("sizes a number", lambda _: cr.Network.dense(3), ("sizes must be a list", "got 3")),
    Bad("sizes a text", lambda _: cr.Network.dense("32"), ("sizes must be a list", "'32'")),
    Bad("sizes a set", lambda _: cr.Network.dense({3, 2}), ("sizes must be a list", "{2, 3}")),
    Bad("a size of 0", lambda _: cr.Network.dense([3, 0, 1]), ("sizes[1] must be an integer ≥ 1", "got 0")),
    Bad("a negative size", lambda _: cr.Network.dense([3, 1, -2]), ("sizes[2] must be an integer ≥ 1", "got -2")),
    Bad("a size of 2.0", lambda _: cr.Network.dense([3, 2.0]), ("sizes[1] must be an integer", "got 2.0")),
    Bad("a size of True", lambda _: cr.Network.dense([3, True]), ("sizes[1] must be an integer", "got True")),
    Bad(
        "sizes beyond memory", lambda _: cr.Network.dense([2**31, 2**31]), ("sizes must", "memory", "5e+18 parameters")
    ),
    Bad("a size of 10⁴⁰⁰", lambda _: cr.Network.dense([BIG, 1]), ("sizes[0] must be an integer < 2**63", "1329 bits")),
    Bad(
        "unknown hidden σ",
        lambda _: cr.Network.dense([3, 2, 1], hidden="Tahn"),
        ("did you mean 'tanh'?",),
        cr.UnknownName,
    ),
    Bad(
        "unknown σ of no layer",
        lambda _: cr.Network.dense([3, 1], hidden="?"),
        ("unknown activation '?'",),
        cr.UnknownName,
    ),
    Bad(
        "hidden too short",
        lambda _: cr.Network.dense([3, 2, 2, 1], hidden=["relu"]),
        ("hidden must", "list of 2", "got 1"),
    ),
    Bad(
        "dropout too long",
        lambda _: cr.Network.dense([3, 2, 1], dropout=[0.1, 0.1]),
        ("dropout must", "list of 1", "got 2"),
    ),
    Bad("dropout 2", lambda _: cr.Network.dense([3, 2, 1], dropout=2.0), ("dropout must", "≤ 1", "got 2.0")),
    Bad("dropout of no layer", lambda _: cr.Network.dense([3, 1], dropout=2.0), ("dropout must", "≤ 1", "got 2.0")),
    Bad(
        "unknown initial",
        lambda _: cr.Network.dense([3, 1], initial="xavier"),
        ("unknown initial", "glorot"),
        cr.UnknownName,
    ),
    Bad("initial a number", lambda _: cr.Network.dense([3, 1], initial=0), ("initial", "got 0")),
    Bad(
        "initial draws a wrong shape",
        lambda _: cr.Network.dense([3, 1], initial=Sevens()),
        ("initial must draw W of shape (1, 3)", "(3, 2)"),
    ),
    Bad(
        "initial too large",
        lambda _: cr.Network.dense([3, 1], initial=cr.Normal(1e300), dtype="f4"),
        ("W must be finite", "fit"),
    ),
    Bad("seed negative", lambda _: cr.Network.dense([3, 1], seed=-1), ("seed must be an integer ≥ 0", "got -1")),
    Bad("seed a text", lambda _: cr.Network.dense([3, 1], seed="7"), ("seed must be an integer", "'7'")),
    Bad("seed too long", lambda _: cr.Network.dense([3, 1], seed=BIG), ("seed must be an integer < 2**128",)),
    Bad(
        "dtype float16",
        lambda _: cr.Network.dense([3, 1], dtype="float16"),
        ("dtype must be float32 or float64", "float16"),
    ),
    Bad("dtype None", lambda _: cr.Network.dense([3, 1], dtype=None), ("dtype must be float32 or float64", "None")),
    Bad(
        "dtype no type", lambda _: cr.Network.dense([3, 1], dtype="(2,"), ("dtype must be float32 or float64", "'(2,'")
    ),
]

FROM_THETA = [
    Bad(
        "θ too short", lambda _: cr.Network.from_theta([1.0], [1, 1], ["relu"]), ("theta must have shape (2,)", "(1,)")
    ),
    Bad(
        "θ a matrix",
        lambda _: cr.Network.from_theta([[1.0, 2.0]], [1, 1], ["relu"]),
        ("theta must have shape (2,)", "(1, 2)"),
    ),
    Bad(
        "θ ragged", lambda _: cr.Network.from_theta([[1.0], []], [1, 1], ["relu"]), ("theta must", "different lengths")
    ),
    Bad(
        "θ with None",
        lambda _: cr.Network.from_theta([1.0, None], [1, 1], ["relu"]),
        ("theta must", "None at index (1,)"),
    ),
    Bad(
        "too few σ",
        lambda _: cr.Network.from_theta([1.0] * 4, [1, 1, 1], ["relu"]),
        ("sigmas must", "2 for 3 sizes", "'relu'"),
    ),
    Bad("σ a text", lambda _: cr.Network.from_theta([1.0, 2.0], [1, 1], "relu"), ("sigmas must be a list", "'relu'")),
]

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
    Bad("an engine None", lambda net: net(X, engine=None), ("unknown engine None",), cr.UnknownName),
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

TRAIN = [
    Bad("a wrong net", lambda _: cr.train(None, X, Y), ("net must be a cr.Network", "None")),
    Bad(
        "a complex network",
        lambda net: cr.train(net.astype(complex), X, Y),
        ("net must be float32 or float64", "complex128"),
    ),
    Bad("X of the wrong width", train(X=X[:, :2]), ("X must have shape (t, 3)", "(5, 2)")),
    Bad("Y of other rows", train(Y=Y[:3]), ("Y must hold one label per row of X, 5", "got 3")),
    Bad("an unknown cost", train(cost="squares"), ("unknown cost 'squares'", "sum_of_squares"), cr.UnknownName),
    Bad("a cost None", train(cost=None), ("cost must be a cost", "None")),
    Bad("an unknown optimizer", train(optimizer="adm"), ("unknown optimizer", "'adam'", "Known:"), cr.UnknownName),
    Bad("an optimizer's class", train(optimizer=cr.Adam), ("optimizer must be an optimizer, such as Adam()",)),
    Bad("epochs negative", train(epochs=-1), ("epochs must be an integer ≥ 0", "got -1")),
    Bad("epochs 2.0", train(epochs=2.0), ("epochs must be an integer", "got 2.0")),
    Bad("epochs True", train(epochs=True), ("epochs must be an integer", "got True")),
    Bad("epochs 2⁶³", train(epochs=2**63), ("epochs must be an integer < 2**63", "9223372036854775808")),
    Bad("batch_size 0", train(batch_size=0), ("batch_size must be an integer ≥ 1", "got 0")),
    Bad("shuffle a number", train(shuffle=1), ("shuffle must be True or False", "got 1")),
    Bad("shuffle None", train(shuffle=None), ("shuffle must be True or False", "None")),
    Bad("batch_size a text", train(batch_size="all"), ("batch_size must be an integer ≥ 1", "'all'")),
    Bad("seed 1.5", train(seed=1.5), ("seed must be an integer ≥ 0", "1.5")),
    Bad("weights negative", train(weights=-np.ones(5)), ("weights must be ≥ 0", "-1.0")),
    Bad("weights of another shape", train(weights=Y), ("weights must have shape (5,)", "(5, 2)")),
    Bad("validation an array", train(validation=X), ("validation must be (X, Y) or (X, Y, weights)", "array(")),
    Bad("validation X alone", train(validation=(X,)), ("validation must be (X, Y) or (X, Y, weights)",)),
    Bad(
        "validation of other width", train(validation=(X[:, :1], Y)), ("validation: X must have shape (t, 3)", "(5, 1)")
    ),
    Bad("validation Y with NaN", train(validation=(X, spoilt(Y, NAN))), ("validation: Y must be finite", "(1, 0)")),
    Bad("validation weights zero", train(validation=(X, Y, np.zeros(5))), ("validation: weights must", "not all zero")),
    Bad("tol negative", train(tol=-1e-9), ("tol must be a finite number ≥ 0", "-1e-09")),
    Bad("tol NaN", train(tol=NAN), ("tol must be a finite number", "nan")),
    Bad("tol True", train(tol=True), ("tol must be a finite number", "True")),
    Bad("tol_epochs 0", train(tol=0.0, tol_epochs=0), ("tol_epochs must be an integer ≥ 1", "got 0")),
    Bad("patience alone", train(patience=3), ("patience=3 needs a validation set", "validation=(X, Y)")),
    Bad("patience 0", train(patience=0, validation=(X, Y)), ("patience must be an integer ≥ 1", "got 0")),
    Bad("time_limit 0", train(time_limit=0), ("time_limit must be a finite number > 0", "got 0")),
    Bad("time_limit a text", train(time_limit="60 s"), ("time_limit must be a finite number", "'60 s'")),
    Bad("callbacks a function", train(callbacks=print), ("callbacks must be a list of functions f(history)", "print")),
    Bad("callbacks of texts", train(callbacks=["print"]), ("callbacks must be a list of functions", "'print'")),
    Bad("callback_epochs 0", train(callback_epochs=0), ("callback_epochs must be an integer ≥ 1", "got 0")),
    Bad("threads 0", train(threads=0), ("threads must be an integer ≥ 1", "got 0")),
    Bad("an unknown engine", train(engine="gpu"), ("unknown engine 'gpu'", "reference"), cr.UnknownName),
    Bad(
        "RPROP on minibatches",
        train(optimizer="rprop", batch_size=2),
        ("rprop", "batch_size=None", "all 5 rows", "got 2"),
    ),
    Bad("an unknown argument", train(lr=0.1), ("unexpected keyword argument 'lr'",), TypeError),
]

RESUME = [
    Bad(
        "resume a number",
        train(resume=3.0),
        ("resume must be the path of a checkpoint", "TrainingState, such as history.state", "3.0"),
    ),
    Bad("resume a missing file", train(resume="none.safetensors"), ("No such file", "none"), FileNotFoundError),
    Bad("resume no run", train(resume=True), ("resume=True continues from the checkpoint", "checkpoint=None")),
    Bad("a checkpoint of a number", train(checkpoint=3), ("checkpoint must be a path or a cr.Checkpoint", "got 3")),
    Bad("a checkpoint without a name", train(checkpoint=""), ("path must name a file", "''")),
    Bad("a checkpoint that exists", train(checkpoint=__file__), ("checkpoint: ", "exists. Pass resume=True")),
    Bad("a checkpoint in no folder", train(checkpoint="none/x"), ("No such file", "none/x"), FileNotFoundError),
    Bad("a checkpoint every 0 epochs", lambda _: cr.Checkpoint("x", epochs=0), ("the epochs of a checkpoint", "≥ 1")),
    Bad("a checkpoint every 0 s", lambda _: cr.Checkpoint("x", seconds=0), ("the seconds of a checkpoint", "> 0")),
    Bad(
        "a checkpoint of a schedule of your own",
        lambda _: cr.train(cr.Network.dense([3, 5, 1], dropout=Fading(0.5)), X, Y[:, :1], checkpoint="x"),
        ("the dropout of layer 1 must be a number or a built-in schedule to be saved",),
    ),
    Bad(
        "another optimizer",
        lambda net: cr.train(net, X, Y, optimizer="adam", resume=cr.train(net.copy(), X, Y).state),
        ("resume must hold the moments of this optimizer", "['mu', 'nu']", "got []"),
    ),
    Bad("θ of another network", resume(theta=np.ones(3), moments={}), ("resume must hold a θ of 26 float64", "got 3")),
    Bad("θ float32", resume(theta=np.ones(26, "f4"), moments={}), ("resume must hold a θ of 26 float64", "float32")),
    Bad("θ with NaN", resume(theta=np.full(26, NAN)), ("theta must be finite", "nan")),
    Bad(
        "a moment too short",
        resume(moments={"mu": np.ones(26), "nu": np.ones(2)}),
        ("nu must be an array (26,) of float64", "array([1., 1.])"),
    ),
    Bad("best θ too short", resume(best_theta=np.ones(2)), ("best_theta must be an array (26,) of float64", "1., 1.")),
    Bad("negative steps", resume(step=-1), ("step must be an integer ≥ 0", "-1")),
    Bad("steps of another batch size", resume(step=7), ("resume holds 7 steps", "an epoch now has 3", "batch_size")),
    Bad("a step beyond the epoch", resume(batch=3, step=9), ("resume holds 9 steps", "an epoch now has 3")),
    Bad("records of texts", resume(epoch=1, records={"J": ["1"]}), ("lists of numbers", "'1' in J")),
    Bad("records in texts", resume(records={"J": ""}), ("records must hold lists of numbers", "''")),
    Bad("a negative ν", resume(moments={"mu": np.ones(26), "nu": -np.ones(26)}), ("nu must be ≥ 0", "got -1.0")),
    Bad("epochs without records", resume(epoch=3), ("records must hold 3 numbers",)),
    Bad("a stream of two small numbers", resume(stream=(1, 2)), ("stream must be two integers of 128 bits", "(1, 2)")),
    Bad("a stream of None", resume(stream=None), ("moments and records must be dicts, and stream a tuple",)),
    Bad("moments in a list", resume(moments=[1.0]), ("moments and records must be dicts",)),
    Bad("a best J that is a text", resume(best_J="inf"), ("best_J must be a float", "'inf'")),
    Bad("θ a list", resume(theta=[1.0] * 26), ("theta must be an array (d,)", "[1.0")),
    Bad("a best epoch after the last", resume(best_epoch=5), ("best_epoch must be ≤ epoch = 2", "got 5")),
]

VALUES = [
    Bad("an activation without a function", lambda _: cr.Activation("tanh"), ("function", "'tanh'")),
    Bad("a derivative that is a number", lambda _: cr.Activation(np.tanh, 1.0), ("derivative", "1.0")),
    Bad("a parameter that is a text", lambda _: cr.Activation(np.tanh, np.tanh, parameters={"k": "2"}), ("k", "'2'")),
    Bad("a range backwards", lambda _: cr.Activation(np.tanh, np.tanh, range=(1, -1)), ("range", "(1, -1)")),
    Bad("a range of NaN", lambda _: cr.Activation(np.tanh, np.tanh, range=(NAN, 1)), ("range", "nan")),
    Bad("a range of one number", lambda _: cr.Activation(np.tanh, np.tanh, range=(1,)), ("range", "(1,)")),
    Bad("a kink that is a text", lambda _: cr.Activation(np.abs, np.sign, kinks=["0"]), ("kinks must be", "'0'")),
    Bad("an activation's name that is no text", lambda _: cr.Activation(np.tanh, np.tanh, name=3), ("name", "3")),
    Bad(
        "a kin of initial values unknown",
        lambda _: cr.Activation(np.tanh, np.tanh, hidden_initial="?"),
        ("unknown initial values '?'",),
        cr.UnknownName,
    ),
    Bad(
        "parameters of no mapping", lambda _: cr.Activation(np.tanh, np.tanh, parameters=[2.0]), ("parameters", "[2.0]")
    ),
    Bad("no derivative where it needs one", lambda _: cr.Activation(np.abs), ("is not given",), cr.ActivationRefused),
    Bad(
        "an unknown parameter of σ", lambda _: cr.leaky_relu.with_parameters(slop=0.1), ("no parameter 'slop'", "slope")
    ),
    Bad("a slope infinite", lambda _: cr.leaky_relu.with_parameters(slope=math.inf), ("slope", "inf")),
    Bad("a slope True", lambda _: cr.leaky_relu.with_parameters(slope=True), ("slope", "True")),
    Bad("σ of texts", lambda _: cr.relu(["a"]), ("z", "<U1")),
    Bad("σ of None", lambda _: cr.relu(None), ("z", "None")),
    Bad("softmax of a number", lambda _: cr.softmax(1.0), ("z", "single number")),
    Bad(
        "a pullback of other shape",
        lambda _: cr.relu.pullback(np.ones((2, 3)), np.ones((3, 2))),
        ("g", "(2, 3)", "(3, 2)"),
    ),
    Bad(
        "a wrong derivative",
        lambda _: cr.check_activation(cr.Activation(np.sin, np.sin, name="s")),
        ("s: σ′", "claimed"),
        cr.ActivationRefused,
    ),
    Bad(
        "a check over an empty range", lambda _: cr.check_activation(cr.relu, 1.0, -1.0), ("low", "high", "1.0", "-1.0")
    ),
    Bad("a check of no rows", lambda _: cr.check_activation(cr.softmax, sizes=()), ("sizes must hold at least one",)),
    Bad(
        "a check of rows of 0", lambda _: cr.check_activation(cr.softmax, sizes=(0,)), ("sizes must be an integer ≥ 1",)
    ),
    Bad("softmax of empty rows", lambda _: cr.softmax(np.ones((2, 0))), ("m ≥ 1", "got shape (2, 0)")),
    Bad("a check of a function", lambda _: cr.check_activation(np.tanh), ("sigma", "cr.Activation")),
    Bad("a scale of 0", lambda _: cr.Normal(0.0), ("scale must be a finite number > 0", "0.0")),
    Bad("a scale that is a text", lambda _: cr.Uniform("1"), ("scale must be a finite number > 0", "'1'")),
    Bad("a gain below 0", lambda _: cr.Orthogonal(-1.0), ("gain must be a finite number > 0", "-1.0")),
    Bad("an unknown distribution", lambda _: cr.He("gauss"), ("distribution", "'normal'", "'gauss'")),
    Bad("learning_rate 0", lambda _: cr.GradientDescent(0.0), ("learning_rate must be a finite number > 0", "0.0")),
    Bad("learning_rate NaN", lambda _: cr.Adam(NAN), ("learning_rate must be a finite number > 0", "nan")),
    Bad("learning_rate a text", lambda _: cr.Adam("0.1"), ("learning_rate must be a finite number > 0", "'0.1'")),
    Bad("a schedule's class", lambda _: cr.Adam(cr.Cosine), ("learning_rate must", "Cosine")),
    Bad("clip_norm 0", lambda _: cr.Adam(clip_norm=0.0), ("clip_norm must be a finite number > 0", "0.0")),
    Bad("momentum 1", lambda _: cr.Momentum(momentum=1.0), ("momentum must lie in [0, 1)", "1.0")),
    Bad("beta1 below 0", lambda _: cr.Adam(beta1=-0.1), ("beta1 must lie in [0, 1)", "-0.1")),
    Bad("epsilon 0", lambda _: cr.RMSProp(epsilon=0.0), ("epsilon must be a finite number > 0", "0.0")),
    Bad(
        "weight_decay below 0",
        lambda _: cr.AdamW(weight_decay=-1.0),
        ("weight_decay must be a finite number ≥ 0", "-1.0"),
    ),
    Bad(
        "RPROP with a schedule",
        lambda _: cr.RPROP(cr.Cosine(0.1)),
        ("learning_rate of RPROP must be a number", "Cosine("),
    ),
    Bad("RPROP that shrinks by 2", lambda _: cr.RPROP(shrink=2.0), ("shrink < 1 < grow", "shrink=2.0")),
    Bad("RPROP of the wrong first size", lambda _: cr.RPROP(100.0), ("smallest ≤ learning_rate ≤ largest", "100.0")),
    Bad("a rate twice", lambda _: cr.optimizers.get(cr.Adam(), 0.1), ("learning_rate is given twice", "0.1")),
    Bad("a rate of 0", lambda _: cr.Constant(0.0), ("rate must be a finite number > 0", "0.0")),
    Bad("every 0", lambda _: cr.Step(0.1, every=0), ("every must be a finite number > 0", "got 0")),
    Bad("decay negative", lambda _: cr.Exponential(0.1, decay=-1.0), ("decay must be a finite number ≥ 0", "-1.0")),
    Bad("decay a list", lambda _: cr.InverseTime(0.1, decay=[1.0]), ("decay must be a finite number", "[1.0]")),
    Bad("warmup negative", lambda _: cr.Cosine(0.1, warmup=-1), ("warmup must be a finite number ≥ 0", "-1")),
    Bad(
        "pct_start 1", lambda _: cr.OneCycle(0.1, pct_start=1.0), ("pct_start must lie strictly between 0 and 1", "1.0")
    ),
    Bad("a rate of CosLog4 below 0", lambda _: cr.CosLog4(-0.1), ("rate must be a finite number > 0", "-0.1")),
    Bad(
        "a number as a name",
        lambda _: resolve("thing", 3, {"a": 1}),
        ("unknown thing 3", "Known: a"),
        cr.UnknownName,
    ),
    Bad("a name in capitals", lambda _: cr.activations.get("ReLU"), ("did you mean 'relu'?",), cr.UnknownName),
    Bad("a name of a megabyte", lambda _: cr.costs.get("x" * 10**6), ("unknown cost 'xxx", "..."), cr.UnknownName),
    Bad("initial's class", lambda _: cr.initial.get(cr.He), ("initial", "He")),
    Bad("flat 1", lambda _: cr.FlatCosine(0.1, flat=1.0), ("flat must be < 1", "1.0")),
    Bad("decay of AdamW negative", lambda _: cr.AdamW(weight_decay=-1.0), ("weight_decay must be", "≥ 0", "-1.0")),
    Bad("values from no data", lambda net: cr.initial.from_data(net, np.ones((0, 3))), ("X must hold at least one",)),
    Bad("values from data with NaN", lambda net: cr.initial.from_data(net, spoilt(X, NAN)), ("X must be finite",)),
    Bad("values from other data", lambda net: cr.initial.from_data(net, Y), ("X must have shape (t, 3)", "(5, 2)")),
    Bad("values of a wrong network", lambda _: cr.initial.from_data(X, X), ("net must be a cr.Network",)),
    Bad("values of a wrong seed", lambda net: cr.initial.from_data(net, X, -1), ("seed must be an integer ≥ 0", "-1")),
    Bad(
        "values of an output bias",
        lambda net: cr.initial.from_data(net, X, output_bias=0.0),
        ("output_bias must be True or False", "0.0"),
    ),
]

PATHS = [
    Bad("load without a file", lambda _: cr.load("no such file"), ("No such file", "no such file"), FileNotFoundError),
    Bad("load a folder", lambda _: cr.load(Path(__file__).parent), ("Is a directory",), IsADirectoryError),
    Bad("load a number", lambda _: cr.load(3), ("path must name a file", "got 3")),
    Bad("load an empty name", lambda _: cr.load(""), ("path must name a file", "''")),
    Bad("load a name with a zero byte", lambda _: cr.load("a\0b"), ("path must name a file",)),
    Bad("load another file", lambda _: cr.load(__file__), ("not a complete Chainrule file",), cr.FileFormatError),
    Bad("activations a list", lambda _: cr.load("x", activations=[cr.relu]), ("activations must map names", "cr.relu")),
    Bad("save under an empty name", lambda net: net.save(""), ("path must name a file",)),
    Bad("save as a folder", lambda net: net.save(Path(__file__).parent), ("is a folder",), IsADirectoryError),
    Bad(
        "save a complex network",
        lambda net: net.astype(complex).save("x"),
        ("net must be float32 or float64", "astype"),
    ),
    Bad("state without a file", lambda _: cr.TrainingState.load("no such file"), ("No such file",), FileNotFoundError),
    Bad("state from another file", lambda _: cr.TrainingState.load(__file__), ("not a complete",), cr.FileFormatError),
]

TABLE = [
    pytest.param(case, id=f"{group}: {case.what}")
    for group, cases in {
        "layer": LAYER,
        "network": NETWORK,
        "dense": DENSE,
        "from_theta": FROM_THETA,
        "array": ARRAYS,
        "data": DATA,
        "cost": COSTS,
        "train": TRAIN,
        "resume": RESUME,
        "value": VALUES,
        "path": PATHS,
    }.items()
    for case in cases
]


@pytest.mark.parametrize("case", TABLE)
def test_bad_input_is_refused_by_name(case: Bad) -> None:
    """Each kind of bad input gives its error with the promised words and moves no bit of θ."""
    net = fresh()
    before = net.theta.tobytes()
    with pytest.raises(case.error) as caught:
        case.do(net)
    assert type(caught.value) is case.error
    message = str(caught.value)
    assert [word for word in case.words if word not in message] == []
    assert len(message) < 700
    assert net.theta.tobytes() == before


def test_the_table_is_long_and_its_names_are_unique() -> None:
    """The table has at least 200 rows, and no two of them share a name."""
    assert len(TABLE) >= 200
    assert len({row.id for row in TABLE}) == len(TABLE)
