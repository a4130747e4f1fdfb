"""What memory the native engine takes for training: no copy of the data, a few times θ, nothing more with every epoch.

Measured from outside, in processes of their own, by what Linux says of them: the highest amount of memory that was
resident (VmHWM) since it was last reset.
"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from support.patience import LIMIT

pytestmark = [
    pytest.mark.native,
    pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is measured as on Linux"),
]

PREAMBLE = """
import ctypes, json, math
import numpy as np
import chainrule as cr
from chainrule import engines
from chainrule.engines.problem import Problem, TrainingSet

def memory(kind):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(kind))

def resident():  # and from now on VmHWM is the highest since
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    return memory("VmRSS")

rng = np.random.default_rng(0)
cr.train(cr.Network.dense([2, 70, 1]), np.ones((9, 2)), np.ones((9, 1)), epochs=1)  # everything is loaded
"""


def measured(code: str) -> Any:
    """What a program prints as JSON in its last line."""
    command = [sys.executable, "-W", "error", "-c", PREAMBLE + textwrap.dedent(code)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout.splitlines()[-1])


def test_the_training_set_is_not_copied() -> None:
    """X and Y that are contiguous and of θ's dtype stay where they are: training takes less than half of them more, at
    its highest, in minibatches and with the full batch, with narrow networks and wide ones, float32 and float64."""
    parts = measured("""
        parts = {}
        for dtype in ("float32", "float64"):
            for m in ([24, 8, 8], [24, 40, 8]):
                for batch_size in (256, None):
                    t = 2**20 if dtype == "float32" else 2**19
                    X, Y = np.empty((t, 24), dtype), np.empty((t, 8), dtype)  # 128 MiB together
                    X[...], Y[...] = np.linspace(-1, 1, 24), 0.5
                    net = cr.Network.dense(m, dtype=dtype)
                    before = resident()
                    descent = cr.GradientDescent(1e-9)
                    cr.train(net, X, Y, epochs=1, batch_size=batch_size, optimizer=descent, time_limit=0.3)
                    parts[f"{m}, {dtype}, {batch_size}"] = (memory("VmHWM") - before) / (X.nbytes + Y.nbytes)
                    del X, Y
        print(json.dumps(parts))
    """)
    # The border looks for numbers that are not finite (a byte each), and a shuffled order has four bytes a row.
    assert max(parts.values()) < 0.5, parts


def test_a_few_times_theta() -> None:
    """A network like 784-512-512-10, with θ so large that all else is small beside it, takes with Adam no more than 4
    times the bytes of θ beyond θ itself, to the end of training; and 7.5 times when the state is then asked for."""
    within, highest = measured("""
        X, Y = rng.normal(size=(64, 1568)).astype("float32"), np.ones((64, 10), "float32")
        net = cr.Network.dense([1568, 2048, 2048, 10], dtype="float32")
        seen, before = [], resident()
        look = lambda history: seen.append(memory("VmRSS"))
        history = cr.train(net, X, Y, optimizer="adam", epochs=2, batch_size=16, callbacks=[look])
        seen.append(memory("VmHWM"))
        size = net.theta.nbytes
        history.state
        print(json.dumps([(max(seen) - before) / size, (memory("VmHWM") - before) / size]))
    """)
    assert within <= 4.0
    assert highest <= 7.5


@pytest.mark.parametrize("threads", [1, 2])
def test_no_memory_is_taken_with_the_epochs(threads: int) -> None:
    """After 400 epochs of every optimizer, with dropout, clipping, penalties, validation, a ragged minibatch, as many
    bytes are allocated as before them, by glibc's own account.

    That nothing is allocated and freed again on the way either is counted by the C++ test of training.
    """
    grown = measured(f"""
        import chainrule.engines.thread_counts
        chainrule.engines.thread_counts.FLOP_PER_THREAD = 1e-9

        class Account(ctypes.Structure):
            names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
            _fields_ = [(name, ctypes.c_size_t) for name in names.split()]
        mallinfo = ctypes.CDLL(None).mallinfo2
        mallinfo.restype = Account
        def allocated():
            account = mallinfo()
            return account.uordblks + account.hblkhd

        grown = {{}}
        for name in cr.optimizers.OPTIMIZERS:
            for m in ([3, 9, 2], [3, 40, 2]):
                optimizer = cr.optimizers.OPTIMIZERS[name](0.001, clip_norm=0.1)
                net = cr.Network.dense(m, dropout=0.1)
                data = TrainingSet(rng.normal(size=(50, 3)), rng.normal(size=(50, 2)))
                size = 50 if optimizer.full_batch_only else 16
                problem = Problem(
                    net, cr.SumOfSquares(l1=0.01, l2=0.01), optimizer, data, size, 10**6, 0, data, patience=10**6,
                    threads={threads},
                )
                run = engines.chosen(net, problem.cost, optimizer, engine="native").engine.start(problem, None)
                advance = run._run.advance
                advance(20, math.inf)
                before = allocated()
                for k in range(10):
                    advance(40, math.inf)
                grown[f"{{name}} {{m}}"] = allocated() - before
                assert len(run.records["J"]) == 420
        print(json.dumps(grown))
    """)
    assert max(grown.values()) < 400, grown  # not a byte an epoch; a thread's own few come and go
