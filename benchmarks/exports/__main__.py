"""Exports to every target, with goals: ``python -m benchmarks.exports [--models penguins,…]``.

Times are CPU time of one thread, the least of several rounds, so that other programs change them little. The size of C
is that of code and constants on this CPU at -Os, and of other targets that of the file, without its test rows. Rows
of each table are then predicted by every database that is there (`databases`). Where the packages for it are
installed, the penguins run on an emulated Cortex-M4 too. Four tables are in the folder that CHAINRULE_DATA names.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import chainrule as cr
from benchmarks.exports import cortex_m4, timing
from benchmarks.exports.databases import agreements, vectors_of
from benchmarks.exports.real_tables import real
from benchmarks.exports.tables import Labelled, model_of
from benchmarks.harness.markdown import table
from benchmarks.harness.options import chosen
from benchmarks.tables.sets import VARIABLE
from chainrule.exports.examples import examples_of
from chainrule.exports.plan import plan_of
from chainrule.exports.targets import target_of

NETWORK, PENGUINS = "10-32-16-1", "penguins"
MODELS: dict[str, dict[str, Any]] = {  # the hidden layers of tables; the others are a network of numbers
    NETWORK: {},
    PENGUINS: {"hidden_layer_sizes": (16, 8), "n_networks": 1},
    "titanic": {"hidden_layer_sizes": (32, 16), "n_networks": 2},
    "housing": {"hidden_layer_sizes": (64, 64), "n_networks": 2},
    "digits": {"hidden_layer_sizes": (32, 16), "n_networks": 2},
    "concrete": {"hidden_layer_sizes": (32, 16), "n_networks": 2},
}
KINDS: list[tuple[str, str, dict[str, str]]] = [
    # target, file, options
    ("C, float", "m.c", {"real": "float"}),
    ("C, double", "m.c", {"real": "double"}),
    ("C, float, int16", "m.c", {"weights": "int16"}),
    ("C, float, int8", "m.c", {"weights": "int8"}),
    ("ONNX, float", "m.onnx", {"real": "float"}),
    ("ONNX, double", "m.onnx", {"real": "double"}),
    ("ONNX, float, matrix", "m.onnx", {"real": "float", "inputs": "matrix"}),
    ("JavaScript", "m.mjs", {}),
    ("SQL (DuckDB)", "m.sql", {}),
    ("Python and NumPy", "m.py", {}),
]
GOALS = {  # what is measured, and the most that it may be
    "10-32-16-1, C, float, -O2: ns a row": 120.0,
    "penguins, Cortex-M4: instructions a row": 4000.0,
    "penguins, Cortex-M4: bytes of code and constants": 3500.0,
}


class Measured(NamedTuple):
    """Nanoseconds of one row, and of a row of a thousand, where they differ; bytes; and the proof."""

    one: float | None
    many: float | None
    size: int
    proof: cr.exports.Proof


def measured(model: Any, path: Path, options: dict[str, str]) -> Measured:
    """Exports a model, and measures the file."""
    proof = cr.export(model, path, **options)  # type: ignore[arg-type]
    one: float | None
    many: float | None = None
    if path.suffix == ".c":
        return Measured(timing.c(path), None, timing.c_bytes(path), proof)
    if path.suffix == ".sql":
        one, many = None, timing.sql(path)
    elif path.suffix == ".mjs":
        one = timing.javascript(path)
    else:
        one, many = (timing.onnx_runtime if path.suffix == ".onnx" else timing.python)(path)
    tests = len(target_of(path).vectors(path).as_json().encode())
    return Measured(one, many, path.stat().st_size - tests, proof)


def own(model: Any) -> tuple[str, float]:
    """Returns the name and the time of Chainrule's own predictor of single rows."""
    plan = plan_of(model)
    row = dict(examples_of(plan)[0])
    if isinstance(model, cr.Network):
        predictor, x = model.predictor(), np.array([*row.values()], dtype=model.dtype)
        return "net.predictor()", timing.least(lambda: predictor(x), 1, 1000)
    rows = model.row_predictor()
    return "model.row_predictor()", timing.least(lambda: rows.predict(row), 1, 1000)


