"""Sheets: small round numbers, another for each seed, and a solution that passes its own check."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.teaching import Exercise
from chainrule.teaching.quantities import in_order, worked

SIZES = [(1, 1), (1, 1, 1), (2, 2, 1), (3, 2, 2), (2, 3, 3, 1)]
SIGMAS: list[Any] = ["relu", "identity", cr.leaky_relu.with_parameters(slope=0.5)]


def right_answers(sheet: Exercise) -> dict[str, Any]:
    """All quantities of a sheet by their names, as `cr.gradient` computes them."""
    g = cr.gradient(sheet.net, "sum_of_squares", sheet.X, sheet.Y, wrt_a=True)
    assert g.run is not None
    arrays = {"z": g.run.z, "a": g.run.a, "delta": g.delta, "W": g.W, "b": g.b}
    return {
        quantity.name: np.asarray(arrays[quantity.letter][quantity.i]) if quantity.i else g.J
        for quantity in in_order(sheet.net.r)
    }


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(SIZES), st.sampled_from(SIGMAS), st.integers(1, 3), st.integers(0, 10**9))
def test_the_right_answers_pass_and_are_short(sizes: Any, hidden: Any, examples: int, seed: int) -> None:
    """Every value of `cr.gradient` is marked right, and is a multiple of 1/64 with at most six digits before it."""
    sheet = cr.exercise("backprop", sizes=sizes, hidden=hidden, examples=examples, seed=seed)
    answers = right_answers(sheet)
    marks = sheet.check(digits=12, **answers)
    assert marks.is_right, str(marks)
    assert [mark.name for mark in marks.marks] == list(answers)
    numbers = np.concatenate([np.ravel(value) for value in answers.values()])
    assert (numbers * 64 % 1 == 0).all()
    assert abs(numbers).max() < 10**6


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**9))
def test_what_is_given_is_round(seed: int) -> None:
    """θ holds integers from −2 to 2 without 0, X integers from 1 to 3, Y integers, and no label is met."""
    sheet = cr.exercise("backprop", sizes=[2, 2, 1], seed=seed)
    assert set(abs(sheet.net.theta)) <= {1.0, 2.0}
    assert set(sheet.X.flat) <= {1.0, 2.0, 3.0}
    assert (sheet.Y % 1 == 0).all()
    assert (sheet.net(sheet.X) != sheet.Y).all()


def test_every_seed_gives_another_sheet() -> None:
    """Forty seeds give forty sheets, and the same seed gives the same one."""
    sheets = [cr.exercise("backprop", sizes=[2, 2, 1], seed=seed).text() for seed in range(40)]
    bodies = {sheet.partition("\n")[2] for sheet in sheets}
    assert len(bodies) == 40
    assert cr.exercise("backprop", sizes=[2, 2, 1], seed=7).text() == sheets[7]


def test_a_unit_is_active_and_another_is_not() -> None:
    """With ReLU and two hidden units a sheet shows both cases of σ′, and no unit is at the kink."""
    for seed in range(20):
        sheet = cr.exercise("backprop", sizes=[2, 2, 1], seed=seed)
        z = sheet.net.forward(sheet.X).z[1]
        assert (z > 0).sum() == (z < 0).sum() == 1


def test_the_quantities_are_those_of_the_engine() -> None:
    """The formulas that mistakes are made in give the values of `cr.gradient`, for any σ and several examples."""
    sheet = cr.exercise(sizes=[3, 2, 3, 2], hidden="tanh", output="sigmoid", examples=4, seed=5)
    found = worked(sheet._given, {}, {})
    for quantity, (name, right) in zip(in_order(3), right_answers(sheet).items(), strict=True):
        assert quantity.name == name
        np.testing.assert_allclose(found[quantity], right, rtol=1e-13, atol=1e-15)


def test_the_forms_have_the_task_in_the_letters_of_the_lecture(tmp_path: Path) -> None:
    """Text, Markdown, LaTeX and HTML have the numbers of the sheet, and ask for z, a, J, δ and the gradient."""
    sheet = cr.exercise("backprop", sizes=[2, 2, 1], seed=1)
    text = str(sheet)
    assert text.startswith("Backpropagation by hand, sheet 1\n")
    for line in (
        "W[2] = [−2  2]",
        "J = ½ (a[2] − y)²",
        "δ[i] = ∂J/∂z[i] for i = 2, 1.",
        "∂J/∂W[i] and ∂J/∂b[i] for i = 2, 1.",
    ):
        assert line in text
    assert r"\delta [i]" in sheet.markdown()
    assert sheet.latex().rstrip().endswith(r"\end{document}")
    assert "<math" in sheet.html()
    sheet.save(tmp_path / "sheet.tex")
    assert (tmp_path / "sheet.tex").read_text(encoding="utf-8") == sheet.latex()
    several = cr.exercise("backprop", sizes=[2, 2, 2], examples=2, seed=1).text()
    assert "J = ½ Σⱼ ‖a[2]⁽ʲ⁾ − y⁽ʲ⁾‖²" in several
    assert "for i = 1, 2, for each example." in several


def test_the_solution_is_the_explanation_of_the_case() -> None:
    """It has the numbers of the sheet, in fractions if σ allows them, and decimals if not."""
    sheet = cr.exercise("backprop", sizes=[1, 1, 1], hidden=SIGMAS[2], seed=2)
    assert sheet.solution().text() == sheet.net.explain(sheet.X[0], sheet.Y[0], exact=True).text()
    smooth = cr.exercise("backprop", sizes=[1, 1, 1], hidden="tanh", examples=2, seed=2)
    assert smooth.solution("scalar").text() == smooth.net.explain(smooth.X, smooth.Y, detail="scalar").text()


def test_a_sheet_does_not_change() -> None:
    """Its network and arrays are copies."""
    sheet = cr.exercise(seed=3)
    before = sheet.text()
    sheet.net.theta[...] = 0.0
    sheet.X[...], sheet.Y[...] = 0.0, 0.0
    assert sheet.check(**right_answers(sheet)).is_right
    assert sheet.text() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "backpropp"}, "did you mean 'backprop'"),
        ({"sizes": [7, 1]}, "at most 6 in at most 4 layers"),
        ({"sizes": [1] * 6}, "at most 6 in at most 4 layers"),
        ({"sizes": [2]}, "sizes"),
        ({"examples": 0}, "examples must be an integer ≥ 1"),
        ({"hidden": "softmax"}, "must be entrywise"),
        ({"seed": -1}, "seed must be an integer ≥ 0"),
    ],
)
def test_what_makes_no_sheet_is_refused(arguments: dict[str, Any], message: str) -> None:
    """The message names the argument."""
    with pytest.raises(cr.ChainruleError, match=message):
        cr.exercise(**arguments)


def test_the_names_are_loaded_at_first_use() -> None:
    """``cr.exercise`` is a function, not the module that holds it."""
    assert inspect.isfunction(cr.exercise)
