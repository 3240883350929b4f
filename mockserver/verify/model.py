"""Values of a run: exchanges, findings, coverage, the result."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mockserver.openapi.model import Json, Operation

HIDDEN = "[Filtered]"
"""Schemathesis' placeholder for a credential."""

KEY_VARIABLE, OTHER_VARIABLE = "$API_KEY", "$OTHER_API_KEY"
"""Our placeholder for a key in recorded requests."""
_UNINTERESTING = {
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "host",
    "user-agent",
    "x-schemathesis-testcaseid",
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its reply. `status` is 0 without a reply; `source` names the sender.

    Header names are in lower case, credentials are masked. `positive` states whether the sender
    intended a valid request (None: unknown).
    """

    method: str
    url: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed: float
    source: str
    operation: str = ""
    positive: bool | None = None
    verdicts: frozenset[str] | None = None
    """Checks that failed at the sender; None if it did not check."""
    at: float = 0.0
    """When it was sent, in seconds since the epoch; 0 if unknown."""

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")

    def json(self) -> Json:
        """The reply's JSON value. Raises ValueError."""
        return json_of(self.body)

    def curl(self) -> str:
        """A shell command; masked credentials become variables."""
        words = ["curl", "--path-as-is", "-X", self.method]
        for name, value in self.request_headers.items():
            if name in _UNINTERESTING:
                continue
            value = value.replace(HIDDEN, KEY_VARIABLE)
            if KEY_VARIABLE in value or OTHER_VARIABLE in value:
                words += ["-H", f'"{name}: {value}"']
            else:
                words += ["-H", shlex.quote(f"{name}: {value}")]
        if self.request_body:
            words += ["--data-binary", _shell_bytes(self.request_body)]
        words.append(shlex.quote(self.url))
        return " ".join(words)


def json_of(body: bytes) -> Json:
    """The JSON value of a body. Raises ValueError, also if it is nested too deeply to be read."""
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def is_server_error(status: int, operation: Operation | None) -> bool:
    """Whether a status is a fault of the server: any 5xx but one of the document's own, such as a
    501 for what is not installed. A 500 always is one."""
    documented = operation is not None and str(status) in operation.responses
    return status == 500 or (status > 500 and not documented)


def _shell_bytes(body: bytes) -> str:
    try:
        return shlex.quote(body.decode("utf-8").replace("\x00", "\\0"))
    except UnicodeDecodeError:
        return "$'" + "".join(f"\\x{byte:02x}" for byte in body) + "'"


@dataclass(slots=True)
class Finding:
    """A way in which the server breaks its contract.

    `rule` is the check or the invariant, `where` the operation ("GET /things/{id}"), `steps` the
    requests that lead to it; the last one shows the fault. `origin` is "schemathesis" or
    "lifecycle". `accepted` is the reason why it is tolerated, or empty.
    """

    rule: str
    where: str
    title: str
    message: str
    steps: Sequence[Exchange] = ()
    origin: str = "lifecycle"
    count: int = 1
    accepted: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> tuple[str, str, str]:
        """It includes the cause of a finding that is in several operations."""
        return (self.where, self.rule, self.title + self.extra.get("cause", ""))

    @property
    def id(self) -> str:
        return hashlib.sha256("\0".join(self.identity).encode()).hexdigest()[:8]

    @property
    def example(self) -> Exchange | None:
        return self.steps[-1] if self.steps else None


@dataclass(frozen=True, slots=True)
class Difference:
    """A reply on which the two validators disagree."""

    where: str
    status: int
    schemathesis: str
    openapi_core: str
    example: Exchange


@dataclass
class Coverage:
    """How often each operation returned each status."""

    seen: dict[str, dict[int, int]] = field(default_factory=dict)

    def add(self, exchange: Exchange) -> None:
        if exchange.operation:
            statuses = self.seen.setdefault(exchange.operation, {})
            statuses[exchange.status] = statuses.get(exchange.status, 0) + 1


@dataclass
class Result:
    """The result of a run."""

    title: str
    url: str
    findings: list[Finding] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    coverage: Coverage = field(default_factory=Coverage)
    documented: dict[str, list[str]] = field(default_factory=dict)
    phases: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    requests: int = 0
    judged: int = 0
    seconds: float = 0.0
    seed: int = 0
    digest: str = ""
    """Digest of the request sequence: equal when two runs sent the same."""
    interrupted: int = 0
    """The exit code of an interrupted run."""
    what: str = "Contract test"
    """The kind of run, for headings."""

    def add(self, finding: Finding) -> bool:
        """Add a finding, or count it if it is known; returns whether it is new."""
        for known in self.findings:
            if known.identity == finding.identity:
                known.count += finding.count
                return False
        self.findings.append(finding)
        return True

    @property
    def open_findings(self) -> list[Finding]:
        return [finding for finding in self.findings if not finding.accepted]

    @property
    def exit_code(self) -> int:
        if self.interrupted:
            return self.interrupted
        if self.open_findings:
            return 1
        return 2 if self.errors else 0
