"""Rules of a draft that do harm are found by bisection and dropped, alone."""

from __future__ import annotations

import copy
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from mockserver.verify.diff.calibrate.rule_checks import (
    Behaviour,
    Culprits,
    Play,
    Rehearsal,
    RuleAt,
    Tables,
    rules_at,
    without,
)

GONE = {"when": {"mock": "404"}, "status": 410, "seen": 9}
TABLES: dict[str, dict[str, Any]] = {
    "getThing": {
        "answers": [{"when": {"mock": "200"}, "status": 203, "seen": 1}],
        "absent": ["note", "room"],
        "bodies": {"404": {"detail": "none"}},
        "words": {"400": {"code": 7, "text": "no"}},
        "touches": "always",
    },
    "listThings": {"nulls": ["items.*.note"], "fields": {str(n): {} for n in range(20)}},
    "*": {"answers": [GONE]},
}


def test_each_rule_can_be_dropped_alone() -> None:
    kept = copy.deepcopy(TABLES)
    rules = rules_at(TABLES, "getThing")
    assert len(rules) == len(set(rules)) == 8
    seen = [without(TABLES, [rule]) for rule in rules]
    assert "answers" not in seen[0]["getThing"]
    assert [one["getThing"]["absent"] for one in seen[1:3]] == [["room"], ["note"]]
    assert "bodies" not in seen[3]["getThing"]
    assert [one["getThing"]["words"] for one in seen[4:6]] == [
        {"400": {"text": "no"}},
        {"400": {"code": 7}},
    ]
    assert "touches" not in seen[6]["getThing"]
    # The answer of all stays for the others.
    exempt = {"when": {"mock": "404"}, "seen": 0}
    assert seen[7]["getThing"]["answers"] == [*TABLES["getThing"]["answers"], exempt]
    assert all(one["*"] == {"answers": [GONE]} for one in seen)
    assert without(TABLES, [])["listThings"] == TABLES["listThings"]
    assert kept == TABLES


READ, ROWS, OTHER = ("getThing", "schema"), ("listThings", "list"), ("listThings", "schema")


@pytest.mark.parametrize(
    "harmful",
    [
        {READ: [1], ROWS: [13]},
        {READ: [7], ROWS: [0, 20]},
        {READ: [], ROWS: [3, 4, 5], OTHER: [4]},
    ],
)
def test_only_the_rules_that_do_harm_are_found(harmful: dict[Behaviour, list[int]]) -> None:
    harm: dict[Behaviour, list[RuleAt]] = {
        at: [rules_at(TABLES, at[0])[number] for number in numbers]
        for at, numbers in harmful.items()
    }
    plays = 0

    shown = {at: {number, number + 7} for number, at in enumerate(harm)}

    def play(tables: Tables, runs: Collection[int]) -> dict[Behaviour, str]:
        nonlocal plays
        plays += 1
        names = {at[0] for at in harm if shown[at] <= set(runs)}
        # Nothing is played but what has shown one of the behaviours.
        assert set(runs) == set().union(*(shown[at] for at in harm if shown[at] <= set(runs)))
        # A behaviour that no rule breaks is broken whatever is dropped.
        there = {name: rules_at(tables, name) for name in names}
        return {
            at: "differs" if not rules or set(rules) & set(there[at[0]]) else "agreed"
            for at, rules in harm.items()
            if at[0] in there
        }

    culprits = Culprits(TABLES, rehearsed(harm), play, Play(showing=shown))
    assert culprits.find(harm) == {rule for rules in harm.values() for rule in rules}
    assert plays <= 25


def rehearsed(behaviours: Collection[Behaviour]) -> Rehearsal:
    """A rehearsal of a run in which all of these agreed."""
    agreed = [{"operation": name, "kind": kind, "state": "agreed"} for name, kind in behaviours]
    return Rehearsal({"behaviours": agreed}, [], Path())


def test_a_rule_that_does_more_good_than_harm_stays() -> None:
    """Without the rule of getThing, more than the broken behaviour is worth differs."""
    good = [("getThing", f"kind {number}") for number in range(5)]

    def play(tables: Tables, runs: Collection[int]) -> dict[Behaviour, str]:
        followed = bool(tables["getThing"].get("bodies"))
        listed = bool(tables["listThings"].get("nulls"))
        return {
            **dict.fromkeys(good, "agreed" if followed else "differs"),
            READ: "differs" if followed else "agreed",
            ROWS: "differs" if listed else "agreed",
        }

    culprits = Culprits(TABLES, rehearsed([READ, ROWS]), play, Play(play(TABLES, ())))
    assert culprits.useful([READ, ROWS], 3) == {("listThings", "nulls", "items.*.note")}
    assert culprits.useful([READ, ROWS], 9) > {("getThing", "bodies", "404")}
