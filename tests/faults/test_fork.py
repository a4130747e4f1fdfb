"""Processes that fork while other threads compute."""

from __future__ import annotations

import os
import subprocess

import pytest
from support.installation import STRICT_PYTHON
from support.patience import LIMIT

PROGRAM = """
import os, signal, threading
import numpy as np
import scipy.sparse

import chainrule as cr

X, Y = np.ones((4_000, 64), "float32"), np.zeros((4_000, 3), "float32")
net = cr.Network.dense([64, 256, 128, 3], dtype="float32", seed=0)
S = scipy.sparse.csr_array(X)
few, one, done, started = net(X[:100]), net(X[0]), threading.Event(), threading.Event()
of_sparse = net(S[:100])

def work():
    while not done.is_set():
        WORK
        started.set()

thread = threading.Thread(target=work, daemon=True)  # a failed assertion ends the program
thread.start()
started.wait()
for _ in range(4):
    child = os.fork()
    if child == 0:
        signal.alarm(1800)  # ends a child that hangs
        right = (net(X[:100]) == few).all() and (net(X[0]) == one).all() and (net(S[:100]) == of_sparse).all()
        cr.gradient(net, cr.SumOfSquares(), X, Y)
        cr.train(net, X, Y, epochs=1, batch_size=2_000)
        cr.hessian_vector_product(net, cr.SumOfSquares(), X, Y, np.ones(net.d))
        os._exit(0 if right else 1)
    assert os.waitpid(child, 0)[1] == 0
done.set()
thread.join()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize(
    "work",
    [
        "net(X)",
        "net(X[0])",
        "net(S)",
        "cr.gradient(net, cr.SumOfSquares(), X, Y)",
        "cr.train(net.copy(), X, Y, epochs=1)",
        "cr.hessian_vector_product(net, cr.SumOfSquares(), X, Y, np.ones(net.d))",
    ],
)
def test_a_child_predicts_and_trains(work: str) -> None:
    """A process forked while another thread predicts, differentiates or trains, also without a rate, can do it all."""
    answer = subprocess.run(
        # Python 3.12 warns of fork beside threads.
        [*STRICT_PYTHON, "-W", "ignore::DeprecationWarning", "-c", PROGRAM.replace("WORK", work)],
        capture_output=True, text=True, timeout=2 * LIMIT, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, (answer.returncode, answer.stderr)
