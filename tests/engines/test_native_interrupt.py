"""Ctrl-C during a long step of the native engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from support.patience import LIMIT

pytestmark = pytest.mark.native

PROGRAM = """
import json, os, resource, signal, sys, threading, time
import numpy as np
import chainrule as cr

net = cr.Network.dense([1024, 2048, 2048, 10], dtype="float32")
X, Y = np.ones((ROWS, 1024), "float32"), np.ones((ROWS, 10), "float32")

def computed():
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime

def train(rows, batch_size, epochs):
    cr.train(
        net, X[:rows], Y[:rows], optimizer=cr.Adam(1e-6), epochs=epochs, batch_size=batch_size, threads=THREADS,
        engine="native",
    )

for _ in range(2):  # the first run allocates the memory
    began = computed()
    train(FEW, FEW, 1)
unit = computed() - began
answers, steps = [], []
for part in PARTS:
    before, sent = net.theta.copy(), []

    def press():
        while signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            time.sleep(0.001)
        due = computed() + part * unit * BATCH / FEW
        while computed() < due:
            time.sleep(0.001)
        sent.append(computed())
        os.kill(os.getpid(), signal.SIGINT)

    presser = threading.Thread(target=press)
    presser.start()
    try:
        train(ROWS, BATCH, 2_000_000_000)
    except cr.TrainingInterrupted as error:
        answers.append(computed() - sent[0])
        state = error.history.state
        assert (net.theta == state.theta).all() and np.isfinite(net.theta).all()
        assert (net.theta != before).any() == (state.step > 0)
        steps.append(state.step)
    presser.join()
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
print(json.dumps([unit, answers, steps]))
"""
FEW = 512  # rows


@pytest.mark.skipif(not hasattr(os, "fork"), reason="signals as on Unix")
@pytest.mark.parametrize(
    ("rows", "batch", "threads", "parts"),
    [
        (2048, 1024, 2, [0.4, 0.9, 2.5]),
        (4096, 4096, 1, [0.1, 0.3, 0.45, 0.6, 0.75, 0.9]),
        (16384, 16384, 1, [0.05, 0.1, 0.15]),
    ],
    ids=["minibatches", "all phases of a step", "a long step"],
)
def test_ctrl_c_ends_training_within_a_step(rows: int, batch: int, threads: int, parts: list[float]) -> None:
    """SIGINT at any moment of a step of 1024-2048-2048-10 ends training, and θ is as before that step.

    The signal is sent after ``parts`` of the CPU time of a step. The answer may cost 0.1 s a thread, twice the period
    in which the engine looks for signals, and the time of a step over 512 rows. All times are CPU time of the program's
    own code: it is the same while other programs run, a slow machine is slow at both, and the kernel's work of clearing
    new memory, which no program can interrupt, is not in it.
    """
    program = PROGRAM.replace("ROWS", str(rows)).replace("BATCH", str(batch)).replace("THREADS", str(threads))
    program = program.replace("PARTS", str(parts)).replace("FEW", str(FEW))
    command = [sys.executable, "-W", "error", "-c", program]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert answer.returncode == 0, answer.stderr
    unit, answers, steps = json.loads(answer.stdout)
    assert len(answers) == len(parts)
    assert max(answers) < 0.1 * threads + unit, (unit, answers)
    if batch == 16384:
        assert steps == [0, 0, 0]  # the signal came during the first step
