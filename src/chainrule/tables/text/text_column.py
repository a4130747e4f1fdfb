"""A column of texts, before anything is made of them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.at_first_use import cached_property
from chainrule._internal.checks import Floats
from chainrule.costs.training_set import evenly_spaced
from chainrule.tables.arrow_values import as_index, as_texts, booleans_of, numbers_of
from chainrule.tables.columns import MISSING, Column, categories
from chainrule.tables.text.notation import DecimalMark
from chainrule.tables.work import each, parts_of

ROWS_OF_A_PART = 1 << 19  # whose distinct texts are found at once: with few rows, many are found again in other parts
CODE = re.compile(r"\s*0\d+\s*", re.ASCII)
SAMPLE = 64  # texts that are tried first: Arrow needs 0.7 μs for each text that is no number, and reads all of them


@dataclass(frozen=True, eq=False)
class TextColumn:
    """The t texts of a column; None and an empty text are missing.

    ``texts`` is a NumPy array of objects, or a chunked array of Arrow, which stays one. ``type`` is the name of the
    type, for messages. ``is_declared`` is False in a file that holds nothing but texts, such as CSV: there, texts are
    no sign that their author meant categories.
    """

    texts: Any  # (t,)
    type: str = "text"
    is_declared: bool = True

    kind: ClassVar[Literal["texts"]] = "texts"

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def is_arrow(self) -> bool:
        """True if Arrow holds the texts."""
        return not isinstance(self.texts, np.ndarray)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """A mask (t,) of missing texts."""
        codes, _ = self.distinct
        return np.equal(codes, MISSING)

    @cached_property
    def distinct(self) -> tuple[NDArray[np.intp], tuple[str, ...]]:
        """Codes k (t,) for ``levels[k]``, −1 where missing, and the distinct texts, in no particular order."""
        if self.is_arrow:
            codes, texts = _distinct_in_arrow(self.texts)
        else:
            number = {text: k for k, text in enumerate(dict.fromkeys(self.texts))}
            codes = np.fromiter(map(number.__getitem__, self.texts), np.intp, len(self))
            texts = list(number)
        gone = [k for k, text in enumerate(texts) if not text]
        if gone:
            codes = np.where(np.isin(codes, gone), MISSING, codes)
        return codes, tuple(texts)

    def without(self, gaps: Collection[str]) -> TextColumn:
        """Returns the column in which these texts, exactly as they are written, are missing."""
        if not gaps:
            return self
        if self.is_arrow:
            return replace(self, texts=without_in_arrow(self.texts, gaps))
        kept = np.array([*(None if text in gaps else text for text in self.distinct[1]), None], dtype=object)
        return replace(self, texts=kept[self.distinct[0]])

    def plain_numbers(self, gaps: Collection[str], decimal: DecimalMark) -> Floats | None:
        """Returns the numbers (t,) at once if Arrow holds the texts and reads each as a number, or else None.

        The texts ``gaps`` are missing, NaN in the result. With decimal commas, no text may hold a point.
        """
        if not self.is_arrow:
            return None
        if len(self) > 2 * SAMPLE and numbers_in_arrow(_some_in_arrow(self.texts), gaps, decimal) is None:
            return None
        return numbers_in_arrow(self.texts, gaps, decimal)

    def code_with_leading_zeros(self) -> str:
        """Returns a text of two or more digits that begins with 0; an empty text if there is none."""
        if not self.is_arrow:
            return next((text for text in self.distinct[1] if CODE.fullmatch(text)), "")
        from pyarrow import compute

        texts = compute.ascii_trim_whitespace(self.texts)
        some = texts.filter(compute.starts_with(texts, "0"))
        codes = some.filter(compute.match_substring_regex(some, "^0[0-9]+$"))
        return str(codes[0].as_py()) if len(codes) else ""

    def at(self, rows: NDArray[Any]) -> TextColumn:
        """Returns the column of these rows, chosen by row numbers or a mask."""
        if self.is_arrow:
            return replace(self, texts=self.texts.take(as_index(np.arange(len(self))[rows])))
        return replace(self, texts=self.texts[rows])

    def objects(self) -> NDArray[np.object_]:
        """Returns the texts as Python objects (t,), None where missing."""
        codes, texts = self.distinct
        return np.array([*texts, None], dtype=object)[codes]

    def as_categories(self) -> Column:
        """Returns the column as categories, with the texts as levels."""
        codes, texts = self.distinct
        return categories(codes, texts, type=self.type)


AnyColumn = Column | TextColumn


def without_in_arrow(texts: Any, gaps: Collection[str]) -> Any:
    """Returns Arrow's texts with null for each gap; the same object if there is none."""
    import pyarrow
    from pyarrow import compute

    is_gap = are_among(texts, gaps)
    if not compute.any(is_gap).as_py():
        return texts
    return compute.if_else(is_gap, pyarrow.nulls(1, texts.type)[0], texts)


