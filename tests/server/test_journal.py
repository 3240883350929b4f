"""The journal: bounded, cheap, and discreet."""

from __future__ import annotations

import time

import pytest

from mockserver.contract.model import Violation
from mockserver.engine.negotiate import Sent
from mockserver.engine.pipeline import Exchange, Message
from mockserver.server.journal import Journal, describe, describe_violation, mask, masked_target


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


def test_forgetting() -> None:
    journal = Journal()
    for tenant in "abab":
        journal(exchange(tenant))
    assert journal.forget("a") == 2
    assert {entry.exchange.tenant for entry in journal.entries()} == {"b"}
    assert journal.clear() == 2
    assert list(journal.entries()) == []
    assert journal.total == 4


def test_recording_is_cheap() -> None:
    journal = Journal()
    one = exchange(body=b"{}")
    best = min(_seconds(journal, one) for _ in range(5))
    # Generous: below 1 us here, and a busy machine is slower.
    assert best / 10_000 < 10e-6


def _seconds(journal: Journal, one: Exchange) -> float:
    start = time.perf_counter()
    for _ in range(10_000):
        journal(one)
    return time.perf_counter() - start


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
    assert len(describe_violation(nested)["value"]) == 201
    secret = Violation(("body", "api_key"), "type", "'hunter2' is wrong", "hunter2")
    assert "hunter2" not in str(describe_violation(secret))


def test_an_exchange_outside_any_operation() -> None:
    journal = Journal()
    journal(Exchange(Message("?", "/x"), None))
    (entry,) = journal.entries()
    shown = describe(entry)
    assert shown["operation"] is None
    assert shown["status"] is None
    assert shown["duration_ms"] is None
