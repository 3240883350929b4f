"""Other people's entities are left alone, and all of ours are removed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import requests
from requests.adapters import HTTPAdapter

from mockserver.errors import UsageError
from mockserver.inference.build import build_plan
from mockserver.openapi.build import build_contract
from mockserver.verify.cleanup import clean_up, note_others
from mockserver.verify.conformance.guarded import Guard
from mockserver.verify.ledger import Ledger
from mockserver.verify.ownership import Ownership, Withheld
from mockserver.verify.persistence import Persistence
from mockserver.verify.sandbox import Sandbox, sandbox_of
from mockserver.verify.target import Target
from tests.support.documents import TEXT
from tests.verify.jobs_server import closes, serving

THING = {"type": "object", "required": ["id", "name"], "properties": {"id": TEXT, "name": TEXT}}
GIVEN = {"type": "object", "required": ["name"], "properties": {"name": TEXT}}


def _reply(schema: Any = None, status: str = "200") -> dict[str, Any]:
    content = {"content": {"application/json": {"schema": schema}}} if schema else {}
    no = {code: {"description": "No."} for code in ("400", "404", "422")}
    return {status: {"description": "It.", **content}, **no}


def _operation(name: str, replies: dict[str, Any], body: Any = None) -> dict[str, Any]:
    found: dict[str, Any] = {"operationId": name, "responses": replies}
    if body is not None:
        found["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": body}},
        }
    return found


ITEM = [{"name": "thing_id", "in": "path", "required": True, "schema": TEXT}]
ROWS = {"type": "object", "properties": {"items": {"type": "array", "items": THING}}}
OBJECT = {"type": "object"}
REF = "#/components/schemas/Thing"
COUNT = {"type": "object", "properties": {"deleted": {"type": "integer"}}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "paths": {
        "/things": {
            "get": _operation("listThings", _reply(ROWS)),
            "post": _operation("makeThing", _reply(THING, "201"), GIVEN),
            "delete": _operation("removeThings", _reply(status="204")),
            "patch": _operation("changeThings", _reply(THING), GIVEN),
            "put": _operation("updateThings", _reply(ROWS), {"type": "array", "items": THING}),
        },
        "/things/bulk_delete": {
            "post": _operation("bulkDelete", _reply(COUNT), {"type": "object"})
        },
        "/things/search": {"post": _operation("searchThings", _reply(ROWS), {"type": "object"})},
        "/things/{thing_id}": {
            "parameters": ITEM,
            "get": _operation("getThing", _reply(THING)),
            "put": _operation("putThing", _reply(THING), GIVEN),
            "delete": _operation("removeThing", _reply(status="204")),
        },
        "/things/{thing_id}/copy": {
            "parameters": ITEM,
            "post": _operation("copyThing", _reply(THING, "201")),
        },
        "/settings": {"put": _operation("putSettings", _reply(THING), GIVEN)},
        "/shutdown": {"get": _operation("shutdown", _reply())},
    },
}
PRECIOUS = "precious"


class Things:
    """Things, one of them somebody else's; what is done to that is noted."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, str]] = {}
        self.touched: list[str] = []
        self.rows[PRECIOUS] = {"id": PRECIOUS, "name": "theirs"}

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        try:
            sent = json.loads(body) if body else {}
        except ValueError:
            return 400, {"detail": "no JSON"}
        named = isinstance(sent, dict) and isinstance(sent.get("name"), str)
        if method not in ("GET", "HEAD", "OPTIONS", "TRACE", "QUERY") and (
            PRECIOUS in path or path in ("/settings", "/shutdown")
        ):
            self.touched.append(f"{method} {path}")
        if path == "/shutdown":
            self.touched.append("shut down")
            return 200, None
        if path in ("/things", "/things/search"):
            if method == "DELETE":
                self.touched.append("everything")
                self.rows.clear()
                return 204, None
            if method == "POST" and path == "/things":
                return self._new(sent["name"]) if named else (422, {"detail": "no name"})
            return 200, {"items": list(self.rows.values())}
        if path == "/things/bulk_delete":
            self.touched.append("in bulk")
            return 200, {"deleted": 0}
        if path == "/settings":
            return 404, {"detail": "none"}
        return self._one(method, path, sent if named else None)

    def _one(self, method: str, path: str, sent: Any) -> tuple[int, Any]:
        identity, _, verb = path.removeprefix("/things/").partition("/")
        if identity not in self.rows:
            return 404, {"detail": "none"}
        if verb == "copy" and method == "POST":
            return self._new(self.rows[identity]["name"])
        if method == "DELETE" and not verb:
            del self.rows[identity]
            return 204, None
        if method == "PUT" and not verb:
            if sent is None:
                return 422, {"detail": "no name"}
            self.rows[identity]["name"] = sent["name"]
        return (200, self.rows[identity]) if not verb else (404, {"detail": "none"})

    def _new(self, name: str) -> tuple[int, Any]:
        row = {"id": str(uuid.uuid4()), "name": name}
        self.rows[row["id"]] = row
        return 201, row


