"""What is created is removed, where its removal wants more than an id or the id is not its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver.inference.build import build_plan
from mockserver.openapi.build import build_contract
from mockserver.verify.cleanup import clean_up, note_others
from mockserver.verify.ledger import Ledger
from mockserver.verify.ownership import Ownership, Withheld
from mockserver.verify.target import PLACEHOLDER, Target
from tests.support.documents import TEXT
from tests.verify.jobs_server import serving


def _reply(schema: Any = None, status: str = "200") -> dict[str, Any]:
    content = {"content": {"application/json": {"schema": schema}}} if schema else {}
    return {status: {"description": "It.", **content}, "404": {"description": "No."}}


def _body(schema: Any) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _parameters(*names: str) -> list[dict[str, Any]]:
    return [{"name": n, "in": "path", "required": True, "schema": TEXT} for n in names]


LABEL = {
    "type": "object",
    "required": ["group", "value"],
    "properties": {"group": TEXT, "value": TEXT},
}
PAIR = _parameters("group", "value")
LABELS = build_contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "Labels", "version": "1"},
        "paths": {
            "/labels": {
                "get": {
                    "operationId": "list",
                    "responses": _reply({"type": "array", "items": LABEL}),
                },
                "post": {
                    "operationId": "make",
                    "requestBody": _body(LABEL),
                    "responses": _reply(LABEL, "201"),
                },
            },
            "/labels/{group}/{value}": {
                "parameters": PAIR,
                "get": {"operationId": "get", "responses": _reply(LABEL)},
                "delete": {"operationId": "remove", "responses": _reply(status="204")},
            },
        },
    }
)


class Labels:
    """Labels in groups; removing what is not there is a success."""

    def __init__(self, hides: bool) -> None:
        self.rows: list[dict[str, str]] = [{"group": "theirs", "value": "a-long-value"}]
        self.hides = hides
        self.removed: list[str] = []

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if method == "POST":
            row = json.loads(body)
            self.rows.append(row)
            return 201, {"detail": "made"} if self.hides else row
        if method == "DELETE":
            self.removed.append(path)
            group, value = path.removeprefix("/labels/").split("/")
            self.rows = [r for r in self.rows if (r["group"], r["value"]) != (group, value)]
            return 204, None
        return 200, self.rows


@pytest.mark.parametrize("hides", [False, True])
def test_what_a_removal_wants_besides_the_id_is_in_the_entity(hides: bool, tmp_path: Path) -> None:
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    labels = Labels(hides)
    known = Ownership(LABELS, build_plan(LABELS), ledger)
    with serving(labels) as url, Target(LABELS, url, "") as target:
        target.ownership = known
        note_others(ledger, target, known)
        target.send("POST", "/labels", body={"group": "mine", "value": "another-long-value"})
        assert len(labels.rows) == 2
        assert clean_up(ledger, target, known, lambda text: None) == []
    ledger.close()
    assert labels.rows == [{"group": "theirs", "value": "a-long-value"}]
    assert not any(PLACEHOLDER in path for path in labels.removed)


class Behind(Labels):
    """Behind a gateway that gives the page of its login in place of the first removals."""

    def __init__(self, pages: int) -> None:
        super().__init__(hides=False)
        self.pages = pages

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if method == "DELETE" and self.pages:
            self.pages -= 1
            return 200, self._page
        return super().answer(method, path, body)

    @staticmethod
    def _page(handler: Any) -> None:
        page = b"<html><h1>Sign in</h1></html>"
        handler.send_response(200)
        handler.send_header("content-type", "text/html")
        handler.send_header("content-length", str(len(page)))
        handler.end_headers()
        handler.wfile.write(page)


@pytest.mark.parametrize(("pages", "left"), [(0, 0), (1, 0), (2, 0), (9, 1)])
def test_a_web_page_removes_nothing(pages: int, left: int, tmp_path: Path) -> None:
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    labels = Behind(pages)
    known = Ownership(LABELS, build_plan(LABELS), ledger)
    with serving(labels) as url, Target(LABELS, url, "") as target:
        target.ownership = known
        target.send("POST", "/labels", body={"group": "mine", "value": "another-long-value"})
        told = clean_up(ledger, target, known, lambda text: None, check=False)
    ledger.close()
    assert len(told) == left
    assert len(labels.rows) == 1 + left


PASS = {
    "type": "object",
    "required": ["name", "secret"],
    "properties": {"name": TEXT, "secret": TEXT},
}
NAMED = {"type": "object", "required": ["name"], "properties": {"name": TEXT}}
PASSES = build_contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "Passes", "version": "1"},
        "paths": {
            "/passes": {
                "get": {
                    "operationId": "list",
                    "responses": _reply({"type": "array", "items": PASS}),
                },
                "post": {
                    "operationId": "make",
                    "requestBody": _body(NAMED),
                    "responses": _reply(PASS, "201"),
                },
            },
            "/passes/{name}": {
                "parameters": _parameters("name"),
                "get": {"operationId": "get", "responses": _reply(PASS)},
                "delete": {"operationId": "remove", "responses": _reply(status="204")},
            },
        },
    }
)


class Passes:
    """Passes in small letters, whose names may repeat, or creations that return what is there."""

    def __init__(self, repeats: bool) -> None:
        self.rows = [{"name": "admin", "secret": "theirs"}]
        self.repeats = repeats
        self.removed = 0

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if method == "POST":
            if self.repeats:
                name = json.loads(body)["name"].lower()
                self.rows.append({"name": name, "secret": "new"})
            return 201, self.rows[-1]
        if method == "DELETE":
            self.removed += 1
            return 204, None
        return 200, self.rows


@pytest.mark.parametrize("repeats", [False, True])
def test_a_creation_with_the_id_of_another_entity_is_not_silent(
    repeats: bool, tmp_path: Path
) -> None:
    """Its removal would remove the other one: it is told of, and no further one is created."""
    file = tmp_path / "ledger"
    ledger = Ledger.create(str(file), "http://x")
    passes = Passes(repeats)
    known = Ownership(PASSES, build_plan(PASSES), ledger)
    with serving(passes) as url, Target(PASSES, url, "") as target:
        target.ownership = known
        note_others(ledger, target, known)
        target.send("POST", "/passes", body={"name": "Admin"})
        with pytest.raises(Withheld, match="the id of another one"):
            target.send("POST", "/passes", body={"name": "Admin"})
        ledger.close()
        again = Ledger.load(str(file))
        again.open()
        left = clean_up(again, target, known, lambda text: None)
        again.close()
    assert passes.removed == 0
    assert len(left) == repeats
    assert all("make created: another entity has its id 'admin', too" in one for one in left)


ENTRY = {
    "type": "object",
    "required": ["id", "title", "approved"],
    "properties": {"id": {"type": "integer"}, "title": TEXT, "approved": {"type": "boolean"}},
}
VERB = {
    "type": "object",
    "required": ["operation"],
    "properties": {"operation": {"type": "string", "enum": ["approve", "reject"]}},
}
TITLE = {"type": "object", "required": ["title"], "properties": {"title": TEXT}}
ENTRIES = build_contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "Entries", "version": "1"},
        "paths": {
            "/entries": {
                "get": {
                    "operationId": "list",
                    "responses": _reply({"type": "array", "items": ENTRY}),
                },
                "post": {
                    "operationId": "make",
                    "requestBody": _body(TITLE),
                    "responses": _reply(ENTRY, "201"),
                },
            },
            "/entries/{id}": {
                "parameters": [{**_parameters("id")[0], "schema": {"type": "integer"}}],
                "get": {"operationId": "get", "responses": _reply(ENTRY)},
                "put": {
                    "operationId": "decide",
                    "requestBody": _body(VERB),
                    "responses": _reply(ENTRY, "201"),
                },
                "delete": {"operationId": "remove", "responses": _reply(status="204")},
            },
        },
    }
)


def test_what_shows_the_entity_of_its_path_has_created_nothing(tmp_path: Path) -> None:
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    known = Ownership(ENTRIES, build_plan(ENTRIES), ledger)
    made = known.admit("POST", "/entries", b'{"title": "a rather long title"}')
    known.settle(made, 201, {}, b'{"id": 7, "title": "a rather long title", "approved": false}')
    decided = known.admit("PUT", "/entries/7", b'{"operation": "approve"}')
    known.settle(decided, 201, {}, b'{"id": 7, "title": "a rather long title", "approved": true}')
    ledger.close()
    assert [entry.id for entry in ledger.left()] == ["7"]
    assert not ledger.pending


class Keys:
    """Keys that are listed by name and removed by their secret; a removal never fails, or with
    `missing`, if there is no such key."""

    def __init__(self, by: str, soft: bool = False, missing: int = 204) -> None:
        self.rows: list[dict[str, Any]] = [{"name": "theirs", "secret": "0" * 20}]
        self.by, self.soft, self.missing = by, soft, missing

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if method == "POST":
            name = json.loads(body)["name"]
            count = len(self.rows)
            row = {"name": name, "secret": f"{name}-{str(count) * 20}", "owner_key": "0" * 20}
            self.rows.append(row)
            return 201, row
        if method == "DELETE":
            named = path.removeprefix("/passes/")
            if self.soft:
                self.rows = [{**r, "deleted": r["name"] == named} for r in self.rows]
                return 204, None
            before = len(self.rows)
            self.rows = [r for r in self.rows if r.get(self.by) != named]
            return (204 if len(self.rows) < before else self.missing), None
        return 200, self.rows


@pytest.mark.parametrize(
    ("keys", "left", "rows"),
    [
        (Keys("name"), 0, 1),
        # The secret of another one is no mark of ours.
        (Keys("secret"), 0, 1),
        (Keys("secret", missing=404), 0, 1),
        (Keys("nothing"), 1, 3),
        (Keys("nothing", missing=404), 2, 3),
        (Keys("name", soft=True), 0, 3),
    ],
)
def test_what_is_still_listed_is_not_removed(
    keys: Keys, left: int, rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockserver.verify.cleanup.PAUSES", (0.0, 0.01))
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    known = Ownership(PASSES, build_plan(PASSES), ledger)
    with serving(keys) as url, Target(PASSES, url, "") as target:
        target.ownership = known
        note_others(ledger, target, known)
        target.send("POST", "/passes", body={"name": "ours"})
        target.send("POST", "/passes", body={"name": "ours"})
        # Removed during the run, not by the cleanup.
        target.send("DELETE", "/passes/ours")
        told = clean_up(ledger, target, known, lambda text: None)
    ledger.close()
    assert len(told) == left
    assert all("still listed" in one for one in told)
    assert len(keys.rows) == rows
    assert keys.rows[0]["name"] == "theirs"


class Notes:
    """Each task that is created gets a note, which outlives it."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, str]]] = {
            "tasks": [{"id": "11111111-0000-4000-8000-000000000000", "name": "theirs"}],
            "notes": [{"id": "n1", "task_id": "11111111-0000-4000-8000-000000000000"}],
        }

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        _, kind, *identity = path.split("/")
        if method == "GET" and not identity:
            return 200, self.rows[kind]
        if method == "POST":
            number = len(self.rows["tasks"]) + 1
            made = {"id": f"22222222-0000-4000-8000-{number:012d}", **json.loads(body)}
            self.rows[kind].append(made)
            if kind == "tasks":
                self.rows["notes"].append({"id": f"n{number}", "task_id": made["id"]})
            # Somebody else is at work, too.
            self.rows["notes"].append({"id": f"theirs-{number}", "task_id": "a-task-of-others-2"})
            return 201, made
        there = [row for row in self.rows[kind] if row["id"] == identity[0]]
        if method == "DELETE" and there:
            self.rows[kind].remove(there[0])
            return 204, None
        return (200, there[0]) if there else (404, None)


