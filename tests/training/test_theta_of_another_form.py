"""A network whose θ was frozen or reshaped in place predicts, and is not trained."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import chainrule as cr

FORMS: dict[str, tuple[Callable[[cr.Network], object], str]] = {
    "frozen": (lambda net: net.theta.setflags(write=False), r"net\.theta is read-only.*net\.copy\(\)"),
    "reshaped": (lambda net: setattr(net.theta, "shape", (-1, 1)), r"net\.theta must have shape \(d,\).*got \(3, 1\)"),
}


@pytest.mark.filterwarnings("ignore:Setting the shape:DeprecationWarning")  # NumPy ≥ 2.5
@pytest.mark.parametrize("form", FORMS)
def test_theta_of_another_form(form: str, engine: str) -> None:
    """N(x) is as before, and ``cr.train`` refuses the network with a remedy."""
    change, words = FORMS[form]
    net = cr.Network.dense([2, 1], seed=0)
    X = np.ones((9, 2))
    expected = net.copy()(X)
    change(net)
    assert net(X).tolist() == expected.tolist()
    assert net(X[0]).tolist() == expected[0].tolist()
    with pytest.raises(cr.InputError, match=words):
        cr.train(net, X, np.ones(9), engine=engine)
