"""A check of a student's own backpropagation, on sheets of several sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from numpy.typing import ArrayLike

from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array, shown
from chainrule.activations import Sigma
from chainrule.errors import InputError
from chainrule.explain.words import Words, in_language
from chainrule.network.block_diagonal import Matrix
from chainrule.teaching.marking import marked
from chainrule.teaching.marks import Marks
from chainrule.teaching.quantities import Given
from chainrule.teaching.sheets import exercise

DIGITS = 5  # in which a result agrees, so that float32 passes

Backprop: TypeAlias = Callable[[ByLayer[Matrix], ByLayer[Array], ByLayer[Sigma], Array, Array], Mapping[str, ArrayLike]]


class TrialSheet(NamedTuple):
    """A sheet that the function is tried on."""

    sizes: tuple[int, ...]
    hidden: str
    output: str
    examples: int


TRIALS = (  # from the case that the lecture works by hand (L16) to several examples
    TrialSheet((1, 1, 1), "tanh", "identity", 1),
    TrialSheet((2, 2, 1), "relu", "identity", 1),
    TrialSheet((2, 3, 3, 2), "tanh", "sigmoid", 1),
    TrialSheet((3, 2, 2), "sigmoid", "tanh", 3),
)


def check_backprop(function: Backprop, *, lang: str = "en") -> Marks:
    """Calls your own backpropagation on several small networks, and names the first wrong quantity and its mistake.

    ``function(W, b, sigma, X, Y)`` gets the lecture's letters, layers from 1: ``W[i]`` (mᵢ, mᵢ₋₁), ``b[i]`` (mᵢ,), and
    ``sigma[i]``, where ``sigma[i](z)`` is σ[i](z) and ``sigma[i].derivative(z)`` is σ[i]′(z), entry by entry. The
    number of layers is ``len(W)``. X (t, n) and Y (t, m) have one example a row.

    It returns a dict of what it computes for J = ½ Σ ‖N(x) − y‖², by names: ``z_1``, ``a_1``, …, ``J``, ``delta_2``,
    ``W_2`` (for ∂J/∂W[2]), ``b_2``, …; z, a and δ have one row for each example, (t, mᵢ). Some of the names are enough.
    The first networks have one example, the last has three. The result is that of `Exercise.check` for the first
    network on which an answer is wrong, up to the first wrong answer, or else for the last one. Errors of the function
    itself are not caught. ``lang`` is "en" or "ja".

    Raises InputError unless the function can be called and returns a dict of numbers; UnknownName for another name, or
    another language.

    >>> import chainrule as cr
    >>> def backprop(W, b, sigma, X, Y):
    ...     z_1 = X @ W[1].T + b[1]
    ...     return {"z_1": z_1, "a_1": z_1}
    >>> print(cr.check_backprop(backprop))
    Network 1-1-1 with tanh, identity; 1 example:
    z[1]: right.
    a[1]: the activation σ[1] is forgotten in a[1].

    Source: Lecture, L14 – L17.
    """
    if not callable(function):
        raise InputError(f"function must be callable as function(W, b, sigma, X, Y); got {shown(function)}.")
    words = in_language(lang)
    for trial in TRIALS:
        marks = _tried(function, trial, words)
        if not marks.is_right:
            break
    return marks


def _tried(function: Backprop, trial: TrialSheet, words: Words) -> Marks:
    sheet = exercise(sizes=trial.sizes, hidden=trial.hidden, output=trial.output, examples=trial.examples)
    net, X, Y = sheet.net, sheet.X, sheet.Y
    answers: Any = function(net.W, net.b, net.sigma, sheet.X, sheet.Y)
    if not isinstance(answers, Mapping):
        raise InputError(f'function must return a dict such as {{"delta_1": …}}; got {shown(answers)}.')
    sigmas = ", ".join(sigma.name for sigma in net.sigma)
    template = words.trials if trial.examples > 1 else words.trial
    title = template.format(sizes="-".join(map(str, trial.sizes)), sigmas=sigmas, t=trial.examples)
    found = marked(Given(sheet.net, X, Y), answers, DIGITS, words, title)
    right = next((k for k, mark in enumerate(found.marks) if not mark.is_right), len(found.marks))
    return Marks(found.marks[: right + 1], title)