def _some_in_arrow(texts: Any) -> Any:
    """Returns some of Arrow's texts, from everywhere; those of a chunk are found in it, without a copy of all."""
    import pyarrow

    chunks = texts.chunks if isinstance(texts, pyarrow.ChunkedArray) else [texts]
    chunks = [chunk for chunk in chunks[:: max(1, len(chunks) // SAMPLE)] if len(chunk)]
    of_each = -(-SAMPLE // len(chunks))
    places = (evenly_spaced(len(chunk), of_each) for chunk in chunks)
    return pyarrow.chunked_array([chunk.take(as_index(at)) for chunk, at in zip(chunks, places, strict=True)])


def are_among(texts: Any, some: Collection[str]) -> Any:
    """Returns an Arrow array of booleans: whether each of Arrow's texts is one of ``some``."""
    from pyarrow import compute

    return compute.is_in(texts, value_set=as_texts(some).cast(texts.type))


def _distinct_in_arrow(texts: Any) -> tuple[NDArray[np.intp], list[Any]]:
    import pyarrow

    parts = [texts.slice(rows.start, rows.stop - rows.start) for rows in parts_of(len(texts), ROWS_OF_A_PART)]
    encoded = each("reading texts", len(texts), lambda part: part.dictionary_encode(), parts)
    chunks = [chunk for part in encoded for chunk in getattr(part, "chunks", [part])]
    array = pyarrow.chunked_array(chunks, pyarrow.dictionary("int32", texts.type)).unify_dictionaries().combine_chunks()
    if isinstance(array, pyarrow.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pyarrow.array([], array.type)
    return numbers_of(array.indices.cast("int64"), MISSING), array.dictionary.to_pylist()


def numbers_in_arrow(texts: Any, gaps: Collection[str], decimal: DecimalMark) -> Floats | None:
    """Returns the numbers that Arrow's texts hold, NaN for the texts ``gaps``, or None if one holds no number."""
    import pyarrow
    from pyarrow import compute

    points = texts
    if decimal == ",":
        if compute.any(compute.match_substring(texts, ".")).as_py():
            return None
        points = compute.replace_substring(texts, ",", ".")
    try:
        return _finite_or_missing(compute.cast(points, "float64"))
    except pyarrow.ArrowInvalid:
        is_gap = are_among(texts, gaps)
    try:
        present = _finite_or_missing(compute.cast(points.filter(compute.invert(is_gap)), "float64"))
    except pyarrow.ArrowInvalid:
        return None
    if present is None:
        return None
    values = np.full(len(texts), np.nan)
    values[~booleans_of(is_gap)] = present
    return values


def _finite_or_missing(numbers: Any) -> Floats | None:
    """Returns Arrow's numbers, or None if a text is NaN, which Arrow takes in forms that are not ours."""
    values = numbers_of(numbers, np.nan)
    return values if np.count_nonzero(np.isnan(values)) == numbers.null_count else None
