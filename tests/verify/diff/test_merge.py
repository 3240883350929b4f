"""Rules of before and those of a run that followed them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from mockserver.files.inputs import EVERY
from mockserver.verify.diff.calibrate.answers import (
    Rule,
    learned,
    predicted,
    rules_of,
    uncalibrated,
)
from mockserver.verify.diff.calibrate.pairs import OWN, Pair
from mockserver.verify.diff.calibration_file import Before, merged_known

GONE = (404, json.dumps({"detail": "None is there."}))
NO_ROW = Rule((("mock", "404"),), GONE, 7)
OLD = {
    "make": {
        "defaults": {"colour": "blue"},
        "extra": {"room": "attic", "floor": 1},
        "absent": ["note"],
        "enums": {"kind": ["a"]},
        "words": {"400": {"code": 1}},
        "statuses": {"204": 200},
    },
    "get": {"answers": [NO_ROW.as_table()]},
}


def test_what_the_run_did_not_touch_stays() -> None:
    assert Before(OLD).merged({}) == {"make": OLD["make"], "get": {}}
    assert learned([], {"get": [NO_ROW]})["get"] == [NO_ROW]


def test_new_rules_win() -> None:
    new = {
        "make": {
            "defaults": {"colour": "red", "size": 1},
            "absent": ["room"],
            "nulls": ["note"],
            "enums": {"kind": ["b"]},
            "words": {"400": {"text": "no"}},
        }
    }
    assert Before(OLD).merged(new)["make"] == {
        "defaults": {"colour": "red", "size": 1},
        "extra": {"floor": 1},
        "absent": ["room"],
        "nulls": ["note"],
        "enums": {"kind": ["a", "b"]},
        "words": {"400": {"code": 1, "text": "no"}},
        "statuses": {"204": 200},
    }


def test_what_differs_in_spite_of_a_rule_has_none_any_more() -> None:
    before = Before(OLD)
    assert before.own_status("make", 200) == "204"
    assert before.own_status("get", 200) == "200"
    before.contradict("make", "schema", "201", "room")
    before.contradict("make", "default", "201", "colour")
    before.contradict("make", "error", "400", "code")
    before.contradict("never seen", "headers", "200", "content-type")
    left = before.merged({})["make"]
    assert left["extra"] == {"floor": 1}
    assert not left["defaults"]
    assert not left["words"]["400"]


def test_known_differences() -> None:
    names = ("operation", "kind", "at", "about", "real")
    one, other, third = (
        dict(zip(names, values, strict=True))
        for values in (
            ("make", "status", "", "", "200"),
            ("make", "schema", "room", "", "absent"),
            ("get", "schema", "room", "", "absent"),
        )
    )
    changed = {**one, "real": "202"}
    assert merged_known([one, other, third], [changed], {("get", "schema", "room", "")}) == [
        other,
        changed,
    ]


def test_a_mock_that_was_right_confirms_its_rule() -> None:
    known = {EVERY: [NO_ROW]}
    pair = Pair("get", {"mock": "404"}, OWN)
    assert uncalibrated(pair, 404, known) == Pair("get", {"mock": "404"}, GONE)
    # It gave another answer than the rule's, and that was right.
    assert uncalibrated(pair, 200, known) is None
    assert uncalibrated(Pair("get", {"mock": "200"}, OWN), 200, known) == Pair(
        "get", {"mock": "200"}, OWN
    )


def test_a_rule_that_is_contradicted_is_replaced() -> None:
    taken = (409, json.dumps({"detail": "taken"}))
    pairs = [Pair("get", {"mock": "404"}, taken)] * 6
    assert learned(pairs, {"get": [NO_ROW]})["get"] == [Rule((("mock", "404"),), taken, 6)]


def test_rules_are_read_as_they_are_written() -> None:
    rules = [NO_ROW, Rule((("mock", "201"), ("body.a", "text")), (202, ""), 1)]
    assert rules_of([rule.as_table() for rule in rules]) == rules


@given(
    st.lists(
        st.builds(
            Pair,
            st.sampled_from(["a", "b", "c"]),
            st.fixed_dictionaries(
                {"mock": st.sampled_from(["200", "422"]), "body.n": st.sampled_from(["x", "y"])}
            ),
            st.sampled_from([OWN, (400, ""), GONE]),
        ),
        max_size=30,
    )
)
def test_the_same_again_changes_no_prediction_for_the_worse(seen: list[Pair]) -> None:
    """What a run learned is confirmed when the next one sees the same."""
    first = learned(seen)
    second = learned(seen, first)

    def right(rules: dict[str, list[Rule]]) -> int:
        return sum(predicted(rules, pair)[0] == pair.outcome[0] for pair in seen)

    assert right(second) >= right(first)
