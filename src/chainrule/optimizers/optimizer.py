"""What an optimizer is: a rule that moves θ by its gradient, with moments that remember earlier ones (Lecture, L12)."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import as_real
from chainrule._internal.value import Value
from chainrule.errors import InputError
from chainrule.optimizers.schedules import Constant, Schedule

Array = NDArray[Any]  # θ, its gradient and its moments, (d,): real, of one dtype

silent = np.errstate(all="ignore")  # θ that overflows shows in the next J, which training reports


@dataclass(frozen=True, eq=False, repr=False)
class Optimizer(Value, ABC):
    """A rule θ := θ − α · (something made of ∇J), a frozen value; what changes in training are θ and the ``moments``.

    ``learning_rate`` α is a finite number > 0 or a `Schedule`; ``clip_norm`` c, where given, is a number > 0: before
    each step the gradient is scaled to ‖g‖ ≤ c (`clip`). In formulas g = ∇J(θ), k = 1, 2, … numbers the steps,
    squares and roots are entrywise.

    One's own optimizer is a subclass with ``name``, ``moments`` (the names of its moments, each an array like θ that
    starts at 0) and ``step``.

    Raises InputError where a setting is not a finite number in its range.

    >>> import chainrule as cr
    >>> cr.GradientDescent(learning_rate=0.1, clip_norm=1.0)
    GradientDescent(learning_rate=0.1, clip_norm=1.0)

    Source: Lecture, L12, L13.
    """

    learning_rate: float | Schedule
    clip_norm: float | None = field(default=None, kw_only=True)

    name: ClassVar[str]
    moments: ClassVar[tuple[str, ...]] = ()
    full_batch_only: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not isinstance(self.learning_rate, Schedule):
            self._positive("learning_rate")
        if self.clip_norm is not None:
            self._positive("clip_norm")

    @property
    def schedule(self) -> Schedule:
        """The learning rate as a schedule: a number is a constant one."""
        rate = self.learning_rate
        return rate if isinstance(rate, Schedule) else Constant(rate)

    def start(self, theta: Array) -> dict[str, Array]:
        """The moments before the first step, each like θ (d,)."""
        return {name: np.zeros(theta.shape, theta.dtype) for name in self.moments}  # zeros_like would write to all

    @abstractmethod
    def step(
        self, theta: Array, gradient: Array, moments: dict[str, Array], alpha: float | Array, k: int, decayed: Array
    ) -> None:
        """Move θ (d,) and the moments in place by step k = 1, 2, … with learning rate α; the gradient is only read.

        ``alpha`` is a number, or an array (d,) where layers have a ``rate`` (`Factors`): α times each entry's rate. It
        multiplies the step alone, not the moments. ``decayed`` (d,) are the layers' factors of a decoupled weight
        decay, by default 1 where θ is an entry of some W[i] and 0 elsewhere, which leaves the biases alone.
        """

    def at(self, epoch: float, epochs: float) -> Optimizer:
        """This optimizer with the settings that it has after ``epoch`` of ``epochs``, where a schedule moves some.

        The learning rate is no matter of this: it is handed to `step`.
        """
        return self

    def _positive(self, *symbols: str) -> None:
        for symbol in symbols:
            value = as_real(getattr(self, symbol), symbol, minimum=0.0, open_minimum=True)
            object.__setattr__(self, symbol, value)

    def _fraction(self, *symbols: str) -> None:
        """Settings β in [0, 1)."""
        for symbol in symbols:
            object.__setattr__(self, symbol, as_real(getattr(self, symbol), symbol))
            if not 0.0 <= getattr(self, symbol) < 1.0:
                raise InputError(f"{symbol} must lie in [0, 1); got {getattr(self, symbol)!r}. Usual: 0.9 to 0.999.")


@silent
def clip(gradient: Array, clip_norm: float | None) -> float:
    """Scale g (d,) in place to ‖g‖ ≤ c: g := g · min(1, c/‖g‖); return ‖g‖ as it was before, in double precision.

    With c = None the norm is only taken. A gradient that is not finite is left as it is.

    >>> import numpy as np
    >>> from chainrule.optimizers import clip
    >>> g = np.array([3.0, 4.0])
    >>> clip(g, 1.0), g
    (5.0, array([0.6, 0.8]))

    Source: R. Pascanu, T. Mikolov & Y. Bengio, On the difficulty of training recurrent neural networks, ICML 2013.
    """
    wide = gradient.astype(np.float64)
    square = float(wide @ wide)
    if 1e-280 < square < math.inf or not np.isfinite(gradient).all():
        norm = math.sqrt(square)
    else:  # squares overflow or underflow: ‖g‖ = p ‖g/p‖
        peak = float(abs(wide).max(initial=0.0))
        norm = peak * math.sqrt(float(np.square(wide / peak).sum())) if peak else 0.0
    if clip_norm is not None and clip_norm < norm < math.inf:
        gradient *= clip_norm / norm
    return norm
