"""What an agent can do with mocks: tools and resources of the Model Context Protocol."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import httpx

import mockserver
from mockserver.cli.mcp.mocks import Call, Mock, Mocks, started
from mockserver.errors import MissingExtra, MockServerError, UsageError
from mockserver.openapi.document import lookup
from mockserver.openapi.model import Contract, Operation

if TYPE_CHECKING:
    from mcp.server import MCPServer

MOST_LISTED = 60
LONGEST_BODY = 20_000
INSTRUCTIONS = """\
Stateful mock servers from OpenAPI documents. start_mock first; it gives the name that the other
tools take as `mock`. list_operations shows what can be called, describe_operation how. Time stands
still until `clock` moves it: jobs progress only then. What a call creates is there afterwards;
`reset` begins again."""


def listed(contract: Contract, tag: str, search: str) -> dict[str, Any]:
    """The operations that fit; only the tags, with counts, if there are too many."""
    found = [
        operation
        for operation in contract.operations
        if (not tag or tag in _tags(operation)) and _fits(operation, search)
    ]
    if len(found) <= MOST_LISTED:
        return {"operations": [_line(operation) for operation in found]}
    tags: dict[str, int] = {}
    for operation in found:
        for name in _tags(operation):
            tags[name] = tags.get(name, 0) + 1
    return {
        "count": len(found),
        "tags": tags,
        "operations": [_line(operation) for operation in found[:MOST_LISTED]],
        "hint": f"the first {MOST_LISTED} are listed; narrow it with `tag` or `search`",
    }


def _tags(operation: Operation) -> list[str]:
    return list(operation.tags) or ["(no tag)"]


def _fits(operation: Operation, search: str) -> bool:
    text = f"{operation.id} {operation.method} {operation.path} {operation.summary}".lower()
    return all(word in text for word in search.lower().split())


def _line(operation: Operation) -> dict[str, str]:
    return {
        "operation": operation.id,
        "request": f"{operation.method} {operation.path}",
        "summary": operation.summary,
    }


def shown(answer: httpx.Response) -> dict[str, Any]:
    """A response, its body cut if it is long."""
    text = answer.text
    try:
        body: Any = json.loads(text) if len(text) <= LONGEST_BODY else text[:LONGEST_BODY]
    except ValueError:
        body = text[:LONGEST_BODY]
    found = {"status": answer.status_code, "headers": dict(answer.headers), "body": body}
    if len(text) > LONGEST_BODY:
        found["cut"] = f"the body has {len(text)} characters; ask for less of it"
    return found


def mcp_server(mocks: Mocks) -> MCPServer:
    """The tools and resources over `mocks`. Raises MissingExtra."""
    try:
        from mcp.server import MCPServer
    except ImportError:
        raise MissingExtra("mockserver mcp", "mcp") from None
    server = MCPServer("mockserver", version=mockserver.__version__, instructions=INSTRUCTIONS)
    for register in (
        _mock_tools,
        _operation_tools,
        _world_tools,
        _job_tools,
        _trouble_tools,
        _insight_tools,
    ):
        register(server, mocks)
    _resources(server, mocks)
    return server


def _tool(server: MCPServer, function: Callable[..., Any]) -> None:
    """Register a function, whose errors become the tool's own in our words."""
    from mcp.server.mcpserver.exceptions import ToolError

    @wraps(function)
    def guarded(*args: Any, **given: Any) -> Any:
        try:
            return function(*args, **given)
        except MockServerError as error:
            raise ToolError(str(error)) from None

    server.tool(structured_output=False)(guarded)


def _mock_tools(server: MCPServer, mocks: Mocks) -> None:
    def start_mock(
        document: str = "feather",
        seed: int = 0,
        clock: str = "manual",
        data: str = "",
        lenient: bool = False,
    ) -> dict[str, Any]:
        """Start a stateful mock of an OpenAPI document: a path, a URL, or a built-in name
        (feather, speechify, truestate). `clock` is manual (time moves by the tool `clock` only) or
        real; `data` is a file of entities to begin with; `lenient` lets every id and credential be
        known."""
        options = {"seed": seed, "clock": clock, "data": data, "lenient": lenient}
        mock = started(document, options)
        name = mocks.add(Path(urlsplit(document).path).stem or "mock", mock)
        return {"mock": name, **_about(mock)}

    def connect_mock(url: str, key: str = "mock-key", token: str = "") -> dict[str, Any]:
        """Use a mock that runs already. `token` is its --control-token, if it has one."""
        mock = Mock(url.rstrip("/"), key, token)
        mock.admin("GET", "health")
        return {"mock": mocks.add("mock", mock), **_about(mock)}

    def list_mocks() -> dict[str, Any]:
        """The mocks of this session."""
        return {name: _about(mocks[name]) for name in mocks}

    def stop_mock(mock: str = "") -> str:
        """Stop a mock; what it holds is gone. One that was connected to is only let go of."""
        mocks.stop(mock)
        return "stopped"

    for tool in (start_mock, connect_mock, list_mocks, stop_mock):
        _tool(server, tool)


