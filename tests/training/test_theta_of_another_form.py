"""A network whose θ was frozen, or got another form in place: all works as before, but a frozen θ is not changed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse

import chainrule as cr

X, Y = np.linspace(-1.0, 1.0, 18).reshape(9, 2), np.ones((9, 1))
SPARSE = scipy.sparse.csr_array(X)
COST = cr.SumOfSquares()

FORMS: dict[str, Callable[[cr.Network], object]] = {
    "frozen": lambda net: net.theta.setflags(write=False),
    "a column": lambda net: setattr(net.theta, "shape", (-1, 1)),
    "a row": lambda net: setattr(net.theta, "shape", (1, -1)),
    "one number": lambda net: setattr(net.theta, "strides", (0,)),
    "integers": lambda net: setattr(net.theta, "dtype", np.int64),
    "swapped bytes": lambda net: setattr(net.theta, "dtype", np.dtype(np.float64).newbyteorder()),
    "single": lambda net: setattr(net.theta, "dtype", np.float32),
}
USES: dict[str, Callable[[cr.Network, str], object]] = {
    "rows": lambda net, engine: net(X, engine=engine),
    "a row": lambda net, engine: net(X[0], engine=engine),
    "sparse": lambda net, engine: net(SPARSE, engine=engine),
    "predictor": lambda net, engine: net.predictor()(X[0]),
    "gradient": lambda net, engine: cr.gradient(net, COST, X, Y, engine=engine, wrt_x=True).theta,
    "theta": lambda net, engine: [*net.theta.tolist(), net.d],
}
CHANGES: dict[str, Callable[[cr.Network, str], object]] = {
    "train": lambda net, engine: cr.train(net, X, Y, epochs=2, engine=engine),
    "minimize": lambda net, engine: cr.minimize(net, X, Y, epochs=2, engine=engine),
    "lm": lambda net, engine: cr.minimize(net, X, Y, cost="sum_of_squares", method="lm", epochs=2, engine=engine),
    "assignment": lambda net, engine: setattr(net, "theta", np.ones(3)),
}


@pytest.mark.filterwarnings("ignore:Setting the:DeprecationWarning")  # NumPy ≥ 2.4
@pytest.mark.parametrize("is_used_before", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_theta_of_another_form(form: str, is_used_before: bool, engine: str) -> None:
    """Predictions, gradients and training have the bits of a network whose θ was left alone."""
    for name, use in (USES | CHANGES).items():
        if (name, engine) == ("sparse", "torch"):  # it declines sparse rows
            continue
        net = cr.Network.dense([2, 1], seed=0)
        expected, changed = use(net.copy(), engine), net.copy()
        if is_used_before:
            assert np.array_equal(net(X), net.copy()(X))
        FORMS[form](net)
        if use in USES.values():
            assert np.array_equal(use(net, engine), expected)  # type: ignore[arg-type]
        elif form == "frozen":
            with pytest.raises(cr.InputError, match=r"net\.theta is read-only.*net\.copy\(\)"):
                use(net, engine)
            assert net.theta.tolist() == changed.theta.tolist()
        else:
            use(changed, engine)
            use(net, engine)
            assert net.theta.tolist() == changed.theta.tolist()
            assert net.W[1].tolist() == changed.W[1].tolist()
