"""A network from its definition as text, the inverse of `to_text`; errors name the line and the column (L5, L6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from chainrule import activations as catalogue
from chainrule._internal.checks import shown
from chainrule.activations import Parametric, Sigma
from chainrule.errors import ChainruleError, FileFormatError, InputError
from chainrule.files.notation.tokens import Token, tokens
from chainrule.network import BlockDiagonal, Factors, Layer, Network

T = TypeVar("T")

PARTS = {"σ": "sigma", "κ": "kappa"}  # of a layer, by the letters of the notation; others have their own names
NAMES = ("W", "b", "σ", "κ", "dropout", "rate", "decay")


def parse(text: str, *, activations: Mapping[str, Sigma] | None = None) -> Network:
    """Returns the network that a text defines in the lecture's notation, as ``net.to_text()`` writes it.

    A line gives a name its value: W[1] = [1 2; 3 4], b[1] = [0 0], σ[1] = relu, and so on for the layers 1 … r. The
    rows of a matrix end at ; or at the end of a line; ``diag([1 2], [3])`` is block-diagonal. ``dtype = float32`` asks
    for single precision; κ[i], dropout[i], rate[i] and decay[i] may follow. What follows # is a comment.
    ``activations`` supplies your own σ, by name. W[i] has shape (mᵢ, mᵢ₋₁), b[i] (mᵢ,).

    Raises FileFormatError with the line and the column of what is malformed, InputError if ``text`` is no text.

    >>> import chainrule as cr
    >>> net = cr.parse("W[1] = [1 -2; 0.5 3]; b[1] = [0 1]; σ[1] = relu")
    >>> net([1.0, 1.0])
    array([0. , 4.5])
    >>> cr.parse("W[1] = [1 2; 3]")
    Traceback (most recent call last):
    chainrule.errors.FileFormatError: line 1, column 15: expected a row of 2 numbers; got ']'.

    Source: Lecture, Def. 4.2, 4.3 (L5, L6).
    """
    if not isinstance(text, str):
        raise InputError(f"text must be the definition of a network as a string; got {shown(text)}.")
    own = {name: catalogue.get(sigma) for name, sigma in (activations or {}).items()}
    return _Parser(text, own).network()


class _Parser:
    """Reads the tokens of a text from left to right."""

    def __init__(self, text: str, own: Mapping[str, Sigma]) -> None:
        self.tokens = list(tokens(text))
        self.place = 0
        self.own = own
        self.dtype = np.dtype(np.float64)
        self.parts: dict[int, dict[str, tuple[Token, Any]]] = {}

    # ---- statements --------------------------------------------------------------------------------------------------

    def network(self) -> Network:
        """Reads every statement and builds the network."""
        while self._skip("line", ";").kind != "end":
            self._statement()
        if not self.parts:
            self.next.refuse("W[1] = …, the first layer")
        return Network([self._layer(i) for i in range(1, max(self.parts) + 1)])

    def _statement(self) -> None:
        name = self._take("word", "a name: N, dtype, " + ", ".join(NAMES))
        if name.text == "N":  # what it says follows from the layers
            self._sign("=")
            while self.next.kind not in ("line", "end"):
                self.place += 1
            return
        if name.text == "dtype":
            self._sign("=")
            kind = self._take("word", "float32 or float64")
            if kind.text not in ("float32", "float64"):
                kind.refuse("float32 or float64")
            self.dtype = np.dtype(kind.text)
            return
        if name.text not in NAMES:
            name.refuse("a name: N, dtype, " + ", ".join(NAMES))
        self._sign("[")
        number = self._take("number", "the number of a layer")
        if not number.text.isdigit() or int(number.text) == 0:
            number.refuse("the number of a layer, from 1 on")
        self._sign("]")
        self._sign("=")
        layer = self.parts.setdefault(int(number.text), {})
        if name.text in layer:
            name.refuse(f"{name.text}[{number.text}] once")
        layer[name.text] = name, self._value(name.text)
        if self.next.kind not in ("line", "end") and self.next.text != ";":
            self.next.refuse("the end of the line")

    def _value(self, name: str) -> Any:
        if name == "W":
            return self._matrix()
        if name in ("b", "κ"):
            start = self.next
            rows = self._rows()
            return rows[0] if len(rows) == 1 else start.refuse("one row of numbers")
        if name == "σ":
            return self._sigma()
        return self._number() if name == "dropout" else self._factors()

    def _layer(self, i: int) -> Layer:
        given = self.parts.get(i, {})
        for name in ("W", "b", "σ"):
            if name not in given:
                self.tokens[-1].refuse(f"{name}[{i}] = …, which layer {i} lacks")
        named = {PARTS.get(name, name): value for name, (_, value) in given.items()}
        token = given["W"][0]
        try:
            return Layer(**named).astype(self.dtype)
        except (ChainruleError, TypeError, ValueError) as error:
            raise FileFormatError(f"line {token.line}, column {token.column}, layer {i}: {error}") from None

    # ---- values ------------------------------------------------------------------------------------------------------

    def _matrix(self) -> Any:
        if self.next.text != "diag":
            return np.array(self._rows())
        self.place += 1
        return BlockDiagonal(self._list(self._rows))

    def _rows(self) -> list[list[float]]:
        self._sign("[")
        rows: list[list[float]] = [[]]
        while self._skip_comma().text != "]":
            if self.next.kind == "line" or self.next.text == ";":
                self._end_row(rows)
                rows.append([])
                self._skip("line", ";")
            else:
                rows[-1].append(self._number())
        self._end_row(rows)
        self.place += 1
        return rows

    def _end_row(self, rows: list[list[float]]) -> None:
        if not rows[-1]:
            self.next.refuse("a number")
        if len(rows[-1]) != len(rows[0]):
            self.next.refuse(f"a row of {len(rows[0])} numbers")

    def _sigma(self) -> Sigma:
        name = self._take("word", "the name of an activation")
        if name.text == "parametric":
            return self._checked(name, lambda: Parametric(self._sigma()))
        sigma = self._checked(name, lambda: self.own.get(name.text) or catalogue.get(name.text))
        if self.next.text != "(":
            return sigma
        parameters = dict(self._list(self._parameter))
        return self._checked(name, lambda: sigma.with_parameters(**parameters))

    def _checked(self, token: Token, value: Callable[[], T]) -> T:
        try:
            return value()
        except FileFormatError:
            raise
        except ChainruleError as error:
            raise FileFormatError(f"line {token.line}, column {token.column}: {error}") from None

    def _parameter(self) -> tuple[str, float]:
        name = self._take("word", "the name of a parameter")
        self._sign("=")
        return name.text, self._number()

    def _factors(self) -> Factors:
        start = self.next
        numbers = self._list(self._number)
        if len(numbers) != 3:
            start.refuse("the three factors of W, b and κ")
        return self._checked(start, lambda: Factors(*numbers))

    def _list(self, item: Callable[[], T]) -> list[T]:
        """Reads one item or more in parentheses, with commas between."""
        self._sign("(")
        items = [item()]
        while self.next.text == ",":
            self.place += 1
            self._skip("line")
            items.append(item())
        self._sign(")")
        return items

    def _number(self) -> float:
        return float(self._take("number", "a number").text)

    # ---- tokens ------------------------------------------------------------------------------------------------------

    @property
    def next(self) -> Token:
        """The token that comes next."""
        return self.tokens[self.place]

    def _take(self, kind: str, expected: str) -> Token:
        token = self.next
        if token.kind != kind:
            token.refuse(expected)
        self.place += 1
        return token

    def _sign(self, text: str) -> None:
        if self.next.text != text:
            self.next.refuse(repr(text))
        self.place += 1

    def _skip(self, *kinds: str) -> Token:
        while self.next.kind in kinds or self.next.text in kinds:
            self.place += 1
        return self.next

    def _skip_comma(self) -> Token:
        if self.next.text == ",":
            self.place += 1
        return self.next
