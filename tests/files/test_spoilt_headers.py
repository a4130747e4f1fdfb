"""A field of the wrong type or value in the header of a network or a training state is refused by name."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
import safetensors.numpy
from support.files.model_files import (
    Kind,
    checkpoint,
    everything,
    fresh,
    header_of,
    kinds,
    trained_state,
    write_raw,
)
from support.files.spoilt_files import LAYER, NET, Spoilt, paths_into, refused_or_valid, refuses, replaced

import chainrule as cr

# Tensors that not every state has.
MOMENTS = {prefix + name for prefix in ("", "training.") for name in ("best_theta", "moments.mu", "moments.nu")}
# What `train` compares with its own run (tests/training/test_checkpoints.py); the state needs no part of it.
NEEDED = {("network", "layers"), ("training", "run")}
COMPARED = {*NEEDED, ("network", "m"), ("network", "dtype")}

SPOILT_HEADERS = [
    Spoilt(("format",), "keras", "no header in Chainrule's format"),
    Spoilt(("version",), 2, "has format version 2; this Chainrule reads up to 1. Update Chainrule."),
    Spoilt(("version",), 0, "version 0; expected an integer ≥ 1"),
    Spoilt(("version",), True, "version True"),
    Spoilt(("version",), 1.0, "version 1.0"),
    Spoilt(("version",), "1", "version '1'"),
    Spoilt(("kind",), "training state", "holds a 'training state'; expected a 'network'"),
    Spoilt(("kind",), None, "holds a None"),
    Spoilt(NET, None, "'network' must be an object; got None"),
    Spoilt(NET, [], "'network' must be an object; got []"),
    Spoilt((*NET, "dtype"), "float16", "'dtype' must be one of float32, float64; got 'float16'"),
    Spoilt((*NET, "dtype"), "float32", "W[1] must be float32 of shape (2, 3); got float64"),
    Spoilt((*NET, "dtype"), ["float64"], "'dtype' must be a string"),
    Spoilt((*NET, "m"), "321", "'m' must be a list; got '321'"),
    Spoilt((*NET, "m"), [3, 2], "'layers' must describe 1 layers, for 2 sizes; got 2"),
    Spoilt((*NET, "m"), [], "sizes must be a list m₀ … m_r"),
    Spoilt((*NET, "m"), [3, 2, True], "sizes[2] must be an integer ≥ 1; got True"),
    Spoilt((*NET, "m"), [3.0, 2, 1], "sizes[0] must be an integer ≥ 1; got 3.0"),
    Spoilt((*NET, "m"), [3, -2, 1], "sizes[1] must be an integer ≥ 1; got -2"),
    Spoilt((*NET, "m"), [3, 2, None], "sizes[2] must be an integer ≥ 1; got None"),
    Spoilt((*NET, "m"), [3, [2], 1], "sizes[1] must be an integer ≥ 1; got [2]"),
    Spoilt((*NET, "m"), [3, 2**62, 1], "sizes must give a θ that fits in memory"),
    Spoilt((*NET, "m"), [3, 10**400, 1], "sizes[1] must be an integer < 2**63; got an integer of 1329 bits"),
    Spoilt((*NET, "m"), [3, 4, 1], "W[1] must be float64 of shape (4, 3); got float64 of shape (2, 3)"),
    Spoilt((*NET, "layers"), {}, "'layers' must be a list; got {}"),
    Spoilt((*NET, "layers"), [None, None], "'layers' must hold an object for layer 1; got None"),
    Spoilt((*LAYER, "activation"), "rellu", "activation 'rellu', which this version of Chainrule does not have"),
    Spoilt((*LAYER, "activation"), ["relu"], "'activation' must be a string; got ['relu']"),
    Spoilt((*LAYER, "activation"), "x" * 10**6, "which this version of Chainrule does not have"),
    Spoilt((*LAYER, "activation"), "__import__('os').system('true')", "which this version of Chainrule does not have"),
    Spoilt((*LAYER, "builtin"), 1, "'builtin' must be true or false; got 1"),
    Spoilt((*LAYER, "builtin"), False, "not built in, and a file holds no code. Pass it"),
    Spoilt((*LAYER, "parameters"), [["slope", 0.1]], "'parameters' must be an object"),
    Spoilt((*LAYER, "parameters"), {}, "'leaky_relu' must have the parameters ['slope']; got []"),
    Spoilt((*LAYER, "parameters"), {"slope": 0.1, "z": 1}, "must have the parameters ['slope']; got ['slope', 'z']"),
    Spoilt((*LAYER, "parameters"), {"slope": "0.1"}, "'slope' must be a number; got '0.1'"),
    Spoilt((*LAYER, "parameters"), {"slope": True}, "'slope' must be a number; got True"),
    Spoilt((*LAYER, "parameters"), {"slope": None}, "'slope' must be a number; got None"),
    Spoilt((*LAYER, "parameters"), {"slope": 10**400}, "'slope' must be a number; got an integer of 1329 bits"),
    Spoilt((*LAYER, "parameters"), {"slope": math.nan}, "NaN is not JSON"),
    Spoilt((*LAYER, "parameters"), {"slope": math.inf}, "Infinity is not JSON"),
    Spoilt((*LAYER, "dropout"), 2.0, "dropout must be a finite number ≥ 0 and ≤ 1; got 2.0"),
    Spoilt((*LAYER, "dropout"), 1, "dropout must be < 1"),
    Spoilt((*LAYER, "dropout"), -0.5, "dropout must be a finite number ≥ 0"),
    Spoilt((*LAYER, "dropout"), False, "'dropout' must be a number; got False"),
    Spoilt((*LAYER, "dropout"), "0.5", "'dropout' must be a number; got '0.5'"),
    Spoilt((*NET, "layers", 1, "dropout"), 0.5, "the output layer must have no dropout"),
]


@pytest.mark.parametrize("spoilt", SPOILT_HEADERS, ids=lambda s: f"{s.path[-1]}: {str(s.value)[:40]}")
def test_a_spoilt_header_is_named(spoilt: Spoilt, tmp_path: Path) -> None:
    """A header with a field of the wrong type or value is refused, and the error names the field."""
    refuses(fresh(), spoilt, tmp_path)


SECOND = (*NET, "layers", 1)
SPOILT_CONSTRAINTS = [
    Spoilt((*LAYER, "blocks"), {}, "'blocks' must be a list; got {}"),
    Spoilt((*LAYER, "blocks"), [], "'blocks' must make up a matrix of shape (3, 3); got (0, 0)"),
    Spoilt((*LAYER, "blocks"), [[3, 1]], "'blocks' must hold lists [count, p, q]; got [3, 1]"),
    Spoilt((*LAYER, "blocks"), [[3, 1, 1.0]], "'blocks': each count, p and q must be an integer ≥ 1; got 1.0"),
    Spoilt((*LAYER, "blocks"), [[3, 1, True]], "'blocks': each count, p and q must be an integer ≥ 1; got True"),
    Spoilt((*LAYER, "blocks"), [[4, 1, 1], [-1, 1, 1]], "'blocks': each count, p and q must be an integer ≥ 1; got -1"),
    Spoilt((*LAYER, "blocks"), [[1, 2**62, 2**62]], "'blocks' must make up a matrix of shape (3, 3); got"),
    Spoilt((*LAYER, "blocks"), [[1, 3, 3]], "W[1] must be float64 of shape (9,); got float64 of shape (3,)"),
    Spoilt((*LAYER, "kappa"), True, "the tensor kappa[1] is missing"),
    Spoilt((*SECOND, "kappa"), 1, "'kappa' must be true or false; got 1"),
    Spoilt((*LAYER, "rate"), 6.0, "'rate' must be an object; got 6.0"),
    Spoilt((*LAYER, "rate"), {"W": 1.0, "b": 1.0}, "'kappa' must be a number; got nothing"),
    Spoilt((*LAYER, "rate", "W"), -1.0, "the factor of W must be a finite number ≥ 0; got -1.0"),
    Spoilt((*LAYER, "rate", "W"), True, "'W' must be a number; got True"),
    Spoilt((*SECOND, "decay", "b"), None, "'b' must be a number; got None"),
    Spoilt((*SECOND, "dropout"), {}, "'schedule' must be a string; got nothing"),
    Spoilt(
        (*SECOND, "dropout", "schedule"), "sawtooth", "schedule 'sawtooth', which this version of Chainrule does not"
    ),
    Spoilt((*SECOND, "dropout", "schedule"), "constant", "'constant' must have the settings ['rate']; got"),
    Spoilt((*SECOND, "dropout", "rate"), 1.0, "the rate of a dropout schedule must be < 1"),
    Spoilt((*SECOND, "dropout", "rate"), 0, "rate must be a finite number > 0; got 0.0"),
    Spoilt((*SECOND, "dropout", "flat"), 1.5, "flat must be < 1"),
    Spoilt((*SECOND, "activation"), "softmax", "'softmax' must have the parameters []"),
    Spoilt((*NET, "layers", 2, "activation"), "softmax", "sigma must be an entrywise activation"),
    Spoilt(
        (*NET, "layers", 2, "dropout"), {"schedule": "constant", "rate": 0.5}, "the output layer must have no dropout"
    ),
]


@pytest.mark.parametrize("spoilt", SPOILT_CONSTRAINTS, ids=lambda s: f"{s.path[-1]}: {str(s.value)[:40]}")
def test_a_spoilt_constraint_is_named(spoilt: Spoilt, tmp_path: Path) -> None:
    """Blocks, κ, factors and schedules of the wrong type or value are refused by name."""
    refuses(everything(), spoilt, tmp_path)


@kinds
def test_every_field_is_needed(kind: Kind, tmp_path: Path) -> None:
    """A header that lacks any one of its fields, or a file that lacks any one of its tensors, is refused."""
    raw = kind.data(tmp_path)
    header, tensors = header_of(tmp_path / "whole"), safetensors.numpy.load(raw)
    for path in paths_into(header):
        if path[0] == "crc32":  # tests/files/test_spoilt_tensors.py
            continue
        if path[1:2] == ("layers",) and path[3:] in {
            ("kappa",),
            ("rate",),
            ("decay",),
        }:  # written only if they differ from the defaults
            continue
        if (
            kind.name == "checkpoint"
            and path[:2] in COMPARED
            and path not in {("network", "layers"), ("training", "run")}
        ):
            continue
        copy = replaced(header, path, None)
        place: Any = copy
        for key in path[:-1]:
            place = place[key]
        del place[path[-1]]
        write_raw(tmp_path / "changed", copy, tensors)
        assert not refused_or_valid(kind, tmp_path / "changed", (tmp_path / "changed").read_bytes()), path
    for name in tensors.keys() - {
        prefix + name for prefix in ("", "training.") for name in MOMENTS
    }:  # not every optimizer has these
        write_raw(tmp_path / "changed", header, {key: value for key, value in tensors.items() if key != name})
        with pytest.raises(cr.FileFormatError, match=re.escape(name.removeprefix("training."))):
            kind.load(tmp_path / "changed")


@pytest.mark.parametrize("layers", [[], [1, 2], {}], ids=str)
def test_layers_of_a_checkpoint(layers: object, tmp_path: Path) -> None:
    """A checkpoint whose layers are not objects, or whose network is no θ of its state, is refused."""
    checkpoint(tmp_path / "run")
    header, tensors = header_of(tmp_path / "run"), safetensors.numpy.load_file(tmp_path / "run")
    for path, value in ((("network", "layers"), layers), (("training", "network"), "nu")):
        write_raw(tmp_path / "changed", replaced(header, path, value), tensors)
        with pytest.raises(cr.FileFormatError, match=f"not a complete checkpoint: '{path[-1]}' must"):
            cr.TrainingState.load(tmp_path / "changed")


STATE_FIELDS: list[tuple[str, object, str]] = [
    ("step", -1, "step must be an integer ≥ 0"),
    ("step", 2.0, "'step' must be an integer; got 2.0"),
    ("step", True, "'step' must be an integer; got True"),
    ("epoch", "3", "'epoch' must be an integer; got '3'"),
    ("epoch", 10**30, "epoch must be an integer < 2**63"),
    ("epoch", 2, "best_epoch must be ≤ epoch = 2"),
    ("best_epoch", 0.5, "'best_epoch' must be an integer"),
    ("batch", None, "'batch' must be an integer; got None"),
    ("partial_J", 0.0, "'partial_J' must be a string; got 0.0"),
    ("partial_J", "zero", "invalid hexadecimal"),
    ("partial_J", "0x1p99999", "too large"),
    ("partial_seconds", -1.0, "partial_seconds must be a finite number ≥ 0"),
    ("best_J", [], "'best_J' must be a string; got []"),
    ("stream", ["0x1"], "'stream' must be two strings"),
    ("stream", ["0x1", "0x2"], "the second odd"),
    ("stream", ["-0x1", "0x1"], "128 bits"),
    ("stream", ["0x1", "f" * 10**5], "128 bits"),
    ("stream", [1, 3], "'stream' must be two strings"),
    ("stream", "0x", "'stream' must be a list"),
]


@pytest.mark.parametrize(("field", "value", "words"), STATE_FIELDS, ids=lambda value: str(value)[:24])
def test_a_spoilt_state_is_named(field: str, value: object, words: str, tmp_path: Path) -> None:
    """A training state with a field of the wrong type or value is refused by name."""
    trained_state().save(tmp_path / "state")
    header = header_of(tmp_path / "state") | {field: value}
    with pytest.raises(cr.FileFormatError) as caught:
        cr.TrainingState.load(write_raw(tmp_path / "x", header, safetensors.numpy.load_file(tmp_path / "state")))
    assert words in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_key_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    """JSON whose readers would disagree on a value is refused, in Chainrule's header and around it."""
    fresh().save(tmp_path / "net")
    text = json.dumps(header_of(tmp_path / "net")).replace('"version": 1', '"version": 1, "version": 1')
    path = write_raw(tmp_path / "twice", text, safetensors.numpy.load_file(tmp_path / "net"))
    with pytest.raises(cr.FileFormatError, match="the key 'version' occurs twice"):
        cr.load(path)
