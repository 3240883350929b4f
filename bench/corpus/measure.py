"""Measure one document: its operations' responses, its round trips, and the time."""

from __future__ import annotations

import gc
import logging
import re
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bench.corpus import trips
from bench.corpus.also import negotiated, refused
from bench.corpus.causes import cause_of
from bench.corpus.client import Client
from bench.corpus.credentials import KEY
from bench.corpus.finding import NoRequest
from bench.corpus.judge import Judge, NotJudged
from bench.corpus.proof import Prover
from bench.corpus.shown import judge_shown
from mockserver import MockServer
from mockserver.errors import MockServerError
from mockserver.openapi.model import Operation

_LAST = {"remove": 2, "clear": 1}
"""What comes last; so does whatever else a DELETE does (a state, a list that is emptied)."""


@dataclass
class Problem:
    """One problem: its kind, place and message."""

    cause: str
    where: str
    text: str


@dataclass
class Measured:
    """The results for one document.

    `valid` are the operations with a documented response, `succeeded` those with a 2xx; `shown` are
    the ids in examples that can be requested, of which `shown_right` return 200 with the example.
    `negotiated` list several media types, of which `negotiated_right` send the one that `Accept`
    names; `refusing` list a refusal and require something, of which `refusing_right` refuse what is
    without it as documented, and say what is missing.
    `unjudged` replies could not be validated and count as valid. `silent` operations document no
    success, and of `impossible` ones it is proven that no request or no success is valid; both are
    not counted. `tried` is less than `operations` if time ran out.
    """

    name: str
    version: str = ""
    operations: int = 0
    tried: int = 0
    valid: int = 0
    succeeded: int = 0
    unjudged: int = 0
    silent: int = 0
    impossible: int = 0
    trips: int = 0
    held: int = 0
    shown: int = 0
    shown_right: int = 0
    negotiated: int = 0
    negotiated_right: int = 0
    refusing: int = 0
    refusing_right: int = 0
    refused: str = ""
    timed_out: bool = False
    exceptions: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    broken: list[Problem] = field(default_factory=list)
    seconds: float = 0.0
    loading: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Crashes(logging.Handler):
    """Collects unexpected exceptions of the mock."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self.heard.append(told(record.exc_info[1]))


def told(error: BaseException) -> str:
    """An exception on one line: what, and where in this project it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/mockserver/" in frame.filename] or list(frames)
    place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "?"
    return f"{type(error).__name__} at {place}: {str(error)[:200]}"


def measure(
    path: str,
    name: str,
    seconds: float,
    tell: Callable[[Measured], None] = lambda measured: None,
) -> Measured:
    """Measure one document in at most `seconds`; `tell` is called with the progress."""
    start = time.perf_counter()
    found = Measured(name)
    crashes = Crashes()
    logging.getLogger("mockserver").addHandler(crashes)
    try:
        server = MockServer(path, clock="manual", seed=1, key=KEY)
    except MockServerError as error:
        found.refused = str(error)[:300]
        return found
    except Exception as error:
        found.exceptions.append(Problem("loading", name, told(error)))
        return found
    finally:
        found.seconds = found.loading = time.perf_counter() - start
    contract = server.mock.contract
    found.version = contract.written or contract.version
    found.operations = len(contract.operations)
    client = Client(server)
    try:
        found.shown, found.shown_right, wrong = judge_shown(client)
        found.problems.extend(Problem("an example is not there", name, text) for text in wrong)
    except Exception as error:
        found.exceptions.append(Problem("examples", name, told(error)))
    client = Client(server)
    judge = Judge(contract.document, contract.version)
    gc.freeze()  # as `serve` does: collections need not look at the document again and again

    def late() -> bool:
        found.seconds = time.perf_counter() - start
        if found.tried % 20 == 0:
            tell(found)
        return found.seconds > seconds

    for operation in _ordered(client):
        if late():
            found.timed_out = True
            return found
        _try(client, judge, operation, found, crashes)
    server.reset()  # what was removed, and can't be made by clients, has to be there
    client.forget()
    for resource in trips.resources(client):
        if late():
            found.timed_out = True
            return found
        found.trips += 1
        _trip(client, resource, found, crashes)
    found.seconds = time.perf_counter() - start
    return found


def _ordered(client: Client) -> list[Operation]:
    """In document order, but removals last, the innermost first."""

    def rank(operation: Operation) -> tuple[int, int]:
        last = _LAST.get(client.plan.actions[operation.id].kind, operation.method == "DELETE")
        return int(last), -operation.path.count("/") if last else 0

    return sorted(client.contract.operations, key=rank)


