"""Seed data: the fixtures, replayed in chronological order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.engine.jobs import scheduled
from mockserver.engine.timestamps import seconds
from mockserver.engine.world import Row, World
from mockserver.vendors.speechify.agent_tests import make_folder, make_test
from mockserver.vendors.speechify.agents import make_agent
from mockserver.vendors.speechify.common import new_id
from mockserver.vendors.speechify.run_rows import (
    WORKSPACE,
    plan_outcome,
    start_run,
    start_suite,
    tests_of,
)
from mockserver.vendors.speechify.runs import resubmission
from mockserver.vendors.speechify.tables import TEST_RUN

Entry = Mapping[str, Any]
_DAY = 86_400
_TAKEN_AFTER = 1.5  # seconds, after which a worker has picked up a past run
_LASTED = 4.0


def seed(world: World, fixtures: Mapping[str, Any]) -> None:
    """Fill a new world; without fixtures it has only an unlimited workspace."""
    about = fixtures.get("workspace", {})
    withdrawn = {
        model: world.now + seconds(days * _DAY)
        for model, days in about.get("withdrawn_models", {}).items()
    }
    world[WORKSPACE].put(
        {"id": WORKSPACE, "credits": about.get("credits"), "withdrawn_models": withdrawn}
    )
    if fixtures:
        _Seeder(world, fixtures).run()


class _Seeder:
    """Creates the rows of one world; `made` maps collection and fixture name to a row."""

    def __init__(self, world: World, fixtures: Mapping[str, Any]) -> None:
        self.world = world
        self.fixtures = fixtures
        self.now = world.now
        self.made: dict[tuple[str, str], Row] = {}
        self.suite: Row | None = None

    def run(self) -> None:
        makers = {"agents": self.agent, "folders": self.folder, "tests": self.test}
        for collection, make in makers.items():
            for name, entry in self.fixtures[collection].items():
                self.go_to(entry)
                self.made[collection, name] = make(entry)
        for entry in self.fixtures["history"]:
            self.go_to(entry)
            self.event(entry)
        self.world.now = self.now

    def go_to(self, entry: Entry) -> None:
        self.world.now = self.now - seconds(entry["days_ago"] * _DAY)

    def agent(self, entry: Entry) -> Row:
        row = make_agent(self.world, entry)
        for number in range(1, entry.get("flow_versions", 0) + 1):
            version = {"id": new_id(self.world, "flow_versions"), "agent_id": row["id"]}
            self.world["flow_versions"].put(
                {**version, "number": number, "created_at": self.world.now}
            )
        return row

    def folder(self, entry: Entry) -> Row:
        parent = self.made["folders", entry["parent"]]["id"] if "parent" in entry else None
        return make_folder(self.world, entry["name"], parent)

    def test(self, entry: Entry) -> Row:
        folder = self.made["folders", entry["folder"]]["id"] if "folder" in entry else None
        agent = self.made["agents", entry["agent"]]
        return make_test(self.world, agent, {**entry, "folder_id": folder})

    def event(self, entry: Entry) -> None:
        runs = self.started(entry)
        self.world.now += seconds(_TAKEN_AFTER)
        outcomes = entry["outcomes"]
        for place, row in enumerate(runs):
            outcome = outcomes[min(place, len(outcomes) - 1)]
            # Regardless of its random course and the pace, it is still waiting.
            waiting = scheduled(row, list(row["schedule"][:1]), TEST_RUN)
            plan_outcome(self.world, waiting, outcome, _LASTED + place)

    def started(self, entry: Entry) -> list[Row]:
        """The runs that a past event started."""
        if "run" in entry:
            test = self.made["tests", entry["run"]]
            return [start_run(self.world, (test, self.owner(test)))]
        if "run_all" in entry:
            agent = self.made["agents", entry["run_all"]]
            pairs = [(test, agent) for test in tests_of(self.world, agent["id"])]
            about: dict[str, Any] = {"agent_id": agent["id"]}
            trigger = "run_all"
        elif "batch" in entry:
            tests = [self.made["tests", name] for name in entry["batch"]]
            pairs = [(test, self.owner(test)) for test in tests]
            trigger, about = "batch", {}
        else:
            assert self.suite is not None
            pairs, about = resubmission(self.world, self.suite)
            trigger = "resubmit"
        self.suite, runs = start_suite(self.world, trigger, pairs, about)
        return runs

    def owner(self, test: Row) -> Row:
        return next(row for row in self.made.values() if row["id"] == test["agent_id"])
