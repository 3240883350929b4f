"""What a server may do later, and pages that follow the last row."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from mockserver.openapi.build import build_contract
from mockserver.openapi.model import Contract
from mockserver.verify.conformance.exemptions import Requests, allowed
from mockserver.verify.lifecycle import command_checks, crud_checks, list_checks
from mockserver.verify.lifecycle.infer import derive
from mockserver.verify.lifecycle.session import Broken, CannotMake, Session
from mockserver.verify.model import Exchange, Finding
from mockserver.verify.target import Target
from tests.support.documents import TEXT
from tests.verify.jobs_server import serving

ITEM = {"type": "object", "required": ["id"], "properties": {"id": TEXT, "name": TEXT}}
PAGE = {
    "type": "object",
    "required": ["data", "has_more"],
    "properties": {"data": {"type": "array", "items": ITEM}, "has_more": {"type": "boolean"}},
}
LIMIT = {"type": "integer", "minimum": 1, "maximum": 100}


def _operation(name: str, status: str, schema: Any = None, **more: Any) -> dict[str, Any]:
    content = {"content": {"application/json": {"schema": schema}}} if schema else {}
    no = {"404": {"description": "None."}}
    return {"operationId": name, "responses": {status: {"description": "It.", **content}, **no}} | (
        more
    )


def _contract(made: str = "201", removed: str = "204", shown: Any = ITEM) -> Contract:
    query = [("limit", LIMIT), ("starting_after", TEXT)]
    parameters = [{"name": name, "in": "query", "schema": one} for name, one in query]
    body = {"content": {"application/json": {"schema": {"type": "object", "properties": {}}}}}
    body["content"]["application/json"]["schema"]["properties"] = {"name": TEXT}
    item = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]
    paths = {
        "/things": {
            "get": _operation("list", "200", PAGE, parameters=parameters),
            "post": _operation("make", made, shown, requestBody=body),
        },
        "/things/{id}": {
            "parameters": item,
            "get": _operation("get", "200", ITEM),
            "delete": _operation("remove", removed),
        },
    }
    info = {"title": "Things", "version": "1"}
    return build_contract({"openapi": "3.1.0", "info": info, "paths": paths})


class Things:
    """Things that are there, and gone, after some reads; of each page `lost` rows are left out."""

    with_query = True

    def __init__(self, made: int = 201, removed: int = 204, late: int = 0, lost: int = 0) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.late = late
        self.lost = lost
        self.made, self.removed = made, removed
        self.hidden: dict[str, int] = {}
        self.leaving: dict[str, int] = {}

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        path, _, query = path.partition("?")
        if method == "POST":
            row = {"id": f"t{len(self.rows)}", **json.loads(body)}
            self.rows[row["id"]] = row
            self.hidden[row["id"]] = self.late
            return self.made, row
        if path == "/things":
            return 200, self._page(parse_qs(query))
        name = path.removeprefix("/things/")
        if self.hidden.get(name, 0) > 0:
            self.hidden[name] -= 1
            return 404, {}
        if name in self.leaving:
            self.leaving[name] -= 1
            if self.leaving[name] < 0:
                self.rows.pop(name, None)
        if name not in self.rows:
            return 404, {}
        if method == "DELETE":
            self.leaving[name] = self.late
            if not self.late:
                del self.rows[name]
            return self.removed, None
        return 200, self.rows[name]

    def _page(self, query: dict[str, list[str]]) -> Any:
        rows = [row for name, row in self.rows.items() if not self.hidden.get(name)]
        after = query.get("starting_after", [""])[0]
        start = [row["id"] for row in rows].index(after) + 1 + self.lost if after else 0
        end = start + int(query.get("limit", ["100"])[0])
        return {"data": rows[start:end], "has_more": end < len(rows)}


@pytest.mark.parametrize("lost", [0, 1])
def test_pages_follow_the_last_row_where_no_cursor_is_shown(lost: int) -> None:
    contract = _contract()
    with serving(Things(lost=lost)) as url, Target(contract, url, "") as target:
        acts = Session(target, derive(contract))
        (resource,) = acts.api.resources.values()
        for _ in range(6):
            acts.make(resource)
        if not lost:
            list_checks.listed(acts, resource, {})
            return
        with pytest.raises(Broken, match="is lost"):
            list_checks.listed(acts, resource, {})


@pytest.mark.parametrize(("status", "fault"), [(202, False), (201, True)])
def test_what_was_accepted_is_waited_for(status: int, fault: bool) -> None:
    contract = _contract(made=str(status))
    with serving(Things(status, late=2)) as url, Target(contract, url, "") as target:
        acts = Session(target, derive(contract))
        (resource,) = acts.api.resources.values()
        acts.time.step = 0.01  # type: ignore[attr-defined]
        entity = acts.make(resource)
        if fault:
            with pytest.raises(Broken, match="was created"):
                crud_checks.read(acts, entity)
            return
        crud_checks.read(acts, entity)
        command_checks.creations(acts, resource)


@pytest.mark.parametrize(("status", "fault"), [(202, False), (204, True)])
def test_what_leaves_is_waited_for(status: int, fault: bool) -> None:
    contract = _contract(removed=str(status))
    things = Things(removed=status)
    with serving(things) as url, Target(contract, url, "") as target:
        acts = Session(target, derive(contract))
        (resource,) = acts.api.resources.values()
        acts.time.step = 0.01  # type: ignore[attr-defined]
        entity = acts.make(resource)
        things.late = 2
        if fault:
            with pytest.raises(Broken, match="was removed"):
                crud_checks.remove(acts, entity)
            return
        crud_checks.remove(acts, entity)


@pytest.mark.parametrize(("made", "excused"), [("202", True), ("201", False)])
def test_what_is_accepted_need_not_be_there_at_once(made: str, excused: bool) -> None:
    requests = Requests(_contract(made=made, removed=made))
    missing = Exchange("GET", "http://x/things/a", {}, b"", 404, {}, b"", 0, "f", "get")
    for rule, told in (
        ("ensure_resource_availability", "Created with      : `POST /things`"),
        ("use_after_free", "The resource was deleted with `DELETE /things/a`"),
    ):
        assert allowed(Finding(rule, "", "", told, [missing]), requests) is excused


@pytest.mark.parametrize(
    ("rule", "status", "excused"),
    [
        ("negative_data_rejection", 410, True),
        ("negative_data_rejection", 302, True),
        ("missing_required_header", 428, True),
        ("missing_required_header", 200, False),
        ("positive_data_acceptance", 410, True),
        ("ignored_auth", 302, True),
        ("ignored_auth", 200, False),
    ],
)
def test_what_is_refused_is_not_accepted(rule: str, status: int, excused: bool) -> None:
    requests = Requests(_contract())
    sent = Exchange("GET", "http://x/things/a", {}, b"", status, {}, b"", 0, "f", "get")
    assert allowed(Finding(rule, "", "Accepted", "", [sent]), requests) is excused


class Silent(Things):
    """A creation says nothing."""

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        status, value = super().answer(method, path, body)
        return status, None if method == "POST" else value


class Placed(Things):
    """A creation says where the thing is, and shows nothing."""

    def __init__(self, keeps: bool) -> None:
        super().__init__()
        self.headers: dict[str, str] = {}
        self.keeps = keeps

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        status, value = super().answer(method, path, body)
        self.headers = {"Location": f"/things/{value['id']}"} if method == "POST" else {}
        if method == "POST" and not self.keeps:
            value["name"] = "another"
        return status, None if method == "POST" else value


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize("shown", [ITEM, None])
def test_what_is_created_is_read_where_the_reply_says_it_is(keeps: bool, shown: Any) -> None:
    contract = _contract(shown=shown)
    with serving(Placed(keeps)) as url, Target(contract, url, "") as target:
        acts = Session(target, derive(contract))
        (resource,) = acts.api.resources.values()
        if keeps:
            crud_checks.read(acts, acts.make(resource))
            return
        with pytest.raises(Broken, match="name was sent as"):
            acts.make(resource)


def test_a_creation_that_says_nothing_is_not_judged() -> None:
    contract = _contract(shown=None)
    with serving(Silent()) as url, Target(contract, url, "") as target:
        acts = Session(target, derive(contract))
        (resource,) = acts.api.resources.values()
        with pytest.raises(CannotMake, match="does not show"):
            acts.make(resource)
