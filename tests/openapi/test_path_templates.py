"""Path templates: names, shapes, paths filled in and read."""

from __future__ import annotations

import re

import pytest

from mockserver.openapi.build import build_contract
from mockserver.openapi.path_templates import (
    Router,
    filled,
    parameters_of,
    pattern_of,
    shape,
    values_in,
)
from tests.support.documents import document, operation, path

RUN = "/teams/{team}/runs/{run.id}"


def test_the_names_and_the_shape() -> None:
    assert parameters_of(RUN) == ["team", "run.id"]
    assert parameters_of("/teams") == []
    assert shape(RUN) == shape("/teams/{a}/runs/{b}") == "/teams/{}/runs/{}"
    assert shape("/teams/") != shape("/teams")


def test_values_are_encoded_and_those_that_are_missing_stay() -> None:
    assert filled(RUN, {"team": "a/b c", "run.id": 7}) == "/teams/a%2Fb%20c/runs/7"
    assert filled(RUN, {"team": "{run.id}"}) == "/teams/%7Brun.id%7D/runs/{run.id}"


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("/teams/a%2Fb/runs/7", {"team": "a/b", "run.id": "7"}),
        ("/v1/teams/a/runs/7", {"team": "a", "run.id": "7"}),
        ("/teams/a/runs/", None),
        ("/teams/a/runs/7/log", None),
    ],
)
def test_values_are_read_from_a_path(path: str, values: dict[str, str] | None) -> None:
    assert values_in(RUN, path) == values


def test_characters_of_the_template_stand_for_themselves() -> None:
    assert re.fullmatch(pattern_of("/a.b/{id}:run"), "/a.b/x:run")
    assert not re.fullmatch(pattern_of("/a.b/{id}:run"), "/a-b/x:run")


def test_the_most_literal_path_wins() -> None:
    paths = {
        "/things/{thing_id}": path("thing_id", get=operation("getThing", {})),
        "/things/{thing_id}/copy": path("thing_id", post=operation("copyThing", {})),
        "/things/search": {"post": operation("searchThings", {})},
    }
    router = Router(build_contract(document(paths)))
    found, template, values = router.find("POST", "/things/a%20b/copy")
    assert found is not None
    assert found.id == "copyThing"
    assert (template, values) == ("/things/{thing_id}/copy", {"thing_id": "a b"})
    found, _, _ = router.find("POST", "/things/search")
    assert found is not None
    assert found.id == "searchThings"
    assert router.find("PATCH", "/things/x") == (None, "/things/{thing_id}", {"thing_id": "x"})
    assert router.find("GET", "/nowhere") == (None, "", {})
