"""Lookup of names at the public border, with an error that suggests the nearest known name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import filterfalse
from typing import TypeVar

from chainrule._internal.checks import shown
from chainrule.errors import UnknownName

T = TypeVar("T")

ELSEWHERE = {  # names that other libraries give to costs, optimizers and activations
    "mse": "sum_of_squares", "mean_squared_error": "sum_of_squares", "squared_error": "sum_of_squares",
    "rmse": "sum_of_squares", "l2": "sum_of_squares",
    "mae": "absolute_error", "mean_absolute_error": "absolute_error", "l1": "absolute_error",
    "smooth_l1": "huber", "pinball": "quantile",
    "bce": "log_likelihood", "binary_crossentropy": "log_likelihood", "binary_cross_entropy": "log_likelihood",
    "logloss": "cross_entropy", "log_loss": "cross_entropy", "nll": "cross_entropy", "ce": "cross_entropy",
    "crossentropy": "cross_entropy", "categorical_crossentropy": "cross_entropy",
    "sparse_categorical_crossentropy": "cross_entropy",
    "sgd": "gradient_descent", "gd": "gradient_descent", "nag": "nesterov",
    "logistic": "sigmoid", "linear": "identity", "none": "identity", "swish": "silu", "lrelu": "leaky_relu",
    "hardtanh": "hard_tanh", "sin": "sine",
}  # fmt: skip


def resolve(kind: str, name: object, known: Mapping[str, T], elsewhere: Mapping[str, str] = ELSEWHERE) -> T:
    """Returns the object called ``name`` in ``known``, a catalogue of objects of this ``kind``.

    Raises UnknownName with the name that is meant by another library's (``elsewhere``), or the nearest known one.

    >>> resolve("activation", "relu", {"relu": max})
    <built-in function max>
    """
    if isinstance(name, str) and name in known:
        return known[name]
    hint = (isinstance(name, str) and _meant(name, known, elsewhere)) or "."
    raise UnknownName(f"unknown {kind} {shown(name)}{hint} Known: {', '.join(sorted(known))}.")


def _meant(name: str, known: Collection[str], elsewhere: Mapping[str, str]) -> str:
    ours = elsewhere.get(name.lower().replace("-", "_").replace(" ", "_"))
    return f"; did you mean {ours!r}?" if ours in known else nearest(name, known)


def spellings(names: Iterable[str], known: Collection[str]) -> dict[str, str]:
    """Returns, for each of the names that is known, the known spelling of it.

    Unicode has é as one letter and as e with an accent, which look the same; names that differ in this alone agree. A
    name that agrees with several known ones, and equals neither, is not known; nor is one whose only known spelling is
    another of the names.

    >>> spellings(["cafe\N{COMBINING ACUTE ACCENT}", "tea"], {"café"}) == {"cafe\N{COMBINING ACUTE ACCENT}": "café"}
    True
    """
    wanted = list(names)
    found = {name: name for name in wanted if name in known}
    if len(found) < len(wanted):
        from unicodedata import normalize

        by_form: dict[str, list[str]] = {}
        for word in filterfalse(found.__contains__, known):
            by_form.setdefault(normalize("NFC", word), []).append(word)
        for name in wanted:
            agreeing = by_form.get(normalize("NFC", name), [])
            if name not in found and len(agreeing) == 1:
                found[name] = agreeing[0]
    return found


def nearest(name: str, known: Iterable[str]) -> str:
    """Returns "; did you mean …?" with the nearest known name, or an empty string if no name is near.

    >>> nearest("Price", ["price", "rooms"])
    "; did you mean 'price'?"
    """
    import difflib  # imported only when a name is misspelt, to keep `import chainrule` fast

    by_lower = {word.lower(): word for word in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return f"; did you mean {by_lower[near[0]]!r}?" if near else ""


def listed(names: Iterable[object], most: int = 12) -> str:
    """Returns at most ``most`` names in quotes, as 'a', 'b', …, and the number of the others.

    >>> listed(["a", "b", "c"], 2)
    "'a', 'b' and 1 more"
    """
    found = list(names)
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(map(shown, found[:most])) + more
