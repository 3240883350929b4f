"""Learn rules of the form "a request with these traits gets this response".

The input are pairs of replies to the same request: the real server's and the mock's. The mock has
named the traits of each request (`engine/calibration.py`), so it can check the conditions of a
rule. A rule has the most general condition under which the real server always gave the same
response. Rules for all operations are learned first, then those of single operations. Rules learned
from most of the pairs are checked against the rest.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from mockserver.files.inputs import EVERY
from mockserver.openapi.model import Json
from mockserver.verify.diff.calibrate.pairs import OWN, Outcome, Pair, as_text

When = tuple[tuple[str, str], ...]
_HELD_OUT = 5
"""Every n-th pair is not learned from, but used to check the rules."""
_SURE, _MOSTLY = 0.95, 0.8
"""The share of pairs that a rule for all operations must predict: of all pairs that it applies to;
of those that no other rule applies to."""
_USUAL = (("body", "object"), ("body", "list"))
"""Traits that most requests have, so that they explain nothing."""
_SUPPORT, _OPERATIONS = 3, 2
"""The minimum number of pairs, and of operations, for a rule for all operations."""
_GENERAL = re.compile(
    r"mock|body|credential|unknown (field|query parameter|id)|taken \w+"
    r"|violates (body|query|path|header) \w+"
)
"""Traits with the same meaning in every operation."""
ABSENT = "absent"
"""The value of a trait that a request lacks."""
_SPECIAL = re.compile("taken |unknown ")
"""Traits that few requests have. A rule may require that they are absent."""
_MOST_RULES, _MOST_OPTIONS, _MOST_TRAITS = 60, 2000, 24
"""Limits: rules of one operation, candidate rules of one step, traits of one request."""
_STATE = re.compile(r"(?!body\.|query\.|violates |unknown |taken )\w+\.\w+")
"""Traits for flags and states of an entity in the path."""


@dataclass(frozen=True)
class Rule:
    """If a request has all traits of `when`, it gets `outcome`. `seen` is the number of pairs that
    have shown it."""

    when: When
    outcome: Outcome
    seen: int = 0

    def holds(self, traits: Mapping[str, str]) -> bool:
        """Whether a request has all traits of the condition."""
        return all(traits.get(name, ABSENT) == value for name, value in self.when)

    def as_table(self) -> dict[str, Json]:
        """The rule as an entry of `answers` in a calibration file."""
        found: dict[str, Json] = {"when": dict(self.when)}
        if self.outcome[0]:
            found["status"] = self.outcome[0]
        if self.outcome[1]:
            found["body"] = json.loads(self.outcome[1])
        return {**found, "seen": self.seen}


Rules = dict[str, list[Rule]]
"""By operation, in order of precedence. Those of `EVERY` come after the operation's own."""


def rules_of(written: Iterable[Mapping[str, Json]]) -> list[Rule]:
    """The rules of the `answers` entries of a calibration file, in the same order."""
    return [
        Rule(
            tuple(table.get("when", {}).items()),
            (table.get("status", 0), as_text(table.get("body"))),
            table.get("seen", 0),
        )
        for table in written
    ]


# --- learning


def learned(pairs: Sequence[Pair], known: Rules | None = None) -> Rules:
    """Learn rules from most of the pairs, drop those that the others contradict, then add those
    that only all pairs together show.

    `known` are rules from an earlier calibration. They stay unless the pairs contradict them.
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
    """Convert a pair from a run in which the mock followed the rules `known` to one without them.

    `status` is that of the real server. None if both responses were the same, although the rule
    predicts another one: nothing can be learned from such a pair.
    """
    found = deciding(known, pair)
    if found is None:
        return pair
    outcome = found[1].outcome
    if pair.outcome != OWN:
        return replace(pair, outcome=(pair.outcome[0], _of_own(pair.outcome[1], outcome[1])))
    return replace(pair, outcome=outcome) if outcome[0] in (0, status) else None


def _of_own(text: str, followed: str) -> str:
    """A body that was learned beside a mock that followed a rule, with that rule's parts in place
    of `{mock.NAME}`, which the mock's own body need not have."""
    body, rule = (json.loads(one) if one else None for one in (text, followed))
    if not isinstance(body, dict) or not isinstance(rule, dict):
        return text
    own = {f"{{mock.{name}}}": part for name, part in rule.items()}
    return as_text({n: own.get(v, v) if isinstance(v, str) else v for n, v in body.items()})


def _confirmed(known: Rules, pairs: Sequence[Pair]) -> Rules:
    """The rules that the pairs do not contradict.

    A rule of one operation must be right for all pairs. A rule for all operations may have
    exceptions, which rules of single operations can cover.
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
    """Whether the rule predicts the response's status, and its body if the rule has one."""
    status, body = rule.outcome
    return pair.outcome[0] == status and (not body or pair.gets(rule.outcome))


