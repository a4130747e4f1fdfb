"""Optimizers, as frozen values: gradient descent (Lecture, L12) and its variants."""

from chainrule._internal.checks import shown
from chainrule._internal.naming import resolve
from chainrule.errors import InputError
from chainrule.optimizers.adaptive import AdaGrad, Adam, AdamW, RMSProp
from chainrule.optimizers.descent import GradientDescent, Momentum, Nesterov
from chainrule.optimizers.optimizer import Optimizer, clip
from chainrule.optimizers.rprop import RPROP
from chainrule.optimizers.schedules import Schedule

OPTIMIZERS: dict[str, type[Optimizer]] = {
    optimizer.name: optimizer
    for optimizer in (GradientDescent, Momentum, Nesterov, AdaGrad, RMSProp, Adam, AdamW, RPROP)
}


def get(optimizer: Optimizer | str, learning_rate: float | Schedule | None = None) -> Optimizer:
    """Returns the optimizer itself, or the optimizer of this name with its defaults and, if given, the learning rate.

    Raises UnknownName with the nearest known name, InputError for anything that is neither an optimizer nor a name, or
    for a learning rate together with an optimizer that already has one.

    >>> from chainrule import optimizers
    >>> optimizers.get("momentum", learning_rate=0.1)
    Momentum(learning_rate=0.1)
    """
    if isinstance(optimizer, str):
        kind = resolve("optimizer", optimizer, OPTIMIZERS)
        return kind() if learning_rate is None else kind(learning_rate)  # type: ignore[call-arg]  # each kind has a default
    if not isinstance(optimizer, Optimizer):
        raise InputError(f"optimizer must be an optimizer, such as Adam(), or the name of one; got {shown(optimizer)}.")
    if learning_rate is not None:
        raise InputError(
            f"learning_rate is given twice: {shown(learning_rate)}, and in {shown(optimizer)}. "
            "Give it to the optimizer only."
        )
    return optimizer


__all__ = [
    "AdaGrad",
    "Adam",
    "AdamW",
    "GradientDescent",
    "Momentum",
    "Nesterov",
    "OPTIMIZERS",
    "Optimizer",
    "RMSProp",
    "RPROP",
    "clip",
    "get",
]
