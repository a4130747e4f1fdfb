"""Marks: planted mistakes of every kind are named, and a mistake is marked once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.teaching import Exercise
from chainrule.teaching.quantities import formula, in_order, possible, worked

LEAKY = cr.leaky_relu.with_parameters(slope=0.5)
ONE = cr.exercise("backprop", sizes=[2, 2, 1], hidden=LEAKY, output=LEAKY, seed=4)
TWO = cr.exercise("backprop", sizes=[2, 2, 2], hidden="tanh", output="tanh", examples=3, seed=4)


class Numbers:
    """The right quantities of a sheet, by the lecture's formulas, for a mistake to be written into."""

    def __init__(self, sheet: Exercise) -> None:
        net, self.X, self.Y = sheet.net, sheet.X, sheet.Y
        g = cr.gradient(net, "sum_of_squares", self.X, self.Y, wrt_a=True)
        assert g.run is not None
        self.W, self.b, self.sigma = [None, *map(np.asarray, net.W)], [None, *net.b], [None, *net.sigma]
        self.z, self.a, self.delta = [None, *g.run.z], list(g.run.a), [None, *g.delta]
        self.dW, self.db, self.J = [None, *map(np.asarray, g.W)], [None, *g.b], g.J
        self.slope = [None, *(sigma.derivative(z) for sigma, z in zip(list[Any](net.sigma), g.run.z, strict=True))]


p: Any = Numbers(ONE)
q: Any = Numbers(TWO)
MISSED = q.delta[2] @ q.W[2]  # δ[1] without σ′

PLANTED: list[tuple[Exercise, str, Any, str, str]] = [
    (ONE, "z_1", p.X @ p.W[1].T, "bias forgotten", "z[1]: the bias b[1] is forgotten in z[1]."),
    (ONE, "z_2", p.a[1] @ p.W[2].T, "bias forgotten", "b[2] is forgotten"),
    (TWO, "a_1", np.tanh(q.X @ q.W[1].T), "bias forgotten", "the bias b[1] is forgotten in z[1]."),
    (TWO, "a_2", np.tanh(np.tanh(q.X @ q.W[1].T) @ q.W[2].T), "bias forgotten", "in every layer"),
    (ONE, "z_1", p.X @ p.W[1] + p.b[1], "transposed", "W[1] is transposed in z[1]"),
    (ONE, "W_1", p.dW[1].T, "transposed", "Row k of ∂J/∂W[1] belongs to unit k of layer 1."),
    (ONE, "W_2", p.dW[2].T, "transposed", "∂J/∂W[2]: transposed."),
    (TWO, "delta_1", q.delta[2] @ q.W[2].T * q.slope[1], "transposed", "W[2] is not transposed in δ[1]"),
    (ONE, "delta_2", p.a[2] - p.Y, "slope missing", "the factor σ[2]′(z[2]) is missing in δ[2]."),
    (TWO, "delta_1", MISSED, "slope missing", "the factor σ[1]′(z[1]) is missing in δ[1]."),
    (TWO, "W_1", MISSED.T @ q.X, "slope missing", "the factor σ[1]′(z[1]) is missing in δ[1]."),
    (TWO, "b_1", ((q.a[2] - q.Y) @ q.W[2]).sum(axis=0), "slope missing", "in every layer"),
    (ONE, "delta_2", (p.Y - p.a[2]) * p.slope[2], "sign", "δ[2]: wrong sign."),
    (TWO, "W_2", -q.dW[2], "sign", "∂J/∂W[2]: wrong sign."),
    (ONE, "J", -p.J, "sign", "J: wrong sign."),
    (TWO, "W_2", q.dW[2] / 3, "mean for sum", "the mean over the examples is taken for their sum."),
    (TWO, "b_1", q.delta[1].mean(axis=0), "mean for sum", "the mean over the examples"),
    (TWO, "J", q.J / 3, "mean for sum", "the mean over the examples"),
    (ONE, "J", 2 * p.J, "factor 2", "J: a factor 2 too much: the ½ of J is forgotten."),
    (TWO, "delta_2", 2 * q.delta[2], "factor 2", "δ[2]: a factor 2 too much"),
    (TWO, "W_1", 2 * q.dW[1], "factor 2", "∂J/∂W[1]: a factor 2 too much"),
    (TWO, "a_1", q.z[1], "activation forgotten", "the activation σ[1] is forgotten in a[1]."),
]


@pytest.mark.parametrize(("sheet", "name", "answer", "mistake", "words"), PLANTED)
def test_a_planted_mistake_is_named(sheet: Exercise, name: str, answer: Any, mistake: str, words: str) -> None:
    """Each mistake is found in a lone answer, rounded to four digits, and the sentence says where it is."""
    rounded = np.array([float(f"{value:.4g}") for value in np.ravel(answer)]).reshape(np.shape(answer))
    answers: dict[str, Any] = {name: rounded}
    (mark,) = sheet.check(**answers).marks
    assert (mark.name, mark.is_right, mark.mistake) == (name, False, mistake), mark.sentence
    assert words in str(mark)


