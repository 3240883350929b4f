"""Values for keywords that describe a value beside `properties` and `items`."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.engine.randomness import Rng
from tests.engine.test_values import HERE, NOW, values_of
from tests.support.documents import TEXT, WHOLE

CARD = {"properties": {"kind": {"const": "card"}}}
KINDS = {"kind": {"enum": ["card", "bank"]}}


def an(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [an("a", a=TEXT)], "unevaluatedProperties": WHOLE, "minProperties": 3},
        {"allOf": [an("a", a=TEXT)], "unevaluatedProperties": False},
        {"type": "array", "prefixItems": [TEXT], "unevaluatedItems": WHOLE, "minItems": 3},
        {
            **an("card", card=TEXT),
            "dependentSchemas": {"card": an("cvc", cvc={**WHOLE, "minimum": 100})},
        },
        {
            **an("a", a=TEXT),
            "dependentRequired": {"a": ["b"]},
            "dependentSchemas": {"b": an("c", c=WHOLE)},
        },
        {
            **an("kind", **KINDS),
            "if": CARD,
            "then": {"properties": {"number": TEXT}, "required": ["number"]},
            "else": {"properties": {"iban": WHOLE}, "required": ["iban"]},
            "unevaluatedProperties": False,
        },
        {
            **an("kind", **KINDS),
            "if": CARD,
            "then": {"properties": {"value": {**TEXT, "minLength": 4}}, "required": ["value"]},
            "else": {"properties": {"value": WHOLE}, "required": ["value"]},
        },
        {"type": "string", "pattern": r"^\p{Lu}\p{Ll}+$"},
        {"type": "string", "pattern": r"^[\p{L}\d]+[\p{N}-]$"},
        {"type": "string", "pattern": r"^\P{L}{3}$"},
        {"type": "string", "pattern": r"^\p{Sc}\p{Nd}{2}\p{P}$"},
    ],
)
@pytest.mark.parametrize("seed", range(4))
def test_a_value_fits_what_is_said_of_the_rest_of_it(schema: dict[str, Any], seed: int) -> None:
    values = values_of(schema, "3.1.0")
    assert values.check(HERE).is_valid(values.make(HERE, Rng(NOW, seed)))
