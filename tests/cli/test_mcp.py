"""`mockserver mcp`, tested with a client of the protocol's SDK."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.documents import TEXT, array, obj, one_of, operation, path, ref, with_schemas

pytest.importorskip("mcp")
from mcp import Client, StdioServerParameters

STATES = one_of("queued", "running", "succeeded", "failed")
RENDER = obj("id", "name", "status", id=TEXT, name=TEXT, status=STATES)
RENDERS = with_schemas(
    {
        "/renders": {
            "get": operation("listRenders", array(ref("Render")), tags=["renders"]),
            "post": operation(
                "createRender", ref("Render"), status=201, sent=obj("name", name=TEXT), also=(422,),
                summary="Begin a render", tags=["renders"],
            ),
        },
        "/renders/{id}": path(
            "id", get=operation("getRender", ref("Render"), also=(404,), tags=["renders"])
        ),
    },
    Render=RENDER,
)  # fmt: skip

Ask = Callable[..., Awaitable[Any]]


@pytest.fixture
def document(tmp_path: Path) -> str:
    path = tmp_path / "renders.json"
    path.write_text(json.dumps(RENDERS))
    return str(path)


def with_client(work: Callable[[Client, Ask], Awaitable[None]]) -> None:
    """Run `work` with a client of the command in its own process."""

    async def session() -> None:
        command = StdioServerParameters(command=sys.executable, args=["-m", "mockserver", "mcp"])
        async with Client(command) as client:

            async def ask(tool: str, **given: Any) -> Any:
                result = await client.call_tool(tool, given)
                text = "".join(getattr(part, "text", "") for part in result.content)
                if result.is_error:
                    raise AssertionError(text)
                try:
                    return json.loads(text)
                except ValueError:
                    return text

            await work(client, ask)

    asyncio.run(session())


def test_a_client_finishes_its_tasks(document: str, tmp_path: Path) -> None:
    async def work(client: Client, ask: Ask) -> None:
        # 1. Start a mock of a document of one's own.
        about = await ask("start_mock", document=document, seed=3)
        assert (about["mock"], about["operations"]) == ("renders", 3)
        # 2. Find out what can be called, and how.
        found = await ask("list_operations", search="begin render")
        assert [each["operation"] for each in found["operations"]] == ["createRender"]
        how = await ask("describe_operation", operation="createRender")
        assert "#/components/schemas/Render" in how["schemas"]
        # 3. Make something.
        made = await ask("call_operation", operation="createRender", body={"name": "intro"})
        assert made["status"] == 201
        render = made["body"]["id"]
        # 4. Let time pass until it is done.
        await ask("clock", advance=3600)
        done = await ask("call_operation", operation="getRender", path={"id": render})
        assert done["body"]["status"] in ("succeeded", "failed")
        assert done["body"]["name"] == "intro"
        # 5. Make a job fail.
        other = await ask("call_operation", operation="createRender", body={"name": "outro"})
        await ask("steer_job", job=other["body"]["id"], outcome="failed", after=5)
        await ask("clock", advance=6)
        failed = await ask(
            "call_operation", operation="getRender", path={"id": other["body"]["id"]}
        )
        assert failed["body"]["status"] == "failed"
        # 6. Let the next request go wrong, once.
        await ask("add_fault", fault={"operation": "listRenders", "status": 503, "times": 1})
        statuses = [
            (await ask("call_operation", operation="listRenders"))["status"] for _ in range(2)
        ]
        assert statuses == [503, 200]
        # 7. See what was asked, and what did not fit.
        await ask("call_operation", operation="createRender", body={})
        journal = await ask("journal", operation="createRender", limit=1)
        assert journal["exchanges"][0]["violations"]
        # 8. Keep the state, begin again, and put it back.
        kept = str(tmp_path / "kept.json")
        await ask("save_state", file=kept)
        await ask("reset")
        gone = await ask("call_operation", operation="getRender", path={"id": render})
        assert gone["status"] == 404
        await ask("load_state", file=kept)
        back = await ask("call_operation", operation="getRender", path={"id": render})
        assert back["status"] == 200
        # 9. Read why it behaves so, and the document.
        assert "resource" in json.dumps(await ask("explain", operation="getRender"))
        read = await client.read_resource("mock://renders/document")
        assert "Renders" in str(read.contents[0])
        # 10. A second mock beside it; then both end.
        assert (await ask("start_mock", document=document))["mock"] == "renders-2"
        assert set(await ask("list_mocks")) == {"renders", "renders-2"}
        await ask("stop_mock", mock="renders-2")
        await ask("stop_mock")
        assert await ask("list_mocks") == {}

    with_client(work)


ERRORS: list[tuple[str, dict[str, Any], str]] = [
    ("call_operation", {"operation": "x"}, "start_mock"),
    ("start_mock", {"document": "nowhere.yaml"}, "nowhere.yaml"),
    ("connect_mock", {"url": "http://127.0.0.1:9"}, "does not respond"),
    ("check_document", {"document": "nowhere.yaml"}, "nowhere.yaml"),
    ("compare", {"document": "nowhere.yaml", "real": "http://127.0.0.1:9"}, "nowhere.yaml"),
]


def test_errors_say_what_to_do() -> None:
    async def work(client: Client, ask: Ask) -> None:
        for tool, given, says in ERRORS:
            with pytest.raises(AssertionError) as caught:
                await ask(tool, **given)
            assert says in str(caught.value), tool
            assert "Traceback" not in str(caught.value), tool

    with_client(work)