# --- what may be sent


def ownership(**more: Any) -> Ownership:
    contract = build_contract(DOCUMENT)
    return Ownership(contract, build_plan(contract), **more)


def test_what_each_operation_may_do() -> None:
    known = ownership()
    kinds = {op.id: known.kind(op)[0] for op in known.contract.operations}
    assert kinds == {
        "listThings": "read",
        "searchThings": "read",
        "getThing": "read",
        "makeThing": "create",
        "putThing": "own",
        "removeThing": "own",
        "copyThing": kinds["copyThing"],
        "removeThings": "never",
        "changeThings": "never",
        "updateThings": "never",
        "bulkDelete": "never",
        "putSettings": "never",
        "shutdown": "never",
    }
    assert kinds["copyThing"] in ("create", "own")


@pytest.mark.parametrize("more", [{"disposable": True}, {"allowed": ["bulkDelete"]}])
def test_what_is_allowed_is_sent(more: dict[str, Any]) -> None:
    ownership(**more).admit("POST", "/things/bulk_delete")


def test_what_is_excluded_is_never_sent() -> None:
    known = ownership(disposable=True, excluded=["bulkDelete"])
    with pytest.raises(Withheld, match="--exclude"):
        known.admit("POST", "/things/bulk_delete")


def test_a_change_of_a_collection_that_shows_one_creates_nothing() -> None:
    """Airflow's `PATCH /dags` changes all that the query filters."""
    paths = {
        "/things": {
            "get": _operation("list", _reply({"type": "array", "items": {"$ref": REF}})),
            "post": _operation("make", _reply({"$ref": REF}, "201"), {"$ref": REF}),
            "patch": _operation("change", _reply({"$ref": REF}), OBJECT),
        },
        "/things/{thing_id}": {
            "parameters": ITEM,
            "get": _operation("get", _reply({"$ref": REF})),
            "delete": _operation("remove", _reply(status="204")),
        },
    }
    schemas = {"schemas": {"Thing": THING}}
    contract = build_contract({**DOCUMENT, "paths": paths, "components": schemas})
    plan = build_plan(contract)
    assert plan.actions["change"].kind == "fixed"
    known = Ownership(contract, plan)
    assert [known.kind(contract.by_id[name])[0] for name in ("make", "change")] == [
        "create",
        "never",
    ]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/things"),
        ("PATCH", "/things"),
        ("PUT", "/things"),
        ("DELETE", "/things/precious"),
        ("PUT", "/things/precious"),
        ("POST", "/things/precious/copy"),
        ("POST", "/things/bulk_delete"),
        ("PUT", "/settings"),
        ("DELETE", "/things/search"),
        ("POST", "/things/precious"),
        ("GET", "/shutdown"),
    ],
)
def test_others_are_left_alone(method: str, path: str) -> None:
    known = ownership(probe=lambda path: 200)
    with pytest.raises(Withheld):
        known.admit(method, path)


def test_what_is_not_there_may_be_asked_to_go() -> None:
    pending: list[str] = []

    def probe(path: str) -> int:
        pending.append(path)
        return 404

    known = ownership(probe=probe)
    known.admit("DELETE", "/things/no%2Fsuch")
    known.admit("PUT", "/things/no%2Fsuch")
    assert pending == ["/things/no%2Fsuch"]


