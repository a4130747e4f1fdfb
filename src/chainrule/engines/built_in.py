"""The parts that Chainrule itself defines, which engines other than the reference run: those of the catalogues."""

from __future__ import annotations

from chainrule.activations import ACTIVATIONS, without_kappa
from chainrule.costs import COSTS, Cost
from chainrule.network import Network
from chainrule.optimizers import OPTIMIZERS, AdamW, Optimizer
from chainrule.optimizers.schedules import SCHEDULES, Schedule


def part_of_its_own(net: Network, cost: Cost | None, optimizer: Optimizer | None) -> str | None:
    """Returns a sentence that names a part, such as a user's own σ, that is not built in, or None."""
    for i, (sigma, p) in enumerate(zip(net.sigma, net.dropout, strict=True), 1):
        inner = without_kappa(sigma)
        if not (inner.builtin and inner.name in ACTIVATIONS):
            return f"sigma[{i}] = {sigma.name} is not built in."
        if optimizer is not None and not _is_built_in(p):
            return f"the schedule {p!r} is not built in."
    if cost is not None and type(cost) is not COSTS.get(cost.name):
        return f"the cost {cost!r} is not built in."
    if optimizer is not None:
        if type(optimizer) is not OPTIMIZERS.get(optimizer.name):
            return f"the optimizer {optimizer!r} is not built in."
        for schedule in (optimizer.learning_rate, weight_decay(optimizer)):
            if schedule is not None and not _is_built_in(schedule):
                return f"the schedule {schedule!r} is not built in."
    return None


def weight_decay(optimizer: Optimizer) -> float | Schedule:
    """Returns λ, which is 0 for optimizers without a weight decay."""
    return optimizer.weight_decay if isinstance(optimizer, AdamW) else 0.0


def _is_built_in(value: float | Schedule) -> bool:
    """Returns True for a number and for a schedule of the catalogue."""
    return not isinstance(value, Schedule) or type(value) is SCHEDULES.get(value.name)