def _rules(pairs: Sequence[Pair], known: Rules) -> Rules:
    """The known rules, followed by new ones for what they do not predict."""
    rules: Rules = {name: list(found) for name, found in known.items()}
    rules[EVERY] = [*rules.get(EVERY, ()), *_for_all(pairs, rules)]
    by_operation: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_operation.setdefault(pair.operation, []).append(pair)
    for operation, own in by_operation.items():
        exceptions, others = _for_one(own, rules)
        found = [*exceptions, *rules.get(operation, ()), *others]
        if found:
            rules[operation] = found
    return rules


def _for_all(pairs: Sequence[Pair], rules: Rules) -> Iterator[Rule]:
    """New rules for all operations.

    First those with one response wherever their condition holds, then a rule for each status of the
    mock, from the pairs to which no other rule applies.
    """
    groups: dict[When, list[Pair]] = {}
    for pair in pairs:
        general = [t for t in pair.features if _GENERAL.fullmatch(t[0])]
        own = ("mock", pair.traits.get("mock", ""))
        for when in ((own,), *((own, trait) for trait in general)):
            groups.setdefault(when, []).append(pair)
    for when, group in groups.items():
        if when[-1][1] == ABSENT:
            group[:] = [pair for pair in pairs if Rule(when, OWN).holds(pair.traits)]
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
    """A rule for the most frequent response of the group, if at least the share `least` has it, and
    it is not the mock's own."""
    if len({pair.operation for pair in group}) < _OPERATIONS:
        return None
    status, count = Counter(pair.outcome[0] for pair in group).most_common(1)[0]
    bodies = Counter(pair.outcome[1] for pair in group if pair.outcome[0] == status)
    body = bodies.most_common(1)[0][0]
    exactly = sum(pair.gets((status, body)) for pair in group)
    if exactly < 0.5 * len(group):
        body = ""
    says = bool(body) or str(status) != dict(when)["mock"]
    if status == OWN[0] or count < _SUPPORT or count < least * len(group) or not says:
        return None
    return Rule(when, (status, body))


def _covers(one: Rule, other: Rule) -> bool:
    """Whether the first rule makes the second one superfluous."""
    return set(one.when) <= set(other.when) and one.outcome == other.outcome


def _for_one(pairs: Sequence[Pair], rules: Rules) -> tuple[list[Rule], list[Rule]]:
    """New rules for one operation, for the pairs that the known rules predict wrongly: those that
    come before the known ones, and those that come after them.

    Where the right bodies differ, the right status with the mock's own body is still better. Such a
    rule comes last: it must not hide what part of the bodies have in common.
    """
    found: list[Rule] = []
    rough: list[Rule] = []
    special = {name for pair in pairs for name in pair.traits if _SPECIAL.match(name)}
    nothing = dict.fromkeys(sorted(special), ABSENT)
    pairs = [replace(pair, traits={**nothing, **pair.traits}) for pair in pairs]
    now = [predicted(rules, pair) for pair in pairs]
    seen: dict[tuple[str, str], set[int]] = {}
    for number, pair in enumerate(pairs):
        for trait in (*pair.features, ("mock", pair.traits.get("mock", ""))):
            seen.setdefault(trait, set()).add(number)
    for (name, value), numbers in seen.items():
        # A request that lacks the trait counts as one where it is absent (`Rule.holds`).
        if value == ABSENT:
            numbers |= {n for n, pair in enumerate(pairs) if name not in pair.traits}
    decided: set[int] = set()
    while len(found) + len(rough) < _MOST_RULES:
        best = None
        for size in (0, 1, 2):
            best = _best(pairs, now, seen, decided, size)
            if best is not None:
                break
        if best is None:
            break
        held = set.intersection(*(seen.get(trait, set()) for trait in best.when)) - decided
        exact = all(pairs[number].gets(best.outcome) for number in held)
        (found if exact else rough).append(best)
        for number in held:
            now[number] = best.outcome
        decided |= held if exact else set()
    left = {n for n in range(len(pairs)) if not any(r.holds(pairs[n].traits) for r in rough)}
    return found, [*rough, *_mostly(pairs, now, set(range(len(pairs))) - left | decided)]


def _mostly(
    pairs: Sequence[Pair], predictions: Sequence[Outcome], decided: Collection[int]
) -> Iterator[Rule]:
    """A rule for each status of the mock, from the pairs without a rule: if most of them have one
    status, and hardly any is predicted rightly so far."""
    groups: dict[tuple[str, str], list[tuple[Outcome, Outcome]]] = {}
    for number, pair in enumerate(pairs):
        if number not in decided:
            own = ("mock", pair.traits.get("mock", ""))
            groups.setdefault(own, []).append((pair.outcome, predictions[number]))
    for own, group in groups.items():
        status, count = Counter(outcome[0] for outcome, _ in group).most_common(1)[0]
        right = sum(outcome == predicted for outcome, predicted in group)
        says = status not in (OWN[0], int(own[1] or 0)) and count >= _SUPPORT
        if says and count >= _MOSTLY * len(group) and right <= len(group) - count:
            yield Rule((own,), (status, ""))


