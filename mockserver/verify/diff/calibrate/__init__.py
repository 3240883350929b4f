"""Write a calibration file from a differential run: rules the mock can follow, and known
differences."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mockserver.errors import MissingExtra, UsageError
from mockserver.files.inputs import EVERY
from mockserver.openapi.build import build_contract
from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Json
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.calibrate.answers import (
    Rules,
    learned,
    predicted,
    rules_of,
    uncalibrated,
)
from mockserver.verify.diff.calibrate.fields import Fields, Successes
from mockserver.verify.diff.calibrate.pairs import OWN, named_nulls, pair_of
from mockserver.verify.diff.calibrate.rule_checks import (
    Behaviour,
    Culprits,
    Exchanges,
    Play,
    Rehearsal,
    Tables,
    first,
    rehearsal_of,
    states,
    templated,
    without,
)
from mockserver.verify.diff.calibration_file import Before, Signature, merged_known, signature
from mockserver.verify.diff.compare import CHANGED
from mockserver.verify.diff.id_map import is_opaque, time_form
from mockserver.verify.diff.observations import cascades
from mockserver.verify.diff.recorded import run_from_json, sent_json
from mockserver.verify.diff.report import FORMAT
from mockserver.verify.diff.runner import at
from mockserver.verify.schemas import body_schema, properties

HEAD = """# Where the real server differs from the mock: {real}, {made}, {title}.
# Written by mockserver calibrate; review it like code. mockserver serve --calibration follows
# [operations]; mockserver diff --calibration accepts [[known]] and reports the rest as new.

"""
DEPENDS = (400, 422)
"""Refusals whose bodies depend on the request."""
_OPERATIONS, _SUPPORT = 2, 3
"""The minimum number of operations that show what holds for all, and of replies for a constant."""
_DRAFTS, _HARM = 4, 3
"""Calibrations that are tried on the recorded runs at most, and how many behaviours have to agree
for one that did so before and does not any more."""
Words = dict[tuple[str, str], Json]
"""By status and field."""


def read_json(path: str) -> Json:
    """Parse a JSON file. Raises UsageError."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{path}: not JSON: {error}") from None


def read_report(path: str) -> dict[str, Any]:
    """Read a fidelity.json. Raises UsageError if it is not one."""
    value = read_json(path)
    if isinstance(value, dict) and "log" in value:
        raise UsageError(f"{path} is a recording: name its document with --spec")
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise UsageError(
            f"{path} is not a report of mockserver diff; create one with --report-dir, and "
            "give its fidelity.json"
        )
    return value


_OF_ONE_REPLY = ("content-type", "etag", "last-modified", "link", "location", "retry-after")
"""Headers whose values are of one reply, even where two happen to be the same."""
_REPLIES = 2
"""The minimum number of replies for a rule about their headers."""


