"""Errors as answers: a JSON object with one text, ``error``."""

from __future__ import annotations

import json
import math
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from chainrule.errors import InputError

JSON = "application/json"
CLOSE = {"connection": "close"}  # after a request of which a part may still be on its way
ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))  # in ASCII, which can write half a pair of UTF-16


def as_json(value: Any) -> bytes:
    """Returns a value as JSON; a number that JSON does not have, such as NaN, becomes null."""
    try:
        return ENCODER.encode(value).encode()
    except ValueError:
        return ENCODER.encode(_without_others(value)).encode()


def json_response(value: Any, status: int = 200) -> Response:
    """Returns a response with a value as JSON."""
    return Response(as_json(value), status, media_type=JSON)


async def refused(request: Request, error: Exception) -> Response:
    """Answers a request whose endpoint has raised an error."""
    return refusal(error)


def refusal(error: Exception) -> Response:
    """Returns the response for an error: 422 for an InputError, the status of an HTTPException, otherwise 500."""
    if isinstance(error, HTTPException):
        return Response(as_json({"error": error.detail}), error.status_code, error.headers, JSON)
    if isinstance(error, InputError):
        return json_response({"error": str(error)}, 422)
    if isinstance(error, ClientDisconnect):  # nobody reads this
        return json_response({"error": "the request did not come whole."}, 400)
    return json_response({"error": "an internal error, which the log of the server describes."}, 500)


def _without_others(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_others(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_others(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
