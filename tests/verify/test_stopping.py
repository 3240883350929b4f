"""A run that is told to stop ends what it has begun."""

from __future__ import annotations

import os
import signal
import time

import pytest

from mockserver.verify.stopping import ended_like_ctrl_c


def test_sigterm_is_like_ctrl_c_and_only_meanwhile() -> None:
    before = signal.getsignal(signal.SIGTERM)
    ended = []
    with pytest.raises(KeyboardInterrupt), ended_like_ctrl_c():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        finally:
            ended.append(1)
    assert ended
    assert signal.getsignal(signal.SIGTERM) is before
