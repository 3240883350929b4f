"""Hand-written handlers take precedence, and generic handlers see their state."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mockserver.engine.api import Api
from mockserver.engine.clock import Clock
from mockserver.engine.inferred.build import assemble
from mockserver.engine.messages import Reply, Request
from mockserver.engine.serialization import Finisher
from mockserver.engine.timestamps import parse
from mockserver.engine.world import Collection, Settings, World
from mockserver.errors import NotFound
from mockserver.inference.build import build_plan
from mockserver.openapi.build import build_contract
from mockserver.openapi.document import parse_document
from mockserver.openapi.model import Contract
from mockserver.openapi.schemas.validators import Validators
from mockserver.store.memory import MemoryStore

PETS = Path(__file__).parent.parent / "fixtures" / "petstore.yaml"
NOW = parse("2026-01-01T00:00:00Z")


def create_owner(world: World, request: Request) -> Reply:
    row = {"id": world.ordinal("owner"), "name": request.body["name"], "created_at": world.now}
    world["people"].put({**row, "id": str(row["id"])})
    return Reply(201, {**row, "created_at": "2026-01-01T00:00:00Z"}, {"Location": "/"})


def seed(world: World, fixtures: Mapping[str, Any]) -> None:
    world["people"].put({"id": "77", "name": "Seeded", "created_at": world.now})


API = Api(
    "pets",
    handlers={"createOwner": create_owner},
    collections={"people": Collection("people", path="/owners")},
    seed=seed,
)


class Served:
    def __init__(self, api: Api | None) -> None:
        self.contract: Contract = build_contract(parse_document(PETS.read_bytes(), "pets"))
        validators = Validators(self.contract.document, self.contract.version)
        self.api = assemble(self.contract, build_plan(self.contract), api, validators)
        self.finish = Finisher(validators)
        self.store = MemoryStore(
            self.api, Settings(), real_now=lambda: NOW, clock=Clock("manual", NOW, NOW)
        )

    def __call__(self, operation_id: str, body: Any = None, **path: Any) -> Any:
        operation = self.contract.by_id[operation_id]
        request = Request(operation, path=path, body=body, has_body=body is not None)
        with self.store.begin("mock-a") as world:
            reply = self.api.handlers[operation_id](world, request)
            self.finish(operation, reply)
            world.commit()
        return reply.body


@pytest.fixture
def served() -> Served:
    return Served(API)


def test_every_operation_has_a_handler(served: Served) -> None:
    assert served.api.handlers.keys() == served.contract.by_id.keys()
    assert served.api.handlers["createOwner"] is create_owner
    assert served.api.name == "pets"
    assert "owners" not in served.api.collections


def test_another_document_gets_no_handler_written_by_hand() -> None:
    other = Api("other", handlers={"createWidget": create_owner})
    assert Served(other).api.handlers.keys() == Served(None).api.handlers.keys()
    assert Served(other).api.name == "Pets"


def test_generic_handlers_see_the_rows_of_the_api(served: Served) -> None:
    made = served("createOwner", {"name": "Ada"})
    found = served("getOwner", ownerId=made["id"])
    assert found["name"] == "Ada"
    assert found["created_at"] == "2026-01-01T00:00:00.000000Z", "an instant in the row"
    listed = served("listOwners")["results"]
    assert [owner["name"] for owner in listed] == ["Ada", "Seeded"]


def test_its_rows_are_parents(served: Served) -> None:
    pet = served("createPet", {"name": "Rex"}, ownerId=77)
    assert served("listPets", ownerId=77) == [pet]
    with pytest.raises(NotFound):
        served("createPet", {"name": "Rex"}, ownerId=78)
    with pytest.raises(NotFound):
        served("getPreferences", ownerId=78)
    served("setPreferences", {"language": "fr"}, ownerId=77)
    assert served("getPreferences", ownerId=77)["language"] == "fr"
    served("deleteOwner", ownerId=77)
    with pytest.raises(NotFound):
        served("getOwner", ownerId=77)


def test_what_it_did_not_make_is_the_generic_engine_s_own(served: Served) -> None:
    breeds = served("listBreeds")
    assert len(breeds) == 2
    assert served("getBreed", code=breeds[0]["code"]) == breeds[0]


def test_a_world_can_be_kept_and_put_back(served: Served) -> None:
    pet = served("createPet", {"name": "Rex"}, ownerId=77)
    breeds = served("listBreeds")
    snapshot = served.store.snapshot(None)
    served("deletePet", ownerId=77, petId=pet["id"])
    served.store.restore(snapshot)
    assert served("getPet", ownerId=77, petId=pet["id"]) == pet
    assert served("listBreeds") == breeds
