"""Networks (Lecture, Def. 4.3; L6, L9): θ is one vector, and every W[i], b[i] and κ[i] is a view into it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from chainrule import initial
from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array, as_array, common_dtype, shown
from chainrule._internal.html_table import html_table
from chainrule._internal.naming import resolve
from chainrule._internal.sparse_rows import Rows, RowsLike, as_examples
from chainrule._internal.text_table import brief
from chainrule.activations import Parametric, Sigma
from chainrule.errors import InputError
from chainrule.network.arguments import as_dtype, as_sigmas, as_sizes
from chainrule.network.block_diagonal import Matrix, free_entries
from chainrule.network.conveniences import Conveniences
from chainrule.network.layer import Layer
from chainrule.network.random_layers import random_layers
from chainrule.network.theta import Layout, dense_layout, parameter_count, parameter_views
from chainrule.optimizers.schedules import Schedule

if TYPE_CHECKING:
    from chainrule.engines.choice import EngineLike
    from chainrule.network.forward import Forward


def _shortcut_placeholder(x: object) -> None:
    """Returns None, which a shortcut returns for inputs that the engine has to evaluate in the general way."""


class Network(Conveniences):
    """An r-layer neural network N = (L[1], …, L[r]), a function ℝⁿ → ℝᵐ with parameters θ ∈ ℝᵈ.

    The layers' numbers are copied into one contiguous vector ``theta``; ``W[i]``, ``b[i]`` and ``kappa[i]`` (and
    ``layers[i-1].W``) are views into it, so that changing θ changes the network. ``m`` holds the sizes m₀ … m_r, ``r``
    is the number of layers, ``d`` the number of parameters, and ``layout`` assigns them to the layers. The structure is
    frozen; the numbers may change. ``L[1]`` … ``L[r]`` are the layers, and ``layers`` is the tuple of them.

    Raises InputError if there is no layer, sizes do not chain, or the output layer has dropout.

    >>> import chainrule as cr
    >>> net = cr.Network([cr.Layer([[1.0, 2.0]], [3.0], cr.relu), cr.Layer([[2.0]], [0.0], cr.identity)])
    >>> net.m, net.r, net.d
    ((2, 1, 1), 2, 5)
    >>> net([1.0, 1.0])
    array([12.])

    Source: Lecture, Def. 4.3 (L6, L9).
    """

    __slots__ = (
        "L", "W", "__weakref__", "_shortcut", "_shown_theta", "_theta", "b", "dropout", "kappa", "layers", "layout",
        "m", "sigma",
    )  # fmt: skip

    _theta: Array
    _shown_theta: Array  # the view of it that users get
    m: tuple[int, ...]
    layout: Layout
    layers: tuple[Layer, ...]
    L: ByLayer[Layer]
    W: ByLayer[Matrix]
    b: ByLayer[Array]
    kappa: ByLayer[Array]
    sigma: ByLayer[Sigma]
    dropout: ByLayer[float | Schedule]
    _shortcut: Callable[[object], Array | None]  # an engine's fast path to N(x) for a few rows

    def __init__(self, layers: Iterable[Layer]) -> None:
        given: object = layers
        parts: tuple[Layer, ...] = tuple(given) if isinstance(given, Iterable) else ()
        if not parts or not all(isinstance(layer, Layer) for layer in cast("tuple[object, ...]", parts)):
            raise InputError(f"layers must be a list of one or more cr.Layer(W, b, sigma); got {shown(layers)}.")
        for i, (below, above) in enumerate(pairwise(parts), 1):
            if above.n != below.m:
                raise InputError(
                    f"layer {i + 1} must take the {below.m} outputs of layer {i}; its W has {above.n} columns. "
                    f"Give W[{i + 1}] the shape ({above.m}, {below.m})."
                )
        if parts[-1].dropout:
            raise InputError(
                f"the output layer must have no dropout; got dropout={parts[-1].dropout} in layer {len(parts)}."
            )
        self.m = (parts[0].n, *(layer.m for layer in parts))
        self.layout = tuple(layer.part for layer in parts)
        self._theta = np.empty(parameter_count(self.layout), common_dtype(*(layer.W.dtype for layer in parts)))
        self._shown_theta = self._theta.view()
        self.W, self.b, self.kappa = parameter_views(self._theta, self.layout)
        for W, b, kappa, layer in zip(self.W, self.b, self.kappa, parts, strict=True):
            free_entries(W)[...] = free_entries(layer.W)
            b[...], kappa[...] = layer.b, layer.kappa
        views = zip(parts, self.W, self.b, self.kappa, strict=True)
        self.layers = tuple(layer.with_parameters(W, b, kappa) for layer, W, b, kappa in views)
        self.L = ByLayer(self.layers)
        self.sigma, self.dropout = ByLayer(L.sigma for L in self.L), ByLayer(L.dropout for L in self.L)
        self._shortcut = _shortcut_placeholder

    @classmethod
    def dense(
        cls,
        sizes: Sequence[int],
        *,
        hidden: Sigma | str | Sequence[Sigma | str] = "relu",
        output: Sigma | str = "identity",
        initial: initial.Initial | str | None = None,
        dropout: float | Schedule | Sequence[float | Schedule] = 0.0,
        seed: int | None = 0,
        dtype: DTypeLike = np.float64,
    ) -> Network:
        """Returns a network of sizes m₀ … m_r with random W[i] and b[i] = 0.

        ``hidden`` is the σ of all hidden layers, or a list with one for each; ``initial`` is the rule that draws each
        W[i] (the default depends on σ: He for ReLU and its variants, LeCun for SELU, Glorot otherwise); ``dropout`` is
        one probability for all hidden layers, or a list with one for each; ``seed`` fixes the draw (None: a new seed).

        Raises InputError for sizes below 1, unknown names, or lists of the wrong length.

        >>> import chainrule as cr
        >>> cr.Network.dense([5, 3, 2, 1], hidden="sigmoid", output="identity", seed=0).d
        29

        Source: Lecture, Def. 4.3 (L6), L12 for the start θ₀.
        """
        return cls(random_layers(sizes, hidden, output, initial, dropout, seed, dtype))

    @classmethod
    def from_theta(cls, theta: ArrayLike, sizes: Sequence[int], sigmas: Sequence[Sigma | str]) -> Network:
        """Returns the network of sizes m₀ … m_r with the parameters θ (d,).

        θ is in the lecture's order: W[1] row by row, b[1], W[2], … The κ of a parametric σ[i] follow b[i].

        Raises InputError if the length of θ does not match the sizes.

        >>> import chainrule as cr
        >>> cr.Network.from_theta([2.0, 1.0], [1, 1], ["identity"])([3.0])
        array([7.])

        Source: Lecture, L9.
        """
        m = as_sizes(sizes)
        chosen = as_sigmas(sigmas, len(m) - 1)
        layout = dense_layout(m, (isinstance(sigma, Parametric) for sigma in chosen))
        array, d = as_array(theta, "theta"), parameter_count(layout)
        if array.shape != (d,):
            raise InputError(f"theta must have shape ({d},) for the sizes {m}; got {array.shape}.")
        parts = zip(*parameter_views(array, layout), chosen, strict=True)
        return cls(Layer(W, b, sigma, kappa=kappa if len(kappa) else None) for W, b, kappa, sigma in parts)

    def __setattr__(self, name: str, value: object) -> None:
        if name != "theta" and hasattr(self, name):
            raise AttributeError(
                f"{name} of a network is frozen: change numbers in place (net.W[i][...] = …), or build a new network."
            )
        super().__setattr__(name, value)

    @property
    def r(self) -> int:
        """The number of layers."""
        return len(self.layers)

    @property
    def d(self) -> int:
        """The number of parameters."""
        return len(self._theta)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The number type of θ: float32 or float64."""
        return self._theta.dtype

    @property
    def theta(self) -> Array:
        """The parameters θ (d,); assignment copies numbers in, so ``net.theta -= alpha * g.theta`` is a step (L12).

        It is the same array each time, unless its shape, strides or dtype were set: these belong to the network.
        """
        shown, own = self._shown_theta, self._theta
        if shown.shape != own.shape or shown.strides != own.strides or shown.dtype != own.dtype:
            shown = own.view()
            shown.flags.writeable = self._shown_theta.flags.writeable
            object.__setattr__(self, "_shown_theta", shown)
        return shown

    @theta.setter
    def theta(self, values: ArrayLike) -> None:
        if values is self._shown_theta:  # an in-place operation has already changed it
            return
        array = as_array(values, "theta", self.dtype)
        if array.shape != (self.d,):
            raise InputError(f"theta must have shape ({self.d},); got {array.shape}.")
        require_writable(self)
        self._theta[...] = array

    def __call__(self, x: RowsLike, *, engine: EngineLike = "auto") -> Array:
        """Computes N(x): (n,) → (m,), or (t, n) → (t, m), one example per row (Lecture, Def. 4.4; L7).

        If n = 1, a number is an x. x may be a sparse array or matrix of SciPy, which does not become dense.

        Raises InputError for a wrong shape or numbers that are not finite.
        """
        if engine == "auto" and (A := self._shortcut(x)) is not None:
            return A
        from chainrule.engines.choice import for_network

        X, is_row = self._as_input(x, finite=False)
        chosen = for_network(self, engine, X=X)
        if engine == "auto" and self._shortcut is _shortcut_placeholder:
            object.__setattr__(self, "_shortcut", chosen.shortcut(self) or _shortcut_placeholder)
        while (outputs := chosen.outputs(self, X)) is None:
            X, is_row = self._as_input(x)  # raises, unless another thread has made x finite in the meantime
        return outputs[0] if is_row else outputs

    def predictor(self) -> Callable[[RowsLike], Array]:
        """Returns a fast callable x ↦ N(x) that reuses its output array.

        It always uses the current θ. Each call may overwrite the array that the last one returned: copy what you keep.

        Raises InputError as ``net(x)`` does.

        >>> import chainrule as cr, numpy as np
        >>> predict = cr.Network([cr.Layer([[2.0]], [1.0], cr.relu)]).predictor()
        >>> predict(np.array([3.0])).copy(), predict(np.array([4.0]))
        (array([7.]), array([9.]))
        """
        from chainrule.engines.choice import for_network

        shortcut = for_network(self, "auto").shortcut(self, reuse=True) or _shortcut_placeholder

        def predict(x: RowsLike) -> Array:
            A = shortcut(x)
            return self(x) if A is None else A

        return predict

    def forward(self, X: RowsLike) -> Forward:
        """Computes every z[i] and a[i] from x to N(x), each (t, mᵢ), or (mᵢ,) if X is one example (n,).

        Raises InputError as ``net(x)`` does.

        >>> import chainrule as cr
        >>> run = cr.Network([cr.Layer([[2.0]], [1.0], cr.relu)]).forward([-3.0])
        >>> run.a[0], run.z[1], run.a[1]
        (array([-3.]), array([-5.]), array([0.]))

        Source: Lecture, Def. 4.4 (L7).
        """
        from chainrule.network.forward import forward

        X, is_row = self._as_input(X)
        run = forward(self, X)
        return run.row(0) if is_row else run

    def jacobian(self, x: RowsLike, wrt: Literal["x", "theta"] = "x") -> Array:
        """Computes ∂N/∂x: (n,) → (m, n), or (t, n) → (t, m, n), one Jacobian per row; with ``wrt="theta"`` ∂N/∂θ.

        ∂N/∂θ is (m, d), or (t, m, d), with its columns in the order of ``theta``.

        Raises InputError as ``net(x)`` does, UnknownName for another ``wrt``.

        >>> import chainrule as cr
        >>> net = cr.Network([cr.Layer([[2.0, 3.0]], [1.0], cr.identity)])
        >>> net.jacobian([5.0, 7.0])
        array([[2., 3.]])
        >>> net.jacobian([5.0, 7.0], wrt="theta")
        array([[5., 7., 1.]])

        Source: Lecture, L14, L15, L17.
        """
        from chainrule.backprop import network_jacobian, parameter_jacobian

        resolve("argument of N", wrt, {"x": None, "theta": None})
        X, is_row = self._as_input(x)
        if wrt == "x":
            jacobian = network_jacobian(self, X)
        else:
            jacobian = parameter_jacobian(self, self.forward(X)).reshape(X.shape[0], self.m[-1], self.d)
        return jacobian[0] if is_row else jacobian

    def _as_input(self, x: RowsLike, finite: bool = True) -> tuple[Rows, bool]:
        """Returns ``x`` as rows (t, n), and True if it was a single example (n,)."""
        X, is_row = as_examples(x, self.m[0], "x", self.dtype, finite=finite)
        if X.ndim != 2 or X.shape[1] != self.m[0] or 0 in X.shape:
            raise InputError(f"x must have shape ({self.m[0]},) or (t, {self.m[0]}) with t ≥ 1; got {X.shape}.")
        return X, is_row

    def copy(self) -> Network:
        """Returns an independent network with the same structure and the same numbers.

        >>> import chainrule as cr
        >>> net = cr.Network.dense([2, 1])
        >>> net.copy().theta is net.theta
        False
        """
        return Network(self.layers)

    def astype(self, dtype: DTypeLike) -> Network:
        """Returns a copy whose θ has the number type ``dtype``: float32, float64, or complex128.

        A complex network computes N(x), J(θ) and ∇J(θ), for complex-step checks of derivatives; it cannot be trained.

        >>> import chainrule as cr
        >>> cr.Network.dense([2, 1]).astype("float32").dtype
        dtype('float32')
        """
        kind = as_dtype(dtype)
        return Network(layer.astype(kind) for layer in self.layers)

    def __reduce__(self) -> tuple[type[Network], tuple[tuple[Layer, ...]]]:
        return Network, (self.layers,)  # rebuilding from the layers makes W and b views into θ again

    def __repr__(self) -> str:
        sizes = "-".join(map(str, self.m))
        return f"Network({sizes}, {' '.join(s.name for s in self.sigma)}, d={self.d}, {self.dtype.name})"

    def _repr_html_(self) -> str:
        rows = [
            [str(i), f"{layer.n} → {layer.m}", layer.sigma.name, brief(layer.W), brief(layer.b)]
            for i, layer in enumerate(self.layers, 1)
        ]
        return html_table(repr(self), ["i", "mᵢ₋₁ → mᵢ", "σ[i]", "W[i]", "b[i]"], rows)


def few_outputs(net: Network, x: object) -> Array | None:
    """Returns N(x) for one row or a few that an engine has a shortcut for, and None for any other x."""
    return net._shortcut(x)


def require_writable(net: Network) -> None:
    """Raises InputError if θ may not change."""
    if not net.theta.flags.writeable:
        raise InputError("net.theta is read-only. Use net.copy(), or net.theta.setflags(write=True).")
