"""Dataclasses that are cheap to define."""

from __future__ import annotations

import re
from dataclasses import field, replace
from pathlib import Path

from mockserver.records import dataclass

PACKAGE = Path(__file__).parent.parent / "mockserver"
OF_THE_SERVER = ("openapi", "inference", "engine", "vendors", "files", "store", "server")


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 0
    note: str = field(default="", compare=False, repr=False)


@dataclass(slots=True)
class Knot:
    others: list[Knot] = field(default_factory=list)


@dataclass(eq=False)
class Tool:
    name: str

    def __repr__(self) -> str:
        return f"<{self.name}>"


def test_a_value_is_equal_and_a_key_by_its_fields() -> None:
    assert Point(1, note="a") == Point(1, 0, "b") != Point(1, 2)
    assert {Point(1): "here"}[replace(Point(1, 2), y=0)] == "here"


def test_a_tool_is_only_itself() -> None:
    one = Tool("saw")
    assert one != Tool("saw")
    assert one in {one}


def test_all_are_shown_as_the_library_shows_them() -> None:
    assert repr(Point(1, note="a")) == "Point(x=1, y=0)"
    assert repr(Tool("saw")) == "<saw>"
    knot = Knot()
    knot.others.append(knot)
    assert repr(knot) == "Knot(others=[...])"


def test_no_method_is_compiled_that_nobody_needs() -> None:
    assert "__setattr__" not in vars(Point)
    assert Point.__repr__ is Knot.__repr__


def test_the_server_defines_its_classes_so() -> None:
    """Each compiled method is a part of every start: docs/decisions/0011."""
    others = [
        path.relative_to(PACKAGE)
        for package in OF_THE_SERVER
        for path in (PACKAGE / package).rglob("*.py")
        if re.search(r"^from dataclasses import .*\bdataclass\b", path.read_text(), re.MULTILINE)
    ]
    assert others == []
