"""Coverage: requested operations, those never requested, and mismatches."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest

from mockserver import MockServer
from mockserver.openapi.model import Violation
from mockserver.server.admin.endpoints import show_coverage
from mockserver.server.admin.request import Call, Panel
from mockserver.server.journal.coverage import blame
from tests.support.documents import TEXT, WHOLE, array, document, operation, path, thing

PET = thing("id", id=TEXT)
SENT = thing("name", name=TEXT)
DOCUMENT = document(
    {
        "/pets": {
            "get": operation("listPets", array(PET), query={"limit": WHOLE}, also=(400,)),
            "post": operation("createPet", PET, status=201, sent=SENT, also=(422,)),
        },
        "/pets/{id}": path(
            "id",
            get=operation("getPet", PET, also=(404,)),
            delete=operation("deletePet", status=204),
        ),
    }
)


@pytest.fixture
def mock() -> Iterator[MockServer]:
    with MockServer(DOCUMENT) as server:
        yield server


def test_nothing_is_covered_at_first(mock: MockServer) -> None:
    assert mock.coverage.percent == 0
    assert mock.coverage.never_asked == ["listPets", "createPet", "getPet", "deletePet"]


def test_what_was_asked_for_and_what_never(mock: MockServer) -> None:
    mock.client.get("/pets")
    mock.client.get("/pets/none")
    found = mock.coverage
    assert found.percent == 50
    assert found.asked == ["listPets", "getPet"]
    assert found.never_asked == ["createPet", "deletePet"]
    assert found.never_answered["listPets"] == ["400"]
    assert found.never_answered["getPet"] == ["200"]
    assert "1 request named an unknown id; --lenient" in str(found)


def test_the_hints_go_by_what_was_refused_whatever_its_status() -> None:
    """A document without a 404 has another status for an unknown id."""
    other = copy.deepcopy(DOCUMENT)
    responses = other["paths"]["/pets/{id}"]["get"]["responses"]
    responses["400"] = responses.pop("404")
    with MockServer(other) as mock:
        assert mock.client.get("/pets/none").status_code == 400
        mock.client.post("/pets", json={})
        assert mock.coverage.hints == [
            "1 request named an unknown id; "
            "--lenient (or --unknown-ids known) creates it on first use",
            "1 request broke the contract; --lenient (or --validate warn) carries them out",
        ]


def test_whose_word_it_is(mock: MockServer) -> None:
    mock.client.get("/pets", params={"limit": "many"})
    mock.client.get("/pets", params={"limit": "few"})
    mock.client.post("/pets", json={})
    assert mock.coverage.misfits == [
        (
            "listPets",
            "the client sends query.limit as a string; the document requires an integer",
            2,
        ),
        ("createPet", "the client does not send body.name", 1),
    ]


def test_what_the_document_does_not_have(mock: MockServer) -> None:
    mock.client.get("/pet")
    assert mock.coverage.unknown == [("GET /pet", 1)]
    assert mock.coverage.requests == 0


def test_each_tenant_has_its_own(mock: MockServer) -> None:
    with mock.tenant("one") as one, mock.tenant("two") as two:
        one.client.get("/pets")
        two.client.get("/pets/a")
        assert one.coverage.asked == ["listPets"]
        assert two.coverage.asked == ["getPet"]
    assert mock.coverage.asked == ["listPets", "getPet"]


def test_what_is_lenient_still_tells(mock: MockServer) -> None:
    mock.client.post("/pets", json={"name": 1}, headers={"prefer": "handling=lenient"})
    (found,) = mock.coverage.misfits
    assert found[1] == "the client sends body.name as a number; the document requires a string"


def test_json_text_and_a_badge(mock: MockServer) -> None:
    panel = Panel(mock.mock, mock.recorder, coverage=mock.coverage)
    mock.client.get("/pets")
    found = show_coverage(panel, Call())
    assert found["operations"] == {
        "documented": 4,
        "asked": 1,
        "never": ["createPet", "getPet", "deletePet"],
    }
    assert found["statuses"]["answered"] == 1
    badge = show_coverage(panel, Call(query={"format": "badge"}))
    assert (badge["message"], badge["color"]) == ("25%", "orange")
    text = show_coverage(panel, Call(query={"format": "text"})).body.decode()
    assert text.startswith("1 of 4 operations were requested (25 %)\n")
    one = show_coverage(panel, Call(query={"tenant": "mock-other"}))
    assert one["percent"] == 0


@pytest.mark.parametrize(
    ("violation", "said"),
    [
        (
            Violation(("body", "tags", 3), "type", "", {}, ["string", "null"]),
            "the client sends body.tags.[] as an object; the document requires a string or null",
        ),
        (Violation(("body", 7), "json", ""), "the client sends a body that is not JSON"),
        (
            Violation(("body", "secret"), "additionalProperties", ""),
            "the client sends body.secret, which the document does not have",
        ),
        (
            Violation(("query", "order"), "enum", "", "up", ["asc", "desc"]),
            "the client sends a value of query.order that the document does not list",
        ),
        (
            Violation(("body", "age"), "minimum", "", -1, 0),
            "the client sends body.age, which must be at least 0",
        ),
        (
            Violation(("body",), "minProperties", "{} has less than 1 property", {}, 1),
            "the client sends body, which must have at least 1 property",
        ),
        (
            Violation(("body", "labels"), "maxProperties", "", {}, 3),
            "the client sends body.labels, which must have at most 3 properties",
        ),
        (
            Violation(("query", "cursor"), "cursor", "The cursor is not valid.", "x"),
            "the client sends query.cursor: The cursor is not valid.",
        ),
    ],
)
def test_words(violation: Violation, said: str) -> None:
    assert blame(violation) == said
