"""The base class of entrywise and vector-valued activations: σ: ℝᵐ → ℝᵐ as a value (Lecture, Def. 4.1, L1).

For every dtype of z, the map is evaluated in float64 (complex128), and the result is rounded once to the dtype of z.
NumPy's floating-point warnings are silenced, since training detects values that are not finite in J.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from types import MappingProxyType
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
import numpy.typing as npt

from chainrule import initial
from chainrule._internal.checks import Array, as_real, shown
from chainrule._internal.html_table import formula_html
from chainrule.activations.certify import check_activation
from chainrule.errors import ActivationRefused, InputError


class Sigma(ABC):
    """The interface of every activation; its two kinds are `Activation` and `VectorActivation`.

    name            its name in files and messages
    parameters      its fixed real parameters, such as the slope of leaky_relu
    range           an interval that contains every entry of σ(z); costs compare it with their domain
    kinks           the z where σ has no derivative (σ′ then has a value between the one-sided derivatives)
    hidden_initial  the initial values that suit a hidden layer with this σ (a name known to `chainrule.initial`)
    builtin         True if σ is a formula of the catalogue, with any parameters
    m               the length of a row if σ is defined for rows of this length alone, else None
    """

    entrywise: ClassVar[bool]
    function: Callable[..., Any]
    name: str
    parameters: Mapping[str, float]
    range: tuple[float, float]
    kinks: tuple[float, ...]
    hidden_initial: str
    builtin: bool
    m: int | None = None
    _adjoint: Callable[..., Any] | None  # σ′ or the pullback as passed; None means the complex step
    _second: Callable[..., Any] | None = None  # σ″, or ∇²(gᵀσ)(z) u; None means the complex step of the one above
    _defaults: Mapping[str, float]

    def _set_up(
        self,
        function: Callable[..., Any],
        adjoint: Callable[..., Any] | None,
        name: object,
        parameters: object,
        values: object,
        kinks: Iterable[float],
        hidden_initial: str,
        second: Callable[..., Any] | None = None,
    ) -> None:
        if not callable(function):
            raise InputError(f"function must be a function that maps z to σ(z); got {shown(function)}.")
        if adjoint is not None and not callable(adjoint):
            raise InputError(f"derivative must be a function or None; got {shown(adjoint)}.")
        if second is not None and not callable(second):
            raise InputError(f"the second derivative must be a function or None; got {shown(second)}.")
        if not isinstance(name, str):
            raise InputError(f"name must be a string; got {shown(name)}.")
        ends = tuple(values) if isinstance(values, Iterable) else ()
        if not (len(ends) == 2 and all(isinstance(end, Real) for end in ends) and ends[0] < ends[1]):
            raise InputError(f"range must be (low, high) with low < high; got {shown(values)}.")
        if parameters is not None and not isinstance(parameters, Mapping):
            raise InputError(f"parameters must map names to numbers, like {{'slope': 0.1}}; got {shown(parameters)}.")
        initial.get(hidden_initial)
        own = getattr(function, "__name__", "custom")
        bound = {key: as_real(value, key) for key, value in (parameters or {}).items()}
        vars(self).update(
            function=function,
            name=name or ("custom" if own == "<lambda>" else own),
            parameters=MappingProxyType(bound),
            range=(float(ends[0]), float(ends[1])),
            kinks=tuple(as_real(z, "kinks") for z in kinks),
            hidden_initial=hidden_initial,
            builtin=False,
            _adjoint=adjoint,
            _second=second,
            _defaults=MappingProxyType(bound),
            __doc__=function.__doc__,
        )
        if self.entrywise:
            self._require_arrays()
        if adjoint is None:
            self._certify_complex_step()

    def _require_arrays(self) -> None:
        """Raises ActivationRefused unless σ, and σ′ if it is given, map an array of numbers to one of its shape."""
        z = np.array([[-2.0, -0.5, 0.25], [0.5, 1.0, 3.0]])
        for what, mapping in (("σ", self.function), ("σ′", self._adjoint)):
            try:
                if mapping is not None:
                    self._evaluate(mapping, z)
            except ActivationRefused:
                raise
            except (TypeError, ValueError) as error:
                raise ActivationRefused(
                    f"{self.name}: {what} must map an array z entry by entry; at shape (2, 3) it fails ({error}). "
                    "Use np.maximum(z, 0) for max(0, z), np.exp(z) for math.exp(z), np.where(…) for if, or "
                    "np.vectorize(…)."
                ) from error

    def __call__(self, z: npt.ArrayLike) -> Array:
        """Computes a = σ(z), of the shape and dtype of z: (t, m), or any other shape (integers become float64)."""
        z = self._input(z)
        return self._evaluate(self.function, z)

    @abstractmethod
    def pullback(self, z: npt.ArrayLike, g: npt.ArrayLike) -> Array:
        """Computes (∂σ/∂z)ᵀ g, row by row: (t, m), (t, m) → (t, m)."""

    @abstractmethod
    def pushforward(self, z: npt.ArrayLike, u: npt.ArrayLike) -> Array:
        """Computes (∂σ/∂z) u, row by row: (t, m), (t, m) → (t, m)."""

    @abstractmethod
    def hessian_product(self, z: npt.ArrayLike, g: npt.ArrayLike, u: npt.ArrayLike) -> Array:
        """Computes ∇²(gᵀσ)(z) u, the change of the pullback of g as z moves along u, row by row: (t, m)."""

    @abstractmethod
    def jacobian(self, z: npt.ArrayLike) -> Array:
        """Computes ∂σ/∂z, row by row: (t, m) → (t, m, m); entry [j, k, l] is ∂σ(z[j])ₖ/∂z[j]ₗ."""

    @property
    def smooth(self) -> bool:
        """True if σ has no kink at its current parameters (elu has one at 0 unless its alpha is 1)."""
        return True

    def with_parameters(self, **parameters: float) -> Self:
        """Returns the same σ with other parameters.

        >>> import chainrule as cr
        >>> cr.leaky_relu.with_parameters(slope=0.2)(-1.0)
        np.float64(-0.2)

        Raises InputError for a parameter σ does not have, and for a value at which σ(0) is not finite.
        """
        for key in parameters:
            if key not in self.parameters:
                known = ", ".join(self.parameters) or "none"
                raise InputError(f"{self.name} has no parameter {key!r}; it has: {known}.")
        bound = {key: as_real(value, key) for key, value in parameters.items()}
        sigma = object.__new__(type(self))
        vars(sigma).update(vars(self), parameters=MappingProxyType({**self.parameters, **bound}))
        if not np.isfinite(sigma(np.zeros((1, sigma.m or 2)))).all():
            raise InputError(f"{self.name}: σ(0) is not finite with parameters {bound}; choose others.")
        if sigma._adjoint is None:
            sigma._certify_complex_step()
        return sigma

    def latex(self) -> tuple[str, str]:
        """Returns σ(z) = … and σ′(z) = … in LaTeX, for math mode with amsmath; the formulas are those of `explain`.

        The second one is ∂σ(z)/∂z = … for a vector-valued σ. What a formula refers to follows it, such as a mean of z.
        For a σ of your own they are its name.

        >>> import chainrule as cr
        >>> print(*cr.softplus.latex(), sep="\\n")
        \\mathrm{softplus} (z) = \\log (1 + e^{z})
        \\mathrm{softplus'} (z) = \\frac{1}{1 + e^{- z}}
        """
        from chainrule.explain.in_latex import sigma_in_latex

        return sigma_in_latex(self)

    def _certify_complex_step(self) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                check_activation(self)
        except (ActivationRefused, np.exceptions.ComplexWarning) as refused:
            what = "σ′" if self.entrywise else "the pullback"
            is_for_any_m = not self.entrywise and getattr(self, "m", None) is None
            alone = ", or m (m=2, say) if σ is for rows of a single length" if is_for_any_m else ""
            raise ActivationRefused(
                f"{what} is not given, and the complex step cannot compute it: {refused} "
                f"Give {what} as the second argument{alone}.",
                getattr(refused, "z", None),
            ) from refused

    def _input(self, z: npt.ArrayLike) -> Array:
        try:
            array = np.asarray(z)
        except ValueError as error:  # rows of different lengths
            raise InputError(f"z must be an array of numbers; got {shown(z)} ({error}).") from error
        if array.dtype.kind in "biu":
            array = array.astype(np.float64)
        if array.dtype.kind not in "fc":
            raise InputError(f"z must hold real or complex numbers; got {shown(z)} of dtype {array.dtype}.")
        return array

    def _inputs(self, z: npt.ArrayLike, **others: npt.ArrayLike) -> list[Array]:
        """Returns z and the other arrays, which must have its shape."""
        array, rest = self._input(z), {symbol: self._input(other) for symbol, other in others.items()}
        for symbol, other in rest.items():
            if other.shape != array.shape:
                raise InputError(f"{symbol} must have the shape of z, {array.shape}; got {other.shape}.")
        return [array, *rest.values()]

    def _evaluate(self, mapping: Callable[..., Any], *inputs: Array) -> Array:
        """Evaluates mapping(z, …; parameters) in at least float64, and rounds it to the common dtype of the inputs."""
        dtype = np.result_type(*inputs)
        wide = [x.astype(np.result_type(x.dtype, np.float64), copy=False) for x in inputs]
        with np.errstate(all="ignore"):
            y = np.asarray(mapping(*wide, **self.parameters))
            if y.shape != inputs[0].shape:
                raise ActivationRefused(f"{self.name}: for z of shape {inputs[0].shape} it returned shape {y.shape}.")
            if y.dtype.kind not in "biufc" or (y.dtype.kind == "c" and dtype.kind != "c"):
                raise ActivationRefused(f"{self.name}: for z of dtype {dtype} it returned dtype {y.dtype}.")
            if np.may_share_memory(y, inputs[0]):  # as with `lambda z: z`; changing a must not change z
                y = y.copy()
            result: Array = y.astype(dtype, copy=False)[()]  # a scalar for a scalar z
            return result

    def __setattr__(self, attribute: str, value: object) -> None:
        raise AttributeError(f"{self!r} is frozen; use with_parameters(…) for other parameters.")

    def _key(self) -> tuple[object, ...]:
        return (
            type(self),
            self.name,
            tuple(sorted(self.parameters.items())),
            self.function,
            self._adjoint,
            self._second,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sigma) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        if self.builtin and self.parameters == self._defaults:
            return f"cr.{self.name}"
        parameters = ", ".join(f"{key}={value:g}" for key, value in self.parameters.items())
        return f"{self.name}({parameters})" if parameters else self.name

    def _repr_html_(self) -> str:
        return formula_html(self)

    def __getstate__(self) -> dict[str, Any]:
        fields = {key: value for key, value in vars(self).items() if key != "__doc__"}
        return {key: dict(value) if isinstance(value, MappingProxyType) else value for key, value in fields.items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        frozen = {key: MappingProxyType(value) if isinstance(value, dict) else value for key, value in state.items()}
        vars(self).update(frozen, __doc__=state["function"].__doc__)


S = TypeVar("S", bound=Sigma)


def catalogued(sigma: S) -> S:
    """Marks σ as built in, and returns it."""
    vars(sigma)["builtin"] = True
    return sigma


def complex_values(sigma: Sigma, z: Array) -> Array:
    """Computes σ(z) at complex z; raises ActivationRefused if the function cannot, or returns real numbers."""
    try:
        values = np.asarray(sigma.function(z, **sigma.parameters))
    except (TypeError, ValueError) as error:
        raise ActivationRefused(f"{sigma.name} does not accept complex z ({error}).") from error
    if values.dtype.kind != "c" or values.shape != z.shape:
        raise ActivationRefused(f"{sigma.name} is not analytic: for complex z it returned {values.dtype} numbers.")
    return values
