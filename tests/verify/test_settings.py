"""A plain `schemathesis run` in this repository and `mockserver test` agree."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from mockserver.contract.build import build_contract
from mockserver.contract.model import Contract
from mockserver.verify.settings import Settings, configuration, merged, toml

FILE = Path(__file__).resolve().parents[2] / "schemathesis.toml"
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


def test_only_positive_data_is_widened_and_each_time_with_a_rule() -> None:
    for entry in ROOT["operations"]:
        assert set(entry) - {"include-operation-id"} in ({"checks"}, {"generation"})
        assert set(entry.get("checks", ())) <= {"positive_data_acceptance"}
        assert entry.get("generation", {}) in ({}, {"with-security-parameters": False})
    lines = FILE.read_text(encoding="utf-8").splitlines()
    headings = [line for line in lines if line.startswith("[[operations]]")]
    assert len(headings) == len(ROOT["operations"])
    assert all("# rule" in line for line in headings)


def test_the_operations_exist() -> None:
    """Each entry is of one of the built-in documents."""
    home = FILE.parent
    documents = [home / "openapi.json", *(home / "contracts").glob("*.json")]
    known = [build_contract(json.loads(path.read_bytes())).by_id for path in documents]
    for entry in ROOT["operations"]:
        assert any(set(entry["include-operation-id"]) <= ids.keys() for ids in known)


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
            },
        }
    )
    (entry,) = configuration(contract, Settings())["operations"]
    assert entry["include-operation-id"] == ["opaque"]
    assert entry["checks"]["positive_data_acceptance"]["expected-statuses"][-1] == "400"
