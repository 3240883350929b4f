"""How `make corpus` walks from a create to the removal."""

from __future__ import annotations

from typing import Any

import pytest

from bench.corpus import trips
from bench.corpus.client import Client
from bench.corpus.credentials import KEY
from mockserver import MockServer
from tests.support.documents import array, obj, one_of, operation, path, ref, text, with_schemas

NOTE = obj("id", id=text(), text=text(), kind=one_of("short", "long"))


def notes(**paths: Any) -> dict[str, Any]:
    own = {
        "/notes": {
            "get": operation("notes", array(ref("Note")), query=paths.pop("query", None)),
            "post": operation("make", ref("Note"), status=201, sent=obj("text", text=text())),
        },
        "/notes/{id}": path(
            "id",
            get=operation("note", ref("Note"), also=(404,)),
            delete=operation("drop", status=204, also=(404,)),
        ),
    }
    return with_schemas({**paths.pop("first", {}), **own}, Note=NOTE)


def walked(document: dict[str, Any]) -> list[str]:
    """The resources whose round trips hold."""
    client = Client(MockServer(document, seeds="generated", clock="manual", key=KEY))
    found = []
    for resource in trips.resources(client):
        trips.round_trip(client, resource)
        found.append(resource.name)
    return found


def test_the_latest_is_not_the_one_that_was_made() -> None:
    """It still answers when that is removed: with the one before."""
    latest = {"/notes/latest": {"get": operation("latest", ref("Note"), also=(404,))}}
    assert walked(notes(first=latest)) == ["notes"]


KINDS = one_of("short", "long")


@pytest.mark.parametrize("kinds", [array(KINDS), KINDS, {**KINDS, "default": "long"}])
def test_a_filter_that_must_be_given_has_the_values_of_the_entity(kinds: Any) -> None:
    document = notes(query={"kinds": kinds})
    document["paths"]["/notes"]["get"]["parameters"][0]["required"] = "default" not in kinds
    assert walked(document) == ["notes"]


def test_an_old_path_names_one_by_the_number_that_it_shows() -> None:
    """`/teams/{team_id}` beside `/orgs/{org}/teams/{team_slug}`."""
    team = obj("id", "slug", id={"type": "integer"}, slug=text(), name=text())
    number = {"name": "team_id", "in": "path", "required": True, "schema": {"type": "integer"}}
    sent = obj("name", name=text())
    paths = {
        "/teams/{team_id}": {
            "parameters": [number],
            "get": operation("old", ref("Team"), also=(404,)),
            "patch": operation("change", ref("Team"), sent=sent, also=(404,)),
            "delete": operation("drop", status=204, also=(404,)),
        },
        "/orgs/{org}/teams": path(
            "org",
            get=operation("teams", array(ref("Team"))),
            post=operation("make", ref("Team"), status=201, sent=sent),
        ),
        "/orgs/{org}/teams/{team_slug}": path(
            "org", "team_slug", get=operation("team", ref("Team"), also=(404,))
        ),
    }
    assert walked(with_schemas(paths, Team=team)) == ["orgs.teams"]


def test_what_is_made_at_two_paths_is_made_where_one_can_be_read() -> None:
    row = obj("id", id=text(), role=text(), name=text())
    sent = obj("role", role=text(), name=text())

    def people(above: str) -> dict[str, Any]:
        return path(
            above,
            get=operation(f"of_{above}", array(ref("Person"))),
            post=operation(f"add_{above}", ref("Person"), status=201, sent=sent),
        )

    paths = {
        "/shops/{shop}/people": people("shop"),
        "/clubs/{club}/people": people("club"),
        "/clubs/{club}/people/{person}": path(
            "club", "person", get=operation("person", ref("Person"), also=(404,))
        ),
    }
    assert len(walked(with_schemas(paths, Person=row))) >= 1


@pytest.mark.parametrize("removable", ["only a running batch", "only a finished batch"])
def test_what_is_removed_in_a_state_is_removed_in_it(removable: str) -> None:
    states = one_of("pending", "running", "finished")
    word = removable.split()[2]
    batch = obj("id", "status", id=text(), status=states, name=text())
    drop = operation(
        "drop", status=204, also=(404, 409), description=f"Deletes a batch. It must be {word}."
    )
    paths = {
        "/batches": {
            "get": operation("batches", array(ref("Batch"))),
            "post": operation("make", ref("Batch"), status=201, sent=obj("name", name=text())),
        },
        "/batches/{id}": path("id", get=operation("batch", ref("Batch"), also=(404,)), delete=drop),
    }
    assert walked(with_schemas(paths, Batch=batch)) == ["batches"]


