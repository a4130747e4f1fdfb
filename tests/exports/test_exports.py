"""Exports to every target: proofs, what they refuse, and spoilt files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.command import chainrule
from support.exports import models
from support.exports.checkers import IS_INSTALLED

import chainrule as cr
from chainrule.activations.catalogue import ACTIVATIONS
from chainrule.estimators import NetworkClassifier
from chainrule.exports import Proof
from chainrule.exports.targets import TARGETS

MODELS: dict[str, Callable[[], Any]] = {
    "classes": lambda: models.classifier(),
    "two classes": lambda: models.classifier(2, output="sigmoid", dtype="float32"),
    "sigmoids": lambda: models.classifier(3, output="sigmoid"),
    "a level other": lambda: models.classifier(max_levels=3),
    "standard": lambda: models.classifier(numbers="standard", dtype="float32"),
    "a number": lambda: models.regressor(dtype="float32"),
    "numbers": lambda: models.regressor(2),
    "embedded": models.embedded,
}


REFUSED = {  # the ending and the model, and the reason; test_sql.py exports these models without times
    **{(".sql", name): "the column 'sold' holds them" for name in MODELS if name != "embedded"},
    (".sql", "every activation"): "sigma = gelu is too long",
}


@pytest.fixture(params=TARGETS)
def ending(request: pytest.FixtureRequest) -> str:
    """The ending of each target in turn whose program is installed."""
    name: str = request.param
    if IS_INSTALLED.get(name, True) is None:
        pytest.skip(f"nothing here runs {name}")
    return name


@pytest.mark.parametrize("name", MODELS)
def test_an_export_computes_the_same(name: str, ending: str, tmp_path: Path) -> None:
    """Each model is proved in each target that can hold it, and again from the file alone."""
    path = tmp_path / f"model{ending}"
    if reason := REFUSED.get((ending, name)):
        with pytest.raises(cr.InputError, match=reason):
            cr.export(MODELS[name](), path)
        return
    proof = cr.export(MODELS[name](), path)
    assert proof.is_proved
    assert proof.rows >= 64
    assert proof.deviation <= proof.bound
    assert cr.verify(path) == proof


def test_every_activation_is_exported(ending: str, tmp_path: Path) -> None:
    """A network with every σ of the catalogue, parameters and κ included, is proved."""
    rng = np.random.default_rng(0)
    names = [name for name, sigma in ACTIVATIONS.items() if name not in ("softmax", "exp")]
    sigmas = [*(ACTIVATIONS[name] for name in names), cr.leaky_relu.with_parameters(slope=-0.25), cr.Parametric("gelu")]
    layers = [cr.Layer(0.7 * rng.normal(size=(4, 4)), rng.normal(size=4), sigma) for sigma in sigmas]
    for last in ("softmax", "exp"):
        net = cr.Network([*layers, cr.Layer(0.1 * rng.normal(size=(3, 4)), rng.normal(size=3), last)])
        if reason := REFUSED.get((ending, "every activation")):
            with pytest.raises(cr.InputError, match=reason):
                cr.export(net, tmp_path / f"net{ending}")
        else:
            assert cr.export(net, tmp_path / f"net{ending}").is_proved


def test_a_script_needs_numpy_alone(tmp_path: Path) -> None:
    """The Python script predicts without Chainrule, and tests itself."""
    model = models.classifier()
    cr.export(model, tmp_path / "answer.py")
    code = "import sys; sys.modules['chainrule'] = None; from answer import predict; print(predict([{'town': 'Kobe'}]))"
    answer = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.stderr == ""
    missing = dict.fromkeys(("rooms", "size m²", "heated", "zone", "stars", "2nd"))
    row = {**missing, "town": "Kobe", "sold": np.datetime64("NaT", "us")}
    assert answer.stdout.strip() == str(model.predict([row]).tolist())
    answer = subprocess.run([sys.executable, "answer.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "within the bounds" in answer.stdout


def test_fitted_estimators_are_exported(tmp_path: Path) -> None:
    """An estimator exports its model."""
    X, y = [[0.0, "a"], [1.0, "b"], [2.0, "a"], [3.0, "b"]] * 10, ["no", "no", "yes", "yes"] * 10
    model = NetworkClassifier(n_networks=2, epochs=5, hidden_layer_sizes=4, random_state=0).fit(X, y)
    assert cr.export(model, tmp_path / "m.py").is_proved


def test_an_export_that_computes_something_else_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A printer that prints a wrong formula is found out, and no file is left."""
    from chainrule.exports.targets import python

    monkeypatch.setattr(python, "_BODY", python._BODY.replace("a @ W.T + b", "a @ W.T * 1.001 + b"))
    with pytest.raises(cr.ChainruleError, match=r"deviates by .* from the model, and the bound is"):
        cr.export(models.regressor(), tmp_path / "m.py")
    assert not list(tmp_path.iterdir())


def test_a_changed_weight_is_found(tmp_path: Path) -> None:
    """``verify`` refuses a file in which one number is another."""
    path = tmp_path / "m.py"
    cr.export(models.regressor(), path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("MEAN, DEVIATION = [", "MEAN, DEVIATION = [1.0 + "), encoding="utf-8")
    with pytest.raises(cr.ChainruleError, match="deviates"):
        cr.verify(path)
    path.write_text("print(1)\n", encoding="utf-8")
    with pytest.raises(cr.FileFormatError, match="holds no test vectors of an export"):
        cr.verify(path)


def test_wrong_exports_are_refused(tmp_path: Path) -> None:
    """An ending without a target, a number type that the target lacks, and other objects are named."""
    with pytest.raises(cr.InputError, match="path must end in"):
        cr.export(models.regressor(), tmp_path / "m.exe")
    with pytest.raises(cr.InputError, match=r"real must be double for \.py; got 'half'"):
        cr.export(models.regressor(), tmp_path / "m.py", real="half")
    with pytest.raises(cr.InputError, match="model must be a Network, a TableModel or a fitted"):
        cr.export(3, tmp_path / "m.py")
    (tmp_path / "m.py").touch()
    with pytest.raises(FileExistsError):
        cr.export(models.regressor(), tmp_path / "m.py", replace=False)


def test_an_unproved_export_says_so() -> None:
    """Without the program that runs a file, the proof names what is missing."""
    proof = Proof("m.c", 64, 0.0, 0.0, "", "no C compiler")
    assert not proof.is_proved
    assert str(proof) == "m.c: not proved here: no C compiler."


def test_the_command_line_exports_and_verifies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``chainrule export`` writes and proves a model of a table or a network, ``verify`` proves it again."""
    monkeypatch.chdir(tmp_path)
    models.classifier().save("t.safetensors")
    models.embedded().save("n.safetensors")
    for name in "tn":
        answer = chainrule("export", f"{name}.safetensors", "--out", f"{name}.py")
        assert (answer.code, answer.err) == (0, "")
        assert f"{name}.py: " in answer.out
        assert chainrule("verify", f"{name}.py").out == answer.out
    answer = chainrule("export", "t.safetensors", "--out", "t.py")
    assert (answer.code, answer.err) == (2, "Error: --out: t.py exists; give another name, or --force to replace it.\n")
    assert chainrule("export", "t.safetensors", "--out", "t.exe").code == 2
    assert "--real: real must be" in chainrule("export", "t.safetensors", "--out", "u.py", "--real", "half").err
    assert chainrule("verify", "t.safetensors").code == 1
