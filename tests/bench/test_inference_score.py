"""Playing labels: satisfied ones pass, misses are reported, an invalid label is not a miss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.inference_score.bodies import Bodies
from bench.inference_score.client import Served
from bench.inference_score.labels import LabelError, Labels, read_labels
from bench.inference_score.matching import ABSENT, at, mismatch
from bench.inference_score.moments import moment
from bench.inference_score.play import Outcome, play
from bench.inference_score.report import precision, rows

_EXPORT = {
    "type": "object",
    "required": ["id", "name", "status"],
    "properties": {
        "id": {"type": "string", "readOnly": True},
        "name": {"type": "string"},
        "status": {"type": "string", "readOnly": True, "enum": ["queued", "running", "done"]},
        "created_at": {"type": "string", "format": "date-time", "readOnly": True},
        "completed_at": {"type": "string", "format": "date-time", "nullable": True},
    },
}
_NEW = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
_SENT = {"content": {"application/json": {"schema": _NEW}}}
_ONE = {"content": {"application/json": {"schema": _EXPORT}}}
_ALL = {"content": {"application/json": {"schema": {"type": "array", "items": _EXPORT}}}}
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
_LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer"}}
_PAGE = {"name": "page", "in": "query", "schema": {"type": "integer"}}
_DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Exports", "version": "1"},
    "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "query", "name": "k"}}},
    "security": [{"key": []}],
    "paths": {
        "/exports": {
            "get": {
                "parameters": [_LIMIT, _PAGE],
                "responses": {"200": {"description": "all", **_ALL}},
            },
            "post": {
                "requestBody": {"required": True, **_SENT},
                "responses": {"202": {"description": "begun", **_ONE}},
            },
        },
        "/exports/{id}": {
            "parameters": [_ID],
            "get": {"responses": {"200": {"description": "one", **_ONE}}},
            "delete": {"responses": {"204": {"description": "gone"}}},
        },
    },
}
_HEAD = """
document: exports
setups:
  one:
  - {do: POST /exports, auto: {name: a}, keep: {id: id}}
expectations:
"""


@pytest.fixture(scope="module")
def served() -> Any:
    found = Served(_DOCUMENT)
    yield found
    found.close()


def _labels(tmp_path: Path, text: str) -> Labels:
    path = tmp_path / "exports.yaml"
    path.write_text(_HEAD + text)
    return read_labels(path, "dev")


def _played(served: Served, tmp_path: Path, text: str) -> list[Outcome]:
    labels = _labels(tmp_path, text)
    return [
        play(served, labels.document, "dev", one, f"mock-{tmp_path.name}-{number}")
        for number, one in enumerate(labels.expectations)
    ]


def test_what_the_mock_does_holds(served: Served, tmp_path: Path) -> None:
    found = _played(
        served,
        tmp_path,
        """
- id: job
  kind: jobs
  given: one
  steps:
  - {follow: "GET /exports/{id}", path: status, passes: [queued, running, done]}
  - {do: "GET /exports/{id}", see: {completed_at: <past>, created_at: {upto: "2026-01-01"}}}
- id: delete
  kind: verbs
  given: one
  steps:
  - {act: "DELETE /exports/{id}"}
  - {do: "GET /exports/{id}", code: 404}
- id: pages
  kind: paging
  steps:
  - {do: POST /exports, times: 5, apart: 3, auto: {name: "number {n}"}, keep: {"ids[]": id}}
  - {pages: "GET /exports?limit=2", items: ., most: 2, next: {page: page}, all: "{ids}"}
  - {do: GET /exports, see: {.: {has: {id: "{ids.0}", name: number 1}}}}
""",
    )
    assert [(each.id, each.holds, each.why) for each in found] == [
        ("job", True, ""),
        ("delete", True, ""),
        ("pages", True, ""),
    ]
    assert found[1].effect == "labelled"


def test_a_miss_says_what_was_seen(served: Served, tmp_path: Path) -> None:
    job, verb = _played(
        served,
        tmp_path,
        """
