"""The words of a page in each language: complete, with the same formulas, and shown in every form."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import fields
from pathlib import Path
from string import Formatter

import pytest

import chainrule as cr
from chainrule._internal.text_table import columns
from chainrule.explain import Explanation
from chainrule.explain.words import LANGUAGES
from chainrule.explain.words.english import ENGLISH
from chainrule.explain.words.words import Words

OTHERS = [words for name, words in LANGUAGES.items() if name != "en"]


def names(template: str) -> set[str]:
    """The names in braces of a template."""
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def page(lang: str) -> Explanation:
    """A page with remarks."""
    net = cr.Network([cr.Layer([[1.0, 2.0]], [0.0], "relu"), cr.Layer([[1.0], [2.0]], [0.0, 1.0], "softmax")])
    return net.explain([1.0, 0.5], 1, cost="cross_entropy", learning_rate=9.0, lang=lang)


@pytest.mark.parametrize("words", OTHERS, ids=lambda words: words.language)
def test_each_template_has_the_same_formulas(words: Words) -> None:
    """A sentence has the same names in braces in every language, and no sentence is left in English."""
    for field in fields(Words):
        own, english = getattr(words, field.name), getattr(ENGLISH, field.name)
        assert names(own) == names(english), field.name
        assert own != english, field.name


@pytest.mark.parametrize("words", OTHERS, ids=lambda words: words.language)
def test_formulas_are_the_same_in_every_language(words: Words) -> None:
    """Only words differ: each equation of the English page is on the other one too."""
    english, other = (re.findall("^  [^ ].* = .*$", page(lang).text(), re.MULTILINE) for lang in ("en", words.language))
    assert english == other
    assert len(english) > 20


def test_japanese_is_marked_and_aligned() -> None:
    """The file says its language, columns below wide letters are aligned, and no line is wider than asked for."""
    made = page("ja")
    assert '<html lang="ja">' in made.html()
    assert "順伝播" in made.markdown()
    text = made.text()
    header, first = text.splitlines()[10:12]
    assert header == "  層    W            b          σ        パラメータ数  θ の成分"
    assert first == "  L[1]  W[1] ∈ ℝ¹ˣ²  b[1] ∈ ℝ   relu     1 · (2 + 1)   W[1]: θ₁ … θ₂, b[1]: θ₃"
    assert max(map(columns, text.splitlines())) <= 100


@pytest.mark.skipif(
    shutil.which("kpsewhich") is None
    or subprocess.run(["kpsewhich", "c70min.fd"], capture_output=True, check=False).returncode != 0,
    reason="TeX with CJK is not installed",
)
def test_japanese_latex_compiles(tmp_path: Path) -> None:
    """pdflatex sets the Japanese page with the package CJKutf8."""
    page("ja").save(tmp_path / "page.tex")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "page.pdf").stat().st_size > 10_000