def _best(
    pairs: Sequence[Pair],
    predictions: Sequence[Outcome],
    seen: Mapping[tuple[str, str], set[int]],
    decided: set[int],
    size: int,
) -> Rule | None:
    """The rule with `size` traits that corrects most of the wrong predictions, and breaks no right
    one; None if there is no such rule. Pairs in `decided` are covered by earlier rules."""
    options: Counter[tuple[When, Outcome]] = Counter()
    for number, pair in enumerate(pairs):
        if pair.gets(predictions[number]) or number in decided:
            continue
        outcomes = dict.fromkeys((pair.outcome, (pair.outcome[0], "")))
        options.update((when, one) for when in _conditions(pair, size) for one in outcomes)
    ranked = sorted(options.items(), key=lambda o: (-o[1], not o[0][1][1], o[0][0]))
    for (when, outcome), _ in ranked[:_MOST_OPTIONS]:
        holds = set.intersection(*(seen[trait] for trait in when))
        if not _is_likely(when, outcome, [pairs[n] for n in holds]):
            continue
        held = holds - decided
        if all(pairs[n].gets(outcome) for n in held):
            return _narrowed(Rule(when, outcome), [pairs[n] for n in held])
        same = all(pairs[n].outcome[0] == outcome[0] for n in held)
        now = {predictions[n][0] or int(pairs[n].traits.get("mock") or 0) for n in held}
        if same and outcome[0] and not outcome[1] and now != {outcome[0]}:
            return Rule(when, outcome)
    return None


def _is_likely(when: When, outcome: Outcome, pairs: Sequence[Pair]) -> bool:
    """Whether the condition can be the reason for another status than the mock's. `pairs` are all
    in which it holds.

    Most of them must have this status. A few pairs are enough if the condition names a trait; for a
    success, a trait that the request has.
    """
    own = int(dict(when)["mock"] or 0)
    if outcome[0] in (0, own):
        return True
    if sum(pair.outcome[0] == outcome[0] for pair in pairs) < _MOSTLY * len(pairs):
        return False
    traits = [value for name, value in when if name != "mock" and (name, value) not in _USUAL]
    if own >= 400 > outcome[0]:
        traits = [value for value in traits if value != ABSENT]
    refusals = own >= 400 and outcome[0] >= 400
    return bool(traits) or len(pairs) >= (_SUPPORT - 1 if refusals else _SUPPORT)


def _narrowed(rule: Rule, held: Sequence[Pair]) -> Rule:
    """The rule, limited to a state of the entity if it refuses requests that the mock accepts.

    The state that all these requests have in common is likely to be the reason.
    """
    if rule.outcome[0] < 400 or not rule.when[-1][1].startswith("2") or len(rule.when) > 1:
        return rule
    states = set.intersection(*({t for t in p.features if _STATE.fullmatch(t[0])} for p in held))
    return Rule((*rule.when, *sorted(states)), rule.outcome)


def _conditions(pair: Pair, size: int) -> Iterator[When]:
    """All conditions that hold for a pair: the mock's status and `size` traits."""
    own = ("mock", pair.traits.get("mock", ""))
    for traits in combinations(pair.features[:_MOST_TRAITS], size):
        yield (own, *traits)


def _contradicted(rule: Rule, name: str, held_out: Sequence[Pair]) -> bool:
    """Whether too many of the pairs have another response than the rule predicts. `name` is where
    the rule is listed."""
    held = [p for p in held_out if name in (EVERY, p.operation) and rule.holds(p.traits)]
    wrong = sum(p.outcome[0] != rule.outcome[0] for p in held)
    # A wrong body is no worse than the mock's own, so fewer have to be right for all operations.
    least = 0.5 if name == EVERY else 0.9
    right = sum(p.gets(rule.outcome) for p in held)
    return wrong > 0.1 * len(held) or (bool(rule.outcome[1]) and right < least * len(held))


def _counted(rules: Rules, pairs: Iterable[Pair], known: Rules) -> Rules:
    """The rules with the number of pairs to which each applies, added to earlier numbers. New rules
    that apply to no pair are dropped."""
    seen = Counter(found for pair in pairs if (found := deciding(rules, pair)) is not None)
    return {
        name: [
            replace(rule, seen=rule.seen + seen[name, rule])
            for rule in found
            if seen[name, rule] or rule in known.get(name, ())
        ]
        for name, found in rules.items()
    }
