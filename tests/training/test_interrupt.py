"""Training ended by Ctrl-C, by a callback's exception or by divergence leaves an intact network and its history."""

from __future__ import annotations

import signal
import subprocess
import threading

import numpy as np
import pytest
from support.installation import STRICT_PYTHON
from support.patience import LIMIT

import chainrule as cr

X = np.linspace(-1.0, 1.0, 30).reshape(10, 3)
Y = np.sin(X.sum(axis=1, keepdims=True))


def fresh() -> cr.Network:
    """3-4-1, d = 21."""
    return cr.Network.dense([3, 4, 1], hidden="tanh", seed=1)


PREAMBLE = """
import itertools, os, select, signal, sys, threading, time
import numpy as np, chainrule as cr
signal.alarm(1800)  # ends a program that would hang
X = np.linspace(-1.0, 1.0, 30).reshape(10, 3)
Y = np.sin(X.sum(axis=1, keepdims=True))
net = cr.Network.dense([3, 4, 1], hidden="tanh", seed=1)
before = net.theta.copy()
settings = dict(optimizer="adam", batch_size=5, epochs=2_000_000_000)  # endless

def ready(history):
    if history.epochs and not ready.is_said:
        print("ready", flush=True)
        ready.is_said = True
ready.is_said = False
"""


