"""The text of a CSV file: its encoding, and the stream that Arrow reads."""

from __future__ import annotations

import codecs
import io
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from chainrule._internal.checks import shown
from chainrule.errors import FileFormatError, UnknownName
from chainrule.tables.reading.csv.byte_streams import open_bytes

UTF_8 = "utf-8-sig"  # with or without a mark
MARKS = {  # UTF-32 first: its mark begins with that of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
BLANKS = " "  # the delimiter that is any run of blanks and tabs
TOKEN = re.compile(r'"(?:[^"]|"")*"|\S+')
BLOCK = 1 << 20  # bytes
AROUND = 16  # letters shown before and after a byte that cannot be decoded


def marked_encoding(start: bytes) -> str:
    """Returns the codec that the mark at the start of a file names, by default that of UTF-8."""
    return next((codec for mark, codec in MARKS.items() if start.startswith(mark)), UTF_8)


def as_codec(encoding: str) -> str:
    """Returns the name of Python's codec. Raises UnknownName if there is none for texts."""
    try:
        name = codecs.lookup(encoding).name
        "a".encode(name)
    except (LookupError, TypeError, ValueError):  # ValueError: a name that holds NUL
        raise UnknownName(
            f"encoding must be an encoding that Python knows, such as 'utf-8' or 'latin-1'; got {shown(encoding)}."
        ) from None
    return UTF_8 if name in ("utf-8", "ascii") else name


def text_blocks(path: Path, encoding: str) -> Iterator[str]:
    """Yields the text of a file. Raises FileFormatError with the line that is not of this encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, before = 1, ""
    with open_bytes(path) as file:
        for block in itertools.chain(iter(lambda: file.read(BLOCK), b""), [b""]):
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                before += error.object[: error.start].decode(encoding, "replace")
                line += before.count("\n")
                after = error.object[error.start : error.start + AROUND].decode("cp1252", "replace")
                raise FileFormatError(_undecodable(path, encoding, line, before, after)) from None
            yield text
            line += text.count("\n")
            before = text[-AROUND:].rpartition("\n")[2]


def decoded_start(path: Path, start: bytes, encoding: str, is_whole: bool) -> str:
    """Decodes the first bytes of a file. Raises FileFormatError with the line that is not of this encoding."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(start, is_whole)
    except UnicodeDecodeError:
        require_decodable(path, encoding)
        raise


def require_decodable(path: Path, encoding: str) -> None:
    """Raises FileFormatError with the first line of a file that is not of this encoding, if there is one."""
    for _ in text_blocks(path, encoding):
        pass


def _undecodable(path: Path, encoding: str, line: int, before: str, after: str) -> str:
    """Returns the message about a byte that cannot be decoded; ``after`` begins with it, read as Windows' cp1252."""
    text = before.rpartition("\n")[2][-AROUND:] + after.partition("\n")[0].rstrip("\r")
    if encoding != UTF_8:
        return f"{path} is not text in the encoding {encoding}: see line {line}, near {text!r}. Name its encoding."
    return (
        f"{path} is not text in UTF-8: see line {line}, which holds {text!r} if it is Latin-1. "
        "Save it as UTF-8, or name its encoding, such as encoding='latin-1' (--encoding latin-1)."
    )


def split_blanks(line: str) -> list[str]:
    """Splits a line at runs of blanks and tabs outside of quotes.

    >>> split_blanks(' 18.0   8  "ford torino" ')
    ['18.0', '8', '"ford torino"']
    """
    return TOKEN.findall(line) if '"' in line else line.split()


def lines_of(path: Path, encoding: str, delimiter: str) -> Iterator[str]:
    """Yields the lines of a file with their ends; runs of blanks that are the delimiter become tabs."""
    rest = ""
    for text in itertools.chain(text_blocks(path, encoding), [None]):
        lines = [rest] if text is None else io.StringIO(rest + text, newline="").readlines()
        rest = lines.pop() if lines and text is not None else ""  # it may go on in the next block
        yield from map(_tabbed, lines) if delimiter == BLANKS else lines


def _tabbed(line: str) -> str:
    return "\t".join(split_blanks(line)) + "\n"


def arrow_stream(path: Path, encoding: str, delimiter: str) -> BinaryIO:
    """Opens a file as Arrow reads it: UTF-8, with a delimiter of one character."""
    if delimiter == BLANKS:
        return _stream(line.encode() for line in lines_of(path, encoding, delimiter))
    if encoding == UTF_8:
        return open_bytes(path)
    return _stream(text.encode() for text in text_blocks(path, encoding))


class _Joined(io.RawIOBase):
    """A stream of blocks of bytes."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._rest = blocks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = block
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


def _stream(blocks: Iterator[bytes]) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(_Joined(blocks), BLOCK))
