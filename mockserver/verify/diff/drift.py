"""Compare two differential runs, and their documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.openapi.build import build_contract
from mockserver.openapi.model import Contract, Json, Operation
from mockserver.verify.schemas import body_schema, properties, reply_schema, required_of


@dataclass
class Drift:
    """`document` are changes by operation; `appeared` and `gone` are differences as reported;
    `behaviours` are those whose state has changed, with the states before and after."""

    before: float
    after: float
    appeared: list[Mapping[str, Json]] = field(default_factory=list)
    gone: list[Mapping[str, Json]] = field(default_factory=list)
    changed: list[tuple[Mapping[str, Json], Mapping[str, Json]]] = field(default_factory=list)
    behaviours: list[tuple[str, str, str, str]] = field(default_factory=list)
    document: dict[str, list[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.appeared or self.gone or self.changed or self.document)


def drift_of(old: Mapping[str, Json], new: Mapping[str, Json]) -> Drift:
    """Compare two reports, each as returned by `calibrate.read_report`."""
    drift = Drift(old["fidelity"]["number"], new["fidelity"]["number"])
    before = {entry["id"]: entry for entry in old["differences"]}
    after = {entry["id"]: entry for entry in new["differences"]}
    drift.appeared = [after[i] for i in after if i not in before and i not in old["known"]]
    drift.gone = [before[i] for i in before if i not in after and i not in new["known"]]
    drift.changed = [
        (before[i], after[i])
        for i in before
        if i in after and _answer(before[i]) != _answer(after[i])
    ]
    states = {(b["operation"], b["kind"]): b["state"] for b in old["behaviours"]}
    for entry in new["behaviours"]:
        was = states.get((entry["operation"], entry["kind"]), "absent")
        if was != entry["state"]:
            drift.behaviours.append((entry["operation"], entry["kind"], was, entry["state"]))
    contracts = build_contract(old["document"]), build_contract(new["document"])
    drift.document = document_changes(*contracts)
    return drift


def _answer(difference: Mapping[str, Json]) -> Json:
    """The real side's behaviour, without what varies from run to run."""
    real = difference["evidence"]["real"]
    if real is None or difference["kind"] in ("state", "lifecycle", "list"):
        return None
    if difference["kind"] in ("status", "validation"):
        return real["status"]
    return difference["real"] if difference["kind"] in ("default", "headers") else None


def document_changes(old: Contract, new: Contract) -> dict[str, list[str]]:
    """Descriptions of what has changed, by operation."""
    changes: dict[str, list[str]] = {}
    for name in {**old.by_id, **new.by_id}:
        before, after = old.by_id.get(name), new.by_id.get(name)
        if before is None or after is None:
            changes[name] = ["added"] if before is None else ["removed"]
        else:
            found = list(_operation(old, before, new, after))
            if found:
                changes[name] = found
    return changes


def _operation(old: Contract, a: Operation, new: Contract, b: Operation) -> Iterator[str]:
    if (a.method, a.path) != (b.method, b.path):
        yield f"is {b.method} {b.path}, was {a.method} {a.path}"
    yield from _names("status", set(a.responses), set(b.responses))
    before = {(p.place, p.name): p for p in a.parameters}
    after = {(p.place, p.name): p for p in b.parameters}
    yield from _names("parameter", {f"{p} {n}" for p, n in before}, {f"{p} {n}" for p, n in after})
    for key in before.keys() & after.keys():
        if before[key].required != after[key].required:
            word = "required" if after[key].required else "optional"
            yield f"parameter {key[1]} is {word} now"
    yield from _schemas("request", old, body_schema(old, a), new, body_schema(new, b))
    yield from _schemas("answer", old, reply_schema(old, a), new, reply_schema(new, b))


def _schemas(what: str, old: Contract, a: Any, new: Contract, b: Any) -> Iterator[str]:
    """Fields, which of them are required, their types and enums."""
    if a is None or b is None:
        if (a is None) != (b is None):
            yield f"{what}: {'has none any more' if b is None else 'has a body now'}"
        return
    before, after = properties(old, a), properties(new, b)
    yield from _names(f"{what} field", set(before), set(after))
    yield from _names(f"{what} required field", required_of(old, a), required_of(new, b))
    for name in sorted(before.keys() & after.keys()):
        one, two = before[name], after[name]
        if one.get("type") != two.get("type"):
            yield f"{what} field {name} is {two.get('type')}, was {one.get('type')}"
        if one.get("x-null", False) != two.get("x-null", False):
            yield f"{what} field {name} {'may' if two.get('x-null') else 'may not'} be null now"
        values = set(map(str, one.get("enum") or ())), set(map(str, two.get("enum") or ()))
        yield from _names(f"{what} field {name}: value", *values)


def _names(what: str, before: set[str], after: set[str]) -> Iterator[str]:
    for name in sorted(after - before):
        yield f"{what} {name} is new"
    for name in sorted(before - after):
        yield f"{what} {name} is gone"


def lines(drift: Drift) -> Iterator[str]:
    """The report for the terminal."""
    yield f"fidelity {drift.before:.1%}, now {drift.after:.1%}"
    touched = {name for name, _, _, _ in drift.behaviours}
    for name, changes in drift.document.items():
        for change in changes:
            yield f"document  {name}: {change}"
        if name in touched:
            moved = [
                f"{kind} {was} -> {now}" for n, kind, was, now in drift.behaviours if n == name
            ]
            yield f"          and its behaviour: {', '.join(moved)}"
    for entry in drift.appeared:
        yield f"appeared  {entry['where']} {entry['kind']} {entry['at']}".rstrip()
        yield f"          real {entry['real']}, mock {entry['mock']}"
    for entry in drift.gone:
        yield f"gone      {entry['where']} {entry['kind']} {entry['at']}".rstrip()
    for before, after in drift.changed:
        yield f"changed   {after['where']} {after['kind']} {after['at']}".rstrip()
        yield f"          real {before['real']}, now {after['real']}"
    if not drift:
        yield "No drift."
