"""Apply a fault to a reply: delay it, drop the connection, truncate the body.

On a real port it sleeps and closes the connection. An in-process caller supplies its own function
in the scope (`APPLY_TROUBLE`), because nothing sleeps there: see `inprocess`.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import Scope, Send

from mockserver.engine.serialization import Sent

APPLY_TROUBLE = "mockserver.apply_trouble"


async def apply_trouble(sent: Sent, scope: Scope, send: Send) -> bool:
    """Apply the reply's fault; returns whether nothing more is to be sent."""
    trouble = sent.trouble
    assert trouble is not None
    if APPLY_TROUBLE in scope:
        scope[APPLY_TROUBLE](trouble)
        return False
    if trouble.delay:
        await asyncio.sleep(trouble.delay)
    if trouble.drop:
        await _close(send)
        return True
    length = len(sent.body) if scope["method"] != "HEAD" else 0
    if trouble.truncate is None or trouble.truncate >= length:
        return False
    headers = [*sent.headers, (b"content-length", str(length).encode())]
    await send({"type": "http.response.start", "status": sent.status, "headers": headers})
    part = sent.body[: trouble.truncate]
    await send({"type": "http.response.body", "body": part, "more_body": True})
    await _close(send)
    return True


async def _close(send: Send) -> None:
    """Close the connection; return when uvicorn has noticed."""
    cycle: Any = getattr(send, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is None:
        raise RuntimeError("this server can't drop connections")
    transport.close()
    while not cycle.disconnected:
        await asyncio.sleep(0)