SHEETS: list[dict[str, Any]] = [
    {"sizes": [2, 2, 1]},
    {"sizes": [2, 2, 2], "hidden": "tanh", "output": "tanh", "examples": 3},
]


@pytest.mark.parametrize("arguments", SHEETS)
def test_every_mistake_on_every_sheet_is_named(arguments: dict[str, Any]) -> None:
    """Each mistake that a sheet allows, in each of its quantities, is found in that quantity alone."""
    for seed in range(8):
        sheet = cr.exercise("backprop", **arguments, seed=seed)
        right = worked(sheet._given, {}, {})
        for quantity in in_order(sheet.net.r):
            for mistake in possible(sheet._given, quantity):
                answers: dict[str, Any] = {quantity.name: formula(sheet._given, quantity, right, mistake)}
                (mark,) = sheet.check(**answers).marks
                assert mark.mistake == mistake.value, f"seed {seed}: {mark}"


def test_a_wrong_answer_is_marked_once() -> None:
    """With the sign wrong in δ[2], what follows from it is right for it, and says so."""
    delta_2 = -q.delta[2]
    delta_1 = delta_2 @ q.W[2] * q.slope[1]
    marks = TWO.check(delta_2=delta_2, W_2=delta_2.T @ q.a[1], b_2=delta_2.sum(axis=0), delta_1=delta_1, b_1=q.db[1])
    assert [mark.mistake for mark in marks.marks] == ["sign", *["earlier answer"] * 3, None]
    assert str(marks).splitlines()[1:4] == [
        "∂J/∂W[2]: right for your δ[2], and wrong because of it.",
        "∂J/∂b[2]: right for your δ[2], and wrong because of it.",
        "δ[1]: right for your δ[2], and wrong because of it.",
    ]
    assert not marks.is_right


def test_the_nearest_wrong_answer_is_the_cause() -> None:
    """If z[1] is wrong and a[1] follows from it, z[2] is right for a[1]."""
    z_1 = q.X @ q.W[1].T
    marks = TWO.check(z_1=z_1, a_1=np.tanh(z_1), z_2=np.tanh(z_1) @ q.W[2].T + q.b[2])
    assert [mark.mistake for mark in marks.marks] == ["bias forgotten", "earlier answer", "earlier answer"]
    assert str(marks).endswith("z[2]: right for your a[1], and wrong because of it.")


def test_a_second_mistake_is_named_too() -> None:
    """A new mistake on top of an earlier wrong answer is named, as the earlier answer is taken as given."""
    delta_2 = 2 * q.delta[2]
    marks = TWO.check(delta_2=delta_2, delta_1=delta_2 @ q.W[2])
    assert [mark.mistake for mark in marks.marks] == ["factor 2", "slope missing"]


def test_a_vector_may_be_a_column() -> None:
    """δ of one example may be (2,), (1, 2) or (2, 1), and an array of one entry a number."""
    for delta in (p.delta[1][0], p.delta[1], p.delta[1].T):
        assert ONE.check(delta_1=delta, delta_2=p.delta[2].item(), b_2=p.db[2].item()).is_right


def test_what_is_not_recognised_gets_the_rule() -> None:
    """The mark of any other value has the formula, and that of a wrong shape the right one; neither has the answer."""
    marks = ONE.check(delta_1=[99.0, 98.0], z_1=[1.0, 2.0, 3.0])
    assert [mark.mistake for mark in marks.marks] == ["shape", "not found"]
    assert str(marks).splitlines() == [
        "z[1]: its shape is (3,), not (2,).",
        "δ[1]: wrong. The rule is δ[1] = W[2]ᵀ δ[2] ⊙ σ[1]′(z[1]).",
    ]


def test_digits_decide_what_is_right() -> None:
    """An answer rounded to three digits is right in three digits, and wrong in six."""
    rounded = float(f"{q.J:.3g}")
    assert TWO.check(J=rounded).is_right
    assert not TWO.check(J=rounded, digits=6).is_right


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({}, "at least one answer"),
        ({"delta_3": 1.0}, "did you mean 'delta_[12]'"),
        ({"J": "one"}, "J must"),
        ({"J": 1.0, "digits": 0}, "digits must be an integer ≥ 1"),
    ],
)
def test_what_cannot_be_marked_is_refused(answers: dict[str, Any], message: str) -> None:
    """The message names the quantity."""
    with pytest.raises(cr.ChainruleError, match=message):
        ONE.check(**answers)
