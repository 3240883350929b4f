"""Filters in one text or object."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.engine.inferred.expressions import Group, Term, parsed


@pytest.mark.parametrize(
    ("text", "name", "operator", "value"),
    [
        ("name eq 'it''s'", "name", "equal", "it's"),
        ('userName sw "b"', "userName", "starts", "b"),
        ("price gt 5", "price", "above", "5"),
        ("contains(name, 'x y')", "name", "like", "x y"),
        ("substringof('x', name)", "name", "like", "x"),
        ("status in ('open', 'done')", "status", "equal", ["open", "done"]),
        ("status:open", "status", "equal", "open"),
        ('label:"to do"', "label", "equal", "to do"),
        ("created:>2020-01-01T00:00:00Z", "created", "above", "2020-01-01T00:00:00Z"),
        ("price>=5.5", "price", "from", "5.5"),
        ("price=gt=5", "price", "above", "5"),
        ("name==x*", "name", "starts", "x"),
        ("name != 'x'", "name", "differs", "x"),
        ("name LIKE '%x%'", "name", "like", "%x%"),
        ("meta.color=red", "meta.color", "equal", "red"),
        ("email pr", "email", "set", True),
        ('{"price": {"lte": 5}}', "price", "to", 5),
        ('[{"field": "name", "op": "contains", "value": "x"}]', "name", "like", "x"),
        ('{"property": "name", "starts_with": "x"}', "name", "starts", "x"),
        ('{"property": "price", "number": {"greater_than": 5}}', "price", "above", 5),
        ('{"operator": "AND", "value": [{"field": "a", "value": "x"}]}', "a", "equal", "x"),
        ("plain", "", "like", "plain"),
    ],
)
def test_one_comparison(text: str, name: str, operator: str, value: Any) -> None:
    found = parsed(text)
    if isinstance(found, Group):
        [found] = found.parts
    assert found == Term(name, operator, value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["a eq 1 and b eq 2", "a:1 b:2", "a=1&b=2", "a==1;b==2", "a=1,b=2", "a:1 AND b:2"]
)
def test_all_of_them(text: str) -> None:
    assert parsed(text) == Group((Term("a", "equal", "1"), Term("b", "equal", "2")))


@pytest.mark.parametrize("text", ["a eq 1 or b eq 2", "a==1,b==2", "a:1 OR b:2", "a=1 || b=2"])
def test_any_of_them(text: str) -> None:
    one, two = Term("a", "equal", "1"), Term("b", "equal", "2")
    assert parsed(text) == Group((one, two), either=True)


def test_groups_and_opposites() -> None:
    one, two, three = (Term(name, "equal", "1") for name in "abc")
    either = Group((two, three), either=True)
    assert parsed("a eq 1 and (b eq 1 or c eq 1)") == Group((one, either))
    assert parsed("not a eq 1") == parsed("-a:1") == Group((one,), negated=True)


def test_objects() -> None:
    assert parsed({"name": "x", "price": {"gte": 1, "lt": 5}}) == Group(
        (Term("name", "equal", "x"), Term("price", "from", 1), Term("price", "below", 5))
    )
    assert parsed({"or": [{"a": 1}, {"b": 2}]}) == Group(
        (Term("a", "equal", 1), Term("b", "equal", 2)), either=True
    )
    nested = {"date_filter": {"created_at": {"start_at": "2020-01-01"}}}
    assert parsed(nested) == Term("date_filter.created_at", "from", "2020-01-01")


@pytest.mark.parametrize("text", ["", "   ", "(a eq 1", "a eq", "{broken", "=5", None, 7])
def test_what_is_no_expression(text: Any) -> None:
    found = parsed(text)
    assert found is None or isinstance(found, Group)


@pytest.mark.parametrize(
    "wanted",
    [
        "(" * 3000 + "a eq 1" + ")" * 3000,
        "not " * 3000 + "a eq 1",
        " or ".join(["a eq 1"] * 3000),
        "a like (" + ",".join("x" * 3000) + ")",
        "[" * 3000 + "]" * 3000,
        '{"a":' * 300 + "1" + "}" * 300,
        {"or": [{"a": 1}] * 3000},
        [["a=1"] * 200] * 200,
    ],
    ids=lambda wanted: str(wanted)[:12],
)
def test_what_is_too_large_for_an_expression(wanted: Any) -> None:
    assert parsed(wanted) is None


def test_a_text_that_ends_too_early_is_no_level() -> None:
    open_ones = ["(a eq"] * 50
    assert parsed([*open_ones, "a eq 1"]) == Group((Term("a", "equal", "1"),))


def test_a_list_of_many_values_is_one_comparison() -> None:
    keys = [str(number) for number in range(5000)]
    assert parsed(f"id in ({','.join(keys)})") == Term("id", "equal", keys)
