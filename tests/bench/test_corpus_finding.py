"""How `make corpus` finds existing entities."""

from __future__ import annotations

from typing import Any

from bench.corpus.finding import Finder


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