@dataclass
class Calibration:
    """`operations` in the mock's format, and `known` differences that it can't follow."""

    operations: dict[str, dict[str, Any]] = field(default_factory=dict)
    known: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What a person should know of it."""
    _samples: Sequence[Mapping[str, Json]] = ()
    _sendable: dict[str, Collection[str]] = field(default_factory=dict)
    """The properties of request bodies, by operation."""
    _before: Before = field(default_factory=lambda: Before({}))
    _exchanges: Exchanges = field(init=False)

    def __post_init__(self) -> None:
        self._exchanges = Exchanges((), {}, self._before.own_status)

    @property
    def rules(self) -> int:
        """The number of rules."""
        tables = [(n, t) for rules in self.operations.values() for n, t in rules.items()]
        return sum(
            sum(map(len, t.values())) if n == "words" else 1 if isinstance(t, str) else len(t)
            for n, t in tables
        )

    def add_report(self, report: Mapping[str, Json]) -> None:
        """Add the rules of a run, and those of the calibration file that it followed, unless the
        run contradicts them."""
        host = urlsplit(report["real"]).netloc
        followed = report.get("calibration", {})
        rules = self.begin(report.get("samples", ()), followed)
        self._learn_fields(report, host)
        self._learn_headers(report)
        fixed: set[Signature] = set()
        words = _constant_words(report["differences"])
        for difference in report["differences"]:
            # A value that depends on where the server runs is no property of the API.
            sample = difference["evidence"].get("sample")
            if sample is not None and difference["kind"] in ("status", "error", "validation"):
                pair = pair_of(sample)
                if pair.outcome != OWN and predicted(rules, pair) == pair.outcome:
                    fixed.add(signature(difference))
                    continue
            elif host not in difference["real"] and self._rule(difference, words):
                fixed.add(signature(difference))
                continue
            else:
                self._contradict(difference)
            self.known.append(_known(difference))
        self.add_habits(report.get("habits", {}))
        self.finish(followed, fixed)

    def finish(
        self, followed: Mapping[str, Json], fixed: Collection[Signature] = frozenset()
    ) -> None:
        """Add what was in the calibration file that the mock followed, and still holds; `fixed` are
        the differences for which there is a rule now."""
        self.operations = self._before.merged(self.operations)
        self.known = merged_known(followed.get("known", []), self.known, fixed)

    def begin(self, samples: Sequence[Mapping[str, Json]], followed: Mapping[str, Json]) -> Rules:
        """Learn answers from pairs of replies, made while the mock followed a calibration file (its
        contents, or nothing)."""
        self._samples = samples
        self._before = Before(followed.get("operations", {}))
        known = {name: rules_of(written) for name, written in self._before.answers.items()}
        pairs = [uncalibrated(pair_of(one), one["real"]["status"], known) for one in self._samples]
        rules = learned([pair for pair in pairs if pair is not None], known)
        self._exchanges = Exchanges(samples, rules, self._before.own_status)
        keys = _keys_taken(samples)
        if keys:
            self.operations.setdefault(EVERY, {})["keys"] = keys
        for name, found in rules.items():
            if found:
                self.operations.setdefault(name, {})["answers"] = [r.as_table() for r in found]
        return rules

    def _learn_fields(self, report: Mapping[str, Json], host: str) -> None:
        """Learn the fields of successful replies."""
        if "document" not in report:
            return
        found: dict[str, Successes] = {}
        lists, bodies = set[str](), list[Json]()
        for seen in (seen for run in map(run_from_json, report.get("runs", ())) for seen in run):
            own = seen.step.intent != "auth" and not seen.skipped
            if own and seen.status < 300 and seen.value is MISSING:
                bodies.append(sent_json(seen.last))
            elif own and seen.status < 300:
                listed = seen.listing is not None
                lists |= {seen.step.operation} if listed else set()
                body = _rows_alone(seen.value) if listed else seen.value
                successes = found.setdefault(seen.step.operation, Successes())
                successes.real.append((sent_json(seen.last), body))
                successes.named |= set(urlsplit(seen.last.url).path.split("/"))
        for one in self._samples:
            name, body = one["operation"], one["mock"]["body"]
            if one["mock"]["status"] < 300 and name in found:
                found[name].mock.append(_rows_alone(body) if name in lists else body)
        contract = build_contract(report["document"])
        self._sendable = {
            operation.id: properties(contract, schema).keys()
            for operation in contract.operations
            if (schema := body_schema(contract, operation)) is not None
        }
        gone = cascades(map(run_from_json, report.get("runs", ())), Knowledge.of(contract).makeable)
        for name, makers in gone.items():
            self.operations.setdefault(name, {})["cascades"] = makers
        learned = Fields(found, contract, host, bodies).learned()
        for name, tables in learned.items():
            self.operations.setdefault(name, {}).update(tables)

    def _learn_headers(self, report: Mapping[str, Json]) -> None:
        """Learn the headers in which the two sides differ, if every reply of an operation with a
        status has the same value."""
        wanted: dict[str, set[str]] = {}
        for difference in report["differences"]:
            tagged = difference["at"] == "etag" and difference["mock"] == "absent"
            constant = tagged or difference["at"] not in _OF_ONE_REPLY
            if difference["kind"] == "headers" and constant:
                wanted.setdefault(difference["operation"], set()).add(difference["at"])
        replies: dict[tuple[str, str], list[Mapping[str, str]]] = {}
        every: dict[str, list[Mapping[str, str]]] = {}
        for seen in (seen for run in map(run_from_json, report.get("runs", ())) for seen in run):
            if not seen.skipped and seen.status < 500 and seen.step.operation in wanted:
                place = seen.step.operation, str(seen.status)
                replies.setdefault(place, []).append(seen.last.headers)
                every.setdefault(seen.step.operation, []).append(seen.last.headers)
        for (operation, status), shown in replies.items():
            for name in sorted(wanted[operation]):
                # `Allow` is of the path: where all statuses have it, one reply of each is enough.
                alike = len({headers.get(name, "") for headers in every[operation]}) == 1
                values = {_of_body(name, headers.get(name, "")) for headers in shown}
                count = len(every[operation] if alike else shown)
                if len(values) == 1 and count >= _REPLIES:
                    tables = self.operations.setdefault(operation, {}).setdefault("headers", {})
                    tables.setdefault(status, {})[name] = values.pop()

    def _contradict(self, difference: Mapping[str, Json]) -> None:
        """Drop the rules of before about a place that has no rule and differs."""
        mock = difference["evidence"]["mock"]
        if mock is not None:
            operation, kind = difference["operation"], difference["kind"]
            status = self._before.own_status(operation, mock["status"])
            place = difference["at"]
            place = place.partition(" ")[2] if kind == "error" else _place(place, mock["body"])
            self._before.contradict(operation, kind, status, place)

    def add_habits(self, habits: Mapping[str, Json]) -> None:
        """Add `enums` and `durations` by operation."""
        for operation, tables in habits.items():
            for table, names in tables.items():
                for name, value in names.items():
                    self.rule(operation, table, name, value)

    def rule(self, operation: str, table: str, name: str, value: Json) -> bool:
        """Add a rule. False if TOML can't express it, or if a different one exists."""
        value = named_nulls(value) if table == "bodies" else value
        if _has_null(value) or self._exchanges.contradict(operation, table, name, value):
            return False
        names = self.operations.setdefault(operation, {}).setdefault(table, {})
        return bool(names.setdefault(name, value) == value)

    def _rule(self, difference: Mapping[str, Json], words: Words) -> bool:
        """Whether the difference could be expressed as a rule."""
        evidence = difference["evidence"]
        real, mock = evidence["real"], evidence["mock"]
        if real is None or mock is None:
            return False
        kind, place, operation = difference["kind"], difference["at"], difference["operation"]
        status = self._before.own_status(operation, mock["status"])
        if kind == "error":
            _, _, name = place.partition(" ")
            if (status, name) in words:
                table = self.operations.setdefault(operation, {}).setdefault("words", {})
                table.setdefault(status, {})[name] = words[status, name]
                return True
            if mock["status"] in DEPENDS:
                return False
            return self.rule(operation, "bodies", status, templated(real["body"], evidence["path"]))
        if kind == "status":
            return self._status(difference, evidence, status)
        of_status = self.operations.get(operation, {}).get("headers", {})
        if kind == "headers" and place in of_status.get(str(real["status"]), {}):
            return True
        if kind == "headers" and place == "content-type" and difference["real"] != "absent":
            return self.rule(operation, "media_types", status, difference["real"])
        if kind == "headers" and difference["real"] == "absent" and real["status"] < 300:
            return self._place_in(operation, "no_headers", place)
        if kind == "schema" and not place and difference["real"].startswith("null: "):
            return self.rule(operation, "bodies", status, None)
        outcomes = difference["real"], difference["mock"]
        if outcomes == CHANGED and difference["where"].startswith(("PATCH ", "PUT ", "GET ")):
            self.operations.setdefault(operation, {})["touches"] = "always"
            return True
        done = kind in ("schema", "default") and real["status"] < 300 and place
        if done and self._field(difference, real["body"], mock["body"]):
            return True
        constant = kind in ("schema", "state") and self._exchanges.always(operation, real)
        return constant and self.rule(operation, "bodies", status, real["body"])

    def _status(
        self, difference: Mapping[str, Json], evidence: Mapping[str, Json], status: str
    ) -> bool:
        """Only between equivalent statuses: two for success, or two for not found."""
        real, mock = evidence["real"], evidence["mock"]
        done = real["status"] < 300 and mock["status"] < 300
        # With several ids in a path, it depends on which one is unknown.
        gone = evidence["intent"] == "unknown" and min(real["status"], mock["status"]) >= 400
        gone = gone and len(evidence["path"]) == 1
        if not done and not gone:
            return False
        name = difference["operation"]
        put = self.rule(name, "statuses", status, real["status"])
        if put and (gone or (mock["body"] is None and real["body"] is not None)):
            body = templated(real["body"], evidence["path"])
            self.rule(name, "bodies", status, body)
        return put

    def _field(self, difference: Mapping[str, Json], real: Json, mock: Json) -> bool:
        place, operation = _place(difference["at"], mock), difference["operation"]
        mine, theirs = first(real, place), first(mock, place)
        if not place:
            return False
        if difference["kind"] == "default":
            sendable = place in self._sendable.get(operation, (place,))
            return sendable and self.rule(operation, "defaults", place, mine)
        learned = self.operations.get(operation, {})
        settled = ("fields", "absent", "nulls", "omitted")
        if any(place in learned.get(table, ()) for table in settled):
            return True
        if mine is MISSING and theirs is not MISSING:
            return self._place_in(operation, "absent", place)
        if mine is None and theirs is MISSING:
            return self._place_in(operation, "nulls", place)
        name = place.rpartition(".")[2]
        plain = isinstance(mine, str | int | float) and not is_opaque(name, mine)
        plain = plain and not time_form(mine)
        if isinstance(mine, dict | list):
            # An empty one is what a field is that nobody sent.
            plain = not mine or self._exchanges.constant(operation, place)
        return theirs is MISSING and plain and self.rule(operation, "extra", place, mine)

    def _place_in(self, operation: str, table: str, place: str) -> bool:
        if self._exchanges.contradict(operation, table, place, None):
            return False
        names = self.operations.setdefault(operation, {})
        names[table] = sorted({*names.get(table, ()), place})
        return True


