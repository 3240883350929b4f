"""Find bad client behaviour in the journal.

It judges only by requests and responses; what the client did with them is unknown. Time is that of
the client's world.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any

import orjson

from mockserver.engine.timestamps import SECOND
from mockserver.files.secrets import mask, masked_target
from mockserver.inference.states import kind_of
from mockserver.openapi.model import Operation
from mockserver.records import dataclass
from mockserver.server.journal.journal import Entry

KINDS = {
    "too-soon": "retried before Retry-After had passed",
    "after-the-end": "kept polling a job that had ended",
    "failed-child": "ignored a failed child",
    "no-idempotency-key": "repeated a POST that may have taken effect without its idempotency key",
    "leaked-job": "started a job and neither awaited its end nor cancelled it",
}
# A client may read an ended job once more, to fetch its result.
LOOKS_AFTER_THE_END = 1
IDEMPOTENCY_KEY = "idempotency-key"
_ENDS = frozenset(("success", "failure", "cancelled"))
_DEEPEST = 4
Job = Mapping[str, Any]


@dataclass(frozen=True)
class LintFinding:
    """One finding. `calls` are the numbers of the exchanges in the journal."""

    kind: str
    text: str
    calls: tuple[int, ...]
    tenant: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.text} (calls {', '.join(map(str, self.calls))})"

    def as_json(self) -> dict[str, Any]:
        """With the tenant masked."""
        shown = {"kind": self.kind, "text": self.text, "calls": list(self.calls)}
        return {**shown, "tenant": mask(self.tenant) if self.tenant else None}


def lint_of(entries: Iterable[Entry], states: frozenset[str]) -> list[LintFinding]:
    """The findings for each tenant's client; `entries` come oldest first."""
    readers: dict[str, _Reader] = {}
    for entry in entries:
        tenant = entry.exchange.tenant
        if tenant:
            readers.setdefault(tenant, _Reader(tenant, states)).read(entry)
    return [found for reader in readers.values() for found in reader.finish()]


