"""Ctrl-C while the native engine is in the middle of a long step."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.native

PROGRAM = """
import json, os, signal, sys, threading, time
import numpy as np
import chainrule as cr

net = cr.Network.dense([1024, 2048, 2048, 10], dtype="float32")
X, Y = np.ones((ROWS, 1024), "float32"), np.ones((ROWS, 10), "float32")
answers = []
for delay in DELAYS:
    before, sent = net.theta.copy(), []

    def press():
        while signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            time.sleep(0.01)
        time.sleep(delay)  # training has begun
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    presser = threading.Thread(target=press)
    presser.start()
    try:
        cr.train(net, X, Y, optimizer=cr.Adam(1e-6), epochs=10**9, batch_size=BATCH, threads=THREADS, engine="native")
    except cr.TrainingInterrupted as error:
        answers.append(time.monotonic() - sent[0])
        state = error.history.state
        assert (net.theta == state.theta).all() and np.isfinite(net.theta).all()
        assert (net.theta != before).any() == (state.step > 0)
        steps = state.step
    presser.join()
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
print(json.dumps([answers, steps]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="signals as on Unix")
@pytest.mark.parametrize(
    ("rows", "batch", "threads", "delays"),
    [
        (2048, 1024, 2, [0.3, 0.3, 0.3]),
        (4096, 4096, 1, [0.9, 1.05, 1.2, 1.35, 1.5, 1.65]),
        (16384, 16384, 1, [0.3, 0.3, 0.3]),
    ],
    ids=["D", "all phases of a step", "a step of seconds"],
)
def test_ctrl_c_answers_within_a_fifth_of_a_second(rows: int, batch: int, threads: int, delays: list[float]) -> None:
    """SIGINT while 1024-2048-2048-10 trains ends training within 0.2 s, wherever in a step it comes: θ is as before
    that step. (One of three, or five of six: other programs may hold the CPU back.)"""
    program = PROGRAM.replace("ROWS", str(rows)).replace("BATCH", str(batch)).replace("THREADS", str(threads))
    program = program.replace("DELAYS", str(delays))
    command = [sys.executable, "-W", "error", "-c", program]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert answer.returncode == 0, answer.stderr
    answers, steps = json.loads(answer.stdout)
    assert len(answers) == len(delays)
    assert sorted(answers)[0 if len(delays) == 3 else -2] < 0.2, answers
    if batch == 16384:
        assert steps == 0  # it was in its first step still
