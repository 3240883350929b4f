"""The vendor's full document: every operation responds, plain resources keep state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mockserver import MockServer
from mockserver.inference.model import Plan
from tests.engine.caller import Caller

DOCUMENT = Path(__file__).parents[2].parent / "shared" / "specs" / "feather-1.21.0.json"
pytestmark = pytest.mark.skipif(
    not DOCUMENT.exists(), reason="the vendor's full document is test data that is not committed"
)


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    with MockServer(DOCUMENT, clock="manual", seed=7) as server:
        yield Caller(server)


def test_every_operation_answers_validly(caller: Caller) -> None:
    problems = []
    for operation in caller.contract.operations:
        response = caller.send(operation)
        problem = caller.problem(operation, response)
        if problem:
            problems.append(f"{operation.id} {response.status_code}: {problem}")
    assert len(caller.contract.operations) == 491
    assert not problems


def generic(plan: Plan, server: MockServer) -> list[str]:
    """The resources that clients create and identify, without hand-written handlers."""
    by_hand = {
        action.resource
        for operation, handler in server.mock.api.handlers.items()
        if handler.__module__.startswith("mockserver.vendors")
        for action in (plan.actions[operation],)
    }
    made = {a.resource for a in plan.actions.values() if a.kind == "create" and not a.elsewhere}
    return [
        name
        for name, resource in plan.resources.items()
        if resource.creatable and name in made and not resource.singleton and name not in by_hand
        and not any(link.resource in by_hand for link in resource.parents)
    ]  # fmt: skip


def test_what_is_made_is_kept_changed_listed_and_removed(caller: Caller) -> None:
    names = generic(caller.plan, caller.server)
    problems: list[str] = []
    for name in names:
        problems += round_trip(caller, name)
    assert len(names) >= 25
    assert not problems, "\n".join(problems)


def round_trip(caller: Caller, name: str) -> list[str]:
    """Create one, and use every operation on it. Returns what went wrong."""
    resource = caller.plan.resources[name]
    made = caller.make(resource)
    if made is None:
        return [f"{name}: none can be made"]
    answer, above = made
    key = caller.id_of(resource, answer)
    if key is None:
        return [f"{name}: the answer names no id"]
    problems = []

    def fetched(wanted: int = 200) -> dict[str, object]:
        for operation, action in caller.operations(resource, "fetch"):
            response = caller.send(operation, {**above, action.item: key})
            if (response.status_code < 400) != (wanted < 400):
                problems.append(f"{name}: {operation.id} gives {response.status_code}")
            elif wanted == 200:
                found: dict[str, object] = response.json()
                return found
        return {}

    def compare(before: dict[str, object], what: str) -> None:
        now = fetched()
        problems.extend(
            f"{name}: `{field}` was {before[field]!r} {what}, now it is {now[field]!r}"
            for field in before.keys() & now.keys()
            if before[field] != now[field]
        )

    compare(answer, "when made")
    for operation, action in caller.operations(resource, "list"):
        if operation.path == resource.path:
            keys = [caller.id_of(resource, r) for r in caller.listed(operation, action, above)]
            if keys.count(key) != 1:
                problems.append(f"{name}: {operation.id} lists it {keys.count(key)} times")
    for operation, action in caller.operations(resource, "replace", "patch"):
        response = caller.send(operation, {**above, action.item: key})
        if response.status_code != operation.success:
            problems.append(f"{name}: {operation.id} gives {response.status_code}")
        elif isinstance(response.json(), dict):
            compare(response.json(), "when changed")
    for operation, action in caller.operations(resource, "remove"):
        response = caller.send(operation, {**above, action.item: key})
        if response.status_code != operation.success:
            problems.append(f"{name}: {operation.id} gives {response.status_code}")
        fetched(wanted=404)
    return problems
