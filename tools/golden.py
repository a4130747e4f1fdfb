"""Golden files: model files as bytes, with what was read from them when they were written.

    python -m tools.golden add NAME FILE [--rows ROWS.csv] [--about TEXT]   a new golden file, from a model file
    python -m tools.golden renew                                            after a change of what is written

A golden file holds every form in which one model was ever written, oldest first, in base64. The last form is the one
that is written today: ``renew`` appends it where it is new, and never changes an older one.
"""

from __future__ import annotations

import argparse
import base64
import json
import tempfile
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import estimators
from chainrule.files import read_any, read_run, write_checkpoint
from chainrule.tables import load as load_table_model
from chainrule.tables import read_table
from chainrule.tables.target_decoder import NumericLabels

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "files" / "golden"
SQUARE = cr.Activation(lambda z: z * z, lambda z: 2 * z, name="square")
OWN = {"square": SQUARE}  # a file holds the name of a user's own σ
COVERAGE = 0.8  # of the recorded intervals


@dataclass(frozen=True)
class SavedCheckpoint:
    """The content of a checkpoint: a network, the state of its training, and a description of the run in words."""

    net: cr.Network
    state: cr.TrainingState
    run: dict[str, str]

    @classmethod
    def load(cls, path: Path) -> SavedCheckpoint:
        """Reads a checkpoint."""
        return cls(cr.load(path, activations=OWN), cr.TrainingState.load(path), dict(read_run(path).run or {}))

    def save(self, path: Path) -> None:
        """Writes the checkpoint as training does."""
        write_checkpoint(path, self.net.copy(), *self.state.parts(), self.run, replace=True)


Saved = Any  # a Network, a TrainingState, a SavedCheckpoint, a TableModel or an estimator


