"""A mock on a real port, with its admin API, like `mockserver serve`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mockserver.server.asgi.uvicorn import bind, make_server, url_of
from mockserver.server.mock import Options
from mockserver.server.service import Service, Serving, prepare


@contextmanager
def running(
    spec: str, *, control_token: str = "", cors: tuple[str, ...] = (), **options: Any
) -> Iterator[str]:
    """The base URL of a server that runs in a thread during the block."""
    serving = Serving(
        spec, port=0, options=Options(**options), control_token=control_token, cors=cors
    )
    service = Service(serving)
    sockets = bind(serving.host, serving.port)
    background = prepare(service, lambda: serving)
    server = make_server(service, service.refuse, background=background)
    thread = threading.Thread(target=server.run, kwargs={"sockets": sockets}, daemon=True)
    thread.start()
    try:
        yield url_of(sockets, serving.host)
    finally:
        server.should_exit = True
        thread.join(10)
