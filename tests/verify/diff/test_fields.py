"""Which fields of successful replies are learned, and as what."""

from __future__ import annotations

from typing import Any

from mockserver.openapi.build import build_contract
from mockserver.verify.diff.calibrate.fields import Fields, Successes

FREE: dict[str, Any] = {"type": "object", "properties": {"data": {"type": "object"}}}
LISTED: dict[str, Any] = {
    "type": "object",
    "properties": {"note": {"type": "string"}, "kind": {"type": "string"}},
}


def learned(
    named: frozenset[str] = frozenset(), **found: tuple[dict[str, Any], list[Any], list[Any]]
) -> dict[str, Any]:
    """What is learned of GET operations by schema, bodies of the real server and of the mock."""
    paths = {
        f"/{name}": {
            "get": {
                "operationId": name,
                "responses": {
                    "200": {
                        "description": "ok",
                        "content": {"application/json": {"schema": schema}},
                    }
                },
            }
        }
        for name, (schema, _, _) in found.items()
    }
    contract = build_contract(
        {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}
    )
    successes = {
        name: Successes(
            [body if isinstance(body, tuple) else (None, body) for body in real], mock, set(named)
        )
        for name, (_, real, mock) in found.items()
        if real
    }
    return Fields(successes, contract, "example.test").learned()


def rows(*values: Any) -> list[Any]:
    return [{"data": value} for value in values]


def test_a_field_that_every_reply_has_gets_a_schema() -> None:
    real = rows(*({"id": f"a{n}", "at": 1_796_004_536_939 + n, "done": True} for n in range(3)))
    fields = learned(one=(FREE, real, rows({}, {})))["one"]["fields"]
    assert fields["data.at"] == {
        "type": "integer",
        "description": "Unix time in milliseconds",
    }
    assert fields["data.id"] == {"type": "string"}
    assert fields["data.done"] == {"type": "boolean", "const": True}


def test_a_text_that_repeats_the_id_of_the_path_gets_no_value_of_its_own() -> None:
    real = rows(*({"id": one, "message": one, "note": "ok"} for one in "abc"))
    found = learned(frozenset("abcd"), one=(FREE, real, rows({}, {})))["one"]["fields"]
    assert found.keys() == {"data.id", "data.note"}


def test_two_replies_or_a_lacking_field_are_no_evidence() -> None:
    assert "one" not in learned(one=(FREE, rows({"a": 1}, {"a": 2}), rows({})))
    assert "one" not in learned(one=(FREE, rows({"a": 1}, {"a": 2}, {}), rows({})))


def test_what_was_sent_is_not_added() -> None:
    real = [({"data": {"a": n}}, {"data": {"a": n}}) for n in range(3)]
    assert "one" not in learned(one=(FREE, real, rows({"a": 1})))


def test_what_two_operations_have_the_third_gets_too() -> None:
    real = rows(*({"size": n} for n in range(3)))
    found = learned(a=(FREE, real, []), b=(FREE, real, []), c=(FREE, [], []), d=(LISTED, [], []))
    assert found["c"]["fields"] == {"data.size": {"type": "integer"}}
    assert "d" not in found


def test_a_field_of_the_document_gets_its_usual_value() -> None:
    real: list[Any] = [(None, {"kind": "plain"})] * 4 + [({"kind": "red"}, {"kind": "red"})]
    found = learned(one=(LISTED, real, [{}, {"kind": "x"}]))
    assert found["one"] == {"fields": {"kind": {"default": "plain"}}}


def test_what_is_never_there_and_what_is_always_null() -> None:
    real = [{"kind": None}] * 3
    found = learned(one=(LISTED, real, [{"kind": "x", "note": "y"}]))
    assert found["one"]["absent"] == ["kind", "note"]
    assert found["one"]["nulls"] == ["kind"]


def test_where_the_server_runs_is_no_property_of_it() -> None:
    real = [{"kind": "http://example.test/"}] * 3
    assert learned(one=(LISTED, real, [{}]))["one"] == {"fields": {"kind": {}}}


def test_what_a_client_has_sent_before_is_no_default_of_the_server() -> None:
    empty = [{}, {}, {}]
    shown = [{"note": "mine", "kind": "own"}, {"note": "mine", "kind": "own"}, {"note": "mine"}]
    real = [{"kind": "own", **one} for one in shown]
    sent = [({"note": "mine"}, {"note": "mine", "kind": "own"})] * 3
    fields = {"note": {}, "kind": {"default": "own"}}
    assert learned(made=(LISTED, sent, empty), read=(LISTED, real, empty))["read"] == {
        "fields": fields
    }
    assert learned(read=(LISTED, real, empty))["read"]["fields"]["note"] == {"default": "mine"}


def test_bodies_of_requests_whose_replies_show_nothing_count() -> None:
    paths = {"/a": {"get": {"operationId": "a", "responses": {"200": {"description": "so"}}}}}
    info = {"title": "t", "version": "1"}
    contract = build_contract({"openapi": "3.1.0", "info": info, "paths": paths})
    assert Fields({}, contract, "", [{"note": "mine"}, None]).sent == {"note": {'"mine"'}}


def test_what_a_server_leaves_out_where_it_is_null() -> None:
    real = [{}, {}, {}, {"note": "y"}]
    found = learned(one=(LISTED, real, [{"note": None, "kind": None}, {"note": "y"}]))
    assert found["one"] == {"omitted": ["kind", "note"]}
    # One that is null on both sides is not left out.
    both = learned(one=(LISTED, [*real, {"note": None}], [{"note": None}, {"note": "y"}]))
    assert "one" not in both
    # Nor is one that the server left out once or twice.
    seldom = learned(one=(LISTED, [{}, {"note": "y"}, {"note": "z"}], [{"note": None}]))
    assert "omitted" not in seldom.get("one", {})