def _about(mock: Mock) -> dict[str, Any]:
    health = mock.admin("GET", "health")
    return {
        "url": mock.url,
        "key": mock.key,
        "title": health["title"],
        "operations": health["operations"],
        "clock": health["clock"],
    }


def _operation_tools(server: MCPServer, mocks: Mocks) -> None:
    def list_operations(mock: str = "", tag: str = "", search: str = "") -> dict[str, Any]:
        """The operations of a mock; narrow a large document by `tag` or words to `search` for."""
        return listed(mocks[mock].contract, tag, search)

    def describe_operation(operation: str, mock: str = "") -> dict[str, Any]:
        """How to call an operation: its part of the document, with the schemas it refers to, and
        what the mock makes of it."""
        found = mocks[mock].operation(operation)
        plan = mocks[mock].admin("GET", "plan")["operations"].get(operation, {})
        document = mocks[mock].contract.document
        definition = lookup(document, found.pointer)
        schemas = _referred(definition, document)
        return {**_line(found), "definition": definition, "schemas": schemas, "mock": plan}

    def call_operation(
        operation: str,
        mock: str = "",
        path: dict[str, Any] | None = None,
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        body: Any = None,
    ) -> dict[str, Any]:
        """Call an operation by its operationId, with values for its path and query parameters and a
        JSON body. The response comes as it is; a refusal says what of the request does not fit."""
        sent = Call(path or {}, query or {}, headers or {}, body)
        return shown(mocks[mock].call(mocks[mock].operation(operation), sent))

    for tool in (list_operations, describe_operation, call_operation):
        _tool(server, tool)


def _referred(node: Any, document: Mapping[str, Any]) -> dict[str, Any]:
    """The components that a part of the document refers to, directly or not, as far as they fit."""
    found: dict[str, Any] = {}
    size, waiting = 0, [node]
    while waiting and size < LONGEST_BODY:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, Mapping):
            reference = part.get("$ref")
            if isinstance(reference, str) and reference.startswith("#/") and reference not in found:
                with contextlib.suppress(MockServerError, KeyError):
                    found[reference] = lookup(document, reference[1:])
                    size += len(json.dumps(found[reference], default=str))
                    waiting.append(found[reference])
            waiting += part.values()
    return found


