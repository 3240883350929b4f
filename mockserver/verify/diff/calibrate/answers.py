"""Rules of the form "a request like this gets that answer", learned from pairs of replies.

For each pair the mock has said what is special about the request (`engine/traits.py`), so what is
learned is in words that the mock can check. A rule is the widest condition under which the real
side always gave one answer: first for all operations together, then for each. Rules of a part of
the pairs are tried on the others before they count.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

Json = Any
When = tuple[tuple[str, str], ...]
Outcome = tuple[int, str]
"""A status, and a body as text with what was sent as `{name}`; "" is the mock's own body."""
OWN: Outcome = (0, "")
"""What the mock does without a rule."""
EVERY = "*"
_HELD_OUT = 5
"""One in so many pairs is kept for the trial."""
_SURE, _MOSTLY = 0.95, 0.8
"""The share of the pairs that a rule for all has to be right for; of those that are left."""
_SUPPORT, _OPERATIONS = 3, 2
"""How many pairs, of how many operations, a rule for all operations needs."""
_GENERAL = re.compile(
    r"mock|body|credential|unknown (field|query parameter)|taken \w+"
    r"|violates (body|query|path|header) \w+"
)
"""Traits that mean the same in every operation."""
_SPECIAL = re.compile("taken |unknown ")
"""Traits of few requests: that others lack them may decide, too."""
_NOISE = re.compile(r"body\.x_unknown_field")
_MOST_RULES, _MOST_OPTIONS, _MOST_TRAITS = 60, 2000, 24
"""For one operation; of one step of its learning; of one request."""
_STATE = re.compile(r"(?!body\.|query\.|violates |unknown |taken )\w+\.\w+")
"""Flags and states of what a path names."""
_SHORTEST = 4
"""Of a text that counts as a part of another one."""


@dataclass(frozen=True)
class Pair:
    """One request and its two answers. `outcome` is what a rule would have to say."""

    operation: str
    traits: Mapping[str, str]
    outcome: Outcome
    sent: Mapping[str, str] = field(default_factory=dict)

    @property
    def features(self) -> list[tuple[str, str]]:
        return [t for t in self.traits.items() if t[0] != "mock" and not _NOISE.match(t[0])]


@dataclass(frozen=True)
class Rule:
    when: When
    outcome: Outcome
    seen: int = 0

    def holds(self, traits: Mapping[str, str]) -> bool:
        return all(traits.get(name, "absent") == value for name, value in self.when)

    def as_table(self) -> dict[str, Json]:
        found: dict[str, Json] = {"when": dict(self.when)}
        if self.outcome[0]:
            found["status"] = self.outcome[0]
        if self.outcome[1]:
            found["body"] = json.loads(self.outcome[1])
        return {**found, "seen": self.seen}


Rules = dict[str, list[Rule]]
"""By operation; `EVERY` is for all, after those of the operation."""


def rules_of(written: Iterable[Mapping[str, Json]]) -> list[Rule]:
    """The rules of `answers` tables, in the order in which they count."""
    return [
        Rule(
            tuple(table.get("when", {}).items()),
            (table.get("status", 0), _text(table.get("body"))),
            table.get("seen", 0),
        )
        for table in written
    ]


def pair_of(sample: Mapping[str, Json]) -> Pair:
    real, mock = sample["real"], sample["mock"]
    outcome: Outcome
    sent = _sent(sample, sample["path"])
    if real["status"] >= 400:
        body = templated(real["body"], sent)
        mine = templated(mock["body"], _sent(sample, mock["path"]))
        same = real["status"] == mock["status"] and body == mine
        outcome = OWN if same else (real["status"], _text(_with_parts(body, mine, sample["body"])))
    elif real["status"] == mock["status"]:
        outcome = OWN
    else:
        bare = mock["status"] < 400 and mock["body"] is None
        outcome = (real["status"], _text(templated(real["body"], sent)) if bare else "")
    return Pair(sample["operation"], sample["traits"], outcome, sent)


def _with_parts(body: Json, mine: Json, sent: Json) -> Json:
    """A body with `{mock.NAME}` for a part of the mock's own, and `{body}` for the request's."""
    if not isinstance(body, dict):
        return body
    own = mine.items() if isinstance(mine, dict) else ()
    parts = {"mock." + name: part for name, part in own if part and isinstance(part, dict | list)}
    parts |= {"body": sent} if isinstance(sent, dict | list) else {}
    return {
        name: next((f"{{{part}}}" for part, value in parts.items() if value == given), given)
        if isinstance(given, dict | list)
        else given
        for name, given in body.items()
    }


def _text(body: Json) -> str:
    """A body that a rule can have: TOML has no null."""
    return "" if body is None or _has_null(body) else json.dumps(body, sort_keys=True)


def _has_null(value: Json) -> bool:
    if isinstance(value, dict):
        return any(_has_null(item) for item in value.values())
    return any(map(_has_null, value)) if isinstance(value, list) else value is None


