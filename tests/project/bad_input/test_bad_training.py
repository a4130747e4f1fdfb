"""Settings of training: bad ones are refused by name."""

from __future__ import annotations

import numpy as np
import pytest
from support.project.refusals import NAN, Bad, Fading, X, Y, cr, require_refusal, resume, rows, spoilt, train

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
    Bad(
        "an ε that is 0 in float32",
        lambda net: cr.train(net.astype("f4"), X, Y, optimizer=cr.Adam(epsilon=1e-60)),
        ("epsilon must be ≥ 1.18e-38 for a network of float32", "got 1e-60"),
    ),
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
    Bad("an infinite μ", resume(moments={"mu": np.full(26, np.inf), "nu": np.ones(26)}), ("mu must be finite", "inf")),
    Bad("a ν that is NaN", resume(moments={"mu": np.ones(26), "nu": np.full(26, NAN)}), ("nu must be finite", "nan")),
    Bad("epochs without records", resume(epoch=3), ("records must hold 3 numbers",)),
    Bad("a stream of two small numbers", resume(stream=(1, 2)), ("stream must be two integers of 128 bits", "(1, 2)")),
    Bad("a stream of None", resume(stream=None), ("moments and records must be dicts, and stream a tuple",)),
    Bad("moments in a list", resume(moments=[1.0]), ("moments and records must be dicts",)),
    Bad("a best J that is a text", resume(best_J="inf"), ("best_J must be a float", "'inf'")),
    Bad("θ a list", resume(theta=[1.0] * 26), ("theta must be an array (d,)", "[1.0")),
    Bad("a best epoch after the last", resume(best_epoch=5), ("best_epoch must be ≤ epoch = 2", "got 5")),
]


@pytest.mark.parametrize("case", rows(train=TRAIN, resume=RESUME))
def test_bad_training_are_refused(case: Bad) -> None:
    """Settings of a run, and states that it cannot resume from, are refused by name."""
    require_refusal(case)
