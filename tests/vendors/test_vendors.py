"""Recognising a vendor's document."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mockserver.files.documents import NAMES, as_document
from mockserver.openapi.build import build_contract
from mockserver.vendors import KNOWN_BY, built_in, vendor, written_for


@pytest.mark.parametrize("name", NAMES)
def test_each_shipped_document_is_its_vendor_s(name: str) -> None:
    found = written_for(build_contract(as_document(name)))
    assert found is not None
    assert found.name == name.partition("-")[0]


@pytest.mark.parametrize("api", [*built_in()], ids=lambda api: api.name)
def test_a_vendor_is_known_by_operations_of_its_own(api: object) -> None:
    name = getattr(api, "name", "")
    others = [known for other, known in KNOWN_BY.items() if other != name]
    assert set(KNOWN_BY[name]) <= vendor(name).handlers.keys()
    assert not set(KNOWN_BY[name]) & {operation for known in others for operation in known}


def test_only_the_vendor_that_is_served_is_imported() -> None:
    code = "import sys, mockserver.server.mock; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not [name for name in loaded if name.startswith("mockserver.vendors.")]
