"""Inferences from ten documents in the styles of ten kinds of vendors, reviewed by a person.

`UPDATE_GOLDEN=1 pytest tests/inference/test_golden.py` rewrites the texts; review the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mockserver.inference.build import build_plan
from mockserver.inference.explain import rows
from mockserver.openapi.build import build_contract
from mockserver.openapi.document import parse_document

GOLDEN = Path(__file__).parent / "golden"
FIXTURES = Path(__file__).parent.parent / "fixtures"
SHARED = ("jobs.yaml", "library.swagger.yaml", "payments.yaml", "petstore.yaml")
DOCUMENTS = [*sorted(GOLDEN.glob("*.yaml")), *(FIXTURES / name for name in SHARED)]


def told(path: Path) -> str:
    """Every inference with its confidence, one per line, followed by its evidence."""
    plan = build_plan(build_contract(parse_document(path.read_bytes(), path.name)))
    return "".join(
        f"{row.kind} {row.subject}: {row.inference} [{row.confidence}]\n    {row.evidence}\n"
        for row in rows(plan)
    )


def test_there_are_ten() -> None:
    assert len(DOCUMENTS) == 10


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name.partition(".")[0])
def test_what_is_inferred_is_what_was_read(path: Path) -> None:
    golden = GOLDEN / f"{path.name.partition('.')[0]}.txt"
    found = told(path)
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(found)
    assert found == golden.read_text()
