"""Compare the real side's run with everything that the mock may do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from mockserver.files.wording import counted
from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Contract, Json
from mockserver.verify.diff import id_map
from mockserver.verify.diff.api import ALL_ROWS, READS
from mockserver.verify.diff.id_map import UUID, Pairs, family, is_opaque, kind_of, time_form
from mockserver.verify.diff.model import (
    STATUS_NAMES,
    Kind,
    Listing,
    Mismatch,
    Program,
    Run,
    Seen,
    Step,
    status_name,
)
from mockserver.verify.diff.observations import (
    Jobs,
    choices_of,
    commands_without_effect,
    unknown_transitions,
)
from mockserver.verify.diff.runner import at as value_at
from mockserver.verify.diff.runner import objects


def leaf_kind(step: Step, name: str, at: str, sent: bool) -> Kind:
    """The kind of difference of a value in a successful reply; `sent`: a request contained it."""
    if name in STATUS_NAMES:
        return "lifecycle"
    if step.intent in ("make", "refused") and not sent:
        return "default"
    return "list" if at.startswith("rows") and sent else "state"


def of_others(program: Program, contract: Contract) -> frozenset[int]:
    """The labels of reads that do not involve the program's own entities, such as counts. They
    depend on the other content of a server, so their values are not compared."""
    written: set[str] = set()
    found = set()
    for step in program.steps:
        operation = contract.by_id[step.operation]
        if operation.method not in READS:
            written.add(operation.path)
        elif not step.needs() and operation.path not in written:
            found.add(step.label)
    return frozenset(found)


HEADERS: tuple[str, ...] = (
    *("allow", "content-type", "etag", "last-modified", "link", "location", "retry-after"),
    "www-authenticate",
)
"""Compared headers, in addition to those that the document lists."""


def _of_pages(listing: Listing) -> frozenset[str]:
    """The facts without those that count all rows."""
    return frozenset(fact for fact in listing.facts if not fact.endswith(ALL_ROWS))


def shown(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 120 else text[:117] + "..."


def all_shown(values: Sequence[tuple[int, Json]]) -> str:
    """The values of several mock runs at this place."""
    texts = list(dict.fromkeys(shown(value) for _, value in values))
    return " or ".join(texts[:3]) + (" or ..." if len(texts) > 3 else "")


def header_of(name: str, seen: Seen) -> str:
    """The compared part of a header: the media type, the methods, else its presence."""
    value = seen.last.headers.get(name)
    if value is None:
        return ""
    if name == "content-type":
        return value.partition(";")[0].strip().lower()
    if name == "allow":
        return ", ".join(sorted(re.split(r"[,\s]+", value.upper())))
    return "present"


def _has_status(value: Json) -> bool:
    return isinstance(value, dict) and bool(status_name(value))


CHANGED = ("has changed", "is unchanged")
"""How the two sides differ about a time that only the real side has set again."""
Value = tuple[int, Json]
"""The number of a mock run, and a value from it."""


@dataclass
class Comparison:
    """Compares step by step, in order: values paired earlier count later."""

    contract: Contract
    real: Run
    mocks: Sequence[Run]
    jobs: Jobs = field(default_factory=Jobs)
    """Everything that the mock's jobs have done so far."""
    in_use: Mapping[str, Mapping[str, Sequence[Json]]] = field(default_factory=dict)
    found: list[Mismatch] = field(default_factory=list)
    reached: set[tuple[str, Kind]] = field(default_factory=set)
    unsure: bool = False
    """Whether another world of the mock may agree: here a job had failed before a command."""
    partial: bool = False
    """Whether a job was not compared, since its status differed in each of these worlds."""
    _pairs: list[Pairs] = field(default_factory=list)
    _times: list[dict[tuple[str, str], str]] = field(default_factory=list)
    _step: Step | None = None
    _sent: str = ""
    _status: int = 0
    _error: bool = False
    _of_others: bool = False
    _apart: bool = False
    """Whether one side has done what the other refused: their states differ from then on."""
    _states: dict[str, Json] = field(default_factory=dict)
    """The last status of each entity of the real side, by its id."""
    _midway: bool = False
    """Whether a job is stopped after its first part: how many had ended by then is chance."""
    _roots: list[Value] = field(default_factory=list)
    """The complete values being compared, from every mock run."""

    def __post_init__(self) -> None:
        self._pairs = [Pairs() for _ in self.mocks]
        self._times = [{} for _ in range(len(self.mocks) + 1)]
        self._midway = any(step.until == "part" for step in self.real.program.steps)

    def run(self) -> list[Mismatch]:
        for number, real in enumerate(self.real):
            mocks = [run.seen[number] for run in self.mocks]
            self._sent += real.step.text
            if not real.skipped and not all(mock.skipped for mock in mocks):
                self._compare(real, [(i, m) for i, m in enumerate(mocks) if not m.skipped])
            for _, node in objects(real.value):
                if status_name(node) and "id" in node:
                    self._states[str(node["id"])] = node[status_name(node)]
        self._lifecycles()
        return self.found

    def _miss(self, kind: Kind, at: str, real: str, mock: str) -> None:
        assert self._step is not None
        step = self._step
        if kind == "error":
            at = f"{self._status} {at}".strip()
        if self._apart and kind in ("state", "list", "lifecycle"):
            return
        self.found.append(Mismatch(step.label, step.operation, kind, at, real, mock, step.about))

    def _reach(self, kind: Kind) -> None:
        assert self._step is not None
        self.reached.add((self._step.operation, kind))

    # --- a step

    def _compare(self, real: Seen, mocks: list[tuple[int, Seen]]) -> None:
        self._step, self._status = real.step, real.status
        for i, mock in mocks:
            self._pairs[i].urls = real.last.url, mock.last.url
        self._error = real.status >= 400
        bare = real.listing is None and not self._error
        self._of_others = bare and real.step.label in of_others(self.real.program, self.contract)
        self._reach("status")
        refused = real.step.intent == "refused"
        if refused:
            self._reach("validation")
        same = [(i, mock) for i, mock in mocks if mock.status == real.status]
        same = same or self._other_status(real, mocks, "validation" if refused else "status")
        if not same:
            return
        self._headers(real, [mock for _, mock in same])
        self._choices(real)
        if real.listing is not None:
            self._list(real, same)
        elif real.value is MISSING or any(mock.value is MISSING for _, mock in same):
            self._bodyless(real, [mock for _, mock in same])
        else:
            self._reach(self._purpose(real))
            self._whole(real.value, [(i, mock.value) for i, mock in same], "", "")
        if real.states:
            self._reach("lifecycle")

    def _other_status(
        self, real: Seen, mocks: list[tuple[int, Seen]], kind: Kind
    ) -> list[tuple[int, Seen]]:
        """Report the status. Returns what can be compared nevertheless: the bodies, if both sides
        have done it, whatever they call that."""
        statuses = {mock.status for _, mock in mocks}
        body = "" if real.value is MISSING else f" {shown(real.value)}"
        other = mocks[0][1]
        mine = "" if other.value is MISSING else f" {shown(other.value)}"
        both = " or ".join(map(str, sorted(statuses)))
        self._miss(kind, "", f"{real.status}{body}", f"{both}{mine}")
        done = [(i, mock) for i, mock in mocks if mock.status < 300]
        if real.status < 300 and done:
            shows = real.value is not MISSING
            return [(i, mock) for i, mock in done if shows and mock.value is not MISSING]
        method = self.contract.by_id[real.step.operation].method
        self._apart |= method not in READS and (real.status < 300 or bool(done))
        return []

    def _purpose(self, seen: Seen) -> Kind:
        """The behaviour that a fully matching body confirms, besides its schema."""
        if seen.status >= 400:
            return "error"
        self._reach("schema")
        if seen.step.intent == "make":
            return "default"
        return "lifecycle" if seen.step.intent == "settle" else "state"

    def _bodyless(self, real: Seen, mocks: list[Seen]) -> None:
        has = bool(real.last.body)
        if has not in {bool(mock.last.body) for mock in mocks}:
            words = ("no body", "a body")
            kind: Kind = "error" if real.status >= 400 else "schema"
            self._miss(kind, "", words[has], words[not has])
        elif has and all(mock.value is not MISSING for mock in mocks):
            kind = "error" if real.status >= 400 else "schema"
            self._miss(kind, "", f"not JSON: {real.last.body[:80]!r}", shown(mocks[0].value))

    def _headers(self, real: Seen, mocks: list[Seen]) -> None:
        self._reach("headers")
        operation = self.contract.by_id[real.step.operation]
        response = operation.response_for(real.status)
        listed = [name.lower() for name in response.headers] if response else []
        for name in (*HEADERS, *(n for n in listed if n not in HEADERS)):
            values = {header_of(name, mock) for mock in mocks}
            mine = header_of(name, real)
            if mine not in values:
                theirs = " or ".join(sorted(value or "absent" for value in values))
                self._miss("headers", name, mine or "absent", theirs)

    def _choices(self, real: Seen) -> None:
        """Values that no request contained and the calibration file does not list."""
        known = self.in_use.get(real.step.operation)
        if not known or real.status >= 300:
            return
        for name, value, _ in choices_of(self.contract, real.step.operation, real.value):
            if name in known and value not in known[name] and not self._was_sent(value):
                values = ", ".join(map(str, known[name]))
                self._miss(
                    "schema", f"{name} in use", shown(value), f"{values} by the calibration file"
                )

    def _list(self, real: Seen, mocks: list[tuple[int, Seen]]) -> None:
        """Compare this program's rows, and the properties of the pages."""
        listing = real.listing
        assert listing is not None
        self._reach("list")
        self._reach("schema")
        listings = [(i, mock.listing) for i, mock in mocks if mock.listing is not None]
        if not listings:
            return
        # How many rows there are in all can be said of whole lists.
        if any(found.whole is not listing.whole for _, found in listings):
            listings = [(i, replace(found, facts=_of_pages(found))) for i, found in listings]
            listing = replace(listing, facts=_of_pages(listing))
        facts = set().union(*(found.facts for _, found in listings))
        # Facts of only some mock runs depend on what else is listed.
        always = set.intersection(*(set(found.facts) for _, found in listings))
        for fact in sorted(listing.facts - facts):
            self._miss("list", "pages", fact, "not so")
        for fact in sorted(always - listing.facts):
            self._miss("list", "pages", f"not so: {fact}", fact)
        whole = [(i, found) for i, found in listings if found.whole]
        if not listing.whole or not whole:
            return
        if real.step.query.keys() & set(STATUS_NAMES):
            # Which jobs have a status depends on the time.
            return
        rows = [list(map(dict, found.rows)) for _, found in whole]
        mine: list[Json] = [dict(row) for row in listing.rows]
        if len(mine) not in {len(found) for found in rows}:
            theirs = " or ".join(sorted({f"{len(found)} of its rows" for found in rows}))
            self._miss("list", "rows", f"{len(mine)} of its rows", theirs)
            return
        fit = [(i, r) for (i, _), r in zip(whole, rows, strict=True) if len(r) == len(mine)]
        if self._orders(mine, fit):
            for number, row in enumerate(mine):
                self._whole(row, [(i, found[number]) for i, found in fit], "rows.*", "rows")

    def _orders(self, mine: list[Json], fit: list[tuple[int, list[Json]]]) -> bool:
        """Whether the rows are the same entities in the same order."""
        for i, rows in fit:
            known = [
                (self._theirs(i, r.get("id")), m.get("id")) for r, m in zip(mine, rows, strict=True)
            ]
            if all(theirs is None or theirs == ours for theirs, ours in known):
                return True
        if mine:
            i, rows = fit[0]
            same = {self._theirs(i, r.get("id")) for r in mine} == {r.get("id") for r in rows}
            what = "in another order" if same else "other entities"
            self._miss(
                "list", "rows", f"its {counted(len(mine), 'row')} {what}", "as they are compared"
            )
        return not mine

    def _theirs(self, run: int, real: Json) -> Json:
        """The id that a mock has for an entity of the step's kind."""
        return self._pairs[run].theirs.get((family("id", real, self._noun("")), real))

    def _noun(self, at: str) -> str:
        """What the entity is called that has the property at a place of the response."""
        assert self._step is not None
        path = self.contract.by_id[self._step.operation].path
        return id_map.noun_at(id_map.noun_of(path), at)

    # --- values

    def _whole(self, real: Json, mocks: list[Value], at: str, name: str) -> None:
        self._roots = mocks
        self._node(real, mocks, at, name, "")

    def _node(self, real: Json, mocks: list[Value], at: str, name: str, spot: str) -> None:
        """`at` is the path with * for array elements, `spot` the exact path in `_roots`."""
        kinds = {kind_of(value) for _, value in mocks}
        mine = kind_of(real)
        if mine not in kinds:
            kind: Kind = "error" if self._error else "schema"
            self._miss(kind, at, f"{mine}: {shown(real)}", all_shown(mocks))
            return
        same = [(i, value) for i, value in mocks if kind_of(value) == mine]
        if isinstance(real, dict):
            self._object(real, same, at, spot)
        elif isinstance(real, list):
            self._array(real, same, at, name, spot)
        elif real is not None:
            self._leaf(real, same, at, name)

    def _object(self, real: dict[str, Json], mocks: list[Value], at: str, spot: str) -> None:
        kind: Kind = "error" if self._error else "schema"
        mocks = self._of_one_status(real, mocks, at, spot)
        if not mocks:
            return
        if self._error and not at and real.keys() not in [value.keys() for _, value in mocks]:
            # Another type: one difference, not one for each field.
            self._miss(kind, at, shown(real), all_shown(mocks))
            return
        names = real.keys() | set().union(*(value.keys() for _, value in mocks))
        # What is called by an id is an entity of a list that is a map, perhaps somebody else's.
        for name in sorted(one for one in names if not UUID.fullmatch(one)):
            where = f"{at}.{name}".strip(".")
            having = [(i, value[name]) for i, value in mocks if name in value]
            whole = isinstance(real.get(name), dict | list)
            if name in real and self.jobs.has_had(real, name) and not whole:
                having = [(i, v) for i, v in having if kind_of(v) == kind_of(real[name])]
                if not having:
                    continue
            if name not in real:
                if len(having) == len(mocks):
                    self._miss(kind, where, "absent", all_shown(having))
            elif not having:
                self._miss(kind, where, shown(real[name]), "absent")
            elif time_form(real[name]):
                self._time(real, name, mocks, where)
            else:
                self._node(real[name], having, where, name, f"{spot}.{name}".strip("."))

    def _of_one_status(
        self, real: Mapping[str, Json], mocks: list[Value], at: str, spot: str
    ) -> list[Value]:
        """For a job, the mock's runs in which it has the same status."""
        name = status_name(real)
        if not name or self._error or self._was_sent(real[name]):
            return mocks
        same = [(i, value) for i, value in mocks if value.get(name) == real[name]]
        if same:
            return same
        self.partial = True
        # An enclosing object may have been matched by a status of its own.
        there = [(i, value_at(root, spot) if spot else root) for i, root in self._roots]
        jobs = [(i, value) for i, value in there if isinstance(value, dict)]
        same = [(i, value) for i, value in jobs if value.get(name) == real[name]]
        states = [(i, value.get(name)) for i, value in jobs]
        intent = self._step.intent if self._step else ""
        ahead = any(self.jobs.can_reach(state, real[name], intent) for _, state in states)
        # How a part had ended before this step is chance.
        part = "*" in at and self._states.get(str(real.get("id"))) == real[name]
        if not (same or ahead or part) and all(isinstance(state, str) for _, state in states):
            where = f"{at}.{name}".strip(".")
            self._miss("lifecycle", where, shown(real[name]), all_shown(states))
        return same

    def _time(self, real: Mapping[str, Json], name: str, mocks: list[Value], at: str) -> None:
        """Compare a timestamp: its format, and whether it has changed since last seen."""
        values = [(i, value[name]) for i, value in mocks if name in value]
        forms = {time_form(value) for _, value in values}
        if time_form(real[name]) not in forms:
            kind: Kind = "error" if self._error else "schema"
            self._miss(kind, at, shown(real[name]), all_shown(values))
        if self._error or time_form(real[name]) not in forms:
            return
        if any(value == real[name] for _, value in values) or self._was_sent(real[name]):
            return
        mine = self._moved(0, str(real.get("id")), name, real[name])
        theirs = {
            self._moved(i + 1, str(value.get("id")), name, value[name])
            for i, value in mocks
            if name in value
        }
        if mine == "changed" and theirs == {"unchanged"}:
            self._miss("state", at, *CHANGED)
        elif mine == "unchanged" and theirs == {"changed"} and self.real.fine_clock:
            self._miss("state", at, "is unchanged", "has changed")

    def _moved(self, side: int, identity: str, name: str, value: str) -> str:
        before = self._times[side].get((identity, name))
        self._times[side][identity, name] = value
        return "new" if before is None else "unchanged" if before == value else "changed"

    def _array(self, real: list[Json], mocks: list[Value], at: str, name: str, spot: str) -> None:
        lengths = {len(value) for _, value in mocks}
        if len(real) not in lengths:
            if (
                not self._of_others
                and not (any(map(_has_status, real)) and self._varies(spot))
                and len(lengths) == 1
                and (len(mocks) > 1 or len(self.mocks) == 1)
            ):
                kind: Kind = "error" if self._error else "state"
                self._miss(
                    kind, at, counted(len(real), "element"), counted(lengths.pop(), "element")
                )
            return
        same = [(i, value) for i, value in mocks if len(value) == len(real)]
        for number, element in enumerate(real):
            inside = [(i, value[number]) for i, value in same]
            self._node(element, inside, f"{at}.*", name, f"{spot}.{number}".strip("."))

    def _varies(self, spot: str) -> bool:
        """Whether the number of a job's parts is chance: a command adds some for those that had
        failed, or comes between the first and the last of them."""
        theirs = [value_at(root, spot) if spot else root for _, root in self._roots]
        counts = {len(parts) for parts in theirs if isinstance(parts, list)}
        return self._midway or len(counts) > 1

    def _leaf(self, real: Json, mocks: list[Value], at: str, name: str) -> None:
        if is_opaque(name, real) and not self._error:
            among = family(name, real, self._noun(at))
            agreed = [self._pairs[i].agree(real, value, among) for i, value in mocks]
            named = {self._pairs[i].ours.get((among, value)) for i, value in mocks}
            # Progress, such as the current step, changes over time and differs in every world.
            if not any(agreed) and len(named) == 1:
                self._miss("state", at, f"{shown(real)}, another entity's", all_shown(mocks))
            return
        values = {value for _, value in mocks}
        if real in values or self._of_others:
            return
        if isinstance(real, str):
            for i, value in mocks:
                if self._pairs[i].translated(real) == value:
                    return
        # A single value proves nothing: another world might have another.
        if len(values) > 1 or (len(mocks) < 2 <= len(self.mocks)):
            return
        assert self._step is not None
        sent = any(self._was_sent(value) for value in (real, *values))
        kind: Kind = "error" if self._error else leaf_kind(self._step, name, at, sent)
        self._miss(kind, at, shown(real), all_shown(mocks))

    def _was_sent(self, value: Json) -> bool:
        """Whether a request of this program contained the text."""
        return isinstance(value, str) and len(value) > 1 and json.dumps(value)[1:-1] in self._sent

    # --- jobs

    def _lifecycles(self) -> None:
        """Check that the mock has every observed transition, too, and that its commands also leave
        what those of the real side left as it was."""
        for label, place, state, led in commands_without_effect(self.real, self.mocks):
            self._step = next(step for step in self.real.program.steps if step.label == label)
            if not led:
                self.unsure = True
            elif state not in led:
                mine = f"{state}, then {' or '.join(led)}"
                self._miss("lifecycle", place, f"{state}, then {state}", mine)
        for kind, before, after, theirs in unknown_transitions(
            self.real, self.mocks, self.jobs.transitions
        ):
            self._step = next(s.step for s in self.real if s.step.operation in kind.split())
            self._miss(
                "lifecycle",
                f"{kind.partition(' ')[2]}.status".strip("."),
                f"{before}, then {after}",
                f"{before}, then {' or '.join(theirs) or 'nothing else'}",
            )
