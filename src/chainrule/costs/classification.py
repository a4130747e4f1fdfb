"""Costs for classification: each loss beside its derivative, and the closed forms in terms of z[r].

The closed forms are sums of non-negative terms, so that nothing cancels: relative errors are a few ulp for labels 0 and
1, also in both tails, where log σ(z) would be log 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from chainrule._internal.checks import Array, as_real, refuse_disguised
from chainrule.costs.cost import Cost
from chainrule.costs.loss import silent
from chainrule.errors import InputError

if TYPE_CHECKING:
    from chainrule.activations import Sigma


class LogLikelihood(Cost):
    """The log-likelihood (logistic) cost: ℓ(a, y) = −Σₖ [yₖ log aₖ + (1 − yₖ) log(1 − aₖ)].

    a and y lie in [0, 1], and 0 · log 0 = 0. ∂ℓ/∂aₖ = (1 − yₖ)/(1 − aₖ) − yₖ/aₖ. With r = 1 and σ = sigmoid this is
    logistic regression; m > 1 outputs are m independent binary classifications. With ``output="sigmoid"`` it is the
    named special case with softplus(z) = log(1 + eᶻ)

    ℓ = Σₖ yₖ softplus(−zₖ) + (1 − yₖ) softplus(zₖ),   δ = σ(z) − y = (1 − y) σ(z) − y σ(−z),

    finite and exact for every z. Any other σ, such as softmax or a sigmoid of your own, gives J = ∞ where a rounds to 0
    or 1 on the wrong side; for softmax use `CrossEntropy`. PyTorch's ``BCELoss`` (which clips log a at −100) and
    ``BCEWithLogitsLoss``, summed.

    >>> import numpy as np, chainrule as cr
    >>> J = cr.LogLikelihood()
    >>> J.losses(np.array([[0.5]]), np.array([[1.0]]))
    array([0.69314718])
    >>> J.canonical_losses(np.array([[-800.0]]), np.array([[1.0]]))             # σ(−800) is 0 in float64
    array([800.])

    Source: Lecture, L11.
    """

    name: ClassVar[str] = "log_likelihood"
    canonical: ClassVar[str | None] = "sigmoid"
    outputs: ClassVar[tuple[float, float]] = (0.0, 1.0)
    labels: ClassVar[tuple[float, float]] = (0.0, 1.0)
    label_remedy: ClassVar[str] = "Encode the two classes as 0 and 1; for more classes use CrossEntropy()."

    @silent
    def losses(self, A: Array, Y: Array) -> Array:
        total: Array = -(_times(Y, np.log(A)) + _times(1.0 - Y, np.log1p(-A))).sum(axis=1)
        return total

    @silent
    def derivative(self, A: Array, Y: Array) -> Array:
        return _times(1.0 - Y, 1.0 / (1.0 - A)) - _times(Y, 1.0 / A)

    @silent
    def hessian_product(self, A: Array, Y: Array, U: Array) -> Array:
        return (_times(1.0 - Y, 1.0 / (1.0 - A) ** 2) + _times(Y, 1.0 / A**2)) * U

    @silent
    def canonical_losses(self, Z: Array, Y: Array) -> Array:
        positive, negative, e = _split(Z)
        # softplus(z) = max(z, 0) + log1p(e), softplus(−z) = max(−z, 0) + log1p(e)
        total: Array = (Y * negative + (1.0 - Y) * positive + np.log1p(e)).sum(axis=1)
        return total

    @silent
    def canonical_delta(self, Z: Array, Y: Array) -> Array:
        _, _, e = _split(Z)
        large, small = 1.0 / (1.0 + e), e / (1.0 + e)  # σ(|z|), σ(−|z|)
        up = Z.real >= 0
        delta: Array = (1.0 - Y) * np.where(up, large, small) - Y * np.where(up, small, large)
        return delta

    @silent
    def canonical_hessian_product(self, Z: Array, Y: Array, U: Array) -> Array:
        _, _, e = _split(Z)
        product: Array = e / (1.0 + e) ** 2 * U  # σ(z) σ(−z) u
        return product


@dataclass(frozen=True, eq=False, repr=False)
class CrossEntropy(Cost):
    """The cross-entropy: ℓ(a, y) = −Σₖ y′ₖ log aₖ, ∂ℓ/∂a = −y′/a.

    a and y are distributions over m ≥ 2 classes, and 0 · log 0 = 0. It is L11 for softmax outputs. Labels are integer
    classes (t,) in 0 … m−1 or distributions (t, m); ``label_smoothing`` ε in [0, 1) replaces y by y′ = (1 − ε) y +
    ε/m. With ``output="softmax"`` it is the named special case

    ℓ = Σₖ y′ₖ (log Σⱼ exp zⱼ − zₖ),   δ = softmax(z) − y′ = (1 − y′) a − y′ (1 − a),

    finite and exact for every z. PyTorch's ``CrossEntropyLoss(reduction="sum")``, which always takes z.

    Raises InputError if ε is not in [0, 1).

    >>> import numpy as np, chainrule as cr
    >>> J = cr.CrossEntropy()
    >>> Y = J.targets([1, 0], m=2)
    >>> Y
    array([[0., 1.], [1., 0.]])
    >>> J.canonical_losses(np.array([[0.0, 0.0], [-900.0, 100.0]]), Y)
    array([6.93147181e-01, 1.00000000e+03])

    Source: Lecture, L4, L11; label smoothing: C. Szegedy et al., Rethinking the Inception architecture, CVPR 2016.
    """

    label_smoothing: float = 0.0

    name: ClassVar[str] = "cross_entropy"
    canonical: ClassVar[str | None] = "softmax"
    outputs: ClassVar[tuple[float, float]] = (0.0, 1.0)
    labels: ClassVar[tuple[float, float]] = (0.0, 1.0)
    label_remedy: ClassVar[str] = "Each row must be a distribution over the classes."

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "label_smoothing", as_real(self.label_smoothing, "label_smoothing"))
        if not 0.0 <= self.label_smoothing < 1.0:
            raise InputError(f"label_smoothing must lie in [0, 1); got {self.label_smoothing!r}. Usual: 0 to 0.2.")

    @silent
    def losses(self, A: Array, Y: Array) -> Array:
        total: Array = -_times(self._smoothed(Y), np.log(A)).sum(axis=1)
        return total

    @silent
    def derivative(self, A: Array, Y: Array) -> Array:
        return -_times(self._smoothed(Y), 1.0 / A)

    @silent
    def hessian_product(self, A: Array, Y: Array, U: Array) -> Array:
        return _times(self._smoothed(Y), 1.0 / A**2) * U

    @silent
    def canonical_losses(self, Z: Array, Y: Array) -> Array:
        z_max, _, rest = _softmax_parts(Z)
        total: Array = _times(self._smoothed(Y), (z_max - Z) + np.log1p(rest)).sum(axis=1)
        return total

    @silent
    def canonical_delta(self, Z: Array, Y: Array) -> Array:
        _, E, rest = _softmax_parts(Z)
        a = E / (1.0 + rest)  # softmax(z)
        top = np.arange(Z.shape[1]) == Z.real.argmax(axis=1)[:, None]  # the one entry where 1 − a may cancel
        one_minus_a = np.where(top, rest / (1.0 + rest), 1.0 - a)
        y = self._smoothed(Y)
        delta: Array = (1.0 - y) * a - y * one_minus_a
        return delta

    @silent
    def canonical_hessian_product(self, Z: Array, Y: Array, U: Array) -> Array:
        _, E, rest = _softmax_parts(Z)
        a = E / (1.0 + rest)
        product: Array = a * (U - (a * U).sum(axis=1, keepdims=True))  # (diag a − aaᵀ) u
        return product

    def _smoothed(self, Y: Array) -> Array:
        """Returns y′ = (1 − ε) y + ε/m."""
        epsilon = self.label_smoothing
        return (1.0 - epsilon) * Y + epsilon / Y.shape[1] if epsilon else Y

    def _labels(self, Y: ArrayLike, m: int, dtype: np.dtype[Any]) -> Array:
        """Returns one-hot rows for classes (t,), and distributions (t, m) scaled to sum to 1 in ``dtype``."""
        refuse_disguised(Y, "Y")
        try:
            raw = np.asarray(Y)
        except ValueError:  # the base class reports rows of different lengths
            return super()._labels(Y, m, dtype)
        if raw.ndim == 1:
            return _one_hot(raw, m, dtype)
        if raw.ndim == 2 and raw.shape[1] == 1 != m:
            raise InputError(
                f"Y must be classes (t,) or distributions (t, {m}); got {raw.shape}. Pass a column as Y[:, 0]."
            )
        rows = super()._labels(Y, m, dtype)
        sums = rows.sum(axis=1, dtype=np.float64)  # (t,)
        if (off := abs(sums - 1.0) > 1e-6).any():
            j = int(off.argmax())
            raise InputError(
                f"Y must hold distributions, rows that sum to 1; got the sum {sums[j]:g} in row {j}. "
                "Divide each row by its sum, or pass integer classes (t,)."
            )
        # δ = a − y requires Σₖ yₖ = 1, which decimal fractions rounded to single precision miss by 1e-7.
        scaled: Array = (rows / sums[:, None]).astype(dtype)
        return scaled

    def check_output(self, sigma: Sigma, m: int) -> None:
        if m < 2:
            raise InputError(
                f"CrossEntropy needs one output per class, m ≥ 2; got m = {m}. "
                'For two classes and one output use LogLikelihood() with output="sigmoid".'
            )
        super().check_output(sigma, m)
        if sigma.builtin and sigma.name != "softmax":  # J would push m sigmoids all to 1, which is no distribution
            raise InputError(
                f'CrossEntropy needs outputs a[r] that sum to 1; got sigma[r] = {sigma.name}; use output="softmax", '
                "or LogLikelihood() for m independent binary classifications."
            )


def _one_hot(classes: Array, m: int, dtype: np.dtype[Any]) -> Array:
    """Returns an array (t, m) whose rows are the unit vectors of the classes."""
    if len(classes) == 0:
        raise InputError("Y must hold at least one example; got shape (0,).")
    if classes.dtype.kind not in "iub":
        hint = "Convert whole numbers by Y.astype(int)" if classes.dtype.kind == "f" else "Number the classes"
        raise InputError(
            f"Y must be integer classes (t,) in 0 … {m - 1} or distributions (t, {m}); got {classes.shape} of dtype "
            f"{classes.dtype}. {hint}, for instance by np.unique(Y, return_inverse=True)[1]."
        )
    outside = (classes < 0) | (classes >= m) if classes.dtype.kind != "b" else np.zeros(len(classes), dtype=bool)
    if outside.any():
        j = int(outside.argmax())
        raise InputError(
            f"Y must be classes in 0 … {m - 1}, one per output; got {classes[j]} at index {j}. "
            "Number the classes from 0, for instance by np.unique(Y, return_inverse=True)[1]."
        )
    rows: Array = np.zeros((len(classes), m), dtype=dtype)
    rows[np.arange(len(classes)), classes.astype(np.intp)] = 1.0
    return rows


def _times(y: Array, x: Array) -> Array:
    """Returns y x (t, m), with 0 · x = 0 even if x is infinite or NaN."""
    product: Array = np.where(y == 0, 0.0, y * x)
    return product


def _split(Z: Array) -> tuple[Array, Array, Array]:
    """Returns max(z, 0), max(−z, 0) and e^{−|z|}, each (t, m), with signs taken from the real part."""
    up = Z.real >= 0
    positive, negative = np.where(up, Z, 0.0), np.where(up, 0.0, -Z)
    return positive, negative, np.exp(-positive - negative)


def _softmax_parts(Z: Array) -> tuple[Array, Array, Array]:
    """Returns max z (t, 1), E = exp(z − max z) (t, m), and the sum of E without the 1 of the largest z (t, 1)."""
    top = Z.real.argmax(axis=1)[:, None]
    z_max = np.take_along_axis(Z, top, axis=1)
    E = np.exp(Z - z_max)
    others = E.copy()
    np.put_along_axis(others, top, 0.0, axis=1)
    return z_max, E, others.sum(axis=1, keepdims=True)
