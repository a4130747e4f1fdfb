"""Factors of a layer's steps and of its weight decay, one for each kind of parameter."""

from __future__ import annotations

from dataclasses import dataclass, fields

from chainrule._internal.checks import as_real, shown
from chainrule._internal.value import Value
from chainrule.errors import InputError


@dataclass(frozen=True, eq=False, repr=False)
class Factors(Value):
    """Numbers ≥ 0 by which a layer's W, b and κ are treated otherwise than the rest of θ; None: as is usual.

    As the ``rate`` of a `Layer` they multiply each step, θ := θ + rate ⊙ step (usual: 1; 0 freezes). As its ``decay``
    they multiply a decoupled weight decay, together with the rate (usual: 1 for W, 0 for b and κ).

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

    def over(self, usual: Factors) -> Factors:
        """These, and the usual ones where None stands."""
        own = self.W, self.b, self.kappa
        return (
            Factors(*(u if f is None else f for f, u in zip(own, usual.numbers, strict=True))) if None in own else self
        )

    @property
    def numbers(self) -> tuple[float, float, float]:
        """The factors of W, b and κ of a layer, in which none is None."""
        if self.W is None or self.b is None or self.kappa is None:
            raise InputError(f"the factors must all be numbers, as those of a layer are; got {self!r}.")
        return self.W, self.b, self.kappa


RATE = Factors(1.0, 1.0, 1.0)  # the usual ones
DECAY = Factors(1.0, 0.0, 0.0)  # weights are decayed; biases and κ are not


def as_factors(value: object, symbol: str, usual: Factors) -> Factors:
    """``value`` as Factors without None; None as a whole means the usual ones."""
    if value is None:
        return usual
    if not isinstance(value, Factors):
        raise InputError(f"{symbol} must be cr.Factors(W=…, b=…, kappa=…); got {shown(value)}.")
    return value.over(usual)
