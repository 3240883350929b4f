"""What all tests share."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from hypothesis import settings

# Everywhere as in CI: the same examples each time, and none kept from earlier runs.
settings.load_profile("ci")


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """The program's log, whatever `serve` or another test has made of its logger."""
    logger = logging.getLogger("mockserver")
    before = logger.handlers, logger.propagate, logger.level, logger.disabled
    # `serve` sends it to standard error alone; import-linter switches all loggers off.
    logger.handlers, logger.propagate, logger.disabled = [caplog.handler], False, False
    logger.setLevel(logging.INFO)
    yield caplog
    logger.handlers, logger.propagate, level, logger.disabled = before
    logger.setLevel(level)
