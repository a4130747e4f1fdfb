"""Activations, optimizers, schedules, initial values and paths: bad ones are refused by name."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from support.project.refusals import NAN, Bad, X, Y, cr, require_refusal, rows, spoilt

from chainrule._internal.naming import resolve

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
    Bad("seven examples by hand", lambda _: cr.exercise(examples=7), ("examples must be an integer ≤ 6", "got 7")),
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


@pytest.mark.parametrize("case", rows(value=VALUES, path=PATHS))
def test_bad_values_are_refused(case: Bad) -> None:
    """Values that cannot be, and paths of no file, are refused by name."""
    require_refusal(case)
