"""The journal: bounded, cheap, and without secrets."""

from __future__ import annotations

import pytest

from mockserver.engine.pipeline import Exchange, Message
from mockserver.engine.serialization import Sent
from mockserver.files.secrets import mask, masked_target
from mockserver.openapi.model import Violation
from mockserver.server.journal.journal import (
    AT_ONCE,
    LARGE,
    Journal,
    as_har,
    describe,
    describe_violation,
)


def exchange(tenant: str = "mock-a", body: bytes = b"", query: bytes = b"") -> Exchange:
    return Exchange(Message("POST", "/x", body=body, query=query), None, tenant, Sent(200, [], b""))


def test_only_so_many_are_kept() -> None:
    journal = Journal(kept=3)
    for number in range(10):
        journal(exchange(str(number)))
    assert (journal.total, journal.kept) == (10, 3)
    assert [entry.number for entry in journal.entries()] == [10, 9, 8]
    assert [entry.exchange.tenant for entry in journal.entries()] == ["9", "8", "7"]


def test_only_so_many_bytes_are_kept() -> None:
    journal = Journal(kept_bytes=1000)
    for _ in range(10):
        journal(exchange(body=b"a" * 300))
    assert journal.kept == 3
    journal(exchange(body=b"a" * 5000))
    assert journal.kept == 1
    journal(exchange())
    assert journal.kept == 1


def test_only_so_many_bytes_of_responses_wait() -> None:
    """Nobody has to read for the limit to hold."""
    journal = Journal(kept_bytes=10 * LARGE)
    sent = [exchange() for _ in range(AT_ONCE - 1)]
    for one in sent:
        one.sent = Sent(200, [], b"a" * 4 * LARGE)
        journal(one)
    waiting = [one for _, one in journal._waiting]
    held = [*waiting, *(one for _, one, _ in journal._ring)]
    assert held == sent[-2:]


def test_forgetting() -> None:
    journal = Journal()
    for tenant in "abab":
        journal(exchange(tenant))
    assert journal.forget("a") == 2
    assert {entry.exchange.tenant for entry in journal.entries()} == {"b"}
    assert journal.clear() == 2
    assert list(journal.entries()) == []
    assert journal.total == 4


def test_counters_see_each_exchange_once() -> None:
    journal, seen = Journal(), []
    journal.counters = (lambda taken: seen.extend(exchange for _, exchange in taken),)
    for number in range(3 * AT_ONCE // 2):
        journal(exchange(str(number)))
    assert len(seen) == AT_ONCE
    assert journal.total == 3 * AT_ONCE // 2
    assert [each.tenant for each in seen] == [str(n) for n in range(3 * AT_ONCE // 2)]


def test_a_large_body_does_not_wait() -> None:
    journal = Journal(kept_bytes=1000)
    journal(exchange(body=b"x" * (LARGE + 1)))
    journal(exchange())
    assert journal.kept == 1


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("mock-key", "mock-key"),
        ("mock-" + "a" * 40, "mock-aaaaaaaaaaaaaaaaaaa…"),
        ("sk-live-0123456789", "sk-l…"),
        ("abcdef", "ab…"),
        ("ab", "…"),
        ("", "…"),
    ],
)
def test_keys_are_masked(secret: str, shown: str) -> None:
    assert mask(secret) == shown


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        (b"", "/x"),
        (b"limit=3", "/x?limit=3"),
        (b"api_key=sk-live-012&limit=3", "/x?api_key=sk-…&limit=3"),
        (b"access_token=0123456789abc", "/x?access_token=0123…"),
        (b"t%6Fken=0123456789abc", "/x?t%6Fken=0123…"),
        (b"api%5Fkey=0123456789abc&a=b", "/x?api%5Fkey=0123…&a=b"),
        (b"token", "/x?token"),
        (b"\xff=\xfe", "/x?ÿ=þ"),
    ],
)
def test_secrets_in_a_query_are_masked(query: bytes, shown: str) -> None:
    assert masked_target("/x", query).removesuffix("…") == shown.removesuffix("…")


def test_values_of_violations_are_cut_short_or_masked() -> None:
    long = Violation(("body", "name"), "maxLength", "too long", "a" * 1000)
    assert len(describe_violation(long)["value"]) == 201
    nested = Violation(("body", 0), "type", "wrong", {"a": ["b" * 1000]})
    assert len(describe_violation(nested)["value"]) <= 201
    small = Violation(("body",), "type", "wrong", {"a": [1, "b"]})
    assert describe_violation(small)["value"] == {"a": [1, "b"]}
    secret = Violation(("body", "api_key"), "type", "'hunter2' is wrong", "hunter2")
    assert "hunter2" not in str(describe_violation(secret))


def test_secrets_inside_a_violation_are_masked() -> None:
    sent = {
        "name": "Ada",
        "password": "hunter2-a",
        "pin": [{"API_KEY": "hunter2-b"}],
        "secrets": ["hunter2-c", {"value": "hunter2-d"}],
        "authorization": {"pin": 4711, "max_tokens": 5},
        "token": None,
    }
    found = describe_violation(Violation(("body",), "type", f"{sent} is wrong", sent))
    assert "hunter2" not in str(found)
    assert found["message"] == "breaks type"
    assert found["value"]["name"] == "Ada"
    assert found["value"]["pin"] == [{"API_KEY": "hun…"}]
    assert found["value"]["authorization"] == {"pin": "…", "max_tokens": 5}
    assert found["value"]["token"] is None
    missing = Violation(("body", "x"), "required", '"x" is a required property', sent)
    assert describe_violation(missing)["message"] == '"x" is a required property'


def test_a_property_that_is_not_allowed_may_be_a_secret() -> None:
    extra = Violation(("body",), "falseSchema", 'False schema does not allow "hunter2"', "hunter2")
    assert "hunter2" not in str(describe_violation(extra))


def test_an_archive_is_discreet() -> None:
    journal = Journal()
    location = (b"location", b"/y?t%6Fken=hunter2hunter2")
    form = {"content-type": "application/x-www-form-urlencoded"}
    query = b"t%6Fken=hunter2hunter2&a=1"
    sent = Sent(307, [location], b'{"secrets": ["hunter2hunter2"], "max_tokens": 5}')
    message = Message("POST", "/x", headers=form, query=query, body=b"p%61ssword=hunter2hunter2")
    journal(Exchange(message, None, "mock-a", sent))
    (entry,) = as_har(journal.entries())["log"]["entries"]
    assert "hunter2hunter2" not in str(entry)
    assert entry["request"]["url"].endswith("/x?t%6Fken=hunt…&a=1")
    assert "max_tokens" in entry["response"]["content"]["text"]


def test_of_a_long_body_no_values_are_kept() -> None:
    journal = Journal()
    long = exchange(body=b"a" * 100_000)
    value = list(range(100_000))
    long.violations = tuple(Violation(("body", i), "type", "wrong", value) for i in range(1000))
    journal(long)
    assert len(long.violations) == 100
    assert all(len(str(violation.value)) < 300 for violation in long.violations)


def test_an_exchange_outside_any_operation() -> None:
    journal = Journal()
    journal(Exchange(Message("?", "/x"), None))
    (entry,) = journal.entries()
    shown = describe(entry)
    assert shown["operation"] is None
    assert shown["status"] is None
    assert shown["duration_ms"] is None
