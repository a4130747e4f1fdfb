"""Settings of optimizers and schedules: their types, their ends, and what a schedule makes of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule import optimizers
from chainrule.optimizers.optimizer import can_clip


def test_a_scheduled_weight_decay_is_a_number_at_an_epoch() -> None:
    """FlatCosine(0.2) is 0.1 after 9 of 12 epochs; all other settings stay, and a constant λ is λ at every epoch."""
    optimizer = cr.AdamW(0.3, beta1=0.5, weight_decay=cr.FlatCosine(0.2)).at(9, 12)
    assert optimizer.weight_decay == pytest.approx(0.1, rel=1e-15)
    assert (optimizer.learning_rate, optimizer.beta1, optimizer.beta2) == (0.3, 0.5, 0.999)
    constant = cr.AdamW(weight_decay=0.1)
    assert constant.at(9, 12) is constant


def test_integers_become_floats() -> None:
    """Settings are floats, so that equal optimizers and schedules have equal representations."""
    assert repr(cr.AdamW(weight_decay=1)) == repr(cr.AdamW(weight_decay=1.0))
    assert repr(cr.RPROP(1, grow=2, smallest=1)) == repr(cr.RPROP(1.0, grow=2.0, smallest=1.0))
    assert repr(cr.Step(1, every=1, factor=2)) == repr(cr.Step(1.0, every=1.0, factor=2.0))
    assert repr(cr.OneCycle(1)) == repr(cr.OneCycle(1.0))


@pytest.mark.parametrize("schedule", [cr.Step, cr.OneCycle])
def test_a_rate_of_0_is_refused(schedule: type[cr.Step] | type[cr.OneCycle]) -> None:
    """Every schedule begins with a rate above 0."""
    with pytest.raises(cr.InputError, match="rate must be a finite number > 0"):
        schedule(0.0, **({"every": 1.0} if schedule is cr.Step else {}))


def test_the_ends_of_ranges_are_allowed() -> None:
    """β = 0 makes Adam's step α g/|g|; RPROP's first step size may be its smallest and its largest."""
    theta, optimizer = np.array([1.0, 1.0]), cr.Adam(0.1, beta1=0.0, beta2=0.0, epsilon=1e-300)
    optimizer.step(theta, np.array([4.0, -0.5]), optimizer.start(theta), alpha=0.1, k=1, decayed=np.ones(2))
    assert theta.tolist() == [0.9, 1.1]
    assert cr.RPROP(0.1, smallest=0.1, largest=0.1).schedule == cr.Constant(0.1)


@pytest.mark.parametrize(
    ("norm", "c", "dtype", "can"),
    [
        (2.0, None, "f8", True),
        (0.5, 1.0, "f8", True),
        (2.0, 1.0, "f8", True),
        (2.0**22, 2.0**-1000, "f8", True),  # c/‖g‖ is the smallest normal number
        (2.0**23, 2.0**-1000, "f8", False),
        (1e200, 1e-200, "f8", False),
        (1e20, 1e-20, "f8", True),
        (1e20, 1e-20, "f4", False),
        (math.inf, 1.0, "f8", False),
    ],
)
def test_a_gradient_can_be_clipped_by_normal_numbers_alone(norm: float, c: float | None, dtype: str, can: bool) -> None:
    """A gradient that must be clipped can be clipped unless c/‖g‖ is below the normal numbers of its type."""
    assert can_clip(norm, c, np.dtype(dtype)) == can


def test_the_value_of_a_schedule_is_infinite_where_it_overflows() -> None:
    """1e-300 · 1e200³ is beyond every float; elsewhere the value is that of the formula."""
    schedule = cr.Step(1e-300, every=1.0, factor=1e200)
    assert schedule.value(1.0, 10.0) == schedule.at(1.0, 10.0) == pytest.approx(1e-100)
    assert schedule.value(9.0, 10.0) == math.inf
    assert cr.Cosine(1.0).value(4.0, 12.0) == cr.Cosine(1.0).at(4.0, 12.0)


def test_an_unknown_optimizer_is_named() -> None:
    """The error says what is unknown."""
    with pytest.raises(cr.UnknownName, match="unknown optimizer 'adm'"):
        optimizers.get("adm")
