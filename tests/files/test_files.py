"""Model files: bit for bit there and back, and documented (docs/guide/files.md)."""

from __future__ import annotations

import json
import math
import os
import re
import struct
from array import array
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from support.model_files import IN_TMP, PARAMETERS, everything, fresh, header_of, scaled, square, write_raw

import chainrule as cr
from chainrule.activations import ACTIVATIONS

DOCS = Path(__file__).resolve().parents[2] / "docs" / "guide" / "files.md"


def same(a: cr.Network, b: cr.Network) -> bool:
    """Whether two networks are equal bit for bit."""

    def told(net: cr.Network) -> tuple[object, ...]:
        layers = [(layer.sigma, layer.dropout, layer.rate, layer.decay) for layer in net.layers]
        return net.m, net.layout, net.dtype, net.theta.tobytes(), layers

    return told(a) == told(b)


def bits(value: Any) -> object:
    """What is equal for numbers, arrays and collections of them that are equal bit for bit, NaN included."""
    if isinstance(value, dict):
        return {key: bits(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, array)):
        return [bits(inner) for inner in value]
    return (value.dtype, value.shape, value.tobytes()) if isinstance(value, np.ndarray) else repr(value)


# ---- there and back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_every_activation_comes_back(name: str, dtype: str, tmp_path: Path) -> None:
    """Each σ of the catalogue, with other parameters than its defaults, both number types and dropout come back."""
    sigma = ACTIVATIONS[name].with_parameters(**PARAMETERS.get(name, {}))
    assert set(sigma.parameters) == set(PARAMETERS.get(name, {}))
    net = cr.Network.dense([3, 4, 2], hidden=sigma, output=name, dropout=0.1, dtype=dtype, seed=3)
    net.save(tmp_path / "net")
    assert same(cr.load(tmp_path / "net"), net)


@st.composite
def networks(draw: st.DrawFn) -> cr.Network:
    """Networks with any finite θ, −0, subnormal and huge numbers included."""
    m = draw(st.lists(st.integers(1, 4), min_size=2, max_size=5))
    dtype = draw(st.sampled_from(["float32", "float64"]))
    d = sum((n + 1) * k for n, k in pairwise(m))
    numbers = st.floats(allow_nan=False, allow_infinity=False, width=32 if dtype == "float32" else 64)
    theta = draw(hnp.arrays(dtype, d, elements=numbers))
    names = [draw(st.sampled_from(sorted(ACTIVATIONS))) for _ in m[1:]]
    net = cr.Network.from_theta(theta, m, names)
    dropouts = [*(draw(st.floats(0, 1, exclude_max=True)) for _ in m[2:]), 0.0]
    return cr.Network(cr.Layer(L.W, L.b, L.sigma, p) for L, p in zip(net.layers, dropouts, strict=True))


@IN_TMP
@given(net=networks())
def test_every_network_comes_back(net: cr.Network, tmp_path: Path) -> None:
    """Sizes, θ, σ and dropout come back bit for bit, for any finite θ; saved again they give the same file."""
    net.save(tmp_path / "net")
    again = cr.load(tmp_path / "net")
    assert same(again, net)
    again.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "net").read_bytes()


def test_a_loaded_network_is_like_any_other(tmp_path: Path) -> None:
    """Its θ is its own, one writable vector of which W and b are views, and it trains."""
    fresh().save(tmp_path / "net")
    net = cr.load(tmp_path / "net")
    net.theta[0] = 7.0
    assert net.W[1][0, 0] == 7.0
    cr.train(net, np.ones((4, 3)), np.ones((4, 1)), epochs=1)
    assert cr.load(tmp_path / "net").W[1][0, 0] != 7.0


def test_a_path_may_be_a_text_or_a_path(tmp_path: Path) -> None:
    """Texts, bytes and paths name a file, in any alphabet, up to the longest name that the system has."""
    for name in ("net", "σ′ – ∂J.safetensors", "a" * 255):
        fresh().save(str(tmp_path / name))
        assert same(cr.load(tmp_path / name), fresh())
    assert same(cr.load(os.fsencode(tmp_path / "net")), fresh())  # type: ignore[arg-type]