@dataclass(frozen=True)
class Golden:
    """A model in every form in which it was written, the rows to predict, and what was read and predicted."""

    name: str
    about: str
    rows: str  # CSV
    seen: dict[str, Any]
    forms: tuple[bytes, ...]

    @classmethod
    def read(cls, path: Path) -> Golden:
        """Returns the golden file at ``path``."""
        text = json.loads(path.read_text(encoding="utf-8"))
        forms = tuple(base64.b64decode("".join(form)) for form in text["forms"])
        return cls(path.stem, text["about"], "\n".join(text["rows"]), text["seen"], forms)

    def write(self, folder: Path) -> None:
        """Writes the golden file as text, in lines."""
        forms = [textwrap.wrap(base64.b64encode(form).decode(), 110) for form in self.forms]
        text = {"about": self.about, "rows": self.rows.splitlines(), "seen": self.seen, "forms": forms}
        (folder / f"{self.name}.json").write_text(
            json.dumps(text, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )


def loaded(data: bytes) -> Saved:
    """Returns what a file with these bytes holds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        path.write_bytes(data)
        header = read_any(path)[0]
        kind = header["kind"]
        if "training" in header:
            return SavedCheckpoint.load(path)
        if kind == "network":
            return cr.load(path, activations=OWN)
        if kind == "training state":
            return cr.TrainingState.load(path)
        if kind == "mlp" or "estimator" in header:
            estimator = getattr(estimators, header["class"] if kind == "mlp" else header["estimator"]["class"])
            return estimator.load(path, activations=OWN)
        return load_table_model(path, activations=OWN)


def written(model: Saved) -> bytes:
    """Returns the bytes that ``model`` is written as today."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        model.save(path)
        return path.read_bytes()


def table(rows: str) -> Any:
    """Returns the table of rows in CSV."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        path.write_text(rows, encoding="utf-8")
        return read_table(path)


def seen(model: Saved, rows: str) -> dict[str, Any]:
    """Returns what ``model`` holds and predicts, each number exactly, as JSON."""
    if isinstance(model, cr.TrainingState):
        return {name: exact(value) for name, value in vars(model).items()}
    if isinstance(model, SavedCheckpoint):
        return {"state": seen(model.state, rows), "run": model.run, **seen(model.net, rows)}
    if isinstance(model, cr.Network):
        X = np.loadtxt(rows.splitlines()[1:], delimiter=",", ndmin=2)
        return {"theta": exact(model.theta), "N(x)": exact(model(X))}
    if hasattr(model, "get_params"):
        return seen_of_estimator(model, rows)
    X = table(rows)
    made = {
        "encoded": exact(model.encoder.transform(X)),
        "outputs": exact(model.outputs(X)),
        "predict": exact(model.predict(X)),
    }
    if not isinstance(model.target, NumericLabels):
        made["predict_proba"] = exact(model.predict_proba(X))
    elif model.residuals is not None:
        made["predict_interval"] = exact(model.predict_interval(X, COVERAGE))
    return made


def seen_of_estimator(estimator: Any, rows: str) -> dict[str, Any]:
    """Returns what an estimator holds beside its network or its table model, whose numbers it has too."""
    if hasattr(estimator, "model_"):
        course, inner = estimator.history_["J"], estimator.model_
    else:
        course, inner = np.array(estimator.loss_curve_), estimator.network_
    parameters = {name: repr(value) for name, value in estimator.get_params(deep=False).items()}
    classes = exact(estimator.classes_) if hasattr(estimator, "classes_") else None
    return {"parameters": parameters, "classes": classes, "course": exact(course), **seen(inner, rows)}


def exact(value: Any) -> Any:
    """Returns a value as JSON, floating-point numbers in hexadecimal."""
    if isinstance(value, dict):
        return {key: exact(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray):
        return exact(value.tolist())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [exact(inner) for inner in value]
    return value.hex() if isinstance(value, float) else value


def numbers(recorded: Any) -> Any:
    """Returns the array of numbers that ``exact`` wrote."""
    return np.array(_floats(recorded))


def _floats(recorded: Any) -> Any:
    return [_floats(inner) for inner in recorded] if isinstance(recorded, list) else float.fromhex(recorded)


def every(folder: Path = FOLDER) -> list[Golden]:
    """Returns all golden files, by name."""
    return [Golden.read(path) for path in sorted(folder.glob("*.json"))]


def add(name: str, data: bytes, rows: str, about: str, folder: Path) -> None:
    """Writes a new golden file of a model file with these bytes, and of what it is written as today."""
    model = loaded(data)
    Golden(name, about, rows, seen(model, rows), tuple(dict.fromkeys((data, written(model))))).write(folder)


def renew(golden: Golden, folder: Path) -> bool:
    """Appends the form that the model is written as today to its golden file, if it is new. Returns whether it is."""
    today = written(loaded(golden.forms[-1]))
    if is_new := today != golden.forms[-1]:
        Golden(golden.name, golden.about, golden.rows, golden.seen, (*golden.forms, today)).write(folder)
    return is_new


def main(arguments: Sequence[str] | None = None, folder: Path = FOLDER) -> None:
    """Adds a golden file to a folder, or renews all of its golden files."""
    parser = argparse.ArgumentParser(prog="python -m tools.golden", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    new = commands.add_parser("add", help="make a golden file from a model file")
    new.add_argument("name")
    new.add_argument("file", type=Path)
    new.add_argument("--rows", type=Path, help="a CSV file of rows to predict")
    new.add_argument("--about", default="", help="what the model has that others do not have")
    commands.add_parser("renew", help="append the form that is written today, where it is new")
    options = parser.parse_args(arguments)
    if options.command == "add":
        rows = "" if options.rows is None else options.rows.read_text(encoding="utf-8")
        add(options.name, options.file.read_bytes(), rows, options.about, folder)
    else:
        print("renewed:", ", ".join(golden.name for golden in every(folder) if renew(golden, folder)) or "none")


if __name__ == "__main__":
    main()
