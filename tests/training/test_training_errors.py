"""The errors that end training: what catches them, and that they can be pickled."""

from __future__ import annotations

import pickle

import chainrule as cr


def test_ctrl_c_is_no_exception_that_programs_catch() -> None:
    """``except Exception`` lets TrainingInterrupted pass, as it does KeyboardInterrupt; divergence is an Exception."""
    assert not issubclass(cr.TrainingInterrupted, Exception)
    assert issubclass(cr.DivergenceError, Exception)


def test_errors_can_be_pickled() -> None:
    """Each error with fields survives pickling, which pools of processes need, with its message and its fields."""
    history = cr.train(cr.Network.dense([1, 1]), [[1.0], [2.0]], [[2.0], [4.0]], epochs=2)
    for kind in (cr.DivergenceError, cr.TrainingInterrupted):
        error = pickle.loads(pickle.dumps(kind("why", history)))  # noqa: S301 - made a line above
        assert (type(error), str(error), error.history.J.tolist()) == (kind, "why", history.J.tolist())
    refused = pickle.loads(pickle.dumps(cr.ActivationRefused("why", 0.5)))  # noqa: S301 - made a line above
    assert (type(refused), str(refused), refused.z) == (cr.ActivationRefused, "why", 0.5)
