"""One request to a receiver, with a time limit."""

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
    """The status of the response, or the reason why there is none.

    The response body is not read, so a receiver can't make it large or slow. Call it from a thread
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
    import httpx  # takes a tenth of a second, and most mocks send nothing

    async def status() -> int:
        # No proxy, so that local requests stay local. No redirects: they may lead elsewhere.
        # Loading certificates takes longer than everything else.
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
                return f"no response within {seconds:g} s"
            await asyncio.wait([asking], timeout=SECONDS_BETWEEN_LOOKS)
        return asking.result()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return str(error) or type(error).__name__
    finally:
        asking.cancel()
