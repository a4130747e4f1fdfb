"""The recipes of docs/guide/deploy.md: what is written there for MLflow and Docker runs."""

from __future__ import annotations

import json
import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("sklearn")

from support.command import chainrule, piped

from chainrule.estimators import NetworkClassifier

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "guide" / "deploy.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The code of the page in this language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, which is the current one, with a model."""
    monkeypatch.chdir(tmp_path)
    X = pd.DataFrame({"age": np.arange(40), "sex": ["f", "m"] * 20})
    NetworkClassifier(epochs=3, n_networks=1, hidden_layer_sizes=4, random_state=0).fit(
        X, np.where(X["age"] > 20, "yes", "no")
    ).save("titanic.safetensors")
    return tmp_path


class StandIn:
    """The part of MLflow that the recipe calls: it stores files, and loads the model that a file of code sets."""

    def __init__(self) -> None:
        self.model: Any = None

    def save_model(self, path: str, python_model: str, artifacts: dict[str, str], signature: Any, **_: Any) -> None:
        """Copies the code and the artifacts, and keeps the names of the columns."""
        Path(path).mkdir()
        shutil.copy(python_model, Path(path) / "code.py")
        names = [column.name for column in signature.inputs]
        kept = {"artifacts": {name: str(Path(file).resolve()) for name, file in artifacts.items()}, "names": names}
        (Path(path) / "MLmodel").write_text(json.dumps(kept))

    def load_model(self, path: str) -> Any:
        """Runs the code, loads the artifacts, and returns what predicts from the columns of the signature."""
        exec((Path(path) / "code.py").read_text(), {})  # the page's own code
        model, kept = self.model, json.loads((Path(path) / "MLmodel").read_text())
        context = SimpleNamespace(artifacts=kept["artifacts"])
        model.load_context(context)
        return SimpleNamespace(predict=lambda X: model.predict(context, X[kept["names"]]))

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Makes it importable under MLflow's names."""

        def column(kind: Any, name: str = "", required: bool = True) -> SimpleNamespace:
            return SimpleNamespace(name=name)

        types = {"AnyType": object, "ColSpec": column, "DataType": SimpleNamespace(double="double"), "Schema": list}
        signature: Any = lambda inputs, outputs: SimpleNamespace(inputs=inputs)  # noqa: E731
        pyfunc = SimpleNamespace(PythonModel=object, save_model=self.save_model, load_model=self.load_model)
        models = {"set_model": lambda model: setattr(self, "model", model), "ModelSignature": signature}
        for name, values in {
            "mlflow": {"pyfunc": pyfunc, "models": SimpleNamespace(**models)}, "mlflow.models": models,
            "mlflow.types": {}, "mlflow.types.schema": types,
        }.items():  # fmt: skip
            module = ModuleType(name)
            vars(module).update(values)
            monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.filterwarnings("ignore")  # MLflow's own
def test_the_recipe_for_mlflow_survives_gaps(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page's code saves and loads a model, and predicts integers, and integers with gaps, as Chainrule does.

    Without MLflow, a stand-in takes its place.
    """
    if find_spec("mlflow") is None:
        StandIn().install(monkeypatch)
    model, saving, loading = blocks("py")
    (here / "chainrule_model.py").write_text(model)
    for code in (saving, loading):
        exec(code, {})  # the page's own code
    expected = NetworkClassifier.load("titanic.safetensors")
    whole = expected.predict(pd.DataFrame({"age": [30, 8], "sex": ["f", "m"]}))
    with_gaps = expected.predict(pd.DataFrame({"age": [30, None], "sex": ["f", None]}))
    assert capsys.readouterr().out.splitlines()[-2:] == [str(list(whole)), str(list(with_gaps))]


def test_the_card_of_a_file_is_printed(here: Path) -> None:
    """``chainrule info MODEL --card`` prints the card that the estimator gives, and nothing else."""
    answer = chainrule("info", "titanic.safetensors", "--card")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == NetworkClassifier.load("titanic.safetensors").card()


def test_the_command_of_the_container_predicts(here: Path) -> None:
    """The entry point of the Dockerfile, with the options of the page, reads and writes as the page says."""
    dockerfile, *_ = blocks("dockerfile")
    [copied] = re.findall(r"^COPY (\S+) /model\.safetensors$", dockerfile, re.MULTILINE)
    [entry] = re.findall(r"^ENTRYPOINT (.*)$", dockerfile, re.MULTILINE)
    command, *arguments = [copied if word == "/model.safetensors" else word for word in json.loads(entry)]
    assert command == "chainrule"
    [options] = re.findall(r"titanic (--proba .*) < new\.csv", PAGE)
    plain = piped(b"age,sex\n30,f\n,m\n", *arguments)
    assert (plain.code, len(plain.out.splitlines())) == (0, 3), plain.err
    rows = piped(b"age,sex\n30,f\n,m\n", *arguments, *options.split())
    assert (rows.code, len([json.loads(line) for line in rows.out.splitlines()])) == (0, 2), rows.err
