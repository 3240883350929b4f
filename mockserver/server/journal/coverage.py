"""Coverage of the document: requested operations, those never requested, and mismatches; and the
counts of requests that coverage and metrics share."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any

from mockserver.engine.error_formats.base import dotted, place_of, with_place
from mockserver.engine.pipeline import Exchange, Message
from mockserver.files.wording import counted, often
from mockserver.openapi.model import Contract, Operation, Violation
from mockserver.server.journal.journal import Noted

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds of the latency buckets, in seconds."""
_NANOSECONDS = tuple(round(bound * 1e9) for bound in BOUNDS)
_MOST_WAITING = 1024


class Tally:
    """Counts exchanges; those of no operation count under "".

    `update` is called before each look at the result. `on_misfit` is called with each exchange that
    belongs to no operation, has violations or was refused.
    """

    def __init__(self, update: Callable[[], None] = lambda: None) -> None:
        self.on_misfit: Callable[[Exchange], None] | None = None
        self.update = update
        self._requests: defaultdict[tuple[str, str, int], int] = defaultdict(int)
        # Latencies are collected first: it is cheaper to sort many and put them into buckets.
        self._took: defaultdict[str, list[int]] = defaultdict(list)
        self._waiting = 0
        self._lock = Lock()
        self._buckets: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))
        self._nanoseconds: defaultdict[str, int] = defaultdict(int)

    def count(self, exchanges: Sequence[Noted]) -> None:
        """Count exchanges. On the hot path."""
        with self._lock:
            requests, took, on_misfit = self._requests, self._took, self.on_misfit
            for ended, exchange in exchanges:
                operation, message, sent = exchange.operation, exchange.message, exchange.sent
                name = operation.id if operation is not None else ""
                requests[name, message.method, sent.status if sent is not None else 0] += 1
                if 0 < message.started <= ended:
                    took[name].append(ended - message.started)
                if on_misfit is not None and (
                    exchange.refused or exchange.violations or operation is None
                ):
                    on_misfit(exchange)
            self._waiting += len(exchanges)
            if self._waiting > _MOST_WAITING:
                self._settle()

    def _settle(self) -> None:
        """Put the collected latencies into their buckets. The caller holds the lock."""
        waiting, self._took, self._waiting = self._took, defaultdict(list), 0
        for name, each in waiting.items():
            each.sort()
            buckets, below = self._buckets[name], 0
            for number, bound in enumerate(_NANOSECONDS):
                until = bisect_left(each, bound + 1)
                buckets[number] += until - below
                below = until
            buckets[-1] += len(each) - below
            self._nanoseconds[name] += sum(each)

    @property
    def requests(self) -> Mapping[tuple[str, str, int], int]:
        """The number of requests by operation, method and status (0: no response was sent)."""
        self.update()
        with self._lock:
            return self._requests.copy()

    @property
    def latencies(self) -> Mapping[str, tuple[list[int], float]]:
        """By operation: the number of requests in each bucket, the last of which has no bound, and
        the sum of their latencies in seconds."""
        self.update()
        with self._lock:
            self._settle()
            nanoseconds = self._nanoseconds
            return {n: (list(each), nanoseconds[n] / 1e9) for n, each in self._buckets.items()}


MOST_MISFITS = 500
MOST_SHOWN = 10
_UNNAMED = ("additionalProperties", "unevaluatedProperties", "falseSchema")
_KINDS = {
    "string": "a string", "integer": "an integer", "number": "a number", "boolean": "a boolean",
    "array": "an array", "object": "an object", "null": "null",
}  # fmt: skip
_BADGES = ((90, "brightgreen"), (70, "green"), (50, "yellow"), (25, "orange"), (0, "red"))
_HINTS = {
    401: "{} had an unknown credential; --any-key accepts any",
    404: "{} named an unknown id; --lenient (or --unknown-ids known) creates it on first use",
    409: "{} conflicted with the state; --lenient (or --conflicts ignore) accepts them",
    410: "{} named a removed entity; --lenient (or --unknown-ids always) creates it again",
    412: "{} required another version; --lenient (or --conflicts ignore) accepts them",
    422: "{} broke the contract; --lenient (or --validate warn) carries them out",
}
"""What would have accepted a refused request, by the natural status of the refusal."""


