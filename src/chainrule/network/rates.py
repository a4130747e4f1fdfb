"""Factors of a layer's steps and of its weight decay, one per kind of parameter."""

from __future__ import annotations

from dataclasses import dataclass, fields

from chainrule._internal.checks import as_real, shown
from chainrule._internal.value import Value
from chainrule.errors import InputError


@dataclass(frozen=True, eq=False, repr=False)
class Factors(Value):
    """Numbers ≥ 0 that scale the steps or the weight decay of a layer's W, b and κ; None means the default.

    As the ``rate`` of a `Layer` they multiply each step, θ := θ + rate ⊙ step (default: 1; 0 freezes). As its ``decay``
    they multiply a decoupled weight decay, together with the rate (default: 1 for W, 0 for b and κ).

    Raises InputError where a factor is negative or not finite.

    >>> import chainrule as cr
    >>> layer = cr.Layer([[1.0]], [0.0], "tanh", rate=cr.Factors(b=0.1), decay=cr.Factors(W=0.5))
    >>> layer.rate, layer.decay
    (Factors(W=1.0, b=0.1, kappa=1.0), Factors(W=0.5, b=0.0, kappa=0.0))

    Source: D. Holzmüller, L. Grinsztajn & I. Steinwart, Better by default, 2024 (factors of rates and decays).
    """

    W: float | None = None
    b: float | None = None
    kappa: float | None = None

    def __post_init__(self) -> None:
        for f in fields(self):
            if (value := getattr(self, f.name)) is not None:
                object.__setattr__(self, f.name, as_real(value, f"the factor of {f.name}", 0.0))

    def with_defaults(self, defaults: Factors) -> Factors:
        """Returns these factors, with None replaced by the default."""
        own = self.W, self.b, self.kappa
        if None not in own:
            return self
        return Factors(*(d if f is None else f for f, d in zip(own, defaults.numbers, strict=True)))

    @property
    def numbers(self) -> tuple[float, float, float]:
        """The factors of W, b and κ, all of which must be numbers, as in a layer."""
        if self.W is None or self.b is None or self.kappa is None:
            raise InputError(f"W, b and kappa must all be numbers, as in the factors of a layer; got {self!r}.")
        return self.W, self.b, self.kappa


RATE = Factors(1.0, 1.0, 1.0)  # the default rate
DECAY = Factors(1.0, 0.0, 0.0)  # the default decay: weights are decayed; biases and κ are not


def as_factors(value: object, symbol: str, defaults: Factors) -> Factors:
    """Returns ``value`` as Factors without None; the value None means the defaults."""
    if value is None:
        return defaults
    if not isinstance(value, Factors):
        raise InputError(f"{symbol} must be cr.Factors(W=…, b=…, kappa=…); got {shown(value)}.")
    return value.with_defaults(defaults)
