"""--handlers FILE: what it adds, and the errors for an unusable file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver import MockServer, Reply
from mockserver.errors import MockServerError, PlanError
from mockserver.files.documents import as_document
from mockserver.server.clients import InProcessTransport
from mockserver.server.handlers_file import check_known, load_handlers
from mockserver.server.mock import load

GOOD = """
from mockserver import Reply, handles

@handles("getThing", "headThing")
def thing(world, request):
    return Reply(200, {"id": "by hand"})
"""


@pytest.fixture(autouse=True)
def _clean_imports() -> Iterator[None]:
    before = list(sys.path)
    yield
    sys.path[:] = before
    sys.modules.pop("mockserver_handlers", None)


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "handlers.py"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_marked_functions_are_found(tmp_path: Path) -> None:
    found = load_handlers(write(tmp_path, GOOD))
    assert set(found) == {"getThing", "headThing"}


def test_it_may_import_its_neighbours_and_define_dataclasses(tmp_path: Path) -> None:
    (tmp_path / "neighbour_of_handlers.py").write_text("NAME = 'n'\n", "utf-8")
    text = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "from neighbour_of_handlers import NAME\n@dataclass\nclass A:\n    a: int\n" + GOOD
    )
    text = text.replace("from __future__ import annotations\n", "")
    assert load_handlers(write(tmp_path, text))
    del sys.modules["neighbour_of_handlers"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def x(:\n", "handlers.py line 1: "),
        ("\n\nx = = 1\n", "handlers.py line 3: "),
        ("a = 1\n\n1 / 0\n", "handlers.py line 3: ZeroDivisionError: division by zero"),
        ("def f():\n    1 / 0\n\nf()\n", "handlers.py line 2: ZeroDivisionError"),
        ("import no_such_module_at_all\n", "line 1: ModuleNotFoundError: No module named"),
        ("raise SystemExit(3)\n", "line 1: SystemExit: 3"),
        ("raise ValueError('a\\nb')\n", "line 1: ValueError: a"),
        ("x = 1\n", 'no function is marked; put @handles("operationId")'),
        ("", "no function is marked"),
        ("\x00", "null bytes"),
        (b"\xff\xfe", "handlers.py"),
        (GOOD.replace("(world, request)", "(world)"), "must take (world, request)"),
        (GOOD.replace("def thing", "async def thing"), "is async"),
    ],
)
def test_a_file_that_is_no_good_is_one_line(tmp_path: Path, text: str | bytes, says: str) -> None:
    with pytest.raises(MockServerError) as caught:
        load_handlers(write(tmp_path, text))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("--handlers ")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MockServerError, match="No such file"):
        load_handlers(tmp_path / "nope.py")
    with pytest.raises(MockServerError, match="directory"):
        load_handlers(tmp_path)


def test_an_unknown_operation_suggests_the_nearest() -> None:
    with pytest.raises(PlanError, match=r"no operation 'getThin'; did you mean 'getThing'\?"):
        check_known(Path("h.py"), ["getThin"], ["getThing", "other"])
    check_known(Path("h.py"), ["getThing"], ["getThing"])


THINGS = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "paths": {
        "/things": {
            "post": {
                "operationId": "createThing",
                "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
                "responses": {"201": {"description": "", "content": {"application/json": {
                    "schema": {"$ref": "#/components/schemas/Thing"}}}}},
            },
        },
        "/things/{id}": {
            "get": {
                "operationId": "getThing",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
                "responses": {"200": {"description": "", "content": {"application/json": {
                    "schema": {"$ref": "#/components/schemas/Thing"}}}}},
            },
        },
        "/things/{id}/publish": {
            "post": {
                "operationId": "publishThing",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
                "responses": {"200": {"description": "", "content": {"application/json": {
                    "schema": {"$ref": "#/components/schemas/Thing"}}}}},
            },
        },
    },
    "components": {"schemas": {"Thing": {"type": "object", "required": ["id"], "properties": {
        "id": {"type": "string"},
        "published_at": {"type": "string", "format": "date-time"},
    }}}},
}  # fmt: skip


def client_of(path: Path) -> httpx.Client:
    mock = load(as_document(THINGS), handlers=load_handlers(path))
    return httpx.Client(transport=InProcessTransport(mock.app()), base_url="http://mock.local")


def test_the_handler_that_is_shown_writes_inferred_rows(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs/cli.md").read_text("utf-8")
    code = text.partition("```python\n")[2].partition("```")[0]
    with client_of(write(tmp_path, code)) as client:
        made = client.post("/things", json={}).json()
        shown = client.post(f"/things/{made['id']}/publish").json()
        assert shown["published_at"].endswith("Z")
        assert client.get(f"/things/{made['id']}").json() == shown
        assert client.post("/things/nope/publish").status_code == 404


def test_a_handler_that_fails_is_named(tmp_path: Path) -> None:
    code = "from mockserver import handles\n\n@handles('getThing')\ndef get(world, request):\n"
    with client_of(write(tmp_path, code + "    return {}['x']\n")) as client:
        answer = client.get("/things/1")
    assert answer.status_code == 500
    assert answer.json()["title"] == "The handler of getThing failed"
    assert answer.json()["detail"] == "handlers.py:5 KeyError: 'x'"


JOBS = Path(__file__).parents[1] / "fixtures/jobs.yaml"


def test_a_handler_shows_an_entity_as_a_client_sees_it() -> None:
    seen: list[Any] = []

    def cancel(world: Any, request: Any) -> Reply:
        row = world["exports"].get(str(request.path["export_id"]))
        seen.append(world.show({**row, "salt": "changed by the handler"}))
        return Reply(200, world.show(row))

    with MockServer(JOBS, handlers={"cancelExport": cancel}) as mock:
        url = f"/exports/{mock.client.post('/exports', json={'format': 'csv'}).json()['id']}"
        assert mock.client.post(f"{url}:cancel").json() == mock.client.get(url).json() == seen[0]
        mock.clock.advance(3600)
        shown = mock.client.post(f"{url}:cancel").json()
        assert shown["status"] == "succeeded"
        assert shown == mock.client.get(url).json()


def test_a_collection_that_there_is_not_and_a_row_of_none() -> None:
    def cancel(world: Any, request: Any) -> Reply:
        return Reply(200, world["export"].get("a"))

    def retry(world: Any, request: Any) -> Reply:
        return Reply(200, world.show({"id": "nothing"}))

    handlers = {"cancelExport": cancel, "retryExport": retry}
    with MockServer(JOBS, handlers=handlers) as mock:
        url = f"/exports/{mock.client.post('/exports', json={'format': 'csv'}).json()['id']}"
        detail = mock.client.post(f"{url}:cancel").json()["detail"]
        assert (
            "no collection 'export'; did you mean 'exports'? the collections are exports, "
            in detail
        )
        detail = mock.client.post(f"{url}/retry").json()["detail"]
        assert "no collection may hold this row; pass its name: world.show(row, NAME)" in detail
