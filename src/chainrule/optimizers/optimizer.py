"""The base class of optimizers: rules that change θ by its gradient and by moments of earlier ones (Lecture, L12)."""

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

silent = np.errstate(all="ignore")  # training detects a θ that overflows, and reports it


@dataclass(frozen=True, eq=False, repr=False)
class Optimizer(Value, ABC):
    """A rule θ := θ − α · (a function of ∇J) as a frozen value; training changes θ and the ``moments`` only.

    ``learning_rate`` α is a finite number > 0 (a step with α < 0 would climb, and one with α = 0 go nowhere), or a
    `Schedule`; ``clip_norm`` c, if given, is a number > 0, and before each step the gradient is scaled to ‖g‖ ≤ c
    (`clip`); training diverges if c/‖g‖ underflows. In formulas g = ∇J(θ), k = 1, 2, … numbers the steps, and squares
    and roots are entrywise.

    To define your own optimizer, write a subclass with ``name``, ``moments`` (the names of its moments, each an array
    like θ that starts at 0) and ``step``.

    Raises InputError if a setting is not a finite number in its range.

    >>> import chainrule as cr
    >>> cr.GradientDescent(learning_rate=0.1, clip_norm=1.0)
    GradientDescent(learning_rate=0.1, clip_norm=1.0)

    Source: Lecture, L12, L13.
    """

    learning_rate: float | Schedule | None
    clip_norm: float | None = field(default=None, kw_only=True)

    name: ClassVar[str]
    moments: ClassVar[tuple[str, ...]] = ()
    full_batch_only: ClassVar[bool] = False
    may_lack_rate: ClassVar[bool] = False  # training then finds the learning rate

    def __post_init__(self) -> None:
        if not isinstance(self.learning_rate, Schedule) and not (self.learning_rate is None and self.may_lack_rate):
            self._positive("learning_rate")
        if self.clip_norm is not None:
            self._positive("clip_norm")

    @property
    def schedule(self) -> Schedule:
        """The learning rate as a schedule, which is constant if it is a number.

        Raises InputError if it is left out.
        """
        rate = self.learning_rate
        if rate is None:
            raise InputError("learning_rate must be a number > 0 or a Schedule; got None, which is for cr.train.")
        return rate if isinstance(rate, Schedule) else Constant(rate)

    def start(self, theta: Array) -> dict[str, Array]:
        """Returns the moments before the first step, each of the shape and dtype of θ (d,)."""
        return {name: np.zeros(theta.shape, theta.dtype) for name in self.moments}  # zeros_like would touch every page

    @abstractmethod
    def step(
        self, theta: Array, gradient: Array, moments: dict[str, Array], alpha: float | Array, k: int, decayed: Array
    ) -> None:
        """Changes θ (d,) and the moments in place by step k = 1, 2, … with learning rate α; it does not change g.

        ``alpha`` is a number, or an array (d,) if layers have a ``rate`` (`Factors`): α times the rate of each entry.
        It multiplies the step, not the moments. ``decayed`` (d,) holds the layers' factors of a decoupled weight decay,
        by default 1 for entries of W[i] and 0 for biases.
        """

    def at(self, epoch: float, epochs: float) -> Optimizer:
        """Returns this optimizer with the values that scheduled settings have after ``epoch`` of ``epochs``.

        This does not affect the learning rate, which is passed to `step`.
        """
        return self

    def _positive(self, *symbols: str) -> None:
        for symbol in symbols:
            value = as_real(getattr(self, symbol), symbol, minimum=0.0, open_minimum=True)
            object.__setattr__(self, symbol, value)

    def _fraction(self, *symbols: str) -> None:
        """Converts settings β to floats, and raises InputError unless they lie in [0, 1)."""
        for symbol in symbols:
            object.__setattr__(self, symbol, as_real(getattr(self, symbol), symbol))
            if not 0.0 <= getattr(self, symbol) < 1.0:
                raise InputError(f"{symbol} must lie in [0, 1); got {getattr(self, symbol)!r}. Usual: 0.9 to 0.999.")


@silent
def clip(gradient: Array, clip_norm: float | None) -> float:
    """Scales g (d,) in place to ‖g‖ ≤ c, g := g · min(1, c/‖g‖), and returns the old ‖g‖ in double precision.

    With c = None it only computes the norm. A gradient whose norm is not finite is not changed.

    >>> import numpy as np
    >>> from chainrule.optimizers import clip
    >>> g = np.array([3.0, 4.0])
    >>> clip(g, 1.0), g
    (5.0, array([0.6, 0.8]))

    Source: R. Pascanu, T. Mikolov & Y. Bengio, On the difficulty of training recurrent neural networks, ICML 2013.
    """
    wide = gradient.astype(np.float64)
    square = float(np.einsum("i,i", wide, wide))  # not by BLAS, whose sum depends on its number of threads
    if 1e-280 < square < math.inf or not np.isfinite(gradient).all():
        norm = math.sqrt(square)
    else:  # squares overflow or underflow, but ‖g‖ = p ‖g/p‖ for p = max |gₖ| does not
        peak = float(abs(wide).max(initial=0.0))
        norm = peak * math.sqrt(float(np.square(wide / peak).sum())) if peak else 0.0
    if clip_norm is not None and clip_norm < norm < math.inf:
        gradient *= clip_norm / norm
    return norm


def can_clip(norm: float, clip_norm: float | None, dtype: np.dtype[Any]) -> bool:
    """Returns False if ‖g‖ must be clipped, but c/‖g‖ is below the normal numbers of this type, as if ‖g‖ overflows."""
    return clip_norm is None or norm <= clip_norm or clip_norm / norm >= float(np.finfo(dtype).tiny)
