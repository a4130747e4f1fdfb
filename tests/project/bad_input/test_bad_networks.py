"""Layers and networks: bad ones are refused by name."""

from __future__ import annotations

import math

import numpy as np
import pytest
from support.project.refusals import BIG, NAN, Bad, Sevens, X, cr, require_refusal, rows

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


@pytest.mark.parametrize("case", rows(layer=LAYER, network=NETWORK, dense=DENSE, from_theta=FROM_THETA))
def test_bad_networks_are_refused(case: Bad) -> None:
    """Layers, networks and their sizes that cannot be are refused by name."""
    require_refusal(case)
