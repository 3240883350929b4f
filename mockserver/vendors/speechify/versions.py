"""The two API versions: which one a request gets, request ids (rules 5, 9 to 11); the older one.

Settings, the table `[speechify]` of mockserver.toml:

    cutover          the first date of the newer version; the vendor's own is not known
    default_version  the version of every workspace that requests none, or "none"
    workspaces       the default version of single workspaces, by key

In the older version the same rows have other words (docs/apis/speechify.md, the second table). A
handler of the newer version does the work: requests are translated into its vocabulary, and its
replies into the older one. A suite run's status is derived again, because the two versions rank
their children's outcomes differently.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from mockserver.engine.api import Choose, Handler, handles
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.world import Row, World, digest
from mockserver.errors import BadRequest, UsageError
from mockserver.inference.corrections import TEXT, TEXT_TABLE, Key, names
from mockserver.vendors.speechify.agent_tests import ALL_TESTS
from mockserver.vendors.speechify.common import crockford, either, find, words
from mockserver.vendors.speechify.tables import OLDER_RUN_STATUS, OLDER_SUITE_STATUS
from mockserver.vendors.speechify.views import last_run, listed_view, progress

NEWER = "speechify"
OLDER = "speechify-legacy"
CUTOVER = "2026-06-28"
NONE = "none"
HEADER = "speechify-version"
SETTINGS = (
    Key("cutover", TEXT, "The first date of the newer API version."),
    Key("default_version", TEXT, 'The version of every workspace that requests none, or "none".'),
    Key("workspaces", TEXT_TABLE, "The default version of single workspaces, by their key."),
)
"""The keys of `[speechify]` in mockserver.toml."""
REQUEST_ID_HEADERS = ("X-Request-ID", "Speechify-Request-Id")  # the sources disagree: both
LONGEST_REQUEST_ID = 64

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNCLEAN = re.compile(r"[^A-Za-z0-9._-]")


def is_version(text: str) -> bool:
    """Whether the text is a date, YYYY-MM-DD."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def chooser(settings: Mapping[str, Any], served: str) -> Choose:
    """Selects the version: by header, else the workspace's default, else the oldest (rule 9).

    Without a configured default, the version is that of the served document. Raises UsageError for
    an unknown setting or one that is not a date.
    """
    for name in settings:
        if name not in names(SETTINGS):
            raise UsageError(
                f"[speechify] {name} is not known; the settings are {', '.join(names(SETTINGS))}"
            )
    cutover = _setting("cutover", settings.get("cutover", CUTOVER))
    default = settings.get("default_version")
    usual = served if default is None else _shape(_setting("default_version", default), cutover)
    by_key = settings.get("workspaces", {})
    if not isinstance(by_key, Mapping):
        raise UsageError(
            f"[speechify] workspaces must be a table of versions by key, not {by_key!r}"
        )
    workspaces = {
        key: _shape(_setting(f"workspaces.{key}", value), cutover) for key, value in by_key.items()
    }

    def choose(headers: Mapping[str, str], tenant: str) -> str:
        requested = headers.get(HEADER)
        if requested is None:
            return workspaces.get(tenant, usual)
        if not is_version(requested):
            raise BadRequest(
                f"Speechify-Version must be a date, YYYY-MM-DD, not {requested[:40]!r}.",
                code="invalid_api_version",
            )
        return _shape(requested, cutover)

    return choose


def _shape(version: str, cutover: str) -> str:
    return NEWER if version != NONE and version >= cutover else OLDER


def _setting(name: str, value: Any) -> str:
    text = str(value)
    if not is_version(text) and not (text == NONE and name != "cutover"):
        raise UsageError(f'[speechify] {name}: give a date such as "{CUTOVER}", not {text!r}')
    return text


def stamp(reply: Reply, headers: Mapping[str, str], serial: int) -> Reply:
    """The reply with its request id, in the header and in the body of an error (rule 5)."""
    request_id = clean(headers.get("x-request-id", "")) or _made(serial)
    body = reply.body
    if reply.status >= 400 and isinstance(body, dict) and "error" in body:
        body = {**body, "request_id": request_id}
    named = dict.fromkeys(REQUEST_ID_HEADERS, request_id)
    return Reply(reply.status, body, {**reply.headers, **named}, reply.media_type)


