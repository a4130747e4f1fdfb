"""Costs for regression: each loss ℓ(a, y) beside its derivative ∂ℓ/∂a.

For complex A the real part decides between branches, so that the complex step works wherever the loss is smooth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from chainrule._internal.checks import Array, as_array, as_real
from chainrule.activations import Sigma
from chainrule.costs.cost import Cost
from chainrule.costs.loss import silent
from chainrule.errors import InputError


class SumOfSquares(Cost):
    """The sum of squares: ℓ(a, y) = ½ ‖a − y‖², ∂ℓ/∂a = a − y.

    With r = 1 and σ = identity this is linear regression. It accepts any output activation. The factor ½ follows the
    lecture: PyTorch's ``MSELoss(reduction="sum")`` is twice this.

    >>> import numpy as np, chainrule as cr
    >>> J = cr.SumOfSquares()
    >>> A, Y = np.array([[3.0, 1.0]]), np.array([[1.0, 0.0]])
    >>> J.losses(A, Y), J.derivative(A, Y)
    (array([2.5]), array([[2., 1.]]))

    Source: Lecture, L10.
    """

    name: ClassVar[str] = "sum_of_squares"

    @silent
    def losses(self, A: Array, Y: Array) -> Array:
        e = A - Y  # (t, m)
        total: Array = 0.5 * (e * e).sum(axis=1)
        return total

    @silent
    def derivative(self, A: Array, Y: Array) -> Array:
        return A - Y

    def hessian_product(self, A: Array, Y: Array, U: Array) -> Array:
        return U


class AbsoluteError(Cost):
    """The absolute error: ℓ(a, y) = Σₖ |aₖ − yₖ|, ∂ℓ/∂a = sign(a − y), 0 at the kink a = y.

    The constant that minimises it is the median, so outliers have little influence. It accepts any output activation.

    >>> import numpy as np, chainrule as cr
    >>> J = cr.AbsoluteError()
    >>> A, Y = np.array([[3.0, 1.0]]), np.array([[1.0, 1.5]])
    >>> J.losses(A, Y), J.derivative(A, Y)
    (array([2.5]), array([[ 1., -1.]]))

    Source: P. S. Laplace, Mémoire sur la probabilité des causes, 1774.
    """

    name: ClassVar[str] = "absolute_error"

    @silent
    def losses(self, A: Array, Y: Array) -> Array:
        e = A - Y  # (t, m)
        total: Array = np.where(e.real < 0, -e, e).sum(axis=1)
        return total

    @silent
    def derivative(self, A: Array, Y: Array) -> Array:
        slope: Array = np.sign((A - Y).real)
        return slope

    def hessian_product(self, A: Array, Y: Array, U: Array) -> Array:
        return np.zeros_like(U)


@dataclass(frozen=True, eq=False, repr=False)
class Huber(Cost):
    """Huber's loss: quadratic for small errors, linear for large ones.

    With e = aₖ − yₖ, κ = ``threshold`` > 0 and c = e clipped to [−κ, κ]: ℓ(a, y) = Σₖ c (e − c/2), that is ½ e² for
    |e| ≤ κ and κ (|e| − κ/2) beyond; ∂ℓ/∂a = c.

    ``threshold`` has the unit of y. It accepts any output activation.

    Raises InputError if κ is not a finite number > 0.

    >>> import numpy as np, chainrule as cr
    >>> J = cr.Huber(threshold=1.0)
    >>> A, Y = np.array([[3.0, 0.5]]), np.array([[0.0, 0.0]])
    >>> J.losses(A, Y), J.derivative(A, Y)
    (array([2.625]), array([[1. , 0.5]]))

    Source: P. J. Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics 35, 1964.
    """

    threshold: float = 1.0

    name: ClassVar[str] = "huber"

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "threshold", as_real(self.threshold, "threshold", minimum=0.0, open_minimum=True))

    @silent
    def losses(self, A: Array, Y: Array) -> Array:
        e = A - Y  # (t, m)
        c = self._clipped(e)
        total: Array = (c * (e - 0.5 * c)).sum(axis=1)
        return total

    @silent
    def derivative(self, A: Array, Y: Array) -> Array:
        return self._clipped(A - Y)

    @silent
    def hessian_product(self, A: Array, Y: Array, U: Array) -> Array:
        return np.where(abs((A - Y).real) < self.threshold, U, 0.0)

    def _clipped(self, e: Array) -> Array:
        """Returns c, which is e clipped to [−κ, κ] by its real part."""
        kappa = self.threshold
        c: Array = np.where(e.real > kappa, kappa, np.where(e.real < -kappa, -kappa, e))
        return c


@dataclass(frozen=True, eq=False, repr=False)
class Quantile(Cost):
    """The quantile (pinball) loss: with e = yₖ − aₖ and 0 < q < 1, ℓ(a, y) = Σₖ max(q e, (q − 1) e).

    ∂ℓ/∂aₖ = −q for aₖ < yₖ, 1 − q for aₖ > yₖ, and 0 at the kink. The constant that minimises it is the ``q``-quantile
    of y; q = ½ gives half the absolute error. A tuple has the qₖ of each output aₖ; labels y (t,) then belong to all m
    outputs. It accepts any output activation.

    Raises InputError if a q is not strictly between 0 and 1; at a use, if a tuple does not have m numbers.

    >>> import numpy as np, chainrule as cr
    >>> J = cr.Quantile(q=0.75)
    >>> A, Y = np.array([[1.0], [3.0]]), np.array([[2.0], [2.0]])
    >>> J.losses(A, Y), J.derivative(A, Y)
    (array([0.75, 0.25]), array([[-0.75], [ 0.25]]))
    >>> cr.Quantile(q=(0.1, 0.9)).derivative(np.array([[1.0, 3.0]]), np.array([[2.0, 2.0]]))
    array([[-0.1,  0.1]])

    Source: R. Koenker & G. Bassett, Regression quantiles, Econometrica 46, 1978.
    """

    q: float | tuple[float, ...] = 0.5

    name: ClassVar[str] = "quantile"

    def __post_init__(self) -> None:
        super().__post_init__()
        is_single = not isinstance(self.q, (tuple, list)) or not self.q
        given = (self.q,) if is_single else tuple(self.q)  # type: ignore[arg-type]  # it is a tuple
        numbers = tuple(as_real(q, "q") for q in given)
        for q in numbers:
            if not 0.0 < q < 1.0:
                raise InputError(f"q must lie strictly between 0 and 1; got {q!r}. The median is q=0.5.")
        object.__setattr__(self, "q", numbers[0] if is_single else numbers)

    @silent
    def losses(self, A: Array, Y: Array) -> Array:
        e, q = Y - A, self._q(A)  # (t, m), and one number or (m,)
        total: Array = np.where(e.real < 0, (q - 1.0) * e, q * e).sum(axis=1)
        return total

    @silent
    def derivative(self, A: Array, Y: Array) -> Array:
        e, q = (Y - A).real, self._q(A)
        slope: Array = (1.0 - q) * (e < 0).astype(e.dtype) - q * (e > 0).astype(e.dtype)
        return slope

    def hessian_product(self, A: Array, Y: Array, U: Array) -> Array:
        return np.zeros_like(U)

    def check_output(self, sigma: Sigma, m: int) -> None:
        if isinstance(self.q, tuple) and len(self.q) != m:
            raise InputError(f"q must have a number for each of the {m} outputs; got {len(self.q)}: {self.q}.")
        super().check_output(sigma, m)

    def _labels(self, Y: ArrayLike, m: int, dtype: np.dtype[Any]) -> Array:
        if isinstance(self.q, tuple) and (y := as_array(Y, "Y", dtype)).ndim == 1:
            Y = np.repeat(y[:, None], m, axis=1)
        return super()._labels(Y, m, dtype)

    def _q(self, A: Array) -> float | Array:
        """Returns q, or the q of each output (m,) in the real type of A."""
        return np.array(self.q, dtype=A.real.dtype) if isinstance(self.q, tuple) else self.q


class Poisson(Cost):
    """The Poisson cost for counts: ℓ(a, y) = Σₖ aₖ − yₖ log aₖ, ∂ℓ/∂aₖ = 1 − yₖ/aₖ, for a ≥ 0, y ≥ 0 and 0 · log 0 = 0.

    It is −log of the Poisson probability of y with mean a, without the constant log y!. With ``output="exp"`` (the log
    link: log a is linear in the last layer) it is the named special case ℓ = eᶻ − y z, δ = eᶻ − y, which needs no
    logarithm. PyTorch's ``PoissonNLLLoss(log_input=False, eps=0)``, and with exp its ``log_input=True``.

    >>> import numpy as np, chainrule as cr
    >>> J = cr.Poisson()
    >>> J.losses(np.array([[1.0], [5.0]]), np.array([[3.0], [0.0]]))
    array([1., 5.])
    >>> J.canonical_delta(np.array([[0.0]]), np.array([[3.0]]))
    array([[-2.]])

    Source: P. McCullagh & J. A. Nelder, Generalized linear models, 2nd ed., 1989, chapter 6.
    """

    name: ClassVar[str] = "poisson"
    canonical: ClassVar[str | None] = "exp"
    outputs: ClassVar[tuple[float, float]] = (0.0, math.inf)
    labels: ClassVar[tuple[float, float]] = (0.0, math.inf)
    label_remedy: ClassVar[str] = "Counts must not be negative; for other numbers use SumOfSquares()."

    @silent
    def losses(self, A: Array, Y: Array) -> Array:
        total: Array = (A - np.where(Y == 0, 0.0, Y * np.log(A))).sum(axis=1)
        return total

    @silent
    def derivative(self, A: Array, Y: Array) -> Array:
        return 1.0 - np.where(Y == 0, 0.0, Y / A)

    @silent
    def hessian_product(self, A: Array, Y: Array, U: Array) -> Array:
        return np.where(Y == 0, 0.0, Y / A / A) * U

    @silent
    def canonical_losses(self, Z: Array, Y: Array) -> Array:
        total: Array = (np.exp(Z) - Y * Z).sum(axis=1)
        return total

    @silent
    def canonical_delta(self, Z: Array, Y: Array) -> Array:
        return np.exp(Z) - Y

    @silent
    def canonical_hessian_product(self, Z: Array, Y: Array, U: Array) -> Array:
        product: Array = np.exp(Z) * U
        return product
