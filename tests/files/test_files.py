"""Networks and states are bitwise the same after saving and loading, in the format of docs/guide/files.md."""

from __future__ import annotations

import json
import math
import os
import re
import struct
import zlib
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
from support.files.model_files import IN_TMP, PARAMETERS, everything, fresh, header_of, scaled, square, write_raw

import chainrule as cr
from chainrule import files
from chainrule.activations import ACTIVATIONS

DOCS = Path(__file__).resolve().parents[2] / "docs" / "guide" / "files.md"


def same(a: cr.Network, b: cr.Network) -> bool:
    """Returns True if two networks are bitwise equal."""

    def contents(net: cr.Network) -> tuple[object, ...]:
        layers = [(layer.sigma, layer.dropout, layer.rate, layer.decay) for layer in net.layers]
        return net.m, net.layout, net.dtype, net.theta.tobytes(), layers

    return contents(a) == contents(b)


def bits(value: Any) -> object:
    """A value that is equal for numbers, arrays and collections that are bitwise equal, NaN included."""
    if isinstance(value, dict):
        return {key: bits(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, array)):
        return [bits(inner) for inner in value]
    return (value.dtype, value.shape, value.tobytes()) if isinstance(value, np.ndarray) else repr(value)


# ---- networks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_every_activation_comes_back(name: str, dtype: str, tmp_path: Path) -> None:
    """Each σ of the catalogue, with parameters other than its defaults, is the same after loading, in both dtypes."""
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
    """Sizes, any finite θ, σ and dropout are bitwise the same after loading; saved again they give the same file."""
    net.save(tmp_path / "net")
    again = cr.load(tmp_path / "net")
    assert same(again, net)
    again.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "net").read_bytes()


def test_a_loaded_network_can_be_trained(tmp_path: Path) -> None:
    """The θ of a loaded network is one writable vector, W and b are views into it, and the network trains."""
    fresh().save(tmp_path / "net")
    net = cr.load(tmp_path / "net")
    net.theta[0] = 7.0
    assert net.W[1][0, 0] == 7.0
    cr.train(net, np.ones((4, 3)), np.ones((4, 1)), epochs=1)
    assert cr.load(tmp_path / "net").W[1][0, 0] != 7.0


def test_a_path_may_be_a_text_or_a_path(tmp_path: Path) -> None:
    """Texts, bytes and paths name a file, in any alphabet, up to the longest name that the system allows."""
    for name in ("net", "σ′ – ∂J.safetensors", "a" * 255):
        fresh().save(str(tmp_path / name))
        assert same(cr.load(tmp_path / name), fresh())
    assert same(cr.load(os.fsencode(tmp_path / "net")), fresh())  # type: ignore[arg-type]


def test_the_header_is_the_documented_one(tmp_path: Path) -> None:
    """docs/guide/files.md shows the exact header of 2-2-1 and names every tensor and field."""
    page = DOCS.read_text(encoding="utf-8")
    shown = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert shown is not None
    net = cr.Network.dense([2, 2, 1], hidden="leaky_relu", dropout=0.25, seed=0)
    net.save(tmp_path / "net")
    header, documented, tensors = (
        header_of(tmp_path / "net"), json.loads(shown[1]), safetensors.numpy.load_file(tmp_path / "net"),
    )  # fmt: skip
    assert header.pop("crc32") == {name: zlib.crc32(tensor.data) for name, tensor in tensors.items()}
    assert documented.pop("crc32").keys() == tensors.keys()
    assert isinstance(documented.pop("header_crc32"), int)
    assert header == documented
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
    """A file of version 1 has exactly the promised bytes; one without checksums, as before them, can be read."""
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
    data, promised = (tmp_path / "net").read_bytes(), json.loads(golden[8:-24])
    header = promised["__metadata__"]["chainrule"][:-1]
    header += f', "crc32": {{"W[1]": {zlib.crc32(golden[-24:-8])}, "b[1]": {zlib.crc32(golden[-8:])}}}'
    promised["__metadata__"]["chainrule"] = f'{header}, "header_crc32": {zlib.crc32(header.encode())}}}'
    assert json.loads(data[8:-24]) == promised
    assert data[-24:] == golden[-24:]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_settings_of_constrained_layers_come_back(dtype: str, tmp_path: Path) -> None:
    """Blocks, κ, factors and schedules are bitwise the same after loading, and W[i] holds the blocks' entries only."""
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


def test_an_own_schedule_is_not_saved(tmp_path: Path) -> None:
    """Saving refuses a dropout with a user's own schedule by name, since a file holds no code."""

    class Mine(cr.Constant):
        """An own schedule with a name of the catalogue."""

    net = cr.Network([cr.Layer([[1.0]], [0.0], "tanh", Mine(0.5)), cr.Layer([[1.0]], [0.0], "identity")])
    with pytest.raises(cr.InputError, match="the dropout of layer 1 must be a number or a built-in schedule"):
        net.save(tmp_path / "net")
    assert not (tmp_path / "net").exists()


