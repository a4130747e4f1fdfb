"""Random training problems: the native engine beside the reference, and beside itself in pieces and with other threads.

- Both engines end in the same way, after the same step, or rounding has led their paths apart before: each of the
  reference's steps is undone by the native engine, or makes J explode, if and only if it does so for the reference.
- From a state of the reference, the native engine's step lies within the derived bounds of its roundings.
- A run that is stopped and resumed, with any numbers of threads, has the bits of an uninterrupted one.
- θ is finite, and so is J of every epoch.
- A search of a minimum ends where it says, with no larger J, and other threads change no bit.
"""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

import numpy as np
from support.engines.state_bits import bits

import chainrule as cr
from chainrule.engines import TrainingRun, thread_counts
from chainrule.engines.problem import Problem
from fuzz.drawing import Random, happens, pick
from fuzz.problems.one_step import assert_last_step, is_determined, is_near_explosion
from fuzz.problems.plans import described, random_problem
from fuzz.problems.runs import finished, finished_in_pieces, started, states_before_steps
from fuzz.problems.search import searched


def check(rng: Random) -> str:
    """Makes a problem, half of the time one of extreme numbers, trains it in several ways, and compares."""
    is_extreme = happens(rng, 0.5)
    try:
        problem = random_problem(rng, is_extreme)
    except cr.InputError:
        return "refused"
    with patch.object(thread_counts, "FLOP_PER_THREAD", 1e-9), np.errstate(all="ignore"):  # any number of threads
        try:
            return searched(problem, rng) if happens(rng, 0.15) else compared(problem, rng, is_extreme)
        except AssertionError as error:
            error.add_note(described(problem))
            raise


def compared(problem: Problem, rng: Random, is_extreme: bool) -> str:
    """Asserts all that must hold of a problem."""
    reference, states = states_before_steps(problem)
    native = finished(problem, "native")
    for run in (reference, native):
        assert_finite(run)
    whole = bits(native.state())
    other = replace(problem, net=problem.net.copy())
    pieces = finished_in_pieces(other, rng)
    assert bits(pieces.state()) == whole, "the run in pieces has other bits"
    assert pieces.stopped == native.stopped, (pieces.stopped, native.stopped)
    parted = ending(native) != ending(reference)
    if parted or is_extreme:
        for state in states[-3:] if not parted else states:
            assert_same_verdict(problem, state)
    last = [state for state in states if state.batch == problem.steps_per_epoch - 1]
    outcome = str(native.stopped)
    if last and not is_extreme:
        outcome = "within bounds" if assert_last_step(problem, pick(rng, last)) else "no bounds"
    return "paths apart" if parted else f"{'extreme' if is_extreme else 'moderate'}, {outcome}"


def ending(run: TrainingRun) -> tuple[object, ...]:
    """Returns the reason and the moment at which a run has stopped."""
    state = run.state()
    return run.stopped, state.epoch, state.step, state.batch


def assert_finite(run: TrainingRun) -> None:
    """Asserts that θ, the moments and J of every epoch are finite."""
    state = run.state()
    for name, values in {"theta": state.theta, **state.moments}.items():
        assert np.isfinite(values).all(), f"{name} is not finite after {run.stopped}"
    assert np.isfinite(state.records["J"]).all(), f"J = {state.records['J']} after {run.stopped}"
    assert not np.isnan(state.records["gradient_norm"]).any(), "‖∇J‖ is NaN"  # of finite numbers it may be infinite


def assert_same_verdict(problem: Problem, state: cr.TrainingState) -> None:
    """Asserts that the step from this state has the same verdict on both engines."""
    if not is_determined(problem, state):
        return
    by_reference, by_native = (verdict(problem, engine, state) for engine in ("reference", "native"))
    if by_reference != by_native and {by_reference, by_native} == {"counts", "explodes"}:
        assert is_near_explosion(problem, state), f"J explodes on one engine in step {state.step + 1}"
    else:
        assert by_reference == by_native, f"step {state.step + 1}: reference {by_reference}, native {by_native}"


def verdict(problem: Problem, engine: str, state: cr.TrainingState) -> str:
    """Returns "undone" if the step from this state diverges, "explodes" if J does after it, or else "counts"."""
    run = started(problem, engine, state)
    run.advance(1, 0.0)
    if run.stopped != "diverged":
        return "counts"
    return "undone" if run.state().step == state.step else "explodes"