def clean(request_id: str) -> str:
    """A caller's request id, without invalid characters and truncated."""
    return _UNCLEAN.sub("", request_id)[:LONGEST_REQUEST_ID]


def _made(serial: int) -> str:
    return "req_" + crockford(serial << 80 | int.from_bytes(digest("request", serial)[:10]))


Body = Any
Translate = Callable[[Body], Body]

OLDER_TYPES = {"reply": "scenario"}
NEWER_TYPES = {older: newer for newer, older in OLDER_TYPES.items()}
CANCELLED = "The run was cancelled."

# What the older paths call `id` (the older table, "path parameter names").
PATH_NAMES = {
    "agent_id": (
        *("getAgent", "updateAgent", "deleteAgent"),
        *("listTests", "createTest", "runAllTests"),
    ),
    "test_id": ("getTest", "updateTest", "deleteTest", "listTestRuns", "runTest"),
    "test_run_id": ("getTestRun", "cancelTestRun"),
    "suite_run_id": ("getSuiteRun", "resubmitSuiteRun", "cancelSuiteRun"),
    "test_folder_id": ("updateTestFolder", "deleteTestFolder"),
}
_ID_OF = {operation: name for name, operations in PATH_NAMES.items() for operation in operations}


def older_status(run: Mapping[str, Any]) -> str:
    """A run's status in the older vocabulary, from its newer status and verdict."""
    judged = f"{run['status']} {run['verdict']}"
    return OLDER_RUN_STATUS.get(judged) or OLDER_RUN_STATUS[run["status"]]


def older_run(run: Mapping[str, Any]) -> dict[str, Any]:
    """A run, single or in a suite run."""
    status = older_status(run)
    shown = {
        "id": run["id"],
        "test_id": run["test_id"],
        "agent_id": run["agent_id"],
        "status": status,
        "started_at": run["started_at"],
        "completed_at": run["ended_at"],
        "result": _typed("test_type")(run["result"]),
        "created_at": run["created_at"],
    }
    if status == "error":
        shown["error"] = run.get("error", CANCELLED)
    return shown | {name: run[name] for name in ("test_name", "agent_name") if name in run}


def older_suite(suite: Mapping[str, Any]) -> dict[str, Any]:
    """A suite run, with its children if they are shown."""
    results = suite["results"]
    counts = {
        "total_runs": suite["total"],
        "passed_count": results["passed"],
        "failed_count": results["failed"],
        "errored_count": suite["failed"] + suite["cancelled"],
        "pending_count": suite["pending"] + suite["running"],
    }
    states = {
        "queued": counts["pending_count"],
        "passed": counts["passed_count"],
        "failed": counts["failed_count"],
        "error": counts["errored_count"],
    }
    shown = {
        **{name: suite[name] for name in ("id", "agent_id", "agent_name", "trigger")},
        "parent_suite_run_id": suite["parent_suite_run_id"],
        "status": OLDER_SUITE_STATUS.of(state for state, number in states.items() if number),
        **counts,
        "created_at": suite["created_at"],
        "completed_at": suite["ended_at"],
        "config_override": suite["config_override"],
        "flow_version_id": suite["flow_version_id"],
        "flow_version_number": suite["flow_version_number"],
    }
    if "runs" in suite:
        shown["runs"] = [older_run(run) for run in suite["runs"]]
    return shown


def older_test(test: Mapping[str, Any]) -> dict[str, Any]:
    shown = {**test, "type": OLDER_TYPES.get(test["type"], test["type"])}
    if shown.get("last_run") is not None:
        shown["last_run"] = older_run(shown["last_run"])
    return shown


def older_stats(stats: Mapping[str, Any]) -> dict[str, Any]:
    kinds = {OLDER_TYPES.get(kind, kind): number for kind, number in stats["by_type"].items()}
    return {**stats, "by_type": kinds}


def older_start(body: Mapping[str, Any]) -> dict[str, Any]:
    """The response of run all and batch."""
    suite = body["suite_run"]
    return {
        "runs": [older_run(run) for run in body["runs"]],
        "suite_run": None if suite is None else older_suite(suite),
    }


