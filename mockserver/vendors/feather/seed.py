"""Seed data: the fixtures, replayed in chronological order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.engine.jobs import scheduled
from mockserver.engine.randomness import filled
from mockserver.engine.timestamps import seconds
from mockserver.engine.world import Row, World
from mockserver.vendors.feather.agents import new_agent, new_revision
from mockserver.vendors.feather.evaluation_rows import settle
from mockserver.vendors.feather.evaluations import new_binding, new_evaluator
from mockserver.vendors.feather.library import new_item, new_persona, new_scenario, new_suite
from mockserver.vendors.feather.run_rows import children, dispatch_suite, put_run
from mockserver.vendors.feather.runs import check_release
from mockserver.vendors.feather.tables import SIMULATION_RUN

Entry = Mapping[str, Any]
_DAY = 86_400


def seed(world: World, fixtures: Mapping[str, Any]) -> None:
    """Fill a new world; without fixtures it stays empty."""
    if fixtures:
        _Seeder(world, fixtures).run()


class _Seeder:
    """Creates the rows of one world; `ids` maps collection and fixture name to an id."""

    def __init__(self, world: World, fixtures: Mapping[str, Any]) -> None:
        self.world = world
        self.fixtures = fixtures
        self.now = world.now
        self.documentation_id: str = fixtures["documentation_id"]
        self.ids: dict[tuple[str, str], str] = {}

    def run(self) -> None:
        for collection, make in (
            ("agents", self.agent),
            ("personas", new_persona),
            ("scenarios", self.scenario),
            ("suites", self.suite),
            ("evaluators", new_evaluator),
        ):
            for name, entry in self.fixtures[collection].items():
                self.go_to(entry)
                row = make(self.world, filled(self.world, name, entry))
                row = self.renamed(collection, entry, row)
                self.ids[collection, name] = row["id"]
        for entry in self.fixtures["bindings"]:
            self.go_to(entry)
            self.renamed("bindings", entry, self.binding(entry))
        for name, entry in self.fixtures["agents"].items():
            self.release(name, entry)
        for entry in self.fixtures["suite_runs"]:
            self.go_to(entry)
            self.suite_run(entry)
        self.world.now = self.now
        settle(self.world)

    def go_to(self, entry: Entry) -> None:
        """Set the world's time to that of the entry."""
        ago = entry.get("days_ago", 0) * _DAY + entry.get("minutes_ago", 0) * 60
        self.world.now = self.now - seconds(ago)

    def renamed(self, collection: str, entry: Entry, row: Row) -> Row:
        """The row, with the documentation's id if it is the documented one."""
        if "documented" not in entry:
            return row
        self.world[collection].remove(row["id"])
        row = {**row, "id": self.documentation_id}
        self.world[collection].put(row)
        return row

    def named(self, collection: str, name: str | None) -> str | None:
        return None if name is None else self.ids[collection, name]

    def agent(self, world: World, entry: Entry) -> Row:
        agent = new_agent(world, entry)
        first = world["revisions"].get(agent["active_revision_id"])
        assert first is not None, "an agent is created with a revision"
        agent_id = self.documentation_id if "documented" in entry else agent["id"]
        active = self.renamed("revisions", entry, {**first, "agent_id": agent_id})
        for later in entry.get("revisions", ()):
            self.go_to(later)
            revision = new_revision(world, agent_id, {**entry, **later})
            active = revision if later.get("active") else active
        changes = {"active_revision_id": active["id"], "updated_at": active["created_at"]}
        world["agents"].put(agent := {**agent, **changes})
        return agent

    def scenario(self, world: World, entry: Entry) -> Row:
        named = {
            "agent_ids": [self.named("agents", name) for name in entry.get("agents", ())],
            "source_agent_id": self.named("agents", entry.get("source_agent")),
            "source_persona_id": self.named("personas", entry.get("source_persona")),
        }
        return new_scenario(world, {**entry, **named})

    def suite(self, world: World, entry: Entry) -> Row:
        suite = self.renamed("suites", entry, new_suite(world, entry, []))
        for position, (persona, scenario) in enumerate(entry["items"]):
            pair = {
                "persona_id": self.named("personas", persona),
                "scenario_id": self.named("scenarios", scenario),
            }
            item = new_item(world, suite["id"], pair)
            if position == 0:
                self.renamed("items", entry, item)
        return suite

    def binding(self, entry: Entry) -> Row:
        scope = "agent" if "agent" in entry else "scenario"
        body = {
            "evaluator_id": self.named("evaluators", entry["evaluator"]),
            "scope": scope,
            f"{scope}_id": self.named(f"{scope}s", entry[scope]),
            "is_critical": entry.get("is_critical", False),
        }
        return new_binding(self.world, body)

    def release(self, name: str, entry: Entry) -> None:
        """Set an agent's release suite."""
        if "release" not in entry:
            return
        agents, release = self.world["agents"], entry["release"]
        changes = {
            "release_suite_id": self.named("suites", release["suite"]),
            "release_gate_mode": release["gate_mode"],
            "release_gate_max_failures": release["max_failures"],
        }
        agents.put({**_kept(agents.get(self.ids["agents", name])), **changes})

    def suite_run(self, entry: Entry) -> None:
        world = self.world
        agent = _kept(world["agents"].get(self.ids["agents", entry["agent"]]))
        if "release" in entry:
            newest = next(world["revisions"].scan(newest_first=True, agent_id=agent["id"]))
            check_release(world, agent, newest["id"])
            return
        suite = _kept(world["suites"].get(self.ids["suites", entry["suite"]]))
        revision_id, channel = agent["active_revision_id"], entry.get("channel", "voice")
        suite_run = dispatch_suite(world, suite, agent["id"], revision_id, channel, None)
        if "children" in entry:
            self.play(entry, suite_run)

    def play(self, entry: Entry, suite_run: Row) -> None:
        """Let the children run as in the fixture; the first is documented if its parent is."""
        suite_run_id = self.renamed("suite_runs", entry, suite_run)["id"]
        run_ids: list[str] = []
        for row, steps in zip(children(self.world, suite_run), entry["children"], strict=True):
            changes = {"suite_run_id": suite_run_id}
            if not run_ids:
                self.world["agenda"].remove(row["id"])
                row = self.renamed("runs", entry, row)
            if "error_text" in steps:
                changes["error_text"] = steps["error_text"]
            schedule: list[list[Any]] = [["pending", self.world.now]]
            for state, length in (("running", "after"), (steps.get("outcome"), "lasts")):
                if length in steps:
                    schedule.append([state, schedule[-1][1] + seconds(steps[length])])
            put_run(self.world, scheduled({**row, **changes}, schedule, SIMULATION_RUN))
            run_ids.append(row["id"])
        self.world["suite_runs"].put({**suite_run, "id": suite_run_id, "run_ids": run_ids})


def _kept(row: Row | None) -> Row:
    assert row is not None, "fixtures refer only to entries that they have created"
    return row
