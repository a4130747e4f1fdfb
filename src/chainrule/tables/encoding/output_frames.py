"""Encoded rows as a data frame of pandas or polars, for ``TableEncoder.set_output``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule._internal.checks import Array
from chainrule._internal.naming import resolve

OUTPUTS = dict.fromkeys(("default", "pandas", "polars"))


def as_library(name: object) -> str:
    """Returns the name of a library for frames, or "default" for arrays. Raises UnknownName."""
    resolve("output", name, OUTPUTS)
    return str(name)


def framed(Z: Array, names: Sequence[str], X: Any, library: str) -> Any:
    """Returns features Z (t, n) under their names, with the index of X if that is a frame of pandas too."""
    if library == "default":
        return Z
    if library == "polars":
        import polars

        return polars.DataFrame(Z, schema=list(names))
    import pandas

    index = X.index if isinstance(X, pandas.DataFrame) else None
    return pandas.DataFrame(Z, index=index, columns=list(names))