def older_resubmit(suite: Mapping[str, Any]) -> dict[str, Any]:
    """A pair, where the newer version has one suite run with its children."""
    runs = [
        {name: part for name, part in run.items() if name not in ("test_name", "agent_name")}
        for run in suite["runs"]
    ]
    bare = {name: part for name, part in suite.items() if name != "runs"}
    return older_start({"runs": runs, "suite_run": bare})


def _typed(name: str) -> Translate:
    """The value, with its test type translated if it has one."""

    def translate(value: Body) -> Body:
        if value is None:
            return None
        return {**value, name: OLDER_TYPES.get(value[name], value[name])}

    return translate


def _each(name: str, translate: Translate) -> Translate:
    return lambda page: {**page, name: [translate(row) for row in page[name]]}


OUTWARD: dict[str, Translate] = {
    "listTests": _each("tests", older_test),
    "listAllTests": _each("tests", older_test),
    "createTest": older_test,
    "getTest": older_test,
    "updateTest": older_test,
    "getTestStats": older_stats,
    "runTest": older_run,
    "listTestRuns": _each("runs", older_run),
    "getTestRun": older_run,
    "cancelTestRun": older_run,
    "runAllTests": older_start,
    "runTestsBatch": older_start,
    "resubmitSuiteRun": older_resubmit,
    "listSuiteRuns": _each("suite_runs", older_suite),
    "getSuiteRun": older_suite,
    "cancelSuiteRun": older_suite,
}
STATUSES = {"createTestFolder": 200}  # the older table, "create folder answer"


def inward(request: Request) -> Request:
    """The request in the newer vocabulary."""
    path = {_ID_OF.get(request.operation.id, name): value for name, value in request.path.items()}
    body = request.body
    if request.operation.id == "createTest":
        body = {**body, "type": NEWER_TYPES.get(body["type"], body["type"])}
    return replace(request, path=path, body=body)


def outward(operation_id: str, reply: Reply) -> Reply:
    """The reply in the older vocabulary."""
    translate = OUTWARD.get(operation_id)
    if translate is not None and reply.body is not NO_BODY:
        reply = replace(reply, body=translate(reply.body))
    return replace(reply, status=STATUSES.get(operation_id, reply.status))


def in_older_words(handlers: Mapping[str, Handler]) -> dict[str, Handler]:
    """The newer version's handlers, adapted to the older version."""
    return {operation_id: _older(operation_id, work) for operation_id, work in handlers.items()}


def _older(operation_id: str, work: Handler) -> Handler:
    def answer(world: World, request: Request) -> Reply:
        return outward(operation_id, work(world, inward(request)))

    return answer


def _older_status_of_last_run(world: World, row: Row) -> str | None:
    newest = last_run(world, row["id"])
    return None if newest is None else older_status(progress(world, newest))


TESTS_BY_OLDER_STATUS = replace(
    ALL_TESTS,
    filters={
        **{name: ask for name, ask in ALL_TESTS.filters.items() if name != "verdict"},
        "status": either(_older_status_of_last_run),
        "type": lambda world, wanted: ALL_TESTS.filters["type"](world, _newer_types(wanted)),
    },
)


def _newer_types(wanted: str) -> str:
    return ",".join(NEWER_TYPES.get(word, word) for word in sorted(words(wanted)))


@handles("listAllTests")
def list_all_tests(world: World, request: Request) -> Reply:
    """`status` uses the older vocabulary, and there is no `verdict`."""
    page = TESTS_BY_OLDER_STATUS.page(world, request.query, listed_view)
    return outward("listAllTests", Reply(200, page))


@handles("attachTest")
def attach_test(world: World, request: Request) -> Reply:
    """Let a test also run for another agent; repeating it changes nothing."""
    test = find(world, "tests", request.path["id"])
    agent = find(world, "agents", request.path["agentId"])
    if agent["id"] != test["agent_id"]:
        link = {"test_id": test["id"], "agent_id": agent["id"], "created_at": world.now}
        key = f"{test['id']} {agent['id']}"
        if world["attachments"].get(key) is None:
            world["attachments"].put({"id": key, **link})
    return Reply(204, NO_BODY)
