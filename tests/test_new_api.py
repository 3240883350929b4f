"""The code in docs/new-api.md exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "new-api.md").read_text("utf-8")
SOURCES = [*(ROOT / "mockserver" / "vendors" / "truestate").glob("*.py")]
SOURCES += (ROOT / "tests" / "vendors" / "truestate").glob("*.py")
CODE = [path.read_text("utf-8") for path in SOURCES]


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([\w./-]+/[\w./-]+\.\w+)`", PAGE))))
def test_the_files_are_there(path: str) -> None:
    assert (ROOT / path).is_file()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(\w+\.py)`", PAGE))))
def test_so_are_those_named_alone(name: str) -> None:
    assert name in {path.name for path in SOURCES}


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)\)", PAGE))))
def test_the_links_lead_somewhere(target: str) -> None:
    assert (ROOT / "docs" / target).is_file()


def test_the_code_is_the_code() -> None:
    shown = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(shown) == 4
    for block in shown:
        for line in block.removesuffix("\n").splitlines():
            wanted = line.partition("(sandbox): ...")[0].strip()
            assert any(wanted in text for text in CODE), line
