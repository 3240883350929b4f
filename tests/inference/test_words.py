from __future__ import annotations

import pytest

from mockserver.inference.paths import label, route
from mockserver.inference.verbs import outcome, verb_of
from mockserver.inference.words import is_plural, noun, participles, plural, singular, tokens


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sim-suiteRunID", ["sim", "suite", "run", "id"]),
        ("HTTPServer_2xx", ["http", "server", "2", "xx"]),
        ("created_at", ["created", "at"]),
        ("", []),
    ],
)
def test_tokens(name: str, words: list[str]) -> None:
    assert list(tokens(name)) == words


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("policies", "policy"),
        ("bases", "base"),
        ("statuses", "status"),
        ("boxes", "box"),
        ("people", "person"),
        ("cases", "case"),
        ("analyses", "analysis"),
        ("runs", "run"),
        ("addresses", "address"),
        ("indices", "index"),
    ],
)
def test_singular_and_plural(many: str, one: str) -> None:
    assert singular(many) == one
    assert singular(one) == one
    assert plural(one) == many


def test_nouns() -> None:
    assert noun("sim-suites") == "sim_suite"
    assert noun("knowledgeBases") == "knowledge_base"
    assert is_plural("sim-suites")
    assert not is_plural("status")


def test_routes() -> None:
    found = route("/v1/things/{thing-id}:cancel")
    assert (found.steps, found.names, found.verb) == (
        ("v1", "things", "{}"),
        ("thing-id",),
        "cancel",
    )
    assert route("/a/{b}.json").is_item
    assert route("/Products('{key}')").steps == ("Products", "{}")
    function = route("/sites/ns.getByPath(path='{path}',deep={deep})/lists")
    assert (function.steps, function.names) == (("sites", "ns.getByPath()", "lists"), ())
    assert label(route("/api/v2/sim-suites/{id}/runs").steps) == "sim_suites.runs"


def test_verbs() -> None:
    assert verb_of("retry-failed") == "retry"
    assert verb_of("runs") == ""
    assert "archived" in participles("archive")
    assert outcome("cancel", ["open", "CANCELED"]) == "CANCELED"
    assert outcome("archive", ["open", "closed"]) is None
