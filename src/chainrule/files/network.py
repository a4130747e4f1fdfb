"""Conversion of a network to and from a file, or the parts of one (docs/guide/files.md)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from chainrule import activations as catalogue
from chainrule._internal.checks import Array, as_array, shown
from chainrule.activations import Sigma, without_kappa
from chainrule.errors import ChainruleError, FileFormatError, InputError
from chainrule.files.fields import field
from chainrule.files.layer import layer_as_json, layer_from, layer_tensors
from chainrule.files.safetensors import DTYPES, read, write
from chainrule.network import Network, as_sizes


def network_parts(net: Network) -> tuple[dict[str, Any], dict[str, Array]]:
    """Returns the structure of a network as JSON, and its numbers as tensors W[i], b[i] and kappa[i].

    Raises InputError if ``network_from_parts`` could not restore the network.
    """
    if net.dtype.name not in DTYPES:
        raise InputError(f"net must be float32 or float64 to be saved; got {net.dtype}. Use net.astype(float).")
    as_array(net.theta, "theta", net.dtype)
    own: dict[str, Sigma] = {}
    for sigma in map(without_kappa, net.sigma):
        if not sigma.builtin and own.setdefault(sigma.name, sigma) != sigma:
            raise InputError(
                f"different activations must have different names in a file; got two called {sigma.name!r}. "
                "Give each one its name=…."
            )
    tensors: dict[str, Array] = {}
    for i, layer in enumerate(net.layers, 1):
        tensors |= layer_tensors(layer, i)
    layers = [layer_as_json(layer, i) for i, layer in enumerate(net.layers, 1)]
    return {"dtype": net.dtype.name, "m": list(net.m), "layers": layers}, tensors


def network_from_parts(
    name: str, structure: object, tensors: Mapping[str, Array], own: Mapping[str, Sigma] | None = None
) -> Network:
    """Builds the network that ``structure`` describes; ``own`` holds the user's own activations by name.

    Raises FileFormatError if the parts do not describe a complete network.
    """
    try:
        return _network(structure, tensors, own or {})
    except ChainruleError as error:
        raise FileFormatError(f"{name} does not describe a complete network: {error}") from None


def _network(structure: object, tensors: Mapping[str, Array], own: Mapping[str, Sigma]) -> Network:
    if not isinstance(structure, dict):
        raise FileFormatError(f"'network' must be an object; got {shown(structure)}.")
    if (label := field(structure, "dtype", str)) not in DTYPES:
        raise FileFormatError(f"'dtype' must be one of {', '.join(DTYPES)}; got {shown(label)}.")
    dtype = DTYPES[label]
    m = as_sizes(field(structure, "m", list))
    texts = field(structure, "layers", list)
    if len(texts) != len(m) - 1:
        raise FileFormatError(f"'layers' must describe {len(m) - 1} layers, for {len(m)} sizes; got {len(texts)}.")
    for i, text in enumerate(texts, 1):
        if not isinstance(text, dict):
            raise FileFormatError(f"'layers' must hold an object for layer {i}; got {shown(text)}.")
    return Network(layer_from(text, tensors, i, (m[i], m[i - 1]), dtype, own) for i, text in enumerate(texts, 1))


def save(net: Network, path: str | os.PathLike[str]) -> None:
    """Writes ``net`` to ``path`` (``Network.save``)."""
    structure, tensors = network_parts(net)
    write(path, "network", {"network": structure}, tensors)


def load(path: str | os.PathLike[str], *, activations: Mapping[str, Sigma] | None = None) -> Network:
    """Reads the network that ``net.save(path)`` wrote, bit for bit.

    A file holds numbers and names, but no code: pass your own σ in ``activations``, by name.

    Raises OSError if the file cannot be read; FileFormatError if it is not a complete model file or needs a σ that was
    not passed; InputError for an invalid path or invalid activations.

    >>> import chainrule as cr, tempfile, os
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.safetensors")
    ...     cr.Network.dense([5, 3, 2, 1]).save(path)
    ...     cr.load(path)
    Network(5-3-2-1, relu relu identity, d=29, float64)

    Source: docs/guide/files.md.
    """
    if activations is not None and not isinstance(activations, Mapping):
        raise InputError(f"activations must map names to activations, as {{'mine': sigma}}; got {shown(activations)}.")
    own = {name: catalogue.get(sigma) for name, sigma in (activations or {}).items()}
    header, tensors = read(path, "network")
    return network_from_parts(os.fsdecode(path), header.get("network"), tensors, own)
