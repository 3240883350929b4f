"""An interrupted run cleans up."""

from __future__ import annotations

import os
import signal
import time

import pytest

from mockserver.verify.signals import ended_like_ctrl_c


def test_sigterm_is_like_ctrl_c_and_only_meanwhile() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        _told_to_stop()
    assert signal.getsignal(signal.SIGTERM) is before


def _told_to_stop() -> None:
    with ended_like_ctrl_c():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
