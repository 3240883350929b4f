"""Hostile documents cost a little time, but never take down the server."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.cli.check import check_document
from mockserver.engine.generation.generator import Maker
from mockserver.engine.generation.modes import MOST_LETTERS, MOST_STEPS
from mockserver.engine.generation.values import Values
from mockserver.engine.randomness import Rng
from mockserver.errors import ReplyError
from mockserver.openapi.schemas.formats import fault, reader
from mockserver.openapi.schemas.validators import Validators
from tests.engine.test_values import HERE, NOW, made

LONG = "a" * 40 + "!"
Schemas = dict[str, Any]


def document(schemas: Schemas) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {},
        "components": {"schemas": schemas},
    }


def is_valid(schemas: Schemas, value: Any) -> bool:
    return Validators(document(schemas), "3.1.0").request(HERE).is_valid(value)


def levels(word: str, count: int, last: Any) -> Schemas:
    """Nested choices between two equal branches."""
    tower: Schemas = {"It": {"$ref": "#/components/schemas/L0"}, f"L{count}": last}
    for level in range(count):
        branch = {"$ref": f"#/components/schemas/L{level + 1}"}
        tower[f"L{level}"] = {word: [branch, dict(branch)]}
    return tower


@pytest.fixture
def spent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of steps of each generator."""
    found: list[int] = []
    spend = Maker._spend

    def counted(self: Maker, steps: int = 1) -> None:
        found.append(steps)
        spend(self, steps)

    monkeypatch.setattr(Maker, "_spend", counted)
    return found


@pytest.mark.parametrize(
    "pattern",
    [
        r"^(a+)+\Z",
        r"^(?P<x>a+)+\Z",
        "^(a+)+(?<!a)$",
        "^(?=a)(a+)+$",
        r"^(a+)+\1b$",
        r"^(?!b)(a|a|b?)*c\Z",
    ],
)
def test_a_body_can_not_keep_a_pattern_busy(pattern: str) -> None:
    assert not is_valid({"It": {"type": "string", "pattern": pattern}}, LONG)


def test_what_python_alone_writes_is_judged_all_the_same() -> None:
    schema = {"type": "string", "pattern": r"\Aa{,2}(?#two at most)\\Z\Z"}
    assert is_valid({"It": schema}, "aa\\Z")
    assert not is_valid({"It": schema}, "aaa\\Z")
    assert not is_valid({"It": schema}, "aa\\Z\n")


def test_a_pattern_that_can_not_be_judged_is_named() -> None:
    pattern = r"(?P<x>a+)+(?P=x)$"
    assert reader(pattern) is None
    assert fault(pattern) is None
    assert is_valid({"It": {"type": "string", "pattern": pattern}}, LONG)
    notes = check_document(document({"It": {"type": "string", "pattern": pattern}})).notes
    places = {note.where for note in notes if note.severity == "warning"}
    assert places == {f"{HERE}/pattern"}


def test_no_pattern_at_all_is_still_refused() -> None:
    assert fault("(") is not None


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "string", "minLength": 10**9}, "minLength asks for more than"),
        ({"type": "string", "minLength": 1e300}, "minLength asks for more than"),
        ({"type": "array", "minItems": 10**8, "items": {"type": "integer"}}, "minItems asks"),
        ({"type": "object", "minProperties": 10**8}, "minProperties asks"),
        ({"type": "array", "contains": {"const": 1}, "minContains": 10**8}, "minContains asks"),
        ({"type": "string", "minLength": 9e4, "pattern": "^(x{300}){200,}$"}, ""),
    ],
)
def test_what_is_too_large_is_refused_with_the_reason(schema: Any, reason: str) -> None:
    if not reason:
        assert len(made(schema)) <= MOST_LETTERS
        return
    with pytest.raises(ReplyError, match=reason):
        made(schema)


@pytest.mark.parametrize("pattern", ["^(a{1000}){1000}$", "^a{4000000000}$"])
def test_a_pattern_with_vast_repeats_is_answered(pattern: str) -> None:
    # No engine reads them within bounds: any text will do.
    assert len(made({"type": "string", "pattern": pattern})) <= MOST_LETTERS


def test_large_ones_in_large_ones_are_too_large(spent: list[int]) -> None:
    inner = {"type": "array", "minItems": 1000, "items": {"type": "string"}}
    outer = {"type": "array", "minItems": 1000, "items": inner}
    with pytest.raises(ReplyError, match="too large"):
        made(outer)
    assert len(spent) <= 2 * MOST_STEPS


def test_what_need_not_be_there_is_left_out() -> None:
    found = made({"type": "object", "properties": {"x": {"type": "string", "minLength": 10**9}}})
    assert found == {}


def test_a_known_value_may_be_large() -> None:
    known = list(range(5000))
    schema = {"type": "array", "minItems": 2000, "uniqueItems": True, "items": {"type": "integer"}}
    assert made(schema, known=known) == known


@pytest.mark.parametrize("word", ["allOf", "anyOf", "oneOf"])
def test_a_tower_of_twins_is_judged_once_a_level(word: str) -> None:
    tower = levels(word, 40, {"type": "string"})
    assert not is_valid(tower, 1)
    assert is_valid(tower, "a") == (word != "oneOf")


def test_a_tower_of_choices_that_lead_nowhere_is_given_up(spent: list[int]) -> None:
    tower: Schemas = {"S30": {"type": "string"}}
    for level in range(30):
        below = {"$ref": f"#/components/schemas/S{level + 1}"}
        choice = {"anyOf": [below, dict(below)]}
        tower[f"S{level}"] = {
            "type": "object",
            "required": ["a", "b"],
            "properties": {"a": choice, "b": dict(choice)},
        }
    schemas = {"It": {"$ref": "#/components/schemas/S0"}, **tower}
    checked = check_document(document(schemas))
    values = Values(checked.contract, Validators(checked.contract.document, "3.1.0"))
    with pytest.raises(ReplyError):
        values.make(HERE, Rng(NOW, 0))
    assert len(spent) <= 2 * MOST_STEPS
