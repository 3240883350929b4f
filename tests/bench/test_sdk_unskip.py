"""The plugin that lifts the marks of one reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bench.sdk_suites import unskip

pytest_plugins = ["pytester"]


def test_only_the_tests_of_that_reason_run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(Path(unskip.__file__), pytester.path / "unskip.py")
    pytester.syspathinsert()
    monkeypatch.setenv(unskip.REASON, "no server")
    pytester.makepyfile(
        """
        import pytest
        @pytest.mark.skip(reason="no server")
        def test_alone(): pass
        @pytest.mark.skip("no server")
        class TestMany:
            def test_one(self): pass
            @pytest.mark.skip(reason="broken")
            def test_two(self): pass
        @pytest.mark.skip(reason="another day")
        def test_later(): pass
        def test_plain(): pass
        """
    )
    pytester.runpytest("-p", "unskip", "-p", "no:xdist").assert_outcomes(passed=3, skipped=2)
