"""Each schedule at points where its value is worked by hand, and against PyTorch's schedulers."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import pytest
from support.pytorch import pytorch

import chainrule as cr
from chainrule.optimizers.schedules import SCHEDULES

# schedule, planned epochs, {epoch: α}
BY_HAND: list[tuple[cr.Schedule, float, dict[float, float]]] = [
    (cr.Constant(0.3), 10, {0: 0.3, 5: 0.3, 10: 0.3}),
    (cr.Step(0.8, every=10), 30, {0: 0.8, 9.99: 0.8, 10: 0.08, 19: 0.08, 20: 0.008, 30: 0.0008}),
    (cr.Step(1.0, every=2.5, factor=0.5), 10, {2.4: 1.0, 2.5: 0.5, 5: 0.25, 10: 0.0625}),
    (cr.Step(0.1, every=1e-320), 10, {0: 0.1, 1: 0.0}),  # after more steps than a float can count
    (cr.Exponential(2.0, decay=math.log(2)), 10, {0: 2.0, 1: 1.0, 2: 0.5, 2.5: 2**-1.5, 10: 2**-9}),
    (cr.Exponential(2.0, decay=0.0), 10, {0: 2.0, 10: 2.0}),
    (cr.InverseTime(1.0, decay=0.5), 10, {0: 1.0, 2: 0.5, 5: 1 / 3.5, 10: 1 / 6}),
    (cr.Cosine(1.0), 12, {0: 1.0, 4: 0.75, 6: 0.5, 8: 0.25, 12: 0.0, 13: 0.0}),
    (cr.Cosine(1.0, warmup=2, final=0.5), 10, {0: 0.0, 0.5: 0.25, 1: 0.5, 2: 1.0, 6: 0.75, 10: 0.5}),
    (cr.Cosine(1.0, warmup=8), 4, {0: 0.0, 2: 0.25, 4: 0.5}),  # a warm-up longer than the training
    (cr.Cosine(1.0, warmup=4), 4, {2: 0.5, 4: 0.0}),
    (cr.OneCycle(1.0), 10, {0: 0.04, 1.5: 0.52, 3: 1.0, 6.5: 0.5 * (1 + 4e-6), 10: 4e-6, 11: 4e-6}),
    (cr.OneCycle(1.0), 0, {0: 4e-6}),  # no epoch is planned: all of them are over
    (cr.OneCycle(2.0, 0.5, div_factor=2.0, final_div_factor=4.0), 8, {0: 1.0, 2: 1.5, 4: 2.0, 6: 1.125, 8: 0.25}),
    # log₂(1 + 15u) is an integer at u = 0, 1/15, 3/15, 7/15, 1 and a half-integer at (2^1½ − 1)/15 …
    (cr.CosLog4(0.04), 15, {0: 0.0, 1: 0.0, 3: 0.0, 7: 0.0, 15: 0.0, 16: 0.0}),
    (cr.CosLog4(0.04), 15, {2**0.5 - 1: 0.04, 2**1.5 - 1: 0.04, 2**2.5 - 1: 0.04, 2**3.5 - 1: 0.04}),
    (cr.CosLog4(0.04), 15, {2**0.25 - 1: 0.02, 2**3.75 - 1: 0.02}),
    (cr.FlatCosine(0.2), 12, {0: 0.2, 5: 0.2, 6: 0.2, 8: 0.15, 9: 0.1, 10: 0.05, 12: 0.0, 13: 0.0}),
    (cr.FlatCosine(1.0, flat=0.25), 8, {2: 1.0, 4: 0.75, 5: 0.5, 8: 0.0}),
    (cr.FlatCosine(1.0, flat=0.0), 12, {0: 1.0, 4: 0.75, 6: 0.5, 12: 0.0}),  # Cosine(1.0)
]  # fmt: skip


@pytest.mark.parametrize(("schedule", "epochs", "values"), BY_HAND, ids=lambda v: repr(v)[:50])
def test_rates_worked_by_hand(schedule: cr.Schedule, epochs: float, values: dict[float, float]) -> None:
    """α at the start, in the middle and at the end is the number worked by hand, as a Python float."""
    for epoch, alpha in values.items():
        assert schedule.at(epoch, epochs) == pytest.approx(alpha, rel=1e-13, abs=1e-15)
        assert type(schedule.at(epoch, epochs)) is float


def test_schedules_are_pytorchs() -> None:
    """The rates equal those of StepLR, ExponentialLR and CosineAnnealingLR in each epoch."""
    torch = pytorch()
    peers = torch.optim.lr_scheduler
    table: list[tuple[cr.Schedule, Callable[[object], object]]] = [
        (cr.Step(0.1, every=7, factor=0.3), lambda o: peers.StepLR(o, 7, 0.3)),
        (cr.Exponential(0.1, decay=-math.log(0.9)), lambda o: peers.ExponentialLR(o, 0.9)),
        (cr.Cosine(0.1, final=0.01), lambda o: peers.CosineAnnealingLR(o, 40, 0.01)),
    ]
    for schedule, make in table:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
        peer = make(optimizer)
        for epoch in range(40):
            assert schedule.at(epoch, 40) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
            optimizer.step()
            peer.step()  # type: ignore[attr-defined]


def test_one_cycle_is_pytorchs_formula() -> None:
    """The rates equal OneCycleLR's, whose step s of T is at u = p s/(p T − 1) on the way up and (s + 1)/T down."""
    torch = pytorch()
    T, p = 50, 0.3
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1, momentum=0.9)
    peer = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.2, total_steps=T, pct_start=p)
    for s in range(T):
        u = p * s / (p * T - 1) if s <= p * T - 1 else (s + 1) / T
        assert cr.OneCycle(0.2).at(u, 1.0) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
        optimizer.step()
        if s < T - 1:
            peer.step()