def _rows_alone(page: Json) -> Json:
    """The arrays of a page: its other fields are those of the last page that was read."""
    if not isinstance(page, dict):
        return page
    return {name: value for name, value in page.items() if isinstance(value, list)}


def _known(difference: Mapping[str, Json]) -> dict[str, str]:
    """The entry of a known difference."""
    about = difference["about"] if difference["kind"] == "validation" else ""
    names = ("operation", "kind", "at", "real", "mock")
    return {**{name: str(difference[name]) for name in names}, "about": about}


def _of_body(name: str, value: str) -> str:
    """The value of a header, for a tag of the body how it is written."""
    weak = "W/" if value.startswith("W/") else ""
    return f"{weak}{{etag}}" if name == "etag" and value else value


def _keys_taken(samples: Sequence[Mapping[str, Json]]) -> str:
    """ "any" if operations succeeded with a credential that nobody has issued, "none" if they did
    without one, too."""

    def succeeds(credential: str) -> bool:
        sent = (one for one in samples if one["traits"].get("credential") == credential)
        done = {one["operation"] for one in sent if one["real"]["status"] < 300}
        return len(done) >= _OPERATIONS

    if not succeeds("unknown"):
        return ""
    return "none" if succeeds("absent") else "any"


def _place(place: str, body: Json) -> str:
    """The actual path of a list's rows."""
    if not place.startswith("rows.*"):
        return place
    members = body.items() if isinstance(body, dict) else ()
    arrays = [name for name, value in members if isinstance(value, list)]
    if len(arrays) != isinstance(body, dict):
        return ""
    return ".".join([*arrays, place.removeprefix("rows.")])


