"""Values for `oneOf` with similar branches, and for discriminators."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from mockserver import MockServer
from mockserver.engine.randomness import Rng
from tests.engine.test_values import HERE, NOW, values_of
from tests.support.documents import TEXT


def thing(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


BYTES = {"type": "string", "format": "byte"}


def map_of(inner: Any) -> dict[str, Any]:
    return thing(results={"type": "object", "additionalProperties": inner})


def list_of(inner: Any) -> dict[str, Any]:
    return thing(("items",), items={"type": "array", "items": inner})


@pytest.mark.parametrize(
    "branches",
    [
        [map_of(TEXT), map_of(BYTES)],
        [list_of(thing(a=TEXT)), list_of(thing(a={"type": "integer"}))],
        [list_of(thing(a=TEXT)), list_of(thing(("b",), b=TEXT))],
        [thing(("kind",), kind=TEXT), thing(("kind", "more"), kind=TEXT, more=TEXT)],
        [{"type": "array", "items": TEXT}, {"type": "array", "items": thing(a=TEXT)}],
        [thing(kind={"type": "string", "enum": ["a", "b"]}), thing(kind=TEXT)],
        [thing(a={"type": "number", "maximum": 5}), thing(a={"type": "integer"})],
        [TEXT | {"minLength": 5}, TEXT | {"enum": ["mock", "mock?"]}],
    ],
)
@pytest.mark.parametrize("seed", range(4))
def test_a_value_of_one_branch_alone(branches: list[Any], seed: int) -> None:
    values = values_of({"oneOf": branches}, version="3.0.3")
    value = values.make(HERE, Rng(NOW, seed))
    assert values.check(HERE).is_valid(value)


CAT = thing(("kind", "lives"), kind={"type": "string"}, lives={"type": "integer"})
DOG = thing(("kind",), kind={"type": "string"}, name=TEXT)
PETS = {
    "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
    "discriminator": {
        "propertyName": "kind",
        "mapping": {"miau": "#/components/schemas/Cat", "wuff": "#/components/schemas/Dog"},
    },
}


def test_a_reply_is_of_the_kind_that_it_says() -> None:
    check = values_of(PETS, "3.0.3", Cat=CAT, Dog={**DOG, "additionalProperties": False}).check(
        HERE
    )
    assert check.is_valid({"kind": "miau", "lives": 7})
    assert not check.is_valid({"kind": "wuff", "lives": 7})
    assert not check.is_valid({"kind": "Cat", "name": "Tom"})


def test_a_request_is_of_the_kind_that_it_says() -> None:
    check = values_of(PETS, "3.0.3", request=True, Cat=CAT, Dog=DOG).check(HERE)
    assert check.is_valid({"kind": "miau", "lives": 7})
    assert check.is_valid({"kind": "wuff", "lives": "none"})
    assert [v.where for v in check.violations({"kind": "miau", "name": "Tom"})] == [("lives",)]
    assert [v.where for v in check.violations({"kind": "oink", "lives": 7})] == [("kind",)]
    assert [v.where for v in check.violations({"lives": 7})] == [("kind",)]


def kinds(word: str, **more: Any) -> dict[str, Any]:
    """A union whose branches are distinguished by a constant, without a discriminator."""
    cat = thing(("kind", "lives"), kind={"enum": ["cat", "lynx"]}, lives={"type": "integer"})
    dog = thing(("kind",), kind={"type": "string", "enum": ["dog"]}, name=TEXT)
    return {word: [cat, dog], **more}


@pytest.mark.parametrize("word", ["oneOf", "anyOf"])
def test_what_a_branch_lists_names_it(word: str) -> None:
    check = values_of(kinds(word), "3.0.3", request=True).check(HERE)
    assert check.is_valid({"kind": "lynx", "lives": 7})
    (violation,) = check.violations({"kind": "lynx", "lives": "many"})
    assert (violation.where, violation.keyword) == (("lives",), "type")
    assert violation.schema == {"type": "integer"}
    (violation,) = check.violations({"kind": "cow"})
    assert (violation.where, violation.keyword) == (("kind",), "enum")


def test_a_union_with_null() -> None:
    union = kinds("oneOf")
    union["oneOf"].append({"type": "null"})
    check = values_of(union, "3.1.0").check(HERE)
    assert check.is_valid(None)
    assert check.is_valid({"kind": "dog"})
    assert not check.is_valid({"kind": "cow"})
    assert not check.is_valid("dog")


def test_a_branch_is_still_found_at_its_own_place() -> None:
    values = values_of(kinds("oneOf"), "3.0.3")
    dog = values.check(f"{HERE}/oneOf/1")
    assert dog.is_valid({"kind": "dog"})
    assert not dog.is_valid({"kind": "cat", "lives": 7})
    assert values.make(f"{HERE}/oneOf/1", Rng(NOW, 0))["kind"] == "dog"


LOOSE = {
    "oneOf": [
        thing(("target",), target=TEXT),
        thing(limit={"type": "integer"}),
        thing(("folder",), folder=TEXT),
    ]
}


def test_a_branch_that_requires_nothing_makes_a_union() -> None:
    check = values_of(LOOSE, "3.1.0", request=True).check(HERE)
    assert check.is_valid({"target": "x"})
    assert check.is_valid({"limit": 5})
    assert check.is_valid({"target": "x", "limit": 5})
    assert not check.is_valid({"limit": "x"})
    assert not check.is_valid("x")


@pytest.mark.parametrize(
    ("branches", "values"),
    [
        ([{"type": "string", "enum": ["a", "b"]}, {"type": "string"}], {"a", "c"}),
        ([{"type": "string", "description": "another"}, {"enum": ["a", "b"]}], {"a", "c"}),
        ([{"enum": ["a"]}, {"type": "string", "minLength": 3}], {"a", "abc"}),
        ([{"type": "string", "enum": ["a"]}, {"type": "string", "enum": ["a", "b"]}], {"b"}),
    ],
)
def test_a_list_beside_any_text_is_an_open_list(branches: list[Any], values: set[str]) -> None:
    check = values_of({"oneOf": branches}, "3.1.0", request=True).check(HERE)
    assert {value for value in ("a", "b", "c", "abc") if check.is_valid(value)} >= values
    bounded = any("minLength" in branch for branch in branches)
    assert check.is_valid("a") == (len([b for b in branches if "enum" in b]) == 1)
    assert check.is_valid("c") != (bounded or all("enum" in branch for branch in branches))


@pytest.mark.parametrize(
    ("branch", "refused"),
    [
        (thing(("target",), target=TEXT), {"folder": "x", "target": "y"}),
        (thing(("target",), target=TEXT, folder=TEXT), {"folder": "x", "target": "y"}),
        (thing(("folder",), folder={"type": "integer"}), {"folder": True}),
        (thing(limit=TEXT) | {"minProperties": 1}, {"folder": "x", "limit": "y"}),
        (thing(limit=TEXT) | {"not": {"required": ["target"]}}, {"folder": "x", "limit": "y"}),
        ({"oneOf": [thing(("a",)), thing(("b",))]}, {"folder": "x", "a": 1}),
    ],
)
def test_what_excludes_one_another_is_no_union(
    branch: dict[str, Any], refused: dict[str, Any]
) -> None:
    union = {"oneOf": [thing(("folder",), folder=TEXT), branch]}
    check = values_of(union, "3.1.0", request=True).check(HERE)
    assert not check.is_valid(refused)


KEY = thing(("comment",), comment=TEXT)
WHOLE = {"type": "integer"}


@pytest.mark.parametrize(
    ("branches", "taken", "refused"),
    [
        # What is required is the same, what is optional differs.
        (
            [
                {"allOf": [KEY, thing(until=TEXT)]},
                {"allOf": [KEY, thing(days={"type": "integer"})]},
            ],
            [{"comment": "x"}, {"comment": "x", "until": "y"}, {"comment": "x", "days": 3}],
            [{}, {"comment": "x", "until": 1, "days": "y"}],
        ),
        # One requires more than the other.
        (
            [KEY, thing(("comment", "owner"), comment=TEXT, owner=TEXT)],
            [{"comment": "x"}, {"comment": "x", "owner": "y"}],
            [{"owner": "y"}],
        ),
        # The states of both kinds have one in common.
        (
            [thing(state={"enum": ["draft", "sent"]}), thing(state={"enum": ["draft", "paid"]})],
            [{}, {"state": "draft"}, {"state": "paid"}],
            [{"state": "lost"}],
        ),
        ([{"type": "integer"}, {"type": "number"}, TEXT], [1, 1.5, "x"], [True, None, {}]),
        ([TEXT | {"format": "uuid"}, TEXT], ["x", str(UUID(int=5))], [1]),
        (
            [{"type": "array", "items": TEXT}, {"type": "array", "items": KEY}],
            [[], ["x"], [{"comment": "y"}]],
            [[1], ["x", {"comment": "y"}]],
        ),
        ([TEXT | {"nullable": True}, KEY | {"nullable": True}], [None, "x"], [1]),
    ],
)
def test_branches_that_nothing_required_tells_apart_are_a_union(
    branches: list[Any], taken: list[Any], refused: list[Any]
) -> None:
    values = values_of({"oneOf": branches}, "3.0.3", request=True)
    check = values.check(HERE)
    assert [value for value in taken if not check.is_valid(value)] == []
    assert [value for value in refused if check.is_valid(value)] == []
    literal = values.literal(HERE)
    assert all(literal.is_valid(values.make(HERE, Rng(NOW, seed))) for seed in range(6))


def test_a_response_that_fits_two_branches_is_sent_if_nothing_else_can_be() -> None:
    way = {
        "oneOf": [
            thing(("card",), card=TEXT, iban=TEXT),
            thing(("iban",), card=TEXT, iban=TEXT),
        ]
    }
    payment = thing(("id", "way"), id=TEXT, way=way)
    sent = thing(("way",), way=thing(card=TEXT, iban=TEXT))
    one = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    said = {"description": "", "content": {"application/json": {"schema": payment}}}
    asked = {"content": {"application/json": {"schema": sent}}}
    document = {
        "openapi": "3.0.3",
        "paths": {
            "/payments": {"post": {"requestBody": asked, "responses": {"201": said}}},
            "/payments/{id}": {"get": {"parameters": [one], "responses": {"200": said}}},
        },
    }
    both = {"card": "4", "iban": "DE"}
    with MockServer(document) as server:
        made = server.client.post("/payments", json={"way": both})
        assert (made.status_code, made.json()["way"]) == (201, both)
        assert server.client.get(f"/payments/{made.json()['id']}").json()["way"] == both
        alone = server.client.post("/payments", json={"way": {"card": "4"}}).json()
        assert alone["way"] == {"card": "4"}


def test_what_is_made_fits_one_branch_alone_where_it_can() -> None:
    values = values_of({"oneOf": [thing(a=TEXT), thing(a={"type": "integer"})]}, "3.1.0")
    literal = values._validators.literal(HERE)
    assert all(literal.is_valid(values.make(HERE, Rng(NOW, seed))) for seed in range(6))


def test_a_known_kind_is_completed() -> None:
    values = values_of({"anyOf": PETS["oneOf"], **PETS}, "3.0.3", Cat=CAT, Dog=DOG)
    for seed in range(4):
        made = values.make(HERE, Rng(NOW, seed), {"kind": "miau", "name": "Tom"}, mode="fresh")
        assert made["kind"] == "miau"
        assert isinstance(made["lives"], int)


def test_bytes_are_base64_whatever_is_known() -> None:
    value = values_of(thing(a=BYTES), "3.0.3").make(HERE, Rng(NOW, 1), {"a": "like exist"})
    assert value.get("a") != "like exist"


def test_a_uuid_is_written_as_its_pattern_asks() -> None:
    pattern = "^[0-9A-F]{8}[-]?([0-9A-F]{4}[-]?){3}[0-9A-F]{12}$"
    schema = {"type": "string", "format": "uuid", "pattern": pattern}
    assert values_of(schema, "3.0.3").make(HERE, Rng(NOW, 1)).isupper()


def test_bounds_as_older_drafts_have_them() -> None:
    schema = {"type": "integer", "minimum": 10, "maximum": 12, "exclusiveMinimum": True}
    schema["exclusiveMaximum"] = True
    assert values_of(schema, "3.1.0", request=True).make(HERE, Rng(NOW, 1)) == 11


def test_no_text_is_made_too_long_for_a_branch_that_admits_nearly_any() -> None:
    values = values_of({"oneOf": [{**TEXT, "minLength": 2}, {**TEXT, "maxLength": 30_000_000}]})
    assert len(str(values.make(HERE, Rng(NOW, 1)))) < 100


OVERLAPPING = {"oneOf": [thing(status=TEXT, text=TEXT), thing(status=TEXT, price=TEXT)]}


@pytest.mark.parametrize("known", [{"price": "1"}, {"other": 1}, {"text": "x", "other": 2}])
def test_what_is_made_beside_what_is_known_fits_one_branch_alone(known: Any) -> None:
    values = values_of(OVERLAPPING, "3.1.0")
    literal = values._validators.literal(HERE)
    made = values.make(HERE, Rng(NOW, 1), known)
    assert literal.is_valid(made), made
    assert {name: made[name] for name in known if name in made}.items() <= known.items()


@pytest.mark.parametrize(
    "sent",
    [{"status": "ok", "text": "x"}, {"status": "ok", "price": "1"}, {"status": "ok"}, {}],
)
def test_what_a_client_sent_stays_beside_what_tells_the_branches_apart(sent: Any) -> None:
    values = values_of(OVERLAPPING, "3.1.0")
    made = values.make(HERE, Rng(NOW, 1), sent, mode="bare")
    assert sent.items() <= made.items()
    assert values.literal(HERE).is_valid(made)
    added = {name: made[name] for name in made.keys() - sent.keys()}
    assert set(added.values()) == {None}  # what most readers take for nothing


NESTED = thing(inner=OVERLAPPING, items={"type": "array", "items": OVERLAPPING})


def test_parts_that_a_client_sent_stay_too() -> None:
    values = values_of(NESTED, "3.1.0")
    sent = {"inner": {"status": "a"}, "items": [{"status": "b"}, {"text": "c"}]}
    made = values.make(HERE, Rng(NOW, 1), sent, mode="bare")
    assert values.literal(HERE).is_valid(made)
    assert made["inner"]["status"] == "a"
    assert [row.get("status", row.get("text")) for row in made["items"]] == ["b", "c"]


def test_what_tells_branches_apart_is_still_there_when_it_is_read_again() -> None:
    values = values_of(NESTED, "3.1.0")
    once = values.make(HERE, Rng(NOW, 1), {"inner": {"status": "a"}}, mode="bare")
    assert values.make(HERE, Rng(NOW, 2), once, mode="bare") == once


def test_what_no_addition_tells_apart_is_kept_as_it_was_sent() -> None:
    twice = {"oneOf": [thing(a=TEXT), thing(a=TEXT)]}
    assert values_of(twice, "3.1.0").make(HERE, Rng(NOW, 1), {"a": "x"}) == {"a": "x"}


def test_what_is_sent_fits_one_branch_alone_where_it_can() -> None:
    values = values_of(OVERLAPPING, "3.1.0", request=True)
    assert all(
        values.literal(HERE).is_valid(values.make(HERE, Rng(NOW, seed))) for seed in range(6)
    )


def test_a_list_of_either_kind_keeps_its_rows() -> None:
    plain = thing(("id",), id=TEXT)
    full = thing(("id", "tags"), id=TEXT, tags={"type": ["array", "null"], "items": TEXT})
    lists = {"oneOf": [{"type": "array", "items": full}, {"type": "array", "items": plain}]}
    rows = [{"id": "a", "tags": ["x"]}, {"id": "b", "tags": None}, {"id": "c", "tags": []}]
    made = values_of(lists, "3.1.0").make(HERE, Rng(NOW, 1), rows)
    assert [row["id"] for row in made] == ["a", "b", "c"]


@pytest.mark.parametrize("seed", range(8))
def test_null_is_not_made_up_where_only_the_word_of_3_0_admits_it(seed: int) -> None:
    nullable = {"type": "number", "nullable": True}
    choice = {"oneOf": [TEXT, {"type": "integer"}], "nullable": True}
    schema = thing(("rate",), rate=nullable, error={**TEXT, "nullable": True}, either=choice)
    made = values_of(schema, "3.1.0").make(HERE, Rng(NOW, seed))
    assert None not in made.values()
    assert values_of(schema, "3.1.0").make(HERE, Rng(NOW, seed), {"rate": None})["rate"] is None
