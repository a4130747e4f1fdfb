"""Sheets with small round numbers, another for each seed, chosen so that each mistake shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule._internal.checks import Array, as_integer, as_seed, shown
from chainrule._internal.naming import resolve
from chainrule.activations import Activation, Sigma
from chainrule.errors import InputError
from chainrule.explain.words import in_language
from chainrule.network import Network
from chainrule.network.forward import silent
from chainrule.teaching.exercise import Exercise
from chainrule.teaching.marking import agree
from chainrule.teaching.quantities import Given, formula, in_order, possible, worked

LARGEST_SIZE, MOST_LAYERS, MOST_EXAMPLES = 6, 4, 6  # of a sheet that is worked by hand
DRAWS = 60  # from which the best sheet is taken, if none is perfect
DIGITS = 2  # in which a mistake differs from the right value


@silent
def exercise(
    kind: str = "backprop",
    *,
    sizes: Sequence[int] = (2, 2, 1),
    hidden: Sigma | str | Sequence[Sigma | str] = "relu",
    output: Sigma | str = "identity",
    examples: int = 1,
    seed: int = 0,
    lang: str = "en",
) -> Exercise:
    """Makes a sheet to work by hand: every z[i], a[i], J, δ[i], ∂J/∂W[i] and ∂J/∂b[i] of a small network.

    J = ½ Σ ‖N(x) − y‖². The entries of W and b are integers from −2 to 2 without 0, those of x are from 1 to 3, and y
    is an integer near N(x). Every ``seed`` gives another sheet. ``sizes`` are m₀ … m_r, ``hidden`` and ``output`` the
    entrywise σ as in `Network.dense`; with ReLU, leaky ReLU of slope 0.5 and the identity all results are short.
    Numbers are drawn until no unit is at a kink, and every mistake that `Exercise.check` knows changes the result, and
    each in its own way; if no draw of 60 is like that, the best is taken, since not every network shows every mistake.

    The ``kind`` is "backprop". ``lang`` is "en" or "ja", for the sheet, its solution and the marks of answers.

    Raises UnknownName for another kind than "backprop", another language, or an unknown σ; InputError for sizes above
    6, more than 4 layers or 6 examples, a σ that is not entrywise, or a seed below 0.

    >>> import chainrule as cr
    >>> sheet = cr.exercise("backprop", sizes=[2, 2, 1], seed=1)
    >>> answers = cr.gradient(sheet.net, "sum_of_squares", sheet.X, sheet.Y)
    >>> print(sheet.check(delta_2=answers.delta[2], W_1=-answers.W[1]))
    δ[2]: right.
    ∂J/∂W[1]: wrong sign.

    Source: Lecture, L14 – L16.
    """
    resolve("exercise", kind, {"backprop": None})
    words, seed, t = in_language(lang), as_seed(seed), as_integer(examples, "examples", 1, MOST_EXAMPLES)
    net = Network.dense(sizes, hidden=hidden, output=output)
    if max(net.m) > LARGEST_SIZE or net.r > MOST_LAYERS:
        raise InputError(
            f"sizes must be at most {LARGEST_SIZE} in at most {MOST_LAYERS} layers, to be worked by hand; "
            f"got {shown(list(net.m))}."
        )
    for sigma in net.sigma:
        if not isinstance(sigma, Activation):
            raise InputError(f"every σ of a sheet must be entrywise, such as relu or tanh; got {sigma.name}.")
    rng = np.random.default_rng(seed)
    best, fewest = None, 0
    for _ in range(DRAWS):
        given = _draw(net, t, rng)
        hidden_mistakes = _flaws(given)
        if best is None or hidden_mistakes < fewest:
            best, fewest = given, hidden_mistakes
        if not fewest:
            break
    assert best is not None
    return Exercise(best, seed, words)


def _draw(net: Network, t: int, rng: np.random.Generator) -> Given:
    """Returns integers for θ and X, and labels Y that differ from N(x) by little."""
    theta = _nonzero(rng, 2, (net.d,))
    X = rng.integers(1, 4, (t, net.m[0])).astype(float)
    drawn = net.copy()
    drawn.theta = theta
    Y = np.round(drawn.forward(X).a[net.r]) + _nonzero(rng, 2, (t, net.m[-1]))
    return Given(drawn, X, Y + 0.0)


def _nonzero(rng: np.random.Generator, largest: int, shape: tuple[int, ...]) -> Array:
    """Returns integers between −largest and largest that are not 0."""
    return np.asarray(rng.integers(1, largest + 1, shape) * rng.choice([-1.0, 1.0], shape))


def _flaws(given: Given) -> int:
    """Returns the count of units at z = 0, and of mistakes that do not show or look like another one."""
    right = worked(given, {}, {})
    flaws = sum(int((value == 0).sum()) for quantity, value in right.items() if quantity.letter == "z")
    for quantity in in_order(given.net.r):
        seen = [right[quantity]]
        for mistake in possible(given, quantity):
            value = formula(given, quantity, right, mistake)
            flaws += any(agree(value, other, DIGITS) for other in seen)
            seen.append(value)
    return flaws
