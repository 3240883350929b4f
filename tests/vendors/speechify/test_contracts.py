"""Both documents: valid, readable, with the same calls, and matched by every response."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from mockserver.files.reading import contract_file
from mockserver.openapi.build import build_contract
from mockserver.vendors.speechify import HANDLERS, OLDER_HANDLERS, SPEECHIFY, shape_of
from mockserver.vendors.speechify.versions import CUTOVER, NEWER, OLDER, PATH_NAMES, is_version

TEXTS: dict[str, str] = {}
for _name in (NEWER, OLDER):
    _path = contract_file(_name)
    assert _path is not None
    TEXTS[_name] = _path.read_text("utf-8")
DOCUMENTS: dict[str, Any] = {name: json.loads(text) for name, text in TEXTS.items()}
each = pytest.mark.parametrize("name", TEXTS)


def _operations(name: str) -> dict[str, tuple[str, str, Any]]:
    return {
        operation["operationId"]: (path, method, operation)
        for path, item in DOCUMENTS[name]["paths"].items()
        for method, operation in item.items()
    }


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


@each
def test_it_is_valid_openapi_3_1(name: str) -> None:
    found = OpenAPIV31SpecValidator(DOCUMENTS[name]).iter_errors()
    assert [error.message for error in found] == []


@each
def test_it_is_laid_out_as_a_formatter_leaves_it(name: str) -> None:
    assert json.dumps(DOCUMENTS[name], indent=2, ensure_ascii=False) + "\n" == TEXTS[name]


@each
def test_every_component_is_used(name: str) -> None:
    document = DOCUMENTS[name]
    named = {
        f"#/components/{kind}/{part}"
        for kind in ("parameters", "responses", "schemas")
        for part in document["components"][kind]
    }
    assert named == set(_references(document))


@each
def test_it_is_recognised_for_what_it_is(name: str) -> None:
    contract = build_contract(DOCUMENTS[name])
    assert SPEECHIFY.claims(contract)
    assert shape_of(contract) == name
    handlers = {NEWER: HANDLERS, OLDER: OLDER_HANDLERS}[name]
    assert handlers.keys() == contract.by_id.keys()


@each
def test_links_lead_to_operations(name: str) -> None:
    operations = _operations(name)
    for _, _, operation in operations.values():
        for response in operation["responses"].values():
            for link in response.get("links", {}).values():
                path = operations[link["operationId"]][0]
                assert all(f"{{{parameter}}}" in path for parameter in link["parameters"])


def test_both_have_the_same_calls_at_the_same_places() -> None:
    newer, older = _operations(NEWER), _operations(OLDER)
    assert older.keys() - newer.keys() == {"attachTest"}
    names = {call: name for name, calls in PATH_NAMES.items() for call in calls}
    for call, (path, method, _) in newer.items():
        found = re.findall(r"{(\w+)}", path)
        assert found == ([names[call]] if call in names else [])
        assert older[call][:2] == (re.sub(r"{\w+}", "{id}", path), method)


def test_the_newer_one_admits_its_own_versions() -> None:
    schema = DOCUMENTS[NEWER]["components"]["parameters"]["Version"]["schema"]
    for date in (CUTOVER, "2026-06-30", "2026-07-31", "2026-12-01", "2027-01-01", "2099-12-31"):
        assert is_version(date)
        assert re.search(schema["pattern"], date)
    for date in ("2026-06-27", "2026-01-31", "2025-12-31", "1999-07-01", "2026-06-28x"):
        assert not re.search(schema["pattern"], date)
    assert DOCUMENTS[NEWER]["info"]["version"] == CUTOVER
    assert DOCUMENTS[OLDER]["info"]["version"] < CUTOVER