def _try(
    client: Client, judge: Judge, operation: Operation, found: Measured, crashes: Crashes
) -> None:
    where = f"{operation.method} {operation.path}"
    found.tried += 1
    crashes.heard.clear()
    try:
        reply = _asked(client, operation)
    except NoRequest as error:
        if "no value fits" in str(error) and _no_request(client, operation):
            found.impossible += 1
            return
        found.problems.append(Problem(cause_of(f"no request: {error}"), where, str(error)))
        return
    except Exception as error:
        found.exceptions.append(Problem("exception", where, told(error)))
        return
    if crashes.heard:
        found.exceptions.append(Problem("exception", where, crashes.heard[0]))
        return
    found.succeeded += reply.is_success
    if reply.headers.get("content-type") == "application/problem+json" and (
        reply.status_code == 500 and "breaking its contract" in reply.text
    ):
        detail = str(reply.json().get("detail"))
        if "no value fits" in detail and _no_success(client, operation):
            found.impossible += 1
            return
        found.problems.append(Problem(cause_of(f"no reply: {detail}"), where, detail[:300]))
        return
    if reply.status_code in (400, 401, 403, 406, 415, 422) and _refused(client, reply):
        # Documented or not: the request was valid.
        cause = f"a valid request is refused with {reply.status_code}"
        found.problems.append(Problem(cause, where, client.why() or reply.text[:300]))
        return
    try:
        complaint = _complaint(client, judge, operation, reply)
    except NotJudged:
        found.unjudged += 1
        complaint = ""
    if complaint and not _says_success(operation):
        found.silent += 1
        return
    if complaint and _no_success(client, operation):
        found.impossible += 1
        return
    if complaint:
        text = f"{reply.status_code} {complaint}"
        more = f"; {reply.text[:200]}" if reply.status_code >= 400 else ""
        found.problems.append(Problem(cause_of(text), where, text + more))
        return
    found.valid += 1
    if reply.is_success:
        _also(client, judge, operation, found, crashes)


def _also(
    client: Client, judge: Judge, operation: Operation, found: Measured, crashes: Crashes
) -> None:
    """Ask for what else the operation lists: other media types, and a refusal."""
    where, sent = f"{operation.method} {operation.path}", client.last
    faults = negotiated(judge, client.http, operation.pointer, sent)
    if faults is not None:
        found.negotiated += 1
        found.negotiated_right += not faults
        found.problems.extend(Problem("another media type", where, text) for text in faults[:1])
    fault = refused(judge, client.http, operation.pointer, sent)
    if fault is not None:
        found.refusing += 1
        found.refusing_right += not fault
        if fault:
            found.problems.append(Problem("a refusal", where, fault))
    if crashes.heard:
        found.exceptions.append(Problem("exception", where, crashes.heard[0]))


def _complaint(client: Client, judge: Judge, operation: Operation, reply: httpx.Response) -> str:
    """What is wrong with a reply; "" if nothing. Raises NotJudged.

    Operations whose paths differ only in parameter names are one operation to a client: "Templated
    paths with the same hierarchy but different templated names MUST NOT exist as they are
    identical" (OpenAPI 3.0.3, Paths Object). What one of them documents is documented.
    """
    complaint = judge.complaint(operation.pointer, operation.method, reply)
    if complaint:
        for other in client.contract.operations:
            alike = other is not operation and _place(other) == _place(operation)
            if alike and not judge.complaint(other.pointer, other.method, reply):
                return ""
    return complaint


def _place(operation: Operation) -> tuple[str, str]:
    return operation.method, re.sub(r"\{[^/{}]*\}", "{}", operation.path)


def _asked(client: Client, operation: Operation) -> httpx.Response:
    """The response to a request about existing entities. Ids learnt earlier may have been removed
    along with others: look them up again."""
    path = client.path_for(operation)
    reply = client.send(operation, path)
    if reply.status_code in (404, 410) and client.finder.doubtful:
        client.forget()
        path = client.path_for(operation)
        reply = client.send(operation, path)
    action = client.plan.actions[operation.id]
    removes = action.kind in _LAST or operation.method == "DELETE"
    if removes and action.item in path:
        client.removed(path[action.item])
    elif removes:
        client.forget()
    return reply


def _no_request(client: Client, operation: Operation) -> bool:
    """Whether it is proven that no request is valid, because of a required parameter or body."""
    prover = Prover(client.contract.document, client.contract.version, request=True)
    needed = [[p.pointer] for p in operation.parameters if p.required and p.pointer]
    if operation.body is not None and operation.body.required:
        needed.append([media.pointer or "" for media in operation.body.content.values()])
    return any(all(p and prover.impossible(p) for p in way) for way in needed if way)


def _no_success(client: Client, operation: Operation) -> bool:
    """Whether it is proven that no success is valid by the document.

    `default` is "the documentation of responses other than the ones declared for specific HTTP
    response codes" (OpenAPI 3.0.3, Responses Object): a success only if no other is declared.
    """
    prover = Prover(client.contract.document, client.contract.version, request=False)
    declared = [status for status in operation.responses if status[0] in "23"] or ["default"]
    bodies = [
        [media.pointer or "" for media in operation.responses[status].content.values()]
        for status in declared
        if status in operation.responses
    ]
    return bool(bodies) and all(
        way and all(pointer and prover.impossible(pointer) for pointer in way) for way in bodies
    )


def _refused(client: Client, reply: httpx.Response) -> bool:
    """Whether the request itself was refused, not the entity missing."""
    return reply.status_code in (401, 406, 415) or bool(client.why())


def _says_success(operation: Operation) -> bool:
    """Whether the document declares any success."""
    return any(status[0] in "23" or status == "default" for status in operation.responses)


def _trip(client: Client, resource: Any, found: Measured, crashes: Crashes) -> None:
    crashes.heard.clear()
    where = f"{resource.name} ({resource.path})"
    try:
        trips.round_trip(client, resource)
        found.held += 1
    except trips.Broken as error:
        found.broken.append(Problem(error.step, where, str(error)))
    except Exception as error:
        found.exceptions.append(Problem("round trip", where, told(error)))
    if crashes.heard:
        found.exceptions.append(Problem("round trip", where, crashes.heard[0]))
