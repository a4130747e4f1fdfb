"""Networks and states to save, and the kinds of files that tests of files share."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, settings

import chainrule as cr

IN_TMP = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

# Parameters other than the defaults, for every σ that has some.
PARAMETERS = {"leaky_relu": {"slope": 0.2}, "elu": {"alpha": 0.1 + 0.2}, "layer_norm": {"epsilon": 1e-3}}

square = cr.Activation(lambda z: z * z, lambda z: 2 * z, name="square")
scaled = cr.Activation(lambda z, k: k * z, lambda z, k: k + 0 * z, name="scaled", parameters={"k": 2.0})


def fresh() -> cr.Network:
    """The network 3-2-1 with leaky_relu, dropout and identity."""
    return cr.Network.dense([3, 2, 1], hidden="leaky_relu", dropout=0.25, seed=0)


def everything() -> cr.Network:
    """The network 3-3-2-1 with every setting of a layer that a file can hold."""
    blocks = cr.BlockDiagonal([[[1.0, -1.0]], [[0.1]]])
    parametric = cr.Parametric(cr.leaky_relu.with_parameters(slope=0.2))
    return cr.Network(
        [
            cr.Layer(cr.Diagonal([0.5, 2.0, -1.0]), [0.0, -0.0, 1.0], "identity", rate=cr.Factors(W=6.0, b=0.1)),
            cr.Layer(
                blocks, [0.25, 1 / 3], parametric, cr.FlatCosine(0.15, flat=0.25),
                kappa=[1.0, 0.1 + 0.2], decay=cr.Factors(kappa=0.5),
            ),
            cr.Layer([[1.0, 2.0]], [3.0], cr.Parametric("tanh"), kappa=[0.5]),
        ]
    )  # fmt: skip


def header_of(path: Path) -> dict[str, Any]:
    """Chainrule's own header in the metadata of the file, without its checksum, which ends with any change."""
    header: dict[str, Any] = json.loads(header_text(path))
    header.pop("header_crc32", None)
    return header


def header_text(path: Path) -> str:
    """The text of Chainrule's own header in the metadata of the file."""
    data = path.read_bytes()
    text: str = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]["chainrule"]
    return text


def write_raw(path: Path, header: object, tensors: dict[str, Any]) -> Path:
    """Writes a well-formed safetensors file whose Chainrule header is this text, or JSON with checksums that fit."""
    if isinstance(header, dict) and isinstance(header.get("crc32"), dict):
        checksums = {
            name: zlib.crc32(np.ascontiguousarray(tensors[name]).data) for name in header["crc32"] if name in tensors
        }
        header = {**header, "crc32": checksums}
    text = header if isinstance(header, str) else json.dumps(header)
    path.write_bytes(safetensors.numpy.save(tensors, metadata={"chainrule": text}))
    return path


def bytes_of(save: Callable[[Path], object], folder: Path) -> bytes:
    """The bytes that ``save`` writes."""
    save(folder / "whole")
    return (folder / "whole").read_bytes()


class Kind(NamedTuple):
    """A kind of file: its name, the bytes of an example, and the functions that load and save it."""

    name: str
    data: Callable[[Path], bytes]
    load: Callable[[Path], Any]
    save: Callable[[Any, Path], None]


def trained_state() -> cr.TrainingState:
    """A state after three epochs of Adam, with both moments and a best θ."""
    X = np.arange(12.0).reshape(4, 3) / 6
    held_out = (X, np.ones(4))
    return cr.train(fresh(), X, np.ones(4), optimizer="adam", epochs=3, validation=held_out, patience=3).state


def checkpoint(path: Path) -> None:
    """Writes the checkpoint of three epochs of Adam, with both moments and a best θ."""
    X = np.arange(12.0).reshape(4, 3) / 6
    held_out = (X, np.ones(4))
    path.unlink(missing_ok=True)
    cr.train(fresh(), X, np.ones(4), optimizer="adam", epochs=3, validation=held_out, patience=3, checkpoint=path)


KINDS = [
    Kind("network", lambda d: bytes_of(fresh().save, d), cr.load, lambda net, path: net.save(path)),
    Kind("everything", lambda d: bytes_of(everything().save, d), cr.load, lambda net, path: net.save(path)),
    Kind(
        "state",
        lambda d: bytes_of(trained_state().save, d),
        cr.TrainingState.load,
        lambda state, path: state.save(path),
    ),
    Kind("checkpoint", lambda d: bytes_of(checkpoint, d), cr.TrainingState.load, lambda state, path: state.save(path)),
]
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
