"""An interrupted run cleans up."""

from __future__ import annotations

import os
import signal
import time

import pytest

from mockserver.verify.signals import acknowledge, deferred, ended_like_ctrl_c, raise_if_pending


def test_sigterm_is_like_ctrl_c_and_only_meanwhile() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        _told_to_stop()
    assert signal.getsignal(signal.SIGTERM) is before


def _told_to_stop() -> None:
    with ended_like_ctrl_c():
        _stopped_by(signal.SIGTERM)


class _Dropped:
    """Its finalizer is running when the signal arrives, so Python drops the exception."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_that_python_drops_still_ends_the_run() -> None:
    with ended_like_ctrl_c() as stop:
        raise_if_pending()
        dropped = _Dropped()
        del dropped
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                raise_if_pending()
        assert acknowledge() == 128 + signal.SIGTERM
        raise_if_pending()
        assert stop.exit_code == 128 + signal.SIGTERM
    raise_if_pending()


def test_a_signal_waits_for_what_must_be_whole_but_a_second_one_does_not() -> None:
    with ended_like_ctrl_c():
        with deferred():
            _stopped_by(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            raise_if_pending()
        with deferred(), pytest.raises(KeyboardInterrupt):
            _stopped_by(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            _stopped_by(signal.SIGTERM)


def _stopped_by(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)
    time.sleep(0.1)