def _noted(kind: str, **fields: Any) -> dict[str, Any]:
    one = {"type": "object", "required": ["id"], "properties": {"id": TEXT, **fields}}
    sent = {"type": "object", "properties": fields}
    return {
        f"/{kind}": {
            "get": {
                "operationId": f"list-{kind}",
                "responses": _reply({"type": "array", "items": one}),
            },
            "post": {
                "operationId": f"make-{kind}",
                "requestBody": _body(sent),
                "responses": _reply(one, "201"),
            },
        },
        f"/{kind}/{{id}}": {
            "parameters": _parameters("id"),
            "get": {"operationId": f"get-{kind}", "responses": _reply(one)},
            "delete": {"operationId": f"remove-{kind}", "responses": _reply(status="204")},
        },
    }


def test_what_the_server_made_for_an_entity_of_the_run_goes_with_it(tmp_path: Path) -> None:
    paths = {**_noted("tasks", name=TEXT), **_noted("notes", task_id=TEXT)}
    raw = {"openapi": "3.1.0", "info": {"title": "Notes", "version": "1"}, "paths": paths}
    contract = build_contract(raw)
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    notes = Notes()
    before = json.loads(json.dumps(notes.rows))
    with serving(notes) as url, Target(contract, url, "") as target:
        known = Ownership(contract, build_plan(contract), ledger, look=target.value_of)
        note_others(ledger, target, known)
        target.ownership = known
        target.send("POST", "/tasks", body={"name": "mine"})
        assert len(notes.rows["notes"]) == 3
        # Somebody else writes about the entity of the run.
        comment = {"id": "comment", "task_id": notes.rows["tasks"][-1]["id"]}
        notes.rows["notes"].append(comment)
        assert clean_up(ledger, target, known, lambda text: None) == []
    ledger.close()
    assert notes.rows["tasks"] == before["tasks"]
    # The one of somebody else, who worked meanwhile, is kept.
    theirs = {"id": "theirs-2", "task_id": "a-task-of-others-2"}
    assert notes.rows["notes"] == [*before["notes"], theirs, comment]
    assert not list(Ledger.load(str(tmp_path / "ledger")).left())


