"""The request log: request, result and reason on one line, without secrets."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from mockserver import MockServer
from mockserver.server.request_log import MOST_AT_ONCE, LogStyle, RequestLog
from tests.engine.test_examples import TOM, pets


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def guarded() -> dict[str, Any]:
    shown = pets([TOM])
    shown["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    shown["security"] = [{"key": []}]
    post = shown["paths"]["/pets"]["post"]
    schema = post["requestBody"]["content"]["application/json"]["schema"]
    schema["required"] = ["name"]
    post["responses"]["400"] = {"description": "no"}
    shown["paths"]["/pets"]["get"]["responses"]["401"] = {"description": "who?"}
    return shown


def logged(stream: io.StringIO, style: LogStyle = "text", times: int = 1) -> list[str]:
    with MockServer(guarded()) as mock:
        log = RequestLog(lambda: mock.recorder, style, lambda: stream)
        for _ in range(times):
            mock.client.get("/pets?token=hidden-secret")
        mock.client.post("/pets", json={}, headers={"x-request-id": "r-1"})
        mock.client.get("/pets", headers={"authorization": "Bearer hidden-secret"})
        mock.client.get("/nowhere")
    log.write()
    log.write()
    return stream.getvalue().splitlines()


def test_lines() -> None:
    listed, created, refused, unknown = logged(io.StringIO())
    assert listed.startswith("GET /pets?token=")
    assert " 200 listPets " in listed
    assert listed.endswith(" ms")
    assert " 400 createPet " in created
    assert created.endswith("  body.name is required")
    assert " 401 listPets " in refused
    assert "mock-" in refused
    assert unknown.startswith("GET /nowhere 404 ")
    assert unknown.endswith("There is no GET /nowhere.")


def test_it_says_which_stub_responded_and_why_something_is_not_there() -> None:
    stream = io.StringIO()
    with MockServer(pets([TOM])) as mock:
        mock.stub("getPet", json={"id": 1, "name": "Stub"}, times=1)
        log = RequestLog(lambda: mock.recorder, "text", lambda: stream)
        mock.client.get("/pets/8")
        mock.client.get("/pets/8")
        log.write()
    stubbed, missing = stream.getvalue().splitlines()
    assert " 200 getPet by stub-1 " in stubbed
    assert missing.endswith("  Pet '8' was not found.")


@pytest.mark.parametrize("style", ["text", "json"])
def test_no_secret_is_told(style: LogStyle) -> None:
    assert "hidden-secret" not in "\n".join(logged(io.StringIO(), style))


def test_colours_are_for_a_terminal() -> None:
    assert "\x1b[" not in "".join(logged(io.StringIO()))
    assert "\x1b[32m200" in logged(Terminal())[0]
    assert "\x1b[" not in "".join(logged(Terminal(), "json"))


def test_json_is_for_programs() -> None:
    told = [json.loads(line) for line in logged(io.StringIO(), "json")]
    assert [one["status"] for one in told] == [200, 400, 401, 404]
    assert told[1]["violations"][0]["where"] == ["body", "name"]
    assert [one.get("request_id") for one in told] == [None, "r-1", None, None]


def test_of_many_the_last_are_told_and_the_others_counted() -> None:
    lines = logged(io.StringIO(), times=MOST_AT_ONCE + 10)
    assert lines[0] == "... 13 more, see /__mock__/journal"
    assert len(lines) == MOST_AT_ONCE + 1


def test_nobody_reads() -> None:
    closed = io.StringIO()
    closed.close()
    with MockServer(guarded()) as mock:
        log = RequestLog(lambda: mock.recorder, stream=lambda: closed)
        mock.client.get("/pets")
    with pytest.raises(ValueError, match="closed"):
        closed.isatty()
    log.write()


def test_a_cleared_journal_repeats_no_line() -> None:
    stream = io.StringIO()
    with MockServer(guarded()) as mock:
        log = RequestLog(lambda: mock.recorder, stream=lambda: stream)
        mock.client.get("/pets")
        log.write()
        mock.client.get("/pets", headers={"authorization": "Bearer mock-other"})
        mock.recorder.forget("mock-other")
        log.write()
        mock.client.get("/pets/1")
        log.write()
    assert [line.split()[1] for line in stream.getvalue().splitlines()] == ["/pets", "/pets/1"]
