"""The server keeps to its contract, and its things live as they should."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import Judged

from mockserver.verify.model import Result
from mockserver.verify.reports import terminal


@pytest.mark.parametrize("part", ["lifecycle", "conformance"])
def test_the_server_keeps_its_contract(
    part: str, judged: Judged, say: Callable[[Result], None]
) -> None:
    result = judged.by(part)
    say(result)
    report = "\n".join(terminal.lines(result))
    assert not result.open_findings, report
    assert not result.errors, report
    assert not result.differences, report
    assert result.requests > 100