class Tagged(Notes):
    """What is named in an array is made, if there is none of that name."""

    def __init__(self) -> None:
        super().__init__()
        self.rows["tags"] = [{"id": "t1", "name": "production"}]

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        sent = json.loads(body) if body else {}
        for name in [*sent.get("tags", ()), *(["Theirs é ✓"] if method == "POST" else ())]:
            if not any(row["name"] == name for row in self.rows["tags"]):
                self.rows["tags"].append({"id": f"t{len(self.rows['tags']) + 1}", "name": name})
        return super().answer(method, path, body)


def test_what_the_server_made_by_a_name_in_an_array_is_removed(tmp_path: Path) -> None:
    paths = {
        **_noted("tasks", name=TEXT, tags={"type": "array", "items": TEXT}),
        **_noted("tags", name=TEXT),
    }
    raw = {"openapi": "3.1.0", "info": {"title": "Tags", "version": "1"}, "paths": paths}
    contract = build_contract(raw)
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    tagged = Tagged()
    with serving(tagged) as url, Target(contract, url, "") as target:
        known = Ownership(contract, build_plan(contract), ledger, look=target.value_of)
        note_others(ledger, target, known)
        target.ownership = known
        # Somebody else has just made one of the two.
        tagged.rows["tags"].append({"id": "t0", "name": "common 7 é ✓"})
        sent = ["production", "common 7 é ✓", "Urgent 7 é ✓"]
        target.send("POST", "/tasks", body={"name": "mine, for tags", "tags": sent})
        assert len(tagged.rows["tags"]) == 4
    ledger.close()
    # As after a loss of power.
    later = Ledger.load(str(tmp_path / "ledger"))
    later.open()
    known = Ownership(contract, build_plan(contract), later)
    with serving(tagged) as url, Target(contract, url, "") as target:
        assert clean_up(later, target, known, lambda text: None) == []
    later.close()
    assert [row["name"] for row in tagged.rows["tags"]] == [
        "production",
        "common 7 é ✓",
        "Theirs é ✓",
    ]


def test_a_tag_that_others_use_by_now_stays(tmp_path: Path) -> None:
    paths = {
        **_noted("tasks", name=TEXT, tags={"type": "array", "items": TEXT}),
        **_noted("tags", name=TEXT),
    }
    raw = {"openapi": "3.1.0", "info": {"title": "Tags", "version": "1"}, "paths": paths}
    contract = build_contract(raw)
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    tagged, said = Tagged(), list[str]()
    with serving(tagged) as url, Target(contract, url, "") as target:
        known = Ownership(contract, build_plan(contract), ledger, look=target.value_of)
        note_others(ledger, target, known)
        target.ownership = known
        target.send("POST", "/tasks", body={"name": "mine", "tags": ["Urgent", "Shared"]})
        tagged.rows["tasks"].append({"id": "theirs", "name": "Theirs", "tags": ["Shared"]})
        assert clean_up(ledger, target, known, said.append) == []
    ledger.close()
    assert [row["name"] for row in tagged.rows["tags"]] == ["production", "Shared", "Theirs é ✓"]
    assert [row["id"] for row in tagged.rows["tasks"]][-1] == "theirs"
    assert any("'Shared' stays" in text for text in said)
    assert not list(Ledger.load(str(tmp_path / "ledger")).left())
