"""Drawings in Japanese: the words of the table, the same numbers, and fonts that have the letters."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import chainrule as cr
from chainrule.explain.words import LANGUAGES
from chainrule.plot import Drawing
from chainrule.plot.printers import pdf

JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
PICTURES: dict[str, dict[str, Any]] = {
    "plain": {},
    "a": {"show": "a"},
    "delta": {"show": "delta"},
    "gradient": {"show": "gradient"},
    "path": {"path": ("W", 1, 2, 1)},
}


def drawing(name: str, lang: str) -> Drawing:
    """A picture of a small network in a language."""
    net = cr.Network.dense([2, 3, 1], hidden="tanh", output="sigmoid", seed=0)
    options = PICTURES[name]
    return net.draw([1.0, 0.5], [1.0], lang=lang, **options) if options else net.draw(lang=lang)


def words(svg: str) -> list[str]:
    """The texts of a picture."""
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


@pytest.mark.parametrize("name", PICTURES)
def test_only_the_words_differ(name: str) -> None:
    """A text without words is the same in both languages, and each text with words is Japanese."""
    english, japanese = (words(drawing(name, lang).svg()) for lang in ("en", "ja"))
    assert len(english) == len(japanese)
    for one, other in zip(english, japanese, strict=True):
        assert (one == other) != bool(JAPANESE.search(other)), (one, other)
    assert sum(one != other for one, other in zip(english, japanese, strict=True)) >= 2
    assert ' lang="ja"' in drawing(name, "ja").svg()


def test_the_words_are_those_of_the_table() -> None:
    """Layers, the key of the numbers and the title come from the words of the language."""
    made = drawing("gradient", "ja")
    assert made.scene.title == LANGUAGES["ja"].drawing.format(sizes="2-3-1")
    texts = words(made.svg())
    assert {"第 0 層", "入力層", "隠れ層", "出力層", "二乗和誤差", LANGUAGES["ja"].signs} <= set(texts)
    assert "ユニットの中：上が a[i]、下が δ[i]。線の上：∂J/∂W[i]、灰色のユニットからの線では ∂J/∂b[i]。" in texts
    with pytest.raises(cr.UnknownName, match="unknown language 'fr'"):
        drawing("a", "fr")


def test_a_pdf_has_a_font_or_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a font that has the letters, the message names one; English needs none but that of Matplotlib."""
    pytest.importorskip("matplotlib")
    monkeypatch.setitem(pdf.FONTS_OF, "ja", ("No Such Font",))
    with pytest.raises(cr.InputError, match=r"no font with the letters of lang='ja' is installed.* No Such Font"):
        drawing("a", "ja").save(tmp_path / "net.pdf")
    drawing("a", "en").save(tmp_path / "net.pdf")
    monkeypatch.setitem(pdf.FONTS_OF, "ja", ("DejaVu Serif",))
    with pytest.warns(UserWarning, match="Glyph .* missing from font"):  # which this one lacks
        drawing("a", "ja").save(tmp_path / "net.pdf")


@pytest.mark.skipif(
    shutil.which("kpsewhich") is None
    or subprocess.run(["kpsewhich", "c70min.fd"], capture_output=True, check=False).returncode != 0
    or subprocess.run(["kpsewhich", "standalone.cls"], capture_output=True, check=False).returncode != 0,
    reason="TeX with CJK and standalone is not installed",
)
def test_tikz_compiles(tmp_path: Path) -> None:
    """pdflatex sets the Japanese picture with the package CJKutf8."""
    drawing("gradient", "ja").save(tmp_path / "net.tex")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "net.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-2000:]
