"""Check rules before they are written into a calibration file.

All exchanges of the run are asked about a rule that one difference suggests. Then the requests of
the run are sent again, to a mock that follows a draft of the file. The real side is the recording,
so no request reaches the real server. The draft does not cover a behaviour that still differs, and
breaks one that agreed before and differs now.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mockserver.files.documents import read_contract
from mockserver.files.inputs import EVERY
from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Json
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.calibrate.answers import Rules, deciding
from mockserver.verify.diff.calibrate.pairs import named_nulls, pair_of
from mockserver.verify.diff.calibration_file import read_lock
from mockserver.verify.diff.mock_side import Comparer, Mocks, own_mocks
from mockserver.verify.diff.model import Report, Run
from mockserver.verify.diff.recorded import run_from_json
from mockserver.verify.diff.report import as_json, fidelity_of
from mockserver.verify.diff.runner import at

Behaviour = tuple[str, str]
"""An operation, and a kind of behaviour."""
Tables = Mapping[str, Mapping[str, Any]]
"""The tables of a calibration file, by operation."""
RuleAt = tuple[str, str, str]
"""One rule: its operation, its table, and its name there, or the whole entry as JSON text."""
_SEEDS = (1, 2)
_WORLDS = 12
"""The most worlds of the mock to compare with: a draft needs fewer than a report."""
_TIMEOUT = 60.0
_MOST_PLAYS = 20
"""How often the runs are played at most to find the rules that do harm."""
_COMMON_ANSWERS = "answers of *"
"""In place of a table in `RuleAt`: a rule for all operations, which one operation can be exempt
from."""


@dataclass(frozen=True)
class Play:
    """What playing all runs has shown."""

    states: Mapping[Behaviour, str] = field(default_factory=dict)
    showing: Mapping[Behaviour, Collection[int]] = field(default_factory=dict)
    """The numbers of the runs in which each behaviour differed."""


@dataclass(frozen=True)
class Rehearsal:
    """The recorded runs of a report, and the folder of its document and of drafts."""

    report: Mapping[str, Json]
    runs: list[Run]
    folder: Path
    showing: dict[Behaviour, set[int]] = field(default_factory=dict)
    """The numbers of the runs in which each behaviour differed, in the last play of all runs."""

    @property
    def document(self) -> Path:
        return self.folder / "document.json"

    @property
    def draft(self) -> Path:
        """Where the calibration file to try is written."""
        return self.folder / "draft.toml"

    @cached_property
    def _knowledge(self) -> tuple[Mapping[str, Any], Knowledge]:
        raw, contract = read_contract(str(self.document))
        return raw, Knowledge.of(contract)

    def play(self, written: Mapping[str, Json]) -> dict[str, Json]:
        """The report of the same runs with a mock that follows the draft. `written` is the draft as
        a table."""
        self.showing.clear()
        report = self._played(written, range(len(self.runs)))
        raw, knowledge = self._knowledge
        return as_json(report, fidelity_of(report, knowledge), raw)

    def states_in(self, numbers: Collection[int]) -> dict[Behaviour, str]:
        """The states of behaviours in some of the runs, with a mock that follows the draft."""
        report = self._played({}, numbers)
        cells = fidelity_of(report, self._knowledge[1]).cells
        return {(operation, kind): state for (operation, kind), state in cells.items()}

    def _played(self, written: Mapping[str, Json], numbers: Collection[int]) -> Report:
        _, knowledge = self._knowledge
        spec, real = str(self.document), self.report["real"]
        report = Report(knowledge.contract.title, spec, real, "its own", self.report["seed"])
        report.calibration = written
        whole = len(numbers) == len(self.runs)
        options, shortest = ["--calibration", str(self.draft)], read_lock(str(self.draft)).shortest
        with (
            own_mocks(spec, _SEEDS, options) as urls,
            Mocks(knowledge, urls, _TIMEOUT, shortest=shortest, own=True) as mocks,
        ):
            comparer = Comparer(mocks, report, worlds=_WORLDS)
            for number in numbers:
                run = self.runs[number]
                for mismatch in comparer.new_mismatches(run.program, run):
                    comparer.keep((run.program, mismatch, run))
                for one in comparer.shown if whole else ():
                    self.showing.setdefault(one, set()).add(number)
            comparer.conclude()
        return report

    def calling(self, operations: Collection[str]) -> list[int]:
        """The numbers of the runs that call one of these operations."""
        return [
            number
            for number, run in enumerate(self.runs)
            if any(seen.step.operation in operations for seen in run)
        ]

    def broken(self, played: Mapping[str, Json]) -> set[Behaviour]:
        """What agreed in the report and differs with the draft."""
        return self.broken_in(states(played))

    def broken_in(self, now: Mapping[Behaviour, str]) -> set[Behaviour]:
        """The same, from the state of each behaviour."""
        before = states(self.report)
        return {
            behaviour
            for behaviour, state in now.items()
            if state == "differs" and before.get(behaviour) == "agreed"
        }


@contextmanager
def rehearsal_of(report: Mapping[str, Json]) -> Iterator[Rehearsal | None]:
    """The rehearsal of a report; None if it has no recorded runs."""
    runs = [run_from_json(run) for run in report.get("runs", ())]
    if not runs:
        yield None
        return
    with TemporaryDirectory() as folder:
        rehearsal = Rehearsal(report, runs, Path(folder))
        rehearsal.document.write_text(json.dumps(report["document"]), encoding="utf-8")
        yield rehearsal


def states(report: Mapping[str, Json]) -> dict[Behaviour, str]:
    """The state of each behaviour in a report: agreed, differs, not reached."""
    return {(one["operation"], one["kind"]): one["state"] for one in report["behaviours"]}


# --- rules that do harm


def rules_at(operations: Tables, name: str) -> list[RuleAt]:
    """The rules that can decide how an operation responds: its own, and the answers for all
    operations, unless it is exempt from them."""
    found: list[RuleAt] = []
    for table, rules in operations.get(name, {}).items():
        if table == "answers":
            found += [(name, table, json.dumps(rule)) for rule in rules]
        elif table == "words":
            found += [(name, table, json.dumps([key, w])) for key in rules for w in rules[key]]
        elif isinstance(rules, str):
            found.append((name, table, ""))
        else:
            found += [(name, table, rule) for rule in rules]
    own = operations.get(name, {}).get("answers", ())
    every = operations.get(EVERY, {}).get("answers", ())
    return found + [
        (name, _COMMON_ANSWERS, json.dumps(r)) for r in every if _exemption(r) not in own
    ]


def _exemption(rule: Mapping[str, Json]) -> dict[str, Json]:
    """The entry that exempts an operation from a rule for all: it keeps the mock's own response."""
    return {"when": rule["when"], "seen": 0}


