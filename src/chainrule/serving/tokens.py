"""The token that a client must know."""

from __future__ import annotations

import hmac
import os
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from chainrule.errors import InputError
from chainrule.serving.refusals import CLOSE, refusal

OPEN = ("/health", "/v2/health/live", "/v2/health/ready")  # for whoever watches the server
LEAST = 16  # characters


def read_token(path: str | os.PathLike[str]) -> str:
    """Reads a token, the only line of a file. Raises OSError, or InputError unless it has 16 printable characters."""
    token = Path(path).read_text(encoding="utf-8", errors="replace").strip()
    if len(token) < LEAST or not all("!" <= letter <= "~" for letter in token):
        raise InputError(
            f"{os.fspath(path)} must hold a token of at least {LEAST} printable ASCII characters on one line; make one "
            "with: openssl rand -hex 32"
        )
    return token


class TokenRequired:
    """Refuses requests without the header ``Authorization: Bearer TOKEN``, except for those about health."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app, self.expected = app, f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = Headers(scope=scope).get("authorization", "").encode("latin-1")
        if scope["path"] not in OPEN and not hmac.compare_digest(given, self.expected):
            error = HTTPException(
                401, "send the header Authorization: Bearer TOKEN.", {"www-authenticate": "Bearer", **CLOSE}
            )
            await refusal(error)(scope, receive, send)
            return
        await self.app(scope, receive, send)
