"""What is learned from pairs of replies: the widest rules that nothing contradicts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mockserver.files.inputs import EVERY
from mockserver.verify.diff.calibrate.answers import Rule, Rules, learned, predicted, uncalibrated
from mockserver.verify.diff.calibrate.pairs import OWN, Pair, pair_of, templated

GONE = (404, json.dumps({"detail": "None is there."}))
TAKEN = (409, json.dumps({"detail": "'{body.name}' is there."}))


def pairs(operation: str, outcome: tuple[int, str], count: int = 5, **traits: str) -> list[Pair]:
    return [Pair(operation, traits, outcome) for _ in range(count)]


def named(rules: Rules, name: str) -> list[tuple[dict[str, str], int]]:
    return [(dict(rule.when), rule.outcome[0]) for rule in rules.get(name, ())]


def test_what_all_operations_do_is_one_rule() -> None:
    seen = [p for name in ("getA", "getB", "getC") for p in pairs(name, GONE, mock="404")]
    seen += pairs("getA", OWN, mock="200")
    rules = learned(seen)
    assert named(rules, EVERY) == [({"mock": "404"}, 404)]
    assert not rules.get("getA")
    assert predicted(rules, Pair("getNew", {"mock": "404"}, OWN)) == GONE


def test_what_one_operation_does_comes_first() -> None:
    seen = [p for name in ("getA", "getB", "getC") for p in pairs(name, GONE, 20, mock="404")]
    seen += pairs("getD", (410, ""), 2, mock="404")
    rules = learned(seen)
    assert predicted(rules, Pair("getD", {"mock": "404"}, OWN)) == (410, "")
    assert predicted(rules, Pair("getA", {"mock": "404"}, OWN)) == GONE


def test_few_replies_make_no_rule_without_a_reason() -> None:
    wrong = {"violates body type": "text", "body.labels": "text"}
    refused = pairs("make", OWN, 5, mock="422", **wrong)
    lacks = pairs("make", (200, ""), 2, mock="422", **{"body.labels": "absent"})
    assert not learned([*refused, *lacks]).get("make")
    once = pairs("list", (422, json.dumps({"detail": "No limit."})), 1, mock="200")
    assert not learned(once).get("list")
    # That the body is an object, as it has to be, is none.
    no_room = (400, json.dumps({"room": ["There is no room -1."]}))
    assert not learned(pairs("put", no_room, 2, mock="201", body="object")).get("put")
    # A kind of value is a reason, and so are several replies.
    taken = pairs("make", (200, ""), 1, mock="422", **{"body.force": "number as text"})
    (rule,) = learned([*refused, *taken])["make"]
    assert dict(rule.when) == {"mock": "422", "body.force": "number as text"}
    assert learned([*refused, *lacks, *lacks])["make"]


def test_what_is_no_id_at_all_is_refused_otherwise() -> None:
    no_id = (400, json.dumps(["That is no id."]))
    seen: list[Pair] = []
    for name in ("read", "remove"):
        unknown = {"mock": "404", "id": "not there"}
        seen += pairs(name, GONE, 2, **unknown, **{"path.id": "UUID"})
        seen += pairs(name, no_id, 2, **unknown, **{"path.id": "text"})
    rules = learned(seen)
    for kind, outcome in (("UUID", GONE), ("text", no_id)):
        traits = {"mock": "404", "id": "not there", "path.id": kind}
        assert predicted(rules, Pair("read", traits, OWN)) == outcome


def test_what_holds_for_half_of_its_places_is_learned_for_each() -> None:
    refused = ["state", "state", "kind", "kind"]
    seen = []
    # Every fifth is held out: those do not contradict that null is taken everywhere.
    for name in (*refused, "force", *refused, "limit", *refused, "force", "limit"):
        body = json.dumps({"detail": f"{name} is null"}) if name in refused else ""
        traits = {"mock": "422", f"body.{name}": "null", "violates body type": "null"}
        seen += pairs("make", (422 if body else 200, body), 1, **traits)
    found = [when for when, _ in named(learned(seen), "make")]
    assert {"mock": "422", "body.force": "null"} in found
    assert {"mock": "422", "violates body type": "null"} not in found


def test_the_trait_that_decides_is_found() -> None:
    seen = pairs("make", OWN, 10, mock="201", **{"body.name": "text"})
    seen += pairs("make", TAKEN, 6, mock="201", **{"body.name": "text", "taken name": "yes"})
    rules = learned(seen)
    assert named(rules, "make") == [({"mock": "201", "taken name": "yes"}, 409)]
    assert rules["make"][0].seen == 6


def test_a_good_request_that_is_always_refused_is_so_for_a_state() -> None:
    traits = {"mock": "201", "body": "object", "suite_id": "there", "suite_id.is_active": "false"}
    rules = learned(pairs("start", (409, ""), 4, **traits))
    assert named(rules, "start") == [({"mock": "201", "suite_id.is_active": "false"}, 409)]


def test_what_differs_each_time_is_no_rule() -> None:
    seen = [Pair("make", {"mock": "201"}, (409 if n % 2 else 0, "")) for n in range(20)]
    assert not any(learned(seen).values())


def sample(**changes: Any) -> dict[str, Any]:
    usual = {
        "operation": "getA",
        "traits": {"mock": "404"},
        "path": {"id": "abcd-1"},
        "query": {},
        "body": None,
        "real": {"status": 404, "body": {"detail": "no abcd-1"}},
        "mock": {"status": 404, "body": {"detail": "no efgh-2"}, "path": {"id": "efgh-2"}},
    }
    return {**usual, **changes}


def test_the_instant_and_the_path_are_a_template() -> None:
    real = {"status": 404, "body": {"at": "2026-12-01T10:00:00.123Z", "path": "/things/a-thing"}}
    one = sample(real=real) | {"at": "/things/a-thing"}
    body = {"at": "{now T3Z}", "path": "{request.path}"}
    assert json.loads(pair_of(one).outcome[1]) == body


def test_what_was_sent_is_a_template() -> None:
    assert pair_of(sample()).outcome == OWN
    other = sample(mock={"status": 404, "body": {"error": "none"}, "path": {}})
    assert pair_of(other).outcome == (404, '{"detail": "no {id}"}')
    assert templated(["x", "a long name"], {"body.name": "a long name", "query.q": "x"}) == [
        "{query.q}",
        "{body.name}",
    ]


@given(
    st.lists(
        st.builds(
            Pair,
            st.sampled_from(["a", "b"]),
            st.fixed_dictionaries(
                {"mock": st.sampled_from(["200", "422"]), "body.n": st.sampled_from(["x", "y"])}
            ),
            st.sampled_from([OWN, (400, ""), (409, "{}")]),
        ),
        max_size=30,
    )
)
def test_rules_of_one_operation_make_nothing_worse(seen: list[Pair]) -> None:
    rules = learned(seen)
    before = sum(pair.outcome[0] == OWN[0] for pair in seen)
    after = sum(predicted(rules, pair)[0] == pair.outcome[0] for pair in seen)
    assert after >= before


def test_a_part_of_the_mocks_own_body_is_taken_where_it_is_the_same() -> None:
    detail = [{"type": "missing", "loc": ["body", "limit"]}, {"type": "missing", "loc": ["body"]}]

    def outcome(shown: Any) -> Any:
        real = {"status": 422, "body": {"problem": shown, "error": "no"}}
        mock = {"status": 422, "body": {"detail": detail}, "path": {"id": "efgh-2"}}
        return json.loads(pair_of(sample(real=real, mock=mock)).outcome[1])["problem"]

    assert outcome(detail) == "{mock.detail}"
    assert outcome(detail[::-1]) == detail[::-1]


def test_parts_are_those_of_the_mock_without_its_rules() -> None:
    shown = {"problem": "{mock.detail}", "request": "{body}", "hint": "none"}
    known = {EVERY: [Rule((("mock", "422"),), (422, json.dumps(shown)))]}
    learned_body = {"problem": "{mock.problem}", "request": "{mock.request}", "hint": "look"}
    pair = Pair("getA", {"mock": "422"}, (422, json.dumps(learned_body)))
    found = uncalibrated(pair, 422, known)
    assert found is not None
    assert json.loads(found.outcome[1]) == {**shown, "hint": "look"}


def test_what_an_operation_mostly_does_has_exceptions() -> None:
    seen = pairs("make", (201, ""), 9, mock="200") + pairs("make", OWN, 1, mock="200")
    assert named(learned(seen), "make") == [({"mock": "200"}, 201)]
    seen = pairs("make", (201, ""), 7, mock="200") + pairs("make", OWN, 3, mock="200")
    assert named(learned(seen), "make") == []


def test_a_request_body_is_known_again_in_a_refusal() -> None:
    body = {"name": "a long name", "size": 7}
    real = {"status": 422, "body": {"error": "no", "request": body}}
    outcome = pair_of(sample(body=body, real=real)).outcome
    assert json.loads(outcome[1]) == {"error": "no", "request": "{body}"}


def test_what_all_operations_do_is_not_hidden_by_what_one_mostly_does() -> None:
    seen = [p for name in ("getA", "getB", "getC") for p in pairs(name, GONE, 20, mock="404")]
    seen += pairs("getA", (410, ""), 1, mock="404")
    rules = learned(seen)
    assert predicted(rules, Pair("getA", {"mock": "404"}, OWN)) == GONE


def test_a_condition_on_what_is_absent_holds_for_bodies_of_other_kinds() -> None:
    lacks = {"mock": "422", "body": "object", "body.name": "absent"}
    required = (400, json.dumps({"detail": "{violation.name} is required"}))
    broken = (400, json.dumps({"detail": "No JSON."}))
    seen = [
        *pairs("make", required, 4, **lacks, **{"violates body required": "object"}),
        *pairs("make", broken, 2, mock="422", body="not JSON"),
    ]
    rules = learned(seen)
    assert [pair for pair in seen if predicted(rules, pair) != pair.outcome] == []


def test_the_right_status_hides_no_body_that_several_replies_have() -> None:
    """Every refusal is a 400; what they say differs by what is wrong."""
    words = {"minimum": "too small", "required": "is required", "type": "has the wrong type"}
    seen = [
        pair
        for keyword, text in words.items()
        for pair in pairs(
            "make",
            (400, json.dumps({"detail": text})),
            3,
            **{"mock": "422"} | {f"violates body {keyword}": "number"},
        )
    ]
    odd = pairs("make", (400, json.dumps({"detail": "one of its own"})), 1, mock="422")
    rules = learned([*seen, *odd])
    assert all(predicted(rules, pair) == pair.outcome for pair in seen)
    assert predicted(rules, Pair("make", {"mock": "422"}, OWN))[0] == 400


def test_what_only_the_checking_exchanges_show_is_an_exception() -> None:
    """Every fifth exchange checks the rules of the others, and its own kind has to be learned."""
    usual = (400, json.dumps({"detail": "is invalid"}))
    seen = pairs("make", usual, 30, mock="422", body="object")
    rare = pairs("make", (413, json.dumps({"detail": "too large"})), 1, mock="422", body="text")
    seen[4:4] = rare
    rules = learned(seen)
    assert all(predicted(rules, pair) == pair.outcome for pair in seen)


def test_a_place_that_is_the_body_itself_fits_the_template_of_places() -> None:
    said = (422, json.dumps({"detail": "{violation.name} has the wrong type"}))
    whole = Pair("make", {}, (422, json.dumps({"detail": " has the wrong type"})))
    assert not whole.gets(said)
    assert replace(whole, sent={"violation.name": ""}).gets(said)
    quoted = Pair("make", {}, (422, json.dumps({"detail": 'a"b has'})), {"violation.name": 'a"b'})
    assert quoted.gets((422, json.dumps({"detail": "{violation.name} has"})))


def test_the_place_in_an_array_is_what_the_mock_has_named() -> None:
    sample = {
        "operation": "make",
        "traits": {"violates body.tags.* type": "null", "violation.name": "tags.1", "mock": "422"},
        "path": {},
        "query": {},
        "body": {"tags": ["a", None]},
        "real": {"status": 400, "body": {"detail": "tags.1 is no text"}},
        "mock": {"status": 422, "body": None, "path": {}},
    }
    found = pair_of(sample)
    assert found.outcome == (400, json.dumps({"detail": "{violation.name} is no text"}))
    assert ("violation.name", "tags.1") not in found.features


def test_a_success_that_shows_nothing_is_the_same_for_all() -> None:
    sample = {
        "operation": "get",
        "traits": {"mock": "404", "id": "not there"},
        "path": {"id": "nope"},
        "query": {},
        "body": None,
        "real": {"status": 200, "body": {}},
        "mock": {"status": 404, "body": {"detail": "None is there."}, "path": {"id": "nope"}},
    }
    assert pair_of(sample).outcome == (200, "{}")
    assert pair_of({**sample, "real": {"status": 200, "body": {"id": "nope"}}}).outcome == (200, "")
