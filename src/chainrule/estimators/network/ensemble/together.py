"""Networks that make their steps together, within a time: one plan for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext

from chainrule.estimators.network.ensemble import time_plan
from chainrule.estimators.network.ensemble.control import Control
from chainrule.estimators.network.ensemble.member import Member
from chainrule.estimators.network.ensemble.member_training import train_planned
from chainrule.estimators.network.ensemble.plan import TrainingPlan, clock
from chainrule.estimators.network.ensemble.speeds import Speed
from chainrule.estimators.network.recipe import Recipe
from chainrule.training.job import Slices
from chainrule.training.time_limit.plan import SAFETY


def train_together_within(
    seconds: float, speed: Speed, members: Sequence[Member], plan: TrainingPlan, control: Control, threads: int
) -> Iterator[Slices]:
    """Trains members for as many epochs as fit into a time, by the measured share of each in an epoch of all.

    Those of one recipe have the same epochs, planned once: otherwise they could not make their steps together. The time
    includes that for the held-out rows of all afterwards.
    """
    seconds -= sum(member.wrap_up_seconds(speed.epoch_seconds) for member in members)
    affordable, end = SAFETY * seconds / (speed.epoch_seconds * len(members)), clock() + seconds
    budgets: dict[Recipe, time_plan.Budget] = {}
    for member in members:
        if member.recipe not in budgets:
            planned, least_share = member.recipe.epochs, member.least_share
            budgets[member.recipe] = time_plan.budget_within(affordable, planned, least_share=least_share)
        budget, grace = budgets[member.recipe], time_plan.grace_seconds(seconds)
        member.keep_rows(budget.rows_share)
        yield train_planned(member, plan, control, threads, nullcontext, budget.epochs, end, [], grace)
