"""The chain of layers that is read part by part: an affine map, then perhaps a σ, then perhaps dropout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule._internal.checks import Array
from chainrule.activations import identity
from chainrule.conversion.recognition import recognised
from chainrule.errors import InputError
from chainrule.network import Layer, Network

Map = Callable[[Array], npt.ArrayLike]  # of the rows of z (t, m)


class Chain:
    """The layers so far of a network that is read in the order of its forward pass."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._layers: list[dict[str, Any]] = []

    def affine(self, W: npt.ArrayLike, b: npt.ArrayLike | None, part: str) -> None:
        """Begins a layer with z = W a + b, in float64 if W is, and in float32 otherwise."""
        W = np.asarray(W)
        dtype = np.float64 if W.dtype == np.float64 else np.float32
        b = np.zeros(len(W), dtype) if b is None else np.asarray(b, dtype)
        if W.ndim != 2 or b.shape != W.shape[:1]:
            raise self.refused(part, f"W has shape {W.shape} and b {b.shape}, not (m, n) and (m,)")
        self._layers.append({"W": W.astype(dtype), "b": b, "part": part})

    def sigma(self, function: Map, part: str) -> None:
        """Gives the last layer its σ, recognised by its values."""
        layer = self._open(part)
        W, b = layer["W"], layer["b"]
        try:
            sigma = recognised(function, len(W), W.dtype)
            if sigma is None and len(W) == 1:  # of two classes: N gives z, and the function 1 − p and p
                sigma = recognised(lambda z: function(z[:, 1:] - z[:, :1]), 2, W.dtype)
                layer["W"], layer["b"] = np.vstack([0 * W, W]), np.concatenate([0 * b, b])
        except Exception as error:  # another library's code raises what it likes
            reason = str(error).partition("\n")[0]
            raise self.refused(part, f"it does not map rows of {len(W)} numbers ({reason})") from error
        if sigma is None:
            raise self.refused(part, "it is none of the activations of chainrule.activations")
        layer["sigma"] = sigma

    def dropout(self, probability: float, part: str) -> None:
        """Lets the outputs of the last layer drop out in training."""
        if not self._layers or "dropout" in self._layers[-1]:
            raise self.refused(part, "it must follow a layer")
        self._layers[-1]["dropout"] = probability

    def network(self) -> Network:
        """Returns the network of all layers."""
        if not self._layers:
            raise InputError(f"{self._origin} must have an affine map z = W a + b; it has none.")
        if self._layers[-1].get("dropout"):
            raise self.refused(self._layers[-1]["part"], "it is the output layer, and has dropout")
        layers = [
            Layer(layer["W"], layer["b"], layer.get("sigma", identity), layer.get("dropout", 0.0))
            for layer in self._layers
        ]
        return Network(layers)

    def refused(self, part: str, reason: str) -> InputError:
        """Returns the error for a part that a layer (W, b, σ) has not."""
        return InputError(
            f"{self._origin} must be a chain of affine maps and activations; {part} cannot be read: {reason}."
        )

    def _open(self, part: str) -> dict[str, Any]:
        if not self._layers:
            raise self.refused(part, "it stands before the first affine map")
        if "sigma" in self._layers[-1] or "dropout" in self._layers[-1]:
            raise self.refused(part, "it must follow an affine map")
        return self._layers[-1]
