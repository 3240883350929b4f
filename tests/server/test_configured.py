"""MockServer accepts the options of `serve`: from mockserver.toml or as arguments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from mockserver import MockServer, Reply
from mockserver.errors import PlanError, UsageError
from tests.engine.test_examples import JERRY, TOM, pets

HANDLERS = """
from mockserver import Reply, handles

@handles("getPet")
def get_pet(world, request):
    return Reply(200, {"id": request.path["id"], "name": "by hand"})
"""
CONFIG = """
undocumented = "allow"

[serve]
seeds = "none"
api-key = "staging"
handlers = "handlers.py"
data = "seed.yaml"
port = 9999

[resources.pets]
seeds = 5
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "openapi.json").write_text(json.dumps(pets([TOM, JERRY])))
    (tmp_path / "handlers.py").write_text(HANDLERS)
    (tmp_path / "seed.yaml").write_text("pets: [{id: 3, name: Rex}]")
    (tmp_path / "mockserver.toml").write_text(CONFIG)
    return tmp_path / "openapi.json"


def test_the_file_beside_the_document_is_read(project: Path) -> None:
    with MockServer(project) as mock:
        assert mock.client.get("/pets").json() == [{"id": 3, "name": "Rex"}]
        assert mock.client.get("/pets/3").json()["name"] == "by hand"
        assert mock.mock.options.keys == ("staging",)
        assert mock.mock.options.undocumented == "allow"
        assert mock.mock.plan.resources["pets"].seeds == 5


def test_arguments_win(project: Path) -> None:
    def get_pet(world: Any, request: Any) -> Reply:
        return Reply(200, {"id": 1, "name": "argument"})

    with MockServer(project, data={"pets": []}, handlers={"getPet": get_pet}, keys=("k",)) as mock:
        assert mock.client.get("/pets").json() == []
        assert mock.client.get("/pets/1").json()["name"] == "argument"
        assert mock.mock.options.keys == ("k",)


def test_another_file_and_none(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('[serve]\nseeds = "generated"\n')
    with MockServer(project, config=other) as mock:
        assert len(mock.client.get("/pets").json()) == 3
    with MockServer(project, config=False) as mock:
        assert mock.client.get("/pets").json() == [TOM, JERRY]


def test_handlers_from_a_file(project: Path) -> None:
    handlers = project.parent / "handlers.py"
    for given in (handlers, str(handlers)):
        with MockServer(project, config=False, handlers=given) as mock:
            assert mock.client.get("/pets/7").json()["name"] == "by hand"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"sede": 1}, "no option 'sede'; did you mean 'seed'?"),
        ({"unknown_id": "known"}, "did you mean 'unknown_ids'?"),
        ({"seed": "x"}, "is not a number"),
        ({"seeds": "some"}, "is not one of 'examples', 'generated', 'none'"),
        ({"any_key": "yes"}, "any_key='yes'"),
        ({"handlers": {"getPet": 3}}, "is not a function"),
        ({"config": "none.toml"}, "none.toml"),
    ],
)
def test_a_wrong_option_is_told(given: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as raised:
        MockServer(pets(), **cast(Any, given))
    assert words in str(raised.value)


def test_a_handler_of_nothing_is_told() -> None:
    with pytest.raises(PlanError, match="no operation 'getPets'; did you mean"):
        MockServer(pets(), handlers={"getPets": lambda world, request: Reply(200)})


def test_a_correction_is_told_with_its_file(project: Path) -> None:
    (project.parent / "mockserver.toml").write_text("[resources.pet]\nseeds = 1\n")
    with pytest.raises(PlanError, match=r"mockserver\.toml: 'pet' is not a resource"):
        MockServer(project)
