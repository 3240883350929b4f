"""The journal as assertions for tests: which operations were called, and near misses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any
from urllib.parse import parse_qsl

import orjson

from mockserver.errors import UsageError, did_you_mean
from mockserver.files.secrets import masked_target
from mockserver.files.wording import often
from mockserver.openapi.model import Contract, Operation, Violation
from mockserver.records import dataclass
from mockserver.server.journal.client_lint import KINDS, LintFinding, lint_of
from mockserver.server.journal.journal import Entry, Journal, as_har

MOST_SHOWN = 25
CLOSE = 0.6


@dataclass(frozen=True)
class Call:
    """One exchange, as the client saw it. `status` is None if no reply was sent.

    Values are unmasked, credentials included; `str` masks them.
    """

    entry: Entry

    @property
    def operation(self) -> str | None:
        """The operationId; None for a request that matches none."""
        found = self.entry.exchange.operation
        return found.id if found is not None else None

    @property
    def method(self) -> str:
        return self.entry.exchange.message.method

    @property
    def path(self) -> str:
        return self.entry.exchange.message.target

    @property
    def path_values(self) -> Mapping[str, str]:
        return self.entry.exchange.message.path_values

    @property
    def query(self) -> dict[str, str]:
        """The query parameters; the last value of a repeated one."""
        text = self.entry.exchange.message.query.decode("latin-1")
        return dict(parse_qsl(text, keep_blank_values=True))

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in lower case."""
        return self.entry.exchange.message.headers

    @property
    def body(self) -> Any:
        """The JSON value that was sent, bytes if it is not JSON, None without a body."""
        return _value(self.entry.exchange.message.body)

    @property
    def status(self) -> int | None:
        sent = self.entry.exchange.sent
        return sent.status or None if sent is not None else None

    @property
    def reply(self) -> Any:
        """The body of the reply, in the same form as `body`."""
        sent = self.entry.exchange.sent
        return _value(sent.body) if sent is not None else None

    @property
    def violations(self) -> tuple[Violation, ...]:
        return self.entry.exchange.violations

    @property
    def problem(self) -> str:
        """What the mock noted about this request; empty if nothing."""
        return self.entry.exchange.problem

    def __str__(self) -> str:
        message = self.entry.exchange.message
        words = [message.method, masked_target(message.target, message.query)]
        words += ["->", str(self.status or "no reply"), f"({self.operation or 'no operation'})"]
        return " ".join(words)


def _value(body: bytes) -> Any:
    if not body:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body


