"""The contract, contracts/truestate.json: valid, readable, and true to its source."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from mockserver.openapi.build import build_contract
from mockserver.openapi.schemas.validators import Validators
from mockserver.vendors.truestate import TRUESTATE
from mockserver.vendors.truestate.tables import SECONDS, SESSION, WAITING

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "contracts/truestate.json").read_text("utf-8")
DOCUMENT = json.loads(TEXT)
SCHEMAS = DOCUMENT["components"]["schemas"]


def test_it_is_valid_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_it_is_laid_out_as_a_formatter_leaves_it() -> None:
    assert json.dumps(DOCUMENT, indent=2, ensure_ascii=False) + "\n" == TEXT


def test_every_operation_is_written_by_hand() -> None:
    contract = build_contract(DOCUMENT)
    assert TRUESTATE.handlers.keys() == contract.by_id.keys()
    assert not contract.notes


def test_every_operation_says_where_it_comes_from() -> None:
    for item in DOCUMENT["paths"].values():
        for operation in item.values():
            assert operation["x-provenance"].startswith(("docs: ", "inferred: ", "seed; "))


def test_every_operation_lists_the_errors_it_can_meet() -> None:
    for path, item in DOCUMENT["paths"].items():
        for operation in item.values():
            wanted = {"200", "401"}
            wanted |= {"404", "422"} if "{" in path else set()
            wanted |= {"422"} if "requestBody" in operation else set()
            wanted |= {"409"} if path.endswith("/user_input") else set()
            assert operation["responses"].keys() == wanted


@pytest.mark.rule("truestate", 11)
def test_rule_11_the_contract_lists_four_states() -> None:
    words = SCHEMAS["ExecutionStatus"]["enum"]
    assert {*words, WAITING} == SESSION.moves.keys()
    assert WAITING not in words


@pytest.mark.rule("truestate", 12)
def test_rule_12_the_contract_lists_ten_types() -> None:
    assert SCHEMAS["StepType"]["enum"] == list(SECONDS)


@pytest.mark.rule("truestate", 21)
def test_rule_21_cancel_is_the_documented_operation() -> None:
    operation = DOCUMENT["paths"]["/automations/{automation_id}/sessions/{session_id}/cancel"]
    assert operation.keys() == {"patch"}
    assert "requestBody" not in operation["patch"]
    answer = operation["patch"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/Session"}
    assert set(SCHEMAS["Session"]["properties"]) == {
        *("id", "automation_id", "inputs", "error", "status", "created_at", "updated_at"),
        *("steps", "steps_count", "current_step"),
    }


def test_every_component_is_used() -> None:
    for kind in ("parameters", "responses", "schemas"):
        for name in DOCUMENT["components"][kind]:
            assert f'"#/components/{kind}/{name}"' in TEXT


def test_examples_fit() -> None:
    contract = build_contract(DOCUMENT)
    validators = Validators(DOCUMENT, contract.version)
    for operation in contract.operations:
        for media in operation.body.content.values() if operation.body else ():
            assert media.pointer is not None
            for example in media.examples.values():
                assert validators.request(media.pointer).is_valid(example)
