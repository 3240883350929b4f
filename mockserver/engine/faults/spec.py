"""A fault as a value, and its JSON form, with an error for every mistake."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from random import Random
from typing import Any, Literal

from mockserver.errors import BadRequest, nearest
from mockserver.inference.words import bag
from mockserver.records import dataclass

LONGEST_DELAY = 3600.0
_FRAMING = bag("connection content-length keep-alive te trailer transfer-encoding upgrade")
_Kind = Literal["fixed", "uniform", "normal"]


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds to wait: `fixed` (first), `uniform` (from, to) or `normal` (mean, deviation)."""

    kind: _Kind
    first: float
    second: float = 0.0

    def draw(self, random: Random) -> float:
        if self.kind == "fixed":
            return self.first
        if self.kind == "uniform":
            return random.uniform(self.first, self.second)
        return min(LONGEST_DELAY, max(0.0, random.gauss(self.first, self.second)))

    def as_json(self) -> Any:
        return self.first if self.kind == "fixed" else {self.kind: [self.first, self.second]}


@dataclass(frozen=True, slots=True)
class Fault:
    """Which requests a fault applies to, and its effect; docs/faults.md explains each field.

    `operation` and `tenant` None match any. Calls are counted per tenant.
    """

    operation: str | None = None
    tenant: str | None = None
    calls: tuple[int, ...] = ()
    times: int | None = None
    probability: float = 1.0
    latency: Latency | None = None
    status: int | None = None
    message: str = ""
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_after: int | None = None
    limit: int | None = None
    per: float = 60.0
    drop: bool = False
    truncate: int | None = None
    stale: float | None = None
    committed: bool = False

    def concerns(self, operation_id: str, tenant: str) -> bool:
        return self.operation in (None, operation_id) and self.tenant in (None, tenant)

    def as_json(self) -> dict[str, Any]:
        """The form that `read_fault` takes, without unset fields."""
        shown: dict[str, Any] = {
            "operation": self.operation,
            "tenant": self.tenant,
            "calls": list(self.calls) or None,
            "times": self.times,
            "probability": self.probability if self.probability < 1 else None,
            "latency": self.latency.as_json() if self.latency is not None else None,
            "status": self.status,
            "message": self.message or None,
            "code": self.code,
            "headers": dict(self.headers) or None,
            "retry_after": self.retry_after,
            "rate": {"limit": self.limit, "per": self.per} if self.limit is not None else None,
            "drop": self.drop or None,
            "truncate": self.truncate,
            "stale": self.stale,
            "committed": self.committed or None,
        }
        return {name: value for name, value in shown.items() if value is not None}


def read_fault(spec: Any, operations: Mapping[str, str], tenant: str | None = None) -> Fault:
    """A fault from its JSON; `operations` are `Contract.names`.

    `tenant` is whose it is if the JSON does not say.

    Raises BadRequest that names the field and its valid values.
    """
    if not isinstance(spec, Mapping):
        raise BadRequest('a fault is an object such as {"operation": "getThing", "status": 503}')
    found: dict[str, Any] = {} if tenant is None else {"tenant": tenant}
    for name, value in spec.items():
        read = _READERS.get(name)
        if read is None:
            offer = nearest(str(name), sorted(_READERS))
            raise BadRequest(f"a fault has no {name!r}; {offer}")
        if value is None:
            continue
        if name == "rate":
            found["limit"], found["per"] = read(name, value)
        else:
            found[name] = read(name, value)
    operation = found.get("operation")
    if operation == "*":
        del found["operation"]
    elif operation is not None and operation not in operations:
        hint = nearest(operation, sorted(operations))
        raise BadRequest(f"there is no operation {operation!r}; {hint}")
    elif operation is not None:
        found["operation"] = operations[operation]
    if "limit" in found:
        found.setdefault("status", 429)
    fault = Fault(**found)
    _check_effects(fault)
    return fault


