"""Plans for a time limit: they fit into the time, and leave some of it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.estimators.network.ensemble.time_plan import (
    budget_within,
    grace_seconds,
    networks_within,
    probe_seconds,
)
from chainrule.training.time_limit.plan import SAFETY, epochs_in_all


@pytest.mark.parametrize(
    ("affordable", "networks"), [(0.0, 1), (0.39, 1), (0.8, 2), (1.19, 2), (1.21, 3), (6.4, 16), (99.0, 16)]
)
def test_a_network_for_each_two_fifths_of_its_time(affordable: float, networks: int) -> None:
    """Time for two fifths of a network's epochs is enough for the network; there are one to all planned networks."""
    assert networks_within(affordable, 16, 16) == networks


@pytest.mark.parametrize(
    ("affordable", "epochs", "share"),
    [
        (101.0, 100, 1.0), (100.0, 100, 1.0), (99.9, 99, 1.0), (5.0, 5, 1.0), (4.0, 5, 0.8), (3.5, 5, 0.7),
        (1.0, 5, 0.2), (0.125, 5, 0.025),
    ],
)  # fmt: skip
def test_whole_epochs_or_parts_of_the_rows(affordable: float, epochs: int, share: float) -> None:
    """All epochs that fit, from five on; otherwise five, on as many rows as the time allows."""
    work = budget_within(affordable, 100)
    assert work.epochs == epochs
    assert work.rows_share == pytest.approx(share)


@given(st.floats(1e-3, 300.0), st.integers(1, 100), st.floats(0.0, 20.0), st.floats(0.0, 1.0))
def test_work_fits_into_the_time(affordable: float, planned: int, wrap_up: float, least_share: float) -> None:
    """Epochs and what follows them take the time, or are the least there can be: an epoch of the least rows."""
    epochs, share = budget_within(affordable, planned, wrap_up, least_share)
    assert 1 <= epochs <= planned
    assert min(1.0, least_share) <= share <= 1.0
    if (epochs, share) != (1, min(1.0, least_share)):
        assert share * (epochs + wrap_up) <= affordable * (1 + 1e-5)
    if share < 1.0 and share > least_share:
        assert share * (epochs + wrap_up) >= affordable * (1 - 1e-9)


def test_there_is_no_second_epoch_if_one_is_planned() -> None:
    """A recipe of one epoch trains one, on the rows that the time suffices for."""
    assert budget_within(0.5, 1) == (1, 0.5)


@given(st.floats(0.0, 50.0), st.floats(0.0, 100.0), st.floats(0.01, 10.0), st.integers(1, 60), st.integers(0, 60))
def test_epochs_planned_again_fit_into_the_time(
    done: float, seconds: float, epoch: float, planned: int, so_far: int
) -> None:
    """The rest fits into the time left, with a reserve except for one epoch or those already planned; an epoch begun is
    finished."""
    so_far = min(so_far, planned)
    epochs = epochs_in_all(done, seconds, epoch, planned, so_far)
    left = seconds / epoch
    assert 1 <= epochs <= planned
    assert epochs >= min(planned, math.ceil(done))
    if epochs > max(1, math.ceil(done)):
        assert epochs - done <= left + 1e-5
        if epochs != so_far:
            assert epochs - done <= SAFETY * left + (1.0 - SAFETY) + 1e-5
    if max(1, math.ceil(done)) < planned > epochs:
        assert epochs + 1 - done >= SAFETY * left


def test_a_twentieth_of_the_time_is_left() -> None:
    """Of ten seconds, 9.5 are planned for."""
    assert epochs_in_all(0.0, 10.0, 0.1, 1000) == 95
    assert epochs_in_all(7.0, 10.0, 0.1, 1000) == 102


def test_small_times() -> None:
    """Grace is a tenth of a second and a twentieth of the time; a probe takes 2 % of it, at least 50 ms or a tenth."""
    assert [grace_seconds(seconds) for seconds in (0.0, 2.0, 20.0)] == [0.1, 0.2, 1.1]
    assert [probe_seconds(seconds) for seconds in (0.25, 0.5, 1.0, 2.5, 100.0)] == [0.025, 0.05, 0.05, 0.05, 2.0]