def _constant_words(differences: Sequence[Mapping[str, Json]]) -> Words:
    """Fields of refusals, by status, that are constant wherever they differ from the mock's. They
    must occur in several operations, so that they depend on none."""
    seen: dict[tuple[str, str], list[Json]] = {}
    for difference in differences:
        evidence = difference["evidence"]
        status, _, name = difference["at"].partition(" ")
        if difference["kind"] == "error" and name and "." not in name and evidence["real"]:
            value = at(evidence["real"]["body"], name)
            seen.setdefault((status, name), []).append(value)
    return {
        key: values[0]
        for key, values in seen.items()
        if len(values) > 1
        and isinstance(values[0], str | int)
        and all(value == values[0] for value in values)
    }


def _has_null(value: Json) -> bool:
    if isinstance(value, dict):
        return any(_has_null(item) for item in value.values())
    if isinstance(value, list):
        return any(_has_null(item) for item in value)
    return value is None


def lock_text(found: Calibration) -> str:
    """The calibration file without its head."""
    try:
        import tomli_w
    except ModuleNotFoundError:
        raise MissingExtra("mockserver calibrate", "verify") from None
    kept = {name: rules for name, rules in found.operations.items() if any(rules.values())}
    return tomli_w.dumps({"operations": kept, "known": found.known}, multiline_strings=False)


