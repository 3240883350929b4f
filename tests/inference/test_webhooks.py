"""When webhooks are sent, and the event name that they carry."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.cli.check import check_document
from mockserver.errors import PlanError
from mockserver.inference.build import build_plan
from mockserver.inference.explain import as_json, rows
from mockserver.openapi.build import build_contract

STATES = ["QUEUED", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"]


def document(webhook: str, event_field: dict[str, Any]) -> dict[str, Any]:
    """Jobs, and one webhook about them, with `event_field` as the schema of its `type`."""
    job = {"$ref": "#/components/schemas/Job"}
    answer = {"description": "a job", "content": {"application/json": {"schema": job}}}
    one = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    told = {"type": "object", "required": ["type"], "properties": {"type": event_field, "job": job}}
    body = {"content": {"application/json": {"schema": told}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/jobs": {"post": {"operationId": "createJob", "responses": {"202": answer}}},
            "/jobs/{id}": {
                "parameters": [one],
                "get": {"operationId": "getJob", "responses": {"200": answer}},
            },
        },
        "webhooks": {webhook: {"post": {"requestBody": body, "responses": {}}}},
        "components": {
            "schemas": {
                "Job": {
                    "type": "object",
                    "required": ["id", "state"],
                    "properties": {
                        "id": {"type": "string"},
                        "state": {"type": "string", "enum": STATES},
                    },
                }
            }
        },
    }


def moments(webhook: str, values: list[str], **overrides: Any) -> dict[str, str]:
    contract = build_contract(document(webhook, {"type": "string", "enum": values}))
    (told,) = build_plan(contract, overrides).announcements
    assert set(told.values) == ({""} if told.created else set()) | told.states
    return dict(told.values)


@pytest.mark.parametrize(
    ("webhook", "values", "says"),
    [
        (
            "jobEvent",
            ["job.completed", "job.failed"],
            {"COMPLETED": "job.completed", "FAILED": "job.failed"},
        ),
        (
            "jobFinished",
            ["job.succeeded", "job.failed", "job.canceled"],
            {"COMPLETED": "job.succeeded", "FAILED": "job.failed", "CANCELLED": "job.canceled"},
        ),
        # What no value fits is not told.
        (
            "jobFinished",
            ["job.done", "job.error"],
            {"COMPLETED": "job.done", "FAILED": "job.error"},
        ),
        (
            "event",
            ["job.created", "job.updated", "job.deleted"],
            {"": "job.created", **dict.fromkeys(STATES[1:], "job.updated")},
        ),
        ("event", ["job.started", "job.queued"], {"PROCESSING": "job.started", "": "job.queued"}),
        ("job.completed", ["job.created", "job.completed"], {"COMPLETED": "job.completed"}),
        ("event", ["something", "else"], {}),
    ],
)
def test_the_values_of_the_event_say_when(
    webhook: str, values: list[str], says: dict[str, str]
) -> None:
    found = moments(webhook, values)
    assert {m: v for m, v in found.items() if m != "QUEUED"} == says


def test_explain_and_check_speak_of_each() -> None:
    known = document("jobEvent", {"enum": ["job.completed", "job.failed"]})
    plan = build_plan(build_contract(known))
    (row,) = [row for row in rows(plan) if row.kind == "webhook"]
    assert "when it is COMPLETED or FAILED" in row.inference
    assert as_json(plan)["webhooks"][0]["says"]["values"]["FAILED"] == "job.failed"
    assert not [n for n in check_document(known).notes if "never sent" in n.message]
    (note,) = [
        n
        for n in check_document(document("ping", {"type": "string"})).notes
        if "never sent" in n.message
    ]
    assert note.where == "#/webhooks/ping/post"
    assert '[webhooks."ping"]' in note.message


def test_the_config_file_says_when() -> None:
    told = {"resource": "jobs", "when": ["created", "FAILED"]}
    contract = build_contract(document("ping", {"type": "string"}))
    (found,) = build_plan(contract, {"webhooks": {"ping": told}}).announcements
    assert (found.created, found.states) == (True, frozenset({"FAILED"}))
    for name, wrong in (
        ("pong", told),
        ("ping", {**told, "when": ["NOPE"]}),
        ("ping", {"when": ["created"], "resource": "x"}),
    ):
        with pytest.raises(PlanError):
            build_plan(contract, {"webhooks": {name: wrong}})


def test_a_plan_is_the_same_in_every_process() -> None:
    """The order of a set differs between processes."""
    for webhook, values in [("jobFinished", ["jobFinished"]), ("event", ["job.updated"])]:
        found = list(moments(webhook, values))
        assert found
        assert found == sorted(found)