_BY_KIND = frozenset(("type", "required", "enum", "media_type", "json"))
"""The keywords of which `blame` looks at no more of a value than its type."""


class Coverage:
    """What a tally's requests cover of a document, and which did not fit it, in bounded memory."""

    def __init__(self, contract: Contract, tally: Tally) -> None:
        self.contract = contract
        self._tally = tally
        self._misfits: Counter[tuple[str, str]] = Counter()
        self._unknown: Counter[str] = Counter()
        self._refused: Counter[int] = Counter()
        # Clients repeat their mistakes: the result for each kind of mistake is kept.
        self._known: dict[object, tuple[str, str]] = {}
        tally.on_misfit = self._note

    def _note(self, exchange: Exchange) -> None:
        operation = exchange.operation
        if operation is None:
            if exchange.refused:  # else the paths of a login responded
                self._count_unknown(exchange.message)
            return
        self._refused[exchange.refused] += 1
        misfits, known = self._misfits, self._known
        for violation in exchange.violations:
            key: object = None
            if violation.keyword in _BY_KIND:
                key = (
                    *(operation.id, violation.where, violation.keyword),
                    *(type(violation.value), str(violation.limit)),
                )
            misfit = known.get(key)
            if misfit is None:
                misfit = operation.id, blame(violation)
                if misfit not in misfits and len(misfits) >= MOST_MISFITS:
                    continue
                if key is not None and len(known) < MOST_MISFITS:
                    known[key] = misfit
            misfits[misfit] += 1

    def _count_unknown(self, message: Message) -> None:
        request = f"{message.method} {message.target}"
        known = request in self._unknown or len(self._unknown) < MOST_MISFITS
        if message.method != "?" and known:
            self._unknown[request] += 1

    # -- results

    @property
    def _seen(self) -> Mapping[tuple[str, int], int]:
        """The requests by operation and status."""
        found: Counter[tuple[str, int]] = Counter()
        for (name, _, status), count in self._tally.requests.items():
            if name:
                found[name, status] += count
        return found

    @property
    def requests(self) -> int:
        """The number of requests to documented operations."""
        return sum(self._seen.values())

    @property
    def percent(self) -> int:
        """The percentage of operations that were requested. Not 100 until all were."""
        return len(self.asked) * 100 // max(1, len(self.contract.operations))

    @property
    def asked(self) -> list[str]:
        """The requested operations, in document order."""
        requested = {operation for operation, _ in self._seen}
        return [each.id for each in self.contract.operations if each.id in requested]

    @property
    def never_asked(self) -> list[str]:
        """The operations that were never requested."""
        requested = {operation for operation, _ in self._seen}
        return [each.id for each in self.contract.operations if each.id not in requested]

    @property
    def never_answered(self) -> dict[str, list[str]]:
        """The documented statuses that were never returned, by operation, where there are any."""
        got = {(name, status) for name, status in self._seen}
        found = {}
        for operation in self.contract.operations:
            seen = {_listed_as(operation, status) for name, status in got if name == operation.id}
            rest = [status for status in operation.responses if status not in seen]
            if rest:
                found[operation.id] = rest
        return found

    @property
    def misfits(self) -> list[tuple[str, str, int]]:
        """Operation, what is wrong with a request, and how often, the most frequent first."""
        self._tally.update()
        return [(name, reason, count) for (name, reason), count in self._misfits.most_common()]

    @property
    def unknown(self) -> list[tuple[str, int]]:
        """Requests that the document does not have, and how often."""
        self._tally.update()
        return self._unknown.most_common()

    @property
    def hints(self) -> list[str]:
        """Options that would have accepted refused requests."""
        self._tally.update()
        refused = self._refused
        return [
            hint.format("1 request" if refused[status] == 1 else f"{refused[status]} requests")
            for status, hint in _HINTS.items()
            if refused[status]
        ]

    def as_json(self) -> dict[str, Any]:
        statuses = sum(len(each.responses) for each in self.contract.operations)
        return {
            "percent": self.percent,
            "requests": self.requests,
            "operations": {
                "documented": len(self.contract.operations),
                "asked": len(self.asked),
                "never": self.never_asked,
            },
            "statuses": {
                "documented": statuses,
                "answered": statuses - sum(map(len, self.never_answered.values())),
                "never": self.never_answered,
            },
            "misfits": [
                {"operation": name, "reason": reason, "count": count}
                for name, reason, count in self.misfits
            ],
            "unknown": [{"request": request, "count": count} for request, count in self.unknown],
            "hints": self.hints,
        }

    def badge(self) -> dict[str, Any]:
        """The JSON for a shields.io endpoint badge."""
        color = next(color for least, color in _BADGES if self.percent >= least)
        return {
            "schemaVersion": 1,
            "label": "API coverage",
            "message": f"{self.percent}%",
            "color": color,
        }

    def lines(self, most: int | None = MOST_SHOWN) -> Iterator[str]:
        """The report for the terminal; long lists show the first `most` entries."""
        total = len(self.contract.operations)
        were = "was" if total == 1 else "were"
        asked = f"{len(self.asked)} of {counted(total, 'operation')} {were} requested"
        yield f"{asked} ({self.percent} %)"
        if self.never_asked:
            yield f"never requested: {_shortened(self.never_asked, most)}"
        for name, reason, count in self.misfits[:most]:
            yield f"{name}: {reason}{f' ({often(count)})' if count > 1 else ''}"
        for request, count in self.unknown[:most]:
            times = f" ({often(count)})" if count > 1 else ""
            yield f"{request}: the document has no such operation{times}"
        yield from self.hints

    def __str__(self) -> str:
        return "\n".join(self.lines(None))


