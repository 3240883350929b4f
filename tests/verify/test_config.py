"""A plain `schemathesis run` in this repository and `mockserver test` agree."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from mockserver.errors import UsageError
from mockserver.openapi.build import build_contract
from mockserver.openapi.model import Contract
from mockserver.verify.conformance.config import (
    WIDENINGS,
    Settings,
    configuration,
    merged,
    toml,
    widened,
    write_config,
)

FILE = Path(__file__).resolve().parents[2] / "schemathesis.toml"
VENDOR = FILE.parents[1] / "shared/specs/feather-1.21.0.json"
ROOT = tomllib.loads(FILE.read_text(encoding="utf-8"))


def test_the_file_at_the_root_says_the_same(contract: Contract) -> None:
    config = configuration(contract, Settings())
    operations = [e for e in ROOT["operations"] if {*e["include-operation-id"]} & {*contract.by_id}]
    *operations, keyless = operations
    assert operations == config["operations"]
    # What the vendor's own document leaves out; `mockserver test` sees that by itself.
    assert keyless == {
        "include-operation-id": [
            "deleteScenario",
            "deleteSimulationSuite",
            "removeSimulationSuiteItem",
        ],
        "generation": {"with-security-parameters": False},
    }
    for name in ("seed", "workers", "continue-on-failure", "cache"):
        assert ROOT[name] == config[name]
    assert ROOT["generation"]["database"] == config["generation"]["database"] == "none"
    assert ROOT["auth"]["auto-signup"] is config["auth"]["auto-signup"] is False


def test_each_entry_is_there_for_a_reason_and_loosens_one_thing() -> None:
    kinds = [{"checks"}, {"generation"}, {"phases"}]
    for entry in ROOT["operations"]:
        assert set(entry) - {"include-operation-id"} in kinds
        loosened = entry.get("checks", {})
        assert loosened.keys() <= {"positive_data_acceptance", "negative_data_rejection"}
        assert entry.get("generation", {}) in ({}, {"with-security-parameters": False})
    lines = FILE.read_text(encoding="utf-8").splitlines()
    headings = [line for line in lines if line.startswith("[[operations]]")]
    assert len(headings) == len(ROOT["operations"])
    assert all(len(line) > len("[[operations]] # rule") for line in headings)


def built_in() -> list[Contract]:
    home = FILE.parent
    documents = [home / "openapi.json", *(home / "contracts").glob("*.json")]
    return [build_contract(json.loads(path.read_bytes())) for path in documents]


def test_built_in_operations_are_loosened_by_rules_alone() -> None:
    rules = {widening.reason for widening in WIDENINGS} | {"rule 33"}
    lines = FILE.read_text(encoding="utf-8").splitlines()
    headings = [line for line in lines if line.startswith("[[operations]]")]
    contracts = built_in()
    for entry, heading in zip(ROOT["operations"], headings, strict=True):
        ids = set(entry["include-operation-id"])
        in_one = any(ids <= contract.by_id.keys() for contract in contracts)
        assert in_one == (heading.removeprefix("[[operations]] # ") in rules)
        assert in_one or not any(ids & contract.by_id.keys() for contract in contracts)


def test_the_rest_is_what_the_vendor_s_document_leaves_out() -> None:
    if not VENDOR.is_file():
        pytest.skip(f"needs {VENDOR}")
    ours = {name for contract in built_in() for name in contract.by_id}
    expected = []
    for entry in widened(build_contract(json.loads(VENDOR.read_bytes()))):
        rest = [name for name in entry["include-operation-id"] if name not in ours]
        if rest:
            expected.append({**entry, "include-operation-id": rest})
    found = [e for e in ROOT["operations"] if not ours & {*e["include-operation-id"]}]
    assert found == expected


def test_toml_reads_back(contract: Contract) -> None:
    config = configuration(contract, Settings(headers={"x-api-key": '${KEY} "quoted" \\ é'}))
    assert tomllib.loads(toml(config)) == config


def test_merging_joins_tables_and_lists() -> None:
    base = {"a": {"b": 1, "c": 2}, "d": [1]}
    assert merged(base, {"a": {"b": 3}, "d": [2]}) == {"a": {"b": 3, "c": 2}, "d": [1, 2]}


def test_a_cursor_that_no_list_has_given_may_be_refused() -> None:
    def listing(name: str, schema: dict[str, object], statuses: list[str]) -> dict[str, object]:
        parameter = {"name": "cursor", "in": "query", "schema": schema}
        responses = {status: {"description": "."} for status in statuses}
        return {"operationId": name, "parameters": [parameter], "responses": responses}

    contract = build_contract(
        {
            "openapi": "3.1.0",
            "info": {"title": "Lists", "version": "1"},
            "paths": {
                "/a": {"get": listing("opaque", {"type": "string"}, ["200", "400"])},
                "/b": {"get": listing("told", {"enum": ["x"]}, ["200", "400"])},
                "/c": {"get": listing("never", {"type": "string"}, ["200"])},
                "/d": {"get": listing("ranged", {"type": "string"}, ["200", "4XX"])},
            },
        }
    )
    one, both = configuration(contract, Settings())["operations"]
    assert one["include-operation-id"] == ["opaque"]
    assert one["checks"]["positive_data_acceptance"]["expected-statuses"][-1] == "400"
    assert both["include-operation-id"] == ["never", "ranged"]
    assert both["checks"]["positive_data_acceptance"]["expected-statuses"][-2:] == ["400", "422"]


def test_what_is_written_is_what_is_used(contract: Contract, tmp_path: Path) -> None:
    write_config(str(tmp_path / "schemathesis.toml"), contract, "feather")
    written = tomllib.loads((tmp_path / "schemathesis.toml").read_text(encoding="utf-8"))
    config = configuration(contract, Settings())
    assert written["operations"] == config["operations"]
    assert written["generation"] == {"database": "none"}
    assert written["seed"] == 1
    assert written["cache"] == {"enabled": False}
    with pytest.raises(UsageError, match=r"--write-config .*none.*: No such file"):
        write_config(str(tmp_path / "none" / "x.toml"), contract, "feather")


def test_a_file_s_bytes_cannot_be_of_the_wrong_type() -> None:
    def upload(name: str, part: object) -> dict[str, object]:
        form = {"schema": {"type": "object", "properties": {"part": part}}}
        body = {"content": {"multipart/form-data": form}}
        return {"post": {"operationId": name, "requestBody": body, "responses": {"200": {}}}}

    file = {"type": "string", "format": "binary"}
    contract = build_contract(
        {
            "openapi": "3.1.0",
            "info": {"title": "Uploads", "version": "1"},
            "components": {"schemas": {"File": file}},
            "paths": {
                "/file": upload("file", {"$ref": "#/components/schemas/File"}),
                "/files": upload("files", {"type": "array", "items": file}),
                "/bytes": upload("bytes", {"contentMediaType": "application/octet-stream"}),
                "/text": upload("text", {"type": "string"}),
                "/any": upload("any", True),
            },
        }
    )
    (entry,) = configuration(contract, Settings())["operations"]
    assert entry["include-operation-id"] == ["file", "files", "bytes"]
    assert "2xx" in entry["checks"]["negative_data_rejection"]["expected-statuses"]