def without(operations: Tables, dropped: Collection[RuleAt]) -> dict[str, dict[str, Any]]:
    """The tables without some rules."""
    tables = {name: dict(rules) for name, rules in operations.items()}
    for name, table, rule in sorted(dropped, key=lambda rule_at: rule_at[1] == _COMMON_ANSWERS):
        own = tables.setdefault(name, {})
        if table == _COMMON_ANSWERS:
            own["answers"] = [*own.get("answers", ()), _exemption(json.loads(rule))]
        elif table == "answers":
            own[table] = [one for one in own[table] if json.dumps(one) != rule]
        elif table == "words":
            status, word = json.loads(rule)
            left = {w: value for w, value in own[table][status].items() if w != word}
            own[table] = {**own[table], status: left}
        elif not rule:
            del own[table]
        elif isinstance(own[table], dict):
            own[table] = {key: value for key, value in own[table].items() if key != rule}
        else:
            own[table] = [one for one in own[table] if one != rule]
    return {n: {table: rules for table, rules in own.items() if rules} for n, own in tables.items()}


@dataclass
class Culprits:
    """Finds, for each broken behaviour, the rules that break it.

    Bisection finds how many of its operation's rules, from the first one on, must be dropped until
    the behaviour is no longer broken. The last of these is a culprit; the search goes on among the
    rules before it. Each play serves all operations at once.
    """

    operations: Tables
    rehearsal: Rehearsal
    play: Callable[[Tables, Collection[int]], dict[Behaviour, str]]
    """Plays some runs, by their numbers, with these tables; returns the states of behaviours."""
    whole: Play
    """The play of all runs with all rules."""
    found: dict[Behaviour, list[RuleAt]] = field(default_factory=dict)
    _plays: int = 0

    def useful(self, behaviours: Collection[Behaviour], harm: int) -> set[RuleAt]:
        """The rules to drop, of the operations that agree more without them. A broken behaviour
        weighs as much as `harm` behaviours that agree."""
        dropped = self.find(behaviours)
        names = {name for name, _, _ in dropped}
        if not dropped:
            return set()

        def worth(now: Mapping[Behaviour, str]) -> dict[str, int]:
            broken = self.rehearsal.broken_in(now)
            found = dict.fromkeys(names, 0)
            for one in now:
                if one[0] not in names:
                    continue
                found[one[0]] += (now[one] == "agreed") - harm * (one in broken)
            return found

        mended = without(self.operations, dropped)
        before = worth(self.whole.states)
        after = worth(self.play(mended, self.rehearsal.calling(names)))
        return {rule for rule in dropped if after[rule[0]] > before[rule[0]]}

    def find(self, behaviours: Collection[Behaviour]) -> set[RuleAt]:
        """The rules to drop. A behaviour that stays broken without any rule has none."""
        suspects = {one: rules_at(self.operations, one[0]) for one in sorted(behaviours)}
        still = self._broken(suspects)
        suspects = {one: rules for one, rules in suspects.items() if one not in still and rules}
        self.found = {one: [] for one in suspects}
        while suspects and self._plays < _MOST_PLAYS:
            still = self._broken(dict.fromkeys(suspects, ()))
            suspects = {one: rules for one, rules in suspects.items() if one in still and rules}
            # One behaviour of each operation: rules dropped for a second one would mislead.
            batch = {one[0]: one for one in reversed(suspects)}
            suspects |= self._next_culprits({one: suspects[one] for one in batch.values()})
        return {rule for rules in self.found.values() for rule in rules}

    def _next_culprits(
        self, suspects: Mapping[Behaviour, list[RuleAt]]
    ) -> dict[Behaviour, list[RuleAt]]:
        """Add the next culprit of each behaviour to `found`; returns the rules before it."""
        # Dropping the first `low` is not enough, dropping the first `high` is.
        low = dict.fromkeys(suspects, 0)
        high = {one: len(rules) for one, rules in suspects.items()}
        while left := [one for one in suspects if high[one] - low[one] > 1]:
            middle = {one: (low[one] + high[one]) // 2 for one in left}
            still = self._broken({one: suspects[one][: middle[one]] for one in left})
            for one in left:
                (low if one in still else high)[one] = middle[one]
        for one, rules in suspects.items():
            self.found[one].append(rules[high[one] - 1])
        return {one: rules[: high[one] - 1] for one, rules in suspects.items()}

    def _broken(self, dropped: Mapping[Behaviour, Sequence[RuleAt]]) -> set[Behaviour]:
        """The behaviours that stay broken without these rules and the culprits found so far."""
        self._plays += 1
        rules = {rule for one in dropped for rule in (*dropped[one], *self.found.get(one, ()))}
        # Those that showed it with all rules: a few, where others only call the same operation.
        runs = set().union(*(self.whole.showing.get(one, ()) for one in dropped))
        now = self.play(without(self.operations, rules), sorted(runs))
        return self.rehearsal.broken_in(now) & dropped.keys()


_CHECKED = ("statuses", "bodies", "defaults", "extra", "absent", "nulls")
"""Tables whose rules an exchange can contradict."""
_WRONG = 0.1
"""The share of exchanges in which a rule may be wrong."""
_DIFFERENT = 3
"""The minimum number of different requests that show a constant body."""
Sample = Mapping[str, Json]


class Exchanges:
    """The samples of a run, by operation. `rules` decide some of them, whatever else the mock
    does; `own_status` is the mock's status without a calibration file."""

    def __init__(
        self, samples: Sequence[Sample], rules: Rules, own_status: Callable[[str, int], str]
    ) -> None:
        self._own_status = own_status
        self._samples: dict[str, list[tuple[Sample, bool]]] = {}
        for one in samples:
            decided = deciding(rules, pair_of(one)) is not None
            self._samples.setdefault(one["operation"], []).append((one, decided))

    def contradict(self, operation: str, table: str, name: str, value: Json) -> bool:
        """Whether a rule of a calibration file is wrong too often where it applies."""
        if table not in _CHECKED:
            return False
        verdicts = [
            verdict
            for one, decided in self._samples.get(operation, ())
            if (verdict := self._verdict(one, decided, table, name, value)) is not None
        ]
        return verdicts.count(False) > (0 if table == "absent" else _WRONG * len(verdicts))

    def _verdict(
        self, one: Sample, decided: bool, table: str, name: str, value: Json
    ) -> bool | None:
        """Whether the rule is right in an exchange; None if it does not apply."""
        real, mock = one["real"], one["mock"]
        done = real["status"] < 300
        if table in ("statuses", "bodies"):
            own = self._own_status(one["operation"], mock["status"])
            if decided or own != name or done != (mock["status"] < 300):
                return None
            if table == "statuses":
                return bool(real["status"] == value)
            return bool(named_nulls(templated(real["body"], one["path"])) == value)
        found = first(real["body"], name) if done else MISSING
        sent = one["body"] if isinstance(one["body"], dict) else {}
        if table == "defaults" and name.partition(".")[0] in sent:
            return None
        if not done or (found is MISSING and (table != "extra" or "*" in name)):
            return None
        if table == "absent":
            return False
        return bool(found == value)

    def always(self, operation: str, real: Mapping[str, Json]) -> bool:
        """Whether every success, of different requests, has had this body."""
        done = list(self._done(operation))
        asked = {json.dumps([one["path"], one["query"], one["body"]]) for one in done}
        same = all(one["real"]["body"] == real["body"] for one in done)
        return real["status"] < 300 and same and len(asked) >= _DIFFERENT

    def constant(self, operation: str, place: str) -> bool:
        """Whether every success has the same there, if it has anything."""
        values = (first(one["real"]["body"], place) for one in self._done(operation))
        return len({json.dumps(value) for value in values if value is not MISSING}) == 1

    def _done(self, operation: str) -> Iterator[Sample]:
        for one, _ in self._samples.get(operation, ()):
            if one["real"]["status"] < 300:
                yield one


def first(value: Json, place: str) -> Json:
    """The value at a dotted path, through the first elements of lists that have it."""
    name, _, rest = place.partition(".")
    if name == "*":
        inner = [first(item, rest) if rest else item for item in value or ()]
        return next((one for one in inner if one is not MISSING), MISSING)
    found = at(value, name)
    return first(found, rest) if rest and found is not MISSING else found


def templated(value: Json, path: Mapping[str, str]) -> Json:
    """An error body with "{name}" in place of path parameter values."""
    if isinstance(value, str):
        # Of two equal ones the last: it is the subject of the request.
        for name, given in reversed(list(path.items())):
            value = value.replace(given, "{" + name + "}") if len(given) > 3 else value
        return value
    if isinstance(value, list):
        return [templated(item, path) for item in value]
    if isinstance(value, dict):
        return {name: templated(item, path) for name, item in value.items()}
    return value
