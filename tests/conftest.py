"""Fixtures for all tests."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# Everywhere as in CI: the same examples each time, and none kept from earlier runs.
settings.load_profile("ci")


# Every test works its plans out, and none leaves a file behind; those of the cache set it again.
os.environ.setdefault("MOCKSERVER_NO_CACHE", "1")


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """The program's log, whatever another test has done to its logger."""
    logger = logging.getLogger("mockserver")
    before = logger.handlers, logger.propagate, logger.level, logger.disabled
    # `serve` sends it to standard error alone; import-linter switches all loggers off.
    logger.handlers, logger.propagate, logger.disabled = [caplog.handler], False, False
    logger.setLevel(logging.INFO)
    yield caplog
    logger.handlers, logger.propagate, level, logger.disabled = before
    logger.setLevel(level)