def test_the_header_is_the_documented_one(tmp_path: Path) -> None:
    """docs/guide/files.md shows the header of 2-2-1 exactly as it is written, and names every tensor and field."""
    page = DOCS.read_text(encoding="utf-8")
    shown = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert shown is not None
    net = cr.Network.dense([2, 2, 1], hidden="leaky_relu", dropout=0.25, seed=0)
    net.save(tmp_path / "net")
    assert header_of(tmp_path / "net") == json.loads(shown[1])
    tensors = safetensors.numpy.load_file(tmp_path / "net")
    assert {name: tensor.shape for name, tensor in tensors.items()} == {
        "W[1]": (2, 2),
        "b[1]": (2,),
        "W[2]": (1, 2),
        "b[2]": (1,),
    }
    state = cr.train(net, [[1.0, 2.0]], [1.0], validation=([[1.0, 2.0]], [1.0]), patience=2, epochs=2).state
    state.save(tmp_path / "state")
    fields = header_of(tmp_path / "state").keys() | safetensors.numpy.load_file(tmp_path / "state").keys()
    assert [name for name in fields if f"`{name}`" not in page] == []


def test_the_bytes_do_not_change(tmp_path: Path) -> None:
    """A file of version 1, byte by byte: what is written today is what was promised."""
    cr.Network([cr.Layer([[1.0, 2.0]], [-0.5], "relu")]).save(tmp_path / "net")
    text = (
        r'{"__metadata__":{"chainrule":"{\"format\": \"chainrule\", \"kind\": \"network\", \"version\": 1, '
        r"\"network\": {\"dtype\": \"float64\", \"m\": [2, 1], \"layers\": [{\"activation\": \"relu\", "
        r'\"builtin\": true, \"parameters\": {}, \"dropout\": 0.0}]}}"},'
        r'"W[1]":{"dtype":"F64","shape":[1,2],"data_offsets":[0,16]},"b[1]":{"dtype":"F64","shape":[1],"data_offsets":[16,24]}}'
    )
    text += " " * (-len(text) % 8)
    golden = struct.pack("<Q", len(text)) + text.encode() + struct.pack("<3d", 1.0, 2.0, -0.5)
    (tmp_path / "golden").write_bytes(golden)
    net = cr.load(tmp_path / "golden")
    assert (net.m, net.sigma[1], net.theta.tolist()) == ((2, 1), cr.relu, [1.0, 2.0, -0.5])
    data = (tmp_path / "net").read_bytes()
    assert json.loads(data[8:-24]) == json.loads(golden[8:-24])
    assert data[-24:] == golden[-24:]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_all_that_layers_are_told_comes_back(dtype: str, tmp_path: Path) -> None:
    """Blocks, κ, factors and schedules come back bit for bit, and W[i] holds the blocks' entries alone."""
    net = everything().astype(dtype)
    net.save(tmp_path / "net")
    again = cr.load(tmp_path / "net")
    assert same(again, net)
    assert again(np.ones(3)).tobytes() == net(np.ones(3)).tobytes()
    shapes = {name: tensor.shape for name, tensor in safetensors.numpy.load_file(tmp_path / "net").items()}
    assert shapes == {
        "W[1]": (3,), "b[1]": (3,), "W[2]": (3,), "b[2]": (2,), "kappa[2]": (2,),
        "W[3]": (1, 2), "b[3]": (1,), "kappa[3]": (1,),
    }  # fmt: skip
    page = DOCS.read_text(encoding="utf-8")
    assert [
        key for layer in header_of(tmp_path / "net")["network"]["layers"] for key in layer if f"{key}`" not in page
    ] == []


def test_a_schedule_of_ones_own_is_not_saved(tmp_path: Path) -> None:
    """A file holds no code: a dropout that follows a user's own schedule is refused by name."""

    class Mine(cr.Constant):
        """One that bears a name of the catalogue."""

    net = cr.Network([cr.Layer([[1.0]], [0.0], "tanh", Mine(0.5)), cr.Layer([[1.0]], [0.0], "identity")])
    with pytest.raises(cr.InputError, match="the dropout of layer 1 must be a number or a built-in schedule"):
        net.save(tmp_path / "net")
    assert not (tmp_path / "net").exists()


def test_what_a_later_writer_adds_is_left_out(tmp_path: Path) -> None:
    """Fields and tensors that this version does not know change nothing, as the promise of a version says."""
    fresh().save(tmp_path / "net")
    header = header_of(tmp_path / "net") | {"note": "hello"}
    header["network"]["layers"][0]["colour"] = [1, 2]
    tensors = safetensors.numpy.load_file(tmp_path / "net") | {"extra": np.ones(3)}
    assert same(cr.load(write_raw(tmp_path / "later", header, tensors)), fresh())


