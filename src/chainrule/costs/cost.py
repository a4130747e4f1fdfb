"""What a cost function is (Lecture, L9): J(θ) = Σⱼ ℓ(a⁽ʲ⁾, y⁽ʲ⁾) + penalty(W), each map beside its derivative."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from chainrule.checks import Array, as_array, as_real, as_rows
from chainrule.errors import InputError
from chainrule.value import Value

if TYPE_CHECKING:
    from chainrule.activations import Sigma
    from chainrule.network import Network

INFINITE = (-math.inf, math.inf)

# An infinite J or ∇J is an answer (a = 0 where y = 1, or 10²⁰⁰ squared) that training reports by name: no warning.
silent = np.errstate(all="ignore")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Cost(Value, ABC):
    """A cost function J: ℝᵈ → ℝ made of one loss ℓ(a, y) per example, and penalties on the weights.

    J(θ) = Σⱼ wⱼ ℓ(N_θ(x⁽ʲ⁾), y⁽ʲ⁾) + λ₁ Σᵢ Σ|W[i]| + λ₂/2 Σᵢ ‖W[i]‖², with wⱼ = 1 unless weights are given. ``mean``
    divides the first sum by Σⱼ wⱼ, and ``mean_penalty`` the penalties too (a minibatch's by its own Σⱼ wⱼ, as
    scikit-learn's ``alpha``); ``l1`` is λ₁ ≥ 0 and ``l2`` is λ₂ ≥ 0; biases are not penalised. A is a[r] (t, m),
    Z is z[r] (t, m) and Y (t, m) holds the labels as ``targets`` encodes them; their dtype is kept, and ``losses``
    takes complex A too, for the complex-step derivative. A cost is a frozen value: equal settings make equal costs.

    One's own cost is `CustomCost`, or a subclass with ``name``, ``losses`` and ``derivative``.

    Raises InputError where λ₁ or λ₂ is negative or not finite, or for ``mean_penalty`` without ``mean``.

    >>> import chainrule as cr
    >>> cr.SumOfSquares(mean=True, l2=0.1)
    SumOfSquares(mean=True, l2=0.1)

    Source: Lecture, L9.
    """

    mean: bool = False
    l1: float = 0.0
    l2: float = 0.0
    mean_penalty: bool = False

    name: ClassVar[str]
    canonical: ClassVar[str | None] = None  # the σ[r] for which ℓ∘σ[r] has a closed form in z[r]
    outputs: ClassVar[tuple[float, float]] = INFINITE  # where the entries of a[r] must lie
    labels: ClassVar[tuple[float, float]] = INFINITE  # where the entries of y must lie
    label_remedy: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for symbol in ("mean", "mean_penalty"):
            if not isinstance(getattr(self, symbol), bool):
                raise InputError(f"{symbol} must be True or False; got {getattr(self, symbol)!r}.")
        if self.mean_penalty and not self.mean:
            raise InputError("mean_penalty=True divides the penalties as mean=True the losses; give mean=True with it.")
        for symbol in ("l1", "l2"):
            object.__setattr__(self, symbol, as_real(getattr(self, symbol), symbol, minimum=0.0))

    # ---- the loss of each example, and its derivative ----------------------------------------------------------------

    @abstractmethod
    def losses(self, A: Array, Y: Array) -> Array:
        """ℓ(a, y) of each example, (t,)."""

    @abstractmethod
    def derivative(self, A: Array, Y: Array) -> Array:
        """∂ℓ/∂a[r] of each example, (t, m)."""

    def canonical_losses(self, Z: Array, Y: Array) -> Array:
        """ℓ(σ(z), y) of each example, (t,), in closed form for σ = ``canonical``: exact even where σ(z) rounds."""
        raise NotImplementedError(f"{type(self).__name__} has no canonical output")

    def canonical_delta(self, Z: Array, Y: Array) -> Array:
        """δ[r] = ∂ℓ(σ(z), y)/∂z of each example, (t, m), in closed form for σ = ``canonical``."""
        raise NotImplementedError(f"{type(self).__name__} has no canonical output")

    def example_losses(self, z: Array, a: Array, Y: Array, sigma: Sigma) -> Array:
        """ℓ of each example, (t,), from z[r] and a[r] = σ[r](z[r]): in closed form where σ[r] is ``canonical``."""
        return self.canonical_losses(z, Y) if self.closed_form(sigma) else self.losses(a, Y)

    def output_delta(self, z: Array, a: Array, Y: Array, sigma: Sigma) -> Array:
        """δ[r] = (∂σ[r]/∂z[r])ᵀ ∂ℓ/∂a[r] of each example, (t, m); in closed form where σ[r] is ``canonical`` (L14)."""
        if self.closed_form(sigma):
            return self.canonical_delta(z, Y)
        delta: Array = sigma.pullback(z, self.derivative(a, Y))
        return delta

    def closed_form(self, sigma: Sigma) -> bool:
        """Whether this cost over the output activation σ[r] is the named special case."""
        return sigma.builtin and sigma.name == self.canonical

    # ---- the penalties, and their derivative -------------------------------------------------------------------------

    @silent
    def penalty(self, weights: Iterable[Array]) -> float:
        """λ₁ Σᵢ Σ|W[i]| + λ₂/2 Σᵢ ‖W[i]‖²; for complex W the analytic continuation, a complex number."""
        total = 0.0
        for W in weights:
            if self.l1:
                total += self.l1 * (_sign(W) * W).sum().item()
            if self.l2:
                total += 0.5 * self.l2 * (W * W).sum().item()
        return total

    def penalty_gradient(self, W: Array) -> Array:
        """∂penalty/∂W = λ₁ sign(W) + λ₂ W, like W; 0 for |W| at W = 0."""
        return self.l1 * _sign(W) + self.l2 * W

    # ---- the border --------------------------------------------------------------------------------------------------

    def targets(self, Y: ArrayLike, m: int, dtype: DTypeLike = np.float64) -> Array:
        """The labels as an array (t, m) of ``dtype``, checked and encoded as this cost wants them.

        Y is (t, m), or (t,) where m = 1. Labels stay real where ``dtype`` is complex. What fits already is not copied.

        Raises InputError for another shape, no examples, texts, NaN or infinite numbers, or labels outside the domain.
        """
        return self._labels(Y, m, np.dtype(dtype).type(0).real.dtype)

    def _labels(self, Y: ArrayLike, m: int, dtype: np.dtype[Any]) -> Array:
        """`targets` for a real dtype."""
        array = as_array(Y, "Y", dtype)
        if array.ndim == 1 and m == 1:
            array = array[:, None]
        if array.ndim == 1:
            classes = " For integer classes use CrossEntropy()." if np.asarray(Y).dtype.kind in "iub" else ""
            raise InputError(
                f"Y must have shape (t, {m}), a row of {m} numbers per example; got {array.shape}.{classes}"
            )
        array = as_rows(array, m, "Y", dtype)
        low, high = self.labels
        outside = ~((array >= low) & (array <= high))
        if outside.any():
            where = tuple(int(k) for k in np.argwhere(outside)[0])
            raise InputError(
                f"Y must lie in {_interval(self.labels)} for {type(self).__name__}; "
                f"got {array[where]:g} at index {where}. {self.label_remedy}"
            )
        return array

    def check_output(self, sigma: Sigma, m: int) -> None:
        """Refuse an output activation σ[r] whose values do not fit this cost.

        A user's own σ that states no range is trusted.

        Raises InputError, with the output activation to take instead.
        """
        (low, high), (a, b) = self.outputs, sigma.range
        if (a < low or b > high) and (sigma.builtin or sigma.range != INFINITE):
            remedy = f'; take output="{self.canonical}"' if self.canonical else ""
            raise InputError(
                f"{type(self).__name__} needs outputs a[r] in {_interval(self.outputs)}; got sigma[r] = {sigma.name}, "
                f"with values in {_interval(sigma.range)}{remedy} or another cost."
            )

    def __call__(self, net: Network, X: ArrayLike, Y: ArrayLike, weights: ArrayLike | None = None) -> float:
        """J(θ) over the examples X (t, n) with labels Y, weighted by ``weights`` (t,), penalties included.

        Raises InputError for shapes that do not fit, numbers that are not finite, or labels outside the domain.
        """
        from chainrule.backprop import cost_value  # J needs the forward pass, which stands above the costs

        return cost_value(net, self, X, Y, weights)


def _sign(W: Array) -> Array:
    """±1 or 0, of the real part where W is complex."""
    sign: Array = np.sign(W.real)
    return sign


def _interval(bounds: tuple[float, float]) -> str:
    """The interval as mathematicians write it: [0, 1], [0, inf), (-inf, inf)."""
    low, high = bounds
    return f"{'[' if low > -math.inf else '('}{low:g}, {high:g}{']' if high < math.inf else ')'}"
