"""Parts of the corpus, and what its client takes for the same entity."""

from __future__ import annotations

import argparse

import pytest

from bench.corpus.documents import Document
from bench.corpus.finding import named_by
from bench.corpus.run import _part, part
from bench.corpus.trips import _alike
from mockserver.inference.model import Action, RequestUse

DOCUMENTS = [Document(f"/{n}", f"{n}.json", "3.0", "small", n) for n in range(23)]


def test_parts_are_all_there_is_and_have_nothing_in_common() -> None:
    parts = [part(DOCUMENTS, which, 4) for which in range(1, 5)]
    names = [document.name for one in parts for document in one]
    assert sorted(names) == sorted(document.name for document in DOCUMENTS)
    assert {len(one) for one in parts} == {5, 6}
    assert part(DOCUMENTS[::-1], 2, 4) == parts[1]


def test_a_part_is_written_as_a_fraction() -> None:
    assert _part("2/8") == (2, 8)
    for wrong in ("0/8", "9/8", "2", "a/b"):
        with pytest.raises(argparse.ArgumentTypeError):
            _part(wrong)


def test_an_entity_is_named_by_what_it_shows() -> None:
    action = Action("op", "fetch", request=RequestUse(by=(("path", "Path"),)))
    assert named_by(action, {"Path": "/a"}) == {"path": "/a"}
    assert named_by(action, {"Path": ""}) is None
    assert named_by(action, {}) is None


def test_a_row_without_an_id_is_like_what_it_agrees_with() -> None:
    thing = {"id": 1, "name": "a", "size": 2}
    assert _alike({"name": "a"}, thing)
    assert not _alike({"name": "b"}, thing)
    assert not _alike({"other": 1}, thing)
