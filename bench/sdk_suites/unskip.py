"""A plugin of pytest that runs tests which are skipped for one reason.

Some suites skip every test that calls a server, because the server of their makers falls short.
It runs in the suite's own environment, which has nothing of this project.
"""

from __future__ import annotations

import os
from typing import Any

REASON = "UNSKIP_REASON"
"""The environment variable with the reason."""


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Remove the marks that skip for this reason."""
    reason = os.environ.get(REASON)
    for item in items:
        for node in item.listchain():
            node.own_markers = [
                mark
                for mark in node.own_markers
                if mark.name != "skip" or reason not in (*mark.args, mark.kwargs.get("reason"))
            ]
