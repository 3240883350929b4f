"""Resources whose timestamps show their progress, with or without a status."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from mockserver.inference.build import build_plan
from mockserver.openapi.build import build_contract
from tests.support.documents import MOMENT, TEXT, answer, body, document, thing

ITEM = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]


def kept(
    path: str, shown: Any, sent: Any = None, verb: str = "", made: int = 201
) -> dict[str, Any]:
    paths: dict[str, Any] = {
        path: {
            "post": {
                "requestBody": body(sent or thing(name=TEXT)),
                "responses": {str(made): answer(shown)},
            }
        },
        path + "/{id}": {"parameters": ITEM, "get": {"responses": {"200": answer(shown)}}},
    }
    if verb:
        paths[path + "/{id}/" + verb] = {
            "post": {"parameters": ITEM, "responses": {"200": answer(shown)}}
        }
    return paths


@pytest.mark.parametrize(
    ("path", "names", "made"),
    [
        ("/scans", ("started", "completed"), 201),
        ("/exports", ("", "finished"), 201),
        ("/things", ("start_time", "end_time"), 202),
        ("/pipelines", ("", "completed_on"), 201),
        ("/analyses", ("startedAt", "processedAt"), 201),
        ("/imports", ("begin", "done"), 200),
    ],
)
def test_a_moment_without_a_status_ends_the_work(
    path: str, names: tuple[str, str], made: int
) -> None:
    shown = thing("id", id=TEXT, name=TEXT, **{name: MOMENT for name in names if name})
    with MockServer(document(kept(path, shown, made=made)), clock="manual") as server:
        row = server.client.post(path, json={"name": "a"}).json()
        started, ended = names
        assert ended not in row
        assert not started or row[started] == "2026-01-01T00:00:00.000000Z"
        server.clock.advance(3600)
        now = server.client.get(f"{path}/{row['id']}").json()
        assert "2026-01-01T00:00:00" < now[ended] < "2026-01-01T01:00:00"


@pytest.mark.parametrize(
    ("shown", "sent", "verb"),
    [
        pytest.param({"started_at": MOMENT, "ended_at": MOMENT}, {}, "", id="a period"),
        pytest.param(
            {"start_time": MOMENT, "completed_at": MOMENT}, {"start_time": MOMENT}, "", id="sent"
        ),
        pytest.param({"started_at": MOMENT, "completed_at": MOMENT}, {}, "complete", id="a person"),
        pytest.param({"completed_at": MOMENT}, {}, "", id="nothing else says so"),
        pytest.param({"started": TEXT, "finished": TEXT}, {}, "", id="texts"),
    ],
)
def test_what_nobody_calls_work_is_none(shown: Any, sent: Any, verb: str) -> None:
    paths = kept("/todos", thing("id", id=TEXT, **shown), thing(name=TEXT, **sent), verb)
    resource = build_plan(build_contract(document(paths))).resources["todos"]
    assert resource.states is None or not resource.states.moves


@pytest.mark.parametrize(
    "schema",
    [
        MOMENT,
        {"type": "integer", "format": "unixtime"},
        {"type": "number", "description": "The date when it was finished, in milliseconds."},
        {"type": "integer", "description": "Timestamp of the end."},
        {"type": ["string", "null"], "format": "date"},
    ],
)
def test_a_participle_alone_is_a_moment_if_its_schema_says_so(schema: Any) -> None:
    status = {"type": "string", "enum": ["queued", "running", "success", "failed"]}
    paths = kept("/runs", thing("id status", id=TEXT, status=status, finished=schema))
    states = build_plan(build_contract(document(paths))).resources["runs"].states
    assert states is not None
    assert states.moments == {"finished": frozenset(("success", "failed"))}
