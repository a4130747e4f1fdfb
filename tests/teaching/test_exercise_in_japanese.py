"""Exercises in Japanese: the sheet, its solution, and the marks of answers."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.explain.document.blocks import Equation
from chainrule.teaching.quantities import Given, Mistake, Quantity, in_order, possible, worked

WORD = re.compile(r"\b[a-z]{3,}\b")  # of English


def sheets(**arguments: Any) -> list[Any]:
    """The same sheet in English and in Japanese."""
    return [cr.exercise("backprop", seed=1, lang=lang, **arguments) for lang in ("en", "ja")]


@pytest.mark.parametrize("examples", [1, 2])
def test_the_sheet_and_its_solution_have_the_same_formulas(examples: int) -> None:
    """Only words differ, and none is left in English but the names of σ."""
    english, japanese = sheets(examples=examples)
    assert np.array_equal(english.net.theta, japanese.net.theta)
    for one, other in ((english, japanese), (english.solution(), japanese.solution())):
        lines = [[block for block in page.document.walk() if isinstance(block, Equation)] for page in (one, other)]
        assert lines[0] == lines[1]
        assert set(WORD.findall(other.text())) <= {"relu", "identity", "max", "diag"}
    assert '<html lang="ja">' in japanese.html()


def test_every_mistake_has_a_sentence_in_both_languages() -> None:
    """An answer with a mistake gets the same mark in both, with a sentence of the language."""
    seen: set[str | None] = set()
    pair = sheets(sizes=[2, 2, 2], examples=2)
    given = Given(pair[0].net, pair[0].X, pair[0].Y)
    answers: list[dict[str, Any]] = [{"W_1": np.ones((5, 5))}, {"J": 1e6}]
    slips = [(quantity, mistake) for quantity in in_order(2) for mistake in possible(given, quantity)]
    answers += [{quantity.name: worked(given, {}, {quantity: slip})[quantity]} for quantity, slip in slips]
    everywhere = {place: Mistake.SIGN for place in in_order(2) if Mistake.SIGN in possible(given, place)}
    answers.append({"W_1": worked(given, {}, everywhere)[Quantity("W", 1)]})
    wrong = worked(given, {}, {Quantity("delta", 2): Mistake.SIGN})
    answers.append({"delta_2": wrong[Quantity("delta", 2)], "W_2": wrong[Quantity("W", 2)]})
    for answer in answers:
        one, other = (sheet.check(**answer).marks for sheet in pair)
        assert [mark.mistake for mark in one] == [mark.mistake for mark in other]
        for mark in other:
            assert not WORD.search(mark.sentence), mark
            assert mark.sentence.endswith("。")
            seen.add(mark.mistake)
    assert seen == {*(mistake.value for mistake in Mistake), "shape", "not found", "earlier answer"}


def test_your_own_function_is_answered_in_japanese() -> None:
    """``lang`` of `check_backprop` is that of the marks and of their title."""
    marks = cr.check_backprop(lambda W, b, sigma, X, Y: {"z_1": X @ W[1].T}, lang="ja")
    assert str(marks) == "ネットワーク 1-1-1（tanh, identity）、例 1 個：\nz[1]：z[1] でバイアス b[1] を忘れています。"


def test_another_language_is_refused() -> None:
    """The languages that are known are named."""
    with pytest.raises(cr.UnknownName, match=r"unknown language 'fr'.* Known: en, ja\."):
        cr.exercise("backprop", lang="fr")
    with pytest.raises(cr.UnknownName, match="unknown language 'fr'"):
        cr.check_backprop(dict, lang="fr")  # type: ignore[arg-type]