@pytest.mark.parametrize("identity", ["~", "*", "-", "_all", "%25", ".."])
def test_an_id_that_may_stand_for_all_is_left_alone(identity: str) -> None:
    known = ownership(probe=lambda path: 404)
    with pytest.raises(Withheld, match="not ours"):
        known.admit("DELETE", f"/things/{identity}")
    known.admit("GET", f"/things/{identity}")


@pytest.mark.parametrize("identity", ["", ".."])
def test_what_no_path_leads_to_is_not_created(identity: str, tmp_path: Path) -> None:
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    known = ownership(ledger=ledger)
    with pytest.raises(Withheld, match="can't be removed"):
        known.admit("POST", "/things", json.dumps({"id": identity, "name": "a"}).encode())
    known.admit("POST", "/things", json.dumps({"id": "one", "name": "a"}).encode())
    ledger.close()


def test_ours_may_be_changed_copied_and_removed(tmp_path: Path) -> None:
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    known = ownership(ledger=ledger, probe=lambda path: 200)
    made = known.admit("POST", "/things", b'{"name": "a long enough name"}')
    known.settle(made, 201, {}, b'{"id": "ours", "name": "one"}')
    known.admit("PUT", "/things/ours")
    copied = known.admit("POST", "/things/ours/copy")
    known.settle(copied, 201, {}, b'{"id": "copy", "name": "one"}')
    assert [entry.id for entry in ledger.left()] == ["copy", "ours"]
    gone = known.admit("DELETE", "/things/ours")
    known.settle(gone, 204, {}, b"")
    assert [entry.id for entry in ledger.left()] == ["copy"]
    refused = known.admit("POST", "/things", b"{}")
    known.settle(refused, 422, {}, b"")
    failed = known.admit("POST", "/things", b'{"name": "a long enough name"}')
    known.settle(failed, 500, {}, b"")
    ledger.close()
    assert [pending.marker for pending in ledger.pending.values()] == ["a long enough name"]


def test_what_another_user_creates_is_removed_at_once(tmp_path: Path) -> None:
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    things = Things()
    with serving(things) as url:
        guard = Guard("", 2, ownership(ledger=ledger), credentials={"authorization": "ours"})
        for credential, left in (("theirs", 0), ("ours", 1)):
            request = requests.Request(
                "POST",
                f"{url}/things",
                headers={"Authorization": credential, "If-Match": '"0"'},
                json={"name": "a long enough name"},
            ).prepare()
            assert guard.send(HTTPAdapter(), request, timeout=2).status_code == 201
            # A DELETE that still had the length of the POST would wait for its body.
            assert len(list(ledger.left())) == left
            assert len(things.rows) == 1 + left
    ledger.close()


def test_what_is_in_the_ledger_twice_is_removed_once(tmp_path: Path) -> None:
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    things = Things()
    known = ownership(ledger=ledger)
    with serving(things) as url, Target(build_contract(DOCUMENT), url, "") as target:
        _, row = things._new("mine")
        for _ in range(2):
            ledger.made(
                ledger.ask("makeThing", {}, ""), "removeThing", {"thing_id": row["id"]}, "things"
            )
        sent: list[str] = []
        target.watchers.append(lambda exchange: sent.append(exchange.method))
        assert clean_up(ledger, target, known, lambda text: None) == []
    ledger.close()
    assert sent == ["DELETE", "GET"]


class Silent(Things):
    """A creation does not return what it has created, and a list may not show all of it."""

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        status, value = super().answer(method, path, body)
        if method == "POST" and path == "/things" and status == 201:
            return 201, {"detail": "done"}
        if method == "GET" and path == "/things":
            return 200, {"items": [row for row in value["items"] if "hidden" not in row["name"]]}
        return status, value


def test_what_a_response_does_not_name_is_found_or_reported(tmp_path: Path) -> None:
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    things = Silent()
    known = ownership(ledger=ledger)
    with serving(things) as url, Target(build_contract(DOCUMENT), url, "") as target:
        target.ownership = known
        for name in ("a name to be found", "a hidden name"):
            target.send("POST", "/things", body={"name": name}, operation="makeThing")
        left = clean_up(ledger, target, known, lambda text: None)
    ledger.close()
    assert {row["name"] for row in things.rows.values()} == {"theirs", "a hidden name"}
    assert left == ["what makeThing created, which its response does not name"]
    assert Ledger.load(str(ledger.path)).pending == ledger.pending