# ---- a user's own σ --------------------------------------------------------------------------------------------------


def test_an_own_activation_is_refused_unless_handed_over(tmp_path: Path) -> None:
    """A file names a user's σ; without it the error says what to hand over, with it N is the same function."""
    net = cr.Network([cr.Layer([[3.0]], [1.0], square), cr.Layer([[2.0]], [0.0], "tanh")])
    net.save(tmp_path / "net")
    with pytest.raises(cr.FileFormatError, match=r"'square'.*cr\.load\(path, activations=\{'square': sigma\}\)"):
        cr.load(tmp_path / "net")
    with pytest.raises(cr.FileFormatError, match="'square'"):
        cr.load(tmp_path / "net", activations={"cube": square})
    assert same(cr.load(tmp_path / "net", activations={"square": square}), net)


def test_an_own_activation_keeps_the_parameters_that_it_was_saved_with(tmp_path: Path) -> None:
    """The σ that is handed over gets the saved parameters; one with other parameters is refused."""
    net = cr.Network([cr.Layer([[3.0]], [1.0], scaled.with_parameters(k=5.0))])
    net.save(tmp_path / "net")
    assert same(cr.load(tmp_path / "net", activations={"scaled": scaled}), net)
    with pytest.raises(cr.FileFormatError, match=r"must have the parameters \[\]; got \['k'\]"):
        cr.load(tmp_path / "net", activations={"scaled": square})


def test_a_name_replaces_none_of_the_catalogue(tmp_path: Path) -> None:
    """A σ handed over as "relu" is taken for a user's own of that name, and not for Chainrule's."""
    own = cr.Activation(lambda z: z * z, lambda z: 2 * z, name="relu")
    net = cr.Network([cr.Layer([[1.0]], [0.0], "relu"), cr.Layer([[1.0]], [0.0], own)])
    net.save(tmp_path / "net")
    again = cr.load(tmp_path / "net", activations={"relu": own})
    assert list(again.sigma) == [cr.relu, own]
    with pytest.raises(cr.FileFormatError, match="Pass it"):
        cr.load(tmp_path / "net")


def test_two_own_activations_of_one_name_are_not_saved(tmp_path: Path) -> None:
    """Two different σ called "custom" could not be told apart on load, so saving refuses and writes nothing."""
    one, two = cr.Activation(lambda z: z, lambda z: 1 + 0 * z), cr.Activation(lambda z: -z, lambda z: 0 * z - 1)
    net = cr.Network([cr.Layer([[1.0]], [0.0], one), cr.Layer([[1.0]], [0.0], two)])
    with pytest.raises(cr.InputError, match=r"two called 'custom'. Give each one its name="):
        net.save(tmp_path / "net")
    cr.Network([cr.Layer([[1.0]], [0.0], one), cr.Layer([[1.0]], [0.0], one)]).save(tmp_path / "one twice")
    assert [path.name for path in tmp_path.iterdir()] == ["one twice"]


def test_a_network_that_is_not_finite_is_not_saved(tmp_path: Path) -> None:
    """What ``cr.load`` would refuse is not written: NaN in θ (put there behind the border) is named when saving."""
    net = fresh()
    net.theta[3] = math.nan
    with pytest.raises(cr.InputError, match=r"theta must be finite; got nan at index \(3,\)"):
        net.save(tmp_path / "net")
    assert list(tmp_path.iterdir()) == []


# ---- training states -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["gradient_descent", "adam", "rprop"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_training_state_comes_back(optimizer: str, dtype: str, tmp_path: Path) -> None:
    """Every number of a state comes back bit for bit, NaN records, infinite best J and 128-bit streams included."""
    net = cr.Network.dense([3, 2, 1], dropout=0.5, dtype=dtype, seed=0)
    held_out = None if optimizer == "adam" else ([[0.0, 1.0, 2.0]], [1.0])
    patience = None if optimizer == "adam" else 5
    X, Y = np.arange(12.0).reshape(4, 3) / 6, np.arange(4.0)
    state = cr.train(
        net, X, Y, optimizer=optimizer, epochs=3, validation=held_out, patience=patience, batch_size=None, seed=5
    ).state
    state.save(tmp_path / "state")
    again = cr.TrainingState.load(tmp_path / "state")
    assert {name: bits(value) for name, value in vars(again).items()} == {
        name: bits(value) for name, value in vars(state).items()
    }
    assert repr(again) == "TrainingState(epoch=3, step=3, d=11)"
    assert again.theta.flags.writeable
