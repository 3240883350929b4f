"""A real port served by a thread of this process."""

from __future__ import annotations

import threading
import time

from starlette.types import ASGIApp

from mockserver.server.protocol import Refuse
from mockserver.server.serving import bind, make_server, url_of

_HOST = "127.0.0.1"


class ThreadedServer:
    """A free loopback port, served like `mockserver serve` does until `close`."""

    def __init__(self, app: ASGIApp, refuse: Refuse) -> None:
        self._sockets = bind(_HOST, 0)
        self.url = url_of(self._sockets, _HOST)
        self._server = make_server(app, refuse)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": self._sockets}, daemon=True
        )
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.005)

    def close(self) -> None:
        """Stop serving."""
        self._server.should_exit = True
        self._thread.join(timeout=5)
        for opened in self._sockets:
            opened.close()