class Unlisted(Silent):
    """Its list fails once the creations are done."""

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if method == "GET" and path == "/things" and len(self.rows) > 1:
            return 0, closes
        return super().answer(method, path, body)


def test_a_list_that_fails_does_not_end_the_removal(tmp_path: Path) -> None:
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    things = Unlisted()
    known = ownership(ledger=ledger)
    with serving(things) as url, Target(build_contract(DOCUMENT), url, "") as target:
        target.persistence = Persistence(0.1, 0.01)
        target.ownership = known
        target.send("POST", "/things", body={"name": "a long name"}, operation="makeThing")
        _, row = things._new("mine")
        made = known.admit("POST", "/things", b'{"name": "mine"}')
        known.settle(made, 201, {}, json.dumps(row).encode())
        left = clean_up(ledger, target, known, lambda text: None)
    ledger.close()
    assert row["id"] not in things.rows
    assert left == ["what makeThing created, which its response does not name"]


class Fussy(Things):
    """Refuses to remove what is not there with any status, and some that is there."""

    def __init__(self, status: int, kept: bool) -> None:
        super().__init__()
        self.status, self.kept = status, kept

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        identity = path.rpartition("/")[2]
        if method == "DELETE" and (self.kept or identity not in self.rows):
            return self.status, {"detail": "there is none, or it is in use"}
        return super().answer(method, path, body)


@pytest.mark.parametrize("status", [400, 403, 409, 422, 500])
@pytest.mark.parametrize("kept", [True, False])
def test_what_can_no_longer_be_read_is_gone(status: int, kept: bool, tmp_path: Path) -> None:
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    things = Fussy(status, kept)
    known = ownership(ledger=ledger)
    with serving(things) as url, Target(build_contract(DOCUMENT), url, "") as target:
        target.persistence = Persistence(0.1, 0.01)
        target.ownership = known
        _, row = things._new("mine")
        made = known.admit("POST", "/things", b'{"name": "mine"}')
        known.settle(made, 201, {}, json.dumps(row).encode())
        if not kept:
            del things.rows[row["id"]]
        left = clean_up(ledger, target, known, lambda text: None)
    ledger.close()
    assert bool(left) is (kept or status == 500)