class Calls:
    """The calls of one tenant's client, oldest first.

    Requests refused before authentication count if they carry the tenant's credential.
    """

    def __init__(
        self, journal: Journal, contract: Contract, tenant: str, states: frozenset[str]
    ) -> None:
        self._journal = journal
        self._contract = contract
        self._tenant = tenant
        self._states = states

    def __iter__(self) -> Iterator[Call]:
        return iter(self.calls())

    def __len__(self) -> int:
        return len(self.calls())

    def calls(self, operation: str | None = None) -> list[Call]:
        """All calls, or those of an operation: its operationId, or `POST /renders`.

        Raises UsageError for an unknown operation.
        """
        wanted = None if operation is None else self._operation(operation).id
        found = [Call(entry) for entry in self._entries()]
        return [call for call in found if wanted in (None, call.operation)]

    def assert_called(self, operation: str, *, times: int | None = None) -> list[Call]:
        """The calls of an operation: at least one, or exactly `times`. Raises AssertionError."""
        __tracebackhide__ = True
        found = self.calls(operation)
        if (len(found) == times) if times is not None else found:
            return found
        expected = "at least once" if times is None else often(times)
        raise AssertionError(self._report(operation, found, f"expected {expected}"))

    def assert_not_called(self, operation: str) -> None:
        """Raises AssertionError if the operation was called."""
        __tracebackhide__ = True
        found = self.calls(operation)
        if found:
            raise AssertionError(self._report(operation, found, "expected none"))

    def client_lint(self, *kinds: str) -> list[LintFinding]:
        """What the client did badly, oldest first, of these kinds or all (docs/client-lint.md).

        Raises UsageError for an unknown kind.
        """
        for kind in kinds:
            if kind not in KINDS:
                raise UsageError(
                    f"client lint has no kind {kind!r}; the kinds are {', '.join(KINDS)}"
                )
        found = lint_of(self._entries(), self._states)
        return [finding for finding in found if not kinds or finding.kind in kinds]

    def assert_client_lint_clean(self, *kinds: str) -> None:
        """Raises AssertionError with a list of what the client did badly."""
        __tracebackhide__ = True
        found = self.client_lint(*kinds)
        if found:
            made = [f"  {each}" for each in self._numbered()[-MOST_SHOWN:]]
            raise AssertionError("\n".join([*map(str, found), "Calls:", *made]))

    # The names until 0.2.
    complaints = client_lint
    assert_no_complaints = assert_client_lint_clean

    def _numbered(self) -> list[str]:
        return [f"{entry.number}: {Call(entry)}" for entry in self._entries()]

    def har(self) -> dict[str, Any]:
        """The calls as an HTTP archive (HAR 1.2), secrets masked."""
        return as_har(self._entries())

    def clear(self) -> None:
        """Remove the recorded calls."""
        self._journal.forget(self._tenant)

    def _entries(self) -> list[Entry]:
        kept = [entry for entry in self._journal.entries() if self._is_ours(entry)]
        return kept[::-1]

    def _is_ours(self, entry: Entry) -> bool:
        exchange = entry.exchange
        if exchange.tenant:
            return exchange.tenant == self._tenant
        sent = {*exchange.message.headers.values()}
        return self._tenant in sent or f"Bearer {self._tenant}" in sent

    def _operation(self, name: str) -> Operation:
        known = self._contract.names
        if name not in known:
            hint = did_you_mean(name, known, 3)
            raise UsageError(f"there is no operation {name!r}{hint and '; ' + hint}")
        return self._contract.by_id[known[name]]

    def _report(self, name: str, found: list[Call], expected: str) -> str:
        lines = [f"{_spell(self._operation(name))} was {_called(len(found))}, {expected}."]
        made = self.calls()
        lines.append("Calls:" if made else "There were no calls.")
        if len(made) > MOST_SHOWN:
            lines.append(f"  ... {len(made) - MOST_SHOWN} before these")
        lines += [f"  {call}" for call in made[-MOST_SHOWN:]]
        missed = [call for call in made if call.operation is None]
        if missed:
            lines.append("Near misses, requests that match no operation:")
            for call in missed[-MOST_SHOWN:]:
                lines.append(f"  {call.method} {call.path}")
                close = closest(self._contract, call.method, call.path)
                lines += [f"    close to {_spell(operation)}" for operation in close]
        return "\n".join(lines)


def _called(times: int) -> str:
    return f"called {often(times)}" if times else "not called"


def _spell(operation: Operation) -> str:
    return f"{operation.id} ({operation.method} {operation.path})"


def closest(contract: Contract, method: str, path: str) -> list[Operation]:
    """Up to two operations that a request for this path may have meant, best first."""
    base = contract.base_path.rstrip("/")
    scored = []
    for operation in contract.operations:
        # Requests need not have the base path.
        likeness = max(_likeness(path, above + operation.path) for above in {base, ""})
        scored.append((likeness + 0.1 * (operation.method == method), operation))
    scored.sort(key=lambda pair: -pair[0])
    return [operation for score, operation in scored[:2] if score >= CLOSE]


def _likeness(path: str, template: str) -> float:
    given, wanted = path.strip("/").split("/"), template.strip("/").split("/")
    if len(given) == len(wanted):  # a parameter matches any value
        wanted = [g if "{" in w else w for g, w in zip(given, wanted, strict=True)]
    return SequenceMatcher(None, "/".join(given), "/".join(wanted)).ratio()
