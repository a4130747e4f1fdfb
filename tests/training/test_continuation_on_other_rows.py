"""``TrainingState.again``: a run continues over another training set."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.weighted_examples import X, Y, net

import chainrule as cr


@pytest.mark.parametrize("engine", ["reference", "auto"])
def test_again_continues_the_steps_on_other_rows(engine: str, tmp_path: Any) -> None:
    """``again`` keeps θ, the moments, the stream and the count of steps, which Adam's bias correction continues;
    schedules start afresh."""
    N, optimizer = net(), cr.Adam(cr.Exponential(0.01, decay=0.1))
    first = cr.train(N, X[:30], Y[:30], optimizer=optimizer, batch_size=7, epochs=3, engine=engine).state
    state = first.again()
    state.save(tmp_path / "state.safetensors")
    state = cr.TrainingState.load(tmp_path / "state.safetensors")
    assert (state.step, state.first_step, state.epoch, state.stream) == (15, 15, 0, first.stream)

    expected, moments = N.theta.copy(), {name: moment.copy() for name, moment in first.moments.items()}
    by_hand = net()
    by_hand.theta = expected
    for k in range(4):  # full batches draw no random numbers
        g = cr.gradient(by_hand, "sum_of_squares", X[:20], Y[:20], engine=engine)
        alpha = optimizer.schedule.at(k, 4)
        optimizer.step(by_hand.theta, g.theta, moments, alpha=alpha, k=16 + k, decayed=np.ones(by_hand.d))
    history = cr.train(N, X[:20], Y[:20], optimizer=optimizer, epochs=4, resume=state, engine=engine)
    np.testing.assert_allclose(N.theta, by_hand.theta, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(history.learning_rate, [optimizer.schedule.at(k, 4) for k in range(4)], rtol=1e-12)
    assert (history.state.step, history.state.run_step, history.epochs) == (19, 4, 4)


def test_another_batch_size_without_again_is_refused() -> None:
    """A state cannot be resumed with another number of minibatches; the error names ``again``."""
    state = cr.train(net(), X, Y, batch_size=7, epochs=1).state
    with pytest.raises(cr.InputError, match=r"start from resume\.again\(\)"):
        cr.train(net(), X, Y, batch_size=9, epochs=2, resume=state)
