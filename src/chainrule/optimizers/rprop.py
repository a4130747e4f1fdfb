"""RPROP, which uses only the signs of the gradient, with one step size per entry of θ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from chainrule.errors import InputError
from chainrule.optimizers.optimizer import Array, Optimizer, silent
from chainrule.optimizers.schedules import Constant, Schedule


@dataclass(frozen=True, eq=False, repr=False)
class RPROP(Optimizer):
    """iRPROP−: each entry of θ moves against the sign of its gradient by a step size Δ that grows while the sign stays.

    With g₋ the previous gradient: Δ := min(η₊ Δ, Δ_max) if g g₋ > 0; Δ := max(η₋ Δ, Δ_min) and g := 0 if g g₋ < 0;
    then θ := θ − Δ sign(g), times a layer's rate. ``learning_rate`` is the first Δ, a number (no schedule, since RPROP
    sets Δ itself); ``shrink`` is η₋, ``grow`` is η₊, ``smallest`` and ``largest`` bound Δ. The signs of minibatch
    gradients are noise, so RPROP needs the full batch. PyTorch's ``Rprop``. Moments: ``step_size`` (Δ), ``previous``
    (g₋).

    Raises InputError for a schedule, or unless 0 < η₋ < 1 < η₊ and 0 < Δ_min ≤ Δ ≤ Δ_max.

    >>> import numpy as np, chainrule as cr
    >>> optimizer, theta = cr.RPROP(0.1), np.array([1.0, 1.0])
    >>> moments = optimizer.start(theta)
    >>> for k, g in enumerate(([4.0, -0.5], [3.0, 0.5]), start=1):
    ...     optimizer.step(theta, np.array(g), moments, alpha=0.1, k=k, decayed=np.ones(2))
    >>> moments["step_size"], theta
    (array([0.12, 0.05]), array([0.78, 1.1 ]))

    Source: M. Riedmiller & H. Braun, A direct adaptive method for faster backpropagation learning, ICNN 1993;
    C. Igel & M. Hüsken, Improving the Rprop learning algorithm, NC 2000 (the variant, iRPROP−).
    """

    learning_rate: float | Schedule = 0.1
    shrink: float = 0.5
    grow: float = 1.2
    smallest: float = 1e-6
    largest: float = 50.0

    name: ClassVar[str] = "rprop"
    moments: ClassVar[tuple[str, ...]] = ("step_size", "previous")
    full_batch_only: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self._positive("shrink", "grow", "smallest", "largest")
        first = self._first()
        if not self.shrink < 1.0 < self.grow:
            raise InputError(f"shrink < 1 < grow must hold; got shrink={self.shrink!r}, grow={self.grow!r}.")
        if not self.smallest <= first <= self.largest:
            raise InputError(
                f"smallest ≤ learning_rate ≤ largest must hold, since learning_rate is the first step size; "
                f"got smallest={self.smallest!r}, learning_rate={first!r}, largest={self.largest!r}."
            )

    def _first(self) -> float:
        """Returns the first Δ."""
        if not isinstance(self.schedule, Constant):
            raise InputError(
                f"learning_rate of RPROP must be a number, its first step size; got {self.learning_rate!r}. "
                "RPROP sets its own step sizes: leave the schedule out."
            )
        return self.schedule.rate

    def start(self, theta: Array) -> dict[str, Array]:
        return {"step_size": np.full_like(theta, self._first()), "previous": np.zeros_like(theta)}

    @silent
    def step(
        self, theta: Array, gradient: Array, moments: dict[str, Array], alpha: float | Array, k: int, decayed: Array
    ) -> None:
        size, previous = moments["step_size"], moments["previous"]
        agreement = np.sign(gradient) * np.sign(previous)  # the product of two tiny numbers might round to 0
        size *= np.where(agreement > 0, self.grow, np.where(agreement < 0, self.shrink, 1.0)).astype(size.dtype)
        np.clip(size, self.smallest, self.largest, out=size)
        previous[...] = np.where(agreement < 0, 0.0, gradient)
        theta -= (alpha / self._first()) * size * np.sign(previous)  # α is the first Δ times the layer's rate