def write_lock(found: Calibration, output: str, real: str, made: str, title: str) -> None:
    """Write a calibration file. Raises UsageError."""
    text = HEAD.format(real=real, made=made, title=title) + lock_text(found)
    try:
        Path(output).write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"--output {output}: {error.strerror or error}") from None


def calibrate(source: str, output: str) -> Calibration:
    """Write the calibration file of a report. Raises UsageError."""
    report = read_report(source)
    found = Calibration()
    found.add_report(report)
    with rehearsal_of(report) as rehearsal:
        if rehearsal is not None:
            found = rehearsed(found, rehearsal)
    write_lock(found, output, report["real"], report["made"], report["title"])
    return found


def rehearsed(found: Calibration, rehearsal: Rehearsal) -> Calibration:
    """The best of several drafts: each is tried on the recorded runs, and the next one adds what
    it has left and drops what it has broken. Rules that still do harm are dropped one by one."""
    best, most, play = found, 0, Play()
    for _ in range(_DRAFTS):
        played = _played(found, rehearsal)
        broken = rehearsal.broken(played)
        agreed = _worth(played, broken)
        if agreed <= most:
            break
        best, most, play = found, agreed, Play(states(played), dict(rehearsal.showing))
        best.known = [_known(difference) for difference in played["differences"]]
        found = Calibration()
        found.add_report(played)
    harmed = rehearsal.broken_in(play.states)
    return _without_harm(best, most, play, rehearsal) if harmed else best


def _without_harm(best: Calibration, most: int, play: Play, rehearsal: Rehearsal) -> Calibration:
    """The calibration without the rules that break what agreed, of each operation that is then
    better as a whole."""

    def states_with(tables: Tables, runs: Collection[int]) -> dict[Behaviour, str]:
        draft = Calibration(operations={name: dict(table) for name, table in tables.items()})
        rehearsal.draft.write_text(lock_text(draft), encoding="utf-8")
        return rehearsal.states_in(runs)

    culprits = Culprits(best.operations, rehearsal, states_with, play)
    dropped = culprits.useful(rehearsal.broken_in(play.states), _HARM)
    if not dropped:
        return best
    mended = Calibration(operations=without(best.operations, dropped))
    played = _played(mended, rehearsal)
    if _worth(played, rehearsal.broken(played)) <= most:
        return best
    mended.known = [_known(difference) for difference in played["differences"]]
    return mended


def _played(draft: Calibration, rehearsal: Rehearsal) -> dict[str, Json]:
    rehearsal.draft.write_text(lock_text(draft), encoding="utf-8")
    return rehearsal.play({"operations": draft.operations, "known": []})


def _worth(played: Mapping[str, Json], broken: Collection[Behaviour]) -> int:
    return int(played["fidelity"]["agreed"]) - _HARM * len(broken)
