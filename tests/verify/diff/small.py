"""A small API with everything that a differential run covers, served by its inferred mock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from mockserver import MockServer
from mockserver.openapi.build import build_contract
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.calibration_file import Locked, read_lock
from mockserver.verify.diff.differ import Differ
from mockserver.verify.diff.mock_side import Mocks
from mockserver.verify.diff.model import Report
from mockserver.verify.diff.programs.random import programs
from mockserver.verify.diff.runner import Side
from mockserver.verify.lifecycle.clock import clock_of, reset
from mockserver.verify.target import Target
from tests.support.documents import MOMENT, ref
from tests.support.fault_proxy.catalogue import Fault

_JSON = "application/json"


def _answer(schema: dict[str, Any], description: str = "good") -> dict[str, Any]:
    return {"description": description, "content": {_JSON: {"schema": schema}}}


def _body(name: str) -> dict[str, Any]:
    return {"required": True, "content": {_JSON: {"schema": ref(name)}}}


def _query(name: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema}


_ID = {"name": "shelf_id", "in": "path", "required": True, "schema": {"type": "string"}}
_GONE = {"404": _answer(ref("Error"), "unknown")}
_BAD = {"422": _answer(ref("Error"), "refused")}
_SENT = {
    "name": {"type": "string", "minLength": 1, "maxLength": 20},
    "colour": {"type": "string", "enum": ["red", "blue"], "default": "red"},
    "note": {"type": ["string", "null"]},
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shelves", "version": "1"},
    "security": [{"key": []}],
    "paths": {
        "/shelves": {
            "get": {
                "operationId": "listShelves",
                "parameters": [
                    _query("limit", type="integer", minimum=1, maximum=100),
                    _query("cursor", type="string"),
                    _query("colour", type="string"),
                ],
                "responses": {"200": _answer(ref("Page")), **_BAD},
            },
            "post": {
                "operationId": "createShelf",
                "requestBody": _body("NewShelf"),
                "responses": {"201": _answer(ref("Shelf")), **_BAD},
            },
        },
        "/shelves/{shelf_id}": {
            "parameters": [_ID],
            "get": {
                "operationId": "getShelf",
                "responses": {"200": _answer(ref("Shelf"))} | _GONE,
            },
            "patch": {
                "operationId": "changeShelf",
                "requestBody": _body("Change"),
                "responses": {"200": _answer(ref("Shelf")), **_GONE, **_BAD},
            },
            "delete": {
                "operationId": "removeShelf",
                "responses": {"204": {"description": "gone"}, **_GONE},
            },
        },
    },
    "components": {
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "x-api-key"}},
        "schemas": {
            "NewShelf": {"type": "object", "properties": _SENT, "required": ["name"]},
            "Change": {"type": "object", "properties": _SENT},
            "Shelf": {
                "type": "object",
                "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    **_SENT,
                    "created_at": MOMENT,
                    "updated_at": MOMENT,
                },
                "required": ["id", "name", "colour", "created_at", "updated_at"],
            },
            "Page": {
                "type": "object",
                "properties": {
                    "items": {"type": "array", "items": ref("Shelf")},
                    "next_cursor": {"type": ["string", "null"]},
                },
                "required": ["items", "next_cursor"],
            },
            "Error": {
                "type": "object",
                "properties": {"error": {"type": "string"}, "message": {"type": "string"}},
                "required": ["error", "message"],
            },
        },
    },
}
KNOWLEDGE = Knowledge.of(build_contract(DOCUMENT))


@contextmanager
def served(seed: int) -> Iterator[str]:
    """The small API on its own port, without an admin API, like a real server."""
    with MockServer(DOCUMENT, clock="manual", seed=seed) as mock:
        yield mock.url


def planted(on: str, action: str, status: str = "2xx", **options: Any) -> Fault:
    return Fault("planted", "any", "", on, action, status, options)


def differ(
    real: str,
    mock: str,
    examples: int = 0,
    seed: int = 1,
    most: int = 50,
    origins: tuple[str, ...] = (),
    lock: str = "",
    shorten: bool = True,
) -> Report:
    """A whole run, as by `mockserver diff`, or only the sequences of some origins."""
    report = Report("Shelves", "shelves", real, mock, seed)
    with (
        Target(KNOWLEDGE.contract, real, "mock-key") as target,
        Mocks(KNOWLEDGE, [mock]) as mocks,
    ):
        target.persistence.grace = 1
        side = Side(target, KNOWLEDGE, clock_of(target, 5), judged=True)
        side.before = partial(_reset, target)
        chosen = programs(KNOWLEDGE, seed, examples)
        locked = read_lock(lock) if lock else Locked()
        report.calibration = locked.written
        Differ(
            mocks,
            report,
            real=side,
            most=most,
            shorten=shorten,
            accepted=locked.known,
            in_use=locked.in_use,
        ).run(program for program in chosen if not origins or program.origin in origins)
    return report


def _reset(target: Target) -> None:
    reset(target)
