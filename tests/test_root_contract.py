"""The root contract, openapi.json: valid, readable, and equal to the vendor's where required."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from hatchling.builders.wheel import WheelBuilder
from jsonschema_rs import Draft202012, Draft202012Validator, Registry
from openapi_spec_validator import OpenAPIV31SpecValidator

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "openapi.json").read_text("utf-8")
DOCUMENT = json.loads(TEXT)
OPERATIONS = {
    operation["operationId"]: (path, method, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}
SCHEMAS = DOCUMENT["components"]["schemas"]

# The cancel operation's structure as the vendor's page has it; its texts are left out.
CANCEL = json.loads((ROOT / "fixtures/documentation/cancel_operation.json").read_text("utf-8"))

ERRORS = {
    "400": "BadRequest",
    "401": "Unauthenticated",
    "404": "NotFound",
    "409": "Conflict",
    "422": "ValidationError",
}
TEXTS = {"title", "description", "summary", "tags"}
SOME_ID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"


def test_it_is_valid_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_it_is_laid_out_as_a_formatter_leaves_it() -> None:
    assert json.dumps(DOCUMENT, indent=2, ensure_ascii=False) + "\n" == TEXT


def test_every_component_is_used() -> None:
    named = {
        f"#/components/{kind}/{name}"
        for kind in ("parameters", "responses", "schemas")
        for name in DOCUMENT["components"][kind]
    }
    assert named == set(_references(DOCUMENT))


def test_the_cancel_operation_is_the_documented_one() -> None:
    path, method, operation = OPERATIONS[CANCEL["operation"]["operationId"]]
    assert (path, method) == (CANCEL["path"], CANCEL["method"])
    documented = CANCEL["operation"]
    assert operation.keys() - TEXTS == documented.keys()
    for part in documented:
        assert _meaning(operation[part], DOCUMENT) == _meaning(documented[part], CANCEL), part
    for requirement in documented["security"]:
        for scheme in requirement:
            ours = DOCUMENT["components"]["securitySchemes"][scheme]
            assert ours == CANCEL["components"]["securitySchemes"][scheme]


def test_the_comparison_sees_a_difference() -> None:
    changed = json.loads(json.dumps(CANCEL))
    run = changed["components"]["schemas"]["SimulationRunResponse"]
    for change in (
        lambda: run["required"].remove("error_text"),
        lambda: run["properties"]["id"].pop("format"),
        lambda: run["properties"]["recording_status"]["anyOf"].pop(),
    ):
        before = _meaning(changed["operation"], changed)
        change()
        assert _meaning(changed["operation"], changed) != before


@pytest.mark.parametrize(
    ("operation_id", "statuses"),
    [
        ("deleteScenario", {"401", "404"}),
        ("deleteSimulationSuite", {"401", "404"}),
        ("removeSimulationSuiteItem", {"401", "404"}),
        ("createAgentRevision", {"404"}),
        ("listAgentRevisions", {"404"}),
        ("deleteEvalRun", {"409"}),
    ],
)
def test_rule_33_the_missing_responses_are_documented(
    operation_id: str, statuses: set[str]
) -> None:
    assert statuses <= OPERATIONS[operation_id][2]["responses"].keys()


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_every_operation_lists_the_errors_it_can_meet(operation_id: str) -> None:
    path, _, operation = OPERATIONS[operation_id]
    listed = operation["responses"].keys()
    assert operation["security"] == [{"APIKeyHeader": []}]
    assert "401" in listed
    if "parameters" in operation or "requestBody" in operation:
        assert "422" in listed
    if "{" in path:
        assert "404" in listed
    assert sum(status.startswith("2") for status in listed) == 1


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_errors_are_written_once(operation_id: str) -> None:
    responses = OPERATIONS[operation_id][2]["responses"]
    for status in responses.keys() - {"200", "201", "202", "204"}:
        assert responses[status] == {"$ref": f"#/components/responses/{ERRORS[status]}"}


def test_examples_and_defaults_fit_their_schemas() -> None:
    for _, _, operation in OPERATIONS.values():
        for media in operation.get("requestBody", {}).get("content", {}).values():
            for example in media.get("examples", {}).values():
                _validator(media["schema"]).validate(example["value"])
    for schema in SCHEMAS.values():
        for member in schema.get("properties", {}).values():
            if "default" in member:
                _validator(member).validate(member["default"])


@pytest.mark.parametrize("field", ["name", "body", "is_active", "traits", "behavior_config"])
def test_rule_46_a_persona_can_not_be_changed_to_null(field: str) -> None:
    assert not _fits("PersonaUpdate", {field: None})


def test_rule_46_a_description_is_cleared_by_null() -> None:
    assert _fits("PersonaUpdate", {"description": None})
    assert _fits("PersonaUpdate", {})


@pytest.mark.parametrize(
    ("response", "fits"),
    [
        ({"output": {"status": "sent"}}, True),
        ({"output": None}, True),
        ({"output": "late", "delay_ms": 60000}, True),
        ({"output": 1, "error": None}, True),
        ({"error": "timeout"}, True),
        ({}, False),
        ({"delay_ms": 5}, False),
        ({"error": None}, False),
        ({"error": ""}, False),
        ({"output": 1, "error": "timeout"}, False),
        ({"output": None, "error": "timeout"}, False),
        ({"output": 1, "error": ""}, False),
        ({"output": 1, "delay_ms": 60001}, False),
        ({"output": 1, "retries": 2}, False),
    ],
)
def test_rule_47_a_tool_answers_or_fails(response: dict[str, Any], fits: bool) -> None:
    assert _fits("CannedToolResponse", response) is fits


@pytest.mark.parametrize("other", [{}, {"other": None}, {"other": SOME_ID}])
@pytest.mark.parametrize(("scope", "rest"), [("agent", "scenario"), ("scenario", "agent")])
def test_rule_87_the_scope_names_the_one_id(
    scope: str, rest: str, other: dict[str, str | None]
) -> None:
    binding = {"evaluator_id": SOME_ID, "scope": scope}
    beside = {f"{rest}_id": value for value in other.values()}
    assert _fits("EvaluatorBindingCreate", binding | {f"{scope}_id": SOME_ID} | beside) is (
        SOME_ID not in other.values()
    )
    assert not _fits("EvaluatorBindingCreate", binding | beside)
    assert not _fits("EvaluatorBindingCreate", binding | {f"{scope}_id": None} | beside)


def test_a_wheel_carries_the_contracts_and_the_fixtures(tmp_path: Path) -> None:
    carried = [ROOT / "openapi.json"]
    for folder in ("contracts", "fixtures"):
        found = (path for path in (ROOT / folder).rglob("*") if path.is_file())
        carried += (path for path in found if path.parent.name != "__pycache__")
    (built,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with ZipFile(built) as wheel:
        data = {name: wheel.read(name) for name in wheel.namelist() if "/_data/" in name}
    assert data == {
        f"mockserver/_data/{path.relative_to(ROOT).as_posix()}": path.read_bytes()
        for path in carried
    }


def _in_order(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _fits(schema: str, instance: Any) -> bool:
    return _validator({"$ref": f"#/components/schemas/{schema}"}).is_valid(instance)


def _validator(schema: dict[str, Any]) -> Draft202012Validator:
    absolute = json.loads(json.dumps(schema).replace('"#/', '"urn:contract#/'))
    registry = Registry([("urn:contract", DOCUMENT)], draft=Draft202012)
    return Draft202012Validator(absolute, registry=registry, validate_formats=True)


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _meaning(node: Any, document: dict[str, Any]) -> Any:
    """The node with references resolved, texts removed and sets sorted."""
    if isinstance(node, list):
        return [_meaning(value, document) for value in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return _meaning(target, document)
    meaning: dict[str, Any] = {}
    for key, value in node.items():
        if key in TEXTS:
            continue
        if key == "properties":  # here `title` and `description` are names
            meaning[key] = {name: _meaning(member, document) for name, member in value.items()}
        elif isinstance(value, list):
            meaning[key] = sorted((_meaning(each, document) for each in value), key=_in_order)
        else:
            meaning[key] = _meaning(value, document)
    return meaning
