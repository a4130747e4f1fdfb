"""Rows as JSON: ``{"rows": [{column: value, …}, …]}`` or ``{"columns": {column: [value, …]}}``; null is missing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException

from chainrule._internal.checks import shown
from chainrule._internal.naming import nearest
from chainrule.errors import InputError
from chainrule.serving.formats.tables import table_of_columns, table_of_rows
from chainrule.serving.limits import Limits
from chainrule.serving.served_model import MOST_SINGLE_ROWS, Answer, ServedModel, Wanted

KEYS = ("rows", "columns")
Rows = Sequence[Any] | Mapping[str, Sequence[Any]]  # a list of rows, or columns


def parsed(body: bytes) -> Any:
    """Returns what JSON says. Raises HTTPException, 400, for anything else."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        reason = "lists in lists in lists …" if isinstance(error, RecursionError) else str(error)
        raise HTTPException(400, f"the body is not JSON: {reason}") from None


def rows_in(document: Any, limits: Limits) -> Rows:
    """Returns the rows or the columns of a request. Raises InputError, or HTTPException for too many."""
    if not isinstance(document, dict) or len(document) != 1 or not document.keys() <= set(KEYS):
        raise InputError(f'the body must be {{"rows": [...]}} or {{"columns": {{...}}}}; got {_got(document)}')
    ((key, rows),) = document.items()
    if key == "columns":
        if not isinstance(rows, dict) or not rows or not all(isinstance(column, list) for column in rows.values()):
            raise InputError(f"columns must be an object of lists, one for each column; got {shown(rows)}.")
    elif not isinstance(rows, list) or {type(row) for row in rows} not in ({dict}, {list}):
        raise InputError(f"rows must be a list of objects, or a list of lists, not empty; got {shown(rows)}.")
    count = len(rows) if key == "rows" else max(map(len, rows.values()))
    if not count:
        raise InputError("the columns must hold at least one row; got none.")
    limits.require_rows(count)
    return rows  # type: ignore[no-any-return]


def few_rows(rows: Rows) -> Sequence[Any] | None:
    """Returns rows, or columns of a few rows, as a list of rows; None for many."""
    if not isinstance(rows, Mapping):
        return rows
    lengths = set(map(len, rows.values()))
    if len(lengths) > 1 or max(lengths) > MOST_SINGLE_ROWS:
        return None
    return [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)]


def answer(served: ServedModel, rows: Rows, wanted: Wanted) -> Answer:
    """Returns the answer for rows or columns of any number. Raises InputError for those that the model refuses."""
    of = table_of_columns if isinstance(rows, Mapping) else table_of_rows
    return served.answer(of(served.model, rows), wanted)  # type: ignore[arg-type]


def described(served: ServedModel, found: Answer) -> dict[str, Any]:
    """Returns an answer as an object of JSON."""
    document: dict[str, Any] = {"model": served.name}
    if len(served.titles) > 1:
        document["targets"] = served.titles
    document["predictions"] = found.predictions
    if found.probabilities is not None:
        document["classes"] = served.model.classes_.tolist()
        document["probabilities"] = found.probabilities
    if found.intervals is not None:
        document["intervals"] = found.intervals
    return document


def _got(document: object) -> str:
    """Returns a body of another form, with the nearest key."""
    if isinstance(document, dict):
        unknown = next((key for key in document if key not in KEYS), "")
        return f"the keys {shown(list(document))}{nearest(unknown, KEYS) or '.'}"
    return f"{shown(document)}."