def coverage_of(
    contract: Contract, exchanges: Iterable[Exchange], tenant: str | None = None
) -> Coverage:
    """The coverage of these exchanges, for all tenants or one."""
    tally = Tally()
    found = Coverage(contract, tally)
    tally.count([(0, each) for each in exchanges if tenant in (None, each.tenant)])
    return found


def _shortened(names: list[str], most: int | None) -> str:
    if most is None or len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def _listed_as(operation: Operation, status: int) -> str:
    """The key under which the document lists a status."""
    for key in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
        if key in operation.responses:
            return key
    return ""


def blame(violation: Violation) -> str:
    """A mismatch in words: what the client sends, and what the document requires."""
    part, *inside = place_of(violation)
    steps = ["[]" if isinstance(step, int) else step for step in inside]
    place = dotted((part, *steps))
    keyword, limit = violation.keyword, violation.limit
    if keyword == "required":
        return f"the client does not send {place}"
    if keyword == "json":
        return "the client sends a body that is not JSON"
    if keyword == "media_type":
        return "the client sends the body as a media type that the document does not list"
    if keyword in _UNNAMED:
        return f"the client sends {place}, which the document does not have"
    if keyword == "enum":
        return f"the client sends a value of {place} that the document does not list"
    if keyword == "type":
        kinds = limit if isinstance(limit, list) else [limit]
        wanted = " or ".join(_KINDS.get(str(kind), str(kind)) for kind in kinds)
        return (
            f"the client sends {place} as {_kind(violation.value)}; the document requires {wanted}"
        )
    return with_place(f"the client sends {place}", violation, ", which ")


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    kinds = ((str, "a string"), (int | float, "a number"), (list | tuple, "an array"))
    return next((word for kind, word in kinds if isinstance(value, kind)), "an object")
