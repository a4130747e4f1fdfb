"""Exports to every target: proofs, what they refuse, and spoilt files."""

from __future__ import annotations

import datetime
import re
import runpy
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.command import chainrule
from support.exports import models
from support.exports.checkers import IS_INSTALLED

import chainrule as cr
from chainrule.activations.catalogue import ACTIVATIONS
from chainrule.errors import DataWarning
from chainrule.estimators import NetworkClassifier
from chainrule.exports import Proof
from chainrule.exports.single import as_single
from chainrule.exports.targets import TARGETS, target_of
from chainrule.tables import TableEncoder
from chainrule.tables.calibration import Calibration
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import ClassLabels, NumericLabels

MODELS: dict[str, Callable[[], Any]] = {
    "classes": lambda: models.classifier(),
    "two classes": lambda: models.classifier(2, output="sigmoid", dtype="float32"),
    "sigmoids": lambda: models.classifier(3, output="sigmoid"),
    "smoothed labels": lambda: models.classifier(smoothing=0.2),
    "a level other": lambda: models.classifier(max_levels=3),
    "standard": lambda: models.classifier(numbers="standard", dtype="float32"),
    "a number": lambda: models.regressor(dtype="float32"),
    "numbers": lambda: models.regressor(2),
    "several labels": models.several_labels,
    "quantiles": models.quantiles,
    "numbers with names": models.named,
    "texts alone": models.of_texts,
    "embedded": models.embedded,
}


