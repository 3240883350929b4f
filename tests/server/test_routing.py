"""The routing index against a naive matcher, and its special cases."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.server.asgi.routing import Match, PathIndex, normal_path

segments = st.sampled_from(["a", "b", "c", "{x}", "{y}", "a-{x}", "{x}.json"])
templates = st.lists(segments, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
texts = st.sampled_from(["a", "b", "c", "z", "a-1", "q.json", "a-.json", ""])
paths = st.lists(texts, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))


def fits(template: str, path: str) -> bool:
    pattern = "".join(
        "[^/]+" if part.startswith("{") else re.escape(part)
        for part in re.split(r"({[^{}]+})", template)
    )
    return re.fullmatch(pattern, path) is not None


def ranks(template: str) -> list[tuple[int, int]]:
    """The most literal template ranks lowest."""
    return [
        (0, 0) if "{" not in part else (2, 0) if part.startswith("{") and part[-1] == "}"
        else (1, -len(re.escape(part)))
        for part in template.split("/")
    ]  # fmt: skip


@settings(derandomize=True, database=None, deadline=None, max_examples=200)
@given(st.lists(st.tuples(templates, st.sampled_from(["GET", "POST"])), max_size=8), paths)
def test_it_finds_what_a_naive_matcher_finds(routes: list[tuple[str, str]], path: str):
    index = PathIndex()
    by_id = {}
    for number, (template, method) in enumerate(routes):
        index.add(template, {method: str(number)})
        by_id[str(number)] = template
    for method in ("GET", "POST"):
        match = index.match(method, path)
        fitting = [t for t, m in routes if m == method and fits(t, path)]
        if fitting:
            assert match is not None
            assert match.operation_id is not None
            assert fits(by_id[match.operation_id], path)
        elif any(fits(t, path) for t, _ in routes):
            assert match is not None
            assert match.operation_id is None
            first = min(ranks(t) for t, _ in routes if fits(t, path))
            fitting = [m for t, m in routes if fits(t, path) and ranks(t) == first]
            assert match.allowed == tuple(sorted(set(fitting)))
        else:
            assert match is None


def index_of(*routes: tuple[str, str]) -> PathIndex:
    index = PathIndex()
    for method, path in routes:
        index.add(path, {method: f"{method} {path}"})
    return index


def test_literal_segments_win_over_parameters():
    index = index_of(("GET", "/tests/{id}"), ("GET", "/tests/stats"), ("GET", "/{x}/stats"))
    assert index.match("GET", "/tests/stats") == Match("GET /tests/stats", (), ())
    assert index.match("GET", "/tests/7") == Match("GET /tests/{id}", ("7",), (), True)
    assert index.match("GET", "/other/stats") == Match("GET /{x}/stats", ("other",), ())


def test_a_literal_path_without_the_method_may_still_be_an_id():
    index = index_of(("POST", "/runs/batch"), ("GET", "/runs/{id}"))
    assert index.match("GET", "/runs/batch") == Match("GET /runs/{id}", ("batch",), ("POST",))


def test_other_methods_are_those_of_the_most_literal_template():
    index = index_of(("POST", "/runs/batch"), ("GET", "/runs/{id}"))
    assert index.match("PUT", "/runs/batch") == Match(None, (), ("POST",))
    assert index.match("PUT", "/runs/7") == Match(None, (), ("GET",))


def test_parameters_inside_a_segment():
    index = index_of(("GET", "/f/{name}.json"), ("GET", "/f/{name}"), ("GET", "/r/{a}..{b}"))
    assert index.match("GET", "/f/x.json") == Match("GET /f/{name}.json", ("x",), (), True)
    assert index.match("GET", "/f/x") == Match("GET /f/{name}", ("x",), ())
    assert index.match("GET", "/r/v1..v2") == Match("GET /r/{a}..{b}", ("v1", "v2"), ())


@pytest.mark.parametrize("path", ["/a/", "//", "/a//b", ""])
def test_empty_segments_are_no_values(path: str):
    assert index_of(("GET", "/a/{x}"), ("GET", "/a/{x}/b")).match("GET", path) is None


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b"/a/%62?x=%63", "/a/b"),
        (b"/a/x%2Fy", "/a/x%2Fy"),
        (b"/a/x%252Fy", "/a/x%252Fy"),
        (b"/a/%ff", "/a/\ufffd"),
        (b"/a/%zz", "/a/%zz"),
    ],
)
def test_encoded_slashes_stay_inside_their_segment(raw: bytes, path: str):
    assert normal_path({"path": "unused", "raw_path": raw}) == path


def test_a_segment_of_many_parameters_is_matched_at_once() -> None:
    index = PathIndex()
    index.add("/p/{a}{b}{c}{d}{e}{f}{g}x", {"GET": "met"})
    index.add("/q/{a}-{b}-{c}-{d}-{e}-{f}-{g}!", {"GET": "apart"})
    index.add("/r/{a}.{b}", {"GET": "two"})
    assert index.match("GET", "/p/" + "a" * 400) is None
    assert index.match("GET", "/q/" + "-" * 400) is None
    values = ("123", "4", "5", "6", "7", "8", "9")
    assert index.match("GET", "/p/123456789x") == Match("met", values, ())
    assert index.match("GET", "/r/a.b.c") == Match("two", ("a.b", "c"), ())
    assert index.match("GET", "/r/a.") is None
    assert index.match("GET", "/r/.a") is None
