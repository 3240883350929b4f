"""A creation that is refused is repaired by what the refusal says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver.openapi.build import build_contract
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.programs.builder import Builder
from mockserver.verify.diff.run import tried
from mockserver.verify.lifecycle.infer import derive
from mockserver.verify.lifecycle.session import CannotMake, Session
from mockserver.verify.target import Target
from tests.support.documents import TEXT
from tests.verify.jobs_server import serving

NUMBER = {"type": "integer"}
GUIDE = {"id": NUMBER, "name": TEXT}
TOUR = {
    "id": NUMBER,
    "name": TEXT,
    "colour": TEXT,
    "guide": NUMBER,
    "note": TEXT,
    "stops": {"type": "array", "items": {"type": "object", "properties": {"name": TEXT}}},
}


def _paths(noun: str, fields: dict[str, Any], required: list[str]) -> dict[str, Any]:
    shown = {"type": "object", "properties": fields, "required": ["id"]}
    given = {
        "type": "object",
        "properties": {k: v for k, v in fields.items() if k != "id"},
        "required": required,
    }
    one = {"200": {"description": "It.", "content": {"application/json": {"schema": shown}}}}
    body = {"required": True, "content": {"application/json": {"schema": given}}}
    made = {"201": one["200"], "400": {"description": "No."}}
    rows = {"application/json": {"schema": {"type": "array", "items": shown}}}
    return {
        f"/{noun}s": {
            "get": {
                "operationId": f"list{noun}",
                "responses": {"200": {"description": "All.", "content": rows}},
            },
            "post": {"operationId": f"make{noun}", "requestBody": body, "responses": made},
        },
        f"/{noun}s/{{id}}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": NUMBER}],
            "get": {"operationId": f"get{noun}", "responses": {**one, "404": made["400"]}},
            "delete": {"operationId": f"remove{noun}", "responses": {"204": made["400"]}},
        },
    }


def contract(required: list[str]) -> Any:
    paths = {**_paths("guide", GUIDE, ["name"]), **_paths("tour", TOUR, required)}
    info = {"title": "Tours", "version": "1"}
    return build_contract({"openapi": "3.1.0", "info": info, "paths": paths})


class Tours:
    """Guides and their tours; `rule` refuses a tour, or returns None."""

    def __init__(self, rule: Any) -> None:
        self.rule = rule
        self.rows: dict[str, dict[int, Any]] = {"guides": {}, "tours": {}}
        self.refused: list[Any] = []

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        _, kind, *rest = path.split("/")
        rows = self.rows[kind]
        if method == "POST":
            sent = json.loads(body)
            no = self.rule(sent, self.rows["guides"]) if kind == "tours" else None
            if no is not None:
                self.refused.append(sent)
                return 400, no
            number = len(rows) + 40
            rows[number] = {**sent, "id": number}
            return 201, rows[number]
        if not rest:
            return 200, list(rows.values())
        if int(rest[0]) not in rows:
            return 404, {"detail": "none"}
        if method == "DELETE":
            del rows[int(rest[0])]
            return 204, None
        return 200, rows[int(rest[0])]


def no_guide(sent: Any, guides: Any) -> Any:
    known = sent.get("guide") is None or sent["guide"] in guides
    return None if known else {"guide": [f"Guide {sent['guide']} does not exist."]}


def no_note(sent: Any, guides: Any) -> Any:
    return {"detail": "note: not for you"} if "note" in sent else no_guide(sent, guides)


def at_place(sent: Any, guides: Any) -> Any:
    if "note" in sent:
        return {"detail": [{"loc": ["body", "note"], "msg": "not for you"}]}
    return no_guide(sent, guides)


def colour_is_needed(sent: Any, guides: Any) -> Any:
    if "note" in sent:
        return {"title": "Bad Request"}
    return None if "colour" in sent else {"colour": ["This field is required."]}


def names_of_letters(sent: Any, guides: Any) -> Any:
    names = [sent["name"], *(stop["name"] for stop in sent.get("stops", ()) if stop)]
    return None if all(map(str.isalnum, names)) else {"detail": "letters, please"}


@pytest.mark.parametrize(
    ("rule", "required", "has", "lacks"),
    [
        (no_guide, ["name"], {"guide", "note"}, set()),
        (no_guide, ["name", "guide"], {"guide", "note"}, set()),
        (no_note, ["name"], {"guide", "colour"}, {"note"}),
        (at_place, ["name"], {"guide", "colour"}, {"note"}),
        (colour_is_needed, ["name"], {"colour"}, {"note"}),
        (names_of_letters, ["name"], {"name"}, set()),
    ],
)
def test_a_refusal_says_what_to_send(
    rule: Any, required: list[str], has: set[str], lacks: set[str]
) -> None:
    judged = contract(required)
    tours = Tours(rule)
    with serving(tours) as url, Target(judged, url, "") as target:
        session = Session(target, derive(judged))
        tour = next(r for r in session.api.resources.values() if r.create == "maketour")
        session.make(tour)
        (made,) = tours.rows["tours"].values()
        assert has <= made.keys()
        assert not lacks & made.keys()
        before = len(tours.refused)
        assert before <= 5
        if rule is not names_of_letters:
            session.make(tour)
            assert len(tours.refused) == before


def test_a_creation_that_nothing_helps_is_given_up_with_its_first_refusal() -> None:
    judged = contract(["name"])
    count = 0

    def never(sent: Any, guides: Any) -> Any:
        nonlocal count
        count += 1
        return {"detail": f"refusal {count}"}

    with serving(Tours(never)) as url, Target(judged, url, "") as target:
        session = Session(target, derive(judged))
        tour = next(r for r in session.api.resources.values() if r.create == "maketour")
        with pytest.raises(CannotMake, match="refusal 1"):
            session.make(tour)
    assert count <= 4


def test_sequences_are_built_on_what_is_accepted() -> None:
    judged = contract(["name", "guide"])
    known = Knowledge.of(judged)
    with serving(Tours(no_note)) as url, Target(judged, url, "") as target:
        better, note = tried(known, target, ())
    assert "maketour (without note" in note
    tour = next(r for r in better.makeable if r.create == "maketour")
    builder = Builder(better)
    builder.make(tour)
    guide, made = builder.steps
    assert guide.operation == "makeguide"
    assert isinstance(made.body, dict)
    assert made.body["guide"] == "{{1.id}}"
    assert "note" not in made.body


def test_what_may_not_be_created_is_not_tried() -> None:
    judged = contract(["name"])
    tours = Tours(no_note)
    with serving(tours) as url, Target(judged, url, "") as target:
        _, note = tried(Knowledge.of(judged), target, {"maketour"})
    assert (note, tours.refused) == ("", [])
