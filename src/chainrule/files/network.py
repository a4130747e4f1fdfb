"""A network as a file, and as the parts of one (docs/guide/files.md)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from chainrule import activations as catalogue
from chainrule._internal.checks import Array, as_array, shown
from chainrule.activations import Sigma
from chainrule.errors import ChainruleError, FileFormatError, InputError
from chainrule.files.fields import field
from chainrule.files.layer import described, layer_from, layer_tensors, without_kappa
from chainrule.files.safetensors import DTYPES, read, write
from chainrule.network import Network, as_sizes


def network_parts(net: Network) -> tuple[dict[str, Any], dict[str, Array]]:
    """The structure of a network as JSON, and its numbers as tensors W[i], b[i] and kappa[i].

    Raises InputError for what ``network_from_parts`` could not give back.
    """
    if net.dtype.name not in DTYPES:
        raise InputError(f"net must be float32 or float64 to be saved; got {net.dtype}. Use net.astype(float).")
    as_array(net.theta, "theta", net.dtype)
    own: dict[str, Sigma] = {}
    for sigma in map(without_kappa, net.sigma):
        if not sigma.builtin and own.setdefault(sigma.name, sigma) != sigma:
            raise InputError(
                f"every σ must have a name of its own in a file; got two called {sigma.name!r}. Give them name=…."
            )
    tensors: dict[str, Array] = {}
    for i, layer in enumerate(net.layers, 1):
        tensors |= layer_tensors(layer, i)
    layers = [described(layer, i) for i, layer in enumerate(net.layers, 1)]
    return {"dtype": net.dtype.name, "m": list(net.m), "layers": layers}, tensors


def network_from_parts(
    name: str, structure: object, tensors: Mapping[str, Array], own: Mapping[str, Sigma] | None = None
) -> Network:
    """The network of ``structure``; a user's own σ is taken from ``own``, by its name.

    Raises FileFormatError if the parts do not make up one whole network.
    """
    try:
        return _network(structure, tensors, own or {})
    except ChainruleError as error:
        raise FileFormatError(f"{name} does not describe a whole network: {error}") from None


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
    """Write ``net`` to ``path`` (``Network.save``)."""
    structure, tensors = network_parts(net)
    write(path, "network", {"network": structure}, tensors)


def load(path: str | os.PathLike[str], *, activations: Mapping[str, Sigma] | None = None) -> Network:
    """The network that ``net.save(path)`` wrote, bit for bit.

    A file holds numbers and names, no code: a user's own σ must be handed over in ``activations``, by its name.

    Raises OSError if the file cannot be read; FileFormatError if it is not a whole one, or needs a σ that is not at
    hand; InputError for a path or activations that are none.

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