@pytest.mark.parametrize("called", ["operation", "task"])
def test_the_record_of_the_work_that_makes_an_entity_is_not_the_entity(called: str) -> None:
    """Its name is the name of the work: the entity is found in its list."""
    work = obj("name", "status", name=text(), status=one_of("PENDING", "RUNNING", "DONE"))
    kept = {name: text() for name in ("size", "wood", "hoops", "maker", "place")}
    tub = obj("name", name=text(), status=one_of("FULL", "EMPTY"), **kept)
    made = operation("fill", ref("Work"), sent=ref("Tub"))
    paths = {
        "/tubs": path(get=operation("tubs", obj(items=array(ref("Tub")))), post=made),
        "/tubs/{tub}": path(
            "tub",
            get=operation("tub", ref("Tub")),
            put=operation("change", ref("Work"), sent=ref("Tub")),
            delete=operation("drain", ref("Work")),
        ),
        f"/{called}s/{{{called}}}": path(called, get=operation("work", ref("Work"))),
    }
    assert "tubs" in walked(with_schemas(paths, Tub=tub, Work=work))


@pytest.mark.parametrize("key", ["id", "code"])
def test_a_body_that_names_the_entity_names_the_one_that_was_made(key: str) -> None:
    """`PUT /crates` with the id in the body: another one is not there."""
    crate = obj(key, "wood", **{key: {"type": "integer"}}, wood=text())
    paths = {
        "/crates": path(
            post=operation("make", ref("Crate"), sent=ref("Crate")),
            put=operation("change", ref("Crate"), sent=ref("Crate"), also=(404,)),
        ),
        f"/crates/{{{key}}}": path(
            key,
            get=operation("crate", ref("Crate"), also=(404,)),
            delete=operation("drop", status=204, also=(404,)),
        ),
    }
    assert walked(with_schemas(paths, Crate=crate)) == ["crates"]


def test_a_list_of_links_shows_what_its_links_lead_to() -> None:
    link = obj("href", href=text(), about=text())
    paths = notes()["paths"]
    rows = obj(_links=obj("self", self=link, notes=array(link)))
    paths["/notes"]["get"] = operation("notes", rows)
    assert walked(with_schemas(paths, Note=NOTE)) == ["notes"]


def test_what_is_read_only_below_something_else_is_no_round_trip() -> None:
    """A board that is made in a company is read below a team, to which nobody has added it."""
    board = obj("id", id=text(), name=text())
    team = obj("id", id=text(), name=text())
    paths = {
        "/companies/{company}/boards": path(
            "company",
            post=operation("make", ref("Board"), status=201, sent=obj("name", name=text())),
        ),
        "/teams": path(get=operation("teams", array(ref("Team")))),
        "/teams/{team}": path("team", get=operation("team", ref("Team"), also=(404,))),
        "/teams/{team}/boards": path("team", get=operation("boards", array(ref("Board")))),
        "/teams/{team}/boards/{board}": path(
            "team", "board", get=operation("board", ref("Board"), also=(404,))
        ),
    }
    assert walked(with_schemas(paths, Board=board, Team=team)) == []


def test_every_value_that_is_taken_is_sent_anew() -> None:
    """Also within an array, of which the first is then enough."""
    example = {"email": "ann@example.com", "phone": "555-1", "name": "Ann"}
    sent = obj("email", "phone", "name", email=text(), phone=text(), name=text())
    guest = obj("id", "email", "phone", id=text(), email=text(), phone=text(), name=text())
    make = operation(
        "invite",
        array(ref("Guest")),
        status=201,
        sent=obj("guests", guests=array({**sent, "example": example})),
    )
    make["responses"]["409"] = {"description": "A guest with this email or phone exists already."}
    paths = {
        "/guests": path(get=operation("guests", array(ref("Guest"))), post=make),
        "/guests/{id}": path("id", get=operation("guest", ref("Guest"), also=(404,))),
    }
    document = with_schemas(paths, Guest=guest)
    client = Client(MockServer(document, seeds="none", clock="manual", key=KEY))
    invite = client.contract.by_id["invite"]
    assert [client.send(invite).status_code for _ in range(4)] == [201] * 4
