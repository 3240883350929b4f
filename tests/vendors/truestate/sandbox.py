"""A TrueState sandbox for tests: short names for client calls."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from uuid import UUID

import httpx

from mockserver import MockServer

DOCUMENTED = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
LONG = 3600
"""Seconds after which every session has ended or waits for its user."""

Json = dict[str, Any]


def step(name: str, kind: str, **prompt: Any) -> Json:
    """A step whose id follows from its name."""
    number = int.from_bytes(name.encode(), "big") % (1 << 122)
    return {
        "id": str(UUID(int=number, version=4)),
        "name": name,
        "step_type": kind,
        "prompt_template": {"type": "text", **prompt},
    }


def way(source: Json, target: Json, label: str | None = None) -> Json:
    return {"source_step_id": source["id"], "target_step_id": target["id"], "label": label}


def chain(*steps: Json) -> Json:
    """A version with the steps in sequence."""
    ways = [way(source, target) for source, target in pairwise(steps)]
    return {"steps": list(steps), "step_transitions": ways}


START = step("begin", "START")
THINK = step("think", "LLM_CALL", text="Think of something.")
ASK = step("ask", "GET_USER_INPUT", text="Which colour?")
PAINT = step("paint", "LLM_CALL", text="Paint it ${ask.result}, as ${think.result} says.")
DECIDE = step("decide", "LOGIC_DECISION", text="Yes or no?")


class Sandbox:
    """One tenant. Every call checks the status, and returns the reply's JSON."""

    def __init__(self, server: MockServer) -> None:
        self.server = server
        self.client = server.client

    def call(self, method: str, path: str, expect: int = 200, **options: Any) -> Any:
        reply: httpx.Response = self.client.request(method, path, **options)
        assert reply.status_code == expect, reply.text
        return reply.json()

    def get(self, path: str, expect: int = 200) -> Any:
        return self.call("GET", path, expect)

    def wait(self, seconds: float = LONG) -> None:
        self.server.clock.advance(seconds)

    def automation(self, graph: Json, expect: int = 200, **fields: Any) -> Json:
        body = {"name": "Colours", "description": "", "current_version": graph, **fields}
        made: Json = self.call("POST", "/automations/", expect, json=body)
        return made

    def session(self, automation: Json | str, inputs: Any = None, **mock: Any) -> Json:
        """A new session; keywords go into the field `mock` of its inputs."""
        key = automation if isinstance(automation, str) else automation["id"]
        body = {**(inputs or {}), "mock": {"outcome": "finished", **mock}}
        made: Json = self.call("POST", f"/automations/{key}/sessions/", json=body)
        return made

    def path(self, session: Json) -> str:
        return f"/automations/{session['automation_id']}/sessions/{session['id']}"

    def live_path(self, session: Json) -> str:
        return self.path(session).replace("automations", "live_flows")

    def again(self, session: Json) -> Json:
        """The current session."""
        found: Json = self.get(self.path(session) + "/")
        return found

    def live(self, session: Json) -> Json:
        """The session in the naming of live flows."""
        found: Json = self.get(self.live_path(session) + "/")
        return found

    def answer(self, session: Json, text: str, expect: int = 200) -> Json:
        body = {"user_input": text}
        changed: Json = self.call("PATCH", self.path(session) + "/user_input", expect, json=body)
        return changed

    def cancel(self, session: Json, expect: int = 200) -> Json:
        changed: Json = self.call("PATCH", self.path(session) + "/cancel", expect)
        return changed

    def ended(self, graph: Json, **mock: Any) -> Json:
        """A finished session of a new automation."""
        session = self.session(self.automation(graph), **mock)
        self.wait()
        return self.again(session)

    def passing(self, session: Json, seconds: float, every: float) -> list[Json]:
        """The live flow's session as time passes."""
        shown = [self.live(session)]
        for _ in range(int(seconds / every)):
            self.wait(every)
            shown.append(self.live(session))
        return shown


def names(session: Json) -> list[str]:
    """The names of the entered steps of a session."""
    return [each["step"]["name"] for each in session["steps"]]
