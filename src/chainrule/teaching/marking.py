"""Marking: an answer is compared with the right value, and a wrong one with the values of common mistakes.

The mistake is looked for in the quantity itself first, then in those before it that were not answered, and at last in
all of one kind. Earlier answers are taken as given, so that a wrong one is marked once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from chainrule._internal.checks import Array, as_array, as_integer
from chainrule._internal.naming import resolve
from chainrule.errors import InputError
from chainrule.explain.words import Words
from chainrule.teaching.marks import Mark, Marks
from chainrule.teaching.quantities import Given, Mistake, Quantity, Values, in_order, possible, worked


def marked(given: Given, answers: Mapping[str, Any], digits: int, words: Words, title: str = "") -> Marks:
    """Returns the marks of answers by their names, which are right if they agree in ``digits`` significant digits."""
    digits = as_integer(digits, "digits", 1, 15)
    order = in_order(given.net.r)
    known = {quantity.name: quantity for quantity in order}
    if not answers:
        raise InputError(f"there must be at least one answer; got none. Known: {', '.join(known)}.")
    arrays = {resolve("quantity", name, known): as_array(value, name) for name, value in answers.items()}
    right = worked(given, {}, {})
    shaped: Values = {}
    marks, wrong = list[Mark](), set[Quantity]()
    for quantity in (quantity for quantity in order if quantity in arrays):
        answer = _shaped(arrays[quantity], right[quantity], quantity)
        if answer is None:
            expected = _shape_of(right[quantity], quantity)
            shape = arrays[quantity].shape
            text = words.wrong_shape.format(quantity=quantity.symbol, shape=shape, expected=expected)
            marks.append(Mark(quantity.name, False, "shape", text))
            continue
        mark = _mark(given, quantity, answer, shaped, wrong, right, digits, words)
        marks.append(mark)
        if answer.shape == right[quantity].shape:
            shaped[quantity] = answer
            if not mark.is_right:
                wrong.add(quantity)
    return Marks(tuple(marks), title)


def agree(one: Array, other: Array, digits: int) -> bool:
    """Returns True if the arrays have one shape and differ by at most 1 in the last of ``digits`` significant digits.

    The digits are those of the largest entry of ``other``.
    """
    if one.shape != other.shape:
        return False
    largest = float(abs(other).max())
    unit = 10.0 ** ((math.floor(math.log10(largest)) if largest else 0) + 1 - digits)
    return bool((abs(one - other) <= unit * (1 + 1e-9)).all())


def _mark(
    given: Given,
    quantity: Quantity,
    answer: Array,
    earlier: Values,
    wrong: set[Quantity],
    right: Values,
    digits: int,
    words: Words,
) -> Mark:
    symbol = quantity.symbol
    if agree(answer, right[quantity], digits):
        return Mark(quantity.name, True, None, words.right.format(quantity=symbol))
    if wrong and agree(answer, worked(given, earlier, {})[quantity], digits):
        causes = [place.symbol for place in earlier if place in wrong and _acts(given, place, quantity, earlier, right)]
        text = words.wrong_earlier.format(quantity=symbol, causes=words.joining.join(causes))
        return Mark(quantity.name, False, "earlier answer", text)
    for fixed in (earlier, {}):
        for mistake, place, value in _candidates(given, quantity, fixed):
            if agree(answer, value, digits):
                text = words.mistake.format(quantity=symbol, sentence=_sentence(mistake, place, quantity, words))
                return Mark(quantity.name, False, mistake.value, text)
    text = words.wrong.format(quantity=symbol, rule=_rule(quantity, given.net.r))
    return Mark(quantity.name, False, "not found", text)


def _acts(given: Given, one: Quantity, quantity: Quantity, earlier: Values, right: Values) -> bool:
    """Returns True if the quantity changes when one of the earlier answers is put right and the others stay."""
    before, after = (worked(given, fixed, {})[quantity] for fixed in (earlier, {**earlier, one: right[one]}))
    return not np.array_equal(before, after)


def _candidates(given: Given, quantity: Quantity, fixed: Values) -> Iterator[tuple[Mistake, Quantity | None, Array]]:
    """Yields each mistake with the quantity it is in, None for all, and the value that ``quantity`` has with it."""
    order = in_order(given.net.r)
    free = [place for place in order[: order.index(quantity) + 1] if place not in fixed]
    for place in reversed(free):
        for mistake in possible(given, place):
            yield mistake, place, worked(given, fixed, {place: mistake})[quantity]
    for mistake in Mistake:
        places = {place: mistake for place in free if mistake in possible(given, place)}
        if len(places) > 1:
            yield mistake, None, worked(given, fixed, places)[quantity]


def _shaped(answer: Array, right: Array, quantity: Quantity) -> Array | None:
    """Returns the answer in the shape of the right value, or of its transpose for ∂J/∂W; None for another shape.

    A vector of one example may be a row or a column, and an array of one entry a number.
    """
    if answer.shape == right.shape:
        return answer
    if quantity.letter == "W" and answer.ndim == 2 and right.size > 1:
        return answer if answer.shape == right.T.shape else None
    return answer.reshape(right.shape) if np.squeeze(answer).shape == np.squeeze(right).shape else None


def _shape_of(right: Array, quantity: Quantity) -> tuple[int, ...]:
    """Returns the shape to give: without the row that one example has."""
    is_row = quantity.letter in ("z", "a", "delta") and len(right) == 1
    return right.shape[1:] if is_row else right.shape


def _sentence(mistake: Mistake, place: Quantity | None, quantity: Quantity, words: Words) -> str:
    """Returns the mistake in words; ``place`` is the quantity that it is in, None for every one."""
    if place is None:
        return _everywhere(mistake, words)
    template = _at(mistake, place.letter, place == quantity, words)
    return template.format(place=place.symbol, i=place.i, above=place.i + 1)


def _everywhere(mistake: Mistake, words: Words) -> str:
    """Returns the sentence about a mistake that is in every layer or in several steps."""
    return {
        Mistake.TRANSPOSED: words.transposed,
        Mistake.SLOPE: words.slope,
        Mistake.SIGN: words.sign,
        Mistake.MEAN: words.mean,
        Mistake.FACTOR: words.factor,
        Mistake.BIAS: words.bias,
        Mistake.ACTIVATION: words.activation,
    }[mistake]


def _at(mistake: Mistake, letter: str, is_here: bool, words: Words) -> str:
    """Returns the sentence about a mistake in one quantity of this letter, which may be the answer itself."""
    match mistake:
        case Mistake.TRANSPOSED:
            return {"W": words.transposed_W, "z": words.transposed_z}.get(letter, words.transposed_delta)
        case Mistake.SLOPE:
            return words.slope_in
        case Mistake.SIGN:
            return words.sign_once if is_here else words.sign_in
        case Mistake.MEAN:
            return words.mean_once if is_here else words.mean_in
        case Mistake.FACTOR:
            return words.factor_once if is_here else words.factor_in
        case Mistake.BIAS:
            return words.bias_in
        case Mistake.ACTIVATION:
            return words.activation_in


def _rule(quantity: Quantity, r: int) -> str:
    """Returns the right side of the lecture's formula."""
    letter, i = quantity
    if letter == "delta":
        factor = f"(a[{i}] − y)" if i == r else f"W[{i + 1}]ᵀ δ[{i + 1}]"
        return f"{factor} ⊙ σ[{i}]′(z[{i}])"
    return {
        "z": f"W[{i}] a[{i - 1}] + b[{i}]",
        "a": f"σ[{i}](z[{i}])",
        "J": f"½ Σ ‖a[{r}] − y‖²",
        "W": f"Σ δ[{i}] a[{i - 1}]ᵀ",
        "b": f"Σ δ[{i}]",
    }[letter]
