"""Replacing the mock of a service: what is kept, and the messages on failure."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from mockserver.server.clients import InProcessTransport
from mockserver.server.mock import Options
from mockserver.server.reload import Reloader
from mockserver.server.service import Service, Serving
from mockserver.server.state_file import StateFile

ITEM = "{type: object, required: [id], properties: {id: {type: string}, name: {type: string}}}"


def family(name: str) -> str:
    """Paths to create, list and get entities of this name."""
    content = f"content: {{application/json: {{schema: {ITEM}}}}}"
    return f"""
  /{name}:
    get:
      operationId: list-{name}
      responses: {{"200": {{description: ok, content: {{application/json: {{schema:
        {{type: object, properties: {{items: {{type: array, items: {ITEM}}}}}}}}}}}}}}}
    post:
      operationId: make-{name}
      requestBody: {{required: true, {content}}}
      responses: {{"201": {{description: ok, {content}}}}}
  /{name}/{{id}}:
    get:
      operationId: get-{name}
      parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
      responses: {{"200": {{description: ok, {content}}}, "404": {{description: none}}}}
"""


def document(*names: str) -> str:
    head = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths:\n"
    return head + "".join(map(family, names))


class Reloading:
    """A service of a document in a folder, which can be reloaded."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "api.yaml"
        self.file.write_text(document("toys", "cups"))
        self.serving = Serving(str(self.file), reload=True)
        self.service = Service(self.serving)
        self.service.install(
            self.service.load(self.serving, self.service.source), self.serving, self.service.source
        )
        self.reloader = Reloader(self.service, lambda: self.serving)
        self.client = httpx.Client(
            transport=InProcessTransport(self.service),  # type: ignore[arg-type]
            base_url="http://127.0.0.1:8000",
        )

    def reload(self) -> bool:
        return asyncio.run(self.reloader.reload())

    def make(self, kind: str) -> str:
        made = self.client.post(f"/{kind}", json={"id": "x", "name": "mine"})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])


@pytest.fixture
def reloading(tmp_path: Path, said: pytest.LogCaptureFixture):
    return Reloading(tmp_path)


def test_what_was_made_is_still_there(reloading: Reloading) -> None:
    toy = reloading.make("toys")
    before = reloading.service.mock
    reloading.file.write_text(document("toys", "cups", "hats"))
    assert reloading.reload()
    assert reloading.service.mock is not before
    assert reloading.client.get(f"/toys/{toy}").json()["name"] == "mine"
    reloading.make("hats")


def test_what_has_no_place_any_more_is_dropped_and_said(
    reloading: Reloading, said: pytest.LogCaptureFixture
) -> None:
    toy = reloading.make("toys")
    reloading.make("cups")
    reloading.file.write_text(document("toys"))
    assert reloading.reload()
    assert reloading.client.get(f"/toys/{toy}").json()["name"] == "mine"
    assert reloading.client.get("/cups").status_code == 404
    assert "no longer has cups" in said.text


@pytest.mark.parametrize("broken", ["", "openapi: [", "swagger: '2.0'", "{}", "x: {$ref: a.yaml}"])
def test_a_broken_document_keeps_the_old_one(
    reloading: Reloading, said: pytest.LogCaptureFixture, broken: str
) -> None:
    toy = reloading.make("toys")
    before = reloading.service.mock
    reloading.file.write_text(broken)
    assert not reloading.reload()
    assert reloading.service.mock is before
    assert reloading.client.get(f"/toys/{toy}").status_code == 200
    assert "not reloaded, still serving the previous version: " in said.text
    reloading.file.unlink()
    assert not reloading.reload()
    reloading.file.write_text(document("toys"))
    assert reloading.reload()


PET = "type: object\nrequired: [id]\nproperties: {id: {type: string}, name: {type: string}}\n"


def refers(reloading: Reloading, name: str = "pet.yaml") -> Path:
    """Let the document take its entity from another file; that file."""
    reloading.file.write_text(document("toys").replace(ITEM, f"{{$ref: ./{name}}}"))
    return reloading.file.with_name(name)


@pytest.mark.parametrize(
    "broken",
    [
        None,
        b"",
        b"type: object\nproperties: {id: {type: str",
        b"\xff\xfe\x00 no text",
        b"{$ref: ./nowhere.yaml}",
        b"[1, 2]",
    ],
)
def test_a_broken_or_removed_referenced_file_comes_back(
    reloading: Reloading, broken: bytes | None
) -> None:
    other = refers(reloading)
    other.write_text(PET)
    assert reloading.reload()
    toy = reloading.make("toys")
    if broken is None:
        other.unlink()
    else:
        other.write_bytes(broken)
    reloading.reload()
    assert other in reloading.reloader.files()
    assert reloading.client.get(f"/toys/{toy}").status_code == 200
    other.write_text(PET.replace("name:", "title:"))
    assert reloading.reload()
    assert reloading.client.get(f"/toys/{toy}").status_code == 200
    assert reloading.client.post("/toys", json={"id": "y", "title": "new"}).status_code == 201