REFUSED = {  # the ending and the model, and the reason; test_sql.py exports these models without times
    **{(".sql", name): "the column 'sold' holds them" for name in MODELS if name not in ("texts alone", "embedded")},
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


def test_rows_of_a_script(tmp_path: Path) -> None:
    """Columns are found by name in any order; 1, 1.0, True and "1.0" are one level; a number is no text."""
    model = models.classifier(has_times=False)
    cr.export(model, tmp_path / "m.py")
    predict = runpy.run_path(str(tmp_path / "m.py"))["predict_proba"]
    row = {"zone": 1, "heated": True, "stars": 1, "town": "Kobe", "rooms": 2.0, "size m²": 50.0, "2nd": "a b"}
    first, *others = predict([{**row, "zone": one, "heated": one, "stars": one} for one in (1, 1.0, True, "1.0")])
    assert all((other == first).all() for other in others)
    assert first == pytest.approx(model.predict_proba([row])[0], rel=1e-12)
    assert predict([dict(reversed(row.items()))])[0] == pytest.approx(first, rel=1e-12)
    with pytest.raises(TypeError, match="'town' must be a text; got 3"):
        predict([{**row, "town": 3}])
    with pytest.raises(ValueError, match="could not convert"):
        predict([{**row, "zone": "one"}])


@pytest.mark.parametrize("temperature", [0.05, 0.005])
def test_powers_of_many_small_probabilities(temperature: float, ending: str, tmp_path: Path) -> None:
    """Each of 100 equal probabilities has the power 1e-40 or 1e-400: they are divided by the largest one before."""
    encoder = TableEncoder().fit([[0.0], [1.0]])
    nets = tuple(cr.Network.dense([1, 100], output="softmax", initial="zeros") for _ in range(2))
    model = TableModel(encoder, ClassLabels.fit([f"{k:02}" for k in range(100)]), nets, Calibration(temperature))
    for real in target_of(Path(f"m{ending}")).reals:
        assert cr.export(model, tmp_path / f"m{ending}", real=real).is_proved


def test_a_script_names_its_results(tmp_path: Path) -> None:
    """Several labels, numbers and quantiles are dicts by name."""
    expected = {
        models.several_labels: ["spam", "a b", "probabilities"],
        models.named: ["rooms", "2 ÷ 3"],
        models.quantiles: ["q0.05", "q0.5", "q0.95"],
    }
    for model, names in expected.items():
        cr.export(model(), tmp_path / "m.py")
        script = runpy.run_path(str(tmp_path / "m.py"))
        ours = model().predict([{**dict.fromkeys(model().encoder.names_), "sold": np.datetime64("NaT", "us")}])
        (found,) = script["predict"]([{}])
        assert [*found] == names
        exact = (value if isinstance(value, (str, int)) else pytest.approx(value, rel=1e-12) for value in ours[0])
        assert [*found.values()] == [*exact]


def of_column(values: Sequence[Any], y: Sequence[float] = (1.0, 2.0, 4.0), **options: Any) -> TableModel:
    """A model of one column."""
    encoder = TableEncoder(**options).fit([[value] for value in values])
    return TableModel(encoder, NumericLabels.fit(y), (cr.Network.dense([encoder.n_features_out_, 1], seed=0),))


DURATIONS: dict[str, Callable[[int], Any]] = {
    "durations": lambda k: np.timedelta64(1_500_001 * k, "us"),
    "times of day": lambda k: datetime.time(k % 24, 30, 0, k),
    "texts": lambda k: f"{k % 24:02}:{k % 60:02}",
}


@pytest.mark.parametrize("numbers", ["robust", "standard"])
@pytest.mark.parametrize("kind", DURATIONS)
def test_durations_are_seconds(kind: str, numbers: str, ending: str, tmp_path: Path) -> None:
    """A column of durations or times of day, gaps included, is one of seconds in every target."""
    column = [None if k % 7 == 0 else DURATIONS[kind](k) for k in range(40)]
    assert cr.export(of_column(column, numbers=numbers), tmp_path / f"m{ending}").is_proved


def test_a_column_of_an_array_may_be_left_out(ending: str, tmp_path: Path) -> None:
    """A model of an array whose first column is constant is one of x1, x2, …"""
    X = np.random.default_rng(0).normal(size=(40, 3)) * [0.0, 1.0, 2.0]
    with pytest.warns(DataWarning, match="left out 'x0'"):
        encoder = TableEncoder().fit(X)
    net = cr.Network.dense([2, 1], seed=0)
    assert cr.export(TableModel(encoder, NumericLabels.fit([1.0, 2.0, 4.0]), (net,)), tmp_path / f"m{ending}").is_proved


def of_weights(w: float = 1.0, b: float = 0.0, slope: float = 0.1) -> cr.Network:
    """A network of one unit."""
    return cr.Network([cr.Layer([[w]], [b], cr.leaky_relu.with_parameters(slope=slope))])


TOO_LARGE: dict[str, tuple[Callable[[], Any], set[str]]] = {  # a model, and the targets that hold it in float
    "a center": (lambda: of_column([1e40, 2e40, 4e40]), {".onnx"}),
    "a factor": (lambda: of_column([1e-40, 2e-40, 4e-40]), {".onnx"}),
    "a level": (lambda: of_column([1e40, 2e40, 4e40], categories=[0]), {".onnx"}),
    "a feature": (lambda: of_column([1e40, None, 4e40], numbers="none"), set()),
    "a target": (lambda: of_column([1.0, 2.0, 4.0], [1e40, 2e40, 4e40]), {".onnx"}),
    "a weight": (lambda: of_weights(w=1e40), set()),
    "a bias": (lambda: of_weights(b=1e40), set()),
    "a slope": (lambda: of_weights(slope=1e40), set()),
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_numbers_beyond_float_ask_for_double(name: str, ending: str, tmp_path: Path) -> None:
    """A target of single precision refuses a number that it cannot hold, and writes nothing; double holds it."""
    model, proved = TOO_LARGE[name]
    path = tmp_path / f"m{ending}"
    reals = target_of(path).reals
    if "float" in reals and ending not in proved:
        with pytest.raises(cr.InputError, match=r"real must be 'double' for .*, since float ends at 3.4e\+38"):
            cr.export(model(), path, real="float")
        assert not [*tmp_path.iterdir()]
    elif "float" in reals:
        assert cr.export(model(), path, real="float").is_proved
    assert cr.export(model(), path, real="double").is_proved


def test_a_target_below_float_asks_for_double(ending: str, tmp_path: Path) -> None:
    """Predictions that float would round to a few digits are refused where they are computed in it: in C."""
    model = of_column([1.0, 2.0, 4.0], [1e-40, 2e-40, 4e-40])
    if ending == ".c":
        with pytest.raises(cr.InputError, match=r"real must be 'double' for a target with a deviation of 1\.2e-40"):
            cr.export(model, tmp_path / "m.c")
        assert not [*tmp_path.iterdir()]
    assert cr.export(model, tmp_path / f"m{ending}", real="double").is_proved


N = 2**53
LEVELS: list[tuple[list[Any], str | None, str | None]] = [  # levels, and what is wrong with them in C and elsewhere
    ([N, 2 * N, 4 * N], None, None),
    ([N + 1, 1, 2], None, f"must be numbers that float64 holds, as they are compared in .*; got {N + 1}. Make texts"),
    ([N, N + 1, 2], f"the levels must be texts .* its levels {N} and {N + 1} are the same double", "float64 holds"),
    ([2**24, 2**24 + 1, 2], f"'double' for the column 'x0', as its levels {2**24} and {2**24 + 1} are .* float", None),
    ([10**400, 1, 2], "float64 holds", "float64 holds"),
]


@pytest.mark.parametrize(("levels", "in_c", "elsewhere"), LEVELS, ids=lambda value: str(value)[:20])
def test_levels_that_a_target_cannot_tell_apart(
    levels: list[Any], in_c: str | None, elsewhere: str | None, ending: str, tmp_path: Path
) -> None:
    """Codes beyond the integers of the number type are refused before the export is tried, and others are proved."""
    model = of_column(levels, categories=[0])
    if says := in_c if ending == ".c" else elsewhere:
        with pytest.raises(cr.InputError, match=says):
            cr.export(model, tmp_path / f"m{ending}", real="float" if says.endswith(" float") else "double")
        assert not [*tmp_path.iterdir()]
    if not says or says.endswith(" float"):
        assert cr.export(model, tmp_path / f"m{ending}", real="double").is_proved


def test_a_gap_hides_no_number_beyond_single_precision() -> None:
    """NaN stays, and a number beyond float32 beside it is refused."""
    assert np.isnan(as_single([1.0, np.nan])).tolist() == [False, True]
    with pytest.raises(cr.InputError, match=r"numbers up to 1e\+39"):
        as_single([np.nan, -1e39])


CONTROLS = ["a\nb", "a\tb", "a\rb", "a\r\nb", "a\x01b", "a\x7fb", 'a\\"b']
FOREIGN = {"p\0q": {".c", ".sql"}, "\ud800": {".c", ".sql", ".onnx"}}  # a text, and the targets that cannot hold it


def of_text(text: str, place: str) -> TableModel:
    """A model of two classes with this text as a column, a level or a label."""
    column, level, label = (text if place == one else one for one in ("column", "level", "label"))
    encoder = TableEncoder().fit([{column: level}, {column: "b"}, {column: "c"}])
    net = cr.Network.dense([3, 2], output="softmax", seed=0)
    return TableModel(encoder, ClassLabels.fit([label, "other"]), (net,))


@pytest.mark.parametrize("place", ["column", "level", "label"])
@pytest.mark.parametrize("text", CONTROLS)
def test_texts_with_control_characters(text: str, place: str, ending: str, tmp_path: Path) -> None:
    """Line ends, tabs and other control characters are kept, in the file and by the program that runs it."""
    assert cr.export(of_text(text, place), tmp_path / f"m{ending}").is_proved


@pytest.mark.parametrize("place", ["column", "level", "label"])
@pytest.mark.parametrize("text", FOREIGN)
def test_texts_that_a_target_cannot_hold(text: str, place: str, ending: str, tmp_path: Path) -> None:
    """A text in C ends at NUL, and UTF-8 has no half of a surrogate pair: the error names the text."""
    path = tmp_path / f"m{ending}"
    if ending not in FOREIGN[text]:
        assert cr.export(of_text(text, place), path).is_proved
        return
    with pytest.raises(cr.InputError, match=re.escape(f"the {place} {text!r} must be without")):
        cr.export(of_text(text, place), path)
    assert not [*tmp_path.iterdir()]


def test_texts_with_nan_in_them_are_texts(tmp_path: Path) -> None:
    """A script writes NaN where a number is NaN, and not in names, levels and labels."""
    encoder = TableEncoder().fit([{"finance": 1.0, "nan": "nano"}, {"finance": 2.0, "nan": "b"}])
    net = cr.Network.dense([encoder.n_features_out_, 2], output="softmax", seed=0)
    assert cr.export(TableModel(encoder, ClassLabels.fit(["banana", "b"]), (net,)), tmp_path / "m.py").is_proved


def test_fitted_estimators_are_exported(tmp_path: Path) -> None:
    """An estimator exports its model."""
    X, y = [[0.0, "a"], [1.0, "b"], [2.0, "a"], [3.0, "b"]] * 10, ["no", "no", "yes", "yes"] * 10
    model = NetworkClassifier(n_networks=2, epochs=5, hidden_layer_sizes=4, random_state=0).fit(X, y)
    assert cr.export(model, tmp_path / "m.py").is_proved


def test_an_export_that_computes_something_else_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A printer that prints a wrong formula is found out, and no file is left."""
    from chainrule.exports.targets.python import script, templates

    monkeypatch.setattr(script, "BODY", templates.BODY.replace("a @ W.T + b", "a @ W.T * 1.001 + b"))
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
    for option, value in (("--real", "half"), ("--weights", "int8"), ("--inputs", "matrix")):
        answer = chainrule("export", "t.safetensors", "--out", "u.py", option, value)
        assert answer.code == 2
        assert f"{option}: {option[2:]} must be" in answer.err
    assert chainrule("verify", "t.safetensors").code == 1
