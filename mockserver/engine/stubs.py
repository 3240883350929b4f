"""Stubs: responses set by a test or a user that replace an operation's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from dataclasses import field
from difflib import get_close_matches
from itertools import count
from threading import RLock
from typing import Any

from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.serialization import can_be_sent
from mockserver.engine.timestamps import render
from mockserver.engine.world import World
from mockserver.errors import BadRequest, nearest
from mockserver.openapi.model import Operation
from mockserver.records import dataclass

When = Mapping[str, Any] | Callable[[Request], bool]
LONGEST_DELAY = 3600.0
_PARTS = ("path", "query", "header", "headers", "cookie", "body")
_ROOTS = ("now", "request", "world")
_FIELDS = ("operation", "status", "json", "text", "headers", "when", "times", "delay", "invalid")
_ANY_PLACE = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_PLACE = re.compile(r"\{\{\s*((?:now|request|world)\b[^{}]*?)\s*\}\}")


@dataclass
class Stub:
    """One response, for `operation` and, if set, one `tenant`.

    `when` selects requests, `times` limits how many, `delay` is in seconds. In texts, `{{
    request.body.name }}` and `{{ world.COLLECTION.KEY.name }}` are replaced. Only an `invalid` stub
    may break the contract.
    """

    operation: str
    tenant: str | None = None
    status: int | None = None
    json: Any = NO_BODY
    text: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    when: When = field(default_factory=dict)
    times: int | None = None
    delay: float = 0.0
    invalid: bool = False
    id: str = ""
    calls: int = 0

    @property
    def has_place(self) -> bool:
        """Whether it contains templates."""
        return any(_places((self.json, self.text, dict(self.headers))))

    def meets(self, tenant: str, request: Request) -> bool:
        """Whether it is for this request, however often it has been used."""
        if self.operation != request.operation.id or self.tenant not in (None, tenant):
            return False
        return self.when(request) if callable(self.when) else _fits(self.when, request)

    def reply(self, world: World | None, request: Request) -> Reply:
        """Its reply, with templates filled."""
        status = self.status or request.operation.success
        headers = {n: str(_filled(v, world, request)) for n, v in self.headers.items()}
        if self.text is not None:
            body: Any = str(_filled(self.text, world, request)).encode()
            kind = next(
                (v for n, v in headers.items() if n.lower() == "content-type"), "text/plain"
            )
            rest = {n: v for n, v in headers.items() if n.lower() != "content-type"}
            return Reply(status, body, rest, kind)
        if self.json is NO_BODY:
            return Reply(status, NO_BODY, headers)
        return Reply(status, _filled(self.json, world, request), headers)

    def as_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": self.id,
            "operation": self.operation,
            "tenant": self.tenant,
            "status": self.status,
            "json": self.json if self.json is not NO_BODY else None,
            "text": self.text,
            "headers": dict(self.headers) or None,
            "when": "a function" if callable(self.when) else dict(self.when) or None,
            "times": self.times,
            "delay": self.delay or None,
            "invalid": self.invalid or None,
            "calls": self.calls,
        }
        return {name: value for name, value in shown.items() if value is not None}


class Stubs:
    """All stubs of a mock; the newest matching one applies. Thread-safe."""

    def __init__(self) -> None:
        self.active = False
        self._all: dict[str, Stub] = {}
        self._numbers = count(1)
        self._lock = RLock()

    def add(self, stub: Stub) -> Stub:
        """Keep a stub and give it its id."""
        with self._lock:
            stub.id = f"stub-{next(self._numbers)}"
            self._all[stub.id] = stub
            self.active = True
        return stub

    def take_over(self, before: Stubs, operations: Container[str]) -> list[str]:
        """Go on with the stubs of an earlier mock; the ids of those whose operation is gone."""
        with self._lock:
            self._all = {s.id: s for s in before._all.values() if s.operation in operations}
            self._numbers = before._numbers
            self.active = bool(self._all)
            return [name for name in before._all if name not in self._all]

    def find(self, tenant: str, request: Request) -> Stub | None:
        """The stub for this request; counts the call."""
        with self._lock:
            for stub in reversed(self._all.values()):
                if stub.meets(tenant, request) and self.use(stub):
                    return stub
        return None

    def covers(self, tenant: str, request: Request) -> bool:
        """Whether a stub is for this request, without counting a call."""
        with self._lock:
            found = [stub for stub in self._all.values() if stub.meets(tenant, request)]
            return any(stub.times is None or self.calls(stub) < stub.times for stub in found)

    def use(self, stub: Stub) -> bool:
        """Count a call of a stub; whether it had one left."""
        if stub.times is not None and stub.calls >= stub.times:
            return False
        stub.calls += 1
        return True

    def calls(self, stub: Stub) -> int:
        """How often a stub was used."""
        return stub.calls

    def describe(self, tenant: str | None = None) -> list[dict[str, Any]]:
        """The stubs of a tenant, and those for all tenants, as JSON."""
        with self._lock:
            shown = [s for s in self._all.values() if tenant is None or s.tenant in (None, tenant)]
            return [{**stub.as_json(), "calls": self.calls(stub)} for stub in shown]

    def remove(self, name: str | None = None, tenant: str | None = None) -> int:
        """Remove one by its id, those of a tenant, or all; returns how many there were."""
        with self._lock:
            gone = [
                stub.id
                for stub in self._all.values()
                if name in (None, stub.id) and tenant in (None, stub.tenant)
            ]
            for each in gone:
                del self._all[each]
            self.active = bool(self._all)
            return len(gone)


def read_stub(spec: Any, operations: Mapping[str, str], tenant: str | None = None) -> Stub:
    """A stub from its JSON. Raises BadRequest that names the field and its valid values."""
    if not isinstance(spec, Mapping):
        raise BadRequest('a stub is an object such as {"operation": "getThing", "json": {...}}')
    for name in spec:
        if name not in (*_FIELDS, "tenant"):
            raise BadRequest(f"a stub has no {name!r}; {nearest(str(name), _FIELDS)}")
    operation = spec.get("operation")
    if operation is None:
        raise BadRequest('a stub needs an operation: {"operation": "getThing", "json": {...}}')
    if operation not in operations:
        raise BadRequest(
            f"the document has no operation {operation!r}; {nearest(str(operation), operations)}"
        )
    _number("times", spec.get("times"), 1, 10**9)
    when = spec.get("when") or {}
    if not isinstance(when, Mapping) and not callable(when):
        raise BadRequest('when takes an object such as {"query": {"page": 2}}')
    _check_response(spec)
    return Stub(
        operation=operations[str(operation)],
        tenant=spec.get("tenant", tenant),
        status=spec.get("status"),
        json=spec.get("json", NO_BODY),
        text=spec.get("text"),
        headers=dict(spec.get("headers") or {}),
        when=when,
        times=spec.get("times"),
        delay=float(spec.get("delay") or 0),
        invalid=bool(spec.get("invalid")),
    )


def _check_response(spec: Mapping[str, Any]) -> None:
    """Raises BadRequest if a stub's response can't be sent: its status, delay, headers or body."""
    status, text, delay = spec.get("status"), spec.get("text"), spec.get("delay") or 0
    _number("status", status, 200, 599)
    if isinstance(delay, bool) or not isinstance(delay, int | float) or not 0 <= delay <= 3600:
        raise BadRequest(f"delay takes seconds from 0 to {LONGEST_DELAY:g}, not {delay!r}")
    headers = spec.get("headers") or {}
    if not isinstance(headers, Mapping) or not all(isinstance(v, str) for v in headers.values()):
        raise BadRequest("headers takes an object of texts")
    for name in headers:
        if not can_be_sent(name):
            raise BadRequest(f"headers: {name!r} is no name of a header, or the server sets it")
    if text is not None and not isinstance(text, str):
        raise BadRequest("text takes a text")
    if text is not None and "json" in spec:
        raise BadRequest("give json or text, not both")
    if status in (204, 304) and ("json" in spec or text is not None):
        raise BadRequest(f"a response with status {status} has no body: leave out json and text")


def check_names(stub: Stub, operation: Operation, collections: Collection[str]) -> None:
    """Raises BadRequest if `when` or a template names what no request to the operation, or no
    world, can have."""
    declared = {p.name for p in operation.parameters if p.place in ("path", "query")}
    in_path = {p.name for p in operation.parameters if p.place == "path"}
    for name, wanted in {} if callable(stub.when) else stub.when.items():
        where = f"when: the request of {operation.id}"
        if name == "path" and isinstance(wanted, Mapping):
            _known(f"{where} has no {{}} in its path", wanted, in_path)
        elif name not in _PARTS and name not in declared:
            misspelt = isinstance(wanted, Mapping) and _close(name, _PARTS)
            if misspelt or operation.body is None:
                offer = nearest(name, _PARTS if isinstance(wanted, Mapping) else declared)
                raise BadRequest(f'{where} has no {name!r}; {offer}; {{"query": {{...}}}} is any')
    for path in _places((stub.json, stub.text, dict(stub.headers)), _ANY_PLACE):
        root, *steps = path.split(".")
        if root not in _ROOTS and not _close(root, _ROOTS):
            continue  # an ordinary text
        where = f"{{{{ {path} }}}}: "
        _known(f"{where}there is no {{}}", [root], _ROOTS)
        if root == "request":
            _known(f"{where}a request has no {{}}", steps[:1] or [""], _PARTS)
            if steps[0] == "path":
                _known(f"{where}the path has no {{}}", steps[1:2], in_path)
        if root == "world":
            names = [".".join(steps[:length]) for length in range(len(steps), 0, -1)]
            if not any(name in collections for name in names):
                _known(f"{where}the world has no {{}}", [names[-1] if names else ""], collections)


def _known(text: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise BadRequest(f"{text.format(repr(name))}; {nearest(name, known)}")


def _close(name: str, known: Iterable[str]) -> bool:
    return bool(get_close_matches(name, list(known), n=1, cutoff=0.7))


def _places(value: Any, pattern: re.Pattern[str] = _PLACE) -> Iterator[str]:
    """The templates in a value."""
    if isinstance(value, str):
        yield from pattern.findall(value)
    elif isinstance(value, Mapping | list | tuple):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _places(part, pattern)


def _number(name: str, value: Any, least: int, most: int) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if value is not None and not (whole and least <= value <= most):
        raise BadRequest(f"{name} takes a whole number from {least} to {most}, not {value!r}")


# -- which requests


def _fits(when: Mapping[str, Any], request: Request) -> bool:
    """Whether the request contains all of this: by parts, or by names anywhere in it."""
    for name, wanted in when.items():
        if name in _PARTS and isinstance(wanted, Mapping):
            if not _says(_part(request, name), wanted):
                return False
        elif not any(
            isinstance(part, Mapping) and name in part and _says(part[name], wanted)
            for part in (request.path, request.query, request.body)
        ):
            return False
    return True


def _part(request: Request, name: str) -> Any:
    if name in ("header", "headers"):
        return request.headers
    return getattr(request, name)


def _says(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(value, Mapping) and all(
            _says(_named(value, name), inner) for name, inner in wanted.items()
        )
    if isinstance(value, str) != isinstance(wanted, str):
        return str(value) == str(wanted)
    return bool(value == wanted)


def _named(value: Mapping[str, Any], name: str) -> Any:
    return value[name] if name in value else value.get(name.lower())


# -- what is filled in


def _filled(value: Any, world: World | None, request: Request) -> Any:
    if isinstance(value, Mapping):
        return {name: _filled(inner, world, request) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, world, request) for inner in value]
    if not isinstance(value, str):
        return value
    whole = _PLACE.fullmatch(value)
    if whole is not None:
        return _meant(whole[1], world, request)

    def text(found: re.Match[str]) -> str:
        return str(_meant(found[1], world, request))

    return _PLACE.sub(text, value)


def _meant(path: str, world: World | None, request: Request) -> Any:
    """The value of a template; None if it has none."""
    root, *steps = path.split(".")
    if root == "now" and world is not None:
        return render(world.now)
    if root == "request" and steps:
        value = _part(request, steps[0]) if steps[0] in _PARTS else None
        return _walk(value, steps[1:])
    if root == "world" and world is not None and steps:
        # A collection may have dots in its name.
        for length in range(len(steps), 0, -1):
            name = ".".join(steps[:length])
            if name in world:
                rest = steps[length:]
                if not rest or rest == ["count"]:
                    return len(world[name])
                row = world[name].get(rest[0])
                return _walk(row.get("data", row) if row is not None else None, rest[1:])
    return None


def _walk(value: Any, steps: list[str]) -> Any:
    for step in steps:
        if isinstance(value, Mapping):
            value = _named(value, step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