def test_a_file_that_is_referred_to_before_it_is_there_is_waited_for(reloading: Reloading) -> None:
    toy = reloading.make("toys")
    other = refers(reloading, "later.yaml")
    assert not reloading.reload()
    assert other in reloading.reloader.files()
    other.write_text(PET)
    assert reloading.reload()
    assert reloading.client.get(f"/toys/{toy}").status_code == 200


def test_a_folder_in_place_of_a_file_is_an_error_that_passes(reloading: Reloading) -> None:
    other = refers(reloading)
    other.mkdir()
    assert not reloading.reload()
    other.rmdir()
    other.write_text(PET)
    assert reloading.reload()


def test_the_clock_of_new_worlds_goes_on(reloading: Reloading) -> None:
    reloading.client.post("/__mock__/clock", json={"advance": 3600})
    before = reloading.client.get("/__mock__/clock").json()["now"]
    assert reloading.reload()
    assert reloading.client.get("/__mock__/clock").json()["now"] >= before
    reloading.client.post("/__mock__/clock", json={"speed": 0})
    assert reloading.reload()
    assert reloading.client.get("/__mock__/clock").json()["speed"] == 0


def test_faults_go_on_while_there_is_something_to_strike(
    reloading: Reloading, said: pytest.LogCaptureFixture
) -> None:
    for operation in ("get-toys", "get-cups"):
        fault = {"operation": operation, "status": 503, "tenant": "mock-a", "times": 9}
        assert reloading.client.post("/__mock__/faults", json=fault).status_code == 200
    reloading.file.write_text(document("toys"))
    assert reloading.reload()
    (left,) = reloading.client.get("/__mock__/faults").json()["faults"]
    assert (left["operation"], left["tenant"], left["times"]) == ("get-toys", "mock-a", 9)
    assert "the fault f2 no longer matches" in said.text


def test_stubs_go_on_while_their_operation_is_there(
    reloading: Reloading, said: pytest.LogCaptureFixture
) -> None:
    for operation in ("get-toys", "get-cups"):
        stub = {"operation": operation, "status": 503, "invalid": True, "times": 2}
        assert reloading.client.post("/__mock__/stubs", json=stub).status_code == 200
    made = reloading.make("toys")
    assert reloading.client.get(f"/toys/{made}").status_code == 503
    reloading.file.write_text(document("toys"))
    assert reloading.reload()
    assert reloading.client.get(f"/toys/{made}").status_code == 503
    assert reloading.client.get(f"/toys/{made}").status_code == 200
    (left,) = reloading.client.get("/__mock__/stubs").json()["stubs"]
    assert (left["id"], left["calls"]) == ("stub-1", 2)
    assert "the document no longer has the operation of stub-2" in said.text
    added = {"operation": "get-toys", "invalid": True, "status": 500}
    assert reloading.client.post("/__mock__/stubs", json=added).json() == {"added": ["stub-3"]}


def test_the_journal_and_the_state_file_go_on(reloading: Reloading, tmp_path: Path) -> None:
    service = reloading.service
    service.state = StateFile(tmp_path / "state.json")
    reloading.make("toys")
    assert reloading.reload()
    reloading.make("cups")
    assert service.journal.total == 2
    assert service.state.store is service.mock.store
    assert reloading.client.get("/__mock__/journal").json()["total"] == 2


def test_what_only_a_restart_changes_is_said(
    reloading: Reloading, said: pytest.LogCaptureFixture
) -> None:
    reloading.serving = replace(reloading.serving, port=9, control_token="new")
    assert reloading.reload()
    assert "a change of port takes effect after a restart" in said.text
    wrong = reloading.client.get("/__mock__/health", headers={"x-mock-token": "old"})
    assert wrong.status_code == 401


def test_every_file_is_watched_links_with_their_targets(tmp_path: Path) -> None:
    (tmp_path / "target.yaml").write_text(document("toys"))
    (tmp_path / "api.yaml").symlink_to("target.yaml")
    config, handlers = tmp_path / "mockserver.toml", tmp_path / "h.py"
    options = Options(calibration=tmp_path / "lock.toml")
    serving = Serving(
        str(tmp_path / "api.yaml"), options=options, config=config, handlers=handlers, reload=True
    )
    service = Service(serving)
    files = Reloader(service, lambda: serving).files()
    names = {"target.yaml", "api.yaml", "mockserver.toml", "h.py", "lock.toml"}
    assert {path.name for path in files} == names


def test_corrections_that_are_written_later_are_waited_for(reloading: Reloading) -> None:
    watched = reloading.reloader.files()
    assert {
        reloading.file.with_name("mockserver.toml"),
        Path("mockserver.toml").absolute(),
    } < watched


def test_a_url_is_not_watched(said: pytest.LogCaptureFixture) -> None:
    serving = Serving("http://127.0.0.1:1/openapi.json", reload=True)
    asyncio.run(Reloader(Service(serving), lambda: serving).run())