def test_what_the_server_was_still_at_when_the_run_ended_is_removed(tmp_path: Path) -> None:
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    things = Things()
    known = ownership(ledger=ledger)
    with serving(things) as url, Target(build_contract(DOCUMENT), url, "") as target:
        ledger.ask("makeThing", {}, "mine, late")
        pauses: list[float] = []

        def sleep(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 3:
                things._new("mine, late")

        target.persistence.sleep = sleep
        assert clean_up(ledger, target, known, lambda text: None) == []
    ledger.close()
    assert set(things.rows) == {PRECIOUS}
    assert not ledger.pending


class Unique(Things):
    """A thing of a name is created once; then it is returned."""

    def _new(self, name: str) -> tuple[int, Any]:
        known = next((row for row in self.rows.values() if row["name"] == name), None)
        return (200, known) if known else super()._new(name)


def test_what_was_there_is_not_ours_though_a_creation_returns_it(tmp_path: Path) -> None:
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    things = Unique()
    known = ownership(ledger=ledger)
    with serving(things) as url, Target(build_contract(DOCUMENT), url, "") as target:
        target.ownership = known
        note_others(ledger, target, known)
        for name in ("mine", "theirs"):
            target.send("POST", "/things", body={"name": name}, operation="makeThing")
        assert Ledger.load(str(ledger.path)).others == {("things", PRECIOUS)}
        target.persistence.sleep = lambda seconds: None
        # A creation without a response may have had the name of what was there, too.
        ledger.ask("makeThing", {}, "theirs")
        assert clean_up(ledger, target, known, lambda text: None) == []
    ledger.close()
    assert set(things.rows) == {PRECIOUS}


@pytest.mark.parametrize("place", ["id", "thing_id"])
def test_a_creation_with_the_id_of_what_was_there_is_not_sent(place: str, tmp_path: Path) -> None:
    """Some servers take it for a change."""
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    made = {**THING, "properties": {place: TEXT, "name": TEXT}}
    paths = {**DOCUMENT["paths"], "/things": dict(DOCUMENT["paths"]["/things"])}
    paths["/things"]["post"] = _operation("makeThing", _reply(made, "201"), GIVEN)
    contract = build_contract({**DOCUMENT, "paths": paths})
    known = Ownership(contract, build_plan(contract), ledger)
    ledger.found("things", [PRECIOUS])
    with pytest.raises(Withheld, match="precious is not ours"):
        known.admit("POST", "/things", json.dumps({"name": "a", "id": PRECIOUS}).encode())
    known.admit("POST", "/things", b'{"name": "a", "id": "another"}')
    known = Ownership(contract, build_plan(contract), ledger, disposable=True)
    known.admit("POST", "/things", json.dumps({"name": "a", "id": PRECIOUS}).encode())
    ledger.close()


class Named(Things):
    """The paths of things have their names, though their ids are returned."""

    def _one(self, method: str, path: str, sent: Any) -> tuple[int, Any]:
        name = unquote(path.removeprefix("/things/"))
        known = next((row["id"] for row in self.rows.values() if row["name"] == name), "none")
        return super()._one(method, f"/things/{known}", sent)


def test_what_only_its_name_removes_is_removed_by_it(tmp_path: Path) -> None:
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    things = Named()
    known = ownership(ledger=ledger)
    with serving(things) as url, Target(build_contract(DOCUMENT), url, "") as target:
        target.ownership = known
        for name in ("mine", "theirs", "mine too"):
            target.send("POST", "/things", body={"name": name})
        left = clean_up(ledger, target, known, lambda text: None)
    ledger.close()
    assert {row["name"] for row in things.rows.values()} == {"theirs"}
    # Somebody else has a thing of that name.
    (twin,) = left
    assert "is still listed" in twin
    assert PRECIOUS in things.rows


# --- runs


def _command(*arguments: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "mockserver", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
    )


@pytest.fixture
def spec(tmp_path: Path) -> str:
    file = tmp_path / "things.json"
    file.write_text(json.dumps(DOCUMENT))
    return str(file)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("test", "--max-examples", "1", "--max-time", "20"), marks=pytest.mark.slow),
        ("fuzz", "--max-time", "4", "--rate", "100"),
    ],
)
def test_a_run_leaves_everything_as_it_was(
    words: tuple[str, ...], spec: str, tmp_path: Path
) -> None:
    entities = Things()
    with serving(entities) as url:
        options = ["--url", url, "--allow-host", "127.0.0.1", "-q"]
        process = _command(words[0], spec, *words[1:], *options, folder=tmp_path)
        said, _ = process.communicate(timeout=300)
    assert entities.touched == [], said
    assert entities.rows == {PRECIOUS: {"id": PRECIOUS, "name": "theirs"}}, said
    assert "not removed" not in said
    assert "bulk_delete" in said


@pytest.mark.skipif(sys.platform == "win32", reason="there are other signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_told_to_stop_cleans_up(
    number: signal.Signals, code: int, spec: str, tmp_path: Path
) -> None:
    entities = Things()
    with serving(entities) as url:
        report = tmp_path / "report"
        options = ["--url", url, "-q", "--report-dir", str(report)]
        process = _command("test", spec, *options, folder=tmp_path)
        _wait(process, lambda: len(entities.rows) > 2)
        process.send_signal(number)
        said, _ = process.communicate(timeout=120)
    assert process.returncode == code, said
    assert "interrupted" in said
    assert set(entities.rows) == {PRECIOUS}
    assert (report / "junit.xml").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there are other signals")
def test_after_a_kill_the_ledger_removes_everything(spec: str, tmp_path: Path) -> None:
    entities = Things()
    with serving(entities) as url:
        process = _command("test", spec, "--url", url, "-q", folder=tmp_path)
        _wait(process, lambda: len(entities.rows) > 3)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        again = _command("test", spec, "--url", url, "-q", folder=tmp_path)
        said, _ = again.communicate(timeout=120)
        assert again.returncode == 2
        assert "--cleanup" in said
        cleanup = ["--cleanup", "mockserver-ledger.ndjson", "-q"]
        process = _command("test", spec, *cleanup, folder=tmp_path)
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert set(entities.rows) == {PRECIOUS}


