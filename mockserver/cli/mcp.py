"""`mockserver mcp`: tools and resources for agents, by the Model Context Protocol."""

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
from mockserver.cli.mock_processes import Call, Mock, Mocks, started
from mockserver.errors import MissingExtra, MockServerError, UsageError
from mockserver.openapi.document import lookup
from mockserver.openapi.model import Contract, Operation

if TYPE_CHECKING:
    from mcp.server import MCPServer
import click

from mockserver.cli.options import CONTEXT

MOST_LISTED = 60
LONGEST_BODY = 20_000
INSTRUCTIONS = """\
Stateful mock servers from OpenAPI documents. Call start_mock first; it returns the name that other
tools take as `mock`. list_operations lists operations, describe_operation shows how to call one.
The clock is manual: time moves only by `clock`, and jobs progress only then. State persists between
calls; `reset` restores the seed data."""


def listed(contract: Contract, tag: str, search: str) -> dict[str, Any]:
    """The matching operations; if there are too many, tags with counts as well."""
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
        "hint": f"only the first {MOST_LISTED} are listed; filter with `tag` or `search`",
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
    """A response, with a long body truncated."""
    text = answer.text
    try:
        body: Any = json.loads(text) if len(text) <= LONGEST_BODY else text[:LONGEST_BODY]
    except ValueError:
        body = text[:LONGEST_BODY]
    found = {"status": answer.status_code, "headers": dict(answer.headers), "body": body}
    if len(text) > LONGEST_BODY:
        found["cut"] = f"the body has {len(text)} characters; request less of it"
    return found


