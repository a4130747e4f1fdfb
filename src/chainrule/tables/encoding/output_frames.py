"""Encoded rows as a data frame of pandas or polars, for ``TableEncoder.set_output``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from chainrule._internal.checks import Array
from chainrule._internal.naming import resolve
from chainrule.errors import InputError

SURROGATE = re.compile("[\ud800-\udfff]")
OUTPUTS = dict.fromkeys(("default", "pandas", "polars"))


def as_library(name: object) -> str:
    """Returns the name of a library for frames, or "default" for arrays. Raises UnknownName."""
    resolve("output", name, OUTPUTS)
    return str(name)


def framed(Z: Array, names: Sequence[str], X: Any, library: str) -> Any:
    """Returns features Z (t, n) under their names, with the index of X if that is a frame of pandas too.

    Raises InputError for a name with half of a surrogate pair, which no frame can have.
    """
    if library == "default":
        return Z
    for name in names:
        if SURROGATE.search(name):
            raise InputError(
                f"a frame of {library} must have names in UTF-8; got {name!r}. Rename the column, or use "
                'set_output(transform="default").'
            )
    if library == "polars":
        import polars

        return polars.DataFrame(Z, schema=list(names))
    import pandas

    index = X.index if isinstance(X, pandas.DataFrame) else None
    return pandas.DataFrame(Z, index=index, columns=list(names))
