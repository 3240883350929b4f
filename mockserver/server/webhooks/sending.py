"""One request to a receiver, with bounds on how long it may take."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

TOTAL_SECONDS = 10.0
SECONDS_BETWEEN_LOOKS = 0.1
STOPPED = "the server was stopped"


def send(
    url: str,
    method: str,
    headers: Mapping[str, str],
    body: bytes,
    stopped: Callable[[], bool],
    seconds: float = TOTAL_SECONDS,
) -> int | str:
    """The status of the answer, or in words why there is none.

    The answer's body is not read, so a receiver can't make it large or slow. Call it from a thread
    without an event loop.
    """
    return asyncio.run(_send(url, method, headers, body, stopped, seconds))


async def _send(
    url: str,
    method: str,
    headers: Mapping[str, str],
    body: bytes,
    stopped: Callable[[], bool],
    seconds: float,
) -> int | str:
    import httpx  # a tenth of a second, and most mocks send nothing

    async def status() -> int:
        # No proxy: what is for this machine stays on it. No redirect: it may lead elsewhere.
        # Reading certificates takes longer than all the rest.
        secure = url.lower().startswith("https:")
        async with (
            httpx.AsyncClient(timeout=seconds, trust_env=False, verify=secure) as client,
            client.stream(method, url, headers=dict(headers), content=body) as answer,
        ):
            return answer.status_code

    asking = asyncio.ensure_future(status())
    end = time.monotonic() + seconds
    try:
        while not asking.done():
            if stopped():
                return STOPPED
            if time.monotonic() >= end:
                return f"no answer within {seconds:g} s"
            await asyncio.wait([asking], timeout=SECONDS_BETWEEN_LOOKS)
        return asking.result()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return str(error) or type(error).__name__
    finally:
        asking.cancel()
