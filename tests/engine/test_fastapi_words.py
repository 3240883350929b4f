"""Our 422 equals FastAPI's: same violations, same order, same wording."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.engine.beside_fastapi import Case, Fault, ours, theirs
from tests.engine.fastapi_cases import JSON, SAME, U, got, posted


@pytest.mark.parametrize(
    "case", SAME, ids=lambda case: f"{case.path}?{case.query} {case.body!r}"[:70]
)
def test_same_words(case: Case) -> None:
    expected, found = theirs(case), ours(case)
    assert found.faults == expected.faults
    assert found.status == expected.status
    assert found.inputs == expected.inputs


@pytest.mark.parametrize(
    "query", ["limit=%205%20", "limit=1_0", "limit=+%2B5", "ratio=-1_0", "ratio=%201.5"]
)
def test_a_number_in_a_text_is_one_as_json_has_it(query: str) -> None:
    """Stricter than pydantic, which accepts what Python's `int` and `float` do: a parameter is the
    text of a JSON value (OpenAPI 3.1, Style Values)."""
    assert [fault[0] for fault in ours(got(query)).faults] in (["int_parsing"], ["float_parsing"])


BOOLEANS = {"0", "1", "0.0", "1.0", "true", "false", "on", "off", "t", "f", "y", "n", "yes", "no"}

# What pydantic's lax mode takes and JSON Schema does not: refused, in the words of strict mode.
STRICT: dict[str, Callable[[Any], bool]] = {
    "a text that reads as an integer, or a boolean": lambda v: (
        _reads(int, v) or isinstance(v, bool)
    ),
    "a text that reads as a number": lambda v: _reads(float, v),
    "0, 1 and their texts as a boolean": lambda v: str(v).lower() in BOOLEANS,
    "a Unix time as an instant": lambda v: isinstance(v, (int, float)) or _reads(float, v),
    "a date as an instant": lambda v: isinstance(v, str) and len(v) == 10,
    "a time without seconds, or with a space": lambda v: isinstance(v, str) and len(v) > 10,
    "an empty text or NaN": lambda v: v == "",
}


def _reads(kind: type, value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        kind(value)
    except ValueError:
        return False
    return True


def disagreement(case: Case) -> str:
    """Unexplained differences between the two responses; empty if they agree."""
    expected, found = theirs(case), ours(case)
    known = {(kind, loc): message for kind, loc, message in expected.faults}
    places = {loc for _, loc, _ in expected.faults}
    common: list[Fault] = []
    for (kind, loc, message), entry in zip(found.faults, found.detail, strict=True):
        if (kind, loc) in known:
            common.append((kind, loc, message))
        elif loc in places or not any(excuse(entry["input"]) for excuse in STRICT.values()):
            return f"only ours: {kind} {loc} {message}; theirs: {expected.faults}"
    if expected.faults != common:
        return f"theirs {expected.faults}, ours {found.faults}"
    return ""


UUIDS = st.sampled_from([U, U.upper(), U[:-1], "x", "", U.replace("-", "")])
JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 300),
    st.floats(-3, 60, width=16),
    st.text("ab Z0-é:.T", max_size=12),
    st.sampled_from(["voice", "x", "agent", "model_judge", "always", "5", "1.5", "true", "no"]),
    st.lists(st.one_of(st.integers(0, 3), st.text("ab5", max_size=2)), max_size=5),
    st.dictionaries(
        st.text("abcd", max_size=4), st.one_of(st.integers(), st.text("a1")), max_size=3
    ),
    UUIDS,
)


def _some(required: dict[str, st.SearchStrategy[Any]], **rest: st.SearchStrategy[Any]) -> Any:
    everything = {**required, **rest, "extra": JUNK}
    return st.fixed_dictionaries({}, optional={k: v | JUNK for k, v in everything.items()})


CUT_IN = _some({}, min_words=st.integers(-1, 60), chance=st.floats(-1, 2))
BEHAVIOR = _some({}, first_speaker=st.just("agent"), cut_in=CUT_IN, max_turns=st.integers(-5, 120))
PERSONA = _some(
    {"name": st.text("ab", max_size=3), "body": st.text("ab", max_size=3)},
    description=st.text("ab", max_size=25),
    is_active=st.booleans(),
    behavior_config=BEHAVIOR,
)
ITEM = _some({"persona_id": UUIDS, "scenario_id": UUIDS})
SUITE = _some({"name": st.text("ab", max_size=3)}, items=st.lists(ITEM | JUNK, max_size=3))
EVALUATOR = _some(
    {"name": st.text("abA ", max_size=5)},
    kind=st.just("code"),
    channels=st.lists(st.sampled_from(["voice", "x"]), max_size=4),
    tags=st.lists(st.text("a", max_size=2), max_size=5),
    steps=st.lists(st.integers(), max_size=2),
    threshold=st.floats(-1, 2),
    weights=st.dictionaries(st.text("ab", max_size=2), st.floats(0, 1) | JUNK, max_size=3),
    labels=st.dictionaries(st.text("ab", max_size=5), st.integers() | JUNK, max_size=3),
    either=JUNK,
    mixed=ITEM | JUNK,
    day=st.dates().map(str),
    since=st.datetimes().map(lambda d: d.isoformat() + "Z"),
    parent=_some({"name": st.text("aA", max_size=3)}, kind=JUNK),
)
QUERY = st.lists(
    st.tuples(
        st.sampled_from(
            ["limit", "ratio", "is_active", "agent_id", "status", "name", "tags", "other"]
        ),
        st.one_of(
            st.integers(-3, 300).map(str),
            st.floats(-2, 2).map(str),
            st.text("ab01_.+- eE", max_size=6),
            st.sampled_from(["true", "off", "voice", "null", "", U]),
        ),
    ),
    max_size=5,
)
hermetic = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@hermetic
@given(body=st.one_of(PERSONA, JUNK))
def test_generated_personas(body: object) -> None:
    assert not disagreement(posted("/personas", body))


@hermetic
@given(suite_id=UUIDS.filter(bool), body=st.one_of(SUITE, JUNK), limit=st.text("01-a", max_size=2))
def test_generated_suites(suite_id: str, body: object, limit: str) -> None:
    case = posted("/suites/{suite_id}", body, values={"suite_id": suite_id}, query=f"limit={limit}")
    assert not disagreement(case)


@hermetic
@given(body=st.one_of(EVALUATOR, JUNK))
def test_generated_evaluators(body: object) -> None:
    assert not disagreement(posted("/evaluators", body))


@hermetic
@given(pairs=QUERY)
def test_generated_queries(pairs: list[tuple[str, str]]) -> None:
    assert not disagreement(got(urlencode(pairs)))


@hermetic
@given(raw=st.text("0123456789abcdefABCDEFg-{}urn:id", min_size=1, max_size=40))
def test_generated_uuids(raw: str) -> None:
    case = Case("GET", "/suites/{suite_id}/runs/{run_id}", {"suite_id": raw, "run_id": U})
    assert not disagreement(case)


@hermetic
@given(raw=st.text('{}[]":, 0123.-eEtruefalsnx\\\x00\n', max_size=12))
def test_generated_syntax(raw: str) -> None:
    case = Case("POST", "/numbers", headers=JSON, body=raw.encode())
    # Python's parser also guesses UTF-16 and UTF-32, by NULs; RFC 8259 has only UTF-8.
    assume(json.detect_encoding(case.body) == "utf-8")
    assert not disagreement(case)
