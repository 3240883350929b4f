"""Whole runs on a small API: planted differences are found, and no others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from mockserver.verify.diff.mock_side import Mocks, own_mocks
from mockserver.verify.diff.programs.random import programs
from mockserver.verify.lifecycle import clock
from tests.support.fault_proxy.catalogue import Fault
from tests.support.fault_proxy.proxy import FaultProxy, the_proxy
from tests.verify.diff.small import DOCUMENT, KNOWLEDGE, differ, planted, served


@pytest.fixture(scope="module")
def mock() -> Iterator[str]:
    with served(1) as url:
        yield url


@pytest.fixture(scope="module")
def real() -> Iterator[tuple[FaultProxy, str]]:
    with served(2) as url, the_proxy(url) as found:
        yield found


def test_two_worlds_of_one_mock_agree(mock: str, real: tuple[FaultProxy, str]) -> None:
    proxy, url = real
    proxy.plant(None)
    report = differ(url, mock, examples=5)
    assert [d.mismatch for d in report.differences] == []
    assert report.exit_code == 0
    assert report.programs > 12
    made = [cell for cell in report.cells if cell[0] == "createShelf"]
    kinds = {"status", "headers", "schema", "default", "validation", "error"}
    assert {kind for _, kind in made} >= kinds


SHELF = "/shelves/{}"
PLANTED = {
    "status": planted("POST /shelves", "status", to=200),
    "error": planted(f"GET {SHELF}", "set", "404", at="message", value='"No."'),
    "schema": planted(f"GET {SHELF}", "drop", at="updated_at"),
    "default": planted("POST /shelves", "request_default", at="colour", value='"blue"'),
    "validation": planted("POST /shelves", "request_chop", at="name", most=20),
    "state": planted(f"PATCH {SHELF}", "request_drop", at="note"),
    "list": planted("GET /shelves", "reverse", at="items"),
    "headers": planted(f"GET {SHELF}", "header", name="content-type", value="text/json"),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_what_is_planted_is_found_and_short(
    kind: str, mock: str, real: tuple[FaultProxy, str]
) -> None:
    proxy, url = real
    fault: Fault = PLANTED[kind]
    proxy.plant(fault)
    report = differ(url, mock, most=1)
    assert report.exit_code == 1
    found = report.differences[0]
    assert found.mismatch.kind == kind
    assert len(found.program.steps) <= 4
    assert found.real.seen[-1].exchanges
    assert found.mock.seen[-1].exchanges


def test_the_same_seed_finds_the_same(mock: str, real: tuple[FaultProxy, str]) -> None:
    proxy, url = real
    seen = []
    for _ in range(2):
        proxy.plant(planted("GET /shelves", "query_drop", name="colour"))
        report = differ(url, mock, seed=7, examples=3, origins=("lists", "drawn"))
        seen.append((report.digest, [(d.id, d.program.digest) for d in report.differences]))
    assert seen[0] == seen[1]
    assert seen[0][1]


def test_what_comes_only_now_and_then_is_no_difference(
    mock: str, real: tuple[FaultProxy, str]
) -> None:
    """Every 37th read gets a different response, but not when repeated."""
    proxy, url = real
    proxy.plant(planted(f"GET {SHELF}", "every", nth=37, to=404))
    report = differ(url, mock)
    assert report.differences == []
    assert any("not reproducible" in note for note in report.notes)


def test_a_mock_of_its_own_needs_no_request_to_let_time_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    told = clock._control

    def listen(target: Any, method: str, what: str, body: Any = None) -> Any:
        asked.append(what)
        return told(target, method, what, body)

    monkeypatch.setattr(clock, "_control", listen)
    program = next(p for p in programs(KNOWLEDGE, 1, 0) if p.origin == "changes")
    spec = tmp_path / "shelves.json"
    spec.write_text(json.dumps(DOCUMENT))
    runs, counts = {}, {}
    with own_mocks(str(spec), (1,)) as urls:
        for own in (True, False):
            asked.clear()
            with Mocks(KNOWLEDGE, urls, own=own) as mocks:
                runs[own] = mocks.runs(program, 5)
            counts[own] = len(asked)
    assert counts[True] == 1
    assert counts[False] > 10
    for ours, theirs in zip(runs[True], runs[False], strict=True):
        # Time passes alike: what is changed later has a later time.
        ages = [[_age(seen.value) for seen in run if seen.status < 300] for run in (ours, theirs)]
        assert ages[0] == ages[1]
        assert any(ages[0])


def _age(value: Any) -> float:
    """Seconds from the creation of an entity to its last change; 0 of anything else."""
    if not isinstance(value, dict) or "created_at" not in value:
        return 0.0
    made, changed = (datetime.fromisoformat(value[n]) for n in ("created_at", "updated_at"))
    return (changed - made).total_seconds()


def test_the_knowledge_of_the_small_api() -> None:
    assert set(KNOWLEDGE.lists) == {"listShelves"}
    assert [r.create for r in KNOWLEDGE.makeable] == ["createShelf"]
    assert KNOWLEDGE.commands == ()


def test_sequences_may_stay_as_long_as_they_are(mock: str, real: tuple[FaultProxy, str]) -> None:
    proxy, url = real
    proxy.plant(planted("GET /shelves/{}", "drop", at="updated_at"))
    short, long = (
        differ(url, mock, origins=("lives",), shorten=shorten) for shorten in (True, False)
    )
    found = [{d.mismatch.signature for d in report.differences} for report in (short, long)]
    assert found[0] == found[1] != set()
    steps = [len(report.differences[0].program.steps) for report in (short, long)]
    assert steps[0] < steps[1]
