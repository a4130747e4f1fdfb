"""Every kind and form of file that was ever written is read as on the day it was written (tools/golden.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.rounding import difference_bounds

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule.files.safetensors import VERSION
from chainrule.tables import TableModel
from chainrule.tables.target_decoder import NumericLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels
from tools.golden import FOLDER, Golden, Saved, SavedCheckpoint, every, loaded, main, numbers, renew, seen, written

U64 = float(np.finfo(np.float64).eps) / 2
GOLDEN = every()
golden_files = pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)


def output_bounds(net: cr.Network, Z: Array) -> Array:
    """Bounds of the difference between N(Z) here and the N(Z) of another computer, both in the network's dtype."""
    return 2.0 * difference_bounds(net, cr.SumOfSquares(), Z, np.zeros((len(Z), net.m[net.r]))).a[net.r]


def require_scikit_learn(golden: Golden) -> None:
    """Skips the test of an estimator without scikit-learn."""
    if golden.name.startswith("estimator-"):
        pytest.importorskip("sklearn", "1.6")


def require_same(model: Saved, golden: Golden) -> None:
    """Asserts that a model holds and predicts what is recorded.

    What is stored and what the encoder makes is the same bit for bit (its sines of dates too, once they are float32).
    Outputs a of networks may differ by the roundings of another kernel set, predictions by what becomes of these:
    |Δq| ≤ (2/T) q max |Δp/p| of tempered probabilities q, and |deviation · Δa| of numbers, each with 8 roundings. Where
    smoothing is taken out of p, what remains is p/5 or more and changes as p does, so that |Δp/p| counts five times.
    """
    recorded, now = golden.seen, seen(model, golden.rows)
    found = {name: now[name] for name in recorded}  # what is new since then was not recorded
    if isinstance(model, SavedCheckpoint):
        state = found.pop("state")
        assert {name: state[name] for name in recorded["state"]} == recorded["state"]
        assert found.pop("run") == recorded["run"]
        model = model.net
    if hasattr(model, "get_params"):
        held = ("classes", "course")
        assert [found[name] for name in held] == [recorded[name] for name in held]
        assert recorded["parameters"].items() <= found["parameters"].items()  # a later version may have more
        model = model.model_ if hasattr(model, "model_") else model.network_
    if isinstance(model, cr.TrainingState):
        assert found == recorded
    elif isinstance(model, cr.Network):
        assert found["theta"] == recorded["theta"]
        X = np.loadtxt(golden.rows.splitlines()[1:], delimiter=",", ndmin=2).astype(model.dtype)
        require_close(found, recorded, {"N(x)": output_bounds(model, X)})
    else:
        require_same_predictions(model, found, recorded)


def require_same_predictions(model: TableModel, found: dict[str, Any], recorded: dict[str, Any]) -> None:
    """Asserts that a table model encodes and predicts as recorded."""
    assert found["encoded"] == recorded["encoded"]
    Z, A = numbers(recorded["encoded"]).astype(model.networks[0].dtype), numbers(recorded["outputs"])
    of_networks = [output_bounds(net, Z) for net in model.networks]
    error = np.broadcast_to(np.mean(of_networks, axis=0), A.shape) + 8 * U64 * abs(A)
    require_close(found, recorded, {"outputs": error})
    if not isinstance(model.target, NumericLabels):
        assert found["predict"] == recorded["predict"]
        q = numbers(recorded["predict_proba"])
        several = isinstance(model.target, IndicatorLabels)  # p and 1 − p of each are two classes
        relative = error / np.minimum(A, 1.0 - A) if several else (error / A).max(axis=1, keepdims=True)
        each = model.calibration if isinstance(model.calibration, tuple) else (model.calibration,)
        relative = np.array([(5.0 if one.smoothing else 1.0) * 2.0 / one.temperature for one in each]) * relative
        require_close(found, recorded, {"predict_proba": q * (relative + 8 * U64)})
        return
    offset = model.target.deviation * error
    error = offset + 8 * U64 * (abs(model.target.mean) + offset)
    flat = error[:, 0] if model.target.is_flat else error
    require_close(found, recorded, {"predict": flat})
    if "predict_interval" in recorded:
        size = 0.0 if model.residuals is None else float(abs(model.residuals).max())
        require_close(found, recorded, {"predict_interval": flat[..., None] + 8 * U64 * size})


def require_close(found: dict[str, Any], recorded: dict[str, Any], bounds: dict[str, Array]) -> None:
    """Asserts that recorded numbers and those found differ by no more than these bounds."""
    for name, bound in bounds.items():
        difference = abs(numbers(found[name]) - numbers(recorded[name]))
        assert (difference <= bound).all(), (name, difference, bound)


@golden_files
def test_every_form_is_read_as_it_was_written(golden: Golden) -> None:
    """Each form in which a model was ever written holds the same numbers and makes the recorded predictions."""
    require_scikit_learn(golden)
    for form in golden.forms:
        require_same(loaded(form), golden)


@golden_files
def test_every_form_is_written_again_as_the_newest(golden: Golden) -> None:
    """A model read from any form has the bytes of the newest form when it is saved: today's writer makes this form."""
    require_scikit_learn(golden)
    for form in golden.forms:
        assert written(loaded(form)) == golden.forms[-1]


def test_there_is_a_golden_file_of_every_kind_and_version() -> None:
    """Golden files are of all kinds, and of each version that is read."""
    kinds, versions = set(), set()
    for golden in GOLDEN:
        for form in golden.forms:
            text = form[8 : 8 + int.from_bytes(form[:8], "little")].decode()
            every_kind = ("network", "training state", "table model", "mlp")
            kinds |= {kind for kind in every_kind if rf"\"kind\": \"{kind}\"" in text}
            kinds |= {"estimator"} if r"\"estimator\": {\"class\"" in text else set()
            kinds |= {"checkpoint"} if r"\"training\": {" in text else set()
            versions |= {version for version in range(1, VERSION + 1) if rf"\"version\": {version}" in text}
    assert kinds == {"network", "training state", "checkpoint", "table model", "estimator", "mlp"}
    assert versions == set(range(1, VERSION + 1))


def test_a_golden_file_is_added_and_renewed(tmp_path: Path) -> None:
    """``add`` records an older form and today's; ``renew`` appends a form exactly when today's writer makes another."""
    older = next(golden for golden in GOLDEN if golden.name == "network")
    (tmp_path / "older").write_bytes(older.forms[0])
    (tmp_path / "rows.csv").write_text(older.rows)
    folder = tmp_path / "golden"
    folder.mkdir()
    main(["add", "again", str(tmp_path / "older"), "--rows", str(tmp_path / "rows.csv")], folder)
    [again] = every(folder)
    forms = older.forms[0], older.forms[-1]
    assert (again.forms, again.rows, again.seen["theta"]) == (forms, older.rows, older.seen["theta"])
    assert not renew(again, folder)
    Golden("again", older.about, older.rows, older.seen, older.forms[:1]).write(folder)
    main(["renew"], folder)
    assert every(folder)[0].forms == forms


def test_golden_files_are_small() -> None:
    """The golden files take less than 360 kB of text."""
    assert sum(path.stat().st_size for path in FOLDER.glob("*.json")) < 360_000