class Program:
    """A Python process that reports when it is ready for signals, such as after its first epoch."""

    def __init__(self, code: str) -> None:
        self.process = subprocess.Popen(
            [*STRICT_PYTHON, "-c", PREAMBLE + code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.first = self.process.stdout.readline()

    def interrupt(self) -> None:
        """Sends SIGINT, as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)

    def end(self, text: str = "") -> tuple[str, str, int]:
        """Sends ``text`` and returns the output after "ready", the messages on stderr, and the exit status."""
        try:
            out, err = self.process.communicate(text, timeout=LIMIT)
        finally:
            self.process.kill()
        assert self.first == "ready\n", err
        return out, err, self.process.returncode


def test_ctrl_c_ends_training_with_an_intact_network() -> None:
    """SIGINT during training raises TrainingInterrupted; θ is intact, and the run can be resumed."""
    program = Program("""
try:
    cr.train(net, X, Y, callbacks=[ready], **settings)
except KeyboardInterrupt as error:
    history = error.history
    assert type(error) is cr.TrainingInterrupted
    assert str(error) == f"training was interrupted after {history.epochs} of 2000000000 epochs; the network is intact."
    assert history.stopped == "interrupted" and len(history.J) == history.epochs == history.state.epoch > 0
    assert (net.theta == history.state.theta).all() and (net.theta != before).any()
    assert np.isfinite(net.theta).all() and np.isfinite(history.J).all()
    other = cr.Network.dense([3, 4, 1], hidden="tanh", seed=1)
    whole = cr.train(other, X, Y, **settings | dict(epochs=history.epochs + 3))
    rest = cr.train(net, X, Y, **settings | dict(epochs=history.epochs + 3), resume=history.state)
    assert (net.theta == other.theta).all() and (whole.J == rest.J).all()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    print("interrupted")
""")
    program.interrupt()
    assert program.end() == ("interrupted\n", "", 0)


def test_ctrl_c_keeps_the_best_theta() -> None:
    """With ``patience`` the interrupted network holds the θ of the lowest validation cost."""
    program = Program("""
try:
    cr.train(net, X, Y, callbacks=[ready], validation=(-X, Y), patience=10**9, **settings)
except cr.TrainingInterrupted as error:
    J = cr.SumOfSquares()(net, -X, Y)
    assert np.isclose(J, error.history.validation_J.min(), rtol=1e-12)
    assert error.history.validation_J.min() == error.history.validation_J[error.history.best_epoch - 1]
    print("best")
""")
    program.interrupt()
    assert program.end() == ("best\n", "", 0)


def test_an_uncaught_ctrl_c_ends_the_program() -> None:
    """A program that does not catch it ends with a traceback and the exit status of a failure."""
    program = Program("cr.train(net, X, Y, callbacks=[ready], **settings)")
    program.interrupt()
    out, err, status = program.end()
    assert out == ""
    assert status in (
        1,
        -signal.SIGINT,
    )  # Python dies by SIGINT for KeyboardInterrupt itself, and exits with 1 for its subclasses
    assert err.splitlines()[-1].startswith(
        "chainrule.training.errors.TrainingInterrupted: training was interrupted after"
    )


def test_ctrl_c_is_not_lost_between_short_trainings() -> None:
    """One Ctrl-C stops a loop of trainings that are each too short to check for it."""
    program = Program("""
try:
    for k in itertools.count():
        cr.train(net, X, Y, epochs=20)
        if k == 100:
            print("ready", flush=True)
except KeyboardInterrupt:
    print("stopped")
""")
    program.interrupt()
    assert program.end() == ("stopped\n", "", 0)


def test_a_second_ctrl_c_ends_a_hanging_callback() -> None:
    """While a callback hangs, the first Ctrl-C waits for it, and the second raises KeyboardInterrupt in it."""
    program = Program("""
def hang(history):
    print("ready", flush=True)
    end = time.monotonic() + 3600
    while time.monotonic() < end:
        time.sleep(0.01)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler and not hang.has_seen_one:
            print("once", flush=True)
            hang.has_seen_one = True
hang.has_seen_one = False
try:
    cr.train(net, X, Y, callbacks=[hang], **settings)
except KeyboardInterrupt as error:
    assert type(error) is KeyboardInterrupt
    assert np.isfinite(net.theta).all()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    print("twice")
""")
    program.interrupt()
    assert program.process.stdout is not None
    assert program.process.stdout.readline() == "once\n"
    program.interrupt()
    assert program.end() == ("twice\n", "", 0)


@pytest.mark.parametrize("call", ["train", "minimize"])
def test_an_interactive_session_gets_the_history(call: str) -> None:
    """At a prompt and in a notebook, which have ``sys.ps1``, Ctrl-C returns the history, with a warning, and θ is that
    of its end; a second one within two seconds raises, so that a loop of trainings ends."""
    program = Program(f"""
import warnings, chainrule.training.interrupt
sys.ps1 = ">>> "
chainrule.training.interrupt.SOON = 1e9  # the machine may be busy
def work():
    ready.is_said = False
    if "{call}" == "train":
        return cr.train(net, X, Y, callbacks=[ready], **settings)
    return cr.minimize(net, X, Y, callbacks=[ready, lambda history: time.sleep(0.01)], epochs=10**9, tol=None,
                       gradient_tol=0.0, method="cg")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    history = work()
print(history.stopped, str(caught[0].message).split("; ")[1], np.isfinite(net.theta).all())
sys.stdout.flush()
try:
    work()
except cr.TrainingInterrupted as error:
    print("raised", error.history.stopped)
""")
    program.interrupt()
    assert program.process.stdout is not None
    first = program.process.stdout.readline()
    assert (
        first == "interrupted the network is intact. Ctrl-C again within two seconds raises TrainingInterrupted. True\n"
    )
    assert program.process.stdout.readline() == "ready\n"
    program.interrupt()
    assert program.end() == ("raised interrupted\n", "", 0)


def test_a_programs_own_handler_is_left_alone() -> None:
    """If a program handles SIGINT itself, its handler is called and stays installed, and training continues."""
    program = Program("""
calls = []
def own(number, frame):
    calls.append(number)
signal.signal(signal.SIGINT, own)
history = cr.train(net, X, Y, callbacks=[ready, lambda history: bool(calls)], **settings)
assert signal.getsignal(signal.SIGINT) is own
print(history.stopped, calls == [signal.SIGINT])
""")
    program.interrupt()
    assert program.end() == ("callback True\n", "", 0)


def test_an_ignored_ctrl_c_is_ignored() -> None:
    """If a program ignores SIGINT, as background jobs do, training continues."""
    program = Program("""
signal.signal(signal.SIGINT, signal.SIG_IGN)
after_the_signal = lambda history: bool(select.select([sys.stdin], [], [], 0)[0])
history = cr.train(net, X, Y, callbacks=[ready, after_the_signal], **settings)
print(history.stopped)
""")
    program.interrupt()
    assert program.end("the signal was sent\n") == ("callback\n", "", 0)


def test_ctrl_c_while_another_thread_trains() -> None:
    """Training in another thread installs no handler: Ctrl-C reaches the main thread, and the training continues."""
    program = Program("""
done = threading.Event()
histories = []
def work():
    histories.append(cr.train(net, X, Y, callbacks=[ready, lambda history: done.is_set()], **settings))
thread = threading.Thread(target=work)
try:
    thread.start()
    while True:
        time.sleep(0.01)
except KeyboardInterrupt:
    done.set()
thread.join()
print(histories[0].stopped)
""")
    program.interrupt()
    assert program.end() == ("callback\n", "", 0)


def test_training_works_in_any_thread() -> None:
    """Two trainings in threads at the same time give the same results as one after the other."""
    alone = [fresh(), fresh()]
    for seed, net in enumerate(alone):
        cr.train(net, X, Y, optimizer="adam", batch_size=3, epochs=20, seed=seed)
    together = [fresh(), fresh()]

    def work(seed: int) -> None:
        cr.train(together[seed], X, Y, optimizer="adam", batch_size=3, epochs=20, seed=seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [net.theta.tobytes() for net in together] == [net.theta.tobytes() for net in alone]


@pytest.mark.skipif(not hasattr(signal, "raise_signal"), reason="needs signals")
def test_the_handler_is_always_restored() -> None:
    """After training, however it ends, SIGINT is handled as before."""
    before = signal.getsignal(signal.SIGINT)

    def fail(_: cr.History) -> None:
        raise ZeroDivisionError

    cr.train(fresh(), X, Y, epochs=1)
    with pytest.raises(ZeroDivisionError):
        cr.train(fresh(), X, Y, epochs=1, callbacks=[fail])
    with pytest.raises(cr.TrainingInterrupted):
        cr.train(fresh(), X, Y, epochs=5, callbacks=[lambda _: signal.raise_signal(signal.SIGINT)])
    with pytest.raises(cr.DivergenceError):
        cr.train(fresh(), X, Y, epochs=500, optimizer=cr.GradientDescent(1e6))
    assert signal.getsignal(signal.SIGINT) is before


# ---- divergence ------------------------------------------------------------------------------------------------------


def test_divergence_keeps_the_last_finite_theta() -> None:
    """Training stops with the epoch in which J explodes, and θ is that of its last step."""
    net, other = fresh(), fresh()
    descent = cr.GradientDescent(1e6)
    with pytest.raises(cr.DivergenceError, match=r"Try a smaller learning rate \(such as 100000\)") as caught:
        cr.train(net, X, Y, epochs=10_000, optimizer=descent)
    history = caught.value.history
    assert history.stopped == "diverged"
    assert np.isfinite(net.theta).all()
    assert np.isfinite(history.J).all()
    with pytest.raises(cr.DivergenceError):
        cr.train(other, X, Y, epochs=history.epochs, optimizer=descent)
    assert other.theta.tobytes() == net.theta.tobytes()


def test_a_step_that_overflows_is_not_made() -> None:
    """If J and ∇J are finite and θ − α ∇J is not, θ does not move, also in the very last step of training."""
    net = cr.Network([cr.Layer([[1e200]], [0.0], cr.identity)])
    with pytest.raises(cr.DivergenceError, match="the next θ or a moment is not finite at step 1 of epoch 1"):
        cr.train(net, [[4.0]], [[0.0]], cost="absolute_error", optimizer=cr.GradientDescent(1e308), epochs=1)
    assert net.theta.tolist() == [1e200, 0.0]
    with pytest.raises(cr.DivergenceError):
        cr.train(net, [[1e10]], [[0.0]], cost="absolute_error", optimizer=cr.GradientDescent(1e300), epochs=1)
    assert net.theta.tolist() == [1e200, 0.0]


def test_a_schedule_without_bound_is_a_divergence() -> None:
    """A learning rate that overflows ends training as a divergence."""
    net = fresh()
    with pytest.raises(cr.DivergenceError, match="learning rate inf"):
        cr.train(net, X, Y, epochs=10, optimizer=cr.GradientDescent(cr.Step(1e-300, every=1.0, factor=1e200)))
    assert np.isfinite(net.theta).all()
