"""Our 422 is FastAPI's own: same faults, same order, same words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.engine.beside_fastapi import Case, Fault, ours, theirs

U = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
JSON = {"content-type": "application/json"}


def posted(path: str, body: object, **more: object) -> Case:
    return Case("POST", path, headers=JSON, body=json.dumps(body).encode(), **more)


def got(query: str = "", path: str = "/suites", headers: dict[str, str] | None = None) -> Case:
    return Case("GET", path, query=query, headers=headers or {})


def paths(*values: str) -> list[Case]:
    path = "/suites/{suite_id}/runs/{run_id}"
    return [Case("GET", path, {"suite_id": v, "run_id": U}) for v in values]


def persona(**fields: object) -> Case:
    return posted("/personas", {"name": "a", "body": "b", **fields})


def evaluator(**fields: object) -> Case:
    return posted("/evaluators", {"name": "a", **fields})


SAME = [
    *paths(U, U.upper(), U.replace("-", ""), "{" + U + "}", f"urn:uuid:{U}"),
    *paths(
        "x", "3", "abc-", "g" * 32, U[:-1], U + "0", " " + U, "{" + U, "a-b-c-d-e", "ü", "-" * 4
    ),
    Case("GET", "/suites/{suite_id}/runs/{run_id}", {"suite_id": "x", "run_id": "y"}),
    got(),
    got("limit=5"),
    got("limit=0"),
    got("limit=201"),
    got("limit=abc"),
    got("limit="),
    got("limit=1.5"),
    got("limit=1.0"),
    got("limit=%205%20"),
    got("limit=1_0"),
    got("limit=0x1"),
    got("limit=-"),
    got("limit=%2B5"),
    got("limit=0&limit=7"),
    got("limit=7&limit=0"),
    got("limit=5."),
    got("limit=1e2"),
    got("limit=true"),
    got("limit=%D9%A5"),
    got("limit=null"),
    got("ratio=0"),
    got("ratio=x"),
    got("ratio=1e3"),
    got("ratio=.5"),
    got("ratio="),
    got("ratio=-1_0"),
    got("is_active="),
    got("is_active=maybe"),
    got("is_active=1"),
    got("is_active=TRUE"),
    got("is_active=off"),
    got("is_active=2"),
    got("is_active=null"),
    got("agent_id="),
    got("agent_id=x"),
    got(f"agent_id={U.upper()}"),
    got("status="),
    got("status=x"),
    got("status=voice"),
    got("name=abcdef"),
    got("name="),
    got("unknown=1&x"),
    got("tags=1&tags=2"),
    got("tags=1&tags=x"),
    got("tags=1&tags=2&tags=3"),
    got("tags="),
    got("tags=x&tags=y&tags=z"),
    got("created_from=x"),
    got("created_from=2020-01-01T00:00:00Z"),
    got("created_from=2020-01-01T00%3A00%3A00%2B02%3A00"),
    got("created_from=2020-13-01T00:00:00Z"),
    got("limit=0&is_active=x&agent_id=x&status=x&name=abcdef"),
    got("name=abcdef&limit=0"),
    got(headers={"x-trace": "abc"}),
    got(headers={"x-trace": "5"}),
    got(path="/needed"),
    got("first=x", path="/needed"),
    got("second=", path="/needed", headers={"x-third": "x"}),
    Case("GET", "/counts/{count}", {"count": "x"}),
    Case("GET", "/counts/{count}", {"count": "1"}, "channel=x&kind=c"),
    # bodies as a whole
    Case("POST", "/personas"),
    Case("POST", "/personas", headers=JSON),
    *(
        Case("POST", "/personas", headers=JSON, body=raw)
        for raw in (
            b"{",
            b"",
            b'{"name": }',
            b"[1,",
            b"nul",
            b'{"a":1,}',
            b'"abc',
            b'{"name":"\x00"}',
            b"{'a':1}",
            b"{}x",
            b'{"a" 1}',
            b"\n\n  {",
            b"tru",
            b'{"a":"\\x"}',
            b'{"name": "a"',
            b",",
            b"01",
            b"1.",
            b"-",
            b"+1",
            b'\xef\xbb\xbf{"name":"a","body":"b"}',
            b'{"name":"a","name":"","body":"b"}',
        )
    ),
    *(posted("/personas", body) for body in (None, [], 1, "x", True, {}, [{}], 1.5)),
    Case(
        "POST", "/personas", headers={"content-type": "text/plain"}, body=b'{"name":"a","body":"b"}'
    ),
    Case(
        "POST",
        "/personas",
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=b"name=a",
    ),
    Case("POST", "/personas", body=b'{"name":"a","body":"b"}'),
    Case(
        "POST",
        "/personas",
        headers={"content-type": "application/json; charset=utf-8"},
        body=b'{"name":"a","body":"b"}',
    ),
    Case("POST", "/personas", headers={"content-type": "application/json"}, body=b'{"name":""}'),
    Case("POST", "/optional"),
    Case("POST", "/optional", headers=JSON, body=b"null"),
    Case("POST", "/optional", headers=JSON, body=b"{"),
    posted("/optional", {}),
    posted("/optional", 5),
    *(posted("/numbers", body) for body in ([], [1], ["x", 2, None], {}, "x", None, [1.5])),
    Case("POST", "/numbers"),
    Case("POST", "/numbers", headers={"content-type": "text/plain"}, body=b"x"),
    # fields
    persona(),
    persona(name=""),
    persona(name="a" * 256),
    persona(name=None),
    persona(name=5),
    persona(name=[]),
    persona(description=5),
    persona(description=None),
    persona(description="a" * 21),
    persona(is_active=None),
    persona(is_active="maybe"),
    persona(is_active=2),
    persona(is_active=[]),
    persona(is_active=0.5),
    persona(traits=[]),
    persona(traits=None),
    persona(traits={"a": [1, {"b": None}]}),
    persona(zz=1, aa=2),
    persona(behavior_config=None),
    persona(behavior_config=[]),
    persona(behavior_config={"x": 1}),
    persona(
        behavior_config={
            "first_speaker": "x",
            "cut_in": {"min_words": 51, "chance": 2, "y": 0},
            "x": 1,
        }
    ),
    persona(behavior_config={"cut_in": 5}),
    persona(behavior_config={"max_turns": 0}),
    persona(behavior_config={"max_turns": 101}),
    persona(behavior_config={"max_turns": 3}),
    persona(behavior_config={"max_turns": 1.5}),
    persona(behavior_config={"max_turns": "x"}),
    persona(behavior_config={"max_turns": []}),
    persona(behavior_config={"cut_in": {"chance": "x"}}),
    persona(behavior_config={"cut_in": {"chance": []}}),
    persona(behavior_config={"cut_in": {"chance": -0.5}}),
    persona(behavior_config={"first_speaker": 5}),
    persona(behavior_config={"first_speaker": None}),
    posted("/personas", {"zz": 1, "body": 5, "aa": {}, "description": []}),
    posted(
        "/suites/{suite_id}",
        {"name": "a", "items": [{"persona_id": U}, 5, {"persona_id": "x", "scenario_id": 5}]},
        values={"suite_id": "x"},
        query="limit=0",
    ),
    posted("/suites/{suite_id}", {"name": "a", "items": {}}, values={"suite_id": U}),
    posted("/suites/{suite_id}", {"name": "a", "extra": 1}, values={"suite_id": U}),
    Case("POST", "/suites/{suite_id}", {"suite_id": "x"}, "limit=0", JSON, b"{"),
    Case("POST", "/suites/{suite_id}", {"suite_id": "x"}, "limit=0"),
    evaluator(name="A"),
    evaluator(name="A" * 201),
    evaluator(kind="x"),
    evaluator(kind=None),
    evaluator(only="x"),
    evaluator(channel="x"),
    evaluator(channel=5),
    evaluator(channel=None),
    evaluator(channel=[]),
    evaluator(channels=["voice", "x"]),
    evaluator(channels=["x", "y", "z"]),
    evaluator(channels="voice"),
    evaluator(tags=["", 5, "a"]),
    evaluator(tags=["a"] * 4),
    evaluator(tags=["", "", "", ""]),
    evaluator(tags=None),
    evaluator(steps=[]),
    evaluator(steps=["x"]),
    evaluator(threshold=2),
    evaluator(threshold="x"),
    evaluator(weights={"a": "x", "b": 1}),
    evaluator(weights=[]),
    evaluator(labels={"abcd": 1}),
    evaluator(labels={"abcd": "x", "b": "y"}),
    evaluator(unique="x"),
    evaluator(unique={}),
    evaluator(unique=["x"]),
    evaluator(since="x"),
    evaluator(since=[]),
    evaluator(since=True),
    evaluator(since="2020-01-01T00:00:00Z"),
    evaluator(since="2020-02-30T00:00:00Z"),
    evaluator(since="2020-01-01X00:00:00Z"),
    evaluator(since=""),
    evaluator(day="x"),
    evaluator(day="2020-02-30"),
    evaluator(day="2020-01-01T00:00:01Z"),
    evaluator(day=[]),
    evaluator(day="2020-1-1xx"),
    evaluator(at="x"),
    evaluator(at="25:00"),
    evaluator(at="12:60"),
    evaluator(at=[]),
    evaluator(at="12:00:61"),
    evaluator(at="12:00"),
    evaluator(link="x"),
    evaluator(link=5),
    evaluator(link=""),
    evaluator(either=[]),
    evaluator(either={}),
    evaluator(either=5),
    evaluator(mixed="x"),
    evaluator(mixed=["x"]),
    evaluator(mixed={}),
    evaluator(mixed={"persona_id": "x"}),
    evaluator(parent={"name": "B", "parent": {"kind": "x"}}),
    evaluator(parent=5),
]


@pytest.mark.parametrize(
    "case", SAME, ids=lambda case: f"{case.path}?{case.query} {case.body!r}"[:70]
)
def test_same_words(case: Case) -> None:
    expected, found = theirs(case), ours(case)
    assert found.faults == expected.faults
    assert found.status == expected.status
    assert found.inputs == expected.inputs


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
BOOLEANS = {"0", "1", "0.0", "1.0", "true", "false", "on", "off", "t", "f", "y", "n", "yes", "no"}


def _reads(kind: type, value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        kind(value)
    except ValueError:
        return False
    return True


def disagreement(case: Case) -> str:
    """How the two answers differ beyond what is explained; empty if they agree."""
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