def test_unknown_fields_and_tensors_are_ignored(tmp_path: Path) -> None:
    """Unknown fields and tensors, which later writers of the same version may add, are ignored."""
    fresh().save(tmp_path / "net")
    header = header_of(tmp_path / "net") | {"note": "hello"}
    header["network"]["layers"][0]["colour"] = [1, 2]
    tensors = safetensors.numpy.load_file(tmp_path / "net") | {"extra": np.ones(3)}
    assert same(cr.load(write_raw(tmp_path / "later", header, tensors)), fresh())


def test_tensors_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    """`files.read` returns the tensors in the order in which the file holds them, each time."""
    cr.Network.dense([2, 3, 4, 5, 6, 1], seed=0).save(tmp_path / "net")
    names = [f"{letter}[{i}]" for letter in "Wb" for i in range(1, 6)]
    assert [list(files.read(tmp_path / "net", "network")[1]) for _ in range(3)] == [names] * 3


# ---- a user's own σ --------------------------------------------------------------------------------------------------


def test_an_own_activation_must_be_passed_to_load(tmp_path: Path) -> None:
    """A file holds only the name of a user's σ: without the σ the error says what to pass, with it N is the same."""
    net = cr.Network([cr.Layer([[3.0]], [1.0], square), cr.Layer([[2.0]], [0.0], "tanh")])
    net.save(tmp_path / "net")
    with pytest.raises(cr.FileFormatError, match=r"'square'.*cr\.load\(path, activations=\{'square': sigma\}\)"):
        cr.load(tmp_path / "net")
    with pytest.raises(cr.FileFormatError, match="'square'"):
        cr.load(tmp_path / "net", activations={"cube": square})
    assert same(cr.load(tmp_path / "net", activations={"square": square}), net)


def test_an_own_activation_gets_its_saved_parameters(tmp_path: Path) -> None:
    """The σ passed to ``load`` gets the saved parameters; one that has other parameters is refused."""
    net = cr.Network([cr.Layer([[3.0]], [1.0], scaled.with_parameters(k=5.0))])
    net.save(tmp_path / "net")
    assert same(cr.load(tmp_path / "net", activations={"scaled": scaled}), net)
    with pytest.raises(cr.FileFormatError, match=r"must have the parameters \[\]; got \['k'\]"):
        cr.load(tmp_path / "net", activations={"scaled": square})


def test_an_own_activation_does_not_replace_a_built_in_one(tmp_path: Path) -> None:
    """A σ passed as "relu" replaces a user's own σ of that name, and not Chainrule's."""
    own = cr.Activation(lambda z: z * z, lambda z: 2 * z, name="relu")
    net = cr.Network([cr.Layer([[1.0]], [0.0], "relu"), cr.Layer([[1.0]], [0.0], own)])
    net.save(tmp_path / "net")
    again = cr.load(tmp_path / "net", activations={"relu": own})
    assert list(again.sigma) == [cr.relu, own]
    with pytest.raises(cr.FileFormatError, match="Pass it"):
        cr.load(tmp_path / "net")


def test_two_own_activations_of_one_name_are_not_saved(tmp_path: Path) -> None:
    """Saving refuses two different σ of the same name, which loading could not distinguish, and writes nothing."""
    one, two = cr.Activation(lambda z: z, lambda z: 1 + 0 * z), cr.Activation(lambda z: -z, lambda z: 0 * z - 1)
    net = cr.Network([cr.Layer([[1.0]], [0.0], one), cr.Layer([[1.0]], [0.0], two)])
    with pytest.raises(cr.InputError, match=r"two called 'custom'. Give each one its name="):
        net.save(tmp_path / "net")
    cr.Network([cr.Layer([[1.0]], [0.0], one), cr.Layer([[1.0]], [0.0], one)]).save(tmp_path / "one twice")
    assert [path.name for path in tmp_path.iterdir()] == ["one twice"]


def test_a_network_that_is_not_finite_is_not_saved(tmp_path: Path) -> None:
    """Saving refuses a θ with NaN, which ``cr.load`` would refuse, and writes nothing."""
    net = fresh()
    net.theta[3] = math.nan
    with pytest.raises(cr.InputError, match=r"theta must be finite; got nan at index \(3,\)"):
        net.save(tmp_path / "net")
    assert list(tmp_path.iterdir()) == []


# ---- training states -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["gradient_descent", "adam", "rprop"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_training_state_comes_back(optimizer: str, dtype: str, tmp_path: Path) -> None:
    """A state is bitwise the same after loading, NaN records, infinite best J and 128-bit streams included."""
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
