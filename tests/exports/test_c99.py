"""The C that is exported: without warnings, with any names, and without undefined behaviour."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.exports import models

import chainrule as cr
from chainrule.exports.targets.identifiers import identifiers
from chainrule.tables import TableEncoder
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import ClassLabels, NumericLabels

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")
WARNINGS = ("-Wall", "-Wextra", "-Werror", "-pedantic", "-Wshadow", "-Wconversion")
MODELS: dict[str, tuple[Any, dict[str, Any]]] = {
    "classes": (models.classifier, {"real": "float"}),
    "classes, double": (models.classifier, {"real": "double"}),
    "smoothed labels": (lambda: models.classifier(smoothing=0.2), {"real": "float"}),
    "sigmoids": (lambda: models.classifier(2, output="sigmoid"), {"real": "float"}),
    "numbers": (lambda: models.regressor(2), {"real": "double"}),
    "labels, int8": (models.several_labels, {"real": "float", "weights": "int8"}),
    "quantiles, int16": (models.quantiles, {"real": "double", "weights": "int16"}),
    "texts alone, int8": (models.of_texts, {"real": "float", "weights": "int8"}),
    "embedded": (models.embedded, {"real": "float"}),
}


def gcc(folder: Path, *options: str) -> str:
    """Runs gcc, and returns its messages."""
    done = subprocess.run(["gcc", *options], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


@needs_gcc
@pytest.mark.parametrize("name", MODELS)
def test_c_compiles_without_a_warning(name: str, tmp_path: Path) -> None:
    """As C99 with all warnings, for float with no double anywhere; as C++; and its test passes under sanitizers."""
    model, options = MODELS[name]
    cr.export(model(), tmp_path / "m.c", **options)
    no_double = ["-Wdouble-promotion"] if options["real"] == "float" else []
    assert gcc(tmp_path, "-std=c99", *WARNINGS, "-Wstrict-prototypes", *no_double, "-c", "m.c", "-o", "m.o") == ""
    assert gcc(tmp_path, "-x", "c++", *WARNINGS, "-c", "m.c", "-o", "m.o") == ""
    sanitizers = "-fsanitize=address,undefined"
    gcc(tmp_path, "-std=c99", *WARNINGS, sanitizers, "-fno-sanitize-recover=all", "-o", "t", "m.c", "m_test.c", "-lm")
    done = subprocess.run([tmp_path / "t"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "within the bounds" in done.stdout
    assert not re.search(
        r"\b(malloc|calloc|static (?!const\b|real\b|void\b|int64_t\b))", (tmp_path / "m.c").read_text()
    )


@needs_gcc
def test_two_models_live_in_one_program(tmp_path: Path) -> None:
    """Every public name begins with the model's: two models are included, and linked, side by side."""
    cr.export(models.classifier(), tmp_path / "one.c")
    cr.export(models.regressor(), tmp_path / "two.c", real="double")
    main = '#include "one.h"\n#include "two.h"\nint main(void) { return ONE_OUTPUTS + TWO_OUTPUTS - 4; }\n'
    (tmp_path / "main.c").write_text(main, encoding="utf-8")
    gcc(tmp_path, "-std=c99", *WARNINGS, "-o", "both", "main.c", "one.c", "two.c", "-lm")
    assert subprocess.run([tmp_path / "both"], check=False).returncode == 0


def test_without_a_compiler_the_file_is_written_and_not_proved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof says that there is no C compiler."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    proof = cr.export(models.regressor(), tmp_path / "m.c")
    assert (proof.is_proved, proof.missing) == (False, "no C compiler")
    assert {path.name for path in tmp_path.iterdir()} == {"m.c", "m.h", "m_test.c"}


def test_a_column_far_from_zero_asks_for_double(tmp_path: Path) -> None:
    """In float a column around 1e9 with a spread of 100 would be rounded by half a spread; double says nothing."""
    encoder = TableEncoder().fit([{"ticks": 1e9 + 100.0 * k} for k in range(9)])
    net = cr.Network.dense([1, 3, 1], seed=0)
    model = TableModel(encoder, NumericLabels.fit(range(9)), (net,))
    with pytest.warns(cr.errors.DataWarning, match=r"'ticks' lies far from 0: in float .* real='double'"):
        cr.export(model, tmp_path / "m.c")
    cr.export(model, tmp_path / "m.c", real="double")


def test_results_have_names(tmp_path: Path) -> None:
    """Several numbers, labels and quantiles have their places in the result by name, labels also their values."""
    cr.export(models.named(), tmp_path / "m.c")
    assert "M__ROOMS = 0, /* rooms */" in (tmp_path / "m.h").read_text(encoding="utf-8")
    cr.export(models.quantiles(), tmp_path / "m.c")
    assert "M__Q0_95 = 2 /* q0.95 */" in (tmp_path / "m.h").read_text(encoding="utf-8")
    cr.export(models.several_labels(), tmp_path / "m.c")
    assert "M__A_B = 1, /* a b */" in (tmp_path / "m.h").read_text(encoding="utf-8")
    values = r'm_value[M_OUTPUTS][2] = {{"no", "y\042es"}, {"0", "1"}, {"False", "True"}};'
    assert values in (tmp_path / "m.c").read_text(encoding="utf-8")


IDENTIFIERS = [
    # names, their identifiers
    (["a b", "a_b", "A-B"], ["a_b", "a_b_2", "a_b_3"]),
    (["2nd", "int", "class", "广"], ["column_2nd", "int_", "class_", "column"]),
    (["café", "", "_", "x__y"], ["cafe", "column", "column_2", "x_y"]),
]


@pytest.mark.parametrize(("names", "expected"), IDENTIFIERS)
def test_names_become_different_identifiers(names: list[str], expected: list[str]) -> None:
    """Spaces, digits, keywords and letters outside of ASCII are replaced, and equal results numbered."""
    assert identifiers(names) == expected


@pytest.mark.parametrize("labels", [[3, 7, 3], [False, True, True]], ids=["numbers", "booleans"])
def test_labels_that_are_no_texts(labels: list[Any], tmp_path: Path) -> None:
    """C has the texts of numbers and booleans, which the proof compares with the labels themselves."""
    encoder = TableEncoder().fit([[0.0], [1.0], [2.0]])
    net = cr.Network.dense([1, 3, 2], output="softmax", seed=0)
    proof = cr.export(TableModel(encoder, ClassLabels.fit(labels), (net,)), tmp_path / "m.c")
    assert proof.is_proved == (shutil.which("cc") is not None)
    assert f'm_class[M_OUTPUTS] = {{"{min(labels)}", "{max(labels)}"}};' in (tmp_path / "m.c").read_text()