def _sent(sample: Mapping[str, Json], path: Mapping[str, str]) -> dict[str, str]:
    """What a template can name, the most special first."""
    body = sample["body"] if isinstance(sample["body"], dict) else {}
    texts = {f"body.{n}": v for n, v in body.items() if isinstance(v, str)}
    query = {f"query.{n}": v for n, v in sample["query"].items()}
    return {**dict(reversed(list(path.items()))), **texts, **query}


def templated(value: Json, sent: Mapping[str, str]) -> Json:
    """A body with `{name}` for what was sent."""
    if isinstance(value, str):
        for name, given in sent.items():
            if value == given or (len(given) >= _SHORTEST and given in value):
                value = value.replace(given, "{" + name + "}")
        return value
    if isinstance(value, list):
        return [templated(item, sent) for item in value]
    if isinstance(value, dict):
        return {name: templated(item, sent) for name, item in value.items()}
    return value


# --- learning


def learned(pairs: Sequence[Pair], known: Rules | None = None) -> Rules:
    """Learn rules from some of the pairs, drop those that the held-out pairs contradict, then add
    what only all pairs together show.

    `known` are rules of before. They stay unless the pairs contradict them.
    """
    known = _confirmed(known or {}, pairs)
    trained = [pair for number, pair in enumerate(pairs) if (number + 1) % _HELD_OUT]
    held_out = [pair for number, pair in enumerate(pairs) if not (number + 1) % _HELD_OUT]
    first = _rules(trained, known)
    kept = {
        name: [r for r in rules if r in known.get(name, ()) or not _contradicted(r, name, held_out)]
        for name, rules in first.items()
    }
    return _counted(_rules(pairs, kept), pairs, known)


def deciding(rules: Rules, pair: Pair) -> tuple[str, Rule] | None:
    """The rule that decides the answer, with the name under which it is listed."""
    for name in (pair.operation, EVERY):
        for rule in rules.get(name, ()):
            if rule.holds(pair.traits):
                return name, rule
    return None


def predicted(rules: Rules, pair: Pair) -> Outcome:
    """The outcome that the rules give for a request; OWN without one."""
    found = deciding(rules, pair)
    return found[1].outcome if found is not None else OWN


def uncalibrated(pair: Pair, status: int, known: Rules) -> Pair | None:
    """A pair of a run in which the mock followed `known`, as if it had followed nothing.

    `status` is the real side's. None if the mock was right although its rule says otherwise.
    """
    found = deciding(known, pair)
    if found is None or pair.outcome != OWN:
        return pair
    outcome = found[1].outcome
    return replace(pair, outcome=outcome) if outcome[0] in (0, status) else None


def _confirmed(known: Rules, pairs: Sequence[Pair]) -> Rules:
    """The rules that the pairs do not contradict.

    A rule of one operation has no exceptions; one for all operations may, because rules of single
    operations come first.
    """
    decided: dict[tuple[str, Rule], list[Pair]] = {}
    for pair in pairs:
        found = deciding(known, pair)
        if found is not None:
            decided.setdefault(found, []).append(pair)

    def stays(name: str, rule: Rule) -> bool:
        own = decided.get((name, rule), [])
        if name == EVERY:
            return not _contradicted(rule, name, own)
        return all(_right(rule, pair) for pair in own)

    return {name: [rule for rule in rules if stays(name, rule)] for name, rules in known.items()}


def _right(rule: Rule, pair: Pair) -> bool:
    """Whether the rule says what was answered, as far as it says anything."""
    status, body = rule.outcome
    return pair.outcome[0] == status and body in ("", pair.outcome[1])


def _rules(pairs: Sequence[Pair], known: Rules) -> Rules:
    rules: Rules = {name: list(found) for name, found in known.items()}
    rules[EVERY] = [*rules.get(EVERY, ()), *_for_all(pairs, rules)]
    by_operation: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_operation.setdefault(pair.operation, []).append(pair)
    for operation, own in by_operation.items():
        found = [*rules.get(operation, ()), *_for_one(own, rules)]
        if found:
            rules[operation] = found
    return rules


def _for_all(pairs: Sequence[Pair], rules: Rules) -> Iterator[Rule]:
    """Conditions that have one answer wherever they hold, in several operations; what is left of
    each status of the mock comes last."""
    groups: dict[When, list[Pair]] = {}
    for pair in pairs:
        general = [t for t in pair.features if _GENERAL.fullmatch(t[0])]
        own = ("mock", pair.traits.get("mock", ""))
        for when in ((own,), *((own, trait) for trait in general)):
            groups.setdefault(when, []).append(pair)
    found: list[Rule] = list(rules.get(EVERY, ()))
    known = len(found)
    for when, group in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        rule = _common(when, group, _SURE)
        if rule is not None and not any(_covers(one, rule) for one in found):
            found.append(rule)
    for when, group in groups.items():
        left = [pair for pair in group if not any(rule.holds(pair.traits) for rule in found)]
        rule = _common(when, left, _MOSTLY) if len(when) == 1 else None
        if rule is not None:
            found.append(rule)
    yield from found[known:]


