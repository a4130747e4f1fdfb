"""The body of a request, of limited size."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from chainrule.serving.refusals import CLOSE


async def body_of(request: Request, most: int) -> bytes:
    """Returns the body. Raises HTTPException: 413 if it has more bytes than ``most``, 415 if it is compressed."""
    if request.headers.get("content-encoding", "identity") != "identity":
        raise HTTPException(415, "send the body without compression, with no Content-Encoding.", CLOSE)
    length = request.headers.get("content-length")
    if length is not None and int(length) > most:  # the parser of the protocol has checked that it is a number
        raise _too_large(most)
    parts: list[bytes] = []
    size, has_more = 0, True
    while has_more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise _too_large(most)
        has_more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(most: int) -> HTTPException:
    return HTTPException(413, f"a body may have {most} bytes. Send the rows in several requests.", CLOSE)
