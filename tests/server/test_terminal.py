"""The line for what takes long."""

from __future__ import annotations

import io
import time

from mockserver.server.terminal import waiting


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_takes_long_shows_on_a_terminal_and_goes() -> None:
    stream = Terminal()
    with waiting("Loading big.yaml", stream, patience=0.01):
        for _ in range(200):
            if stream.getvalue():
                break
            time.sleep(0.01)
    assert stream.getvalue().startswith("\rLoading big.yaml ... 0 s")
    assert stream.getvalue().endswith("\r\x1b[K")


def test_what_is_quick_or_no_terminal_shows_nothing() -> None:
    quick, pipe = Terminal(), io.StringIO()
    with waiting("Loading", quick, patience=60):
        pass
    with waiting("Loading", pipe, patience=0):
        pass
    assert quick.getvalue() == pipe.getvalue() == ""
