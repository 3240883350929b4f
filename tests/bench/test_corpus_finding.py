"""How `make corpus` finds existing entities."""

from __future__ import annotations

from typing import Any

import pytest

from bench.corpus.asking import called
from bench.corpus.client import Client
from bench.corpus.credentials import KEY
from bench.corpus.finding import Finder
from bench.corpus.shown import judge_shown
from mockserver import MockServer
from tests.support.documents import array, obj, operation, path, ref, text, with_schemas


def test_what_was_removed_is_forgotten_with_what_lay_under_it() -> None:
    client: Any = None
    finder = Finder(client)
    finder._found = {
        ("users",): ["a", "b"],
        ("files", ("users", "a")): [1],
        ("files", ("users", "b")): [2],
        ("teams",): ["t"],
    }
    finder.removed("a")
    assert finder._found == {("files", ("users", "b")): [2], ("teams",): ["t"]}
    assert finder.doubtful
    finder.removed(2)
    assert finder._found == {("teams",): ["t"]}
    finder.forget()
    assert not finder._found
    assert not finder.doubtful


TEAM = obj("id", "slug", id={"type": "integer"}, slug=text(), name=text())


def teams() -> dict[str, Any]:
    """Teams by their slug, and by their number at an old path."""
    old = {"name": "team_id", "in": "path", "required": True, "schema": {"type": "integer"}}
    paths = {
        "/orgs/{org}/teams": path(
            "org",
            get=operation("teams", array(ref("Team"))),
            post=operation("makeTeam", ref("Team"), status=201, sent=obj("slug", slug=text())),
        ),
        "/orgs/{org}/teams/{team_slug}": path("org", "team_slug", get=operation("t", ref("Team"))),
        "/teams/{team_id}": {"parameters": [old], "get": operation("old", ref("Team"))},
    }
    return with_schemas(paths, Team=TEAM)


@pytest.mark.parametrize("seeds", ["generated", "none"])
@pytest.mark.parametrize(("name", "shown"), [("t", "slug"), ("old", "id")])
def test_a_path_names_one_by_the_property_that_its_parameter_is_called_like(
    name: str, shown: str, seeds: Any
) -> None:
    client = Client(MockServer(teams(), seeds=seeds, key=KEY))
    found = client.contract.by_id[name]
    values = client.path_for(found)
    team = client.send(found, values).json()
    assert team[shown] == values["team_slug" if name == "t" else "team_id"]


@pytest.mark.parametrize(
    ("name", "known", "value"),
    [
        ("configTypes", {"configType": "sync"}, ["sync"]),
        ("filter[status]", {"status": "new"}, "new"),
        ("ownerId", {"owner": {"id": 7}}, 7),
        ("projectId", {"project": "p1"}, "p1"),
        ("projectId", {"project": "p1", "project_id": "p2"}, "p2"),
        ("status", {"statuses": ["a"]}, None),
        ("userRole", {"user_roles": "reader"}, "reader"),
        ("bus", {"bu": "x"}, None),
    ],
)
def test_a_filter_has_the_value_that_the_entity_has(name: str, known: Any, value: Any) -> None:
    assert called(name, known) == value


def test_what_a_document_shows_without_a_parent_is_looked_for_below_those_that_lists_show() -> None:
    """Not below one that the client makes: it can hold nothing yet."""
    bed = obj("id", id={"type": "integer"}, crop=text())
    plot = obj("id", id={"type": "integer"}, name=text())
    shown = operation("bed", ref("Bed"))
    media = shown["responses"]["200"]["content"]["application/json"]
    media["example"] = {"id": 12, "crop": "peas"}
    paths = {
        "/plots": path(get=operation("plots", array(ref("Plot")))),
        "/plots/{plot}": path("plot", get=operation("plot", ref("Plot"))),
        "/plots/{plot}/beds": path("plot", post=operation("sow", ref("Bed"), sent=ref("Bed"))),
        "/plots/{plot}/beds/{bed}": path("plot", "bed", get=shown),
    }
    document = with_schemas(paths, Plot=plot, Bed=bed)
    with MockServer(document, clock="manual", seed=1, key=KEY) as server:
        client = Client(server)
        there = {str(one["id"]) for one in server.client.get("/plots").json()}
        above = client.finder.parents_for(client.contract.by_id["bed"])
        assert {str(one["plot"]) for one in above} == there
        assert judge_shown(Client(server)) == (1, 1, [])


def test_one_that_is_nowhere_below_a_new_parent_is_looked_for_below_those_that_are_there() -> None:
    """A list of all, elsewhere, shows no id that is below a parent which the client has made."""
    bed, plot = obj("id", id=text()), obj("id", id={"type": "integer"}, name=text())
    paths = {
        "/plots": path(
            get=operation("plots", array(ref("Plot"))),
            post=operation("buy", ref("Plot"), sent=ref("Plot")),
        ),
        "/plots/{plot}": path("plot", get=operation("plot", ref("Plot"))),
        "/plots/{plot}/beds": path("plot", get=operation("beds", array(ref("Bed")))),
        "/plots/{plot}/beds/{bed}": path("plot", "bed", get=operation("bed", ref("Bed"))),
        "/beds": path(get=operation("all", array(ref("Bed")))),
    }
    document = with_schemas(paths, Plot=plot, Bed=bed)
    with MockServer(document, clock="manual", seed=1, key=KEY) as server:
        client = Client(server)
        bed_operation = client.contract.by_id["bed"]
        found = client.finder.path_for(bed_operation)
        assert client.send(bed_operation, found).status_code == 200
        assert str(found["plot"]) in {str(one["id"]) for one in server.client.get("/plots").json()}
