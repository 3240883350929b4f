"""The table of shapes against the contract."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.files.documents import as_document
from mockserver.vendors.feather.agents import AGENT_DEFAULTS, REVISION_DEFAULTS, REVISION_SHAPES
from mockserver.vendors.feather.common import REQUIRED, SHAPES, Nested, filled
from mockserver.vendors.feather.library import (
    PERSONA_DEFAULTS,
    PERSONA_SHAPES,
    SCENARIO_DEFAULTS,
    SCENARIO_SHAPES,
    SUITE_DEFAULTS,
)

SCHEMAS = as_document("feather")["components"]["schemas"]


def named(schema: Any) -> tuple[str, str] | None:
    """The shape of a property, and its form: one, list or object."""
    for branch in (schema, *schema.get("anyOf", ())):
        for form, part in (
            ("one", branch),
            ("list", branch.get("items", {})),
            ("object", branch.get("additionalProperties", {})),
        ):
            name = part.get("$ref", "").rpartition("/")[2] if isinstance(part, dict) else ""
            if "properties" in SCHEMAS.get(name, {}):
                return name, form
    return None


def nested(value: Any) -> tuple[str, str] | None:
    return (value.shape, value.form) if isinstance(value, Nested) else None


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_has_the_fields_and_defaults_of_its_schema(shape: str) -> None:
    schema = SCHEMAS[shape]
    assert SHAPES[shape].keys() == schema["properties"].keys()
    for name, default in SHAPES[shape].items():
        part = schema["properties"][name]
        assert nested(default) == named(part)
        assert (default is REQUIRED) == (name in schema.get("required", ()))
        if not isinstance(default, Nested) and default is not REQUIRED:
            assert default == part.get("default")


@pytest.mark.parametrize(
    ("schema", "defaults", "shapes"),
    [
        ("PersonaCreate", PERSONA_DEFAULTS, PERSONA_SHAPES),
        ("ScenarioCreate", SCENARIO_DEFAULTS, SCENARIO_SHAPES),
        ("AgentRevisionCreate", REVISION_DEFAULTS, REVISION_SHAPES),
        ("AgentCreate", AGENT_DEFAULTS, {}),
        ("SimulationSuiteCreate", SUITE_DEFAULTS, {}),
    ],
)
def test_creating_bodies(schema: str, defaults: dict[str, Any], shapes: dict[str, Nested]) -> None:
    properties = SCHEMAS[schema]["properties"]
    assert defaults.keys() <= properties.keys()
    for name, default in defaults.items():
        assert nested(shapes.get(name)) == named(properties[name]), name
        if "default" in properties[name]:
            assert default == properties[name]["default"], name


def test_nothing_is_filled_twice() -> None:
    sent = {"cut_in": {"min_words": 1}, "language": "de", "surprise": 1}
    once = filled("PersonaBehaviorConfig", sent)
    assert filled("PersonaBehaviorConfig", once) == once
    assert "surprise" not in once
