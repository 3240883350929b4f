"""Requests that a document says are refused: values that are taken, owners that are not empty."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import array, obj, operation, path, ref, text, with_schemas


def teams(
    taken: dict[str, str] | None = None,
    kept: dict[str, str] | None = None,
    delete: str = "",
) -> dict[str, Any]:
    """Teams and their players; the descriptions of what a create and a removal may answer."""
    create = operation("createTeam", ref("Team"), status=201, sent=ref("Sent"))
    create["responses"] |= {s: {"description": t} for s, t in (taken or {}).items()}
    remove = operation("deleteTeam", status=204, description=delete)
    remove["responses"] |= {s: {"description": t} for s, t in (kept or {}).items()}
    add = operation("addPlayer", ref("Player"), status=201, sent=obj(name=text()))
    paths = {
        "/teams": {"get": operation("listTeams", array(ref("Team"))), "post": create},
        "/teams/{id}": path("id", get=operation("getTeam", ref("Team")), delete=remove),
        "/teams/{id}/players": path("id", get=operation("players", array(ref("Player"))), post=add),
        "/teams/{id}/players/{player}": path(
            "id", "player", delete=operation("removePlayer", status=204)
        ),
    }
    sent = obj("name", name=text(), contactEmail=text(), motto=text())
    team = obj("id", id=text(), name=text(), contactEmail=text(), motto=text())
    player = obj("id", id=text(), name=text())
    return with_schemas(paths, Team=team, Sent=sent, Player=player)


@pytest.mark.parametrize(
    ("status", "says", "field"),
    [
        ("409", "A team with this name already exists.", "name"),
        ("409", "Conflict. The team already exists", "name"),
        ("422", "The contact email is already in use by another team", "contactEmail"),
        ("400", "Returned if the name is taken.", "name"),
        ("409", "A team with the same motto exists already", "motto"),
    ],
)
def test_a_value_that_is_taken_is_refused(status: str, says: str, field: str) -> None:
    with MockServer(teams(taken={status: says})) as mock:
        first = {"name": "a", "contactEmail": "a@b.test", "motto": "m"}
        other = {"name": "z", "contactEmail": "z@b.test", "motto": "n"}
        assert mock.client.post("/teams", json=first).status_code == 201
        assert mock.client.post("/teams", json=other).status_code == 201
        third = {"name": "y", "contactEmail": "y@b.test", "motto": "o"}
        again = mock.client.post("/teams", json={**third, field: first[field].upper()})
        assert again.status_code == int(status)


@pytest.mark.parametrize("status", [400, 403, 409])
def test_a_description_says_with_which_status_it_is_refused(status: int) -> None:
    document = teams(taken={"400": "", "403": "", "409": ""})
    create = document["paths"]["/teams"]["post"]
    create["description"] = f"Answers {status} if there is a duplicate name."
    with MockServer(document) as mock:
        sent = {"name": "a", "contactEmail": "a@b.test", "motto": "m"}
        answered = [mock.client.post("/teams", json=sent).status_code for _ in range(2)]
        assert answered == [201, status]


@pytest.mark.parametrize("says", ["Conflict", "The state of the team does not allow this."])
def test_other_conflicts_say_nothing_of_values(says: str) -> None:
    with MockServer(teams(taken={"409": says})) as mock:
        for _ in range(2):
            assert mock.client.post("/teams", json={"name": "a"}).status_code == 201


@pytest.mark.parametrize(
    ("kept", "delete", "status"),
    [
        ({"409": "The team still has players."}, "", 409),
        ({"406": "Not acceptable"}, "A team can only be deleted without players.", 406),
        ({"400": "The team is not empty"}, "", 400),
        ({}, "A team with players cannot be deleted.", 204),  # no status for it
        ({"409": "Conflict"}, "This deletes the team and all of its players.", 204),
        ({"400": "Bad"}, "Needs permission to see players. Can only be deleted by the owner.", 204),
        ({"400": "Bad"}, "Only players and admins: it can only be deleted by its creator.", 204),
    ],
)
def test_what_is_not_empty_is_kept(kept: dict[str, str], delete: str, status: int) -> None:
    with MockServer(teams(kept=kept, delete=delete)) as mock:
        team = mock.client.post("/teams", json={"name": "a"}).json()["id"]
        player = mock.client.post(f"/teams/{team}/players", json={"name": "p"}).json()["id"]
        assert mock.client.delete(f"/teams/{team}").status_code == status
        if status != 204:
            mock.client.delete(f"/teams/{team}/players/{player}")
            assert mock.client.delete(f"/teams/{team}").status_code == 204
        assert mock.client.get(f"/teams/{team}").status_code == 404
