"""Files: safetensors with a versioned JSON header, written atomically, never executed (docs/files.md)."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from chainrule import activations
from chainrule.activations import ACTIVATIONS, Sigma
from chainrule.checks import Array
from chainrule.errors import ChainruleError, FileFormatError
from chainrule.network import Layer, Network

VERSION = 1
DTYPES = {"float32": np.dtype(np.float32), "float64": np.dtype(np.float64)}


def write(path: str | os.PathLike[str], kind: str, header: Mapping[str, Any], tensors: Mapping[str, Array]) -> None:
    """Write tensors and a JSON header as one file: to a temporary name, flushed to the disk, then renamed.

    A crash or a full disk leaves an older file of that name whole. Raises OSError if it cannot be written.
    """
    text = json.dumps({"format": "chainrule", "kind": kind, "version": VERSION, **header}, allow_nan=False)
    contiguous = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    write_bytes(path, safetensors.numpy.save(contiguous, metadata={"chainrule": text}))


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Replace the file ``path`` by ``data`` in one step."""
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def read(path: str | os.PathLike[str], kind: str) -> tuple[dict[str, Any], dict[str, Array]]:
    """The JSON header and the tensors of a file of this ``kind``.

    Raises FileNotFoundError, or FileFormatError if the file is truncated, malformed, of another kind or of a later version.
    """
    name = os.fspath(path)
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no file {name!r}.")
    try:
        with safetensors.safe_open(name, framework="numpy") as file:
            text = (file.metadata() or {}).get("chainrule")
            if text is None:
                raise FileFormatError(f"{name} is a safetensors file, but not one that Chainrule wrote (no header).")
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a mapping)
        header = json.loads(text)
    except (safetensors.SafetensorError, json.JSONDecodeError, RecursionError, UnicodeDecodeError) as error:
        raise FileFormatError(f"{name} is not a whole Chainrule file: {error}.") from None
    except (AttributeError, KeyError, TypeError) as error:  # a number type that NumPy does not have
        raise FileFormatError(f"{name} holds a tensor of an unknown type: {error}.") from None
    if not isinstance(header, dict) or header.get("format") != "chainrule":
        raise FileFormatError(f"{name} has no header of Chainrule's format.")
    version = header.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise FileFormatError(f"{name} has the version {version!r}; expected an integer ≥ 1.")
    if version > VERSION:
        raise FileFormatError(f"{name} has format version {version}; this Chainrule reads up to {VERSION}. Update it.")
    if header.get("kind") != kind:
        raise FileFormatError(f"{name} holds a {header.get('kind')!r}; expected a {kind!r}.")
    return header, tensors


def network_parts(net: Network) -> tuple[dict[str, Any], dict[str, Array]]:
    """The structure of a network as JSON, and its numbers as tensors W[i] and b[i]."""
    if net.dtype.name not in DTYPES:
        raise FileFormatError(f"only float32 and float64 networks can be saved; this one is {net.dtype}. Use astype first.")
    layers = [
        {"activation": L.sigma.name, "parameters": dict(L.sigma.parameters), "builtin": L.sigma.builtin, "dropout": L.dropout}
        for L in net.layers
    ]
    tensors: dict[str, Array] = {}
    for i, layer in enumerate(net.layers, 1):
        tensors |= {f"W[{i}]": layer.W, f"b[{i}]": layer.b}
    return {"dtype": net.dtype.name, "m": list(net.m), "layers": layers}, tensors


def network_from_parts(
    name: str, structure: Any, tensors: Mapping[str, Array], own: Mapping[str, Sigma] | None = None
) -> Network:
    """The network of ``structure``; a user's own σ is taken from ``own``, by its name.

    Raises FileFormatError if the parts do not make up one whole network.
    """
    try:
        dtype, m, described = DTYPES[structure["dtype"]], tuple(structure["m"]), structure["layers"]
        if len(m) != len(described) + 1 or not described:
            raise FileFormatError(f"{name}: {len(described)} layers do not fit the sizes {m}.")
        layers = []
        for i, layer in enumerate(described, 1):
            W, b = tensors[f"W[{i}]"], tensors[f"b[{i}]"]
            if W.dtype != dtype or b.dtype != dtype or W.shape != (m[i], m[i - 1]) or b.shape != (m[i],):
                raise FileFormatError(
                    f"{name}: W[{i}] must be {dtype} of shape {(m[i], m[i - 1])} and b[{i}] of {(m[i],)}; "
                    f"got {W.dtype} {W.shape} and {b.dtype} {b.shape}."
                )
            layers.append(Layer(W, b, _sigma(name, layer, own or {}), layer["dropout"]))
        return Network(layers)
    except FileFormatError:
        raise
    except (ChainruleError, KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise FileFormatError(f"{name} does not describe a whole network: {error}.") from None


def _sigma(name: str, layer: Mapping[str, Any], own: Mapping[str, Sigma]) -> Sigma:
    label = layer["activation"]
    if label in own:
        return activations.get(own[label])
    if not layer["builtin"] or label not in ACTIVATIONS:
        raise FileFormatError(
            f"{name} uses the activation {label!r}, which is not one of Chainrule's own; a file holds no code. "
            f"Hand it over: cr.load(path, activations={{{label!r}: sigma}})."
        )
    sigma = ACTIVATIONS[label]
    return sigma.with_parameters(**layer["parameters"]) if layer["parameters"] else sigma


def save(net: Network, path: str | os.PathLike[str]) -> None:
    """Write ``net`` to ``path`` (``Network.save``)."""
    structure, tensors = network_parts(net)
    write(path, "network", {"network": structure}, tensors)


def load(path: str | os.PathLike[str], *, activations: Mapping[str, Sigma] | None = None) -> Network:
    """The network that ``net.save(path)`` wrote, bit for bit.

    A file holds numbers and names, no code: a user's own σ must be handed over in ``activations``, by its name.
    Raises FileNotFoundError, or FileFormatError if the file is not a whole one.

    >>> import chainrule as cr, tempfile, os
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.safetensors")
    ...     cr.Network.dense([5, 3, 2, 1]).save(path)
    ...     cr.load(path)
    Network(5-3-2-1, relu relu identity, d=29, float64)

    Source: docs/files.md.
    """
    header, tensors = read(path, "network")
    return network_from_parts(os.fspath(path), header.get("network"), tensors, activations)
