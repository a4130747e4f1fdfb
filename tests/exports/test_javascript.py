"""The JavaScript that is exported: rows as JavaScript has them, and the types."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.exports import models

import chainrule as cr
from chainrule.tables import TableEncoder
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import NumericLabels

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js")


def node(folder: Path, code: str) -> Any:
    """Evaluates an expression with the module m.mjs as m."""
    program = f"import * as m from './m.mjs'; console.log(JSON.stringify({code}));"
    command = ["node", "--input-type=module", "--eval", program]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_node
def test_rows_of_javascript(tmp_path: Path) -> None:
    """A gap has four forms; a time is a Date, a number or a BigInt; other forms of numbers are refused by name."""
    model = models.classifier()
    cr.export(model, tmp_path / "m.mjs")
    gaps = "{}, {rooms: null, town: ''}, {rooms: NaN, '2nd': undefined}, Object.create({constructor: 3})"
    first, *others = node(tmp_path, f"[{gaps}].map(m.predictProba)")
    assert others == [first] * 3
    time = np.datetime64("2024-02-29T12:00", "us")
    us = int(time.astype(np.int64))
    times = (
        f"[{us}, {us}n, new Date({us // 1000})].map((sold) => m.predictProba({{sold, heated: 1, zone: 2n, stars: 2}}))"
    )
    first, *others = node(tmp_path, times)
    assert others == [first] * 2
    row = {"sold": time, "heated": True, "zone": 2, "stars": 2, **dict.fromkeys(("rooms", "size m²", "town", "2nd"))}
    assert first == pytest.approx(model.predict_proba([row])[0].tolist(), rel=1e-12)
    wrong = "[{rooms: '3'}, {rooms: {}}, {rooms: new Date(0)}, {zone: '1.0'}, {heated: 'true'}, {town: 3}]"
    messages = node(tmp_path, f"{wrong}.map((row) => {{ try {{ m.predict(row) }} catch (e) {{ return e.message }} }})")
    assert messages[0] == '"rooms" must be a number; got 3.'
    assert messages[3] == '"zone" must be a number; got 1.0.'
    assert messages[5] == '"town" must be a text; got 3.'
    assert len(messages) == 6
    assert all(messages)


@needs_node
def test_the_module_tests_itself(tmp_path: Path) -> None:
    """``test()`` returns the number of rows, and throws an Error for a changed number."""
    proof = cr.export(models.regressor(2), tmp_path / "m.mjs")
    assert node(tmp_path, "m.test()") == proof.rows
    text = (tmp_path / "m.mjs").read_text(encoding="utf-8")
    (tmp_path / "m.mjs").write_text(text.replace("const MEAN = [", "const MEAN = [1 + "), encoding="utf-8")
    assert "deviates by" in node(tmp_path, "(() => { try { m.test() } catch (e) { return e.message } })()")
    with pytest.raises(cr.ChainruleError, match="deviates"):
        cr.verify(tmp_path / "m.mjs")
    (tmp_path / "m.mjs").write_text("export const TESTS = 1;\n", encoding="utf-8")
    with pytest.raises(cr.FileFormatError, match="holds no"):
        cr.verify(tmp_path / "m.mjs")


def test_columns_may_have_any_names(tmp_path: Path) -> None:
    """Quotes, the names of inherited properties and line separators are columns like others."""
    names = ['a "b"', "__proto__", "constructor", "a\u2028b", "${x}", "back\\slash", "*/"]
    X = np.random.default_rng(0).normal(size=(9, len(names)))
    encoder = TableEncoder().fit([dict(zip(names, row, strict=True)) for row in X.tolist()])
    model = TableModel(encoder, NumericLabels.fit(np.arange(9.0)), (cr.Network.dense([len(names), 3, 1], seed=0),))
    proof = cr.export(model, tmp_path / "m.mjs")
    assert proof.is_proved == (shutil.which("node") is not None)


def test_the_types_name_columns_and_labels(tmp_path: Path) -> None:
    """NAME.d.mts declares each column with its type, and the labels as a union."""
    cr.export(models.classifier(), tmp_path / "m.mjs")
    text = (tmp_path / "m.d.mts").read_text(encoding="utf-8")
    columns = dict(re.findall(r"^  (.*)\?: (.*);$", text, re.MULTILINE))
    assert columns['"rooms"'] == "number | null"
    assert columns['"town"'] == "string | null"
    assert columns['"heated"'] == "boolean | null"
    assert columns['"sold"'] == "Date | number | bigint | null"
    labels = '"don\'t \\"know\\"" | "no" | "yes"'
    assert f"export type Label = {labels};" in text
    assert "predict(row: Row): Label;" in text
    cr.export(models.regressor(2), tmp_path / "m.mjs")
    assert "predict(row: Row): number[];" in (tmp_path / "m.d.mts").read_text(encoding="utf-8")


@needs_node
def test_results_have_names(tmp_path: Path) -> None:
    """Several labels, numbers and quantiles are objects with their names as keys, and typed so."""
    missing = "{}"
    model = models.several_labels()
    cr.export(model, tmp_path / "m.mjs")
    row = dict.fromkeys(model.encoder.names_)
    row["sold"] = np.datetime64("NaT", "us")
    labels = dict(zip(["spam", "a b", "probabilities"], model.predict([row])[0].tolist(), strict=True))
    assert node(tmp_path, f"m.predict({missing})") == labels
    assert node(tmp_path, "m.LABELS") == [*labels]
    assert '{ "spam": "no" | "y\\"es"; "a b": 0 | 1; "probabilities": false | true }' in (
        tmp_path / "m.d.mts"
    ).read_text(encoding="utf-8")
    cr.export(models.named(), tmp_path / "m.mjs")
    assert [*node(tmp_path, f"m.predict({missing})")] == ["rooms", "2 ÷ 3"]
    assert '"2 \\u00f7 3": number }' in (tmp_path / "m.d.mts").read_text(encoding="utf-8")
    cr.export(models.quantiles(), tmp_path / "m.mjs")
    found = node(tmp_path, f"m.predict({missing})")
    assert [*found] == ["q0.05", "q0.5", "q0.95"]
    assert [*found.values()] == pytest.approx(models.quantiles().predict([row])[0].tolist(), rel=1e-12)


def test_without_node_the_file_is_written_and_not_proved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof says that there is no Node.js."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    proof = cr.export(models.regressor(), tmp_path / "m.mjs")
    assert (proof.is_proved, proof.missing) == (False, "no node (Node.js)")
    assert {path.name for path in tmp_path.iterdir()} == {"m.mjs", "m.d.mts"}