def mcp_server(mocks: Mocks) -> MCPServer:
    """An MCP server with the tools and resources for `mocks`. Raises MissingExtra."""
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
    """Register a function as a tool; our errors become tool errors."""
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
        """Start a stateful mock of an OpenAPI document: a path, a URL, or a built-in name (feather,
        speechify, truestate). `clock` is manual (only the tool `clock` moves time) or real; `data`
        is a file with seed data; `lenient` accepts any id and credential."""
        options = {"seed": seed, "clock": clock, "data": data, "lenient": lenient}
        mock = started(document, options)
        name = mocks.add(Path(urlsplit(document).path).stem or "mock", mock)
        return {"mock": name, **_about(mock)}

    def connect_mock(url: str, key: str = "mock-key", token: str = "") -> dict[str, Any]:
        """Use a mock that is already running. `token` is its --control-token, if it has one."""
        mock = Mock(url.rstrip("/"), key, token)
        mock.admin("GET", "health")
        return {"mock": mocks.add("mock", mock), **_about(mock)}

    def list_mocks() -> dict[str, Any]:
        """The mocks of this session."""
        return {name: _about(mocks[name]) for name in mocks}

    def stop_mock(mock: str = "") -> str:
        """Stop a mock and drop its state. A connected one is only disconnected."""
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
        """List the operations of a mock, filtered by `tag` or by words in `search`."""
        return listed(mocks[mock].contract, tag, search)

    def describe_operation(operation: str, mock: str = "") -> dict[str, Any]:
        """Describe how to call an operation: its part of the document with the schemas it refers
        to, and what the mock does for it."""
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
        JSON body. Returns the response; a refusal explains what is wrong with the request."""
        sent = Call(path or {}, query or {}, headers or {}, body)
        return shown(mocks[mock].call(mocks[mock].operation(operation), sent))

    for tool in (list_operations, describe_operation, call_operation):
        _tool(server, tool)


def _referred(node: Any, document: Mapping[str, Any]) -> dict[str, Any]:
    """The components that a part of the document refers to, directly or not, up to a size limit."""
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
        run it at `speed` times real time. Jobs progress as it moves."""
        orders = {"advance": advance, "set": to, "speed": speed}
        given = {name: value for name, value in orders.items() if value is not None}
        found = mocks[mock]
        if not given:
            return found.admin("GET", "clock", tenant=found.key)
        return found.admin("POST", "clock", given, tenant=found.key)

    def reset(mock: str = "") -> Any:
        """Reset to the seed data."""
        return mocks[mock].admin("POST", "reset", tenant=mocks[mock].key)

    def list_entities(mock: str = "", collection: str = "", limit: int = 20) -> Any:
        """List the mock's collections with their sizes, or the newest entities of one."""
        found = mocks[mock]
        if not collection:
            return found.admin("GET", "worlds", tenant=found.key)
        return found.admin("GET", "rows", tenant=found.key, collection=collection, limit=limit)

    def save_state(file: str, mock: str = "") -> str:
        """Write the mock's state, including its clock, to a new file."""
        snapshot = mocks[mock].admin("GET", "state")
        try:
            with Path(file).open("x", encoding="utf-8") as opened:
                json.dump(snapshot, opened)
        except OSError as error:
            raise UsageError(f"{file}: {error.strerror or error}") from None
        return f"saved in {file}"

    def load_state(file: str, mock: str = "") -> Any:
        """Restore a state written by save_state."""
        try:
            snapshot = json.loads(Path(file).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(f"{file}: {error}") from None
        return mocks[mock].admin("PUT", "state", snapshot)

    for tool in (clock, reset, list_entities, save_state, load_state):
        _tool(server, tool)


def _job_tools(server: MCPServer, mocks: Mocks) -> None:
    def list_jobs(mock: str = "", limit: int = 20) -> Any:
        """List long-running jobs, with their future states and possible outcomes."""
        return mocks[mock].admin("GET", "jobs", tenant=mocks[mock].key, limit=limit)

    def steer_job(
        job: str, mock: str = "", outcome: str = "", after: float = 0, hold: bool = False
    ) -> Any:
        """Decide how an open job goes on: end it in `outcome` (such as failed) `after` this many
        seconds of the mock's clock, or `hold` it in its state."""
        order: dict[str, Any] = {"hold": True} if hold else {"outcome": outcome, "after": after}
        return mocks[mock].admin(
            "POST", f"jobs/{quote(job, safe='')}", order, tenant=mocks[mock].key
        )

    for tool in (list_jobs, steer_job):
        _tool(server, tool)


def _trouble_tools(server: MCPServer, mocks: Mocks) -> None:
    def add_fault(fault: dict[str, Any], mock: str = "") -> Any:
        """Inject a fault: {"operation": "getRun", "status": 503, "times": 2}; also latency, dropped
        connections and truncated bodies (see the page on faults)."""
        return mocks[mock].admin("POST", "faults", fault, tenant=mocks[mock].key)

    def remove_faults(mock: str = "") -> Any:
        """Remove all faults."""
        return mocks[mock].admin("DELETE", "faults", tenant=mocks[mock].key)

    def add_stub(stub: dict[str, Any], mock: str = "") -> Any:
        """Make an operation return a fixed response: {"operation": "getUsage", "status": 200,
        "json": {...}, "times": 1}."""
        return mocks[mock].admin("POST", "stubs", stub, tenant=mocks[mock].key)

    def remove_stubs(mock: str = "") -> Any:
        """Remove all stubs."""
        return mocks[mock].admin("DELETE", "stubs", tenant=mocks[mock].key)

    for tool in (add_fault, remove_faults, add_stub, remove_stubs):
        _tool(server, tool)


def _insight_tools(server: MCPServer, mocks: Mocks) -> None:
    def journal(mock: str = "", operation: str | None = None, limit: int = 20) -> Any:
        """The latest requests, the statuses of their responses, and contract violations."""
        found = mocks[mock]
        return found.admin("GET", "journal", tenant=found.key, operation=operation, limit=limit)

    def coverage(mock: str = "") -> Any:
        """Which operations were requested and which statuses returned, and which never."""
        return mocks[mock].admin("GET", "coverage", tenant=mocks[mock].key)

    def explain(operation: str, mock: str = "") -> Any:
        """What the mock does for an operation, and the evidence in the document."""
        mocks[mock].operation(operation)
        return mocks[mock].admin("GET", "plan")["operations"].get(operation, {})

    def check_document(document: str) -> Any:
        """Validate an OpenAPI document, and list what a mock can't honour."""
        return _command("check", document, "--json")

    def compare(document: str, real: str, examples: int = 10) -> Any:
        """Send the same requests to a mock and to the real API, and report differences: those that
        cover the document, and `examples` random sequences. This creates and removes entities at
        `real`: only use a server that you may change."""
        return _command("diff", document, "--real", real, "--examples", str(examples))

    for tool in (journal, coverage, explain, check_document, compare):
        _tool(server, tool)


def _command(*words: str) -> str:
    """The output of a command. Raises UsageError with its error if it failed."""
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
        """The inferred plan: resources, lifecycles and what each operation does."""
        return json.dumps(mocks[mock].admin("GET", "plan"))


@click.command(
    context_settings=CONTEXT,
    epilog="""\b
    Examples:
      mockserver mcp
      mockserver mcp --http --port 8010
    """,
)
@click.option("--http", is_flag=True, help="Use streamable HTTP on this machine instead of stdio.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8010,
    help="Port for --http.  [default: 8010]",
)
def mcp(http: bool, port: int) -> None:
    """Let an agent start and use mocks, through the Model Context Protocol.

    Add this command to the agent's configuration. It uses standard input and output, or with --http
    the URL http://127.0.0.1:PORT/mcp. The mocks that it starts end with it.
    """
    mocks = Mocks()
    server = mcp_server(mocks)
    try:
        if http:
            click.echo(f"http://127.0.0.1:{port}/mcp serves agents; Ctrl-C stops it.", err=True)
            server.run("streamable-http", host="127.0.0.1", port=port)
        else:
            server.run("stdio")
    finally:
        mocks.close()
