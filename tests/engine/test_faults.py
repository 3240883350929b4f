"""Faults: mistakes are reported; injection depends only on seed, tenant and count."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mockserver.engine.faults import Faults, Injection
from mockserver.engine.faults.spec import read_fault
from mockserver.engine.timestamps import SECOND
from mockserver.engine.world import Settings
from mockserver.errors import BadRequest

KNOWN = {name: name for name in ("getThing", "putThing")}


def world(tenant: str = "a", now: int = 0, seed: int = 0) -> Any:
    return SimpleNamespace(tenant=tenant, now=now, settings=Settings(seed=seed))


def faults(*specs: dict[str, Any]) -> Faults:
    made = Faults()
    made.add(read_fault(spec, KNOWN) for spec in specs)
    return made


def met(made: Faults, times: int, **where: Any) -> list[Injection | None]:
    return [made.meet("getThing", world(**where)) for _ in range(times)]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (None, "a fault is an object"),
        ({}, "does nothing"),
        ({"operation": "getThing"}, "does nothing"),
        ({"operation": "getTing", "drop": True}, "did you mean 'getThing"),
        ({"latncy": 1}, "did you mean 'latency'?"),
        ({"status": 200}, "status takes a whole number from 400 to 599, not 200"),
        ({"status": True}, "status takes"),
        ({"status": "503"}, "status takes"),
        ({"drop": True, "status": 500}, "a dropped connection carries no reply"),
        ({"drop": 1}, "drop takes true or false"),
        ({"latency": 1, "committed": True}, "committed goes with status or drop"),
        ({"latency": 1, "message": "x"}, "go with a status"),
        ({"latency": -1}, "latency takes seconds"),
        ({"latency": float("nan")}, "latency takes seconds"),
        ({"latency": {"uniform": [2, 1]}}, "latency takes seconds, "),
        ({"latency": {"gauss": [2, 1]}}, "latency takes seconds, "),
        ({"drop": True, "probability": 1.5}, "probability takes a number from 0 to 1"),
        ({"drop": True, "calls": 0}, "calls takes a whole number from 1"),
        ({"drop": True, "calls": []}, "calls takes"),
        ({"drop": True, "times": 0}, "times takes"),
        ({"rate": 3}, "rate takes"),
        ({"rate": {"limit": 3, "per": 0}}, "rate.per takes more than 0"),
        ({"rate": {"limit": -3}}, "rate.limit takes"),
        ({"status": 500, "headers": {"a b": "c"}}, "headers takes"),
        ({"status": 500, "headers": {"a": "c\r\nd: e"}}, "headers takes"),
        (
            {"status": 500, "headers": {"Content-Length": "5"}},
            "headers can't have 'Content-Length'",
        ),
        *(
            ({"status": 500, "headers": {"x-a": "b", name: "1"}}, f"headers can't have '{name}'")
            for name in ("connection", "keep-alive", "proxy-authorization", "te", "trailer")
        ),
        *(
            ({"status": 500, "headers": {name: "x"}}, f"headers can't have '{name}'")
            for name in ("proxy-authenticate", "transfer-encoding", "upgrade")
        ),
        ({"status": 500, "retry_after": -1}, "retry_after takes"),
    ],
)
def test_a_mistake_is_named(spec: Any, words: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_fault(spec, KNOWN)
    assert words in str(caught.value)


def test_a_fault_is_shown_as_it_was_given() -> None:
    spec = {
        "operation": "getThing",
        "tenant": "a",
        "calls": [1, 3],
        "times": 2,
        "probability": 0.5,
        "latency": {"normal": [0.2, 0.1]},
        "status": 503,
        "message": "No.",
        "code": "no",
        "headers": {"x-a": "b"},
        "retry_after": 3,
        "rate": {"limit": 3, "per": 60.0},
        "truncate": 3,
        "committed": True,
    }
    assert read_fault(spec, KNOWN).as_json() == spec


def test_nothing_is_active_without_faults() -> None:
    made = faults()
    assert not made.active
    made.add([read_fault({"drop": True}, KNOWN)])
    assert made.active
    made.remove()
    assert not made.active


def test_only_the_operation_and_the_tenant_that_are_meant() -> None:
    made = faults({"operation": "putThing", "drop": True}, {"tenant": "b", "status": 500})
    assert met(made, 1) == [None]
    assert made.meet("putThing", world()) is not None
    assert met(made, 1, tenant="b")[0] is not None


def test_the_nth_call_of_each_tenant() -> None:
    made = faults({"calls": [2, 3], "status": 500})
    for tenant in ("a", "b"):
        assert [bool(found) for found in met(made, 4, tenant=tenant)] == [0, 1, 1, 0]


def test_so_many_times() -> None:
    made = faults({"times": 2, "status": 500})
    assert [bool(found) for found in met(made, 4)] == [1, 1, 0, 0]


def test_a_probability_is_the_worlds_dice() -> None:
    spec = {"probability": 0.25, "status": 500}
    first, again, other = (
        [bool(found) for found in met(faults(spec), 400, seed=seed)] for seed in (1, 1, 2)
    )
    assert first == again != other
    assert 60 < sum(first) < 140


@pytest.mark.parametrize(
    ("latency", "least", "most"),
    [(1.5, 1.5, 1.5), ({"uniform": [1, 2]}, 1, 2), ({"normal": [0.5, 1]}, 0, 10)],
)
def test_latencies(latency: Any, least: float, most: float) -> None:
    delays = [found.delay for found in met(faults({"latency": latency}), 50) if found]
    assert all(least <= delay <= most for delay in delays)
    assert len(set(delays)) == (1 if least == most else len(set(delays)))


def test_a_rate_counts_on_the_worlds_clock() -> None:
    made = faults({"rate": {"limit": 2, "per": 60}})
    start = 40 * SECOND
    assert [bool(found) for found in met(made, 4, now=start)] == [0, 0, 1, 1]
    refused = met(made, 1, now=start)[0]
    assert refused is not None
    assert refused.refusal is not None
    assert refused.refusal.status == 429
    assert refused.refusal.headers == {"retry-after": "20"}
    assert met(made, 1, now=start + 20 * SECOND) == [None]
    assert met(made, 2, now=start, tenant="b") == [None, None]


def test_several_at_once_add_up_and_the_first_answer_wins() -> None:
    made = faults({"latency": 1}, {"status": 500}, {"latency": 2, "status": 503}, {"drop": True})
    (found,) = met(made, 1)
    assert found is not None
    assert (found.delay, found.drop, found.faults) == (3, False, ["f1", "f2", "f3", "f4"])
    assert found.refusal is not None
    assert found.refusal.status == 500