def lines(model: Any, folder: Path, found: dict[str, Measured]) -> Iterator[list[str]]:
    """Yields the cells of each target, and keeps the results."""
    for kind, file, options in KINDS:
        try:
            result = found[kind] = measured(model, folder / file, options)
        except cr.InputError as error:
            yield [kind, "–", "–", "–", str(error)]
            continue
        loss = result.proof.loss
        remark = "" if loss is None else f"loss {loss.deviation:.1e}"
        if loss is not None and loss.labels:
            remark += f", {loss.changed} of {loss.labels} labels"
        yield [kind, _ns(result.one), _ns(result.many), f"{result.size:,}", f"{result.proof.deviation:.1e} {remark}"]
    name, ns = own(model)
    yield [name, _ns(ns), "", "", ""]


def in_databases(model: Any, labelled: Labelled, path: Path) -> Iterator[list[str]]:
    """Yields a line for each database that runs the exported query on rows of the table."""
    for one in agreements(path, vectors_of(model, labelled[0])):
        yield [
            one.database, f"{one.rows:,}", f"{one.deviation:.1e}", f"{one.bound:.1e}", str(one.wrong_labels),
            f"{1000.0 * one.seconds:,.0f}",
        ]  # fmt: skip


def on_device(model: Any, folder: Path) -> cortex_m4.OnDevice:
    """Prints what the model is on a Cortex-M4 with weights of each kind, and returns it for those in float."""
    found = {}
    for weights in (None, "int16", "int8"):
        cr.export(model, folder / "m.c", weights=weights)
        found[weights] = one = cortex_m4.measured(folder / "m.c", "-Os")
        print(
            f"Cortex-M4, weights {weights or 'float'}: {one.instructions:,} instructions a row, {one.size:,} bytes, "
            f"{'within' if one.holds else 'NOT within'} the bounds"
        )
    return found[None]


def _ns(ns: float | None) -> str:
    return "" if ns is None else f"{ns:,.0f}"


def main() -> None:
    """Prints a table for each model, and the goals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", help=f"some of {', '.join(MODELS)}")
    reached: dict[str, float] = {}  # of GOALS
    for name in chosen(parser.parse_args().models, MODELS, "models"):
        labelled = None if name == NETWORK else real(name)
        if labelled is None and name != NETWORK:
            print(f"\nLeft out, since {VARIABLE} names no folder that holds them: {name}.")
            continue
        network = cr.Network.dense([10, 32, 16, 1], seed=0, dtype="float32")
        model = network if labelled is None else model_of(labelled, **MODELS[name])
        found: dict[str, Measured] = {}
        with tempfile.TemporaryDirectory() as text:
            folder = Path(text)
            columns = [f"<{name}", ">one row, ns", ">of 1,000, ns", ">bytes", "<largest deviation"]
            print(f"\n{table(columns, lines(model, folder, found))}", flush=True)
            if labelled is not None:
                columns = [f"<{name}", ">rows", ">deviation", ">bound", ">wrong labels", ">ms"]
                print(f"\n{table(columns, in_databases(model, labelled, folder / 'm.sql'))}", flush=True)
            if name == NETWORK:
                reached["10-32-16-1, C, float, -O2: ns a row"] = found["C, float"].one or 0.0
            if name == PENGUINS and cortex_m4.are_tools_installed():
                device = on_device(model, folder)
                reached["penguins, Cortex-M4: instructions a row"] = device.instructions
                reached["penguins, Cortex-M4: bytes of code and constants"] = device.size
    print()
    for goal, value in reached.items():
        is_reached = value <= GOALS[goal]
        print(f"{goal}: {value:,.0f}; goal ≤ {GOALS[goal]:,.0f}: {'reached' if is_reached else 'MISSED'}")


if __name__ == "__main__":
    main()