def _check_effects(fault: Fault) -> None:
    effects = (fault.latency, fault.status, fault.truncate, fault.stale, fault.drop or None)
    if all(effect is None for effect in effects):
        raise BadRequest(
            "the fault does nothing; give latency, status, rate, drop, truncate or stale"
        )
    if fault.drop and (fault.status is not None or fault.truncate is not None):
        raise BadRequest("a dropped connection carries no reply: leave out status and truncate")
    if fault.committed and fault.status is None and not fault.drop:
        raise BadRequest("committed goes with status or drop")
    worded = fault.message or fault.code or fault.headers or fault.retry_after is not None
    if worded and fault.status is None:
        raise BadRequest("message, code, headers and retry_after go with a status")


def _wrong(name: str, wants: str, value: Any) -> BadRequest:
    text = repr(value)
    return BadRequest(f"{name} takes {wants}, not {text if len(text) < 100 else text[:100] + '…'}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _wrong(name, "a text", value)
    return value


def _whole(least: int, most: int) -> Callable[[str, Any], int]:
    def read(name: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise _wrong(name, f"a whole number from {least} to {most}", value)
        return value

    return read


def _calls(name: str, value: Any) -> tuple[int, ...]:
    values = value if isinstance(value, list | tuple) else [value]
    if not values or len(values) > 1000:
        raise _wrong(name, "the numbers of the calls, such as 1 or [1, 3]", value)
    return tuple(_COUNT(name, each) for each in values)


def _probability(name: str, value: Any) -> float:
    if not _is_number(value) or not 0 <= value <= 1:
        raise _wrong(name, "a number from 0 to 1", value)
    return float(value)


def _seconds(name: str, value: Any) -> float:
    if not _is_number(value) or not 0 <= value <= LONGEST_DELAY:
        raise _wrong(name, f"seconds from 0 to {LONGEST_DELAY:g}", value)
    return float(value)


def _latency(name: str, value: Any) -> Latency:
    if not isinstance(value, Mapping):
        return Latency("fixed", _seconds(name, value))
    for kind in ("uniform", "normal"):
        pair = value.get(kind)
        if len(value) == 1 and isinstance(pair, list | tuple) and len(pair) == 2:
            first, second = _seconds(name, pair[0]), _seconds(name, pair[1])
            if kind == "uniform" and first > second:
                break
            return Latency("uniform" if kind == "uniform" else "normal", first, second)
    forms = 'seconds, {"uniform": [FROM, TO]} or {"normal": [MEAN, DEVIATION]}'
    raise _wrong(name, forms, value)


def _rate(name: str, value: Any) -> tuple[int, float]:
    if not isinstance(value, Mapping) or "limit" not in value or value.keys() - {"limit", "per"}:
        raise _wrong(name, '{"limit": REQUESTS, "per": SECONDS}', value)
    per = _seconds(f"{name}.per", value.get("per", 60.0))
    if not per:
        raise _wrong(f"{name}.per", "more than 0 seconds", per)
    return _whole(0, 10**9)(f"{name}.limit", value["limit"]), per


def _headers(name: str, value: Any) -> dict[str, str]:
    fits = isinstance(value, Mapping) and all(
        isinstance(key, str)
        and isinstance(text, str)
        and key.replace("-", "").replace("_", "").isalnum()
        and (key + text).isascii()
        and (key + text).isprintable()
        for key, text in value.items()
    )
    if not fits:
        raise _wrong(name, "an object of header names and texts", value)
    for key in value:
        if key.lower() in _FRAMING or key.lower().startswith("proxy-"):
            raise BadRequest(
                f"{name} can't have {key!r}: it says how the connection carries the reply, "
                "which is the server's business; drop and truncate break a reply"
            )
    return {key.lower(): text for key, text in value.items()}


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, "true or false", value)
    return value


_COUNT = _whole(1, 10**9)
_READERS: Mapping[str, Callable[[str, Any], Any]] = {
    "operation": _text,
    "tenant": _text,
    "calls": _calls,
    "times": _COUNT,
    "probability": _probability,
    "latency": _latency,
    "status": _whole(400, 599),
    "message": _text,
    "code": _text,
    "headers": _headers,
    "retry_after": _whole(0, 10**6),
    "rate": _rate,
    "drop": _flag,
    "truncate": _whole(0, 10**9),
    "stale": _seconds,
    "committed": _flag,
}
