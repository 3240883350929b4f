"""Worlds seeded from the user's data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from mockserver import MockServer
from mockserver.engine.inferred.given import template
from mockserver.errors import Conflict, UsageError
from mockserver.inference.build import build_plan
from mockserver.openapi.build import build_contract
from tests.engine.test_examples import JERRY, TOM, pets, shops
from tests.support.documents import TEXT, WHOLE, collection, document, thing


def test_a_mapping_is_what_there_is() -> None:
    with MockServer(pets([TOM, JERRY]), data={"pets": [{"id": 3, "name": "Rex"}]}) as mock:
        assert mock.client.get("/pets").json() == [{"id": 3, "name": "Rex"}]
        assert mock.client.get("/pets/7").status_code == 404
        made = mock.client.post("/pets", json={"name": "new"}).json()
        assert made["id"] != 3
        assert len(mock.client.get("/pets").json()) == 2


def test_a_resource_that_is_not_named_is_as_ever() -> None:
    shown = shops(shops=[{"id": "one"}])
    with MockServer(shown, data={"orders": [{"id": "a", "shop_id": "one"}]}) as mock:
        assert [shop["id"] for shop in mock.client.get("/shops").json()] == ["one"]
        assert [o["id"] for o in mock.client.get("/shops/one/orders").json()["data"]] == ["a"]


def test_an_empty_list_is_none() -> None:
    with MockServer(pets([TOM]), data={"pets": []}) as mock:
        assert mock.client.get("/pets").json() == []


@pytest.mark.parametrize("kind", ["yaml", "json"])
def test_names_counts_and_placeholders(kind: str, tmp_path: Path) -> None:
    data = {
        "shops": {"north": {"name": "North of {city}"}, "south": {"name": "South"}},
        "orders": [
            {"shop_id": "@shops.north", "total": 3.5, "count": 4},
            {"shop_id": "@shops.south", "id": "last"},
        ],
    }
    file = tmp_path / f"seed.{kind}"
    file.write_text(json.dumps(data) if kind == "json" else yaml.safe_dump(data))
    with MockServer(shops(), data=file) as mock:
        client = mock.client
        by_name = {shop["name"]: shop["id"] for shop in client.get("/shops").json()}
        assert len(by_name) == 2
        assert not any("{" in name for name in by_name)
        south = by_name.pop("South")
        (north,) = by_name.values()
        listed = client.get(f"/shops/{north}/orders").json()["data"]
        assert [order["total"] for order in listed] == [3.5] * 4
        assert len({order["id"] for order in listed}) == 4
        assert [o["id"] for o in client.get(f"/shops/{south}/orders").json()["data"]] == ["last"]
        assert client.get("/orders/last").json()["shop_id"] == south


def test_a_reference_to_a_property() -> None:
    data = {
        "shops": {"north": {"id": "n", "name": "North"}},
        "orders": [{"id": "@shops.north.name", "shop_id": "@shops.north"}],
    }
    with MockServer(shops(), data=data) as mock:
        assert mock.client.get("/orders/North").status_code == 200


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("pet: []", 1, "no resource 'pet'; did you mean 'pets'?"),
        ("pets: 3", 1, "a list of entities"),
        ("pets:\n  - 3", 2, "is an object"),
        ("pets:\n  - name: a\n  - nme: b", 3, "no property 'nme'; did you mean 'name'?"),
        ("pets:\n  - id: 1\n    name: 7", 3, "name: 7 is not"),
        ("pets:\n  - id: one", 2, "no id"),
        ("pets:\n  - name: a\n    count: 0", 3, "count is a number"),
        ("pets:\n  a: {name: x}\n  b: {name: '@pets.c'}", 3, "there is no '@pets.c'"),
        ("pets: [", 1, "seed.yaml"),
        ("pets: {name: Rex, id: 4}", 1, "under names of your choice"),
        ("pets:\n  - {id: 1}\n  - {id: 2}\n  - {id: 1}", 4, "the id 1 is taken; give another"),
        ("pets:\n  - {id: 1, count: 2}", 2, "leave it out where there is a count"),
        ("pets:\n  - {name: '{frist_name}'}", 2, "did you mean {first_name}?"),
        ("pets:\n  - {name: 'a {compnay} b'}", 2, "did you mean {company}?"),
        ("pets:\n  - {name: '{random_int:many}'}", 2, "can't be filled"),
        ("- name: Rex", 1, "seed.yaml: seed data is an object, this is an array"),
        ("", 1, "seed.yaml: seed data is an object, this is empty"),
        ("pets: []\npets: []", 2, "stands twice"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    text: str, line: int, words: str, tmp_path: Path
) -> None:
    file = tmp_path / "seed.yaml"
    file.write_text(text)
    with pytest.raises(UsageError) as raised:
        MockServer(pets(), data=file)
    told = str(raised.value)
    assert words in told
    assert str(file) in told
    assert f"line {line}" in told or words.startswith("seed.yaml")


@pytest.mark.parametrize("written", ["@shops.none", "@shops.none.name", "@orders.first"])
def test_a_reference_to_nothing_is_no_text(written: str) -> None:
    with pytest.raises(UsageError, match=f"there is no '{written}'"):
        MockServer(shops(), data={"shops": [{"name": written}]})


@pytest.mark.parametrize(
    ("parent", "says"),
    [("nrth", "did you mean 'north'?"), ("x", "no 'x' among the shops"), ("north", "")],
)
def test_an_entity_below_nothing_is_told(parent: str, says: str) -> None:
    data = {"shops": [{"id": "north"}], "orders": [{"shop_id": parent}]}
    if says:
        with pytest.raises(UsageError) as raised:
            MockServer(shops(), data=data)
        assert says in str(raised.value)
    else:
        with MockServer(shops(), data=data) as mock:
            assert len(mock.client.get("/shops/north/orders").json()["data"]) == 1


@pytest.mark.parametrize("text", ["/pets/{id}", "{} {0}", "{owner}", "${first_name}", "a@b.c"])
def test_braces_around_anything_else_are_text(text: str) -> None:
    with MockServer(pets(), data={"pets": [{"name": text}]}) as mock:
        assert [pet["name"] for pet in mock.client.get("/pets").json()] == [text]


def test_numbers_that_are_ids_do_not_meet_those_in_the_file() -> None:
    rows = [{"name": "a"}, {"id": 2, "name": "b"}, {"name": "c"}, {"name": "d", "count": 3}]
    with MockServer(pets(), data={"pets": rows}) as mock:
        ids = [pet["id"] for pet in mock.client.get("/pets?limit=50").json()]
    assert len(ids) == len(set(ids)) == 6


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        MockServer(pets(), data=tmp_path / "none.yaml")


def test_what_is_wrong_in_a_mapping_is_told_with_its_place() -> None:
    wrong: dict[str, Any] = {"pets": [{"nme": "x"}]}
    with pytest.raises(UsageError, match=r"data: pets\.0\.nme: pet has no property"):
        MockServer(pets(), data=wrong)


def transcodes() -> dict[str, Any]:
    """Uploads, and jobs that refer to them."""
    status = {"type": "string", "enum": ["queued", "processing", "completed", "failed"]}
    job = thing(
        "id upload_id status progress",
        id=TEXT, upload_id=TEXT, status=status, progress={**WHOLE, "minimum": 0, "maximum": 100},
        output_url={"type": ["string", "null"]}, error={"type": ["string", "null"]},
        finished_at={"type": ["string", "null"], "format": "date-time"},
    )  # fmt: skip
    upload = thing("id name", id=TEXT, name=TEXT)
    refused = ("404",)
    return document(
        {
            **collection("/uploads", upload, thing("name", name=TEXT)),
            **collection("/transcodes", job, thing("upload_id", upload_id=TEXT), *refused),
        }
    )


def test_what_follows_from_the_state_of_a_job() -> None:
    states = ("queued", "processing", "completed", "failed")
    rows: list[dict[str, Any]] = [{"status": state} for state in states]
    rows.append({"status": "failed", "error": "My own.", "progress": 7})
    with MockServer(transcodes(), data={"transcodes": rows}) as mock:
        listed = mock.client.get("/transcodes").json()
    by_state = {job["status"]: job for job in listed if job["progress"] != 7}
    assert by_state["queued"]["progress"] == 0
    assert by_state["completed"]["progress"] == 100
    assert [state for state in states if by_state[state]["output_url"]] == ["completed"]
    assert [state for state in states if by_state[state]["error"]] == ["failed"]
    assert [state for state in states if by_state[state]["finished_at"]] == ["completed", "failed"]
    (own,) = (job for job in listed if job["progress"] == 7)
    assert own["error"] == "My own."


def test_a_template_has_references_and_no_results() -> None:
    contract = build_contract(transcodes())
    made = template(contract, build_plan(contract))
    assert made["transcodes"]["first"]["upload_id"] == "@uploads.first"
    assert made["transcodes"]["first"].keys() == {"upload_id", "status"}
    with MockServer(contract.document, data=made) as mock:
        (job,) = mock.client.get("/transcodes").json()
        assert mock.client.get(f"/uploads/{job['upload_id']}").status_code == 200


def test_a_template_is_short_and_shows_all_of_what_is_named() -> None:
    many = {f"more_{n}": {"type": "string", "const": "x"} for n in range(20)}
    deep = {"type": "array", "minItems": 30, "items": {"const": "a long list"}}
    shown = {"id": TEXT, "upload_id": TEXT, **many, "deep": deep, "title": TEXT}
    job = thing(" ".join(shown), **shown)
    paths = {
        **collection("/uploads", thing("id name", id=TEXT, name=TEXT), thing("name", name=TEXT)),
        **collection("/jobs", job, thing("upload_id title", upload_id=TEXT, title=TEXT), "404"),
    }
    contract = build_contract(document(paths))
    plan = build_plan(contract)
    brief = template(contract, plan)["jobs"]["first"]
    assert list(brief)[:2] == ["upload_id", "title"]  # what a client sends
    assert len(brief) < 10
    assert "deep" not in brief
    whole = template(contract, plan, "jobs")
    assert list(whole) == ["uploads", "jobs"]
    assert {*shown} - {"id"} == {*whole["jobs"]["first"]}
    for made in (whole, template(contract, plan)):
        with MockServer(contract.document, data=made) as mock:
            assert len(mock.client.get("/jobs").json()) == 1


@pytest.mark.parametrize(
    ("field", "schema", "wanted"),
    [
        ("author_id", TEXT, "@authors.first"),
        ("authorId", TEXT, "@authors.first"),
        ("author_ids", {"type": "array", "items": TEXT}, ["@authors.first"]),
        ("editor_id", {"type": "string", "const": "e"}, "e"),
    ],
)
def test_a_template_refers_to_what_entities_name(field: str, schema: Any, wanted: Any) -> None:
    """Also where no refusal tells it, as in the seed data; authors are those of the example."""
    author = thing("id name", id=TEXT, name=TEXT)
    paths = {
        **collection("/authors", author, thing("name", name=TEXT)),
        **collection("/books", thing(f"id {field}", id=TEXT, **{field: schema}), thing()),
    }
    answer = paths["/authors"]["get"]["responses"]["200"]["content"]["application/json"]
    answer["example"] = [{"id": "a1", "name": "Ann"}]
    contract = build_contract(document(paths))
    made = template(contract, build_plan(contract))
    assert made["books"]["first"][field] == wanted
    assert made["authors"]["first"] == {"name": "Ann"}
    with MockServer(contract.document, data=made) as mock:
        (one,) = mock.client.get("/authors").json()
        (book,) = mock.client.get("/books").json()
        named = book[field][0] if isinstance(book[field], list) else book[field]
        assert (named == one["id"]) == (wanted != "e")


def test_a_template_shows_what_is_in_an_object_that_is_long() -> None:
    kind = {"type": "string", "const": "notes"}
    texts = {f"text_{n}": {"type": "string", "const": "some words"} for n in range(12)}
    note = thing(
        "id type attributes", id=TEXT, type=kind, attributes=thing(" ".join(texts), **texts)
    )
    contract = build_contract(document(collection("/notes", note, note)))
    first = template(contract, build_plan(contract))["notes"]["first"]
    assert first["type"] == "notes"
    assert first["attributes"] == dict.fromkeys(list(texts)[:6], "some words")


def test_a_text_that_looks_like_a_reference_is_none() -> None:
    handle = {"type": "string", "example": "@nobody.first"}
    user = thing("id handle", id=TEXT, handle=handle)
    contract = build_contract(document(collection("/users", user, thing(handle=handle))))
    assert list(template(contract, build_plan(contract), "users")) == ["users"]


def test_a_job_of_ones_own_can_be_steered() -> None:
    rows = {"open": {"status": "processing"}, "over": {"status": "completed"}}
    with MockServer(transcodes(), data={"transcodes": rows}) as mock:
        ids = {job["status"]: job["id"] for job in mock.client.get("/transcodes").json()}
        mock.steer_job(ids["processing"], outcome="failed", after=5)
        mock.clock.advance(4)
        assert mock.client.get(f"/transcodes/{ids['processing']}").json()["status"] == "processing"
        mock.clock.advance(1)
        job = mock.client.get(f"/transcodes/{ids['processing']}").json()
        assert job["status"] == "failed"
        assert job["error"]
        with pytest.raises(Conflict, match="has ended"):
            mock.steer_job(ids["completed"], outcome="failed")