@pytest.mark.parametrize(
    ("make", "symbol"),
    [
        (lambda: cr.Constant(0.0), "rate"),
        (lambda: cr.Constant(-0.1), "rate"),
        (lambda: cr.CosLog4(math.nan), "rate"),
        (lambda: cr.Constant(True), "rate"),
        (lambda: cr.Constant("0.1"), "rate"),  # type: ignore[arg-type]
        (lambda: cr.Step(0.1, every=0), "every"),
        (lambda: cr.Step(0.1, every=1, factor=0.0), "factor"),
        (lambda: cr.Exponential(0.1, decay=-1.0), "decay"),
        (lambda: cr.InverseTime(0.1, decay=math.inf), "decay"),
        (lambda: cr.Cosine(0.1, warmup=-1), "warmup"),
        (lambda: cr.Cosine(0.1, final=-1), "final"),
        (lambda: cr.OneCycle(0.1, pct_start=1.0), "pct_start"),
        (lambda: cr.OneCycle(0.1, pct_start=0.0), "pct_start"),
        (lambda: cr.OneCycle(0.1, div_factor=0.0), "div_factor"),
        (lambda: cr.OneCycle(0.1, final_div_factor=-1.0), "final_div_factor"),
        (lambda: cr.FlatCosine(0.1, flat=1.0), "flat"),
        (lambda: cr.FlatCosine(0.1, flat=-0.5), "flat"),
        (lambda: cr.FlatCosine(math.inf), "rate"),
    ],
)
def test_bad_settings_are_refused(make: Callable[[], cr.Schedule], symbol: str) -> None:
    """The error begins with the setting's name."""
    with pytest.raises(cr.InputError, match=rf"^{symbol} must"):
        make()


def test_schedules_are_frozen_values() -> None:
    """Equal settings make equal schedules; whole numbers become floats; the catalogue knows each by its name."""
    assert cr.Step(1, every=2) == cr.Step(1.0, 2.0, 0.1)
    assert repr(cr.Cosine(1, warmup=2)) == "Cosine(rate=1.0, warmup=2.0)"
    assert {kind.name for kind in SCHEDULES.values()} == set(SCHEDULES)
    with pytest.raises(dataclasses.FrozenInstanceError):
        cr.Constant(0.1).rate = 0.2  # type: ignore[misc]
