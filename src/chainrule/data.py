"""Small training sets to try networks on: `cr.data.xor()`, `circles`, `moons`, `spirals`, `line`, `on(f)`, `above(f)`.

Those with two classes have the labels 0 and 1 in turn. Numbers are drawn anew for every seed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chainrule._internal.checks import Array, as_array, as_integer, as_real, as_seed, shown
from chainrule.costs import TrainingSet
from chainrule.errors import InputError

__all__ = ["above", "circles", "line", "moons", "on", "spirals", "xor"]


def xor(t: int = 4, *, noise: float = 0.0, seed: int = 0) -> TrainingSet:
    """Returns the four examples of exclusive or in turn: y = 1 if one of x₁, x₂ is 1, and 0 if both or none are.

    X is (t, 2), Y is (t, 1), and ``noise`` is the standard deviation of what is added to each entry of X. No network
    with r = 1 separates the four by its sign, as no line does.

    Raises InputError for t below 1, a negative noise or seed.

    >>> import chainrule as cr
    >>> X, Y, _ = cr.data.xor()
    >>> X.tolist(), Y.ravel().tolist()
    ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0, 0.0])
    """
    _, _, errors = _drawn(t, noise, seed)
    x_1, x_2 = np.divmod(np.arange(len(errors)) % 4.0, 2.0)
    return _in_the_plane(x_1, x_2, (x_1 != x_2).astype(float)[:, None], errors)


def circles(t: int = 200, *, noise: float = 0.1, seed: int = 0) -> TrainingSet:
    """Returns points around two circles: of radius 1 for y = 0, and of radius ½ for y = 1.

    X is (t, 2), Y is (t, 1). The angles are uniform, and ``noise`` is the standard deviation of what is added to each
    entry of X.

    Raises InputError for t below 1, a negative noise or seed.

    >>> import chainrule as cr
    >>> X, Y, _ = cr.data.circles(4, noise=0.0)
    >>> ((X**2).sum(axis=1) ** 0.5).round(6), Y.ravel()
    (array([1. , 0.5, 1. , 0.5]), array([0., 1., 0., 1.]))
    """
    y, s, errors = _drawn(t, noise, seed)
    radius, angle = np.where(y == 0.0, 1.0, 0.5), 2.0 * np.pi * s
    return _in_the_plane(radius * np.cos(angle), radius * np.sin(angle), y[:, None], errors)


def moons(t: int = 200, *, noise: float = 0.1, seed: int = 0) -> TrainingSet:
    """Returns points around two half circles, each with its end in the other.

    (cos φ, sin φ) for y = 0, and (1 − cos φ, ½ − sin φ) for y = 1, with φ uniform between 0 and π. X is (t, 2), Y is
    (t, 1), and ``noise`` is the standard deviation of what is added to each entry of X.

    Raises InputError for t below 1, a negative noise or seed.

    >>> import chainrule as cr
    >>> X, Y, _ = cr.data.moons(100)
    >>> X.shape, Y.shape, float(Y.mean())
    ((100, 2), (100, 1), 0.5)
    """
    y, s, errors = _drawn(t, noise, seed)
    x_1, x_2 = np.cos(np.pi * s), np.sin(np.pi * s)
    return _in_the_plane(np.where(y == 0.0, x_1, 1.0 - x_1), np.where(y == 0.0, x_2, 0.5 - x_2), y[:, None], errors)


def spirals(t: int = 200, *, classes: int = 2, turns: float = 1.5, noise: float = 0.02, seed: int = 0) -> TrainingSet:
    """Returns points along spirals around 0, one for each class; each is the one before turned by 2π / classes.

    The radius s is uniform between 0 and 1, the angle 2π · turns · s, plus 2π k / classes for class k. X is (t, 2). Y
    is (t, 1) for two classes, and of more (t, classes), with 1 for the class of the row and 0 elsewhere. ``noise`` is
    the standard deviation of what is added to each entry of X.

    Raises InputError for t below 1, fewer than two classes, a number of turns that is not finite, a negative noise or
    seed.

    >>> import chainrule as cr
    >>> X, Y, _ = cr.data.spirals(100, noise=0.0)
    >>> bool((abs(X) <= 1.0).all()), Y[:3].ravel().tolist()
    (True, [0.0, 1.0, 0.0])
    """
    m = as_integer(classes, "classes", 2)
    k, s, errors = _drawn(t, noise, seed, m)
    angle = 2.0 * np.pi * as_real(turns, "turns") * s + 2.0 * np.pi * k / m
    Y = k[:, None] if m == 2 else np.eye(m)[k.astype(int)]
    return _in_the_plane(s * np.cos(angle), s * np.sin(angle), Y, errors)


def line(t: int = 50, *, slope: float = 2.0, intercept: float = 1.0, noise: float = 0.1, seed: int = 0) -> TrainingSet:
    """Returns points around a line: y = slope · x + intercept + error.

    x is uniform between −1 and 1, and ``noise`` is the standard deviation of the errors. X is (t, 1), Y is (t, 1).

    Raises InputError for t below 1, numbers that are not finite, a negative noise or seed.

    >>> import chainrule as cr
    >>> net = cr.Network([cr.Layer([[2.0]], [1.0], "identity")])                           # linear regression (L10)
    >>> cr.SumOfSquares()(net, cr.data.line(noise=0.0))
    0.0
    """
    W, b = as_real(slope, "slope"), as_real(intercept, "intercept")
    return on(lambda x: W * x + b, t, noise=noise, seed=seed)


def on(
    f: Callable[[Array], Array], t: int = 50, *, low: float = -1.0, high: float = 1.0, noise: float = 0.0, seed: int = 0
) -> TrainingSet:
    """Returns examples of a function f: ℝ → ℝ: y = f(x) + error, with x uniform between ``low`` and ``high``.

    f takes all x at once, an array (t,), and returns (t,). ``noise`` is the standard deviation of the errors. X is
    (t, 1), Y is (t, 1).

    Raises InputError for t below 1, numbers that are not finite, high below low, a negative noise or seed, and for an f
    that returns another shape or is not finite.

    >>> import numpy as np
    >>> import chainrule as cr
    >>> X, Y, _ = cr.data.on(np.sin, 20, low=0.0, high=np.pi)
    >>> bool((Y == np.sin(X)).all())
    True
    """
    t, noise = as_integer(t, "t", 1), as_real(noise, "noise", 0.0)
    rng = np.random.default_rng(as_seed(seed))
    x = _uniform(rng, low, high, t)
    return TrainingSet(x[:, None], (_values(f, x) + noise * rng.standard_normal(t))[:, None])


def above(
    f: Callable[[Array], Array], t: int = 200, *, low: float = -1.0, high: float = 1.0, seed: int = 0
) -> TrainingSet:
    """Returns points of the plane with y = 1 above the graph of a function f: ℝ → ℝ, where x₂ > f(x₁), and 0 elsewhere.

    x₁ and x₂ are uniform between ``low`` and ``high``. f takes all x₁ at once, an array (t,), and returns (t,). X is
    (t, 2), Y is (t, 1).

    Raises InputError for t below 1, numbers that are not finite, high below low, a negative seed, and for an f that
    returns another shape or is not finite.

    >>> import chainrule as cr
    >>> X, Y, _ = cr.data.above(lambda x: x**2, 3)
    >>> bool(((X[:, 1] > X[:, 0] ** 2) == Y[:, 0]).all())
    True
    """
    rng = np.random.default_rng(as_seed(seed))
    X = _uniform(rng, low, high, (as_integer(t, "t", 1), 2))
    return TrainingSet(X, (X[:, 1] > _values(f, X[:, 0])).astype(float)[:, None])


def _drawn(t: int, noise: float, seed: int, m: int = 2) -> tuple[Array, Array, Array]:
    """Returns m classes (t,) in turn, counted from 0, numbers (t,) uniform between 0 and 1, and errors (t, 2)."""
    t, noise = as_integer(t, "t", 1), as_real(noise, "noise", 0.0)
    rng = np.random.default_rng(as_seed(seed))
    return np.arange(t) % float(m), rng.random(t), noise * rng.standard_normal((t, 2))


def _in_the_plane(x_1: Array, x_2: Array, Y: Array, errors: Array) -> TrainingSet:
    return TrainingSet(np.stack([x_1, x_2], axis=1) + errors, Y)


def _uniform(rng: np.random.Generator, low: float, high: float, shape: int | tuple[int, int]) -> Array:
    low = as_real(low, "low")
    return rng.uniform(low, as_real(high, "high", low), shape)


def _values(f: Callable[[Array], Array], x: Array) -> Array:
    """Returns f(x), checked."""
    if not callable(f):
        raise InputError(f"f must be a function of an array, such as np.sin; got {shown(f)}.")
    y = as_array(f(x), "f(x)", np.float64)
    if y.shape != x.shape:
        raise InputError(f"f(x) must have the shape of x, {x.shape}; got {y.shape}. Use functions of NumPy in f.")
    return y
