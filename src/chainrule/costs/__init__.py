"""Cost functions J beside their derivatives (Lecture, L9 – L11)."""

from chainrule._internal.checks import shown
from chainrule._internal.naming import resolve
from chainrule.costs.classification import CrossEntropy, LogLikelihood
from chainrule.costs.cost import Cost
from chainrule.costs.custom import CustomCost, check_cost
from chainrule.costs.regression import AbsoluteError, Huber, Poisson, Quantile, SumOfSquares
from chainrule.costs.training_set import TrainingSet
from chainrule.errors import InputError

COSTS: dict[str, type[Cost]] = {
    cost.name: cost for cost in (SumOfSquares, LogLikelihood, CrossEntropy, AbsoluteError, Huber, Quantile, Poisson)
}


def get(cost: Cost | str) -> Cost:
    """Returns the cost itself, or the cost of this name with its default settings.

    Raises UnknownName with the nearest known name, InputError for anything that is neither a cost nor a name.

    >>> from chainrule import costs
    >>> costs.get("huber")
    Huber()
    """
    if isinstance(cost, Cost):
        return cost
    if isinstance(cost, str):
        return resolve("cost", cost, COSTS)()
    raise InputError(f"cost must be a cost, such as SumOfSquares(), or the name of one; got {shown(cost)}.")


__all__ = [
    "AbsoluteError",
    "COSTS",
    "Cost",
    "CrossEntropy",
    "CustomCost",
    "Huber",
    "LogLikelihood",
    "Poisson",
    "Quantile",
    "SumOfSquares",
    "TrainingSet",
    "check_cost",
    "get",
]
