from __future__ import annotations

import pytest

from mockserver.openapi.media_types import choose, concrete, covers, find, is_json, narrowed

OFFERED = ("application/json", "text/csv", "application/pdf", "image/*")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("application/json", True),
        ("application/JSON; charset=utf-8", True),
        ("text/json", True),
        ("model/gltf+json", True),
        ("application/problem+json", True),
        ("application/x-ndjson", False),
        ("application/jsonl", False),
        ("application/json-seq", False),
        ("text/plain", False),
    ],
)
def test_what_is_json(name, expected):
    assert is_json(name) is expected


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/*", "text/csv"),
        ("application/pdf, */*;q=0.1", "application/pdf"),
        ("application/*;q=0.9, application/json;q=0.1", "application/pdf"),
        ("text/csv;q=0.5, application/json;q=0.4", "text/csv"),
        ("text/csv, application/json", "text/csv"),
        ("application/json;q=0, */*", "text/csv"),
        ("image/webp", "image/*"),
        ("application/xml", None),
        ("application/json;q=0", None),
        (";;q=,,", "application/json"),
        ("text/csv;q=much", "text/csv"),
        ("TEXT/CSV; Q=1", "text/csv"),
    ],
)
def test_what_a_client_likes_best(accept, chosen):
    assert choose(accept, OFFERED) == chosen


def test_parameters_tell_versions_apart():
    offered = ("application/vnd.a+json;version=1", "application/vnd.a+json;version=2")
    assert choose("application/vnd.a+json;version=2", offered) == offered[1]
    assert choose("application/vnd.a+json", offered) == offered[0]
    assert choose("application/json; charset=utf-8", ("application/json",)) == "application/json"


def test_ranges_of_a_document():
    assert covers("application/*+json", "application/vnd.api+json")
    assert not covers("application/*+json", "application/json")
    known = {"*/*": 1, "application/*": 2, "application/*+json": 3, "text/plain": 4}
    names = ("text/plain; x=1", "application/hal+json", "application/zip", "image/png", "nonsense")
    assert [find(known, name) for name in names] == [4, 3, 2, 1, None]


def test_a_range_is_sent_as_one_type():
    assert concrete("image/*") == "image/png"
    assert concrete("application/*+json") == "application/json"
    assert concrete("*/*") == "application/json"
    assert narrowed("image/*", "image/webp, image/gif;q=0.5") == "image/webp"
    assert narrowed("image/*", "*/*") == "image/png"