def _common(when: When, group: Sequence[Pair], least: float) -> Rule | None:
    """The answer that at least such a share of a group has, if it is not the mock's own."""
    if len({pair.operation for pair in group}) < _OPERATIONS:
        return None
    status, count = Counter(pair.outcome[0] for pair in group).most_common(1)[0]
    bodies = Counter(pair.outcome[1] for pair in group if pair.outcome[0] == status)
    body, exactly = bodies.most_common(1)[0]
    if exactly < 0.5 * len(group):
        body = ""
    says = bool(body) or str(status) != dict(when)["mock"]
    if status == OWN[0] or count < _SUPPORT or count < least * len(group) or not says:
        return None
    return Rule(when, (status, body))


def _covers(one: Rule, other: Rule) -> bool:
    return set(one.when) <= set(other.when) and one.outcome == other.outcome


def _for_one(pairs: Sequence[Pair], rules: Rules) -> list[Rule]:
    """What the pairs of one operation say beyond the rules there are."""
    found: list[Rule] = []
    special = {name for pair in pairs for name in pair.traits if _SPECIAL.match(name)}
    nothing = dict.fromkeys(sorted(special), "absent")
    pairs = [replace(pair, traits={**nothing, **pair.traits}) for pair in pairs]
    told = [predicted(rules, pair) for pair in pairs]
    seen: dict[tuple[str, str], set[int]] = {}
    for number, pair in enumerate(pairs):
        for trait in (*pair.features, ("mock", pair.traits.get("mock", ""))):
            seen.setdefault(trait, set()).add(number)
    decided: set[int] = set()
    while len(found) < _MOST_RULES:
        best = None
        for size in (0, 1, 2):
            best = _best(pairs, told, seen, decided, size)
            if best is not None:
                break
        if best is None:
            return found
        found.append(best)
        held = set.intersection(*(seen.get(trait, set()) for trait in best.when))
        for number in held - decided:
            told[number] = best.outcome
        decided |= held
    return found


def _best(
    pairs: Sequence[Pair],
    told: Sequence[Outcome],
    seen: Mapping[tuple[str, str], set[int]],
    decided: set[int],
    size: int,
) -> Rule | None:
    """The condition of so many traits that puts most of the wrong pairs right and none wrong that
    is right; what an earlier rule has decided stays."""
    options: Counter[tuple[When, Outcome]] = Counter()
    for number, pair in enumerate(pairs):
        if told[number] == pair.outcome or number in decided:
            continue
        outcomes = dict.fromkeys((pair.outcome, (pair.outcome[0], "")))
        options.update((when, one) for when in _conditions(pair, size) for one in outcomes)
    ranked = sorted(options.items(), key=lambda o: (-o[1], not o[0][1][1], o[0][0]))
    for (when, outcome), _ in ranked[:_MOST_OPTIONS]:
        held = set.intersection(*(seen[trait] for trait in when)) - decided
        if all(pairs[n].outcome == outcome for n in held):
            return _narrowed(Rule(when, outcome), [pairs[n] for n in held])
        # Another status is better than none where the words of each refusal are its own.
        same = all(pairs[n].outcome[0] == outcome[0] for n in held)
        now = {told[n][0] or int(pairs[n].traits.get("mock") or 0) for n in held}
        if same and outcome[0] and not outcome[1] and now != {outcome[0]}:
            return Rule(when, outcome)
    return None


def _narrowed(rule: Rule, held: Sequence[Pair]) -> Rule:
    """A good request that is always refused was refused for a reason, and what all of them were
    about is in the same state."""
    if rule.outcome[0] < 400 or not rule.when[-1][1].startswith("2") or len(rule.when) > 1:
        return rule
    states = set.intersection(*({t for t in p.features if _STATE.fullmatch(t[0])} for p in held))
    return Rule((*rule.when, *sorted(states)), rule.outcome)


def _conditions(pair: Pair, size: int) -> Iterator[When]:
    own = ("mock", pair.traits.get("mock", ""))
    for traits in combinations(pair.features[:_MOST_TRAITS], size):
        yield (own, *traits)


def _contradicted(rule: Rule, name: str, held_out: Sequence[Pair]) -> bool:
    held = [p for p in held_out if name in (EVERY, p.operation) and rule.holds(p.traits)]
    wrong = sum(p.outcome[0] != rule.outcome[0] for p in held)
    # Words that are wrong are no worse than the mock's own, if most are right.
    least = 0.5 if name == EVERY else 0.9
    right = sum(p.outcome == rule.outcome for p in held)
    return wrong > 0.1 * len(held) or (bool(rule.outcome[1]) and right < least * len(held))


def _counted(rules: Rules, pairs: Iterable[Pair], known: Rules) -> Rules:
    """The rules with the number of pairs that each decides, added to that of before; without new
    ones that decide none."""
    seen = Counter(found for pair in pairs if (found := deciding(rules, pair)) is not None)
    return {
        name: [
            replace(rule, seen=rule.seen + seen[name, rule])
            for rule in found
            if seen[name, rule] or rule in known.get(name, ())
        ]
        for name, found in rules.items()
    }
