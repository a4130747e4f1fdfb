"""The check of a student's own backpropagation: right code passes, and the first wrong quantity is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr


def backprop(W: Any, b: Any, sigma: Any, X: Any, Y: Any) -> dict[str, Any]:
    """Both passes, as a student would write them."""
    r, a, z = len(W), {0: X}, dict[int, Any]()
    found = dict[str, Any]()
    for i in range(1, r + 1):
        z[i] = a[i - 1] @ W[i].T + b[i]
        a[i] = sigma[i](z[i])
        found |= {f"z_{i}": z[i], f"a_{i}": a[i]}
    found["J"] = 0.5 * np.sum((a[r] - Y) ** 2)
    delta = (a[r] - Y) * sigma[r].derivative(z[r])
    for i in range(r, 0, -1):
        found |= {f"delta_{i}": delta, f"W_{i}": delta.T @ a[i - 1], f"b_{i}": delta.sum(axis=0)}
        if i > 1:
            delta = (delta @ W[i]) * sigma[i - 1].derivative(z[i - 1])
    return found


def test_right_code_passes() -> None:
    """In double and in single precision, and with the gradient alone."""
    assert cr.check_backprop(backprop).is_right

    def single(*arguments: Any) -> dict[str, Any]:
        return {name: np.float32(value) for name, value in backprop(*arguments).items()}

    def weights(*arguments: Any) -> dict[str, Any]:
        return {name: value for name, value in backprop(*arguments).items() if name.startswith("W")}

    assert cr.check_backprop(single).is_right
    assert cr.check_backprop(weights).is_right


def changed(prefix: str, change: Callable[[Any], Any]) -> Callable[..., dict[str, Any]]:
    """Backpropagation that changes what it returns under the names with this prefix."""

    def function(*arguments: Any) -> dict[str, Any]:
        found = backprop(*arguments)
        return {name: change(value) if name.startswith(prefix) else value for name, value in found.items()}

    return function


@pytest.mark.parametrize(
    ("prefix", "change", "network", "last"),
    [
        ("J", lambda J: 2 * J, "1-1-1", "J: a factor 2 too much: the ½ of J is forgotten."),
        ("W", lambda W: -W, "1-1-1", "∂J/∂W[2]: wrong sign."),
        ("W", lambda W: W.T, "2-2-1", "∂J/∂W[2]: transposed. Row k of ∂J/∂W[2] belongs to unit k of layer 2."),
        ("b", lambda b: b / 3 if len(b) == 2 else b, "2-2-1", "∂J/∂b[1]: wrong. The rule is ∂J/∂b[1] = Σ δ[1]."),
        ("z_3", lambda z: z[0], "", ""),
    ],
)
def test_the_first_wrong_quantity_is_named(prefix: str, change: Callable[[Any], Any], network: str, last: str) -> None:
    """It is the last line, below the network; a vector in place of one row is accepted."""
    marks = cr.check_backprop(changed(prefix, change))
    assert marks.is_right is (network == "")
    if network:
        first, *_, end = str(marks).splitlines()
        assert first.startswith(f"Network {network} with ")
        assert end == last
        assert [mark.is_right for mark in marks.marks[:-1]] == [True] * (len(marks.marks) - 1)


def test_a_mean_shows_with_several_examples() -> None:
    """A mean over the examples is right for one example; the network with three finds it."""

    def function(W: Any, b: Any, sigma: Any, X: Any, Y: Any) -> dict[str, Any]:
        found = backprop(W, b, sigma, X, Y)
        return {name: value / len(X) if name[0] in "Wb" else value for name, value in found.items()}

    title, *_, last = str(cr.check_backprop(function)).splitlines()
    assert title == "Network 3-2-2 with sigmoid, tanh; 3 examples:"
    assert last == "∂J/∂W[2]: the mean over the examples is taken for their sum."


def test_a_missing_slope_is_found_behind_the_gradient() -> None:
    """A function that returns ∂J/∂W[i] alone, without σ′ in the hidden layers, gets the sentence about δ[1]."""

    def function(W: Any, b: Any, sigma: Any, X: Any, Y: Any) -> dict[str, Any]:
        found = backprop(W, b, sigma, X, Y)
        return {"W_1": (found["delta_2"] @ W[2]).T @ X} if len(W) == 2 else {"J": found["J"]}

    assert str(cr.check_backprop(function)).endswith("∂J/∂W[1]: the factor σ[1]′(z[1]) is missing in δ[1].")


@pytest.mark.parametrize("function", [3, lambda *_: None, lambda *_: {}, lambda *_: {"gradient": 1.0}])
def test_what_is_no_backpropagation_is_refused(function: Any) -> None:
    """A value that cannot be called, a result that is no dict, an empty one, and unknown names."""
    with pytest.raises((cr.InputError, cr.UnknownName), match=r"function must|at least one answer|unknown quantity"):
        cr.check_backprop(function)
