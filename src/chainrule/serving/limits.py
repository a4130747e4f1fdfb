"""Limits of one request: its size, and the time in which it must end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chainrule.serving.refusals import CLOSE, refusal

MOST_OTHER_COLUMNS = 1_000  # in a request, besides those of the model


@dataclass(frozen=True)
class Limits:
    """Largest numbers: rows and bytes of one request, seconds from its first byte to the end of its answer.

    ``connections`` is the number that may be open at once.
    """

    rows: int = 10_000
    bytes: int = 8 << 20
    seconds: float = 30.0
    connections: int = 500

    def require_rows(self, t: int) -> None:
        """Raises HTTPException, 413, for too many rows."""
        if t > self.rows:
            raise HTTPException(413, f"a request may have {self.rows} rows; got {t}. Send them in several requests.")


class TimeLimited:
    """Ends a request that takes longer than its limit, with 408 if it has not come whole, and otherwise with 503."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app, self.limits = app, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_whole = has_answer = False

        async def noted_receive() -> Message:
            nonlocal is_whole
            message = await receive()
            is_whole = not message.get("more_body", False)
            return message

        async def noted_send(message: Message) -> None:
            nonlocal has_answer
            has_answer = True
            await send(message)

        try:
            async with asyncio.timeout(self.limits.seconds):
                await self.app(scope, noted_receive, noted_send)
        except TimeoutError:
            if has_answer:  # of which a part is not read; the connection is closed
                return
            status, what = (503, "the answer was not ready") if is_whole else (408, "the request did not come whole")
            error = HTTPException(status, f"{what} within {self.limits.seconds:g} s.", CLOSE)
            await refusal(error)(scope, receive, send)
