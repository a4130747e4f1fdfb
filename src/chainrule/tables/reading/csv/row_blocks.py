"""A text as a stream of blocks of whole rows: Arrow need not look for the ends of rows inside quoted values."""

from __future__ import annotations

import codecs
import io
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from chainrule.tables.arrow_values import import_pyarrow

Bytes = NDArray[np.uint8]

QUOTE, LF, CR = b'"\n\r'


class StrayQuote(ValueError):
    """A quote in the middle of a value, which does not quote: the ends of rows cannot be found by counting quotes."""


class RowBlocks(io.RawIOBase):
    """The bytes of a text file, of which ``read`` returns as many whole rows as fit.

    A row ends with a line that has an even number of quotes before its end. That counts if each odd quote begins its
    value, or is the second of two inside it, ``""``; one that does neither, as in ``5",6``, raises StrayQuote.
    """

    def __init__(self, file: BinaryIO, delimiter: str) -> None:
        self._file, self._delimiter = file, ord(delimiter)
        self._rest, self._is_start = np.empty(0, np.uint8), True
        self._is_quote = np.empty(0, np.bool_)  # kept, since new memory takes longer than the search in it

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> memoryview:  # Arrow takes any buffer
        """Returns whole rows of at most ``size`` bytes; nothing at the end.

        Raises Arrow's ArrowInvalid for a longer row, and StrayQuote.
        """
        text = np.empty(size, np.uint8)
        kept = len(self._rest)
        text[:kept] = self._rest
        count = kept + _read_into(self._file, text.data[kept:])
        text = text[:count]
        end = self._end_of_rows(text) if count == size else count
        if count == size and not end:
            raise import_pyarrow("a CSV file").ArrowInvalid("a row is longer than the block size")
        self._rest, self._is_start = text[end:].copy(), False
        return text[:end].data.toreadonly()

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
        super().close()

    def _end_of_rows(self, text: Bytes) -> int:
        """Returns the number of bytes up to the end of the last whole row."""
        if len(self._is_quote) < len(text):
            self._is_quote = np.empty(len(text), np.bool_)
        quotes = np.flatnonzero(np.equal(text, QUOTE, out=self._is_quote[: len(text)]))
        self._require_quoting(text, quotes)
        for ends, some in ((LF, text), (CR, text[:-1])):  # a block of LF alone, after CR, is the end for Arrow
            end = _last(ends, some)
            while end >= 0 and (before := int(np.searchsorted(quotes, end))) % 2:
                end = _last(ends, text[: quotes[before - 1]])
            if end >= 0:
                return end + 1
        return 0

    def _require_quoting(self, text: Bytes, quotes: NDArray[np.intp]) -> None:
        """Raises StrayQuote if a quote does not quote, for text that begins with a row."""
        if not len(quotes):
            return
        opening, closing = quotes[::2], quotes[1::2]
        before = text[opening - 1]
        begins = (before == self._delimiter) | (before == LF) | (before == CR)
        begins[1:] |= opening[1:] - 1 == closing[: len(opening) - 1]
        begins[0] |= text[: opening[0]].tobytes() == (codecs.BOM_UTF8 if self._is_start and opening[0] else b"")
        if not begins.all():
            raise StrayQuote


def _last(byte: int, text: Bytes) -> int:
    """Returns the place of the last of these bytes, or −1; it is near the end as a rule."""
    first, width = len(text), 1 << 10
    while first:
        first, stop = max(0, first - width), first
        found = np.flatnonzero(text[first:stop] == byte)
        if len(found):
            return first + int(found[-1])
        width *= 8
    return -1


def _read_into(file: BinaryIO, text: memoryview) -> int:
    """Reads as many bytes as fit; fewer are left at the end of the file alone."""
    count = 0
    while count < len(text) and (more := file.readinto(text[count:])):  # type: ignore[attr-defined]
        count += more
    return count
