"""The seed world."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from mockserver import MockServer
from tests.vendors.feather.sandbox import Sandbox, statuses

DOCUMENTED = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
EXAMPLE = f"/sim-suites/{DOCUMENTED}/runs/{DOCUMENTED}"
LISTS = [
    *("/agents", "/personas", "/scenarios", "/sim-suites", "/simulation/runs"),
    *("/evaluators", "/evaluator-bindings", "/eval-runs"),
]


def everything(server: MockServer, key: str = "mock-key") -> dict[str, Any]:
    sandbox = Sandbox(server, server.client_for(key))
    return {path: sandbox.get(path, limit=200)["items"] for path in LISTS}


@pytest.mark.parametrize(
    "path",
    [
        *("/agents", "/agents/revisions", "/personas", "/scenarios", "/sim-suites"),
        *(f"/sim-suites/{DOCUMENTED}/runs", "/simulation/runs", "/evaluators"),
        "/evaluator-bindings",
    ],
)
def test_the_documentation_s_id_is_there(sandbox: Sandbox, path: str) -> None:
    assert sandbox.get(f"{path}/{DOCUMENTED}")["id"] == DOCUMENTED


@pytest.mark.parametrize("pace", [0.0, 1.0, 1000.0])
def test_some_children_of_the_example_stay_open(pace: float) -> None:
    with MockServer("feather", clock="manual", seed=3, pace=pace) as server:
        sandbox = Sandbox(server)
        states = statuses(sandbox.get(EXAMPLE))
        assert states == ["completed", "completed", "failed", "running", "pending"]
        sandbox.wait(3600)
        assert statuses(sandbox.get(EXAMPLE)) == states


def test_the_same_seed_gives_the_same_world() -> None:
    worlds = []
    for seed in (5, 5, 6):
        with MockServer("feather", clock="manual", seed=seed) as server:
            worlds.append(everything(server))
    assert worlds[0] == worlds[1]
    assert worlds[0] != worlds[2]


def test_keys_share_the_seed_world_and_nothing_else(server: MockServer) -> None:
    sandbox = Sandbox(server).tenant("mock-left")
    other = sandbox.tenant("mock-right")
    before = other.get(EXAMPLE)
    assert [run["id"] for run in before["runs"]] == [r["id"] for r in sandbox.get(EXAMPLE)["runs"]]
    sandbox.post(EXAMPLE + "/cancel", expect=200)
    sandbox.delete(f"/personas/{DOCUMENTED}")
    assert other.get(EXAMPLE) == before
    other.get(f"/personas/{DOCUMENTED}")


def test_every_place_is_filled(sandbox: Sandbox) -> None:
    text = json.dumps(everything(sandbox.server))
    assert not re.search(r"\{\w+(:[^}]*)?\}", text)


def test_the_lists_look_alive(sandbox: Sandbox) -> None:
    world = everything(sandbox.server)
    assert all(len(rows) >= 3 for rows in world.values()), {k: len(v) for k, v in world.items()}
    assert {run["status"] for run in world["/simulation/runs"]} >= {
        *("completed", "failed", "budget_exceeded", "running", "pending"),
    }
    for path, rows in world.items():
        assert len({row["created_at"] for row in rows}) > 1, path
    (checked,) = [a for a in world["/agents"] if a["id"] == DOCUMENTED]
    revisions = sandbox.get(f"/agents/{checked['id']}/revisions")["items"]
    newest = revisions[0]
    path = f"/agents/{checked['id']}/revisions/{newest['id']}/release-check"
    assert sandbox.get(path)["release_eval_status"] in ("completed", "errored")


def test_ids_that_rows_name_exist(sandbox: Sandbox) -> None:
    world = everything(sandbox.server)
    for run in world["/simulation/runs"]:
        for name in ("agent", "persona", "scenario"):
            sandbox.get(f"/{name}s/{run[f'{name}_id']}")
        revision = sandbox.get(f"/agents/revisions/{run['agent_revision_id']}")
        assert revision["agent_id"] == run["agent_id"]
    for suite in world["/sim-suites"]:
        assert suite["items"]
        for suite_run in sandbox.get(f"/sim-suites/{suite['id']}/runs")["items"]:
            assert suite_run["suite_id"] == suite["id"]
            for run in suite_run["runs"]:
                assert sandbox.get(f"/simulation/runs/{run['id']}") == run


def test_the_past_is_past(sandbox: Sandbox) -> None:
    now = "2026-01-01T00:00:00.000000Z"
    for rows in everything(sandbox.server).values():
        for row in rows:
            assert row["created_at"] < now
            assert (row.get("finished_at") or "") <= now