- id: job
  kind: jobs
  given: one
  steps:
  - {follow: "GET /exports/{id}", path: status, passes: [queued, done]}
- id: archive
  kind: verbs
  given: one
  steps:
  - {act: "DELETE /exports/{id}"}
  - {do: "GET /exports/{id}", see: {status: archived}}
""",
    )
    assert not job.holds
    assert "queued > running > done, not ['queued', 'done']" in job.why
    assert not verb.holds
    assert verb.effect == "other"


def test_a_request_that_the_document_has_not_is_an_error_of_the_label(
    served: Served, tmp_path: Path
) -> None:
    nowhere, unkept = _played(
        served,
        tmp_path,
        """
- {id: nowhere, kind: lists, steps: [GET /imports]}
- {id: unkept, kind: lists, steps: ["GET /exports/{other}"]}
""",
    )
    assert nowhere.broken
    assert "the document has no GET /imports" in nowhere.why
    assert unkept.broken


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- {id: a, kind: wonders, steps: []}", "kind 'wonders'"),
        ("- {id: a, kind: lists, steps: [{do: GET /a, sees: {}}]}", "unknown: sees"),
        ("- {id: a, kind: lists, steps: [{do: GET /a, wait: 2}]}", "needs one of"),
        ("- {id: a, kind: lists, given: two, steps: []}", "no setup 'two'"),
        ("- {id: a, kind: lists, steps: []}\n- {id: a, kind: lists, steps: []}", "an id twice: a"),
    ],
)
def test_a_label_that_is_written_wrong_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(LabelError, match=reason):
        _labels(tmp_path, text)


@pytest.mark.parametrize(
    ("value", "wanted", "fits"),
    [
        (7, "7", True),
        ("b", ["a", "b"], True),
        (ABSENT, None, True),
        ("", "<set>", False),
        ([3, 1], {"sorted": "desc"}, True),
        ([1, 1], {"sorted": "desc"}, False),
        ([{"id": 1}], {"has": {"id": "1"}}, True),
        ([{"id": 1}], {"lacks": {"id": 1}}, False),
        ("2026-01-01T00:00:01Z", "<now>", True),
        (1767225601000, "<now>", True),
        ("2026-02-01T00:00:00Z", "<future>", True),
        ("2026-02-01T00:00:00Z", {"above": "2026-01-01"}, True),
        ("x", {"not": ["x", "y"]}, False),
    ],
)
def test_what_a_label_says_of_a_value(value: Any, wanted: Any, fits: bool) -> None:
    assert (mismatch(value, wanted, 1767225601.0, 1767225600.0) is None) is fits


def test_paths() -> None:
    body = {"rows": [{"id": 7, "a": {"b": 1}}, {"id": 8, "a": {"b": 2}}]}
    assert at(body, "rows[id=8].a.b") == 2
    assert at(body, "rows.*.id") == [7, 8]
    assert at(body, "rows.0.a.c") is ABSENT


def test_moments_of_every_form() -> None:
    forms = ("2026-01-01T00:00:00Z", 1767225600, 1767225600000, "Thu, 01 Jan 2026 00:00:00 GMT")
    assert {moment(each) for each in forms} == {1767225600.0}
    assert moment("soon") is None


def test_a_body_has_what_is_required() -> None:
    operation = _DOCUMENT["paths"]["/exports"]["post"]
    assert set(Bodies(_DOCUMENT).made(operation)) == {"name"}


def test_precision_counts_effects_that_no_label_has() -> None:
    outcomes = [
        Outcome("d", "dev", "a", "verbs", True, effect="labelled"),
        Outcome("d", "dev", "b", "verbs", False, effect="other"),
        Outcome("d", "dev", "c", "verbs", False, effect="none"),
        Outcome("d", "dev", "d", "verbs-noop", False, effect="other"),
    ]
    assert precision(outcomes) == (1, 3)
    assert rows(outcomes)[0] == ("verbs", "1/3", "33 %", "-", "-")
