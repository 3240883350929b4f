"""Valid and invalid requests, to which FastAPI and we respond identically."""

from __future__ import annotations

import json

from tests.engine.beside_fastapi import Case

U = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
MULTIPART = {"content-type": "multipart/form-data; boundary=x"}


def _parts(**parts: str) -> bytes:
    head = "Content-Disposition: form-data; name"
    file = '; filename="a"'
    return (
        "".join(
            f'--x\r\n{head}="{name}"{file if name == "file" else ""}\r\n\r\n{value}\r\n'
            for name, value in parts.items()
        ).encode()
        + b"--x--\r\n"
    )


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
    *(
        posted("/several", body)
        for body in (
            {},
            [],
            "x",
            {"ids": [1], "suite": {"name": "a"}},
            {"suite": {}},
            {"ids": "x", "suite": {"name": ""}, "limit": 9},
        )
    ),
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
    # forms
    *(
        Case("POST", "/form", headers=FORM, body=raw)
        for raw in (
            b"name=a&size=5",
            b"name=abcd&size=6&flag=maybe&tags=1&tags=x&kind=x",
            b"size=x",
            b"name=a&size=",
            b"tags=x&name=a&size=1.5",
            b"name=a&size=1&size=x&other=1",
            b"name=%C3%BC&size=5",
        )
    ),
    *(
        Case("POST", "/upload", headers=MULTIPART, body=_parts(**parts))
        for parts in ({"file": "a", "size": "5"}, {"file": "a", "size": "6"}, {"size": "x"})
    ),
]
