"""Schedules: the learning rate α (or a weight decay, or a dropout) as a function of the progress of training."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from chainrule._internal.checks import as_real
from chainrule._internal.value import Value
from chainrule.errors import InputError


@dataclass(frozen=True, eq=False, repr=False)
class Schedule(Value, ABC):
    """A learning rate α that changes during training: α = ``at(epoch, epochs)``.

    A weight decay λ (`AdamW`) and a dropout p (`Layer`) may follow a schedule too; read λ or p for α then. ``epoch``
    counts completed passes over the training set and may be a fraction (completed minibatches divided by the
    minibatches per epoch); ``epochs`` is the planned total, and u = min(epoch/epochs, 1) is the progress. ``rate`` > 0
    is the initial or the highest rate. Settings measured in epochs need not be integers.

    Raises InputError if a setting is not a finite number in its range.

    >>> import chainrule as cr
    >>> optimizer = cr.Adam(learning_rate=cr.Cosine(0.01))
    >>> optimizer.schedule.at(epoch=50, epochs=100)
    0.005
    """

    rate: float

    name: ClassVar[str]

    def __post_init__(self) -> None:
        self._positive("rate")

    @abstractmethod
    def at(self, epoch: float, epochs: float) -> float:
        """Computes α after ``epoch`` of ``epochs`` planned epochs."""

    def value(self, epoch: float, epochs: float) -> float:
        """Returns ``at(epoch, epochs)``, or infinity if that overflows."""
        try:
            return self.at(epoch, epochs)
        except OverflowError:
            return math.inf

    def _positive(self, *symbols: str) -> None:
        for symbol in symbols:
            value = as_real(getattr(self, symbol), symbol, minimum=0.0, open_minimum=True)
            object.__setattr__(self, symbol, value)

    def _not_negative(self, *symbols: str) -> None:
        for symbol in symbols:
            object.__setattr__(self, symbol, as_real(getattr(self, symbol), symbol, minimum=0.0))


class Constant(Schedule):
    """α = rate, as in the lecture.

    >>> import chainrule as cr
    >>> cr.Constant(0.1).at(epoch=7, epochs=10)
    0.1

    Source: Lecture, L12.
    """

    name: ClassVar[str] = "constant"

    def at(self, epoch: float, epochs: float) -> float:
        return self.rate


@dataclass(frozen=True, eq=False, repr=False)
class Step(Schedule):
    """α = rate · factor^⌊epoch/every⌋: it is multiplied by ``factor`` > 0 every ``every`` > 0 epochs.

    Raises InputError if a setting is not a finite number in its range.

    >>> import chainrule as cr
    >>> [cr.Step(1.0, every=10, factor=0.5).at(epoch, epochs=30) for epoch in (0, 9.5, 10, 20)]
    [1.0, 1.0, 0.5, 0.25]

    Source: A. Krizhevsky, I. Sutskever & G. Hinton, ImageNet classification with deep
    convolutional networks, NIPS 2012.
    """

    every: float
    factor: float = 0.1

    name: ClassVar[str] = "step"

    def __post_init__(self) -> None:
        self._positive("rate", "every", "factor")

    def at(self, epoch: float, epochs: float) -> float:
        passed = epoch / self.every
        return self.rate * self.factor ** (math.floor(passed) if passed < math.inf else passed)


@dataclass(frozen=True, eq=False, repr=False)
class Exponential(Schedule):
    """α = rate · e^(−decay · epoch) with ``decay`` ≥ 0 per epoch: it halves every (log 2)/decay epochs.

    PyTorch's ``ExponentialLR`` with gamma = e^(−decay).

    Raises InputError if a setting is not a finite number in its range.

    >>> import chainrule as cr
    >>> round(cr.Exponential(0.1, decay=0.01).at(epoch=100, epochs=200), 6)
    0.036788

    Source: L. Bottou, Stochastic gradient descent tricks, 2012 (a review of such schedules).
    """

    decay: float

    name: ClassVar[str] = "exponential"

    def __post_init__(self) -> None:
        self._positive("rate")
        self._not_negative("decay")

    def at(self, epoch: float, epochs: float) -> float:
        return self.rate * math.exp(-self.decay * epoch)


@dataclass(frozen=True, eq=False, repr=False)
class InverseTime(Schedule):
    """α = rate / (1 + decay · epoch) with ``decay`` ≥ 0 per epoch.

    Σα = ∞ and Σα² < ∞, as stochastic approximation requires.

    Raises InputError if a setting is not a finite number in its range.

    >>> import chainrule as cr
    >>> cr.InverseTime(1.0, decay=0.5).at(epoch=2, epochs=10)
    0.5

    Source: H. Robbins & S. Monro, A stochastic approximation method, Annals of Mathematical Statistics 22, 1951.
    """

    decay: float

    name: ClassVar[str] = "inverse_time"

    def __post_init__(self) -> None:
        self._positive("rate")
        self._not_negative("decay")

    def at(self, epoch: float, epochs: float) -> float:
        return self.rate / (1.0 + self.decay * epoch)


@dataclass(frozen=True, eq=False, repr=False)
class Cosine(Schedule):
    """α rises linearly from 0 to ``rate`` for ``warmup`` epochs, then falls along half a cosine to ``final``.

    α = rate · epoch/warmup for epoch < warmup, then final + (rate − final) · ½ (1 + cos πv) with
    v = (epoch − warmup)/(epochs − warmup).

    Raises InputError if a setting is not a finite number in its range.

    >>> import chainrule as cr
    >>> [cr.Cosine(1.0, warmup=2).at(epoch, epochs=10) for epoch in (0, 1, 2, 6, 10)]
    [0.0, 0.5, 1.0, 0.5, 0.0]

    Source: I. Loshchilov & F. Hutter, SGDR: stochastic gradient descent with warm restarts, ICLR 2017 (one period);
    warm-up: P. Goyal et al., Accurate, large minibatch SGD, 2017.
    """

    warmup: float = 0.0
    final: float = 0.0

    name: ClassVar[str] = "cosine"

    def __post_init__(self) -> None:
        self._positive("rate")
        self._not_negative("warmup", "final")

    def at(self, epoch: float, epochs: float) -> float:
        if epoch < self.warmup:
            return self.rate * epoch / self.warmup
        v = min(1.0, (epoch - self.warmup) / (epochs - self.warmup)) if epochs > self.warmup else 1.0
        return _cosine(self.rate, self.final, v)


@dataclass(frozen=True, eq=False, repr=False)
class OneCycle(Schedule):
    """α rises from rate/div_factor to ``rate`` in the first ``pct_start`` of training, then falls almost to 0.

    With start = rate/div_factor, end = start/final_div_factor and c(p, q, v) = q + (p − q) · ½ (1 + cos πv):
    α = c(start, rate, u/pct_start) for u < pct_start, then c(rate, end, (u − pct_start)/(1 − pct_start)).
    Names and defaults are those of PyTorch's ``OneCycleLR``; the momentum is not changed.

    Raises InputError if a setting is not a finite number in its range.

    >>> import chainrule as cr
    >>> [round(cr.OneCycle(1.0).at(epoch, epochs=10), 4) for epoch in (0, 3, 6.5, 10)]
    [0.04, 1.0, 0.5, 0.0]

    Source: L. N. Smith & N. Topin, Super-convergence, 2017.
    """

    pct_start: float = 0.3
    div_factor: float = 25.0
    final_div_factor: float = 1e4

    name: ClassVar[str] = "one_cycle"

    def __post_init__(self) -> None:
        self._positive("rate", "pct_start", "div_factor", "final_div_factor")
        if self.pct_start >= 1.0:
            raise InputError(f"pct_start must lie strictly between 0 and 1; got {self.pct_start!r}. Usual: 0.3.")

    def at(self, epoch: float, epochs: float) -> float:
        u, start = _progress(epoch, epochs), self.rate / self.div_factor
        if u < self.pct_start:
            return _cosine(start, self.rate, u / self.pct_start)
        return _cosine(self.rate, start / self.final_div_factor, (u - self.pct_start) / (1.0 - self.pct_start))


class CosLog4(Schedule):
    """α = rate · ½ (1 − cos(2π log₂(1 + 15u))): four waves between 0 and ``rate``, each twice as long as the last.

    α is ``rate`` for log₂(1 + 15u) = ½, 1½, 2½, 3½, and 0 for u = 0, 1/15, 3/15, 7/15, 1.

    >>> import chainrule as cr
    >>> [round(cr.CosLog4(0.04).at(epoch, epochs=15), 4) for epoch in (0, 1, 2 ** 1.5 - 1, 3, 15)]
    [0.0, 0.0, 0.04, 0.0, 0.0]

    Source: D. Holzmüller, L. Grinsztajn & I. Steinwart, Better by default, NeurIPS 2024.
    """

    name: ClassVar[str] = "coslog4"

    def at(self, epoch: float, epochs: float) -> float:
        u = _progress(epoch, epochs)
        return self.rate * 0.5 * (1.0 - math.cos(2.0 * math.pi * math.log2(1.0 + 15.0 * u)))


@dataclass(frozen=True, eq=False, repr=False)
class FlatCosine(Schedule):
    """α is constant for the fraction ``flat`` of training, 0 ≤ flat < 1, then falls to 0 along half a cosine.

    α = rate for u < flat, then rate · ½ (1 + cos πv) with v = (u − flat)/(1 − flat).

    Raises InputError if a setting is not a finite number in its range.

    >>> import chainrule as cr
    >>> [cr.FlatCosine(0.02).at(epoch, epochs=8) for epoch in (0, 4, 6, 8)]
    [0.02, 0.02, 0.01, 0.0]

    Source: D. Holzmüller, L. Grinsztajn & I. Steinwart, Better by default, NeurIPS 2024 (for dropout and weight decay).
    """

    flat: float = 0.5

    name: ClassVar[str] = "flat_cosine"

    def __post_init__(self) -> None:
        self._positive("rate")
        self._not_negative("flat")
        if self.flat >= 1.0:
            raise InputError(f"flat must be < 1, a fraction of training; got {self.flat!r}. Usual: 0.5.")

    def at(self, epoch: float, epochs: float) -> float:
        u = _progress(epoch, epochs)
        return self.rate if u < self.flat else _cosine(self.rate, 0.0, (u - self.flat) / (1.0 - self.flat))


def _progress(epoch: float, epochs: float) -> float:
    """Returns u = min(epoch/epochs, 1), which is 1 if no epoch is planned."""
    return min(1.0, epoch / epochs) if epochs > 0 else 1.0


def _cosine(p: float, q: float, v: float) -> float:
    """Computes the value at v of half a cosine from p at v = 0 to q at v = 1."""
    return q + (p - q) * 0.5 * (1.0 + math.cos(math.pi * v))


SCHEDULES: dict[str, type[Schedule]] = {
    schedule.name: schedule
    for schedule in (Constant, Step, Exponential, InverseTime, Cosine, OneCycle, CosLog4, FlatCosine)
}
