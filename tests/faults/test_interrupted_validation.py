"""Ctrl-C while the validation set is evaluated."""

from __future__ import annotations

import signal
import subprocess

import pytest
from support.installation import STRICT_PYTHON
from support.patience import LIMIT

PROGRAM = """
import os, queue, signal, threading, time
import numpy as np
import chainrule as cr

X = np.linspace(-1.0, 1.0, 30).reshape(10, 3)
Y = np.sin(X.sum(axis=1, keepdims=True))
V = np.random.default_rng(0).normal(size=(ROWS, 3))  # nearly all of an epoch's time
settings = dict(
    optimizer="adam", batch_size=5, epochs=8, seed=0, validation=(V, np.sin(V[:, :1])), patience=4, engine=ENGINE,
)

def new():
    return cr.Network.dense([3, 256, 256, 1], seed=1)

whole = new()
expected = cr.train(whole, X, Y, **settings)
ended_epochs = queue.SimpleQueue()

def press():
    while True:
        ended_epochs.get()
        time.sleep(0.002)
        os.kill(os.getpid(), signal.SIGINT)

def tell(history):
    if history.stopped is None and not history.epochs % 3:  # another epoch follows
        ended_epochs.put(history.epochs)

threading.Thread(target=press, daemon=True).start()
net, state, interruptions = new(), None, 0
while state is None or state.epoch < expected.epochs:
    try:
        state = cr.train(net, X, Y, **settings, resume=state, callbacks=[tell], callback_epochs=1).state
    except cr.TrainingInterrupted as error:
        state = error.history.state
        interruptions += 1
        assert np.isfinite(error.history.validation_J).all()
assert list(state.records["validation_J"]) == expected.validation_J.tolist()
assert (net.theta == whole.theta).all() and state.best_epoch == expected.best_epoch
print(interruptions > 0)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="signals as on Unix")
@pytest.mark.parametrize(
    ("engine", "rows"), [pytest.param("native", 40_000, marks=pytest.mark.native), ("reference", 8_000)]
)
def test_ctrl_c_while_the_validation_set_is_evaluated(engine: str, rows: int) -> None:
    """The record of the epoch is whole, and the resumed run has the bits of an uninterrupted one."""
    command = [*STRICT_PYTHON, "-c", PROGRAM.replace("ENGINE", repr(engine)).replace("ROWS", str(rows))]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert (answer.stdout, answer.stderr) == ("True\n", "")