@dataclass(eq=False)
class _Reader:
    """The state of one client, from exchange to exchange."""

    tenant: str
    states: frozenset[str]
    found: list[LintFinding] = field(default_factory=list)
    due: dict[tuple[str, str], tuple[int, int, int]] = field(default_factory=dict)
    looks: dict[str, list[int]] = field(default_factory=dict)
    failed: dict[str, tuple[list[str], int]] = field(default_factory=dict)
    broken: dict[tuple[str, str, bytes], Entry] = field(default_factory=dict)
    started: dict[str, int] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)

    def report(self, kind: str, text: str, *calls: int) -> None:
        self.found.append(LintFinding(kind, text, calls, self.tenant))

    def read(self, entry: Entry) -> None:
        operation = entry.exchange.operation
        if operation is None:
            return
        self._check_wait(entry, operation)
        self._check_repeat(entry, operation)
        body = _reply(entry)
        self._note_concern(entry)
        if operation.method == "GET":
            self._note_look(entry, body)
        elif operation.method == "POST":
            self._note_started(entry, body)
        for candidate in self._jobs(body):
            self.last[candidate["id"]] = self._state(candidate) or ""

    def finish(self) -> list[LintFinding]:
        for job, calls in self.looks.items():
            more = len(calls) - 1
            if more > LOOKS_AFTER_THE_END:
                text = f"{job} had ended as {self.last[job]}, and was polled {more} more times"
                self.report("after-the-end", text, *calls)
        for job, (children, call) in self.failed.items():
            names = ", ".join(children)
            text = f"{names} of {job} failed, and was neither read nor repeated"
            self.report("failed-child", text, call)
        for job, call in self.started.items():
            state = self.last.get(job, "")
            if kind_of(state) not in _ENDS:
                text = f"{job} was started and left {state}: neither awaited nor cancelled"
                self.report("leaked-job", text, call)
        return sorted(self.found, key=lambda finding: finding.calls[-1])

    def _check_wait(self, entry: Entry, operation: Operation) -> None:
        message, now = entry.exchange.message, entry.exchange.now
        if not now:
            return  # refused before its world was opened
        key = operation.id, message.target
        if key in self.due:
            due, wanted, number = self.due.pop(key)
            if now < due:
                waited = wanted - (due - now) / SECOND
                text = (
                    f"{message.method} {masked_target(message.target, message.query)} came after "
                    f"{waited:g} s, and Retry-After was {wanted} s"
                )
                self.report("too-soon", text, number, entry.number)
        wait = _header(entry, b"retry-after")
        if wait.isdigit() and len(wait) < 8:
            self.due[key] = now + int(wait) * SECOND, int(wait), entry.number

    def _check_repeat(self, entry: Entry, operation: Operation) -> None:
        message = entry.exchange.message
        if message.method != "POST":
            return
        key = operation.id, message.target, message.body
        first = self.broken.pop(key, None)
        if first is not None:
            reason = _why_unsafe(first, entry, operation)
            if reason:
                text = f"POST {message.target} was repeated {reason}"
                self.report("no-idempotency-key", text, first.number, entry.number)
        if _is_broken(entry):
            self.broken[key] = entry

    def _note_concern(self, entry: Entry) -> None:
        """Note that the client takes care of a job: any request about it shows that."""
        message = entry.exchange.message
        if message.method not in ("GET", "HEAD"):
            for job in [job for job in self.looks if job in message.target]:
                del self.looks[job]
        for job, (children, _) in list(self.failed.items()):
            about = (job, *children) if message.method not in ("GET", "HEAD") else tuple(children)
            text = message.body.decode("utf-8", "replace")
            if any(each in message.target or each in text for each in about):
                del self.failed[job]
        if message.method == "DELETE" and _succeeded(entry):
            for job in [job for job in self.started if job in message.target]:
                del self.started[job]

    def _note_look(self, entry: Entry, body: Any) -> None:
        if not isinstance(body, Mapping) or kind_of(self._state(body) or "") not in _ENDS:
            return
        job = body["id"]
        if entry.exchange.message.target.rstrip("/").rpartition("/")[2] != job:
            return
        self.looks.setdefault(job, []).append(entry.number)
        children = [
            child["id"]
            for value in body.values()
            if isinstance(value, list)
            for child in value
            if kind_of(self._state(child) or "") == "failure"
        ]
        if children and len(self.looks[job]) == 1:
            self.failed[job] = children, entry.number

    def _note_started(self, entry: Entry, body: Any) -> None:
        """Remember jobs that a POST started: the response itself, or named entries in it."""
        if not isinstance(body, Mapping):
            return
        inside = [value for value in body.values() if isinstance(value, Mapping)]
        children = [each for value in body.values() if isinstance(value, list) for each in value]
        for candidates in ([body], inside, children):
            jobs = [candidate["id"] for candidate in candidates if self._state(candidate)]
            if jobs:
                for job in jobs:
                    if job not in self.last:
                        self.started[job] = entry.number
                return

    def _state(self, candidate: Any) -> str | None:
        """The state of a job-like object."""
        if not isinstance(candidate, Mapping) or not isinstance(candidate.get("id"), str):
            return None
        state = candidate.get("status", candidate.get("state"))
        return state if isinstance(state, str) and state in self.states else None

    def _jobs(self, value: Any, depth: int = 0) -> Iterator[Job]:
        if depth > _DEEPEST:
            return
        if isinstance(value, Mapping):
            if self._state(value):
                yield value
            value = list(value.values())
        if isinstance(value, list):
            for each in value:
                if isinstance(each, Mapping | list):
                    yield from self._jobs(each, depth + 1)


def _succeeded(entry: Entry) -> bool:
    sent = entry.exchange.sent
    return sent is not None and 200 <= sent.status < 300


def _reply(entry: Entry) -> Any:
    """The JSON of a successful reply that arrived completely."""
    sent = entry.exchange.sent
    if sent is None or not _succeeded(entry):
        return None
    if sent.trouble is not None and (sent.trouble.drop or sent.trouble.truncate is not None):
        return None
    try:
        return orjson.loads(sent.body)
    except orjson.JSONDecodeError:
        return None


def _header(entry: Entry, name: bytes) -> str:
    sent = entry.exchange.sent
    headers = sent.headers if sent is not None else []
    return next((value.decode("latin-1") for n, value in headers if n.lower() == name), "")


def _is_broken(entry: Entry) -> bool:
    """Whether the client can't know if its request took effect."""
    injection, sent = entry.exchange.injection, entry.exchange.sent
    if injection is not None and (injection.drop or injection.truncate is not None):
        return True
    return sent is None or sent.status >= 500 or sent.status in (0, 408)


def _why_unsafe(first: Entry, again: Entry, operation: Operation) -> str:
    """Why repeating the request was not safe; empty if it was."""
    keys = [each.exchange.message.headers.get(IDEMPOTENCY_KEY) for each in (first, again)]
    known = any(
        parameter.place == "header" and parameter.name.lower() == IDEMPOTENCY_KEY
        for parameter in operation.parameters
    )
    if known and (keys[0] is None or keys[1] is None):
        return "without an Idempotency-Key, which this operation supports"
    if known and keys[0] != keys[1]:
        return "with another Idempotency-Key, which makes it another request"
    injection = first.exchange.injection
    if not known and (injection is None or injection.committed or injection.truncate is not None):
        return "although the first one had taken effect" if injection is not None else ""
    return ""
