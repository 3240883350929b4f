"""A plan as plain values, and back."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import is_dataclass
from pathlib import Path

import orjson
import pytest

from mockserver.files.documents import read_contract
from mockserver.inference import credential_model, model, page_model, resource_model
from mockserver.inference.build import build_plan
from mockserver.inference.stored import CLASSES, restored, restored_plan, stored

FIXTURES = sorted((Path(__file__).parents[1] / "fixtures").glob("*.yaml"))


@pytest.mark.parametrize("name", ["feather", *map(str, FIXTURES)])
def test_it_comes_back_as_it_was(name: str) -> None:
    plan = build_plan(read_contract(name)[1])
    assert restored_plan(orjson.loads(orjson.dumps(stored(plan)))) == plan


@pytest.mark.parametrize(
    "value",
    [{"a": (1, ["x", None]), "b": frozenset(("p", "q"))}, (), [], {}, 1.5, True, "[0]"],
)
def test_values_come_back_with_their_types(value: object) -> None:
    found = restored(orjson.loads(orjson.dumps(stored(value))))
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "plain",
    [None, "x", [], [99], [-1], ["x"], [True, 1], [4, 1, 2, 3, 4, 5, 6], [0, [2, [1]]], [3, 1]],
)
def test_what_is_no_plan_is_none(plain: object) -> None:
    assert restored_plan(plain) is None


def test_every_class_of_the_model_has_a_plain_form() -> None:
    models = (model, resource_model, page_model, credential_model)
    named = [one for each in models for one in vars(each).values()]
    classes = {one for one in named if isinstance(one, type) and is_dataclass(one)}
    assert classes == CLASSES


def test_what_has_no_plain_form_is_refused() -> None:
    with pytest.raises(TypeError):
        stored(object())


def test_a_kept_plan_needs_no_rules() -> None:
    code = (
        "import sys, mockserver.server.multi, mockserver.engine.inferred.build; print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    rules = ("build", "credentials", "operations", "pagination", "relations", "verbs")
    assert not {f"mockserver.inference.{name}" for name in rules} & set(loaded)
