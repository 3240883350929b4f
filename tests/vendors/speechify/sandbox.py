"""A Speechify workspace for tests: short names for client calls."""

from __future__ import annotations

from typing import Any

import httpx

from mockserver import MockServer

LONG = 600
"""Seconds after which everything that was started has ended, unless it is stuck."""
OLD = {"Speechify-Version": "2026-06-27"}
TESTS = "/agents/tests"
SUITES = "/agents/tests/suite-runs"
FOLDERS = "/agents/tests/folders"
CONFIGS = {
    "reply": {"context": "Hello?", "success_criteria": "Says hello."},
    "tool": {"context": "Where is my order?", "expected_tool": "lookup_order"},
    "simulation": {"scenario": "A caller in a hurry."},
}

Json = dict[str, Any]


class Sandbox:
    """One workspace. Every call checks the status, and returns the reply's JSON."""

    def __init__(self, server: MockServer, headers: dict[str, str] | None = None) -> None:
        self.server = server
        self.client = server.client
        self.headers = headers or {}

    @property
    def older(self) -> Sandbox:
        """The same workspace in the older version."""
        return Sandbox(self.server, {**self.headers, **OLD})

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {**self.headers, **options.pop("headers", {})}
        return self.client.request(method, "/v1" + path, headers=headers, **options)

    def call(self, method: str, path: str, expect: int, **options: Any) -> Any:
        reply = self.send(method, path, **options)
        assert reply.status_code == expect, reply.text
        return reply.json() if reply.content else None

    def get(self, path: str, expect: int = 200, **query: Any) -> Any:
        return self.call("GET", path, expect, params=query)

    def post(self, path: str, body: Any = None, expect: int = 202, **options: Any) -> Any:
        if body is not None:
            options["json"] = body
        return self.call("POST", path, expect, **options)

    def patch(self, path: str, body: Any, expect: int = 200) -> Any:
        return self.call("PATCH", path, expect, json=body)

    def delete(self, path: str, expect: int = 204) -> Any:
        return self.call("DELETE", path, expect)

    def refused(self, method: str, path: str, expect: int, **options: Any) -> Json:
        """The `error` of a refusal."""
        error: Json = self.call(method, path, expect, **options)["error"]
        return error

    def wait(self, seconds: float = LONG) -> None:
        self.server.clock.advance(seconds)

    def agent(self, name: str = "Concierge", **fields: Any) -> Json:
        body = {"name": name, "prompt": "Help.", "first_message": "Hi.", "tts": {"voice_id": "a"}}
        agent: Json = self.post("/agents", {**body, **fields}, 201)
        return agent

    def test(self, agent: Json, outcome: str = "passed", kind: str = "reply", **extra: Any) -> Json:
        """A test whose runs end in `mock:outcome`."""
        body = {"name": f"A {kind} test", "description": f"mock:{outcome}", "type": kind}
        return self.post_test(agent, {**body, "config": CONFIGS[kind], **extra})

    def post_test(self, agent: Json, body: Json) -> Json:
        test: Json = self.post(f"/agents/{agent['id']}/tests", body, 201)
        return test

    def run(self, test: Json, body: Any = None) -> Json:
        run: Json = self.post(f"{TESTS}/{test['id']}/runs", body)
        return run

    def read(self, run: Json) -> Json:
        shown: Json = self.get(f"{TESTS}/runs/{run['id']}")
        return shown

    def cancel(self, run: Json) -> Json:
        shown: Json = self.post(f"{TESTS}/runs/{run['id']}/cancel", expect=200)
        return shown

    def ended(self, outcome: str, kind: str = "reply") -> Json:
        """A finished run."""
        run = self.run(self.test(self.agent(), outcome, kind))
        self.wait()
        return self.read(run)

    def suite(self, *outcomes: str) -> Json:
        """A new suite run of a new agent, in detail; its tests have the given outcomes."""
        agent = self.agent()
        for outcome in outcomes:
            self.test(agent, outcome, "tool")  # a type that both shapes call the same
        started = self.post(f"/agents/{agent['id']}/tests/runs")
        return self.read_suite(started["suite_run"])

    def finished(self, *outcomes: str) -> Json:
        """The same, some time later."""
        suite = self.suite(*outcomes)
        self.wait()
        return self.read_suite(suite)

    def read_suite(self, suite: Json) -> Json:
        shown: Json = self.get(f"{SUITES}/{suite['id']}")
        return shown

    def cancel_suite(self, suite: Json) -> Json:
        shown: Json = self.post(f"{SUITES}/{suite['id']}/cancel", expect=200)
        return shown

    def resubmit(self, suite: Json, expect: int = 202, **options: Any) -> Json:
        shown: Json = self.post(f"{SUITES}/{suite['id']}/resubmit", expect=expect, **options)
        return shown

    def begun(self, suite: Json) -> None:
        """Let time pass until every child runs and none has ended."""
        while any(run["status"] == "pending" for run in self.read_suite(suite)["runs"]):
            self.wait(0.1)

    def folder(self, name: str, parent: Json | None = None, expect: int = 201) -> Json:
        body = {"name": name, "parent_folder_id": parent["id"] if parent else None}
        folder: Json = self.post(FOLDERS, body, expect)
        return folder


def change_plan(server: MockServer, **workspace: Any) -> None:
    """Change the workspace's plan, through the admin API's state."""
    state = server.mock.store.snapshot(server.key)
    (row,) = state["worlds"][server.key]["collections"]["workspace"]
    row.update(workspace)
    server.mock.store.restore(state)


def steer(server: MockServer, job: Json, outcome: str, after: float = 0) -> None:
    """Decide how a run, or the open children of a suite run, end."""
    order = server.mock.api.jobs.steer
    assert order is not None
    with server.mock.store.begin(server.key) as world:
        order(world, job["id"], {"outcome": outcome, "after": after})
        world.commit()
    server.clock.advance(0.001)
