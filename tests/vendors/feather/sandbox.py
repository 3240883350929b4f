"""A Feather sandbox for tests: short names for client calls."""

from __future__ import annotations

from typing import Any

import httpx

from mockserver import MockServer

LONG = 600
"""Seconds after which everything that was started has ended."""

Json = dict[str, Any]


class Sandbox:
    """One tenant. Every call checks the status, and returns the reply's JSON."""

    def __init__(self, server: MockServer, client: httpx.Client | None = None) -> None:
        self.server = server
        self.client = client or server.client

    def tenant(self, key: str) -> Sandbox:
        """Another tenant of the same server, with a fresh world."""
        self.server.mock.store.reset(key)
        return Sandbox(self.server, self.server.client_for(key))

    def call(self, method: str, path: str, expect: int, **options: Any) -> Any:
        reply: httpx.Response = self.client.request(method, "/v1" + path, **options)
        assert reply.status_code == expect, reply.text
        return reply.json() if reply.content else None

    def get(self, path: str, expect: int = 200, **query: Any) -> Any:
        return self.call("GET", path, expect, params=query)

    def post(self, path: str, body: Any = None, expect: int = 201) -> Any:
        return self.call("POST", path, expect, json=body)

    def put(self, path: str, body: Any, expect: int = 200) -> Any:
        return self.call("PUT", path, expect, json=body)

    def patch(self, path: str, body: Any, expect: int = 200) -> Any:
        return self.call("PATCH", path, expect, json=body)

    def delete(self, path: str, expect: int = 204) -> Any:
        return self.call("DELETE", path, expect)

    def wait(self, seconds: float = LONG) -> None:
        self.server.clock.advance(seconds)

    def agent(self, **fields: Any) -> Json:
        agent: Json = self.post("/agents", {"name": "Concierge"})
        return self.put(f"/agents/{agent['id']}", fields) if fields else agent

    def scenario(self, *tags: str) -> Json:
        body = {"name": "Late parcel", "intent": "I want my parcel.", "tags": list(tags)}
        return self.post("/scenarios", body)

    def persona(self) -> Json:
        return self.post("/personas", {"name": "Ada", "body": "You are in a hurry."})

    def suite(self, *scenarios: Json) -> Json:
        persona = self.persona()["id"]
        items = [{"persona_id": persona, "scenario_id": scenario["id"]} for scenario in scenarios]
        return self.post("/sim-suites", {"name": "Parcels", "items": items})

    def dispatch(self, suite: Json, agent: Json, **fields: Any) -> Json:
        body = {"agent_id": agent["id"], **fields}
        return self.post(f"/sim-suites/{suite['id']}/runs", body)

    def batch(self, *tags: str, **fields: Any) -> Json:
        """A suite run with one child for each tag: `mock:completed` and the like."""
        suite = self.suite(*(self.scenario(tag) for tag in tags))
        return self.dispatch(suite, self.agent(), **fields)

    def again(self, suite_run: Json) -> Json:
        """The current suite run."""
        return self.get(path_of(suite_run))

    def cancel(self, suite_run: Json) -> Json:
        return self.post(path_of(suite_run) + "/cancel", expect=200)

    def retry(self, suite_run: Json) -> Json:
        return self.post(path_of(suite_run) + "/retry-failed", expect=200)

    def evaluator(self, **fields: Any) -> Json:
        return self.post("/evaluators", {"name": "Polite", **fields})

    def bind(self, evaluator: Json, *, critical: bool = False, **target: Json) -> Json:
        """`bind(evaluator, agent=...)` or `bind(evaluator, scenario=...)`."""
        ((scope, row),) = target.items()
        body = {"evaluator_id": evaluator["id"], "scope": scope, f"{scope}_id": row["id"]}
        return self.post("/evaluator-bindings", {**body, "is_critical": critical})

    def run(self, agent: Json, scenario: Json, **fields: Any) -> Json:
        body = {"agent_id": agent["id"], "scenario_id": scenario["id"]}
        return self.post("/simulation/runs", {**body, "persona_id": self.persona()["id"], **fields})

    def evaluations(self, **query: Any) -> list[Json]:
        page = self.get("/eval-runs", **query)
        return list(page["items"])

    def evaluated(self, channel: str = "voice", **fields: Any) -> Json:
        """The finished evaluation of a completed run by a new evaluator with these fields."""
        agent, scenario = self.agent(), self.scenario("mock:completed")
        self.bind(self.evaluator(**fields), agent=agent)
        run = self.run(agent, scenario, channel=channel)
        self.wait()
        (evaluation,) = self.evaluations(session_id=run["session_id"])
        return evaluation


def path_of(suite_run: Json) -> str:
    return f"/sim-suites/{suite_run['suite_id']}/runs/{suite_run['id']}"


def statuses(suite_run: Json) -> list[str]:
    return [run["status"] for run in suite_run["runs"]]
