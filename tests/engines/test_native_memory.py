"""Training by the native engine copies no data, needs a few times the memory of θ, and none more with each epoch.

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
from chainrule.costs import TrainingSet
from chainrule.engines.problem import Problem

def memory(kind):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(kind))

def resident():  # also resets VmHWM, the peak
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    return memory("VmRSS")

rng = np.random.default_rng(0)
cr.train(cr.Network.dense([2, 70, 1]), np.ones((9, 2)), np.ones((9, 1)), epochs=1)  # everything is loaded
"""


def measured(code: str) -> Any:
    """Runs a program after PREAMBLE and returns the JSON in its last line of output."""
    command = [sys.executable, "-W", "error", "-c", PREAMBLE + textwrap.dedent(code)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout.splitlines()[-1])


def test_the_training_set_is_not_copied() -> None:
    """Contiguous X and Y of θ's dtype are used in place: the peak of training is less than half of their memory higher,
    with minibatches and with the full batch, on both methods, in float32 and float64."""
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
                    cr.train(net, X, Y, epochs=1, batch_size=batch_size, optimizer=descent, time_limit=cr.Deadline(0.3))
                    parts[f"{m}, {dtype}, {batch_size}"] = (memory("VmHWM") - before) / (X.nbytes + Y.nbytes)
                    del X, Y
        print(json.dumps(parts))
    """)
    # The check for finite numbers takes one byte per entry, and a shuffled order four bytes per row.
    assert max(parts.values()) < 0.5, parts


def test_training_takes_a_few_times_the_memory_of_theta() -> None:
    """With Adam and a large θ, training takes at most 4 times the bytes of θ beyond θ itself, and 7.5 times when
    the state is then requested."""
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
def test_epochs_take_no_further_memory(threads: int) -> None:
    """glibc counts as many allocated bytes after 400 epochs of every optimizer as before them, with dropout, clipping,
    penalties, validation and a smaller last minibatch.

    The C++ test of training shows that nothing is allocated and freed within an epoch either.
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
    assert max(grown.values()) < 400, grown  # less than a byte per epoch; threads allocate and free a little