def _world_tools(server: MCPServer, mocks: Mocks) -> None:
    def clock(
        mock: str = "",
        advance: float | None = None,
        to: str | None = None,
        speed: float | None = None,
    ) -> Any:
        """Read the mock's clock or move it: `advance` by seconds, `to` an instant (RFC 3339), or
        let it run at `speed` times real time. Jobs progress as it moves."""
        orders = {"advance": advance, "set": to, "speed": speed}
        given = {name: value for name, value in orders.items() if value is not None}
        found = mocks[mock]
        if not given:
            return found.admin("GET", "clock", tenant=found.key)
        return found.admin("POST", "clock", given, tenant=found.key)

    def reset(mock: str = "") -> Any:
        """Back to the data that the mock begins with."""
        return mocks[mock].admin("POST", "reset", tenant=mocks[mock].key)

    def list_entities(mock: str = "", collection: str = "", limit: int = 20) -> Any:
        """What the mock holds: its collections with their sizes, or the newest entities of one."""
        found = mocks[mock]
        if not collection:
            return found.admin("GET", "worlds", tenant=found.key)
        return found.admin("GET", "rows", tenant=found.key, collection=collection, limit=limit)

    def save_state(file: str, mock: str = "") -> str:
        """Write all that the mock holds, its clock included, to a new file."""
        snapshot = mocks[mock].admin("GET", "state")
        try:
            with Path(file).open("x", encoding="utf-8") as opened:
                json.dump(snapshot, opened)
        except OSError as error:
            raise UsageError(f"{file}: {error.strerror or error}") from None
        return f"saved in {file}"

    def load_state(file: str, mock: str = "") -> Any:
        """Put back what save_state wrote."""
        try:
            snapshot = json.loads(Path(file).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(f"{file}: {error}") from None
        return mocks[mock].admin("PUT", "state", snapshot)

    for tool in (clock, reset, list_entities, save_state, load_state):
        _tool(server, tool)


def _job_tools(server: MCPServer, mocks: Mocks) -> None:
    def list_jobs(mock: str = "", limit: int = 20) -> Any:
        """Long-running jobs, with the states ahead and the outcomes that can be ordered."""
        return mocks[mock].admin("GET", "jobs", tenant=mocks[mock].key, limit=limit)

    def steer_job(
        job: str, mock: str = "", outcome: str = "", after: float = 0, hold: bool = False
    ) -> Any:
        """Decide what becomes of an open job: let it end in `outcome` (such as failed) `after` so
        many seconds of the mock's clock, or `hold` it where it is."""
        order: dict[str, Any] = {"hold": True} if hold else {"outcome": outcome, "after": after}
        return mocks[mock].admin(
            "POST", f"jobs/{quote(job, safe='')}", order, tenant=mocks[mock].key
        )

    for tool in (list_jobs, steer_job):
        _tool(server, tool)


def _trouble_tools(server: MCPServer, mocks: Mocks) -> None:
    def add_fault(fault: dict[str, Any], mock: str = "") -> Any:
        """Let something go wrong: {"operation": "getRun", "status": 503, "times": 2}; also latency,
        dropped connections and truncated bodies (see the page on faults)."""
        return mocks[mock].admin("POST", "faults", fault, tenant=mocks[mock].key)

    def remove_faults(mock: str = "") -> Any:
        """Let everything go well again."""
        return mocks[mock].admin("DELETE", "faults", tenant=mocks[mock].key)

    def add_stub(stub: dict[str, Any], mock: str = "") -> Any:
        """Answer an operation with a fixed response: {"operation": "getUsage", "status": 200,
        "json": {...}, "times": 1}."""
        return mocks[mock].admin("POST", "stubs", stub, tenant=mocks[mock].key)

    def remove_stubs(mock: str = "") -> Any:
        """Remove all stubs."""
        return mocks[mock].admin("DELETE", "stubs", tenant=mocks[mock].key)

    for tool in (add_fault, remove_faults, add_stub, remove_stubs):
        _tool(server, tool)


def _insight_tools(server: MCPServer, mocks: Mocks) -> None:
    def journal(mock: str = "", operation: str | None = None, limit: int = 20) -> Any:
        """The latest requests, the statuses of their responses, and what broke the contract."""
        found = mocks[mock]
        return found.admin("GET", "journal", tenant=found.key, operation=operation, limit=limit)

    def coverage(mock: str = "") -> Any:
        """Which operations and statuses were asked for, and which never."""
        return mocks[mock].admin("GET", "coverage", tenant=mocks[mock].key)

    def explain(operation: str, mock: str = "") -> Any:
        """What the mock does for an operation, and the evidence in the document for it."""
        mocks[mock].operation(operation)
        return mocks[mock].admin("GET", "plan")["operations"].get(operation, {})

    def check_document(document: str) -> Any:
        """Whether an OpenAPI document is sound, and what of it a mock can't honour."""
        return _command("check", document, "--json")

    def compare(document: str, real: str, seconds: int = 60) -> Any:
        """Send the same sequences to a mock and to the real API, and say where the two differ. It
        creates and removes things at `real`: only name a server that is yours to use."""
        return _command("diff", document, "--real", real, "--max-time", str(seconds))

    for tool in (journal, coverage, explain, check_document, compare):
        _tool(server, tool)


def _command(*words: str) -> str:
    """What a command prints. Raises UsageError with its error if it could not be carried out."""
    done = subprocess.run(
        [sys.executable, "-m", "mockserver", *words], capture_output=True, text=True, check=False
    )
    if done.returncode == 2:
        raise UsageError(done.stderr.strip().removeprefix("mockserver: "))
    return done.stdout[-LONGEST_BODY:]


def _resources(server: MCPServer, mocks: Mocks) -> None:
    @server.resource("mock://{mock}/document", mime_type="application/json")
    def document(mock: str) -> str:
        """The OpenAPI document that a mock serves."""
        return json.dumps(mocks[mock].admin("GET", "document"))

    @server.resource("mock://{mock}/plan", mime_type="application/json")
    def plan(mock: str) -> str:
        """What was inferred from it: resources, lifecycles and what each operation does."""
        return json.dumps(mocks[mock].admin("GET", "plan"))
