"""Cost functions (Lecture, L9): J(θ) = Σⱼ wⱼ ℓ(a⁽ʲ⁾, y⁽ʲ⁾) + penalty(W), each map beside its derivative."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from chainrule._internal.checks import Array, as_real, as_weights, check_rows, shown
from chainrule._internal.html_table import formula_html
from chainrule._internal.sparse_rows import as_examples
from chainrule._internal.value import Value
from chainrule.costs.loss import Loss, silent
from chainrule.costs.training_set import ExamplesLike, TrainingSet, as_rows_of_labels, unpacked
from chainrule.errors import InputError
from chainrule.network import Forward, Network, check_network
from chainrule.network.block_diagonal import free_entries
from chainrule.network.forward import forward

if TYPE_CHECKING:
    from chainrule.engines.objective import Objective

NUMBERS = (float, tuple)  # the types of parameters that are numbers


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Cost(Value, Loss):
    """A cost function J: ℝᵈ → ℝ, the sum of one loss ℓ(a, y) per example and penalties on the weights.

    J(θ) = Σⱼ wⱼ ℓ(N_θ(x⁽ʲ⁾), y⁽ʲ⁾) + λ₁ Σᵢ Σ|W[i]| + λ₂/2 Σᵢ ‖W[i]‖², with wⱼ = 1 unless weights are given. ``mean``
    divides the first sum by Σⱼ wⱼ, and ``mean_penalty`` the penalties too (those of a minibatch by its own Σⱼ wⱼ, like
    scikit-learn's ``alpha``); ``l1`` is λ₁ ≥ 0 and ``l2`` is λ₂ ≥ 0; biases are not penalised. A is a[r] (t, m),
    Z is z[r] (t, m), and Y (t, m) holds the labels as ``targets`` encodes them. Results have their dtype, and
    ``losses`` accepts complex A for the complex-step derivative. A cost is a frozen value: costs with equal settings
    are equal.

    To define your own cost, use `CustomCost`, or a subclass with ``name``, ``losses`` and ``derivative``.

    Raises InputError if λ₁ or λ₂ is negative or not finite, or for ``mean_penalty`` without ``mean``.

    >>> import chainrule as cr
    >>> cr.SumOfSquares(mean=True, l2=0.1)
    SumOfSquares(mean=True, l2=0.1)

    Source: Lecture, L9.
    """

    mean: bool = False
    l1: float = 0.0
    l2: float = 0.0
    mean_penalty: bool = False

    def __post_init__(self) -> None:
        for symbol in ("mean", "mean_penalty"):
            if not isinstance(getattr(self, symbol), bool):
                raise InputError(f"{symbol} must be True or False; got {shown(getattr(self, symbol))}.")
        if self.mean_penalty and not self.mean:
            raise InputError("mean_penalty=True requires mean=True; give mean=True with it.")
        for symbol in ("l1", "l2"):
            object.__setattr__(self, symbol, as_real(getattr(self, symbol), symbol, minimum=0.0))

    @property
    def in_words(self) -> str:
        """The name of the loss, whether J is its sum or its mean, and parameters that are not the usual ones.

        >>> import chainrule as cr
        >>> cr.LogLikelihood(mean=True).in_words
        'log likelihood, mean over the examples'
        >>> cr.CrossEntropy(label_smoothing=0.05).in_words
        'cross entropy, sum over the examples, label smoothing 0.05'
        """
        words = f"{self.name.replace('_', ' ')}, {'mean' if self.mean else 'sum'} over the examples"
        own = {each.name: (getattr(self, each.name), each.default) for each in fields(self)}
        unusual = {name: value for name, (value, usual) in own.items() if value != usual}
        numbers = [f"{name.replace('_', ' ')} {value}" for name, value in unusual.items() if type(value) in NUMBERS]
        return ", ".join([words, *numbers])

    def latex(self) -> tuple[str, str]:
        """Returns ℓ(a, y) = … and ∂ℓ/∂aₖ = … in LaTeX, for math mode with amsmath; the formulas are those of `explain`.

        For a cost of your own they are its name.

        >>> import chainrule as cr
        >>> print(*cr.SumOfSquares().latex(), sep="\\n")
        \\ell (a , y) = \\tfrac{1}{2} \\, \\sum_{k} \\, {(a_{k} - y_{k})}^{2}
        \\frac{\\partial \\ell}{\\partial a_{k}} = a_{k} - y_{k}
        """
        from chainrule.explain.in_latex import cost_in_latex

        return cost_in_latex(self)

    def _repr_html_(self) -> str:
        return formula_html(self)

    # ---- J(θ) --------------------------------------------------------------------------------------------------------

    def __call__(
        self,
        net: Network,
        X: ExamplesLike,
        Y: ArrayLike | None = None,
        weights: ArrayLike | None = None,
    ) -> float:
        """Computes J(θ) over the examples X (t, n) with labels Y, weighted by ``weights`` (t,), including penalties.

        X may be a sparse array or matrix of SciPy, or a `TrainingSet` in place of all three. J of a complex network
        is complex, for the complex-step derivative.

        Raises InputError for shapes that do not fit, numbers that are not finite, or labels outside the domain.
        """
        data = self.examples(net, X, Y, weights)
        return self.total(net, forward(net, data.X), data.Y, data.weights)

    def of(
        self,
        net: Network,
        X: ExamplesLike,
        Y: ArrayLike | None = None,
        weights: ArrayLike | None = None,
    ) -> Objective:
        """Returns J as a function of θ ∈ ℝᵈ over these examples, with its gradient and Hessian; see `Objective`.

        Raises InputError as ``J(net, X, Y)`` does.

        >>> import chainrule as cr
        >>> J_theta = cr.SumOfSquares().of(cr.Network.dense([1, 1]), [[3.0]], [[5.0]])
        >>> J_theta([1.0, 0.0])                                                         # ½ (3 − 5)²
        2.0
        """
        from chainrule.engines.objective import Objective

        return Objective(net, self, self.examples(net, X, Y, weights))

    def examples(self, net: Network, X: ExamplesLike, Y: ArrayLike | None, weights: ArrayLike | None) -> TrainingSet:
        """Returns X (t, n), Y (t, m) as ``targets`` encodes it, and weights (t,), all checked against the network.

        A sparse X becomes `SparseRows`.

        Raises InputError as ``J(net, X, Y)`` does.
        """
        self.check_output(check_network(net).sigma[net.r], net.m[-1])
        X_given, Y, weights = unpacked(X, Y, weights)
        rows, is_row = as_examples(X_given, net.m[0], "X", net.dtype)
        check_rows(rows, net.m[0], "X")
        targets = self.targets(as_rows_of_labels(Y, is_row, len(rows)), net.m[-1], net.dtype)
        if len(targets) != len(rows):
            raise InputError(f"Y must hold one label per row of X, {len(rows)}; got {len(targets)}.")
        return TrainingSet(rows, targets, as_weights(weights, len(rows), net.dtype.type(0).real.dtype))

    @silent
    def total(
        self, net: Network, run: Forward, Y: Array, weights: Array | None, penalty_scale: float | None = None
    ) -> float:
        """Computes J(θ) from a finished forward pass; ``penalty_scale`` scales the penalties (None: as in J)."""
        if penalty_scale is None:
            penalty_scale = self.penalty_scale(weights, len(Y))
        losses = self.example_losses(run.z[net.r], run.a[net.r], Y, net.sigma[net.r])
        scale = self.example_scale(weights, len(Y))
        sums = losses.sum() * scale if isinstance(scale, float) else (losses * scale).sum()
        data: float = sums.item()  # a number of double precision from here on
        return data + self.penalty(map(free_entries, net.W), penalty_scale) if self.l1 or self.l2 else data

    def example_scale(self, weights: Array | None, t: int) -> Array | float:
        """Returns the factor of each example's loss, w, or w / Σw with ``mean``, as (t,) or one number for all."""
        if weights is None:
            return 1.0 / t if self.mean else 1.0
        if not self.mean:
            return weights
        total = weights.sum()
        return weights / total if total > 0 else weights  # a minibatch whose weights are all zero contributes 0

    def penalty_scale(self, weights: Array | None, t: int) -> float:
        """Returns the factor of the penalties in J: 1, or 1/Σw with ``mean_penalty`` (0 if every weight is zero)."""
        if not self.mean_penalty:
            return 1.0
        total = t if weights is None else float(weights.sum())
        return 1.0 / total if total > 0 else 0.0

    # ---- the penalties, and their derivative -------------------------------------------------------------------------

    @silent
    def penalty(self, weights: Iterable[Array], scale: float = 1.0) -> float:
        """Computes λ₁ Σᵢ Σ|W[i]| + λ₂/2 Σᵢ ‖W[i]‖², and for complex W its analytic continuation, a complex number.

        ``scale`` multiplies λ₁ and λ₂; a λ that is 0 then adds nothing, even to an infinite sum. The sums are in double
        precision, in which the squares of float32 numbers do not overflow.
        """
        l1, l2, total = scale * self.l1, scale * self.l2, 0.0
        for W in weights:
            W = W.astype(np.result_type(W, np.float64), copy=False)
            if l1:
                total += l1 * (_sign(W) * W).sum().item()
            if l2:
                total += 0.5 * l2 * (W * W).sum().item()
        return total

    def penalty_gradient(self, W: Array, scale: float = 1.0) -> Array:
        """Computes ∂penalty/∂W = λ₁ sign(W) + λ₂ W, of the shape of W, with sign(0) = 0, and λ times ``scale``."""
        return (scale * self.l1) * _sign(W) + (scale * self.l2) * W


def _sign(W: Array) -> Array:
    """Returns the sign ±1 or 0 of W, or of its real part if W is complex."""
    sign: Array = np.sign(W.real)
    return sign