def _wait(process: subprocess.Popen[str], until: Any) -> None:
    deadline = time.monotonic() + 120
    while not until() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)


# --- what is said of a server


def test_flags_win_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "from outside")
    table = {"api-key": "${SECRET_KEY}", "timeout": 20, "params": {"a": 1, "b": "x"}}
    sandbox = sandbox_of({"timeout": 3.0, "params": ("a=2",)}, table)
    assert (sandbox.key, sandbox.timeout) == ("from outside", 3.0)
    assert sandbox.params == {"a": "2", "b": "x"}


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"tiemout": 3}, "did you mean 'timeout'"),
        ({"timeout": "3"}, "must be a number"),
        ({"include": "x"}, "a list of strings"),
        ({"api-key": "${NO_SUCH_VARIABLE}"}, "NO_SUCH_VARIABLE"),
        ({"ignore": [{"rule": "x", "until": "2030-01-01"}]}, "needs a reason"),
        ({"ignore": [{"rule": "x", "reason": "y"}]}, "needs an expiry date"),
        ({"ignore": [{"reason": "y", "until": "2030-01-01"}]}, "needs a rule"),
        ({"params": ["x"]}, r"write \[verify.params\]"),
    ],
)
def test_what_the_file_says_wrongly(table: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        sandbox_of({}, table)


@pytest.mark.parametrize(
    ("sandbox", "words"),
    [
        (Sandbox(include=["makeTing"]), "did you mean 'makeThing'"),
        (Sandbox(allow=["tag:none"]), "has no 'tag:none'"),
        (Sandbox(params={"thing": "x"}), "did you mean 'thing_id'"),
        (Sandbox(keys={"k": "x"}), "has no 'k'"),
        (Sandbox(bodies={"x": {}}), "has no 'x'"),
    ],
)
def test_what_the_document_does_not_have(sandbox: Sandbox, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        sandbox.check(build_contract(DOCUMENT))


def test_patterns() -> None:
    contract = build_contract(DOCUMENT)
    sandbox = Sandbox(include=["/things/{thing_id}*"], exclude=["DELETE /things*"])
    assert sandbox.in_view(contract) == {"getThing", "putThing", "copyThing"}
    assert sandbox.left_out(contract) == {"removeThings", "removeThing"}


WINDOW = {"type": "object", "properties": {n: {"type": "integer"} for n in ("limit", "offset")}}
BY_POST: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "paths": {
        "/things/": {"post": _operation("makeThing", _reply(THING, "201"), GIVEN)},
        "/things/filter": {
            "post": _operation("filterThings", _reply({"type": "array", "items": THING}), WINDOW)
        },
        "/things/{thing_id}": {
            "parameters": ITEM,
            "get": _operation("getThing", _reply(THING)),
            "delete": _operation("removeThing", _reply(status="204")),
        },
    },
}


class Filtered(Unique):
    """Things in pages of two, by POST alone."""

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if (method, path) == ("POST", "/things/filter"):
            start = json.loads(body).get("offset", 0)
            return 200, list(self.rows.values())[start : start + 2]
        return super().answer(method, path.rstrip("/"), body)


def test_what_only_a_post_lists_is_not_ours_either(tmp_path: Path) -> None:
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    things, contract = Filtered(), build_contract(BY_POST)
    for name in ("b", "c", "d"):
        things.rows[name] = {"id": name, "name": name}
    known = Ownership(contract, build_plan(contract), ledger)
    with serving(things) as url, Target(contract, url, "") as target:
        target.ownership = known
        note_others(ledger, target, known)
        assert ledger.others == {("things", name) for name in (PRECIOUS, "b", "c", "d")}
        for name in ("mine", "d"):
            target.send("POST", "/things/", body={"name": name}, operation="makeThing")
        assert clean_up(ledger, target, known, lambda text: None) == []
    ledger.close()
    assert set(things.rows) == {PRECIOUS, "b", "c", "d"}
